"""Train the ladder of chapter 12 on CIFAR-10: from chapter 11's network to ours, one idea at a time.

Run it from the top of the repository::

    NOTMAGIC_CIFAR10=/path/to/the/pictures python -m notmagic.pretrained.cifar10_chapter12

Each step of the ladder is trained from three seeds for ten epochs on 45,000 of the training images; the other
5,000 are the validation set. The settings of each step were chosen by it or taken over from others; the test
images, measured after each epoch, chose none of them. In one decision they had a say all the same, as chapter
12 tells: Muon was looked for because the step before it had missed 84 % of them. The script itself decides
nothing by any of these numbers and keeps the weights after the last epoch. It writes beside this module
(another folder with ``--out``):

``cifar10_chapter12.json``
    every run's losses and accuracies per epoch, final values, seconds, versions, the plan of the network
    that is kept, and checksums; under ``short`` runs of the last step's network in a cycle of three epochs;
    under ``pace`` how long a batch of each step takes (see `measure_pace`);
``cifar10_chapter12.npz``
    the weights of the last step's network of the first seed, batch normalisation folded into the
    convolutions, float16 (see `notmagic.pretrained.plans`);
``cifar10_chapter12_predictions.npz``
    what those float16 weights say about the 10,000 test images, as for chapter 11;
``cifar10_chapter12_replay.npz``
    for the first and the last step, first seed: the probabilities of 40 test images after each epoch.

Interrupt it as you like: a run that is in the JSON file is not trained again, and one that was under way
goes on after its last whole epoch (``cifar10_chapter12-STEP-SEED-EPOCHS.part.keras`` holds it). It runs
unchanged on a GPU.

The seconds of each epoch are in the record too, but a training of hours shares the machine with other work,
and then they say little about the steps. So once all of them are trained the script measures their pace, the
steps in turn; ``--pace`` trains nothing and measures that alone anew.

The ideas: mirrored and shifted copies (A. Krizhevsky et al., 2012), global average pooling (M. Lin et al.,
2014), batch normalisation (S. Ioffe and C. Szegedy, 2015), residual blocks (K. He et al., 2016), a learning
rate that rises and falls once (L. Smith, 2018), label smoothing (C. Szegedy et al., 2016), Muon (K. Jordan
et al., 2024).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from notmagic.datasets import Cifar10, load_cifar10
from notmagic.pretrained import checksum, plans
from notmagic.pretrained.cifar10_chapter11 import predict_probabilities, write_record

NAME = "cifar10_chapter12"
EPOCHS = 10
SEEDS = (0, 1, 2)
VALIDATION = 5_000
BUDGET = 122_570  # parameters of chapter 11's network, and the most that any step may have
SHORT = 3  # epochs of the last step's network in a shorter cycle, for the time it takes to learn
SHIFT = 2  # pixels, the most by which a copy is shifted
REPLAYED = 40  # test images whose probabilities are kept after each epoch
RESIDUAL_FILTERS = (16, 32, 64)  # of the three stages, at 32 x 32, 16 x 16 and 8 x 8
PEAK_RATE = 0.2  # of the cycle
MUON_RATE = 0.01  # of the cycle with Muon, whose steps have Adam's lengths
CYCLE_BATCH = 64  # images in a batch of the cycle; Keras's 32 with Adam
RISE = 5  # the rate rises for one in this many of the steps of the training, and falls for the others
SGD_MOMENTUM = 0.9  # share of the old direction that is kept, in Nesterov's form
SMOOTHING = 0.1  # share of the target that goes evenly to all classes
WEIGHT_DECAY = 1e-3  # what SGD takes off each weight, times the rate
MUON_DECAY = 0.05  # and Muon; times the rate it is two and a half times as much
MOMENTUM = 0.9  # of the moving averages of batch normalisation; Keras's 0.99 is slow for ten epochs
PACE_ROUNDS = 11  # in which each step of the ladder has its turn
PACE_BATCHES = 60  # of a turn
PACE_WARM_UP = 10  # batches before the first turn, in which TensorFlow compiles the training step
PER_EPOCH = ("loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy", "seconds", "replay")


@dataclass(frozen=True)
class Step:
    """One step of the ladder: what it is called and everything it does.

    Attributes
    ----------
    title : str
        What the step adds.
    copies : bool
        Whether the network sees each image mirrored and shifted at random instead of as it is.
    global_pooling : bool
        Whether the maps are averaged over all places instead of laid out for a dense layer.
    normalise : bool
        Whether batch normalisation follows each convolution.
    one_cycle : bool
        Whether the learning rate rises and falls once (SGD) instead of being left to Adam.
    smoothing : float
        Share of the target that goes evenly to all classes.
    residual : bool
        Whether the freed parameters are spent on residual blocks.
    muon : bool
        Whether the steps of the convolutions are made equally long in all directions (Muon instead of SGD).
    """

    title: str
    copies: bool = False
    global_pooling: bool = False
    normalise: bool = False
    one_cycle: bool = False
    smoothing: float = 0.0
    residual: bool = False
    muon: bool = False


def _ladder() -> dict[str, Step]:
    """Return the steps from chapter 11's network up; each keeps what the ones before it added."""
    step = Step("chapter 11's network")
    ladder = {"chapter11": step}
    added: dict[str, dict[str, Any]] = {
        "copies": {"title": "mirrored and shifted copies", "copies": True},
        "global": {"title": "global average pooling", "global_pooling": True},
        "normalise": {"title": "batch normalisation", "normalise": True},
        "one-cycle": {"title": "a learning rate that rises and falls", "one_cycle": True},
        "smoothing": {"title": "label smoothing", "smoothing": SMOOTHING},
        "residual": {"title": "residual blocks", "residual": True},
        "muon": {"title": "equally long steps in all directions", "muon": True},
    }
    for name, change in added.items():
        ladder[name] = step = replace(step, **change)
    return ladder


