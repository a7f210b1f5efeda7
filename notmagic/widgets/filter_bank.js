// FilterBank: several small filters on one picture, a threshold and pooling; which part lights which filter.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (filter_bank.py names it), so that two views
// and Python see the same.

import {
  MINUS, ModelView, Status, TIMES, asBytes, button, checkbox, clamp, control, divergingColour, field, inkOn,
  isNew, make, onDrag, say, sayShort, select, setAttribute, setText, settingsOf, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------ arithmetic

/** z of a filter (a flat array of k x k weights) at every place of a picture; pixels count from 0 to 1. */
export function respond({ height, width, full, data }, weights, k) {
  const [rows, columns] = [height - k + 1, width - k + 1];
  const values = new Float64Array(rows * columns);
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, to++) {
      let sum = 0;
      for (let i = 0, w = 0; i < k; i++) {
        for (let j = 0, from = (row + i) * width + column; j < k; j++, w++, from++) sum += data[from] * weights[w];
      }
      values[to] = sum / full; // one division last: equal windows get equal responses, to the last bit
    }
  }
  return { height: rows, width: columns, values };
}

/** Pixels, from 0 to 1, and products of one window. */
export function productsAt({ width, full, data }, weights, k, row, column) {
  const pixels = weights.map((_, i) => data[(row + Math.floor(i / k)) * width + column + (i % k)] / full);
  return { pixels, products: pixels.map((pixel, i) => pixel * weights[i]) };
}

/** What is left of a map after a threshold: max(0, z - t). */
export const rectify = ({ height, width, values }, threshold) => ({
  height, width, values: values.map((value) => Math.max(0, value - threshold)),
});

const KINDS = {
  max: (cells) => cells.reduce((most, value) => Math.max(most, value), -Infinity),
  sum: (cells) => cells.reduce((total, value) => total + value, 0),
  average: (cells) => KINDS.sum(cells) / cells.length,
};

/** The values of a map in the pool cell at a row and column of the pooled map. */
export function poolCell({ width, values }, size, row, column) {
  const cells = [];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) cells.push(values[(row * size + i) * width + column * size + j]);
  }
  return cells;
}

/** Pool a map in cells of size x size; rows and columns that fill no cell are left over. */
export function poolMap(map, kind, size) {
  if (kind === "none") return map;
  const [height, width] = [Math.floor(map.height / size), Math.floor(map.width / size)];
  const values = new Float64Array(height * width);
  values.forEach((_, i) => {
    values[i] = KINDS[kind](poolCell(map, size, Math.floor(i / width), i % width));
  });
  return { height, width, values };
}

export const countLit = ({ values }) => values.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
export const totalOf = ({ values }) => KINDS.sum(values);
export const largestSize = (maps) =>
  maps.reduce((most, { values }) => values.reduce((size, value) => Math.max(size, Math.abs(value)), most), 0);

/** Row and column of the largest value, the first one as one reads. */
export function strongest({ width, values }) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return [Math.floor(best / width), best % width];
}

export const NOBODY = -1;
export const TIE = -2;
const TOLERANCE = 1e-9; // responses that differ by less are the same number, summed in another order

/** Which of several maps has the largest value at each cell: its index, NOBODY where nothing is lit, or TIE. */
export function winnersOf(maps) {
  return Int8Array.from(maps[0].values, (_, at) => {
    let [best, index] = [0, NOBODY];
    let second = 0;
    maps.forEach(({ values }, i) => {
      if (values[at] > best) [second, best, index] = [best, values[at], i];
      else second = Math.max(second, values[at]);
    });
    return index !== NOBODY && second >= best - TOLERANCE ? TIE : index;
  });
}

/** A step of 1, 2 or 5 times a power of ten that divides a span into 50 to 125 parts. */
export function sliderStep(span) {
  const power = 10 ** Math.floor(Math.log10(span / 50));
  return Number(([5, 2, 1].find((factor) => factor * power <= span / 50) * power).toPrecision(6));
}

/** A number for people; a half is rounded away from zero, whichever way its last bit fell. */
const figure = (value, decimals = 2) => say(value + Math.sign(value) * TOLERANCE, decimals);

/** What the threshold makes of z, with the numbers in it: as many decimals as tell the two apart. */
export function thresholdWords(z, threshold) {
  const decimals = [2, 3, 4, 5].find((count) => z === threshold || z.toFixed(count) !== threshold.toFixed(count)) ?? 6;
  const [sum, bar] = [z, threshold].map((value) => figure(value, decimals));
  const verdict = z > threshold ? `${sum} > ${bar}, lit` : `${sum} \u2264 ${bar}, not lit`;
  return `${verdict}: max(0, ${sum} ${MINUS} ${bar}) = ${figure(Math.max(0, z - threshold), decimals)}`;
}

