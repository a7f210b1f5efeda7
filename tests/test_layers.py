"""Layers against TensorFlow (forward and gradients), against finite differences, and their messages."""

import doctest
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic import layers
from notmagic.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    Layer,
    MaxPooling2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)

# Everything is compared in float64, where a right answer differs in the last digits only.
TOLERANCE = {"rtol": 1e-9, "atol": 1e-10}
# The same examples every time: a failure in CI is then a failure here.
property_test = settings(max_examples=150, deadline=None, derandomize=True)

sizes = st.integers(1, 12)
channels = st.integers(1, 5)
steps = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
paddings = st.sampled_from(["valid", "same", "same", 0, 1, 2, 3])


@st.composite
def window_settings(draw, is_pooling=False):
    """Draw a shape, a window (square or not), steps and a padding that fit each other."""
    padding = draw(paddings)
    margin = 0 if isinstance(padding, str) else padding
    height, width = draw(sizes), draw(sizes)
    limits = [5 if padding == "same" else min(5, n + 2 * margin) for n in (height, width)]
    least = margin + 1 if is_pooling else 1  # no pooling window may lie on padding alone
    if least > min(limits):
        padding, least, limits = "valid", 1, [min(5, height), min(5, width)]
    window = tuple(draw(st.integers(least, limit)) for limit in limits)
    stride = (draw(steps), draw(steps))
    return (draw(st.integers(1, 3)), height, width, draw(channels)), window, stride, padding


def tf_padding(padding):
    """Write a padding as TensorFlow does."""
    if isinstance(padding, str):
        return padding.upper()
    return [[0, 0], [padding, padding], [padding, padding], [0, 0]]


def tf_forward_and_gradients(function, arrays, dy_seed):
    """Return TensorFlow's output, a random dy of its shape, and the gradients for all arrays."""
    import tensorflow as tf

    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    dy = np.random.default_rng(dy_seed).standard_normal(y.shape)
    gradients = tape.gradient(y, tensors, tf.constant(dy))
    return y.numpy(), dy, [gradient.numpy() for gradient in gradients]


def assert_agrees(layer, function, x, seed):
    """Compare a layer with TensorFlow: output, gradient for the input, and for each weight."""
    y = layer(x)
    expected, dy, (expected_dx, *expected_gradients) = tf_forward_and_gradients(
        function, [x, *layer.weights], seed
    )
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *expected.shape[1:])
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, expected, **TOLERANCE)
    dx = layer.backward(dy)
    assert dx.shape == x.shape
    np.testing.assert_allclose(dx, expected_dx, err_msg="dx", **TOLERANCE)
    assert len(layer.gradients) == len(expected_gradients)
    names = ("dkernel", "dbias")[: len(expected_gradients)]
    for gradient, wanted, name in zip(layer.gradients, expected_gradients, names, strict=True):
        np.testing.assert_allclose(gradient, wanted, err_msg=name, **TOLERANCE)


def randomise(layer, rng):
    """Give a built layer random weights, its bias too: a bias of zero hides mistakes."""
    layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.weights])


# ---------------------------------------------------------------------------------- against TensorFlow


@property_test
@given(window_settings(), st.integers(1, 5), st.booleans(), seeds)
def test_conv2d_agrees_with_tensorflow(setting, filters, use_bias, seed):
    import tensorflow as tf

    shape, window, stride, padding = setting
    rng = np.random.default_rng(seed)
    layer = Conv2D(filters, window, stride, padding, use_bias, dtype="float64")
    layer.build(shape)
    randomise(layer, rng)

    def function(x, kernel, bias=0.0):
        return tf.nn.conv2d(x, kernel, stride, tf_padding(padding)) + bias

    assert_agrees(layer, function, rng.standard_normal(shape), seed)


