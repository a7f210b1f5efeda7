"""Print what Python computes, as JSON, for tests/js/conv_explorer.test.mjs to compare with.

Nothing is stored: sizes come from `notmagic.geometry`, convolutions from a plain loop in NumPy, filters and
colours from the Python side of the widget and from matplotlib.
"""

from __future__ import annotations

import itertools
import json

import matplotlib
import numpy as np

from notmagic import geometry
from notmagic.widgets.conv_explorer import FILTER_NAMES, _fit_filter, named_filter

PADDINGS = (0, 1, 2, 3, "valid", "same")


def sizes() -> list[dict]:
    """Sizes for every small setting; where no window fits, the message."""
    rows = []
    for n, f, s, p in itertools.product(range(1, 13), range(1, 8), range(1, 5), PADDINGS):
        row = {"n": n, "f": f, "s": s, "p": p}
        try:
            row |= {
                "size": geometry.output_size(n, f, s, p),
                "pads": geometry.pad_amounts(n, f, s, p),
                "left": geometry.leftover_parts(n, f, s, p),
                "leftover": geometry.leftover(n, f, s, p),
            }
        except ValueError as error:
            row["error"] = str(error)
        rows.append(row)
    return rows


def convolve_slowly(padded: np.ndarray, kernel: np.ndarray, stride: int, bias: float) -> np.ndarray:
    """Convolve a (H, W, C) array with a (k, k, C) filter, window by window."""
    k = kernel.shape[0]
    rows, columns = ((side - k) // stride + 1 for side in padded.shape[:2])
    out = np.empty((rows, columns))
    for y, x in np.ndindex(rows, columns):
        window = padded[y * stride : y * stride + k, x * stride : x * stride + k]
        out[y, x] = (window * kernel).sum() + bias
    return out


def convolutions(count: int = 60) -> list[dict]:
    """Random pictures, filters and settings, with their feature maps."""
    random, cases = np.random.default_rng(20), []
    while len(cases) < count:
        height, width, k, stride = (int(random.integers(1, top)) for top in (13, 13, 8, 5))
        channels, padding = int(random.choice([1, 3])), PADDINGS[random.integers(len(PADDINGS))]
        try:
            pads = [geometry.pad_amounts(side, k, stride, padding) for side in (height, width)]
        except ValueError:
            continue
        image = random.integers(0, 256, (height, width, channels))
        kernel, bias = random.normal(size=(k, k, channels)), float(random.normal())
        result = convolve_slowly(np.pad(image, [*pads, (0, 0)]), kernel, stride, bias)
        cases.append({
            "height": height, "width": width, "channels": channels, "data": image.ravel().tolist(),
            "weights": kernel.ravel().tolist(), "k": k, "stride": stride, "bias": bias, "pads": pads,
            "values": result.tolist(),
        })  # fmt: skip
    return cases


def filters() -> list[dict]:
    """Every built-in filter at every size and depth."""
    rows = []
    for name, k, c, seed in itertools.product(FILTER_NAMES, range(1, 8), (1, 3), (1, 77)):
        weights = named_filter(name, k, c, seed).ravel().tolist()
        rows.append({"name": name, "k": k, "channels": c, "seed": seed, "weights": weights})
    return rows


def fitted() -> list[dict]:
    """Filters carried over from each size and depth to each other."""
    random, cases = np.random.default_rng(3), []
    for k, new_k, c, new_c in itertools.product(range(1, 8), range(1, 8), (1, 3), (1, 3)):
        kernel = random.normal(size=(k, k, c))
        result = _fit_filter(kernel, new_k, new_c)
        cases.append({
            "k": k, "channels": c, "weights": kernel.ravel().tolist(),
            "newK": new_k, "newChannels": new_c, "result": result.ravel().tolist(),
        })  # fmt: skip
    return cases


def colours() -> list[dict]:
    """Return matplotlib's diverging map, finely resampled so that its steps do not show."""
    fine = matplotlib.colormaps["PuOr_r"].resampled(4097)
    values = np.linspace(-1, 1, 201)
    return [{"value": v, "rgb": (255 * np.array(fine((v + 1) / 2)[:3])).tolist()} for v in values.tolist()]


if __name__ == "__main__":
    tables = (sizes, convolutions, filters, fitted, colours)
    print(json.dumps({make.__name__: make() for make in tables}))
