// DigitPad: a pad to draw on, a linear classifier that answers, and every product behind its answer.
//
// First the arithmetic, exported by name and without a page; then the widget, the default export.

import {
  MINUS, ModelView, Status, TIMES, button, clamp, control, divergingColour, field, inkOn, isNew, make, onDrag,
  say, select, setAttribute, setText, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------- arithmetic

export const SIDE = 8; // cells
export const FINE_SIDE = 32; // points of the hidden bitmap
export const BLOCK = FINE_SIDE / SIDE;
// Half a pen's width, in points. A scan has about 310 black points, whatever the digit; with a pen of four or
// less points a 7 over the whole pad has about 200 or fewer, with this one about 270.
export const PEN = 2.5;
export const ERASER = 3.5;

/** Set every point whose centre is within `radius` of the segment from [x, y] to [x, y]; in place. */
export function rasterise(fine, [x0, y0], [x1, y1], radius = PEN, value = 1) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const span = (a, b) => [Math.max(0, Math.floor(Math.min(a, b) - radius)), Math.min(FINE_SIDE, Math.ceil(Math.max(a, b) + radius))];
  const [[left, right], [top, bottom]] = [span(x0, x1), span(y0, y1)];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = length ? clamp((x * dx + y * dy) / length, 0, 1) : 0;
      if ((x - along * dx) ** 2 + (y - along * dy) ** 2 <= radius * radius) fine[row * FINE_SIDE + column] = value;
    }
  }
  return fine;
}

/** How many black points each block of 4 x 4 has: 64 numbers from 0 to 16, as the scans were made. */
export function blockCounts(fine) {
  const counts = new Array(SIDE * SIDE).fill(0);
  for (let row = 0; row < FINE_SIDE; row++) {
    for (let column = 0; column < FINE_SIDE; column++) {
      counts[Math.floor(row / BLOCK) * SIDE + Math.floor(column / BLOCK)] += fine[row * FINE_SIDE + column];
    }
  }
  return counts;
}

const toLevel = (count, levels) => Math.round((count * levels) / BLOCK ** 2);
export const levelsOf = (fine, levels = 16) => blockCounts(fine).map((count) => toLevel(count, levels));

// The order in which points are set in a block of which only their number is known: evenly spread.
const SPREAD = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

/** The bitmap that agrees with the levels: where a block does not, its points are spread evenly. */
export function fitFine(fine, pixels, levels = 16) {
  const fitted = Uint8Array.from(fine);
  levelsOf(fine, levels).forEach((level, cell) => {
    if (level === pixels[cell]) return;
    const count = Math.round((pixels[cell] * BLOCK ** 2) / levels);
    const corner = Math.floor(cell / SIDE) * BLOCK * FINE_SIDE + (cell % SIDE) * BLOCK;
    SPREAD.forEach((rank, k) => {
      fitted[corner + Math.floor(k / BLOCK) * FINE_SIDE + (k % BLOCK)] = rank < count ? 1 : 0;
    });
  });
  return fitted;
}

/** The bitmap as 32 numbers of 32 bits, the leftmost point the highest bit; and back. */
export function packRows(fine) {
  return Array.from({ length: FINE_SIDE }, (_, row) =>
    fine.subarray(row * FINE_SIDE, (row + 1) * FINE_SIDE).reduce((sum, bit) => sum * 2 + bit, 0));
}
export function unpackRows(rows) {
  const fine = new Uint8Array(FINE_SIDE ** 2);
  rows.forEach((bits, row) => {
    for (let column = 0; column < FINE_SIDE; column++) fine[row * FINE_SIDE + column] = (bits >>> (31 - column)) & 1;
  });
  return fine;
}

/** Move a square picture by whole cells; what leaves it is lost, what comes in is empty. */
export function shift(picture, down, right) {
  const side = Math.sqrt(picture.length);
  return picture.map((_, n) => {
    const [row, column] = [Math.floor(n / side) - down, (n % side) - right];
    return row >= 0 && row < side && column >= 0 && column < side ? picture[row * side + column] : 0;
  });
}

/** Ink times weight, cell by cell. */
export const contributions = (weights, ink) => weights.map((weight, n) => weight * ink[n]);

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Sum of ink times weight + bias, for each list of weights. */
export const logits = (weights, bias, ink) => weights.map((list, k) => sum(contributions(list, ink)) + bias[k]);

/** Probabilities from logits; the largest is taken away first, against overflow. */
export function softmax(z) {
  const most = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - most));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

