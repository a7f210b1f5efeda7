"""Checks for ``exercises/13-looking-inside``: maps of what mattered, neighbours, and ways to fool a network.

Functions are tried on small made-up networks whose answers and gradients are known to the last digit, and on
numbers that are drawn afresh at each call until no two known mistakes give the same results. Nothing here
needs the CIFAR-10 pictures or a network connection; Keras is imported only by the check of task 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import factorial
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    judge_words,
    name_of,
    quarters,
    run,
)
from notmagic.checks._networks import Parts, Slip, read_plain, without_frills
from notmagic.checks._pictures import described, judge, take_array

Predict = Callable[[np.ndarray], np.ndarray]


def _one(value: Any) -> Parts:
    return (np.asarray(value, dtype=np.float64),)


def _insist_on_pictures(pictures: Any) -> np.ndarray:
    """Read what a made-up network is given as float64 pictures (N, H, W, C), or say what it takes."""
    if np.ndim(pictures) != 4:
        raise ValueError("predict takes pictures of shape (N, H, W, C); it was given an array of shape "
                         f"{np.shape(pictures)}")
    return np.asarray(pictures, dtype=np.float64)


# --- Task 1: occlusion --------------------------------------------------------------------------------


def _corners(n: int, size: int, step: int, places: str) -> list[int]:
    """Give the first row (or column) of each window along a side of n pixels, or do it wrong."""
    ends = {"fitting": n - size + 1, "last missing": n - size, "over the edge": n}[places]
    return list(range(0, ends, step))


def _covered(image: np.ndarray, top: int, left: int, size: int, grey: float, cover: str, fill: str,
             side: str) -> np.ndarray:
    """Cover one window of a picture (H, W, C), or do it wrong."""
    size += {"own": 0, "more": 1, "less": -1}[side]
    if cover == "centred":
        rows, columns = (slice(max(0, at - size // 2), max(0, at - size // 2 + size)) for at in (top, left))
    else:
        rows, columns = slice(top, top + size), slice(left, left + size)
    window = image[rows, columns]
    value = {"grey": grey, "black": 0.0, "white": 255.0, "mean": image.mean(),
             "window mean": window.mean() if window.size else 0.0}[fill]
    result = image.copy()
    if cover == "rest":
        result[:] = value
        result[rows, columns] = window
    elif cover == "one channel":
        result[rows, columns, 0] = value
    else:
        result[rows, columns] = value
    return result


def _occlusion(predict: Predict, image: np.ndarray, size: int, stride: int, grey: float, *,
               places: str = "fitting", step: str = "stride", cover: str = "window", fill: str = "grey",
               side: str = "own", put_back: str = "yes", sides: str = "both", give: str = "drop",
               turned: str = "no") -> Parts:
    """Give by how much the score falls when each window is covered, or do it wrong.

    Parameters
    ----------
    predict
        Takes pictures (N, H, W, C), gives N scores.
    image
        (H, W, C).
    size, stride, grey
        Side of the window, its steps, what it is covered with.
    places, step, cover, fill, side, put_back, sides, give, turned
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        One array (rows, columns), if nothing goes wrong.
    """
    image = image.astype(np.float64)
    step = {"stride": stride, "size": size, "one": 1}[step]
    tops = _corners(image.shape[0], size, step, places)
    lefts = tops if sides == "rows" else _corners(image.shape[1], size, step, places)
    pictures, current = [], image
    for top in tops:
        for left in lefts:
            covered = _covered(current, top, left, size, grey, cover, fill, side)
            pictures.append(covered)
            current = covered if put_back != "yes" else image
    if put_back == "one array":
        pictures = [pictures[-1]] * len(pictures)
    left_over = predict(np.stack(pictures)).reshape(len(tops), len(lefts))
    whole = predict(image[None])[0]
    drop = whole - left_over
    scores = {"drop": drop, "left": left_over, "gain": -drop, "size": np.abs(drop),
              "falls": np.maximum(drop, 0), "share": drop / whole}[give]
    return _one({"no": scores, "swapped": scores.T, "upside down": scores[::-1],
                 "mirrored": scores[:, ::-1]}[turned])


_OCCLUSION_SLIPS: list[Slip] = [
    ("what was covered stays covered in yours: each picture must start from the whole one.",
     {"put_back": "never"}),
    ("all covered pictures are one and the same array in yours: what is written into one is in all.",
     {"put_back": "one array"}),
    ("that is the score of the covered picture. Asked is by how much it has fallen.", {"give": "left"}),
    ("the sign is turned round: where the score falls, the map is to be positive.", {"give": "gain"}),
    ("the sign is lost. Covering may also raise a score, and that is worth seeing.", {"give": "size"}),
    ("where covering raises the score, yours is 0. That is worth seeing, too.", {"give": "falls"}),
    ("yours is a share of the whole picture's score; the difference is asked for.", {"give": "share"}),
    ("everything but the window is covered.", {"cover": "rest"}),
    ("one channel is covered only; red, green and blue are to turn grey.", {"cover": "one channel"}),
    ("the window is centred on the place where its corner should be.", {"cover": "centred"}),
    ("you cover with black, whatever grey was asked for.", {"fill": "black"}),
    ("you cover with white, whatever grey was asked for.", {"fill": "white"}),
    ("you cover with the picture's mean, whatever grey was asked for.", {"fill": "mean"}),
    ("you cover with the window's own mean, whatever grey was asked for.", {"fill": "window mean"}),
    ("the window is one pixel too large.", {"side": "more"}),
    ("the window is one pixel too small.", {"side": "less"}),
    ("the last window is missing where it would fit exactly.", {"places": "last missing"}),
    ("your windows go over the edge; only those that fit whole count.", {"places": "over the edge"}),
    ("windows lie side by side in yours, whatever the stride is.", {"step": "size"}),
    ("the window moves by one pixel in yours, whatever the stride is.", {"step": "one"}),
    ("as many columns as rows are covered; not all pictures are square.", {"sides": "rows"}),
    ("rows and columns of the map have changed places.", {"turned": "swapped"}),
    ("the map is upside down: its first row belongs to the top of the picture.", {"turned": "upside down"}),
    ("the map is mirrored: its first column belongs to the left of the picture.", {"turned": "mirrored"}),
]


def _scorer(rng: np.random.Generator, *shape: int) -> Predict:
    """Make up a network with one score: a sum of products, and the magnitude of another."""
    plain, bent = quarters(rng, *shape), quarters(rng, *shape)

    def predict(pictures: np.ndarray) -> np.ndarray:
        pictures = _insist_on_pictures(pictures)
        return (pictures * plain).sum(axis=(1, 2, 3)) + np.abs((pictures * bent).sum(axis=(1, 2, 3))) / 4

    return predict


def _occlusion_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    # The last window fits exactly in the first two; pixels are left over in the others.
    for shape, size, stride in (((4, 6, 1), 2, 2), ((9, 7, 3), 3, 2), ((7, 10, 3), 2, 3), ((8, 9, 2), 4, 3)):
        image, grey = rng.integers(0, 256, shape).astype(np.uint8), int(rng.integers(90, 170))
        cases.append(Case((_scorer(rng, *shape), image, size, stride, grey),
                          f"a network, {described(image=image, size=size, stride=stride, grey=grey)}"))
    return cases


def _occlusion_hint(error: Exception, case: Case) -> str:
    if "predict takes pictures" in str(error):
        return "A single picture is a batch of one: image[np.newaxis] has the axis that is missing."
    if isinstance(error, OverflowError) or "out of bounds" in str(error):
        return "The picture has dtype uint8: whole numbers from 0 to 255. Which numbers do you write into it?"
    return ""


def occlusion_map(function: Callable[..., Any]) -> None:
    """Check task 1: ``occlusion_map(predict, image, size, stride, grey)``, an array (rows, columns)."""
    judge(function, _occlusion_cases, _occlusion, _OCCLUSION_SLIPS, hint=_occlusion_hint)
    correct("whatever can be asked for a score can be asked where it looks: no "
            "gradient, no view of its inside.")


# --- Task 2: saliency ---------------------------------------------------------------------------------


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _gradients(weights: Sequence[np.ndarray], image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the logits (K,) of a made-up network and their gradients (K, H, W, C), by arithmetic.

    ``weights`` are those of a dense layer, or of a convolution with ReLU and the dense layer behind it.
    """
    image = image.astype(np.float64)
    if len(weights) == 2:
        kernel, bias = weights
        return image.ravel() @ kernel + bias, kernel.T.reshape(-1, *image.shape)
    filters, offsets, kernel, bias = weights
    f = filters.shape[0]
    rows, columns = image.shape[0] - f + 1, image.shape[1] - f + 1
    steps = [(i, j, np.s_[i:i + rows, j:j + columns]) for i in range(f) for j in range(f)]
    before = offsets + sum(image[window] @ filters[i, j] for i, j, window in steps)
    logits = np.maximum(before, 0).ravel() @ kernel + bias
    back = kernel.T.reshape(-1, *before.shape) * (before > 0)                # (K, rows, columns, F)
    gradients = np.zeros((len(logits), *image.shape))
    for i, j, (down, right) in steps:
        gradients[:, down, right] += back @ filters[i, j].T
    return logits, gradients


