"""Checks for ``exercises/02-linear-regression``: a loss, its gradient, the way down, and two traps.

Inputs of a function under test are drawn afresh at each call, in quarters, which float32 and float64 both
represent exactly: a right answer agrees whatever order it adds in.
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
    explain_number,
    judge_counts,
    judge_function,
    quarters,
    read_answers,
    read_number,
)
from notmagic.checks._learning import number, numbers, parts, read_row, same

# --- Task 1: three houses by hand ----------------------------------------------------------------------

# The table printed in the exercise: areas in square metres, prices in thousand euros, and the line.
AREAS = (40.0, 80.0, 100.0)
PRICES = (210.0, 280.0, 360.0)
SLOPE, START = 2.5, 100.0

_PREDICTIONS = tuple(SLOPE * area + START for area in AREAS)
_ERRORS = tuple(guess - price for guess, price in zip(_PREDICTIONS, PRICES, strict=True))
BY_HAND: dict[str, Any] = {
    "predictions": _PREDICTIONS,
    "errors": _ERRORS,
    "loss": sum(error**2 for error in _ERRORS) / len(_ERRORS),
}

_WRONG_PREDICTIONS = [
    ([SLOPE * area for area in AREAS], "b was forgotten: the line does not start at 0."),
    ([START * area + SLOPE for area in AREAS], "w and b have changed places."),
    ([SLOPE * (area + START) for area in AREAS], "b is added after the multiplication, not before it."),
    ([SLOPE * area - START for area in AREAS], "b was subtracted; it is added."),
    (list(PRICES), "those are the prices from the table. What does the *line* say?"),
]
_WRONG_ERRORS = [
    ([-error for error in _ERRORS], "the signs are turned round: an error is prediction minus price."),
    ([abs(error) for error in _ERRORS], "the signs are gone: a line can be too high or too low."),
    ([error**2 for error in _ERRORS], "those are the squares of the errors; that is the next step."),
    ([SLOPE * area - price for area, price in zip(AREAS, PRICES, strict=True)],
     "b was left out of the predictions."),
]
_WRONG_LOSSES = [
    (sum(error**2 for error in _ERRORS), "that is the sum of the squares; the loss is their mean."),
    (BY_HAND["loss"] / 2, "half of it. Some books divide by 2N; here the loss is the mean, without the 2."),
    (BY_HAND["loss"] ** 0.5, "you took the square root. The loss is the mean of the squares itself."),
    (0.0, "errors above and below the line have cancelled. What keeps them from it?"),
    (sum(abs(error) for error in _ERRORS) / 3, "that is the mean of the sizes; each error is squared first."),
    (sum(abs(error) for error in _ERRORS), "that is the sum of the sizes; square each error, take the mean."),
    (sum(error**2 for error in _ERRORS) / 2, "the mean of three numbers is their sum divided by three."),
    (sum(abs(error) for error in _ERRORS) ** 2 / 3, "square each error first, then add."),
]


def _judge_row(answer: Any, right: Sequence[float], mistakes: Iterable[tuple[list[float], str]],
               places: Sequence[str]) -> str | None:
    row = read_row(answer, len(right))
    wrong = [not same(given, value) for given, value in zip(row, right, strict=True)]
    if not any(wrong):
        return None
    for mistaken, message in mistakes:
        if all(same(given, value) for given, value in zip(row, mistaken, strict=True)):
            return message
    if sorted(row) == sorted(right):
        return "the right numbers in another order: one for each house, as in the table."
    where = ", ".join(place for place, bad in zip(places, wrong, strict=True) if bad)
    return f"not the right number for {where}."


def by_hand(answers: dict[str, Any]) -> None:
    """Check task 1: predictions, errors and the loss of one line on three houses."""

    def judge(question: str, answer: Any) -> str | None:
        if question == "loss":
            given = read_number(answer)
            return None if same(given, BY_HAND["loss"]) else explain_number(
                given, _WRONG_LOSSES, "not this number. Square the three errors, add, divide by how many.")
        places = [f"the house of {area:g} square metres" for area in AREAS]
        if question == "predictions":
            return _judge_row(answer, _PREDICTIONS, _WRONG_PREDICTIONS, places)
        return _judge_row(answer, _ERRORS, _WRONG_ERRORS, places)

    read_answers(answers, BY_HAND, judge)
    correct("one number now says how wrong a line is, and an error of 20 weighs four times as much as one "
            "of 10.")


# --- Task 2: the loss ----------------------------------------------------------------------------------


def _loss(w: float, b: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(((w * x + b - y) ** 2).mean())


_LOSS_MISTAKES = [
    Mistake("you take the sum of the squares; the loss is their mean.",
            lambda w, b, x, y: ((w * x + b - y) ** 2).sum()),
    Mistake("half of it. Some books divide by 2N; here the loss is the mean, without the 2.",
            lambda w, b, x, y: _loss(w, b, x, y) / 2),
    Mistake("you take the square root at the end. The loss is the mean of the squares itself.",
            lambda w, b, x, y: np.sqrt(_loss(w, b, x, y))),
    Mistake("the errors are not squared, so those above the line cancel those below it.",
            lambda w, b, x, y: (w * x + b - y).mean()),
    Mistake("the errors are not squared, so those above the line cancel those below it. And their sign is "
            "turned round.", lambda w, b, x, y: (y - w * x - b).mean()),
    Mistake("you take the mean of the errors' sizes; each error is squared.",
            lambda w, b, x, y: np.abs(w * x + b - y).mean()),
    Mistake("you square after taking the mean: by then the errors have cancelled. Square each of them.",
            lambda w, b, x, y: (w * x + b - y).mean() ** 2),
    Mistake("you square after adding up: by then the errors have cancelled. Square each of them.",
            lambda w, b, x, y: (w * x + b - y).sum() ** 2),
    Mistake("b was forgotten.", lambda w, b, x, y: ((w * x - y) ** 2).mean()),
    Mistake("w was forgotten.", lambda w, b, x, y: ((x + b - y) ** 2).mean()),
    Mistake("w and b have changed places.", lambda w, b, x, y: ((b * x + w - y) ** 2).mean()),
    Mistake("b is added after the multiplication, not before it.",
            lambda w, b, x, y: ((w * (x + b) - y) ** 2).mean()),
    Mistake("the price is added; an error is a difference.",
            lambda w, b, x, y: ((w * x + b + y) ** 2).mean()),
    Mistake("the price does not come in: how far is a prediction off?",
            lambda w, b, x, y: ((w * x + b) ** 2).mean()),
    Mistake("x and y have changed places.", lambda w, b, x, y: ((w * y + b - x) ** 2).mean()),
    Mistake("you divide by 3. That fits the table of task 1; here there may be any number of houses.",
            lambda w, b, x, y: ((w * x + b - y) ** 2).sum() / 3),
    Mistake("you divide by one less than the number of houses. That is for estimating a variance; a mean "
            "divides by how many there are.", lambda w, b, x, y: ((w * x + b - y) ** 2).sum() / (len(x) - 1)),
]


def _line_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for count in (2, 5, 8, 12):
        w, b = (float(value) for value in quarters(rng, 2))
        cases.append(Case((w, b, quarters(rng, count), quarters(rng, count)),
                          f"w = {w}, b = {b}, and x and y of shape {(count,)}"))
    return cases


def mse(function: Callable[..., float]) -> None:
    """Check task 2: ``mse(w, b, x, y)``, the mean squared error of a line."""
    judge_function(function, _line_cases(), _loss, lambda: _LOSS_MISTAKES,
                   read=lambda given: number(given, "what mse returns"))
    correct("the loss of any line on any number of houses. Learning means to make this number small.")


# --- Task 3: the gradient ------------------------------------------------------------------------------

_GRADIENT_SLIPS: dict[str, str] = {
    "no factor": "the factor 2 is missing: the derivative of a square brings it down.",
    "sum": "you take the sum over the houses; the loss is a mean, so its slope is one, too.",
    "mean twice": "you divide by the number of houses twice.",
    "target first": "you subtract the prediction from the price. The loss has w x + b - y, and the sign of "
                    "the slope depends on it.",
    "no x": "the slope with respect to w lacks a factor: when w grows a little, by how much does w x grow?",
    "x in both": "the slope with respect to b has a factor too many: when b grows a little, by how much does "
                 "w x + b grow?",
    "times w": "the inner derivative of w x + b with respect to w is not w.",
    "no bias": "b is missing from the predictions.",
    "squared": "the errors are still squared. A square loses its exponent when it is differentiated.",
    "sizes": "you take the errors' sizes; without their signs the slope cannot say which way is down.",
    "order": "the two slopes are in the wrong order: first w, then b.",
    "means apart": "you take the means of the errors and of x separately, then multiply. Multiply house by "
                   "house, then take the mean.",
}


def _slopes(w: float, b: float, x: np.ndarray, y: np.ndarray, *,
            slips: frozenset[str] = frozenset()) -> np.ndarray:
    """Give [dL/dw, dL/db], right or with some of the known mistakes in it."""
    error = w * x + (0 if "no bias" in slips else b) - y
    error = -error if "target first" in slips else error
    error = error**2 if "squared" in slips else error
    error = np.abs(error) if "sizes" in slips else error
    average = np.sum if "sum" in slips else np.mean
    along_w = w if "times w" in slips else 1.0 if "no x" in slips else x
    dw = average(error) * np.mean(x) if "means apart" in slips else average(error * along_w)
    db = average(error * x) if "x in both" in slips else average(error)
    slope = np.array([dw, db]) * (1 if "no factor" in slips else 2)
    slope = slope / len(x) if "mean twice" in slips else slope
    return slope[::-1] if "order" in slips else slope


def _only(place: int, slip: str) -> Callable[..., np.ndarray]:
    """Make the mistake in one of the two slopes and get the other right."""

    def answer(*arguments: Any) -> np.ndarray:
        slope = _slopes(*arguments)
        slope[place] = _slopes(*arguments, slips=frozenset({slip}))[place]
        return slope

    return answer


def _secant(step: float) -> Callable[..., np.ndarray]:
    """Measure both slopes with a step to the right."""

    def answer(w: float, b: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        here = _loss(w, b, x, y)
        return np.array([_loss(w + step, b, x, y) - here, _loss(w, b + step, x, y) - here]) / step

    return answer


def _gradient_mistakes() -> list[Mistake]:
    def slip(*names: str) -> Callable[..., np.ndarray]:
        return partial(_slopes, slips=frozenset(names))

    one = [Mistake(says, slip(name)) for name, says in _GRADIENT_SLIPS.items()]
    partly = [Mistake(f"the slope with respect to {letter}: {says} The other slope is right.",
                      _only(place, name))
              for name, says in _GRADIENT_SLIPS.items() if name != "order"
              for place, letter in enumerate("wb")]
    measured = [Mistake("close, but measured with a step to one side. Here the exact slope is asked for, by "
                        "the formula.", _secant(10.0**-digits)) for digits in range(1, 7)]
    two = [Mistake(f"two things. First: {_GRADIENT_SLIPS[a]} Second: {_GRADIENT_SLIPS[b]}", slip(a, b))
           for a, b in combinations(_GRADIENT_SLIPS, 2)]
    return one + partly + measured + two


def _broadcast_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError) and "inhomogeneous" in str(error):
        return "Each slope is one number. Is one of them still an array, with a value for each house?"
    return ""


def gradient(function: Callable[..., np.ndarray]) -> None:
    """Check task 3: ``gradient(w, b, x, y)`` gives the array [dL/dw, dL/db]."""
    judge_function(function, _line_cases(), _slopes, _gradient_mistakes, hint=_broadcast_hint)
    correct("two slopes, one for w and one for b. They point uphill; learning goes the other way.")


# --- Task 4: downhill ----------------------------------------------------------------------------------

_DESCENT_SLIPS: dict[str, str] = {
    "uphill": "you walk uphill: the gradient points to where the loss grows.",
    "new w": "the slope for b is computed with the new w. Both slopes belong to the place where you stand "
             "before the step.",
    "new b": "the slope for w is computed with the new b. Both slopes belong to the place where you stand "
             "before the step.",
    "one less": "one step too few.",
    "one more": "one step too many.",
    "first only": "only the first step is taken. Does the function return inside its loop?",
    "old slope": "every step uses the gradient of the start. The slope changes as you walk.",
    "divided": "your steps are too short by a factor: the number of houses. The gradient is a mean already.",
    "long": "the learning rate does not come in: each step is as long as the gradient.",
    "only w": "b never moves.",
    "only b": "w never moves.",
    "from ones": "you start at w = 1, b = 1; the task says 0.",
    "order": "w and b come back in the wrong order: first w, then b.",
    "forgets": "the step is not taken from where you are: each new w and b is the step alone.",
}


def _walk(x: np.ndarray, y: np.ndarray, learning_rate: float, steps: int, *, slip: str = "",
          slope_slips: frozenset[str] = frozenset()) -> np.ndarray:
    """Give [w, b] after gradient descent from 0, right or with a known mistake."""
    slopes = partial(_slopes, slips=slope_slips)
    place = np.ones(2) if slip == "from ones" else np.zeros(2)
    rate = {"uphill": -learning_rate, "divided": learning_rate / len(x), "long": 1.0}.get(slip, learning_rate)
    steps = {"one less": steps - 1, "one more": steps + 1, "first only": 1}.get(slip, steps)
    moves = np.array([slip != "only b", slip != "only w"], dtype=float)
    start = slopes(*place, x, y)
    for _ in range(steps):
        slope = start if slip == "old slope" else slopes(*place, x, y)
        ahead = place - rate * slope
        if slip == "new w":
            slope[1] = slopes(ahead[0], place[1], x, y)[1]
        if slip == "new b":
            slope[0] = slopes(place[0], ahead[1], x, y)[0]
        place = (0 if slip == "forgets" else place) - rate * slope * moves
    return place[::-1] if slip == "order" else place


def _descent_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for count, learning_rate, steps in ((4, 0.125, 1), (5, 0.125, 2), (8, 0.0625, 3), (6, 0.125, 7)):
        cases.append(Case((quarters(rng, count), quarters(rng, count), learning_rate, steps),
                          f"x and y of shape {(count,)}, learning rate {learning_rate}, {steps} "
                          + ("step" if steps == 1 else "steps")))
    return cases


def _descent_mistakes() -> list[Mistake]:
    one = [Mistake(says, partial(_walk, slip=slip)) for slip, says in _DESCENT_SLIPS.items()]
    inside = [Mistake(f"the walk is right, the gradient in it is not: {says}",
                      partial(_walk, slope_slips=frozenset({slip})))
              for slip, says in _GRADIENT_SLIPS.items()]
    both = [Mistake(f"two things. First: {_DESCENT_SLIPS[a]} Second, in the gradient: {_GRADIENT_SLIPS[b]}",
                    partial(_walk, slip=a, slope_slips=frozenset({b})))
            for a in _DESCENT_SLIPS for b in _GRADIENT_SLIPS]
    return one + inside + both


def _descent_hint(error: Exception, case: Case) -> str:
    if isinstance(error, TypeError) and "cast" in str(error):
        return "An array that starts as whole numbers, np.array([0, 0]), holds no fractions."
    return ""


def descend(function: Callable[..., tuple[float, float]]) -> None:
    """Check task 4: ``descend(x, y, learning_rate, steps)`` gives w and b after that many steps from 0."""
    judge_function(function, _descent_cases(), _walk, _descent_mistakes, hint=_descent_hint,
                   read=lambda given: numbers(given, ("w", "b")))
    correct("from a line that knows nothing to one that fits, and each step used nothing but a slope.")


# --- Task 5: one scale for all columns -----------------------------------------------------------------


def losses_on_houses(columns: np.ndarray, target: np.ndarray, learning_rate: float, steps: int) -> float:
    """Root of the mean squared error after gradient descent from zero, for the table in the exercise.

    Parameters
    ----------
    columns
        Shape (N, D), one feature in each column.
    target
        Shape (N,).
    learning_rate, steps
        Of the descent.

    Returns
    -------
    float
        In the unit of the target; infinite when the descent ran away.
    """
    table = np.column_stack([columns, np.ones(len(columns))])
    weights = np.zeros(table.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(steps):
            weights = weights - learning_rate * 2 / len(table) * table.T @ (table @ weights - target)
        error = float(np.sqrt(np.mean((table @ weights - target) ** 2)))
    return error if np.isfinite(error) else float("inf")


def _scaled(train: np.ndarray, other: np.ndarray, *, kind: str = "right") -> tuple[np.ndarray, np.ndarray]:
    """Standardise two tables with the statistics of the first, or in one known wrong way."""
    seen = np.concatenate([train, other]) if kind == "pooled" else train
    low, high, std = seen.min(axis=0), seen.max(axis=0), seen.std(axis=0)
    mean = {"one number": seen.mean(), "one mean": seen.mean(), "zero to one": low, "largest": 0.0,
            "not centred": 0.0, "divide first": 0.0, "median": np.median(seen, axis=0),
            }.get(kind, seen.mean(axis=0))
    spread = {"one number": seen.std(), "one spread": seen.std(), "one less": seen.std(axis=0, ddof=1),
              "variance": std**2, "range": high - low, "zero to one": high - low,
              "largest": np.abs(seen).max(axis=0), "centred only": 1.0, "multiplied": 1 / std}.get(kind, std)
    scaled = (train - mean) / spread, _scaled_other(other, mean, spread, kind)
    if kind == "divide first":
        return tuple(table - seen.mean(axis=0) for table in scaled)
    return scaled[::-1] if kind == "order" else scaled


def _scaled_other(other: np.ndarray, mean: Any, spread: Any, kind: str) -> np.ndarray:
    if kind in ("own", "own mean"):
        mean = other.mean(axis=0)
    if kind in ("own", "own spread"):
        spread = other.std(axis=0)
    if kind == "own, one less":
        mean, spread = other.mean(axis=0), other.std(axis=0, ddof=1)
    return other if kind == "untouched" else (other - mean) / spread


_OWN = ("the second table is scaled with its own {}. Then the same house gets other numbers in the second "
        "table than in the first, and a single house cannot be scaled at all. All statistics come from the "
        "training table.")
_SCALE_SLIPS: dict[str, str] = {
    "order": "the two tables come back in the wrong order: first the training table, then the other.",
    "own": _OWN.format("mean and spread"),
    "own mean": _OWN.format("mean"),
    "own spread": _OWN.format("spread"),
    "own, one less": _OWN.format("mean and spread"),
    "untouched": "the second table comes back as it was.",
    "pooled": "mean and spread are those of both tables together. Then training has seen the other houses: "
              "their numbers leak into it.",
    "one number": "one mean and one spread for the whole table. Square metres and years do not mix: each "
                  "column has its own.",
    "one mean": "one mean for the whole table; each column has its own.",
    "one spread": "one spread for the whole table; each column has its own.",
    "one less": "the spread divides by one less than the number of houses (ddof=1). Here it divides by how "
                "many there are.",
    "variance": "you divide by the variance. The spread is its square root, in the unit of the column.",
    "range": "you divide by the range from smallest to largest; the task asks for the spread (standard "
             "deviation).",
    "zero to one": "that scales each column to 0 to 1. Often useful; the task asks for mean 0 and spread 1.",
    "largest": "you divide by the largest value; the task asks for mean 0 and spread 1.",
    "not centred": "the spread is right now, but the mean is not taken off.",
    "centred only": "the mean is taken off, but the spread is as it was.",
    "divide first": "you divide first and take the mean off afterwards. Then it is not the mean of these "
                    "numbers any more.",
    "multiplied": "you multiply by the spread.",
    "median": "you take off the median; the task asks for the mean.",
}


def _table_cases() -> list[Case]:
    rng = np.random.default_rng()
    cases = []
    for rows, more, columns in ((6, 4, 2), (6, 4, 1), (9, 3, 3), (5, 7, 4)):
        # Numbers without repetition, so that no column is constant; each column on a scale of its own.
        scale = 2.0 ** rng.permutation(np.arange(-1, 5))[:columns]
        tables = [np.column_stack([rng.permutation(np.arange(1.0, 25.0))[:count] / 4 * s for s in scale])
                  for count in (rows, more)]
        cases.append(Case(tuple(tables), f"tables of shape {tables[0].shape} and {tables[1].shape}"))
    return cases


def _table_hint(error: Exception, case: Case) -> str:
    if isinstance(error, ValueError) and "broadcast" in str(error):
        return ("Print the shape of your mean: one number for each column is wanted. A mean along axis 1 has "
                "one for each house.")
    return ""


def standardise(function: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """Check task 5: ``standardise(train, other)`` scales both tables with the statistics of the first."""
    names = ("train", "other")

    def mistakes(place: int) -> list[Mistake]:
        return [Mistake(says, lambda *tables, kind=kind: _scaled(*tables, kind=kind)[place])
                for kind, says in _SCALE_SLIPS.items()]

    for place in (0, 1):
        judge_function(function, _table_cases(), lambda *tables, place=place: _scaled(*tables)[place],
                       partial(mistakes, place), hint=_table_hint,
                       read=lambda given, place=place: _one_table(given, names, place))
    correct("mean 0 and spread 1 in training, and new houses measured with the same ruler.")


def _one_table(given: Any, names: Sequence[str], place: int) -> Any:
    if type(given) is np.ndarray:
        raise CheckFailed(f"two arrays are asked for: return {', '.join(names)}. This is one array of shape "
                          f"{given.shape}.")
    return parts(given, names)[place]


# --- Task 6: how bent may the curve be? ----------------------------------------------------------------


def _powers(x: np.ndarray, degree: int, *, kind: str = "right") -> np.ndarray:
    """Columns x, x^2, ... up to the degree, or something else in their place."""
    exponents = {"constant": range(degree + 1), "constant for last": range(degree),
                 "one less": range(1, degree), "one more": range(1, degree + 2),
                 "backwards": range(degree, 0, -1),
                 "constant last": range(degree, -1, -1)}.get(kind, range(1, degree + 1))
    if kind == "last only":
        return x**degree
    if kind == "last column only":
        return x[:, None] ** degree
    if kind == "copies":
        exponents = [1] * degree
    columns = [x * k if kind == "multiples" else float(k) ** x if kind == "powers of k" else x ** float(k)
               for k in exponents]
    table = np.array(columns).reshape(len(columns), len(x))
    if kind == "sums":
        table = np.cumsum(table, axis=0)
    return table if kind == "rows" else table.T


_POWER_SLIPS: dict[str, str] = {
    "constant": "there is a column of ones, x to the power 0, as well. The line has b for that.",
    "constant last": "there is a column of ones, x to the power 0, as well, and the powers run backwards.",
    "constant for last": "the powers start at 0 and stop one short of the degree.",
    "one less": "the last power is missing. Where does range stop?",
    "one more": "there is one power too many.",
    "backwards": "the powers run backwards: x comes first, the highest power last.",
    "rows": "each power is a row; here each house is a row, and each power a column.",
    "last only": "that is the last power alone; all powers from 1 on are wanted.",
    "last column only": "that is the last power alone; all powers from 1 on are wanted.",
    "multiples": "those are multiples, x, 2x, 3x. A sum of them is a straight line still; powers bend.",
    "powers of k": "base and exponent have changed places.",
    "copies": "every column is x itself.",
    "sums": "each column holds the sum of all powers so far; one power in each column is wanted.",
}


def _power_cases() -> list[Case]:
    rng = np.random.default_rng()
    return [Case((quarters(rng, count), degree), f"x of shape {(count,)} and degree {degree}")
            for count, degree in ((4, 2), (6, 3), (5, 1), (7, 5))]


def polynomial(function: Callable[..., np.ndarray]) -> None:
    """Check task 6, first part: ``polynomial(x, degree)`` gives columns x, x^2, ..., shape (N, degree)."""
    judge_function(function, _power_cases(), _powers,
                   lambda: [Mistake(says, partial(_powers, kind=kind))
                            for kind, says in _POWER_SLIPS.items()])
    correct("the same linear regression now draws curves: it is linear in w and b, not in x.")


DEGREES = range(1, 10)


def old_houses(seed: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Make houses whose price is a bent curve over their age: some to train on, some held out.

    Returns
    -------
    x_train, y_train, x_held_out, y_held_out
        Ages of shapes (12,) and (40,), rescaled so that -1 is new and 1 is a hundred years; prices in
        thousand euros. Noise: normal, standard deviation 18.
    """
    random = np.random.default_rng(seed)
    ages = [np.sort(random.uniform(-1, 1, count)) for count in (12, 40)]
    prices = [320 - 110 * age + 60 * age**2 + 140 * age**3 + random.normal(0, 18, len(age)) for age in ages]
    return ages[0], prices[0], ages[1], prices[1]


