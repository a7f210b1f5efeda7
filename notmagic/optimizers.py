"""Optimisers in NumPy: how the weights change, once the gradients are known. Named as in Keras.

An optimiser changes the weights in place, one step for each batch::

    optimizer = SGD(learning_rate=0.1, momentum=0.9)
    optimizer.apply(layer.gradients, layer.weights)

References
----------
B. Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964, for momentum;
I. Sutskever, J. Martens, G. Dahl and G. Hinton, *On the importance of initialization and momentum in deep
learning*, 2013, for Nesterov's form of it; D. Kingma and J. Ba, *Adam: a method for stochastic
optimization*, 2015, for Adam, in the order of computation given at the end of its section 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["SGD", "Adam", "Optimizer", "get"]


class Optimizer:
    """What all optimisers share: the learning rate, the checks, and a memory for each weight array.

    A subclass writes `_update`, and `_memory` if it remembers something from step to step.

    Attributes
    ----------
    learning_rate : float
        May be set between steps, for instance to take smaller steps towards the end.
    iterations : int
        Steps taken so far.
    """

    def __init__(self, learning_rate: float) -> None:
        """Keep the learning rate; the memories are made by the first `apply`."""
        self.learning_rate = learning_rate
        self.iterations = 0
        self._weights: list[np.ndarray] = []
        self._memories: list[tuple[np.ndarray, ...]] = []

    @property
    def learning_rate(self) -> float:
        """How far to go for each unit of slope: not negative."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = _number("learning_rate", value, least=0.0)

    def apply(self, gradients: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        """Take one step: change each weight array in place, against its gradient.

        Parameters
        ----------
        gradients : list of ndarray
            Derivatives of the loss, one array for each of `weights`, with its shape.
        weights : list of ndarray
            Arrays of floating-point numbers; each keeps its dtype.

        Raises
        ------
        TypeError
            If a weight is no array of floating-point numbers, which could not be changed in place.
        ValueError
            If the numbers of arrays or their shapes differ, or if the optimiser remembers steps of other
            weights. Nothing has been changed then.
        """
        _check_pairs(gradients, weights)
        self._remember(weights)
        self.iterations += 1
        for gradient, weight, memory in zip(gradients, weights, self._memories, strict=True):
            self._update(weight, gradient, *memory)

    def _memory(self, weight: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the arrays to be kept for a weight from step to step: none, unless a subclass says so."""
        return ()

    def _update(self, weight: np.ndarray, gradient: np.ndarray, *memory: np.ndarray) -> None:
        """Change `weight` and its memory in place."""
        raise NotImplementedError(f"{type(self).__name__} must define _update")

    def _remember(self, weights: Sequence[np.ndarray]) -> None:
        """Make the memories at the first step, and refuse to mix them up with other weights' later."""
        is_same = len(weights) == len(self._weights) and all(
            new is old for new, old in zip(weights, self._weights, strict=True)
        )
        if is_same:
            return
        if any(self._memories):
            raise ValueError(
                f"this optimiser remembers {self.iterations} steps of other weight arrays, which would push "
                "these the wrong way; make a new optimiser for a new model, and change weights in place"
            )
        self._weights = list(weights)
        self._memories = [self._memory(weight) for weight in weights]


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted ("S" for stochastic: a batch gives a noisy gradient).

    Without momentum ``w -= learning_rate * g``. With it, each weight has a velocity::

        v = momentum * v - learning_rate * g
        w += v                                    # or, with nesterov:
        w += momentum * v - learning_rate * g

    Parameters
    ----------
    learning_rate : float
    momentum : float
        From 0, no memory, to 1, no friction. 0.9 is common.
    nesterov : bool
        Look one step ahead along the velocity.

    Raises
    ------
    TypeError, ValueError
        If `learning_rate` is no number from 0 on, or `momentum` none from 0 to 1.

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> SGD(learning_rate=0.5).apply([np.array([1.0, -1.0])], [w])
    >>> w.tolist()
    [0.5, 2.5]
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        """Keep the settings after checking them."""
        super().__init__(learning_rate)
        self.momentum = _number("momentum", momentum, least=0.0, most=1.0)
        self.nesterov = nesterov

    def __repr__(self) -> str:
        """Show how the optimiser was made."""
        return f"SGD(learning_rate={self.learning_rate}, momentum={self.momentum}, nesterov={self.nesterov})"

    def _memory(self, weight: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.zeros_like(weight),) if self.momentum else ()

    def _update(self, weight: np.ndarray, gradient: np.ndarray, *memory: np.ndarray) -> None:
        step = self.learning_rate * gradient
        if not memory:
            weight -= step
            return
        (velocity,) = memory
        velocity *= self.momentum
        velocity -= step
        if self.nesterov:
            weight += self.momentum * velocity - step
        else:
            weight += velocity


class Adam(Optimizer):
    """Adam: momentum, and for each weight a step length of its own.

    Each weight has a running mean m of its gradients and a running mean v of their squares. A weight whose
    gradients are always small takes as long steps as one whose gradients are always large::

        m += (1 - beta_1) * (g - m)
        v += (1 - beta_2) * (g**2 - v)
        w -= rate * m / (sqrt(v) + epsilon)

    Both means start at zero and are too small at first; the rate makes up for that in step t:
    ``rate = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)``.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        Memory of the two means, from 0 up to, but not, 1.
    epsilon : float
        Keeps the division sound where all gradients were zero.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number in its range.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        """Keep the settings after checking them."""
        super().__init__(learning_rate)
        below_one = math.nextafter(1.0, 0.0)
        self.beta_1 = _number("beta_1", beta_1, least=0.0, most=below_one)
        self.beta_2 = _number("beta_2", beta_2, least=0.0, most=below_one)
        self.epsilon = _number("epsilon", epsilon, least=0.0)

    def __repr__(self) -> str:
        """Show how the optimiser was made."""
        return (
            f"Adam(learning_rate={self.learning_rate}, beta_1={self.beta_1}, beta_2={self.beta_2}, "
            f"epsilon={self.epsilon})"
        )

    def _memory(self, weight: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.zeros_like(weight), np.zeros_like(weight)

    def _update(self, weight: np.ndarray, gradient: np.ndarray, *memory: np.ndarray) -> None:
        mean, mean_square = memory
        mean += (1 - self.beta_1) * (gradient - mean)
        mean_square += (1 - self.beta_2) * (gradient**2 - mean_square)
        t = self.iterations
        rate = self.learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        weight -= rate * mean / (np.sqrt(mean_square) + self.epsilon)


def get(optimizer: str | Optimizer) -> Optimizer:
    """Return the optimiser of that name, with Keras's settings, or the optimiser itself.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If no optimiser has that name.

    Examples
    --------
    >>> get("sgd")
    SGD(learning_rate=0.01, momentum=0.0, nesterov=False)
    """
    known = {"sgd": SGD, "adam": Adam}
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not isinstance(optimizer, str):
        raise TypeError(
            f"optimizer must be a name or an optimiser of notmagic.optimizers, got {optimizer!r}; write for "
            "instance SGD(learning_rate=0.1), with the brackets"
        )
    if optimizer.lower() not in known:
        raise ValueError(f"unknown optimizer {optimizer!r}; use one of {', '.join(map(repr, known))}")
    return known[optimizer.lower()]()


def _number(name: str, value: float, least: float, most: float = math.inf) -> float:
    """Return `value` as a float within the limits, or say what is wrong with it.

    A plain float, not a NumPy one, because that would turn float32 weights' steps into float64.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}; write one such as {name}=0.5") from None
    if not (least <= number <= most and math.isfinite(number)):
        limits = f"at least {least:g}" if most == math.inf else f"between {least:g} and {most:.6g}"
        raise ValueError(f"{name} must be {limits} and finite, got {value}; choose another")
    return number


def _check_pairs(gradients: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
    """Check that each gradient belongs to a weight that can be changed in place."""
    if len(gradients) != len(weights):
        raise ValueError(
            f"there are {len(gradients)} gradients for {len(weights)} weight arrays; pass one for each, in "
            "the same order"
        )
    for index, (gradient, weight) in enumerate(zip(gradients, weights, strict=True)):
        if not isinstance(weight, np.ndarray) or weight.dtype.kind != "f":
            kind = f"an array of {weight.dtype}" if isinstance(weight, np.ndarray) else type(weight).__name__
            raise TypeError(
                f"weight {index} is {kind}, which a step cannot change in place; use an array of "
                "floating-point numbers, such as np.zeros(3)"
            )
        if np.shape(gradient) != weight.shape:
            raise ValueError(
                f"weight {index} has shape {weight.shape}, its gradient {np.shape(gradient)}; each gradient "
                "has the shape of its weight"
            )
