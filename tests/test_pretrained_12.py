"""Chapter 12's ladder: the script that trains it, the network that it keeps, and what is claimed of it."""

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest

from notmagic import muon, pretrained
from notmagic.datasets import load_cifar10, stand_in
from notmagic.pretrained import cifar10_chapter12 as chapter12
from notmagic.pretrained import history, plans, predictions, replay, seconds_per_epoch, weights

FOLDER = Path(pretrained.__file__).parent
NAME = "cifar10_chapter12"
FIRST, LAST = next(iter(chapter12.LADDER)), list(chapter12.LADDER)[-1]

one_worker = pytest.mark.xdist_group("cifar10")


@pytest.fixture(scope="module")
def model():
    return plans.build_keras(plans.plan(NAME), plans.folded_weights(NAME))


@pytest.fixture(scope="module")
def few():
    return stand_in.draw(train=200, test=60)


# --- The files ---


def test_each_file_has_its_checksum_and_the_weights_are_small():
    for name, entry in history(NAME)["files"].items():
        assert pretrained.checksum(FOLDER / name) == entry["sha256"], name
    assert (FOLDER / f"{NAME}.npz").stat().st_size < 300_000


def test_the_stored_plan_is_that_of_the_last_step_and_the_weights_fit_it():
    plan = plans.plan(NAME)
    assert plan == chapter12.network_plan(chapter12.LADDER[LAST])
    assert {name: array.shape for name, array in weights(NAME).items()} == plans.weight_shapes(plan)
    assert sum(array.size for array in weights(NAME).values()) < chapter12.BUDGET


def test_the_record_was_made_by_the_present_script_on_the_real_pictures():
    record = history(NAME)
    assert record["data"] == {
        "source": "CIFAR-10 (image folder)", "train": 45_000, "validation": 5_000, "test": 10_000,
    }  # fmt: skip
    steps = chapter12.LADDER
    assert record["training"]["steps"] == {name: chapter12.settings(step) for name, step in steps.items()}
    assert record["training"]["short_epochs"] == chapter12.SHORT
    assert list(record["runs"]) == list(chapter12.LADDER)
    for runs in record["runs"].values():
        assert [run["seed"] for run in runs] == list(chapter12.SEEDS)
    assert [run["seed"] for run in record["short"]] == list(chapter12.SEEDS)
    for name, runs in record["runs"].items():
        step = chapter12.LADDER[name]
        for run in runs:
            assert run["parameters"] == chapter12.build_model(step).count_params() <= chapter12.BUDGET
            for key in ("loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy", "seconds"):
                assert len(run[key]) == record["training"]["epochs"] == 10
            # The last epoch was measured twice, in different batches.
            assert run["final"]["test"]["accuracy"] == pytest.approx(run["test_accuracy"][-1], abs=1e-3)
            assert run["final"]["validation"]["accuracy"] == pytest.approx(run["val_accuracy"][-1], abs=1e-3)


@pytest.mark.parametrize(
    ("module", "constant", "users"),
    [
        (muon, "COEFFICIENTS", [LAST]),
        (muon, "ROUNDS", [LAST]),
        (muon, "LENGTH", [LAST]),
        (muon, "MOMENTUM", [LAST]),
        (chapter12, "MUON_RATE", [LAST]),
        (chapter12, "MUON_DECAY", [LAST]),
        (chapter12, "SGD_MOMENTUM", ["one-cycle", "smoothing", "residual"]),
        (chapter12, "PEAK_RATE", ["one-cycle", "smoothing", "residual"]),
        (chapter12, "WEIGHT_DECAY", ["one-cycle", "smoothing", "residual"]),
        (chapter12, "RISE", ["one-cycle", "smoothing", "residual", LAST]),
        (chapter12, "CYCLE_BATCH", ["one-cycle", "smoothing", "residual", LAST]),
        (chapter12, "MOMENTUM", ["normalise", "one-cycle", "smoothing", "residual", LAST]),
        (chapter12, "SHIFT", list(chapter12.LADDER)[1:]),
    ],
)
def test_a_changed_constant_is_noticed_in_the_steps_that_use_it(module, constant, users, monkeypatch):
    value = getattr(module, constant)
    other = [2 * number for number in value] if isinstance(value, tuple) else 2 * value
    monkeypatch.setattr(module, constant, other)
    recorded = history(NAME)["training"]["steps"]
    changed = [name for name, step in chapter12.LADDER.items() if chapter12.settings(step) != recorded[name]]
    assert changed == users


