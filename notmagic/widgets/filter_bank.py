"""FilterBank: several small filters on one picture, a threshold and pooling; which part lights which filter.

The Python side holds the state and checks it; ``filter_bank.js`` computes and draws, with or without a
kernel. Both sides do the same arithmetic; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import anywidget
import numpy as np
import traitlets
from numpy.lib.stride_tricks import sliding_window_view

from notmagic.widgets._checks import (
    checked_flag,
    checked_name,
    checked_number,
    checked_numbers,
    checked_pair,
    checked_pixels,
    checked_weights,
    checked_whole,
    laid_end_to_end,
    setting,
)
from notmagic.widgets._module import module_text, style_text
from notmagic.widgets.conv_explorer import named_filter

__all__ = ["POOLS", "STAGES", "FilterBank", "line_units"]

POOLS = ("none", "max", "average", "sum")
STAGES = ("sums", "threshold", "pooled")

LARGEST_SIDE = 128
LARGEST_FILTER = 5
LARGEST_POOL = 4
MOST_FILTERS = 6
INK = 16  # full ink of a digit
WHITE = 255
NOBODY, TIE = -1, -2
# Responses that differ by less are the same number, summed in another order.
TOLERANCE = 1e-9

# Digit: which of the course's test scans. A clear example of each; "digit" is the crossed seven of chapter 1.
_SCANS = {"0": 24, "1": 44, "4": 13}
_PHOTOGRAPHS = ("photographer", "bricks")


# ---------------------------------------------------------------------------------- pictures and filters


def line_units() -> dict[str, np.ndarray]:
    """Return the four line units: +2 on the line, -1 off it, so that they sum to 0.

    Returns
    -------
    dict of str to ndarray of float64, shape (3, 3)
        "horizontal", "vertical", "diagonal down" (from top left to bottom right) and "diagonal up".
    """
    names = {
        "horizontal": "horizontal line",
        "vertical": "vertical line",
        "diagonal down": "falling diagonal",
        "diagonal up": "rising diagonal",
    }
    return {name: named_filter(stored)[:, :, 0] for name, stored in names.items()}


def _default_images() -> dict[str, tuple[np.ndarray, int]]:
    """Return four digits and two grey photographs: pixels, and the pixel that counts as 1."""
    from notmagic.datasets import load_digits, sample_images  # only here: your own pictures need no data set

    samples, digits = sample_images(), load_digits()
    # There its levels are stretched to 0..255; here they are levels of ink again, as in the other digits.
    images = {"digit": (np.round(samples["digit"] * (INK / WHITE)).astype(np.uint8), INK)}
    images |= {f"digit {name}": (digits.x_test[index], INK) for name, index in _SCANS.items()}
    return images | {name: (samples[name], WHITE) for name in _PHOTOGRAPHS}


def _checked_image(name: str, image: object, full: int, size: int) -> np.ndarray:
    """Return a grey picture as uint8 of shape (height, width), or say what is wrong with it."""
    array = np.asarray(image)
    if array.ndim != 2:
        remedy = "; make a colour picture grey with image.mean(axis=2)" if array.ndim == 3 else ""
        raise ValueError(f"picture {name!r} has shape {array.shape}; expected (height, width), grey{remedy}")
    # The map must have room for the largest pool.
    smallest = size + LARGEST_POOL - 1
    if not smallest <= min(array.shape) <= max(array.shape) <= LARGEST_SIDE:
        raise ValueError(
            f"picture {name!r} is {array.shape[0]} x {array.shape[1]} pixels; expected {smallest} to "
            f"{LARGEST_SIDE} on each side for filters of {size} x {size}"
        )
    return checked_pixels(name, array, full, remedy=", which counts as 1; choose it with full=...")


def _checked_images(images: object, full: object, size: int) -> dict[str, tuple[np.ndarray, int]]:
    """Return pictures by name, each with the pixel that counts as 1."""
    full = checked_whole("full", full, 1, WHITE)
    if images is None:
        images = _default_images()
    elif isinstance(images, Mapping):
        images = {str(name): (array, full) for name, array in images.items()}
    else:
        images = {"picture": (images, full)}
    if not images:
        raise ValueError("images is an empty dict; expected at least one picture, such as {'cat': array}")
    return {name: (_checked_image(name, array, top, size), top) for name, (array, top) in images.items()}


def _checked_filters(filters: object) -> dict[str, np.ndarray]:
    """Return filters by name as float arrays of one shape (k, k)."""
    if filters is None:
        return line_units()
    if not isinstance(filters, Mapping):
        raise ValueError(
            f"filters is of type {type(filters).__name__}; expected a dict such as {{'mine': array}}"
        )
    if not 1 <= len(filters) <= MOST_FILTERS:
        raise ValueError(f"filters has {len(filters)} entries; expected 1 to {MOST_FILTERS}")
    checked = {str(name): _checked_kernel(str(name), weights) for name, weights in filters.items()}
    shapes = {name: kernel.shape for name, kernel in checked.items()}
    if len(set(shapes.values())) > 1:
        sizes = ", ".join(f"{name!r} {shape}" for name, shape in shapes.items())
        raise ValueError(f"filters have different shapes: {sizes}; expected one, so that the maps match")
    return checked


def _checked_kernel(name: str, weights: object) -> np.ndarray:
    kernel = checked_numbers(f"filter {name!r}", weights)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or not 1 <= len(kernel) <= LARGEST_FILTER:
        raise ValueError(
            f"filter {name!r} has shape {kernel.shape}; expected (k, k) with k from 1 to {LARGEST_FILTER}"
        )
    return checked_weights(f"filter {name!r}", kernel)


def _letters(names: list[str]) -> list[str]:
    """Give each filter a letter of its own: the first of one of its words, else any letter or digit."""
    taken: list[str] = []
    for name in names:
        wanted = [word[0].upper() for word in name.split()] + [sign.upper() for sign in name]
        wanted = [sign for sign in wanted if len(sign) == 1 and sign.isalnum()]
        taken.append(next(sign for sign in [*wanted, *"ABCDEF"] if sign not in taken))
    return taken


# ------------------------------------------------------------------------------------------ the arithmetic


def _respond(image: np.ndarray, full: int, kernels: np.ndarray) -> np.ndarray:
    """Return the responses, shape (F, H - k + 1, W - k + 1); kernels: (F, k, k)."""
    windows = sliding_window_view(image.astype(float), kernels.shape[1:])
    # Whole pixels first and one division last: equal windows get equal responses, to the last bit.
    return np.einsum("yxij,fij->fyx", windows, kernels) / full


def _pool(maps: np.ndarray, kind: str, size: int) -> np.ndarray:
    """Pool maps (F, H, W) in cells of size x size; rows and columns that fill no cell are left over."""
    if kind == "none":
        return maps
    rows, columns = maps.shape[1] // size, maps.shape[2] // size
    cells = maps[:, : rows * size, : columns * size].reshape(len(maps), rows, size, columns, size)
    return {"max": cells.max, "average": cells.mean, "sum": cells.sum}[kind](axis=(2, 4))


# --------------------------------------------------------------------------------------------- the widget


class FilterBank(anywidget.AnyWidget):
    """Several filters on one picture, a threshold, and pooling: which part of it lights which filter?

    A filter answers a window of the picture with the sum z of pixel times weight; pixels count from 0 to 1.
    After the threshold t its cell of the feature map is max(0, z - t): lit if z exceeds t, else 0. Pooling
    puts cells of `pool_size` x `pool_size` together, with as many cells from one to the next.

    Parameters
    ----------
    images : array or dict of str to array, optional
        Grey pictures of whole numbers from 0 to `full`, shape (height, width), at most 128 pixels a side.
        Left out: "digit" (a crossed 7), "digit 0", "digit 1", "digit 4" (8 x 8, levels of ink from 0 to 16,
        divided by 16), "photographer" and "bricks" (64 x 64, 0 to 255, divided by 255).
    filters : dict of str to array, optional
        1 to 6 filters of one shape (k, k), k from 1 to 5. Left out: `line_units`.
    image : str, optional
        The picture to show. Left out: the first.
    threshold : float
        t, from 0 to the largest possible response (the sum of a filter's positive weights).
    pool : {"none", "max", "average", "sum"}
        How cells are pooled.
    pool_size : int
        Cells of the map on each side of a pooled cell, 1 to 4. What fills no cell is left over.
    stage : {"sums", "threshold", "pooled"}
        What the maps show: z, what is left after the threshold, or that after pooling.
    cell : (int, int), optional
        Row and column of the cell of the map whose arithmetic is written out, from 0. Left out: where
        `unit` answers most.
    unit : str, optional
        The filter of that cell. Left out: the first.
    winners : bool
        Whether each pixel of the picture is coloured by the filter that answers most where it is the middle
        of the window, if that answer exceeds the threshold.
    full : int
        The pixel that counts as 1 in your own pictures: 255, or 16 for those of `load_digits`.
    ask : bool
        Whether the page asks which unit will light up most before it shows the maps of a picture.

    Attributes
    ----------
    revealed : list of str
        The pictures whose maps the page shows without asking (again).

    Raises
    ------
    ValueError
        For a picture, a filter or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> bank = FilterBank(np.eye(8, dtype=np.uint8), full=1, threshold=2.0)
    >>> bank
    FilterBank(picture 'picture' 8 x 8, 4 filters 3 x 3, threshold 2, max pooling 2 x 2)
    >>> bank.lit()
    {'horizontal': 0, 'vertical': 0, 'diagonal down': 6, 'diagonal up': 0}
    """

    _esm = module_text("filter_bank.js")
    _css = style_text("filter_bank.css")

    pixels = traitlets.Bytes(help="All pictures, one after another.").tag(sync=True)
    pictures = traitlets.List(help="Name, height, width, full and offset of each picture.").tag(sync=True)
    bank = traitlets.List(help="Name, letter and weights of each filter.").tag(sync=True)
    largest_threshold = traitlets.Float(help="The largest possible response.").tag(sync=True)

    image = setting()
    threshold = setting()
    pool = setting()
    pool_size = setting()
    stage = setting()
    cell = setting()
    unit = setting()
    winners = setting()
    ask = setting()
    revealed = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        images: np.ndarray | Mapping[str, np.ndarray] | None = None,
        filters: Mapping[str, np.ndarray] | None = None,
        image: str | None = None,
        threshold: float = 0.0,
        pool: str = "max",
        pool_size: int = 2,
        ask: bool = True,
        *,
        stage: str = "sums",
        cell: tuple[int, int] | None = None,
        unit: str | None = None,
        winners: bool = False,
        full: int = WHITE,
    ) -> None:
        self._filters = _checked_filters(filters)
        self._kernels = np.stack(list(self._filters.values()))  # (F, k, k)
        self._images = _checked_images(images, full, self._kernels.shape[1])
        # Where no weight is positive nothing lights up; the slider still needs an end.
        self._limit = float(np.maximum(self._kernels, 0).sum(axis=(1, 2)).max()) or 1.0
        state = {
            "image": checked_name("picture", image or next(iter(self._images)), list(self._images)),
            "threshold": checked_number("threshold", threshold, 0, self._limit),
            "pool": checked_name("pooling", pool, POOLS),
            "pool_size": checked_whole("pool_size", pool_size, 1, LARGEST_POOL),
            "stage": checked_name("stage", stage, STAGES),
            "unit": checked_name("filter", unit or next(iter(self._filters)), list(self._filters)),
            "winners": checked_flag("winners", winners),
            "ask": checked_flag("ask", ask),
            "revealed": [],
        }
        if cell is None:
            state["cell"] = self._strongest(state["image"], state["unit"])
        else:
            state["cell"] = self._checked_cell(cell, state["image"])
        super().__init__(
            **self._bytes_of_images(), bank=self._list_of_filters(), largest_threshold=self._limit, **state
        )

    def _bytes_of_images(self) -> dict:
        pixels, offsets = laid_end_to_end(array for array, _ in self._images.values())
        entries = [
            {"name": name, "height": array.shape[0], "width": array.shape[1], "full": full, "offset": offset}
            for (name, (array, full)), offset in zip(self._images.items(), offsets, strict=True)
        ]
        return {"pictures": entries, "pixels": pixels}

    def _list_of_filters(self) -> list[dict]:
        names = list(self._filters)
        return [
            {"name": name, "letter": letter, "weights": self._filters[name].tolist()}
            for name, letter in zip(names, _letters(names), strict=True)
        ]

    def _map_shape(self, image: str) -> tuple[int, int]:
        height, width = self._images[image][0].shape
        k = self._kernels.shape[1]
        return height - k + 1, width - k + 1

    def _strongest(self, image: str, unit: str) -> list[int]:
        """Return row and column of a filter's largest response, the first one as one reads."""
        array, full = self._images[image]
        responses = _respond(array, full, self._filters[unit][None])[0]
        return [int(part) for part in np.unravel_index(responses.argmax(), responses.shape)]

    def _checked_cell(self, value: object, image: str) -> list[int]:
        pair = checked_pair("cell", value, "a row and a column, such as (2, 3)")
        shape = self._map_shape(image)
        return [checked_whole(f"cell[{axis}]", part, 0, shape[axis] - 1) for axis, part in enumerate(pair)]

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("image")
    def _validate_image(self, proposal: dict) -> str:
        return checked_name("picture", proposal["value"], list(self._images))

    @traitlets.validate("threshold")
    def _validate_threshold(self, proposal: dict) -> float:
        return checked_number("threshold", proposal["value"], 0, self._limit)

    @traitlets.validate("pool")
    def _validate_pool(self, proposal: dict) -> str:
        return checked_name("pooling", proposal["value"], POOLS)

    @traitlets.validate("pool_size")
    def _validate_pool_size(self, proposal: dict) -> int:
        return checked_whole("pool_size", proposal["value"], 1, LARGEST_POOL)

    @traitlets.validate("stage")
    def _validate_stage(self, proposal: dict) -> str:
        return checked_name("stage", proposal["value"], STAGES)

    @traitlets.validate("unit")
    def _validate_unit(self, proposal: dict) -> str:
        return checked_name("filter", proposal["value"], list(self._filters))

    @traitlets.validate("cell")
    def _validate_cell(self, proposal: dict) -> list[int]:
        return self._checked_cell(proposal["value"], self.image)

    @traitlets.validate("winners", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.validate("revealed")
    def _validate_revealed(self, proposal: dict) -> list[str]:
        value = proposal["value"]
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"revealed is {value!r}; expected a list of names of pictures")
        return [checked_name("picture", name, list(self._images)) for name in value]

    @traitlets.observe("image")
    def _keep_cell_inside(self, change: dict) -> None:
        if self.cell is None:  # under construction
            return
        rows, columns = self._map_shape(self.image)
        if self.cell[0] >= rows or self.cell[1] >= columns:
            self.cell = self._strongest(self.image, self.unit)

    # -------------------------------------------------------------------------------------- what it shows

    def picture(self) -> np.ndarray:
        """Return the picture as the filters see it: 0 to 1, shape (height, width), float64."""
        array, full = self._images[self.image]
        return array / full

    def responses(self) -> np.ndarray:
        """Compute z of every filter at every place.

        Returns
        -------
        ndarray of float64, shape (F, height - k + 1, width - k + 1)
            The sum, over the window, of pixel times weight. The filter is not flipped (cross-correlation).
        """
        array, full = self._images[self.image]
        return _respond(array, full, self._kernels)

    def activations(self) -> np.ndarray:
        """Compute what is left after the threshold: max(0, z - t), shape as `responses`."""
        return np.maximum(self.responses() - self.threshold, 0)

    def pooled(self) -> np.ndarray:
        """Pool the activations.

        Returns
        -------
        ndarray of float64, shape (F, rows // pool_size, columns // pool_size)
            The activations themselves with pooling "none".
        """
        return _pool(self.activations(), self.pool, self.pool_size)

    def lit(self) -> dict[str, int]:
        """Count, for each filter, the cells whose response exceeds the threshold."""
        counts = (self.activations() > 0).sum(axis=(1, 2))
        return {name: int(count) for name, count in zip(self._filters, counts, strict=True)}

    def winner_map(self) -> np.ndarray:
        """Say which filter wins at each cell of the map.

        Returns
        -------
        ndarray of int, shape (height - k + 1, width - k + 1)
            The index of the filter with the largest activation; -1 where nothing is lit, -2 for a tie.
        """
        maps = self.activations()
        best = maps.max(axis=0)
        found = maps.argmax(axis=0)
        found[(maps >= best - TOLERANCE).sum(axis=0) > 1] = TIE
        found[best <= 0] = NOBODY
        return found

    def __repr__(self) -> str:  # noqa: D105
        height, width = self._images[self.image][0].shape
        count, k, _ = self._kernels.shape
        size = f"{self.pool} pooling {self.pool_size} x {self.pool_size}"
        return (
            f"FilterBank(picture {self.image!r} {height} x {width}, {count} filter{'s' * (count > 1)} "
            f"{k} x {k}, threshold {self.threshold:g}, {size if self.pool != 'none' else 'no pooling'})"
        )