@property_test
@given(window_settings(is_pooling=True), st.booleans(), seeds)
def test_max_pooling_agrees_with_tensorflow(setting, has_ties, seed):
    import tensorflow as tf

    shape, window, stride, padding = setting
    rng = np.random.default_rng(seed)
    # Few different numbers make ties, all below zero: padding with zeros would win.
    x = rng.integers(-3, 0, shape).astype(float) if has_ties else rng.standard_normal(shape) - 3

    def function(x):
        if isinstance(padding, str):
            return tf.nn.max_pool2d(x, window, stride, padding.upper())
        lowest = tf.constant(-np.inf, x.dtype)
        padded = tf.pad(x, tf_padding(padding), constant_values=lowest)
        return tf.nn.max_pool2d(padded, window, stride, "VALID")

    assert_agrees(MaxPooling2D(window, stride, padding, dtype="float64"), function, x, seed)


@property_test
@given(window_settings(is_pooling=True), seeds)
def test_average_pooling_agrees_with_tensorflow(setting, seed):
    import tensorflow as tf

    shape, window, stride, padding = setting

    def function(x):
        if isinstance(padding, str):
            return tf.nn.avg_pool2d(x, window, stride, padding.upper())
        # The mean with zeros, over the mean of ones and zeros: the padding drops out.
        padded, real = (tf.pad(values, tf_padding(padding)) for values in (x, tf.ones_like(x)))
        mean, share = (tf.nn.avg_pool2d(values, window, stride, "VALID") for values in (padded, real))
        return mean / share

    x = np.random.default_rng(seed).standard_normal(shape)
    assert_agrees(AveragePooling2D(window, stride, padding, dtype="float64"), function, x, seed)


@property_test
@given(st.tuples(st.integers(1, 3), sizes, sizes, channels), st.booleans(), st.booleans(), seeds)
def test_global_pooling_agrees_with_tensorflow(shape, keepdims, has_ties, seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    # Few different numbers make ties, all below zero: a maximum that starts from zero would win.
    x = rng.integers(-3, 0, shape).astype(float) if has_ties else rng.standard_normal(shape) - 3
    for layer, reduce in ((GlobalMaxPooling2D, tf.reduce_max), (GlobalAveragePooling2D, tf.reduce_mean)):

        def function(x, reduce=reduce):
            return reduce(x, axis=(1, 2), keepdims=keepdims)

        assert_agrees(layer(keepdims, dtype="float64"), function, x, seed)


@property_test
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(1, 6), st.booleans(), seeds)
def test_dense_agrees_with_tensorflow(shape, units, use_bias, seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    layer = Dense(units, use_bias, dtype="float64")
    layer.build(tuple(shape))
    randomise(layer, rng)

    def function(x, kernel, bias=0.0):
        return tf.tensordot(x, kernel, axes=1) + bias

    assert_agrees(layer, function, rng.standard_normal(shape), seed)


@property_test
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.sampled_from([1.0, 1000.0]), seeds)
def test_layers_without_weights_agree_with_tensorflow(shape, spread, seed):
    import tensorflow as tf

    x = spread * np.random.default_rng(seed).standard_normal(shape)
    x[..., 0] = 0.0  # where ReLU has no derivative and TensorFlow takes 0
    assert_agrees(ReLU(dtype="float64"), tf.nn.relu, x, seed)
    assert_agrees(Sigmoid(dtype="float64"), tf.sigmoid, x, seed)
    assert_agrees(Tanh(dtype="float64"), tf.tanh, x, seed)
    assert_agrees(Softmax(dtype="float64"), tf.nn.softmax, x, seed)
    assert_agrees(Flatten(dtype="float64"), lambda x: tf.reshape(x, (shape[0], -1)), x, seed)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_keras_layers_give_the_same_with_the_same_arguments_and_weights(padding):
    import keras

    x = np.random.default_rng(0).standard_normal((2, 11, 9, 3), dtype=np.float32)
    pairs = [
        (Conv2D, keras.layers.Conv2D,
         {"filters": 4, "kernel_size": (4, 3), "strides": 2, "padding": padding}),
        (MaxPooling2D, keras.layers.MaxPooling2D, {"pool_size": 3, "padding": padding}),
        (AveragePooling2D, keras.layers.AveragePooling2D, {"pool_size": 2, "strides": 3, "padding": padding}),
        (GlobalMaxPooling2D, keras.layers.GlobalMaxPooling2D, {}),
        (GlobalAveragePooling2D, keras.layers.GlobalAveragePooling2D, {"keepdims": True}),
        (Dense, keras.layers.Dense, {"units": 5, "use_bias": True}),
        (Flatten, keras.layers.Flatten, {}),
        (ReLU, keras.layers.ReLU, {}),
        (Softmax, keras.layers.Softmax, {}),
        (Sigmoid, lambda: keras.layers.Activation("sigmoid"), {}),
        (Tanh, lambda: keras.layers.Activation("tanh"), {}),
    ]
    for our_class, keras_class, arguments in pairs:
        ours, theirs = our_class(**arguments), keras_class(**arguments)
        ours.build((None, 11, 9, 3))
        expected = theirs(x).numpy()
        ours.set_weights(theirs.get_weights())
        np.testing.assert_allclose(ours(x), expected, rtol=1e-5, atol=1e-5)
        assert ours(x).dtype == np.float32
        assert ours.count_params() == theirs.count_params()
        shape = (None, 11, 9, 3)
        assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)


