"""Print what Python computes, as JSON, for tests/js/cat_windows.test.mjs to compare with.

Sizes and counts come from `notmagic.geometry`, scores and shares from plain loops over the windows.
"""

from __future__ import annotations

import itertools
import json

import numpy as np

from notmagic import geometry
from notmagic.widgets import CatWindows

SIDE, CAT = 64, 32
STRIDES = (32, 16, 8, 4, 2, 1)


def noise(seed: int = 0, **arguments: object) -> CatWindows:
    """Return a widget with scenes, cat and neurons of noise: nothing in it is trained, so it is quick."""
    random = np.random.default_rng(seed)
    scenes = {name: random.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for name in ("one", "two")}
    cat = random.integers(0, 256, (CAT, CAT, 3), np.uint8)
    neurons = {k: (random.normal(0, 0.1, (k, k, 3)), float(random.normal())) for k in (32, 24, 16)}
    return CatWindows(scenes, cat, neurons, **arguments)


def score_slowly(widget: CatWindows) -> np.ndarray:
    """Score window by window; the neuron is read from the traits that the page gets."""
    entry = next(entry for entry in widget.detectors if entry["size"] == widget.window)
    k, s = widget.window, widget.stride
    whole = np.frombuffer(widget.weights, "<i2")[entry["offset"] : entry["offset"] + k * k * 3]
    weights = whole.reshape(k, k, 3) * entry["step"]
    picture = widget.picture() / 255 - 0.5
    along = len(range(0, SIDE - k + 1, s))
    scores = np.empty((along, along))
    for row, column in np.ndindex(along, along):
        window = picture[row * s : row * s + k, column * s : column * s + k]
        scores[row, column] = (window * weights).sum() + entry["bias"]
    return scores


def neurons() -> list[dict]:
    """Neurons as bytes, and their weights."""
    widget = noise()
    return [{
        "entry": entry, "bytes": list(widget.weights),
        "weights": widget._neurons[entry["size"]][0].ravel().tolist(),
    } for entry in widget.detectors]  # fmt: skip


def scores() -> list[dict]:
    """Scores of every window, with the cat in several places and without it."""
    random, cases = np.random.default_rng(1), []
    for k, s in itertools.product((32, 24, 16), STRIDES):
        widget = noise(3, window=k, stride=s)
        for top, left in [(0, 0), (32, 32), random.integers(0, 33, 2).tolist()]:
            widget.top, widget.left = top, left
            scores = score_slowly(widget)
            row, column = widget.winner()
            cases.append({
                "size": k, "stride": s, "top": top, "left": left, "scores": scores.ravel().tolist(),
                "best": row * scores.shape[1] + column, "probability": widget.probability(),
            })  # fmt: skip
    widget = noise(3)
    return [{
        "scene": list(widget.pixels[: SIDE * SIDE * 3]), "cat": list(widget.cat_pixels),
        "detectors": widget.detectors, "weights": list(widget.weights), "cases": cases,
    }]  # fmt: skip


def counts() -> list[dict]:
    """Counts for every window and stride, here and at four times the size."""
    rows = []
    for size, stride, scale in itertools.product((32, 24, 16, 7), STRIDES, (1, 4)):
        n, f, s = SIDE * scale, size * scale, stride * scale
        along = geometry.output_size(n, f, s)
        rows.append({
            "size": size, "stride": stride, "scale": scale,
            "counts": {
                "along": along, "windows": along**2, "parameters": geometry.conv2d_params(f, 3, 1),
                "multiplications": geometry.conv2d_multiplications((n, n, 3), f, 1, s),
                "wholeParameters": geometry.dense_params(n * n * 3, 1),
            },
        })  # fmt: skip
    return rows


def shares() -> list[dict]:
    """How much of one window is cat, and how much of any, counted pixel by pixel."""
    random, rows = np.random.default_rng(5), []
    for _ in range(100):
        size, stride = int(random.choice([32, 24, 16])), int(random.choice(STRIDES))
        top, left = random.integers(0, SIDE - CAT + 1, 2).tolist()
        y, x = random.integers(0, SIDE - size + 1, 2).tolist()
        mask = np.zeros((SIDE, SIDE))
        mask[top : top + CAT, left : left + CAT] = 1
        share = mask[y : y + size, x : x + size].mean()
        starts = range(0, SIDE - size + 1, stride)
        most = max(mask[r : r + size, c : c + size].mean() for r, c in itertools.product(starts, starts))
        rows.append({
            "size": size, "y": y, "x": x, "top": top, "left": left, "share": share, "stride": stride,
            "most": most,
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (neurons, scores, counts, shares)}))
