"""Checks for ``exercises/04-the-xor-perceptron``: units by hand, the learning rule, a network, counts.

A step unit fires (1) when its weighted sum z = w . x + b is above 0, and is silent (0) otherwise, at
z = 0 too. Inputs of functions under test are drawn afresh at each call, in quarters: floating point holds
these and their sums exactly, so that z = 0 means 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from notmagic.checks._base import (
    Case,
    CheckFailed,
    NotAnswered,
    correct,
    judge_counts,
    quarters,
    read_answers,
    read_number,
)
from notmagic.checks._networks import (
    Slip,
    Trial,
    judge_slips,
    read_plain,
    slips,
    take_one,
)

NO_THRESHOLD = "the bias is *minus* the threshold: it is added to the sum. Look at the sign of your bias."


def rows_of(inputs: int) -> np.ndarray:
    """All rows of a truth table, (2 ** inputs, inputs): 00, 01, 10, 11 for two inputs."""
    return np.array(list(product((0.0, 1.0), repeat=inputs)))


def step(z: np.ndarray) -> np.ndarray:
    """Give 1.0 where z is above 0, else 0.0."""
    return (z > 0).astype(np.float64)


def _row_name(row: np.ndarray) -> str:
    return ", ".join(f"x{index} = {value:g}" for index, value in enumerate(row, start=1))


# --- Task 1: units by hand ----------------------------------------------------------------------------

# name: (number of inputs, the rule)
UNITS: dict[str, tuple[int, Callable[..., bool]]] = {
    "x1 and not x2": (2, lambda x1, x2: x1 and not x2),
    "neither": (2, lambda x1, x2: not (x1 or x2)),
    "at least two of three": (3, lambda *x: sum(x) >= 2),
}

_TWO_INPUT_NAMES = {(0, 0, 0, 1): "and", (0, 1, 1, 1): "or", (1, 1, 1, 0): "not both"}


def _table(inputs: int, rule: Callable[..., bool]) -> np.ndarray:
    return np.array([float(bool(rule(*row))) for row in rows_of(inputs).astype(int).tolist()])


def _fires(weights: np.ndarray, bias: float) -> np.ndarray:
    return step(rows_of(len(weights)) @ weights + bias)


def _unit_slip(weights: np.ndarray, bias: float, table: np.ndarray) -> str | None:
    """Find one change that would make a wrong unit right, or a name for what it computes instead."""
    got = _fires(weights, bias)
    if np.array_equal(_fires(weights, -bias), table):
        return NO_THRESHOLD
    if np.array_equal(got, 1 - table):
        return "it fires exactly where it should be silent, and is silent where it should fire."
    if np.array_equal(_fires(weights[::-1], bias), table):
        return "that is the rule with its inputs swapped. Which one meets which weight?"
    z = rows_of(len(weights)) @ weights + bias
    if np.array_equal(z >= 0, table):
        return "one of the sums is exactly 0, and there a unit is silent: it fires only *above* 0."
    if np.all(got == got[0]):
        return f"it {'always fires' if got[0] else 'never fires'}, whatever its inputs are."
    name = _TWO_INPUT_NAMES.get(tuple(got.astype(int).tolist()))
    return f"that unit computes '{name}'." if name else None


def _wrong_rows(weights: np.ndarray, bias: float, table: np.ndarray) -> str:
    rows = rows_of(len(weights))
    z = rows @ weights + bias
    wrong = np.flatnonzero(step(z) != table)
    said = [f"at {_row_name(rows[row])} the sum is {z[row]:g}, so it {'fires' if z[row] > 0 else 'is silent'}"
            for row in wrong[:2]]
    return (f"{len(wrong)} of {len(rows)} rows of its truth table are wrong: {'; '.join(said)}"
            + (" ..." if len(wrong) > 2 else "."))


def _judge_unit(question: str, answer: Any) -> str | None:
    inputs, rule = UNITS[question]
    wanted = f"({', '.join(f'w{index}' for index in range(1, inputs + 1))}, b)"
    if answer is ... or answer is None:
        raise NotAnswered(f"give {inputs + 1} numbers: {wanted}.")
    if type(answer) not in (tuple, list) or len(answer) != inputs + 1:
        return f"give {inputs + 1} numbers in brackets: {wanted}."
    *weights, bias = (float(read_number(value)) for value in answer)
    weights, table = np.array(weights), _table(inputs, rule)
    if np.array_equal(_fires(weights, bias), table):
        return None
    slip = _unit_slip(weights, bias, table)
    return " ".join([_wrong_rows(weights, bias, table), *([slip[0].upper() + slip[1:]] if slip else [])])


def units(answers: dict[str, tuple[float, ...]]) -> None:
    """Check task 1: weights and bias of one unit for each rule of :data:`UNITS`. Any right unit passes."""
    read_answers(answers, UNITS, _judge_unit)
    correct("three rules, one machine. Only the weights and the bias differ.")


# --- Task 2: a unit over a batch ----------------------------------------------------------------------


def _fire_batch(X: np.ndarray, w: np.ndarray, b: float, *, z: str = "right",
                out: str = "step") -> tuple[np.ndarray]:
    """Run one step unit over a batch X (N, D), right or in a known wrong way; give (N,) numbers."""
    sums = {"right": lambda: X @ w + b, "no bias": lambda: X @ w, "minus": lambda: X @ w - b,
            "each": lambda: X @ w + b * len(w), "other axis": lambda: w @ X + b}[z]()
    with np.errstate(over="ignore"):
        outs = {"step": lambda: step(sums), "at 0": lambda: step(sums) + (sums == 0), "sum": lambda: sums,
                "signs": lambda: np.where(sums > 0, 1.0, -1.0), "sign": lambda: np.sign(sums),
                "inverted": lambda: 1 - step(sums), "silent": lambda: step(-sums),
                "relu": lambda: np.maximum(sums, 0.0), "half": lambda: step(sums - 0.5),
                "one": lambda: step(sums - 1), "sigmoid": lambda: 1 / (1 + np.exp(-sums)),
                "column": lambda: step(sums)[:, None], "first": lambda: step(sums)[0],
                "any": lambda: np.max(step(sums)), "all": lambda: np.min(step(sums)),
                "times": lambda: step(sums) * sums}[out]()
    return (np.asarray(outs),)


_ONE_ANSWER = "one number comes back for the whole batch; every row has an answer of its own."
_FIRE_SLIPS: list[Slip] = [
    ("it fires at z = 0. A step unit fires only where z is above 0.", {"out": "at 0"}),
    ("the bias was forgotten.", {"z": "no bias"}),
    ("the bias was subtracted. It is minus the threshold, so that it is added.", {"z": "minus"}),
    ("the bias is added once for every input; it belongs once at the end of the sum.", {"z": "each"}),
    ("the weights meet the rows of X, not its columns: one weight belongs to each *input*.",
     {"z": "other axis"}),
    ("these are the sums z themselves. The step is missing.", {"out": "sum"}),
    ("a silent unit gives -1 in your answer; here it gives 0.", {"out": "signs"}),
    ("your answers are -1, 0 and 1; a step unit knows only 0 and 1.", {"out": "sign"}),
    ("it fires where it should be silent, and the other way round.", {"out": "inverted"}),
    ("it fires where z is below 0.", {"out": "silent"}),
    ("that is ReLU, which passes z on where it is above 0. A step gives 1 there.", {"out": "relu"}),
    ("that threshold belongs to probabilities: z is compared with 0.", {"out": "half"}),
    ("z is compared with 1; the threshold is in the bias already, so compare with 0.", {"out": "one"}),
    ("that is the sigmoid, a soft step. This unit has a hard one.", {"out": "sigmoid"}),
    ("your answer is a column of shape (N, 1); expected a flat array of shape (N,). With a column, comparing "
     "with y later gives an N x N table.", {"out": "column"}),
    (_ONE_ANSWER, {"out": "first"}),
    (_ONE_ANSWER, {"out": "any"}),
    (_ONE_ANSWER, {"out": "all"}),
]


def _take_bits(given: Any, names: Any) -> list[Any]:
    if type(given) is np.ndarray and given.dtype == bool:
        raise CheckFailed("your array holds True and False; expected the numbers 0 and 1. An array's astype "
                          "makes numbers of them.")
    return take_one(given, names)


def _draw_perceptron() -> list[Trial]:
    """Cases in which some sums are exactly 0, some below and some above."""
    rng = np.random.default_rng()
    trials = []
    for N, D in ((6, 6), (4, 2), (9, 2), (8, 5), (1, 4)):
        X, w = quarters(rng, N, D), quarters(rng, D)
        b = float(-X[-1] @ w) if N > 1 else 0.25
        if N > 1:
            X[0] += np.sign(w)           # the sum of row 0 is above 0, ...
            X[1] = X[-1] - np.sign(w)    # ... that of row 1 below, that of the last exactly 0
            X[0] = np.where(X[0] @ w + b > 0, X[0], X[-1] + np.sign(w))
        case = Case((X, w, b), f"X of shape {X.shape}, w of shape {w.shape}, b = {b:g}; one of the sums is 0")
        trials.append(Trial(case, _fire_batch(X, w, b)))
    return trials


def _perceptron_hint(error: Exception, case: Case) -> str:
    if "ambiguous" in str(error):
        return "There is one z for every row; an `if` decides about one number only."
    if isinstance(error, ValueError):
        return "Which axis of X is as long as w?"
    return ""


def perceptron(function: Callable[..., np.ndarray]) -> None:
    """Check task 2: ``perceptron(X, w, b)`` on X (N, D), w (D,), b a number; gives (N,) zeros and ones."""
    judge_slips(function, _draw_perceptron, _fire_batch, _FIRE_SLIPS, take=_take_bits, hint=_perceptron_hint)
    correct("every row gets its own 0 or 1, and a sum of exactly 0 stays silent.")


# --- Task 3: the learning rule ------------------------------------------------------------------------


def one_pass(w: np.ndarray, b: float, X: np.ndarray, y: np.ndarray, *, sign: float = 1.0, bias: float = 1.0,
             sees_bias: bool = True, fires_at_0: bool = False, moves: str = "error", when: str = "one by one",
             scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Go over the rows once by the perceptron learning rule, right or in a known wrong way.

    Parameters
    ----------
    w, b
        Where to start: weights (D,) and bias.
    X, y
        Rows (N, D) and their answers, 0 or 1, (N,).
    sign, bias, sees_bias, fires_at_0, moves, when, scale
        What to do wrong; the defaults are right.

    Returns
    -------
    tuple of numpy.ndarray
        The new weights (D,) and the new bias, an array without axes.
    """
    w, b = np.array(w, dtype=np.float64), float(b)
    start_w, start_b = w.copy(), b
    order = {"last row first": range(len(X))[::-1], "first row only": range(1)}.get(when, range(len(X)))
    for _ in range({"twice": 2, "until right": 200}.get(when, 1)):
        mistakes = 0
        for row in order:
            seen_w, seen_b = (start_w, start_b) if when in ("batch", "mean") else (w, b)
            z = X[row] @ seen_w + (seen_b if sees_bias else 0.0)
            fired = float(z >= 0 if fires_at_0 else z > 0)
            error = {"error": y[row] - fired, "always": 2.0 * y[row] - 1, "size": abs(y[row] - fired),
                     "misses": max(y[row] - fired, 0.0), "false alarms": min(y[row] - fired, 0.0),
                     "sum": y[row] - z, "target": y[row]}[moves]
            mistakes += y[row] != fired
            w = w + sign * scale * error * X[row] / (len(X) if when == "mean" else 1)
            b = b + sign * bias * scale * error / (len(X) if when == "mean" else 1)
            if mistakes and when == "first mistake only":
                return w, np.asarray(b)
        if not mistakes:
            break
    return w, np.asarray(b)


