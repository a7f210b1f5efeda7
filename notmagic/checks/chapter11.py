"""Checks for ``exercises/11-cifar-10-with-keras``: counts, prices, intervals, calibration, weights.

Inputs of a function under test are drawn afresh at each call, and until no two known mistakes give the same
results. Two tables are judged by what was stored with chapter 11's network: its answers to the 10,000 test
pictures, and its training history. Nothing here needs Keras, the pictures or a network connection.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    judge_counts,
    name_of,
    quarters,
    read_answers,
    read_number,
    run,
)
from notmagic.checks._networks import (
    Parts,
    Slip,
    explain_map_shape,
    read_shape,
    wrong_conv_counts,
    wrong_dense_counts,
)
from notmagic.checks._pictures import described, judge, take_arrays
from notmagic.geometry import (
    conv2d_multiplications,
    conv2d_output_shape,
    conv2d_params,
    dense_params,
    flatten_size,
    pool2d_output_shape,
)
from notmagic.pretrained import history, predictions

CLASSES = 10
Z = 1.96        # for 95 %


def _one(value: Any) -> Parts:
    return (np.asarray(float(value)),)


# --- Task 1: a changed network ------------------------------------------------------------------------

PICTURE = (32, 32, 3)
CONV_1, CONV_2, CONV_3 = (5, 24, 0), (3, 48, 1), (3, 48, 0)      # kernel size, filters, padding
POOL_1, POOL_2 = (2, 2), (3, 2)                                  # window, stride


def _through() -> dict[str, tuple[int, ...]]:
    """Follow one picture through the network of task 1: the shape after each layer."""
    one = conv2d_output_shape(PICTURE, CONV_1[0], CONV_1[1], padding=CONV_1[2])
    two = pool2d_output_shape(one, POOL_1[0], POOL_1[1])
    three = conv2d_output_shape(two, CONV_2[0], CONV_2[1], padding=CONV_2[2])
    four = pool2d_output_shape(three, POOL_2[0], POOL_2[1])
    five = conv2d_output_shape(four, CONV_3[0], CONV_3[1], padding=CONV_3[2])
    return {"conv 1": one, "pool 1": two, "conv 2": three, "pool 2": four, "conv 3": five,
            "global pooling": (five[2],), "logits": (CLASSES,)}


SHAPES: dict[str, tuple[int, ...]] = _through()

# layer: (rows and columns that a known mistake gives, what to say)
_WRONG_SIDES: dict[str, dict[int, str]] = {
    "conv 1": {32: "without padding a filter does not fit at every pixel.",
               30: "that is for filters of 3 x 3.", 27: "one place too few: the filter counts before its "
               "first step.", 16: "a convolution with stride 1 halves nothing.",
               6: "these windows lie side by side; with stride 1 they do not."},
    "pool 1": {28: "pooling with stride 2 halves both sides.", 27: "these windows are one pixel apart; here "
               "they are two.", 13: "one window too few: the first counts before any step.",
               7: "each side halves once."},
    "conv 2": {12: "that is without padding. Here a rim of zeros, one pixel wide, lies around the map.",
               13: "the rim of zeros lies on both sides.", 16: "the rim of zeros is there for the filter; "
               "the filter still takes something away.", 7: "a convolution with stride 1 halves nothing."},
    "pool 2": {7: "these windows are 3 wide, not 2; or you rounded up. What fills no window is dropped.",
               4: "these windows lie side by side; here they are two pixels apart and overlap.",
               12: "these windows are one pixel apart; here they are two.",
               5: "one window too few: the first counts before any step.",
               14: "pooling with stride 2 does more than that."},
    "conv 3": {6: "without padding a filter does not fit at every pixel.", 3: "one place too few: the "
               "filter counts before its first step.", 2: "these windows lie side by side, or were padded "
               "the wrong way; with stride 1 they overlap."},
}


def _judge_list(question: str, given: tuple[int, ...]) -> str:
    before = SHAPES["conv 3"]
    if len(given) != 1:
        return "one number in brackets, with a comma: (3,). Rows and columns are gone here."
    if question == "global pooling" and given[0] == flatten_size(before):
        return "that is what flatten gives. Global pooling leaves one number of each map."
    if question == "global pooling" and given[0] in (1, flatten_size(before[:2])):
        return "one number of each map: how many maps are there?"
    if question == "logits" and given[0] == before[2]:
        return "that is how many numbers come in. How many scores are there?"
    return "not this number. How many numbers come out for one picture?"


def _judge_shape(question: str, answer: Any) -> str | None:
    given, right = read_shape(answer, "(3, 4, 2)", "(5,) for a list", alone=True), SHAPES[question]
    if given == right:
        return None
    if len(right) == 1:
        return _judge_list(question, given)
    sides = {(side, side): says for side, says in _WRONG_SIDES[question].items()}
    return explain_map_shape(given, right, sides, pools=question.startswith("pool"))


def shapes(answers: dict[str, tuple[int, ...]]) -> None:
    """Check task 1, first part: the shape after each layer of :data:`SHAPES`, for one picture."""
    read_answers(answers, SHAPES, _judge_shape, blank="give a shape for each layer, such as (3, 4, 2).")
    correct("every shape follows from the one before it, and the first is that of the picture.")


def _conv(layer: tuple[int, int, int], depth: int) -> int:
    return conv2d_params(layer[0], depth, layer[1])


_WORK = conv2d_multiplications(SHAPES["pool 1"], CONV_2[0], CONV_2[1], padding=CONV_2[2])
COUNTS: dict[str, int] = {
    "conv 1": _conv(CONV_1, PICTURE[2]),
    "conv 2": _conv(CONV_2, CONV_1[1]),
    "conv 3": _conv(CONV_3, CONV_2[1]),
    "logits": dense_params(SHAPES["conv 3"][2], CLASSES),
    "logits, flatten in place of global pooling": dense_params(flatten_size(SHAPES["conv 3"]), CLASSES),
    "multiplications of conv 2": _WORK,
}

def _wrong_filters(layer: tuple[int, int, int], depth: int, places: int) -> list[tuple[float, str]]:
    f, filters, _ = layer
    return [*wrong_conv_counts(f, depth, filters, places),
            (((8 - f) ** 2 * depth + 1) * filters, "mind the size of these filters.")]


_LAST = SHAPES["conv 3"]
_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "conv 1": [*_wrong_filters(CONV_1, PICTURE[2], flatten_size(SHAPES["conv 1"][:2])),
               (_conv(CONV_1, 1) + 1, "the picture has three channels.")],
    "conv 2": [*_wrong_filters(CONV_2, CONV_1[1], flatten_size(SHAPES["conv 2"][:2])),
               (_conv(CONV_2, PICTURE[2]), "this layer does not see the picture. How deep is what it sees?")],
    "conv 3": [*_wrong_filters(CONV_3, CONV_2[1], flatten_size(_LAST[:2])),
               (_conv(CONV_3, CONV_1[1]), "how deep is what this layer sees?")],
    "logits": [*wrong_dense_counts(_LAST[2], CLASSES, "score"),
               (COUNTS["logits, flatten in place of global pooling"],
                "global pooling leaves one number of each map."),
               (dense_params(flatten_size(_LAST[:2]), CLASSES),
                "it is places that go; each map leaves one number.")],
    "logits, flatten in place of global pooling": [
        *wrong_dense_counts(flatten_size(_LAST), CLASSES, "score"),
        (COUNTS["logits"], "flatten keeps every number of every map."),
        (dense_params(flatten_size(_LAST[:2]), CLASSES), "flatten keeps all maps, not one."),
        (dense_params(flatten_size(SHAPES["pool 2"]), CLASSES), "conv 3 comes in between."),
    ],
    "multiplications of conv 2": [
        (COUNTS["conv 2"], "those are the parameters; each weight is used at every place."),
        (COUNTS["conv 2"] * flatten_size(SHAPES["conv 2"][:2]), "a bias is added, not multiplied."),
        (COUNTS["conv 2"] - CONV_2[1], "each weight is used at every place, not once."),
        (_WORK // CONV_1[1], "a filter spans the full depth of its input."),
        (_WORK // CONV_2[1], "that is one filter; the layer has more than one."),
        (_WORK // CONV_2[0] ** 2, "at each place a filter multiplies as many numbers as it has weights."),
        (flatten_size(SHAPES["pool 2"][:2]) * CONV_2[0] ** 2 * CONV_1[1] * CONV_2[1],
         "the places are those of this layer, before the pooling behind it."),
        (12 * 12 * CONV_2[0] ** 2 * CONV_1[1] * CONV_2[1],
         "the rim of zeros gives the filter more places than that; products with zeros count, too."),
        (flatten_size(SHAPES["conv 1"][:2]) * CONV_2[0] ** 2 * CONV_1[1] * CONV_2[1],
         "the places are those of this layer; the map was pooled before."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 1, second part: the number asked for by each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS, "not this number. Count one filter, or one score, first.")
    correct("without a dense layer in the middle, nearly all parameters are filters, and each works at every "
            "place.")


# --- Task 2: the price --------------------------------------------------------------------------------


def _softmax(scores: np.ndarray, over: str = "row", shift: str = "own") -> np.ndarray:
    axis = {"row": 1, "column": 0, "all": None}[over]
    powers = np.exp(scores - _largest(scores, axis, shift))
    return powers / powers.sum(axis=axis, keepdims=True)


def _largest(scores: np.ndarray, axis: int | None, shift: str) -> Any:
    """Give what is subtracted from the scores, so that no power of e is infinite; or something else."""
    return {"own": scores.max(axis=axis, keepdims=True), "all": scores.max(), "none": 0}[shift]


def _price(scores: np.ndarray, labels: np.ndarray, *, taken: str = "logits", over: str = "row",
           twice: bool = False, late: bool = False, shift: str = "own", of: str = "truth",
           mean: str = "mean", sign: int = 1, base: float = np.e) -> Parts:
    """Take the mean cross-entropy from logits (N, K) and labels (N,), or do it wrong.

    Parameters
    ----------
    scores, labels
        The logits, and the true class of each row.
    taken, over, twice, late, shift, of, mean, sign, base
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        One number without axes.
    """
    scores, labels = np.asarray(scores, dtype=float), np.asarray(labels).astype(int)
    rows = np.arange(len(scores))
    if taken == "probabilities":
        logs = np.log(scores)
    elif taken == "shares":     # what Keras does when from_logits is forgotten
        logs = np.log(np.clip(scores / scores.sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7))
    elif twice:
        once = _softmax(scores)
        logs = np.log(_softmax(once))
    elif over != "row" or late or shift == "none":
        logs = np.log(_softmax(scores, over, shift))
    else:
        moved = scores - _largest(scores, 1, shift)
        logs = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    chosen = {"truth": lambda: logs[rows, labels], "answer": lambda: logs[rows, scores.argmax(axis=1)],
              "first": lambda: logs[:, labels[0]], "share": lambda: 1 - np.exp(logs[rows, labels]),
              "all": lambda: logs.sum(axis=1)}[of]()
    total = (1 if of == "share" else -1) * sign * chosen.sum() / np.log(base)
    return _one(total / {"mean": len(scores), "sum": 1, "numbers": scores.size,
                         "classes": scores.shape[1]}[mean])


_PRICE_SLIPS: list[Slip] = [
    ("the scores are taken for probabilities: there is no softmax. Scores may be negative.",
     {"taken": "probabilities"}),
    ("the scores are divided by their sum. That is what Keras does when `from_logits=True` is forgotten; "
     "softmax raises e to them first.", {"taken": "shares"}),
    ("softmax is taken twice: of the scores, and then of the probabilities.", {"twice": True}),
    ("the sums of softmax run down the columns; each *row* is one picture.", {"over": "column"}),
    ("the sum of softmax runs over all pictures together; each row has its own.", {"over": "all"}),
    ("nan or inf appears where scores are near 1,000: the powers of e are infinite. Adding the same number "
     "to all scores of a row changes no probability: which one helps?", {"shift": "none"}),
    *[("the largest of all rows is subtracted; each row has its own. Where the others are far below it, all "
       "their powers of e are 0.", {"shift": "all", "late": late}) for late in (False, True)],
    ("where the truth has a tiny probability, it is rounded to 0, and the logarithm is infinite. The "
     "logarithm of e to a score is the score: take it before you divide.", {"late": True}),
    ("the price is that of the class with the highest score. What is paid for is the *truth*.",
     {"of": "answer"}),
    ("every row is priced for the label of the first.", {"of": "first"}),
    ("these are 1 minus the probabilities; a price is minus the *logarithm* of one.", {"of": "share"}),
    ("the prices of all classes are added up; only the true one is paid for.", {"of": "all"}),
    ("this is the sum of the prices; the mean is asked for.", {"mean": "sum"}),
    ("you divide by how many scores there are; the mean is over pictures.", {"mean": "numbers"}),
    ("you divide by how many classes there are; the mean is over pictures.", {"mean": "classes"}),
    ("the sign is turned round: a logarithm of a probability is negative, a price is not.", {"sign": -1}),
    ("this logarithm has the base 10; the natural one is meant.", {"base": 10.0}),
    ("this logarithm has the base 2; the natural one is meant.", {"base": 2.0}),
]


def _price_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for rows, classes, offset in ((1, 3, 3), (4, 3, 0), (7, 5, 0), (5, 4, 1000), (3, 4, 0)):
        scores = quarters(rng, rows, classes) + offset
        if len(cases) == 4:     # one score far above the others, and not the true one
            scores[:, 0] += 2000
        labels = rng.integers(1 if len(cases) == 4 else 0, classes, rows).astype(np.uint8)
        said = {3: " near 1,000", 4: ", one of them near 2,000 in each row"}.get(len(cases), "")
        cases.append(Case((scores, labels), described(scores=scores, labels=labels) + said))
    scores, labels = quarters(rng, 3, 4), rng.integers(0, 4, 3).astype(np.uint8)
    scores += rng.permutation([-1000, 0, 1000])[:, np.newaxis]
    return [*cases, Case((scores, labels), described(scores=scores, labels=labels)
                         + ", one row near 1,000 and one near -1,000")]


def price(function: Callable[..., Any]) -> None:
    """Check task 2, first part: ``price(scores, labels)``, the mean cross-entropy from logits."""
    judge(function, _price_cases, _price, _PRICE_SLIPS)
    correct("a finite price for every score, and the very number that Keras calls the loss.")


# What tests/test_checks_11.py computes from the scores and prices that the exercise shows.
VERDICTS = ("right", "softmax twice", "no softmax", "sum")
TOLD: dict[str, str] = {"A": "softmax twice", "B": "right", "C": "sum", "D": "no softmax"}


def _judge_told(question: str, answer: Any) -> str | None:
    words = ", ".join(f'"{word}"' for word in VERDICTS)
    if answer is ... or answer is None:
        raise NotAnswered(f"give one of {words}.")
    if type(answer) is not str or answer.strip().lower() not in VERDICTS:
        return f"give one of {words}."
    given = answer.strip().lower()
    if given == TOLD[question]:
        return None
    return {"right": "your own function gives another number for these scores.",
            "softmax twice": "take the softmax of the probabilities as if they were scores. Does it fit?",
            "no softmax": "divide the scores of a row by their sum. Does it fit?",
            "sum": "how many times as large as the mean would a sum be?"}[given]


def told(answers: dict[str, str]) -> None:
    """Check task 2, second part: one of :data:`VERDICTS` for each price that the exercise shows."""
    read_answers(answers, TOLD, _judge_told, blank="give one of the four words for each price.")
    correct("none of the three mistakes stops a program. A price that you can compute yourself finds them.")


# --- Task 3: confusion and intervals -------------------------------------------------------------------


def _confusion(labels: np.ndarray, answers: np.ndarray, classes: int, *, turned: bool = False,
               once: bool = False, diagonal: bool = True, size: str = "classes", share: str = "none",
               only: str = "all", start: int = 0) -> Parts:
    """Count truth against answer (classes, classes), or do it wrong: the reference of task 3."""
    labels, answers = np.asarray(labels).astype(int), np.asarray(answers).astype(int)
    sides = classes if size == "classes" else max(labels.max(), answers.max()) + 1
    matrix = np.full((sides, sides), float(start))
    np.add.at(matrix, (labels, answers), 1)
    if once:
        matrix = np.minimum(matrix, 1)
    if not diagonal:
        np.fill_diagonal(matrix, 0)
    if only == "right":
        matrix = np.diag(np.diag(matrix))
    if share != "none":
        matrix = matrix / matrix.sum(axis={"rows": 1, "columns": 0, "all": None}[share], keepdims=True)
    return (matrix.T if turned else matrix,)


_CONFUSION_SLIPS: list[Slip] = [
    ("rows and columns have changed places: a row is a true class, a column an answer.", {"turned": True}),
    ("no pair is counted more than once. With several equal pairs of indices at once, `+= 1` adds one 1.",
     {"once": True}),
    ("the right answers are missing: they are counted, too.", {"diagonal": False}),
    ("only the right answers are counted; the mistakes are what the matrix is for.", {"only": "right"}),
    ("the matrix is only as large as the classes that occur. A class that never occurs has a row, too.",
     {"size": "seen"}),
    ("these are shares of each true class; counts are asked for.", {"share": "rows"}),
    ("these are shares of each answer; counts are asked for.", {"share": "columns"}),
    ("these are shares of all pictures; counts are asked for.", {"share": "all"}),
    ("every count is one too many: start from zeros.", {"start": 1}),
]


def _confusion_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for classes, seen, number in ((3, 3, 12), (4, 4, 40), (6, 4, 50)):
        labels = rng.integers(0, seen, number).astype(np.uint8)
        answers = np.where(rng.random(number) < 0.5, labels, rng.integers(0, seen, number))
        cases.append(Case((labels, answers, classes), described(labels=labels, answers=answers,
                                                                classes=classes)))
    return cases


def confusion(function: Callable[..., Any]) -> None:
    """Check task 3, first part: ``confusion(labels, answers, classes)``, counts (classes, classes)."""
    judge(function, _confusion_cases, _confusion, _CONFUSION_SLIPS)
    correct("a row for each truth, a column for each answer, and nobody is lost: the sum is the number of "
            "pictures.")


ENDS = ("low", "high")


def _wilson(right: int, total: int, *, centre: str = "wilson", half: str = "wilson", z: float = Z,
            give: str = "ends") -> Parts:
    """Give both ends of Wilson's 95 % interval for a share, or do it wrong: the reference of task 3."""
    s, n = right / total, total
    divisor = 1 + z**2 / n
    middle = {"wilson": (s + z**2 / (2 * n)) / divisor, "share": s, "no divisor": s + z**2 / (2 * n),
              "z": (s + z / (2 * n)) / divisor, "whole": (s + z**2 / n) / divisor}[centre]
    spread = s * (1 - s) / n
    arm = {"wilson": z / divisor * np.sqrt(spread + z**2 / (4 * n**2)), "plain": z * np.sqrt(spread),
           "no divisor": z * np.sqrt(spread + z**2 / (4 * n**2)),
           "one n": z / divisor * np.sqrt(spread + z**2 / (4 * n)),
           "no root": z / divisor * (spread + z**2 / (4 * n**2)),
           "no n": z / divisor * np.sqrt(s * (1 - s) + z**2 / (4 * n**2)),
           "no z": 1 / divisor * np.sqrt(spread + z**2 / (4 * n**2))}[half]
    low, high = middle - arm, middle + arm
    pair = {"ends": (low, high), "turned": (high, low), "centre and half": (middle, arm),
            "width": (low, 2 * arm), "per cent": (100 * low, 100 * high),
            "counts": (n * low, n * high)}[give]
    return tuple(np.asarray(float(part)) for part in pair)


