"""A few small pictures to try filters on: grey and colour, at most 64 x 64 pixels."""

from __future__ import annotations

import numpy as np

__all__ = ["sample_images"]

# Name: (picture in scikit-image, top row, left column, size of the square cut out of it).
_CROPS = {
    "photographer": ("camera", 60, 140, 256),
    "bricks": ("brick", 0, 0, 256),
    "cat": ("chelsea", 20, 110, 256),
    "coffee": ("coffee", 20, 120, 320),
    "rocket": ("rocket", 100, 200, 192),
}
_SIZE = 64
_DIGIT = 52  # a crossed seven: horizontal and slanted strokes for the line filters


def sample_images() -> dict[str, np.ndarray]:
    """Return small pictures by name, the same on every machine and without a network.

    Returns
    -------
    dict of str to numpy.ndarray
        uint8, 0 (dark) to 255. Grey ones are (H, W): "digit" 8 x 8, "photographer" and "bricks" 64 x 64.
        Colour ones are (64, 64, 3), channels red, green, blue: "cat", "coffee", "rocket". The digit's
        seventeen grey levels are stretched to 0..255. Each array is the caller's own.

    Notes
    -----
    Sources: scikit-learn's digits (the digit); scikit-image's ``camera``, ``brick``, ``chelsea`` and
    ``coffee`` (CC0) and ``rocket`` (public domain), cut to a square and averaged down.
    """
    from skimage import data
    from sklearn.datasets import load_digits

    digit = load_digits().images[_DIGIT]  # grey levels 0 to 16
    images = {"digit": np.round(digit * 255 / 16).astype(np.uint8)}
    for name, (picture, top, left, size) in _CROPS.items():
        square = getattr(data, picture)()[top : top + size, left : left + size]
        images[name] = _shrink(square, size // _SIZE)
    return images


def _shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """Average each ``factor`` x ``factor`` block of a square uint8 image (H, W[, 3]) into one pixel."""
    side = image.shape[0] // factor
    blocks = image.reshape(side, factor, side, factor, *image.shape[2:])
    return np.round(blocks.mean(axis=(1, 3))).astype(np.uint8)
