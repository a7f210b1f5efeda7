// The arithmetic of FilterBank against NumPy's. The table is computed anew at each run.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("filter_bank.js");
const table = pythonTable("table_filter_bank.py");
const cases = [...table.banks, ...table.defaults];
const minus = (text) => text.replaceAll("\u2212", "-");

function mapsOf({ picture, weights, k, threshold }) {
  const responses = weights.map((filter) => core.respond(picture, filter, k));
  return { responses, activations: responses.map((map) => core.rectify(map, threshold)) };
}

function assertMaps(maps, expected, message) {
  assert.equal(maps.length, expected.length, message);
  maps.forEach((map, i) => {
    assert.deepEqual([map.height, map.width], [expected[i].length, expected[i][0].length], message);
    assertClose([...map.values], expected[i].flat(), 1e-9, message);
  });
}

test("responses, threshold, pooling and counts are NumPy's", () => {
  assert.ok(table.banks.length >= 20 && table.defaults.length >= 5);
  assert.deepEqual([...new Set(cases.map(({ pool }) => pool))].sort(), ["average", "max", "none", "sum"]);
  for (const item of cases) {
    const { responses, activations } = mapsOf(item);
    assertMaps(responses, item.responses, "responses");
    assertMaps(activations, item.activations, "activations");
    assertMaps(activations.map((map) => core.poolMap(map, item.pool, item.size)), item.pooled, `${item.pool} pooling`);
    assert.deepEqual(activations.map(core.countLit), item.lit);
  }
});

test("winners are NumPy's, and some windows tie", () => {
  const seen = new Set();
  for (const item of cases) {
    const found = [...core.winnersOf(mapsOf(item).activations)];
    assert.deepEqual(found, item.winners);
    found.forEach((winner) => seen.add(winner));
  }
  assert.ok(seen.has(core.TIE) && seen.has(core.NOBODY) && seen.has(3));
});

test("the strongest cell is the one Python chooses", () => {
  for (const item of cases) {
    // Python chose it with its first filter.
    assert.deepEqual(core.strongest(mapsOf(item).responses[0]), item.cell);
  }
  assert.deepEqual(core.strongest({ width: 2, values: [1, 3, 3, 0] }), [0, 1]);
});

test("nine products sum to the response, in every cell", () => {
  for (const item of cases.slice(0, 6)) {
    const { responses } = mapsOf(item);
    item.weights.forEach((filter, i) => {
      const { width, values } = responses[i];
      values.forEach((value, at) => {
        const { pixels, products } = core.productsAt(item.picture, filter, item.k, Math.floor(at / width), at % width);
        assert.ok(pixels.every((pixel) => pixel >= 0 && pixel <= 1));
        assertClose([products.reduce((sum, product) => sum + product, 0)], [value], 1e-9, "sum of products");
      });
    });
  }
});

test("a pool cell holds the cells of the map that pooling puts together", () => {
  const map = { height: 4, width: 5, values: Float64Array.from({ length: 20 }, (_, i) => i) };
  assert.deepEqual(core.poolCell(map, 2, 1, 1), [12, 13, 17, 18]);
  assert.deepEqual([...core.poolMap(map, "max", 2).values], [6, 8, 16, 18]); // the last column is left over
  assert.deepEqual([...core.poolMap(map, "average", 4).values], [9]);
});

test("totals and the scale take in all maps", () => {
  const maps = [{ values: [1, -4] }, { values: [0.5, 3] }];
  assert.deepEqual(maps.map(core.totalOf), [-3, 3.5]);
  assert.equal(core.largestSize(maps), 4);
});

test("words hold the numbers they speak of", () => {
  assert.equal(minus(core.thresholdWords(3.2, 0.5)), "3.2 > 0.5, lit: max(0, 3.2 - 0.5) = 2.7");
  assert.equal(minus(core.thresholdWords(-1.25, 0)), "-1.25 \u2264 0, not lit: max(0, -1.25 - 0) = 0");
  assert.equal(minus(core.thresholdWords(3.625, 1.2)), "3.63 > 1.2, lit: max(0, 3.63 - 1.2) = 2.43"); // not 2.42
  assert.equal(minus(core.thresholdWords(2, 2)), "2 \u2264 2, not lit: max(0, 2 - 2) = 0");
  assert.equal(minus(core.thresholdWords(0.5012, 0.5)), "0.501 > 0.5, lit: max(0, 0.501 - 0.5) = 0.001");
  assert.equal(core.poolWords([2.7, 0, 0, 1.1], "max"), "max(2.7, 0, 0, 1.1) = 2.7");
  assert.equal(core.poolWords([2, 0, 0, 1], "sum"), "2 + 0 + 0 + 1 = 3");
  assert.equal(core.poolWords([2, 0, 0, 1], "average"), "(2 + 0 + 0 + 1) / 4 = 0.75");
  assert.equal(core.poolWords([2], "average"), "2 / 1 = 2");
  assert.equal(core.poolWords([1, 2, 3, 4, 5, 6, 7, 8, 9], "sum"), "sum of its 9 cells = 45");
});

test("the slider's step is round and its parts are neither few nor many", () => {
  assert.equal(core.sliderStep(6), 0.1);
  for (const span of [1e-3, 0.07, 1, 2.5, 6, 9.9, 24, 25000]) {
    const parts = span / core.sliderStep(span);
    assert.ok(parts >= 50 - 1e-6 && parts <= 125 + 1e-6, `${span}: ${parts}`);
    assert.match(core.sliderStep(span).toExponential(), /^[125]e/);
  }
});
