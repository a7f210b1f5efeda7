// PoolingExplorer: pool a small map, shift it by some pixels, and count which pooled numbers survive.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (pooling_explorer.py names it), so that two
// views and Python see the same.

import {
  DIVERGING, MINUS, ModelView, Status, TIMES, arrowsFrom, button, checkbox, clamp, control, divergingColour,
  field, inkOn, isNew, make, say, select, setAttribute, setText, settingsOf, takeKey, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------- arithmetic

/** Windows that fit along one direction, as `notmagic.geometry.output_size` without padding. */
export const outputSize = (n, f, s) => Math.floor((n - f) / s) + 1;

/** Whether a window of size f, moving by s, ever reaches the pixel at `index` of n. */
export function isReached(index, n, f, s) {
  return index % s < f && index < (outputSize(n, f, s) - 1) * s + f;
}

/** Move a map down and to the right; zeros come in, what leaves is lost. */
export function shiftMap(map, [down, right]) {
  const { height, width, values } = map;
  const moved = new Float64Array(height * width);
  for (let y = Math.max(down, 0); y < height + Math.min(down, 0); y++) {
    for (let x = Math.max(right, 0); x < width + Math.min(right, 0); x++) {
      moved[y * width + x] = values[(y - down) * width + x - right];
    }
  }
  return { height, width, values: moved };
}

/** The f x f numbers under the window of one pooled number, in reading order. */
export function windowAt(map, f, s, row, col) {
  const numbers = [];
  for (let y = row * s; y < row * s + f; y++) {
    for (let x = col * s; x < col * s + f; x++) numbers.push(map.values[y * map.width + x]);
  }
  return numbers;
}

const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

const KINDS = {
  max: (numbers) => Math.max(...numbers),
  average: (numbers) => total(numbers) / numbers.length,
  sum: total,
};

/** What is kept of one window. */
export const poolOf = (numbers, how) => KINDS[how](numbers);

/** Pool a whole map. */
export function pool(map, how, f, s) {
  const height = outputSize(map.height, f, s);
  const width = outputSize(map.width, f, s);
  const values = new Float64Array(height * width);
  for (let i = 0; i < values.length; i++) {
    values[i] = poolOf(windowAt(map, f, s, Math.floor(i / width), i % width), how);
  }
  return { height, width, values };
}

/** How a gradient of 1 at the pooled number is divided among the numbers of its window. */
export function sharesOf(numbers, how) {
  if (how === "average") return numbers.map(() => 1 / numbers.length);
  if (how === "sum") return numbers.map(() => 1);
  const winner = numbers.indexOf(poolOf(numbers, how)); // the first of equals
  return numbers.map((_, i) => (i === winner ? 1 : 0));
}

const NOTHING = 1e-5; // averages that differ by less differ by rounding alone; as in Python

/** Which numbers are the same at the same place in two maps: each, how many, and how many of these are not 0. */
export function compare(before, after) {
  const same = Array.from(before.values, (value, i) => Math.abs(value - after.values[i]) <= NOTHING);
  const count = same.filter(Boolean).length;
  const notZero = same.filter((is, i) => is && Math.abs(before.values[i]) > NOTHING).length;
  return { same, count, notZero, total: same.length };
}

// --------------------------------------------------------------------------------------------- colours

/** Grey from 0 to the largest, or centred on zero: the colours that hold for all maps in `maps`. */
export function scaleOf(maps, grey) {
  let low = 0;
  let high = 0;
  for (const { values } of maps) {
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return { grey, signed: low < 0, limit: Math.max(-low, high) || 1 };
}

/** The colour of one value on a scale: [red, green, blue]. */
export function colourOn(scale, value) {
  if (!scale.grey) return divergingColour(value / scale.limit);
  const grey = Math.round((255 * value) / scale.limit);
  return [grey, grey, grey];
}

// ------------------------------------------------------------------------------------- numbers in words

const times = (...numbers) => numbers.join(` ${TIMES} `);
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const span = (from, length) => (length === 1 ? `${from}` : `${from}\u2013${from + length - 1}`);

/** The most exact way to write a number that fits, such as 12.25, 12.3 or 12; nothing if none does. */
export function fitNumber(value, fits) {
  for (const decimals of [2, 1, 0]) {
    const text = say(value, decimals).replace(/^(\u2212?)0\./, "$1.");
    if (fits(text)) return text;
  }
  return "";
}

/** A share of the gradient: 1, 0, or a fraction such as 1/4. */
export const sayShare = (share) => (share > 0 && share < 1 ? `1/${Math.round(1 / share)}` : say(share));

// Nine or sixteen terms go close together, for a phone's width; the line may break before each plus.
const MANY = 9;
const CLOSE_PLUS = "\u200b+";

/** What is done with the numbers of one window, and what comes out. */
export function arithmeticWords(numbers, how) {
  const result = say(poolOf(numbers, how));
  if (how === "max") return `max(${numbers.map((number) => say(number)).join(", ")}) = ${result}`;
  const plus = numbers.length < MANY ? " + " : CLOSE_PLUS;
  const terms = numbers.map((number, i) => (number < 0 && i > 0 ? `(${say(number)})` : say(number))).join(plus);
  if (how === "sum") return `${terms} = ${result}`;
  return `${numbers.length > 1 ? `(${terms})` : terms} / ${numbers.length} = ${result}`;
}

/** Who gets the gradient, with the place of the winner in the map. */
export function gradientWords(numbers, how, f, top, left) {
  const n = numbers.length;
  if (how === "sum") return n > 1 ? `1 to each of the ${n} pixels` : "1 to the one pixel";
  if (how === "average") return n > 1 ? `1/${n} to each of the ${n} pixels` : "1 to the one pixel";
  const largest = poolOf(numbers, how);
  const winner = numbers.indexOf(largest);
  const equals = numbers.filter((number) => number === largest).length;
  const place = `row ${top + Math.floor(winner / f)}, column ${left + (winner % f)}`;
  return `1 to the ${say(largest)} in ${place}${equals > 1 ? `, first of ${equals} equals` : ""}`;
}

/** The size formula along one direction: in letters, and with the reader's numbers. */
export function formulaWords(n, f, s) {
  return [`floor((n ${MINUS} f) / s) + 1`, `floor((${n} ${MINUS} ${f}) / ${s}) + 1 = ${outputSize(n, f, s)}`];
}

/** The rows and columns that no window reaches; "" if there are none. */
export function leftoverWords({ height, width }, f, s) {
  const words = [[height, "row"], [width, "column"]].flatMap(([n, noun]) => {
    const left = n - ((outputSize(n, f, s) - 1) * s + f);
    return left > 0 ? [count(left, noun)] : [];
  });
  if (s > f) words.push("gaps between windows");
  return words.join(", ");
}

/** A shift in words, such as "1 down, 2 left"; "" for none. */
export function shiftWords([down, right]) {
  const parts = [];
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
  return parts.join(", ");
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["map_name", "pool_size", "stride", "how", "shift", "row", "col", "show_gradient", "ask"];
const LARGEST_SHIFT = 3;
const LARGEST_WINDOW = 4;
const SMALLEST_TYPE = 11; // CSS pixels
const SMALLEST_BOX = 14; // a cell that holds a box
const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";

function readState(model) {
  const state = settingsOf(model, SETTINGS);
  const maps = model.get("maps");
  state.map = maps.find((map) => map.name === state.map_name) ?? maps[0];
  state.out = [outputSize(state.map.height, state.pool_size, state.stride),
    outputSize(state.map.width, state.pool_size, state.stride)];
  // For a moment Python may have set the size and not yet the place.
  state.place = [clamp(state.row, 0, state.out[0] - 1), clamp(state.col, 0, state.out[1] - 1)];
  return state;
}

/** Pool a map before and after a shift, and compare. */
function work({ map, shift, how, pool_size: f, stride: s }) {
  const inputs = [map, shiftMap(map, shift)];
  const pooled = inputs.map((input) => pool(input, how, f, s));
  return { inputs, pooled, inputSame: compare(...inputs), pooledSame: compare(...pooled) };
}

/** Keep looking at the same part of the input when sizes change. */
function keepPlace(before, after) {
  const move = (axis) => {
    const centre = before.place[axis] * before.stride + before.pool_size / 2;
    return clamp(Math.round((centre - after.pool_size / 2) / after.stride), 0, after.out[axis] - 1);
  };
  return { row: move(0), col: move(1) };
}

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    Object.assign(this, { el, pending: null, askedFor: "", verdict: "", placed: null });
    this.build();
    this.followModel();
    this.resizing = new ResizeObserver(() => {
      for (const panel of this.panels) panel.width = panel.stage.clientWidth;
      this.draw();
    });
    for (const panel of this.panels) this.resizing.observe(panel.stage);
    this.draw();
  }

  destroy() {
    this.resizing.disconnect();
    super.destroy();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    const reset = button("Reset", () => this.reset(), { class: "nm-reset" });
    const body = make("div", { class: "nm-body" },
      this.buildControls(), reset, ...this.buildPairs(), this.buildButtons(), this.buildWords());
    const name = "Pooling explorer";
    this.root = make("div", { class: "nm-widget nm-pooling-explorer", role: "group", "aria-label": name }, body);
    this.el.append(this.root);
  }

  buildControls() {
    const range = (min, max, change) =>
      control("input", { type: "range", min, max, step: 1, oninput: (event) => change(event.target.valueAsNumber) });
    const names = this.model.get("maps").map((map) => map.name);
    this.mapSelect = select(names, (map_name) => this.change({ map_name }));
    this.howSelect = select(Object.keys(KINDS), (how) => this.change({ how }));
    this.sizeRange = range(1, LARGEST_WINDOW, (pool_size) => this.change({ pool_size }));
    this.strideRange = range(1, LARGEST_WINDOW, (stride) => this.change({ stride }));
    this.shiftRanges = [0, 1].map((axis) =>
      range(-LARGEST_SHIFT, LARGEST_SHIFT, (value) => {
        const shift = [...(this.pending ?? this.model.get("shift"))];
        shift[axis] = value;
        this.shiftTo(shift);
      }),
    );
    const value = () => make("span", { class: "nm-value" });
    [this.sizeValue, this.strideValue, ...this.shiftValues] = [value(), value(), value(), value()];
    return make(
      "div",
      { class: "nm-controls" },
      field(this.id, "map", "Map", this.mapSelect),
      field(this.id, "how", "Pooling", this.howSelect),
      field(this.id, "size", "Window", this.sizeRange, this.sizeValue),
      field(this.id, "stride", "Stride", this.strideRange, this.strideValue),
      field(this.id, "right", "Shift right", this.shiftRanges[1], this.shiftValues[1]),
      field(this.id, "down", "Shift down", this.shiftRanges[0], this.shiftValues[0]),
    );
  }

  /** Four pictures: the input and the pooled map, each before and after the shift. */
  buildPairs() {
    const inputs = [this.buildPanel("input", this.buildLegend()), this.buildPanel("input", this.buildScore())];
    const pooled = [this.buildPanel("pooled", this.buildLegend()), this.buildPanel("pooled", this.buildScore())];
    this.panels = [...inputs, ...pooled];
    const toWindow = (x, y) => {
      const { map, pool_size: f, stride: s } = this.state;
      return [(y * map.height - f / 2) / s, (x * map.width - f / 2) / s].map(Math.round);
    };
    const toCell = (x, y) => [Math.floor(y * this.state.out[0]), Math.floor(x * this.state.out[1])];
    for (const panel of inputs) this.listen(panel.stage, toWindow);
    for (const panel of pooled) this.listen(panel.stage, toCell);
    const keys = {
      tabindex: "0", role: "application", "aria-roledescription": "pooled maps", "aria-describedby": `${this.id}-help`,
      "aria-label": "Pooled numbers: arrow keys go from one to the next", onkeydown: (event) => this.onKey(event),
    };
    return [
      make("div", { class: "nm-pair nm-pair-input" }, ...inputs.map((panel) => panel.element)),
      control("div", { class: "nm-pair nm-pair-pooled", ...keys }, ...pooled.map((panel) => panel.element)),
    ];
  }

  buildPanel(kind, note) {
    const canvas = make("canvas", { role: "img" });
    const cursor = make("div", { class: "nm-cursor" });
    const stage = make("div", { class: `nm-stage nm-stage-${kind}` }, canvas, cursor);
    const name = make("b");
    const size = make("span", { class: "nm-size" });
    const title = make("div", { class: "nm-title" }, name, " ", size);
    const frame = make("div", { class: "nm-frame" }, stage);
    const element = make("div", { class: `nm-panel nm-${kind}` }, title, frame, note.element);
    return { element, canvas, cursor, stage, name, size, note };
  }

  buildLegend() {
    const bar = make("div", { class: "nm-legend-bar" });
    const labels = [0, 1, 2].map(() => make("span"));
    const element = make("div", { class: "nm-note" }, bar, make("div", { class: "nm-legend-labels" }, ...labels));
    return { element, bar, labels };
  }

  buildScore() {
    const score = make("div", { class: "nm-score" });
    const detail = make("span");
    const key = make("span", { class: "nm-key" }, make("span", { class: "nm-mark" }), " changed");
    const element = make("div", { class: "nm-note" }, score, make("div", { class: "nm-detail" }, detail, " ", key));
    return { element, score, detail, key };
  }

  listen(stage, locate) {
    stage.addEventListener("pointerdown", (event) => this.onPointer(event, locate, true));
    stage.addEventListener("pointermove", (event) => this.onPointer(event, locate, event.buttons > 0));
    stage.addEventListener("pointerleave", () => this.onLeave());
  }

  buildButtons() {
    const [gradientBox, gradientSwitch] =
      checkbox(this.id, "gradient", "Where does the gradient go?", (on) => this.send({ show_gradient: on }));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.switchAsking(on));
    Object.assign(this, { gradientBox, askBox });
    return make("div", { class: "nm-buttons" }, gradientSwitch, askSwitch);
  }

  buildWords() {
    const line = (name) => make("p", { class: `nm-${name}` });
    [this.placeLine, this.verdictLine] = ["place", "verdict"].map(line);
    this.lines = ["Before", "After"].map((word) => {
      const words = make("dd");
      return { row: [make("dt", { text: word }), words], words };
    });
    this.remark = make("p", { class: "nm-remark", text: "Windows overlap: a pixel adds up all it gets." });
    this.facts = make("dl", { class: "nm-facts" });
    this.status = new Status();
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys go to the next pooled number, Home and End to the ends of the row, Page Up and Page Down " +
        "to the ends of the column. Rows and columns count from 0.",
    });
    const lines = make("dl", { class: "nm-lines" }, ...this.lines.flatMap((entry) => entry.row));
    this.arithmetic = make("div", { class: "nm-arithmetic" }, this.placeLine, lines, this.remark, this.verdictLine);
    const account = make("div", { class: "nm-account" }, this.buildQuestion(), this.facts);
    return make("div", { class: "nm-words" }, this.arithmetic, account, help, this.status.element);
  }

  buildQuestion() {
    this.guess = control("input", { type: "number", min: 0, step: 1, id: `${this.id}-guess`, autocomplete: "off" });
    this.guess.addEventListener("keydown", (event) => event.stopPropagation());
    this.questionText = make("label", { for: this.guess.id });
    this.question = make(
      "form",
      { class: "nm-question nm-callout", onsubmit: (event) => this.answer(event) },
      this.questionText,
      make("div", { class: "nm-guess" }, this.guess, control("button", { type: "submit", text: "Check" }),
        button("Show me", () => this.settle(null))),
    );
    return this.question;
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** A control other than the shift was moved. */
  change(changes) {
    this.verdict = "";
    const before = readState(this.model);
    const after = { ...before, ...changes };
    after.map = this.model.get("maps").find((map) => map.name === after.map_name);
    after.out = [after.map.height, after.map.width].map((n) => outputSize(n, after.pool_size, after.stride));
    const same = after.out.every((side, axis) => side === before.out[axis]) && !("map_name" in changes);
    this.placed = null;
    this.send({ ...changes, ...(same ? {} : keepPlace(before, after)) });
  }

  /** Shift the input, or first ask how many pooled numbers will stay the same. */
  shiftTo(shift) {
    this.verdict = "";
    const isShifted = shift.some((value) => value !== 0);
    if (isShifted && this.model.get("ask") && this.askedFor !== this.settingsNow()) {
      this.pending = shift;
      this.schedule();
      return;
    }
    this.pending = null;
    this.send({ shift });
  }

  settingsNow() {
    return ["map_name", "pool_size", "stride", "how"].map((name) => this.model.get(name)).join();
  }

  reset() {
    Object.assign(this, { pending: null, verdict: "", askedFor: "", placed: null });
    this.send(this.model.get("initial"));
  }

  moveTo(row, col) {
    const { out } = this.state;
    this.send({ row: clamp(row, 0, out[0] - 1), col: clamp(col, 0, out[1] - 1) });
  }

  onPointer(event, locate, holds) {
    const stage = event.currentTarget;
    if (event.type === "pointerdown") stage.setPointerCapture(event.pointerId);
    const box = stage.getBoundingClientRect();
    const [row, col] = locate((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    this.placed ??= this.state.place; // where the cursor goes back to when a hover ends
    this.moveTo(row, col);
    if (holds || event.pointerType !== "mouse") this.placed = [this.model.get("row"), this.model.get("col")];
  }

  onLeave() {
    if (this.placed) this.moveTo(...this.placed);
    this.placed = null;
  }

  onKey(event) {
    const { place: [row, col], out } = this.state;
    const targets = {
      ...arrowsFrom(row, col), Home: [row, 0], End: [row, out[1]], PageUp: [0, col], PageDown: [out[0], col],
    };
    if (!takeKey(event, targets)) return;
    this.placed = null;
    this.moveTo(...targets[event.key]);
    this.draw(); // the next key starts from here
  }

  switchAsking(on) {
    this.send({ ask: on });
    if (!on && this.pending) this.settle(null);
  }

  answer(event) {
    event.preventDefault();
    const guess = this.guess.valueAsNumber;
    if (!Number.isNaN(guess)) this.settle(guess);
  }

  /** Judge a prediction (null: none was made), then shift. */
  settle(guess) {
    const { count: same, total: all } = work({ ...readState(this.model), shift: this.pending }).pooledSame;
    const truth = `${same} of ${all} stay the same`;
    this.verdictRight = guess === same;
    this.verdict = guess === null ? "" : this.verdictRight ? `Right: ${truth}.` : `No, not ${guess}: ${truth}.`;
    this.askedFor = this.settingsNow();
    const shift = this.pending;
    this.pending = null;
    this.guess.value = "";
    this.shiftRanges[shift[1] ? 1 : 0].focus();
    this.send({ shift });
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state = readState(this.model);
    Object.assign(this, work(this.state));
    this.root.classList.toggle("nm-asking", Boolean(this.pending));
    this.drawControls();
    this.drawInputs();
    this.drawPooled();
    this.drawScores();
    this.drawWords();
    this.announce();
  }

  drawControls() {
    const { map, how, pool_size: f, stride: s, shift, show_gradient: gradient, ask } = this.state;
    this.mapSelect.value = map.name;
    this.howSelect.value = how;
    this.sizeRange.value = f;
    this.strideRange.value = s;
    setText(this.sizeValue, times(f, f));
    setText(this.strideValue, String(s));
    setAttribute(this.sizeRange, "aria-valuetext", `${f} by ${f}`);
    (this.pending ?? shift).forEach((value, axis) => {
      this.shiftRanges[axis].value = value;
      setText(this.shiftValues[axis], say(value));
    });
    this.gradientBox.checked = gradient;
    this.askBox.checked = ask;
  }

  drawInputs() {
    const { map, pool_size: f, stride: s, shift, show_gradient: gradient, place: [row, col] } = this.state;
    const scale = gradient ? { grey: false, signed: false, limit: 1 } : scaleOf([map], map.grey);
    const isLeft = (y, x) => !isReached(y, map.height, f, s) || !isReached(x, map.width, f, s);
    const words = shiftWords(shift);
    this.panels.slice(0, 2).forEach((panel, i) => {
      const input = this.inputs[i];
      const options = { scale, isLeft };
      if (gradient) options.shares = this.sharesIn(input);
      else if (i === 1) options.changed = (index) => !this.inputSame.same[index];
      this.paint(panel, input, options);
      placeCursor(panel, input, row * s, col * s, f);
      setText(panel.name, i ? "Shifted" : "Input");
      setText(panel.size, i ? words || "not yet" : times(map.height, map.width));
      const where = `window on rows ${span(row * s, f)}, columns ${span(col * s, f)}`;
      const which = i ? `Input shifted ${words || "by nothing"}` : `Input ${map.name} ${times(map.height, map.width)}`;
      const share = gradient ? `; gradient ${this.gradientWordsIn(input)}` : "";
      setAttribute(panel.canvas, "aria-label", `${which}; ${where}${share}`);
    });
    drawLegend(this.panels[0].note, scale);
  }

  /** The share of the gradient for each pixel of an input; null outside the window. */
  sharesIn(input) {
    const { how, pool_size: f, stride: s, place: [row, col] } = this.state;
    const shares = sharesOf(windowAt(input, f, s, row, col), how);
    return (y, x) => {
      const [i, j] = [y - row * s, x - col * s];
      return i < 0 || j < 0 || i >= f || j >= f ? null : shares[i * f + j];
    };
  }

  gradientWordsIn(input) {
    const { how, pool_size: f, stride: s, place: [row, col] } = this.state;
    return gradientWords(windowAt(input, f, s, row, col), how, f, row * s, col * s);
  }

  drawPooled() {
    const { map, how, out, place: [row, col] } = this.state;
    const scale = how === "sum" ? scaleOf(this.pooled, map.grey) : scaleOf([map], map.grey);
    this.panels.slice(2).forEach((panel, i) => {
      const pooled = this.pooled[i];
      const changed = i === 1 ? (index) => !this.pooledSame.same[index] : undefined;
      this.paint(panel, pooled, { scale, changed });
      placeCursor(panel, pooled, row, col, 1);
      setText(panel.name, "Pooled");
      setText(panel.size, i ? "after the shift" : times(...out));
      const value = say(pooled.values[row * out[1] + col]);
      const score = i ? `; ${this.pooledSame.count} of ${this.pooledSame.total} unchanged` : "";
      const which = `Pooled (${how})${i ? " after the shift" : ""}`;
      setAttribute(panel.canvas, "aria-label", `${which} ${times(...out)}${score}; row ${row}, column ${col}: ${value}`);
    });
    drawLegend(this.panels[2].note, scale);
  }

  drawScores() {
    const isShifted = this.state.shift.some(Boolean);
    for (const [{ note, side }, same, isMarked] of [
      [this.panels[1], this.inputSame, !this.state.show_gradient], [this.panels[3], this.pooledSame, true],
    ]) {
      setText(note.score, `${same.count} of ${same.total} unchanged`);
      setText(note.detail, isShifted ? zeroWords(same) : "nothing has moved yet");
      note.key.hidden = !isMarked || same.count === same.total;
      note.key.classList.toggle("nm-dotted", side < SMALLEST_BOX);
    }
  }

  /** Draw a map cell by cell at the screen's resolution, with its numbers where there is room. */
  paint(panel, map, { scale, isLeft = () => false, changed = () => false, shares }) {
    const { canvas, stage, width } = panel;
    if (isNew(stage, "shape", `${map.width} / ${map.height}`)) {
      stage.style.width = `${100 * Math.min(1, map.width / map.height)}%`;
      stage.style.aspectRatio = `${map.width} / ${map.height}`;
    }
    if (!width) return; // not on the page yet
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round((width * ratio * map.height) / map.width)];
    if (canvas.width !== size[0]) canvas.width = size[0];
    if (canvas.height !== size[1]) canvas.height = size[1];
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, ...size);
    context.scale(ratio, ratio);
    const side = width / map.width;
    panel.side = side;
    const type = clamp(side * 0.4, SMALLEST_TYPE, 16);
    context.font = `${type}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const onScreen = (length) => Math.round(length * ratio) / ratio; // whole pixels: no seams between cells
    const hasRoom = side >= type + 4;
    const fits = (text) => context.measureText(text).width <= side - 3;
    map.values.forEach((value, index) => {
      const [y, x] = [Math.floor(index / map.width), index % map.width];
      if (isLeft(y, x)) return; // the hatched ground shows
      const share = shares?.(y, x);
      const number = shares ? share ?? 0 : value;
      const colour = colourOn(scale, number);
      context.fillStyle = `rgb(${colour.join()})`;
      const [left, top, right, bottom] = [x, y, x + 1, y + 1].map((place) => onScreen(place * side));
      context.fillRect(left, top, right - left, bottom - top);
      if (hasRoom && share !== null) {
        context.fillStyle = inkOn(colour);
        const text = shares ? shareText(share, fits) : fitNumber(value, fits);
        context.fillText(text, (x + 0.5) * side, (y + 0.54) * side);
      }
      if (changed(index)) mark(context, [x * side, y * side], side);
    });
    drawLattice(context, map, side);
  }

  drawWords() {
    const { how, pool_size: f, stride: s, place: [row, col], show_gradient: gradient } = this.state;
    const where = f === 1 ? `row ${row * s}, column ${col * s}` : `rows ${span(row * s, f)}, columns ${span(col * s, f)}`;
    setText(this.placeLine, `Pooled (${row}, ${col}): input ${where}`);
    const isShifted = this.state.shift.some(Boolean);
    this.lines.forEach(({ row: parts, words }, i) => {
      const numbers = windowAt(this.inputs[i], f, s, row, col);
      setText(words, gradient ? this.gradientWordsIn(this.inputs[i]) : arithmeticWords(numbers, how));
      setText(parts[0], i ? "After" : isShifted ? "Before" : "Now");
      for (const part of parts) part.hidden = i === 1 && !isShifted;
    });
    this.remark.hidden = !gradient || s >= f;
    this.question.hidden = !this.pending;
    this.verdictLine.hidden = !this.verdict;
    setText(this.verdictLine, this.verdict);
    this.verdictLine.classList.toggle("nm-right", Boolean(this.verdictRight));
    if (this.pending) setText(this.questionText, this.questionWords());
    this.drawFacts();
  }

  questionWords() {
    const all = this.state.out[0] * this.state.out[1];
    return `Shift the input (${shiftWords(this.pending)}): how many of the ${all} pooled numbers will stay the same?`;
  }

  drawFacts() {
    const { map, pool_size: f, stride: s } = this.state;
    const [[letters, rows], [, columns]] = [map.height, map.width].map((n) => formulaWords(n, f, s));
    const facts = map.height === map.width
      ? [["Size", `${letters} =`, rows]]
      : [["Size", letters], ["Rows", rows], ["Columns", columns]];
    facts.push(["Parameters", "0"], ["Left over", leftoverWords(map, f, s) || "nothing"]);
    if (!isNew(this, "facts", JSON.stringify(facts))) return;
    const entry = ([name, ...parts]) =>
      make("div", {}, make("dt", { text: `${name}:` }), " ", make("dd", {}, ...parts.map((text) => make("span", { text: `${text} ` }))));
    this.facts.replaceChildren(...facts.map(entry));
  }

  /** Tell a screen reader, once the reader pauses. */
  announce() {
    if (this.pending) return this.status.say(this.questionWords());
    const [before, after] = this.lines.map(({ words }) => words.textContent);
    const { shift } = this.state;
    const { count: same, total: all } = this.pooledSame;
    const moved = shift.some(Boolean);
    const score = moved ? `Shifted ${shiftWords(shift)}: ${same} of ${all} pooled numbers unchanged.` : "";
    const here = `${this.placeLine.textContent}. ${moved ? `Before: ${before}. After: ${after}.` : `${before}.`}`;
    this.status.say([this.verdict, score, here].filter(Boolean).join(" "));
  }
}

/** How many of the unchanged numbers are not merely zeros that stayed zeros. */
function zeroWords({ count: same, notZero }) {
  if (same === 0) return "";
  return notZero ? `${notZero} ${notZero === 1 ? "is" : "are"} not 0` : "all 0";
}

/** A fraction if it fits its cell, else a decimal. */
const shareText = (share, fits) => (fits(sayShare(share)) ? sayShare(share) : fitNumber(share, fits));

/** Mark a cell that changed, black beside white to be seen on any colour: a box, or a dot where there is no room. */
function mark(context, [x, y], side) {
  if (side < SMALLEST_BOX) {
    for (const [colour, radius] of [["#fff", side / 5 + 0.7], ["#000", side / 5 - 0.3]]) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x + side / 2, y + side / 2, radius, 0, 2 * Math.PI);
      context.fill();
    }
    return;
  }
  for (const [colour, thick, inset] of [["#000", 2, 1.5], ["#fff", 1, 3]]) {
    context.lineWidth = thick;
    context.strokeStyle = colour;
    context.strokeRect(x + inset, y + inset, side - 2 * inset, side - 2 * inset);
  }
}

function drawLattice(context, { height, width }, side) {
  context.strokeStyle = "#8888";
  context.lineWidth = 1;
  context.beginPath();
  for (let x = 1; x < width; x++) {
    context.moveTo(x * side, 0);
    context.lineTo(x * side, height * side);
  }
  for (let y = 1; y < height; y++) {
    context.moveTo(0, y * side);
    context.lineTo(width * side, y * side);
  }
  context.stroke();
}

function placeCursor({ cursor }, { height, width }, top, left, length) {
  Object.assign(cursor.style, {
    top: `${(100 * top) / height}%`, left: `${(100 * left) / width}%`,
    height: `${(100 * length) / height}%`, width: `${(100 * length) / width}%`,
  });
}

function drawLegend({ bar, labels }, { grey, signed, limit }) {
  const colours = grey ? [[0, 0, 0], [255, 255, 255]] : signed ? DIVERGING : DIVERGING.slice(5);
  bar.style.background = `linear-gradient(to right, ${colours.map((c) => `rgb(${c.join()})`).join()})`;
  const ends = signed ? [-limit, 0, limit] : [0, limit / 2, limit];
  ends.forEach((value, i) => setText(labels[i], say(value, limit < 10 ? 2 : 0)));
}

export default widgetOf(View);
