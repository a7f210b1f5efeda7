"""Histories and what Python says of them: training_replay.test.mjs compares."""

from __future__ import annotations

import base64
import json

import numpy as np

from notmagic.datasets import CLASS_NAMES
from notmagic.datasets.stand_in import draw
from notmagic.widgets import TrainingReplay


def some_probabilities(
    random: np.random.Generator, labels: np.ndarray, epochs: int, classes: int = 10, skill: float = 4.0
) -> np.ndarray:
    """Return what a network that learns might give, float16 (epochs, N, classes)."""
    shape = (epochs, len(labels), classes)
    logits = 1.5 * random.normal(size=(1, *shape[1:])) + random.normal(size=shape)
    gain = skill * np.arange(1, epochs + 1) / epochs
    logits[:, np.arange(len(labels)), labels] += gain[:, None] + random.normal(size=len(labels))
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    return (shares / shares.sum(axis=2, keepdims=True)).astype(np.float16)


def some_run(seed: int, name: str, labels: np.ndarray, epochs: int = 10, skill: float = 4.0) -> dict:
    """Return a run as `TrainingReplay` takes it, with three curves of accuracy and two of loss."""
    random = np.random.default_rng(seed)
    rise = 1 - 0.6 * np.exp(-np.arange(epochs) / 4)
    curves = {
        f"{kind} accuracy": (top * rise + 0.01 * random.random(epochs)).tolist()
        for kind, top in (("training", 0.85), ("validation", 0.75), ("test", 0.74))
    }
    curves |= {
        f"{kind} loss": (low + 1.2 * np.exp(-np.arange(epochs) / 3)).tolist()
        for kind, low in (("training", 0.4), ("validation", 0.8))
    }
    probabilities = some_probabilities(random, labels, epochs, skill=skill)
    return {"name": name, "curves": curves, "probabilities": probabilities}


def replay(
    pictures: bool = True, count: int = 40, epochs: int = 10, runs: int = 2, **settings: object
) -> TrainingReplay:
    """Return a widget with a learning history of drawn pictures."""
    data = draw(train=10, test=max(count, 10))
    labels = data.y_test[:count].astype(int)
    given = [some_run(1, "chapter 11", labels, epochs, 2.5), some_run(2, "chapter 12", labels, epochs, 5.0)][
        :runs
    ]
    images = data.x_test[:count] if pictures else None
    return TrainingReplay(given, images, labels, **settings)


def histories(count: int = 30) -> list[dict]:
    """Random histories: what the page gets, and Python's answers, counts and changes."""
    random, rows = np.random.default_rng(8), []
    for case in range(count):
        epochs, pictures, classes = (int(random.integers(*ends)) for ends in ((1, 13), (1, 51), (2, 11)))
        labels = random.integers(0, classes, pictures)
        runs = []
        for name in ("one", "two")[: random.integers(1, 3)]:
            given = some_probabilities(random, labels, epochs, classes, skill=float(random.uniform(0, 6)))
            if case % 3 == 0:
                given = np.eye(classes)[given.argmax(axis=2)]  # certain of everything
            runs.append({"name": name, "curves": {"accuracy": [0.5] * epochs}, "probabilities": given})
        widget = TrainingReplay(runs, labels=labels, class_names=CLASS_NAMES[:classes])
        changed = []
        for epoch in range(1, epochs + 1):
            widget.epoch = epoch
            changed.append([widget.changed(run).tolist() for run in range(len(runs))])
        rows.append({
            "bytes": base64.b64encode(widget.probabilities).decode(), "labels": labels.tolist(),
            "classes": classes, "epochs": epochs, "starts": [run["start"] for run in widget.runs],
            "answers": [widget.answers(run).tolist() for run in range(len(runs))],
            "right": [widget.right_counts(run).tolist() for run in range(len(runs))],
            "given": [np.asarray(run["probabilities"], float).ravel().tolist() for run in runs],
            "last": [np.asarray(run["probabilities"], float)[:, -1, -1].tolist() for run in runs],
            "changed": changed,
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    print(json.dumps({"histories": histories()}))
