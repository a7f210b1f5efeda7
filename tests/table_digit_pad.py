"""Print what Python computes, as JSON, for tests/js/digit_pad.test.mjs to compare with.

The classifiers are scikit-learn's, trained here on the course's digits; strokes and block counts come from a
NumPy reference of the same geometry: each point of the 32 x 32 bitmap against the nearest point of a segment.
"""

from __future__ import annotations

import json
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression

from notmagic.datasets import Digits, load_digits
from notmagic.widgets import DigitPad

FINE = 32


@cache
def digits() -> Digits:
    """Load the digits once."""
    return load_digits()


def train(*classes: int) -> LogisticRegression:
    """Train on the training scans of some digits, ink from 0 to 1."""
    data = digits()
    of_these = np.isin(data.y_train, classes)
    model = LogisticRegression(max_iter=1000)
    return model.fit(data.x_train[of_these].reshape(-1, 64) / 16, data.y_train[of_these])


@cache
def trained() -> tuple[LogisticRegression, LogisticRegression]:
    """Return a classifier of the ten digits and one of 4 against 9."""
    return train(*range(10)), train(4, 9)


def ten_pad(**arguments: object) -> DigitPad:
    """Return a pad with the ten-class classifier."""
    model = trained()[0]
    return DigitPad(model.coef_.T, model.intercept_, **arguments)


def two_pad(**arguments: object) -> DigitPad:
    """Return a pad that tells 4 from 9."""
    model = trained()[1]
    return DigitPad(model.coef_[0], model.intercept_[0], class_names=("4", "9"), **arguments)


def draw(fine: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float, value: int) -> np.ndarray:
    """Return a bitmap, shape (32, 32), with a segment drawn on it; coordinates are (x, y) in points."""
    y, x = np.mgrid[:FINE, :FINE] + 0.5
    places = np.stack([x, y], axis=-1)
    along = end - start
    length = along @ along
    share = np.clip((places - start) @ along / length, 0, 1) if length else np.zeros((FINE, FINE))
    gap = np.linalg.norm(places - (start + share[..., None] * along), axis=-1)
    return np.where(gap <= radius, value, fine)


def counts(fine: np.ndarray) -> np.ndarray:
    """Return the black points of each block of 4 x 4, shape (8, 8)."""
    return fine.reshape(8, 4, 8, 4).sum(axis=(1, 3))


def strokes() -> list[dict]:
    """Random strokes of several segments, some of them out of the pad, some erased again."""
    random, rows = np.random.default_rng(3), []
    for _ in range(30):
        fine, segments = np.zeros((FINE, FINE), dtype=int), []
        for _ in range(random.integers(1, 6)):
            start, end = random.uniform(-4, 36, (2, 2))
            end = start if random.random() < 0.15 else end
            radius, value = (2.5, 1) if random.random() < 0.75 else (3.5, 0)
            fine = draw(fine, start, end, radius, value)
            segments.append([start.tolist(), end.tolist(), radius, value])
        moves = random.integers(-2, 3, 2).tolist()
        moved = np.zeros((12, 12), dtype=int)
        moved[2 + moves[0] : 10 + moves[0], 2 + moves[1] : 10 + moves[1]] = counts(fine)
        rows.append({
            "segments": segments, "fine": fine.ravel().tolist(), "counts": counts(fine).ravel().tolist(),
            "rows": [int("".join(map(str, row)), 2) for row in fine],
            "moves": moves, "moved": moved[2:10, 2:10].ravel().tolist(),
        })  # fmt: skip
    return rows


def classifier(pad: DigitPad, model: LogisticRegression, scans: np.ndarray) -> dict:
    """Return weights as the page has them, and the answers of Python and scikit-learn to scans."""
    answers = []
    for scan in scans:
        pad.pixels = scan
        x = scan.reshape(1, -1) / 16
        answers.append({
            "pixels": pad.pixels, "logits": pad.logits().tolist(),
            "probabilities": pad.probabilities().tolist(),
            "contributions": pad.contributions().ravel().tolist(), "answer": pad.answer,
            "sklearn": {
                "logits": model.decision_function(x).ravel().tolist(),
                "probabilities": model.predict_proba(x)[0].tolist(),
            },
        })  # fmt: skip
    return {"weights": pad.weights, "bias": pad.bias, "names": pad.class_names, "answers": answers}


def classifiers() -> list[dict]:
    """Both classifiers on test scans and on noise."""
    noise = np.random.default_rng(8).integers(0, 17, (10, 8, 8))
    scans = np.concatenate([digits().x_test[:50], noise, np.zeros((1, 8, 8), dtype=int)])
    ten, two = trained()
    return [classifier(ten_pad(), ten, scans), classifier(two_pad(), two, scans)]


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (strokes, classifiers)}))
