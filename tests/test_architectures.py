"""Layer tables against the totals that the course states, and layer by layer against Keras."""

import doctest
import re
import subprocess
import sys

import pytest

from notmagic import architectures
from notmagic.architectures import ARCHITECTURES, Layer, count_layers, layer_table

DENSE = Layer("d", "dense", filters=2)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("lenet5", 61_706),
        ("cifar10_chapter11", 122_570),
        ("alexnet_grouped", 60_965_224),
        ("alexnet", 62_378_344),
        ("vgg16", 138_357_544),
        ("inception_direct", 153_632),
        ("inception_bottleneck", 15_920),
        ("residual_block", 73_728),
        ("residual_block_projection", 229_376),
        ("residual_bottleneck", 69_632),
    ],
)
def test_parameters_sum_to_the_stated_total(name, parameters):
    assert sum(row.parameters for row in layer_table(name)) == parameters


def test_every_network_has_a_stated_total():
    stated = test_parameters_sum_to_the_stated_total.pytestmark[0].args[1]
    assert {name for name, _ in stated} == set(ARCHITECTURES)


def test_shapes_of_the_published_maps():
    shapes = {name: [row.output_shape for row in layer_table(name)] for name in ARCHITECTURES}
    assert shapes["lenet5"][:5] == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,)]
    assert shapes["cifar10_chapter11"][:6] == [
        (30, 30, 32), (15, 15, 32), (13, 13, 64), (6, 6, 64), (4, 4, 64), (1024,)
    ]  # fmt: skip
    assert shapes["alexnet"] == shapes["alexnet_grouped"]
    assert shapes["alexnet"][:9] == [
        (55, 55, 96), (27, 27, 96), (27, 27, 256), (13, 13, 256), (13, 13, 384), (13, 13, 384), (13, 13, 256),
        (6, 6, 256), (9216,),
    ]  # fmt: skip
    assert shapes["vgg16"][-5:] == [(7, 7, 512), (25_088,), (4096,), (4096,), (1000,)]
    assert shapes["residual_block_projection"] == [(28, 28, 128)] * 4


def keras_layer(row):
    """Make the row's layer in Keras, of zeros in float16, for only its shapes count."""
    from keras import layers

    light = {"dtype": "float16", "kernel_initializer": "zeros", "use_bias": row.bias}
    if row.kind == "conv":
        # What Keras cannot pad by a number is padded before: the shape that comes in is larger.
        return layers.Conv2D(row.filters, row.kernel, strides=row.stride, groups=row.groups, **light)
    if row.kind == "dense":
        return layers.Dense(row.filters, **light)
    if row.kind == "pool":
        return layers.MaxPooling2D(row.kernel, strides=row.stride)
    return layers.Flatten()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_is_keras(name):
    for row in layer_table(name):
        if row.kind == "add":
            assert row.output_shape == row.input_shape and row.parameters == 0
            continue
        layer = keras_layer(row)
        shape = row.input_shape
        if row.padding:
            shape = (shape[0] + 2 * row.padding, shape[1] + 2 * row.padding, shape[2])
        layer.build((None, *shape))
        assert layer.compute_output_shape((None, *shape))[1:] == row.output_shape, row.name
        assert layer.count_params() == row.parameters, row.name


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_multiplications_are_one_for_each_weight_at_each_place(name):
    for row in layer_table(name):
        weights = row.parameters - (row.filters if row.bias else 0)
        places = row.output_shape[0] * row.output_shape[1] if row.kind == "conv" else 1
        expected = weights * places if row.kind in ("conv", "dense") else 0
        assert row.multiplications == expected, row.name


def test_rows_carry_on_from_each_other_but_for_the_shortcut():
    for name, network in ARCHITECTURES.items():
        rows = layer_table(name)
        assert [row.name for row in rows] == [layer.name for layer in network.layers]
        assert rows[0].input_shape == network.input_shape
        for before, row, layer in zip(rows, rows[1:], network.layers[1:], strict=False):
            if not layer.takes:
                assert row.input_shape == before.output_shape
    shortcut = layer_table("residual_block_projection")[2]
    assert (shortcut.name, shortcut.input_shape, shortcut.parameters) == ("shortcut", (56, 56, 64), 64 * 128)


def test_groups_halve_the_three_layers_that_have_them():
    grouped, full = layer_table("alexnet_grouped"), layer_table("alexnet")
    ratios = {
        a.name: (b.parameters - b.filters) / (a.parameters - a.filters)
        for a, b in zip(grouped, full, strict=True)
        if a.parameters != b.parameters
    }
    assert ratios == {"conv2": 2, "conv4": 2, "conv5": 2}


def test_examples_in_docstrings():
    result = doctest.testmod(architectures)
    assert (result.failed, result.attempted) == (0, 4)


def test_import_needs_neither_numpy_nor_tensorflow():
    code = "import sys, notmagic.architectures; print({'numpy', 'tensorflow'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layer_table("resnet"), ValueError, "there is no network 'resnet'; choose one of 'lenet5', "),
        (lambda: layer_table(["lenet5"]), ValueError, "there is no network ['lenet5']; choose one of"),
        (lambda: count_layers((8, 8, 1), [Layer("a", "conv", 9, 2)]), ValueError,
         "layer 'a': a 9 x 9 filter does not fit a 8 x 8 input with padding 0"),
        (lambda: count_layers((8, 8, 3), [Layer("a", "conv", 3, 4, groups=2)]), ValueError,
         "layer 'a': 3 channels cannot be divided into 2 groups"),
        (lambda: count_layers((8, 8), [Layer("a", "conv", 3, 2)]), ValueError,
         "layer 'a': input_shape must be (height, width, channels)"),
        (lambda: count_layers((8, 8, 1), [Layer("a", "conv", 3.0, 2)]), TypeError,
         "layer 'a': kernel_size must be a whole number"),
        (lambda: count_layers((8, 8, 1), [DENSE]), ValueError,
         "layer 'd': a dense layer takes a row of numbers, got the shape (8, 8, 1); flatten it first"),
        (lambda: count_layers((8,), [Layer("d", "dens", filters=2)]), ValueError,
         "layer 'd': there is no kind of layer 'dens'; use 'conv'"),
        (lambda: count_layers((8,), [DENSE] * 2), ValueError,
         "two layers are called 'd'"),
        (lambda: count_layers((8,), [Layer("d", "add", takes=("input", "e"))]), ValueError,
         "layer 'd' takes 'e', which no layer before it is called; choose among 'input'"),
        (lambda: count_layers((8,), [DENSE, Layer("e", "add", takes=("d", "input"))]), ValueError,
         "layer 'e': it adds arrays of the shapes [(2,), (8,)]; give it two or more of one shape"),
        (lambda: count_layers((8,), [Layer("e", "add")]), ValueError, "give it two or more of one shape"),
    ],
)  # fmt: skip
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
