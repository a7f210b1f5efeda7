"""The checks of exercises 2 and 3 name the mistake behind a wrong answer, and cannot be fooled."""

import re
from itertools import pairwise

import numpy as np
import pytest
from check_tools import (
    AgreeableArray,
    assert_missing_entry_is_named,
    assert_passes,
    assert_refuses_by_heart,
    cells_of,
    define,
    failure,
    said_of,
    tired,
)
from test_checks import CHEATS

from notmagic.checks import CheckFailed, NotAnswered
from notmagic.checks import chapter02 as two
from notmagic.checks import chapter03 as three

# Right answers as a student writes them; the tables below break them in one place at a time.
MSE = '''
def mse(w, b, x, y):
    return ((w * x + b - y) ** 2).mean()
'''
GRADIENT = '''
def gradient(w, b, x, y):
    error = w * x + b - y
    dw = 2 * (error * x).mean()
    db = 2 * error.mean()
    return np.array([dw, db])
'''
DESCEND = '''
def descend(x, y, learning_rate, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        error = w * x + b - y
        dw, db = 2 * (error * x).mean(), 2 * error.mean()
        w, b = w - learning_rate * dw, b - learning_rate * db
    return w, b
'''
STANDARDISE = '''
def standardise(train, other):
    mean, spread = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / spread, (other - mean) / spread
'''
POLYNOMIAL = '''
def polynomial(x, degree):
    return np.column_stack([x ** k for k in range(1, degree + 1)])
'''
SIGMOID = '''
def sigmoid(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)
'''
CROSS_ENTROPY = '''
def cross_entropy(p, y):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
'''
SLOPES = '''
def gradient(w, b, X, y):
    z = X @ w + b
    p = 1 / (1 + np.exp(-z))
    error = p - y
    dw = X.T @ error / len(y)
    db = error.mean()
    return dw, db
'''
FEATURES = '''
def circle_features(X):
    return np.column_stack([X[:, 0], X[:, 1], X[:, 0] ** 2, X[:, 1] ** 2])
'''
INTERVAL = '''
def interval(right, total):
    p = right / total
    half = 1.96 * np.sqrt(p * (1 - p) / total)
    return p - half, p + half
'''
SOFTMAX = '''
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
'''

LINE = {"predictions": (200, 300, 350), "errors": (-10, 20, -10), "loss": 200}
DEGREES = {"by training error": 9, "by held-out error": 3, "certain to reach 0": 11}
PAIR = {"z": (-1.5, 0.5), "p": (0.182, 0.622), "cross-entropy": (1.701, 0.974)}
TYPED = [(two.by_hand, LINE), (two.degrees, DEGREES), (three.by_hand, PAIR)]
WRITTEN = [(two.mse, MSE), (two.gradient, GRADIENT), (two.descend, DESCEND), (two.standardise, STANDARDISE),
           (two.polynomial, POLYNOMIAL), (three.sigmoid, SIGMOID), (three.cross_entropy, CROSS_ENTROPY),
           (three.gradient, SLOPES), (three.circle_features, FEATURES), (three.interval, INTERVAL),
           (three.softmax, SOFTMAX)]
NAMES = [f"{check.__module__[-2:]}-{check.__name__}" for check, _ in WRITTEN]

# --- right answers --------------------------------------------------------------------------------------


def test_right_answers_pass_return_nothing_and_say_what_they_mean(capsys):
    for check, answer in TYPED + [(check, define(code)) for check, code in WRITTEN]:
        assert_passes(check, answer, capsys=capsys)


@pytest.mark.parametrize(("check", "code"), WRITTEN, ids=NAMES)
def test_a_right_answer_passes_whatever_numbers_are_drawn(check, code):
    for _ in range(25):
        check(define(code))


@pytest.mark.parametrize(("check", "code", "changes"), [
    (two.mse, MSE, [("((w * x + b - y) ** 2).mean()", "np.mean(np.square(y - (b + x * w)))")]),
    (two.mse, MSE, [("((w * x + b - y) ** 2).mean()",
                     "sum((w * p + b - q) ** 2 for p, q in zip(x, y)) / len(x)")]),
    (two.mse, MSE, [("x + b - y", "np.float32(x) + np.float32(b) - np.float32(y)")]),
    (two.mse, MSE, [("return", "return np.asarray("), (".mean()", ".mean())")]),
    (two.gradient, GRADIENT, [("2 * (error * x).mean()", "2 / len(x) * (error @ x)")]),
    (two.gradient, GRADIENT, [("w * x", "np.float32(w) * np.float32(x)")]),
    (two.gradient, GRADIENT, [("error = w * x + b - y", "error = -(y - w * x - b)")]),
    (two.descend, DESCEND, [("return w, b", "return [w, b]")]),
    (two.descend, DESCEND, [("return w, b", "return np.array([w, b])")]),
    (two.descend, DESCEND, [("w, b = 0.0, 0.0", "w = b = 0")]),
    (two.standardise, STANDARDISE, [("return (train - mean) / spread, (other - mean) / spread",
                                     "return [(table - mean) / spread for table in (train, other)]")]),
    (two.standardise, STANDARDISE, [(", "
                                     "train.std(axis=0)", ", np.sqrt(((train - train.mean(axis=0)) ** "
                                                          "2).mean(0))")]),
    (two.polynomial, POLYNOMIAL, [("np.column_stack([x ** k for k in range(1, degree + 1)])",
                                   "np.vander(x, degree + 1, increasing=True)[:, 1:]")]),
    (two.polynomial, POLYNOMIAL, [("np.column_stack([x ** k for k in range(1, degree + 1)])",
                                   "np.float32(x)[:, None] ** np.arange(1, degree + 1)")]),
    (three.sigmoid, SIGMOID, [("np.where(z >= 0, 1, small) / (1 + small)", "0.5 * (1 + np.tanh(z / 2))")]),
    (three.sigmoid, SIGMOID, [("np.where(z >= 0, 1, small) / (1 + small)",
                               "1 / (1 + np.exp(-np.clip(z, -500, 500)))")]),
    (three.sigmoid, SIGMOID, [("np.where(z >= 0, 1, small) / (1 + small)", "np.exp(-np.logaddexp(0, -z))")]),
    (three.sigmoid, SIGMOID, [("np.abs(z)", "np.abs(z.astype(np.float32))")]),
    (three.cross_entropy, CROSS_ENTROPY, [("-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()",
                                           "np.mean(-np.log(np.where(y == 1, p, 1 - p)))")]),
    (three.cross_entropy, CROSS_ENTROPY, [("    return", "    p = np.clip(p, 1e-12, 1 - 1e-12)\n"
                                                         "    return")]),
    (three.cross_entropy, CROSS_ENTROPY, [("    return", "    p = p.astype(np.float32)\n    return")]),
    (three.gradient, SLOPES, [("X.T @ error / len(y)", "(error[:, None] * X).mean(axis=0)")]),
    (three.gradient, SLOPES, [("error = p - y", "error = (p - y).astype(np.float32)")]),
    (three.gradient, SLOPES, [("return dw, db", "return [dw, np.array(db)]")]),
    (three.interval, INTERVAL, [("np.sqrt(p * (1 - p) / total)", "(p * (1 - p)) ** 0.5 / total ** 0.5")]),
    (three.interval, INTERVAL, [("return p - half, p + half", "return np.array([p - half, p + half])")]),
    (three.softmax, SOFTMAX, [("z.max(axis=1, keepdims=True)", "z.max()")]),
    (three.softmax, SOFTMAX, [("e / e.sum(axis=1, keepdims=True)", "(e.T / e.sum(axis=1)).T")]),
    (three.softmax, SOFTMAX, [("return e", "e = e.astype(np.float32)\n    return e")]),
])
def test_right_answers_come_in_many_forms(check, code, changes):
    for _ in range(5):
        check(define(code, *changes))


