"""The figures of the CIFAR-10 chapters show the numbers and pictures they are given."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from notmagic.cifar_plots import as_jpeg, captioned_pictures, confusion_figure, learning_curves, picture_sheet


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
