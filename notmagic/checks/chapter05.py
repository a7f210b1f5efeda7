"""Checks for ``exercises/05-networks-that-learn``: shapes, forward, backward, mini-batches, a bug hunt.

The network is the one of the chapter: inputs X (N, D), a hidden layer H = ReLU(X @ W1 + b1), scores
H @ W2 + b2, probabilities P = softmax(scores), row by row. The loss is the mean of -log P at the right
class. Gradients that readers compute are compared with finite differences of that loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from math import factorial
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    correct,
    explain_number,
    judge_counts,
    quarters,
    read_answers,
    read_number,
    run,
    take_tuple,
)
from notmagic.checks._networks import (
    NO_BIAS,
    Parts,
    Slip,
    Trial,
    judge_slips,
    read_plain,
    read_shape,
    take_dictionary,
    take_one,
    wrong_dense_counts,
)
from notmagic.geometry import dense_params

GRADIENTS = ("dW1", "db1", "dW2", "db2")


# --- The network, and every known way to get it wrong -------------------------------------------------


def forward_pass(X: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray, *,
                 hidden: str = "relu", out: str = "softmax", first_bias: bool = True,
                 second_bias: bool = True, stable: str = "rows", give: str = "H, P") -> Parts:
    """Run the network on a batch, right or in a known wrong way.

    Parameters
    ----------
    X, W1, b1, W2, b2
        Shapes (N, D), (D, M), (M,), (M, K), (K,).
    hidden, out, first_bias, second_bias, stable, give
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        Hidden values (N, M) and probabilities (N, K).
    """
    Z1 = X @ W1 + (b1 if first_bias else 0)
    H = {"relu": lambda: np.maximum(Z1, 0), "none": lambda: Z1, "sigmoid": lambda: 1 / (1 + np.exp(-Z1)),
         "tanh": lambda: np.tanh(Z1), "step": lambda: (Z1 > 0) * 1.0, "abs": lambda: np.abs(Z1)}[hidden]()
    scores = H @ W2 + (b2 if second_bias else 0)
    if out == "relu first":
        scores = np.maximum(scores, 0)
    shift = {"rows": lambda: scores.max(axis=1, keepdims=True), "none": lambda: 0.0, "all": scores.max,
             "columns": lambda: scores.max(axis=0)}[stable]()
    powers = np.exp(scores - shift)
    axis = {"axis 0": 0, "all": None}.get(out, 1)
    P = {"scores": lambda: scores, "sigmoid": lambda: 1 / (1 + np.exp(-scores)), "powers": lambda: powers,
         "log": lambda: np.log(powers / powers.sum(axis=1, keepdims=True)),
         "shares": lambda: scores / scores.sum(axis=1, keepdims=True)
         }.get(out, lambda: powers / powers.sum(axis=axis, keepdims=True))()
    return {"H, P": (H, P), "P, H": (P, H), "Z1": (Z1, P), "scores": (H, scores)}[give]


def gradients(X: np.ndarray, y: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
              ) -> tuple[float, dict[str, np.ndarray]]:
    """Compute the loss on a batch and its gradients: a right pair of passes to build on in task 6.

    Parameters
    ----------
    X, y
        Inputs (N, D) and the right classes (N,), whole numbers from 0.
    W1, b1, W2, b2
        Shapes (D, M), (M,), (M, K), (K,).

    Returns
    -------
    loss
        The mean over the batch of -log P at the right class.
    dict of numpy.ndarray
        Gradients with the names dW1, db1, dW2 and db2, each of the shape of its parameter.
    """
    H, P = forward_pass(X, W1, b1, W2, b2)
    loss = float(np.mean(-np.log(np.maximum(P[np.arange(len(X)), y], 1e-300))))
    slopes = backward_pass(X, np.eye(len(b2))[y], H, P, W2)
    return loss, dict(zip(GRADIENTS, slopes, strict=True))


def backward_pass(X: np.ndarray, Y: np.ndarray, H: np.ndarray, P: np.ndarray, W2: np.ndarray, *,
                  difference: str = "P - Y", mean: str = "N", mask: str = "H", transposed: bool = True,
                  updated: float = 0.0, db: str = "columns", turned: bool = False) -> Parts:
    """Compute the four gradients of the loss, right or in a known wrong way.

    Parameters
    ----------
    X, Y, H, P, W2
        Inputs (N, D), right answers one-hot (N, K), hidden values (N, M), probabilities (N, K), weights
        (M, K).
    difference, mean, mask, transposed, updated, db, turned
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        dW1 (D, M), db1 (M,), dW2 (M, K), db2 (K,).
    """
    N, K = P.shape
    dZ2 = {"P - Y": P - Y, "Y - P": Y - P, "P": P, "squares": (P - Y) * P * (1 - P),
           "loss": -Y / P}[difference]
    dZ2 = dZ2 / {"N": N, "none": 1, "entries": N * K, "classes": K, "twice": N * N}[mean]
    dW2 = H.T @ dZ2
    W2 = W2 - updated * dW2
    dH = dZ2 @ (W2.T if transposed else W2)
    dZ1 = dH * {"H": H > 0, "none": 1, "values": H, "dH": dH > 0, "inverted": H <= 0,
                "sigmoid": H * (1 - H)}[mask]

    def add_up(dZ: np.ndarray) -> np.ndarray:
        return {"columns": lambda: dZ.sum(axis=0), "rows": lambda: dZ.sum(axis=1), "all": lambda: dZ.sum(),
                "mean": lambda: dZ.mean(axis=0), "none": lambda: dZ, "first": lambda: dZ[0],
                "kept": lambda: dZ.sum(axis=0, keepdims=True)}[db]()

    dW1 = X.T @ dZ1
    if turned:
        dW1, dW2 = dW1.T, dW2.T
    return tuple(np.asarray(slope) for slope in (dW1, add_up(dZ1), dW2, add_up(dZ2)))


# --- Task 1: shapes and counts ------------------------------------------------------------------------

ROWS, COLUMNS, HIDDEN, CLASSES, BATCH = 12, 16, 30, 7, 50
_PIXELS = ROWS * COLUMNS

SHAPES: dict[str, tuple[int, ...]] = {
    "X": (BATCH, _PIXELS),
    "W1": (_PIXELS, HIDDEN),
    "b1": (HIDDEN,),
    "H": (BATCH, HIDDEN),
    "W2": (HIDDEN, CLASSES),
    "b2": (CLASSES,),
    "P": (BATCH, CLASSES),
    "dW1": (_PIXELS, HIDDEN),
    "db2": (CLASSES,),
}

_PER_PICTURE = {"X", "H", "P"}


def _judge_shape(question: str, answer: Any) -> str | None:
    given, right = read_shape(answer, "(3, 4)", "(3,) for an array with one axis"), SHAPES[question]
    if given == right:
        return None
    if given == right[::-1]:
        return "the right numbers in the wrong order: rows first, then columns."
    if len(right) == 1 and sorted(given) == sorted((1, *right)):
        return "a bias has one axis here; what you give has two."
    if len(right) == 1 and BATCH in given:
        return "the bias is the same for all pictures of the batch: how many there are has no part in it."
    if question in _PER_PICTURE and BATCH not in given:
        return "that is for one picture; there is a row for each picture of the batch."
    if question not in _PER_PICTURE and BATCH in given:
        return "parameters and their gradients do not depend on how many pictures there are."
    if question == "X" and given == (BATCH, ROWS, COLUMNS):
        return "a dense layer takes each picture as one long row of pixels."
    if question.startswith("d"):
        return "a gradient has one slope for each entry of its parameter. What does that say about its shape?"
    return "not this shape. Draw the arrays as boxes: where two are multiplied, the inner sides must fit."


def shapes(answers: dict[str, tuple[int, ...]]) -> None:
    """Check task 1, first part: the shape of each array of :data:`SHAPES`."""
    read_answers(answers, SHAPES, _judge_shape,
                 blank="give a shape for each of the arrays, such as (3, 4).")
    correct("values have a row for each picture; parameters and their gradients do not.")


COUNTS: dict[str, int] = {
    "hidden layer": dense_params(_PIXELS, HIDDEN),
    "output layer": dense_params(HIDDEN, CLASSES),
    "network": dense_params(_PIXELS, HIDDEN) + dense_params(HIDDEN, CLASSES),
    "twice as many hidden units": dense_params(_PIXELS, 2 * HIDDEN) + dense_params(2 * HIDDEN, CLASSES),
    "products for one picture": _PIXELS * HIDDEN + HIDDEN * CLASSES,
}


def _wrong_layer(inputs: int, units: int) -> list[tuple[float, str]]:
    return [*wrong_dense_counts(inputs, units),
            ((inputs + 1) * units * BATCH, "all pictures of a batch meet the same weights.")]


_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "hidden layer": [
        *_wrong_layer(_PIXELS, HIDDEN),
        ((ROWS + COLUMNS + 1) * HIDDEN, "a picture has rows times columns pixels."),
        ((ROWS + 1) * HIDDEN, "a hidden unit looks at every pixel of the picture."),
    ],
    "output layer": [
        *_wrong_layer(HIDDEN, CLASSES),
        (dense_params(_PIXELS, CLASSES), "this layer does not see the pixels. What does it see?"),
        (dense_params(_PIXELS + HIDDEN, CLASSES), "this layer sees the hidden values only."),
    ],
    "network": [
        (_PIXELS * HIDDEN + HIDDEN * CLASSES, NO_BIAS),
        (_PIXELS * HIDDEN + HIDDEN * CLASSES + 2,
         "one bias for each layer is too few: each unit has its own."),
        (_PIXELS * HIDDEN * CLASSES, "the two layers are added, not multiplied."),
        (dense_params(_PIXELS, HIDDEN) * dense_params(HIDDEN, CLASSES), "the layers are added, not "
                                                                        "multiplied."),
        (dense_params(_PIXELS, HIDDEN), "the output layer is missing."),
    ],
    "twice as many hidden units": [
        (2 * (dense_params(_PIXELS, HIDDEN) + dense_params(HIDDEN, CLASSES)),
         "not everything doubles: the number of classes stays what it is."),
        (_PIXELS * 2 * HIDDEN + 2 * HIDDEN * CLASSES, NO_BIAS),
        (dense_params(_PIXELS, 2 * HIDDEN) + dense_params(HIDDEN, CLASSES),
         "the output layer looks at the hidden units: it grows, too."),
        (dense_params(_PIXELS, HIDDEN) + dense_params(2 * HIDDEN, CLASSES),
         "each new hidden unit has weights of its own to all pixels."),
        (dense_params(_PIXELS, 2 * HIDDEN), "the output layer is missing."),
        (dense_params(_PIXELS, HIDDEN) + dense_params(HIDDEN, HIDDEN) + dense_params(HIDDEN, CLASSES),
         "that is a second hidden layer; here the one layer gets wider."),
        (dense_params(2 * _PIXELS, HIDDEN) + dense_params(HIDDEN, CLASSES), "the pictures stay as they are."),
    ],
    "products for one picture": [
        (dense_params(_PIXELS, HIDDEN) + dense_params(HIDDEN, CLASSES), "a bias is added, not multiplied."),
        (_PIXELS * HIDDEN, "the output layer is missing."),
        (_PIXELS * HIDDEN * CLASSES, "the layers work one after the other: add their products."),
        (BATCH * (_PIXELS * HIDDEN + HIDDEN * CLASSES), "that is for the batch."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 1, second part: how many, for each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS, "not this number. Count one unit first.")
    correct("nearly all parameters of such a network sit between the pixels and the hidden layer.")


# --- Task 2: forward ----------------------------------------------------------------------------------

_FORWARD_SLIPS: list[Slip] = [
    ("the hidden layer has no activation: its negative values are still there.", {"hidden": "none"}),
    ("P is computed from the right hidden values, but the H that you return still has its negative values.",
     {"give": "Z1"}),
    ("the hidden layer has a sigmoid; ReLU is asked for.", {"hidden": "sigmoid"}),
    ("the hidden layer has a tanh; ReLU is asked for.", {"hidden": "tanh"}),
    ("the hidden layer has a step; ReLU lets positive values pass as they are.", {"hidden": "step"}),
    ("negative values have lost their sign; ReLU puts 0 in their place.", {"hidden": "abs"}),
    ("these are the scores; softmax is missing.", {"out": "scores"}),
    ("P adds up to 1 down each column. It is to add up to 1 along each row: one row is one example.",
     {"out": "axis 0"}),
    ("the whole of P adds up to 1. Each example has probabilities of its own, that add up to 1.",
     {"out": "all"}),
    ("the output has a sigmoid for each class; softmax lets the classes compete.", {"out": "sigmoid"}),
    ("ReLU is applied to the scores, too. It belongs to the hidden layer only: a score may be negative.",
     {"out": "relu first"}),
    ("the scores are divided by their sum; softmax takes the exponential first.", {"out": "shares"}),
    ("the exponentials are not divided by their sum.", {"out": "powers", "stable": "none"}),
    ("the exponentials are not divided by their sum.", {"out": "powers"}),
    ("these are logarithms of the probabilities.", {"out": "log"}),
    ("the bias b1 was forgotten.", {"first_bias": False}),
    ("the bias b2 was forgotten.", {"second_bias": False}),
    ("H and P are returned in the wrong order.", {"give": "P, H"}),
    ("right for small scores. For large ones np.exp overflows, and P becomes nan (not a number). Softmax "
     "stays what it is when all scores of a row fall by the same number: choose one that keeps exp small.",
     {"stable": "none"}),
    ("right for most rows. But you lower all rows by one number: where the scores of a row lie far below it, "
     "all its exponentials become 0, and P becomes nan.", {"stable": "all"}),
    ("the scores are lowered by another number in each column. That changes softmax: within a row all must "
     "fall by the same.", {"stable": "columns"}),
]


def _network(rng: np.random.Generator, N: int, D: int, M: int, K: int) -> tuple[np.ndarray, ...]:
    """Draw X, W1, b1, W2, b2 so that some hidden units are on and some off, none of them nearly 0."""
    while True:
        X, W1, b1 = quarters(rng, N, D), quarters(rng, D, M) / 2, quarters(rng, M)
        Z1 = X @ W1 + b1
        if np.abs(Z1).min() > 0.01 and np.any(Z1 > 0) and np.any(Z1 < 0):
            return X, W1, b1, quarters(rng, M, K) / 2, quarters(rng, K) / 2


def _draw_forward() -> list[Trial]:
    rng = np.random.default_rng()
    trials = []
    for (N, D, M, K), large in (((3, 2, 4, 2), False), ((4, 3, 4, 4), False), ((6, 5, 4, 3), False),
                                ((1, 3, 2, 3), False), ((5, 4, 6, 3), True)):
        arguments = _network(rng, N, D, M, K)
        said = f"X of shape {(N, D)}, W1 of shape {(D, M)}, W2 of shape {(M, K)}"
        if large:
            arguments[0][0] *= 10_000
            arguments[3][:] = np.abs(arguments[3])
            said += ", with scores of many thousands in one row"
        trials.append(Trial(Case(arguments, said), forward_pass(*arguments)))
    return trials


def _shape_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError):
        return ("Print the shapes of both arrays in that line. Where two are multiplied, the inner sides "
                "must fit.")
    return ""


def forward(function: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """Check task 2: ``forward(X, W1, b1, W2, b2)``, which gives hidden values and probabilities."""
    judge_slips(function, _draw_forward, forward_pass, _FORWARD_SLIPS, names=["H", "P"], hint=_shape_hint)
    correct("every row of P is a set of probabilities, for large scores as well.")


# --- Task 3: finite differences -----------------------------------------------------------------------


def difference_quotients(f: Callable[[np.ndarray], float], w: np.ndarray, eps: float, *, sides: str = "both",
                         divide: str = "both", moves: str = "one", flat: bool = False) -> Parts:
    """Estimate the slope of f for each entry of w, right (from both sides) or in a known wrong way."""
    slopes = np.zeros(w.shape)
    base = w.astype(np.float64)
    for place in np.ndindex(w.shape):
        up, down = base.copy(), base.copy()
        where = {"all": ..., "row": place[:1]}.get(moves, place)
        up[where] += eps
        down[where] -= eps
        if moves == "stays down":
            base = down
        if moves == "stays up":
            base = up
        ahead, here, behind = f(up), f(w), f(down)
        rise = {"both": ahead - behind, "up": ahead - here, "down": here - behind, "turned": behind - ahead,
                "sum": ahead + behind}[sides]
        slopes[place] = rise / {"both": 2 * eps, "one": eps, "none": 1.0, "two": 2.0}[divide]
    return (slopes.ravel() if flat else slopes,)


_TWO_SIDES = "you look at one side of w only. The difference of both sides is far more accurate."
_DIFFERENCE_SLIPS: list[Slip] = [
    (_TWO_SIDES, {"sides": "up", "divide": "one"}),
    (_TWO_SIDES, {"sides": "down", "divide": "one"}),
    (_TWO_SIDES + " And from w to its neighbour is one eps, not two.", {"sides": "up"}),
    ("the slopes are twice as steep as they should be. How far apart are the two places?", {"divide": "one"}),
    ("the difference is not divided by the distance of the two places.", {"divide": "none"}),
    ("the difference is divided by 2, but not by eps.", {"divide": "two"}),
    ("the sign is turned round: take what lies behind from what lies ahead.", {"sides": "turned"}),
    ("the two values of f are added; their difference is the rise.", {"sides": "sum"}),
    ("all entries move at once, so that every slope is that of the whole. One entry at a time.",
     {"moves": "all"}),
    ("a whole row moves at once. One entry at a time: in an array with two axes, each has two indices.",
     {"moves": "row"}),
    ("an entry that has been moved stays there while the next ones are tried.", {"moves": "stays down"}),
    ("an entry that has been moved stays there while the next ones are tried.", {"moves": "stays up"}),
    ("the numbers are right, but in one long row; the result has the shape of w.", {"flat": True}),
]


def _bent(c: np.ndarray) -> Callable[[np.ndarray], float]:
    """Make a function of an array of the shape of c, bent enough that one-sided slopes differ."""
    def f(w: np.ndarray) -> float:
        if np.shape(w) != c.shape:
            raise ValueError(f"f takes an array of shape {c.shape}; it was given one of shape {np.shape(w)}")
        w = np.asarray(w, dtype=np.float64)
        return float((c * w ** 3).sum() + (w.sum() + c.ravel()[0]) ** 2)
    return f


def _draw_difference() -> list[Trial]:
    rng = np.random.default_rng()
    trials = []
    for shape, eps in (((3,), 0.25), ((1,), 0.5), ((2, 3), 0.25), ((4, 2), 0.125), ((2, 2, 2), 0.25)):
        f, w = _bent(quarters(rng, *shape)), quarters(rng, *shape)
        case = Case((f, w, eps), f"a bent function f, w of shape {shape}, eps = {eps:g}")
        trials.append(Trial(case, difference_quotients(f, w, eps)))
    return trials


def finite_difference(function: Callable[..., np.ndarray]) -> None:
    """Check task 3: ``finite_difference(f, w, eps)``, slopes from both sides, of the shape of w."""
    judge_slips(function, _draw_difference, difference_quotients, _DIFFERENCE_SLIPS, take=take_one)
    correct("slow, and right for any f. Now no gradient of yours can be wrong without your knowing.")


# --- Task 4: backward ---------------------------------------------------------------------------------

_BACKWARD_SLIPS: list[Slip] = [
    ("the gradients are those of the sum over the batch. The loss is a mean: how many examples are there?",
     {"mean": "none"}),
    ("you divide by the number of entries of P; the loss is a mean over examples.", {"mean": "entries"}),
    ("you divide by the number of classes; the loss is a mean over examples.", {"mean": "classes"}),
    ("the mean over the batch is taken twice.", {"mean": "twice"}),
    ("all signs are turned round: with these, a step downhill goes uphill.", {"difference": "Y - P"}),
    ("the right answers Y have no part in it. What is the slope of the loss with respect to the scores?",
     {"difference": "P"}),
    ("that is the slope for squared errors. For softmax with cross-entropy it is simpler.",
     {"difference": "squares"}),
    ("that is the slope with respect to P. It has not passed back through softmax.", {"difference": "loss"}),
    ("what comes back passes through hidden units that were off. ReLU stops it where H is 0.",
     {"mask": "none"}),
    ("what comes back is multiplied by the hidden values. The slope of ReLU is 1 or 0, whatever the value "
     "is.",
     {"mask": "values"}),
    ("the mask looks at the sign of the gradient. It depends on which units were *on* in the forward pass.",
     {"mask": "dH"}),
    ("the mask is turned round: it lets pass what belongs to units that were off.", {"mask": "inverted"}),
    ("that mask is the slope of the sigmoid; the hidden layer has ReLU.", {"mask": "sigmoid"}),
    ("W2 is used as it stands on the way back. The other way, from classes to hidden units, its axes change "
     "places.", {"transposed": False}),
    ("W2 has made its step already when the hidden layer needs it. All gradients belong to the same old "
     "weights.", {"updated": 1.0}),
    ("W2 has made its step already when the hidden layer needs it. All gradients belong to the same old "
     "weights.", {"updated": 0.1}),
    ("the bias gradients are added up along each example. A bias belongs to a unit: add up over the "
     "examples.",
     {"db": "rows"}),
    ("a bias gradient is one number in your answer; each unit has its own.", {"db": "all"}),
    ("in the bias gradients the mean over the batch is taken twice.", {"db": "mean"}),
    ("the bias gradients still have a row for each example.", {"db": "none"}),
    ("the bias gradients look at the first example only.", {"db": "first"}),
    ("the bias gradients have a second axis, of length 1; a bias has one axis.", {"db": "kept"}),
    ("the gradients of both weights lie on their side. Each has the shape of its weights.", {"turned": True}),
]


def _loss(X: np.ndarray, Y: np.ndarray, *parameters: np.ndarray) -> float:
    return float(-(Y * np.log(forward_pass(X, *parameters)[1])).sum() / len(X))


def _measured(X: np.ndarray, Y: np.ndarray, parameters: Sequence[np.ndarray]) -> Parts:
    """Measure all four gradients by finite differences of the loss: right without any derivation."""
    slopes = []
    for number, parameter in enumerate(parameters):
        def moved(value: np.ndarray, number: int = number) -> float:
            return _loss(X, Y, *(value if other == number else one for other, one in enumerate(parameters)))

        slopes.append(difference_quotients(moved, parameter, 1e-5)[0])
    return tuple(slopes)


def _draw_backward() -> list[Trial]:
    rng = np.random.default_rng()
    trials = []
    for N, D, M, K in ((5, 3, 4, 4), (3, 2, 4, 2), (6, 3, 5, 3), (1, 2, 3, 2)):
        X, *parameters = _network(rng, N, D, M, K)
        Y = np.eye(K)[rng.integers(0, K, size=N)]
        H, P = forward_pass(X, *parameters)
        case = Case((X, Y, H, P, parameters[2]), f"X of shape {(N, D)}, H of shape {(N, M)}, P of shape "
                                                 f"{(N, K)}")
        trials.append(Trial(case, _measured(X, Y, parameters)))
    return trials


def backward(function: Callable[..., dict[str, np.ndarray]]) -> None:
    """Check task 4: ``backward(X, Y, H, P, W2)``, the dictionary of the four gradients."""
    judge_slips(function, _draw_backward, backward_pass, _BACKWARD_SLIPS, names=GRADIENTS,
                take=take_dictionary, hint=_shape_hint)
    correct("all four agree with the slopes that we measured. This is backpropagation, and there is no more "
            "to it.")


# --- Task 5: mini-batches -----------------------------------------------------------------------------


# So many examples that chance does not sort them: with ten, it would now and then.
_TELLING = 23


class _Collected:
    """A reader's function whose batches are all taken at once, whether it returns a list or yields them."""

    def __init__(self, function: Callable[..., Any], limit: int) -> None:
        self.function, self.limit = function, limit
        self.__name__ = getattr(function, "__name__", "minibatches")
        self.__code__ = getattr(function, "__code__", None)

    def __call__(self, *arguments: Any) -> Any:
        given = self.function(*arguments)
        if given is None or given is ... or isinstance(given, np.ndarray | dict | str):
            return given
        return list(islice(given, self.limit)) if hasattr(given, "__iter__") else given


