// FitLine: a line through points, its squared errors, its place in the bowl, and gradient descent.
//
// The first half is arithmetic without a page, exported by name so that tests can run it. The second half
// draws. State lives in the model, so that two views, and Python, always agree.

import {
  MINUS, ModelView, Plane, Player, Status, TIMES, button, checkbox, clamp, control, field, make, onDrag, say,
  setAttribute, setText, settingsOf, svg, takeKey, ticks, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------ arithmetic

/** Mean, standard deviation (of the points themselves: divided by N) and the centred, scaled numbers. */
export function standardise(x) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length);
  return { mean, deviation, values: x.map((value) => (value - mean) / deviation) };
}

/** All that the mean squared error of a line depends on: means, variances, covariance. */
export function momentsOf(x, y) {
  const n = x.length;
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / n;
  const [meanX, meanY] = [mean(x), mean(y)];
  const varX = mean(x.map((value) => (value - meanX) ** 2));
  const varY = mean(y.map((value) => (value - meanY) ** 2));
  const cov = mean(x.map((value, i) => (value - meanX) * (y[i] - meanY)));
  return { n, meanX, meanY, varX, varY, cov };
}

/** The line with the least mean squared error: [slope, intercept]. */
export function bestLine({ meanX, meanY, varX, cov }) {
  const slope = cov / varX;
  return [slope, meanY - slope * meanX];
}

/** The least mean squared error. */
export const leastError = ({ varX, varY, cov }) => Math.max(varY - (cov * cov) / varX, 0);

/** How far the mean squared error of a line lies above the least one: never negative, also near the bottom. */
export function gapAt(moments, slope, intercept) {
  const { meanX, meanY, varX, cov } = moments;
  return varX * (slope - cov / varX) ** 2 + (slope * meanX + intercept - meanY) ** 2;
}

export const errorAt = (moments, slope, intercept) => leastError(moments) + gapAt(moments, slope, intercept);

/** The slopes of the mean squared error: [dL/dw, dL/db]. */
export function gradientAt({ meanX, meanY, varX, cov }, slope, intercept) {
  const meanError = slope * meanX + intercept - meanY; // of prediction minus target
  return [2 * (slope * varX - cov + meanX * meanError), 2 * meanError];
}

/** The two curvatures of the bowl, smaller first: eigenvalues of the second derivatives. */
export function curvatures({ meanX, varX }) {
  const [a, d] = [2 * (varX + meanX * meanX), 2];
  const large = (a + d) / 2 + Math.sqrt(((a - d) / 2) ** 2 + 4 * meanX * meanX);
  return [(4 * varX) / large, large]; // their product is the determinant, 4 varX
}

const EXPLODED = 1e9;
export const MOST_STEPS = 50_000;

/** Whether one more step is refused: the error is so large that numbers would soon be none. */
export const hasExploded = (moments, slope, intercept) =>
  errorAt(moments, slope, intercept) > EXPLODED * moments.varY;

/** Take steps of gradient descent; it stops when the error has exploded. Each visit is told to `visit`. */
export function descend(moments, [slope, intercept], rate, steps, visit = () => {}) {
  let taken = 0;
  while (taken < steps && !hasExploded(moments, slope, intercept)) {
    const [bySlope, byIntercept] = gradientAt(moments, slope, intercept);
    slope -= rate * bySlope;
    intercept -= rate * byIntercept;
    taken += 1;
    visit(slope, intercept);
  }
  return { line: [slope, intercept], taken };
}

/** Every line on the way of some runs ([slope, intercept, learning rate, steps]), with its error. */
export function walk(moments, runs) {
  if (!runs.length) return [];
  const path = [];
  const visit = (slope, intercept) => path.push([slope, intercept, errorAt(moments, slope, intercept)]);
  visit(runs[0][0], runs[0][1]);
  for (const [slope, intercept, rate, steps] of runs) descend(moments, [slope, intercept], rate, steps, visit);
  return path;
}

export const LOOK_AHEAD = 100;

/** What 100 steps from a line will do: "fall", "crawl", "explode" or "bounce", with the error before and after. */
export function fate(moments, line, rate) {
  const [before, after] = [line, descend(moments, line, rate, LOOK_AHEAD).line].map((at) => gapAt(moments, ...at));
  const least = leastError(moments);
  const share = after / before;
  const kind = before === 0 || share < 0.01 ? "fall" : Math.abs(share - 1) < 1e-6 && rate * curvatures(moments)[1] > 1.9
    ? "bounce" : share > 1 ? "explode" : "crawl";
  return { kind, before: least + before, after: least + after };
}

/** Lines whose error lies `gap` above the least: an ellipse of [slope, intercept]. */
export function contour(moments, gap, corners = 72) {
  const { meanX, varX } = moments;
  const [slope, intercept] = bestLine(moments);
  return Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners;
    const w = Math.sqrt(gap / varX) * Math.cos(angle);
    return [slope + w, intercept + Math.sqrt(gap) * Math.sin(angle) - w * meanX];
  });
}

/** Errors for contour lines, 1, 2 or 5 times a power of ten, between two errors. */
export function contourLevels(low, high) {
  const levels = [];
  for (let power = Math.floor(Math.log10(Math.max(low, high * 1e-4))); 10 ** power < high; power++) {
    for (const factor of [1, 2, 5]) levels.push(Number(`${factor}e${power}`));
  }
  return levels.filter((level) => level > low * 1.05 && level < high);
}

