"""Lines, gradients and descents from NumPy, printed as JSON: fit_line.test.mjs compares its own with them."""

from __future__ import annotations

import json

import matplotlib
import numpy as np

from notmagic.datasets import load_houses
from notmagic.widgets.fit_line import FitLine


def point_sets() -> list[tuple[np.ndarray, np.ndarray]]:
    """Houses and random points, some of them far from 0."""
    random = np.random.default_rng(4)
    houses = load_houses(20)
    sets = [(houses.area, houses.price)]
    for size in (2, 3, 17, 60):
        x = random.normal(random.uniform(-50, 50), random.uniform(0.5, 30), size)
        sets.append((x, random.uniform(-4, 4) * x + random.normal(0, 10, size)))
    return sets


def lines() -> list[dict]:
    """Random lines with error, gradient, curvatures and the best line, straight from the sums."""
    random, cases = np.random.default_rng(5), []
    for x, y in point_sets():
        for _ in range(6):
            w, b = random.normal(0, 5), random.normal(0, 200)
            errors = w * x + b - y
            matrix = np.column_stack([x, np.ones(len(x))])
            cases.append({
                "x": x.tolist(), "y": y.tolist(), "line": [w, b],
                "error": float(np.mean(errors**2)),
                "gradient": [float(2 * np.mean(errors * x)), float(2 * np.mean(errors))],
                "best": np.linalg.lstsq(matrix, y, rcond=None)[0].tolist(),
                "curvatures": np.linalg.eigvalsh(2 / len(x) * matrix.T @ matrix).tolist(),
                "scale": [float(x.mean()), float(x.std())],
            })  # fmt: skip
    return cases


def descents() -> list[dict]:
    """Ways down, or up, as FitLine takes them in Python."""
    cases = []
    for x, y in point_sets():
        for scaled in (True, False):
            for share in (0.01, 0.6, 0.97, 1.3):  # of the learning rate above which the error explodes
                widget = FitLine(x, y, scaled=scaled, slope=0.5, intercept=3.0)
                widget.learning_rate = share * widget.largest_learning_rate()
                errors = [widget.error(), *(widget.descend() for _ in range(40))]
                cases.append({
                    "input": widget.inputs.tolist(), "y": y.tolist(), "start": [0.5, 3.0],
                    "steps": widget.steps,
                    "rate": widget.learning_rate, "end": [widget.slope, widget.intercept],
                    "errors": errors[: widget.steps + 1],
                })  # fmt: skip
    return cases


def colours() -> list[dict]:
    """Return matplotlib's viridis."""
    values = np.linspace(0, 1, 9)
    colours = 255 * matplotlib.colormaps["viridis"](values)[:, :3]  # (9, 3)
    return [{"height": 1 - v, "rgb": c} for v, c in zip(values.tolist(), colours.tolist(), strict=True)]


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (lines, descents, colours)}))
