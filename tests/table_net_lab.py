"""Print what Python computes, as JSON, for tests/js/net_lab.test.mjs to compare with.

Random numbers come from NumPy; forward and backward passes and whole runs from the NumPy side of the widget;
gradients also from differences of the loss, which share no code with the way back through the layers.
"""

from __future__ import annotations

import json

import numpy as np

from notmagic.layers import Dense
from notmagic.widgets._arithmetic import cross_entropy
from notmagic.widgets.net_lab import ACTIVATIONS, NetLab, first_weights, forward, gradients

DEPTHS = ([], [1], [4], [8], [4, 2], [3, 5], [8, 8, 8], [2, 6, 3])
SEEDS = (*range(60), 99, 1000, 9999, 12_345, 99_993, 2**31, 2**32 - 1)


def flat(weights: list[np.ndarray]) -> list[float]:
    """Lay the arrays of all layers end to end."""
    return np.concatenate([array.ravel() for array in weights]).tolist()


def random() -> list[dict]:
    """Return the first numbers of many seeds."""
    return [{"seed": seed, "numbers": np.random.default_rng(seed).random(12).tolist()} for seed in SEEDS]


def starts() -> list[dict]:
    """Return the first weights of the course's own layers, in float64."""
    rows = []
    for layers in DEPTHS:
        for seed in (0, 7, 9999):
            weights, inputs = [], 2
            for i, units in enumerate([*layers, 1]):
                dense = Dense(units, seed=10 * seed + i, dtype="float64")
                dense.build((None, inputs))
                weights += dense.get_weights()
                inputs = units
            rows.append({"layers": layers, "seed": seed, "weights": flat(weights)})
    return rows


def slopes_by_differences(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray, kind: str) -> list[float]:
    """Nudge each weight to both sides and see what the loss does."""
    found, nudge = [], 1e-6
    for array in weights:
        for place in np.ndindex(array.shape):
            losses = []
            for side in (nudge, -nudge):
                array[place] += side
                losses.append(cross_entropy(forward(weights, x, kind)[-1][:, 0], y))
                array[place] -= side
            found.append((losses[0] - losses[1]) / (2 * nudge))
    return found


def passes() -> list[dict]:
    """Return one pass forward and back through each network, from weights that are not the first ones."""
    numbers, rows = np.random.default_rng(1), []
    for layers in DEPTHS:
        for kind in ACTIVATIONS:
            weights = [w + numbers.normal(0, 0.5, w.shape) for w in first_weights(layers, 3)]
            x, y = numbers.uniform(-1, 1, (23, 2)), numbers.integers(0, 2, 23)
            answers = forward(weights, x, kind)
            rows.append({
                "layers": layers, "activation": kind, "weights": flat(weights), "x": x.ravel().tolist(),
                "y": y.tolist(), "answers": [answer.T.ravel().tolist() for answer in answers],
                "loss": cross_entropy(answers[-1][:, 0], y),
                "slopes": flat(gradients(weights, x, y, kind)),
                "differences": slopes_by_differences(weights, x, y, kind),
            })  # fmt: skip
    return rows


def labs() -> list[NetLab]:
    """Make widgets of many kinds, some with a learning rate that changed on the way."""
    made = [
        NetLab(
            name, layers=layers, activation=kind, learning_rate=rate, momentum=momentum, seed=seed, steps=60
        )
        for name, layers, kind, rate, momentum, seed in [
            ("circles", (4, 2), "tanh", 0.3, 0, 0), ("circles", (), "tanh", 1, 0, 1),
            ("xor", (3,), "relu", 0.1, 0.9, 2), ("moons", (8, 8), "sigmoid", 1, 0.9, 3),
            ("spirals", (8, 8, 8), "tanh", 0.1, 0.5, 4), ("blobs", (1,), "relu", 0.003, 0, 5),
        ]
    ]  # fmt: skip
    made[0].learning_rate = 0.1
    made[0].steps = 90
    made[0].momentum = 0.9
    made[0].steps = 130
    points = np.random.default_rng(8).uniform(-2, 2, (12, 2)), np.arange(12) % 2
    made.append(NetLab(data={'my "own"': points}, layers=[2], learning_rate=0.25, steps=20))
    made.append(NetLab("blobs"))
    return made


def runs() -> list[dict]:
    """Return whole runs: losses, last weights, scores and the code."""
    rows = []
    for lab in labs():
        weights, losses = lab.run()
        entry = next(entry for entry in lab.sets if entry["name"] == lab.data_name)
        rows.append({
            "set": entry, "layers": lab.layers, "activation": lab.activation, "schedule": lab.schedule,
            "seed": lab.seed, "steps": lab.steps,
            "training": [lab.training[0].ravel().tolist(), lab.training[1].tolist()],
            "test": [lab.test[0].ravel().tolist(), lab.test[1].tolist()],
            "weights": flat(weights), "losses": losses, "scores": lab.scores(), "code": lab.code(),
            "params": lab.count_params(),
        })  # fmt: skip
    return rows


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (random, starts, passes, runs)}))
