// A trained network in the page: what NetworkExplorer computes. No page is needed here, and nothing is imported.
//
// A network is a plan, a list of nodes in the order of computing (see notmagic/pretrained/plans.py), and its
// float16 weights. Maps are Float32Arrays of rows, columns and channels, the channels of one place side by side.

// ------------------------------------------------------------------------------------------------- plans

const wholeNumber = ["a whole number of at least 1", (value) => Number.isInteger(value) && value >= 1];
const finiteNumber = ["a finite number", Number.isFinite];
const PLAN_FIELDS = {
  shape: ["three whole numbers of at least 1: height, width, channels",
    (value) => Array.isArray(value) && value.length === 3 && value.every(wholeNumber[1])],
  scale: finiteNumber,
  offset: finiteNumber,
  filters: wholeNumber,
  kernel: wholeNumber,
  size: wholeNumber,
  stride: wholeNumber,
  units: wholeNumber,
  padding: ['"valid" or "same"', (value) => value === "valid" || value === "same"],
  kind: ['"max" or "average"', (value) => value === "max" || value === "average"],
  relu: ["true or false", (value) => typeof value === "boolean"],
};
// For each operation: how many nodes it takes, whether these must be maps or vectors, what else it needs.
const PLAN_OPERATIONS = {
  input: [0, null, ["shape", "scale", "offset"]],
  conv: [1, "map", ["filters", "kernel", "stride", "padding", "relu"]],
  pool: [1, "map", ["kind", "size", "stride", "padding"]],
  add: [2, null, ["relu"]],
  globalpool: [1, "map", ["kind"]],
  flatten: [1, "map", []],
  dense: [1, "vector", ["units", "relu"]],
};

const quoted = (value) => JSON.stringify(value) ?? "missing";
const grouped = (number) => number.toLocaleString("en");
const isMap = (shape) => shape.length === 3;
const sayShape = (shape) => (isMap(shape) ? `a ${shape.join(" x ")} map` : `a vector of ${shape[0]}`);
const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

/** Where a window of `size` falls on a line of `length`: how many places it has, what is padded before. */
function windowsOn(length, size, stride, padding) {
  if (padding === "valid") return { places: Math.floor((length - size) / stride) + 1, before: 0 };
  const places = Math.ceil(length / stride);
  return { places, before: Math.floor(Math.max((places - 1) * stride + size - length, 0) / 2) };
}

/** The shape of each node, a Map of names to [rows, columns, channels] or [length]; an Error if this is no plan. */
export function planShapes(plan) {
  if (!Array.isArray(plan) || plan.length < 2) {
    throw new Error("a plan is a list of at least two nodes, the input first");
  }
  const shapes = new Map();
  plan.forEach((node, n) => {
    const name = node?.name;
    if (typeof name !== "string" || name === "") {
      throw new Error(`node ${n} of the plan has no name; give it a "name" of its own`);
    }
    const fail = (problem) => {
      throw new Error(`node ${quoted(name)} of the plan: ${problem}`);
    };
    if (shapes.has(name)) fail("an earlier node has this name; give it one of its own");
    checkFields(node, n, fail);
    const inputs = (node.from ?? []).map((source) => {
      if (!shapes.has(source)) fail(`it takes ${quoted(source)}, and no node before it has that name`);
      return shapes.get(source);
    });
    shapes.set(name, shapeAfter(node, inputs, fail));
  });
  const last = plan.at(-1).name;
  if (isMap(shapes.get(last))) {
    throw new Error(`the last node of a plan gives the logits, a vector; ${quoted(last)} gives ${sayShape(shapes.get(last))}`);
  }
  return shapes;
}

function checkFields(node, n, fail) {
  if (typeof node.op !== "string" || !Object.hasOwn(PLAN_OPERATIONS, node.op)) {
    fail(`its "op" is ${quoted(node.op)}; expected one of ${Object.keys(PLAN_OPERATIONS).join(", ")}`);
  }
  if ((n === 0) !== (node.op === "input")) fail("the first node is the input, and no other is");
  const [taken, , needed] = PLAN_OPERATIONS[node.op];
  const { from: sources = [] } = node;
  if (!(Array.isArray(sources) && sources.every((source) => typeof source === "string") && sources.length === taken)) {
    fail(`its "from" must be a list of names, ${taken} for ${node.op}`);
  }
  for (const key of needed) {
    const [expected, isRight] = PLAN_FIELDS[key];
    if (!isRight(node[key])) {
      fail(`its "${key}" is ${quoted(node[key])}; expected ${expected}`);
    }
  }
}

