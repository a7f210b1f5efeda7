"""The figures of the CIFAR-10 chapters: pictures, curves, confusion matrices, intervals, calibration.

Each function draws on a new figure, wide enough to be read on a phone, and returns it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from notmagic.plots import SIGNED, as_jpeg

__all__ = [
    "as_jpeg",
    "captioned_pictures",
    "compared_runs",
    "confusion_figure",
    "ladder_figure",
    "learning_curves",
    "picture_rows",
    "picture_sheet",
    "reliability_figure",
    "share_intervals",
]

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


def picture_rows(
    rows: Mapping[str, Sequence[np.ndarray]],
    titles: Sequence[str] = (),
    *,
    captions: Sequence[Sequence[str]] = (),
) -> Figure:
    """Draw pictures and maps in rows that have names.

    Parameters
    ----------
    rows : mapping of str to sequence of numpy.ndarray
        For each row, by its name: colour pictures (H, W, 3), uint8, or floats from 0 to 1; or maps (H, W).
        A map with negative values is drawn in purple and orange around 0, any other from 0 (dark) up.
    titles : sequence of str
        One for each column, above the first row.
    captions : sequence of sequence of str
        For each row one text beneath each picture; left out, none.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. A row shorter than the longest leaves places empty.

    Raises
    ------
    ValueError
        If there are more titles than columns, or the captions do not fit the pictures.
    """
    columns = max(len(row) for row in rows.values())
    if len(titles) > columns:
        raise ValueError(f"{len(titles)} titles for {columns} columns, expected at most one for each")
    if captions and [len(row) for row in captions] != [len(row) for row in rows.values()]:
        raise ValueError(
            f"captions for rows of {[len(row) for row in captions]} pictures, expected one for each "
            f"in rows of {[len(row) for row in rows.values()]} pictures"
        )
    size = (5.2, (5.0 / columns + (0.25 if captions else 0.03)) * len(rows) + (0.25 if titles else 0))
    figure, axes = plt.subplots(len(rows), columns, figsize=size, layout="constrained", squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)
    for number, (line, (name, pictures)) in enumerate(zip(axes, rows.items(), strict=True)):
        for ax in line:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name, fontsize=11)
        for column, (ax, picture) in enumerate(zip(line, pictures, strict=False)):
            limit = float(np.abs(picture).max()) or 1.0
            look = {"cmap": "viridis", "vmin": 0, "vmax": limit}
            if picture.ndim == 2 and picture.min() < 0:
                look = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
            ax.imshow(picture, interpolation="nearest", **(look if picture.ndim == 2 else {}))
            if captions:
                ax.set_xlabel(captions[number][column], fontsize=10)
    for ax, title in zip(axes[0], titles, strict=False):
        ax.set_title(title, fontsize=11)
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
    size = (5.2, 7 / columns * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(image, interpolation="nearest")
        ax.set_xlabel(caption, fontsize=11)
    return figure


def compared_runs(
    steps: Sequence[float], runs: Mapping[str, np.ndarray], xlabel: str, ylabel: str, *, log: bool = False
) -> Figure:
    """Draw one quantity over the course of training for two or three ways to train, a line for each seed.

    Parameters
    ----------
    steps : sequence of float
        Where along the training the quantity was measured, (points,).
    runs : mapping of str to numpy.ndarray
        For each way, by its name: the quantity, (seeds, points).
    xlabel, ylabel : str
        What the axes show, with units.
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The ways differ in colour, line style and marker, and are named beside their last point.

    Raises
    ------
    ValueError
        If there are more than three ways, or a way's measurements do not fit the steps.
    """
    looks = ((TEST, "-", "o"), (TRAIN, "--", "s"), (GREY, ":", "^"))
    if len(runs) > len(looks):
        raise ValueError(f"{len(runs)} ways to train, expected at most {len(looks)}; draw two figures")
    figure, ax = plt.subplots(figsize=(5.2, 3.6), layout="constrained")
    for (name, values), (colour, style, marker) in zip(runs.items(), looks, strict=False):
        values = np.atleast_2d(values)
        if values.shape[1] != len(steps):
            raise ValueError(
                f"{name!r} has {values.shape[1]} measurements, expected one for each of the "
                f"{len(steps)} steps"
            )
        for number, line in enumerate(values):
            label = name if number == 0 else None
            ax.plot(steps, line, style, color=colour, marker=marker, markersize=4, alpha=0.85, label=label)
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=11)
    return figure


def share_intervals(
    shares: np.ndarray, low: np.ndarray, high: np.ndarray, names: Sequence[str], mean: float | None = None
) -> Figure:
    """Draw shares with their intervals, one row for each name, the largest share on top.

    Parameters
    ----------
    shares, low, high : numpy.ndarray
        Shares from 0 to 1 and the two ends of their intervals, each (rows,).
    names : sequence of str
        One name per row.
    mean : float, optional
        A share to mark by an upright dashed line.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; shares are given in per cent.

    Raises
    ------
    ValueError
        If a share does not lie in its interval, or there is not one name for each.
    """
    shares, low, high = (np.asarray(values, dtype=float) for values in (shares, low, high))
    if not len(shares) == len(low) == len(high) == len(names):
        raise ValueError(
            f"{len(names)} names for {len(shares)} shares with {len(low)} lower and "
            f"{len(high)} upper ends, expected one of each"
        )
    if not ((low <= shares) & (shares <= high)).all():
        outside = names[int(np.argmin((low <= shares) & (shares <= high)))]
        raise ValueError(
            f"the share of {outside!r} is not between the ends of its interval; pass low before high"
        )
    order = np.argsort(shares, kind="stable")
    figure, ax = plt.subplots(figsize=(5.2, 0.36 * len(names) + 0.9), layout="constrained")
    if mean is not None:
        ax.axvline(100 * mean, color=GREY, linestyle="--", linewidth=1)
    rows = np.arange(len(names))
    arms = 100 * np.stack([shares - low, high - shares])[:, order]
    ax.errorbar(100 * shares[order], rows, xerr=arms, fmt="o", color=TEST, markersize=5, capsize=4)
    ax.set_yticks(rows, [names[row] for row in order], fontsize=11)
    ax.set_xlabel("right (%)")
    ax.grid(alpha=0.3, axis="x")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def ladder_figure(steps: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw the accuracies of several ways to train, one row each, the first on top; a mark for every seed.

    Parameters
    ----------
    steps : mapping of str to mapping
        For each way, by its name: ``train`` and ``test``, its accuracies from 0 to 1, one for each seed.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The marks of the two sets differ in colour and form; a line joins the means on the test
        set.

    Raises
    ------
    ValueError
        If there is no way to train, or an accuracy is not between 0 and 1.
    """
    if not steps:
        raise ValueError("there is no way to train; expected at least one with 'train' and 'test'")
    rows = np.arange(len(steps))
    figure, ax = plt.subplots(figsize=(5.2, 0.5 * len(steps) + 1.2), layout="constrained")
    for part, name, colour, marker in (("train", "training", TRAIN, "s"), ("test", "test", TEST, "o")):
        for row, (step, shares) in enumerate(steps.items()):
            values = np.asarray(shares[part], dtype=float)
            if not ((values >= 0) & (values <= 1)).all():
                raise ValueError(f"{part} of {step!r} is {shares[part]}; expected shares from 0 to 1")
            look = {"fillstyle": "none" if part == "train" else "full", "color": colour, "markersize": 6}
            label = name if row == 0 else None
            ax.plot(100 * values, [row] * len(values), marker, label=label, **look)
    means = [100 * np.mean(shares["test"]) for shares in steps.values()]
    ax.plot(means, rows, "-", color=TEST, linewidth=1, alpha=0.6)
    ax.set_yticks(rows, list(steps), fontsize=11)
    ax.invert_yaxis()
    ax.set_xlabel("right (%)")
    ax.grid(alpha=0.3, axis="x")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, fontsize=11)
    return figure


