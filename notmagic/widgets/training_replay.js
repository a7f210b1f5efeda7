// TrainingReplay: go through stored epochs; curves, the test pictures right and wrong, each one's answers.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (training_replay.py names it). Probabilities
// are flat, (epochs, pictures, classes); epochs count from 1, all else from 0.

import {
  MINUS, ModelView, Player, Status, arrowsFrom, asBytes, button, checkbox, clamp, control, field, isNew, make,
  say, select, setAttribute, setText, settingsOf, svg, takeKey, ticks, widgetOf,
} from "./kit.js";

// ----------------------------------------------------------------------------------------- arithmetic

export const SIDE = 32; // of a picture, in pixels
const STEPS = 65535; // a probability travels as a whole number of 16 bits

/** The probabilities in bytes of 16-bit numbers, the low byte first. */
export function decode(bytes) {
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => (bytes[2 * i] + 256 * bytes[2 * i + 1]) / STEPS);
}

/** The most probable class of each picture after each epoch, (epochs, pictures); of equal ones the first. */
export function answersOf(probabilities, classes) {
  return Uint8Array.from({ length: probabilities.length / classes }, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

/** The answers after one epoch. */
export const answersAt = (answers, count, epoch) => answers.subarray((epoch - 1) * count, epoch * count);

/** How many answers after an epoch are right. */
export function rightAt(answers, labels, epoch) {
  const now = answersAt(answers, labels.length, epoch);
  return labels.reduce((sum, label, i) => sum + (now[i] === label), 0);
}

/** Which answers differ from those of the epoch before, and how many of them became right or wrong. */
export function changesAt(answers, labels, epoch) {
  const [now, before] = [epoch, Math.max(epoch - 1, 1)].map((e) => answersAt(answers, labels.length, e));
  const changed = [...labels.keys()].filter((i) => now[i] !== before[i]);
  return {
    changed,
    won: changed.filter((i) => now[i] === labels[i]).length,
    lost: changed.filter((i) => before[i] === labels[i]).length,
  };
}

/** One class's probability for one picture after each epoch. */
export function courseOf(probabilities, count, classes, picture, k) {
  const epochs = probabilities.length / (count * classes);
  return Array.from({ length: epochs }, (_, e) => probabilities[(e * count + picture) * classes + k]);
}

/** The names of the curves of one quantity, each once, in the order in which the runs have them. */
export function curveNames(runs, quantity) {
  return [...new Set(runs.flatMap(({ curves }) => Object.keys(curves)))].filter((name) => name.endsWith(quantity));
}

/** What a curve is called beside its quantity: "training" for "training accuracy". */
export const curveLabel = (name, quantity) => name.slice(0, -quantity.length).trim() || name;

/** From where to where the curves of one quantity need room: tenths; losses from 0. */
export function rangeOf(runs, quantity) {
  const values = runs.flatMap(({ curves }) =>
    Object.entries(curves).filter(([name]) => name.endsWith(quantity)).flatMap(([, curve]) => curve));
  const low = quantity === "loss" ? 0 : Math.floor(10 * Math.min(...values) + 1e-9) / 10;
  const high = Math.ceil(10 * Math.max(...values) - 1e-9) / 10;
  return high > low ? [low, high] : [Math.max(low - 0.1, 0), Math.max(low - 0.1, 0) + 0.1];
}

/** A path through a curve's first values, up to and with an epoch. */
export function pathOf(curve, upTo, toX, toY) {
  const points = curve.slice(0, upTo).map((value, e) => `${toX(e + 1).toFixed(1)} ${toY(value).toFixed(1)}`);
  // A path of one point is drawn too: as a dot.
  return `M${points.length === 1 ? [points[0], points[0]].join("L") : points.join("L")}`;
}

// -------------------------------------------------------------------------------------------- in words

const SPACE = "\u00a0";

/** A probability in whole per cent, never a certainty that is not there. */
export function sayShare(share) {
  if (share > 0 && share < 0.005) return `<1${SPACE}%`;
  if (share < 1 && share >= 0.995) return `>99${SPACE}%`;
  return `${Math.round(100 * share)}${SPACE}%`;
}

/** A point of a curve: an accuracy in per cent (the sign not said), a loss as it is. */
export const sayPoint = (value, quantity) => (quantity === "loss" ? value.toFixed(3) : (100 * value).toFixed(1));

const plural = (count, noun) => `${say(count)} ${noun}${count === 1 ? "" : "s"}`;

/** How many pictures are right. */
export const rightWords = (right, count) => `${right} of ${count} right`;

/** How many pictures became right and wrong since the epoch before; nothing is said where there is none. */
export const changeWords = ({ won, lost }, epoch) => (epoch === 1 ? "" : `${won} won, ${lost} lost`);

/** With "a" or "an" before it, by its first letter. */
export const withArticle = (noun) => `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;

/** What a run says about a picture. */
export function saidWords(answer, share, label, names) {
  return `says ${names[answer]}, ${sayShare(share)}: ${answer === label ? "right" : "wrong"}`;
}

export function questionWords(right, count, epoch, epochs) {
  return `After epoch ${epoch}, ${right} of the ${plural(count, "picture")} ${right === 1 ? "is" : "are"} right. ` +
    `How many after epoch ${epochs}?`;
}

/** What became of a prediction. */
export function verdictWords(guess, right) {
  if (guess === right) return `As you said: ${right} in the end.`;
  const by = Math.abs(guess - right);
  return `You said ${guess}, ${by} too ${guess > right ? "many" : "few"}: ${right} in the end.`;
}

/** A course over the epochs in one sentence. */
export function courseWords(course, epoch) {
  const most = Math.max(...course);
  const [first, now, last] = [course[0], course[epoch - 1], course.at(-1)].map(sayShare);
  if (course.length === 1) return now;
  return `${now} after epoch ${epoch}; from ${first} to ${last}, most ${sayShare(most)} after epoch ${course.indexOf(most) + 1}`;
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["run", "epoch", "picture", "changed_only", "quantity", "ask"];
const BOTH = "both";
const QUANTITIES = ["accuracy", "loss"];
const MARKS = { true: "\u2713", false: "\u2717" };
const DASHES = ["5 3", "", "1.5 3.5"]; // of the first, the second and the third curve of a quantity
const SLOWEST = 1; // epochs a second
const LONGEST_PLAY = 20; // seconds

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.readConstants();
    this.forget();
    this.player = new Player((count) => this.play(count), Math.max(SLOWEST, this.epochs / LONGEST_PLAY),
      () => this.schedule());
    this.build();
    el.append(this.root);
    this.followModel();
    this.resizes = new ResizeObserver(() => this.measure());
    this.resizes.observe(this.chartBox);
    this.measure();
    this.draw();
  }

  destroy() {
    this.player.pause(); // which asks for one more frame
    this.resizes.disconnect();
    super.destroy();
  }

  readConstants() {
    const get = (name) => this.model.get(name);
    this.names = get("class_names");
    this.labels = asBytes(get("labels"));
    this.count = this.labels.length;
    this.pixels = asBytes(get("pixels"));
    const probabilities = decode(asBytes(get("probabilities")));
    this.epochs = Object.values(get("runs")[0].curves)[0].length;
    const length = this.epochs * this.count * this.names.length;
    this.runs = get("runs").map(({ name, curves, start }) => {
      const own = start === null ? null : probabilities.subarray(start, start + length);
      return { name, curves, probabilities: own, answers: own && answersOf(own, this.names.length) };
    });
    this.hasPictures = this.pixels.length > 0;
    this.hasAnswers = probabilities.length > 0;
    this.quantities = QUANTITIES.filter((quantity) => curveNames(this.runs, quantity).length);
  }

  /** No prediction was made of any run, none was asked for in vain. */
  forget() {
    this.guesses = new Map(); // run to number
    this.settled = new Set(); // runs about which nothing is asked any more
    this.reached = new Set(); // runs whose last epoch was shown
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    const parts = [this.buildControls(), this.buildCurves()];
    if (this.hasAnswers) parts.push(this.buildTidings(), this.buildGrid(), this.buildDetail());
    this.root = make("div", {
      class: "nm-widget nm-training-replay", role: "group", "aria-label": "A training, epoch by epoch",
    }, make("div", { class: `nm-body nm-${this.hasPictures ? "pictures" : "words"} nm-runs-${this.runs.length}` },
      ...parts, this.status.element));
  }

  buildControls() {
    this.backButton = button("Back", () => this.goTo(this.model.get("epoch") - 1), { title: "One epoch back" });
    this.playButton = button("Play", () => this.togglePlay(), { class: "nm-play" });
    this.stepButton = button("Step", () => this.goTo(this.model.get("epoch") + 1), { title: "One epoch on" });
    const values = [...this.runs.keys(), BOTH];
    this.runSelect = select(values, (value) => this.send({ run: value === BOTH ? BOTH : Number(value) }),
      (value) => (value === BOTH ? "both" : this.runs[value].name), { "aria-label": "Run", class: "nm-run" });
    this.runSelect.hidden = this.runs.length === 1;
    this.epochRange = control("input", {
      type: "range", min: 1, max: this.epochs, step: 1, oninput: () => this.goTo(this.epochRange.valueAsNumber),
    });
    this.epochValue = make("span", { class: "nm-value" });
    return make("div", { class: "nm-controls" },
      make("div", { class: "nm-buttons" }, this.backButton, this.playButton, this.stepButton,
        button("Reset", () => this.reset(), { title: "All settings as at first" }), this.runSelect),
      field(this.id, "epoch", "Epoch", this.epochRange, this.epochValue));
  }

  buildCurves() {
    this.axes = svg("g", { class: "nm-axes" });
    this.now = svg("line", { class: "nm-now" });
    this.lineLayer = svg("g");
    this.chart = svg("svg", { class: "nm-chart", role: "img" }, this.axes, this.now, this.lineLayer);
    this.chart.addEventListener("click", (event) => this.onChartClick(event));
    this.chartBox = make("div", { class: "nm-chart-box" }, this.chart);
    this.choices = this.quantities.map((quantity) => {
      const input = control("input", {
        type: "radio", name: `${this.id}-quantity`, value: quantity, onchange: () => this.send({ quantity }),
      });
      return { quantity, input, label: make("label", { class: "nm-choice" }, input, make("span", { text: quantity })) };
    });
    const choice = make("div", { class: "nm-choices", role: "radiogroup", "aria-label": "Curves" },
      ...this.choices.map(({ label }) => label));
    choice.hidden = this.quantities.length === 1;
    this.table = make("table", { class: "nm-numbers" });
    return make("div", { class: "nm-panel nm-curves" }, this.chartBox,
      make("div", { class: "nm-side" }, choice, this.table), this.buildQuestion());
  }

  buildQuestion() {
    this.guess = control("input", {
      type: "number", min: 0, max: this.count, step: 1, id: `${this.id}-guess`, autocomplete: "off",
    });
    this.questionText = make("label", { for: this.guess.id });
    this.question = make("form", { class: "nm-question nm-callout", onsubmit: (event) => this.answer(event) },
      this.questionText, make("div", { class: "nm-buttons" }, this.guess,
        control("button", { type: "submit", text: "Check" }), button("Show me", () => this.settle(null))));
    return this.question;
  }

  buildTidings() {
    this.lines = this.runs.map((run, r) => {
      const [name, right, change] = [make("span", { class: "nm-name" }), make("b"), make("span")];
      const since = make("span", { class: "nm-since" });
      const mark = make("i", { class: `nm-mark nm-run-${r}`, "aria-hidden": "true" });
      return { name, right, change, since, root: make("p", { class: "nm-tiding" }, mark, name, right, change, since) };
    });
    this.verdictLine = make("p", { class: "nm-verdict" });
    this.changedText = make("span");
    const [changedBox, changedSwitch] = checkbox(this.id, "changed", this.changedText, (on) => this.send({ changed_only: on }));
    const [askBox, askSwitch] = checkbox(this.id, "ask", "Ask me first", (on) => this.send({ ask: on }));
    Object.assign(this, { changedBox, askBox });
    return make("div", { class: "nm-panel nm-tidings" },
      make("div", { class: "nm-lines" }, ...this.lines.map(({ root }) => root), this.verdictLine),
      make("div", { class: "nm-buttons nm-switches" }, changedSwitch, askSwitch));
  }

  /** The pictures: one list that takes the keys, a tile with two marks for each. */
  buildGrid() {
    this.tiles = Array.from(this.labels, (label, i) => this.buildTile(i, label));
    this.grid = control("div", {
      class: "nm-stage nm-grid", tabindex: "0", role: "listbox", "aria-label": "Test pictures",
      "aria-describedby": `${this.id}-help`, onkeydown: (event) => this.onKey(event),
    }, ...this.tiles.map(({ root }) => root));
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys choose a picture, Home and End go to the ends of the row, with Control to the first and the " +
        "last. Pictures count from 0.",
    });
    this.missing = make("p", { class: "nm-missing", text: "Of this run no answers were kept." });
    return make("div", { class: "nm-panel nm-grid-panel" }, this.grid, this.missing, help);
  }

  buildTile(i, label) {
    const marks = [0, 1].map((r) => make("span", { class: `nm-run-${r}` }));
    const root = make("div", {
      class: "nm-tile", role: "option", id: `${this.id}-tile-${i}`, onclick: () => this.send({ picture: i }),
    }, this.buildFace(i, label), make("span", { class: "nm-marks" }, ...marks));
    return { root, marks };
  }

  /** What stands for a picture: itself, or the name of its class on a machine without the pictures. */
  buildFace(i, label) {
    if (!this.hasPictures) return make("span", { class: "nm-face", text: this.names[label] });
    const canvas = make("canvas", { class: "nm-face", width: SIDE, height: SIDE, "aria-hidden": "true" });
    this.paint(canvas, i);
    return canvas;
  }

  paint(canvas, i) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const from = i * SIDE * SIDE * 3;
    for (let n = 0; n < SIDE * SIDE; n++) {
      for (let c = 0; c < 3; c++) image.data[4 * n + c] = this.pixels[from + 3 * n + c];
      image.data[4 * n + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  buildDetail() {
    this.large = make("canvas", { class: "nm-large", width: SIDE, height: SIDE, role: "img" });
    this.large.hidden = !this.hasPictures;
    this.truth = make("b");
    this.said = this.runs.map((run, r) => {
      const text = make("span");
      const mark = make("i", { class: `nm-mark nm-run-${r}`, "aria-hidden": "true" });
      const name = make("span", { class: "nm-hidden", text: `${run.name} ` });
      return { text, root: make("p", { class: "nm-said" }, mark, name, text) };
    });
    this.rows = this.names.map((name) => this.buildRow(name));
    const head = (text) => make("th", { scope: "col" }, make("span", { class: "nm-hidden", text }));
    this.coursesHead = make("th", { scope: "col", class: "nm-col-course" });
    this.shareHead = make("th", { scope: "col", colspan: 2, class: "nm-col-share" });
    this.classTable = make("table", { class: "nm-classes", "aria-label": "Probabilities" },
      make("colgroup", {}, ...["name", "bars", "shares", "course"].map((part) => make("col", { class: `nm-c-${part}` }))),
      make("thead", {}, make("tr", {}, head("Class"), this.shareHead, this.coursesHead)),
      make("tbody", {}, ...this.rows.map(({ root }) => root)));
    return make("div", { class: "nm-panel nm-detail" },
      make("div", { class: "nm-head" }, this.large, make("div", {}, make("p", {}, this.truth), ...this.said.map(({ root }) => root))),
      this.classTable);
  }

  buildRow(name) {
    const parts = this.runs.map((run, r) => ({
      fill: make("div", { class: `nm-fill nm-run-${r}` }),
      share: make("span", { class: `nm-share nm-run-${r}` }),
      faint: svg("path", { class: `nm-line nm-faint nm-run-${r}` }),
      line: svg("path", { class: `nm-line nm-run-${r}` }),
    }));
    const now = svg("line", { class: "nm-now", y1: 0, y2: 100 });
    const course = svg("svg", { class: "nm-course", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img" },
      now, ...parts.flatMap(({ faint, line }) => [faint, line]));
    const root = make("tr", {}, make("th", { scope: "row", text: name }),
      make("td", { class: "nm-bars" }, ...parts.map(({ fill }) => fill)),
      make("td", { class: "nm-shares" }, ...parts.map(({ share }) => share)),
      make("td", { class: "nm-col-course" }, course));
    return { root, parts, now, course };
  }

  measure() {
    const { clientWidth, clientHeight } = this.chartBox;
    if (!clientWidth) return;
    this.size = [clientWidth, clientHeight];
    this.schedule();
  }

  // ------------------------------------------------------------------------------------ what readers do

  goTo(epoch) {
    this.player.pause();
    this.send({ epoch: clamp(epoch, 1, this.epochs) });
  }

  togglePlay() {
    if (!this.player.playing && this.model.get("epoch") === this.epochs) this.send({ epoch: 1 });
    this.player.toggle();
  }

  play(count) {
    const epoch = Math.min(this.model.get("epoch") + count, this.epochs);
    if (epoch === this.epochs) this.player.pause();
    this.send({ epoch });
  }

  reset() {
    this.player.pause();
    this.forget();
    this.send(this.model.get("initial"));
  }

  onChartClick(event) {
    const { left, width } = this.plot();
    const box = this.chart.getBoundingClientRect();
    this.goTo(Math.round(1 + ((event.clientX - box.left - left) / width) * (this.epochs - 1)));
  }

  onKey(event) {
    const columns = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const { picture } = this.read();
    const start = picture - (picture % columns);
    const last = this.count - 1;
    const place = ([row, column]) => row * columns + column;
    const moves = Object.entries(arrowsFrom(Math.floor(picture / columns), picture % columns));
    const targets = {
      ...Object.fromEntries(moves.map(([key, to]) => [key, place(to)])),
      Home: event.ctrlKey ? 0 : start, End: event.ctrlKey ? last : Math.min(start + columns - 1, last),
    };
    if (!takeKey(event, targets, true)) return;
    const target = targets[event.key];
    if (target >= 0 && target <= last) this.send({ picture: target });
  }

  // -------------------------------------------------------------------------------------- predictions

  answer(event) {
    event.preventDefault();
    const guess = this.guess.valueAsNumber;
    if (!Number.isNaN(guess)) this.settle(guess);
  }

  /** Keep a prediction (null: none was made) and show the curves. */
  settle(guess) {
    const { run } = this.read();
    if (guess !== null) this.guesses.set(run, guess);
    this.settled.add(run);
    this.guess.value = "";
    this.draw();
    this.playButton.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------------------------------ drawing

  /** The settings; what Python sets one after another may for a moment not fit together. */
  read() {
    const state = settingsOf(this.model, SETTINGS);
    state.shown = state.run === BOTH ? [...this.runs.keys()] : [state.run];
    return state;
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state = this.read();
    this.followPrediction();
    this.drawControls();
    this.drawCurves();
    if (this.hasAnswers) {
      this.drawTidings();
      this.drawGrid();
      this.drawDetail();
    }
    this.announce();
  }

  /** Whether something is asked, and which predictions can be judged by now. */
  followPrediction() {
    const { epoch, ask, shown, run } = this.state;
    for (const r of shown) {
      if (epoch > this.model.get("initial").epoch) this.settled.add(r); // the reader went on
      if (epoch === this.epochs) this.reached.add(r);
    }
    this.pending = ask && run !== BOTH && epoch < this.epochs && this.runs[run].answers !== null && !this.settled.has(run);
  }

  drawControls() {
    const { run, epoch, quantity } = this.state;
    this.runSelect.value = String(run);
    this.epochRange.valueAsNumber = epoch;
    this.epochRange.disabled = this.epochs === 1;
    setText(this.epochValue, `${epoch} of ${this.epochs}`);
    this.backButton.disabled = epoch === 1;
    this.stepButton.disabled = epoch === this.epochs;
    setText(this.playButton, this.player.playing ? "Pause" : "Play");
    this.playButton.classList.toggle("nm-playing", this.player.playing);
    for (const choice of this.choices) choice.input.checked = choice.quantity === quantity;
  }

  // ------------------------------------------------------------------------------------------ the curves

  /** Where in the chart the curves are, in CSS pixels. */
  plot() {
    const [width, height] = this.size;
    const left = this.state.quantity === "loss" ? 30 : 40;
    return { left, top: 7, width: Math.max(width - left - 9, 1), height: Math.max(height - 7 - 32, 1) };
  }

  drawCurves() {
    const { run, shown, epoch, quantity } = this.state;
    this.question.hidden = !this.pending;
    this.chartBox.classList.toggle("nm-covered", this.pending);
    this.table.parentElement.classList.toggle("nm-covered", this.pending);
    if (this.pending) {
      const right = rightAt(this.runs[run].answers, this.labels, epoch);
      setText(this.questionText, questionWords(right, this.count, epoch, this.epochs));
    }
    const names = curveNames(this.runs, quantity);
    if (isNew(this.table, "rows", [quantity, ...shown].join())) this.layTable(names);
    for (const [cell, r, name] of this.cells) {
      const curve = this.runs[r].curves[name];
      setText(cell, curve ? sayPoint(curve[epoch - 1], quantity) : MINUS);
    }
    setAttribute(this.chart, "aria-label", this.chartWords(names));
    if (this.size) this.drawChart(names);
  }

  chartWords(names) {
    const { shown, epoch, quantity } = this.state;
    const unit = quantity === "loss" ? "" : ` %`;
    const numbers = shown.map((r) => {
      const own = names.filter((name) => name in this.runs[r].curves)
        .map((name) => `${curveLabel(name, quantity)} ${sayPoint(this.runs[r].curves[name][epoch - 1], quantity)}${unit}`);
      return `${this.runs[r].name}: ${own.join(", ") || "none"}`;
    });
    return `${quantity} over ${plural(this.epochs, "epoch")}; after epoch ${epoch}, ${numbers.join("; ")}`;
  }

  /** The numbers beside the chart, with a piece of each curve's line. */
  layTable(names) {
    const { shown, quantity } = this.state;
    this.cells = [];
    const heads = shown.map((r) => make("th", { scope: "col" },
      make("i", { class: `nm-mark nm-run-${r}`, "aria-hidden": "true" }), make("span", { class: "nm-hidden", text: this.runs[r].name })));
    const rows = names.map((name, n) => {
      const sample = svg("svg", { class: "nm-sample", viewBox: "0 0 20 8", "aria-hidden": "true" },
        svg("line", { x1: 0, x2: 20, y1: 4, y2: 4, "stroke-dasharray": this.dash(names, n) }));
      const cells = shown.map((r) => {
        const cell = make("td");
        this.cells.push([cell, r, name]);
        return cell;
      });
      return make("tr", {}, make("th", { scope: "row" }, sample, curveLabel(name, quantity)), ...cells);
    });
    this.table.replaceChildren(
      make("caption", { class: "nm-hidden", text: `${quantity} after the epoch` }),
      make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "nm-unit" }, make("span", { class: "nm-hidden", text: "Curve" }), quantity === "loss" ? "" : " in %"), ...heads)),
      make("tbody", {}, ...rows));
  }

  dash(names, n) {
    return names.length === 1 ? "" : DASHES[n];
  }

  drawChart(names) {
    const { shown, epoch, quantity } = this.state;
    const { left, top, width, height } = this.plot();
    const range = rangeOf(this.runs, quantity);
    const toX = (e) => left + (this.epochs === 1 ? width / 2 : ((e - 1) / (this.epochs - 1)) * width);
    const toY = (value) => top + (1 - (value - range[0]) / (range[1] - range[0])) * height;
    if (isNew(this.axes, "axes", [quantity, ...this.size].join())) this.drawAxes(range, toX, toY);
    for (const [name, value] of Object.entries({ x1: toX(epoch), x2: toX(epoch), y1: top, y2: top + height })) {
      setAttribute(this.now, name, value.toFixed(1));
    }
    if (isNew(this.lineLayer, "lines", [quantity, shown, ...this.size].join())) this.layLines(names, toX, toY);
    for (const { curve, line, point } of this.curveLines) {
      setAttribute(line, "d", pathOf(curve, epoch, toX, toY));
      setAttribute(point, "transform", `translate(${toX(epoch).toFixed(1)} ${toY(curve[epoch - 1]).toFixed(1)})`);
    }
  }

  layLines(names, toX, toY) {
    this.curveLines = this.state.shown.flatMap((r) => names.flatMap((name, n) => {
      const curve = this.runs[r].curves[name];
      if (!curve) return [];
      const dash = this.dash(names, n);
      const faint = svg("path", {
        class: `nm-line nm-faint nm-run-${r}`, "stroke-dasharray": dash, d: pathOf(curve, this.epochs, toX, toY),
      });
      const line = svg("path", { class: `nm-line nm-run-${r}`, "stroke-dasharray": dash });
      const point = r ? svg("rect", { x: -3.2, y: -3.2, width: 6.4, height: 6.4 }) : svg("circle", { r: 3.6 });
      point.setAttribute("class", `nm-point nm-run-${r}`);
      return { curve, line, point, faint };
    }));
    const order = ["faint", "line", "point"];
    this.lineLayer.replaceChildren(...order.flatMap((part) => this.curveLines.map((all) => all[part])));
  }

  drawAxes([low, high], toX, toY) {
    const { quantity } = this.state;
    const { left, top, width, height } = this.plot();
    const [right, bottom] = [left + width, top + height];
    const words = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor, text });
    const parts = [svg("rect", { class: "nm-frame", x: left, y: top, width, height })];
    for (const value of ticks(low, high, Math.max(2, Math.round(height / 22)))) {
      parts.push(svg("line", { class: "nm-rule", x1: left, x2: right, y1: toY(value), y2: toY(value) }));
      parts.push(words(left - 4, toY(value) + 4, "end", quantity === "loss" ? say(value) : `${say(100 * value, 0)}${SPACE}%`));
    }
    const marked = this.epochs === 1 ? [1] : ticks(1, this.epochs, Math.max(2, Math.round(width / 26)));
    for (const e of marked.filter(Number.isInteger)) {
      parts.push(svg("line", { x1: toX(e), x2: toX(e), y1: bottom, y2: bottom + 4 }), words(toX(e), bottom + 15, "middle", String(e)));
    }
    parts.push(svg("text", { class: "nm-axis-label", x: left + width / 2, y: bottom + 29, "text-anchor": "middle", text: "epoch" }));
    this.axes.replaceChildren(...parts);
  }

  // ---------------------------------------------------------------------------------------- the pictures

  drawTidings() {
    const { epoch, shown, run, changed_only: only, ask } = this.state;
    this.changes = this.runs.map(({ answers }) => answers && changesAt(answers, this.labels, epoch));
    this.lines.forEach(({ name, right, change, since, root }, r) => {
      const { answers } = this.runs[r];
      root.hidden = !shown.includes(r);
      setText(name, `${this.runs[r].name}: `);
      setText(right, answers ? rightWords(rightAt(answers, this.labels, epoch), this.count) : "no answers were kept");
      const words = answers ? changeWords(this.changes[r], epoch) : "";
      setText(change, words && `; ${words}`);
      setText(since, words && ` since epoch ${epoch - 1}`);
    });
    const all = new Set(shown.flatMap((r) => this.changes[r]?.changed ?? []));
    this.visible = only && epoch > 1 ? all : null; // null: all of them
    setText(this.changedText, epoch === 1 ? "Changed answers only" : `Changed answers only (${all.size})`);
    this.changedBox.checked = only;
    this.askBox.checked = ask;
    setText(this.verdictLine, this.verdictOf(run));
  }

  verdictOf(run) {
    if (!this.guesses.has(run)) return "";
    const guess = this.guesses.get(run);
    if (!this.reached.has(run)) return `You say ${guess}. Press Play.`;
    return verdictWords(guess, rightAt(this.runs[run].answers, this.labels, this.epochs));
  }

  /** The answer of a run about a picture after this epoch, or null. */
  answerOf(r, picture) {
    const { answers } = this.runs[r];
    return answers && answersAt(answers, this.count, this.state.epoch)[picture];
  }

  drawGrid() {
    const { shown, picture } = this.state;
    const kept = shown.filter((r) => this.runs[r].answers);
    this.grid.hidden = !kept.length;
    this.missing.hidden = kept.length > 0;
    this.tiles.forEach(({ root, marks }, i) => {
      const label = this.labels[i];
      const right = kept.map((r) => this.answerOf(r, i) === label);
      const states = [right[0], right.at(-1)].map((good, side) => `nm-${side ? "end" : "start"}-${good ? "right" : "wrong"}`);
      const away = this.visible && !this.visible.has(i);
      setAttribute(root, "class", ["nm-tile", ...states, ...(i === picture ? ["nm-chosen"] : []), ...(away ? ["nm-away"] : [])].join(" "));
      setAttribute(root, "aria-selected", String(i === picture));
      marks.forEach((mark, r) => {
        const at = kept.indexOf(r);
        mark.hidden = at < 0;
        if (at < 0) return;
        setText(mark, MARKS[right[at]]);
        mark.classList.toggle("nm-wrong", !right[at]);
      });
      const words = kept.map((r, at) => `${this.runs[r].name} says ${this.names[this.answerOf(r, i)]}, ${right[at] ? "right" : "wrong"}`);
      setAttribute(root, "aria-label", `Picture ${i}, ${withArticle(this.names[label])}: ${words.join("; ")}${away ? "; not changed" : ""}`);
    });
    setAttribute(this.grid, "aria-activedescendant", `${this.id}-tile-${picture}`);
  }

  drawDetail() {
    const { shown, picture, epoch } = this.state;
    const { names, count } = this;
    const label = this.labels[picture];
    this.classTable.classList.toggle("nm-both", shown.length > 1);
    setText(this.truth, `Picture ${picture}: ${withArticle(names[label])}`);
    if (this.hasPictures && isNew(this.large, "painted", picture)) {
      this.paint(this.large, picture);
      setAttribute(this.large, "aria-label", `Test picture ${picture}: ${withArticle(names[label])}`);
    }
    this.said.forEach(({ text, root }, r) => {
      root.hidden = !shown.includes(r);
      if (root.hidden) return;
      const answer = this.answerOf(r, picture);
      setText(text, answer === null ? "has no answers kept" : saidWords(answer, this.shareOf(r, answer), label, names));
    });
    setText(this.shareHead, `After epoch ${epoch}`);
    setText(this.coursesHead, `Epochs 1 to ${this.epochs}`);
    const toX = (e) => (this.epochs === 1 ? 50 : 2 + (96 * (e - 1)) / (this.epochs - 1));
    const toY = (value) => 94 - 88 * value;
    this.rows.forEach(({ root, parts, now, course }, k) => {
      root.classList.toggle("nm-true", k === label);
      for (const side of ["x1", "x2"]) setAttribute(now, side, toX(epoch).toFixed(1));
      const words = [];
      parts.forEach(({ fill, share, faint, line }, r) => {
        const on = shown.includes(r) && this.runs[r].probabilities !== null;
        fill.hidden = share.hidden = !on;
        line.toggleAttribute("hidden", !on);
        faint.toggleAttribute("hidden", !on || this.pending); // what is to come would give the answer away
        if (!on) return;
        const over = courseOf(this.runs[r].probabilities, count, names.length, picture, k);
        fill.style.width = `${(100 * over[epoch - 1]).toFixed(2)}%`;
        fill.classList.toggle("nm-answer", this.answerOf(r, picture) === k);
        setText(share, sayShare(over[epoch - 1]));
        setAttribute(faint, "d", pathOf(over, this.epochs, toX, toY));
        setAttribute(line, "d", pathOf(over, epoch, toX, toY));
        words.push(`${this.runs[r].name}: ${courseWords(this.pending ? over.slice(0, epoch) : over, epoch)}`);
      });
      setAttribute(course, "aria-label", `${names[k]}, ${words.join("; ") || "not kept"}`);
    });
  }

  shareOf(r, k) {
    const { epoch, picture } = this.state;
    return this.runs[r].probabilities[((epoch - 1) * this.count + picture) * this.names.length + k];
  }

  announce() {
    if (this.player.playing) return;
    const { epoch, shown } = this.state;
    if (this.pending) return this.status.say(this.questionText.textContent);
    const lines = this.hasAnswers
      ? [this.verdictLine.textContent, ...shown.map((r) => this.lines[r].root.textContent), this.truth.textContent,
        ...shown.map((r) => this.said[r].root.textContent)]
      : [this.chart.getAttribute("aria-label")];
    this.status.say(`After epoch ${epoch}. ${lines.filter(Boolean).join(". ")}`);
  }
}

export default widgetOf(View);
