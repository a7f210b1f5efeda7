// The arithmetic of DigitPad against NumPy's and scikit-learn's. The table is computed anew at each run.

import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("digit_pad.js");
const table = pythonTable("table_digit_pad.py");
const empty = () => new Uint8Array(core.FINE_SIDE ** 2);
const drawn = (row) => row.segments.reduce((fine, segment) => core.rasterise(fine, ...segment), empty());
const random = (() => {
  let state = 12345;
  return (below) => (state = (state * 1103515245 + 12345) % 2 ** 31) % below;
})();

test("strokes set the points that NumPy's geometry sets, and blocks count them", () => {
  assert.equal(table.strokes.length, 30);
  for (const row of table.strokes) {
    const fine = drawn(row);
    assert.deepEqual([...fine], row.fine);
    assert.deepEqual(core.blockCounts(fine), row.counts);
    assert.deepEqual(core.levelsOf(fine), row.counts);
  }
  assert.ok(table.strokes.some((row) => row.counts.includes(16)));
  assert.ok(new Set(table.strokes.flatMap((row) => row.counts)).size === 17, "every level occurs");
});

test("a stroke is five points wide: it fills a column of cells and darkens a neighbour a little", () => {
  const counts = core.blockCounts(core.rasterise(empty(), [13.75, -4], [13.75, 36]));
  for (let row = 0; row < core.SIDE; row++) {
    assert.deepEqual(counts.slice(row * 8, row * 8 + 8), [0, 0, 4, 16, 0, 0, 0, 0]);
  }
});

test("a bitmap survives packing, and Python's rows are the same", () => {
  for (const row of table.strokes) {
    const fine = Uint8Array.from(row.fine);
    assert.deepEqual(core.packRows(fine), row.rows);
    assert.deepEqual(core.unpackRows(row.rows), fine);
  }
});

test("shifting cells is NumPy's shift; shifting the bitmap by a block says the same", () => {
  for (const row of table.strokes) {
    assert.deepEqual(core.shift(row.counts, ...row.moves), row.moved);
    const fine = core.shift(Uint8Array.from(row.fine), ...row.moves.map((cells) => cells * core.BLOCK));
    assert.deepEqual(core.blockCounts(fine), row.moved);
  }
});

test("a bitmap fitted to levels has these levels, and blocks that agree are left alone", () => {
  for (let levels = 1; levels <= 16; levels++) {
    for (const row of table.strokes.slice(0, 10)) {
      const fine = Uint8Array.from(row.fine);
      const pixels = core.levelsOf(fine, levels);
      assert.deepEqual(core.fitFine(fine, pixels, levels), fine);
      const others = pixels.map((level) => (random(3) ? level : random(levels + 1)));
      assert.deepEqual(core.levelsOf(core.fitFine(fine, others, levels), levels), others, `${levels} levels`);
    }
  }
});

test("logits, probabilities and contributions are Python's, and scikit-learn's to the digits kept", () => {
  assert.deepEqual(table.classifiers.map(({ weights }) => weights.length), [10, 1]);
  for (const { weights, bias, names, answers } of table.classifiers) {
    assert.equal(answers.length, 61);
    for (const row of answers) {
      const { ink, z, p, order } = core.answerOf({ weights, bias, levels: 16 }, row.pixels);
      assertClose(z, row.logits, 1e-12, "logits");
      assertClose(p, row.probabilities, 1e-12, "probabilities");
      assertClose(z, row.sklearn.logits, 64 * 5e-6, "scikit-learn's logits");
      assertClose(p, row.sklearn.probabilities, 2e-4, "scikit-learn's probabilities");
      assert.equal(names[order[0]], row.answer);
      const k = weights.length === 1 ? 0 : order[0];
      assertClose(core.contributions(weights[k], ink), row.contributions, 1e-12, "contributions");
    }
  }
});

test("contributions + bias are the logit; the difference of two classes is that of their logits", () => {
  const [ten] = table.classifiers;
  const classifier = { ...ten, levels: 16 };
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  for (const { pixels } of ten.answers) {
    const { ink, z, p, order: [a, b] } = core.answerOf(classifier, pixels);
    z.forEach((value, k) => assertClose([sum(core.contributions(ten.weights[k], ink)) + ten.bias[k]], [value], 1e-12, `class ${k}`));
    const less = core.difference(ten, a, b);
    const difference = sum(core.contributions(less.weights, ink)) + less.bias;
    assertClose([difference], [z[a] - z[b]], 1e-12, "difference");
    assertClose([Math.exp(difference)], [p[a] / p[b]], 1e-9 * Math.exp(difference), "times as probable");
  }
});

test("softmax keeps its head with large logits, and two classes are the sigmoid", () => {
  assertClose(core.softmax([1000, 1000, -1000]), [0.5, 0.5, 0], 1e-15, "large");
  for (const z of [-800, -3, 0, 0.7, 800]) {
    assertClose(core.probabilities([z]), [1 / (1 + Math.exp(z)), 1 / (1 + Math.exp(-z))], 1e-15, `z ${z}`);
  }
});

test("equal probabilities: the lower class is named first", () => {
  const weights = Array.from({ length: 3 }, () => new Array(64).fill(0));
  assert.deepEqual(core.answerOf({ weights, bias: [1, 2, 2], levels: 16 }, new Array(64).fill(0)).order, [1, 2, 0]);
});

test("numbers in words never claim a certainty that is not there", () => {
  const shares = [0, 0.0001, 0.0149, 0.5, 0.985, 0.9999, 1].map((p) => core.sayShare(p, ""));
  assert.deepEqual(shares, ["0%", "<1%", "1%", "50%", "99%", ">99%", "100%"]);
  assert.equal(core.sayShare(0.834), "83\u00a0%");
  assert.deepEqual([0, 0.00012, 0.8344, 0.99912, 0.99999, 1].map(core.sayProbability),
    ["0", "1.2×10⁻⁴", "0.834", "0.9991", "almost 1", "1"]);
  const large = [0, 1234.5, 99.94, 1.456, 0.02345, 123456789, 0.000123, Infinity].map(core.sayLarge);
  assert.deepEqual(large, ["0", "1,235", "99.9", "1.46", "0.023", "1.2×10⁸", "1.2×10⁻⁴", "over 10³⁰⁸"]);
});

test("a change is told with the answers before and after", () => {
  const answer = (p) => ({ p, order: p.map((_, k) => k).sort((a, b) => p[b] - p[a]) });
  const names = ["4", "9"];
  assert.deepEqual(core.compareAnswers("Shifted left", answer([0.9, 0.1]), answer([0.3, 0.7]), names),
    { held: false, words: "Shifted left: 4 (90\u00a0%) became 9 (70\u00a0%)." });
  assert.deepEqual(core.compareAnswers("Inverted", answer([0.9, 0.1]), answer([0.6, 0.4]), names),
    { held: true, words: "Inverted: still 4. 90\u00a0% before, 60\u00a0% after." });
});
