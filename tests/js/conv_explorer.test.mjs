// The arithmetic of ConvExplorer against Python's. The table is computed anew at each run.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("conv_explorer.js");
const kit = await load("kit.js");
const table = pythonTable("widget_table.py");

test("sizes, padding and leftovers are geometry's", () => {
  const fitting = table.sizes.filter((row) => !row.error);
  assert.ok(fitting.length > 1000);
  for (const { n, f, s, p, size, pads, left, leftover } of fitting) {
    assert.equal(core.outputSize(n, f, s, p), size, JSON.stringify({ n, f, s, p }));
    assert.deepEqual(core.padAmounts(n, f, s, p), pads);
    assert.deepEqual(core.leftoverParts(n, f, s, p), left);
    assert.equal(core.leftover(n, f, s, p), leftover);
  }
});

test("a filter that does not fit is refused in geometry's words", () => {
  const refused = table.sizes.filter((row) => row.error);
  assert.ok(refused.length > 100);
  for (const { n, f, s, p, error } of refused) {
    assert.throws(() => core.outputSize(n, f, s, p), { name: "RangeError", message: error });
  }
});

test("feature maps are those of a plain loop in NumPy", () => {
  for (const { pads, weights, k, stride, bias, values, ...image } of table.convolutions) {
    const padded = core.padImage(image, ...pads);
    const map = core.convolve(padded, weights, k, stride, bias);
    assert.deepEqual([map.height, map.width], [values.length, values[0].length]);
    assertClose([...map.values], values.flat(), 1e-9, `k ${k}, stride ${stride}`);
  }
});

test("the products at a place add up to the map's value there", () => {
  for (const { pads, weights, k, stride, bias, ...image } of table.convolutions) {
    const padded = core.padImage(image, ...pads);
    const map = core.convolve(padded, weights, k, stride, bias);
    const [row, col] = [map.height - 1, Math.floor(map.width / 2)];
    const { pixels, products, sums } = core.productsAt(padded, weights, k, stride, row, col);
    assertClose([...products], [...pixels].map((pixel, i) => pixel * weights[i]), 0, "products");
    const total = sums.reduce((sum, value) => sum + value, bias);
    assertClose([total], [map.values[row * map.width + col]], 1e-9, "sum");
  }
});

test("named filters are Python's, to the last bit", () => {
  for (const { name, k, channels, seed, weights } of table.filters) {
    assert.deepEqual([...core.namedFilter(name, k, channels, seed)], weights.map((w) => w + 0), `${name} ${k} ${channels}`);
  }
  assert.deepEqual(core.FILTER_NAMES, [...new Set(table.filters.map((row) => row.name))]);
});

test("lines and outlines see nothing where all is even; blur and identity keep the brightness", () => {
  for (const { name, channels, weights } of table.filters) {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (/line|diagonal|edges/.test(name)) assert.ok(Math.abs(sum) < 1e-12, name);
    if (["blur", "sharpen", "identity"].includes(name)) assert.ok(Math.abs(sum - channels) < 1e-12, name);
  }
});

test("filters are carried to other sizes and depths as in Python", () => {
  for (const { weights, k, channels, newK, newChannels, result } of table.fitted) {
    assertClose([...core.fitFilter(weights, k, channels, newK, newChannels)], result, 1e-15, `${k} to ${newK}`);
  }
});

test("the diverging colours are matplotlib's PuOr_r", () => {
  for (const { value, rgb } of table.colours) {
    assertClose(kit.divergingColour(value), rgb, 1, `at ${value}`);
  }
});

test("painting and single colours agree, signed and unsigned", () => {
  for (const weights of [[1, -1], [1, 2]]) {
    const values = Float64Array.from({ length: 101 }, (_, i) => (weights[1] < 0 ? i - 50 : i) * 7.3);
    const scale = core.scaleOf(values, Float64Array.from(weights), 0);
    const bytes = new Uint8ClampedArray(4 * values.length);
    core.paintValues(values, scale, bytes);
    values.forEach((value, i) => {
      assertClose([...bytes.slice(4 * i, 4 * i + 3)], core.colourOn(scale, value), 1, `at ${value}`);
      assert.equal(bytes[4 * i + 3], 255);
    });
  }
});

test("the scale is signed when the filter or the bias can make negative sums", () => {
  const values = Float64Array.of(3, 5);
  assert.deepEqual(core.scaleOf(values, [1, 0], 0), { signed: false, low: 3, high: 5, limit: 5 });
  assert.equal(core.scaleOf(values, [1, -1], 0).signed, true);
  assert.equal(core.scaleOf(values, [1, 0], -1).signed, true);
  assert.equal(core.scaleOf(Float64Array.of(-8, 5), [-1], 0).limit, 8);
  assert.equal(core.scaleOf(Float64Array.of(0, 0), [0], 0).limit, 1);
});

test("numbers are written for people", () => {
  assert.equal(kit.say(-1234567.891), "\u22121,234,567.89");
  assert.equal(kit.say(999.9999), "1,000");
  assert.equal(kit.say(-0.0001), "0");
  assert.equal(kit.say(1234.5678, 3), "1,234.568");
  assert.equal(kit.sayShort(-0.25), "\u2212.25");
  assert.equal(kit.sayShort(-1530), "\u22121530");
});

test("the formula carries the reader's numbers", () => {
  assert.deepEqual(core.formulaWords(64, 5, 2, 1), ["floor((n + 2p \u2212 f) / s) + 1", "floor((64 + 2 \u00d7 1 \u2212 5) / 2) + 1 = 31"]);
  assert.deepEqual(core.formulaWords(10, 3, 4, "same"), ["ceil(n / s)", "ceil(10 / 4) = 3"]);
  assert.match(core.formulaWords(10, 3, 4, "valid")[1], /2 \u00d7 0/);
});

test("ink on any colour reaches the contrast of WCAG AA", () => {
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let i = 0; i < 1000; i++) {
    const rgb = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100)].map((v) => Math.round((v * 255) / 9));
    const [low, high] = [luminance(rgb), kit.inkOn(rgb) === "#fff" ? 1 : 0].sort((a, b) => a - b);
    assert.ok((high + 0.05) / (low + 0.05) >= 4.5, String(rgb));
  }
});

test("each filter has a sentence of its own", () => {
  const sentences = core.FILTER_NAMES.map((name) => core.filterSentence(name, 3, 3));
  assert.equal(new Set(sentences).size, sentences.length);
  for (const sentence of sentences) assert.match(sentence, /^[A-Z].*\.$/);
  assert.match(core.filterSentence("outline", 1, 1), /no neighbours/);
  assert.match(core.filterSentence("blur", 5, 1), /25 pixels/);
});
