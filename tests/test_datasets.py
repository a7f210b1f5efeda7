"""The pictures: every form CIFAR-10 comes in, everything that can be wrong with it, and the stand-in."""

import contextlib
import hashlib
import importlib.util
import io
import os
import pickle
import re
import socket
import subprocess
import sys
import tarfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import RidgeClassifier

from notmagic.datasets import (
    CLASS_NAMES,
    DatasetError,
    keras_cache,
    load_cifar10,
    load_digits,
    sample_images,
    stand_in,
)
from notmagic.datasets import cifar10 as module

FEW = {"train": 5, "test": 1}  # pictures per class in the small sets below
ALL = {"train": None, "test": None}
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")


# --- Small sets in each form ---


def md5_of(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def small():
    """Fifty training and ten test images of noise with the classes mixed."""
    rng = np.random.default_rng(7)

    def split(n):
        images = rng.integers(0, 256, (10 * n, 32, 32, 3), np.uint8)
        return images, rng.permutation(np.repeat(np.arange(10), n))

    return {name: split(n) for name, n in FEW.items()}


class Python2Array:
    """Pickles as Python 2's NumPy did: raw bytes and a dtype made with integers."""

    class Dtype:
        def __reduce__(self):
            return np.dtype, ("u1", 0, 1), (3, "|", None, None, None, -1, -1, 0)

    def __init__(self, array):
        self.array = array

    def __reduce__(self):
        from numpy._core.multiarray import _reconstruct

        state = (1, self.array.shape, self.Dtype(), False, self.array.tobytes())
        return _reconstruct, (np.ndarray, (0,), b"b"), state


def batch_bytes(images, labels) -> bytes:
    data = Python2Array(images.transpose(0, 3, 1, 2).reshape(len(images), 3072))
    return pickle.dumps({b"data": data, b"labels": [int(label) for label in labels]}, protocol=2)


@pytest.fixture
def batches(small, tmp_path):
    """A folder in the original form with five training batches of ten images, and its checksums."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    x, y = small["train"]
    tens = [slice(10 * i, 10 * i + 10) for i in range(5)]
    contents = {f"data_batch_{i + 1}": batch_bytes(x[ten], y[ten]) for i, ten in enumerate(tens)}
    contents["test_batch"] = batch_bytes(*small["test"])
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder, {name: md5_of(content) for name, content in contents.items()}


@pytest.fixture
def archive(batches, tmp_path):
    """The same folder packed as the original archive is."""
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        packed.add(batches[0], arcname="cifar-10-batches-py")
    return path


@pytest.fixture
def pictures(small, tmp_path):
    """The same images as a folder of JPEG files."""
    for split, (images, labels) in small.items():
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            file = tmp_path / "pictures" / split / CLASS_NAMES[label] / f"{index:05d}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file, quality=95)
    return tmp_path / "pictures"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No named folder, an empty Keras cache; returns the cache's folder."""
    monkeypatch.delenv("NOTMAGIC_CIFAR10", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets"


# --- The original batches ---


def test_original_batches_are_read_in_order_with_channels_last(batches, small):
    folder, md5 = batches
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy 2.4 warns about Python 2's dtypes; readers must not see it
        data = module.read_named(folder, ALL, FEW, md5)
    np.testing.assert_array_equal(data.x_train, small["train"][0])
    np.testing.assert_array_equal(data.y_train, small["train"][1])
    np.testing.assert_array_equal(data.x_test, small["test"][0])
    np.testing.assert_array_equal(data.y_test, small["test"][1])
    assert {a.dtype for a in (data.x_train, data.y_train, data.x_test, data.y_test)} == {np.dtype(np.uint8)}
    assert (data.source, data.is_real) == ("CIFAR-10 (original batches)", True)


def test_the_folder_around_the_batches_may_be_named_too(batches, small):
    folder, md5 = batches
    data = module.read_named(folder.parent, {"train": 13, "test": 4}, FEW, md5)
    np.testing.assert_array_equal(data.x_train, small["train"][0][:13])
    np.testing.assert_array_equal(data.y_test, small["test"][1][:4])


def test_a_limit_reads_only_the_batches_it_needs(batches):
    folder, md5 = batches
    (folder / "data_batch_5").write_bytes(b"damaged")
    assert len(module.read_named(folder, {"train": 40, "test": None}, FEW, md5).x_train) == 40
    with pytest.raises(DatasetError, match="data_batch_5"):
        module.read_named(folder, {"train": 41, "test": None}, FEW, md5)


@pytest.mark.parametrize("name", BATCHES)
def test_a_truncated_batch_is_named(batches, name):
    folder, md5 = batches
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-100])
    with pytest.raises(DatasetError, match=rf"{name} .*checksum.*cut short.*unpack cifar-10-python"):
        module.read_named(folder, ALL, FEW, md5)


