"""CIFAR-10 in Keras's cache: find it, or download it there without ever hanging or leaving half of it behind.

The place and the names are those of ``keras.datasets.cifar10.load_data``, so that either finds what the
other stored. Keras's own download has no time-out; this one gives up when the host is silent or far too
slow.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from notmagic.datasets.cifar10 import BATCH_FOLDER, BATCH_MD5, DatasetError

__all__ = ["download", "fetch", "find"]

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
# SHA-256 of the archive, as keras/src/datasets/cifar10.py gives it.
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
TARGET = "cifar-10-batches-py-target"  # Keras 3; Keras 2 had BATCH_FOLDER itself here
SILENCE = 15.0  # seconds without a byte before giving up
LIMIT = 300.0  # seconds for the whole download before giving up


def datasets_folder() -> Path:
    """Return the folder where Keras keeps data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def find(md5: Mapping[str, str] = BATCH_MD5) -> tuple[Path | None, str]:
    """Look for whole batches in Keras's cache.

    Parameters
    ----------
    md5 : mapping
        The checksum of each batch file.

    Returns
    -------
    folder : Path or None
        The folder with the six batch files, if all are there and unchanged.
    reason : str
        Otherwise why not, for the reader.
    """
    folders = [datasets_folder() / TARGET / BATCH_FOLDER, datasets_folder() / BATCH_FOLDER]
    present = [folder for folder in folders if folder.is_dir()]
    for folder in present:
        if _is_whole(folder, md5):
            return folder, ""
    if present:
        return None, f"Keras's cache is damaged or incomplete ({present[0]}): delete that folder"
    return None, f"Keras's cache ({datasets_folder()}) does not hold it"


def _is_whole(folder: Path, md5: Mapping[str, str]) -> bool:
    """Tell whether a folder holds every batch file, unchanged."""
    return all((folder / name).is_file() and _digest("md5", folder / name) == md5[name] for name in md5)


def _digest(algorithm: str, path: Path) -> str:
    """Return a file's checksum in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def download(
    url: str = URL,
    sha256: str = SHA256,
    md5: Mapping[str, str] = BATCH_MD5,
    silence: float = SILENCE,
    limit: float = LIMIT,
) -> tuple[Path | None, str]:
    """Download the archive into Keras's cache and unpack it there.

    All work happens in a folder of its own beside the cache; only checked and complete files are moved into
    place.

    Parameters
    ----------
    url : str
        Where the archive is.
    sha256 : str
        The archive's checksum.
    md5 : mapping
        The checksum of each batch file.
    silence, limit : float
        Seconds without a byte, and in all, after which to give up.

    Returns
    -------
    folder : Path or None
        The folder with the batch files.
    reason : str
        Why there is none, for the reader.
    """
    try:
        datasets_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".notmagic-", dir=datasets_folder()) as work:
            return _download_through(Path(work), url, sha256, md5, silence, limit), ""
    except DatasetError as error:
        return None, f"download: {error}"
    except OSError as error:
        folder = datasets_folder()
        return None, f"download: {folder} cannot be written ({error.strerror}): set KERAS_HOME to another"


def _download_through(
    work: Path, url: str, sha256: str, md5: Mapping[str, str], silence: float, limit: float
) -> Path:
    """Fetch, check and unpack in ``work``, then move archive and folder into the cache."""
    target = datasets_folder() / TARGET
    archive = datasets_folder() / f"{TARGET}_archive"
    # An intact archive without its folder is what remains when Keras is stopped while unpacking.
    if not (archive.is_file() and _digest("sha256", archive) == sha256):
        print(f"Downloading CIFAR-10 (170 MB) from {url} into {datasets_folder()}", flush=True)
        part = work / "archive"
        fetch(url, part, silence, limit)
        if _digest("sha256", part) != sha256:
            size = f"{part.stat().st_size:,} bytes"
            raise DatasetError(f"what came ({size}) is cut short or not the archive; try again")
        part.replace(archive)
    with tarfile.open(archive) as opened:
        opened.extractall(work / "new", filter="data")
    if not _is_whole(work / "new" / BATCH_FOLDER, md5):
        raise DatasetError("the archive does not hold the original batches")
    if target.exists():
        target.rename(work / "old")
    (work / "new").rename(target)
    return target / BATCH_FOLDER


@dataclass
class _Transfer:
    """What the reading thread tells the waiting one."""

    received: int = 0
    total: int = 0
    last_byte: float = field(default_factory=time.monotonic)
    error: Exception | None = None
    stop: bool = False


def fetch(url: str, target: Path, silence: float, limit: float) -> None:
    """Copy a URL to a file; never wait longer than told.

    A thread reads and this one watches it: a socket's own time-out covers neither a name look-up that hangs
    nor a host that sends one byte now and then.

    Parameters
    ----------
    url : str
        What to fetch.
    target : Path
        The file to write.
    silence, limit : float
        Seconds without a byte, and in all, after which to give up.

    Raises
    ------
    DatasetError
        If the host cannot be reached, refuses, is silent, or is too slow.
    """
    transfer = _Transfer()
    thread = threading.Thread(target=_copy, args=(url, target, transfer, silence), daemon=True)
    begun, shown = time.monotonic(), 0
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.05)
            now = time.monotonic()
            if thread.is_alive() and now - transfer.last_byte > silence:
                raise DatasetError(f"the host sent nothing for {silence:g} seconds")
            if thread.is_alive() and now - begun > limit:
                raise DatasetError(
                    f"only {transfer.received / 1e6:.1f} MB in {limit:g} seconds: the host is too slow"
                )
            shown = _show_progress(transfer, shown)
    finally:
        transfer.stop = True
    if transfer.error is not None:
        raise DatasetError(_plain(transfer.error))


def _copy(url: str, target: Path, transfer: _Transfer, silence: float) -> None:
    """Read the URL into the file, in a thread; keep any error for the waiting thread."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "notmagic"})
        with urllib.request.urlopen(request, timeout=silence) as response, target.open("wb") as file:
            transfer.total = int(response.headers.get("Content-Length") or 0)
            while not transfer.stop and (block := response.read1(1 << 16)):
                file.write(block)
                transfer.received += len(block)
                transfer.last_byte = time.monotonic()
    except Exception as error:
        transfer.error = error


def _show_progress(transfer: _Transfer, shown: int) -> int:
    """Print a line at every fifth of the whole; return how many fifths have been shown."""
    fifths = 5 * transfer.received // transfer.total if transfer.total else 0
    if fifths > shown:
        print(f"  {transfer.received / 1e6:.0f} of {transfer.total / 1e6:.0f} MB", flush=True)
    return max(shown, fifths)


def _plain(error: Exception) -> str:
    """Say in plain words what went wrong with a download."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the host answered with error {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the host did not answer in time"
    if isinstance(cause, socket.gaierror):
        return "the host was not found: this machine seems to have no network"
    return f"the host cannot be reached ({cause})"
