"""What the checks of networks share: functions judged part by part, shapes and numbers of parameters.

Functions that give several arrays come first (:func:`judge_parts`, :func:`judge_slips`); then the shapes
that a reader types (:func:`read_shape`, :func:`explain_map_shape`), and the known mistakes behind a wrong
number of parameters (:func:`wrong_dense_counts`, :func:`wrong_conv_counts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from notmagic.checks._base import (
    REAL_TYPES,
    WHOLE_NUMBERS_ONLY,
    Case,
    CheckFailed,
    Mistake,
    NotAnswered,
    name_of,
    no_hint,
    read_number,
    run,
    same_numbers,
    take_tuple,
    wrong_values,
)

Parts = tuple[np.ndarray, ...]
# What to say, and the options of a reference that make the mistake.
Slip = tuple[str, dict[str, Any]]
# What the one part of a function is called in messages that gives a single array.
RESULT = ("the result",)


@dataclass(frozen=True)
class Trial:
    """A case and the parts that a right function gives for it."""

    case: Case
    expected: Parts


def singles(table: Iterable[Slip], reference: Callable[..., Parts]) -> list[Mistake]:
    """Turn options of a reference into known mistakes, one at a time."""
    return [Mistake(says, partial(reference, **options)) for says, options in table]


def slips(table: Iterable[Slip], reference: Callable[..., Parts]) -> list[Mistake]:
    """Turn options of a reference into known mistakes: each alone, then any two that do not collide."""
    table = list(table)
    single = singles(table, reference)
    double = [Mistake(f"two things. First: {says} Second: {also}", partial(reference, **options, **more))
              for (says, options), (also, more) in combinations(table, 2) if not options.keys() & more.keys()]
    return single + double


def read_plain(value: Any, name: str) -> np.ndarray:
    """Read an array or a number that an answer consists of; say what is wrong by its name.

    It is given as float64; only an array of whole numbers stays one, which tells that fractions were lost.

    Raises
    ------
    NotAnswered
        For ``...`` and ``None``.
    CheckFailed
        For a list, a tensor, a subclass of an array, True or False, or numbers that are not real.
    """
    if value is None or value is ...:
        raise NotAnswered(f"{name} has no value yet; replace what stands for it by your numbers.")
    if type(value) in REAL_TYPES:
        return np.asarray(float(value))
    if type(value) in (list, tuple):
        raise CheckFailed(f"{name} is a {type(value).__name__}; np.array(...) makes it an array.")
    if type(value) in (bool, np.bool_):
        raise CheckFailed(f"{name} is True or False; expected numbers.")
    if type(value) is not np.ndarray:
        raise CheckFailed(f"{name} is an object of type {type(value).__name__}; expected a NumPy array.")
    if value.dtype.kind not in "iuf":
        raise CheckFailed(f"{name} is an array of dtype {value.dtype}; expected real numbers.")
    return value.astype(np.float64) if value.dtype.kind == "f" else value.copy()


def without_frills(message: str) -> str:
    """Take colours and the list of arguments out of what Keras says about an error."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    return re.sub(r"\s*Arguments received by .*?(?=\n  in line|\n  It was given|$)", "", message, flags=re.S)


