// ConvExplorer: move a filter over a picture and see every product, every sum and the feature map.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (conv_explorer.py names it), so that two views
// and Python see the same.

import {
  DIVERGING, MINUS, ModelView, Status, TIMES, arrowsFrom, asBytes, button, clamp, control, divergingColour,
  field, inkOn, isNew, make, say, sayShort, select, setAttribute, setText, settingsOf, svg, takeKey, widgetOf,
} from "./kit.js";

// ------------------------------------------------------------------------------------------- geometry

/** Pixels added before and after along one direction, as `notmagic.geometry.pad_amounts`. */
export function padAmounts(n, f, s, p) {
  if (p === "valid") return [0, 0];
  if (p !== "same") return [p, p];
  const total = Math.max((Math.ceil(n / s) - 1) * s + f - n, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Windows that fit along one direction; a RangeError says what would fit if none does. */
export function outputSize(n, f, s, p) {
  const [before, after] = padAmounts(n, f, s, p);
  const room = n + before + after - f;
  if (room < 0) throw new RangeError(doesNotFit(n, n, f, p));
  return Math.floor(room / s) + 1;
}

/** Pixels of the padded input that no window visits: [between windows, after the last window]. */
export function leftoverParts(n, f, s, p) {
  const [before, after] = padAmounts(n, f, s, p);
  const windows = outputSize(n, f, s, p);
  return [(windows - 1) * Math.max(s - f, 0), n + before + after - ((windows - 1) * s + f)];
}

/** Pixels of the padded input that no window visits, along one direction. */
export function leftover(n, f, s, p) {
  const [between, after] = leftoverParts(n, f, s, p);
  return between + after;
}

/** Say why a filter does not fit and what would. */
export function doesNotFit(height, width, f, p) {
  const padding = p === "valid" ? 0 : p;
  const smaller = Math.min(height, width);
  const input = `${height} x ${width}`;
  return (
    `a ${f} x ${f} filter does not fit a ${input} input with padding ${padding}; ` +
    `padding ${Math.ceil((f - smaller) / 2)} or a filter of at most ${smaller + 2 * padding} would`
  );
}

// ------------------------------------------------------------------------------------------ convolution

/** Lay a picture out channel by channel with its padding of 0 around it. */
export function padImage(image, [top, bottom], [left, right]) {
  const { height, width, channels, data } = image;
  const rows = height + top + bottom;
  const columns = width + left + right;
  const values = new Float64Array(channels * rows * columns);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      let to = (c * rows + y + top) * columns + left;
      let from = y * width * channels + c;
      for (let x = 0; x < width; x++, to++, from += channels) values[to] = data[from];
    }
  }
  return { height: rows, width: columns, channels, values };
}

/**
 * Slide a filter over a padded picture, without flipping it.
 *
 * The picture has its padding already, so no index is checked here. One weight at a time goes over the whole
 * map: long runs over neighbouring numbers, and weights of 0 cost nothing. `weights` is flat, (k, k, channels).
 */
export function convolve(padded, weights, k, stride, bias = 0) {
  const height = Math.floor((padded.height - k) / stride) + 1;
  const width = Math.floor((padded.width - k) / stride) + 1;
  const values = new Float64Array(height * width).fill(bias);
  weights.forEach((weight, index) => {
    if (weight === 0) return;
    const c = index % padded.channels;
    const dx = Math.floor(index / padded.channels) % k;
    const dy = Math.floor(index / padded.channels / k);
    addShifted(values, width, padded, (c * padded.height + dy) * padded.width + dx, stride, weight);
  });
  return { height, width, values };
}

function addShifted(values, width, padded, start, stride, weight) {
  const source = padded.values;
  const rowStep = padded.width * stride;
  for (let to = 0, row = start; to < values.length; row += rowStep) {
    const end = to + width;
    for (let from = row; to < end; to++, from += stride) values[to] += weight * source[from];
  }
}

/** The products at one place, (k, k, channels) flat, and their sum for each channel. */
export function productsAt(padded, weights, k, stride, row, col) {
  const { channels } = padded;
  const pixels = new Float64Array(weights.length);
  const products = new Float64Array(weights.length);
  const sums = new Float64Array(channels);
  for (let index = 0; index < weights.length; index++) {
    const c = index % channels;
    const x = col * stride + (Math.floor(index / channels) % k);
    const y = row * stride + Math.floor(index / channels / k);
    pixels[index] = padded.values[(c * padded.height + y) * padded.width + x];
    products[index] = pixels[index] * weights[index];
    sums[c] += products[index];
  }
  return { pixels, products, sums };
}

// ---------------------------------------------------------------------------------------- named filters

export const BY_HAND = "by hand";

const middle = (k) => Math.floor((k - 1) / 2);
const line = (onLine, k) => (onLine ? k - 1 : -1);
const edge = (across, along, k) => Math.sign(2 * across - (k - 1)) * Math.min(along + 1, k - along);

// The weight at row i, column j of a k x k filter that is the same in every channel.
const FLAT_FILTERS = {
  "horizontal line": (i, j, k) => line(i === middle(k), k),
  "vertical line": (i, j, k) => line(j === middle(k), k),
  "falling diagonal": (i, j, k) => line(i === j, k),
  "rising diagonal": (i, j, k) => line(i + j === k - 1, k),
  "horizontal edges": (i, j, k) => edge(i, j, k),
  "vertical edges": (i, j, k) => edge(j, i, k),
  outline: (i, j, k) => (i === middle(k) && j === middle(k) ? k * k - 1 : -1),
  blur: (i, j, k) => 1 / (k * k),
  sharpen: (i, j, k) => {
    const inRow = i === middle(k);
    const inColumn = j === middle(k);
    if (inRow && inColumn) return 2 * k - 1;
    return inRow || inColumn ? -1 : 0;
  },
  identity: (i, j, k) => (i === middle(k) && j === middle(k) ? 1 : 0),
};
const RED = "red minus the others";

export const FILTER_NAMES = [...Object.keys(FLAT_FILTERS), RED, "random"];

/** One of the built-in filters at a given size, flat, (k, k, channels); as `named_filter` in Python. */
export function namedFilter(name, k, channels, seed = 1) {
  const count = k * k * channels;
  if (name === "random") return randomWeights(count, seed);
  return Float64Array.from({ length: count }, (_, index) => {
    const c = index % channels;
    if (name === RED) return channels === 3 ? [2, -1, -1][c] : 0;
    const cell = Math.floor(index / channels);
    return FLAT_FILTERS[name](Math.floor(cell / k), cell % k, k) + 0; // + 0 turns -0 into 0
  });
}