_WILSON_SLIPS: list[Slip] = [
    ("that is the plain interval, s plus and minus 1.96 deviations. Wilson's has another centre and another "
     "width.", {"centre": "share", "half": "plain"}),
    ("the centre is the share itself; Wilson's is drawn towards one half.", {"centre": "share"}),
    ("the half width is that of the plain interval.", {"half": "plain"}),
    ("the centre is not divided by 1 + z^2/n.", {"centre": "no divisor"}),
    ("the half width is not divided by 1 + z^2/n.", {"half": "no divisor"}),
    ("in the centre, z is squared.", {"centre": "z"}),
    ("in the centre, z^2 is divided by 2n.", {"centre": "whole"}),
    ("under the root, z^2 is divided by 4 times the *square* of n.", {"half": "one n"}),
    ("the root is missing.", {"half": "no root"}),
    ("under the root, s(1 - s) is divided by n.", {"half": "no n"}),
    ("the half width lacks its factor z.", {"half": "no z"}),
    ("1.645 belongs to 90 %.", {"z": 1.645}),
    ("2.576 belongs to 99 %.", {"z": 2.576}),
    ("2 is a good rule of thumb; here z is 1.96.", {"z": 2.0}),
    ("the upper end comes first; low, then high.", {"give": "turned"}),
    ("these are the centre and the half width; the two ends are asked for.", {"give": "centre and half"}),
    ("the second number is the width; the upper end is asked for.", {"give": "width"}),
    ("these are per cent; shares from 0 to 1 are asked for.", {"give": "per cent"}),
    ("these are numbers of pictures; shares from 0 to 1 are asked for.", {"give": "counts"}),
]


