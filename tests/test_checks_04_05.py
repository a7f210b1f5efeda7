"""The checks of exercises 4 and 5 name the mistake behind a wrong answer, and cannot be fooled."""

import re
from functools import partial
from itertools import product

import check_tools
import numpy as np
import pytest
from check_tools import (
    Agreeable,
    AgreeableArray,
    assert_loads_no_tool,
    assert_missing_entry_is_named,
    assert_passes,
    assert_refuses_by_heart,
    cells_of,
    failure,
    named,
    said_of,
    spoiled,
    tired,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from notmagic.checks import CheckFailed, NotAnswered
from notmagic.checks import chapter04 as four
from notmagic.checks import chapter05 as five

define = partial(check_tools.define, check=five)

# --- right answers, as a student writes them ----------------------------------------------------------

UNITS = {"x1 and not x2": (1, -1, -0.5), "neither": (-1, -1, 0.5), "at least two of three": (1, 1, 1, -1.5)}
PASS = (0, -2, 2)
ONE_UNIT = {"x1 or not x2": True, "both or neither": False, "x1, whatever x2 is": True, "never": True,
            "exactly one of three": False, "x1 and (x2 or x3)": True, "x1 decides: x2 or x3": False,
            "(x1 and x2) or x3": True}
RULE_COUNTS = {"rules for two inputs": 16, "done by one unit": 14, "rules for three inputs": 256,
               "numbers to find": 9, "networks tried": 1200, "networks tried, scores kept": 966,
               "weighted sums": 14_400}
XNOR = (np.array([[1.0, -1], [1, -1]]), np.array([-1.5, 0.5]), np.array([[1.0], [1]]), np.array([-0.5]))

SHAPES = {"X": (50, 192), "W1": (192, 30), "b1": (30,), "H": (50, 30), "W2": (30, 7), "b2": (7,), "P": (50,
                                                                                                        7),
          "dW1": (192, 30), "db2": (7,)}
COUNTS = {"hidden layer": 5790, "output layer": 217, "network": 6007, "twice as many hidden units": 12_007,
          "products for one picture": 5970}
SYMPTOMS = {"accuracy": 0.75, "different rows in P": 1, "numbers that moved": 2}
EXPECTED = {"trained again": 0.96, "not trained again": 0.1, "orders of hidden units": 24}

PERCEPTRON = '''
def perceptron(X, w, b):
    z = X @ w + b
    fired = np.where(z > 0, 1, 0)
    return fired
'''

LEARN = '''
def learn(w, b, X, y):
    w = w.copy()
    for k in range(len(X)):
        z = X[k] @ w + b
        fired = 1 if z > 0 else 0
        error = y[k] - fired
        w = w + error * X[k]
        b = b + error
    return w, b
'''

FORWARD = '''
def forward(X, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    H = np.maximum(Z1, 0)
    S = H @ W2 + b2
    powers = np.exp(S - S.max(axis=1, keepdims=True))
    P = powers / powers.sum(axis=1, keepdims=True)
    return H, P
'''

BACKWARD = '''
def backward(X, Y, H, P, W2):
    N = len(X)
    dZ2 = (P - Y) / N
    dW2 = H.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (H > 0)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
'''

DIFFERENCE = '''
def finite_difference(f, w, eps=1e-5):
    slopes = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[place] += eps
        down[place] -= eps
        slopes[place] = (f(up) - f(down)) / (2 * eps)
    return slopes
'''

BATCHES = '''
def minibatches(X, y, size, seed):
    order = np.random.default_rng(seed).permutation(len(X))
    X, y = X[order], y[order]
    pairs = []
    for start in range(0, len(X), size):
        pairs.append((X[start:start + size], y[start:start + size]))
    return pairs
'''

TRAIN = '''
def mended_train(X, y, hidden=12, learning_rate=0.5, steps=400, seed=0):
    rng = np.random.default_rng(seed)
    W1, b1 = rng.normal(0, 0.5, (X.shape[1], hidden)), np.zeros(hidden)
    W2, b2 = rng.normal(0, 0.5, (hidden, 2)), np.zeros(2)
    for _ in range(steps):
        chosen = rng.choice(len(X), size=32, replace=False)
        loss, slope = check.gradients(X[chosen], y[chosen], W1, b1, W2, b2)
        W1, b1 = W1 - learning_rate * slope["dW1"], b1 - learning_rate * slope["db1"]
        W2, b2 = W2 - learning_rate * slope["dW2"], b2 - learning_rate * slope["db2"]
    return W1, b1, W2, b2
'''

REORDERED = '''
def reordered(W1, order):
    return W1[order]
'''


TABLES = [(four.units, UNITS), (four.one_unit, ONE_UNIT), (four.counts, RULE_COUNTS), (five.shapes, SHAPES),
          (five.counts, COUNTS), (five.symptoms, SYMPTOMS), (five.expected, EXPECTED)]
FUNCTIONS = [(four.perceptron, PERCEPTRON), (four.learn, LEARN), (five.forward, FORWARD),
             (five.backward, BACKWARD), (five.finite_difference, DIFFERENCE), (five.minibatches, BATCHES),
             (five.mended, TRAIN), (five.reordered, REORDERED)]


@pytest.mark.parametrize(("check_function", "answers"), named(
    [(check_function, [table]) for check_function, table in TABLES] + [(four.pass_by_hand, [PASS]),
    (four.xnor, XNOR)]
    + [(check_function, [define(code)]) for check_function, code in FUNCTIONS]))
def test_right_answers_pass_return_nothing_and_say_what_they_mean(check_function, answers, capsys):
    for _ in range(3):      # the trials are drawn afresh each time
        assert_passes(check_function, *answers, capsys=capsys)


def test_right_answers_come_in_many_forms():
    four.units({**UNITS, "neither": [np.float32(-3), -2.5, 1], "x1 and not x2": (np.array(7), -9, -1e-9)})
    four.pass_by_hand([0.0, np.int64(-2), np.float32(2)])
    four.one_unit({name: np.bool_(answer) for name, answer in ONE_UNIT.items()})
    W1, b1, W2, _ = XNOR
    four.xnor(W1.astype(int), b1, W2[:, 0], -0.5)
    four.xnor(np.array([[1, 1], [1, 1]]), np.array([-0.5, -1.5]), np.array([[-1], [1]]), np.array([0.5]))
    four.perceptron(define(PERCEPTRON, ("return fired", "return fired.astype(np.float32)")))
    four.learn(define(LEARN, ("return w, b", "return [w, float(b)]")))
    five.shapes({**SHAPES, "X": [50, 192.0]})
    five.symptoms({**SYMPTOMS, "accuracy": np.float64(0.75)})
    five.forward(define(FORWARD, ("np.maximum(Z1, 0)", "Z1 * (Z1 > 0)")))
    five.backward(define(BACKWARD, ("(P - Y) / N", "P - Y"),
    ("return {", "return {key: slope / N for key, slope in {"),
                         ("db2}", "db2}.items()}")))
    in_place = (("up, down = w.copy(), w.copy()", "old = w[place]"),
    ("up[place] += eps", "w[place] = old + eps"),
                ("down[place] -= eps", "high = f(w); w[place] = old - eps; low = f(w); w[place] = old"),
                ("f(up) - f(down)", "high - low"))
    five.finite_difference(define(DIFFERENCE, *in_place))
    five.minibatches(define(BATCHES, ("pairs.append((X[start:start + size], y[start:start + size]))",
                                      "yield X[start:start + size], y[start:start + size]"),
                            ("    return pairs\n", "")))
    five.minibatches(define(BATCHES, ("return pairs", "return iter(pairs)")))
    five.minibatches(define(BATCHES, ("return pairs", "return tuple(pairs)")))


@pytest.mark.parametrize("start", ["rng.normal(size={0})", "rng.normal(size={0}) * 0.01",
                                   "rng.uniform(-1, 1, size={0})",
                                   "rng.normal(size={0}) * (2 / {0}[0]) ** 0.5"])
def test_any_sensible_start_counts_as_mended(start):
    sides = {"(X.shape[1], hidden)": "W1", "(hidden, 2)": "W2"}
    changes = [(f"rng.normal(0, 0.5, {shape})", start.format(shape)) for shape in sides]
    five.mended(define(TRAIN, *changes))


def test_a_second_layer_that_starts_at_zero_still_learns():
    five.mended(define(TRAIN, ("rng.normal(0, 0.5, (hidden, 2))", "np.zeros((hidden, 2))")))


# --- the facts behind the checks --------------------------------------------------------------------------


def one_unit_exists(rows, table):
    """Ask a linear program for w and b with a margin of 1 on the right side of every row."""
    signs = 2.0 * np.asarray(table) - 1
    constraints = -signs[:, None] * np.hstack([rows, np.ones((len(rows), 1))])
    found = linprog(np.zeros(rows.shape[1] + 1), constraints, -np.ones(len(rows)), bounds=(None, None))
    return found.status == 0


@pytest.mark.parametrize(("inputs", "count"), [(2, 14), (3, 104)])
def test_small_weights_reach_every_rule_that_one_unit_can_do(inputs, count):
    rows = four.rows_of(inputs)
    tables = np.array(list(product((0.0, 1.0), repeat=len(rows))))
    found = [four._separable(rows, table) for table in tables]
    assert sum(found) == count
    some = np.random.default_rng(3).permutation(len(tables))[:40]
    assert [found[k] for k in some] == [one_unit_exists(rows, tables[k]) for k in some]


def test_the_table_of_rules_agrees_with_the_linear_program():
    for name, (inputs, rule) in four.RULES.items():
        assert one_unit_exists(four.rows_of(inputs), four._table(inputs, rule)) is ONE_UNIT[name], name


def test_the_reference_gradients_agree_with_the_package_s_own_layers():
    from notmagic.layers import Dense, ReLU, Softmax

    rng = np.random.default_rng(5)
    X, W1, b1, W2, b2 = five._network(rng, 6, 4, 5, 3)
    H, P = five.forward_pass(X, W1, b1, W2, b2)
    first, second = Dense(5), Dense(3)
    first.build((None, 4))
    second.build((None, 5))
    for layer, values in ((first, (W1, b1)), (second, (W2, b2))):
        for weight, value in zip(layer.weights, values, strict=True):
            weight[...] = value
    np.testing.assert_allclose(ReLU()(first(X)), H, rtol=1e-5)
    np.testing.assert_allclose(Softmax()(second(H)), P, rtol=1e-4, atol=1e-6)
    y = np.array([0, 1, 2, 0, 1, 2])
    loss, slopes = five.gradients(X, y, W1, b1, W2, b2)
    assert loss == pytest.approx(-np.log(P[np.arange(6), y]).mean())
    for slope, measured in zip(slopes.values(), five._measured(X, np.eye(3)[y], (W1, b1, W2, b2)),
                               strict=True):
        np.testing.assert_allclose(slope, measured, atol=1e-8)


def test_the_symptoms_are_those_of_the_network_in_the_exercise():
    cells = cells_of("05-networks-that-learn")
    names = {"np": np, "check": five}
    exec(cells["ex05-hurried"], names)
    X, y = five.corner_points()
    P = five.forward_pass(X, *names["trained"])[1]
    assert (P.argmax(axis=1) == y).mean() == SYMPTOMS["accuracy"] == five.SYMPTOMS["accuracy"]
    assert len(np.unique(P, axis=0)) == SYMPTOMS["different rows in P"]
    assert sum(int((array != 0).sum()) for array in names["trained"]) == SYMPTOMS["numbers that moved"]
    assert sum(array.size for array in names["trained"]) == 62 and "of the 62 weights" in cells["ex05-task6a"]


def test_the_texts_ask_for_what_the_checks_know():
    cells = cells_of("04-the-xor-perceptron")
    names = {"np": np}
    exec(cells["ex04-example"], names)
    assert np.array_equal(names["X"], four.SMALL_X) and np.array_equal(names["y"], four.SMALL_Y)
    assert np.array_equal(names["w"], four.SMALL_W) and names["b"] == four.SMALL_B
    text = cells["ex04-task6"]
    for part in (f"population of {four.POPULATION} networks", f"each of {four.GENERATIONS} generations",
                 f"the best {four.KEPT} of each generation"):
        assert part in text
    for name in (*four.COUNTS, *four.UNITS):
        assert f"**{name}" in text + cells["ex04-task1"]
    cells = cells_of("05-networks-that-learn")
    for part in (f"{five.ROWS} x {five.COLUMNS} pixels", f"has {five.HIDDEN} hidden units",
                 f"tells {five.CLASSES} classes apart", f"A batch holds {five.BATCH} pictures"):
        assert part in cells["ex05-task1"]
    assert f"reads {five.REACHED} of" in cells["ex05-task7b"]
    assert f"can {five.FEW_UNITS} hidden units stand" in cells["ex05-task7b"]


# --- known mistakes, chapter 4 ------------------------------------------------------------------------------


@pytest.mark.parametrize(("question", "answer", "says"), [
    ("neither", (-1, -1, -0.5), "The bias is *minus* the threshold"),
    ("neither", (-1, -1, 0.5, 0), "3 numbers"),
    ("neither", (1, 1, -0.5), "It fires exactly where it should be silent"),
    ("neither", (1, 1, -1.5), "computes 'and'"),
    ("neither", (-1, -1, 0), "only *above* 0"), ("neither", (0, 0, -1), "never fires"),
    ("neither", (1, 1, 0.5), "always fires"),
    ("neither", (-1, -1, 1.5), "computes 'not both'"),
    ("neither", (0, -1, 0.5), "1 of 4 rows of its truth table are wrong: at x1 = 1, x2 = 0"),
    ("x1 and not x2", (-1, 1, -0.5), "inputs swapped"),
    ("x1 and not x2", (1, -1, 0.5), "*minus* the threshold"),
    ("x1 and not x2", (0.5, -1, -0.5), "only *above* 0"), ("x1 and not x2", (1, 1, -0.5), "computes 'or'"),
    ("at least two of three", (1, 1, 1, -2), "only *above* 0"),
    ("at least two of three", (1, 1, 1, -2.5), "3 of 8 rows"),
    ("at least two of three", (1, 1, -1.5), "4 numbers in brackets"),
    ("neither", (-1, "-1", 0.5), "type str"), ("neither", (-1, ..., 0.5), "not answered yet"),
    ("neither", (-1, float("nan"), 0.5), "finite"), ("neither", (True, -1, 0.5), "True or False"),
    ("neither", 5, "3 num"),
])
def test_a_wrong_unit_gets_its_diagnosis(question, answer, says):
    assert says in said_of(four.units, UNITS, question, answer)


@pytest.mark.parametrize(("says", "changes"), [
    ("fires at z = 0", [("z > 0", "z >= 0")]),
    ("bias was forgotten", [(" + b", "")]),
    ("bias was subtracted", [("+ b", "- b")]),
    ("bias was subtracted", [(" + b", ""), ("z > 0", "z > b")]),
    ("once for every input", [("X @ w + b", "(X * w + b).sum(axis=1)")]),
    ("weights meet the rows of X", [("X @ w", "w @ X")]),
    ("Which axis of X", [("X @ w", "X @ w[1:]")]),
    ("The step is missing", [("return fired", "return z")]),
    ("a silent unit gives -1", [("1, 0)", "1, -1)")]),
    ("knows only 0 and 1", [("return fired", "return np.sign(z)")]),
    ("the other way round", [("1, 0)", "0, 1)")]),
    ("below 0", [("z > 0", "z < 0")]),
    ("ReLU", [("1, 0)", "z, 0)")]),
    ("belongs to probabilities", [("z > 0", "z > 0.5")]),
    ("compared with 1", [("z > 0", "z > 1")]),
    ("soft step", [("return fired", "return 1 / (1 + np.exp(-z))")]),
    ("shape (N, 1)", [("return fired", "return fired[:, None]")]),
    ("one number comes back", [("return fired", "return fired[0]")]),
    ("one number comes back", [("return fired", "return int(fired.any())")]),
    ("one number comes back", [("return fired", "return fired.all() * 1")]),
    ("True and False", [("return fired", "return z > 0")]),
    ("decides about one number", [("np.where(z > 0, 1, 0)", "1 if z > 0 else 0")]),
    ("np.array(...)", [("return fired", "return fired.tolist()")]),
    ("changes an array", [("z = X @ w", "X *= 2; z = X @ w")]),
    ("returns nothing", [("return fired", "return None")]),
    ("values are wrong", [("1, 0)", "1, 0.25)")]),
    ("wrong shape: expected", [("return fired", "return fired[:1]")]),
    ("nan or an inf", [("return fired", "return fired * np.nan")]),
])
def test_a_broken_perceptron_gets_its_diagnosis(says, changes):
    assert says in failure(four.perceptron, define(PERCEPTRON, *changes))


@pytest.mark.parametrize(("says", "changes"), [
    ("makes the mistake worse", [("y[k] - fired", "fired - y[k]")]),
    ("the bias never changes", [("b = b + error", "pass")]),
    ("the bias moves the wrong way", [("b = b + error", "b = b - error")]),
    ("no part in deciding", [("w + b\n", "w\n")]),
    ("at z = 0 your unit fires", [("z > 0", "z >= 0")]),
    ("A right answer changes nothing", [("y[k] - fired", "2 * y[k] - 1")]),
    ("no row is ever subtracted", [("y[k] - fired", "y[k]")]),
    ("every wrong row is added", [("y[k] - fired", "abs(y[k] - fired)")]),
    ("False alarms teach", [("y[k] - fired", "max(y[k] - fired, 0)")]),
    ("only false alarms", [("y[k] - fired", "min(y[k] - fired, 0)")]),
    ("compare y with the sum z", [("y[k] - fired", "y[k] - z")]),
    ("one step is made at the end", [("w = w.copy()", "w = w.copy(); v, a = w, b"),
    ("@ w + b\n", "@ v + a\n")]),
    ("mean step", [("w = w.copy()", "w = w.copy(); v, a = w, b"), ("@ w + b\n", "@ v + a\n"),
                   ("error = y[k] - fired", "error = (y[k] - fired) / len(X)")]),
    ("ends with the first row", [("    return", "        return")]),
    ("ends with the first mistake", [("    return w", "        if error: return w, b\n    return w")]),
    ("from the last to the first", [("range(len(X))", "range(len(X))[::-1]")]),
    ("more than once", [("range(len(X))", "2 * list(range(len(X)))")]),
    ("there is no learning rate", [("error = y[k] - fired", "error = 0.1 * (y[k] - fired)")]),
    ("changes an array", [("w = w.copy()", "pass"), ("w = w + error * X[k]", "w += error * X[k]")]),
    ("decides about one row", [("X[k] @ w", "X @ w")]),
    ("return w, b", [("return w, b", "return w")]),
    ("You return 3", [("return w, b", "return w, b, fired")]),
    ("w: wrong shape", [("return w, b", "return w[:1], b")]),
    ("w: right. b: wrong shape", [("return w, b", "return w, np.array([b])")]),
    ("w: right. b: the number is wrong", [("return w, b", "return w, b + 17")]),
    ("w has no value yet", [("return w, b", "return None, b")]),
    ("First: the sign is turned round", [("y[k] - fired", "fired - y[k]"), ("z > 0", "z >= 0")]),
])
def test_a_broken_rule_gets_its_diagnosis(says, changes):
    assert says in failure(four.learn, define(LEARN, *changes))


@pytest.mark.parametrize(("answer", "says"), [
    ((-1, 4, 1), "makes the mistake worse"), ((0, -2, 1), "the bias never changes"),
    ((0, 1, 1), "Is no row wrong"),
    ((0, -1, 1), "at z = 0"), ((1, -2, 1), "one step is made at the end"),
    ((-1, 2, 3), "every wrong row is added"),
    ((1, 1, 0), "with the sum z"), ((7, 7, 7), "row by row"), ((0, -2), "three numbers"),
    ((0, "-2", 2), "type str"),
    ([0, -2, float("inf")], "finite"), ((0, ..., 2), "three dots"), (5, "three numbers"),
])
def test_a_wrong_pass_by_hand_gets_its_diagnosis(answer, says):
    assert says in failure(four.pass_by_hand, answer)


W1, B1, W2, B2 = XNOR


@pytest.mark.parametrize(("net", "says"), [
    ((W1, B1, -W2, -B2), "that is XOR"),
    ((np.array([[1.0, 1], [-1, -1]]), np.array([-0.5, -0.5]), W2, B2), "always say the same"),
    ((W1, np.array([-1.5, -0.5]), W2, B2), "fires at none of the four inputs"),
    ((W1, np.array([0.5, 0.5]), W2, B2), "fires at all four inputs"),
    ((np.eye(2), np.array([-0.5, -0.5]), W2, B2), "as hard to separate"),
    ((np.array([[1.0, 1], [0, 1]]), np.array([-0.5, -1.5]), W2, B2), "give the same hidden values"),
    ((W1, B1, W2, np.array([-1.5])), "fine: a line can separate its points. But the output unit never"),
    ((W1, B1, W2, np.array([0.5])), "*minus* the threshold"),
    ((W1, np.array([1.5, -0.5]), W2, B2), "In b1: the bias is *minus*"),
    ((W1, B1, np.array([[1.0], [-1]]), B2), "The output unit draws another line"),
    ((W1.T, B1, W2, B2), "stand in the rows"),
    ((W1[:1], B1, W2, B2), "W1 has the wrong shape: expected (2, 2), got (1, 2)"),
    ((W1, B1[:1], W2, B2), "b1 has the wrong shape"), ((W1, B1, W2.T, B2), "W2 has the wrong shape"),
    ((W1, B1, W2, np.array([-0.5, -0.5])), "b2 has the wrong shape"),
    ((W1.tolist(), B1, W2, B2), "W1 is a list; np.array"), ((W1, B1, W2, B2 * np.nan), "nan or an inf in b2"),
    ((W1 > 0, B1, W2, B2), "dtype bool"), ((W1, B1, W2, "1"), "b2 is an object of type str"),
])
def test_a_network_that_is_something_else_gets_its_diagnosis(net, says):
    assert says in failure(four.xnor, *net)


@pytest.mark.parametrize(("changed", "says", "not_said"), [
    (["both or neither"], "7 of 8 are right", "You give up"), (["never"], "You give up", "You promise"),
    (["never", "exactly one of three"], "You promise", "8 of 8"),
])
def test_claims_are_counted_and_none_is_named(changed, says, not_said):
    message = failure(four.one_unit, {**ONE_UNIT, **{name: not ONE_UNIT[name] for name in changed}})
    assert says in message and not_said not in message
    assert not [name for name in ONE_UNIT if name in message and name != "never"]


@pytest.mark.parametrize(("check_function", "right", "question", "answer", "says"), [
    (four.counts, RULE_COUNTS, "rules for two inputs", 4, "last column"),
    (four.counts, RULE_COUNTS, "done by one unit", 15, "Turn all of its answers round"),
    (four.counts, RULE_COUNTS, "done by one unit", 2, "can *not* do"),
    (four.counts, RULE_COUNTS, "rules for three inputs", 16, "doubles the number"),
    (four.counts, RULE_COUNTS, "numbers to find", 8, "output unit has a bias"),
    (four.counts, RULE_COUNTS, "numbers to find", 6, "biases were forgotten"),
    (four.counts, RULE_COUNTS, "networks tried", 70, "in *each* generation"),
    (four.counts, RULE_COUNTS, "networks tried", 4800, "counts once"),
    (four.counts, RULE_COUNTS, "networks tried, scores kept", 960, "nobody has a score yet"),
    (four.counts, RULE_COUNTS, "networks tried, scores kept", 990, "one generation too many"),
    (four.counts, RULE_COUNTS, "weighted sums", 4800, "how many units"),
    (four.counts, RULE_COUNTS, "weighted sums", 9600, "output unit computes a sum"),
    (four.counts, RULE_COUNTS, "weighted sums", 77, "smaller case"),
    (five.counts, COUNTS, "hidden layer", 5760, "biases were forgotten"),
    (five.counts, COUNTS, "hidden layer", 5761, "too few"),
    (five.counts, COUNTS, "hidden layer", 870, "rows times columns"),
    (five.counts, COUNTS, "output layer", 1351, "does not see the pixels"),
    (five.counts, COUNTS, "network", 5970, "biases were forgotten"),
    (five.counts, COUNTS, "network", 5790, "missing"),
    (five.counts, COUNTS, "network", 5790 * 217, "added, not multiplied"),
    (five.counts, COUNTS, "twice as many hidden units", 12_014, "not everything doubles"),
    (five.counts, COUNTS, "twice as many hidden units", 11_797, "it grows, too"),
    (five.counts, COUNTS, "products for one picture", 6007, "added, not multiplied"),
    (five.counts, COUNTS, "products for one picture", 298_500, "for the batch"),
    (five.shapes, SHAPES, "X", (192, 50), "wrong order"),
    (five.shapes, SHAPES, "X", (50, 12, 16), "one long row"),
    (five.shapes, SHAPES, "b1", (1, 30), "has one axis"),
    (five.shapes, SHAPES, "b1", (50, 30), "same for all pictures"),
    (five.shapes, SHAPES, "H", (30,), "a row for each picture"),
    (five.shapes, SHAPES, "W1", (50, 30), "do not depend"),
    (five.shapes, SHAPES, "dW1", (192, 7), "one slope for each entry"),
    (five.shapes, SHAPES, "P", 7, "in brackets"),
    (five.shapes, SHAPES, "W2", (192, 7), "inner sides"), (five.shapes, SHAPES, "W2", (30, "7"), "type str"),
    (five.shapes, SHAPES, "W2", (30, ...), "not answered"),
    (five.shapes, SHAPES, "W2", (30, 7.5), "fraction"),
    (five.symptoms, SYMPTOMS, "accuracy", 0.5, "how many points each class has"),
    (five.symptoms, SYMPTOMS, "accuracy", 180, "not the count"),
    (five.symptoms, SYMPTOMS, "accuracy", 1, "healthy"),
    (five.symptoms, SYMPTOMS, "different rows in P", 240, "Print a few"),
    (five.symptoms, SYMPTOMS, "numbers that moved", 0, "Something has moved"),
    (five.symptoms, SYMPTOMS, "numbers that moved", 1, "not the arrays"),
    (five.symptoms, SYMPTOMS, "numbers that moved", 1.5, "fraction"),
    (five.expected, EXPECTED, "trained again", 0.5, "what does it lose"),
    (five.expected, EXPECTED, "trained again", 0.95, "choose one of"),
    (five.expected, EXPECTED, "not trained again", 0.96, "where they were"),
    (five.expected, EXPECTED, "orders of hidden units", 16, "two places at once"),
    (five.expected, EXPECTED, "orders of hidden units", 4, "left for the second"),
    (five.expected, EXPECTED, "orders of hidden units", 23, "counts, too"),
])
def test_a_wrong_entry_gets_its_diagnosis(check_function, right, question, answer, says):
    message = failure(check_function, {**right, question: answer})
    assert f"{len(right) - 1} of {len(right)} are right" in message
    assert re.search(rf"{question}: .*{re.escape(says)}", message)


# --- known mistakes, chapter 5 ------------------------------------------------------------------------------


@pytest.mark.parametrize(("says", "changes"), [
    ("no activation", [("np.maximum(Z1, 0)", "Z1")]),
    ("the H that you return still has its negative values", [("return H", "return Z1")]),
    ("sigmoid; ReLU is asked for", [("np.maximum(Z1, 0)", "1 / (1 + np.exp(-Z1))")]),
    ("tanh", [("np.maximum(Z1, 0)", "np.tanh(Z1)")]),
    ("has a step", [("np.maximum(Z1, 0)", "(Z1 > 0) * 1.0")]),
    ("lost their sign", [("np.maximum(Z1, 0)", "abs(Z1)")]),
    ("softmax is missing", [("return H, P", "return H, S")]),
    ("down each column", [("powers.sum(axis=1", "powers.sum(axis=0")]),
    ("the whole of P adds up", [("powers.sum(axis=1, keepdims=True)", "powers.sum()")]),
    ("compete", [("return H, P", "return H, 1 / (1 + np.exp(-S))")]),
    ("a score may be negative", [("S = H @ W2 + b2", "S = np.maximum(H @ W2 + b2, 0)")]),
    ("not divided by their sum", [("return H, P", "return H, powers")]),
    ("not divided by their sum", [("return H, P", "return H, np.exp(S)")]),
    ("logarithms", [("return H, P", "return H, np.log(P)")]),
    ("b1 was forgotten", [(" + b1", "")]), ("b2 was forgotten", [(" + b2", "")]),
    ("in the wrong order", [("return H, P", "return P, H")]),
    ("np.exp overflows", [(" - S.max(axis=1, keepdims=True)", "")]),
    ("lower all rows by one number", [("S.max(axis=1, keepdims=True)", "S.max()")]),
    ("another number in each column", [("S.max(axis=1, keepdims=True)", "S.max(axis=0)")]),
    ("First: P adds up to 1 down each column", [("powers.sum(axis=1", "powers.sum(axis=0"),
                                                 (" - S.max(axis=1, keepdims=True)", "")]),
    ("First: the hidden layer has no activation", [("np.maximum(Z1, 0)", "Z1"), (" + b2", "")]),
    ("return H, P", [("return H, P", "return P")]), ("inner sides must fit", [("X @ W1", "W1 @ X")]),
    ("H: right. P: wrong shape", [("return H, P", "return H, P[0]")]),
    ("P is a list", [("return H, P", "return H, P.tolist()")]),
    ("changes an array", [("np.maximum(Z1, 0)", "np.maximum(Z1, 0); X[:] = 0")]),
])
def test_a_broken_forward_pass_gets_its_diagnosis(says, changes):
    assert says in failure(five.forward, define(FORWARD, *changes))


SUMS = [("db2 = dZ2.sum(axis=0)", "db2 = dZ2.{0}"), ("db1 = dZ1.sum(axis=0)", "db1 = dZ1.{0}")]


def sums(way):
    return [(old, new.format(way)) for old, new in SUMS]


@pytest.mark.parametrize(("says", "changes"), [
    ("those of the sum over the batch", [(" / N", "")]),
    ("number of entries of P", [("/ N", "/ P.size")]),
    ("number of classes", [("/ N", "/ P.shape[1]")]),
    ("mean over the batch is taken twice", [("/ N", "/ N / N")]),
    ("goes uphill", [("P - Y", "Y - P")]),
    ("have no part in it", [("(P - Y)", "P")]),
    ("squared errors", [("(P - Y)", "(P - Y) * P * (1 - P)")]),
    ("not passed back through softmax", [("(P - Y)", "(-Y / P)")]),
    ("ReLU stops it where H is 0", [(" * (H > 0)", "")]),
    ("multiplied by the hidden values", [("* (H > 0)", "* H")]),
    ("sign of the gradient", [("* (H > 0)", "* (dZ2 @ W2.T > 0)")]),
    ("mask is turned round", [("* (H > 0)", "* (H == 0)")]),
    ("slope of the sigmoid", [("* (H > 0)", "* H * (1 - H)")]),
    ("its axes change", [("W2.T", "W2")]), ("inner sides must fit", [("X.T @ dZ1", "X @ dZ1")]),
    ("made its step already", [("    dZ1 =", "    W2 = W2 - 0.1 * dW2\n    dZ1 =")]),
    ("changes an array", [("    dZ1 =", "    W2 -= 0.1 * dW2\n    dZ1 =")]),
    ("along each example", sums("sum(axis=1)")),
    ("each unit has its own", sums("sum()")),
    ("in the bias gradients the mean", sums("mean(axis=0)")),
    ("still have a row for each example", sums("copy()")),
    ("first example only", sums("copy()[0]")),
    ("second axis, of length 1", sums("sum(axis=0, keepdims=True)")),
    ("lie on their side", [("X.T @ dZ1", "dZ1.T @ X"), ("H.T @ dZ2", "dZ2.T @ H")]),
    ("First: the gradients are those of the sum", [(" / N", ""), (" * (H > 0)", "")]),
    ("fractions are cut off", [('"dW1": dW1', '"dW1": dW1.astype(int)')]),
    ("no entry for db1", [('"db1": db1, ', "")]), ("type tuple", [("return {", "return dW1, {")]),
    ("dW2, db2: right. db1: 1 of", [("    return", "    db1[0] += 1\n    return")]),
    ("db1: wrong shape", [("dZ1.sum(axis=0)", "dZ1.sum(axis=1)")]),
])
def test_a_broken_backward_pass_gets_its_diagnosis(says, changes):
    assert says in failure(five.backward, define(BACKWARD, *changes))


@pytest.mark.parametrize(("says", "changes"), [
    ("one side of w only", [("f(down)) / (2 * eps)", "f(w)) / eps")]),
    ("one side of w only", [("f(up) - f(down)) / (2 * eps)", "f(w) - f(down)) / eps")]),
    ("is one eps, not two", [("f(down)", "f(w)")]),
    ("twice as steep", [("(2 * eps)", "eps")]),
    ("twice as steep", [("/ (2 * eps)", "/ 2 * eps" + " ** -1 * 2")]),
    ("not divided by the distance", [(" / (2 * eps)", "")]),
    ("but not by eps", [("/ (2 * eps)", "/ 2")]),
    ("sign is turned round", [("f(up) - f(down)", "f(down) - f(up)")]),
    ("are added", [("f(up) - f(down)", "f(up) + f(down)")]),
    ("slope is that of the whole", [("up[place]", "up[...]"), ("down[place]", "down[...]")]),
    ("a whole row moves", [("up[place]", "up[place[0]]"), ("down[place]", "down[place[0]]")]),
    ("stays there", [("up, down = w.copy(), w.copy()", "up, down = w.copy(), w"),
                     ("slopes = np", "w = w.copy(); slopes = np")]),
    ("in one long row", [("return slopes", "return slopes.ravel()")]),
    ("changes an array", [("up, down = w.copy(), w.copy()", "up, down = w.copy(), w")]),
    ("stopped with ValueError: f takes an array", [("f(up)", "f(up[place])")]),
    ("is a list", [("return slopes", "return list(slopes)")]),
    ("fractions are cut off", [("np.zeros(w.shape)", "np.zeros(w.shape, int)")]),
    ("wrong shape", [("return slopes", "return slopes.sum()")]),
])
def test_a_broken_difference_gets_its_diagnosis(says, changes):
    assert says in failure(five.finite_difference, define(DIFFERENCE, *changes))


PERMUTATION = "order = np.random.default_rng(seed).permutation(len(X))"
APPEND = "pairs.append((X[start:start + size], y[start:start + size]))"


@pytest.mark.parametrize(("says", "changes"), [
    ("no longer belong together", [("X, y = X[order], y[order]", "X = X[order]")]),
    ("no longer belong together", [("y[order]", "y[np.random.default_rng(seed + 1).permutation(len(y))]")]),
    ("labels are not those of the inputs", [("X, y = X[order]", "y = y + 1; X, y = X[order]")]),
    ("in the order that they had", [(PERMUTATION, "order = np.arange(len(X))")]),
    ("turned round, not shuffled", [(PERMUTATION, "order = np.arange(len(X))[::-1]")]),
    ("shuffle whole batches", [(PERMUTATION, "order = np.arange(len(X))"),
                               ("return pairs",
                                "full = pairs[:len(X) // size]; np.random.default_rng(seed).shuffle(full); "
                                "return full + pairs[len(full):]")]),
    ("shuffle inside each batch", [(PERMUTATION, "rng = np.random.default_rng(seed); order = np.concatenate(["
                                    "rng.permutation(np.arange(len(X))[s:s + size]) for s in "
                                    "range(0, len(X), size)])")]),
    ("last examples are left out", [("range(0, len(X), size)", "range(0, len(X) - size + 1, size)")]),
    ("of 12 examples are left out", [("range(0, len(X), size)", "range(0, len(X) // 2, size)")]),
    ("some examples come twice", [(PERMUTATION,
                                   "order = np.random.default_rng(seed).integers(len(X), size=len(X))")]),
    ("some examples come twice", [("return pairs", "return pairs + pairs")]),
    ("filled up with examples", [("X, y = X[order], y[order]",
                                  "order = np.resize(order, -(-len(X) // size) * size)\n"
                                  "    X, y = X[order], y[order]")]),
    ("not the number of batches", [("return pairs",
                                    "return list(zip(np.array_split(X, size), np.array_split(y, size)))")]),
    ("shared out evenly", [("return pairs", "n = -(-len(X) // size); return list(zip(np.array_split(X, n), "
                            "np.array_split(y, n)))")]),
    ("all batches are full, but for the last", [("return pairs", "return pairs[::-1]")]),
    ("empty batch", [("range(0, len(X), size)", "range(0, len(X) + 1, size)")]),
    ("nobody could repeat", [("default_rng(seed)", "default_rng()")]),
    ("every seed gives the same order", [("default_rng(seed)", "default_rng(0)")]),
    ("changes an array", [("X, y = X[order]", "X[:] = X[order]; y[:] = y[order]; X, y = X[order]")]),
    ("changes an array", [("X, y = X[order], y[order]", "X[:] = X[order]; y[:] = y[order]"),
                          (APPEND, "yield X[start:start + size], y[start:start + size]")]),
    ("not a pair", [(APPEND, "pairs.append(X[start:start + size])")]),
    ("parts of shape", [(APPEND, "pairs.append((X[start:start + size, :1], y[start:start + size]))")]),
    ("Are the columns as they were", [("X, y = X[order]", "X = X[:, ::-1]; X, y = X[order]")]),
    ("no batch at all", [("return pairs", "return []")]),
    ("type ndarray", [("return pairs", "return X")]), ("type int", [("return pairs", "return 3")]),
    ("X of batch 0 is a list", [(APPEND,
                                 "pairs.append((X[start:start + size].tolist(), y[start:start + size]))")]),
    ("some examples come twice", [("return pairs", "import itertools; return itertools.cycle(pairs)")]),
])
def test_broken_batches_get_their_diagnosis(says, changes):
    assert says in failure(five.minibatches, define(BATCHES, *changes))


W1_START, W2_START = "rng.normal(0, 0.5, (X.shape[1], hidden))", "rng.normal(0, 0.5, (hidden, 2))"


@pytest.mark.parametrize(("says", "changes"), [
    ("W1 still is 0", [(W1_START, "np.zeros((X.shape[1], hidden))"), (W2_START, "np.zeros((hidden, 2))")]),
    ("W1 still is 0", [(W1_START, "np.zeros((X.shape[1], hidden))")]),
    ("Twelve twins", [(W1_START, "np.full((X.shape[1], hidden), 0.1)"),
    (W2_START, "np.full((hidden, 2), 0.1)")]),
    ("only", [("range(steps)", "range(1)"), (W1_START, "np.eye(2, hidden) * 1e-6")]),
    ("different weights", [("default_rng(seed)", "default_rng()")]),
    ("W1 has the wrong shape", [("return W1,", "return W1.T,")]),
    ("nan or an inf in W1", [("return W1,", "return W1 * np.nan,")]),
    ("return W1, b1, W2, b2", [("return W1, b1, W2, b2", "return W1")]),
    ("changes an array", [("    rng =", "    X -= X.mean()\n    rng =")]),
])
def test_a_training_that_is_not_mended_gets_its_diagnosis(says, changes):
    assert says in failure(five.mended, define(TRAIN, *changes))


@pytest.mark.parametrize(("says", "changes"), [
    ("the old weights", [("W1[order]", "W1")]), ("backwards", [("W1[order]", "W1[np.argsort(order)]")]),
    ("belongs to the pixels", [("W1[order]", "W1[:, order]")]),
    ("rows are turned round", [("W1[order]", "W1[::-1]")]), ("on its side", [("W1[order]", "W1[order].T")]),
    ("changes an array", [("return W1[order]", "W1[:] = W1[order]; return W1")]),
    ("True or False", [("return W1[order]", "return True")]),
])
def test_wrong_weights_for_another_order_get_their_diagnosis(says, changes):
    assert says in failure(five.reordered, define(REORDERED, *changes))


# --- checks cannot be fooled --------------------------------------------------------------------------------


CHEATS = [*check_tools.CHEATS, lambda *arguments: (Agreeable(), Agreeable()),
          lambda *arguments: np.zeros((1, 1)), lambda *arguments: np.zeros((3, 3)).view(AgreeableArray)]


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
def test_no_check_takes_a_cheat(cheat):
    for check_function, _ in TABLES + FUNCTIONS + [(four.pass_by_hand, None)]:
        with pytest.raises(CheckFailed):
            check_function(cheat)
    for position in range(4):
        net = list(XNOR)
        net[position] = cheat
        with pytest.raises(CheckFailed):
            four.xnor(*net)


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: type(cheat).__name__)
def test_no_entry_takes_a_cheat(cheat):
    for check_function, answers in TABLES:
        for question, right in answers.items():
            wrong = (*right[:-1], cheat) if isinstance(right, tuple) else cheat
            with pytest.raises(CheckFailed):
                check_function({**answers, question: wrong})


