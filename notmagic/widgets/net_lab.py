"""NetLab: train a small network on points of the plane, look at every unit, and go back to any step.

The Python side holds the settings and checks them; ``net_lab.js`` trains, draws and answers the reader, with
or without a kernel. A run is repeatable: the settings and the number of steps determine every weight. So
neither side stores weights; both compute them, and a test compares the two.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import anywidget
import numpy as np
import traitlets

from notmagic.datasets import TOY_NAMES, toy_points
from notmagic.widgets._arithmetic import cross_entropy, sigmoid
from notmagic.widgets._checks import (
    checked_flag,
    checked_number,
    checked_plane,
    checked_probe,
    checked_sets,
    checked_whole,
    setting,
)
from notmagic.widgets._module import module_text, style_text

__all__ = ["ACTIVATIONS", "NetLab", "first_weights", "forward", "gradients"]

MOST_LAYERS = 3
MOST_UNITS = 8
MOST_STEPS = 100_000
LARGEST_SEED = 9_999
FEWEST_TO_DIVIDE = 20  # a smaller set is all for training
RATES = (0.0001, 100.0)
LARGEST_MOMENTUM = 0.99

#: How the toy sets are made: (count, noise, seed). The first half is for training.
_TOY = (200, 0.04, 0)

#: Letters of the units' names, layer by layer: inputs, first, second and third hidden layer.
_LETTERS = "xhkm"

#: What a hidden unit makes of its sum, by name.
ACTIVATIONS = ("tanh", "relu", "sigmoid")

Weights = list[np.ndarray]


# ------------------------------------------------------------------------------------------ the arithmetic


def first_weights(layers: Sequence[int], seed: int) -> Weights:
    """Draw the weights that training starts from, as `notmagic.layers.Dense` draws them.

    Parameters
    ----------
    layers : sequence of int
        Units of each hidden layer, first to last; may be empty.
    seed : int
        The layer with index i, from 0, is drawn with the seed 10 * `seed` + i.

    Returns
    -------
    list of ndarray of float64
        Kernel of shape (inputs, units) and bias of shape (units,) of each layer in turn; the biases are 0.
    """
    sizes, weights = [2, *layers, 1], []
    for i, (inputs, units) in enumerate(pairwise(sizes)):
        limit = math.sqrt(6 / (inputs + units))
        kernel = np.random.default_rng(10 * seed + i).uniform(-limit, limit, (inputs, units))
        weights += [kernel, np.zeros(units)]
    return weights


def forward(weights: Weights, x: np.ndarray, activation: str) -> Weights:
    """Send points through the network.

    Parameters
    ----------
    weights : list of ndarray
        As from `first_weights`.
    x : ndarray of float64, shape (N, 2)
    activation : str
        One of `ACTIVATIONS`.

    Returns
    -------
    list of ndarray of float64
        What each layer gives, each of shape (N, units): first `x` itself, last the output's sum z of shape
        (N, 1), before its sigmoid.
    """
    found = [x]
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        z = found[-1] @ kernel + bias
        found.append(_activate(z, activation))
    return [*found[:-1], z]


def gradients(weights: Weights, x: np.ndarray, y: np.ndarray, activation: str) -> Weights:
    """Compute the slope of the loss along every weight, by going back through the layers.

    The loss is the mean cross-entropy of sigmoid(z) against `y`.

    Parameters
    ----------
    weights, x, activation
        As in `forward`.
    y : ndarray, shape (N,)
        0 or 1.

    Returns
    -------
    list of ndarray of float64
        Shaped as `weights`.
    """
    answers = forward(weights, x, activation)
    delta = (sigmoid(answers[-1]) - y[:, None]) / len(y)  # (N, 1)
    slopes: Weights = []
    for answer, kernel in zip(answers[-2::-1], weights[-2::-2], strict=True):
        slopes = [answer.T @ delta, delta.sum(axis=0), *slopes]
        delta = (delta @ kernel.T) * _slope(answer, activation)
    return slopes


def _activate(z: np.ndarray, activation: str) -> np.ndarray:
    return {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "sigmoid": sigmoid}[activation](z)


def _slope(answer: np.ndarray, activation: str) -> np.ndarray:
    """Return the slope of an activation, worked out from what it gave."""
    if activation == "relu":
        return (answer > 0).astype(float)
    return 1 - answer**2 if activation == "tanh" else answer * (1 - answer)


# ----------------------------------------------------------------------------------------------- checks


def _training_count(count: int) -> int:
    return count if count < FEWEST_TO_DIVIDE else (count + 1) // 2


def _checked_data(data: Mapping[str, tuple[np.ndarray, np.ndarray]] | None) -> dict:
    """Return the sets by name, with classes int64; without any, the toy sets of the course."""
    if data is None:
        data = {name: toy_points(name, *_TOY) for name in TOY_NAMES}
    sets = checked_sets(data)
    for name, (_, y) in sets.items():
        training = y[: _training_count(len(y))]
        if not np.isin(y, [0, 1]).all() or len(np.unique(training)) < 2:
            raise ValueError(
                f"data set {name!r} has the classes {np.unique(training).tolist()} among its "
                f"{len(training)} training points; expected both 0 and 1; shuffle the points if they are "
                "sorted by class"
            )
    return {name: (x, y.astype(int)) for name, (x, y) in sets.items()}


def _six_digits(value: float) -> float:
    """Round a number to six significant digits, as the code writes it."""
    return float(f"{value:g}")


def _checked_rate(name: str, value: object) -> float:
    return _six_digits(checked_number(name, value, *RATES))


def _checked_momentum(name: str, value: object) -> float:
    return _six_digits(checked_number(name, value, 0, LARGEST_MOMENTUM))


def _checked_layers(value: object) -> list[int]:
    """Return the units of each hidden layer as a list of int."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_LAYERS:
        raise ValueError(
            f"layers is {value!r}; expected the units of 0 to {MOST_LAYERS} hidden layers, such as (4, 2)"
        )
    return [checked_whole(f"layers[{i}]", units, 1, MOST_UNITS) for i, units in enumerate(value)]


