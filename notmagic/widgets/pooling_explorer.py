"""PoolingExplorer: pool a small map, shift it by some pixels, and count which pooled numbers survive.

The Python side holds the state and checks it; ``pooling_explorer.js`` draws it and answers the reader, with
or without a kernel. Here the numbers come from the course's own layers, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import anywidget
import numpy as np
import traitlets
from numpy.lib.stride_tricks import sliding_window_view

from notmagic.geometry import output_size
from notmagic.layers import AveragePooling2D, MaxPooling2D
from notmagic.widgets._checks import checked_flag, checked_name, checked_pair, checked_whole, setting
from notmagic.widgets._module import module_text, style_text
from notmagic.widgets.conv_explorer import named_filter

__all__ = ["KINDS", "PoolingExplorer"]

#: The kinds of pooling, in the order of the widget's menu.
KINDS = ("max", "average", "sum")
SIDES = (4, 16)  # fewest and most pixels of a map's side
LARGEST_SHIFT = 3  # pixels
LARGEST_WINDOW = 4  # pixels, also the largest stride
LARGEST_VALUE = 10_000

# Made by hand: small whole numbers, other winners for other windows, and the winner 4 twice in one window.
_BY_HAND = ((0, 3, 2, 0), (1, 2, 0, 6), (4, 1, 5, 0), (0, 4, 1, 2))
_DIGIT = 22  # of the training digits: a 4 whose strokes leave a margin on both sides
_LINES = {
    "vertical lines": "vertical line",
    "horizontal lines": "horizontal line",
    "falling diagonals": "falling diagonal",
    "rising diagonals": "rising diagonal",
}


def _line_map(image: np.ndarray, filter_name: str) -> np.ndarray:
    """Slide a 3 x 3 line filter over a grey picture (H, W), then ReLU: (H - 2, W - 2)."""
    windows = sliding_window_view(image.astype(float), (3, 3))  # (H - 2, W - 2, 3, 3)
    return np.maximum(np.einsum("yxij,ij->yx", windows, named_filter(filter_name)[:, :, 0]), 0)


def _sample_maps() -> dict[str, np.ndarray]:
    """Return the maps that come with the course: of a digit, of a photograph, and one made by hand."""
    from notmagic.datasets import load_digits, sample_images  # only here: a reader's own map needs neither

    digit = load_digits().x_train[_DIGIT]  # (8, 8), 0 to 16
    photo = sample_images()["photographer"][:54, :54].reshape(18, 3, 18, 3).mean(axis=(1, 3)).round()
    # Padding 1 keeps the digit at 8 x 8. Its margin is dark already, so no border appears as a line.
    maps = {f"digit, {words}": _line_map(np.pad(digit, 1), name) for words, name in _LINES.items()}
    maps["digit, pixels"] = digit
    maps["photo, vertical lines"] = _line_map(photo, "vertical line")
    maps["4 by 4, by hand"] = np.array(_BY_HAND)
    return maps


# ----------------------------------------------------------------------------------------------- checks


def _checked_map(name: str, values: object) -> np.ndarray:
    """Return a map as an array of shape (H, W), uint8 or float64, or say what is wrong with it."""
    try:
        array = np.array(values)
        numbers = array.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            f"map {name!r} is not an array of numbers; every row needs as many numbers"
        ) from None
    if array.dtype.kind not in "uif":
        raise ValueError(f"map {name!r} has entries of type {array.dtype}; expected numbers")
    if array.ndim != 2 or not SIDES[0] <= min(array.shape) <= max(array.shape) <= SIDES[1]:
        raise ValueError(
            f"map {name!r} has shape {array.shape}; expected (rows, columns) with {SIDES[0]} to {SIDES[1]} "
            "of each; cut out a part, or take one channel as array[:, :, 0]"
        )
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > LARGEST_VALUE:
        raise ValueError(
            f"map {name!r} has entries that are not numbers from {-LARGEST_VALUE:,} to {LARGEST_VALUE:,}; "
            "divide them first"
        )
    return array if array.dtype == np.uint8 else numbers


def _checked_maps(maps: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return the maps by name; without any, those that come with the course."""
    if maps is None:
        maps = _sample_maps()
    if not isinstance(maps, Mapping) or not maps:
        found = "an empty dict" if isinstance(maps, Mapping) else f"of type {type(maps).__name__}"
        raise ValueError(f"maps is {found}; expected a dict with at least one map, such as {{'mine': array}}")
    return {str(name): _checked_map(str(name), values) for name, values in maps.items()}


