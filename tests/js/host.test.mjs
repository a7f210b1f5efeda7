// The core of the widget host, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import host from "../../notmagic/book/static/widget-host.js";

const { WidgetModel, WidgetManager, parseState, placeBuffers, isSame, fill, styleAdder } = host;
const base64 = (...bytes) => Buffer.from(bytes).toString("base64");
const bytes = (view) => [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];

/** A manager for widgets whose modules are given as objects, under the names that `_esm` holds. */
function managerFor(states, modules = {}, styles = []) {
  const models = new Map(Object.entries(states).map(([id, state]) => [id, { name: "AnyModel", state }]));
  return new WidgetManager(models, {
    importModule: async (text) => {
      if (!(text in modules)) throw new SyntaxError("Unexpected token");
      return modules[text];
    },
    applyStyle: (text) => styles.push(text),
  });
}

/** As much of an element as the host uses. */
class FakeElement {
  constructor(name = "div") {
    Object.assign(this, { name, childNodes: [], dataset: {}, textContent: "", className: "" });
    this.ownerDocument = { createElement: (child) => new FakeElement(child) };
    this.head = name === "document" ? new FakeElement("head") : undefined;
  }
  createElement(name) { return new FakeElement(name); }
  append(...nodes) { for (const node of nodes) { node.parent = this; this.childNodes.push(node); } }
  remove() { this.parent.childNodes = this.parent.childNodes.filter((node) => node !== this); }
  replaceChildren(...nodes) { this.childNodes = []; this.append(...nodes); }
}

function boxWithNote(id) {
  const box = new FakeElement();
  box.dataset.widgetModel = id;
  const note = new FakeElement("p");
  note.textContent = "This widget needs JavaScript.";
  box.append(note);
  return box;
}

test("set tells listeners the model and the new value, then that something changed", () => {
  const model = new WidgetModel({ size: 3, stride: 1 });
  const heard = [];
  model.on("change:size", (from, value) => heard.push(["size", from === model, value, model.get("stride")]));
  model.on("change", (from) => heard.push(["change", from === model]));
  model.set({ size: 5, stride: 2 });
  assert.deepEqual(heard, [["size", true, 5, 2], ["change", true]]);
  assert.equal(model.get("size"), 5);
});

test("set to an equal value is silent, also for lists and objects", () => {
  const model = new WidgetModel({ weights: [[1, 2], [3, 4]], image: { rows: 2 }, gap: NaN, none: null });
  let calls = 0;
  model.on("change", () => { calls += 1; });
  model.set({ weights: [[1, 2], [3, 4]], image: { rows: 2 }, gap: NaN, none: null });
  assert.equal(calls, 0);
  model.set("weights", [[1, 2], [3, 5]]);
  model.set("image", { rows: 2, columns: 2 });
  model.set("none", {});
  assert.equal(calls, 3);
});

test("equality: arrays are not objects, missing is not undefined, buffers are the same only as one", () => {
  assert.equal(isSame([1], { 0: 1 }), false);
  assert.equal(isSame({ a: undefined }, { b: undefined }), false);
  assert.equal(isSame({}, null), false);
  assert.equal(isSame([], []), true);
  const view = new DataView(new ArrayBuffer(2));
  assert.equal(isSame(view, view), true);
  assert.equal(isSame(view, new DataView(new ArrayBuffer(2))), false);
});

test("off removes one listener, all of an event, all of an owner, or all", () => {
  const model = new WidgetModel({});
  const heard = [];
  const a = () => heard.push("a");
  const b = () => heard.push("b");
  const trigger = () => { heard.length = 0; model.trigger("change:x"); return heard.join(""); };
  const owner = Symbol("view");
  model.on("change:x change:y", a);
  model.on("change:x", b, owner);
  assert.equal(trigger(), "ab");
  model.off("change:x", a);
  assert.equal(trigger(), "b");
  model.trigger("change:y");
  assert.equal(heard.join(""), "ba");
  model.off(null, null, owner);
  assert.equal(trigger(), "");
  model.on("change:x", a);
  model.off("change:x");
  assert.equal(trigger(), "");
  model.on("change:x", a);
  model.off();
  assert.equal(trigger(), "");
});

test("a listener may remove itself, and may set again", () => {
  const model = new WidgetModel({ size: 1, double: 2 });
  const once = () => { model.off("change:size", once); model.set("double", 2 * model.get("size")); };
  let doubled;
  model.on("change:size", once);
  model.on("change:double", (_, value) => { doubled = value; });
  model.set("size", 4);
  model.set("size", 9);
  assert.equal(doubled, 8);
  assert.equal(model.get("double"), 8);
});

test("saving and sending go nowhere and break nothing", () => {
  const model = new WidgetModel({ size: 1 });
  model.set("size", 2);
  assert.deepEqual(model.unsaved, { size: 2 });
  model.save_changes();
  assert.deepEqual(model.unsaved, {});
  assert.equal(model.send({ hello: 1 }), undefined);
});

