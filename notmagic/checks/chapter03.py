"""Checks for ``exercises/03-logistic-regression``: a probability, its loss and gradient, and a bent border.

Inputs of a function under test are drawn afresh at each call, in quarters, which float32 and float64 both
represent exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    Mistake,
    correct,
    judge_function,
    quarters,
    read_answers,
    run,
)
from notmagic.checks._learning import number, numbers, parts, read_row, same


def _sigmoid(z: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, small) / (1 + small)


# --- Task 1: two examples by hand ----------------------------------------------------------------------

# The numbers printed in the exercise.
WEIGHTS, BIAS = (2.0, -1.0), -0.5
EXAMPLES = {"A": ((0.5, 2.0), 1), "B": ((1.5, 2.0), 0)}     # x and the true class y
TOLERANCE = 0.003                                           # a p of three decimals moves the loss so much

_X = np.array([x for x, _ in EXAMPLES.values()])
_Y = np.array([y for _, y in EXAMPLES.values()])
_Z = _X @ np.array(WEIGHTS) + BIAS
_P = _sigmoid(_Z)
_TRUE = np.where(_Y == 1, _P, 1 - _P)                       # probability given to what was true
BY_HAND: dict[str, tuple[float, ...]] = {
    "z": tuple(_Z), "p": tuple(_P), "cross-entropy": tuple(-np.log(_TRUE))}

_Row = Sequence[float] | np.ndarray
_WRONG_Z: list[tuple[_Row, str]] = [
    (_Z - BIAS, "b was forgotten."),
    (_Z - 2 * BIAS, "b was subtracted; it is added, and it is negative here."),
    (_X @ np.abs(WEIGHTS) + BIAS, "mind the sign of the second weight."),
    (_X @ np.array(WEIGHTS[::-1]) + BIAS, "the weights have changed places: the first belongs to the first "
                                          "number of x."),
    (_X.sum(axis=1) * sum(WEIGHTS) + BIAS, "each number of x meets its own weight, then you add."),
    (_P, "those are the probabilities; z comes before the sigmoid."),
]
_WRONG_P: list[tuple[_Row, str]] = [
    (_sigmoid(-_Z), "the sign of z in the exponent is turned round: a positive z means more than one half."),
    (_sigmoid(_Z - BIAS), "b was forgotten."),
    (np.exp(_Z), "that is e to the power z. The sigmoid makes a number between 0 and 1 of it."),
    (np.exp(-_Z), "that is e to the power -z, one piece of the formula."),
    (1 + np.exp(-_Z), "that is the denominator; divide 1 by it."),
    ((_Z > 0).astype(float), "that is the decision, 0 or 1; here the probability is asked for."),
    (_TRUE, "for B that is the probability of class 0. p is always that of class 1."),
    (np.tanh(_Z), "that is tanh, which runs from -1 to 1."),
]
_WRONG_LOSS: list[tuple[_Row, str]] = [
    (np.log(_TRUE), "the minus is missing: a loss of a probability below 1 is positive."),
    (-np.log10(_TRUE), "that is the logarithm to base 10; here it is the natural one, np.log."),
    (-np.log2(_TRUE), "that is the logarithm to base 2; here it is the natural one, np.log."),
    (-np.log(_P), "for B the truth is class 0. Which probability did the rule give to that?"),
    (-np.log(1 - _P), "for A the truth is class 1. Which probability did the rule give to that?"),
    (-np.log(1 - _TRUE), "you took the probability of what was not true."),
    (1 - _TRUE, "that is how much probability is missing; the cross-entropy takes a logarithm."),
    ((1 - _TRUE) ** 2, "that is the squared error; the cross-entropy takes a logarithm."),
    (-_TRUE * np.log(_TRUE), "the logarithm is weighted with y, which is 0 or 1, not with p."),
    (np.full(2, -np.log(_TRUE).mean()), "that is the mean of the two; give one number for each."),
    (_TRUE, "those are probabilities. What remains is a logarithm and a sign."),
]


def _judge_pair(answer: Any, right: Sequence[float], mistakes: Iterable[tuple[_Row, str]], within: float,
                also: Iterable[tuple[_Row, str]] = ()) -> str | None:
    given = read_row(answer, len(right))

    def agree(row: _Row) -> list[bool]:
        return [same(value, wanted, within) for value, wanted in zip(given, row, strict=True)]

    hits = agree(right)
    if all(hits):
        return None
    if all(agree(right[::-1])):
        return "the right two numbers in the wrong order: first A, then B."
    known = [(agree(row), message) for row, message in [*also, *mistakes]]
    for mistaken, message in known:
        if all(mistaken):
            return message
    # An entry that is right shows no mistake: where only one is wrong, look at that one alone.
    for mistaken, message in known:
        if all(hit or bad for hit, bad in zip(hits, mistaken, strict=True)):
            return message
    if all(round(value, 1) == round(wanted, 1) for value, wanted in zip(given, right, strict=True)):
        return "close. Give three decimals, and round only at the end."
    where = " and ".join(name for name, hit in zip(EXAMPLES, hits, strict=True) if not hit)
    return f"not the right number for {where}."


def by_hand(answers: dict[str, tuple[float, float]]) -> None:
    """Check task 1: z, p and the cross-entropy of two examples, p and the loss within 0.003."""

    def written(question: str) -> np.ndarray | None:
        try:
            return np.array(read_row(answers[question], len(EXAMPLES)))
        except (CheckFailed, KeyError):
            return None

    def judge(question: str, answer: Any) -> str | None:
        if question == "z":
            return _judge_pair(answer, BY_HAND["z"], _WRONG_Z, 1e-9)
        if question == "p":
            z = written("z")
            follows = [] if z is None else [(_sigmoid(z), "this follows from your z. Mend that first.")]
            p = written("p")
            if p is not None and np.all(np.abs(p / 100 - _P) <= TOLERANCE):
                return "give probabilities between 0 and 1, not in per cent."
            return _judge_pair(answer, BY_HAND["p"], _WRONG_P, TOLERANCE, follows)
        p = written("p")
        follows = []
        if p is not None and np.all((p > 0) & (p < 1)):
            follows = [(-np.log(np.where(_Y == 1, p, 1 - p)), "this follows from your p. Mend that first.")]
        return _judge_pair(answer, BY_HAND["cross-entropy"], _WRONG_LOSS, TOLERANCE, follows)

    read_answers(answers, BY_HAND, judge)
    correct("both are wrong, and the one that was surer of itself pays more.")


# --- Task 2: the sigmoid -------------------------------------------------------------------------------


def _far_apart() -> np.ndarray:
    return np.array([-1000.0, -750.0, -40.0, 0.0, 40.0, 750.0, 1000.0])


def _sigmoid_cases() -> list[Case]:
    rng = np.random.default_rng()
    return [
        Case((quarters(rng, 6) * 2,), "an array of shape (6,)"),
        Case((quarters(rng, 3, 4) * 2,), "an array of shape (3, 4)"),
        Case((rng.permutation(np.arange(-4, 5)),), "whole numbers from -4 to 4"),
        Case((rng.permutation(_far_apart()),), "numbers from -1000 to 1000"),
    ]


_OVERFLOW = ("nan appears for large z: a power of e became infinite on the way, and inf / inf is not a "
             "number. An exponent that is never positive cannot overflow.")
_SIGMOID_MISTAKES = [
    Mistake("the sign in the exponent is turned round: for a large positive z the result goes to 1.",
            lambda z: _sigmoid(-np.asarray(z, float))),
    Mistake("that is tanh, which runs from -1 to 1.", lambda z: np.tanh(z)),
    Mistake("that is the decision, 0 or 1. The sigmoid passes smoothly from one to the other.",
            lambda z: (np.asarray(z) > 0).astype(float)),
    Mistake("that is the decision, 0 or 1. The sigmoid passes smoothly from one to the other.",
            lambda z: (np.asarray(z) >= 0).astype(float)),
    Mistake("you use base 2 and not e.", lambda z: _sigmoid(np.asarray(z) * np.log(2))),
    Mistake("that is the slope of the sigmoid, not its value.", lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    Mistake("negative z get the value of positive ones: their sign is lost.", lambda z: _sigmoid(np.abs(z))),
    Mistake("positive z get the value of negative ones.", lambda z: _sigmoid(-np.abs(z))),
    Mistake("all entries together are divided by their sum: that is softmax. Here each entry stands alone.",
            lambda z: np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum()),
]


def _read_finite(given: Any, message: str) -> Any:
    if type(given) is np.ndarray and given.dtype.kind == "f" and not np.all(np.isfinite(given)):
        raise CheckFailed(message)
    return given


def sigmoid(function: Callable[[np.ndarray], np.ndarray]) -> None:
    """Check task 2: ``sigmoid(z)`` entry by entry, from -1000 to 1000, without a warning."""
    *plain, large = _sigmoid_cases()
    judge_function(function, plain, _sigmoid, lambda: _SIGMOID_MISTAKES)
    judge_function(function, [large], _sigmoid, lambda: _SIGMOID_MISTAKES,
                   read=partial(_read_finite, message=_OVERFLOW))
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            function(_far_apart())
    except FloatingPointError:
        raise CheckFailed(
            "the values are right, but NumPy warns of an overflow on the way, and the task asks for none. "
            "Which exponent becomes large and positive? (np.where works out both of its branches for every "
            "entry, also the one it throws away.)") from None
    except Exception as error:
        raise CheckFailed(f"sigmoid stopped with {type(error).__name__} when it was called once "
                          "more.") from None
    correct("any score becomes a probability, however large it is.")


# --- Task 3: cross-entropy -------------------------------------------------------------------------------


def _log_loss(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(-np.log(np.where(y == 1, p, 1 - p)).mean())


def _byte_minus(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What a minus before y does when y holds bytes: -1 becomes 255."""
    if y.dtype != np.uint8:
        return _log_loss(p, y)
    return np.mean((-y) * np.log(p) - (1 - y) * np.log(1 - p))


