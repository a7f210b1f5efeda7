"""DigitPad: draw a digit on 8 x 8 cells; a linear classifier answers, and every product can be looked at.

The Python side holds the state and checks it; ``digit_pad.js`` turns strokes into cells, computes and draws,
with or without a kernel. Both sides do the same arithmetic; a test compares the two, and both with
scikit-learn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import anywidget
import numpy as np
import traitlets

from notmagic.datasets import load_digits
from notmagic.widgets._checks import checked_flag, checked_pair, checked_whole, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["DigitPad"]

SIDE = 8  # cells
FINE_SIDE = 32  # points of the hidden bitmap: four by four to a cell, as in the scans
CELLS = SIDE * SIDE
FULL_INK = 16  # what a cell of a scan can count
MOST_CLASSES = 10
LARGEST_WEIGHT = 1000.0
DECIMALS = 5  # of weights and biases, so that the page carries short numbers
OVERLAYS = ("shades", "numbers", "stroke")
HARD_EXAMPLES = 4


# ----------------------------------------------------------------------------------------------- checks


def _numbers(name: str, value: object) -> np.ndarray:
    """Return an array of finite floats of a moderate size."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not an array of numbers") from None
    if not np.isfinite(array).all() or (array.size and np.abs(array).max() > LARGEST_WEIGHT):
        raise ValueError(f"{name} has entries that are not numbers from -1000 to 1000")
    return array


def _checked_weights(value: object) -> np.ndarray:
    """Return weights of shape (64, K); K is 1 in the two-class form."""
    array = _numbers("weights", value)
    if array.shape in ((CELLS,), (SIDE, SIDE), (CELLS, 1), (SIDE, SIDE, 1)):
        return array.reshape(CELLS, 1)
    if array.shape[:1] == (CELLS,) and array.ndim == 2:
        pass
    elif array.shape[:2] == (SIDE, SIDE) and array.ndim == 3:
        array = array.reshape(CELLS, -1)
    else:
        remedy = ""
        if array.ndim == 2 and array.shape[1] == CELLS:
            remedy = "; this looks like scikit-learn's coef_: give " + (
                "coef_[0]" if len(array) == 1 else "coef_.T"
            )
        raise ValueError(
            f"weights has shape {array.shape}; expected (64, K) or (8, 8, K) for K classes, "
            f"or (64,) for two{remedy}"
        )
    if not 2 <= array.shape[1] <= MOST_CLASSES:
        raise ValueError(f"weights has {array.shape[1]} classes; expected 2 to {MOST_CLASSES}")
    return array


def _checked_bias(value: object, count: int) -> np.ndarray:
    """Return biases of shape (K,)."""
    array = _numbers("bias", value)
    if array.size != count or array.ndim > 1:
        wanted = "one number" if count == 1 else f"({count},), one for each class"
        raise ValueError(f"bias has shape {array.shape}; expected {wanted}, as the weights are")
    return array.reshape(count)


def _checked_names(value: Sequence[str] | None, outputs: int) -> list[str]:
    """Return the names of the classes; two for one output."""
    count = 2 if outputs == 1 else outputs
    if value is None:
        if outputs == 1:
            raise ValueError(
                "weights of shape (64,) decide between two classes; name them, the one for z > 0 last: "
                'class_names=("4", "9")'
            )
        value = [str(k) for k in range(count)]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"class_names is {value!r}; expected {count} names")
    names = [str(name) for name in value]
    if len(names) != count or len(set(names)) < count:
        raise ValueError(f"class_names is {names}; expected {count} different names")
    return names


def _checked_pixels(name: str, value: object, levels: int) -> list[int]:
    """Return 64 ink levels as a list, row after row."""
    if isinstance(value, (bytes, bytearray)):
        value = list(value)
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not made of numbers; expected 64 ink levels") from None
    if array.shape not in ((CELLS,), (SIDE, SIDE)):
        raise ValueError(f"{name} has shape {array.shape}; expected (8, 8) or (64,)")
    if not (np.isin(array, range(levels + 1))).all():
        raise ValueError(
            f"{name} has entries from {array.min():g} to {array.max():g}; expected whole numbers from 0 to "
            f"{levels}, which is full ink"
        )
    return array.astype(int).ravel().tolist()


