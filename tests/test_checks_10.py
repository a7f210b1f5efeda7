"""The checks of exercise 10 name the mistake behind a wrong answer, and cannot be fooled."""

import re
from functools import partial

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
    EveryCheck,
    assert_keeps_right_numbers_back,
    assert_wrong_numbers_are_wrong,
    cells_of,
    diagnosed,
    failure,
    named,
    said_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic import geometry
from notmagic.architectures import layer_table
from notmagic.checks import chapter10 as ten

define = partial(check_tools.define, keras=keras)

# --- right answers, as a student writes them ----------------------------------------------------------

ORIGINAL = {"S2": 12, "C3": 1516, "S4": 32, "all layers": 60_000}
PUZZLE = {"places at 224": 54, "wasted at 224": 1, "smallest for 55": 227, "largest for 55": 230,
          "columns to add": 3}
GROUPS = {"conv 2, one group": 614_656, "conv 2, two groups": 307_456, "saved in all": 1_413_120,
          "conv 2, 96 groups, 96 filters": 2496}
BLOCKS = {"block, 64 channels": 73_856, "block, 128 channels": 295_168, "way round": 0,
          "1 x 1 on the way round": 8320}
SHARES = {"LeNet-5, parameters": 59_134 / 61_706, "LeNet-5, multiplications": 58_920 / 416_520,
          "VGG-16, parameters": 0.8936, "VGG-16, multiplications": 0.0080,
          "VGG-16 with global pooling, parameters": 0.6096}

COUNTS = '''
def layer_counts(shape, network):
    counts = []
    for layer in network:
        if layer[0] == "dense":
            inputs = int(np.prod(shape))
            units = layer[1]
            counts.append((inputs * units + units, inputs * units))
            shape = (units,)
        elif layer[0] == "pool":
            h, w, c = shape
            f, s = layer[1:]
            counts.append((0, 0))
            shape = ((h - f) // s + 1, (w - f) // s + 1, c)
        else:
            h, w, c = shape
            k, f, s, p = layer[1:]
            h2 = (h + 2 * p - f) // s + 1
            w2 = (w + 2 * p - f) // s + 1
            counts.append((f * f * c * k + k, h2 * w2 * f * f * c * k))
            shape = (h2, w2, k)
    return np.array(counts)
'''

TABLE = '''
def table_parameters(table, kernel_size):
    total = 0
    for column in table.T:
        total += column.sum() * kernel_size ** 2 + 1
    return total
'''

FITTING = '''
def fitting_sizes(sizes, kernel_size, stride, padding, places):
    found = []
    for size in sizes:
        rest = size + 2 * padding - kernel_size
        if rest // stride + 1 == places:
            found.append((size, rest % stride))
    return np.array(found)
'''

STACK = '''
def stack_cost(layers, kernel_size, channels, height, width):
    r = 1 + layers * (kernel_size - 1)
    weights = kernel_size ** 2 * channels * channels
    parameters = layers * (weights + channels)
    products = layers * weights * height * width
    return r, parameters, products
'''

MIDDLE = '''
def middle_width(budget, channels, kernel_size):
    m = 0
    while True:
        k = m + 1
        first = channels * k + k
        middle = kernel_size ** 2 * k * k + k
        last = k * channels + channels
        if first + middle + last > budget:
            return m
        m = k
'''

GROUPED = '''
def grouped_conv(x, filters, kernel_size, groups):
    c = x.shape[-1] // groups
    parts = []
    for g in range(groups):
        own = x[..., g * c:(g + 1) * c]
        conv = keras.layers.Conv2D(filters // groups, kernel_size, padding="same")
        parts.append(conv(own))
    if groups == 1:
        return parts[0]
    return keras.layers.Concatenate()(parts)
'''

RESIDUAL = '''
def residual_block(x):
    c = x.shape[-1]
    y = keras.layers.Conv2D(c, 3, padding="same")(x)
    y = keras.layers.ReLU()(y)
    z = keras.layers.Conv2D(c, 3, padding="same")(y)
    return keras.layers.Add()([x, z])
'''

TABLES = [(ten.original, ORIGINAL), (ten.puzzle, PUZZLE), (ten.groups, GROUPS), (ten.block_counts, BLOCKS),
          (ten.shares, SHARES)]
FUNCTIONS = [(ten.layer_counts, COUNTS), (ten.table_parameters, TABLE), (ten.fitting_sizes, FITTING),
             (ten.stack_cost, STACK), (ten.middle_width, MIDDLE)]
