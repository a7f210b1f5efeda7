"""The checks of exercise 9 name the mistake behind a wrong answer, and cannot be fooled."""

import re
from functools import partial

import check_tools
import numpy as np
import pytest
from check_tools import (
    Agreeable,
    AgreeableArray,
    AgreeableFloat,
    AgreeableTuple,
    AgreeableWord,
    EveryCheck,
    assert_keeps_right_numbers_back,
    assert_wrong_numbers_are_wrong,
    cells_of,
    diagnosed,
    entries_diagnosed,
    failure,
)

from notmagic import geometry, layers
from notmagic.checks import chapter09 as nine
from notmagic.model import Sequential

define = partial(check_tools.define, layers=layers, Sequential=Sequential)

# --- right answers, as a student writes them ----------------------------------------------------------

BY_HAND = {"max": [[5, -2], [4, 7]], "mean": [[2, -4], [1, 2]],
           "max, stride 1": [[5, 5, -2], [4, 7, 7], [4, 7, 7]]}
SHAPES = {"conv 1": (24, 32, 6), "pool 1": (12, 16, 6), "conv 2": (9, 13, 16), "pool 2": (4, 6, 16),
          "flatten": (384,), "dense 1": (120,), "dense 2": (10,)}
COUNTS = {"conv 1": 156, "pool 1": 0, "conv 2": 1552, "dense 1": 46_200, "dense 2": 1210,
          "conv 2, larger pictures": 1552, "dense 1, larger pictures": 316_920,
          "dense 1, global pooling": 2040}
KINDS = {"edges": "equivariant", "row maxima": "invariant", "fading": "neither", "centred": "equivariant",
         "in order": "invariant", "blocks, 1 step": "neither", "blocks, 2 steps": "equivariant"}

POOL = '''
def pool(x, size, stride, how):
    rows = (x.shape[0] - size) // stride + 1
    cols = (x.shape[1] - size) // stride + 1
    y = np.zeros((rows, cols, x.shape[2]))
    for i in range(rows):
        for j in range(cols):
            window = x[i * stride:i * stride + size, j * stride:j * stride + size]
            if how == "max":
                y[i, j] = window.max(axis=(0, 1))
            else:
                y[i, j] = window.mean(axis=(0, 1))
    return y
'''

BACKWARD = '''
def max_pool_backward(x, dy, size, stride):
    dx = np.zeros(x.shape)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            for c in range(dy.shape[2]):
                top, left = i * stride, j * stride
                window = x[top:top + size, left:left + size, c]
                row, col = divmod(window.argmax(), size)
                dx[top + row, left + col, c] += dy[i, j, c]
    return dx
'''

FIELD = '''
def receptive_field(stack):
    r, jump = 1, 1
    for f, s in stack:
        r = r + (f - 1) * jump
        jump = jump * s
    return r, jump
'''

SHIFT = '''
def shift_change(layer, x, steps):
    before = layer(x)
    after = layer(np.roll(x, steps, axis=1))
    moved = np.roll(before, steps, axis=1)
    size = np.sqrt((before ** 2).sum())
    return np.sqrt(((after - moved) ** 2).sum()) / size, np.sqrt(((after - before) ** 2).sum()) / size
'''

NETWORK = '''
def network(seed):
    return Sequential([
        layers.Input((8, 8, 1)),
        layers.Conv2D(64, 5, padding="same"), layers.ReLU(),
        layers.GlobalMaxPooling2D(),
        layers.Dense(10), layers.Softmax(),
    ], seed=seed)
'''


TABLES = [(nine.by_hand, BY_HAND), (nine.shapes, SHAPES), (nine.counts, COUNTS), (nine.kinds, KINDS)]
FUNCTIONS = [(nine.pool, POOL), (nine.max_pool_backward, BACKWARD), (nine.receptive_field, FIELD),
             (nine.shift_change, SHIFT)]