@pytest.mark.parametrize(("check_function", "code", "old", "new"), [
    (four.perceptron, PERCEPTRON, "return fired", "return fired.view(kind)"),
    (four.learn, LEARN, "return w, b", "return w.view(kind), b"),
    (five.forward, FORWARD, "return H, P", "return H, P.view(kind)"),
    (five.backward, BACKWARD, '"db2": db2', '"db2": db2.view(kind)'),
    (five.finite_difference, DIFFERENCE, "return slopes", "return slopes.view(kind)"),
    (five.minibatches, BATCHES, APPEND, APPEND.replace("y[start:start + size]",
                                                       "y[start:start + size].view(kind)")),
    (five.reordered, REORDERED, "W1[order]", "W1[order].view(kind)"),
])
def test_an_array_subclass_is_refused_even_with_the_right_values(check_function, code, old, new):
    disguised = define(code, (old, new))
    disguised.__globals__["kind"] = AgreeableArray
    assert "AgreeableArray" in failure(check_function, disguised)


def test_shapes_that_would_broadcast_are_refused():
    assert "wrong shape" in failure(five.forward, define(FORWARD, ("return H, P", "return H, P[:, :1]")))
    assert "wrong shape" in failure(five.backward, define(BACKWARD, ('"db2": db2', '"db2": db2[:1]')))
    assert "wrong shape" in failure(four.learn, define(LEARN, ("return w, b", "return w[None], b")))


