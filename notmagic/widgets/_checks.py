"""Checks of arguments and settings that widgets share: each returns a plain value or says what is wrong.

A widget calls them when it is made, and again from the validator of a trait, because the page and the reader
may set anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate

import numpy as np
import traitlets

__all__ = [
    "LARGEST_COORDINATE",
    "LARGEST_WEIGHT",
    "checked_flag",
    "checked_name",
    "checked_number",
    "checked_numbers",
    "checked_pair",
    "checked_pixels",
    "checked_plane",
    "checked_probe",
    "checked_sets",
    "checked_weights",
    "checked_whole",
    "is_number",
    "laid_end_to_end",
    "setting",
]

LARGEST_COORDINATE = 5.0  # of points of two classes
LARGEST_WEIGHT = 1000.0  # of a filter
MOST_POINTS = 1000


def setting(allow_none: bool = False) -> traitlets.TraitType:
    """Make a trait that takes whatever its validator takes; None is not among it unless allowed."""
    return traitlets.TraitType(None, allow_none=allow_none).tag(sync=True)


# ------------------------------------------------------------------------------------------ single values


def is_number(value: object) -> bool:
    """Tell whether a value is a real number of Python or NumPy; True and False are none."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def checked_number(name: str, value: object, low: float, high: float) -> float:
    """Return a number within bounds as a float."""
    if not is_number(value) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; expected a number from {low:g} to {high:g}")
    return float(value)


def checked_whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """Return a whole number within bounds as an int."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        span = f"from {low} to {high:,}" if high is not None else f"of at least {low}"
        raise ValueError(f"{name} is {value!r}; expected a whole number {span}")
    return int(value)


def checked_flag(name: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {value!r}; expected True or False")
    return bool(value)


def checked_name(what: str, value: object, names: Collection[str]) -> str:
    """Return a name that is on the list; `what` says what the names are of, such as ``"picture"``."""
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"there is no {what} {value!r}; choose one of {', '.join(map(repr, names))}")
    return str(value)


# -------------------------------------------------------------------------------- filters and pictures


def checked_numbers(what: str, values: object) -> np.ndarray:
    """Return numbers of whatever shape as a new float64 array; `what` names them in errors."""
    try:
        return np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{what} is not an array of numbers; every row needs as many numbers") from None


def checked_weights(what: str, weights: np.ndarray) -> np.ndarray:
    """Return weights of a filter, none of them beyond 1000 on either side of 0."""
    if not np.isfinite(weights).all() or np.abs(weights).max() > LARGEST_WEIGHT:
        raise ValueError(
            f"{what} has weights that are not numbers from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}; "
            "expected only such numbers"
        )
    return weights


def checked_pixels(
    name: str, array: np.ndarray, full: int = 255, remedy: str = "; scale them first"
) -> np.ndarray:
    """Return a picture's whole numbers from 0 to `full` as uint8; `remedy` says what to do about others."""
    if array.dtype.kind not in "ui":
        raise ValueError(
            f"picture {name!r} has numbers of type {array.dtype}; expected whole numbers from 0 to {full}; "
            f"for pixels between 0 and 1 pass ({full} * image).round().astype('uint8')"
        )
    if array.min() < 0 or array.max() > full:
        raise ValueError(
            f"picture {name!r} has pixels from {array.min()} to {array.max()}; expected 0 to {full}{remedy}"
        )
    return array.astype(np.uint8)


def laid_end_to_end(pictures: Iterable[np.ndarray]) -> tuple[bytes, list[int]]:
    """Return the bytes of all pictures and where each begins.

    One binary trait is what every host of widgets can carry.
    """
    parts = [picture.tobytes() for picture in pictures]
    return b"".join(parts), list(accumulate(map(len, parts), initial=0))[:-1]


# ------------------------------------------------------------------------------------ points of the plane


def checked_pair(name: str, value: object, form: str) -> list:
    """Return the two entries of a list, a tuple or an array; `form` says what was expected."""
    listed = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    if not listed or len(value) != 2:
        raise ValueError(f"{name} is {value!r}; expected {form}")
    return list(value)


def checked_probe(value: object) -> list[float]:
    """Return the place of a probe as two floats; it may lie somewhat outside of where points may."""
    limit = 2 * LARGEST_COORDINATE
    pair = checked_pair("probe", value, "two numbers, such as (0.5, -0.2)")
    return [checked_number(f"probe[{axis}]", part, -limit, limit) for axis, part in enumerate(pair)]


def checked_plane(x: object) -> np.ndarray:
    """Return points of the plane as float64 of shape (N, 2)."""
    array = np.asarray(x, dtype=float)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"x has shape {array.shape}; expected (N, 2), such as [[0.5, -0.2]] for one point")
    return array


def checked_sets(data: object) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return sets of points by name: x, float64 of shape (N, 2), and y, float64 of shape (N,).

    Which classes must be among y, and where, each widget checks for itself.

    Raises
    ------
    ValueError
        If `data` is no dict of pairs (x, y) with 2 to 1000 points and coordinates from -5 to 5.
    """
    if not isinstance(data, Mapping) or not data:
        raise ValueError(
            f"data is {data if isinstance(data, Mapping) else type(data).__name__}; expected a dict with at "
            "least one set, such as {'mine': (x, y)}"
        )
    return {str(name): _checked_points(str(name), points) for name, points in data.items()}


def _checked_points(name: str, points: object) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(points, (tuple, list)) or len(points) != 2:
        raise ValueError(f"data set {name!r} is {type(points).__name__}; expected a pair (x, y)")
    try:
        # Copies: what is shown must not change when the reader goes on working with the arrays.
        x, y = np.array(points[0], dtype=float), np.array(points[1], dtype=float)
    except (TypeError, ValueError):
        message = f"data set {name!r} is not made of numbers; expected two arrays of numbers"
        raise ValueError(message) from None
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"data set {name!r} has x of shape {x.shape} and y of shape {y.shape}; expected (N, 2) and (N,)"
        )
    if not 2 <= len(y) <= MOST_POINTS:
        raise ValueError(f"data set {name!r} has {len(y)} points; expected 2 to {MOST_POINTS}")
    if not np.isfinite(x).all() or np.abs(x).max() > LARGEST_COORDINATE:
        raise ValueError(
            f"data set {name!r} has coordinates that are not numbers from {-LARGEST_COORDINATE:g} to "
            f"{LARGEST_COORDINATE:g}; scale them first, for instance (x - x.mean(axis=0)) / x.std(axis=0)"
        )
    return x, y
