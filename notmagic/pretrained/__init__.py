"""The course's own trained networks: float16 weights, training histories and stored predictions.

Each network has a name. Beside ``<name>.py``, the script that trains it, lie ``<name>.npz`` (weights),
``<name>_predictions.npz`` (what it says about the test images) and ``<name>.json`` (history, how it was
made, and checksums of the others); some also have ``<name>_replay.npz`` (what a few test images were taken
for after each epoch). Reading them needs NumPy only.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Mapping
from pathlib import Path

import numpy as np

__all__ = ["checksum", "history", "predictions", "replay", "seconds_per_epoch", "weights"]

_FOLDER = Path(__file__).parent


def checksum(path: Path) -> str:
    """Return the SHA-256 checksum of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def history(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> dict:
    """Return the training history of a network.

    Parameters
    ----------
    name : str
        The network; ``"cifar10_chapter11"`` is the one of chapter 11.
    folder : Path
        Where its files are; the package's own folder unless told otherwise.

    Returns
    -------
    dict
        ``runs`` holds the runs: for chapter 11 a list, one record for each seed; for chapter 12 such a list
        for each step of the ladder, by the step's name. A record has the ``seed``, ``accuracy``, ``loss``,
        ``val_accuracy`` and ``val_loss`` per epoch, and ``final`` values; what ``val_...`` is measured on
        differs: for chapter 11 the test images, for chapter 12 the validation set (with ``test_accuracy``
        beside it). The other keys say how the runs were made; each script describes its own.

    Raises
    ------
    ValueError
        If there is no network of that name.
    """
    path = Path(folder) / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in Path(folder).glob("*.json"))) or "none"
        raise ValueError(f"no trained network is called {name!r}; there are: {known}")
    return json.loads(path.read_text(encoding="utf-8"))


def weights(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> dict[str, np.ndarray]:
    """Return the stored weights of a network as float32 arrays, in layer order.

    For chapter 11 ``model.set_weights(list(weights().values()))`` puts them into the Keras model of the
    chapter. The weights of chapter 12 have the batch normalisation folded in, so they do not fit the network
    that was trained; `notmagic.pretrained.plans` builds the one they fit:
    ``plans.build_keras(plans.plan(name), plans.folded_weights(name))``.

    Parameters
    ----------
    name, folder
        As in `history`.

    Returns
    -------
    dict of str to numpy.ndarray
        For chapter 11 ``conv1_kernel`` (3, 3, 3, 32), ``conv1_bias`` (32,) and so on to ``logits_bias``
        (10,).

    Raises
    ------
    ValueError
        If there is no such network or the file is damaged.
    """
    return {
        key: array.astype(np.float32) for key, array in _load_checked(f"{name}.npz", name, folder).items()
    }


def predictions(name: str = "cifar10_chapter11", folder: Path = _FOLDER) -> tuple[np.ndarray, np.ndarray]:
    """Return what the stored weights say about the test images, and the truth.

    Parameters
    ----------
    name, folder
        As in `history`.

    Returns
    -------
    probabilities : numpy.ndarray
        float32 (N, classes), one row per test image in the data set's own order.
    labels : numpy.ndarray
        uint8 (N,), the true classes.

    Raises
    ------
    ValueError
        If there is no such network or the file is damaged.
    """
    arrays = _load_checked(f"{name}_predictions.npz", name, folder)
    return arrays["probabilities"].astype(np.float32), arrays["labels"]


def replay(
    name: str = "cifar10_chapter12", folder: Path = _FOLDER
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what a network said about the first test images after each epoch of its training, and the truth.

    Parameters
    ----------
    name, folder
        As in `history`.

    Returns
    -------
    labels : numpy.ndarray
        uint8 (N,), the true classes of the first N test images in the data set's own order.
    probabilities : dict of str to numpy.ndarray
        For each step that was kept, float32 (epochs, N, classes): ``probabilities[step][e]`` are those after
        epoch e + 1. Of chapter 12's ladder the steps are ``"chapter11"`` and ``"muon"``, the first and
        the last.

    Raises
    ------
    ValueError
        If there is no such network, none of its epochs were kept, or the file is damaged.
    """
    filename = f"{name}_replay.npz"
    if filename not in history(name, folder)["files"]:
        raise ValueError(f"no epochs of {name!r} were kept; expected {filename} among its files")
    arrays = _load_checked(filename, name, folder)
    labels = arrays.pop("labels")
    return labels, {step: probabilities.astype(np.float32) for step, probabilities in arrays.items()}


def seconds_per_epoch(record: Mapping, statistic: str = "median") -> dict[str, float]:
    """Return how long an epoch of each step of chapter 12's ladder takes, from the pace that was measured.

    That is the seconds of a batch times the batches of an epoch. The steps had their turns one after the
    other in each of several rounds, on a machine that may have done other work as well.

    Parameters
    ----------
    record : mapping
        As `history` returns it for ``"cifar10_chapter12"``.
    statistic : {"median", "minimum"}
        Over the rounds. The minimum comes closest to what the machine can do undisturbed, for other work can
        only add to the time; the median is what was typical while the pace was measured.

    Returns
    -------
    dict of str to float
        Seconds by the step's name, in the order of the ladder. Measuring the accuracies after an epoch is
        not part of them, nor is what Keras does once at the start of an epoch (about a tenth of a second).

    Raises
    ------
    ValueError
        If no pace was measured, or there is no such statistic.
    """
    known = {"median": statistics.median, "minimum": min}
    if statistic not in known:
        raise ValueError(f"there is no statistic {statistic!r}; expected one of {', '.join(known)}")
    if "pace" not in record:
        raise ValueError(
            "the record holds no pace; expected that of chapter 12's ladder: measure it with "
            "python -m notmagic.pretrained.cifar10_chapter12 --pace"
        )
    return {
        name: known[statistic](step["seconds_per_batch"]) * step["batches_per_epoch"]
        for name, step in record["pace"]["steps"].items()
    }


def _load_checked(filename: str, name: str, folder: Path) -> dict[str, np.ndarray]:
    """Read an npz file whose checksum the network's JSON file gives."""
    expected = history(name, folder)["files"][filename]["sha256"]
    path = Path(folder) / filename
    if not path.is_file():
        raise ValueError(f"{filename} is missing; install notmagic again, or train anew: make weights")
    found = checksum(path)
    if found != expected:
        raise ValueError(
            f"{filename} is damaged: its checksum is {found[:12]}..., expected {expected[:12]}...; "
            "install notmagic again, or train anew: make weights"
        )
    with np.load(path) as archive:
        return {key: archive[key] for key in archive.files}