_BYTE = ("y holds bytes (uint8) in one trial, as the labels in this course do, and a byte has no sign: -1 "
         "becomes 255. Where is the minus that meets y first?")
_LOG_LOSS_MISTAKES = [
    Mistake("the minus is missing: the logarithm of a probability is negative, and a loss is not.",
            lambda p, y: -_log_loss(p, y)),
    Mistake("the logarithm is to base 10; here it is the natural one.",
            lambda p, y: _log_loss(p, y) / np.log(10)),
    Mistake("the logarithm is to base 2; here it is the natural one.",
            lambda p, y: _log_loss(p, y) / np.log(2)),
    Mistake("you add up the examples; the loss is their mean.", lambda p, y: _log_loss(p, y) * len(p)),
    Mistake("you add up the examples; the loss is their mean. And the minus is missing.",
            lambda p, y: -_log_loss(p, y) * len(p)),
    Mistake("only examples of class 1 count. One of class 0 costs something, too.",
            lambda p, y: -(y * np.log(p)).mean()),
    Mistake("only examples of class 0 count. One of class 1 costs something, too.",
            lambda p, y: -((1 - y) * np.log(1 - p)).mean()),
    Mistake("only examples of class 1 count, and the mean is taken over them alone.",
            lambda p, y: -np.log(p[y == 1]).mean()),
    Mistake("the classes are mixed up: for y = 1 the probability of class 1 counts.",
            lambda p, y: _log_loss(1 - p, y)),
    Mistake("every example is treated as if it were of class 1.", lambda p, y: -np.log(p).mean()),
    Mistake("the two terms are subtracted from each other; they are added, and the minus stands before both.",
            lambda p, y: ((1.0 - y) * np.log(1 - p) - y * np.log(p)).mean()),
    Mistake("the two terms are subtracted from each other; they are added, and the minus stands before both.",
            lambda p, y: (y * np.log(p) - (1.0 - y) * np.log(1 - p)).mean()),
    Mistake("that is the mean squared error; here each example costs a logarithm.",
            lambda p, y: ((p - y) ** 2).mean()),
    Mistake("the mean is taken before the logarithm; each example has a logarithm of its own.",
            lambda p, y: -np.log(np.where(y == 1, p, 1 - p).mean())),
    Mistake("the logarithm is weighted with p; its weight is y.",
            lambda p, y: -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()),
    Mistake("you divide by 2 as well: the mean goes over examples, not over terms.",
            lambda p, y: _log_loss(p, y) / 2),
    Mistake(_BYTE, _byte_minus),
]