/** Probabilities of the classes; one logit is that of the second of two: 1 / (1 + e^-z) is softmax of 0, z. */
export const probabilities = (z) => softmax(z.length === 1 ? [0, z[0]] : z);

/** What a classifier answers: ink, logits z, probabilities p, classes by probability (ties: the lower first). */
export function answerOf({ weights, bias, levels }, pixels) {
  const ink = pixels.map((level) => level / levels);
  const z = logits(weights, bias, ink);
  const p = probabilities(z);
  const order = p.map((_, k) => k).sort((a, b) => p[b] - p[a] || a - b);
  return { ink, z, p, order };
}

/** The weights and the bias of one class less those of another. */
export const difference = ({ weights, bias }, a, b) =>
  ({ weights: weights[a].map((weight, n) => weight - weights[b][n]), bias: bias[a] - bias[b] });

/** A probability for people; whole per cents, but never a certainty that is not there. */
export function sayShare(p, space = "\u00a0") {
  if (p > 0.99 && p < 1) return `>${space}99${space}%`;
  if (p < 0.01 && p > 0) return `<${space}1${space}%`;
  return `${Math.round(100 * p)}${space}%`;
}

/** A probability at the end of a sum: three or four decimals. */
export function sayProbability(p) {
  if (p < 1 && p > 0.99995) return "almost 1";
  return p < 0.001 ? sayLarge(p) : say(p, p > 0.99 ? 4 : 3);
}