def test_a_missing_batch_is_named(batches):
    folder, md5 = batches
    (folder / "data_batch_3").unlink()
    (folder / "test_batch").unlink()
    with pytest.raises(DatasetError, match="lacks data_batch_3, test_batch"):
        module.read_named(folder, ALL, FEW, md5)


def test_wrong_checksums_stop_a_batch_before_it_is_unpickled(batches):
    """With the real checksums the small set must be refused, though it parses."""
    with pytest.raises(DatasetError, match="c99cafc152244af753f735de768cd75f"):
        load_cifar10(batches[0])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        pickle.dumps({b"data": np.zeros((3, 3072), np.uint8)}),
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": np.zeros((3, 100), np.uint8), b"labels": [0, 1, 2]}),
        pickle.dumps({b"data": np.zeros((3, 3072), np.uint8), b"labels": [0, 1]}),
        pickle.dumps({b"data": np.zeros((3, 3072), np.uint8), b"labels": [0, 1, 2]})[:5000],
    ],
    ids=["empty", "no labels", "a list", "wrong width", "label short", "cut pickle"],
)
def test_a_file_that_is_no_batch_is_refused(content):
    with pytest.raises(DatasetError, match="data_batch_1"):
        module.parse_batch(content, "data_batch_1", md5_of(content))


def test_wrong_counts_in_batches_are_listed(batches):
    folder, md5 = batches
    with pytest.raises(DatasetError, match=r"train images are not 6 of each .*airplane 5"):
        module.read_named(folder, ALL, {"train": 6, "test": 1}, md5)


def test_the_archive_can_be_named(batches, archive, small):
    data = module.read_named(archive, ALL, FEW, batches[1])
    np.testing.assert_array_equal(data.x_train, small["train"][0])


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.98])
def test_an_archive_cut_short_is_refused(batches, archive, keep):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DatasetError, match=r"cut short|lacks"):
        module.read_named(archive, ALL, FEW, batches[1])


# --- A folder of pictures ---


def test_pictures_come_back_in_the_original_order(pictures, small):
    data = module.read_named(pictures, ALL, FEW)
    np.testing.assert_array_equal(data.y_train, small["train"][1])
    np.testing.assert_array_equal(data.y_test, small["test"][1])
    assert data.x_train.shape == (50, 32, 32, 3)
    assert data.x_train.dtype == np.uint8
    # JPEG blurs noise, but each picture still resembles itself and not its neighbour.
    errors = np.abs(data.x_train[:, None].astype(float) - small["train"][0][None]).mean(axis=(2, 3, 4))
    np.testing.assert_array_equal(errors.argmin(axis=1), np.arange(50))
    assert (data.source, data.is_real) == ("CIFAR-10 (image folder)", True)


def test_limits_keep_the_first_pictures(pictures, small):
    data = module.read_named(pictures, {"train": 7, "test": 3}, FEW)
    assert (len(data.x_train), len(data.x_test)) == (7, 3)
    np.testing.assert_array_equal(data.y_train, small["train"][1][:7])