test("binary buffers come back as DataViews, at the top, in lists and in objects", () => {
  const text = JSON.stringify({ version_major: 2, version_minor: 0, state: { one: {
    model_name: "AnyModel",
    state: { size: 3, nested: { list: [{ name: "cat" }, { name: "dog" }] } },
    buffers: [
      { encoding: "base64", path: ["image"], data: base64(0, 127, 128, 255) },
      { encoding: "base64", path: ["nested", "list", 1, "bytes"], data: base64(7) },
    ],
  } } });
  const { name, state } = parseState(text).get("one");
  assert.equal(name, "AnyModel");
  assert.ok(state.image instanceof DataView);
  assert.deepEqual(bytes(state.image), [0, 127, 128, 255]);
  assert.deepEqual(bytes(state.nested.list[1].bytes), [7]);
  assert.equal(state.nested.list[0].name, "cat");
});

test("an unknown encoding is named", () => {
  assert.throws(() => placeBuffers({}, [{ encoding: "hex", path: ["image"], data: "00" }]), /image.*hex.*base64/);
});

test("two views share one model and one initialisation; a view that goes takes its listeners along", async () => {
  let initialised = 0;
  const widget = {
    initialize({ model }) { initialised += 1; model.set("ready", true); },
    render({ model, el }) {
      const draw = () => { el.textContent = `size ${model.get("size")}, ready ${model.get("ready")}`; };
      model.on("change:size", draw);
      draw();
      return () => { el.textContent = "gone"; };
    },
  };
  const manager = managerFor({ one: { _esm: "widget", size: 3 } }, { widget: { default: widget } });
  const [left, right] = [new FakeElement(), new FakeElement()];
  const [removeLeft] = await Promise.all([manager.render("one", left), manager.render("IPY_MODEL_one", right)]);
  assert.equal(initialised, 1);
  assert.equal(left.textContent, "size 3, ready true");
  const model = await manager.get_model("IPY_MODEL_one");
  model.set("size", 5);
  assert.deepEqual([left.textContent, right.textContent], Array(2).fill("size 5, ready true"));
  removeLeft();
  model.set("size", 7);
  assert.deepEqual([left.textContent, right.textContent], ["gone", "size 7, ready true"]);
});

test("the default export may be a function, also one that takes its time", async () => {
  const render = ({ el }) => { el.textContent = "drawn"; };
  const manager = managerFor({ one: { _esm: "factory" } }, { factory: { default: async () => ({ render }) } });
  const el = new FakeElement();
  await manager.render("one", el);
  assert.equal(el.textContent, "drawn");
});

test("a widget can reach another through a reference in its state", async () => {
  const widget = {
    async render({ model, el }) {
      const other = await model.widget_manager.get_model(model.get("other"));
      el.textContent = other.get("text");
    },
  };
  const states = { one: { _esm: "widget", other: "IPY_MODEL_two" }, two: { text: "found" } };
  const manager = managerFor(states, { widget: { default: widget } });
  const el = new FakeElement();
  await manager.render("one", el);
  assert.equal(el.textContent, "found");
  await assert.rejects(manager.get_model("IPY_MODEL_three"), /no state for the widget three/);
});

test("questions to Python are refused in words", async () => {
  const widget = { async render({ experimental }) { await experimental.invoke("name"); } };
  const manager = managerFor({ one: { _esm: "widget" } }, { widget: { default: widget } });
  await assert.rejects(manager.render("one", new FakeElement()), /no Python/);
});

test("each style sheet is added once", () => {
  const document = new FakeElement("document");
  const add = styleAdder(document);
  add("a {}");
  add("b {}");
  add("a {}");
  assert.deepEqual(document.head.childNodes.map((style) => style.textContent), ["a {}", "b {}"]);
});

test("a view's style is applied before it is drawn", async () => {
  const order = [];
  const widget = { render() { order.push("draw"); } };
  const manager = managerFor({ one: { _esm: "widget", _css: "a {}" } }, { widget: { default: widget } }, order);
  await manager.render("one", new FakeElement());
  assert.deepEqual(order, ["a {}", "draw"]);
});

for (const [what, state, modules, reason] of [
  ["whose render throws", { _esm: "bad" }, { bad: { default: { render() { throw new Error("no canvas"); } } } },
    /no canvas/],
  ["whose initialize throws", { _esm: "bad" },
    { bad: { default: { initialize() { throw new Error("no state"); }, render() {} } } }, /no state/],
  ["whose module does not parse", { _esm: "missing" }, {}, /Unexpected token/],
  ["without a render function", { _esm: "bad" }, { bad: { default: {} } }, /render function/],
  ["without a module", {}, {}, /needs Python/],
]) {
  test(`a widget ${what} says so in its box, and the next one lives`, async (context) => {
    const logged = context.mock.method(console, "error", () => {});
    const good = { default: { render({ el }) { el.textContent = "fine"; } } };
    const manager = managerFor({ broken: state, whole: { _esm: "good" } }, { ...modules, good });
    const [broken, whole] = [boxWithNote("broken"), boxWithNote("whole")];
    await Promise.all([fill(broken, manager), fill(whole, manager)]);
    assert.equal(broken.dataset.widgetState, "failed");
    assert.equal(broken.childNodes.length, 1);
    assert.match(broken.childNodes[0].textContent, /^This widget could not start: /);
    assert.match(broken.childNodes[0].textContent, reason);
    assert.equal(logged.mock.callCount(), 1);
    assert.equal(whole.dataset.widgetState, "running");
    assert.deepEqual(whole.childNodes.map((node) => node.textContent), ["fine"]);
  });
}
