"""The figures of the CIFAR-10 chapters show the numbers and pictures they are given."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from notmagic.cifar_plots import (
    as_jpeg,
    captioned_pictures,
    compared_runs,
    confusion_figure,
    ladder_figure,
    learning_curves,
    picture_rows,
    picture_sheet,
    reliability_figure,
    share_intervals,
)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), np.uint8)


def test_a_sheet_has_one_class_per_row_in_the_given_order(images):
    labels = np.array([2, 0, 1, 0, 1, 2, 0, 1, 2])
    figure = picture_sheet(images, labels, ("a", "b", "c"), columns=2)
    shown = figure.axes[0].images[0].get_array()
    expected = [[1, 3], [2, 4], [0, 5]]  # the first two of each class
    for row, column in np.ndindex(3, 2):
        tile = shown[4 * row : 4 * row + 4, 5 * column : 5 * column + 5]
        np.testing.assert_array_equal(tile, images[expected[row][column]])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_a_class_with_too_few_pictures_is_named(images):
    labels = np.array([0] * 7 + [1] * 2)
    with pytest.raises(ValueError, match=r"class 'b' has 2 pictures, expected at least 3"):
        picture_sheet(images, labels, ("a", "b"), columns=3)


def test_curves_are_means_and_bands_reach_to_the_extremes():
    runs = [
        {"accuracy": [0.2, 0.6], "val_accuracy": [0.3, 0.5], "loss": [2.0, 1.0], "val_loss": [1.8, 1.6]},
        {"accuracy": [0.4, 0.8], "val_accuracy": [0.5, 0.5], "loss": [1.0, 0.0], "val_loss": [1.6, 2.0]},
    ]
    accuracy, loss = learning_curves(runs).axes
    np.testing.assert_allclose([line.get_ydata() for line in accuracy.lines], [[30, 70], [40, 50]])
    np.testing.assert_allclose([line.get_ydata() for line in loss.lines], [[1.5, 0.5], [1.7, 1.8]])
    np.testing.assert_allclose([line.get_xdata() for line in loss.lines], [[1, 2], [1, 2]])
    band = accuracy.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([band[:, 1].min(), band[:, 1].max()], [20, 80])
    assert [text.get_text() for text in accuracy.texts] == ["training", "test"]


def test_a_confusion_matrix_prints_every_count_and_colours_the_mistakes_only():
    matrix = np.array([[7, 3], [1, 9]])
    ax = confusion_figure(matrix, ("a", "b")).axes[0]
    assert [text.get_text() for text in ax.texts] == ["7", "3", "1", "9"]
    colours = ax.images[0].get_array()
    assert colours.mask.tolist() == [[True, False], [False, True]]
    assert ax.images[0].get_clim() == (0, 3)
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("truth", "answer")


def test_each_picture_gets_its_caption(images):
    figure = captioned_pictures(images[:5], list("abcde"), columns=4)
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_xlabel() for ax in shown] == list("abcde")
    np.testing.assert_array_equal(shown[3].images[0].get_array(), images[3])
    with pytest.raises(ValueError, match=r"4 captions for 5 pictures, expected one for each"):
        captioned_pictures(images[:5], list("abcd"))


def test_a_figure_becomes_a_jpeg_and_is_closed(images):
    figure = captioned_pictures(images, [""] * 9)
    image = as_jpeg(figure, dpi=50)
    assert Image.open(io.BytesIO(image.data)).format == "JPEG"
    assert not plt.fignum_exists(figure.number)


def test_ways_to_train_are_drawn_seed_by_seed_and_named_once():
    runs = {"one": np.array([[3.0, 2.0, 1.0], [4.0, 2.5, 1.5]]), "other": np.array([[30.0, 3.0, 2.0]])}
    ax = compared_runs([0, 5, 10], runs, "pictures", "loss", log=True).axes[0]
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [*runs["one"], *runs["other"]])
    np.testing.assert_allclose([line.get_xdata() for line in ax.lines], [[0, 5, 10]] * 3)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "other"]
    looks = [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines]
    assert looks[0] == looks[1] and all(one != other for one, other in zip(looks[0], looks[2], strict=True))
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("pictures", "loss", "log")
    ax.figure.canvas.draw()
    assert {"1", "2", "5", "10", "20"} <= {text.get_text() for text in ax.get_yticklabels()}


def test_ways_to_train_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match=r"'one' has 2 measurements, expected one for each of the 3 steps"):
        compared_runs([0, 5, 10], {"one": np.zeros((4, 2))}, "pictures", "loss")
    with pytest.raises(ValueError, match=r"4 ways to train, expected at most 3"):
        compared_runs([0], {name: np.zeros((1, 1)) for name in "abcd"}, "pictures", "loss")


def test_intervals_are_sorted_and_reach_to_their_ends():
    shares, low, high = np.array([[0.5, 0.8, 0.2], [0.4, 0.75, 0.15], [0.65, 0.9, 0.3]])
    ax = share_intervals(shares, low, high, ("a", "b", "c"), mean=0.5).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["c", "a", "b"]
    points, (lines,) = ax.containers[0].lines[0], ax.containers[0].lines[2]
    np.testing.assert_allclose(points.get_xdata(), [20, 50, 80])
    ends = np.array([segment[:, 0] for segment in lines.get_segments()])
    np.testing.assert_allclose(ends, [[15, 30], [40, 65], [75, 90]])
    assert ax.lines[0].get_xdata() == [50, 50]


def test_intervals_that_do_not_hold_their_share_are_refused():
    with pytest.raises(ValueError, match=r"share of 'b' is not between the ends"):
        share_intervals([0.5, 0.5], [0.4, 0.6], [0.6, 0.7], ("a", "b"))
    with pytest.raises(ValueError, match=r"1 names for 2 shares"):
        share_intervals([0.5, 0.5], [0.4, 0.4], [0.6, 0.6], ("a",))


def test_a_reliability_diagram_shows_means_shares_and_counts():
    certainty = np.array([0.1, 0.2, 0.5, 0.7, 0.9, 1.0, 0.6])
    right = np.array([False, True, True, False, True, True, True])
    top, bottom = reliability_figure(certainty, right, bins=4).axes
    points = next(line for line in top.lines if line.get_marker() == "o")
    # 0.1 and 0.2; none; 0.5, 0.6 and 0.7; 0.9 and 1.0: an upper end belongs to the next part, 1 to the last
    np.testing.assert_allclose(points.get_xdata(), [15, 60, 95])
    np.testing.assert_allclose(points.get_ydata(), [50, 200 / 3, 100])
    np.testing.assert_allclose([bar.get_height() for bar in bottom.patches], [2, 0, 3, 2])
    assert [text.get_text() for text in bottom.texts] == ["2", "", "3", "2"]
    gaps = [segment[:, 1] for segment in top.collections[0].get_segments()]
    np.testing.assert_allclose(gaps, [[50, 15], [200 / 3, 60], [100, 95]])
    assert (bottom.get_xlabel(), bottom.get_ylabel()) == ("certainty (%)", "answers")


def test_a_reliability_diagram_wants_probabilities():
    with pytest.raises(ValueError, match=r"not between 0 and 1; pass probabilities"):
        reliability_figure([0.5, 3.1], [True, False])
    with pytest.raises(ValueError, match=r"\(3,\) verdicts for certainties of shape \(2,\)"):
        reliability_figure([0.5, 0.6], [True, False, True])


def test_rows_show_pictures_as_they_are_and_maps_on_the_right_scale(images):
    above, below = np.array([[0.0, 3.0], [1.0, 2.0]]), np.array([[-4.0, 3.0], [1.0, 2.0]])
    figure = picture_rows({"one": [images[0], above], "two": [below]}, ["left", "right"])
    axes = figure.axes
    np.testing.assert_array_equal(axes[0].images[0].get_array(), images[0])
    assert axes[1].images[0].get_clim() == (0, 3) and axes[2].images[0].get_clim() == (-4, 4)
    assert axes[1].images[0].get_cmap().name != axes[2].images[0].get_cmap().name
    assert not axes[3].images and [ax.get_ylabel() for ax in axes] == ["one", "", "two", ""]
    assert [ax.get_title() for ax in axes[:2]] == ["left", "right"]


def test_rows_have_their_captions_beneath(images):
    figure = picture_rows({"a": images[:2], "b": images[2:3]}, captions=[["p", "q"], ["r"]])
    assert [ax.get_xlabel() for ax in figure.axes] == ["p", "q", "r", ""]


def test_rows_with_a_title_too_many_or_a_caption_missing_are_refused(images):
    with pytest.raises(ValueError, match="3 titles for 2 columns"):
        picture_rows({"a": images[:2]}, ["x", "y", "z"])
    with pytest.raises(ValueError, match=r"rows of \[1\] pictures, .* rows of \[2\]"):
        picture_rows({"a": images[:2]}, captions=[["p"]])


# --- The ladder ---


STEPS = {"plain": {"train": [0.9, 0.8], "test": [0.6, 0.7]}, "better": {"train": [0.85], "test": [0.8]}}


def test_a_ladder_has_a_mark_for_every_seed_and_a_line_through_the_means():
    ax = ladder_figure(STEPS).axes[0]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["plain", "better"]
    assert ax.yaxis_inverted()  # the first on top
    given = [shares[part] for part in ("train", "test") for shares in STEPS.values()]
    for line, shares in zip(ax.lines, given, strict=False):
        np.testing.assert_allclose(line.get_xdata(), 100 * np.array(shares))
    assert [line.get_ydata()[0] for line in ax.lines] == [0, 1, 0, 1, 0]
    np.testing.assert_allclose(ax.lines[-1].get_xdata(), [65, 80])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "test"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({}, "no way to train"),
        ({"a": {"train": [80], "test": [0.7]}}, r"train of 'a' is \[80\]; expected shares"),
    ],
)
def test_a_ladder_of_nothing_or_of_per_cent_is_refused(steps, message):
    with pytest.raises(ValueError, match=message):
        ladder_figure(steps)