# What each check of a function compares with, its cases and its list of mistakes.
REFERENCES = [
    (nine.pool, nine._pool, nine._pool_cases, nine._POOL_SLIPS),
    (nine.max_pool_backward, nine._route, nine._route_cases, nine._ROUTE_SLIPS),
    (nine.receptive_field, nine._field, nine._field_cases, nine._FIELD_SLIPS),
    (nine.shift_change, nine._shift_change, nine._shift_cases, nine._SHIFT_SLIPS),
]
# Right answers that are written in other ways.
FORMS = [
    (nine.pool, POOL, [("    return y", "    return y.astype(np.float32)")]),
    (nine.pool, POOL, [("    return y", "    return y.tolist()")]),
    (nine.pool, POOL, [("    return y", "    return [list(row) for row in y]")]),
    (nine.pool, POOL, [("window.max(axis=(0, 1))", "np.max(window.reshape(-1, x.shape[2]), axis=0)")]),
    (nine.pool, POOL, [("window.mean(axis=(0, 1))", "window.sum(axis=0).sum(axis=0) / size ** 2")]),
    (nine.pool, POOL,
     [("    rows =", "    every = np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))\n"
                     "    every = every[::stride, ::stride]\n"
                     "    return every.max(axis=(3, 4)) if how == 'max' else every.mean(axis=(3, 4))\n"
                     "    rows =")]),
    (nine.max_pool_backward, BACKWARD, [("    return dx", "    return dx.astype(np.float32)")]),
    (nine.max_pool_backward, BACKWARD, [("    return dx", "    return dx.tolist()")]),
    (nine.max_pool_backward, BACKWARD, [("np.zeros(x.shape)", "np.zeros_like(x, dtype=np.float32)")]),
    (nine.max_pool_backward, BACKWARD, [("divmod(window.argmax(), size)",
                                         "np.unravel_index(np.argmax(window), window.shape)")]),
    (nine.max_pool_backward, BACKWARD,
     [("divmod(window.argmax(), size)", "np.argwhere(window == window.max())[0]")]),
    (nine.receptive_field, FIELD, [("return r, jump", "return [float(r), np.int32(jump)]")]),
    (nine.receptive_field, FIELD, [("return r, jump", "return np.array([r, jump])")]),
    (nine.receptive_field, FIELD,
     [("    r, jump = 1, 1", "    jump = int(np.prod([s for f, s in stack]))\n    r = 1\n"
                                    "    for f, s in reversed(stack):\n        r = (r - 1) * s + f\n"
                                    "    return r, jump")]),
    (nine.shift_change, SHIFT, [("return ", "return list(("), ("/ size, ", "/ size, "),
                                (".sum()) / size\n", ".sum()) / size))\n")]),
    (nine.shift_change, SHIFT, [("np.sqrt((before ** 2).sum())", "np.linalg.norm(before.ravel())")]),
    (nine.shift_change, SHIFT, [("np.roll(x, steps, axis=1)",
                                 "np.concatenate([x[:, -steps:], x[:, :-steps]], axis=1)")]),
]


def test_right_tables_come_in_many_forms():
    nine.by_hand({"max": np.array(BY_HAND["max"]), "mean": ((2.0, -4.0), (np.float32(1), 2)),
                  "max, stride 1": np.array(BY_HAND["max, stride 1"], dtype=np.float32)})
    nine.shapes({**SHAPES, "conv 1": [24, 32, 6], "pool 2": (4.0, np.int8(6), 16), "flatten": 384,
                 "dense 1": [120]})
    nine.counts({**COUNTS, "conv 1": 156.0, "pool 1": np.float32(0), "dense 2": np.array(1210)})
    nine.kinds({name: f" {word.title()}" for name, word in KINDS.items()})


# --- the facts behind the checks --------------------------------------------------------------------------


def test_pooling_and_its_gradient_are_those_of_the_package_s_layers():
    rng = np.random.default_rng(3)
    for size, stride, shape in ((2, 2, (5, 8, 3)), (3, 2, (8, 9, 2)), (2, 3, (9, 7, 1)), (3, 1, (5, 6, 4))):
        x = rng.integers(-2, 3, size=shape) / 2      # ties
        for how, kind in (("max", layers.MaxPooling2D), ("mean", layers.AveragePooling2D)):
            layer = kind(size, stride)
            y = layer(x[None])
            np.testing.assert_allclose(y[0], nine._pool(x, size, stride, how)[0], rtol=1e-6)
            if how == "max":
                dy = rng.normal(size=y.shape[1:])
                np.testing.assert_allclose(layer.backward(dy[None])[0], nine._route(x, dy, size, stride)[0],
                                           rtol=1e-5, atol=1e-6)


def test_shapes_and_counts_are_those_of_a_built_network():
    def build(rows, columns, end):
        return Sequential([
            layers.Input((rows, columns, 1)), layers.Conv2D(6, 5), layers.MaxPooling2D(),
            layers.Conv2D(16, 4),
            layers.MaxPooling2D(), end, layers.Dense(120), layers.Dense(10)])

    model, large = build(28, 36, layers.Flatten()), build(56, 72, layers.Flatten())
    pooled = build(28, 36, layers.GlobalMaxPooling2D())
    shape, found = model.input_shape, {}
    for name, layer in zip(SHAPES, model.layers, strict=True):
        shape = layer.compute_output_shape(shape)
        found[name] = shape[1:]
    assert found == SHAPES == nine.SHAPES
    count = {name: layer.count_params() for name, layer in zip(SHAPES, model.layers, strict=True)}
    assert {**{name: count[name] for name in list(COUNTS)[:5]},
            "conv 2, larger pictures": large.layers[2].count_params(),
            "dense 1, larger pictures": large.layers[5].count_params(),
            "dense 1, global pooling": pooled.layers[5].count_params()} == COUNTS == nine.COUNTS


def test_the_receptive_field_is_that_of_the_geometry():
    for stack in ([(3, 1), (2, 2), (3, 1), (2, 2)], [(7, 2), (3, 3), (1, 1), (5, 1)], [(4, 4)]):
        field = geometry.receptive_field(stack)
        assert tuple(map(int, nine._field(tuple(stack)))) == (field.size[0], field.jump[0])