def test_a_missing_class_is_named(pictures):
    for file in (pictures / "train" / "cat").iterdir():
        file.unlink()
    (pictures / "train" / "cat").rmdir()
    with pytest.raises(DatasetError, match=r"train has no folder 'cat'; unpack or copy"):
        module.read_named(pictures, ALL, FEW)


def test_wrong_counts_are_named(pictures):
    next((pictures / "test" / "ship").iterdir()).unlink()
    with pytest.raises(DatasetError, match=r"ship holds 0 pictures .* expected 1"):
        module.read_named(pictures, ALL, FEW)


def test_the_public_loader_wants_five_thousand_of_each_class(pictures):
    with pytest.raises(DatasetError, match=r"holds 5 pictures .* expected 5,000"):
        load_cifar10(pictures)


def test_a_picture_cut_short_is_named_and_not_padded(pictures):
    victim = sorted((pictures / "train" / "dog").iterdir())[2]
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=rf"{victim.name} cannot be read"):
        module.read_named(pictures, ALL, FEW)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda file: file.write_bytes(b"not a picture"), "not a JPEG picture"),
        (lambda file: file.write_bytes(b""), "not a JPEG picture"),
        (lambda file: Image.new("RGB", (32, 32)).save(file, format="PNG"), "not a JPEG picture"),
        (lambda file: Image.new("RGB", (30, 32)).save(file), "30 x 32 pixels, expected 32 x 32"),
    ],
    ids=["text", "empty", "png", "size"],
)
def test_a_file_that_is_no_such_picture_is_named(pictures, spoil, what):
    victim = next((pictures / "test" / "frog").iterdir())
    spoil(victim)
    with pytest.raises(DatasetError, match=f"{victim.name} .*{what}"):
        module.read_named(pictures, ALL, FEW)


def test_an_index_that_occurs_twice_or_not_at_all_is_noticed(pictures):
    first, second, *_ = sorted((pictures / "train" / "bird").iterdir())
    spare = first.with_name("00050.jpg")
    first.rename(spare)
    with pytest.raises(DatasetError, match="run up to 50, expected every one from 0 to 49"):
        module.read_named(pictures, ALL, FEW)
    spare.rename(second.with_name(second.stem.lstrip("0") + "0.jpg")).unlink()
    taken = next(iter((pictures / "train" / "deer").iterdir())).name
    Image.new("RGB", (32, 32)).save(first.with_name(taken))
    with pytest.raises(DatasetError, match="same index"):
        module.read_named(pictures, ALL, FEW)


# --- What a caller can get wrong ---


def test_a_named_folder_never_falls_back(tmp_path, monkeypatch, capsys):
    with pytest.raises(DatasetError, match=r"there is no folder .*gone.*unset NOTMAGIC_CIFAR10"):
        load_cifar10(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NOTMAGIC_CIFAR10", str(tmp_path / "empty"))
    with pytest.raises(DatasetError, match="holds neither the original batches"):
        load_cifar10()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", [0, -3, 1.5])
def test_a_limit_must_be_a_whole_number(value):
    with pytest.raises(ValueError, match="expected a whole number of images from 1"):
        load_cifar10(train=value)


# --- Keras's cache and the download ---


@pytest.mark.parametrize("form", ["cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"])
def test_batches_in_the_cache_are_found(nowhere, batches, form):
    (nowhere / form).parent.mkdir(parents=True)
    batches[0].rename(nowhere / form)
    assert keras_cache.find(batches[1]) == (nowhere / form, "")


def test_a_damaged_cache_is_not_used_and_named_in_the_banner(nowhere, batches, capsys):
    folder = nowhere / keras_cache.TARGET / "cifar-10-batches-py"
    folder.parent.mkdir(parents=True)
    batches[0].rename(folder)  # right form, wrong checksums
    assert load_cifar10(train=10, test=10, download=False).is_real is False
    assert f"damaged or incomplete ({folder})" in capsys.readouterr().out


class Host:
    """A local web server that answers one connection after another with ``behave(connection)``."""

    def __init__(self, behave):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/cifar-10-python.tar.gz"
        self.behave = behave
        self.closing = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):  # a client that gave up has gone away
                self.behave(self, connection)

    def close(self):
        self.closing.set()
        self.socket.close()


