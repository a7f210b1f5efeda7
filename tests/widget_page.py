"""A page with one widget in it, run by the project's own static host: for browser tests and benchmarks."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import ipywidgets
from ipywidgets.embed import dependency_state, embed_data

import notmagic.book

HOST = Path(notmagic.book.__file__).parent / "static" / "widget-host.js"

# The host starts by itself in a built page; here it gives its parts, so that a test can reach the model.
_START = """
const host = window.module.exports;
const state = document.getElementById("state").textContent;
const manager = new host.WidgetManager(host.parseState(state), {
  importModule: async (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))),
  applyStyle: host.styleAdder(document),
});
const boxes = [...document.querySelectorAll("[data-widget-model]")];
window.model = await manager.get_model(boxes[0].dataset.widgetModel);
window.removers = await Promise.all(boxes.map((box) => host.fill(box, manager)));
document.body.dataset.ready = "true";
"""


def widget_page(widget: ipywidgets.Widget, views: int = 1, theme: str = "light", width: str = "100%") -> str:
    """Return a whole HTML page.

    Parameters
    ----------
    widget : ipywidgets.Widget
    views : int
        How many views of the one model to show.
    theme : str
        "light" or "dark", said as the book's theme says it.
    width : str
        Width of the column that holds the widget, in CSS.
    """
    # This widget's own state: left out, that of every widget of the process would be put into the page.
    own = dependency_state([widget], drop_defaults=False)
    state = json.dumps(embed_data(views=[widget], state=own)["manager_state"]).replace("</", "<\\/")
    box = f'<div data-widget-model="{escape(widget.model_id)}"></div>'
    return f"""<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A widget</title>
<style>body {{ margin: 0; padding: 16px; background: #fff }}
[data-theme=dark] body {{ background: #14181e }} main {{ width: {width}; margin: auto }}
h1 {{ position: absolute; clip-path: inset(50%) }}</style>
</head>
<body>
<main><h1>A widget</h1>{box * views}</main>
<script type="application/json" id="state">{state}</script>
<script>window.module = {{ exports: {{}} }};</script>
<script>{HOST.read_text(encoding="utf-8")}</script>
<script type="module">{_START}</script>
</body>
</html>"""
