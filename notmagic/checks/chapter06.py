"""Checks for ``exercises/06-features-by-hand``: line units, a filter, feature maps, pooling, a histogram.

Inputs of a function under test are drawn afresh at each call, in quarters, which float32 and float64 both
represent exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    explain_number,
    quarters,
    read_answers,
    read_number,
)
from notmagic.checks._networks import Parts, Slip, read_plain
from notmagic.checks._pictures import as_array, described, judge

# --- Task 1: one patch, one unit ------------------------------------------------------------------------

UNIT_NAMES = ("horizontal", "vertical", "diagonal down", "diagonal up")


def line_units() -> np.ndarray:
    """Give the four line units of the chapter: +2 on the line, -1 beside it.

    Returns
    -------
    numpy.ndarray
        Shape (4, 3, 3), float64, in the order of :data:`UNIT_NAMES`; the weights of each add up to 0.
    """
    row, column = np.indices((3, 3))
    lines = (row == 1, column == 1, row == column, row + column == 2)
    return np.stack([np.where(line, 2.0, -1.0) for line in lines])


# The patch printed in the exercise; it is tried with each unit, and the vertical one meets two changes of it.
PATCH = np.array([[0, 7, 1], [1, 8, 0], [4, 6, 0]])
PAPER = 4       # what the second change adds to every pixel

_VARIANTS: dict[str, tuple[str, np.ndarray]] = {
    **{name: (name, PATCH) for name in UNIT_NAMES},
    "twice the contrast": ("vertical", 2 * PATCH),
    "on grey paper": ("vertical", PATCH + PAPER),
}


def _unit(name: str) -> np.ndarray:
    return line_units()[UNIT_NAMES.index(name)]


BY_HAND: dict[str, float] = {question: float((patch * _unit(name)).sum())
                             for question, (name, patch) in _VARIANTS.items()}


def _wrong_by_hand(question: str) -> list[tuple[float, str]]:
    name, patch = _VARIANTS[question]
    unit, right = _unit(name), BY_HAND[question]
    on, off = float(patch[unit > 0].sum()), float(patch[unit < 0].sum())
    rows = [
        (on, "only the pixels on the line were added; those beside it have weights, too."),
        (2 * on, "only the pixels on the line were counted; those beside it have weights, too."),
        (on - off, "all weights were taken to be of one size. How large are those on the line?"),
        (2 * on + off, "the weights beside the line are negative."),
        (-right, "the sign is turned round."),
        (right / 9, "you took the mean of the products; the response is their sum."),
        (float(patch.sum()), "the pixels were added without their weights."),
        (float((patch * unit).max()), "that is the largest product; the response is the sum of all."),
        (float((patch @ unit).sum()), "that is a matrix product; here each pixel meets one weight."),
    ]
    if question == "twice the contrast":
        rows += [(2 * right, "doubling every pixel once is enough: you doubled twice."),
                 (right / 2, "each product doubles. What does their sum do?")]
    elif question == "on grey paper":
        grown = float(patch[unit > 0].size * PAPER)
        rows += [(right + patch.size * PAPER, "the grey was added to the sum. But each pixel meets its "
                                              "weight first, and some weights are negative."),
                 (right + PAPER, "the grey meets every weight of the unit, not the sum."),
                 (right + 2 * grown, "the grey lies on the pixels beside the line, too.")]
    else:
        rows += [(BY_HAND[other], "that is what another unit answers. Which pixels lie on the line of this "
                                  "one?")
                 for other in UNIT_NAMES if other != question]
        if right < 0:
            rows.insert(0, (0.0, "there is no ReLU here: a response may be negative."))
    return [(value, says) for value, says in rows if abs(value - right) > 1e-9]


def by_hand(answers: dict[str, float]) -> None:
    """Check task 1, first part: what each line unit answers to :data:`PATCH`, and to two changes of it."""
    def judge_one(question: str, answer: Any) -> str | None:
        given = read_number(answer)
        if abs(given - BY_HAND[question]) < 1e-9:
            return None
        return explain_number(given, _wrong_by_hand(question),
                              "not this number. Lay the unit on the patch and write down the nine products.")

    read_answers(answers, BY_HAND, judge_one)
    correct("the line that is there answers most. More contrast scales the answer; even light adds nothing "
            "to it.")


def _response(patch: np.ndarray, unit: np.ndarray, *, how: str = "sum") -> Parts:
    """Multiply a patch (f, f) and a unit (f, f) pixel by pixel and add, or do it wrong."""
    patch, unit = np.asarray(patch, dtype=float), np.asarray(unit, dtype=float)
    products = patch * unit
    return (np.asarray({
        "sum": products.sum, "mean": products.mean, "max": products.max, "products": lambda: products,
        "columns": lambda: products.sum(axis=0), "rows": lambda: products.sum(axis=1),
        "plus": lambda: (patch + unit).sum(), "sums": lambda: patch.sum() * unit.sum(),
        "matrix": lambda: (patch @ unit).sum(), "matrix product": lambda: patch @ unit,
        "positive": lambda: patch[unit > 0].sum(), "positive weights": lambda: products[unit > 0].sum(),
        "flip": lambda: (patch * unit[::-1, ::-1]).sum(), "turn": lambda: (patch * unit.T).sum(),
        "relu": lambda: max(products.sum(), 0.0), "abs": lambda: abs(products.sum()),
        "distance": lambda: ((patch - unit) ** 2).sum(),
        "cosine": lambda: products.sum() / np.sqrt((patch ** 2).sum() * (unit ** 2).sum()),
    }[how]()),)


_RESPONSE_SLIPS: list[Slip] = [
    ("you took the mean of the products; the response is their sum.", {"how": "mean"}),
    ("you took the largest product; the response is the sum of all.", {"how": "max"}),
    ("the products are right, but they are not added up: one number is asked for.", {"how": "products"}),
    ("the products are added along one axis only: one number is asked for.", {"how": "columns"}),
    ("the products are added along one axis only: one number is asked for.", {"how": "rows"}),
    ("pixels and weights are added; multiply each pixel with its weight.", {"how": "plus"}),
    ("you multiply two sums. Multiply pixel by pixel first, and add then.", {"how": "sums"}),
    ("that is a matrix product (@); here each pixel meets one weight.", {"how": "matrix"}),
    ("that is a matrix product (@); here each pixel meets one weight.", {"how": "matrix product"}),
    ("only pixels under positive weights are counted, and without their weights.", {"how": "positive"}),
    ("only positive weights are counted; the negative ones make the difference between a line and light.",
     {"how": "positive weights"}),
    ("the unit was flipped; lay it on the patch as it is.", {"how": "flip"}),
    ("the unit was transposed; lay it on the patch as it is.", {"how": "turn"}),
    ("negative responses have become 0. ReLU comes later.", {"how": "relu"}),
    ("negative responses have lost their sign.", {"how": "abs"}),
    ("that is a squared distance between patch and unit; multiply them.", {"how": "distance"}),
    ("the response is divided by the lengths of patch and unit; here it is the plain "
     "sum.", {"how": "cosine"}),
]


def _response_cases() -> list[Case]:
    rng = np.random.default_rng()
    patches = [quarters(rng, 3, 3), -np.abs(quarters(rng, 3, 3)), quarters(rng, 3, 3), quarters(rng, 4, 4),
               rng.integers(0, 256, size=(3, 3)).astype(np.uint8)]
    units = [quarters(rng, *patch.shape) for patch in patches]
    units[1] = np.abs(units[1])
    return [Case((patch, unit), described(patch=patch, unit=unit))
            for patch, unit in zip(patches, units, strict=True)]


def response(function: Callable[..., float]) -> None:
    """Check task 1, second part: ``response(patch, unit)``."""
    judge(function, _response_cases, _response, _RESPONSE_SLIPS)
    correct("the sum says how much the patch looks like the unit. It is all that a unit ever does.")


# --- Task 2: a filter for one kind of edge ----------------------------------------------------------------

EDGE_SIZE = 9


def edge_images(size: int = EDGE_SIZE) -> dict[str, np.ndarray]:
    """Pictures to try an edge filter on, from 0 (dark) to 1 (bright).

    Returns
    -------
    dict of numpy.ndarray
        Each of shape (size, size), float64. In "dark to light" the right part is bright, in "light to dark"
        the left one, in "lying edge" the lower one; "flat" is evenly lit.
    """
    dark_to_light = np.zeros((size, size))
    dark_to_light[:, size // 2:] = 1.0
    return {"dark to light": dark_to_light, "light to dark": dark_to_light[:, ::-1].copy(),
            "lying edge": dark_to_light.T.copy(), "flat": np.ones((size, size))}


def edge_filter(kernel: Any) -> None:
    """Check task 2: a 3 x 3 filter for upright edges from dark to light; judged by what it answers."""
    if kernel is ... or kernel is None:
        raise NotAnswered("replace the zeros by nine weights.")
    weights = read_plain(as_array(kernel), "your filter")
    if weights.shape != (3, 3):
        raise CheckFailed(f"wrong shape: expected (3, 3), got {weights.shape}.")
    if not np.all(np.isfinite(weights)):
        raise CheckFailed("there is a nan or an inf among the weights.")
    if not np.any(weights):
        raise NotAnswered("all nine weights are 0, so the filter never answers.")
    weights = weights / np.max(np.abs(weights))
    problem = _edge_problem({name: _slide(image, weights)[0] for name, image in edge_images().items()})
    if problem:
        raise CheckFailed(problem)
    correct("it compares left with right. With equal light on both sides, the two halves cancel.")


def _edge_problem(maps: dict[str, np.ndarray]) -> str | None:
    silent = 0.05
    largest = {name: float(np.max(values)) for name, values in maps.items()}
    smallest = {name: float(np.min(values)) for name, values in maps.items()}
    moved = {name: max(largest[name], -smallest[name]) > silent for name in maps}
    if moved["flat"]:
        return ("it answers to a flat area: with no edge anywhere the output is not 0. What must the nine "
                "weights add up to?")
    if moved["lying edge"] and not moved["dark to light"]:
        return "it answers to the lying edge and not to the upright one: it lies on its side."
    if moved["lying edge"]:
        return ("it answers to the lying edge as well. Let your filter cross that edge row by row: what "
                "must the weights of each row add up to?")
    if not moved["dark to light"]:
        return "it answers to none of the four pictures."
    if largest["dark to light"] <= silent:
        return ("its answer to the edge from dark to light is negative: this filter is for edges from light "
                "to dark.")
    if smallest["dark to light"] < -silent:
        return ("it answers twice to one edge, with a plus and with a minus: that is a filter for lines. An "
                "edge has one side that is bright.")
    return None


# --- Task 3: the feature map --------------------------------------------------------------------------------


def _kernel_turned(kernel: np.ndarray, how: str) -> np.ndarray:
    return {"none": lambda: kernel, "both": lambda: kernel[::-1, ::-1], "rows": lambda: kernel[::-1],
            "columns": lambda: kernel[:, ::-1], "transposed": lambda: kernel.T,
            "quarter": lambda: np.rot90(kernel), "other quarter": lambda: np.rot90(kernel, -1),
            "other diagonal": lambda: kernel[::-1, ::-1].T}[how]()


def _reduced(products: np.ndarray, how: str) -> np.ndarray:
    """Reduce products (rows, columns, kh, kw) to a map (rows, columns)."""
    return {"sum": lambda: products.sum(axis=(2, 3)), "mean": lambda: products.mean(axis=(2, 3)),
            "max": lambda: products.max(axis=(2, 3))}[how]()


def _in_shape(out: np.ndarray, shape: tuple[int, ...], sizes: str) -> np.ndarray:
    """Give a map the size that somebody makes it who gets the size wrong; ``shape`` is the picture's."""
    rows, columns = out.shape
    if sizes == "one too few":
        return out[:-1, :-1]
    if sizes == "one too few down":
        return out[:-1]
    if sizes == "one too few across":
        return out[:, :-1]
    if sizes == "square":
        if columns < rows:
            raise ValueError("a window would hang over the edge")
        return out[:, :rows]
    if sizes == "unfilled":
        out = out.copy()
        out[-1], out[:, -1] = 0, 0
    elif sizes in ("first", "first row"):
        keep = out[:1, : 1 if sizes == "first" else columns]
        out = np.zeros_like(out)
        out[:1, : keep.shape[1]] = keep
    elif sizes in ("picture", "rim"):
        top, left = ((shape[0] - rows) // 2, (shape[1] - columns) // 2) if sizes == "rim" else (0, 0)
        out = np.pad(out, [(top, shape[0] - rows - top), (left, shape[1] - columns - left)])
    return out


def _slide(image: np.ndarray, kernel: np.ndarray, *, flip: str = "none", how: str = "sum",
           sizes: str = "right", window: str = "moves", after: str = "none", dtype: str = "float",
           padded: bool = False) -> Parts:
    """Slide a kernel (kh, kw) over a picture (H, W) without flipping it, or do it wrong.

    Returns
    -------
    tuple of numpy.ndarray
        One map of shape (H - kh + 1, W - kw + 1), float64, if nothing goes wrong.
    """
    stored, image = image.dtype, np.asarray(image, dtype=float)
    shape = image.shape
    kernel = _kernel_turned(np.asarray(kernel, dtype=float), flip)
    if padded:
        image = np.pad(image, [(side // 2, (side - 1) // 2) for side in kernel.shape])
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)     # (rows, columns, kh, kw)
    if window == "stays":
        windows = np.broadcast_to(windows[:1, :1], windows.shape)
    products = np.einsum("ijkm,mn->ijkn", windows, kernel) if how == "matrix" else windows * kernel
    out = _in_shape(_reduced(products, "sum" if how == "matrix" else how), shape, sizes)
    out = {"none": lambda: out, "transposed": lambda: out.T, "relu": lambda: np.maximum(out, 0.0),
           "abs": lambda: np.abs(out), "reversed": lambda: out[::-1, ::-1], "negated": lambda: -out,
           "flat": lambda: out.ravel()}[after]()
    if dtype != "float" and stored == np.uint8:
        out = np.trunc(out)
        out = np.clip(out, 0, 255) if dtype == "stops at its ends" else out.astype(np.int64).astype(np.uint8)
    return (out.astype(float),)


# What does not fit into a byte wraps on some processors and stops at 0 and 255 on others.
_PICTURE_DTYPE = ("the map has taken over the dtype of the picture, which holds whole numbers from 0 to 255 "
                  "only. "
                  "Negative values and fractions are lost.")
_MAP_SLIPS: list[Slip] = [
    ("the kernel is flipped, upside down and left to right. In a feature map it is laid on the picture as it "
     "is.", {"flip": "both"}),
    ("the kernel is turned upside down.", {"flip": "rows"}),
    ("the kernel is turned left to right.", {"flip": "columns"}),
    ("the kernel is transposed: its rows meet the columns of the window.", {"flip": "transposed"}),
    ("you take the mean of the products; a unit adds them up.", {"how": "mean"}),
    ("you take the largest product; a unit adds them up.", {"how": "max"}),
    ("you use a matrix product (@); here each pixel meets one weight.", {"how": "matrix"}),
    ("the map lacks its last row and column: the first window counts, too.", {"sizes": "one too few"}),
    ("the map lacks its last row: the first window counts, too.", {"sizes": "one too few down"}),
    ("the map lacks its last column: the first window counts, too.", {"sizes": "one too few across"}),
    ("the last row and column of the map are never filled: do your loops end one step early?",
     {"sizes": "unfilled"}),
    ("only the first value of the map is filled. Does the function return while the loops still run?",
     {"sizes": "first"}),
    ("only the first row of the map is filled. Does the function return while the loops still run?",
     {"sizes": "first row"}),
    ("the map is as large as the picture, with zeros at its right and lower edge. There is one value for "
     "each place where a whole window fits.", {"sizes": "picture"}),
    ("the map is as large as the picture, with a rim of zeros. There is one value for each place where a "
     "whole window fits.", {"sizes": "rim"}),
    ("the picture has been padded with zeros. Here windows stay inside the picture.", {"padded": True}),
    ("the map is always square: its width comes from the height of the picture.", {"sizes": "square"}),
    ("all values of the map come from the same window: it does not move.", {"window": "stays"}),
    ("rows and columns of the map are swapped.", {"after": "transposed"}),
    ("negative values have become 0. ReLU is the next task.", {"after": "relu"}),
    ("negative values have lost their sign.", {"after": "abs"}),
    ("the map has one axis; keep rows and columns.", {"after": "flat"}),
    (_PICTURE_DTYPE, {"dtype": "wraps"}),
    (_PICTURE_DTYPE, {"dtype": "stops at its ends"}),
]


def _map_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    settings = ((4, 5, 3, 3), (7, 7, 3, 3), (6, 9, 2, 3), (9, 7, 4, 3), (8, 6, 3, 3))
    for number, (rows, columns, kh, kw) in enumerate(settings):
        more = int(rng.integers(0, 2))      # sizes learnt by heart do not help
        image = quarters(rng, rows + more, columns + more, largest=4)
        if number == len(settings) - 1:
            image = rng.integers(0, 256, size=image.shape).astype(np.uint8)     # as pictures are stored
        weights = quarters(rng, kh, kw)
        cases.append(Case((image, weights), f"an image of shape {image.shape} and dtype {image.dtype}, a "
                                            f"kernel of shape {weights.shape}"))
    return cases


def _map_hint(error: Exception, case: Case) -> str:
    """Guess why a loop over windows stopped."""
    image, kernel = case.arguments
    if isinstance(error, IndexError):
        return "The map is smaller than the picture. Do both loops stay inside the map?"
    if not isinstance(error, ValueError):
        return ""
    if kernel.shape[0] != kernel.shape[1]:
        return "This kernel is not as high as it is wide. Does each direction use its own size?"
    if image.shape[0] != image.shape[1]:
        return ("Does a window hang over the edge? The map is smaller than the picture, and this picture is "
                "not as high as it is wide.")
    return "Does a window hang over the edge? The map is smaller than the picture."


def feature_map(function: Callable[..., np.ndarray]) -> None:
    """Check task 3: ``feature_map(image, kernel)``, image (H, W), kernel (kh, kw)."""
    judge(function, _map_cases, _slide, _MAP_SLIPS, hint=_map_hint)
    correct("one unit, looking everywhere: its answers keep their places, and so the map is a picture again.")


# --- Task 4: threshold and ReLU -----------------------------------------------------------------------------


def _threshold(values: np.ndarray, t: float, *, how: str = "above") -> Parts:
    """Give 1 where values lie above t and 0 elsewhere, or do it wrong."""
    values = np.asarray(values, dtype=float)
    return (np.asarray({
        "above": lambda: values > t, "at": lambda: values >= t, "below": lambda: values < t,
        "not above": lambda: values <= t, "kept": lambda: np.where(values > t, values, 0.0),
        "minus": lambda: values - t, "relu": lambda: np.maximum(values - t, 0.0),
        "signs": lambda: np.where(values > t, 1.0, -1.0), "zero": lambda: values > 0,
        "size": lambda: np.abs(values) > t, "any": lambda: (values > t).any(),
        "chosen": lambda: values[values > t], "floor": lambda: np.maximum(values, t),
    }[how](), dtype=float),)


_THRESHOLD_SLIPS: list[Slip] = [
    ("it fires at the threshold, too; only *above* it is asked for.", {"how": "at"}),
    ("it fires below the threshold.", {"how": "below"}),
    ("it fires where the threshold is not passed.", {"how": "not above"}),
    ("values above the threshold are kept; a threshold says yes or no, 1 or 0.", {"how": "kept"}),
    ("the threshold was subtracted, but nothing was decided: 1 or 0 is asked for.", {"how": "minus"}),
    ("that is ReLU after subtracting the threshold; here 1 or 0 is asked for.", {"how": "relu"}),
    ("a silent place gives -1; here it gives 0.", {"how": "signs"}),
    ("the values are compared with 0, not with the threshold that is given.", {"how": "zero"}),
    ("the sign of the values is lost before they are compared.", {"how": "size"}),
    ("one answer for the whole map comes back; each place has its own.", {"how": "any"}),
    ("the places that do not fire are left out; the result has the shape of the map.", {"how": "chosen"}),
    ("values below the threshold are lifted to it; 1 or 0 is asked for.", {"how": "floor"}),
]


def _threshold_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((2, 3), (4, 4), (3, 5), (6,)):
        values, t = quarters(rng, *shape), float(np.abs(quarters(rng)))
        values.flat[:3] = t, -t - 0.25, t + 0.25
        cases.append(Case((values, t), f"responses of shape {shape} and the threshold {t}"))
    return cases


def threshold(function: Callable[..., np.ndarray]) -> None:
    """Check task 4, first part: ``threshold(responses, t)``, 1 above t and 0 elsewhere."""
    judge(function, _threshold_cases, _threshold, _THRESHOLD_SLIPS, hint=_truth_hint)
    correct("yes or no at each place. How strongly it said yes is gone.")


def _truth_hint(error: Exception, case: Case) -> str:
    ambiguous = isinstance(error, ValueError) and "ambiguous" in str(error)
    return "`if` decides about one number; this is a whole array." if ambiguous else ""


def _relu(values: np.ndarray, *, how: str = "relu") -> Parts:
    """Replace negative values by 0, or do it wrong."""
    values = np.asarray(values, dtype=float)
    return (np.asarray({
        "relu": lambda: np.maximum(values, 0.0), "none": lambda: values, "abs": lambda: np.abs(values),
        "step": lambda: values > 0, "minimum": lambda: np.minimum(values, 0.0), "max": lambda: values.max(),
        "chosen": lambda: values[values > 0], "slope": lambda: np.where(values > 0, values, 0.01 * values),
        "steeper": lambda: np.where(values > 0, values, 0.1 * values),
        "soft": lambda: np.log1p(np.exp(values)), "sigmoid": lambda: 1 / (1 + np.exp(-values)),
        "clipped": lambda: np.clip(values, 0.0, 1.0), "moved": lambda: values - values.min(),
    }[how](), dtype=float),)


_RELU_SLIPS: list[Slip] = [
    ("negative values are still there.", {"how": "none"}),
    ("negative values have lost their sign; ReLU puts 0 in their place.", {"how": "abs"}),
    ("that is a threshold: 1 and 0. ReLU lets positive values pass as they are.", {"how": "step"}),
    ("the negative values are kept and the positive ones are gone.", {"how": "minimum"}),
    ("the largest value of the whole map comes back; each place has its own.", {"how": "max"}),
    ("negative values are left out; the result has the shape of the map, with 0 in their place.",
     {"how": "chosen"}),
    ("a part of each negative value leaks through.", {"how": "slope"}),
    ("a part of each negative value leaks through.", {"how": "steeper"}),
    ("that is a soft bend (softplus); ReLU has a corner.", {"how": "soft"}),
    ("that is a sigmoid; ReLU lets positive values pass as they are.", {"how": "sigmoid"}),
    ("values above 1 are cut to 1; ReLU lets positive values pass as they are.", {"how": "clipped"}),
    ("all values were moved up until the smallest is 0; ReLU leaves the positive ones where they are.",
     {"how": "moved"}),
]


def _relu_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((2, 3), (4, 4), (3, 5), (2, 3, 4)):
        values = quarters(rng, *shape)
        values.flat[:3] = 1.75, -1.25, 0
        cases.append(Case((values,), f"responses of shape {shape}"))
    return cases


def relu(function: Callable[..., np.ndarray]) -> None:
    """Check task 4, second part: ``relu(responses)``."""
    judge(function, _relu_cases, _relu, _RELU_SLIPS, hint=_truth_hint)
    correct("a threshold at 0 that keeps how strongly each place said yes.")


# --- Task 5: pooling ----------------------------------------------------------------------------------------

HOWS = ("max", "average", "sum")


def _cut(values: np.ndarray, size: int, ends: str) -> np.ndarray:
    """Drop what does not fill a window from a map (H, W), or do it wrong."""
    left = [side % size for side in values.shape]
    if ends == "front":
        return values[left[0]:, left[1]:]
    if ends == "zeros":
        return np.pad(values, [(0, -side % size) for side in values.shape])
    return values[: values.shape[0] - left[0], : values.shape[1] - left[1]]


def _windows(values: np.ndarray, size: int, step: str) -> np.ndarray:
    """Cut a map into windows (rows, columns, size, size), side by side, or do it wrong."""
    every = np.lib.stride_tricks.sliding_window_view(values, (size, size))
    rows, columns = (side // size for side in values.shape)
    if step == "one":
        return every
    if step == "places one":
        return every[:rows, :columns]
    if step == "reshaped":
        return values.reshape(rows, columns, size, size)
    return every[::size, ::size]


def _by_slices(values: np.ndarray, size: int, shape: tuple[int, int], how: str) -> np.ndarray:
    """Pool as loops over slices do that reach past the end of a map: there a window holds fewer values."""
    reduce = {"max": np.max, "average": np.mean, "sum": np.sum}[how]
    return np.array([[reduce(values[i * size:(i + 1) * size, j * size:(j + 1) * size])
                      for j in range(shape[1])] for i in range(shape[0])])


def _pool(values: np.ndarray, size: int, how: str, *, always: str = "", divisor: str = "count",
          ends: str = "dropped", step: str = "size", sizes: str = "right", start: str = "first",
          after: str = "none") -> Parts:
    """Pool a map (H, W) over windows of size x size, or do it wrong.

    Returns
    -------
    tuple of numpy.ndarray
        One map of shape (H // size, W // size), float64, if nothing goes wrong.
    """
    how = always or how
    values = np.asarray(values, dtype=float)
    if ends == "kept" or sizes == "square":
        rows, columns = (-(-side // size) for side in values.shape)
        if sizes == "square":
            rows = columns = values.shape[0] // size
        out = _by_slices(values, size, (rows, columns), how)
    else:
        cut = values if step == "one" else _cut(values, size, ends)
        windows = _windows(cut, size, step)
        total = windows.sum(axis=(2, 3))
        out = {"sum": total, "max": windows.max(axis=(2, 3)),
               "average": total / {"count": size * size, "side": size, "all": cut.size}[divisor]}[how]
    if start == "zero" and how == "max":
        out = np.maximum(out, 0.0)
    if sizes != "square":
        out = _in_shape(out, values.shape, sizes)
    return ({"none": lambda: out, "transposed": lambda: out.T, "all": lambda: out.max(),
             "flat": lambda: out.ravel()}[after](),)


_POOL_SLIPS: list[Slip] = [
    ("it always takes the largest value, whatever `how` says.", {"always": "max"}),
    ("it always takes the average, whatever `how` says.", {"always": "average"}),
    ("it always takes the sum, whatever `how` says.", {"always": "sum"}),
    ("the average is the sum divided by the side of the window. How many values does a window hold?",
     {"divisor": "side"}),
    ("the average is divided by the number of values in the whole map; a window holds fewer.",
     {"divisor": "all"}),
    ("windows that are not full count in your result; they are dropped here.", {"ends": "kept"}),
    ("the map is filled up with zeros so that all windows are full; here what is left over is dropped.",
     {"ends": "zeros"}),
    ("what does not fill a window is dropped at the top and at the left; the first window starts in the "
     "corner.",
     {"ends": "front"}),
    ("the last row and column of windows are missing, although they are full.", {"sizes": "one too few"}),
    ("the windows overlap: they are one step apart. Pooling windows lie side by side.", {"step": "one"}),
    ("the result has the right size, but its values come from windows one step apart. Where does the window "
     "of row i, column j start?", {"step": "places one"}),
    ("your reshape cuts each window out of one row: its values do not lie in a "
     "square.", {"step": "reshaped"}),
    ("the result is always square: its width comes from the height of the map.", {"sizes": "square"}),
    ("the last row and column of the result are never filled.", {"sizes": "unfilled"}),
    ("only the first value of the result is filled. Does the function return while the loops still run?",
     {"sizes": "first"}),
    ("only the first row of the result is filled. Does the function return while the loops still run?",
     {"sizes": "first row"}),
    ("where all values of a window are negative, the largest is negative, too; yours is "
     "0.", {"start": "zero"}),
    ("rows and columns of the result are swapped.", {"after": "transposed"}),
    ("one number for the whole map comes back; there is one for each window.", {"after": "all"}),
    ("the result has one axis; keep rows and columns.", {"after": "flat"}),
]


def _pool_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    settings = ((4, 6, 2, "max"), (6, 9, 2, "average"), (7, 11, 3, "sum"), (11, 8, 3, "max"),
                (9, 7, 4, "average"), (5, 6, 2, "sum"))
    for rows, columns, size, how in settings:
        values = quarters(rng, rows, columns)
        values[:size, :size] = -np.abs(values[:size, :size])
        cases.append(Case((values, size, how), f"a map of shape {values.shape}, size {size}, how {how!r}"))
    return cases


def _pool_hint(error: Exception, case: Case) -> str:
    values, size, _ = case.arguments
    if isinstance(error, IndexError):
        return "Places of the map and places of the result are counted differently. Are they mixed?"
    if isinstance(error, ValueError) and any(side % size for side in values.shape):
        return "Here the windows do not fill the map. What is left over is dropped."
    return ""


def pool(function: Callable[..., np.ndarray]) -> None:
    """Check task 5: ``pool(feature_map, size, how)`` with how one of :data:`HOWS`."""
    judge(function, _pool_cases, _pool, _POOL_SLIPS, hint=_pool_hint)
    correct("one number for each window. The map got smaller, and where in its window the line lay is "
            "forgotten.")


# --- Task 6: the histogram of lines -------------------------------------------------------------------------


def _histogram(images: np.ndarray, units: np.ndarray, size: int, *, flip: str = "none", bent: str = "relu",
               how: str = "sum", order: str = "units", cells: str = "rows", only: str = "all",
               ends: str = "dropped") -> Parts:
    """Map, bend, pool and lay out in rows: the features of pictures (N, H, W), right or in a known wrong way.

    Returns
    -------
    tuple of numpy.ndarray
        One array (N, len(units) * cells), float64, if nothing goes wrong.
    """
    chosen = images[:1] if only == "first image" else images
    bend = {"relu": lambda m: np.maximum(m, 0.0), "none": lambda m: m, "abs": np.abs, "late": lambda m: m,
            "step": lambda m: (m > 0) * 1.0}[bent]
    used = units[:1] if only == "first unit" else units
    maps = np.array([[_pool(bend(_slide(image, unit, flip=flip)[0]), size, how, ends=ends)[0]
                      for unit in used] for image in chosen])           # (N, units, rows, columns)
    if bent == "late":
        maps = np.maximum(maps, 0.0)
    if cells == "columns":
        maps = maps.swapaxes(2, 3)
    if only == "mean of units":
        maps = maps.mean(axis=1, keepdims=True)
    elif only == "sum of units":
        maps = maps.sum(axis=1, keepdims=True)
    elif only == "sum of cells":
        return (maps.sum(axis=(2, 3)),)
    if order == "cells":
        maps = np.moveaxis(maps, 1, 3)
    elif order == "kept":
        return (maps,)
    elif order == "per unit":
        return (maps.reshape(*maps.shape[:2], -1),)
    elif order == "flat":
        return (maps.ravel(),)
    out = maps.reshape(len(maps), -1)
    return (out.T if order == "turned" else out,)


_HISTOGRAM_SLIPS: list[Slip] = [
    ("ReLU is missing: negative answers take away from the sum of a cell.", {"bent": "none"}),
    ("ReLU comes after the sum; it belongs before, on each answer.", {"bent": "late"}),
    ("negative answers have lost their sign; ReLU puts 0 in their place.", {"bent": "abs"}),
    ("a threshold was used: each answer counts as 1. ReLU keeps how strong it is.", {"bent": "step"}),
    ("the cells hold averages; sums are asked for.", {"how": "average"}),
    ("the cells hold the largest answers; sums are asked for.", {"how": "max"}),
    ("the units are flipped, upside down and left to right.", {"flip": "both"}),
    ("the order is cell by cell, with the units inside; unit by unit is asked for, with the cells inside.",
     {"order": "cells"}),
    ("the cells of each unit come column by column; row by row is asked for.", {"cells": "columns"}),
    ("the result has more than two axes: lay all numbers of a picture out in one row.", {"order": "kept"}),
    ("the result has more than two axes: lay all numbers of a picture out in one "
     "row.", {"order": "per unit"}),
    ("all pictures have run together in one row; each picture has a row of its own.", {"order": "flat"}),
    ("rows and columns of the result are swapped: each picture has a row.", {"order": "turned"}),
    ("only the first unit is used.", {"only": "first unit"}),
    ("only the first picture is there. Does the function return while the loop still runs?",
     {"only": "first image"}),
    ("the units are averaged; each has numbers of its own.", {"only": "mean of units"}),
    ("the units are added up; each has numbers of its own.", {"only": "sum of units"}),
    ("each unit has one sum for the whole picture; there is one for each cell.", {"only": "sum of cells"}),
    ("windows that are not full count in your cells; they are dropped here.", {"ends": "kept"}),
]


def _histogram_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    settings = ((2, 6, 6, 4, 2), (3, 8, 10, 4, 3), (1, 7, 8, 2, 2), (4, 8, 8, 3, 3))
    for count, rows, columns, units, size in settings:
        images, kernels = quarters(rng, count, rows, columns), quarters(rng, units, 3, 3)
        if count == 4:
            images = rng.integers(0, 17, size=images.shape).astype(np.uint8)    # as the digits are stored
        cases.append(Case((images, kernels, size), f"{count} images of shape {images.shape[1:]} and dtype "
                                                   f"{images.dtype}, {units} units, size {size}"))
    return cases


def line_histogram(function: Callable[..., np.ndarray]) -> None:
    """Check task 6, first part: ``line_histogram(images, units, size)``."""
    judge(function, _histogram_cases, _histogram, _HISTOGRAM_SLIPS)
    correct("a picture has become a row that says how much of each line lies where.")


CELL = 2                # the size of a cell in the measurement
BAND = (0.88, 0.985)    # of the share that is right; tests/test_checks_06_07.py measures


@cache
def _test_digits() -> np.ndarray:
    from notmagic.datasets import load_digits

    return load_digits().y_test.astype(int)


def predictions(answer: Any) -> None:
    """Check task 6, second part: what a classifier on the features says to the test digits."""
    if answer is ... or answer is None:
        raise NotAnswered("train a classifier on the features, and give its answers for the test digits.")
    given = read_plain(as_array(answer), "predictions")
    right = _test_digits()
    if given.shape == (len(right), 10):
        raise CheckFailed("there are ten numbers for each digit. Which of the ten classes has the largest?")
    if given.ndim == 1 and len(given) > 1000:
        raise CheckFailed(f"there are {len(given):,} answers: are those for the training digits?")
    if given.shape == ():
        raise CheckFailed("one number is not enough: give the classifier's answer for each test digit, not "
                          "its accuracy.")
    if given.shape != right.shape:
        raise CheckFailed(f"wrong shape: expected {right.shape}, one answer for each test digit; got "
                          f"{given.shape}.")
    if not np.all(np.isin(given, np.arange(10))):
        raise CheckFailed("an answer is one of the whole numbers from 0 to 9.")
    share = float(np.mean(given == right))
    if share > BAND[1]:
        raise CheckFailed(f"{share:.3f} are right. No straight rule on these features reads so many: are "
                          f"those the labels themselves?")
    if share < 0.2:
        raise CheckFailed(f"{share:.3f} are right, hardly more than by guessing. Do features and labels "
                          f"belong to "
                          "the same pictures, in the same order? Do both sides have the same scale?")
    if share < BAND[0]:
        raise CheckFailed(f"{share:.3f} are right; these features allow more. Did the training end before "
                          f"it had settled? Is the cell size the one that is asked for?")
    correct("most of the test digits, read from sums of lines. People chose the features; only the last "
            "step was learned.")


# --- Task 7: convolution ----------------------------------------------------------------------------------


def _convolve(image: np.ndarray, kernel: np.ndarray, *, flip: str = "both", after: str = "none",
              sizes: str = "right") -> Parts:
    """Convolve as mathematics has it: :func:`_slide` with the kernel flipped along both axes."""
    return _slide(image, kernel, flip=flip, after=after, sizes=sizes)


_CONVOLVE_SLIPS: list[Slip] = [
    ("that is the feature map itself, a cross-correlation: the kernel is not flipped.", {"flip": "none"}),
    ("the kernel is flipped upside down, but not left to right.", {"flip": "rows"}),
    ("the kernel is flipped left to right, but not upside down.", {"flip": "columns"}),
    ("the kernel is transposed; a flip is something else: the last row becomes the first.",
     {"flip": "transposed"}),
    ("the kernel is turned by a quarter; both flips together make half a turn.", {"flip": "quarter"}),
    ("the kernel is turned by a quarter; both flips together make half a turn.", {"flip": "other quarter"}),
    ("the kernel is transposed as well as flipped.", {"flip": "other diagonal"}),
    ("the values are right, but the map stands on its head: the picture was flipped, too, or instead.",
     {"after": "reversed"}),
    ("the feature map was flipped; that is not the same as flipping the kernel.",
     {"flip": "none", "after": "reversed"}),
    ("the kernel was multiplied by -1; a flip moves the weights.", {"flip": "none", "after": "negated"}),
    ("the map is as large as the picture, with a rim of zeros. There is one value for each place where a "
     "whole window fits.", {"sizes": "rim"}),
]


def convolve(function: Callable[..., np.ndarray]) -> None:
    """Check task 7: ``convolve(image, kernel)``, the kernel flipped along both axes."""
    judge(function, _map_cases, _convolve, _CONVOLVE_SLIPS, hint=_map_hint)
    correct("two flips, and one becomes the other. A unit that is learned, or the same after half a turn, "
            "does not care.")


__all__ = ["by_hand", "convolve", "edge_filter", "edge_images", "feature_map", "line_histogram", "line_units",
           "pool", "predictions", "relu", "response", "threshold"]
