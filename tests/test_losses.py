"""Losses against TensorFlow (values and gradients), far out where numbers overflow, and their messages."""

import doctest
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notmagic import losses
from notmagic.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)

# float64, where a right answer differs in the last digits; but Keras keeps its epsilon as a float32.
TOLERANCE = {"rtol": 1e-6, "atol": 1e-9}
property_test = settings(max_examples=60, deadline=None, derandomize=True)

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)
class_counts = st.integers(2, 6)
seeds = st.integers(0, 2**32 - 1)
spreads = st.sampled_from([1.0, 5.0, 60.0])  # the last gives probabilities beyond the cut, too


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def assert_agrees(ours, y_true, y_pred):
    """Compare value and gradient with the loss of the same name and arguments in Keras."""
    import keras
    import tensorflow as tf

    arguments = {"from_logits": True} if getattr(ours, "from_logits", False) else {}
    theirs = getattr(keras.losses, type(ours).__name__)(dtype="float64", **arguments)
    tensor = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = theirs(y_true, tensor)
    value, gradient = ours(y_true, y_pred), ours.gradient(y_true, y_pred)
    assert type(value) is float
    assert gradient.shape == y_pred.shape
    assert gradient.dtype == y_pred.dtype
    np.testing.assert_allclose(value, expected.numpy(), **TOLERANCE)
    np.testing.assert_allclose(gradient, tape.gradient(expected, tensor).numpy(), **TOLERANCE)


# ---------------------------------------------------------------------------------- against TensorFlow


@property_test
@given(shapes, st.sampled_from([0.1, 100.0]), seeds)
def test_mean_squared_error_agrees_with_keras(shape, spread, seed):
    rng = np.random.default_rng(seed)
    assert_agrees(MeanSquaredError(), spread * rng.standard_normal(shape), rng.standard_normal(shape))


@property_test
@given(shapes, st.booleans(), st.booleans(), spreads, seeds)
def test_binary_crossentropy_agrees_with_keras(shape, from_logits, is_soft, spread, seed):
    rng = np.random.default_rng(seed)
    y_true = rng.random(shape) if is_soft else rng.integers(0, 2, shape)
    y_pred = spread * rng.standard_normal(shape)
    if not from_logits:
        y_pred = 1 / (1 + np.exp(-y_pred))
    assert_agrees(BinaryCrossentropy(from_logits), y_true, y_pred)


@property_test
@given(shapes, class_counts, st.booleans(), st.booleans(), spreads, seeds)
def test_categorical_crossentropy_agrees_with_keras(shape, classes, from_logits, is_soft, spread, seed):
    rng = np.random.default_rng(seed)
    scores = spread * rng.standard_normal((*shape, classes))
    hard = np.eye(classes)[rng.integers(0, classes, shape)]
    y_true = softmax(rng.standard_normal(scores.shape)) if is_soft else hard
    assert_agrees(CategoricalCrossentropy(from_logits), y_true, scores if from_logits else softmax(scores))


@property_test
@given(shapes, class_counts, st.booleans(), spreads, seeds)
def test_sparse_categorical_crossentropy_agrees_with_keras(shape, classes, from_logits, spread, seed):
    rng = np.random.default_rng(seed)
    scores = spread * rng.standard_normal((*shape, classes))
    y_true = rng.integers(0, classes, shape)
    y_pred = scores if from_logits else softmax(scores)
    assert_agrees(SparseCategoricalCrossentropy(from_logits), y_true, y_pred)


# ------------------------------------------------------------------------------- against finite differences


@pytest.mark.parametrize("loss", [
    MeanSquaredError(), BinaryCrossentropy(), BinaryCrossentropy(True), CategoricalCrossentropy(True),
    SparseCategoricalCrossentropy(True),
], ids=repr)
def test_gradients_are_the_slopes_measured_by_small_steps(loss):
    rng = np.random.default_rng(1)
    y_pred = rng.uniform(0.1, 0.9, (4, 3))
    y_true = [2, 0, 1, 1] if loss.takes_class_numbers else np.eye(3)[[2, 0, 1, 1]]
    measured = np.empty_like(y_pred)
    for place in np.ndindex(y_pred.shape):
        step = np.zeros_like(y_pred)
        step[place] = 1e-6
        measured[place] = (loss(y_true, y_pred + step) - loss(y_true, y_pred - step)) / 2e-6
    np.testing.assert_allclose(loss.gradient(y_true, y_pred), measured, rtol=1e-6, atol=1e-8)


