"""Geometry against the facts the course states, TensorFlow's real shapes, and windows counted by hand."""

import doctest
import itertools
import re
import subprocess
import sys

import numpy as np
import pytest

from notmagic import geometry
from notmagic.geometry import (
    conv2d_multiplications,
    conv2d_output_shape,
    conv2d_params,
    dense_multiplications,
    dense_params,
    flatten_size,
    leftover,
    leftover_parts,
    output_size,
    pad_amounts,
    pool2d_output_shape,
    receptive_field,
    receptive_patch,
)

PADDINGS = (0, 1, 2, 3, "valid", "same")
SETTINGS = list(itertools.product(range(1, 13), range(1, 6), range(1, 7), PADDINGS))


def fits(n, f, padding):
    return padding == "same" or n + 2 * (0 if padding == "valid" else padding) >= f


def windows_by_hand(n, f, s, padding):
    """Walk a window over the padded input; return the pixels that each stop covers, and the padded size."""
    padded = n + sum(pad_amounts(n, f, s, padding))
    return [set(range(start, start + f)) for start in range(0, padded - f + 1, s)], padded


# ------------------------------------------------------------------------------------------------- facts


@pytest.mark.parametrize(
    ("computed", "stated"),
    [
        (flatten_size((20, 20)), 400),
        (flatten_size((256, 256, 3)), 196_608),
        (dense_params(flatten_size((256, 256, 3)), units=1), 196_609),
        (flatten_size((200, 200, 3)), 120_000),
        (dense_params(120_000, units=1), 120_001),
        (dense_params(120_000, units=1, bias=False), 120_000),
        (conv2d_output_shape((256, 256, 3), kernel_size=128, filters=1, stride=128), (2, 2, 1)),
        (dense_params(flatten_size((128, 128, 3)), units=1), 49_153),
        (conv2d_params(128, in_channels=3, filters=1), 49_153),
        (conv2d_params(128, in_channels=3, filters=2), 98_306),
        (flatten_size(conv2d_output_shape((256, 256, 3), 128, filters=2, stride=128)), 8),
        (conv2d_params(3, in_channels=3, filters=1), 28),
        (conv2d_params(3, in_channels=3, filters=64), 1_792),
        (conv2d_output_shape((256, 256, 3), 3, filters=64), (254, 254, 64)),
        (conv2d_output_shape((256, 256, 3), 3, filters=64, padding=1), (256, 256, 64)),
        (pool2d_output_shape((256, 256, 64), 2), (128, 128, 64)),
        (pool2d_output_shape((256, 256, 64), 2, stride=2), (128, 128, 64)),
        (conv2d_output_shape((4, 4, 3), 2, filters=1), (3, 3, 1)),
        (pool2d_output_shape((3, 3, 1), 2, stride=1), (2, 2, 1)),
        (flatten_size((7, 7, 5)), 245),
        (output_size(227, 11, stride=4), 55),
        (leftover(227, 11, stride=4), 0),
        (leftover(224, 11, stride=4), 1),
    ],
)
def test_stated_number(computed, stated):
    assert computed == stated


def test_the_cifar10_model_has_122570_parameters():
    counts, shape = [], (32, 32, 3)
    for filters, is_pooled in ((32, True), (64, True), (64, False)):
        counts.append(conv2d_params(3, in_channels=shape[2], filters=filters))
        shape = conv2d_output_shape(shape, 3, filters)
        shape = pool2d_output_shape(shape) if is_pooled else shape
    assert shape == (4, 4, 64)
    counts += [dense_params(flatten_size(shape), 64), dense_params(64, 10)]
    assert sum(counts) == 122_570


def test_bottleneck_takes_fewer_parameters():
    direct = conv2d_params(5, in_channels=192, filters=32)
    through_16 = conv2d_params(1, 192, 16) + conv2d_params(5, 16, 32)
    assert (direct, through_16) == (153_632, 15_920)


def test_multiplications_are_one_dot_product_per_output_number():
    assert conv2d_multiplications((256, 256, 3), 3, filters=64) == 254 * 254 * 64 * 3 * 3 * 3
    assert conv2d_multiplications((9, 7, 2), (3, 2), filters=5, stride=(2, 3)) == 4 * 2 * 5 * 3 * 2 * 2
    assert conv2d_multiplications((9, 7, 2), (4, 2), 5, stride=2, padding="same") == 5 * 4 * 5 * 4 * 2 * 2


