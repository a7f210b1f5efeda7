// Boundary: logistic regression on points of the plane, with polynomial features, fitted while you look.
//
// First half: arithmetic, exported by name and compared with NumPy and scikit-learn by tests/js. Second half:
// the widget.

import {
  ModelView, Plane, Status, TIMES, button, checkbox, clamp, classPoint, control, divergingColour, field, isNew,
  make, say, select, setAttribute, setText, svg, widgetOf,
} from "./kit.js";

const LARGEST_DEGREE = 8;
const MOST_STEPS = 100;
const SMALL_ENOUGH = 1e-16; // what one more step would gain
const LOSS_TO_STOP_AT = 0.001; // where the best weights would be infinite
const DAMPING = 1e-10; // of the curvature, scaled to ones on its diagonal

// ------------------------------------------------------------------------------------------- features

/** The exponents [i, j] of all monomials x1^i x2^j of total degree 1 to `degree`, lowest first. */
export function powers(degree) {
  const list = [];
  for (let total = 1; total <= degree; total++) {
    for (let j = 0; j <= total; j++) list.push([total - j, j]);
  }
  return list;
}

/** The monomials at a point, in the order of `powers`, written into `into` from `offset` on. */
export function featuresAt(x1, x2, degree, into = new Float64Array((degree * (degree + 3)) / 2), offset = 0) {
  // Each degree is the one before times x1, and its last entry times x2.
  let [from, to] = [offset, offset];
  into[to++] = x1;
  into[to++] = x2;
  for (let total = 2; total <= degree; total++) {
    const next = to;
    for (let k = from; k < next; k++) into[to++] = into[k] * x1;
    into[to++] = into[next - 1] * x2;
    from = next;
  }
  return into;
}

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A monomial's name: x₁²x₂. */
export function featureName([i, j]) {
  const part = (name, power) => (power === 0 ? "" : power === 1 ? name : name + DIGITS[power]);
  return part("x₁", i) + part("x₂", j);
}

// ------------------------------------------------------------------------------------------------ fit

/** 1 / (1 + e^-z). */
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/** The mean of -log p (class 1) or -log(1 - p) (class 0), without ever taking log 0. */
export function crossEntropy(z, y) {
  let sum = 0;
  for (let n = 0; n < y.length; n++) {
    sum += Math.max(z[n], 0) + Math.log1p(Math.exp(-Math.abs(z[n]))) - y[n] * z[n];
  }
  return sum / y.length;
}

/** The share of points on the right side of the boundary; z = 0 counts as class 1. */
export function accuracy(z, y) {
  let right = 0;
  for (let n = 0; n < y.length; n++) right += (z[n] >= 0 ? 1 : 0) === y[n] ? 1 : 0;
  return right / y.length;
}

/** Solve a symmetric, positive definite system by Cholesky's method; `a` and `b` are overwritten. */
export function solvePositive(a, b) {
  const size = b.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j];
      for (let k = 0; k < j; k++) sum -= a[i * size + k] * a[j * size + k];
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-14)) : sum / a[j * size + j];
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) b[i] -= a[i * size + k] * b[k];
    b[i] /= a[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) b[i] -= a[k * size + i] * b[k];
    b[i] /= a[i * size + i];
  }
  return b;
}

/** Each point's features and a 1 for the bias: rows of `width` numbers, one after another. */
function designOf(x, degree) {
  const width = (degree * (degree + 3)) / 2 + 1;
  const rows = new Float64Array(x.length * width);
  x.forEach(([x1, x2], n) => {
    featuresAt(x1, x2, degree, rows, n * width);
    rows[(n + 1) * width - 1] = 1;
  });
  return { rows, width, count: x.length };
}

function timesWeights({ rows, width, count }, weights) {
  const z = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    let sum = 0;
    for (let m = 0; m < width; m++) sum += rows[n * width + m] * weights[m];
    z[n] = sum;
  }
  return z;
}