@pytest.fixture
def host():
    hosts = []

    def start(behave):
        hosts.append(Host(behave))
        return hosts[-1].url

    yield start
    for one in hosts:
        one.close()


def head(length):
    return f"HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


def silent(server, connection):
    server.closing.wait(30)


def trickling(server, connection):
    connection.recv(1000)
    connection.sendall(head(10**6))
    while not server.closing.wait(0.05):
        connection.sendall(b"x")


def sending(content, announced=None):
    def behave(server, connection):
        connection.recv(1000)
        connection.sendall(head(announced or len(content)) + content)

    return behave


def refusing(server, connection):
    connection.recv(1000)
    connection.sendall(b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


def test_a_download_lands_where_keras_looks(nowhere, host, batches, archive, small):
    url = host(sending(archive.read_bytes()))
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    folder, reason = keras_cache.download(url, sha256, batches[1])
    assert (folder, reason) == (nowhere / keras_cache.TARGET / "cifar-10-batches-py", "")
    assert sorted(p.name for p in nowhere.iterdir()) == [keras_cache.TARGET, f"{keras_cache.TARGET}_archive"]
    assert keras_cache.find(batches[1])[0] == folder
    data = module.read_batches(folder, ALL, FEW, batches[1])
    np.testing.assert_array_equal(data.x_train, small["train"][0])


def test_keras_itself_uses_the_downloaded_folder(nowhere):
    """The names agree with the installed Keras, whose loader finds what ours stored."""
    package = Path(importlib.util.find_spec("keras").origin).parent  # importing it would take seconds
    source = (package / "src" / "datasets" / "cifar10.py").read_text(encoding="utf-8")
    for name in (keras_cache.TARGET, keras_cache.URL, keras_cache.SHA256, module.BATCH_FOLDER):
        assert f'"{name}"' in source


def test_a_damaged_cache_is_replaced_and_a_whole_archive_is_not_fetched_again(nowhere, batches, archive):
    folder = nowhere / keras_cache.TARGET / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    (folder / "data_batch_1").write_bytes(b"half")
    archive.rename(nowhere / f"{keras_cache.TARGET}_archive")
    sha256 = hashlib.sha256((nowhere / f"{keras_cache.TARGET}_archive").read_bytes()).hexdigest()
    assert keras_cache.download("http://127.0.0.1:9/never-asked", sha256, batches[1]) == (folder, "")
    assert keras_cache.find(batches[1])[0] == folder


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (silent, "sent nothing for 0.5 seconds|did not answer in time"),
        (trickling, "in 1 seconds: the host is too slow"),
        (refusing, "answered with error 503"),
        (sending(b"half of it", announced=1000), r"what came \(10 bytes\) is cut short"),
        (sending(b"<html>moved</html>"), "cut short or not the archive"),
    ],
    ids=["silent", "trickling", "refusing", "cut short", "something else"],
)
def test_a_bad_host_costs_little_time_and_leaves_nothing(nowhere, host, behave, what, batches):
    begun = time.monotonic()
    folder, reason = keras_cache.download(host(behave), "0" * 64, batches[1], silence=0.5, limit=1)
    assert time.monotonic() - begun < 5
    assert folder is None
    assert reason.startswith("download: ")
    assert re.search(what, reason), reason
    assert list(nowhere.iterdir()) == []


