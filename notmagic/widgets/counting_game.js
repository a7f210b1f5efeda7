// CountingGame: a layer is given; count its output, its parameters or its multiplications, and see why.
//
// The first half is arithmetic without a page, exported by name and tested with `node --test`; the second half
// is the widget, the default export. The state lives in the model (counting_game.py names it and says what a layer
// and a round are), so that two views and Python see the same.

import {
  MINUS, ModelView, Status, TIMES, button, control, isNew, make, say, select, setAttribute, setText, settingsOf, svg, widgetOf,
} from "./kit.js";

// -------------------------------------------------------------------------------------------- numbers

export const LARGEST_ANSWER = Number.MAX_SAFE_INTEGER;

// A number with thousands set apart by a comma, a point, a space, an apostrophe or a low line, or without.
const NUMBER = /^(?:\d{1,3}(?:[,.'\u2019_\s]\d{3})+(?!\d)|\d+)/;
const MULTIPLY = "*\u00d7x\u00b7";

/**
 * The whole number that a reader typed, or what is wrong with it: { value } or { problem }.
 *
 * Sums and products count as well: "(5 * 5 * 48 + 1) * 256" is 307,456.
 */
export function readNumber(text) {
  const parts = [];
  for (let rest = text.trim(); rest; rest = rest.trimStart()) {
    const number = rest.match(NUMBER)?.[0];
    const part = number ?? rest[0];
    if (number) parts.push(Number(number.replace(/\D/g, "")));
    else if (MULTIPLY.includes(part.toLowerCase())) parts.push("*");
    else if ("+()-\u2212".includes(part)) parts.push(part === MINUS ? "-" : part);
    else if (",.".includes(part)) return { problem: "Type a whole number; thousands may be set apart, as in 1,792." };
    else return { problem: `\u201c${part}\u201d is no part of a number; digits, ${TIMES}, +, ${MINUS} and brackets are.` };
    rest = rest.slice(part.length);
  }
  if (!parts.length) return { problem: "Type a number first, or choose Show me." };
  const value = valueOf(parts);
  if (value === null) return { problem: "That sum is not complete: look at its signs and brackets." };
  if (value < 0) return { problem: "A count is at least 0." };
  if (value > LARGEST_ANSWER) return { problem: "That is more than any layer here counts." };
  return { value };
}

/** The value of numbers, signs and brackets, or null where they make no sum. */
function valueOf(parts) {
  let at = 0;
  const factor = () => {
    const part = parts[at++];
    if (typeof part === "number") return part;
    if (part !== "(") return NaN;
    const inner = sum();
    return parts[at++] === ")" ? inner : NaN;
  };
  const product = () => {
    let value = factor();
    while (parts[at] === "*") {
      at += 1;
      value *= factor();
    }
    return value;
  };
  const sum = () => {
    let value = product();
    while (parts[at] === "+" || parts[at] === "-") value += parts[at++] === "+" ? product() : -product();
    return value;
  };
  const value = sum();
  return at === parts.length && !Number.isNaN(value) ? value : null;
}

// --------------------------------------------------------------------------------------------- rounds

/** Random whole numbers that belong to three numbers, as `_Draws` in counting_game.py. */
export class Draws {
  constructor(level, seed, number) {
    this.state = (Math.imul(level, 0x85ebca6b) + Math.imul(seed, 0x9e3779b1) + Math.imul(number, 0xc2b2ae35)) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  next() {
    this.state = (Math.imul(1664525, this.state) + 1013904223) >>> 0;
    return this.state >>> 16;
  }

  below(limit) {
    return this.next() % limit;
  }

  pick(choices) {
    return choices[this.below(choices.length)];
  }
}

export const CHANGES = ["stride", "groups", "kernel", "filters", "size", "exchange"];
const QUESTIONS = {
  conv: ["shape", "parameters", "multiplications"], dense: ["parameters", "multiplications"], flatten: ["shape"], pool: ["shape"],
};

/** One round; `layers` are those of real networks. The same as `make_round` in counting_game.py. */
export function makeRound(layers, level, seed, number) {
  if (level === 1) return smallRound(new Draws(level, seed, number));
  if (level === 3) return comparison(layers, new Draws(level, seed, number));
  const tasks = tasksOf(layers);
  const turn = Math.floor((number - 1) / tasks.length);
  const [question, layer] = tasks[shuffled(tasks.length, level, seed, turn)[(number - 1) % tasks.length]];
  return { question, layers: [layer] };
}

const layerOf = (kind, shape, rest = {}) => ({
  network: "", name: "", kind, shape, kernel: 0, filters: 0, stride: 1, padding: 0, groups: 1, bias: true, change: "", ...rest,
});

function smallRound(draws) {
  const kind = draws.pick(["conv", "conv", "conv", "conv", "conv", "pool", "dense", "flatten"]);
  if (kind === "flatten") {
    return { question: "shape", layers: [layerOf(kind, [2 + draws.below(7), 2 + draws.below(7), 1 + draws.below(8)])] };
  }
  if (kind === "dense") {
    const layer = layerOf(kind, [2 + draws.below(39)], { filters: 2 + draws.below(11) });
    return { question: draws.pick(["parameters", "multiplications"]), layers: [layer] };
  }
  if (kind === "pool") {
    const kernel = draws.pick([2, 2, 3]);
    const side = kernel + 1 + draws.below(10);
    const shape = [side, side, draws.pick([1, 3, 4, 8])];
    const layer = layerOf(kind, shape, { kernel, stride: draws.pick([kernel, kernel, 1, 2]) });
    return { question: draws.pick(["shape", "shape", "parameters"]), layers: [layer] };
  }
  const question = draws.pick(QUESTIONS.conv);
  const kernel = draws.pick([1, 2, 3, 3, 3, 5]);
  const height = kernel + 1 + draws.below(8);
  const width = draws.below(3) ? height : kernel + 1 + draws.below(8);
  const [channels, filters] = [draws.pick([1, 2, 3, 3, 4]), draws.pick([1, 2, 4, 5, 8])];
  const [stride, padding] = [draws.pick([1, 1, 1, 2, 3]), draws.pick([0, 0, 1, Math.floor(kernel / 2)])];
  const groups = channels % 2 === 0 && filters % 2 === 0 && draws.below(3) === 0 ? 2 : 1;
  const bias = draws.below(8) > 0;
  return { question, layers: [layerOf(kind, [height, width, channels], { kernel, filters, stride, padding, groups, bias })] };
}

/** What level 2 asks: pairs of a question and a layer. */
export function tasksOf(layers) {
  const pooled = new Set();
  return layers.flatMap((layer) => {
    const tasks = QUESTIONS[layer.kind].map((question) => [question, layer]);
    if (layer.kind === "pool" && !pooled.has(layer.network)) {
      pooled.add(layer.network);
      tasks.push(["parameters", layer]);
    }
    return tasks;
  });
}

function shuffled(count, level, seed, turn) {
  const draws = new Draws(level, seed, turn);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = draws.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function comparison(layers, draws) {
  const question = draws.pick(["more parameters", "more multiplications"]);
  let pair;
  if (draws.below(2)) {
    const counted = layers.filter(({ kind }) => kind === "conv" || kind === "dense");
    const first = draws.below(counted.length);
    const second = draws.below(counted.length - 1);
    pair = [counted[first], counted[second + Number(second >= first)]];
  } else {
    const layer = draws.pick(layers.filter(({ kind }) => kind === "conv"));
    const start = draws.below(CHANGES.length);
    const ways = CHANGES.map((_, step) => changed(layer, CHANGES[(start + step) % CHANGES.length]));
    pair = [layer, ways.find(Boolean)];
  }
  if (draws.below(2)) pair.reverse();
  return { question, layers: pair };
}

/** A convolution changed in one thing, or null where that would not make a layer. */
function changed(layer, change) {
  const { shape: [height, width, channels], kernel, filters, stride, padding, groups } = layer;
  const divides = (count, by) => count % by === 0;
  const half = (count) => Math.floor(count / 2);
  const size = kernel === 1 ? 3 : kernel - 2;
  const ways = {
    stride: { stride: stride === 1 ? 2 : 1 },
    groups: divides(channels, 2 * groups) && divides(filters, 2 * groups) ? { groups: 2 * groups } : null,
    kernel: { kernel: size, padding: padding || kernel === 1 ? half(size) : 0 },
    filters: { filters: 2 * filters },
    size: half(height) + 2 * padding >= kernel ? { shape: [half(height), half(width), channels] } : null,
    exchange: divides(filters, 2 * groups) ? { shape: [height, width, 2 * channels], filters: filters / 2 } : null,
  };
  return ways[change] && { ...layer, change, ...ways[change] };
}

// -------------------------------------------------------------------------------------------- answers

const windows = (n, { kernel, stride, padding }) => Math.floor((n + 2 * padding - kernel) / stride) + 1;

/** Shape of a layer's output, without the batch axis. */
export function outputShape(layer) {
  const { kind, shape, filters } = layer;
  if (kind === "flatten") return [shape.reduce((product, side) => product * side, 1)];
  if (kind === "dense") return [filters];
  return [windows(shape[0], layer), windows(shape[1], layer), kind === "pool" ? shape[2] : filters];
}

/** Weights that each filter or unit has. */
export function weightsOfOne({ kind, shape, kernel, groups }) {
  if (kind === "conv") return (kernel * kernel * shape[2]) / groups;
  return kind === "dense" ? shape[0] : 0;
}

const counts = {
  parameters: (layer) => {
    const { kind, filters, bias } = layer;
    return kind === "conv" || kind === "dense" ? (weightsOfOne(layer) + Number(bias)) * filters : 0;
  },
  multiplications: (layer) => {
    const { kind } = layer;
    if (kind !== "conv" && kind !== "dense") return 0;
    return outputShape(layer).reduce((product, side) => product * side, 1) * weightsOfOne(layer);
  },
};
export const { parameters, multiplications } = counts;

/** The answer of a round, as `right_answer` in counting_game.py. */
export function rightAnswer({ question, layers }) {
  if (question === "shape") return outputShape(layers[0]);
  if (question in counts) return [counts[question](layers[0])];
  return larger(layers, question.replace("more ", ""));
}

function larger(layers, what) {
  const [first, second] = layers.map(counts[what]);
  return first === second ? "same" : first > second ? "A" : "B";
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What usual slips lead to: pairs of a name and an answer, as `slips` in counting_game.py. */
export function slipsOf(task) {
  if (task.layers.length > 1) return [];
  const [layer] = task.layers;
  const right = rightAnswer(task);
  if (task.question === "shape" && right.length === 3) {
    const wanted = { 2: right.slice(0, 2), 1: right.slice(2) };
    const found = [...sizeSlips(layer), ...depthSlips(layer).map(([name, depth]) => [name, [depth]])];
    return found.filter(([, value]) => !same(value, wanted[value.length]));
  }
  const makers = {
    "shape flatten": flattenSlips, "parameters conv": parameterSlips, "parameters dense": denseParameterSlips,
    "multiplications conv": workSlips, "multiplications dense": denseWorkSlips,
  };
  const maker = makers[`${task.question} ${layer.kind}`] ?? (() => []);
  return maker(layer).filter(([, value]) => value !== right[0]).map(([name, value]) => [name, [value]]);
}

function sizeSlips({ shape, kernel, stride, padding }) {
  const sizes = shape.slice(0, 2);
  const fit = Math.min(...sizes) - kernel;
  const rooms = sizes.map((n) => n + 2 * padding - kernel);
  const each = (list, size) => list.map(size);
  const found = [["stride", each(rooms, (room) => room + 1)]];
  if (fit >= 0) found.push(["no padding", each(sizes, (n) => Math.floor((n - kernel) / stride) + 1)]);
  if (fit + padding >= 0) found.push(["padding once", each(sizes, (n) => Math.floor((n + padding - kernel) / stride) + 1)]);
  return [
    ...found,
    ["no plus one", each(rooms, (room) => Math.floor(room / stride))],
    ["ceil", each(rooms, (room) => Math.ceil(room / stride) + 1)],
    ["same size", sizes],
    ["padded size", each(sizes, (n) => n + 2 * padding)],
    ["turned", each(rooms, (room) => Math.floor(room / stride) + 1).reverse()],
  ];
}

function depthSlips({ kind, shape: [, , channels], kernel, filters }) {
  if (kind === "pool") return [["pooled depth", 1], ["pooled depth", Math.ceil(channels / kernel)]];
  return [["channels kept", channels], ["channels times filters", channels * filters], ["one map", 1]];
}

const flattenSlips = ({ shape: [height, width, channels] }) => [
  ["no channels", height * width], ["added", height + width + channels],
];

function parameterSlips(layer) {
  const { shape: [height, width, channels], kernel: k, filters, groups } = layer;
  const bias = Number(layer.bias);
  const inGroup = channels / groups;
  const [rows, columns] = outputShape(layer);
  const weights = weightsOfOne(layer) * filters;
  const all = weights + bias * filters;
  const found = bias ? [["no bias", weights], ["bias once", weights + 1]] : [["absent bias", weights + filters]];
  if (groups > 1) found.push(["ungrouped", weights * groups + bias * filters], ["one group", all / groups]);
  found.push(
    ["no channels", (k * k + bias) * filters], ["no channels", k * k * filters],
    ["one filter", k * k * inGroup + bias], ["one filter", k * k * inGroup],
    ["kernel once", (k * inGroup + bias) * filters], ["kernel once", k * inGroup * filters],
  );
  if (bias) found.push(["bias at each place", weights + rows * columns * filters]);
  return [
    ...found,
    ["each place", weights * rows * columns], ["each place", all * rows * columns],
    ["exchanged", (k * k * filters + bias) * channels], ["picture", all * height * width],
  ];
}

function workSlips(layer) {
  const { shape: [height, width], kernel: k, filters, groups, padding, bias } = layer;
  const one = weightsOfOne(layer);
  const weights = one * filters;
  const [rows, columns] = outputShape(layer);
  const places = rows * columns;
  const found = [["parameters", parameters(layer)], ["parameters", weights]];
  if (groups > 1) found.push(["ungrouped", places * weights * groups]);
  for (const [name, size] of sizeSlips(layer)) {
    if (!["same size", "turned", "padded size"].includes(name)) found.push([name, size[0] * size[1] * weights]);
  }
  found.push(
    ["input places", height * width * weights],
    ["padded places", (height + 2 * padding) * (width + 2 * padding) * weights],
    ["no channels", places * filters * k * k], ["no filters", places * one], ["kernel once", (places * weights) / k],
  );
  if (bias) found.push(["bias multiplied", places * (weights + filters)]);
  return [...found, ["outputs", places * filters]];
}

const denseParameterSlips = ({ shape: [inputs], filters: units }) => [
  ["no bias", inputs * units], ["bias once", inputs * units + 1], ["bias of inputs", (units + 1) * inputs],
  ["one unit", inputs + 1], ["one unit", inputs], ["added", inputs + units], ["added", inputs + units + 1],
];

const denseWorkSlips = ({ shape: [inputs], filters: units }) => [
  ["bias multiplied", (inputs + 1) * units], ["added", inputs + units], ["one unit", inputs],
];

/** Judge an answer, as `judge` in counting_game.py: { right, names } with the names of the slips. */
export function judge(task, given) {
  const right = rightAnswer(task);
  if (same(given, right)) return { right: true, names: [] };
  if (typeof right === "string") {
    const other = task.question === "more parameters" ? "multiplications" : "parameters";
    return { right: false, names: [larger(task.layers, other) === given ? "other count" : "none"] };
  }
  if (task.question === "parameters" && right[0] === 0) return { right: false, names: ["pooling"] };
  const known = slipsOf(task);
  if (right.length === 1) return { right: false, names: [explained(given, right, known)] };
  const parts = [[given.slice(0, 2), right.slice(0, 2)], [given.slice(2), right.slice(2)]];
  const names = parts.filter(([part, wanted]) => !same(part, wanted)).map(([part, wanted]) => explained(part, wanted, known));
  return { right: false, names };
}

function explained(given, right, known) {
  const slip = known.find(([, value]) => same(value, given));
  if (slip) return slip[0];
  if (given.length === 1 && right[0]) {
    const [[number], [wanted]] = [given, right];
    if ([10, 100, 1000].some((factor) => number === wanted * factor || number * factor === wanted)) return "ten times";
    if (wanted >= 100 && Math.abs(number - wanted) * 50 <= wanted) return "close";
  }
  return "none";
}

// -------------------------------------------------------------------------------------------- in words

export const shapeWords = (shape) => (shape.length === 1 ? `${say(shape[0])} numbers` : shape.map((side) => say(side)).join(` ${TIMES} `));
const several = (count, noun) => `${say(count)} ${noun}${count === 1 ? "" : "s"}`;
const product = (...factors) => factors.map((factor) => (typeof factor === "number" ? say(factor) : factor)).join(` ${TIMES} `);

/** What a layer is called: its name and network, or what was changed in it; nothing if it is made up. */
export function titleWords({ network, name, kernel, stride, groups, change }) {
  if (!network) return "";
  if (!change) return `${name[0].toUpperCase()}${name.slice(1)} of ${network}`;
  const changes = {
    stride: `stride ${stride}`, groups: `${groups} groups`, kernel: `filters of ${product(kernel, kernel)}`, filters: "twice the filters",
    size: "an input of half the size", exchange: "twice the channels and half the filters",
  };
  return `Like ${name}, but with ${changes[change]}`;
}

/** All that is given about a layer, in a sentence or two. */
export function layerWords(layer) {
  const { kind, shape, kernel, filters, stride, padding, groups, bias } = layer;
  const title = titleWords(layer);
  const lead = (words) => (title ? `${title}: ${words}` : words[0].toUpperCase() + words.slice(1));
  const input = `Its input is ${shapeWords(shape)}.`;
  if (kind === "flatten") return `${lead("a flatten layer")}. ${input}`;
  if (kind === "dense") return `${lead(`a dense layer of ${several(filters, "unit")} with biases`)}. ${input}`;
  if (kind === "pool") return `${lead(`max-pooling, windows of ${product(kernel, kernel)}, stride ${stride}`)}. ${input}`;
  const parts = [
    `a convolution, ${several(filters, "filter")} of ${product(kernel, kernel)}`, `stride ${stride}`,
    padding ? `padding ${padding} on each side` : "no padding",
    ...(groups > 1 ? [`${groups} groups`] : []), bias ? "with biases" : "without biases",
  ];
  return `${lead(parts.join(", "))}. ${input}`;
}

/** What is asked. */
export function questionWords({ question, layers: [{ kind }] }) {
  return {
    shape: kind === "flatten" ? "How many numbers come out?" : "What is the shape of its output?",
    parameters: "How many parameters does it have?",
    multiplications: kind === "dense" ? "How many multiplications does it take?" : "How many multiplications does it take for one image?",
    "more parameters": "Which of the two has more parameters?",
    "more multiplications": "Which of the two takes more multiplications for one image?",
  }[question];
}

export const answerWords = (answer) =>
  (typeof answer === "string" ? { A: "A", B: "B", same: "the same" }[answer] : answer.map((side) => say(side)).join(` ${TIMES} `));

/** How windows along one direction are counted. */
function sizeLine(name, n, layer) {
  const { kernel, stride, padding } = layer;
  const room = n + 2 * padding - kernel;
  const first = padding ? `${n} + 2 ${TIMES} ${padding} ${MINUS} ${kernel}` : `${n} ${MINUS} ${kernel}`;
  if (stride === 1) return `${name}: ${first} + 1 = ${windows(n, layer)}`;
  const exact = room / stride;
  const steps = Number.isInteger(exact) ? `${room} / ${stride} = ${exact}` : `${room} / ${stride} = ${say(exact)}, rounded down ${Math.floor(exact)}`;
  return `${name}: ${first} = ${room}; ${steps}; + 1 = ${windows(n, layer)}`;
}

const kernelWords = ({ kernel, shape, groups }) => product(kernel, kernel, shape[2] / groups);

/** The arithmetic of the right answer to one question about one layer, line by line. */
export function arithmetic(question, layer) {
  const { kind, shape, filters, groups, bias } = layer;
  const out = outputShape(layer);
  if (question === "shape" && kind === "flatten") return [`${product(...shape)} = ${say(out[0])}`];
  if (question === "shape") {
    const depth = kind === "pool" ? `Channels: each is pooled by itself: ${out[2]} as before` : `Channels: one for each filter = ${out[2]}`;
    const rows = sizeLine("Height", shape[0], layer);
    return [rows, shape[0] === shape[1] ? `Width: the same, ${out[1]}` : sizeLine("Width", shape[1], layer), depth];
  }
  if (kind === "pool" || kind === "flatten") {
    return [question === "parameters" ? "Pooling takes the largest number of each window: nothing is learned, 0 parameters." : "Nothing is multiplied."];
  }
  const one = weightsOfOne(layer);
  const noun = kind === "conv" ? "filter" : "unit";
  const own = kind === "conv" ? `${kernelWords(layer)}${bias ? "" : ` = ${say(one)}`}` : say(one);
  const group = kind === "conv" && groups > 1 ? [`Channels in a group: ${say(shape[2])} / ${groups} = ${say(shape[2] / groups)}`] : [];
  if (question === "parameters") {
    const filter = `One ${noun}: ${own} weights${bias ? ` + 1 bias = ${say(one + 1)}` : ""}`;
    return [...group, filter, `${several(filters, noun)}: ${product(filters, one + Number(bias))} = ${say(parameters(layer))}`];
  }
  if (kind === "dense") return [`One for each weight: ${product(one, filters)} = ${say(one * filters)}`];
  const outputs = out[0] * out[1] * out[2];
  return [
    `Output: ${product(...out)} = ${several(outputs, "number")}`, ...group,
    `Each takes ${kernelWords(layer)} = ${several(one, "multiplication")}`, `${product(outputs, one)} = ${say(outputs * one)}`,
  ];
}

/** The count of one of two layers, in one line. */
export function countLine(what, layer) {
  const { kind, shape, filters, bias } = layer;
  const own = kind === "conv" ? kernelWords(layer) : say(shape[0]);
  const total = say(counts[what](layer));
  if (what === "parameters") return bias ? `${product(`(${own} + 1)`, filters)} = ${total}` : `${own} ${TIMES} ${say(filters)} = ${total}`;
  const out = outputShape(layer);
  return kind === "dense" ? `${product(own, filters)} = ${total}` : `${product(`(${product(...out)})`, `(${own})`)} = ${total}`;
}

/** What a change of a layer does to a count. */
export function changeWords(what, { change, bias, stride, kernel, groups }) {
  const counted = what === "parameters";
  return {
    stride: counted ? "The stride says where filters stop, not what they hold: it changes no parameter."
      : "Twice the stride, both down and across, leaves about a quarter of the places.",
    groups: `In ${groups} groups each filter sees half as many channels: half as many ${counted ? "weights" : "multiplications"}.`,
    kernel: `Weights grow with the square of a filter\u2019s side: ${say(kernel * kernel)} in each channel of the changed layer.`,
    filters: `Twice the filters, twice the ${what}.`,
    size: counted ? "The size of the image changes no parameter."
      : "Half the height and half the width: about a quarter of the places.",
    exchange: "Twice the channels and half the filters: as many weights"
      + (counted ? (bias ? ", but half as many biases." : ", and there are no biases.") : " and as many places."),
  }[change];
}

/** What a slip means. */
export function slipWords(name, layer, question = "") {
  const { kind, shape, kernel, filters, stride, padding, groups } = layer;
  const channels = shape.at(-1);
  const noun = kind === "dense" ? "unit" : "filter";
  const window = kind === "pool" ? "window" : "filter";
  return {
    "no bias": `You left out the biases: each ${noun} has one.`,
    "bias once": `You counted one bias for the whole layer; each of the ${say(filters)} ${noun}s has its own.`,
    "absent bias": "You counted biases; this layer has none.",
    "ungrouped": `You let each filter see all ${say(channels)} channels; in ${groups} groups it sees ${say(channels / groups)}.`,
    "one group": `That is one group; there are ${groups}.`,
    "no channels": kind === "flatten" ? `You left out the ${say(channels)} channels.`
      : `You left out the channels: a filter is ${kernel} ${TIMES} ${kernel} and ${say(channels / groups)} deep.`,
    "one filter": `That is one filter; there are ${say(filters)}.`,
    "kernel once": `A filter of ${product(kernel, kernel)} has ${say(kernel * kernel)} weights in each channel, not ${kernel}.`,
    "bias at each place": "You counted the bias at every place; a filter uses one bias at all places.",
    "each place": "You counted the weights anew at every place; a filter uses the same weights at all places.",
    "exchanged": "Channels and filters changed places: the biases belong to the filters.",
    "picture": "You multiplied by the size of the image; it has no influence on the parameters.",
    "parameters": "That is a count of parameters: the weights are used again at every place of the output.",
    "stride": `You left out the stride: the ${window} moves ${stride} pixels at a time.`,
    "no padding": `You left out the padding: ${padding} on each side.`,
    "padding once": `You added the padding once; it is ${padding} on each side, so ${2 * padding} in all.`,
    "no plus one": `The first place counts too: + 1 after dividing${stride === 1 ? " (here by 1)" : ""}.`,
    "ceil": "You rounded up; a window that does not fit whole is left out, so round down.",
    "same size": `That is the size of the input; a ${window} of ${product(kernel, kernel)} changes it here.`,
    "padded size": "That is the size of the padded input, not of the output.",
    "turned": "Height and width changed places: height comes first.",
    "pooled depth": "Pooling works in each channel by itself: the number of channels stays.",
    "channels kept": `The output has one channel for each of the ${several(filters, "filter")}, however many the input has.`,
    "channels times filters": "Channels times filters is too many: a filter adds up over all its channels and gives one map.",
    "one map": `Each of the ${several(filters, "filter")} makes a map of its own.`,
    "input places": "You counted the places of the input; one filter stops once for each place of the output.",
    "padded places": "You counted the places of the padded input; one filter stops once for each place of the output.",
    "no filters": `That is the work of one filter; there are ${say(filters)}.`,
    "bias multiplied": "You counted the biases; they are added, not multiplied.",
    "outputs": "That is how many numbers come out; each takes as many multiplications as a filter has weights.",
    "bias of inputs": "You gave a bias to each input; each unit has one.",
    "one unit": `That is one unit; there are ${say(filters)}.`,
    "added": kind === "flatten" ? "You added the sides; the numbers of a block are the product of its sides."
      : "You added inputs and units; each unit has a weight for each input.",
    "pooling": "Pooling has nothing to learn: no weights, no biases.",
    "ten times": "The digits are right, but there is a zero too many or too few.",
    "close": "That is close: the way is probably right, and a product went wrong.",
    "other count": question === "more parameters" ? "That would answer which takes more multiplications." : "That would answer which has more parameters.",
    "none": "",
  }[name];
}

/** What is said to an answer, "shown" being none: [first sentence, diagnosis, lines of arithmetic]. */
export function verdictOf(task, given) {
  const { question, layers } = task;
  const answer = rightAnswer(task);
  const { right, names } = given === "shown" ? { right: false, names: [] } : judge(task, given);
  const lead = right ? `Right: ${answerWords(answer)}.`
    : given === "shown" ? `The answer is ${answerWords(answer)}.` : `Not ${answerWords(given)} but ${answerWords(answer)}.`;
  const known = names.map((name) => slipWords(name, layers[0], question)).filter(Boolean);
  const strange = names.includes("none") && !known.length && layers.length === 1;
  const diagnosis = strange ? "No usual slip leads there: compare your steps with these." : known.join(" ");
  if (layers.length === 1) return { right, lead, diagnosis, lines: arithmetic(question, layers[0]) };
  const what = question.replace("more ", "");
  const lines = layers.map((layer, i) => `${"AB"[i]}: ${countLine(what, layer)}`);
  const [low, high] = layers.map(counts[what]).sort((a, b) => a - b);
  if (low !== high) lines.push(`${answer} ${what === "parameters" ? "has" : "takes"} ${ratioWords(high / low)}.`);
  const change = layers.find((layer) => layer.change);
  if (change) lines.push(changeWords(what, change));
  return { right, lead, diagnosis, lines };
}

const ratioWords = (ratio) => (ratio < 1.005 ? "hardly more" : `${say(ratio, ratio < 10 ? 2 : ratio < 100 ? 1 : 0)} times as many`);

// ------------------------------------------------------------------------------------------- drawings

const FACE = 50; // of a drawing 100 wide and 90 high: the longest height or width
const DEPTH = 62; // and the deepest block, along its slanting edge
const SLANT = [0.72, -0.5];
const LENGTH = 74; // of the longest bar

const blocksOf = (layer) => {
  if (layer.kind === "dense") return [];
  const own = layer.kernel ? [[layer.kernel, layer.kernel, layer.kind === "conv" ? layer.shape[2] / layer.groups : 1]] : [];
  return [layer.shape, ...own, ...(layer.kind === "flatten" ? [] : [outputShape(layer)])];
};

/** Units of a drawing to one pixel of height or width, to one channel, and to one number of a dense layer. */
export function scalesOf(layers) {
  const blocks = layers.flatMap(blocksOf);
  const numbers = layers.filter(({ kind }) => kind === "dense").flatMap(({ shape, filters }) => [shape[0], filters]);
  const face = FACE / Math.max(1, ...blocks.flatMap(([height, width]) => [height, width]));
  const depth = Math.min(face, DEPTH / Math.max(1, ...blocks.map(([, , channels]) => channels)));
  return { face, depth, length: LENGTH / Math.max(1, ...numbers) };
}

/** What the scales of a drawing are, in a sentence. */
export function scaleWords(layers) {
  const { face, depth } = scalesOf(layers);
  const blocks = layers.some(({ kind }) => kind !== "dense");
  const bars = layers.some(({ kind }) => kind === "dense");
  const parts = [];
  if (blocks) parts.push(face === depth ? "Blocks to scale" : "Blocks to scale, depth to a scale of its own");
  if (bars) parts.push(blocks ? "dense layers to another" : "To scale; the area in the middle is the weights");
  return `${parts.join("; ")}.`;
}

/** The three faces of a block as points of an SVG, and lines that divide its depth into groups. */
export function blockOf([height, width, channels], { face, depth }, groups = 1) {
  const [h, w, d] = [Math.max(height * face, 2.5), Math.max(width * face, 2.5), Math.max(channels * depth, 1.5)];
  const [dx, dy] = [d * SLANT[0], d * SLANT[1]];
  const [x, y] = [(100 - w - dx) / 2, (90 - h - dy) / 2];
  const points = (...list) => list.map(([a, b]) => `${a.toFixed(2)},${b.toFixed(2)}`).join(" ");
  const cuts = Array.from({ length: groups - 1 }, (_, i) => {
    const share = (i + 1) / groups;
    const [ox, oy] = [x + dx * share, y + dy * share];
    return points([ox, oy], [ox + w, oy], [ox + w, oy + h]);
  });
  return {
    front: points([x, y], [x + w, y], [x + w, y + h], [x, y + h]),
    top: points([x, y], [x + dx, y + dy], [x + w + dx, y + dy], [x + w, y]),
    side: points([x + w, y], [x + w + dx, y + dy], [x + w + dx, y + h + dy], [x + w, y + h]),
    cuts,
  };
}

// ------------------------------------------------------------------------------------------ the widget

const SETTINGS = ["level", "seed", "round", "given", "history"];
const KEPT = 10; // rounds that the score is about
const LARGEST_SEED = 999999;
const LARGEST_ROUND = 100000;
const LEVELS = ["small numbers", "real networks", "two compared"];
const FIELDS = ["Height", "Width", "Channels"];
const SIGNS = [[TIMES, "times"], ["+", "plus"], ["(", "open bracket"], [")", "close bracket"]];

class View extends ModelView {
  constructor(model, el) {
    super(model, SETTINGS);
    this.el = el;
    this.build();
    this.followModel();
    this.draw();
  }

  // ------------------------------------------------------------------------------------------- the page

  build() {
    this.status = new Status();
    this.root = make("div", { class: "nm-widget nm-counting-game", role: "group", "aria-label": "Counting game" },
      make("div", { class: "nm-body" },
        this.buildHead(), this.buildLayers(), this.buildAnswer(), this.buildVerdict(), this.buildFoot(), this.status.element));
    this.el.append(this.root);
  }

  buildHead() {
    this.roundText = make("b", { class: "nm-round" });
    this.score = make("span", { class: "nm-score" });
    this.marks = Array.from({ length: KEPT }, () => make("i", { class: "nm-mark" }));
    const row = make("span", { class: "nm-marks", "aria-hidden": "true" }, ...this.marks);
    return make("div", { class: "nm-head" }, this.roundText, row, this.score);
  }

  /** Two places for layers, of which most rounds use one. */
  buildLayers() {
    this.cards = ["A", "B"].map((letter) => {
      const parts = ["input", "filter", "output"].map((name) => {
        const shape = svg("g");
        const label = make("span", { class: "nm-caption" });
        const picture = svg("svg", { viewBox: "0 0 100 90", class: "nm-block" }, shape);
        return { name, shape, label, root: make("div", { class: `nm-part nm-part-${name}` }, picture, label) };
      });
      const figure = make("div", { class: "nm-figure", role: "img" }, ...parts.map(({ root }) => root));
      const text = make("p", { class: "nm-layer-words" });
      const mark = make("b", { class: "nm-letter", text: letter });
      return { parts, figure, text, mark, root: make("div", { class: "nm-card" }, make("div", { class: "nm-told" }, mark, text), figure) };
    });
    this.scale = make("p", { class: "nm-scale" });
    this.shown = make("div", { class: "nm-cards" }, ...this.cards.map(({ root }) => root), this.scale);
    return this.shown;
  }

  buildAnswer() {
    this.questionText = make("b", { class: "nm-asked", id: `${this.id}-asked` });
    this.inputs = FIELDS.map((name, i) => {
      const input = control("input", {
        type: "text", inputmode: "numeric", autocomplete: "off", id: `${this.id}-${name}`, oninput: () => this.drawTyped(),
        onkeydown: (event) => event.stopPropagation(),
      });
      const label = make("label", { for: input.id, text: name });
      return { input, label, root: make("span", { class: "nm-entry" }, label, input), name, index: i };
    });
    this.signs = make("span", { class: "nm-signs" }, ...SIGNS.map(([sign, name]) =>
      button(sign, () => this.insert(sign), { "aria-label": `Insert ${name}`, onpointerdown: (event) => event.preventDefault() })));
    this.typed = make("span", { class: "nm-typed", id: `${this.id}-typed` });
    this.inputs[0].input.setAttribute("aria-describedby", this.typed.id);
    this.entries = make("div", { class: "nm-entries" }, ...this.inputs.map(({ root }) => root), this.signs);
    this.choices = make("div", { class: "nm-buttons nm-choices" },
      ...[["A", "A"], ["B", "B"], ["same", "The same"]].map(([value, text]) => button(text, () => this.answer(value), { value })));
    this.submit = control("button", { type: "submit", text: "Check" });
    this.show = button("Show me", () => this.answer("shown"));
    this.next = button("Next", () => this.goOn(), { class: "nm-next" });
    return make("form", { class: "nm-answer nm-callout", "aria-labelledby": `${this.id}-asked`, onsubmit: (event) => this.onSubmit(event) },
      this.questionText, this.choices, this.entries, make("div", { class: "nm-buttons" }, this.submit, this.show, this.next, this.typed));
  }

  buildVerdict() {
    [this.lead, this.diagnosis, this.problem] = ["lead", "diagnosis", "problem"].map((name) => make("p", { class: `nm-${name}` }));
    this.lines = make("div", { class: "nm-lines" });
    return make("div", { class: "nm-verdict" }, this.problem, this.lead, this.diagnosis, this.lines);
  }

  buildFoot() {
    this.level = select([1, 2, 3], (level) => this.restart({ level: Number(level) }), (level) => `Level ${level}: ${LEVELS[level - 1]}`, { "aria-label": "Level" });
    this.seed = control("input", {
      type: "number", min: 0, max: LARGEST_SEED, step: 1, id: `${this.id}-seed`, onchange: () => this.chooseSeed(),
      title: "Whoever plays with the same seed sees the same rounds",
    });
    return make("div", { class: "nm-foot" }, this.level,
      make("span", { class: "nm-seed" }, make("label", { for: this.seed.id, text: "Seed" }), this.seed),
      button("Start again", () => this.restart({})));
  }

  // ------------------------------------------------------------------------------------ what readers do

  /** Put a sign where the reader types: phones have no such keys beside their digits. */
  insert(sign) {
    const { input } = this.inputs[0];
    const end = input.selectionEnd ?? input.value.length;
    input.setRangeText(sign, input.selectionStart ?? end, end, "end");
    input.focus();
    this.drawTyped();
  }

  onSubmit(event) {
    event.preventDefault();
    this.read();
    if (this.given || this.choice) return;
    const read = this.fields.map(({ input }) => readNumber(input.value));
    const bad = read.findIndex(({ problem }) => problem);
    if (bad < 0) return this.answer(read.map(({ value }) => value));
    this.complaint = { key: this.key, text: (this.fields.length > 1 ? `${FIELDS[bad]}: ` : "") + read[bad].problem };
    this.fields[bad].input.focus();
    this.schedule();
  }

  answer(given) {
    this.read();
    if (this.given) return;
    const { level, seed, round, history } = this.state;
    const right = given !== "shown" && judge(this.task, given).right;
    this.complaint = null;
    this.answeredHere = true;
    this.send({ given: [level, seed, round, given], history: [...history, Number(right)].slice(-KEPT) });
  }

  goOn() {
    this.read();
    this.movedHere = true;
    this.send({ round: (this.state.round % LARGEST_ROUND) + 1 });
  }

  restart(changes) {
    this.complaint = null;
    this.send({ ...changes, round: 1, given: null, history: [] });
  }

  chooseSeed() {
    const seed = Number(this.seed.value);
    if (this.seed.value !== "" && Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED) this.restart({ seed });
    else this.seed.value = this.model.get("seed");
  }

  // -------------------------------------------------------------------------------------------- drawing

  /** What the model says now: the round, and the answer to it if there is one. */
  read() {
    this.state = settingsOf(this.model, SETTINGS);
    const { level, seed, round, given } = this.state;
    const key = JSON.stringify([level, seed, round]);
    if (key !== this.key) {
      this.key = key;
      this.task = makeRound(this.model.get("layers"), level, seed, round);
      this.right = rightAnswer(this.task);
      this.choice = typeof this.right === "string";
      this.fields = this.choice ? [] : this.inputs.slice(0, this.right.length);
      this.isNewRound = true;
    }
    this.given = given && JSON.stringify(given.slice(0, 3)) === key ? given[3] : null;
  }

  draw() {
    this.frame = 0;
    this.read();
    if (this.isNewRound) this.startRound();
    this.verdict = this.given && verdictOf(this.task, this.given);
    this.drawHead();
    this.drawLayers();
    this.drawAnswer();
    this.drawVerdict();
    this.drawTyped();
    this.moveFocus();
  }

  startRound() {
    this.isNewRound = false;
    for (const { input } of this.inputs) input.value = "";
    const single = this.fields.length === 1;
    this.inputs.forEach(({ root, label, name }, i) => {
      root.hidden = i >= this.fields.length;
      setText(label, i === 0 && single ? "Number" : name);
    });
    this.signs.hidden = this.typed.hidden = !single;
  }

  drawHead() {
    const { round, history, level, seed } = this.state;
    setText(this.roundText, `Round ${round}`);
    const right = history.reduce((sum, entry) => sum + entry, 0);
    setText(this.score, history.length ? `${right} of the last ${history.length} right` : "no answers yet");
    this.marks.forEach((mark, i) => setAttribute(mark, "class", `nm-mark ${["nm-missed", "nm-hit"][history[i]] ?? ""}`));
    this.level.value = String(level);
    if (isNew(this.seed, "value", seed)) this.seed.value = seed;
  }

  drawLayers() {
    const { layers } = this.task;
    const scales = scalesOf(layers);
    const pair = layers.length > 1;
    this.shown.classList.toggle("nm-pair", pair);
    setText(this.scale, scaleWords(layers));
    this.cards.forEach((card, i) => {
      card.root.hidden = i >= layers.length;
      card.mark.hidden = !pair;
      if (card.root.hidden) return;
      const layer = layers[i];
      const secret = !this.given && (pair || this.task.question !== "parameters");
      setText(card.text, layerWords(layer));
      if (isNew(card.figure, "layer", JSON.stringify([layer, Boolean(this.given), secret, scales]))) this.drawFigure(card, layer, secret, scales);
    });
  }

  drawFigure({ parts, figure }, layer, secret, scales) {
    const { kind, shape, kernel, filters, groups } = layer;
    const out = outputShape(layer);
    const tight = (words) => words.replaceAll(` ${TIMES} `, TIMES); // or a phone would break the line
    const own = {
      conv: this.given ? `${say(filters)} of ${tight(kernelWords(layer))}` : `${several(filters, "filter")}, ${tight(product(kernel, kernel))}`, pool: `window ${tight(product(kernel, kernel))}`,
      dense: several(filters, "unit"), flatten: "in one row",
    }[kind];
    const captions = [tight(shapeWords(shape)), own, secret ? "?" : tight(shapeWords(out))];
    parts.forEach(({ label }, i) => setText(label, captions[i]));
    setAttribute(figure, "aria-label", `Input ${captions[0]}; ${own}; output ${secret ? "to be found" : captions[2]}`);
    const block = (sides, cuts) => {
      const { front, top, side, cuts: lines } = blockOf(sides, scales, cuts);
      return [svg("polygon", { points: top, class: "nm-top" }), svg("polygon", { points: side, class: "nm-side" }),
        svg("polygon", { points: front }), ...lines.map((points) => svg("polyline", { points, class: "nm-cut" }))];
    };
    const bar = (rows, columns) => {
      const [height, width] = [Math.max(rows, 2.5), Math.max(columns, 2.5)];
      return [svg("rect", { x: (100 - width) / 2, y: (90 - height) / 2, width, height })];
    };
    const { length } = scales;
    const unknown = [svg("rect", { x: 28, y: 23, width: 44, height: 44, class: "nm-unknown" }),
      svg("text", { x: 50, y: 54, "text-anchor": "middle", text: "?" })];
    const drawn = {
      conv: () => [block(shape, groups), block([kernel, kernel, shape[2] / groups]), block(out)],
      pool: () => [block(shape), block([kernel, kernel, 1]), block(out)],
      dense: () => [bar(shape[0] * length, 5), bar(shape[0] * length, filters * length), bar(filters * length, 5)],
      flatten: () => [block(shape), [svg("path", { d: "M34 45H62M54 37L62 45L54 53", class: "nm-arrow" })], bar(80, 3)],
    }[kind]();
    parts.forEach(({ shape: group }, i) => group.replaceChildren(...(i === 2 && secret ? unknown : drawn[i])));
  }

  drawAnswer() {
    const done = Boolean(this.given);
    setText(this.questionText, questionWords(this.task));
    this.choices.hidden = !this.choice;
    this.entries.hidden = this.choice;
    this.submit.hidden = done || this.choice;
    this.show.hidden = done;
    this.next.hidden = !done;
    for (const { input } of this.inputs) input.readOnly = done;
    for (const part of this.signs.children) part.disabled = done;
    for (const part of this.choices.children) {
      part.disabled = done;
      part.classList.toggle("nm-given", done && part.value === this.given);
      part.classList.toggle("nm-wanted", done && part.value === this.right);
    }
    if (Array.isArray(this.given)) {
      this.fields.forEach(({ input }, i) => {
        if (input.value === "") input.value = say(this.given[i]); // answered in another view, or from Python
      });
    }
  }

  /** What a sum comes to, while it is typed. */
  drawTyped() {
    const { value } = readNumber(this.inputs[0].input.value);
    const isSum = !/^[\d\s,.'\u2019_]*$/.test(this.inputs[0].input.value);
    setText(this.typed, isSum && value !== undefined ? `= ${say(value)}` : "");
  }

  drawVerdict() {
    const { verdict } = this;
    const complaint = !verdict && this.complaint?.key === this.key ? this.complaint.text : "";
    setText(this.problem, complaint);
    setText(this.lead, verdict ? verdict.lead : "");
    this.lead.classList.toggle("nm-right", Boolean(verdict?.right));
    setText(this.diagnosis, verdict ? verdict.diagnosis : "");
    const lines = verdict ? verdict.lines : [];
    if (isNew(this.lines, "lines", lines.join("\n"))) this.lines.replaceChildren(...lines.map((text) => make("p", { text })));
    const said = verdict ? [verdict.lead, verdict.diagnosis, ...lines]
      : complaint ? [complaint]
        : [...this.task.layers.map((layer, i) => (this.choice ? `${"AB"[i]}: ` : "") + layerWords(layer)), questionWords(this.task)];
    this.status.say(said.filter(Boolean).join(" "));
  }

  /** From the answer to Next, and from Next to the first field: of the view in which the reader is. */
  moveFocus() {
    if (this.answeredHere && this.given) {
      this.answeredHere = false;
      this.next.focus({ preventScroll: true });
    }
    if (this.movedHere && !this.given) {
      this.movedHere = false;
      // A finger that presses Next should not find the keyboard over the question.
      const coarse = matchMedia("(pointer: coarse)").matches;
      const first = this.choice ? this.choices.firstChild : coarse ? this.show : this.fields[0].input;
      first.focus({ preventScroll: true });
    }
  }
}

export default widgetOf(View);