#: The steps by name, in order.
LADDER: dict[str, Step] = _ladder()


# ---------------------------------------------------------------------------------------------- the networks


def network_plan(step: Step) -> list[dict[str, Any]]:
    """Return the plan of a step's network, without its batch normalisation.

    Parameters
    ----------
    step : Step
        Of the ladder.

    Returns
    -------
    list of dict
        As `notmagic.pretrained.plans` describes it.
    """
    nodes: list[dict[str, Any]] = [
        {"name": "input", "op": "input", "shape": [32, 32, 3], "scale": 1 / 255, "offset": 0}
    ]

    def append(name: str, op: str, source: str | None = None, **more: Any) -> None:
        nodes.append({"name": name, "op": op, "from": [source or nodes[-1]["name"]], **more})

    def conv(name: str, filters: int, padding: str = "same", relu: bool = True) -> None:
        append(name, "conv", filters=filters, kernel=3, stride=1, padding=padding, relu=relu)

    def pool(name: str) -> None:
        append(name, "pool", kind="max", size=2, stride=2, padding="valid")

    def block(name: str, filters: int) -> None:
        before = nodes[-1]["name"]
        conv(f"{name}_a", filters)
        conv(f"{name}_b", filters, relu=False)
        nodes.append({"name": name, "op": "add", "from": [before, f"{name}_b"], "relu": True})

    if step.residual:
        for stage, filters in enumerate(RESIDUAL_FILTERS, 1):
            if stage > 1:
                pool(f"pool{stage - 1}")
            conv(f"conv{stage}", filters)
            block(f"block{stage}", filters)
    else:
        for stage, filters in enumerate((32, 64, 64), 1):
            conv(f"conv{stage}", filters, padding="valid")
            if stage < 3:
                pool(f"pool{stage}")
    if step.global_pooling:
        append("average", "globalpool", kind="average")
    else:
        append("flatten", "flatten")
        append("dense1", "dense", units=64, relu=True)
    append("logits", "dense", units=10, relu=False)
    return nodes


