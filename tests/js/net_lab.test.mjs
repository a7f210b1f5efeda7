// The arithmetic of NetLab against NumPy's, and its random numbers against default_rng. Computed anew at each run.

import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("net_lab.js");
const table = pythonTable("table_net_lab.py");
const about = (row) => `${row.activation} (${row.layers}) ${row.set?.name ?? ""}`;
const pointsOf = ([x, y]) => ({ x: Float64Array.from(x), y: Uint8Array.from(y) });
const runOf = (row) => new core.Run({ ...row, training: pointsOf(row.training), test: pointsOf(row.test) });

test("random numbers are default_rng's, bit for bit", () => {
  assert.ok(table.random.length > 60);
  for (const { seed, numbers } of table.random) {
    const random = core.defaultRng(seed);
    assert.deepEqual(numbers.map(() => random()), numbers, `seed ${seed}`);
  }
});

test("first weights are those of notmagic.layers.Dense, bit for bit", () => {
  for (const { layers, seed, weights } of table.starts) {
    assert.deepEqual([...core.firstWeights(core.sizesOf(layers), seed)], weights, `(${layers}), seed ${seed}`);
  }
});

test("answers, loss and gradients are NumPy's, for each activation and depth", () => {
  assert.equal(table.passes.length, 24);
  for (const row of table.passes) {
    const sizes = core.sizesOf(row.layers);
    const batch = new core.Batch(sizes, row.activation, row.x);
    const params = Float64Array.from(row.weights);
    batch.forward(params);
    batch.answers.forEach((answers, l) => assertClose([...answers], row.answers[l], 1e-12, `${about(row)}, layer ${l}`));
    assertClose([batch.loss(row.y)], [row.loss], 1e-13, about(row));
    const slopes = batch.backward(params, row.y, new Float64Array(params.length));
    assertClose([...slopes], row.slopes, 1e-13, about(row));
    assertClose([...slopes], row.differences, 2e-8, `differences, ${about(row)}`);
    const right = row.answers.at(-1).filter((z, n) => (z >= 0) === (row.y[n] === 1)).length;
    assert.equal(batch.right(row.y), right);
  }
});

test("whole runs give Python's losses, weights and scores", () => {
  for (const row of table.runs) {
    const run = runOf(row);
    const losses = [run.scores().training.loss];
    while (run.step < row.steps) {
      run.advance();
      losses.push(run.scores().training.loss);
    }
    assertClose(losses, row.losses, 1e-9, about(row));
    assertClose([...run.params], row.weights, 1e-7, about(row));
    for (const kind of ["training", "test"]) {
      const score = run.scores()[kind];
      if (!row.scores[kind]) assert.equal(score, null);
      else assertClose([score.loss, score.right / score.count], row.scores[kind], 1e-8, about(row));
    }
  }
});

test("any step can be gone back to, to the last digit, and memory stays bounded", () => {
  const [row] = table.runs;
  const straight = runOf(row);
  const wanted = new Map();
  for (const step of [0, 1, 37, 130, 999, 1500, 2999]) {
    straight.seek(step);
    wanted.set(step, [...straight.params]);
  }
  const run = runOf(row);
  run.seek(3000);
  assert.ok(run.marks.length <= 513 && run.interval === 8, `${run.marks.length} marks`);
  for (const step of [2999, 37, 1500, 0, 999, 130, 1]) {
    assert.equal(run.seek(step), true);
    assert.deepEqual([...run.params], wanted.get(step), `step ${step}`);
    assertClose([run.scores().training.loss], [run.batch.loss(run.y)], 0, "what is shown belongs to the step");
  }
  assert.deepEqual(run.marks.map(({ step }) => step), run.marks.map((_, k) => 8 * k));
});

test("a learning rate changed on the way leaves what was before and changes what comes after", () => {
  const [row] = table.runs;
  const run = runOf({ ...row, schedule: [[0, 0.3, 0]] });
  run.seek(200);
  const marks = run.marks.filter(({ step }) => step <= 120).map(({ params }) => [...params]);
  const schedule = core.changePace(run.schedule, 120, 0.1, 0.9);
  assert.deepEqual(schedule, [[0, 0.3, 0], [120, 0.1, 0.9]]);
  run.seek(120);
  run.follow(schedule);
  run.seek(200);
  const anew = runOf({ ...row, schedule });
  anew.seek(200);
  assert.deepEqual([...run.params], [...anew.params]);
  assert.deepEqual(run.marks.slice(0, marks.length).map(({ params }) => [...params]), marks);
  run.follow([[0, 0.3, 0]]); // from Python, while the page stands at a later step
  const plain = runOf({ ...row, schedule: [[0, 0.3, 0]] });
  plain.seek(200);
  assert.equal(run.step, 200);
  assert.deepEqual([...run.params], [...plain.params]);
});