def test_dense_without_bias_and_two_dimensional_kernels():
    assert dense_params(10, 4) == 44
    assert dense_params(10, 4, bias=False) == 40
    assert conv2d_params((3, 5), 2, 4) == (3 * 5 * 2 + 1) * 4
    assert conv2d_params([3, 5], 2, 4, bias=False) == 3 * 5 * 2 * 4


def grouped_by_hand(shape, kernel, filters, stride, padding, groups):
    """Walk over a grouped convolution; return how many products it takes and which weights it uses."""
    rows, columns, _ = conv2d_output_shape(shape, kernel, filters, stride, padding)
    in_group, filters_in_group = shape[2] // groups, filters // groups
    products, weights = 0, set()
    for _place, unit in itertools.product(range(rows * columns), range(filters)):
        first = unit // filters_in_group * in_group
        for y, x, channel in itertools.product(range(kernel), range(kernel), range(first, first + in_group)):
            products += 1
            weights.add((unit, y, x, channel))
    return products, len(weights)


@pytest.mark.parametrize(
    ("shape", "kernel", "filters", "stride", "padding", "groups"),
    [((5, 6, 4), 3, 6, 1, 0, 2), ((5, 6, 4), 3, 8, 2, 1, 4), ((7, 7, 6), 2, 9, 1, "same", 3),
     ((4, 4, 5), 3, 5, 1, 1, 5), ((4, 4, 3), 1, 6, 3, 0, 3), ((6, 5, 4), 3, 2, 1, 0, 1)],
)  # fmt: skip
def test_groups_counted_by_hand(shape, kernel, filters, stride, padding, groups):
    products, weights = grouped_by_hand(shape, kernel, filters, stride, padding, groups)
    assert conv2d_multiplications(shape, kernel, filters, stride, padding, groups) == products
    assert conv2d_params(kernel, shape[2], filters, bias=False, groups=groups) == weights
    assert conv2d_params(kernel, shape[2], filters, groups=groups) == weights + filters


def test_parameters_of_groups_are_keras():
    import keras

    compared = 0
    for channels, filters, groups in itertools.product((2, 4, 6, 12), (2, 6, 8, 12), (1, 2, 3, 4, 6, 12)):
        if channels % groups or filters % groups:
            continue
        layer = keras.layers.Conv2D(filters, (3, 2), groups=groups)
        layer.build((None, 8, 8, channels))
        assert conv2d_params((3, 2), channels, filters, groups=groups) == layer.count_params()
        compared += 1
    assert compared > 30


def test_depthwise_is_one_group_for_each_channel():
    import keras

    layer = keras.layers.DepthwiseConv2D(3)
    layer.build((None, 8, 8, 7))
    assert conv2d_params(3, 7, 7, groups=7) == layer.count_params() == 7 * (9 + 1)
    assert conv2d_multiplications((8, 8, 7), 3, 7, groups=7) == 6 * 6 * 7 * 9


def test_dense_layer_multiplies_once_for_each_weight():
    assert dense_multiplications(400, 120) == 48_000
    assert dense_params(400, 120) - dense_multiplications(400, 120) == 120  # the biases are added only


# ------------------------------------------------------------------------------------- what one unit sees


@pytest.mark.parametrize(
    ("layers", "size", "jump"),
    [
        ([], 1, 1),
        ([(1, 1)], 1, 1),
        ([(3, 1), (3, 1)], 5, 1),  # two 3 x 3 layers see what one of 5 x 5 sees
        ([(5, 1)], 5, 1),
        ([(3, 1), (3, 1), (3, 1)], 7, 1),
        ([(3, 1), (2, 2), (3, 1), (2, 2)], 10, 4),  # the CIFAR-10 model up to its second pooling
        ([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)], 18, 4),
    ],
)
def test_receptive_fields_the_course_states(layers, size, jump):
    assert receptive_field(layers) == ((size, size), (jump, jump))


def pixels_that_change_units(size, layers):
    """Light one pixel after another of a dark picture and add up windows: bool, (pixels, rows, columns)."""
    maps = np.eye(size[0] * size[1]).reshape(-1, *size)
    for (f, g), (s, t), p in layers:
        pads = pad_amounts(maps.shape[1], f, s, p), pad_amounts(maps.shape[2], g, t, p)
        padded = np.pad(maps, [(0, 0), *pads])
        rows, columns = range(0, padded.shape[1] - f + 1, s), range(0, padded.shape[2] - g + 1, t)
        maps = np.array([[padded[:, i : i + f, j : j + g].sum((1, 2)) for j in columns] for i in rows])
        maps = maps.transpose(2, 0, 1)
    return maps > 0