def build_model(step: Step):
    """Return a step's network with random weights, not yet compiled.

    Parameters
    ----------
    step : Step
        Of the ladder.

    Returns
    -------
    keras.Model
        Takes uint8 images (N, 32, 32, 3), gives float32 logits (N, 10). A layer has the name of its node in
        the plan; the batch normalisation behind it is called ``<node>_bn``.

    Raises
    ------
    RuntimeError
        If the network has more than 122,570 parameters.
    """
    import keras
    from keras import layers

    plan = network_plan(step)
    if not step.normalise:
        model = plans.build_keras(plan)
    else:
        pixels = keras.Input(tuple(plan[0]["shape"]), name="pixels")
        results = {}
        for node in plan:
            sources = [results[name] for name in node.get("from", ())] or [pixels]
            if node["op"] == "conv":
                x = layers.Conv2D(
                    node["filters"], node["kernel"], strides=node["stride"], padding=node["padding"],
                    use_bias=False, name=node["name"],
                )(sources[0])  # fmt: skip
                x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{node['name']}_bn")(x)
                results[node["name"]] = layers.ReLU()(x) if node["relu"] else x
            else:
                results[node["name"]] = plans.apply_node(node, sources)
        model = keras.Model(pixels, results["logits"])
    if model.count_params() > BUDGET:
        raise RuntimeError(
            f"the network has {model.count_params():,} parameters, more than the {BUDGET:,} of chapter 11's; "
            "take fewer filters"
        )
    return model


def folded(model, step: Step) -> dict[str, np.ndarray]:
    """Return the weights of a step's network for its plan, batch normalisation folded in, as float32 arrays.

    They are rounded to float16 and back, so that what is measured with them is what is stored.
    """
    from keras.ops import convert_to_numpy

    arrays = {}
    for node in network_plan(step):
        if node["op"] not in ("conv", "dense"):
            continue
        layer = model.get_layer(node["name"])
        kernel, bias = convert_to_numpy(layer.kernel), None
        if layer.bias is not None:
            bias = convert_to_numpy(layer.bias)
        if node["op"] == "conv" and step.normalise:
            norm = model.get_layer(f"{node['name']}_bn")
            variables = (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
            averages = map(convert_to_numpy, variables)
            kernel, bias = plans.fold_batch_norm(kernel, bias, *averages, norm.epsilon)
        arrays |= {f"{node['name']}_kernel": kernel, f"{node['name']}_bias": bias}
    return {name: array.astype(np.float16).astype(np.float32) for name, array in arrays.items()}


# ------------------------------------------------------------------------------------------------- training


def copied(images: np.ndarray, rng: np.random.Generator, shift: int = SHIFT) -> np.ndarray:
    """Return a copy of each image, shifted by up to some pixels each way, and every second one mirrored.

    Parameters
    ----------
    images : numpy.ndarray
        (N, H, W, C).
    rng : numpy.random.Generator
        Decides.
    shift : int
        The most pixels up, down, left or right. What comes in at the edge is the image mirrored at it.

    Returns
    -------
    numpy.ndarray
        As ``images``.
    """
    height, width = images.shape[1:3]
    wide = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="reflect")
    rows, cols = rng.integers(0, 2 * shift + 1, (2, len(images)))
    result = np.empty_like(images)
    for row in range(2 * shift + 1):  # all images with the same shift at once
        for col in range(2 * shift + 1):
            chosen = (rows == row) & (cols == col)
            result[chosen] = wide[chosen, row : row + height, col : col + width]
    mirrored = rng.random(len(images)) < 0.5
    result[mirrored] = result[mirrored, :, ::-1]
    return result


def compile_model(model, step: Step, steps: int) -> None:
    """Set optimiser, loss and accuracy of a step's network, in place; ``steps`` is the length of training."""
    import keras

    from notmagic.muon import Muon

    if step.one_cycle:
        rise = steps // RISE
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, steps - rise, warmup_target=MUON_RATE if step.muon else PEAK_RATE, warmup_steps=rise
        )
        if step.muon:
            optimizer = Muon(rate, weight_decay=MUON_DECAY)
        else:
            optimizer = keras.optimizers.SGD(
                rate, momentum=SGD_MOMENTUM, nesterov=True, weight_decay=WEIGHT_DECAY
            )
    else:
        optimizer = keras.optimizers.Adam()
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=step.smoothing),
        metrics=["accuracy"],
    )


def batch_size(step: Step) -> int:
    """Return the size of a step's batches."""
    return CYCLE_BATCH if step.one_cycle else 32


def batches_per_epoch(step: Step, images: int) -> tuple[int, int]:
    """Return the size of a step's batches and how many there are in an epoch: whole ones only."""
    size = min(batch_size(step), images)
    return size, images // size


