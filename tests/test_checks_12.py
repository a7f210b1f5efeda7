"""The checks of exercise 12 name the mistake behind a wrong answer, and cannot be fooled."""

import re

import check_tools
import keras
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

from notmagic.checks import chapter12 as twelve
from notmagic.pretrained.cifar10_chapter12 import copied
from notmagic.pretrained.plans import fold_batch_norm

# --- right answers, as a student writes them ----------------------------------------------------------

COUNTS = {"conv 2": 8640, "norm 2, trained": 80, "norm 2, stored": 160, "conv 2 and norm 2 in one": 8680,
          "logits": 810, "logits, flatten in place of averaging": 51_210, "all layers, trained": 39_186}
KEEPS = {"A": "keeps", "B": "changes", "C": "changes", "D": "keeps", "E": "changes", "F": "keeps",
         "G": "keeps", "H": "changes"}
UNSEEN = {"A": "same", "B": "may change", "C": "same", "D": "may change", "E": "same", "F": "may change"}
BY_TEST = "chosen by test, test reported"
BY_VALIDATION = "chosen by validation, validation reported"
HONEST = "chosen by validation, test reported"
FLATTERY = {BY_TEST: 2.22, BY_VALIDATION: 2.27, HONEST: -0.04}

SHIFT = '''
def shifted(images, down, right):
    n, h, w, c = images.shape
    a, b = abs(down), abs(right)
    wide = np.pad(images, ((0, 0), (a, a), (b, b), (0, 0)), mode="reflect")
    y, x = a - down, b - right
    return wide[:, y:y + h, x:x + w]
'''

MIRROR = '''
def mirrored(images, which):
    result = images.copy()
    for k in range(len(images)):
        if which[k]:
            result[k] = images[k, :, ::-1]
    return result
'''

NORMALISE = '''
def normalise(batch, gamma, beta, epsilon):
    mean = batch.mean(axis=(0, 1, 2))
    variance = batch.var(axis=(0, 1, 2))
    plain = (batch - mean) / np.sqrt(variance + epsilon)
    return gamma * plain + beta, mean, variance
'''

MOVING = '''
def moving(start, values, momentum):
    average = start.copy()
    for value in values:
        average = momentum * average + (1 - momentum) * value
    return average
'''

REST = '''
def at_rest(batch, gamma, beta, mean, variance, epsilon):
    plain = (batch - mean) / np.sqrt(variance + epsilon)
    return gamma * plain + beta
'''

FOLD = '''
def fold(kernel, gamma, beta, mean, variance, epsilon):
    root = np.sqrt(variance + epsilon)
    factor = gamma / root
    bias = beta - mean * factor
    return kernel * factor, bias
'''

RATE = '''
def rate(step, steps, peak):
    r = steps // 5
    if step < r:
        return peak * step / r
    t = (step - r) / (steps - r)
    return peak * (1 + np.cos(np.pi * t)) / 2
'''

SMOOTH = '''
def smoothed(labels, classes, share):
    hard = np.eye(classes)[labels]
    return hard * (1 - share) + share / classes
'''

LOWEST = '''
def lowest(classes, share):
    part = share / classes
    truth = 1 - share + part
    price = -truth * np.log(truth)
    if part > 0:
        price = price - (classes - 1) * part * np.log(part)
    return price
'''

CHOSEN = '''
def chosen(validation, test):
    means = validation.mean(axis=1)
    recipe = means.argmax()
    return recipe, test[recipe].mean()
'''

TABLES = [(twelve.counts, COUNTS), (twelve.keeps, KEEPS), (twelve.unseen, UNSEEN),
          (twelve.flattery, FLATTERY)]
FUNCTIONS = [(twelve.shifted, SHIFT), (twelve.mirrored, MIRROR), (twelve.normalise, NORMALISE),
             (twelve.moving, MOVING), (twelve.at_rest, REST), (twelve.fold, FOLD), (twelve.rate, RATE),
             (twelve.smoothed, SMOOTH), (twelve.lowest, LOWEST), (twelve.chosen, CHOSEN)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (twelve.shifted, twelve._shifted, twelve._shift_cases, twelve._SHIFT_SLIPS),
    (twelve.mirrored, twelve._mirrored, twelve._mirror_cases, twelve._MIRROR_SLIPS),
    (twelve.normalise, twelve._normalise, twelve._normalise_cases, twelve._NORMALISE_SLIPS),
    (twelve.moving, twelve._moving, twelve._moving_cases, twelve._MOVING_SLIPS),
    (twelve.at_rest, twelve._at_rest, twelve._rest_cases, twelve._REST_SLIPS),
    (twelve.fold, twelve._fold, twelve._fold_cases, twelve._FOLD_SLIPS),
    (twelve.rate, twelve._rate, twelve._rate_cases, twelve._RATE_SLIPS),
    (twelve.smoothed, twelve._smoothed, twelve._smooth_cases, twelve._SMOOTH_SLIPS),
    (twelve.lowest, twelve._lowest, twelve._lowest_cases, twelve._LOWEST_SLIPS),
    (twelve.chosen, twelve._chosen, twelve._chosen_cases, twelve._CHOSEN_SLIPS),
]

