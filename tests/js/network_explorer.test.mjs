// What NetworkExplorer works out besides the network itself: units in parts, the brush, files, words.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("network_explorer.js");
const arithmetic = await load("network_core.js");
const table = pythonTable("table_network_explorer.py");

const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));
const [residual, chapter11] = table.units.networks.map(({ plan, weights, rows, negative }) => {
  const network = arithmetic.unpackNetwork(plan, bytesOf(weights));
  const { maps } = arithmetic.runNetwork(network, Uint8Array.from(table.units.picture));
  return { network, maps, rows, negative };
});
const both = [residual, chapter11];
const behind = ({ network, maps }, name, index = 0, chosen = null) => core.behindUnit(network, maps, name, index, chosen);
const sum = (values) => Array.from(values).reduce((total, value) => total + value, 0);
const NAMES = ["airplane", "automobile", "bird", "cat"];

test("layers to look at are Python's", () => {
  assert.deepEqual(core.layersOf(residual.network).map(({ name }) => name), table.limits.layers.residual);
  assert.deepEqual(core.layersOf(chapter11.network).map(({ name }) => name), table.limits.layers.cifar10_chapter11);
  assert.equal(core.GREY, table.limits.grey);
});

test("what each input channel adds is NumPy's, and adds up to the unit", () => {
  let compared = 0;
  for (const one of both) {
    for (const { name, index, parts } of one.rows) {
      const found = behind(one, name, index);
      assertClose([...found.parts], parts, 2e-3, `${name} ${index}`);
      assert.ok(Math.abs(sum(found.parts) + found.unit.bias - found.unit.sum) < 1e-3, `${name} ${index}`);
      const most = Math.max(...parts.map(Math.abs));
      assert.ok(Math.abs(Math.abs(parts[found.part]) - most) < 2e-3, `${name} ${index}: the strongest`);
      compared += 1;
    }
  }
  assert.equal(compared, 3 * (4 + 2 + 5));
});

test("the numbers written out are those of the part chosen, and come to what it adds", () => {
  for (const one of both) {
    for (const { name, index, parts } of one.rows) {
      for (const chosen of [null, 0, parts.length - 1]) {
        const { cells, listed, part, unit } = behind(one, name, index, chosen);
        cells.places.forEach((n, cell) => {
          assert.deepEqual([cells.inputs[cell], cells.weights[cell], cells.products[cell]], [unit.inputs[n], unit.weights[n], unit.products[n]]);
        });
        if (listed) {
          const least = Math.min(...cells.products.map(Math.abs));
          const rest = unit.products.filter((_, n) => !cells.places.includes(n));
          assert.ok(rest.every((product) => Math.abs(product) <= least), name);
          assert.equal(cells.products.length, 9);
        } else {
          assert.equal(cells.rows * cells.columns, cells.places.length);
          assert.ok(Math.abs(sum(cells.products) - parts[part]) < 2e-3, `${name} ${index} ${chosen}`);
          if (chosen !== null) assert.equal(part, chosen);
        }
      }
    }
  }
  const sizes = (one, name) => { const { cells, listed } = behind(one, name); return [cells.rows, cells.columns, listed]; };
  assert.deepEqual(sizes(chapter11, "conv2"), [3, 3, false]);
  assert.deepEqual(sizes(chapter11, "dense1"), [4, 4, false]);
  assert.deepEqual(sizes(chapter11, "logits"), [3, 3, true]);
  assert.deepEqual(sizes(residual, "mix"), [3, 3, true]);
});

test("units that multiply nothing or add two nodes show their inputs", () => {
  const pool = behind(chapter11, "pool1", 5);
  assert.deepEqual([pool.cells.rows, pool.cells.columns, pool.parts, pool.channel], [2, 2, null, 5]);
  assert.deepEqual([...pool.cells.inputs], [...pool.unit.inputs]);
  const all = behind(residual, "all", 3);
  assert.deepEqual([all.cells.rows * all.cells.columns, all.source.name], [9, "most"]);
  const add = behind(residual, "joined", 100);
  const strongest = Math.abs(add.unit.inputs[1]) > Math.abs(add.unit.inputs[0]) ? 1 : 0;
  assert.deepEqual([[...add.cells.inputs], add.part, add.source.name], [[...add.unit.inputs], strongest, ["stem", "mix"][strongest]]);
  assert.equal(behind(residual, "joined", 100, 1).source.name, "mix");
});

