// The arithmetic of CountingGame against geometry's; the words by what they must say.
import assert from "node:assert/strict";
import test from "node:test";
import { load, pythonTable } from "./support.mjs";

const core = await load("counting_game.js");
const table = pythonTable("table_counting_game.py");
const { layers } = table.lists;

const named = (network, name) => layers.find((layer) => layer.network.startsWith(network) && layer.name === name);
const LENET1 = named("LeNet-5", "conv1");
const ALEX2 = named("AlexNet (two groups)", "conv2");
const ask = (question, ...asked) => ({ question, layers: asked });
const small = (rest) => ({
  network: "", name: "", kind: "conv", shape: [7, 9, 2], kernel: 3, filters: 4, stride: 2, padding: 1, groups: 1, bias: true, change: "", ...rest,
});
/** What is said to an answer, as one text. */
const told = (task, given) => {
  const { lead, diagnosis, lines } = core.verdictOf(task, given);
  return [lead, diagnosis, ...lines].filter(Boolean).join(" | ");
};

test("shapes, parameters and multiplications are geometry's", () => {
  for (const { layer, shape, parameters, multiplications } of table.layers) {
    assert.deepEqual(core.outputShape(layer), shape, JSON.stringify(layer));
    assert.equal(core.parameters(layer), parameters, JSON.stringify(layer));
    assert.equal(core.multiplications(layer), multiplications, JSON.stringify(layer));
  }
  assert.ok(table.layers.filter(({ layer }) => layer.groups > 1).length > 100);
  assert.ok(table.layers.filter(({ layer }) => layer.kind === "conv" && !layer.bias).length > 50);
});

test("rounds of a seed are Python's", () => {
  assert.deepEqual(core.CHANGES, table.lists.changes);
  for (const { place, task } of table.rounds) assert.deepEqual(core.makeRound(layers, ...place), task, place.join());
  const changes = table.rounds.flatMap(({ task }) => task.layers.map(({ change }) => change));
  assert.deepEqual([...new Set(changes)].sort(), ["", ...core.CHANGES].sort());
});

test("right answers, slips and judgements are Python's", () => {
  const names = new Set();
  let judged = 0;
  for (const { task, right, slips, judgements } of [...table.tasks, ...table.rounds]) {
    assert.deepEqual(core.rightAnswer(task), right, JSON.stringify(task));
    assert.deepEqual(core.slipsOf(task), slips, JSON.stringify(task));
    for (const judgement of judgements) {
      const { given, right: isRight, names: found } = judgement;
      assert.deepEqual(core.judge(task, given), { right: isRight, names: found }, JSON.stringify([task, given]));
      found.forEach((name) => names.add(name));
      judged += 1;
    }
  }
  assert.ok(judged > 5000);
  assert.ok(names.size > 30, [...names].join());
  for (const name of names) {
    assert.equal(typeof core.slipWords(name, small({}), "more parameters"), "string", name);
    assert.equal(core.slipWords(name, small({}), "more parameters") === "", name === "none", name);
  }
});

test("all that is said of any round and answer is whole, and ends with the right answer", () => {
  for (const { task, right, judgements } of [...table.rounds, ...table.tasks]) {
    for (const given of [...judgements.map((judgement) => judgement.given), "shown"]) {
      const text = `${task.layers.map(core.layerWords).join()} ${core.questionWords(task)} ${told(task, given)} ${core.scaleWords(task.layers)}`;
      assert.doesNotMatch(text, /NaN|undefined|null|Infinity|\d{4}|[^a-zA-Z]-/, text);
    }
    const lines = core.verdictOf(task, "shown").lines.join("\n");
    if (right.length === 3) right.forEach((side) => assert.match(lines, new RegExp(`\\b${core.answerWords([side])}\\b`)));
    else if (Array.isArray(right)) assert.ok(lines.includes(core.answerWords(right)), lines);
  }
});

test("level 2 asks each of its questions once before one comes again", () => {
  const count = core.tasksOf(layers).length;
  const turn = (first) => Array.from({ length: count }, (_, i) => JSON.stringify(core.makeRound(layers, 2, 3, first + i)));
  assert.equal(new Set(turn(1)).size, count);
  assert.deepEqual(turn(1).sort(), turn(count + 1).sort());
  assert.notDeepEqual(turn(1), turn(count + 1));
});

