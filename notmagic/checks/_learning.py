"""What the checks of chapters 2 and 3 share: inputs that are drawn exactly, and answers in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from notmagic.checks._base import CheckFailed, NotAnswered, read_number


def quarters(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random quarters between -2 and 2, none of them 0: exact in float32, and so are their products' sums."""
    return rng.integers(1, 9, size=shape) * rng.choice([-1.0, 1.0], size=shape) / 4


def parts(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take apart what a function returned, one value for each name.

    Raises
    ------
    NotAnswered
        When one of them still is ``None`` or ``...``.
    CheckFailed
        When it is no tuple, list or one-axis array with as many entries as there are names.
    """
    wanted = ", ".join(names)
    plain_array = type(given) is np.ndarray and given.ndim == 1
    if type(given) not in (tuple, list) and not plain_array:
        raise CheckFailed(f"{len(names)} values are asked for: return {wanted}. This is of type "
                          f"{type(given).__name__}.")
    if len(given) != len(names):
        raise CheckFailed(f"{len(names)} values are asked for: return {wanted}. You return {len(given)}.")
    for name, value in zip(names, given, strict=True):
        if value is None or value is ...:
            raise NotAnswered(f"{name} has no value yet.")
    return given


def number(value: Any, name: str) -> np.ndarray:
    """Read one number that a function returned, as an array without axes; name it where it is none."""
    try:
        return np.asarray(float(read_number(value)))
    except NotAnswered:
        raise
    except CheckFailed as failure:
        raise CheckFailed(f"{name}: {failure.message}") from None


def numbers(given: Any, names: Sequence[str]) -> np.ndarray:
    """Read a result that consists of plain numbers, one for each name, as an array of shape (names,)."""
    values = zip(names, parts(given, names), strict=True)
    return np.array([float(number(value, name)) for name, value in values])


def same(given: float, right: float, tolerance: float = 1e-9) -> bool:
    """Tell whether two plain numbers agree up to a tolerance, in the unit of the answer."""
    return abs(given - right) <= tolerance


def read_row(answer: Any, count: int) -> list[float]:
    """Read a tuple or list of ``count`` numbers that a reader typed.

    Raises
    ------
    NotAnswered
        When an entry still is ``...``.
    CheckFailed
        When there are not ``count`` numbers.
    """
    if answer is ... or answer is None:
        raise NotAnswered(f"give {count} numbers in brackets.")
    if type(answer) not in (tuple, list) or len(answer) != count:
        raise CheckFailed(f"give {count} numbers in brackets.")
    if any(value is ... for value in answer):
        raise NotAnswered(f"give {count} numbers.")
    return [float(read_number(value)) for value in answer]
