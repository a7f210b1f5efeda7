"""Train the network of chapter 11 on CIFAR-10 and store its weights, history and predictions.

Run it from the top of the repository::

    NOTMAGIC_CIFAR10=/path/to/the/pictures python -m notmagic.pretrained.cifar10_chapter11 --seeds 0 1 2

It writes three files beside this module (another folder with ``--out``):

``cifar10_chapter11.npz``
    the weights of the first seed after the last epoch, float16, one array per kernel and bias;
``cifar10_chapter11_predictions.npz``
    what those float16 weights say about the 10,000 test images: ``probabilities``, float16 (10000, 10), and
    the true ``labels``, uint8 (10000,), both in CIFAR-10's own order;
``cifar10_chapter11.json``
    loss and accuracy of every seed and epoch, how they were made, and the checksums of the two files above.

A run that was interrupted continues: seeds that the JSON file already holds are not trained again. A record
made with other data or settings is not touched: the script says so and wants another folder.

The network and its ten epochs of Adam follow the CIFAR-10 example in TensorFlow's "Convolutional Neural
Network (CNN)" tutorial; batches of 32 are Keras's default. Pixels stay uint8 and a ``Rescaling`` layer
divides them by 255, which keeps memory near 1.3 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from notmagic.datasets import Cifar10, load_cifar10
from notmagic.pretrained import checksum

NAME = "cifar10_chapter11"
EPOCHS = 10
BATCH_SIZE = 32
PARAMETERS = 122_570


def build_model():
    """Return the chapter's network, not yet compiled.

    Returns
    -------
    keras.Sequential
        Takes uint8 images (N, 32, 32, 3), gives float32 logits (N, 10), and has 122,570 parameters.

    Raises
    ------
    RuntimeError
        If the parameters do not come to 122,570: the layers below were changed.
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3), dtype="uint8"),
            layers.Rescaling(1 / 255, name="rescale"),
            layers.Conv2D(32, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(64, 3, activation="relu", name="conv2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Conv2D(64, 3, activation="relu", name="conv3"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="dense1"),
            layers.Dense(10, name="logits"),
        ],
        name=NAME,
    )
    if model.count_params() != PARAMETERS:
        raise RuntimeError(
            f"the network has {model.count_params():,} parameters, expected {PARAMETERS:,}; "
            "undo the change to its layers, or give the new network a name of its own"
        )
    return model


def compile_model(model) -> None:
    """Set Adam, cross-entropy computed from logits, and accuracy on a model, in place."""
    import keras

    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )


def named_weights(model) -> dict[str, np.ndarray]:
    """Return a model's weights as ``{"conv1_kernel": array, "conv1_bias": array, ...}`` in layer order."""
    return {
        f"{layer.name}_{weight.name}": np.asarray(weight)
        for layer in model.layers
        for weight in layer.weights
    }


def to_float16(model) -> None:
    """Round a model's weights to float16 in place, so that what is measured is what is stored."""
    model.set_weights([w.astype(np.float16).astype(np.float32) for w in model.get_weights()])


def train_one_seed(seed: int, data: Cifar10, epochs: int = EPOCHS) -> tuple[object, dict]:
    """Train the network from one seed.

    Parameters
    ----------
    seed : int
        Given to ``keras.utils.set_random_seed``: fixes the first weights and the order of the batches.
    data : Cifar10
        The images and labels.
    epochs : int
        How often the training images are seen.

    Returns
    -------
    tuple
        The trained model and a record ready for JSON. In the record ``accuracy`` and ``loss`` are Keras's
        means over the batches of an epoch, taken while the weights still move; ``val_...`` are on the test
        images after the epoch; ``final`` is measured after the last epoch on all images with the weights at
        rest.
    """
    import keras

    class Clock(keras.callbacks.Callback):
        """Seconds per epoch, the evaluation on the test images included."""

        def __init__(self):
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(round(time.perf_counter() - self.start, 1))

    keras.utils.set_random_seed(seed)
    model, clock = build_model(), Clock()
    compile_model(model)
    history = model.fit(
        data.x_train,
        data.y_train,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(data.x_test, data.y_test),
        callbacks=[clock],
        verbose=2,
    ).history
    record = {"seed": seed, **{key: [round(float(v), 5) for v in values] for key, values in history.items()}}
    record["seconds_per_epoch"] = clock.seconds
    record["final"] = measure(model, data)
    return model, record


def measure(model, data: Cifar10) -> dict[str, float]:
    """Return loss and accuracy on all training and all test images, weights at rest."""
    result = {}
    for split, x, y in (("train", data.x_train, data.y_train), ("test", data.x_test, data.y_test)):
        loss, accuracy = model.evaluate(x, y, batch_size=500, verbose=0)
        result |= {f"{split}_loss": round(float(loss), 5), f"{split}_accuracy": round(float(accuracy), 5)}
    return result