test("numbers are read as people write them", () => {
  const read = { 1792: 1792, "1,792": 1792, "1 792": 1792, "1\u202f792": 1792, "1'792": 1792, "1.792": 1792, "12_345_678": 12345678,
    " 0 ": 0, "3*3*64": 576, "(5 × 5 × 48 + 1) × 256": 307456, "(11x11X3+1)*96": 34944, "32 - 3 + 1": 30, "2 + 3 * 4": 14,
    "1,024 * 64 + 64": 65600, "10 \u2212 4 \u2212 3": 3, "((7))": 7 };
  for (const [text, value] of Object.entries(read)) assert.deepEqual(core.readNumber(text), { value }, text);
});

test("what is no number is explained", () => {
  const told = [["", /Type a number first/], ["12.5", /whole number/], ["1,79", /whole number/], ["abc", /“a” is no part/], ["3 *", /not complete/],
    ["(3", /not complete/], ["3)", /not complete/], ["4 5", /not complete/], ["3 - 4", /at least 0/], ["9".repeat(20), /more than any layer/], ["-", /not complete/]];
  for (const [text, message] of told) assert.match(core.readNumber(text).problem, message, text);
});

test("a layer is told with all that is given", () => {
  assert.equal(core.layerWords(ALEX2),
    "Conv2 of AlexNet (two groups): a convolution, 256 filters of 5 × 5, stride 1, padding 2 on each side, 2 groups, with biases. Its input is 27 × 27 × 96.");
  assert.equal(core.layerWords(small({ padding: 0, bias: false, filters: 1 })),
    "A convolution, 1 filter of 3 × 3, stride 2, no padding, without biases. Its input is 7 × 9 × 2.");
  assert.equal(core.layerWords(named("LeNet-5", "pool1")), "Pool1 of LeNet-5: max-pooling, windows of 2 × 2, stride 2. Its input is 28 × 28 × 6.");
  assert.equal(core.layerWords(named("LeNet-5", "dense1")), "Dense1 of LeNet-5: a dense layer of 120 units with biases. Its input is 400 numbers.");
});

test("parameters: the slip is named and the arithmetic written out", () => {
  const task = ask("parameters", ALEX2);
  assert.equal(told(task, [307456]),
    "Right: 307,456. | Channels in a group: 96 / 2 = 48 | One filter: 5 × 5 × 48 weights + 1 bias = 1,201 | 256 filters: 256 × 1,201 = 307,456");
  const says = [[614656, /Not 614,656 but 307,456.*all 96 channels; in 2 groups it sees 48/], [307200, /left out the biases: each filter has one/],
    [307201, /one bias for the whole layer; each of the 256/], [6656, /left out the channels: a filter is 5 × 5 and 48 deep/], [1201, /That is one filter; there are 256/],
    [307200 + 256 * 27 * 27, /bias at every place/], [153728, /one group; there are 2/], [3074560, /a zero too many or too few/], [307500, /That is close/]];
  for (const [given, message] of says) assert.match(told(task, [given]), message, String(given));
  assert.match(core.verdictOf(task, [5]).diagnosis, /^No usual slip leads there/);
  assert.match(told(ask("parameters", named("VGG", "pool3")), [4]), /Not 4 but 0. \| Pooling has nothing to learn/);
});

test("multiplications: each output number takes one filter's weights", () => {
  const task = ask("multiplications", ALEX2);
  assert.match(told(task, "shown"),
    /^The answer is 223,948,800. \| Output: 27 × 27 × 256 = 186,624 numbers \| .* \| Each takes 5 × 5 × 48 = 1,200 multiplications \| 186,624 × 1,200 = 223,948,800$/);
  const says = [[307456, /a count of parameters/], [307200, /a count of parameters/], [23 * 23 * 307200, /left out the padding: 2 on each side/],
    [31 * 31 * 307200, /places of the padded input/], [27 * 27 * 256 * 25, /left out the channels/], [27 * 27 * 256 * 1201, /added, not multiplied/], [186624, /how many numbers come out/]];
  for (const [given, message] of says) assert.match(told(task, [given]), message, String(given));
  assert.equal(told(ask("multiplications", named("LeNet-5", "dense1")), [48120]),
    "Not 48,120 but 48,000. | You counted the biases; they are added, not multiplied. | One for each weight: 400 × 120 = 48,000");
});