def _wilson_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for total, low, high in ((10, 3, 8), (40, 25, 38), (1000, 400, 900), (25, 0, 1), (30, 30, 31)):
        total += int(rng.integers(0, 5))
        right = total if low == 30 else int(rng.integers(low, high))
        cases.append(Case((right, total), f"{right} right of {total}"))
    return cases


def wilson(function: Callable[..., Any]) -> None:
    """Check task 3, second part: ``wilson(right, total)``, both ends of the 95 % interval of a share."""
    judge(function, _wilson_cases, _wilson, _WILSON_SLIPS, names=ENDS, take=take_arrays)
    correct("an interval that stays between 0 and 1, and keeps a width where the plain one has none.")


CAT, SHIP, AIRPLANE = 3, 8, 0
ANIMALS = (2, 3, 4, 5, 6, 7)


@cache
def _stored() -> tuple[np.ndarray, np.ndarray]:
    """Give the stored probabilities (10000, 10) and labels (10000,), to read and not to change."""
    probabilities, labels = predictions("cifar10_chapter11")
    for array in (probabilities, labels):
        array.flags.writeable = False
    return probabilities, labels


@cache
def _report() -> tuple[dict[str, int], dict[str, list[tuple[float, str]]]]:
    """Work out the table of task 3 from what is stored, and the numbers that known mistakes give."""
    probabilities, labels = _stored()
    matrix = _confusion(labels, probabilities.argmax(axis=1), CLASSES)[0].astype(int)
    column, row = int(matrix[:, CAT].sum()), int(matrix[CAT].sum())
    ends = [_wilson(int(matrix[c, c]), int(matrix[c].sum())) for c in range(CLASSES)]

    def apart(classes: tuple[int, ...]) -> int:
        return sum(bool(ends[a][0] > ends[b][1] or ends[b][0] > ends[a][1])
                   for a, b in combinations(classes, 2))

    pairs, told_apart = len(ANIMALS) * (len(ANIMALS) - 1) // 2, apart(ANIMALS)
    right = {
        'answers "cat"': column,
        'answers "cat" that are wrong': column - int(matrix[CAT, CAT]),
        "ships called airplane": int(matrix[SHIP, AIRPLANE]),
        "pairs of animals told apart": told_apart,
    }
    wrong: dict[str, list[tuple[float, str]]] = {
        'answers "cat"': [
            (row, "that is how many cats there are. How often was \"cat\" the *answer*?"),
            (int(matrix[CAT, CAT]), "those are the right ones among them."),
            (column - int(matrix[CAT, CAT]), "those are the wrong ones among them."),
        ],
        'answers "cat" that are wrong': [
            (row - int(matrix[CAT, CAT]), "those are the cats that were missed, along the row. A column "
                                          "holds one *answer*."),
            (int(matrix[CAT, CAT]), "those are the right ones."),
            (column, "those are all, right and wrong."),
        ],
        "ships called airplane": [
            (int(matrix[AIRPLANE, SHIP]), "those are airplanes called ship: the truth picks the row."),
            (int(matrix[SHIP, SHIP]), "those are ships called ship."),
        ],
        "pairs of animals told apart": [
            (pairs, "that is how many pairs there are; some intervals overlap."),
            (pairs - told_apart, "that is how many overlap."),
            (2 * told_apart, "each pair is counted twice."),
            (apart(tuple(range(CLASSES))), "those are the pairs of all ten classes; six are animals."),
            (apart(tuple(c for c in range(CLASSES) if c not in ANIMALS)), "those are the vehicles."),
        ],
    }
    return right, {question: [(number, says) for number, says in rows if number != right[question]]
                   for question, rows in wrong.items()}


