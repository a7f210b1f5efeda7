// CatWindows: drag a cat over a scene; one neuron scores every window, and the best window decides.
//
// First the arithmetic, exported by name and without a page; then the widget, the default export. Pictures are
// flat, (rows, columns, 3), as NumPy lays them out.

import {
  DIVERGING, MINUS, ModelView, Status, TIMES, arrowsFrom, asBytes, button, checkbox, clamp, control,
  divergingColour, field, inkOn, isNew, make, onDrag, say, select, setAttribute, setText, settingsOf, takeKey,
  widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------- arithmetic

export const SIDE = 64; // of the scene, in pixels
export const CAT = 32; // side of the cat's picture
export const FULL = 4; // the chapter's scene is so many times as high and as wide
const DEPTH = 3; // red, green, blue

/** What one neuron with a window of some size costs; at `scale` 4 for the chapter's scene. */
export function countsOf(size, stride, scale = 1) {
  const [n, f, s] = [SIDE, size, stride].map((length) => length * scale);
  const along = Math.floor((n - f) / s) + 1;
  const inputs = f * f * DEPTH;
  return {
    along, windows: along * along, parameters: inputs + 1, multiplications: along * along * inputs,
    wholeParameters: n * n * DEPTH + 1,
  };
}

/** What the neuron gets for bytes 0 to 255: numbers from -0.5 to 0.5. */
export const inputsOf = (bytes) => Float64Array.from(bytes, (byte) => byte / 255 - 0.5);

/** The neuron of an entry of `detectors`: its weights are whole numbers of 16 bits times a step. */
export function neuronOf({ size, bias, step, offset }, bytes) {
  const own = bytes.slice(2 * offset, 2 * (offset + size * size * DEPTH)); // a copy starts at an even address
  return { size, bias, weights: Float64Array.from(new Int16Array(own.buffer), (whole) => whole * step) };
}

/** Sum of products of two rectangles in rows; starts and row lengths count numbers, not pixels. */
function products(a, aStart, aRow, b, bStart, bRow, rows, length) {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const [from, to] = [aStart + row * aRow, bStart + row * bRow];
    for (let n = 0; n < length; n++) sum += a[from + n] * b[to + n];
  }
  return sum;
}

/** The score of every window of a scene, row after row: sum of input times weight + bias. */
export function scoresOf(inputs, { size, weights, bias }, stride) {
  const { along } = countsOf(size, stride);
  const scores = new Float64Array(along * along);
  for (let n = 0; n < scores.length; n++) {
    const [top, left] = [Math.floor(n / along) * stride, (n % along) * stride];
    const start = (top * SIDE + left) * DEPTH;
    scores[n] = bias + products(inputs, start, SIDE * DEPTH, weights, 0, size * DEPTH, size, size * DEPTH);
  }
  return scores;
}

/** What the cat changes in the scene below it: cat less scene, (32, 32, 3). */
export function changeBy(cat, inputs, top, left) {
  const row = CAT * DEPTH;
  return cat.map((value, n) => value - inputs[(top + Math.floor(n / row)) * SIDE * DEPTH + left * DEPTH + (n % row)]);
}

/** The scores with the cat: those without it, and what it changes in the windows that it reaches. */
export function addCat(scores, change, top, left, { size, weights }, stride) {
  const { along } = countsOf(size, stride);
  const shared = (start, place) => [Math.max(start, place), Math.min(start + size, place + CAT)];
  return scores.map((score, n) => {
    const [y, x] = [Math.floor(n / along) * stride, (n % along) * stride];
    const [[y0, y1], [x0, x1]] = [shared(y, top), shared(x, left)];
    if (y0 >= y1 || x0 >= x1) return score;
    const inCat = ((y0 - top) * CAT + x0 - left) * DEPTH;
    const inWindow = ((y0 - y) * size + x0 - x) * DEPTH;
    return score + products(change, inCat, CAT * DEPTH, weights, inWindow, size * DEPTH, y1 - y0, (x1 - x0) * DEPTH);
  });
}

/** The index of the best score; of equal ones the first. */
export const bestOf = (scores) => scores.reduce((best, score, n) => (score > scores[best] ? n : best), 0);

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

