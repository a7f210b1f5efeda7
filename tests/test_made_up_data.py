"""The tables that are made by a rule: they follow it, repeat, and refuse what cannot be."""

import numpy as np
import pytest

from notmagic.datasets import TOY_NAMES, load_houses, toy_points


def test_prices_follow_the_rule_that_is_stated():
    houses = load_houses(20_000)
    columns = np.column_stack([houses.area, houses.age, np.ones(20_000)])
    weights = np.linalg.lstsq(columns, houses.price, rcond=None)[0]
    np.testing.assert_allclose(weights, [3, -1.5, 100], rtol=0.02)
    error = houses.price - columns @ [3, -1.5, 100]
    assert abs(error.std() - 20) < 0.5 and abs(error.mean()) < 0.5
    assert abs(np.corrcoef(houses.area, houses.age)[0, 1]) < 0.02
    for number in ("100", "3 * area", "1.5 * age", "20"):
        assert number in houses.source


def test_houses_are_plausible_and_repeat():
    houses, again, other = load_houses(), load_houses(), load_houses(seed=1)
    np.testing.assert_array_equal(houses.price, again.price)
    assert not np.array_equal(houses.price, other.price)
    assert houses.area.shape == houses.age.shape == houses.price.shape == (60,)
    assert houses.area.min() >= 40 and houses.area.max() <= 160 and houses.age.max() <= 80
    assert houses.price.min() > 0
    assert repr(houses).startswith("Houses(60 houses, ")


def test_one_house_makes_no_line():
    with pytest.raises(ValueError, match="count is 1; a line needs at least 2 houses"):
        load_houses(1)


@pytest.mark.parametrize("name", TOY_NAMES)
def test_toy_points_repeat_and_stay_in_view(name):
    x, y = toy_points(name, 301, noise=0.05, seed=3)
    assert x.shape == (301, 2) and x.dtype == np.float64 and y.shape == (301,) and set(y) == {0, 1}
    assert np.abs(x).max() < 1.5 and 0.4 < y.mean() < 0.6
    np.testing.assert_array_equal(x, toy_points(name, 301, noise=0.05, seed=3)[0])
    assert not np.array_equal(x, toy_points(name, 301, noise=0.05, seed=4)[0])


def straight_line_accuracy(x, y):
    """Share that the best line by least squares gets right."""
    columns = np.column_stack([x, np.ones(len(x))])
    return np.mean((columns @ np.linalg.lstsq(columns, y, rcond=None)[0] > 0.5) == y)


def test_a_line_divides_the_blobs_and_nothing_else():
    right = {name: straight_line_accuracy(*toy_points(name, 1000, noise=0.02)) for name in TOY_NAMES}
    assert right["blobs"] > 0.99
    assert max(right["circles"], right["xor"], right["spirals"]) < 0.75
    assert right["moons"] < 0.95


def test_the_shapes_are_what_their_names_say():
    x, y = toy_points("circles", 500, noise=0)
    radius = np.linalg.norm(x, axis=1)
    assert radius[y == 1].max() < radius[y == 0].min()
    x, y = toy_points("xor", 500, noise=0)
    np.testing.assert_array_equal(y, x[:, 0] * x[:, 1] < 0)


@pytest.mark.parametrize(("arguments", "message"), [
    (("rings",), "no points 'rings'; choose one of 'blobs', 'circles'"),
    (("xor", 1), "count is 1; two classes need at least 2 points"),
    (("xor", 10, -0.1), "noise is -0.1; expected a standard deviation of 0 or more"),
])
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        toy_points(*arguments)
