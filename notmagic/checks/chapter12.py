"""Checks for ``exercises/12-the-same-budget-used-better``: counts, copies, normalisation, a rate, a choice.

Inputs of a function under test are drawn afresh at each call, and until no two known mistakes give the same
results. One table is judged by a made-up record that is drawn again, here as in the exercise, from one seed.
Nothing here needs Keras, the CIFAR-10 pictures or a network connection.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    correct,
    judge_counts,
    judge_words,
    quarters,
    read_answers,
    read_number,
)
from notmagic.checks._networks import Parts, Slip, wrong_dense_counts
from notmagic.checks._pictures import described, judge, take_arrays
from notmagic.geometry import (
    conv2d_output_shape,
    conv2d_params,
    dense_params,
    flatten_size,
    pool2d_output_shape,
)


def _one(value: Any) -> Parts:
    return (np.asarray(value, dtype=np.float64),)


# --- Task 1: counting ---------------------------------------------------------------------------------

PICTURE = (32, 32, 3)
FILTERS = (24, 40, 80)      # of the three convolutions: 3 x 3, padding 1, no bias
CLASSES = 10


def _last_map() -> tuple[int, ...]:
    """Follow one picture through the network of task 1: the shape in front of global average pooling."""
    shape: tuple[int, ...] = PICTURE
    for place, filters in enumerate(FILTERS):
        if place:
            shape = pool2d_output_shape(shape, 2, 2)
        shape = conv2d_output_shape(shape, 3, filters, padding=1)
    return shape


def _kernel(depth: int, filters: int) -> int:
    """Count the weights of a convolution without bias."""
    return conv2d_params(3, depth, filters) - filters


MAP = _last_map()
_C = FILTERS[1]
_CONV_2 = _kernel(FILTERS[0], _C)
_KERNELS = sum(map(_kernel, (PICTURE[2], *FILTERS), FILTERS))
_LOGITS = dense_params(MAP[2], CLASSES)
_FLAT = dense_params(flatten_size(MAP), CLASSES)
COUNTS: dict[str, int] = {
    "conv 2": _CONV_2,
    "norm 2, trained": 2 * _C,
    "norm 2, stored": 4 * _C,
    "conv 2 and norm 2 in one": _CONV_2 + _C,
    "logits": _LOGITS,
    "logits, flatten in place of averaging": _FLAT,
    "all layers, trained": _KERNELS + 2 * sum(FILTERS) + _LOGITS,
}

_EACH_PLACE = "the same numbers serve at every place: how large the maps are has no part in it."
_PLACES_2 = MAP[0] * MAP[1] * 4
_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "conv 2": [
        (_CONV_2 + _C, "this convolution has no bias."), (_CONV_2 + 1, "this convolution has no bias."),
        (9 * _C, "a filter spans the full depth of its input; yours is one channel thin."),
        (9 * FILTERS[0], "that is one filter; the layer has more than one."),
        (3 * FILTERS[0] * _C, "a filter has a height and a width."),
        (9 * PICTURE[2] * _C, "this layer does not see the picture. How deep is what it sees?"),
        (_CONV_2 * _PLACES_2, _EACH_PLACE), (_kernel(_C, FILTERS[2]), "that is conv 3."),
    ],
    "norm 2, trained": [
        (4 * _C, "four numbers for each channel are stored. Two of them no gradient ever changes."),
        (_C, "a factor and an addend for each channel: that is more than one number."),
        (3 * _C, "which of the four are measured, not trained?"),
        (2, "that is one channel."), (4, "that is one channel, and not all four are trained."),
        (2 * FILTERS[0], "how many channels come *out* of conv 2?"), (0, "gamma and beta are learned."),
        (2 * _C * _PLACES_2, _EACH_PLACE),
    ],
    "norm 2, stored": [
        (2 * _C, "those are trained. At rest the layer needs two more numbers for each channel."),
        (3 * _C, "a mean *and* a variance for each channel are kept, beside what is trained."),
        (_C, "for each channel there is more than one number."), (4, "that is one channel."),
        (4 * FILTERS[0], "how many channels come *out* of conv 2?"), (4 * _C * _PLACES_2, _EACH_PLACE),
    ],
    "conv 2 and norm 2 in one": [
        (_CONV_2, "the factor can hide in the kernel. Where does the addend go?"),
        (_CONV_2 + 2 * _C, "a factor for each channel needs no number of its own: it can be multiplied into "
                           "the kernel."),
        (_CONV_2 + 4 * _C, "that is both layers side by side. One convolution is to do the work of both."),
        (_CONV_2 + 3 * _C, "a factor and an addend for each channel: how many of them need a number of their "
                           "own?"),
        (_CONV_2 + 1, "one bias for the whole layer is too few."),
        (2 * _CONV_2, "the factor changes the kernel; it does not make it larger."),
    ],
    "logits": [
        *wrong_dense_counts(MAP[2], CLASSES, "score"), (_FLAT, "averaging leaves one number of each map."),
        (dense_params(MAP[0] * MAP[1], CLASSES), "it is places that go; each map leaves one number."),
    ],
    "logits, flatten in place of averaging": [
        *wrong_dense_counts(flatten_size(MAP), CLASSES, "score"),
        (_LOGITS, "flatten keeps every number of every map."),
        (dense_params(MAP[0] * MAP[1], CLASSES), "flatten keeps all maps, not one."),
        (dense_params(4 * flatten_size(MAP), CLASSES), "each side is halved twice on the way."),
        (dense_params(flatten_size(MAP) // 4, CLASSES), "each side is halved twice on the way."),
        (dense_params(16 * flatten_size(MAP), CLASSES), "each side is halved twice on the way."),
        (flatten_size(MAP), "those are the numbers that come in."),
    ],
    "all layers, trained": [
        (_KERNELS + 4 * sum(FILTERS) + _LOGITS, "means and variances are measured, not trained."),
        (_KERNELS + _LOGITS, "the normalisations have something to learn, too."),
        (_KERNELS + 3 * sum(FILTERS) + _LOGITS, "these convolutions have no biases."),
        (_KERNELS + sum(FILTERS) + _LOGITS, "each channel has a factor *and* an addend."),
        (_KERNELS + 2 * sum(FILTERS) + _LOGITS - CLASSES, "the biases of the last layer were forgotten."),
        (_KERNELS + 2 * sum(FILTERS) + _FLAT, "that is with flatten; here averaging stands there."),
        (_KERNELS + 2 * sum(FILTERS), "the last layer is missing."),
        (_KERNELS + 2 * _C + _LOGITS, "there are three normalisations."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 1: the number asked for by each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS,
                 "not this number. Count one filter, one channel or one score first.")
    correct("normalisation costs next to nothing, and averaging saves nearly the whole last layer.")


# --- Task 2: copies -----------------------------------------------------------------------------------


def _sources(n: int, by: int, fill: str) -> tuple[np.ndarray, np.ndarray]:
    """Say from where each of n places takes its pixel when all move on by some, and which pixels were there.

    A mistake in what comes in at the edge is made by ``fill``.
    """
    if n < 2:
        raise ValueError("a side of one pixel has nothing to mirror")
    wanted = np.arange(n) - by
    if fill == "reflect":
        round_trip = wanted % (2 * n - 2)
        found = np.minimum(round_trip, 2 * n - 2 - round_trip)
    elif fill == "symmetric":
        round_trip = wanted % (2 * n)
        found = np.minimum(round_trip, 2 * n - 1 - round_trip)
    elif fill == "round":
        found = wanted % n
    else:
        found = np.clip(wanted, 0, n - 1)
    return found, (wanted >= 0) & (wanted < n)


def _shifted(images: np.ndarray, down: int, right: int, *, fill: str = "reflect", rows: str = "down",
             columns: str = "right", order: str = "own", axes: str = "places", give: str = "images",
             rim: int | None = None) -> Parts:
    """Move the content of images (N, H, W, C) down and to the right, or do it wrong.

    Parameters
    ----------
    images
        (N, H, W, C).
    down, right
        Pixels; negative ones move up and to the left.
    fill, rows, columns, order, axes, give, rim
        What to do wrong; the defaults are right.
    """
    x = images.astype(np.float64)
    if rim is not None:
        wide = np.pad(x, ((0, 0), (rim, rim), (rim, rim), (0, 0)), mode="reflect")
        return _one(wide[:, rim - down:rim - down + x.shape[1], rim - right:rim - right + x.shape[2]])
    if give == "wide":
        return _one(np.pad(x, ((0, 0), (abs(down),) * 2, (abs(right),) * 2, (0, 0)), mode="reflect"))
    down = {"down": down, "up": -down, "never": 0, "forwards": abs(down)}[rows]
    right = {"right": right, "left": -right, "never": 0, "forwards": abs(right)}[columns]
    if order == "swapped":
        down, right = right, down
    axis = {"places": 1, "early": 0, "late": 2}[axes]
    i, known = _sources(x.shape[axis], down, fill)
    j, also = _sources(x.shape[axis + 1], right, fill)
    moved = x.take(i, axis).take(j, axis + 1)
    inside = np.expand_dims(np.outer(known, also), [one for one in range(4) if one not in (axis, axis + 1)])
    if fill == "black":
        moved = moved * inside
    elif fill == "old":
        moved = np.where(inside, moved, x)
    return _one(moved[:1] if give == "first" else moved)


_SHIFT_SLIPS: list[Slip] = [
    ("the pictures come back as they were.", {"rows": "never", "columns": "never"}),
    ("the pictures move the wrong way, along both sides: a positive number moves down, or to the right.",
     {"rows": "up", "columns": "left"}),
    ("the pictures move up where they are to move down; the columns are right.", {"rows": "up"}),
    ("the pictures move left where they are to move right; the rows are right.", {"columns": "left"}),
    ("nothing moves down or up.", {"rows": "never"}),
    ("nothing moves right or left.", {"columns": "never"}),
    ("a negative number is taken as a positive one: it is to move up, or to the left.",
     {"rows": "forwards", "columns": "forwards"}),
    ("down and right have changed places.", {"order": "swapped"}),
    ("what leaves at one edge comes in at the other; the edge is to mirror the picture.", {"fill": "round"}),
    ("black comes in at the edge; the edge is to mirror the picture.", {"fill": "black"}),
    ("the pixels at the edge are repeated; the edge is to mirror what lies behind them.", {"fill": "edge"}),
    ("the pixels at the edge come twice: the mirror lies in the middle of them, not behind them.",
     {"fill": "symmetric"}),
    ("at the edge the old pixels are left standing.", {"fill": "old"}),
    ("you move along the first two axes: the first one counts the pictures.", {"axes": "early"}),
    ("you move along the last two axes: the last one counts the channels.", {"axes": "late"}),
    ("the pictures have grown: cut out as many rows and columns as there were.", {"give": "wide"}),
    ("only the first picture comes back.", {"give": "first"}),
    *[("the pictures are made wider by a fixed number of pixels, and not all shifts are as small as that.",
       {"rim": rim}) for rim in (3, 4, 5, 8)],
]


def _shift_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape, down, right in (((2, 5, 7, 2), 2, 1), ((3, 7, 6, 2), 3, -2), ((4, 6, 8, 3), -1, 3),
                               ((2, 9, 7, 3), -3, -2), ((3, 6, 5, 2), 0, 2), ((2, 5, 6, 3), -2, 0)):
        images = rng.integers(0, 256, shape).astype(np.uint8)
        cases.append(Case((images, down, right), described(images=images, down=down, right=right)))
    # As far as the text allows.
    shape = (2, *(int(side) for side in rng.integers(9, 13, 2)), 2)
    images, down, right = rng.integers(0, 256, shape).astype(np.uint8), shape[1] - 1, 1 - shape[2]
    return [*cases, Case((images, down, right), described(images=images, down=down, right=right))]


def _shift_hint(error: Exception, case: Case) -> str:
    if "negative" in str(error):
        return "A side cannot be widened by a negative number of pixels; down and right may be negative."
    return ""


def shifted(function: Callable[..., Any]) -> None:
    """Check task 2, first part: ``shifted(images, down, right)``, images of the same shape."""
    judge(function, _shift_cases, _shifted, _SHIFT_SLIPS, hint=_shift_hint)
    correct("another picture for the network, the same thing for us, and no photographer was needed.")


def _mirrored(images: np.ndarray, which: np.ndarray, *, way: str = "columns", who: str = "which",
              give: str = "all") -> Parts:
    """Mirror some of the images (N, H, W, C) left to right, or do it wrong."""
    x, which = images.astype(np.float64), which.astype(bool)
    turned = {"columns": x[:, :, ::-1], "rows": x[:, ::-1], "both": x[:, ::-1, ::-1],
              "channels": x[..., ::-1], "swapped": x.swapaxes(1, 2), "pictures": x[::-1], "black": 0 * x}[way]
    if turned.shape != x.shape:
        raise ValueError("not a square picture")
    chosen = {"which": which, "others": ~which, "all": which | True, "none": which & False,
              "first": np.arange(len(which)) == which.argmax()}[who]
    result = np.where(chosen[:, None, None, None], turned, x)
    return _one(result[chosen] if give == "chosen" else result)


_MIRROR_SLIPS: list[Slip] = [
    ("the pictures come back as they were.", {"who": "none"}),
    ("all pictures are mirrored, whatever `which` says.", {"who": "all"}),
    ("the wrong ones are mirrored: True means that a picture is.", {"who": "others"}),
    ("only the first of the chosen pictures is mirrored.", {"who": "first"}),
    ("only the mirrored pictures come back; the others are to stay in their places.", {"give": "chosen"}),
    ("the pictures are upside down; left and right are to change places.", {"way": "rows"}),
    ("the pictures are turned by half a turn; only left and right are to change places.", {"way": "both"}),
    ("red and blue have changed places; left and right are to.", {"way": "channels"}),
    ("rows and columns have changed places.", {"way": "swapped"}),
    ("the order of the pictures is turned round; each is to be mirrored in its place.", {"way": "pictures"}),
    ("the pictures that are mirrored turn black.", {"way": "black"}),
]


def _mirror_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((3, 4, 4, 1), (4, 3, 5, 3), (6, 6, 4, 3), (7, 5, 5, 2)):
        images = rng.integers(0, 256, shape).astype(np.uint8)
        which = np.zeros(shape[0], dtype=bool)
        which[rng.permutation(shape[0])[:max(2, shape[0] // 2)]] = True
        cases.append(Case((images, which), described(images=images, which=which)))
    return cases


def mirrored(function: Callable[..., Any]) -> None:
    """Check task 2, second part: ``mirrored(images, which)``, some of the images mirrored left to right."""
    judge(function, _mirror_cases, _mirrored, _MIRROR_SLIPS)
    correct("left and right have changed places where they should, and nowhere else.")


KEEPS_WORDS = ("keeps", "changes")
KEEPS: dict[str, str] = {"A": "keeps", "B": "changes", "C": "changes", "D": "keeps", "E": "changes",
                         "F": "keeps", "G": "keeps", "H": "changes"}


def keeps(answers: dict[str, str]) -> None:
    """Check task 2, third part: which copies keep their label, by :data:`KEEPS`."""
    judge_words(answers, KEEPS, KEEPS_WORDS,
                "draw the thing on paper, hold it up to a mirror or turn it, and ask somebody what it shows.")
    correct("no copy is harmless everywhere: what may change is knowledge about the data, and you bring it.")


# --- Task 3: batch normalisation ----------------------------------------------------------------------


def _divisor(variance: np.ndarray, epsilon: float, divide: str) -> np.ndarray:
    """Give what is divided by in a normalisation, or something else."""
    return {"root": np.sqrt(variance + epsilon), "no epsilon": np.sqrt(variance),
            "outside": np.sqrt(variance) + epsilon, "variance": variance + epsilon,
            "nothing": np.ones_like(variance)}[divide]


def _scaled(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray,
            epsilon: float, divide: str, centre: str, learned: str) -> np.ndarray:
    """Normalise by the given mean and variance, scale by gamma and move by beta, or do it wrong."""
    plain = (x - (mean if centre == "mean" else 0)) / _divisor(variance, epsilon, divide)
    return {"both": gamma * plain + beta, "no gamma": plain + beta, "no beta": gamma * plain,
            "neither": plain, "swapped": beta * plain + gamma, "beta first": gamma * (plain + beta)}[learned]


_SCALE_SLIPS: list[Slip] = [
    ("epsilon has no effect: without it, a channel that is the same everywhere ends in nan or inf.",
     {"divide": "no epsilon"}),
    ("epsilon is added to the standard deviation; it belongs to the variance, before the root is taken.",
     {"divide": "outside"}),
    ("you divide by the variance. What has the same unit as the values themselves?", {"divide": "variance"}),
    ("nothing is divided: the values still have the spread that they came with.", {"divide": "nothing"}),
    ("the mean is never subtracted.", {"centre": "none"}),
    ("gamma and beta have no effect.", {"learned": "neither"}),
    ("gamma has no effect.", {"learned": "no gamma"}),
    ("beta has no effect.", {"learned": "no beta"}),
    ("gamma and beta have changed places.", {"learned": "swapped"}),
    ("beta is multiplied by gamma, too: add it at the very end.", {"learned": "beta first"}),
]

NORMALISED = ("the result", "the mean", "the variance")


def _normalise(batch: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float, *,
               over: str = "channel", less: int = 0, about: str = "mean", divide: str = "root",
               centre: str = "mean", learned: str = "both", spread: str = "variance", order: str = "own",
               keep: str = "channels") -> Parts:
    """Normalise a batch (N, H, W, C) by its own mean and variance of each channel, or do it wrong.

    Parameters
    ----------
    batch
        (N, H, W, C).
    gamma, beta
        (C,).
    epsilon
        Is added to the variance.
    over, less, about, divide, centre, learned, spread, order, keep
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        The result (N, H, W, C), mean (C,) and variance (C,), if nothing goes wrong.

    Notes
    -----
    Source: S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015, algorithm 1 and section 3.2.
    """
    x = batch.astype(np.float64)
    axes = {"channel": (0, 1, 2), "pictures": (0,), "places": (1, 2), "everything": (0, 1, 2, 3),
            "channels": (3,), "picture": (1, 2, 3)}[over]
    number = np.prod([x.shape[axis] for axis in axes])
    mean = x.mean(axis=axes, keepdims=True)
    around = {"mean": mean, "zero": 0.0}[about]
    variance = ((x - around) ** 2).sum(axis=axes, keepdims=True) / (number - less)
    result = _scaled(x, gamma, beta, mean, variance, epsilon, divide, centre, learned)
    second = {"variance": variance, "deviation": np.sqrt(variance), "with epsilon": variance + epsilon,
              "divisor": np.sqrt(variance + epsilon)}[spread]
    if keep == "channels":
        mean, second = mean.squeeze(axes), second.squeeze(axes)
    return (result, mean, second) if order == "own" else (result, second, mean)


_NORMALISE_SLIPS: list[Slip] = [
    ("mean and variance are taken over the pictures only, for each place of its own. The same filter works "
     "at every place, so all places of a channel belong together.", {"over": "pictures"}),
    ("each picture has a mean and a variance of its own in yours; those of a channel are taken over the "
     "whole batch.", {"over": "places"}),
    ("there is one mean and one variance for everything in yours; each channel has its own.",
     {"over": "everything"}),
    ("mean and variance are taken across the channels of each pixel. Which axis is to be left over?",
     {"over": "channels"}),
    ("each picture has a mean and a variance of all its numbers in yours; each *channel* has its own.",
     {"over": "picture"}),
    ("you divide by one less than there are values. Here the batch is described as it is: divide by their "
     "number.", {"less": 1}),
    ("the variance is taken around 0: subtract the mean before you square.", {"about": "zero"}),
    *_SCALE_SLIPS,
    ("the third result is a standard deviation; the variance is asked for.", {"spread": "deviation"}),
    ("epsilon is part of the variance that you return; it belongs into the division only.",
     {"spread": "with epsilon"}),
    ("the third result is what you divide by; the variance is asked for.", {"spread": "divisor"}),
    ("the result is right, but mean and variance have changed places.", {"order": "swapped"}),
    ("mean and variance still have axes of length 1; one number for each channel is asked for, shape (C,).",
     {"keep": "axes"}),
]


def _learned(rng: np.random.Generator, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw gamma and beta (C,)."""
    return quarters(rng, channels), quarters(rng, channels, largest=4)


