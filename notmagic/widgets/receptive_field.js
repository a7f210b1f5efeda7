// ReceptiveField: stack layers and see which patch of the picture one unit looks at, and in how many ways.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (receptive_field.py names it), so that two
// views and Python see the same. A layer is [kind, size, stride, padding]; layer 0 is the picture.

import {
  MINUS, ModelView, Status, TIMES, arrowsFrom, asBytes, button, checkbox, clamp, control, divergingColour,
  isNew, make, say, select, setAttribute, setText, settingsOf, svg, takeKey, widgetOf,
} from "./kit.js";

// ----------------------------------------------------------------------------------------- arithmetic

export const MOST_LAYERS = 6;
export const LAYER_SIZES = { conv: [1, 2, 3, 5, 7], pool: [2, 3] };

/** Pixels added before and after along one direction, as `notmagic.geometry.pad_amounts`. */
export function padAmounts(n, size, stride, padding) {
  if (padding !== "same") return [0, 0];
  const total = Math.max((Math.ceil(n / stride) - 1) * stride + size - n, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * Sizes and receptive fields along one direction, layer by layer as far as the layers fit.
 *
 * `maps[0]` is the picture. Of each: side of the map, `field` and `jump` as `notmagic.geometry.receptive_field`,
 * `start`, the pixel on which the patch of its unit 0 starts (below 0 where it starts on padding), and the
 * padding `before` its input. `problem` is the place of the first layer that does not fit, or null.
 */
export function stackOf(side, layers) {
  const maps = [{ side, field: 1, jump: 1, start: 0, before: 0 }];
  for (const [index, [, size, stride, padding]] of layers.entries()) {
    const below = maps.at(-1);
    const [before, after] = padAmounts(below.side, size, stride, padding);
    const room = before + below.side + after - size;
    if (room < 0) return { maps, problem: index + 1 };
    maps.push({
      side: Math.floor(room / stride) + 1,
      field: below.field + (size - 1) * below.jump,
      jump: below.jump * stride,
      start: below.start - before * below.jump,
      before,
    });
  }
  return { maps, problem: null };
}

/**
 * In how many ways each entry of the picture and of the maps below reaches a unit, along one direction.
 *
 * A list with the counts for map 0 (the picture) to map `layer`. What is not 0 is what the unit sees. Windows
 * are square, so that the ways of a pixel are those of its row times those of its column.
 */
export function pathsTo(layers, maps, layer, unit) {
  const counts = [Float64Array.from({ length: maps[layer].side }, (_, i) => Number(i === unit))];
  for (let index = layer; index > 0; index--) {
    const [, size, stride] = layers[index - 1];
    const below = new Float64Array(maps[index - 1].side);
    counts[0].forEach((count, window) => {
      const from = window * stride - maps[index].before;
      for (let at = Math.max(from, 0); at < Math.min(from + size, below.length); at++) below[at] += count;
    });
    counts.unshift(below);
  }
  return counts;
}

/** The first entry that is not 0, and how many there are from it to the last one. */
export function spanOf(counts) {
  const first = counts.findIndex(Boolean);
  return [first, counts.findLastIndex(Boolean) - first + 1];
}

/** The unit of a map whose patch has its middle nearest to a place on the picture, in pixels. */
export function unitAt({ side, field, jump, start }, place) {
  return clamp(Math.round((place - field / 2 - start) / jump), 0, side - 1);
}

/** The middle of a unit's patch, in pixels. */
export const middleOf = ({ field, jump, start }, unit) => start + unit * jump + field / 2;

// -------------------------------------------------------------------------------------------- in words

const square = (side) => `${side} ${TIMES} ${side}`;

export const layerWords = ([kind, size]) => `${kind} ${square(size)}`;

/** How a layer's field and jump follow from those of the layer below. */
export function fieldWords(maps, layers, layer) {
  const [, size, stride] = layers[layer - 1];
  const [below, here] = [maps[layer - 1], maps[layer]];
  return [
    `${below.field} + (${size} ${MINUS} 1) ${TIMES} ${below.jump} = ${here.field}`,
    `${below.jump} ${TIMES} ${stride} = ${here.jump}`,
  ];
}

/** Why a layer does not fit, and what would. */
export function problemWords(maps, layers, layer) {
  const { side } = maps[layer - 1];
  const [kind, size] = layers[layer - 1];
  const input = layer === 1 ? "the picture" : `layer ${layer - 1}`;
  return (
    `Layer ${layer} does not fit: its ${square(size)} ${kind === "pool" ? "window" : "filter"} is larger than ` +
    `${input}, ${square(side)}. Padding same or a size of at most ${side} would fit.`
  );
}

/** What a unit sees, in one sentence; `rows` and `columns` are its ways along the two directions. */
export function seenWords(maps, layer, rows, columns) {
  const { side } = maps[0];
  const [[, height], [, width]] = [spanOf(rows), spanOf(columns)];
  const [seenRows, seenColumns] = [rows, columns].map((counts) => counts.filter(Boolean).length);
  const count = seenRows * seenColumns;
  const share = `${say((100 * count) / side ** 2, 1)} %`;
  const { field } = maps[layer];
  const patch = `${height} ${TIMES} ${width}`;
  const words =
    count === height * width
      ? `This unit of layer ${layer} sees ${patch} of ${square(side)} pixels: ${share}.`
      : `This unit of layer ${layer} sees ${say(count)} of ${say(side ** 2)} pixels: ${share}, spread over ${patch}.`;
  if (height === field && width === field) return words;
  return `${words} The rest of its ${square(field)} patch is cut off by padding.`;
}

/** How the ways differ from pixel to pixel of the patch. */
export function pathWords(rows, columns) {
  const total = (counts) => counts.reduce((sum, count) => sum + count, 0);
  const [low, high] = pathRange(rows, columns);
  const all = `${say(total(rows) * total(columns))} in all`;
  if (low === high) return `Each pixel has ${low === 1 ? "1 way" : `${say(low)} ways`} to the unit, ${all}.`;
  const why = [rows, columns].every(isHighest) ? "The middle counts for more than the rim." : "A pixel counts more where windows overlap.";
  return `Ways from a pixel to the unit: ${say(low)} to ${say(high)}, ${all}. ${why}`;
}

/** Whether the ways are most in the middle of the patch and fewest at its two ends. */
function isHighest(counts) {
  const [first, length] = spanOf(counts);
  const seen = [...counts].slice(first, first + length);
  const middle = seen.slice(Math.floor((length - 1) / 2), Math.floor(length / 2) + 1);
  const least = Math.min(...seen);
  return middle.every((count) => count === Math.max(...seen)) && seen[0] === least && seen.at(-1) === least;
}

/** The fewest ways of any pixel that the unit sees, and the most. */
export function pathRange(rows, columns) {
  const least = (counts) => Math.min(...counts.filter(Boolean));
  return [least(rows) * least(columns), Math.max(...rows) * Math.max(...columns)];
}

/** What to say to a prediction of the width. */
export function verdictWords(maps, layer, guess) {
  const chain = maps.slice(0, layer + 1).map((map) => map.field).join(" \u2192 ");
  const { field } = maps[layer];
  return guess === field ? `Right, ${field} pixels: ${chain}.` : `Not ${guess} but ${field}. Layer by layer: ${chain}.`;
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["layers", "layer", "row", "col", "show_paths", "ask"];
const STRIDES = [1, 2, 3, 4];
const LARGEST_WITH_LATTICE = 34; // entries along a side; more lines would hide them
const DENSE = 16; // beyond it the small grids of a phone have no lines
const REGION = divergingColour(0.75); // what feeds the unit, where ways are not counted
const UNIT = [0, 158, 115]; // the chosen unit: green, as all that belongs to a feature map

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.el = el;
    this.answered = null; // the stack whose question was answered
    this.verdict = "";
    const { side, channels } = model.get("picture");
    Object.assign(this, { side, channels, picture: asBytes(model.get("pixels")) });
    this.build();
    this.followModel();
    this.draw();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-receptive-field", role: "group", "aria-label": "Receptive field" },
      make("div", { class: "nm-body" },
        this.buildStations(), this.buildPicture(), this.buildMap(), this.buildWords(), this.buildTable(), this.buildButtons()));
    this.el.append(this.root);
  }

  /** A grid: a picture of its entries, lines between them, and a mark around some of them. */
  buildGrid(name) {
    const canvas = make("canvas", { role: "img" });
    const lattice = make("div", { class: "nm-lattice" });
    const mark = make("div", { class: "nm-mark" });
    return { name, canvas, lattice, mark, box: make("div", { class: `nm-grid nm-grid-${name}` }, canvas, lattice, mark) };
  }

  /** Picture and layers in a row, linked: which entries of each feed the chosen unit. */
  buildStations() {
    this.stations = Array.from({ length: MOST_LAYERS + 1 }, (_, layer) => {
      const grid = this.buildGrid(layer ? "map" : "picture");
      setAttribute(grid.canvas, "aria-hidden", "true"); // the two large grids and the sentence say it
      grid.canvas.removeAttribute("role");
      const name = make("span", { class: "nm-station-name" });
      const size = make("span", { class: "nm-station-size" });
      if (!layer) {
        this.onPress(grid.box, (place) => this.look(place));
        return { grid, name, size, root: make("div", { class: "nm-station" }, grid.box, name, size) };
      }
      const radio = control("input", {
        type: "radio", name: `${this.id}-layer`, value: layer, onchange: () => this.choose(layer),
      });
      this.onPress(radio, (place) => this.choose(layer, place)); // it lies, unseen, on the grid
      return { grid, name, size, radio, root: make("label", { class: "nm-station" }, radio, grid.box, name, size) };
    });
    this.links = this.stations.slice(1).map(() => {
      const shape = svg("polygon");
      const root = svg("svg", { class: "nm-link", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, shape);
      return { root, shape };
    });
    const parts = this.stations.flatMap(({ root }, i) => (i ? [this.links[i - 1].root, root] : [root]));
    const legend = make("legend", { class: "nm-hidden", text: "Layer whose unit is chosen" });
    this.row = make("div", { class: "nm-row" }, ...parts);
    return make("fieldset", { class: "nm-stations" }, legend, this.row);
  }

  /** A large grid that takes the arrow keys, the mouse and the finger. */
  buildStage(name, label, press) {
    const grid = this.buildGrid(name);
    const stage = control("div", {
      class: "nm-stage", tabindex: "0", role: "application", "aria-roledescription": "grid", "aria-label": label,
      "aria-describedby": `${this.id}-help`, onkeydown: (event) => this.onKey(event),
    }, grid.box);
    this.onPress(stage, press);
    return { ...grid, stage };
  }

  buildPicture() {
    this.large = this.buildStage("picture", "Picture: arrow keys move the unit", (place) => this.look(place));
    this.pictureTitle = make("span", { class: "nm-size" });
    return make("div", { class: "nm-panel nm-picture-panel" },
      make("div", { class: "nm-title" }, make("b", { text: "Picture" }), " ", this.pictureTitle), this.large.stage);
  }

  buildMap() {
    this.map = this.buildStage("map", "Feature map: arrow keys move the unit", (place) => this.choose(this.shown, place));
    this.mapName = make("b");
    this.mapTitle = make("span", { class: "nm-size" });
    return make("div", { class: "nm-panel nm-map-panel" },
      make("div", { class: "nm-title" }, this.mapName, " ", this.mapTitle), this.map.stage);
  }

  buildWords() {
    const line = (name) => make("p", { class: `nm-${name}` });
    [this.seen, this.sums, this.pathLine, this.problem, this.verdictLine] = ["seen", "sums", "paths", "problem", "verdict"].map(line);
    [this.fieldSum, this.jumpSum] = [make("span"), make("span")];
    this.sums.append(this.fieldSum, " ", this.jumpSum);
    this.legend = ["low", "bar", "high"].map((name) => make("span", { class: `nm-legend-${name}` }));
    this.legendBox = make("div", { class: "nm-legend", "aria-hidden": "true" }, ...this.legend);
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys move the unit one step, Home and End go to the ends of the row, with Control to the first and " +
        "last unit, Page Up and Page Down move five rows. Rows and columns count from 0.",
    });
    return make("div", { class: "nm-panel nm-words" },
      this.buildQuestion(), this.problem, this.verdictLine, this.seen, this.sums, this.pathLine, this.legendBox, help, this.status.element);
  }

  buildQuestion() {
    this.guess = control("input", { type: "number", min: 1, max: 999, step: 1, id: `${this.id}-guess`, autocomplete: "off" });
    this.questionText = make("label", { for: this.guess.id });
    this.question = make("form", { class: "nm-question nm-callout", onsubmit: (event) => this.answer(event) }, this.questionText,
      make("div", { class: "nm-buttons" }, this.guess,
        control("button", { type: "submit", text: "Check" }), button("Show me", () => this.settle(null))));
    return this.question;
  }

  buildTable() {
    this.rows = Array.from({ length: MOST_LAYERS }, (_, index) => this.buildRow(index));
    const head = (text, name) => make("th", { scope: "col", class: `nm-col-${name}`, text });
    this.pictureCells = ["out", "jump", "sees", "how"].map((name) => make("td", { class: `nm-col-${name}` }));
    const pictureRow = make("tr", { class: "nm-row-picture" },
      make("th", { scope: "row", text: "0" }), make("td", { colspan: 3, text: "picture" }), ...this.pictureCells, make("td"));
    const table = make("table", { "aria-label": "Layers" },
      make("thead", {}, make("tr", {},
        make("th", { scope: "col" }, make("span", { class: "nm-hidden", text: "Number" }), make("span", { "aria-hidden": "true", text: "#" })),
        head("Layer", "kind"), head("Stride", "stride"), head("Padding", "padding"), head("Out", "out"), head("Jump", "jump"),
        head("Sees", "sees"), head("How: sees; jump", "how"),
        make("th", { scope: "col" }, make("span", { class: "nm-hidden", text: "Remove" })))),
      make("tbody", {}, pictureRow, ...this.rows.map(({ root }) => root)));
    return make("div", { class: "nm-panel nm-table" }, table);
  }

  buildRow(index) {
    const menu = (what, values, words, part) =>
      select(values, (value) => this.edit(index, part(value)), words, { "aria-label": `${what} of layer ${index + 1}` });
    const kinds = Object.entries(LAYER_SIZES).flatMap(([kind, sizes]) => sizes.map((size) => `${kind} ${size}`));
    const split = (value) => [value.split(" ")[0], Number(value.split(" ")[1])];
    const kind = menu("Kind", kinds, (value) => layerWords(split(value)).replaceAll(` ${TIMES} `, TIMES), (value) => ({ kind: split(value) }));
    const stride = menu("Stride", STRIDES, String, (value) => ({ stride: Number(value) }));
    const padding = menu("Padding", ["0", "same"], String, (value) => ({ padding: value === "same" ? value : 0 }));
    const cells = ["out", "jump", "sees", "how"].map((name) => make("td", { class: `nm-col-${name}` }));
    const remove = button(TIMES, () => this.remove(index), { class: "nm-remove", "aria-label": `Remove layer ${index + 1}` });
    const root = make("tr", {}, make("th", { scope: "row", text: String(index + 1) }), make("td", {}, kind), make("td", {}, stride),
      make("td", {}, padding), ...cells, make("td", {}, remove));
    return { root, kind, stride, padding, cells, remove };
  }

  buildButtons() {
    this.addButton = button("Add layer", () => this.add());
    const [pathsBox, pathsSwitch] = checkbox(this.id, "paths", "Count ways", (on) => this.send({ show_paths: on }));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.send({ ask: on }));
    Object.assign(this, { pathsBox, askBox });
    return make("div", { class: "nm-panel nm-buttons" }, this.addButton, button("Reset", () => this.reset()), pathsSwitch, askSwitch);
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** Follow a press on an element; `press` gets the place in it, from 0 to 1 down and across. */
  onPress(element, press) {
    const at = (event) => {
      const box = element.getBoundingClientRect();
      press([(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width]);
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      at(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons) at(event);
    });
  }

  /** Choose a layer: the unit at a place of it, or the one that looks at the same part of the picture. */
  choose(layer, place = null) {
    this.read();
    const map = this.maps[layer];
    if (!map || !layer) return;
    const unit = this.unit.map((old, axis) =>
      place ? clamp(Math.floor(place[axis] * map.side), 0, map.side - 1) : unitAt(map, middleOf(this.maps[this.shown], old)));
    this.send({ layer, row: unit[0], col: unit[1] });
  }

  /** Choose the unit of the present layer that looks at a place of the picture. */
  look(place) {
    this.read();
    if (!this.shown) return;
    const [row, col] = place.map((share) => unitAt(this.maps[this.shown], share * this.side));
    this.send({ row, col });
  }

  onKey(event) {
    this.read();
    const [row, col] = this.unit;
    const last = this.maps[this.shown].side - 1;
    const targets = {
      ...arrowsFrom(row, col),
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last : row, last],
      PageUp: [row - 5, col], PageDown: [row + 5, col],
    };
    if (!takeKey(event, targets, true)) return;
    const target = targets[event.key];
    this.send({ row: clamp(target[0], 0, last), col: clamp(target[1], 0, last) });
  }

  /** Put another stack in place of the present one; the unit keeps looking at the same part of the picture. */
  restack(layers, layer) {
    this.read();
    const { maps } = stackOf(this.side, layers);
    const kept = clamp(layer, 1, layers.length);
    const map = maps[Math.min(kept, maps.length - 1)];
    const [row, col] = this.unit.map((old) => unitAt(map, middleOf(this.maps[this.shown], old)));
    this.send({ layers, layer: kept, row, col });
  }

  edit(index, { kind, ...parts }) {
    const layers = this.model.get("layers").map((layer) => [...layer]);
    const [oldKind, , oldStride, oldPadding] = layers[index];
    const [name, size] = kind ?? layers[index];
    // Another kind or another pooling takes its usual stride; a filter of another size keeps its stride.
    const usual = name === "pool" ? size : 1;
    const stride = kind && (name === "pool" || name !== oldKind) ? usual : oldStride;
    layers[index] = [name, size, parts.stride ?? stride, parts.padding ?? oldPadding];
    this.restack(layers, this.model.get("layer"));
  }

  add() {
    const layers = [...this.model.get("layers"), ["conv", 3, 1, 0]];
    this.restack(layers, layers.length);
    this.draw();
    if (layers.length === MOST_LAYERS) this.rows[MOST_LAYERS - 1].kind.focus(); // the button cannot keep it
  }

  remove(index) {
    const layers = this.model.get("layers").filter((_, i) => i !== index);
    const layer = this.model.get("layer");
    this.restack(layers, layer > index + 1 ? layer - 1 : layer);
    this.draw();
    (layers.length > 1 ? this.rows[Math.min(index, layers.length - 1)].remove : this.addButton).focus();
  }

  reset() {
    this.answered = null;
    const { layers, layer, row, col } = this.model.get("initial");
    this.send({ layers, layer, row, col });
  }

  // -------------------------------------------------------------------------------------- predictions

  answer(event) {
    event.preventDefault();
    const guess = this.guess.valueAsNumber;
    if (!Number.isNaN(guess)) this.settle(guess);
  }

  /** Judge a prediction (null: none was made), then show the last layer's patch. */
  settle(guess) {
    this.read();
    this.answered = this.key;
    const last = this.maps.length - 1;
    this.verdict = guess === null ? "" : verdictWords(this.maps, last, guess);
    this.right = guess === this.maps[last].field;
    this.guess.value = "";
    this.choose(last);
    this.draw();
    this.map.stage.focus();
  }

  // ------------------------------------------------------------------------------------------ drawing

  /** Read the model and work out what follows: maps, the chosen unit and its ways. */
  read() {
    const state = settingsOf(this.model, SETTINGS);
    const { maps, problem } = stackOf(this.side, state.layers);
    const shown = Math.min(state.layer, maps.length - 1); // 0 where not even the first layer fits
    const unit = [state.row, state.col].map((place) => clamp(place, 0, maps[shown].side - 1));
    const key = JSON.stringify(state.layers);
    const pending = state.ask && this.answered !== key && maps.length > 1;
    Object.assign(this, { state, maps, problemAt: problem, shown, unit, key, pending });
    this.hidden = pending && shown === maps.length - 1; // whether the patch is what the reader is asked for
    this.paths = unit.map((place) => pathsTo(state.layers, maps, shown, place));
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.read();
    this.drawStations();
    this.drawLarge();
    this.drawTable();
    this.drawWords();
  }

  /** Whether the entries that feed the unit may be seen in a map. */
  isOpen(layer) {
    return layer === this.shown || !this.hidden;
  }

  /** Paint what feeds the unit into a grid, and mark it. */
  drawGrid({ canvas, lattice, mark, box }, layer) {
    const { side } = this.maps[layer];
    const feeds = layer <= this.shown && this.isOpen(layer) && this.shown > 0;
    const [rows, columns] = feeds ? this.paths.map((counts) => counts[layer]) : [[], []];
    const about = [side, layer === this.shown, this.state.show_paths, ...rows, "", ...columns].join();
    if (isNew(canvas, "painted", about)) this.paint(canvas, layer, rows, columns);
    lattice.hidden = side > LARGEST_WITH_LATTICE || layer === 0;
    lattice.classList.toggle("nm-dense", side > DENSE);
    setAttribute(lattice, "style", `background-size: ${100 / side}% ${100 / side}%`);
    mark.hidden = !feeds;
    if (feeds) {
      const [[top, height], [left, width]] = [spanOf(rows), spanOf(columns)];
      const share = (value) => `${(100 * value) / side}%`;
      setAttribute(mark, "style", `top: ${share(top)}; left: ${share(left)}; height: ${share(height)}; width: ${share(width)}`);
    }
    box.classList.toggle("nm-chosen", layer === this.shown && layer > 0);
  }

  /** The picture, dimmed where the unit does not look; or a map, clear where it does not; ways in colour. */
  paint(canvas, layer, rows, columns) {
    const { side } = this.maps[layer];
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const image = context.createImageData(side, side);
    const most = rows.length ? pathRange(rows, columns)[1] : 1;
    const ways = this.state.show_paths && layer < this.shown;
    const colours = new Map(); // of each number of ways: they are few
    const colourOf = (count) => {
      if (!colours.has(count)) colours.set(count, divergingColour(count / most));
      return colours.get(count);
    };
    for (let i = 0; i < side * side; i++) {
      const count = rows.length ? rows[Math.floor(i / side)] * columns[i % side] : 0;
      if (layer === 0 && !(ways && count)) {
        const light = rows.length && !count ? 0.45 : 1;
        for (let c = 0; c < 3; c++) {
          image.data[4 * i + c] = light * this.picture[i * this.channels + (this.channels === 1 ? 0 : c)];
        }
      } else if (count) {
        image.data.set(layer === this.shown ? UNIT : ways ? colourOf(count) : REGION, 4 * i);
      }
      image.data[4 * i + 3] = layer === 0 || count ? 255 : 0;
    }
    context.putImageData(image, 0, 0);
  }

  drawStations() {
    const { layers } = this.state;
    setAttribute(this.row, "style", `--nm-count: ${layers.length + 1}`);
    this.stations.forEach(({ grid, name, size, radio, root }, layer) => {
      root.hidden = layer > layers.length;
      if (radio) {
        radio.checked = layer === this.shown;
        radio.disabled = layer >= this.maps.length;
      }
      root.classList.toggle("nm-unfit", layer >= this.maps.length);
      root.classList.toggle("nm-above", layer > this.shown);
      if (root.hidden) return;
      setText(name, layer ? `${layer} ${layers[layer - 1][0]}` : "picture");
      setText(size, layer < this.maps.length ? square(this.maps[layer].side).replaceAll(" ", "") : "no fit");
      if (radio) setAttribute(radio, "aria-label", `${name.textContent}, ${size.textContent}`);
      if (layer < this.maps.length) this.drawGrid(grid, layer);
      else grid.mark.hidden = true;
    });
    this.links.forEach(({ root, shape }, index) => {
      root.toggleAttribute("hidden", index >= layers.length);
      const open = index < this.shown && !this.hidden;
      setAttribute(shape, "points", open ? this.linkPoints(index) : "");
    });
  }

  /** From the upper and lower edge of what feeds the unit in one map to those in the next. */
  linkPoints(layer) {
    const edges = (index) => {
      const [top, height] = spanOf(this.paths[0][index]);
      return [top, top + height].map((at) => ((100 * at) / this.maps[index].side).toFixed(2));
    };
    const [[top, bottom], [nextTop, nextBottom]] = [edges(layer), edges(layer + 1)];
    return `0,${top} 100,${nextTop} 100,${nextBottom} 0,${bottom}`;
  }

  drawLarge() {
    const [row, col] = this.unit;
    const { layers } = this.state;
    this.drawGrid(this.large, 0);
    this.drawGrid(this.map, this.shown);
    this.map.stage.classList.toggle("nm-none", !this.shown);
    setText(this.pictureTitle, square(this.side));
    setText(this.mapName, this.shown ? `Layer ${this.shown}` : "No layer");
    setText(this.mapTitle, this.shown ? `unit (${row}, ${col})` : "");
    const where = ["rows", "columns"].map((name, axis) => {
      const [first, count] = spanOf(this.paths[axis][0]);
      return `${name} ${first} to ${first + count - 1}`;
    });
    const look = this.hidden || !this.shown ? "" : `; the unit sees ${where.join(", ")}`;
    setAttribute(this.large.canvas, "aria-label", `Picture ${square(this.side)}${look}`);
    setAttribute(this.map.canvas, "aria-label", this.shown
      ? `Layer ${this.shown}, ${layerWords(layers[this.shown - 1])}: ${square(this.maps[this.shown].side)} units; chosen: row ${row}, column ${col}`
      : "No feature map");
  }

  drawTable() {
    const { layers } = this.state;
    const { maps } = this;
    const last = maps.length - 1;
    const write = (cells, texts) => cells.forEach((cell, i) => setText(cell, texts[i]));
    write(this.pictureCells, [String(this.side), "1", "1", "a pixel sees itself"]);
    this.rows.forEach(({ root, kind, stride, padding, cells, remove }, index) => {
      const layer = index + 1;
      root.hidden = layer > layers.length;
      if (root.hidden) return;
      const [name, size, step, pad] = layers[index];
      kind.value = `${name} ${size}`;
      stride.value = String(step);
      padding.value = String(pad);
      remove.disabled = layers.length === 1;
      root.classList.toggle("nm-chosen", layer === this.shown);
      if (layer > last) return write(cells, [MINUS, MINUS, MINUS, layer === this.problemAt ? "does not fit" : ""]);
      const secret = this.pending && layer === last;
      const [fieldSum, jumpSum] = fieldWords(maps, layers, layer);
      write(cells, [
        String(maps[layer].side), String(maps[layer].jump), secret ? "?" : String(maps[layer].field),
        secret ? "?" : `${fieldSum}; ${jumpSum}`,
      ]);
    });
    this.addButton.disabled = layers.length === MOST_LAYERS;
    this.pathsBox.checked = this.state.show_paths;
    this.askBox.checked = this.state.ask;
  }

  drawWords() {
    const { maps, shown, state } = this;
    const last = maps.length - 1;
    const [rows, columns] = this.paths.map((counts) => counts[0]);
    const open = shown > 0 && !this.hidden;
    this.question.hidden = !this.pending;
    this.verdictLine.hidden = !this.verdict || this.answered !== this.key; // it was about another stack
    this.problem.hidden = this.problemAt === null;
    this.seen.hidden = !open;
    this.sums.hidden = !open || !this.verdictLine.hidden; // the verdict has them already
    this.pathLine.hidden = this.legendBox.hidden = !open || !state.show_paths;
    if (this.pending) setText(this.questionText, `How many pixels wide is the patch of the picture that one unit of layer ${last}, ${layerWords(state.layers[last - 1])}, sees?`);
    if (this.problemAt) setText(this.problem, problemWords(maps, state.layers, this.problemAt));
    setText(this.verdictLine, this.verdict);
    this.verdictLine.classList.toggle("nm-right", Boolean(this.right));
    if (open) {
      const [fieldSum, jumpSum] = fieldWords(maps, state.layers, shown);
      setText(this.seen, seenWords(maps, shown, rows, columns));
      setText(this.fieldSum, `Sees ${fieldSum}.`);
      setText(this.jumpSum, `Jump ${jumpSum}.`);
      setText(this.pathLine, pathWords(rows, columns));
      this.drawLegend(...pathRange(rows, columns));
    }
    const said = [this.problem, this.question, this.verdictLine, this.seen, this.pathLine].filter((part) => !part.hidden);
    this.status.say(said.map((part) => (part === this.question ? this.questionText : part).textContent).join(" "));
  }

  drawLegend(low, high) {
    setText(this.legend[0], say(low));
    setText(this.legend[2], say(high));
    const shares = [0, 0.25, 0.5, 0.75, 1].map((part) => (low + part * (high - low)) / high);
    const colours = shares.map((share) => `rgb(${divergingColour(share).join()})`);
    setAttribute(this.legend[1], "style", `background: linear-gradient(to right, ${colours.join()})`);
  }
}

export default widgetOf(View);