@pytest.fixture(scope="module")
def exercise():
    """Give the sources of the exercise's cells by their ids."""
    return cells_of("09-pooling-and-a-whole-network")


def test_the_kinds_are_those_that_the_functions_of_the_exercise_show(exercise):
    names = {"np": np}
    exec(exercise["ex09-functions"], names)
    shares, found = define(SHIFT), {}
    for name in KINDS:
        function, _, steps = name.partition(", ")
        followed, stayed = shares(names[function.replace(" ", "_")], names["noise"], int(steps[:1] or 1))
        assert (followed < 1e-12) + (stayed < 1e-12) < 2, "both at once has no word"
        found[name] = "equivariant" if followed < 1e-12 else "invariant" if stayed < 1e-12 else "neither"
    assert found == KINDS == nine.KINDS


def test_the_texts_ask_for_what_the_checks_know(exercise):
    names = {"np": np}
    exec(exercise["ex09-example"], names)
    np.testing.assert_array_equal(names["feature_map"], nine.SMALL_MAP)
    assert f"**{nine.ROWS} rows and {nine.COLUMNS} columns**" in exercise["ex09-task4"]
    (f, filters), (g, more) = nine.FIRST, nine.SECOND
    assert f"{filters} filters of {f} x {f}" in exercise["ex09-task4"]
    assert f"{more} filters of {g} x {g}" in exercise["ex09-task4"]
    assert f"{nine.UNITS} units" in exercise["ex09-task4"]
    assert f"{2 * nine.ROWS} x {2 * nine.COLUMNS}" in exercise["ex09-task4b"]
    for wanted in (f"**{nine.BUDGET:,} parameters**", f"**{nine.IN_PLACE}**", f"**{nine.MOVED}**",
                   f"{nine.EPOCHS} epochs, batches of {nine.BATCH}",
                   f"rate {nine.RATE} and momentum {nine.MOMENTUM}"):
        assert wanted in exercise["ex09-task7"]
    for cell, table in (("ex09-by-hand", BY_HAND), ("ex09-shapes", SHAPES), ("ex09-counts", COUNTS),
                        ("ex09-kinds", KINDS)):
        assert all(f'"{name}": ...' in exercise[cell] for name in table)
    assert all(f'"{how}"' in exercise["ex09-task2"] for how in nine.HOWS)
    assert all(f'"{word}"' in exercise["ex09-kinds"] for word in nine.VERDICTS)


# --- task 7: what reaches the numbers, and what does not ----------------------------------------------

CONV = 'layers.Conv2D(64, 5, padding="same"), layers.ReLU(),'
END = "layers.GlobalMaxPooling2D()"
TWO_CONVS = ('layers.Conv2D(16, 3, padding="same"), layers.ReLU(), layers.Conv2D(28, 3, padding="same"), '
             "layers.ReLU(),")


@pytest.mark.parametrize("code", [NETWORK, NETWORK.replace(CONV, TWO_CONVS)],
                         ids=["wide filters", "two layers"])
def test_a_sensible_network_reaches_both_numbers_with_every_seed(code):
    # These are all the seeds that the check takes. It judges their mean; here each has some to spare.
    for seed in nine.TRAININGS:
        counted = nine.measure(define(code)(seed))
        assert counted["parameters"] <= nine.BUDGET
        assert counted["in place"] >= nine.IN_PLACE + 2 and counted["moved"] >= nine.MOVED + 10, seed


@pytest.mark.parametrize(("says", "changes"), [
    ("It has no filters", [(CONV, "layers.Flatten(),"), (END, "layers.Dense(64), layers.ReLU()")]),
    ("Behind Flatten",
     [(CONV, 'layers.Conv2D(7, 3, padding="same"), layers.ReLU(),'), (END, "layers.Flatten()")]),
    ("Behind Flatten", [(CONV, 'layers.Conv2D(16, 3, padding="same"), layers.ReLU(), layers.MaxPooling2D(),'
                         'layers.Conv2D(20, 3, padding="same"), layers.ReLU(), layers.MaxPooling2D(),'),
                        (END, "layers.Flatten()")]),
    ("a grid of windows that stands still",
     [(CONV, TWO_CONVS.replace("layers.Conv2D(28", "layers.MaxPooling2D(), layers.Conv2D(28"))]),
    ("drowns a stroke", [(END, "layers.GlobalAveragePooling2D()")]),
    # On maps of 2 x 2 the training runs away as it does on 8 x 8, and costs a quarter of the time.
    ("hardly more than by guessing",
     [("layers.Conv2D(64, 5", "layers.MaxPooling2D(4), layers.Conv2D(400, 1")]),
    ("Has it enough filters", [("Conv2D(64, 5", "Conv2D(4, 5")]),
])
def test_a_network_that_misses_a_number_is_told_why(says, changes):
    message = failure(nine.network, define(NETWORK, *changes))
    assert says in message and message.startswith("it reads ")


