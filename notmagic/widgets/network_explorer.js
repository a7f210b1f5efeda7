// NetworkExplorer: a trained network that runs in the page; every map, every unit's arithmetic, a grey brush.
//
// The first half needs no page, is exported by name and tested with `node --test`; the second half is the widget,
// the default export. The network's own arithmetic is in network_core.js. The state lives in the model
// (network_explorer.py names it), but for a picture of the reader's own: that stays in this view alone.

import {
  MINUS, ModelView, Status, TIMES, arrowsFrom, asBytes, button, checkbox, clamp, control, divergingColour, field,
  inkOn, isNew, make, onDrag, say, sayShort, select, setAttribute, setText, settingsOf, takeKey, widgetOf,
} from "./kit.js";
import {
  PICTURE_SIDE, explainUnit, inputWindow, occlude, resizeTo32, runNetwork, squareCrop, unpackNetwork,
} from "./network_core.js";

// --------------------------------------------------------------------------------------------- the layers

export const GREY = 128; // what the brush paints

/** The nodes to look at: all but the picture and maps laid end to end, which hold the same numbers again. */
export const layersOf = (network) => network.nodes.filter(({ op }) => op !== "input" && op !== "flatten");

const isVector = (shape) => shape.length === 1;
export const channelsOf = (shape) => shape.at(-1);

/** Where a unit stands in its node's numbers. */
export const indexOfUnit = (shape, row, col, channel) => (isVector(shape) ? channel : (row * shape[1] + col) * shape[2] + channel);

/** A map's rows and columns on the screen; a vector's units stand side by side in a square, as nearly as can be. */
export function gridOf(shape) {
  if (!isVector(shape)) return { rows: shape[0], columns: shape[1] };
  const columns = shape[0] <= 10 ? Math.ceil(shape[0] / 2) : Math.ceil(Math.sqrt(shape[0]));
  return { rows: Math.ceil(shape[0] / columns), columns };
}

/** Whether a node's numbers can be below zero. */
export function canBeNegative(node) {
  if (node.op === "input") return node.offset < 0;
  if (node.relu) return false;
  return ["conv", "dense"].includes(node.op) || node.inputs.some(canBeNegative);
}

const SAMPLED = 4096; // numbers of a map that are enough to know how large they are
const COMMON = 0.98;

/**
 * What a node's colours stand for: numbers from 0 to `reach`, or on both sides of zero if `signed`.
 *
 * A few numbers of a map are far larger than all others, which would leave the rest pale: 98 of 100 that are not zero
 * are within `reach`, and the others take the last colour, which `cut` says.
 */
export function scaleOf(node, values) {
  const step = Math.ceil(values.length / SAMPLED);
  const sizes = Float32Array.from({ length: Math.ceil(values.length / step) }, (_, n) => Math.abs(values[n * step])).filter(Boolean).sort();
  const cut = !isVector(node.shape) && sizes.length > 0;
  const reach = cut ? sizes[Math.floor(COMMON * (sizes.length - 1))] : Math.max(1e-6, ...sizes); // all may be zero
  return { reach, signed: canBeNegative(node), cut };
}

/** The two ends of a scale in words. */
export function endsOf({ reach, signed }) {
  const decimals = reach < 0.1 ? 3 : reach < 1 ? 2 : 1;
  return [signed ? say(-reach, decimals) : "0", say(reach, decimals)];
}

// ColorBrewer's Greens (C. Brewer): from nothing to the most, for numbers that are never below zero.
const GREENS = [[247, 252, 245], [199, 233, 192], [116, 196, 118], [35, 139, 69], [0, 68, 27]];

/** The colour of a number on a scale: [red, green, blue]; one colour from zero, or two with zero between. */
export function colourOn({ reach, signed }, value) {
  if (signed) return divergingColour(value / reach);
  const place = clamp(value / reach, 0, 1) * (GREENS.length - 1);
  const index = Math.min(Math.floor(place), GREENS.length - 2);
  return GREENS[index].map((low, c) => Math.round(low + (place - index) * (GREENS[index + 1][c] - low)));
}

// ------------------------------------------------------------------------------------- what is behind a unit

const STRONGEST = 9; // products that are listed where a unit has one number from each of many channels

/** The places of the largest numbers by size, first the largest. */
export const largestBySize = (values, count) =>
  Array.from(values, (_, n) => n).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, count);

/** Some of a unit's inputs, weights and products, as rows and columns. */
const cellsAt = (unit, places, rows, columns) => ({
  rows, columns, places,
  ...Object.fromEntries(["inputs", "weights", "products"].map((name) => [name, unit[name] && places.map((n) => unit[name][n])])),
});

const range = (length) => Array.from({ length }, (_, n) => n);

/** What each input channel adds to a sum of products; cell by cell, the channels of a cell side by side. */
export function sumsByChannel(products, channels) {
  const sums = new Float64Array(channels);
  products.forEach((product, n) => {
    sums[n % channels] += product;
  });
  return sums;
}

/**
 * What a unit is computed from, in parts small enough to write out.
 *
 * Beside the core's `unit`: `source`, the node whose numbers come in (a flattened map is looked at as the map it was);
 * `window` on it; `parts`, what each of several input channels (of an addition: each of its nodes) adds, or null;
 * `part`, the one written out: `chosen`, or else the strongest; `cells`, its numbers; `listed`, whether these are the
 * strongest products of all, because a part is a single number.
 */
export function behindUnit(network, maps, name, index, chosen = null) {
  const node = network.byName[name];
  const unit = explainUnit(network, maps, name, index);
  const [first] = node.inputs;
  let source = first.op === "flatten" ? first.inputs[0] : first;
  const { channel } = unit.place;
  if (node.op === "add") {
    const part = chosen ?? largestBySize(unit.inputs, 1)[0];
    const window = isVector(node.shape) ? null : { top: unit.place.row, left: unit.place.col, height: 1, width: 1 };
    return { node, unit, source: node.inputs[part], window, parts: unit.inputs, part, channel, listed: false, cells: cellsAt(unit, [0, 1], 1, 2) };
  }
  if (!["conv", "dense"].includes(node.op)) {
    const { height, width } = unit.window;
    return { node, unit, source, window: unit.window, parts: null, part: null, channel, listed: false, cells: cellsAt(unit, range(unit.inputs.length), height, width) };
  }
  const depth = channelsOf(source.shape);
  const window = unit.window ?? (isVector(source.shape) ? null : { top: 0, left: 0, height: source.shape[0], width: source.shape[1] });
  const parts = sumsByChannel(unit.products, depth);
  const part = chosen ?? largestBySize(parts, 1)[0];
  const listed = unit.products.length === depth && depth > STRONGEST;
  const cells = listed
    ? cellsAt(unit, largestBySize(unit.products, STRONGEST), 3, 3)
    : cellsAt(unit, range(unit.products.length / depth).map((cell) => cell * depth + part), window?.height ?? 1, window?.width ?? 1);
  return { node, unit, source, window, parts, part, channel: part, listed, cells };
}

// ----------------------------------------------------------------------------------------------- the mask

/** Cover (or uncover, with `value` 0) a square of pixels with its top left corner at a row and a column; in place. */
export function brushAt(mask, row, col, size, value = 1) {
  for (let y = Math.max(row, 0); y < Math.min(row + size, PICTURE_SIDE); y++) {
    mask.fill(value, y * PICTURE_SIDE + Math.max(col, 0), y * PICTURE_SIDE + Math.min(col + size, PICTURE_SIDE));
  }
  return mask;
}