@pytest.mark.parametrize("columns", [
    "[(X ** 2).sum(axis=1)]", "[np.hypot(X[:, 0], X[:, 1])]", "[X[:, 0] ** 2, X[:, 1] ** 2]",
    "[*X.T, *(X ** 2).T, X[:, 0] * X[:, 1], *(X ** 3).T]", "[np.float32((X ** 2).sum(axis=1))]",
    "[np.exp(-4 * (X ** 2).sum(axis=1))]", "[np.ones(len(X)), *(X ** 2).T]",
])
def test_any_features_that_find_the_ring_pass(columns):
    check = define(f"def circle_features(X):\n    return np.column_stack({columns})\n")
    for _ in range(3):
        three.circle_features(check)


def test_typed_answers_come_in_many_forms():
    two.by_hand({"predictions": [200.0, np.int64(300), 350], "errors": (-10, 20.0, -10), "loss": 600 / 3})
    two.degrees({name: float(value) for name, value in DEGREES.items()})
    # p to three decimals, and the loss that follows from such a p
    three.by_hand({"z": [-1.5, 0.5], "p": (0.1824, 0.6225),
                   "cross-entropy": (-np.log(0.182), -np.log(1 - 0.622))})


# --- the references are right ---------------------------------------------------------------------------


def test_the_references_agree_with_slopes_measured_on_the_loss():
    rng = np.random.default_rng(2)
    x, y, eps = rng.normal(size=9), rng.normal(size=9), 1e-6
    w, b = 0.7, -0.3
    measured = [(two._loss(w + eps, b, x, y) - two._loss(w - eps, b, x, y)) / (2 * eps),
                (two._loss(w, b + eps, x, y) - two._loss(w, b - eps, x, y)) / (2 * eps)]
    np.testing.assert_allclose(two._slopes(w, b, x, y), measured, atol=1e-8)

    table, classes, weights = rng.normal(size=(9, 3)), rng.integers(0, 2, 9), rng.normal(size=3)

    def loss(weights, b):
        return three._log_loss(three._sigmoid(table @ weights + b), classes)

    dw, db = three._slopes(weights, b, table, classes)
    for place, slope in enumerate(dw):
        step = eps * np.eye(3)[place]
        measured = (loss(weights + step, b) - loss(weights - step, b)) / (2 * eps)
        assert slope == pytest.approx(measured, abs=1e-8)
    assert db == pytest.approx((loss(weights, b + eps) - loss(weights, b - eps)) / (2 * eps), abs=1e-8)


def test_the_walk_arrives_at_the_best_line():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=12), rng.normal(size=12)
    np.testing.assert_allclose(two._walk(x, y, 0.1, 2000), np.polyfit(x, y, 1), atol=1e-9)


def test_the_standard_tools_of_others_give_the_same():
    from sklearn.metrics import log_loss
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    rng = np.random.default_rng(4)
    train, other = rng.normal(3, 2, (8, 3)), rng.normal(1, 5, (5, 3))
    scaler = StandardScaler().fit(train)
    for ours, table in zip(two._scaled(train, other), (train, other), strict=True):
        np.testing.assert_allclose(ours, scaler.transform(table))
    x = rng.normal(size=6)
    np.testing.assert_allclose(two._powers(x, 4),
                               PolynomialFeatures(4, include_bias=False).fit_transform(x[:, None]))
    p, y = rng.uniform(0.1, 0.9, 20), rng.integers(0, 2, 20)
    assert three._log_loss(p, y) == pytest.approx(log_loss(y, p))


def test_an_interval_catches_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(5)
    low, high = np.array([three._interval(int(right), 400) for right in rng.binomial(400, 0.8, 4000)]).T
    assert 0.93 < np.mean((low <= 0.8) & (high >= 0.8)) < 0.965


def test_the_table_of_degrees_has_a_clear_answer():
    training, held_out = two.degree_errors()
    assert all(later < earlier for earlier, later in pairwise(training))
    best, second = sorted(held_out)[:2]
    assert second > 1.3 * best
    assert two._right_degrees() == DEGREES
    ages, prices, *_ = two.old_houses()
    for degree, reaches in ((10, False), (11, True)):
        fitted = np.polynomial.Polynomial.fit(ages, prices, degree)
        assert (np.mean((fitted(ages) - prices) ** 2) < 1e-6) == reaches


def test_a_plain_rule_fails_on_every_ring_and_squares_find_every_one():
    rng = np.random.default_rng(6)
    for inner, outer in three._RINGS:
        (points, y), (fresh, truth) = (three._rings(rng, inner, outer, 400) for _ in range(2))
        straight, bent = three.fit(points, y), three.fit(points**2, y)
        assert np.mean((straight(fresh) > 0.5) == truth) < 0.75
        assert np.mean((bent(fresh**2) > 0.5) == truth) > 0.99


