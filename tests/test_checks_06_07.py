"""The checks of exercises 6 and 7 name the mistake behind a wrong answer, and cannot be fooled."""


import check_tools
import numpy as np
import pytest
from check_tools import (
    Agreeable,
    AgreeableArray,
    AgreeableFloat,
    AgreeableList,
    EveryCheck,
    assert_keeps_right_numbers_back,
    assert_wrong_numbers_are_wrong,
    cells_of,
    define,
    diagnosed,
    entries_diagnosed,
    failure,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from notmagic.checks import chapter06 as six
from notmagic.checks import chapter07 as seven
from notmagic.datasets import cat_scenes, load_digits
from notmagic.geometry import conv2d_multiplications, leftover, output_size
from notmagic.layers import AveragePooling2D, Conv2D, GlobalMaxPooling2D, MaxPooling2D
from notmagic.widgets.conv_explorer import ConvExplorer

# --- right answers, as a student writes them ----------------------------------------------------------

BY_HAND = {"horizontal": 0, "vertical": 36, "diagonal down": -3, "diagonal up": 12,
           "twice the contrast": 72, "on grey paper": 36}
COUNTS = {"one neuron for the scene": 196_609, "one neuron, shared": 49_153,
          "four neurons, not shared": 196_612, "two classes, shared": 98_306, "scores for two classes": 8,
          "multiplications, one class": 196_608}
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

RESPONSE = '''
def response(patch, unit):
    return (patch * unit).sum()
'''

MAP = '''
def feature_map(image, kernel):
    kh, kw = kernel.shape
    rows, cols = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    y = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            window = image[i:i + kh, j:j + kw]
            y[i, j] = (window * kernel).sum()
    return y
'''

THRESHOLD = '''
def threshold(responses, t):
    return np.where(responses > t, 1, 0)
'''

RELU = '''
def relu(responses):
    return np.maximum(responses, 0)
'''

POOL = '''
def pool(x, size, how):
    rows, cols = x.shape[0] // size, x.shape[1] // size
    y = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            window = x[i * size:(i + 1) * size, j * size:(j + 1) * size]
            if how == "max":
                y[i, j] = window.max()
            elif how == "average":
                y[i, j] = window.mean()
            else:
                y[i, j] = window.sum()
    return y
'''

HISTOGRAM = '''
def line_histogram(images, units, size):
    rows = []
    for image in images:
        row = []
        for unit in units:
            y = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
            y = (y * unit).sum(axis=(2, 3))
            y = np.maximum(y, 0)
            down, across = y.shape[0] // size, y.shape[1] // size
            y = y[:down * size, :across * size].reshape(down, size, across, size)
            y = y.sum(axis=(1, 3))
            row.append(y.ravel())
        rows.append(np.concatenate(row))
    return np.array(rows)
'''

CONVOLVE = '''
def convolve(image, kernel):
    kernel = kernel[::-1, ::-1]
    y = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    y = (y * kernel).sum(axis=(2, 3))
    return y
'''

PARAMETERS = '''
def parameters(height, width, channels, classes):
    h, w = height // 2, width // 2
    return (h * w * channels + 1) * classes
'''

QUADRANTS = '''
def quadrants(scene):
    h, w = scene.shape[0] // 2, scene.shape[1] // 2
    four = [scene[:h, :w], scene[:h, w:], scene[h:, :w], scene[h:, w:]]
    return np.stack(four)
'''

SCORES = '''
def scores(scene, weights, bias):
    h, w = weights.shape[:2]
    z = []
    for top, left in ((0, 0), (0, w), (h, 0), (h, w)):
        part = scene[top:top + h, left:left + w]
        z.append((part * weights).sum() + bias)
    return np.array(z)
'''

BEST = '''
def best_quadrant(four):
    index = np.argmax(four)
    row, column = divmod(index, 2)
    return four[index], row, column
'''

WINDOWS = '''
def windows(side, window, stride, channels):
    n = (side - window) // stride + 1
    count = n * n
    left = side - ((n - 1) * stride + window)
    work = count * window * window * channels
    return count, left, work
'''

FIND = '''
def find_cat(scene, weights, bias, stride):
    h, w = weights.shape[:2]
    best, place = -np.inf, None
    for top in range(0, scene.shape[0] - h + 1, stride):
        for left in range(0, scene.shape[1] - w + 1, stride):
            score = (scene[top:top + h, left:left + w] * weights).sum() + bias
            if score > best:
                best, place = score, (top, left)
    return place
'''

LAYER = '''
def as_layer(weights, biases):
    kernel = np.moveaxis(weights, 0, -1)
    return kernel, biases
'''


TABLES = [(six.by_hand, BY_HAND), (seven.counts, COUNTS)]
FUNCTIONS = [(six.response, RESPONSE), (six.feature_map, MAP), (six.threshold, THRESHOLD), (six.relu, RELU),
             (six.pool, POOL), (six.line_histogram, HISTOGRAM), (six.convolve, CONVOLVE),
             (seven.parameters, PARAMETERS), (seven.quadrants, QUADRANTS), (seven.scores, SCORES),
             (seven.best_quadrant, BEST), (seven.windows, WINDOWS), (seven.find_cat, FIND),
             (seven.as_layer, LAYER)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (six.response, six._response, six._response_cases, six._RESPONSE_SLIPS),
    (six.feature_map, six._slide, six._map_cases, six._MAP_SLIPS),
    (six.threshold, six._threshold, six._threshold_cases, six._THRESHOLD_SLIPS),
    (six.relu, six._relu, six._relu_cases, six._RELU_SLIPS),
    (six.pool, six._pool, six._pool_cases, six._POOL_SLIPS),
    (six.line_histogram, six._histogram, six._histogram_cases, six._HISTOGRAM_SLIPS),
    (six.convolve, six._convolve, six._map_cases, six._CONVOLVE_SLIPS),
    (seven.parameters, seven._parameters, seven._parameter_cases, seven._PARAMETER_SLIPS),
    (seven.quadrants, seven._quadrants, seven._quadrant_cases, seven._QUADRANT_SLIPS),
    (seven.scores, seven._scores, seven._score_cases, seven._SCORE_SLIPS),
    (seven.best_quadrant, seven._best, seven._best_cases, seven._BEST_SLIPS),
    (seven.windows, seven._windows, seven._window_cases, seven._WINDOW_SLIPS),
    (seven.find_cat, seven._find, seven._find_cases, seven._FIND_SLIPS),
    (seven.as_layer, seven._as_layer, seven._layer_cases, seven._LAYER_SLIPS),
]


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def histograms(images):
    """Sum the answers of the line units over cells, for all pictures at once: (N, 8, 8) -> (N, 36)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))     # (N, 6, 6, 3, 3)
    answers = np.maximum(np.einsum("nijab,uab->nuij", windows.astype(float), six.line_units()), 0)
    return answers.reshape(len(images), 4, 3, 2, 3, 2).sum(axis=(3, 5)).reshape(len(images), -1)


@pytest.fixture(scope="module")
def read_lines(digits):
    """What softmax regression on the line histograms says to the test digits."""
    return LogisticRegression(max_iter=1000).fit(histograms(digits.x_train) / 48, digits.y_train).predict(
        histograms(digits.x_test) / 48)


# Right answers that are written in other ways.
FORMS = [
    (six.response, RESPONSE, [("(patch * unit).sum()", "float(np.vdot(patch.ravel(), unit.ravel()))")]),
    (six.response, RESPONSE, [("(patch * unit).sum()",
                               "sum(p * u for a, b in zip(patch, unit) for p, u in zip(a, b))")]),
    (six.response, RESPONSE, [("return (patch", "return np.float32((patch"), (".sum()", ".sum())")]),
    (six.feature_map, MAP, [("    return y", "    return y.astype(np.float32)")]),
    (six.feature_map, MAP, [("    return y", "    return y.tolist()")]),
    (six.feature_map, MAP, [("    return y", "    return [row for row in y]")]),
    (six.feature_map, MAP, [("np.zeros((rows, cols))", "np.zeros((rows, cols), dtype=np.float32)")]),
    (six.threshold, THRESHOLD, [("np.where(responses > t, 1, 0)", "(responses > t).astype(int)")]),
    (six.threshold, THRESHOLD, [("np.where(responses > t, 1, "
                                 "0)", "(responses > t).astype(np.float32).tolist()")]),
    (six.relu, RELU, [("np.maximum(responses, 0)", "responses * (responses > 0)")]),
    (six.relu, RELU, [("np.maximum(responses, 0)", "np.where(responses < 0, 0, "
                                                   "responses).astype(np.float32)")]),
    (six.pool, POOL, [("y[i, j] = window.mean()", "y[i, j] = window.sum() / size ** 2")]),
    (six.pool, POOL, [("    return y", "    return y.astype(np.float32)")]),
    (six.pool, POOL, [("    return y", "    return [list(row) for row in y]")]),
    (six.line_histogram, HISTOGRAM, [("return np.array(rows)", "return rows")]),
    (six.line_histogram, HISTOGRAM, [("return np.array(rows)", "return np.float32(rows)")]),
    (six.convolve, CONVOLVE, [("kernel[::-1, ::-1]", "np.rot90(kernel, 2)")]),
    (six.convolve, CONVOLVE, [("kernel[::-1, ::-1]", "np.flip(kernel)")]),
    (seven.parameters, PARAMETERS, [("return (", "return np.int64("), (") * classes", ") * float(classes)")]),
    (seven.quadrants, QUADRANTS, [("return np.stack(four)", "return four")]),
    (seven.quadrants, QUADRANTS, [("return np.stack(four)", "return tuple(part.astype('f4') for part in "
                                                            "four)")]),
    (seven.quadrants, QUADRANTS, [("return np.stack(four)",
                                   "return scene.reshape(2, h, 2, w, -1).swapaxes(1, 2).reshape(4, h, w, "
                                   "-1)")]),
    (seven.scores, SCORES, [("return np.array(z)", "return z")]),
    (seven.scores, SCORES, [("return np.array(z)", "return np.float32(z)")]),
    (seven.best_quadrant, BEST, [("return four[index], row, "
                                  "column", "return [max(four), int(row), np.float32(column)]")]),
    (seven.best_quadrant, BEST, [("return four[index], row, "
                                  "column", "return np.array([four[index], row, column])")]),
    (seven.windows, WINDOWS, [("return count, left, work", "return [float(count), np.int32(left), work]")]),
    (seven.find_cat, FIND, [("return place", "return np.array(place)")]),
    (seven.find_cat, FIND, [("return place", "return list(map(float, place))")]),
    (seven.as_layer, LAYER, [("np.moveaxis(weights, 0, -1)", "weights.transpose(1, 2, 3, 0)")]),
    (seven.as_layer, LAYER, [("return kernel, biases", "return [kernel.tolist(), list(biases)]")]),
]


def test_right_tables_and_filters_come_in_many_forms(read_lines):
    six.by_hand({**BY_HAND, "horizontal": np.float32(0), "vertical": np.array(36),
                 "on grey paper": 36.0})
    seven.counts({**COUNTS, "one neuron, shared": np.float64(49_153), "scores for two classes": np.int8(8)})
    for weights in (SOBEL.tolist(), 0.001 * SOBEL, SOBEL.astype(np.float32), tuple(map(tuple, SOBEL)),
                    [[-1, 0, 1]] * 3, [[0, 0, 0], [-7, 7, 0], [0, 0, 0]], [[0, -1 / 3, 1 / 3]] * 3,
                    [[-0.33, -0.33, 0.67]] * 3):
        six.edge_filter(weights)
    six.predictions(read_lines)
    six.predictions(read_lines.tolist())
    six.predictions(read_lines.astype(np.float32))


# --- the facts behind the checks --------------------------------------------------------------------------


def test_the_line_units_are_those_of_the_course():
    units = six.line_units()
    assert units.shape == (4, 3, 3) and np.array_equal(units.sum(axis=(1, 2)), np.zeros(4))
    names = ("horizontal line", "vertical line", "falling diagonal", "rising diagonal")
    for name, unit in zip(names, units, strict=True):
        explorer = ConvExplorer(np.zeros((8, 8), np.uint8), filter_name=name)
        assert np.array_equal(explorer.kernel[:, :, 0], unit)


def test_the_references_agree_with_the_package_s_own_layers():
    rng = np.random.default_rng(4)
    image, kernel = rng.normal(size=(7, 9)), rng.normal(size=(3, 2))
    layer = Conv2D(1, (3, 2))
    layer.build((None, 7, 9, 1))
    layer.set_weights([kernel[..., None, None], np.zeros(1)])
    batch = image[None, ..., None]
    np.testing.assert_allclose(layer(batch)[0, ..., 0], six._slide(image, kernel)[0], rtol=1e-4, atol=1e-5)
    for how, pooling in (("max", MaxPooling2D(2)), ("average", AveragePooling2D(2))):
        np.testing.assert_allclose(pooling(batch)[0, ..., 0], six._pool(image, 2, how)[0], rtol=1e-5)
    np.testing.assert_allclose(six._pool(image, 3, "sum")[0], 9 * six._pool(image, 3, "average")[0])


def test_convolution_is_scipy_s():
    from scipy.signal import convolve2d, correlate2d

    rng = np.random.default_rng(6)
    image, kernel = rng.normal(size=(6, 8)), rng.normal(size=(3, 4))
    np.testing.assert_allclose(six._convolve(image, kernel)[0], convolve2d(image, kernel, mode="valid"))
    np.testing.assert_allclose(six._slide(image, kernel)[0], correlate2d(image, kernel, mode="valid"))


def test_windows_and_parameters_are_those_of_the_geometry():
    for side, window, stride, channels in ((256, 128, 64, 3), (50, 17, 6, 1), (31, 8, 5, 4)):
        count, left, work = map(int, seven._windows(side, window, stride, channels))
        assert count == output_size(side, window, stride) ** 2 and left == leftover(side, window, stride)
        assert work == conv2d_multiplications((side, side, channels), window, 1, stride)
    assert int(seven._parameters(256, 256, 3, 1)[0]) == COUNTS["one neuron, shared"]
    assert int(seven._parameters(256, 256, 3, 2)[0]) == COUNTS["two classes, shared"]


def test_kernel_and_global_pooling_give_the_largest_of_the_shared_scores():
    rng = np.random.default_rng(8)
    scene, weights, biases = rng.normal(size=(8, 10, 3)), rng.normal(size=(2, 4, 5, 3)), rng.normal(size=2)
    layer = Conv2D(2, (4, 5), strides=(4, 5))
    layer.build((None, 8, 10, 3))
    layer.set_weights([*define(LAYER)(weights, biases)])
    largest = [seven._scores(scene, one, bias)[0].max() for one, bias in zip(weights, biases, strict=True)]
    np.testing.assert_allclose(GlobalMaxPooling2D()(layer(scene[None]))[0], largest, rtol=1e-4)


def test_the_template_finds_cats_without_training():
    train, test = cat_scenes(60, "train", size=32), cat_scenes(60, "test", size=32)
    template, bias = seven.cat_template(train)
    assert template.shape == (16, 16, 3) and abs(template.sum()) < 1e-9
    four = np.array([seven._scores(scene / 255, template, bias)[0] for scene in test.x])
    assert (four.argmax(axis=1) == test.quadrant)[test.y == 1].mean() > 0.75
    assert ((four.max(axis=1) > 0) == test.y).mean() > 0.75


def test_the_student_s_histogram_is_the_one_that_is_measured(digits):
    few = digits.x_test[:3]
    np.testing.assert_allclose(define(HISTOGRAM)(few, six.line_units(), six.CELL), histograms(few))


@pytest.mark.parametrize(("scale", "C"), [(100, 1), (48, 0.1), (48, 10)])
def test_the_band_holds_for_any_sensible_training(digits, scale, C):
    model = LogisticRegression(C=C, max_iter=1000).fit(histograms(digits.x_train) / scale, digits.y_train)
    six.predictions(model.predict(histograms(digits.x_test) / scale))


def test_histograms_of_lines_read_most_digits_and_pixels_a_few_more(digits, read_lines):
    pixels = LogisticRegression(max_iter=1000).fit(digits.x_train.reshape(-1, 64) / 16, digits.y_train)
    assert 0.90 < (read_lines == digits.y_test).mean() < 0.95
    assert 0.95 < pixels.score(digits.x_test.reshape(-1, 64) / 16, digits.y_test) < 0.98


def test_the_texts_ask_for_what_the_checks_know():
    cells = cells_of("06-features-by-hand")
    names = {"np": np}
    exec(cells["ex06-example"], names)
    assert np.array_equal(names["patch"], six.PATCH) and np.array_equal(names["line_units"], six.line_units())
    assert f"when {six.PAPER} is added to every pixel" in cells["ex06-task1a"]
    assert f"cells of **{six.CELL} x {six.CELL}**" in cells["ex06-task6b"]
    assert all(f'how == "{how}"' in cells["ex06-task5"] for how in six.HOWS)
    cells = cells_of("07-the-quadrant-cat-detector")
    assert f"A colour scene has {seven.SCENE} x {seven.SCENE} pixels" in cells["ex07-task1"]
    assert 2 * seven.QUADRANT == seven.SCENE and "half as high and half as wide" in cells["ex07-task1"]
    assert all(f'"{name}": ...' in cells["ex07-counts"] for name in seven.COUNTS)


# --- known mistakes, chapter 6 ------------------------------------------------------------------------------


test_a_wrong_response_by_hand_gets_its_diagnosis = entries_diagnosed(six.by_hand, BY_HAND, [
    ("vertical", 21, "only the pixels on the line were added"),
    ("vertical", 42, "only the pixels on the line were counted"),
    ("vertical", 15, "all weights were taken to be of one size"),
    ("vertical", 48, "beside the line are negative"),
    ("vertical", -36, "sign is turned round"),
    ("vertical", 4, "mean of the products"),
    ("vertical", 27, "without their weights"),
    ("vertical", 12, "what another unit answers"),
    ("vertical", 16, "largest product"),
    ("diagonal up", -3, "what another unit answers"),
    ("diagonal down", 3, "sign is turned round"),
    ("diagonal down", 16, "counted; those beside"),
    ("horizontal", 9, "only the pixels on the line were added"),
    ("horizontal", 1000, "nine products"),
    ("twice the contrast", 144, "you doubled twice"),
    ("twice the contrast", 36, "each product doubles"),
    ("on grey paper", 72, "the grey was added to the sum"),
    ("on grey paper", 40, "the grey meets every weight"),
    ("on grey paper", 60, "on the pixels beside the line, too"),
    ("on grey paper", "36", "type str"), ("on grey paper", float("nan"), "finite"),
    ("on grey paper", ..., "not answered yet"), ("on grey paper", True, "True or False"),
])


def test_a_relu_by_hand_is_noticed():
    assert "no ReLU here" in failure(six.by_hand, {**BY_HAND, "diagonal down": 0})


test_a_broken_response_gets_its_diagnosis = diagnosed(six.response, RESPONSE, [
    ("the mean", [(".sum()", ".mean()")]), ("largest product", [(".sum()", ".max()")]),
    ("not added up", [(".sum()", "")]), ("along one axis", [(".sum()", ".sum(axis=0)")]),
    ("along one axis", [("(patch * unit).sum()", "sum(patch * unit)")]),
    ("are added; multiply", [("patch * unit", "patch + unit")]),
    ("two sums", [("(patch * unit).sum()", "patch.sum() * unit.sum()")]),
    ("matrix product", [("patch * unit", "patch @ unit")]),
    ("matrix product", [("(patch * unit).sum()", "np.dot(patch, unit)")]),
    ("flipped", [("* unit", "* unit[::-1, ::-1]")]), ("transposed", [("* unit", "* unit.T")]),
    ("ReLU comes later", [("(patch * unit).sum()", "max(0, (patch * unit).sum())")]),
    ("lost their sign", [("(patch * unit).sum()", "abs((patch * unit).sum())")]),
    ("squared distance", [("(patch * unit)", "((patch - unit) ** 2)")]),
    ("whole numbers only", [("(patch * unit).sum()", "int((patch * unit).sum())")]),
    ("changes an array", [("return (patch", "patch *= 2; return (patch")]),
    ("stopped with ValueError", [("patch *", "patch[:2] *")]),
    ("returns nothing", [("return (patch * unit).sum()", "(patch * unit).sum()")]),
    ("type str", [("(patch * unit).sum()", "str((patch * unit).sum())")]),
    ("True and False", [("(patch * unit).sum()", "patch > 0")]),
])


@pytest.mark.parametrize(("weights", "says"), [
    ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], "answers to a flat area"),
    (np.ones((3, 3)), "answers to a flat area"),
    (SOBEL.T, "lies on its side"), (-SOBEL, "from light to dark"),
    ([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], "answers to the lying edge as well"),
    ([[-1, 2, -1]] * 3, "a filter for lines"), ([[1, -2, 1]] * 3, "a filter for lines"),
    ([[1, -1, 0], [-1, 1, 0], [0, 0, 0]], "answers to none"),
    ([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]], "answers to none"),
    ([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], "lies on its side"),
    ([[-1, 1]], "wrong shape: expected (3, 3), got (1, 2)"), (SOBEL.ravel(), "wrong shape"),
    (SOBEL * np.nan, "nan or an inf"), (SOBEL > 0, "dtype bool"), ("Sobel", "type str"),
    ([[1, 2], [3]], "different shapes"), ([["a"] * 3] * 3, "type str"), ([], "empty"),
])
def test_an_edge_filter_that_is_something_else_gets_its_diagnosis(weights, says):
    assert says in failure(six.edge_filter, weights)


SUM = "(window * kernel).sum()"


test_a_broken_feature_map_gets_its_diagnosis = diagnosed(six.feature_map, MAP, [
    ("flipped, upside down and left to right", [("window * kernel", "window * kernel[::-1, ::-1]")]),
    ("turned upside down", [("window * kernel", "window * kernel[::-1]")]),
    ("turned left to right", [("window * kernel", "window * kernel[:, ::-1]")]),
    ("mean of the products", [(".sum()", ".mean()")]), ("largest product", [(".sum()", ".max()")]),
    ("lacks its last row and column", [(" + 1", "")]),
    ("lacks its last row:", [("image.shape[0] - kh + 1", "image.shape[0] - kh")]),
    ("lacks its last column:", [("image.shape[1] - kw + 1", "image.shape[1] - kw")]),
    ("never filled", [("range(rows)", "range(rows - 1)"), ("range(cols)", "range(cols - 1)")]),
    ("only the first value", [("    return y", "            return y")]),
    ("only the first row", [("    return y", "        return y")]),
    ("zeros at its right and lower edge", [("np.zeros((rows, cols))", "np.zeros(image.shape)")]),
    ("a rim of zeros", [("    return y", "    full = np.zeros(image.shape)\n    top, left = (kh - 1) // 2, "
                                         "(kw - 1) "
                         "// 2\n    full[top:top + rows, left:left + cols] = y\n    return full")]),
    ("padded with zeros", [("    kh, kw", "    image = np.pad(image, [(n // 2, (n - 1) // 2) for n in "
                                          "kernel.shape])\n"
                            "    kh, kw")]),
    ("always square", [("image.shape[1] - kw + 1", "image.shape[0] - kh + 1")]),
    ("does not move", [("image[i:i + kh, j:j + kw]", "image[:kh, :kw]")]),
    ("rows and columns of the map are swapped", [("    return y", "    return y.T")]),
    ("ReLU is the next task", [("    return y", "    return np.maximum(y, 0)")]),
    ("lost their sign", [("    return y", "    return abs(y)")]),
    ("one axis; keep", [("    return y", "    return y.ravel()")]),
    # Stored in the dtype of the picture: some processors wrap what does not fit, others stop at the ends.
    ("taken over the dtype of the picture", [("    return "
                                              "y", "    return y.astype('i8').astype('u1') if image.dtype "
                                              "== 'u1' else y")]),
    ("taken over the dtype of the picture", [("    return y", "    return np.clip(np.trunc(y), 0, 255) if "
                                              "image.dtype == 'u1' else y")]),
    ("whole numbers only", [("np.zeros((rows, cols))", "np.zeros((rows, cols), int)")]),
    ("Does each direction use its own size", [("kh, kw = kernel.shape", "kh = kw = kernel.shape[0]")]),
    ("Does each direction use its own size", [("kh, kw = kernel.shape", "kh = kw = 3")]),
    ("Does a window hang over the edge", [("i:i + kh", "i:i + kh - (i == 2)")]),
    ("Do both loops stay inside the map", [("range(cols)", "range(cols + 1)"), (SUM, "1")]),
    ("changes an array", [("    return y", "    image[:] = 0\n    return y")]),
    ("values are wrong, the first at", [("    return y", "    y[1, 1] += 1\n    return y")]),
    ("nan or an inf", [("np.zeros((rows, cols))", "np.full((rows, cols), "
                                                  "np.nan)"), ("y[i, j] =", "y[i, j] +=")]),
    ("wrong shape: expected", [("    return y", "    return y[None]")]),
    ("First: the kernel is flipped", [("window * kernel", "window * kernel[::-1, ::-1]"), (" + 1", "")]),
    ("different shapes", [("    return y", "    return [y[0], y[1:]]")]),
])


FIRE = "np.where(responses > t, 1, 0)"


test_a_broken_threshold_gets_its_diagnosis = diagnosed(six.threshold, THRESHOLD, [
    ("fires at the threshold, too", [("> t", ">= t")]), ("fires below", [("> t", "< t")]),
    ("values above the threshold are kept", [("1, 0)", "responses, 0)")]),
    ("nothing was decided", [(FIRE, "responses - t")]), ("a silent place gives -1", [("1, 0)", "1, -1)")]),
    ("compared with 0", [("> t", "> 0")]), ("one answer for the whole "
                                            "map", [(FIRE, "int((responses > t).any())")]),
    ("left out", [(FIRE, "responses[responses > t]")]), ("lifted to it", [(FIRE, "np.maximum(responses, "
                                                                                 "t)")]),
    ("True and False", [(FIRE, "responses > t")]), ("decides about one "
                                                    "number", [(FIRE, "1 if responses > t else 0")]),
    ("ReLU after", [(FIRE, "np.maximum(responses - t, 0)")]), ("sign of the values is "
                                                               "lost", [("responses >", "abs(responses) >")]),
    ("changes an array", [("return", "responses[responses > t] = 1; responses[responses <= t] = 0; return")]),
])


test_a_broken_relu_gets_its_diagnosis = diagnosed(six.relu, RELU, [
    ("still there", [("np.maximum(responses, 0)", "responses")]),
    ("lost their sign", [("np.maximum(responses, 0)", "np.abs(responses)")]),
    ("that is a threshold", [("np.maximum(responses, 0)", "np.where(responses > 0, 1, 0)")]),
    ("positive ones are gone", [("np.maximum(responses, 0)", "np.minimum(responses, 0)")]),
    ("the largest value of the whole map", [("np.maximum(responses, 0)", "np.max(responses)")]),
    ("left out", [("np.maximum(responses, 0)", "responses[responses > 0]")]),
    ("leaks through", [("np.maximum(responses, 0)", "np.where(responses > 0, responses, responses / 10)")]),
    ("cut to 1", [("np.maximum(responses, 0)", "np.clip(responses, 0, 1)")]),
    ("decides about one number", [("np.maximum(responses, 0)", "max(responses, 0)")]),
    ("changes an array", [("return np.maximum(responses, "
                           "0)", "responses[responses < 0] = 0; return responses")]),
])


WINDOW = "x[i * size:(i + 1) * size, j * size:(j + 1) * size]"


test_broken_pooling_gets_its_diagnosis = diagnosed(six.pool, POOL, [
    ("always takes the largest", [('if how == "max"', "if True")]),
    ("always takes the sum", [("window.max()", "window.sum()"), ("window.mean()", "window.sum()")]),
    ("divided by the side", [("window.mean()", "window.sum() / size")]),
    ("windows that are not full", [("x.shape[0] // size, x.shape[1] // size",
                                    "-(-x.shape[0] // size), -(-x.shape[1] // size)")]),
    ("the windows overlap", [("x.shape[0] // size, x.shape[1] // size",
                              "x.shape[0] - size + 1, x.shape[1] - size + "
                              "1"), (WINDOW, "x[i:i + size, j:j + size]")]),
    ("windows one step apart", [(WINDOW, "x[i:i + size, j:j + size]")]),
    ("at the top and at the left", [("    y = np", "    x = x[x.shape[0] % size:, x.shape[1] % size:]\n    "
                                                   "y = np")]),
    ("always square", [("x.shape[1] // size", "x.shape[0] // size")]),
    ("never filled", [("range(rows)", "range(rows - 1)"), ("range(cols)", "range(cols - 1)")]),
    ("only the first value", [("    return y", "            return y")]),
    ("yours is 0", [("window.max()", "max(0, window.max())")]),
    ("result are swapped", [("    return y", "    return y.T")]),
    ("one number for the whole map", [("    return y", "    return y.max()")]),
    ("one axis; keep", [("    return y", "    return y.ravel()")]),
    ("What is left over is dropped", [("    y = np", "    x.reshape(rows, size, cols, size)\n    y = np")]),
    ("whole numbers only", [("np.zeros((rows, cols))", "np.zeros((rows, cols), int)")]),
    ("are missing, although they are full", [("// size, x", "// size - 1, "
                                                            "x"), ("1] // size\n", "1] // size - 1\n")]),
])


test_a_broken_histogram_gets_its_diagnosis = diagnosed(six.line_histogram, HISTOGRAM, [
    ("ReLU is missing", [("            y = np.maximum(y, 0)\n", "")]),
    ("ReLU comes after", [("            y = np.maximum(y, "
                           "0)\n", ""), ("y.ravel()", "np.maximum(y, 0).ravel()")]),
    ("lost their sign", [("np.maximum(y, 0)", "np.abs(y)")]),
    ("hold averages", [("y.sum(axis=(1", "y.mean(axis=(1")]),
    ("hold the largest", [("y.sum(axis=(1", "y.max(axis=(1")]), ("counts as 1", [("np.maximum(y, "
                                                                                  "0)", "(y > 0) * 1")]),
    ("cell by cell", [("np.concatenate(row)", "np.stack(row, axis=1).ravel()")]),
    ("column by column", [("y.ravel()", "y.T.ravel()")]),
    ("more than two axes", [("np.concatenate(row)", "np.stack(row)")]),
    ("run together", [("return np.array(rows)", "return np.concatenate(rows)")]),
    ("result are swapped", [("return np.array(rows)", "return np.array(rows).T")]),
    ("only the first unit", [("in units:", "in units[:1]:")]),
    ("only the first picture", [("    return np", "        return np")]),
    ("added up; each", [("np.concatenate(row)", "sum(row)")]),
    ("one sum for the whole picture", [("y.ravel()", "y.sum(keepdims=True).ravel()")]),
    ("units are flipped", [("y * unit", "y * unit[::-1, ::-1]")]),
])


@pytest.mark.parametrize(("says", "change"), [
    ("are those for the training digits", lambda right, said: np.zeros(1437)),
    ("ten numbers for each digit", lambda right, said: np.eye(10)[said]),
    ("not its accuracy", lambda right, said: 0.93),
    ("wrong shape: expected (360,)", lambda right, said: said[:100]),
    ("whole numbers from 0 to 9", lambda right, said: said / 2),
    ("the labels themselves", lambda right, said: right),
    ("hardly more than by guessing", lambda right, said: np.roll(said, 1)),
    ("these features allow more", lambda right, said: np.where(np.arange(360) % 5, said, 0)),
    ("type str", lambda right, said: "0.93"), ("type str", lambda right, said: ["7"] * 360),
    ("dtype bool", lambda right, said: said == right),
])
def test_predictions_that_are_something_else_get_their_diagnosis(digits, read_lines, says, change):
    assert says in failure(six.predictions, change(digits.y_test.astype(int), read_lines.astype(int)))


test_a_broken_convolution_gets_its_diagnosis = diagnosed(six.convolve, CONVOLVE, [
    ("cross-correlation", [("    kernel = kernel[::-1, ::-1]\n", "")]),
    ("but not left to right", [("[::-1, ::-1]", "[::-1]")]), ("but not upside "
                                                              "down", [("[::-1, ::-1]", "[:, ::-1]")]),
    ("a flip is something else", [("kernel[::-1, ::-1]", "kernel.T"), ("kernel.shape", "kernel.shape")]),
    ("stands on its head", [("    kernel = kernel", "    image = image[::-1, ::-1]; kernel = kernel[::-1, "
                                                    "::-1]")]),
    ("the feature map was flipped", [("    kernel = kernel[::-1, "
                                      "::-1]\n", ""), ("return y", "return y[::-1, ::-1]")]),
    ("multiplied by -1", [("kernel[::-1, ::-1]", "-kernel")]),
])


# --- known mistakes, chapter 7 ------------------------------------------------------------------------------


test_a_wrong_count_gets_its_diagnosis = entries_diagnosed(seven.counts, COUNTS, [
    ("one neuron for the scene", 196_608, "bias was forgotten"),
    ("one neuron for the scene", 65_537, "three numbers at each pixel"),
    ("one neuron for the scene", 49_153, "whole scene"), ("one neuron for the "
                                                          "scene", 196_611, "for each channel"),
    ("one neuron, shared", 49_152, "bias was forgotten"), ("one neuron, shared", 16_385, "three numbers"),
    ("one neuron, shared", 196_612, "stored once"), ("one neuron, shared", 196_609, "one quadrant at a time"),
    ("four neurons, not shared", 196_609, "four biases"), ("four neurons, not shared", 196_608, "bias was"),
    ("four neurons, not shared", 49_153, "one of the four"),
    ("two classes, shared", 98_305, "a bias of its own"), ("two classes, "
                                                           "shared", 98_304, "bias was forgotten"),
    ("two classes, shared", 49_154, "not only a bias"), ("two classes, shared", 393_224, "stored once"),
    ("scores for two classes", 4, "each class has a score"), ("scores for two classes", 2, "left after"),
    ("scores for two classes", 6, "multiply"), ("scores for two classes", 8.5, "whole number"),
    ("multiplications, one class", 49_152, "used in each"),
    ("multiplications, one class", 196_612, "added, not multiplied"),
    ("multiplications, one class", 393_216, "one class is asked for"),
    ("multiplications, one class", 17, "Count for one quadrant"),
])


test_a_broken_count_of_parameters_gets_its_diagnosis = diagnosed(seven.parameters, PARAMETERS, [
    ("bias was forgotten", [(" + 1", "")]), ("a bias of its own", [("(h * w * channels + 1) * classes",
                                                                    "h * w * channels * classes + 1")]),
    ("bias for each channel", [("h * w * channels + 1", "(h * w + 1) * channels")]),
    ("see the whole scene", [("height // 2, width // 2", "height, width")]),
    ("half as high *and*", [("height // 2, width // 2", "height // 2, width")]),
    ("stored once", [("* classes", "* classes * 4")]), ("channels have no part", [(" * channels", "")]),
    ("width of the scene has no part", [("width // 2", "height // 2")]),
    ("height of the scene has no part", [("height // 2", "width // 2")]),
    ("classes has no part", [(" * classes", "")]),
    ("the number is wrong", [("+ 1)", "+ 17)")]), ("returns nothing", [("return (", "(")]),
])


FOUR = "[scene[:h, :w], scene[:h, w:], scene[h:, :w], scene[h:, w:]]"


test_broken_quadrants_get_their_diagnosis = diagnosed(seven.quadrants, QUADRANTS, [
    ("down the columns", [(FOUR, "[scene[:h, :w], scene[h:, :w], scene[:h, w:], scene[h:, w:]]")]),
    ("like a clock", [(FOUR, "[scene[:h, :w], scene[:h, w:], scene[h:, w:], scene[h:, :w]]")]),
    ("lower quadrants come first", [(FOUR, "[scene[h:, :w], scene[h:, w:], scene[:h, :w], scene[:h, w:]]")]),
    ("backwards", [("stack(four)", "stack(four[::-1])")]),
    ("every second pixel", [(FOUR, "[scene[i::2, j::2] for i in (0, 1) for j in (0, 1)]")]),
    ("strips of full width", [("np.stack(four)", "scene.reshape(4, h, w, -1)")]),
    ("upper left quadrant", [(FOUR, "4 * [scene[:h, :w]]")]),
    ("always square", [("scene.shape[1] // 2", "scene.shape[0] // "
                                               "2"), (FOUR, "[scene[a:a + h, b:b + h] for a in (0, h) for b "
                                                            "in (0, h)]")]),
    ("a grid with two axes", [("np.stack(four)", "np.stack(four).reshape(2, 2, h, w, -1)")]),
    ("stands last", [("np.stack(four)", "np.stack(four, axis=-1)")]),
    ("laid out in one row", [("np.stack(four)", "np.stack([part.ravel() for part in four])")]),
    ("swapped inside", [("np.stack(four)", "np.stack(four).swapaxes(1, 2)")]),
    ("joined end to end", [("np.stack(four)", "np.concatenate(four)")]),
    ("only the first channel", [("np.stack(four)", "np.stack(four)[..., :1]")]),
    ("channels are averaged", [("np.stack(four)", "np.stack(four).mean(axis=-1)")]),
    ("different shapes", [(FOUR, "[scene[:h, :w], scene[:h + 1, w:], scene[h:, :w], scene[h:, w:]]"),
                          ("np.stack(four)", "four")]),
    ("changes an array", [("return", "scene[:] = 0; return")]),
])


test_broken_scores_get_their_diagnosis = diagnosed(seven.scores, SCORES, [
    ("bias was forgotten", [(" + bias", "")]), ("bias was subtracted", [("+ bias", "- bias")]),
    ("added to every product", [("(part * weights).sum() + bias", "(part * weights + bias).sum()")]),
    ("mean of the products", [(".sum()", ".mean()")]), ("largest product", [(".sum()", ".max()")]),
    ("not in reading order", [("(0, w), (h, 0)", "(h, 0), (0, w)")]),
    ("like a clock", [("(h, 0), (h, w)", "(h, w), (h, 0)")]),
    ("first channel", [("(part * weights)", "(part * weights)[..., 0]")]),
    ("a score for each channel", [(".sum()", ".sum(axis=(0, "
                                             "1))")]), ("weights are "
                                                        "flipped", [("* weights", "* weights[::-1, ::-1]")]),
    ("that of the upper left quadrant", [("scene[top:top + h, left:left + w]", "scene[:h, :w]")]),
    ("sigmoid", [("return np.array(z)", "return 1 / (1 + np.exp(-np.array(z)))")]),
    ("may be negative", [("return np.array(z)", "return np.maximum(z, 0)")]),
    ("decisions", [("return np.array(z)", "return (np.array(z) > 0) * 1")]),
    ("grid of two rows", [("return np.array(z)", "return np.array(z).reshape(2, 2)")]),
    ("shape (4, 1)", [("return np.array(z)", "return np.array(z)[:, None]")]),
    ("largest score alone", [("return np.array(z)", "return max(z)")]),
    ("add the four scores up", [("return np.array(z)", "return sum(z)")]),
    ("the place of the largest", [("return np.array(z)", "return np.argmax(z)")]),
    ("True and False", [("return np.array(z)", "return np.array(z) > 0")]),
])


test_a_broken_choice_gets_its_diagnosis = diagnosed(seven.best_quadrant, BEST, [
    ("smallest score", [("np.argmax(four)", "np.argmin(four)")]),
    ("lose their sign", [("np.argmax(four)", "np.argmax(np.abs(four))")]),
    ("search starts at 0", [("index = np.argmax(four)", "best, index = 0, 0\n    for k in range(4):\n       "
                                                        " if four[k] "
                             "> best:\n            best, index = four[k], "
                             "k"), ("four[index], row", "best, row")]),
    ("row and column are swapped", [("row, column = divmod", "column, row = divmod")]),
    ("count from 0", [("row, column\n", "row + 1, column + 1\n")]),
    ("number of the quadrant, twice", [("return four[index], row, "
                                        "column", "return four[index], index, index")]),
    ("in place of the row", [("return four[index], row", "return four[index], index")]),
    ("divide by another number", [("divmod(index, 2)", "divmod(index, 4)")]),
    ("stands last", [("four[index], row, column", "row, column, four[index]")]),
    ("in place of the score", [("return four[index]", "return index")]),
    ("3 results are asked for", [("return four[index], row, column", "return four[index]")]),
    ("You return 2", [("return four[index], row, column", "return four[index], index")]),
    ("score, column: right. row: the number is wrong",
     [("return four[index], row", "return four[index], row + 7")]),
    ("row has no value yet", [("return four[index], row", "return four[index], None")]),
])


test_a_broken_count_of_windows_gets_its_diagnosis = diagnosed(seven.windows, WINDOWS, [
    ("windows: one too few", [("// stride + 1", "// stride"), ("(n - 1)", "n")]),
    ("no room for a whole window", [("(side - window) // stride + 1", "-(-side // stride)"),
                                    ("(n - 1) * stride", "(side - window) // stride * stride")]),
    ("side by side. These", [("n = (side - window) // stride + 1", "n = side // window"),
                             ("(n - 1) * stride", "(side - window) // stride * stride")]),
    ("round down", [("n = (side - window) // stride + 1", "n = -(-(side - window) // stride) + 1"),
                    ("(n - 1) * stride", "(side - window) // stride * stride")]),
    ("one row of windows", [("count = n * n", "count = n")]), ("*start* of the last", [(" + window)", ")")]),
    ("a rest of the walk", [("side - ((n - 1) * stride + window)", "side % stride")]),
    ("do not always reach", [("side - ((n - 1) * stride + window)", "0")]),
    ("for each channel", [(" * channels", "")]), ("for one window", [("work = count * ", "work = ")]),
    ("added, not multiplied", [("window * window * channels", "(window * window * channels + 1)")]),
    ("where windows overlap", [("work = count * window * window", "work = side * side")]),
    ("a height and a width", [("window * window *", "window *")]),
    ("changed places", [("return count, left", "return left, count")]),
    ("You return 2", [("return count, left, work", "return count, work")]),
    ("multiplications: the number is wrong", [("return count, left, work", "return count, left, work + 1")]),
])


test_a_broken_search_gets_its_diagnosis = diagnosed(seven.find_cat, FIND, [
    ("left and top are swapped", [("(top, left)", "(left, top)")]),
    ("number of the window, not its pixel", [("(top, left)", "(top // stride, left // stride)")]),
    ("the middle of the best", [("(top, left)", "(top + h // 2, left + w // 2)")]),
    ("where the best window ends", [("(top, left)", "(top + h, left + w)")]),
    ("never the last", [(" - h + 1", " - h"), (" - w + 1", " - w")]),
    ("first row are tried", [("    return place", "        return place")]),
    ("one pixel apart", [("h + 1, stride)", "h + 1)"), ("w + 1, stride)", "w + 1)")]),
    ("lie side by side", [("h + 1, stride)", "h + 1, h)"), ("w + 1, stride)", "w + 1, w)")]),
    ("smallest score", [("> best", "< best"), ("-np.inf", "np.inf")]),
    ("lose their sign", [("score = (", "score = abs("), (".sum() + bias", ".sum() + bias)"),
                         ("abs(scene", "abs((scene")]),
    ("starts at a score of 0", [("-np.inf, None", "0, (0, 0)")]),
    ("first window with a positive score", [("            if score > best:", "            if score > 0:\n"
                                             "                return top, left\n            if place is "
                                             "None:")]),
    ("always the last window", [("            if score > best:\n    ", "")]),
    ("weights are flipped", [("* weights)", "* weights[::-1, ::-1])")]),
    ("only the first channel", [("* weights)", "* weights)[..., 0]")]),
    ("hang over the edge", [(" - h + 1", "")]),
    ("all scores are negative", [("    best, place = -np.inf, None\n", "    best = 0\n")]),
    ("no value yet", [("-np.inf, None", "0, (None, None)")]),
    ("returns nothing", [("-np.inf, None", "0, None")]),
    ("You return 3", [("return place", "return best, *place")]),
    ("type float64", [("return place", "return best")]),
    ("divided by the number of rows", [("    return place", "    rows, cols = (scene.shape[0] - h) // "
                                                            "stride + 1, "
                                        "(scene.shape[1] - w) // stride + 1\n    index = place[0] // stride "
                                        "* cols + "
                                        "place[1] // stride\n    return index // rows * stride, index % "
                                        "rows * stride")]),
    ("changes an array", [("    return place", "    scene[:] = 0\n    return place")]),
])


MOVED = "np.moveaxis(weights, 0, -1)"


test_a_layer_laid_out_wrong_gets_its_diagnosis = diagnosed(seven.as_layer, LAYER, [
    ("classes stand first", [(MOVED, "weights")]), ("reshape does not "
                                                    "move", [(MOVED, "weights.reshape(*weights.shape[1:], "
                                                                     "-1)")]),
    ("all four axes", [(MOVED, "weights.T")]), ("channels stand "
                                                "first", [(MOVED, "np.swapaxes(weights, 0, 3)")]),
    ("rows and columns are swapped", [(MOVED, "weights.transpose(2, 1, 3, 0)")]),
    ("weights are flipped", [(MOVED, "np.moveaxis(weights, 0, -1)[::-1, ::-1]")]),
    ("classes and channels", [(MOVED, "weights.transpose(1, 2, 0, 3)")]),
    ("only the first class is there.", [(MOVED, "np.moveaxis(weights, 0, -1)[..., :1]")]),
    ("axis for the classes is missing", [(MOVED, "weights[0]")]),
    ("fits a Dense layer", [(MOVED, "weights.reshape(len(weights), -1).T")]),
    ("sign is turned round", [("kernel, biases", "kernel, -biases")]),
    ("left at 0", [("kernel, biases", "kernel, 0 * biases")]),
    ("not their sum", [("kernel, biases", "kernel, biases.sum()")]),
    ("one axis, with a number for each", [("kernel, biases", "kernel, biases[None]")]),
    ("kernel, bias.", [("kernel, biases", "kernel")]), ("kernel: wrong shape", [(MOVED, "weights[None]")]),
])


# --- checks cannot be fooled --------------------------------------------------------------------------------


CHEATS = [*check_tools.CHEATS, AgreeableList([1, 2]), [Agreeable()], np.zeros((3, 3)).view(AgreeableArray),
          np.array([Agreeable()] * 3, dtype=object), lambda *arguments: (0.0, 0.0, 0.0),
          lambda *arguments: (Agreeable(),) * 3, lambda *arguments: [Agreeable(), Agreeable()],
          lambda *arguments: np.zeros((1, 1)), lambda *arguments: [[AgreeableFloat(1)]],
          lambda *arguments: np.zeros((3, 3)).view(AgreeableArray), lambda *arguments: arguments[0]]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    more_right = ((six.edge_filter, [SOBEL]),)
    more_blank = ((six.edge_filter, [np.zeros((3, 3))]), (six.edge_filter, [...]), (six.predictions, [...]),
                  (six.predictions, [None]))
    modules = ("chapter06", "chapter07")


def test_subclasses_inside_lists_are_refused():
    right = define(QUADRANTS)
    assert "AgreeableArray" in failure(seven.quadrants, lambda scene: [part.view(AgreeableArray)
                                                                        for part in right(scene)])
    assert "AgreeableFloat" in failure(six.relu, lambda x: [AgreeableFloat(value) for value in x.ravel()])
    assert "AgreeableArray" in failure(six.edge_filter, SOBEL.view(AgreeableArray))


def test_shapes_that_would_broadcast_are_refused():
    assert "wrong shape" in failure(six.pool, define(POOL, ("    return y", "    return y[:1]")))
    assert "wrong shape" in failure(seven.scores, define(SCORES, ("np.array(z)", "np.array(z[:1])")))
    assert "wrong shape" in failure(seven.as_layer, define(LAYER, ("kernel, biases", "kernel, biases[:1, "
                                                                                     "None]")))


@settings(max_examples=200, deadline=None)
@given(weights=st.lists(st.integers(-3, 3), min_size=9, max_size=9))
def test_an_edge_filter_passes_if_and_only_if_its_sums_are_right(weights):
    kernel = np.array(weights).reshape(3, 3)
    first, _, last = kernel.sum(axis=0)
    # On the edge a window sees its last column bright, then its last two: `last`, then minus `first`.
    right = not kernel.sum(axis=1).any() and last >= 0 >= first and last > first
    if right:
        six.edge_filter(kernel)
    else:
        failure(six.edge_filter, kernel)


# --- how a failure looks ------------------------------------------------------------------------------


def test_no_message_gives_a_right_number_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    wrong = seven._WRONG_COUNTS | {question: six._wrong_by_hand(question) for question in BY_HAND}
    for check_function, answers in TABLES:
        assert_keeps_right_numbers_back(check_function, answers, wrong, range(-10, 80), r"-?[\d.]*\d")


def test_every_wrong_number_is_wrong():
    assert_wrong_numbers_are_wrong(COUNTS, seven._WRONG_COUNTS)
    for question, right in BY_HAND.items():
        assert right not in [number for number, _ in six._wrong_by_hand(question)], question
