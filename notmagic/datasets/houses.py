"""House prices made by a rule that is known: a table for learning lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Houses", "load_houses"]

BASE = 100.0  # thousand euros
PER_SQUARE_METRE = 3.0  # thousand euros for each
PER_YEAR = -1.5  # thousand euros for each
NOISE = 20.0  # thousand euros, one standard deviation


@dataclass(frozen=True, eq=False)
class Houses:
    """Houses with their prices.

    Attributes
    ----------
    area : numpy.ndarray
        float64 (N,), living area in square metres, whole numbers from 40 to 160.
    age : numpy.ndarray
        float64 (N,), years, whole numbers from 0 to 80.
    price : numpy.ndarray
        float64 (N,), thousand euros, whole numbers.
    source : str
        A sentence that says how the table was made: the rule and the noise.
    """

    area: np.ndarray
    age: np.ndarray
    price: np.ndarray
    source: str

    def __repr__(self) -> str:
        """Say how many houses there are and how they were made."""
        return f"Houses({len(self.price)} houses, {self.source!r})"


def load_houses(count: int = 60, seed: int = 0) -> Houses:
    """Make a table of houses whose prices follow a straight line, plus noise.

    The price in thousand euros is ``100 + 3 * area - 1.5 * age`` and a normal error with a standard
    deviation of 20, rounded. Area and age are drawn independently and uniformly. Nobody has sold these
    houses: since the rule is known, what a fit finds can be compared with the truth.

    Parameters
    ----------
    count : int
        Number of houses, at least 2.
    seed : int
        Same seed, same table.

    Returns
    -------
    Houses

    Raises
    ------
    ValueError
        If `count` is less than 2.
    """
    if count < 2:
        raise ValueError(f"count is {count}; a line needs at least 2 houses")
    random = np.random.default_rng(seed)
    area = random.integers(40, 161, count).astype(float)
    age = random.integers(0, 81, count).astype(float)
    noise = random.normal(0, NOISE, count)
    price = np.round(BASE + PER_SQUARE_METRE * area + PER_YEAR * age + noise)
    source = (
        f"made by a rule: price = {BASE:g} + {PER_SQUARE_METRE:g} * area - {-PER_YEAR:g} * age (thousand "
        f"euros), with normal noise of standard deviation {NOISE:g}, seed {seed}"
    )
    return Houses(area, age, price, source)
