"""Print what Python computes, as JSON, for tests/js/boundary.test.mjs to compare with.

Features and fits come from the Python side of the widget; where there is a best fit, also from scikit-learn,
which shares no code with it. The sets are the widget's own, and the four points of XOR.
"""

from __future__ import annotations

import json

import numpy as np
from sklearn.linear_model import LogisticRegression

from notmagic.widgets.boundary import Boundary, _feature_matrix, powers

XOR = (np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0]))
REGULARISATIONS = (0.0, 0.00001, 0.001, 0.1, 1.0)


def sklearn_fit(features: np.ndarray, y: np.ndarray, regularisation: float) -> dict:
    """Fit with scikit-learn's own Newton method: the same loss, times C * N."""
    model = LogisticRegression(
        C=1 / (regularisation * len(y)) if regularisation else np.inf,
        solver="newton-cholesky", tol=1e-12, max_iter=1000,
    )  # fmt: skip
    model.fit(features, y)
    return {"weights": [*model.coef_[0].tolist(), float(model.intercept_[0])]}


def features() -> list[dict]:
    """Exponents, names and monomials of random points at each degree."""
    x, rows = np.random.default_rng(4).uniform(-2, 2, (5, 2)), []
    for degree in range(1, 9):
        names, matrix = Boundary({"xor": XOR}, degree=degree).features(x)
        rows.append({
            "degree": degree, "x": x.tolist(), "powers": powers(degree), "names": names,
            "matrix": matrix.tolist(),
        })  # fmt: skip
    return rows


def fits() -> list[dict]:
    """Fits of every set at every degree and several strengths of regularisation."""
    rows = []
    places = np.random.default_rng(5).uniform(-1, 1, (20, 2))
    for widget in (Boundary(), Boundary({"four": XOR})):
        for entry in widget.points:
            widget.data_name = entry["name"]
            for degree in range(1, 9):
                widget.degree = degree
                for regularisation in REGULARISATIONS:
                    widget.regularisation = regularisation
                    rows.append(one_fit(widget, places))
    return rows


def one_fit(widget: Boundary, places: np.ndarray) -> dict:
    """Return a fit, its scores and its probabilities at some places."""
    (x, y), (x_test, y_test), fit = widget.training, widget.test, widget.fit()
    row = {
        "name": widget.data_name, "degree": widget.degree, "regularisation": widget.regularisation,
        "x": x.tolist(), "y": y.tolist(), "xTest": x_test.tolist(), "yTest": y_test.tolist(),
        "end": fit.end, "steps": fit.steps, "weights": [*fit.weights.tolist(), fit.bias],
        "places": places.tolist(), "probability": widget.probability(places).tolist(),
        "scores": widget.scores(),
    }  # fmt: skip
    # scikit-learn is slow where the curvature is nearly flat, so it checks every other degree.
    if fit.end == "best" and widget.degree % 2 == 0 and widget.regularisation > 0:
        row["sklearn"] = sklearn_fit(_feature_matrix(x, widget.degree), y, widget.regularisation)
    return row


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (features, fits)}))
