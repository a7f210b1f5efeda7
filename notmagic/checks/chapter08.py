"""Checks for ``exercises/08-the-convolution-layer``: sizes, counts, one window, the whole layer, two bugs.

Every input of a function under test is drawn afresh at each call, in quarters, which float32 and float64
both represent exactly: a right answer agrees to the last digit, whatever order it adds in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from math import ceil
from typing import Any

import numpy as np

from notmagic.checks._base import (
    WHOLE_NUMBERS_ONLY,
    Case,
    CheckFailed,
    Mistake,
    NotAnswered,
    correct,
    explain_number,
    judge_counts,
    judge_function,
    quarters,
    read_answers,
    read_number,
)
from notmagic.geometry import conv2d_params, dense_params, leftover, output_size

# --- Task 1: sizes ------------------------------------------------------------------------------------

# name: (input size n, kernel size f, stride s, padding p); all inputs square
SIZES: dict[str, tuple[int, int, int, int]] = {
    "A": (7, 3, 1, 0),
    "B": (7, 3, 2, 0),
    "C": (8, 3, 2, 0),
    "D": (8, 3, 2, 1),
    "E": (224, 11, 4, 0),
    "F": (227, 11, 4, 0),
}


def _wrong_sizes(n: int, f: int, s: int, p: int) -> list[tuple[float, str]]:
    room = n + 2 * p - f
    return [
        (room / s + 1, "there is no such thing as part of a window: what of a last step that does not fit?"),
        (ceil(room / s) + 1, "you rounded up, but a window that hangs over the edge does not count."),
        (round(room / s) + 1, "you rounded to the nearest; a window fits whole or not at all."),
        (room // s, "one window too few: the window counts before it takes its first step, too."),
        (room // s + 2, "one window too many: count them on paper, for a smaller input."),
        ((n + p - f) // s + 1, "the padding was counted on one side only."),
        ((n - f) // s + 1, "the padding was left out."),
        (room + 1, "that is the size at stride 1."),
        (n, "that is the size of the input."),
        ((n + 2 * p) // s, "the size of the filter was left out."),
        ((room // s + 1) ** 2, "give the length of one side, not the number of values."),
    ]


def _judge_size(question: str, answer: Any) -> str | None:
    if answer is ...:
        raise NotAnswered("give two numbers: (size, left over).")
    if type(answer) not in (tuple, list) or len(answer) != 2:
        return "give two numbers in brackets: (size, left over)."
    n, f, s, p = SIZES[question]
    right_size, right_rest = output_size(n, f, s, p), leftover(n, f, s, p)
    size, rest = read_number(answer[0]), read_number(answer[1], whole=True)
    if size != right_size:
        if (size, rest) == (right_rest, right_size):
            return "the right two numbers in the wrong order: size first, then what is left over."
        return "size: " + explain_number(size, _wrong_sizes(n, f, s, p),
                                         "not this number. Write down where each window starts.")
    if rest == right_rest:
        return None
    return "the size is right, but left over: " + explain_number(rest, [
        (right_rest + f, "you counted the pixels after the *start* of the last window; count after its end."),
        ((n - f) % s, "the padding belongs to the row that the window walks along."),
        ((n + 2 * p) % s, "what does not fit is a rest of the walk, not of the whole width: take the first "
                          "window off before you divide."),
        (s - right_rest, "that is how many pixels are missing for one more step, not how many are left."),
        (right_rest ** 2, "count columns at the right end, not pixels of a corner."),
    ], "not this number. Where does the last window end, and where does the padded input end?")


def sizes(answers: dict[str, tuple[int, int]]) -> None:
    """Check task 1: for each setting of :data:`SIZES`, one side of the output and the pixels left over."""
    read_answers(answers, SIZES, _judge_size)
    correct("output sizes round down, and whatever is left at the right and lower edge is never looked at.")


# --- Task 2: counts -----------------------------------------------------------------------------------

_SIDE, _DEPTH, _FILTER, _MAPS = 256, 3, 3, 64      # the layer of the chapter
_OUT = output_size(_SIDE, _FILTER)

COUNTS: dict[str, int] = {
    "one filter": conv2d_params(_FILTER, _DEPTH, 1),
    "the layer": conv2d_params(_FILTER, _DEPTH, _MAPS),
    "numbers in the output": _OUT * _OUT * _MAPS,
    "the next layer": conv2d_params(5, _MAPS, 32),
    "1 x 1": conv2d_params(1, _MAPS, 16),
    "dense": dense_params(_SIDE * _SIDE * _DEPTH, _MAPS),
}

_NO_BIAS = "the bias was forgotten."
_ONE_BIAS = "one bias for the whole layer is too few: how many numbers does each position of the output hold?"
_MANY_BIASES = "a bias for every input channel is too many: it is added once, after the sum over the depth."
_FLAT = "a filter always spans the full depth of its input; yours is one channel thin."


def _wrong_filters(f: int, depth: int, filters: int) -> list[tuple[float, str]]:
    size = f * f
    return [
        (size * depth * filters, _NO_BIAS),
        (size * depth * filters + 1, _ONE_BIAS),
        ((size + 1) * depth * filters, _MANY_BIASES),
        ((size + 1) * filters, _FLAT),
        (size * filters, _FLAT + " And " + _NO_BIAS),
        (size * depth + 1, "that is one filter; the layer has more than one."),
        (size * depth + filters, "every filter has weights of its own."),
        (f * depth * filters + filters, "a filter has a height and a width."),
        ((f + f) * depth * filters + filters, "height and width are multiplied, not added."),
    ]


_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "one filter": _wrong_filters(_FILTER, _DEPTH, 1),
    "the layer": _wrong_filters(_FILTER, _DEPTH, _MAPS),
    "numbers in the output": [
        (_SIDE * _SIDE * _MAPS, "without padding, the filter does not fit at every pixel."),
        ((_OUT - 1) ** 2 * _MAPS, "the window counts before it takes its first step, too."),
        ((_SIDE - _FILTER) ** 2 * _MAPS, "the window counts before it takes its first step, too."),
        (_OUT * _OUT, "that is one feature map; the layer has more than one."),
        (_OUT * _OUT * _DEPTH, "the depth of the output is not that of the input."),
        (_OUT * _OUT * _DEPTH * _MAPS, "the three channels are summed into one number; they do not multiply "
                                       "the output."),
        (_OUT * _MAPS, "a feature map has a height and a width."),
    ],
    "the next layer": [
        *_wrong_filters(5, _MAPS, 32),
        (conv2d_params(5, _DEPTH, 32), "this layer does not see the image. What does it see, and how deep?"),
        (conv2d_params(_FILTER, _MAPS, 32), "mind the size of these filters."),
    ],
    "1 x 1": [
        *_wrong_filters(1, _MAPS, 16),
        (conv2d_params(1, 16, _MAPS), "sixteen filters over 64 maps, not the other way round."),
        (conv2d_params(_FILTER, _MAPS, 16), "mind the size of these filters."),
    ],
    "dense": [
        (_SIDE * _SIDE * _DEPTH * _MAPS, _NO_BIAS),
        (_SIDE * _SIDE * _DEPTH * _MAPS + 1, "one bias for the layer is too few: each unit has its own."),
        (_SIDE * _SIDE * _DEPTH + 1, "that is one unit; the layer has more than one."),
        ((_SIDE * _SIDE + 1) * _MAPS, "a colour image has three numbers at each pixel."),
        (_SIDE * _SIDE * _MAPS, "a colour image has three numbers at each pixel. And " + _NO_BIAS),
        (_OUT * _OUT * _DEPTH * _MAPS + _MAPS, "a dense unit looks at every pixel, edges too."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 2: how many parameters, or numbers, for each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS,
                 "not this number. Count one filter first, or one position of the output.")
    correct("a convolution layer's parameters do not depend on the size of the image; a dense layer's do.")


# --- A convolution that can be made to go wrong ---------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How somebody computes a convolution; the defaults are right, each change is a known mistake."""

    flip: bool = False
    first_channel_only: bool = False
    first_filter_only: bool = False
    # (before, after) for the rows, then for the columns, in units of the padding asked for
    pad: tuple[tuple[int, int], tuple[int, int]] = ((1, 1), (1, 1))
    pad_mode: str = "constant"
    counts_stride: tuple[bool, bool] = (True, True)     # the stride has a part in the output's size
    moves_stride: tuple[bool, bool] = (True, True)      # the stride has a part in where the window goes
    round_up: bool = False
    one_too_few: bool = False
    last_unfilled: bool = False
    square: bool = False                                # the width of the output comes from the height
    mean: bool = False
    bias: str = "add"                                   # or "none", "each channel", "each weight", "first"
    after: Callable[[np.ndarray], np.ndarray] = field(default=lambda out: out)