def _log_loss_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for count, kind in ((4, np.int64), (7, np.float64), (9, np.int64), (6, np.uint8)):
        y = rng.permutation(np.r_[0, 1, 1, rng.integers(0, 2, count - 3)]).astype(kind)
        p = rng.integers(2, 63, count) / 64
        cases.append(Case((p, y), f"p and y of shape {(count,)}, y of dtype {y.dtype}"))
    return cases


def cross_entropy(function: Callable[..., float]) -> None:
    """Check task 3: ``cross_entropy(p, y)``, the mean over examples, with the natural logarithm."""
    judge_function(function, _log_loss_cases(), _log_loss, lambda: _LOG_LOSS_MISTAKES,
                   read=lambda given: number(given, "what cross_entropy returns"))
    correct("a loss that is near 0 for a sure and right rule, and grows without end for a sure and wrong "
            "one.")


# --- Task 4: the gradient ------------------------------------------------------------------------------

_GRADIENT_SLIPS: dict[str, str] = {
    "sum": "you take the sum over the examples; the loss is a mean.",
    "mean twice": "you divide by the number of examples twice.",
    "target first": "you subtract p from y. Where p is too large, the loss must grow with z.",
    "squared loss": "there is a factor p (1 - p) in it. That is the slope of the *squared* error; in the "
                    "cross-entropy it cancels.",
    "factor 2": "there is a factor 2 in it. It belongs to the squared error; a logarithm has none.",
    "no sigmoid": "z was not turned into a probability.",
    "decision": "you use the decision, 0 or 1, in place of the probability.",
    "sign": "the sigmoid's sign is turned round: for a large positive z it goes to 1.",
    "no bias": "b is missing from z.",
    "sizes": "you take the sizes of p - y; their signs say which way to go.",
}