def test_an_archive_without_the_batches_never_becomes_the_cache(nowhere, host, archive):
    content = archive.read_bytes()
    wrong = dict.fromkeys(BATCHES, "0" * 32)
    folder, reason = keras_cache.download(host(sending(content)), hashlib.sha256(content).hexdigest(), wrong)
    assert folder is None
    assert "does not hold the original batches" in reason
    assert not (nowhere / keras_cache.TARGET).exists()


def test_a_cache_that_cannot_be_written_is_said_plainly(nowhere):
    nowhere.parent.mkdir()
    nowhere.write_text("a file where the folder should be")
    folder, reason = keras_cache.download("http://127.0.0.1:9/")
    assert folder is None
    assert "cannot be written" in reason
    assert "KERAS_HOME" in reason


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **keywords):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_without_a_network_the_stand_in_comes_with_its_banner(nowhere, no_network, capsys):
    data = load_cifar10(train=100, test=50)
    printed = capsys.readouterr().out
    assert not data.is_real
    assert data.source == "drawn stand-in, not CIFAR-10"
    assert (data.x_train.shape, data.y_test.shape) == ((100, 32, 32, 3), (50,))
    assert "THESE ARE NOT THE CIFAR-10 PICTURES" in printed
    for reason in ("NOTMAGIC_CIFAR10 names no folder", "Keras's cache", "seems to have no network"):
        assert reason in printed
    assert list(nowhere.iterdir()) == []


# --- The stand-in ---


@pytest.fixture(scope="module")
def drawn():
    return stand_in.draw()


