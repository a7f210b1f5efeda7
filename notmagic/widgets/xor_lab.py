"""XorLab: set the weights of a tiny network by hand until it does XOR, then let it learn them.

The Python side holds the state and checks it; ``xor_lab.js`` draws it and answers the reader, with or without
a kernel. Both compute outputs, gradients, training steps and random starts from the same formulas, and a
test compares the two.
"""

from __future__ import annotations

import anywidget
import numpy as np
import traitlets

from notmagic.widgets._arithmetic import cross_entropy, sigmoid, whole_randoms
from notmagic.widgets._checks import checked_name, checked_whole, is_number, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["BY_HAND", "PRESETS", "ROWS", "TARGETS", "TRAINED", "XorLab", "preset_weights"]

LARGEST_WEIGHT = 1000
LARGEST_RATE = 100
MOST_HIDDEN = 3
BY_HAND, TRAINED = "by hand", "trained"

#: The four inputs (x1, x2), in the order of the truth table.
ROWS = ((0, 0), (0, 1), (1, 0), (1, 1))

#: What each function wants for the four rows.
TARGETS = {
    "XOR": (0, 1, 1, 0),
    "AND": (0, 0, 0, 1),
    "OR": (0, 1, 1, 1),
    "NAND": (1, 1, 1, 0),
    "XNOR": (1, 0, 0, 1),
}
ACTIVATIONS = ("step", "sigmoid")

# One line for each unit: its weights, then its bias (minus the threshold); the output unit comes last.
_WIRED = {
    # The outer two pass an input on; the middle one sees both on, and its -2 vetoes the output.
    "three units": [[1, 0, -0.5], [1, 1, -1.5], [0, 1, -0.5], [1, -2, 1, -0.5]],
    # OR and NAND; the output is their AND.
    "two units": [[1, 1, -0.5], [-1, -1, 1.5], [1, 1, -1.5]],
    # No hidden layer: OR, the best that one line does for XOR.
    "one unit": [[1, 1, -0.5]],
}

#: What the weights can start from.
PRESETS = (*_WIRED, "random", "all zero")


