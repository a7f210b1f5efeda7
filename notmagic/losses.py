"""Losses in NumPy: how wrong the predictions are, as one number, and its gradient. Named as in Keras.

A loss is called with the right answers first::

    loss = SparseCategoricalCrossentropy()
    loss([2, 0], probabilities)            # a float: the mean over the batch
    loss.gradient([2, 0], probabilities)   # its derivative with respect to each probability

Probabilities are kept `EPSILON` away from 0 and 1 before a logarithm is taken, as Keras does: the logarithm
of 0 is minus infinity. Beyond that limit the loss is flat and its gradient 0, so a network that is
surely wrong would learn nothing. The cure is to compute the loss from the scores before the last Softmax
or Sigmoid, the logits, where nothing needs to be cut: ``from_logits=True``. `notmagic.model.Sequential` does
that by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "EPSILON",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "get",
]

EPSILON = 1e-7  # as in Keras


class Loss:
    """What all losses share: calling, checking, and taking the mean.

    A subclass writes `_values` and `_gradient`, the loss and its derivative for each entry or each example,
    and `check_labels`. It can rely on arrays that fit each other.
    """

    takes_class_numbers = False  # whether labels are whole numbers that name a class

    def __repr__(self) -> str:
        """Show how the loss was made."""
        return f"{type(self).__name__}()"

    # -- to be written by each loss

    def check_labels(self, y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
        """Return the right answers in the form the loss computes with, or say what is wrong with them.

        Parameters
        ----------
        y_true : array_like
        output_shape : tuple of int
            Shape of the predictions, batch axis first.

        Returns
        -------
        ndarray

        Raises
        ------
        TypeError, ValueError
            If the answers do not fit predictions of that shape.
        """
        raise NotImplementedError(f"{type(self).__name__} must define check_labels")

    def check_predictions(self, y_pred: np.ndarray) -> None:
        """Say what is wrong with predictions that the loss cannot take; here, all are taken."""

    def _values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the losses whose mean is the loss of the batch."""
        raise NotImplementedError(f"{type(self).__name__} must define _values")

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the derivative of the *sum* of `_values` for each number of `y_pred`."""
        raise NotImplementedError(f"{type(self).__name__} must define _gradient")

    # -- the same for all losses

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> float:
        """Return the loss, a mean over the batch.

        Parameters
        ----------
        y_true : array_like
            The right answers; each loss says in what form.
        y_pred : array_like
            The predictions, batch axis first.

        Returns
        -------
        float

        Raises
        ------
        TypeError, ValueError
            If the two do not fit each other, or hold what the loss cannot take.
        """
        return self.value_and_gradient(*self._checked(y_true, y_pred))[0]

    def gradient(self, y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
        """Return the derivative of the loss with respect to each prediction, in the shape of `y_pred`.

        Parameters and errors are those of the call.
        """
        return self.value_and_gradient(*self._checked(y_true, y_pred))[1]

    def value_and_gradient(self, labels: np.ndarray, y_pred: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient for arrays that went through `check_labels` before.

        Parameters
        ----------
        labels : ndarray
            What `check_labels` returned, or some of its examples.
        y_pred : ndarray
            Floating-point numbers, as many examples.

        Returns
        -------
        value : float
        gradient : ndarray of the shape and dtype of `y_pred`
        """
        self.check_predictions(y_pred)
        if not self.takes_class_numbers:
            labels = labels.astype(y_pred.dtype, copy=False)  # float64 labels would make the gradient float64
        values = self._values(labels, y_pred)
        return float(values.mean()), self._gradient(labels, y_pred) / values.size

    def _checked(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        y_pred = _real_numbers("y_pred", y_pred)
        if y_pred.dtype.kind != "f":
            y_pred = y_pred.astype("float32")
        if y_pred.size == 0:
            raise ValueError(
                f"y_pred has shape {y_pred.shape}: there is nothing to take a mean over; pass at least one "
                "example"
            )
        return self.check_labels(y_true, y_pred.shape), y_pred


class MeanSquaredError(Loss):
    """The mean of the squared differences, for amounts.

    `y_true` has the shape of the predictions; (N,) will do for predictions of shape (N, 1).

    Examples
    --------
    >>> loss = MeanSquaredError()
    >>> loss([1, 2], [2, 4]), loss.gradient([1, 2], [2, 4]).tolist()
    (2.5, [1.0, 2.0])
    """

    def check_labels(self, y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
        """Return the right answers in the shape of the predictions; see `Loss.check_labels`."""
        return _same_shape(y_true, output_shape)

    def _values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return (y_pred - y_true) ** 2

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return 2 * (y_pred - y_true)


class _Crossentropy(Loss):
    """What the cross-entropies share: a choice between probabilities and logits.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores, of any size, rather than probabilities.
    """

    def __init__(self, from_logits: bool = False) -> None:
        """Keep the setting."""
        self.from_logits = from_logits

    def __repr__(self) -> str:
        """Show how the loss was made."""
        return f"{type(self).__name__}(from_logits={self.from_logits})"

    def check_predictions(self, y_pred: np.ndarray) -> None:
        """Say so if probabilities are expected and some number is none (NaN is left to the caller)."""
        if self.from_logits:
            return
        low, high = y_pred.min(), y_pred.max()
        if low < 0 or high > 1:
            raise ValueError(
                f"{type(self).__name__} expects probabilities from 0 to 1 in y_pred, got numbers from "
                f"{low:.4g} to {high:.4g}; end the model with {self._ending}, or set from_logits=True if "
                "these are scores"
            )


class BinaryCrossentropy(_Crossentropy):
    """Minus the logarithm of the probability given to the right one of two answers.

    `y_true` holds 0 and 1 (or numbers between, for answers that are not certain) in the shape of the
    predictions; (N,) will do for predictions of shape (N, 1). Where a prediction has several numbers, each
    is a yes-or-no question of its own.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores, before a Sigmoid, rather than probabilities.

    Notes
    -----
    From a logit x with the answer y the loss is ``max(x, 0) - x * y + log(1 + exp(-|x|))``, which overflows
    for no x, and its gradient is the plain difference ``sigmoid(x) - y``.
    """

    _ending = "Sigmoid()"

    def check_labels(self, y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
        """Return the right answers in the shape of the predictions; see `Loss.check_labels`."""
        labels = _same_shape(y_true, output_shape)
        _check_between_0_and_1(
            type(self).__name__, labels, "write the two classes as 0 and 1, for instance (y == 1).astype(int)"
        )
        return labels

    def _values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            return np.maximum(y_pred, 0) - y_pred * y_true + np.log1p(np.exp(-np.abs(y_pred)))
        p = _clip(y_pred)
        return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            power = np.exp(-np.abs(y_pred))
            return np.where(y_pred < 0, power, 1) / (1 + power) - y_true
        p = _clip(y_pred)
        return ((1 - y_true) / (1 - p) - y_true / p) * (p == y_pred)  # flat where it was cut


class CategoricalCrossentropy(_Crossentropy):
    """Minus the logarithm of the probability given to the right class, the classes written one-hot.

    `y_true` has the shape of the predictions, with a 1 in the place of the right class and 0 elsewhere (or
    probabilities, for answers that are not certain).

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores, before a Softmax, rather than probabilities.

    Notes
    -----
    As in Keras, probabilities are divided by their sum first. From logits the gradient is
    ``softmax(x) - y`` where y sums to 1.
    """

    _ending = "Softmax()"

    def check_labels(self, y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
        """Return the right answers in the shape of the predictions; see `Loss.check_labels`."""
        labels = _real_numbers("y_true", y_true)
        classes = output_shape[-1]
        if labels.shape in (output_shape[:-1], (*output_shape[:-1], 1)) and labels.shape != output_shape:
            raise ValueError(
                "CategoricalCrossentropy expects one-hot rows, so y_true and y_pred of one shape, got y_true "
                f"of shape {labels.shape} and y_pred of shape {output_shape}; if these are class numbers, "
                f"use SparseCategoricalCrossentropy, or write them one-hot with np.eye({classes})[y]"
            )
        labels = _same_shape(labels, output_shape)
        _check_between_0_and_1(
            type(self).__name__, labels, f"write classes one-hot, with np.eye({classes})[y]"
        )
        return labels

    def check_predictions(self, y_pred: np.ndarray) -> None:
        """Say so if probabilities are expected and a row holds none."""
        super().check_predictions(y_pred)
        if not self.from_logits:
            _check_rows_sum_to_1(type(self).__name__, y_pred)

    def _values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            return -(y_true * _log_softmax(y_pred)).sum(axis=-1)
        return -(y_true * np.log(_clip(y_pred / y_pred.sum(axis=-1, keepdims=True)))).sum(axis=-1)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        if self.from_logits:
            return y_true.sum(axis=-1, keepdims=True) * np.exp(_log_softmax(y_pred)) - y_true
        total = y_pred.sum(axis=-1, keepdims=True)
        share = y_pred / total
        p = _clip(share)
        slope = -y_true / p * (p == share)  # for each share; flat where it was cut
        # Raising one number lowers the shares of all: the same rule as in the backward pass of Softmax.
        return (slope - (slope * share).sum(axis=-1, keepdims=True)) / total


class SparseCategoricalCrossentropy(_Crossentropy):
    """Minus the logarithm of the probability given to the right class, the classes written as numbers.

    `y_true` holds whole numbers from 0 to C - 1, of shape (N,) or (N, 1) for predictions of shape (N, C).

    Parameters
    ----------
    from_logits : bool
        Whether predictions are scores, before a Softmax, rather than probabilities.

    Notes
    -----
    As in Keras, probabilities are divided by their sum after they have been cut. From logits the gradient
    is ``softmax(x)``, less 1 in the place of the right class.

    Examples
    --------
    >>> loss = SparseCategoricalCrossentropy()
    >>> round(loss([1, 0], np.array([[0.2, 0.8], [0.5, 0.5]])), 3)  # (-log(0.8) - log(0.5)) / 2
    0.458
    """

    takes_class_numbers = True
    _ending = "Softmax()"

    def check_labels(self, y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
        """Return the class numbers as whole numbers of the shape (N, ...); see `Loss.check_labels`."""
        labels = _real_numbers("y_true", y_true)
        *examples, classes = output_shape
        if classes == 1:
            raise ValueError(
                f"SparseCategoricalCrossentropy compares classes, but y_pred of shape {output_shape} has one "
                "only; use BinaryCrossentropy for one probability, or an output for each class"
            )
        if labels.shape == (*examples, 1):
            labels = labels[..., 0]
        if labels.shape != tuple(examples):
            raise ValueError(self._shape_message(labels, output_shape))
        return _class_numbers(labels, classes)

    def _shape_message(self, labels: np.ndarray, output_shape: tuple[int, ...]) -> str:
        mend = "pass as many class numbers as there are examples"
        if labels.shape == output_shape:
            mend = "if these are one-hot rows, use CategoricalCrossentropy, or numbers: y.argmax(axis=-1)"
        return (
            "SparseCategoricalCrossentropy expects one class number for each example, so y_true of shape "
            f"{output_shape[:-1]} for y_pred of shape {output_shape}, got y_true of shape {labels.shape}; "
            f"{mend}"
        )

    def check_predictions(self, y_pred: np.ndarray) -> None:
        """Say so if probabilities are expected and a row holds none."""
        super().check_predictions(y_pred)
        if not self.from_logits:
            _check_rows_sum_to_1(type(self).__name__, y_pred)

    def _values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        scores = y_pred if self.from_logits else np.log(_clip(y_pred))
        return -_pick(_log_softmax(scores), y_true)

    def _gradient(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        p = None if self.from_logits else _clip(y_pred)
        slope = np.exp(_log_softmax(y_pred if p is None else np.log(p)))
        rows = slope.reshape(-1, slope.shape[-1])
        rows[np.arange(len(rows)), y_true.ravel()] -= 1
        return slope if p is None else slope / p * (p == y_pred)  # flat where it was cut


_BY_NAME = {
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
}


def get(loss: str | Loss) -> Loss:
    """Return the loss of that name, or the loss itself.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If no loss has that name.

    Examples
    --------
    >>> get("mse")
    MeanSquaredError()
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(
            f"loss must be a name or a loss of notmagic.losses, got {loss!r}; write for instance "
            "MeanSquaredError(), with the brackets"
        )
    if loss not in _BY_NAME:
        raise ValueError(f"unknown loss {loss!r}; use one of {', '.join(map(repr, _BY_NAME))}")
    return _BY_NAME[loss]()


# ------------------------------------------------------------------------------------------- arithmetic


def _clip(probabilities: np.ndarray) -> np.ndarray:
    """Keep probabilities away from 0 and 1."""
    return np.clip(probabilities, EPSILON, 1 - EPSILON)


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of softmax along the last axis; finite, however large the scores."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _pick(table: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the entry of each row of `table` that belongs to its class."""
    rows = table.reshape(-1, table.shape[-1])
    return rows[np.arange(len(rows)), classes.ravel()]


# ------------------------------------------------------------------------------------------------ checks


def _real_numbers(name: str, values: ArrayLike) -> np.ndarray:
    """Return `values` as an array of real numbers."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} must hold real numbers, got an array of {array.dtype}; number the classes from 0 if "
            "these are names, and make sure that all rows are equally long"
        )
    return array


def _same_shape(y_true: ArrayLike, output_shape: tuple[int, ...]) -> np.ndarray:
    """Return `y_true` in the shape of the predictions, where that means no more than an axis of length 1."""
    labels = _real_numbers("y_true", y_true)
    output_shape = tuple(output_shape)
    if (*labels.shape, 1) == output_shape or labels.shape == (*output_shape, 1):
        labels = labels.reshape(output_shape)
    if labels.shape != output_shape:
        # NumPy would stretch (N,) against (N, 1) to (N, N) without a word.
        raise ValueError(
            f"y_true has shape {labels.shape}, y_pred {output_shape}; they must be equal, one right answer "
            "for each number predicted: change the units of the last layer, or reshape y_true"
        )
    return labels


def _check_between_0_and_1(name: str, labels: np.ndarray, mend: str) -> None:
    if labels.size and not (labels.min() >= 0 and labels.max() <= 1):
        raise ValueError(
            f"{name} expects answers from 0 to 1 in y_true, got numbers from {labels.min():.4g} to "
            f"{labels.max():.4g}; {mend}"
        )


def _class_numbers(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the labels as whole numbers after checking that each is the number of a class."""
    if labels.dtype.kind == "f" and not (labels == np.floor(labels)).all():
        wrong = labels[labels != np.floor(labels)][0]
        raise ValueError(
            f"y_true must hold class numbers, which are whole, got {wrong}; use MeanSquaredError for amounts"
        )
    outside = labels[(labels < 0) | (labels >= classes)]
    if outside.size:
        raise ValueError(
            f"y_true holds the label {outside[0]:g}, but y_pred has {classes} classes, which are numbered 0 "
            f"to {classes - 1}; {_label_mend(labels, classes)}"
        )
    return labels.astype(np.intp, copy=False)


def _label_mend(labels: np.ndarray, classes: int) -> str:
    if labels.min() == 1 and labels.max() == classes:
        return "these labels start at 1: subtract 1 from all of them, y - 1"
    if labels.min() < 0:
        return "number the classes from 0"
    return f"give the last layer {labels.max() + 1:g} units, or mend the labels"


def _check_rows_sum_to_1(name: str, y_pred: np.ndarray) -> None:
    """Refuse rows that are no probabilities of classes; one per cent is for rounding."""
    totals = y_pred.sum(axis=-1)
    wrong = np.abs(totals - 1) > 0.01
    if wrong.any():
        raise ValueError(
            f"{name} expects the probabilities of the classes to sum to 1, got a sum of "
            f"{totals[wrong][0]:.4g}; end the model with Softmax(), or set from_logits=True if these are "
            "scores"
        )