def test_the_picture_of_the_rings_can_be_drawn_before_there_are_features():
    rng = np.random.default_rng(7)
    points, y = three._rings(rng, 0.4, 0.8, 200)
    plain = three.fit(points, y)(points)
    for unfinished in (lambda x: None, ..., lambda x: x[0, 0, 0], lambda x: x.T):
        np.testing.assert_array_equal(three.trained(unfinished, points, y)(points), plain)
    assert np.mean((three.trained(define(FEATURES), points, y)(points) > 0.5) == y) > 0.99


# --- known mistakes: chapter 2 --------------------------------------------------------------------------

ERROR = "w * x + b - y"
MSE_MISTAKES = [
    ("sum of the squares", (".mean()", ".sum()")),
    ("divide by 2N", (".mean()", ".mean() / 2")),
    ("square root", ("((w", "np.sqrt(((w"), (".mean()", ".mean())")),
    ("not squared, so those above", (" ** 2", "")),
    ("sign is turned round", (f"(({ERROR}) ** 2)", "(y - w * x - b)")),
    ("errors' sizes", (f"(({ERROR}) ** 2)", f"np.abs({ERROR})")),
    ("square after taking the mean", (f"(({ERROR}) ** 2).mean()", f"({ERROR}).mean() ** 2")),
    ("square after adding up", (f"(({ERROR}) ** 2).mean()", f"({ERROR}).sum() ** 2")),
    ("b was forgotten", (" + b", "")),
    ("w was forgotten", ("w * x", "x")),
    ("w and b have changed places", ("w * x + b", "b * x + w")),
    ("after the multiplication", ("w * x + b", "w * (x + b)")),
    ("price is added", ("- y", "+ y")),
    ("price does not come in", (" - y", "")),
    ("x and y have changed places", (ERROR, "w * y + b - x")),
    ("you divide by 3", (".mean()", ".sum() / 3")),
    ("one less than the number of houses", (".mean()", ".sum() / (len(x) - 1)")),
    ("what mse returns: one number is asked for", (".mean()", "")),
    ("changes an array", ("    return", "    x *= w\n    return")),
    ("returns nothing", ("return ", "")),
    ("ZeroDivisionError", (".mean()", ".mean() + 1 // 0")),
    ("the number is wrong", (".mean()", ".max()")),
]
GRADIENT_MISTAKES = [
    ("factor 2 is missing", ("2 * (error", "(error"), ("2 * error", "error")),
    ("sum over the houses", (".mean()\n    db", ".sum()\n    db"), ("error.mean()", "error.sum()")),
    ("number of houses "
     "twice", ("x).mean()", "x).mean() / len(x)"), ("error.mean()", "error.mean() / len(x)")),
    ("subtract the prediction from the price", (ERROR, "y - (w * x + b)")),
    ("with respect to w lacks a factor", ("(error * x)", "error")),
    ("with respect to b has a factor too many", ("2 * error.mean()", "2 * (error * x).mean()")),
    ("is not w", ("(error * x)", "(error * w)")),
    ("b is missing from the predictions", (" + b", "")),
    ("errors are still squared", ("error = w * x + b - y", "error = (w * x + b - y) ** 2")),
    ("errors' sizes", ("error = w * x + b - y", "error = np.abs(w * x + b - y)")),
    ("wrong order: first w", ("[dw, db]", "[db, dw]")),
    ("separately, then multiply", ("(error * x).mean()", "error.mean() * x.mean()")),
    ("with respect to w: the factor 2 is missing", ("2 * (error", "(error")),
    ("with respect to b: the factor 2 is missing", ("2 * error", "error")),
    ("with respect to b: you take the sum", ("error.mean()", "error.sum()")),
    ("First: the factor 2 is missing: the derivative of a square brings it down. Second: you subtract",
     ("2 * (error", "(error"), ("2 * error", "error"), (ERROR, "y - (w * x + b)")),
    ("measured with a step to one "
     "side", ("    dw", "    loss = lambda w, b: ((w * x + b - y) ** 2).mean()\n    dw"),
     ("2 * (error * x).mean()", "(loss(w + 1e-3, b) - loss(w, b)) / 1e-3"),
     ("2 * error.mean()", "(loss(w, b + 1e-3) - loss(w, b)) / 1e-3")),
    ("type tuple", ("np.array([dw, db])", "dw, db")),
    ("expected (2,)", ("np.array([dw, db])", "np.array([[dw, db]])")),
    ("Each slope is one number", ("(error * x).mean()", "error * x")),
    ("fractions are cut off", ("np.array([dw, db])", "np.array([dw, db], int)")),
    ("changes an array", ("    error =", "    y -= b\n    error =")),
    ("nan or inf", ("[dw, db]", "[dw, np.nan]")),
    ("values are wrong", ("[dw, db]", "[0.0, 0.0]")),
]
UPDATE = "w, b = w - learning_rate * dw, b - learning_rate * db"
NEW_W = ("w = w - learning_rate * dw\n        db = 2 * (w * x + b - y).mean()\n"
         "        b = b - learning_rate * db")
NEW_B = ("b = b - learning_rate * db\n        dw = 2 * ((w * x + b - y) * x).mean()\n"
         "        w = w - learning_rate * dw")
SLOPE_LINES = ("        error = w * x + b - y\n"
               "        dw, db = 2 * (error * x).mean(), 2 * error.mean()\n")