def test_the_stand_in_looks_like_cifar10_to_the_code(drawn):
    assert drawn.x_train.shape == (stand_in.TRAIN, 32, 32, 3)
    assert drawn.x_test.shape == (stand_in.TEST, 32, 32, 3)
    assert drawn.x_train.dtype == drawn.y_train.dtype == np.uint8
    assert drawn.class_names == CLASS_NAMES
    assert np.bincount(drawn.y_train).tolist() == [stand_in.TRAIN // 10] * 10
    assert np.bincount(drawn.y_test).tolist() == [stand_in.TEST // 10] * 10


def test_the_stand_in_is_the_same_each_time_and_its_splits_differ(drawn):
    again = stand_in.draw(train=200)
    np.testing.assert_array_equal(again.x_train, drawn.x_train[:200])
    np.testing.assert_array_equal(again.x_test, drawn.x_test)
    train = {image.tobytes() for image in drawn.x_train}
    assert len(train) == stand_in.TRAIN
    assert not train & {image.tobytes() for image in drawn.x_test}


def test_the_stand_in_can_be_learned_but_not_from_colour_alone(drawn):
    """Mean colours tell a few classes; the pixels tell clearly more: the shapes carry information."""

    def accuracy(features):
        model = RidgeClassifier().fit(features(drawn.x_train[:2000]), drawn.y_train[:2000])
        return model.score(features(drawn.x_test[:1000]), drawn.y_test[:1000])

    def edges(x):  # size of the steps in grey level, averaged over 8 x 8 blocks of 4 x 4 pixels
        grey = x.mean(axis=3)
        step = np.abs(np.diff(grey, axis=1, append=0)) + np.abs(np.diff(grey, axis=2, append=0))
        return step.reshape(len(x), 8, 4, 8, 4).mean(axis=(2, 4)).reshape(len(x), -1) / 32

    colour = accuracy(lambda x: x.mean(axis=(1, 2)) / 255)
    shape = accuracy(edges)
    assert colour < 0.35
    assert shape > colour + 0.1


# --- The real pictures ---


@pytest.fixture(scope="module")
def real(cifar10_folder):
    return load_cifar10(cifar10_folder)


@pytest.mark.xdist_group("cifar10")
def test_real_pictures_are_all_there(real):
    assert real.x_train.shape == (50_000, 32, 32, 3)
    assert real.x_test.shape == (10_000, 32, 32, 3)
    assert np.bincount(real.y_train).tolist() == [5_000] * 10
    assert np.bincount(real.y_test).tolist() == [1_000] * 10
    assert real.is_real


@pytest.mark.xdist_group("cifar10")
def test_real_pictures_are_in_the_original_order(real):
    """The first labels of data_batch_1 and of test_batch, as everyone who has opened them knows."""
    assert real.y_train[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert real.y_test[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]


@pytest.mark.xdist_group("cifar10")
def test_real_pictures_have_the_known_mean_colour(real):
    """Red, green and blue of the training images average 0.4914, 0.4822 and 0.4465, JPEG or not."""
    np.testing.assert_allclose(real.x_train.mean(axis=(0, 1, 2)) / 255, [0.4914, 0.4822, 0.4465], atol=0.001)


# --- Digits and samples ---


def test_digits_are_split_fairly_and_always_alike():
    digits = load_digits()
    assert digits.x_train.shape == (1437, 8, 8)
    assert digits.x_test.shape == (360, 8, 8)
    assert digits.x_train.dtype == digits.y_train.dtype == np.uint8
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 16)
    share = np.bincount(digits.y_train) / 1437 - np.bincount(digits.y_test) / 360
    assert np.abs(share).max() < 0.003
    np.testing.assert_array_equal(load_digits().x_test, digits.x_test)
    assert not np.array_equal(load_digits(seed=1).y_test, digits.y_test)
    together = np.concatenate([digits.x_train, digits.x_test]).reshape(1797, -1)
    from sklearn.datasets import load_digits as original

    np.testing.assert_array_equal(np.sort(together.sum(axis=1)), np.sort(original().data.sum(axis=1)))


@pytest.mark.parametrize("size", [9, 1788])
def test_a_split_without_room_for_each_digit_is_refused(size):
    with pytest.raises(ValueError, match=rf"test_size is {size}, expected a whole number from 10 to 1,787"):
        load_digits(test_size=size)


def test_sample_images_are_small_and_use_the_whole_range():
    images = sample_images()
    assert list(images) == ["digit", "photographer", "bricks", "cat", "coffee", "rocket"]
    for name, image in images.items():
        assert image.dtype == np.uint8, name
        assert image.shape in {(8, 8), (64, 64), (64, 64, 3)}, name
        assert image.max() - image.min() > 100, name
    assert images["digit"].max() == 255
    red, _, blue = images["coffee"].mean(axis=(0, 1))
    assert red > blue + 50  # the cup is red, so red comes first
    images["cat"][:] = 0
    assert sample_images()["cat"].any()  # each caller has arrays of its own


def test_a_sample_is_the_mean_of_the_blocks_it_came_from():
    from skimage import data

    block = data.camera()[60 + 4 * 10 : 60 + 4 * 11, 140 + 4 * 20 : 140 + 4 * 21]
    assert sample_images()["photographer"][10, 20] == round(float(block.mean()))


def test_loading_imports_no_tensorflow(tmp_path):
    code = (
        "import sys; from notmagic.datasets import load_cifar10, load_digits, sample_images; load_digits();"
        "sample_images(); load_cifar10(train=10, test=10, download=False);"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NOTMAGIC_CIFAR10"}
    environment["KERAS_HOME"] = str(tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


def test_reprs_name_sizes_and_source(pictures):
    data = module.read_named(pictures, ALL, FEW)
    assert repr(data) == "Cifar10(50 training and 10 test images, 'CIFAR-10 (image folder)')"
    assert "1,437 training and 360 test" in repr(load_digits())


def test_a_jpeg_in_grey_is_read_as_colour(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (32, 32), 77).save(buffer, format="JPEG")
    (tmp_path / "00000.jpg").write_bytes(buffer.getvalue())
    assert np.ptp(module.read_picture(tmp_path / "00000.jpg"), axis=2).max() == 0