def spans(seen):
    """Return the first and the last pixel, along each direction, that changed a unit, as slices."""
    found = [np.flatnonzero(seen.any(axis)) for axis in (1, 0)]
    return tuple(slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0) for at in found)


def random_stack(rng, size):
    """One to three layers that fit a picture of the given size, of which each may be wider than high."""
    layers, shape = [], (*size, 1)
    for _ in range(rng.integers(1, 4)):
        kernel, stride = (tuple(map(int, rng.integers(1, 4, 2))) for _ in "ks")
        padding = (0, 1, 2, "valid", "same")[rng.integers(5)]
        try:
            shape = conv2d_output_shape(shape, kernel, 1, stride, padding)
        except ValueError:
            break
        layers.append((kernel, stride, padding))
    return layers


@pytest.mark.parametrize("seed", range(60))
def test_a_unit_changes_with_the_pixels_it_is_said_to_see(seed):
    rng = np.random.default_rng(seed)
    size = tuple(map(int, rng.integers(5, 12, 2)))
    layers = random_stack(rng, size)
    seen = pixels_that_change_units(size, layers)
    field = receptive_field([layer[:2] for layer in layers])
    patches = []
    for i, j in np.ndindex(seen.shape[1:]):
        patch = receptive_patch(size, layers, (i, j))
        expected = spans(seen[:, i, j].reshape(size))
        assert patch == expected or (patch_is_empty(patch) and patch_is_empty(expected)), (i, j, layers)
        patches.append(patch)
        assert all(s.stop - s.start <= r for s, r in zip(patch, field.size, strict=True))
    if all(layer[2] in (0, "valid") for layer in layers):
        # Without padding every unit sees the full patch, and neighbours lie `jump` apart.
        starts = np.array([[s.start for s in patch] for patch in patches]).reshape(*seen.shape[1:], 2)
        assert {tuple(s.stop - s.start for s in patch) for patch in patches} == {field.size}
        assert (starts == np.indices(seen.shape[1:]).transpose(1, 2, 0) * field.jump).all()


def patch_is_empty(patch):
    return any(s.start == s.stop for s in patch)


def test_layer_after_a_leftover_pixel_does_not_see_it():
    # Windows of 3 at stride 2 leave the last of 10 pixels alone; padding in the next layer brings none of it.
    layers = [(3, 2, 0), (3, 1, "same")]
    assert receptive_patch(10, layers, unit=(3, 0)) == (slice(4, 9), slice(0, 5))


# -------------------------------------------------------------------------------------- against the world


def test_sizes_are_tensorflows():
    import tensorflow as tf

    compared = 0
    for n, f, s, padding in SETTINGS:
        if not fits(n, f, padding):
            continue
        tf_padding = padding.upper() if isinstance(padding, str) else [[0, 0], [padding] * 2, [0, 0], [0, 0]]
        # A 1-pixel wide picture keeps this quick: the width is the direction that we do not look at.
        y = tf.nn.conv2d(tf.zeros((1, n, 1, 1)), tf.zeros((f, 1, 1, 1)), (s, s), tf_padding)
        assert output_size(n, f, s, padding) == y.shape[1], (n, f, s, padding)
        compared += 1
    assert compared > 1500


def test_same_pads_where_tensorflow_pads():
    """A filter of powers of two, on ones, gives sums that say which entries lay on the picture."""
    import tensorflow as tf

    for n, f, s in itertools.product(range(1, 13), range(1, 7), range(1, 5)):
        weights = 2.0 ** np.arange(f)
        y = tf.nn.conv2d(tf.ones((1, n, 1, 1), tf.float64), weights.reshape(f, 1, 1, 1), (s, s), "SAME")
        padded = np.pad(np.ones(n), pad_amounts(n, f, s, "same"))
        ours = [weights @ padded[start : start + f] for start in range(0, len(padded) - f + 1, s)]
        np.testing.assert_array_equal(ours, np.ravel(y), err_msg=str((n, f, s)))


def test_even_filters_are_padded_more_after_than_before():
    assert pad_amounts(8, 2, padding="same") == (0, 1)
    assert pad_amounts(8, 4, padding="same") == (1, 2)
    assert pad_amounts(8, 3, padding="same") == (1, 1)
    assert pad_amounts(8, 3, padding=2) == (2, 2)
    assert pad_amounts(8, 3, padding="valid") == (0, 0)
    assert pad_amounts(7, 1, stride=4, padding="same") == (0, 0)  # never negative