test("a flattened map is looked at as the map it was", () => {
  const { source, window } = behind(chapter11, "dense1", 9);
  assert.deepEqual([source.name, window], ["conv3", { top: 0, left: 0, height: 4, width: 4 }]);
  assert.equal(behind(chapter11, "logits").window, null);
});

test("which layers can be below zero is told without looking", () => {
  for (const { network, negative } of both) {
    for (const node of network.nodes) assert.equal(core.canBeNegative(node), negative[node.name], node.name);
  }
});

test("a scale ends where almost all of a map's numbers are, and at the largest of a vector", () => {
  const node = { shape: [10, 10, 2], relu: true };
  const values = Float32Array.from({ length: 200 }, (_, n) => (n < 100 ? 0 : n === 199 ? 1000 : 3));
  assert.deepEqual(core.scaleOf(node, values), { reach: 3, signed: false, cut: true });
  assert.deepEqual(core.scaleOf({ op: "dense", shape: [200], relu: false }, values), { reach: 1000, signed: true, cut: false });
  assert.deepEqual(core.scaleOf(node, new Float32Array(200)), { reach: 1e-6, signed: false, cut: false });
  assert.deepEqual(core.endsOf({ reach: 3.21, signed: true }), ["\u22123.2", "3.2"]);
  assert.deepEqual(core.endsOf({ reach: 0.321, signed: false }), ["0", "0.32"]);
});

test("colours begin with white at zero: one colour for what is never negative, two for the rest", () => {
  const light = (rgb) => sum(rgb);
  for (const signed of [true, false]) assert.ok(light(core.colourOn({ reach: 2, signed }, 0)) > 3 * 240);
  const greens = [0, 0.5, 1, 1.5, 2, 9].map((value) => light(core.colourOn({ reach: 2, signed: false }, value)));
  assert.deepEqual(greens, [...greens].sort((a, b) => b - a));
  assert.equal(greens[4], greens[5]);
  const [below, above] = [-1, 1].map((value) => core.colourOn({ reach: 2, signed: true }, value));
  assert.ok(below[2] > below[0] && above[0] > above[2]);
});

test("units are numbered row by row, channels side by side; vectors fill a square", () => {
  assert.equal(core.indexOfUnit([4, 5, 6], 2, 3, 4), (2 * 5 + 3) * 6 + 4);
  assert.equal(core.indexOfUnit([7], 0, 0, 4), 4);
  for (const count of [1, 2, 7, 10, 64, 65, 1024]) {
    const { rows, columns } = core.gridOf([count]);
    assert.ok(rows * columns >= count && (rows - 1) * columns < count, String(count));
  }
  assert.deepEqual(core.gridOf([10]), { rows: 2, columns: 5 });
});

test("masks are packed as Python reads them, and back", () => {
  for (const { covered, mask } of table.masks) {
    assert.deepEqual([...core.unpackMask(covered)], mask);
    assert.deepEqual(core.packMask(Uint8Array.from(mask)), covered);
  }
});

test("a brush covers its square, cut off at the edges, and leaves no gap on its way", () => {
  const rows = (mask) => Array.from({ length: 32 }, (_, row) => sum(mask.subarray(32 * row, 32 * row + 32)));
  const corner = core.brushAt(new Uint8Array(1024), -2, 30, 4);
  assert.deepEqual([sum(corner), sum(rows(corner).slice(0, 2))], [4, 4]);
  assert.equal(sum(core.brushAt(new Uint8Array(1024), 40, 3, 8)), 0);
  const way = core.brushAlong(new Uint8Array(1024), [0, 0], [31, 20], 1);
  assert.ok(rows(way).every((count) => count >= 1));
  assert.equal(sum(core.brushAlong(new Uint8Array(1024), [4, 4], [4, 4], 3)), 9);
  const hole = core.brushAt(core.brushAt(new Uint8Array(1024), 0, 0, 8), 2, 2, 2, 0);
  assert.equal(sum(hole), 60);
});

test("animations are told from pictures", () => {
  for (const { kind, data, animated } of table.files) assert.equal(core.isAnimated(bytesOf(data)), animated, kind);
  assert.equal(table.files.filter(({ animated }) => animated).length, 3);
  for (const broken of [[], [71, 73, 70], [...bytesOf(table.files[0].data)].slice(0, 40), [0x89, 0x50, 0x4e, 0x47, 0, 0]]) {
    assert.equal(core.isAnimated(Uint8Array.from(broken)), false);
  }
});