def fresh_model(step: Step, seed: int, images: int, epochs: int):
    """Return a step's network before its training: weights drawn from a seed, compiled for so many epochs."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build_model(step)
    compile_model(model, step, batches_per_epoch(step, images)[1] * epochs)
    return model


def train_epoch(
    model, step: Step, x: np.ndarray, y: np.ndarray, rng: np.random.Generator, epoch: int = 0,
    batches: int | None = None, callbacks: Sequence = (),
) -> tuple[dict[str, float], float, float]:  # fmt: skip
    """Train a step's network for one epoch, or for the first batches of one.

    Parameters
    ----------
    model : keras.Model
        As `fresh_model` or an epoch before this one left it.
    step : Step
        Of the ladder.
    x, y : numpy.ndarray
        Training images (N, 32, 32, 3) and their classes (N,).
    rng : numpy.random.Generator
        Decides the order of the images, then their copies.
    epoch : int
        Which one it is, from 0.
    batches : int, optional
        Where to stop; after the whole epoch unless told otherwise.
    callbacks : sequence of keras.callbacks.Callback
        For ``model.fit``.

    Returns
    -------
    logs : dict
        ``loss`` and ``accuracy`` as Keras takes them while the weights move.
    drawing, fitting : float
        The seconds that the copies took, and the seconds of ``model.fit``.
    """
    size, whole = batches_per_epoch(step, len(x))
    order = rng.permutation(len(x))[: (batches or whole) * size]
    start = time.perf_counter()
    images = copied(x[order], rng) if step.copies else x[order]
    drawn = time.perf_counter()
    history = model.fit(
        images, np.eye(10, dtype=np.float32)[y[order]], batch_size=size, shuffle=False,
        initial_epoch=epoch, epochs=epoch + 1, callbacks=list(callbacks),
        verbose=1 if sys.stdout.isatty() and batches is None else 0,  # a progress bar for people
    ).history  # fmt: skip
    logs = {key: values[0] for key, values in history.items()}
    return logs, drawn - start, time.perf_counter() - drawn


def measure(model, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return a network's cross-entropy and accuracy, its answers averaged with those for mirrored images too.

    Returns
    -------
    dict
        ``loss`` and ``accuracy`` of the images as they are, ``mirror_accuracy`` of the mean of the
        probabilities for an image and its mirror image.
    """
    plain = predict_probabilities(model, images)
    both = plain + predict_probabilities(model, images[:, :, ::-1])
    own = plain[np.arange(len(labels)), labels]
    return {
        "loss": round(float(-np.log(np.maximum(own, 1e-12)).mean()), 5),
        "accuracy": round(float((plain.argmax(axis=1) == labels).mean()), 5),
        "mirror_accuracy": round(float((both.argmax(axis=1) == labels).mean()), 5),
    }