TRAINED = '''
def network(seed):
    from notmagic import optimizers
    model = Sequential([
        layers.Input((8, 8, 1)),
        layers.Conv2D(64, 5, padding="same"), layers.ReLU(),
        layers.GlobalMaxPooling2D(),
        layers.Dense(10), layers.Softmax(),
    ], seed=seed)
    model.compile(optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    model.fit(x_test, y_test, epochs=1, verbose=0)
    return model
'''.replace("x_test, y_test", "np.ones((32, 8, 8, 1)), np.arange(32) % 10")


test_a_network_that_is_not_whole_is_told_so = diagnosed(nine.network, NETWORK, [
    ("too many. Most of them sit in dense", [(END, "layers.Flatten()")]),
    ("too many. Most of them sit in conv2d", [("Conv2D(64", "Conv2D(400")]),
    ("so nobody can count its parameters", [("layers.Input((8, 8, 1)),", "")]),
    ("a digit has the shape (8, 8, 1)", [("(8, 8, 1)", "(16, 16, 1)")]),
    ("how many numbers are to come out", [("Dense(10)", "Dense(9)")]),
    ("how many numbers are to come out", [(END, "layers.ReLU()")]),
    ("no probabilities yet", [(", layers.Softmax()", "")]),
    ("no probabilities yet", [("layers.Softmax()", "layers.Sigmoid()")]),
    ("Softmax in the middle",
     [("layers.Dense(10),", "layers.Dense(20), layers.Softmax(), layers.Dense(10),")]),
    ("dense and dense_1 there is no activation",
     [("layers.Dense(10),", "layers.Dense(20), layers.Dense(10),")]),
    ("conv2d and dense there is no activation",
     [("layers.ReLU(),", "layers.GlobalAveragePooling2D(),"), (END + ",", "")]),
    ("conv2d and conv2d_1 there is no activation",
     [("layers.ReLU(),", "layers.Conv2D(3, 3), layers.ReLU(),")]),
    ("Does Sequential get the seed", [("seed=seed", "seed=0")]),
    ("start from different weights", [("seed=seed", "seed=None")]),
    ("returns nothing", [("return Seq", "Seq")]),
    ("network stopped with NameError", [("layers.ReLU()", "ReLU()")]),
    ("stopped with ValueError", [("Conv2D(64, 5, padding=\"same\")", "Conv2D(64, 9)")]),
    ("type list", [("return Sequential([", "return list(["), ("], seed=seed)", "])")]),
    ("no layers in it yet", [(CONV, ""), (END + ",", ""), ("layers.Dense(10), layers.Softmax(),", "")]),
], define)


def once(make):
    """Make a function that returns the same network in each call."""
    model = make(0)
    return lambda seed: model


def test_a_network_that_is_not_fresh_is_refused():
    assert "has been trained already" in failure(nine.network, define(TRAINED))
    assert "the same network, or share" in failure(nine.network, once(define(NETWORK)))

    def swollen(seed):
        model = define(NETWORK)(seed)
        model.layers[0].kernel *= 3
        return model

    assert "conv2d has been trained already" in failure(nine.network, swollen)


def test_a_network_with_something_replaced_is_refused():
    def always_right(seed):
        model = define(NETWORK, ("Conv2D(64", "Conv2D(2"))(seed)
        model.predict = lambda *arguments, **options: np.eye(10)
        return model

    def light(seed):
        model = define(NETWORK, ("Conv2D(64", "Conv2D(999"))(seed)
        model.layers[0].count_params = lambda: 5
        return model

    class Knowing(Sequential):
        """A network of somebody's own."""

    class Magic(layers.Dense):
        """A layer of somebody's own."""

    assert "predict has been replaced" in failure(nine.network, always_right)
    assert "count_params has been replaced" in failure(nine.network, light)
    assert "type Knowing" in failure(nine.network, lambda seed: Knowing(seed=seed))
    assert "type Magic" in failure(nine.network,
                                   lambda seed: Sequential([layers.Input((8, 8, 1)), Magic(10)]))


def test_measuring_leaves_no_trace_in_the_digits_and_repeats_itself():
    small = define(NETWORK, ("Conv2D(64", "Conv2D(4"))
    first, again = nine.measure(small(0)), nine.measure(small(0))
    assert first == again and first["parameters"] == small(0).count_params()
    moves = list(nine._eight_moves(nine._digits()[2]))
    assert len(moves) == 8 and all(move.shape == (360, 8, 8, 1) for move in moves)
    assert not any(np.array_equal(move, nine._digits()[2]) for move in moves)
    np.testing.assert_array_equal(moves[1][:, 1:], nine._digits()[2][:, :7])      # down by one row
    assert not moves[1][:, 0].any()


# --- known mistakes -----------------------------------------------------------------------------------------