/** The step to subtract, and how steeply the loss falls along it. */
function newtonStep({ rows, width, count }, y, z, weights, penalty) {
  const gradient = weights.map((weight, m) => penalty[m] * weight);
  const curvature = new Float64Array(width * width);
  for (let n = 0; n < count; n++) {
    const row = rows.subarray(n * width, (n + 1) * width);
    const p = sigmoid(z[n]);
    const [error, spread] = [(p - y[n]) / count, (p * (1 - p)) / count];
    for (let i = 0; i < width; i++) {
      gradient[i] += error * row[i];
      for (let j = 0; j <= i; j++) curvature[i * width + j] += spread * row[i] * row[j];
    }
  }
  // Scaled to ones on the diagonal: the high powers are tiny or huge beside the low ones.
  const scale = penalty.map((extra, m) => 1 / Math.sqrt(Math.max(curvature[m * width + m] + extra, 1e-300)));
  for (let i = 0; i < width; i++) {
    curvature[i * width + i] += penalty[i];
    for (let j = 0; j <= i; j++) curvature[i * width + j] *= scale[i] * scale[j];
    curvature[i * width + i] += DAMPING;
  }
  const step = solvePositive(curvature, gradient.map((slope, m) => slope * scale[m])).map((s, m) => s * scale[m]);
  return { step, slope: step.reduce((sum, s, m) => sum + s * gradient[m], 0) };
}

/** Halve a step until it lowers the loss by what its slope promises; null if none does. */
function tryStep(design, y, z, weights, penalty, { step, slope }, objective) {
  const along = timesWeights(design, step);
  for (let size = 1; size > 1e-9; size /= 2) {
    const candidate = weights.map((weight, m) => weight - size * step[m]);
    const loss = crossEntropy(z.map((value, n) => value - size * along[n]), y);
    const next = loss + candidate.reduce((sum, weight, m) => sum + penalty[m] * weight * weight, 0) / 2;
    if (next <= objective - 1e-4 * size * slope) return { weights: candidate, objective: next };
  }
  return null;
}

/**
 * Fit logistic regression to points by Newton's method.
 *
 * What is minimised is the mean cross-entropy + lambda / 2 x (sum of squared weights, without the bias).
 * `weights` has the bias last. `end` is "best"; "separated": all points are right and nothing holds the
 * weights, so the best would be infinite; or "unfinished": the steps ran out.
 */
export function fitLogistic(x, y, degree, lambda) {
  const design = designOf(x, degree);
  const penalty = new Float64Array(design.width).fill(lambda);
  penalty[design.width - 1] = 0;
  let weights = new Float64Array(design.width);
  let z = new Float64Array(design.count);
  let [objective, end, steps] = [Math.log(2), "unfinished", 0];
  for (; ; steps++) {
    if (lambda === 0 && y.every((label, n) => (label ? z[n] > 0 : z[n] < 0))) {
      end = "separated";
      if (objective < LOSS_TO_STOP_AT) break;
    }
    const move = newtonStep(design, y, z, weights, penalty);
    const next = move.slope / 2 < SMALL_ENOUGH ? null : tryStep(design, y, z, weights, penalty, move, objective);
    if (!next) {
      if (end === "unfinished") end = "best";
      break;
    }
    if (steps === MOST_STEPS) break;
    ({ weights, objective } = next);
    z = timesWeights(design, weights);
  }
  return { degree, weights, objective, steps, end };
}

/** w . features + b at a point. */
export function scoreAt({ degree, weights }, x1, x2, scratch) {
  const features = featuresAt(x1, x2, degree, scratch);
  let z = weights[weights.length - 1];
  for (let m = 0; m < weights.length - 1; m++) z += weights[m] * features[m];
  return z;
}

/** The probability of class 1 at a point. */
export const probabilityAt = (fit, x1, x2, scratch) => sigmoid(scoreAt(fit, x1, x2, scratch));

/** Loss and accuracy of some points; null without points. */
export function scores(fit, x, y) {
  if (!y.length) return null;
  const z = x.map(([x1, x2]) => scoreAt(fit, x1, x2));
  return { loss: crossEntropy(z, y), accuracy: accuracy(z, y), right: Math.round(accuracy(z, y) * y.length) };
}

/** What each feature adds to z at a point, largest first. */
export function termsAt({ degree, weights }, x1, x2) {
  const features = featuresAt(x1, x2, degree);
  const terms = powers(degree).map((pair, m) => ({
    name: featureName(pair), weight: weights[m], value: features[m], product: weights[m] * features[m],
  }));
  return terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
}

/**
 * Where a grid of values passes through zero: segments [x, y, x, y], in cells, by marching squares.
 *
 * `values` has `columns` numbers in each row.
 */