def report(answers: dict[str, int]) -> None:
    """Check task 3, third part: four whole numbers from the stored answers."""
    right, wrong = _report()
    judge_counts(answers, right, wrong, "not this number. In the matrix a row is a true class and a column "
                                        "an answer.")
    correct("a class has two numbers: how many of it are found, and what its name is worth as an answer.")


# --- Task 4: which epoch -------------------------------------------------------------------------------

CHOICE = ("epoch", "accuracy")


def _honest(validation_loss: np.ndarray, test_accuracy: np.ndarray, *, by: str = "validation",
            tie: str = "first", start: int = 1, shown: str = "there", give: str = "epoch first") -> Parts:
    """Choose an epoch by the validation loss and report the test accuracy there, or do it wrong."""
    loss, accuracy = np.asarray(validation_loss, dtype=float), np.asarray(test_accuracy, dtype=float)
    place = {"validation": int(np.argmin(loss)), "test": int(np.argmax(accuracy)),
             "highest": int(np.argmax(loss)), "end": len(loss) - 1, "second": 1,
             "rise": int(np.argmax(np.diff(loss) > 0))}[by]
    if tie == "last":
        place = len(loss) - 1 - int(np.argmin(loss[::-1]))
    there = {"there": lambda: accuracy[place], "best": lambda: accuracy.max(), "end": lambda: accuracy[-1],
             "next": lambda: accuracy[place + 1], "loss": lambda: loss[place],
             "mean": lambda: accuracy.mean()}[shown]()
    pair = (place + start, there)
    return tuple(np.asarray(float(part)) for part in (pair if give == "epoch first" else pair[::-1]))


