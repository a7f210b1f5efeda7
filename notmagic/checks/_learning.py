"""What the checks of chapters 2 and 3 share: answers in several parts, and rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from notmagic.checks._base import CheckFailed, NotAnswered, read_number, take_tuple


def parts(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take apart what a function returned, one value for each name.

    Raises
    ------
    NotAnswered
        When one of them still is ``None`` or ``...``.
    CheckFailed
        When it is no tuple, list or one-axis array with as many entries as there are names.
    """
    plain_array = type(given) is np.ndarray and given.ndim == 1
    given = take_tuple(list(given) if plain_array else given, names, called="values")
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