def preset_weights(preset: str, hidden: int = 2, seed: int = 0) -> list[list[float]]:
    """Make the weights that a preset stands for.

    Parameters
    ----------
    preset : str
        One of `PRESETS`.
    hidden : int
        Units in the hidden layer, 0 to 3, for ``"random"`` and ``"all zero"``; the others have their own.
    seed : int
        Where the row of random numbers starts; used by ``"random"`` alone.

    Returns
    -------
    nested list of float
        One list for each unit, the output unit last: its weights, then its bias.

    Raises
    ------
    ValueError
        If there is no preset of that name.
    """
    checked_name("preset", preset, PRESETS)
    if preset in _WIRED:
        return [[float(number) for number in unit] for unit in _WIRED[preset]]
    sizes = [3] * hidden + [(hidden or 2) + 1]
    numbers = _random_numbers(sum(sizes), seed) if preset == "random" else [0.0] * sum(sizes)
    ends = np.cumsum(sizes)
    return [numbers[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _random_numbers(count: int, seed: int) -> list[float]:
    """Draw from -1, -0.99, ..., 1 numbers that JavaScript draws alike from the same seed."""
    return [(number % 201 - 100) / 100 for number in whole_randoms(count, seed)]


# ------------------------------------------------------------------------------------------- arithmetic


def _split(weights: list[list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return hidden weights (2, H) and biases (H,), output weights (H or 2,) and its bias."""
    hidden = np.array(weights[:-1], dtype=float).reshape(-1, 3)
    return hidden[:, :2].T, hidden[:, 2], np.array(weights[-1][:-1], dtype=float), float(weights[-1][-1])


def _forward(weights: list, x: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of the hidden units (N, H), and z and the value of the output unit (N,)."""
    act = sigmoid if activation == "sigmoid" else (lambda z: (z > 0).astype(float))
    hidden_weights, hidden_biases, output_weights, output_bias = _split(weights)
    hidden = act(x @ hidden_weights + hidden_biases)
    z = (hidden if len(hidden_biases) else x) @ output_weights + output_bias
    return hidden, z, act(z)


def _gradients(weights: list, wanted: np.ndarray) -> list[list[float]]:
    """Return the gradient of the mean cross-entropy over the four rows, nested as the weights."""
    x = np.array(ROWS, dtype=float)
    hidden, _, output = _forward(weights, x, "sigmoid")
    delta = (output - wanted) / len(x)  # (4,)
    has_hidden = len(weights) > 1
    out = np.append((hidden if has_hidden else x).T @ delta, delta.sum())
    if not has_hidden:
        return [out.tolist()]
    back = np.outer(delta, _split(weights)[2]) * hidden * (1 - hidden)  # (4, H)
    rows = np.column_stack([back.T @ x, back.sum(axis=0)])
    return [*rows.tolist(), out.tolist()]


# ----------------------------------------------------------------------------------------------- checks


def _checked_weights(value: object) -> list[list[float]]:
    """Return weights as nested lists of float, or say what is wrong with them."""
    form = (
        "expected one list for each unit: [w1, w2, bias] for up to 3 hidden units, then the output unit's "
        "weights and bias, such as [[1, 1, -0.5], [-1, -1, 1.5], [1, 1, -1.5]]"
    )
    try:
        units = [list(unit) for unit in value]
    except TypeError:
        raise ValueError(f"weights is {value!r}; {form}") from None
    hidden = len(units) - 1
    sizes = [3] * hidden + [(hidden or 2) + 1]
    if not 0 <= hidden <= MOST_HIDDEN or [len(unit) for unit in units] != sizes:
        raise ValueError(f"weights has units with {[len(unit) for unit in units]} numbers; {form}")
    if not all(is_number(number) and abs(number) <= LARGEST_WEIGHT for unit in units for number in unit):
        raise ValueError(
            f"weights is {value!r}; expected only numbers from {-LARGEST_WEIGHT} to {LARGEST_WEIGHT}"
        )
    return [[float(number) for number in unit] for unit in units]


def _checked_rate(value: object) -> float:
    """Return the learning rate as a float."""
    if not is_number(value) or not 0 < value <= LARGEST_RATE:
        raise ValueError(
            f"learning_rate is {value!r}; expected a number above 0, at most {LARGEST_RATE}; 3 works well"
        )
    return float(value)


# --------------------------------------------------------------------------------------------- the widget


class XorLab(anywidget.AnyWidget):
    """Wire a network of up to three hidden units by hand, then train it.

    A unit computes ``z = w . x + b``. A step unit fires (gives 1) where ``z > 0``, else gives 0; its bias is
    minus its threshold. A sigmoid unit gives ``1 / (1 + exp(-z))``. Everything below can be read and set from
    Python while the widget is on the page, and observed: ``lab.observe(handler, "weights")``.

    Parameters
    ----------
    preset : str
        The weights to start from. ``"three units"``: two pass an input on, the one between sees both on and
        vetoes. ``"two units"``: OR and NAND, joined by AND. ``"one unit"``: no hidden layer. ``"random"``:
        numbers from -1 to 1. ``"all zero"``: a start that training does not leave.
    target : str
        The function that is wanted: "XOR", "AND", "OR", "NAND" or "XNOR".
    activation : str
        "step" or "sigmoid", for all units.
    seed : int
        What ``"random"`` is drawn from.
    hidden : int
        Units in the hidden layer, 0 to 3, for ``"random"`` and ``"all zero"``; the others have their own.
    learning_rate : float
        Length of a training step, as a multiple of the gradient.

    Attributes
    ----------
    weights : nested list of float
        One list for each unit, the output unit last: its weights, then its bias. Setting it makes `preset`
        ``"by hand"``.
    steps : int
        Training steps since weights were last chosen or set.
    unit : int
        The unit whose weights are shown for changing, counted from 0; the output unit is the last.
    row : int
        The row of the truth table that is shown in full, 0 to 3.

    Raises
    ------
    ValueError
        For a preset or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> lab = XorLab("two units")
    >>> lab
    XorLab(2 hidden units, step, target XOR, 4 of 4 right)
    >>> lab.target = "AND"
    >>> lab.right
    1
    >>> [row["output"] for row in lab.truth_table()]
    [0.0, 1.0, 1.0, 0.0]
    """

    _esm = module_text("xor_lab.js")
    _css = style_text("xor_lab.css")

    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    preset = setting()
    weights = setting()
    target = setting()
    activation = setting()
    seed = setting()
    learning_rate = setting()
    steps = setting()
    unit = setting()
    row = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        preset: str = "three units",
        *,
        target: str = "XOR",
        activation: str = "step",
        seed: int = 0,
        hidden: int = 2,
        learning_rate: float = 3.0,
    ) -> None:
        self._whole_state = True  # nothing follows from a trait while all of them are being set
        seed = checked_whole("seed", seed, 0)
        hidden = checked_whole("hidden", hidden, 0, MOST_HIDDEN)
        weights = preset_weights(preset, hidden, seed)
        state = {
            "preset": preset,
            "weights": weights,
            "target": checked_name("target", target, tuple(TARGETS)),
            "activation": checked_name("activation", activation, ACTIVATIONS),
            "seed": seed,
            "learning_rate": _checked_rate(learning_rate),
            "steps": 0,
            "unit": len(weights) // 2 - 1 if len(weights) > 1 else 0,
            "row": 3,
        }
        super().__init__(initial=state, **state)
        self._whole_state = False

    def set_state(self, sync_data: dict) -> None:
        """Take what the page says as it is: it has worked out what follows from each change."""
        before, self._whole_state = self._whole_state, True
        try:
            super().set_state(sync_data)
        finally:
            self._whole_state = before

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("preset")
    def _validate_preset(self, proposal: dict) -> str:
        return checked_name("preset", proposal["value"], (*PRESETS, BY_HAND, TRAINED))

    @traitlets.validate("weights")
    def _validate_weights(self, proposal: dict) -> list:
        return _checked_weights(proposal["value"])

    @traitlets.validate("target")
    def _validate_target(self, proposal: dict) -> str:
        return checked_name("target", proposal["value"], tuple(TARGETS))

    @traitlets.validate("activation")
    def _validate_activation(self, proposal: dict) -> str:
        return checked_name("activation", proposal["value"], ACTIVATIONS)

    @traitlets.validate("learning_rate")
    def _validate_rate(self, proposal: dict) -> float:
        return _checked_rate(proposal["value"])

    @traitlets.validate("seed", "steps")
    def _validate_count(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 0)

    @traitlets.validate("unit", "row")
    def _validate_place(self, proposal: dict) -> int:
        return checked_whole(proposal["trait"].name, proposal["value"], 0, 3)

    # --------------------------------------------------------------- what follows when a trait is set

    @traitlets.observe("preset", "seed")
    def _preset_chosen(self, change: dict) -> None:
        drawn_anew = change["name"] == "preset" or self.preset == "random"
        if self._whole_state or not drawn_anew or self.preset not in PRESETS:
            return
        self._put(weights=preset_weights(self.preset, self.hidden, self.seed), steps=0)

    @traitlets.observe("weights")
    def _weights_chosen(self, change: dict) -> None:
        if not self._whole_state:
            self._put(preset=BY_HAND, steps=0)

    def _put(self, **values: object) -> None:
        """Set traits together, with nothing following from any of them."""
        before, self._whole_state = self._whole_state, True
        try:
            with self.hold_trait_notifications():
                for name, value in values.items():
                    setattr(self, name, value)
        finally:
            self._whole_state = before

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def hidden(self) -> int:
        """Units in the hidden layer."""
        return len(self.weights) - 1

    @property
    def right(self) -> int:
        """Rows of the truth table, of four, for which the output is on the wanted side of 0.5."""
        return sum(row["right"] for row in self.truth_table())

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute the values of all units.

        Parameters
        ----------
        x : array of numbers, shape (2,) or (N, 2)

        Returns
        -------
        hidden : ndarray of float64, shape (H,) or (N, H)
        output : ndarray of float64, shape () or (N,)

        Raises
        ------
        ValueError
            If `x` has another shape.
        """
        array = np.asarray(x, dtype=float)
        if array.ndim not in (1, 2) or array.shape[-1] != 2:
            raise ValueError(f"x has shape {array.shape}; expected (2,) for one point or (N, 2) for several")
        hidden, _, output = _forward(self.weights, np.atleast_2d(array), self.activation)
        return (hidden, output) if array.ndim == 2 else (hidden[0], output[0])

    def truth_table(self) -> list[dict]:
        """Return the four rows: ``x``, ``hidden``, ``output``, ``wanted`` and whether it is ``right``."""
        hidden, output = self.forward(ROWS)
        return [
            {"x": x, "hidden": h, "output": y, "wanted": wanted, "right": (y > 0.5) == bool(wanted)}
            for x, h, y, wanted in zip(
                ROWS, hidden.tolist(), output.tolist(), TARGETS[self.target], strict=True
            )
        ]

    def loss(self) -> float:
        """Compute the mean cross-entropy over the four rows, in natural logarithms.

        Raises
        ------
        ValueError
            If the units are step units, for which a wrong row would cost infinitely much.
        """
        self._need_sigmoid("loss")
        _, z, _ = _forward(self.weights, np.array(ROWS, dtype=float), "sigmoid")
        return cross_entropy(z, np.array(TARGETS[self.target]))

    def gradients(self) -> list[list[float]]:
        """Compute the gradient of `loss`, nested as `weights`.

        Raises
        ------
        ValueError
            If the units are step units, which have no slope.
        """
        self._need_sigmoid("gradient")
        return _gradients(self.weights, np.array(TARGETS[self.target], dtype=float))

    def train(self, steps: int = 1) -> None:
        """Go some steps of gradient descent, each over all four rows, as the button Train does.

        Raises
        ------
        ValueError
            If the units are step units, or `steps` is not a whole number of at least 1.
        """
        self._need_sigmoid("gradient")
        weights, wanted = self.weights, np.array(TARGETS[self.target], dtype=float)
        for _ in range(checked_whole("steps", steps, 1)):
            weights = [
                [number - self.learning_rate * slope for number, slope in zip(unit, slopes, strict=True)]
                for unit, slopes in zip(weights, _gradients(weights, wanted), strict=True)
            ]
        self._put(weights=weights, steps=self.steps + steps, preset=TRAINED)

    def _need_sigmoid(self, what: str) -> None:
        if self.activation != "sigmoid":
            raise ValueError(
                f"step units have no useful {what}: their output jumps from 0 to 1 and is flat elsewhere; "
                "set activation to 'sigmoid' first"
            )

    def __repr__(self) -> str:  # noqa: D105
        units = "1 hidden unit" if self.hidden == 1 else f"{self.hidden} hidden units"
        return f"XorLab({units}, {self.activation}, target {self.target}, {self.right} of 4 right)"