test("schedules are short: the same pace again adds nothing, a change at a step replaces what began there", () => {
  assert.deepEqual(core.changePace([[0, 1, 0]], 0, 3, 0), [[0, 3, 0]]);
  assert.deepEqual(core.changePace([[0, 1, 0], [9, 3, 0]], 9, 1, 0), [[0, 1, 0]]);
  assert.deepEqual(core.changePace([[0, 1, 0], [9, 3, 0]], 5, 0.1, 0.9), [[0, 1, 0], [5, 0.1, 0.9]]);
  assert.deepEqual([0, 4, 5, 9].map((step) => core.paceAt([[0, 1, 0], [5, 3, 0.9]], step)[0]), [1, 1, 3, 3]);
});

test("numbers that overflow stop the run, and there is a way back", () => {
  const [row] = table.runs;
  const run = runOf({ ...row, layers: [], schedule: [[0, 1e308, 0.9]] });
  assert.equal(run.seek(1000), true);
  assert.ok(run.step < 20 && !run.isFinite());
  run.seek(0);
  assert.ok(run.isFinite());
});

test("a prediction is judged by the test points at step 1,000", () => {
  const row = table.runs.find(({ set }) => set.name === "moons");
  const run = runOf(row);
  run.seek(999);
  assert.equal(run.judged, undefined);
  run.seek(1500);
  const later = runOf(row);
  later.seek(1000);
  assert.deepEqual(run.judged, later.scores());
  run.seek(500);
  run.follow(core.changePace(run.schedule, 500, 0.001, 0)); // another way to go on, another verdict
  assert.equal(run.judged, undefined);
  run.seek(1001);
  assert.notDeepEqual(run.judged, later.scores());
  const came = later.scores().test.right > 95;
  assert.equal(core.judge(true, later.judged).right, came);
  assert.equal(core.judge(false, later.judged).right, !came);
  assert.match(core.judge(true, { training: { right: 19, count: 20 }, test: null }).words, /not so, 95 % of the points/);
});

test("silent units are those that answer 0 to every point", () => {
  const batch = new core.Batch([2, 3, 1], "relu", [0.5, 0.5, -0.5, 0.2, 0.1, -0.9]);
  const params = new Float64Array(13);
  params.set([1, -1, 0, 0, 0, 0, 0, -5, 0.1]); // x1; minus x1 - 5; always 0.1
  batch.forward(params);
  assert.deepEqual(batch.silent(), [[1, 1]]);
});

test("the code is Python's, letter by letter", () => {
  for (const row of table.runs) assert.equal(core.code(row), row.code);
});

test("parameters are counted as the package counts them", () => {
  for (const row of table.runs) {
    assert.ok(core.parameterWords(core.sizesOf(row.layers)).endsWith(` = ${row.params}`));
  }
  assert.equal(core.parameterWords([2, 4, 1]), "(2 + 1) \u00d7 4 + (4 + 1) \u00d7 1 = 17");
});

test("units are found by their names", () => {
  const sizes = [2, 4, 2, 1];
  sizes.forEach((units, layer) => {
    for (let unit = 0; unit < units; unit++) {
      assert.deepEqual(core.findUnit(sizes, core.unitName(sizes, layer, unit)), [layer, unit]);
    }
  });
  assert.deepEqual(["k3", "m1", "h5", "y"].map((name) => core.findUnit(sizes, name)), Array(4).fill([3, 0]));
});

test("a unit's sum and a weight's product are written out with true numbers", () => {
  const probe = new core.Batch([2, 1, 1], "tanh", [0.5, -2]);
  const params = Float64Array.from([1, 0.25, -0.1, -2, 0.3]);
  probe.forward(params);
  const hidden = core.unitWords(probe, params, 1, 0);
  assert.equal(hidden.text, "z = 1 \u00d7 0.5 + 0.25 \u00d7 (\u22122) \u2212 0.1 = \u22120.1; h1 = tanh(z) = \u22120.1");
  const output = core.unitWords(probe, params, 2, 0);
  assert.match(output.text, /^z = −2 × \(−0.1\) \+ 0.3 = 0.5; y = 1 \/ \(1 \+ e\^−z\) = 0.622$/);
  const weight = core.weightWords(probe, params, [0, 0, 0, 0.0125, 0], { layer: 2, from: 0, to: 0 });
  assert.equal(weight.title, "Weight h1 \u2192 y: \u22122");
  assert.match(weight.text, /adds −2 × \(−0.1\) = 0.2. Slope dL\/dw = 0.0125: the loss falls if it shrinks/);
});
