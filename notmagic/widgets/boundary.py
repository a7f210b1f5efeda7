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
from notmagic.widgets._module import module_text, style_text

__all__ = ["Boundary", "Fit", "fit_logistic", "powers"]

LARGEST_DEGREE = 8
LARGEST_REGULARISATION = 10.0
LARGEST_COORDINATE = 5.0
MOST_POINTS = 1000
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
    p = _sigmoid(z)
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
        new = _cross_entropy(design @ candidate, y) + (penalty * candidate**2).sum() / 2
        if new <= objective - 1e-4 * size * slope:
            return candidate, new
        size /= 2
    return None


def _sigmoid(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # e^800 is inf, and 1 / inf is the 0 we want
        return 1 / (1 + np.exp(-z))


def _cross_entropy(z: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of -log p (class 1) or -log(1 - p) (class 0), without ever taking log 0."""
    return float(np.mean(np.logaddexp(0, z) - y * z))


# ----------------------------------------------------------------------------------------------- checks


def _checked_points(name: str, points: object) -> tuple[np.ndarray, np.ndarray]:
    """Return points (float64, shape (N, 2)) and classes (int64, shape (N,)), or say what is wrong."""
    if not isinstance(points, (tuple, list)) or len(points) != 2:
        raise ValueError(f"data set {name!r} is {type(points).__name__}; expected a pair (x, y)")
    try:
        x, y = np.asarray(points[0], dtype=float), np.asarray(points[1], dtype=float)
    except (TypeError, ValueError):
        raise ValueError(
            f"data set {name!r} is not made of numbers; expected two arrays of numbers"
        ) from None
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"data set {name!r} has x of shape {x.shape} and y of shape {y.shape}; expected (N, 2) and (N,)"
        )
    if not 2 <= len(y) <= MOST_POINTS:
        raise ValueError(f"data set {name!r} has {len(y)} points; expected 2 to {MOST_POINTS}")
    if not np.isfinite(x).all() or np.abs(x).max() > LARGEST_COORDINATE:
        raise ValueError(
            f"data set {name!r} has coordinates that are not numbers from {-LARGEST_COORDINATE:g} to "
            f"{LARGEST_COORDINATE:g}; scale them first, for instance (x - x.mean(axis=0)) / x.std(axis=0)"
        )
    if not np.array_equal(np.unique(y), [0, 1]):
        raise ValueError(f"data set {name!r} has the classes {np.unique(y).tolist()}; expected both 0 and 1")
    return x.round(DECIMALS), y.astype(int)


def _checked_data(data: Mapping[str, tuple[np.ndarray, np.ndarray]] | None) -> dict:
    """Return the sets by name; without any, the toy sets of the course."""
    if data is None:
        data = {name: toy_points(name, _TOY_COUNT, noise, seed) for name, (noise, seed) in _TOY_SETS.items()}
    if not isinstance(data, Mapping) or not data:
        raise ValueError(
            f"data is {data if isinstance(data, Mapping) else type(data).__name__}; expected a dict with at "
            "least one set, such as {'mine': (x, y)}"
        )
    return {str(name): _checked_points(str(name), points) for name, points in data.items()}


def _checked_number(name: str, value: object, low: float, high: float) -> float:
    """Return a number within bounds as a float."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; expected a number from {low:g} to {high:g}")
    return float(value)


def _checked_degree(value: object) -> int:
    """Return a degree as an int."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 1 <= value <= LARGEST_DEGREE:
        raise ValueError(f"degree is {value!r}; expected a whole number from 1 to {LARGEST_DEGREE}")
    return int(value)


def _checked_flag(name: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {value!r}; expected True or False")
    return bool(value)


def _checked_probe(value: object) -> list[float]:
    """Return the probe's place as a list of two floats."""
    if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != 2:
        raise ValueError(f"probe is {value!r}; expected two numbers, such as (0.5, -0.2)")
    return [
        _checked_number(f"probe[{axis}]", part, -2 * LARGEST_COORDINATE, 2 * LARGEST_COORDINATE)
        for axis, part in enumerate(value)
    ]


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


def _setting() -> traitlets.TraitType:
    """Make a trait that takes whatever its validator below takes; None is not among it."""
    return traitlets.TraitType(None).tag(sync=True)


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

    data_name = _setting()
    degree = _setting()
    regularisation = _setting()
    show_test = _setting()
    probe = _setting()
    flipped = _setting()

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
        share = _checked_number("test_share", test_share, 0, 0.9)
        self._masks = {name: _test_mask(y, share) for name, (_, y) in self._sets.items()}
        state = {
            "data_name": self._checked_name(next(iter(self._sets)) if data_name is None else data_name),
            "degree": _checked_degree(degree),
            "regularisation": _checked_number("regularisation", regularisation, 0, LARGEST_REGULARISATION),
            "show_test": _checked_flag("show_test", show_test),
            "probe": _checked_probe(probe),
            "flipped": {},
        }
        super().__init__(points=self._lists_of_points(), initial=state, **state)

    def _lists_of_points(self) -> list[dict]:
        return [
            {"name": name, "x": x.tolist(), "y": y.tolist(), "test": self._masks[name].tolist()}
            for name, (x, y) in self._sets.items()
        ]

    def _checked_name(self, value: object) -> str:
        if value not in self._sets:
            names = ", ".join(map(repr, self._sets))
            raise ValueError(f"there is no data set {value!r}; choose one of {names}")
        return str(value)

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("data_name")
    def _validate_data_name(self, proposal: dict) -> str:
        return self._checked_name(proposal["value"])

    @traitlets.validate("degree")
    def _validate_degree(self, proposal: dict) -> int:
        return _checked_degree(proposal["value"])

    @traitlets.validate("regularisation")
    def _validate_regularisation(self, proposal: dict) -> float:
        return _checked_number("regularisation", proposal["value"], 0, LARGEST_REGULARISATION)

    @traitlets.validate("show_test")
    def _validate_show_test(self, proposal: dict) -> bool:
        return _checked_flag("show_test", proposal["value"])

    @traitlets.validate("probe")
    def _validate_probe(self, proposal: dict) -> list[float]:
        return _checked_probe(proposal["value"])

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
        array = np.asarray(x, dtype=float)
        if array.ndim != 2 or array.shape[1] != 2:
            raise ValueError(
                f"x has shape {array.shape}; expected (N, 2), such as [[0.5, -0.2]] for one point"
            )
        return [_feature_name(i, j) for i, j in powers(self.degree)], _feature_matrix(array, self.degree)

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
        return _sigmoid(self.features(x)[1] @ fit.weights + fit.bias)

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
                found[kind] = _cross_entropy(z, y), float(np.mean((z >= 0) == y))
        return found

    def __repr__(self) -> str:  # noqa: D105
        counts = [len(self.training[1]), len(self.test[1])]
        return (
            f"Boundary({self.data_name!r}, degree {self.degree}, regularisation {self.regularisation:g}, "
            f"{counts[0]} training and {counts[1]} test points)"
        )
