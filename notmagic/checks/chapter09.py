"""Checks for ``exercises/09-pooling-and-a-whole-network``: pooling, its gradient, shapes, shifts, a network.

Inputs of a function under test are drawn afresh at each call, in quarters, which float32 and float64 both
represent exactly, and until no two known mistakes give the same results. Pictures and maps of one example
have the shape (H, W, C), as in the chapter.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np

from notmagic import layers
from notmagic.checks._base import (
    WHOLE_NUMBERS_ONLY,
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    explain_number,
    judge_counts,
    quarters,
    read_answers,
    run,
    same_numbers,
)
from notmagic.checks._networks import (
    Parts,
    Slip,
    explain_map_shape,
    read_plain,
    read_shape,
    wrong_conv_counts,
    wrong_dense_counts,
)
from notmagic.checks._pictures import as_array, described, judge, take_arrays
from notmagic.datasets import load_digits
from notmagic.geometry import (
    conv2d_output_shape,
    conv2d_params,
    dense_params,
    flatten_size,
    pool2d_output_shape,
)
from notmagic.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from notmagic.model import Sequential
from notmagic.optimizers import SGD

HOWS = ("max", "mean")


# --- Pooling, and every known way to get it wrong -----------------------------------------------------


def _cut_or_fill(x: np.ndarray, size: int, stride: int, ends: str) -> np.ndarray:
    """Treat what does not fill a window (H, W, C) as somebody does; right is to leave it where it is."""
    rests = [(side - size) % stride for side in x.shape[:2]]
    if ends == "front":
        return x[rests[0]:, rests[1]:]
    if ends == "zeros":
        return np.pad(x, [*((0, (stride - rest) % stride) for rest in rests), (0, 0)])
    return x


def _count(side: int, size: int, stride: int, ends: str) -> int:
    steps = (side - size) / stride
    return (ceil(steps) if ends == "kept" else int(steps)) + (0 if ends == "one too few" else 1)


def _reduce(window: np.ndarray, how: str, size: int, channels: str, divisor: str) -> np.ndarray:
    """Turn a window (f, f, C) into one number for each channel, or do it wrong; it may be cut off."""
    if not window.size:
        raise ValueError("the window leaves the maps")
    axes = None if channels in ("mixed", "lost") else (0, 1)
    if how != "mean" or divisor == "count":
        return {"max": np.max, "mean": np.mean, "sum": np.sum, "min": np.min}[how](window, axis=axes)
    return window.sum(axis=axes) / {"side": size, "all": window.size}[divisor]


def _filled(y: np.ndarray, sizes: str) -> np.ndarray:
    """Give a result (H', W', C) of which parts were never filled."""
    parts = {"right": np.s_[:], "square": np.s_[:], "unfilled": np.s_[:-1, :-1], "first": np.s_[:1, :1],
             "first row": np.s_[:1], "first channel": np.s_[:, :, :1]}
    out = np.zeros_like(y)
    out[parts[sizes]] = y[parts[sizes]]
    return out


def _pool(x: np.ndarray, size: int, stride: int, how: str, *, always: str = "", channels: str = "apart",
          divisor: str = "count", step: str = "stride", down: bool = True, across: bool = True,
          ends: str = "dropped", sizes: str = "right", start: str = "first", after: str = "none") -> Parts:
    """Pool maps (H, W, C) window by window: the reference, and every known mistake.

    Parameters
    ----------
    x, size, stride
        The maps; the side of a window and the step from one to the next, in pixels.
    how
        One of :data:`HOWS`.
    always, channels, divisor, step, down, across, ends, sizes, start, after
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        One array (H', W', C), float64, if nothing goes wrong.
    """
    x, how = np.asarray(x, dtype=float), always or how
    stride = {"stride": stride, "size": size, "one": 1}[step]
    x = _cut_or_fill(x, size, stride, ends)
    rows, columns = (_count(side, size, stride, ends) for side in x.shape[:2])
    if sizes == "square":
        columns = rows
    y = np.zeros((rows, columns, x.shape[2]))
    for i in range(rows):
        for j in range(columns):
            top, left = i * (stride if down else 1), j * (stride if across else 1)
            y[i, j] = _reduce(x[top:top + size, left:left + size], how, size, channels, divisor)
    if start == "zero" and how == "max":
        y = np.maximum(y, 0.0)
    y = _filled(y[:, :, 0] if channels == "lost" else y, sizes)
    return ({"none": lambda: y, "transposed": lambda: y.swapaxes(0, 1),
             "maps first": lambda: np.moveaxis(y, 2, 0), "flat": lambda: y.ravel(),
             "first map": lambda: y[:, :, 0]}[after](),)


# --- Task 1: by hand ----------------------------------------------------------------------------------

SMALL_MAP = np.array([[1, 5, -2, -4],
                      [3, -1, -8, -2],
                      [0, 4, 7, 1],
                      [2, -2, -3, 3]])

# name: (size, stride, how)
BY_HAND: dict[str, tuple[int, int, str]] = {
    "max": (2, 2, "max"),
    "mean": (2, 2, "mean"),
    "max, stride 1": (2, 1, "max"),
}

_NEGATIVE = "where all four numbers are negative, the largest is negative, too: -1 is larger than -3."
_WRONG_HOW: dict[str, list[tuple[dict[str, Any], str]]] = {
    "max": [
        ({"always": "mean"}, "these are the means."),
        ({"always": "min"}, "these are the smallest numbers."),
        ({"always": "sum"}, "these are the sums."),
        ({"start": "zero"}, _NEGATIVE),
    ],
    "mean": [
        ({"always": "max"}, "these are the largest numbers."),
        ({"always": "sum"}, "these are the sums. By how many do you divide?"),
        ({"divisor": "side"}, "the sums are divided by the side of the window. How many numbers does it "
                              "hold?"),
        ({"always": "min"}, "these are the smallest numbers."),
    ],
}


def _wrong_by_hand(question: str) -> list[tuple[np.ndarray, str]]:
    """Give what each known mistake makes of :data:`SMALL_MAP`, and what to say about it."""
    size, stride, how = BY_HAND[question]
    values = SMALL_MAP[:, :, None]

    def map_of(numbers: np.ndarray = values, step: int = stride, **options: Any) -> np.ndarray:
        return _pool(numbers, size, step, how, **options)[0][:, :, 0]

    wrong = [(map_of(**options), says) for options, says in _WRONG_HOW[how]]
    wrong += [
        (map_of(np.abs(values)), "the numbers have lost their signs."),
        (map_of(after="transposed"), "rows and columns are swapped."),
        (SMALL_MAP.reshape(4, 2, 2).max(axis=(1, 2)).reshape(2, 2) if how == "max"
         else SMALL_MAP.reshape(4, 2, 2).mean(axis=(1, 2)).reshape(2, 2),
         "your windows are four numbers in a row; a window is a square."),
    ]
    if stride == 1:
        wrong.append((map_of(step=2), "these windows lie side by side. With stride 1 the next window "
                                      "starts one column further on, and overlaps the one before."))
    else:
        wrong.append((map_of(step=1), "these windows overlap. With stride 2 the next one starts where the "
                                      "one before has ended."))
    return wrong


def _judge_by_hand(question: str, answer: Any) -> str | None:
    right = _pool(SMALL_MAP[:, :, None], *BY_HAND[question])[0][:, :, 0]
    given = read_plain(as_array(answer), "the answer")
    if not np.all(np.isfinite(given)):
        return "there is a nan or an inf in it."
    if given.shape == right.shape and same_numbers(given, right):
        return None
    for wrong, says in _wrong_by_hand(question):
        if given.shape == wrong.shape and same_numbers(given, wrong):
            return says
    if given.shape != right.shape:
        return (f"the answer has the shape {given.shape}. It has a row for each row of windows, and in it "
                "a number for each window: [[first row], [second row]] and so on. Where does each window "
                "start?")
    off = np.argwhere(np.abs(given - right) > 1e-9)
    row, column = off[0]
    return f"{len(off)} of {right.size} numbers are wrong, the first in row {row}, column {column}."


def by_hand(answers: dict[str, Any]) -> None:
    """Check task 1: :data:`SMALL_MAP` pooled in each way of :data:`BY_HAND`."""
    read_answers(answers, BY_HAND, _judge_by_hand)
    correct("the largest or the mean of four, window by window. Smaller steps give more windows.")


# --- Task 2: the layer --------------------------------------------------------------------------------

_ONE_APART = ("the result has the right size, but its values come from windows one pixel apart. Where does "
              "the window of row i, column j start?")
_POOL_SLIPS: list[Slip] = [
    ("it always takes the largest value, whatever `how` says.", {"always": "max"}),
    ("it always takes the mean, whatever `how` says.", {"always": "mean"}),
    ("every channel gets the same values: the window was taken over all channels at once. Pooling handles "
     "each channel alone.", {"channels": "mixed"}),
    ("one number for each window comes back; there is one for each window *and* each channel.",
     {"channels": "lost"}),
    ("only the first channel comes back; there are as many maps after as before.", {"after": "first map"}),
    ("only the first channel of the result is filled.", {"sizes": "first channel"}),
    ("the mean is the sum divided by the side of the window. How many values of one channel does a window "
     "hold?",
     {"divisor": "side"}),
    ("the mean is divided by the values of all channels together; each channel has a mean of its own.",
     {"divisor": "all"}),
    ("these are sums, whatever `how` says.", {"always": "sum"}),
    ("these are the smallest values, whatever `how` says.", {"always": "min"}),
    ("the stride is ignored: your windows lie side by side, one window's size apart.", {"step": "size"}),
    ("the stride is ignored: your windows are one pixel apart.", {"step": "one"}),
    (_ONE_APART, {"down": False, "across": False}),
    ("down the rows: " + _ONE_APART, {"down": False}),
    ("along the columns: " + _ONE_APART, {"across": False}),
    ("windows that hang over the edge count in your result; what does not fill a window is dropped here.",
     {"ends": "kept"}),
    ("the maps are filled up with zeros so that the last windows are full; here what is left over is "
     "dropped.",
     {"ends": "zeros"}),
    ("what is left over is dropped at the top and at the left; the first window starts in the corner.",
     {"ends": "front"}),
    ("the last row and column of windows are missing, although they are full: the first window counts, too.",
     {"ends": "one too few"}),
    ("the result is always square: its width comes from the height of the maps.", {"sizes": "square"}),
    ("the last row and column of the result are never filled.", {"sizes": "unfilled"}),
    ("only the first window is in the result. Does the function return while the loops still run?",
     {"sizes": "first"}),
    ("only the first row of the result is filled. Does the function return while the loops still run?",
     {"sizes": "first row"}),
    ("where all values of a window are negative, the largest is negative, too; yours is 0.",
     {"start": "zero"}),
    ("rows and columns of the result are swapped.", {"after": "transposed"}),
    ("the channels come first in your result; here they are the last axis.", {"after": "maps first"}),
    ("the result has one axis; keep rows, columns and channels.", {"after": "flat"}),
]


def _pool_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    # (H, W, C), size, stride, how: from plain to full; no squares, windows that overlap, that leave gaps
    for (rows, columns, channels), size, stride, how in (
            ((4, 6, 1), 2, 2, "max"), ((4, 8, 3), 2, 2, "mean"), ((5, 9, 2), 2, 2, "max"),
            ((7, 10, 3), 3, 2, "mean"), ((8, 9, 2), 3, 1, "max"), ((8, 11, 4), 2, 3, "max"),
            ((11, 8, 2), 4, 3, "mean")):
        # A pixel more or less each time: sizes learnt by heart do not help.
        extra = stride * int(rng.integers(0, 2))
        x = quarters(rng, rows + extra, columns + extra, channels)
        x[:size, :size] = -np.abs(x[:size, :size])
        if channels == 4:
            x = np.abs(4 * x).astype(np.uint8)      # as pictures are stored
        cases.append(Case((x, size, stride, how), f"maps of shape {x.shape} and dtype {x.dtype}, size "
                                                  f"{size}, stride {stride}, how {how!r}"))
    return cases


def _pool_hint(error: Exception, case: Case) -> str:
    x, size, stride, _ = case.arguments
    if isinstance(error, IndexError):
        return "Places of the maps and places of the result are counted differently. Are they mixed?"
    if isinstance(error, ValueError) and any((side - size) % stride for side in x.shape[:2]):
        return "Here the windows do not fill the maps. What is left over is dropped."
    return ""


def pool(function: Callable[..., np.ndarray]) -> None:
    """Check task 2: ``pool(x, size, stride, how)`` on x (H, W, C), with how one of :data:`HOWS`."""
    judge(function, _pool_cases, _pool, _POOL_SLIPS, hint=_pool_hint)
    correct("as many maps as before, each smaller. There was nothing in it that could be learned.")


# --- Task 3: the way back -----------------------------------------------------------------------------


def _winners(window: np.ndarray, ties: str) -> np.ndarray:
    """Say which part of the gradient each place of a window (f, f) gets; right is a single 1."""
    part = np.zeros(window.shape)
    if ties in ("all", "shared"):
        part[window == window.max()] = 1
        return part / (part.sum() if ties == "shared" else 1)
    if ties == "columns":
        part.T[divmod(int(np.argmax(window.T)), len(window))] = 1
    elif ties == "last":
        part.flat[window.size - 1 - int(np.argmax(window.ravel()[::-1]))] = 1
    else:
        part.flat[int(np.argmax({"first": window, "abs": np.abs(window), "min": -window}[ties]))] = 1
    return part


def _parts(window: np.ndarray, ties: str, channels: str, spread: str) -> np.ndarray:
    """Say which part of each channel's gradient each place of a window (f, f, C) gets, or do it wrong."""
    if spread != "winner":
        return np.ones(window.shape) / (window[:, :, 0].size if spread == "mean" else 1)
    if channels == "joint":
        return (window == window.max()) * 1.0
    parts = np.stack([_winners(window[:, :, c], ties) for c in range(window.shape[2])], axis=2)
    return np.repeat(parts[:, :, :1], window.shape[2], axis=2) if channels == "from first" else parts