def _saliency(model: Any, image: np.ndarray, which: int, *, of: str = "logit", join: str = "largest",
              give: str = "map") -> Parts:
    """Give the saliency map (H, W) of one class, or do it wrong.

    Parameters
    ----------
    model
        A network of :func:`_network`.
    image
        (H, W, C).
    which
        The class.
    of, join, give
        What to do wrong; the defaults are right.
    """
    logits, gradients = _gradients([np.asarray(weight, dtype=np.float64) for weight in model.get_weights()],
                                   image)
    p = _softmax(logits)
    mean = np.tensordot(p, gradients, axes=1)
    g = {"logit": gradients[which], "probability": p[which] * (gradients[which] - mean),
         "loss": mean - gradients[which], "all": gradients.sum(axis=0),
         "largest": gradients[logits.argmax()], "before": gradients[which - 1],
         "times": gradients[which] * image}[of]
    joined = {"largest": np.abs(g).max(axis=-1), "signed": g.max(axis=-1), "late": np.abs(g.max(axis=-1)),
              "sum": np.abs(g).sum(axis=-1), "mean": np.abs(g).mean(axis=-1), "first": np.abs(g[..., 0]),
              "size of sum": np.abs(g.sum(axis=-1)), "least": np.abs(g).min(axis=-1),
              "length": np.sqrt((g ** 2).sum(axis=-1)), "none": np.abs(g), "raw": g}[join]
    return _one({"map": lambda: joined, "scaled": lambda: joined / joined.max(),
                 "batch": lambda: joined[np.newaxis], "swapped": lambda: np.swapaxes(joined, 0, 1)}[give]())