RIGHT = Recipe()


def _padded(image: np.ndarray, padding: int, recipe: Recipe) -> np.ndarray:
    amounts = [(before * padding, after * padding) for before, after in recipe.pad]
    return np.pad(image, [*amounts, (0, 0)], mode=recipe.pad_mode)


def _out_shape(padded: np.ndarray, kernel: np.ndarray, stride: int, recipe: Recipe) -> list[int]:
    sides = []
    for axis in (0, 1):
        steps = (padded.shape[axis] - kernel.shape[axis]) / (stride if recipe.counts_stride[axis] else 1)
        side = (ceil(steps) if recipe.round_up else int(steps)) + 1
        sides.append(side - 1 if recipe.one_too_few else side)
    return [sides[0], sides[0]] if recipe.square else sides


def _bias(kernel: np.ndarray, bias: np.ndarray, recipe: Recipe) -> np.ndarray:
    if recipe.bias == "first":
        return np.full_like(bias, bias[0])
    times = {"none": 0, "add": 1, "each channel": kernel.shape[2], "each weight": kernel[..., 0].size}
    return bias * times[recipe.bias]


def convolve(image: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0,
             recipe: Recipe = RIGHT) -> np.ndarray:
    """Convolve as ``recipe`` says, window by window: the reference, and every known mistake.

    Parameters
    ----------
    image
        Shape (H, W, C).
    kernel
        Shape (f, f, C, F), as Keras stores it; height and width of the filters may differ.
    bias
        Shape (F,).
    stride, padding
        Pixels; the padding goes on every side.
    recipe
        What to do wrong.

    Returns
    -------
    numpy.ndarray
        float64, shape (H', W', F) if nothing goes wrong.
    """
    if recipe.first_channel_only:
        image, kernel = image[..., :1], kernel[:, :, :1]
    if recipe.flip:
        kernel = kernel[::-1, ::-1]
    if recipe.first_filter_only:
        kernel = np.repeat(kernel[..., :1], kernel.shape[-1], axis=-1)
    padded = _padded(image, padding, recipe)
    rows, columns = _out_shape(padded, kernel, stride, recipe)
    kh, kw = kernel.shape[:2]
    down, right = (stride if moves else 1 for moves in recipe.moves_stride)
    # Windows that hang over the edge, as those of somebody who rounds up do, see nothing there.
    padded = np.pad(padded, [(0, rows * down + kh), (0, columns * right + kw), (0, 0)])
    out = np.zeros((rows, columns, kernel.shape[-1]))
    gap = 1 if recipe.last_unfilled else 0
    for i in range(rows - gap):
        for j in range(columns - gap):
            window = padded[i * down:i * down + kh, j * right:j * right + kw, :, None]
            total = (window * kernel).sum(axis=(0, 1, 2))
            out[i, j] = total / kernel[..., 0].size if recipe.mean else total
            out[i, j] += _bias(kernel, bias, recipe)
    return recipe.after(out)