def reliability_figure(certainty: np.ndarray, right: np.ndarray, bins: int = 10) -> Figure:
    """Draw how often answers are right against how certain they were, and how many answers there are.

    Parameters
    ----------
    certainty : numpy.ndarray
        The probability that was given to each answer, (N,), from 0 to 1.
    right : numpy.ndarray
        Whether each answer is right, (N,).
    bins : int
        Into how many equal parts 0 to 1 is cut. A part contains its lower end; the last also its upper.

    Returns
    -------
    matplotlib.figure.Figure
        Above, a point for each part that has answers: their mean certainty and the share of right ones, in
        per cent, beside the diagonal of an honest network. Below, the number of answers in each part.

    Raises
    ------
    ValueError
        If a certainty is not between 0 and 1, or there is not one verdict for each.
    """
    certainty, right = np.asarray(certainty, dtype=float), np.asarray(right, dtype=float)
    if certainty.shape != right.shape or certainty.ndim != 1:
        raise ValueError(
            f"{right.shape} verdicts for certainties of shape {certainty.shape}, expected (N,) both"
        )
    if not ((certainty >= 0) & (certainty <= 1)).all():
        raise ValueError("a certainty is not between 0 and 1; pass probabilities, not logits")
    part = np.minimum((certainty * bins).astype(int), bins - 1)
    counts = np.bincount(part, minlength=bins)
    filled = counts > 0
    means, shares = (
        100 * np.bincount(part, values, bins)[filled] / counts[filled] for values in (certainty, right)
    )
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(5.2, 5.4), sharex=True, layout="constrained", height_ratios=(3, 1)
    )
    top.plot([0, 100], [0, 100], "--", color=GREY, linewidth=1)
    top.vlines(means, shares, means, color=TRAIN, linewidth=2)
    top.plot(means, shares, "o-", color=TEST, markersize=5)
    top.annotate(
        "as right as it promises",
        (30, 30),
        xytext=(-8, 6),
        textcoords="offset points",
        color=GREY,
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
        fontsize=11,
    )
    top.set(ylabel="right (%)", ylim=(0, 100))
    middles = 100 * (np.arange(bins) + 0.5) / bins
    bars = bottom.bar(middles, counts, width=92 / bins, color=GREY)
    bottom.bar_label(bars, [f"{count:,}" if count else "" for count in counts], fontsize=8.5)
    bottom.set(xlabel="certainty (%)", ylabel="answers", xlim=(0, 100), ylim=(0, 1.2 * counts.max()))
    for ax in (top, bottom):
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    return figure