_SALIENCY_SLIPS: list[Slip] = [
    ("that is the gradient of the probability. It shrinks to nothing when the network is sure; take the "
     "logit's.", {"of": "probability"}),
    ("that is the gradient of the cross-entropy, in which the other classes have a part. Take the logit's.",
     {"of": "loss"}),
    ("that is the gradient of all logits added up: which one was asked for?", {"of": "all"}),
    ("that is the map of the class with the largest logit, whichever class is asked for.",
     {"of": "largest"}),
    ("that is the map of the class before; classes count from 0.", {"of": "before"}),
    ("the gradient is multiplied by the picture; a dark pixel would then never matter.", {"of": "times"}),
    ("the absolute value is missing: a strong negative gradient matters as much.", {"join": "signed"}),
    ("the absolute value comes too late: the largest was chosen before it.", {"join": "late"}),
    ("the channels are added up; the largest of them is asked for.", {"join": "sum"}),
    ("that is the mean of the channels; the largest of them is asked for.", {"join": "mean"}),
    ("the channels are added up before their signs are gone, so they cancel.", {"join": "size of sum"}),
    ("that is the smallest of the channels.", {"join": "least"}),
    ("that is the length of the gradient at each pixel; the largest channel is asked for.",
     {"join": "length"}),
    ("one channel is looked at only.", {"join": "first"}),
    ("there still is a number for each channel; one for each pixel is asked for.", {"join": "none"}),
    ("that is the gradient as it is, with its signs and channels.", {"join": "raw"}),
    ("the map is divided by its largest value; leave it as it is, in logits for one step of a pixel.",
     {"give": "scaled"}),
    ("the axis of the batch is still there: one picture, one map.", {"give": "batch"}),
    ("rows and columns of the map have changed places.", {"give": "swapped"}),
]


def _network(rng: np.random.Generator, shape: tuple[int, ...], filters: int, classes: int) -> Any:
    """Build a small network with weights whose products float32 holds exactly."""
    import keras

    layers = [keras.Input(shape)]
    if filters:
        layers.append(keras.layers.Conv2D(filters, 3, activation="relu"))
    layers += [keras.layers.Flatten(), keras.layers.Dense(classes)]
    model = keras.Sequential(layers)
    model.set_weights([quarters(rng, *weight.shape, largest=1) / 4 for weight in model.weights])
    return model


def _saliency_case(rng: np.random.Generator, shape: tuple[int, ...], filters: int, classes: int,
                   top: bool, kind: type) -> Case:
    """Draw a network, a picture and a class: the likeliest, or another."""
    model = _network(rng, shape, filters, classes)
    while True:
        image = rng.integers(0, 6, shape).astype(kind)
        weights = [np.asarray(weight, dtype=np.float64) for weight in model.get_weights()]
        logits, gradients = _gradients(weights, image)
        first, second = np.sort(logits)[:-3:-1]
        # No probability is 1 or 0 to float32, else its gradient would vanish.
        if first - second > 0.01 and np.ptp(logits) < 5 and all(one.any() for one in gradients):
            break
        model.set_weights([quarters(rng, *weight.shape, largest=1) / 4 for weight in model.weights])
    which = int(logits.argmax()) if top else int(rng.choice(np.flatnonzero(logits < first)))
    return Case((model, image, which), f"a network with {classes} classes, an image of shape {shape} and "
                                       f"dtype {image.dtype}, and class {which}")


def _saliency_cases() -> list[Case]:
    rng = np.random.default_rng()
    return [_saliency_case(rng, (3, 5, 3), 0, 3, True, np.float32),
            _saliency_case(rng, (5, 4, 1), 2, 3, False, np.float32),
            _saliency_case(rng, (5, 7, 3), 2, 4, False, np.float32),
            _saliency_case(rng, (6, 4, 3), 3, 5, False, np.uint8)]


def _saliency_hint(error: Exception, case: Case) -> str:
    if "NoneType" in str(error) or "None values not supported" in str(error):
        return ("The tape gave None: it watches what it is told to watch, only floating-point numbers, and "
                "only what happens inside its with block.")
    if "expected shape" in str(error) or "incompatible" in str(error) or "ndim" in str(error):
        return "A network takes pictures of shape (N, H, W, C); a single picture is a batch of one."
    return ""


def saliency(function: Callable[..., Any]) -> None:
    """Check task 2: ``saliency(model, image, which)``, an array (H, W), on networks with known gradients."""
    try:
        judge(function, _saliency_cases, _saliency, _SALIENCY_SLIPS, hint=_saliency_hint)
    except NotAnswered:
        raise
    except CheckFailed as failure:
        raise CheckFailed(without_frills(failure.message)) from None
    correct("one pass forwards and one back give the slope of one logit along every pixel at once.")


# --- Task 3: Grad-CAM ---------------------------------------------------------------------------------