# ---------------------------------------------------------------------------------------- what losses promise


def test_logits_far_out_give_finite_losses_and_slopes_that_still_say_where_to_go():
    far = np.array([[1e4, -1e4]], np.float32)
    for loss, wrong in [
        (BinaryCrossentropy(True), [[0, 1]]),
        (CategoricalCrossentropy(True), [[0, 1]]),
        (SparseCategoricalCrossentropy(True), [1]),
    ]:
        assert math.isfinite(loss(wrong, far))
        assert loss(wrong, far) >= 1e4
        gradient = loss.gradient(wrong, far)
        assert gradient[0, 0] > 0 > gradient[0, 1]


def test_certainty_that_is_wrong_costs_no_more_than_the_cut_allows_and_has_no_slope():
    most = -math.log(losses.EPSILON)
    certain = np.array([[0.0, 1.0]])
    for loss, wrong in [
        (BinaryCrossentropy(), [[1, 0]]),
        (CategoricalCrossentropy(), [[1, 0]]),
        (SparseCategoricalCrossentropy(), [0]),
    ]:
        assert loss(wrong, certain) == pytest.approx(most, rel=1e-6)
        assert (loss.gradient(wrong, certain) == 0).all()


def test_three_ways_to_write_the_same_answer_give_the_same_loss():
    p = np.array([[0.2, 0.8], [0.7, 0.3]])
    as_numbers = SparseCategoricalCrossentropy()([1, 0], p)
    as_rows = CategoricalCrossentropy()([[0, 1], [1, 0]], p)
    as_one_probability = BinaryCrossentropy()([1, 0], p[:, 1:])
    assert as_numbers == pytest.approx(as_rows, rel=1e-6)
    assert as_numbers == pytest.approx(as_one_probability, rel=1e-6)
    assert as_numbers == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2, rel=1e-6)


def test_guessing_among_ten_classes_costs_the_logarithm_of_ten():
    assert SparseCategoricalCrossentropy()([3, 9], np.full((2, 10), 0.1)) == pytest.approx(math.log(10))


@pytest.mark.parametrize("labels", [[1, 0], [[1], [0]], np.array([1.0, 0.0]), np.array([1, 0], np.uint8),
                                    [True, False]])
def test_labels_may_come_as_a_row_a_column_or_another_type(labels):
    p = np.array([[0.2, 0.8], [0.7, 0.3]], np.float32)
    assert SparseCategoricalCrossentropy()(labels, p) == SparseCategoricalCrossentropy()([1, 0], p)
    column = p[:, :1]
    assert BinaryCrossentropy()(labels, column) == BinaryCrossentropy()([[1], [0]], column)
    assert BinaryCrossentropy().gradient(labels, column).dtype == np.float32
    assert MeanSquaredError()(labels, column) == MeanSquaredError()([[1], [0]], column)


def test_callers_arrays_are_left_alone():
    p = softmax(np.random.default_rng(0).standard_normal((4, 3)))
    for loss, y in [(SparseCategoricalCrossentropy(), np.array([0, 1, 2, 0])),
                    (SparseCategoricalCrossentropy(True), np.array([0, 1, 2, 0])),
                    (CategoricalCrossentropy(), np.eye(3)[[0, 1, 2, 0]]),
                    (BinaryCrossentropy(), np.eye(3)[[0, 1, 2, 0]])]:
        p_before, y_before = p.copy(), y.copy()
        loss(y, p), loss.gradient(y, p)
        assert (p == p_before).all()
        assert (y == y_before).all()


def test_names_and_descriptions():
    assert repr(losses.get("mean_squared_error")) == "MeanSquaredError()"
    assert repr(losses.get("binary_crossentropy")) == "BinaryCrossentropy(from_logits=False)"
    assert repr(losses.get("categorical_crossentropy")) == "CategoricalCrossentropy(from_logits=False)"
    assert repr(losses.get("sparse_categorical_crossentropy")) == (
        "SparseCategoricalCrossentropy(from_logits=False)"
    )
    mine = BinaryCrossentropy(from_logits=True)
    assert losses.get(mine) is mine


def test_examples_in_docstrings():
    result = doctest.testmod(losses)
    assert result.attempted >= 4
    assert result.failed == 0


# ------------------------------------------------------------------------------------------------ errors