// Along one direction, which share of a window is cat.
const sharedPart = (size, start, place) =>
  Math.max(0, Math.min(start + size, place + CAT) - Math.max(start, place)) / size;

/** Which share of a window's pixels are the cat's. */
export const catShare = (size, y, x, top, left) => sharedPart(size, y, top) * sharedPart(size, x, left);

/** The largest share that any window has. */
export function mostCat(size, stride, top, left) {
  const starts = Array.from({ length: countsOf(size, stride).along }, (_, n) => n * stride);
  const most = (place) => Math.max(...starts.map((start) => sharedPart(size, start, place)));
  return most(top) * most(left);
}

/** A probability for people: two decimals, but never a certainty that is not there. */
export function sayProbability(p) {
  if (p > 0.994) return ">0.99";
  if (p < 0.5 && p >= 0.495) return "<0.50";
  return p < 0.006 ? "<0.01" : p.toFixed(2);
}

/** What the best window says. */
export function answerWords(p, row, column) {
  if (p < 0.5) return `no cat found: the best window says ${sayProbability(p)}`;
  return `cat: yes (${sayProbability(p)}), in window row ${row}, column ${column}`;
}

/** A score in a cell of the map: one decimal, whole from 10 on. */
export function sayScore(score) {
  const text = Math.abs(score).toFixed(Math.abs(score) < 9.95 ? 1 : 0);
  return (score < 0 && text !== "0.0" ? MINUS : "") + text;
}

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

/**
 * Whether the answer is right, in words: `share` of the winning window is cat, and at most `most` of any window.
 */
export function truthWords(found, catShown, share, most) {
  if (!catShown) return found ? "A false alarm: there is no cat in the scene." : "Right: there is no cat in the scene.";
  if (found && share < 0.5) return `A false alarm: ${share ? `only ${percent(share)}` : "none"} of that window is cat.`;
  if (found) return `Right: ${percent(share)} of that window is cat.`;
  return most === 1 ? "Missed, although one window is all cat." : `Missed: no window is more than ${percent(most)} cat.`;
}

// --------------------------------------------------------------------------------------------- the view

const SETTINGS = ["scene", "top", "left", "cat_shown", "window", "stride", "chosen", "ask"];
const STRIDES = [32, 16, 8, 4, 2, 1];
const SEAM = (SIDE - CAT) / 2;
const LAST = SIDE - CAT; // the last row or column at which the cat may start
const FAR = 8; // pixels of a long step
const REACH = 8; // scores beyond it have the colour of the ends: their probability is 0.00 or 1.00
const MOST_NUMBERS = 7; // windows along one direction whose scores have room as numbers
const COARSEST = 8; // the smallest stride whose window edges are drawn