DESCEND_MISTAKES = [
    ("you walk uphill", ("w - learning", "w + learning"), ("b - learning", "b + learning")),
    ("computed with the new w", (UPDATE, NEW_W)),
    ("computed with the new b", (UPDATE, NEW_B)),
    ("one step too few", ("range(steps)", "range(1, steps)")),
    ("one step too many", ("range(steps)", "range(steps + 1)")),
    ("return inside its loop", ("    return w, b", "        return w, b")),
    ("gradient of the "
     "start", (SLOPE_LINES, ""), ("    for", SLOPE_LINES.replace("        ", "    ") + "    for")),
    ("too short by a "
     "factor", ("    w, b = 0.0", "    learning_rate = learning_rate / len(x)\n    w, b = 0.0")),
    ("learning rate does not come in", ("learning_rate * dw", "dw"), ("learning_rate * db", "db")),
    ("b never moves", (", b - learning_rate * db", ", b")),
    ("w never moves", ("= w - learning_rate * dw", "= w")),
    ("start at w = 1", ("0.0, 0.0", "1.0, 1.0")),
    ("wrong order: first w", ("return w, b", "return b, w")),
    ("the step alone", ("w - learning", "-learning"), ("b - learning", "-learning")),
    ("gradient in it is not: the factor 2", ("2 * (error", "(error"), ("2 * error", "error")),
    ("gradient in it is not: you take the sum", ("x).mean()", "x).sum()"), ("error.mean()", "error.sum()")),
    ("First: one step too few. Second, in the gradient: the factor 2", ("2 * (error", "(error"),
     ("2 * error", "error"), ("range(steps)", "range(1, steps)")),
    ("2 values are asked for: return w, b. This is of type float", ("return w, b", "return w")),
    ("You return 3", ("return w, b", "return w, b, 0.0")),
    ("w: one number is asked for", ("return w, b", "return w + x, b")),
    ("b has no value yet", ("return w, b", "return w, None")),
    ("returns nothing", ("    return w, b\n", "")),
    ("holds no fractions", (UPDATE, "p = np.array([0, 0])\n        p -= np.array([dw, db])")),
    ("changes an array", ("    w, b = 0.0", "    x -= x.mean()\n    w, b = 0.0")),
    ("values are wrong", ("return w, b", "return w + 0.01, b")),
]
MEANS = "mean, spread = train.mean(axis=0), train.std(axis=0)"
SECOND = "(other - mean) / spread"
STANDARDISE_MISTAKES = [
    ("wrong order: first the training", ("(train - mean) / spread, (other - mean) / spread",
                                         "(other - mean) / spread, (train - mean) / spread")),
    ("its own mean and spread", (SECOND, "(other - other.mean(axis=0)) / other.std(axis=0)")),
    ("its own mean.", (SECOND, "(other - other.mean(axis=0)) / spread")),
    ("its own spread", (SECOND, "(other - mean) / other.std(axis=0)")),
    ("its own mean and spread", (SECOND, "(other - other.mean(axis=0)) / other.std(axis=0, ddof=1)")),
    ("comes back as it was", (SECOND, "other.copy()")),
    ("both tables together", (MEANS, "both = np.concatenate([train, other])\n"
                                     "    mean, spread = both.mean(axis=0), both.std(axis=0)")),
    ("one mean and one spread for the whole table", (MEANS, "mean, spread = train.mean(), train.std()")),
    ("one mean for the whole table", ("train.mean(axis=0)", "train.mean()")),
    ("one spread for the whole table", ("train.std(axis=0)", "train.std()")),
    ("ddof=1", ("std(axis=0)", "std(axis=0, ddof=1)")),
    ("divide by the variance", ("std(axis=0)", "var(axis=0)")),
    ("range from smallest to largest", ("train.std(axis=0)", "np.ptp(train, axis=0)")),
    ("scales each column to 0 to 1", (MEANS, "mean, spread = train.min(0), np.ptp(train, axis=0)")),
    ("divide by the largest value", (MEANS, "mean, spread = 0, np.abs(train).max(0)")),
    ("the mean is not taken off", ("train.mean(axis=0)", "0")),
    ("the spread is as it was", ("train.std(axis=0)", "1")),
    ("take the mean off afterwards", ("(train - mean) / spread, (other - mean) / spread",
                                      "train / spread - mean, other / spread - mean")),
    ("you multiply by the spread", ("mean) / spread, (other - mean) / spread",
                                    "mean) * spread, (other - mean) * spread")),
    ("you take off the median", ("train.mean(axis=0)", "np.median(train, axis=0)")),
    ("A mean along axis 1 has", (MEANS, "mean, spread = train.mean(axis=1), train.std(axis=1)")),
    ("two arrays are asked for", (", (other - mean) / spread", "")),
    ("type list; expected a NumPy array", (SECOND, "((other - mean) / spread).tolist()")),
    ("You return 3", (SECOND, SECOND + ", mean")),
    ("changes an array", ("    mean, spread", "    train -= 1\n    mean, spread")),
    ("other has no value", (SECOND, "None")),
    ("values are wrong", ("(train - mean) / spread,", "(train - mean) / spread + 0.01,")),
]
POWERS = "[x ** k for k in range(1, degree + 1)]"
POLYNOMIAL_MISTAKES = [
    ("there is a column of ones, x to the power 0, as well. The line", ("range(1,", "range(0,")),
    ("as well, and the powers run backwards", (f"np.column_stack({POWERS})", "np.vander(x, degree + 1)")),
    ("start at 0 and stop one short", ("range(1, degree + 1)", "range(degree)")),
    ("last power is missing", ("degree + 1", "degree")),
    ("one power too many", ("degree + 1", "degree + 2")),
    ("run backwards: x comes first", ("range(1, degree + 1)", "range(degree, 0, -1)")),
    ("each power is a row", ("np.column_stack(", "np.array(")),
    ("the last power alone", (f"np.column_stack({POWERS})", "x ** degree")),
    ("the last power alone", (f"np.column_stack({POWERS})", "x[:, None] ** degree")),
    ("those are multiples", ("x ** k", "x * k")),
    ("base and exponent", ("x ** k", "float(k) ** x")),
    ("every column is x itself", ("x ** k", "x")),
    ("sum of all powers so far", (f"np.column_stack({POWERS})", f"np.cumsum({POWERS}, axis=0).T")),
    ("type list", (f"np.column_stack({POWERS})", POWERS)),
    ("fractions are cut off", ("[x ** k", "[(x ** k).astype(int)")),
    ("changes an array", ("    return", "    x **= 2\n    return")),
    ("values are wrong", ("x ** k", "np.abs(x) ** k")),
]

# --- known mistakes: chapter 3 --------------------------------------------------------------------------