BUILDERS = [(ten.grouped_conv, GROUPED), (ten.residual_block, RESIDUAL)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (ten.layer_counts, ten._layer_counts, ten._count_cases, ten._COUNT_SLIPS),
    (ten.table_parameters, ten._table_parameters, ten._table_cases, ten._TABLE_SLIPS),
    (ten.fitting_sizes, ten._fitting, ten._fitting_cases, ten._FITTING_SLIPS),
    (ten.stack_cost, ten._stack_cost, ten._stack_cases, ten._STACK_SLIPS),
    (ten.middle_width, ten._middle_width, ten._middle_cases, ten._MIDDLE_SLIPS),
]
# Right answers that are written in other ways.
FORMS = [
    (ten.layer_counts, COUNTS, [("np.array(counts)", "counts")]),
    (ten.layer_counts, COUNTS, [("np.array(counts)", "[list(map(float, row)) for row in counts]")]),
    (ten.layer_counts, COUNTS, [("np.array(counts)", "tuple(np.array(row) for row in counts)")]),
    # A copy of the list may be changed.
    (ten.layer_counts, COUNTS, [("for layer in network:", "network = network.copy()\n"
                                 "    while network:\n        layer = network.pop(0)")]),
    (ten.layer_counts, COUNTS, [("for layer in network:", "for layer in (network + [None])[:-1]:")]),
    (ten.table_parameters, TABLE, [("return total", "return int(total)")]),
    (ten.table_parameters, TABLE, [("return total", "return np.float64(total)")]),
    (ten.table_parameters, TABLE,
     [("    total = 0", "    return np.sum(table * kernel_size ** 2) + len(table[0])\n    total = 0")]),
    (ten.fitting_sizes, FITTING, [("np.array(found)", "found")]),
    (ten.fitting_sizes, FITTING, [("np.array(found)", "[list(pair) for pair in found]")]),
    (ten.stack_cost, STACK, [("return r, parameters, products", "return [float(r), parameters, products]")]),
    (ten.stack_cost, STACK,
     [("return r, parameters, products", "return np.array([r, parameters, products])")]),
    (ten.middle_width, MIDDLE, [("return m", "return float(m)")]),
    (ten.middle_width, MIDDLE, [("return m", "return np.int64(m)")]),
    (ten.grouped_conv, GROUPED, [("keras.layers.Concatenate()(parts)",
                                  "keras.ops.concatenate(parts, axis=-1)")]),
    (ten.grouped_conv, GROUPED, [("    parts = []", "    pieces = keras.ops.split(x, groups, axis=-1)\n"
                                                      "    parts = []"),
                                 ("conv(own)", "conv(pieces[g])")]),
    # The layers are made from the last to the first, and joined as they should be.
    (ten.grouped_conv, GROUPED, [("range(groups)", "reversed(range(groups))"),
                                 ("parts.append(conv(own))", "parts.insert(0, conv(own))")]),
    (ten.grouped_conv, GROUPED, [("    if groups == 1:\n        return parts[0]\n", ""),
                                 ("keras.layers.Concatenate()(parts)",
                                  "parts[0] if groups == 1 else keras.layers.concatenate(parts)")]),
    (ten.residual_block, RESIDUAL, [("keras.layers.Add()([x, z])", "x + z")]),
    (ten.residual_block, RESIDUAL, [("keras.layers.Add()([x, z])", "keras.layers.add([z, x])")]),
    (ten.residual_block, RESIDUAL, [("keras.layers.ReLU()(y)", 'keras.layers.Activation("relu")(y)')]),
    (ten.residual_block, RESIDUAL, [("keras.layers.ReLU()(y)", "keras.ops.relu(y)")]),
    (ten.residual_block, RESIDUAL, [('padding="same")(x)', 'padding="same", activation="relu")(x)'),
                                    ("    y = keras.layers.ReLU()(y)\n", "")]),
]


def test_right_tables_come_in_many_forms():
    ten.original({**ORIGINAL, "S2": 12.0, "C3": np.int32(1516), "all layers": np.array(60_000)})
    ten.puzzle({**PUZZLE, "columns to add": np.float32(3)})
    ten.shares({**SHARES, "LeNet-5, parameters": np.float32(0.9583), "VGG-16, multiplications": 0.00799})


# --- the facts behind the checks --------------------------------------------------------------------------


def counted(name):
    """Give the rows (parameters, multiplications) of a network in the package's table of layers."""
    return np.array([(row.parameters, row.multiplications) for row in layer_table(name)
                     if row.kind in ("conv", "pool", "dense")])


@pytest.mark.parametrize(("name", "shape", "network", "total"), [
    ("lenet5", (32, 32, 1), ten.LENET5, 61_706), ("alexnet", (227, 227, 3), ten.ALEXNET, 62_378_344),
    ("vgg16", (224, 224, 3), ten.VGG16, 138_357_544),
])
def test_the_networks_of_the_chapter_are_counted_as_the_package_counts_them(name, shape, network, total):
    counts = ten._layer_counts(shape, network)[0]
    np.testing.assert_array_equal(counts, counted(name))
    assert counts[:, 0].sum() == total


@settings(max_examples=15, deadline=None)
@given(st.tuples(st.integers(12, 17), st.integers(12, 17), st.integers(1, 4)), st.integers(1, 5),
       st.integers(1, 3), st.integers(0, 2), st.integers(1, 7), st.integers(2, 3), st.integers(1, 9))
def test_layers_are_counted_as_keras_and_the_geometry_count_them(shape, f, s, p, filters, window, units):
    model = keras.Sequential([keras.Input(shape), keras.layers.ZeroPadding2D(p),
                              keras.layers.Conv2D(filters, f, s), keras.layers.MaxPooling2D(window, 1),
                              keras.layers.Flatten(), keras.layers.Dense(units)])
    counts = ten._layer_counts(shape, [("conv", filters, f, s, p), ("pool", window, 1), ("dense", units)])[0]
    np.testing.assert_array_equal(counts[:, 0], [model.layers[place].count_params() for place in (1, 2, 4)])
    assert counts[0, 1] == geometry.conv2d_multiplications(shape, f, filters, s, p)
    assert counts[2, 1] == model.layers[3].output.shape[1] * units


def test_the_connection_table_is_that_of_the_paper():
    # Rows of table I: ten connections each. Columns: six of 3 maps side by side, nine of 4, one of all 6.
    assert ten.TABLE.shape == (6, 16) and (ten.TABLE.sum(axis=1) == 10).all()
    assert ten.TABLE.sum(axis=0).tolist() == [3] * 6 + [4] * 9 + [6]
    for column in range(6):
        assert set(np.flatnonzero(ten.TABLE[:, column])) == {(column + step) % 6 for step in range(3)}
        assert set(np.flatnonzero(ten.TABLE[:, 6 + column])) == {(column + step) % 6 for step in range(4)}
    assert ten.ORIGINAL == ORIGINAL


def test_the_table_of_the_puzzle_is_what_the_geometry_gives():
    fit = [n for n in range(100, 400) if geometry.output_size(n, 11, 4) == 55]
    assert ten.PUZZLE == PUZZLE == {
        "places at 224": geometry.output_size(224, 11, 4), "wasted at 224": geometry.leftover(224, 11, 4),
        "smallest for 55": fit[0], "largest for 55": fit[-1],
        "columns to add": next(n for n in range(9) if geometry.output_size(224 + n, 11, 4) == 55
                               and not geometry.leftover(224 + n, 11, 4))}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 9))
def test_fitting_sizes_are_those_of_the_geometry(f, s, p, places):
    f = max(f, s)
    sizes = range(f, f + 50)
    found = {int(size): int(wasted) for size, wasted in ten._fitting(sizes, f, s, p, places)[0]}
    assert found == {n: geometry.leftover(n, f, s, p) for n in sizes
                     if geometry.output_size(n, f, s, p) == places}