def degree_errors() -> tuple[list[float], list[float]]:
    """Mean squared errors of :func:`old_houses` for each of :data:`DEGREES`: in training, and held out."""
    x_train, y_train, x_held_out, y_held_out = old_houses()
    training, held_out = [], []
    for degree in DEGREES:
        fitted = np.polyfit(x_train, y_train, degree)
        training.append(float(np.mean((np.polyval(fitted, x_train) - y_train) ** 2)))
        held_out.append(float(np.mean((np.polyval(fitted, x_held_out) - y_held_out) ** 2)))
    return training, held_out


def _right_degrees() -> dict[str, int]:
    training, held_out = degree_errors()
    return {"by training error": DEGREES[int(np.argmin(training))],
            "by held-out error": DEGREES[int(np.argmin(held_out))],
            "certain to reach 0": len(old_houses()[0]) - 1}


def _wrong_degrees(right: dict[str, int]) -> dict[str, list[tuple[float, str]]]:
    houses = len(old_houses()[0])
    trained, held = right["by training error"], right["by held-out error"]
    return {
        "by training error": [
            (held, "that is where the other column is smallest."),
            (1, "that degree has the largest training error."),
        ],
        "by held-out error": [
            (trained, "that is where the training error is smallest, on houses the curve has already seen."),
            (1, "a straight line is too stiff here: both errors are large."),
            (held + 1, "close, but look at the column of held-out errors again."),
            (held - 1, "close, but look at the column of held-out errors again."),
        ],
        "certain to reach 0": [
            (houses, "a lower degree does already. How many numbers may it choose, with b among them?"),
            (houses - 2, "not yet certain: there are more houses than numbers to choose. Do not forget b."),
            (trained, "in the table the error is small there, but is it 0?"),
            (houses + 1, "a lower degree does already. How many numbers may it choose, with b among them?"),
            (len(old_houses()[2]), "that is the number of held-out houses."),
        ],
    }


def degrees(answers: dict[str, int]) -> None:
    """Check task 6, second part: which degree each column would choose, and which one fits any prices."""
    right = _right_degrees()
    judge_counts(answers, right, _wrong_degrees(right), "not this degree.")
    correct("training error always votes for more freedom; only houses that were held out say when to stop.")