STABLE = "np.where(z >= 0, 1, small) / (1 + small)"
SIGMOID_MISTAKES = [
    ("exponent is turned round", (STABLE, "1 / (1 + np.exp(z))")),
    ("that is tanh", (STABLE, "np.tanh(z)")),
    ("that is the decision", (STABLE, "(z > 0).astype(float)")),
    ("that is the decision", (STABLE, "(z >= 0) * 1.0")),
    ("base 2", (STABLE, "1 / (1 + 2.0 ** -z)")),
    ("slope of the sigmoid", (STABLE, "small / (1 + small) ** 2")),
    ("their sign is lost", (STABLE, "1 / (1 + small)")),
    ("positive z get the value of negative", (STABLE, "small / (1 + small)")),
    ("that is softmax", (STABLE, "np.exp(z) / np.exp(z).sum()")),
    ("nan appears for large z", (STABLE, "np.exp(z) / (1 + np.exp(z))")),
    ("warns of an overflow", (STABLE, "1 / (1 + np.exp(-z))")),
    ("np.where works out "
     "both", (STABLE, "np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))")),
    ("fractions are cut off", ("    return", "    out = np.zeros_like(z)\n    out[...] ="),
     ("(1 + small)", "(1 + small)\n    return out")),
    ("truth value of an array", (STABLE, "1 / (1 + small) if z > 0 else small / (1 + small)")),
    ("type list", (STABLE, f"({STABLE}).tolist()")),
    ("expected (3, 4), got (12,)", (STABLE, f"({STABLE}).ravel()")),
    ("changes an array", ("    small", "    z *= 2\n    small")),
    ("returns nothing", ("return", "result =")),
    ("values are wrong", (STABLE, f"np.clip({STABLE}, 0.1, 0.9)")),
]
BOTH = "-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()"
CROSS_ENTROPY_MISTAKES = [
    ("the minus is missing", ("return -", "return ")),
    ("to base 10", ("np.log(p)", "np.log10(p)"), ("np.log(1", "np.log10(1")),
    ("to base 2", ("np.log(p)", "np.log2(p)"), ("np.log(1", "np.log2(1")),
    ("you add up the examples; the loss is their mean.", (".mean()", ".sum()")),
    ("And the minus is missing", (".mean()", ".sum()"), ("return -", "return ")),
    ("only examples of class 1 count. One", (" + (1 - y) * np.log(1 - p)", "")),
    ("only examples of class 0 count", ("y * np.log(p) + ", "")),
    ("taken over them alone", (BOTH, "-np.log(p[y == 1]).mean()")),
    ("classes are mixed up", ("y * np.log(p) + (1 - y) * np.log(1 - p)",
                              "y * np.log(1 - p) + (1 - y) * np.log(p)")),
    ("as if it were of class 1", (BOTH, "-np.log(p).mean()")),
    ("subtracted from each other", ("log(p) +", "log(p) -")),
    ("subtracted from each other", ("log(p) +", "log(p) -"), ("return -", "return ")),
    ("mean squared error", (BOTH, "((p - y) ** 2).mean()")),
    ("mean is taken before the logarithm", (BOTH, "-np.log(np.where(y == 1, p, 1 - p).mean())")),
    ("weighted with p", (BOTH, "-(p * np.log(p) + (1 - p) * np.log(1 - p)).mean()")),
    ("divide by 2 as well", (".mean()", ".mean() / 2")),
    ("a byte has no sign", (BOTH, "(-y * np.log(p) - (1 - y) * np.log(1 - p)).mean()")),
    ("what cross_entropy returns: one number", (".mean()", "")),
    ("infinite or not a number", (".mean()", ".mean() * np.inf")),
    ("changes an array", ("    return", "    p[p < 0.5] = 0.5\n    return")),
    ("the number is wrong", (".mean()", ".max()")),
]
DW = "X.T @ error / len(y)"
SLOPES_MISTAKES = [
    ("dw: you take the sum", (DW, "X.T @ error"), ("error.mean()", "error.sum()")),
    ("db: you take the sum", ("error.mean()", "error.sum()")),
    ("dw: you divide by the number of examples twice", (DW, "(X.T @ error / len(y)) / len(y)")),
    ("dw: you subtract p from y", ("p - y", "y - p")),
    ("dw: there is a factor p (1 - p)", ("p - y", "(p - y) * p * (1 - p)")),
    ("dw: there is a factor 2", ("p - y", "2 * (p - y)")),
    ("First: you subtract p from y. Where p is too large, the loss must grow with z. Second: there is a "
     "factor 2",
     ("p - y", "2 * (y - p)")),
    ("First: there is a factor p (1 - p)", ("p - y", "2 * (p - y) * p * (1 - p)")),
    ("dw: z was not turned", ("p = 1 / (1 + np.exp(-z))", "p = z")),
    ("dw: you use the decision", ("p = 1 / (1 + np.exp(-z))", "p = (z > 0) * 1.0")),
    ("dw: the sigmoid's sign", ("np.exp(-z)", "np.exp(z)")),
    ("dw: b is missing from z", ("X @ w + b", "X @ w")),
    ("dw: you take the sizes", ("p - y", "np.abs(p - y)")),
    ("dw: you divide by the number of weights as well", (DW, DW + " / len(w)")),
    ("dw: one number for each example", (DW, "X @ w")),
    ("dw: it is still one row for each example", (DW, "X * error[:, None]")),
    ("dw: it is still one row for each example", (DW, "X * error[:, None] / len(y)")),
    ("dw: x does not come in", (DW, "np.full(len(w), error.mean())")),
    ("dw: the means of p - y and of x", (DW, "error.mean() * X.mean(axis=0)")),
    ("dw: it is a table of one column or row", (DW, "(X.T @ error / len(y))[:, None]")),
    ("dw: it is a table of one column or row", (DW, "(X.T @ error / len(y))[None]")),
    ("db: there is an x in it", ("error.mean()", "dw.sum()")),
    ("db: there is an x in it", ("error.mean()", "dw.mean()")),
    ("db: one number is asked for", ("error.mean()", "error")),
    ("two things are asked for", ("return dw, db", "return dw")),
    ("You return 3", ("return dw, db", "return dw, db, p")),
    ("type float", ("return dw, db", "return db")),
    ("db has no value yet", ("return dw, db", "return dw, ...")),
    ("inner sizes meet", (DW, "X @ error / len(y)")),
    ("type list; expected a NumPy array", ("return dw, db", "return dw.tolist(), db")),
    ("changes an array", ("    z =", "    w *= 2\n    z =")),
    ("values are wrong", ("return dw, db", "return dw + 0.01, db")),
]
STACK = "np.column_stack([X[:, 0], X[:, 1], X[:, 0] ** 2, X[:, 1] ** 2])"
FEATURES_MISTAKES = [
    ("still a straight line", (STACK, "X")),
    ("still a straight line", (STACK, "X @ np.array([[1, 2, 3], [4, 5, -6]]) + 7")),
    ("tells opposite quarters", (STACK, "np.column_stack([X, X[:, 0] * X[:, 1]])")),
    ("along x1 only", (STACK, "np.column_stack([X, X[:, 0] ** 2])")),
    ("along x2 only", (STACK, "X[:, 1:] ** 2")),
    ("along x1 only", (STACK, "np.abs(X[:, :1])")),
    ("opposite features", (STACK, "np.column_stack([X, X ** 3, np.sin(3 * X)])")),
    ("a ring of one size", (STACK, "(np.hypot(*X.T) < 0.6)[:, None] * 1.0")),
    ("fresh points right; 95 %", (STACK, "((X[:, 0] + X[:, 1]) ** 2)[:, None]")),
    ("other points in the table", (STACK, "(X - X.mean(axis=0)) ** 2")),
    ("One feature is a table, too", (STACK, "(X ** 2).sum(axis=1)")),
    ("lie on their side", (STACK, f"{STACK}.T")),
    ("expected (200, M)", (STACK, "(X ** 2)[1:]")),
    ("expected (200, M)", (STACK, "np.zeros((len(X), 51))")),
    ("expected (200, M)", (STACK, "np.zeros((len(X), 0))")),
    ("nan or inf", (STACK, "np.sqrt(X)")),
    ("type list", (STACK, f"{STACK}.tolist()")),
    ("dtype bool", (STACK, "X > 0")),
    ("changes an array", ("    return", "    X **= 2\n    return")),
    ("returns nothing", ("return", "result =")),
    ("IndexError", ("X[:, 1] ** 2", "X[:, 2] ** 2")),
]
HALF = "1.96 * np.sqrt(p * (1 - p) / total)"
INTERVAL_MISTAKES = [
    ("divides by its root", (HALF, "1.96 * np.sqrt(p * (1 - p)) / total")),
    ("the square root is missing", (HALF, "1.96 * p * (1 - p) / total")),
    ("N does not come into the width", (HALF, "1.96 * np.sqrt(p * (1 - p))")),
    ("factor 1.96 is missing", ("1.96 * ", "")),
    ("good rule of thumb", ("1.96", "2")),
    ("belongs to 90 %", ("1.96", "1.645")),
    ("belongs to 99 %", ("1.96", "2.576")),
    ("not p alone", ("p * (1 - p)", "p")),
    ("belongs under the root, too", (HALF, "1.96 * np.sqrt(p) * (1 - p) / np.sqrt(total)")),
    ("half as wide", ("1.96", "0.98")),
    ("the widest of all", ("p * (1 - p)", "0.25")),
    ("divide by N - 1", ("(1 - p) / total", "(1 - p) / (total - 1)")),
    ("Wilson's "
     "interval", (HALF, "1.96 / (1 + 1.96**2 / total) * np.sqrt(p * (1 - p) / total + 1.96**2 / (4 * "
                                 "total**2))\n    p = (p + 1.96**2 / (2 * total)) / (1 + 1.96**2 / total)")),
    ("those are per cent", ("return p - half, p + half", "return 100 * (p - half), 100 * (p + half)")),
    ("numbers of pictures", ("return p - half, p + half", "return total * (p - half), total * (p + half)")),
    ("first the lower one", ("p - half, p + half", "p + half, p - half")),
    ("return both ends", ("p - half, p + half", "p, half")),
    ("share of wrong answers", ("p = right / total", "p = 1 - right / total")),
    ("return low, high", ("return p - half, p + half", "return half")),
    ("low: a number is asked for", ("return p - half", "return str(p)")),
    ("returns nothing", ("return", "result =")),
    ("values are wrong", ("p - half,", "p - half - 0.01,")),
]
SHARE = "e / e.sum(axis=1, keepdims=True)"
SOFTMAX_MISTAKES = [
    ("run down the columns", ("e.sum(axis=1,", "e.sum(axis=0,"), ("z.max(axis=1, keepdims=True)", "z.max()")),
    ("the whole table adds up to 1", (SHARE, "e / e.sum()"), ("z.max(axis=1, keepdims=True)", "z.max()")),
    ("nan or inf appears where logits are near 1000", (" - z.max(axis=1, keepdims=True)", "")),
    ("all of them 0", ("z.max(axis=1, keepdims=True)", "max(z.max(), 0)")),
    ("those are sigmoids", (SHARE, "1 / (1 + np.exp(-z))")),
    ("exponent is turned round", ("np.exp(z - z.max(axis=1, keepdims=True))", "np.exp(-z)")),
    ("logarithms of the probabilities", (SHARE, f"np.log({SHARE})")),
    ("that is the decision", (SHARE, "np.eye(z.shape[1])[z.argmax(axis=1)]")),
    ("base 2", ("np.exp(z - z.max(axis=1, keepdims=True))", "2.0 ** z")),
    ("not divided by their sum", (SHARE, "e")),
    ("not divided by their sum", (SHARE, "e"), ("z.max(axis=1, keepdims=True)", "z.max()")),
    ("mean of the powers", (".sum(", ".mean(")),
    ("lies on its side", (SHARE, f"({SHARE}).T")),
    ("it must be (N, 1)", (SHARE, "e / e.sum(axis=1)")),
    ("changes an array", ("    e =", "    z -= z.max()\n    e =")),
    ("type list", (SHARE, f"({SHARE}).tolist()")),
    ("returns nothing", ("return", "result =")),
    ("values are wrong", (SHARE, f"{SHARE} + 0.01")),
]