// The generator of conv_explorer.py: whole numbers on 32 bits, so both draw alike.
function randomWeights(count, seed) {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (((state >>> 16) % 19) - 9) / 10;
  });
}

/** Carry weights over to another size or depth: the middle stays the middle, what is new is 0. */
export function fitFilter(weights, oldK, oldChannels, k, channels) {
  const shift = middle(k) - middle(oldK);
  return Float64Array.from({ length: k * k * channels }, (_, index) => {
    const cell = Math.floor(index / channels);
    const i = Math.floor(cell / k) - shift;
    const j = (cell % k) - shift;
    if (i < 0 || j < 0 || i >= oldK || j >= oldK) return 0;
    const start = (i * oldK + j) * oldChannels;
    if (channels === oldChannels) return weights[start + (index % channels)];
    let sum = 0;
    for (let c = 0; c < oldChannels; c++) sum += weights[start + c];
    return sum / oldChannels;
  });
}

// --------------------------------------------------------------------------------------------- colours

/**
 * The scale of a feature map: signed maps are centred on zero, others run from 0 (black) to their maximum.
 *
 * Signed is a matter of the filter, not of the picture, so that the meaning of a colour does not change from
 * picture to picture: pixels are never negative, so a filter without negative weights makes no negative sums.
 */
export function scaleOf(values, weights, bias) {
  const signed = bias < 0 || weights.some((weight) => weight < 0);
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const limit = (signed ? Math.max(-low, high) : high) || 1;
  return { signed, low, high, limit };
}

/** The colour of one value on a scale: [red, green, blue]. */
export function colourOn(scale, value) {
  if (scale.signed) return divergingColour(value / scale.limit);
  const grey = Math.round((255 * Math.max(0, value)) / scale.limit);
  return [grey, grey, grey];
}

/** Paint values on a scale into the bytes of an ImageData: four for each pixel. */
export function paintValues(values, scale, bytes) {
  if (!scale.signed) {
    for (let i = 0, at = 0; i < values.length; i++, at += 4) {
      bytes[at] = bytes[at + 1] = bytes[at + 2] = (255 * values[i]) / scale.limit;
      bytes[at + 3] = 255;
    }
    return;
  }
  const last = DIVERGING.length - 2;
  const slope = (last + 1) / 2 / scale.limit;
  for (let i = 0, at = 0; i < values.length; i++, at += 4) {
    const place = values[i] * slope + (last + 1) / 2;
    const index = Math.max(0, Math.min(last, Math.floor(place)));
    const share = place - index;
    const low = DIVERGING[index];
    const high = DIVERGING[index + 1];
    bytes[at] = low[0] + share * (high[0] - low[0]);
    bytes[at + 1] = low[1] + share * (high[1] - low[1]);
    bytes[at + 2] = low[2] + share * (high[2] - low[2]);
    bytes[at + 3] = 255;
  }
}

// ------------------------------------------------------------------------------------- numbers in words

const times = (...numbers) => numbers.join(` ${TIMES} `);

/** The size formula along one direction: in letters, and with the reader's numbers. */
export function formulaWords(n, f, s, p) {
  const size = outputSize(n, f, s, p);
  if (p === "same") return ["ceil(n / s)", `ceil(${n} / ${s}) = ${size}`];
  const pad = p === "valid" ? 0 : p;
  return [`floor((n + 2p ${MINUS} f) / s) + 1`, `floor((${n} + 2 ${TIMES} ${pad} ${MINUS} ${f}) / ${s}) + 1 = ${size}`];
}

const SENTENCES = {
  "horizontal line": () => "Large where a bright line runs from left to right through the middle; 0 where all is even.",
  "vertical line": () => "Large where a bright line runs from top to bottom through the middle; 0 where all is even.",
  "falling diagonal": () => "Large where a bright line falls from top left to bottom right; 0 where all is even.",
  "rising diagonal": () => "Large where a bright line rises from bottom left to top right; 0 where all is even.",
  "horizontal edges": () => "Positive where it gets brighter from top to bottom, negative where darker; 0 where even.",
  "vertical edges": () => "Positive where it gets brighter from left to right, negative where darker; 0 where even.",
  outline: () => "The middle against everything around it: 0 where they agree, far from 0 at outlines.",
  blur: (k) => `The mean of the ${k * k} pixels in the window: fine detail fades.`,
  sharpen: () => "Takes the neighbours in its row and column from a stronger middle: differences grow.",
  identity: () => "Weight 1 in the middle, 0 elsewhere: what goes in comes out.",
  [RED]: (k, channels) =>
    channels === 3
      ? "Large where the window is red, 0 where it is grey, negative where green or blue: depth matters."
      : "A grey picture has no colour: red, green and blue are equal, so the weights cancel to 0.",
  random: () => "Drawn by chance: what a network starts from before it has learned anything.",
  [BY_HAND]: () => "Your own weights. Choose a name above to leave them.",
};
const NEEDS_NEIGHBOURS = new Set(FILTER_NAMES.slice(0, 7));