const steps = (size) => `${size} ${TIMES} ${size}`;
const count = (number, noun) => `${say(number)} ${noun}${number === 1 ? "" : "s"}`;

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.hovered = null; // the window below the mouse, or null
    this.pending = null; // changes that wait for a prediction
    this.asked = new Set(); // situations that were asked about
    this.verdict = null; // what became of the prediction, as long as all stays where it is
    this.readConstants();
    this.build();
    el.append(this.root);
    this.followModel();
    this.draw();
  }

  readConstants() {
    const get = (name) => this.model.get(name);
    const length = SIDE * SIDE * DEPTH;
    const pixels = asBytes(get("pixels"));
    this.scenes = new Map(get("scene_names").map((name, n) => {
      const bytes = pixels.subarray(n * length, (n + 1) * length);
      return [name, { bytes, inputs: inputsOf(bytes) }];
    }));
    this.catBytes = asBytes(get("cat_pixels"));
    this.cat = inputsOf(this.catBytes);
    const weights = asBytes(get("weights"));
    this.neurons = new Map(get("detectors").map((entry) => [entry.size, neuronOf(entry, weights)]));
  }

  readState() {
    const state = settingsOf(this.model, SETTINGS);
    // Python may set the window, the stride and the chosen window one after another.
    const { along } = countsOf(state.window, state.stride);
    if (state.chosen) state.chosen = state.chosen.map((value) => clamp(value, 0, along - 1));
    return state;
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-cat-windows", role: "group", "aria-label": "A cat and windows" },
      make("div", { class: "nm-body" }, this.buildControls(),
        make("div", { class: "nm-stages" }, this.buildScene(), this.buildMap(), this.buildLegend()), this.buildAnswer(),
        this.buildPlace(), this.buildTidings(), this.buildCounts(), this.status.element));
  }

  buildControls() {
    this.sceneSelect = select([...this.scenes.keys()], (scene) => this.change({ scene }));
    this.windowSelect = select([...this.neurons.keys()], (value) => this.tryOut({ window: Number(value), chosen: null }), steps);
    this.strideSelect = select(STRIDES, (value) => this.tryOut({ stride: Number(value), chosen: null }));
    return make("div", { class: "nm-controls" }, field(this.id, "scene", "Scene", this.sceneSelect),
      field(this.id, "window", "Window", this.windowSelect), field(this.id, "stride", "Stride", this.strideSelect));
  }

  /** A picture that takes the keys, with the marks of the winning and of the chosen window on it. */
  buildStage(name, label, help, onKey) {
    const canvas = make("canvas", { width: SIDE, height: SIDE, role: "img" });
    const [winner, chosen] = ["winner", "chosen"].map((mark) => make("div", { class: `nm-mark nm-${mark}` }));
    const stage = control("div", {
      class: `nm-stage nm-stage-${name}`, tabindex: "0", role: "application", "aria-roledescription": "picture",
      "aria-label": label, "aria-describedby": `${this.id}-${name}-help`, onkeydown: onKey,
    }, canvas, winner, chosen);
    const hidden = make("div", { class: "nm-hidden", id: `${this.id}-${name}-help`, text: help });
    const title = make("div", { class: "nm-title" });
    return { root: make("div", { class: `nm-panel nm-panel-${name}` }, title, stage, hidden), title, stage, canvas, winner, chosen };
  }

  buildScene() {
    this.picture = this.buildStage("scene", "Scene: arrow keys move the cat",
      "Arrow keys move the cat by one pixel, with Shift by eight. Page Up and Page Down move it eight pixels up and " +
        "down, Home and End to the left and right edge.", (event) => this.onSceneKey(event));
    this.picture.title.append(make("b", { text: "Scene" }), ": drag the cat");
    this.lattice = make("div", { class: "nm-lattice" });
    this.catFrame = make("div", { class: "nm-cat" });
    this.picture.winner.before(this.lattice, this.catFrame);
    onDrag(this.picture.stage, { start: (event) => this.startDrag(event), move: (event) => this.drag(event) });
    return this.picture.root;
  }

  buildMap() {
    this.map = this.buildStage("map", "Scores: arrow keys choose a window",
      "Arrow keys choose a window, Home and End go to the ends of the row, Page Up and Page Down five rows, Escape " +
        "goes back to the best window.", (event) => this.onMapKey(event));
    this.mapSize = make("span");
    this.map.title.append(make("b", { text: "Scores" }), " ", this.mapSize);
    this.numbers = Array.from({ length: MOST_NUMBERS ** 2 }, () => make("span"));
    this.numberLayer = make("div", { class: "nm-numbers", "aria-hidden": "true" }, ...this.numbers);
    this.map.winner.before(this.numberLayer);
    const { stage } = this.map;
    onDrag(stage, { start: (event) => this.choose(event), move: (event) => this.choose(event) });
    stage.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" && !event.buttons) this.hover(this.windowAt(event));
    });
    stage.addEventListener("pointerleave", () => this.hover(null));
    return this.map.root;
  }

  buildLegend() {
    this.legendMark = make("div", { class: "nm-legend-mark" });
    const bar = make("div", { class: "nm-legend-bar" });
    bar.style.background = `linear-gradient(to right, ${DIVERGING.map((colour) => `rgb(${colour.join()})`).join()})`;
    const ends = [`${MINUS}${REACH} or less`, "0: threshold", `${REACH} or more`].map((text) => make("span", { text }));
    return make("div", { class: "nm-legend", "aria-hidden": "true" },
      make("div", { class: "nm-legend-track" }, bar, this.legendMark), make("div", { class: "nm-legend-ends" }, ...ends));
  }

  buildAnswer() {
    this.answerLine = make("p", { class: "nm-answer" });
    this.truthLine = make("p", { class: "nm-truth" });
    return make("div", { class: "nm-result" }, this.answerLine, this.truthLine);
  }

  buildPlace() {
    const slider = (name, text) => {
      const range = control("input", {
        type: "range", min: 0, max: LAST, step: 1, oninput: (event) => this.change({ [name]: event.target.valueAsNumber }),
      });
      const value = make("span", { class: "nm-value" });
      return { range, value, root: field(this.id, name, text, range, value) };
    };
    this.sliders = { top: slider("top", "Cat's top row"), left: slider("left", "Cat's left column") };
    const [shownBox, shownSwitch] = checkbox(this.id, "shown", "Cat in the scene", (on) => this.change({ cat_shown: on }));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.switchAsking(on));
    Object.assign(this, { shownBox, askBox });
    this.seamButton = button("Put the cat on the seam", () => this.tryOut({ top: SEAM, left: SEAM, cat_shown: true, chosen: null }));
    return make("div", { class: "nm-place" },
      make("div", { class: "nm-sliders" }, this.sliders.top.root, this.sliders.left.root),
      make("div", { class: "nm-buttons" }, this.seamButton, button("Reset", () => this.reset()), shownSwitch, askSwitch));
  }

  buildTidings() {
    this.windowLine = make("p", { class: "nm-window-line" });
    this.verdictLine = make("p", { class: "nm-verdict" });
    this.questionText = make("p", { id: `${this.id}-question` });
    const answer = (text, guess) => button(text, () => this.settle(guess));
    this.yes = answer("Yes", true);
    this.question = make("div", { class: "nm-question nm-callout", role: "group", "aria-labelledby": this.questionText.id },
      this.questionText, make("div", { class: "nm-buttons" }, this.yes, answer("No", false), answer("Show me", null)));
    return make("div", { class: "nm-tidings" }, this.question, this.verdictLine, this.windowLine);
  }

  buildCounts() {
    const cell = (tag, text, scope) => make(tag, scope ? { text, scope } : { text });
    const full = steps(SIDE * FULL);
    const rows = ["", "Parameters", "Multiplications", "Whole scene: parameters"];
    this.cells = rows.map(() => [make("td"), make("td")]);
    const heads = rows.map((row) => cell("th", row, "row"));
    [this.windowsHead] = heads;
    const table = make("table", {},
      make("caption", { text: `Counts here, and at ${FULL} times the size as in the chapter` }),
      make("thead", {}, make("tr", {}, cell("th", "One shared neuron", "col"), cell("th", steps(SIDE), "col"), cell("th", full, "col"))),
      make("tbody", {}, ...heads.map((head, n) => make("tr", {}, head, ...this.cells[n]))));
    [this.sizeLine, this.workLine] = [make("p"), make("p")];
    return make("div", { class: "nm-counts" }, table, make("div", { class: "nm-formula" }, this.sizeLine, this.workLine));
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** Change something at once; what waited for a prediction is forgotten. */
  change(changes) {
    this.pending = this.verdict = null;
    this.send(changes);
  }

  /** Change something, or first ask what it will do: if the reader wants it, and once for each situation. */
  tryOut(changes) {
    this.change({});
    const state = { ...this.readState(), ...changes };
    const about = situation(state);
    const open = state.cat_shown && ("top" in changes || !this.isFound); // a cat that is found needs no other windows
    if (!state.ask || !open || this.asked.has(about)) {
      this.send(changes);
      return;
    }
    this.asked.add(about);
    this.pending = changes;
    this.draw();
    this.yes.focus({ preventScroll: true });
  }

  /** Judge a prediction (null: none was made), then do what was asked for. */
  settle(guess) {
    const changes = this.pending;
    this.change(changes);
    this.draw();
    if (guess !== null) {
      const right = guess === this.isFound;
      this.verdict = { right, about: situation(this.state), words: `${right ? "You were right" : "Not so"}: it is ${this.isFound ? "found" : "not found"}.` };
    }
    const from = "window" in changes ? this.windowSelect : "stride" in changes ? this.strideSelect : this.seamButton;
    from.focus({ preventScroll: true }); // the button that had the focus is gone
    this.draw();
  }

  switchAsking(ask) {
    this.send({ ask }); // first: what is drawn on settling shows the switch as it now is
    if (!ask && this.pending) this.settle(null);
  }

  reset() {
    this.asked.clear();
    this.change(this.model.get("initial"));
  }

  /** The place of a pointer event in a stage: row and column from 0 to 1. */
  shareAt(event, { stage }) {
    const box = stage.getBoundingClientRect();
    const share = (value, start, length) => clamp((value - start) / length, 0, 0.9999);
    return [share(event.clientY, box.top, box.height), share(event.clientX, box.left, box.width)];
  }

  pixelAt(event) {
    return this.shareAt(event, this.picture).map((share) => Math.floor(share * SIDE));
  }

  /** Take the cat where it is pressed; a press beside it brings its middle there. */
  startDrag(event) {
    const { top, left, cat_shown: shown } = this.readState();
    if (!shown) return false;
    const [y, x] = this.pixelAt(event);
    const inside = y >= top && y < top + CAT && x >= left && x < left + CAT;
    this.grip = inside ? [y - top, x - left] : [CAT / 2, CAT / 2];
    this.drag(event);
    return true;
  }

  drag(event) {
    const [y, x] = this.pixelAt(event);
    this.moveCat(y - this.grip[0], x - this.grip[1]);
  }

  moveCat(top, left) {
    this.change({ top: clamp(top, 0, LAST), left: clamp(left, 0, LAST) });
  }

  onSceneKey(event) {
    const { top, left, cat_shown: shown } = this.readState();
    const targets = {
      ...arrowsFrom(top, left, event.shiftKey ? FAR : 1),
      PageUp: [top - FAR, left], PageDown: [top + FAR, left], Home: [top, 0], End: [top, LAST],
    };
    if (!shown || !takeKey(event, targets)) return;
    this.moveCat(...targets[event.key]);
  }

  windowAt(event) {
    return this.shareAt(event, this.map).map((share) => Math.floor(share * this.counts.along));
  }

  hover(at) {
    if (String(at) === String(this.hovered)) return;
    this.hovered = at;
    this.schedule();
  }

  choose(event) {
    this.hovered = null;
    this.send({ chosen: this.windowAt(event) });
  }

  onMapKey(event) {
    const [row, column] = this.place();
    const last = this.counts.along - 1;
    const targets = {
      ...arrowsFrom(row, column), PageUp: [row - 5, column], PageDown: [row + 5, column], Home: [row, 0], End: [row, last], Escape: null,
    };
    if (!takeKey(event, targets)) return;
    this.hovered = null;
    this.send({ chosen: targets[event.key]?.map((value) => clamp(value, 0, last)) ?? null });
  }

  /** The window that is looked at: below the mouse, else the chosen one, else the best. */
  place() {
    return this.hovered ?? this.state.chosen ?? this.winner;
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state = this.readState();
    if (this.verdict?.about !== situation(this.state)) this.verdict = null;
    this.compute();
    this.drawControls();
    this.drawScene();
    this.drawMap();
    this.drawMarks();
    this.drawWords();
    this.drawCounts();
    this.announce();
  }

  /** Score the windows. What the scene gives without the cat is kept; each frame adds what the cat changes. */
  compute() {
    const { scene, window: size, stride, top, left, cat_shown: shown } = this.state;
    const neuron = this.neurons.get(size);
    const { inputs } = this.scenes.get(scene);
    if (isNew(this, "bare", `${scene},${size},${stride}`)) this.bare = scoresOf(inputs, neuron, stride);
    if (isNew(this, "scored", situation(this.state))) {
      this.scores = shown ? addCat(this.bare, changeBy(this.cat, inputs, top, left), top, left, neuron, stride) : this.bare;
    }
    this.counts = countsOf(size, stride);
    const { along } = this.counts;
    if (this.hovered?.some((value) => value >= along)) this.hovered = null;
    const best = bestOf(this.scores);
    this.winner = [Math.floor(best / along), best % along];
    this.probability = sigmoid(this.scores[best]);
    this.isFound = this.probability >= 0.5;
  }

  drawControls() {
    const { scene, window: size, stride, top, left, cat_shown: shown, ask } = { ...this.state, ...this.pending };
    this.sceneSelect.value = scene;
    this.windowSelect.value = String(size);
    this.strideSelect.value = String(stride);
    for (const [name, value] of Object.entries({ top, left })) {
      const { range, value: words } = this.sliders[name];
      range.valueAsNumber = value;
      range.disabled = !shown;
      setText(words, String(value));
    }
    this.shownBox.checked = shown;
    this.askBox.checked = ask;
  }

  drawScene() {
    const { scene, top, left, cat_shown: shown, window: size, stride } = this.state;
    if (isNew(this, "painted", JSON.stringify([scene, top, left, shown]))) this.paintScene();
    this.catFrame.hidden = !shown;
    setBox(this.catFrame, SIDE, top, left, CAT);
    this.lattice.hidden = stride < COARSEST;
    this.lattice.style.backgroundSize = `${(100 * stride) / SIDE}% ${(100 * stride) / SIDE}%`;
    this.picture.stage.classList.toggle("nm-empty", !shown);
    const where = shown ? `the cat at row ${top}, column ${left}` : "no cat";
    setAttribute(this.picture.canvas, "aria-label",
      `Scene ${scene}, ${where}; the best window of ${steps(size)} starts at row ${this.winner[0] * stride}, column ${this.winner[1] * stride}`);
  }

  paintScene() {
    const { scene, top, left, cat_shown: shown } = this.state;
    const { bytes } = this.scenes.get(scene);
    const context = this.picture.canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    for (let n = 0; n < SIDE * SIDE; n++) {
      const [y, x] = [Math.floor(n / SIDE) - top, (n % SIDE) - left];
      const inCat = shown && y >= 0 && y < CAT && x >= 0 && x < CAT;
      const [source, from] = inCat ? [this.catBytes, DEPTH * (y * CAT + x)] : [bytes, DEPTH * n];
      for (let c = 0; c < DEPTH; c++) image.data[4 * n + c] = source[from + c];
      image.data[4 * n + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  drawMap() {
    const { along } = this.counts;
    const { canvas, stage } = this.map;
    setText(this.mapSize, steps(along));
    if (isNew(this, "mapped", this.scores)) this.paintMap();
    this.numberLayer.hidden = along > MOST_NUMBERS;
    stage.dataset.along = along;
    const reach = [...this.scores].reduce(([low, high], z) => [Math.min(low, z), Math.max(high, z)], [Infinity, -Infinity]);
    setAttribute(canvas, "aria-label",
      `${count(along * along, "score")} from ${say(reach[0], 1)} to ${say(reach[1], 1)}, the highest in window row ` +
        `${this.winner[0]}, column ${this.winner[1]}`);
  }

  paintMap() {
    const { along } = this.counts;
    const { canvas } = this.map;
    if (isNew(canvas, "side", along)) canvas.width = canvas.height = along;
    const context = canvas.getContext("2d");
    const image = context.createImageData(along, along);
    this.scores.forEach((score, n) => {
      const colour = divergingColour(score / REACH);
      image.data.set([...colour, 255], 4 * n);
      if (along <= MOST_NUMBERS) {
        setText(this.numbers[n], sayScore(score));
        this.numbers[n].style.color = inkOn(colour);
      }
    });
    context.putImageData(image, 0, 0);
    this.numberLayer.style.setProperty("--nm-along", along);
    this.numbers.forEach((number, n) => { number.hidden = n >= along * along; });
  }

  /** Outline the winning window and the one that is looked at, in the scene and in the map. */
  drawMarks() {
    const { window: size, stride } = this.state;
    const { along } = this.counts;
    const at = { winner: this.winner, chosen: this.place() };
    for (const [name, [row, column]] of Object.entries(at)) {
      setBox(this.picture[name], SIDE, row * stride, column * stride, size);
      setBox(this.map[name], along, row, column, 1);
    }
    const apart = String(at.winner) !== String(at.chosen);
    for (const { stage, chosen } of [this.picture, this.map]) {
      chosen.hidden = !apart;
      stage.classList.toggle("nm-unfound", !this.isFound);
    }
    const share = 0.5 + 0.5 * clamp(this.scoreAt(at.chosen) / REACH, -1, 1);
    this.legendMark.style.left = `calc((100% - 4px) * ${share.toFixed(4)})`; // it is 4 pixels wide
  }

  scoreAt([row, column]) {
    return this.scores[row * this.counts.along + column];
  }

  drawWords() {
    const { window: size, stride, top, left, cat_shown: shown, chosen } = this.state;
    const share = (at) => (shown ? catShare(size, at[0] * stride, at[1] * stride, top, left) : 0);
    setText(this.answerLine, answerWords(this.probability, ...this.winner));
    setText(this.truthLine, truthWords(this.isFound, shown, share(this.winner), mostCat(size, stride, top, left)));
    this.truthLine.classList.toggle("nm-right", this.truthLine.textContent.startsWith("Right"));
    const at = this.place();
    const [y, x] = at.map((value) => value * stride);
    const z = this.scoreAt(at);
    const which = chosen || this.hovered ? "Window" : "Best window,";
    setText(this.windowLine, `${which} row ${at[0]}, column ${at[1]}: picture rows ${y}\u2013${y + size - 1}, columns ` +
      `${x}\u2013${x + size - 1}, ${percent(share(at))} cat. Score ${say(z)}, probability ${sayProbability(sigmoid(z))}.`);
    this.drawQuestion();
  }

  drawQuestion() {
    this.question.hidden = !this.pending;
    this.windowLine.hidden = Boolean(this.pending);
    this.verdictLine.hidden = !this.verdict;
    if (this.verdict) {
      setText(this.verdictLine, this.verdict.words);
      this.verdictLine.classList.toggle("nm-right", this.verdict.right);
    }
    if (!this.pending) return;
    const { window: size, stride, top, left } = { ...this.state, ...this.pending };
    const where = top === SEAM && left === SEAM ? "The cat sits across the middle of the scene" : `The cat sits at row ${top}, column ${left}`;
    setText(this.questionText, `${where}, windows of ${steps(size)} at stride ${stride}: will it be found?`);
  }

  drawCounts() {
    const { window: size, stride } = this.state;
    if (!isNew(this, "counted", `${size},${stride}`)) return;
    [1, FULL].forEach((scale, column) => {
      const { windows, parameters, multiplications, wholeParameters } = countsOf(size, stride, scale);
      const numbers = [windows, parameters, multiplications, wholeParameters];
      numbers.forEach((number, row) => setText(this.cells[row][column], say(number)));
    });
    const { along, windows } = this.counts;
    setText(this.windowsHead, `Windows, ${steps(along)}`);
    setText(this.sizeLine, `floor((${SIDE} ${MINUS} ${size}) / ${stride}) + 1 = ${along} along a side.`);
    setText(this.workLine, `${say(windows)} ${TIMES} ${steps(size)} ${TIMES} 3 products with shared weights.`);
  }

  /** Tell a screen reader, once the reader pauses. */
  announce() {
    const words = this.pending ? [this.questionText.textContent]
      : [this.verdict?.words, `${this.answerLine.textContent}.`, this.truthLine.textContent,
        this.state.chosen ? this.windowLine.textContent : ""];
    this.status.say(words.filter(Boolean).join(" "));
  }
}

/** What an answer depends on, as a text. */
const situation = ({ scene, top, left, cat_shown: shown, window: size, stride }) =>
  JSON.stringify([scene, top, left, shown, size, stride]);

/** Lay a square over a part of a stage that is `whole` units wide. */
function setBox(element, whole, row, column, side) {
  const percents = [row, column, side, side].map((value) => `${(100 * value) / whole}%`);
  if (!isNew(element, "box", percents.join())) return;
  const [top, left, width, height] = percents;
  Object.assign(element.style, { top, left, width, height });
}

export default widgetOf(View);