def test_counts_with_groups_are_those_of_keras():
    saved = counted("alexnet")[:, 0].sum() - counted("alexnet_grouped")[:, 0].sum()

    def conv2(filters, groups):
        layer = keras.layers.Conv2D(filters, 5, groups=groups)
        layer.build((None, 27, 27, 96))
        return layer.count_params()

    assert ten.GROUPS == GROUPS == {
        "conv 2, one group": conv2(256, 1), "conv 2, two groups": conv2(256, 2), "saved in all": saved,
        "conv 2, 96 groups, 96 filters": conv2(96, 96)}


def test_stacks_are_those_of_the_geometry():
    for layers, f in ((1, 7), (3, 3), (4, 5)):
        r, parameters, products = ten._stack_cost(layers, f, 6, 11, 9)
        assert r == geometry.receptive_field([(f, 1)] * layers).size[0]
        assert parameters == layers * geometry.conv2d_params(f, 6, 6)
        assert products == layers * geometry.conv2d_multiplications((11, 9, 6), f, 6, padding="same")


def test_bottlenecks_keep_to_the_budget_and_cannot_be_wider():
    def count(m):
        model = keras.Sequential([keras.Input((5, 5, 24)), keras.layers.Conv2D(m, 1),
                                  keras.layers.Conv2D(m, 3), keras.layers.Conv2D(24, 1)])
        return model.count_params()

    for budget in (count(7), count(7) - 1, 2000):
        width = int(ten._middle_width(budget, 24, 3)[0])
        assert count(width) <= budget < count(width + 1)
    assert ten._middle_width(count(1) - 1, 24, 3)[0] == 0


def test_blocks_and_groups_are_those_of_keras():
    rng = np.random.default_rng(4)
    x = keras.Input((6, 7, 6))
    model = keras.Model(x, keras.layers.Conv2D(9, 3, padding="same", groups=3)(x))
    picture, kernel, bias = (rng.integers(-8, 9, size=size) / 4 for size in ((6, 7, 6), (3, 3, 2, 9), 9))
    np.testing.assert_allclose(ten._apply(model, [kernel, bias], picture),
                               ten._grouped(picture, kernel, bias, 3)[0], atol=1e-6)
    block = keras.Model(x, define(RESIDUAL)(x))
    weights = [rng.integers(-4, 5, size=weight.shape) / 4 for weight in block.weights]
    np.testing.assert_allclose(ten._apply(block, weights, picture), ten._residual(picture, *weights)[0],
                               atol=1e-6)
    np.testing.assert_array_equal(ten._apply(block, [0 * weight for weight in weights], picture), picture)
    assert ten.BLOCK_COUNTS == BLOCKS
    for channels in (64, 128):
        x = keras.Input((4, 4, channels))
        assert keras.Model(x, define(RESIDUAL)(x)).count_params() == BLOCKS[f"block, {channels} channels"]


def test_shares_are_those_of_the_package_s_tables():
    for name, called in (("lenet5", "LeNet-5"), ("vgg16", "VGG-16")):
        rows = layer_table(name)
        for what in ("parameters", "multiplications"):
            share = (sum(getattr(row, what) for row in rows if row.kind == "dense")
                     / sum(getattr(row, what) for row in rows))
            assert ten.SHARES[f"{called}, {what}"] == pytest.approx(share)
    convolutions = sum(row.parameters for row in layer_table("vgg16") if row.kind == "conv")
    dense = sum(geometry.dense_params(*pair) for pair in ((512, 4096), (4096, 4096), (4096, 1000)))
    assert ten.SHARES["VGG-16 with global pooling, parameters"] == pytest.approx(
        dense / (dense + convolutions))


@pytest.fixture(scope="module")
def exercise():
    """Give the sources of the exercise's cells by their ids."""
    return cells_of("10-from-lenet-to-alexnet")


def test_the_texts_ask_for_what_the_checks_know(exercise):
    names = {"np": np}
    for cell in ("ex10-lenet", "ex10-table", "ex10-vgg"):
        exec(exercise[cell], names)
    assert names["LENET5"] == ten.LENET5 and names["VGG16"] == ten.VGG16
    np.testing.assert_array_equal(names["TABLE"], ten.TABLE)
    for cell, table in (("ex10-original", ORIGINAL), ("ex10-puzzle", PUZZLE), ("ex10-groups", GROUPS),
                        ("ex10-blocks", BLOCKS), ("ex10-shares", SHARES)):
        assert re.findall(r'^    "(.*)": \.\.\.,$', exercise[cell], re.M) == list(table)
    for name, (f, channels, filters, groups) in ten.GROUPED.items():
        assert f"| {name} | {channels} | {filters} | {f} | {groups} |" in exercise["ex10-task4b"]
    assert len(re.findall(r"^\| conv \d .* 2 \|$", exercise["ex10-task4b"], re.M)) == len(ten.GROUPED)
    assert f"filters of {ten.KERNEL} x {ten.KERNEL} and stride {ten.STRIDE}." in exercise["ex10-task3b"]
    assert f"{geometry.conv2d_params(3, 256, 256):,} parameters" in exercise["ex10-task6"]


# --- known mistakes -----------------------------------------------------------------------------------------


