// The arithmetic of Boundary against Python's and scikit-learn's. The table is computed anew at each run.

import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("boundary.js");
const table = pythonTable("table_boundary.py");
const about = (row) => `${row.name}, degree ${row.degree}, regularisation ${row.regularisation}`;
const fitOf = (row) => core.fitLogistic(row.x, row.y, row.degree, row.regularisation);
const plain = (name) =>
  name.replace(/x₁/g, " x1").replace(/x₂/g, " x2").replace(/[²³⁴⁵⁶⁷⁸]/g, (d) => `^${"⁰¹²³⁴⁵⁶⁷⁸".indexOf(d)}`).trim();

test("features, their order and their names are Python's", () => {
  assert.equal(table.features.length, 8);
  for (const { degree, x, powers, names, matrix } of table.features) {
    assert.deepEqual(core.powers(degree), powers);
    assert.deepEqual(core.powers(degree).map(core.featureName).map(plain), names);
    x.forEach(([x1, x2], n) => assertClose([...core.featuresAt(x1, x2, degree)], matrix[n], 1e-11, `degree ${degree}`));
  }
});

test("fits end as in Python, and their probabilities are the same", () => {
  const ends = new Set();
  for (const row of table.fits) {
    const fit = fitOf(row);
    ends.add(fit.end);
    assert.equal(fit.end, row.end, about(row));
    assert.ok(Math.abs(fit.steps - row.steps) <= 1, `${about(row)}: ${fit.steps} steps, ${row.steps} in Python`);
    if (fit.end === "separated") continue; // where it stops depends on the rounding
    const found = row.places.map(([x1, x2]) => core.probabilityAt(fit, x1, x2));
    assertClose(found, row.probability, 1e-5, about(row));
  }
  assert.deepEqual([...ends].sort(), ["best", "separated"]);
});

test("regularised weights are Python's and scikit-learn's", () => {
  let compared = 0;
  for (const row of table.fits.filter((row) => row.regularisation > 0)) {
    const weights = [...fitOf(row).weights];
    const size = Math.max(1, ...row.weights.map(Math.abs));
    assertClose(weights, row.weights, 1e-5 * size, about(row));
    if (!row.sklearn) continue;
    assertClose(weights, row.sklearn.weights, 1e-4 * size, `scikit-learn, ${about(row)}`);
    compared++;
  }
  assert.ok(compared > 50);
});

test("loss and accuracy are Python's", () => {
  for (const row of table.fits) {
    const fit = fitOf(row);
    const kinds = { training: [row.x, row.y], test: [row.xTest, row.yTest] };
    for (const [kind, [x, y]] of Object.entries(kinds)) {
      const found = core.scores(fit, x, y);
      if (!y.length) assert.equal(found, null);
      else if (fit.end === "best") {
        assertClose([found.loss, found.accuracy], row.scores[kind], 1e-4, `${kind}, ${about(row)}`);
        assert.equal(found.right, Math.round(found.accuracy * y.length));
      }
    }
  }
});

test("at a best fit the gradient is zero, and any other weights are worse", () => {
  for (const row of table.fits.filter((row) => row.regularisation === 0.001)) {
    const fit = fitOf(row);
    const loss = (weights) => {
      const squares = weights.slice(0, -1).reduce((sum, weight) => sum + weight * weight, 0);
      return core.scores({ ...fit, weights }, row.x, row.y).loss + (row.regularisation / 2) * squares;
    };
    assertClose([fit.objective], [loss(fit.weights)], 1e-12, about(row));
    for (let m = 0; m < fit.weights.length; m++) {
      for (const shift of [-0.01, 0.01]) {
        const moved = fit.weights.map((weight, k) => weight + (k === m ? shift : 0));
        assert.ok(loss(moved) > fit.objective, `${about(row)}, weight ${m}`);
      }
    }
  }
});

test("separated classes are said to be so, all right at a small loss; regularisation mends it", () => {
  const separated = table.fits.filter((row) => row.end === "separated");
  assert.ok(separated.length > 10);
  for (const row of separated) {
    const fit = fitOf(row);
    assert.equal(row.regularisation, 0);
    const { loss, accuracy } = core.scores(fit, row.x, row.y);
    assert.ok(accuracy === 1 && loss < 0.001, about(row));
    assert.match(core.endWords(fit, 0), /separate the training classes completely.*grow for ever: stopped after \d+ steps/);
    assert.equal(core.fitLogistic(row.x, row.y, row.degree, 0.00001).end, "best");
  }
});

