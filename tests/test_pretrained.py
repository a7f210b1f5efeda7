"""The stored network of chapter 11: its files are whole; what is claimed of it can be measured again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from notmagic import pretrained
from notmagic.datasets import load_cifar10
from notmagic.geometry import conv2d_params, dense_params
from notmagic.pretrained import cifar10_chapter11 as chapter11
from notmagic.pretrained import history, predictions, replay, weights

FOLDER = Path(pretrained.__file__).parent
NAME = "cifar10_chapter11"
FILES = (f"{NAME}.npz", f"{NAME}_predictions.npz")

one_worker = pytest.mark.xdist_group("cifar10")


@pytest.fixture(scope="module")
def model():
    network = chapter11.build_model()
    network.set_weights(list(weights().values()))
    chapter11.compile_model(network)
    return network


@pytest.fixture(scope="module")
def real(cifar10_folder):
    return load_cifar10(cifar10_folder)


# --- The files ---


@pytest.mark.parametrize("name", FILES)
def test_files_are_whole_and_small(name):
    assert pretrained.checksum(FOLDER / name) == history()["files"][name]["sha256"]
    assert (FOLDER / name).stat().st_size < 260_000


def test_the_weights_are_those_of_the_network_in_the_chapter():
    arrays = weights()
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    assert sum(array.size for array in arrays.values()) == 122_570
    assert [array.shape for array in arrays.values()] == [
        (3, 3, 3, 32),
        (32,),
        (3, 3, 32, 64),
        (64,),
        (3, 3, 64, 64),
        (64,),
        (1024, 64),
        (64,),
        (64, 10),
        (10,),
    ]
    by_hand = conv2d_params(3, 3, 32) + conv2d_params(3, 32, 64) + conv2d_params(3, 64, 64)
    assert by_hand + dense_params(1024, 64) + dense_params(64, 10) == chapter11.PARAMETERS


def test_the_history_holds_three_whole_runs_on_the_real_pictures():
    record = history()
    assert record["data"] == {"source": "CIFAR-10 (image folder)", "train": 50_000, "test": 10_000}
    assert [run["seed"] for run in record["runs"]] == [0, 1, 2]
    for run in record["runs"]:
        for key in ("accuracy", "loss", "val_accuracy", "val_loss", "seconds_per_epoch"):
            assert len(run[key]) == record["training"]["epochs"] == 10
        # The last epoch's test numbers were measured twice, in different batches.
        assert run["final"]["test_accuracy"] == pytest.approx(run["val_accuracy"][-1], abs=1e-3)
        assert run["final"]["test_loss"] == pytest.approx(run["val_loss"][-1], abs=1e-3)


def test_the_record_was_made_by_the_present_script(real):
    import keras

    record, now = history(), chapter11.describe(real, chapter11.EPOCHS)
    for key in ("made_by", "data", "training"):
        assert record[key] == now[key], key
    # What the record tells in words is what the script does.
    network = chapter11.build_model()
    chapter11.compile_model(network)
    assert record["training"]["parameters"] == network.count_params()
    assert type(network.optimizer) is keras.optimizers.Adam
    assert float(network.optimizer.learning_rate) == pytest.approx(0.001)
    assert isinstance(network.loss, keras.losses.SparseCategoricalCrossentropy)
    assert network.loss.get_config()["from_logits"] is True


def test_predictions_are_probabilities_of_every_test_picture():
    probabilities, labels = predictions()
    assert probabilities.shape == (10_000, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=2e-3)
    assert np.bincount(labels).tolist() == [1_000] * 10
    accuracy = (probabilities.argmax(axis=1) == labels).mean()
    assert accuracy == pytest.approx(history()["files"][FILES[0]]["test_accuracy"], abs=1e-3)


# --- What is claimed, measured again ---


@one_worker
def test_claimed_accuracies_can_be_measured_again(model, real):
    claimed = history()["files"][FILES[0]]
    measured = chapter11.measure(model, real)
    assert measured["train_accuracy"] == pytest.approx(claimed["train_accuracy"], abs=1e-3)
    assert measured["test_accuracy"] == pytest.approx(claimed["test_accuracy"], abs=1e-3)
    # Rounding to float16 has changed next to nothing.
    whole = history()["runs"][0]["final"]
    assert measured["test_accuracy"] == pytest.approx(whole["test_accuracy"], abs=2e-3)


@one_worker
def test_stored_predictions_are_the_networks_own(model, real):
    probabilities, labels = predictions()
    np.testing.assert_array_equal(labels, real.y_test)
    again = chapter11.predict_probabilities(model, real.x_test)
    np.testing.assert_allclose(again, probabilities, atol=2e-3)


def test_our_own_layers_give_the_same_logits(model):
    """The network, taken apart and run with the package's NumPy layers, without Keras's arithmetic."""
    from notmagic.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU

    stack = [
        Conv2D(32, 3),
        ReLU(),
        MaxPooling2D(2),
        Conv2D(64, 3),
        ReLU(),
        MaxPooling2D(2),
        Conv2D(64, 3),
        ReLU(),
        Flatten(),
        Dense(64),
        ReLU(),
        Dense(10),
    ]
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
    remaining = list(weights().values())
    x = images.astype(np.float32) / 255
    for layer in stack:
        layer.build(x.shape)
        for own in layer.weights:
            own[...] = remaining.pop(0)
        x = layer(x)
    assert not remaining
    np.testing.assert_allclose(x, model.predict(images, verbose=0), rtol=1e-3, atol=1e-3)


# --- Messages ---


@pytest.fixture
def copied(tmp_path):
    for name in (*FILES, f"{NAME}.json"):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def test_an_unknown_network_is_said_with_those_there_are():
    with pytest.raises(ValueError, match=f"no trained network is called 'vgg'; there are: .*{NAME}"):
        weights("vgg")


@pytest.mark.parametrize(("name", "read"), [(FILES[0], weights), (FILES[1], predictions)])
def test_damaged_or_missing_files_are_refused(copied, name, read):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} is damaged: .* install notmagic again"):
        read(folder=copied)
    (copied / name).unlink()
    with pytest.raises(ValueError, match=f"{name} is missing"):
        read(folder=copied)


# --- What was kept of each epoch ---


@pytest.fixture
def kept(tmp_path):
    """Two runs of three epochs with five pictures, in files as the script of chapter 12 names them."""
    random, labels = np.random.default_rng(4), np.array([3, 8, 8, 0, 6], np.uint8)
    runs = {step: random.dirichlet(np.ones(10), (3, 5)).astype(np.float16) for step in ("first", "last")}
    path = tmp_path / "cifar10_chapter12_replay.npz"
    np.savez(path, labels=labels, **runs)
    record = {"runs": {}, "files": {path.name: {"sha256": pretrained.checksum(path)}}}
    path.with_name("cifar10_chapter12.json").write_text(json.dumps(record))
    return tmp_path, labels, runs


def test_epochs_are_read_back_as_they_were_stored(kept):
    folder, labels, runs = kept
    found, probabilities = replay(folder=folder)
    np.testing.assert_array_equal(found, labels)
    assert list(probabilities) == ["first", "last"]
    for step, array in probabilities.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, runs[step].astype(np.float32))


def test_a_damaged_or_missing_replay_is_refused(kept):
    path = kept[0] / "cifar10_chapter12_replay.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"_replay\.npz is damaged: .* install notmagic again"):
        replay(folder=kept[0])
    path.unlink()
    with pytest.raises(ValueError, match=r"_replay\.npz is missing"):
        replay(folder=kept[0])


def test_a_network_without_kept_epochs_is_said():
    with pytest.raises(ValueError, match=rf"no epochs of '{NAME}' were kept; expected {NAME}_replay"):
        replay("cifar10_chapter11")


def test_changed_layers_are_noticed(monkeypatch):
    monkeypatch.setattr(chapter11, "PARAMETERS", 122_571)
    with pytest.raises(RuntimeError, match=r"has 122,570 parameters, expected 122,571"):
        chapter11.build_model()


# --- The script ---


@pytest.fixture
def few():
    from notmagic.datasets import stand_in

    return stand_in.draw(train=64, test=32)


def test_the_script_stores_what_it_measured_and_continues_where_it_stopped(few, tmp_path, capsys):
    first = chapter11.train([3], few, tmp_path, epochs=1)
    assert [run["seed"] for run in first["runs"]] == [3]
    assert [run["seed"] for run in history(folder=tmp_path)["runs"]] == [3]
    probabilities, labels = predictions(folder=tmp_path)
    np.testing.assert_array_equal(labels, few.y_test)
    network = chapter11.build_model()
    network.set_weights(list(weights(folder=tmp_path).values()))
    np.testing.assert_allclose(chapter11.predict_probabilities(network, few.x_test), probabilities, atol=2e-3)

    capsys.readouterr()
    second = chapter11.train([3, 4], few, tmp_path, epochs=1)
    assert [run["seed"] for run in second["runs"]] == [3, 4]
    assert second["runs"][0] == first["runs"][0]
    assert second["files"] == first["files"]
    assert f"seed 3: already in {NAME}.json" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*FILES, f"{NAME}.json"))


def test_a_seed_gives_the_same_numbers_twice_and_another_seed_others(few):
    def numbers(seed):
        _, record = chapter11.train_one_seed(seed, few, epochs=1)
        return record["loss"], record["final"]

    assert numbers(5) == numbers(5)
    assert numbers(5) != numbers(6)


def test_a_record_made_with_other_settings_or_data_is_not_overwritten(few, tmp_path, monkeypatch):
    from notmagic.datasets import stand_in

    path = tmp_path / f"{NAME}.json"
    assert chapter11.load_record(path, chapter11.describe(few, epochs=1))["runs"] == []
    other = {**chapter11.describe(few, epochs=9), "files": {}, "runs": [{"seed": 3}]}
    path.write_text(json.dumps(other))
    assert chapter11.load_record(path, chapter11.describe(few, epochs=9)) == other
    with pytest.raises(ValueError, match=r"made with {'epochs': 9}; expected {'epochs': 1}, or .* --out"):
        chapter11.train([3], few, tmp_path, epochs=1)
    more = stand_in.draw(train=65, test=32)
    with pytest.raises(ValueError, match=r"made with {'train': 64}; expected {'train': 65}, or .* --out"):
        chapter11.train([3], more, tmp_path, epochs=9)
    monkeypatch.setattr(chapter11, "BATCH_SIZE", 16)
    with pytest.raises(ValueError, match=r"made with {'batch_size': 32}; expected {'batch_size': 16}"):
        chapter11.train([3], few, tmp_path, epochs=9)
    assert json.loads(path.read_text()) == other and list(tmp_path.iterdir()) == [path]


def test_a_shorter_training_leaves_the_shipped_files_as_they_are(few, copied, monkeypatch):
    """As ``--epochs 1`` once did, with a few pictures that pass for the real ones."""
    from dataclasses import replace

    pictures = replace(few, is_real=True)
    monkeypatch.setattr(chapter11, "load_cifar10", lambda path: pictures)
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    with pytest.raises(ValueError, match=r"'epochs': 10}; expected .*'epochs': 1}, or an empty folder"):
        chapter11.main(["--epochs", "1", "--seeds", "0", "--out", str(copied)])
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before


def test_another_seed_does_not_take_the_place_of_the_stored_weights(few, tmp_path):
    first = chapter11.train([3], few, tmp_path, epochs=1)["files"]
    again = chapter11.train([4], few, tmp_path, epochs=1)
    assert [run["seed"] for run in again["runs"]] == [3, 4]
    assert again["files"] == first
    assert pretrained.checksum(tmp_path / FILES[0]) == first[FILES[0]]["sha256"]


def test_the_script_refuses_the_stand_in(monkeypatch, tmp_path, few, capsys):
    monkeypatch.setattr(chapter11, "load_cifar10", lambda path: few)
    with pytest.raises(SystemExit):
        chapter11.main(["--out", str(tmp_path)])
    assert "needs the real CIFAR-10 pictures" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_reading_what_is_stored_imports_no_tensorflow():
    code = (
        "import sys; from notmagic.pretrained import history, predictions, weights;"
        "history(), predictions(), weights(); assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ), capture_output=True)