# ------------------------------------------------------------------------------- against finite differences


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2D(3, (2, 3), strides=(2, 1), padding="same", seed=1, dtype="float64"), (2, 5, 6, 2)),
        (Conv2D(2, 4, strides=(1, 3), padding=2, seed=2, dtype="float64"), (2, 5, 7, 3)),
        (MaxPooling2D((2, 3), strides=(1, 2), padding="same", dtype="float64"), (2, 5, 6, 2)),
        (AveragePooling2D((3, 2), strides=(2, 1), padding=1, dtype="float64"), (2, 5, 6, 2)),
        (GlobalMaxPooling2D(dtype="float64"), (2, 3, 4, 2)),
        (GlobalAveragePooling2D(keepdims=True, dtype="float64"), (2, 3, 4, 2)),
        (Dense(3, seed=3, dtype="float64"), (4, 5)),
        (Flatten(dtype="float64"), (2, 3, 2)),
        (ReLU(dtype="float64"), (3, 4)),
        (Sigmoid(dtype="float64"), (3, 4)),
        (Softmax(dtype="float64"), (3, 4)),
        (Tanh(dtype="float64"), (3, 4)),
    ],
    ids=repr,
)
def test_gradients_are_the_slopes_measured_by_small_steps(layer, shape):
    rng = np.random.default_rng(0)
    x = rng.permutation(np.linspace(-2, 2, int(np.prod(shape)))).reshape(shape)  # no ties, no zero
    dy = rng.standard_normal(layer(x).shape)
    gradients = [layer.backward(dy).copy(), *(gradient.copy() for gradient in layer.gradients)]
    for array, gradient in zip([x, *layer.weights], gradients, strict=True):
        measured = np.empty_like(array)
        for place in np.ndindex(array.shape):
            losses = []
            before = array[place]
            for step in (1e-5, -1e-5):
                array[place] = before + step
                losses.append((layer(x) * dy).sum())
            array[place] = before
            measured[place] = (losses[0] - losses[1]) / 2e-5
        np.testing.assert_allclose(gradient, measured, rtol=1e-6, atol=1e-7)


# ---------------------------------------------------------------------------------------- what layers promise


def test_a_filter_spans_the_depth_and_pooling_never_mixes_channels():
    x = np.random.default_rng(0).standard_normal((1, 8, 8, 3))
    conv, pool = Conv2D(1, 3, seed=0, dtype="float64"), MaxPooling2D(dtype="float64")
    before_conv, before_pool = conv(x), pool(x)
    x[..., 1] += 1  # one channel only
    assert (conv(x) != before_conv).all()
    changed = (pool(x) != before_pool).any(axis=(0, 1, 2))
    assert changed.tolist() == [False, True, False]


