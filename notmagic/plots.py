"""Figures that more than one chapter draws.

Colours mean the same everywhere in the course: blue marks the input, orange the filter (and the window it
looks through), green the feature map. Signed values use the diverging map :data:`SIGNED`, centred on zero; of
two classes purple rings are class 0 and orange squares class 1.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle

from notmagic.architectures import LayerCount

# Okabe and Ito's colours, told apart with every common form of colour blindness.
INPUT, FILTER, FEATURE_MAP, GREY = "#0072B2", "#D55E00", "#009E73", "#767676"
SIGNED = "PuOr_r"
CLASS_0, CLASS_1 = "#542788", "#B35806"


def number_grid(
    ax: Axes,
    values: np.ndarray,
    *,
    title: str = "",
    colour: str = INPUT,
    window: tuple[int, int, int, int] | None = None,
    shaded: np.ndarray | None = None,
    decimals: int = 0,
    fontsize: float = 11,
) -> None:
    """Draw a small matrix as a grid of numbers, the way one writes it on a whiteboard.

    Parameters
    ----------
    ax
        The axes to draw on.
    values
        Array of shape (rows, columns); ``nan`` leaves a cell empty.
    title
        Written above the grid.
    colour
        Colour of the frame and the title: :data:`INPUT`, :data:`FILTER` or :data:`FEATURE_MAP`.
    window
        ``(row, column, height, width)`` of a window to outline in the filter's colour.
    shaded
        Boolean array of the same shape: cells drawn on grey, for padding or for pixels never visited.
    decimals
        Digits after the point.
    fontsize
        Size of the numbers, in points.

    Raises
    ------
    ValueError
        If ``values`` is not a matrix.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(
            f"number_grid draws a matrix (rows, columns), but the array has shape {values.shape}; "
            "choose one channel, for example image[:, :, 0]"
        )
    rows, cols = values.shape
    for i in range(rows):
        for j in range(cols):
            grey = shaded is not None and shaded[i, j]
            face = "#e4e4e4" if grey else to_rgba(colour, 0.10)
            ax.add_patch(Rectangle((j, i), 1, 1, facecolor=face, edgecolor="white", linewidth=1.5))
            if np.isfinite(values[i, j]):
                text = f"{values[i, j]:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
                ax.text(j + 0.5, i + 0.54, text, ha="center", va="center", fontsize=fontsize,
                        color="#5a5a5a" if grey else "black")
    ax.add_patch(Rectangle((0, 0), cols, rows, fill=False, edgecolor=colour, linewidth=1.5))
    if window is not None:
        top, left, height, width = window
        ax.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=FILTER, linewidth=3.5))
    ax.set_xlim(-0.1, cols + 0.1)
    ax.set_ylim(rows + 0.1, -0.1)
    ax.set_aspect("equal")
    ax.axis("off")
    if title:
        ax.set_title(title, fontsize=11, color=colour, fontweight="bold")


def grids(
    panels: Sequence[dict], *, between: Sequence[str] = (), cell: float = 0.34
) -> tuple[Figure, np.ndarray]:
    """Draw several number grids in a row, cells of one size, with a sign such as ``=`` between them.

    Keep the row below about five inches: on a phone that leaves the numbers legible.

    Parameters
    ----------
    panels
        One dictionary of :func:`number_grid`'s arguments (with ``values``) for each grid.
    between
        What to write between neighbours; one string fewer than panels.
    cell
        Width and height of a cell, in inches.

    Returns
    -------
    figure, axes
        The figure and its axes, shape (panels,).

    Raises
    ------
    ValueError
        If the number of signs does not fit the number of panels.
    """
    if between and len(between) != len(panels) - 1:
        raise ValueError(
            f"{len(panels)} grids have {len(panels) - 1} gaps between them, but {len(between)} signs were "
            "given; give one sign a gap, or none"
        )
    widths = [np.shape(panel["values"])[1] for panel in panels]
    tallest = max(np.shape(panel["values"])[0] for panel in panels)
    # A title needs more room than a narrow grid has: no panel is narrower than two cells.
    widths = [max(width, 2) for width in widths]
    gap = 0.8 if between else 0.5
    total = sum(widths) + gap * (len(panels) - 1)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(cell * total, cell * (tallest + 0.9)), squeeze=False,
        gridspec_kw={"width_ratios": widths, "wspace": gap * len(panels) / sum(widths),
                     "left": 0, "right": 1, "bottom": 0.01, "top": tallest / (tallest + 0.9)},
    )
    for ax, panel in zip(axes[0], panels, strict=True):
        number_grid(ax, **panel)
    figure.canvas.draw()  # fixes the positions that the signs are placed between
    for sign, left, right in zip(between, axes[0][:-1], axes[0][1:], strict=False):
        x = (left.get_position().x1 + right.get_position().x0) / 2
        y = (left.get_position().y0 + left.get_position().y1) / 2
        figure.text(x, y, sign, ha="center", va="center", fontsize=14)
    return figure, axes[0]


def signed_map(ax: Axes, values: np.ndarray, *, title: str = "", limit: float | None = None) -> AxesImage:
    """Draw a signed array (a feature map, a filter, a gradient) on a diverging map centred on zero.

    Parameters
    ----------
    ax
        The axes to draw on.
    values
        Array of shape (rows, columns).
    title
        Written above the picture.
    limit
        The value drawn in the strongest colour, in both directions; the largest magnitude when omitted.

    Returns
    -------
    matplotlib.image.AxesImage
        For ``figure.colorbar``.
    """
    limit = float(np.abs(values).max()) if limit is None else limit
    picture = ax.imshow(values, cmap=SIGNED, vmin=-(limit or 1.0), vmax=limit or 1.0)
    ax.set_title(title, fontsize=11)
    ax.set_xticks([])
    ax.set_yticks([])
    return picture


