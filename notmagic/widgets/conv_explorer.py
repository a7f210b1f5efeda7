"""ConvExplorer: move a filter over a picture and see every product, every sum and the feature map.

The Python side holds the state and checks it; ``conv_explorer.js`` draws it and answers the reader, with or
without a kernel. Both make the built-in filters from the same formulas, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import anywidget
import numpy as np
import traitlets
from numpy.lib.stride_tricks import sliding_window_view

from notmagic.geometry import output_size, pad_amounts
from notmagic.widgets._arithmetic import whole_randoms
from notmagic.widgets._checks import (
    checked_flag,
    checked_name,
    checked_number,
    checked_numbers,
    checked_pixels,
    checked_weights,
    checked_whole,
    laid_end_to_end,
    setting,
)
from notmagic.widgets._module import module_text, style_text

__all__ = ["BY_HAND", "FILTER_NAMES", "ConvExplorer", "named_filter"]

LARGEST_SIDE = 256
LARGEST_BIAS = 100_000
BY_HAND = "by hand"


# ------------------------------------------------------------------------------------------ named filters


def named_filter(name: str, size: int = 3, channels: int = 1, seed: int = 1) -> np.ndarray:
    """Make one of the built-in filters at a given size.

    All channels get the same weights, except in ``"random"`` (each weight is drawn alone) and in ``"red minus
    the others"``. An even-sized filter has no middle; the pixel up and left of it is taken, so that
    ``"identity"`` with padding ``"same"`` returns the picture.

    Parameters
    ----------
    name : str
        One of `FILTER_NAMES`.
    size : int
        Rows and columns of the filter.
    channels : int
        1 for a grey picture, 3 for a colour picture.
    seed : int
        Where the row of random numbers starts; used by ``"random"`` alone.

    Returns
    -------
    ndarray of float64, shape (size, size, channels)

    Raises
    ------
    ValueError
        If there is no filter of that name.

    Notes
    -----
    ``"horizontal edges"`` and ``"vertical edges"`` are Sobel's filters at size 3 and keep their shape at the
    other sizes; the lines and ``"outline"`` sum to zero at every size, ``"blur"``, ``"sharpen"`` and
    ``"identity"`` to one in each channel.
    """
    checked_name("filter", name, FILTER_NAMES)
    if name == "random":
        return _random_weights(size * size * channels, seed).reshape(size, size, channels)
    if name == "red minus the others":
        # A grey pixel has red, green and blue alike, so on a grey picture the three weights cancel.
        colour = np.array([2.0, -1.0, -1.0]) if channels == 3 else np.zeros(channels)
        return np.ones((size, size, 1)) * colour
    rows, columns = np.indices((size, size))
    flat = _FLAT_FILTERS[name](rows, columns, size).astype(float)
    return np.repeat(flat[:, :, None], channels, axis=2)


def _line(on_line: np.ndarray, size: int) -> np.ndarray:
    """Weigh the pixels of a line so that a picture without one gives 0."""
    return np.where(on_line, size - 1, -1)


def _edge(across: np.ndarray, along: np.ndarray, size: int) -> np.ndarray:
    """Weigh minus before the middle, plus after it, and most in the middle of the edge."""
    return np.sign(2 * across - (size - 1)) * np.minimum(along + 1, size - along)


def _middle(size: int) -> int:
    return (size - 1) // 2


def _cross(rows: np.ndarray, columns: np.ndarray, size: int) -> np.ndarray:
    """Weigh the middle so that it outweighs the rest of its row and column by one."""
    c = _middle(size)
    on_arm = (rows == c) | (columns == c)
    return np.where((rows == c) & (columns == c), 2 * size - 1, -on_arm.astype(int))


# Each takes the indices of rows and columns and the size, and returns the weights of one channel.
_FLAT_FILTERS = {
    "horizontal line": lambda i, j, k: _line(i == _middle(k), k),
    "vertical line": lambda i, j, k: _line(j == _middle(k), k),
    "falling diagonal": lambda i, j, k: _line(i == j, k),
    "rising diagonal": lambda i, j, k: _line(i + j == k - 1, k),
    "horizontal edges": lambda i, j, k: _edge(i, j, k),
    "vertical edges": lambda i, j, k: _edge(j, i, k),
    "outline": lambda i, j, k: np.where((i == _middle(k)) & (j == _middle(k)), k * k - 1, -1),
    "blur": lambda i, j, k: np.full(i.shape, 1 / (k * k)),
    "sharpen": _cross,
    "identity": lambda i, j, k: (i == _middle(k)) & (j == _middle(k)),
}

#: The names of the built-in filters, in the order of the widget's menu.
FILTER_NAMES = (*_FLAT_FILTERS, "red minus the others", "random")


def _random_weights(count: int, seed: int) -> np.ndarray:
    """Draw weights from -0.9, -0.8, ..., 0.9 that JavaScript draws alike from the same seed."""
    return np.array([(number % 19 - 9) / 10 for number in whole_randoms(count, seed)])


def _fit_filter(kernel: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Carry weights over to another filter size or depth.

    The middle stays the middle; what is new is 0. A grey filter is copied to the three channels, a colour
    filter averaged to one, so that there and back changes nothing.
    """
    old = kernel.shape[0]
    shift = _middle(size) - _middle(old)
    fitted = np.zeros((size, size, kernel.shape[2]))
    low, high = max(shift, 0), min(size, old + shift)
    if low < high:
        fitted[low:high, low:high] = kernel[low - shift : high - shift, low - shift : high - shift]
    if channels == fitted.shape[2]:
        return fitted
    return np.repeat(fitted.mean(axis=2, keepdims=True), channels, axis=2)


