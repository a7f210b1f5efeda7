"""The figures of the CIFAR-10 chapters: sheets of pictures, learning curves, confusion matrices.

Each function draws on a new figure, wide enough to be read on a phone, and returns it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from notmagic.plots import as_jpeg

__all__ = ["as_jpeg", "captioned_pictures", "confusion_figure", "learning_curves", "picture_sheet"]

# Okabe and Ito's colours. Training and test differ in line style and marker too.
TRAIN, TEST, GREY = "#D55E00", "#0072B2", "#767676"


def picture_sheet(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], columns: int = 10
) -> Figure:
    """Draw the first few pictures of each class, one class per row.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (N, H, W, 3).
    labels : numpy.ndarray
        Classes (N,), indices into ``class_names``.
    class_names : sequence of str
        One name per row.
    columns : int
        Pictures per class.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If a class has fewer pictures than columns.
    """
    rows = [images[labels == label][:columns] for label in range(len(class_names))]
    shortest = min(range(len(rows)), key=lambda row: len(rows[row]))
    if len(rows[shortest]) < columns:
        raise ValueError(
            f"class {class_names[shortest]!r} has {len(rows[shortest])} pictures, "
            f"expected at least {columns}; pass more images or fewer columns"
        )
    height, width = images.shape[1:3]
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    figure, ax = plt.subplots(figsize=(5.2, 4.4), layout="constrained")
    ax.imshow(sheet, interpolation="nearest")
    ax.set_yticks((np.arange(len(rows)) + 0.5) * height - 0.5, class_names, fontsize=11)
    ax.set_xticks([])
    for line in range(1, len(rows)):
        ax.axhline(line * height - 0.5, color="white", linewidth=1.5)
    for line in range(1, columns):
        ax.axvline(line * width - 0.5, color="white", linewidth=1.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure


def learning_curves(runs: Sequence[Mapping]) -> Figure:
    """Draw accuracy and loss per epoch, on training and test images, for several seeds.

    Parameters
    ----------
    runs : sequence of mapping
        One per seed, with the lists ``accuracy``, ``val_accuracy``, ``loss`` and ``val_loss`` over the
        epochs, as `notmagic.pretrained.history` gives them.

    Returns
    -------
    matplotlib.figure.Figure
        Accuracy above loss; lines are means over the seeds, bands reach from the lowest to the highest.
    """
    figure, axes = plt.subplots(2, 1, figsize=(5.2, 6.0), sharex=True, layout="constrained")
    for ax, quantity in zip(axes, ("accuracy", "loss"), strict=True):
        scale = 100 if quantity == "accuracy" else 1
        for prefix, colour, marker, name in (("", TRAIN, "s", "training"), ("val_", TEST, "o", "test")):
            values = scale * np.array([run[prefix + quantity] for run in runs])  # (seeds, epochs)
            epochs = np.arange(1, values.shape[1] + 1)
            low, high = values.min(axis=0), values.max(axis=0)
            ax.fill_between(epochs, low, high, color=colour, alpha=0.25, linewidth=0)
            style = "--" if prefix == "" else "-"
            ax.plot(epochs, values.mean(axis=0), style, color=colour, marker=marker, markersize=4)
            ax.annotate(
                name,
                (epochs[-1], values[:, -1].mean()),
                xytext=(6, 0),
                textcoords="offset points",
                color=colour,
                va="center",
                fontsize=11,
            )
        ax.set_ylabel("accuracy (%)" if quantity == "accuracy" else "loss")
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    axes[1].set_xlabel("epoch")
    axes[1].set_xticks(epochs)
    axes[1].set_xlim(0.7, len(epochs) + 1.6)
    return figure


def confusion_figure(matrix: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Draw a confusion matrix with its numbers; colour shows the mistakes only.

    Parameters
    ----------
    matrix : numpy.ndarray
        Counts (classes, classes); row: the true class, column: the answer.
    class_names : sequence of str
        Names of rows and columns.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The diagonal, the right answers, is on white.
    """
    mistakes = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    limit = np.nanmax(mistakes)
    figure, ax = plt.subplots(figsize=(5.4, 5.2), layout="constrained")
    shown = ax.imshow(mistakes, cmap="Blues", vmin=0, vmax=limit)
    for (row, column), count in np.ndenumerate(matrix):
        right = row == column
        ax.text(
            column,
            row,
            f"{count}",
            ha="center",
            va="center",
            fontsize=8.5,
            weight="bold" if right else "normal",
            color="white" if not right and count > 0.6 * limit else "black",
        )
    ax.set_xticks(range(len(class_names)), class_names, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(class_names)), class_names)
    ax.set(xlabel="answer", ylabel="truth")
    ax.tick_params(length=0)
    figure.colorbar(shown, ax=ax, shrink=0.6, label="mistakes", location="top")
    return figure


def captioned_pictures(images: np.ndarray, captions: Sequence[str], columns: int = 4) -> Figure:
    """Draw pictures in a grid, each with a line or two of text beneath.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (N, H, W, 3).
    captions : sequence of str
        One text per picture.
    columns : int
        Pictures per row.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is not one caption per picture.
    """
    if len(images) != len(captions):
        raise ValueError(f"{len(captions)} captions for {len(images)} pictures, expected one for each")
    rows = -(-len(images) // columns)
    size = (5.2, 1.75 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(image, interpolation="nearest")
        ax.set_xlabel(caption, fontsize=11)
    return figure