_MAPS_FIRST = partial(np.moveaxis, source=2, destination=0)
_ONE_SIDE = "padding was added on one side only; it belongs at both ends of each axis."
_ONE_APART = ("the output has the right size for this stride, but its values come from windows one pixel "
              "apart. Where does the window of output (i, j) start?")

# What to say, and the changes of the recipe that make the mistake.
Slip = tuple[str, dict[str, Any]]
SLIPS: list[Slip] = [
    ("the bias was forgotten.", {"bias": "none"}),
    ("the bias is added once for every channel; it belongs once at the end of the sum.",
     {"bias": "each channel"}),
    ("the bias is added to every product; it belongs once at the end of the sum.", {"bias": "each weight"}),
    ("every feature map gets the bias of the first filter; each filter has its own.", {"bias": "first"}),
    ("the kernel is flipped, upside down and left to right. Deep learning does not flip it: row 0 of the "
     "window meets row 0 of the kernel.", {"flip": True}),
    ("only the first channel is summed; a filter spans the full depth.", {"first_channel_only": True}),
    ("every feature map comes from the first filter.", {"first_filter_only": True}),
    ("rows and columns of the output are swapped.", {"after": partial(np.swapaxes, axis1=0, axis2=1)}),
    ("the feature maps come first in your output; here they are the last axis, (rows, columns, maps).",
     {"after": _MAPS_FIRST}),
    ("the padding is ignored.", {"pad": ((0, 0), (0, 0))}),
    (_ONE_SIDE, {"pad": ((1, 0), (1, 0))}),
    (_ONE_SIDE, {"pad": ((0, 1), (0, 1))}),
    ("all of the padding was added on one side; half of it belongs at the other end.",
     {"pad": ((2, 0), (2, 0))}),
    ("all of the padding was added on one side; half of it belongs at the other end.",
     {"pad": ((0, 2), (0, 2))}),
    ("only rows are padded; columns need it, too.", {"pad": ((1, 1), (0, 0))}),
    ("only columns are padded; rows need it, too.", {"pad": ((0, 0), (1, 1))}),
    ("twice the padding: padding 1 means one pixel on each side.", {"pad": ((2, 2), (2, 2))}),
    ("the padding repeats the pixels of the edge; here it consists of zeros.", {"pad_mode": "edge"}),
    ("the padding mirrors the image; here it consists of zeros.", {"pad_mode": "reflect"}),
    ("the stride is ignored: the output is that of stride 1.",
     {"counts_stride": (False, False), "moves_stride": (False, False)}),
    ("the stride is ignored vertically.", {"counts_stride": (False, True), "moves_stride": (False, True)}),
    ("the stride is ignored horizontally.", {"counts_stride": (True, False), "moves_stride": (True, False)}),
    (_ONE_APART, {"moves_stride": (False, False)}),
    ("down the rows: " + _ONE_APART, {"moves_stride": (False, True)}),
    ("along the columns: " + _ONE_APART, {"moves_stride": (True, False)}),
    ("the output is too large where the stride does not divide: round down (floor), not up (ceil).",
     {"round_up": True}),
    ("the output lacks its last row and column: the first window counts, too.", {"one_too_few": True}),
    ("the last row and column of the output are never filled.", {"last_unfilled": True}),
    ("the output is always square: its width comes from the height of the image.", {"square": True}),
    ("you take the mean of the products; a convolution takes their sum.", {"mean": True}),
    ("negative values have become 0. ReLU is a layer of its own; this one does not include it.",
     {"after": partial(np.maximum, 0.0)}),
    (WHOLE_NUMBERS_ONLY, {"after": np.trunc}),
]