test_a_wrong_map_by_hand_gets_its_diagnosis = entries_diagnosed(nine.by_hand, BY_HAND, [
    ("max", [[2, -4], [1, 2]], "these are the means"), ("max", [[-1, -8], [-2, -3]], "smallest"),
    ("max", [[8, -16], [4, 8]], "sums"), ("max", [[5, 0], [4, 7]], "larger than -3"),
    ("max", [[5, 8], [4, 7]], "lost their signs"), ("max", [[5, 4], [-2, 7]], "rows and columns are swapped"),
    ("max", [[5, 5, -2], [4, 7, 7], [4, 7, 7]], "these windows overlap"),
    ("max", [[5, 3], [7, 3]], "four numbers in a row"),
    ("mean", [[5, -2], [4, 7]], "largest"), ("mean", [[8, -16], [4, 8]], "By how many"),
    ("mean", [[4, -8], [2, 4]], "side of the window"), ("mean", [[-1, -8], [-2, -3]], "smallest"),
    ("mean", [[2, 1], [-4, 2]], "swapped"), ("mean", [[2.5, 4], [2, 3.5]], "lost their signs"),
    ("max, stride 1", [[5, -2], [4, 7]], "lie side by side"),
    ("max, stride 1", [[5, 4, 4], [5, 7, 7], [-2, 7, 7]], "swapped"),
    ("max, stride 1", [[5, 5, 0], [4, 7, 7], [4, 7, 7]], "larger than -3"),
    ("max", [[5, -2], [4, 6]], "1 of 4 numbers are wrong, the first in row 1, column 1"),
    ("max", [5, -2, 4, 7], "the shape (4,)"), ("max", 5, "the shape ()"), ("max", "5", "type str"),
    ("max", [[5, -2], [4]], "different shapes"), ("max", [[5, "-2"], [4, 7]], "something of type str"),
    ("max", [[float("nan"), -2], [4, 7]], "a nan or an inf"), ("max", ..., "not answered yet"),
    ("max", [[5, ...], [4, 7]], "not answered yet"),
])


WINDOW = "x[i * stride:i * stride + size, j * stride:j * stride + size]"


test_a_broken_pooling_gets_its_diagnosis = diagnosed(nine.pool, POOL, [
    ("always takes the largest", [('how == "max"', "how")]),
    ("always takes the mean", [('how == "max"', "how == np.max")]),
    ("over all channels at once", [("axis=(0, 1)", "")]),
    ("each window *and* each channel", [("rows, cols, x.shape[2]", "rows, cols"), ("axis=(0, 1)", "")]),
    ("only the first channel of the result",
     [("y[i, j] =", "y[i, j, 0] ="), ("axis=(0, 1))", "axis=(0, 1))[0]")]),
    ("side of the window", [("window.mean(axis=(0, 1))", "window.sum(axis=(0, 1)) / size")]),
    ("all channels together", [("window.mean(axis=(0, 1))", "window.sum(axis=(0, 1)) / window.size")]),
    ("these are sums", [("window.mean", "window.sum"), ("window.max", "window.sum")]),
    ("smallest values", [("window.mean", "window.min"), ("window.max", "window.min")]),
    ("lie side by side", [("// stride", "// size"), ("* stride", "* size")]),
    ("one pixel apart.", [("// stride", "// 1"), ("* stride", "")]),
    ("Where does the window of row i", [(WINDOW, "x[i:i + size, j:j + size]")]),
    ("down the rows: ", [("i * stride", "i")]), ("along the columns: ", [("j * stride", "j")]),
    ("hang over the edge", [("(x.shape[0] - size) //", "-(size - x.shape[0]) //"),
                            ("rows = -(size - x.shape[0]) // stride",
                             "rows = -((size - x.shape[0]) // stride)"),
                            ("cols = (x.shape[1] - size) // stride",
                             "cols = -((size - x.shape[1]) // stride)")]),
    ("filled up with zeros", [("    rows =", "    x = np.pad(x, [(0, -(x.shape[0] - size) % stride), "
                               "(0, -(x.shape[1] - size) % stride), (0, 0)])\n    rows =")]),
    ("dropped at the top",
     [("    rows =", "    x = x[(x.shape[0] - size) % stride:, (x.shape[1] - size) % stride:]\n"
                             "    rows =")]),
    ("are missing, although", [("stride + 1", "stride")]),
    ("always square", [("cols = (x.shape[1]", "cols = (x.shape[0]")]),
    ("never filled", [("range(rows)", "range(rows - 1)"), ("range(cols)", "range(cols - 1)")]),
    ("only the first window", [("    return y", "            return y")]),
    ("only the first row", [("    return y", "        return y")]),
    ("yours is 0", [("window.max(axis=(0, 1))", "np.maximum(0, window.max(axis=(0, 1)))")]),
    ("rows and columns of the result are swapped", [("return y", "return y.swapaxes(0, 1)")]),
    ("channels come first", [("return y", "return y.transpose(2, 0, 1)")]),
    ("one axis", [("return y", "return y.ravel()")]),
    ("only the first channel comes", [("return y", "return y[..., 0]")]),
    ("fractions are cut off",
     [("np.zeros((rows, cols, x.shape[2]))", "np.zeros((rows, cols, x.shape[2]), int)")]),
    ("two things", [("    return y", "    return y.ravel()"), ("i * stride", "i")]),
    ("places of the result", [("y[i, j]", "y[i * stride, j * stride]")]),
    ("changes an array", [("    return y", "    x[:] = 0\n    return y")]),
    ("returns nothing", [("return y", "pass")]),
    ("wrong shape", [("return y", "return y[None]")]),
    ("1 of", [("return y", "y[-1, -1, -1] += 1; return y")]),
], define)