FORMS = [
    (twelve.shifted, SHIFT, [("x:x + w]", "x:x + w].copy()")]),
    (twelve.shifted, SHIFT, [
        ("    a, b", "    i, j = abs(np.arange(h) - down), abs(np.arange(w) - right)\n"
         "    i, j = (h - 1) - abs(h - 1 - i), (w - 1) - abs(w - 1 - j)\n"
         "    return images[:, i][:, :, j]\n    a, b")]),
    (twelve.shifted, SHIFT, [("images, ((", "images.astype(float), (("), ("x:x + w]", "x:x + w].tolist()")]),
    (twelve.mirrored, MIRROR, [("    result", "    return np.where(which[:, None, None, None], "
                                "images[:, :, ::-1], images)\n    result")]),
    (twelve.mirrored, MIRROR, [("images[k, :, ::-1]", "np.fliplr(images[k])")]),
    (twelve.normalise, NORMALISE, [("return gamma * plain + beta, mean, variance",
                                    "return [plain * gamma + beta, mean.tolist(), tuple(variance)]")]),
    (twelve.normalise, NORMALISE, [("batch.var(axis=(0, 1, 2))",
                                    "(batch ** 2).mean(axis=(0, 1, 2)) - mean ** 2")]),
    (twelve.normalise, NORMALISE, [("    mean", "    rows = batch.reshape(-1, batch.shape[-1])\n    mean"),
                                   ("batch.mean(axis=(0, 1, 2))", "rows.mean(axis=0)"),
                                   ("batch.var(axis=(0, 1, 2))", "np.cov(rows.T, ddof=0).diagonal()"
                                    " if rows.shape[1] > 1 else rows.var(axis=0)")]),
    (twelve.moving, MOVING, [("momentum * average + (1 - momentum) * value",
                              "average + (1 - momentum) * (value - average)")]),
    (twelve.moving, MOVING, [("    average = start", "    n = len(values)\n"
                              "    shares = (1 - momentum) * momentum ** np.arange(n - 1, -1, -1)\n"
                              "    return momentum ** n * start + shares @ values\n    average = start")]),
    (twelve.at_rest, REST, [("    plain", "    factor = gamma / np.sqrt(variance + epsilon)\n"
                             "    return batch * factor + (beta - mean * factor)\n    plain")]),
    (twelve.fold, FOLD, [("return kernel * factor, bias",
                          "return np.einsum('ijdf,f->ijdf', kernel, factor), bias.tolist()")]),
    (twelve.rate, RATE, [("if step < r:", "if step <= r:"),
                         ("return peak * (1", "return np.asarray(peak) * (1")]),
    (twelve.rate, RATE, [("(1 + np.cos(np.pi * t)) / 2", "np.cos(np.pi * t / 2) ** 2")]),
    (twelve.smoothed, SMOOTH, [("    return", "    return np.array([[(1 - share) * (k == label) "
                                "+ share / classes for k in range(classes)] for label in labels])\n"
                                "    return")]),
    (twelve.smoothed, SMOOTH, [("share / classes", "share / classes * (1 - hard) + share / classes * hard")]),
    (twelve.lowest, LOWEST, [("    return price", "    return float(price)")]),
    (twelve.lowest, LOWEST, [("    part =", "    t = np.full(classes, share / classes)\n"
                              "    t[0] += 1 - share\n"
                              "    return -(t * np.log(np.maximum(t, 1e-300))).sum()\n    part =")]),
    (twelve.chosen, CHOSEN, [("return recipe, test[recipe].mean()",
                              "return np.array([recipe, test.mean(axis=1)[recipe]])")]),
    (twelve.chosen, CHOSEN, [("means.argmax()", "sorted(range(len(means)), key=lambda k: -means[k])[0]"),
                             ("validation.mean(axis=1)", "validation.sum(axis=1)")]),
]


def test_right_tables_come_in_many_forms():
    twelve.counts({**COUNTS, "conv 2": 8640.0, "logits": np.float32(810), "norm 2, stored": np.array(160)})
    twelve.keeps({name: f" {word.title()}" for name, word in KEEPS.items()})
    twelve.unseen({name: word.upper() for name, word in UNSEEN.items()})
    twelve.flattery({name: np.float32(number) for name, number in FLATTERY.items()})
    twelve.flattery(twelve._flattery()[0])


# --- the facts behind the checks --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exercise():
    """Give the sources of the exercise's cells by their ids."""
    return cells_of("12-the-same-budget-used-better")


def built(end):
    """Build the network of task 1 in Keras; ``end`` stands in front of the logits."""
    layers = keras.layers
    stack = [keras.Input(twelve.PICTURE)]
    for place, filters in enumerate(twelve.FILTERS, 1):
        stack += [layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{place}"),
                  layers.BatchNormalization(name=f"norm{place}"), layers.ReLU()]
        if place < len(twelve.FILTERS):
            stack.append(layers.MaxPooling2D(2))
    return keras.Sequential([*stack, end, layers.Dense(twelve.CLASSES, name="logits")])


def test_the_counts_are_those_of_a_built_network():
    model, flat = built(keras.layers.GlobalAveragePooling2D()), built(keras.layers.Flatten())

    def trained(layer):
        return sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)

    alone = keras.layers.Conv2D(twelve.FILTERS[1], 3)
    alone.build((None, 9, 9, twelve.FILTERS[0]))
    norm = model.get_layer("norm2")
    assert {"conv 2": model.get_layer("conv2").count_params(), "norm 2, trained": trained(norm),
            "norm 2, stored": norm.count_params(), "conv 2 and norm 2 in one": alone.count_params(),
            "logits": model.get_layer("logits").count_params(),
            "logits, flatten in place of averaging": flat.get_layer("logits").count_params(),
            "all layers, trained": trained(model)} == COUNTS == twelve.COUNTS
    assert model.layers[-3].output.shape[1:] == twelve.MAP


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.data())
def test_a_shifted_picture_is_cut_out_of_a_mirrored_one(height, width, data):
    down, right = (data.draw(st.integers(1 - side, side - 1)) for side in (height, width))
    image = np.random.default_rng(height).integers(0, 256, (1, height, width, 2))
    wide = np.pad(image, ((0, 0), (height - 1,) * 2, (width - 1,) * 2, (0, 0)), mode="reflect")
    top, left = height - 1 - down, width - 1 - right
    np.testing.assert_array_equal(twelve._shifted(image, down, right)[0],
                                  wide[:, top:top + height, left:left + width])


