"""What units see, from geometry and from lighting one pixel at a time: receptive_field.test.mjs compares."""

from __future__ import annotations

import json

import numpy as np

from notmagic import geometry
from notmagic.widgets.receptive_field import LARGEST_STRIDE, LAYER_SIZES, MOST_LAYERS, SIDES, _sizes


def ways_forward(side: int, layers: list[list]) -> np.ndarray:
    """Light each pixel of a line, one at a time, and add up windows: float64, (pixels, units)."""
    lines = np.eye(side)
    for _, size, stride, padding in layers:
        padded = np.pad(lines, [(0, 0), geometry.pad_amounts(lines.shape[1], size, stride, padding)])
        starts = range(0, padded.shape[1] - size + 1, stride)
        lines = np.stack([padded[:, start : start + size].sum(axis=1) for start in starts], axis=1)
    return lines


def random_stack(random: np.random.Generator) -> tuple[int, list[list]]:
    """A side and one to six layers, of which not all need fit."""
    layers = []
    for _ in range(random.integers(1, MOST_LAYERS + 1)):
        kind = str(random.choice(list(LAYER_SIZES)))
        stride = int(random.choice([1, 1, 1, 2, 2, 3, LARGEST_STRIDE]))
        padding = "same" if random.random() < 0.4 else 0
        layers.append([kind, int(random.choice(LAYER_SIZES[kind])), stride, padding])
    return int(random.integers(SIDES[0], SIDES[1] + 1)), layers


def stacks(count: int = 150) -> list[dict]:
    """Random stacks: sizes, fields, jumps; for some units the patch and the ways to every pixel of a line."""
    random, cases = np.random.default_rng(9), []
    for _ in range(count):
        side, layers = random_stack(random)
        sizes = _sizes(side, layers)
        fitting = layers[: len(sizes) - 1]
        pairs = [layer[1:3] for layer in fitting]
        fields = [geometry.receptive_field(pairs[:end]) for end in range(len(sizes))]
        units = []
        for layer in range(len(sizes)):
            ways = ways_forward(side, fitting[:layer])
            for unit in {0, int(random.integers(sizes[layer])), sizes[layer] - 1}:
                stack = [part[1:] for part in fitting[:layer]]
                patch = geometry.receptive_patch(side, stack, (unit, unit))[0]
                units.append({
                    "layer": layer, "unit": unit, "ways": ways[:, unit].tolist(),
                    "patch": [patch.start, patch.stop - patch.start],
                })  # fmt: skip
        cases.append({
            "side": side, "layers": layers, "sizes": sizes, "units": units,
            "fields": [field.size[0] for field in fields], "jumps": [field.jump[0] for field in fields],
        })  # fmt: skip
    return cases


def limits() -> dict:
    """Return what a layer can be."""
    return {"sizes": LAYER_SIZES, "most": MOST_LAYERS}


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (stacks, limits)}))