# ----------------------------------------------------------------------------------------------- checks


def _checked_image(name: str, image: np.ndarray) -> np.ndarray:
    """Return a picture as uint8 of shape (height, width, 1 or 3), or say what is wrong with it."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        raise ValueError(
            f"picture {name!r} has shape {np.shape(image)}; expected (height, width) for grey "
            "or (height, width, 3) for colour"
        )
    if not 1 <= min(array.shape[:2]) <= max(array.shape[:2]) <= LARGEST_SIDE:
        raise ValueError(
            f"picture {name!r} is {array.shape[0]} x {array.shape[1]} pixels; expected 1 to {LARGEST_SIDE} "
            "on each side, and 64 x 64 shows best; crop it or take every n-th pixel"
        )
    return checked_pixels(name, array)


def _checked_images(image: np.ndarray | Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return the pictures by name; without any, those that come with the course."""
    if image is None:
        from notmagic.datasets import sample_images  # only here: a reader's own picture needs no data set

        image = sample_images()
    if not isinstance(image, Mapping):
        image = {"picture": image}
    if not image:
        raise ValueError("image is an empty dict; expected at least one picture, such as {'cat': array}")
    return {str(name): _checked_image(name, array) for name, array in image.items()}


def _checked_filters(filters: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return the reader's own filters as float arrays of shape (size, size, 1 or 3)."""
    if filters is not None and not isinstance(filters, Mapping):
        raise ValueError(
            f"filters is of type {type(filters).__name__}; expected a dict such as {{'mine': array}}"
        )
    checked = {}
    for name, weights in (filters or {}).items():
        if name == BY_HAND:
            raise ValueError(f"the filter name {BY_HAND!r} is taken by the widget; choose another")
        checked[str(name)] = _checked_kernel(f"filter {name!r}", weights)
    return checked


def _checked_kernel(what: str, weights: object) -> np.ndarray:
    """Return weights as a float array of shape (size, size, 1 or 3), or say what is wrong with them."""
    kernel = checked_numbers(what, weights)
    shape = kernel.shape
    if kernel.ndim == 2:
        kernel = kernel[:, :, None]
    if kernel.ndim != 3 or shape[0] != shape[1] or not 1 <= shape[0] <= 7 or kernel.shape[2] not in (1, 3):
        raise ValueError(
            f"{what} has shape {shape}; expected (k, k), or (k, k, 3) for colour pictures, with k from 1 to 7"
        )
    return checked_weights(what, kernel)


def _checked_padding(value: object) -> int | str:
    """Return padding as an int, "valid" or "same"."""
    if isinstance(value, str) and value in ("valid", "same"):
        return value
    if isinstance(value, str):
        raise ValueError(f"padding is {value!r}; expected a whole number from 0 to 3, 'valid' or 'same'")
    return checked_whole("padding", value, 0, 3)


def _checked_bias(value: object) -> float:
    return checked_number("bias", value, -LARGEST_BIAS, LARGEST_BIAS)


# --------------------------------------------------------------------------------------------- the widget


class ConvExplorer(anywidget.AnyWidget):
    """Move a filter over a picture; see the products, their sum and the whole feature map.

    Everything below can be read and set from Python while the widget is on the page, and observed:
    ``explorer.observe(handler, "kernel_size")``. As in all deep learning, the filter is not flipped before it
    is multiplied (mathematicians call that cross-correlation). Pixels count as whole numbers, 0 to 255.

    Parameters
    ----------
    image : array or dict of str to array, optional
        One picture or several to choose from: uint8, shape (height, width) or (height, width, 3), at most
        256 pixels a side; 64 x 64 shows best. Left out: `notmagic.datasets.sample_images`.
    kernel_size : int
        Rows and columns of the filter, 1 to 7.
    stride : int
        Pixels from one window to the next, 1 to 4.
    padding : int, "valid" or "same"
        Pixels of 0 added on each side, 0 to 3, or TensorFlow's rules of that name.
    filters : dict of str to array, optional
        Your own filters, shape (k, k) or (k, k, 3); one with a built-in name replaces it at its size.
    image_name, filter_name : str, optional
        What to show first. Left out: the first picture; the first of your own filters that has the size
        `kernel_size`, else ``"vertical edges"``.
    bias : float
        Added to every sum.
    row, col : int, optional
        The window's place, counted from 0 as rows and columns of the feature map. Left out: the middle.
    ask : bool
        Whether the widget asks "what size will come out?" before a change takes effect.

    Attributes
    ----------
    weights : nested list of float, shape (kernel_size, kernel_size, channels)
        The filter. Setting it makes `filter_name` ``"by hand"``.
    seed : int
        What the filter ``"random"`` is drawn from.

    Raises
    ------
    ValueError
        For a picture, a filter or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> explorer = ConvExplorer(np.zeros((64, 64, 3), np.uint8), stride=2)
    >>> explorer
    ConvExplorer(image 64 x 64 x 3, filter 3 x 3, stride 2, padding 0)
    >>> explorer.output_shape
    (31, 31)
    """

    _esm = module_text("conv_explorer.js")
    _css = style_text("conv_explorer.css")

    pixels = traitlets.Bytes(help="All pictures, one after another.").tag(sync=True)
    images = traitlets.List(help="Name, height, width, channels and offset of each picture.").tag(sync=True)
    custom_filters = traitlets.List(help="Name and weights of the reader's own filters.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    image_name = setting()
    filter_name = setting()
    kernel_size = setting()
    stride = setting()
    padding = setting()
    weights = setting()
    bias = setting()
    row = setting()
    col = setting()
    seed = setting()
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        image: np.ndarray | Mapping[str, np.ndarray] | None = None,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int | str = 0,
        filters: Mapping[str, np.ndarray] | None = None,
        *,
        image_name: str | None = None,
        filter_name: str | None = None,
        bias: float = 0.0,
        row: int | None = None,
        col: int | None = None,
        ask: bool = False,
    ) -> None:
        self._images = _checked_images(image)
        self._filters = _checked_filters(filters)
        kernel_size = checked_whole("kernel_size", kernel_size, 1, 7)
        state = {
            "image_name": image_name or next(iter(self._images)),
            "filter_name": filter_name or self._first_filter(kernel_size),
            "stride": checked_whole("stride", stride, 1, 4),
            "padding": _checked_padding(padding),
            "bias": _checked_bias(bias),
            "seed": 1,
            "ask": checked_flag("ask", ask),
        }
        checked_name("picture", state["image_name"], list(self._images))
        checked_name("filter", state["filter_name"], self._filter_names())
        state["kernel_size"] = self._size_for(state["filter_name"], kernel_size)
        channels = self._images[state["image_name"]].shape[2]
        kernel = self._make_weights(state["filter_name"], state["kernel_size"], channels, state["seed"])
        if kernel is None:  # "by hand": an empty filter to fill in
            kernel = np.zeros((state["kernel_size"], state["kernel_size"], channels))
        state["weights"] = kernel.tolist()
        state |= self._place(state, row, col)
        constants = self._bytes_of_images() | {"custom_filters": self._lists_of_filters(), "initial": state}
        super().__init__(**constants, **state)

    def _first_filter(self, kernel_size: int) -> str:
        """Choose what to show first: a filter of the reader's that has the size, else edges."""
        fitting = [name for name, kernel in self._filters.items() if kernel.shape[0] == kernel_size]
        return fitting[0] if fitting else "vertical edges"

    def _place(self, state: dict, row: int | None, col: int | None) -> dict[str, int]:
        """Return the window's place: what was asked for, within the map; else its middle."""
        image = self._images[state["image_name"]]
        settings = state["kernel_size"], state["stride"], state["padding"]
        place = {}
        for name, value, side in zip(("row", "col"), (row, col), image.shape[:2], strict=True):
            length = _map_side(side, *settings)
            value = length // 2 if value is None else checked_whole(name, value, 0)
            place[name] = min(value, max(length - 1, 0))
        return place

    def _bytes_of_images(self) -> dict:
        pixels, offsets = laid_end_to_end(self._images.values())
        parts = ("height", "width", "channels")
        entries = [
            {"name": name, **dict(zip(parts, array.shape, strict=True)), "offset": offset}
            for (name, array), offset in zip(self._images.items(), offsets, strict=True)
        ]
        return {"images": entries, "pixels": pixels}

    def _lists_of_filters(self) -> list[dict]:
        return [{"name": name, "weights": kernel.tolist()} for name, kernel in self._filters.items()]

    def _filter_names(self) -> list[str]:
        return list(dict.fromkeys([*FILTER_NAMES, *self._filters, BY_HAND]))

    def _size_for(self, name: str, size: int) -> int:
        """Return the size at which a filter can be shown: a reader's own filter has only one."""
        own = self._filters.get(name)
        return size if own is None or name in FILTER_NAMES else own.shape[0]

    def _make_weights(self, name: str, size: int, channels: int, seed: int) -> np.ndarray | None:
        """Return what a name stands for, shape (size, size, channels); None if nothing at this size."""
        own = self._filters.get(name)
        if own is not None and own.shape[0] == size:
            return _fit_filter(own, size, channels)
        return named_filter(name, size, channels, seed) if name in FILTER_NAMES else None

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("image_name")
    def _validate_image_name(self, proposal: dict) -> str:
        return checked_name("picture", proposal["value"], list(self._images))

    @traitlets.validate("filter_name")
    def _validate_filter_name(self, proposal: dict) -> str:
        return checked_name("filter", proposal["value"], self._filter_names())

    @traitlets.validate("kernel_size")
    def _validate_kernel_size(self, proposal: dict) -> int:
        return checked_whole("kernel_size", proposal["value"], 1, 7)

    @traitlets.validate("stride")
    def _validate_stride(self, proposal: dict) -> int:
        return checked_whole("stride", proposal["value"], 1, 4)

    @traitlets.validate("padding")
    def _validate_padding(self, proposal: dict) -> int | str:
        return _checked_padding(proposal["value"])

    @traitlets.validate("weights")
    def _validate_weights(self, proposal: dict) -> list:
        kernel = _checked_kernel("weights", proposal["value"])
        return _fit_filter(kernel, kernel.shape[0], self._channels).tolist()

    @traitlets.validate("bias")
    def _validate_bias(self, proposal: dict) -> float:
        return _checked_bias(proposal["value"])

    @traitlets.validate("row", "col", "seed")
    def _validate_count(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 0)

    @traitlets.validate("ask")
    def _validate_ask(self, proposal: dict) -> bool:
        return checked_flag("ask", proposal["value"])

    # --------------------------------------------------------------- what follows when a trait is set

    @traitlets.observe("filter_name", "seed")
    def _filter_chosen(self, change: dict) -> None:
        if self.filter_name == BY_HAND or not self._ready:
            return
        size = self._size_for(self.filter_name, self.kernel_size)
        self._set_kernel(self._make_weights(self.filter_name, size, self._channels, self.seed))

    @traitlets.observe("kernel_size", "image_name")
    def _shape_chosen(self, change: dict) -> None:
        if not self._ready or self.kernel.shape[::2] == (self.kernel_size, self._channels):
            return
        kernel = self._make_weights(self.filter_name, self.kernel_size, self._channels, self.seed)
        if kernel is None:
            kernel = _fit_filter(self.kernel, self.kernel_size, self._channels)
            self.filter_name = BY_HAND
        self._set_kernel(kernel)

    @traitlets.observe("weights")
    def _weights_chosen(self, change: dict) -> None:
        if not self._ready:
            return
        self._set_kernel(self.kernel)
        expected = self._make_weights(self.filter_name, self.kernel_size, self._channels, self.seed)
        if expected is None or not np.array_equal(self.kernel, expected):
            self.filter_name = BY_HAND

    @traitlets.observe("kernel_size", "stride", "padding", "image_name")
    def _keep_window_inside(self, change: dict) -> None:
        if self._ready:
            state = {name: getattr(self, name) for name in ("image_name", "kernel_size", "stride", "padding")}
            place = self._place(state, self.row, self.col)
            self.row, self.col = place["row"], place["col"]

    @property
    def _ready(self) -> bool:
        """Whether construction has set all traits."""
        return None not in (self.image_name, self.filter_name, self.weights, self.kernel_size, self.col)

    def _set_kernel(self, kernel: np.ndarray) -> None:
        """Set weights and size together, so that no handler sees one without the other."""
        with self.hold_trait_notifications():
            self.kernel_size = kernel.shape[0]
            self.weights = kernel.tolist()

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def _channels(self) -> int:
        return self._images[self.image_name].shape[2]

    @property
    def image(self) -> np.ndarray:
        """The picture shown: uint8, shape (height, width, channels)."""
        return self._images[self.image_name].copy()

    @property
    def kernel(self) -> np.ndarray:
        """The filter shown: float64, shape (kernel_size, kernel_size, channels)."""
        return np.array(self.weights, dtype=float)

    @property
    def output_shape(self) -> tuple[int, int]:
        """Rows and columns of the feature map.

        Raises
        ------
        ValueError
            If the filter does not fit the padded picture.
        """
        height, width, _ = self._images[self.image_name].shape
        sides = (output_size(side, self.kernel_size, self.stride, self.padding) for side in (height, width))
        rows, columns = sides
        return rows, columns

    def feature_map(self) -> np.ndarray:
        """Compute the feature map shown.

        Returns
        -------
        ndarray of float64, shape `output_shape`
            At each place the sum, over the window and all channels, of pixel times weight, plus the bias.

        Raises
        ------
        ValueError
            If the filter does not fit the padded picture.
        """
        image = self._images[self.image_name].astype(float)
        settings = self.kernel_size, self.stride, self.padding
        pads = [pad_amounts(side, *settings) for side in image.shape[:2]]
        padded = np.pad(image, [*pads, (0, 0)])
        windows = sliding_window_view(padded, (self.kernel_size, self.kernel_size), axis=(0, 1))
        # windows: (rows, columns, channels, k, k); kernel: (k, k, channels)
        return np.einsum("yxcij,ijc->yx", windows[:: self.stride, :: self.stride], self.kernel) + self.bias

    def __repr__(self) -> str:  # noqa: D105
        height, width, channels = self._images[self.image_name].shape
        depth = f" x {channels}" if channels > 1 else ""
        return (
            f"ConvExplorer(image {height} x {width}{depth}, filter {self.kernel_size} x {self.kernel_size}, "
            f"stride {self.stride}, padding {self.padding})"
        )


def _map_side(side: int, kernel_size: int, stride: int, padding: int | str) -> int:
    """Return the map's rows or columns, or 0 where the filter does not fit."""
    try:
        return output_size(side, kernel_size, stride, padding)
    except ValueError:
        return 0