def _single(slips: Iterable[Slip], convolution: Callable[..., np.ndarray]) -> list[Mistake]:
    return [Mistake(says, partial(convolution, recipe=replace(RIGHT, **changes))) for says, changes in slips]


def _double(slips: Iterable[Slip], convolution: Callable[..., np.ndarray]) -> list[Mistake]:
    """Two mistakes at once, wherever they do not get into each other's way."""
    return [Mistake(f"two things. First: {says} Second: {also}",
                    partial(convolution, recipe=replace(RIGHT, **changes, **more)))
            for (says, changes), (also, more) in combinations(slips, 2)
            if not changes.keys() & more.keys()]


_quarters = partial(quarters, largest=4)


# --- Task 3: one window -------------------------------------------------------------------------------

# The example printed in the exercise: chosen so that every mistake gives a number of its own.
SMALL_IMAGE = np.array([[0, 2, 3, 1, 3],
                        [3, 0, 0, 2, 1],
                        [0, 3, 0, 0, 1],
                        [1, 2, 1, 1, 1],
                        [2, 3, 0, 1, 3]], dtype=float)
SMALL_KERNEL = np.array([[1, 0, -1],
                         [2, 0, -2],
                         [1, 1, 0]], dtype=float)
SMALL_BIAS = 0.5
SMALL_PLACE = (0, 1)       # row and column of the output
SMALL_STRIDE = 2


