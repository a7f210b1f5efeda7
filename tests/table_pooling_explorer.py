"""Pooled maps and gradients from the layers, printed as JSON: pooling_explorer.test.mjs compares its own."""

from __future__ import annotations

import itertools
import json

import numpy as np
from scipy import ndimage

from notmagic import geometry
from notmagic.layers import AveragePooling2D, MaxPooling2D


def sizes() -> list[dict]:
    """Windows and pixels left over along one direction, for all settings that the widget can have."""
    settings = itertools.product(range(4, 17), range(1, 5), range(1, 5))
    return [
        {"n": n, "f": f, "s": s, "windows": geometry.output_size(n, f, s), "left": geometry.leftover(n, f, s)}
        for n, f, s in settings
    ]


def some_maps() -> list[np.ndarray]:
    """Maps with many equal numbers, with fractions, below zero, and not square."""
    random = np.random.default_rng(9)
    maps = [random.integers(0, 4, random.integers(4, 17, 2)).astype(float) for _ in range(12)]
    maps += [random.normal(0, 20, random.integers(4, 17, 2)) for _ in range(6)]
    return [*maps, -np.abs(maps[0]) - 1, np.zeros((5, 4))]


def poolings() -> list[dict]:
    """Each map at random settings: pooled, shifted, compared, and the gradient of one pooled number."""
    random, cases = np.random.default_rng(10), []
    for values, how, _ in itertools.product(some_maps(), ("max", "average", "sum"), range(4)):
        f, s = (int(number) for number in random.integers(1, 5, 2))
        shift = [int(number) for number in random.integers(-3, 4, 2)]
        shifted = ndimage.shift(values, shift, order=0)  # zeros come in
        layer = (MaxPooling2D if how == "max" else AveragePooling2D)(f, s, dtype="float64")
        factor = f * f if how == "sum" else 1  # a sum is a mean times the pixels of a window
        before, after = (factor * layer(array[None, :, :, None])[0, :, :, 0] for array in (values, shifted))
        row, col = (int(random.integers(side)) for side in before.shape)
        upstream = np.zeros((1, *before.shape, 1))
        upstream[0, row, col, 0] = factor
        cases.append({
            "height": values.shape[0], "width": values.shape[1], "values": values.ravel().tolist(),
            "how": how, "f": f, "s": s, "shift": shift, "row": row, "col": col,
            "shifted": shifted.ravel().tolist(), "shape": before.shape,
            "before": before.ravel().tolist(), "after": after.ravel().tolist(),
            "gradient": layer.backward(upstream)[0, :, :, 0].ravel().tolist(),  # through the shifted map
            "same": int(np.isclose(before, after).sum()), "inputSame": int((values == shifted).sum()),
            "notZero": int((np.isclose(before, after) & ~np.isclose(before, 0)).sum()),
        })  # fmt: skip
    return cases


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (sizes, poolings)}))