/** Cover what a brush passes on a straight way from one place to another, both [row, column]; in place. */
export function brushAlong(mask, [row, col], [toRow, toCol], size) {
  const steps = Math.max(Math.abs(toRow - row), Math.abs(toCol - col), 1);
  for (let step = 0; step <= steps; step++) {
    brushAt(mask, Math.round(row + ((toRow - row) * step) / steps), Math.round(col + ((toCol - col) * step) / steps), size);
  }
  return mask;
}

/** A mask as 32 numbers of 32 bits, the leftmost pixel the highest bit; and back. */
export function packMask(mask) {
  return range(PICTURE_SIDE).map((row) =>
    mask.subarray(row * PICTURE_SIDE, (row + 1) * PICTURE_SIDE).reduce((sum, bit) => sum * 2 + bit, 0));
}
export function unpackMask(rows) {
  const mask = new Uint8Array(PICTURE_SIDE ** 2);
  rows.forEach((bits, row) => {
    for (let col = 0; col < PICTURE_SIDE; col++) mask[row * PICTURE_SIDE + col] = (bits >>> (PICTURE_SIDE - 1 - col)) & 1;
  });
  return mask;
}

// ------------------------------------------------------------------------------------------ readers' files

export const LARGEST_FILE = 50; // megabytes
export const LARGEST_IMAGE = 40; // megapixels

/** A file's name for a sentence: in quotation marks and not too long. */
export const nameInWords = (name) => (name ? `\u201c${name.length > 24 ? `${name.slice(0, 14)}\u2026${name.slice(-8)}` : name}\u201d` : "the picture");

/** Why a file cannot be taken, before anything of it is read; or "". */
export function fileProblem({ name, size, type }) {
  const who = nameInWords(name);
  if (size === 0) return `${who} is empty: it has 0 bytes. Choose another file.`;
  if (size > LARGEST_FILE * 1e6) return `${who} has ${say(Math.ceil(size / 1e5) / 10, 1)} MB; at most ${LARGEST_FILE} MB can be taken. Shrink it first.`;
  if (type && !type.startsWith("image/")) return `${who} is no picture (${type}). Choose a JPEG, PNG, WebP or GIF file.`;
  return "";
}

/** Why a picture of so many pixels cannot be taken; or "". */
export function sizeProblem(name, width, height) {
  if (!width || !height) return `${nameInWords(name)} does not say how large it is. Save it as PNG or JPEG first.`;
  if (width * height <= LARGEST_IMAGE * 1e6) return "";
  return `${nameInWords(name)} has ${say(Math.ceil((width * height) / 1e5) / 10, 1)} megapixels; at most ${LARGEST_IMAGE} can be taken. Shrink it first.`;
}

export const unreadable = (name) => `${nameInWords(name)} is no picture that this browser can read. Choose a JPEG, PNG, WebP or GIF file.`;

const letters = (bytes, at, count) => String.fromCharCode(...bytes.subarray(at, at + count));

/** Whether a GIF, a PNG or a WebP file holds more than one picture. */
export function isAnimated(bytes) {
  if (letters(bytes, 0, 3) === "GIF") return gifFrames(bytes) > 1;
  if (letters(bytes, 1, 3) === "PNG") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
      const kind = letters(bytes, at + 4, 4);
      if (kind === "acTL") return true;
      if (kind === "IDAT") return false;
    }
  }
  return letters(bytes, 0, 4) === "RIFF" && letters(bytes, 8, 8) === "WEBPVP8X" && Boolean(bytes[20] & 2);
}

/** How many pictures a GIF file holds, counted to two: blocks one after the other (GIF89a, appendix A). */
function gifFrames(bytes) {
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const pastBlocks = (at) => {
    while (bytes[at]) at += bytes[at] + 1;
    return at + 1;
  };
  let at = 13 + table(bytes[10]);
  let frames = 0;
  while (at < bytes.length && frames < 2) {
    if (bytes[at] === 0x2c) {
      frames += 1;
      at = pastBlocks(at + 11 + table(bytes[at + 9]));
    } else if (bytes[at] === 0x21) {
      at = pastBlocks(at + 2);
    } else {
      break;
    }
  }
  return frames;
}

// -------------------------------------------------------------------------------------------- in words

const by = (...sides) => sides.join(` ${TIMES} `);

/** What a layer gives: "32 maps of 30 x 30", "64 units". */
export const mapsWords = (shape) => (isVector(shape) ? `${shape[0]} units` : `${shape[2]} maps of ${by(...shape.slice(0, 2))}`);

/** A probability for people; whole per cents, but never a certainty that is not there. */
export function shareWords(p, space = "\u00a0") {
  if (p > 0.99 && p < 1) return `>${space}99${space}%`;
  if (p < 0.01 && p > 0) return `<${space}1${space}%`;
  return `${Math.round(100 * p)}${space}%`;
}

/** Classes by probability, the likeliest first; of equal ones the first. */
export const ranked = (p) => range(p.length).sort((a, b) => p[b] - p[a] || a - b);

const answer = (p, names, k) => `${names[k]}, ${shareWords(p[k])}`;

export function answerWords(p, names) {
  const [first, second] = ranked(p);
  return `It says ${answer(p, names, first)}; then ${answer(p, names, second)}.`;
}

export function verdictWords(p, names, guess) {
  const [first] = ranked(p);
  return guess === first ? `Right: ${answer(p, names, first)}.` : `Not ${names[guess]} but ${answer(p, names, first)}.`;
}

/** What covering so many pixels has done to the answer. */
export function changeWords(before, after, names, count) {
  const [[was], [is]] = [ranked(before), ranked(after)];
  const covered = `${say(count)} of ${say(PICTURE_SIDE ** 2)} pixels are grey`;
  const change = `${names[was]} ${shareWords(before[was])} \u2192 ${shareWords(after[was])}`;
  return was === is ? `${covered}: ${change}. The answer stays.` : `${covered}: ${change}. Now it says ${answer(after, names, is)}.`;
}

/** That the answer is one of so many whatever the picture shows, and how often it is right. */
export function noticeWords(names, accuracy) {
  const count = names.length === 10 ? "ten" : String(names.length);
  const right = accuracy ? ` Of 100 test pictures it names ${Math.round(100 * accuracy)} rightly.` : "";
  return `It has ${count} answers and gives one of them whatever the picture shows.${right}`;
}

const MOST_NUMBERS = 4; // cells side by side that have room for their numbers
const ROOMY = 3;

/** A number for one of several cells side by side, as short as they need it. */
export function numberFor(value, columns) {
  if (columns > MOST_NUMBERS) return "";
  return columns > ROOMY && Math.abs(value) >= 1 ? say(value, Math.abs(value) < 9.95 ? 1 : 0) : sayShort(value);
}

/** What a unit is called: "unit (3, 4) of channel 7 in conv2", "unit 12 in dense1". */
export const unitWords = (name, shape, { row, col, channel }) =>
  (isVector(shape) ? `unit ${channel} in ${name}` : `unit (${row}, ${col}) of channel ${channel} in ${name}`);

/** What of the picture a unit sees. */
export function seenWords(shape, { row, col, channel }, { top, left, height, width }) {
  const unit = isVector(shape) ? `Unit ${channel}` : `Unit (${row}, ${col})`;
  if (height === PICTURE_SIDE && width === PICTURE_SIDE) return `${unit} sees the whole picture.`;
  const rows = `row${height > 1 ? "s" : ""} ${top}${height > 1 ? ` to ${top + height - 1}` : ""}`;
  const columns = `column${width > 1 ? "s" : ""} ${left}${width > 1 ? ` to ${left + width - 1}` : ""}`;
  return `${unit} sees ${rows}, ${columns}: ${by(height, width)} pixels.`;
}

const COLOURS = ["red", "green", "blue"];

