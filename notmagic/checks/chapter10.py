"""Checks for ``exercises/10-from-lenet-to-alexnet``: counts, sizes, groups, stacks, bottlenecks, a block.

Numbers that a function under test gets are drawn afresh at each call, until no two known mistakes give the
same results. What a reader builds in Keras is taken apart to a clean copy, gets weights of quarters and is
compared, number by number, with the same arithmetic in NumPy. Shapes of maps are (H, W, C), as in the
chapter. Keras is imported only by the checks that need it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from math import ceil, floor, sqrt
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    explain_number,
    judge_counts,
    name_of,
    quarters,
    read_answers,
    read_number,
    run,
)
from notmagic.checks._networks import Parts, Slip, without_frills
from notmagic.checks._pictures import described, judge, take_array, take_arrays
from notmagic.geometry import conv2d_params, dense_params, leftover, output_size


class _Lending:
    """A reader's function that gets a list of its own where a case holds a tuple.

    Attributes
    ----------
    changed
        Whether the function has changed one of the lists that it was lent.
    """

    def __init__(self, function: Any, which: int) -> None:
        self.function, self.which, self.changed = function, which, False
        self.__name__, self.__code__ = name_of(function), getattr(function, "__code__", None)

    def __call__(self, *arguments: Any) -> Any:
        kept = arguments[self.which]
        if type(kept) is not tuple:
            return self.function(*arguments)
        lent = list(kept)
        try:
            return self.function(*arguments[:self.which], lent, *arguments[self.which + 1:])
        finally:
            same = len(lent) == len(kept) and all(a is b for a, b in zip(lent, kept, strict=True))
            self.changed = self.changed or not same


def _judge_lent(function: Any, which: int, called: str, draw: Callable[[], list[Case]],
                reference: Callable[..., Parts], table: Sequence[Slip], **options: Any) -> None:
    """Judge a function that takes a list as argument ``which``; refuse one that changes the list."""
    lending = _Lending(function, which) if callable(function) else None
    failure: CheckFailed | None = None
    try:
        judge(lending or function, draw, reference, table, **options)
    except CheckFailed as problem:
        failure = problem
    if lending and lending.changed and not isinstance(failure, NotAnswered):
        raise CheckFailed(f"{name_of(function)} changes the list of {called} that it was given. Whoever "
                          "calls it still needs that list: work on a new one.")
    if failure is not None:
        raise failure


Shape = tuple[int, int, int]
# ("conv", filters, kernel size, stride, padding), ("pool", window, stride) or ("dense", units)
Layer = tuple[Any, ...]

# --- Task 1: a network layer by layer -----------------------------------------------------------------


def _places(n: int, f: int, s: int, p: int, *, ends: str = "floor", padding: str = "both",
            stride: str = "used", first: str = "counted") -> int:
    """Count the windows along one side, or do it wrong."""
    s = s if stride == "used" else 1
    steps = (n + p * {"both": 2, "once": 1, "none": 0}[padding] - f) / s
    places = (ceil(steps) if ends == "up" else floor(steps)) + (first == "counted")
    if places < 1:
        raise ValueError("no window fits")
    return places


def _weights_and_biases(inputs: int, outputs: int, kind: str, bias: str) -> int:
    """Count the parameters of a layer in which each of the outputs has a weight for each of the inputs."""
    biases = {"each": outputs, "none": 0, "one": 1, "dense only": outputs * (kind == "dense"),
              "conv only": outputs * (kind == "conv"), "inputs": inputs}[bias]
    return inputs * outputs + biases


def _pooled(shape: Shape, layer: Layer, pool: str, sizes: dict[str, str]) -> Shape:
    height, width, depth = shape
    _, f, s = layer
    if pool == "keeps":
        return shape
    s = f if pool == "window" else s
    sizes = {**sizes, "padding": "none"}
    return _places(height, f, s, 0, **sizes), _places(width, f, s, 0, **sizes), depth


def _convolved(shape: Shape, layer: Layer, sizes: dict[str, str], depth: str, bias: str, work: str
               ) -> tuple[Shape, int, int]:
    """Give the shape after a convolution, its parameters and its multiplications, or do it wrong."""
    _, filters, f, s, p = layer
    height, width = (_places(side, f, s, p, **sizes) for side in shape[:2])
    spans = f * (1 if depth == "side" else f) * (1 if depth == "thin" else shape[2])
    parameters = _weights_and_biases(spans, filters, "conv", bias)
    multiplications = {"outputs": height * width * spans * filters, "weights": spans * filters,
                       "input places": shape[0] * shape[1] * spans * filters,
                       "biases": height * width * (spans + 1) * filters,
                       "one filter": height * width * spans,
                       "once for each output": height * width * filters}[work]
    return (height, width, shape[2] if depth == "kept" else filters), parameters, multiplications


def _layer_counts(shape: Shape, network: Sequence[Layer], *, bias: str = "each", depth: str = "full",
                  pool: str = "shrinks", pool_learns: bool = False, flat: str = "all",
                  dense: str = "units", work: str = "outputs", side: str = "own", give: str = "pairs",
                  **sizes: str) -> Parts:
    """Count parameters and multiplications layer by layer: the reference, and every known mistake.

    Parameters
    ----------
    shape
        Of one picture, (H, W, C).
    network
        Layers from the input on, as in :data:`LENET5`.
    bias, depth, pool, pool_learns, flat, dense, work, side, give, **sizes
        What to do wrong; the defaults are right. ``sizes`` are those of :func:`_places`.

    Returns
    -------
    tuple of numpy.ndarray
        One array (layers, 2), float64, if nothing goes wrong.
    """
    rows: list[tuple[int, int]] = []
    inputs = 0                          # numbers that a dense layer sees; 0 as long as there are maps
    for layer in network:
        if layer[0] == "dense":
            if not inputs or dense == "maps":
                inputs = {"all": shape[0] * shape[1] * shape[2], "one map": shape[0] * shape[1],
                          "channels": shape[2]}[flat]
            parameters = _weights_and_biases(inputs, layer[1], "dense", bias)
            rows.append((parameters, parameters if work == "biases" else inputs * layer[1]))
            inputs = layer[1]
            continue
        before = shape
        if layer[0] == "pool":
            shape = _pooled(shape, layer, pool, sizes)
            rows.append((layer[1] ** 2 if pool_learns else 0, 0))
        else:
            shape, parameters, multiplications = _convolved(shape, layer, sizes, depth, bias, work)
            rows.append((parameters, multiplications))
        if side == "square" and before[0] != before[1]:
            shape = (shape[0], shape[0], shape[2])
    return (_given(np.array(rows, dtype=float), network, give),)


def _given(counts: np.ndarray, network: Sequence[Layer], give: str) -> np.ndarray:
    """Give the counts in another form than is asked for."""
    learns = [layer[0] != "pool" for layer in network]
    return {"pairs": lambda: counts, "swapped": lambda: counts[:, ::-1],
            "totals": lambda: counts.sum(axis=0), "parameters": lambda: counts[:, 0],
            "without pooling": lambda: counts[learns], "last": lambda: counts[-1],
            "one too few": lambda: counts[:-1], "running": lambda: counts.cumsum(axis=0),
            "columns": lambda: counts.T}[give]()


_COUNT_SLIPS: list[Slip] = [
    ("the biases were forgotten, in convolutions and dense layers.", {"bias": "none"}),
    ("the biases of the convolutions were forgotten.", {"bias": "dense only"}),
    ("the biases of the dense layers were forgotten.", {"bias": "conv only"}),
    ("one bias for a whole layer is too few.", {"bias": "one"}),
    ("you count a bias for each number that comes in; who has a bias?", {"bias": "inputs"}),
    ("a filter spans the full depth of its input; yours is one channel thin.", {"depth": "thin"}),
    ("a filter has a height and a width; yours has one side only.", {"depth": "side"}),
    ("after a convolution the depth in yours still is what it was before. Who makes the maps that come out?",
     {"depth": "kept"}),
    ("the padding is counted on one side only.", {"padding": "once"}),
    ("the padding has no effect in yours.", {"padding": "none"}),
    ("the strides have no effect in yours.", {"stride": "one"}),
    ("maps are one place too small: the window counts before its first step.", {"first": "forgotten"}),
    ("you rounded up. A window that does not fit whole does not count.", {"ends": "up"}),
    ("pooling leaves the maps in yours as large as they were.", {"pool": "keeps"}),
    ("a pooling window moves by its own size in yours, whatever its stride is.", {"pool": "window"}),
    ("a pooling layer has a window, but what in the largest of its values could be learned?",
     {"pool_learns": True}),
    ("the first dense layer sees one map only in yours; how many numbers are there in all maps?",
     {"flat": "one map"}),
    ("the first dense layer sees one number of each map in yours; maps have rows and columns.",
     {"flat": "channels"}),
    ("every dense layer sees the maps in yours. What does the second one see?", {"dense": "maps"}),
    ("the multiplications of a convolution are those of a single place. At how many places is a filter laid?",
     {"work": "weights"}),
    ("the multiplications of a convolution are counted at each place of its *input*; how many results are "
     "there?", {"work": "input places"}),
    ("a bias is added, not multiplied: it is no part of the multiplications.", {"work": "biases"}),
    ("the multiplications of a convolution are those of one filter.", {"work": "one filter"}),
    ("you count one multiplication for each number that comes out. What does each of them cost?",
     {"work": "once for each output"}),
    ("the width of the maps comes from their height. Not all pictures are square.", {"side": "square"}),
    ("the two numbers have changed places: parameters first.", {"give": "swapped"}),
    ("these are the sums over all layers; a pair for each layer is asked for.", {"give": "totals"}),
    ("one number for each layer comes back; two are asked for.", {"give": "parameters"}),
    ("the pooling layers are missing; they have a pair, too.", {"give": "without pooling"}),
    ("only the last layer is in the result.", {"give": "last"}),
    ("the last layer is missing.", {"give": "one too few"}),
    ("the numbers grow from layer to layer: each is added to those before. Each layer stands for itself.",
     {"give": "running"}),
    ("rows and columns of the result are swapped: one pair for each layer.", {"give": "columns"}),
]


def _count_cases() -> list[Case]:
    rng = np.random.default_rng()

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def case(channels: int, *network: Layer) -> Case:
        # Large enough for each known mistake: none runs out of places.
        shape = (some(21, 25), some(27, 31), channels)
        # A tuple: whoever judges lends a fresh list of them.
        return Case((shape, network), f"shape {shape} and the layers {list(network)}")

    return [
        case(3, ("conv", some(4, 9), 3, 1, 0)),
        case(1, ("conv", some(4, 9), 4, 1, 0), ("pool", 2, 2), ("dense", some(5, 12))),
        case(2, ("conv", some(3, 6), 5, 1, 0), ("pool", 2, 2), ("conv", some(7, 9), 3, 1, 0),
             ("dense", some(11, 15)), ("dense", some(4, 10))),
        case(3, ("conv", some(4, 9), 5, 2, 1), ("pool", 3, 2), ("conv", some(10, 12), 3, 1, 1),
             ("dense", some(4, 9))),
        case(4, ("conv", some(5, 9), 1, 1, 0), ("conv", some(10, 12), 4, 3, 2), ("dense", some(6, 12)),
             ("dense", some(13, 15)), ("dense", some(3, 5))),
    ]


def _count_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError) and "unpack" in str(error):
        return "The three kinds of layers have different settings, and after a dense layer there are no maps."
    return ""


def layer_counts(function: Callable[[Shape, Sequence[Layer]], Any]) -> None:
    """Check task 1: ``layer_counts(shape, network)``, pairs (parameters, multiplications)."""
    _judge_lent(function, 1, "layers", _count_cases, _layer_counts, _COUNT_SLIPS, hint=_count_hint)
    correct("any stack of these layers can be counted now, before a single weight is stored.")


# The networks of the chapter, as the exercise writes them; AlexNet without its groups.
LENET5: list[Layer] = [("conv", 6, 5, 1, 0), ("pool", 2, 2), ("conv", 16, 5, 1, 0), ("pool", 2, 2),
                       ("dense", 120), ("dense", 84), ("dense", 10)]
ALEXNET: list[Layer] = [("conv", 96, 11, 4, 0), ("pool", 3, 2), ("conv", 256, 5, 1, 2), ("pool", 3, 2),
                        ("conv", 384, 3, 1, 1), ("conv", 384, 3, 1, 1), ("conv", 256, 3, 1, 1),
                        ("pool", 3, 2), ("dense", 4096), ("dense", 4096), ("dense", 1000)]
VGG16: list[Layer] = [layer for filters, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
                      for layer in [("conv", filters, 3, 1, 1)] * times + [("pool", 2, 2)]]
VGG16 += [("dense", 4096), ("dense", 4096), ("dense", 1000)]

# --- Task 2: the connection table of 1998 -------------------------------------------------------------

# Which of the 6 maps (rows) each of the 16 maps of layer C3 (columns) sees: LeCun, Bottou, Bengio, Haffner,
# "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86 (1998), table I.
TABLE = np.array([[int(mark == "x") for mark in row] for row in (
    "x...xxx..xxxx.xx",
    "xx...xxx..xxxx.x",
    "xxx...xxx..x.xxx",
    ".xxx..xxxx..x.xx",
    "..xxx..xxxx.xx.x",
    "...xxx..xxxx.xxx",
)])


def _table_parameters(table: np.ndarray, kernel_size: int, *, which: str = "marked", bias: str = "each",
                      kernel: str = "square", give: str = "total") -> Parts:
    """Count the parameters of a convolution with a connection table (D, F), or do it wrong."""
    size = kernel_size ** {"square": 2, "side": 1, "none": 0}[kernel]
    marks = {"marked": table, "all": np.ones_like(table), "blank": 1 - table,
             "once": np.ones_like(table[:1]), "any": table.max(axis=0, keepdims=True)}[which]
    weights = size * marks.sum(axis=0)
    biases = {"each": 1, "none": 0, "each connection": marks.sum(axis=0),
              "seeing": marks.any(axis=0)}.get(bias, 0)
    total = weights + biases
    more = {"one": 1, "inputs": len(table)}.get(bias, 0)
    return (np.asarray(total if give == "filters" else total.sum() + more, dtype=float),)


_TABLE_SLIPS: list[Slip] = [
    ("the biases were forgotten.", {"bias": "none"}),
    ("one bias for the whole layer is too few.", {"bias": "one"}),
    ("a bias is counted for each map that comes in; each map that goes *out* has one.", {"bias": "inputs"}),
    ("a bias is counted for each connection; a map has one, however many maps it sees.",
     {"bias": "each connection"}),
    ("a map that sees nothing has no bias in yours. It still goes out, with its bias.", {"bias": "seeing"}),
    ("the table has no effect in yours: every map sees every map.", {"which": "all"}),
    ("you count where there is *no* connection.", {"which": "blank"}),
    ("each map has one kernel in yours, however many maps it sees.", {"which": "once"}),
    ("the sides of a kernel are multiplied: it has a height and a width.", {"kernel": "side"}),
    ("these are the connections and the biases; how many weights has one connection?", {"kernel": "none"}),
    ("one number for each map comes back; the layer as a whole is asked for.", {"give": "filters"}),
]


def _table_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for depth, filters in ((2, 3), (4, 7), (7, 4), (6, 16), (5, 9)):
        table = rng.integers(0, 2, size=(depth, filters))
        table[rng.integers(0, depth, size=filters), np.arange(filters)] = 1     # each map sees something
        if filters == 16:
            table[:, rng.integers(0, filters)] = 0                              # but for one
        size = int(rng.integers(2, 7))
        cases.append(Case((table, size), described(table=table, kernel_size=size)))
    return cases


def table_parameters(function: Callable[[np.ndarray, int], int]) -> None:
    """Check task 2, first part: ``table_parameters(table, kernel_size)``, one number."""
    judge(function, _table_cases, _table_parameters, _TABLE_SLIPS)
    correct("a connection that is not there has no weights, and a map that comes out has its bias all "
            "the same.")


_LENET = [int(row[0]) for row in _layer_counts((32, 32, 1), LENET5)[0]]
_C3 = int(_table_parameters(TABLE, 5)[0])
ORIGINAL: dict[str, int] = {
    "S2": 2 * 6,
    "C3": _C3,
    "S4": 2 * 16,
    "all layers": _LENET[0] + 2 * 6 + _C3 + 2 * 16 + _LENET[4] + _LENET[5],
}

_TOTAL = ORIGINAL["all layers"]
_TWO = "each map has a coefficient and a bias, the same at every place."
_WRONG_ORIGINAL: dict[str, list[tuple[float, str]]] = {
    "S2": [(0, "here pooling learns: " + _TWO), (6, _TWO), (2, "that is one map; there are more."),
           (6 * 5, "four numbers are added up first; the sum has *one* coefficient."),
           (6 * 4, "four numbers are added up first; the sum has *one* coefficient."),
           (2 * 6 * 14 * 14, _TWO), (2 * 16, "how many maps does S2 have? It pools those of C1.")],
    "C3": [(_C3 - 16, "the biases were forgotten."), (_C3 - 15, "one bias for the whole layer is too few."),
           (_LENET[2], "that is with every map connected to every map."),
           (_LENET[2] - 16, "that is with every map connected to every map, and without biases."),
           (int(TABLE.sum()), "these are the connections; each has a whole kernel."),
           (_C3 + int(TABLE.sum()) - 16, "a map has one bias, however many maps it sees."),
           (_C3 - 16 + 6, "the maps that go *out* have biases.")],
    "S4": [(0, "here pooling learns: " + _TWO), (16, _TWO), (2, "that is one map; there are more."),
           (16 * 5, "four numbers are added up first; the sum has *one* coefficient."),
           (16 * 4, "four numbers are added up first; the sum has *one* coefficient."),
           (2 * 16 * 5 * 5, _TWO), (2 * 6, "how many maps does S4 have? It pools those of C3.")],
    "all layers": [
        (sum(_LENET), "that is the modern form."),
        (_TOTAL + _LENET[2] - _C3, "in C3 not every map sees every map."),
        (_TOTAL - 44, "the two pooling layers learn here."),
        (_TOTAL + 840, "the ten output units have numbers that were set by hand, not learned."),
        (_TOTAL + 850, "the ten output units have numbers that were set by hand, not learned."),
        (_TOTAL - _LENET[5], "F6 is missing."), (_TOTAL - _LENET[4], "C5 is missing."),
        (_TOTAL - _LENET[0], "C1 is missing."),
    ],
}


def original(answers: dict[str, int]) -> None:
    """Check task 2, second part: the trainable parameters of the LeNet-5 of 1998, by :data:`ORIGINAL`."""
    judge_counts(answers, ORIGINAL, _WRONG_ORIGINAL, "not this number. What is learned in it, map by map?")
    correct("fewer than in the modern form: C3 has a table, and the output is not learned. Poolings that "
            "learn cost next to nothing.")


# --- Task 3: which inputs fit -------------------------------------------------------------------------


def _fitting(sizes: Sequence[int], kernel_size: int, stride: int, padding: int, places: int, *,
             pad: str = "both", ends: str = "floor", first: str = "counted", keep: str = "those",
             waste: str = "rest", give: str = "pairs", which: str = "all", tried: str = "those") -> Parts:
    """Find the input sizes at which a number of windows fits, with what they waste, or do it wrong.

    ``sizes`` may have any order, and gaps.
    """
    found = []
    sizes = {"those": lambda: sizes, "sorted": lambda: sorted(sizes),
             "filled": lambda: range(min(sizes), max(sizes) + 1),
             "from first to last": lambda: range(sizes[0], sizes[-1] + 1)}[tried]()
    f, s = kernel_size, stride
    p = {"both": 2 * padding, "once": padding, "none": 0}[pad]
    for size in sizes[:-1] if which == "not the last" else sizes:
        steps, rest = divmod(size + p - f, s)
        count = (steps if ends == "floor" or not rest else steps + 1) + (first == "counted")
        wasted = {"rest": rest, "picture": (size - f) % s, "side": (size + p) % s, "size": size % s,
                  "missing": (s - rest) % s, "flag": int(rest > 0), "all": size + p - f - steps * s + f}
        if {"those": count == places, "exact": count == places and not rest, "every": True,
                "at least": count >= places}[keep]:
            found.append((size + (p if give == "padded" else 0), wasted[waste]))
    pairs = np.array(found, dtype=float).reshape(-1, 2)
    return ({"swapped": pairs[:, ::-1], "sizes": pairs[:, 0], "wasted": pairs[:, 1],
             "first": pairs[:1], "columns": pairs.T}.get(give, pairs),)


_FITTING_SLIPS: list[Slip] = [
    ("the padding is counted on one side only.", {"pad": "once"}),
    ("the padding has no effect in yours.", {"pad": "none"}),
    ("you rounded up: a window that does not fit whole was counted.", {"ends": "up"}),
    ("one window too few was counted: the first one stands before any step is taken.",
     {"first": "forgotten"}),
    ("only the sizes that waste nothing come back; the others give as many windows, too.",
     {"keep": "exact"}),
    ("every size comes back, however many windows fit.", {"keep": "every"}),
    ("sizes come back at which more windows fit than asked for.", {"keep": "at least"}),
    ("the waste is that of the picture without its padding.", {"waste": "picture"}),
    ("you took what the stride leaves over of the padded size. Where does the *last* window end?",
     {"waste": "side"}),
    ("you took what the stride leaves over of the size. Where does the *last* window end?",
     {"waste": "size"}),
    ("that is how many pixels are missing for one more window; asked is how many lie beyond the last.",
     {"waste": "missing"}),
    ("you say whether pixels are wasted; asked is how many.", {"waste": "flag"}),
    ("the size with its padding comes back; asked is the size of the picture.", {"give": "padded"}),
    ("the two numbers of a pair have changed places: the size first.", {"give": "swapped"}),
    ("only the sizes come back; each is to have its waste beside it.", {"give": "sizes"}),
    ("only the waste comes back; each is to have its size in front.", {"give": "wasted"}),
    ("only the first size comes back. Does the function return while the loop still runs?",
     {"give": "first"}),
    ("rows and columns are swapped: a pair for each size.", {"give": "columns"}),
    ("the last of the sizes is never looked at.", {"which": "not the last"}),
    ("the sizes come back sorted; they are to keep the order that they have in `sizes`.",
     {"tried": "sorted"}),
    *[("sizes come back that are not in `sizes`: a list may have gaps, and any order.", {"tried": tried})
      for tried in ("filled", "from first to last")],
]


def _fitting_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for f, s, p, cut in ((3, 2, 0, ""), (5, 3, 0, ""), (4, 4, 1, ""), (7, 3, 2, ""), (11, 4, 1, "begins"),
                         (7, 5, 3, "ends")):
        places = int(rng.integers(4, 12))
        least = (places - 1) * s + f - 2 * p
        # The range begins and ends somewhere; the last two begin or end amid the sizes that fit.
        sizes = range(least + (1 if cut == "begins" else -2 * s - int(rng.integers(0, 3))),
                      least + (s - 2 if cut == "ends" else 3 * s + int(rng.integers(0, 3))))
        cases.append(Case((sizes, f, s, p, places),
                          described(sizes=sizes, kernel_size=f, stride=s, padding=p, places=places)))
    # One list without an order, and with gaps; a tuple, of which whoever judges lends a fresh list.
    f, s, p, places = 6, 4, 1, int(rng.integers(4, 12))
    least = (places - 1) * s + f - 2 * p
    sizes = tuple(int(size) for size in rng.permutation(np.arange(least - 4, least + 8))[:8])
    return [*cases, Case((sizes, f, s, p, places),
                         described(sizes=list(sizes), kernel_size=f, stride=s, padding=p, places=places))]


def _take_pairs(given: Any, names: Sequence[str]) -> Sequence[Any]:
    """Take pairs; none at all is a result, too."""
    if (type(given) in (list, tuple) and not given) or (type(given) is np.ndarray and not given.size):
        return [np.zeros((0, 2))]
    return take_array(given, names)


def fitting_sizes(function: Callable[..., Any]) -> None:
    """Check task 3, first part: ``fitting_sizes(sizes, kernel_size, stride, padding, places)``, pairs."""
    _judge_lent(function, 0, "sizes", _fitting_cases, _fitting, _FITTING_SLIPS, take=_take_pairs)
    correct("as many sizes fit as the stride has steps, and one of them wastes nothing.")


KERNEL, STRIDE, PUBLISHED, PLACES = 11, 4, 224, 55
_LEAST = (PLACES - 1) * STRIDE + KERNEL
PUZZLE: dict[str, int] = {
    "places at 224": output_size(PUBLISHED, KERNEL, STRIDE),
    "wasted at 224": leftover(PUBLISHED, KERNEL, STRIDE),
    "smallest for 55": _LEAST,
    "largest for 55": _LEAST + STRIDE - 1,
    "columns to add": _LEAST - PUBLISHED,
}

_STEPS = "that many steps of 4 are taken, but a window is 11 wide."
_WRONG_PUZZLE: dict[str, list[tuple[float, str]]] = {
    "places at 224": [
        (PLACES, "you rounded up; the last of these windows hangs over the edge."),
        (PUZZLE["places at 224"] - 1, "the window counts before its first step."),
        (PUBLISHED // STRIDE, _STEPS), (PUBLISHED - KERNEL + 1, "that is with stride 1."),
        (PUBLISHED // KERNEL, "these windows lie side by side; here they overlap."),
    ],
    "wasted at 224": [
        (0, "then the stride would divide what is left beside the first window."),
        (3, "that is how many are missing for one more window."),
        (PUBLISHED % KERNEL, "these windows lie side by side; here they overlap."),
        (2, "along one side; and the windows start at the very edge."),
    ],
    "smallest for 55": [
        (_LEAST - 1, "at this size the last window is one pixel short."),
        (PUBLISHED, "count the windows at this size."), (PLACES * STRIDE, _STEPS),
        (PLACES * STRIDE + KERNEL, "one step too many: the window counts before its first step."),
        (_LEAST + STRIDE - 1, "that many windows fit, but at smaller sizes, too."),
        ((PLACES - 1) * STRIDE, _STEPS),
    ],
    "largest for 55": [
        (_LEAST, "that many windows fit here; do more pixels make room for another at once?"),
        (_LEAST + STRIDE, "here one more window fits."),
        (PLACES * STRIDE + KERNEL + STRIDE, "here more windows fit."),
        (PLACES * STRIDE, _STEPS), (_LEAST + 1, "a little more fits without room for another window."),
        (_LEAST + 2, "a little more fits without room for another window."),
    ],
    "columns to add": [
        (0, "count the windows at 224."), (1, "that column fills no window."),
        (2, "one more window needs more columns."),
        (4, "that gives 55 windows, but leaves a column over."),
        (6, "columns on both sides together are meant."),
        (STRIDE - 1 + STRIDE, "that gives one window more than asked for."),
    ],
}


def puzzle(answers: dict[str, int]) -> None:
    """Check task 3, second part: AlexNet's first layer, by :data:`PUZZLE`."""
    judge_counts(answers, PUZZLE, _WRONG_PUZZLE,
                 "not this number. Draw the last windows, and where they end.")
    correct("the published size and the published maps do not belong together. Every implementation since "
            "has mended it in its own way.")


