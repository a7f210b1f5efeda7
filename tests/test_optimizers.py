"""Optimisers against Keras, step by step, what they promise, and their messages."""

import doctest
import re

import numpy as np
import pytest

from notmagic import optimizers
from notmagic.optimizers import SGD, Adam, Optimizer

SETTINGS = [
    (SGD, {}),
    (SGD, {"learning_rate": 0.1, "momentum": 0.9}),
    (SGD, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    (SGD, {"learning_rate": 0.1, "nesterov": True}),  # without momentum there is nothing to look ahead along
    (Adam, {}),
    (Adam, {"learning_rate": 0.05, "beta_1": 0.7, "beta_2": 0.95, "epsilon": 1e-3}),
]
SHAPES = [(4, 3), (3,), (2, 2, 1, 5), ()]


def gradients_of_step(rng):
    """Draw gradients of very different sizes, some of them zero."""
    return [
        (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 3, shape) * (rng.random(shape) > 0.2))
        .astype("float32") for shape in SHAPES
    ]


@pytest.mark.parametrize(("our_class", "arguments"), SETTINGS)
def test_twenty_steps_are_those_of_keras(our_class, arguments):
    import keras

    rng = np.random.default_rng(0)
    weights = [np.asarray(rng.standard_normal(shape), "float32") for shape in SHAPES]
    variables = [keras.Variable(weight) for weight in weights]
    ours, theirs = our_class(**arguments), getattr(keras.optimizers, our_class.__name__)(**arguments)
    for step in range(20):
        gradients = gradients_of_step(rng)
        if step == 10:  # the learning rate may change on the way
            ours.learning_rate /= 2
            theirs.learning_rate = float(theirs.learning_rate) / 2
        ours.apply(gradients, weights)
        theirs.apply(gradients, variables)
        for weight, variable in zip(weights, variables, strict=True):
            np.testing.assert_allclose(weight, variable.numpy(), rtol=1e-5, atol=1e-6, err_msg=f"step {step}")
    assert ours.iterations == 20


@pytest.mark.parametrize(("our_class", "arguments"), SETTINGS)
def test_defaults_are_those_of_keras(our_class, arguments):
    import keras

    theirs = getattr(keras.optimizers, our_class.__name__)(**arguments)
    ours = our_class(**arguments)
    for name in ("momentum", "nesterov", "beta_1", "beta_2", "epsilon"):
        assert getattr(ours, name, None) == getattr(theirs, name, None)
    assert ours.learning_rate == pytest.approx(float(theirs.learning_rate))


@pytest.mark.parametrize(("our_class", "arguments"), SETTINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_change_in_place_and_keep_their_type(our_class, arguments, dtype):
    weight = np.ones((3, 2), dtype)
    gradient = np.ones((3, 2), dtype)
    optimizer = our_class(**arguments)
    optimizer.learning_rate = np.float64(0.25)  # a NumPy number must not turn float32 into float64
    optimizer.apply([gradient], [weight])
    assert weight.dtype == dtype
    assert (weight < 1).all()
    assert (gradient == 1).all()


def test_momentum_gathers_speed_along_a_steady_slope():
    plain, heavy = np.zeros(1), np.zeros(1)
    with_momentum, without = SGD(0.1, momentum=0.9), SGD(0.1)
    for _ in range(100):
        without.apply([np.ones(1)], [plain])
        with_momentum.apply([np.ones(1)], [heavy])
    # The last velocity is the sum of 0.1 * 0.9**k: ten times the plain step.
    before = heavy.copy()
    with_momentum.apply([np.ones(1)], [heavy])
    assert (before - heavy)[0] == pytest.approx(1.0, rel=1e-3)
    assert plain[0] == pytest.approx(-10)


def test_first_step_of_adam_has_the_length_of_the_learning_rate_whatever_the_slope():
    weights = [np.zeros(3)]
    Adam(0.01).apply([np.array([1000.0, -1.0, 0.01])], weights)
    np.testing.assert_allclose(weights[0], [-0.01, 0.01, -0.01], rtol=1e-3)


def test_names_give_new_optimisers():
    assert repr(optimizers.get("sgd")) == "SGD(learning_rate=0.01, momentum=0.0, nesterov=False)"
    described = "Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"
    assert repr(optimizers.get("Adam")) == described
    assert optimizers.get("sgd") is not optimizers.get("sgd")
    mine = SGD(1)
    assert optimizers.get(mine) is mine


def test_examples_in_docstrings():
    result = doctest.testmod(optimizers)
    assert result.attempted >= 3
    assert result.failed == 0


def stepped(optimizer):
    optimizer.apply([np.ones(2)], [np.zeros(2)])
    return optimizer


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD(-1), ValueError, "learning_rate must be at least 0 and finite, got -1; choose another"),
        (lambda: SGD(np.nan), ValueError, "learning_rate must be at least 0 and finite, got nan"),
        (lambda: SGD("fast"), TypeError, "learning_rate must be a number, got 'fast'; write one such as"),
        (lambda: setattr(SGD(), "learning_rate", np.inf), ValueError, "finite, got inf"),
        (lambda: SGD(momentum=1.5), ValueError, "momentum must be between 0 and 1 and finite, got 1.5"),
        (lambda: Adam(beta_1=1), ValueError, "beta_1 must be between 0 and 1"),
        (lambda: SGD().apply([np.ones(2)], []), ValueError, "there are 1 gradients for 0 weight arrays"),
        (lambda: SGD().apply([np.ones(2)], [np.ones(3)]), ValueError,
         "weight 0 has shape (3,), its gradient (2,); each gradient has the shape of its weight"),
        (lambda: SGD().apply([1.0], [1.0]), TypeError,
         "weight 0 is float, which a step cannot change in place"),
        (lambda: SGD().apply([np.ones(2)], [np.ones(2, int)]), TypeError, "weight 0 is an array of int64"),
        (lambda: stepped(SGD(momentum=0.9)).apply([np.ones(2)], [np.zeros(2)]), ValueError,
         "this optimiser remembers 1 steps of other weight arrays, which would push these the wrong way; m"),
        (lambda: stepped(Adam()).apply([], []), ValueError, "remembers 1 steps of other weight arrays"),
        (lambda: optimizers.get("rmsprop"), ValueError,
         "unknown optimizer 'rmsprop'; use one of 'sgd', 'adam'"),
        (lambda: optimizers.get(SGD), TypeError,
         "write for instance SGD(learning_rate=0.1), with the brackets"),
        (lambda: Optimizer(0.1).apply([np.ones(1)], [np.ones(1)]), NotImplementedError,
         "must define _update"),
    ],
)
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_a_wrong_call_changes_nothing():
    optimizer, first, second = SGD(0.1, momentum=0.9), np.zeros(2), np.zeros(3)
    with pytest.raises(ValueError, match="weight 1 has shape"):
        optimizer.apply([np.ones(2), np.ones(2)], [first, second])
    assert optimizer.iterations == 0
    assert (first == 0).all()


def test_without_memory_an_optimiser_serves_any_weights():
    optimizer = stepped(SGD(0.1))
    weight = np.zeros(3)
    optimizer.apply([np.ones(3)], [weight])
    np.testing.assert_allclose(weight, -0.1)