def train_run(name: str, seed: int, data: Cifar10, folder: Path, epochs: int = EPOCHS) -> tuple[Any, dict]:
    """Train one step of the ladder from one seed, or go on where an interrupted run stopped.

    Parameters
    ----------
    name : str
        Of the step in `LADDER`.
    seed : int
        Fixes the first weights, the order of the images and their copies.
    data : Cifar10
        The images and labels. The last tenth of the training images is the validation set.
    folder : Path
        Where the state after each epoch is kept until the run is whole.
    epochs : int
        How often the training images are seen.

    Returns
    -------
    tuple
        The trained model and a record ready for JSON. Per epoch: ``loss`` and ``accuracy`` as Keras takes
        them while the weights move (on the copies, smoothed targets included, where the step has them),
        ``val_...`` and ``test_...`` after the epoch, ``seconds`` without the measuring. ``final`` holds
        `measure` of the three sets, ``replay`` the probabilities of the first test images after each epoch.
    """
    import keras

    from notmagic.muon import Muon

    step = LADDER[name]
    x, y, x_val, y_val = split(data)
    checkpoint = folder / f"{part_name(name, seed, epochs)}.part.keras"
    notes = checkpoint.with_suffix(".json")
    if checkpoint.is_file() and notes.is_file():
        model = keras.saving.load_model(checkpoint, custom_objects={"Muon": Muon})
        record = json.loads(notes.read_text(encoding="utf-8"))
        print(f"{name}, seed {seed}: goes on after epoch {len(record['loss'])}", flush=True)
    else:
        model = fresh_model(step, seed, len(x), epochs)
        record = {"seed": seed, "parameters": model.count_params(), **{key: [] for key in PER_EPOCH}}
    for epoch in range(len(record["loss"]), epochs):
        rng = np.random.default_rng([seed, epoch])
        logs, drawing, fitting = train_epoch(model, step, x, y, rng, epoch)
        record["seconds"].append(round(drawing + fitting, 1))
        val, probabilities = measure(model, x_val, y_val), predict_probabilities(model, data.x_test)
        test = (probabilities.argmax(axis=1) == data.y_test).mean()
        for key, value in (
            ("loss", logs["loss"]), ("accuracy", logs["accuracy"]), ("val_loss", val["loss"]),
            ("val_accuracy", val["accuracy"]), ("test_accuracy", test),
        ):  # fmt: skip
            record[key].append(round(float(value), 5))
        record["replay"].append(probabilities[:REPLAYED].round(4).tolist())
        model.save(checkpoint)
        write_record(notes, record)
        print(f"{name}, seed {seed}, epoch {epoch + 1}: validation {val['accuracy']:.4f}", flush=True)
    record["final"] = {
        "train": measure(model, x, y),
        "validation": measure(model, x_val, y_val),
        "test": measure(model, data.x_test, data.y_test),
    }
    return model, record


def measure_pace(
    data: Cifar10, rounds: int = PACE_ROUNDS, batches: int = PACE_BATCHES, warm_up: int = PACE_WARM_UP
) -> dict:
    """Measure how long a batch of each step of the ladder takes, the steps in turn.

    Other work on the machine slows down a turn or a whole round. As all steps have a turn in each round, it
    does not decide which of them looks slow, and the round that it disturbed least comes closest to what
    the machine can do.

    Parameters
    ----------
    data : Cifar10
        The images and labels.
    rounds : int
        How many turns each step has.
    batches : int
        Batches of one turn, at least 2.
    warm_up : int
        Batches of each step before the first turn, not timed.

    Returns
    -------
    dict
        Ready for JSON: ``made_by``, ``rounds``, ``batches``, ``warm_up``, ``threads``, ``cores``,
        ``versions`` and ``steps``; for each step ``batch_size``, ``batches_per_epoch`` and
        ``seconds_per_batch``, one number for each round: the copies, the way forward and back, and the
        optimiser. What Keras does once at the start and at the end of an epoch is not in it, nor is the
        measuring of accuracies after it. `notmagic.pretrained.seconds_per_epoch` makes seconds per epoch of
        it.

    Raises
    ------
    ValueError
        If there is no round, a turn is of fewer than 2 batches, or an epoch has fewer batches than a turn.
    """
    x, y, _, _ = split(data)
    fewest = min(batches_per_epoch(step, len(x))[1] for step in LADDER.values())
    if rounds < 1 or not 2 <= batches <= fewest or not 1 <= warm_up <= fewest:
        raise ValueError(
            f"{rounds} rounds of {batches} batches after {warm_up} to warm up; expected at least 1 round of "
            f"2 to {fewest} batches after 1 to {fewest}: an epoch of {len(x)} images has {fewest} of them"
        )
    models, steps, clock = {}, {}, _batch_clock()
    for name, step in LADDER.items():
        size, whole = batches_per_epoch(step, len(x))
        models[name] = fresh_model(step, SEEDS[0], len(x), EPOCHS)
        train_epoch(models[name], step, x, y, np.random.default_rng(0), batches=warm_up, callbacks=[clock])
        steps[name] = {"batch_size": size, "batches_per_epoch": whole, "seconds_per_batch": []}
        print(f"{name}: warm after {warm_up} batches", flush=True)
    for turn in range(1, rounds + 1):
        for name, step in LADDER.items():
            rng = np.random.default_rng(turn)
            _, drawing, _ = train_epoch(models[name], step, x, y, rng, batches=batches, callbacks=[clock])
            # The first batch waits while Keras sets up: once in an epoch, but in each of the short turns.
            seconds = drawing / batches + (clock.ends[-1] - clock.ends[0]) / (batches - 1)
            steps[name]["seconds_per_batch"].append(round(seconds, 6))
            an_epoch = seconds * steps[name]["batches_per_epoch"]
            print(f"round {turn} of {rounds}, {name}: {an_epoch:.1f} s an epoch", flush=True)
    return {
        "made_by": f"python -m notmagic.pretrained.{NAME} --pace",
        "rounds": rounds,
        "batches": batches,
        "warm_up": warm_up,
        "threads": threads(),
        "cores": os.cpu_count(),
        "versions": versions(),
        "steps": steps,
    }