test_a_broken_count_gets_its_diagnosis = diagnosed(ten.layer_counts, COUNTS, [
    ("in convolutions and dense layers",
     [("inputs * units + units", "inputs * units"), ("c * k + k", "c * k")]),
    ("biases of the convolutions", [("c * k + k", "c * k")]),
    ("biases of the dense layers", [("inputs * units + units", "inputs * units")]),
    ("one bias for a whole layer",
     [("inputs * units + units", "inputs * units + 1"), ("c * k + k", "c * k + 1")]),
    ("one channel thin", [("f * f * c * k", "f * f * k")]),
    ("one side only", [("f * f * c * k", "f * c * k")]),
    ("Who makes the maps", [("shape = (h2, w2, k)", "shape = (h2, w2, c)")]),
    ("on one side only", [("2 * p", "p")]), ("padding has no effect", [(" + 2 * p", "")]),
    ("strides have no effect", [(") // s", ")")]),
    ("one place too small", [("// s + 1", "// s")]),
    ("you rounded up", [("(h - f) // s", "-(-(h - f) // s)"), ("(w - f) // s", "-(-(w - f) // s)"),
                        ("(h + 2 * p - f) // s", "-(-(h + 2 * p - f) // s)"),
                        ("(w + 2 * p - f) // s", "-(-(w + 2 * p - f) // s)")]),
    ("as large as they were", [("shape = ((h - f) // s + 1, (w - f) // s + 1, c)", "pass")]),
    ("moves by its own size", [("(h - f) // s", "(h - f) // f"), ("(w - f) // s", "(w - f) // f")]),
    ("could be learned", [("(0, 0)", "(f * f, 0)")]),
    ("sees one map only",
     [("np.prod(shape)", "np.prod(shape[:2])"), ("shape = (units,)", "shape = (units, 1, 1)")]),
    ("one number of each map", [("np.prod(shape)", "shape[-1]")]),
    ("What does the second one see", [("            shape = (units,)\n", "")]),
    ("a single place", [("h2 * w2 * f", "f")]), ("of its *input*", [("h2 * w2 * f", "h * w * f")]),
    ("added, not multiplied", [("h2 * w2 * f * f * c * k", "h2 * w2 * (f * f * c * k + k)"),
                               (", inputs * units)", ", inputs * units + units)")]),
    ("those of one filter", [("h2 * w2 * f * f * c * k", "h2 * w2 * f * f * c")]),
    ("What does each of them cost", [("h2 * w2 * f * f * c * k", "h2 * w2 * k")]),
    ("parameters first", [("np.array(counts)", "np.array(counts)[:, ::-1]")]),
    ("sums over all layers", [("np.array(counts)", "np.array(counts).sum(axis=0)")]),
    ("one number for each layer", [("np.array(counts)", "np.array(counts)[:, 0]")]),
    ("they have a pair, too", [("            counts.append((0, 0))\n", "")]),
    ("only the last layer", [("np.array(counts)", "counts[-1]")]),
    ("swapped: one pair", [("np.array(counts)", "np.array(counts).T")]),
    ("grow from layer to layer", [("np.array(counts)", "np.cumsum(counts, axis=0)")]),
    ("two things", [("c * k + k", "c * k"), ("2 * p", "p")]),
    ("changes the list of layers",
     [("for layer in network:", "for layer in list(network):\n        network.pop(0)")]),
    ("changes the list of layers",
     [("for layer in network:", "while network:\n        layer = network.pop(0)")]),
    ("changes the list of layers", [("    counts = []", "    counts = []\n    network.reverse()")]),
    ("changes the list of layers", [("    counts = []", "    counts = []\n    network[0] = None")]),
    ("have different settings", [('layer[0] == "pool"', 'layer[0] == "no"')]),
    ("returns nothing", [("return np.array(counts)", "pass")]),
    ("stopped with NameError", [("h2 * w2", "h3 * w2")]),
    ("no value yet", [("np.array(counts)", "[(1, None)]")]),
    ("type str", [("np.array(counts)", "str(counts)")]),
    ("wrong shape", [("np.array(counts)", "np.array(counts)[None]")]),
    ("values are wrong", [("np.array(counts)", "np.array(counts) * [1, 7]")]),
], define)


test_a_broken_table_count_gets_its_diagnosis = diagnosed(ten.table_parameters, TABLE, [
    ("biases were forgotten", [(" + 1", "")]),
    ("one bias for the whole", [(" + 1", ""), ("total = 0", "total = 1")]),
    ("goes *out* has one", [(" + 1", ""), ("total = 0", "total = len(table)")]),
    ("a map that sees nothing", [(" + 1", " + column.any()")]),
    ("for each connection", [("kernel_size ** 2 + 1", "(kernel_size ** 2 + 1)")]),
    ("every map sees every map", [("column.sum()", "len(column)")]),
    ("where there is *no*", [("column.sum()", "(1 - column).sum()")]),
    ("one kernel in yours", [("column.sum()", "1")]), ("height and a width", [(" ** 2", "")]),
    ("how many weights has one", [(" * kernel_size ** 2", "")]),
    ("the layer as a whole", [("    total = 0", "    return table.sum(axis=0) * kernel_size ** 2 + 1")]),
    ("returns nothing", [("return total", "pass")]),
    ("changes an array", [("    total = 0", "    table[:] = 0\n    total = 0")]),
    ("the number is wrong", [("return total", "return total + 7")]),
], define)


test_broken_sizes_get_their_diagnosis = diagnosed(ten.fitting_sizes, FITTING, [
    ("one side only", [("2 * padding", "padding")]), ("padding has no effect", [(" + 2 * padding", "")]),
    ("you rounded up", [("rest // stride + 1", "-(-rest // stride) + 1")]),
    ("before any step", [("rest // stride + 1", "rest // stride")]),
    ("others give as many windows",
     [("rest // stride + 1 == places", "rest // stride + 1 == places and not rest % stride")]),
    ("every size comes back", [("rest // stride + 1 == places", "True")]),
    ("more windows fit than", [("== places", ">= places")]),
    ("without its padding", [("(size, rest % stride)", "(size, (size - kernel_size) % stride)")]),
    ("of the padded size", [("(size, rest % stride)", "(size, (size + 2 * padding) % stride)")]),
    ("of the size. Where", [("(size, rest % stride)", "(size, size % stride)")]),
    ("missing for one more", [("(size, rest % stride)", "(size, -rest % stride)")]),
    ("asked is how many", [("(size, rest % stride)", "(size, int(rest % stride > 0))")]),
    ("size of the picture", [("((size, ", "((size + 2 * padding, ")]),
    ("the size first", [("(size, rest % stride)", "(rest % stride, size)")]),
    ("only the sizes", [("(size, rest % stride)", "size")]),
    ("only the waste", [("(size, rest % stride)", "rest % stride")]),
    ("only the first size",
     [("(size, rest % stride))", "(size, rest % stride))\n            return np.array(found)")]),
    ("a pair for each size", [("np.array(found)", "np.array(found).T")]),
    ("the last of the sizes", [("in sizes:", "in sizes[:-1]:")]),
    ("come back sorted", [("in sizes:", "in sorted(sizes):")]),
    ("come back sorted", [("np.array(found)", "np.array(sorted(found))")]),
    ("that are not in `sizes`", [("in sizes:", "in range(min(sizes), max(sizes) + 1):")]),
    ("that are not in `sizes`", [("in sizes:", "in range(sizes[0], sizes[-1] + 1):")]),
    ("changes the list of sizes", [("in sizes:", "in list(sizes):\n        if isinstance(sizes, list):\n"
                                                 "            sizes.sort()")]),
    ("wrong shape", [("np.array(found)", "[]")]),
    ("type dict", [("np.array(found)", "dict(found)")]),
    ("different shapes", [("np.array(found)", "[*found, 5]")]),
], define)