@pytest.mark.parametrize("name", chapter12.LADDER)
def test_the_optimiser_is_set_as_the_record_tells(name):
    import keras

    step, told = chapter12.LADDER[name], history(NAME)["training"]["steps"][name]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10)])
    chapter12.compile_model(model, step, steps=1_000)
    optimizer = model.optimizer
    assert model.loss.get_config()["label_smoothing"] == told.get("smoothing", 0)
    if "rise" not in told:
        assert type(optimizer) is keras.optimizers.Adam and not {"peak_rate", "momentum"} & set(told)
        return
    assert type(optimizer) is (muon.Muon if "coefficients" in told else keras.optimizers.SGD)
    assert (optimizer.momentum, optimizer.weight_decay) == (told["momentum"], told["weight_decay"])
    rates = [float(optimizer._learning_rate(batch)) for batch in range(1_001)]
    assert np.argmax(rates) == told["rise"] * 1_000
    assert max(rates) == pytest.approx(told["peak_rate"])
    assert rates[0] == 0 and rates[-1] == pytest.approx(0, abs=1e-9)


def test_the_replay_ends_where_the_run_ended():
    labels, kept = replay(NAME)
    probabilities, truth = predictions(NAME)
    np.testing.assert_array_equal(labels, truth[: len(labels)])
    # The kept network's weights are rounded and its batch normalisation is folded in.
    np.testing.assert_allclose(kept[LAST][-1], probabilities[: len(labels)], atol=0.01)


# --- What is claimed, measured again ---


@one_worker
def test_claimed_accuracies_can_be_measured_again(model, cifar10_folder):
    data = load_cifar10(cifar10_folder)
    claimed = history(NAME)["files"][f"{NAME}.npz"]
    x, y, x_val, y_val = chapter12.split(data)
    for key, images, labels in (("validation", x_val, y_val), ("test", data.x_test, data.y_test)):
        measured = chapter12.measure(model, images, labels)
        for what, value in claimed[key].items():
            assert measured[what] == pytest.approx(value, abs=1e-3), (key, what)
    right = chapter12.predict_probabilities(model, x).argmax(axis=1) == y
    assert right.mean() == pytest.approx(claimed["train"]["accuracy"], abs=1e-3)
    probabilities, labels = predictions(NAME)
    np.testing.assert_array_equal(labels, data.y_test)
    again = chapter12.predict_probabilities(model, data.x_test)
    np.testing.assert_allclose(again, probabilities, atol=2e-3)


def test_rounding_and_folding_changed_next_to_nothing():
    record = history(NAME)
    whole = record["runs"][LAST][0]["final"]
    for key, values in record["files"][f"{NAME}.npz"].items():
        if key in whole:
            assert values["accuracy"] == pytest.approx(whole[key]["accuracy"], abs=2e-3)


# --- The networks ---


def test_each_step_of_the_ladder_keeps_what_the_ones_before_added():
    steps = list(chapter12.LADDER.values())
    for before, after in itertools.pairwise(steps):
        switched = [
            name for name in before.__dataclass_fields__
            if name != "title" and getattr(before, name) != getattr(after, name)
        ]  # fmt: skip
        assert len(switched) == 1 and not getattr(before, switched[0])


@pytest.mark.parametrize("name", chapter12.LADDER)
def test_a_folded_network_answers_as_the_trained_one(name, few):
    import keras

    step = chapter12.LADDER[name]
    keras.utils.set_random_seed(1)
    trained = chapter12.build_model(step)
    for layer in trained.layers:  # averages that are not those of the beginning
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(np.random.default_rng(1).normal(0, 0.2, layer.moving_mean.shape))
            layer.moving_variance.assign(np.random.default_rng(2).uniform(0.5, 2, layer.moving_mean.shape))
    rounded = plans.build_keras(chapter12.network_plan(step), chapter12.folded(trained, step))
    wanted = trained.predict(few.x_test, verbose=0)
    limit = 0.02 * np.abs(wanted).max()
    np.testing.assert_allclose(rounded.predict(few.x_test, verbose=0), wanted, atol=limit)