# --- Tasks 4 and 7: what a reader builds in Keras -----------------------------------------------------

# Layers that may hide anything; so may layers that hold others, and models.
_OPAQUE = {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}


def _from_keras(operation: Any) -> bool:
    """Tell whether a layer or an operation is of a class that came with Keras."""
    kind = type(operation)
    home = sys.modules.get(kind.__module__)
    return (kind.__module__.partition(".")[0] == "keras" and kind.__name__ not in _OPAQUE
            and getattr(home, kind.__name__, None) is kind and not getattr(operation, "_layers", ()))


def _build_hint(error: Exception, case: Case) -> str:
    if "A KerasTensor" in str(error) or "placeholder" in str(error):
        return ("NumPy and TensorFlow cannot work on what a Keras layer gives; a layer can. To join, for "
                "example: keras.layers.Concatenate().")
    if isinstance(error, ValueError) and "shape" in str(error).lower():
        return "Compare the shapes of what goes into that layer. What does padding do?"
    return ""


def _built(function: Any, shape: Shape, **arguments: int) -> Any:
    """Let a reader's function turn an input into an output, and give a clean model of what it made.

    The layers are made anew from their settings, so that whatever an object has in the place of its own
    methods takes no part.
    """
    import keras

    x = keras.Input(shape)
    name = name_of(function)
    case = Case((x, *arguments.values()),
                ", ".join([f"x of shape {(None, *shape)}", *filter(None, [described(**arguments)])]))
    try:
        given = run(function, case, _build_hint)
    except NotAnswered:
        raise
    except CheckFailed as failure:
        raise CheckFailed(without_frills(failure.message)) from None
    if type(given) is not keras.KerasTensor:
        raise CheckFailed(f"{name} returns an object of type {type(given).__name__}; expected what comes out "
                          "of a layer that was called.")
    if given is x:
        raise CheckFailed(f"{name} returns its input as it is; there is no layer in it yet.")
    try:
        model = keras.Model(x, given)
    except ValueError:
        raise CheckFailed(f"what {name} returns does not come from x. Is each layer called with what the one "
                          "before gives?") from None
    for operation in model.operations:
        if not _from_keras(operation):
            instead = {"Lambda": " To take some channels, x[..., a:b] does without a Lambda.",
                       "Sequential": " Call the layers inside it themselves."}
            kind = type(operation).__name__
            raise CheckFailed(f"{operation.name} is of type {kind}. Use the layers of keras.layers as they "
                              f"are, one after the other.{instead.get(kind, '')}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.models.clone_model(model)
    except Exception:
        raise CheckFailed("Keras cannot make these layers anew from their settings. Has one of them an "
                          "activation that has no name?") from None


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return [tuple(int(side) for side in weight.shape) for weight in model.weights]


def _learning(model: Any) -> list[Any]:
    """Give the layers that have weights, in the order in which a picture passes them."""
    return [layer for layer in model.layers if layer.weights]


def _by(layer: Any) -> str:
    return " x ".join(map(str, layer.kernel_size))


def _only_convolutions(model: Any) -> None:
    """Insist that whatever has weights is a convolution with biases and without an activation."""
    for layer in _learning(model):
        if type(layer).__name__ != "Conv2D":
            raise CheckFailed(f"{layer.name} has weights, too, and is of type {type(layer).__name__}. "
                              "Only convolutions are asked for.")
        if not layer.use_bias:
            raise CheckFailed(f"{layer.name} has no biases.")


def _apply(model: Any, weights: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Run one picture (H, W, C) through a model with given weights.

    Inputs and weights are quarters, so a right result is a whole number of 64ths: what a processor for
    graphics rounds away is put back.
    """
    for variable, value in zip(model.weights, weights, strict=True):
        variable.assign(value)
    y = np.asarray(model(x[None].astype(np.float32)))[0]
    return np.round(y.astype(np.float64) * 64) / 64


def _convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Slide kernels (f, f, C, F) over a padded picture: (H, W, C) -> (H, W, F), stride 1, "same"."""
    f = kernel.shape[0]
    before = (f - 1) // 2
    padded = np.pad(x, [(before, f - 1 - before)] * 2 + [(0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (f, f), (0, 1))      # (H, W, C, f, f)
    return np.einsum("hwcij,ijcf->hwf", windows, kernel) + bias


# --- Task 4: groups -----------------------------------------------------------------------------------


def _grouped(x: np.ndarray, kernels: np.ndarray, biases: np.ndarray, groups: int, *, sees: str = "own",
             order: str = "kept", relu: str = "none") -> Parts:
    """Convolve group by group: (H, W, C) -> (H, W, F), or do it wrong.

    Parameters
    ----------
    x
        A picture (H, W, C).
    kernels, biases
        (f, f, C / groups, F) and (F,).
    groups
        Into how many parts channels and filters are divided.
    sees, order, relu
        What to do wrong; the defaults are right.
    """
    channels, filters = x.shape[2] // groups, biases.size // groups
    parts = []
    for group in range(groups):
        seen = {"own": group, "first": 0, "last": groups - 1, "turned": groups - 1 - group,
                "next": (group + 1) % groups}.get(sees, group)
        chosen = x[:, :, seen * channels:(seen + 1) * channels]
        if sees == "every other":
            chosen = x[:, :, group::groups]
        mine = slice(group * filters, (group + 1) * filters)
        parts.append(_convolve(chosen, kernels[..., mine], biases[mine]))
    y = np.concatenate(parts, axis=2)
    if order == "mixed":
        y = np.stack(parts, axis=3).reshape(y.shape)
    return (np.maximum(y, 0) if relu == "after" else y,)


_GROUPED_SLIPS: list[Slip] = [
    ("every group sees the first channels. Each is to see its own.", {"sees": "first"}),
    ("every group sees the last channels. Each is to see its own.", {"sees": "last"}),
    ("the groups see the channels from the wrong end: the first filters belong to the first channels.",
     {"sees": "turned"}),
    ("each group sees the channels of its neighbour.", {"sees": "next"}),
    ("the first group sees every so many channels from the first on; it is to see the first ones, side by "
     "side.", {"sees": "every other"}),
    ("the maps of the groups take turns in the result; those of the first group come first, then the next.",
     {"order": "mixed"}),
    ("an activation has cut off what is negative; none is asked for.", {"relu": "after"}),
]


def _in_order_of_output(model: Any) -> list[Any]:
    """Give the convolutions of a model in the order in which their maps stand in the result."""
    layers = _learning(model)
    for place, layer in enumerate(layers):
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        layer.bias.assign(np.full(layer.bias.shape, place + 1.0))
    marks = np.asarray(model(np.zeros((1, *model.input_shape[1:]), dtype=np.float32)))[0, 0, 0]
    first = {round(float(mark)): place for place, mark in reversed(list(enumerate(marks)))}
    return sorted(layers, key=lambda layer: first.get(layers.index(layer) + 1, 0))


def _grouped_count(shape: Shape, filters: int, f: int, groups: int) -> int:
    return conv2d_params(f, shape[2] // groups, filters)


def _judge_groups_built(model: Any, shape: Shape, filters: int, f: int, groups: int) -> None:
    """Look at what was built, before any number goes through it."""
    _only_convolutions(model)
    convolutions = _learning(model)
    where = f"\n  It was given {filters} filters of {f} x {f}, groups = {groups} and maps of shape {shape}."
    if not convolutions:
        raise CheckFailed("there is no convolution in it yet.")
    for layer in convolutions:
        if layer.groups != 1:
            raise CheckFailed("that is Keras's own option, and right. The task is to see what it does: cut "
                              "the channels apart yourself, and leave `groups=` alone.")
        if tuple(layer.kernel_size) != (f, f):
            raise CheckFailed(f"{layer.name} has filters of {_by(layer)}.{where}")
        if tuple(layer.strides) != (1, 1) or tuple(layer.dilation_rate) != (1, 1):
            raise CheckFailed(f"{layer.name} jumps over pixels; its stride is to be 1.{where}")
    given = tuple(model.output_shape[1:])
    if given[:2] != shape[:2]:
        raise CheckFailed("the maps that come out have another height or width than those that came in. What "
                          f"does padding do?{where}")
    if given[2] != filters:
        raise CheckFailed(explain_number(given[2], [
            (filters * groups, "each group makes all the filters; together they are to make as many."),
            (filters // groups, "the maps of one group come out. All groups together make the result, side "
                                "by side: are they added instead of joined?"),
        ], "not as many maps come out as there are filters.") + where)
    count = sum(int(np.prod(weight)) for weight in _shapes(model))
    right = _grouped_count(shape, filters, f, groups)
    if count == right:
        return
    depth = shape[2]
    raise CheckFailed(explain_number(count, [
        (conv2d_params(f, depth, filters), "every filter sees all channels: nothing has been divided."),
        (conv2d_params(f, depth // groups, filters // groups),
         "there is one set of filters, used for every group. Each group has filters of its own."),
        (conv2d_params(f, depth, filters // groups),
         "there is one set of filters, and it sees all channels."),
    ], "not as many weights as there should be. How many channels does each filter see?") + where)


def grouped_conv(function: Callable[..., Any]) -> None:
    """Check task 4, first part: ``grouped_conv(x, filters, kernel_size, groups)``, built in Keras.

    ``x`` is what a layer gave, (None, H, W, C); so is the result, (None, H, W, filters). Keras's own option
    ``groups=`` is refused: the exercise is to see what it does.
    """
    rng = np.random.default_rng()
    settings = [((5, 7, 4), 6, 3, 2), ((6, 5, 6), 9, 3, 3), ((4, 6, 8), 8, 1, 4), ((6, 8, 2), 5, 5, 1)]
    models: dict[tuple[Any, ...], Any] = {}
    for shape, filters, f, groups in settings:
        model = _built(function, shape, filters=filters, kernel_size=f, groups=groups)
        _judge_groups_built(model, shape, filters, f, groups)
        models[shape] = model

    def apply(x: np.ndarray, kernels: np.ndarray, biases: np.ndarray, groups: int) -> np.ndarray:
        model = models[x.shape]
        at = 0
        for layer in _in_order_of_output(model):
            until = at + layer.filters
            layer.kernel.assign(kernels[..., at:until])
            layer.bias.assign(biases[at:until])
            at = until
        return _apply(model, [np.asarray(weight) for weight in model.weights], x)

    def cases() -> list[Case]:
        return [Case((quarters(rng, *shape), quarters(rng, f, f, shape[2] // groups, filters),
                      quarters(rng, filters), groups),
                     f"maps of shape {shape}, {filters} filters of {f} x {f} and groups = {groups}")
                for shape, filters, f, groups in settings]

    apply.__name__ = name_of(function)
    judge(apply, cases, _grouped, _GROUPED_SLIPS)
    correct("a group knows nothing of the other channels. That is what is saved, and what it costs.")


# name: kernel size, channels, filters, groups
GROUPED: dict[str, tuple[int, int, int, int]] = {
    "conv 2": (5, 96, 256, 2), "conv 4": (3, 384, 384, 2), "conv 5": (3, 384, 256, 2),
}


def _saved(name: str) -> int:
    f, channels, filters, groups = GROUPED[name]
    return conv2d_params(f, channels, filters) - conv2d_params(f, channels // groups, filters)


_F, _DEPTH, _FILTERS, _GROUPS = GROUPED["conv 2"]
_WEIGHTS = _F * _F * _DEPTH * _FILTERS
GROUPS: dict[str, int] = {
    "conv 2, one group": conv2d_params(_F, _DEPTH, _FILTERS),
    "conv 2, two groups": conv2d_params(_F, _DEPTH // 2, _FILTERS),
    "saved in all": sum(_saved(name) for name in GROUPED),
    "conv 2, 96 groups, 96 filters": conv2d_params(_F, 1, _DEPTH),
}

_NO_BIAS = "the biases were forgotten."
_ONE_BIAS = "one bias for the whole layer is too few."
_SEES = "a filter of one group sees the channels of that group only."
_WRONG_GROUPS: dict[str, list[tuple[float, str]]] = {
    "conv 2, one group": [
        (_WEIGHTS, _NO_BIAS), (_WEIGHTS + 1, _ONE_BIAS),
        (conv2d_params(_F, 1, _FILTERS), "a filter spans the full depth of its input."),
        (conv2d_params(_F, _DEPTH // 2, _FILTERS), "that is with two groups."),
        (conv2d_params(3, _DEPTH, _FILTERS), "mind the size of these filters."),
        (conv2d_params(_F, 3, _FILTERS), "this layer does not see the picture. What does it see?"),
        (conv2d_params(_F, _FILTERS, _DEPTH), "depth and filters have changed places."),
    ],
    "conv 2, two groups": [
        (_WEIGHTS // 2, _NO_BIAS), (_WEIGHTS // 2 + 1, _ONE_BIAS), (_WEIGHTS // 2 + 2, _ONE_BIAS),
        (conv2d_params(_F, _DEPTH, _FILTERS), _SEES),
        (_WEIGHTS // 2 + _FILTERS // 2, "the biases are not halved: every map keeps its own."),
        (conv2d_params(_F, _DEPTH // 2, _FILTERS // 2), "that is one of the two groups."),
        (_WEIGHTS // 4, "that is one of the two groups. And " + _NO_BIAS),
        (2 * conv2d_params(_F, _DEPTH // 2, _FILTERS), "each group makes half of the maps, not all of them."),
    ],
    "saved in all": [
        (_saved("conv 2"), "conv 2 is not the only layer with two groups."),
        (_saved("conv 2") + _saved("conv 4"), "a layer with two groups is missing."),
        (_saved("conv 2") + _saved("conv 5"), "a layer with two groups is missing."),
        (_saved("conv 4") + _saved("conv 5"), "a layer with two groups is missing."),
        (sum(_saved(name) for name in GROUPED) + 9 * 256 * 384 // 2,
         "one of the layers sees all maps: its filters are whole."),
        (sum(_saved(name) for name in GROUPED) + 448,
         "the biases are not halved, so none of them is saved."),
    ],
    "conv 2, 96 groups, 96 filters": [
        (_F * _F * _DEPTH, _NO_BIAS), (_F * _F * _DEPTH + 1, _ONE_BIAS),
        (conv2d_params(_F, _DEPTH, _DEPTH), "each group sees a single channel."),
        (conv2d_params(_F, 1, _FILTERS), "here there are 96 filters."),
        (conv2d_params(_F, 1, 1), "that is one filter; there is one for each group."),
        (_DEPTH * conv2d_params(_F, 1, _DEPTH), "each group makes a single map."),
    ],
}


def groups(answers: dict[str, int]) -> None:
    """Check task 4, second part: parameters with and without groups, by :data:`GROUPS`."""
    judge_counts(answers, GROUPS, _WRONG_GROUPS,
                 "not this number. Count one filter first: what does it see?")
    correct("two groups halve the weights of a layer; in the whole of AlexNet that is little, for most of "
            "its parameters sit elsewhere.")


# --- Task 5: small filters, stacked -------------------------------------------------------------------

COSTS = ("the receptive field", "the parameters", "the multiplications")


def _stack_cost(layers: int, kernel_size: int, channels: int, height: int, width: int, *,
                field: str = "right", bias: str = "each", depth: str = "full", times: str = "all",
                work: str = "places", give: str = "three") -> Parts:
    """Give what a stack of equal convolutions sees and costs, or do it wrong.

    Parameters
    ----------
    layers, kernel_size
        How many convolutions, one after the other, and the side of their filters.
    channels, height, width
        Of the maps, before and after each.
    field, bias, depth, times, work, give
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        One for each entry of :data:`COSTS`, each without axes.
    """
    n, f, c = layers, kernel_size, channels
    r = {"right": 1 + n * (f - 1), "sum": n * f, "one layer": f, "no start": n * (f - 1), "power": f ** n,
         "half": 1 + n * (f // 2), "odd": 1 + 2 * n * (f // 2), "area": (1 + n * (f - 1)) ** 2}[field]
    filters = {"full": f * f * c * c, "thin": f * f * c, "side": f * c * c}[depth]
    biases = {"each": c, "none": 0, "one": 1, "every channel": c * c}[bias]
    many = 1 if times == "one" else n
    parameters = many * (filters + biases)
    if bias == "one for all":
        parameters = many * filters + 1
    shrinking = sum((height - k * (f - 1)) * (width - k * (f - 1)) for k in range(1, n + 1))
    multiplications = {
        "places": many * filters * height * width, "none": many * filters,
        "biases": parameters * height * width, "valid": filters * shrinking,
        "height": many * filters * height * height, "outputs": many * height * width * c,
        "apart": many * filters * height * width // c}[work]
    if times == "parameters":
        multiplications //= n
    numbers = {"three": (r, parameters, multiplications), "turned": (r, multiplications, parameters)}[give]
    return tuple(np.asarray(float(number)) for number in numbers)


_STACK_SLIPS: list[Slip] = [
    ("the kernel sizes are added up; neighbouring windows overlap, so each further layer adds less.",
     {"field": "sum"}),
    ("the receptive field is that of one layer; the next one looks at what the first has seen.",
     {"field": "one layer"}),
    ("the receptive field starts at 0, but a pixel sees itself.", {"field": "no start"}),
    ("the kernel sizes are multiplied; each layer adds the same.", {"field": "power"}),
    ("half of each window was added; it reaches out on both sides.", {"field": "half"}),
    ("the receptive field is right for odd kernel sizes only. A window of even size reaches further to one "
     "side than to the other.", {"field": "odd"}),
    ("the receptive field is to be the side of the patch, not the number of its pixels.", {"field": "area"}),
    ("the biases were forgotten.", {"bias": "none"}),
    ("one bias for a whole layer is too few.", {"bias": "one"}),
    ("a filter has one bias, not one for each channel of its input.", {"bias": "every channel"}),
    ("a filter spans the full depth of its input; yours is one channel thin.", {"depth": "thin"}),
    ("a filter has a height and a width.", {"depth": "side"}),
    ("parameters and multiplications are those of one layer.", {"times": "one"}),
    ("the multiplications are those of one layer.", {"times": "parameters"}),
    ("the multiplications are those of a single place. At how many places is a filter laid?",
     {"work": "none"}),
    ("a bias is added, not multiplied: it is no part of the multiplications.", {"work": "biases"}),
    ("the maps shrink in your count; here padding keeps their size.", {"work": "valid"}),
    ("the width of the maps has no part in your multiplications.", {"work": "height"}),
    ("you count one multiplication for each number that comes out. What does each of them cost?",
     {"work": "outputs"}),
    ("the multiplications are those of one filter in each layer.", {"work": "apart"}),
    ("parameters and multiplications have changed places.", {"give": "turned"}),
]


def _stack_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for layers, f in ((1, 7), (3, 3), (2, 5), (3, 4), (4, 3), (2, 1)):
        channels, height, width = (int(rng.integers(low, low + 9)) for low in (3, 13, 23))
        cases.append(Case((layers, f, channels, height, width),
                          described(layers=layers, kernel_size=f, channels=channels, height=height,
                                    width=width)))
    return cases


def stack_cost(function: Callable[..., Any]) -> None:
    """Check task 5: ``stack_cost(layers, kernel_size, channels, height, width)``, three numbers."""
    judge(function, _stack_cases, _stack_cost, _STACK_SLIPS, names=COSTS, take=take_arrays)
    correct("try 3 layers of 3 x 3 against 1 of 7 x 7: as much is seen, for less, with two more bends.")


# --- Task 6: the widest bottleneck --------------------------------------------------------------------


def _bottleneck(width: int, channels: int, f: int, bias: str, layers: str, middle: str) -> int:
    """Count the parameters of 1 x 1, f x f and 1 x 1 convolutions, or do it wrong."""
    spans = {"own": f * f * width, "outer": f * f * channels, "thin": f * f, "side": f * width,
             "small": width}[middle]
    weights = {"first": channels * width, "middle": spans * width, "last": width * channels}
    biases = {"first": width, "middle": width, "last": channels}
    kept = {"all": ("first", "middle", "last"), "no last": ("first", "middle"),
            "no first": ("middle", "last"), "middle": ("middle",)}[layers]
    total = sum(weights[name] for name in kept)
    return total + {"each": sum(biases[name] for name in kept), "none": 0, "one": len(kept),
                    "not the last": 2 * width, "last only": channels}[bias]


def _middle_width(budget: int, channels: int, kernel_size: int, *, bias: str = "each", layers: str = "all",
                  middle: str = "own", limit: str = "at most", give: str = "whole") -> Parts:
    """Find the widest middle of a bottleneck that keeps to a budget, or do it wrong."""
    def count(width: int) -> int:
        return _bottleneck(width, channels, kernel_size, bias, layers, middle)

    width = 0
    while count(width + 1) < budget + (limit != "below"):
        width += 1
    if give == "fraction":
        a, b, c = kernel_size ** 2, 2 * channels + 2, channels - budget
        return (np.asarray((sqrt(b * b - 4 * a * c) - b) / (2 * a) if c < 0 else 0.0),)
    number = {"whole": width, "above": width + 1, "one": max(width, 1), "count": count(width),
              "minus one": width if count(width) <= budget else -1, "left": budget - count(width)}[give]
    return (np.asarray(float(number)),)


_MIDDLE_SLIPS: list[Slip] = [
    ("the biases were forgotten.", {"bias": "none"}),
    ("one bias for each layer is too few: each map that comes out has one.", {"bias": "one"}),
    ("the biases of the last layer were forgotten.", {"bias": "not the last"}),
    ("only the last layer has biases in yours.", {"bias": "last only"}),
    ("the second 1 x 1 convolution is missing.", {"layers": "no last"}),
    ("the first 1 x 1 convolution is missing.", {"layers": "no first"}),
    ("both 1 x 1 convolutions are missing.", {"layers": "middle"}),
    ("the large filters see all outer channels in yours; what has the first layer made of them?",
     {"middle": "outer"}),
    ("the large filters are one channel thin in yours.", {"middle": "thin"}),
    ("a large filter has a height and a width.", {"middle": "side"}),
    ("the large filters have the size 1 x 1 in yours.", {"middle": "small"}),
    ("a bottleneck that takes exactly the budget is still within it.", {"limit": "below"}),
    ("that width goes beyond the budget.", {"give": "above"}),
    ("a width is a whole number: how many channels fit whole?", {"give": "fraction"}),
    ("where not even a middle of one channel fits, 0 is asked for.", {"give": "one"}),
    ("-1 comes back where the budget is smaller than the biases of the last layer; there, too, 0 is asked "
     "for.", {"give": "minus one"}),
    ("that is how many parameters the bottleneck has; asked is the width of its middle.", {"give": "count"}),
    ("that is what remains of the budget; asked is the width of the middle.", {"give": "left"}),
]


def _middle_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []

    def add(budget: int, channels: int, f: int) -> None:
        cases.append(Case((budget, channels, f), described(budget=budget, channels=channels, kernel_size=f)))

    right = ("each", "all", "own")
    for f, more in ((3, "some"), (3, "exact"), (5, "one less"), (3, "weights"), (5, "layer biases"),
                    (3, "not the last"), (3, "last only")):
        channels, width = int(rng.integers(18, 40)), int(rng.integers(6, 16))
        whole = _bottleneck(width, channels, f, *right)
        add({"some": whole + int(rng.integers(3, 30)), "exact": whole, "one less": whole - 1,
             "weights": _bottleneck(width, channels, f, "none", "all", "own") + 1,
             "layer biases": _bottleneck(width, channels, f, "one", "all", "own") + 1,
             "not the last": _bottleneck(width, channels, f, "not the last", "all", "own") + 1,
             "last only": _bottleneck(width, channels, f, "last only", "all", "own") + 1}[more], channels, f)
    channels = int(rng.integers(18, 40))
    add(_bottleneck(1, channels, 3, *right) - 1, channels, 3)
    add(int(rng.integers(1, channels)), channels, 3)        # less than a middle of no channel at all has
    return cases


def middle_width(function: Callable[[int, int, int], int]) -> None:
    """Check task 6: ``middle_width(budget, channels, kernel_size)``, a whole number."""
    judge(function, _middle_cases, _middle_width, _MIDDLE_SLIPS)
    correct("two cheap layers pay for the dear one between them: it sees a few channels instead of all.")


# --- Task 7: the residual block -----------------------------------------------------------------------


def _residual(x: np.ndarray, kernel_1: np.ndarray, bias_1: np.ndarray, kernel_2: np.ndarray,
              bias_2: np.ndarray, *, between: str = "relu", before: str = "none", first: str = "none",
              after: str = "none", join: str = "add") -> Parts:
    """Add to maps (H, W, C) what two convolutions make of them, or do it wrong."""
    def bent(values: np.ndarray, how: str) -> np.ndarray:
        return np.maximum(values, 0) if how == "relu" else values

    inner = bent(_convolve(bent(x, first), kernel_1, bias_1), between)
    outer = bent(_convolve(inner, kernel_2, bias_2), before)
    y = {"add": lambda: x + outer, "none": lambda: outer, "inner": lambda: inner + outer,
         "subtract": lambda: x - outer, "subtract x": lambda: outer - x, "multiply": lambda: x * outer,
         "twice": lambda: x + outer + x, "mean": lambda: (x + outer) / 2, "max": lambda: np.maximum(x, outer),
         "after first": lambda: bent(_convolve(bent(x + _convolve(x, kernel_1, bias_1), between),
                                               kernel_2, bias_2), before)}[join]()
    return (np.round(bent(y, after) * 64) / 64,)


_RESIDUAL_SLIPS: list[Slip] = [
    ("there is no way round: what the convolutions make comes out alone.", {"join": "none"}),
    ("the way round starts after the first convolution; it starts at x.", {"join": "inner"}),
    ("the way round ends before the second convolution; it leads round both.", {"join": "after first"}),
    ("the result of the convolutions is subtracted.", {"join": "subtract"}),
    ("x is subtracted.", {"join": "subtract x"}),
    ("x is multiplied by what the convolutions give. With weights of 0 nothing would come through.",
     {"join": "multiply"}),
    ("x is added twice.", {"join": "twice"}),
    ("the mean of both ways comes out; their sum is asked for.", {"join": "mean"}),
    ("the larger of both ways comes out; their sum is asked for.", {"join": "max"}),
    ("an activation after the addition has cut off what is negative. With weights of 0, does the input come "
     "out as it was?", {"after": "relu"}),
    ("there is no activation between the two convolutions. Two linear layers in a row can do no more than "
     "one.", {"between": "none"}),
    ("an activation follows the second convolution: the block could only add, never take away.",
     {"before": "relu"}),
    ("an activation comes before the first convolution; none is asked for there.", {"first": "relu"}),
]


def _judge_block_built(model: Any, shape: Shape) -> None:
    """Look at the block that was built, before any number goes through it."""
    given, channels = tuple(model.output_shape[1:]), shape[2]
    where = f"\n  The block was given maps of shape {shape}."
    if given != shape:
        side_by_side = ": are both ways joined side by side?" if given[:2] == shape[:2] else "."
        raise CheckFailed(f"what comes out has the shape {given}. A sum has the shape of what is added"
                          + side_by_side + where)
    _only_convolutions(model)
    convolutions = _learning(model)
    if len(convolutions) != 2:
        said = {0: "there is no convolution in it yet.",
                1: "there is one convolution in it; two are asked for, each with its own weights. Is one "
                   "layer used twice?"}
        more = f"there are {len(convolutions)} convolutions; two are asked for, and none on the way round."
        raise CheckFailed(said.get(len(convolutions), more) + where)
    for layer in convolutions:
        if tuple(layer.kernel_size) != (3, 3):
            raise CheckFailed(f"{layer.name} has filters of {_by(layer)}; 3 x 3 is asked for.{where}")
        if layer.groups != 1 or tuple(layer.kernel.shape) != (3, 3, channels, channels):
            raise CheckFailed(f"{layer.name} does not lead from all channels to as many. How many filters "
                              f"has it, and what do they see?{where}")
        if tuple(layer.strides) != (1, 1) or tuple(layer.dilation_rate) != (1, 1):
            raise CheckFailed(f"{layer.name} jumps over pixels; its stride is to be 1.{where}")


def residual_block(function: Callable[[Any], Any]) -> None:
    """Check task 7, first part: ``residual_block(x)`` in Keras, from (None, H, W, C) to the same shape.

    The block is run: first with all weights 0, then with others.
    """
    rng = np.random.default_rng()
    models: dict[Shape, Any] = {}
    for shape in ((5, 6, 2), (6, 4, 3)):
        model = _built(function, shape)
        _judge_block_built(model, shape)
        models[shape] = model

    def apply(x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
        return _apply(models[x.shape], weights, x)

    def case(shape: Shape, scale: int) -> Case:
        c = shape[2]
        weights = [scale * quarters(rng, *sides, largest=1) for sides in ((3, 3, c, c), (c,)) * 2]
        return Case((quarters(rng, *shape), *weights),
                    f"maps of shape {shape}, with {'weights of quarters' if scale else 'all its weights 0'}")

    apply.__name__ = name_of(function)
    judge(apply, lambda: [case(shape, scale) for shape in models for scale in (0, 1)], _residual,
          _RESIDUAL_SLIPS)
    correct("with all weights 0 nothing is lost: what is learned is only what to add.")


def _block(channels: int) -> int:
    return 2 * conv2d_params(3, channels, channels)


BLOCK_COUNTS: dict[str, int] = {
    "block, 64 channels": _block(64),
    "block, 128 channels": _block(128),
    "way round": 0,
    "1 x 1 on the way round": conv2d_params(1, 64, 128),
}

_THIN = "a filter spans the full depth of its input; yours is one channel thin."
_WRONG_BLOCKS: dict[str, list[tuple[float, str]]] = {
    f"block, {c} channels": [
        (_block(c) // 2, "that is one of the two convolutions."),
        (_block(c) - 2 * c, _NO_BIAS), (_block(c) // 2 - c, "that is one of the two convolutions. And "
                                        + _NO_BIAS),
        (_block(c) - 2 * c + 2, "one bias for a whole layer is too few."),
        (_block(c) - c, "the biases of one of the two convolutions were forgotten."),
        (2 * conv2d_params(3, 1, c), _THIN),
        (_block(c) + c * c, "the addition has nothing to learn."),
        (2 * dense_params(3 * c, c), "a filter has a height and a width."),
        (2 * _block(c // 2), "twice the channels: more filters, and each of them sees more."),
    ] for c in (64, 128)
}
_WRONG_BLOCKS["way round"] = [
    (number, "it hands on what came in. What could be learned in that?")
    for number in (1, 64, 128, 64 * 64, 64 * 65)]
_WRONG_BLOCKS["1 x 1 on the way round"] = [
    (64 * 128, _NO_BIAS), (64 * 128 + 1, _ONE_BIAS), (128 * 2, _THIN), (128, _THIN + " And " + _NO_BIAS),
    (64 * 128 + 64, "each map that goes *out* has a bias."),
    (conv2d_params(3, 64, 128), "these filters are 1 x 1."), (conv2d_params(1, 128, 128), "what comes in has "
                                                              "fewer channels."),
    (conv2d_params(1, 64, 64), "more channels are to come out than went in."),
]


def block_counts(answers: dict[str, int]) -> None:
    """Check task 7, second part: parameters of residual blocks, by :data:`BLOCK_COUNTS`."""
    judge_counts(answers, BLOCK_COUNTS, _WRONG_BLOCKS, "not this number. Count one filter first.")
    correct("the way round is free as long as as many channels come out as went in.")


# --- Task 8: where the parameters sit, and where the work ---------------------------------------------


def _dense_share(shape: Shape, network: list[Layer], what: int) -> dict[str, float]:
    """Give the share of the dense layers in a network, and what comes of known mistakes."""
    counts = _layer_counts(shape, network)[0]
    dense = counts[[layer[0] == "dense" for layer in network]]
    total = counts.sum(axis=0)
    share, other = dense[:, what].sum() / total[what], dense[:, 1 - what].sum() / total[1 - what]
    return {"right": share, "rest": 1 - share, "percent": 100 * share, "other": other,
            "first": dense[0, what] / total[what], "without last": dense[:-1, what].sum() / total[what],
            "ratio": share / (1 - share), "back": (1 - share) / share,
            "layers": len(dense) / sum(layer[0] != "pool" for layer in network)}


# Global pooling leaves one place: a window as large as the maps.
POOLED: list[Layer] = [*VGG16[:-3], ("pool", 7, 7), *VGG16[-3:]]
_SHARES: dict[str, dict[str, float]] = {
    "LeNet-5, parameters": _dense_share((32, 32, 1), LENET5, 0),
    "LeNet-5, multiplications": _dense_share((32, 32, 1), LENET5, 1),
    "VGG-16, parameters": _dense_share((224, 224, 3), VGG16, 0),
    "VGG-16, multiplications": _dense_share((224, 224, 3), VGG16, 1),
    "VGG-16 with global pooling, parameters": _dense_share((224, 224, 3), POOLED, 0),
}
SHARES: dict[str, float] = {question: float(row["right"]) for question, row in _SHARES.items()}
SHARE_TOLERANCE = 0.000051       # four decimals, rounded

_WRONG_SHARES: list[tuple[str, str]] = [
    ("rest", "that is the share of the convolutions."),
    ("percent", "a share lies between 0 and 1; this is in percent."),
    ("other", "you have mixed up parameters and multiplications."),
    ("first", "that is the first of the dense layers alone."),
    ("without last", "the last dense layer is missing."),
    ("ratio", "divide by all layers together, not by the convolutions."),
    ("back", "divide the dense layers by all layers; you divide the convolutions by the dense ones."),
    ("layers", "that is how many of the layers are dense; asked is how much is in them."),
]


def _judge_share(question: str, answer: Any) -> str | None:
    given, row = read_number(answer), dict(_SHARES[question])
    if abs(given - row["right"]) <= SHARE_TOLERANCE:
        return None
    if "global" in question:
        plain = _SHARES["VGG-16, parameters"]
        if abs(given - plain["right"]) <= SHARE_TOLERANCE:
            return "that is with flatten. Global pooling leaves one number of each map."
    for name, says in _WRONG_SHARES:
        if abs(given - row[name]) <= 2 * SHARE_TOLERANCE * max(1.0, row[name]):
            return says
    if not 0 <= given <= 1:
        return "a share lies between 0 and 1."
    if abs(given - row["right"]) <= 0.01:
        return "near, but not near enough: give four decimals, or the quotient itself."
    return "not this share. Add up the dense layers, add up all layers, divide."


def shares(answers: dict[str, float]) -> None:
    """Check task 8: which part the dense layers have, by :data:`SHARES`."""
    read_answers(answers, SHARES, _judge_share)
    correct("the parameters sit in the dense layers, the work in the convolutions. Whoever wants a smaller "
            "file and whoever wants a faster answer must cut at different places.")


__all__ = ["block_counts", "fitting_sizes", "grouped_conv", "groups", "layer_counts", "middle_width",
           "original", "puzzle", "residual_block", "shares", "stack_cost", "table_parameters"]
