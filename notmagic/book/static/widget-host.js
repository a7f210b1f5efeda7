/*
 * The widget host: runs the anywidgets of a page without a kernel, without require.js and without a network.
 *
 * It reads the page's widget state (the JSON that Jupyter stores in a notebook), makes one model for each
 * widget, imports the widget's own ES module from a blob URL and calls its `initialize` and `render` as the
 * anywidget front-end-module specification (https://anywidget.dev/en/afm/) says.
 *
 * It is a classic script, not a module: browsers refuse module scripts on a page opened from a folder
 * (file://), yet they import a module from a blob URL there. Node loads the same file as CommonJS, for tests.
 */
(function (root) {
  "use strict";

  const STATE_TYPE = "application/vnd.jupyter.widget-state+json";
  const REFERENCE = "IPY_MODEL_";
  // Widgets start when they are this near to the screen, so that their growing is not seen.
  const NEAR = "800px";

  /** Bytes of a base64 text, as the DataView that Jupyter gives to widgets. */
  function decodeBase64(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = characters.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  /** The model id in "IPY_MODEL_<id>" (or a bare id). */
  function modelId(reference) {
    return reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : reference;
  }

  /** Put each stored buffer at its path in the state; paths may lead through lists and objects. */
  function placeBuffers(state, buffers) {
    for (const { encoding, data, path } of buffers) {
      if (encoding !== "base64") {
        throw new Error(`a buffer at ${path.join(".")} is encoded as ${encoding}; only base64 is known`);
      }
      const parent = path.slice(0, -1).reduce((value, key) => value[key], state);
      parent[path[path.length - 1]] = decodeBase64(data);
    }
    return state;
  }

  /** Parse a page's widget state: a Map from model id to {name, state}. */
  function parseState(text) {
    const models = new Map();
    for (const [id, entry] of Object.entries(JSON.parse(text).state)) {
      models.set(id, { name: entry.model_name, state: placeBuffers({ ...entry.state }, entry.buffers ?? []) });
    }
    return models;
  }

  /** Whether two values are the same to a listener: equal numbers, texts, and lists and objects of such. */
  function isSame(a, b) {
    if (Object.is(a, b)) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b)) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length
      && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
  }

  /**
   * What a widget sees of its Python object. In a published page nothing answers on the other side, so
   * `send` does nothing; all that views of one model tell each other works.
   */
  class WidgetModel {
    constructor(state, manager) {
      this.state = { ...state };
      this.widget_manager = manager;
      this.listeners = [];
      this.unsaved = {};
    }

    get(name) {
      return this.state[name];
    }

    set(names, value) {
      const values = typeof names === "object" ? names : { [names]: value };
      const changed = Object.keys(values).filter((name) => !isSame(this.state[name], values[name]));
      for (const name of changed) {
        this.state[name] = values[name];
        this.unsaved[name] = values[name];
      }
      for (const name of changed) this.trigger(`change:${name}`, this, this.state[name]);
      if (changed.length > 0) this.trigger("change", this);
    }

    /** Python would now be told; here there is none, so that all is saved. */
    save_changes() {
      this.unsaved = {};
    }

    /** No kernel: the message goes nowhere. A widget must work without an answer. */
    send() {}

    /** Listen; several events may be named with spaces between them. `owner` groups listeners for `off`. */
    on(events, callback, owner) {
      for (const event of events.split(/\s+/)) this.listeners.push({ event, callback, owner });
    }

    /** Stop listening: whatever matches all that is given (nothing given: every listener). */
    off(events, callback, owner) {
      const named = events ? events.split(/\s+/) : null;
      this.listeners = this.listeners.filter((listener) =>
        (named && !named.includes(listener.event))
        || (callback && listener.callback !== callback)
        || (owner && listener.owner !== owner));
    }

    trigger(event, ...details) {
      // A copy: a listener may add or remove listeners.
      for (const listener of [...this.listeners]) {
        if (listener.event === event) listener.callback(...details);
      }
    }
  }

  /** The part of a model that anywidget hands to a widget; what it listens to ends with `signal`. */
  function proxyFor(model, signal) {
    const owner = Symbol("view");
    signal.addEventListener("abort", () => model.off(null, null, owner));
    return {
      get: (name) => model.get(name),
      set: (names, value) => model.set(names, value),
      save_changes: () => model.save_changes(),
      send: () => model.send(),
      on: (events, callback) => model.on(events, callback, owner),
      off: (events, callback) => model.off(events, callback, owner),
      widget_manager: model.widget_manager,
    };
  }

  /** Import a module from its text. */
  async function importText(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      return await import(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** `initialize` and `render` of a module, whose default export is an object or a function that makes one. */
  async function widgetOf(module) {
    const widget = typeof module.default === "function" ? await module.default() : module.default;
    if (typeof widget?.render !== "function") {
      throw new Error("its module has no default export with a render function");
    }
    return widget;
  }

  /**
   * All models of a page.
   *
   * `importModule(text)` and `applyStyle(text)` are what touches the browser; tests give their own.
   */
  class WidgetManager {
    constructor(models, { importModule, applyStyle }) {
      this.importModule = importModule;
      this.applyStyle = applyStyle;
      this.models = new Map();
      this.widgets = new Map();
      for (const [id, { state }] of models) this.models.set(id, new WidgetModel(state, this));
    }

    /** The model of an id or of an "IPY_MODEL_<id>" reference. */
    async get_model(reference) {
      const model = this.models.get(modelId(reference));
      if (!model) throw new Error(`the page stores no state for the widget ${modelId(reference)}`);
      return model;
    }

    /** Import and initialise the widget of a model, once however many views it has. */
    start(model) {
      if (!this.widgets.has(model)) this.widgets.set(model, this.startOnce(model));
      return this.widgets.get(model);
    }

    async startOnce(model) {
      const source = model.get("_esm");
      if (!source) throw new Error("it has no module of its own and needs Python");
      const widget = await widgetOf(await this.importModule(source));
      const { signal } = new AbortController();
      await widget.initialize?.({ model: proxyFor(model, signal), signal, experimental: experimental() });
      return widget;
    }

    /** Draw one view of a model into an element; the promise gives a function that takes it away again. */
    async render(reference, el) {
      const model = await this.get_model(reference);
      const widget = await this.start(model);
      const style = model.get("_css");
      if (style) this.applyStyle(style);
      const controller = new AbortController();
      const cleanup = await widget.render({
        model: proxyFor(model, controller.signal),
        el,
        signal: controller.signal,
        experimental: experimental(),
      });
      return () => {
        controller.abort();
        if (typeof cleanup === "function") cleanup();
      };
    }
  }

  /** What anywidget calls experimental: questions to Python, which nobody answers here. */
  function experimental() {
    return { invoke: async () => { throw new Error("there is no Python behind a published page"); } };
  }

  /** A function that adds each style sheet to the document once. */
  function styleAdder(document) {
    const added = new Set();
    return (text) => {
      if (added.has(text)) return;
      added.add(text);
      const style = document.createElement("style");
      style.textContent = text;
      document.head.append(style);
    };
  }

  /** Draw a widget into its box; a widget that fails says so in its box, and the page lives on. */
  async function fill(box, manager) {
    const el = box.ownerDocument.createElement("div");
    const note = [...box.childNodes];
    box.dataset.widgetState = "starting";
    try {
      box.append(el);
      const remove = await manager.render(box.dataset.widgetModel, el);
      note.forEach((node) => node.remove());
      box.dataset.widgetState = "running";
      return remove;
    } catch (error) {
      el.remove();
      const message = box.ownerDocument.createElement("p");
      message.className = "book-widget__note";
      message.textContent = `This widget could not start: ${error.message || error}. `
        + "The rest of the page works without it.";
      box.replaceChildren(message);
      box.dataset.widgetState = "failed";
      root.console.error(error);
      return () => {};
    }
  }

  /** Start the widgets of a document, each when it comes near the screen. */
  function start(document) {
    const boxes = document.querySelectorAll("[data-widget-model]");
    const script = document.querySelector(`script[type="${STATE_TYPE}"]`);
    if (boxes.length === 0 || !script) return;
    const manager = new WidgetManager(parseState(script.textContent), {
      importModule: importText,
      applyStyle: styleAdder(document),
    });
    const observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        fill(target, manager);
      }
    }, { rootMargin: NEAR });
    boxes.forEach((box) => observer.observe(box));
    // Paper shows every widget, wherever the reader has scrolled to.
    root.addEventListener("beforeprint", () => {
      observer.disconnect();
      boxes.forEach((box) => { if (!box.dataset.widgetState) fill(box, manager); });
    });
  }

  const host = {
    WidgetModel, WidgetManager, parseState, placeBuffers, decodeBase64, isSame, fill, styleAdder, start,
  };
  if (typeof module === "object" && module.exports) module.exports = host;
  else start(root.document);
}(globalThis));
