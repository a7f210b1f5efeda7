// XorLab: set the weights of a tiny network by hand until it does XOR, then let it learn them.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (xor_lab.py names it), so that two views and
// Python see the same. Weights are one list for each unit, the output unit last: its weights, then its bias.

import {
  MINUS, ModelView, Plane, Player, Status, TIMES, button, clamp, classPoint, control, divergingColour, field,
  isNew, make, onDrag, say, select, setAttribute, setText, settingsOf, svg, uniqueId, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------- the network

/** The four inputs [x1, x2], in the order of the truth table. */
export const ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]];

export const TARGETS = {
  XOR: [0, 1, 1, 0], AND: [0, 0, 0, 1], OR: [0, 1, 1, 1], NAND: [1, 1, 1, 0], XNOR: [1, 0, 0, 1],
};

const WIRED = {
  "three units": [[1, 0, -0.5], [1, 1, -1.5], [0, 1, -0.5], [1, -2, 1, -0.5]],
  "two units": [[1, 1, -0.5], [-1, -1, 1.5], [1, 1, -1.5]],
  "one unit": [[1, 1, -0.5]],
};

export const PRESETS = [...Object.keys(WIRED), "random", "all zero"];
const BY_HAND = "by hand";
const TRAINED = "trained";

/** Numbers from -1, -0.99, ..., 1, as `_random_numbers` in Python draws them. */
export function randomNumbers(count, seed) {
  let state = seed % 2 ** 32;
  return Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return ((state >>> 16) % 201 - 100) / 100;
  });
}

/** The weights that a preset stands for; `hidden` and `seed` matter where it has none of its own. */
export function presetWeights(preset, hidden, seed) {
  if (WIRED[preset]) return WIRED[preset].map((unit) => unit.slice());
  const sizes = [...Array(hidden).fill(3), (hidden || 2) + 1];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const numbers = preset === "random" ? randomNumbers(total, seed) : Array(total).fill(0);
  let from = 0;
  return sizes.map((size) => numbers.slice(from, (from += size)));
}

/**
 * Carry weights over to another number of hidden units. New units start at 0. A single unit becomes the first
 * hidden one, passed on by the output, and comes back from there.
 */
export function fitHidden(weights, hidden) {
  const old = weights.length - 1;
  if (hidden === 0) return [weights[0].slice(0, 3)];
  const layer = old ? weights.slice(0, old) : [weights[0]];
  const output = old ? weights[old] : [1, -0.5];
  const units = Array.from({ length: hidden }, (_, j) => (layer[j] ?? [0, 0, 0]).slice());
  const joined = Array.from({ length: hidden }, (_, j) => (j < output.length - 1 ? output[j] : 0));
  return [...units, [...joined, output.at(-1)]];
}

export const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
export const step = (z) => (z > 0 ? 1 : 0);
const activationOf = (name) => (name === "sigmoid" ? sigmoid : step);

/** A unit's weighted sum with its bias, the last of its numbers. */
function weighted(unit, inputs) {
  let sum = unit[unit.length - 1];
  for (let i = 0; i < inputs.length; i++) sum += unit[i] * inputs[i];
  return sum;
}

/** z and value of every unit for one input, the output unit last. */
export function forward(weights, x, activation) {
  const act = activationOf(activation);
  const layer = weights.slice(0, -1).map((unit) => weighted(unit, x));
  const values = layer.map(act);
  const z = weighted(weights.at(-1), layer.length ? values : x);
  return { z: [...layer, z], values: [...values, act(z)] };
}

/** The four rows: inputs, z and value of every unit, what is wanted, and whether the output is on its side. */
export function truthTable(weights, target, activation) {
  return ROWS.map((x, i) => {
    const { z, values } = forward(weights, x, activation);
    const wanted = TARGETS[target][i];
    return { x, z, values, output: values.at(-1), wanted, right: values.at(-1) > 0.5 === (wanted === 1) };
  });
}

export const countRight = (table) => table.filter((row) => row.right).length;

/** Mean cross-entropy of sigmoid units over the four rows. */
export function loss(weights, target) {
  const costs = ROWS.map((x, i) => {
    const z = forward(weights, x, "sigmoid").z.at(-1);
    return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - TARGETS[target][i] * z;
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / ROWS.length;
}

/** The gradient of `loss`, nested as the weights: backpropagation over the four rows. */
export function gradients(weights, target) {
  const slopes = weights.map((unit) => unit.map(() => 0));
  const last = weights.length - 1;
  const add = (unit, inputs, delta) => {
    inputs.forEach((value, i) => (slopes[unit][i] += delta * value));
    slopes[unit][inputs.length] += delta;
  };
  ROWS.forEach((x, i) => {
    const { values } = forward(weights, x, "sigmoid");
    const delta = (values[last] - TARGETS[target][i]) / ROWS.length;
    add(last, last ? values.slice(0, last) : x, delta);
    for (let j = 0; j < last; j++) add(j, x, delta * weights[last][j] * values[j] * (1 - values[j]));
  });
  return slopes;
}

/** The weights after one step of gradient descent. */
export function trainStep(weights, target, rate) {
  const slopes = gradients(weights, target);
  return weights.map((unit, j) => unit.map((number, i) => number - rate * slopes[j][i]));
}

// ------------------------------------------------------------------------------- what training has come to

export const NEAR = 0.1;

/** Whether every output is within 0.1 of what is wanted. */
export const isLearned = (table) => table.every((row) => Math.abs(row.output - row.wanted) < NEAR);

/** After how many steps without progress training counts as stuck: the shorter the steps, the more of them. */
export const patience = (rate) => clamp(Math.round(1500 / rate), 300, 5000);

/** Whether the loss fell by less than a hundredth. */
export const hardlyFell = (before, now) => before - now < 0.01 * before;

const largest = (lists) => Math.max(...lists.flat().map(Math.abs));
export const isFlat = (weights, target) => largest(gradients(weights, target)) < 1e-9;

const sayPoint = (x) => `(${x.join(", ")})`;

/** Two rows that want different outputs but land on nearly the same hidden point; undefined if there are none. */
export function sharedPoint(weights, target) {
  const table = truthTable(weights, target, "sigmoid");
  const apart = (a, b) => Math.max(...a.values.slice(0, -1).map((value, j) => Math.abs(value - b.values[j])));
  const pairs = table.flatMap((a, i) => table.slice(i + 1).map((b) => ({ a, b, gap: apart(a, b) })));
  return pairs.filter(({ a, b, gap }) => a.wanted !== b.wanted && gap < 0.2).sort((p, q) => p.gap - q.gap)[0];
}

/** Say why training does not get on. */
export function whyStuck(weights, target) {
  const hidden = weights.length - 1;
  if (hidden === 0) return `One unit draws one line, and no line does ${target}.`;
  const alike = weights.slice(1, -1).every((unit) => unit.every((number, i) => number === weights[0][i]));
  if (hidden > 1 && alike) return "All hidden units are alike and get the same gradient, so they stay alike.";
  if (isFlat(weights, target)) return "Every gradient is 0, so no step changes a weight.";
  if (hidden === 1) return `One hidden unit draws one line, and no line does ${target}.`;
  const shared = sharedPoint(weights, target);
  if (!shared) return "The loss is nearly flat around these weights.";
  const [a, b] = [shared.a.x, shared.b.x].map(sayPoint);
  return `${a} and ${b} nearly share a hidden point, so the output can hardly part them.`;
}

// ---------------------------------------------------------------------------------------------- geometry

/** The part of a polygon where `valueAt(point)` is above 0, for a function without bends. */
export function clip(polygon, valueAt) {
  return polygon.flatMap((from, i) => {
    const to = polygon[(i + 1) % polygon.length];
    const [a, b] = [valueAt(from), valueAt(to)];
    const kept = a > 0 ? [from] : [];
    if (a > 0 === b > 0) return kept;
    const share = a / (a - b);
    return [...kept, from.map((value, axis) => value + share * (to[axis] - value))];
  });
}

/** The two ends, on the edge of a polygon, of the line where `valueAt` is 0; none if it passes by. */
export function lineEnds(polygon, valueAt) {
  const inside = clip(polygon, valueAt);
  const size = Math.max(...polygon.map((corner) => Math.abs(valueAt(corner))));
  const ends = inside.filter((point) => Math.abs(valueAt(point)) < 1e-9 * (size || 1));
  return ends.length === 2 ? ends : [];
}

/** The corners of the face that a plane v . h + b = 0 cuts out of the unit cube, in no order. */
export function cubeCut(unit) {
  const corners = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]);
  return corners.flatMap((from) =>
    [0, 1, 2].filter((axis) => from[axis] === 0).flatMap((axis) => {
      const to = from.map((value, i) => (i === axis ? 1 : value));
      const [a, b] = [weighted(unit, from), weighted(unit, to)];
      return a > 0 === b > 0 ? [] : [from.map((value, i) => (i === axis ? a / (a - b) : value))];
    }),
  );
}