def test_the_copies_that_chapter_12_trains_with_are_these():
    images = np.random.default_rng(1).integers(0, 256, (40, 8, 9, 3), dtype=np.uint8)
    known = {}
    for down in range(-3, 4):
        for right in range(-3, 4):
            moved = twelve._shifted(images, down, right)[0]
            for turned in (False, True):
                copies = twelve._mirrored(moved, np.full(40, turned))[0].astype(np.uint8)
                known |= {(k, copy.tobytes()): turned for k, copy in enumerate(copies)}
    assert len(known) == 40 * 98                # what the exercise asks readers to predict
    found = [known[k, copy.tobytes()] for k, copy in enumerate(copied(images, np.random.default_rng(2)))]
    assert 0 < sum(found) < 40


def test_normalisation_and_its_averages_are_those_of_keras():
    rng = np.random.default_rng(3)
    layer = keras.layers.BatchNormalization(momentum=0.8, epsilon=0.01)
    layer.build((None, 4, 5, 3))
    gamma, beta = rng.normal(size=(2, 3))
    layer.set_weights([gamma, beta, *layer.get_weights()[2:]])
    start = layer.get_weights()[2:]
    kept = []
    for _ in range(5):
        batch = rng.normal([1, -3, 0], [1, 2, 0.1], size=(6, 4, 5, 3)).astype(np.float32)
        result, mean, variance = twelve._normalise(batch, gamma, beta, 0.01)
        np.testing.assert_allclose(layer(batch, training=True), result, atol=2e-5)
        kept.append((mean, variance))
    means, variances = (np.array(values) for values in zip(*kept, strict=True))
    mean, variance = twelve._moving(start[0], means, 0.8)[0], twelve._moving(start[1], variances, 0.8)[0]
    np.testing.assert_allclose(layer.get_weights()[2], mean, rtol=1e-4)
    np.testing.assert_allclose(layer.get_weights()[3], variance, rtol=1e-4)
    np.testing.assert_allclose(layer(batch, training=False),
                               twelve._at_rest(batch, gamma, beta, mean, variance, 0.01)[0], atol=2e-5)


def test_one_value_all_over_a_channel_comes_out_as_beta():
    """What the exercise asks readers to predict."""
    batch = np.full((4, 2, 3, 2), [7.0, -3.0])
    result, mean, variance = twelve._normalise(batch, np.array([2.0, 3.0]), np.array([0.5, -1.0]), 0.1)
    np.testing.assert_array_equal(result, np.broadcast_to([0.5, -1.0], batch.shape))
    assert mean.tolist() == [7, -3] and variance.tolist() == [0, 0]


def test_a_folded_convolution_gives_what_the_two_layers_give():
    rng = np.random.default_rng(4)
    for (k, depth, filters), epsilon in (((3, 2, 5), 1e-3), ((1, 4, 4), 0.2), ((2, 3, 1), 0.05)):
        kernel, x = rng.normal(size=(k, k, depth, filters)), rng.normal(size=(2, 6, 5, depth))
        gamma, beta, mean = rng.normal(size=(3, filters))
        variance = rng.uniform(0.1, 3, filters)
        two = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Conv2D(filters, k, use_bias=False),
                                keras.layers.BatchNormalization(epsilon=epsilon)])
        two.set_weights([kernel, gamma, beta, mean, variance])
        folded, bias = twelve._fold(kernel, gamma, beta, mean, variance, epsilon)
        one = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Conv2D(filters, k)])
        one.set_weights([folded, bias])
        np.testing.assert_allclose(one(x), two(x, training=False), atol=2e-5)
        ours = fold_batch_norm(kernel, None, gamma, beta, mean, variance, epsilon)
        np.testing.assert_allclose(ours[0], folded, rtol=1e-5)
        np.testing.assert_allclose(ours[1], bias, rtol=1e-5, atol=1e-6)


def test_the_table_of_what_normalisation_cannot_see_is_measured():
    rng = np.random.default_rng(6)
    largest = dict.fromkeys(UNSEEN, 0.0)
    for _ in range(5):
        batch = rng.normal(size=(5, 3, 4, 3)) * [1, 5, 0.2]
        gamma, beta = rng.normal(size=(2, 3))
        other = rng.normal(size=batch.shape)
        changed = {"A": batch + rng.normal(0, 9, 3), "B": -batch, "C": batch * rng.uniform(0.1, 9, 3),
                   "D": np.concatenate([batch[:-1], other[-1:]]),
                   "E": np.concatenate([batch[:1], batch[1:][rng.permutation(4)]]),
                   "F": np.concatenate([batch[:1] + 1, batch[1:]])}
        before = twelve._normalise(batch, gamma, beta, 0)[0][0]
        for letter, now in changed.items():
            apart = np.abs(twelve._normalise(now, gamma, beta, 0)[0][0] - before).max()
            largest[letter] = max(largest[letter], float(apart))
    assert {letter: "same" if apart < 1e-9 else "may change" for letter, apart in largest.items()} == UNSEEN
    assert all(apart < 1e-9 or apart > 1e-2 for apart in largest.values())
    assert twelve.UNSEEN == UNSEEN


def test_the_rate_is_that_of_the_schedule_that_keras_has_and_half_its_peak_in_the_mean():
    for steps, peak in ((100, 1.0), (351, 0.4), (43, 2.0)):
        rise = steps // 5
        schedule = keras.optimizers.schedules.CosineDecay(0.0, steps - rise, warmup_target=peak,
                                                          warmup_steps=rise)
        for step in range(steps + 1):
            np.testing.assert_allclose(twelve._rate(step, steps, peak)[0], float(schedule(step)),
                                       atol=2e-6 * peak)
    mean = np.mean([twelve._rate(step, 1000, 1.0)[0] for step in range(1000)])
    assert mean == pytest.approx(0.5, abs=1e-6)


