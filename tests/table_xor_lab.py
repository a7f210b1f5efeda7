"""Print what NumPy computes, as JSON, for tests/js/xor_lab.test.mjs to compare with. Nothing is stored."""

from __future__ import annotations

import json

import numpy as np

from notmagic.widgets.xor_lab import PRESETS, ROWS, TARGETS, XorLab, preset_weights


def random_labs(count: int = 40) -> list[XorLab]:
    """Labs with weights of every number of hidden units, also large ones, and every target."""
    random, labs = np.random.default_rng(4), []
    for i in range(count):
        lab = XorLab("random", hidden=i % 4, target=list(TARGETS)[i % len(TARGETS)])
        scale = (1, 5, 60)[i % 3]
        lab.weights = [random.normal(0, scale, len(unit)).tolist() for unit in lab.weights]
        labs.append(lab)
    return labs


def presets() -> list[dict]:
    """Every preset with every number of hidden units and several seeds."""
    return [
        {"preset": name, "hidden": hidden, "seed": seed, "weights": preset_weights(name, hidden, seed)}
        for name in PRESETS
        for hidden in range(4)
        for seed in (0, 1, 99, 2**31 + 5)
    ]


def tables() -> list[dict]:
    """Truth tables of both kinds of units."""
    cases = []
    for lab in random_labs():
        for activation in ("step", "sigmoid"):
            lab.activation = activation
            hidden, output = lab.forward(ROWS)
            cases.append({
                "weights": lab.weights, "target": lab.target, "activation": activation,
                "hidden": hidden.tolist(), "output": output.tolist(), "right": lab.right,
            })  # fmt: skip
    return cases


def slopes() -> list[dict]:
    """Losses and gradients."""
    cases = []
    for lab in random_labs():
        lab.activation = "sigmoid"
        cases.append(
            {"weights": lab.weights, "target": lab.target, "loss": lab.loss(), "gradients": lab.gradients()}
        )
    return cases


def runs() -> list[dict]:
    """The weights before and after 200 training steps."""
    cases = []
    for seed in range(12):
        target = list(TARGETS)[seed % len(TARGETS)]
        lab = XorLab(
            "random",
            hidden=seed % 4,
            seed=seed,
            target=target,
            activation="sigmoid",
            learning_rate=(0.3, 3.0)[seed % 2],
        )
        before = lab.weights
        lab.train(200)
        cases.append({
            "start": before, "end": lab.weights, "rate": lab.learning_rate,
            "target": target, "loss": lab.loss(),
        })  # fmt: skip
    return cases


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (presets, tables, slopes, runs)}))