_LEARN_SLIPS: list[Slip] = [
    ("the sign is turned round: each step makes the mistake worse. Where a unit should have fired, its sum "
     "must grow.", {"sign": -1.0}),
    ("the bias never changes. It learns as a weight does whose input is always 1.", {"bias": 0.0}),
    ("the weights move the right way, the bias moves the wrong way.", {"bias": -1.0}),
    ("the bias has no part in deciding whether the unit fires.", {"sees_bias": False}),
    ("at z = 0 your unit fires; it should be silent there.", {"fires_at_0": True}),
    ("rows that were right move the weights, too. A right answer changes nothing.", {"moves": "always"}),
    ("every row whose answer is 1 is added, whether it was right or wrong, and no row is ever subtracted.",
     {"moves": "target"}),
    ("every wrong row is added. Where the unit fired and should not have, its sum must shrink.",
     {"moves": "size"}),
    ("only rows that should have fired change something. False alarms teach, too.", {"moves": "misses"}),
    ("only false alarms change something. A row that should have fired and did not teaches, too.",
     {"moves": "false alarms"}),
    ("you compare y with the sum z; the rule compares it with what the unit said, 0 or 1.",
     {"moves": "sum"}),
    ("all rows are judged with the weights of the start, and one step is made at the end. Here the weights "
     "change at once after every mistake, and the next row meets the new ones.", {"when": "batch"}),
    ("all rows are judged with the weights of the start, and their mean step is made at the end. Here the "
     "weights change at once after every mistake.", {"when": "mean"}),
    ("the work ends with the first row. In Python: where does `return` stand?", {"when": "first row only"}),
    ("the work ends with the first mistake. In Python: where does `return` stand?",
     {"when": "first mistake only"}),
    ("the rows are taken from the last to the first.", {"when": "last row first"}),
    ("the rows are gone over more than once; one pass is asked for.", {"when": "twice"}),
    ("the rows are gone over more than once; one pass is asked for.", {"when": "until right"}),
    ("your steps are smaller: there is no learning rate in this rule.", {"scale": 0.1}),
    ("your steps are smaller: there is no learning rate in this rule.", {"scale": 0.5}),
    ("your steps are smaller: there is no learning rate in this rule.", {"scale": 0.01}),
]