def _checked_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(map(repr, choices))}")
    return value


def _checked_probe(value: object) -> list[float]:
    return [_six_digits(part) for part in checked_probe(value)]


def _checked_schedule(value: object) -> list[list]:
    """Return a list of [step, learning rate, momentum], the first from step 0 on, in ascending order."""
    parts = value if isinstance(value, (list, tuple)) else []
    if not parts or not all(isinstance(part, (list, tuple)) and len(part) == 3 for part in parts):
        raise ValueError(
            f"schedule is {value!r}; expected a list of [step, learning rate, momentum], such as "
            "[[0, 0.3, 0.0], [100, 0.1, 0.9]]"
        )
    checked = [
        [
            checked_whole(f"schedule[{i}][0]", step, 0, MOST_STEPS),
            _checked_rate(f"schedule[{i}][1]", rate),
            _checked_momentum(f"schedule[{i}][2]", momentum),
        ]
        for i, (step, rate, momentum) in enumerate(parts)
    ]
    steps = [step for step, _, _ in checked]
    if steps[0] != 0 or any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"schedule starts its parts at the steps {steps}; expected 0 first, then ascending")
    return checked


def _checked_shown(value: object) -> str:
    """Return the name of a unit; one that the network has not stands for the output."""
    if not isinstance(value, str) or not re.fullmatch(rf"y|x[12]|[{_LETTERS[1:]}][1-{MOST_UNITS}]", value):
        raise ValueError(
            f"shown is {value!r}; expected the name of a unit: 'y' for the output, 'x1' or 'x2', 'h1' to "
            "'h8' in the first hidden layer, 'k1' ... in the second, 'm1' ... in the third"
        )
    return value


# --------------------------------------------------------------------------------------------- the widget


