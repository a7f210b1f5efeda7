"""Time a training step of the CIFAR-10 network, ours against Keras: ``python -m benchmarks.cnn``.

The network is that of chapter 11, with 122,570 parameters, trained by Adam. One step is one
`train_on_batch`: forward, loss, backward and the update of the weights. Both sides are given the same NumPy
batch. For Keras that is the compiled step that `fit` runs too, without what `fit` does around it; it was as
fast as a `tf.function` of the same step on tensors that lie ready, and XLA (``jit_compile=True``) took twice
as long.

"Forward" is a call of the network on the batch, of Keras's through a `tf.function`. "Backward" is the rest of
the step, the difference of the two medians: the loss and the update count with it. Runs of the two alternate,
so that a busy moment of the machine falls on both, and medians are compared. Before the clock runs, both take
five steps from the same weights, and the losses must agree: a fast wrong step cannot look good.

Memory is measured in a process for each, on Linux: the most that the process holds during ten steps less what
it held before the first, when packages, data and model were there. It counts what the C library keeps
back, and with Keras the making of its graph.

Use a machine that does nothing else: on busy cores the two threads of a NumPy matrix product wait for each
other, and a step was seen to take many times as long. ``--threads 1`` is the steadier comparison there,
with ``--cpu`` for the processor's time in place of the clock's. ``TF_ENABLE_ONEDNN_OPTS=0`` in the
environment switches oneDNN off, as the course does for silence.

``--save notmagic/measured/training_speed.json`` writes what was measured to where chapter 9 reads it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.layers import one_dnn
from notmagic import layers
from notmagic.model import Sequential

PARAMETERS = 122_570
TARGETS = {32: 1.5, 128: 1.8}  # batch size: how many times as long as Keras a step of ours may take
MEMORY_TARGET = 2.0
MEMORY_STEPS = 10


def our_model() -> Sequential:
    """Build and compile the network with our package."""
    model = Sequential(
        [layers.Input((32, 32, 3)),
         layers.Conv2D(32, 3), layers.ReLU(), layers.MaxPooling2D(2),
         layers.Conv2D(64, 3), layers.ReLU(), layers.MaxPooling2D(2),
         layers.Conv2D(64, 3), layers.ReLU(),
         layers.Flatten(), layers.Dense(64), layers.ReLU(), layers.Dense(10), layers.Softmax()],
        seed=0,
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def keras_model() -> Any:
    """Build and compile the same network with Keras, as chapter 11 writes it."""
    import keras

    relu = {"activation": "relu"}
    model = keras.Sequential(
        [keras.Input((32, 32, 3)),
         keras.layers.Conv2D(32, 3, **relu), keras.layers.MaxPooling2D(2),
         keras.layers.Conv2D(64, 3, **relu), keras.layers.MaxPooling2D(2),
         keras.layers.Conv2D(64, 3, **relu),
         keras.layers.Flatten(), keras.layers.Dense(64, **relu), keras.layers.Dense(10)]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


MAKERS = {"ours": our_model, "keras": keras_model}


def batch(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noise of the shape of CIFAR-10: the time does not depend on what is in the pictures."""
    rng = np.random.default_rng(0)
    return rng.random((size, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, size)


def set_tensorflow_threads(threads: int) -> None:
    """Keep TensorFlow to the CPU and to a number of threads."""
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(threads)


# ------------------------------------------------------------------------------------------------- time


def check_agreement(models: dict[str, Any], x: np.ndarray, y: np.ndarray) -> None:
    """Take five steps, which also compiles and warms up, and compare the losses."""
    ours, theirs = ([float(model.train_on_batch(x, y)) for _ in range(5)] for model in models.values())
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def measure_steps(size: int, repeats: int, clock: Callable[[], float]) -> dict[str, float]:
    """Return medians in milliseconds, keyed "ours forward", "ours step", "keras forward" and "keras step"."""
    import tensorflow as tf

    x, y = batch(size)
    models = {name: make() for name, make in MAKERS.items()}
    if models["ours"].count_params() != PARAMETERS:
        raise RuntimeError(f"the network has not {PARAMETERS:,} parameters: {models['ours']!r}")
    models["keras"].set_weights(models["ours"].get_weights())
    check_agreement(models, x, y)
    tensor = tf.constant(x)
    keras_forward = tf.function(lambda x: models["keras"](x, training=True))
    actions = {
        "ours forward": lambda: models["ours"](x),
        "keras forward": lambda: keras_forward(tensor).numpy(),
        "ours step": lambda: models["ours"].train_on_batch(x, y),
        "keras step": lambda: models["keras"].train_on_batch(x, y),
    }
    for action in actions.values():
        action()
    times = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            start = clock()
            action()
            times[name].append(1000 * (clock() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def step_line(size: int, ms: dict[str, float]) -> str:
    """Return one line of the table of steps."""
    parts = []
    for what in ("forward", "backward", "step"):
        ours, theirs = (
            ms[f"{who} step"] - ms[f"{who} forward"] if what == "backward" else ms[f"{who} {what}"]
            for who in MAKERS
        )
        parts.append(f"{ours:7.1f} {theirs:7.1f} {ours / theirs:6.2f}")
    return f"{size:<9}" + "  ".join(["", *parts])


def measure_layers(size: int, repeats: int, clock: Callable[[], float]) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of each of our layers, forward and backward.

    The way back stops as in training: the first layer leaves the gradient for the pictures out.
    """
    x, _ = batch(size)
    stack = our_model().layers[:-1]  # the loss takes the scores before the Softmax
    times = {layer.name: ([], []) for layer in stack}
    for _ in range(repeats):
        y = x
        for layer in stack:
            start = clock()
            y = layer(y)
            times[layer.name][0].append(1000 * (clock() - start))
        dy = np.full_like(y, 1 / size)
        for layer in reversed(stack):
            start = clock()
            dy = layer.backward(dy, with_dx=layer is not stack[0])
            times[layer.name][1].append(1000 * (clock() - start))
    return {name: tuple(map(statistics.median, both)) for name, both in times.items()}


def print_layers(size: int, ms: dict[str, tuple[float, float]]) -> None:
    """Print where our time goes."""
    total = sum(map(sum, ms.values()))
    print(f"\n{f'our layers, batch of {size}':28} {'forward':>8} {'backward':>9} {'share':>7}")
    for name, (forward, backward) in ms.items():
        print(f"{name:28} {forward:8.2f} {backward:9.2f} {(forward + backward) / total:7.1%}")
    forward, backward = map(sum, zip(*ms.values(), strict=True))
    print(f"{'together':28} {forward:8.2f} {backward:9.2f}", flush=True)


# ----------------------------------------------------------------------------------------------- memory


def resident_mb(field: str) -> float:
    """Return a field of this process's status, "VmRSS" (now) or "VmHWM" (the most so far), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1000


def print_memory_of(who: str, size: int) -> None:
    """Take some steps in this process and print how much memory they took at most, in MB."""
    x, y = batch(size)
    model = MAKERS[who]()
    before = resident_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the most so far: the imports may have held more
    for _ in range(MEMORY_STEPS):
        model.train_on_batch(x, y)
    print(resident_mb("VmHWM") - before)


def memory_of(who: str, size: int, threads: int) -> float:
    """Return what `print_memory_of` prints in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cnn", "--memory-of", who, "--batch", str(size),
               "--threads", str(threads)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(shown.split()[-1])


# ------------------------------------------------------------------------------------------------- main


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="for NumPy and TensorFlow each")
    parser.add_argument("--repeats", type=int, default=40, help="runs of which the median is taken")
    parser.add_argument("--batch", type=int, nargs="+", default=list(TARGETS), help="pictures in a batch")
    parser.add_argument("--cpu", action="store_true", help="count the processor's time, of all threads")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the results to a JSON file, too")
    parser.add_argument("--memory-of", choices=MAKERS, help="only measure memory, in this process")
    return parser.parse_args()


def main() -> None:
    """Print the tables and say whether the targets are met."""
    options = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.memory_of != "ours":  # what TensorFlow holds is none of our memory
        set_tensorflow_threads(options.threads)
    with threadpool_limits(options.threads, user_api="blas"):
        if options.memory_of:
            print_memory_of(options.memory_of, options.batch[0])
        else:
            print_tables(options)


def print_tables(options: argparse.Namespace) -> None:
    """Measure, and print the three tables."""
    import keras
    import tensorflow as tf

    clock = time.process_time if options.cpu else time.perf_counter
    versions = f"NumPy {np.__version__}, Keras {keras.__version__}, TensorFlow {tf.__version__}"
    print(f"{versions} (oneDNN {one_dnn()}),")
    print(f"CPU, {options.threads} threads each, medians of {options.repeats} alternating runs, "
          f"ms{' of processor time' if options.cpu else ''}\n")
    print(f"{'batch':9}" + "".join(f"  {what:>22}" for what in ("forward", "backward", "step")))
    print(f"{'':9}" + f"  {'ours':>7} {'Keras':>7} {'ratio':>6}" * 3)
    verdicts, steps, by_layer, memory = [], {}, {}, {}
    for size in options.batch:
        steps[size] = ms = measure_steps(size, options.repeats, clock)
        print(step_line(size, ms), flush=True)
        ratio = ms["ours step"] / ms["keras step"]
        verdicts.append(verdict(f"a step, batch of {size}", ratio, TARGETS.get(size)))
    for size in options.batch:
        by_layer[size] = measure_layers(size, options.repeats, clock)
        print_layers(size, by_layer[size])
    print(f"\n{'memory of the steps, MB':28} {'ours':>8} {'Keras':>9} {'ratio':>7}")
    for size in options.batch:
        memory[size] = {who: memory_of(who, size, options.threads) for who in MAKERS}
        ours, theirs = memory[size].values()
        print(f"{f'batch of {size}':28} {ours:8.0f} {theirs:9.0f} {ours / theirs:7.2f}", flush=True)
        verdicts.append(verdict(f"memory, batch of {size}", ours / theirs, MEMORY_TARGET))
    print("\n" + "\n".join(verdicts))
    if options.save:
        how = {"versions": versions, "onednn": one_dnn(), "threads": options.threads,
               "repeats": options.repeats, "clock": "processor" if options.cpu else "wall"}
        results = {"how": how, "step_ms": steps, "layer_ms": by_layer, "memory_mb": memory}
        options.save.write_text(json.dumps(_rounded(results), indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    """Return results with every number to two decimals: more would be noise."""
    if isinstance(value, dict):
        return {str(key): _rounded(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_rounded(part) for part in value]
    return round(value, 2) if isinstance(value, float) else value


def verdict(what: str, ratio: float, target: float | None) -> str:
    """Say whether a ratio is within its target, if it has one."""
    text = f"{what}: {ratio:.2f} times Keras"
    if target is None:
        return text
    return f"{text}, {'within' if ratio <= target else 'outside'} the target of {target:g}"


if __name__ == "__main__":
    main()
