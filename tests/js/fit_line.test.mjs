// The arithmetic of FitLine against NumPy's. The table is computed anew at each run.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("fit_line.js");
const table = pythonTable("table_fit_line.py");
const houses = table.lines[0];
const raw = core.momentsOf(houses.x, houses.y);
const scale = core.standardise(houses.x);
const round = core.momentsOf(scale.values, houses.y);

const near = (actual, expected, message) => {
  const size = Math.max(1, ...[expected].flat().map(Math.abs));
  assertClose([actual].flat(), [expected].flat(), 1e-8 * size, message);
};

test("error, gradient, curvatures and the best line are NumPy's", () => {
  assert.ok(table.lines.length >= 30);
  for (const { x, y, line, error, gradient, best, curvatures, scale: [mean, deviation] } of table.lines) {
    const moments = core.momentsOf(x, y);
    near(core.errorAt(moments, ...line), error, "error");
    near(core.gradientAt(moments, ...line), gradient, "gradient");
    near(core.bestLine(moments), best, "best line");
    near(core.curvatures(moments), curvatures, "curvatures");
    near([core.standardise(x).mean, core.standardise(x).deviation], [mean, deviation], "scale");
  }
});

test("descents take the steps that Python takes, down and up", () => {
  for (const { input, y, start, rate, steps, end, errors } of table.descents) {
    const moments = core.momentsOf(input, y);
    const path = core.walk(moments, [[...start, rate, steps]]);
    assert.equal(path.length, steps + 1);
    path.forEach((at, i) => near(at[2] / errors[0], errors[i] / errors[0], `error at step ${i}`));
    near(path.at(-1).slice(0, 2), end, "end");
  }
});

test("no descent leaves the finite numbers, and one that explodes is stopped", () => {
  for (const moments of [raw, round]) {
    for (const rate of [1e-9, 1e-4, 0.1, 1.25, 100]) {
      const { line, taken } = core.descend(moments, [0, 200], rate, 2000);
      assert.ok(line.every((value) => Number.isFinite(value) && Math.abs(value) < 1e30));
      assert.equal(taken < 2000, core.hasExploded(moments, ...line));
    }
  }
});

test("scaling makes a round bowl of a narrow valley, and keeps every line", () => {
  const [small, large] = core.curvatures(raw);
  assert.ok(large / small > 100_000);
  near(core.curvatures(round), [2, 2], "round");
  for (const line of [[0, 200], [3.2, 22], [-7, 1000]]) {
    const there = core.convertLine(line, scale, true);
    near(core.convertLine(there, scale, false), line, "back again");
    near(core.errorAt(round, ...there), core.errorAt(raw, ...line), "same line, same error");
  }
});

test("the learning rate decides what will happen", () => {
  assert.equal(core.fate(round, [0, 200], 0.1).kind, "fall");
  assert.equal(core.fate(round, [0, 200], 0.001).kind, "crawl");
  assert.equal(core.fate(round, [0, 200], 1).kind, "bounce");
  assert.equal(core.fate(round, [0, 200], 1.25).kind, "explode");
  assert.equal(core.fate(raw, [0, 200], 8e-5).kind, "crawl");
  assert.equal(core.fate(raw, [0, 200], 1e-4).kind, "explode");
  near(core.descend(round, [0, 200], 0.5, 1).line, core.bestLine(round), "one step of 1/2 ends at the bottom");
});

test("what happened is told in words", () => {
  const told = (moments, rate, steps, scaled = true) => core.tidings(moments, core.walk(moments, [[0, 200, rate, steps]]), rate, scaled);
  assert.equal(core.tidings(round, [], 0.1, true).kind, "none");
  assert.equal(told(round, 0.1, 3).kind, "fall");
  assert.equal(told(round, 0.1, 60).kind, "bottom");
  assert.equal(told(round, 1, 4).kind, "bounce");
  assert.equal(told(round, 0.0005, 30).kind, "crawl");
  const crawl = told(raw, 8e-5, 200, false);
  assert.equal(crawl.kind, "crawl");
  assert.match(crawl.words, /Centre and scale/);
  const boom = told(raw, 0.1, 50, false);
  assert.equal(boom.kind, "explode");
  assert.match(boom.words, /overshoots further: in 2 steps the error grew from 40,605 to .*×10/);
  assert.match(boom.words, /We stop here. Take a smaller learning rate/);
});