class NetLab(anywidget.AnyWidget):
    """Train a small network on points of two classes; see each unit's answer everywhere; go back in time.

    Two inputs, up to three hidden layers of up to eight units, one output unit with a sigmoid: the
    probability of class 1. Each step goes down the slope of the mean cross-entropy of all training points,
    w -= learning_rate * dL/dw; with momentum m, v = m * v - learning_rate * dL/dw and w += v. The first
    weights are those of `notmagic.layers.Dense` with the seeds 10 * `seed`, 10 * `seed` + 1, ... The
    settings and `steps` determine everything, so `steps` may be set to any number, up or down.

    Parameters
    ----------
    data_name : str, optional
        Which set to show first. Left out: ``"circles"``, or the first of `data`.
    data : dict of str to (array, array), optional
        Sets of your own: x of shape (N, 2), coordinates from -5 to 5; y of shape (N,), 0 or 1; 2 to 1000
        points. The first half is for training, the rest for testing; a set of fewer than 20 points is all
        for training. Left out: 200 points of each set of `notmagic.datasets.toy_points`, with noise 0.04.
    layers : sequence of int
        Units of the hidden layers, first to last: up to three numbers from 1 to 8. Empty: logistic
        regression.
    activation : str
        ``"tanh"``, ``"relu"`` or ``"sigmoid"``, for all hidden units.
    learning_rate : float
        0.0001 to 100.
    momentum : float
        0 to 0.99.
    seed : int
        0 to 9999.
    steps : int
        How many steps have been taken, 0 to 100,000.
    show_test : bool
        Whether the test points are drawn.
    probe : pair of float
        The place at which sums are worked out.
    shown : str
        The unit whose answers are drawn large: ``"y"``, the output; ``"x1"``, ``"x2"``; ``"h1"``, ``"h2"``,
        ... of the first hidden layer; ``"k1"`` of the second; ``"m1"`` of the third.

    Attributes
    ----------
    schedule : list of [int, float, float]
        From which step on which learning rate and momentum hold. Setting `learning_rate` or `momentum`
        changes it from the present step on: what came after is dropped, and the velocity starts at 0 again.

    Raises
    ------
    ValueError
        For points or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> lab = NetLab("xor", layers=(3,), learning_rate=1.0, steps=200)
    >>> lab
    NetLab('xor', layers (3), tanh, learning rate 1, momentum 0, seed 0, step 200)
    >>> lab.count_params()
    13
    """

    _esm = module_text("net_lab.js")
    _css = style_text("net_lab.css")

    coordinates = traitlets.Bytes(help="x of all sets, float64, one set after another.").tag(sync=True)
    sets = traitlets.List(help="Name, counts, offset, classes and source of each set.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    data_name = setting()
    layers = setting()
    activation = setting()
    schedule = setting()
    seed = setting()
    steps = setting()
    show_test = setting()
    probe = setting()
    shown = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        data_name: str | None = None,
        *,
        data: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        layers: Sequence[int] = (4, 2),
        activation: str = "tanh",
        learning_rate: float = 0.3,
        momentum: float = 0.0,
        seed: int = 0,
        steps: int = 0,
        show_test: bool = False,
        probe: tuple[float, float] = (0.4, 0.6),
        shown: str = "y",
    ) -> None:
        self._sets = _checked_data(data)
        first = "circles" if data is None else next(iter(self._sets))
        pace = [
            _checked_rate("learning_rate", learning_rate),
            _checked_momentum("momentum", momentum),
        ]
        state = {
            "data_name": self._checked_name(first if data_name is None else data_name),
            "layers": _checked_layers(layers),
            "activation": _checked_choice("activation", activation, ACTIVATIONS),
            "schedule": [[0, *pace]],
            "seed": checked_whole("seed", seed, 0, LARGEST_SEED),
            "steps": checked_whole("steps", steps, 0, MOST_STEPS),
            "show_test": checked_flag("show_test", show_test),
            "probe": _checked_probe(probe),
            "shown": _checked_shown(shown),
        }
        super().__init__(**self._lay_out(toys=data is None), initial=state, **state)

    def _lay_out(self, toys: bool) -> dict:
        """Lay all coordinates end to end: one binary trait is what every host of widgets can carry."""
        entries, offset = [], 0
        for name, (x, y) in self._sets.items():
            count, noise, seed = _TOY
            made = f'toy_points("{name}", count={count}, noise={noise}, seed={seed})'
            entries.append({
                "name": name, "count": len(y), "training": _training_count(len(y)), "offset": offset,
                "y": "".join(map(str, y)), "source": made if toys else f"data[{json.dumps(name)}]",
            })  # fmt: skip
            offset += x.nbytes
        together = b"".join(x.astype("<f8").tobytes() for x, _ in self._sets.values())
        return {"coordinates": together, "sets": entries}

    def _checked_name(self, value: object) -> str:
        return _checked_choice("data_name", value, list(self._sets))

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("data_name")
    def _validate_data_name(self, proposal: dict) -> str:
        return self._checked_name(proposal["value"])

    @traitlets.validate("layers")
    def _validate_layers(self, proposal: dict) -> list[int]:
        return _checked_layers(proposal["value"])

    @traitlets.validate("activation")
    def _validate_activation(self, proposal: dict) -> str:
        return _checked_choice("activation", proposal["value"], ACTIVATIONS)

    @traitlets.validate("schedule")
    def _validate_schedule(self, proposal: dict) -> list[list]:
        return _checked_schedule(proposal["value"])

    @traitlets.validate("seed", "steps")
    def _validate_count(self, proposal: dict) -> int:
        name = proposal["trait"].name
        return checked_whole(name, proposal["value"], 0, LARGEST_SEED if name == "seed" else MOST_STEPS)

    @traitlets.validate("show_test")
    def _validate_show_test(self, proposal: dict) -> bool:
        return checked_flag("show_test", proposal["value"])

    @traitlets.validate("probe")
    def _validate_probe(self, proposal: dict) -> list[float]:
        return _checked_probe(proposal["value"])

    @traitlets.validate("shown")
    def _validate_shown(self, proposal: dict) -> str:
        return _checked_shown(proposal["value"])

    # ------------------------------------------------------------------------------- how fast it learns

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step; setting it holds from that step on."""
        return _pace_at(self.schedule, self.steps)[0]

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._change_pace(_checked_rate("learning_rate", value), self.momentum)

    @property
    def momentum(self) -> float:
        """The momentum of the next step; setting it holds from that step on."""
        return _pace_at(self.schedule, self.steps)[1]

    @momentum.setter
    def momentum(self, value: float) -> None:
        self._change_pace(self.learning_rate, _checked_momentum("momentum", value))

    def _change_pace(self, rate: float, momentum: float) -> None:
        if (rate, momentum) == _pace_at(self.schedule, self.steps):
            return
        earlier = [part for part in self.schedule if part[0] < self.steps]
        if not earlier or earlier[-1][1:] != [rate, momentum]:
            earlier.append([self.steps, rate, momentum])
        self.schedule = earlier

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """The training points: x of shape (N, 2), float64; y of shape (N,), int64."""
        x, y = self._sets[self.data_name]
        count = _training_count(len(y))
        return x[:count], y[:count]

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The test points: x of shape (N, 2), float64; y of shape (N,), int64; N may be 0."""
        x, y = self._sets[self.data_name]
        count = _training_count(len(y))
        return x[count:], y[count:]

    def count_params(self) -> int:
        """Return how many numbers the network learns: (inputs + 1) * units, summed over the layers."""
        sizes = [2, *self.layers, 1]
        return sum((inputs + 1) * units for inputs, units in pairwise(sizes))

    def run(self) -> tuple[Weights, list[float]]:
        """Train from the first weights to the present step.

        Returns
        -------
        weights : list of ndarray of float64
            Kernel (inputs, units) and bias (units,) of each layer in turn.
        losses : list of float
            The training loss before the first step, and after each of the `steps`.
        """
        (x, y), weights = self.training, first_weights(self.layers, self.seed)
        velocity = [np.zeros_like(weight) for weight in weights]
        losses = [self._loss(weights, x, y)]
        starts = {step for step, _, _ in self.schedule}
        with np.errstate(over="ignore", invalid="ignore"):  # a learning rate may be too large
            for step in range(self.steps):
                if step in starts:
                    velocity = [np.zeros_like(weight) for weight in weights]
                rate, momentum = _pace_at(self.schedule, step)
                slopes = gradients(weights, x, y, self.activation)
                velocity = [momentum * v - rate * g for v, g in zip(velocity, slopes, strict=True)]
                weights = [w + v for w, v in zip(weights, velocity, strict=True)]
                losses.append(self._loss(weights, x, y))
        return weights, losses

    def _loss(self, weights: Weights, x: np.ndarray, y: np.ndarray) -> float:
        return cross_entropy(forward(weights, x, self.activation)[-1][:, 0], y)

    def probability(self, x: np.ndarray) -> np.ndarray:
        """Compute the probability of class 1 at the present step.

        Parameters
        ----------
        x : array, shape (N, 2)

        Returns
        -------
        ndarray of float64, shape (N,)

        Raises
        ------
        ValueError
            If `x` has another shape.
        """
        points = checked_plane(x)
        return sigmoid(forward(self.run()[0], points, self.activation)[-1][:, 0])

    def scores(self) -> dict[str, tuple[float, float]]:
        """Return the loss and the share of points that are right, at the present step.

        Returns
        -------
        dict
            ``{"training": (loss, accuracy), "test": (loss, accuracy)}``; without test points no ``"test"``.
        """
        weights, found = self.run()[0], {}
        for kind, (x, y) in (("training", self.training), ("test", self.test)):
            if len(y):
                z = forward(weights, x, self.activation)[-1][:, 0]
                found[kind] = cross_entropy(z, y), float(np.mean((z >= 0) == y))
        return found

    def code(self) -> str:
        """Write the program that trains the same network with the course's package, as the page shows it."""
        entry = next(entry for entry in self.sets if entry["name"] == self.data_name)
        return _code(entry, self.layers, self.activation, self.schedule, self.seed, self.steps)

    def __repr__(self) -> str:  # noqa: D105
        layers = f"layers ({', '.join(map(str, self.layers))})" if self.layers else "no hidden layer"
        return (
            f"NetLab({self.data_name!r}, {layers}, {self.activation}, learning rate {self.learning_rate:g}, "
            f"momentum {self.momentum:g}, seed {self.seed}, step {self.steps:,})"
        )


