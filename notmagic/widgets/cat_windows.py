"""CatWindows: drag a cat over a scene; one neuron scores every window, and the best window decides.

The Python side holds the state, trains the neurons and checks what is set; ``cat_windows.js`` draws it and
scores the windows, with or without a kernel. Both work with the same weights, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import anywidget
import numpy as np
import traitlets
from numpy.lib.stride_tricks import sliding_window_view

from notmagic.geometry import conv2d_multiplications, conv2d_params, output_size
from notmagic.widgets._checks import (
    checked_flag,
    checked_name,
    checked_number,
    checked_pair,
    checked_whole,
    setting,
)
from notmagic.widgets._module import module_text, style_text

__all__ = ["CatWindows"]

SIDE = 64  # of a scene, in pixels
CAT = 32  # side of the cat's picture
DEPTH = 3  # red, green, blue
STRIDES = (32, 16, 8, 4, 2, 1)
MOST_SCENES = 8
LARGEST_WEIGHT = 1000.0
# Test photographs, found by eye among the first 40 seeds of `background_scene`.
_TEST_SCENES = {"pagoda": 18, "gravel": 31, "astronaut": 20}

# What the default neurons are trained on: windows with the middle of the cat in their middle, within so many
# pixels; others with the cat at least so far off; others without a cat.
_WINDOWS = (32, 16)
_NEAR, _FAR = 2, 8
_CATS, _PARTS, _OTHERS = 150, 250, 400
_BACKGROUNDS = 40
_PENALTY = 1.0


# ------------------------------------------------------------------------------------ the default neurons


@cache
def _default_detectors() -> dict[int, tuple[np.ndarray, float]]:
    """Train one neuron for each window size, once in a process: weights (k, k, 3) and bias by size."""
    from notmagic.datasets import background_scene  # only here: a reader's own neurons need no data set

    scenes = [background_scene("train", seed=seed, size=SIDE) for seed in range(_BACKGROUNDS)]
    return {size: _trained(*_training_windows(scenes, size), size) for size in _WINDOWS}


def _training_windows(scenes: list[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut windows out of training scenes: pixels, uint8 (N, size, size, 3), and 1 where the cat is, (N,)."""
    random = np.random.default_rng(size)
    top = SIDE - size + 1
    windows = []
    for _ in range(_CATS):
        scene, middle = _scene_with_cat(scenes, size, random)
        windows.append(_cut(scene, np.clip(middle + random.integers(-_NEAR, _NEAR + 1, 2), 0, top - 1), size))
    for _ in range(_PARTS):
        scene, middle = _scene_with_cat(scenes, size, random)
        # A place is far off as soon as its row or its column is.
        places = np.argwhere(np.maximum(*np.abs(np.indices((top, top)) - middle[:, None, None])) >= _FAR)
        windows.append(_cut(scene, places[random.integers(len(places))], size))
    for _ in range(_OTHERS):
        scene = np.rot90(scenes[random.integers(len(scenes))], random.integers(4))
        windows.append(_cut(scene, random.integers(0, top, 2), size))
    return np.array(windows), np.repeat([1.0, 0.0], [_CATS, _PARTS + _OTHERS])