/** What the parts that go into a unit are called. */
export function partNames({ node, source, parts }) {
  if (node.op === "add") return node.from;
  return Array.from(parts ?? [], (_, n) => (source.op === "input" && parts.length === 3 ? COLOURS[n] : String(n)));
}

const bracketed = (value) => (value < 0 ? `(${say(value, 3)})` : say(value, 3));

/** How a unit's number comes about. */
export function sumWords(behind) {
  const { node, unit, parts, part, cells } = behind;
  const result = say(unit.value, 3);
  const relu = node.relu ? (unit.sum > 0 ? " ReLU leaves it." : " ReLU makes it 0.") : "";
  if (node.op === "add") return `${say(unit.inputs[0], 3)} + ${bracketed(unit.inputs[1])} = ${say(unit.sum, 3)}.${relu}`;
  if ("largest" in unit) {
    const what = node.kind === "max" ? "The largest" : "The mean";
    return `${what} of ${unit.cells} ${unit.cells === 1 ? "number" : "numbers"}: ${result}.`;
  }
  const total = `${say(unit.sum - unit.bias, 3)} + bias ${bracketed(unit.bias)} = ${say(unit.sum, 3)}.${relu}`;
  const count = say(unit.products.length);
  if (behind.listed || parts.length === 1) {
    if (behind.listed) return `Shown: the ${cells.places.length} strongest of ${count} products. All together: ${total}`;
    return `All ${count} products: ${total}`;
  }
  const name = partNames(behind)[part];
  const one = COLOURS.includes(name) ? name[0].toUpperCase() + name.slice(1) : `Channel ${name}`;
  return `${one} adds ${say(parts[part], 3)}. All ${parts.length} channels, ${count} products: ${total}`;
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["network", "picture", "layer", "row", "col", "channel", "covered", "ask"];
const BRUSHES = [1, 2, 4, 8, 12, 16];
const WIDE = 600; // pixels from which on all layers are shown at once
const TILES = { narrow: 16, wide: 32 }; // maps side by side
const TILE_SIDE = 20; // pixels of one of them, about
// Pixels along a side of a reader's picture, beyond which it is shrunk in two steps: by a whole factor as the browser
// does it, then as Pillow does. Up to here the result is Pillow's to within one level of 255, beyond to
// within four, as tested with a smooth picture.
const LARGEST_CANVAS = 2048;
const BETWEEN = 0x90808080; // the colour between maps
const PRIVATE = "Your own picture never leaves this page.";

/** Colours of a scale as 32-bit pixels, from one end to the other. */
function lookupOf(signed) {
  const colours = new Uint32Array(256);
  const bytes = new Uint8Array(colours.buffer);
  for (let n = 0; n < 256; n++) {
    bytes.set([...colourOn({ reach: 1, signed }, signed ? n / 127.5 - 1 : n / 255), 255], 4 * n);
  }
  return colours;
}
const LOOKUP = { signed: lookupOf(true), unsigned: lookupOf(false) };

/** The colour of a number as the place in such a table. */
const placeOn = ({ reach, signed }, value) =>
  (signed ? clamp(Math.round(127.5 * (value / reach + 1)), 0, 255) : clamp(Math.round((255 * value) / reach), 0, 255));

const percent = (value, whole) => `${(100 * value) / whole}%`;

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    const get = (name) => model.get(name);
    Object.assign(this, {
      entries: get("networks"), pictures: get("pictures"), names: get("class_names"), networks: new Map(), shrunk: new Map(),
      own: null, showsOwn: false, files: 0, answered: new Set(), verdict: null, source: null, note: "", wide: false,
      mask: new Uint8Array(PICTURE_SIDE ** 2), inked: false, brush: { row: 12, col: 12, size: 8 },
    });
    this.build();
    el.append(this.root);
    this.wide = this.root.clientWidth >= WIDE;
    this.followModel();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.root);
    this.onPaste = (event) => this.paste(event);
    document.addEventListener("paste", this.onPaste);
    this.draw();
  }

  destroy() {
    document.removeEventListener("paste", this.onPaste);
    this.observer.disconnect();
    super.destroy();
  }

  resize() {
    const wide = this.root.clientWidth >= WIDE;
    if (wide === this.wide) return;
    this.wide = wide;
    this.schedule();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", {
      class: "nm-widget nm-network-explorer", role: "group", "aria-label": "A trained network",
      ondragover: (event) => this.dragOver(event), ondragleave: () => this.root.classList.remove("nm-drop"),
      ondrop: (event) => this.drop(event),
    }, make("div", { class: "nm-body" },
      this.buildChoice(), this.buildPicture(), this.buildAnswer(), this.buildWords(), this.buildControls(), this.buildStrips(),
      this.buildUnit(), this.status.element));
  }

  buildChoice() {
    this.thumbs = [...this.pictures.map((picture, index) => this.buildThumb(picture.name, index)), this.buildThumb("your own", -1)];
    this.pictures.forEach((picture, index) => paintBytes(this.thumbs[index].canvas, ...this.rgba(index)));
    const input = control("input", {
      type: "file", accept: "image/*", id: `${this.id}-file`, onchange: () => this.takeFirst([...input.files]),
    });
    this.fileInput = input;
    const choose = make("span", { class: "nm-file" }, input, make("label", { for: input.id },
      make("span", { class: "nm-long", text: "Your own picture\u2026" }), make("span", { class: "nm-short", text: "Yours\u2026" })));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.send({ ask: on }));
    this.askBox = askBox;
    this.noteLine = make("span", { class: "nm-note" });
    this.creditLine = make("span", { class: "nm-credit" });
    return make("div", { class: "nm-panel nm-choose" },
      make("fieldset", { class: "nm-thumbs" }, make("legend", { class: "nm-hidden", text: "Picture" }), ...this.thumbs.map(({ root }) => root)),
      choose, make("p", { class: "nm-about" }, this.noteLine, " ", this.creditLine), askSwitch);
  }

  /** A picture to choose: a round button, unseen, on its thumbnail. */
  buildThumb(name, index) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const radio = control("input", {
      type: "radio", name: `${this.id}-picture`, value: index, "aria-label": name, onchange: () => this.choosePicture(index),
    });
    return { canvas, radio, root: make("label", { class: "nm-thumb" }, radio, canvas) };
  }

  buildPicture() {
    this.canvas = make("canvas", { role: "img", width: PICTURE_SIDE, height: PICTURE_SIDE });
    [this.patchMark, this.brushMark] = ["patch", "brush"].map((name) => make("div", { class: `nm-mark nm-mark-${name}` }));
    this.stage = control("div", {
      class: "nm-stage nm-grid nm-grid-picture", tabindex: "0", role: "application", "aria-roledescription": "picture to paint on",
      "aria-label": "Picture: arrow keys move the brush, space covers", "aria-describedby": `${this.id}-brush-help`,
      onkeydown: (event) => this.onBrushKey(event),
    }, this.canvas, this.patchMark, make("div", { class: "nm-clip" }, this.brushMark));
    onDrag(this.stage, {
      start: (event) => this.startStroke(event), move: (event) => this.stroke(event), end: () => this.takeInk(),
    });
    this.stage.addEventListener("pointermove", (event) => this.hover(event));
    this.brushSelect = select(BRUSHES, (size) => this.chooseBrush(Number(size)), (size) => `${size} px`, { "aria-label": "Brush" });
    this.brushSelect.value = "8";
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-brush-help`,
      text: "Arrow keys move the brush one pixel, with Shift by its width. Space or Enter paints grey, Delete uncovers what is " +
        "below the brush, Escape uncovers everything.",
    });
    this.clearButton = button("Clear", () => this.cover(new Uint8Array(PICTURE_SIDE ** 2)), { "aria-label": "Clear grey" });
    return make("div", { class: "nm-panel nm-picture" },
      make("div", { class: "nm-title" }, make("b", { text: "Picture" }), make("span", { text: ` ${by(PICTURE_SIDE, PICTURE_SIDE)}` })),
      this.stage, make("div", { class: "nm-brush" }, this.brushSelect, this.clearButton, button("Reset", () => this.reset())), help);
  }

  buildAnswer() {
    this.bars = this.names.map((name) => {
      const [before, after] = ["before", "after"].map((part) => make("span", { class: `nm-fill nm-${part}` }));
      const share = make("span", { class: "nm-share" });
      const root = make("li", {}, make("span", { class: "nm-name", text: name }), make("span", { class: "nm-track" }, before, after), share);
      return { root, before, after, share };
    });
    this.barTitle = make("div", { class: "nm-title" }, make("b", { text: "Answer" }), make("span", { class: "nm-bar-key" }));
    this.barKey = this.barTitle.lastChild;
    this.barBox = make("div", { class: "nm-bar-box" }, this.barTitle, make("ol", { class: "nm-bars" }, ...this.bars.map(({ root }) => root)));
    return make("div", { class: "nm-panel nm-answer" }, this.barBox, this.buildQuestion());
  }

  buildQuestion() {
    this.guess = control("select", { id: `${this.id}-guess` },
      make("option", { value: "", text: "choose\u2026" }), ...this.names.map((name, k) => make("option", { value: k, text: name })));
    const count = this.names.length === 10 ? "ten" : String(this.names.length);
    this.questionText = make("label", { for: this.guess.id, text: `Which of its ${count} answers will the network give?` });
    this.question = make("form", { class: "nm-question nm-callout", onsubmit: (event) => this.check(event) },
      this.questionText, this.guess,
      make("div", { class: "nm-buttons" }, control("button", { type: "submit", text: "Check" }), button("Show me", () => this.settle(null))));
    return this.question;
  }

  buildWords() {
    [this.answerLine, this.changeLine, this.notice] = ["said", "change", "notice"].map((name) => make("p", { class: `nm-${name}` }));
    return make("div", { class: "nm-panel nm-words" }, this.answerLine, this.changeLine, this.notice);
  }

  buildControls() {
    this.networkSelect = select(this.entries.map(({ name }) => name), (network) => this.chooseNetwork(network),
      (name) => this.entries.find((entry) => entry.name === name).label);
    this.layerSelect = control("select", { onchange: (event) => this.chooseUnit({ layer: event.target.value }) });
    this.channelSelect = control("select", { onchange: (event) => this.chooseUnit({ channel: Number(event.target.value) }) });
    const network = field(this.id, "network", "Network", this.networkSelect);
    network.hidden = this.entries.length < 2;
    return make("div", { class: "nm-panel nm-controls" }, network,
      field(this.id, "layer", "Layer", this.layerSelect), field(this.id, "channel", "Channel", this.channelSelect));
  }

  buildStrips() {
    this.strips = new Map();
    this.stripBox = control("div", { class: "nm-panel nm-strips", role: "group", "aria-label": "Maps of the layers" });
    return this.stripBox;
  }

  /** A layer's maps side by side, in lines of so many; a press chooses a unit. */
  buildStrip({ name, shape }) {
    const canvas = make("canvas", { role: "img" });
    const mark = make("div", { class: "nm-mark" });
    const box = make("div", { class: "nm-strip-maps" }, canvas, mark);
    box.addEventListener("click", (event) => this.pressStrip(name, event));
    const [about, values] = [make("span", { text: by(...shape) }), make("span")];
    const root = make("div", { class: "nm-strip" }, make("div", { class: "nm-strip-name" }, make("b", { text: name }), about, values), box);
    return { root, canvas, mark, box, values };
  }

  buildUnit() {
    this.sourceName = make("b");
    this.sourceAbout = make("span");
    this.sourceSelect = control("select", { "aria-label": "Input channel", onchange: (event) => this.chooseSource(event.target.value) });
    this.sourceCanvas = make("canvas", { role: "img" });
    this.sourceMark = make("div", { class: "nm-mark" });
    this.mapName = make("b");
    this.mapAbout = make("span");
    this.mapCanvas = make("canvas", { role: "img" });
    this.mapMark = make("div", { class: "nm-mark" });
    this.mapStage = control("div", {
      class: "nm-stage nm-grid nm-grid-map", tabindex: "0", role: "application", "aria-roledescription": "grid",
      "aria-label": "Map: arrow keys move the unit", "aria-describedby": `${this.id}-map-help`, onkeydown: (event) => this.onMapKey(event),
    }, this.mapCanvas, this.mapMark);
    onDrag(this.mapStage, { start: (event) => this.pressMap(event), move: (event) => this.pressMap(event) });
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-map-help`,
      text: "Arrow keys move the unit one step, Home and End go to the ends of the row, Page Up and Page Down to the channel " +
        "before and after. Rows, columns and channels count from 0.",
    });
    this.legend = ["low", "bar", "high"].map((name) => make("span", { class: `nm-legend-${name}` }));
    return make("div", { class: "nm-panel nm-unit" },
      make("div", { class: "nm-source" },
        make("div", { class: "nm-title" }, this.sourceName, this.sourceAbout),
        make("div", { class: "nm-grid nm-grid-source" }, this.sourceCanvas, this.sourceMark)),
      make("div", { class: "nm-map" }, make("div", { class: "nm-title" }, this.mapName, this.mapAbout), this.mapStage,
        make("div", { class: "nm-legend", "aria-hidden": "true" }, ...this.legend), help),
      this.buildWhat(), this.buildParts(), this.buildNumbers());
  }

  buildWhat() {
    [this.seenLine, this.sumLine] = ["seen", "sum"].map((name) => make("p", { class: `nm-${name}` }));
    return make("div", { class: "nm-what" }, this.seenLine, this.sumLine);
  }

  /** What each input channel adds, as a row of colours; one of them is chosen. */
  buildParts() {
    this.partCanvas = make("canvas", { role: "img" });
    this.partMark = make("div", { class: "nm-mark" });
    this.partBox = make("div", { class: "nm-parts" }, this.partCanvas, this.partMark);
    this.partBox.addEventListener("click", (event) => {
      const { left, width } = this.partBox.getBoundingClientRect();
      const { parts } = this.behind;
      if (parts) this.chooseSource(clamp(Math.floor(((event.clientX - left) / width) * parts.length), 0, parts.length - 1));
    });
    this.partEnds = make("span", { class: "nm-part-ends" });
    this.partRow = make("div", { class: "nm-part-row" }, this.sourceSelect, this.partBox, this.partEnds);
    return this.partRow;
  }

  buildNumbers() {
    this.numberGrids = Object.fromEntries([["inputs", "Inputs"], ["weights", `${TIMES} weights`], ["products", "= products"]].map(([name, title]) => {
      const cells = make("div", { class: "nm-cells", role: "img" });
      return [name, { cells, spans: [], root: make("div", { class: `nm-numbers nm-numbers-${name}` }, make("div", { class: "nm-title", text: title }), cells) }];
    }));
    return make("div", { class: "nm-three" }, ...Object.values(this.numberGrids).map(({ root }) => root));
  }

  // ------------------------------------------------------------------------------------ what readers do

  choosePicture(index) {
    this.note = "";
    this.showsOwn = index < 0;
    this.verdict = null;
    this.mask.fill(0);
    this.inked = false;
    this.send({ covered: packMask(this.mask), ...(index < 0 ? {} : { picture: index }) });
  }

  chooseNetwork(network) {
    const next = this.networkNamed(network);
    const { layer, row, col, channel } = settingsOf(this.model, SETTINGS);
    const node = layersOf(next).find(({ name }) => name === layer) ?? layersOf(next)[0];
    this.source = null;
    this.send({ network, ...unitWithin(node, { row, col, channel }) });
  }

  /** Choose another layer, place or channel; another layer's unit is the one nearest to the same part of the picture. */
  chooseUnit(changes) {
    this.takeInk();
    this.read();
    const { node, unit } = this;
    const next = this.network.byName[changes.layer ?? node.name];
    if (next !== node) {
      this.source = null;
      const share = (place, side) => (side ? (place + 0.5) / side : 0.5);
      const [rows, columns] = isVector(node.shape) ? [0, 0] : node.shape;
      const [nextRows, nextColumns] = isVector(next.shape) ? [1, 1] : next.shape;
      changes = {
        row: Math.floor(share(unit.row, rows) * nextRows), col: Math.floor(share(unit.col, columns) * nextColumns), ...changes,
      };
    }
    this.send(unitWithin(next, { ...unit, ...changes }));
  }

  chooseSource(value) {
    this.source = value === "" ? null : Number(value);
    this.schedule();
  }

  pressStrip(layer, event) {
    const { shape } = this.network.byName[layer];
    const strip = this.strips.get(layer);
    const box = strip.box.getBoundingClientRect();
    const { columns, lines, width, height } = this.stripLayout(shape);
    const across = ((event.clientX - box.left) / box.width) * columns;
    const down = ((event.clientY - box.top) / box.height) * lines;
    const channel = Math.floor(down) * columns + Math.floor(across);
    if (channel >= channelsOf(shape) || this.isSecret(layer)) return;
    this.chooseUnit({
      layer, channel, row: Math.floor((down % 1) * height), col: Math.floor((across % 1) * width),
    });
  }

  pressMap(event) {
    this.read();
    const { shape } = this.node;
    const box = this.mapStage.getBoundingClientRect();
    const { rows, columns } = gridOf(shape);
    const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
    const col = clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1);
    this.chooseUnit(isVector(shape) ? { channel: row * columns + col } : { row, col });
  }

  onMapKey(event) {
    this.read();
    const { shape, name } = this.node;
    const { row, col, channel } = this.unit;
    const { rows, columns } = gridOf(shape);
    const [y, x] = isVector(shape) ? [Math.floor(channel / columns), channel % columns] : [row, col];
    const targets = { ...arrowsFrom(y, x), Home: [y, 0], End: [y, columns - 1], PageUp: channel - 1, PageDown: channel + 1 };
    if (!takeKey(event, targets)) return;
    const target = targets[event.key];
    const last = channelsOf(shape) - 1;
    if (!Array.isArray(target)) return this.chooseUnit({ layer: name, channel: clamp(target, 0, last) });
    const [toRow, toCol] = [clamp(target[0], 0, rows - 1), clamp(target[1], 0, columns - 1)];
    this.chooseUnit(isVector(shape) ? { layer: name, channel: Math.min(toRow * columns + toCol, last) } : { layer: name, row: toRow, col: toCol });
  }

  reset() {
    this.note = "";
    this.showsOwn = false;
    this.verdict = null;
    this.source = null;
    this.answered.clear();
    this.inked = false;
    const { ask, ...rest } = this.model.get("initial");
    this.send(rest);
  }

  // ------------------------------------------------------------------------------------------- the brush

  chooseBrush(size) {
    this.brush = { ...this.brush, size };
    this.schedule();
  }

  /** The brush's top left corner for a pointer in its middle. */
  brushPlace(event) {
    const box = this.stage.getBoundingClientRect();
    const { size } = this.brush;
    const at = (value, start, length) => Math.round(((value - start) / length) * PICTURE_SIDE - size / 2);
    return [at(event.clientY, box.top, box.height), at(event.clientX, box.left, box.width)];
  }

  hover(event) {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const [row, col] = this.brushPlace(event);
    if (row === this.brush.row && col === this.brush.col) return;
    Object.assign(this.brush, { row, col });
    this.schedule();
  }

  startStroke(event) {
    this.mask = unpackMask(this.model.get("covered"));
    this.from = this.brushPlace(event);
    this.stroke(event);
  }

  stroke(event) {
    const place = this.brushPlace(event);
    brushAlong(this.mask, this.from, place, this.brush.size);
    this.from = place;
    [this.brush.row, this.brush.col] = place;
    this.inked = true;
    this.schedule();
  }

  /** Give what was painted to the model: once a frame, not once a movement. */
  takeInk() {
    if (!this.inked) return;
    this.inked = false;
    this.send({ covered: packMask(this.mask) });
  }

  cover(mask) {
    this.inked = false;
    this.mask = mask;
    this.send({ covered: packMask(mask) });
  }

  onBrushKey(event) {
    const { row, col, size } = this.brush;
    const moves = arrowsFrom(row, col, event.shiftKey ? size : 1);
    const acts = { " ": 1, Enter: 1, Delete: 0, Backspace: 0, Escape: null };
    if (!takeKey(event, { ...moves, ...acts })) return;
    if (event.key in moves) {
      [this.brush.row, this.brush.col] = moves[event.key].map((place) => clamp(place, 0, PICTURE_SIDE - size));
      this.schedule();
    } else if (event.key === "Escape") {
      this.cover(new Uint8Array(PICTURE_SIDE ** 2));
    } else {
      this.cover(brushAt(unpackMask(this.model.get("covered")), row, col, size, acts[event.key]));
    }
  }

  // ------------------------------------------------------------------------------------- readers' pictures

  dragOver(event) {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.root.classList.add("nm-drop");
  }

  drop(event) {
    event.preventDefault();
    event.stopPropagation();
    this.root.classList.remove("nm-drop");
    const files = [...event.dataTransfer.files];
    if (files.length) this.takeFirst(files);
    else this.tell("What was dropped is no file. Save the picture first, then drop the file.");
  }

  /** Take a picture from the clipboard if the reader is in this view. */
  paste(event) {
    if (!this.root.contains(document.activeElement)) return;
    event.preventDefault();
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) this.takeFirst(files);
    else this.tell("The clipboard holds no picture. Copy a picture, not its address or a text.");
  }

  tell(note) {
    this.note = note;
    this.schedule();
  }

  takeFirst(files) {
    if (files.length) this.take(files[0]);
    this.fileInput.value = ""; // so that the same file can be chosen again
  }

  /** Show a reader's file, or say in a sentence why not; of several taken one after the other the last counts. */
  async take(file) {
    this.files += 1;
    const turn = this.files;
    const problem = fileProblem(file);
    if (problem) return this.tell(problem);
    const address = URL.createObjectURL(file);
    try {
      const image = await loadImage(address);
      const tooLarge = sizeProblem(file.name, image.naturalWidth, image.naturalHeight);
      const found = tooLarge ? null : shrinkImage(image);
      const animated = found && isAnimated(new Uint8Array(await file.arrayBuffer()));
      if (turn !== this.files) return undefined;
      if (tooLarge) return this.tell(tooLarge);
      return this.showOwn({ ...found, animated, width: image.naturalWidth, height: image.naturalHeight });
    } catch {
      return turn === this.files ? this.tell(unreadable(file.name)) : undefined;
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  showOwn({ pixels, thumb, transparent, animated, width, height }) {
    this.own = { key: `own ${this.files}`, pixels };
    const canvas = this.thumbs.at(-1).canvas;
    Object.assign(canvas, { width: thumb.width, height: thumb.height });
    canvas.getContext("2d").drawImage(thumb, 0, 0);
    this.choosePicture(-1);
    const side = Math.min(width, height);
    const crop = width === height ? "" : `, its middle ${by(say(side), say(side))}`;
    this.tell([
      `Yours: ${by(say(width), say(height))}${crop}, shrunk to ${by(PICTURE_SIDE, PICTURE_SIDE)}.`,
      transparent ? "What is transparent stands on white." : "", animated ? "Of the animation the first picture is taken." : "",
    ].filter(Boolean).join(" "));
  }

  // -------------------------------------------------------------------------------------- predictions

  check(event) {
    event.preventDefault();
    if (this.guess.value !== "") this.settle(Number(this.guess.value));
  }

  /** Judge a prediction (null: none was made) and show the answer. */
  settle(guess) {
    this.takeInk();
    this.read();
    this.answered.add(this.pictureKey);
    this.verdict = guess === null ? null : { key: this.pictureKey, guess };
    this.guess.value = "";
    this.draw();
    this.stage.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------------------------------ computing

  networkNamed(name) {
    if (!this.networks.has(name)) {
      const { plan, offset, length } = this.entries.find((entry) => entry.name === name);
      this.networks.set(name, unpackNetwork(plan, asBytes(this.model.get("weights")).subarray(offset, offset + length)));
    }
    return this.networks.get(name);
  }

  /** A picture's pixels as a canvas takes them, its width and its height. */
  rgba(index) {
    const { width, height, offset } = this.pictures[index];
    const rgb = asBytes(this.model.get("pixels")).subarray(offset, offset + 3 * width * height);
    const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
    for (let n = 0; n < width * height; n++) rgba.set(rgb.subarray(3 * n, 3 * n + 3), 4 * n);
    return [rgba, width, height];
  }

  pixelsNow() {
    if (this.isOwn) return this.own.pixels;
    const index = this.state.picture;
    if (!this.shrunk.has(index)) this.shrunk.set(index, resizeTo32(...this.rgba(index)));
    return this.shrunk.get(index);
  }

  /** Read the model, run the network where picture or grey are new, and find what is behind the unit. */
  read() {
    this.state = settingsOf(this.model, SETTINGS);
    if (this.lastPicture !== this.state.picture) {
      if (this.lastPicture !== undefined) this.showsOwn = false; // someone chose another
      this.lastPicture = this.state.picture;
    }
    this.isOwn = this.showsOwn && this.own !== null;
    this.pictureKey = this.isOwn ? this.own.key : `picture ${this.state.picture}`;
    this.pending = this.state.ask && !this.answered.has(this.pictureKey);
    this.network = this.networkNamed(this.state.network);
    this.layers = layersOf(this.network);
    this.run();
    let node = this.layers.find(({ name }) => name === this.state.layer) ?? this.layers[0];
    if (this.isSecret(node.name)) node = this.layers.at(-2);
    this.node = node;
    const { layer, ...unit } = unitWithin(node, this.state);
    this.unit = unit;
    this.behind = this.lookBehind(this.source);
  }

  lookBehind(source) {
    const { row, col, channel } = this.unit;
    const index = indexOfUnit(this.node.shape, row, col, channel);
    const behind = behindUnit(this.network, this.result.maps, this.node.name, index, source);
    if (source !== null && source >= (behind.parts?.length ?? 0)) {
      this.source = null;
      return this.lookBehind(null);
    }
    return behind;
  }

  run() {
    const key = `${this.state.network} ${this.pictureKey}`;
    const coveredKey = `${key} ${this.state.covered}`;
    if (this.ranKey === coveredKey) return;
    this.ranKey = coveredKey;
    this.covered = unpackMask(this.state.covered);
    this.count = this.covered.reduce((sum, bit) => sum + bit, 0);
    this.pixels = this.pixelsNow();
    if (this.beforeKey !== key) {
      this.beforeKey = key;
      this.result = runNetwork(this.network, this.pixels);
      this.before = this.result.probabilities;
      this.scales = new Map(this.network.nodes.map((node) => [node.name, scaleOf(node, this.result.maps[node.name])]));
      if (!this.count) return;
    }
    this.shown = this.count ? occlude(this.pixels, this.covered, GREY) : this.pixels;
    this.result = runNetwork(this.network, this.shown);
  }

  /** Whether a layer would give away what the reader is asked for. */
  isSecret(name) {
    return this.pending && name === this.layers.at(-1).name;
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    this.takeInk();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.read();
    this.drawChoice();
    this.drawPicture();
    this.drawAnswer();
    this.drawControls();
    this.drawStrips();
    this.drawUnit();
    this.drawSums();
    this.announce();
  }

  drawChoice() {
    const chosen = this.isOwn ? this.thumbs.length - 1 : this.state.picture;
    this.thumbs.forEach(({ radio }, n) => {
      radio.checked = n === chosen;
    });
    this.thumbs.at(-1).root.hidden = !this.own;
    setText(this.noteLine, this.note || PRIVATE);
    this.noteLine.classList.toggle("nm-told", Boolean(this.note));
    const { name, credit } = this.pictures[this.state.picture];
    setText(this.creditLine, this.note ? PRIVATE : credit && !this.isOwn ? `Shown: ${name} (${credit}).` : "");
    this.askBox.checked = this.state.ask;
  }

  pictureName() {
    return this.isOwn ? "your own picture" : this.pictures[this.state.picture].name;
  }

  drawPicture() {
    if (isNew(this.canvas, "painted", `${this.pictureKey} ${this.state.covered}`)) {
      const picture = this.count ? occlude(this.pixels, this.covered, GREY) : this.pixels;
      const rgba = new Uint8ClampedArray(4 * PICTURE_SIDE ** 2).fill(255);
      for (let n = 0; n < PICTURE_SIDE ** 2; n++) rgba.set(picture.subarray(3 * n, 3 * n + 3), 4 * n);
      paintBytes(this.canvas, rgba, PICTURE_SIDE, PICTURE_SIDE);
    }
    this.seen = inputWindow(this.network, this.node.name, this.unit.row, this.unit.col, this.unit.channel);
    placeMark(this.patchMark, this.seen, PICTURE_SIDE, PICTURE_SIDE);
    const { row, col, size } = this.brush;
    placeMark(this.brushMark, { top: row, left: col, height: size, width: size }, PICTURE_SIDE, PICTURE_SIDE);
    const { top, left, height, width } = this.seen;
    setAttribute(this.canvas, "aria-label", `${this.pictureName()}, ${say(this.count)} pixels covered; the unit sees rows ${top} to ` +
      `${top + height - 1}, columns ${left} to ${left + width - 1}; the brush is at row ${row}, column ${col}`);
    this.clearButton.disabled = !this.count;
  }

  drawAnswer() {
    this.barBox.hidden = this.pending;
    this.question.hidden = !this.pending;
    for (const line of [this.answerLine, this.changeLine]) line.classList.toggle("nm-blank", this.pending);
    const { accuracy } = this.entries.find(({ name }) => name === this.state.network);
    setText(this.notice, noticeWords(this.names, accuracy));
    if (this.pending) {
      for (const { share } of this.bars) setText(share, "");
      for (const line of [this.answerLine, this.changeLine]) setText(line, "");
      return;
    }
    const { before, count, names } = this;
    const after = this.result.probabilities;
    const [first] = ranked(after);
    const [was] = ranked(before);
    this.bars.forEach((bar, k) => {
      setAttribute(bar.before, "style", `width: ${percent(before[k], 1)}`);
      setAttribute(bar.after, "style", `width: ${percent(after[k], 1)}`);
      setText(bar.share, count ? `${shareWords(before[k], "")} \u2192 ${shareWords(after[k], "")}` : shareWords(after[k], ""));
      setAttribute(bar.root, "class", `${k === first ? "nm-first" : ""} ${k === was ? "nm-was" : ""}`);
    });
    this.barBox.classList.toggle("nm-two", count > 0);
    setText(this.barKey, count ? " before \u2192 with grey" : "");
    const judged = this.verdict?.key === this.pictureKey && !count ? `${verdictWords(before, names, this.verdict.guess)} ` : "";
    setText(this.answerLine, `${judged}${answerWords(after, names)}`);
    setText(this.changeLine, count ? changeWords(before, after, names, count) : "Paint grey over it: what does the answer hang on?");
  }

  drawControls() {
    const { shape, name } = this.node;
    this.networkSelect.value = this.state.network;
    if (isNew(this.layerSelect, "options", this.state.network)) {
      this.layerSelect.replaceChildren(...this.layers.map((node) =>
        make("option", { value: node.name, text: `${node.name}: ${mapsWords(node.shape)}` })));
    }
    this.layerSelect.options[this.layers.length - 1].disabled = this.pending;
    this.layerSelect.value = name;
    if (isNew(this.channelSelect, "options", `${this.state.network} ${name}`)) {
      const isLast = name === this.layers.at(-1).name;
      this.channelSelect.replaceChildren(...range(channelsOf(shape)).map((n) =>
        make("option", { value: n, text: isLast ? this.names[n] : isVector(shape) ? `unit ${n}` : `channel ${n}` })));
    }
    this.channelSelect.value = String(this.unit.channel);
  }

  /** How a layer's maps lie side by side: columns, lines, and a map's sides. */
  stripLayout(shape) {
    const columns = this.wide ? TILES.wide : TILES.narrow;
    const [height, width] = isVector(shape) ? [1, 1] : shape;
    return { columns, lines: Math.ceil(channelsOf(shape) / columns), height, width };
  }

  drawStrips() {
    if (isNew(this.stripBox, "network", this.state.network)) {
      this.strips = new Map(this.layers.map((node) => [node.name, this.buildStrip(node)]));
      this.stripBox.replaceChildren(...[...this.strips.values()].map(({ root }) => root));
    }
    const most = Math.max(...this.layers.map(({ shape }) => this.stripLayout(shape).lines));
    setAttribute(this.stripBox, "style", `--nm-lines: ${most}`);
    for (const node of this.layers) {
      const strip = this.strips.get(node.name);
      const chosen = node === this.node;
      strip.root.classList.toggle("nm-chosen", chosen);
      strip.root.hidden = !chosen && !this.wide;
      if (!strip.root.hidden) this.drawStrip(strip, node);
    }
    if (isNew(this.stripBox, "shown", `${this.state.network} ${this.wide} ${this.node.name}`)) this.scrollToStrip();
  }

  /** Where many layers scroll: let the keys scroll them, and bring the chosen one into sight. */
  scrollToStrip() {
    const { scrollHeight, clientHeight, scrollTop } = this.stripBox;
    this.stripBox.tabIndex = scrollHeight > clientHeight + 1 ? 0 : -1;
    const strip = this.strips.get(this.node.name).root;
    const top = strip.offsetTop;
    this.stripBox.scrollTop = clamp(scrollTop, top + strip.offsetHeight - clientHeight, top);
  }

  drawStrip({ canvas, mark, values, box }, node) {
    const { name, shape } = node;
    const layout = this.stripLayout(shape);
    const { columns, lines, height, width } = layout;
    const secret = this.isSecret(name);
    const scale = this.scales.get(name);
    if (isNew(canvas, "painted", `${this.ranKey} ${this.wide} ${secret}`)) {
      paintTiles(canvas, secret ? null : this.result.maps[name], channelsOf(shape), layout, scale);
      setAttribute(box, "style", `width: ${percent(1, 1)}; aspect-ratio: ${canvas.width} / ${canvas.height}`);
    }
    const ends = endsOf(scale).join(" to ");
    setText(values, secret ? "" : ends);
    setAttribute(canvas, "aria-label", secret ? `${name}: shown after your answer` : `${name}: ${mapsWords(shape)}, colours from ${ends}`);
    mark.hidden = node !== this.node;
    const { channel } = this.unit;
    if (!mark.hidden) placeMark(mark, { top: Math.floor(channel / columns), left: channel % columns, height: 1, width: 1 }, lines, columns);
  }

  drawUnit() {
    const { node, unit, behind } = this;
    const { name, shape } = node;
    const { source, window, part, channel, parts } = behind;
    setText(this.sourceName, source.op === "input" ? "picture" : source.name);
    const partsAre = partNames(behind);
    if (parts && isNew(this.sourceSelect, "options", `${this.state.network} ${name}`)) {
      this.sourceSelect.replaceChildren(make("option", { value: "" }), ...partsAre.map((text, n) => make("option", { value: n, text })));
    }
    if (parts) {
      const strongest = largestBySize(parts, 1)[0];
      setText(this.sourceSelect.options[0], `strongest: ${partsAre[strongest]}`);
      this.partRow.classList.toggle("nm-nodes", node.op === "add");
      this.sourceSelect.value = this.source === null ? "" : String(this.source);
    }
    const sourceGrid = gridOf(source.shape);
    const vector = isVector(source.shape);
    const ofColour = source.op === "input" && source.shape[2] === 3;
    setText(this.sourceAbout, vector ? ` ${source.shape[0]} units` : ofColour ? ` ${COLOURS[channel]}` : ` channel ${channel}`);
    if (isNew(this.sourceCanvas, "painted", `${this.ranKey} ${source.name} ${channel}`)) {
      paintMap(this.sourceCanvas, this.result.maps[source.name], source.shape, vector ? 0 : channel, this.scales.get(source.name));
    }
    setAttribute(this.sourceCanvas, "style", `aspect-ratio: ${sourceGrid.columns} / ${sourceGrid.rows}`);
    const place = window ?? { top: Math.floor(part / sourceGrid.columns), left: part % sourceGrid.columns, height: 1, width: 1 };
    placeMark(this.sourceMark, clipped(place, sourceGrid), sourceGrid.rows, sourceGrid.columns);
    setAttribute(this.sourceCanvas, "aria-label", vector
      ? `${source.name}: ${source.shape[0]} units; marked: unit ${part}`
      : `${source.name}, channel ${partsAre[part] ?? channel}: ${by(...source.shape.slice(0, 2))}; marked: rows ${place.top} to ${place.top + place.height - 1}, columns ${place.left} to ${place.left + place.width - 1}`);
    const grid = gridOf(shape);
    const isMap = !isVector(shape);
    setText(this.mapName, name);
    setText(this.mapAbout, isMap ? ` channel ${unit.channel}` : ` ${shape[0]} units`);
    const about = `${this.ranKey} ${name} ${isMap ? unit.channel : ""}`;
    if (isNew(this.mapCanvas, "painted", about)) paintMap(this.mapCanvas, this.result.maps[name], shape, unit.channel, this.scales.get(name));
    setAttribute(this.mapCanvas, "style", `aspect-ratio: ${grid.columns} / ${grid.rows}`);
    placeMark(this.mapMark, isMap
      ? { top: unit.row, left: unit.col, height: 1, width: 1 }
      : { top: Math.floor(unit.channel / grid.columns), left: unit.channel % grid.columns, height: 1, width: 1 }, grid.rows, grid.columns);
    setAttribute(this.mapCanvas, "aria-label", `${unitWords(name, shape, unit)} is ${say(behind.unit.value, 3)}`);
    this.drawLegend(this.scales.get(name));
  }

  drawLegend(scale) {
    const [low, high] = endsOf(scale);
    setText(this.legend[0], scale.cut && scale.signed ? `\u2264 ${low}` : low);
    setText(this.legend[2], scale.cut ? `\u2265 ${high}` : high);
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${colourOn({ ...scale, reach: 1 }, scale.signed ? 2 * share - 1 : share).join()})`);
    setAttribute(this.legend[1], "style", `background: linear-gradient(to right, ${stops.join()})`);
  }

  drawSums() {
    const { node, behind, unit } = this;
    const { cells, parts, part } = behind;
    const most = (values) => Math.max(1e-6, ...Array.from(values ?? [], Math.abs));
    const scales = {
      inputs: this.scales.get(behind.source.name),
      weights: { reach: most(behind.unit.weights), signed: true }, products: { reach: most(behind.unit.products), signed: true },
    };
    for (const [name, grid] of Object.entries(this.numberGrids)) {
      grid.root.classList.toggle("nm-blank", !cells[name]);
      if (cells[name]) this.drawNumbers(grid, name, cells, scales[name]);
    }
    const many = Boolean(parts) && node.op !== "add" && parts.length > 1;
    this.partRow.classList.toggle("nm-blank", !parts);
    this.partBox.classList.toggle("nm-blank", !many);
    if (many) {
      const reach = most(parts);
      paintRow(this.partCanvas, parts, { reach, signed: true });
      placeMark(this.partMark, { top: 0, left: part, height: 1, width: 1 }, 1, parts.length);
      setText(this.partEnds, `adds \u00b1${say(reach, reach < 0.1 ? 3 : 2)}`);
      setAttribute(this.partCanvas, "aria-label", `Input ${partNames(behind)[part]} adds ${say(parts[part], 3)}`);
    } else {
      setText(this.partEnds, "");
    }
    const isLast = node.name === this.layers.at(-1).name;
    const logit = isLast ? ` Softmax: ${answer(this.result.probabilities, this.names, unit.channel)}.` : "";
    setText(this.sumLine, `${sumWords(behind)}${logit}`);
    setText(this.seenLine, seenWords(node.shape, unit, this.seen));
  }

  drawNumbers({ cells: box, spans }, name, cells, scale) {
    const values = cells[name];
    while (spans.length < values.length) spans.push(box.appendChild(make("span")));
    const largest = this.behind.unit.largest;
    setAttribute(box, "style", `--nm-columns: ${cells.columns}; --nm-rows: ${cells.rows}`);
    spans.forEach((span, n) => {
      span.hidden = n >= values.length;
      if (span.hidden) return;
      const isOutside = Number.isNaN(values[n]);
      const colour = isOutside ? null : colourOn(scale, values[n]);
      setText(span, isOutside ? "" : numberFor(values[n], cells.columns));
      setAttribute(span, "style", colour ? `background: rgb(${colour.join()}); color: ${inkOn(colour)}` : "");
      setAttribute(span, "class", name === "inputs" && n === largest && this.node.kind === "max" ? "nm-largest" : isOutside ? "nm-outside" : "");
    });
    const said = values.map((value) => (Number.isNaN(value) ? "none" : say(value, 2))).join(", ");
    setAttribute(box, "aria-label", `${this.behind.listed ? `strongest ${name}` : name}: ${said}`);
  }

  announce() {
    const words = this.pending ? [this.questionText] : [this.answerLine, ...(this.count ? [this.changeLine] : [])];
    const said = [...(this.note ? [this.noteLine] : []), ...words, this.seenLine, this.sumLine];
    this.status.say(said.map((element) => element.textContent).join(" "));
  }
}

/** A unit that exists in a layer, as near as can be to one of another. */
function unitWithin(node, { row, col, channel }) {
  const [rows, columns] = isVector(node.shape) ? [1, 1] : node.shape;
  return {
    layer: node.name, row: clamp(row, 0, rows - 1), col: clamp(col, 0, columns - 1), channel: clamp(channel, 0, channelsOf(node.shape) - 1),
  };
}

/** The part of a window that is on a map. */
function clipped({ top, left, height, width }, { rows, columns }) {
  const [first, start] = [Math.max(top, 0), Math.max(left, 0)];
  return { top: first, left: start, height: Math.min(top + height, rows) - first, width: Math.min(left + width, columns) - start };
}

function placeMark(mark, { top, left, height, width }, rows, columns) {
  setAttribute(mark, "style", `top: ${percent(top, rows)}; left: ${percent(left, columns)}; height: ${percent(height, rows)}; width: ${percent(width, columns)}`);
}

// ------------------------------------------------------------------------------------------ painting

function paintBytes(canvas, rgba, width, height) {
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
}

/** Paint pixels that `fill` sets as 32-bit colours; what it leaves is clear. */
function paintWith(canvas, width, height, fill) {
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** One channel of a map, a pixel for each unit; or all units of a vector. */
function paintMap(canvas, values, shape, channel, scale) {
  const colours = scale.signed ? LOOKUP.signed : LOOKUP.unsigned;
  const { rows, columns } = gridOf(shape);
  const [step, start] = isVector(shape) ? [1, 0] : [shape[2], channel];
  const count = isVector(shape) ? shape[0] : rows * columns;
  paintWith(canvas, columns, rows, (pixels) => {
    for (let n = 0; n < count; n++) pixels[n] = colours[placeOn(scale, values[n * step + start])];
  });
}

function paintRow(canvas, values, scale) {
  paintWith(canvas, values.length, 1, (pixels) => values.forEach((value, n) => {
    pixels[n] = LOOKUP.signed[placeOn(scale, value)];
  }));
}

/** All maps of a layer side by side; without values, where they will be. */
function paintTiles(canvas, values, channels, { columns, lines, height, width }, scale) {
  const zoom = Math.max(1, Math.round((TILE_SIDE * devicePixelRatio) / Math.max(height, width)));
  const gap = Math.max(1, Math.round((zoom * Math.max(height, width)) / 14));
  const [tall, broad] = [height * zoom + gap, width * zoom + gap];
  const colours = scale.signed ? LOOKUP.signed : LOOKUP.unsigned;
  const across = columns * broad;
  paintWith(canvas, across, lines * tall, (pixels) => {
    for (let channel = 0; channel < channels; channel++) {
      const start = Math.floor(channel / columns) * tall * across + (channel % columns) * broad;
      for (let y = 0; y < height * zoom; y++) {
        const line = start + y * across;
        const from = Math.floor(y / zoom) * width * channels + channel;
        for (let x = 0; x < width * zoom; x++) {
          pixels[line + x] = values ? colours[placeOn(scale, values[from + Math.floor(x / zoom) * channels])] : 0x40808080;
        }
        pixels.fill(BETWEEN, line + width * zoom, line + broad);
      }
      for (let y = height * zoom; y < tall; y++) pixels.fill(BETWEEN, start + y * across, start + y * across + broad);
    }
  });
}

// --------------------------------------------------------------------------------------- reading files

function loadImage(address) {
  return new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => fail(new Error("not a picture"));
    image.src = address;
  });
}

/** The middle square of a picture at 32 x 32, a thumbnail of it, and whether any of it is transparent. */
function shrinkImage(image) {
  const { left, top, side } = squareCrop(image.naturalWidth, image.naturalHeight);
  const size = Math.round(side / Math.ceil(side / LARGEST_CANVAS));
  const square = make("canvas", { width: size, height: size });
  const context = square.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, left, top, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  let transparent = false;
  for (let n = 3; n < data.length && !transparent; n += 4) transparent = data[n] < 255;
  const thumb = make("canvas", { width: 64, height: 64 });
  const small = thumb.getContext("2d");
  small.fillStyle = "#fff";
  small.fillRect(0, 0, 64, 64);
  small.imageSmoothingQuality = "high";
  small.drawImage(square, 0, 0, 64, 64);
  return { pixels: resizeTo32(data, size, size), thumb, transparent };
}

export default widgetOf(View);
