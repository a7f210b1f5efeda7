"""Arithmetic that several widgets share: the logistic function, its loss, and random numbers."""

from __future__ import annotations

import numpy as np

__all__ = ["cross_entropy", "sigmoid", "whole_randoms"]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + e^-z), of the shape of `z`."""
    with np.errstate(over="ignore"):  # e^800 is inf, and 1 / inf is the 0 we want
        return 1 / (1 + np.exp(-z))


def cross_entropy(z: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of -log p (class 1) or -log(1 - p) (class 0), without ever taking log 0.

    Parameters
    ----------
    z : ndarray, shape (N,)
        Sums before the sigmoid; p is sigmoid(z).
    y : ndarray, shape (N,)
        0 or 1.
    """
    return float(np.mean(np.logaddexp(0, z) - y * z))


def whole_randoms(count: int, seed: int) -> list[int]:
    """Draw whole numbers from 0 to 65,535 that JavaScript draws alike from the same seed.

    A linear congruential generator on 32 bits (Knuth, *The Art of Computer Programming* 2, section 3.3.4,
    line 16 of table 1) needs no more than whole numbers, which both languages have. Its high bits are taken.
    """
    state, numbers = seed % 2**32, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        numbers.append(state >> 16)
    return numbers
