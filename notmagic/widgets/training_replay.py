"""TrainingReplay: go through stored epochs; curves, the test pictures right and wrong, each one's answers.

The Python side holds the history and checks it; ``training_replay.js`` draws it and answers the reader, with
or without a kernel. Nothing is trained here: what is shown was stored when a network was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import anywidget
import numpy as np
import traitlets

from notmagic.datasets.cifar10 import CLASS_NAMES
from notmagic.widgets._checks import checked_flag, checked_name, checked_numbers, checked_whole, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["TrainingReplay"]

SIDE = 32  # of a picture, in pixels
MOST_RUNS = 2
MOST_EPOCHS = 200
MOST_PICTURES = 50
MOST_CLASSES = 10
MOST_CURVES = 3  # of accuracy, and as many of loss
LONGEST_NAME = 20  # characters, of a run, a class or a curve
QUANTITIES = ("accuracy", "loss")
BOTH = "both"
STEPS = 65_535  # a probability travels as a whole number of 16 bits
SUM_TOLERANCE = 0.02  # float16, or four decimals, of ten classes


# ----------------------------------------------------------------------------------------------- checks


def _checked_text(what: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_NAME:
        raise ValueError(f"{what} is {value!r}; expected a text of 1 to {LONGEST_NAME} characters")
    return value


def _checked_classes(names: object) -> list[str]:
    """Return the names of the classes as a list."""
    listed = isinstance(names, Sequence) and not isinstance(names, str)
    if not listed or not 2 <= len(names) <= MOST_CLASSES or len(set(names)) < len(names):
        raise ValueError(f"class_names is {names!r}; expected 2 to {MOST_CLASSES} different names")
    return [_checked_text(f"class_names[{k}]", name) for k, name in enumerate(names)]


def _checked_runs(runs: object) -> list[dict]:
    """Return one or two runs, each with a name, curves of equal length and its probabilities as given."""
    listed = isinstance(runs, (list, tuple))
    if not listed or not 1 <= len(runs) <= MOST_RUNS:
        found = f"of length {len(runs)}" if listed else type(runs).__name__
        raise ValueError(
            f"runs is {found}; expected a list of 1 to {MOST_RUNS} dicts with 'name', 'curves' and "
            "'probabilities'"
        )
    checked = [_checked_run(index, run) for index, run in enumerate(runs)]
    names = [run["name"] for run in checked]
    if len(set(names)) < len(names):
        raise ValueError(f"both runs are called {names[0]!r}; expected different names")
    first = _epochs(checked[0])
    for run in checked[1:]:
        if _epochs(run) != first:
            raise ValueError(
                f"run {names[0]!r} has {first} epochs and {run['name']!r} has {_epochs(run)}; expected "
                "equally many: cut the longer curves"
            )
    for quantity in QUANTITIES:
        _check_number_of_curves(checked, quantity)
    return checked


def _epochs(run: dict) -> int:
    return len(next(iter(run["curves"].values())))


def _check_number_of_curves(runs: list[dict], quantity: str) -> None:
    names = list(dict.fromkeys(name for run in runs for name in run["curves"] if name.endswith(quantity)))
    if len(names) > MOST_CURVES:
        raise ValueError(
            f"there are {len(names)} curves of {quantity}: {', '.join(names)}; at most {MOST_CURVES} fit"
        )


def _checked_run(index: int, run: object) -> dict:
    if not isinstance(run, Mapping) or not {"name", "curves"} <= set(run):
        found = sorted(map(str, run)) if isinstance(run, Mapping) else type(run).__name__
        raise ValueError(
            f"runs[{index}] is {found}; expected a dict with 'name', 'curves' and, where they were kept, "
            "'probabilities'"
        )
    unknown = sorted(set(map(str, run)) - {"name", "curves", "probabilities"})
    if unknown:
        raise ValueError(f"runs[{index}] has {unknown[0]!r}; expected 'name', 'curves' and 'probabilities'")
    name = _checked_text(f"the name of runs[{index}]", run["name"])
    curves = run["curves"]
    if not isinstance(curves, Mapping) or not curves:
        raise ValueError(
            f"the curves of run {name!r} are {curves!r}; expected at least one, such as "
            "{'training accuracy': [0.4, 0.5]}"
        )
    checked = {str(label): _checked_curve(name, str(label), values) for label, values in curves.items()}
    lengths = {label: len(values) for label, values in checked.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{label} {length}" for label, length in lengths.items())
        raise ValueError(f"the curves of run {name!r} have different numbers of epochs: {found}")
    return {"name": name, "curves": checked, "probabilities": run.get("probabilities")}


def _checked_curve(run: str, label: str, values: object) -> list[float]:
    """Return a curve as a list of floats: shares if its name ends in "accuracy", else losses."""
    what = f"curve {label!r} of run {run!r}"
    if not label.endswith(QUANTITIES) or len(label) > LONGEST_NAME:
        raise ValueError(
            f"{what}: expected a name of at most {LONGEST_NAME} characters that ends in 'accuracy' or "
            "'loss', such as 'training accuracy' or 'validation loss'"
        )
    array = checked_numbers(what, values)
    if array.ndim != 1 or not 1 <= len(array) <= MOST_EPOCHS:
        raise ValueError(
            f"{what} has shape {array.shape}; expected one number for each of 1 to {MOST_EPOCHS} epochs"
        )
    if not np.isfinite(array).all() or array.min() < 0:
        raise ValueError(f"{what} has values that are negative or no numbers; expected finite ones from 0 on")
    if label.endswith("accuracy") and array.max() > 1:
        raise ValueError(
            f"{what} reaches {array.max():g}; expected shares from 0 to 1: divide percent by 100"
        )
    return [round(float(value), 6) for value in array]


def _checked_labels(labels: object, classes: int) -> np.ndarray:
    """Return the true classes as uint8 of shape (N,)."""
    array = np.asarray(labels)
    if array.ndim != 1 or not 1 <= len(array) <= MOST_PICTURES or array.dtype.kind not in "ui":
        raise ValueError(
            f"labels has shape {array.shape} and type {array.dtype}; expected whole numbers of shape (N,), "
            f"one for each of at most {MOST_PICTURES} pictures"
        )
    if array.min() < 0 or array.max() >= classes:
        raise ValueError(f"labels go from {array.min()} to {array.max()}; expected 0 to {classes - 1}")
    return array.astype(np.uint8)


def _checked_pictures(pictures: object, count: int) -> np.ndarray:
    """Return the pictures as uint8 of shape (N, 32, 32, 3)."""
    array = np.asarray(pictures)
    if array.shape != (count, SIDE, SIDE, 3):
        raise ValueError(
            f"pictures has shape {array.shape}; expected ({count}, {SIDE}, {SIDE}, 3), one picture for each "
            "label"
        )
    if array.dtype != np.uint8:
        raise ValueError(
            f"pictures has numbers of type {array.dtype}; expected uint8, 0 to 255; for pixels between 0 and "
            "1 pass (255 * pictures).round().astype('uint8')"
        )
    return array


def _packed_probabilities(name: str, values: object, shape: tuple[int, int, int]) -> np.ndarray:
    """Return probabilities as whole numbers of 16 bits, shape (epochs, N, classes)."""
    array = checked_numbers(f"the probabilities of run {name!r}", values)
    if array.shape != shape:
        raise ValueError(
            f"the probabilities of run {name!r} have shape {array.shape}; expected {shape}: epochs, pictures "
            "(one for each label), classes"
        )
    is_share = np.isfinite(array).all() and array.min() >= 0
    if not is_share or np.abs(array.sum(axis=2) - 1).max() > SUM_TOLERANCE:
        raise ValueError(
            f"the probabilities of run {name!r} are not from 0 to 1 with sum 1 for each picture; for logits "
            "pass their softmax"
        )
    return (array.clip(0, 1) * STEPS).round().astype("<u2")


# --------------------------------------------------------------------------------------------- the widget


class TrainingReplay(anywidget.AnyWidget):
    """Go through the epochs of one or two trainings: curves, which test pictures are right, and each answer.

    The reader moves a slider or plays the epochs, sees the curves so far and the pictures that become right
    or wrong, chooses a picture and sees its probabilities at this epoch and over all of them.

    Parameters
    ----------
    runs : sequence of dict
        One or two. ``name``: at most 20 characters. ``curves``: from a name that ends in "accuracy" or
        "loss", such as ``"validation accuracy"``, to one number per epoch; accuracies are shares from 0 to
        1; at most three curves of either. ``probabilities``: (epochs, N, classes), what the network gave
        for each picture after each epoch, each row with sum 1; None or left out where none were kept. All
        have equally many epochs, at most 200.
    pictures : ndarray of uint8, shape (N, 32, 32, 3), optional
        The pictures, at most 50. Left out: the names of their classes stand in their place.
    labels : array of int, shape (N,), optional
        The true classes, needed where there are probabilities.
    class_names : sequence of str
        Up to ten names. Left out: those of CIFAR-10.
    run : int or "both"
        The run that is shown, counted from 0; ``"both"`` shows two side by side.
    epoch : int
        The epoch after which all is shown, counted from 1.
    picture : int, optional
        The picture chosen, counted from 0. Left out: the first that is wrong after the first epoch and right
        after the last in the run shown; the very first where there is none.
    changed_only : bool
        Whether pictures whose answer is that of the epoch before are hidden.
    quantity : {"accuracy", "loss"}, optional
        Which curves are drawn. Left out: accuracy, where there is one.
    ask : bool
        Whether the widget asks how many pictures will be right at the end before it shows the curves.

    Raises
    ------
    ValueError
        For a history or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> import numpy as np
    >>> probabilities = np.array([[[0.7, 0.3], [0.6, 0.4]], [[0.8, 0.2], [0.1, 0.9]]])
    >>> run = {"name": "mine", "curves": {"accuracy": [0.5, 1]}, "probabilities": probabilities}
    >>> widget = TrainingReplay([run], labels=[0, 1], class_names=["cat", "dog"])
    >>> widget
    TrainingReplay(mine, 2 epochs, 2 pictures; after epoch 1: 1 right)
    >>> widget.answers(0).tolist(), widget.right_counts(0).tolist(), widget.picture
    ([[0, 0], [0, 1]], [1, 2], 1)
    """

    _esm = module_text("training_replay.js")
    _css = style_text("training_replay.css")

    pixels = traitlets.Bytes(help="The pictures one after another, or nothing.").tag(sync=True)
    probabilities = traitlets.Bytes(help="Those of all runs: 16 bits each, little-endian.").tag(sync=True)
    labels = traitlets.Bytes(help="The true classes, a byte each.").tag(sync=True)
    class_names = traitlets.List(help="What the classes are called.").tag(sync=True)
    runs = traitlets.List(help="Name, curves of each run; its place among the probabilities.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    run = setting()
    epoch = setting()
    picture = setting()
    changed_only = setting()
    quantity = setting()
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        runs: Sequence[Mapping],
        pictures: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        class_names: Sequence[str] = CLASS_NAMES,
        *,
        run: int | str = 0,
        epoch: int = 1,
        picture: int | None = None,
        changed_only: bool = False,
        quantity: str | None = None,
        ask: bool = True,
    ) -> None:
        names = _checked_classes(class_names)
        self._runs = _checked_runs(runs)
        self._labels = self._taken_labels(labels, len(names), pictures)
        kept = None if pictures is None else _checked_pictures(pictures, len(self._labels))
        entries, packed = self._packed(len(names))
        state = {
            "run": self._checked_shown(run),
            "epoch": checked_whole("epoch", epoch, 1, self.epochs),
            "changed_only": checked_flag("changed_only", changed_only),
            "quantity": self._checked_quantity(quantity or self._quantities[0]),
            "ask": checked_flag("ask", ask),
        }
        chosen = self._first_choice(state["run"]) if picture is None else picture
        state["picture"] = self._checked_place(chosen)
        pixels = b"" if kept is None else kept.tobytes()
        super().__init__(
            pixels=pixels, probabilities=packed, labels=self._labels.tobytes(), class_names=names,
            runs=entries, initial=state, **state,
        )  # fmt: skip

    def _taken_labels(self, labels: object, classes: int, pictures: object) -> np.ndarray:
        if labels is not None:
            return _checked_labels(labels, classes)
        if pictures is not None or any(run["probabilities"] is not None for run in self._runs):
            raise ValueError(
                "labels are missing; pictures and probabilities need them: pass the true classes, shape (N,)"
            )
        return np.zeros(0, np.uint8)

    def _packed(self, classes: int) -> tuple[list[dict], bytes]:
        """Return what the page gets of each run, and the bytes of all probabilities."""
        entries, parts, start = [], [], 0
        for run in self._runs:
            given, run["packed"] = run.pop("probabilities"), None
            entry = {"name": run["name"], "curves": run["curves"], "start": None}
            if given is not None:
                shape = (self.epochs, len(self._labels), classes)
                run["packed"] = _packed_probabilities(run["name"], given, shape)
                entry["start"], start = start, start + run["packed"].size
                parts.append(run["packed"].tobytes())
            entries.append(entry)
        return entries, b"".join(parts)

    def _first_choice(self, shown: int | str) -> int:
        packed = self._runs[0 if shown == BOTH else shown]["packed"]
        if packed is None:
            return 0
        right = packed.argmax(axis=2) == self._labels
        return int((right[-1] & ~right[0]).argmax())  # the first True, or 0

    # ----------------------------------------------------------------------- what a trait may be set to

    @property
    def _quantities(self) -> list[str]:
        """The quantities of which there are curves."""
        names = list(chain.from_iterable(run["curves"] for run in self._runs))
        return [quantity for quantity in QUANTITIES if any(name.endswith(quantity) for name in names)]

    def _checked_shown(self, value: object) -> int | str:
        if isinstance(value, str):
            if value == BOTH and len(self._runs) == MOST_RUNS:
                return BOTH
            last = f" or {BOTH!r}" if len(self._runs) == MOST_RUNS else ""
            raise ValueError(f"run is {value!r}; expected a number from 0 to {len(self._runs) - 1}{last}")
        return checked_whole("run", value, 0, len(self._runs) - 1)

    def _checked_quantity(self, value: object) -> str:
        return checked_name("curve of", value, self._quantities)

    def _checked_place(self, value: object) -> int:
        return checked_whole("picture", value, 0, max(len(self._labels) - 1, 0))

    @traitlets.validate("run")
    def _validate_run(self, proposal: dict) -> int | str:
        return self._checked_shown(proposal["value"])

    @traitlets.validate("epoch")
    def _validate_epoch(self, proposal: dict) -> int:
        return checked_whole("epoch", proposal["value"], 1, self.epochs)

    @traitlets.validate("picture")
    def _validate_picture(self, proposal: dict) -> int:
        return self._checked_place(proposal["value"])

    @traitlets.validate("quantity")
    def _validate_quantity(self, proposal: dict) -> str:
        return self._checked_quantity(proposal["value"])

    @traitlets.validate("changed_only", "ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def epochs(self) -> int:
        """Epochs of each run."""
        return _epochs(self._runs[0])

    def answers(self, run: int) -> np.ndarray:
        """Return the most probable class of each picture after each epoch of a run.

        Parameters
        ----------
        run : int
            Counted from 0.

        Returns
        -------
        ndarray of int, shape (epochs, N)
            Of equally probable classes the first.

        Raises
        ------
        ValueError
            If there is no such run or none of its probabilities were kept.
        """
        found = self._runs[checked_whole("run", run, 0, len(self._runs) - 1)]
        if found["packed"] is None:
            raise ValueError(f"run {found['name']!r} has no probabilities; pass them with its curves")
        return found["packed"].argmax(axis=2)

    def right_counts(self, run: int) -> np.ndarray:
        """Return how many pictures are right after each epoch of a run: int, shape (epochs,)."""
        return (self.answers(run) == self._labels).sum(axis=1)

    def changed(self, run: int) -> np.ndarray:
        """Return the pictures whose answer differs from that of the epoch before, at the epoch shown."""
        answers = self.answers(run)
        return np.flatnonzero(answers[self.epoch - 1] != answers[max(self.epoch - 2, 0)])

    def __repr__(self) -> str:  # noqa: D105
        names = " and ".join(run["name"] for run in self._runs)
        epochs, count = self.epochs, len(self._labels)
        start = f"{names}, {epochs} epoch{'s' * (epochs != 1)}"
        if not self.probabilities:
            return f"TrainingReplay({start}; after epoch {self.epoch})"
        shown = range(len(self._runs)) if self.run == BOTH else [self.run]
        right = [
            "not kept" if self._runs[k]["packed"] is None else f"{self.right_counts(k)[self.epoch - 1]} right"
            for k in shown
        ]
        pictures = f"{count} picture{'s' * (count != 1)}"
        return f"TrainingReplay({start}, {pictures}; after epoch {self.epoch}: {' and '.join(right)})"