test("files that cannot be taken get a sentence that says what would do", () => {
  const file = (more) => core.fileProblem({ name: "cat.jpg", size: 1000, type: "image/jpeg", ...more });
  assert.equal(file({}), "");
  assert.equal(file({ type: "" }), "");
  assert.equal(file({ size: 50e6 }), "");
  assert.match(file({ size: 0 }), /“cat.jpg” is empty: it has 0 bytes/);
  assert.match(file({ size: 61e6 }), /has 61 MB; at most 50 MB/);
  assert.match(file({ type: "text/plain", name: "" }), /the picture is no picture \(text\/plain\). Choose a JPEG/);
  assert.equal(core.sizeProblem("cat.jpg", 8000, 5000), "");
  assert.match(core.sizeProblem("cat.jpg", 8001, 5000), /has 40\.1 megapixels; at most 40 can be taken\. Shrink it first/);
  assert.match(core.sizeProblem("a.svg", 0, 0), /does not say how large/);
  assert.ok(core.nameInWords(`${"long".repeat(20)}.jpeg`).length <= 26);
});

test("answers, changes and verdicts are said in words", () => {
  const p = [0.1, 0.005, 0.2, 0.695];
  assert.equal(core.answerWords(p, NAMES), "It says cat, 70\u00a0%; then bird, 20\u00a0%.");
  assert.equal(core.verdictWords(p, NAMES, 3), "Right: cat, 70\u00a0%.");
  assert.equal(core.verdictWords(p, NAMES, 0), "Not airplane but cat, 70\u00a0%.");
  const after = [0.992, 0.004, 0.004, 0];
  assert.equal(core.changeWords(p, after, NAMES, 1024), "1,024 of 1,024 pixels are grey: cat 70\u00a0% → 0\u00a0%. Now it says airplane, >\u00a099\u00a0%.");
  assert.match(core.changeWords(p, [0.2, 0, 0.3, 0.5], NAMES, 3), /cat 70\u00a0% → 50\u00a0%. The answer stays.$/);
  assert.deepEqual(core.ranked([0.3, 0.3, 0.4]), [2, 0, 1]);
  assert.equal(core.noticeWords(NAMES, 0.676), "It has 4 answers and gives one of them whatever the picture shows. Of 100 test pictures it names 68 rightly.");
  assert.match(core.noticeWords(new Array(10).fill("x"), null), /^It has ten answers .* shows\.$/);
});

test("numbers are as short as their cells need it", () => {
  const shown = (columns) => [0.123, -1.234, 12.34, 0].map((value) => core.numberFor(value, columns));
  assert.deepEqual(shown(3), [".12", "\u22121.23", "12.3", "0"]);
  assert.deepEqual(shown(4), [".12", "\u22121.2", "12", "0"]);
  assert.deepEqual(shown(5), ["", "", "", ""]);
});

test("what a unit sees and how its number comes about is said in words", () => {
  const place = { row: 3, col: 4, channel: 7 };
  assert.equal(core.seenWords([9, 9, 9], place, { top: 3, left: 4, height: 8, width: 1 }), "Unit (3, 4) sees rows 3 to 10, column 4: 8 × 1 pixels.");
  assert.equal(core.seenWords([64], place, { top: 0, left: 0, height: 32, width: 32 }), "Unit 7 sees the whole picture.");
  assert.equal(core.unitWords("conv2", [9, 9, 9], place), "unit (3, 4) of channel 7 in conv2");
  const words = (one, name, index, chosen) => core.sumWords(behind(one, name, index, chosen));
  assert.match(words(chapter11, "conv1", 0), /^(Red|Green|Blue) adds −?[\d.]+\. All 3 channels, 27 products: .* \+ bias .* ReLU (leaves it|makes it 0)\.$/);
  assert.match(words(chapter11, "conv2", 0, 5), /^Channel 5 adds .* All 32 channels, 288 products: /);
  assert.match(words(chapter11, "pool1", 0), /^The largest of 4 numbers: [\d.]+\.$/);
  assert.match(words(chapter11, "logits", 0), /^Shown: the 9 strongest of 64 products\. All together: .* = −?[\d.]+\.$/);
  assert.match(words(residual, "mean", 0), /^The mean of (9|6|4) numbers: /);
  assert.match(words(residual, "across", 40, 11), /^Channel 11 adds .* All 12 channels, 108 products: .* = −?[\d.]+\.$/);
  const single = { ...behind(residual, "across", 40), parts: [1], part: 0 };
  assert.match(core.sumWords(single), /^All 108 products: .* = −?[\d.]+\.$/);
  assert.match(words(residual, "joined", 0), /^−?[\d.]+ \+ \(?−?[\d.]+\)? = −?[\d.]+\. ReLU (leaves it|makes it 0)\.$/);
});
