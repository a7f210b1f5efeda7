"""Checks for ``exercises/07-the-quadrant-cat-detector``: counts, quadrants, a shared neuron, windows, layer.

Inputs of a function under test are drawn afresh at each call, in quarters, which float32 and float64 both
represent exactly. Scenes are small there: what is right for 6 x 8 pixels is right for 256 x 256.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np

from notmagic.checks._base import Case, correct, judge_counts, quarters
from notmagic.checks._networks import Parts, Slip
from notmagic.checks._pictures import described, judge, take_arrays
from notmagic.datasets import CatScenes
from notmagic.geometry import conv2d_multiplications, dense_params

# --- Task 1: parameters ---------------------------------------------------------------------------------

SCENE, QUADRANT, CHANNELS = 256, 128, 3
_PIXELS, _ALL = QUADRANT * QUADRANT * CHANNELS, SCENE * SCENE * CHANNELS

COUNTS: dict[str, int] = {
    "one neuron for the scene": dense_params(_ALL, 1),
    "one neuron, shared": dense_params(_PIXELS, 1),
    "four neurons, not shared": 4 * dense_params(_PIXELS, 1),
    "two classes, shared": dense_params(_PIXELS, 2),
    "scores for two classes": 2 * 2 * 2,
    "multiplications, one class": conv2d_multiplications((SCENE, SCENE, CHANNELS), QUADRANT, 1, QUADRANT),
}

_NO_BIAS = "the bias was forgotten."
_GREY = "a colour picture has three numbers at each pixel."

_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "one neuron for the scene": [
        (_ALL, _NO_BIAS), (SCENE * SCENE + 1, _GREY), (SCENE * SCENE, _GREY + " And " + _NO_BIAS),
        (_ALL + CHANNELS, "one bias for the neuron, not for each channel."),
        (2 * _ALL, "one bias for the neuron, not one for each weight."),
        (_PIXELS + 1, "this neuron looks at the whole scene."),
        (_ALL + 4, "there is one neuron, so there is one bias."),
    ],
    "one neuron, shared": [
        (_PIXELS, _NO_BIAS), (QUADRANT * QUADRANT + 1, _GREY),
        (QUADRANT * QUADRANT, _GREY + " And " + _NO_BIAS),
        (_PIXELS + CHANNELS, "one bias for the neuron, not for each channel."),
        (_PIXELS + 4, "all four quadrants share the bias, too."),
        (4 * (_PIXELS + 1), "the same weights look at all four quadrants: they are stored once."),
        (4 * _PIXELS, "the same weights look at all four quadrants: they are stored once. And " + _NO_BIAS),
        (_ALL + 1, "this neuron sees one quadrant at a time."),
    ],
    "four neurons, not shared": [
        (4 * _PIXELS, _NO_BIAS), (4 * _PIXELS + 1, "four neurons have four biases."),
        (_PIXELS + 1, "that is one of the four."),
        (4 * (QUADRANT * QUADRANT + 1), _GREY),
        (4 * (_ALL + 1), "each of the four looks at its own quadrant only."),
    ],
    "two classes, shared": [
        (2 * _PIXELS, _NO_BIAS), (2 * _PIXELS + 1, "each class has a bias of its own."),
        (_PIXELS + 1, "the second class needs weights of its own."),
        (_PIXELS + 2, "the second class needs weights of its own, not only a bias."),
        (8 * (_PIXELS + 1), "the same weights look at all four quadrants: they are stored once for each "
                            "class."),
        (2 * (_ALL + 1), "these neurons see one quadrant at a time."),
        (2 * (QUADRANT * QUADRANT + 1), _GREY),
    ],
    "scores for two classes": [
        (4, "that is one class; each class has a score in each quadrant."),
        (2, "that is what is left after the largest has been taken. How many scores are there before?"),
        (6, "classes and quadrants multiply."),
        (16, "a scene has how many quadrants?"),
        (2 * (_PIXELS + 1), "that is the number of parameters."),
    ],
    "multiplications, one class": [
        (_PIXELS, "that is for one quadrant. The weights are stored once, but used in each."),
        (4 * (_PIXELS + 1), "a bias is added, not multiplied."),
        (_PIXELS + 1, "that is for one quadrant. And a bias is added, not multiplied."),
        (4 * QUADRANT * QUADRANT, _GREY), (4, "each pixel of a quadrant meets a weight."),
        (8 * _PIXELS, "here one class is asked for."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 1, first part: how many, for each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS, "not this number. Count for one quadrant of one class "
                                                 "first.")
    correct("sharing saves parameters, not work: the same weights are used in each quadrant.")


def _parameters(height: int, width: int, channels: int, classes: int, *, bias: str = "each class",
                seen: str = "quadrant", shared: bool = True, deep: bool = True, square: str = "no",
                many: bool = True) -> Parts:
    """Count the parameters of shared neurons for a scene (height, width, channels), or do it wrong."""
    if square != "no":
        height = width = {"height": height, "width": width}[square]
    area = height * width // {"quadrant": 4, "half": 2, "scene": 1}[seen]
    weights = area * (channels if deep else 1)
    neurons = (classes if many else 1) * (1 if shared else 4)
    biases = {"each class": neurons, "none": 0, "one": 1, "each channel": neurons * channels,
              "each weight": neurons * weights}[bias]
    return (np.asarray(float(weights * neurons + biases)),)


_PARAMETER_SLIPS: list[Slip] = [
    ("the bias was forgotten.", {"bias": "none"}),
    ("each class has a bias of its own.", {"bias": "one"}),
    ("a bias for each channel is too many: it is added once, after the sum over all of them.",
     {"bias": "each channel"}),
    ("one bias for the neuron, not one for each weight.", {"bias": "each weight"}),
    ("your neurons see the whole scene; here they see a quadrant at a time.", {"seen": "scene"}),
    ("a quadrant is half as high *and* half as wide.", {"seen": "half"}),
    ("the same weights look at all four quadrants: they are stored once for each class.", {"shared": False}),
    ("the channels have no part in your number: each pixel has a number for each of them.", {"deep": False}),
    ("the width of the scene has no part in your number.", {"square": "height"}),
    ("the height of the scene has no part in your number.", {"square": "width"}),
    ("the number of classes has no part in your number.", {"many": False}),
]


def _parameter_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = [Case((SCENE, SCENE, CHANNELS, 1), f"a scene of {SCENE} x {SCENE} x {CHANNELS} and 1 class")]
    for channels, classes in ((3, 2), (1, 5), (4, 3)):
        height, width = (2 * int(side) for side in rng.permutation(np.arange(5, 60))[:2])
        cases.append(Case((height, width, channels, classes),
                          f"a scene of {height} x {width} x {channels} and {classes} classes"))
    return cases


def parameters(function: Callable[..., int]) -> None:
    """Check task 1, second part: ``parameters(height, width, channels, classes)``."""
    judge(function, _parameter_cases, _parameters, _PARAMETER_SLIPS)
    correct("the count follows the size of the quadrant. That is the price that the next chapters bring "
            "down.")


# --- Task 2: four quadrants -------------------------------------------------------------------------------


def _quadrants(scene: np.ndarray, *, order: str = "reading", cut: str = "halves", shape: str = "four",
               channels: str = "all") -> Parts:
    """Cut a scene (H, W, C) into (4, H / 2, W / 2, C), row by row, or do it wrong."""
    scene = np.asarray(scene, dtype=float)
    height, width, depth = scene.shape
    h, w = height // 2, width // 2
    if cut == "square":
        if h > w:
            raise ValueError("a quadrant would hang over the edge")
        w = h
    if cut == "interleaved":
        four = [scene[i::2, j::2] for i in (0, 1) for j in (0, 1)]
    elif cut == "strips":
        four = list(scene.reshape(4, h, w, depth))
    elif cut == "corner":
        four = [scene[:h, :w]] * 4
    elif cut == "centre":
        four = [scene[h // 2:h // 2 + h, w // 2:w // 2 + w]] * 4
    else:
        four = [scene[top:top + h, left:left + w] for top in (0, h) for left in (0, w)]
    places = {"reading": (0, 1, 2, 3), "columns": (0, 2, 1, 3), "round": (0, 1, 3, 2),
              "upwards": (2, 3, 0, 1), "backwards": (3, 2, 1, 0), "right first": (1, 0, 3, 2)}[order]
    out = np.stack([four[place] for place in places])
    if channels == "first":
        out = out[..., :1]
    elif channels == "mean":
        out = out.mean(axis=-1)
    return ({"four": lambda: out, "grid": lambda: out.reshape(2, 2, *out.shape[1:]),
             "last": lambda: np.moveaxis(out, 0, -1), "flat": lambda: out.reshape(4, -1),
             "turned": lambda: out.swapaxes(1, 2), "joined": lambda: np.concatenate(list(out))}[shape](),)


_QUADRANT_SLIPS: list[Slip] = [
    ("the order goes down the columns. Read as you read a page: along the upper row first.",
     {"order": "columns"}),
    ("the order goes round the scene like a clock. Read as you read a page, the lower row from the left.",
     {"order": "round"}),
    ("the lower quadrants come first: row 0 is at the top.", {"order": "upwards"}),
    ("the order is backwards.", {"order": "backwards"}),
    ("in each row the right quadrant comes first.", {"order": "right first"}),
    ("each of your pictures takes every second pixel: it is a small copy of the whole scene, not a part of "
     "it.",
     {"cut": "interleaved"}),
    ("reshape alone cuts the scene into strips of full width and folds each: rows of the scene run on from "
     "one row of your quadrant to the next.", {"cut": "strips"}),
    ("all four are the upper left quadrant.", {"cut": "corner"}),
    ("all four are the middle of the scene.", {"cut": "centre"}),
    ("your quadrants are always square: their width comes from the height of the scene.", {"cut": "square"}),
    ("the quadrants lie in a grid with two axes; one axis of length four is asked for.", {"shape": "grid"}),
    ("the axis of the four quadrants stands last; it comes first here.", {"shape": "last"}),
    ("each quadrant is laid out in one row; keep rows, columns and channels.", {"shape": "flat"}),
    ("rows and columns are swapped inside each quadrant.", {"shape": "turned"}),
    ("the quadrants are joined end to end; stack them along a new axis.", {"shape": "joined"}),
    ("only the first channel is there.", {"channels": "first"}),
    ("the channels are averaged; keep all of them.", {"channels": "mean"}),
]


def _quadrant_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for rows, columns, depth in ((4, 4, 3), (6, 10, 3), (10, 6, 3), (8, 12, 4)):
        scene = quarters(rng, rows, columns, depth, largest=8)
        if depth == 4:
            scene = rng.integers(0, 256, size=scene.shape).astype(np.uint8)     # as pictures are stored
        cases.append(Case((scene,), f"a scene of shape {scene.shape} and dtype {scene.dtype}"))
    return cases


def quadrants(function: Callable[..., np.ndarray]) -> None:
    """Check task 2: ``quadrants(scene)`` -> (4, H / 2, W / 2, C), in reading order."""
    judge(function, _quadrant_cases, _quadrants, _QUADRANT_SLIPS)
    correct("four pictures where there was one, and each pixel is in exactly one of them.")


# --- Task 3: one neuron, four scores ----------------------------------------------------------------------


def _scores(scene: np.ndarray, weights: np.ndarray, bias: float, *, b: str = "add", how: str = "sum",
            order: str = "reading", deep: str = "all", turn: str = "none", after: str = "none",
            shape: str = "row") -> Parts:
    """Score the four quadrants of a scene with shared weights (h, w, C), or do it wrong."""
    weights = np.asarray(weights, dtype=float)
    weights = {"none": lambda: weights, "flip": lambda: weights[::-1, ::-1],
               "transpose": lambda: weights.swapaxes(0, 1)}[turn]()
    four = _quadrants(scene, order=order)[0]
    if deep == "first":
        four, weights = four[..., :1], weights[..., :1]
    products = four * weights
    axes = (1, 2) if deep == "kept" else (1, 2, 3)
    totals = {"sum": products.sum, "mean": products.mean, "max": products.max}[how](axis=axes)
    if how == "sum" and after == "one quadrant":
        totals = np.full_like(totals, totals[0])
    z = totals + {"add": bias, "none": 0.0, "minus": -bias, "each weight": bias * weights.size,
                  "each channel": bias * weights.shape[-1]}[b]
    z = {"none": lambda: z, "one quadrant": lambda: z, "sigmoid": lambda: 1 / (1 + np.exp(-z)),
         "relu": lambda: np.maximum(z, 0.0), "step": lambda: (z > 0) * 1.0,
         "softmax": lambda: np.exp(z - z.max()) / np.exp(z - z.max()).sum()}[after]()
    laid_out = {"row": lambda: z, "grid": lambda: z.reshape(2, 2), "column": lambda: z[:, None],
                "largest": z.max, "total": z.sum, "place": z.argmax}[shape]()
    return (np.asarray(laid_out, dtype=float),)


_SCORE_SLIPS: list[Slip] = [
    ("the bias was forgotten.", {"b": "none"}),
    ("the bias was subtracted; it is added.", {"b": "minus"}),
    ("the bias is added to every product; it belongs once at the end of the sum.", {"b": "each weight"}),
    ("the bias is added once for every channel; it belongs once at the end of the "
     "sum.", {"b": "each channel"}),
    ("you take the mean of the products; a neuron adds them up.", {"how": "mean"}),
    ("you take the largest product; a neuron adds them up.", {"how": "max"}),
    ("the scores are right, but not in reading order: along the upper row first.", {"order": "columns"}),
    ("the scores are right, but they go round the scene like a clock; reading order is asked for.",
     {"order": "round"}),
    ("the scores come from the lower quadrants first: row 0 is at the top.", {"order": "upwards"}),
    ("only the first channel is summed; a neuron sees all of them.", {"deep": "first"}),
    ("there is a score for each channel. A neuron adds up everything it sees.", {"deep": "kept"}),
    ("the weights are flipped; lay them on the quadrant as they are.", {"turn": "flip"}),
    ("the weights are transposed: their rows meet the columns of the quadrant.", {"turn": "transpose"}),
    ("all four scores are that of the upper left quadrant.", {"after": "one quadrant"}),
    ("these are probabilities (sigmoid); the scores are asked for.", {"after": "sigmoid"}),
    ("these are probabilities (softmax); the scores are asked for.", {"after": "softmax"}),
    ("negative scores have become 0; a score may be negative.", {"after": "relu"}),
    ("these are decisions, 0 or 1; the scores are asked for.", {"after": "step"}),
    ("the scores lie in a grid of two rows; four in one row are asked for.", {"shape": "grid"}),
    ("the scores lie in a column of shape (4, 1); four in one row are asked for.", {"shape": "column"}),
    ("you give the largest score alone; all four are asked for.", {"shape": "largest"}),
    ("you add the four scores up; all four are asked for.", {"shape": "total"}),
    ("you give the place of the largest score; the four scores are asked for.", {"shape": "place"}),
]


def _scene_and_weights(rng: np.random.Generator, rows: int, columns: int, depth: int, h: int, w: int,
                       number: int) -> tuple[np.ndarray, np.ndarray, float]:
    scene = quarters(rng, rows, columns, depth)
    if number == 2:
        scene = rng.integers(0, 256, size=scene.shape).astype(np.uint8)
    return scene, quarters(rng, h, w, depth), float(quarters(rng))


def _score_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for number, (h, w, depth) in enumerate(((2, 2, 2), (3, 4, 3), (2, 3, 3), (4, 4, 3))):
        arguments = _scene_and_weights(rng, 2 * h, 2 * w, depth, h, w, number)
        scene, weights, bias = arguments
        cases.append(Case(arguments, described(scene=scene, weights=weights, bias=bias)))
    return cases


def scores(function: Callable[..., np.ndarray]) -> None:
    """Check task 3: ``scores(scene, weights, bias)`` -> (4,), one score for each quadrant."""
    judge(function, _score_cases, _scores, _SCORE_SLIPS)
    correct("one neuron, used four times. What it learns in one quadrant, it knows in all.")


# --- Task 4: the best of four -----------------------------------------------------------------------------

_BEST = ("score", "row", "column")


def _best(four: np.ndarray, *, pick: str = "max", place: str = "right", order: str = "right") -> Parts:
    """Give the largest of four scores and the row and column of its quadrant, or do it wrong."""
    four = np.asarray(four, dtype=float)
    index = int({"max": four.argmax, "min": four.argmin, "size": np.abs(four).argmax,
                 "zero": four.argmax, "last": lambda: 3}[pick]())
    score = max(four[index], 0.0) if pick == "zero" else four[index]
    row, column = divmod(index, 2)
    if pick == "zero" and four[index] <= 0:
        row = column = 0
    row, column = {"right": (row, column), "swapped": (column, row), "from one": (row + 1, column + 1),
                   "same": (row, row), "index": (index, index), "index first": (index, column),
                   "pixels": (128 * row, 128 * column), "by four": (index // 4, index % 4)}[place]
    parts = {"right": (score, row, column), "last": (row, column, score),
             "index": (index, row, column)}[order]
    return tuple(np.asarray(float(part)) for part in parts)


_BEST_SLIPS: list[Slip] = [
    ("you take the smallest score.", {"pick": "min"}),
    ("the scores lose their sign before they are compared: a large negative score says "
     "no.", {"pick": "size"}),
    ("your search starts at 0: when all four scores are negative, one is still the "
     "largest.", {"pick": "zero"}),
    ("it is always the last quadrant.", {"pick": "last"}),
    ("row and column are swapped: quadrant 1 lies in the upper row.", {"place": "swapped"}),
    ("rows and columns count from 0.", {"place": "from one"}),
    ("row and column are the same number.", {"place": "same"}),
    ("that is the number of the quadrant, twice. In which row and which column does it lie?",
     {"place": "index"}),
    ("in place of the row stands the number of the quadrant.", {"place": "index first"}),
    ("row and column are given in pixels; count quadrants.", {"place": "pixels"}),
    ("how many quadrants does one row hold? You divide by another number.", {"place": "by four"}),
    ("the score stands last; the order is score, row, column.", {"order": "last"}),
    ("in place of the score stands the number of the quadrant.", {"order": "index"}),
]


def _best_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for winner in (1, 2, 0, 3, 1, 2):
        four = rng.permutation(np.arange(-30, -2))[:4] / 4
        # Larger in size than all others; then of any size; then all four negative.
        four[winner] = 8.0 if len(cases) < 2 else float(rng.integers(1, 12)) / 4 if len(cases) < 4 else -0.5
        cases.append(Case((four,), f"the scores {', '.join(f'{score:g}' for score in four)}"))
    return cases


def best_quadrant(function: Callable[..., tuple[float, int, int]]) -> None:
    """Check task 4: ``best_quadrant(four)`` -> the largest score, and row and column of its quadrant."""
    judge(function, _best_cases, _best, _BEST_SLIPS, names=_BEST, take=take_arrays)
    correct("the largest says whether, its place says where. The place cost nothing.")


def cat_template(scenes: CatScenes) -> tuple[np.ndarray, float]:
    """Make weights for the shared neuron without training: the mean cat minus the mean of everything else.

    Parameters
    ----------
    scenes
        Scenes to take the quadrants from, as :func:`notmagic.datasets.cat_scenes` gives them.

    Returns
    -------
    template : numpy.ndarray
        Shape (size / 2, size / 2, 3), float64, for pixels from 0 to 1; its weights add up to 0.
    bias : float
        Halfway between the mean scores of quadrants with and without the cat, turned round.
    """
    four = np.array([_quadrants(scene)[0] for scene in scenes.x]) / 255     # (N, 4, h, w, 3)
    is_cat = scenes.quadrant[:, None] == np.arange(4)                       # (N, 4)
    template = four[is_cat].mean(axis=0) - four[~is_cat].mean(axis=0)
    template -= template.mean()
    with_cat, without = ((four[chosen] * template).sum(axis=(1, 2, 3)).mean() for chosen in (is_cat, ~is_cat))
    return template, -float(with_cat + without) / 2


# --- Task 5: windows and what they cost -------------------------------------------------------------------

_COST = ("windows", "left over", "multiplications")


def _windows(side: int, window: int, stride: int, channels: int, *, fit: str = "right", across: bool = True,
             rest: str = "end", cost: str = "all", order: str = "right") -> Parts:
    """Count windows in a square scene, pixels left at an edge, and multiplications, or do it wrong."""
    room = side - window
    line = {"right": room // stride + 1, "up": ceil(room / stride) + 1, "no first": room // stride,
            "every": ceil(side / stride), "side by side": side // window}[fit]
    count = line * line if across else line
    reached = (room // stride) * stride + window
    left = {"end": side - reached, "start": side - (room // stride) * stride, "whole": side % stride,
            "window": side % window, "none": 0, "area": side * side - reached * reached,
            "missing": -room % stride, "both": 2 * (side - reached)}[rest]
    area = window * window * channels
    total = {"all": count * area, "grey": count * window * window, "one": area, "bias": count * (area + 1),
             "scene": side * side * channels, "side": count * window * channels}[cost]
    parts = {"right": (count, left, total), "swapped": (left, count, total)}[order]
    return tuple(np.asarray(float(part)) for part in parts)


_WINDOW_SLIPS: list[Slip] = [
    ("windows: one too few along each side: the first counts before it takes a step.", {"fit": "no first"}),
    ("windows: that is how many pixels each stride could start at; the last ones have no room for a whole "
     "window.", {"fit": "every"}),
    ("windows: that many fit side by side. These move by the stride, and overlap.", {"fit": "side by side"}),
    ("windows: a window that hangs over the edge does not count: round down (floor).", {"fit": "up"}),
    ("windows: that is one row of windows; they go down the scene, too.", {"across": False}),
    ("left over: you counted from the *start* of the last window; count after its end.", {"rest": "start"}),
    ("left over: what does not fit is a rest of the walk. Take the first window off before you divide.",
     {"rest": "whole"}),
    ("left over: that is what remains when windows lie side by side. These move by the stride.",
     {"rest": "window"}),
    ("left over: the windows do not always reach the edge.", {"rest": "none"}),
    ("left over: that is an area; count the columns at the right edge.", {"rest": "area"}),
    ("left over: that is how many pixels are missing for one more step, not how many are left.",
     {"rest": "missing"}),
    ("left over: count the columns at the right edge, and not the rows below as well.", {"rest": "both"}),
    ("multiplications: each pixel has a number for each channel.", {"cost": "grey"}),
    ("multiplications: that is for one window; all of them are asked for.", {"cost": "one"}),
    ("multiplications: a bias is added, not multiplied.", {"cost": "bias"}),
    ("multiplications: where windows overlap, a pixel is used in each of them.", {"cost": "scene"}),
    ("multiplications: a window has a height and a width.", {"cost": "side"}),
    ("windows and left over have changed places.", {"order": "swapped"}),
]


def _window_cases() -> list[Case]:
    rng = np.random.default_rng()
    settings = [(256, 128, 128, 3), (256, 128, 64, 3)]
    for channels in (3, 1, 4):
        stride = int(rng.integers(3, 9))
        window = 2 * stride + int(rng.integers(1, stride))
        side = window + int(rng.integers(2, 5)) * stride + int(rng.integers(1, stride))
        settings.append((side, window, stride, channels))
    return [Case(setting, f"side {setting[0]}, window {setting[1]}, stride {setting[2]}, channels "
                          f"{setting[3]}")
            for setting in settings]


def windows(function: Callable[..., tuple[int, int, int]]) -> None:
    """Check task 5: ``windows(side, window, stride, channels)`` -> windows, left over, multiplications."""
    judge(function, _window_cases, _windows, _WINDOW_SLIPS, names=_COST, take=take_arrays)
    correct("a smaller stride costs more windows and more work, and not one parameter.")


# --- Task 6: a cat anywhere -------------------------------------------------------------------------------

_PLACE = ("top", "left")


def _answer_grid(scene: np.ndarray, weights: np.ndarray, bias: float, stride: int) -> np.ndarray:
    """Score every window of a scene, ``stride`` pixels apart: (rows, columns)."""
    every = np.lib.stride_tricks.sliding_window_view(np.asarray(scene, dtype=float), weights.shape)[:, :, 0]
    return (every[::stride, ::stride] * weights).sum(axis=(2, 3, 4)) + bias


def _find(scene: np.ndarray, weights: np.ndarray, bias: float, stride: int, *, pick: str = "max",
          unit: str = "pixels", step: str = "stride", area: str = "whole", turn: str = "none",
          deep: str = "all") -> Parts:
    """Give top and left of the window with the largest score, in pixels, or do it wrong."""
    weights = {"none": lambda: weights, "flip": lambda: weights[::-1, ::-1]}[turn]()
    h, w = weights.shape[:2]
    if deep == "first":
        scene, weights = scene[..., :1], weights[..., :1]
    down, across = {"stride": (stride, stride), "one": (1, 1), "window": (h, w)}[step]
    every = np.lib.stride_tricks.sliding_window_view(np.asarray(scene, dtype=float), weights.shape)[:, :, 0]
    grid = (every[::down, ::across] * weights).sum(axis=(2, 3, 4)) + bias
    grid = {"whole": lambda: grid, "no end": lambda: _no_last(grid, scene, h, w, down, across),
            "first row": lambda: grid[:1], "first column": lambda: grid[:, :1],
            "square": lambda: grid[:, :grid.shape[0]]}[area]()
    if 0 in grid.shape:
        raise ValueError("no window is left")
    flat = grid.ravel()
    index = int({"max": flat.argmax, "min": flat.argmin, "size": np.abs(flat).argmax,
                 "zero": lambda: flat.argmax() if flat.max() > 0 else 0, "first": lambda: (flat > 0).argmax(),
                 "last": lambda: len(flat) - 1}[pick]())
    row, column = divmod(index, grid.shape[1])
    top, left = {"pixels": (row * down, column * across), "windows": (row, column),
                 "swapped": (column * across, row * down),
                 "centre": (row * down + h // 2, column * across + w // 2),
                 "end": (row * down + h, column * across + w),
                 "by rows": (index // grid.shape[0] * down, index % grid.shape[0] * across)}[unit]
    return np.asarray(float(top)), np.asarray(float(left))


def _no_last(grid: np.ndarray, scene: np.ndarray, h: int, w: int, down: int, across: int) -> np.ndarray:
    """Leave out windows that end exactly at the edge, as ``range(0, H - h, stride)`` does."""
    rows, columns = (len(range(0, side - f, s)) for side, f, s in
                     ((scene.shape[0], h, down), (scene.shape[1], w, across)))
    return grid[:rows, :columns]


_FIND_SLIPS: list[Slip] = [
    ("left and top are swapped: the row comes first.", {"unit": "swapped"}),
    ("that is the number of the window, not its pixel: windows lie a stride apart.", {"unit": "windows"}),
    ("that is the middle of the best window; its upper left corner is asked for.", {"unit": "centre"}),
    ("that is where the best window ends; its upper left corner is asked for.", {"unit": "end"}),
    ("the number of the best window was divided by the number of rows. How many windows does one row hold?",
     {"unit": "by rows"}),
    ("the best window is never the last of its row or column: does your loop stop before "
     "it?", {"area": "no end"}),
    ("only windows in the first row are tried.", {"area": "first row"}),
    ("only windows in the first column are tried.", {"area": "first column"}),
    ("as many windows are tried across as down: this scene is wider than high.", {"area": "square"}),
    ("the windows are one pixel apart; they are to be a stride apart.", {"step": "one"}),
    ("the windows lie side by side; they are to be a stride apart, and overlap.", {"step": "window"}),
    ("you take the window with the smallest score.", {"pick": "min"}),
    ("the scores lose their sign before they are compared: a large negative score says "
     "no.", {"pick": "size"}),
    ("your search starts at a score of 0: when all scores are negative, one is still the largest.",
     {"pick": "zero"}),
    ("that is the first window with a positive score, not the one with the largest.", {"pick": "first"}),
    ("that is always the last window. Is it remembered only if its score is better?", {"pick": "last"}),
    ("the weights are flipped; lay them on the window as they are.", {"turn": "flip"}),
    ("only the first channel counts in your scores.", {"deep": "first"}),
]


def _find_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    settings = ((8, 8, 3, 3, 3, 2), (9, 12, 3, 4, 3, 3), (12, 9, 4, 3, 3, 1), (11, 13, 3, 3, 2, 2),
                (10, 16, 4, 4, 3, 3), (8, 10, 4, 2, 3, 2))
    for number, (rows, columns, h, w, depth, stride) in enumerate(settings):
        while True:                 # until no two windows share the first place
            scene, weights, bias = _scene_and_weights(rng, rows, columns, depth, h, w, number)
            second, first = np.sort(_answer_grid(scene, weights, bias, stride), axis=None)[-2:]
            if first > second:
                break
        if number in (1, 5):        # no window scores above 0, however good it is
            bias = -float(np.ceil(_answer_grid(scene, weights, 0.0, 1).max())) - 1.0
        elif number == 4:           # the best window ends at the lower right corner, if the stride allows
            down, across = ((side - f) // stride * stride for side, f in ((rows, h), (columns, w)))
            scene[down:down + h, across:across + w] = 4 * np.sign(weights)
        cases.append(Case((scene, weights, bias, stride),
                          described(scene=scene, weights=weights, bias=bias, stride=stride)))
    return cases


def _find_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError) and "broadcast" in str(error):
        return "Does a window hang over the edge? The last one starts where a whole window still fits."
    if isinstance(error, UnboundLocalError):
        return "Here all scores are negative. Is any of them taken?"
    return ""


def find_cat(function: Callable[..., tuple[int, int]]) -> None:
    """Check task 6: ``find_cat(scene, weights, bias, stride)`` -> top and left of the best window."""
    judge(function, _find_cases, _find, _FIND_SLIPS, names=_PLACE, take=take_arrays, hint=_find_hint)
    correct("a seam is no longer a place to hide: some window nearly fits the cat, wherever it sits.")


# --- Task 7: the same as a layer --------------------------------------------------------------------------

_LAYER = ("kernel", "bias")


def _as_layer(weights: np.ndarray, biases: np.ndarray, *, kernel: str = "right",
              bias: str = "right") -> Parts:
    """Lay out weights (K, h, w, C) as a kernel (h, w, C, K), or do it wrong."""
    k, h, w, c = weights.shape
    right = np.moveaxis(weights, 0, -1)
    layout = {"right": lambda: right, "as it was": lambda: weights,
              "reshaped": lambda: weights.reshape(h, w, c, k), "reversed": lambda: weights.T,
              "channels first": lambda: weights.transpose(3, 1, 2, 0), "turned": lambda: right.swapaxes(0, 1),
              "flip": lambda: right[::-1, ::-1], "classes before channels": lambda: right.swapaxes(2, 3),
              "first": lambda: right[..., :1],
              "no classes": lambda: weights[0], "flat": lambda: weights.reshape(k, -1).T,
              "mean": lambda: right / (h * w * c)}[kernel]()
    b = {"right": lambda: biases, "minus": lambda: -biases, "zero": lambda: np.zeros_like(biases),
         "column": lambda: biases[:, None], "row": lambda: biases[None], "sum": lambda: biases.sum()}[bias]()
    return np.asarray(layout, dtype=float), np.asarray(b, dtype=float)


_LAYER_SLIPS: list[Slip] = [
    ("kernel: the classes stand first, as you were given them; the layer wants them last.",
     {"kernel": "as it was"}),
    ("kernel: its shape is right, but reshape does not move an axis: it reads the numbers in their old "
     "order and deals them out anew.", {"kernel": "reshaped"}),
    ("kernel: all four axes are turned round; only the classes change their place.", {"kernel": "reversed"}),
    ("kernel: the channels stand first. Rows, columns, channels, classes is the order.",
     {"kernel": "channels first"}),
    ("kernel: rows and columns are swapped.", {"kernel": "turned"}),
    ("kernel: the weights are flipped. The layer does not flip them back.", {"kernel": "flip"}),
    ("kernel: classes and channels have changed places at the end.", {"kernel": "classes before channels"}),
    ("kernel: only the first class is there.", {"kernel": "first"}),
    ("kernel: only the first class is there, and the axis for the classes is "
     "missing.", {"kernel": "no classes"}),
    ("kernel: each class is laid out in one column. That fits a Dense layer.", {"kernel": "flat"}),
    ("kernel: the weights are divided by how many there are; the layer adds up, it does not average.",
     {"kernel": "mean"}),
    ("bias: the sign is turned round.", {"bias": "minus"}),
    ("bias: it was left at 0.", {"bias": "zero"}),
    ("bias: one axis, with a number for each class, is asked for.", {"bias": "column"}),
    ("bias: one axis, with a number for each class, is asked for.", {"bias": "row"}),
    ("bias: one number for each class, not their sum.", {"bias": "sum"}),
]


def _layer_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((1, 4, 4, 3), (2, 3, 5, 3), (4, 2, 3, 3), (3, 5, 4, 2)):
        weights, biases = quarters(rng, *shape), quarters(rng, shape[0])
        cases.append(Case((weights, biases), described(weights=weights, biases=biases)))
    return cases


def as_layer(function: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """Check task 7: ``as_layer(weights, biases)`` -> kernel (h, w, C, K) and bias (K,), as in Conv2D."""
    judge(function, _layer_cases, _as_layer, _LAYER_SLIPS, names=_LAYER, take=take_arrays)
    correct("your detector is a convolution with a huge filter and a huge stride, and then the largest of "
            "its map.")


__all__ = ["as_layer", "best_quadrant", "cat_template", "counts", "find_cat", "parameters", "quadrants",
           "scores", "windows"]