/** What pooling makes of some cells, with the numbers in it where they are few. */
export function poolWords(cells, kind) {
  const result = figure(KINDS[kind](cells));
  if (cells.length > 4) return `${kind} of its ${cells.length} cells = ${result}`;
  const numbers = cells.map((value) => figure(value));
  if (kind === "max") return `max(${numbers.join(", ")}) = ${result}`;
  const sum = numbers.join(" + ");
  if (kind === "sum") return `${sum} = ${result}`;
  return cells.length > 1 ? `(${sum}) / ${cells.length} = ${result}` : `${sum} / 1 = ${result}`;
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["image", "threshold", "pool", "pool_size", "stage", "cell", "unit", "winners", "ask", "revealed"];
const STAGES = { sums: "Sums z", threshold: "After threshold", pooled: "Pooled" };
const ROOM_FOR_NUMBER = 26; // CSS pixels of a cell
const LARGEST_WITH_LETTERS = 11; // pixels of a picture, 132 CSS pixels wide or more
const LARGEST_WITH_LATTICE = 20; // cells of a map or picture

// Four and two of the colours of M. Okabe and K. Ito (2008), told apart with every form of colour blindness;
// those that stand for something else in the widgets come last.
const UNIT_COLOURS = [[86, 180, 233], [240, 228, 66], [0, 158, 115], [204, 121, 167], [213, 94, 0], [0, 114, 178]];
const TIE_COLOUR = [153, 153, 153];
const css = (colour) => `rgb(${colour.join()})`;

// The diverging scale in steps too fine to see: a frame of large maps looks up thousands of colours.
const FINE = 512;
const SHADES = Array.from({ length: 2 * FINE + 1 }, (_, i) => divergingColour(i / FINE - 1));
const shade = (value) => SHADES[Math.round((clamp(value, -1, 1) + 1) * FINE)];

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    Object.assign(this, { el, hover: null, verdict: null });
    this.units = model.get("bank").map((unit, i) => ({
      ...unit, colour: UNIT_COLOURS[i], weights: unit.weights.flat(), k: unit.weights.length,
    }));
    this.k = this.units[0].k;
    this.heaviest = Math.max(...this.units.flatMap(({ weights }) => weights.map(Math.abs))) || 1;
    const bytes = asBytes(model.get("pixels"));
    this.pictures = model.get("pictures").map((entry) => ({
      ...entry, data: bytes.subarray(entry.offset, entry.offset + entry.height * entry.width),
    }));
    this.read();
    this.build();
    this.followModel();
    this.observer = new ResizeObserver(() => this.schedule());
    this.observer.observe(this.root);
    this.draw();
  }

  destroy() {
    this.observer.disconnect();
    super.destroy();
  }

  /** Take the state from the model and work out what follows from it. */
  read() {
    const state = settingsOf(this.model, SETTINGS);
    this.state = state;
    this.picture = this.pictures.find(({ name }) => name === state.image);
    if (isNew(this, "responses", state.image)) {
      this.responses = this.units.map(({ weights }) => respond(this.picture, weights, this.k));
      this.limit = largestSize(this.responses) || 1;
    }
    const key = `${state.image},${state.threshold}`;
    if (isNew(this, "activations", key)) {
      this.activations = this.responses.map((map) => rectify(map, state.threshold));
      this.found = winnersOf(this.activations);
      this.lit = this.activations.map(countLit);
      this.totals = this.activations.map(totalOf);
    }
    this.pooledKey = `${key},${state.pool},${state.pool_size}`;
    if (isNew(this, "pooled", this.pooledKey)) {
      this.pooled = this.activations.map((map) => poolMap(map, state.pool, state.pool_size));
      this.pooledLimit = state.pool === "sum" ? largestSize(this.pooled) : 0;
    }
    this.asking = state.ask && !state.revealed.includes(state.image);
    this.shown = { sums: this.responses, threshold: this.activations, pooled: this.pooled }[state.stage];
    this.scale = state.stage === "pooled" ? Math.max(this.limit, this.pooledLimit) : this.limit;
  }

  /** The cell in question: the one below the mouse, else the one chosen; within the map whatever was set. */
  here() {
    const { height, width } = this.responses[0];
    const chosen = this.units.findIndex(({ name }) => name === this.state.unit);
    const { unit, cell } = this.hover ?? { unit: chosen, cell: this.state.cell };
    return { unit, row: clamp(cell[0], 0, height - 1), column: clamp(cell[1], 0, width - 1) };
  }

  /** The pool cell that a cell of the map falls into: its row and column, or null if it is left over. */
  poolOf({ row, column }) {
    const { pool, pool_size: size } = this.state;
    if (pool === "none") return null;
    const [y, x] = [Math.floor(row / size), Math.floor(column / size)];
    return y < this.pooled[0].height && x < this.pooled[0].width ? [y, x] : null;
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-filter-bank", role: "group", "aria-label": "Filter bank" },
      make("div", { class: "nm-body" },
        this.buildControls(), this.buildPicture(), this.buildArithmetic(), this.buildSums(), this.buildQuestion(),
        this.buildStages(), this.buildMaps(), this.buildLegend(), this.buildWords()));
    this.el.append(this.root);
  }

  buildControls() {
    this.pictureSelect = select(this.pictures.map(({ name }) => name), (name) => this.choosePicture(name));
    this.poolSelect = select(["none", "max", "average", "sum"], (pool) =>
      this.send({ pool, stage: pool === "none" ? "threshold" : "pooled" }));
    this.sizeSelect = select([1, 2, 3, 4], (size) => this.send({ pool_size: Number(size), stage: "pooled" }),
      (size) => `${size} ${TIMES} ${size}`);
    const largest = this.model.get("largest_threshold");
    const step = sliderStep(largest);
    this.slider = control("input", {
      type: "range", min: 0, step, max: Number((Math.floor(largest / step + 1e-9) * step).toPrecision(6)),
      oninput: (event) => this.moveThreshold(event.target.valueAsNumber),
    });
    this.thresholdValue = make("span", { class: "nm-value" });
    return make("div", { class: "nm-controls" },
      field(this.id, "picture", "Picture", this.pictureSelect), field(this.id, "pool", "Pooling", this.poolSelect),
      field(this.id, "size", "Pool size", this.sizeSelect),
      field(this.id, "threshold", "Threshold t", this.slider, this.thresholdValue));
  }

  /** A picture or a map: values in one canvas, letters and numbers in another, marks above both. */
  buildStage(name, ...marks) {
    const canvas = make("canvas", { role: "img" });
    const signs = make("canvas", { class: "nm-signs", "aria-hidden": "true" });
    const lattice = make("div", { class: "nm-lattice" });
    const cursor = make("div", { class: "nm-cursor" });
    const stage = make("div", { class: `nm-square nm-square-${name}` }, canvas, lattice, signs, ...marks, cursor);
    return { canvas, signs, lattice, cursor, stage, frame: make("div", { class: "nm-frame" }, stage) };
  }

  buildPicture() {
    this.input = this.buildStage("input");
    this.listen(this.input.stage, null);
    this.windowNote = make("div", { class: "nm-note" });
    return make("div", { class: "nm-panel nm-picture" }, this.input.frame, this.windowNote);
  }

  buildArithmetic() {
    this.tiles = this.units[0].weights.map(() => {
      const [pixel, weight, product] = ["pixel", "weight", "product"].map((name) => make("span", { class: `nm-tile nm-${name}` }));
      return { pixel, weight, product, element: make("div", { class: "nm-cell" }, pixel, weight, product) };
    });
    this.grid = make("div", { class: "nm-grid", role: "img", "data-k": this.k }, ...this.tiles.map(({ element }) => element));
    this.grid.style.setProperty("--nm-k", this.k);
    this.heading = make("div", { class: "nm-note nm-heading" });
    return (this.arithmetic = make("div", { class: "nm-panel nm-arithmetic" }, this.grid, this.heading));
  }

  buildSums() {
    [this.sumLine, this.thresholdLine, this.poolLine, this.winnerLine] = [0, 1, 2, 3].map(() => make("div"));
    return (this.sums = make("div", { class: "nm-panel nm-sums" }, this.sumLine, this.thresholdLine, this.poolLine, this.winnerLine));
  }

  buildQuestion() {
    this.questionText = make("p", { id: `${this.id}-question` });
    const answers = this.units.map((unit, i) => control("button", { type: "button", onclick: () => this.settle(i) }, this.badge(unit), ` ${unit.name}`));
    this.question = make("div", { class: "nm-panel nm-question nm-callout", role: "group", "aria-labelledby": this.questionText.id },
      this.questionText, make("div", { class: "nm-buttons" }, ...answers, button("Show me", () => this.settle(null))));
    return this.question;
  }

  badge({ letter, colour }) {
    const badge = make("span", { class: "nm-badge", text: letter });
    Object.assign(badge.style, { backgroundColor: css(colour), color: inkOn(colour) });
    return badge;
  }

  buildStages() {
    this.radios = Object.entries(STAGES).map(([value, text]) => {
      const input = control("input", { type: "radio", name: `${this.id}-stage`, value, onchange: () => this.send({ stage: value }) });
      return { input, label: make("label", { class: "nm-choice" }, input, make("span", { text })) };
    });
    const [winnersBox, winnersSwitch] = checkbox(this.id, "winners", "Winners", (on) => this.send({ winners: on }));
    this.winnersBox = winnersBox;
    return make("div", { class: "nm-panel nm-stages" },
      make("div", { class: "nm-choices", role: "radiogroup", "aria-label": "What the maps show" }, ...this.radios.map(({ label }) => label)),
      winnersSwitch);
  }

  buildMaps() {
    this.outputs = this.units.map((unit, i) => {
      const poolMark = make("div", { class: "nm-pool-mark" });
      const output = { ...this.buildStage("output", poolMark), poolMark };
      this.listen(output.stage, i);
      const icon = make("div", { class: "nm-icon", "aria-hidden": "true" }, ...unit.weights.map((weight) => {
        const square = make("span");
        square.style.backgroundColor = css(divergingColour(weight / this.heaviest));
        return square;
      }));
      icon.style.setProperty("--nm-k", this.k);
      output.lit = make("div", { class: "nm-lit" });
      output.total = make("span", { class: "nm-total" });
      output.swatch = swatchOf(unit.colour, i);
      output.panel = make("div", { class: "nm-map" },
        make("div", { class: "nm-title" }, this.badge(unit), output.swatch, make("b", { text: unit.name })),
        output.frame, make("div", { class: "nm-side" }, icon, make("span", { text: "lit sum" }), output.total), output.lit);
      return output;
    });
    this.maps = control("div", {
      class: "nm-maps", tabindex: "0", role: "application", "aria-roledescription": "feature maps",
      "data-count": this.units.length, onkeydown: (event) => this.onKey(event),
    }, ...this.outputs.map(({ panel }) => panel));
    return this.maps;
  }

  buildLegend() {
    [this.legendName, this.legendLow, this.legendHigh] = [0, 1, 2].map(() => make("span"));
    this.legendBar = make("div", { class: "nm-legend-bar" });
    [this.legendMark, this.legendThreshold] = ["nm-legend-mark", "nm-legend-threshold"].map((name) => make("div", { class: name }));
    this.legendThreshold.textContent = "t";
    const track = make("div", { class: "nm-legend-track" }, this.legendBar, this.legendThreshold, this.legendMark);
    return make("div", { class: "nm-panel nm-legend" }, this.legendName, this.legendLow, track, this.legendHigh);
  }

  buildWords() {
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.send({ ask: on }));
    this.askBox = askBox;
    this.news = make("p", { class: "nm-news" });
    return make("div", { class: "nm-panel nm-words" }, askSwitch, this.news, this.status.element);
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** Another picture: the cell goes to where the filter in question answers most. */
  choosePicture(name) {
    const picture = this.pictures.find((entry) => entry.name === name);
    const unit = this.units.find((entry) => entry.name === this.state.unit);
    this.hover = null;
    this.send({ image: name, cell: strongest(respond(picture, unit.weights, this.k)) });
  }

  moveThreshold(threshold) {
    const { stage } = this.state;
    this.send({ threshold: Number(threshold.toPrecision(6)), stage: stage === "sums" ? "threshold" : stage });
  }

  /** Mouse and finger on a map (its index) or on the picture (null): a press chooses, a mouse also looks. */
  listen(element, index) {
    const choose = (event) => {
      const { unit, cell } = this.locate(event, element, index);
      this.hover = null;
      this.send({ unit: this.units[unit].name, cell });
    };
    onDrag(element, { start: choose, move: choose });
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" && !event.buttons) this.look(this.locate(event, element, index));
    });
    element.addEventListener("pointerleave", () => this.look(null));
  }

  look(place) {
    if (JSON.stringify(this.hover) === JSON.stringify(place)) return;
    this.hover = place;
    this.schedule();
  }

  locate(event, element, index) {
    const { height, width } = this.responses[0];
    const box = element.getBoundingClientRect();
    const [y, x] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    const onMap = index !== null;
    const cell = onMap ? [y * height, x * width] : [y * this.picture.height - this.middle(), x * this.picture.width - this.middle()];
    const last = [height - 1, width - 1];
    return { unit: onMap ? index : this.here().unit, cell: cell.map((part, axis) => clamp(Math.floor(part), 0, last[axis])) };
  }

  /** Pixels from a window's first row to its middle; an even window has none, the one above and left is taken. */
  middle() {
    return Math.floor((this.k - 1) / 2);
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { height, width } = this.responses[0];
    this.hover = null;
    let { unit, row, column } = this.here();
    const last = this.units.length - 1;
    const moves = {
      ArrowUp: () => (row -= 1), ArrowDown: () => (row += 1), PageUp: () => (unit -= 1), PageDown: () => (unit += 1),
      Home: () => (column = 0), End: () => (column = width - 1),
      // Over a map's edge lies the next map.
      ArrowLeft: () => (column > 0 || unit === 0 ? (column -= 1) : ([unit, column] = [unit - 1, width - 1])),
      ArrowRight: () => (column < width - 1 || unit === last ? (column += 1) : ([unit, column] = [unit + 1, 0])),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
    this.send({ unit: this.units[clamp(unit, 0, last)].name, cell: [clamp(row, 0, height - 1), clamp(column, 0, width - 1)] });
    this.read(); // the next key may come before the next frame
  }

  /** Judge a prediction (null: none was made) and show the maps. */
  settle(guess) {
    const { image, revealed, threshold } = this.state;
    const most = Math.max(...this.totals);
    const isBest = (i) => most > 0 && this.totals[i] >= most - TOLERANCE;
    const best = this.units.filter((_, i) => isBest(i)).map(({ letter, name }) => `${letter} ${name}`);
    const rest = this.units.map(({ letter }, i) => [letter, this.totals[i], i]).filter(([, , i]) => !isBest(i));
    const others = rest.length ? `; ${rest.map(([letter, total]) => `${letter} ${figure(total, 1)}`).join(", ")}` : "";
    const truth = best.length ? `${best.join(" and ")}, ${figure(most, 1)} in all${others}.` : `none does: no z exceeds ${say(threshold)}.`;
    const right = guess !== null && isBest(guess);
    this.verdict = guess === null ? null : { image, right, words: `${right ? "Right" : "No"}: ${truth}` };
    this.send({ revealed: [...revealed, image] });
    this.draw();
    this.maps.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.read();
    this.at = this.here();
    for (const part of [this.arithmetic, this.sums]) part.hidden = this.asking;
    this.question.hidden = !this.asking;
    this.root.classList.toggle("nm-veiled", this.asking);
    this.drawControls();
    this.drawPicture();
    this.outputs.forEach((output, i) => this.drawMap(output, i));
    this.drawArithmetic();
    this.drawSums();
    this.drawLegend();
    this.drawWords();
    // Last: it reads what room there is, once everything has come to lie.
    this.drawSigns();
  }

  drawControls() {
    const { image, pool, pool_size: size, threshold, stage, winners, ask } = this.state;
    this.pictureSelect.value = image;
    this.poolSelect.value = pool;
    this.sizeSelect.value = size;
    this.sizeSelect.disabled = pool === "none";
    this.slider.value = threshold;
    setText(this.thresholdValue, say(threshold));
    setAttribute(this.slider, "aria-valuetext", say(threshold));
    for (const { input } of this.radios) input.checked = input.value === stage;
    this.winnersBox.checked = winners;
    this.askBox.checked = ask;
  }

  drawPicture() {
    const { height, width, full, data, name } = this.picture;
    const { canvas, cursor } = this.input;
    if (isNew(canvas, "image", name)) {
      paint(canvas, height, width, (i) => Array(3).fill(Math.round((255 * data[i]) / full)));
      sizeStage(this.input, height, width);
    }
    const { row, column } = this.at;
    place(cursor, [height, width], row, column, this.k, this.k);
    const span = (from) => (this.k === 1 ? from : `${from}..${from + this.k - 1}`);
    const where = `rows ${span(row)}, cols ${span(column)}`;
    setText(this.windowNote, this.asking ? `${height} ${TIMES} ${width} pixels` : `R${where.slice(1)}`);
    const winners = this.state.winners && !this.asking ? `; ${this.winnerWords()}` : "";
    setAttribute(canvas, "aria-label", `Picture ${name}, ${height} ${TIMES} ${width}; window on ${where}${winners}`);
  }

  drawMap(output, i) {
    const { canvas, cursor, poolMark } = output;
    const { height, width } = this.responses[i];
    const { stage, pool, pool_size: size } = this.state;
    const shown = this.shown[i];
    const unit = stage === "pooled" && pool !== "none" ? size : 1; // cells of the map to a cell that is shown
    if (isNew(output, "values", `${this.pooledKey},${stage}`)) {
      paint(canvas, shown.height, shown.width, (at) => shade(shown.values[at] / this.scale));
      place(canvas, [height, width], 0, 0, shown.height * unit, shown.width * unit);
      sizeStage(output, height, width, unit);
    }
    const isHere = i === this.at.unit && !this.asking;
    cursor.hidden = !isHere;
    place(cursor, [height, width], this.at.row, this.at.column, 1, 1);
    cursor.classList.toggle("nm-tint", stage === "pooled" && pool !== "none");
    output.swatch.hidden = !this.state.winners || this.isLettered();
    const cell = this.poolOf(this.at);
    poolMark.hidden = !isHere || !cell || stage === "sums";
    poolMark.classList.toggle("nm-solid", stage === "pooled");
    if (cell) place(poolMark, [height, width], cell[0] * size, cell[1] * size, size, size);
    const lit = stage === "pooled" ? countLit(shown) : this.lit[i];
    const words = `lit: ${this.asking ? "?" : say(lit)} of ${say(shown.values.length)}`;
    setText(output.lit, words);
    setText(output.total, this.asking ? "?" : figure(stage === "pooled" ? totalOf(shown) : this.totals[i], 1));
    const what = `Map of ${this.units[i].name}, ${shown.height} ${TIMES} ${shown.width}, ${STAGES[stage].toLowerCase()}`;
    setAttribute(canvas, "aria-label", this.asking ? `${what}, covered until you have predicted` : `${what}; ${words}`);
    setAttribute(output.panel, "class", `nm-map${isHere ? " nm-here" : ""}`);
  }

  drawArithmetic() {
    const { unit, row, column } = this.at;
    const { weights, letter, name } = this.units[unit];
    const { pixels, products } = productsAt(this.picture, weights, this.k, row, column);
    this.tiles.forEach(({ pixel, weight, product }, i) => {
      paintTile(pixel, Array(3).fill(Math.round(255 * pixels[i])), sayShort(pixels[i]));
      paintTile(weight, divergingColour(weights[i] / this.heaviest), sayShort(weights[i]));
      paintTile(product, divergingColour(products[i] / this.heaviest), sayShort(products[i]));
    });
    setText(this.heading, `pixel ${TIMES} weight of ${letter}`);
    const terms = pixels.map((pixel, i) => `${say(pixel)} ${TIMES} ${say(weights[i])}`);
    setAttribute(this.grid, "aria-label", `Pixel times weight of ${name}: ${terms.join(", ")}`);
  }

  /** The arithmetic of the cell in question, in three sentences. */
  cellWords() {
    const { unit, row, column } = this.at;
    const { threshold, pool, pool_size: size } = this.state;
    const z = this.responses[unit].values[row * this.responses[unit].width + column];
    const cell = this.poolOf(this.at);
    let pooled = "No pooling: the cell stays as it is";
    if (cell) pooled = `Pool row ${cell[0]}, col ${cell[1]}: ${poolWords(poolCell(this.activations[unit], size, ...cell), pool)}`;
    else if (pool !== "none") pooled = `Left over: fills no pool cell of ${size} ${TIMES} ${size}`;
    return [
      `${this.units[unit].letter} at row ${row}, col ${column}: z = sum of ${count(this.k * this.k, "product")} = ${figure(z)}`,
      `Threshold: ${thresholdWords(z, threshold)}`,
      pooled,
    ];
  }

  winnerWords() {
    const wins = (index) => this.found.reduce((total, value) => total + (value === index ? 1 : 0), 0);
    const words = this.units.map(({ letter }, i) => `${letter} ${say(wins(i))}`);
    return `Wins: ${words.join(", ")}; ties ${say(wins(TIE))}`;
  }

  drawSums() {
    const words = this.cellWords();
    [this.sumLine, this.thresholdLine, this.poolLine].forEach((line, i) => setText(line, words[i]));
    setText(this.winnerLine, this.state.winners ? this.winnerWords() : "");
  }

  drawLegend() {
    const { stage, pool, threshold } = this.state;
    const low = stage === "sums" ? -1 : 0;
    if (isNew(this, "legend", low)) {
      const steps = Array.from({ length: 11 }, (_, i) => css(divergingColour(low + ((1 - low) * i) / 10)));
      this.legendBar.style.background = `linear-gradient(to right, ${steps.join()})`;
    }
    setText(this.legendName, { sums: "z", threshold: `max(0, z ${MINUS} t)`, pooled: pool === "none" ? "not pooled" : `${pool} of the pool` }[stage]);
    setText(this.legendLow, this.asking ? "" : say(low * this.scale));
    setText(this.legendHigh, this.asking ? "" : say(this.scale));
    const at = (value) => `${clamp((100 * (value / this.scale - low)) / (1 - low), 0, 100)}%`;
    this.legendThreshold.hidden = stage !== "sums";
    this.legendThreshold.style.left = at(threshold);
    this.legendMark.hidden = this.asking;
    this.legendMark.style.left = at(this.valueHere());
  }

  /** What the map shows at the cell in question; 0 where that is left over. */
  valueHere() {
    const { unit, row, column } = this.at;
    const map = this.shown[unit];
    const cell = this.state.stage === "pooled" && this.state.pool !== "none" ? this.poolOf(this.at) : [row, column];
    return cell ? map.values[cell[0] * map.width + cell[1]] : 0;
  }

  drawWords() {
    const { image, threshold } = this.state;
    const verdict = this.verdict?.image === image ? this.verdict : null;
    setText(this.questionText, `Which unit will light up most on \u201c${image}\u201d: the largest sum of max(0, z ${MINUS} ${say(threshold)}) over its map?`);
    setText(this.news, this.newsWords(verdict));
    setAttribute(this.news, "class", `nm-news${verdict && !this.asking ? (verdict.right ? " nm-right" : " nm-not") : ""}`);
    const words = this.asking ? this.questionText.textContent : this.cellWords().join(". ");
    setAttribute(this.maps, "aria-label", this.asking ? "Maps, covered until you have predicted" : `Maps. ${this.units[this.at.unit].name}. ${words}. Arrow keys move, page keys change the map.`);
    const lit = this.units.map(({ name }, i) => `${name} ${say(this.lit[i])}`);
    this.status.say([verdict?.words, words, this.asking ? "" : `Lit: ${lit.join(", ")}.`].filter(Boolean).join(" "));
  }

  newsWords(verdict) {
    if (this.asking) return "The maps are covered until you have decided.";
    if (verdict) return verdict.words;
    if (!this.state.winners) return "Point at a cell, or use the arrow keys. Numbers are rounded.";
    const sign = this.isLettered() ? "Letter" : "Strokes";
    return `${sign}: the filter that answers most there${this.isLettered() ? "; = is a tie" : "; grey is a tie"}.`;
  }

  /** Letters of the winners on the picture and numbers on the maps, where a cell has room for them. */
  drawSigns() {
    const ratio = window.devicePixelRatio || 1;
    const { stage, winners } = this.state;
    const { height, width } = this.picture;
    const ground = [this.input, ...this.outputs].map((part) => part.stage.clientWidth); // read all, then write
    const on = winners && !this.asking;
    if (isNew(this.input, "signs", `${this.state.image},${this.state.threshold},${on},${ground[0]},${ratio}`)) {
      const context = prepare(this.input.signs, ground[0], height / width, ratio);
      if (on && this.isLettered()) this.paintLetters(context, ground[0] / width);
      else if (on) this.paintStrokes(context, ground[0] / width, ratio);
    }
    this.outputs.forEach((output, i) => {
      if (!isNew(output, "signs", `${this.pooledKey},${stage},${this.asking},${ground[i + 1]},${ratio}`)) return;
      const map = this.responses[i];
      const context = prepare(output.signs, ground[i + 1], map.height / map.width, ratio);
      if (!this.asking) this.paintNumbers(context, this.shown[i], ground[i + 1] / map.width);
    });
  }

  paintNumbers(context, map, cell) {
    const { stage, pool, pool_size: size } = this.state;
    const side = stage === "pooled" && pool !== "none" ? size * cell : cell;
    if (side < ROOM_FOR_NUMBER) return;
    context.font = `${Math.min(11 + side / 26 - 1, 13)}px system-ui, sans-serif`;
    map.values.forEach((value, i) => {
      if (stage !== "sums" && value === 0) return;
      const text = Math.abs(value) < 0.05 ? "0" : value.toFixed(1).replace("-", MINUS).replace(/\.0$/, "");
      context.fillStyle = inkOn(shade(value / this.scale));
      context.fillText(text, ((i % map.width) + 0.5) * side, (Math.floor(i / map.width) + 0.5) * side);
    });
  }

  /** Whether a pixel of the picture has room for a letter. */
  isLettered() {
    return Math.max(this.picture.height, this.picture.width) <= LARGEST_WITH_LETTERS;
  }

  /** Colour and letter of the winner, a square for each pixel. */
  paintLetters(context, side) {
    const columns = this.responses[0].width;
    const gap = Math.max(1, side * 0.1);
    context.font = `600 ${clamp(side * 0.62, 11, 15)}px system-ui, sans-serif`;
    this.found.forEach((winner, i) => {
      if (winner === NOBODY) return;
      const [y, x] = [Math.floor(i / columns), i % columns].map((part) => (part + this.middle()) * side);
      const colour = winner === TIE ? TIE_COLOUR : this.units[winner].colour;
      context.fillStyle = css(colour);
      context.fillRect(x + gap, y + gap, side - 2 * gap, side - 2 * gap);
      context.fillStyle = inkOn(colour);
      context.fillText(winner === TIE ? "=" : this.units[winner].letter, x + side / 2, y + side / 2);
    });
  }

  /** Colour and strokes of the winner where pixels are small: point by point, for thousands of rectangles take long. */
  paintStrokes(context, side, ratio) {
    const { width, height } = context.canvas;
    const image = context.createImageData(width, height);
    const { data } = image;
    const { height: rows, width: columns } = this.responses[0];
    for (let y = 0, to = 0; y < height; y++) {
      const row = Math.floor(y / ratio / side) - this.middle();
      for (let x = 0; x < width; x++, to += 4) {
        const column = Math.floor(x / ratio / side) - this.middle();
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        const winner = inside ? this.found[row * columns + column] : NOBODY;
        if (winner === NOBODY) continue;
        const colour = winner === TIE ? TIE_COLOUR : this.units[winner].colour;
        const isInk = winner !== TIE && STROKES[winner](Math.floor(x / ratio) % TILE, Math.floor(y / ratio) % TILE);
        for (let c = 0; c < 3; c++) data[to + c] = isInk ? 0 : colour[c];
        data[to + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Colour a canvas, one pixel to a value. */
function paint(canvas, height, width, colourAt) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    image.data.set(colourAt(i), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Empty a canvas, give it the screen's resolution, and let it be drawn on in CSS pixels. */
function prepare(canvas, width, shape, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(width * shape * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.textAlign = "center";
  context.textBaseline = "middle";
  return context;
}

// Where strokes lie in a tile of 4 x 4 points: across, down, falling, rising, dots, both ways.
const TILE = 4;
const STROKES = [
  (x, y) => y === 1, (x) => x === 1, (x, y) => x === y, (x, y) => x + y === TILE - 1, (x, y) => x === 1 && y === 1,
  (x, y) => x === 1 || y === 1,
];

/** A key to a filter's strokes: a small canvas. */
function swatchOf(colour, index) {
  const swatch = make("canvas", { class: "nm-swatch", "aria-hidden": "true" });
  paint(swatch, 16, 16, (i) => (STROKES[index](i % TILE, Math.floor(i / 16) % TILE) ? [0, 0, 0] : colour));
  return swatch;
}

/** Give a picture its proportions and, where its cells are few, lines between them. */
function sizeStage({ stage, lattice }, height, width, unit = 1) {
  stage.style.width = `${100 * Math.min(1, width / height)}%`;
  stage.style.aspectRatio = `${width} / ${height}`;
  lattice.hidden = Math.max(height, width) / unit > LARGEST_WITH_LATTICE;
  lattice.style.backgroundSize = `${(100 * unit) / width}% ${(100 * unit) / height}%`;
}

function place(element, [rows, columns], top, left, height, width) {
  Object.assign(element.style, {
    top: `${(100 * top) / rows}%`, left: `${(100 * left) / columns}%`,
    height: `${(100 * height) / rows}%`, width: `${(100 * width) / columns}%`,
  });
}

function paintTile(element, colour, text) {
  setText(element, text);
  if (!isNew(element, "ground", css(colour))) return;
  element.style.backgroundColor = css(colour);
  element.style.color = inkOn(colour);
}

export default widgetOf(View);