def class_points(
    ax: Axes, x: np.ndarray, y: np.ndarray, *, size: float = 5, labels: Sequence[str] = ()
) -> None:
    """Draw points of two classes, told apart by shape as well as by colour.

    Parameters
    ----------
    ax
        The axes to draw on.
    x
        Array of shape (N, 2).
    y
        Array of shape (N,): 0 for a purple ring, 1 for an orange square.
    size
        Width of a point, in points.
    labels
        What a legend should call class 0 and class 1.
    """
    names = list(labels) or [None, None]
    ring = {"marker": "o", "markerfacecolor": "white", "markeredgecolor": CLASS_0, "markeredgewidth": 1.6}
    square = {"marker": "s", "markerfacecolor": CLASS_1, "markeredgecolor": "white", "markeredgewidth": 0.6}
    for value, style, name in ((0, ring, names[0]), (1, square, names[1])):
        ax.plot(*x[y == value].T, linestyle="", markersize=size, label=name, **style)


def probability_surface(
    ax: Axes,
    probability: Callable[[np.ndarray], np.ndarray],
    x_range: tuple[float, float] = (-1.2, 1.2),
    y_range: tuple[float, float] = (-1.2, 1.2),
    steps: int = 151,
) -> AxesImage:
    """Colour a plane by a probability, from 0 (purple) to 1 (orange), and draw the line where it is 0.5.

    Parameters
    ----------
    ax
        The axes to draw on.
    probability
        Takes points of shape (M, 2), returns numbers from 0 to 1 of shape (M,).
    x_range, y_range
        What part of the plane to show.
    steps
        Points computed in each direction.

    Returns
    -------
    matplotlib.image.AxesImage
        For ``figure.colorbar``.
    """
    across, up = np.meshgrid(np.linspace(*x_range, steps), np.linspace(*y_range, steps))
    values = probability(np.column_stack([across.ravel(), up.ravel()])).reshape(steps, steps)
    # Drawn a little pale, so that the points stand out from it.
    picture = ax.imshow(values, cmap=SIGNED, vmin=-0.25, vmax=1.25, origin="lower",
                        extent=(*x_range, *y_range), aspect="auto")
    if values.min() < 0.5 < values.max():
        ax.contour(across, up, values, levels=[0.5], colors="black", linewidths=1.5)
    ax.set(xlim=x_range, ylim=y_range)
    return picture


def layer_shares(tables: Mapping[str, Sequence[LayerCount]]) -> Figure:
    """Draw where the parameters of networks sit and where their multiplications are done.

    A row of two panels for each network: one horizontal bar for each layer with parameters, from the input
    on downwards, as long as its share of the network's parameters (left) and multiplications (right).
    Convolutions are green, dense layers grey and hatched.

    Parameters
    ----------
    tables
        For each network's name its lines, as `notmagic.architectures.layer_table` gives them.

    Returns
    -------
    matplotlib.figure.Figure
        Four inches wide, so that the numbers can be read on a phone.

    Raises
    ------
    ValueError
        If there is no network, or one without parameters.
    """
    kept = {name: [row for row in table if row.parameters] for name, table in tables.items()}
    if not kept or not all(kept.values()):
        raise ValueError("layer_shares got no network or one without parameters; pass tables of layer_table")
    heights = [len(rows) for rows in kept.values()]
    figure, axes = plt.subplots(
        len(kept), 2, figsize=(4.1, 0.8 * len(kept) + 0.25 * sum(heights)), sharex=True, sharey="row",
        squeeze=False, layout="constrained", gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    for pair, (name, rows) in zip(axes, kept.items(), strict=True):
        for ax, what in zip(pair, ("parameters", "multiplications"), strict=True):
            counts = np.array([getattr(row, what) for row in rows])
            bars = ax.barh(range(len(rows)), 100 * counts / counts.sum(), color=FEATURE_MAP)
            for bar, row in zip(bars, rows, strict=True):
                if row.kind == "dense":
                    bar.set(facecolor="#c8c8c8", edgecolor="#4a4a4a", hatch="////")
            ax.bar_label(bars, fmt="%.0f %%", padding=2)
            ax.set_title(f"{name}\n{what}", fontsize=10)
            ax.set(xlim=(0, 100))
            ax.spines[["top", "right"]].set_visible(False)
        pair[0].set_yticks(range(len(rows)), [row.name for row in rows])
        pair[0].invert_yaxis()
    for ax in axes[-1]:
        ax.set_xlabel("per cent of the whole")
    handles = [Patch(facecolor=FEATURE_MAP), Patch(facecolor="#c8c8c8", edgecolor="#4a4a4a", hatch="////")]
    figure.legend(handles, ["convolution", "dense"], loc="outside lower center", ncols=2, frameon=False)
    return figure


def as_jpeg(figure: Figure, dpi: int = 125, quality: int = 80) -> Image:
    """Turn a figure full of photographs into a JPEG image: less than half the bytes of a PNG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it is closed.
    dpi : int
        Pixels per inch.
    quality : int
        As for Pillow, 1 to 95.

    Returns
    -------
    IPython.display.Image
        Shown when it is the last value of a cell.
    """
    buffer = io.BytesIO()
    smaller = {"optimize": True, "progressive": True}  # by 8 %, and the same pixels
    figure.savefig(
        buffer, format="jpeg", dpi=dpi, bbox_inches="tight", pil_kwargs={"quality": quality, **smaller}
    )
    plt.close(figure)
    return Image(data=buffer.getvalue(), format="jpeg")