def test_max_pooling_gives_a_tie_to_the_first_pixel_in_reading_order():
    pool = MaxPooling2D()
    pool(np.array([[1, 7], [7, 7]]).reshape(1, 2, 2, 1))
    assert pool.backward([[[[5.0]]]]).reshape(2, 2).tolist() == [[0, 5], [0, 0]]


@pytest.mark.parametrize(
    "make",
    [lambda: Conv2D(3, 2, padding="same", seed=0, dtype="float64"), lambda: MaxPooling2D(dtype="float64"),
     lambda: MaxPooling2D(3, 1, "same", dtype="float64")],
)
def test_groups_of_images_give_what_the_whole_batch_gives(make, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (7, 6, 5, 2)).astype(float)
    dy = rng.standard_normal(make()(x).shape)
    results = []
    # An image of the convolution takes 6 * 5 * 8 * 8 = 1,920 bytes, one of the pooling at least 480: groups
    # of one, of a few with a smaller one at the end, and of all.
    for group_bytes in (1, 2_000, 4_000, 2**20):
        monkeypatch.setattr(layers, "_GROUP_BYTES", group_bytes)
        layer = make()
        results.append([layer(x), layer.backward(dy), *layer.gradients])
    for result in results[:-1]:
        for array, expected in zip(result, results[-1], strict=True):
            np.testing.assert_allclose(array, expected, **TOLERANCE)


def test_backward_may_leave_the_gradient_for_the_input_out():
    x = np.random.default_rng(0).standard_normal((2, 6, 6, 3))
    for layer in (Conv2D(2, 3, seed=0), Dense(2, seed=0), ReLU()):
        dy = np.ones(layer(x).shape)
        assert layer.backward(dy).shape == x.shape
        expected = layer.gradients
        layer(x)
        assert layer.backward(dy, with_dx=False) is None
        assert len(layer.gradients) == len(expected)
        for gradient, wanted in zip(layer.gradients, expected, strict=True):
            np.testing.assert_array_equal(gradient, wanted)


def test_global_max_pooling_shares_a_tie():
    pool = GlobalMaxPooling2D()
    assert pool(np.array([[1, 7], [7, 7]]).reshape(1, 2, 2, 1)).tolist() == [[7]]
    assert pool.backward([[6.0]]).reshape(2, 2).tolist() == [[0, 2], [2, 2]]


def test_average_pooling_leaves_padding_out_of_the_mean():
    ones = np.ones((1, 3, 3, 1))
    assert (AveragePooling2D(2, 2, "same")(ones) == 1).all()
    assert (AveragePooling2D(2, 1, padding=1)(ones) == 1).all()


def test_softmax_of_huge_scores_is_finite_and_sums_to_one():
    p = Softmax()([[1000.0, 1001.0, -1000.0]])
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(), 1, rtol=1e-6)


def test_sigmoid_and_tanh_are_finite_far_out_on_both_sides_and_exact_in_the_middle():
    far = np.array([[-1e4, -100.0, -10.0, 0.0, 10.0, 100.0, 1e4]])
    with np.errstate(all="raise", under="ignore"):  # no overflow on the way either
        for dtype in ("float32", "float64"):
            sigmoid, tanh = Sigmoid(dtype=dtype), Tanh(dtype=dtype)
            s, t = sigmoid(far)[0], tanh(far)[0]
            assert (s[0], s[3], s[-1]) == (0, 0.5, 1)
            assert (t[0], t[3], t[-1]) == (-1, 0, 1)
            # Small probabilities keep their digits: 1 - 1 / (1 + exp(10)) would lose them in float32.
            np.testing.assert_allclose(s[2], np.exp(-10) / (1 + np.exp(-10)), rtol=1e-6)
            np.testing.assert_allclose(s[1], np.exp(-100), rtol=1e-4, atol=1e-38)
            assert np.isfinite(sigmoid.backward(np.ones((1, 7)))).all()
            assert np.isfinite(tanh.backward(np.ones((1, 7)))).all()