# The example printed in the exercise: chosen so that the common mistakes give numbers of their own.
SMALL_W, SMALL_B = np.array([0.0, 1.0]), 1.0
SMALL_X = np.array([[0.0, 1.0], [0.0, -1.0], [-1.0, 2.0], [-1.0, 0.0]])
SMALL_Y = np.array([1.0, 1.0, 0.0, 1.0])


def pass_by_hand(answer: tuple[float, float, float]) -> None:
    """Check task 3, first part: (w1, w2, b) after one pass over the small table of the exercise."""
    if answer is ...:
        raise NotAnswered("give three numbers in brackets: (w1, w2, b).")
    if type(answer) not in (tuple, list) or len(answer) != 3:
        raise CheckFailed("give three numbers in brackets: (w1, w2, b).")
    if any(value is ... for value in answer):
        raise NotAnswered("replace each of the three dots by a number: (w1, w2, b).")
    given = np.array([float(read_number(value)) for value in answer])
    table = (SMALL_W, SMALL_B, SMALL_X, SMALL_Y)
    if np.array_equal(given, np.hstack(one_pass(*table))):
        correct("only wrong rows teach, and each row meets what the rows before it have left.")
        return
    if np.array_equal(given, np.hstack([SMALL_W, SMALL_B])):
        raise CheckFailed("these are the numbers of the start. Is no row wrong?")
    for mistake in slips(_LEARN_SLIPS, one_pass):
        if np.array_equal(given, np.hstack(mistake.answer(*table))):
            raise CheckFailed(mistake.message)
    raise CheckFailed("not these numbers. Write down z, the unit's answer and the new w and b, row by row.")