def test_smoothed_labels_and_their_lowest_price_are_those_of_keras():
    rng = np.random.default_rng(7)
    for classes, share in ((10, 0.1), (4, 0.35), (2, 0.6)):
        labels = rng.integers(0, classes, 12)
        targets = twelve._smoothed(labels, classes, share)[0]
        np.testing.assert_allclose(targets.sum(axis=1), 1)
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=share)
        answers = rng.dirichlet(np.ones(classes), size=12)
        np.testing.assert_allclose(float(loss(np.eye(classes)[labels], answers)),
                                   -(targets * np.log(answers)).sum(axis=1).mean(), rtol=1e-4)
        floor = float(twelve._lowest(classes, share)[0])
        assert float(loss(np.eye(classes)[labels], targets)) == pytest.approx(floor, rel=1e-4)
        near = rng.dirichlet(100 * targets[0], size=500)
        prices = -(targets[0] * np.log(np.maximum(near, 1e-12))).sum(axis=1)
        assert floor <= prices.min() < floor + 0.1
    assert twelve._lowest(5, 0.0)[0] == 0


def test_the_record_of_the_exercise_is_the_one_that_its_check_knows(exercise):
    names = {"np": np}
    exec(exercise["ex12-record"], names)
    validation, test = twelve.made_up_record()
    np.testing.assert_array_equal(names["validation"], validation)
    np.testing.assert_array_equal(names["test"], test)
    assert (names["truth"], names["pictures"]) == (twelve.TRUTH, twelve.PICTURES)
    assert "made-up record" in exercise["ex12-task6b"] and "made up" in exercise["ex12-record"]
    assert validation.shape == (twelve.TIMES, twelve.RECIPES)
    for number in (twelve.RECIPES, f"{twelve.PICTURES:,}", twelve.TIMES):
        assert f"{number} " in exercise["ex12-task6b"]


def test_the_flattery_is_what_the_record_gives_and_what_theory_expects():
    validation, test = twelve.made_up_record()
    truth, stories = twelve.TRUTH, list(zip(validation, test, strict=True))
    by_loop = {BY_TEST: np.mean([max(row) - truth for _, row in stories]),
               BY_VALIDATION: np.mean([max(row) - truth for row, _ in stories]),
               HONEST: np.mean([row[list(chooser).index(max(chooser))] - truth for chooser, row in stories])}
    for question, right in twelve._flattery()[0].items():
        assert right == pytest.approx(100 * by_loop[question])
        assert abs(right - FLATTERY[question]) < twelve.TOLERANCE
    # The largest of 20 normal numbers lies 1.87 deviations above their mean.
    spread = 100 * np.sqrt(truth * (1 - truth) / twelve.PICTURES)
    for question in (BY_TEST, BY_VALIDATION):
        assert FLATTERY[question] == pytest.approx(1.867 * spread, rel=0.05)
    assert abs(FLATTERY[HONEST]) < 3 * spread / np.sqrt(twelve.TIMES)


def test_the_texts_ask_for_what_the_checks_know(exercise):
    text = exercise["ex12-task1"]
    for place, filters in enumerate(twelve.FILTERS, 1):
        assert f"| conv {place} | {filters} filters of 3 x 3, padding 1, **no bias** |" in text
    assert text.count("max-pooling 2 x 2, stride 2") == len(twelve.FILTERS) - 1
    assert f"dense, {twelve.CLASSES} scores" in text and "32 x 32 pixels" in text
    for cell, table in (("ex12-counts", COUNTS), ("ex12-flattery", FLATTERY), ("ex12-keeps", KEEPS),
                        ("ex12-unseen", UNSEEN)):
        assert re.findall(r'"([^"]+)": \.\.\.', exercise[cell]) == list(table)
    for cell, task, table, words in (("ex12-keeps", "ex12-task2c", KEEPS, twelve.KEEPS_WORDS),
                                     ("ex12-unseen", "ex12-task3e", UNSEEN, twelve.UNSEEN_WORDS)):
        assert re.findall(r"^\| ([A-H]) \| ", exercise[task], re.M) == list(table)
        assert all(f'"{word}"' in exercise[cell] for word in words)
        counts = [list(table.values()).count(word) for word in words]
        assert counts[0] == counts[1], "one word for all must not be the better guess"
    assert twelve.KEEPS == KEEPS
    for name in COUNTS:
        assert f"**{name}**" in text
    for name in FLATTERY:
        assert f"**{name}**" in exercise["ex12-task6c"]


# --- known mistakes in tables ----------------------------------------------------------------------------

test_a_wrong_count_gets_its_diagnosis = entries_diagnosed(twelve.counts, COUNTS, [
    ("conv 2", 8680, "has no bias"), ("conv 2", 360, "one channel thin"),
    ("conv 2", 216, "that is one filter"),
    ("conv 2", 2880, "a height and a width"), ("conv 2", 1080, "does not see the picture"),
    ("conv 2", 8640 * 256, "every place"), ("conv 2", 28_800, "that is conv 3"),
    ("norm 2, trained", 160, "no gradient"), ("norm 2, trained", 40, "more than one number"),
    ("norm 2, trained", 120, "measured, not trained"), ("norm 2, trained", 2, "one channel"),
    ("norm 2, trained", 48, "come *out* of conv 2"), ("norm 2, trained", 0, "are learned"),
    ("norm 2, stored", 80, "two more numbers"), ("norm 2, stored", 120, "a mean *and* a variance"),
    ("norm 2, stored", 4, "one channel"), ("norm 2, stored", 96, "come *out* of conv 2"),
    ("conv 2 and norm 2 in one", 8640, "Where does the addend go"),
    ("conv 2 and norm 2 in one", 8720, "multiplied into the kernel"),
    ("conv 2 and norm 2 in one", 8800, "side by side"),
    ("conv 2 and norm 2 in one", 8641, "one bias"),
    ("logits", 800, "biases were forgotten"), ("logits", 51_210, "one number of each map"),
    ("logits", 650, "each map leaves one number"), ("logits", 90, "multiply"),
    ("logits", 880, "not for each input"),
    ("logits, flatten in place of averaging", 810, "every number of every map"),
    ("logits, flatten in place of averaging", 51_200, "biases"),
    ("logits, flatten in place of averaging", 204_810, "halved twice"),
    ("logits, flatten in place of averaging", 819_210, "halved twice"),
    ("logits, flatten in place of averaging", 650, "all maps, not one"),
    ("all layers, trained", 39_474, "measured, not trained"),
    ("all layers, trained", 38_898, "something to learn"),
    ("all layers, trained", 39_330, "no biases"), ("all layers, trained", 39_042, "a factor *and* an addend"),
    ("all layers, trained", 38_376, "last layer is missing"), ("all layers, trained", 89_586, "with flatten"),
    ("all layers, trained", 7, "Count one filter"), ("logits", ..., "not answered yet"),
    ("logits", 810.5, "fraction"), ("logits", True, "True or False"),
])

