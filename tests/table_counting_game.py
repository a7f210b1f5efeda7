"""Rounds, answers, slips and judgements of CountingGame's Python side: counting_game.test.mjs compares."""

from __future__ import annotations

import json
import math

import numpy as np

from notmagic.widgets.counting_game import (
    CHANGES,
    LARGEST_SEED,
    _layer,
    _multiplications,
    _output_shape,
    _parameters,
    catalogue,
    judge,
    make_round,
    right_answer,
    slips,
)

QUESTIONS = {
    "conv": ("shape", "parameters", "multiplications"), "pool": ("shape", "parameters"),
    "dense": ("parameters", "multiplications"), "flatten": ("shape",),
}  # fmt: skip


def random_layer(random: np.random.Generator) -> dict:
    """Any layer that fits, also such as no level makes: large strides, many groups, wide pictures."""
    kind = str(random.choice(list(QUESTIONS), p=(0.7, 0.1, 0.1, 0.1)))
    number = lambda low, high: int(random.integers(low, high + 1))  # noqa: E731 -- it draws
    shape = [number(1, 40), number(1, 40), number(1, 24)]
    if kind == "dense":
        return _layer(kind, [number(1, 5000)], filters=number(1, 500))
    if kind == "flatten":
        return _layer(kind, shape)
    padding = number(0, 3)
    kernel = number(1, min(shape[:2]) + 2 * padding)
    if kind == "pool":
        kernel = number(1, min(shape[:2]))
        return _layer(kind, shape, kernel, stride=number(1, 4))
    filters = number(1, 24)
    common = math.gcd(shape[2], filters)
    if random.integers(2):  # or hardly any two numbers could be divided
        shape[2], filters = number(1, 6) * 4, number(1, 6) * 4
        common = math.gcd(shape[2], filters)
    groups = int(random.choice([divisor for divisor in range(1, common + 1) if common % divisor == 0]))
    return _layer(kind, shape, kernel, filters, number(1, 5), padding, groups, bool(random.integers(4)))


def layers(count: int = 600) -> list[dict]:
    """Random layers and what geometry counts of them."""
    random, cases = np.random.default_rng(10), []
    for _ in range(count):
        layer = random_layer(random)
        cases.append({
            "layer": layer, "shape": _output_shape(layer), "parameters": _parameters(layer),
            "multiplications": _multiplications(layer),
        })  # fmt: skip
    return cases


def answers(task: dict, random: np.random.Generator) -> list:
    """Answers to judge: the right one, each slip's, and some that nothing explains."""
    right = right_answer(task)
    if isinstance(right, str):
        return ["A", "B", "same"]
    given = [right]
    for _, value in slips(task):
        if len(right) == 3:
            given.append([*value, right[2]] if len(value) == 2 else [*right[:2], *value])
            given.append([*value, right[2] + 7] if len(value) == 2 else [right[0] + 9, right[1], *value])
        else:
            given.append(value)
    if len(right) == 1:
        given += [[right[0] * 10], [right[0] // 100], [right[0] + 3], [right[0] + right[0] // 51]]
    given.append([int(entry) for entry in random.integers(0, 10**6, len(right))])
    return given


def judged(task: dict, random: np.random.Generator) -> dict:
    """Judge answers to one round."""
    judgements = []
    for given in answers(task, random):
        right, names = judge(task, given)
        judgements.append({"given": given, "right": right, "names": names})
    return {"task": task, "right": right_answer(task), "slips": slips(task), "judgements": judgements}


def tasks(count: int = 500) -> list[dict]:
    """Ask every question about random layers."""
    random, cases = np.random.default_rng(11), []
    for _ in range(count):
        layer = random_layer(random)
        question = str(random.choice(QUESTIONS[layer["kind"]]))
        cases.append(judged({"question": question, "layers": [layer]}, random))
    return cases


def rounds() -> list[dict]:
    """Rounds of all levels: the first of many seeds, and many of a few."""
    random = np.random.default_rng(12)
    places = [(level, seed, number) for level in (1, 2, 3) for seed in range(25) for number in (1, 2, 3)]
    places += [(level, seed, number) for level in (1, 2, 3) for seed in (7, LARGEST_SEED)
               for number in range(4, 290, 3)]  # fmt: skip
    return [{"place": place} | judged(make_round(*place), random) for place in places]


def lists() -> dict:
    """Return the layers of real networks and the names of changes."""
    return {"layers": catalogue(), "changes": CHANGES}


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (layers, tasks, rounds, lists)}))