// ------------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["preset", "weights", "target", "activation", "seed", "learning_rate", "steps", "unit", "row"];
const RATES = [0.1, 0.3, 1, 3, 10, 30];
const STEPS_PER_SECOND = 120;
const MOST_STEPS = 100_000;
const MOST_BACK = 5000;
const LARGEST_WEIGHT = 1000;
const PILL = 34; // half the width of a unit in the diagram
const NAME_GAP = 13; // pixels from a line to its name
const TICK = "\u2713";
const CROSS = "\u2717";

/** Three digits or four: the longest formula has to fit a phone. */
const sayValue = (value) => say(value, Math.abs(value) < 10 ? 2 : 1);
/** A value of a unit in a narrow place: 0, 1 or two decimals. */
const sayUnit = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(2).replace(/^0/, ""));
/** A number with its sign as an operation: " + 0.5", " − 0.5". */
const signed = (value) => ` ${value < 0 ? MINUS : "+"} ${sayValue(Math.abs(value))}`;
const nameOf = (unit, hidden) => (unit === hidden ? "y" : `h${unit + 1}`);
const inputNames = (unit, hidden) =>
  unit === hidden && hidden ? Array.from({ length: hidden }, (_, j) => `h${j + 1}`) : ["x1", "x2"];

/** A unit's sum written out: "1·0 − 2·1 + 1·1 − 0.5". */
export function sayFormula(unit, inputs) {
  const terms = inputs.map((input, i) => {
    const factor = typeof input === "number" ? sayUnit(input) : input;
    return i ? `${signed(unit[i])}\u00b7${factor}` : `${sayValue(unit[i])}\u00b7${factor}`;
  });
  return terms.join("") + (inputs.length < unit.length ? signed(unit.at(-1)) : "");
}

function readState(model) {
  const state = settingsOf(model, SETTINGS);
  const hidden = state.weights.length - 1;
  return { ...state, hidden, unit: Math.min(state.unit, hidden) };
}

