"""Time the NumPy layers against TensorFlow on the same cores: ``python -m benchmarks.layers``.

Runs of the two alternate, so that a busy moment of the machine falls on both, and medians are compared.
"Forward" is the layer with its bias. "Backward" is the gradients for the input, the kernel and the bias;
TensorFlow gives its gradients together with the forward pass, so its time backward is the difference between
the two medians. The ratio that counts is the one of forward and backward together, which is measured.

Use a machine that does nothing else: on busy cores our times were seen to stretch more than TensorFlow's,
perhaps because the threads of a matrix product wait for one another. ``--threads 1`` is the steadier
comparison there.

Both sides start from arrays made beforehand and are compiled or built before the clock runs. The two
results are compared too, so that a fast wrong layer cannot look good.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from notmagic.layers import AveragePooling2D, Conv2D, Layer, MaxPooling2D

TARGET = 3.0  # forward and backward of a convolution may take this many times as long as TensorFlow's


@dataclass(frozen=True)
class Case:
    """One line of the table: a layer of ours, TensorFlow's equivalent, and the shape of the batch."""

    title: str
    make_layer: Callable[[], Layer]
    tf_forward: Callable
    input_shape: tuple[int, int, int, int]
    is_target: bool = False


def cases(tf) -> list[Case]:
    """Return the layers that the CIFAR-10 model uses, on a batch of 32, and average-pooling."""

    def tf_conv(padding: str) -> Callable:
        return lambda x, kernel, bias: tf.nn.conv2d(x, kernel, strides=1, padding=padding) + bias

    def tf_pool(pool: Callable) -> Callable:
        return lambda x: pool(x, ksize=2, strides=2, padding="VALID")

    return [
        Case("Conv2D 3 x 3, 32 x 32 x 3 -> 32", lambda: Conv2D(32, 3, seed=0), tf_conv("VALID"),
             (32, 32, 32, 3), is_target=True),
        Case("Conv2D 3 x 3, 15 x 15 x 32 -> 64", lambda: Conv2D(64, 3, seed=0), tf_conv("VALID"),
             (32, 15, 15, 32), is_target=True),
        Case("the same with padding \"same\"", lambda: Conv2D(64, 3, padding="same", seed=0), tf_conv("SAME"),
             (32, 15, 15, 32)),
        Case("MaxPooling2D 2 x 2, 30 x 30 x 32", MaxPooling2D, tf_pool(tf.nn.max_pool2d), (32, 30, 30, 32)),
        Case("AveragePooling2D 2 x 2, 30 x 30 x 32", AveragePooling2D, tf_pool(tf.nn.avg_pool2d),
             (32, 30, 30, 32)),
    ]


def measure(case: Case, tf, repeats: int) -> dict[str, float]:
    """Return medians in milliseconds, keyed "our forward", "our both", "tf forward" and "tf both"."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(case.input_shape, dtype=np.float32)
    layer = case.make_layer()
    dy = rng.standard_normal(layer(x).shape, dtype=np.float32)
    tensors = [tf.constant(array) for array in (x, *layer.weights)]
    tf_dy = tf.constant(dy)
    forward = tf.function(case.tf_forward)

    @tf.function
    def both(tensors, dy):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            y = case.tf_forward(*tensors)
        return y, tape.gradient(y, tensors, dy)

    def our_both() -> list[np.ndarray]:
        y = layer(x)
        return [y, layer.backward(dy), *layer.gradients]

    def tf_both() -> list[np.ndarray]:
        y, gradients = both(tensors, tf_dy)
        return [y.numpy(), *(gradient.numpy() for gradient in gradients)]

    for ours, theirs in zip(our_both(), tf_both(), strict=True):
        # A sum over tens of thousands of windows in float32 differs by its order of addition.
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())
    return interleaved_medians(
        {
            "our forward": lambda: layer(x),
            "tf forward": lambda: forward(*tensors).numpy(),
            "our both": our_both,
            "tf both": tf_both,
        },
        repeats,
    )


def interleaved_medians(actions: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Run all actions in turn, `repeats` times; return each one's median in milliseconds."""
    for action in actions.values():  # compiles, and fills the caches
        action()
    times = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def line(case: Case, ms: dict[str, float]) -> str:
    """Return one line of the table."""
    parts = []
    for who in ("our", "tf"):
        ms[f"{who} backward"] = max(ms[f"{who} both"] - ms[f"{who} forward"], 0.0)
    for what in ("forward", "backward", "both"):
        ours, theirs = ms[f"our {what}"], ms[f"tf {what}"]
        ratio = f"{ours / theirs:.2f}" if theirs else "-"
        parts.append(f"{ours:7.2f} {theirs:7.2f} {ratio:>6}")
    return f"{case.title:38}" + "  ".join(["", *parts])


def main() -> None:
    """Print the table and say whether the convolutions are within the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for NumPy and TensorFlow each")
    parser.add_argument("--repeats", type=int, default=100, help="runs of which the median is taken")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf  # only here: a mistyped option need not wait for it
    from threadpoolctl import threadpool_limits

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    with threadpool_limits(options.threads, user_api="blas"):
        print(f"NumPy {np.__version__}, TensorFlow {tf.__version__} (oneDNN {one_dnn()}), CPU, float32,")
        print(f"{options.threads} threads each, medians of {options.repeats} alternating runs, ms\n")
        print(f"{'':38}" + "".join(f"  {what:>22}" for what in ("forward", "backward", "forward + backward")))
        print(f"{'layer, batch of 32':38}" + f"  {'ours':>7} {'TF':>7} {'ratio':>6}" * 3)
        worst = 0.0
        for case in cases(tf):
            ms = measure(case, tf, options.repeats)
            print(line(case, ms), flush=True)
            if case.is_target:
                worst = max(worst, ms["our both"] / ms["tf both"])
    verdict = "within" if worst <= TARGET else "outside"
    print(f"\nThe slower of the first two: {worst:.2f} times TensorFlow's time, {verdict} {TARGET:g} times.")


def one_dnn() -> str:
    """Say whether TensorFlow uses its oneDNN kernels, which the course switches off for silence."""
    return "off" if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0" else "as TensorFlow chooses"


if __name__ == "__main__":
    main()