function shapeAfter(node, inputs, fail) {
  const wanted = PLAN_OPERATIONS[node.op][1];
  if (wanted === "map" && !isMap(inputs[0])) fail(`it takes a map, and ${quoted(node.from[0])} gives ${sayShape(inputs[0])}`);
  if (wanted === "vector" && isMap(inputs[0])) {
    fail(`it takes a vector, and ${quoted(node.from[0])} gives ${sayShape(inputs[0])}; put a flatten or globalpool node between`);
  }
  const [height, width, channels] = inputs[0] ?? [];
  const side = node.kernel ?? node.size;
  if (["conv", "pool"].includes(node.op)) {
    if (node.padding === "valid" && side > Math.min(height, width)) {
      fail(`a ${side} x ${side} window does not fit ${sayShape(inputs[0])}; padding "same" or `
        + `a window of at most ${Math.min(height, width)} would`);
    }
    const [rows, columns] = [height, width].map((length) => windowsOn(length, side, node.stride, node.padding).places);
    return [rows, columns, node.filters ?? channels];
  }
  if (node.op === "add" && inputs[0].join() !== inputs[1].join()) {
    fail(`it adds numbers place by place, and ${quoted(node.from[0])} gives ${sayShape(inputs[0])}, `
      + `${quoted(node.from[1])} ${sayShape(inputs[1])}`);
  }
  return { input: node.shape, add: inputs[0], globalpool: [channels], flatten: [sizeOf(inputs[0] ?? [])], dense: [node.units] }[node.op];
}

// ----------------------------------------------------------------------------------------------- weights

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

/** A float16, given by its 16 bits, as a number. */
export function decodeFloat16(bits) {
  if ((bits & 0x7c00) === 0x7c00) return bits & 0x3ff ? NaN : bits & 0x8000 ? -Infinity : Infinity;
  // Sign, exponent and fraction where a float32 has them: the exponent is then 2 ** 112 too small.
  float32Bits[0] = ((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13);
  return float32[0] * 2 ** 112;
}

/** What a node multiplies: shape of its kernel, and how many products one place of its map needs. */
function kernelOf(node, from) {
  if (node.op === "dense") return { shape: [from[0], node.units], bias: node.units, products: from[0] * node.units };
  if (node.op !== "conv") return null;
  const shape = [node.kernel, node.kernel, from[2], node.filters];
  return { shape, bias: node.filters, products: sizeOf(shape) };
}

/**
 * A network ready to run, from its plan and its float16 weights.
 *
 * Returns `nodes` (the plan's, each with `shape`, `weights`, `bias`, `parameters` and `multiplyAdds`), `byName`,
 * and `parameters` and `multiplyAdds` of all of them. Throws an Error if plan or weights are not right.
 */
export function unpackNetwork(plan, bytes) {
  const shapes = planShapes(plan);
  const nodes = plan.map((node) => ({ ...node, from: node.from ?? [], shape: shapes.get(node.name), parameters: 0, multiplyAdds: 0 }));
  const byName = Object.fromEntries(nodes.map((node) => [node.name, node]));
  const over = (key) => sumOf(nodes.map((node) => node[key]));
  for (const node of nodes) {
    node.inputs = node.from.map((name) => byName[name]);
    node.kernelPart = kernelOf(node, node.inputs[0]?.shape);
    if (!node.kernelPart) continue;
    node.parameters = sizeOf(node.kernelPart.shape) + node.kernelPart.bias;
    node.multiplyAdds = node.kernelPart.products * (isMap(node.shape) ? node.shape[0] * node.shape[1] : 1);
  }
  fillWeights(nodes, ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes), over("parameters"));
  nodes.forEach(prepare);
  const maps = Object.fromEntries(nodes.map((node) => [node.name, node.output]));
  return { nodes, byName, maps, parameters: over("parameters"), multiplyAdds: over("multiplyAdds") };
}

function fillWeights(nodes, bytes, parameters) {
  if (bytes.length !== 2 * parameters) {
    throw new Error(`the weights are ${grouped(bytes.length)} bytes, expected ${grouped(2 * parameters)}: two for each of the `
      + `plan's ${grouped(parameters)} parameters; pack them again from this plan`);
  }
  let at = 0;
  const take = (length) => {
    const values = new Float32Array(length);
    for (let n = 0; n < length; n++, at += 2) values[n] = decodeFloat16(bytes[at] | (bytes[at + 1] << 8));
    return values;
  };
  for (const node of nodes.filter(({ parameters }) => parameters)) {
    node.weights = take(sizeOf(node.kernelPart.shape));
    node.bias = take(node.kernelPart.bias);
    if (![node.weights, node.bias].every((values) => values.every(Number.isFinite))) {
      throw new Error(`node ${quoted(node.name)} of the plan: its weights are not all finite; pack them again`);
    }
  }
}