FIRST = "row, col = divmod(window.argmax(), size)"
PUT = "dx[top + row, left + col, c] += dy[i, j, c]"
AREA = "dx[top:top + size, left:left + size, c]"


test_a_broken_way_back_gets_its_diagnosis = diagnosed(nine.max_pool_backward, BACKWARD, [
    ("each gets the whole gradient", [(PUT, f"{AREA}[window == window.max()] += dy[i, j, c]")]),
    ("they share the gradient",
     [(PUT, f"best = window == window.max(); {AREA}[best] += dy[i, j, c] / best.sum()")]),
    ("belongs to the first", [(FIRST, "row, col = np.argwhere(window == window.max())[-1]")]),
    ("first *column*", [(FIRST, "col, row = divmod(window.T.argmax(), size)")]),
    ("farthest from 0", [("window.argmax()", "np.abs(window).argmax()")]),
    ("smallest value", [("argmax", "argmin")]), ("when a loser does", [(PUT, f"{AREA} += dy[i, j, c]")]),
    ("gradient of the mean", [(PUT, f"{AREA} += dy[i, j, c] / size ** 2")]),
    ("keeps only the last", [("+=", "=")]),
    ("wipes out", [(PUT, f"{AREA} = 0; dx[top + row, left + col, c] = dy[i, j, c]")]),
    ("lie side by side", [("* stride", "* size")]), ("one pixel apart", [("i * stride, j * stride", "i, j")]),
    ("marked by 1", [("+= dy[i, j, c]", "+= 1")]),
    ("multiplied by the value", [("+= dy[i, j, c]", "+= dy[i, j, c] * window.max()")]),
    ("won in the first channel", [("left + size, c]", "left + size, 0]")]),
    ("upper left corner", [("dx[top + row, left + col, c]", "dx[row, col, c]")]),
    ("their gradients land elsewhere", [("dx[top + row, left + col, c]", "dx[i + row, j + col, c]")]),
    (" alone", [("left + size, c]", "left + size]")]),
    ("last row and column", [("range(dy.shape[0])", "range(dy.shape[0] - 1)"),
                             ("range(dy.shape[1])", "range(dy.shape[1] - 1)")]),
    ("only the first channel", [("range(dy.shape[2])", "range(1)")]),
    ("sign is turned", [("return dx", "return -dx")]),
    ("still in the result", [("np.zeros(x.shape)", "x.copy()")]),
    ("the shape of dy", [("return dx", "return dx[:dy.shape[0], :dy.shape[1]]")]),
    ("only one channel comes", [("return dx", "return dx[..., 0]")]),
    ("are swapped", [("return dx", "return dx.swapaxes(0, 1)")]),
    ("fractions are cut off", [("np.zeros(x.shape)", "np.zeros(x.shape, int)")]),
    ("fractions are cut off", [("np.zeros(x.shape)", "np.zeros_like(x)")]),
    ("two things", [("+=", "="), ("argmax", "argmin")]),
    ("counted differently", [("range(dy.shape[0])", "range(x.shape[0])")]),
    ("changes an array", [("    return dx", "    dy[:] = 0\n    return dx")]),
    ("returns nothing", [("return dx", "pass")]),
    ("wrong shape", [("return dx", "return dx[None]")]),
], define)


test_a_wrong_shape_gets_its_diagnosis = entries_diagnosed(nine.shapes, SHAPES, [
    ("conv 1", (28, 36, 6), "does not fit at every pixel"), ("conv 1", (23, 31, 6), "one place too few"),
    ("conv 1", (32, 24, 6), "rows first"), ("conv 1", (6, 24, 32), "channels stand last"),
    ("conv 1", (24, 32, 1), "Each filter makes a map"), ("conv 1", (24, 32, 3), "How many maps come out"),
    ("conv 1", (24, 32), "three numbers"), ("conv 1", (14, 18, 6), "halves nothing"),
    ("conv 1", (26, 34, 6), "for filters of 3 x 3"), ("conv 1", (5, 7, 6), "lie side by side"),
    ("conv 1", (1000, 1, 6), "Go on from the layer before"),
    ("pool 1", (24, 32, 6), "halves both sides"), ("pool 1", (23, 31, 6), "one pixel apart"),
    ("pool 1", (6, 8, 6), "each side halves"), ("pool 1", (12, 16, 1), "each channel alone"),
    ("conv 2", (9, 13, 96), "How many maps come out"), ("conv 2", (10, 14, 16), "hang over the edge"),
    ("conv 2", (8, 12, 16), "one place too few"), ("pool 2", (5, 7, 16), "you rounded up"),
    ("flatten", (24,), "all maps"), ("flatten", 26, "multiplied, not added"),
    ("flatten", (16,), "all numbers of all"),
    ("flatten", (1872,), "made the maps smaller"), ("flatten", (4, 6, 16), "with a comma"),
    ("dense 1", (384,), "how many numbers come in"), ("dense 2", (384,), "how many numbers come in"),
    ("dense 2", (7,), "not this number"), ("dense 1", ..., "not answered yet"),
    ("dense 1", "120", "in brackets"),
    ("dense 1", (120.5,), "fraction"), ("conv 1", (..., 32, 6), "not answered yet"),
    ("conv 1", True, "in brackets"),
])