test("shapes: sizes and depth are diagnosed each for itself", () => {
  const layer = small({ shape: [8, 12, 2] });
  const task = ask("shape", layer);
  assert.equal(told(task, [4, 6, 4]),
    "Right: 4 × 6 × 4. | Height: 8 + 2 × 1 − 3 = 7; 7 / 2 = 3.5, rounded down 3; + 1 = 4 | Width: 12 + 2 × 1 − 3 = 11; 11 / 2 = 5.5, rounded down 5; + 1 = 6 | Channels: one for each filter = 4");
  const says = [[[8, 12, 4], /left out the stride: the filter moves 2/], [[3, 5, 4], /left out the padding/], [[5, 7, 4], /rounded up/],
    [[6, 4, 4], /height comes first/], [[4, 6, 2], /one channel for each of the 4 filters/], [[4, 6, 8], /too many/], [[4, 6, 1], /makes a map of its own/]];
  for (const [given, message] of says) assert.match(told(task, given), message, String(given));
  assert.match(core.verdictOf(task, [5, 7, 2]).diagnosis, /^You rounded up.*round down\. The output has one channel/);
  const lenet = ask("shape", LENET1);
  assert.match(told(lenet, [24, 24, 6]), /left out the padding: 2 on each side/);
  assert.match(told(lenet, [26, 26, 6]), /padding once; it is 2 on each side, so 4 in all/);
  assert.match(told(ask("shape", named("AlexNet", "conv1")), [54, 54, 96]), /The first place counts too/);
});

test("two layers are compared by their counts, and a change is explained", () => {
  const twice = { ...ALEX2, groups: 4, change: "groups" };
  const task = ask("more parameters", twice, ALEX2);
  assert.equal(told(task, "B"),
    "Right: B. | A: (5 × 5 × 24 + 1) × 256 = 153,856 | B: (5 × 5 × 48 + 1) × 256 = 307,456 | B has 2 times as many. | In 4 groups each filter sees half as many channels: half as many weights.");
  const stride = ask("more parameters", LENET1, { ...LENET1, stride: 2, change: "stride" });
  assert.match(told(stride, "A"), /^Not A but the same. \| That would answer which takes more multiplications/);
  assert.match(told(stride, "A"), /156 \| The stride says where filters stop/);
  assert.match(told({ ...stride, question: "more multiplications" }, "same"), /That would answer which has more parameters.*takes 4 times as many/);
});

test("a changed layer is told by its change", () => {
  assert.match(core.layerWords({ ...ALEX2, groups: 4, change: "groups" }), /^Like conv2, but with 4 groups: a convolution, 256 filters/);
  assert.match(core.layerWords({ ...LENET1, kernel: 3, change: "kernel" }), /^Like conv1, but with filters of 3 × 3: a convolution/);
  const words = new Set(core.CHANGES.map((change) => core.titleWords({ ...ALEX2, change })));
  assert.equal(words.size, core.CHANGES.length);
});

test("blocks are drawn to one scale and stay inside of their drawing", () => {
  for (const { task } of table.rounds) {
    const scales = core.scalesOf(task.layers);
    for (const layer of task.layers.filter(({ kind }) => kind !== "dense")) {
      const all = [layer.shape, ...(layer.kind === "flatten" ? [] : [core.outputShape(layer)])];
      for (const sides of all) {
        const { front, top, side, cuts } = core.blockOf(sides, scales, layer.groups);
        const points = [front, top, side, ...cuts].join(" ").split(" ").map((point) => point.split(",").map(Number));
        assert.ok(points.every(([x, y]) => x >= 0 && x <= 100 && y >= 0 && y <= 90), JSON.stringify([task, sides]));
        assert.equal(cuts.length, layer.groups - 1);
      }
    }
    for (const { kind, shape, filters } of task.layers) if (kind === "dense") assert.ok(Math.max(shape[0], filters) * scales.length <= 80);
  }
  const scales = core.scalesOf([LENET1]);
  const width = (sides) => {
    const [a, b] = core.blockOf(sides, scales).front.split(" ").map((point) => Number(point.split(",")[0]));
    return b - a;
  };
  assert.ok(Math.abs(width([28, 28, 1]) / width([14, 14, 1]) - 2) < 0.01);
  assert.equal(core.scaleWords([LENET1]), "Blocks to scale.");
  assert.match(core.scaleWords([ALEX2]), /depth to a scale of its own/);
});