test_a_broken_cost_gets_its_diagnosis = diagnosed(ten.stack_cost, STACK, [
    ("sizes are added up", [("1 + layers * (kernel_size - 1)", "layers * kernel_size")]),
    ("that of one layer; the next", [("1 + layers * (kernel_size - 1)", "kernel_size")]),
    ("a pixel sees itself", [("1 + layers", "layers")]),
    ("each layer adds the same", [("1 + layers * (kernel_size - 1)", "kernel_size ** layers")]),
    ("half of each window", [("(kernel_size - 1)", "(kernel_size // 2)")]),
    ("for odd kernel sizes only", [("(kernel_size - 1)", "2 * (kernel_size // 2)")]),
    ("number of its pixels", [("return r,", "return r * r,")]),
    ("biases were forgotten", [("(weights + channels)", "weights")]),
    ("one bias for a whole", [("weights + channels", "weights + 1")]),
    ("one for each channel", [("weights + channels", "weights + channels ** 2")]),
    ("one channel thin", [("channels * channels", "channels")]), ("height and a width", [(" ** 2", "")]),
    ("are those of one layer",
     [("parameters = layers * ", "parameters = "), ("layers * weights", "weights")]),
    ("the multiplications are those of one layer", [("layers * weights", "weights")]),
    ("a single place", [(" * height * width", "")]),
    ("added, not multiplied", [("layers * weights", "layers * (weights + channels)")]),
    ("has no part", [("height * width", "height * height")]),
    ("What does each of them cost", [("layers * weights", "layers * channels")]),
    ("one filter in each", [("layers * weights", "layers * weights / channels")]),
    ("have changed places", [("r, parameters, products", "r, products, parameters")]),
    ("maps shrink",
     [("    return", "    f = kernel_size - 1\n    products = sum(weights * (height - k * f) * "
                     "(width - k * f) for k in range(1, layers + 1))\n    return")]),
    ("You return 2", [("return r, ", "return ")]), ("no value yet", [(", products\n", ", None\n")]),
    ("the receptive field: the number is wrong", [("return r,", "return r + 5,")]),
    ("two things", [("1 + layers", "layers"), ("(weights + channels)", "weights")]),
], define)


@pytest.mark.parametrize(("says", "changes"), [
    ("biases were forgotten.", [(" * k + k\n        middle", " * k\n        middle"), ("k * k + k", "k * k"),
                                ("k * channels + channels", "k * channels")]),
    ("biases of the last layer", [("k * channels + channels", "k * channels")]),
    ("second 1 x 1", [(" + last", "")]), ("first 1 x 1", [("first + middle", "middle")]),
    ("both 1 x 1", [("first + middle + last", "middle")]),
    ("what has the first layer made", [("2 * k * k", "2 * channels * k")]),
    ("one channel thin", [("2 * k * k", "2 * k")]), ("height and a width", [(" ** 2", "")]),
    ("size 1 x 1", [("kernel_size ** 2 * ", "")]), ("is still within it", [("> budget", ">= budget")]),
    ("beyond the budget", [("return m", "return k")]),
    ("one channel fits, 0 is asked for", [("return m", "return max(m, 1)")]),
    ("-1 comes back", [("    m = 0", "    m = -1")]),
    ("returns nothing", [("return m", "return None")]),
    ("type list", [("return m", "return [m]")]), ("the number is wrong", [("return m", "return m + 9")]),
])
def test_a_broken_width_gets_its_diagnosis(says, changes):
    message = failure(ten.middle_width, define(MIDDLE, *changes))
    assert says in message or (says == "type list" and "wrong shape" in message)


CONV = 'keras.layers.Conv2D(filters // groups, kernel_size, padding="same")'
JOIN = "keras.layers.Concatenate()(parts)"


test_broken_groups_get_their_diagnosis = diagnosed(ten.grouped_conv, GROUPED, [
    ("sees the first channels", [("g * c:(g + 1) * c", ":c")]),
    ("sees the last channels", [("g * c:(g + 1) * c", "-c:")]),
    ("from the wrong end", [(JOIN, "keras.layers.Concatenate()(parts[::-1])")]),
    ("from the wrong end", [("range(groups)", "range(groups)[::-1]")]),
    ("of its neighbour", [("own = x[", "h = (g + 1) % groups\n        own = x["),
                          ("g * c:(g + 1) * c", "h * c:(h + 1) * c")]),
    ("every so many channels", [("g * c:(g + 1) * c", "g::groups")]),
    ("take turns",
     [(JOIN, "keras.layers.Reshape((*x.shape[1:3], filters))(keras.ops.stack(parts, axis=-1))")]),
    ("cut off what is negative", [('"same")', '"same", activation="relu")')]),
    ("Keras's own option",
     [("    c =", "    return keras.layers.Conv2D(filters, kernel_size, padding='same', groups=groups)(x)\n"
                  "    c =")]),
    ("another height or width", [(', padding="same"', "")]),
    ("makes all the filters", [("filters // groups", "filters")]),
    ("are they added instead", [(JOIN, "keras.layers.Add()(parts)")]),
    ("nothing has been divided", [("g * c:(g + 1) * c", ":")]),
    ("one set of filters, used for every",
     [("        conv =", "        conv = parts[0]._keras_history.operation if parts else")]),
    ("has no biases", [('"same")', '"same", use_bias=False)')]),
    ("has filters of 7 x 7", [("kernel_size, p", "7, p")]),
    ("is to be 1", [('"same")', '"same", dilation_rate=2)')]),
    ("Only convolutions", [("return parts[0]", "return keras.layers.Dense(filters)(parts[0])"),
                           (JOIN, "keras.layers.Dense(filters)(keras.layers.Concatenate()(parts))")]),
    ("no layer in it yet", [("    c =", "    return x\n    c =")]),
    ("does not come from x", [("own = x[...", "own = keras.Input(x.shape[1:])[...")]),
    ("type list", [("return parts[0]", "return parts"), (JOIN, "parts")]),
    ("type Functional", [("return parts[0]", "return keras.Model(x, parts[0])")]),
    ("stopped with", [("keras.layers.Concatenate()", "keras.layers.Concatenate(axis=5)")]),
    ("a layer can. To join", [(JOIN, "np.concatenate(parts, axis=-1)")]),
    ("a layer can. To join", [(JOIN, "__import__('tensorflow').concat(parts, -1)")]),
    ("returns nothing", [(f"return {JOIN}", "pass"), ("return parts[0]", "return None")]),
    ("no convolution", [("parts.append(conv(own))", "parts.append(keras.layers.ReLU()(own))")]),
    ("How many channels does each filter see",
     [("g * c:(g + 1) * c", "g * c:g * c + 1")]),
], define)