/** A plane of which 0 and 1 alone matter: they are all its axes say, so that it can be small. */
class UnitPlane extends Plane {
  drawAxes() {
    const [top, , , left] = this.margin;
    const bottom = top + this.height;
    const word = (kind, x, y, text) => svg("text", { class: kind, x, y, "text-anchor": "middle", text });
    this.axes.replaceChildren(
      svg("rect", { class: "nm-plane-frame", x: left, y: top, width: this.width, height: this.height }),
      ...[0, 1].flatMap((value) => [
        svg("line", { x1: this.toX(value), x2: this.toX(value), y1: bottom, y2: bottom + 4 }),
        svg("line", { x1: left - 4, x2: left, y1: this.toY(value), y2: this.toY(value) }),
        word("", this.toX(value), bottom + 15, value),
        word("", left - 10, this.toY(value) + 4, value),
      ]),
      word("nm-axis-label", left + this.width / 2, bottom + 22, this.xLabel),
      word("nm-axis-label", 9, top + this.height / 2 + 4, this.yLabel),
    );
  }
}

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    Object.assign(this, { el, hovered: null, mode: "hand", note: "", verdictKind: "" });
    this.best = {}; // the most rows that one unit got right, for each target
    this.guesses = {}; // what the reader said: can one unit do it?
    // Weights before each step, for Back; the loss after each step; [step, loss] of some steps; the last step
    // after which the reader saw whether training is stuck.
    this.forget();
    this.motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.player = new Player((count) => this.play(count), STEPS_PER_SECOND, () => this.schedule());
    this.build();
    this.followModel();
    this.draw();
  }

  destroy() {
    this.player.pause();
    for (const plane of [this.inputPlane, this.hiddenPlane]) plane.destroy();
    this.resizing.disconnect();
    super.destroy();
  }

  // ------------------------------------------------------------------------------------------- building

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-xor-lab" },
      make("div", { class: "nm-body" },
        this.buildControls(), this.buildNet(), this.buildTabs(), this.buildEditor(), this.buildTraining(),
        this.buildInput(), this.buildHidden(), this.buildTable(), this.buildWords()));
    this.el.append(this.root);
    this.resizing = new ResizeObserver(() => this.schedule());
    this.resizing.observe(this.net);
  }

  buildControls() {
    this.presetSelect = select([...PRESETS, BY_HAND, TRAINED], (name) => this.choosePreset(name));
    this.hiddenSelect = select(["0", "1", "2", "3"], (count) => this.chooseHidden(Number(count)));
    this.targetSelect = select(Object.keys(TARGETS), (target) => this.choose({ target, steps: 0 }));
    this.unitsSelect = select(["step", "sigmoid"], (activation) => this.choose({ activation }));
    return make("div", { class: "nm-controls" },
      field(this.id, "preset", "Weights", this.presetSelect),
      field(this.id, "hidden", "Hidden", this.hiddenSelect),
      field(this.id, "target", "Wanted", this.targetSelect),
      field(this.id, "units", "Units", this.unitsSelect));
  }

  /** The diagram: units are radio buttons, inputs switches, lines and their weights an SVG behind them. */
  buildNet() {
    this.lines = svg("svg", { class: "nm-lines", role: "img" });
    this.inputs = [0, 1].map((axis) =>
      control("button", {
        type: "button", class: "nm-pill nm-pill-input", style: "left: 0",
        onclick: () => this.send({ row: this.model.get("row") ^ (axis ? 1 : 2) }),
      }));
    this.units = [0, 1, 2, 3].map((unit) => {
      const input = control("input", {
        type: "radio", name: `${this.id}-unit`, value: unit, onchange: () => this.send({ unit: this.unitAt(unit) }),
      });
      const text = make("span");
      const pill = make("label", { class: `nm-pill nm-pill-${unit === 3 ? "output" : "hidden"}` }, input, text);
      return { input, text, pill };
    });
    const legend = make("legend", { class: "nm-hidden", text: "Unit to change" });
    this.net = make("fieldset", { class: "nm-net" },
      legend, this.lines, ...this.inputs, ...this.units.map(({ pill }) => pill));
    return this.net;
  }

  /** The fourth pill is the output, whatever the number of hidden units. */
  unitAt(pill) {
    return pill === 3 ? this.state.hidden : pill;
  }

  buildTabs() {
    // Where there is room below the sliders it stands there, else beside the tabs.
    this.thresholds = [0, 1].map(() => make("p", { class: "nm-threshold" }));
    const tabs = [["hand", "By hand"], ["train", "Train"]].map(([mode, text]) => {
      const input = control("input", {
        type: "radio", name: `${this.id}-mode`, value: mode, onchange: () => this.showMode(mode),
      });
      input.checked = mode === this.mode;
      return make("label", { class: "nm-tab nm-choice" }, input, make("span", { text }));
    });
    const legend = make("legend", { class: "nm-hidden", text: "What to do" });
    this.resetButton = button("Reset", () => this.reset());
    return make("div", { class: "nm-tabs" },
      make("fieldset", { class: "nm-modes" }, legend, ...tabs), this.thresholds[0], this.resetButton);
  }

  buildEditor() {
    this.rule = make("p", { class: "nm-rule" });
    this.dials = [0, 1, 2, 3].map((place) => this.buildDial(place));
    return make("div", { class: "nm-editor" },
      this.rule, make("div", { class: "nm-dials" }, ...this.dials.map(({ box }) => box)), this.thresholds[1]);
  }

  /** One weight: a slider and the number itself. */
  buildDial(place) {
    const range = control("input", {
      type: "range", step: 0.1, oninput: () => this.setWeight(place, range.valueAsNumber),
    });
    const number = control("input", {
      type: "number", step: 0.1, autocomplete: "off", onkeydown: (event) => event.stopPropagation(),
      onchange: () => this.typeWeight(place, number),
    });
    const box = field(this.id, `dial-${place}`, "w", range, number);
    const label = box.querySelector("label");
    return { box, label, range, number };
  }

  buildTraining() {
    this.trainButton = button("Train", () => this.toggleTraining());
    this.rateRange = control("input", {
      type: "range", min: 0, max: RATES.length - 1, step: 1,
      oninput: () => this.send({ learning_rate: RATES[this.rateRange.valueAsNumber] }),
    });
    this.rateValue = make("span", { class: "nm-value" });
    this.path = svg("path", { class: "nm-curve-line", "vector-effect": "non-scaling-stroke" });
    this.guessLine = svg("line", { class: "nm-curve-guess", x1: 0, x2: 100, "vector-effect": "non-scaling-stroke" });
    this.curveSvg = svg("svg", { class: "nm-curve", role: "img", viewBox: "0 0 100 100", preserveAspectRatio: "none" },
      this.guessLine, this.path);
    this.curveTitle = make("span");
    this.curveHint = make("p", { class: "nm-hint", text: "Dashed: 0.693, the loss of saying 0.5 to every row." });
    this.noSlope = make("p", {
      text: "A step has no slope: a nudge to a weight changes no output. Train switches to sigmoid units.",
    });
    this.curveSteps = make("span", { class: "nm-value" });
    return make("div", { class: "nm-training" },
      make("div", { class: "nm-buttons" }, this.trainButton, button("Back", () => this.back()),
        button("Step", () => this.single()), button("New start", () => this.newStart())),
      make("div", { class: "nm-descent" },
        field(this.id, "rate", "Learning rate", this.rateRange, this.rateValue),
        make("div", { class: "nm-curve-box" },
          make("div", { class: "nm-label" }, this.curveTitle, this.curveSteps), this.curveSvg, this.curveHint,
          this.noSlope)));
  }

  buildInput() {
    const title = make("div", { class: "nm-title" }, make("b", { text: "Inputs" }));
    this.inputPlane = new UnitPlane({
      x: [-0.5, 1.5], y: [-0.5, 1.5], xLabel: "x1", yLabel: "x2", margin: [4, 4, 28, 26],
      draw: () => this.state && this.drawInput(),
    });
    this.grips = [0, 1, 2].map((unit) => this.buildGrip(unit));
    this.inputPlane.svg.append(svg("g", {}, ...this.grips));
    return make("div", { class: "nm-panel nm-input" }, title, this.inputPlane.root);
  }

  /** A line to take hold of: it chooses its unit, and dragging it changes the bias. */
  buildGrip(unit) {
    const grip = svg("line", { class: "nm-grip" });
    onDrag(grip, {
      start: () => this.send({ unit }),
      move: (event) => this.dragLine(unit, this.inputPlane.at(event)),
    });
    return grip;
  }

  buildHidden() {
    this.hiddenTitle = make("b");
    this.hiddenPlane = new UnitPlane({
      x: [-0.25, 1.25], y: [-0.25, 1.25], xLabel: "h1", yLabel: "h2", margin: [4, 4, 28, 26],
      draw: () => this.state && this.drawHidden(),
    });
    return make("div", { class: "nm-panel nm-space" },
      make("div", { class: "nm-title" }, this.hiddenTitle), this.hiddenPlane.root, this.buildQuestion());
  }

  buildQuestion() {
    const answer = (text, guess) => button(text, () => this.answer(guess));
    this.questionText = make("p", { class: "nm-asked" });
    this.answers = make("div", { class: "nm-buttons" }, answer("Yes", true), answer("No", false));
    this.bestLine = make("p");
    this.proof = make("p", { class: "nm-proof" });
    this.question = make("div", { class: "nm-question nm-callout" }, this.questionText, this.answers, this.bestLine, this.proof);
    return this.question;
  }

  buildTable() {
    this.head = make("tr");
    this.rows = ROWS.map((x, row) => this.buildRow(x, row));
    const caption = make("caption", { class: "nm-hidden", text: "Truth table" });
    this.table = make("table", { class: "nm-truth", onpointerleave: () => this.hover(null) },
      caption, make("thead", {}, this.head), make("tbody", {}, ...this.rows.map(({ line }) => line)));
    this.sums = make("div", { class: "nm-sums" });
    return make("div", { class: "nm-rows" }, this.table, this.sums);
  }

  buildRow(x, row) {
    const input = control("input", {
      type: "radio", name: `${this.id}-row`, value: row, "aria-label": `Row x1 = ${x[0]}, x2 = ${x[1]}`,
      onchange: () => this.send({ row }),
    });
    const cells = Array.from({ length: 8 }, (_, place) => make(place ? "td" : "th"));
    cells[0].setAttribute("scope", "row");
    const text = make("span");
    cells[0].append(input, text);
    const line = make("tr", {
      onclick: () => this.send({ row }),
      onpointerenter: (event) => event.pointerType === "mouse" && this.hover(row),
    }, ...cells);
    return { line, input, cells, text };
  }

  buildWords() {
    this.verdict = make("p", { class: "nm-verdict" });
    this.key = make("p", { class: "nm-key" },
      make("i", { class: "nm-key-zero" }), "wants 0 ", make("i", { class: "nm-key-one" }), "wants 1 ",
      make("i", { class: "nm-key-ground" }), "what comes out");
    return make("div", { class: "nm-words" }, this.key, this.verdict, this.status.element);
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** A setting that training did not make: what training said no longer holds. */
  choose(changes) {
    this.player.pause();
    this.note = this.verdictKind = "";
    if ("steps" in changes) this.forget();
    this.send(changes);
  }

  choosePreset(preset) {
    if (!PRESETS.includes(preset)) return;
    const { hidden, seed } = this.state;
    this.choose({ preset, weights: presetWeights(preset, hidden, seed), steps: 0 });
  }

  chooseHidden(count) {
    const { preset, seed, weights } = this.state;
    const drawn = preset === "random" || preset === "all zero";
    const fitted = drawn ? presetWeights(preset, count, seed) : fitHidden(weights, count);
    const unit = Math.min(this.state.unit, count);
    this.choose({ preset: drawn ? preset : BY_HAND, weights: fitted, steps: 0, unit });
  }

  setWeight(place, value) {
    const { weights, unit } = readState(this.model);
    const changed = weights.map((numbers) => numbers.slice());
    const at = this.placeIn(changed[unit], place);
    changed[unit][at] = clamp(value, -LARGEST_WEIGHT, LARGEST_WEIGHT);
    this.choose({ weights: changed, preset: BY_HAND, steps: 0 });
  }

  typeWeight(place, number) {
    if (Number.isNaN(number.valueAsNumber)) number.value = number.dataset.shown;
    else this.setWeight(place, number.valueAsNumber);
  }

  /** Let a unit's line go through a point: its direction stays, its bias changes. */
  dragLine(unit, [x, y]) {
    const numbers = readState(this.model).weights[unit];
    this.setWeight(3, -Math.round(100 * (numbers[0] * x + numbers[1] * y)) / 100);
  }

  /** The last dial is the bias, whatever the number of weights. */
  placeIn(unit, place) {
    return place === 3 ? unit.length - 1 : place;
  }

  showMode(mode) {
    this.mode = mode;
    this.schedule();
  }

  hover(row) {
    this.hovered = row;
    this.schedule();
  }

  reset() {
    this.best = {};
    this.guesses = {};
    this.choose(this.model.get("initial"));
  }

  answer(guess) {
    this.guesses[this.state.target] = guess;
    this.draw();
    this.resetFocus();
  }

  /** The answered question's buttons go; the focus goes on to where the line can be moved. */
  resetFocus() {
    const dial = this.root.querySelector(".nm-dials input[type=range]");
    if (dial.checkVisibility?.() ?? true) dial.focus({ preventScroll: true });
  }

  // --------------------------------------------------------------------------------------------- training

  toggleTraining() {
    if (!this.player.playing) this.begin();
    this.player.toggle();
  }

  /** Steps have no slope to go down; sigmoid units have. */
  begin() {
    this.note = this.verdictKind = "";
    this.judged = this.model.get("steps");
    if (this.model.get("activation") === "sigmoid") return;
    this.note = "Now sigmoid units: a step has no slope to go down.";
    this.send({ activation: "sigmoid" });
  }

  /** Go some steps; with less motion wanted, several at once, four times a second. */
  play(count) {
    this.owed = (this.owed ?? 0) + count;
    if (this.motion.matches && this.owed < STEPS_PER_SECOND / 4) return;
    this.train(this.owed);
    this.owed = 0;
  }

  single() {
    this.player.pause();
    this.begin();
    this.train(1);
  }

  train(count) {
    let { weights, steps, target, learning_rate: rate } = readState(this.model);
    const start = steps;
    const learned = isLearned(truthTable(weights, target, "sigmoid"));
    this.losses[steps] ??= loss(weights, target);
    for (let i = 0; i < count; i++) {
      const end = this.ending(weights, steps, target, rate);
      if (end) {
        this.finish(end);
        break;
      }
      this.past.push(weights);
      weights = trainStep(weights, target, rate);
      steps += 1;
      this.losses[steps] = loss(weights, target);
      if (!learned && isLearned(truthTable(weights, target, "sigmoid"))) {
        this.finish("learned");
        break;
      }
    }
    this.past.splice(0, this.past.length - MOST_BACK);
    this.sent = weights; // so that weights from elsewhere are noticed, and Back forgets what led here
    this.send(steps > start ? { weights, steps, preset: TRAINED } : {});
  }

  /** Why no further step should be taken now; "" if there is no reason. */
  ending(weights, steps, target, rate) {
    if (isFlat(weights, target) || largest(weights) > LARGEST_WEIGHT - 100 || steps >= MOST_STEPS) return "flat";
    const span = patience(rate);
    if (steps - this.judged < span) return "";
    const before = this.losses[steps - span];
    const learned = isLearned(truthTable(weights, target, "sigmoid"));
    return before !== undefined && !learned && hardlyFell(before, this.losses[steps]) ? "stuck" : "";
  }

  finish(kind) {
    this.verdictKind = kind;
    this.note = "";
    this.player.pause();
  }

  back() {
    this.player.pause();
    this.note = this.verdictKind = "";
    const weights = this.past.pop();
    if (!weights) return this.say("There is no step to take back.");
    this.sent = weights;
    this.send({ weights, steps: this.model.get("steps") - 1 });
  }

  say(text) {
    this.note = text;
    this.schedule();
  }

  newStart() {
    const seed = this.state.seed + 1;
    const hidden = this.state.hidden;
    const playing = this.player.playing;
    this.choose({ seed, preset: "random", weights: presetWeights("random", hidden, seed), steps: 0 });
    if (playing) this.toggleTraining();
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state = readState(this.model);
    const { weights, target, activation } = this.state;
    this.truth = truthTable(weights, target, activation);
    this.row = this.hovered ?? this.state.row;
    this.notice();
    this.drawControls();
    this.drawNet();
    this.drawEditor();
    this.drawTraining();
    this.drawInput();
    this.drawHidden();
    this.drawQuestion();
    this.drawTable();
    this.drawSums();
    this.drawVerdict();
  }

  /** What was said, and the steps to take back, hold only for the weights that this view led to. */
  notice() {
    const { steps, weights } = this.state;
    if (JSON.stringify(this.sent) !== JSON.stringify(weights)) {
      Object.assign(this, { past: [], sent: weights, verdictKind: "", note: "" });
    }
    if (steps === 0) this.forget();
  }

  forget() {
    Object.assign(this, { past: [], losses: [], curve: [], judged: 0 });
  }

  drawControls() {
    const { preset, hidden, target, activation } = this.state;
    for (const option of this.presetSelect.options) {
      option.disabled = !PRESETS.includes(option.value) && option.value !== preset;
    }
    this.presetSelect.value = preset;
    this.hiddenSelect.value = String(hidden);
    this.targetSelect.value = target;
    this.unitsSelect.value = activation;
    this.root.classList.toggle("nm-show-train", this.mode === "train");
    this.root.classList.toggle("nm-single", hidden === 0);
  }

  // ------------------------------------------------------------------------------------------ the diagram

  drawNet() {
    const { hidden, weights, unit } = this.state;
    const width = this.net.clientWidth;
    const { x, values, wanted, right } = this.truth[this.row];
    const layer = { 0: [], 1: [60], 2: [32, 88], 3: [15, 60, 105] }[hidden];
    const from = [[PILL, 32], [PILL, 88]];
    const middle = layer.map((y) => [width / 2, y]);
    const end = [width - PILL, 60];
    this.inputs.forEach((pill, axis) => {
      pill.style.top = `${from[axis][1]}px`;
      setText(pill, `x${axis + 1} = ${x[axis]}`);
    });
    this.units.forEach(({ input, text, pill }, i) => {
      const index = this.unitAt(i);
      pill.hidden = i < 3 && i >= hidden;
      if (pill.hidden) return;
      const [left, top] = i === 3 ? end : middle[i];
      Object.assign(pill.style, { left: `${left - PILL}px`, top: `${top}px` });
      pill.classList.toggle("nm-on", values[index] > 0.5);
      setText(text, `${nameOf(index, hidden)} = ${sayUnit(values[index])}`);
      input.checked = index === unit;
    });
    const outer = hidden ? middle : from;
    const parts = [
      ...middle.flatMap((to, j) => from.map((start, i) => this.wire(start, to, weights[j][i], unit === j, 0.7))),
      ...outer.map((start, j) => this.wire(start, end, weights[hidden][j], unit === hidden, hidden ? 0.32 : 0.6)),
    ];
    const bias = ([left, top], value) =>
      svg("text", { class: "nm-bias", x: left, y: top + 25, "text-anchor": "middle", text: `b ${sayValue(value)}` });
    const wants = svg("text", {
      class: right ? "nm-good" : "nm-bad", x: end[0], y: end[1] - 18, "text-anchor": "middle",
      text: `wants ${wanted} ${right ? TICK : CROSS}`,
    });
    this.lines.replaceChildren(
      ...parts.map(({ line }) => line), ...parts.map(({ label }) => label),
      ...[...middle, end].map((place, j) => bias(place, weights[j].at(-1))), wants);
    setAttribute(this.lines, "aria-label", this.netWords());
  }

  /** A weight as a line: its sign gives the colour, its size the width. */
  wire([x1, y1], [x2, y2], weight, chosen, share) {
    const [a, b] = [x1 + PILL, x2 - PILL];
    const sign = weight < 0 ? "negative" : weight > 0 ? "positive" : "nothing";
    const place = { x: a + share * (b - a), y: y1 + share * (y2 - y1) + 4 };
    const line = svg("line", {
      class: `nm-wire nm-${sign}`, x1: a, y1, x2: b, y2,
      "stroke-width": 1 + 5 * Math.min(1, Math.abs(weight) / (this.state.activation === "step" ? 3 : 8)),
    });
    const label = svg("text", {
      class: `nm-weight ${chosen ? "nm-chosen" : ""}`, "text-anchor": "middle", ...place, text: sayValue(weight),
    });
    return { line, label };
  }

  netWords() {
    const { weights, hidden } = this.state;
    const parts = weights.map((numbers, j) => {
      const inputs = inputNames(j, hidden);
      return `${nameOf(j, hidden)} from ${sayFormula(numbers, inputs)}`;
    });
    return `Network: ${parts.join("; ")}`;
  }

  // ------------------------------------------------------------------------------------------- the editor

  drawEditor() {
    const { weights, unit, hidden, activation } = this.state;
    const name = nameOf(unit, hidden);
    const inputs = inputNames(unit, hidden);
    const numbers = weights[unit];
    const sum = sayFormula(numbers.slice(0, -1), inputs);
    const threshold = sayValue(-numbers.at(-1));
    const verb = activation === "step" ? "fires where" : "> 0.5 where";
    if (isNew(this.rule, "rule", [name, verb, sum, threshold].join())) {
      this.rule.replaceChildren(make("b", { text: name }), ` ${verb} ${sum} > ${threshold}`);
    }
    for (const line of this.thresholds) setText(line, `threshold ${threshold} = ${MINUS}bias`);
    this.dials.forEach((dial, place) => this.drawDial(dial, place, numbers, name, inputs));
    this.root.style.setProperty("--nm-dials", numbers.length);
  }

  drawDial({ box, label, range, number }, place, numbers, name, inputs) {
    const isBias = place === 3;
    box.hidden = !isBias && place >= inputs.length;
    if (box.hidden) return;
    const value = numbers[this.placeIn(numbers, place)];
    const what = isBias ? "bias" : `${inputs[place]}`;
    const limit = this.state.activation === "step" ? 4 : 12;
    setText(label, isBias ? "bias" : inputs.length > 2 ? what : `${TIMES} ${what}`); // four leave no room for a sign
    setAttribute(range, "min", -limit);
    setAttribute(range, "max", limit);
    range.value = value;
    const words = isBias ? `bias of ${name}, threshold ${sayValue(-value)}` : `weight from ${what} to ${name}`;
    setAttribute(range, "aria-valuetext", `${sayValue(value)}, ${words}`);
    setAttribute(number, "aria-label", `${words}, as a number`);
    const shown = String(Number(value.toFixed(2)));
    if (number.dataset.shown !== shown || document.activeElement !== number) number.value = shown;
    number.dataset.shown = shown;
  }

  // -------------------------------------------------------------------------------------------- the curve

  drawTraining() {
    const { learning_rate: rate, steps, weights, target, activation } = this.state;
    const nearest = RATES.reduce((best, value, i) =>
      Math.abs(Math.log(value / rate)) < Math.abs(Math.log(RATES[best] / rate)) ? i : best, 0);
    this.rateRange.value = nearest;
    setText(this.rateValue, sayValue(rate));
    setAttribute(this.rateRange, "aria-valuetext", sayValue(rate));
    setText(this.trainButton, this.player.playing ? "Pause" : "Train");
    this.trainButton.classList.toggle("nm-playing", this.player.playing);
    const now = loss(weights, target);
    this.record(steps, now);
    const smooth = activation === "sigmoid";
    this.noSlope.hidden = smooth;
    this.curveTitle.parentElement.hidden = this.curveHint.hidden = !smooth;
    this.curveSvg.style.display = smooth ? "" : "none";
    setText(this.curveTitle, `Loss ${now.toFixed(3)}`);
    setText(this.curveSteps, `step ${say(steps)}`);
    this.drawCurve(now);
  }

  record(steps, now) {
    while (this.curve.length && this.curve.at(-1)[0] >= steps) this.curve.pop();
    this.curve.push([steps, now]);
    if (this.curve.length > 800) this.curve = this.curve.filter((_, i) => i % 2 === 0 || i > 790);
  }

  drawCurve(now) {
    const last = Math.max(this.curve.at(-1)[0], 20);
    const top = Math.max(0.8, ...this.curve.map(([, value]) => value));
    const points = this.curve.map(([at, value]) =>
      `${((100 * at) / last).toFixed(2)} ${(100 - (100 * value) / top).toFixed(2)}`);
    this.path.setAttribute("d", `M${points.join("L")}`);
    const guess = 100 - (100 * Math.LN2) / top;
    setAttribute(this.guessLine, "y1", guess);
    setAttribute(this.guessLine, "y2", guess);
    const [[, first], [steps]] = [this.curve[0], this.curve.at(-1)];
    const said = `Loss over ${say(steps)} steps, from ${first.toFixed(3)} to ${now.toFixed(3)}`;
    setAttribute(this.curveSvg, "aria-label", said);
  }

  // -------------------------------------------------------------------------------------------- the planes

  /** Where an output stands on the scale of colours: paler for a step, so that points stand out. */
  ground(output) {
    return this.state.activation === "step" ? (output ? 0.45 : -0.45) : 0.9 * (2 * output - 1);
  }

  drawInput() {
    const plane = this.inputPlane;
    if (!plane.width) return;
    const { weights, activation, hidden, unit } = this.state;
    if (isNew(plane, "ground", JSON.stringify([weights, activation]))) {
      const size = activation === "step" ? 80 : 56;
      plane.paint((x, y) => this.ground(forward(weights, [x, y], activation).values[hidden]), size, size);
    }
    const layer = hidden ? weights.slice(0, -1) : weights;
    const marks = layer.map((numbers, j) => this.halfPlane(plane, numbers, nameOf(j, hidden), j === unit));
    const names = this.placeNames(plane, marks);
    this.grips.forEach((grip, j) => this.placeGrip(grip, marks[j]?.ends ?? []));
    const points = this.truth.map(({ x, wanted }, i) =>
      this.point(plane.toX(x[0]), plane.toY(x[1]), wanted, i === this.row));
    plane.layer.replaceChildren(...marks.flatMap(({ parts }) => parts), ...names);
    plane.over.replaceChildren(...points.flat());
    setAttribute(plane.svg, "aria-label", this.inputWords());
  }

  /** A unit's line, with a band on the side where it fires; the chosen unit's whole side is hatched. */
  halfPlane(plane, numbers, name, chosen) {
    const [[left, right], [low, high]] = [plane.x, plane.y];
    const frame = [[left, low], [right, low], [right, high], [left, high]];
    const at = (point) => weighted(numbers, point);
    const draw = (points) => points.map(([x, y]) => `${plane.toX(x)},${plane.toY(y)}`).join(" ");
    const fires = clip(frame, at);
    const steep = Math.hypot(numbers[0], numbers[1]);
    const band = clip(fires, (point) => 0.1 * steep - at(point));
    const ends = lineEnds(frame, at);
    const parts = [];
    if (chosen && fires.length) parts.push(svg("polygon", { fill: `url(#${this.hatch(plane)})`, points: draw(fires) }));
    if (ends.length) {
      const [[x1, y1], [x2, y2]] = ends.map(([x, y]) => [plane.toX(x), plane.toY(y)]);
      parts.push(svg("polygon", { class: "nm-band", points: draw(band) }));
      parts.push(...["halo", "line"].map((kind) => svg("line", { class: `nm-edge-${kind}`, x1, y1, x2, y2 })));
    }
    return { parts, ends, name, chosen, normal: [numbers[0] / steep, numbers[1] / steep] };
  }

  placeGrip(grip, ends) {
    setAttribute(grip, "display", ends.length ? "inline" : "none");
    if (!ends.length) return;
    const plane = this.inputPlane;
    const [[x1, y1], [x2, y2]] = ends.map(([x, y]) => [plane.toX(x), plane.toY(y)]);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) setAttribute(grip, name, value);
  }

  /** A pattern of thin lines, made once for each plane. */
  hatch(plane) {
    if (!plane.hatchId) {
      plane.hatchId = uniqueId();
      plane.svg.append(svg("defs", {}, svg("pattern",
        { id: plane.hatchId, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        svg("line", { class: "nm-hatch-line", x1: 0, y1: 0, x2: 0, y2: 6 }))));
    }
    return plane.hatchId;
  }

  /** Names of lines: where there is most room from points and from the other lines. */
  placeNames(plane, marks) {
    const taken = ROWS.map(([x, y]) => [plane.toX(x), plane.toY(y)]);
    const drawn = marks.filter(({ ends }) => ends.length);
    return drawn.map((mark) => {
      const others = drawn.filter((other) => other !== mark);
      const free = ([x, y]) => Math.min(24, ...taken.map(([left, top]) => Math.hypot(x - left, y - top)));
      const clear = (place) => Math.min(12, ...others.map(({ ends }) => this.distance(plane, place, ends)));
      const score = (place) => free(place) + clear(place) + (this.inFrame(plane, place) ? 100 : 0);
      const places = this.namePlaces(plane, mark);
      const [x, y] = places.reduce((a, b) => (score(b) > score(a) + 1 ? b : a));
      taken.push([x, y]);
      const kind = `nm-name ${mark.chosen ? "nm-chosen" : ""}`;
      return svg("text", { class: kind, x, y: y + 4, "text-anchor": "middle", text: mark.name });
    });
  }

  /** Places along a line, on the side where its unit fires. */
  namePlaces(plane, { ends, normal }) {
    return [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6, 0.5].map((share) => {
      const [x, y] = ends[0].map((value, axis) => value + share * (ends[1][axis] - value));
      return [plane.toX(x) + NAME_GAP * normal[0], plane.toY(y) - NAME_GAP * normal[1]];
    });
  }

  inFrame(plane, [x, y]) {
    const [left, top] = [plane.toX(plane.x[0]), plane.toY(plane.y[1])];
    return Math.min(x - left, left + plane.width - x, y - top, top + plane.height - y) > 9;
  }

  /** Pixels from a place to a line. */
  distance(plane, [x, y], ends) {
    const [[x1, y1], [x2, y2]] = ends.map(([a, b]) => [plane.toX(a), plane.toY(b)]);
    return Math.abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / Math.hypot(x2 - x1, y2 - y1);
  }

  /** A row of the table as a point; the row looked at has a ring. */
  point(x, y, wanted, chosen) {
    const rings = chosen ? ["nm-ring-back", "nm-ring"] : [];
    const around = rings.map((kind) => svg("circle", { class: kind, cx: x, cy: y, r: 10.5 }));
    return [...around, classPoint(x, y, wanted === 1, 5)];
  }

  inputWords() {
    const right = countRight(this.truth);
    const outputs = this.truth.map(({ x, output }) => `${sayPoint(x)} gives ${sayUnit(output)}`);
    return `Inputs x1, x2: ${outputs.join(", ")}; ${right} of 4 on the side that is wanted`;
  }

  drawHidden() {
    const plane = this.hiddenPlane;
    const { hidden } = this.state;
    setText(this.hiddenTitle, hidden === 0 ? "No hidden layer" : "Hidden space");
    plane.root.hidden = hidden === 0;
    if (!plane.width || hidden === 0) return;
    const flat = hidden === 2;
    plane.canvas.style.display = flat ? "" : "none";
    plane.axes.style.display = flat ? "" : "none";
    plane.layer.replaceChildren();
    const drawing = { 1: () => this.drawLine(plane), 2: () => this.drawSquare(plane), 3: () => this.drawCube(plane) };
    plane.over.replaceChildren(...drawing[hidden]());
    const places = this.truth.map(({ x, values }) =>
      `${sayPoint(x)} lands at ${values.slice(0, -1).map(sayUnit).join(", ")}`);
    setAttribute(plane.svg, "aria-label", `Hidden space: ${places.join("; ")}`);
  }

  /** Rows that land on one point stand side by side, with one name. */
  groups(place) {
    const groups = [];
    this.truth.forEach((row, i) => {
      const [x, y] = place(row.values);
      const near = groups.find((group) => Math.hypot(group.x - x, group.y - y) < 15);
      if (near) near.rows.push(i);
      else groups.push({ x, y, rows: [i] });
    });
    return groups;
  }

  drawGroup({ x, y, rows }) {
    const marks = rows.flatMap((row, k) =>
      this.point(x + 9 * (k - (rows.length - 1) / 2), y, this.truth[row].wanted, row === this.row));
    const name = rows.map((row) => ROWS[row].join("")).join(" ");
    const text = { class: "nm-name nm-point-name", x, y: y + 20, "text-anchor": "middle", text: name };
    return [...marks, svg("text", text)];
  }

  drawSquare(plane) {
    const { weights, activation, unit } = this.state;
    if (isNew(plane, "ground", JSON.stringify([weights[2], activation]))) {
      const act = activationOf(activation);
      const size = activation === "step" ? 80 : 56;
      plane.paint((x, y) => this.ground(act(weighted(weights[2], [x, y]))), size, size);
    }
    const mark = this.halfPlane(plane, weights[2], "y", unit === 2);
    plane.layer.replaceChildren(...mark.parts, ...this.placeNames(plane, [mark]));
    return this.groups(([a, b]) => [plane.toX(a), plane.toY(b)]).flatMap((group) => this.drawGroup(group));
  }

  /** One hidden unit: a line of numbers for each row of the table, all parted alike by the output unit. */
  drawLine(plane) {
    const { weights, activation } = this.state;
    const [width, height] = [plane.root.clientWidth, plane.root.clientHeight];
    const [left, right, top, bottom] = [30, width - 12, 8, height - 30];
    const toX = (value) => left + (0.08 + 0.84 * value) * (right - left);
    const act = activationOf(activation);
    const count = 60;
    const cells = Array.from({ length: count }, (_, i) => {
      const value = ((i + 0.5) / count - 0.08) / 0.84;
      const fill = `rgb(${divergingColour(this.ground(act(weighted(weights[1], [value])))).join()})`;
      const size = (right - left) / count;
      return svg("rect", { x: left + i * size, y: top, width: size + 0.5, height: bottom - top, fill });
    });
    const word = (x, y, text) => svg("text", { class: "nm-cube-name", x, y, "text-anchor": "middle", text });
    const axis = [0, 0.5, 1].map((value) => word(toX(value), bottom + 15, value === 0.5 ? "h1" : value));
    const rows = this.truth.flatMap(({ x, values, wanted }, i) => {
      const y = top + ((i + 0.5) / 4) * (bottom - top);
      return [word(14, y + 4, x.join("")), ...this.point(toX(values[0]), y, wanted, i === this.row)];
    });
    return [...cells, ...axis, ...rows];
  }

  /** Three hidden units: the unit cube seen from the side, cut by the plane of the output unit. */
  drawCube(plane) {
    const output = this.state.weights[3];
    const project = this.cubeView(plane);
    const edge = (a, b) => {
      const [[x1, y1], [x2, y2]] = [project(a), project(b)];
      return svg("line", { class: "nm-cube-edge", x1, y1, x2, y2 });
    };
    const corners = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1]);
    const edges = corners.flatMap((from) => [0, 1, 2].filter((axis) => !from[axis])
      .map((axis) => edge(from, from.map((value, i) => (i === axis ? 1 : value)))));
    const dots = corners.map((corner) => this.cornerDot(project(corner), weighted(output, corner)));
    const axes = [["h1", [0.5, 0, 0], 0, 15], ["h2", [1, 0.5, 0], 14, 14], ["h3", [0, 0, 0.5], -11, 4]];
    const names = axes.map(([text, at, dx, dy]) => {
      const [x, y] = project(at);
      return svg("text", { class: "nm-cube-name", x: x + dx, y: y + dy, "text-anchor": "middle", text });
    });
    const groups = this.groups((values) => project(values.slice(0, 3)));
    const rows = groups.flatMap((group) => this.drawGroup(group));
    return [...edges, ...this.drawCut(cubeCut(output), project), ...dots, ...names, ...rows];
  }

  /** What the output would be at a corner of the cube, whether or not a row lands there. */
  cornerDot([cx, cy], z) {
    const colour = divergingColour(this.ground(activationOf(this.state.activation)(z)));
    return svg("circle", { class: "nm-corner", cx, cy, r: 4, fill: `rgb(${colour.join()})` });
  }

  /** h1 to the right, h3 up, h2 into the depth: always the same view, so that points can be compared. */
  cubeView(plane) {
    const [width, height] = [plane.root.clientWidth, plane.root.clientHeight];
    const size = Math.min((width - 44) / 1.42, (height - 48) / 1.34);
    const [left, bottom] = [(width - 1.42 * size) / 2, height - (height - 1.34 * size) / 2 - 3];
    return ([a, b, c]) => [left + size * (a + 0.42 * b), bottom - size * (c + 0.34 * b)];
  }

  drawCut(cut, project) {
    if (cut.length < 3) return [];
    const flat = cut.map(project);
    const [x, y] = [0, 1].map((axis) => flat.reduce((sum, point) => sum + point[axis], 0) / flat.length);
    flat.sort((a, b) => Math.atan2(a[1] - y, a[0] - x) - Math.atan2(b[1] - y, b[0] - x));
    return [
      svg("polygon", { class: "nm-cut", points: flat.join(" ") }),
      svg("text", { class: "nm-name", x, y: y + 4, "text-anchor": "middle", text: "y" }),
    ];
  }

  // ------------------------------------------------------------------------------------- can one unit do it?

  drawQuestion() {
    const { hidden, target } = this.state;
    this.question.hidden = hidden !== 0;
    if (hidden) return;
    const right = countRight(this.truth);
    this.best[target] = Math.max(this.best[target] ?? 0, right);
    const guess = this.guesses[target];
    const what = guess === undefined ? " Say, then move its line." : "";
    setText(this.questionText, `Can one unit do ${target}?${what}`);
    this.answers.hidden = guess !== undefined;
    const said = guess === undefined ? "" : `You said ${guess ? "yes" : "no"}. `;
    setText(this.bestLine, `${said}Best so far: ${this.best[target]} of 4.`);
    setText(this.proof, guess === undefined ? "" : this.proofWords(target, this.best[target]));
  }

  proofWords(target, best) {
    const parted = target === "XOR" || target === "XNOR";
    if (best === 4) return "One line parts the rows: yes, it can.";
    if (!parted) return "Can you get all four?";
    if (best < 3) return "Can you get three?";
    const [on, off, then] = target === "XOR" ? [">", "\u2264", "\u2265"] : ["\u2264", ">", "<"];
    const fires = target === "XOR" ? "fires" : "stays off";
    return `Three is the most. (0, 0) wants b ${off} 0, the mixed rows w1 + b ${on} 0 and w2 + b ${on} 0. ` +
      `Added: w1 + w2 + b ${on} ${MINUS}b ${then} 0, so (1, 1) ${fires} too.`;
  }

  // ---------------------------------------------------------------------------------------------- the table

  drawTable() {
    const { hidden, target } = this.state;
    const names = ["x1", "x2", ...Array.from({ length: hidden }, (_, j) => `h${j + 1}`), "y", target, ""];
    if (isNew(this.head, "names", names.join())) {
      const cells = names.map((text) => make(text ? "th" : "td", text ? { scope: "col", text } : {}));
      this.head.replaceChildren(...cells);
    }
    this.rows.forEach(({ line, input, cells, text }, i) => {
      const { x, values, wanted, right } = this.truth[i];
      input.checked = i === this.state.row;
      line.classList.toggle("nm-looked-at", i === this.row);
      setText(text, String(x[0]));
      const mark = right ? TICK : CROSS;
      const texts = [x[1], ...values.map(sayUnit), wanted, mark];
      cells.slice(1).forEach((cell, k) => {
        cell.hidden = k >= texts.length;
        setText(cell, String(texts[k] ?? ""));
        const kind = k === texts.length - 1 ? (right ? "nm-good" : "nm-bad") : "";
        if (isNew(cell, "class", kind)) cell.className = kind;
      });
      setAttribute(cells[texts.length], "aria-label", right ? "right" : "wrong");
    });
  }

  /** The row looked at, unit by unit: the reader's numbers in the formula. */
  drawSums() {
    const { weights, hidden } = this.state;
    const { x, z, values } = this.truth[this.row];
    const lines = weights.map((numbers, j) => {
      const inputs = j === hidden && hidden ? values.slice(0, hidden) : x;
      return `${nameOf(j, hidden)}: ${sayFormula(numbers, inputs)} = ${sayValue(z[j])} \u2192 ${sayUnit(values[j])}`;
    });
    if (isNew(this.sums, "lines", lines.join("\n"))) {
      this.sums.replaceChildren(...lines.map((text, j) => make("p", { class: j === hidden ? "nm-last" : "", text })));
    }
  }

  // ---------------------------------------------------------------------------------------------- the words

  drawVerdict() {
    const kind = this.verdictKind;
    const text = [this.note, this.verdictWords(kind)].filter(Boolean).join(" ");
    setText(this.verdict, text);
    const right = countRight(this.truth) === 4;
    this.verdict.classList.toggle("nm-right", right && kind !== "stuck");
    this.verdict.classList.toggle("nm-problem", kind === "stuck" || (kind === "flat" && !right));
    if (!this.player.playing) this.status.say(text);
  }

  verdictWords(kind) {
    const { steps, target, weights } = this.state;
    const right = countRight(this.truth);
    const at = `Step ${say(steps)}: `;
    if (kind === "learned") return `${at}learned. Every output is within ${NEAR} of what is wanted.`;
    if (kind === "stuck" || (kind === "flat" && right < 4)) {
      return `Stuck at step ${say(steps)}: ${whyStuck(weights, target)}`;
    }
    if (steps) return `${at}${right} of 4 right.`;
    if (right === 4) return `4 of 4 right: this network does ${target}.`;
    const wrong = this.truth.filter((row) => !row.right).map(({ x }) => sayPoint(x));
    return `${right} of 4 right; wrong: ${wrong.join(", ")}.`;
  }
}

export default widgetOf(View);