def one_window(image: np.ndarray, kernel: np.ndarray, bias: float, row: int, column: int, stride: int = 1,
               *, kind: str = "right") -> np.ndarray:
    """One value of the output of one filter over one channel, computed right or in one known wrong way.

    Parameters
    ----------
    image, kernel
        Shapes (H, W) and (kh, kw).
    bias
        Added to the sum.
    row, column, stride
        Which value of the output; how far apart windows start.
    kind
        ``"right"`` or the name of a mistake.
    """
    if kind == "swapped":
        row, column = column, row
    top, left = (row, column) if kind == "stride" else (row * stride, column * stride)
    if kind == "from one":
        top, left = max(top - stride, 0), max(left - stride, 0)
    kh, kw = kernel.shape
    window = image[top:top + kh, left:left + kw]
    if window.shape != kernel.shape:
        return np.asarray(np.nan)       # this mistake has no answer here
    if kind == "flip":
        kernel = kernel[::-1, ::-1]
    if kind == "turn":
        kernel = kernel.T if kh == kw else kernel
    if kind == "matrix":
        return np.asarray((window @ kernel).sum() + bias if kh == kw else np.nan)
    products = window * kernel
    totals = {"mean": products.mean(), "max": products.max()}
    return np.asarray(totals.get(kind, products.sum()) + {"bias": 0, "minus": -bias}.get(kind, bias))


_WINDOW_MISTAKES: dict[str, str] = {
    "bias": "the bias was forgotten.",
    "minus": "the bias was subtracted; it is added.",
    "stride": "the stride was forgotten: at stride s, the window of output (i, j) does not start at pixel "
              "(i, j).",
    "swapped": "rows and columns are swapped: the row comes first and counts downwards.",
    "flip": "the kernel was flipped. Deep learning does not flip it.",
    "turn": "the kernel was transposed.",
    "matrix": "that is a matrix product; here each pixel meets one weight.",
    "mean": "you took the mean of the products; a convolution takes their sum.",
    "max": "you took the largest product; a convolution takes their sum.",
    "from one": "rows and columns count from 0.",
}


def _window_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for stride, f in ((1, 3), (2, 3), (3, 2), (2, 2)):
        row, column = (int(index) for index in rng.permutation(3)[:2])
        # One extra window each way, so that somebody who swaps row and column finds one there.
        image = _quarters(rng, 3 * stride + f, 3 * stride + f + 1)
        bias = float(_quarters(rng))
        cases.append(Case((image, _quarters(rng, f, f), bias, row, column, stride),
                          f"an image of shape {image.shape}, a kernel of shape {(f, f)}, bias {bias}, "
                          f"row {row}, column {column}, stride {stride}"))
    return cases


def _read_value(given: Any) -> np.ndarray:
    try:
        return np.asarray(float(read_number(given)))
    except CheckFailed as failure:
        raise CheckFailed(f"what your function returns is no number: {failure.message}") from None


