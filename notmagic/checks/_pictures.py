"""What the checks of chapters 6, 7 and 9 share: arrays that come as lists, cases judged by a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from notmagic.checks._base import REAL_TYPES, Case, CheckFailed, NotAnswered, no_hint, take_tuple
from notmagic.checks._networks import RESULT, Parts, Slip, Trial, judge_slips


def as_array(value: Any) -> Any:
    """Turn nested lists and tuples of plain numbers and plain arrays into one array.

    Anything else comes back as it is; whoever reads it says what is wrong with it.

    Raises
    ------
    NotAnswered
        When an entry still is ``...`` or ``None``.
    CheckFailed
        When entries have different shapes or are no numbers.
    """
    if type(value) not in (list, tuple):
        return value
    parts = [as_array(part) for part in value]
    if any(part is ... or part is None for part in parts):
        raise NotAnswered("some entries have no value yet.")
    for part in parts:
        plain = type(part) in REAL_TYPES or (type(part) is np.ndarray and part.dtype.kind in "iuf")
        if not plain:
            raise CheckFailed(f"the result is a {type(value).__name__} with something of type "
                              f"{type(part).__name__} in it; expected numbers.")
    if not parts:
        raise CheckFailed("the result is empty; expected numbers.")
    shapes = list(dict.fromkeys(np.shape(part) for part in parts))
    if len(shapes) > 1:
        raise CheckFailed(f"the result is a {type(value).__name__} whose entries have different shapes, "
                          f"such as {shapes[0]} and {shapes[1]}.")
    return np.array(parts)


def take_array(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take a result that is one array, or lists of numbers that make one."""
    given = as_array(given)
    if type(given) is np.ndarray and given.dtype.kind == "b":
        raise CheckFailed("the result consists of True and False; numbers are asked for.")
    return [given]


def take_arrays(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take a result that has one entry for each name, each an array, a number or a list of numbers."""
    if type(given) is np.ndarray and given.ndim == 1 and given.dtype.kind in "iuf":
        given = list(given)
    return [as_array(value) for value in take_tuple(given, names)]


def judge(function: Any, draw: Callable[[], list[Case]], reference: Callable[..., Parts],
          table: Sequence[Slip], *, names: Sequence[str] = RESULT,
          take: Callable[[Any, Sequence[str]], Sequence[Any]] = take_array,
          hint: Callable[[Exception, Case], str] = no_hint) -> None:
    """Judge like :func:`notmagic.checks._networks.judge_slips`; ``draw`` draws the cases alone.

    What is right is what ``reference`` gives for them, and the result may come as nested lists.
    """
    judge_slips(function, lambda: [Trial(case, reference(*case.arguments)) for case in draw()],
                reference, table, names=names, take=take, hint=hint)


def described(**shapes: Any) -> str:
    """Say what a function was given: arrays by their shape, everything else by its value."""
    return ", ".join(f"{name} of shape {value.shape}" if isinstance(value, np.ndarray)
                     else f"{name} = {value!r}" for name, value in shapes.items())