def predict_probabilities(model, images: np.ndarray) -> np.ndarray:
    """Return the class probabilities, float32 (N, 10), of uint8 images (N, 32, 32, 3)."""
    import keras

    return np.asarray(keras.ops.softmax(model.predict(images, batch_size=500, verbose=0)))


def store_first_seed(model, data: Cifar10, folder: Path, seed: int) -> dict[str, dict]:
    """Write weights and predictions of one trained model; return what the JSON file says about the two."""
    to_float16(model)
    weights = {name: array.astype(np.float16) for name, array in named_weights(model).items()}
    np.savez(folder / f"{NAME}.npz", **weights)
    probabilities = predict_probabilities(model, data.x_test).astype(np.float16)
    np.savez(folder / f"{NAME}_predictions.npz", probabilities=probabilities, labels=data.y_test)
    return {
        f"{NAME}.npz": {"sha256": checksum(folder / f"{NAME}.npz"), "seed": seed, **measure(model, data)},
        f"{NAME}_predictions.npz": {"sha256": checksum(folder / f"{NAME}_predictions.npz"), "seed": seed},
    }


def describe(data: Cifar10, epochs: int) -> dict:
    """Return the part of the JSON file that says how the numbers were made."""
    import keras
    import tensorflow as tf

    return {
        "made_by": "python -m notmagic.pretrained.cifar10_chapter11",
        "data": {"source": data.source, "train": len(data.x_train), "test": len(data.x_test)},
        "training": {
            "optimizer": "Adam, Keras's default learning rate of 0.001",
            "loss": "sparse cross-entropy from logits",
            "epochs": epochs,
            "batch_size": BATCH_SIZE,
            "parameters": PARAMETERS,
        },
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),
    }


def load_record(path: Path, description: dict) -> dict:
    """Return the JSON record to continue, or a fresh one if there is none.

    Parameters
    ----------
    path : Path
        Of the file, which need not exist.
    description : dict
        As `describe` gives it for now.

    Returns
    -------
    dict
        The record in the file, or the description with ``files`` and ``runs``, both empty.

    Raises
    ------
    ValueError
        If the record in the file is of other data or settings: writing there would overwrite all of it.
    """
    if not path.exists():
        return {**description, "files": {}, "runs": []}
    record = json.loads(path.read_text(encoding="utf-8"))
    found, expected = {}, {}
    for part in ("data", "training"):
        made, told = record.get(part, {}), description[part]
        differing = [key for key in {**made, **told} if made.get(key) != told.get(key)]
        found |= {key: made.get(key) for key in differing}
        expected |= {key: told.get(key) for key in differing}
    if expected:
        raise ValueError(
            f"{path.name} holds runs made with {found}; expected {expected}, or an empty folder: name one "
            "with --out"
        )
    return record


def write_record(path: Path, record: dict) -> None:
    """Write the record in one step, so that an interruption never leaves half a file."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def train(seeds: list[int], data: Cifar10, folder: Path, epochs: int = EPOCHS) -> dict:
    """Train each seed that the record in ``folder`` does not hold yet, and store after each one.

    Parameters
    ----------
    seeds : list of int
        The weights and predictions of the first one are stored, unless the record has some already.
    data : Cifar10
        The images and labels.
    folder : Path
        Where the three files go.
    epochs : int
        How often the training images are seen.

    Returns
    -------
    dict
        The whole record, as written to ``cifar10_chapter11.json``.

    Raises
    ------
    ValueError
        If the folder holds a record made with other data or settings.
    """
    path = folder / f"{NAME}.json"
    record = load_record(path, describe(data, epochs))
    for seed in seeds:
        if seed in [run["seed"] for run in record["runs"]]:
            print(f"seed {seed}: already in {path.name}", flush=True)
            continue
        print(f"seed {seed}: training on {data.source}", flush=True)
        model, run = train_one_seed(seed, data, epochs)
        if not record["files"]:
            record["files"] = store_first_seed(model, data, folder, seed)
        record["runs"] = sorted([*record["runs"], run], key=lambda r: r["seed"])
        write_record(path, record)
        print(f"seed {seed}: {run['final']}", flush=True)
    return record


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], help="the weights of the first are kept"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the three files")
    parser.add_argument("--data", default=None, help="folder with CIFAR-10 (default: NOTMAGIC_CIFAR10)")
    options = parser.parse_args(arguments)
    data = load_cifar10(options.data)
    if not data.is_real:
        parser.error(
            "this needs the real CIFAR-10 pictures: name their folder with --data or NOTMAGIC_CIFAR10"
        )
    options.out.mkdir(parents=True, exist_ok=True)
    train(options.seeds, data, options.out, options.epochs)


if __name__ == "__main__":
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