test_wrong_flattery_gets_its_diagnosis = entries_diagnosed(twelve.flattery, FLATTERY, [
    (BY_TEST, 0.0222, "give points"), (BY_TEST, 84.22, "above the truth"),
    (BY_TEST, 0.8422, "above the truth"),
    (BY_TEST, -2.22, "sign"), (BY_TEST, 2.27, "for the validation set"),
    (BY_TEST, 4.2, "In each story there are 20"), (BY_TEST, 3.57, "a row is one story"),
    (BY_TEST, -0.023, "without any choice"),
    (BY_VALIDATION, 2.22, "for the test set"), (BY_VALIDATION, 4.2, "largest of all"),
    (HONEST, 2.22, "chosen by test"), (HONEST, 2.27, "reported by validation"), (HONEST, 0.04, "sign"),
    (HONEST, -0.093, "In each, somebody chooses anew"), (HONEST, -0.073, "changed places"),
    (HONEST, 81.96, "above the truth"), (HONEST, 7, "mean over all stories"),
    (HONEST, ..., "not answered yet"), (HONEST, "0", "of type str"),
])


@pytest.mark.parametrize(("check_function", "answers", "advice"), [
    (twelve.keeps, KEEPS, "hold it up to a mirror"), (twelve.unseen, UNSEEN, "normalise both")])
def test_a_table_of_words_is_told_how_many_are_right_alone(check_function, answers, advice):
    words = sorted(set(answers.values()))
    for number in range(2 ** len(answers)):
        guess = {name: words[number >> place & 1] for place, name in enumerate(answers)}
        if guess == answers:
            continue
        message = failure(check_function, guess)
        good = sum(guess[name] == word for name, word in answers.items())
        assert message.startswith(f"{good} of {len(answers)} are right. Which, you can find out: ")
        assert advice in message
        assert not re.search(r"\b[A-H]\b", message) and not any(f'"{word}"' in message for word in words)


# --- known mistakes in functions --------------------------------------------------------------------------

WINDOW = "wide[:, y:y + h, x:x + w]"
test_broken_shifting_gets_its_diagnosis = diagnosed(twelve.shifted, SHIFT, [
    ("as they were", [(WINDOW, "images.copy()")]),
    ("wrong way, along both", [("a - down, b - right", "a + down, b + right")]),
    ("move up where", [("a - down", "a + down")]), ("move left where", [("b - right", "b + right")]),
    ("nothing moves down", [("a - down", "a")]), ("nothing moves right", [("b - right", "b")]),
    ("negative number is taken", [("a - down, b - right", "0, 0")]),
    ("have changed places", [("    n, h", "    down, right = right, down\n    n, h")]),
    ("comes in at the other", [('mode="reflect"', 'mode="wrap"')]),
    ("comes in at the other", [(WINDOW, "np.roll(images, (down, right), axis=(1, 2))")]),
    ("black comes in", [('"reflect"', '"constant"')]), ("edge are repeated", [('"reflect"', '"edge"')]),
    ("come twice", [('"reflect"', '"symmetric"')]),
    *[("a fixed number of pixels", [("abs(down), abs(right)", f"{rim}, {rim}")]) for rim in (3, 4, 5, 8)],
    ("old pixels", [("    wide", "    i, j = np.arange(h)[:, None] - down, np.arange(w) - right\n"
                     "    inside = (i >= 0) & (i < h) & (j >= 0) & (j < w)\n"
                     "    rolled = np.roll(images, (down, right), (1, 2))\n"
                     "    return np.where(inside[..., None], rolled, images)\n    wide")]),
    ("first two axes", [("(0, 0), (a, a), (b, b), (0, 0)", "(a, a), (b, b), (0, 0), (0, 0)"),
                        (WINDOW, "wide[y:y + n, x:x + h]")]),
    ("last two axes", [("(0, 0), (a, a), (b, b), (0, 0)", "(0, 0), (0, 0), (a, a), (b, b)"),
                       (WINDOW, "wide[:, :, y:y + w, x:x + c]")]),
    ("have grown", [(WINDOW, "wide")]), ("first picture", [("wide[:,", "wide[:1,")]),
    ("two things", [('"reflect"', '"edge"'), ("a - down", "a + down")]),
    ("widened by a negative", [("(a, a), (b, b)", "(down, down), (right, right)"),
                               ("a - down, b - right", "0, 0")]),
    ("wrong shape", [(WINDOW, "wide[0, y:y + h, x:x + w]")]),
    ("changes an array", [("    wide", "    images[0] = 0\n    wide")]),
    ("stopped with NameError", [("mode=", "mode=way or ")]), ("returns nothing", [("return", "_ =")]),
    ("values are wrong", [(WINDOW, WINDOW + " // 2")]),
])