test_a_wrong_count_gets_its_diagnosis = entries_diagnosed(nine.counts, COUNTS, [
    ("conv 1", 150, "biases were forgotten"), ("conv 1", 151, "too few"),
    ("conv 1", 26, "that is one filter"),
    ("conv 1", 36, "a height and a width"), ("conv 1", 156 * 24 * 32, "the same at every place"),
    ("conv 1", 456, "the picture is grey"), ("conv 1", 102, "mind the size"),
    ("pool 1", 4, "could be learned"), ("pool 1", 24, "could be learned"), ("pool 1", 6, "could be learned"),
    ("conv 2", 1536, "biases"), ("conv 2", 272, "one channel thin"), ("conv 2", 256, "one channel thin"),
    ("conv 2", 1632, "one bias, not one for each channel"), ("conv 2", 97, "one filter"),
    ("conv 2", 2416, "mind the size"), ("conv 2", 1542, "changed places"),
    ("dense 1", 46_080, "biases"), ("dense 1", 46_464, "not for each input"),
    ("dense 1", 3000, "looks at all maps"),
    ("dense 1", 385, "one unit"), ("dense 1", 224_760, "maps are pooled"), ("dense 1", 504, "multiply"),
    ("dense 2", 1200, "biases"), ("dense 2", 3850, "does not see the maps"),
    ("conv 2, larger pictures", 6208, "what of a filter depends"), ("conv 2, larger pictures", 272, "thin"),
    ("dense 1, larger pictures", 46_200, "has grown"),
    ("dense 1, larger pictures", 92_400, "both sides double"),
    ("dense 1, larger pictures", 184_800, "not quite four times"),
    ("dense 1, larger pictures", 184_440, "not quite"),
    ("dense 1, larger pictures", 316_800, "biases"),
    ("dense 1, global pooling", 46_200, "How many maps"), ("dense 1, global pooling", 1920, "biases"),
    ("dense 1, global pooling", 240, "not one for all"),
    ("dense 1, global pooling", 3000, "it is places that go"),
    ("dense 1, global pooling", 840, "after the second"), ("dense 1", 7, "Count one filter"),
    ("dense 1", "46200", "type str"), ("dense 1", 0.5, "whole number"), ("dense 1", ..., "not answered yet"),
])


GROW, JUMP = "        r = r + (f - 1) * jump\n", "        jump = jump * s\n"


test_a_broken_receptive_field_gets_its_diagnosis = diagnosed(nine.receptive_field, FIELD, [
    ("grows before it is used", [(GROW + JUMP, JUMP + GROW)]), ("no part in r", [(" * jump\n", "\n")]),
    ("own stride was used", [("(f - 1) * jump", "(f - 1) * s")]), ("yours adds f", [("(f - 1)", "f")]),
    ("half of the window", [("(f - 1)", "(f // 2)")]),
    ("kernel sizes are multiplied", [(GROW, "        r = r * f\n")]),
    ("opposite order", [("in stack", "in stack[::-1]")]),
    ("opposite order", [(GROW, "        r = (r - 1) * s + f\n")]),
    ("the jump *multiplies*", [("jump * s\n", "jump + s\n")]),
    ("the jump *multiplies*", [("jump * s\n", "jump + s - 1\n")]),
    ("of the last layer alone", [("jump = jump * s", "jump = s")]), ("sees itself", [("1, 1", "0, 1")]),
    ("anything stays 0", [("1, 1", "1, 0")]), ("only the last layer", [("in stack", "in stack[-1:]")]),
    ("only the first layer",
     [("    return r", "        return r"), ("    for", "    if not stack:\n        return 1, 1\n    for")]),
    ("last layer is missing", [("in stack", "in stack[:-1]")]),
    ("changed places", [("r, jump\n", "jump, r\n")]),
    ("number of its pixels", [("return r,", "return r * r,")]),
    ("returned twice", [("return r, jump", "return r, r")]),
    ("2 results are asked for", [("return r, jump", "return r")]),
    ("You return 3", [("return r,", "return r, r,")]),
    ("no value yet", [("return r, jump", "return r, None")]),
    ("returns nothing", [("return r, jump", "pass")]),
    ("r: the number is wrong", [("return r,", "return r + 7,")]),
    ("two things", [("(f - 1)", "f"), ("r, jump\n", "jump, r\n")]),
], define)


MOVED = "np.roll(before, steps, axis=1)"