ADD = "keras.layers.Add()([x, z])"
SECOND = 'z = keras.layers.Conv2D(c, 3, padding="same")(y)'
BENT = "y = keras.layers.ReLU()(y)"


test_a_broken_block_gets_its_diagnosis = diagnosed(ten.residual_block, RESIDUAL, [
    ("comes out alone", [(ADD, "z")]), ("it starts at x", [(ADD, "y + z")]),
    ("leads round both", [(BENT, "y = keras.layers.ReLU()(x + y)"), (ADD, "z")]),
    ("convolutions is subtracted", [(ADD, "x - z")]), ("x is subtracted", [(ADD, "z - x")]),
    ("nothing would come through", [(ADD, "keras.layers.Multiply()([x, z])")]),
    ("added twice", [(ADD, "x + z + x")]), ("the mean of both", [(ADD, "keras.layers.Average()([x, z])")]),
    ("the larger of both", [(ADD, "keras.layers.Maximum()([x, z])")]),
    ("come out as it was", [(ADD, f"keras.layers.ReLU()({ADD})")]),
    ("no more than one", [(BENT, "pass"), ]),
    ("could only add", [(SECOND, SECOND.replace('"same"', '"same", activation="relu"'))]),
    ("none is asked for there", [('"same")(x)', '"same")(keras.ops.relu(x))')]),
    ("two things. First: an activation after",
     [(ADD, f"keras.layers.ReLU()({ADD})"), (BENT, "pass")]),
    ("joined side by side", [(ADD, "keras.layers.Concatenate()([x, z])")]),
    ("Compare the shapes", [(', padding="same"', "")]),
    ("has no biases", [('"same")(x)', '"same", use_bias=False)(x)')]),
    ("Is one layer used twice",
     [("y = keras.layers.Conv2D", "conv = keras.layers.Conv2D"), ('"same")(x)', '"same")\n    y = conv(x)'),
      (SECOND, "z = conv(y)")]),
    ("there is one convolution", [(SECOND, "z = y")]),
    ("none on the way round", [(ADD, "z + keras.layers.Conv2D(c, 1)(x)")]),
    ("5 x 5; 3 x 3 is asked", [('c, 3, padding="same")(x)', 'c, 5, padding="same")(x)')]),
    ("all channels to as many", [('c, 3, padding="same")(x)', 'c + 1, 3, padding="same")(x)')]),
    ("is to be 1", [('"same")(x)', '"same", dilation_rate=2)(x)')]),
    ("Only convolutions", [(BENT, "y = keras.layers.ReLU()(keras.layers.BatchNormalization()(y))")]),
    ("no convolution", [(SECOND, "z = keras.layers.ReLU()(x)")]),
    ("no layer in it yet", [(ADD, "x")]), ("does not come from x", [(ADD, "keras.Input(x.shape[1:])")]),
    ("returns nothing", [(f"return {ADD}", "pass")]),
    ("values are wrong", [(BENT, "y = keras.layers.ReLU()(y) * 3")]),
], define)


def test_what_keras_says_about_an_error_is_shown_without_colours_and_arguments():
    message = failure(ten.grouped_conv, define(GROUPED, (JOIN, "keras.layers.Concatenate(axis=5)(parts)")))
    assert message.startswith("grouped_conv stopped with ") and "\x1b" not in message
    assert "Arguments received" not in message and "keras_tensor" not in message
    assert message.endswith("x of shape (None, 5, 7, 4), filters = 6, kernel_size = 3, groups = 2.")


def test_an_activation_without_a_name_is_refused_in_silence(capfd):
    made = define(RESIDUAL, (SECOND, SECOND.replace('"same"', '"same", activation=lambda y: y')))
    assert "an activation that has no name" in failure(ten.residual_block, made)
    assert not capfd.readouterr().err


def test_a_block_that_loses_its_input_is_told_with_which_weights():
    message = failure(ten.residual_block, define(RESIDUAL, (ADD, "x * 7 + z")))
    assert "with all its weights 0" in message