def _pace_at(schedule: list[list], step: int) -> tuple[float, float]:
    """Return the learning rate and the momentum that the step after `step` steps uses."""
    _, rate, momentum = [part for part in schedule if part[0] <= step][-1]
    return rate, momentum


# ------------------------------------------------------------------------------------------------ the code

_CLASSES = {"tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid"}


def _code(
    entry: dict, layers: list[int], activation: str, schedule: list[list], seed: int, steps: int
) -> str:
    """Write the program; ``code`` in net_lab.js writes the same, letter by letter."""
    names = sorted({"Dense", "Input", "Sigmoid", *([_CLASSES[activation]] if layers else [])})
    toys = entry["source"].startswith("toy_points(")
    lines = [
        *(["from notmagic.datasets import toy_points"] if toys else []),
        f"from notmagic.layers import {', '.join(names)}",
        "from notmagic.model import Sequential",
        "from notmagic.optimizers import SGD",
        "",
        f"x, y = {entry['source']}",
        f"x_train, y_train = x[:{entry['training']}], y[:{entry['training']}]",
        *_test_lines(entry),
        "",
        'exact = {"dtype": "float64"}  # the precision of the page',
        "model = Sequential([",
        "    Input((2,)),",
        *_layer_lines(layers, _CLASSES[activation], seed),
        "])",
        *_fit_lines(schedule, steps, entry["training"]),
        'print("training", model.evaluate(x_train, y_train))',
    ]
    if entry["count"] > entry["training"]:
        lines.append('print("test", model.evaluate(x_test, y_test))')
    return "\n".join(lines) + "\n"