// --------------------------------------------------------------------------------------------- computing

// A convolution is a product of matrices: windows, one a row, times filters, one a column. It is computed in tiles of
// 4 windows x 4 filters, whose 16 sums stay in the processor's registers: so each number that is fetched is used four
// times. What a tile needs lies side by side, tap by tap, as float64, which JavaScript computes in anyway.
const TILE = 4;
const SUMS = TILE * TILE;
const wholeTiles = (length) => Math.ceil(length / TILE) * TILE;

/** Give a node its output and what its computing needs, once for all runs. */
function prepare(node) {
  node.output = node.op === "flatten" ? node.inputs[0].output : new Float32Array(sizeOf(node.shape));
  if (["pool", "dense"].includes(node.op)) node.sums = new Float64Array(node.shape.at(-1));
  if (!["conv", "pool"].includes(node.op)) return;
  const [height, width, channels] = node.inputs[0].shape;
  const before = (length) => windowsOn(length, node.window, node.stride, node.padding).before;
  node.window = node.kernel ?? node.size;
  node.cells = node.window ** 2;
  Object.assign(node, { padTop: before(height), padLeft: before(width) });
  node.reads = readsOf(node, node.shape, node.window, node.stride);
  if (node.op !== "conv") return;
  node.taps = node.cells * channels;
  node.patches = [Math.ceil(node.shape[0] / RESULTS), Math.ceil(node.shape[1] / RESULTS)];
  node.isShort = isShorter(node);
  if (node.isShort) prepareShortConv(node, channels);
  else {
    node.packed = packFilters(node.weights, node.taps, node.filters);
    node.panel = new Float64Array(node.taps * TILE);
    node.sums = new Float64Array(SUMS);
  }
}

/** Where windows at (rows, columns) places read: for each of their cells the entry of the map, or -1 beyond the edge. */
function readsOf({ inputs, padTop, padLeft }, [rows, columns], window, stride) {
  const [height, width, channels] = inputs[0].shape;
  const reads = new Int32Array(rows * columns * window ** 2);
  for (let n = 0, place = 0; place < rows * columns; place++) {
    const top = Math.floor(place / columns) * stride - padTop;
    const left = (place % columns) * stride - padLeft;
    for (let y = top; y < top + window; y++) {
      for (let x = left; x < left + window; x++, n++) {
        reads[n] = y >= 0 && y < height && x >= 0 && x < width ? (y * width + x) * channels : -1;
      }
    }
  }
  return reads;
}

/** Weights (taps, filters) in groups of a tile's filters, tap by tap; zeros beyond the last filter. */
function packFilters(weights, taps, filters) {
  const packed = new Float64Array(wholeTiles(filters) * taps);
  for (let filter = 0; filter < filters; filter++) {
    const column = filter % TILE;
    for (let tap = 0; tap < taps; tap++) {
      packed[(filter - column) * taps + tap * TILE + column] = weights[tap * filters + filter];
    }
  }
  return packed;
}

/** Copy the window of one place of the output into a column of the panel; zeros where it is beyond the edge. */
function gatherWindow({ panel, reads, cells, inputs }, place, column) {
  const input = inputs[0].output;
  const channels = inputs[0].shape[2];
  let at = column;
  for (let cell = place * cells; cell < (place + 1) * cells; cell++) {
    const start = reads[cell];
    for (let c = 0; c < channels; c++, at += TILE) panel[at] = start < 0 ? 0 : input[start + c];
  }
}

/**
 * Compute a tile: the sums of products over all taps, row by row into `sums` from entry `at` on. Its windows lie in
 * `panel` from entry `from` on, its filters in `packed` from `start` on.
 */
function multiplyTile(panel, from, packed, start, taps, sums, at) {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  // "| 0" keeps the places whole numbers of 32 bits, not checked for overflow at each step: a quarter of the time.
  for (let a = from | 0, b = start | 0, end = (from + taps * TILE) | 0; a < end; a = (a + TILE) | 0, b = (b + TILE) | 0) {
    const a0 = panel[a], a1 = panel[a + 1], a2 = panel[a + 2], a3 = panel[a + 3];
    const b0 = packed[b], b1 = packed[b + 1], b2 = packed[b + 2], b3 = packed[b + 3];
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
    s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
    s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
  }
  sums[at] = s00; sums[at + 1] = s01; sums[at + 2] = s02; sums[at + 3] = s03;
  sums[at + 4] = s10; sums[at + 5] = s11; sums[at + 6] = s12; sums[at + 7] = s13;
  sums[at + 8] = s20; sums[at + 9] = s21; sums[at + 10] = s22; sums[at + 11] = s23;
  sums[at + 12] = s30; sums[at + 13] = s31; sums[at + 14] = s32; sums[at + 15] = s33;
}