def _checked_shift(value: object) -> list[int]:
    down, right = checked_pair("shift", value, "two whole numbers, rows down and columns to the right")
    limits = -LARGEST_SHIFT, LARGEST_SHIFT
    return [checked_whole("shift[0]", down, *limits), checked_whole("shift[1]", right, *limits)]


# --------------------------------------------------------------------------------------------- the widget


class PoolingExplorer(anywidget.AnyWidget):
    """Pool a small map, shift it, and see which of the pooled numbers stay the same.

    Everything below can be read and set from Python while the widget is on the page, and observed:
    ``explorer.observe(handler, "shift")``.

    Parameters
    ----------
    maps : dict of str to array, optional
        Maps to choose from: shape (H, W), 4 to 16 on each side, numbers up to 10,000 in size. uint8 is shown
        in grey, as pixels are; other types in orange above zero and purple below, as feature maps are. Left
        out: a handwritten 4 after each 3 x 3 line filter and ReLU, its pixels, a photograph after one of the
        filters, and a map of 4 x 4 small numbers.
    name : str, optional
        Which map to show first. Left out: the first.
    pool_size : int
        Rows and columns of the window, 1 to 4.
    stride : int
        Pixels from one window to the next, 1 to 4.
    how : str
        ``"max"``, ``"average"`` or ``"sum"``: what is kept of each window.
    shift : (int, int)
        Rows down and columns to the right by which the map is moved, each -3 to 3. Zeros come in.
    row, col : int, optional
        The pooled number looked at, counted from 0. Left out: the largest one before the shift.
    show_gradient : bool
        Whether the input shows how a gradient of 1 at that number is divided, in place of its own numbers.
    ask : bool
        Whether the widget asks how many pooled numbers will stay the same, before it shows a shift: once for
        each map, window, stride and kind.

    Attributes
    ----------
    map_name : str
        The name of the map shown.

    Raises
    ------
    ValueError
        For a map or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> explorer = PoolingExplorer({"mine": np.eye(4)}, shift=(0, 1))
    >>> explorer
    PoolingExplorer(map 4 x 4, max 2 x 2, stride 2, shift (0, 1))
    >>> explorer.pooled().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> explorer.unchanged()
    {'input': (9, 16), 'pooled': (3, 4)}
    """

    _esm = module_text("pooling_explorer.js")
    _css = style_text("pooling_explorer.css")

    maps = traitlets.List(help="Name, height, width, grey or not, and values of each map.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    map_name = setting()
    pool_size = setting()
    stride = setting()
    how = setting()
    shift = setting()
    row = setting()
    col = setting()
    show_gradient = setting()
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        maps: Mapping[str, np.ndarray] | None = None,
        name: str | None = None,
        pool_size: int = 2,
        stride: int = 2,
        how: str = "max",
        shift: tuple[int, int] = (0, 0),
        *,
        row: int | None = None,
        col: int | None = None,
        show_gradient: bool = False,
        ask: bool = True,
    ) -> None:
        self._maps = _checked_maps(maps)
        state = {
            "map_name": checked_name("map", name or next(iter(self._maps)), list(self._maps)),
            "pool_size": checked_whole("pool_size", pool_size, 1, LARGEST_WINDOW),
            "stride": checked_whole("stride", stride, 1, LARGEST_WINDOW),
            "how": checked_name("kind of pooling", how, KINDS),
            "shift": _checked_shift(shift),
            "show_gradient": checked_flag("show_gradient", show_gradient),
            "ask": checked_flag("ask", ask),
        }
        pooled = _pool(self._maps[state["map_name"]], *(state[key] for key in ("how", "pool_size", "stride")))
        largest = np.unravel_index(pooled.argmax(), pooled.shape)
        for key, value, first, count in zip(("row", "col"), (row, col), largest, pooled.shape, strict=True):
            state[key] = int(first) if value is None else min(checked_whole(key, value, 0), count - 1)
        entries = [
            {"name": key, "height": len(array), "width": len(array[0]), "grey": array.dtype == np.uint8,
             "values": array.ravel().tolist()}
            for key, array in self._maps.items()
        ]  # fmt: skip
        super().__init__(maps=entries, initial=state, **state)

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("map_name")
    def _validate_map_name(self, proposal: dict) -> str:
        return checked_name("map", proposal["value"], list(self._maps))

    @traitlets.validate("pool_size", "stride")
    def _validate_size(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 1, LARGEST_WINDOW)

    @traitlets.validate("how")
    def _validate_how(self, proposal: dict) -> str:
        return checked_name("kind of pooling", proposal["value"], KINDS)

    @traitlets.validate("shift")
    def _validate_shift(self, proposal: dict) -> list[int]:
        return _checked_shift(proposal["value"])

    @traitlets.validate("row", "col")
    def _validate_place(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 0)

    @traitlets.validate("show_gradient", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.observe("map_name", "pool_size", "stride", "row", "col")
    def _keep_place_inside(self, change: dict) -> None:
        if None in (self.map_name, self.pool_size, self.stride, self.row, self.col):
            return  # not all are set yet
        rows, columns = self.output_shape
        self.row, self.col = min(self.row, rows - 1), min(self.col, columns - 1)

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def output_shape(self) -> tuple[int, int]:
        """Rows and columns of the pooled map: floor((n - f) / s) + 1 of each side."""
        height, width = self._maps[self.map_name].shape
        settings = self.pool_size, self.stride
        return output_size(height, *settings), output_size(width, *settings)

    def input(self, shifted: bool = False) -> np.ndarray:
        """Return the map shown.

        Parameters
        ----------
        shifted : bool
            Whether to return it after the shift.

        Returns
        -------
        ndarray of float64, shape (H, W)
        """
        values = self._maps[self.map_name].astype(float)
        if not shifted:
            return values
        height, width = values.shape
        down, right = self.shift
        around = np.pad(values, LARGEST_SHIFT)  # the zeros that come in
        top, left = LARGEST_SHIFT - down, LARGEST_SHIFT - right
        return around[top : top + height, left : left + width].copy()

    def pooled(self, shifted: bool = False) -> np.ndarray:
        """Return the pooled map.

        Parameters
        ----------
        shifted : bool
            Whether the map is shifted before it is pooled.

        Returns
        -------
        ndarray of float64, shape `output_shape`
        """
        return _pool(self.input(shifted), self.how, self.pool_size, self.stride)

    def unchanged(self) -> dict[str, tuple[int, int]]:
        """Count the numbers that the shift leaves as they were.

        Returns
        -------
        dict
            ``"input"`` and ``"pooled"``: how many are equal at the same place before and after, and how many
            there are. Averages that differ by rounding alone count as equal.
        """
        pairs = {"input": (self.input(), self.input(True)), "pooled": (self.pooled(), self.pooled(True))}
        close = {key: np.isclose(a, b, rtol=0, atol=1e-9 * LARGEST_VALUE) for key, (a, b) in pairs.items()}
        return {key: (int(same.sum()), same.size) for key, same in close.items()}

    def gradient(self, shifted: bool = False) -> np.ndarray:
        """Divide a gradient of 1 at the pooled number looked at among the pixels of the input.

        Max: the whole 1 goes to the largest pixel of the window, to the first of them in reading order if
        there are several, as in TensorFlow on a CPU. Average: 1 / n to each of the n pixels. Sum: 1 to each.

        Parameters
        ----------
        shifted : bool
            Whether the map is shifted first, which may change the winner.

        Returns
        -------
        ndarray of float64, shape (H, W)
        """
        layer, factor = _layer(self.how, self.pool_size, self.stride)
        upstream = np.zeros_like(layer(self.input(shifted)[np.newaxis, :, :, np.newaxis]))
        upstream[0, self.row, self.col, 0] = factor
        return layer.backward(upstream)[0, :, :, 0]

    def __repr__(self) -> str:  # noqa: D105
        height, width = self._maps[self.map_name].shape
        return (
            f"PoolingExplorer(map {height} x {width}, {self.how} {self.pool_size} x {self.pool_size}, "
            f"stride {self.stride}, shift {tuple(self.shift)})"
        )


def _layer(how: str, pool_size: int, stride: int) -> tuple[MaxPooling2D | AveragePooling2D, int]:
    """Return the layer for a kind of pooling, and the number that its gradient is multiplied by.

    A sum is a mean times the number of pixels in the window.
    """
    kind = MaxPooling2D if how == "max" else AveragePooling2D
    return kind(pool_size, stride, dtype="float64"), pool_size**2 if how == "sum" else 1


def _pool(values: np.ndarray, how: str, pool_size: int, stride: int) -> np.ndarray:
    """Pool one map of shape (H, W); returns float64."""
    if how == "sum":  # not a mean times n: whole numbers must stay whole
        windows = sliding_window_view(values.astype(float), (pool_size, pool_size))
        return windows[::stride, ::stride].sum(axis=(2, 3))
    layer, _ = _layer(how, pool_size, stride)
    return layer(values[np.newaxis, :, :, np.newaxis])[0, :, :, 0]