@pytest.mark.parametrize(("check_function", "code"), named(FUNCTIONS))
def test_a_function_that_learnt_earlier_answers_by_heart_fails(check_function, code):
    assert_refuses_by_heart(check_function, define(code))


@pytest.mark.parametrize(("check_function", "code", "trials"), [
    (four.perceptron, PERCEPTRON, 5), (four.learn, LEARN, 4), (five.forward, FORWARD, 5),
    (five.finite_difference, DIFFERENCE, 5), (five.reordered, REORDERED, 3)])
def test_a_function_that_is_right_only_the_first_time_fails(check_function, code, trials):
    assert "called twice" in failure(check_function, tired(define(code), trials))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_one_changed_value_of_a_right_result_never_passes(data):
    check_function, code, trials = data.draw(st.sampled_from([
        (four.perceptron, PERCEPTRON, 5), (four.learn, LEARN, 4), (five.forward, FORWARD, 5),
        (five.backward, BACKWARD, 4), (five.finite_difference, DIFFERENCE, 5),
        (five.reordered, REORDERED, 3)]))
    with pytest.raises(CheckFailed):
        check_function(spoiled(data, define(code), trials))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_changed_number_of_a_right_table_never_passes(data):
    answers, check_function = data.draw(st.sampled_from([
        (RULE_COUNTS, four.counts), (SHAPES, five.shapes), (COUNTS, five.counts), (SYMPTOMS, five.symptoms),
        (EXPECTED, five.expected)]))
    question = data.draw(st.sampled_from(sorted(answers)))
    change = data.draw(st.integers(-500, 500).filter(bool) | st.floats(0.01, 9))
    right = answers[question]
    wrong = (*right[:-1], right[-1] + change) if isinstance(right, tuple) else right + change
    with pytest.raises(CheckFailed):
        check_function({**answers, question: wrong})