def test_the_steepest_slopes_are_a_quarter_and_one():
    for layer, slope in ((Sigmoid(), 0.25), (Tanh(), 1.0)):
        layer([[0.0, 1.0, -1.0]])
        slopes = layer.backward(np.ones((1, 3)))[0]
        assert slopes[0] == slope == slopes.max()
        assert slopes[1] == pytest.approx(slopes[2])


def test_input_writes_shapes_as_layers_do():
    assert Input((64,)).shape == (None, 64)
    assert Input([32, 32, 3]).shape == (None, 32, 32, 3)
    assert repr(Input((64,))) == "Input((64,))"


def test_whole_numbers_come_in_and_float32_comes_out():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 6, 3), dtype=np.uint8)
    for layer in (Conv2D(2, 3), MaxPooling2D(), AveragePooling2D(), GlobalMaxPooling2D(),
                  GlobalAveragePooling2D(), Flatten(), Dense(2), ReLU(), Sigmoid(), Softmax(), Tanh()):
        y = layer(pixels)
        assert y.dtype == np.float32, layer
        assert layer.backward(np.ones(y.shape)).dtype == np.float32, layer
        assert all(gradient.dtype == np.float32 for gradient in layer.gradients), layer


def test_callers_arrays_are_left_alone_and_outputs_may_be_changed():
    x = np.random.default_rng(0).standard_normal((2, 6, 6, 3)).astype(np.float32)
    for make in (lambda: Conv2D(2, 3, seed=0), MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D,
                 GlobalAveragePooling2D, ReLU, Sigmoid, Softmax, Tanh):
        original, layer, untouched = x.copy(), make(), make()
        dy = np.ones(untouched(x).shape, np.float32)
        layer(x)[...] = -1  # as an in-place operation after the layer would
        np.testing.assert_array_equal(layer.backward(dy), untouched.backward(dy))
        np.testing.assert_array_equal(x, original)
        assert (dy == 1).all()


def test_first_weights_are_glorot_uniform_and_repeatable():
    layer, again, other = (Conv2D(64, 5, seed=seed) for seed in (7, 7, 8))
    for one in (layer, again, other):
        one.build((None, 32, 32, 16))
    limit = np.sqrt(6 / (25 * 16 + 25 * 64))
    assert 0.99 * limit < np.abs(layer.kernel).max() <= limit
    assert abs(layer.kernel.std() - limit / np.sqrt(3)) < 0.01 * limit
    assert (layer.bias == 0).all()
    assert (layer.kernel == again.kernel).all()
    assert (layer.kernel != other.kernel).any()
    dense = Dense(300, seed=np.random.default_rng(1))
    dense.build((None, 500))
    assert 0.99 * np.sqrt(6 / 800) < np.abs(dense.kernel).max() <= np.sqrt(6 / 800)


def test_weights_are_the_arrays_themselves_and_copies_are_copies():
    layer = Conv2D(2, 3, seed=0)
    assert layer.weights == []
    layer.build((None, 5, 5, 1))
    kept = layer.get_weights()
    layer.weights[0] -= 1  # an optimiser's step
    assert (layer.kernel == kept[0] - 1).all()
    layer.set_weights(kept)
    assert (layer.kernel == kept[0]).all()
    kept[0][...] = 9
    assert (layer.kernel != 9).all()
    assert [weight.shape for weight in Conv2D(2, 3, use_bias=False).weights] == []


def test_parameters_are_counted():
    conv, dense = Conv2D(64, 3), Dense(1)
    conv.build((None, 256, 256, 3))
    dense.build((None, 196_608))
    assert (conv.count_params(), dense.count_params()) == (1_792, 196_609)
    for layer in (MaxPooling2D(), AveragePooling2D()):
        layer.build((None, 256, 256, 64))
        assert layer.count_params() == 0
        assert layer.compute_output_shape((None, 256, 256, 64)) == (None, 128, 128, 64)