def _scene_with_cat(
    scenes: list[np.ndarray], size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a scene with the cat somewhere, and where a window has its middle in the cat's middle."""
    from notmagic.datasets import place_cat

    place = random.integers(0, SIDE - CAT + 1, 2)
    contrast, brightness = random.uniform(0.8, 1.2), random.uniform(-25, 25)
    scene = scenes[random.integers(len(scenes))]
    return place_cat(scene, *place, contrast=contrast, brightness=brightness), place + (CAT - size) // 2


def _cut(scene: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    return scene[place[0] : place[0] + size, place[1] : place[1] + size]


def _trained(windows: np.ndarray, targets: np.ndarray, size: int) -> tuple[np.ndarray, float]:
    """Find the weights of logistic regression with a penalty on large weights, by Newton's method.

    The cross-entropy, summed over the windows, plus half the penalty times the sum of the squared weights has
    one minimum, wherever one starts: every machine finds the same weights. At the minimum the weights are a
    sum of the windows, each times some factor, so it takes as many unknowns as there are windows.
    """
    inputs = _inputs(windows).reshape(len(windows), -1)
    rows = np.c_[inputs, np.ones(len(inputs))]  # the bias is the weight of an input that is always 1
    alike = rows @ rows.T
    scores, step = np.zeros(len(rows)), np.inf
    while step > 1e-10:
        p = 1 / (1 + np.exp(-scores))
        slopes = np.maximum(p * (1 - p), 1e-12)
        factors = np.linalg.solve(alike + np.diag(_PENALTY / slopes), scores + (targets - p) / slopes)
        step = np.abs(alike @ factors - scores).max()
        scores = alike @ factors
    weights = factors @ rows
    return weights[:-1].reshape(size, size, DEPTH), float(weights[-1])


def _inputs(pixels: np.ndarray) -> np.ndarray:
    """Turn pixels 0 to 255 into what the neuron gets: -0.5 to 0.5."""
    return pixels / 255 - 0.5


# ----------------------------------------------------------------------------------------------- checks


def _checked_picture(what: str, picture: object, side: int) -> np.ndarray:
    """Return a picture as uint8 of shape (side, side, 3), or say what is wrong with it."""
    array = np.asarray(picture)
    if array.shape != (side, side, DEPTH) or array.dtype != np.uint8:
        raise ValueError(
            f"{what} is {array.dtype} of shape {array.shape}; expected uint8 of shape ({side}, {side}, 3), "
            f"such as notmagic.datasets.{'cat_picture(32)' if side == CAT else 'background_scene(size=64)'}"
        )
    return array


def _checked_scenes(scenes: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return the backgrounds by name; without any, three from the test photographs."""
    if scenes is None:
        from notmagic.datasets import background_scene

        return {name: background_scene("test", seed=seed, size=SIDE) for name, seed in _TEST_SCENES.items()}
    if not isinstance(scenes, Mapping) or not 1 <= len(scenes) <= MOST_SCENES:
        number = f" with {len(scenes)} entries" if isinstance(scenes, Mapping) else ""
        raise ValueError(
            f"scenes is {type(scenes).__name__}{number}; expected a dict of 1 to {MOST_SCENES} backgrounds, "
            "such as {'mine': array}"
        )
    return {str(name): _checked_picture(f"scene {name!r}", array, SIDE) for name, array in scenes.items()}


def _checked_detectors(detectors: Mapping[int, tuple] | None) -> dict[int, tuple[np.ndarray, float]]:
    """Return weights and bias by window size; without any, neurons trained here."""
    if detectors is None:
        return _default_detectors()
    if not isinstance(detectors, Mapping) or not detectors:
        found = "an empty dict" if detectors == {} else type(detectors).__name__
        raise ValueError(
            f"detectors is {found}; expected a dict of window sizes, such as {{32: (weights, bias)}}"
        )
    return {
        checked_whole("the window size of a detector", size, 1, SIDE): _checked_detector(size, pair)
        for size, pair in detectors.items()
    }


def _checked_detector(size: int, pair: object) -> tuple[np.ndarray, float]:
    what = f"detectors[{size}]"
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"{what} is of type {type(pair).__name__}; expected a pair (weights, bias)")
    values, bias = pair
    try:
        weights = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"the weights of {what} are not an array of numbers") from None
    if weights.shape != (size, size, DEPTH):
        raise ValueError(
            f"the weights of {what} have shape {weights.shape}; expected ({size}, {size}, 3); a "
            "layer's kernel (k, k, 3, 1) becomes that with kernel[..., 0]"
        )
    if not np.isfinite(weights).all() or np.abs(weights).max() > LARGEST_WEIGHT:
        raise ValueError(
            f"the weights of {what} are not all numbers from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}; "
            "expected only such"
        )
    if isinstance(bias, np.ndarray) and bias.size == 1:
        bias = bias.item()  # a layer's bias is an array
    return weights, checked_number(f"the bias of {what}", bias, -LARGEST_WEIGHT, LARGEST_WEIGHT)


def _in_steps(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Round weights to whole numbers of 16 bits times a power of two.

    So they take few bytes, do not depend on the last bits of a machine's arithmetic, and `whole * step` is
    exactly the same number in Python and in the page.
    """
    largest = max(float(np.abs(weights).max()), 1e-9)
    step = 2.0 ** int(np.ceil(np.log2(largest / 32767)))
    return np.round(weights / step).astype(np.int16), step


# --------------------------------------------------------------------------------------------- the widget


class CatWindows(anywidget.AnyWidget):
    """Drag a cat over a scene; see each window's score, the best one, and what looking at all of them costs.

    One neuron looks at every window of the scene: score = sum of input times weight + bias, where a pixel x
    from 0 to 255 counts as x / 255 - 0.5. The best score decides. Its sigmoid is the probability of a cat,
    and from 0.5 on the answer is yes. Scenes are 64 x 64 pixels, a quarter of the chapter's 256 x 256 along
    each side, because a page can carry that.

    Parameters
    ----------
    scenes : dict of str to array, optional
        1 to 8 backgrounds without a cat: uint8, shape (64, 64, 3). Left out: three pieces of photographs that
        the neurons were not trained on.
    cat : array, optional
        uint8, shape (32, 32, 3). Left out: `notmagic.datasets.cat_picture`.
    detectors : dict of int to (array, float), optional
        By window size k: weights of shape (k, k, 3), and the bias. Weights are rounded, by at most a 32,767th
        of the largest. Left out: neurons with windows of 32 and of 16, trained here by logistic regression on
        windows of training scenes: with the cat in the middle give or take 2 pixels, with a part of the cat
        at least 8 pixels off, and without a cat.
    scene : str, optional
        What to show first. Left out: the first of the scenes.
    top, left : int
        Row and column of the cat's first pixel, 0 to 32.
    cat_shown : bool
    window : int
        Rows and columns of a window; there must be a detector for it.
    stride : int
        Pixels from one window to the next: 32, 16, 8, 4, 2 or 1.
    ask : bool
        Whether the widget asks "will it be found?" before it puts the cat on the seam, and before another
        stride or window is tried on a cat that is not found.

    Attributes
    ----------
    chosen : list of int or None
        Row and column, from 0, of the window that is looked at; one beyond the last means the last. None: the
        best window.

    Raises
    ------
    ValueError
        For shapes or settings that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> widget = CatWindows({"grey": np.full((64, 64, 3), 128, np.uint8)}, np.zeros((32, 32, 3), np.uint8),
    ...                     {32: (np.full((32, 32, 3), -0.01), -10.0)}, left=32)
    >>> widget
    CatWindows('grey', cat at row 0, column 32, windows of 32 x 32 at stride 32)
    >>> widget.scores().round(2).tolist(), widget.winner()
    ([[-10.06, 5.36], [-10.06, -10.06]], (0, 1))
    >>> widget.parameters, widget.multiplications
    (3073, 12288)
    """

    _esm = module_text("cat_windows.js")
    _css = style_text("cat_windows.css")

    pixels = traitlets.Bytes(help="All scenes, one after another.").tag(sync=True)
    scene_names = traitlets.List(help="Their names.").tag(sync=True)
    cat_pixels = traitlets.Bytes(help="The cat's picture.").tag(sync=True)
    weights = traitlets.Bytes(help="Weights of all neurons: int16, little-endian, in steps.").tag(sync=True)
    detectors = traitlets.List(help="Size, bias, step and offset of each neuron.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    scene = setting()
    top = setting()
    left = setting()
    cat_shown = setting()
    window = setting()
    stride = setting()
    chosen = setting(allow_none=True)
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        scenes: Mapping[str, np.ndarray] | None = None,
        cat: np.ndarray | None = None,
        detectors: Mapping[int, tuple[np.ndarray, float]] | None = None,
        *,
        scene: str | None = None,
        top: int = 0,
        left: int = 0,
        cat_shown: bool = True,
        window: int = 32,
        stride: int = 32,
        ask: bool = True,
    ) -> None:
        if cat is None:
            from notmagic.datasets import cat_picture

            cat = cat_picture(CAT)
        self._scenes = _checked_scenes(scenes)
        self._cat = _checked_picture("cat", cat, CAT)
        constants = self._take_neurons(_checked_detectors(detectors))
        state = {
            "scene": self._checked_scene(next(iter(self._scenes)) if scene is None else scene),
            "top": _checked_place("top", top),
            "left": _checked_place("left", left),
            "cat_shown": checked_flag("cat_shown", cat_shown),
            "window": self._checked_window(window),
            "stride": _checked_stride(stride),
            "chosen": None,
            "ask": checked_flag("ask", ask),
        }
        super().__init__(
            pixels=b"".join(array.tobytes() for array in self._scenes.values()),
            scene_names=list(self._scenes), cat_pixels=self._cat.tobytes(), initial=state,
            **constants, **state,
        )  # fmt: skip

    def _take_neurons(self, found: Mapping[int, tuple[np.ndarray, float]]) -> dict:
        """Keep the neurons as the page gets them, rounded, and return the traits that carry them."""
        self._neurons, entries, parts, offset = {}, [], [], 0
        for size, (weights, bias) in found.items():
            whole, step = _in_steps(weights)
            bias = round(bias * 2**12) / 2**12
            self._neurons[size] = (whole * step, bias)
            entries.append({"size": size, "bias": bias, "step": step, "offset": offset})
            parts.append(whole.astype("<i2").tobytes())
            offset += whole.size
        return {"weights": b"".join(parts), "detectors": entries}

    def _checked_scene(self, value: object) -> str:
        return checked_name("scene", value, list(self._scenes))

    def _checked_window(self, value: object) -> int:
        return _checked_choice("window", value, self._neurons, "a size with a detector")

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("scene")
    def _validate_scene(self, proposal: dict) -> str:
        return self._checked_scene(proposal["value"])

    @traitlets.validate("top", "left")
    def _validate_place(self, proposal: dict) -> int:
        return _checked_place(proposal["trait"].name, proposal["value"])

    @traitlets.validate("cat_shown", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.validate("window")
    def _validate_window(self, proposal: dict) -> int:
        return self._checked_window(proposal["value"])

    @traitlets.validate("stride")
    def _validate_stride(self, proposal: dict) -> int:
        return _checked_stride(proposal["value"])

    @traitlets.validate("chosen")
    def _validate_chosen(self, proposal: dict) -> list[int] | None:
        if proposal["value"] is None:
            return None
        pair = checked_pair("chosen", proposal["value"], "a row and a column, such as (0, 1), or None")
        return [checked_whole(f"chosen[{axis}]", part, 0, SIDE - 1) for axis, part in enumerate(pair)]

    # -------------------------------------------------------------------------------------- what it shows

    def picture(self) -> np.ndarray:
        """Return the scene as it is shown, with the cat or without: uint8, shape (64, 64, 3), a copy."""
        shown = self._scenes[self.scene].copy()
        if self.cat_shown:
            shown[self.top : self.top + CAT, self.left : self.left + CAT] = self._cat
        return shown

    def scores(self) -> np.ndarray:
        """Compute each window's score: sum of input times weight + bias.

        Returns
        -------
        ndarray of float64, shape (rows, columns)
            As `window_shape` says; positive means more likely a cat than not.
        """
        weights, bias = self._neurons[self.window]
        windows = sliding_window_view(_inputs(self.picture()), weights.shape[:2], axis=(0, 1))
        return np.einsum("rcdij,ijd->rc", windows[:: self.stride, :: self.stride], weights) + bias

    def winner(self) -> tuple[int, int]:
        """Return row and column, from 0, of the window with the best score; of equal ones the first."""
        scores = self.scores()
        row, column = np.unravel_index(scores.argmax(), scores.shape)
        return int(row), int(column)

    def probability(self) -> float:
        """Return the probability that there is a cat: the sigmoid of the best score."""
        return float(np.exp(-np.logaddexp(0, -self.scores().max())))  # 1 / (1 + e^-z), without overflow

    @property
    def window_shape(self) -> tuple[int, int]:
        """Rows and columns of windows: floor((64 - window) / stride) + 1 of each."""
        along = output_size(SIDE, self.window, self.stride)
        return along, along

    @property
    def parameters(self) -> int:
        """Weights and bias of the one neuron that all windows share."""
        return conv2d_params(self.window, DEPTH, 1)

    @property
    def multiplications(self) -> int:
        """Multiplications for all windows together."""
        return conv2d_multiplications((SIDE, SIDE, DEPTH), self.window, 1, self.stride)

    def __repr__(self) -> str:  # noqa: D105
        place = f"cat at row {self.top}, column {self.left}" if self.cat_shown else "no cat"
        windows = f"windows of {self.window} x {self.window} at stride {self.stride}"
        return f"CatWindows({self.scene!r}, {place}, {windows})"


def _checked_place(name: str, value: object) -> int:
    return checked_whole(name, value, 0, SIDE - CAT)


def _checked_stride(value: object) -> int:
    return _checked_choice("stride", value, STRIDES, "one of these")


def _checked_choice(name: str, value: object, numbers: Iterable[int], what: str) -> int:
    """Return a whole number that is one of some."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value not in numbers:
        raise ValueError(f"{name} is {value!r}; expected {what}: {', '.join(map(str, numbers))}")
    return int(value)
