"""CIFAR-10: sixty thousand small colour pictures in ten classes, from wherever they can be had.

Data set: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto, 2009,
https://www.cs.toronto.edu/~kriz/cifar.html. It has no licence, so no picture of it comes with this package.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tarfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["CLASS_NAMES", "Cifar10", "DatasetError", "load_cifar10"]

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
VARIABLE = "NOTMAGIC_CIFAR10"
BATCH_FOLDER = "cifar-10-batches-py"
# MD5 of the original batch files, as torchvision's cifar.py lists them.
BATCH_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
PER_CLASS = {"train": 5_000, "test": 1_000}

Split = tuple[np.ndarray, np.ndarray]


class DatasetError(ValueError):
    """The pictures that were asked for are missing, incomplete or damaged."""


@dataclass(frozen=True, eq=False)
class Cifar10:
    """Images, labels and where they came from.

    Attributes
    ----------
    x_train, x_test : numpy.ndarray
        uint8 (N, 32, 32, 3): rows, columns, channels red, green, blue, each 0 to 255.
    y_train, y_test : numpy.ndarray
        uint8 (N,): the class, an index into ``class_names``.
    class_names : tuple of str
        The ten classes.
    source : str
        A phrase such as "CIFAR-10 (image folder)".
    is_real : bool
        True for CIFAR-10, False for the drawn stand-in.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str
    is_real: bool

    def __repr__(self) -> str:
        """Say how many images there are and where they came from, not what is in them."""
        sizes = f"{len(self.x_train):,} training and {len(self.x_test):,} test images"
        return f"Cifar10({sizes}, {self.source!r})"


def load_cifar10(
    path: str | os.PathLike | None = None,
    *,
    train: int | None = None,
    test: int | None = None,
    download: bool = True,
) -> Cifar10:
    """Load CIFAR-10, or a drawn stand-in when the pictures cannot be had.

    The first of these that applies is used:

    1. the folder or archive named by ``path``, else by the environment variable ``NOTMAGIC_CIFAR10``: the
    original
       ``cifar-10-batches-py`` folder, the original ``cifar-10-python.tar.gz``, or a folder of pictures
       ``{train,test}/<class>/<index>.jpg`` in the original order. If it is wrong, that is an error: nothing
       else is tried;
    2. Keras's cache (``~/.keras``, or ``KERAS_HOME``);
    3. a download into that cache, which gives up when the host is silent or far too slow;
    4. ten drawn classes (`notmagic.datasets.stand_in`), after a banner that says so and why.

    Parameters
    ----------
    path : str or path, optional
        Folder or archive with the pictures.
    train, test : int, optional
        Load only the first so many images of a split, in the original order, where the classes are mixed.
        Saves time and memory. The stand-in has 10,000 and 2,000 at most.
    download : bool
        False leaves out step 3.

    Returns
    -------
    Cifar10
        50,000 training and 10,000 test images unless fewer were asked for.

    Raises
    ------
    DatasetError
        If the named folder or archive is missing, incomplete or damaged; the message says what to do.
    ValueError
        If ``train`` or ``test`` is not a positive whole number.
    """
    limits = {"train": _check_limit("train", train), "test": _check_limit("test", test)}
    named = path if path is not None else os.environ.get(VARIABLE) or None
    if named is not None:
        return read_named(Path(named), limits)
    return _read_first_found(limits, download)


def _check_limit(name: str, value: int | None) -> int | None:
    """Return a limit on the number of images, or say why it cannot be one."""
    if value is not None and (value != int(value) or value < 1):
        raise ValueError(
            f"{name} is {value!r}, expected a whole number of images from 1, or None for all of them"
        )
    return None if value is None else int(value)


def _read_first_found(limits: Mapping[str, int | None], download: bool) -> Cifar10:
    """Try Keras's cache, then a download, then draw; collect why each step failed for the banner."""
    from notmagic.datasets import keras_cache, stand_in

    reasons = [f"{VARIABLE} names no folder"]
    folder, reason = keras_cache.find()
    if folder is None and download:
        reasons.append(reason)
        folder, reason = keras_cache.download()
    if folder is not None:
        return read_batches(folder, limits)
    reasons.append(reason)
    data = stand_in.draw(limits["train"], limits["test"])
    print(stand_in.banner(reasons), flush=True)
    return data


