"""Widgets in the built pages: a box for each view, and the state that the static host needs.

A notebook stores, for each widget it shows, a view (which model) and, in its metadata, the state of all
models. An anywidget brings its own front end, so it lives in the page without Python: it gets a box that
``static/widget-host.js`` fills. Any other widget is nothing without Python: it shows the pictures or the
text stored with it, and says where it can be used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"
REFERENCE = "IPY_MODEL_"
CONTAINERS = {"BoxModel", "HBoxModel", "VBoxModel", "GridBoxModel"}
VIEW_SCRIPT = re.compile(
    rf'<script type="{re.escape(VIEW_MIME)}">(?P<view>.*?)</script>', re.DOTALL
)
NEEDS_PYTHON = "This control needs Python: open this page in Binder or Colab (the Run menu at the top)."
NEEDS_JAVASCRIPT = "This widget needs JavaScript."


@dataclass
class StoredWidgets:
    """The widgets that a notebook stores.

    Attributes
    ----------
    models : dict
        Model id to the entry of the stored state (``model_name``, ``state``, ``buffers``).
    texts : dict
        Model id to the text that Python prints for the widget.
    """

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> StoredWidgets:
        """Read what a notebook file stores; nothing for any other file."""
        if path.suffix != ".ipynb":
            return cls()
        notebook = json.loads(path.read_text(encoding="utf-8"))
        stored = cls(notebook["metadata"].get("widgets", {}).get(STATE_MIME, {}).get("state", {}))
        for cell in notebook["cells"]:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if VIEW_MIME in data:
                    stored.texts[data[VIEW_MIME]["model_id"]] = "".join(data.get("text/plain", ""))
        return stored

    def is_alive(self, model: str) -> bool:
        """Say whether a model brings its own front end, so that it needs no Python."""
        return bool(self.models[model]["state"].get("_esm"))

    def reachable(self, roots: set[str]) -> set[str]:
        """Give the models that the given ones refer to, directly or not, and themselves."""
        found: set[str] = set()
        waiting = [model for model in roots if model in self.models]
        while waiting:
            model = waiting.pop()
            if model not in found:
                found.add(model)
                waiting += [one for one in _references(self.models[model]["state"]) if one in self.models]
        return found

    def page_state(self, html: str) -> str:
        """Give the state that the boxes in a page need, as JSON for a script element.

        Parameters
        ----------
        html : str
            The page's body, with boxes as :func:`boxes_for_views` writes them.

        Returns
        -------
        str
            Empty where the page has no living widget.
        """
        roots = set(re.findall(r'data-widget-model="([^"]+)"', html))
        if not roots:
            return ""
        models = {model: self.models[model] for model in sorted(self.reachable(roots))}
        document = {"version_major": 2, "version_minor": 0, "state": models}
        # "</" would end the script element.
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")


def _references(value: Any) -> Iterator[str]:
    """Find the model ids in "IPY_MODEL_<id>" texts, however deep they lie."""
    if isinstance(value, str) and value.startswith(REFERENCE):
        yield value.removeprefix(REFERENCE)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def boxes_for_views(html: str, stored: StoredWidgets) -> tuple[str, list[str]]:
    """Replace the view scripts that MyST-NB writes by boxes.

    Parameters
    ----------
    html : str
        A piece of a page.
    stored : StoredWidgets
        What the page's notebook stores.

    Returns
    -------
    html : str
        The piece with boxes.
    lost : list of str
        The ids of views whose state is not stored.
    """
    lost: list[str] = []

    def box(match: re.Match[str]) -> str:
        model = json.loads(match["view"])["model_id"]
        if model not in stored.models:
            lost.append(model)
        return _box(model, stored)

    return VIEW_SCRIPT.sub(box, html), lost


def _box(model: str, stored: StoredWidgets) -> str:
    text = stored.texts.get(model, "")
    if model not in stored.models:
        return _still(f"<pre>{escape(text)}</pre>")
    entry = stored.models[model]
    if stored.is_alive(model):
        name = str(entry["state"].get("_anywidget_id", "widget")).rsplit(".", 1)[-1]
        note = f'<p class="book-widget__note">{NEEDS_JAVASCRIPT}</p>'
        return (f'<div class="book-widget" data-widget-model="{escape(model)}" '
                f'data-widget-name="{escape(name)}">{note}</div>')
    children = list(_references(entry["state"].get("children", [])))
    if entry["model_name"] in CONTAINERS and any(map(stored.is_alive, stored.reachable(set(children)))):
        boxes = "".join(_box(child, stored) for child in children)
        return f'<div class="book-widget-stack" data-widget-container="{entry["model_name"]}">{boxes}</div>'
    return _still(_stored_outputs(model, stored) or f"<pre>{escape(text)}</pre>")


def _still(content: str) -> str:
    return f'<div class="book-widget-still">{content}<p class="book-widget__note">{NEEDS_PYTHON}</p></div>'


def _stored_outputs(model: str, stored: StoredWidgets) -> str:
    """Give what the output areas inside a widget showed when it was stored."""
    pieces = []
    for one in sorted(stored.reachable({model})):
        for output in stored.models[one]["state"].get("outputs", []):
            data = output.get("data", {})
            text = "".join(output.get("text", data.get("text/plain", "")))
            if "image/png" in data:
                png = "".join(data["image/png"]).replace("\n", "")
                pieces.append(f'<img src="data:image/png;base64,{png}" '
                              'alt="What this control showed when the page was made.">')
            elif text:
                pieces.append(f"<pre>{escape(text)}</pre>")
    return "".join(pieces)