def _batch_clock():
    """Return a Keras callback whose ``ends`` are the moments at which the batches of a turn ended."""
    import keras

    class BatchClock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.ends = []

        def on_train_batch_end(self, batch, logs=None):
            self.ends.append(time.perf_counter())

    return BatchClock()


def ends() -> tuple[str, str]:
    """Return the names of the first and of the last step of the ladder, whose epochs are kept for replay."""
    names = list(LADDER)
    return names[0], names[-1]


def part_name(name: str, seed: int, epochs: int) -> str:
    """Return how the files of a run that is under way begin."""
    return f"{NAME}-{name}-{seed}-{epochs}"


def split(data: Cifar10) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training images and labels and validation images and labels: the last tenth is held back."""
    held_back = min(VALIDATION, len(data.x_train) // 10)
    return (
        data.x_train[:-held_back],
        data.y_train[:-held_back],
        data.x_train[-held_back:],
        data.y_train[-held_back:],
    )


# ------------------------------------------------------------------------------------------ what is stored


def describe(data: Cifar10, epochs: int) -> dict:
    """Return the part of the JSON file that says how the numbers were made."""
    x, _, x_val, _ = split(data)
    return {
        "made_by": f"python -m notmagic.pretrained.{NAME}",
        "data": {
            "source": data.source,
            "train": len(x),
            "validation": len(x_val),
            "test": len(data.x_test),
        },
        "training": {
            "epochs": epochs,
            "short_epochs": SHORT,
            "steps": {name: settings(step) for name, step in LADDER.items()},
        },
    }


def settings(step: Step) -> dict[str, Any]:
    """Return all that a step's training was told, ready for JSON; what a step does not use is left out."""
    from notmagic import muon

    told: dict[str, Any] = {"title": step.title, "batch_size": batch_size(step)}
    if step.copies:
        told["shift"] = SHIFT
    if step.normalise:
        told["momentum_of_averages"] = MOMENTUM
    if step.muon:
        told |= {"peak_rate": MUON_RATE, "weight_decay": MUON_DECAY, "momentum": muon.MOMENTUM}
        told |= {"coefficients": list(muon.COEFFICIENTS), "rounds": muon.ROUNDS, "length": muon.LENGTH}
    elif step.one_cycle:
        told |= {"peak_rate": PEAK_RATE, "weight_decay": WEIGHT_DECAY, "momentum": SGD_MOMENTUM}
    if step.one_cycle:
        told["rise"] = 1 / RISE
    if step.smoothing:
        told["smoothing"] = step.smoothing
    if step.residual:
        told["filters"] = list(RESIDUAL_FILTERS)
    return told