_HONEST_SLIPS: list[Slip] = [
    ("the epoch is chosen by the test accuracy: then the number that you report has been chosen to be high.",
     {"by": "test"}),
    ("the epoch is that of the *highest* validation loss.", {"by": "highest"}),
    ("that is the last epoch, whatever the validation loss says.", {"by": "end"}),
    ("that is the epoch before the first rise of the validation loss; later it may fall further.",
     {"by": "rise"}),
    ("that is epoch 2, whatever the validation loss says.", {"by": "second"}),
    ("where several epochs have the lowest loss, the first of them is meant.", {"tie": "last"}),
    ("the epoch is one too low: Python counts from 0, epochs from 1.", {"start": 0}),
    ("the epoch is right, but the accuracy is the best of all epochs: that one was chosen by the test set.",
     {"shown": "best"}),
    ("the epoch is right, but the accuracy is that of the last one.", {"shown": "end"}),
    ("the epoch is right, but the accuracy is that of the next one: epochs count from 1, places from 0.",
     {"shown": "next"}),
    ("the second number is a loss; the accuracy on the test set is asked for.", {"shown": "loss"}),
    ("the epoch is right, but the accuracy is the mean over all epochs.", {"shown": "mean"}),
    ("the accuracy comes first; the epoch, then the accuracy.", {"give": "accuracy first"}),
]


def _honest_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases: list[Case] = []
    # How many epochs, and between which places the lowest loss lies: not at the last, so that a mistake can
    # be told from its value. Before it the loss rises at least once; and, but for the first case, a tie.
    shapes_ = ((4, 2, 2), (7, 2, 4), (12, 3, 8))
    while len(cases) < len(shapes_):
        epochs, low, high = shapes_[len(cases)]
        loss = 2 + rng.integers(-6, 7, epochs) / 4
        first = int(rng.integers(low, high + 1))
        again = first if epochs == 4 else int(rng.integers(first + 1, epochs - 1))
        loss[[first, again]] = loss.min() - 0.25
        if (np.diff(loss[:first]) > 0).any():
            accuracy = rng.permutation(np.arange(8, 8 + epochs)) / 32
            cases.append(Case((loss, accuracy), f"{epochs} epochs"))
    return cases


def honest(function: Callable[..., Any]) -> None:
    """Check task 4, first part: ``honest(validation_loss, test_accuracy)`` -> (epoch, accuracy)."""
    judge(function, _honest_cases, _honest, _HONEST_SLIPS, names=CHOICE, take=take_arrays)
    correct("one set chooses, another reports. The number may be lower than the best, and it is honest.")


