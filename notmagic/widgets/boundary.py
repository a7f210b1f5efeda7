"""Boundary: logistic regression on points of the plane, with polynomial features, fitted while you look.

The Python side holds the state and checks it; ``boundary.js`` fits, draws and answers the reader, with or
without a kernel. Both fit by the same Newton's method; a test compares the two, and both with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import anywidget
import numpy as np
import traitlets

from notmagic.datasets import toy_points
from notmagic.widgets._arithmetic import cross_entropy, sigmoid
from notmagic.widgets._checks import (
    checked_flag,
    checked_name,
    checked_number,
    checked_plane,
    checked_probe,
    checked_sets,
    checked_whole,
    setting,
)
from notmagic.widgets._module import module_text, style_text

__all__ = ["Boundary", "Fit", "fit_logistic", "powers"]

LARGEST_DEGREE = 8
LARGEST_REGULARISATION = 10.0
FEWEST_TO_DIVIDE = 20  # a smaller set is all for training
DECIMALS = 4  # of the coordinates, so that the page carries short numbers

MOST_STEPS = 100
SMALL_ENOUGH = 1e-16  # what one more step would gain
LOSS_TO_STOP_AT = 0.001  # where the best weights would be infinite
DAMPING = 1e-10  # of the curvature, scaled to ones on its diagonal

#: Noise and seed of the sets shown when no data are given. The seeds were chosen, not the first that came: at
#: each set's natural degree (1, 2, 3, 2) the classes overlap a little, so that a best fit exists.
_TOY_SETS = {"blobs": (0.3, 6), "circles": (0.1, 4), "moons": (0.14, 2), "xor": (0.12, 29)}
_TOY_COUNT = 160


# ------------------------------------------------------------------------------------------ the arithmetic


def powers(degree: int) -> list[tuple[int, int]]:
    """List the monomials x1^i x2^j of total degree 1 to `degree`.

    Parameters
    ----------
    degree : int
        1 to 8.

    Returns
    -------
    list of (int, int)
        The exponents (i, j), lowest total degree first; within one total degree x1 leads.

    Examples
    --------
    >>> powers(2)
    [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    """
    return [(total - j, j) for total in range(1, degree + 1) for j in range(total + 1)]


def _feature_matrix(x: np.ndarray, degree: int) -> np.ndarray:
    """Return the monomials of points: shape (N, 2) in, (N, number of features) out."""
    return np.stack([x[:, 0] ** i * x[:, 1] ** j for i, j in powers(degree)], axis=1)


def _feature_name(i: int, j: int) -> str:
    parts = [f"x{k}" if power == 1 else f"x{k}^{power}" for k, power in ((1, i), (2, j)) if power]
    return " ".join(parts)


class Fit(NamedTuple):
    """What a fit found.

    Attributes
    ----------
    weights : ndarray of float64, shape (number of features,)
    bias : float
    steps : int
        Newton steps taken.
    end : str
        ``"best"``: the optimum; ``"separated"``: the classes can be separated completely and there is no
        regularisation, so the best weights are infinite; ``"unfinished"``: the steps ran out.
    """

    weights: np.ndarray
    bias: float
    steps: int
    end: str


def fit_logistic(features: np.ndarray, y: np.ndarray, regularisation: float = 0.0) -> Fit:
    """Fit logistic regression by Newton's method.

    What is minimised is the mean cross-entropy + regularisation / 2 * (sum of squared weights); the bias is
    not in the sum. This is scikit-learn's ``LogisticRegression(C=1 / (regularisation * N))``.

    Parameters
    ----------
    features : ndarray of float64, shape (N, M)
    y : ndarray, shape (N,)
        0 or 1.
    regularisation : float
        0 or more.

    Returns
    -------
    Fit

    Notes
    -----
    Each step is halved until it lowers the loss. With `regularisation` 0, weights that get every point right
    prove that larger ones do better still, without end; then the fit stops below a loss of 0.001.
    """
    design = np.column_stack([features, np.ones(len(y))])  # (N, M + 1); the last weight is the bias
    penalty = np.full(design.shape[1], regularisation)
    penalty[-1] = 0
    weights, z = np.zeros(design.shape[1]), np.zeros(len(y))
    objective, end, steps = np.log(2), "unfinished", 0
    while True:
        if regularisation == 0 and ((2.0 * y - 1) * z > 0).all():
            end = "separated"
            if objective < LOSS_TO_STOP_AT:
                break
        step, slope = _newton_step(design, y, z, weights, penalty)
        small = slope / 2 < SMALL_ENOUGH
        found = None if small else _try_step(design, y, weights, penalty, step, slope, objective)
        if found is None:
            end = "best" if end == "unfinished" else end
            break
        if steps == MOST_STEPS:
            break
        weights, objective = found
        z = design @ weights
        steps += 1
    return Fit(weights[:-1], float(weights[-1]), steps, end)


def _newton_step(
    design: np.ndarray, y: np.ndarray, z: np.ndarray, weights: np.ndarray, penalty: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the step to subtract, shape (M + 1,), and how steeply the loss falls along it."""
    p = sigmoid(z)
    gradient = design.T @ (p - y) / len(y) + penalty * weights
    curvature = (design.T * (p * (1 - p))) @ design / len(y) + np.diag(penalty)
    scale = 1 / np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    scaled = curvature * np.outer(scale, scale) + DAMPING * np.eye(len(scale))
    step = scale * np.linalg.solve(scaled, scale * gradient)
    return step, float(gradient @ step)


def _try_step(
    design: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    penalty: np.ndarray,
    step: np.ndarray,
    slope: float,
    objective: float,
) -> tuple[np.ndarray, float] | None:
    """Halve a step until it lowers the loss by what its slope promises; None if no size does."""
    size = 1.0
    while size > 1e-9:
        candidate = weights - size * step
        new = cross_entropy(design @ candidate, y) + (penalty * candidate**2).sum() / 2
        if new <= objective - 1e-4 * size * slope:
            return candidate, new
        size /= 2
    return None


# ----------------------------------------------------------------------------------------------- checks


def _checked_data(data: Mapping[str, tuple[np.ndarray, np.ndarray]] | None) -> dict:
    """Return the sets by name, with classes int64; without any, the toy sets of the course."""
    if data is None:
        data = {name: toy_points(name, _TOY_COUNT, noise, seed) for name, (noise, seed) in _TOY_SETS.items()}
    sets = checked_sets(data)
    for name, (_, y) in sets.items():
        if not np.array_equal(np.unique(y), [0, 1]):
            raise ValueError(
                f"data set {name!r} has the classes {np.unique(y).tolist()}; expected both 0 and 1"
            )
    return {name: (x.round(DECIMALS), y.astype(int)) for name, (x, y) in sets.items()}


def _checked_degree(value: object) -> int:
    return checked_whole("degree", value, 1, LARGEST_DEGREE)


def _test_mask(y: np.ndarray, share: float) -> np.ndarray:
    """Choose the test points: that share of each class, drawn from a fixed seed; shape (N,)."""
    mask = np.zeros(len(y), dtype=bool)
    if len(y) < FEWEST_TO_DIVIDE:
        return mask
    random = np.random.default_rng(0)
    for label in (0, 1):
        order = random.permutation(np.flatnonzero(y == label))
        mask[order[: min(round(share * len(order)), len(order) - 1)]] = True
    return mask


# --------------------------------------------------------------------------------------------- the widget


class Boundary(anywidget.AnyWidget):
    """Fit logistic regression to points of two classes; see the probability everywhere and where it is 0.5.

    The features are all monomials x1^i x2^j of total degree 1 to `degree`. What is minimised is the mean
    cross-entropy of the training points + regularisation / 2 * (sum of squared weights); the bias is not in
    the sum. Fitting takes a few milliseconds and happens anew at every change, in the page too.

    Parameters
    ----------
    data : dict of str to (array, array), optional
        One set of points or several to choose from: x of shape (N, 2), coordinates from -5 to 5 (kept to four
        decimals); y of shape (N,), 0 or 1, both present; 2 to 1000 points. Left out: the toy sets blobs,
        circles, moons and xor of `notmagic.datasets.toy_points`, 160 points each.
    data_name : str, optional
        Which set to show first. Left out: the first.
    degree : int
        1 to 8.
    regularisation : float
        0 to 10.
    test_share : float
        The share of each class that is held back for testing, 0 to 0.9. A set of fewer than 20 points is not
        divided: all of it is for training.
    show_test : bool
        Whether the test points are drawn.
    probe : pair of float
        The place whose probability is worked out.

    Attributes
    ----------
    flipped : dict of str to list of int
        For a set's name, the indices of the training points whose class is turned round.

    Raises
    ------
    ValueError
        For points or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> widget = Boundary(data_name="circles", degree=2)
    >>> widget
    Boundary('circles', degree 2, regularisation 0, 80 training and 80 test points)
    >>> widget.features([[2.0, 3.0]])
    (['x1', 'x2', 'x1^2', 'x1 x2', 'x2^2'], array([[2., 3., 4., 6., 9.]]))
    """

    _esm = module_text("boundary.js")
    _css = style_text("boundary.css")

    points = traitlets.List(help="Name, x, y and the test points' mask of each set.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    data_name = setting()
    degree = setting()
    regularisation = setting()
    show_test = setting()
    probe = setting()
    flipped = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        data: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        *,
        data_name: str | None = None,
        degree: int = 1,
        regularisation: float = 0.0,
        test_share: float = 0.5,
        show_test: bool = True,
        probe: tuple[float, float] = (0.4, 0.6),
    ) -> None:
        self._sets = _checked_data(data)
        share = checked_number("test_share", test_share, 0, 0.9)
        self._masks = {name: _test_mask(y, share) for name, (_, y) in self._sets.items()}
        state = {
            "data_name": self._checked_name(next(iter(self._sets)) if data_name is None else data_name),
            "degree": _checked_degree(degree),
            "regularisation": checked_number("regularisation", regularisation, 0, LARGEST_REGULARISATION),
            "show_test": checked_flag("show_test", show_test),
            "probe": checked_probe(probe),
            "flipped": {},
        }
        super().__init__(points=self._lists_of_points(), initial=state, **state)

    def _lists_of_points(self) -> list[dict]:
        return [
            {"name": name, "x": x.tolist(), "y": y.tolist(), "test": self._masks[name].tolist()}
            for name, (x, y) in self._sets.items()
        ]

    def _checked_name(self, value: object) -> str:
        return checked_name("data set", value, self._sets)

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("data_name")
    def _validate_data_name(self, proposal: dict) -> str:
        return self._checked_name(proposal["value"])

    @traitlets.validate("degree")
    def _validate_degree(self, proposal: dict) -> int:
        return _checked_degree(proposal["value"])

    @traitlets.validate("regularisation")
    def _validate_regularisation(self, proposal: dict) -> float:
        return checked_number("regularisation", proposal["value"], 0, LARGEST_REGULARISATION)

    @traitlets.validate("show_test")
    def _validate_show_test(self, proposal: dict) -> bool:
        return checked_flag("show_test", proposal["value"])

    @traitlets.validate("probe")
    def _validate_probe(self, proposal: dict) -> list[float]:
        return checked_probe(proposal["value"])

    @traitlets.validate("flipped")
    def _validate_flipped(self, proposal: dict) -> dict[str, list[int]]:
        value = proposal["value"]
        if not isinstance(value, Mapping):
            raise ValueError(f"flipped is {value!r}; expected a dict such as {{'moons': [3]}}")
        return {self._checked_name(name): self._checked_flips(name, part) for name, part in value.items()}

    def _checked_flips(self, name: str, value: object) -> list[int]:
        """Return indices of training points in ascending order."""
        count = int((~self._masks[name]).sum())
        whole = isinstance(value, (list, tuple)) and all(type(part) is int for part in value)
        if not whole or len(set(value)) < len(value) or not all(0 <= part < count for part in value):
            raise ValueError(
                f"flipped[{name!r}] is {value!r}; expected different training points, "
                f"counted 0 to {count - 1}"
            )
        return sorted(value)

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """The training points: x of shape (N, 2), float64; y of shape (N,), int64, with the flips."""
        x, y = self._sets[self.data_name]
        mask = ~self._masks[self.data_name]
        labels = y[mask]
        flips = self.flipped.get(self.data_name, [])
        labels[flips] = 1 - labels[flips]
        return x[mask], labels

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The test points: x of shape (N, 2), float64; y of shape (N,), int64; N may be 0."""
        x, y = self._sets[self.data_name]
        mask = self._masks[self.data_name]
        return x[mask], y[mask]

    def features(self, x: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Compute the features of points.

        Parameters
        ----------
        x : array, shape (N, 2)

        Returns
        -------
        names : list of str
            Such as ``"x1^2 x2"``.
        matrix : ndarray of float64, shape (N, number of features)

        Raises
        ------
        ValueError
            If `x` has another shape.
        """
        matrix = _feature_matrix(checked_plane(x), self.degree)
        return [_feature_name(i, j) for i, j in powers(self.degree)], matrix

    def fit(self) -> Fit:
        """Fit the training points at the present degree and regularisation."""
        x, y = self.training
        return fit_logistic(_feature_matrix(x, self.degree), y, self.regularisation)

    def probability(self, x: np.ndarray) -> np.ndarray:
        """Compute the probability of class 1.

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
        fit = self.fit()
        return sigmoid(self.features(x)[1] @ fit.weights + fit.bias)

    def scores(self) -> dict[str, tuple[float, float]]:
        """Return the mean cross-entropy and the share of points that are right, by kind of points.

        Returns
        -------
        dict
            ``{"training": (loss, accuracy), "test": (loss, accuracy)}``; without test points no ``"test"``.
        """
        fit, found = self.fit(), {}
        for kind, (x, y) in (("training", self.training), ("test", self.test)):
            if len(y):
                z = _feature_matrix(x, self.degree) @ fit.weights + fit.bias
                found[kind] = cross_entropy(z, y), float(np.mean((z >= 0) == y))
        return found

    def __repr__(self) -> str:  # noqa: D105
        counts = [len(self.training[1]), len(self.test[1])]
        return (
            f"Boundary({self.data_name!r}, degree {self.degree}, regularisation {self.regularisation:g}, "
            f"{counts[0]} training and {counts[1]} test points)"
        )