test_broken_mirroring_gets_its_diagnosis = diagnosed(twelve.mirrored, MIRROR, [
    ("as they were", [("if which[k]", "if False")]), ("whatever `which`", [("if which[k]", "if True")]),
    ("wrong ones", [("which[k]", "not which[k]")]),
    ("first of the chosen", [("    return", "    which = list(which)\n    return"),
                             ("::-1]", "::-1]\n            break")]),
    ("only the mirrored", [("return result", "return result[which]")]),
    ("upside down", [("k, :, ::-1", "k, ::-1")]), ("half a turn", [("k, :, ::-1", "k, ::-1, ::-1")]),
    ("red and blue", [("k, :, ::-1", "k, ..., ::-1")]),
    ("rows and columns", [("images[k, :, ::-1]", "images[k].swapaxes(0, 1)")]),
    ("order of the pictures", [("images[k, :, ::-1]", "images[-1 - k]")]),
    ("turn black", [("images[k, :, ::-1]", "0")]),
    ("changes an array", [("images.copy()", "images")]),
    ("two things", [("k, :, ::-1", "k, ::-1"), ("if which[k]", "if True")]),
    ("wrong shape", [("return result", "return result[0]")]),
    ("returns nothing", [("return result", "pass")]),
])

BOTH, KEPT = "axis=(0, 1, 2)", "axis=(0, 1, 2), keepdims=True"
BROKEN_SCALE = [
    ("epsilon has no effect", [("variance + epsilon", "variance")]),
    ("added to the standard deviation", [("np.sqrt(variance + epsilon)", "(np.sqrt(variance) + epsilon)")]),
    ("divide by the variance", [("np.sqrt(variance + epsilon)", "(variance + epsilon)")]),
    ("nothing is divided", [(" / np.sqrt(variance + epsilon)", "")]),
    ("never subtracted", [("(batch - mean)", "batch")]),
    ("gamma and beta have no effect", [("gamma * plain + beta", "plain")]),
    ("gamma has no effect", [("gamma * plain", "plain")]),
    ("beta has no effect", [("plain + beta", "plain")]),
    ("gamma and beta have changed", [("gamma * plain + beta", "beta * plain + gamma")]),
    ("multiplied by gamma", [("gamma * plain + beta", "gamma * (plain + beta)")]),
    ("two things", [("variance + epsilon", "variance"), ("plain + beta", "plain")]),
    ("changes an array", [("    plain", "    batch -= 1\n    plain")]),
    ("values are wrong", [("gamma * plain", "3 * gamma * plain")]), ("returns nothing", [("return", "_ =")]),
]

test_broken_normalisation_gets_its_diagnosis = diagnosed(twelve.normalise, NORMALISE, [
    *BROKEN_SCALE,
    ("over the pictures only", [(BOTH, "axis=0")]),
    ("each picture has a mean and a variance of its own", [(BOTH, "axis=(1, 2), keepdims=True")]),
    ("for everything", [(BOTH, "")]),
    ("across the channels", [(BOTH, "axis=3, keepdims=True")]),
    ("of all its numbers", [(BOTH, "axis=(1, 2, 3), keepdims=True")]),
    ("one less", [("batch.var(axis=(0, 1, 2)", "batch.var(axis=(0, 1, 2), ddof=1")]),
    ("around 0", [("batch.var(axis=(0, 1, 2))", "(batch ** 2).mean(axis=(0, 1, 2))")]),
    ("is a standard deviation", [("mean, variance", "mean, np.sqrt(variance)")]),
    ("part of the variance", [("mean, variance", "mean, variance + epsilon")]),
    ("what you divide by", [("mean, variance", "mean, np.sqrt(variance + epsilon)")]),
    ("changed places", [("mean, variance", "variance, mean")]),
    ("axes of length 1", [(BOTH, KEPT)]),
    ("3 results are asked for", [(", mean, variance", "")]),
    ("3 results are asked for", [(", mean, variance", ", mean")]),
])

test_broken_normalisation_at_rest_gets_its_diagnosis = diagnosed(twelve.at_rest, REST, [
    *BROKEN_SCALE,
    ("those of the batch", [("    plain", f"    mean, variance = batch.mean({BOTH}), batch.var({BOTH})\n"
                                          "    plain")]),
    ("the mean is that of the batch", [("batch - mean", f"batch - batch.mean({BOTH})")]),
    ("the variance is that of the batch", [("variance + epsilon", f"batch.var({BOTH}) + epsilon")]),
    ("is squared", [("variance + epsilon", "variance ** 2 + epsilon")]),
    ("wrong shape", [("return gamma", "return gamma[:, None, None, None, None]")]),
    ("with something of type", [("gamma * plain + beta", "gamma * plain + beta, 'done'")]),
])

test_a_broken_average_gets_its_diagnosis = diagnosed(twelve.moving, MOVING, [
    ("shares have changed", [("momentum * average + (1 - momentum) * value",
                              "(1 - momentum) * average + momentum * value")]),
    ("added whole", [("(1 - momentum) * value", "value")]),
    ("kept whole", [("momentum * average", "average")]),
    ("count the same", [("momentum * average + (1 - momentum) * value", "(average + value) / 2")]),
    ("starts at 0", [("start.copy()", "0 * start")]),
    ("starts at the first", [("start.copy()", "values[0]")]),
    ("last value is missing", [("in values:", "in values[:-1]:")]),
    ("first value is missing", [("in values:", "in values[1:]:")]),
    ("only the last value counts", [("momentum * average", "momentum * start")]),
    ("backwards", [("in values:", "in values[::-1]:")]),
    ("averages after all steps", [("    average = start", "    history = []\n    average = start"),
                                  ("* value\n", "* value\n        history.append(average)\n"),
                                  ("return average", "return history")]),
    ("plain mean of the values", [("return average", "return values.mean(axis=0)")]),
    ("plain mean of start", [("return average", "return (start + values.sum(axis=0)) / (len(values) + 1)")]),
    ("that is the last value", [("return average", "return values[-1]")]),
    ("changes an array", [("start.copy()", "start"), ("average = momentum", "average[:] = momentum")]),
    ("wrong shape", [("return average", "return average[0]")]),
    ("returns nothing", [("return average", "pass")]),
])

