"""Handwritten digits, 8 x 8 pixels: 1,797 real scans that come with scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Digits", "load_digits"]


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits, split for training and testing.

    Attributes
    ----------
    x_train, x_test : numpy.ndarray
        uint8 (N, 8, 8), grey levels from 0 (paper) to 16 (full ink): seventeen levels, not 256.
    y_train, y_test : numpy.ndarray
        uint8 (N,), the digit 0 to 9.
    class_names : tuple of str
        ``("0", ..., "9")``.
    source : str
        A sentence saying where the pictures come from.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str

    def __repr__(self) -> str:
        """Say how many images there are and where they came from, not what is in them."""
        return f"Digits({len(self.x_train):,} training and {len(self.x_test):,} test images, {self.source!r})"


def load_digits(test_size: int = 360, seed: int = 0) -> Digits:
    """Load the digits that come with scikit-learn.

    The split keeps the share of each digit the same on both sides (stratified) and depends on ``seed``
    only. Each digit was drawn by one of 43 people; the file does not say by whom, so the same hand may
    appear on both sides.

    Parameters
    ----------
    test_size : int
        Number of test images, at least 10 and at most 1,787; the other images are for training.
    seed : int
        Fixes which images go where.

    Returns
    -------
    Digits
        1,437 training and 360 test images with the default ``test_size``.

    Raises
    ------
    ValueError
        If ``test_size`` leaves a side with fewer images than there are classes.

    Notes
    -----
    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998; scikit-learn ships its test part.
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    raw = datasets.load_digits()
    total = len(raw.target)
    if not 10 <= test_size <= total - 10:
        raise ValueError(
            f"test_size is {test_size}, expected a whole number from 10 to {total - 10:,}: "
            "both sides need at least one image of each of the ten digits"
        )
    x_train, x_test, y_train, y_test = train_test_split(
        raw.images.astype(np.uint8),
        raw.target.astype(np.uint8),
        test_size=test_size,
        random_state=seed,
        stratify=raw.target,
    )
    return Digits(
        x_train,
        y_train,
        x_test,
        y_test,
        class_names=tuple(str(digit) for digit in range(10)),
        source="scikit-learn digits (8 x 8 scans of handwriting)",
    )
