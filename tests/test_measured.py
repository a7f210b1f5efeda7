"""What chapter 9 says about speed: the stored measurement is of its network, and within the targets."""

from __future__ import annotations

import pytest

from benchmarks.cnn import MEMORY_TARGET, TARGETS, our_model
from notmagic import measured


@pytest.mark.parametrize(("size", "target"), TARGETS.items())
def test_a_step_is_within_the_target(size, target):
    ms = measured.training_speed()["step_ms"][str(size)]
    assert 0 < ms["ours forward"] < ms["ours step"] <= target * ms["keras step"]
    assert ms["keras forward"] < ms["keras step"]


@pytest.mark.parametrize("size", TARGETS)
def test_memory_is_within_the_target(size):
    needed = measured.training_speed()["memory_mb"][str(size)]
    assert 0 < needed["ours"] <= MEMORY_TARGET * needed["keras"]


@pytest.mark.parametrize("size", TARGETS)
def test_each_layer_was_timed(size):
    layers = measured.training_speed()["layer_ms"][str(size)]
    assert list(layers) == [layer.name for layer in our_model().layers[:-1]]  # the loss comes before Softmax
    assert all(forward >= 0 and backward >= 0 for forward, backward in layers.values())


def test_it_says_how_it_was_measured():
    how = measured.training_speed()["how"]
    assert how["threads"] == 2 and how["repeats"] >= 20 and how["clock"] == "wall"
    assert all(name in how["versions"] for name in ("NumPy", "Keras", "TensorFlow"))
