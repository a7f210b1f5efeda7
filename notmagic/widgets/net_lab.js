// NetLab: train a small network on points of the plane, look at every unit, and go back to any step.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The settings live in the model (net_lab.py names them). They determine
// every weight at every step, so weights are computed here and never sent.

import {
  DIVERGING, MINUS, ModelView, Plane, Player, Status, TIMES, asBytes, button, checkbox, clamp, classPoint,
  control, divergingColour, field, isNew, make, say, select, setAttribute, setText, settingsOf, svg, widgetOf,
} from "./kit.js";

// ---------------------------------------------------------------------- the random numbers of default_rng

const ONES_64 = (1n << 64n) - 1n;
const ONES_128 = (1n << 128n) - 1n;

/**
 * Four words of 64 bits from one seed, as NumPy's SeedSequence makes them (M. O'Neill's seed_seq_fe: words are
 * hashed into a pool of four, every word of the pool is mixed with every other, then hashed again on the way out).
 */
function seedWords(seed) {
  let key = 0x43b0d7e5;
  const hash = (value) => {
    const mixed = value ^ key;
    key = Math.imul(key, 0x931e8875);
    const product = Math.imul(mixed, key);
    return product ^ (product >>> 16);
  };
  const mix = (a, b) => {
    const sum = Math.imul(a, 0xca01f9dd) - Math.imul(b, 0x4973f715) | 0;
    return sum ^ (sum >>> 16);
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (to !== from) pool[to] = mix(pool[to], hash(pool[from]));
  }
  let outKey = 0x8b51f9dd;
  const halves = Array.from({ length: 8 }, (_, i) => {
    const mixed = pool[i % 4] ^ outKey;
    outKey = Math.imul(outKey, 0x58f38ded);
    const product = Math.imul(mixed, outKey);
    return BigInt((product ^ (product >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((i) => halves[i] | (halves[i + 1] << 32n));
}

/** A source of the numbers that `numpy.random.default_rng(seed).random()` gives; `seed` below 2^32. */
export function defaultRng(seed) {
  const [high, low, streamHigh, streamLow] = seedWords(seed);
  // PCG64 (M. O'Neill, 2014): a linear congruential generator on 128 bits, its two halves folded together and
  // turned by the six highest bits.
  const factor = (2549297995355413924n << 64n) + 4865540595714422341n;
  const increment = ((((streamHigh << 64n) | streamLow) << 1n) | 1n) & ONES_128;
  const next = (state) => (state * factor + increment) & ONES_128;
  let state = next(increment + ((high << 64n) | low));
  return () => {
    state = next(state);
    const folded = (state >> 64n) ^ (state & ONES_64);
    const turn = state >> 122n;
    const bits = ((folded >> turn) | (folded << (64n - turn))) & ONES_64;
    return Number(bits >> 11n) / 2 ** 53;
  };
}

// ----------------------------------------------------------------------------------------- the network

/** Numbers in each layer: two inputs, the hidden layers, one output. */
export const sizesOf = (layers) => [2, ...layers, 1];

/** Where the weights and the biases of each layer start among all parameters, and how many there are. */
export function layOut(sizes) {
  const parts = [];
  let total = 0;
  for (let l = 1; l < sizes.length; l++) {
    const [inputs, units] = [sizes[l - 1], sizes[l]];
    parts.push({ inputs, units, kernel: total, bias: total + inputs * units });
    total += (inputs + 1) * units;
  }
  return { parts, total };
}

/** The first weights of `notmagic.layers.Dense`, layer i drawn with the seed 10 * seed + i; the biases are 0. */
export function firstWeights(sizes, seed) {
  const { parts, total } = layOut(sizes);
  const params = new Float64Array(total);
  parts.forEach(({ inputs, units, kernel }, i) => {
    const random = defaultRng(10 * seed + i);
    const limit = Math.sqrt(6 / (inputs + units));
    for (let k = 0; k < inputs * units; k++) params[kernel + k] = -limit + 2 * limit * random();
  });
  return params;
}

/** The sum that counts the parameters, with the reader's numbers. */
export function parameterWords(sizes) {
  const terms = sizes.slice(1).map((units, i) => `(${sizes[i]} + 1) ${TIMES} ${units}`);
  return `${terms.join(" + ")} = ${layOut(sizes).total}`;
}

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

const ACTIVATE = {
  tanh: (values, from, to) => {
    for (let n = from; n < to; n++) values[n] = Math.tanh(values[n]);
  },
  relu: (values, from, to) => {
    for (let n = from; n < to; n++) if (values[n] < 0) values[n] = 0;
  },
  sigmoid: (values, from, to) => {
    for (let n = from; n < to; n++) values[n] = 1 / (1 + Math.exp(-values[n]));
  },
};
// The slope of each activation, from what it gave, taken into a gradient.
const TAKE_SLOPE = {
  tanh: (delta, answers) => {
    for (let n = 0; n < delta.length; n++) delta[n] *= 1 - answers[n] * answers[n];
  },
  relu: (delta, answers) => {
    for (let n = 0; n < delta.length; n++) if (!(answers[n] > 0)) delta[n] = 0;
  },
  sigmoid: (delta, answers) => {
    for (let n = 0; n < delta.length; n++) delta[n] *= answers[n] * (1 - answers[n]);
  },
};

/**
 * A set of points and room for what each unit answers to them, unit by unit, so that the innermost loop runs over
 * points: `answers[l][unit * count + n]`. The last layer keeps its sum z, before the sigmoid.
 */
export class Batch {
  constructor(sizes, activation, x) {
    const count = x.length / 2;
    Object.assign(this, { sizes, activation, count, parts: layOut(sizes).parts });
    this.answers = sizes.map((units) => new Float64Array(units * count));
    for (let n = 0; n < count; n++) {
      this.answers[0][n] = x[2 * n];
      this.answers[0][count + n] = x[2 * n + 1];
    }
  }

  /** Send the points through all layers, or through the first `last` of them. */
  forward(params, last = this.parts.length) {
    const { count, parts } = this;
    for (let l = 0; l < last; l++) {
      const { inputs, units, kernel, bias } = parts[l];
      const before = this.answers[l];
      const after = this.answers[l + 1];
      for (let j = 0; j < units; j++) {
        const start = j * count;
        after.fill(params[bias + j], start, start + count);
        for (let i = 0; i < inputs; i++) {
          const weight = params[kernel + i * units + j];
          for (let n = 0, from = i * count, to = start; n < count; n++) after[to++] += weight * before[from++];
        }
        if (l < parts.length - 1) ACTIVATE[this.activation](after, start, start + count);
      }
    }
    return this.answers.at(-1);
  }

  /** The mean cross-entropy after `forward`, without ever taking log 0. */
  loss(y) {
    const z = this.answers.at(-1);
    let sum = 0;
    for (let n = 0; n < this.count; n++) {
      sum += Math.max(z[n], 0) + Math.log1p(Math.exp(-Math.abs(z[n]))) - y[n] * z[n];
    }
    return sum / this.count;
  }

  /** How many points are on the side of their class, after `forward`. */
  right(y) {
    const z = this.answers.at(-1);
    let right = 0;
    for (let n = 0; n < this.count; n++) if ((z[n] >= 0) === (y[n] === 1)) right++;
    return right;
  }

  /** The slope of the loss along every parameter, after `forward`; written into `slopes`. */
  backward(params, y, slopes) {
    const { count, parts } = this;
    this.deltas ??= this.sizes.map((units) => new Float64Array(units * count));
    const z = this.answers.at(-1);
    const last = this.deltas.at(-1);
    for (let n = 0; n < count; n++) last[n] = (1 / (1 + Math.exp(-z[n])) - y[n]) / count;
    for (let l = parts.length - 1; l >= 0; l--) {
      this.layerSlopes(l, slopes);
      if (l > 0) this.passBack(l, params);
    }
    return slopes;
  }

  layerSlopes(l, slopes) {
    const { count } = this;
    const { inputs, units, kernel, bias } = this.parts[l];
    const before = this.answers[l];
    const delta = this.deltas[l + 1];
    for (let j = 0; j < units; j++) {
      let sum = 0;
      for (let n = 0, at = j * count; n < count; n++) sum += delta[at++];
      slopes[bias + j] = sum;
      for (let i = 0; i < inputs; i++) {
        sum = 0;
        for (let n = 0, from = i * count, at = j * count; n < count; n++) sum += before[from++] * delta[at++];
        slopes[kernel + i * units + j] = sum;
      }
    }
  }

  passBack(l, params) {
    const { count } = this;
    const { inputs, units, kernel } = this.parts[l];
    const [delta, before] = [this.deltas[l + 1], this.deltas[l]];
    before.fill(0);
    for (let i = 0; i < inputs; i++) {
      for (let j = 0; j < units; j++) {
        const weight = params[kernel + i * units + j];
        for (let n = 0, to = i * count, from = j * count; n < count; n++) before[to++] += weight * delta[from++];
      }
    }
    TAKE_SLOPE[this.activation](before, this.answers[l]);
  }

  /** Units that answer 0 to every point, after `forward`: [layer, unit], both from 0. */
  silent() {
    const found = [];
    for (let l = 1; l < this.parts.length; l++) {
      for (let unit = 0; unit < this.sizes[l]; unit++) {
        const answers = this.answers[l].subarray(unit * this.count, (unit + 1) * this.count);
        if (answers.every((value) => value === 0)) found.push([l, unit]);
      }
    }
    return found;
  }
}

// ---------------------------------------------------------------------------------------------- training

export const MOST_STEPS = 100_000;
const MOST_MARKS = 512;
const JUDGED_AT = 1000; // the step at which a prediction is judged
const ENOUGH = 0.95; // of the points

/** The learning rate and the momentum that the step after `step` steps uses. */
export function paceAt(schedule, step) {
  let k = schedule.length - 1;
  while (schedule[k][0] > step) k--;
  return schedule[k].slice(1);
}

/** Another learning rate or momentum from a step on; what the schedule said of later steps is dropped. */
export function changePace(schedule, step, rate, momentum) {
  const earlier = schedule.filter(([start]) => start < step);
  const last = earlier.at(-1);
  if (last && last[1] === rate && last[2] === momentum) return earlier;
  return [...earlier, [step, rate, momentum]];
}

/** What became of a reader's prediction that enough points would be right. */
export function judge(guess, { training, test }) {
  const { right, count } = test ?? training;
  const good = guess === right > ENOUGH * count;
  const share = `${say((100 * right) / count, 1)} % of the ${test ? "test " : ""}points`;
  const said = `You said ${guess ? "yes" : "no"}: ${good ? "true" : "not so"}`;
  return { right: good, words: `${said}, ${share} were right at step ${say(JUDGED_AT)}.` };
}

/**
 * One run of training, and the way back: `seek` goes to any step, forward or backward.
 *
 * At some steps, evenly spaced, it keeps weights and losses; a step between two of them is computed anew from the
 * one before, to the last digit. When there are too many, every other one goes.
 */
export class Run {
  constructor({ layers, activation, schedule, seed, training, test }) {
    this.sizes = sizesOf(layers);
    this.schedule = schedule;
    this.batch = new Batch(this.sizes, activation, training.x);
    this.testBatch = new Batch(this.sizes, activation, test.x);
    this.y = training.y;
    this.testY = test.y;
    this.params = firstWeights(this.sizes, seed);
    this.velocity = new Float64Array(this.params.length);
    this.slopes = new Float64Array(this.params.length);
    this.step = 0;
    this.interval = 1;
    this.marks = [];
    this.batch.forward(this.params);
    this.mark();
  }

  /** Loss and points that are right, of the training points and, where there are any, the test points. */
  scores() {
    const { batch, testBatch, params, y, testY } = this;
    const training = { loss: batch.loss(y), right: batch.right(y), count: y.length };
    if (!testY.length) return { training, test: null };
    testBatch.forward(params);
    return { training, test: { loss: testBatch.loss(testY), right: testBatch.right(testY), count: testY.length } };
  }

  mark() {
    if (this.step === JUDGED_AT) this.judged = this.scores();
    if (this.step % this.interval || this.step / this.interval !== this.marks.length) return;
    const { training, test } = this.scores();
    this.marks.push({
      step: this.step, params: this.params.slice(), velocity: this.velocity.slice(),
      training: training.loss, test: test?.loss,
    });
    if (this.marks.length <= MOST_MARKS) return;
    this.marks = this.marks.filter((_, k) => k % 2 === 0);
    this.interval *= 2;
  }

  /** One step of gradient descent. */
  advance() {
    const { params, velocity, slopes, schedule } = this;
    if (schedule.some(([start]) => start === this.step)) velocity.fill(0);
    const [rate, momentum] = paceAt(schedule, this.step);
    this.batch.backward(params, this.y, slopes);
    for (let k = 0; k < params.length; k++) {
      velocity[k] = momentum * velocity[k] - rate * slopes[k];
      params[k] += velocity[k];
    }
    this.step += 1;
    this.batch.forward(params);
    this.mark();
  }

  /** Go to a step, or towards it until the time given has come, or until the numbers overflow. */
  seek(step, until = Infinity) {
    const mark = this.marks[Math.min(Math.floor(step / this.interval), this.marks.length - 1)];
    if (step < this.step || mark.step > this.step) this.restore(mark);
    while (this.step < step && this.isFinite()) {
      this.advance();
      if (performance.now() > until) break;
    }
    return this.step === step || !this.isFinite();
  }

  restore(mark) {
    this.params.set(mark.params);
    this.velocity.set(mark.velocity);
    this.step = mark.step;
    this.batch.forward(this.params);
  }

  /** Take a schedule that may differ from some step on, and forget what the old one led to. */
  follow(schedule) {
    const same = this.schedule.findIndex((part, k) => String(part) !== String(schedule[k]));
    const index = same < 0 ? this.schedule.length : same;
    const changed = Math.min(this.schedule[index]?.[0] ?? Infinity, schedule[index]?.[0] ?? Infinity);
    this.schedule = schedule;
    this.marks = this.marks.filter(({ step }) => step <= changed);
    if (changed < JUDGED_AT) this.judged = undefined;
    if (this.step <= changed) return;
    const step = this.step;
    this.restore(this.marks.at(-1));
    this.seek(step);
  }

  /** Whether the sums of the output are numbers still; no step leads back from one that is not. */
  isFinite() {
    let sum = 0;
    for (const z of this.batch.answers.at(-1)) sum += z;
    return Number.isFinite(sum);
  }
}

// ---------------------------------------------------------------------------------------------- the code

const CLASSES = { tanh: "Tanh", relu: "ReLU", sigmoid: "Sigmoid" };
const plain = (number) => String(Number(number.toPrecision(6)));

/** The program that trains the same network with the course's package; as `NetLab.code` in Python. */
export function code({ set, layers, activation, schedule, seed, steps }) {
  const { source, training, count } = set;
  const names = [...new Set(["Dense", "Input", "Sigmoid", ...(layers.length ? [CLASSES[activation]] : [])])].sort();
  const tested = count > training;
  const lines = [
    ...(source.startsWith("toy_points(") ? ["from notmagic.datasets import toy_points"] : []),
    `from notmagic.layers import ${names.join(", ")}`,
    "from notmagic.model import Sequential",
    "from notmagic.optimizers import SGD",
    "",
    `x, y = ${source}`,
    `x_train, y_train = x[:${training}], y[:${training}]`,
    ...(tested ? [`x_test, y_test = x[${training}:], y[${training}:]`] : []),
    "",
    'exact = {"dtype": "float64"}  # the precision of the page',
    "model = Sequential([",
    "    Input((2,)),",
    ...[...layers, 1].map((units, i) => {
      const kind = i < layers.length ? CLASSES[activation] : "Sigmoid";
      return `    Dense(${units}, seed=${10 * seed + i}, **exact), ${kind}(**exact),`;
    }),
    "])",
    ...fitLines(schedule, steps, training),
    'print("training", model.evaluate(x_train, y_train))',
    ...(tested ? ['print("test", model.evaluate(x_test, y_test))'] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** One fit for each part of the schedule that was reached. */
function fitLines(schedule, steps, count) {
  const reached = schedule.filter(([start]) => start < steps);
  const parts = reached.length ? reached : schedule.slice(0, 1);
  return parts.flatMap(([start, rate, momentum], k) => {
    const end = parts[k + 1]?.[0] ?? steps;
    const optimizer = momentum ? `SGD(${plain(rate)}, momentum=${plain(momentum)})` : `SGD(${plain(rate)})`;
    const compile = `model.compile(optimizer=${optimizer}, loss="binary_crossentropy", metrics=["accuracy"])`;
    const fit = `model.fit(x_train, y_train, batch_size=${count}, epochs=${end - start}, shuffle=False, verbose=0)`;
    return end > start ? [compile, fit] : [compile];
  });
}

// ----------------------------------------------------------------------------------- names and arithmetic

const LETTERS = "xhkm";

/** The name of a unit: x1 and x2, h1 ... of the first hidden layer, k1 ..., m1 ..., and y, the output. */
export function unitName(sizes, layer, unit) {
  return layer === sizes.length - 1 ? "y" : `${LETTERS[layer]}${unit + 1}`;
}

/** Where a unit of that name is, [layer, unit] from 0; the output if the network has no such unit. */
export function findUnit(sizes, name) {
  const layer = name === "y" ? -1 : LETTERS.indexOf(name[0]);
  const unit = Number(name.slice(1)) - 1;
  return layer >= 0 && layer < sizes.length - 1 && unit < sizes[layer] ? [layer, unit] : [sizes.length - 1, 0];
}

const short = (value) => (Number.isFinite(value) ? say(value, Math.abs(value) >= 10 ? 1 : 2) : "no number");
const factor = (value) => (value < 0 ? `(${short(value)})` : short(value));
const signed = (value) => `${value < 0 ? MINUS : "+"} ${short(Math.abs(value))}`;
const FORMULAS = { tanh: "tanh(z)", relu: "max(0, z)", sigmoid: "1 / (1 + e^\u2212z)" };

/** A unit's sum at one point, in letters and with the reader's numbers; `probe` is a Batch of that one point. */
export function unitWords(probe, params, layer, unit) {
  const { sizes, parts, answers } = probe;
  const name = unitName(sizes, layer, unit);
  if (layer === 0) return { title: `Input ${name}`, text: `${name} = ${short(answers[0][unit])} at the probe.` };
  const { inputs, units, kernel, bias } = parts[layer - 1];
  let z = params[bias + unit];
  const terms = Array.from({ length: inputs }, (_, i) => {
    const weight = params[kernel + i * units + unit];
    z += weight * answers[layer - 1][i];
    const size = `${short(Math.abs(weight))} ${TIMES} ${factor(answers[layer - 1][i])}`;
    return i === 0 ? `${weight < 0 ? MINUS : ""}${size}` : `${weight < 0 ? MINUS : "+"} ${size}`;
  });
  const isOutput = layer === sizes.length - 1;
  const result = isOutput ? sigmoid(z) : answers[layer][unit];
  const formula = FORMULAS[isOutput ? "sigmoid" : probe.activation];
  const title = isOutput ? "Output y" : `Hidden layer ${layer}, unit ${name}`;
  const sum = `z = ${terms.join(" ")} ${signed(params[bias + unit])} = ${short(z)}`;
  const text = `${sum}; ${name} = ${formula} = ${Number.isFinite(result) ? say(result, 3) : "no number"}`;
  return { title, text };
}

/** A weight's numbers: its value, what it carries at the probe, and which way the loss pushes it. */
export function weightWords(probe, params, slopes, { layer, from, to }) {
  const { sizes, parts, answers } = probe;
  const { units, kernel } = parts[layer - 1];
  const at = kernel + from * units + to;
  const [source, target] = [unitName(sizes, layer - 1, from), unitName(sizes, layer, to)];
  const value = answers[layer - 1][from];
  const carried = `${short(params[at])} ${TIMES} ${factor(value)} = ${short(params[at] * value)}`;
  const slope = slopes[at];
  const push = slope === 0 ? "the loss does not push it" : `the loss falls if it ${slope > 0 ? "shrinks" : "grows"}`;
  return {
    title: `Weight ${source} \u2192 ${target}: ${Number.isFinite(params[at]) ? say(params[at], 4) : "no number"}`,
    text: `At the probe it adds ${carried}. Slope dL/dw = ${slopeWords(slope)}: ${push}.`,
  };
}

const slopeWords = (slope) => {
  if (!Number.isFinite(slope)) return "no number";
  if (slope === 0 || Math.abs(slope) >= 0.0001) return say(slope, 4);
  return slope.toExponential(1).replace("-", MINUS).replace("e-", ` ${TIMES} 10^${MINUS}`).replace(/^-/, MINUS);
};

// ------------------------------------------------------------------------------------------ the pictures

const SHADES = 255;
// The colours from -1 to 1 as the four bytes of a pixel.
const PALETTE = Uint8ClampedArray.from(
  Array.from({ length: SHADES }, (_, k) => [...divergingColour((2 * k) / (SHADES - 1) - 1), 255]).flat());

/** What a unit's answers are divided by before they are coloured; 0 is always white, for the output 0.5 is. */
function scaleOf(batch, layer, values) {
  if (layer === 0) return batch.range;
  if (layer === batch.parts.length || batch.activation !== "relu") return 1;
  return values.reduce((most, value) => (value > most ? value : most), 0) || 1;
}

/** Colour one unit's answers over a grid. */
function paintUnit(context, image, batch, layer, unit) {
  const { count } = batch;
  const values = batch.answers[layer].subarray(unit * count, (unit + 1) * count);
  const isOutput = layer === batch.parts.length;
  const scale = scaleOf(batch, layer, values);
  for (let n = 0, to = 0; n < count; n++, to += 4) {
    const value = isOutput ? 0.92 * (2 / (1 + Math.exp(-values[n])) - 1) : values[n] / scale;
    const shade = 4 * Math.round(((value < -1 ? -1 : value > 1 ? 1 : value || 0) + 1) * ((SHADES - 1) / 2));
    image.data[to] = PALETTE[shade];
    image.data[to + 1] = PALETTE[shade + 1];
    image.data[to + 2] = PALETTE[shade + 2];
    image.data[to + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return scale;
}

/** The middles of the cells of a square grid over [-range, range]^2, row by row from the top. */
function gridOf(side, range) {
  const at = (k) => (2 * (k + 0.5) * range) / side - range;
  return Float64Array.from({ length: 2 * side * side }, (_, k) => {
    const cell = k >> 1;
    return k % 2 ? -at(Math.floor(cell / side)) : at(cell % side);
  });
}

// -------------------------------------------------------------------------------------------- the widget

const SETTINGS = ["data_name", "layers", "activation", "schedule", "seed", "steps", "show_test", "probe", "shown"];
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
const SPEEDS = [10, 100, 1000]; // steps a second
const MOST_LAYERS = 3;
const MOST_UNITS = 8;
const LARGEST_SEED = 9999;
const MOMENTUM = 0.9;
const SMALL_SIDE = 20; // cells of a unit's picture
const LARGE_SIDES = [38, 50]; // of the large picture, on a phone and where there is room
const ROOMY = 220; // pixels
const FRAME = 4; // milliseconds of training in one frame
const HEAD = 26; // pixels above the units, where their number is chosen
const GAP = 1; // pixels between units that stand close
const NAMED = 34; // pixels of a unit that has room for its name

function readState(model) {
  const state = settingsOf(model, SETTINGS);
  const sets = model.get("sets");
  state.set = sets.find(({ name }) => name === state.data_name) ?? sets[0];
  state.sizes = sizesOf(state.layers);
  return state;
}

/** Training and test points of a set: x flat, y an array of 0 and 1. */
function pointsOf(model, { offset, count, training, y }) {
  const bytes = asBytes(model.get("coordinates"));
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 16 * count);
  const x = Float64Array.from({ length: 2 * count }, (_, k) => view.getFloat64(8 * k, true));
  const classes = Uint8Array.from(y, Number);
  return {
    training: { x: x.subarray(0, 2 * training), y: classes.subarray(0, training) },
    test: { x: x.subarray(2 * training), y: classes.subarray(training) },
    range: Math.max(1.15, ...x.map(Math.abs)) + 0.03,
  };
}

const sameItem = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** A plane whose scale on the left has the room that its numbers need. */
class ScaledPlane extends Plane {
  resize() {
    this.margin[3] = this.root.clientWidth > 240 ? 30 : 22;
    super.resize();
  }
}

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    Object.assign(this, { speed: SPEEDS[1], visible: true });
    Object.assign(this, { pointed: null, focused: null, picked: null, furthest: 0, units: [], lines: [], note: "" });
    this.motion = matchMedia("(prefers-reduced-motion: reduce)");
    this.player = new Player((count) => this.play(count), this.speed, () => this.schedule());
    this.build();
    el.append(this.root);
    this.followModel();
    this.resizes = new ResizeObserver(() => this.measure());
    for (const element of [this.net, this.chart]) this.resizes.observe(element);
    this.sight = new IntersectionObserver(([entry]) => { this.visible = entry.isIntersecting; });
    this.sight.observe(this.root);
    this.measure();
    this.draw();
  }

  destroy() {
    this.player.pause(); // which asks for one more frame
    for (const observer of [this.resizes, this.sight]) observer.disconnect();
    this.plane.destroy();
    super.destroy();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-net-lab", role: "group", "aria-label": "A network that learns" },
      make("div", { class: "nm-body" }, this.buildControls(), this.buildPlayRow(), this.buildNet(),
        this.buildPicture(), this.buildResult(), this.buildWords(), this.buildCode(), this.status.element));
  }

  buildControls() {
    const names = this.model.get("sets").map(({ name }) => name);
    this.dataSelect = select(names, (name) => this.begin({ data_name: name }));
    this.actSelect = select(["tanh", "relu", "sigmoid"], (name) => this.begin({ activation: name }),
      (name) => (name === "relu" ? "ReLU" : name));
    this.layersSelect = select([0, 1, 2, 3], (count) => this.chooseDepth(Number(count)));
    this.rateRange = control("input", {
      type: "range", min: 0, max: RATES.length - 1, step: 1,
      oninput: () => this.changePace(RATES[this.rateRange.valueAsNumber], null),
    });
    this.rateValue = make("span", { class: "nm-value" });
    this.momentumBox = this.buildSwitch("momentum", `Momentum ${MOMENTUM}`,
      (on) => this.changePace(null, on ? MOMENTUM : 0));
    this.testBox = this.buildSwitch("test", "Test points", (on) => this.send({ show_test: on }));
    return make("div", { class: "nm-controls" },
      field(this.id, "data", "Points", this.dataSelect),
      field(this.id, "layers", "Hidden layers", this.layersSelect),
      field(this.id, "activation", "Activation", this.actSelect),
      field(this.id, "rate", "Learning rate", this.rateRange, this.rateValue),
      make("div", { class: "nm-switches" }, this.momentumBox.label, this.testBox.label));
  }

  buildSwitch(name, text, onChange) {
    const words = make("span", { text });
    const [box, label] = checkbox(this.id, name, words, onChange);
    return { box, words, label };
  }

  buildPlayRow() {
    this.backButton = button("Back", () => this.stepTo(this.model.get("steps") - 1), { title: "One step back" });
    this.playButton = button("Play", () => this.togglePlay(), { title: "Train" });
    this.stepButton = button("Step", () => this.stepTo(this.model.get("steps") + 1), { title: "One step of training" });
    this.redrawButton = button("Redraw", () => this.redrawWeights(), { title: "Draw other first weights" });
    this.speedSelect = select(SPEEDS, (speed) => this.chooseSpeed(Number(speed)), (speed) => `${say(speed)}/s`,
      { "aria-label": "Steps a second", class: "nm-speed" });
    this.speedSelect.value = String(this.speed);
    this.timeRange = control("input", {
      type: "range", min: 0, max: 0, step: 1, oninput: () => this.stepTo(this.timeRange.valueAsNumber),
    });
    this.timeValue = make("span", { class: "nm-value" });
    return make("div", { class: "nm-time" },
      make("div", { class: "nm-buttons" }, this.backButton, this.playButton, this.stepButton, this.speedSelect,
        this.redrawButton, button("Reset", () => this.reset(), { title: "All settings as at first" })),
      field(this.id, "time", "Step", this.timeRange, this.timeValue));
  }

  /** The diagram: lines in an SVG, a button with a picture for each unit over it, and buttons for their number. */
  buildNet() {
    this.lineLayer = svg("g");
    this.halo = svg("line", { class: "nm-line-halo" });
    this.cursor = svg("line", {
      class: "nm-line-cursor", tabindex: "-1", role: "img", "aria-label": "Weight", "data-lm-suppress-shortcuts": "true",
    });
    this.cursor.addEventListener("blur", () => this.focus(null));
    this.lineSvg = svg("svg", { class: "nm-lines" }, this.lineLayer, this.halo, this.cursor);
    this.unitLayer = make("div");
    this.heads = [1, 2, 3].map((layer) => this.buildHead(layer));
    this.ends = ["inputs", "output"].map((text) => make("span", { class: `nm-head nm-head-${text}`, text }));
    this.net = make("div", {
      class: "nm-net", role: "application", "aria-roledescription": "network diagram", "aria-label": "Network",
      "aria-describedby": `${this.id}-help`,
    }, this.lineSvg, ...this.ends, ...this.heads.map(({ head }) => head), this.unitLayer);
    this.net.addEventListener("pointermove", (event) => this.onHover(event));
    this.net.addEventListener("pointerleave", () => this.point(null));
    this.net.addEventListener("pointerdown", (event) => this.onPress(event));
    this.net.addEventListener("keydown", (event) => this.onNetKey(event));
    const help = make("div", {
      class: "nm-hidden", id: `${this.id}-help`,
      text: "Arrow keys go from unit to weight to unit: Left and Right along a weight, Up and Down to the next one. " +
        "Enter shows a unit's picture large.",
    });
    return make("div", { class: "nm-net-box" }, this.net, help);
  }

  buildHead(layer) {
    const button = (text, by, what) => control("button", {
      type: "button", text, "aria-label": `${what} unit in hidden layer ${layer}`,
      onclick: () => this.chooseUnits(layer, by),
    });
    const less = button(MINUS, -1, "One less");
    const more = button("+", 1, "One more");
    const count = make("span");
    return { less, more, count, head: make("div", { class: "nm-head" }, less, count, more) };
  }

  buildPicture() {
    this.pictureTitle = make("b");
    this.scaleLabels = [make("span"), make("span")];
    const colours = DIVERGING.map((colour) => `rgb(${colour.join()})`).join();
    const style = `background: linear-gradient(to right, ${colours})`;
    this.scaleBar = make("span", { class: "nm-scale-bar", style });
    this.plane = new ScaledPlane({
      x: [-1.2, 1.2], y: [-1.2, 1.2], margin: [3, 3, 18, 22], label: "",
      draw: () => this.state && this.drawPlane(),
    });
    this.pointLayer = svg("g");
    this.crossHalo = svg("path", { class: "nm-cross-halo", d: "M-9 0H-3M3 0H9M0 -9V-3M0 3V9" });
    this.cross = svg("path", { class: "nm-cross", d: "M-9 0H-3M3 0H9M0 -9V-3M0 3V9" });
    this.plane.layer.append(this.pointLayer, this.crossHalo, this.cross);
    this.axisNames = ["x1", "x2"].map((text) => svg("text", { class: `nm-axis-name nm-${text}`, text }));
    this.plane.over.append(...this.axisNames);
    this.surface = { context: this.plane.canvas.getContext("2d") };
    this.prepareProbe();
    return make("div", { class: "nm-picture" },
      make("div", { class: "nm-title" }, this.pictureTitle,
        make("span", { class: "nm-scale" }, this.scaleLabels[0], this.scaleBar, this.scaleLabels[1])), this.plane.root);
  }

  prepareProbe() {
    const { root } = this.plane;
    const attributes = {
      tabindex: "0", role: "application", "aria-roledescription": "plane", "data-lm-suppress-shortcuts": "true",
      "aria-label": "Probe",
    };
    for (const [name, value] of Object.entries(attributes)) setAttribute(root, name, value);
    root.classList.add("nm-stage");
    root.addEventListener("keydown", (event) => this.onPlaneKey(event));
    root.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      root.setPointerCapture(event.pointerId);
      this.moveProbe(this.plane.at(event));
    });
    root.addEventListener("pointermove", (event) => event.buttons > 0 && this.moveProbe(this.plane.at(event)));
  }

  buildResult() {
    const cell = () => make("td");
    this.cells = { training: [cell(), cell()], test: [cell(), cell()] };
    const head = (text, scope) => make("th", { scope, text });
    const row = (kind, mark) => make("tr", {},
      make("th", { scope: "row" }, make("i", { class: `nm-mark nm-mark-${mark}` }), mark), ...this.cells[kind]);
    this.paths = ["test", "training"].map((kind) => svg("path", { class: `nm-curve nm-curve-${kind}` }));
    this.now = svg("line", { class: "nm-now" });
    this.chartAxes = svg("g", { class: "nm-axes" });
    this.chart = svg("svg", { class: "nm-chart", role: "img", "aria-label": "Loss" },
      this.chartAxes, this.now, ...this.paths);
    return make("div", { class: "nm-result" },
      make("table", { class: "nm-scores" },
        make("caption", { class: "nm-hidden", text: "Loss and points that are right" }),
        make("thead", {}, make("tr", {}, make("td"), head("Loss", "col"), head("Right", "col"))),
        make("tbody", {}, row("training", "train"), row("test", "test"))),
      make("div", { class: "nm-chart-box" }, this.chart, this.buildQuestion()));
  }

  /** Asked where the curve will be, as long as there is none. */
  buildQuestion() {
    this.questionText = make("p");
    const answer = (text, guess) => button(text, () => this.answer(guess));
    this.answers = make("div", { class: "nm-buttons" }, answer("Yes", true), answer("No", false));
    this.question = make("div", { class: "nm-question" }, this.questionText, this.answers);
    return this.question;
  }

  buildWords() {
    this.detailTitle = make("b");
    this.detailText = make("span");
    this.detail = make("p", { class: "nm-detail" }, this.detailTitle, " ", this.detailText);
    this.count = make("p", { class: "nm-count" });
    this.verdict = make("p", { class: "nm-verdict" });
    return make("div", { class: "nm-words" }, this.verdict, this.detail, this.count);
  }

  buildCode() {
    this.codeText = control("textarea", {
      readonly: "", wrap: "off", spellcheck: "false", "aria-label": "Python code that does the same",
    });
    this.copied = make("span", { role: "status" });
    const copy = button("Copy", () => this.copy());
    const summary = control("summary", { text: "The code that does the same" });
    this.fold = make("details", { class: "nm-code", ontoggle: () => this.schedule() }, summary,
      make("div", { class: "nm-buttons" }, copy, this.copied), this.codeText,
      make("p", { text: "The same first weights and the same steps: its losses are those of this page." }));
    return this.fold;
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** Another network or other points: training begins anew, at the pace of the present step. */
  begin(changes) {
    const { schedule, steps } = readState(this.model);
    this.note = "";
    this.send({ ...changes, steps: 0, schedule: [[0, ...paceAt(schedule, steps)]] });
  }

  chooseDepth(depth) {
    const layers = this.model.get("layers").slice(0, depth);
    while (layers.length < depth) layers.push(layers.at(-1) ?? 4);
    this.begin({ layers });
  }

  chooseUnits(layer, by) {
    const layers = this.model.get("layers").slice();
    const units = layers[layer - 1] + by;
    if (units < 1) return this.tell("A layer needs a unit. To take the layer away, choose fewer hidden layers.");
    if (units > MOST_UNITS) return this.tell(`${MOST_UNITS} units are the most that fit here.`);
    layers[layer - 1] = units;
    this.begin({ layers });
  }

  changePace(rate, momentum) {
    const { schedule, steps } = readState(this.model);
    const [oldRate, oldMomentum] = paceAt(schedule, steps);
    this.note = "";
    this.send({ schedule: changePace(schedule, steps, rate ?? oldRate, momentum ?? oldMomentum) });
  }

  redrawWeights() {
    this.begin({ seed: (this.model.get("seed") + 1) % (LARGEST_SEED + 1) });
  }

  chooseSpeed(speed) {
    this.speed = speed;
    this.player.perSecond = speed;
  }

  reset() {
    this.player.pause();
    Object.assign(this, { picked: null, note: "" });
    this.furthest = 0;
    this.send(this.model.get("initial"));
  }

  tell(text) {
    this.note = text;
    this.schedule();
  }

  answer(guess) {
    this.guess = guess;
    this.playButton.focus({ preventScroll: true });
    this.schedule();
  }

  togglePlay() {
    this.note = "";
    if (!this.player.playing && this.run.step >= MOST_STEPS) this.note = `${say(MOST_STEPS)} steps are the most.`;
    else if (this.player.playing || this.run.isFinite()) this.player.toggle();
    this.schedule();
  }

  stepTo(step) {
    this.player.pause();
    this.note = step < 0 ? "This is the beginning: there is no step to take back." : "";
    this.send({ steps: clamp(step, 0, MOST_STEPS) });
  }

  /** Some steps; with less motion wanted, many at once, twice a second. */
  play(count) {
    if (!this.visible) return;
    this.owed = Math.min((this.owed ?? 0) + count, this.speed);
    if (this.motion.matches && this.owed < this.speed / 2) return;
    this.state = readState(this.model);
    this.follow();
    const target = Math.min(this.run.step + this.owed, MOST_STEPS);
    this.owed = 0;
    this.run.seek(target, performance.now() + FRAME);
    if (!this.run.isFinite() || this.run.step >= MOST_STEPS) this.player.pause();
    this.send({ steps: this.run.step });
  }

  moveProbe(place) {
    const range = this.points.range;
    this.picked = null;
    this.send({ probe: place.map((value) => Number(clamp(value, -range, range).toFixed(3))) });
  }

  onPlaneKey(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const step = (this.points.range / 60) * (event.shiftKey ? 8 : 1);
    const moves = { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowLeft: [-step, 0], ArrowRight: [step, 0] };
    if (!(event.key in moves)) return;
    this.moveProbe(this.model.get("probe").map((value, axis) => value + moves[event.key][axis]));
    this.draw();
    this.status.say(`${this.plane.root.getAttribute("aria-label")}. ${this.detail.textContent}`);
    event.preventDefault();
    event.stopPropagation();
  }

  async copy() {
    this.codeText.select();
    try {
      await navigator.clipboard.writeText(this.codeText.value);
      setText(this.copied, "Copied.");
    } catch {
      // A page without that right: the older way, and if that fails too the text stands selected.
      setText(this.copied, document.execCommand("copy") ? "Copied." : "Selected: press Ctrl+C or \u2318C.");
    }
  }

  // ---------------------------------------------------------------------- pointing at units and weights

  point(item) {
    if (sameItem(item, this.pointed)) return;
    this.pointed = item;
    this.schedule();
  }

  focus(item) {
    this.focused = item;
    this.schedule();
  }

  onHover(event) {
    if (event.pointerType === "mouse") this.point(this.itemAt(event));
  }

  onPress(event) {
    const item = this.itemAt(event);
    if (event.target.closest("button") && item?.from === undefined) return;
    this.picked = item;
    this.schedule();
  }

  /** What is under the pointer: a unit, or the nearest weight within reach. */
  itemAt(event) {
    const button = event.target.closest("button");
    if (button) return this.units.find(({ root }) => root === button)?.item ?? null;
    const box = this.net.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let nearest = null;
    let least = event.pointerType === "mouse" ? 7 : 14;
    for (const { ends, item } of this.lines) {
      const distance = distanceTo(ends, x, y);
      if (distance < least) [nearest, least] = [item, distance];
    }
    return nearest;
  }

  onNetKey(event) {
    if (event.altKey || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const at = this.focused;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!at || !(event.key in moves)) return;
    const [dx, dy] = moves[event.key];
    event.preventDefault();
    event.stopPropagation();
    const next = at.from === undefined ? this.fromUnit(at, dx, dy) : this.fromWeight(at, dx, dy);
    if (next) this.focusItem(next);
  }

  /** Up and down to the next unit of the layer, left and right onto a weight. */
  fromUnit({ layer, unit }, dx, dy) {
    const { sizes } = this.state;
    if (dy) return { layer, unit: clamp(unit + dy, 0, sizes[layer] - 1) };
    const other = layer + dx;
    if (other < 0 || other >= sizes.length) return null;
    const near = clamp(Math.round(((unit + 0.5) * sizes[other]) / sizes[layer] - 0.5), 0, sizes[other] - 1);
    return dx < 0 ? { layer, from: near, to: unit, held: "to" } : { layer: other, from: unit, to: near, held: "from" };
  }

  /** Left and right to the units at its ends; up and down to the next weight of the unit one came from. */
  fromWeight({ layer, from, to, held }, dx, dy) {
    const { sizes } = this.state;
    if (dx) return dx < 0 ? { layer: layer - 1, unit: from } : { layer, unit: to };
    return held === "to"
      ? { layer, from: clamp(from + dy, 0, sizes[layer - 1] - 1), to, held }
      : { layer, from, to: clamp(to + dy, 0, sizes[layer] - 1), held };
  }

  focusItem(item) {
    if (item.from === undefined) {
      this.unitAt(item.layer, item.unit).root.focus({ preventScroll: true });
      return;
    }
    this.focused = item;
    this.draw();
    this.cursor.focus({ preventScroll: true });
    this.focus(item); // the unit left behind has taken it away
  }

  unitAt(layer, unit) {
    return this.units.find(({ item }) => item.layer === layer && item.unit === unit);
  }

  // ---------------------------------------------------------------------------------------------- drawing

  /** Sizes are read once for each change: to ask for them in a frame would make the browser lay out the page anew. */
  measure() {
    const sizeOf = ({ clientWidth, clientHeight }) => [clientWidth, clientHeight];
    [this.netSize, this.chartSize] = [this.net, this.chart].map(sizeOf);
    this.schedule();
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state = readState(this.model);
    this.follow();
    this.drawControls();
    this.drawNet();
    this.drawPlane();
    this.drawResult();
    this.drawWords();
    this.drawCode();
  }

  /** Bring the run to the step that the settings name; what takes long is spread over frames. */
  follow() {
    const { data_name: name, layers, activation, seed, schedule, steps, set } = this.state;
    if (isNew(this, "points", name)) this.points = pointsOf(this.model, set);
    if (isNew(this, "run", JSON.stringify([name, layers, activation, seed]))) this.makeRun();
    else if (!sameItem(schedule, this.run.schedule)) {
      this.run.follow(schedule);
      this.furthest = this.run.step;
    }
    if (!this.run.seek(steps, performance.now() + 2 * FRAME)) this.schedule();
    this.furthest = Math.max(this.furthest, this.run.step);
  }

  makeRun() {
    const { layers, activation, seed, schedule, sizes } = this.state;
    const { training, test, range } = this.points;
    this.run = new Run({ layers, activation, schedule, seed, training, test });
    this.furthest = 0;
    this.guess = null;
    this.small = this.makeGrid(SMALL_SIDE);
    this.surface.side = 0; // to be made anew for this network
    this.probe = new Batch(sizes, activation, [0, 0]);
    this.slopes = new Float64Array(this.run.params.length);
    this.picked = this.pointed = this.focused = null;
    if (isNew(this, "range", range)) this.plane.setRange([-range, range], [-range, range]);
  }

  makeGrid(side) {
    const { sizes, activation } = this.state;
    const { range } = this.points;
    return Object.assign(new Batch(sizes, activation, gridOf(side, range)), { range });
  }

  drawControls() {
    const { data_name: name, layers, activation, show_test: showTest, schedule } = this.state;
    const { step } = this.run;
    const [rate, momentum] = paceAt(schedule, step);
    this.dataSelect.value = name;
    this.actSelect.value = activation;
    this.layersSelect.value = String(layers.length);
    this.rateRange.value = RATES.reduce((best, value, i) =>
      (Math.abs(Math.log(value / rate)) < Math.abs(Math.log(RATES[best] / rate)) ? i : best), 0);
    setText(this.rateValue, say(rate, 6));
    setAttribute(this.rateRange, "aria-valuetext", say(rate, 6));
    this.momentumBox.box.checked = momentum > 0;
    setText(this.momentumBox.words, `Momentum ${say(momentum || MOMENTUM, 6)}`);
    this.testBox.box.checked = showTest;
    this.testBox.label.hidden = !this.points.test.y.length;
    setText(this.playButton, this.player.playing ? "Pause" : "Play");
    this.playButton.classList.toggle("nm-playing", this.player.playing);
    this.timeRange.max = this.furthest;
    this.timeRange.value = step;
    const words = step === this.furthest ? say(step) : `${say(step)} of ${say(this.furthest)}`;
    setText(this.timeValue, words);
    setAttribute(this.timeRange, "aria-valuetext", `step ${words}`);
  }

  // ------------------------------------------------------------------------------------------ the diagram

  drawNet() {
    const { sizes, activation } = this.state;
    const [width, height] = this.netSize;
    if (isNew(this, "net", JSON.stringify([sizes, width, height]))) this.placeNet(width, height);
    this.small.forward(this.run.params);
    this.dead = activation === "relu" ? this.run.batch.silent().map(String) : [];
    const shown = findUnit(sizes, this.state.shown);
    this.units.forEach((unit) => this.drawUnit(unit, shown));
    this.drawLines();
    setAttribute(this.net, "aria-label", `Network: ${sizes.join(", ")} units from inputs to output`);
  }

  /** Give every unit and every line its place. */
  placeNet(width, height) {
    const { sizes } = this.state;
    const room = (height - HEAD) / Math.max(...sizes);
    const side = clamp(Math.floor(room - GAP), 24, width > 1.5 * ROOMY ? 58 : 44);
    const pitch = Math.min(room, side + 14);
    const middle = HEAD + (height - HEAD) / 2;
    const atX = (layer) => side / 2 + 3 + (layer / (sizes.length - 1)) * (width - side - 6);
    const atY = (layer, unit) => middle + (unit - (sizes[layer] - 1) / 2) * pitch;
    this.makeUnits();
    this.net.classList.toggle("nm-crowded", side < NAMED);
    for (const { item, root } of this.units) {
      Object.assign(root.style, {
        left: `${atX(item.layer) - side / 2}px`, top: `${atY(item.layer, item.unit) - side / 2}px`,
        width: `${side}px`, height: `${side}px`,
      });
    }
    this.heads.forEach(({ head, count, less, more }, k) => {
      head.hidden = k >= sizes.length - 2;
      if (head.hidden) return;
      head.style.left = `${atX(k + 1)}px`;
      setText(count, String(sizes[k + 1]));
      setAttribute(less, "aria-disabled", String(sizes[k + 1] === 1));
      setAttribute(more, "aria-disabled", String(sizes[k + 1] === MOST_UNITS));
    });
    this.makeLines((layer, unit, turn) => [atX(layer) + (turn * side) / 2, atY(layer, unit)]);
  }

  makeUnits() {
    const { sizes } = this.state;
    if (!isNew(this, "units", JSON.stringify(sizes))) return;
    this.units = sizes.flatMap((units, layer) =>
      Array.from({ length: units }, (_, unit) => this.makeUnit({ layer, unit })));
    this.stop = this.units.at(-1);
    this.unitLayer.replaceChildren(...this.units.map(({ root }) => root));
  }

  makeUnit(item) {
    const { sizes } = this.state;
    const { layer, unit } = item;
    const name = unitName(sizes, layer, unit);
    const kind = layer === 0 ? "input" : layer === sizes.length - 1 ? "output" : "hidden";
    const canvas = make("canvas", { width: SMALL_SIDE, height: SMALL_SIDE, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    const root = control("button", {
      type: "button", class: `nm-unit nm-unit-${kind}`, tabindex: "-1",
      onclick: () => this.showUnit(item), onfocus: () => this.focusUnit(item), onblur: () => this.focus(null),
    }, canvas, make("span", { class: "nm-unit-name", text: name }),
    make("span", { class: "nm-dead", "aria-hidden": "true" }));
    return { item, name, kind, root, context, image: context.createImageData(SMALL_SIDE, SMALL_SIDE) };
  }

  showUnit({ layer, unit }) {
    const name = unitName(this.state.sizes, layer, unit);
    this.picked = null;
    this.send({ shown: name === this.state.shown ? "y" : name });
  }

  focusUnit(item) {
    this.stop = this.unitAt(item.layer, item.unit);
    this.focus(item);
  }

  drawUnit({ item, name, kind, root, context, image }, shown) {
    const { layer, unit } = item;
    if (layer > 0 || isNew(root, "range", this.small.range)) paintUnit(context, image, this.small, layer, unit);
    const isShown = layer === shown[0] && unit === shown[1];
    const isDead = this.dead.includes(`${layer},${unit}`);
    setAttribute(root, "aria-pressed", String(isShown));
    setAttribute(root, "tabindex", root === this.stop?.root ? "0" : "-1");
    if (isNew(root, "dead", isDead)) root.classList.toggle("nm-is-dead", isDead);
    setAttribute(root, "aria-label", `${name}, ${kind}${isDead ? ", dead" : ""}`);
  }

  makeLines(place) {
    const { sizes } = this.state;
    this.lines = [];
    for (let layer = 1; layer < sizes.length; layer++) {
      for (let to = 0; to < sizes[layer]; to++) {
        for (let from = 0; from < sizes[layer - 1]; from++) {
          const ends = [...place(layer - 1, from, 1), ...place(layer, to, -1)];
          const [x1, y1, x2, y2] = ends.map((value) => Math.round(10 * value) / 10);
          this.lines.push({ item: { layer, from, to }, ends, line: svg("line", { x1, y1, x2, y2 }) });
        }
      }
    }
    this.lineLayer.replaceChildren(...this.lines.map(({ line }) => line));
  }

  /** A weight as a line: its sign gives the colour, its size the width. Those of the unit looked at stand out. */
  drawLines() {
    const { parts } = this.small;
    const { params } = this.run;
    const looked = this.looked();
    const isUnit = looked && looked.from === undefined;
    for (const { item: { layer, from, to }, line } of this.lines) {
      const { units, kernel } = parts[layer - 1];
      const weight = params[kernel + from * units + to];
      const width = 0.5 + 0.25 * Math.round(4 * Math.min(6, 1.6 * Math.abs(weight) || 0));
      const isFar = isUnit && !(layer === looked.layer && to === looked.unit) &&
        !(layer - 1 === looked.layer && from === looked.unit);
      setAttribute(line, "class", `${weight < 0 ? "nm-negative" : "nm-positive"}${isFar ? " nm-far" : ""}`);
      setAttribute(line, "stroke-width", width);
    }
    this.drawCursor(looked);
  }

  drawCursor(looked) {
    const isWeight = looked?.from !== undefined;
    const found = isWeight && this.lines.find(({ item }) =>
      item.layer === looked.layer && item.from === looked.from && item.to === looked.to);
    for (const mark of [this.halo, this.cursor]) {
      setAttribute(mark, "visibility", found ? "visible" : "hidden");
      if (found) ["x1", "y1", "x2", "y2"].forEach((name, k) => setAttribute(mark, name, found.ends[k]));
    }
    if (!found) return;
    const { units, kernel } = this.small.parts[looked.layer - 1];
    const weight = this.run.params[kernel + looked.from * units + looked.to];
    setAttribute(this.cursor, "class", `nm-line-cursor ${weight < 0 ? "nm-negative" : "nm-positive"}`);
  }

  /** What the detail is about: what the pointer is on, else the focus, else what was tapped, else the large picture. */
  looked() {
    return this.pointed ?? this.focused ?? this.picked;
  }

  // -------------------------------------------------------------------------------------------- the plane

  drawPlane() {
    const { plane, state, run, surface } = this;
    const { sizes } = state;
    if (!plane.width || !run) return;
    const [layer, unit] = findUnit(sizes, state.shown);
    this.prepareSurface(LARGE_SIDES[Number(plane.width > ROOMY)]);
    surface.batch.forward(run.params, layer);
    const scale = paintUnit(surface.context, surface.image, surface.batch, layer, unit);
    this.drawScale(layer, unit, scale);
    const drawn = [state.data_name, state.show_test, plane.width, plane.height].join();
    if (isNew(this, "points drawn", drawn)) this.drawPoints();
    const [x, y] = state.probe;
    for (const cross of [this.crossHalo, this.cross]) {
      setAttribute(cross, "transform", `translate(${plane.toX(x).toFixed(1)} ${plane.toY(y).toFixed(1)})`);
    }
    this.probe.answers[0].set(state.probe);
    this.probe.forward(run.params);
    this.labelPlane(layer, unit);
  }

  prepareSurface(side) {
    const { surface, plane } = this;
    if (surface.side === side) return;
    if (plane.canvas.width !== side) plane.canvas.width = plane.canvas.height = side;
    Object.assign(surface, { side, batch: this.makeGrid(side), image: surface.context.createImageData(side, side) });
  }

  drawScale(layer, unit, scale) {
    const { sizes, activation } = this.state;
    const isOutput = layer === sizes.length - 1;
    const half = !isOutput && layer > 0 && activation !== "tanh";
    setText(this.pictureTitle, isOutput ? "Output y" : `${layer ? "Unit" : "Input"} ${unitName(sizes, layer, unit)}`);
    const ends = isOutput || half ? [0, isOutput ? 1 : scale] : [-scale, scale];
    ends.forEach((value, k) => setText(this.scaleLabels[k], say(value, scale < 10 ? 1 : 0)));
    // Answers that are never negative use the orange half of the colours.
    if (isNew(this.scaleBar, "half", half)) {
      this.scaleBar.style.backgroundSize = half ? "200% 100%" : "";
      this.scaleBar.style.backgroundPosition = half ? "100% 0" : "";
    }
  }

  drawPoints() {
    const { plane, state } = this;
    const { training, test } = this.points;
    const large = plane.width > ROOMY;
    const marks = ({ x, y }, isTest) => Array.from(y, (label, n) => {
      const size = (large ? 3.6 : 2.7) - (isTest ? (large ? 1.4 : 1) : 0);
      const mark = classPoint(plane.toX(x[2 * n]), plane.toY(x[2 * n + 1]), label === 1, size);
      if (isTest) mark.classList.add("nm-test");
      return mark;
    });
    this.pointLayer.replaceChildren(...marks(training, false), ...(state.show_test ? marks(test, true) : []));
    const [right, bottom] = [plane.margin[3] + plane.width, plane.margin[0] + plane.height];
    const places = [[right - 2, bottom - 5], [plane.margin[3] + 4, plane.margin[0] + 12]];
    this.axisNames.forEach((name, axis) => {
      setAttribute(name, "x", places[axis][0]);
      setAttribute(name, "y", places[axis][1]);
    });
  }

  labelPlane(layer, unit) {
    const { sizes, probe } = this.state;
    const answer = this.probe.answers[layer][unit];
    const isOutput = layer === sizes.length - 1;
    const name = isOutput ? "probability of class 1" : unitName(sizes, layer, unit);
    const value = short(isOutput ? sigmoid(answer) : answer);
    setAttribute(this.plane.root, "aria-label", `Probe at x1 ${say(probe[0])}, x2 ${say(probe[1])}: ${name} ${value}`);
    setAttribute(this.plane.svg, "aria-label", `${this.pictureTitle.textContent} over the plane with ` +
      `${this.points.training.y.length} training points`);
  }

  // ------------------------------------------------------------------------------------------- the result

  drawResult() {
    this.scores = this.run.scores();
    const { training, test } = this.scores;
    for (const [kind, score] of Object.entries({ training, test })) {
      const [loss, right] = this.cells[kind];
      setText(loss, score ? lossWords(score.loss) : "none");
      setText(right, score ? `${say((100 * score.right) / score.count, 1)} %` : "none");
    }
    this.drawChart();
    this.drawQuestion();
  }

  drawQuestion() {
    const { guess, furthest } = this;
    this.question.hidden = furthest > 0;
    this.answers.hidden = guess !== null;
    const which = this.scores.test ? "test points" : "points";
    setText(this.questionText, guess === null
      ? `Guess: will more than ${100 * ENOUGH} % of the ${which} be right after ${say(JUDGED_AT)} steps?`
      : `You say ${guess ? "yes" : "no"}. Press Play.`);
  }

  /** Losses over the steps, with a line at the present one. */
  drawChart() {
    const [width, height] = this.chartSize;
    if (!width) return;
    const [left, right, top, bottom] = [24, width - 6, 6, height - 16];
    const { marks, step } = this.run;
    const last = Math.max(this.furthest, 20);
    const kept = thin([...marks, { step, training: this.scores.training.loss, test: this.scores.test?.loss }], 160);
    const largest = kept.reduce((most, { training, test }) => Math.max(most, training || 0, test || 0), 0);
    const high = clamp(Math.ceil(10 * largest) / 10, 0.8, 3);
    const toX = (value) => left + (value / last) * (right - left);
    const toY = (value) => bottom - (Math.min(value, 1.02 * high) / high) * (bottom - top);
    this.paths.forEach((path, k) => {
      const kind = k ? "training" : "test";
      const points = kept.filter((mark) => Number.isFinite(mark[kind]));
      const text = points.map((mark) => `${toX(mark.step).toFixed(1)} ${toY(mark[kind]).toFixed(1)}`).join("L");
      setAttribute(path, "d", text && `M${text}`);
    });
    for (const [name, value] of Object.entries({ x1: toX(step), x2: toX(step), y1: top, y2: bottom })) {
      setAttribute(this.now, name, value.toFixed(1));
    }
    const axes = [left, right, top, bottom, last, high];
    if (isNew(this.chartAxes, "axes", axes.join())) this.drawChartAxes(...axes);
    const [from, to] = [marks[0].training, this.scores.training.loss].map(lossWords);
    setAttribute(this.chart, "aria-label", `Training loss from ${from} at step 0 to ${to} at step ${say(step)}`);
  }

  drawChartAxes(left, right, top, bottom, last, high) {
    const text = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor, text: words });
    const turned = `translate(12 ${(top + bottom) / 2}) rotate(-90)`;
    this.chartAxes.replaceChildren(
      svg("line", { x1: left, x2: right, y1: bottom, y2: bottom }),
      svg("line", { x1: left, x2: left, y1: top, y2: bottom }),
      text(left - 3, top + 7, "end", say(high, 1)), text(left - 3, bottom + 1, "end", "0"),
      text(left, bottom + 13, "middle", "0"), text(right, bottom + 13, "end", `step ${say(last)}`),
      svg("text", { transform: turned, "text-anchor": "middle", text: "loss" }));
  }

  // -------------------------------------------------------------------------------------------- the words

  drawWords() {
    const { sizes } = this.state;
    const looked = this.looked();
    if (looked?.from !== undefined) this.run.batch.backward(this.run.params, this.run.y, this.slopes);
    const [layer, unit] = findUnit(sizes, this.state.shown);
    const { title, text } = looked?.from === undefined
      ? unitWords(this.probe, this.run.params, looked?.layer ?? layer, looked?.unit ?? unit)
      : weightWords(this.probe, this.run.params, this.slopes, looked);
    setText(this.detailTitle, title + (looked?.from === undefined ? ":" : "."));
    setText(this.detailText, text);
    if (this.focused?.from !== undefined) setAttribute(this.cursor, "aria-label", `${title}. ${text}`);
    setText(this.count, `Parameters: ${parameterWords(sizes)}`);
    const { kind, words } = this.judgement();
    setText(this.verdict, words);
    setAttribute(this.verdict, "class", `nm-verdict ${kind}`);
    if (!this.player.playing) this.status.say(words);
  }

  /** What there is to say about the run as it stands. */
  judgement() {
    const { run, scores: { training }, note } = this;
    const [rate] = paceAt(run.schedule, Math.max(run.step - 1, 0));
    const at = `Step ${say(run.step)}: `;
    const [dead, why] = this.deadWords();
    const first = run.marks[0].training;
    if (note) return { kind: "", words: note };
    if (!run.isFinite()) {
      const words = `the loss is no longer a number. The learning rate ${say(rate, 6)} is too large: each step ` +
        "overshoots by more. Go back and choose a smaller one.";
      return { kind: "nm-problem", words: at + words };
    }
    if (training.loss > Math.max(1, 1.1 * first)) {
      const words = `the loss has grown from ${lossWords(first)} to ${lossWords(training.loss)}. The learning rate ` +
        `${say(rate, 6)} is too large: steps overshoot. Go back and choose a smaller one.${dead && `${dead}.`}`;
      return { kind: "nm-problem", words: at + words };
    }
    const start = `first weights, drawn with seed ${this.state.seed}.`;
    const so = `${training.right} of ${training.count} training points are right.`;
    const judged = run.judged && this.guess !== null ? judge(this.guess, run.judged) : null;
    const kind = dead ? "nm-problem" : judged?.right ? "nm-right" : "";
    return { kind, words: `${at}${run.step ? so : start}${dead}${why}${judged ? ` ${judged.words}` : ""}` };
  }

  /** How many units are dead, and what that means; two empty texts if none is. */
  deadWords() {
    const dead = this.dead.length;
    if (!dead) return ["", ""];
    const hidden = this.state.layers.reduce((sum, units) => sum + units, 0);
    return [` ${dead} of ${hidden} ReLU units ${dead === 1 ? "is" : "are"} dead`,
      ": 0 on every training point, so no slope reaches them."];
  }

  drawCode() {
    if (!this.fold.open || this.player.playing) return;
    const { step } = this.run;
    const text = code({ ...this.state, steps: step });
    if (!isNew(this.codeText, "code", text)) return;
    this.codeText.value = text;
    this.codeText.rows = text.split("\n").length;
    setText(this.copied, "");
  }
}

function lossWords(loss) {
  if (!Number.isFinite(loss)) return "no number";
  return loss < 1000 ? loss.toFixed(loss < 10 ? 3 : 1) : "> 1,000";
}

/** At most about `count` of many marks, evenly spaced, in order, the last kept. */
function thin(marks, count) {
  const sorted = marks.sort((a, b) => a.step - b.step);
  const every = Math.ceil(sorted.length / count);
  return sorted.filter((_, k) => k % every === 0 || k === sorted.length - 1);
}

/** Pixels from a place to a line between two ends. */
function distanceTo([x1, y1, x2, y2], x, y) {
  const share = clamp(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2), 0, 1);
  return Math.hypot(x1 + share * (x2 - x1) - x, y1 + share * (y2 - y1) - y);
}

export default widgetOf(View);
