// What the widgets share: colours, numbers in words, elements, views, playing, a plane with axes, dragging.
//
// Not a widget. `_module.py` puts this text into each module that imports from it.

// --------------------------------------------------------------------------------------------- colours

// matplotlib's PuOr_r (ColorBrewer, C. Brewer), as in the course's figures: purple below zero, orange above.
// Told apart with every common form of colour blindness.
export const DIVERGING = [
  [45, 0, 75], [84, 39, 136], [128, 115, 172], [178, 171, 210], [216, 218, 235], [247, 247, 247],
  [254, 224, 182], [253, 184, 99], [224, 130, 20], [179, 88, 6], [127, 59, 8],
];

/** The colour of a value from -1 to 1 on the diverging scale: [red, green, blue], whole numbers. */
export function divergingColour(value) {
  const place = ((Math.max(-1, Math.min(1, value)) + 1) / 2) * (DIVERGING.length - 1);
  const index = Math.min(Math.floor(place), DIVERGING.length - 2);
  const share = place - index;
  return DIVERGING[index].map((low, c) => Math.round(low + share * (DIVERGING[index + 1][c] - low)));
}

/** Black or white, whichever reads better on a colour (relative luminance as in WCAG 2.2). */
export function inkOn([red, green, blue]) {
  const linear = (v) => (v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return luminance > 0.179 ? "#000" : "#fff";
}

// ------------------------------------------------------------------------------------- numbers in words

export const MINUS = "\u2212";
export const TIMES = "\u00d7";

/** A number for people: thousands as 1,234, a true minus sign, at most `decimals` decimals. */
export function say(value, decimals = 2) {
  const rounded = Number(value.toFixed(decimals));
  // By hand: Intl would take most of the time of a frame.
  const [whole, part] = String(Math.abs(rounded)).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
  return (rounded < 0 ? MINUS : "") + text;
}

/** A number in a narrow cell: about four characters. */
export function sayShort(value) {
  const size = Math.abs(value);
  const text = Number(size.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)).toString().replace(/^0\./, ".");
  return (value < 0 && text !== "0" ? MINUS : "") + text;
}

// --------------------------------------------------------------------------------------------- elements

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. Properties starting with "on" are listeners, "text" is its text, the rest attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A control that can have the focus: JupyterLab must leave it its keys. */
export const control = (tag, properties, ...children) =>
  make(tag, { "data-lm-suppress-shortcuts": "true", ...properties }, ...children);

// What was drawn last, so that a frame touches only what changes: asking the page would cost as much.
const drawn = new WeakMap();
export function isNew(element, what, value) {
  if (!drawn.has(element)) drawn.set(element, {});
  const last = drawn.get(element);
  if (last[what] === value) return false;
  last[what] = value;
  return true;
}
export const setText = (element, text) => {
  if (isNew(element, "text", text)) element.textContent = text;
};
export const setAttribute = (element, name, value) => {
  if (isNew(element, name, value)) element.setAttribute(name, value);
};

/** Binary traits arrive as a DataView (anywidget, our host), an ArrayBuffer or an array of bytes. */
export function asBytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Make an SVG element; properties as in `make`. */
export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A caption, the reader's value at its right, and a control below; `id` is unique on the page. */
export function field(id, name, text, input, value) {
  input.id = `${id}-${name}`;
  const label = make("label", { for: input.id, text });
  const caption = make("div", { class: "nm-label" }, label, value ?? "");
  return make("div", { class: `nm-field nm-field-${name}` }, caption, input);
}

/** Where the arrow keys lead from a cell of a grid, `by` cells on: [row, column] by the key's name. */
export const arrowsFrom = (row, column, by = 1) => ({
  ArrowUp: [row - by, column], ArrowDown: [row + by, column],
  ArrowLeft: [row, column - by], ArrowRight: [row, column + by],
});

/**
 * Take a key that is among `targets`, alone or with Shift, so that nothing else answers to it; say whether it was.
 *
 * With Control it is left to the browser unless `withControl` is set.
 */