def _grad_cam(maps: np.ndarray, gradients: np.ndarray, *, weigh: str = "mean", join: str = "sum",
              cut: str = "last", swap: str = "no", give: str = "map") -> Parts:
    """Give the class activation map (rows, columns) of maps (rows, columns, K), or do it wrong.

    Source: Selvaraju et al., "Grad-CAM", ICCV 2017, equations 1 and 2.
    """
    maps, gradients = maps.astype(np.float64), gradients.astype(np.float64)
    if swap == "yes":
        maps, gradients = gradients, maps
    if cut == "gradients":
        gradients = np.maximum(gradients, 0)
    weights = {"mean": gradients.mean(axis=(0, 1)), "sum": gradients.sum(axis=(0, 1)),
               "place": gradients, "largest": gradients.max(axis=(0, 1)), "none": 1.0,
               "channels": gradients.mean(axis=2, keepdims=True),
               "sizes": np.abs(gradients).mean(axis=(0, 1))}[weigh]
    if cut == "weights":
        weights = np.maximum(weights, 0)
    products = maps * weights
    if cut == "products":
        products = np.maximum(products, 0)
    joined = {"sum": products.sum(axis=2), "mean": products.mean(axis=2), "largest": products.max(axis=2),
              "none": products}[join]
    if cut == "last":
        joined = np.maximum(joined, 0)
    elif cut == "size":
        joined = np.abs(joined)
    elif cut == "turned":
        joined = np.maximum(-joined, 0)
    return _one({"map": lambda: joined, "scaled": lambda: joined / joined.max(),
                 "stretched": lambda: (joined - joined.min()) / (joined.max() - joined.min()),
                 "swapped": lambda: np.swapaxes(joined, 0, 1)}[give]())


_CAM_SLIPS: list[Slip] = [
    ("the ReLU at the end is missing: what speaks against the class is to be 0.", {"cut": "none"}),
    ("an absolute value is no ReLU: what speaks against the class now seems to speak for it.",
     {"cut": "size"}),
    ("the ReLU is applied to each channel before they are added up, so nothing can speak against anything.",
     {"cut": "products"}),
    ("the ReLU is applied to the weights of the channels, not to the sum.", {"cut": "weights"}),
    ("the ReLU is applied to the gradients, not to the sum.", {"cut": "gradients"}),
    ("what is kept is what speaks against the class.", {"cut": "turned"}),
    ("the weight of a channel is the sum of its gradients in yours; their mean is asked for.",
     {"weigh": "sum"}),
    ("each place has a weight of its own in yours; a channel has one for all its places.",
     {"weigh": "place"}),
    ("the weight of a channel is its largest gradient in yours.", {"weigh": "largest"}),
    ("the gradients have no part in yours.", {"weigh": "none"}),
    ("the mean is taken along the wrong axes: one weight for each channel, not for each place.",
     {"weigh": "channels"}),
    ("the signs of the gradients are lost in the weights.", {"weigh": "sizes"}),
    ("maps and gradients have changed places.", {"swap": "yes"}),
    ("that is the mean over the channels; their sum is asked for.", {"join": "mean"}),
    ("that is the strongest channel at each place; their sum is asked for.", {"join": "largest"}),
    ("there still is a number for each channel: add them up.", {"join": "none"}),
    ("the map is divided by its largest value; leave it as it is.", {"give": "scaled"}),
    ("the map is stretched to 0 and 1; leave it as it is.", {"give": "stretched"}),
    ("rows and columns of the map have changed places.", {"give": "swapped"}),
]


def _cam_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    # A power of two places: their mean is exact in float32, too.
    shapes = ((2, 4, 1), (4, 4, 3), (8, 4, 6), (2, 8, 5))
    while len(cases) < len(shapes):
        shape = shapes[len(cases)]
        maps, gradients = np.abs(quarters(rng, *shape)), quarters(rng, *shape)
        maps[rng.random(shape) < 0.3] = 0.0                         # as ReLU leaves them
        if shape[-1] == 5:
            maps -= 1.0                                             # as a layer without ReLU does
        if _grad_cam(maps, gradients)[0].any():                     # something speaks for the class
            cases.append(Case((maps, gradients), described(maps=maps, gradients=gradients)))
    return cases


def grad_cam(function: Callable[..., Any]) -> None:
    """Check task 3: ``grad_cam(maps, gradients)``, an array (rows, columns)."""
    judge(function, _cam_cases, _grad_cam, _CAM_SLIPS)
    correct("as coarse as the maps it is made of, and that is the price: where a map says something, not "
            "which pixel.")


# --- Tasks 4 and 6: statements to be measured ---------------------------------------------------------


# What tests/test_checks_13.py measures of chapter 11's network with the exercise's picture.
HOLDS = ("holds", "fails")
STATEMENTS: dict[str, str] = {"A": "holds", "B": "fails", "C": "fails", "D": "holds", "E": "holds",
                              "F": "fails"}


def statements(answers: dict[str, str]) -> None:
    """Check task 4: which statements about a saliency map hold, by :data:`STATEMENTS`."""
    judge_words(answers, STATEMENTS, HOLDS,
                "change the pixel, the weights or the picture, and compare the numbers before and after.")
    correct("a saliency map says how steep a logit is here, for the smallest of steps, and no more.")


SAME = ("same", "may change")
NOTICES: dict[str, str] = {"A": "same", "B": "may change", "C": "same", "D": "may change", "E": "may change",
                           "F": "same", "G": "same", "H": "may change"}