def _normalise_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((3, 1, 1, 1), (4, 3, 3, 1), (2, 4, 4, 4), (5, 2, 3, 3), (3, 4, 2, 3)):
        batch = quarters(rng, *shape, largest=4) + quarters(rng, shape[-1], largest=4)
        if len(cases) == 4:
            batch[..., 1] = batch[0, 0, 0, 1]       # one channel is the same everywhere
        epsilon = float(rng.integers(2, 9)) / 16
        said = ", one channel of which is the same everywhere" if len(cases) == 4 else ""
        gamma, beta = _learned(rng, shape[-1])
        cases.append(Case((batch, gamma, beta, epsilon),
                          f"{described(batch=batch)}{said}, {described(gamma=gamma, epsilon=epsilon)}"))
    return cases


def normalise(function: Callable[..., Any]) -> None:
    """Check task 3, first part: ``normalise(batch, gamma, beta, epsilon)`` -> result, mean, variance."""
    judge(function, _normalise_cases, _normalise, _NORMALISE_SLIPS, names=NORMALISED, take=take_arrays)
    correct("each channel leaves with the mean beta and, but for epsilon, the standard deviation |gamma|.")


def _moving(start: np.ndarray, values: np.ndarray, momentum: float, *, weigh: str = "own",
            begin: str = "start", taken: str = "all", give: str = "end") -> Parts:
    """Follow a moving average (C,) through values (steps, C), or do it wrong.

    ``momentum`` is Keras's: the share of the old average that is kept at each step.
    """
    values = values.astype(np.float64)
    old, new = {"own": (momentum, 1 - momentum), "turned": (1 - momentum, momentum), "sum": (momentum, 1.0),
                "half": (0.5, 0.5), "pile": (1.0, 1 - momentum)}[weigh]
    average = {"start": start, "zero": 0 * start, "first": values[0]}[begin].astype(np.float64)
    history = []
    for value in {"all": values, "not the last": values[:-1], "not the first": values[1:],
                  "the last": values[-1:], "backwards": values[::-1]}[taken]:
        average = old * average + new * value
        history.append(average)
    return _one({"end": average, "history": history, "mean": values.mean(axis=0), "last": values[-1],
                 "mean with start": np.vstack([start, values]).mean(axis=0)}[give])


