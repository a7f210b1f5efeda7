// The arithmetic of CatWindows against NumPy and notmagic.geometry, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("cat_windows.js");
const table = pythonTable("table_cat_windows.py");

test("neurons are read from bytes as Python wrote them", () => {
  assert.equal(table.neurons.length, 3);
  for (const { entry, bytes, weights } of table.neurons) {
    const neuron = core.neuronOf(entry, Uint8Array.from(bytes));
    assert.deepEqual([...neuron.weights], weights);
    assert.deepEqual([neuron.size, neuron.bias], [entry.size, entry.bias]);
  }
});

test("every window's score, the best one and its probability are NumPy's", () => {
  const [{ scene, cat, detectors, weights, cases }] = table.scores;
  const [inputs, change] = [core.inputsOf(scene), core.inputsOf(cat)];
  const neurons = new Map(detectors.map((entry) => [entry.size, core.neuronOf(entry, Uint8Array.from(weights))]));
  assert.equal(cases.length, 3 * 6 * 3);
  for (const { size, stride, top, left, scores, best, probability } of cases) {
    const neuron = neurons.get(size);
    const bare = core.scoresOf(inputs, neuron, stride);
    const found = core.addCat(bare, core.changeBy(change, inputs, top, left), top, left, neuron, stride);
    assertClose([...found], scores, 1e-9, `windows of ${size} at stride ${stride}, cat at ${top}, ${left}`);
    assert.equal(core.bestOf(found), best);
    assert.ok(Math.abs(core.sigmoid(found[best]) - probability) < 1e-9);
  }
});

test("a window that the cat does not reach keeps its score", () => {
  const [{ scene, cat, detectors, weights }] = table.scores;
  const neuron = core.neuronOf(detectors[0], Uint8Array.from(weights));
  const inputs = core.inputsOf(scene);
  const bare = core.scoresOf(inputs, neuron, 32);
  const found = core.addCat(bare, core.changeBy(core.inputsOf(cat), inputs, 0, 0), 0, 0, neuron, 32);
  assert.notEqual(found[0], bare[0]);
  assert.deepEqual([...found.slice(1)], [...bare.slice(1)]);
});

test("of equal scores the first is the best", () => {
  assert.equal(core.bestOf(Float64Array.of(-1, 3, 3, 2)), 1);
});

test("counts are those of notmagic.geometry", () => {
  for (const { size, stride, scale, counts } of table.counts) {
    assert.deepEqual(core.countsOf(size, stride, scale), counts, `${size}, ${stride}, ${scale}`);
  }
  assert.equal(core.countsOf(32, 32).parameters, 3073);
  assert.equal(core.countsOf(32, 32, core.FULL).parameters, 49153);
  assert.equal(core.countsOf(32, 32, core.FULL).wholeParameters, 196609);
});

test("shares of cat are counted pixel by pixel", () => {
  for (const { size, y, x, top, left, share, stride, most } of table.shares) {
    assert.ok(Math.abs(core.catShare(size, y, x, top, left) - share) < 1e-12);
    assert.ok(Math.abs(core.mostCat(size, stride, top, left) - most) < 1e-12);
  }
});

test("numbers and answers in words", () => {
  assert.deepEqual([0, 0.0049, 0.006, 0.4949, 0.4999, 0.5, 0.9939, 0.995, 1].map(core.sayProbability),
    ["<0.01", "<0.01", "0.01", "0.49", "<0.50", "0.50", "0.99", ">0.99", ">0.99"]);
  assert.deepEqual([0, -0.04, 6.13, -6, 9.96, -12.3].map(core.sayScore), ["0.0", "0.0", "6.1", "\u22126.0", "10", "\u221212"]);
  assert.equal(core.answerWords(0.97, 0, 1), "cat: yes (0.97), in window row 0, column 1");
  assert.equal(core.answerWords(0.5, 2, 3), "cat: yes (0.50), in window row 2, column 3");
  assert.equal(core.answerWords(0.21, 0, 1), "no cat found: the best window says 0.21");
  const truths = [[true, true, 1, 1], [true, true, 0.1, 1], [true, true, 0, 1], [true, false, 0, 0], [false, true, 0, 0.25],
    [false, true, 0.3, 1], [false, false, 0, 0]].map((facts) => core.truthWords(...facts).replace("\u00a0", " "));
  assert.deepEqual(truths, [
    "Right: 100 % of that window is cat.", "A false alarm: only 10 % of that window is cat.",
    "A false alarm: none of that window is cat.", "A false alarm: there is no cat in the scene.",
    "Missed: no window is more than 25 % cat.", "Missed, although one window is all cat.", "Right: there is no cat in the scene.",
  ]);
});