def read_named(
    path: Path,
    limits: Mapping[str, int | None],
    per_class: Mapping[str, int] = PER_CLASS,
    md5: Mapping[str, str] = BATCH_MD5,
) -> Cifar10:
    """Read a folder or archive that somebody named; its form decides how.

    Parameters
    ----------
    path : Path
        Image folder, folder of batches (or the folder around it), or ``cifar-10-python.tar.gz``.
    limits : mapping
        For "train" and "test" the number of images to load, or None.
    per_class : mapping
        For "train" and "test" the number of images that each class must have.
    md5 : mapping
        For each batch file the checksum it must have.

    Returns
    -------
    Cifar10
        The data.

    Raises
    ------
    DatasetError
        If there is nothing of the three forms, or what is there is wrong.
    """
    if path.is_file():
        return read_archive(path, limits, per_class, md5)
    if not path.is_dir():
        raise DatasetError(
            f"there is no folder {path}; name the folder that holds CIFAR-10, or unset {VARIABLE} to let "
            "the course look elsewhere"
        )
    for folder in (path, path / BATCH_FOLDER):
        if any((folder / name).exists() for name in md5):
            return read_batches(folder, limits, per_class, md5)
    if (path / "train").is_dir() or (path / "test").is_dir():
        return read_image_folder(path, limits, per_class)
    raise DatasetError(
        f"{path} holds neither the original batches (data_batch_1 ... test_batch) nor pictures as "
        f"train/airplane/00029.jpg; name the folder that does, or unset {VARIABLE}"
    )


# --- The original batches ---


def read_batches(
    folder: Path,
    limits: Mapping[str, int | None],
    per_class: Mapping[str, int] = PER_CLASS,
    md5: Mapping[str, str] = BATCH_MD5,
) -> Cifar10:
    """Read the folder ``cifar-10-batches-py``; parameters and errors as in `read_named`."""

    def read(name: str) -> bytes:
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            what = f"{folder / name} cannot be read ({error.strerror})"
            raise DatasetError(f"{what}; {_UNPACK_AGAIN}") from None

    missing = [name for name in md5 if not (folder / name).is_file()]
    if missing:
        raise DatasetError(f"{folder} lacks {', '.join(missing)}; {_UNPACK_AGAIN}")
    return _from_batches(read, limits, per_class, md5)


def read_archive(
    path: Path,
    limits: Mapping[str, int | None],
    per_class: Mapping[str, int] = PER_CLASS,
    md5: Mapping[str, str] = BATCH_MD5,
) -> Cifar10:
    """Read ``cifar-10-python.tar.gz`` without unpacking it; parameters and errors as in `read_named`."""
    try:
        with tarfile.open(path) as archive:
            contents = {
                Path(member.name).name: archive.extractfile(member).read()
                for member in archive
                if member.isfile() and Path(member.name).name in md5
            }
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DatasetError(
            f"{path} cannot be read as an archive ({error}); it is cut short or not cifar-10-python.tar.gz: "
            "download it again, or unpack it and name the folder"
        ) from None
    missing = [name for name in md5 if name not in contents]
    if missing:
        raise DatasetError(
            f"{path} lacks {', '.join(missing)}; it is not cifar-10-python.tar.gz: download that"
        )
    return _from_batches(contents.__getitem__, limits, per_class, md5)


_UNPACK_AGAIN = "unpack cifar-10-python.tar.gz again and name the folder it makes"


def _from_batches(
    read: Callable[[str], bytes],
    limits: Mapping[str, int | None],
    per_class: Mapping[str, int],
    md5: Mapping[str, str],
) -> Cifar10:
    """Put the two splits together from batch files; ``read`` gives the bytes of one by its name."""
    splits = {}
    for split in ("train", "test"):
        names = [name for name in md5 if name.startswith("data_batch" if split == "train" else "test_batch")]
        limit = limits[split]
        parts: list[Split] = []
        for name in names:
            if limit is None or sum(len(labels) for _, labels in parts) < limit:
                parts.append(parse_batch(read(name), name, md5[name]))
        images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if len(parts) == len(names):
            _check_counts(labels, per_class[split], split)
        splits[split] = images[:limit], labels[:limit]
    return Cifar10(*splits["train"], *splits["test"], CLASS_NAMES, "CIFAR-10 (original batches)", True)