def _route(x: np.ndarray, dy: np.ndarray, size: int, stride: int, *, ties: str = "first",
           overlap: str = "add", spread: str = "winner", step: str = "stride", times: str = "dy",
           channels: str = "apart", place: str = "window", only: str = "all", whole: bool = False,
           after: str = "none") -> Parts:
    """Pass a gradient back through max-pooling: the reference, and every known mistake.

    Parameters
    ----------
    x, dy
        What was pooled, (H, W, C), and the gradient for what came out, (H', W', C).
    size, stride
        As for pooling.
    ties, overlap, spread, step, times, channels, place, only, whole, after
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        The gradient for x, (H, W, C), float64, if nothing goes wrong.
    """
    cut_off = np.trunc if x.dtype.kind == "i" else np.asarray
    x, dx = np.asarray(x, dtype=float), np.zeros(x.shape, dtype=int if whole else float)
    stride = {"stride": stride, "size": size, "one": 1}[step]
    rows, columns = dy.shape[:2]
    if only == "inner":
        rows, columns = rows - 1, columns - 1
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[top:top + size, left:left + size]
            if window.shape[:2] != (size, size):
                raise ValueError("a window leaves the maps")
            if channels == "counted on":
                # The number of the winner counts through the channels, too; divmod takes it for a place.
                row, column = divmod(int(np.argmax(window)), size)
                dx[top + row, left + column] = dx[top + row, left + column] + dy[i, j]
                continue
            parts = _parts(window, ties, channels, spread)
            share = parts * {"dy": dy[i, j], "one": 1.0, "value": dy[i, j] * window}[times]
            if place != "window":
                top, left = {"corner": (0, 0), "as in dy": (i, j)}[place]
            target = dx[top:top + size, left:left + size]
            if overlap == "write":
                target[parts > 0] = share[parts > 0]
            elif overlap == "write all":
                target[...] = share
            else:
                target[...] = target + share
            if only == "first":
                break
        if only == "first":
            break
    if only == "first channel":
        dx[:, :, 1:] = 0
    return ({"none": lambda: dx, "minus": lambda: -dx, "plus x": lambda: x + dx,
             "on top of x": lambda: cut_off(x + dx),
             "cut": lambda: dx[:rows, :columns], "first map": lambda: dx[:, :, 0],
             "turned": lambda: dx.swapaxes(0, 1)}[after](),)