_MOVING_SLIPS: list[Slip] = [
    ("the two shares have changed places: `momentum` of the *old* average is kept.", {"weigh": "turned"}),
    ("the new value is added whole; the two shares are to add up to 1.", {"weigh": "sum"}),
    ("the old average is kept whole; the two shares are to add up to 1.", {"weigh": "pile"}),
    ("old and new count the same in yours, whatever momentum is.", {"weigh": "half"}),
    ("your average starts at 0; it is to start at `start`.", {"begin": "zero"}),
    ("your average starts at the first value; it is to start at `start`.", {"begin": "first"}),
    ("the last value is missing.", {"taken": "not the last"}),
    ("the first value is missing.", {"taken": "not the first"}),
    ("only the last value counts: each step starts again from `start`.", {"taken": "the last"}),
    ("the values are gone through backwards.", {"taken": "backwards"}),
    ("the averages after all steps come back; the last of them is asked for.", {"give": "history"}),
    ("that is the plain mean of the values; here newer ones count more.", {"give": "mean"}),
    ("that is the plain mean of start and values; here newer ones count more.", {"give": "mean with start"}),
    ("that is the last value; an average is asked for.", {"give": "last"}),
]


def _moving_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for steps, channels in ((1, 2), (2, 3), (5, 4), (12, 3)):
        start, values = quarters(rng, channels), quarters(rng, steps, channels)
        momentum = float(rng.choice([0.75, 0.875, 0.9, 0.95]))
        said = described(start=start, values=values, momentum=momentum)
        cases.append(Case((start, values, momentum), said))
    return cases