def parse_batch(content: bytes, name: str, md5: str) -> Split:
    """Check and decode one batch file.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name, for messages.
    md5 : str
        The checksum it must have. It is compared before anything is unpickled.

    Returns
    -------
    images : numpy.ndarray
        uint8 (N, 32, 32, 3).
    labels : numpy.ndarray
        uint8 (N,).

    Raises
    ------
    DatasetError
        If the checksum differs or the content is not a batch.
    """
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DatasetError(
            f"{name} ({len(content):,} bytes) has the checksum {found}, the original has {md5}: "
            f"it is cut short or was changed; {_UNPACK_AGAIN}"
        )
    try:
        with warnings.catch_warnings():
            # The files were pickled by Python 2; NumPy 2.4 warns about the integers in its old dtype objects.
            warnings.simplefilter("ignore")
            batch = pickle.loads(content, encoding="bytes")
        # Stored as all reds, then all greens, then all blues of an image: (N, 3072).
        images = np.asarray(batch[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        labels = np.asarray(batch[b"labels"], dtype=np.uint8)
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{name} is not a batch of CIFAR-10 ({error}); {_UNPACK_AGAIN}") from None
    if len(images) != len(labels):
        raise DatasetError(f"{name} has {len(images):,} images but {len(labels):,} labels; {_UNPACK_AGAIN}")
    return np.ascontiguousarray(images), labels


def _check_counts(labels: np.ndarray, expected: int, split: str) -> None:
    """Raise unless each of the ten classes has the expected number of images."""
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    wrong = [
        f"{name} {count:,}" for name, count in zip(CLASS_NAMES, counts, strict=False) if count != expected
    ]
    if wrong or len(counts) > len(CLASS_NAMES):
        raise DatasetError(
            f"the {split} images are not {expected:,} of each of the ten classes: {', '.join(wrong)}; "
            f"{_UNPACK_AGAIN}"
        )


# --- A folder of pictures ---


def read_image_folder(
    folder: Path,
    limits: Mapping[str, int | None],
    per_class: Mapping[str, int] = PER_CLASS,
) -> Cifar10:
    """Read pictures stored as ``{train,test}/<class>/<index>.jpg``; parameters and errors as in `read_named`.

    The index is the picture's place in the original order, so that "the first 10,000" means the same in
    each form.
    """
    splits = {}
    for split in ("train", "test"):
        files = list_pictures(folder / split, per_class[split])[: limits[split]]
        images = np.empty((len(files), 32, 32, 3), np.uint8)
        for position, (_, file) in enumerate(files):
            images[position] = read_picture(file)
        splits[split] = images, np.array([label for label, _ in files], np.uint8)
    return Cifar10(*splits["train"], *splits["test"], CLASS_NAMES, "CIFAR-10 (image folder)", True)


def list_pictures(folder: Path, expected: int) -> list[tuple[int, Path]]:
    """Return (class, file) of each picture of a split, in the original order.

    Parameters
    ----------
    folder : Path
        Holds one folder per class.
    expected : int
        How many pictures each class must have.

    Returns
    -------
    list of tuple
        Sorted by the index in the file name.

    Raises
    ------
    DatasetError
        If a class is missing, has the wrong number of pictures, or an index occurs twice or not at all.
    """
    indexed: dict[int, tuple[int, Path]] = {}
    for label, name in enumerate(CLASS_NAMES):
        if not (folder / name).is_dir():
            raise DatasetError(f"{folder} has no folder {name!r}; {_COPY_AGAIN}")
        files = [file for file in (folder / name).iterdir() if file.suffix == ".jpg" and file.stem.isdigit()]
        if len(files) != expected:
            raise DatasetError(
                f"{folder / name} holds {len(files):,} pictures (<index>.jpg), expected {expected:,}; "
                f"{_COPY_AGAIN}"
            )
        for file in files:
            if int(file.stem) in indexed:
                raise DatasetError(
                    f"{file} has the same index as {indexed[int(file.stem)][1]}: the original order is lost; "
                    f"{_COPY_AGAIN}"
                )
            indexed[int(file.stem)] = (label, file)
    last = len(indexed) - 1
    if max(indexed) != last:
        raise DatasetError(
            f"the indices in {folder} run up to {max(indexed):,}, expected every one from 0 to {last:,}: "
            f"the original order is lost; {_COPY_AGAIN}"
        )
    return [indexed[index] for index in range(len(indexed))]


_COPY_AGAIN = "unpack or copy the pictures again"


def read_picture(file: Path) -> np.ndarray:
    """Return one picture as uint8 (32, 32, 3), or raise `DatasetError` naming the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(file.read_bytes()), formats=("JPEG",)) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        # Pillow names the BytesIO object, which tells a reader nothing: keep only what happened.
        what = "it is not a JPEG picture" if isinstance(error, UnidentifiedImageError) else str(error)
        raise DatasetError(f"{file} cannot be read ({what}); {_COPY_AGAIN}") from None
    if pixels.shape != (32, 32, 3):
        height, width, _ = pixels.shape
        raise DatasetError(f"{file} is {width} x {height} pixels, expected 32 x 32; {_COPY_AGAIN}")
    return pixels