TEN = np.full((4, 10), 0.1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MeanSquaredError()(np.ones(4), np.ones((4, 2))), ValueError,
         "y_true has shape (4,), y_pred (4, 2); they must be equal"),
        (lambda: MeanSquaredError()(np.ones((4, 4)), np.ones((4, 1))), ValueError,
         "y_true has shape (4, 4), y_pred (4, 1)"),
        (lambda: MeanSquaredError()(["a"], [1.0]), TypeError,
         "y_true must hold real numbers, got an array of <U1"),
        (lambda: MeanSquaredError()([1.0], ["a"]), TypeError, "y_pred must hold real numbers"),
        (lambda: MeanSquaredError()([], []), ValueError,
         "y_pred has shape (0,): there is nothing to take a mean"),
        (lambda: BinaryCrossentropy()([0, 1], [0.5, 1.5]), ValueError,
         "BinaryCrossentropy expects probabilities from 0 to 1 in y_pred, got numbers from 0.5 to 1.5; end "
         "the model with Sigmoid(), or set from_logits=True if these are scores"),
        (lambda: BinaryCrossentropy()([-1, 1], [0.5, 0.5]), ValueError,
         "expects answers from 0 to 1 in y_true, got numbers from -1 to 1; write the two classes as 0 and 1"),
        (lambda: BinaryCrossentropy()([0, 1], [[0.5, 0.5]]), ValueError,
         "y_true has shape (2,), y_pred (1, 2)"),
        (lambda: SparseCategoricalCrossentropy()([1, 2, 3, 10], TEN), ValueError,
         "y_true holds the label 10, but y_pred has 10 classes, which are numbered 0 to 9; these labels "
         "start at 1: subtract 1 from all of them, y - 1"),
        (lambda: SparseCategoricalCrossentropy()([0, 2, 3, 12], TEN), ValueError,
         "the label 12, but y_pred has 10 classes, which are numbered 0 to 9; give the last layer 13 units"),
        (lambda: SparseCategoricalCrossentropy()([0, 2, 3, -1], TEN), ValueError,
         "number the classes from 0"),
        (lambda: SparseCategoricalCrossentropy()([0, 2, 3, 0.5], TEN), ValueError,
         "y_true must hold class numbers, which are whole, got 0.5; use MeanSquaredError for amounts"),
        (lambda: SparseCategoricalCrossentropy()([0, 2, 3, np.nan], TEN), ValueError, "whole, got nan"),
        (lambda: SparseCategoricalCrossentropy()(np.eye(10)[:4], TEN), ValueError,
         "so y_true of shape (4,) for y_pred of shape (4, 10), got y_true of shape (4, 10); if these are "
         "one-hot rows, use CategoricalCrossentropy, or numbers: y.argmax(axis=-1)"),
        (lambda: SparseCategoricalCrossentropy()([0, 2], TEN), ValueError,
         "got y_true of shape (2,); pass as many"),
        (lambda: SparseCategoricalCrossentropy()([0, 1], [[0.5], [0.5]]), ValueError,
         "y_pred of shape (2, 1) has one only; use BinaryCrossentropy for one probability"),
        (lambda: SparseCategoricalCrossentropy()([0] * 4, 20 * TEN), ValueError,
         "from 2 to 2; end the model with S"),
        (lambda: SparseCategoricalCrossentropy()([0] * 4, 5 * TEN), ValueError,
         "expects the probabilities of the classes to sum to 1, got a sum of 5; end the model with Soft"),
        (lambda: CategoricalCrossentropy()([0, 1, 2, 3], TEN), ValueError,
         "got y_true of shape (4,) and y_pred of shape (4, 10); if these are class numbers, use "
         "SparseCategoricalCrossentropy, or write them one-hot with np.eye(10)[y]"),
        (lambda: CategoricalCrossentropy()(np.eye(9)[:4], TEN), ValueError,
         "y_true has shape (4, 9), y_pred (4, 10)"),
        (lambda: CategoricalCrossentropy()(2 * np.eye(10)[:4], TEN), ValueError,
         "got numbers from 0 to 2; write"),
        (lambda: CategoricalCrossentropy()(np.eye(10)[:4], 5 * TEN), ValueError, "got a sum of 5"),
        (lambda: losses.get("crossentropy"), ValueError, "unknown loss 'crossentropy'; use one of 'mse', "),
        (lambda: losses.get(MeanSquaredError), TypeError,
         "write for instance MeanSquaredError(), with the brackets"),
        (lambda: Loss()([1], [1]), NotImplementedError, "Loss must define check_labels"),
    ],
)
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