@cache
def _curves() -> tuple[dict[str, int], dict[str, list[tuple[float, str]]]]:
    """Read the table of task 4 off the stored curves, and the numbers that known mistakes give."""
    right: dict[str, int] = {}
    wrong: dict[str, list[tuple[float, str]]] = {}
    for run_ in history("cifar10_chapter11")["runs"][:2]:
        seed, ahead = run_["seed"], np.array(run_["accuracy"]) > np.array(run_["val_accuracy"])
        first, lowest = int(np.argmax(ahead)) + 1, int(np.argmin(run_["val_loss"])) + 1
        rises, epochs = int((np.diff(run_["val_loss"]) > 0).sum()), len(ahead)
        falls = int((np.diff(run_["val_accuracy"]) < 0).sum())
        rows = {
            f"ahead, seed {seed}": (first, [
                (first - 1, "Python counts from 0, epochs from 1; or you took the last epoch in which the "
                            "test accuracy is higher."),
                (1, "in the first epoch the test accuracy is higher."),
                (int(ahead.sum()), "that is in how many epochs it is higher."),
            ]),
            f"after the lowest, seed {seed}": (epochs - lowest, [
                (lowest, "that is the epoch of the lowest test loss. How many came after it?"),
                (epochs - lowest + 1, "the epoch of the lowest loss itself does not come after it."),
                (lowest - 1, "those came before it."),
            ]),
            f"rises, seed {seed}": (rises, [
                (epochs - 1 - rises, "that is how often it fell."),
                (int((np.diff(run_["loss"]) > 0).sum()), "that is the loss on the *training* pictures."),
                (falls, "that is how often the test *accuracy* fell."),
                (rises + 1, "between ten epochs there are nine steps."),
            ]),
        }
        for question, (number, mistakes) in rows.items():
            right[question] = number
            wrong[question] = [(value, says) for value, says in mistakes if value != number]
    return right, wrong


def curves(answers: dict[str, int]) -> None:
    """Check task 4, second part: whole numbers read off the stored curves of two seeds."""
    right, wrong = _curves()
    judge_counts(answers, right, wrong, "not this number. Print the two lists one below the other.")
    correct("the loss turns before the accuracy says anything; that is why one watches it.")


# --- Task 5: calibration -------------------------------------------------------------------------------


def _calibration_error(certainty: np.ndarray, right: np.ndarray, parts: int, *, weigh: str = "answers",
                       gap: str = "absolute", promised: str = "mean", ends: str = "lower", last: str = "kept",
                       whole: bool = False, scale: float = 1.0, of: str = "right", empty: str = "left out"
                       ) -> Parts:
    """Take the expected calibration error of N answers, or do it wrong.

    Parameters
    ----------
    certainty, right
        Probabilities (N,) from 0 to 1, and whether each answer is right (N,).
    parts
        Into how many equal parts 0 to 1 is cut. A part contains its lower end, the last also its upper.
    weigh, gap, promised, ends, last, whole, scale, of, empty
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        One number without axes, from 0 to 1.
    """
    certainty, right = np.asarray(certainty, dtype=float), np.asarray(right, dtype=float)
    if of == "wrong":
        right = 1 - right
    if whole:
        return _one(abs(certainty.mean() - right.mean()))
    if ends == "lower":
        part = np.floor(certainty * parts).astype(int)
    else:
        part = np.maximum(np.ceil(certainty * parts).astype(int) - 1, 0)
    if last == "kept":
        part = np.minimum(part, parts - 1)
    number = int(part.max()) + 1 if last == "own" else parts
    gaps, shares = [], []
    for k in range(max(number, parts)):
        inside = part == k
        if not inside.any():
            if empty == "nan":
                return _one(np.nan)
            continue
        promise = {"mean": certainty[inside].mean(), "middle": (k + 0.5) / parts, "low": k / parts}[promised]
        difference = promise - right[inside].mean()
        gaps.append({"absolute": abs(difference), "signed": difference, "squared": difference**2,
                     "positive": max(0.0, difference)}[gap])
        shares.append(inside.sum() / len(certainty))
    gaps, shares = np.array(gaps), np.array(shares)
    total = {"answers": lambda: (gaps * shares).sum(), "parts": lambda: gaps.mean(),
             "all parts": lambda: gaps.sum() / parts, "none": lambda: gaps.sum(),
             "largest": lambda: gaps.max()}[weigh]()
    return _one(scale * total)


_ERROR_SLIPS: list[Slip] = [
    ("every part weighs the same; a part with many answers is to weigh more.", {"weigh": "parts"}),
    ("every part weighs the same, even the empty ones; a part with many answers is to weigh more.",
     {"weigh": "all parts"}),
    ("the gaps are added up without weights.", {"weigh": "none"}),
    ("that is the largest gap; the weighted mean is asked for.", {"weigh": "largest"}),
    ("gaps of different sign cancel: the size of each gap counts.", {"gap": "signed"}),
    ("the gaps are squared.", {"gap": "squared"}),
    ("only promises that are too high count in yours; too low is a gap, too.", {"gap": "positive"}),
    ("the promise of a part is taken to be its middle; it is the mean certainty of its answers.",
     {"promised": "middle"}),
    ("the promise of a part is taken to be its lower end; it is the mean certainty of its answers.",
     {"promised": "low"}),
    ("a certainty that lies between two parts goes to the lower one; here each part contains its lower end.",
     {"ends": "upper"}),
    ("answers with a certainty of exactly 1 get a part of their own; they belong to the last.",
     {"last": "own"}),
    ("all answers are in one part. Cut the certainties into parts first.", {"whole": True}),
    ("these are points; a number from 0 to 1 is asked for.", {"scale": 100.0}),
    ("the certainties are compared with the share of *wrong* answers.", {"of": "wrong"}),
    ("a part without answers has no mean (nan); it is to be left out.", {"empty": "nan"}),
]


def _error_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for number, parts, lowest in ((12, 4, 8), (40, 8, 8), (60, 5, 20), (80, 16, 24)):
        certainty = rng.integers(lowest, 65, number) / 64
        certainty[:3] = (1.0, 0.5, 0.75)
        right = rng.random(number) < 0.6
        said = described(certainty=certainty, right=right, parts=parts)
        cases.append(Case((certainty, right, parts), said))
    return cases