def _checked_examples(value: object, names: list[str], levels: int) -> list[dict]:
    """Return the scans of the menu from pairs (picture, label)."""
    try:
        pairs = [(picture, label) for picture, label in value]
    except (TypeError, ValueError):
        raise ValueError(
            f"examples is {type(value).__name__}; expected pairs (picture, label), such as "
            "zip(x_test[:12], y_test[:12])"
        ) from None
    found = []
    for index, (picture, label) in enumerate(pairs):
        if str(label) not in names:
            raise ValueError(f"examples[{index}] has the label {label!r}; expected one of {names}")
        pixels = _checked_pixels(f"examples[{index}]", picture, levels)
        found.append({"name": str(label), "label": names.index(str(label)), "pixels": pixels})
    return _with_different_names(found)


def _with_different_names(examples: list[dict]) -> list[dict]:
    """Number those that have the same name, so that a menu can tell them apart."""
    counts = Counter(entry["name"] for entry in examples)
    seen: Counter[str] = Counter()
    for entry in examples:
        name = entry["name"]
        seen[name] += 1
        if counts[name] > 1:
            entry["name"] = f"{name} ({seen[name]})"
    return examples


# ------------------------------------------------------------------------------------------ the arithmetic


def _softmax(z: np.ndarray) -> np.ndarray:
    """Turn logits, shape (..., K), into probabilities; the largest is taken away first, against overflow."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _probabilities(z: np.ndarray) -> np.ndarray:
    """Turn logits, shape (..., K), into probabilities; one logit is that of the second of two classes."""
    if z.shape[-1] == 1:  # 1 / (1 + e^-z) is the softmax of 0 and z
        z = np.concatenate([np.zeros_like(z), z], axis=-1)
    return _softmax(z)


def _default_examples(weights: np.ndarray, bias: np.ndarray, names: list[str], levels: int) -> list[dict]:
    """Choose test scans of the course: the first of each class, and those that this classifier finds hard."""
    digits = load_digits()
    known = np.isin(digits.y_test.astype(str), names)
    if not known.any():
        return []
    scans, labels = digits.x_test[known], digits.y_test[known].astype(str)
    levels_of = np.floor(scans.reshape(-1, CELLS) * (levels / FULL_INK) + 0.5).astype(int)
    places = np.array([names.index(label) for label in labels])
    p = _probabilities(levels_of / levels @ weights + bias)
    order = np.argsort(p[np.arange(len(p)), places], kind="stable")  # the hardest first
    hardest = [order[places[order] == k][: max(1, HARD_EXAMPLES // len(names))] for k in range(len(names))]
    hard = [n for n in order if any(n in some for some in hardest)][:HARD_EXAMPLES]
    found = []
    for k, name in enumerate(names):
        others = [n for n in np.flatnonzero(places == k) if n not in hard]
        found += [(n, name) for n in others[: max(1, 6 // len(names))]]
    found += [(n, f"{labels[n]}, a hard one") for n in hard]
    return _with_different_names(
        [{"name": name, "label": int(places[n]), "pixels": levels_of[n].tolist()} for n, name in found]
    )


# --------------------------------------------------------------------------------------------- the widget


class DigitPad(anywidget.AnyWidget):
    """Draw a digit; see what a linear classifier answers and what each cell contributes.

    The reader draws with a pen five points wide on a hidden bitmap of 32 x 32 points. Each cell counts the
    black points of its block of 4 x 4, as the scans of the course were made: an ink level from 0 to 16. The
    classifier sees ink = level / 16. Logit k is the sum of ink times weight over the 64 cells + bias k;
    softmax turns the logits into probabilities. In the two-class form there is one logit z, and
    1 / (1 + e^-z) is the probability of the second class.

    Parameters
    ----------
    weights : array, shape (64, K) or (8, 8, K), or (64,) or (8, 8) for the two-class form
        K from 2 to 10. Kept to five decimals. scikit-learn's ``coef_.T``, or ``coef_[0]`` for two classes.
    bias : array, shape (K,), or one number for the two-class form
        Kept to five decimals.
    examples : iterable of (array, label), optional
        Scans for the menu: pictures of shape (8, 8) with levels 0 to `levels`; each label is one of
        `class_names`. Left out: test scans of `notmagic.datasets.load_digits`, at least one of each class and
        four that this classifier finds hard. An empty list leaves the menu out.
    class_names : sequence of str, optional
        Left out: "0", "1", ... The two-class form needs both names, the one for z > 0 last.
    levels : int
        Full ink, 1 to 16. With fewer than 16 the counts are scaled and rounded: 1 is black and white.
    start : array, shape (8, 8) or (64,), optional
        What is on the pad at first. Left out: the first example. ``numpy.zeros((8, 8))`` is an empty pad.
    shown_class : int, optional
        The class whose template and contributions are shown at first. Left out: whichever is winning. The
        two-class form has one template, and this is None.

    Attributes
    ----------
    pixels : list of int
        The 64 ink levels, row after row. May be set from an array of shape (8, 8) or from bytes.
    fine : list of int
        The hidden bitmap: 32 rows of 32 bits, the leftmost point the highest bit. Where it does not agree
        with `pixels`, `pixels` is right: then the page spreads the points evenly in the cell.
    shown_class : int or None
        None follows the winner.
    compare : bool
        Whether the winner is compared with the second best instead. False in the two-class form, whose one
        template is that comparison.
    cell : list of int
        Row and column, from 0, of the cell whose arithmetic is written out.
    overlay : str
        What the pad shows on its cells: "shades", "numbers" or "stroke".

    Raises
    ------
    ValueError
        For shapes or values that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> pad = DigitPad(np.eye(64)[:, :10], np.zeros(10), start=np.eye(8) * 16)
    >>> pad
    DigitPad(10 classes, ink 128 of 1024, answer '0')
    >>> pad.logits().round(2).tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """

    _esm = module_text("digit_pad.js")
    _css = style_text("digit_pad.css")

    weights = traitlets.List(help="One list of 64 weights for each logit.").tag(sync=True)
    bias = traitlets.List(help="One number for each logit.").tag(sync=True)
    class_names = traitlets.List(help="Names of the classes.").tag(sync=True)
    levels = traitlets.Int(16, help="Full ink.").tag(sync=True)
    examples = traitlets.List(help="Name, label and pixels of each scan of the menu.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    pixels = setting()
    fine = setting()
    shown_class = setting(allow_none=True)
    compare = setting()
    cell = setting()
    overlay = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        weights: np.ndarray,
        bias: np.ndarray | float,
        *,
        examples: Iterable[tuple[np.ndarray, object]] | None = None,
        class_names: Sequence[str] | None = None,
        levels: int = 16,
        start: np.ndarray | None = None,
        shown_class: int | None = None,
    ) -> None:
        self._weights = _checked_weights(weights).round(DECIMALS)
        outputs = self._weights.shape[1]
        self._names = _checked_names(class_names, outputs)
        self._bias = _checked_bias(bias, outputs).round(DECIMALS)
        self._levels = checked_whole("levels", levels, 1, FULL_INK)
        if examples is None:
            found = _default_examples(self._weights, self._bias, self._names, self._levels)
        else:
            found = _checked_examples(examples, self._names, self._levels)
        if start is None:
            start = found[0]["pixels"] if found else np.zeros(CELLS)
        state = {
            "pixels": _checked_pixels("start", start, self._levels),
            "fine": [0] * FINE_SIDE,
            "shown_class": self._checked_class("shown_class", shown_class),
            "compare": False,
            "overlay": "shades",
        }
        state["cell"] = self._weightiest_cell(state["pixels"])
        super().__init__(
            weights=self._weights.T.tolist(), bias=self._bias.tolist(), class_names=self._names,
            levels=self._levels, examples=found, initial=state, **state,
        )  # fmt: skip

    def _weightiest_cell(self, pixels: list[int]) -> list[int]:
        """Return row and column of the cell that adds most to the winner, the first one shown."""
        ink = np.array(pixels) / self._levels
        z = ink @ self._weights + self._bias
        products = ink * self._weights[:, int(z.argmax())]
        if len(z) == 1 and z[0] < 0:
            products = -products  # what speaks for the first of two classes
        return [int(part) for part in divmod(int(products.argmax()), SIDE)]

    def _checked_class(self, name: str, value: object) -> int | None:
        if value is None:
            return None
        if self._weights.shape[1] == 1:
            raise ValueError(f"{name} is {value!r}; expected None: two classes have one template")
        return checked_whole(name, value, 0, len(self._names) - 1)

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("pixels")
    def _validate_pixels(self, proposal: dict) -> list[int]:
        return _checked_pixels("pixels", proposal["value"], self._levels)

    @traitlets.validate("fine")
    def _validate_fine(self, proposal: dict) -> list[int]:
        value = proposal["value"]
        rows = isinstance(value, (list, tuple, np.ndarray)) and len(value) == FINE_SIDE
        if not rows:
            raise ValueError(f"fine is {type(value).__name__}; expected {FINE_SIDE} rows of {FINE_SIDE} bits")
        return [checked_whole(f"fine[{k}]", row, 0, 2**FINE_SIDE - 1) for k, row in enumerate(value)]

    @traitlets.validate("shown_class")
    def _validate_shown_class(self, proposal: dict) -> int | None:
        return self._checked_class("shown_class", proposal["value"])

    @traitlets.validate("compare")
    def _validate_compare(self, proposal: dict) -> bool:
        value = checked_flag("compare", proposal["value"])
        if value and self._weights.shape[1] == 1:
            raise ValueError(
                "compare is True; expected False: the one template of two classes compares them already"
            )
        return value

    @traitlets.validate("cell")
    def _validate_cell(self, proposal: dict) -> list[int]:
        pair = checked_pair("cell", proposal["value"], "a row and a column, such as (2, 3)")
        return [checked_whole(f"cell[{axis}]", part, 0, SIDE - 1) for axis, part in enumerate(pair)]

    @traitlets.validate("overlay")
    def _validate_overlay(self, proposal: dict) -> str:
        if proposal["value"] not in OVERLAYS:
            raise ValueError(f"overlay is {proposal['value']!r}; expected one of {OVERLAYS}")
        return str(proposal["value"])

    # -------------------------------------------------------------------------------------- what it shows

    def ink(self) -> np.ndarray:
        """Return what the classifier sees: ink from 0 to 1, shape (8, 8), float64."""
        return np.array(self.pixels, dtype=float).reshape(SIDE, SIDE) / self._levels

    def logits(self) -> np.ndarray:
        """Compute the logits: shape (K,), float64; the one z, shape (1,), in the two-class form."""
        return self.ink().ravel() @ self._weights + self._bias

    def probabilities(self) -> np.ndarray:
        """Compute the probability of each class: shape (K,), (2,) in the two-class form, float64."""
        return _probabilities(self.logits())

    def contributions(self, class_index: int | None = None) -> np.ndarray:
        """Compute what each cell adds to a logit: ink times weight.

        Parameters
        ----------
        class_index : int, optional
            Counted from 0. Left out: the class that is winning. In the two-class form leave it out.

        Returns
        -------
        ndarray of float64, shape (8, 8)
            Their sum + the bias is the logit.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        k = self._checked_class("class_index", class_index)
        if k is None:
            k = 0 if self._weights.shape[1] == 1 else int(self.logits().argmax())
        return self.ink() * self._weights[:, k].reshape(SIDE, SIDE)

    @property
    def answer(self) -> str:
        """The name of the most probable class."""
        return self._names[int(self.probabilities().argmax())]

    def __repr__(self) -> str:  # noqa: D105
        return (
            f"DigitPad({len(self._names)} classes, ink {sum(self.pixels)} of {CELLS * self._levels}, "
            f"answer {self.answer!r})"
        )