def take_dictionary(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take apart a dictionary that has an entry for each name."""
    if type(given) is not dict:
        raise CheckFailed(f"a dictionary is asked for; this is of type {type(given).__name__}.")
    missing = [name for name in names if name not in given]
    if missing:
        raise CheckFailed(f"the dictionary has no entry for {', '.join(missing)}; keep to these names.")
    return [given[name] for name in names]


def take_one(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take a result that is one array."""
    return [given]


def same_parts(given: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> bool:
    """Tell whether all parts have the right shapes and numbers."""
    return all(same_numbers(one, other) for one, other in zip(given, expected, strict=True))


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Compare like :func:`same_numbers`, but let nan match nan and inf inf: a mistake may lead to them."""
    if one.shape != other.shape:
        return False
    finite = np.isfinite(one) & np.isfinite(other)
    return (np.array_equal(one[~finite], other[~finite], equal_nan=True)
            and same_numbers(one[finite], other[finite]))


def _outcomes(mistake: Mistake, trials: Sequence[Trial]) -> list[Parts | None]:
    """Give what a mistake leads to in each trial, or None where it cannot be made: its shapes do not fit."""
    found: list[Parts | None] = []
    for trial in trials:
        try:
            with np.errstate(all="ignore"):
                found.append(mistake.answer(*trial.case.arguments))
        except (ValueError, IndexError):
            found.append(None)
    return found


def draw_telling(draw: Callable[[], list[Trial]], mistakes: Sequence[Mistake]) -> list[Trial]:
    """Draw trials until each known mistake shows, and no two with different messages look alike.

    Chance would otherwise now and then let a wrong function pass, or give it the diagnosis of another.
    """
    while True:
        trials = draw()
        seen: list[tuple[str, list[Parts | None]]] = [("", [trial.expected for trial in trials])]
        seen += [(mistake.message, _outcomes(mistake, trials)) for mistake in mistakes]
        if all(_differ(one, other) for (says, one), (also, other) in combinations(seen, 2) if says != also):
            return trials


def _differ(one: Sequence[Parts | None], other: Sequence[Parts | None]) -> bool:
    return any(a is not None and b is not None and not all(map(_alike, a, b))
               for a, b in zip(one, other, strict=True))


def explain_parts(trials: Sequence[tuple[Case, Parts]], mistakes: Iterable[Mistake]) -> str | None:
    """Give the message of the first mistake that gives what was handed in, in every trial at once.

    A mistake that cannot be made with some arguments (its shapes do not fit) explains nothing there.
    """
    for mistake in mistakes:
        try:
            with np.errstate(all="ignore"):
                fits = all(all(map(_alike, given, mistake.answer(*case.arguments))) for case, given in trials)
        except (ValueError, IndexError):
            continue
        if fits:
            return mistake.message
    return None


def judge_parts(function: Any, trials: Sequence[Trial], names: Sequence[str],
                mistakes: Callable[[], Iterable[Mistake]], *,
                take: Callable[[Any, Sequence[str]], Sequence[Any]] = take_tuple,
                hint: Callable[[Exception, Case], str] = no_hint) -> None:
    """Try a reader's function on all trials and raise a diagnosis unless every part is right.

    Parameters
    ----------
    function
        The function to judge.
    trials
        From plain to full: what is said about a wrong answer names the first that fails.
    names
        What the parts are called in messages.
    mistakes
        Gives the known mistakes, whose answers are tuples of parts. Called only when something is wrong.
    take
        Takes apart what the function returns; one entry for each name.
    hint
        See :func:`notmagic.checks._base.run`.
    """
    read = partial(_read_parts, function, names=names, take=take, hint=hint)
    seen: list[tuple[Trial, Parts]] = []
    stopped: CheckFailed | None = None
    for trial in trials:
        try:
            seen.append((trial, read(trial.case)))
        except CheckFailed as failure:
            stopped = failure
            break
    wrong = [(trial, given) for trial, given in seen if not same_parts(given, trial.expected)]
    if wrong:
        if (all(_cut_off(given, trial.expected) for trial, given in wrong)
                and any(_leaves_whole(given, trial.expected) for trial, given in wrong)):
            raise CheckFailed(WHOLE_NUMBERS_ONLY)
        message = explain_parts([(trial.case, given) for trial, given in wrong + seen], mistakes())
        raise CheckFailed(message or _describe(*wrong[0], names, name_of(function),
                                               len(seen) - len(wrong), len(trials)))
    if stopped is not None:
        raise stopped
    # Once more: a function that remembers its last call is right only the first time.
    trial, first = seen[-1]
    if not same_parts(read(trial.case), first):
        raise CheckFailed(f"{name_of(function)} gives a different result when it is called twice with the "
                          "same numbers.")


def judge_slips(function: Any, draw: Callable[[], list[Trial]], reference: Callable[..., Parts],
                table: Sequence[Slip], *, names: Sequence[str] = RESULT,
                take: Callable[[Any, Sequence[str]], Sequence[Any]] = take_tuple,
                hint: Callable[[Exception, Case], str] = no_hint) -> None:
    """Try a reader's function on trials at which every known mistake shows, and raise a diagnosis if wrong.

    Parameters
    ----------
    function
        The function to judge.
    draw
        Draws trials, plain ones first; called again until no two mistakes look alike.
    reference
        Takes the arguments of a case, and as options the mistakes of ``table``.
    table
        What to say about each mistake, and the options that make it.
    names, take, hint
        See :func:`judge_parts`.
    """
    trials = draw_telling(draw, singles(table, reference))
    judge_parts(function, trials, names, lambda: slips(table, reference), take=take, hint=hint)


def _cut_off(given: Parts, expected: Parts) -> bool:
    """Tell whether all that is wrong with the parts is that their fractions are missing."""
    return all(same_numbers(one, other) or same_numbers(one, np.trunc(other))
               for one, other in zip(given, expected, strict=True))


def _leaves_whole(given: Parts, expected: Parts) -> bool:
    """Tell whether a wrong part is of whole numbers, or keeps some when its fractions are cut off.

    Where all that is expected lies below 1, fractions that are zero do not tell that anything was cut off.
    """
    return any(one.dtype.kind in "iu" or bool(np.trunc(other).any())
               for one, other in zip(given, expected, strict=True) if not same_numbers(one, other))


def _read_parts(function: Any, case: Case, *, names: Sequence[str],
                take: Callable[[Any, Sequence[str]], Sequence[Any]],
                hint: Callable[[Exception, Case], str]) -> Parts:
    values = take(run(function, case, hint), names)
    return tuple(read_plain(value, name) for value, name in zip(values, names, strict=True))


def _describe(trial: Trial, given: Parts, names: Sequence[str], function: str, passed: int,
              total: int) -> str:
    """Describe wrong parts that no known mistake explains: which are right, and where the first is not."""
    rows = list(zip(names, given, trial.expected, strict=True))
    good = [name for name, one, other in rows if same_numbers(one, other)]
    name, one, other = next(row for row in rows if row[0] not in good)
    before = f"{', '.join(good)}: right. " if good else ""
    after = f"\n  {function} was given {trial.case.described}. {passed} of {total} trials came out right."
    if one.shape != other.shape:
        return f"{before}{name}: wrong shape: expected {other.shape}, got {one.shape}.{after}"
    if not np.all(np.isfinite(one)):
        return f"{before}{name}: there is a nan or an inf in it. Is every entry filled?{after}"
    return f"{before}{name}: {wrong_values(one, other)}.{after}"


NO_BIAS = "the biases were forgotten."


def read_shape(answer: Any, example: str, one_axis: str, *, alone: bool = False) -> tuple[int, ...]:
    """Read a shape that a reader typed: whole numbers in brackets.

    Parameters
    ----------
    answer
        What was typed.
    example, one_axis
        Shapes to show in messages, such as ``"(3, 4, 2)"`` and ``"(5,) for a list"``.
    alone
        Whether a number without brackets is read as the shape of a list.

    Raises
    ------
    NotAnswered
        When it, or one of its numbers, still is ``...``.
    CheckFailed
        When it is neither a tuple nor a list of whole numbers.
    """
    if answer is ... or answer is None:
        raise NotAnswered(f"give a shape, such as {example}, or {one_axis}.")
    if alone and type(answer) in REAL_TYPES:
        answer = (answer,)
    if type(answer) not in (tuple, list):
        raise CheckFailed(f"a shape stands in brackets, such as {example}, or {one_axis}.")
    if any(value is ... for value in answer):
        raise NotAnswered(f"give a shape, such as {example}.")
    return tuple(int(read_number(value, whole=True)) for value in answer)


def explain_map_shape(given: tuple[int, ...], right: tuple[int, ...], sides: Mapping[tuple[int, ...], str], *,
                      pools: bool) -> str:
    """Name the mistake behind a wrong shape (rows, columns, channels) of the maps after a layer.

    Parameters
    ----------
    given, right
        The two shapes, which differ.
    sides
        What to say about wrong (rows, columns).
    pools
        Whether the layer is a pooling layer; else it is a convolution.
    """
    if len(given) != 3:
        return "three numbers are asked for here: (rows, columns, channels)."
    rows, columns, channels = right
    if given == (columns, rows, channels):
        return "rows first, then columns."
    if given == (channels, rows, columns):
        return "the channels stand last."
    if given[:2] != right[:2]:
        return sides.get(given[:2], "not this shape. Go on from the layer before: how many places does a "
                                    "window have along each side?")
    if pools:
        return "rows and columns are right. Pooling handles each channel alone: how many come out?"
    if given[2] == 1:
        return "rows and columns are right. Each filter makes a map."
    return "rows and columns are right. How many maps come out of this layer, if each filter makes one?"


def wrong_dense_counts(inputs: int, units: int, unit: str = "unit") -> list[tuple[float, str]]:
    """Give the wrong numbers of parameters of a dense layer with their mistakes; ``unit`` names an output."""
    return [
        (inputs * units, NO_BIAS),
        (inputs * units + 1, f"one bias for the whole layer is too few: each {unit} has its own."),
        (inputs * units + inputs, f"there is a bias for each {unit}, not for each input."),
        (inputs + 1, f"that is one {unit}; the layer has more than one."),
        (inputs + units, f"every input is connected to every {unit}: multiply."),
    ]


def wrong_conv_counts(f: int, depth: int, filters: int, places: int) -> list[tuple[float, str]]:
    """Give the wrong numbers of parameters of a convolution of several filters with their mistakes.

    Parameters
    ----------
    f, depth, filters
        Side of a filter in pixels, channels of the input, number of filters.
    places
        How many places a filter has in the input.
    """
    size = f * f
    wrong = [
        (size * depth * filters, NO_BIAS),
        (size * depth * filters + 1, "one bias for the whole layer is too few."),
        ((size * depth + 1) * filters * places,
         "a filter is the same at every place: how large the maps are has no part in it."),
        (f * depth * filters + filters, "a filter has a height and a width."),
        (size * depth + 1, "that is one filter; the layer has more than one."),
    ]
    if depth > 1:
        thin = "a filter spans the full depth of its input; yours is one channel thin."
        wrong += [
            ((size + 1) * filters, thin),
            (size * filters, f"{thin} And {NO_BIAS}"),
            ((size + 1) * depth * filters, "a filter has one bias, not one for each channel of its input."),
            ((size * filters + 1) * depth, "depth and filters have changed places."),
        ]
    # With as many filters as channels, to exchange them is no mistake.
    return [(number, says) for number, says in wrong if number != (size * depth + 1) * filters]
