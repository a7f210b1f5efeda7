// What widgets' views share: keys, and a view's dealings with its model. The rest of the kit needs a page.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support.mjs";

const kit = await load("kit.js");

test("arrows lead to the neighbours of a cell, and further with a longer step", () => {
  assert.deepEqual(kit.arrowsFrom(3, 5), { ArrowUp: [2, 5], ArrowDown: [4, 5], ArrowLeft: [3, 4], ArrowRight: [3, 6] });
  assert.deepEqual(kit.arrowsFrom(3, 5, 8).ArrowRight, [3, 13]);
});

test("a key is taken if it has a target and no modifier asks for something else", () => {
  const press = (properties, ...rest) => {
    const done = [];
    const event = { ...properties, preventDefault: () => done.push("prevented"), stopPropagation: () => done.push("stopped") };
    assert.equal(kit.takeKey(event, kit.arrowsFrom(0, 0), ...rest), done.length > 0);
    assert.ok([0, 2].includes(done.length)); // both or neither
    return done.length > 0;
  };
  assert.ok(press({ key: "ArrowUp" }));
  assert.ok(press({ key: "ArrowUp", shiftKey: true }));
  assert.ok(!press({ key: "Home" }));
  for (const modifier of ["altKey", "metaKey", "ctrlKey"]) assert.ok(!press({ key: "ArrowUp", [modifier]: true }));
  assert.ok(press({ key: "ArrowUp", ctrlKey: true }, true));
});

test("a view sends what differs, draws once a frame, and lets go of the model", () => {
  const values = { a: 1, b: [1, 2], c: 3 };
  const listeners = new Map();
  const [sets, frames] = [[], []];
  let saved = 0;
  const model = {
    get: (name) => values[name],
    set: (name, value) => sets.push([name, value]),
    save_changes: () => (saved += 1),
    on: (name, listener) => listeners.set(name, listener),
    off: (name, listener) => listeners.get(name) === listener && listeners.delete(name),
  };
  globalThis.requestAnimationFrame = (call) => frames.push(call);
  globalThis.cancelAnimationFrame = (frame) => frames.splice(frame - 1, 1);
  const view = new kit.ModelView(model, ["a", "b"]);
  view.followModel();
  assert.deepEqual([...listeners.keys()], ["change:a", "change:b"]);
  assert.deepEqual(kit.settingsOf(model, view.settings), { a: 1, b: [1, 2] });
  view.send({ a: 1, b: [1, 2] });
  assert.deepEqual([sets, saved, frames.length], [[], 0, 1]);
  view.send({ a: 2, b: [1, 2] });
  listeners.get("change:a")();
  assert.deepEqual([sets, saved, frames.length], [[["a", 2]], 1, 1]);
  const [hushed, removed] = [[], []];
  Object.assign(view, { status: { hush: () => hushed.push(1) }, root: { remove: () => removed.push(1) } });
  view.destroy();
  assert.deepEqual([frames.length, listeners.size, hushed.length, removed.length], [0, 0, 1, 1]);
});