def by_hand(value: float) -> None:
    """Check task 3, first part: the value that the printed image and kernel give at one place."""
    example = (SMALL_IMAGE, SMALL_KERNEL, SMALL_BIAS, *SMALL_PLACE, SMALL_STRIDE)
    number = read_number(value)
    if number != float(one_window(*example)):
        raise CheckFailed(explain_number(
            number,
            [(float(one_window(*example, kind=kind)), says) for kind, says in _WINDOW_MISTAKES.items()],
            "not this number. Lay the kernel on the image: which nine pixels does it cover?"))
    correct("nine products, one sum, one bias. A layer does nothing else, many times over.")


def one_value(function: Callable[..., float]) -> None:
    """Check task 3, second part: ``one_value(x, kernel, bias, row, col, stride)``."""
    judge_function(function, _window_cases(), one_window,
                   lambda: [Mistake(says, partial(one_window, kind=kind))
                            for kind, says in _WINDOW_MISTAKES.items()],
                   read=_read_value)
    correct("one line does at any place what you did by hand at one.")


# --- Task 4: the layer --------------------------------------------------------------------------------

# (H, W, C), (kh, kw), F, stride, padding: from plain to full; windows that do not divide; no squares
_LAYERS = (
    ((5, 7, 1), (3, 3), 1, 1, 0),
    ((6, 8, 3), (3, 3), 2, 1, 0),
    ((5, 7, 2), (3, 3), 3, 1, 1),
    ((8, 11, 2), (3, 3), 2, 2, 0),
    ((9, 6, 3), (2, 3), 2, 2, 1),
    ((10, 14, 2), (4, 3), 3, 3, 2),
    ((6, 9, 4), (2, 2), 2, 2, 1),
)


def _layer_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for (rows, columns, channels), (kh, kw), filters, stride, padding in _LAYERS:
        # A pixel more or less each time: sizes learnt by heart do not help.
        rows, columns = rows + stride * int(rng.integers(0, 2)), columns + stride * int(rng.integers(0, 2))
        image, kernel = _quarters(rng, rows, columns, channels), _quarters(rng, kh, kw, channels, filters)
        if channels == 4:
            image = np.abs(4 * image).astype(np.uint8)      # as pictures are stored
        cases.append(Case((image, kernel, _quarters(rng, filters), stride, padding),
                          f"an image of shape {image.shape} and dtype {image.dtype}, a kernel of shape "
                          f"{kernel.shape}, stride {stride}, padding {padding}"))
    return cases


def _layer_hint(error: Exception, case: Case) -> str:
    """Guess why a convolution stopped, from the setting at which it did."""
    _, kernel, _, stride, padding = case.arguments
    if isinstance(error, ValueError) and kernel.shape[0] != kernel.shape[1]:
        return "This filter is not as high as it is wide. Does each direction use its own size?"
    if isinstance(error, IndexError) and stride > 1:
        return "Pixels are counted in steps of the stride, places of the output one by one. Are they mixed?"
    if isinstance(error, ValueError) and "broadcast" in str(error) and stride == 1 and padding:
        return "Is the axis of the channels padded, too? It is to keep its length."
    return _window_hint(error, stride)


def _hunt_hint(error: Exception, case: Case) -> str:
    return _window_hint(error, case.arguments[2])


def _window_hint(error: Exception, stride: int) -> str:
    if not isinstance(error, ValueError) or "broadcast" not in str(error):
        return ""
    if stride > 1:
        return ("Does a window hang over the edge? Where the stride does not divide, the size of the output "
                "is rounded down (floor), not up (ceil).")
    return "Print the shape of each window: does it have the shape of one filter, at the edges, too?"


def conv2d(function: Callable[..., np.ndarray]) -> None:
    """Check task 4: ``conv2d(x, kernel, bias, stride, padding)`` on x (H, W, C), kernel (f, f, C, F)."""
    judge_function(function, _layer_cases(), convolve,
                   lambda: _single(SLIPS, convolve) + _double(SLIPS, convolve), hint=_layer_hint)
    correct("depth, stride and padding all agree with the reference. You have written a convolution layer.")