def _draw_learn() -> list[Trial]:
    """Random tables whose first row lies on the line that the unit starts with."""
    rng = np.random.default_rng()
    trials = []
    for N, D in ((4, 2), (7, 2), (12, 3), (9, 4)):
        X, w = quarters(rng, N, D), quarters(rng, D)
        y = rng.permutation(np.arange(N) % 2).astype(np.float64)
        b = float(-X[0] @ w)        # the first row lies exactly on the line
        case = Case((w, b, X, y), f"w of shape {w.shape}, b = {b:g}, X of shape {X.shape}, y of shape "
                                  f"{y.shape}")
        trials.append(Trial(case, one_pass(w, b, X, y)))
    return trials


def _learn_hint(error: Exception, case: Case) -> str:
    if "ambiguous" in str(error):
        return "An `if` decides about one row. Do you go over the rows one by one?"
    return ""


def learn(function: Callable[..., tuple[np.ndarray, float]]) -> None:
    """Check task 3, second part: ``learn(w, b, X, y)``, one pass over the rows; gives the new w and b."""
    judge_slips(function, _draw_learn, one_pass, _LEARN_SLIPS, names=["w", "b"], hint=_learn_hint)
    correct("one line of arithmetic for each mistake. This rule finds a line wherever there is one.")


# --- Task 4: a network for XNOR -----------------------------------------------------------------------