def moving(function: Callable[..., Any]) -> None:
    """Check task 3, second part: ``moving(start, values, momentum)``, the average (C,) after all values."""
    judge(function, _moving_cases, _moving, _MOVING_SLIPS)
    correct("a memory that fades: the older a batch, the less it counts, and nothing has to be kept of it.")


def _at_rest(batch: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray,
             epsilon: float, *, by: str = "given", divide: str = "root", centre: str = "mean",
             learned: str = "both") -> Parts:
    """Normalise a batch (N, H, W, C) by a mean and a variance (C,) that are given, or do it wrong."""
    x = batch.astype(np.float64)
    own, spread = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    mean, variance = {"given": (mean, variance), "batch": (own, spread), "own mean": (own, variance),
                      "own variance": (mean, spread), "swapped": (variance, np.abs(mean)),
                      "squared": (mean, variance ** 2)}[by]
    return _one(_scaled(x, gamma, beta, mean, variance, epsilon, divide, centre, learned))


_REST_SLIPS: list[Slip] = [
    ("mean and variance are those of the batch. At rest the ones that were kept are used, so that what is "
     "said of one picture does not depend on the others.", {"by": "batch"}),
    ("the mean is that of the batch; use the one that is given.", {"by": "own mean"}),
    ("the variance is that of the batch; use the one that is given.", {"by": "own variance"}),
    ("the variance is squared. It is a variance already, not a standard deviation.", {"by": "squared"}),
    *_SCALE_SLIPS,
]