# --- Task 5: a bug hunt -------------------------------------------------------------------------------


def _flat_convolve(image: np.ndarray, kernel: np.ndarray, stride: int = 1,
                   recipe: Recipe = RIGHT) -> np.ndarray:
    """One channel, one filter, no bias, no padding: what the hurried function was meant to compute."""
    return convolve(image[..., None], kernel[..., None, None], np.zeros(1), stride, 0, recipe)[..., 0]


_HURRIED = {"moves_stride": (False, True), "square": True}
_HUNT_SLIPS: list[Slip] = [
    ("both bugs are still in it.", _HURRIED),
    ("one bug is gone, the one about the shape. Another is left: compare the output at stride 2 with every "
     "second row and column of the output at stride 1.", {"moves_stride": (False, True)}),
    ("one bug is gone, the one about the stride. Another is left: try an image that is wider than high.",
     {"square": True}),
    ("now the columns move too little, as well. One of the two directions was right before.",
     {"moves_stride": (False, False)}),
]
# What can go wrong with one channel, one filter, no bias and no padding.
_FLAT_SLIPS = [(says, changes) for says, changes in SLIPS
               if not changes.keys() & {"bias", "pad", "pad_mode", "first_channel_only", "first_filter_only"}
               and changes.get("after") is not _MAPS_FIRST]


def _hunt_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for rows, columns, f, stride in ((6, 6, 3, 1), (8, 8, 3, 2), (6, 9, 3, 1), (9, 6, 2, 2), (11, 8, 3, 3)):
        more = stride * int(rng.integers(0, 2))
        image = _quarters(rng, rows + more, columns + (more if rows == columns else 0))
        cases.append(Case((image, _quarters(rng, f, f), stride),
                          f"an image of shape {image.shape}, a kernel of shape {(f, f)}, stride {stride}"))
    return cases


def _read_witness(answer: Any, name: str) -> tuple[int, int, int, int]:
    if type(answer) not in (tuple, list) or len(answer) != 4:
        raise CheckFailed(f"{name}: give four whole numbers: (rows, columns, kernel size, stride).")
    if any(value is ... for value in answer):
        raise NotAnswered("give four whole numbers: (rows, columns, kernel size, stride).")
    rows, columns, f, stride = (int(read_number(value, whole=True)) for value in answer)
    if min(rows, columns, f, stride) < 1 or max(rows, columns, f) > 64:
        raise CheckFailed(f"{name}: choose numbers from 1 to 64.")
    if f > min(rows, columns):
        raise CheckFailed(f"{name}: a {f} x {f} kernel does not fit a {rows} x {columns} image.")
    return rows, columns, f, stride


def witnesses(wrong_values: tuple[int, int, int, int], wrong_shape: tuple[int, int, int, int]) -> None:
    """Check task 5, first part: settings at which the hurried function gives wrong values, and a wrong shape.

    Each witness is (rows, columns, kernel size, stride); the function is tried there on random numbers.
    """
    given = {"wrong_values": wrong_values, "wrong_shape": wrong_shape}
    if all(answer is ... or (type(answer) is tuple and all(value is ... for value in answer))
           for answer in given.values()):
        raise NotAnswered("give two settings, each (rows, columns, kernel size, stride).")
    rng = np.random.default_rng()
    for name, answer in given.items():
        rows, columns, f, stride = _read_witness(answer, name)
        arguments = _quarters(rng, rows, columns), _quarters(rng, f, f), stride
        right = _flat_convolve(*arguments)
        hurried = _flat_convolve(*arguments, recipe=replace(RIGHT, **_HURRIED))
        if name == "wrong_values" and right.shape != hurried.shape:
            raise CheckFailed("wrong_values: here the shape is wrong, too. Find a setting at which the shape "
                              "is right and a value is not.")
        if name == "wrong_values" and np.array_equal(right, hurried):
            raise CheckFailed("wrong_values: here the hurried function is right. What does it do with the "
                              "stride?")
        if name == "wrong_shape" and right.shape == hurried.shape:
            raise CheckFailed("wrong_shape: here the shape is right. From what does the function compute it?")
    correct("a test of the shape misses the first bug, and a test on square images misses the second.")


