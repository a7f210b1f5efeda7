"""FitLine: drag a line through points, see its squared errors and its place in the bowl, then descend.

The Python side holds the state and checks it; ``fit_line.js`` draws it and takes the steps, with or without
a kernel. Both work with the same formulas, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anywidget
import numpy as np
import traitlets

from notmagic.widgets._checks import checked_flag, checked_number, checked_whole, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["FitLine"]

MOST_POINTS = 200
LARGEST_COORDINATE = 1e6
LARGEST_VALUE = 1e30  # of slope and intercept: what a descent that explodes may reach before it is stopped
LEARNING_RATES = (1e-9, 100.0)
MOST_STEPS = 50_000
# A step is refused once the error exceeds this many times the variance of y: the numbers stay finite.
EXPLODED = 1e9


# ----------------------------------------------------------------------------------------------- checks


def _checked_column(name: str, values: object) -> np.ndarray:
    """Return numbers as float64 of shape (N,), or say what is wrong with them."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not an array of numbers; expected one number for each point") from None
    if array.ndim != 1 or not 2 <= len(array) <= MOST_POINTS:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (N,), one number for each of 2 to {MOST_POINTS} points"
        )
    if not np.isfinite(array).all() or np.abs(array).max() > LARGEST_COORDINATE:
        raise ValueError(
            f"{name} has values that are not numbers from {-LARGEST_COORDINATE:g} to {LARGEST_COORDINATE:g}; "
            "choose a larger unit, such as thousand euros"
        )
    return array


def _checked_points(x: object, y: object) -> tuple[np.ndarray, np.ndarray]:
    """Return the points; without any, 20 houses with area and price."""
    if (x is None) != (y is None):
        raise ValueError("only one of x and y is given; expected both, or neither for 20 houses")
    if x is None:
        from notmagic.datasets import load_houses  # only here: a reader's own points need no data set

        houses = load_houses(20)
        x, y = houses.area, houses.price
    x, y = _checked_column("x", x), _checked_column("y", y)
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} numbers and y has {len(y)}; expected as many of each")
    for name, values in (("x", x), ("y", y)):
        if np.ptp(values) == 0:
            raise ValueError(f"{name} is {values[0]:g} at every point; expected two different values")
    return x, y


def _checked_runs(value: object) -> list[list[float]]:
    """Return the runs of a descent: [slope, intercept, learning rate, steps] of each."""
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(run, (list, tuple)) and len(run) == 4 for run in value
    ):
        raise ValueError(f"runs is {value!r}; expected a list of [slope, intercept, learning rate, steps]")
    checked = []
    for slope, intercept, rate, steps in value:
        checked.append([
            checked_number("the slope of a run", slope, -LARGEST_VALUE, LARGEST_VALUE),
            checked_number("the intercept of a run", intercept, -LARGEST_VALUE, LARGEST_VALUE),
            checked_number("the learning rate of a run", rate, *LEARNING_RATES),
            int(checked_number("the steps of a run", steps, 0, MOST_STEPS)),
        ])  # fmt: skip
    return checked


# --------------------------------------------------------------------------------------------- the widget