@pytest.mark.parametrize("padding", PADDINGS)
def test_windows_and_leftovers_counted_by_hand(padding):
    compared = 0
    for n, f, s, p in SETTINGS:
        if p != padding or not fits(n, f, p):
            continue
        windows, padded = windows_by_hand(n, f, s, p)
        never_visited = set(range(padded)) - set().union(*windows)
        after = {pixel for pixel in never_visited if pixel > max(windows[-1])}
        assert output_size(n, f, s, p) == len(windows), (n, f, s)
        assert leftover(n, f, s, p) == len(never_visited), (n, f, s)
        assert leftover_parts(n, f, s, p) == (len(never_visited - after), len(after)), (n, f, s)
        compared += 1
    assert compared > 200


def test_results_are_plain_ints_whatever_integers_come_in():
    sizes = [np.int64(9), np.uint8(3), np.int32(2), np.int16(1)]
    assert output_size(*sizes) == output_size(9, 3, 2, 1) == 5
    assert type(output_size(*sizes)) is int
    assert all(type(entry) is int for entry in conv2d_output_shape(np.zeros((9, 9, 1)).shape, sizes[1], 2))


def test_examples_in_docstrings():
    result = doctest.testmod(geometry)
    assert result.attempted >= 10
    assert result.failed == 0


def test_import_needs_neither_numpy_nor_tensorflow():
    code = "import sys, notmagic.geometry; print({'numpy', 'tensorflow', 'matplotlib'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


