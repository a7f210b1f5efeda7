// The arithmetic of PoolingExplorer against the course's own layers. The table is computed anew at each run.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("pooling_explorer.js");
const table = pythonTable("table_pooling_explorer.py");
const mapOf = ({ height, width, values }) => ({ height, width, values: Float64Array.from(values) });

test("sizes and leftovers are notmagic.geometry's", () => {
  assert.equal(table.sizes.length, 13 * 16);
  for (const { n, f, s, windows, left } of table.sizes) {
    assert.equal(core.outputSize(n, f, s), windows);
    const missed = Array.from({ length: n }, (_, i) => core.isReached(i, n, f, s)).filter((reached) => !reached);
    assert.equal(missed.length, left, `${n}, ${f}, ${s}`);
  }
});

test("shifted and pooled maps are those of the layers", () => {
  assert.ok(table.poolings.length >= 200);
  for (const entry of table.poolings) {
    const { how, f, s, shift, shape } = entry;
    const label = JSON.stringify({ how, f, s, shift });
    const input = mapOf(entry);
    const moved = core.shiftMap(input, shift);
    assert.deepEqual(Array.from(moved.values), entry.shifted, label);
    const [before, after] = [input, moved].map((map) => core.pool(map, how, f, s));
    assert.deepEqual([before.height, before.width], shape);
    assertClose([...before.values], entry.before, 1e-9, label);
    assertClose([...after.values], entry.after, 1e-9, label);
    const pooled = core.compare(before, after);
    assert.deepEqual([pooled.count, pooled.notZero, pooled.total], [entry.same, entry.notZero, shape[0] * shape[1]], label);
    assert.equal(pooled.same.filter(Boolean).length, pooled.count);
    assert.equal(core.compare(input, moved).count, entry.inputSame, label);
  }
});

test("a gradient of 1 is divided as the layers divide it", () => {
  for (const entry of table.poolings) {
    const { how, f, s, row, col, width } = entry;
    const shares = core.sharesOf(core.windowAt(core.shiftMap(mapOf(entry), entry.shift), f, s, row, col), how);
    const gradient = new Array(entry.values.length).fill(0);
    shares.forEach((share, i) => {
      gradient[(row * s + Math.floor(i / f)) * width + col * s + (i % f)] = share;
    });
    assertClose(gradient, entry.gradient, 1e-12, JSON.stringify({ how, f, s, row, col }));
  }
});

test("the first of equals takes the whole gradient", () => {
  assert.deepEqual(core.sharesOf([1, 4, 4, 0], "max"), [0, 1, 0, 0]);
  assert.deepEqual(core.sharesOf([0, 0, 0, 0], "max"), [1, 0, 0, 0]);
  assert.equal(core.gradientWords([1, 4, 4, 0], "max", 2, 6, 2), "1 to the 4 in row 6, column 3, first of 2 equals");
  assert.equal(core.gradientWords([1, 4, 5, 0], "max", 2, 6, 2), "1 to the 5 in row 7, column 2");
  assert.equal(core.gradientWords([1, 4, 4, 0], "average", 2, 0, 0), "1/4 to each of the 4 pixels");
  assert.equal(core.gradientWords([1, 4, 4, 0], "sum", 2, 0, 0), "1 to each of the 4 pixels");
  assert.equal(core.gradientWords([3], "average", 1, 0, 0), "1 to the one pixel");
  assert.deepEqual([0, 1, 1 / 4, 1 / 9, 1 / 16].map(core.sayShare), ["0", "1", "1/4", "1/9", "1/16"]);
});

test("the arithmetic of a window is written out", () => {
  const numbers = [0, 3, 1, 2];
  assert.equal(core.arithmeticWords(numbers, "max"), "max(0, 3, 1, 2) = 3");
  assert.equal(core.arithmeticWords(numbers, "average"), "(0 + 3 + 1 + 2) / 4 = 1.5");
  assert.equal(core.arithmeticWords(numbers, "sum"), "0 + 3 + 1 + 2 = 6");
  assert.equal(core.arithmeticWords([-1, -2.5, 0, 0], "average"), "(\u22121 + (\u22122.5) + 0 + 0) / 4 = \u22120.88");
  assert.equal(core.arithmeticWords([7], "average"), "7 / 1 = 7");
  assert.equal(core.arithmeticWords([7], "sum"), "7 = 7");
  const sixteen = Array.from({ length: 16 }, (_, i) => i);
  const words = core.arithmeticWords(sixteen, "sum");
  assert.equal(words.replaceAll("\u200b", ""), `${sixteen.join("+")} = 120`);
  assert.equal(words.split("\u200b").length, 16); // a phone may break the line before each plus
});

test("sizes, shifts and leftovers are said with the reader's numbers", () => {
  assert.deepEqual(core.formulaWords(7, 3, 2), ["floor((n \u2212 f) / s) + 1", "floor((7 \u2212 3) / 2) + 1 = 3"]);
  assert.equal(core.shiftWords([0, 0]), "");
  assert.equal(core.shiftWords([-1, 2]), "1 up, 2 right");
  assert.equal(core.shiftWords([3, -1]), "3 down, 1 left");
  assert.equal(core.leftoverWords({ height: 8, width: 8 }, 2, 2), "");
  assert.equal(core.leftoverWords({ height: 8, width: 9 }, 3, 2), "1 row");
  assert.equal(core.leftoverWords({ height: 8, width: 7 }, 2, 4), "2 rows, 1 column, gaps between windows");
});

test("numbers are written as exactly as their cell allows", () => {
  const within = (length) => (text) => text.length <= length;
  assert.equal(core.fitNumber(12.254, within(9)), "12.25");
  assert.equal(core.fitNumber(12.254, within(4)), "12.3");
  assert.equal(core.fitNumber(12.254, within(2)), "12");
  assert.equal(core.fitNumber(12.254, within(1)), "");
  assert.equal(core.fitNumber(-0.5, within(3)), "\u2212.5");
});

test("colours are centred on zero, or grey for pixels, and hold for both maps", () => {
  const maps = [{ values: [0, 8] }, { values: [2, -4] }];
  const scale = core.scaleOf(maps, false);
  assert.deepEqual(scale, { grey: false, signed: true, limit: 8 });
  assert.deepEqual(core.colourOn(scale, 0), [247, 247, 247]);
  assert.deepEqual(core.colourOn(scale, 8), [127, 59, 8]);
  assert.deepEqual(core.colourOn(scale, -8), [45, 0, 75]);
  assert.deepEqual(core.colourOn(core.scaleOf(maps.slice(0, 1), true), 8), [255, 255, 255]);
  assert.equal(core.scaleOf([{ values: [0, 0] }], false).limit, 1);
});
