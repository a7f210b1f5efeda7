// The arithmetic of ReceptiveField against geometry's and against pixels lit one at a time in NumPy.
import assert from "node:assert/strict";
import test from "node:test";
import { load, pythonTable } from "./support.mjs";

const core = await load("receptive_field.js");
const table = pythonTable("table_receptive_field.py");
const CIFAR10 = [["conv", 3, 1, 0], ["pool", 2, 2, 0], ["conv", 3, 1, 0], ["pool", 2, 2, 0]];

const stack = (layers, side = 32) => core.stackOf(side, layers).maps;
const ways = (layers, layer, unit, side = 32) => core.pathsTo(layers, stack(layers, side), layer, unit)[0];

test("sizes, fields and jumps are geometry's, as far as the layers fit", () => {
  for (const { side, layers, sizes, fields, jumps } of table.stacks) {
    const { maps, problem } = core.stackOf(side, layers);
    assert.deepEqual(maps.map((map) => map.side), sizes, JSON.stringify(layers));
    assert.deepEqual(maps.map((map) => map.field), fields);
    assert.deepEqual(maps.map((map) => map.jump), jumps);
    assert.equal(problem, sizes.length <= layers.length ? sizes.length : null);
  }
  assert.ok(table.stacks.filter(({ sizes, layers }) => sizes.length <= layers.length).length > 20);
});

test("ways are those of one pixel lit at a time, and the patch is geometry's", () => {
  let compared = 0;
  for (const { side, layers, units } of table.stacks) {
    const maps = stack(layers, side);
    for (const { layer, unit, ways: expected, patch } of units) {
      const counts = core.pathsTo(layers, maps, layer, unit);
      assert.equal(counts.length, layer + 1);
      assert.deepEqual([...counts[0]], expected, JSON.stringify({ side, layers, layer, unit }));
      assert.deepEqual(core.spanOf(counts[0]), patch);
      compared += 1;
    }
  }
  assert.ok(compared > 1000);
});

test("every unit has its place in the middle of its own patch", () => {
  for (const { side, layers } of table.stacks) {
    for (const map of stack(layers, side)) {
      for (const unit of [0, Math.floor(map.side / 2), map.side - 1]) {
        assert.equal(core.unitAt(map, core.middleOf(map, unit)), unit);
      }
      assert.equal(core.unitAt(map, -1000), 0);
      assert.equal(core.unitAt(map, 1000), map.side - 1);
    }
  }
});

test("without padding the middle of a patch is that of what the unit sees", () => {
  for (const { side, layers } of table.stacks.filter((row) => row.layers.every((layer) => layer[3] === 0))) {
    const maps = stack(layers, side);
    const counts = core.pathsTo(layers, maps, maps.length - 1, maps.at(-1).side - 1)[0];
    const [first, length] = core.spanOf(counts);
    assert.equal(core.middleOf(maps.at(-1), maps.at(-1).side - 1), first + length / 2);
  }
});

test("the course's model sees 10 pixels after its second pooling", () => {
  const maps = stack(CIFAR10);
  assert.deepEqual(maps.map((map) => map.side), [32, 30, 15, 13, 6]);
  assert.deepEqual(maps.map((map) => map.field), [1, 3, 4, 8, 10]);
  assert.deepEqual([...ways(CIFAR10, 4, 2)].slice(7, 19), [0, 1, 2, 4, 5, 6, 6, 5, 4, 2, 1, 0]);
  assert.deepEqual(core.fieldWords(maps, CIFAR10, 4), ["8 + (2 \u2212 1) × 2 = 10", "2 × 2 = 4"]);
});

test("what a unit sees is said with its share, its padding and its gaps", () => {
  const maps = stack(CIFAR10);
  const seen = ways(CIFAR10, 4, 2);
  assert.equal(core.seenWords(maps, 4, seen, seen), "This unit of layer 4 sees 10 × 10 of 32 × 32 pixels: 9.8 %.");
  const same = [["conv", 3, 1, "same"], ["conv", 3, 1, "same"]];
  const corner = ways(same, 2, 0);
  const middle = ways(same, 2, 9);
  assert.equal(core.seenWords(stack(same), 2, corner, middle),
    "This unit of layer 2 sees 3 × 5 of 32 × 32 pixels: 1.5 %. The rest of its 5 × 5 patch is cut off by padding.");
  const gaps = [["conv", 1, 3, 0], ["conv", 2, 1, 0]];
  assert.equal(core.seenWords(stack(gaps), 2, ways(gaps, 2, 1), ways(gaps, 2, 1)),
    "This unit of layer 2 sees 4 of 1,024 pixels: 0.4 %, spread over 4 × 4.");
});

test("ways are counted in words: the middle for more than the rim, or all alike", () => {
  const seen = ways(CIFAR10, 4, 2);
  assert.deepEqual(core.pathRange(seen, seen), [1, 36]);
  assert.equal(core.pathWords(seen, seen), "Ways from a pixel to the unit: 1 to 36, 1,296 in all. The middle counts for more than the rim.");
  const steps = [["conv", 3, 2, 0], ["conv", 3, 1, 0]]; // 1, 1, 2, 1, 2, 1, 1: most beside the middle
  const uneven = ways(steps, 2, 4);
  assert.equal(core.pathWords(uneven, uneven), "Ways from a pixel to the unit: 1 to 4, 81 in all. A pixel counts more where windows overlap.");
  const one = ways(CIFAR10, 1, 5);
  assert.equal(core.pathWords(one, one), "Each pixel has 1 way to the unit, 9 in all.");
});

test("a layer that does not fit is named with what would fit", () => {
  const layers = [["pool", 3, 3, 0], ["conv", 7, 1, 0]];
  const { maps, problem } = core.stackOf(8, layers);
  assert.equal(problem, 2);
  assert.equal(core.problemWords(maps, layers, 2),
    "Layer 2 does not fit: its 7 × 7 filter is larger than layer 1, 2 × 2. Padding same or a size of at most 2 would fit.");
  for (const mended of [["conv", 7, 1, "same"], ["conv", 2, 1, 0]]) assert.equal(core.stackOf(8, [layers[0], mended]).problem, null);
  assert.match(core.problemWords(stack([], 2), [["pool", 3, 3, 0]], 1), /its 3 × 3 window is larger than the picture, 2 × 2/);
});

test("a prediction is judged with the way from layer to layer", () => {
  const maps = stack(CIFAR10);
  assert.equal(core.verdictWords(maps, 4, 10), "Right, 10 pixels: 1 → 3 → 4 → 8 → 10.");
  assert.equal(core.verdictWords(maps, 4, 36), "Not 36 but 10. Layer by layer: 1 → 3 → 4 → 8 → 10.");
});

test("both sides know the same layers", () => {
  assert.deepEqual(core.LAYER_SIZES, table.limits.sizes);
  assert.equal(core.MOST_LAYERS, table.limits.most);
});
