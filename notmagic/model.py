"""A stack of layers that learns: `Sequential`, with the methods and the printed tables of Keras.

::

    model = Sequential([Input((64,)), Dense(32), ReLU(), Dense(10), Softmax()], seed=0)
    model.compile(optimizer=SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=10, validation_data=(x_val, y_val))
    model.evaluate(x_test, y_test)  # [loss, accuracy]

One step of training is all in `Sequential._train_step`: forward, loss, backward, and a step of the optimiser.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from notmagic import geometry, losses, optimizers
from notmagic.layers import Input, Layer, Shape, Sigmoid, Softmax
from notmagic.losses import Loss
from notmagic.optimizers import Optimizer

__all__ = ["DivergenceWarning", "History", "Sequential"]


class DivergenceWarning(RuntimeWarning):
    """Training was stopped because the loss is no longer a finite number."""


class History:
    """What `Sequential.fit` returns: the numbers of each epoch.

    Attributes
    ----------
    history : dict of str to list of float
        ``"loss"``, ``"accuracy"`` if it was asked for, and the same with ``val_`` in front for the validation
        data; one number for each epoch.
    epoch : list of int
        Numbers of the epochs, from 0.
    """

    def __init__(self) -> None:
        """Start with no epochs."""
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def __repr__(self) -> str:
        """Show what is in it."""
        return f"History({len(self.epoch)} epochs of {', '.join(self.history) or 'nothing'})"

    def _add(self, epoch: int, logs: dict[str, float]) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


class Sequential:
    """Layers one after another: the output of each is the input of the next.

    Parameters
    ----------
    layers : sequence of Layer, optional
        With an `Input` in front the weights are made at once, otherwise from the first data.
    seed : int, optional
        Makes first weights and shuffling repeatable: same seed, same numbers, to the last bit on one
        machine. A layer with a seed of its own keeps it.
    name : str

    Attributes
    ----------
    layers : list of Layer
        Without the `Input`.
    built : bool
        Whether all weights are there.
    history : History or None
        Of the latest `fit`.

    Notes
    -----
    Layers are called ``dense``, ``dense_1`` and so on, counted in each model anew (Keras counts on over all
    models of a session). A layer that already has weights from another model keeps and shares them, so
    ``Sequential(model.layers[:-1])`` shows what comes out before the last layer.

    Examples
    --------
    >>> from notmagic.layers import Dense, ReLU
    >>> model = Sequential([Input((64,)), Dense(32), ReLU(), Dense(10), Softmax()], seed=0)
    >>> model.count_params(), model(np.zeros((5, 64))).shape
    (2410, (5, 10))
    """

    def __init__(
        self, layers: Sequence[Layer | Input] = (), seed: int | None = None, name: str = "sequential"
    ) -> None:
        """Add the layers, and build them if the first says the shape of the input."""
        self.name = name
        self.layers: list[Layer] = []
        self.history: History | None = None
        self.optimizer: Optimizer | None = None
        self.loss: Loss | None = None
        self._input_shape: Shape | None = None
        # One seed, many streams: the shuffling has the first, and each layer one of its own, so that a
        # layer's first weights do not depend on what the others drew.
        if seed is not None:
            seed = geometry.whole_number("seed", seed, least=0)
        self._seeds = np.random.SeedSequence(seed)
        self._shuffler = np.random.default_rng(self._seeds)
        for layer in layers:
            self.add(layer)

    def __repr__(self) -> str:
        """Show the layers."""
        return f"Sequential([{', '.join(map(repr, self.layers))}])"

    # -- layers and weights

    def add(self, layer: Layer | Input) -> None:
        """Put a layer on top; it is built at once if the shape of its input is known.

        Raises
        ------
        TypeError
            If it is no layer.
        ValueError
            If the layer or its name is already in the model, it cannot take the output of the layer before,
            or an `Input` does not come first.
        """
        if isinstance(layer, Input):
            self._set_input(layer)
            return
        self._check_new(layer)
        layer.name = self._free_name(layer)
        # A layer inside a network with a seed draws from its own stream, unless it was given one.
        if not layer.built and getattr(layer, "seed", 0) is None:
            stream = np.random.SeedSequence(self._seeds.entropy, spawn_key=(len(self.layers),))
            layer.seed = np.random.default_rng(stream)
        if self._input_shape is not None:
            _build_on(layer, self.output_shape)
        self.layers.append(layer)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights of all layers; an `Input`, or the first data, do it too.

        Parameters
        ----------
        input_shape : tuple
            With the batch axis first, which may be None, as in ``(None, 64)``.

        Raises
        ------
        ValueError
            If a layer cannot take the output of the one before, or the model was built for another shape.
        """
        input_shape = (None, *tuple(input_shape)[1:])
        if self._input_shape is None:
            shape = input_shape
            for layer in self.layers:
                _build_on(layer, shape)
                shape = layer.compute_output_shape(shape)
            self._input_shape = input_shape
        elif input_shape != self._input_shape:
            raise ValueError(
                f"{self.name} was built for inputs of shape {self._input_shape}, not {input_shape}; make a "
                "new model for another shape"
            )

    @property
    def built(self) -> bool:
        """Whether the model knows its input and all layers have their weights."""
        return self._input_shape is not None and bool(self.layers)

    @property
    def input_shape(self) -> Shape:
        """Shape of the input, with None for the batch."""
        self._require_built()
        return self._input_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output, with None for the batch."""
        if self._input_shape is None:
            self._require_built()
        shape = self._input_shape
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    @property
    def weights(self) -> list[np.ndarray]:
        """All arrays that the model learns, layer by layer; not copies."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def gradients(self) -> list[np.ndarray]:
        """Derivatives of the loss for each of `weights`, in the same order, from the latest `backward`."""
        return [gradient for layer in self.layers if layer.weights for gradient in layer.gradients]

    def count_params(self) -> int:
        """Return how many numbers the model learns.

        Raises
        ------
        RuntimeError
            If the model is not built yet.
        """
        self._require_built()
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights, which later training does not change."""
        self._require_built()
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy the given numbers into the weights, for instance from a Keras model's ``get_weights()``.

        Raises
        ------
        RuntimeError
            If the model is not built yet.
        ValueError
            If the number of arrays or a shape does not match; nothing has been changed then.
        """
        self._require_built()
        arrays = [np.asarray(weight) for weight in weights]
        expected, given = [w.shape for w in self.weights], [a.shape for a in arrays]
        if given != expected:
            raise ValueError(
                f"{self.name} has weights of the shapes {expected}, got arrays of the shapes {given}; pass "
                "arrays as get_weights() returns them"
            )
        for weight, array in zip(self.weights, arrays, strict=True):
            weight[...] = array

    def save_weights(self, path: str | os.PathLike) -> None:
        """Write the weights to a file, whole or not at all: an interruption leaves an older file as it was.

        Parameters
        ----------
        path : path
            Ending in ``.npz``; NumPy's archive format, one entry for each array, such as ``dense/kernel``.

        Raises
        ------
        RuntimeError
            If the model is not built yet.
        ValueError
            If the name does not end in ``.npz``.
        """
        self._require_built()
        path = _npz_path(path)
        # Written next to its final place, then renamed: a rename within a folder is all or nothing.
        unfinished = path.with_name(f".{path.stem}-{os.getpid()}.npz")
        try:
            np.savez(unfinished, **self._named_weights())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def load_weights(self, path: str | os.PathLike) -> None:
        """Read weights that `save_weights` wrote for a model of the same layers.

        Raises
        ------
        RuntimeError
            If the model is not built yet.
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, or its arrays are not those of this model; nothing has been changed then.
        """
        self._require_built()
        path = _npz_path(path)
        stored = _read_npz(path)
        expected = {name: weight.shape for name, weight in self._named_weights().items()}
        found = {name: array.shape for name, array in stored.items()}
        if found != expected:
            raise ValueError(
                f"{path.name} holds the weights {found}, but {self.name} has {expected}; make a model "
                "with the same layers and names"
            )
        self.set_weights([stored[name] for name in expected])

    def summary(self, line_length: int = 76, print_fn: Callable[[str], object] = print) -> None:
        """Print a table of the layers with their output shapes and numbers of parameters.

        Parameters
        ----------
        line_length : int
            Characters in a line, if the texts need no more.
        print_fn : callable
            Is given the table as one text.
        """
        print_fn(_summary(self, geometry.whole_number("line_length", line_length)))

    # -- forward and backward

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """Return the output for one batch, and remember what `backward` needs.

        Parameters
        ----------
        x : array_like of shape (N, ...)

        Returns
        -------
        ndarray
        """
        x = np.asarray(x)
        self._fit_shape(x)
        return self._forward(x, self.layers)

    def backward(self, dy: ArrayLike) -> np.ndarray:
        """Pass the gradient back through all layers, for the batch of the latest call of the model.

        Parameters
        ----------
        dy : array_like
            Derivative of the loss with respect to the output; see `Layer.backward`.

        Returns
        -------
        ndarray
            Derivative of the loss with respect to the input. `gradients` has those for the weights.
        """
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x: ArrayLike, batch_size: int = 32, verbose: int = 0) -> np.ndarray:
        """Return the outputs for any number of examples, computed a batch at a time.

        Parameters
        ----------
        x : array_like of shape (N, ...)
        batch_size : int
        verbose : 0 or 1
            1 shows a progress bar.

        Returns
        -------
        ndarray of shape (N, ...)

        Raises
        ------
        ValueError
            If `x` is empty, has the wrong shape or holds NaN or infinity.
        """
        x = self._check_x(x)
        batches = _batches(np.arange(len(x)), batch_size)
        outputs = []
        with _bar(len(batches), "predict", verbose == 1) as bar:
            for rows in batches:
                outputs.append(self._forward(x[rows], self.layers))
                bar.update()
        return np.concatenate(outputs)

    # -- training

    def compile(
        self, optimizer: str | Optimizer, loss: str | Loss, metrics: Sequence[str] | None = None
    ) -> None:
        """Choose how to train; may be called again, for instance with another optimiser.

        Parameters
        ----------
        optimizer : Optimizer or "sgd", "adam"
        loss : Loss or the name of one, such as "mse" or "sparse_categorical_crossentropy"
        metrics : ["accuracy"], optional
            Accuracy is the share of right answers, read off as in Keras: the class with the largest number,
            where the last layer has several units; where it has one, whether that is above 0.5 (above 0, if
            the loss takes logits; Keras then compares with 0.5 all the same).

        Raises
        ------
        TypeError, ValueError
            If one of them is unknown.

        Notes
        -----
        Where a Softmax or Sigmoid comes last and the matching cross-entropy follows, both are computed in
        one, from the scores before that layer, in training and in `evaluate`. The result is the same, but
        nothing can overflow or vanish: the gradient for the scores is the plain difference between
        probability and answer. Keras does so too.
        """
        optimizer, loss = optimizers.get(optimizer), losses.get(loss)
        metrics = [metrics] if isinstance(metrics, str) else list(metrics or ())
        if unknown := [metric for metric in metrics if metric not in ("accuracy", "acc")]:
            raise ValueError(f'unknown metric {unknown[0]!r}; use metrics=["accuracy"], or none')
        self.optimizer, self.loss, self._with_accuracy = optimizer, loss, bool(metrics)
        _keep_freed_memory()

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int = 32,
        epochs: int = 1,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        shuffle: bool = True,
        verbose: int | str = "auto",
    ) -> History:
        """Train for a number of passes over the data; called again, it goes on from there.

        Parameters
        ----------
        x : array_like of shape (N, ...)
        y : array_like
            The right answers, in the form that the loss takes.
        batch_size : int
            Examples for each step; the last batch of an epoch may be smaller.
        epochs : int
        validation_data : (x, y), optional
            Evaluated after each epoch, and never learnt from.
        shuffle : bool
            Take the examples in a new order in each epoch.
        verbose : 0, 1, 2 or "auto"
            Nothing, a progress bar for each epoch, or a line for each epoch. "auto" shows the bar in a
            terminal or notebook and the lines elsewhere. All goes to standard output: notebooks put a red
            background behind standard error, and a bar is no error. The lines hold no times, so that they
            are the same in each run.

        Returns
        -------
        History
            Loss and accuracy are means over the epoch while the weights change, as in Keras; the validation
            numbers are those at its end.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        TypeError, ValueError
            If the data do not fit each other, the model or the loss.

        Warns
        -----
        DivergenceWarning
            If the loss of a batch is not finite. Training stops there, before the step; the history ends
            with that epoch. (Keras goes on with NaN to the end.)
        """
        x, labels = self._check_data(x, y)
        validation = self._check_validation(validation_data)
        epochs = geometry.whole_number("epochs", epochs)
        level = _verbosity(verbose)
        self.history = History()
        for epoch in range(epochs):
            order = self._shuffler.permutation(len(x)) if shuffle else np.arange(len(x))
            title = f"Epoch {epoch + 1}/{epochs}"
            batches = _batches(order, batch_size)
            with _bar(len(batches), title, level == 1) as bar:
                logs = self._train_epoch(batches, x, labels, bar)
                is_sound = math.isfinite(logs["loss"])
                if validation is not None:
                    logs |= self._validate(*validation, batch_size) if is_sound else _no_validation(logs)
                bar.set_postfix_str(_as_text(logs, ", ", "="))
            self.history._add(epoch, logs)
            if level == 2:
                print(f"{title} - {_as_text(logs)}", flush=True)
            if not is_sound:
                self._warn_of_divergence(logs["loss"], epoch)
                break
        return self.history

    def evaluate(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int = 32,
        verbose: int = 0,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss, and the accuracy if it was asked for in `compile`; nothing is learnt.

        Parameters
        ----------
        x : array_like of shape (N, ...)
        y : array_like
        batch_size : int
        verbose : 0, 1 or 2
            1 shows a progress bar, 2 prints a line.
        return_dict : bool

        Returns
        -------
        float, list or dict
            As in Keras: the loss alone, ``[loss, accuracy]``, or with `return_dict` both by name.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        TypeError, ValueError
            If the data do not fit each other, the model or the loss.
        """
        x, labels = self._check_data(x, y)
        logs = self._evaluate(x, labels, batch_size, verbose == 1)
        if verbose == 2:
            print(_as_text(logs), flush=True)
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def train_on_batch(self, x: ArrayLike, y: ArrayLike) -> float | list[float]:
        """Take one step on one batch.

        Returns
        -------
        float or list
            The loss before the step, or ``[loss, accuracy]``.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        TypeError, ValueError
            If the data do not fit each other, the model or the loss.

        Warns
        -----
        DivergenceWarning
            If the loss is not finite; no step is taken then.
        """
        x, labels = self._check_data(x, y)
        with _quiet():
            loss, accuracy = self._train_step(x, labels)
        if not math.isfinite(loss):
            self._warn_of_divergence(loss)
        return [loss, accuracy] if self._with_accuracy else loss

    def _train_epoch(
        self, batches: list[np.ndarray], x: np.ndarray, labels: np.ndarray, bar: tqdm
    ) -> dict[str, float]:
        """Take one step for each batch; return the means over all examples so far."""
        means = _Means()
        with _quiet():
            for rows in batches:
                loss, accuracy = self._train_step(x[rows], labels[rows])
                means.add(loss, accuracy, len(rows))
                if not math.isfinite(loss):
                    break
                if bar.update():  # only then has it been drawn: writing numbers for each step takes time
                    bar.set_postfix_str(_as_text(means.logs(), ", ", "="), refresh=False)
        return means.logs()

    def _train_step(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, float | None]:
        """Take one step of training: forward, loss, backward, and down the slope."""
        layers, loss = self._head()
        scores = self._forward(x, layers)
        value, gradient = loss.value_and_gradient(labels, scores)
        if math.isfinite(value):
            _learn(layers, gradient)
            self.optimizer.apply(self.gradients, self.weights)
        return value, self._accuracy(labels, scores, loss)

    def _evaluate(self, x: np.ndarray, labels: np.ndarray, batch_size: int, show: bool) -> dict[str, float]:
        layers, loss = self._head()
        means = _Means()
        batches = _batches(np.arange(len(x)), batch_size)
        with _bar(len(batches), "evaluate", show) as bar, _quiet():
            for rows in batches:
                scores = self._forward(x[rows], layers)
                value, _ = loss.value_and_gradient(labels[rows], scores)
                means.add(value, self._accuracy(labels[rows], scores, loss), len(rows))
                bar.update()
        return means.logs()

    def _validate(self, x: np.ndarray, labels: np.ndarray, batch_size: int) -> dict[str, float]:
        logs = self._evaluate(x, labels, batch_size, show=False)
        return {f"val_{name}": value for name, value in logs.items()}

    def _forward(self, x: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
        for layer in layers:
            x = layer(x)
        return x

    def _head(self) -> tuple[list[Layer], Loss]:
        """Return the layers to compute and the loss to take of their output.

        A last Softmax or Sigmoid before its cross-entropy is left to the loss, which takes the scores before
        it: see `compile`.
        """
        last = self.layers[-1]
        fuses = (
            isinstance(last, Softmax)
            and isinstance(self.loss, losses.CategoricalCrossentropy | losses.SparseCategoricalCrossentropy)
        ) or (isinstance(last, Sigmoid) and isinstance(self.loss, losses.BinaryCrossentropy))
        if not fuses or self.loss.from_logits or len(self.layers) == 1:
            return self.layers, self.loss
        return self.layers[:-1], type(self.loss)(from_logits=True)

    def _accuracy(self, labels: np.ndarray, scores: np.ndarray, loss: Loss) -> float | None:
        """Return the share of right answers, or None if it was not asked for."""
        if not self._with_accuracy:
            return None
        if scores.shape[-1] == 1:
            threshold = 0.0 if getattr(loss, "from_logits", False) else 0.5
            return float(((scores > threshold) == labels).mean())
        answers = labels if loss.takes_class_numbers else labels.argmax(axis=-1)
        return float((scores.argmax(axis=-1) == answers).mean())

    def _warn_of_divergence(self, loss: float, epoch: int | None = None) -> None:
        where = "" if epoch is None else f" in epoch {epoch + 1}"
        warnings.warn(
            f"the loss became {loss}{where}: the steps were too long, so the weights grew without end, and "
            "training stopped. Make the model anew with a learning rate smaller than "
            f"{self.optimizer.learning_rate:g}, a tenth of it for a start, and scale the inputs to about -1 "
            "to 1",
            DivergenceWarning,
            stacklevel=3,
        )

    # -- checks

    def _require_built(self) -> None:
        if not self.built:
            raise RuntimeError(
                f"{self.name} is not built yet, so it has no weights; put an Input((64,)) first, call the "
                "model on a batch, or call build((None, 64)), with your number of inputs for 64"
            )

    def _require_compiled(self) -> None:
        if self.optimizer is None:
            raise RuntimeError(
                f"{self.name} is not compiled, so it has no loss and no optimizer; call for instance "
                'model.compile(optimizer="sgd", loss="mse") first'
            )

    def _fit_shape(self, x: np.ndarray) -> None:
        """Build the model for `x`, or check that `x` has the shape it was built for."""
        if not self.layers:
            raise RuntimeError(f"{self.name} has no layers; add some, such as model.add(Dense(10))")
        if self._input_shape is None:
            self.build(x.shape)
        if x.shape[1:] != self._input_shape[1:] or x.ndim == 0:
            mend = "pass examples of the shape that the model was built for, or make a new model"
            if x.shape == self._input_shape[1:]:
                mend = "give a single example its batch axis with x[np.newaxis]"
            elif math.prod(x.shape[1:]) == math.prod(self._input_shape[1:]):
                mend = f"x.reshape{(-1, *self._input_shape[1:])} would fit"
            raise ValueError(
                f"{self.name} expects an x of shape {self._input_shape}, got one of shape {x.shape}; {mend}"
            )

    def _check_x(self, x: ArrayLike) -> np.ndarray:
        x = np.asarray(x)
        if x.size == 0:
            raise ValueError(f"x has shape {x.shape}: there are no examples in it; pass at least one")
        self._fit_shape(x)
        if x.dtype.kind == "f" and not (good := np.isfinite(x)).all():
            raise ValueError(
                f"x holds {x.size - good.sum():,} numbers that are NaN or infinite, the first in example "
                f"{np.argwhere(~good)[0][0]}; leave such examples out, or fill the gaps"
            )
        return x

    def _check_data(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return x and the labels in the form of the loss, or say what is wrong with them."""
        self._require_compiled()
        x, y = self._check_x(x), np.asarray(y)
        if y.ndim == 0 or len(x) != len(y):
            raise ValueError(
                f"x of shape {x.shape} and y of shape {y.shape} differ in length: {len(x):,} examples need "
                f"{len(x):,} right answers; check how the two were cut"
            )
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise ValueError("y holds NaN or infinity; leave out the examples without a right answer")
        labels = self.loss.check_labels(y, (len(x), *self.output_shape[1:]))
        self._check_accuracy_makes_sense(labels)
        return x, labels

    def _check_accuracy_makes_sense(self, labels: np.ndarray) -> None:
        is_amount = isinstance(self.loss, losses.MeanSquaredError) and not np.isin(labels, (0, 1)).all()
        if self._with_accuracy and is_amount:
            raise ValueError(
                f"accuracy counts right classes, but y holds amounts, from {labels.min():.4g} to "
                f"{labels.max():.4g}; leave metrics out of compile, the loss says how far off they are"
            )

    def _check_validation(self, data: object) -> tuple[np.ndarray, np.ndarray] | None:
        if data is None:
            return None
        if not isinstance(data, tuple | list) or len(data) != 2:
            raise TypeError("validation_data must be a pair (x_val, y_val); write both in round brackets")
        try:
            return self._check_data(*data)
        except (TypeError, ValueError) as error:
            raise type(error)(f"in validation_data: {error}") from None

    # -- names

    def _set_input(self, layer: Input) -> None:
        if self.layers or self._input_shape is not None:
            raise ValueError(
                f"{layer} must come first, and once, but {self.name} has its input or layers already; begin "
                "a new model with it"
            )
        self.build(layer.shape)

    def _check_new(self, layer: Layer) -> None:
        if isinstance(layer, type):
            raise TypeError(f"{layer.__name__} is a class; write {layer.__name__}(), with the brackets")
        if not isinstance(layer, Layer):
            raise TypeError(
                f"expected a layer of notmagic.layers, got {type(layer).__module__}.{type(layer).__name__}; "
                "layers of Keras go into a keras.Sequential"
            )
        if any(layer is other for other in self.layers):
            raise ValueError(
                f"{layer.name} is in {self.name} already: a layer used twice would forget its first input "
                f"before the way back; make a second one, {layer!r}"
            )

    def _free_name(self, layer: Layer) -> str:
        """Return the layer's name; a default name that is taken gets a number, as in Keras."""
        taken = {other.name for other in self.layers}
        if layer.name not in taken:
            return layer.name
        if layer.name != layer.default_name:
            raise ValueError(
                f"{self.name} has a layer named {layer.name!r} already; give each layer a name of its own"
            )
        number = 1
        while f"{layer.name}_{number}" in taken:
            number += 1
        return f"{layer.name}_{number}"

    def _named_weights(self) -> dict[str, np.ndarray]:
        return {
            f"{layer.name}/{name}": weight
            for layer in self.layers
            for name, weight in zip(layer._weight_names, layer.weights, strict=True)
        }


# ------------------------------------------------------------------------------------ batches and numbers


class _Means:
    """Running means over examples: a smaller last batch counts for less."""

    def __init__(self) -> None:
        self._count, self._loss, self._accuracy = 0, 0.0, 0.0
        self._with_accuracy = False

    def add(self, loss: float, accuracy: float | None, examples: int) -> None:
        self._count += examples
        self._loss += loss * examples
        if accuracy is not None:
            self._with_accuracy = True
            self._accuracy += accuracy * examples

    def logs(self) -> dict[str, float]:
        logs = {"loss": self._loss / self._count}
        if self._with_accuracy:
            logs["accuracy"] = self._accuracy / self._count
        return logs


def _batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut the numbers of the examples into batches; the last may be smaller."""
    batch_size = geometry.whole_number("batch_size", batch_size)
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _build_on(layer: Layer, input_shape: Shape) -> None:
    """Build a layer, or check that one with weights from another model takes the input."""
    if layer.built:
        layer.compute_output_shape(input_shape)
    else:
        layer.build(input_shape)


def _learn(layers: Sequence[Layer], gradient: np.ndarray) -> None:
    """Go back through the layers as far as there are weights, which then have their gradients.

    Nothing before the first layer with weights learns, so the gradient for its input, the pictures, is left
    out: for the first convolution of a network that would be half of its work. Keras leaves it out too.
    """
    learning = list(itertools.dropwhile(lambda layer: not layer.weights, layers))
    for layer in reversed(learning):
        gradient = layer.backward(gradient, with_dx=layer is not learning[0])


def _keep_freed_memory() -> None:
    """Let glibc, the C library of most Linux systems, keep up to 64 MB of freed memory for later arrays.

    Each step of training makes and frees the same large arrays. At first glibc returns them to the operating
    system, which then hands them out again page by page, clearing each: 2,900 such page faults were counted
    in a step of the CIFAR-10 network with a batch of 32, and took a fifth of its time. glibc learns from the
    largest block freed so far, up to 32 MB, to keep blocks of that size, and twice as much in all
    (M_MMAP_THRESHOLD in its manual page mallopt). So it is shown one, which is never written to and thus
    takes no memory. Other C libraries free it and stay as they are.
    """
    np.empty(2**25 - 2**16, np.uint8)


def _quiet() -> np.errstate:
    """Keep NumPy's warnings of overflow back: `DivergenceWarning` says it once, and what to do."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def _no_validation(logs: dict[str, float]) -> dict[str, float]:
    """Fill the validation columns of an epoch that broke off, so that all columns are equally long."""
    return {f"val_{name}": math.nan for name in logs}


# ------------------------------------------------------------------------------------------------ display


def _verbosity(verbose: int | str) -> int:
    if verbose == "auto":
        in_notebook = "ipykernel" in sys.modules
        return 1 if in_notebook or sys.stdout.isatty() else 2
    if verbose not in (0, 1, 2):
        raise ValueError(f'verbose must be 0, 1, 2 or "auto", got {verbose!r}; 0 prints nothing')
    return int(verbose)


def _bar(steps: int, title: str, show: bool) -> tqdm:
    # tqdm would take standard error: see `Sequential.fit`.
    return tqdm(total=steps, desc=title, unit="step", file=sys.stdout, disable=not show, dynamic_ncols=True)


def _as_text(logs: dict[str, float], between: str = " - ", equals: str = ": ") -> str:
    return between.join(f"{name}{equals}{value:.4f}" for name, value in logs.items())


_WIDTHS = (31, 22, 13)  # of the three columns, as Keras has them in lines of 76 characters


def _summary(model: Sequential, line_length: int) -> str:
    """Return the table that Keras would print."""
    rows = [("Layer (type)", "Output Shape", "Param #"), *_summary_rows(model)]
    room = line_length - 10  # what the edges leave
    widths = [room * share // sum(_WIDTHS) for share in _WIDTHS]
    # Two lines for a name too long for its column, as in Keras; a narrow table is rather made wider.
    longest = max(widths[0], _WIDTHS[0])
    blocks = [_broken(row, longest) for row in rows]
    widths = [max(width, *(len(line[i]) for block in blocks for line in block))
              for i, width in enumerate(widths)]
    lines = [_rule("┏━┳┓", widths), _row("┃", rows[0], widths), _rule("┡━╇┩", widths)]
    for block in blocks[1:]:
        lines += [*(_row("│", line, widths) for line in block), _rule("├─┼┤", widths)]
    lines = [*lines[: -1 if rows[1:] else None], _rule("└─┴┘", widths)]
    count, size = (sum(getattr(w, what) for w in model.weights) for what in ("size", "nbytes"))
    totals = f"{count:,} ({_readable(size)})"
    return "\n".join(
        [f'Model: "{model.name}"', *lines, f" Total params: {totals}", f" Trainable params: {totals}",
         " Non-trainable params: 0 (0.00 B)"]
    )


def _summary_rows(model: Sequential) -> Iterator[tuple[str, str, str]]:
    shape = model._input_shape
    for layer in model.layers:
        name = f"{layer.name} ({type(layer).__name__})"
        if shape is None:
            yield name, "?", "0 (unbuilt)" if layer._weight_names else "0"
        else:
            shape = layer.compute_output_shape(shape)
            yield name, str(shape), f"{layer.count_params():,}"


def _broken(row: tuple[str, str, str], longest: int) -> list[tuple[str, str, str]]:
    """Return the lines of a row of the table: two, broken before the class, if its name is too long."""
    name, *rest = row
    if len(name) <= longest:
        return [row]
    name, class_name = name.rsplit(" ", 1)
    return [(name, *rest), (class_name, "", "")]


def _rule(characters: str, widths: Sequence[int]) -> str:
    left, line, cross, right = characters
    return left + cross.join(line * (width + 2) for width in widths) + right


def _row(edge: str, texts: Sequence[str], widths: Sequence[int]) -> str:
    name, shape, params = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
    return f"{edge} {name} {edge} {shape} {edge} {params.strip().rjust(widths[2])} {edge}"


def _readable(size: float) -> str:
    """Write a number of bytes as Keras does: 9640 -> 9.41 KB."""
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"


# ------------------------------------------------------------------------------------------- weight files


def _npz_path(path: str | os.PathLike) -> Path:
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"weights are kept in .npz files, got the name {path.name!r}; end it in .npz")
    return path


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}; write one with save_weights, or mend the path")
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{path.name} cannot be read as a file of weights: {error}; write it again with save_weights"
        ) from error