/** One plain sentence on what a filter does. */
export function filterSentence(name, k, channels) {
  if (!(name in SENTENCES)) return "This filter was made in Python.";
  if (k === 1 && NEEDS_NEIGHBOURS.has(name)) {
    return "A 1 x 1 window holds no neighbours to compare, so the weight is 0. Choose a larger filter.";
  }
  const everywhere = channels === 3 && name in FLAT_FILTERS;
  return SENTENCES[name](k, channels) + (everywhere ? " R, G and B share these weights; the three add up." : "");
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = [
  "image_name", "filter_name", "kernel_size", "stride", "padding", "weights", "bias", "row", "col", "seed", "ask",
];
const SIZE_SETTINGS = ["kernel_size", "stride", "padding"];
const CHANNELS = ["Red", "Green", "Blue"];
const LARGEST_SIZE = 7;
const LARGEST_WEIGHT = 1000;
const LARGEST_WITH_LATTICE = 20;

/** The state that the page shows, read from the model and completed: sizes, weights, picture. */
function readState(model) {
  const state = settingsOf(model, SETTINGS);
  const images = model.get("images");
  const entry = images.find((image) => image.name === state.image_name) ?? images[0];
  const count = entry.height * entry.width * entry.channels;
  const data = asBytes(model.get("pixels")).subarray(entry.offset, entry.offset + count);
  state.image = { ...entry, data };
  state.custom = model.get("custom_filters");
  const flat = Float64Array.from((state.weights ?? []).flat(2));
  // For a moment Python may have set the size and not yet the weights.
  state.flat = flat.length === state.kernel_size ** 2 * entry.channels ? flat : weightsFor(state);
  return state;
}

/** Sizes, padding and leftovers along both directions, or the message that says why nothing fits. */
function layOut(state) {
  const { height, width } = state.image;
  const { kernel_size: k, stride: s, padding: p } = state;
  const pads = [padAmounts(height, k, s, p), padAmounts(width, k, s, p)];
  const padded = [height + pads[0][0] + pads[0][1], width + pads[1][0] + pads[1][1]];
  if (Math.min(...padded) < k) return { fits: false, message: doesNotFit(height, width, k, p) };
  const out = [outputSize(height, k, s, p), outputSize(width, k, s, p)];
  const left = [leftoverParts(height, k, s, p), leftoverParts(width, k, s, p)];
  return { fits: true, pads, padded, out, left };
}

/** What the filter's name stands for at the state's size and depth, or null when it stands for nothing. */
function namedWeights(state) {
  const { filter_name: name, kernel_size: k, seed } = state;
  const { channels } = state.image;
  const own = state.custom.find((filter) => filter.name === name)?.weights;
  if (own && own.length === k) return fitFilter(own.flat(2), k, own[0][0].length, k, channels);
  return FILTER_NAMES.includes(name) ? namedFilter(name, k, channels, seed) : null;
}

/** The weights after the size, the picture or the name changed. */
function weightsFor(state) {
  const named = namedWeights(state);
  if (named) return named;
  const old = state.weights;
  return fitFilter(old.flat(2), old.length, old[0][0].length, state.kernel_size, state.image.channels);
}

const nest = (flat, k, channels) =>
  Array.from({ length: k }, (_, i) =>
    Array.from({ length: k }, (_, j) => Array.from(flat.slice((i * k + j) * channels, (i * k + j + 1) * channels))),
  );

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.el = el;
    this.channel = "all"; // or the index of the one channel shown
    this.pending = null; // settings that wait for a prediction
    this.verdict = "";
    this.filling = false; // whether the map fills step by step
    this.timer = 0;
    this.cells = [];
    this.build();
    this.followModel();
    this.motion = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.draw();
  }

  destroy() {
    this.pause();
    this.resizing.disconnect();
    super.destroy();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.root = make(
      "div",
      { class: "nm-widget nm-conv-explorer", role: "group", "aria-label": "Convolution explorer" },
      make(
        "div",
        { class: "nm-body" },
        this.buildControls(),
        this.buildInput(),
        this.buildOutput(),
        this.buildButtons(),
        this.buildArithmetic(),
        this.buildWords(),
        this.buildLens(),
      ),
    );
    this.el.append(this.root);
    this.resizing = new ResizeObserver(() => this.drawLens());
    this.resizing.observe(this.root);
  }

  buildControls() {
    const images = this.model.get("images");
    const customs = this.model.get("custom_filters").map((filter) => filter.name);
    const names = [...new Set([...FILTER_NAMES, ...customs, BY_HAND])];
    const range = (name, max) =>
      control("input", {
        type: "range", min: 1, max, step: 1, oninput: (e) => this.change({ [name]: e.target.valueAsNumber }),
      });

    this.imageSelect = select(images.map((image) => image.name), (name) => this.change({ image_name: name }));
    this.filterSelect = select(names, (name) => this.change({ filter_name: name }));
    this.again = button("Redraw", () => this.change({ seed: this.model.get("seed") + 1 }));
    this.sizeRange = range("kernel_size", LARGEST_SIZE);
    this.strideRange = range("stride", 4);
    this.paddingSelect = select(["0", "1", "2", "3", "valid", "same"], (value) =>
      this.change({ padding: /\d/.test(value) ? +value : value }),
    );
    this.sizeValue = make("span", { class: "nm-value" });
    this.strideValue = make("span", { class: "nm-value" });
    const filterField = field(this.id, "filter", "Filter", this.filterSelect);
    filterField.append(make("div", { class: "nm-with-button" }, this.filterSelect, this.again));
    return make(
      "div",
      { class: "nm-controls" },
      field(this.id, "picture", "Picture", this.imageSelect),
      filterField,
      field(this.id, "size", "Filter size", this.sizeRange, this.sizeValue),
      field(this.id, "stride", "Stride", this.strideRange, this.strideValue),
      field(this.id, "padding", "Padding", this.paddingSelect),
    );
  }

  /** A picture that takes the arrow keys, the mouse and the finger; `locate` turns a place into a window. */
  buildStage(name, help, locate) {
    const canvas = make("canvas", { role: "img" });
    const lattice = make("div", { class: "nm-lattice" });
    const cursor = make("div", { class: "nm-cursor" });
    const stage = control(
      "div",
      {
        class: `nm-stage nm-stage-${name}`, tabindex: "0", role: "application", "aria-roledescription": "picture",
        "aria-describedby": `${this.id}-help`,
        onkeydown: (event) => this.onKey(event),
        onpointerdown: (event) => this.onPointer(event, locate, true),
        onpointermove: (event) => this.onPointer(event, locate, event.buttons > 0),
        onpointerleave: () => this.onLeave(),
      },
      canvas,
      lattice,
      cursor,
    );
    setAttribute(stage, "aria-label", help);
    return { stage, canvas, lattice, cursor };
  }

  buildInput() {
    this.input = this.buildStage("input", "Input: arrow keys move the window", (x, y) => {
      const { kernel_size: k, stride } = this.state;
      const { padded } = this.layout;
      return [(y * padded[0] - k / 2) / stride, (x * padded[1] - k / 2) / stride].map(Math.round);
    });
    this.skipped = make("div", { class: "nm-skipped" });
    this.bottom = make("div", { class: "nm-leftover" });
    this.right = make("div", { class: "nm-leftover" });
    this.input.cursor.before(this.skipped, this.bottom, this.right);
    this.inputTitle = make("span", { class: "nm-size" });
    this.windowNote = make("div");
    this.mapNote = make("div");
    return make(
      "div",
      { class: "nm-panel nm-input" },
      make("div", { class: "nm-title" }, make("b", { text: "Input" }), " ", this.inputTitle),
      make("div", { class: "nm-frame" }, this.input.stage),
      make("div", { class: "nm-note" }, this.windowNote, this.mapNote),
    );
  }

  buildOutput() {
    this.output = this.buildStage("output", "Feature map: arrow keys move the window", (x, y) => {
      const { out } = this.layout;
      return [Math.floor(y * out[0]), Math.floor(x * out[1])];
    });
    this.veils = [make("div", { class: "nm-veil" }), make("div", { class: "nm-veil" })];
    this.output.cursor.before(...this.veils);
    this.outputTitle = make("span", { class: "nm-size" });
    this.legendBar = make("div", { class: "nm-legend-bar" });
    this.legendMark = make("div", { class: "nm-legend-mark" });
    this.legendLabels = ["low", "mid", "high"].map((place) => make("span", { class: `nm-legend-${place}` }));
    return make(
      "div",
      { class: "nm-panel nm-output" },
      make("div", { class: "nm-title" }, make("b", { text: "Feature map" }), " ", this.outputTitle),
      make("div", { class: "nm-frame" }, this.output.stage),
      make(
        "div",
        { class: "nm-legend" },
        make("div", { class: "nm-legend-track" }, this.legendBar, this.legendMark),
        make("div", { class: "nm-legend-labels" }, ...this.legendLabels),
      ),
    );
  }

  buildButtons() {
    this.playButton = button("Play", () => (this.timer ? this.pause() : this.play()));
    this.askBox = control("input", {
      type: "checkbox", id: `${this.id}-ask`, onchange: (event) => this.switchAsking(event.target.checked),
    });
    return make(
      "div",
      { class: "nm-buttons" },
      button("Back", () => this.step(-1)),
      this.playButton,
      button("Step", () => this.step(1)),
      button("Reset", () => this.reset()),
      make("span", { class: "nm-hint", text: "Hover to look, click to stay, arrow keys to walk." }),
      make("label", { class: "nm-ask-switch", for: this.askBox.id }, this.askBox, "Ask me first"),
    );
  }

  buildArithmetic() {
    this.heading = make("b");
    this.grid = make("div", { class: "nm-grid", role: "group", "aria-label": "Pixel, weight, product" });
    for (let cell = 0; cell < LARGEST_SIZE ** 2; cell++) this.cells.push(this.buildCell(cell));
    this.terms = make("span", { class: "nm-terms" });
    this.nextButton = control("button", { type: "button", onclick: () => this.showChannel(this.nextChannel()) });
    this.biasInput = control("input", {
      type: "number", step: "any", class: "nm-bias", "aria-label": "Bias", autocomplete: "off",
      onchange: (event) => this.editBias(event.target), onkeydown: (event) => event.stopPropagation(),
    });
    this.total = make("span", { class: "nm-total" }); // no <output>: that is a live region, and would interrupt
    this.biasAndTotal = make("span", { class: "nm-bias-and-total" }, "+ bias ", this.biasInput, " = ", this.total);
    return make(
      "div",
      { class: "nm-panel nm-arithmetic" },
      make("div", { class: "nm-title" }, this.heading, this.buildChannels()),
      make("div", { class: "nm-grid-box" }, this.grid),
      make("div", { class: "nm-sum" }, this.terms, this.nextButton, this.biasAndTotal),
    );
  }

  /** The channels of a colour picture as radio buttons: arrow keys step from one to the next. */
  buildChannels() {
    const radios = [0, 1, 2, "all"].map((channel) => {
      const name = channel === "all" ? "All" : CHANNELS[channel];
      const input = control("input", {
        type: "radio", name: `${this.id}-channel`, value: String(channel), "aria-label": name,
        onchange: () => this.showChannel(channel),
      });
      const word = make("span", { text: channel === "all" ? name : name[0] });
      return make("label", { class: "nm-choice" }, input, word);
    });
    const legend = make("legend", { class: "nm-hidden", text: "Channel" });
    this.channels = make("fieldset", { class: "nm-channels" }, legend, ...radios);
    return this.channels;
  }

  buildCell(cell) {
    const tile = (name) => make("span", { class: `nm-tile nm-${name}` });
    const [pixel, weight, product] = ["pixel", "weight-tile", "product"].map(tile);
    // The three channels of a cell, for filters small enough to show them at once.
    const depth = cell < 9 ? CHANNELS.map(() => ["pixel", "weight-tile", "product"].map(tile)) : [];
    const input = control("input", {
      type: "number", step: "any", class: "nm-weight", autocomplete: "off",
      onchange: (event) => this.editWeight(cell, event.target),
      onkeydown: (event) => this.onCellKey(event, cell),
      onfocus: (event) => {
        this.explain(cell);
        event.target.select();
      },
      onpointerenter: () => this.explain(cell),
      onblur: () => this.schedule(),
    });
    const flat = make("div", { class: "nm-flat" }, pixel, weight, product);
    const deep = make("div", { class: "nm-depth" }, ...depth.flat());
    const element = make("div", { class: "nm-cell" }, flat, deep, input);
    this.grid.append(element);
    return { element, pixel, weight, product, depth, input };
  }

  buildWords() {
    const line = (name) => make("p", { class: `nm-${name}` });
    [this.sentence, this.problem, this.verdictLine] = ["sentence", "problem", "verdict"].map(line);
    this.facts = make("dl", { class: "nm-facts" });
    this.status = new Status();
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys move the window one step, Home and End go to the ends of the row, " +
        "Page Up and Page Down move five rows. Rows and columns count from 0.",
    });
    return make(
      "div",
      { class: "nm-words" },
      make("div", { class: "nm-account" }, this.buildQuestion(), this.problem, this.verdictLine, this.facts),
      this.sentence,
      help,
      this.status.element,
    );
  }

  buildQuestion() {
    this.questionText = make("label", { for: `${this.id}-rows` });
    const number = (name) =>
      control("input", { type: "number", min: 0, max: 999, step: 1, id: `${this.id}-${name}`, autocomplete: "off" });
    this.guessRows = number("rows");
    this.guessColumns = number("columns");
    setAttribute(this.guessColumns, "aria-label", "Columns");
    const button = (text, onclick, type = "button") => control("button", { type, text, onclick });
    this.guessTimes = make("span", { text: TIMES });
    this.question = make(
      "form",
      { class: "nm-question nm-callout", onsubmit: (event) => this.answer(event) },
      this.questionText,
      make(
        "div",
        { class: "nm-guess" },
        this.guessRows, this.guessTimes, this.guessColumns,
        button("Check", () => {}, "submit"),
        button("It does not fit", () => this.settle(null)),
        button("Show me", () => this.settle(undefined)),
      ),
    );
    return this.question;
  }

  /** Rays from the window to the enlarged window, and from there to its place in the map. */
  buildLens() {
    this.rays = ["input", "output"].map((side) => svg("polygon", { class: `nm-ray-${side}` }));
    this.lens = svg("svg", { class: "nm-lens", "aria-hidden": "true" }, ...this.rays);
    return this.lens;
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** A control was moved: apply it, or first ask what size will come out. */
  change(changes) {
    const sizes = SIZE_SETTINGS.some((name) => name in changes);
    if (sizes && this.model.get("ask")) {
      this.pause();
      this.pending = { ...this.pending, ...changes };
      this.verdict = "";
      this.schedule();
      return;
    }
    this.verdict = "";
    this.apply(changes);
  }

  /** Put changes and what follows from them into the model. */
  apply(changes) {
    const before = readState(this.model);
    const state = { ...before, ...changes };
    this.filling = false;
    if (changes.image_name) state.image = this.model.get("images").find((image) => image.name === changes.image_name);
    if ("filter_name" in changes) {
      const own = state.custom.find((filter) => filter.name === state.filter_name);
      if (own && !FILTER_NAMES.includes(own.name)) state.kernel_size = own.weights.length;
    }
    if (["image_name", "filter_name", "kernel_size", "seed"].some((name) => name in changes)) {
      if (!namedWeights(state)) state.filter_name = BY_HAND;
      state.weights = nest(weightsFor(state), state.kernel_size, state.image.channels);
    }
    Object.assign(state, keepPlace(before, state));
    this.send(state);
  }

  /** Send what of a state is a setting. */
  send(state) {
    const isKnown = (name) => state[name] !== undefined;
    super.send(Object.fromEntries(SETTINGS.filter(isKnown).map((name) => [name, state[name]])));
  }

  reset() {
    this.pause();
    this.filling = false;
    this.pending = null;
    this.verdict = "";
    this.channel = "all";
    this.placed = null;
    this.send(this.model.get("initial"));
  }

  /** Put the window somewhere; what lies outside goes to the nearest place inside. */
  moveTo(row, col) {
    if (!this.layout.fits) return;
    const { out } = this.layout;
    this.send({ row: clamp(row, 0, out[0] - 1), col: clamp(col, 0, out[1] - 1) });
  }

  onPointer(event, locate, holds) {
    if (!this.layout.fits || (this.timer && !holds)) return;
    if (holds) this.pause();
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    this.filling = false;
    const box = event.currentTarget.getBoundingClientRect();
    const [row, col] = locate((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    this.placed ??= [this.state.row, this.state.col]; // where the window goes back to when a hover ends
    this.moveTo(row, col);
    if (holds || event.pointerType !== "mouse") this.placed = [this.model.get("row"), this.model.get("col")];
  }

  onLeave() {
    if (this.placed && !this.timer) this.moveTo(...this.placed);
    this.placed = null;
  }

  onKey(event) {
    const [row, col] = this.place();
    const last = this.layout.fits ? this.layout.out : [1, 1];
    const targets = {
      ...arrowsFrom(row, col),
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last[0] : row, last[1]],
      PageUp: [row - 5, col], PageDown: [row + 5, col],
    };
    if (!takeKey(event, targets, true)) return;
    this.pause();
    this.filling = false;
    this.placed = null;
    this.moveTo(...targets[event.key]);
  }

  /** Enter takes the weight, Escape leaves it; Ctrl with an arrow goes to the next cell. */
  onCellKey(event, cell) {
    event.stopPropagation();
    const { input } = this.cells[cell];
    if (event.key === "Escape") {
      input.value = input.dataset.shown;
      input.blur();
    }
    const k = this.state.kernel_size;
    const step = { ArrowUp: -k, ArrowDown: k, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = cell + step;
    if (!event.ctrlKey || step === undefined || next < 0 || next >= k * k) return;
    event.preventDefault();
    this.cells[next].input.focus();
  }

  editWeight(cell, input) {
    const value = clamp(input.valueAsNumber, -LARGEST_WEIGHT, LARGEST_WEIGHT);
    if (Number.isNaN(value)) {
      input.value = input.dataset.shown;
      return;
    }
    const state = readState(this.model);
    const { channels } = state.image;
    const flat = state.flat.slice();
    for (let c = 0; c < channels; c++) {
      if (this.channel === "all" || this.channel === c) flat[cell * channels + c] = value;
    }
    this.send({ weights: nest(flat, state.kernel_size, channels), filter_name: BY_HAND });
  }

  editBias(input) {
    const value = clamp(input.valueAsNumber, -100 * LARGEST_WEIGHT, 100 * LARGEST_WEIGHT);
    if (!Number.isNaN(value)) this.send({ bias: value });
    this.schedule();
  }

  showChannel(channel) {
    this.channel = channel;
    this.schedule();
  }

  nextChannel() {
    return this.channel === "all" || this.channel === 2 ? "all" : this.channel + 1;
  }

  // ----------------------------------------------------------------------------------- play and step

  place() {
    if (!this.layout.fits) return [0, 0];
    const { out } = this.layout;
    return ["row", "col"].map((name, axis) => clamp(this.model.get(name), 0, out[axis] - 1));
  }

  /** Go on by some windows, in reading order; returns whether any are left. */
  advance(count) {
    if (!this.layout.fits) return false;
    const [rows, columns] = this.layout.out;
    const [row, col] = this.place();
    const next = clamp(row * columns + col + count, 0, rows * columns - 1);
    this.moveTo(Math.floor(next / columns), next % columns);
    return next < rows * columns - 1;
  }

  step(count) {
    this.pause();
    this.placed = null;
    this.advance(count);
  }

  /** Fill the map from its first place on, slowly at first, so that each step can be followed. */
  play() {
    if (!this.layout.fits) return;
    const [rows, columns] = this.layout.out;
    const [row, col] = this.place();
    if (!this.filling || (row === rows - 1 && col === columns - 1)) this.moveTo(0, 0);
    this.filling = true;
    this.placed = null;
    let wait = this.motion.matches ? 1000 : 600;
    const tick = () => {
      if (!this.advance(wait > 16 ? 1 : Math.ceil((rows * columns) / 900))) return this.pause();
      if (!this.motion.matches) wait = Math.max(16, wait * 0.94);
      this.timer = setTimeout(tick, wait);
    };
    this.timer = setTimeout(tick, wait);
    this.schedule();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.schedule();
  }

  // ------------------------------------------------------------------------------------ predictions

  switchAsking(on) {
    this.send({ ask: on });
    if (!on && this.pending) this.settle(undefined);
  }

  answer(event) {
    event.preventDefault();
    const rows = this.guessRows.valueAsNumber;
    const columns = this.guessColumns.hidden ? rows : this.guessColumns.valueAsNumber;
    if (Number.isNaN(rows) || Number.isNaN(columns)) return;
    this.settle([rows, columns]);
  }

  /** Judge a prediction ([rows, columns]; null: "it does not fit"; undefined: none), then apply the change. */
  settle(guess) {
    const changes = this.pending;
    this.pending = null;
    this.apply(changes);
    this.draw();
    const { fits, out } = this.layout;
    const right = guess ? fits && guess.every((side, axis) => side === out[axis]) : !fits;
    const truth = fits ? `${times(...out)} comes out` : "the filter does not fit";
    const said = guess ? `not ${times(...guess)}` : "it does fit";
    if (guess !== undefined) this.verdict = right ? `Right: ${truth}.` : `No, ${said}: ${truth}.`;
    this.verdictRight = right;
    this.guessRows.value = this.guessColumns.value = "";
    this.draw();
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const state = readState(this.model);
    this.state = state;
    this.layout = layOut(state);
    this.drawControls();
    this.root.classList.toggle("nm-unfit", !this.layout.fits);
    this.grid.inert = !this.layout.fits; // its cells are still those of the last filter that fitted
    if (this.layout.fits) {
      this.compute();
      this.drawInput();
      this.drawOutput();
      this.drawArithmetic();
    }
    this.drawWords();
    this.drawLens();
  }

  /** Pad and convolve, but only what changed since the last frame: moving the window costs neither. */
  compute() {
    const { state, layout } = this;
    const padKey = [state.image.name, ...layout.pads.flat()].join();
    if (isNew(this, "padKey", padKey)) this.padded = padImage(state.image, ...layout.pads);
    const mapKey = [padKey, state.kernel_size, state.stride, state.bias, ...state.flat].join();
    this.mapIsNew = isNew(this, "mapKey", mapKey);
    if (this.mapIsNew) {
      this.map = convolve(this.padded, state.flat, state.kernel_size, state.stride, state.bias);
      this.scale = scaleOf(this.map.values, state.flat, state.bias);
    }
    this.here = productsAt(this.padded, state.flat, state.kernel_size, state.stride, ...this.place());
  }

  drawControls() {
    const shown = { ...this.state, ...this.pending };
    this.imageSelect.value = shown.image_name;
    this.filterSelect.value = shown.filter_name;
    this.again.hidden = shown.filter_name !== "random";
    this.sizeRange.value = shown.kernel_size;
    this.strideRange.value = shown.stride;
    this.paddingSelect.value = String(shown.padding);
    setText(this.sizeValue, `${shown.kernel_size} ${TIMES} ${shown.kernel_size}`);
    setText(this.strideValue, String(shown.stride));
    setAttribute(this.sizeRange, "aria-valuetext", `${shown.kernel_size} by ${shown.kernel_size}`);
    this.askBox.checked = shown.ask;
    setText(this.playButton, this.timer ? "Pause" : "Play");
    this.channels.hidden = shown.image.channels === 1;
    this.root.classList.toggle("nm-colour", shown.image.channels > 1);
    if (shown.image.channels === 1) this.channel = "all";
    for (const radio of this.channels.querySelectorAll("input")) radio.checked = radio.value === String(this.channel);
  }

  drawInput() {
    const { image, kernel_size: k, stride: s } = this.state;
    const { pads, padded, out, left } = this.layout;
    const [row, col] = this.place();
    this.paintPicture(image);
    sizeStage(this.input, padded);
    place(this.input.canvas, padded, pads[0][0], pads[1][0], image.height, image.width);
    place(this.input.cursor, padded, row * s, col * s, k, k);
    const seen = out.map((count) => (count - 1) * s + k);
    place(this.bottom, padded, seen[0], 0, left[0][1], padded[1]);
    place(this.right, padded, 0, seen[1], seen[0], left[1][1]);
    this.drawSkipped(seen);
    const depth = image.channels > 1 ? [image.channels] : [];
    setText(this.inputTitle, times(image.height, image.width, ...depth));
    const from = [row * s - pads[0][0], col * s - pads[1][0]];
    const one = `Row ${say(from[0])}, col ${say(from[1])}`;
    const where = k === 1 ? one : `Rows ${span(from[0], k)}, cols ${span(from[1], k)}`;
    setText(this.windowNote, where);
    setText(this.mapNote, `\u2192 map row ${row}, col ${col}`);
    const padding = pads.flat().some(Boolean) ? `, with padding ${times(...padded)}` : "";
    const about = `Input ${image.name} ${times(image.height, image.width, ...depth)}${padding}`;
    setAttribute(this.input.canvas, "aria-label", `${about}; window on ${where.toLowerCase()}`);
  }

  /** Shade the pixels that a stride larger than the filter jumps over. */
  drawSkipped(seen) {
    const { kernel_size: k, stride: s } = this.state;
    const { padded } = this.layout;
    this.skipped.hidden = s <= k;
    place(this.skipped, padded, 0, 0, ...seen);
    this.skipped.style.setProperty("--nm-window-x", `${(100 * k) / seen[1]}%`);
    this.skipped.style.setProperty("--nm-period-x", `${(100 * s) / seen[1]}%`);
    this.skipped.style.setProperty("--nm-window-y", `${(100 * k) / seen[0]}%`);
    this.skipped.style.setProperty("--nm-period-y", `${(100 * s) / seen[0]}%`);
  }

  paintPicture(image) {
    if (!isNew(this, "picture", `${image.name},${this.channel}`)) return;
    const { canvas } = this.input;
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(image.width, image.height);
    for (let i = 0; i < image.width * image.height; i++) {
      for (let c = 0; c < 3; c++) {
        const from = image.channels === 1 ? 0 : this.channel === "all" ? c : this.channel;
        const value = image.data[i * image.channels + from];
        picture.data[4 * i + c] = this.channel === "all" ? value : tinted(value, this.channel)[c];
      }
      picture.data[4 * i + 3] = 255;
    }
    context.putImageData(picture, 0, 0);
  }

  drawOutput() {
    const { map, scale } = this;
    const [row, col] = this.place();
    const { canvas, cursor } = this.output;
    if (this.mapIsNew) {
      if (canvas.width !== map.width) canvas.width = map.width;
      if (canvas.height !== map.height) canvas.height = map.height;
      const context = canvas.getContext("2d");
      const picture = context.createImageData(map.width, map.height);
      paintValues(map.values, scale, picture.data);
      context.putImageData(picture, 0, 0);
      this.drawLegend();
    }
    const size = [map.height, map.width];
    sizeStage(this.output, size);
    place(cursor, size, row, col, 1, 1);
    place(this.veils[0], size, row, col + 1, this.filling ? 1 : 0, map.width - col - 1);
    place(this.veils[1], size, row + 1, 0, this.filling ? map.height - row - 1 : 0, map.width);
    const value = map.values[row * map.width + col];
    this.legendMark.style.left = `${100 * (scale.signed ? (value / scale.limit + 1) / 2 : value / scale.limit)}%`;
    setText(this.outputTitle, times(map.height, map.width));
    setAttribute(
      canvas,
      "aria-label",
      `Feature map ${times(map.height, map.width)}, values from ${say(scale.low)} to ${say(scale.high)}, ` +
        `at row ${row} column ${col}: ${say(value)}`,
    );
  }

  drawLegend() {
    const { signed, limit } = this.scale;
    const colours = signed ? DIVERGING : [[0, 0, 0], [255, 255, 255]];
    this.legendBar.style.background = `linear-gradient(to right, ${colours.map((c) => `rgb(${c.join()})`).join()})`;
    const labels = signed ? [-limit, 0, limit] : [0, limit / 2, limit];
    labels.forEach((value, i) => setText(this.legendLabels[i], say(value, limit < 10 ? 2 : 0)));
  }

  drawArithmetic() {
    const { kernel_size: k, flat, image } = this.state;
    const { channels } = image;
    const deep = channels > 1 && this.channel === "all";
    this.grid.dataset.k = k;
    this.grid.classList.toggle("nm-deep", deep && k <= 3);
    this.grid.style.setProperty("--nm-k", k);
    const strongest = flat.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
    const shown = this.channel === "all" ? [...Array(channels).keys()] : [this.channel];
    for (let cell = 0; cell < this.cells.length; cell++) {
      this.cells[cell].element.hidden = cell >= k * k;
      if (cell >= k * k) continue;
      const at = shown.map((c) => cell * channels + c);
      if (deep && k <= 3) this.drawDepth(cell, at, strongest);
      else this.drawFlat(cell, at, strongest);
      this.drawWeight(cell, at, k);
    }
    setText(this.heading, deep && k > 3 ? "Products, R + G + B" : `Pixel ${TIMES} weight`);
    this.drawSum();
  }

  /** One cell for one channel, or the sum over the channels where there is no room for each. */
  drawFlat(cell, at, strongest) {
    const { pixel, weight, product } = this.cells[cell];
    const { pixels, products } = this.here;
    const sum = at.reduce((total, index) => total + products[index], 0);
    paintTile(pixel, at.length > 1 ? at.map((index) => pixels[index]) : tinted(pixels[at[0]], this.channel));
    setText(pixel, at.length > 1 ? "" : say(pixels[at[0]]));
    paintTile(weight, isMixed(this.state.flat, at) ? null : divergingColour(this.state.flat[at[0]] / strongest));
    paintTile(product, divergingColour(sum / (255 * strongest * at.length)));
    setText(product, sayShort(sum));
  }

  drawDepth(cell, at, strongest) {
    const { pixels, products } = this.here;
    const { flat } = this.state;
    this.cells[cell].depth.forEach(([pixel, weight, product], c) => {
      paintTile(pixel, tinted(pixels[at[c]], c));
      setText(pixel, say(pixels[at[c]]));
      paintTile(weight, divergingColour(flat[at[c]] / strongest));
      setText(weight, sayShort(flat[at[c]]));
      paintTile(product, divergingColour(products[at[c]] / (255 * strongest)));
      setText(product, sayShort(products[at[c]]));
    });
  }

  /** The field that edits a weight, standing on the weight's tile. */
  drawWeight(cell, at, k) {
    const { weight: tile, input } = this.cells[cell];
    const { flat } = this.state;
    setAttribute(input, "aria-label", `Weight at row ${Math.floor(cell / k)}, column ${cell % k}`);
    if (isNew(input, "ink", tile.style.color)) input.style.color = tile.style.color;
    if (document.activeElement === input) return;
    const mixed = isMixed(flat, at);
    const number = mixed ? "" : String(Number(flat[at[0]].toFixed(k > 3 ? 2 : 3)));
    input.dataset.shown = k > 3 ? number.replace("0.", ".") : number;
    setAttribute(input, "placeholder", mixed ? "mixed" : "");
    if (input.value !== input.dataset.shown) input.value = input.dataset.shown;
  }

  /** The whole arithmetic of one cell: for a mouse that rests on it and for a screen reader in its field. */
  explain(cell) {
    const { pixels, products } = this.here;
    const { flat, image } = this.state;
    const shown = this.channel === "all" ? [...Array(image.channels).keys()] : [this.channel];
    const at = shown.map((c) => cell * image.channels + c);
    const terms = at.map((index) => `${say(pixels[index])} ${TIMES} ${say(flat[index], 3)}`);
    const words = `${terms.join(" + ")} = ${say(at.reduce((total, index) => total + products[index], 0))}`;
    setAttribute(this.cells[cell].input, "title", words);
  }

  drawSum() {
    const { sums } = this.here;
    const [row, col] = this.place();
    const value = this.map.values[row * this.map.width + col];
    const stepping = this.channel !== "all";
    const terms = [...sums].map((sum, c) => `${CHANNELS[c][0]} ${say(sum)}`);
    if (sums.length === 1) setText(this.terms, `Sum ${say(sums[0])}`);
    else if (!stepping) setText(this.terms, terms.join(" + "));
    else {
      const soFar = [...sums].slice(0, this.channel + 1).reduce((total, sum) => total + sum, 0);
      const added = terms.slice(0, this.channel + 1).join(" + ");
      setText(this.terms, this.channel === 0 ? added : `${added} = ${say(soFar)} so far`);
    }
    this.nextButton.hidden = !stepping;
    this.biasAndTotal.hidden = stepping;
    const next = this.nextChannel();
    setText(this.nextButton, next === "all" ? "Then the sum and the bias" : `Then ${CHANNELS[next].toLowerCase()}`);
    if (document.activeElement !== this.biasInput) this.biasInput.value = this.state.bias;
    setText(this.total, say(value));
    paintTile(this.total, colourOn(this.scale, value));
  }

  /** Drawn last: it reads where everything has come to lie. The sheet hides it where there is no room. */
  drawLens() {
    const here = this.lens.getBoundingClientRect();
    if (here.width === 0) return;
    const box = ({ left, right, top, bottom }) =>
      ({ left: left - here.left, right: right - here.left, top: top - here.top, bottom: bottom - here.top });
    const [patch, grid, pixel] = [this.input.cursor, this.grid, this.output.cursor].map((element) =>
      box(element.getBoundingClientRect()),
    );
    const ray = (from, to) =>
      `${from.right},${from.top} ${to.left},${to.top} ${to.left},${to.bottom} ${from.right},${from.bottom}`;
    setAttribute(this.rays[0], "points", ray(patch, grid));
    setAttribute(this.rays[1], "points", ray(grid, pixel));
  }

  drawWords() {
    const { state, layout } = this;
    const { image, kernel_size: k } = state;
    this.question.hidden = !this.pending;
    this.facts.hidden = Boolean(this.pending) || !layout.fits;
    this.verdictLine.hidden = !this.verdict;
    this.problem.hidden = layout.fits || Boolean(this.pending);
    setText(this.verdictLine, this.verdict);
    this.verdictLine.classList.toggle("nm-right", Boolean(this.verdictRight));
    if (!layout.fits) setText(this.problem, this.problemWords());
    setText(this.sentence, filterSentence(state.filter_name, k, image.channels));
    if (this.pending) this.drawQuestion();
    if (layout.fits) this.drawFacts();
    this.announce();
  }

  /** Size, leftovers, parameters and multiplications, worked out with the reader's numbers. */
  drawFacts() {
    const { image, kernel_size: k, stride, padding } = this.state;
    const { out } = this.layout;
    const [[letters, rows], [, columns]] = [image.height, image.width].map((n) => formulaWords(n, k, stride, padding));
    const facts = [["Size", `${letters} =`, rows]];
    if (image.height !== image.width) facts.splice(0, 1, ["Size", letters], ["Rows", rows], ["Columns", columns]);
    const weights = k * k * image.channels;
    facts.push(...this.paddingAndLeftover());
    facts.push(["Parameters", `${times(k, k, image.channels)} + 1 = ${say(weights + 1)}`]);
    facts.push(["Multiplications", `${times(...out, weights)} = ${say(out[0] * out[1] * weights)}`]);
    if (!isNew(this, "facts", JSON.stringify(facts))) return;
    this.facts.replaceChildren(
      ...facts.flatMap(([name, ...parts]) => [
        make("dt", { text: name }),
        make("dd", {}, ...parts.map((text) => make("span", { text: `${text} ` }))),
      ]),
    );
  }

  problemWords() {
    const { message } = this.layout;
    return `${message[0].toUpperCase()}${message.slice(1)}. Padding "same" fits every filter.`;
  }

  paddingAndLeftover() {
    const { left, pads } = this.layout;
    const facts = [];
    if (this.state.padding === "same") {
      const [[top, bottom], [before, after]] = pads;
      facts.push(["Padding", `${top} above, ${bottom} below, ${before} left, ${after} right`]);
    }
    const [rows, columns] = [left[0][1], left[1][1]];
    const words = [];
    if (rows) words.push(`${count(rows, "row")} below`);
    if (columns) words.push(`${count(columns, "column")} on the right`);
    if (this.state.stride > this.state.kernel_size) words.push("pixels between windows");
    if (words.length) facts.push(["Left over", words.join(", ")]);
    return facts;
  }

  drawQuestion() {
    const next = { ...this.state, ...this.pending };
    const { height, width } = next.image;
    setText(
      this.questionText,
      `${times(height, width)}, filter ${times(next.kernel_size, next.kernel_size)}, stride ${next.stride}, ` +
        `padding ${next.padding}: what size will come out?`,
    );
    this.guessColumns.hidden = this.guessTimes.hidden = height === width;
  }

  /** Tell a screen reader, once the reader pauses; not while the window moves by itself. */
  announce() {
    if (this.timer) {
      this.status.hush();
      return;
    }
    const words = this.pending ? this.questionText.textContent : this.layout.fits
      ? this.output.canvas.getAttribute("aria-label")
      : this.problem.textContent;
    this.status.say([this.verdict, words].filter(Boolean).join(" "));
  }
}

/** Keep the window over the same part of the input when sizes change. */
function keepPlace(before, state) {
  const old = layOut(before);
  const next = layOut(state);
  if (!old.fits || !next.fits) return {};
  const move = (name, axis) => {
    const centre = before[name] * before.stride + before.kernel_size / 2 - old.pads[axis][0];
    const index = Math.round((centre - state.kernel_size / 2 + next.pads[axis][0]) / state.stride);
    return clamp(index, 0, next.out[axis] - 1);
  };
  return { row: move("row", 0), col: move("col", 1) };
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const span = (from, length) => `${say(from)}..${say(from + length - 1)}`;

/** Give a picture its proportions and, where its pixels are few, lines between them. */
function sizeStage({ stage, lattice }, [height, width]) {
  stage.style.width = `${100 * Math.min(1, width / height)}%`;
  stage.style.aspectRatio = `${width} / ${height}`;
  lattice.hidden = Math.max(height, width) > LARGEST_WITH_LATTICE;
  lattice.style.backgroundSize = `${100 / width}% ${100 / height}%`;
}

function place(element, [rows, columns], top, left, height, width) {
  Object.assign(element.style, {
    top: `${(100 * top) / rows}%`, left: `${(100 * left) / columns}%`,
    height: `${(100 * height) / rows}%`, width: `${(100 * width) / columns}%`,
  });
}

/** A pixel of one channel in that channel's colour; grey where there is but one. */
const tinted = (value, channel) => [0, 1, 2].map((c) => (channel === "all" || c === channel ? value : 0.35 * value));

const isMixed = (flat, at) => at.some((index) => flat[index] !== flat[at[0]]);

/** Colour an element's ground, and its text so that it can be read; null takes the colour away. */
function paintTile(element, colour) {
  const ground = colour ? `rgb(${colour.map(Math.round).join()})` : "";
  if (!isNew(element, "ground", ground)) return;
  element.style.backgroundColor = ground;
  element.style.color = colour ? inkOn(colour) : "";
}

export default widgetOf(View);