/**
 * What a node gives for a sum: behind a ReLU 0 instead of what is negative. It is written without a comparison: a
 * processor guesses beforehand how one will end, is often wrong on feature maps, and pays for it with a dozen steps.
 */
const activated = (sum, relu) => (relu ? (sum + Math.abs(sum)) / 2 : sum);

function runConv(node) {
  if (node.isShort) {
    runShortConv(node);
    return;
  }
  const { output, filters, taps, panel, packed, bias, sums, relu } = node;
  const places = node.shape[0] * node.shape[1];
  for (let place = 0; place < places; place += TILE) {
    const rows = Math.min(TILE, places - place);
    for (let row = 0; row < rows; row++) gatherWindow(node, place + row, row);
    for (let filter = 0; filter < filters; filter += TILE) {
      const columns = Math.min(TILE, filters - filter);
      multiplyTile(panel, 0, packed, filter * taps, taps, sums, 0);
      for (let row = 0; row < rows; row++) {
        const at = (place + row) * filters + filter;
        for (let n = 0; n < columns; n++) output[at + n] = activated(sums[row * TILE + n] + bias[filter + n], relu);
      }
    }
  }
}

// A 3 x 3 filter at stride 1 gives 4 x 4 results of a patch of 6 x 6 with 36 products instead of 144, if sums of the
// patch are multiplied with sums of the filter (A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
// 2016, section 4.1: F(4 x 4, 3 x 3)). For four results on a line of six numbers d and a filter g:
//   p0 = (4 d0 - 5 d2 + d4) g0 / 4,  p5 = (4 d1 - 5 d3 + d5) g2,
//   p1 and p2 = (d4 - 4 d2 +- (d3 - 4 d1)) times -(g0 +- g1 + g2) / 6,
//   p3 and p4 = (d4 - d2 +- 2 (d3 - d1)) times (g0 +- 2 g1 + 4 g2) / 24,
//   and the results are p0 + p1 + p2 + p3 + p4, p1 - p2 + 2 (p3 - p4), p1 + p2 + 4 (p3 + p4), p1 - p2 + 8 (p3 - p4) + p5.
// On a patch this is done along its columns, then along its rows. The 36 products are tiles as above, over all channels.
const RESULTS = 4; // on a line, of a patch
const PATCH = 6;
const PRODUCTS = PATCH * PATCH;
const FILTER_SUMS = [
  [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
];

/** Whether the short way spares products: on a small map, patches and tiles of them reach far beyond the edge. */
function isShorter({ kernel, stride, shape, patches }) {
  if (kernel !== 3 || stride !== 1) return false;
  return wholeTiles(patches[0] * patches[1]) * PRODUCTS < 9 * shape[0] * shape[1];
}

function prepareShortConv(node, channels) {
  const { filters, weights, patches } = node;
  const part = wholeTiles(filters) * channels;
  node.patchReads = readsOf(node, patches, PATCH, RESULTS);
  node.panel = new Float64Array(PRODUCTS * channels * TILE);
  node.half = new Float64Array(PRODUCTS * channels);
  node.sums = new Float64Array(PRODUCTS * SUMS);
  node.lines = new Float64Array(RESULTS * PATCH);
  node.packed = new Float64Array(PRODUCTS * part);
  const summed = new Float64Array(channels * filters);
  for (let n = 0; n < PRODUCTS; n++) {
    const [down, across] = [FILTER_SUMS[Math.floor(n / PATCH)], FILTER_SUMS[n % PATCH]];
    summed.fill(0);
    for (let cell = 0; cell < 9; cell++) {
      const share = down[Math.floor(cell / 3)] * across[cell % 3];
      for (let k = 0; k < summed.length; k++) summed[k] += share * weights[cell * summed.length + k];
    }
    node.packed.set(packFilters(summed, channels, filters), n * part);
  }
}

/** Put the sums of six numbers on a line into `sums` from entry `at` on, `step` entries apart. */
function putSums(d0, d1, d2, d3, d4, d5, sums, at, step) {
  const even1 = d4 - 4 * d2, odd1 = d3 - 4 * d1, even2 = d4 - d2, odd2 = 2 * (d3 - d1);
  sums[at] = 4 * (d0 - d2) + even2;
  sums[at + step] = even1 + odd1;
  sums[at + 2 * step] = even1 - odd1;
  sums[at + 3 * step] = even2 + odd2;
  sums[at + 4 * step] = even2 - odd2;
  sums[at + 5 * step] = d5 - d3 - 2 * odd2;
}

/** Put the sums of a patch, of all channels, into a column of the panel's 36 parts. */
function gatherPatch({ panel, half, patchReads, inputs }, place, column) {
  const input = inputs[0].output;
  const channels = inputs[0].shape[2];
  const first = place * PRODUCTS;
  for (let n = 0; n < PATCH; n++) {
    const r0 = patchReads[first + n], r1 = patchReads[first + n + 6], r2 = patchReads[first + n + 12];
    const r3 = patchReads[first + n + 18], r4 = patchReads[first + n + 24], r5 = patchReads[first + n + 30];
    for (let c = 0, at = n * channels; c < channels; c++, at++) {
      const d0 = r0 < 0 ? 0 : input[r0 + c], d1 = r1 < 0 ? 0 : input[r1 + c], d2 = r2 < 0 ? 0 : input[r2 + c];
      const d3 = r3 < 0 ? 0 : input[r3 + c], d4 = r4 < 0 ? 0 : input[r4 + c], d5 = r5 < 0 ? 0 : input[r5 + c];
      putSums(d0, d1, d2, d3, d4, d5, half, at, PATCH * channels);
    }
  }
  const part = channels * TILE;
  for (let n = 0; n < PATCH; n++) {
    for (let c = 0, from = n * PATCH * channels, at = n * PATCH * part + column; c < channels; c++, from++, at += TILE) {
      putSums(half[from], half[from + channels], half[from + 2 * channels], half[from + 3 * channels],
        half[from + 4 * channels], half[from + 5 * channels], panel, at, part);
    }
  }
}

function runShortConv(node) {
  const { filters, panel, packed, sums } = node;
  const channels = node.inputs[0].shape[2];
  const [packedPart, panelPart] = [wholeTiles(filters) * channels, channels * TILE];
  const places = node.patches[0] * node.patches[1];
  for (let place = 0; place < places; place += TILE) {
    const rows = Math.min(TILE, places - place);
    for (let row = 0; row < rows; row++) gatherPatch(node, place + row, row);
    for (let filter = 0; filter < filters; filter += TILE) {
      for (let n = 0; n < PRODUCTS; n++) {
        multiplyTile(panel, n * panelPart, packed, n * packedPart + filter * channels, channels, sums, n * SUMS);
      }
      for (let row = 0; row < rows; row++) addProducts(node, place + row, row, filter);
    }
  }
}

/** Add a patch's products up to its results, at most 4 x 4, for each filter of a tile. */
function addProducts({ sums, lines, output, bias, filters, shape, patches, relu }, place, row, filter) {
  const top = RESULTS * Math.floor(place / patches[1]);
  const left = RESULTS * (place % patches[1]);
  const rows = Math.min(RESULTS, shape[0] - top);
  const columns = Math.min(RESULTS, shape[1] - left);
  const step = PATCH * SUMS;
  for (let f = filter; f < Math.min(filter + TILE, filters); f++) {
    let p = row * TILE + f - filter;
    for (let n = 0; n < PATCH; n++, p += SUMS) {
      const p1 = sums[p + step], p2 = sums[p + 2 * step], p3 = sums[p + 3 * step], p4 = sums[p + 4 * step];
      const even1 = p1 + p2, odd1 = p1 - p2, even2 = p3 + p4, odd2 = p3 - p4;
      lines[n] = sums[p] + even1 + even2;
      lines[n + 6] = odd1 + 2 * odd2;
      lines[n + 12] = even1 + 4 * even2;
      lines[n + 18] = odd1 + 8 * odd2 + sums[p + 5 * step];
    }
    const b = bias[f];
    for (let y = 0; y < rows; y++) {
      const n = y * PATCH;
      const at = ((top + y) * shape[1] + left) * filters + f;
      const p1 = lines[n + 1], p2 = lines[n + 2], p3 = lines[n + 3], p4 = lines[n + 4];
      const even1 = p1 + p2, odd1 = p1 - p2, even2 = p3 + p4, odd2 = p3 - p4;
      output[at] = activated(lines[n] + even1 + even2 + b, relu);
      if (columns > 1) output[at + filters] = activated(odd1 + 2 * odd2 + b, relu);
      if (columns > 2) output[at + 2 * filters] = activated(even1 + 4 * even2 + b, relu);
      if (columns > 3) output[at + 3 * filters] = activated(odd1 + 8 * odd2 + lines[n + 5] + b, relu);
    }
  }
}

function runPool(node) {
  const { output, sums, reads, cells } = node;
  const input = node.inputs[0].output;
  const channels = sums.length;
  const isMax = node.kind === "max";
  for (let place = 0, at = 0; at < output.length; place++, at += channels) {
    let inside = 0;
    sums.fill(isMax ? -Infinity : 0);
    for (let cell = 0; cell < cells; cell++) {
      const start = reads[place * cells + cell];
      if (start < 0) continue; // what is beyond the edge is neither compared nor averaged
      inside += 1;
      if (isMax) for (let c = 0; c < channels; c++) sums[c] = Math.max(sums[c], input[start + c]);
      else for (let c = 0; c < channels; c++) sums[c] += input[start + c];
    }
    for (let c = 0; c < channels; c++) output[at + c] = isMax ? sums[c] : sums[c] / inside;
  }
}

function runAdd(node) {
  const [a, b] = node.inputs.map((source) => source.output);
  const { output, relu } = node;
  for (let n = 0; n < output.length; n++) output[n] = activated(a[n] + b[n], relu);
}

function runGlobalPool(node) {
  const input = node.inputs[0].output;
  const channels = node.shape[0];
  const isMax = node.kind === "max";
  for (let c = 0; c < channels; c++) {
    let result = isMax ? -Infinity : 0;
    for (let at = c; at < input.length; at += channels) result = isMax ? Math.max(result, input[at]) : result + input[at];
    node.output[c] = isMax ? result : (result * channels) / input.length;
  }
}

function runDense(node) {
  const { output, weights, sums, relu } = node;
  const input = node.inputs[0].output;
  const units = sums.length;
  sums.set(node.bias);
  for (let n = 0; n < input.length; n++) {
    const value = input[n];
    if (value === 0) continue; // often, behind a ReLU
    for (let unit = 0; unit < units; unit++) sums[unit] += value * weights[n * units + unit];
  }
  for (let unit = 0; unit < units; unit++) output[unit] = activated(sums[unit], relu);
}

const RUN = {
  conv: runConv, pool: runPool, add: runAdd, globalpool: runGlobalPool, dense: runDense,
  flatten: () => {}, // it shares its input's memory
};

/** Probabilities of classes from their logits. */
function toProbabilities(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * Run a network on a picture: `pixels` from 0 to 255, RGB side by side, beginning at entry `from`.
 *
 * Returns `maps` (what each node gives, by name), `logits` and `probabilities`. The next run of the same network
 * writes into the same `maps` and `logits`: copy what is to stay.
 */
export function runNetwork(network, pixels, from = 0) {
  const [input, ...others] = network.nodes;
  const { output, scale, offset } = input;
  if (!(from >= 0 && from + output.length <= pixels.length)) {
    throw new Error(`a picture is ${grouped(output.length)} numbers (${input.shape.join(" x ")}), and from entry ${from} on there `
      + `are ${grouped(Math.max(0, pixels.length - from))}`);
  }
  for (let n = 0; n < output.length; n++) output[n] = pixels[from + n] * scale + offset;
  for (const node of others) RUN[node.op](node);
  const logits = others.at(-1).output;
  return { maps: network.maps, logits, probabilities: toProbabilities(logits) };
}

// -------------------------------------------------------------------------------------- what is behind a unit

function nodeNamed(network, name) {
  if (!Object.hasOwn(network.byName, name)) {
    throw new Error(`no node is called ${quoted(name)}; there are: ${Object.keys(network.byName).join(", ")}`);
  }
  return network.byName[name];
}

const placeOf = (shape, index) => {
  if (!isMap(shape)) return { row: 0, col: 0, channel: index };
  const [, width, channels] = shape;
  return { row: Math.floor(index / (width * channels)), col: Math.floor(index / channels) % width, channel: index % channels };
};

const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * The arithmetic behind one unit: entry `index` of the map (or vector) of the node called `name`.
 *
 * Always there: `op`, `from`, `place` {row, col, channel}, `window` {top, left, height, width} on the map it is computed
 * from (it may reach beyond the edge; null where there is no such map), `inputs`, `sum`, `value` (after a ReLU). Further:
 *   conv, dense: `weights`, `products` (in the order of `inputs`: rows, columns, channels) and `bias`;
 *   pool, globalpool: `largest`, the entry of `inputs` that is; `cells`, how many are averaged; a cell of a window that
 *     is beyond the edge has no number: NaN in `inputs`;
 *   flatten: `source`, the entry of its input, with `sourcePlace` there.
 */
export function explainUnit(network, maps, name, index) {
  const node = nodeNamed(network, name);
  if (!(Number.isInteger(index) && index >= 0 && index < sizeOf(node.shape))) {
    throw new Error(`node ${quoted(name)} has units 0 to ${sizeOf(node.shape) - 1}, not ${index}`);
  }
  const place = placeOf(node.shape, index);
  const unit = { op: node.op, from: node.from, place, window: null };
  return { ...unit, ...EXPLAIN[node.op](node, node.from.map((source) => maps[source]), place, index, maps[name][index]) };
}

/** Where a unit's window reads, and where it lies. */
function windowOf(node, { row, col }) {
  const place = row * node.shape[1] + col;
  return {
    starts: node.reads.subarray(place * node.cells, (place + 1) * node.cells),
    window: { top: row * node.stride - node.padTop, left: col * node.stride - node.padLeft, height: node.window, width: node.window },
  };
}

function explainSum(node, inputs, weights, bias) {
  const products = inputs.map((value, n) => value * weights[n]);
  const sum = inputs.reduce((so, value, n) => so + value * weights[n], 0) + bias;
  return { inputs, weights, products, bias, sum, value: activated(sum, node.relu) };
}

function explainPooled(kind, inputs) {
  const inside = inputs.filter((value) => !Number.isNaN(value));
  const sum = sumOf(inside);
  const largest = inputs.indexOf(inside.reduce((most, value) => Math.max(most, value), -Infinity));
  return { inputs, sum, largest, cells: inside.length, value: kind === "max" ? inputs[largest] : sum / inside.length };
}

const EXPLAIN = {
  input: (node, _, place, index, value) => {
    const pixel = Float32Array.of(node.scale ? (value - node.offset) / node.scale : 0);
    return { inputs: pixel, sum: value, value };
  },
  conv: (node, [input], place) => {
    const { starts, window } = windowOf(node, place);
    const depth = node.inputs[0].shape[2];
    const inputs = Float32Array.from({ length: node.taps }, (_, tap) => {
      const start = starts[Math.floor(tap / depth)];
      return start < 0 ? 0 : input[start + (tap % depth)];
    });
    const weights = inputs.map((_, tap) => node.weights[tap * node.filters + place.channel]);
    return { window, ...explainSum(node, inputs, weights, node.bias[place.channel]) };
  },
  dense: (node, [input], place, index) =>
    explainSum(node, input.slice(), input.map((_, n) => node.weights[n * node.units + index]), node.bias[index]),
  pool: (node, [input], place) => {
    const { starts, window } = windowOf(node, place);
    const inputs = Float32Array.from(starts, (start) => (start < 0 ? NaN : input[start + place.channel]));
    return { window, ...explainPooled(node.kind, inputs) };
  },
  globalpool: (node, [input], place, index) => {
    const [height, width, channels] = node.inputs[0].shape;
    const inputs = Float32Array.from({ length: height * width }, (_, cell) => input[cell * channels + index]);
    return { window: { top: 0, left: 0, height, width }, ...explainPooled(node.kind, inputs) };
  },
  add: (node, inputs, place, index) => {
    const both = Float32Array.from(inputs, (input) => input[index]);
    return { inputs: both, sum: both[0] + both[1], value: activated(both[0] + both[1], node.relu) };
  },
  flatten: (node, [input], place, index, value) => {
    const sourcePlace = placeOf(node.inputs[0].shape, index);
    const window = { top: sourcePlace.row, left: sourcePlace.col, height: 1, width: 1 };
    return { window, source: index, sourcePlace, inputs: Float32Array.of(value), sum: value, value };
  },
};

/** The smallest rectangle around two, each [top, bottom, left, right], the ends not included. */
const around = (a, b) => [Math.min(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3])];

function fieldOf(node, area) {
  if (node.op === "input") return area;
  const [height, width] = node.inputs[0].shape;
  const whole = [0, height, 0, width];
  const back = (from, to, pad, length) =>
    [Math.max(0, from * node.stride - pad), Math.min(length, (to - 1) * node.stride - pad + node.window)];
  const onInput = {
    conv: () => [...back(area[0], area[1], node.padTop, height), ...back(area[2], area[3], node.padLeft, width)],
    add: () => area,
    globalpool: () => whole,
    flatten: () => whole,
    dense: () => [0, 1, 0, 1],
  };
  const reached = (onInput[node.op] ?? onInput.conv)();
  return node.inputs.map((source) => fieldOf(source, reached)).reduce(around);
}

/**
 * The patch of the picture that a unit can see, {top, left, height, width}, cut off at the picture's edges.
 *
 * A unit of a vector has row 0 and column 0. Each unit of a flattened map has its own place: give it as `channel`.
 */
export function inputWindow(network, name, row, col, channel = null) {
  let node = nodeNamed(network, name);
  if (node.op === "flatten" && channel !== null) {
    [node] = node.inputs;
    ({ row, col } = placeOf(node.shape, channel));
  }
  const [top, bottom, left, right] = fieldOf(node, [row, row + 1, col, col + 1]);
  return { top, left, height: bottom - top, width: right - left };
}

// ---------------------------------------------------------------------------------------------- pictures

export const PICTURE_SIDE = 32;

/** The square in the middle of a picture. */
export function squareCrop(width, height) {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

// Pillow resizes bytes with whole numbers: weights in units of 2 ** -22, rounded after each of the two passes.
const RESIZE_BITS = 22;

/** For each of the 32 places of a line of `length`: the first entry that counts and the weights from there on. */
function resizeWeights(length) {
  const scale = length / PICTURE_SIDE;
  const reach = Math.max(scale, 1); // the triangle covers the pixels that fall together, or two when enlarging
  return Array.from({ length: PICTURE_SIDE }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(length, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: last - first }, (_, n) => Math.max(0, 1 - Math.abs((first + n - centre + 0.5) / reach)));
    const whole = sumOf(raw);
    return { first, weights: Int32Array.from(raw, (weight) => Math.floor(0.5 + (weight / whole) * 2 ** RESIZE_BITS)) };
  });
}