@pytest.mark.parametrize(("check_function", "answers", "question", "answer", "says"), [
    (ten.original, ORIGINAL, "S2", 0, "here pooling learns"),
    (ten.original, ORIGINAL, "S2", 30, "one* coefficient"),
    (ten.original, ORIGINAL, "S2", 2352, "at every place"), (ten.original, ORIGINAL, "S4", 2, "one map"),
    (ten.original, ORIGINAL, "S4", 12, "those of C3"),
    (ten.original, ORIGINAL, "C3", 1500, "biases"),
    (ten.original, ORIGINAL, "C3", 2416, "every map connected"),
    (ten.original, ORIGINAL, "C3", 60, "a whole kernel"), (ten.original, ORIGINAL, "C3", 1560, "one bias"),
    (ten.original, ORIGINAL, "all layers", 61_706, "modern form"),
    (ten.original, ORIGINAL, "all layers", 60_900, "in C3 not every map"),
    (ten.original, ORIGINAL, "all layers", 59_956, "two pooling layers"),
    (ten.original, ORIGINAL, "all layers", 60_850, "set by hand"),
    (ten.original, ORIGINAL, "all layers", 5, "map by map"),
    (ten.puzzle, PUZZLE, "places at 224", 55, "rounded up"),
    (ten.puzzle, PUZZLE, "places at 224", 53, "before its"),
    (ten.puzzle, PUZZLE, "places at 224", 56, "11 wide"),
    (ten.puzzle, PUZZLE, "places at 224", 54.25, "fraction"),
    (ten.puzzle, PUZZLE, "wasted at 224", 3, "missing for one more"),
    (ten.puzzle, PUZZLE, "wasted at 224", 0, "would divide"),
    (ten.puzzle, PUZZLE, "smallest for 55", 224, "count the windows"),
    (ten.puzzle, PUZZLE, "smallest for 55", 231, "one step too many"),
    (ten.puzzle, PUZZLE, "smallest for 55", 226, "one pixel short"),
    (ten.puzzle, PUZZLE, "smallest for 55", 230, "at smaller sizes"),
    (ten.puzzle, PUZZLE, "largest for 55", 227, "another at once"),
    (ten.puzzle, PUZZLE, "largest for 55", 231, "one more window"),
    (ten.puzzle, PUZZLE, "columns to add", 4, "leaves a column over"),
    (ten.puzzle, PUZZLE, "columns to add", 1.5, "fraction"),
    (ten.puzzle, PUZZLE, "columns to add", 6, "both sides together"),
    (ten.groups, GROUPS, "conv 2, one group", 614_400, "biases"),
    (ten.groups, GROUPS, "conv 2, one group", 6656, "full depth"),
    (ten.groups, GROUPS, "conv 2, one group", 307_456, "that is with two"),
    (ten.groups, GROUPS, "conv 2, two groups", 614_656, "of that group only"),
    (ten.groups, GROUPS, "conv 2, two groups", 307_328, "not halved"),
    (ten.groups, GROUPS, "conv 2, two groups", 307_200, "biases"),
    (ten.groups, GROUPS, "conv 2, two groups", 153_728, "one of the two"),
    (ten.groups, GROUPS, "conv 2, two groups", 614_912, "half of the maps"),
    (ten.groups, GROUPS, "saved in all", 307_200, "not the only"),
    (ten.groups, GROUPS, "saved in all", 970_752, "is missing"),
    (ten.groups, GROUPS, "saved in all", 1_855_488, "filters are whole"),
    (ten.groups, GROUPS, "saved in all", 1_413_568, "none of them is saved"),
    (ten.groups, GROUPS, "conv 2, 96 groups, 96 filters", 2400, "biases"),
    (ten.groups, GROUPS, "conv 2, 96 groups, 96 filters", 230_496, "a single channel"),
    (ten.groups, GROUPS, "conv 2, 96 groups, 96 filters", 6656, "96 filters"),
    (ten.block_counts, BLOCKS, "block, 64 channels", 36_928, "one of the two"),
    (ten.block_counts, BLOCKS, "block, 64 channels", 73_728, "biases"),
    (ten.block_counts, BLOCKS, "block, 64 channels", 1280, "one channel thin"),
    (ten.block_counts, BLOCKS, "block, 128 channels", 147_712, "each of them sees more"),
    (ten.block_counts, BLOCKS, "way round", 4096, "hands on"),
    (ten.block_counts, BLOCKS, "1 x 1 on the way round", 8192, "biases"),
    (ten.block_counts, BLOCKS, "1 x 1 on the way round", 8256, "goes *out*"),
    (ten.block_counts, BLOCKS, "1 x 1 on the way round", 73_856, "are 1 x 1"),
    (ten.block_counts, BLOCKS, "way round", ..., "not answered yet"),
    (ten.block_counts, BLOCKS, "way round", "0", "type str"),
    (ten.puzzle, PUZZLE, "wasted at 224", True, "True or"),
    (ten.shares, SHARES, "VGG-16, multiplications", 0.0081, "not by the convolutions"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.1064, "share of the convolutions"),
    (ten.shares, SHARES, "VGG-16, parameters", 89.36, "percent"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.0080, "mixed up"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.7427, "first of the dense"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.8640, "last dense layer"),
    (ten.shares, SHARES, "VGG-16, parameters", 8.4027, "not by the convolutions"),
    (ten.shares, SHARES, "VGG-16, parameters", 3 / 16, "how many of the layers"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.9, "four decimals"),
    (ten.shares, SHARES, "VGG-16, parameters", 0.3, "not this share"),
    (ten.shares, SHARES, "VGG-16, parameters", 50, "between 0 and 1"),
    (ten.shares, SHARES, "VGG-16 with global pooling, parameters", 0.8936, "with flatten"),
    (ten.shares, SHARES, "VGG-16, parameters", float("nan"), "finite"),
])
def test_a_wrong_entry_gets_its_diagnosis(check_function, answers, question, answer, says):
    assert says in said_of(check_function, answers, question, answer)


# --- checks cannot be fooled --------------------------------------------------------------------------------


class Magic(keras.layers.Layer):
    """A layer of somebody's own, which does what is asked for."""

    def call(self, x):
        return x


class Sly(keras.layers.Conv2D):
    """A convolution that is none of Keras's own, although it says so."""


Sly.__module__, Sly.__name__ = keras.layers.Conv2D.__module__, "Conv2D"


def pretended(x, *more):
    """A tensor that looks like what a layer gave."""
    class Pretended(keras.KerasTensor):
        __eq__, __hash__ = Agreeable.__eq__, Agreeable.__hash__

    return Pretended((None, *x.shape[1:])) if isinstance(x, keras.KerasTensor) else x


CHEATS = [*check_tools.CHEATS, AgreeableInt(12), AgreeableFloat(0.5), AgreeableTuple((1, 2)), [Agreeable()],
          np.zeros((2, 2)).view(AgreeableArray), np.array([Agreeable()] * 3, dtype=object),
          lambda *arguments: AgreeableTuple((1, 1, 1)), lambda *arguments: AgreeableList([[1, 1]]),
          lambda *arguments: AgreeableInt(5), lambda *arguments: np.zeros((1, 2)),
          lambda *arguments: [[AgreeableFloat(1), 1]],
          lambda *arguments: np.zeros((2, 2)).view(AgreeableArray),
          lambda *arguments: arguments[0], lambda *arguments: (Agreeable(),) * 3, pretended]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    others = BUILDERS
    modules = ("chapter10",)
    define = staticmethod(define)

    def test_an_argument_that_is_changed_in_place_is_noticed(self, numeric):
        """Where a function is lent a list, it is noticed by what the check says about that list."""
        check_function, code = numeric
        if check_function is not ten.layer_counts:
            super().test_an_argument_that_is_changed_in_place_is_noticed(numeric)
            return
        right = self.define(code)

        def clearing(shape, network):
            counts = right(shape, network)
            network.clear()
            return counts

        assert "changes the list of layers" in failure(check_function, clearing)