def test_batches_and_image_sizes_may_change_between_calls():
    layer = Conv2D(2, 3, seed=0)
    assert layer(np.zeros((4, 8, 8, 3))).shape == (4, 6, 6, 2)
    kernel = layer.kernel
    assert layer(np.zeros((1, 5, 9, 3))).shape == (1, 3, 7, 2)
    assert layer.kernel is kernel


@pytest.mark.parametrize(
    "make",
    [lambda: Conv2D(2, 3), MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D, GlobalAveragePooling2D,
     Flatten, ReLU, Sigmoid, Softmax, Tanh, lambda: Dense(2)],
)
def test_an_empty_batch_passes_through(make):
    layer = make()
    y = layer(np.zeros((0, 8, 6, 3)))
    assert y.shape == (0, *layer.compute_output_shape((1, 8, 6, 3))[1:])
    assert layer.backward(y).shape == (0, 8, 6, 3)
    assert all((gradient == 0).all() for gradient in layer.gradients)


def test_layers_describe_themselves_without_memory_addresses():
    assert repr(Conv2D(32, 3)) == (
        "Conv2D(32, kernel_size=(3, 3), strides=(1, 1), padding='valid', use_bias=True)"
    )
    assert repr(MaxPooling2D()) == "MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding='valid')"
    assert repr(GlobalMaxPooling2D()) == "GlobalMaxPooling2D(keepdims=False)"
    assert repr(Dense(3)) == "Dense(3, use_bias=True)"
    assert [repr(Flatten()), repr(ReLU())] == ["Flatten()", "ReLU()"]


def test_examples_in_docstrings():
    result = doctest.testmod(layers)
    assert result.attempted >= 3
    assert result.failed == 0


def test_import_does_not_load_tensorflow():
    code = "import sys, notmagic.layers; print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


# ------------------------------------------------------------------------------------------------ errors


def built(layer, shape):
    layer.build(shape)
    return layer


def called(layer, shape):
    layer(np.zeros(shape))
    return layer