_EVERYBODY = ("every place of a window gets its gradient. How much does the largest value change when a "
              "loser does?")
_ROUTE_SLIPS: list[Slip] = [
    ("where several values of a window are the largest, each gets the whole gradient. Only the first of "
     "them gets it.", {"ties": "all"}),
    ("where several values of a window are the largest, they share the gradient. The first of them gets it "
     "all.",
     {"ties": "shared"}),
    ("where several values of a window are the largest, yours goes to the last of them; it belongs to the "
     "first.",
     {"ties": "last"}),
    ("where several values of a window are the largest, you take the first of the first *column*. First is "
     "meant as one reads: row by row.", {"ties": "columns"}),
    ("the gradient goes to the value that is farthest from 0; negative values have lost their sign.",
     {"ties": "abs"}),
    ("the gradient goes to the smallest value of each window.", {"ties": "min"}),
    (_EVERYBODY, {"spread": "everyone"}),
    ("every place of a window gets an equal share. That is the gradient of the mean.", {"spread": "mean"}),
    ("right as long as windows do not overlap. A pixel that wins in several windows gets the gradient of "
     "all of them; yours keeps only the last.", {"overlap": "write"}),
    ("right as long as windows do not overlap. Where they do, a window wipes out what the one before has "
     "left.",
     {"overlap": "write all"}),
    ("the stride is ignored: your windows lie side by side.", {"step": "size"}),
    ("the stride is ignored: your windows are one pixel apart.", {"step": "one"}),
    ("the winners are marked by 1; each is to get the gradient of its window.", {"times": "one"}),
    ("the gradient is multiplied by the value that won. How much does the output change when the winner "
     "changes by a little?", {"times": "value"}),
    ("all channels give their gradient to the place that won in the first channel. Each channel has a "
     "winner of its own.", {"channels": "from first"}),
    ("there is one winner for all channels of a window; each channel has its own.", {"channels": "joint"}),
    ("the largest value is sought among all channels of a window at once. Look at each channel alone.",
     {"channels": "counted on"}),
    ("everything lands in the upper left corner: a place in the window is not yet a place in x.",
     {"place": "corner"}),
    ("the winners are found, but their gradients land elsewhere: windows that are neighbours in dy start "
     "`stride` pixels apart in x.", {"place": "as in dy"}),
    ("the last row and column of windows give nothing back.", {"only": "inner"}),
    ("only the first window gives its gradient back. Does the function return while the loops still run?",
     {"only": "first"}),
    ("only the first channel gets a gradient.", {"only": "first channel"}),
    (WHOLE_NUMBERS_ONLY, {"whole": True}),
    ("the sign is turned round.", {"after": "minus"}),
    ("the values of x are still in the result. Start from zeros.", {"after": "plus x"}),
    ("the values of x are still in the result. Start from zeros.", {"after": "on top of x"}),
    ("the result has the shape of dy; there is one gradient for each number of *x*.", {"after": "cut"}),
    ("only one channel comes back; the result has the shape of x.", {"after": "first map"}),
    ("rows and columns of the result are swapped.", {"after": "turned"}),
]