def _error_hint(error: Exception, case: Case) -> str:
    if isinstance(error, IndexError):
        return "A certainty of exactly 1 belongs to the last part."
    return ""


def calibration_error(function: Callable[..., Any]) -> None:
    """Check task 5, first part: ``calibration_error(certainty, right, parts)``, from 0 to 1."""
    judge(function, _error_cases, _calibration_error, _ERROR_SLIPS, hint=_error_hint)
    correct("one number for a whole diagram: how far promise and performance are apart, answer by answer.")


def _tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits behind probabilities (N, K) by a temperature; give probabilities again."""
    powers = np.asarray(probabilities, dtype=float) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


HALF = 5_000
TEMPERATURES = tuple(1 + k / 5 for k in range(11))      # 1.0, 1.2, ... 3.0
PARTS = 10


@cache
def _cooled() -> tuple[dict[str, float], dict[str, list[tuple[float, str]]]]:
    """Work out the table of task 5 from what is stored, and the numbers that known mistakes give."""
    probabilities, labels = _stored()
    front, back = slice(0, HALF), slice(HALF, None)

    def cost(temperature: float, rows: slice) -> float:
        warm = _tempered(probabilities[rows], temperature)
        return float(-np.log(warm[np.arange(len(warm)), labels[rows]]).mean())

    def error(temperature: float, rows: slice) -> float:
        warm = _tempered(probabilities[rows], temperature)
        right = warm.argmax(axis=1) == labels[rows]
        return float(_calibration_error(warm.max(axis=1), right, PARTS)[0])

    best = min(TEMPERATURES, key=lambda temperature: cost(temperature, front))
    first, second = "that is for the first half, by which you chose.", "that is for all 10,000."
    share = "give points: 100 times the number from 0 to 1."
    everything = slice(None)
    right = {"temperature": best, "error before": 100 * error(1.0, back),
             "error after": 100 * error(best, back)}
    inverse = [(100 * error(1 / best, back), "that makes the network *more* certain: divide the logits, do "
                                             "not multiply.")]
    wrong = {
        "temperature": [(1 / best, "turned round: a temperature above 1 makes a network less certain."),
                        (TEMPERATURES[0], "at 1 nothing changes. Where is the loss lowest?"),
                        (TEMPERATURES[-1], "that is the last of the list. Where is the loss *lowest*?")],
        "error before": [(100 * error(1.0, front), first), (100 * error(1.0, everything), second),
                         (error(1.0, back), share),
                         (100 * error(best, back), "that is after, not before.")],
        "error after": [(100 * error(best, front), first), (100 * error(best, everything), second),
                        (error(best, back), share), *inverse,
                        (100 * error(1.0, back), "that is before, not after.")],
    }
    return right, wrong


TOLERANCE = 0.06        # points; answers may be rounded to a tenth


def temperature(answers: dict[str, float]) -> None:
    """Check task 5, second part: the best of :data:`TEMPERATURES`; errors before and after, in points."""
    right, wrong = _cooled()

    def judge_entry(question: str, answer: Any) -> str | None:
        given = float(read_number(answer))
        near = 1e-6 if question == "temperature" else TOLERANCE
        if abs(given - right[question]) <= near:
            return None
        found = (says for value, says in wrong[question]
                 if abs(given - value) <= min(near, 0.01 + abs(value) / 20))
        return next(found, "not this number." + (
            " It is one of the list." if question == "temperature" else
            f" It is for the second half, with {PARTS} parts, in points."))

    read_answers(answers, right, judge_entry)
    correct("chosen on one half, measured on the other. Not one answer has changed, only how certain it is.")


# --- Task 6: weights that travel ------------------------------------------------------------------------


class _Silent:
    """A reader's function that returns nothing, as one that returns True: :func:`run` wants a result."""

    def __init__(self, function: Any) -> None:
        self.function, self.__name__ = function, name_of(function)
        self.__code__ = getattr(function, "__code__", None)

    def __call__(self, *arguments: Any) -> bool:
        self.function(*arguments)
        return True


def _drawn() -> dict[str, np.ndarray]:
    """Draw the weights of a small network: names and float32 arrays, fresh at each call."""
    rng = np.random.default_rng()
    filters, units = int(rng.integers(3, 6)), int(rng.integers(6, 9))
    sizes = {"conv1_kernel": (3, 3, 2, filters), "conv1_bias": (filters,), "dense1_kernel": (filters, units),
             "dense1_bias": (units,), "logits_kernel": (units, filters)}
    return {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}


def _half(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16)


def _not_saved(given: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]) -> str | None:
    """Say what is wrong with the arrays that were found in a file."""
    if all(name.startswith("arr_") for name in given):
        return "the arrays in the file have no names of their own (arr_0 and so on). Each keeps its name."
    missing = [name for name in weights if name not in given]
    if missing:
        return f"there is no array called {missing[0]} in the file. Each is to keep its name."
    if len(given) > len(weights):
        return f"there is more in the file than the weights: {sorted(set(given) - set(weights))[0]}."
    for name, weight in weights.items():
        stored = given[name]
        if stored.dtype.kind != "f":
            return f"{name} is stored with dtype {stored.dtype}; expected 16-bit floating point numbers."
        if stored.dtype != np.float16:
            return (f"{name} is stored with {8 * stored.dtype.itemsize} bits for each number; 16 are enough, "
                    "and asked for.")
        if stored.shape != weight.shape:
            return f"{name} is stored with the shape {stored.shape}, but it has the shape {weight.shape}."
        if not np.array_equal(stored, _half(weight)):
            return f"{name} is stored with other numbers than those it has, rounded to 16 bits."
    return None