ALL_MISTAKES = [
    pytest.param(check, code, row[0], row[1:], id=f"{check.__module__[-2:]}-{check.__name__}-{row[0][:40]}")
    for check, code, table in (
        (two.mse, MSE, MSE_MISTAKES), (two.gradient, GRADIENT, GRADIENT_MISTAKES),
        (two.descend, DESCEND, DESCEND_MISTAKES), (two.standardise, STANDARDISE, STANDARDISE_MISTAKES),
        (two.polynomial, POLYNOMIAL, POLYNOMIAL_MISTAKES), (three.sigmoid, SIGMOID, SIGMOID_MISTAKES),
        (three.cross_entropy, CROSS_ENTROPY, CROSS_ENTROPY_MISTAKES),
        (three.gradient, SLOPES, SLOPES_MISTAKES), (three.circle_features, FEATURES, FEATURES_MISTAKES),
        (three.interval, INTERVAL, INTERVAL_MISTAKES), (three.softmax, SOFTMAX, SOFTMAX_MISTAKES))
    for row in table
]


@pytest.mark.parametrize(("check", "code", "says", "changes"), ALL_MISTAKES)
def test_a_broken_function_gets_its_diagnosis(check, code, says, changes):
    for _ in range(3):      # inputs differ each time
        assert says in failure(check, define(code, *changes))


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("predictions", (100, 200, 250), "b was "
                                     "forgotten"), ("predictions", (4002.5, 8002.5, 10002.5), "changed "
                                                                                              "places"),
    ("predictions", (350, 450, 500), "not before it"), ("predictions", (0, 100, 150), "b was subtracted"),
    ("predictions", (210, 280, 360), "prices from the "
                                     "table"), ("predictions", (350, 300, 200), "another order"),
    ("predictions", (200, 300, 340), "not the right number for the house of 100"),
    ("predictions", (200, 300), "3 numbers in "
                                "brackets"), ("predictions", (200, ..., 350), "not answered yet"),
    ("predictions", (200, "300", 350), "type str"),
    ("errors", (10, -20, 10), "signs are turned round"), ("errors", (10, 20, 10), "signs are gone"),
    ("errors", (100, 400, 100), "squares of the errors"), ("errors", (-110, -80, -110), "b was left out"),
    ("errors", (-10, 20, 10), "the house of 100"), ("errors", 20, "in brackets"),
    ("loss", 600, "sum of the squares"), ("loss", 100, "divide by 2N"), ("loss", 200**0.5, "square root"),
    ("loss", 0, "cancelled"), ("loss", 40 / 3, "mean of the sizes"), ("loss", 40, "sum of the sizes"),
    ("loss", 300, "divided by three"), ("loss", 1600 / 3, "square each error first"),
    ("loss", 7, "not this number"), ("loss", float("nan"), "finite"),
])
def test_a_wrong_number_about_the_line_gets_its_diagnosis(question, answer, says):
    assert says in said_of(two.by_hand, LINE, question, answer)


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("by training "
     "error", 3, "where the other column is smallest"), ("by training error", 1, "largest training"),
    ("by training error", 8, "not this degree"), ("by training error", 8.5, "fraction"),
    ("by held-out error", 9, "already seen"), ("by held-out error", 1, "too stiff"),
    ("by held-out "
     "error", 4, "close"), ("by held-out error", 2, "close"), ("by held-out error", 7, "not this"),
    ("certain to reach 0", 12, "a lower degree does already"), ("certain to reach 0", 10, "not yet certain"),
    ("certain to reach 0", 9, "is it 0?"), ("certain to reach 0", 13, "a lower degree"),
    ("certain to reach 0", 40, "held-out houses"), ("certain to reach 0", "11", "type str"),
])
def test_a_wrong_degree_gets_its_diagnosis(question, answer, says):
    assert says in said_of(two.degrees, DEGREES, question, answer)


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("z", (-1, 1), "b was "
                   "forgotten"), ("z", (-0.5, 1.5), "b was subtracted"), ("z", (2.5, 4.5), "second weight"),
    ("z", (3, 2), "weights have changed places"), ("z", (2, 3), "meets its own weight"),
    ("z", (0.5, -1.5), "first A, then B"), ("z", (-1.5, 0.7), "not the right number for B"),
    ("z", (-1.5, 1), "b was forgotten"), ("z", -1.5, "in brackets"), ("z", (-1.5, ...), "not answered yet"),
    ("p", (0.818, 0.378), "turned round"), ("p", (0.269, 0.731), "b was forgotten"),
    ("p", (0.223, 1.649), "e to the power z"), ("p", (4.482, 0.607), "e to the power -z"),
    ("p", (5.482, 1.607), "denominator"), ("p", (0, 1), "decision"), ("p", (18.2, 62.2), "per cent"),
    ("p", (0.18243, 0.37754), "class 0"), ("p", (-0.905, 0.462), "tanh"), ("p", (0.2, 0.6), "three decimals"),
    ("p", (0.182, 0.9), "not the right number for B"), ("p", (True, 0.622), "True or False"),
    ("cross-entropy", (-1.701, -0.974), "minus is missing"), ("cross-entropy", (0.739, 0.423), "base 10"),
    ("cross-entropy", (2.455, 1.405), "base "
                                      "2"), ("cross-entropy", (1.701, 0.474), "for B the truth is class 0"),
    ("cross-entropy", (0.201, 0.974), "for A the truth is class 1"),
    ("cross-entropy", (0.201, 0.474), "probability of what was not true"),
    ("cross-entropy", (0.818, 0.622), "takes a "
                                      "logarithm"), ("cross-entropy", (0.668, 0.387), "squared error"),
    ("cross-entropy", (0.310, 0.368), "weighted with "
                                      "y"), ("cross-entropy", (1.338, 1.338), "mean of the two"),
    ("cross-entropy", (0.974, 1.701), "first A, then B"), ("cross-entropy", (1.7, 1.2), "number for B"),
    ("cross-entropy", (0.182, 0.378), "What remains"), ("cross-entropy", (float("inf"), 1), "finite"),
])
def test_a_wrong_number_by_hand_gets_its_diagnosis(question, answer, says):
    assert says in said_of(three.by_hand, PAIR, question, answer)


