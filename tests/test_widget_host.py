"""The widget host: its core in Node, and whole in Chromium on a page that holds good and bad widgets."""

import base64
import gzip
import json
from html import escape

import pytest
from conftest import ROOT

HOST = ROOT / "notmagic" / "book" / "static" / "widget-host.js"

COUNTER = """
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    const show = () => { button.textContent = `count ${model.get("count")}`; };
    button.addEventListener("click", () => {
      model.set("count", model.get("count") + 1);
      model.save_changes();
    });
    model.on("change:count", show);
    show();
    el.append(button);
  },
};
"""
BYTES = """
export default () => ({
  initialize({ model }) { model.set("scale", 2); },
  render({ model, el }) {
    const view = model.get("image").bytes;
    const values = Array.from({ length: view.byteLength }, (_, i) => model.get("scale") * view.getUint8(i));
    el.textContent = values.join(" ");
  },
});
"""
STATES = {
    "counter": {"_esm": COUNTER, "_css": "button { color: rgb(1, 2, 3); }", "count": 3},
    "bytes": {"_esm": BYTES, "image": {"rows": 1}},
    "throws": {"_esm": "export default { render() { throw new Error('no canvas here'); } };"},
    "broken": {"_esm": "export default {"},
}


def page_with_widgets(boxes: list[str]) -> str:
    """Write a page as the book's builder does, with the given widgets one after another."""
    models = {name: {"model_name": "AnyModel", "state": state} for name, state in STATES.items()}
    data = base64.b64encode(bytes([0, 100, 255])).decode()
    models["bytes"]["buffers"] = [{"encoding": "base64", "path": ["image", "bytes"], "data": data}]
    state = json.dumps({"version_major": 2, "version_minor": 0, "state": models})
    divs = "".join(f'<div data-widget-model="{escape(box)}"><p>needs JavaScript</p></div>' for box in boxes)
    return ('<!doctype html><html lang="en"><title>Widgets</title>'
            f'<script defer src="{HOST.as_uri()}"></script>{divs}<p id="after">The page lives on.</p>'
            f'<script type="application/vnd.jupyter.widget-state+json">{state}</script></html>')


@pytest.fixture
def toy_page(tmp_path, watch):
    """A page opened from a folder, with its widgets started: ``(page, complaints)``."""

    def make(*boxes: str):
        path = tmp_path / "page.html"
        path.write_text(page_with_widgets(list(boxes)), encoding="utf-8")
        watched = watch()
        page = watched.open(path.as_uri())
        watched.start_widgets()
        return page, watched.complaints

    return make


def test_two_views_of_one_model_count_together(toy_page):
    page, complaints = toy_page("counter", "counter")
    first, second = page.get_by_role("button").all()
    first.click()
    second.click()
    assert [first.inner_text(), second.inner_text()] == ["count 5", "count 5"]
    assert first.evaluate("(button) => getComputedStyle(button).color") == "rgb(1, 2, 3)"
    assert page.locator("style").count() == 1
    assert page.get_by_text("needs JavaScript").count() == 0
    assert complaints == []


def test_bytes_arrive_at_their_place_and_initialize_comes_first(toy_page):
    page, complaints = toy_page("bytes")
    assert page.locator("[data-widget-model]").inner_text() == "0 200 510"
    assert complaints == []


@pytest.mark.parametrize(("bad", "reason"), [
    ("throws", "no canvas here"),
    ("broken", "Unexpected end of input"),
    ("unknown", "no state for the widget unknown"),
])
def test_a_widget_that_fails_says_so_and_the_page_lives_on(toy_page, bad, reason):
    page, complaints = toy_page(bad, "counter")
    box = page.locator(f"[data-widget-model={bad}]")
    assert box.get_attribute("data-widget-state") == "failed"
    assert box.inner_text().startswith("This widget could not start: ")
    assert reason in box.inner_text()
    assert box.inner_text().endswith("The rest of the page works without it.")
    page.get_by_role("button").click()
    assert page.get_by_role("button").inner_text() == "count 4"
    assert [one for one in complaints if not one.startswith("console error")] == []


def test_printing_starts_the_widgets_that_were_never_seen(tmp_path, watch):
    path = tmp_path / "long.html"
    far = page_with_widgets(["counter"]).replace("<div ", '<div style="margin-top: 9000px" ')
    path.write_text(far, encoding="utf-8")
    page = watch().open(path.as_uri())
    box = page.locator("[data-widget-model]")
    page.wait_for_timeout(300)
    assert box.get_attribute("data-widget-state") is None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.get_by_text("count 3").wait_for()


def test_the_host_stays_a_few_kilobytes():
    assert len(gzip.compress(HOST.read_bytes())) < 5_000