test_a_broken_measure_gets_its_diagnosis = diagnosed(nine.shift_change, SHIFT, [
    ("both numbers compare", [(MOVED, "before")]),
    ("the other way", [(MOVED, "np.roll(before, -steps, axis=1)")]),
    ("by one step", [(MOVED, "np.roll(before, 1, axis=1)")]),
    ("to the left", [("steps, axis", "-steps, axis")]),
    ("you move the rows", [("axis=1", "axis=0")]), ("you move the channels", [("axis=1", "axis=2")]),
    ("the root is missing", [("np.sqrt", "")]),
    ("absolute values",
     [("np.sqrt(", "("), (" ** 2)", ")"), ("(before)", "abs(before)"), ("((after", "(abs(after"),
                         ]),
    ("largest difference", [("np.sqrt(", "("), (" ** 2).sum()", ").max()"), ("(before)", "abs(before)"),
                            ("((after", "(abs(after")]),
    ("after* the move", [("(before ** 2)", "(after ** 2)")]),
    ("length of the picture", [("(before ** 2)", "(x ** 2)")]),
    ("not shares", [("np.sqrt((before ** 2).sum())", "1")]),
    ("how many numbers there are", [("np.sqrt((before ** 2).sum())", "before.size")]),
    ("changed places",
     [("after - moved", "after - OTHER"), ("after - before", "after - moved"), ("OTHER", "before")]),
    ("subtract first",
     [("return ", "length = np.linalg.norm\n    return (length(after) - length(moved)) / size, "
                         "(length(after) - length(before)) / size\n    return ")]),
    ("2 results are asked for", [(" / size, np", " / size\n    return np")]),
    ("returns nothing", [("return ", "_ = ")]), ("stopped with", [("axis=1", "axis=5")]),
    ("changes an array", [("    before =", "    x[:] = 0\n    before =")]),
    ("against the moved output: the number is wrong", [("return ", "return 7 + ")]),
], define)


test_a_wrong_kind_gets_its_diagnosis = entries_diagnosed(nine.kinds, KINDS, [
    ("edges", "invariant", "stay where it was"), ("edges", "neither", "moved as far"),
    ("in order", "equivariant", "move with the picture"), ("in order", "neither", "before the picture moved"),
    ("fading", "equivariant", "at another place"), ("fading", "invariant", "is not what came out before"),
    ("blocks, 1 step", "equivariant", "by how many steps"),
    ("blocks, 2 steps", "neither", "by how many steps"),
    ("edges", "both", "give one of the words"), ("edges", True, "give one of the words"),
    ("edges", ..., "not answered yet"), ("edges", "", "give one of the words"),
])


# --- checks cannot be fooled --------------------------------------------------------------------------------


CHEATS = [*check_tools.CHEATS, AgreeableWord("both"), AgreeableTuple((24, 32, 6)), [Agreeable()],
          np.zeros((2, 2)).view(AgreeableArray), np.array([Agreeable()] * 3, dtype=object),
          lambda *arguments: (Agreeable(),) * 2, lambda *arguments: AgreeableTuple((1, 1)),
          lambda *arguments: np.zeros((1, 1, 1)), lambda *arguments: [[[AgreeableFloat(1)]]],
          lambda *arguments: np.zeros((2, 3, 1)).view(AgreeableArray), lambda *arguments: arguments[0]]


class TestEveryCheck(EveryCheck):
    tables, functions, references, forms, cheats = TABLES, FUNCTIONS, REFERENCES, FORMS, CHEATS
    others, once = ((nine.network, NETWORK),), (nine.network,)
    modules = ("chapter09",)
    define = staticmethod(define)


def test_shapes_that_would_broadcast_are_refused():
    assert "wrong shape" in failure(nine.pool, define(POOL, ("    return y", "    return y[:1, :, :1]")))
    assert "the shape (1, 1)" in failure(nine.by_hand, {**BY_HAND, "max": [[5]]})


# --- how a failure looks ------------------------------------------------------------------------------


def test_no_message_gives_a_right_number_away():
    """Whatever a diagnosis says about a wrong entry, the right number is not in it."""
    assert_keeps_right_numbers_back(nine.counts, COUNTS, nine._WRONG_COUNTS, tried=range(1, 60))
    for question, right in SHAPES.items():
        for wrong in [(*right[:-1], 1), right[::-1], (1, 2, 3), (5,), *nine.SHAPES.values()]:
            if wrong != right:
                said = failure(nine.shapes, {**SHAPES, question: wrong}).split(f"{question}: ")[1]
                assert not {str(side) for side in right if side > 3} & set(re.findall(r"\d+", said)), said


def test_every_wrong_number_is_wrong_and_says_one_thing():
    assert_wrong_numbers_are_wrong(COUNTS, nine._WRONG_COUNTS)
    for question, right in BY_HAND.items():
        wrong = [array for array, _ in nine._wrong_by_hand(question)]
        assert not any(np.array_equal(array, right) for array in wrong), question
        assert not any(np.array_equal(one, other) for place,
                       one in enumerate(wrong) for other in wrong[:place])
    for question in list(SHAPES)[:4]:
        assert SHAPES[question][:2] not in nine._wrong_sides(question), question