def mended(function: Callable[..., np.ndarray]) -> None:
    """Check task 5, second part: ``mended_conv(x, kernel, stride)`` after both bugs are gone."""
    judge_function(function, _hunt_cases(), _flat_convolve,
                   lambda: _single(_HUNT_SLIPS + _FLAT_SLIPS, _flat_convolve)
                   + _double(_FLAT_SLIPS, _flat_convolve), hint=_hunt_hint)
    correct("right at every stride, on images of every shape.")


# --- Task 6: a filter of your own ---------------------------------------------------------------------

LINE_SIZE = 9


def line_images(size: int = LINE_SIZE) -> dict[str, np.ndarray]:
    """Pictures with a bright line on dark ground: one upright, one lying, and one evenly lit for comparison.

    Returns
    -------
    dict of numpy.ndarray
        Each of shape (size, size), float64, from 0 (dark) to 1 (bright).
    """
    vertical = np.zeros((size, size))
    vertical[:, size // 2] = 1.0
    return {"vertical line": vertical, "horizontal line": vertical.T.copy(),
            "evenly lit": np.ones((size, size))}


def line_filter(kernel: np.ndarray) -> None:
    """Check task 6: a 3 x 3 filter that answers on a vertical line, and to nothing else in the pictures."""
    if kernel is ...:
        raise NotAnswered("replace the zeros by nine weights.")
    if type(kernel) is list:
        raise CheckFailed("the filter is a list; np.array(...) makes it an array.")
    if type(kernel) is not np.ndarray or kernel.dtype.kind not in "iuf":
        raise CheckFailed("the filter is to be a NumPy array of numbers.")
    if kernel.shape != (3, 3):
        raise CheckFailed(f"wrong shape: expected (3, 3), got {kernel.shape}.")
    if not np.all(np.isfinite(kernel)):
        raise CheckFailed("there is a nan or an inf among the weights.")
    if not np.any(kernel):
        raise NotAnswered("all nine weights are 0, so the filter never answers.")
    weights = kernel.astype(np.float64) / np.max(np.abs(kernel))
    maps = {name: _flat_convolve(image, weights) for name, image in line_images().items()}
    problem = _line_problem(weights, maps)
    if problem:
        raise CheckFailed(problem)
    correct("a column of lit pixels with dark neighbours excites this filter, a row of them leaves it cold.")


def _line_problem(weights: np.ndarray, maps: dict[str, np.ndarray]) -> str | None:
    upright, lying, even = maps["vertical line"], maps["horizontal line"], maps["evenly lit"]
    middle = upright.shape[1] // 2
    silent = 0.05
    if np.max(np.abs(even)) > silent:
        return ("it answers to even light: with no line anywhere the output is not 0. What must the nine "
                "weights add up to?")
    if np.max(np.abs(upright)) <= silent < np.max(np.abs(lying)):
        return "it answers to the horizontal line and not to the vertical one: it lies on its side."
    if np.max(np.abs(lying)) > silent:
        return ("it answers to the horizontal line as well. Slide one row of lit pixels over your filter: "
                "what must the weights of each row add up to?")
    if np.max(np.abs(upright)) <= silent:
        return "it answers to none of the three pictures."
    if upright[0, middle] < -silent:
        return "its answer on the vertical line is negative: this filter is for dark lines on bright ground."
    if upright[0, middle] <= silent:
        return ("on the line itself its answer is 0; it answers beside it. That is a filter for edges, where "
                "dark turns into bright; a line has an edge on both sides.")
    if np.max(upright) > upright[0, middle]:
        return "its largest answer lies beside the line, not on it."
    return None