# --- how a failure looks ------------------------------------------------------------------------------


@pytest.mark.parametrize(("check_function", "answers"), named(
    [(four.units, [{name: (...,) * len(unit) for name, unit in UNITS.items()}]),
    (four.pass_by_hand, [(...,) * 3]),
     (four.xnor, [np.zeros((2, 2)), np.zeros(2), np.zeros((2, 1)), np.zeros(1)])]
    + [(check_function, [dict.fromkeys(table, ...)]) for check_function, table in TABLES[1:]]
    + [(check_function, [lambda *arguments: None]) for check_function, _ in FUNCTIONS]
    + [(check_function, [...]) for check_function, _ in FUNCTIONS]))
def test_a_blank_answer_is_called_unanswered(check_function, answers):
    with pytest.raises(NotAnswered):
        check_function(*answers)


def test_missing_entries_are_named():
    for check_function, table in TABLES:
        assert_missing_entry_is_named(check_function, table)


def test_no_message_gives_a_right_number_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    asked = [(four.counts, RULE_COUNTS), (five.counts, COUNTS), (five.symptoms, SYMPTOMS)]
    wrongs = {number for module in (four._WRONG_COUNTS, five._WRONG_COUNTS, five._WRONG_SYMPTOMS)
              for rows in module.values() for number, _ in rows}
    for check_function, answers in asked:
        for question, right in answers.items():
            for wrong in sorted({*wrongs, *range(40)} - {right}):
                said = failure(check_function, {**answers, question: wrong}).split(f"{question}: ")[1]
                assert str(right) not in re.findall(r"[\d.]*\d", said.replace(",", "")), said


def test_every_wrong_number_has_a_message_of_its_own_and_none_is_right():
    tables = [(four._WRONG_COUNTS, RULE_COUNTS), (five._WRONG_COUNTS, COUNTS),
    (five._WRONG_SYMPTOMS, SYMPTOMS),
              (five._WRONG_EXPECTED, EXPECTED)]
    for wrong, right in tables:
        assert wrong.keys() == right.keys()
        for question, rows in wrong.items():
            assert right[question] not in [number for number, _ in rows], question


def test_the_checks_load_neither_tensorflow_nor_a_grader():
    assert_loads_no_tool("chapter04", "chapter05")
