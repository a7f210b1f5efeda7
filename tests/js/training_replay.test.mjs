// The arithmetic of TrainingReplay against Python's, and its words.
import assert from "node:assert/strict";
import test from "node:test";
import { assertClose, load, pythonTable } from "./support.mjs";

const core = await load("training_replay.js");
const table = pythonTable("table_training_replay.py");
const bytesOf = (row) => new Uint8Array(Buffer.from(row.bytes, "base64"));
const NAMES = ["cat", "dog", "airplane"];

/** Each run of each history: its probabilities as the page reads them, and Python's row. */
function* histories() {
  for (const row of table.histories) {
    const all = core.decode(bytesOf(row));
    const labels = Uint8Array.from(row.labels);
    const length = row.epochs * labels.length * row.classes;
    for (const [run, start] of row.starts.entries()) {
      yield { row, run, labels, probabilities: all.subarray(start, start + length) };
    }
  }
}

test("probabilities arrive as they were given", () => {
  let runs = 0;
  for (const { row, run, probabilities } of histories()) {
    assertClose([...probabilities], row.given[run], 0.51 / 65535, "probabilities");
    runs += 1;
  }
  assert.ok(runs > 30);
});

test("answers, counts and changes are Python's at every epoch", () => {
  let changes = 0;
  for (const { row, run, labels, probabilities } of histories()) {
    const answers = core.answersOf(probabilities, row.classes);
    assert.equal(answers.length, row.epochs * labels.length);
    for (let epoch = 1; epoch <= row.epochs; epoch++) {
      const now = [...core.answersAt(answers, labels.length, epoch)];
      assert.deepEqual(now, row.answers[run][epoch - 1]);
      assert.equal(core.rightAt(answers, labels, epoch), row.right[run][epoch - 1]);
      const { changed, won, lost } = core.changesAt(answers, labels, epoch);
      assert.deepEqual(changed, row.changed[epoch - 1][run]);
      if (epoch > 1) assert.equal(won - lost, row.right[run][epoch - 1] - row.right[run][epoch - 2]);
      assert.ok(won + lost <= changed.length);
      changes += changed.length;
    }
  }
  assert.ok(changes > 500);
});

test("a course is one class's column through the epochs", () => {
  for (const { row, run, labels, probabilities } of histories()) {
    const course = core.courseOf(probabilities, labels.length, row.classes, labels.length - 1, row.classes - 1);
    assertClose(course, row.last[run], 0.51 / 65535, "the last class of the last picture");
  }
});

test("of equally probable classes the first is the answer", () => {
  assert.deepEqual([...core.answersOf(Float64Array.of(0.2, 0.4, 0.4, 0.5, 0, 0.5), 3)], [1, 0]);
});

test("curves are sorted by their quantity and given the room of all runs", () => {
  const runs = [
    { curves: { "training accuracy": [0.42, 0.61], loss: [1.61, 0.9] } },
    { curves: { "training accuracy": [0.5, 0.7], "test accuracy": [0.31, 0.4] } },
  ];
  assert.deepEqual(core.curveNames(runs, "accuracy"), ["training accuracy", "test accuracy"]);
  assert.deepEqual(core.curveNames(runs, "loss"), ["loss"]);
  assert.equal(core.curveLabel("training accuracy", "accuracy"), "training");
  assert.equal(core.curveLabel("loss", "loss"), "loss");
  assert.deepEqual(core.rangeOf(runs, "accuracy"), [0.3, 0.7]); // whole tenths are not widened
  assert.deepEqual(core.rangeOf(runs, "loss"), [0, 1.7]);
  for (const flat of [0, 0.5, 1]) {
    const [low, high] = core.rangeOf([{ curves: { accuracy: [flat, flat] } }], "accuracy");
    assert.ok(low < high && low >= 0 && low <= flat && flat <= high + 1e-9, `${flat}: ${low} to ${high}`);
  }
});

test("a path goes up to the epoch and no further; one epoch is a dot", () => {
  const [toX, toY] = [(e) => 10 * e, (value) => 100 * value];
  assert.equal(core.pathOf([0.1, 0.2, 0.3], 2, toX, toY), "M10.0 10.0L20.0 20.0");
  assert.equal(core.pathOf([0.1, 0.2, 0.3], 3, toX, toY), "M10.0 10.0L20.0 20.0L30.0 30.0");
  assert.equal(core.pathOf([0.1, 0.2, 0.3], 1, toX, toY), "M10.0 10.0L10.0 10.0");
});

const said = (text) => text.replaceAll("\u00a0", " ");

test("probabilities are said without a certainty that is not there", () => {
  assert.deepEqual([0, 0.001, 0.005, 0.456, 0.9949, 0.996, 1].map((share) => said(core.sayShare(share))),
    ["0 %", "<1 %", "1 %", "46 %", "99 %", ">99 %", "100 %"]);
  assert.equal(core.sayPoint(0.5234, "accuracy"), "52.3");
  assert.equal(core.sayPoint(1.23456, "loss"), "1.235");
});

test("counts, changes and answers in words", () => {
  assert.equal(core.rightWords(31, 40), "31 of 40 right");
  assert.equal(core.changeWords({ won: 5, lost: 2 }, 3), "5 won, 2 lost");
  assert.equal(core.changeWords({ won: 0, lost: 0 }, 1), "");
  assert.equal(said(core.saidWords(2, 0.46, 1, NAMES)), "says airplane, 46 %: wrong");
  assert.equal(said(core.saidWords(1, 0.999, 1, NAMES)), "says dog, >99 %: right");
  assert.deepEqual(NAMES.map(core.withArticle), ["a cat", "a dog", "an airplane"]);
});

test("a prediction is asked for and judged", () => {
  assert.equal(core.questionWords(9, 40, 1, 10), "After epoch 1, 9 of the 40 pictures are right. How many after epoch 10?");
  assert.match(core.questionWords(1, 40, 2, 5), /1 of the 40 pictures is right/);
  assert.equal(core.verdictWords(31, 31), "As you said: 31 in the end.");
  assert.equal(core.verdictWords(35, 31), "You said 35, 4 too many: 31 in the end.");
  assert.equal(core.verdictWords(20, 31), "You said 20, 11 too few: 31 in the end.");
});

test("a course in words: now, both ends and the highest", () => {
  assert.equal(said(core.courseWords([0.1, 0.6, 0.3], 3)), "30 % after epoch 3; from 10 % to 30 %, most 60 % after epoch 2");
  assert.equal(said(core.courseWords([0.1], 1)), "10 %");
});
