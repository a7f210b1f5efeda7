"""The checks of exercise 11 name the mistake behind a wrong answer, and cannot be fooled."""

import re
import tempfile
import weakref
from itertools import combinations

import check_tools
import numpy as np
import pytest
from check_tools import (
    Agreeable,
    AgreeableArray,
    AgreeableFloat,
    AgreeableInt,
    AgreeableList,
    AgreeableTuple,
    AgreeableWord,
    EveryCheck,
    assert_keeps_right_numbers_back,
    assert_wrong_numbers_are_wrong,
    cells_of,
    define,
    diagnosed,
    entries_diagnosed,
    failure,
    said_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic import layers
from notmagic.checks import CheckFailed
from notmagic.checks import chapter11 as eleven
from notmagic.losses import SparseCategoricalCrossentropy
from notmagic.model import Sequential
from notmagic.pretrained import history, predictions

# --- right answers, as a student writes them ----------------------------------------------------------

SHAPES = {"conv 1": (28, 28, 24), "pool 1": (14, 14, 24), "conv 2": (14, 14, 48), "pool 2": (6, 6, 48),
          "conv 3": (4, 4, 48), "global pooling": (48,), "logits": (10,)}
COUNTS = {"conv 1": 1824, "conv 2": 10_416, "conv 3": 20_784, "logits": 490,
          "logits, flatten in place of global pooling": 7690, "multiplications of conv 2": 2_032_128}
TOLD = {"A": "softmax twice", "B": "right", "C": "sum", "D": "no softmax"}
REPORT = {'answers "cat"': 1019, 'answers "cat" that are wrong': 518, "ships called airplane": 94,
          "pairs of animals told apart": 11}
CURVES = {"ahead, seed 0": 3, "after the lowest, seed 0": 4, "rises, seed 0": 3, "ahead, seed 1": 4,
          "after the lowest, seed 1": 4, "rises, seed 1": 4}
COOLED = {"temperature": 1.6, "error before": 11.5, "error after": 0.9}

PRICE = '''
def price(scores, labels):
    moved = scores - scores.max(axis=1, keepdims=True)
    logs = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()
'''

CONFUSION = '''
def confusion(labels, answers, classes):
    matrix = np.zeros((classes, classes))
    for truth, answer in zip(labels, answers):
        matrix[truth, answer] += 1
    return matrix
'''

WILSON = '''
def wilson(right, total):
    z, s, n = 1.96, right / total, total
    centre = (s + z ** 2 / (2 * n)) / (1 + z ** 2 / n)
    half = z / (1 + z ** 2 / n) * np.sqrt(s * (1 - s) / n + z ** 2 / (4 * n ** 2))
    return centre - half, centre + half
'''

HONEST = '''
def honest(validation_loss, test_accuracy):
    place = np.argmin(validation_loss)
    return place + 1, test_accuracy[place]
'''

ERROR = '''
def calibration_error(certainty, right, parts):
    part = np.minimum((certainty * parts).astype(int), parts - 1)
    error = 0.0
    for k in range(parts):
        inside = part == k
        if inside.any():
            gap = abs(certainty[inside].mean() - right[inside].mean())
            error += gap * inside.sum() / len(certainty)
    return error
'''

SAVE = '''
def save(weights, file):
    small = {name: array.astype(np.float16) for name, array in weights.items()}
    np.savez(file, **small)
'''

LOAD = '''
def load(file, shapes):
    arrays = []
    with np.load(file) as archive:
        for name, shape in shapes.items():
            if name not in archive.files:
                raise ValueError(f"{name} is missing")
            array = archive[name]
            if array.shape != shape:
                raise ValueError(f"{name} has another shape")
            arrays.append(array.astype(np.float32))
    return arrays
'''

TABLES = [(eleven.shapes, SHAPES), (eleven.counts, COUNTS), (eleven.told, TOLD), (eleven.report, REPORT),
          (eleven.curves, CURVES), (eleven.temperature, COOLED)]
FUNCTIONS = [(eleven.price, PRICE), (eleven.confusion, CONFUSION), (eleven.wilson, WILSON),
             (eleven.honest, HONEST), (eleven.calibration_error, ERROR)]
FILES = [(eleven.save, SAVE), (eleven.load, LOAD)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (eleven.price, eleven._price, eleven._price_cases, eleven._PRICE_SLIPS),
    (eleven.confusion, eleven._confusion, eleven._confusion_cases, eleven._CONFUSION_SLIPS),
    (eleven.wilson, eleven._wilson, eleven._wilson_cases, eleven._WILSON_SLIPS),
    (eleven.honest, eleven._honest, eleven._honest_cases, eleven._HONEST_SLIPS),
    (eleven.calibration_error, eleven._calibration_error, eleven._error_cases, eleven._ERROR_SLIPS),
]
# Right answers that are written in other ways.
FORMS = [
    (eleven.price, PRICE, [("return -logs[np.arange(len(labels)), labels].mean()",
                            "return float(-np.mean([row[k] for row, k in zip(logs, labels)]))")]),
    (eleven.price, PRICE, [("    moved", "    top = scores.max(axis=1)\n"
                            "    sums = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))\n"
                            "    return (sums - scores[range(len(labels)), labels]).mean()\n    moved")]),
    (eleven.confusion, CONFUSION, [("np.zeros((classes, classes))", "np.zeros((classes, classes), int)")]),
    (eleven.confusion, CONFUSION, [("return matrix", "return matrix.astype(int).tolist()")]),
    (eleven.confusion, CONFUSION,
     [("    matrix =", "    places = labels.astype(int) * classes + answers\n"
       "    return np.bincount(places, minlength=classes ** 2).reshape(classes, classes)\n    matrix =")]),
    (eleven.wilson, WILSON, [("return centre - half, centre + half",
                              "return [float(centre - half), np.float64(centre + half)]")]),
    (eleven.wilson, WILSON, [("return centre - half, centre + half",
                              "return np.array([centre - half, centre + half])")]),
    (eleven.wilson, WILSON, [("    centre", "    q = [1 + z**2 / n, -(2 * s + z**2 / n), s**2]\n"
                              "    return tuple(np.sort(np.roots(q).real))\n    centre")]),
    (eleven.honest, HONEST, [("np.argmin(validation_loss)",
                              "list(validation_loss).index(min(validation_loss))")]),
    (eleven.honest, HONEST, [("return place + 1, test_accuracy[place]",
                              "return np.array([place + 1, test_accuracy[place]])")]),
    (eleven.calibration_error, ERROR, [("np.minimum((certainty * parts).astype(int), parts - 1)",
                                        "np.digitize(certainty, np.arange(1, parts) / parts)")]),
    (eleven.calibration_error, ERROR, [("return error", "return np.asarray(error)")]),
    (eleven.save, SAVE, [("np.savez(", "np.savez_compressed(")]),
    (eleven.save, SAVE, [("    np.savez(file, **small)",
                          "    np.savez(str(file), **small)\n    return file")]),
    (eleven.load, LOAD, [("return arrays", "return tuple(arrays)")]),
    (eleven.load, LOAD, [("archive.files", "set(archive)"),
                         ("array.shape != shape", "not array.shape == shape")]),
]


def test_right_tables_come_in_many_forms():
    eleven.shapes({**SHAPES, "conv 1": [28, 28, 24], "pool 2": (6.0, np.int8(6), 48), "logits": 10,
                   "global pooling": [48]})
    eleven.counts({**COUNTS, "conv 1": 1824.0, "logits": np.float32(490), "conv 2": np.array(10_416)})
    eleven.told({name: f" {word.title()}" for name, word in TOLD.items()})
    eleven.report({**REPORT, "ships called airplane": np.int64(94)})
    eleven.temperature({"temperature": 1 + 3 * 0.2, "error before": 11.51, "error after": np.float32(0.855)})


# --- the facts behind the checks --------------------------------------------------------------------------


def test_shapes_and_counts_are_those_of_a_built_network():
    def build(end):
        return Sequential([
            layers.Input((32, 32, 3)), layers.Conv2D(24, 5), layers.MaxPooling2D(2),
            layers.Conv2D(48, 3, padding="same"), layers.MaxPooling2D(3, 2), layers.Conv2D(48, 3),
            end, layers.Dense(10)])

    model, flat = build(layers.GlobalAveragePooling2D()), build(layers.Flatten())
    shape, found = model.input_shape, {}
    for name, layer in zip(SHAPES, model.layers, strict=True):
        shape = layer.compute_output_shape(shape)
        found[name] = shape[1:]
    assert found == SHAPES == eleven.SHAPES
    count = {name: layer.count_params() for name, layer in zip(SHAPES, model.layers, strict=True)}
    kernel = model.layers[2].kernel
    assert {**{name: count[name] for name in ("conv 1", "conv 2", "conv 3", "logits")},
            "logits, flatten in place of global pooling": flat.layers[-1].count_params(),
            "multiplications of conv 2": kernel.size * 14 * 14} == COUNTS == eleven.COUNTS


def test_the_price_is_the_loss_of_the_package():
    rng = np.random.default_rng(5)
    scores, labels = rng.normal(0, 4, (20, 7)), rng.integers(0, 7, 20)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(eleven._price(scores, labels)[0], float(loss(labels, scores)), rtol=1e-6)


def test_both_ends_of_an_interval_lie_z_deviations_from_the_share():
    for right, total in ((0, 20), (7, 12), (501, 1000), (30, 30)):
        for end in eleven._wilson(right, total):
            spread = np.sqrt(max(0.0, end * (1 - end)) / total)
            np.testing.assert_allclose(abs(right / total - end), 1.96 * spread, atol=1e-8)


def test_the_tables_are_what_is_stored():
    chances, labels = predictions("cifar10_chapter11")
    answers = chances.argmax(axis=1)
    assert (answers == 3).sum() == REPORT['answers "cat"']
    assert ((answers == 3) & (labels != 3)).sum() == REPORT['answers "cat" that are wrong']
    assert ((answers == 0) & (labels == 8)).sum() == REPORT["ships called airplane"]
    ends = [eleven._wilson(int(((labels == c) & (answers == c)).sum()), 1000) for c in range(2, 8)]
    apart = sum(bool(max(a[0], b[0]) > min(a[1], b[1])) for a, b in combinations(ends, 2))
    assert apart == REPORT["pairs of animals told apart"]
    assert eleven._report()[0] == REPORT
    for seed, run in enumerate(history("cifar10_chapter11")["runs"][:2]):
        ahead = [one > other for one, other in zip(run["accuracy"], run["val_accuracy"], strict=True)]
        assert 1 + ahead.index(True) == CURVES[f"ahead, seed {seed}"]
        assert 9 - run["val_loss"].index(min(run["val_loss"])) == CURVES[f"after the lowest, seed {seed}"]
        rises = sum(b > a for a, b in zip(run["val_loss"], run["val_loss"][1:], strict=False))
        assert rises == CURVES[f"rises, seed {seed}"]
    assert eleven._curves()[0] == CURVES


def test_the_temperature_is_the_best_of_the_list_by_a_margin_and_mends_the_promise():
    chances, labels = predictions("cifar10_chapter11")
    logits = np.log(np.maximum(chances[:5000].astype(float), 1e-30))
    costs = [float(eleven._price(logits / t, labels[:5000])[0]) for t in eleven.TEMPERATURES]
    order = np.argsort(costs)
    assert eleven.TEMPERATURES[order[0]] == pytest.approx(COOLED["temperature"])
    assert costs[order[1]] > costs[order[0]] + 1e-3
    right = eleven._cooled()[0]
    assert right["error before"] > 10 * right["error after"]
    for question in ("error before", "error after"):
        assert abs(right[question] - COOLED[question]) < eleven.TOLERANCE


@pytest.fixture(scope="module")
def exercise():
    """Give the sources of the exercise's cells by their ids."""
    return cells_of("11-cifar-10-with-keras")


def test_the_prices_that_the_exercise_shows_are_those_of_the_mistakes(exercise):
    names = {"np": np}
    exec(exercise["ex11-prices"], names)
    options = {"right": {}, "softmax twice": {"twice": True}, "no softmax": {"taken": "shares"},
               "sum": {"mean": "sum"}}
    assert set(options) == set(eleven.VERDICTS) and TOLD == eleven.TOLD
    for name, word in TOLD.items():
        computed = float(eleven._price(names["scores"], names["labels"], **options[word])[0])
        assert round(computed, 3) == names["printed"][name]
    assert len(set(names["printed"].values())) == 4


def test_the_texts_ask_for_what_the_checks_know(exercise):
    text = exercise["ex11-task1"]
    convolutions = {"conv 1": eleven.CONV_1, "conv 2": eleven.CONV_2, "conv 3": eleven.CONV_3}
    for name, (f, filters, _) in convolutions.items():
        assert f"| {name} | {filters} filters of {f} x {f}" in text
    assert f"padding {eleven.CONV_2[2]}:" in text and text.count("no padding") == 2
    assert "max-pooling 2 x 2, stride 2" in text and "max-pooling **3 x 3**, stride 2" in text
    assert (eleven.POOL_1, eleven.POOL_2) == ((2, 2), (3, 2))
    names = {}
    exec(exercise["ex11-temperatures"], names)
    np.testing.assert_allclose(names["temperatures"], eleven.TEMPERATURES)
    assert f"**first {eleven.HALF:,}**" in exercise["ex11-task5b"]
    assert f"{eleven.PARTS} parts" in exercise["ex11-task5b"] and "$z = 1.96$" in exercise["ex11-task3b"]
    for cell, table in (("ex11-shapes", SHAPES), ("ex11-counts", COUNTS), ("ex11-curves", CURVES)):
        assert all(f'"{name}": ...' in exercise[cell] for name in table)
    for cell, table in (("ex11-told", TOLD), ("ex11-report", REPORT), ("ex11-temperature", COOLED)):
        assert all(re.search(f"[\"']{re.escape(name)}[\"']: \\.\\.\\.", exercise[cell]) for name in table)
    assert all(f'"{word}"' in exercise["ex11-told"] for word in eleven.VERDICTS)


# --- known mistakes in tables ----------------------------------------------------------------------------


test_a_wrong_shape_gets_its_diagnosis = entries_diagnosed(eleven.shapes, SHAPES, [
    ("conv 1", (32, 32, 24), "does not fit at every pixel"), ("conv 1", (30, 30, 24), "for filters of 3 x 3"),
    ("conv 1", (27, 27, 24), "one place too few"), ("conv 1", (24, 28, 28), "channels stand last"),
    ("conv 1", (28, 28, 3), "How many maps come out"), ("conv 1", (28, 28), "three numbers"),
    ("conv 1", (28, 27, 24), "Go on from the layer before"), ("conv 1", (16, 16, 24), "halves nothing"),
    ("pool 1", (27, 27, 24), "one pixel apart"), ("pool 1", (28, 28, 24), "halves both"),
    ("pool 1", (14, 14, 1), "each channel alone"), ("conv 2", (12, 12, 48), "without padding"),
    ("conv 2", (13, 13, 48), "on both sides"), ("conv 2", (16, 16, 48), "takes something away"),
    ("pool 2", (7, 7, 48), "rounded up"), ("pool 2", (4, 4, 48), "lie side by side"),
    ("pool 2", (12, 12, 48), "one pixel apart"), ("pool 2", (5, 5, 48), "one window too few"),
    ("conv 3", (6, 6, 48), "does not fit"), ("conv 3", (3, 3, 48), "one place too few"),
    ("global pooling", (768,), "what flatten gives"), ("global pooling", (16,), "how many maps are there"),
    ("global pooling", (1, 1, 48), "with a comma"), ("logits", 48, "how many numbers come in"),
    ("logits", (7,), "not this number"), ("logits", ..., "not answered yet"), ("logits", "10", "in brackets"),
    ("conv 1", (..., 28, 24), "not answered yet"), ("conv 1", (28.5, 28, 24), "fraction"),
    ("conv 1", True, "in brackets"),
])


test_a_wrong_count_gets_its_diagnosis = entries_diagnosed(eleven.counts, COUNTS, [
    ("conv 1", 1800, "biases were forgotten"), ("conv 1", 1801, "too few"),
    ("conv 1", 624, "one channel thin"),
    ("conv 1", 1824 * 784, "at every place"), ("conv 1", 76, "that is one filter"),
    ("conv 1", 672, "mind the size"),
    ("conv 1", 384, "a height and a width"), ("conv 1", 1872, "not one for each channel"),
    ("conv 2", 10_368, "biases"), ("conv 2", 1344, "How deep is what it sees"),
    ("conv 3", 10_416, "how deep is what this layer sees"), ("logits", 480, "biases"),
    ("logits", 7690, "one number of each map"), ("logits", 170, "each map leaves one number"),
    ("logits", 528, "not for each input"), ("logits", 58, "multiply"),
    ("logits, flatten in place of global pooling", 490, "every number of every map"),
    ("logits, flatten in place of global pooling", 170, "all maps, not one"),
    ("logits, flatten in place of global pooling", 17_290, "comes in between"),
    ("multiplications of conv 2", 10_416, "those are the parameters"),
    ("multiplications of conv 2", 2_041_536, "added, not multiplied"),
    ("multiplications of conv 2", 10_368, "at every place, not once"),
    ("multiplications of conv 2", 84_672, "full depth"), ("multiplications of conv 2", 42_336, "one filter"),
    ("multiplications of conv 2", 1_492_992, "products with zeros"),
    ("multiplications of conv 2", 8_128_512, "pooled before"),
    ("multiplications of conv 2", 373_248, "before the pooling behind"),
    ("logits", 7, "Count one filter"), ("logits", "490", "type str"), ("logits", 0.5, "whole number"),
    ("logits", ..., "not answered yet"),
])


@pytest.mark.parametrize(("check_function", "table", "question", "answer", "says"), [
    (eleven.told, TOLD, "A", "right", "gives another number"),
    (eleven.told, TOLD, "B", "sum", "as large as the mean"),
    (eleven.told, TOLD, "B", "softmax twice", "probabilities as if"),
    (eleven.told, TOLD, "B", "no softmax", "by their sum. Does it fit"),
    (eleven.told, TOLD, "B", "wrong", "give one of"), (eleven.told, TOLD, "B", ..., "not answered yet"),
    (eleven.told, TOLD, "B", True, "give one of"),
    (eleven.report, REPORT, 'answers "cat"', 1000, "how many cats there are"),
    (eleven.report, REPORT, 'answers "cat"', 501, "the right ones"),
    (eleven.report, REPORT, 'answers "cat"', 518, "the wrong ones"),
    (eleven.report, REPORT, 'answers "cat" that are wrong', 499, "along the row"),
    (eleven.report, REPORT, 'answers "cat" that are wrong', 1019, "right and wrong"),
    (eleven.report, REPORT, "ships called airplane", 82, "the truth picks the row"),
    (eleven.report, REPORT, "ships called airplane", 781, "ships called ship"),
    (eleven.report, REPORT, "pairs of animals told apart", 15, "some intervals overlap"),
    (eleven.report, REPORT, "pairs of animals told apart", 4, "how many overlap"),
    (eleven.report, REPORT, "pairs of animals told apart", 22, "counted twice"),
    (eleven.report, REPORT, "pairs of animals told apart", 35, "all ten classes"),
    (eleven.report, REPORT, "pairs of animals told apart", 3, "vehicles"),
    (eleven.report, REPORT, "pairs of animals told apart", 9, "a column an answer"),
    (eleven.curves, CURVES, "ahead, seed 0", 2, "counts from 0"),
    (eleven.curves, CURVES, "ahead, seed 1", 1, "the test accuracy is higher"),
    (eleven.curves, CURVES, "ahead, seed 1", 7, "in how many epochs"),
    (eleven.curves, CURVES, "after the lowest, seed 0", 6, "How many came after"),
    (eleven.curves, CURVES, "after the lowest, seed 0", 5, "does not come after"),
    (eleven.curves, CURVES, "rises, seed 0", 6, "how often it fell"),
    (eleven.curves, CURVES, "rises, seed 0", 0, "*training*"),
    (eleven.curves, CURVES, "rises, seed 1", 3, "test *accuracy* fell"),
    (eleven.curves, CURVES, "rises, seed 1", 8, "one below the other"),
    (eleven.temperature, COOLED, "temperature", 1.0, "nothing changes"),
    (eleven.temperature, COOLED, "temperature", 0.625, "turned round"),
    (eleven.temperature, COOLED, "temperature", 3.0, "last of the list"),
    (eleven.temperature, COOLED, "temperature", 1.8, "one of the list"),
    (eleven.temperature, COOLED, "error before", 10.9, "first half"),
    (eleven.temperature, COOLED, "error before", 11.2, "all 10,000"),
    (eleven.temperature, COOLED, "error before", 0.115, "give points"),
    (eleven.temperature, COOLED, "error before", 0.9, "after, not before"),
    (eleven.temperature, COOLED, "error after", 1.46, "first half"),
    (eleven.temperature, COOLED, "error after", 1.1, "all 10,000"),
    (eleven.temperature, COOLED, "error after", 0.00855, "give points"),
    (eleven.temperature, COOLED, "error after", 19.4, "*more* certain"),
    (eleven.temperature, COOLED, "error after", 11.5, "before, not after"),
    (eleven.temperature, COOLED, "error after", 5.0, "in points"),
    (eleven.temperature, COOLED, "error after", float("nan"), "finite"),
])
def test_a_wrong_entry_gets_its_diagnosis(check_function, table, question, answer, says):
    assert says in said_of(check_function, table, question, answer)


# --- known mistakes in functions ---------------------------------------------------------------------------

LOGS = "logs = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))"
ROWS = "logs[np.arange(len(labels)), labels]"


test_a_broken_price_gets_its_diagnosis = diagnosed(eleven.price, PRICE, [
    ("there is no softmax", [(LOGS, "logs = np.log(scores)")]),
    ("from_logits=True", [(LOGS, "logs = np.log(np.clip(scores / scores.sum(axis=1, keepdims=True), 1e-7, "
                                 "1 - 1e-7))")]),
    ("taken twice", [(LOGS, "p = np.exp(moved); p = p / p.sum(axis=1, keepdims=True)\n"
                            "    logs = p - np.log(np.exp(p).sum(axis=1, keepdims=True))")]),
    ("down the columns", [("scores.max(axis=1", "scores.max(axis=0"), ("sum(axis=1", "sum(axis=0"),
                          (LOGS.replace("axis=1", "axis=0"),
                           "p = np.exp(moved); logs = np.log(p / p.sum(axis=0, keepdims=True))")]),
    ("near 1,000", [("scores.max(axis=1, keepdims=True)", "0"),
                    (LOGS, "p = np.exp(moved); logs = np.log(p / p.sum(axis=1, keepdims=True))")]),
    ("each row has its own", [("scores.max(axis=1, keepdims=True)", "scores.max()")]),
    ("each row has its own", [("scores.max(axis=1, keepdims=True)", "scores.max()"),
                              (LOGS, "p = np.exp(moved); logs = np.log(p / p.sum(axis=1, keepdims=True))")]),
    ("rounded to 0", [(LOGS, "p = np.exp(moved); logs = np.log(p / p.sum(axis=1, keepdims=True))")]),
    ("highest score", [(ROWS, "logs.max(axis=1)")]), ("label of the first", [(ROWS, "logs[:, labels[0]]")]),
    ("1 minus", [("-" + ROWS, "(1 - np.exp(" + ROWS + "))")]),
    ("all classes are added", [(ROWS, "logs.sum(axis=1)")]), ("sum of the prices", [(".mean()", ".sum()")]),
    ("how many scores", [(".mean()", ".sum() / scores.size")]),
    ("how many classes", [(".mean()", ".sum() / scores.shape[1]")]), ("sign is turned", [("-logs", "logs")]),
    ("base 10", [(".mean()", ".mean() / np.log(10)")]),
    ("base 2", [(".mean()", ".mean() / np.log(2)")]),
    ("two things", [("-logs", "logs"), (".mean()", ".sum()")]),
    ("returns nothing", [("return ", "_ = ")]), ("wrong shape", [(".mean()", "")]),
    ("changes an array", [("    moved =", "    scores -= 1\n    moved =")]),
    ("stopped with NameError", [("-logs", "-log")]),
])


test_a_broken_confusion_matrix_gets_its_diagnosis = diagnosed(eleven.confusion, CONFUSION, [
    ("changed places", [("[truth, answer]", "[answer, truth]")]),
    ("more than once", [("    for truth, answer in zip(labels, answers):\n        matrix[truth, answer] += 1",
                         "    matrix[labels, answers] += 1")]),
    ("right answers are missing", [("        matrix", "        if truth != answer:\n            matrix")]),
    ("only the right answers", [("        matrix", "        if truth == answer:\n            matrix")]),
    ("only as large", [("np.zeros((classes, classes))",
                        "np.zeros((max(labels.max(), answers.max()) + 1,) * 2)")]),
    ("shares of each true", [("return matrix", "return matrix / matrix.sum(axis=1, keepdims=True)")]),
    ("shares of each answer", [("return matrix", "return matrix / matrix.sum(axis=0)")]),
    ("shares of all", [("return matrix", "return matrix / len(labels)")]),
    ("one too many", [("np.zeros", "np.ones")]), ("returns nothing", [("return matrix", "pass")]),
    ("wrong shape", [("return matrix", "return matrix[None]")]),
    ("1 of", [("return matrix", "matrix[0, 0] += 7; return matrix")]),
    ("changes an array", [("    matrix =", "    labels[:] = 0\n    matrix =")]),
])


test_a_broken_interval_gets_its_diagnosis = diagnosed(eleven.wilson, WILSON, [
    ("the plain interval, s", [("    return", "    centre, half = s, z * np.sqrt(s * (1 - s) / n)\n"
                                           "    return")]),
    ("centre is the share itself", [("    half", "    centre = s\n    half")]),
    ("that of the plain", [("    return", "    half = z * np.sqrt(s * (1 - s) / n)\n    return")]),
    ("centre is not divided", [("(s + z ** 2 / (2 * n)) / (1 + z ** 2 / n)", "s + z ** 2 / (2 * n)")]),
    ("half width is not divided", [("z / (1 + z ** 2 / n) * np", "z * np")]),
    ("z is squared", [("s + z ** 2", "s + z")]), ("divided by 2n", [("(2 * n)", "n")]),
    ("*square* of n", [("n ** 2)", "n)")]), ("root is missing", [("np.sqrt", "")]),
    ("is divided by n", [("s * (1 - s) / n", "s * (1 - s)")]),
    ("lacks its factor", [("z / (1 + z ** 2 / n) * np", "1 / (1 + z ** 2 / n) * np")]),
    ("90 %", [("1.96", "1.645")]), ("99 %", [("1.96", "2.576")]), ("rule of thumb", [("1.96", "2")]),
    ("upper end comes first", [("centre - half, centre + half", "centre + half, centre - half")]),
    ("centre and the half", [("centre - half, centre + half", "centre, half")]),
    ("is the width", [("centre + half\n", "2 * half\n")]),
    ("per cent", [("centre - half, centre + half", "100 * (centre - half), 100 * (centre + half)")]),
    ("numbers of pictures", [("centre - half, centre + half", "n * (centre - half), n * (centre + half)")]),
    ("2 results are asked for", [("centre - half, centre + half", "centre - half")]),
    ("no value yet", [("centre - half, centre + half", "centre - half, None")]),
    ("returns nothing", [("return ", "_ = ")]),
    ("low: the number is wrong", [("return centre - half", "return centre - half + 7")]),
])


test_a_broken_choice_gets_its_diagnosis = diagnosed(eleven.honest, HONEST, [
    ("chosen by the test accuracy", [("argmin(validation_loss)", "argmax(test_accuracy)")]),
    ("*highest* validation loss", [("argmin", "argmax")]),
    ("the last epoch, whatever", [("np.argmin(validation_loss)", "len(validation_loss) - 1")]),
    ("before the first rise", [("np.argmin(validation_loss)", "np.argmax(np.diff(validation_loss) > 0)")]),
    ("that is epoch 2, whatever", [("np.argmin(validation_loss)", "1")]),
    ("the first of them", [("np.argmin(validation_loss)",
                            "len(validation_loss) - 1 - np.argmin(validation_loss[::-1])")]),
    ("one too low", [("place + 1", "place")]),
    ("the best of all epochs", [("test_accuracy[place]", "test_accuracy.max()")]),
    ("that of the last one", [("test_accuracy[place]", "test_accuracy[-1]")]),
    ("that of the next", [("test_accuracy[place]", "test_accuracy[place + 1]")]),
    ("is a loss", [("test_accuracy[place]", "validation_loss[place]")]),
    ("the mean over", [("test_accuracy[place]", "test_accuracy.mean()")]),
    ("accuracy comes first", [("place + 1, test_accuracy[place]", "test_accuracy[place], place + 1")]),
    ("2 results are asked for", [("place + 1, ", "")]), ("returns nothing", [("return ", "_ = ")]),
    ("accuracy: the number is wrong", [("test_accuracy[place]", "test_accuracy[place] + 7")]),
])


MEAN = "certainty[inside].mean()"


test_a_broken_calibration_error_gets_its_diagnosis = diagnosed(eleven.calibration_error, ERROR, [
    ("weighs the same;", [("* inside.sum() / len(certainty)", "/ len(set(part))")]),
    ("even the empty", [("* inside.sum() / len(certainty)", "/ parts")]),
    ("without weights", [("* inside.sum() / len(certainty)", "")]),
    ("largest gap", [("error += gap * inside.sum() / len(certainty)", "error = max(error, gap)")]),
    ("sign cancel", [("abs(", "(")]), ("squared", [("gap *", "gap ** 2 *")]),
    ("too low is a gap", [("abs(", "max(0, ")]),
    ("taken to be its middle", [(MEAN, "(k + 0.5) / parts")]), ("its lower end;", [(MEAN, "k / parts")]),
    ("contains its lower end", [("(certainty * parts).astype(int)",
                                 "np.ceil(certainty * parts).astype(int) - 1")]),
    ("part of their own", [("np.minimum((certainty * parts).astype(int), parts - 1)",
                            "(certainty * parts).astype(int)"), ("range(parts)", "range(parts + 1)")]),
    ("all answers are in one part", [("return error", "return abs(certainty.mean() - right.mean())")]),
    ("a number from 0 to 1", [("return error", "return 100 * error")]),
    ("*wrong* answers", [("right[inside].mean()", "(1 - right[inside].mean())")]),
    ("two things", [("return error", "return 100 * error"), ("abs(", "(")]),
    ("exactly 1 belongs", [("    error =", "    counts = np.zeros(parts)\n"
                            "    for c in certainty: counts[int(c * parts)] += 1\n    error =")]),
    ("has no mean (nan)", [("if inside.any()", "if True")]), ("returns nothing", [("return error", "pass")]),
    ("the number is wrong", [("return error", "return 0.0")]),
    ("nan or an inf", [("return error", "return error / 0")]),
    ("changes an array", [("    error =", "    certainty *= 2\n    error =")]),
])


SMALL = "np.savez(file, **small)"


test_a_broken_save_gets_its_diagnosis = diagnosed(eleven.save, SAVE, [
    ("no names of their own", [(SMALL, "np.savez(file, *small.values())")]),
    ("cannot read the file", [(SMALL, "np.savez(file, weights=small)")]),
    ("cannot read the file", [(SMALL, "open(file, 'w').write('weights')")]),
    ("32 bits", [(".astype(np.float16)", "")]), ("64 bits", [("float16", "float64")]),
    ("dtype int16", [("np.float16", "np.int16")]),
    ("there is no array called conv1_kernel", [(SMALL, "small.pop('conv1_kernel'); " + SMALL)]),
    ("more in the file", [(SMALL, "np.savez(file, extra=np.zeros(2), **small)")]),
    ("with the shape", [("array.astype", "array.ravel().astype")]),
    ("other numbers", [("array.astype", "array.round(1).astype")]),
    ("there should be one file", [(SMALL, SMALL + "; np.savez(str(file) + '2', **small)")]),
    ("there should be one file", [("np.savez(file", "np.savez(file.with_name('weights.npz')")]),
    ("writes no file", [(SMALL, "pass")]),
    ("changes the weights", [(SMALL, SMALL + "; weights.update(small)")]),
    ("changes the weights", [(SMALL, SMALL + "\n    for array in weights.values():\n        array *= 2")]),
    ("changes the weights", [(SMALL, SMALL + "; weights.clear()")]),
    ("stopped with NameError", [("np.savez", "savez")]),
])


MISSING = ('            if name not in archive.files:\n'
           '                raise ValueError(f"{name} is missing")\n')
BENT = '            if array.shape != shape:\n                raise ValueError(f"{name} has another shape")\n'


test_a_broken_load_gets_its_diagnosis = diagnosed(eleven.load, LOAD, [
    ("order of the file", [("in shapes.items():", "in [(name, shapes[name]) for name in archive.files]:")]),
    ("alphabetical order", [("in shapes.items():", "in sorted(shapes.items()):")]),
    ("not float32", [(".astype(np.float32)", "")]), ("not float32", [("np.float32", "np.float64")]),
    ("a dictionary comes back", [("return arrays", "return dict(zip(shapes, arrays))")]),
    ("of type NpzFile", [("    arrays = []", "    return np.load(file)")]),
    ("4 arrays come back", [("return arrays", "return arrays[1:]")]),
    ("type list; expected NumPy", [("return arrays", "return [array.tolist() for array in arrays]")]),
    ("dtype int64", [("np.float32", "np.int64")]),
    ("not what the file holds", [("return arrays", "return [array + 1 for array in arrays]")]),
    ("missing is taken as if",
     [(MISSING, "            if name not in archive.files:\n                continue\n")]),
    ("A ValueError is asked for", [(MISSING, "")]),
    ("one too small is taken", [(BENT, "")]),
    ("exchanged is taken", [("array.shape != shape", "array.size != np.prod(shape)")]),
    ("exchanged is taken", [("array.shape != shape", "sorted(array.shape) != sorted(shape)")]),
    ("does not name the array", [("{name} is missing", "something is missing")]),
    ("does not name the array", [("{name} has another", "an array has another")]),
    ("a file in order is refused", [("array.shape != shape", "array.shape == shape")]),
    ("another order than shapes", [("        for name, shape", "        if list(shapes) != archive.files:\n"
                                    "            raise ValueError('order')\n        for name, shape")]),
    ("returns nothing", [("return arrays", "pass")]),
])


# --- checks cannot be fooled --------------------------------------------------------------------------------


CHEATS = [*check_tools.CHEATS, AgreeableWord("both"), AgreeableTuple((28, 28, 24)), [Agreeable()],
          AgreeableInt(3), np.zeros((2, 2)).view(AgreeableArray), np.array([Agreeable()] * 3, dtype=object),
          lambda *arguments: (Agreeable(),) * 2, lambda *arguments: AgreeableTuple((0.1, 0.2)),
          lambda *arguments: AgreeableList(), lambda *arguments: AgreeableFloat(0.5),
          lambda *arguments: np.zeros((3, 3)).view(AgreeableArray), lambda *arguments: arguments[0]]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    others = FILES
    least_change = 0.12
    modules = ("chapter11",)


@pytest.mark.parametrize("change", ["[array.view(Agreeing) for array in arrays]", "Listed(arrays)"])
def test_loaded_arrays_that_compare_dishonestly_are_refused(change):
    classes = {"Agreeing": AgreeableArray, "Listed": AgreeableList}
    load = define(LOAD, ("return arrays", f"return {change}"), **classes)
    assert re.search("type Agreeable(Array|List)", failure(eleven.load, load))


def test_shapes_that_would_broadcast_are_refused():
    for check_function, code, change, says in (
            (eleven.confusion, CONFUSION, ("return matrix", "return matrix[:1]"), "wrong shape"),
            (eleven.save, SAVE, ("array.astype", "array[None].astype"), "with the shape"),
            (eleven.load, LOAD, ("append(array", "append(array[None]"), "not what the file holds")):
        assert says in failure(check_function, define(code, change))


def test_files_that_are_learnt_by_heart_fail(tmp_path):
    kept = []

    def remembering(weights, file):
        kept.append(dict(weights))
        define(SAVE)(kept[0], file)

    assert re.search("other numbers|with the shape", failure(eleven.save, remembering))
    loaded = []

    def recalling(file, shapes):
        loaded.append(define(LOAD)(file, shapes))
        return loaded[0]

    failure(eleven.load, recalling)
    refusing = define("def load(file, shapes):\n    raise ValueError(' '.join(shapes))")
    assert "a file in order is refused" in failure(eleven.load, refusing)


@pytest.mark.parametrize("refused", [("array.shape != shape", "array.shape == shape"),
                                     ("name not in archive.files", "True")])
def test_a_file_that_is_refused_is_closed_before_its_folder_is_removed(monkeypatch, refused):
    """Windows removes no folder in which a file is open."""
    opened, left_open, folders = [], [], []

    class Watched(tempfile.TemporaryDirectory):
        def __exit__(self, *failure):
            folders.append(self.name)
            left_open.extend(archive for archive in opened if archive() is not None)
            super().__exit__(*failure)

    def opening(file):
        archive = np.load(file)
        opened.append(weakref.ref(archive))
        return archive

    monkeypatch.setattr(tempfile, "TemporaryDirectory", Watched)
    load = define(LOAD, refused, ("with np.load(file) as archive:", "archive = opening(file)\n    if True:"),
                  opening=opening)
    assert "a file in order is refused" in failure(eleven.load, load)
    assert opened and folders and not left_open


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_changed_number_of_what_is_loaded_or_saved_never_passes(data):
    place, change = data.draw(st.floats(0, 0.999)), data.draw(st.sampled_from([-1, 1, 0.25]))

    def off(arrays):
        wrong = arrays[int(place * len(arrays))]
        wrong.flat[int(place * wrong.size)] += change
        return arrays

    with pytest.raises(CheckFailed):
        eleven.load(lambda file, shapes: off(define(LOAD)(file, shapes)))
    with pytest.raises(CheckFailed):
        eleven.save(lambda weights, file: define(SAVE)(
            dict(zip(weights, off([array.copy() for array in weights.values()]), strict=True)), file))


# --- how a failure looks ------------------------------------------------------------------------------


def test_no_message_gives_a_right_number_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    asked = [(eleven.counts, COUNTS, eleven._WRONG_COUNTS), (eleven.report, REPORT, eleven._report()[1])]
    for check_function, answers, wrong in asked:
        assert_keeps_right_numbers_back(check_function, answers, wrong)
    for number in (0.625, 1.0, 1.2, 1.8, 3.0, 7.0):
        assert "1.6" not in said_of(eleven.temperature, COOLED, "temperature", number)
    for question, right in SHAPES.items():
        for wrong in [(*right[:-1], 1), (1, 2, 3), (5,), *SHAPES.values()]:
            if wrong != right:
                said = said_of(eleven.shapes, SHAPES, question, wrong)
                assert not {str(side) for side in right if side > 3} & set(re.findall(r"\d+", said)), said
    for letter, right in TOLD.items():
        for word in set(eleven.VERDICTS) - {right}:
            assert f'"{right}"' not in said_of(eleven.told, TOLD, letter, word)


def test_every_wrong_number_is_wrong_and_says_one_thing():
    for right, wrong in ((COUNTS, eleven._WRONG_COUNTS), eleven._report()):
        assert_wrong_numbers_are_wrong(right, wrong)
    right, wrong = eleven._curves()
    assert all(right[question] not in [number for number, _ in rows] for question, rows in wrong.items())
    for question, sides in eleven._WRONG_SIDES.items():
        assert SHAPES[question][0] not in sides, question
