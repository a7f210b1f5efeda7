"""The figures that chapters share: what they draw, for nbval does not compare pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from notmagic.architectures import layer_table
from notmagic.plots import CLASS_0, CLASS_1, class_points, layer_shares, probability_surface


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


def test_shares_of_a_network_add_up_in_each_column_and_dense_layers_are_hatched():
    tables = {"one": layer_table("lenet5"), "two": layer_table("alexnet_grouped")}
    figure = layer_shares(tables)
    assert len(figure.axes) == 4
    for place, table in enumerate(tables.values()):
        rows = [row for row in table if row.parameters]
        panels = figure.axes[2 * place : 2 * place + 2]
        for ax, what in zip(panels, ("parameters", "multiplications"), strict=True):
            widths = [bar.get_width() for bar in ax.patches]
            whole = sum(getattr(row, what) for row in rows)
            np.testing.assert_allclose(widths, [100 * getattr(row, what) / whole for row in rows])
            assert sum(widths) == pytest.approx(100)
            assert [bool(bar.get_hatch()) for bar in ax.patches] == [row.kind == "dense" for row in rows]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        row.name for row in tables["one"] if row.parameters
    ]
    plt.close(figure)


@pytest.mark.parametrize("tables", [{}, {"empty": []}])
def test_shares_of_nothing_are_refused(tables):
    with pytest.raises(ValueError, match="no network or one without parameters"):
        layer_shares(tables)