def _examples(rng: np.random.Generator, N: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw N examples that can all be told apart, in the inputs and in the labels."""
    numbers = rng.permutation(10 * N)[:N]
    return np.stack([numbers / 4, rng.integers(-9, 9, size=N) / 4, numbers / 2], axis=1), numbers


def _collect(function: Any, X: np.ndarray, y: np.ndarray, size: int, seed: int
             ) -> list[tuple[np.ndarray, np.ndarray]]:
    """Run the reader's function and insist on a list of pairs of arrays."""
    case = Case((X, y, size, seed), f"X of shape {X.shape}, y of shape {y.shape}, size {size}, seed {seed}")
    wrapped = _Collected(function, len(X) + 10) if callable(function) else function
    given = run(wrapped, case)
    if type(given) is not list:
        raise CheckFailed(f"a list of pairs is asked for, or a generator; this is of type "
                          f"{type(given).__name__}.")
    if not given:
        raise CheckFailed(f"there is no batch at all. minibatches was given {case.described}.")
    pairs = []
    for number, pair in enumerate(given):
        if type(pair) not in (tuple, list) or len(pair) != 2:
            raise CheckFailed(f"batch {number} is not a pair: two arrays are asked for, a part of X and a "
                              "part of y.")
        inputs, labels = (read_plain(part, f"{name} of batch {number}")
                          for part, name in zip(pair, "Xy", strict=True))
        if inputs.shape[1:] != X.shape[1:] or labels.ndim != 1 or len(inputs) != len(labels):
            raise CheckFailed(f"batch {number} has parts of shape {inputs.shape} and {labels.shape}; "
                              "expected (n, "
                              f"{X.shape[1]}) and (n,) with the same n.")
        pairs.append((inputs, labels))
    return pairs


def _find(row: np.ndarray, X: np.ndarray) -> int:
    found = np.flatnonzero((row == X).all(axis=1))
    if len(found) != 1:
        raise CheckFailed("there are examples in your batches that are not in X. Are the columns as they "
                          "were?")
    return int(found[0])


def _order(pairs: list[tuple[np.ndarray, np.ndarray]], X: np.ndarray, y: np.ndarray) -> list[list[int]]:
    """Say which examples each batch holds, and insist that labels stay with their inputs."""
    batches = [[_find(row, X) for row in inputs] for inputs, _ in pairs]
    for places, (_, labels) in zip(batches, pairs, strict=True):
        if not np.array_equal(y[places], labels):
            if np.array_equal(np.sort(np.concatenate([part for _, part in pairs])), np.sort(y)):
                raise CheckFailed("X and y no longer belong together: each has an order of its own, so most "
                                  "pictures get the label of another.")
            raise CheckFailed("X and y do not belong together: labels are not those of the inputs beside "
                              "them.")
    return batches


def _batches_problem(batches: list[list[int]], N: int, size: int) -> str | None:
    sizes, flat = [len(batch) for batch in batches], [place for batch in batches for place in batch]
    full, rest = divmod(N, size)
    right = [size] * full + [rest] * (rest > 0)
    setting = f"\n  {N} examples, size {size}: your batches have the sizes {', '.join(map(str, sizes[:8]))}."
    if 0 in sizes:
        return "there is an empty batch." + setting
    if len(set(flat)) < len(flat):
        if rest and sizes == [size] * (full + 1):
            return "the last batch is filled up with examples that had their turn already." + setting
        return "some examples come twice. In one epoch each has its turn exactly once." + setting
    if len(flat) < N:
        if rest and sizes == [size] * full:
            return ("the last examples are left out, because they do not fill a batch. A short batch is a "
                    "batch, too." + setting)
        return f"{N - len(flat)} of {N} examples are left out." + setting
    if sizes == right:
        return None
    if len(sizes) == size:
        return "`size` is the number of examples in a batch, not the number of batches." + setting
    if len(sizes) == len(right) and max(sizes) - min(sizes) <= 1:
        return "the examples are shared out evenly. Here all batches are full, but for the last." + setting
    return "all batches are full, but for the last, which takes what is left." + setting


_IN_ORDER = ("the examples come in the order that they had. Shuffle them: neighbours in a data set are often "
             "alike.")
_SEEDS = 6      # tried: whole batches that are shuffled may come in their old order by chance, one time in 24


def _shuffle_problem(batches: list[list[int]]) -> str | None:
    flat = [place for batch in batches for place in batch]
    if flat == sorted(flat):
        return _IN_ORDER
    if flat == sorted(flat, reverse=True):
        return "the order is turned round, not shuffled."
    if all(sorted(batch) == list(range(min(batch), min(batch) + len(batch))) for batch in batches):
        if [min(batch) for batch in batches] == sorted(min(batch) for batch in batches):
            return ("you shuffle inside each batch, so that the same examples always meet. Shuffle before "
                    "you cut.")
        return "you shuffle whole batches; inside them the same examples always meet. Shuffle before you cut."
    return None


def minibatches(function: Callable[..., Any]) -> None:
    """Check task 5: ``minibatches(X, y, size, seed)``, a list or generator of pairs of arrays."""
    rng = np.random.default_rng()
    for N, size in ((12, 4), (10, 4), (_TELLING, 5), (7, 10), (11, 1)):
        X, y = _examples(rng, N)
        batches = _order(_collect(function, X, y, size, int(rng.integers(1000))), X, y)
        problem = _batches_problem(batches, N, size)
        if problem is None and N == _TELLING:
            orders = [_collect(function, X, y, size, int(seed)) for seed in rng.integers(1000, size=_SEEDS)]
            problems = [_shuffle_problem(_order(order, X, y)) for order in orders]
            problem = None if None in problems else max(problems, key=lambda said: said != _IN_ORDER)
        if problem:
            raise CheckFailed(problem)
    X, y = _examples(rng, 40)
    first, again, other = (_order(_collect(function, X, y, 7, seed), X, y) for seed in (5, 5, 6))
    if first != again:
        raise CheckFailed("two calls with the same seed give different orders: nobody could repeat your "
                          "training. Does the seed reach the generator of random numbers?")
    if first == other:
        raise CheckFailed("every seed gives the same order, so that all epochs would be alike. Is the seed "
                          "used?")
    correct("each example has its turn once, in an order that can be had again.")


# --- Task 6: a bug hunt -------------------------------------------------------------------------------

COMMON, RARE, UNITS = 90, 30, 12      # points at each of two corners, and of the two others; hidden units


def corner_points(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw points around the four corners of a square; opposite corners are of one class, class 1 is rare.

    Returns
    -------
    X : numpy.ndarray
        Shape (240, 2), centred on 0.
    y : numpy.ndarray
        Shape (240,): 0 for three quarters of the points, 1 for the others.
    """
    rng = np.random.default_rng(seed)
    corners = np.repeat([[-1, -1], [1, 1], [-1, 1], [1, -1]], [COMMON, COMMON, RARE, RARE], axis=0)
    X = corners + rng.normal(0, 0.2, size=corners.shape)
    return X, (corners[:, 0] != corners[:, 1]).astype(int)


_SIZE = dense_params(2, UNITS) + dense_params(UNITS, 2)
_TOTAL = 2 * (COMMON + RARE)

SYMPTOMS: dict[str, float] = {"accuracy": COMMON / (COMMON + RARE), "different rows in P": 1, "numbers that "
                                                                                              "moved": 2}

_WRONG_SYMPTOMS: dict[str, list[tuple[float, str]]] = {
    "accuracy": [
        (0.5, "look again at how many points each class has."),
        (RARE / (COMMON + RARE), "that is the share that it gets wrong."),
        (2 * COMMON, "give the share, from 0 to 1, not the count."),
        (100 * COMMON / (COMMON + RARE), "give the share, from 0 to 1, not a percentage."),
        (1, "that would be a healthy network. Compare the class of the largest P in each row with y."),
    ],
    "different rows in P": [
        (_TOTAL, "that is how many rows P has. Print a few of them."),
        (2, "that is how many columns P has. Print a few of its rows."),
        (0, "each row is one of them, even if all are alike."),
    ],
    "numbers that moved": [
        (0, "compare all four arrays with what they held at the start, exactly. Something has moved."),
        (_SIZE, "that is how many numbers there are. Compare each with what it was at the start."),
        (1, "count the numbers, not the arrays."),
        (2 * UNITS, "that is the size of one array of weights. Did it move?"),
    ],
}


def _judge_symptom(question: str, answer: Any) -> str | None:
    number = read_number(answer, whole=question != "accuracy")
    if abs(number - SYMPTOMS[question]) < 1e-3:
        return None
    return explain_number(number, _WRONG_SYMPTOMS[question], "not this number. Let Python count.")


def symptoms(answers: dict[str, float]) -> None:
    """Check task 6, first part: what can be seen of the network that does not learn."""
    read_answers(answers, SYMPTOMS, _judge_symptom)
    correct("it has learned how common each class is, and nothing about the points.")


def _turned_corners(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X, y = corner_points(int(rng.integers(1_000_000)))
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    order = rng.permutation(len(X))
    return (X @ turn)[order], y[order]


def _trained(function: Any, X: np.ndarray, y: np.ndarray, seed: int) -> list[np.ndarray]:
    names = ("W1", "b1", "W2", "b2")
    case = Case((X, y, UNITS, 0.5, 1500, seed), f"X of shape {X.shape}, y, {UNITS} hidden units, learning "
                                                "rate 0.5, "
                                                f"1500 steps, seed {seed}")
    values = take_tuple(run(function, case, _shape_hint), names)
    arrays = [read_plain(value, name) for value, name in zip(values, names, strict=True)]
    for array, name, shape in zip(arrays, names, ((2, UNITS), (UNITS,), (UNITS, 2), (2,)), strict=True):
        if array.shape != shape:
            raise CheckFailed(f"{name} has the wrong shape: expected {shape}, got {array.shape}.")
        if not np.all(np.isfinite(array)):
            raise CheckFailed(f"there is a nan or an inf in {name} after training. Are the weights of the "
                              "start large?")
    return arrays


def _training_problem(arrays: list[np.ndarray], X: np.ndarray, y: np.ndarray) -> str | None:
    W1, _, W2, _ = arrays
    share = float(np.mean(forward_pass(X, *arrays)[1].argmax(axis=1) == y))
    if share >= 0.97:
        return None
    if not np.any(W1):
        return "W1 still is 0 everywhere after training: nothing that comes back reaches it."
    if np.all(W1[:, :1] == W1):
        return ("the hidden units are all alike: they started with the same numbers, so they get the same "
                "gradients, and stay alike for ever. Twelve twins are one unit.")
    if not np.any(W2):
        return "W2 still is 0 everywhere after training."
    return (f"something moves now, but only {share:.0%} of the points come out right after 1500 steps. Are "
            "the weights of the start very small, very large, or all of one sign?")


def mended(function: Callable[..., Any]) -> None:
    """Check task 6, second part: ``mended_train(X, y, hidden, learning_rate, steps, seed)``."""
    rng = np.random.default_rng()
    for _ in range(3):
        X, y = _turned_corners(rng)
        problems = []
        for seed in (1, 2, 3):      # even a good start has bad luck now and then
            arrays = _trained(function, X, y, seed)
            problems.append(_training_problem(arrays, X, y))
            if problems[-1] is None:
                break
        else:
            raise CheckFailed(problems[0])
    again = _trained(function, X, y, seed)
    if not all(np.array_equal(one, other) for one, other in zip(arrays, again, strict=True)):
        raise CheckFailed("two calls with the same seed end at different weights. Take your random numbers "
                          "from the generator that knows the seed.")
    correct("units that start different get different gradients, and share out the work.")


# --- Task 7: pixels in another order ------------------------------------------------------------------


def _reordered(W1: np.ndarray, order: np.ndarray, *, by: str = "rows") -> Parts:
    """Reorder first-layer weights to fit pictures whose pixels were reordered, or do it wrong."""
    return {"rows": lambda: (W1[order],), "none": lambda: (W1,), "back": lambda: (W1[np.argsort(order)],),
            "columns": lambda: (W1[:, order],), "columns back": lambda: (W1[:, np.argsort(order)],),
            "reversed": lambda: (W1[::-1],), "turned": lambda: (W1[order].T,)}[by]()


_REORDER_SLIPS: list[Slip] = [
    ("these are the old weights: each now meets the wrong pixel.", {"by": "none"}),
    ("that is the order backwards: it undoes what was done to the pixels, and so undoes it on the wrong "
     "side. Try three pixels on paper.", {"by": "back"}),
    ("you reorder the hidden units. Which axis of W1 belongs to the pixels?", {"by": "columns"}),
    ("you reorder the hidden units. Which axis of W1 belongs to the pixels?", {"by": "columns back"}),
    ("the rows are turned round; the order that you are given says where each goes.", {"by": "reversed"}),
    ("W1 lies on its side now.", {"by": "turned"}),
]


def _draw_reorder() -> list[Trial]:
    rng = np.random.default_rng()
    trials = []
    for D, M in ((5, 5), (6, 3), (9, 4)):
        order = rng.permutation(D)
        while np.array_equal(order, np.argsort(order)) or np.array_equal(order, np.arange(D)[::-1]):
            order = rng.permutation(D)
        W1 = quarters(rng, D, M) + np.arange(D * M).reshape(D, M)      # all entries can be told apart
        case = Case((W1, order), f"W1 of shape {W1.shape} and an order of {D} pixels")
        trials.append(Trial(case, _reordered(W1, order)))
    return trials


def reordered(function: Callable[..., np.ndarray]) -> None:
    """Check task 7, first part: ``reordered(W1, order)``, so that X[:, order] gives what X gave before."""
    judge_slips(function, _draw_reorder, _reordered, _REORDER_SLIPS, take=take_one)
    correct("for this network a picture is a list. No pixel has a neighbour.")


REACHED, SHARES, FEW_UNITS = 0.96, (0.10, 0.50, 0.80, 0.96), 4
EXPECTED: dict[str, float] = {"trained again": REACHED, "not trained again": 0.10,
                              "orders of hidden units": factorial(FEW_UNITS)}

_WRONG_EXPECTED: dict[str, list[tuple[float, str]]] = {
    "trained again": [
        (0.10, "that would be a network that knows nothing. What keeps it from learning, if each pixel "
               "still says as much as before?"),
        (0.50, "what does it lose? Look at what you found in the first part: are the weights that it needs "
               "still there to be found?"),
        (0.80, "what does it lose? Look at what you found in the first part: are the weights that it needs "
               "still there to be found?"),
    ],
    "not trained again": [
        (0.96, "its weights wait for the pixels where they were. Are they still there?"),
        (0.80, "nearly every weight meets another pixel now. How would you do on ten classes, if you had to "
               "guess?"),
        (0.50, "nearly every weight meets another pixel now. How would you do on ten classes, if you had to "
               "guess?"),
    ],
    "orders of hidden units": [
        (FEW_UNITS, "for the first place there are so many; how many are left for the second?"),
        (FEW_UNITS ** 2, "a unit cannot stand in two places at once."),
        (FEW_UNITS ** FEW_UNITS, "a unit cannot stand in two places at once."),
        (2 ** FEW_UNITS, "that counts units that are on or off; here they change places."),
        (factorial(FEW_UNITS) - 1, "the order that it has now counts, too."),
        (FEW_UNITS * (FEW_UNITS - 1) // 2, "that is the number of pairs. More than two may change places."),
        (1, "let two hidden units change places, with all their weights. Does the output notice?"),
    ],
}


def _judge_expected(question: str, answer: Any) -> str | None:
    number = read_number(answer)
    if abs(number - EXPECTED[question]) < 1e-9:
        return None
    if question != "orders of hidden units" and number not in SHARES:
        return f"choose one of {', '.join(f'{share:.2f}' for share in SHARES)}."
    return explain_number(number, _WRONG_EXPECTED[question], "not this number. Try it with two units, then "
                                                             "three.")


def expected(answers: dict[str, float]) -> None:
    """Check task 7, second part: what to expect of a network on pictures with pixels in another order."""
    read_answers(answers, EXPECTED, _judge_expected)
    correct("what this network knows about pictures is the value of each pixel, and not where it lies.")


__all__ = ["backward", "corner_points", "counts", "expected", "finite_difference", "forward", "gradients",
           "mended", "minibatches", "reordered", "shapes", "symptoms"]
