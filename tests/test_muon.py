"""The optimiser Muon: steps that are about equally long in all directions, and Adam for the rest."""

import keras
import numpy as np
import pytest

from notmagic.muon import COEFFICIENTS, LENGTH, Muon, orthogonalised

RNG = np.random.default_rng(0)


def with_strengths(rows, columns, strengths):
    """Give a random matrix with these singular values, and the same with all of them 1."""
    left, _, right = np.linalg.svd(RNG.normal(size=(rows, columns)), full_matrices=False)
    return ((left * strengths) @ right).astype(np.float32), left @ right


def strengths_of(matrix):
    return np.linalg.svd(np.asarray(matrix), compute_uv=False)


# --- The matrix ---


@pytest.mark.parametrize("shape", [(60, 20), (20, 60), (20, 20), (9, 1)])
def test_strengths_from_a_hundredth_up_come_between_0_65_and_1_25(shape):
    strengths = np.geomspace(1, 0.05, min(shape))                      # the length of the matrix is below 3.2
    matrix, _ = with_strengths(*shape, strengths)
    now = strengths_of(orthogonalised(matrix))
    assert now.min() > 0.65 and now.max() < 1.25


def test_a_strength_goes_the_way_of_the_polynomial():
    a, b, c = COEFFICIENTS
    strengths = np.array([1.0, 0.3, 0.01])
    matrix, _ = with_strengths(8, 3, strengths)
    s = strengths / np.linalg.norm(strengths)
    for rounds in range(6):
        np.testing.assert_allclose(strengths_of(orthogonalised(matrix, rounds)), sorted(s, reverse=True),
                                   atol=2e-4)
        s = a * s + b * s**3 + c * s**5


def test_directions_are_kept():
    matrix, directions = with_strengths(30, 10, np.linspace(1, 0.5, 10))
    result = np.asarray(orthogonalised(matrix))
    overlap = (result * directions).sum() / np.linalg.norm(result) / np.linalg.norm(directions)
    assert overlap > 0.98
    np.testing.assert_allclose(orthogonalised(matrix.T), result.T, atol=1e-4)


def test_a_gradient_of_zeros_gives_a_step_of_zeros():
    np.testing.assert_array_equal(orthogonalised(np.zeros((6, 4), np.float32)), np.zeros((6, 4)))


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)])
def test_keras_makes_the_same_of_a_matrix(shape):
    matrix = RNG.normal(size=shape).astype(np.float32)
    theirs = keras.optimizers.Muon().zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(matrix), 5)
    np.testing.assert_allclose(orthogonalised(matrix), theirs, atol=1e-4)


# --- The optimiser ---


def trained(optimizer, epochs=1):
    """Train a small network; give it and how its arrays of weights have changed, by name."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(1)
    images, labels = rng.normal(size=(32, 8, 8, 3)).astype(np.float32), rng.integers(0, 3, 32)
    model = keras.Sequential([
        keras.Input((8, 8, 3)), keras.layers.Conv2D(6, 3, name="conv"), keras.layers.ReLU(),
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, name="logits"),
    ])  # fmt: skip
    before = model.get_weights()
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images, labels, batch_size=32, epochs=epochs, shuffle=False, verbose=0)
    names = [weight.path.split("/", 1)[1] for weight in model.weights]          # without the network's name
    changes = [after - first for first, after in zip(before, model.get_weights(), strict=True)]
    return model, dict(zip(names, changes, strict=True))


def test_the_first_step_of_a_convolution_is_as_long_in_all_directions():
    _, changes = trained(Muon(0.01, weight_decay=0.0))
    strengths = strengths_of(changes["conv/kernel"].reshape(27, 6))
    np.testing.assert_allclose(strengths, 0.01 * LENGTH * np.sqrt(27), rtol=0.36)
    _, by_adam = trained(keras.optimizers.Adam(0.01))
    uneven = strengths_of(by_adam["conv/kernel"].reshape(27, 6))
    assert uneven[0] / uneven[-1] > 2 * strengths[0] / strengths[-1]


def test_all_but_the_convolutions_go_as_with_adamw():
    _, ours = trained(Muon(0.01, weight_decay=0.1))
    _, theirs = trained(keras.optimizers.AdamW(0.01, weight_decay=0.1))
    for path in ("conv/bias", "logits/kernel", "logits/bias"):
        np.testing.assert_allclose(ours[path], theirs[path], atol=1e-7)
    assert np.abs(ours["conv/kernel"] - theirs["conv/kernel"]).max() > 1e-3


def test_weight_decay_takes_its_share_off_a_kernel():
    model, without = trained(Muon(0.01, weight_decay=0.0))
    _, with_decay = trained(Muon(0.01, weight_decay=0.5))
    first = model.get_layer("conv").kernel.numpy() - without["conv/kernel"]
    difference = with_decay["conv/kernel"] - without["conv/kernel"]
    np.testing.assert_allclose(difference, -0.01 * 0.5 * first, atol=1e-6)


def test_momentum_makes_later_steps_depend_on_earlier_ones():
    _, kept = trained(Muon(0.01, weight_decay=0.0, momentum=0.95), epochs=3)
    _, forgotten = trained(Muon(0.01, weight_decay=0.0, momentum=0.0), epochs=3)
    assert np.abs(kept["conv/kernel"] - forgotten["conv/kernel"]).max() > 1e-4


def test_a_network_saved_with_it_goes_on_as_if_it_had_not_stopped(tmp_path):
    cycle = keras.optimizers.schedules.CosineDecay(0.01, 10)
    model, _ = trained(Muon(cycle, weight_decay=0.05, momentum=0.9), epochs=2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, Muon) and again.optimizer.momentum == 0.9
    rng = np.random.default_rng(2)
    images, labels = rng.normal(size=(32, 8, 8, 3)).astype(np.float32), rng.integers(0, 3, 32)
    for network in (model, again):
        network.fit(images, labels, batch_size=32, verbose=0)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