def notices(answers: dict[str, str]) -> None:
    """Check task 6, second part: which networks notice that patches were shuffled, by :data:`NOTICES`."""
    judge_words(answers, NOTICES, SAME,
                "build the network with random weights, shuffle a picture, and compare what comes out.")
    correct("an order that no layer ever looks at cannot be missed, whatever is learned.")


# --- Task 5: neighbours -------------------------------------------------------------------------------


# Ways to sort, largest first. They differ in what comes first where two are equal, as a row and its double.
_SORTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "first index": lambda like: np.argsort(-like, kind="stable"),
    "as it comes": lambda like: np.argsort(-like),
    "turned round": lambda like: np.argsort(like)[::-1]}


def _nearest(features: np.ndarray, query: int, k: int, *, by: str = "cosine", itself: str = "left out",
             order: str = "nearest first", give: str = "indices", ties: str = "first index") -> Parts:
    """Find the k rows of features (N, D) that are most like one of them, or do it wrong.

    ``ties`` is one of :data:`_SORTED`. It makes no difference to what is right: only the picture itself is
    as like as another.
    """
    x = features.astype(np.float64)
    if by == "columns":
        x = x / np.linalg.norm(x, axis=0)
    if by == "centred":
        x = x - x.mean(axis=0)
    dots, lengths = x @ x[query], np.linalg.norm(x, axis=1)
    like = {"dot": dots, "columns": dots, "euclid": -np.linalg.norm(x - x[query], axis=1),
            "magnitude": np.abs(dots / lengths), "half": dots / lengths ** 2,
            "manhattan": -np.abs(x - x[query]).sum(axis=1)}.get(by, dots / lengths)
    if itself == "zero":
        like = np.where(np.arange(len(x)) == query, 0.0, like)
    everyone = _SORTED[ties](like)
    found = {"left out": lambda: everyone[everyone != query], "first skipped": lambda: everyone[1:],
             # The places of an array without the picture are not those of x.
             "dropped first": lambda: _SORTED[ties](np.delete(like, query))}.get(itself, lambda: everyone)()
    if order == "furthest first":
        found = found[::-1]
    found = found[:k]
    if order == "nearest last":
        found = found[::-1]
    elif order == "by index":
        found = np.sort(found)
    cosines = dots / lengths / lengths[query]
    return _one({"indices": lambda: found, "from one": lambda: found + 1, "likeness": lambda: cosines[found],
                 "one more": lambda: everyone[:k + 1], "rows": lambda: features[found],
                 "all": lambda: everyone, "one": lambda: found[0]}[give]())


_NEAREST_SLIPS: list[Slip] = [
    *[("the picture itself is among its neighbours.", {"itself": "kept", "ties": ties}) for ties in _SORTED],
    *[("the first of all is left out, whichever picture it is. Another that points the same way is just as "
       "like: leave the picture itself out.", {"itself": "first skipped", "ties": ties}) for ties in _SORTED],
    ("the picture itself gets the likeness 0, more than those that point away. It is to be left out.",
     {"itself": "zero"}),
    ("the indices are off: they count in an array from which the picture itself was taken out.",
     {"itself": "dropped first"}),
    ("yours are the furthest, not the nearest.", {"order": "furthest first"}),
    ("the nearest stands last; it is to be the first.", {"order": "nearest last"}),
    ("the right pictures, but in the order of their indices; the nearest is to be the first.",
     {"order": "by index"}),
    ("you use the Euclidean distance: long vectors are far from short ones, even in one direction.",
     {"by": "euclid"}),
    ("you add up the differences; the cosine is asked for.", {"by": "manhattan"}),
    ("that is the dot product alone: the longest vectors win. Divide by the lengths.", {"by": "dot"}),
    ("you divide by the squared length of the other vector. Each length counts once.", {"by": "half"}),
    ("you divide each feature by its length over all pictures; each picture has a length.",
     {"by": "columns"}),
    ("you subtract the mean first; that is a correlation, not the cosine.", {"by": "centred"}),
    ("vectors that point the opposite way count as near in yours.", {"by": "magnitude"}),
    ("the indices count from 1; Python's first is 0.", {"give": "from one"}),
    ("these are the cosines; their indices are asked for.", {"give": "likeness"}),
    ("these are the features of the neighbours; their indices are asked for.", {"give": "rows"}),
    *[("there is one neighbour too many, and one of them is the picture itself.",
       {"give": "one more", "ties": ties}) for ties in _SORTED],
    *[("all pictures come back; k of them are asked for.", {"give": "all", "ties": ties})
      for ties in _SORTED],
    ("only the first neighbour comes back; k of them are asked for.", {"give": "one"}),
]


def _nearest_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases: list[Case] = []
    # Pictures, features and k; and whether a row before or behind is 2 or 4 times that of the picture. In one
    # case, all others are asked for.
    settings = ((5, 2, 2, ""), (8, 4, 3, "before"), (9, 4, 4, "behind"), (7, 3, 6, ""), (12, 4, 5, "before"),
                (20, 6, 4, ""), (30, 9, 7, ""))
    while len(cases) < len(settings):
        n, d, k, double = settings[len(cases)]
        features = rng.normal(size=(n, d)) * rng.uniform(1, 5, (n, 1))      # some long, some short
        query = int(rng.integers(1, n - 1))
        if double:
            # A length of 2, 4 or 8: whatever is computed is exact, so that both are alike to the last digit.
            features[query] = rng.choice([-1, 1], d) * rng.choice([1, 2, 4])
            other = int(rng.integers(query) if double == "before" else rng.integers(query + 1, n))
            features[other] = features[query] * rng.choice([2, 4])
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        likeness = np.sort(np.delete(unit @ unit[query], query))
        if np.diff(likeness).min() > 1e-4:                          # one answer, in float32 as well
            cases.append(Case((features, query, k), described(features=features, query=query, k=k)))
    return cases