/** The part of the bowl to show: ranges of slope and intercept that hold the start and the bottom. */
export function bowlRange(moments, [slope, intercept], scaled) {
  const [bestSlope, bestIntercept] = bestLine(moments);
  const deviation = Math.sqrt(moments.varY);
  let across = Math.max(Math.abs(slope - bestSlope), (0.8 * deviation) / Math.sqrt(moments.varX));
  let up = Math.max(Math.abs(intercept - bestIntercept), 0.8 * deviation);
  if (scaled) across = up = Math.max(across, up); // the same unit on both axes: the bowl looks as round as it is
  return [
    [bestSlope - 1.2 * across, bestSlope + 1.2 * across],
    [bestIntercept - 1.2 * up, bestIntercept + 1.2 * up],
  ];
}

/** A line in other units: from slope and intercept for z to those for x, or back. */
export function convertLine([slope, intercept], { mean, deviation }, toScaled) {
  return toScaled
    ? [slope * deviation, intercept + slope * mean]
    : [slope / deviation, intercept - (slope * mean) / deviation];
}

/** The square of an error on the screen: from the point to the line, on the side where it is free of it. */
export function errorSquare(x, y, lineY, rises) {
  const size = Math.abs(y - lineY);
  const above = y < lineY; // on the screen y counts downwards
  return { x: above === rises ? x - size : x, y: Math.min(y, lineY), size };
}

// Ten steps to a power of ten, each about a quarter more than the last.
const RATES = ["1", "1.25", "1.6", "2", "2.5", "3.2", "4", "5", "6.3", "8"];
/** The learning rate at a place of the slider: place 0 is 1, place 10 is 10, place -10 is 0.1. */
export const rateAt = (place) => Number(`${RATES[((place % 10) + 10) % 10]}e${Math.floor(place / 10)}`);
export const placeOf = (rate) => Math.round(10 * Math.log10(rate));

/** Ends of the slider: from well below what the unscaled bowl bears to well above what the scaled one bears. */
export function ratePlaces(rawMoments) {
  const limit = 2 / curvatures(rawMoments)[1];
  return [10 * (Math.floor(Math.log10(Math.min(limit, 0.1))) - 1), 10];
}

const RAISED = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";

/** A number of any size for people: four digits, and a power of ten where it is huge or tiny. */
export function figure(value, digits = 4) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e6 && size >= 1e-6) {
    const decimals = clamp(digits - 1 - Math.floor(Math.log10(size)), 0, 9);
    return say(value, decimals);
  }
  const [front, power] = value.toExponential(1).split("e");
  const raised = String(Math.abs(power)).replace(/\d/g, (digit) => RAISED[digit]);
  return `${say(Number(front), 1)}${TIMES}10${power < 0 ? "\u207b" : ""}${raised}`;
}

/** A number as a factor or a term: in brackets if it is negative. */
export const term = (value) => (value < 0 ? `(${figure(value)})` : figure(value));
const plus = (value) => (value < 0 ? `${MINUS} ${figure(-value)}` : `+ ${figure(value)}`);

