"""Points in the plane that belong to one of two classes: small problems for lines and small networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["TOY_NAMES", "toy_points"]


def toy_points(
    name: str, count: int = 200, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Make points of two classes.

    ``"blobs"``: two clouds that a line divides, or nearly. ``"circles"``: class 1 in the middle, class 0 in a
    ring around it. ``"xor"``: class 1 where the two coordinates differ in sign. ``"moons"``: two half-moons
    that reach into each other. ``"spirals"``: two arms that wind around each other.

    Parameters
    ----------
    name : str
        One of `TOY_NAMES`.
    count : int
        Number of points, at least 2; half of them (rounded down) are of class 1, in ``"xor"`` about half.
    noise : float
        Standard deviation of a normal shift of every point in both directions, 0 or more. Most points lie
        between -1 and 1 in both directions.
    seed : int
        Same seed, same points.

    Returns
    -------
    x : ndarray of float64, shape (count, 2)
    y : ndarray of uint8, shape (count,)
        0 or 1.

    Raises
    ------
    ValueError
        If there are no points of that name, or `count` or `noise` cannot be.
    """
    if name not in _MAKERS:
        raise ValueError(f"there are no points {name!r}; choose one of {', '.join(map(repr, TOY_NAMES))}")
    if count < 2:
        raise ValueError(f"count is {count}; two classes need at least 2 points")
    if not noise >= 0:
        raise ValueError(f"noise is {noise}; expected a standard deviation of 0 or more")
    random = np.random.default_rng(seed)
    y = (np.arange(count) % 2).astype(np.uint8)
    x, y = _MAKERS[name](y, random)
    return x + random.normal(0, 1, (count, 2)) * noise, y


def _blobs(y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    centres = np.where(y[:, None] == 1, 0.45, -0.45)
    return centres + random.normal(0, 0.15, (len(y), 2)), y


def _circles(y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    radius = np.where(y == 1, 0.45 * np.sqrt(random.uniform(0, 1, len(y))), random.uniform(0.7, 0.95, len(y)))
    angle = random.uniform(0, 2 * np.pi, len(y))
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), y


def _xor(y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = random.uniform(0.1, 0.9, (len(y), 2)) * random.choice([-1.0, 1.0], (len(y), 2))
    return x, (x[:, 0] * x[:, 1] < 0).astype(np.uint8)


def _moons(y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angle = random.uniform(0, np.pi, len(y))
    upper = np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25])
    return 0.65 * np.where(y[:, None] == 1, -upper, upper), y


def _spirals(y: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    along = np.sqrt(random.uniform(0.02, 1, len(y)))
    angle = 3 * np.pi * along + np.pi * y
    return 0.95 * along[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), y


_MAKERS: dict[str, Callable[[np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "blobs": _blobs,
    "circles": _circles,
    "xor": _xor,
    "moons": _moons,
    "spirals": _spirals,
}

#: The names of the sets of points.
TOY_NAMES = tuple(_MAKERS)