def save(function: Callable[..., Any]) -> None:
    """Check task 6, first part: ``save(weights, file)`` writes float16 arrays with their names."""
    for _ in range(2):      # a function that learnt its file by heart is right only once
        weights = _drawn()
        handed = {name: weight.copy() for name, weight in weights.items()}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "network.npz"
            run(function if function is ... or not callable(function) else _Silent(function),
                Case((handed, file), f"{len(weights)} arrays and a file that ends in .npz"))
            written = sorted(path.name for path in Path(folder).iterdir())
            if not written:
                raise NotAnswered("save writes no file yet.")
            if written != [file.name]:
                raise CheckFailed(f"there should be one file, called {file.name}; there is "
                                  f"{', '.join(written)}.")
            try:
                with np.load(file, allow_pickle=False) as archive:
                    given = {name: archive[name] for name in archive.files}
            except Exception:   # whatever NumPy stops with, it is the same to the reader
                raise CheckFailed("np.load cannot read the file as an archive of plain arrays. One array for "
                                  "each name; no dictionary as a whole.") from None
        if handed.keys() != weights.keys() or not all(
                type(handed[name]) is np.ndarray and handed[name].dtype == np.float32
                and np.array_equal(handed[name], weights[name]) for name in weights):
            raise CheckFailed("save changes the weights that it was given; the network still needs them.")
        problem = _not_saved(given, weights)
        if problem:
            raise CheckFailed(problem)
    correct("half the size of the weights in memory, and readable wherever there is NumPy.")


def _not_loaded(given: Any, weights: Mapping[str, np.ndarray], shapes_: Mapping[str, tuple[int, ...]]
                ) -> str | None:
    """Say what is wrong with what ``load`` returned; right are float32 arrays in the order of shapes."""
    if type(given) is dict:
        return "a dictionary comes back; a list of arrays is asked for, in the order of shapes."
    if type(given) not in (list, tuple):
        return f"an object of type {type(given).__name__} comes back; a list of arrays is asked for."
    if len(given) != len(shapes_):
        return f"{len(given)} arrays come back; shapes has {len(shapes_)}."
    for array in given:
        if type(array) is not np.ndarray:
            return f"the list holds something of type {type(array).__name__}; expected NumPy arrays."
        if array.dtype.kind != "f":
            return f"the list holds an array of dtype {array.dtype}; expected float32."
    expected = [_half(weights[name]).astype(np.float32) for name in shapes_]

    def same(arrays: list[np.ndarray]) -> bool:
        return all(one.shape == other.shape and np.array_equal(one, other)
                   for one, other in zip(given, arrays, strict=True))

    if not same(expected):
        if same([_half(weights[name]).astype(np.float32) for name in weights]):
            return "the arrays come in the order of the file; the order of *shapes* is that of the layers."
        if same([_half(weights[name]).astype(np.float32) for name in sorted(weights)]):
            return "the arrays come in alphabetical order; the order of *shapes* is that of the layers."
        return "what comes back is not what the file holds, one array for each name of shapes, in its order."
    if any(array.dtype != np.float32 for array in given):
        return ("the numbers are right, but their dtype is not float32. Whoever computes with 16 bits rounds "
                "at every step.")
    return None


def _load_hint(error: Exception, case: Case) -> str:
    if isinstance(error, KeyError):
        return "A ValueError is asked for, with the name of the array in its text."
    return ""


def _try_load(function: Any, weights: Mapping[str, np.ndarray], shapes_: dict[str, tuple[int, ...]],
              described_: str) -> Any:
    """Let a reader's function load a file; give what it returns, or a ValueError that says what its did.

    Of the error itself nothing is kept: through its traceback the file would stay open, and Windows removes
    no folder with an open file in it.
    """
    refusal: list[str] = []

    class Refusing(_Silent):
        def __call__(self, *arguments: Any) -> Any:
            try:
                return self.function(*arguments)
            except ValueError as error:
                refusal.append(str(error))
                return True

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "network.npz"
        np.savez(file, **{name: _half(weight) for name, weight in weights.items()})
        callable_ = function if function is ... or not callable(function) else Refusing(function)
        given = run(callable_, Case((file, dict(shapes_)), described_),
                    hint=_load_hint)
    return ValueError(refusal[0]) if refusal else given


def load(function: Callable[..., Any]) -> None:
    """Check task 6, second part: ``load(file, shapes)`` gives float32 arrays, or raises a ValueError."""
    for _ in range(2):
        weights = _drawn()
        in_order = {name: weight.shape for name, weight in weights.items()}
        turned = dict(sorted(in_order.items(), reverse=True))
        for shapes_, said in ((in_order, "the arrays in the order of shapes"),
                              (turned, "the arrays in another order than shapes has")):
            given = _try_load(function, weights, shapes_, f"a file with {said}")
            if isinstance(given, ValueError):
                raise CheckFailed(f"a file in order is refused. It holds {said}: \"{given}\"")
            problem = _not_loaded(given, weights, shapes_)
            if problem:
                raise CheckFailed(problem)
        name = list(weights)[int(np.random.default_rng().integers(len(weights)))]
        without = {other: weight for other, weight in weights.items() if other != name}
        small = {**weights, name: weights[name][..., 1:]}
        bent = {**weights, "dense1_kernel": weights["dense1_kernel"].T.copy()}
        for wrong, about, said in ((without, name, f"a file in which {name} is missing"),
                                   (small, name, f"a file in which {name} is one too small"),
                                   (bent, "dense1_kernel", "a file in which rows and columns of "
                                                           "dense1_kernel are exchanged")):
            given = _try_load(function, wrong, in_order, said)
            if not isinstance(given, ValueError):
                raise CheckFailed(f"{said} is taken as if nothing were wrong. Raise a ValueError.")
            if about not in str(given):
                raise CheckFailed(f"{said} is refused, but the message does not name the array: \"{given}\"")
    correct("the right numbers, in the order of the layers, and a plain refusal of a file that does not fit.")


__all__ = ["calibration_error", "confusion", "counts", "curves", "honest", "load", "price", "report", "save",
           "shapes", "temperature", "told", "wilson"]