test("four points of XOR: no line, one half everywhere; x1 x2 makes them separable", () => {
  const [x, y] = [[[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]];
  const line = core.fitLogistic(x, y, 1, 0);
  assert.deepEqual([...line.weights].map(Math.abs), [0, 0, 0]);
  assert.match(core.endWords(line, 0), /p is 0.5 everywhere/);
  assert.equal(core.fitLogistic(x, y, 2, 0).end, "separated");
  assert.equal(core.scores(core.fitLogistic(x, y, 2, 0.01), x, y).accuracy, 1);
});

test("points of one class, and points on top of each other, stop sanely", () => {
  const same = core.fitLogistic([[0, 0], [1, 1]], [1, 1], 3, 0);
  assert.equal(same.end, "separated");
  const twins = core.fitLogistic([[0.5, 0.5], [0.5, 0.5], [-1, 0], [1, 0]], [0, 1, 0, 1], 8, 0);
  assert.ok(twins.weights.every(Number.isFinite));
  assert.ok(twins.objective >= Math.log(2) / 2 - 1e-9); // the twins can get one half and no more
});

test("more regularisation, smaller weights and a larger training loss", () => {
  const [row] = table.fits.filter((row) => row.name === "circles" && row.degree === 8);
  let last = { squares: Infinity, loss: 0 };
  for (const lambda of [0.00001, 0.0001, 0.001, 0.01, 0.1, 1]) {
    const fit = core.fitLogistic(row.x, row.y, 8, lambda);
    const squares = fit.weights.slice(0, -1).reduce((sum, weight) => sum + weight * weight, 0);
    const { loss } = core.scores(fit, row.x, row.y);
    assert.ok(squares < last.squares && loss > last.loss, `lambda ${lambda}`);
    last = { squares, loss };
  }
});

test("the terms at a point are sorted and add up to z", () => {
  for (const row of table.fits.filter((row) => row.regularisation === 0.001)) {
    const fit = fitOf(row);
    const [x1, x2] = row.places[0];
    const terms = core.termsAt(fit, x1, x2);
    const sizes = terms.map((term) => Math.abs(term.product));
    assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
    for (const { weight, value, product } of terms) assert.equal(product, weight * value);
    const z = terms.reduce((sum, term) => sum + term.product, fit.weights.at(-1));
    assertClose([z], [core.scoreAt(fit, x1, x2)], 1e-9, about(row));
    assertClose([core.probabilityAt(fit, x1, x2)], [1 / (1 + Math.exp(-z))], 1e-12, about(row));
  }
});

test("the contour of a circle is a closed circle; a saddle's two lines do not cross", () => {
  const side = 41;
  const values = Array.from({ length: side * side }, (_, n) => Math.hypot((n % side) - 20, Math.floor(n / side) - 20) - 13.1);
  const segments = core.contour(values, side);
  const ends = new Map();
  for (const [a, b, c, d] of segments) {
    for (const [x, y] of [[a, b], [c, d]]) {
      assert.ok(Math.abs(Math.hypot(x - 20, y - 20) - 13.1) < 0.05);
      const key = `${x.toFixed(6)} ${y.toFixed(6)}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
  }
  assert.ok(segments.length > 60 && [...ends.values()].every((count) => count === 2));
  // Corners + - / - +, first with a middle that joins the pluses, then the minuses.
  const sides = (values) => core.contour(values, 2).map(([a, b, c, d]) => (a + c) / 2 + (b + d) / 2 - 1);
  assert.ok(sides([3, -1, -1, 3]).every((off) => Math.abs(off) < 0.01), "each line cuts off a minus");
  assert.deepEqual(sides([1, -3, -3, 1]).map((off) => Math.sign(off)).sort(), [-1, 1], "each line cuts off a plus");
  assert.deepEqual(core.contour([1, 1, 1, 1], 2), []);
});

test("predictions are judged, without giving a lower degree away", () => {
  const shares = [0.5, 0.9, 0.975, 0.96];
  assert.deepEqual(core.judge(3, shares, 0.95), { right: true, words: "Right: degree 3 gets 97.5\u00a0%, degree 2 90\u00a0%." });
  assert.equal(core.judge(4, shares, 0.95).words, "No: degree 4 gets 96\u00a0%; a smaller one will do.");
  assert.equal(core.judge(2, shares, 0.95).words, "No: degree 2 gets 90\u00a0%. Try again.");
  assert.equal(core.judge(null, shares, 0.95).right, false);
  assert.equal(core.judge(null, [0.5, 0.95], 0.95).right, true);
});

test("numbers have about three digits that count", () => {
  const said = [0, 1234567.8, -418377, 12.345, -1.2345, 0.01234, 0.00001].map(core.sayDigits);
  assert.deepEqual(said, ["0", "1,234,568", "−418,377", "12.3", "−1.23", "0.0123", "0"]);
  assert.match(core.featureWords(1), /^2 features \+ bias = 3 parameters: x₁, x₂$/);
  assert.match(core.featureWords(8), /^44 features \+ bias = 45 parameters: x₁, x₂ … x₂⁸$/);
});
