"""The checks of exercise 13 name the mistake behind a wrong answer, and cannot be fooled."""

import re
from functools import partial

import check_tools
import keras
import numpy as np
import pytest
import tensorflow as tf
from check_tools import (
    Agreeable,
    AgreeableArray,
    AgreeableFloat,
    AgreeableInt,
    AgreeableList,
    AgreeableTuple,
    AgreeableWord,
    EveryCheck,
    assert_missing_entry_is_named,
    cells_of,
    diagnosed,
    failure,
    named,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic.checks import CheckFailed
from notmagic.checks import chapter13 as thirteen
from notmagic.datasets import sample_images
from notmagic.pretrained.plans import build_keras, folded_weights, plan

define = partial(check_tools.define, keras=keras, tf=tf)
EXERCISE = "13-looking-inside"

# --- right answers, as a student writes them ----------------------------------------------------------

STATEMENTS = {"A": "holds", "B": "fails", "C": "fails", "D": "holds", "E": "holds", "F": "fails"}
NOTICES = {"A": "same", "B": "may change", "C": "same", "D": "may change", "E": "may change", "F": "same",
           "G": "same", "H": "may change"}

OCCLUSION = '''
def occlusion_map(predict, image, size, stride, grey):
    h, w, c = image.shape
    whole = predict(image[None])[0]
    rows = (h - size) // stride + 1
    columns = (w - size) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y, x = i * stride, j * stride
            z = image.copy()
            z[y:y + size, x:x + size] = grey
            result[i, j] = whole - predict(z[None])[0]
    return result
'''

SALIENCY = '''
def saliency(model, image, which):
    x = tf.convert_to_tensor(image[None], dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)[0, which]
    g = tape.gradient(y, x).numpy()[0]
    return np.abs(g).max(axis=-1)
'''

CAM = '''
def grad_cam(maps, gradients):
    weights = gradients.mean(axis=(0, 1))
    total = (maps * weights).sum(axis=2)
    return np.maximum(total, 0)
'''

NEAREST = '''
def nearest(features, query, k):
    lengths = np.linalg.norm(features, axis=1)
    cosine = features @ features[query] / lengths / lengths[query]
    order = np.argsort(-cosine)
    order = order[order != query]
    return order[:k]
'''

SHUFFLE = '''
def shuffle_patches(image, size, rng):
    h, w, c = image.shape
    patches = image.reshape(h // size, size, w // size, size, c).swapaxes(1, 2)
    patches = patches.reshape(-1, size, size, c)
    patches = patches[rng.permutation(len(patches))]
    return patches.reshape(h // size, w // size, size, size, c).swapaxes(1, 2).reshape(h, w, c)
'''

STEP = '''
def adversarial_step(image, gradient, eps):
    x = image.astype(float)
    x = x + eps * np.sign(gradient)
    return np.clip(x, 0, 255)
'''

ACCURACIES = '''
def accuracies(predict, images, labels, change, amounts):
    shares = []
    for amount in amounts:
        scores = predict(change(images, amount))
        right = scores.argmax(axis=1) == labels
        shares.append(right.mean())
    return np.array(shares)
'''

TABLES = [(thirteen.statements, STATEMENTS), (thirteen.notices, NOTICES)]
FUNCTIONS = [(thirteen.occlusion_map, OCCLUSION), (thirteen.saliency, SALIENCY), (thirteen.grad_cam, CAM),
             (thirteen.nearest, NEAREST), (thirteen.adversarial_step, STEP),
             (thirteen.accuracies, ACCURACIES)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (thirteen.occlusion_map, thirteen._occlusion, thirteen._occlusion_cases, thirteen._OCCLUSION_SLIPS),
    (thirteen.saliency, thirteen._saliency, thirteen._saliency_cases, thirteen._SALIENCY_SLIPS),
    (thirteen.grad_cam, thirteen._grad_cam, thirteen._cam_cases, thirteen._CAM_SLIPS),
    (thirteen.nearest, thirteen._nearest, thirteen._nearest_cases, thirteen._NEAREST_SLIPS),
    (thirteen.adversarial_step, thirteen._step, thirteen._step_cases, thirteen._STEP_SLIPS),
    (thirteen.accuracies, thirteen._accuracies, thirteen._accuracy_cases, thirteen._ACCURACY_SLIPS),
]
# Right answers that are written in other ways.
FORMS = [
    (thirteen.occlusion_map, OCCLUSION, [("return result", "return result.tolist()")]),
    (thirteen.occlusion_map, OCCLUSION, [("z = image.copy()", "z = np.array(image, dtype='float32')")]),
    (thirteen.occlusion_map, OCCLUSION, [("predict(z[None])[0]", "float(predict(z[None])[0])")]),
    (thirteen.occlusion_map, OCCLUSION, [("size] = grey", "size, :] = [grey] * c")]),
    (thirteen.saliency, SALIENCY, [("tf.convert_to_tensor(image[None], dtype=tf.float32)",
                                    "tf.Variable(image[None].astype('float32'))"),
                                   ("        tape.watch(x)\n", "")]),
    (thirteen.saliency, SALIENCY, [("y = model(x)[0, which]", "y = model(x)[:, which]")]),
    (thirteen.saliency, SALIENCY, [("np.abs(g).max(axis=-1)", "np.maximum(g.max(-1), -g.min(-1))")]),
    (thirteen.saliency, SALIENCY, [(".numpy()[0]", "[0]"), ("np.abs(g).max(axis=-1)",
                                                            "tf.reduce_max(tf.abs(g), axis=-1).numpy()")]),
    (thirteen.grad_cam, CAM, [("(maps * weights).sum(axis=2)", "maps @ weights")]),
    (thirteen.grad_cam, CAM, [("np.maximum(total, 0)", "total * (total > 0)")]),
    (thirteen.grad_cam, CAM, [("    weights", "    maps = maps.astype('float32')\n    weights")]),
    (thirteen.nearest, NEAREST, [("order[:k]", "order[:k].tolist()")]),
    (thirteen.nearest, NEAREST, [("order[:k]", "tuple(int(i) for i in order[:k])")]),
    (thirteen.nearest, NEAREST, [("order[order != query]", "np.delete(order, list(order).index(query))")]),
    (thirteen.nearest, NEAREST, [("np.argsort(-cosine)", "np.argsort(cosine)[::-1]")]),
    (thirteen.nearest, NEAREST, [("    lengths =", "    features = features.astype('float32')\n"
                                  "    lengths =")]),
    (thirteen.nearest, NEAREST, [(" / lengths[query]", "")]),       # the same for all, so the order is
    (thirteen.nearest, NEAREST, [("    order = np", "    cosine[query] = -np.inf\n    order = np")]),
    (thirteen.shuffle_patches, SHUFFLE, [(".reshape(h, w, c)", ".reshape(h, w, c).astype(float)")]),
    (thirteen.shuffle_patches, SHUFFLE, [("patches = patches[rng.permutation(len(patches))]",
                                          "patches = patches.copy(); rng.shuffle(patches)")]),
    (thirteen.shuffle_patches, SHUFFLE, [("patches[rng.permutation(len(patches))]",
                                          "rng.permutation(patches)")]),
    (thirteen.adversarial_step, STEP, [("0, 255)", "0, 255).astype(np.uint8)")]),
    (thirteen.adversarial_step, STEP, [("x = image.astype(float)", "x = image.astype(int)"),
                                       ("eps * np.sign(gradient)", "eps * np.sign(gradient).astype(int)")]),
    (thirteen.adversarial_step, STEP, [("np.sign(gradient)", "((gradient > 0) * 1.0 - (gradient < 0))")]),
    (thirteen.accuracies, ACCURACIES, [("np.array(shares)", "shares")]),
    (thirteen.accuracies, ACCURACIES, [("right.mean()", "right.sum() / len(images)")]),
    (thirteen.accuracies, ACCURACIES, [("right.mean()", "np.float32(right.mean())")]),
]


def test_words_may_be_written_in_any_case():
    thirteen.statements({name: f" {word.title()} " for name, word in STATEMENTS.items()})
    thirteen.notices({name: word.upper() for name, word in NOTICES.items()})


# --- the facts behind the checks --------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.integers(3, 9), st.integers(3, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_an_occlusion_map_of_a_sum_is_the_sum_under_each_window(height, width, channels, size, stride):
    rng = np.random.default_rng(height * width)
    image = rng.integers(0, 256, (height, width, channels))
    found = thirteen._occlusion(lambda x: x.sum(axis=(1, 2, 3)), image, size, stride, 100)[0]
    windows = np.lib.stride_tricks.sliding_window_view((image - 100).sum(axis=2), (size, size))
    np.testing.assert_allclose(found, windows[::stride, ::stride].sum(axis=(2, 3)))


def test_gradients_are_those_of_tensorflow():
    for _ in range(3):
        for case in thirteen._saliency_cases():
            model, image, which = case.arguments
            logits, gradients = thirteen._gradients(model.get_weights(), image)
            x = tf.constant(image[None], dtype=tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = model(x)
            jacobian = tape.jacobian(y, x).numpy()[0, :, 0]
            np.testing.assert_allclose(logits, y[0], atol=1e-5)
            np.testing.assert_allclose(gradients, jacobian, atol=1e-6)
            np.testing.assert_array_equal(thirteen._saliency(model, image, which)[0],
                                          np.abs(gradients[which]).max(axis=-1))


def test_in_a_network_without_hidden_layers_the_map_does_not_depend_on_the_picture():
    """What the exercise asks readers to predict."""
    rng = np.random.default_rng(2)
    model = thirteen._network(rng, (4, 5, 3), 0, 3)
    first, second = (define(SALIENCY)(model, rng.normal(size=(4, 5, 3)), 1) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_class_activation_map_of_global_average_pooling_is_what_its_weights_give():
    """With global pooling and a dense layer, the weights of a class are its gradients, but for the places."""
    rng = np.random.default_rng(3)
    maps, weights = np.abs(rng.normal(size=(4, 5, 6))), rng.normal(size=6)
    gradients = np.broadcast_to(weights / 20, maps.shape)
    found = thirteen._grad_cam(maps, gradients)[0]
    np.testing.assert_allclose(found, np.maximum(np.einsum("hwk,k->hw", maps, weights) / 20, 0))
    assert 0 < np.count_nonzero(found) < found.size


def test_neighbours_are_those_that_scikit_learn_finds():
    from sklearn.neighbors import NearestNeighbors

    features = np.random.default_rng(4).normal(size=(50, 6))
    search = NearestNeighbors(metric="cosine").fit(features)
    for query in (0, 7, 49):
        found = search.kneighbors(features[[query]], 6, return_distance=False)[0]
        assert found[0] == query
        np.testing.assert_array_equal(thirteen._nearest(features, query, 5)[0], found[1:])
        tripled = features * np.where(np.arange(50) == found[2], 3, 1)[:, None]
        np.testing.assert_array_equal(thirteen._nearest(tripled, query, 5)[0], found[1:])


def test_an_adversarial_step_never_lowers_a_linear_loss_and_moves_no_value_further():
    for case in thirteen._step_cases():
        image, gradient, eps = case.arguments
        change = thirteen._step(image, gradient, eps)[0] - image
        assert np.abs(change).max() <= eps and (change * gradient >= 0).all()
        inside = (image >= eps) & (image <= 255 - eps)
        np.testing.assert_array_equal(change[inside], eps * np.sign(gradient[inside]))


def test_a_sum_of_many_small_products_moves_far():
    """What the exercise asks readers to predict of 3,072 weights: about 61, from steps of 2."""
    weights = np.random.default_rng(5).choice([-0.01, 0.01], size=(32, 32, 3))
    image = np.full((32, 32, 3), 100, np.uint8)
    moved = thirteen._step(image, weights, 2)[0] - image
    assert (moved * weights).sum() == pytest.approx(61.44)


@pytest.fixture(scope="module")
def cat():
    """The cat of the exercise: the bundled picture at 32 x 32 pixels, float32."""
    picture = sample_images()["cat"].reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    return np.round(picture).astype(np.float32)


def test_the_statements_are_what_the_network_shows(cat, exercise):
    weights = folded_weights("cifar10_chapter11")
    nodes = plan("cifar10_chapter11")
    model, saliency = build_keras(nodes, weights), define(SALIENCY)
    before = np.asarray(model(cat[None]))[0]
    assert before.argmax() == 5                                     # it takes the cat for a dog
    slope = saliency(model, cat, 5)
    row, column = (int(index) for index in np.unravel_index(slope.argmax(), slope.shape))
    assert f"**row {row}, column {column}**" in exercise["ex13-task4"]

    def change(step, channel=1):
        moved = cat.copy()
        moved[row, column, channel] += step
        return float(np.asarray(model(moved[None]))[0, 5] - before[5])

    # The green channel, called 1, is the steepest; it has room for 100 more.
    assert abs(change(1)) > max(abs(change(1, 0)), abs(change(1, 2))) and cat[row, column, 1] <= 155
    top = float(slope[row, column])
    raised = build_keras(nodes, {**weights, "logits_bias": weights["logits_bias"] + 5})
    doubled = build_keras(nodes, {name: array * (2 if name.startswith("logits") else 1)
                                  for name, array in weights.items()})
    ratio = abs(change(100)) / (100 * top)
    mirrored = saliency(model, cat[:, ::-1], 5)[:, ::-1]
    measured = {
        "A": abs(change(1)) / top == pytest.approx(1, abs=0.02),
        "B": change(1) > 0,
        "C": ratio == pytest.approx(1, abs=0.1),
        "D": np.allclose(saliency(raised, cat, 5), slope, atol=1e-7),
        "E": (np.allclose(saliency(doubled, cat, 5), 2 * slope, atol=1e-7)
              and np.asarray(doubled(cat[None])).argmax() == 5),
        "F": np.allclose(mirrored, slope, rtol=0.1, atol=1e-4),
    }
    assert {name: "holds" if true else "fails" for name, true in measured.items()} == STATEMENTS
    # None of it is a near thing.
    assert abs(change(1)) / top == pytest.approx(1, abs=0.005) and change(1) < -0.5 * top
    assert 0.5 < ratio < 0.8 and np.abs(mirrored - slope).max() > 0.3 * slope.max()
    assert thirteen.STATEMENTS == STATEMENTS


LAYERS = {"conv": lambda size, stride: keras.layers.Conv2D(6, size, stride, activation="relu"),
          "maximum pooling": lambda size, stride: keras.layers.MaxPooling2D(size, stride),
          "global average pooling": keras.layers.GlobalAveragePooling2D,
          "global maximum pooling": keras.layers.GlobalMaxPooling2D, "flatten": keras.layers.Flatten}


def built(words):
    """Build a network from the words of the exercise's table."""
    layers = []
    for part in words.split("; "):
        kind, *numbers = re.fullmatch(r"([a-z ]+?)(?: (\d+), stride (\d+))?", part).groups()
        layers.append(LAYERS[kind](*[int(number) for number in numbers if number]))
    return keras.Sequential([keras.Input((32, 32, 3)), *layers, keras.layers.Dense(10)])


def test_the_networks_that_cannot_notice_are_those_of_the_table(exercise):
    rows = dict(re.findall(r"^\| ([A-H]) \| (.*) \|$", exercise["ex13-task6b"], re.M))
    assert rows.keys() == NOTICES.keys()
    rng = np.random.default_rng(6)
    found = {}
    for name, words in rows.items():
        largest = 0.0
        for seed in range(3):
            keras.utils.set_random_seed(seed)
            model, image = built(words), rng.random((32, 32, 3))
            pair = np.stack([image, define(SHUFFLE)(image, 8, rng)])
            before, after = np.asarray(model(pair))
            assert np.ptp(before) > 0.01                            # not dead, or it could not tell anything
            largest = max(largest, float(np.abs(before - after).max()))
        assert largest < 1e-5 or largest > 1e-3, (name, largest)
        found[name] = "same" if largest < 1e-5 else "may change"
    assert found == NOTICES == thirteen.NOTICES


@pytest.fixture(scope="module")
def exercise():
    """Give the sources of the exercise's cells by their ids."""
    return cells_of(EXERCISE)


def test_the_texts_ask_for_what_the_checks_know(exercise):
    for cell, table, words in (("ex13-statements", STATEMENTS, thirteen.HOLDS),
                               ("ex13-notices", NOTICES, thirteen.SAME)):
        assert re.findall(r'"([A-H])": \.\.\.', exercise[cell]) == list(table)
        assert all(f'"{word}"' in exercise[cell] for word in words)
    statements = re.findall(r"^\| ([A-H]) \| ", exercise["ex13-task4"], re.M)
    assert statements == list(STATEMENTS)
    for table in (STATEMENTS, NOTICES):
        counts = [list(table.values()).count(word) for word in set(table.values())]
        assert counts[0] == counts[1], "one word for all must not be the better guess"


# --- known mistakes -----------------------------------------------------------------------------------------


test_a_broken_occlusion_map_gets_its_diagnosis = diagnosed(thirteen.occlusion_map, OCCLUSION, [
    ("stays covered", [("z = image.copy()", "pass"), ("    for i", "    z = image.copy()\n    for i")]),
    ("score of the covered", [("whole - predict", "predict")]),
    ("sign is turned", [("whole - predict(z[None])[0]", "predict(z[None])[0] - whole")]),
    ("sign is lost", [("return result", "return abs(result)")]),
    ("yours is 0", [("return result", "return np.maximum(result, 0)")]),
    ("share of the whole", [("return result", "return result / whole")]),
    ("everything but", [("z = image.copy()", "z = np.full_like(image, grey)"),
                        ("x + size] = grey", "x + size] = image[y:y + size, x:x + size]")]),
    ("one channel", [("x + size] = grey", "x + size, 0] = grey")]),
    ("centred", [("z[y:y + size, x:x + size]",
                  "a, b = y - size // 2, x - size // 2\n"
                  "            z[max(a, 0):a + size, max(b, 0):b + size]")]),
    ("with black", [("= grey", "= 0")]), ("with white", [("= grey", "= 255")]),
    ("picture's mean", [("z = image.copy()", "z = image.astype(float)"), ("= grey", "= image.mean()")]),
    ("window's own mean", [("z = image.copy()", "z = image.astype(float)"),
                           ("= grey", "= image[y:y + size, x:x + size].mean()")]),
    ("too large", [("y:y + size, x:x + size", "y:y + size + 1, x:x + size + 1")]),
    ("too small", [("y:y + size, x:x + size", "y:y + size - 1, x:x + size - 1")]),
    ("last window is missing", [("(h - size) // stride + 1", "-(-(h - size) // stride)"),
                                ("(w - size) // stride + 1", "-(-(w - size) // stride)")]),
    ("over the edge", [("(h - size) // stride + 1", "-(-h // stride)"),
                       ("(w - size) // stride + 1", "-(-w // stride)")]),
    ("side by side", [("stride", "size"), ("(predict, image, size, size", "(predict, image, size, stride")]),
    ("by one pixel", [("    h, w", "    stride = 1\n    h, w")]),
    ("as many columns as rows", [("columns = (w", "columns = (h")]),
    ("changed places", [("return result", "return result.T")]),
    ("upside down", [("return result", "return result[::-1]")]),
    ("mirrored", [("return result", "return result[:, ::-1]")]),
    ("two things", [("= grey", "= 0"), ("return result", "return -result")]),
    ("image[np.newaxis]", [("predict(image[None])[0]", "predict(image)[0]")]),
    ("dtype uint8", [("= grey", "= -1")]),
    ("changes an array", [("z = image.copy()", "z = image")]),
    ("returns nothing", [("return result", "pass")]),
    ("stopped with NameError", [("i * stride", "i * steps")]),
    ("values are wrong", [("return result", "result[0, 0] += 9\n    return result")]),
], define)


def test_pictures_that_are_one_array_are_noticed():
    code = '''
def occlusion_map(predict, image, size, stride, grey):
    h, w, c = image.shape
    pictures, z = [], image.copy()
    for y in range(0, h - size + 1, stride):
        for x in range(0, w - size + 1, stride):
            z[y:y + size, x:x + size] = grey
            pictures.append(z)
    left = predict(np.array(pictures)).reshape((h - size) // stride + 1, -1)
    return predict(image[None])[0] - left
'''
    assert "one and the same array" in failure(thirteen.occlusion_map, define(code))


@pytest.mark.parametrize(("says", "changes"), [
    ("gradient of the probability", [("model(x)[0, which]", "tf.nn.softmax(model(x))[0, which]")]),
    ("gradient of the cross-entropy",
     [("model(x)[0, which]", "-tf.nn.log_softmax(model(x))[0, which]")]),
    ("gradient of the cross-entropy",
     [("model(x)[0, which]",
       "keras.losses.sparse_categorical_crossentropy(np.array([which]), model(x), from_logits=True)")]),
    ("all logits", [("model(x)[0, which]", "model(x)")]),
    ("largest logit", [("model(x)[0, which]", "tf.reduce_max(model(x))")]),
    ("class before", [("[0, which]", "[0, which - 1]")]),
    ("multiplied by the picture", [("np.abs(g)", "np.abs(g * image)")]),
    ("absolute value is missing", [("np.abs(g).max(axis=-1)", "g.max(axis=-1)")]),
    ("comes too late", [("np.abs(g).max(axis=-1)", "np.abs(g.max(axis=-1))")]),
    ("channels are added up; the largest", [(".max(axis=-1)", ".sum(axis=-1)")]),
    ("mean of the channels", [(".max(axis=-1)", ".mean(axis=-1)")]),
    ("so they cancel", [("np.abs(g).max(axis=-1)", "np.abs(g.sum(axis=-1))")]),
    ("smallest of", [(".max(axis=-1)", ".min(axis=-1)")]),
    ("length of the gradient", [("np.abs(g).max(axis=-1)", "np.linalg.norm(g, axis=-1)")]),
    ("one channel", [(".max(axis=-1)", "[..., 0]")]),
    ("number for each channel", [(".max(axis=-1)", "")]),
    ("with its signs", [("np.abs(g).max(axis=-1)", "g")]),
    ("divided by its largest", [("    return np.abs(g).max(axis=-1)",
                                 "    s = np.abs(g).max(axis=-1)\n    return s / s.max()")]),
    ("axis of the batch", [(".numpy()[0]", ".numpy()")]),
    ("changed places", [(".max(axis=-1)", ".max(axis=-1).T")]),
    ("tape gave None", [("        tape.watch(x)\n", "")]),
    ("tape gave None", [("        y = model(x)[0, which]\n", "        pass\n    y = model(x)[0, which]\n")]),
    ("batch of one", [("image[None], dtype=tf.float32)", "image, dtype=tf.float32)")]),
    ("EagerTensor", [(".numpy()[0]", "[0]"),
                     ("np.abs(g).max(axis=-1)", "tf.reduce_max(tf.abs(g), axis=-1)")]),
    ("returns nothing", [("return np", "np")]),
    ("values are wrong", [("np.abs(g)", "3 * np.abs(g)")]),
])
def test_a_broken_saliency_map_gets_its_diagnosis(says, changes):
    message = failure(thirteen.saliency, define(SALIENCY, *changes))
    assert says in message
    assert "\x1b" not in message and "Arguments received" not in message


test_a_broken_class_activation_map_gets_its_diagnosis = diagnosed(thirteen.grad_cam, CAM, [
    ("ReLU at the end is missing", [("np.maximum(total, 0)", "total")]),
    ("absolute value is no ReLU", [("np.maximum(total, 0)", "np.abs(total)")]),
    ("before they are added", [("(maps * weights).sum", "np.maximum(maps * weights, 0).sum")]),
    ("the weights of the channels, not", [("maps * weights", "maps * np.maximum(weights, 0)"),
                                          ("np.maximum(total, 0)", "total")]),
    ("the gradients, not", [("gradients.mean", "np.maximum(gradients, 0).mean"),
                            ("np.maximum(total, 0)", "total")]),
    ("speaks against", [("np.maximum(total, 0)", "np.maximum(-total, 0)")]),
    ("sum of its gradients", [("gradients.mean", "gradients.sum")]),
    ("a weight of its own", [("gradients.mean(axis=(0, 1))", "gradients")]),
    ("largest gradient", [("gradients.mean", "gradients.max")]),
    ("no part in yours", [("gradients.mean(axis=(0, 1))", "1")]),
    ("wrong axes", [("axis=(0, 1)", "axis=2, keepdims=True")]),
    ("signs of the gradients", [("gradients.mean", "np.abs(gradients).mean")]),
    ("maps and gradients", [("    weights", "    maps, gradients = gradients, maps\n    weights")]),
    ("mean over the channels", [(".sum(axis=2)", ".mean(axis=2)")]),
    ("strongest channel", [(".sum(axis=2)", ".max(axis=2)")]),
    ("number for each channel", [(".sum(axis=2)", "")]),
    ("divided by its largest", [("np.maximum(total, 0)", "np.maximum(total, 0) / total.max()")]),
    ("changed places", [("np.maximum(total, 0)", "np.maximum(total, 0).T")]),
    ("two things", [("np.maximum(total, 0)", "total"), ("gradients.mean", "gradients.sum")]),
    ("wrong shape", [(".sum(axis=2)", ".sum()")]),
], define)


test_broken_neighbours_get_their_diagnosis = diagnosed(thirteen.nearest, NEAREST, [
    ("itself is among", [("    order = order[order != query]\n", "")]),
    *[("the first of all is left out", [("    order = order[order != query]\n", ""), ("[:k]", "[1:k + 1]"),
                                        ("np.argsort(-cosine)", way)])
      for way in ("np.argsort(-cosine)", "np.argsort(-cosine, kind='stable')", "np.argsort(cosine)[::-1]")],
    *[("itself is among", [("    order = order[order != query]\n", ""), ("np.argsort(-cosine)", way)])
      for way in ("np.argsort(-cosine, kind='stable')", "np.argsort(cosine)[::-1]")],
    ("gets the likeness 0", [("    order = order[order != query]\n", ""),
                             ("    order = np", "    cosine[query] = 0\n    order = np")]),
    ("indices are off", [("np.argsort(-cosine)", "np.argsort(-np.delete(cosine, query))"),
                         ("    order = order[order != query]\n", "")]),
    ("the furthest", [("argsort(-cosine)", "argsort(cosine)")]),
    ("stands last", [("order[:k]", "order[:k][::-1]")]),
    ("order of their indices", [("order[:k]", "np.sort(order[:k])")]),
    ("Euclidean", [("features @ features[query] / lengths / lengths[query]",
                    "-np.linalg.norm(features - features[query], axis=1)")]),
    ("add up the differences", [("features @ features[query] / lengths / lengths[query]",
                                 "-np.abs(features - features[query]).sum(axis=1)")]),
    ("dot product alone", [(" / lengths / lengths[query]", "")]),
    ("squared length", [(" / lengths / lengths[query]", " / lengths ** 2")]),
    ("over all pictures", [("    lengths", "    features = features / np.linalg.norm(features, axis=0)\n"
                                           "    lengths"), (" / lengths / lengths[query]", "")]),
    ("correlation", [("    lengths", "    features = features - features.mean(axis=0)\n    lengths")]),
    ("opposite way", [("argsort(-cosine)", "argsort(-np.abs(cosine))")]),
    ("count from 1", [("order[:k]", "order[:k] + 1")]),
    ("these are the cosines", [("order[:k]", "cosine[order[:k]]")]),
    ("features of the neighbours", [("order[:k]", "features[order[:k]]")]),
    ("one neighbour too many", [("    order = order[order != query]\n", ""), ("[:k]", "[:k + 1]")]),
    ("all pictures come back", [("    order = order[order != query]\n", ""), ("[:k]", "")]),
    ("first neighbour", [("order[:k]", "order[0]")]),
    ("wrong shape", [("order[:k]", "order[:k, None]")]),
    ("True and False", [("order[:k]", "order[:k] > 1")]),
], define)


PERMUTED = "patches[rng.permutation(len(patches))]"


@pytest.mark.parametrize(("says", "changes"), [
    ("comes back as it was", [(PERMUTED, "patches.copy()")]),
    ("come twice", [(PERMUTED, "patches[rng.integers(0, len(patches), len(patches))]")]),
    ("come twice", [(PERMUTED, "rng.choice(patches, len(patches))")]),
    ("turned or mirrored", [(PERMUTED, PERMUTED + "[:, ::-1]")]),
    ("turned or mirrored", [(PERMUTED, PERMUTED + ".swapaxes(1, 2)")]),
    ("red, green and blue", [(PERMUTED, PERMUTED + "[..., ::-1]")]),
    ("an order of its own", [(PERMUTED, "np.stack([patches[rng.permutation(len(patches)), ..., i] "
                                        "for i in range(c)], axis=-1)")]),
    ("not in their patches", [("    patches = image", "    return rng.permutation(image.reshape(-1, c))"
                                                      ".reshape(h, w, c)\n    patches = image")]),
    ("not in their patches", [("size, size, c).swapaxes(1, 2).reshape(h, w, c)", "size, size, c)"
                                                                                 ".reshape(h, w, c)")]),
    ("lost or changed", [(PERMUTED, PERMUTED + " // 2")]),
    ("lost or changed", [(PERMUTED, "np.append(patches[1:], 0 * patches[:1], axis=0)")]),
    ("stays in its row", [(PERMUTED, "np.concatenate([rng.permutation(row) for row in "
                                     "patches.reshape(h // size, -1, size, size, c)])")]),
    ("stays in its column", [(PERMUTED, "rng.permuted(np.arange(len(patches)).reshape(h // size, -1), axis=0)"
                                        "\n    patches = image.reshape(h // size, size, w // size, size, c)"
                                        ".swapaxes(1, 2).reshape(-1, size, size, c)[patches.ravel()]")]),
    ("whole rows and columns", [(PERMUTED, "patches.reshape(h // size, -1, size, size, c)"
                                           "[rng.permutation(h // size)][:, rng.permutation(w // size)]"
                                           ".reshape(-1, size, size, c)")]),
    ("whole rows and columns", [(PERMUTED, "rng.permutation(patches.reshape(h // size, -1, size, size, c))"
                                           ".reshape(-1, size, size, c)")]),
    ("the same each time", [("rng.permutation", "np.random.default_rng(0).permutation")]),
    ("two different orders", [("rng.permutation", "np.random.default_rng().permutation")]),
    ("some orders never come up", [(PERMUTED, "np.roll(patches, int(rng.integers(len(patches))), axis=0)")]),
    ("some orders never come up",
     [("    patches = patches[", "    order = np.arange(len(patches))\n"
                                 "    while (order == np.arange(len(patches))).any():\n"
                                 "        order = rng.permutation(len(patches))\n    patches = patches["),
      ("rng.permutation(len(patches))]", "order]")]),
    ("changes an array", [("    patches = patches[", "    image[:] = 0\n    patches = patches[")]),
    ("wrong shape", [("    return ", "    return image[None]\n    return ")]),
    ("returns nothing", [("    return ", "    pass\n    ")]),
    ("stopped with", [("rng.permutation(len(patches))", "rng.permutation(patches, len(patches))")]),
    ("stopped with ValueError", [("h, w, c = image.shape", "h, w, c = *image.shape[:2], 3")]),
    ("nan or an inf", [(".reshape(h, w, c)", ".reshape(h, w, c) * np.nan")]),
])
def test_broken_shuffling_gets_its_diagnosis(says, changes):
    code = SHUFFLE
    for old, new in changes:
        assert old in code
        # The last line joins what the one before has shuffled.
        code = new.join(code.rsplit(old, 1))
    assert says in failure(thirteen.shuffle_patches, define(code))


test_a_broken_step_gets_its_diagnosis = diagnosed(thirteen.adversarial_step, STEP, [
    ("below 0 or above 255", [("np.clip(x, 0, 255)", "x")]),
    ("above 255 come out", [("np.clip(x, 0, 255)", "np.maximum(x, 0)")]),
    ("values below 0 come out", [("np.clip(x, 0, 255)", "np.minimum(x, 255)")]),
    ("end at 1", [("0, 255", "0, 1")]),
    ("run over the edge", [("np.clip(x, 0, 255)", "x.astype(int).astype(np.uint8)")]),
    ("run over the edge", [("image.astype(float)", "image"),
                           ("eps * np.sign(gradient)",
                            "(eps * np.sign(gradient)).astype(int).astype(np.uint8)")]),
    ("down the gradient", [("x + eps", "x - eps")]),
    ("gradient itself", [("np.sign(gradient)", "gradient")]),
    ("divided by its largest", [("np.sign(gradient)", "gradient / np.abs(gradient).max()")]),
    ("divided by its length", [("np.sign(gradient)", "gradient / np.linalg.norm(gradient)")]),
    ("yours falls", [("np.sign(gradient)", "np.where(gradient > 0, 1, -1)")]),
    ("yours rises", [("np.sign(gradient)", "np.where(gradient < 0, -1, 1)")]),
    ("becomes lighter", [(" * np.sign(gradient)", "")]),
    ("only the steepest", [("np.sign(gradient)",
                            "np.sign(gradient) * (np.abs(gradient) == np.abs(gradient).max())")]),
    ("the step alone", [("np.clip(x, 0, 255)", "eps * np.sign(gradient)")]),
    ("how much the picture changes", [("np.clip(x, 0, 255)", "np.clip(x, 0, 255) - image")]),
    ("no place for a negative", [("image.astype(float)", "image.copy()"), ("x = x + eps", "x += eps")]),
    ("changes an array", [("image.astype(float)", "image"),
                          ("x + eps * np.sign(gradient)", "x\n    x[:] = 7")]),
], define)


@pytest.mark.parametrize(("says", "changes"), [
    ("pile up", [("predict(change(images, amount))",
                  "predict(images := change(images, amount))")]),
    ("never changed", [("change(images, amount)", "images")]),
    ("first amount", [("change(images, amount)", "change(images, amounts[0])")]),
    ("own answers", [("== labels", "== predict(images).argmax(axis=1)")]),
    ("right before the change", [("right.mean()", "(right & (predict(images).argmax(1) == labels)).mean()")]),
    ("are counts", [("right.mean()", "right.sum()")]),
    ("*wrong*", [("== labels", "!= labels")]),
    ("percentages", [("right.mean()", "100 * right.mean()")]),
    ("mean scores", [("right.mean()", "scores[np.arange(len(labels)), labels].mean()")]),
    ("one number for all", [("np.array(shares)", "np.mean(shares)")]),
    ("losses against", [("np.array(shares)", "shares[0] - np.array(shares)")]),
    ("turned round", [("np.array(shares)", "shares[::-1]")]),
    ("last amount is missing", [("in amounts:", "in amounts[:-1]:")]),
    ("only the last", [("np.array(shares)", "shares[-1]")]),
    ("smallest score", [("argmax", "argmin")]),
    ("the largest score with the label", [("argmax", "max")]),
    ("pictures first", [("change(images, amount)", "change(amount, images)")]),
    ("pictures first", [("predict(change(images, amount))", "predict(change(images[0], amount))")]),
    ("wrong shape", [("np.array(shares)", "np.array(shares)[None]")]),
    ("stopped with ValueError", [("axis=1", "axis=0")]),
    ("values are wrong", [("right.mean()", "right.mean() + 1e-3 * np.random.default_rng().random()")]),
])
def test_broken_accuracies_get_their_diagnosis(says, changes):
    message = failure(thirteen.accuracies, define(ACCURACIES, *changes))
    assert says in message
    assert "0x" not in message                                      # no address of a function


# --- checks cannot be fooled --------------------------------------------------------------------------------

CHEATS = [*check_tools.CHEATS, AgreeableInt(12), AgreeableFloat(0.5), AgreeableTuple((1, 2)), [Agreeable()],
          AgreeableWord("holds"), AgreeableWord("same"), True, "maybe", "holds fails",
          np.zeros((2, 2)).view(AgreeableArray), np.array([Agreeable()] * 3, dtype=object),
          lambda *arguments: AgreeableTuple((1, 1, 1)), lambda *arguments: AgreeableList([[1, 1]]),
          lambda *arguments: AgreeableInt(5), lambda *arguments: np.zeros((1, 2)),
          lambda *arguments: [[AgreeableFloat(1), 1]],
          lambda *arguments: np.zeros((2, 2)).view(AgreeableArray),
          lambda *arguments: arguments[0], lambda *arguments: (Agreeable(),) * 3,
          lambda *arguments: np.array(arguments[0], dtype=object)]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    drawn = ((thirteen.shuffle_patches, SHUFFLE),)
    modules = ("chapter13",)
    define = staticmethod(define)


@settings(max_examples=20, deadline=None)
@given(call=st.integers(0, 3 * 13 + thirteen.TRIES - 1), place=st.floats(0, 0.999), by=st.integers(1, 254))
def test_one_changed_pixel_of_one_shuffled_picture_never_passes(call, place, by):
    right, calls = define(SHUFFLE), []

    def nearly(image, size, rng):
        result = right(image, size, rng)
        calls.append(1)
        if len(calls) - 1 == call:
            result.flat[int(place * result.size)] += np.uint8(by)
        return result

    with pytest.raises(CheckFailed):
        thirteen.shuffle_patches(nearly)


@pytest.mark.parametrize(("check_function", "answers"), named(TABLES))
def test_every_other_table_of_words_fails_and_is_told_how_many_are_right_alone(check_function, answers):
    words = sorted(set(answers.values()))
    for number in range(2 ** len(answers)):
        guess = {name: words[number >> place & 1] for place, name in enumerate(answers)}
        if guess == answers:
            continue
        message = failure(check_function, guess)
        good = sum(guess[name] == word for name, word in answers.items())
        # Neither a name nor a word: with two words, either would be the answer.
        assert message.startswith(f"{good} of {len(answers)} are right. Which, you can find out: ")
        assert not re.search(r"\b[A-H]\b", message) and not any(f'"{word}"' in message for word in words)


def test_what_a_saliency_map_does_to_the_network_does_not_make_it_right():
    """Weights of 0 make every gradient 0; the check still knows what it was."""
    def zeroing(model, image, which):
        model.set_weights([0 * weight for weight in model.get_weights()])
        return np.zeros(image.shape[:2])

    with pytest.raises(CheckFailed):
        thirteen.saliency(zeroing)


def test_a_network_with_a_call_of_its_own_does_not_change_what_is_right():
    def bending(model, image, which):
        model.call = lambda x, **options: tf.zeros((len(x), 9)) + 0 * tf.reduce_sum(x)
        model.get_weights = lambda: []
        return define(SALIENCY)(model, image, which)

    with pytest.raises(CheckFailed):
        thirteen.saliency(bending)


# --- how a failure looks ------------------------------------------------------------------------------


def test_entries_that_are_missing_or_no_words_are_named():
    for check_function, table in TABLES:
        assert_missing_entry_is_named(check_function, table)
        for answer, says in ((..., "not answered yet"), ("perhaps", "quotation"), (True, "quotation")):
            message = failure(check_function, {**table, "B": answer})
            assert "B: " in message and says in message and "are right" not in message
        assert "dictionary" in failure(check_function, list(table.values()))


def test_no_message_says_which_numbers_are_right():
    """A diagnosis never holds a number that the right result holds."""
    for check_function, reference, cases, table in REFERENCES:
        for says, _ in table:
            numbers = {float(number) for number in re.findall(r"\b\d+", says)}
            assert numbers <= {0, 1, 255}, (check_function.__name__, says)
        described = " ".join(case.described for case in cases())
        assert "0x" not in described and "<" not in described, described
        assert callable(reference)
