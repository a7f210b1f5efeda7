"""Muon: an optimiser for Keras that makes the steps of a convolution equally long in all directions.

Keras has `keras.optimizers.Muon`, which treats matrices only and leaves the kernels of convolutions to Adam;
this one treats the kernels of convolutions and leaves the rest to Adam::

    model.compile(Muon(0.01, weight_decay=0.05), loss)

References
----------
K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse and J. Bernstein, *Muon: an optimizer for hidden
layers in neural networks*, 2024, for the method and the coefficients; J. Liu et al., *Muon is scalable for
LLM training*, 2025, section 2.2, for the length of a step that suits Adam's learning rates.
"""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["Muon", "orthogonalised"]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of X, of (X X') X and of (X X')^2 X
ROUNDS = 5
MOMENTUM = 0.95  # share of the old direction that is kept
LENGTH = 0.2  # root mean square of a step at the learning rate 1, about what Adam's steps have


def orthogonalised(matrix, rounds: int = ROUNDS):
    """Return a matrix with the directions of this one, all about equally long.

    Parameters
    ----------
    matrix : tensor
        (rows, columns), with singular values S and singular vectors U, V: U S V'.
    rounds : int
        How often the polynomial is applied that drives the singular values towards 1.

    Returns
    -------
    tensor
        As ``matrix``: about U V'. After five rounds singular values between 0.01 and 1 times the length of
        the matrix (the root of the sum of its squares) lie between 0.65 and 1.25; those that are 0 remain 0.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = ops.transpose(matrix) if tall else matrix
    x = x / (ops.norm(x) + 1e-7)
    for _ in range(rounds):
        square = x @ ops.transpose(x)
        x = a * x + (b * square + c * square @ square) @ x
    return ops.transpose(x) if tall else x


@keras.saving.register_keras_serializable(package="notmagic")
class Muon(keras.optimizers.AdamW):
    """Orthogonalised momentum for the kernels of convolutions, AdamW for everything else.

    Parameters
    ----------
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule
        For both.
    weight_decay : float
        What is taken off each weight at each step, times the learning rate and the weight.
    momentum : float
        Share of the old direction that is kept, for convolutions.
    **more
        As for `keras.optimizers.AdamW`.
    """

    def __init__(self, learning_rate=0.01, weight_decay: float = 0.05, momentum: float = MOMENTUM, **more):
        """Keep the settings; the memories are made when the weights are known."""
        super().__init__(learning_rate, weight_decay, **more)
        self.momentum = momentum

    def update_step(self, gradient, variable, learning_rate):
        """Take one step for one array of weights: (height, width, inputs, filters) for a convolution."""
        if len(variable.shape) != 4:
            super().update_step(gradient, variable, learning_rate)
            return
        memory = self._momentums[self._get_variable_index(variable)]
        self.assign(memory, self.momentum * memory + gradient)
        direction = gradient + self.momentum * memory  # Nesterov's form
        flat = ops.reshape(direction, (-1, variable.shape[-1]))  # a column for each filter
        length = LENGTH * max(flat.shape) ** 0.5
        step = ops.cast(learning_rate, variable.dtype) * length * orthogonalised(flat)
        self.assign_sub(variable, ops.reshape(step, variable.shape))

    def get_config(self) -> dict:
        """Return the settings, for saving."""
        return {**super().get_config(), "momentum": self.momentum}