def test_a_number_that_follows_from_a_wrong_one_says_so():
    message = failure(three.by_hand, {"z": (-1, 1), "p": (0.269, 0.731), "cross-entropy": (1.313, 1.313)})
    assert "z: b was forgotten" in message
    assert "p: this follows from your z" in message and "cross-entropy: this follows from your p" in message


def test_a_nan_on_plain_numbers_is_not_blamed_on_large_ones():
    bad = define("def sigmoid(z):\n    return np.log(z) + z\n")
    assert "nan or inf" in failure(three.sigmoid, bad) and "large z" not in failure(three.sigmoid, bad)


# --- nothing gives an answer away, nothing can be fooled ------------------------------------------------


def test_no_message_about_typed_answers_names_a_right_one():
    wrong = -77
    for check, answers in TYPED:
        for question, right in answers.items():
            row = right if isinstance(right, tuple) else (right,)
            given = tuple([wrong] * len(row)) if isinstance(right, tuple) else wrong
            message = failure(check, {**answers, question: given}).partition("\n")[2]
            said = {float(word) for word in re.findall(r"-?\d+(?:\.\d+)?", message.partition(": ")[2])}
            assert not said & {float(value) for value in row}, message


@pytest.mark.parametrize(("check", "answers"), TYPED)
def test_blank_and_misnamed_answers(check, answers):
    blank = {question: tuple([...] * len(right)) if isinstance(right, tuple) else ...
             for question, right in answers.items()}
    with pytest.raises(NotAnswered):
        check(blank)
    assert_missing_entry_is_named(check, answers)