def versions() -> dict:
    """Return the versions and the device that a run is made with."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "device": f"{len(gpus)} GPU" if gpus else f"CPU, {os.cpu_count()} cores",
    }


def threads() -> int:
    """Return over how many threads TensorFlow shares out one operation."""
    import tensorflow as tf

    told = tf.config.threading.get_intra_op_parallelism_threads()
    return told or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)) or os.cpu_count()


def load_record(path: Path, description: Mapping) -> dict:
    """Return the JSON record to continue: the runs in it that were made as they would be made now.

    Parameters
    ----------
    path : Path
        Of the file, which need not exist.
    description : mapping
        As `describe` gives it for now.

    Returns
    -------
    dict
        The description, ``runs``, ``files`` and what else there was. A step whose settings have changed is
        without runs, and if it is the last, without the network that was kept; the pace is left out if any
        step has changed.

    Raises
    ------
    ValueError
        If the record in the file is of other data or of another number of epochs: writing there would
        overwrite all of it.
    """
    fresh = {**description, "runs": {}, "files": {}}
    if not path.is_file():
        return fresh
    record = json.loads(path.read_text(encoding="utf-8"))
    made, told = record["training"], description["training"]
    if record["data"] != description["data"] or made["epochs"] != told["epochs"]:
        raise ValueError(
            f"{path.name} holds runs of {made['epochs']} epochs on {record['data']}; expected "
            f"{told['epochs']} epochs on {description['data']}, or an empty folder: name one with --out"
        )
    same = [name for name in LADDER if made.get("steps", {}).get(name) == told["steps"][name]]
    kept = {"runs": {name: record["runs"][name] for name in same if name in record["runs"]}}
    replayed = f"{NAME}_replay.npz"
    if replayed in record["files"] and ends()[0] in same:
        kept["files"] = {replayed: record["files"][replayed]}
    if ends()[1] in same:
        kept |= {key: record[key] for key in ("files", "plan") if key in record}
        if made["short_epochs"] == told["short_epochs"] and "short" in record:
            kept["short"] = record["short"]
    if len(same) == len(LADDER) and "pace" in record:
        kept["pace"] = record["pace"]
    return fresh | kept


def store(model, step: Step, seed: int, data: Cifar10, folder: Path) -> tuple[list, dict]:
    """Write weights and predictions of the network that is kept; return its plan and what to note of them."""
    plan, weights = network_plan(step), folded(model, step)
    rounded = plans.build_keras(plan, weights)
    np.savez(folder / f"{NAME}.npz", **{name: array.astype(np.float16) for name, array in weights.items()})
    probabilities = predict_probabilities(rounded, data.x_test).astype(np.float16)
    np.savez(folder / f"{NAME}_predictions.npz", probabilities=probabilities, labels=data.y_test)
    x, y, x_val, y_val = split(data)
    measured = {
        "train": measure(rounded, x, y),
        "validation": measure(rounded, x_val, y_val),
        "test": measure(rounded, data.x_test, data.y_test),
    }
    kept = {"seed": seed, "test_accuracy": measured["test"]["accuracy"], **measured}
    files = {f"{NAME}.npz": kept, f"{NAME}_predictions.npz": {"seed": seed}}
    for name, entry in files.items():
        entry["sha256"] = checksum(folder / name)
    return plan, files


def train(
    names: Sequence[str], seeds: Sequence[int], data: Cifar10, folder: Path, epochs: int = EPOCHS
) -> dict:
    """Train every step and seed that the record in ``folder`` does not hold yet, and store after each one.

    Parameters
    ----------
    names : sequence of str
        Steps of `LADDER`.
    seeds : sequence of int
        Of each step.
    data : Cifar10
        The images and labels.
    folder : Path
        Where the files go.
    epochs : int
        How often the training images are seen.

    Returns
    -------
    dict
        The whole record, as written to ``cifar10_chapter12.json``.
    """
    path = folder / f"{NAME}.json"
    record = load_record(path, describe(data, epochs))
    last = ends()[1]
    for name, seed in product(names, seeds):
        runs = record["runs"].setdefault(name, [])
        record["runs"] = {step: record["runs"][step] for step in LADDER if step in record["runs"]}
        if is_there(runs, seed, f"{name} in {path.name}"):
            continue
        model, run = train_run(name, seed, data, folder, epochs)
        replay = np.array(run.pop("replay"), np.float16)
        if seed == SEEDS[0] and name in ends():
            store_replay(name, replay, data.y_test[:REPLAYED], folder, record)
        if name == last and seed == SEEDS[0]:
            record["plan"], files = store(model, LADDER[name], seed, data, folder)
            record["files"] |= files
        append_run(runs, run, record, path)
        forget_parts(name, seed, epochs, folder)
    return record


def train_short(
    seeds: Sequence[int], data: Cifar10, folder: Path, record: dict, epochs: int = SHORT
) -> dict:
    """Train the last step's network in a cycle of a few epochs only, and store how long it took to learn.

    Parameters
    ----------
    seeds : sequence of int
        One run for each that the record does not hold yet.
    data : Cifar10
        The images and labels.
    folder : Path
        Where the record is.
    record : dict
        As `train` returned it.
    epochs : int
        Length of the cycle.

    Returns
    -------
    dict
        The record with ``short``, a list of runs.
    """
    path, last = folder / f"{NAME}.json", ends()[1]
    runs = record.setdefault("short", [])
    for seed in seeds:
        if is_there(runs, seed, f"{last} in {epochs} epochs in {path.name}"):
            continue
        _, run = train_run(last, seed, data, folder, epochs)
        run.pop("replay")
        append_run(runs, run, record, path)
        forget_parts(last, seed, epochs, folder)
    return record


def add_pace(data: Cifar10, folder: Path, **how: int) -> dict:
    """Measure the pace of the steps and store it in the record, in which nothing else changes.

    Parameters
    ----------
    data : Cifar10
        The images and labels.
    folder : Path
        Where the record is.
    **how
        ``rounds``, ``batches`` and ``warm_up`` of `measure_pace`.

    Returns
    -------
    dict
        The record with ``pace``.

    Raises
    ------
    ValueError
        If there is no record in the folder, or one of other data, settings or epochs.
    """
    path = folder / f"{NAME}.json"
    if not path.is_file():
        raise ValueError(
            f"there is no {path.name} in {folder}; expected the record of a training: train first, or name "
            "another folder with --out"
        )
    record = json.loads(path.read_text(encoding="utf-8"))
    now = describe(data, record["training"]["epochs"])
    if any(record[key] != now[key] for key in ("data", "training")):
        raise ValueError(
            f"{path.name} was made with other settings or data than this script has now, so a pace measured "
            "now is not that of its runs; train first, or name another folder with --out"
        )
    record["pace"] = measure_pace(data, **how)
    write_record(path, record)
    return record


def is_there(runs: list[dict], seed: int, what: str) -> bool:
    """Say whether a list of runs has one from this seed, and tell so."""
    found = seed in [run["seed"] for run in runs]
    if found:
        print(f"{what}, seed {seed}: already there", flush=True)
    return found


def append_run(runs: list[dict], run: dict, record: dict, path: Path) -> None:
    """Add a finished run to a list of the record, in place, and write the record."""
    run["versions"] = versions()
    runs.append(run)
    runs.sort(key=lambda one: one["seed"])
    write_record(path, record)
    print(f"seed {run['seed']}: {run['final']}", flush=True)


def forget_parts(name: str, seed: int, epochs: int, folder: Path) -> None:
    """Remove what was kept of a run while it was under way."""
    for part in folder.glob(f"{part_name(name, seed, epochs)}.part.*"):
        part.unlink()


def store_replay(
    name: str, probabilities: np.ndarray, labels: np.ndarray, folder: Path, record: dict
) -> None:
    """Add one run's probabilities, (epochs, images, 10), to the replay file and note its checksum."""
    path = folder / f"{NAME}_replay.npz"
    arrays = {}
    if path.name in record["files"]:  # otherwise a file that lies there is of another record
        with np.load(path) as archive:
            arrays = {step: archive[step] for step in ends() if step in archive}
    np.savez(path, **{**arrays, "labels": labels, name: probabilities})
    record["files"][path.name] = {"sha256": checksum(path)}


def main(arguments: list[str] | None = None) -> None:
    """Read the command line; train, and measure the pace."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", nargs="+", choices=LADDER, default=list(LADDER), metavar="STEP",
                        help=f"of {', '.join(LADDER)} (default: all)")  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--pace", action="store_true", help="train nothing, measure the pace of the steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the files")
    parser.add_argument("--data", default=None, help="folder with CIFAR-10 (default: NOTMAGIC_CIFAR10)")
    options = parser.parse_args(arguments)
    data = load_cifar10(options.data)
    if not data.is_real:
        parser.error(
            "this needs the real CIFAR-10 pictures: name their folder with --data or NOTMAGIC_CIFAR10"
        )
    if options.pace:
        add_pace(data, options.out)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    record = train(options.steps, options.seeds, data, options.out, options.epochs)
    if ends()[1] in options.steps:
        train_short(options.seeds, data, options.out, record)
    if all(record["runs"].get(name) for name in LADDER) and "pace" not in record:
        add_pace(data, options.out)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