def _averages(rng: np.random.Generator, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw moving averages of mean and variance, (C,) each; the variances are above 0."""
    return quarters(rng, channels), np.abs(quarters(rng, channels)) + 0.25


def _rest_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((1, 1, 1, 3), (1, 3, 2, 2), (4, 2, 3, 4), (3, 4, 3, 3)):
        batch = quarters(rng, *shape, largest=4)
        gamma, beta = _learned(rng, shape[-1])
        mean, variance = _averages(rng, shape[-1])
        epsilon = float(rng.integers(2, 9)) / 16
        cases.append(Case((batch, gamma, beta, mean, variance, epsilon),
                          described(batch=batch, gamma=gamma, mean=mean, epsilon=epsilon)))
    return cases


def at_rest(function: Callable[..., Any]) -> None:
    """Check task 3, third part: ``at_rest(batch, gamma, beta, mean, variance, epsilon)``, (N, H, W, C)."""
    judge(function, _rest_cases, _at_rest, _REST_SLIPS)
    correct("at rest it is one factor and one addend for each channel, and a picture no longer depends on "
            "its neighbours in the batch.")


FOLDED = ("the kernel", "the bias")


def _fold(kernel: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray,
          epsilon: float, *, axis: str = "outputs", scale: str = "root", bias: str = "whole",
          order: str = "own", gain: str = "gamma") -> Parts:
    """Fold a normalisation at rest into the convolution before it, or do it wrong.

    Parameters
    ----------
    kernel
        (k, k, D, F), of a convolution without bias.
    gamma, beta, mean, variance
        (F,).
    epsilon
        Is added to the variance.
    axis, scale, bias, order, gain
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        Kernel (k, k, D, F) and bias (F,) of one convolution that does the work of both.
    """
    root = 1 / _divisor(variance, epsilon, scale)
    factor = {"gamma": gamma * root, "none": root, "turned": 1 / (gamma * root)}[gain]
    if axis == "inputs" and kernel.shape[2] != kernel.shape[3]:
        raise ValueError("as many inputs as outputs are needed to confuse them")
    folded = {"outputs": lambda: kernel * factor, "inputs": lambda: kernel * factor[:, None],
              "none": lambda: kernel.astype(float), "turned": lambda: kernel / factor}[axis]()
    moved = {"whole": beta - mean * factor, "beta": beta, "no beta": -mean * factor,
             "plus": beta + mean * factor, "unscaled": beta - mean, "all scaled": (beta - mean) * factor,
             "no gamma": beta - mean * root, "zero": 0 * beta, "turned": mean * factor - beta}[bias]
    return (folded, moved) if order == "own" else (moved, folded)


_FOLD_SLIPS: list[Slip] = [
    ("the kernel is multiplied along its inputs: gamma, mean and variance belong to the channels that come "
     "*out*.", {"axis": "inputs"}),
    ("the kernel comes back as it was: the factor has to go somewhere.", {"axis": "none"}),
    ("the kernel is divided by the factor; multiply.", {"axis": "turned"}),
    ("the bias is beta alone: normalisation subtracts the mean, too.", {"bias": "beta"}),
    ("beta is missing in the bias.", {"bias": "no beta"}),
    ("the mean is added in the bias; normalisation subtracts it.", {"bias": "plus"}),
    ("in the bias, the mean is subtracted as it is. In the layer it is divided and multiplied like the rest.",
     {"bias": "unscaled"}),
    ("in the bias, beta is multiplied by the factor, too; in the layer it is added at the very end.",
     {"bias": "all scaled"}),
    ("in the bias, the mean is divided, but not multiplied by gamma.", {"bias": "no gamma"}),
    ("the bias is 0: what becomes of beta and the mean?", {"bias": "zero"}),
    ("the sign of the bias is turned round.", {"bias": "turned"}),
    ("epsilon has no effect.", {"scale": "no epsilon"}),
    ("epsilon is added to the standard deviation; it belongs to the variance, before the root is taken.",
     {"scale": "outside"}),
    ("you divide by the variance, not by its root.", {"scale": "variance"}),
    ("nothing is divided: the variance has no effect.", {"scale": "nothing"}),
    ("gamma has no effect.", {"gain": "none"}),
    ("the factor is turned upside down.", {"gain": "turned"}),
    ("the bias comes first; the kernel, then the bias.", {"order": "swapped"}),
]


def _fold_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((1, 1, 3, 3), (3, 3, 2, 4), (2, 2, 4, 3), (3, 3, 1, 2)):
        kernel = quarters(rng, *shape)
        gamma, beta = _learned(rng, shape[-1])
        mean, variance = _averages(rng, shape[-1])
        epsilon = float(rng.integers(2, 9)) / 16
        cases.append(Case((kernel, gamma, beta, mean, variance, epsilon),
                          described(kernel=kernel, gamma=gamma, mean=mean, epsilon=epsilon)))
    return cases


def fold(function: Callable[..., Any]) -> None:
    """Check task 3, fourth part: ``fold(kernel, gamma, beta, mean, variance, epsilon)`` -> kernel, bias."""
    judge(function, _fold_cases, _fold, _FOLD_SLIPS, names=FOLDED, take=take_arrays)
    correct("the layer is gone and its work is done: a trained network need not pay for its normalisation.")


UNSEEN_WORDS = ("same", "may change")
# What tests/test_checks_12.py measures with numbers drawn at random.
UNSEEN: dict[str, str] = {"A": "same", "B": "may change", "C": "same", "D": "may change", "E": "same",
                          "F": "may change"}


def unseen(answers: dict[str, str]) -> None:
    """Check task 3, fifth part: what batch normalisation in training does not notice, by :data:`UNSEEN`."""
    judge_words(answers, UNSEEN, UNSEEN_WORDS,
                "draw a batch, change it, normalise both with epsilon 0, and compare.")
    correct("a bias in front of it is lost, and a picture's neighbours are not: that is why it has two ways "
            "to work.")


# --- Task 4: the rate ---------------------------------------------------------------------------------


def _rate(step: int, steps: int, peak: float, *, length: str = "fifth", climb: str = "line",
          way: str = "half cosine", time: str = "since the peak", height: str = "peak") -> Parts:
    """Give the learning rate of a cycle at one step, or do it wrong.

    It rises linearly from 0 over the first fifth of the steps and falls along half a cosine to 0.
    """
    rise = {"fifth": steps // 5, "tenth": steps // 10, "half": steps // 2, "five": 5,
            "exact": steps / 5}[length]
    height = {"peak": peak, "one": 1.0}[height]
    if climb != "none" and step < rise:
        share = step / rise
        return _one(height * {"line": share, "early": (step + 1) / rise, "high": 1.0, "down": 1 - share,
                              "zero": 0.0, "of all": step / steps,
                              "cosine": (1 - np.cos(np.pi * share)) / 2}[climb])
    share = {"since the peak": (step - rise) / (steps - rise), "from the start": step / steps,
             "of all": (step - rise) / steps}[time]
    falls = {"half cosine": (1 + np.cos(np.pi * share)) / 2, "whole": (1 + np.cos(2 * np.pi * share)) / 2,
             "quarter": np.cos(np.pi / 2 * share), "line": 1 - share, "high": 1.0,
             "degrees": (1 + np.cos(180 * share)) / 2, "below": np.cos(np.pi * share),
             "double": 1 + np.cos(np.pi * share), "up": (1 - np.cos(np.pi * share)) / 2}[way]
    return _one(height * falls)


_RATE_SLIPS: list[Slip] = [
    ("the rise is missing: the rate starts at its peak and falls from there.",
     {"climb": "none", "time": "from the start"}),
    ("in the first fifth the rate stands at its peak; it is to rise from 0.", {"climb": "high"}),
    ("in the first fifth the rate is 0; it is to rise.", {"climb": "zero"}),
    ("the rise comes one step early: at step 0 the rate is to be 0.", {"climb": "early"}),
    ("the rise is a cosine, too; it is to be a straight line.", {"climb": "cosine"}),
    ("in the first fifth the rate falls; it is to rise.", {"climb": "down"}),
    ("the rise divides by all steps: it is to reach the peak after a fifth of them.", {"climb": "of all"}),
    ("the rise takes the exact length of a fifth of the steps; r is a whole number, rounded down.",
     {"length": "exact"}),
    ("the rise takes a tenth of the steps; a fifth is asked for.", {"length": "tenth"}),
    ("the rise takes half of the steps; a fifth is asked for.", {"length": "half"}),
    ("the rise takes five steps; a fifth of them is asked for.", {"length": "five"}),
    ("the fall is counted from step 0, so the rate jumps when the rise ends.", {"time": "from the start"}),
    ("the fall takes as long as the whole cycle, so the rate does not come down to 0: how many steps are "
     "left after the rise?", {"time": "of all"}),
    ("the rate falls and rises again: half a cosine is asked for, not a whole one.", {"way": "whole"}),
    ("the rate falls along a quarter of a cosine: flat at its top, steep at its end. Half a cosine is flat "
     "at both.", {"way": "quarter"}),
    ("the rate falls in a straight line; it is to be half a cosine.", {"way": "line"}),
    ("the rate stays at its peak after the rise.", {"way": "high"}),
    ("NumPy takes angles in radians: half a turn is pi.", {"way": "degrees"}),
    ("the rate ends below 0: half a cosine runs from 1 to -1, and must be lifted and halved.",
     {"way": "below"}),
    ("the fall starts at twice the peak: what is lifted by 1 must be halved.", {"way": "double"}),
    ("the rate rises where it is to fall.", {"way": "up"}),
    ("the peak has no effect.", {"height": "one"}),
]


def _rate_cases() -> list[Case]:
    rng = np.random.default_rng()
    steps = [int(number) for number in rng.integers(40, 400, 8)]
    # Twice in the rise, at its top, five times behind it; the last step ends at 0.
    shares = (0.08, 0.15, None, 0.3, 0.5, 0.7, 0.9, 1.0)
    cases = []
    for n, share in zip(steps, shares, strict=True):
        step = n // 5 if share is None else max(1, int(share * n))
        peak = float(rng.integers(3, 40)) / 16
        cases.append(Case((step, n, peak), described(step=step, steps=n, peak=peak)))
    n = int(rng.integers(40, 400))
    return [Case((0, n, 0.5), described(step=0, steps=n, peak=0.5)), *cases]


def rate(function: Callable[..., Any]) -> None:
    """Check task 4: ``rate(step, steps, peak)``, one number."""
    judge(function, _rate_cases, _rate, _RATE_SLIPS)
    correct("small steps to begin with, large ones in the middle, and ever smaller ones to settle.")


# --- Task 5: label smoothing --------------------------------------------------------------------------


def _smoothed(labels: np.ndarray, classes: int, share: float, *, way: str = "evenly", size: str = "classes",
              first: int = 0, give: str = "rows") -> Parts:
    """Give smoothed targets (N, classes): a share of each goes evenly to all classes. Or do it wrong.

    Source: C. Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7.
    """
    labels = labels.astype(int) - first
    k = classes if size == "classes" else int(labels.max()) + 1
    truth = np.eye(k)[labels]
    rows = {"evenly": (1 - share) * truth + share / k, "others": (1 - share) * truth
            + share / max(1, k - 1) * (1 - truth), "truth short": np.where(truth == 1, 1 - share, share / k),
            "whole": (1 - share) * truth + share, "others whole": np.where(truth == 1, 1 - share, share),
            "added": truth + share / k, "hard": truth, "turned": share * truth + (1 - share) / k,
            "short": (1 - share) * truth, "pictures": (1 - share) * truth + share / len(labels)}[way]
    return _one(rows if give == "rows" else rows.T)


_SMOOTH_SLIPS: list[Slip] = [
    ("the share goes to the *other* classes only; it is spread over all of them, the true one as well.",
     {"way": "others"}),
    ("the true class does not get its own part of the share, so the rows do not add up to 1.",
     {"way": "truth short"}),
    ("every class gets the whole share: it is to be divided among them.", {"way": "whole"}),
    ("every other class gets the whole share: it is to be divided among all.", {"way": "others whole"}),
    ("the share is given and not taken from anybody: rows add up to more than 1.", {"way": "added"}),
    ("the share has no effect.", {"way": "hard"}),
    ("the share is what goes evenly to all; in yours it is what the true class keeps.", {"way": "turned"}),
    ("the share is taken away and given to nobody.", {"way": "short"}),
    ("the share is divided by the number of pictures; classes share it.", {"way": "pictures"}),
    ("there are only as many columns as labels that occur; every class has one.", {"size": "seen"}),
    ("the labels are taken to count from 1; they count from 0.", {"first": 1}),
    ("rows and columns have changed places: a row for each picture.", {"give": "columns"}),
]


def _smooth_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for number, classes in ((2, 3), (3, 3), (6, 5), (8, 10)):
        labels = rng.integers(0, classes - (classes > 3), number)
        share = float(rng.integers(1, 8)) / 16
        cases.append(Case((labels, classes, share), described(labels=labels, classes=classes, share=share)))
    return cases


def smoothed(function: Callable[..., Any]) -> None:
    """Check task 5, first part: ``smoothed(labels, classes, share)``, targets (N, classes)."""
    judge(function, _smooth_cases, _smoothed, _SMOOTH_SLIPS)
    correct("every row still adds up to 1, and nobody asks for a certainty of 1 any more.")


def _lowest(classes: int, share: float, *, of: str = "all", spread: str = "all", sign: int = 1,
            base: float = np.e, zero: str = "kept") -> Parts:
    """Give the lowest cross-entropy that any answer to a smoothed target can have, or something else."""
    part = {"all": share / classes, "others": share / (classes - 1), "whole": share,
            "short": share / classes}[spread]
    truth = 1 - share + part if spread == "all" else 1 - share

    def own(target: float) -> float:
        """Give the price of one class that is answered with its own target."""
        if target == 0:
            return np.nan if zero == "nan" else 0.0
        return -target * np.log(target)

    price = {"all": own(truth) + (classes - 1) * own(part), "truth": -np.log(truth), "truth part": own(truth),
             "others": (classes - 1) * own(part), "one other": own(truth) + own(part), "nothing": 0.0,
             "even": np.log(classes), "each": (own(truth) + (classes - 1) * own(part)) / classes,
             "too many": own(truth) + classes * own(part)}[of]
    return _one(sign * price / np.log(base))


_LOWEST_SLIPS: list[Slip] = [
    ("a price of 0 is out of reach as soon as a share goes to other classes: any answer pays for some of "
     "them.", {"of": "nothing"}),
    ("that is what the true class costs alone, as with a hard label. Every class pays here, weighted by its "
     "target.", {"of": "truth"}),
    ("only the true class pays in yours. The others have a target, too.", {"of": "truth part"}),
    ("only the other classes pay in yours; the true one does as well.", {"of": "others"}),
    ("one other class pays in yours; how many others are there?", {"of": "one other"}),
    ("one class too many pays: the true one has been counted already.", {"of": "too many"}),
    ("that is the price of the answer that gives all classes the same. There are cheaper ones.",
     {"of": "even"}),
    ("the price is divided by the number of classes; a cross-entropy is a sum over them.", {"of": "each"}),
    ("the share is spread over the other classes only; it is spread over all.", {"spread": "others"}),
    ("every other class gets the whole share; it is to be divided among all.", {"spread": "whole"}),
    ("the true class does not get its own part of the share.", {"spread": "short"}),
    ("the sign is turned round: a logarithm of a probability is negative, a price is not.", {"sign": -1}),
    ("this logarithm has the base 10; the natural one is meant.", {"base": 10.0}),
    ("this logarithm has the base 2; the natural one is meant.", {"base": 2.0}),
    ("at a share of 0, 0 times the logarithm of 0 gives nan. A class with the target 0 has no part in the "
     "price.", {"zero": "nan"}),
]


def _lowest_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    # The last of these prices is above 1: a result of 0 is not taken for one whose fraction was cut off.
    for low, high, least in ((2, 3, 1), (3, 6, 1), (10, 11, 1), (12, 30, 6)):
        classes, share = int(rng.integers(low, high)), float(rng.integers(least, 9)) / 16
        cases.append(Case((classes, share), described(classes=classes, share=share)))
    classes = int(rng.integers(3, 12))
    return [*cases, Case((classes, 0.0), described(classes=classes, share=0.0))]


def _lowest_hint(error: Exception, case: Case) -> str:
    if case.arguments[1] == 0:
        return "At a share of 0, only the true class has a target. The others have no part in the price."
    return ""


def lowest(function: Callable[..., Any]) -> None:
    """Check task 5, second part: ``lowest(classes, share)``, one number."""
    judge(function, _lowest_cases, _lowest, _LOWEST_SLIPS, hint=_lowest_hint)
    correct("a loss with smoothed labels has a floor above 0. Compare accuracies, not such losses with "
            "others.")


# --- Task 6: an honest choice -------------------------------------------------------------------------

CHOICE = ("the recipe", "the accuracy")


def _chosen(validation: np.ndarray, test: np.ndarray, *, by: str = "validation mean",
            shown: str = "its test mean", start: int = 0, order: str = "own") -> Parts:
    """Choose a recipe by its mean validation accuracy and report its mean test accuracy, or do it wrong.

    Both arrays have the shape (recipes, seeds).
    """
    validation, test = validation.astype(np.float64), test.astype(np.float64)
    means = validation.mean(axis=1)
    place = {"validation mean": lambda: means.argmax(), "test mean": lambda: test.mean(axis=1).argmax(),
             "best run": lambda: validation.max(axis=1).argmax(),
             "best test run": lambda: test.max(axis=1).argmax(), "lowest": lambda: means.argmin(),
             "worst run": lambda: validation.min(axis=1).argmax(),
             "both": lambda: (means + test.mean(axis=1)).argmax(),
             "seed": lambda: validation.mean(axis=0).argmax(), "last": lambda: len(means) - 1,
             "flat": lambda: validation.argmax()}[by]()
    there = {"its test mean": lambda: test[place].mean(), "validation": lambda: means[place],
             "best": lambda: test[place].max(), "seed": lambda: test[place, validation[place].argmax()],
             "best mean": lambda: test.mean(axis=1).max(), "first": lambda: test[place, 0],
             "all": lambda: test[place], "everything": lambda: test.mean()}[shown]()
    pair = (_one(place + start)[0], _one(there)[0])
    return pair if order == "own" else pair[::-1]


_CHOSEN_SLIPS: list[Slip] = [
    ("the recipe is chosen by the test accuracy. The number that you report has then been chosen to be high.",
     {"by": "test mean"}),
    ("the recipe is chosen by its best run: one lucky seed decides. Take the mean over the seeds.",
     {"by": "best run"}),
    ("the recipe is chosen by its best run on the test set: a lucky seed, and the wrong set.",
     {"by": "best test run"}),
    ("the recipe is chosen by its worst run; the mean over the seeds is asked for.", {"by": "worst run"}),
    ("the test accuracy has a say in your choice; it is to report only.", {"by": "both"}),
    ("that is the recipe with the *lowest* validation accuracy.", {"by": "lowest"}),
    ("that is the last recipe, whatever the validation accuracies are.", {"by": "last"}),
    ("the means are taken over the recipes; a row is a recipe, and its mean runs along the seeds.",
     {"by": "seed"}),
    ("the recipe is right, but the accuracy is that on the validation set, by which it was chosen: too good.",
     {"shown": "validation"}),
    ("the recipe is right, but the accuracy is that of its best run on the test set; the mean is asked for.",
     {"shown": "best"}),
    ("the recipe is right, but the accuracy is that of the seed that did best on the validation set; the "
     "mean over the seeds is asked for.", {"shown": "seed"}),
    ("the recipe is right, but the accuracy is the best of all recipes: that one was chosen by the test set.",
     {"shown": "best mean"}),
    ("the recipe is right, but the accuracy is that of its first seed.", {"shown": "first"}),
    ("the recipe is right, but the accuracies of all its seeds come back; their mean is asked for.",
     {"shown": "all"}),
    ("the recipe is right, but the accuracy is the mean over all recipes.", {"shown": "everything"}),
    ("the recipe counts from 1; here the first row is 0.", {"start": 1}),
    ("the accuracy comes first; the recipe, then the accuracy.", {"order": "swapped"}),
]


def _chosen_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    while len(cases) < 4:
        recipes, seeds = ((4, 3), (5, 4), (7, 3), (9, 5))[len(cases)]
        validation, test = (rng.integers(500, 900, (recipes, seeds)) / 1024 for _ in range(2))
        top = np.sort(validation.mean(axis=1))[-2:]
        if top[1] - top[0] > 1e-4:              # one answer, no tie
            cases.append(Case((validation, test), described(validation=validation, test=test)))
    return cases


def chosen(function: Callable[..., Any]) -> None:
    """Check task 6, first part: ``chosen(validation, test)`` -> (recipe, accuracy)."""
    judge(function, _chosen_cases, _chosen, _CHOSEN_SLIPS, names=CHOICE, take=take_arrays)
    correct("one set chooses and another reports, and a lucky seed decides nothing.")


# The made-up record of the exercise, which draws it in the same way.
SEED, TIMES, RECIPES, PICTURES, TRUTH = 195, 500, 20, 1_000, 0.82
TOLERANCE = 0.006       # points; answers may be rounded to a hundredth


def made_up_record() -> tuple[np.ndarray, np.ndarray]:
    """Draw validation and test accuracies, (TIMES, RECIPES) each, of recipes that are all equally good."""
    rng = np.random.default_rng(SEED)
    validation = rng.binomial(PICTURES, TRUTH, size=(TIMES, RECIPES)) / PICTURES
    test = rng.binomial(PICTURES, TRUTH, size=(TIMES, RECIPES)) / PICTURES
    return validation, test


@cache
def _flattery() -> tuple[dict[str, float], dict[str, list[tuple[float, str]]]]:
    """Work out the table of task 6 from the made-up record, and the numbers that known mistakes give."""
    validation, test = made_up_record()
    rows = np.arange(TIMES)

    def points(shares: np.ndarray) -> float:
        return 100 * (float(np.mean(shares)) - TRUTH)

    other = test[rows, validation.argmax(axis=1)]
    turned = validation[rows, test.argmax(axis=1)]
    right = {
        "chosen by test, test reported": points(test.max(axis=1)),
        "chosen by validation, validation reported": points(validation.max(axis=1)),
        "chosen by validation, test reported": points(other),
    }
    by_test, reported, honest = right
    every = f"the largest of all numbers is taken. In each story there are {RECIPES} recipes to choose from."
    columns = "a row is one story, its columns are the recipes: the largest of each row is asked for."
    plain = "that is without any choice."
    always = test[:, validation.mean(axis=0).argmax()]
    wrong = {
        by_test: [(right[reported], "that is for the validation set."), (points(test.max()), every),
                  (points(test.max(axis=0)), columns), (points(test), plain)],
        reported: [(right[by_test], "that is for the test set."), (points(validation.max()), every),
                   (points(validation.max(axis=0)), columns), (points(validation), plain)],
        honest: [(right[by_test], "that is chosen by test."), (points(turned), "the two sets have changed "
                 "places."), (right[reported], "that is reported by validation."), (points(test), plain),
                 (points(always), "you choose one recipe for all stories. In each, somebody chooses anew.")],
    }
    for question, value in right.items():
        share, whole = value / 100, value + 100 * TRUTH
        wrong[question] += [(share, "give points: 100 times the difference of two shares."),
                            (whole, "that is the accuracy; asked is how far above the truth it is."),
                            (whole / 100, "that is the accuracy; asked is how far above the truth it is, in "
                                          "points."),
                            (-value, "the sign is turned round: above the truth is positive.")]
        wrong[question] = [(number, says) for number, says in wrong[question]
                           if abs(number - value) > 2 * TOLERANCE]
    return right, wrong


def flattery(answers: dict[str, float]) -> None:
    """Check task 6, second part: how many points above the truth three ways of reporting are."""
    right, wrong = _flattery()

    def judge_entry(question: str, answer: Any) -> str | None:
        given = float(read_number(answer))
        if abs(given - right[question]) <= TOLERANCE:
            return None
        found = (says for number, says in wrong[question]
                 if abs(given - number) <= min(TOLERANCE, abs(number) / 9))
        return next(found, "not this number. In each story: which recipe is chosen, what is reported, how "
                           "far is that above the truth? Then the mean over all stories, in points, to a "
                           "hundredth.")

    read_answers(answers, right, judge_entry)
    correct("whoever chooses by a number reports too much of it, by test or by validation. A set that chose "
            "nothing flatters nobody.")


__all__ = ["at_rest", "chosen", "counts", "flattery", "fold", "keeps", "lowest", "made_up_record", "mirrored",
           "moving", "normalise", "rate", "shifted", "smoothed", "unseen"]
