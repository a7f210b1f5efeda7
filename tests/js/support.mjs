// What the tests of the widgets' arithmetic share: a widget's module as a page gets it, Python's results.
//   PYTHON=.venv/bin/python node --test tests/js/fit_line.test.mjs
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const tests = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a Python program prints; it may import the package and the modules of the tests. */
export function python(...args) {
  return execFileSync(process.env.PYTHON ?? "python3", args, {
    encoding: "utf-8",
    env: { ...process.env, PYTHONPATH: `${dirname(tests)}:${tests}` },
    maxBuffer: 2 ** 28,
  });
}

/** A table that a script of the tests prints as JSON: computed anew at each run, never stored. */
export const pythonTable = (script) => JSON.parse(python(join(tests, script)));

/** Import a widget's module, such as "fit_line.js", or the kit, from its text, as a page does. */
export async function load(name) {
  const text = python("-c", `from notmagic.widgets._module import module_text; print(module_text("${name}"))`);
  return import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
}

export function assertClose(actual, expected, tolerance, message) {
  assert.equal(actual.length, expected.length, message);
  actual.forEach((value, i) => {
    const close = Math.abs(value - expected[i]) <= tolerance;
    assert.ok(close, `${message}: ${value} is not ${expected[i]} (entry ${i})`);
  });
}