test("contours lie where the error is that of their level", () => {
  for (const moments of [raw, round]) {
    const least = core.leastError(moments);
    for (const level of core.contourLevels(least, 1e5)) {
      assert.ok(level > least && level < 1e5);
      for (const at of core.contour(moments, level - least)) near(core.errorAt(moments, ...at), level, `level ${level}`);
    }
  }
});

test("the map holds the start and the bottom, and its heights are the bowl's", () => {
  for (const [moments, scaled] of [[raw, false], [round, true]]) {
    const [across, up] = core.bowlRange(moments, [0, 200], scaled);
    for (const [w, b] of [[0, 200], core.bestLine(moments)]) assert.ok(across[0] < w && w < across[1] && up[0] < b && b < up[1]);
    if (scaled) near(across[1] - across[0], up[1] - up[0], "same unit");
    const { heights, highest } = core.surface(moments, across, up, 8, 6);
    const [w, b] = [across[0] + 2.5 / 8 * (across[1] - across[0]), up[1] - 4.5 / 6 * (up[1] - up[0])];
    near(highest * heights[4 * 8 + 2] ** 2, core.gapAt(moments, w, b), "height");
    assert.ok(heights.every((height) => height >= 0 && height <= 1));
  }
});

test("squares are square, touch point and line and lie beside the line", () => {
  for (const [y, lineY] of [[10, 40], [40, 10]]) {
    for (const rises of [true, false]) {
      const { x, y: top, size } = core.errorSquare(100, y, lineY, rises);
      assert.deepEqual([top, top + size], [10, 40]);
      const above = y < lineY;
      assert.equal(x, above === rises ? 70 : 100); // left of a point above a rising line
    }
  }
});

test("the slider's places are learning rates from crawling to exploding, in both bowls", () => {
  const [low, high] = core.ratePlaces(raw);
  assert.ok(core.rateAt(low) < 0.1 * (2 / core.curvatures(raw)[1]));
  assert.ok(core.rateAt(high) > 1);
  for (let place = low; place <= high; place++) {
    assert.equal(core.placeOf(core.rateAt(place)), place);
    assert.ok(place === low || core.rateAt(place) > core.rateAt(place - 1));
  }
});

test("numbers of any size are written for people", () => {
  const figures = [[0, "0"], [3.23939974, "3.239"], [39544.44, "39,544"], [-230.6, "\u2212230.6"], [8e-5, "0.00008"],
    [1e-6, "0.000001"], [1.234e12, "1.2×10\u00b9\u00b2"], [-2e-9, "\u22122×10\u207b\u2079"]];
  for (const [value, words] of figures) assert.equal(core.figure(value), words);
  assert.equal(core.term(-2), "(\u22122)");
});

test("a point's arithmetic adds up", () => {
  const words = core.pointWords(6, 49, 166, [3.2, 22.8], null);
  assert.deepEqual(words, ["Point 7: x = 49, y = 166", "Prediction 3.2 × 49 + 22.8 = 179.6", "Error 179.6 \u2212 166 = 13.6, squared 185"]);
  assert.match(core.pointWords(0, 142, 490, [100, -20], scale)[0], /z = \(142 \u2212 104.5\) \/ 35.58 = 1.055/);
});

test("the bowl's colours are viridis, light at the bottom", () => {
  for (const { height, rgb } of table.colours) assertClose(core.heightColour(height), rgb, 1, `at ${height}`);
});