def _route_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    # From plain to full. The second leaves gaps: a place that is wrong by a little still lies within x, so
    # that the mistake can be told from the values.
    for (rows, columns, channels), size, stride in (
            ((4, 6, 1), 2, 2), ((7, 9, 2), 2, 3), ((4, 6, 2), 2, 2), ((6, 7, 2), 3, 3), ((5, 7, 3), 2, 1),
            ((7, 10, 2), 3, 2), ((6, 7, 1), 3, 1)):
        # Few different values, so that many windows have several winners.
        x = rng.integers(-3, 3, size=(rows, columns, channels)) / 2
        places = ((rows - size) // stride + 1, (columns - size) // stride + 1, channels)
        dy = quarters(rng, *places)
        if size == stride == 3:
            x = (2 * x).astype(np.int64)        # the gradient of whole numbers need not be whole
        cases.append(Case((x, dy, size, stride), described(x=x, dy=dy, size=size, stride=stride)))
    return cases


def _route_hint(error: Exception, case: Case) -> str:
    x = case.arguments[0]
    if "empty" not in str(error) and isinstance(error, IndexError | ValueError) and x.shape[2] > 1:
        return "x and dy have several channels here. Is each channel of a window looked at alone?"
    if isinstance(error, IndexError) or "empty" in str(error):
        return "Places of dy and places of x are counted differently. Are they mixed?"
    return ""


def max_pool_backward(function: Callable[..., np.ndarray]) -> None:
    """Check task 3: ``max_pool_backward(x, dy, size, stride)``, the gradient for x."""
    judge(function, _route_cases, _route, _ROUTE_SLIPS, hint=_route_hint)
    correct("the winner of each window gets the blame for it, and whoever wins twice gets it twice.")


# --- Task 4: shapes and counts ------------------------------------------------------------------------

ROWS, COLUMNS, CLASSES = 28, 36, 10
FIRST, SECOND, UNITS = (5, 6), (4, 16), 120     # (kernel size, filters) twice; units of the dense layer


def _through(rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    """Follow one grey picture through the network: the shape after each layer."""
    one = conv2d_output_shape((rows, columns, 1), *FIRST)
    two = pool2d_output_shape(one)
    three = conv2d_output_shape(two, *SECOND)
    four = pool2d_output_shape(three)
    return {"conv 1": one, "pool 1": two, "conv 2": three, "pool 2": four, "flatten": (flatten_size(four),),
            "dense 1": (UNITS,), "dense 2": (CLASSES,)}


SHAPES: dict[str, tuple[int, ...]] = _through(ROWS, COLUMNS)


def _wrong_sides(question: str) -> dict[tuple[int, ...], str]:
    """Give sides of the map after a layer that come from a known mistake."""
    before = {"conv 1": (ROWS, COLUMNS), "pool 1": SHAPES["conv 1"], "conv 2": SHAPES["pool 1"],
              "pool 2": SHAPES["conv 2"]}[question][:2]
    if question.startswith("pool"):
        wrong = {
            before: "pooling with stride 2 halves both sides.",
            tuple(side - 1 for side in before): "these windows are one pixel apart; here they are two.",
            tuple(-(-side // 2) for side in before): "you rounded up. What fills no window is dropped.",
            tuple(side // 4 for side in before): "a window is 2 wide and 2 high: each side halves.",
        }
    else:
        f = {"conv 1": FIRST, "conv 2": SECOND}[question][0]
        wrong = {
            before: "without padding a filter does not fit at every pixel.",
            tuple(side - f for side in before): "one place too few: the window counts before its first step.",
            tuple(side - 2 for side in before): "that is for filters of 3 x 3, or that hang over the edge.",
            tuple(side // f for side in before): "these windows lie side by side; with stride 1 they do not.",
            tuple(side // 2 for side in before): "a convolution with stride 1 halves nothing.",
        }
    # Rounding up is a mistake only where there is something to round.
    return {sides: says for sides, says in wrong.items() if sides != SHAPES[question][:2]}


def _judge_list_shape(question: str, given: tuple[int, ...], right: tuple[int, ...]) -> str:
    if len(given) != 1:
        return "one number in brackets, with a comma: (3,). Rows and columns are gone here."
    rows, columns, depth = SHAPES["pool 2"]
    return explain_number(given[0], {
        "flatten": [(rows * columns, "all maps go into the list, not one."),
                    (rows + columns + depth, "rows, columns and channels are multiplied, not added."),
                    (depth, "that is one number from each map; all numbers of all maps are meant."),
                    (int(np.prod(SHAPES["conv 2"])), "the pooling in between has made the maps smaller.")],
    }.get(question, [(flatten_size((rows, columns, depth)),
                      "that is how many numbers come in. How many units has the layer?")]),
        "not this number. How many numbers come out for one picture?")


def _judge_shape(question: str, answer: Any) -> str | None:
    given, right = read_shape(answer, "(3, 4, 2)", "(5,) for a list", alone=True), SHAPES[question]
    if given == right:
        return None
    if len(right) == 3:
        return explain_map_shape(given, right, _wrong_sides(question), pools=question.startswith("pool"))
    return _judge_list_shape(question, given, right)


def shapes(answers: dict[str, tuple[int, ...]]) -> None:
    """Check task 4, first part: the shape after each layer of :data:`SHAPES`, for one picture."""
    read_answers(answers, SHAPES, _judge_shape, blank="give a shape for each layer, such as (3, 4, 2).")
    correct("maps get smaller and more of them, until flatten turns them into one list.")


def _dense_after(shape: tuple[int, ...]) -> int:
    return dense_params(flatten_size(shape), UNITS)


_LARGE = _through(2 * ROWS, 2 * COLUMNS)
COUNTS: dict[str, int] = {
    "conv 1": conv2d_params(FIRST[0], 1, FIRST[1]),
    "pool 1": 0,
    "conv 2": conv2d_params(SECOND[0], FIRST[1], SECOND[1]),
    "dense 1": _dense_after(SHAPES["pool 2"]),
    "dense 2": dense_params(UNITS, CLASSES),
    "conv 2, larger pictures": conv2d_params(SECOND[0], FIRST[1], SECOND[1]),
    "dense 1, larger pictures": _dense_after(_LARGE["pool 2"]),
    "dense 1, global pooling": dense_params(SECOND[1], UNITS),
}

_RIMS = "not quite four times. Follow the larger picture layer by layer: the rims do not grow with it."
_AFTER, _PLACES = SHAPES["pool 2"], {name: flatten_size(SHAPES[name][:2]) for name in ("conv 1", "conv 2")}
_SECOND_WRONG = [*wrong_conv_counts(*SECOND[:1], FIRST[1], SECOND[1], _PLACES["conv 2"]),
                 (conv2d_params(FIRST[0], FIRST[1], SECOND[1]), "mind the size of these filters.")]
_DENSE_WRONG = [(dense_params(flatten_size(_AFTER[:2]), UNITS), "the dense layer looks at all maps."),
                (_dense_after(SHAPES["conv 2"]), "the maps are pooled before the dense layer sees them.")]

_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "conv 1": [*wrong_conv_counts(FIRST[0], 1, FIRST[1], _PLACES["conv 1"]),
               (conv2d_params(FIRST[0], 3, FIRST[1]), "the picture is grey: how many channels has it?"),
               (conv2d_params(SECOND[0], 1, FIRST[1]), "mind the size of these filters.")],
    "pool 1": [(number, "the window has a size, but what in the largest of four could be learned?")
               for number in (4, 5, FIRST[1], 4 * FIRST[1], 5 * FIRST[1], 4 * FIRST[1] + 1)],
    "conv 2": _SECOND_WRONG,
    "dense 1": [*wrong_dense_counts(flatten_size(_AFTER), UNITS), *_DENSE_WRONG],
    "dense 2": [*wrong_dense_counts(UNITS, CLASSES),
                (dense_params(flatten_size(_AFTER), CLASSES),
                 "this layer does not see the maps. What does it see?")],
    "conv 2, larger pictures": [
        *_SECOND_WRONG,
        (2 * COUNTS["conv 2"], "what of a filter depends on the picture?"),
        (4 * COUNTS["conv 2"], "what of a filter depends on the picture?"),
    ],
    "dense 1, larger pictures": [
        *wrong_dense_counts(flatten_size(_LARGE["pool 2"]), UNITS),
        (COUNTS["dense 1"], "the list that comes in has grown; each of its numbers has weights of its own."),
        (2 * COUNTS["dense 1"], "both sides double."),
        (4 * COUNTS["dense 1"], _RIMS),
        (dense_params(4 * flatten_size(_AFTER), UNITS), _RIMS),
        (dense_params(2 * flatten_size(_AFTER), UNITS), "both sides double."),
        (_dense_after(_LARGE["conv 2"]), "the maps are pooled before the dense layer sees them."),
    ],
    "dense 1, global pooling": [
        *wrong_dense_counts(SECOND[1], UNITS),
        (COUNTS["dense 1"], "global pooling leaves one number of each map. How many maps are there?"),
        (dense_params(1, UNITS), "one number from each map, not one for all."),
        (dense_params(flatten_size(_AFTER[:2]), UNITS), "it is places that go; each map leaves one number."),
        (dense_params(FIRST[1], UNITS), "how many maps are there after the second convolution?"),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 4, second part: how many parameters, for each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS, "not this number. Count one filter, or one unit, first.")
    correct("filters do not care how large the picture is. The dense layer behind flatten does, and it is "
            "where most of the parameters sit.")


# --- Task 5: the receptive field ----------------------------------------------------------------------

FIELD = ("r", "jump")


def _field(stack: tuple[tuple[int, int], ...], *, order: str = "size first", grow: str = "f - 1",
           jump: str = "times", used: str = "jump", start: int = 1, first_jump: int = 1, which: str = "all",
           give: str = "r, jump") -> Parts:
    """Follow size and jump of the receptive field through a stack of layers, or do it wrong.

    Parameters
    ----------
    stack
        Pairs (kernel size, stride), from the input on.
    order, grow, jump, used, start, first_jump, which, give
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        Size and jump, each without axes.
    """
    r, j = start, first_jump
    chosen = {"all": stack, "reversed": stack[::-1], "last": stack[-1:], "first": stack[:1],
              "not the last": stack[:-1]}[which]
    for f, s in chosen:
        if order == "jump first":
            j *= s
        reach = {"f - 1": f - 1, "f": f, "f // 2": f // 2}[grow]
        r = r * f if used == "product" else r + reach * {"jump": j, "none": 1, "stride": s}[used]
        if order != "jump first":
            j = {"times": j * s, "plus": j + s, "replaced": s, "plus one less": j + s - 1}[jump]
    parts = {"r, jump": (r, j), "jump, r": (j, r), "area": (r * r, j), "r, r": (r, r)}[give]
    return tuple(np.asarray(float(part)) for part in parts)


_FIELD_SLIPS: list[Slip] = [
    ("the jump grows before it is used: what a layer adds is counted in steps of the layer *before* it.",
     {"order": "jump first"}),
    ("the jump has no part in r: after a stride of 2, one step to the side is two pixels of the input.",
     {"used": "none"}),
    ("each layer's own stride was used in place of the jump, which gathers the strides of all layers before.",
     {"used": "stride"}),
    ("a window of f pixels reaches f - 1 beyond its first: yours adds f.", {"grow": "f"}),
    ("half of the window was added; it reaches out on both sides.", {"grow": "f // 2"}),
    ("the kernel sizes are multiplied.", {"used": "product"}),
    ("the strides are added up; the jump *multiplies*.", {"jump": "plus"}),
    ("the strides are added up; the jump *multiplies*.", {"jump": "plus one less"}),
    ("the jump is that of the last layer alone; it is to gather all strides so far.", {"jump": "replaced"}),
    ("r starts at 0, but a pixel of the input sees itself.", {"start": 0}),
    ("the jump starts at 0, and 0 times anything stays 0.", {"first_jump": 0}),
    ("this is r for the same layers in the opposite order. Either you start with the last, or your rule is "
     "the one for walking back from the last layer; the pairs stand in order from the input on.",
     {"which": "reversed"}),
    ("only the last layer counts in your result.", {"which": "last"}),
    ("only the first layer counts in your result. Does the function return while the loop still runs?",
     {"which": "first"}),
    ("the last layer is missing.", {"which": "not the last"}),
    ("r and jump have changed places.", {"give": "jump, r"}),
    ("r is to be the side of the patch, not the number of its pixels.", {"give": "area"}),
    ("r is returned twice; the second number is the jump.", {"give": "r, r"}),
]


def _field_cases() -> list[Case]:
    rng = np.random.default_rng()

    def pairs(*choices: tuple[tuple[int, ...], tuple[int, ...]]) -> Case:
        stack = tuple((int(rng.choice(kernels)), int(rng.choice(strides))) for kernels, strides in choices)
        return Case((stack,), f"the stack {stack}")

    small, wide, one, more = (2, 3), (4, 5, 7), (1,), (2, 3)
    return [pairs((wide, one)), pairs((wide, one), (small, one)), pairs((small, more), (wide, one)),
            pairs((wide, one), (small, more), (wide, one), (small, more)),
            pairs((wide, more), (small, more), (small, one), (wide, more), (small, one)),
            Case(((),), "an empty stack: the picture itself")]


def receptive_field(function: Callable[..., Any]) -> None:
    """Check task 5: ``receptive_field(stack)`` -> (r, jump), from pairs (kernel size, stride)."""
    judge(function, _field_cases, _field, _FIELD_SLIPS, names=FIELD, take=take_arrays)
    correct("the patch grows with each layer, and the faster the more strides lie behind it.")


# --- Task 6: shifts -----------------------------------------------------------------------------------

AGAINST = ("against the moved output", "against the old output")
VERDICTS = ("equivariant", "invariant", "neither")


def _shift_change(layer: Callable[[np.ndarray], np.ndarray], x: np.ndarray, steps: int, *, axis: int = 1,
                  sign: int = 1, moved_too: str = "output", length: str = "root", by: str = "before",
                  give: str = "moved, old") -> Parts:
    """Measure how far a layer is from equivariant and from invariant, or do it wrong.

    Parameters
    ----------
    layer
        Takes (H, W, C) and gives (H, W, C').
    x
        One picture (H, W, C).
    steps
        By how many columns to move it to the right; what leaves comes in again on the left.
    axis, sign, moved_too, length, by, give
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        Two shares without axes: |after - moved before| / |before| and |after - before| / |before|.
    """
    def size(values: np.ndarray) -> float:
        return {"root": lambda: np.sqrt((values ** 2).sum()), "squares": lambda: (values ** 2).sum(),
                "abs": lambda: np.abs(values).sum(), "max": lambda: np.abs(values).max(),
                "sum": lambda: values.sum(), "mean": lambda: np.sqrt((values ** 2).mean())}[length]()

    def move(values: np.ndarray) -> np.ndarray:
        return np.roll(values, sign * steps, axis=axis)

    before, after = layer(x), layer(move(x))
    moved = {"output": move(before), "input": before, "back": np.roll(before, -sign * steps, axis=axis),
             "one": np.roll(before, 1, axis=1)}[moved_too]
    share = {"before": size(before), "after": size(after), "input": size(x), "none": 1.0,
             "count": float(before.size)}[by]
    near, far = size(after - moved) / share, size(after - before) / share
    if give == "differences":
        near, far = (size(after) - size(moved)) / share, (size(after) - size(before)) / share
    return tuple(np.asarray(float(part)) for part in ((far, near) if give == "old, moved" else (near, far)))


_SHIFT_SLIPS: list[Slip] = [
    ("both numbers compare with the old output. For the first, that output is to move as the picture did.",
     {"moved_too": "input"}),
    ("the output is moved the other way. It is to go where the picture went.", {"moved_too": "back"}),
    ("the output is moved by one step, whatever `steps` is.", {"moved_too": "one"}),
    ("you move to the left; to the right is asked for.", {"sign": -1}),
    ("you move the rows, down instead of to the right. Which axis holds the columns?", {"axis": 0}),
    ("you move the channels. Which axis holds the columns?", {"axis": 2}),
    ("squares are added up, but the root is missing.", {"length": "squares"}),
    ("the length of a list is the root of the sum of its *squares*; yours adds up absolute values.",
     {"length": "abs"}),
    ("the largest difference alone counts in yours; the length takes all numbers together.",
     {"length": "max"}),
    ("differences above and below 0 cancel in your sum.", {"length": "sum"}),
    ("you divide by the length of what came out *after* the move; the share is of what came out before.",
     {"by": "after"}),
    ("you divide by the length of the picture; the share is of what the layer passed on.", {"by": "input"}),
    ("these are lengths, not shares: divide by how much there was before.", {"by": "none"}),
    ("you divide by how many numbers there are; the share is of how long they were before.", {"by": "count"}),
    ("the two numbers have changed places.", {"give": "old, moved"}),
    ("you subtract the lengths of two outputs. Two different outputs may be equally long: subtract first, "
     "then take the length.", {"give": "differences"}),
]


def _made_up_layers(rng: np.random.Generator, height: int, width: int, channels: int
                    ) -> Iterator[tuple[Callable[[np.ndarray], np.ndarray], str]]:
    """Give layers (H, W, C) -> (H, W, C'): by place, the same everywhere, and without place."""
    mix, own = quarters(rng, channels, channels + 1), quarters(rng, height, width, channels)
    yield lambda x: own * x, "a layer with a weight for each place"
    yield lambda x: np.maximum(0, (x - np.roll(x, 1, axis=1)) @ mix), "a layer with one set of weights"
    yield lambda x: np.sort(x, axis=1) + 0.25, "a layer that sorts each row"


def _shift_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for (height, width, channels), steps in (((4, 7, 2), 2), ((5, 6, 3), 1), ((3, 8, 2), 3)):
        for layer, named in _made_up_layers(rng, height, width, channels):
            x = quarters(rng, height, width, channels)
            cases.append(Case((layer, x, steps), f"{named}, x of shape {x.shape}, steps {steps}"))
    return cases


def shift_change(function: Callable[..., Any]) -> None:
    """Check task 6, first part: ``shift_change(layer, x, steps)``, two shares; see :func:`_shift_change`."""
    judge(function, _shift_cases, _shift_change, _SHIFT_SLIPS, names=AGAINST, take=take_arrays)
    correct("0 in the first place means equivariant, 0 in the second invariant. Now you can measure "
            "instead of arguing.")


# What tests/test_checks_09.py measures of the functions that the exercise shows.
KINDS: dict[str, str] = {
    "edges": "equivariant",
    "row maxima": "invariant",
    "fading": "neither",
    "centred": "equivariant",
    "in order": "invariant",
    "blocks, 1 step": "neither",
    "blocks, 2 steps": "equivariant",
}

_WRONG_KINDS: dict[tuple[str, str], str] = {
    ("equivariant", "invariant"): "if the picture moves, does what comes out really stay where it was?",
    ("equivariant", "neither"): "what comes out has moved. Have you compared it with the old output, moved "
                                "as far?",
    ("invariant", "equivariant"): "does what comes out move with the picture?",
    ("invariant", "neither"): "compare what comes out with what came out before the picture moved.",
    ("neither", "equivariant"): "what comes out is not the old output at another place: some of its "
                                "numbers are new.",
    ("neither", "invariant"): "what comes out is not what came out before.",
}


def _judge_kind(question: str, answer: Any) -> str | None:
    if answer is ... or answer is None:
        raise NotAnswered(f"give one of the words {', '.join(VERDICTS)}.")
    if type(answer) is not str or answer.strip().lower() not in VERDICTS:
        return f"give one of the words {', '.join(VERDICTS)}, in quotation marks."
    given, right = answer.strip().lower(), KINDS[question]
    if given == right:
        return None
    said = _WRONG_KINDS[right, given]
    if question.startswith("blocks"):
        said += " Mind by how many steps it moves."
    return f"{said} Measure it."


def kinds(answers: dict[str, str]) -> None:
    """Check task 6, second part: one of :data:`VERDICTS` for each function that the exercise shows."""
    read_answers(answers, KINDS, _judge_kind, blank=f"give one of the words {', '.join(VERDICTS)} for each.")
    correct("whatever treats all places alike is equivariant; whatever forgets the place is invariant; a "
            "grid of windows follows in steps of its own.")


# --- Task 7: a network to a budget --------------------------------------------------------------------

BUDGET = 5_000
EPOCHS, BATCH, RATE, MOMENTUM = 20, 32, 0.05, 0.9
TRAININGS = (0, 1)              # seeds; the counts are means over them
IN_PLACE, MOVED = 345, 240      # of 360; tests/test_checks_09.py measures what reaches them and what does not


@cache
def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the digits as (N, 8, 8, 1) from 0 to 1, with their labels: to train on, and to test."""
    digits = load_digits()
    scaled = (x[..., None] / np.float32(16) for x in (digits.x_train, digits.x_test))
    return next(scaled), digits.y_train, next(scaled), digits.y_test


def _eight_moves(x: np.ndarray) -> Iterator[np.ndarray]:
    """Move pictures (N, 8, 8, 1) by one pixel in each of eight directions; zeros come in."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for top in range(3):
        for left in range(3):
            if (top, left) != (1, 1):
                yield padded[:, top:top + 8, left:left + 8]


def measure(model: Sequential) -> dict[str, float]:
    """Train a network on the digits, with one recipe for all, and count what it reads.

    The recipe is that of the chapter: 1,437 digits, 20 epochs, batches of 32, SGD with learning rate 0.05 and
    momentum 0.9. The network is trained where it stands: make a new one to measure again.

    Parameters
    ----------
    model
        Takes (N, 8, 8, 1), gives ten probabilities.

    Returns
    -------
    dict
        ``parameters``, and how many of the 360 test digits it gets right: ``in place``, and ``moved``, the
        mean over moves by one pixel in each of eight directions.
    """
    x_train, y_train, x_test, y_test = _digits()
    # The class's own methods: whatever the object may have in their place takes no part.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        Sequential.compile(model, SGD(RATE, momentum=MOMENTUM), "sparse_categorical_crossentropy")
        Sequential.fit(model, x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        right = [int((Sequential.predict(model, x, batch_size=90).argmax(axis=1) == y_test).sum())
                 for x in (x_test, *_eight_moves(x_test))]
    return {"parameters": sum(weight.size for layer in model.layers for weight in layer.weights),
            "in place": right[0], "moved": float(np.mean(right[1:]))}


def _made(function: Any, seed: int) -> Sequential:
    """Let a reader's function make a network, and insist on a plain, whole, fresh one."""
    model = run(function, Case((seed,), f"seed {seed}"))
    if type(model) is not Sequential:
        raise CheckFailed(f"network returns an object of type {type(model).__name__}; expected a Sequential.")
    problem = _not_plain(model) or _not_whole(model) or _not_fresh(model)
    if problem:
        raise CheckFailed(problem)
    return model


def _not_plain(model: Sequential) -> str | None:
    known = {getattr(layers, name) for name in layers.__all__}
    if not model.layers:
        return "there are no layers in it yet."
    for layer in model.layers:
        if type(layer) not in known:
            return (f"{getattr(layer, 'name', 'a layer')} is of type {type(layer).__name__}. Use the "
                    "layers of notmagic.layers as they are.")
    for part in (model, *model.layers):
        for name in vars(part):
            if callable(getattr(type(part), name, None)):
                return f"{part.name} is not as it was made: {name} has been replaced."
    return None


# What keeps two layers with weights from being no more than one: an activation, or a maximum.
_BENT = {ReLU, Sigmoid, Tanh, MaxPooling2D, GlobalMaxPooling2D}


def _not_whole(model: Sequential) -> str | None:
    if not model.built:
        return ("it does not know yet how large its input is, so nobody can count its parameters. Put "
                "layers.Input with the shape of one picture in front.")
    if model.input_shape != (None, 8, 8, 1):
        return (f"it takes inputs of shape {model.input_shape[1:]}; a digit has the shape (8, 8, 1): rows, "
                "columns, channels.")
    if model.output_shape != (None, 10):
        return (f"for one picture it gives an array of shape {model.output_shape[1:]}. There are ten "
                "digits: how many numbers are to come out?")
    if type(model.layers[-1]) is not Softmax:
        return "its ten numbers are no probabilities yet. Which layer makes probabilities of scores?"
    kinds = [type(layer) for layer in model.layers]
    if Softmax in kinds[:-1]:
        return "there is a Softmax in the middle. It belongs at the end, once."
    weighted = [place for place, kind in enumerate(kinds) if kind in (Conv2D, Dense)]
    for one, other in pairwise(weighted):
        if not _BENT & set(kinds[one:other]):
            return (f"between {model.layers[one].name} and {model.layers[other].name} there is no "
                    "activation. Two linear layers in a row can do no more than one.")
    return None


def _not_fresh(model: Sequential) -> str | None:
    """Look for traces of training: a fresh layer's biases are 0, and its weights lie within a known limit."""
    for layer in model.layers:
        for weight in layer.weights:
            places = int(np.prod(weight.shape[:-2])) if weight.ndim > 1 else 1
            limit = np.sqrt(6 / (places * sum(weight.shape[-2:]))) if weight.ndim > 1 else 0.0
            if np.abs(weight).max() > limit * 1.001:
                return (f"{layer.name} has been trained already, or its weights come from elsewhere. "
                        "Return the network fresh; the check trains it, on the training digits.")
    return None


def _largest_layer(model: Sequential) -> str:
    return max(model.layers, key=lambda layer: sum(weight.size for weight in layer.weights)).name


def _too_few(model: Sequential, in_place: float, moved: float) -> str | None:
    """Say what a trained network lacks, and what its layers have to do with it."""
    kinds = {type(layer) for layer in model.layers}
    reached = f"it reads {in_place:.0f} of 360 in place and {moved:.0f} moved, in the mean of two trainings. "
    if in_place < IN_PLACE:
        reached += f"In place that is less than {IN_PLACE}. "
        if in_place < 2 * 360 / 10:
            return reached + ("It is hardly more than by guessing: the training ran away, or its units are "
                              "dead. Very many units that see the same do that, with this step size.")
        if GlobalAveragePooling2D in kinds:
            return reached + "A mean over all places drowns a stroke that is found at one of them."
        return reached + ("Has it enough filters, and are they large enough to see a stroke? You need not "
                          "spend the budget, but you may.")
    if moved >= MOVED:
        return None
    reached += f"Moved, that is less than {MOVED}. "
    if Conv2D not in kinds:
        return reached + "It has no filters: each unit knows each place by weights of its own."
    if Flatten in kinds and not kinds & {GlobalMaxPooling2D, GlobalAveragePooling2D}:
        return reached + ("Behind Flatten each place of the maps has weights of its own. What could come "
                          "before the dense layer that forgets more of the place?")
    return reached + ("Somewhere it still matters where a stroke lies: look for a grid of windows that "
                      "stands still while the digit moves, and for filters that see no further than a "
                      "pixel or two.")


def network(function: Callable[[int], Sequential]) -> None:
    """Check task 7: ``network(seed)``, a fresh network of at most :data:`BUDGET` parameters.

    It is trained here, twice, with the recipe of :func:`measure`; it must read :data:`IN_PLACE` of the 360
    test digits, and :data:`MOVED` of them when they are moved by one pixel.
    """
    model, again, other = _made(function, 0), _made(function, 0), _made(function, 1)
    if model is again or any(a is b for a in model.layers for b in again.layers):
        raise CheckFailed("two calls give the same network, or share a layer. Make a new one in each call.")
    size = sum(weight.size for weight in model.weights)
    if size > BUDGET:
        raise CheckFailed(f"it has {size:,} parameters, {size - BUDGET:,} too many. Most of them sit in "
                          f"{_largest_layer(model)}.")
    start = [np.concatenate([weight.ravel() for weight in one.weights] or [np.zeros(0)])
             for one in (model, again, other)]
    if not np.array_equal(start[0], start[1]):
        raise CheckFailed("two calls with the same seed start from different weights: nobody could repeat "
                          "your training. Does Sequential get the seed?")
    if np.array_equal(start[0], start[2]):
        raise CheckFailed("every seed gives the same first weights. Does Sequential get the seed?")
    counted = [measure(_made(function, seed)) for seed in TRAININGS]
    in_place, moved = (float(np.mean([row[name] for row in counted])) for name in ("in place", "moved"))
    problem = _too_few(model, in_place, moved)
    if problem:
        raise CheckFailed(problem)
    # No counts here: the last digits of a training differ from machine to machine.
    correct("with half of the parameters it reads more moved digits than any network of the chapter, and "
            "it has never seen one.")


__all__ = ["by_hand", "counts", "kinds", "max_pool_backward", "measure", "network", "pool", "receptive_field",
           "shapes", "shift_change"]