def _slopes(w: np.ndarray, b: float, x: np.ndarray, y: np.ndarray, *,
            slips: frozenset[str] = frozenset()) -> tuple[np.ndarray, np.ndarray]:
    """Give dL/dw of shape (D,) and dL/db, right or with known mistakes in them."""
    z = x @ w + (0 if "no bias" in slips else b)
    p = _sigmoid(-z if "sign" in slips else z)
    p = z if "no sigmoid" in slips else (z > 0).astype(float) if "decision" in slips else p
    error = (y - p if "target first" in slips else p - y) * (2 if "factor 2" in slips else 1)
    error = error * p * (1 - p) if "squared loss" in slips else error
    error = np.abs(error) if "sizes" in slips else error
    total = (1 if "sum" in slips else len(x)) * (len(x) if "mean twice" in slips else 1)
    return error @ x / total, np.asarray(error.sum() / total)


def _error(w: np.ndarray, b: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _sigmoid(x @ w + b) - y


_ONLY_W = [
    Mistake("dw: you divide by the number of weights as well.",
            lambda w, b, x, y: _slopes(w, b, x, y)[0] / len(w)),
    Mistake("dw: one number for each example. Each weight has one slope, a mean over all examples.",
            lambda w, b, x, y: x @ w),
    Mistake("dw: it is still one row for each example. Each weight has one slope, a mean over all examples.",
            lambda w, b, x, y: x * _error(w, b, x, y)[:, None]),
    Mistake("dw: it is still one row for each example. Each weight has one slope, a mean over all examples.",
            lambda w, b, x, y: x * _error(w, b, x, y)[:, None] / len(x)),
    Mistake("dw: x does not come in. When a weight grows a little, z grows by that times its x.",
            lambda w, b, x, y: np.full(len(w), _error(w, b, x, y).mean())),
    Mistake("dw: the means of p - y and of x are taken separately. Multiply example by example first.",
            lambda w, b, x, y: _error(w, b, x, y).mean() * x.mean(axis=0)),
    Mistake("dw: it is a table of one column or row; the shape asked for is that of w.",
            lambda w, b, x, y: _slopes(w, b, x, y)[0][:, None]),
    Mistake("dw: it is a table of one column or row; the shape asked for is that of w.",
            lambda w, b, x, y: _slopes(w, b, x, y)[0][None]),
]
_ONLY_B = [
    Mistake("db: there is an x in it. When b grows a little, z grows by exactly that.",
            lambda w, b, x, y: _slopes(w, b, x, y)[0].sum()),
    Mistake("db: there is an x in it. When b grows a little, z grows by exactly that.",
            lambda w, b, x, y: _slopes(w, b, x, y)[0].mean()),
]


def _slope_mistakes(place: int) -> list[Mistake]:
    letter = ("dw", "db")[place]

    def slip(*names: str) -> Callable[..., np.ndarray]:
        return lambda *arguments: _slopes(*arguments, slips=frozenset(names))[place]

    one = [Mistake(f"{letter}: {says}", slip(name)) for name, says in _GRADIENT_SLIPS.items()]
    two = [Mistake(f"{letter}, two things. First: {_GRADIENT_SLIPS[a]} Second: "
                   f"{_GRADIENT_SLIPS[b]}", slip(a, b))
           for a, b in combinations(_GRADIENT_SLIPS, 2)]
    return [*one, *(_ONLY_W, _ONLY_B)[place], *two]


def _slope_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for count, features, kind in ((4, 2, np.int64), (6, 3, np.float64), (5, 1, np.int64), (8, 4, np.uint8)):
        y = rng.permutation(np.r_[0, 1, rng.integers(0, 2, count - 2)]).astype(kind)
        cases.append(Case((quarters(rng, features), float(quarters(rng)), quarters(rng, count, features), y),
                          f"w of shape {(features,)}, X of shape {(count, features)} and y of shape "
                          f"{(count,)}"))
    return cases


def _slope_hint(error: Exception, case: Case) -> str:
    says = str(error)
    if isinstance(error, ValueError) and ("broadcast" in says or "matmul" in says or "aligned" in says):
        return ("Write the shapes beside each other: X (N, D), w (D,), p - y (N,). For which pair do the "
                "inner sizes meet?")
    return ""


def gradient(function: Callable[..., tuple[np.ndarray, float]]) -> None:
    """Check task 4: ``gradient(w, b, X, y)`` gives dL/dw of shape (D,) and dL/db."""

    def read(given: Any, place: int) -> Any:
        if type(given) is np.ndarray:
            raise CheckFailed("two things are asked for: return dw, db. This is one array.")
        dw, db = parts(given, ("dw", "db"))
        return dw if place == 0 else number(db, "db")

    for place in (0, 1):
        judge_function(function, _slope_cases(), lambda *arguments, place=place: _slopes(*arguments)[place],
                       partial(_slope_mistakes, place), read=partial(read, place=place), hint=_slope_hint)
    correct("p - y times x, the same form as for a line: two losses, and each fits its own prediction.")


# --- Task 5: features that bend the border -------------------------------------------------------------

ENOUGH = 0.95                                               # accuracy on fresh rings
_RINGS = ((0.4, 0.8), (0.2, 0.5), (0.6, 1.0))               # radii of class 1 and class 0


def _rings(rng: np.random.Generator, inner: float, outer: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    y = rng.permutation(np.arange(count) % 2)
    radius = np.where(y == 1, inner, outer) + rng.normal(0, 0.04, count)
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), y


def _descend(table: np.ndarray, y: np.ndarray, steps: int = 400) -> np.ndarray:
    """Weights of a logistic regression by accelerated gradient descent, with a little weight decay."""
    decay = 1e-3
    rate = 1 / (0.25 * np.linalg.eigvalsh(table.T @ table / len(table))[-1] + decay)
    weights = ahead = np.zeros(table.shape[1])
    for step in range(steps):
        slope = table.T @ (_sigmoid(table @ ahead) - y) / len(table) + decay * ahead
        before, weights = weights, ahead - rate * slope
        ahead = weights + step / (step + 3) * (weights - before)
    return weights


def fit(features: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Train the logistic regression that task 5 uses, the same for everybody's features.

    Parameters
    ----------
    features
        Shape (N, M), finite; columns are standardised inside.
    y
        Shape (N,), classes 0 and 1.

    Returns
    -------
    callable
        Takes features of shape (n, M), gives probabilities of class 1, shape (n,).
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)

    def table(rows: np.ndarray) -> np.ndarray:
        return np.column_stack([(rows - mean) / spread, np.ones(len(rows))])

    weights = _descend(table(features), np.asarray(y, dtype=float))
    return lambda rows: _sigmoid(table(rows) @ weights)


def _features(function: Callable[[np.ndarray], np.ndarray], points: np.ndarray) -> np.ndarray:
    """Call a reader's function and insist on one row of finite numbers for each point."""
    case = Case((points,), f"points of shape {points.shape}")
    given = run(function, case)
    if type(given) is not np.ndarray:
        raise CheckFailed(f"circle_features returns an object of type {type(given).__name__}; expected a "
                          "NumPy array.")
    if given.dtype.kind not in "iuf":
        raise CheckFailed(f"circle_features returns an array of dtype {given.dtype}; expected real numbers.")
    if given.ndim == 2 and given.shape[0] != len(points) and given.shape[1] == len(points):
        raise CheckFailed(f"wrong shape: {given.shape} for {len(points)} points. Each point is a row, each "
                          "feature a column; yours lie on their side.")
    if given.ndim == 1 and given.shape == (len(points),):
        raise CheckFailed(f"wrong shape: {given.shape}. One feature is a table, too, of shape (N, 1).")
    if given.ndim != 2 or given.shape[0] != len(points) or not 1 <= given.shape[1] <= 50:
        raise CheckFailed(f"wrong shape: expected ({len(points)}, M) for {len(points)} points, with M from "
                          f"1 to 50; got {given.shape}.")
    if not np.all(np.isfinite(given)):
        raise CheckFailed("circle_features returns an array with nan or inf in it. Is every entry filled? Is "
                          "there a root or a logarithm of something negative?")
    return given.astype(np.float64)


def trained(function: Callable[[np.ndarray], np.ndarray], points: np.ndarray,
            y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Train on a reader's features, for the picture of task 5; on the coordinates while there are none.

    Parameters
    ----------
    function
        From points (N, 2) to features (N, M).
    points, y
        Shapes (N, 2) and (N,).

    Returns
    -------
    callable
        Takes points of shape (n, 2), gives probabilities of class 1, shape (n,).
    """
    try:
        rule = fit(_features(function, points), y)
        return lambda places: rule(_features(function, places))
    except CheckFailed:
        return fit(points, y)


def _spans(features: np.ndarray, basis: np.ndarray) -> bool:
    """Tell whether every feature is a weighted sum of the columns of a basis."""
    rest = features - basis @ np.linalg.lstsq(basis, features, rcond=None)[0]
    return bool(np.abs(rest).max() <= 1e-6 * max(1.0, float(np.abs(features).max())))


def _why_not(function: Callable[[np.ndarray], np.ndarray], scores: Sequence[float]) -> str:
    """Say what the features lack, from what they do on points drawn for this."""
    points = np.random.default_rng().uniform(-1, 1, (150, 2))
    x1, x2 = points.T
    got = _features(function, points)
    line = [np.ones(len(points)), x1, x2]
    if _spans(got, np.column_stack(line)):
        return ("still a straight line: each of your features is a weighted sum of x1 and x2, and so is "
                "any rule made of them.")
    if _spans(got, np.column_stack([*line, x1 * x2])):
        return ("the product x1 x2 tells opposite quarters of the plane from the other two. A ring runs "
                "through all four.")
    for name, own, other in (("x1", x1, x2), ("x2", x2, x1)):
        elsewhere = np.roll(other, 1)
        moved = np.column_stack([x1, elsewhere] if own is x1 else [elsewhere, x2])
        if _spans(got, np.column_stack([*line, own**2])) or np.allclose(got, _features(function, moved)):
            return (f"the features bend the border along {name} only: it becomes an upright or lying strip. "
                    "A ring is round in both directions.")
    if np.allclose(_features(function, -points), -got):
        return ("a point and the one opposite always get opposite features, so opposite scores. On a ring "
                "both belong to the same class.")
    if max(scores) >= ENOUGH:
        return ("good for a ring of one size, not for smaller or larger ones. Leave the choice of the size "
                "to the weights.")
    return (f"a linear rule on your features gets {100 * min(scores):.0f} % of fresh points right; "
            f"{100 * ENOUGH:.0f} % are asked for. What do all points on one circle have in common?")


def circle_features(function: Callable[[np.ndarray], np.ndarray]) -> None:
    """Check task 5: ``circle_features(X)`` of shape (N, M) lets a linear rule tell a ring from its inside.

    A logistic regression, the same for everybody, is trained on the features of 200 points, then tried on 400
    fresh ones; three times, with rings of different sizes.
    """
    rng = np.random.default_rng()
    scores = []
    for inner, outer in _RINGS:
        points, y = _rings(rng, inner, outer, 200)
        fresh, truth = _rings(rng, inner, outer, 400)
        rule = fit(_features(function, points), y)
        got = _features(function, fresh)
        # A feature may not depend on who else is in the table, nor on how often the function was called.
        if not np.allclose(_features(function, fresh[:7]), got[:7], rtol=1e-5, atol=1e-6):
            raise CheckFailed("the features of a point change with the other points in the table. Each row "
                              "is to be made from its own x1 and x2 alone.")
        scores.append(float(np.mean((rule(got) > 0.5) == truth)))
    if min(scores) < ENOUGH:
        raise CheckFailed(_why_not(function, scores))
    correct("straight in the features, round in the plane. You chose the features; a network will learn "
            "them.")


# --- Task 6: how sure is an accuracy? ------------------------------------------------------------------

_95 = 1.96


def _interval(right: int, total: int, *, kind: str = "right") -> np.ndarray:
    share = right / total
    variance = share * (1 - share)
    half = {"per example": _95 * np.sqrt(variance) / total, "no root": _95 * variance / total,
            "spread": _95 * np.sqrt(variance), "one": np.sqrt(variance / total),
            "two": 2 * np.sqrt(variance / total), "90": 1.645 * np.sqrt(variance / total),
            "99": 2.576 * np.sqrt(variance / total), "no rest": _95 * np.sqrt(share / total),
            "root of the share": _95 * np.sqrt(share) * (1 - share) / np.sqrt(total),
            "half": _95 / 2 * np.sqrt(variance / total), "worst": _95 * np.sqrt(0.25 / total),
            "one less": _95 * np.sqrt(variance / (total - 1))}.get(kind, _95 * np.sqrt(variance / total))
    if kind == "wilson":
        centre = (share + _95**2 / (2 * total)) / (1 + _95**2 / total)
        half = _95 / (1 + _95**2 / total) * np.sqrt(variance / total + _95**2 / (4 * total**2))
        return np.array([centre - half, centre + half])
    both = np.array([share - half, share + half])
    return {"per cent": 100 * both, "counts": total * both, "order": both[::-1],
            "middle": np.array([share, half]), "errors": 1 - both[::-1]}.get(kind, both)


_INTERVAL_SLIPS: dict[str, str] = {
    "per "
    "example": "you divide by N where the formula divides by its root. The interval shrinks more slowly: "
               "four times the pictures, half the width.",
    "no root": "the square root is missing.",
    "spread": "N does not come into the width: more pictures must make it narrower.",
    "one": "the factor 1.96 is missing. One standard deviation to each side covers about 68 %.",
    "two": "2 is a good rule of thumb; here the factor is 1.96.",
    "90": "1.645 belongs to 90 %.",
    "99": "2.576 belongs to 99 %.",
    "no rest": "p (1 - p) stands under the root, not p alone.",
    "root of the share": "1 - p belongs under the root, too.",
    "half": "1.96 goes to each side; yours is half as wide.",
    "worst": "the width is that of p = 0.5, the widest of all. Here p is the share that was right.",
    "one less": "you divide by N - 1; the formula divides by N.",
    "wilson": "that is Wilson's interval, which is better when p is near 0 or 1. Here the formula of the "
              "task is asked for.",
    "per cent": "those are per cent; give shares between 0 and 1.",
    "counts": "those are numbers of pictures; give shares between 0 and 1.",
    "order": "the ends are in the wrong order: first the lower one.",
    "middle": "those are the middle and half the width; return both ends.",
    "errors": "those are the ends for the share of wrong answers.",
}


def _interval_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for total in (50, 360, 1000):
        right = int(rng.integers(round(0.6 * total), round(0.85 * total)))
        cases.append(Case((right, total), f"{right} right of {total}"))
    return cases


def interval(function: Callable[[int, int], tuple[float, float]]) -> None:
    """Check task 6: ``interval(right, total)``, both ends of a 95 % interval by the normal approximation."""
    judge_function(function, _interval_cases(), _interval,
                   lambda: [Mistake(says, partial(_interval, kind=kind))
                            for kind, says in _INTERVAL_SLIPS.items()],
                   read=lambda given: numbers(given, ("low", "high")))
    correct("an accuracy comes with a width; two that lie inside it have not been told apart.")


# --- Task 7: softmax -----------------------------------------------------------------------------------


def _softmax(z: np.ndarray, axis: int | None = 1) -> np.ndarray:
    powers = np.exp(z - z.max())
    return powers / powers.sum(axis=axis, keepdims=True)


def _softmax_cases() -> list[Case]:
    rng = np.random.default_rng()
    return [
        Case((quarters(rng, 2, 3) * 2,), "logits of shape (2, 3)"),
        Case((quarters(rng, 5, 4) * 2,), "logits of shape (5, 4)"),
        Case((quarters(rng, 3, 3) * 2,), "logits of shape (3, 3)"),
        Case((rng.integers(-3, 4, (4, 2)),), "logits of shape (4, 2), whole numbers"),
        Case((quarters(rng, 3, 5) + 1000,), "logits of shape (3, 5) near 1000"),
        Case((quarters(rng, 3, 5) - 1000,), "logits of shape (3, 5) near -1000"),
    ]


_SOFTMAX_OVERFLOW = ("nan or inf appears where logits are near 1000 or -1000: the powers of e are "
                     "infinite, or all of them 0. Adding the same number to all logits of a row changes "
                     "nothing in the result: which one helps?")
_SOFTMAX_MISTAKES = [
    Mistake("the sums run down the columns. Each *row* is one picture, and its probabilities add up to 1.",
            lambda z: _softmax(z, 0)),
    Mistake("the whole table adds up to 1. Each row is one picture, and its own probabilities add up to 1.",
            lambda z: _softmax(z, None)),
    Mistake("those are sigmoids, each entry by itself; the entries of a row are to share 1 among them.",
            lambda z: _sigmoid(z)),
    Mistake("the sign in the exponent is turned round: the largest logit gets the largest probability.",
            lambda z: _softmax(-z)),
    Mistake("those are the logarithms of the "
            "probabilities.", lambda z: np.log(np.maximum(_softmax(z), 1e-300))),
    Mistake("that is the decision: 1 for the largest logit. Softmax shares the 1 among all.",
            lambda z: np.eye(z.shape[1])[z.argmax(axis=1)]),
    Mistake("you use base 2 and not e.", lambda z: _softmax(z * np.log(2))),
    Mistake("the powers are not divided by their sum.", lambda z: np.exp(z - z.max(axis=1, keepdims=True))),
    Mistake("the powers are not divided by their sum.", lambda z: np.exp(z - z.max())),
    Mistake("you divide by the mean of the powers; divide by their sum.",
            lambda z: _softmax(z) * z.shape[1]),
    Mistake("the result lies on its side: pictures are rows, classes are columns.", lambda z: _softmax(z).T),
]


def _softmax_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError) and "broadcast" in str(error):
        return "A sum along axis 1 has shape (N,); to divide the rows of (N, K) by it, it must be (N, 1)."
    return ""


def softmax(function: Callable[[np.ndarray], np.ndarray]) -> None:
    """Check task 7: ``softmax(logits)`` along the rows of (N, K), also for logits near 1000."""
    *plain, high, low = _softmax_cases()
    judge_function(function, plain, _softmax, lambda: _SOFTMAX_MISTAKES, hint=_softmax_hint)
    judge_function(function, [high, low], _softmax, lambda: _SOFTMAX_MISTAKES, hint=_softmax_hint,
                   read=partial(_read_finite, message=_SOFTMAX_OVERFLOW))
    correct("any number of classes share one probability; with two classes this is the sigmoid again.")