@pytest.mark.parametrize(("check", "code"), WRITTEN, ids=NAMES)
def test_a_blank_function_is_not_answered(check, code):
    head = code.strip().splitlines()[0]
    for body in ("pass", "return ...", "raise NotImplementedError()"):
        with pytest.raises(NotAnswered):
            check(define(f"{head}\n    {body}\n"))
    with pytest.raises(NotAnswered):
        check(...)


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
def test_no_check_takes_a_cheat(cheat):
    for check in [check for check, _ in TYPED + WRITTEN]:
        with pytest.raises(CheckFailed):
            check(cheat)


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
def test_no_entry_and_no_part_takes_a_cheat(cheat):
    for check, answers in TYPED:
        for question, right in answers.items():
            for wrong in [cheat, (*right[:-1], cheat)] if isinstance(right, tuple) else [cheat]:
                with pytest.raises(CheckFailed):
                    check({**answers, question: wrong})
    for check, code in WRITTEN:
        right = define(code)
        if check in (two.descend, two.standardise, three.gradient, three.interval):
            for place in (0, 1):
                with pytest.raises(CheckFailed):
                    check(_with_part(right, place, cheat))


def _with_part(function, place, value):
    def cheating(*arguments):
        parts = list(function(*arguments))
        parts[place] = value
        return tuple(parts)

    return cheating


@pytest.mark.parametrize(("check", "code"), [pair for pair in WRITTEN if pair[0] in (
    two.gradient, two.polynomial, three.sigmoid, three.circle_features, three.softmax)])
def test_an_array_subclass_is_refused_even_with_the_right_values(check, code):
    right = define(code)
    assert "AgreeableArray" in failure(check, lambda *arguments: right(*arguments).view(AgreeableArray))


@pytest.mark.parametrize(("check", "code"), WRITTEN, ids=NAMES)
def test_an_answer_learnt_by_heart_fails(check, code):
    assert_refuses_by_heart(check, define(code), attempts=1)


def test_a_function_that_is_right_only_the_first_time_fails():
    assert "called twice" in failure(three.sigmoid, tired(define(SIGMOID), 3))


def test_one_number_does_not_broadcast():
    for check, code in ((two.gradient, GRADIENT), (two.polynomial, POLYNOMIAL), (three.softmax, SOFTMAX)):
        right = define(code)
        assert "expected" in failure(check, lambda *arguments, right=right: right(*arguments)[:1, ...][:, :1]
                                     if right(*arguments).ndim > 1 else right(*arguments)[:1])


# --- the texts and the checks speak of the same numbers -------------------------------------------------


def test_the_table_of_houses_is_the_one_that_its_check_knows():
    task = cells_of("02-linear-regression")["ex02-task1"]
    rows = re.findall(r"^\| \w+ \| (\d+) \| (\d+) \|$", task, re.M)
    assert [tuple(map(float, row)) for row in rows] == list(zip(two.AREAS, two.PRICES, strict=True))
    assert f"$w = {two.SLOPE:g}$, $b = {two.START:g}$" in task


def test_the_remark_about_a_better_line_is_true():
    after = cells_of("02-linear-regression")["ex02-task1-after"]
    w, b = map(float, re.search(r"\$w = ([\d.]+)\$ with \$b = (\d+)\$", after).groups())
    loss = float(two._loss(w, b, np.array(two.AREAS), np.array(two.PRICES)))
    assert f"falls to {loss:g}." in after


def test_the_two_examples_are_those_that_their_check_knows():
    cells = cells_of("03-logistic-regression")
    rows = re.findall(r"^\| ([AB]) \| \(([\d.]+), ([\d.]+)\) \| ([01]) \|$", cells["ex03-task1"], re.M)
    assert {name: ((float(x1), float(x2)), int(y)) for name, x1, x2, y in rows} == three.EXAMPLES
    assert "$w = ({:g}, {:g})$ and $b = {:g}$".format(*three.WEIGHTS, three.BIAS) in cells["ex03-task1"]
    assert f"difference of {three.TOLERANCE} does not matter" in cells["ex03-task1"]
    assert f"asks for {100 * three.ENOUGH:.0f} % right" in cells["ex03-task5"]


def test_the_figures_in_the_folded_answers_are_right():
    cells = cells_of("03-logistic-regression")
    after = cells["ex03-task6-after"]
    for right, total in ((342, 360), (335, 360)):
        low, high = three._interval(right, total)
        assert str(right) in after and f"{100 * low:.1f} % to {100 * high:.1f} %" in after
    assert f"about {round(1.96**2 * 0.9 * 0.1 / 0.01**2, -1):,.0f} examples" in after
    kept = 1 - three.BY_HAND["p"][0]
    assert f"{kept:.3f}" in cells["ex03-task1-after"] and f"{-np.log(kept):.3f}" in cells["ex03-task1-after"]
