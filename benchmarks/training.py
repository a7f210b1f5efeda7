"""Time an epoch of our Sequential against Keras on the same cores: ``python -m benchmarks.training``.

Both train the same network from the same weights on the same data, with the same batch size and optimiser:
`fit` with shuffling, quiet, without validation. Keras runs its compiled graph, which it compiles in a warm-up
epoch that is not timed; ours has one too. A run is several epochs in one `fit`, since that is how people
train, divided by their number. Runs of the two alternate, so that a busy moment of the machine falls on both,
and medians are compared.

Before the clock runs, both train for an epoch without shuffling, and the losses must agree: a fast wrong
training cannot look good.

Use a machine that does nothing else: on busy cores the two threads of a NumPy matrix product wait for each
other, and the larger network was seen to take more than ten times as long. ``--threads 1`` is the
steadier comparison there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from notmagic import datasets, layers, optimizers
from notmagic.model import Sequential

LOSS = "sparse_categorical_crossentropy"


@dataclass(frozen=True)
class Case:
    """One line of the table: a network inputs -> hidden -> 10, and how it is trained."""

    data: str
    inputs: int
    hidden: int
    batch_size: int
    optimizer: str
    is_target: bool = False

    @property
    def title(self) -> str:
        """Say what is trained, for the table."""
        return f"{self.data} {self.inputs} -> {self.hidden} -> 10, batch {self.batch_size}, {self.optimizer}"


CASES = [
    Case("digits", 64, 32, 32, "SGD", is_target=True),
    Case("digits", 64, 64, 32, "SGD", is_target=True),
    Case("digits", 64, 32, 32, "Adam"),
    Case("digits", 64, 32, 128, "SGD"),
    Case("random", 784, 128, 32, "SGD"),
    Case("random", 784, 128, 32, "Adam"),
    Case("random", 784, 128, 128, "SGD"),
]


def data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return x of shape (N, inputs) and y: the 1,437 training digits, or 10,000 rows of noise."""
    if case.data == "digits":
        digits = datasets.load_digits()
        return digits.x_train.reshape(-1, 64).astype("float32") / 16, digits.y_train
    rng = np.random.default_rng(0)
    return rng.random((10_000, case.inputs), dtype=np.float32), rng.integers(0, 10, 10_000)


def settings(case: Case) -> dict[str, float]:
    """Return the arguments of the optimiser, the same for both."""
    return {"learning_rate": 0.05, "momentum": 0.9} if case.optimizer == "SGD" else {"learning_rate": 0.001}


def our_model(case: Case) -> Sequential:
    """Build and compile the network with our package."""
    model = Sequential(
        [layers.Input((case.inputs,)), layers.Dense(case.hidden), layers.ReLU(), layers.Dense(10),
         layers.Softmax()], seed=0
    )
    model.compile(getattr(optimizers, case.optimizer)(**settings(case)), LOSS, ["accuracy"])
    return model


def keras_model(case: Case, keras: Any) -> Any:
    """Build and compile the same network with Keras."""
    model = keras.Sequential(
        [keras.Input((case.inputs,)), keras.layers.Dense(case.hidden), keras.layers.ReLU(),
         keras.layers.Dense(10), keras.layers.Softmax()]
    )
    model.compile(getattr(keras.optimizers, case.optimizer)(**settings(case)), LOSS, metrics=["accuracy"])
    return model


def measure(case: Case, keras: Any, repeats: int, epochs: int) -> dict[str, float]:
    """Return the median milliseconds of an epoch, keyed "ours" and "keras"."""
    x, y = data(case)
    models = {"ours": our_model(case), "keras": keras_model(case, keras)}
    models["keras"].set_weights(models["ours"].get_weights())
    check_agreement(models, x, y, case.batch_size)
    times = {name: [] for name in models}
    for _ in range(repeats):
        for name, model in models.items():
            start = time.perf_counter()
            model.fit(x, y, batch_size=case.batch_size, epochs=epochs, verbose=0)
            times[name].append(1000 * (time.perf_counter() - start) / epochs)
    return {name: statistics.median(values) for name, values in times.items()}


def check_agreement(models: dict[str, Any], x: np.ndarray, y: np.ndarray, batch_size: int) -> None:
    """Train an epoch in the same order, which also compiles and warms up, and compare the losses."""
    ours, theirs = (
        model.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0).history["loss"]
        for model in models.values()
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def main() -> None:
    """Print the table, and how the digits network does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for NumPy and TensorFlow each")
    parser.add_argument("--repeats", type=int, default=7, help="runs of which the median is taken")
    parser.add_argument("--epochs", type=int, default=3, help="epochs in each run")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras  # only here: a mistyped option need not wait for it
    import tensorflow as tf
    from threadpoolctl import threadpool_limits

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    with threadpool_limits(options.threads, user_api="blas"):
        print(f"NumPy {np.__version__}, Keras {keras.__version__}, TensorFlow {tf.__version__}, CPU,")
        print(f"{options.threads} threads each, medians of {options.repeats} alternating runs of "
              f"{options.epochs} epochs, ms per epoch\n")
        print(f"{'network':46} {'ours':>8} {'Keras':>8} {'Keras/ours':>11}")
        least = np.inf
        for case in CASES:
            ms = measure(case, keras, options.repeats, options.epochs)
            ratio = ms["keras"] / ms["ours"]
            print(f"{case.title:46} {ms['ours']:8.1f} {ms['keras']:8.1f} {ratio:11.1f}", flush=True)
            if case.is_target:
                least = min(least, ratio)
    verdict = "faster" if least > 1 else "slower"
    print(f"\nThe digits networks of the course, batch 32: ours is {verdict}, Keras takes at least "
          f"{least:.1f} times as long.")


if __name__ == "__main__":
    main()