# ------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: output_size(4, 5), ValueError,
         "a 5 x 5 filter does not fit a 4 x 4 input with padding 0; padding 1 or a filter "
         "of at most 4 would"),
        (lambda: output_size(4, 9, padding=1), ValueError,
         "a 9 x 9 filter does not fit a 4 x 4 input with padding 1; padding 3 or a filter "
         "of at most 6 would"),
        (lambda: pad_amounts(4, 5, padding="valid"), ValueError, "padding 1 or a filter of at most 4 would"),
        (lambda: leftover(4, 5), ValueError, "padding 1 or a filter of at most 4 would"),
        (lambda: conv2d_output_shape((4, 9, 3), (5, 3), 2), ValueError,
         "a 5 x 3 filter does not fit a 4 x 9 input with padding 0; padding 1 or a filter "
         "of at most 4 x 9 would"),
        (lambda: pool2d_output_shape((3, 5, 1), 4), ValueError,
         "a 4 x 4 pooling window does not fit a 3 x 5 input with padding 0"),
        (lambda: pool2d_output_shape((8, 8, 1), (2, 3), padding=2), ValueError,
         "padding 2 puts some 2 x 3 pooling windows wholly on padding, where there is nothing to pool; "
         "use padding of at most 1"),
        (lambda: output_size(4.0, 3), TypeError, "input_size must be a whole number, got 4.0 (float); write"),
        (lambda: output_size(None, 3), TypeError, "input_size must be a whole number, got None (NoneType)"),
        (lambda: output_size(4, True), TypeError, "kernel_size must be a whole number, got True; write"),
        (lambda: output_size(4, np.True_), TypeError, "kernel_size must be a whole number"),
        (lambda: output_size(4, 3, "2"), TypeError, "stride must be a whole number, got '2' (str)"),
        (lambda: output_size(4, 3, 0), ValueError, "stride must be at least 1, got 0; give a larger"),
        (lambda: output_size(0, 3), ValueError, "input_size must be at least 1, got 0"),
        (lambda: output_size(4, -3), ValueError, "kernel_size must be at least 1, got -3"),
        (lambda: output_size(4, 3, padding=-1), ValueError, "padding must be at least 0, got -1"),
        (lambda: output_size(4, 3, padding=1.0), TypeError,
         "padding must be a whole number, got 1.0 (float)"),
        (lambda: output_size(4, 3, padding=False), TypeError, "padding must be a whole number, got False"),
        (lambda: output_size(4, 3, padding="full"), ValueError,
         "unknown padding 'full'; use \"valid\" (none), \"same\""),
        (lambda: output_size(4, 3, padding="SAME"), ValueError, "unknown padding 'SAME'"),
        (lambda: conv2d_params((3, 3, 3), 3, 1), ValueError,
         "kernel_size has 3 entries, (3, 3, 3); give one whole number for both directions or a pair"),
        (lambda: conv2d_params((3, 1.5), 3, 1), TypeError, "kernel_size[1] must be a whole number, got 1.5"),
        (lambda: conv2d_params("33", 3, 1), TypeError, "kernel_size must be a whole number, got '33'"),
        (lambda: conv2d_params(3, 0, 1), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: conv2d_params(3, 3, 0), ValueError, "filters must be at least 1, got 0"),
        (lambda: conv2d_params(3, 3, 1, bias=1), TypeError, "bias must be True or False, got 1"),
        (lambda: conv2d_params(3, 4, 6, groups=4), ValueError,
         "6 filters cannot be divided into 4 groups; with 4 channels and 6 filters, groups can be 1, 2"),
        (lambda: conv2d_multiplications((8, 8, 3), 3, 4, groups=2), ValueError,
         "3 channels cannot be divided into 2 groups; with 3 channels and 4 filters, groups can be 1"),
        (lambda: conv2d_params(3, 240, 240, groups=7), ValueError, "can be 1, 2, 3, 4, 5, 6, 8, 10, ..."),
        (lambda: conv2d_params(3, 4, 4, groups=0), ValueError, "groups must be at least 1, got 0"),
        (lambda: conv2d_params(3, 4, 4, groups=2.0), TypeError, "groups must be a whole number, got 2.0"),
        (lambda: dense_multiplications(10, 2.5), TypeError, "units must be a whole number, got 2.5 (float)"),
        (lambda: dense_params(10, 4, 4), TypeError, "bias must be True or False, got 4"),
        (lambda: dense_params(10, 2.5), TypeError, "units must be a whole number, got 2.5 (float)"),
        (lambda: dense_params(-1, 2), ValueError, "inputs must be at least 1, got -1"),
        (lambda: conv2d_output_shape((8, 8), 3, 1), ValueError,
         "input_shape must be (height, width, channels), got (8, 8) with 2 entries; leave "
         "the batch axis out"),
        (lambda: conv2d_output_shape((1, 8, 8, 3), 3, 1), ValueError,
         "with 4 entries; leave the batch axis out"),
        (lambda: conv2d_output_shape((8, None, 3), 3, 1), TypeError,
         "the width in input_shape must be a whole"),
        (lambda: conv2d_output_shape(8, 3, 1), TypeError,
         "input_shape must be a tuple of whole numbers, got 8"),
        (lambda: flatten_size(245), TypeError,
         "shape must be a tuple of whole numbers, got 245; write it as"),
        (lambda: flatten_size((7, 7.0)), TypeError,
         "each entry of the shape must be a whole number, got 7.0"),
        (lambda: receptive_field(3), TypeError, "layers must be a list, got 3; write a pair for each"),
        (lambda: receptive_field([3]), ValueError,
         "layers[0] is 3; give (kernel_size, stride), such as (3, 1)"),
        (lambda: receptive_field([(3, 1), (2, 2, 0)]), ValueError,
         "layers[1] is (2, 2, 0); give (kernel_size, stride), such as"),
        (lambda: receptive_field([(3, 1), (2, 0)]), ValueError,
         "the stride in layers[1] must be at least 1, got 0"),
        (lambda: receptive_patch(8, [(3,)], (0, 0)), ValueError,
         "layers[0] is (3,); give (kernel_size, stride) or (kernel_size, stride, padding)"),
        (lambda: receptive_patch(8, [(3, 1, "full")], (0, 0)), ValueError, "unknown padding 'full'"),
        (lambda: receptive_patch(8, [(3, 1), (7, 1)], (0, 0)), ValueError,
         "a 7 x 7 filter does not fit a 6 x 6 input with padding 0"),
        (lambda: receptive_patch(8, [(3, 1)], (0, 6)), ValueError,
         "there is no unit (0, 6) in a 6 x 6 feature map; the last is (5, 5)"),
        (lambda: receptive_patch(8, [(3, 1)], (-1, 0)), ValueError, "unit[0] must be at least 0, got -1"),
        (lambda: receptive_patch(8, [(3, 1)], (1,)), ValueError,
         "unit has 1 entries, (1,); give (row, column)"),
    ],
)
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_what_the_misfit_message_proposes_does_fit():
    for n, f, padding in itertools.product(range(1, 8), range(1, 12), (0, 1, 2)):
        if fits(n, f, padding):
            continue
        with pytest.raises(ValueError, match="does not fit") as caught:
            output_size(n, f, padding=padding)
        numbers = re.search(r"; padding (\d+) or .* at most (\d+) ", str(caught.value)).groups()
        proposed, largest = map(int, numbers)
        assert output_size(n, f, padding=proposed) >= 1
        assert not fits(n, f, proposed - 1)
        assert output_size(n, largest, padding=padding) == 1