export function takeKey(event, targets, withControl = false) {
  if (!(event.key in targets) || event.altKey || event.metaKey || (event.ctrlKey && !withControl)) return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** A button with words on it; what it has besides, such as a title, stands in `more`. */
export const button = (text, onclick, more = {}) => control("button", { type: "button", text, onclick, ...more });

/** A menu of values, each called what `words` makes of it; `onChoose` gets the chosen one as text. */
export const select = (values, onChoose, words = String, more = {}) =>
  control("select", { onchange: (event) => onChoose(event.target.value), ...more },
    ...values.map((value) => make("option", { value, text: words(value) })));

/** A box to tick and the label around it: its text, or an element with it, stands right of the box. */
export function checkbox(id, name, text, onChange) {
  const box = control("input", { type: "checkbox", id: `${id}-${name}`, onchange: () => onChange(box.checked) });
  return [box, make("label", { class: "nm-switch", for: box.id }, box, text)];
}

/** An id that no other view on the page has: the module runs once for each. */
export const uniqueId = () => `nm-${Math.random().toString(36).slice(2)}`;

export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** A line that a screen reader hears once the reader pauses. */
export class Status {
  constructor(delay = 500) {
    this.delay = delay; // milliseconds
    this.timer = 0;
    this.element = make("div", { class: "nm-hidden", role: "status" });
  }

  say(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(this.element, text), this.delay);
  }

  /** Leave unsaid what was not said yet. */
  hush() {
    clearTimeout(this.timer);
  }
}

// ----------------------------------------------------------------------------------------------- views

/** Some settings as the model has them now, by name. */
export const settingsOf = (model, names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));

/**
 * What every view does: draw at most once a frame, and after each change of a setting, whoever makes it.
 *
 * A widget's view has a method `draw` and makes the elements `root` and `status`; once they are there it calls
 * `followModel`.
 */
export class ModelView {
  constructor(model, settings) {
    Object.assign(this, { model, settings, id: uniqueId(), frame: 0 });
  }

  followModel() {
    this.onChange = () => this.schedule();
    for (const name of this.settings) this.model.on(`change:${name}`, this.onChange);
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.status.hush();
    for (const name of this.settings) this.model.off(`change:${name}`, this.onChange);
    this.root.remove();
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** Put into the model what differs from what it has, and draw. */
  send(changes) {
    let changed = false;
    for (const [name, value] of Object.entries(changes)) {
      if (JSON.stringify(value) === JSON.stringify(this.model.get(name))) continue;
      this.model.set(name, value);
      changed = true;
    }
    if (changed) this.model.save_changes();
    this.schedule();
  }
}

/** The default export of a widget's module: what hosts call for each view. */
export const widgetOf = (View) => ({
  render({ model, el }) {
    const view = new View(model, el);
    return () => view.destroy();
  },
});

// ------------------------------------------------------------------------------------------------ time

/**
 * Call `step(count)` at a steady rate while playing: `count` steps are due, more than one if the rate is
 * higher than the screen's. A hidden page calls no frame, so it rests there.
 */
export class Player {
  constructor(step, perSecond, onChange = () => {}) {
    Object.assign(this, { step, perSecond, onChange, playing: false, frame: 0 });
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    this.last = performance.now();
    this.owed = 0;
    const tick = (now) => {
      this.frame = requestAnimationFrame(tick);
      // After a pause of the page no more than a fifth of a second is made up for.
      this.owed += (Math.min(now - this.last, 200) * this.perSecond) / 1000;
      this.last = now;
      const count = Math.floor(this.owed);
      this.owed -= count;
      if (count > 0) this.step(count);
    };
    this.frame = requestAnimationFrame(tick);
    this.onChange();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.onChange();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }
}

// ----------------------------------------------------------------------------------------------- plane

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them between two numbers. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * A plane with two axes: a canvas for surfaces below an SVG for everything else, both in CSS pixels.
 *
 * `draw()` is called whenever the size has changed; what it draws goes into `plane.layer`, an SVG group that
 * is clipped to the plane, or `plane.over`, which is not. Nothing in it takes the focus; give the plane's
 * `root`, or elements of your own, the keys.
 */
export class Plane {
  constructor({ x, y, xLabel = "", yLabel = "", draw, margin = [8, 8, 34, 42], label = "" }) {
    Object.assign(this, { x, y, xLabel, yLabel, draw, margin });
    const clip = uniqueId();
    this.canvas = make("canvas", { class: "nm-plane-surface", "aria-hidden": "true" });
    this.axes = svg("g", { class: "nm-axes" });
    this.clip = svg("rect");
    this.layer = svg("g", { "clip-path": `url(#${clip})` });
    this.over = svg("g");
    this.svg = svg("svg", { class: "nm-plane-svg", role: "img", "aria-label": label },
      svg("clipPath", { id: clip }, this.clip), this.axes, this.layer, this.over);
    this.root = make("div", { class: "nm-plane" }, this.canvas, this.svg);
    this.width = this.height = 0; // of the plot itself, in CSS pixels
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.root);
  }