def test_the_first_step_is_chapter_11s_network():
    from notmagic.pretrained.cifar10_chapter11 import build_model

    assert [weight.shape for weight in chapter12.build_model(chapter12.LADDER[FIRST]).weights] == [
        weight.shape for weight in build_model().weights
    ]


def test_more_parameters_than_chapter_11s_are_refused(monkeypatch):
    monkeypatch.setattr(chapter12, "RESIDUAL_FILTERS", (24, 48, 64))
    with pytest.raises(RuntimeError, match=r"more than the 122,570 of chapter 11's; take fewer filters"):
        chapter12.build_model(chapter12.LADDER[LAST])


# --- Copies ---


def test_a_copy_is_the_image_moved_by_a_few_pixels_and_every_second_one_mirrored():
    image = np.arange(32 * 32 * 3, dtype=np.uint16).reshape(1, 32, 32, 3)
    copies = chapter12.copied(np.repeat(image, 400, axis=0), np.random.default_rng(0), shift=2)
    padded = np.pad(image[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    wanted = {}
    for row in range(5):
        for col in range(5):
            part = padded[row : row + 32, col : col + 32]
            wanted |= {part.tobytes(): False, np.ascontiguousarray(part[:, ::-1]).tobytes(): True}
    mirrored = [wanted[copy.tobytes()] for copy in copies]  # a KeyError: no copy of that kind exists
    assert 150 < sum(mirrored) < 250
    assert len({copy.tobytes() for copy in copies}) == len(wanted) == 50


# --- The pace ---


def made_up(**seconds):
    """A record of three rounds: batches of 4 and 2 images out of 20, with the seconds of a batch."""
    whole = {"a": 5, "b": 10}
    steps = {
        name: {"batch_size": 20 // whole[name], "batches_per_epoch": whole[name], "seconds_per_batch": values}
        for name, values in seconds.items()
    }
    return {"pace": {"rounds": 3, "steps": steps}}


def test_seconds_of_an_epoch_are_those_of_a_batch_times_the_batches():
    record = made_up(a=[0.5, 9.0, 0.25], b=[0.125, 0.0625, 0.5])
    assert seconds_per_epoch(record) == {"a": 2.5, "b": 1.25}
    assert seconds_per_epoch(record, "median") == seconds_per_epoch(record)
    assert seconds_per_epoch(record, "minimum") == {"a": 1.25, "b": 0.625}
    assert seconds_per_epoch(made_up(b=[0.5, 0.25])) == {"b": 3.75}        # between the two in the middle


def test_a_record_without_a_pace_or_an_unknown_statistic_is_said():
    with pytest.raises(ValueError, match=r"holds no pace; expected .*cifar10_chapter12 --pace"):
        seconds_per_epoch(history("cifar10_chapter11"))
    with pytest.raises(ValueError, match="no statistic 'mean'; expected one of median, minimum"):
        seconds_per_epoch(made_up(a=[1.0]), "mean")


def test_the_stored_pace_is_of_every_step_as_it_was_trained():
    record = history(NAME)
    pace, images = record["pace"], record["data"]["train"]
    assert list(pace["steps"]) == list(record["runs"])
    assert pace["rounds"] >= 5 and pace["batches"] >= 50 and pace["threads"] >= 1 and pace["cores"] >= 1
    assert set(pace["versions"]) == set(record["runs"][FIRST][0]["versions"])
    for name, step in pace["steps"].items():
        assert step["batch_size"] == record["training"]["steps"][name]["batch_size"]
        assert step["batches_per_epoch"] == images // step["batch_size"]
        assert len(step["seconds_per_batch"]) == pace["rounds"] and min(step["seconds_per_batch"]) > 0
        # Measured in another way and on another day: the quickest of thirty epochs of the training.
        quickest = min(seconds for run in record["runs"][name] for seconds in run["seconds"])
        assert seconds_per_epoch(record, "minimum")[name] == pytest.approx(quickest, rel=0.25), name


def test_the_pace_is_measured_in_turn_and_stored_beside_the_runs(few, tmp_path, monkeypatch, capsys):
    two = {name: chapter12.LADDER[name] for name in (FIRST, "one-cycle")}
    monkeypatch.setattr(chapter12, "LADDER", two)
    with pytest.raises(ValueError, match=rf"there is no {NAME}.json in .*; expected .* train first"):
        chapter12.add_pace(few, tmp_path)
    path = tmp_path / f"{NAME}.json"
    made = {**chapter12.describe(few, epochs=4), "runs": {FIRST: [{"seed": 0}]}, "files": {}}
    path.write_text(json.dumps(made))
    turns = []
    train_epoch = chapter12.train_epoch

    def noted(model, step, *arguments, batches, **more):
        turns.append((step.title, batches))
        return train_epoch(model, step, *arguments, batches=batches, **more)

    monkeypatch.setattr(chapter12, "train_epoch", noted)
    chapter12.add_pace(few, tmp_path, rounds=3, batches=2, warm_up=1)
    titles = [step.title for step in two.values()]
    assert turns == [(title, 1) for title in titles] + [(title, 2) for title in titles] * 3
    stored = history(NAME, tmp_path)
    pace = stored.pop("pace")
    assert stored == made
    assert [(s["batch_size"], s["batches_per_epoch"]) for s in pace["steps"].values()] == [(32, 5), (64, 2)]
    assert [len(step["seconds_per_batch"]) for step in pace["steps"].values()] == [3, 3]
    assert seconds_per_epoch({"pace": pace}).keys() == two.keys()
    assert f"round 3 of 3, {FIRST}: " in capsys.readouterr().out


def test_the_seconds_of_a_batch_are_those_of_its_work(few, monkeypatch):
    """Copies that take a while longer make each batch take longer by their share."""
    monkeypatch.setattr(chapter12, "LADDER", {"copies": chapter12.LADDER["copies"]})
    copied, added = chapter12.copied, 1.0
    monkeypatch.setattr(chapter12, "copied", lambda *given: time.sleep(added) or copied(*given))
    pace = chapter12.measure_pace(few, rounds=1, batches=5, warm_up=1)
    (seconds,) = pace["steps"]["copies"]["seconds_per_batch"]
    assert added / 5 < seconds < added


def test_a_pace_that_cannot_be_measured_is_refused(few):
    for how in ({"rounds": 0}, {"batches": 1}, {"batches": 3}, {"warm_up": 0}):
        with pytest.raises(ValueError, match=r"expected at least 1 round of 2 to 2 batches .* 180 images"):
            chapter12.measure_pace(few, **{"rounds": 1, "batches": 2, "warm_up": 1, **how})


def test_a_pace_is_not_added_to_runs_of_other_settings(few, tmp_path, monkeypatch):
    path = tmp_path / f"{NAME}.json"
    text = json.dumps({**chapter12.describe(few, epochs=4), "runs": {}, "files": {}})
    path.write_text(text)
    monkeypatch.setattr(chapter12, "SGD_MOMENTUM", 0.8)
    with pytest.raises(ValueError, match=r"other settings or data .*; train first, or name .* --out"):
        chapter12.add_pace(few, tmp_path)
    assert path.read_text() == text


# --- The script ---


def test_the_script_stores_what_it_measured_and_continues_where_it_stopped(few, tmp_path, capsys):
    first = chapter12.train([FIRST, LAST], [0], few, tmp_path, epochs=1)
    assert {name: [run["seed"] for run in runs] for name, runs in first["runs"].items()} == {
        FIRST: [0], LAST: [0],
    }  # fmt: skip
    network = plans.build_keras(plans.plan(NAME, tmp_path), plans.folded_weights(NAME, tmp_path))
    probabilities, labels = predictions(NAME, tmp_path)
    np.testing.assert_array_equal(labels, few.y_test)
    again = chapter12.predict_probabilities(network, few.x_test)
    np.testing.assert_allclose(again, probabilities, atol=2e-3)
    assert set(replay(NAME, tmp_path)[1]) == {FIRST, LAST}

    capsys.readouterr()
    second = chapter12.train([FIRST], [0, 1], few, tmp_path, epochs=1)
    assert second["runs"][FIRST][0] == first["runs"][FIRST][0]
    assert second["files"] == first["files"]
    assert f"{FIRST} in {NAME}.json, seed 0: already there" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part*"))


def test_the_short_cycle_is_stored_beside_the_ladder_and_continued(few, tmp_path, capsys):
    record = chapter12.train([FIRST], [0], few, tmp_path, epochs=1)
    chapter12.train_short([1], few, tmp_path, record, epochs=1)
    chapter12.train_short([0, 1], few, tmp_path, record, epochs=1)
    stored = history(NAME, tmp_path)
    assert [run["seed"] for run in stored["short"]] == [0, 1]
    assert [len(run["seconds"]) for run in stored["short"]] == [1, 1]
    assert stored["runs"] == json.loads(json.dumps(record["runs"]))
    assert f"{LAST} in 1 epochs in {NAME}.json, seed 1: already there" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("step", ["one-cycle", LAST])                # gradient descent, Muon
def test_an_interrupted_run_goes_on_after_its_last_whole_epoch(step, few, tmp_path, monkeypatch, capsys):
    for name in "ab":
        (tmp_path / name).mkdir()
    _, whole = chapter12.train_run(step, 0, few, tmp_path / "a", epochs=2)
    measure = chapter12.measure
    calls = []

    def stop_in_the_second_epoch(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(chapter12, "measure", stop_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        chapter12.train_run(step, 0, few, tmp_path / "b", epochs=2)
    monkeypatch.setattr(chapter12, "measure", measure)
    _, resumed = chapter12.train_run(step, 0, few, tmp_path / "b", epochs=2)
    assert "goes on after epoch 1" in capsys.readouterr().out
    assert resumed["loss"] == pytest.approx(whole["loss"], rel=1e-3)
    assert resumed["val_loss"] == pytest.approx(whole["val_loss"], rel=1e-2)


def test_a_record_of_other_epochs_or_other_data_is_not_overwritten(few, tmp_path):
    path = tmp_path / f"{NAME}.json"
    assert chapter12.load_record(path, chapter12.describe(few, epochs=1))["runs"] == {}
    other = {**chapter12.describe(few, epochs=9), "files": {}, "runs": {FIRST: [{"seed": 3}]}}
    path.write_text(json.dumps(other))
    assert chapter12.load_record(path, chapter12.describe(few, epochs=9))["runs"] == {FIRST: [{"seed": 3}]}
    with pytest.raises(ValueError, match=r"holds runs of 9 epochs .*; expected 1 epochs .*--out"):
        chapter12.train([FIRST], [0], few, tmp_path, epochs=1)
    more = stand_in.draw(train=300, test=60)
    with pytest.raises(ValueError, match=r"'train': 180.*expected 9 epochs on .*'train': 270"):
        chapter12.train([FIRST], [0], more, tmp_path, epochs=9)
    assert json.loads(path.read_text()) == other


def test_a_step_told_otherwise_loses_its_runs_and_no_other_does(few, tmp_path, monkeypatch):
    path = tmp_path / f"{NAME}.json"
    runs = {FIRST: [{"seed": 0}], "one-cycle": [{"seed": 0}], LAST: [{"seed": 0}]}
    replayed = {f"{NAME}_replay.npz": {"sha256": "1"}}
    files = {**replayed, f"{NAME}.npz": {"sha256": "2"}}
    made = {**chapter12.describe(few, epochs=1), "files": files, "runs": runs}
    made |= {"short": [{"seed": 0}], "plan": [], "pace": {"rounds": 5}}
    path.write_text(json.dumps(made))
    assert chapter12.load_record(path, chapter12.describe(few, epochs=1)) == made
    monkeypatch.setattr(chapter12, "RESIDUAL_FILTERS", (8, 16, 32))
    kept = chapter12.load_record(path, chapter12.describe(few, epochs=1))
    assert set(kept["runs"]) == {FIRST, "one-cycle"} and kept["files"] == replayed
    assert not {"short", "plan", "pace"} & set(kept)
    monkeypatch.setattr(chapter12, "PEAK_RATE", 0.01)
    assert set(chapter12.load_record(path, chapter12.describe(few, epochs=1))["runs"]) == {FIRST}


def test_the_script_refuses_the_stand_in(monkeypatch, tmp_path, few, capsys):
    monkeypatch.setattr(chapter12, "load_cifar10", lambda path: few)
    with pytest.raises(SystemExit):
        chapter12.main(["--out", str(tmp_path / "new")])
    assert "needs the real CIFAR-10 pictures" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