def _test_lines(entry: dict) -> list[str]:
    count, training = entry["count"], entry["training"]
    return [f"x_test, y_test = x[{training}:], y[{training}:]"] if count > training else []


def _layer_lines(layers: list[int], kind: str, seed: int) -> list[str]:
    dense = [f"Dense({units}, seed={10 * seed + i}, **exact)" for i, units in enumerate([*layers, 1])]
    kinds = [kind] * len(layers) + ["Sigmoid"]
    return [f"    {layer}, {after}(**exact)," for layer, after in zip(dense, kinds, strict=True)]


def _fit_lines(schedule: list[list], steps: int, count: int) -> list[str]:
    """Write one fit for each part of the schedule that was reached."""
    parts = [part for part in schedule if part[0] < steps] or schedule[:1]
    ends = [part[0] for part in parts[1:]] + [steps]
    lines = []
    for (start, rate, momentum), end in zip(parts, ends, strict=True):
        optimizer = f"SGD({rate:g}, momentum={momentum:g})" if momentum else f"SGD({rate:g})"
        lines.append(
            f'model.compile(optimizer={optimizer}, loss="binary_crossentropy", metrics=["accuracy"])'
        )
        if end > start:  # each epoch is one step with all training points
            lines += [
                f"model.fit(x_train, y_train, batch_size={count}, epochs={end - start}, "
                "shuffle=False, verbose=0)"
            ]
    return lines