/** A number of any size, at least 0, with two or three digits. */
export function sayLarge(value) {
  if (value === 0) return "0";
  if (value === Infinity) return "over 10³⁰⁸";
  if (value >= 0.01 && value < 1e5) return say(value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3);
  const [digits, power] = value.toExponential(1).split("e");
  const raised = [...String(Number(power))].map((c) => (c === "-" ? "\u207b" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
  return `${digits.replace("-", MINUS)}${TIMES}10${raised}`;
}

/** Before and after a change that leaves the digit what it was: words, and whether the answer held. */
export function compareAnswers(did, before, after, names) {
  const [was, is] = [before, after].map(({ p, order }) => ({ name: names[order[0]], share: sayShare(p[order[0]]) }));
  const held = was.name === is.name;
  const words = held
    ? `${did}: still ${is.name}. ${was.share} before, ${is.share} after.`
    : `${did}: ${was.name} (${was.share}) became ${is.name} (${is.share}).`;
  return { held, words };
}

// --------------------------------------------------------------------------------------------- the view

const SETTINGS = ["pixels", "fine", "shown_class", "compare", "cell", "overlay"];
const SHIFTS = [["left", 0, -1, "←"], ["up", -1, 0, "↑"], ["down", 1, 0, "↓"], ["right", 0, 1, "→"]];
const MOST_UNDO = 50;
const WHY_SHIFT = "Each weight looks at one place, and the ink is elsewhere now.";
const article = (name) => (/^(8|11|18|[aeio])/i.test(name) ? "an" : "a");

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.past = []; // what Undo goes back to
    this.hovered = null; // the cell below the mouse, or null
    this.byKey = false; // whether a key asks for words on the cell
    this.inked = false; // this.fine is newer than the model's
    this.erasing = false;
    this.note = null; // words on what the reader did last, as long as the pad stays as it is
    this.drawing = null; // a prediction on a digit that is to be drawn
    const get = (name) => model.get(name);
    this.names = get("class_names");
    this.classifier = { weights: get("weights"), bias: get("bias"), levels: get("levels") };
    this.isTwo = this.classifier.weights.length === 1;
    this.reach = this.reaches();
    this.build();
    el.append(this.root);
    this.followModel();
    this.draw();
  }

  /** The ends of the colour scale: of all templates, and of all differences between two. */
  reaches() {
    const { weights } = this.classifier;
    let [single, pair] = [1e-9, 1e-9];
    for (let n = 0; n < SIDE ** 2; n++) {
      const values = weights.map((list) => list[n]);
      single = Math.max(single, ...values.map(Math.abs));
      pair = Math.max(pair, Math.max(...values) - Math.min(...values));
    }
    return { single, pair };
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-digit-pad", role: "group", "aria-label": "A pad for digits" },
      make("div", { class: "nm-body" }, this.buildDrawing(), this.buildAnswer(), this.buildMaps(), this.buildWords(),
        this.buildQuestion(), this.status.element));
  }

  buildDrawing() {
    this.cells = make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    this.points = make("canvas", { width: FINE_SIDE, height: FINE_SIDE, "aria-hidden": "true" });
    this.numbers = Array.from({ length: SIDE ** 2 }, () => make("span"));
    this.numberLayer = make("div", { class: "nm-numbers", "aria-hidden": "true" }, ...this.numbers);
    this.padMark = make("div", { class: "nm-mark" });
    this.pad = control("div", {
      class: "nm-pad nm-stage", tabindex: "0", role: "application", "aria-roledescription": "drawing pad",
      "aria-label": "Pad", "aria-describedby": `${this.id}-help`, onkeydown: (event) => this.onKey(event),
    }, this.cells, this.points, make("div", { class: "nm-grid" }), this.numberLayer, this.padMark);
    this.hoverOn(this.pad);
    onDrag(this.pad, {
      start: (event) => this.startStroke(event), move: (event) => this.stroke(event), end: () => this.endStroke(),
    });
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys move from cell to cell. Space or Enter fills or empties a cell, a digit or plus and minus set " +
        "its ink, Delete empties it, Ctrl+Z undoes.",
    });
    const hint = make("p", { class: "nm-hint", text: "Fill the pad, as the scans do." });
    return make("div", { class: "nm-drawing" },
      make("div", { class: "nm-pad-box" }, this.pad, hint, help), this.buildTools());
  }

  buildTools() {
    this.penButton = button("Pen", () => this.choosePen(false));
    this.eraserButton = button("Eraser", () => this.choosePen(true));
    const shifts = SHIFTS.map(([name, down, right, arrow]) =>
      button(arrow, () => this.shiftBy(name, down, right), { "aria-label": `Shift ${name} ${arrow}` }));
    this.overlaySelect = select(["shades", "numbers", "stroke"], (overlay) => this.send({ overlay }));
    this.exampleSelect = control("select", { onchange: (event) => this.load(event.target.value) },
      make("option", { value: "", text: "your own" }),
      ...this.model.get("examples").map(({ name }, n) => make("option", { value: String(n), text: name })));
    const menu = field(this.id, "example", "Load a scan of", this.exampleSelect);
    menu.hidden = !this.model.get("examples").length;
    return make("div", { class: "nm-tools" }, menu,
      make("div", { class: "nm-pair" }, this.penButton, this.eraserButton,
        button("Undo", () => this.undo()), button("Clear", () => this.clear()),
        button("Invert", () => this.invert()), button("Reset", () => this.reset())),
      make("div", { class: "nm-shifts", role: "group", "aria-label": "Shift the drawing" },
        make("span", { class: "nm-label", text: "Shift by one cell" }), make("div", { class: "nm-four" }, ...shifts)),
      field(this.id, "overlay", "Cells show", this.overlaySelect));
  }

  buildAnswer() {
    [this.answerLine, this.truthLine] = [make("b"), make("span", { class: "nm-truth" })];
    this.bars = this.names.map((name, k) => this.buildBar(name, k));
    const attributes = this.isTwo ? { role: "img" } : { role: "radiogroup", "aria-label": "Class whose products are shown" };
    this.barBox = make("div", { class: "nm-bars", ...attributes }, ...this.bars.map(({ root }) => root));
    const key = make("p", { class: "nm-key", text: this.isTwo
      ? `Above ${this.names[1]} the logit z, below a bar its probability.`
      : "Above a bar its logit, below it its probability. Pick a class." });
    return make("div", { class: "nm-result" }, make("p", { class: "nm-answer" }, this.answerLine, this.truthLine), this.barBox, key);
  }

  /** A class: its logit, its probability as a bar and in numbers, its name. */
  buildBar(name, k) {
    const parts = Object.fromEntries(["logit", "share", "name"].map((part) => [part, make("span", { class: `nm-bar-${part}` })]));
    parts.fill = make("span", { class: "nm-fill" });
    parts.name.textContent = name;
    // Read in this order; the style sheet puts the logit on top.
    const aside = (text) => make("span", { class: "nm-hidden", text });
    const children = [parts.name, aside(", probability "), parts.share, make("span", { class: "nm-track" }, parts.fill),
      aside(", logit "), parts.logit];
    if (this.isTwo) return { ...parts, root: make("div", { class: "nm-bar" }, ...children) };
    const root = control("div", {
      class: "nm-bar", role: "radio", onclick: () => this.choose(k), onkeydown: (event) => this.onBarKey(event, k),
    }, ...children);
    return { ...parts, root };
  }

  buildMaps() {
    this.viewSelect = control("select", { onchange: (event) => this.chooseView(event.target.value) },
      make("option", { value: "winner" }),
      ...this.names.map((name, k) => make("option", { value: String(k), text: `class ${name}` })),
      make("option", { value: "compare" }));
    const choice = field(this.id, "view", "Look at", this.viewSelect);
    choice.hidden = this.isTwo;
    [this.template, this.products] = ["template", "products"].map((name) => this.buildMap(name));
    const stops = [-1, -0.5, 0, 0.5, 1].map((v) => `rgb(${divergingColour(v).join()}) ${50 + 50 * v}%`);
    const bar = make("span", { class: "nm-scale-bar", style: `background: linear-gradient(to right, ${stops.join()})` });
    this.scaleEnds = [make("span"), make("span")];
    const scale = make("div", { class: "nm-scale" }, this.scaleEnds[0], bar, this.scaleEnds[1]);
    return make("div", { class: "nm-maps" }, choice,
      make("div", { class: "nm-two-maps" }, this.template.root, this.products.root), scale);
  }

  /** A signed picture of 8 x 8 with a caption and a mark on the cell in question. */
  buildMap(name) {
    const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img" });
    const mark = make("div", { class: "nm-mark" });
    const caption = make("div", { class: "nm-caption" });
    const square = make("div", { class: "nm-square" }, canvas, mark);
    this.hoverOn(square);
    square.addEventListener("click", (event) => this.send({ cell: this.cellAt(event, square) }));
    return { root: make("div", { class: `nm-map nm-map-${name}` }, caption, square), canvas, mark, caption };
  }

  buildWords() {
    const line = (name) => make("p", { class: `nm-${name}` });
    [this.cellLine, this.sumLine, this.shareLine] = ["cell-line", "sum-line", "share-line"].map(line);
    [this.cellInk, this.cellProduct] = [make("span"), make("span", { class: "nm-product" })];
    this.cellLine.append(this.cellInk, this.cellProduct);
    this.share = { start: make("span"), power: make("sup"), all: make("span"), rest: make("span") };
    this.share.all.append(" / Σ e", make("sup", { text: "z" }));
    this.shareLine.append(...Object.values(this.share));
    return make("div", { class: "nm-words" }, this.cellLine, this.sumLine, this.shareLine);
  }

  buildQuestion() {
    const option = (value, text) => make("option", { value, text });
    this.taskSelect = control("select", { id: `${this.id}-task`, onchange: () => this.newTask() },
      option("shift:right", "shift it right"), option("shift:left", "shift it left"),
      option("shift:up", "shift it up"), option("shift:down", "shift it down"), option("invert", "invert it"),
      ...this.names.map((name, k) => option(`draw:${k}`, `draw ${article(name)} ${name}`)));
    // A 7 is what the course asks for; where there is none, the first change.
    const seven = this.names.indexOf("7");
    this.taskSelect.value = seven < 0 ? "shift:right" : `draw:${seven}`;
    this.taskText = make("span", { class: "nm-task" });
    this.yes = button("Yes", () => this.predict(true));
    this.no = button("No", () => this.predict(false));
    this.check = button("Check", () => this.judgeDrawing());
    this.noteLine = make("p", { class: "nm-note" });
    return make("div", { class: "nm-question" },
      make("div", { class: "nm-ask" }, make("label", { for: this.taskSelect.id, text: "Predict:" }), this.taskSelect,
        this.taskText, this.yes, this.no, this.check), this.noteLine);
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** The bitmap as the model has it, made to agree with the levels. */
  bitmap() {
    return fitFine(unpackRows(this.model.get("fine")), this.model.get("pixels"), this.classifier.levels);
  }

  remember() {
    this.past.push({ pixels: this.model.get("pixels"), fine: this.model.get("fine") });
    if (this.past.length > MOST_UNDO) this.past.shift();
  }

  /** Put something else on the pad, so that Undo can go back. */
  replace(pixels, fine = new Uint8Array(FINE_SIDE ** 2)) {
    this.remember();
    this.send({ pixels, fine: packRows(fine) });
  }

  undo() {
    if (this.past.length) this.send(this.past.pop());
    else this.tell("There is nothing to undo.");
  }

  clear() {
    this.replace(new Array(SIDE ** 2).fill(0));
  }

  invert() {
    const { levels } = this.classifier;
    this.change("Inverted", this.model.get("pixels").map((level) => levels - level), this.bitmap().map((bit) => 1 - bit));
  }

  shiftBy(name, down, right) {
    const pixels = this.model.get("pixels");
    if (!pixels.some(Boolean)) {
      this.tell("The pad is empty: there is nothing to shift. Draw, or load a scan.");
      return null;
    }
    const moved = shift(pixels, down, right);
    const lost = sum(pixels) - sum(moved);
    const did = `Shifted ${name}${lost ? `, ${lost} of ${sum(pixels)} ink cut off` : ""}`;
    return this.change(did, moved, shift(this.bitmap(), down * BLOCK, right * BLOCK));
  }

  /** Do something to the drawing and say what became of the answer; returns whether it held. */
  change(did, pixels, fine) {
    const before = answerOf(this.classifier, this.model.get("pixels"));
    this.replace(pixels, fine);
    const { held, words } = compareAnswers(did, before, answerOf(this.classifier, pixels), this.names);
    this.tell(words);
    return held;
  }

  /** Say something about the pad as it is now; `verdict` says whether a prediction was right. */
  tell(words, verdict = null) {
    this.note = { words, verdict, about: String(this.model.get("pixels")) };
    this.status.say(words);
    this.schedule();
  }

  load(value) {
    if (value === "") this.clear();
    else this.replace([...this.model.get("examples")[Number(value)].pixels]);
  }

  reset() {
    this.remember();
    this.drawing = null;
    this.note = null;
    this.choosePen(false);
    this.send(this.model.get("initial"));
  }

  choosePen(erasing) {
    this.erasing = erasing;
    this.schedule();
  }

  choose(k) {
    this.look({ shown_class: k, compare: false });
  }

  chooseView(value) {
    if (value === "compare") this.look({ compare: true });
    else this.look({ compare: false, shown_class: value === "winner" ? null : Number(value) });
  }

  /** Look at something else, and say what it adds up to. */
  look(changes) {
    this.send(changes);
    this.draw();
    this.status.say(`${this.template.caption.textContent}. ${this.sumLine.textContent}.`);
  }

  onBarKey(event, k) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const count = this.names.length;
    const steps = { ArrowRight: k + 1, ArrowDown: k + 1, ArrowLeft: k - 1, ArrowUp: k - 1, Home: 0, End: count - 1, " ": k, Enter: k };
    if (!(event.key in steps)) return;
    const next = (steps[event.key] + count) % count;
    this.choose(next);
    this.bars[next].root.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  // ---------------------------------------------------------------------------------- the pen, the keys

  /** The place of a pointer event in an element, in points of the bitmap. */
  placeAt(event, element) {
    const box = element.getBoundingClientRect();
    const at = (value, start, size) => ((value - start) / size) * FINE_SIDE;
    const border = element.clientLeft;
    return [
      at(event.clientX, box.left + border, element.clientWidth), at(event.clientY, box.top + border, element.clientHeight),
    ];
  }

  cellAt(event, element) {
    const [x, y] = this.placeAt(event, element);
    return [y, x].map((value) => clamp(Math.floor(value / BLOCK), 0, SIDE - 1));
  }

  hoverOn(element) {
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.hover(this.cellAt(event, element));
    });
    element.addEventListener("pointerleave", () => this.hover(null));
  }

  hover(cell) {
    if (String(cell) === String(this.hovered)) return;
    this.hovered = cell;
    this.schedule();
  }

  startStroke(event) {
    this.remember();
    this.last = this.placeAt(event, this.pad);
    this.fine = this.bitmap();
    this.stroke(event);
  }

  stroke(event) {
    const place = this.placeAt(event, this.pad);
    if (this.erasing) rasterise(this.fine, this.last, place, ERASER, 0);
    else rasterise(this.fine, this.last, place);
    this.last = place;
    this.lastCell = this.cellAt(event, this.pad);
    this.inked = true;
    this.schedule();
  }

  endStroke() {
    this.takeInk();
    this.send({ cell: this.lastCell });
  }

  /** Give what was drawn to the model: once a frame, not once a movement. */
  takeInk() {
    if (!this.inked) return;
    this.inked = false;
    const { levels } = this.classifier;
    this.send({ pixels: levelsOf(this.fine, levels), fine: packRows(this.fine), cell: this.lastCell });
  }

  onKey(event) {
    const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (undo) this.undo();
    else if (event.altKey || event.metaKey || event.ctrlKey) return;
    else if (!this.moveCell(event.key) && !this.setInk(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  moveCell(key) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(key in moves)) return false;
    const cell = this.model.get("cell").map((value, axis) => clamp(value + moves[key][axis], 0, SIDE - 1));
    this.hovered = null;
    this.send({ cell });
    this.byKey = true;
    return true;
  }

  setInk(key) {
    const { levels } = this.classifier;
    const [row, column] = this.model.get("cell");
    const index = row * SIDE + column;
    const level = this.model.get("pixels")[index];
    const next = { " ": level === levels ? 0 : levels, Enter: level === levels ? 0 : levels, "+": level + 1, "=": level + 1,
      "-": level - 1, Delete: 0, Backspace: 0 }[key] ?? (/^\d$/.test(key) ? Number(key) : null);
    if (next === null) return false;
    this.hovered = null;
    const kept = clamp(next, 0, levels);
    if (kept !== level) this.replace(this.model.get("pixels").map((old, n) => (n === index ? kept : old)), this.bitmap());
    this.byKey = true;
    return true;
  }

  // --------------------------------------------------------------------------------------- predictions

  newTask() {
    this.drawing = null;
    this.schedule();
  }

  predict(guess) {
    const [kind, what] = this.taskSelect.value.split(":");
    if (kind === "draw") {
      this.clear();
      this.drawing = { guess, target: Number(what) };
      this.tell(`Noted: ${guess ? "yes" : "no"}. Draw it on the clean pad, then check.`);
      this.draw();
      this.check.focus({ preventScroll: true }); // the button that had the focus is gone
      return;
    }
    let held = null;
    if (!this.model.get("pixels").some(Boolean)) this.tell("The pad is empty. Draw, or load a scan, then predict.");
    else if (kind === "invert") held = this.invert();
    else held = this.shiftBy(...SHIFTS.find(([name]) => name === what));
    if (held === null || held === undefined) return;
    const why = held || kind === "invert" ? "" : ` ${WHY_SHIFT}`;
    this.tell(`${guess === held ? "You were right." : "Not so."} ${this.note.words}${why}`, guess === held);
  }

  judgeDrawing() {
    const { guess, target } = this.drawing;
    const name = this.names[target];
    if (!this.model.get("pixels").some(Boolean)) {
      this.tell(`The pad is still empty: draw ${article(name)} ${name} first.`);
      return;
    }
    const { p, order } = answerOf(this.classifier, this.model.get("pixels"));
    const knows = order[0] === target;
    const words = knows
      ? `It answers ${name}, ${sayShare(p[target])}.`
      : `It answers ${this.names[order[0]]}, ${sayShare(p[order[0]])}; ${name} gets ${sayShare(p[target])}.`;
    this.drawing = null;
    this.tell(`${guess === knows ? "You were right." : "Not so."} ${words}`, guess === knows);
    this.draw();
    this.yes.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    this.takeInk();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.pixels = this.model.get("pixels");
    this.isEmpty = !this.pixels.some(Boolean);
    this.answer = answerOf(this.classifier, this.pixels);
    this.shown = this.whatIsShown();
    this.drawPad();
    this.drawTools();
    this.drawAnswer();
    this.drawMaps();
    this.drawWords();
    this.drawQuestion();
    this.announce();
  }

  /** What the maps show: weights, bias, names, the logit's name. */
  whatIsShown() {
    const [first, second] = this.answer.order;
    const { weights, bias } = this.classifier;
    if (this.isTwo) return { kind: "two", k: 0, weights: weights[0], bias: bias[0], z: this.answer.z[0] };
    if (this.model.get("compare")) {
      return { kind: "compare", k: first, other: second, ...difference(this.classifier, first, second), z: this.answer.z[first] - this.answer.z[second] };
    }
    const k = this.model.get("shown_class") ?? first;
    return { kind: "class", k, weights: weights[k], bias: bias[k], z: this.answer.z[k] };
  }

  drawPad() {
    const { levels } = this.classifier;
    const overlay = this.model.get("overlay");
    const fineIsNew = isNew(this, "bitmap", `${overlay} ${this.model.get("fine")} ${this.pixels}`);
    if (fineIsNew) {
      const shade = overlay === "stroke" ? 0.4 : 1; // pale below the points
      paintCells(this.cells, this.pixels.map((level) => grey((shade * level) / levels)));
      this.points.hidden = overlay !== "stroke";
      this.numberLayer.hidden = overlay !== "numbers";
      if (overlay === "stroke") this.paintPoints();
      if (overlay === "numbers") this.numbers.forEach((span, n) => this.drawNumber(span, this.pixels[n]));
    }
    for (const mark of [this.padMark, this.template.mark, this.products.mark]) placeMark(mark, this.cell());
    setAttribute(this.pad, "aria-label", `Pad: ${this.cellWords()}`);
  }

  paintPoints() {
    const context = this.points.getContext("2d");
    const image = context.createImageData(FINE_SIDE, FINE_SIDE);
    this.bitmap().forEach((bit, n) => image.data.set([0, 114, 178, bit ? 180 : 0], 4 * n));
    context.putImageData(image, 0, 0);
  }

  drawNumber(span, level) {
    setText(span, level ? String(level) : "");
    const colour = inkOn(grey(level / this.classifier.levels));
    if (isNew(span, "colour", colour)) span.style.color = colour;
  }

  drawTools() {
    setAttribute(this.penButton, "aria-pressed", String(!this.erasing));
    setAttribute(this.eraserButton, "aria-pressed", String(this.erasing));
    this.overlaySelect.value = this.model.get("overlay");
    const index = this.exampleIndex();
    this.exampleSelect.value = index < 0 ? "" : String(index);
  }

  /** Which scan is on the pad, or -1. */
  exampleIndex() {
    const now = String(this.pixels);
    return this.model.get("examples").findIndex(({ pixels }) => String(pixels) === now);
  }

  drawAnswer() {
    const { z, p, order } = this.answer;
    setText(this.answerLine, this.answerWords());
    setText(this.truthLine, this.truthWords());
    this.truthLine.classList.toggle("nm-not", this.truthWords().startsWith("Wrong"));
    const checked = this.isTwo ? -1 : this.shown.k;
    this.bars.forEach((bar, k) => {
      const logit = this.isTwo ? (k ? z[0] : null) : z[k];
      setText(bar.logit, logit === null ? "" : say(logit, 1));
      setText(bar.share, sayShare(p[k], ""));
      if (isNew(bar.fill, "height", p[k].toFixed(3))) bar.fill.style.height = `${100 * p[k]}%`;
      setAttribute(bar.root, "class", `nm-bar${k === order[0] ? " nm-winner" : ""}`);
      if (this.isTwo) return;
      setAttribute(bar.root, "aria-checked", String(k === checked));
      setAttribute(bar.root, "tabindex", k === checked ? "0" : "-1");
    });
    if (this.isTwo) setAttribute(this.barBox, "aria-label", `${this.answerWords()} The logit z is ${say(z[0])}.`);
  }

  answerWords() {
    const { p, order } = this.answer;
    const [first, second] = order.map((k) => `${this.names[k]}, ${sayShare(p[k])}`);
    if (this.isEmpty) return `The pad is empty: the bias${this.isTwo ? "" : "es"} alone answer${this.isTwo ? "s" : ""} ${first}.`;
    return `Answer: ${first}; then ${second}.`;
  }

  /** Whether the answer to a scan is right; nothing for a drawing of the reader's own. */
  truthWords() {
    const index = this.exampleIndex();
    if (index < 0 || this.isEmpty) return "";
    const { label } = this.model.get("examples")[index];
    return label === this.answer.order[0] ? "Right." : `Wrong: ${article(this.names[label])} ${this.names[label]}.`;
  }

  drawMaps() {
    const { weights, kind, k, other } = this.shown;
    const reach = kind === "compare" ? this.reach.pair : this.reach.single;
    const [first, second] = this.answer.order.map((n) => this.names[n]);
    const options = this.viewSelect.options;
    setText(options[0], `the winner, ${first}`);
    setText(options[options.length - 1], `why ${first}, not the second best, ${second}?`);
    this.viewSelect.value = kind === "compare" ? "compare" : String(this.model.get("shown_class") ?? "winner");
    const name = kind === "compare" ? `${this.names[k]} ${MINUS} ${this.names[other]}` : this.isTwo ? `${this.names[1]} against ${this.names[0]}` : this.names[k];
    setText(this.template.caption, `Weights: ${name}`);
    setText(this.products.caption, `Ink ${TIMES} weight`);
    this.productValues = contributions(weights, this.answer.ink);
    if (isNew(this.template, "values", `${kind} ${k} ${other}`)) paintSigned(this.template.canvas, weights, reach);
    if (isNew(this.products, "values", `${kind} ${k} ${other} ${this.pixels}`)) paintSigned(this.products.canvas, this.productValues, reach);
    const sides = { class: ["against", "in favour"], compare: [`for ${this.names[other]}`, `for ${this.names[k]}`],
      two: [`for ${this.names[0]}`, `for ${this.names[1]}`] }[kind];
    setText(this.scaleEnds[0], `${sides[0]} ${say(-reach)}`);
    setText(this.scaleEnds[1], `${say(reach)} ${sides[1]}`);
    setAttribute(this.template.canvas, "aria-label",
      `Template: the weights of ${name}, purple below zero, orange above; from ${say(Math.min(...weights))} to ${say(Math.max(...weights))}.`);
    const [most, least] = [Math.max(...this.productValues), Math.min(...this.productValues)];
    setAttribute(this.products.canvas, "aria-label",
      `Ink times weight for ${name}: ${say(sum(this.productValues))} in all, from ${say(least)} to ${say(most)}.`);
  }

  /** The cell in question: the one below the mouse, else the one chosen. */
  cell() {
    return this.hovered ?? this.model.get("cell");
  }

  cellWords() {
    const [row, column] = this.cell();
    const { levels } = this.classifier;
    const pixels = this.model.get("pixels");
    const { p, order } = answerOf(this.classifier, pixels);
    return `row ${row + 1}, column ${column + 1}, ink ${pixels[row * SIDE + column]} of ${levels}; ` +
      `answer: ${this.names[order[0]]}, ${sayShare(p[order[0]])}`;
  }

  drawWords() {
    const [row, column] = this.cell();
    const index = row * SIDE + column;
    const { levels } = this.classifier;
    const { kind, k, other, bias, z } = this.shown;
    const total = sum(this.productValues);
    setText(this.cellInk, `Row ${row + 1}, column ${column + 1}: ink ${this.pixels[index]}/${levels} = ${say(this.answer.ink[index])}, `);
    setText(this.cellProduct, `${TIMES} weight ${say(this.shown.weights[index])} = ${say(this.productValues[index])}`);
    const sign = bias < 0 ? MINUS : "+";
    const [biasWord, end] = kind === "compare" ? ["biases", "difference of logits"] : ["bias", "logit"];
    const start = kind === "compare" ? "All 64" : "All 64 added up";
    setText(this.sumLine, `${start}: ${say(total)} ${sign} ${biasWord} ${say(Math.abs(bias))} = ${end} ${say(z)}`);
    this.drawShare(kind, k, other, z);
  }

  /** The step from logit to probability, with the numbers in. */
  drawShare(kind, k, other, z) {
    const { start, power, rest } = this.share;
    const { p } = this.answer;
    setText(power, say(kind === "two" ? -z : z));
    this.share.all.hidden = kind !== "class";
    if (kind === "two") {
      setText(start, "Sigmoid: 1 / (1 + e");
      setText(rest, `) = ${sayProbability(p[1])} for ${this.names[1]}`);
    } else if (kind === "compare") {
      setText(start, `${this.names[k]} is e`);
      setText(rest, ` = ${sayLarge(Math.exp(z))} times as probable as ${this.names[other]}`);
    } else {
      const all = sum(this.answer.z.map(Math.exp));
      const filled = Number.isFinite(all) ? ` = ${sayLarge(Math.exp(z))} / ${sayLarge(all)}` : "";
      setText(start, "Softmax: e");
      setText(rest, `${filled} = ${sayProbability(p[k])}`);
    }
  }

  drawQuestion() {
    const [kind] = this.taskSelect.value.split(":");
    const waits = this.drawing !== null;
    for (const button of [this.yes, this.no]) button.hidden = waits;
    this.check.hidden = !waits;
    const first = this.names[this.answer.order[0]];
    const question = kind === "draw" ? "Will it know?" : `Still ${first}?`;
    setText(this.taskText, waits ? "Drawn?" : question);
    if (this.note && this.note.about !== String(this.pixels)) this.note = null;
    setText(this.noteLine, this.note?.words ?? "");
    this.noteLine.classList.toggle("nm-right", this.note?.verdict === true);
    this.noteLine.classList.toggle("nm-not", this.note?.verdict === false);
  }

  /** Say what is new: the cell after a key, else the answer; a note has been said already. */
  announce() {
    const words = `${this.answerWords()} ${this.truthWords()}`.trim();
    const changed = isNew(this, "said", words);
    if (this.byKey) this.status.say(this.cellWords());
    else if (changed && !this.note) this.status.say(words);
    this.byKey = false;
  }
}

/** Ink 0 is white paper, ink 1 is black. */
const grey = (ink) => new Array(3).fill(Math.round(255 - 235 * ink));

function paintCells(canvas, colours) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  colours.forEach((colour, n) => image.data.set([...colour, 255], 4 * n));
  context.putImageData(image, 0, 0);
}

const paintSigned = (canvas, values, reach) => paintCells(canvas, values.map((value) => divergingColour(value / reach)));

function placeMark(mark, [row, column]) {
  if (!isNew(mark, "place", `${row} ${column}`)) return;
  mark.style.left = `${(100 * column) / SIDE}%`;
  mark.style.top = `${(100 * row) / SIDE}%`;
}

export default widgetOf(View);