COLOUR = (2, 8, 8, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Conv2D(1, 3)(np.zeros((8, 8, 3))), ValueError,
         "conv2d expects a batch of images, (batch, height, width, channels), got shape "
         "(8, 8, 3) with 3 axes; "
         "a single colour image needs x[np.newaxis]"),
        (lambda: MaxPooling2D()(np.zeros((8, 8))), ValueError,
         "max_pooling2d expects a batch of images, (batch, height, width, channels), got shape (8, 8) with 2 "
         "axes; a single grey image needs x[np.newaxis, :, :, np.newaxis]"),
        (lambda: AveragePooling2D().build((1, 2, 3, 4, 5)), ValueError, "with 5 axes; leave out or add axes"),
        (lambda: built(Conv2D(1, 3, name="edges"), COLOUR)(np.zeros((2, 8, 8, 1))), ValueError,
         "edges was built for images with 3 channels, got 1 in the input of shape (2, 8, "
         "8, 1); a filter spans"),
        (lambda: Conv2D(1, 5)(np.zeros((1, 4, 4, 1))), ValueError,
         "a 5 x 5 filter does not fit a 4 x 4 input with padding 0; padding 1 or a filter "
         "of at most 4 would"),
        (lambda: MaxPooling2D(3)(np.zeros((1, 2, 2, 1))), ValueError,
         "a 3 x 3 pooling window does not fit a 2 x 2 input"),
        (lambda: GlobalMaxPooling2D()(np.zeros((8, 8, 3))), ValueError,
         "global_max_pooling2d expects a batch of images, (batch, height, width, channels), got shape "
         "(8, 8, 3) with 3 axes"),
        (lambda: GlobalAveragePooling2D()(np.zeros((2, 0, 8, 3))), ValueError,
         "each size of the image must be at least 1, got 0"),
        (lambda: MaxPooling2D(2, padding=2)(np.zeros(COLOUR)), ValueError, "wholly on padding"),
        (lambda: Conv2D(1.5, 3), TypeError, "filters must be a whole number, got 1.5"),
        (lambda: Conv2D(1, 0), ValueError, "kernel_size must be at least 1, got 0"),
        (lambda: Conv2D(1, 3, strides=(1, 2, 3)), ValueError, "strides has 3 entries, (1, 2, 3)"),
        (lambda: Conv2D(1, 3, padding="full"), ValueError, "unknown padding 'full'"),
        (lambda: MaxPooling2D(pool_size=True), TypeError, "pool_size must be a whole number, got True"),
        (lambda: Dense(0), ValueError, "units must be at least 1, got 0"),
        (lambda: Dense(2)(np.zeros(5)), ValueError,
         "dense expects an input with at least 2 axes, the first of them the batch, got shape (5,); give a"),
        (lambda: built(Dense(2), (None, 5))(np.zeros((1, 6))), ValueError,
         "dense was built for 5 inputs, got 6 in the input of shape (1, 6); put a Flatten before it"),
        (lambda: Flatten()(3.0), ValueError, "flatten expects an input with at least 1 axes"),
        (lambda: ReLU(dtype="int32"), TypeError,
         "re_lu computes with fractions, so dtype must be a floating-point type, got int32; use \"float32\""),
        (lambda: ReLU()(["a", "b"]), TypeError, "re_lu needs its input as real numbers, got an array of <U1"),
        (lambda: ReLU().backward([1.0]), RuntimeError, "re_lu has nothing to go back through"),
        (lambda: built(Conv2D(1, 3), COLOUR).backward(0), RuntimeError, "call the layer on a batch first"),
        (lambda: called(Conv2D(1, 3), COLOUR).backward(np.zeros(COLOUR)), ValueError,
         "conv2d gave an output of shape (2, 6, 6, 1), so its gradient must have that "
         "shape too, got (2, 8, 8, 3)"),
        (lambda: called(ReLU(), (1, 2)).backward(["a"]), TypeError,
         "re_lu needs the gradient of its output as"),
        (lambda: called(Conv2D(1, 3), COLOUR).gradients, RuntimeError,
         "conv2d has no gradients yet; call forward"),
        (lambda: Conv2D(1, 3).count_params(), RuntimeError,
         "conv2d is not built yet, so it has no weights; call"),
        (lambda: Dense(1).get_weights(), RuntimeError, "dense is not built yet"),
        (lambda: Dense(1).set_weights([]), RuntimeError, "dense is not built yet"),
        (lambda: built(Dense(1), (1, 2)).set_weights([np.zeros((2, 1))]), ValueError,
         "dense has 2 weight arrays, got 1; pass as many as get_weights() returns"),
        (lambda: built(Dense(1), (1, 2)).set_weights([np.zeros((1, 2)), [0]]), ValueError,
         "weight 0 of dense has shape (2, 1), got an array of shape (1, 2); pass arrays shaped as those"),
        (lambda: Input(64), TypeError, "one size for each axis of one example, got 64; write Input((64,)) f"),
        (lambda: Input((None, 64)), TypeError, "each size of shape must be a whole number, got None"),
        (lambda: Input((0,)), ValueError, "each size of shape must be at least 1, got 0"),
        (lambda: Layer().compute_output_shape((1,)), NotImplementedError, "Layer must define compute_output"),
        (lambda: Layer()._forward(0), NotImplementedError, "Layer must define _forward"),
        (lambda: Layer()._input_gradient(0), NotImplementedError, "Layer must define _input_gradient"),
    ],
)
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_gradients_of_an_earlier_batch_are_not_kept():
    layer = called(Dense(2), (3, 4))
    layer.backward(np.ones((3, 2)))
    assert len(layer.gradients) == 2
    layer(np.zeros((3, 4)))
    with pytest.raises(RuntimeError, match="no gradients yet"):
        _ = layer.gradients


def test_weights_that_do_not_match_change_nothing():
    layer = built(Dense(2, seed=0), (None, 4))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"weight 1 of dense has shape \(2,\), got an array of shape \(3,\)"):
        layer.set_weights([np.zeros((4, 2)), np.zeros(3)])
    assert (layer.kernel == before[0]).all()