// matplotlib's viridis at nine places (S. van der Walt, N. Smith): told apart with every form of colour
// blindness, and its lightness falls evenly. Its light end is the low ground of the bowl.
const VIRIDIS = [
  [68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
  [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37],
];

/** The colour of a height from 0 (the bottom of the bowl) to 1. */
export function heightColour(height) {
  const place = (1 - clamp(height, 0, 1)) * (VIRIDIS.length - 1);
  const index = Math.min(Math.floor(place), VIRIDIS.length - 2);
  return VIRIDIS[index].map((low, c) => Math.round(low + (place - index) * (VIRIDIS[index + 1][c] - low)));
}

/** Heights of the bowl on a grid, rows from the top: 0 at the bottom, 1 at the highest corner, even steps outwards. */
export function surface(moments, [left, right], [bottom, top], columns, rows) {
  const corners = [left, right].flatMap((w) => [bottom, top].map((b) => gapAt(moments, w, b)));
  const highest = Math.max(...corners);
  const heights = new Float64Array(columns * rows);
  for (let j = 0, at = 0; j < rows; j++) {
    const b = top - ((j + 0.5) / rows) * (top - bottom);
    for (let i = 0; i < columns; i++, at++) {
      const w = left + ((i + 0.5) / columns) * (right - left);
      heights[at] = Math.sqrt(gapAt(moments, w, b) / highest);
    }
  }
  return { heights, highest };
}

/** The arithmetic of one point, written out. */
export function pointWords(index, x, y, [slope, intercept], scale) {
  const input = scale ? (x - scale.mean) / scale.deviation : x;
  const prediction = slope * input + intercept;
  const error = prediction - y;
  const where = scale
    ? `z = (${figure(x)} ${MINUS} ${term(scale.mean)}) / ${figure(scale.deviation)} = ${figure(input)}`
    : `x = ${figure(x)}`;
  return [
    `Point ${index + 1}: ${where}, y = ${figure(y)}`,
    `Prediction ${figure(slope)} ${TIMES} ${term(input)} ${plus(intercept)} = ${figure(prediction)}`,
    `Error ${figure(prediction)} ${MINUS} ${term(y)} = ${figure(error)}, squared ${figure(error * error)}`,
  ];
}

/** What has happened so far, in words: an explosion, the bottom, a crawl. */
export function tidings(moments, path, rate, scaled) {
  if (path.length < 2) return { kind: "none", words: "" };
  const errors = path.map((at) => at[2]);
  const steps = errors.length - 1;
  const [first, before, now] = [errors[0], errors[steps - 1], errors[steps]];
  const count = `${say(steps)} step${steps === 1 ? "" : "s"}`;
  const gap = gapAt(moments, path[steps][0], path[steps][1]);
  if (isAtBottom(moments, gap)) return { kind: "bottom", words: `The bottom, after ${count}: no line has a smaller mean squared error.` };
  const growth = `the error grew from ${figure(first)} to ${figure(now)}`;
  if (now > before && now > first) {
    const end = now > EXPLODED * moments.varY ? " We stop here." : "";
    return { kind: "explode", words: `Each step overshoots further: in ${count} ${growth}.${end} Take a smaller learning rate, then Reset.` };
  }
  if (now > before) return { kind: "explode", words: `This step overshot: the error grew from ${figure(before)} to ${figure(now)}. Take a smaller learning rate.` };
  if (before - now < 1e-9 * gap && rate * curvatures(moments)[1] > 1.9) {
    return { kind: "bounce", words: "Each step lands on the other side of the bowl, as high as before: it never gets down." };
  }
  const ahead = 1 - now / before;
  if (steps >= 20 && ahead < 0.002 && gap > 0.01 * leastError(moments)) {
    const remedy = scaled ? "Take a larger learning rate."
      : "The floor of this valley hardly slopes, and its walls forbid larger steps. Centre and scale the input.";
    return { kind: "crawl", words: `Crawling: the last step took ${figure(100 * ahead, 2)} % off the error. ${remedy}` };
  }
  return { kind: "fall", words: `${count[0].toUpperCase()}${count.slice(1)}: the error fell from ${figure(first)} to ${figure(now)}.` };
}

/** Whether a line is as good as the best one: within a thousandth of its error. */
export const isAtBottom = (moments, gap) => gap <= 1e-3 * leastError(moments) || gap <= 1e-9 * moments.varY;

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["slope", "intercept", "learning_rate", "scaled", "show_best", "point", "ask", "runs"];
const CELLS = 48; // of the bowl's colours, each way; the browser smooths them
const FATES = { fall: "It falls", crawl: "It crawls", explode: "It explodes" };
const FATE_WORDS = {
  fall: "it falls", crawl: "it crawls", explode: "it explodes", bounce: "none of the three: it jumps from side to side",
};

/** Ends of an axis: the data with some room, from 0 where 0 is near. */
function axisRange(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low;
  return [low >= 0 && low < span ? 0 : low - 0.06 * span, high + 0.06 * span];
}

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    Object.assign(this, { el, hover: null, asking: null, verdict: "", askedFor: "" });
    this.xs = model.get("xs");
    this.ys = model.get("ys");
    this.scale = standardise(this.xs);
    this.raw = momentsOf(this.xs, this.ys);
    this.round = momentsOf(this.scale.values, this.ys);
    this.order = this.xs.map((_, i) => i).sort((i, j) => this.xs[i] - this.xs[j] || i - j);
    this.motion = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.player = new Player((count) => this.playOn(count), 4, () => this.schedule());
    this.read();
    this.build();
    this.followModel();
    this.draw();
  }

  destroy() {
    this.player.pause();
    this.plot.destroy();
    this.bowl.destroy();
    super.destroy();
  }

  /** Take the state from the model and work out what follows from it. */
  read() {
    const state = settingsOf(this.model, SETTINGS);
    this.state = state;
    this.moments = state.scaled ? this.round : this.raw;
    this.line = [state.slope, state.intercept];
    const key = JSON.stringify([state.scaled, state.runs]);
    if (this.pathKey !== key) this.walked = walk(this.moments, state.runs);
    this.pathKey = key;
    this.path = this.walked;
    // A line that was set from elsewhere is not the end of the old way.
    const end = this.path.at(-1);
    const size = 1e-6 * (1 + Math.abs(state.slope) + Math.abs(state.intercept));
    if (end && Math.max(Math.abs(end[0] - state.slope), Math.abs(end[1] - state.intercept)) > size) this.path = [];
    this.gap = gapAt(this.moments, ...this.line);
    this.error = leastError(this.moments) + this.gap;
    this.revealed = state.show_best || isAtBottom(this.moments, this.gap);
    this.news = tidings(this.moments, this.path, state.learning_rate, state.scaled);
  }

  /** The line that Reset returns to, in the units shown. */
  startLine() {
    const { slope, intercept, scaled } = this.model.get("initial");
    const line = [slope, intercept];
    return scaled === this.state.scaled ? line : convertLine(line, this.scale, this.state.scaled);
  }

  predict(x) {
    const input = this.state.scaled ? (x - this.scale.mean) / this.scale.deviation : x;
    return this.state.slope * input + this.state.intercept;
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-fit-line", role: "group", "aria-label": "Fit a line" },
      make("div", { class: "nm-body" },
        this.buildPlot(), this.buildLine(), this.buildBowl(), this.buildSide(), this.buildButtons(), this.buildWords()));
    this.el.append(this.root);
  }

  /** A part of a picture that can be taken hold of: it takes the arrow keys, the mouse and the finger. */
  handle(name, label, onkeydown, properties = {}) {
    return control("div", {
      class: `nm-handle nm-handle-${name}`, tabindex: "0", role: "slider", "aria-label": label,
      "aria-orientation": "vertical", onkeydown, ...properties,
    });
  }

  buildPlot() {
    this.plot = new Plane({
      x: axisRange(this.xs), y: axisRange(this.ys), xLabel: this.model.get("x_label"), yLabel: this.model.get("y_label"),
      draw: () => this.schedule(), margin: [6, 10, 34, 46],
    });
    const group = (name) => svg("g", { class: `nm-${name}` });
    [this.squares, this.chosenParts] = [group("squares"), group("chosen")];
    [this.zeroLine, this.bestDrawn, this.lineDrawn] = ["zero-line", "best-line", "line"].map((name) => svg("line", { class: `nm-${name}` }));
    this.dots = this.xs.map(() => svg("circle", { class: "nm-dot", r: 3.5 }));
    this.plot.layer.append(this.squares, this.zeroLine, this.bestDrawn, this.lineDrawn, this.chosenParts);
    this.plot.over.append(...this.dots);
    this.shift = this.handle("shift", "Intercept: moves the line", (event) => this.onLineKey(event, "intercept"));
    this.tilt = this.handle("tilt", "Slope: tilts the line", (event) => this.onLineKey(event, "slope"));
    this.ring = this.handle("ring", "Point", (event) => this.onPointKey(event), {
      "aria-orientation": "horizontal", "aria-valuemin": 1, "aria-valuemax": this.xs.length,
    });
    onDrag(this.shift, { start: () => this.player.pause(), move: (event) => this.dragShift(event) });
    onDrag(this.tilt, { start: () => this.player.pause(), move: (event) => this.dragTilt(event) });
    this.plot.root.append(this.ring, this.shift, this.tilt);
    this.plot.root.addEventListener("pointermove", (event) => this.onHover(event));
    this.plot.root.addEventListener("pointerleave", () => this.look(null));
    this.plot.root.addEventListener("click", (event) => this.onTap(event));
    return make("div", { class: "nm-panel nm-plot" }, this.plot.root);
  }

  buildLine() {
    this.slider = {};
    this.value = {};
    const range = (name, text) => {
      this.slider[name] = control("input", {
        type: "range", oninput: (event) => this.moveLine({ [name]: event.target.valueAsNumber }),
      });
      this.value[name] = make("span", { class: "nm-value" });
      return field(this.id, name, text, this.slider[name], this.value[name]);
    };
    this.total = make("p", { class: "nm-total" });
    this.pointLines = [0, 1, 2].map(() => make("div"));
    return make("div", { class: "nm-panel nm-line-panel" },
      make("div", { class: "nm-pair" }, range("slope", "Slope w"), range("intercept", "Intercept b")),
      this.total, make("div", { class: "nm-point-words" }, ...this.pointLines));
  }

  buildBowl() {
    this.bowl = new Plane({
      x: [0, 1], y: [0, 1], xLabel: "slope w", yLabel: "intercept b", draw: () => this.schedule(), margin: [6, 8, 34, 46],
    });
    const [contours, labels] = [svg("g", { class: "nm-contours" }), svg("g", { class: "nm-levels" })];
    this.trail = ["nm-trail-under", "nm-trail"].map((name) => svg("polyline", { class: name }));
    this.trailDots = svg("g", { class: "nm-trail-dots" });
    this.bottom = svg("path", { class: "nm-bottom", d: "M-5,-5L5,5M-5,5L5,-5" });
    this.outsideWords = svg("text", { "text-anchor": "middle", text: "off the map" });
    this.outside = svg("path", { class: "nm-outside", d: "M0,0L-16,-8V8Z" });
    Object.assign(this, { contours, labels });
    this.bowl.layer.append(contours, labels, ...this.trail, this.trailDots, this.bottom, this.outside, this.outsideWords);
    this.ball = this.handle("ball", "Your line on the bowl", (event) => this.onBallKey(event), { role: "application" });
    this.ball.removeAttribute("aria-orientation");
    onDrag(this.ball, { start: () => this.player.pause(), move: (event) => this.dropBall(event) });
    this.bowl.root.append(this.ball);
    this.bowl.root.addEventListener("click", (event) => {
      if (event.target !== this.ball) this.dropBall(event);
    });
    return make("div", { class: "nm-panel nm-bowl" }, this.bowl.root);
  }

  buildSide() {
    const [scaledBox, scaledSwitch] = checkbox(this.id, "scaled", "Centre and scale x", (on) => this.switchScale(on));
    const [bestBox, bestSwitch] = checkbox(this.id, "best", "Show the best line", (on) => this.send({ show_best: on }));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.switchAsking(on));
    Object.assign(this, { scaledBox, bestBox, askBox, askSwitch });
    const [low, high] = ratePlaces(this.raw);
    this.rateSlider = control("input", {
      type: "range", min: low, max: high, step: 1, oninput: (event) => this.changeRate(rateAt(event.target.valueAsNumber)),
    });
    this.rateValue = make("span", { class: "nm-value" });
    this.curve = svg("svg", { class: "nm-curve", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img" });
    this.curveLine = svg("polyline");
    this.curveBest = svg("line", { class: "nm-curve-best", x1: 0, x2: 100 });
    this.curve.append(this.curveBest, this.curveLine);
    [this.curveTop, this.curveEnd] = [make("span"), make("span")];
    return make("div", { class: "nm-panel nm-side" },
      make("div", { class: "nm-switches" }, scaledSwitch, bestSwitch),
      field(this.id, "rate", "Learning rate \u03b7", this.rateSlider, this.rateValue),
      make("div", { class: "nm-curve-box" },
        make("div", { class: "nm-curve-words" }, make("span", { text: "Error" }), this.curveTop),
        this.curve,
        make("div", { class: "nm-curve-words" }, make("span", { text: "Step 0" }), this.curveEnd)));
  }

  buildButtons() {
    this.backButton = button("Back", () => this.back());
    this.playButton = button("Play", () => (this.player.playing ? this.player.pause() : this.begin("play")));
    this.stepButton = button("Step", () => this.begin("step"));
    return make("div", { class: "nm-panel nm-buttons" },
      this.backButton, this.playButton, this.stepButton, button("Reset", () => this.reset()), this.askSwitch);
  }

  buildWords() {
    this.sums = ["w", "b"].map((letter) => ({
      letter, gradient: make("div"), update: make("div"),
    }));
    this.newsLine = make("p", { class: "nm-news" });
    this.verdictLine = make("p", { class: "nm-verdict" });
    this.questionText = make("p", { id: `${this.id}-question` });
    const answer = (kind) => button(FATES[kind], () => this.settle(kind));
    this.question = make("div", { class: "nm-question nm-callout", role: "group", "aria-labelledby": this.questionText.id },
      this.questionText,
      make("div", { class: "nm-buttons" }, ...Object.keys(FATES).map(answer),
        button("Show me", () => this.settle(null))));
    return make("div", { class: "nm-panel nm-words" },
      make("div", { class: "nm-gradient" }, ...this.sums.map(({ gradient, update }) => make("div", {}, gradient, update))),
      make("div", { class: "nm-tidings" }, this.question, this.verdictLine, this.newsLine), this.status.element);
  }

  // ------------------------------------------------------------------------------------ what readers do

  forget() {
    this.asking = null;
    this.verdict = this.askedFor = "";
  }

  /** Move the line by hand: what was walked so far ends there. */
  moveLine(changes) {
    this.player.pause();
    this.forget();
    const kept = Object.entries(changes).map(([name, value]) => [name, Number(value.toPrecision(6))]);
    if (kept.every(([, value]) => Number.isFinite(value))) this.send({ ...Object.fromEntries(kept), runs: [] });
  }

  /** How far one press of an arrow key goes: a round part of what the bowl shows. */
  stepOf(name) {
    const [low, high] = this.range()[name === "slope" ? 0 : 1];
    const [first, second] = ticks(low, high, 100);
    return second - first;
  }

  range() {
    return bowlRange(this.moments, this.startLine(), this.state.scaled);
  }

  onLineKey(event, name) {
    const far = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
    if (!takeKey(event, far)) return;
    this.moveLine({ [name]: this.model.get(name) + far[event.key] * this.stepOf(name) });
  }

  onBallKey(event) {
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!takeKey(event, ways)) return;
    const way = ways[event.key];
    this.moveLine({
      slope: this.model.get("slope") + way[0] * this.stepOf("slope"),
      intercept: this.model.get("intercept") + way[1] * this.stepOf("intercept"),
    });
  }

  onPointKey(event) {
    const rank = this.order.indexOf(this.state.point);
    const last = this.order.length - 1;
    const ranks = {
      ArrowRight: rank + 1, ArrowUp: rank + 1, ArrowLeft: rank - 1, ArrowDown: rank - 1, Home: 0, End: last,
    };
    if (!takeKey(event, ranks)) return;
    this.send({ point: this.order[clamp(ranks[event.key], 0, last)] });
  }

  /** Where the two handles stand: the intercept's where the input is 0, the slope's to the right of it. */
  handlePlaces() {
    const [low, high] = this.plot.x;
    if (this.state.scaled) return [this.scale.mean, this.scale.mean + this.scale.deviation];
    const right = high - 0.06 * (high - low);
    return [low, Math.abs(right) > Math.abs(low) ? right : low + 0.06 * (high - low)];
  }

  dragShift(event) {
    const [at] = this.handlePlaces();
    const y = clamp(this.plot.at(event)[1], ...this.plot.y);
    this.moveLine({ intercept: this.model.get("intercept") + y - this.predict(at) });
    this.read();
  }

  dragTilt(event) {
    const at = this.handlePlaces()[1];
    const y = clamp(this.plot.at(event)[1], ...this.plot.y);
    const input = this.state.scaled ? 1 : at;
    this.moveLine({ slope: (y - this.model.get("intercept")) / input });
  }

  dropBall(event) {
    const [slope, intercept] = this.bowl.at(event);
    this.moveLine({ slope: clamp(slope, ...this.bowl.x), intercept: clamp(intercept, ...this.bowl.y) });
  }

  /** The point nearest to the mouse or finger, if one is near. */
  nearest(event, reach) {
    const box = this.plot.root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const far = this.xs.map((value, i) => Math.hypot(this.plot.toX(value) - x, this.plot.toY(this.ys[i]) - y));
    const index = far.indexOf(Math.min(...far));
    return far[index] <= reach ? index : null;
  }

  onHover(event) {
    if (event.pointerType === "mouse" && !event.buttons) this.look(this.nearest(event, 20));
  }

  look(index) {
    if (this.hover === index) return;
    this.hover = index;
    this.schedule();
  }

  onTap(event) {
    if (event.target === this.shift || event.target === this.tilt) return;
    const index = this.nearest(event, 28);
    if (index !== null) this.send({ point: index });
  }

  changeRate(rate) {
    this.forget();
    this.send({ learning_rate: rate });
  }

  /** Centre and scale the input, or not: the line stays where it is, its two numbers change. */
  switchScale(scaled) {
    this.player.pause();
    this.forget();
    const [slope, intercept] = convertLine(this.line, this.scale, scaled);
    this.send({ scaled, slope, intercept, runs: [] });
  }

  reset() {
    this.player.pause();
    this.forget();
    const [slope, intercept] = this.startLine();
    this.send({ slope, intercept, runs: [], show_best: this.model.get("initial").show_best });
  }

  // ----------------------------------------------------------------------------------- play and step

  canStep() {
    return !hasExploded(this.moments, ...this.line) && this.path.length <= MOST_STEPS;
  }

  /** Take some steps; returns whether more can be taken. */
  advance(count) {
    this.read();
    const { learning_rate: rate } = this.state;
    const runs = this.path.length ? this.state.runs.map((run) => [...run]) : [];
    const room = MOST_STEPS - Math.max(this.path.length - 1, 0);
    const { line, taken } = descend(this.moments, this.line, rate, Math.min(count, room));
    if (!taken) return false;
    if (runs.at(-1)?.[2] === rate) runs.at(-1)[3] += taken;
    else runs.push([...this.line, rate, taken]);
    this.send({ slope: line[0], intercept: line[1], runs });
    this.read();
    return this.canStep();
  }

  /** Go on while playing: slowly at first, so that each step can be followed. */
  playOn(count) {
    const more = this.advance(count);
    if (!this.motion.matches) this.player.perSecond = Math.min(this.player.perSecond * 1.06, 3000);
    // Well below what counts as the bottom: the last steps are seen to become small.
    if (!more || this.gap <= 1e-6 * this.error) this.player.pause();
  }

  /** Step or play, or first ask what will happen. */
  begin(what) {
    const about = `${this.state.learning_rate},${this.state.scaled}`;
    if (this.state.ask && this.askedFor !== about && this.canStep()) {
      this.asking = what;
      this.verdict = "";
      this.schedule();
      return;
    }
    if (what === "step") {
      this.player.pause();
      this.advance(1);
    } else if (this.canStep()) {
      this.player.perSecond = this.motion.matches ? 2 : 4;
      this.player.play();
    }
  }

  back() {
    this.player.pause();
    this.read();
    if (this.path.length < 2) return;
    const runs = this.state.runs.map((run) => [...run]);
    runs.at(-1)[3] -= 1;
    const [slope, intercept] = this.path.at(-2);
    this.send({ slope, intercept, runs: runs.filter((run) => run[3] > 0) });
  }

  // ------------------------------------------------------------------------------------ predictions

  switchAsking(on) {
    this.forget();
    this.send({ ask: on });
  }

  /** Judge a prediction (null: none was made), then do what was asked for. */
  settle(guess) {
    const { asking } = this;
    const { kind, before, after } = fate(this.moments, this.line, this.state.learning_rate);
    this.asking = null;
    this.askedFor = `${this.state.learning_rate},${this.state.scaled}`;
    const truth = `${FATE_WORDS[kind]}, from ${figure(before)} to ${figure(after)} in at most ${LOOK_AHEAD} steps`;
    this.right = guess === kind;
    if (guess) this.verdict = `${this.right ? "Right" : "No"}: ${truth}.`;
    (asking === "play" ? this.playButton : this.stepButton).focus();
    this.begin(asking);
    this.schedule();
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.read();
    this.drawControls();
    if (this.plot.width) this.drawPlot();
    if (this.bowl.width) this.drawBowl();
    this.drawCurve();
    this.drawPoint();
    this.drawWords();
  }

  drawControls() {
    const range = this.range();
    for (const [axis, name] of ["slope", "intercept"].entries()) {
      const step = this.stepOf(name);
      const slider = this.slider[name];
      setAttribute(slider, "min", Math.floor(range[axis][0] / step) * step);
      setAttribute(slider, "max", Math.ceil(range[axis][1] / step) * step);
      setAttribute(slider, "step", step);
      slider.value = this.state[name];
      setAttribute(slider, "aria-valuetext", figure(this.state[name]));
      setText(this.value[name], figure(this.state[name]));
    }
    const { learning_rate: rate, scaled, ask } = this.state;
    this.rateSlider.value = placeOf(rate);
    setAttribute(this.rateSlider, "aria-valuetext", figure(rate));
    setText(this.rateValue, figure(rate));
    this.scaledBox.checked = scaled;
    this.bestBox.checked = this.state.show_best;
    this.askBox.checked = ask;
    setText(this.playButton, this.player.playing ? "Pause" : "Play");
    this.backButton.disabled = this.path.length < 2;
    this.stepButton.disabled = !this.canStep();
    this.playButton.disabled = !this.canStep();
  }

  drawPlot() {
    const { plot } = this;
    const ends = plot.x;
    const lineAt = (x) => plot.toY(this.predict(x));
    this.drawLine(this.lineDrawn, ends.map(this.predict, this));
    const rises = this.state.slope >= 0;
    const tops = this.xs.map((x, i) => errorSquare(plot.toX(x), plot.toY(this.ys[i]), lineAt(x), rises));
    while (this.squares.children.length < tops.length) this.squares.append(svg("rect"));
    tops.forEach(({ x, y, size }, i) => {
      const box = { x, y, width: size, height: size };
      // Beyond the screen no browser draws well; a square that large covers the plot anyway.
      for (const [name, value] of Object.entries(box)) setAttribute(this.squares.children[i], name, clamp(value, -1e5, 1e5).toFixed(2));
      setAttribute(this.dots[i], "cx", plot.toX(this.xs[i]));
      setAttribute(this.dots[i], "cy", plot.toY(this.ys[i]));
      setAttribute(this.squares.children[i], "class", i === (this.hover ?? this.state.point) ? "nm-this" : "");
    });
    const best = bestLine(this.moments);
    const input = (x) => (this.state.scaled ? (x - this.scale.mean) / this.scale.deviation : x);
    this.drawLine(this.bestDrawn, ends.map((x) => best[0] * input(x) + best[1]));
    this.bestDrawn.style.display = this.revealed ? "" : "none";
    this.drawHandles(lineAt);
    setAttribute(plot.svg, "aria-label", `${this.xs.length} points and the line ${this.lineWords()}; mean squared error ${figure(this.error)}`);
  }

  drawLine(element, heights) {
    this.plot.x.forEach((x, i) => {
      setAttribute(element, `x${i + 1}`, this.plot.toX(x));
      setAttribute(element, `y${i + 1}`, clamp(this.plot.toY(heights[i]), -1e6, 1e6));
    });
  }

  drawHandles(lineAt) {
    const { plot } = this;
    const places = this.handlePlaces();
    const within = (y) => clamp(y, plot.margin[0], plot.margin[0] + plot.height);
    [this.shift, this.tilt].forEach((element, i) => {
      element.style.left = `${plot.toX(places[i])}px`;
      element.style.top = `${within(lineAt(places[i]))}px`;
      const name = ["intercept", "slope"][i];
      const [low, high] = this.range()[1 - i];
      setAttribute(element, "aria-valuenow", Number(this.state[name].toPrecision(6)));
      setAttribute(element, "aria-valuemin", Number(Math.min(low, this.state[name]).toPrecision(6)));
      setAttribute(element, "aria-valuemax", Number(Math.max(high, this.state[name]).toPrecision(6)));
      setAttribute(element, "aria-valuetext", `${figure(this.state[name])}, mean squared error ${figure(this.error)}`);
    });
    const zero = plot.toX(places[0]);
    for (const [name, value] of Object.entries({ x1: zero, x2: zero, y1: plot.margin[0], y2: plot.margin[0] + plot.height })) {
      setAttribute(this.zeroLine, name, value);
    }
    this.ring.style.left = `${plot.toX(this.xs[this.state.point])}px`;
    this.ring.style.top = `${plot.toY(this.ys[this.state.point])}px`;
  }

  lineWords() {
    return `${figure(this.state.slope)} ${TIMES} ${this.state.scaled ? "z" : "x"} ${plus(this.state.intercept)}`;
  }

  drawBowl() {
    const { bowl, moments } = this;
    const wanted = this.range();
    if (this.state.scaled) this.stretch(wanted);
    const key = JSON.stringify([wanted, bowl.width, bowl.height]);
    if (this.bowlKey !== key) {
      this.bowlKey = key;
      [bowl.x, bowl.y] = wanted;
      bowl.drawAxes();
      this.paintBowl();
    }
    this.drawTrail();
    const [best, here] = [bestLine(moments), this.line].map(([w, b]) => [bowl.toX(w), bowl.toY(b)]);
    setAttribute(this.bottom, "transform", `translate(${best[0]} ${best[1]})`);
    this.bottom.style.display = this.revealed ? "" : "none";
    const [top, , , left] = bowl.margin;
    const [width, height] = [left + bowl.width, top + bowl.height];
    const edge = [clamp(here[0], left, width), clamp(here[1], top, height)];
    const isOut = edge[0] !== here[0] || edge[1] !== here[1];
    this.ball.style.left = `${edge[0]}px`;
    this.ball.style.top = `${edge[1]}px`;
    this.ball.classList.toggle("nm-out", isOut);
    for (const part of [this.outside, this.outsideWords]) part.style.display = isOut ? "" : "none";
    setAttribute(this.outsideWords, "x", left + bowl.width / 2);
    setAttribute(this.outsideWords, "y", height - 8);
    const angle = (Math.atan2(here[1] - edge[1], here[0] - edge[0]) * 180) / Math.PI;
    setAttribute(this.outside, "transform", `translate(${edge[0]} ${edge[1]}) rotate(${isOut ? angle : 0})`);
    const where = `slope ${figure(this.state.slope)}, intercept ${figure(this.state.intercept)}, mean squared error ${figure(this.error)}`;
    setAttribute(this.ball, "aria-label", `Your line on the bowl: ${where}${isOut ? "; off the map" : ""}. Arrow keys move it.`);
    const bottom = this.revealed ? `; the bottom is at slope ${figure(bestLine(moments)[0])}, intercept ${figure(bestLine(moments)[1])}` : "";
    setAttribute(bowl.svg, "aria-label", `Map of the mean squared error: you are at ${where}${isOut ? ", off the map" : ""}${bottom}`);
  }

  /** Widen one of two ranges so that a unit is as long on both axes. */
  stretch(ranges) {
    const sizes = [this.bowl.width, this.bowl.height];
    const unit = Math.max(...ranges.map(([low, high], axis) => (high - low) / sizes[axis]));
    ranges.forEach(([low, high], axis) => {
      const middle = (low + high) / 2;
      ranges[axis] = [middle - (unit * sizes[axis]) / 2, middle + (unit * sizes[axis]) / 2];
    });
  }

  paintBowl() {
    const { bowl, moments } = this;
    const { heights, highest } = surface(moments, bowl.x, bowl.y, CELLS, CELLS);
    bowl.canvas.width = bowl.canvas.height = CELLS;
    const context = bowl.canvas.getContext("2d");
    const image = context.createImageData(CELLS, CELLS);
    heights.forEach((height, i) => image.data.set([...heightColour(height), 255], 4 * i));
    context.putImageData(image, 0, 0);
    const least = leastError(moments);
    const levels = contourLevels(least, least + highest);
    const points = (level) => contour(moments, level - least).map(([w, b]) => `${bowl.toX(w).toFixed(1)},${bowl.toY(b).toFixed(1)}`).join(" ");
    this.contours.replaceChildren(...levels.map((level) => svg("polygon", { points: points(level) })));
    this.drawLevels(levels, least);
  }

  /** Errors at the contour lines, above the bottom, as far as there is room. */
  drawLevels(levels, least) {
    const { bowl, moments } = this;
    const [w, b] = bestLine(moments);
    let last = bowl.toY(b) - 6;
    const labels = [];
    for (const level of levels) {
      const y = bowl.toY(b + Math.sqrt(level - least));
      if (last - y < 15 || y < bowl.margin[0] + 8) continue;
      last = y;
      labels.push(svg("text", { x: bowl.toX(w), y: y + 4, "text-anchor": "middle", text: figure(level) }));
    }
    this.labels.replaceChildren(...labels);
  }

  drawTrail() {
    const { bowl } = this;
    const far = (value) => clamp(value, -2000, 4000);
    const points = [];
    for (const [w, b] of this.path) {
      const [x, y] = [far(bowl.toX(w)), far(bowl.toY(b))];
      const last = points.at(-1);
      if (!last || Math.hypot(x - last[0], y - last[1]) >= 1) points.push([x, y]);
    }
    const text = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    for (const line of this.trail) setAttribute(line, "points", text);
    const dots = points.slice(0, 60);
    while (this.trailDots.children.length < dots.length) this.trailDots.append(svg("circle", { r: 2.5 }));
    while (this.trailDots.children.length > dots.length) this.trailDots.lastChild.remove();
    dots.forEach(([x, y], i) => {
      setAttribute(this.trailDots.children[i], "cx", x.toFixed(1));
      setAttribute(this.trailDots.children[i], "cy", y.toFixed(1));
    });
  }

  drawCurve() {
    const errors = this.path.length ? this.path.map((at) => at[2]) : [this.error];
    const steps = errors.length - 1;
    const top = errors.reduce((most, error) => Math.max(most, error), 0);
    const stride = Math.max(1, Math.floor(errors.length / 200));
    const kept = errors.map((error, i) => [i, error]).filter(([i]) => i % stride === 0 || i === steps);
    const height = (error) => 98 - 94 * (error / top);
    setAttribute(this.curveLine, "points", kept.map(([i, error]) => `${((100 * i) / Math.max(steps, 1)).toFixed(2)},${height(error).toFixed(2)}`).join(" "));
    const least = height(leastError(this.moments));
    for (const end of ["y1", "y2"]) setAttribute(this.curveBest, end, least);
    this.curveBest.style.display = this.revealed ? "" : "none";
    setText(this.curveTop, steps ? `highest ${figure(top)}` : "");
    setText(this.curveEnd, steps ? `step ${say(steps)}: ${figure(this.error)}` : "no step yet");
    setAttribute(this.curve, "aria-label", `Error against step: ${figure(errors[0])} at step 0${steps ? `, ${figure(this.error)} at step ${say(steps)}` : ""}`);
  }

  drawPoint() {
    const index = this.hover ?? this.state.point;
    const scale = this.state.scaled ? this.scale : null;
    const words = pointWords(index, this.xs[index], this.ys[index], this.line, scale);
    words.forEach((text, i) => setText(this.pointLines[i], text));
    const { point } = this.state;
    setAttribute(this.ring, "aria-valuenow", this.order.indexOf(point) + 1);
    setAttribute(this.ring, "aria-valuetext", pointWords(point, this.xs[point], this.ys[point], this.line, scale).join("; "));
    const { n } = this.moments;
    setText(this.total, `Mean squared error ${figure(n * this.error)} / ${n} = ${figure(this.error)}`);
  }

  drawWords() {
    const { learning_rate: rate, scaled } = this.state;
    const gradient = gradientAt(this.moments, ...this.line);
    const { n } = this.moments;
    this.sums.forEach(({ letter, gradient: first, update }, axis) => {
      const sum = axis ? "\u2211 error" : `\u2211 error ${TIMES} ${scaled ? "z" : "x"}`;
      setText(first, `\u2202L/\u2202${letter}: ${sum} = ${figure((gradient[axis] * n) / 2)}, ${TIMES} 2/${n} = ${figure(gradient[axis])}`);
      setText(update, `next ${letter} = ${figure(this.line[axis])} ${MINUS} ${figure(rate)} ${TIMES} ${term(gradient[axis])} = ${figure(this.line[axis] - rate * gradient[axis])}`);
    });
    this.question.hidden = !this.asking;
    setText(this.questionText, `From here, ${LOOK_AHEAD} steps at learning rate ${figure(rate)}: 99 % of the way down, less, or up?`);
    this.verdictLine.hidden = !this.verdict || Boolean(this.asking);
    setText(this.verdictLine, this.verdict);
    this.verdictLine.classList.toggle("nm-right", Boolean(this.right));
    const hint = "Drag the two handles to make the squares small, or press Step: gradient descent moves the line.";
    const best = this.revealed ? ` Best line: ${this.bestWords()}.` : "";
    setText(this.newsLine, (this.news.words || (best ? "" : hint)) + best);
    this.newsLine.hidden = Boolean(this.asking);
    this.newsLine.classList.toggle("nm-problem", this.news.kind === "explode");
    const said = this.asking ? this.questionText.textContent : [this.verdict, this.news.words, `Mean squared error ${figure(this.error)}.`].filter(Boolean).join(" ");
    if (this.player.playing) this.status.hush();
    else this.status.say(said);
  }

  bestWords() {
    const [w, b] = bestLine(this.moments);
    return `${figure(w)} ${TIMES} ${this.state.scaled ? "z" : "x"} ${plus(b)}, error ${figure(leastError(this.moments))}`;
  }
}

export default widgetOf(View);