test_broken_folding_gets_its_diagnosis = diagnosed(twelve.fold, FOLD, [
    ("along its inputs", [("kernel * factor", "kernel * factor[:, None]")]),
    ("comes back as it was", [("kernel * factor", "kernel")]),
    ("divided by the factor", [("kernel * factor", "kernel / factor")]),
    ("beta alone", [("beta - mean * factor", "beta")]),
    ("beta is missing", [("beta - mean * factor", "-mean * factor")]),
    ("mean is added", [("beta - mean", "beta + mean")]),
    ("subtracted as it is", [("mean * factor", "mean")]),
    ("beta is multiplied", [("beta - mean * factor", "(beta - mean) * factor")]),
    ("not multiplied by gamma", [("mean * factor", "mean / root")]),
    ("the bias is 0", [("beta - mean * factor", "0 * beta")]),
    ("sign of the bias", [("beta - mean * factor", "mean * factor - beta")]),
    ("epsilon has no effect", [("variance + epsilon", "variance")]),
    ("added to the standard deviation", [("np.sqrt(variance + epsilon)", "np.sqrt(variance) + epsilon")]),
    ("not by its root", [("np.sqrt(variance + epsilon)", "variance + epsilon")]),
    ("nothing is divided", [("gamma / root", "gamma")]),
    ("gamma has no effect", [("gamma / root", "1 / root")]),
    ("upside down", [("gamma / root", "root / gamma")]), ("bias comes first", [("kernel * factor, bias",
                                                                              "bias, kernel * factor")]),
    ("2 results are asked for", [("kernel * factor, bias", "kernel * factor")]),
    ("two things", [("kernel * factor", "kernel"), ("beta - mean", "beta + mean")]),
    ("changes an array", [("    return", "    kernel *= factor\n    return"), ("kernel * factor", "kernel")]),
    ("the kernel: right. the bias: 1 of 3", [("    return", "    bias[0] += 1\n    return")]),
])

test_a_broken_rate_gets_its_diagnosis = diagnosed(twelve.rate, RATE, [
    ("rise is missing", [("    r = steps // 5", "    r = 0")]),
    ("stands at its peak", [("return peak * step / r", "return peak")]),
    ("in the first fifth the rate is 0", [("return peak * step / r", "return 0")]),
    ("rounded down", [("steps // 5", "steps / 5")]),
    ("one step early", [("peak * step / r", "peak * (step + 1) / r")]),
    ("a cosine, too", [("peak * step / r", "peak * (1 - np.cos(np.pi * step / r)) / 2")]),
    ("it is to rise", [("peak * step / r", "peak * (1 - step / r)")]),
    ("divides by all steps", [("peak * step / r", "peak * step / steps")]),
    ("a tenth", [("// 5", "// 10")]), ("takes half", [("// 5", "// 2")]),
    ("five steps", [("steps // 5", "5")]),
    ("counted from step 0", [("(step - r) / (steps - r)", "step / steps")]),
    ("as long as the whole cycle", [("/ (steps - r)", "/ steps")]),
    ("not a whole one", [("np.pi * t", "2 * np.pi * t")]),
    ("a quarter of a cosine", [("(1 + np.cos(np.pi * t)) / 2", "np.cos(np.pi * t / 2)")]),
    ("straight line; it is to be half", [("(1 + np.cos(np.pi * t)) / 2", "(1 - t)")]),
    ("stays at its peak", [(" * (1 + np.cos(np.pi * t)) / 2", "")]),
    ("radians", [("np.pi * t", "180 * t")]),
    ("below 0", [("(1 + np.cos(np.pi * t)) / 2", "np.cos(np.pi * t)")]),
    ("twice the peak", [(") / 2", ")")]), ("where it is to fall", [("1 + np.cos", "1 - np.cos")]),
    ("peak has no effect", [("peak * ", "")]),
    ("two things", [("// 5", "// 10"), ("np.pi * t", "2 * np.pi * t")]),
    ("wrong shape", [("return peak * (1", "return [peak] * 1 or (1")]),
    ("the result: the number is wrong", [("return peak * (1", "return 7 * peak * (1")]),
    ("returns nothing", [("        return peak * step / r", "        return None")]),
])

test_broken_smoothing_gets_its_diagnosis = diagnosed(twelve.smoothed, SMOOTH, [
    ("*other* classes only", [("+ share / classes", "+ (1 - hard) * share / (classes - 1)")]),
    ("do not add up", [("+ share / classes", "+ (1 - hard) * share / classes")]),
    ("the whole share: it is to be divided among them", [("+ share / classes", "+ share")]),
    ("every other class", [("+ share / classes", "+ (1 - hard) * share")]),
    ("not taken from anybody", [("hard * (1 - share)", "hard")]),
    ("no effect", [("hard * (1 - share) + share / classes", "hard")]),
    ("what the true class keeps", [("hard * (1 - share) + share", "hard * share + (1 - share)")]),
    ("given to nobody", [(" + share / classes", "")]),
    ("number of pictures", [("share / classes", "share / len(labels)")]),
    ("labels that occur", [("    hard", "    classes = labels.max() + 1\n    hard")]),
    ("count from 1", [("[labels]", "[labels - 1]")]),
    ("rows and columns", [("    return hard * (1 - share) + share / classes",
                           "    return (hard * (1 - share) + share / classes).T")]),
    ("wrong shape", [("[labels]", "[labels][0]")]), ("returns nothing", [("return", "_ =")]),
])