export function contour(values, columns) {
  const rows = values.length / columns;
  const segments = [];
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      // The corners in order around the cell, and where each edge is crossed.
      const at = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const corner = at.map(([column, row]) => values[row * columns + column]);
      const crossings = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [corner[k], corner[(k + 1) % 4]];
        if (a >= 0 === b >= 0) continue;
        const share = a / (a - b);
        const [from, to] = [at[k], at[(k + 1) % 4]];
        crossings.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
      }
      // Four crossings: the middle says which corners belong together.
      const middle = corner.reduce((sum, value) => sum + value, 0) >= 0;
      if (crossings.length === 4 && middle !== corner[0] >= 0) crossings.push(crossings.shift());
      for (let k = 0; k + 1 < crossings.length; k += 2) segments.push([...crossings[k], ...crossings[k + 1]]);
    }
  }
  return segments;
}

// ---------------------------------------------------------------------------------------- words

const LAMBDAS = [0, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/** A number with about three digits that count. */
export function sayDigits(value) {
  if (value === 0) return "0";
  return say(value, clamp(2 - Math.floor(Math.log10(Math.abs(value))), 0, 4));
}

const sayLoss = (loss) => (loss < 0.0005 ? "< 0.001" : loss < 10 ? loss.toFixed(3) : sayDigits(loss));
const sayProbability = (p) => (p > 0.9995 ? "> 0.999" : p < 0.0005 ? "< 0.001" : p.toFixed(3));
const sayShare = (share) => `${say(100 * share, 1)}\u00a0%`;

/** How a fit ended, for the reader. */
export function endWords({ degree, steps, end, weights }, lambda) {
  const taken = `${steps} ${steps === 1 ? "step" : "steps"}`;
  if (end === "separated") {
    return `Degree ${degree} can separate the training classes completely, so the weights would grow for ever: ` +
      `stopped after ${taken}, at a loss below ${LOSS_TO_STOP_AT}.`;
  }
  if (end === "unfinished") {
    return `The weights were still changing after ${taken}; stopped there. ` +
      (lambda ? "A lower degree has a quicker answer." : "Some regularisation gives a best answer.");
  }
  const flat = weights.every((weight) => Math.abs(weight) < 1e-9);
  return flat
    ? "The best weights are all 0: p is 0.5 everywhere, and there is no boundary."
    : `Newton's method found the weights that make this least in ${taken}.`;
}

/** The features by name, and how many parameters they make. */
export function featureWords(degree) {
  const names = powers(degree).map(featureName);
  const list = names.length > 9 ? `${names.slice(0, 2).join(", ")} … ${names.at(-1)}` : names.join(", ");
  return `${names.length} features + bias = ${names.length + 1} parameters: ${list}`;
}

/** Judge "degree `guess` is the smallest that gets more than the goal right"; null: "none does". */
export function judge(guess, shares, goal) {
  const smallest = shares.findIndex((share) => share > goal) + 1; // 0: none
  const gets = (degree) => `degree ${degree} gets ${sayShare(shares[degree - 1])}`;
  if (guess === null) {
    return smallest ? { right: false, words: "No: some degree does. Try them." } : { right: true, words: "Right: none does." };
  }
  if (guess === smallest) {
    const below = guess > 1 ? `, degree ${guess - 1} ${sayShare(shares[guess - 2])}` : "";
    return { right: true, words: `Right: ${gets(guess)}${below}.` };
  }
  if (shares[guess - 1] > goal) return { right: false, words: `No: ${gets(guess)}; a smaller one will do.` };
  return { right: false, words: `No: ${gets(guess)}. Try again.` };
}

// ----------------------------------------------------------------------------------------------- the widget

const SETTINGS = ["data_name", "degree", "regularisation", "show_test", "probe", "flipped"];
const GOAL = 0.95;
const PALE = 0.6; // of the diverging scale: points must stand out
const CELLS = 72; // of the surface and of the boundary's grid, on each side
const MOST_TERMS = 5;
const LOSS_SPAN = [0.001, 1000]; // of the chart

const tint = (p) => PALE * (2 * p - 1);

/** A plane on which one unit is as long across as up: what is left over widens the range of x. */
class EvenPlane extends Plane {
  resize() {
    const { clientWidth, clientHeight } = this.root;
    const [top, right, bottom, left] = this.margin;
    const ratio = Math.max(clientWidth - left - right, 1) / Math.max(clientHeight - top - bottom, 1);
    const [half, middle] = [(this.y[1] - this.y[0]) / 2, this.middle];
    this.x = [middle - half * ratio, middle + half * ratio];
    super.resize();
  }

  /** Show a square around a place; `half` is half its side. */
  show([x, y], half) {
    this.middle = x;
    this.setRange(this.x, [y - half, y + half]);
  }
}

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.tried = new Map(); // degree -> scores, of this set, these classes and this regularisation
    this.held = null; // where the probe goes back to when a hover ends
    this.verdict = null;
    this.sets = new Map(model.get("points").map((set) => [set.name, set]));
    this.build();
    el.append(this.root);
    this.followModel();
    this.draw();
  }

  destroy() {
    this.plane.destroy();
    super.destroy();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make(
      "div",
      { class: "nm-widget nm-boundary", role: "group", "aria-label": "Logistic regression: the boundary" },
      make("div", { class: "nm-body" }, this.buildControls(), this.buildPicture(), this.buildResult(),
        this.buildArithmetic(), this.buildWords(), this.buildQuestion(), this.status.element),
    );
  }

  buildControls() {
    this.dataSelect = select([...this.sets.keys()], (data_name) => this.send({ data_name }));
    this.degreeRange = control("input", {
      type: "range", min: 1, max: LARGEST_DEGREE, step: 1, oninput: (e) => this.send({ degree: e.target.valueAsNumber }),
    });
    this.lambdaRange = control("input", {
      type: "range", min: 0, max: LAMBDAS.length - 1, step: 1,
      oninput: (e) => this.send({ regularisation: LAMBDAS[e.target.valueAsNumber] }),
    });
    [this.testBox, this.testSwitch] = checkbox(this.id, "test", "Test points", (on) => this.send({ show_test: on }));
    this.degreeValue = make("span", { class: "nm-value" });
    this.lambdaValue = make("span", { class: "nm-value" });
    return make("div", { class: "nm-controls" },
      field(this.id, "data", "Points", this.dataSelect),
      make("div", { class: "nm-buttons" }, this.testSwitch, button("Reset", () => this.reset())),
      field(this.id, "degree", "Degree", this.degreeRange, this.degreeValue),
      field(this.id, "lambda", "Regularisation λ", this.lambdaRange, this.lambdaValue));
  }

  buildPicture() {
    this.lines = ["halo", "line"].map((name) => svg("path", { class: `nm-boundary-${name}` }));
    this.pointLayer = svg("g");
    this.nearestRing = svg("circle", { class: "nm-nearest", r: 8 });
    this.cross = svg("path", { class: "nm-cross", d: "M-11 0H-4M4 0H11M0 -11V-4M0 4V11" });
    this.crossHalo = svg("path", { class: "nm-cross-halo", d: "M-11 0H-4M4 0H11M0 -11V-4M0 4V11" });
    this.plane = new EvenPlane({
      x: [-1, 1], y: [-1, 1], xLabel: "x₁", yLabel: "x₂", margin: [4, 4, 32, 44], draw: () => this.redraw(),
    });
    this.plane.middle = 0;
    this.plane.layer.append(...this.lines, this.pointLayer, this.nearestRing, this.crossHalo, this.cross);
    this.plane.root.classList.add("nm-stage");
    const attributes = {
      tabindex: "0", role: "application", "aria-roledescription": "plane", "data-lm-suppress-shortcuts": "true",
      "aria-label": "Probe", "aria-describedby": `${this.id}-help`,
    };
    for (const [name, value] of Object.entries(attributes)) setAttribute(this.plane.root, name, value);
    const { root } = this.plane;
    root.addEventListener("keydown", (event) => this.onKey(event));
    root.addEventListener("pointerdown", (event) => this.onPointer(event));
    root.addEventListener("pointermove", (event) => this.onPointer(event));
    root.addEventListener("pointerleave", () => this.onLeave());
    root.addEventListener("dblclick", () => this.flipNearest());
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys move the probe, with Shift ten times as far. Enter turns round the class of the nearest " +
        "training point.",
    });
    return make("div", { class: "nm-picture" }, root, this.buildScale(), help);
  }

  buildScale() {
    const stops = [0, 0.25, 0.5, 0.75, 1].map((p) => `rgb(${divergingColour(tint(p)).join()}) ${100 * p}%`);
    const bar = make("span", { class: "nm-scale-bar", style: `background: linear-gradient(to right, ${stops.join()})` });
    const marks = (kind) => {
      const drawn = svg("svg", { width: 24, height: 12, "aria-hidden": "true" });
      drawn.append(this.mark(6, 6, 0, kind === "test"), this.mark(18, 6, 1, kind === "test"));
      return make("span", { class: `nm-key nm-key-${kind}` }, drawn, kind);
    };
    this.testKey = marks("test");
    return make("div", { class: "nm-scale" },
      make("span", { text: "p = 0" }), bar, make("span", { text: "1" }), marks("training"), this.testKey);
  }

  /** A point: large for training, small and filled for testing. */
  mark(x, y, label, isTest) {
    const point = classPoint(x, y, label === 1, isTest ? 2.2 : 4);
    if (isTest) point.classList.add("nm-test");
    return point;
  }

  buildResult() {
    const cell = () => make("td");
    this.table = { loss: [cell(), cell()], share: [cell(), cell()], count: [cell(), cell()] };
    const head = (text, scope) => make("th", { scope, text });
    const row = (text, cells) => make("tr", {}, head(text, "row"), ...cells);
    this.chart = svg("svg", { class: "nm-chart", role: "img", viewBox: "0 0 168 78" });
    return make("div", { class: "nm-result" },
      make("table", { class: "nm-scores" },
        make("caption", { class: "nm-hidden", text: "Loss and points that are right" }),
        make("thead", {}, make("tr", {}, make("td"), head("Training", "col"), head("Test", "col"))),
        make("tbody", {}, row("Loss", this.table.loss), row("Right", this.table.share), row("Points", this.table.count))),
      make("div", { class: "nm-chart-box" }, make("div", { class: "nm-quiet", text: "Loss: ● training, ○ test" }), this.chart));
  }

  buildArithmetic() {
    this.heading = make("b");
    this.terms = make("div", { class: "nm-terms" });
    this.rows = Array.from({ length: MOST_TERMS + 1 }, () => {
      const parts = ["name", "factors", "product"].map((name) => make("span", { class: `nm-${name}` }));
      this.terms.append(...parts);
      return parts;
    });
    this.exponent = make("sup");
    this.sum = make("span", { class: "nm-z" });
    this.result = make("span", { class: "nm-total" });
    this.flipButton = control("button", { type: "button", onclick: () => this.flipNearest() });
    return make("div", { class: "nm-arithmetic" },
      make("div", { class: "nm-title" }, this.heading, this.flipButton),
      this.terms,
      make("div", { class: "nm-sum" }, this.sum, make("span", {}, "p = 1 / (1 + e", this.exponent, ") = "), this.result));
  }

  buildWords() {
    const line = (name) => make("p", { class: `nm-${name}` });
    [this.featureLine, this.lossLine, this.endLine] = ["features", "loss", "end"].map(line);
    return make("div", { class: "nm-words" }, this.featureLine, this.lossLine, this.endLine);
  }

  buildQuestion() {
    this.questionText = make("label", { for: `${this.id}-guess` });
    this.guess = control("select", { id: `${this.id}-guess` },
      make("option", { value: "", text: "?" }),
      ...Array.from({ length: LARGEST_DEGREE }, (_, i) => make("option", { value: String(i + 1), text: String(i + 1) })),
      make("option", { value: "none", text: "none" }));
    const check = button("Check", () => this.answer());
    this.verdictLine = make("p", { class: "nm-verdict" });
    return make("div", { class: "nm-question" }, 
      make("div", { class: "nm-ask" }, this.questionText, this.guess, check), this.verdictLine);
  }

  // ------------------------------------------------------------------------------------ what readers do

  reset() {
    this.held = null;
    this.tried.clear();
    this.verdict = null;
    this.guess.value = "";
    this.send(this.model.get("initial"));
  }

  moveProbe([x1, x2]) {
    const { x, y } = this.plane;
    const place = [clamp(x1, ...x), clamp(x2, ...y)];
    this.send({ probe: place.map((value) => Number(value.toFixed(3))) });
  }

  onPointer(event) {
    const holds = event.type === "pointerdown" ? event.button === 0 : event.buttons > 0;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    if (!holds && event.pointerType !== "mouse") return;
    this.held ??= this.model.get("probe");
    this.moveProbe(this.plane.at(event));
    if (holds) this.held = this.model.get("probe");
  }

  onLeave() {
    if (this.held) this.send({ probe: this.held });
    this.held = null;
  }

  onKey(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const step = ((this.plane.y[1] - this.plane.y[0]) / 100) * (event.shiftKey ? 10 : 1);
    const moves = { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowLeft: [-step, 0], ArrowRight: [step, 0] };
    if (event.key === "Enter") this.flipNearest();
    else if (event.key in moves) {
      this.held = null;
      this.moveProbe(this.model.get("probe").map((value, axis) => value + moves[event.key][axis]));
      this.status.say(this.probeWords());
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  flipNearest() {
    const index = this.nearest();
    const flips = this.flips();
    const next = flips.includes(index) ? flips.filter((other) => other !== index) : [...flips, index];
    this.send({ flipped: { ...this.model.get("flipped"), [this.model.get("data_name")]: next.sort((a, b) => a - b) } });
  }

  /** Indices of the training points of the set shown whose class is turned round. */
  flips() {
    return this.model.get("flipped")[this.model.get("data_name")] ?? [];
  }

  /** The index of the training point nearest to the probe. */
  nearest() {
    const [x1, x2] = this.model.get("probe");
    const distances = this.points().training.x.map(([a, b]) => (a - x1) ** 2 + (b - x2) ** 2);
    return distances.indexOf(Math.min(...distances));
  }

  answer() {
    if (!this.guess.value) return;
    const { training, test } = this.points();
    const judged = test.y.length ? test : training;
    const lambda = this.model.get("regularisation");
    const shares = Array.from({ length: LARGEST_DEGREE }, (_, i) =>
      scores(fitLogistic(training.x, training.y, i + 1, lambda), judged.x, judged.y).accuracy);
    this.verdict = judge(this.guess.value === "none" ? null : Number(this.guess.value), shares, GOAL);
    this.schedule();
  }

  // ------------------------------------------------------------------------------------------ drawing

  /** The points shown, by kind, with the flips. */
  points() {
    const set = this.sets.get(this.model.get("data_name"));
    const kinds = { training: { x: [], y: [] }, test: { x: [], y: [] } };
    set.x.forEach((place, n) => {
      const kind = kinds[set.test[n] ? "test" : "training"];
      kind.x.push(place);
      kind.y.push(set.y[n]);
    });
    for (const index of this.flips()) kinds.training.y[index] = 1 - kinds.training.y[index];
    return kinds;
  }

  /** Fit, but only if what is fitted changed: moving the probe costs nothing. */
  compute() {
    const [degree, lambda] = [this.model.get("degree"), this.model.get("regularisation")];
    const key = JSON.stringify([this.model.get("data_name"), this.flips(), lambda]);
    if (isNew(this, "key", key)) {
      this.tried.clear();
      this.verdict = null;
      this.kinds = this.points();
    }
    if (!isNew(this, "fit", key + degree)) return;
    const { training, test } = this.kinds;
    this.fit = fitLogistic(training.x, training.y, degree, lambda);
    this.scores = [training, test].map(({ x, y }) => scores(this.fit, x, y));
    this.tried.set(degree, this.scores);
    this.surfaceIsOld = true;
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (isNew(this, "range", this.model.get("data_name"))) this.frameData();
    this.compute();
    this.drawControls();
    this.drawResult();
    this.drawChart();
    this.drawPlane();
    this.drawArithmetic();
    this.drawWords();
    this.announce();
  }

  /** Show all points of the set with some room around them. */
  frameData() {
    const { x } = this.sets.get(this.model.get("data_name"));
    const ends = [0, 1].map((axis) => {
      const values = x.map((place) => place[axis]);
      return [Math.min(...values), Math.max(...values)];
    });
    const half = Math.max(...ends.map(([low, high]) => (high - low) / 2), 0.1);
    this.plane.show(ends.map(([low, high]) => (low + high) / 2), half * (x.length < 20 ? 1.5 : 1.1));
  }

  /** The plane has a new size or range. */
  redraw() {
    this.surfaceIsOld = this.pointsAreOld = true;
    if (this.fit) this.schedule();
  }

  drawControls() {
    const get = (name) => this.model.get(name);
    this.dataSelect.value = get("data_name");
    this.degreeRange.value = get("degree");
    const lambda = get("regularisation");
    this.lambdaRange.value = LAMBDAS.findLastIndex((value) => value <= lambda * 1.000001);
    setText(this.degreeValue, String(get("degree")));
    setText(this.lambdaValue, say(lambda, 6));
    setAttribute(this.lambdaRange, "aria-valuetext", lambda ? say(lambda, 6) : "0, none");
    this.testBox.checked = get("show_test");
    this.testSwitch.hidden = !this.kinds.test.y.length;
    this.testKey.hidden = this.testSwitch.hidden || !get("show_test");
  }

  drawResult() {
    this.scores.forEach((score, k) => {
      setText(this.table.loss[k], score ? sayLoss(score.loss) : "–");
      setText(this.table.share[k], score ? sayShare(score.accuracy) : "–");
      setText(this.table.count[k], score ? `${score.right} / ${[this.kinds.training, this.kinds.test][k].y.length}` : "none");
    });
  }

  drawChart() {
    const degree = this.model.get("degree");
    const tried = [...this.tried].sort((a, b) => a[0] - b[0]);
    if (!isNew(this, "chart", JSON.stringify([degree, tried]))) return;
    const [left, right, top, bottom] = [42, 166, 6, 60];
    const across = (d) => left + 8 + ((d - 1) / (LARGEST_DEGREE - 1)) * (right - left - 16);
    const [low, high] = LOSS_SPAN.map(Math.log10);
    const up = (loss) => bottom - ((clamp(Math.log10(loss), low, high) - low) / (high - low)) * (bottom - top);
    const parts = [svg("text", { x: left - 3, y: 75, "text-anchor": "end", text: "degree" })];
    for (const loss of [0.001, 0.1, 10, 1000]) {
      parts.push(svg("line", { class: "nm-chart-grid", x1: left, x2: right, y1: up(loss), y2: up(loss) }));
      parts.push(svg("text", { x: left - 3, y: up(loss) + 4, "text-anchor": "end", text: String(loss) }));
    }
    for (let d = 1; d <= LARGEST_DEGREE; d++) {
      parts.push(svg("text", { x: across(d), y: 75, "text-anchor": "middle", class: d === degree ? "nm-here" : "", text: String(d) }));
    }
    ["training", "test"].forEach((kind, k) => {
      const places = tried.filter(([, score]) => score[k]).map(([d, score]) => [d, across(d), up(score[k].loss)]);
      parts.push(svg("polyline", { class: `nm-curve nm-curve-${kind}`, points: places.map(([, x, y]) => `${x},${y}`).join(" ") }));
      for (const [d, x, y] of places) {
        parts.push(svg("circle", { class: `nm-dot nm-dot-${kind}`, cx: x, cy: y, r: d === degree ? 4 : 2.5 }));
      }
    });
    this.chart.replaceChildren(...parts);
    const words = tried.map(([d, [training, test]]) =>
      `degree ${d}: training ${sayLoss(training.loss)}${test ? `, test ${sayLoss(test.loss)}` : ""}`);
    setAttribute(this.chart, "aria-label", `Loss at the degrees you tried. ${words.join("; ")}.`);
  }

  drawPlane() {
    const { plane } = this;
    if (!plane.width) return;
    if (this.surfaceIsOld) this.drawSurface();
    const key = JSON.stringify([this.model.get("data_name"), this.flips(), this.model.get("show_test")]);
    if (isNew(this, "points", key) || this.pointsAreOld) this.drawPoints();
    const [x1, x2] = this.model.get("probe");
    const [x, y] = [plane.toX(x1), plane.toY(x2)];
    for (const cross of [this.crossHalo, this.cross]) setAttribute(cross, "transform", `translate(${x} ${y})`);
    this.near = this.nearest();
    const place = this.kinds.training.x[this.near];
    setAttribute(this.nearestRing, "cx", plane.toX(place[0]));
    setAttribute(this.nearestRing, "cy", plane.toY(place[1]));
    const [training, test] = this.scores;
    setAttribute(plane.svg, "aria-label",
      `The plane by probability, purple for class 0, orange for class 1; the line is where p is 0.5. Of the training ` +
      `points ${sayShare(training.accuracy)} lie on their side${test ? `, of the test points ${sayShare(test.accuracy)}` : ""}.`);
  }

  drawSurface() {
    this.surfaceIsOld = false;
    const { plane, fit } = this;
    const scratch = new Float64Array(fit.weights.length - 1);
    plane.paint((x1, x2) => tint(probabilityAt(fit, x1, x2, scratch)), CELLS, CELLS);
    const side = CELLS + 1;
    const values = new Float64Array(side * side);
    const at = ([low, high], k) => low + ((high - low) * k) / CELLS;
    for (let j = 0, n = 0; j < side; j++) {
      for (let i = 0; i < side; i++, n++) values[n] = scoreAt(fit, at(plane.x, i), at(plane.y, j), scratch);
    }
    const place = (i, j) => `${plane.toX(at(plane.x, i)).toFixed(1)} ${plane.toY(at(plane.y, j)).toFixed(1)}`;
    const path = contour(values, side).map(([a, b, c, d]) => `M${place(a, b)}L${place(c, d)}`).join("");
    for (const line of this.lines) setAttribute(line, "d", path);
  }

  drawPoints() {
    this.pointsAreOld = false;
    const { plane, kinds } = this;
    const marks = [];
    const add = ({ x, y }, isTest) => x.forEach(([x1, x2], n) => {
      marks.push(this.mark(plane.toX(x1), plane.toY(x2), y[n], isTest));
    });
    if (this.model.get("show_test")) add(kinds.test, true);
    add(kinds.training, false);
    for (const index of this.flips()) {
      const [x1, x2] = kinds.training.x[index];
      marks.push(svg("circle", { class: "nm-flipped", cx: plane.toX(x1), cy: plane.toY(x2), r: 8 }));
    }
    this.pointLayer.replaceChildren(...marks);
  }

  drawArithmetic() {
    const [x1, x2] = this.model.get("probe");
    const terms = termsAt(this.fit, x1, x2);
    const bias = this.fit.weights.at(-1);
    const z = scoreAt(this.fit, x1, x2);
    setText(this.heading, `At x₁ = ${say(x1, 3)}, x₂ = ${say(x2, 3)}`);
    const shown = terms.slice(0, terms.length > MOST_TERMS ? MOST_TERMS - 1 : MOST_TERMS);
    const rest = terms.slice(shown.length);
    const lines = shown.map((term) =>
      [term.name, `${sayDigits(term.weight)} ${TIMES} ${sayDigits(term.value)} =`, sayDigits(term.product)]);
    if (rest.length) {
      const sum = rest.reduce((total, term) => total + term.product, 0);
      lines.push([`${rest.length} other features`, "together", sayDigits(sum)]);
    }
    lines.push(["bias b", "", sayDigits(bias)]);
    this.rows.forEach((parts, k) => parts.forEach((part, column) => setText(part, lines[k]?.[column] ?? "")));
    setText(this.sum, `z = ${sayDigits(z)}`);
    setText(this.exponent, sayDigits(-z));
    setText(this.result, sayProbability(sigmoid(z)));
    const label = this.kinds.training.y[this.near ?? 0];
    setText(this.flipButton, `Make nearest class ${1 - label}`);
    setAttribute(this.plane.root, "aria-label", this.probeWords());
  }

  probeWords() {
    const [x1, x2] = this.model.get("probe");
    const z = scoreAt(this.fit, x1, x2);
    return `Probe at x1 ${say(x1, 2)}, x2 ${say(x2, 2)}: z ${sayDigits(z)}, p ${sayProbability(sigmoid(z))}`;
  }

  drawWords() {
    const { fit } = this;
    const lambda = this.model.get("regularisation");
    const squares = fit.weights.subarray(0, -1).reduce((sum, weight) => sum + weight * weight, 0);
    setText(this.featureLine, featureWords(fit.degree));
    const loss = sayLoss(this.scores[0].loss);
    const sum = lambda
      ? `${loss} + ${say(lambda / 2, 6)} ${TIMES} ${sayDigits(squares)} = ${sayLoss(fit.objective)}`
      : `${loss}, with λ = 0`;
    setText(this.lossLine, `Loss + λ/2 ${TIMES} Σw² = ${sum}`);
    setText(this.endLine, endWords(fit, lambda));
    this.endLine.classList.toggle("nm-warns", fit.end !== "best");
    const judged = this.kinds.test.y.length ? "test points" : "points";
    setText(this.questionText, `Smallest degree with more than 95 % of the ${judged} right?`);
    setText(this.verdictLine, this.verdict?.words ?? "");
    this.verdictLine.classList.toggle("nm-right", Boolean(this.verdict?.right));
  }

  announce() {
    const [training, test] = this.scores;
    const words = `Degree ${this.fit.degree}: training loss ${sayLoss(training.loss)}, ${sayShare(training.accuracy)} right` +
      (test ? `; test loss ${sayLoss(test.loss)}, ${sayShare(test.accuracy)} right.` : ".");
    const warning = this.fit.end === "best" ? "" : this.endLine.textContent;
    if (isNew(this, "said", words + warning + (this.verdict?.words ?? ""))) {
      this.status.say([this.verdict?.words, words, warning].filter(Boolean).join(" "));
    }
  }
}

export default widgetOf(View);