class FitLine(anywidget.AnyWidget):
    """Drag a line through points, see each squared error and the bowl; let gradient descent do it.

    The line is ``slope * input + intercept``. With `scaled` the input is ``z = (x - mean) / deviation``: the
    slope then counts for one standard deviation of x, and the intercept is the height of the line at the mean
    of x. Without it the input is x itself. Switching keeps the line where it is.

    Parameters
    ----------
    x, y : array, shape (N,), optional
        The points, 2 to 200. Left out: area and price of ``notmagic.datasets.load_houses(20)``.
    x_label, y_label : str
        What the two axes show, with units.
    slope, intercept : float, optional
        Where the line starts, in the units shown (those of `scaled`). Left out: a flat line, low among the
        points.
    learning_rate : float
        1e-9 to 100; the slider in the page shows a part of it.
    scaled : bool
        Whether x is centred and scaled before it is used.
    show_best : bool
        Whether the best line, and the bottom of the bowl, are shown from the start.
    point : int
        The point whose arithmetic is written out, an index into x.
    ask : bool
        Whether the widget asks for a prediction before gradient descent starts.

    Attributes
    ----------
    runs : list of [slope, intercept, learning rate, steps]
        The descent so far: each run starts at a slope and an intercept and takes a number of steps with one
        learning rate. Moving the line by hand, or from Python, empties it.

    Raises
    ------
    ValueError
        For points or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> widget = FitLine([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], slope=1.0, intercept=1.0, scaled=False)
    >>> widget
    FitLine(3 points, slope 1, intercept 1, learning rate 0.1, not scaled)
    >>> round(widget.error(), 4)
    1.6667
    """

    _esm = module_text("fit_line.js")
    _css = style_text("fit_line.css")

    xs = traitlets.List(help="x of each point.").tag(sync=True)
    ys = traitlets.List(help="y of each point.").tag(sync=True)
    x_label = traitlets.Unicode().tag(sync=True)
    y_label = traitlets.Unicode().tag(sync=True)
    initial = traitlets.Dict(help="The line that Reset returns to, and what its units were.").tag(sync=True)

    slope = setting()
    intercept = setting()
    learning_rate = setting()
    scaled = setting()
    show_best = setting()
    point = setting()
    ask = setting()
    runs = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        x: np.ndarray | None = None,
        y: np.ndarray | None = None,
        *,
        x_label: str = "area (square metres)",
        y_label: str = "price (1,000 euros)",
        slope: float | None = None,
        intercept: float | None = None,
        learning_rate: float = 0.1,
        scaled: bool = True,
        show_best: bool = False,
        point: int = 0,
        ask: bool = False,
    ) -> None:
        self._from_page = False
        self._stepping = True  # nothing follows from a trait while the first values are set
        self._x, self._y = _checked_points(x, y)
        low, high = self._y.min(), self._y.max()
        state = {
            "slope": self._checked_line("slope", 0.0 if slope is None else slope),
            "intercept": self._checked_line(
                "intercept", _one_digit(low + (high - low) / 4) if intercept is None else intercept
            ),
            "learning_rate": checked_number("learning_rate", learning_rate, *LEARNING_RATES),
            "scaled": checked_flag("scaled", scaled),
            "show_best": checked_flag("show_best", show_best),
            "point": self._checked_point(point),
            "ask": checked_flag("ask", ask),
            "runs": [],
        }
        super().__init__(
            xs=self._x.tolist(), ys=self._y.tolist(), x_label=str(x_label), y_label=str(y_label),
            initial=state, **state,
        )  # fmt: skip
        self._stepping = False

    @staticmethod
    def _checked_line(name: str, value: object) -> float:
        return checked_number(name, value, -LARGEST_VALUE, LARGEST_VALUE)

    def _checked_point(self, value: object) -> int:
        return checked_whole("point", value, 0, len(self._x) - 1)

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("slope", "intercept")
    def _validate_line(self, proposal: dict) -> float:
        return self._checked_line(proposal["trait"].name, proposal["value"])

    @traitlets.validate("learning_rate")
    def _validate_learning_rate(self, proposal: dict) -> float:
        return checked_number("learning_rate", proposal["value"], *LEARNING_RATES)

    @traitlets.validate("scaled", "show_best", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.validate("point")
    def _validate_point(self, proposal: dict) -> int:
        return self._checked_point(proposal["value"])

    @traitlets.validate("runs")
    def _validate_runs(self, proposal: dict) -> list:
        return _checked_runs(proposal["value"])

    # --------------------------------------------------------------- what follows when a trait is set

    def set_state(self, sync_data: dict) -> None:
        """Take a message from the page as it is: the page has already worked out what follows."""
        self._from_page = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_page = False

    @traitlets.observe("slope", "intercept")
    def _moved_by_hand(self, change: dict) -> None:
        if not (self._from_page or self._stepping):
            self.runs = []

    @traitlets.observe("scaled")
    def _keep_line(self, change: dict) -> None:
        if self._from_page or self._stepping:
            return
        mean, deviation = self._x.mean(), self._x.std()
        slope, intercept = self.slope, self.intercept
        with self._together():
            self.slope = slope * deviation if self.scaled else slope / deviation
            self.intercept = intercept + (slope * mean if self.scaled else -slope * mean / deviation)
            self.runs = []

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Change several traits in one message, with nothing following from each alone."""
        self._stepping = True
        try:
            with self.hold_sync():
                yield
        finally:
            self._stepping = False

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def inputs(self) -> np.ndarray:
        """What the slope is multiplied by: x, or z if `scaled`; float64, shape (N,)."""
        return (self._x - self._x.mean()) / self._x.std() if self.scaled else self._x.copy()

    @property
    def targets(self) -> np.ndarray:
        """The values to be predicted: float64, shape (N,)."""
        return self._y.copy()

    @property
    def steps(self) -> int:
        """How many steps of gradient descent led to the line."""
        return int(sum(run[3] for run in self.runs))

    def error(self, slope: float | None = None, intercept: float | None = None) -> float:
        """Return the mean squared error of the line shown, or of another one in the same units."""
        w = self.slope if slope is None else slope
        b = self.intercept if intercept is None else intercept
        return float(np.mean((w * self.inputs + b - self._y) ** 2))

    def gradient(self) -> tuple[float, float]:
        """Return the slopes of the mean squared error with respect to slope and intercept.

        Returns
        -------
        tuple of float
            ``(2 / N) * sum(error * input)`` and ``(2 / N) * sum(error)``, the error of a point being
            prediction minus target.
        """
        errors = self.slope * self.inputs + self.intercept - self._y
        return float(2 * np.mean(errors * self.inputs)), float(2 * np.mean(errors))

    def best(self) -> tuple[float, float]:
        """Return slope and intercept of the line with the least mean squared error (`numpy.linalg.lstsq`)."""
        matrix = np.column_stack([self.inputs, np.ones(len(self._x))])
        slope, intercept = np.linalg.lstsq(matrix, self._y, rcond=None)[0]
        return float(slope), float(intercept)

    def largest_learning_rate(self) -> float:
        """Return the learning rate above which the error explodes: 2 / the bowl's largest curvature.

        The curvatures are the eigenvalues of the matrix of second derivatives of the mean squared error.
        """
        matrix = np.column_stack([self.inputs, np.ones(len(self._x))])
        return float(2 / np.linalg.eigvalsh(2 / len(self._x) * matrix.T @ matrix)[-1])

    def descend(self, steps: int = 1) -> float:
        """Take steps of gradient descent with the present learning rate.

        Parameters
        ----------
        steps : int
            How many, at least 1. It stops early once the error is 1e9 times the variance of y, or after
            50,000 steps in all.

        Returns
        -------
        float
            The mean squared error afterwards.

        Raises
        ------
        ValueError
            If `steps` is not a whole number of at least 1.
        """
        steps = checked_whole("steps", steps, 1)
        runs = [list(run) for run in self.runs]
        if not runs or runs[-1][2] != self.learning_rate:
            runs.append([self.slope, self.intercept, self.learning_rate, 0])
        with self._together():
            for _ in range(min(steps, MOST_STEPS - self.steps)):
                if self.error() > EXPLODED * self._y.var():
                    break
                by_slope, by_intercept = self.gradient()
                self.slope -= self.learning_rate * by_slope
                self.intercept -= self.learning_rate * by_intercept
                runs[-1][3] += 1
            self.runs = [run for run in runs if run[3]]
        return self.error()

    def __repr__(self) -> str:  # noqa: D105
        return (
            f"FitLine({len(self._x)} points, slope {self.slope:.4g}, intercept {self.intercept:.4g}, "
            f"learning rate {self.learning_rate:g}, {'scaled' if self.scaled else 'not scaled'})"
        )


def _one_digit(value: float) -> float:
    """Round a number to its first digit: a start that is easy to read."""
    return float(f"{value:.0e}")
