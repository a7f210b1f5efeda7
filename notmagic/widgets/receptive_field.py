"""ReceptiveField: stack layers and see which patch of the picture one unit looks at, and in how many ways.

The Python side holds the state and checks it; ``receptive_field.js`` draws it and answers the reader, with or
without a kernel. Sizes and patches are those of `notmagic.geometry`; a test compares the two sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import anywidget
import numpy as np
import traitlets

from notmagic import geometry
from notmagic.widgets._checks import checked_flag, checked_name, checked_whole, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["LAYER_SIZES", "ReceptiveField"]

SIDES = (2, 64)  # of the picture, in pixels
MOST_LAYERS = 6
LARGEST_STRIDE = 4
#: What a layer can be, and the sizes of its window.
LAYER_SIZES = {"conv": (1, 2, 3, 5, 7), "pool": (2, 3)}
CIFAR10_LAYERS = (("conv", 3), ("pool", 2), ("conv", 3), ("pool", 2))


# ----------------------------------------------------------------------------------------------- checks


def _checked_picture(image: object) -> np.ndarray:
    """Return a square picture as uint8 of shape (side, side, 1 or 3); without any, a cat of 32 x 32."""
    if image is None:
        from notmagic.datasets import sample_images  # only here: a reader's own picture needs no data set

        cat = sample_images()["cat"]  # (64, 64, 3)
        return cat.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    array = np.asarray(image)
    shape = array.shape
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        raise ValueError(f"image has shape {shape}; expected (side, side) for grey or (side, side, 3)")
    if shape[0] != shape[1] or not SIDES[0] <= shape[0] <= SIDES[1]:
        raise ValueError(
            f"image is {shape[0]} x {shape[1]} pixels; expected a square with a side from {SIDES[0]} to "
            f"{SIDES[1]}; cut a square out of it, or take every n-th pixel"
        )
    if array.dtype.kind not in "ui" or array.min() < 0 or array.max() > 255:
        raise ValueError(
            f"image has numbers of type {array.dtype} from {array.min()} to {array.max()}; expected whole "
            "numbers from 0 to 255; for pixels between 0 and 1 pass (255 * image).round().astype('uint8')"
        )
    return array.astype(np.uint8)


def _checked_layer(index: int, layer: object) -> list:
    """Return one layer as [kind, size, stride, padding]."""
    if not isinstance(layer, (list, tuple)) or not 2 <= len(layer) <= 4:
        raise ValueError(
            f"layers[{index}] is {layer!r}; expected (kind, size), (kind, size, stride) or (kind, size, "
            "stride, padding), such as ('conv', 3) or ('pool', 2)"
        )
    kind = checked_name("kind of layer", layer[0], LAYER_SIZES)
    size = checked_whole(f"the size in layers[{index}]", layer[1], 1)
    if size not in LAYER_SIZES[kind]:
        sizes = ", ".join(map(str, LAYER_SIZES[kind]))
        raise ValueError(f"the size in layers[{index}] is {size}; expected one of {sizes} for {kind!r}")
    usual = size if kind == "pool" else 1  # pooling windows side by side, as in Keras
    stride = checked_whole(f"the stride in layers[{index}]", layer[2] if len(layer) > 2 else usual, 1)
    if stride > LARGEST_STRIDE:
        raise ValueError(f"the stride in layers[{index}] is {stride}; expected 1 to {LARGEST_STRIDE}")
    padding = layer[3] if len(layer) > 3 else 0
    if isinstance(padding, bool) or padding not in (0, "valid", "same"):
        raise ValueError(f"the padding in layers[{index}] is {padding!r}; expected 0 or 'same'")
    return [kind, size, stride, "same" if padding == "same" else 0]


def _checked_layers(value: object) -> list[list]:
    """Return a stack of layers as a list of [kind, size, stride, padding]."""
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= MOST_LAYERS:
        raise ValueError(f"layers is {value!r}; expected a list of 1 to {MOST_LAYERS} layers")
    return [_checked_layer(index, layer) for index, layer in enumerate(value)]


# --------------------------------------------------------------------------------------------- the widget


class ReceptiveField(anywidget.AnyWidget):
    """Stack convolutions and poolings; choose a unit of any layer and see what it looks at.

    Parameters
    ----------
    image : array, optional
        A square picture of 2 to 64 pixels a side: uint8, shape (side, side) or (side, side, 3). Left out: a
        cat of 32 x 32 pixels, the size of a picture of CIFAR-10.
    layers : sequence, optional
        One to six layers from the picture on, each ``(kind, size)``, ``(kind, size, stride)`` or ``(kind,
        size, stride, padding)``: `kind` is ``"conv"`` with size 1, 2, 3, 5 or 7, or ``"pool"`` with size 2 or
        3; `stride` is 1 to 4, left out 1 for a convolution and the size for a pooling; `padding` is 0 or
        ``"same"``. Left out: the convolutions and poolings of the course's CIFAR-10 model, up to the second
        pooling. A layer that does not fit its input is shown with the reason.
    layer : int, optional
        The layer whose unit is chosen, counted from 1. Left out: the last that fits.
    row, col : int, optional
        The unit's place in its feature map, counted from 0. Left out: the middle.
    show_paths : bool
        Whether the patch is shaded by the number of ways in which each pixel reaches the unit.
    ask : bool
        Whether the widget asks how wide the last layer's patch is before it shows it.

    Raises
    ------
    ValueError
        For a picture, a layer or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> widget = ReceptiveField(np.zeros((32, 32), np.uint8))
    >>> widget
    ReceptiveField(picture 32 x 32, conv 3, pool 2, conv 3, pool 2; a unit of layer 4 sees 10 x 10)
    >>> widget.sizes, widget.patch()
    ([32, 30, 15, 13, 6], (slice(8, 18, None), slice(8, 18, None)))
    """

    _esm = module_text("receptive_field.js")
    _css = style_text("receptive_field.css")

    pixels = traitlets.Bytes(help="The picture, row by row.").tag(sync=True)
    picture = traitlets.Dict(help="Side and channels of the picture.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    layers = setting()
    layer = setting()
    row = setting()
    col = setting()
    show_paths = setting()
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        image: np.ndarray | None = None,
        layers: Sequence[Sequence] | None = None,
        *,
        layer: int | None = None,
        row: int | None = None,
        col: int | None = None,
        show_paths: bool = False,
        ask: bool = True,
    ) -> None:
        self._image = _checked_picture(image)
        state = {
            "layers": _checked_layers(CIFAR10_LAYERS if layers is None else layers),
            "show_paths": checked_flag("show_paths", show_paths),
            "ask": checked_flag("ask", ask),
        }
        sizes = _sizes(len(self._image), state["layers"])
        count = len(state["layers"])
        state["layer"] = max(len(sizes) - 1, 1) if layer is None else checked_whole("layer", layer, 1, count)
        last = sizes[min(state["layer"], len(sizes) - 1)] - 1
        for name, place in (("row", row), ("col", col)):
            state[name] = last // 2 if place is None else checked_whole(name, place, 0, last)
        side, _, channels = self._image.shape
        super().__init__(
            pixels=self._image.tobytes(), picture={"side": side, "channels": channels}, initial=state, **state
        )

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("layers")
    def _validate_layers(self, proposal: dict) -> list:
        return _checked_layers(proposal["value"])

    @traitlets.validate("layer")
    def _validate_layer(self, proposal: dict) -> int:
        count = MOST_LAYERS if self.layers is None else len(self.layers)
        return checked_whole("layer", proposal["value"], 1, count)

    @traitlets.validate("row", "col")
    def _validate_place(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 0, self._last_place())

    @traitlets.validate("show_paths", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.observe("layers", "layer")
    def _keep_unit_inside(self, change: dict) -> None:
        if None in (self.layers, self.layer, self.row, self.col):  # while it is made
            return
        self.layer = min(self.layer, len(self.layers))
        last = self._last_place()
        self.row, self.col = min(self.row, last), min(self.col, last)

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def image(self) -> np.ndarray:
        """The picture: uint8, shape (side, side, channels)."""
        return self._image.copy()

    @property
    def sizes(self) -> list[int]:
        """Rows (and columns) of the picture and of each layer's feature map, as far as the layers fit."""
        return _sizes(len(self._image), self.layers)

    @property
    def _shown(self) -> int:
        """The layer whose unit is shown: the chosen one, or the last that fits; 0 if none does."""
        return min(self.layer, len(self.sizes) - 1)

    def _last_place(self) -> int:
        if self.layers is None or self.layer is None:
            return SIDES[1] - 1
        return self.sizes[self._shown] - 1

    def receptive_field(self) -> geometry.ReceptiveField:
        """Return size and jump of the chosen layer's receptive field, from `notmagic.geometry`."""
        return geometry.receptive_field([layer[1:3] for layer in self.layers[: self._shown]])

    def patch(self) -> tuple[slice, slice]:
        """Return rows and columns of the picture that the chosen unit sees."""
        stack = [layer[1:] for layer in self.layers[: self._shown]]
        return geometry.receptive_patch(len(self._image), stack, (self.row, self.col))

    def paths(self) -> np.ndarray:
        """Count the ways in which each pixel reaches the chosen unit.

        Returns
        -------
        ndarray of float64, shape (side, side)
            A way goes from a pixel to a unit of layer 1 whose window holds it, on to a unit of layer 2, and
            so on: were every weight 1 and every pooling a sum, the unit would be the sum of pixels times
            ways.
        """
        rows, columns = (self._paths_along(place) for place in (self.row, self.col))
        return np.outer(rows, columns)

    def _paths_along(self, place: int) -> np.ndarray:
        """Count along one direction: the windows are square, so that rows and columns multiply."""
        sizes = self.sizes
        counts = np.zeros(sizes[self._shown])
        counts[place] = 1
        for index in reversed(range(self._shown)):
            n, (_, size, stride, padding) = sizes[index], self.layers[index]
            before, after = geometry.pad_amounts(n, size, stride, padding)
            padded = np.zeros(before + n + after)
            for window, count in enumerate(counts):
                padded[window * stride : window * stride + size] += count
            counts = padded[before : before + n]
        return counts

    def __repr__(self) -> str:  # noqa: D105
        side = len(self._image)
        stack = ", ".join(_layer_words(layer) for layer in self.layers)
        if self._shown < self.layer:
            end = f"layer {len(self.sizes)} does not fit"
        else:
            end = f"a unit of layer {self.layer} sees {' x '.join(map(str, self.receptive_field().size))}"
        return f"ReceptiveField(picture {side} x {side}, {stack}; {end})"


def _sizes(side: int, layers: list[list]) -> list[int]:
    """Return the side of the picture and of each feature map up to the first layer that does not fit."""
    sizes = [side]
    for _, size, stride, padding in layers:
        try:
            sizes.append(geometry.output_size(sizes[-1], size, stride, padding))
        except ValueError:
            break
    return sizes


def _layer_words(layer: list) -> str:
    """Name a layer in a few words; a stride and a padding are named where they are not the usual."""
    kind, size, stride, padding = layer
    words = f"{kind} {size}"
    if stride != (size if kind == "pool" else 1):
        words += f" stride {stride}"
    return words + (" same" if padding == "same" else "")