@pytest.mark.parametrize(("changes", "says"), [
    ([("x[..., g * c:(g + 1) * c]", "keras.layers.Lambda(lambda y: y[..., g * c:(g + 1) * c])(x)")],
     "type Lambda. Use the layers of keras.layers as they are, one after the other. To take some channels, "
     "x[..., a:b] does without a Lambda."),
    ([("parts.append(conv(own))", "parts.append(keras.Sequential([conv])(own))")],
     "type Sequential. Use the layers of keras.layers as they are, one after the other. Call the layers "
     "inside it themselves."),
])
def test_what_can_be_done_without_a_lambda_or_a_sequential_is_said(changes, says):
    assert says in failure(ten.grouped_conv, define(GROUPED, *changes))


@pytest.mark.parametrize("outside", ["Magic()({})", "keras.layers.Lambda(lambda y: y)({})", "inner_model({})",
                                     "keras.layers.TimeDistributed(keras.layers.ReLU())({})",
                                     "keras.layers.Activation(Magic())({})"])
@pytest.mark.parametrize(("check_function", "code", "inside"), [
    (ten.grouped_conv, GROUPED, "conv(own)"),
    (ten.residual_block, RESIDUAL, 'keras.layers.Conv2D(c, 3, padding="same")(y)')])
def test_layers_of_somebody_s_own_are_refused(check_function, code, inside, outside):
    made = define(code, (inside, outside.format(inside)), Magic=Magic, inner_model=inner_model)
    assert "Use the layers of keras.layers as they are" in failure(check_function, made)


@pytest.mark.parametrize(("check_function", "code"), named(BUILDERS))
def test_a_class_that_says_it_is_keras_s_own_is_refused(check_function, code):
    made = define(code.replace("keras.layers.Conv2D", "Sly"), Sly=Sly)
    assert "Use the layers of keras.layers as they are" in failure(check_function, made)


def inner_model(x):
    """Put a model of its own around a ReLU, and call it."""
    inside = keras.Input(x.shape[1:])
    return keras.Model(inside, keras.layers.ReLU()(inside))(x)


def test_what_replaces_a_layer_s_own_methods_takes_no_part():
    """A block without its way round stays one, whatever the objects in it have been told to say."""
    def block(x):
        c = x.shape[-1]
        first = keras.layers.Conv2D(c, 3, padding="same", activation="relu")
        second = keras.layers.Conv2D(c, 3, padding="same")
        y = second(first(x))
        first.call = lambda z: z
        second.call = second.compute_output_spec = lambda z, *rest, **options: z + x
        second.count_params = lambda: 5
        return y

    assert "comes out alone" in failure(ten.residual_block, block)


def test_a_block_that_answers_with_the_input_whatever_the_weights_fails():
    """Weights of 0 alone would let it pass."""
    broken = define(RESIDUAL, (ADD, "keras.layers.Add()([x, 0 * z])"))
    assert "values are wrong" in failure(ten.residual_block, broken)


def test_a_block_that_is_right_for_one_number_of_channels_only_fails():
    assert "all channels to as many" in failure(ten.residual_block, define(RESIDUAL, (
        'c, 3, padding="same")(x)', '2, 3, padding="same")(x)')))


def test_the_check_leaves_no_weights_in_what_it_was_given():
    kept = []

    def block(x):
        y = define(RESIDUAL)(x)
        model = keras.Model(x, y)
        kept.append((model, model.get_weights()))
        return y

    ten.residual_block(block)
    assert kept
    for model, before in kept:
        assert all(np.array_equal(one, other) for one, other in zip(model.get_weights(), before, strict=True))


# --- how a failure looks ------------------------------------------------------------------------------


WRONG = [(ten.original, ORIGINAL, ten._WRONG_ORIGINAL), (ten.puzzle, PUZZLE, ten._WRONG_PUZZLE),
         (ten.groups, GROUPS, ten._WRONG_GROUPS), (ten.block_counts, BLOCKS, ten._WRONG_BLOCKS)]


def test_no_message_gives_a_right_number_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    for check_function, answers, wrong in WRONG:
        assert_keeps_right_numbers_back(check_function, answers, wrong)
    for question, right in ten.SHARES.items():
        for number in (*ten._SHARES[question].values(), 0.5, 7, -1, right + 0.005):
            if abs(number - right) > ten.SHARE_TOLERANCE:
                said = failure(ten.shares, {**SHARES, question: number}).split(f"{question}: ")[1]
                assert f"{right:.2f}"[1:] not in said, said


def test_messages_about_built_layers_do_not_say_how_many_parameters_are_right():
    for check_function, code, changes in (
            (ten.grouped_conv, GROUPED, [("g * c:(g + 1) * c", ":")]),
            (ten.grouped_conv, GROUPED, [("filters // groups", "filters")]),
            (ten.residual_block, RESIDUAL, [('c, 3, padding="same")(x)', 'c + 1, 3, padding="same")(x)')])):
        said = failure(check_function, define(code, *changes))
        counts = [geometry.conv2d_params(3, 2, 6), 2 * geometry.conv2d_params(3, 2, 2)]
        assert not {str(count) for count in counts} & set(re.findall(r"\d+", said)), said


def test_every_wrong_number_is_wrong_and_says_one_thing():
    for _, answers, wrong in WRONG:
        assert_wrong_numbers_are_wrong(answers, wrong)
    for question, row in ten._SHARES.items():
        others = [value for name, value in row.items() if name not in ("right", "percent")]
        assert all(abs(value - row["right"]) > ten.SHARE_TOLERANCE for value in others), question