XNOR = np.array([1.0, 0.0, 0.0, 1.0])
_SHAPES = {"W1": [(2, 2)], "b1": [(2,)], "W2": [(2, 1), (2,)], "b2": [(1,), ()]}


def _run_net(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
             ) -> tuple[np.ndarray, np.ndarray]:
    """Run the two-unit network over all four rows: hidden values (4, 2) and outputs (4,)."""
    H = step(rows_of(2) @ W1 + b1)
    return H, step(H @ W2.reshape(2) + b2.reshape(()))


def _read_net(W1: Any, b1: Any, W2: Any, b2: Any) -> list[np.ndarray]:
    arrays = []
    for (name, shapes), value in zip(_SHAPES.items(), (W1, b1, W2, b2), strict=True):
        array = read_plain(value, name)
        if array.shape not in shapes:
            raise CheckFailed(f"{name} has the wrong shape: expected {shapes[0]}, got {array.shape}.")
        if not np.all(np.isfinite(array)):
            raise CheckFailed(f"there is a nan or an inf in {name}.")
        arrays.append(array)
    return arrays


def xnor(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> None:
    """Check task 4: a network 2 -> 2 -> 1 of step units that fires when its two inputs are equal."""
    net = _read_net(W1, b1, W2, b2)
    if not any(np.any(array) for array in net):
        raise NotAnswered("all weights and biases are 0, so no unit ever fires. Replace them by yours.")
    problem = _net_problem(*net)
    if problem:
        raise CheckFailed(problem)
    correct("two lines instead of one, and a third unit to put together what they say.")


def _net_problem(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> str | None:
    H, out = _run_net(W1, b1, W2, b2)
    if np.array_equal(out, XNOR):
        return None
    rows = rows_of(2)
    wrong = ", ".join(f"({row[0]:g}, {row[1]:g})" for row in rows[out != XNOR])
    start = f"wrong at the inputs {wrong}. "
    if np.array_equal(out, 1 - XNOR):
        return start + "This network fires when the inputs differ: that is XOR."
    for changed, says in (((W1.T, b1, W2, b2), "Column k of W1 holds the weights *into* hidden unit k; yours "
                           "stand in the rows."),
                          ((W1, -b1, W2, b2), "In b1: " + NO_THRESHOLD), ((W1, b1, W2, -b2), "In b2: "
                          + NO_THRESHOLD), ((W1, -b1, W2, -b2), "In b1 and b2: " + NO_THRESHOLD)):
        if np.array_equal(_run_net(*changed)[1], XNOR):
            return start + says
    return start + _hidden_problem(H, out)


def _hidden_problem(H: np.ndarray, out: np.ndarray) -> str:
    """Say which of the two layers is to blame, and why."""
    for unit in (0, 1):
        if np.all(H[:, unit] == H[0, unit]):
            always = "fires at all four inputs" if H[0, unit] else "fires at none of the four inputs"
            return f"Hidden unit {unit} {always}, so it tells the output unit nothing."
    if np.array_equal(H[:, 0], H[:, 1]):
        return "The two hidden units always say the same, so there is only one line. Two are needed."
    for first, second in ((0, 1), (0, 2), (3, 1), (3, 2)):
        if np.array_equal(H[first], H[second]):
            a, b = rows_of(2)[[first, second]].astype(int).tolist()
            return (f"The inputs {tuple(a)} and {tuple(b)} give the same hidden values, and want different "
                    "outputs. No output unit can tell them apart: begin with the hidden layer.")
    if not _separable(H, XNOR):
        return ("The four hidden points are as hard to separate as the four inputs were: no line does it. "
                "Begin with the hidden layer.")
    if np.all(out == out[0]):
        return (f"The hidden layer is fine: a line can separate its points. But the output unit "
                f"{'always' if out[0] else 'never'} fires.")
    return ("The hidden layer is fine: a line can separate its points. The output unit draws another line. "
            "List the hidden values of the four rows, and treat them as the inputs of task 1.")


# --- Task 5: what one unit can do ---------------------------------------------------------------------

RULES: dict[str, tuple[int, Callable[..., bool]]] = {
    "x1 or not x2": (2, lambda x1, x2: x1 or not x2),
    "both or neither": (2, lambda x1, x2: x1 == x2),
    "x1, whatever x2 is": (2, lambda x1, x2: x1),
    "never": (2, lambda x1, x2: False),
    "exactly one of three": (3, lambda *x: sum(x) == 1),
    "x1 and (x2 or x3)": (3, lambda x1, x2, x3: x1 and (x2 or x3)),
    "x1 decides: x2 or x3": (3, lambda x1, x2, x3: x2 if x1 else x3),
    "(x1 and x2) or x3": (3, lambda x1, x2, x3: (x1 and x2) or x3),
}


def _separable(points: np.ndarray, table: np.ndarray) -> bool:
    """Tell whether one step unit gives `table` on points of zeros and ones, by trying small weights."""
    return any(np.array_equal(step(points @ w + b), table) for w, b in _small_units(points.shape[1]))


@cache
def _small_units(inputs: int) -> tuple[tuple[np.ndarray, float], ...]:
    """All units with weights -2 to 2 and a bias halfway between whole numbers: enough for three inputs."""
    biases = np.arange(-2 * inputs - 0.5, 2 * inputs + 1)
    return tuple((np.array(w), float(b)) for w in product((-2.0, -1.0, 0.0, 1.0, 2.0), repeat=inputs)
                 for b in biases)


@cache
def _one_unit_can(question: str) -> bool:
    inputs, rule = RULES[question]
    return _separable(rows_of(inputs), _table(inputs, rule))


def _read_claim(question: str, answer: Any) -> str | None:
    if answer is ... or answer is None:
        raise NotAnswered("decide: True or False.")
    if type(answer) not in (bool, np.bool_):
        return "write True or False, without quotes."
    return None


def one_unit(answers: dict[str, bool]) -> None:
    """Check task 5: for each rule of :data:`RULES`, whether one step unit can compute it.

    A message that named the wrong entries would give the answers away, so it says how many there are.
    """
    read_answers(answers, RULES, _read_claim, blank="decide for each of the rules: True or False.")
    wrong = [question for question in RULES if bool(answers[question]) != _one_unit_can(question)]
    if wrong:
        promised = any(answers[question] for question in wrong)
        denied = any(not answers[question] for question in wrong)
        said = [f"{len(RULES) - len(wrong)} of {len(RULES)} are right; which, is for you to find."]
        if promised:
            said.append("You promise a unit where there is none: write down its weights, and try all rows.")
        if denied:
            said.append("You give up where a unit exists: mark the corners of the square or the cube at "
                        "which it should fire, and cut them off with one straight cut.")
        raise CheckFailed("\n  ".join(said))
    correct("what matters is whether one straight cut parts the corners, not how long the rule is.")


# --- Task 6: counting ---------------------------------------------------------------------------------

POPULATION, GENERATIONS, KEPT = 30, 40, 6
_ROWS, _NET_UNITS = 4, 3

COUNTS: dict[str, int] = {
    "rules for two inputs": 2 ** 4,
    "done by one unit": sum(_separable(rows_of(2), np.array(table))
                            for table in product((0.0, 1.0), repeat=4)),
    "rules for three inputs": 2 ** 8,
    "numbers to find": (2 + 1) * 2 + (2 + 1),
    "networks tried": POPULATION * GENERATIONS,
    "networks tried, scores kept": POPULATION + (GENERATIONS - 1) * (POPULATION - KEPT),
    "weighted sums": POPULATION * GENERATIONS * _ROWS * _NET_UNITS,
}

_WRONG_COUNTS: dict[str, list[tuple[float, str]]] = {
    "rules for two inputs": [
        (4, "that is the number of rows of a truth table. How many ways are there to fill its last column?"),
        (8, "the rows do not add 2 each; every row doubles the number of ways."),
        (2, "that is the number of inputs, or of answers in one row."),
    ],
    "done by one unit": [
        (16, "there is a rule among them that no unit does: the chapter is about it."),
        (15, "one rule is missing for the reason you know. Turn all of its answers round: what then?"),
        (12, "a rule that always fires is a rule, too, and so is one that never does."),
        (13, "a rule that always fires is a rule, too, and so is one that never does."),
        (10, "rules that look at one input only can be done, too."),
        (8, "rules that look at one input only can be done, too, and those that look at none."),
        (2, "that is the number of rules that it can *not* do."),
    ],
    "rules for three inputs": [
        (8, "that is the number of rows of a truth table. How many ways are there to fill its last column?"),
        (16, "every row of the table doubles the number of ways. How many rows are there now?"),
        (32, "the table does not grow by one row with a third input."),
        (64, "how many rows has a truth table of three inputs?"),
    ],
    "numbers to find": [
        (6, "the biases were forgotten, or the output unit."),
        (8, "the output unit has a bias, too."),
        (7, "each hidden unit has a bias of its own."),
        (12, "the output unit looks at the hidden units, not at the inputs as well."),
        (3, "that is the number of units. How many numbers has each?"),
        (5, "count each unit: one weight for each of its inputs, and a bias."),
    ],
    "networks tried": [
        (POPULATION + GENERATIONS, "the whole population is tried in *each* generation."),
        (POPULATION * (GENERATIONS - 1), "the first generation is tried, too."),
        (POPULATION * (GENERATIONS + 1), "that is one generation too many."),
        (POPULATION * GENERATIONS * _ROWS, "that counts the rows; here a try of all four rows counts once."),
        ((POPULATION - KEPT) * GENERATIONS, "here nobody keeps a score: all are tried again."),
    ],
    "networks tried, scores kept": [
        ((POPULATION - KEPT) * GENERATIONS, "in the first generation nobody has a score yet."),
        (POPULATION * GENERATIONS - KEPT, "the scores are kept in every generation, not once."),
        (POPULATION * GENERATIONS, "that is the count without keeping scores."),
        (KEPT * GENERATIONS, "that is what is *saved*, nearly."),
        (KEPT * (GENERATIONS - 1), "that is what is saved."),
        (POPULATION + GENERATIONS * (POPULATION - KEPT), "that is one generation too many: the first is one "
                                                         "of them."),
        (POPULATION + (GENERATIONS - 1) * KEPT, "the best keep their scores; the *others* are tried."),
    ],
    "weighted sums": [
        (POPULATION * GENERATIONS * _ROWS, "how many units does a row pass through?"),
        (POPULATION * GENERATIONS * _NET_UNITS, "how many rows does each try run?"),
        (POPULATION * GENERATIONS * _ROWS * 2, "the output unit computes a sum, too."),
        (POPULATION * GENERATIONS * _ROWS * 9, "that counts the weights and biases in them; one unit makes "
                                               "one sum."),
        (POPULATION * GENERATIONS, "that is the number of tries."),
    ],
}


def counts(answers: dict[str, int]) -> None:
    """Check task 6: how many, for each question of :data:`COUNTS`."""
    judge_counts(answers, COUNTS, _WRONG_COUNTS,
                 "not this number. Work out a smaller case on paper, then multiply.")
    correct("a search without slopes pays for each try with a run over the whole table.")


__all__ = ["counts", "learn", "one_unit", "pass_by_hand", "perceptron", "units", "xnor"]