/** One pass: lines of `length` pixels at `step` entries from each other become lines of 32. */
function resizeLines(input, table, { lines, lineStep, step, outLineStep, outStep, output }) {
  for (let line = 0; line < lines; line++) {
    table.forEach(({ first, weights }, place) => {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 2 ** (RESIZE_BITS - 1);
        let at = line * lineStep + first * step + channel;
        for (let n = 0; n < weights.length; n++, at += step) sum += input[at] * weights[n];
        output[line * outLineStep + place * outStep + channel] = sum >> RESIZE_BITS;
      }
    });
  }
  return output;
}

/**
 * The square in the middle of a picture (RGBA bytes, as a canvas gives them) at 32 x 32: RGB bytes.
 *
 * What is transparent is laid over white. The rest is what Pillow's `resize((32, 32), Resampling.BILINEAR)` does to the
 * cropped picture, to within one level of 255. The widget has the browser shrink a square of more than 2,048 pixels a
 * side first: what comes of both steps, tested with a smooth picture, is within four levels.
 */
export function resizeTo32(rgba, width, height) {
  if (!(width >= 1 && height >= 1 && rgba.length === width * height * 4)) {
    throw new Error(`a picture of ${width} x ${height} has ${width * height * 4} bytes (red, green, blue, alpha), not ${rgba.length}`);
  }
  const { left, top, side } = squareCrop(width, height);
  const square = new Uint8Array(side * side * 3);
  for (let row = 0, to = 0; row < side; row++) {
    for (let from = ((top + row) * width + left) * 4, end = from + side * 4; from < end; from += 4) {
      const alpha = rgba[from + 3];
      for (let channel = 0; channel < 3; channel++, to++) {
        square[to] = Math.round((rgba[from + channel] * alpha + 255 * (255 - alpha)) / 255);
      }
    }
  }
  const table = resizeWeights(side);
  const narrow = resizeLines(square, table, {
    lines: side, lineStep: side * 3, step: 3, outLineStep: PICTURE_SIDE * 3, outStep: 3,
    output: new Uint8Array(side * PICTURE_SIDE * 3),
  });
  return resizeLines(narrow, table, {
    lines: PICTURE_SIDE, lineStep: 3, step: PICTURE_SIDE * 3, outLineStep: 3, outStep: PICTURE_SIDE * 3,
    output: new Uint8Array(PICTURE_SIDE * PICTURE_SIDE * 3),
  });
}

/** A copy of a picture in which the pixels that `mask` marks are grey: `value` in all three channels. */
export function occlude(pixels, mask, value) {
  if (pixels.length !== mask.length * 3) {
    throw new Error(`the mask has ${mask.length} entries, and the picture ${pixels.length / 3} pixels: one is needed for each`);
  }
  const covered = pixels.slice();
  for (let n = 0; n < mask.length; n++) if (mask[n]) covered.fill(value, n * 3, n * 3 + 3);
  return covered;
}
