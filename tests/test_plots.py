"""The figures that chapters share: what they draw, for nbval does not compare pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from notmagic.plots import CLASS_0, CLASS_1, class_points, probability_surface


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_classes_differ_in_shape_and_colour(ax):
    class_points(ax, np.array([[0, 1], [2, 3], [4, 5]]), np.array([0, 1, 1]), labels=("no", "yes"))
    zero, one = ax.lines
    assert (zero.get_marker(), one.get_marker()) == ("o", "s")
    assert to_hex(zero.get_markeredgecolor()) == CLASS_0.lower()
    assert to_hex(one.get_markerfacecolor()) == CLASS_1.lower()
    np.testing.assert_array_equal(zero.get_xydata(), [[0, 1]])
    np.testing.assert_array_equal(one.get_xydata(), [[2, 3], [4, 5]])
    assert [line.get_label() for line in ax.lines] == ["no", "yes"]


def test_a_surface_shows_each_place_the_right_way_up_and_its_boundary(ax):
    picture = probability_surface(ax, lambda points: np.clip(points[:, 1], 0, 1), (0, 2), (0, 1), steps=11)
    values = picture.get_array()
    assert picture.origin == "lower"
    np.testing.assert_allclose(values[:, 0], np.linspace(0, 1, 11))     # grows upwards
    np.testing.assert_allclose(values[3], 0.3)                          # and is even across
    boundary = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    np.testing.assert_allclose(boundary[:, 1], 0.5)


def test_a_surface_without_a_boundary_draws_none(ax):
    probability_surface(ax, lambda points: np.full(len(points), 0.2), steps=5)
    assert len(ax.collections) == 0