def nearest(function: Callable[..., Any]) -> None:
    """Check task 5: ``nearest(features, query, k)``, k indices."""
    judge(function, _nearest_cases, _nearest, _NEAREST_SLIPS)
    correct("two pictures can be far apart as pixels and neighbours in features: that is what was learned.")


# --- Task 6: shuffled patches -------------------------------------------------------------------------


def _cut(image: np.ndarray, size: int) -> np.ndarray:
    """Cut a picture (H, W, C) into patches (P, size, size, C), row after row."""
    height, width, channels = image.shape
    patches = image.reshape(height // size, size, width // size, size, channels).swapaxes(1, 2)
    return patches.reshape(-1, size, size, channels)


def _places_of(given: np.ndarray, image: np.ndarray, size: int) -> list[int] | None:
    """Say which patch of the picture lies at each place, or None if something else lies at one."""
    known = {patch.tobytes(): place for place, patch in enumerate(_cut(image, size))}
    places = [known.get(patch.tobytes()) for patch in _cut(given, size)]
    return None if any(place is None for place in places) else places


def _turned(patches: np.ndarray) -> Iterable[np.ndarray]:
    """Give patches (P, size, size, C) turned and mirrored in all ways but the plain one."""
    for turns in range(4):
        quarter = np.rot90(patches, turns, axes=(1, 2))
        yield from ([quarter] if turns else []) + [quarter[:, :, ::-1]]


def _explain_pixels(given: np.ndarray, image: np.ndarray, size: int) -> str:
    """Say what a result holds that is not made of whole patches of the picture."""
    if not np.array_equal(np.sort(given, axis=None), np.sort(image, axis=None)):
        return "pixels are lost or changed: every patch of the picture must be in the result, as it was."
    if all(_places_of(given[..., [c]], image[..., [c]], size) for c in range(image.shape[-1])):
        return "each channel has an order of its own: the three numbers of a pixel must stay together."
    known = {patch.tobytes() for way in _turned(_cut(image, size)) for patch in way}
    known |= {patch.tobytes() for patch in _cut(image, size)}
    if all(patch.tobytes() in known for patch in _cut(given, size)):
        return "the patches are turned or mirrored; they are to be moved only."
    pixels = {pixel.tobytes() for pixel in image.reshape(-1, image.shape[-1])}
    if not all(pixel.tobytes() in pixels for pixel in given.reshape(-1, image.shape[-1])):
        return "the numbers of a pixel have changed places: red, green and blue must stay in order."
    return ("all pixels are there, but not in their patches: a patch must look as it did, at another place. "
            "Is the order of the axes right before you join the patches again?")


def _explain_orders(orders: Sequence[Sequence[int]], rows: int, columns: int) -> str | None:
    """Say in what way the orders of several calls are too tame, if they are."""
    tables = [np.reshape(order, (rows, columns)) for order in orders]
    home = np.arange(rows * columns).reshape(rows, columns)
    if all(np.array_equal(table, home) for table in tables):
        return "the picture comes back as it was."
    if all(np.array_equal(table % columns, np.broadcast_to(table[:1] % columns, table.shape))
           and np.array_equal(table // columns, np.broadcast_to(table[:, :1] // columns, table.shape))
           for table in tables):
        return "whole rows and columns of patches are moved; each patch is to move on its own."
    if all(np.array_equal(table // columns, home // columns) for table in tables):
        return "each patch stays in its row of patches; it may land anywhere."
    if all(np.array_equal(table % columns, home % columns) for table in tables):
        return "each patch stays in its column of patches; it may land anywhere."
    if len({tuple(order) for order in orders}) == 1:
        return "the order is the same each time, whichever rng is given: draw it from rng."
    return None


TRIES = 600     # at two by two patches: each of the 24 orders is missed once in 5 billion checks


def _shuffled(function: Any, image: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Call a reader's function with an rng of its own, and insist on a plain array of the right shape."""
    case = Case((image, size, np.random.default_rng(seed)), described(image=image, size=size) + " and an rng")
    (given,) = take_array(run(function, case), ("the result",))
    given = read_plain(given, "the result").astype(np.float64)
    if given.shape != image.shape:
        raise CheckFailed(f"wrong shape: expected {image.shape}, got {given.shape}.\n  "
                          f"{name_of(function)} was given {case.described}.")
    if not np.all(np.isfinite(given)):
        raise CheckFailed("there is a nan or an inf in the result. Is every patch put back?")
    return given


def _order(function: Any, image: np.ndarray, size: int, seed: int) -> list[int]:
    """Give the order in which a reader's function puts the patches, or say what is wrong with them."""
    given, picture = _shuffled(function, image, size, seed), image.astype(np.float64)
    places = _places_of(given, picture, size)
    if places is None:
        raise CheckFailed(_explain_pixels(given, picture, size))
    if len(set(places)) < len(places):
        raise CheckFailed("some patches come twice and others are gone: no patch may be drawn again.")
    return places


def shuffle_patches(function: Callable[..., Any]) -> None:
    """Check task 6, first part: ``shuffle_patches(image, size, rng)``, the same patches in random order."""
    random = np.random.default_rng()

    def picture(*shape: int) -> np.ndarray:
        while True:
            image = random.integers(0, 256, shape).astype(np.uint8)
            channels = image.reshape(-1, shape[-1]).T
            if len({pixel.tobytes() for pixel in image.reshape(-1, shape[-1])}) == channels.shape[1]:
                return image                                        # all pixels can be told apart

    first = int(random.integers(1, 10**9))
    for shape, size in (((12, 12, 3), 4), ((8, 14, 4), 2), ((15, 10, 3), 5)):
        image = picture(*shape)
        rows, columns = shape[0] // size, shape[1] // size
        orders = [_order(function, image, size, first + call) for call in range(12)]
        problem = _explain_orders(orders, rows, columns)
        if problem:
            raise CheckFailed(problem)
        if _order(function, image, size, first) != orders[0]:
            raise CheckFailed("the same rng gives two different orders: chance must come from rng alone, so "
                              "that a result can be repeated.")
    image = picture(6, 6, 3)
    seen = {tuple(_order(function, image, 3, first + call)) for call in range(TRIES)}
    if len(seen) < factorial(4):
        raise CheckFailed(f"some orders never come up: with four patches there were only {len(seen)} "
                          f"different ones in {TRIES} tries. Every patch may land at every place, its own "
                          "as well.")
    correct("every pixel is still there and the picture is gone: what is lost is where things are.")


# --- Task 7: an adversarial step ----------------------------------------------------------------------


def _step(image: np.ndarray, gradient: np.ndarray, eps: int, *, way: str = "sign", sign: int = 1,
          clip: str = "both", give: str = "picture") -> Parts:
    """Take one step of the fast gradient sign method, or do it wrong.

    Source: Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015.
    """
    x, g = image.astype(np.float64), gradient.astype(np.float64)
    largest = np.abs(g).max()
    direction = {"sign": np.sign(g), "gradient": g, "scaled": g / largest,
                 "up or down": np.where(g > 0, 1, -1), "down or up": np.where(g < 0, -1, 1),
                 "length": g / np.linalg.norm(g), "all up": np.ones_like(g),
                 "one pixel": np.sign(g) * (np.abs(g) == largest)}[way]
    moved = x + sign * eps * direction
    picture = {"both": np.clip(moved, 0, 255), "none": moved, "below": np.maximum(moved, 0),
               "above": np.minimum(moved, 255), "one": np.clip(moved, 0, 1),
               "wrap": np.mod(np.trunc(moved), 256)}[clip]
    return _one({"picture": picture, "change": sign * eps * direction, "real change": picture - x}[give])


_STEP_SLIPS: list[Slip] = [
    ("values below 0 or above 255 come out. No picture has them: clip.", {"clip": "none"}),
    ("values above 255 come out.", {"clip": "below"}),
    ("values below 0 come out.", {"clip": "above"}),
    ("your pixels end at 1; here they go from 0 to 255.", {"clip": "one"}),
    ("the values run over the edge of uint8: 255 and one more is 0. Clip before the type is changed.",
     {"clip": "wrap"}),
    ("you go down the gradient; the loss is to rise.", {"sign": -1}),
    ("the gradient itself is added. Only its sign counts: each pixel value moves by eps.",
     {"way": "gradient"}),
    ("the gradient is divided by its largest value; only its sign counts.", {"way": "scaled"}),
    ("the gradient is divided by its length; only its sign counts.", {"way": "length"}),
    ("where the gradient is 0, the pixel value is to stay; yours falls.", {"way": "up or down"}),
    ("where the gradient is 0, the pixel value is to stay; yours rises.", {"way": "down or up"}),
    ("the gradient has no part in yours: everything becomes lighter.", {"way": "all up"}),
    ("only the steepest pixel value moves; all of them are to move.", {"way": "one pixel"}),
    ("that is the step alone; asked is the picture after it.", {"give": "change"}),
    ("that is how much the picture changes; asked is the picture after the step.", {"give": "real change"}),
]


def _step_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for shape in ((2, 3, 1), (4, 5, 3), (6, 4, 3)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        eps = int(rng.integers(3, 13))
        gradient = quarters(rng, *shape) / 8
        # Both ends of the scale, with slopes beyond them; and places where nothing changes the loss.
        ends, flat = rng.permutation(image.size)[:4], rng.permutation(image.size)[:max(1, image.size // 8)]
        gradient.flat[flat] = 0.0
        image.flat[ends] = (0, 255, 1, 254)
        gradient.flat[ends] = np.array([-1, 1, -1, 1]) * np.abs(quarters(rng, 4)) / 8
        cases.append(Case((image, gradient, eps), described(image=image, gradient=gradient, eps=eps)))
    return cases


def _step_hint(error: Exception, case: Case) -> str:
    if isinstance(error, OverflowError) or "Cannot cast ufunc" in str(error):
        return "The picture has dtype uint8: it has no place for a negative number, nor for one above 255."
    return ""


def adversarial_step(function: Callable[..., Any]) -> None:
    """Check task 7: ``adversarial_step(image, gradient, eps)``, the picture after one step."""
    judge(function, _step_cases, _step, _STEP_SLIPS, hint=_step_hint)
    correct("no pixel value moves by more than eps, and all move the way that hurts: thousands of small "
            "steps add up.")


# --- Task 8: measuring a limit ------------------------------------------------------------------------


def _accuracies(predict: Predict, images: np.ndarray, labels: np.ndarray,
                change: Callable[[np.ndarray, Any], np.ndarray], amounts: Sequence[Any], *,
                start: str = "fresh", against: str = "labels", give: str = "share", best: str = "largest",
                first: str = "all") -> Parts:
    """Measure the share of right answers after each change, or do it wrong."""
    shares, current = [], images
    plain = predict(images).argmax(axis=1)
    for amount in amounts:
        changed = {"fresh": lambda a=amount: change(images, a), "never": lambda: images,
                   "first": lambda: change(images, amounts[0])}.get(
                       start, lambda a=amount, c=current: change(c, a))()
        current = changed
        scores = predict(changed)
        found = {"largest": scores.argmax, "smallest": scores.argmin, "score": scores.max}[best](axis=1)
        right = found == (labels if against == "labels" else plain)
        if first == "likely":
            right = right & (plain == labels)
        shares.append({"share": right.mean(), "count": right.sum(), "wrong": 1 - right.mean(),
                       "percent": 100 * right.mean(),
                       "score": scores[np.arange(len(labels)), labels].mean()}.get(give, right.mean()))
    result = np.array(shares, dtype=np.float64)
    return _one({"mean": result.mean, "lost": lambda: result[0] - result, "turned": lambda: result[::-1],
                 "one too few": lambda: result[:-1], "last": lambda: result[-1],
                 }.get(give, lambda: result)())


_ACCURACY_SLIPS: list[Slip] = [
    ("the changes pile up: each amount must start from the pictures as they were.", {"start": "last"}),
    ("the pictures are never changed: predict sees the plain ones each time.", {"start": "never"}),
    ("all results are those of the first amount.", {"start": "first"}),
    ("you compare with the network's own answers to the plain pictures; the labels say what is right.",
     {"against": "itself"}),
    ("you count only pictures that were right before the change; all are to count.", {"first": "likely"}),
    ("these are counts; divide them by the number of pictures.", {"give": "count"}),
    ("these are shares of *wrong* answers.", {"give": "wrong"}),
    ("these are percentages; shares from 0 to 1 are asked for.", {"give": "percent"}),
    ("these are mean scores of the right class; asked is how often it has the largest.", {"give": "score"}),
    ("one number for all amounts comes back; one for each is asked for.", {"give": "mean"}),
    ("these are losses against the first amount; the shares themselves are asked for.", {"give": "lost"}),
    ("the order is turned round.", {"give": "turned"}),
    ("the last amount is missing.", {"give": "one too few"}),
    ("only the last amount comes back.", {"give": "last"}),
    ("you take the class with the smallest score.", {"best": "smallest"}),
    ("you compare the largest score with the label. A label says *where* the largest is to stand.",
     {"best": "score"}),
]


def _accuracy_case(rng: np.random.Generator, n: int, classes: int, amounts: tuple[int, ...]) -> Case:
    """Make up a network, pictures with labels that it often finds, and a change that depends on the order."""
    shape = (4, 5, 2)
    weights = quarters(rng, int(np.prod(shape)), classes)

    def predict(pictures: np.ndarray) -> np.ndarray:
        return _insist_on_pictures(pictures).reshape(len(pictures), -1) @ weights

    def change(pictures: np.ndarray, amount: int) -> np.ndarray:
        pictures = _insist_on_pictures(pictures)
        return np.roll(pictures, amount, axis=2) + amount * (pictures > 0)

    images = quarters(rng, n, *shape)
    labels = predict(images).argmax(axis=1)
    guessed = rng.random(n) < 0.4
    labels[guessed] = rng.integers(0, classes, guessed.sum())
    return Case((predict, images, labels, change, amounts),
                f"a network with {classes} classes, {n} images of shape {shape} with their labels, a "
                f"function that changes pictures, and amounts = {amounts}")


def _accuracy_cases() -> list[Case]:
    rng = np.random.default_rng()
    return [_accuracy_case(rng, 16, 3, (0, 1)), _accuracy_case(rng, 40, 4, (2, 1, 3)),
            _accuracy_case(rng, 64, 5, (0, 1, 2, 3))]


def _accuracy_hint(error: Exception, case: Case) -> str:
    if "predict takes pictures" in str(error):
        return ("predict and change take all pictures at once; change takes the pictures first, then the "
                "amount.")
    return ""


def accuracies(function: Callable[..., Any]) -> None:
    """Check task 8: ``accuracies(predict, images, labels, change, amounts)``, a share for each amount."""
    judge(function, _accuracy_cases, _accuracies, _ACCURACY_SLIPS, hint=_accuracy_hint)
    correct("any limit you can write down as a function can be measured now.")


__all__ = ["accuracies", "adversarial_step", "grad_cam", "nearest", "notices", "occlusion_map", "saliency",
           "shuffle_patches", "statements"]