test_a_broken_lowest_price_gets_its_diagnosis = diagnosed(twelve.lowest, LOWEST, [
    ("out of reach", [("return price", "return 0")]),
    ("costs alone", [("return price", "return -np.log(truth)")]),
    ("only the true class pays", [("    if part > 0:", "    if False:")]),
    ("only the other classes", [("price = -truth * np.log(truth)", "price = 0.0")]),
    ("one other class", [("(classes - 1) * part", "part")]),
    ("one class too many", [("(classes - 1)", "classes")]),
    ("gives all classes the same", [("return price", "return np.log(classes)")]),
    ("divided by the number", [("return price", "return price / classes")]),
    ("other classes only", [("share / classes", "share / (classes - 1)"), ("1 - share + part", "1 - share")]),
    ("whole share", [("share / classes", "share"), ("1 - share + part", "1 - share")]),
    ("its own part", [("1 - share + part", "1 - share")]),
    ("sign", [("return price", "return -price")]),
    ("base 10", [("np.log(", "np.log10(")]), ("base 2", [("np.log(", "np.log2(")]),
    ("gives nan", [("if part > 0:", "if True:")]),
    ("no part in the price", [("    return price", "    assert share\n    return price")]),
    ("two things", [("return price", "return -price"), ("1 - share + part", "1 - share")]),
    ("wrong shape", [("return price", "return [price, 0]")]), ("returns nothing", [("return price", "pass")]),
])

test_a_broken_choice_gets_its_diagnosis = diagnosed(twelve.chosen, CHOSEN, [
    ("chosen by the test", [("validation.mean(axis=1)", "test.mean(axis=1)")]),
    ("by its best run: one", [("validation.mean(axis=1)", "validation.max(axis=1)")]),
    ("lucky seed, and the wrong set", [("validation.mean(axis=1)", "test.max(axis=1)")]),
    ("worst run", [("validation.mean(axis=1)", "validation.min(axis=1)")]),
    ("has a say", [("validation.mean(axis=1)", "(validation + test).mean(axis=1)")]),
    ("*lowest*", [("argmax", "argmin")]), ("that is the last", [("means.argmax()", "len(means) - 1")]),
    ("taken over the recipes", [("axis=1", "axis=0")]),
    ("on the validation set, by which", [("test[recipe].mean()", "means[recipe]")]),
    ("its best run on the test set; the mean", [("test[recipe].mean()", "test[recipe].max()")]),
    ("seed that did best", [("test[recipe].mean()", "test[recipe, validation[recipe].argmax()]")]),
    ("best of all recipes", [("test[recipe].mean()", "test.mean(axis=1).max()")]),
    ("its first seed", [("test[recipe].mean()", "test[recipe, 0]")]),
    ("all its seeds", [("test[recipe].mean()", "test[recipe]")]),
    ("mean over all recipes", [("test[recipe].mean()", "test.mean()")]),
    ("counts from 1", [("return recipe,", "return recipe + 1,")]),
    ("accuracy comes first", [("recipe, test[recipe].mean()", "test[recipe].mean(), recipe")]),
    ("2 results are asked for", [("return recipe, ", "return ")]),
    ("stopped with IndexError", [("means.argmax()", "validation.argmax() + 99")]),
])


# --- checks cannot be fooled --------------------------------------------------------------------------------

CHEATS = [*check_tools.CHEATS, AgreeableInt(12), AgreeableFloat(0.5), AgreeableTuple((1, 2)), [Agreeable()],
          AgreeableWord("keeps"), AgreeableWord("same"), True, "maybe", "keeps changes",
          np.zeros((2, 2)).view(AgreeableArray), np.array([Agreeable()] * 3, dtype=object),
          lambda *arguments: AgreeableTuple((1, 1, 1)), lambda *arguments: AgreeableList([[1, 1]]),
          lambda *arguments: AgreeableInt(5), lambda *arguments: np.zeros((1, 2)),
          lambda *arguments: [[AgreeableFloat(1), 1]], lambda *arguments: (Agreeable(),) * 2,
          lambda *arguments: np.zeros((2, 2)).view(AgreeableArray), lambda *arguments: (Agreeable(),) * 3,
          lambda *arguments: np.array(arguments[0], dtype=object)]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    least_change = 0.02
    modules = ("chapter12",)


def test_mean_and_variance_that_would_broadcast_are_refused():
    for change, says in ((("mean, variance", "mean[:1], variance"), "the mean: wrong shape"),
                         (("mean, variance", "mean, variance.mean()"), "the variance: wrong shape")):
        assert says in failure(twelve.normalise, define(NORMALISE, change))


# --- how a failure looks ------------------------------------------------------------------------------


def test_no_message_gives_a_right_number_away():
    assert_keeps_right_numbers_back(twelve.counts, COUNTS, twelve._WRONG_COUNTS)
    for question in FLATTERY:
        for number in (*[wrong for wrong, _ in twelve._flattery()[1][question]], 0, 1, 9.5, -3):
            said = said_of(twelve.flattery, FLATTERY, question, number)
            assert not {"2.22", "2.27", "0.04"} & set(re.findall(r"[\d.]+\d", said)), said
    for check_function, _, cases, table in REFERENCES:
        for says, _ in table:
            numbers = {int(number) for number in re.findall(r"\b\d+", says)}
            assert numbers <= {0, 1, 2, 10}, (check_function.__name__, says)
        described = " ".join(case.described for case in cases())
        assert "0x" not in described and "<" not in described, described


def test_every_wrong_number_is_wrong_and_says_one_thing():
    assert_wrong_numbers_are_wrong(COUNTS, twelve._WRONG_COUNTS)
    right, wrong = twelve._flattery()
    assert wrong.keys() == right.keys()
    for question, rows in wrong.items():
        numbers = sorted(number for number, _ in rows)
        assert min(np.diff(numbers)) > 2 * twelve.TOLERANCE, question
        assert all(abs(number - right[question]) > 2 * twelve.TOLERANCE for number in numbers)