  resize() {
    const { clientWidth, clientHeight } = this.root;
    if (!clientWidth) return;
    const [top, right, bottom, left] = this.margin;
    this.width = Math.max(clientWidth - left - right, 1);
    this.height = Math.max(clientHeight - top - bottom, 1);
    const box = { x: left, y: top, width: this.width, height: this.height };
    for (const [name, value] of Object.entries(box)) this.clip.setAttribute(name, value);
    Object.assign(this.canvas.style, {
      left: `${left}px`, top: `${top}px`, width: `${this.width}px`, height: `${this.height}px`,
    });
    this.drawAxes();
    this.draw();
  }

  /** Change what part of the plane is shown; `draw` is called if it is on the page. */
  setRange(x, y) {
    Object.assign(this, { x, y });
    this.resize();
  }

  toX(value) {
    return this.margin[3] + ((value - this.x[0]) / (this.x[1] - this.x[0])) * this.width;
  }

  toY(value) {
    return this.margin[0] + (1 - (value - this.y[0]) / (this.y[1] - this.y[0])) * this.height;
  }

  /** The place of a pointer event, in the numbers of the axes. */
  at(event) {
    const box = this.root.getBoundingClientRect();
    const across = (event.clientX - box.left - this.margin[3]) / this.width;
    const up = 1 - (event.clientY - box.top - this.margin[0]) / this.height;
    return [this.x[0] + across * (this.x[1] - this.x[0]), this.y[0] + up * (this.y[1] - this.y[0])];
  }

  drawAxes() {
    const [top, , , left] = this.margin;
    const [right, bottom] = [left + this.width, top + this.height];
    const parts = [svg("rect", { class: "nm-plane-frame", x: left, y: top, width: this.width, height: this.height })];
    for (const value of ticks(...this.x, Math.max(2, Math.round(this.width / 60)))) {
      const at = this.toX(value);
      parts.push(svg("line", { x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
      parts.push(svg("text", { x: at, y: bottom + 15, "text-anchor": "middle", text: say(value, 6) }));
    }
    for (const value of ticks(...this.y, Math.max(2, Math.round(this.height / 45)))) {
      const at = this.toY(value);
      parts.push(svg("line", { x1: left - 4, x2: left, y1: at, y2: at }));
      parts.push(svg("text", { x: left - 6, y: at + 4, "text-anchor": "end", text: say(value, 6) }));
    }
    const middle = [(left + right) / 2, (top + bottom) / 2];
    parts.push(svg("text", { class: "nm-axis-label", x: middle[0], y: bottom + 30, "text-anchor": "middle", text: this.xLabel }));
    const turned = `translate(11 ${middle[1]}) rotate(-90)`;
    parts.push(svg("text", { class: "nm-axis-label", transform: turned, "text-anchor": "middle", text: this.yLabel }));
    this.axes.replaceChildren(...parts);
  }

  /**
   * Colour the plane by a function of its two numbers, from -1 (purple) through 0 (white) to 1 (orange).
   *
   * `columns` and `rows` cells are computed, and smoothed by the browser.
   */
  paint(valueAt, columns = 60, rows = 60) {
    this.canvas.width = columns;
    this.canvas.height = rows;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let j = 0, to = 0; j < rows; j++) {
      const y = this.y[1] - ((j + 0.5) / rows) * (this.y[1] - this.y[0]);
      for (let i = 0; i < columns; i++, to += 4) {
        const x = this.x[0] + ((i + 0.5) / columns) * (this.x[1] - this.x[0]);
        image.data.set(divergingColour(valueAt(x, y)), to);
        image.data[to + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }

  destroy() {
    this.observer.disconnect();
  }
}

/** A point of class 0 (a purple ring) or 1 (an orange square): told apart by shape as well as by colour. */
export function classPoint(x, y, isOne, size = 4) {
  return isOne
    ? svg("rect", { class: "nm-one", x: x - size, y: y - size, width: 2 * size, height: 2 * size })
    : svg("circle", { class: "nm-zero", cx: x, cy: y, r: size });
}

/**
 * Follow the mouse, a finger or a pen from its press to its release; the page does not scroll meanwhile.
 *
 * `start(event)` may return false to leave the press alone.
 */
export function onDrag(element, { start = () => true, move, end = () => {} }) {
  element.style.touchAction = "none";
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || start(event) === false) return;
    element.setPointerCapture(event.pointerId);
    const stop = () => {
      element.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) element.removeEventListener(name, stop);
      end();
    };
    element.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, stop);
  });
}
