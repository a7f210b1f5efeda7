"""Sequential against Keras (steps, numbers, summary), repeatability, files, and messages for every slip."""

import doctest
import itertools
import math
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from notmagic import layers
from notmagic import model as model_module
from notmagic.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D, ReLU, Sigmoid, Softmax, Tanh
from notmagic.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from notmagic.model import DivergenceWarning, Sequential
from notmagic.optimizers import SGD, Adam

rng = np.random.default_rng(0)
X = rng.random((50, 6), dtype=np.float32)
Y = X @ rng.standard_normal((6, 3))
CLASSES = Y.argmax(axis=1)  # which a network can learn


def classifier(seed=0, optimizer=None, loss="sparse_categorical_crossentropy", metrics=("accuracy",)):
    """Return a small compiled network for CLASSES."""
    model = Sequential([Input((6,)), Dense(8), ReLU(), Dense(3), Softmax()], seed=seed)
    model.compile(optimizer or SGD(0.1, momentum=0.9), loss, metrics)
    return model


# ---------------------------------------------------------------------------------------- against Keras

HIDDEN = [Input((6,)), (Dense, 8), (Tanh,)]
KERAS_CASES = {
    "classes, probabilities": ([(Dense, 3), (Softmax,)], SparseCategoricalCrossentropy, False, CLASSES),
    "classes, logits": ([(Dense, 3)], SparseCategoricalCrossentropy, True, CLASSES),
    "one-hot": ([(Dense, 3), (Softmax,)], CategoricalCrossentropy, False, np.eye(3)[CLASSES]),
    "two classes": ([(Dense, 1), (Sigmoid,)], BinaryCrossentropy, False, CLASSES == 1),
    "many yes and no": ([(Dense, 3), (Sigmoid,)], BinaryCrossentropy, False, np.eye(3)[CLASSES]),
    "squared error of classes": ([(Dense, 1), (Sigmoid,)], MeanSquaredError, False, CLASSES == 1),
    "amounts": ([(Dense, 3)], MeanSquaredError, False, Y),
}


def keras_layer(keras, class_, *arguments):
    """Return the same layer in Keras."""
    name = {Tanh: "tanh", Sigmoid: "sigmoid"}.get(class_)
    return keras.layers.Activation(name) if name else getattr(keras.layers, class_.__name__)(*arguments)


@pytest.mark.parametrize(("case", "optimizer"), [
    *((case, SGD(0.2, momentum=0.9, nesterov=True)) for case in KERAS_CASES),
    ("classes, probabilities", Adam(0.02)),
    ("amounts", Adam(0.02)),
], ids=str)
def test_training_gives_the_losses_of_keras_step_by_step(case, optimizer):
    import keras

    last, loss, from_logits, y = KERAS_CASES[case]
    arguments = {"from_logits": True} if from_logits else {}
    metrics = [] if case == "amounts" else ["accuracy"]
    parts = [*HIDDEN[1:], *last]
    ours = Sequential([Input((6,)), *(class_(*rest) for class_, *rest in parts)], seed=0)
    theirs = keras.Sequential([keras.Input((6,)), *(keras_layer(keras, *part) for part in parts)])
    theirs.set_weights(ours.get_weights())
    names = ("learning_rate", "momentum", "nesterov")
    settings = {name: getattr(optimizer, name) for name in names if hasattr(optimizer, name)}
    ours.compile(type(optimizer)(**settings), loss(**arguments), metrics)
    theirs.compile(getattr(keras.optimizers, type(optimizer).__name__)(**settings),
                   getattr(keras.losses, loss.__name__)(**arguments), metrics=metrics)
    data = {"x": X, "y": y.astype("float32"), "batch_size": 16, "shuffle": False, "verbose": 0}
    our_history = ours.fit(**data, epochs=3, validation_data=(X[:20], y[:20])).history
    their_history = theirs.fit(**data, epochs=3, validation_data=(X[:20], y[:20].astype("float32"))).history
    assert set(our_history) == set(their_history)
    for name, values in our_history.items():
        np.testing.assert_allclose(values, their_history[name], rtol=1e-4, atol=1e-5, err_msg=name)
    steps = data | {"batch_size": len(X), "epochs": 10}  # one step in each epoch, so the loss of each step
    our_losses, their_losses = (model.fit(**steps).history["loss"] for model in (ours, theirs))
    np.testing.assert_allclose(our_losses, their_losses, rtol=1e-4)
    for weight, expected in zip(ours.weights, theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-3, atol=1e-4)


def image_layers(module, keras=None):
    """Return the layers of a small convolutional network, ours or those of Keras."""
    first = keras.Input((10, 9, 2)) if keras else Input((10, 9, 2))
    return [first, module.Conv2D(4, 3), module.ReLU(), module.MaxPooling2D(2), module.Conv2D(3, 2),
            module.ReLU(), module.Flatten(), module.Dense(5), module.Softmax()]


def test_a_convolutional_network_trains_as_in_keras():
    import keras

    random = np.random.default_rng(1)
    x, y = random.random((24, 10, 9, 2), dtype=np.float32), random.integers(0, 5, 24)
    ours = Sequential(image_layers(layers), seed=0)
    theirs = keras.Sequential(image_layers(keras.layers, keras))
    theirs.set_weights(ours.get_weights())
    ours.compile("adam", "sparse_categorical_crossentropy")
    theirs.compile("adam", "sparse_categorical_crossentropy")
    data = {"x": x, "y": y, "batch_size": 8, "epochs": 4, "shuffle": False, "verbose": 0}
    our_losses, their_losses = (model.fit(**data).history["loss"] for model in (ours, theirs))
    np.testing.assert_allclose(our_losses, their_losses, rtol=1e-4)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", [
    lambda module, keras: image_layers(module, keras),
    lambda module, keras: [(keras or layers).Input((6,)), module.Dense(300), module.ReLU(),
                           module.Dense(4000), module.Softmax()],
    lambda module, keras: [(keras or layers).Input((12, 12, 3)), module.Conv2D(4, 3),
                           module.GlobalMaxPooling2D(), module.Dense(2)],
    lambda module, keras: [(keras or layers).Input((12, 12, 3)),
                           module.GlobalAveragePooling2D(keepdims=True)],
    lambda module, keras: [module.Dense(3), module.ReLU()],  # not built
])
def test_summary_is_the_table_that_keras_prints(make, capsys):
    import keras

    keras.utils.clear_session()  # Keras counts names over the whole session
    theirs = []
    keras.Sequential(make(keras.layers, keras)).summary(line_length=76, print_fn=theirs.append)
    Sequential(make(layers, None)).summary()
    assert capsys.readouterr().out.strip() == "\n".join(theirs).strip()


def test_summary_is_as_narrow_as_its_texts_allow(capsys):
    classifier().summary(line_length=46)
    table = [line for line in capsys.readouterr().out.splitlines() if line[0] in "┏┃┡│├└"]
    assert {len(line) for line in table} == {46}
    classifier().summary(line_length=10)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 46


def test_evaluate_and_predict_are_those_of_keras():
    import keras

    ours = classifier()
    theirs = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8), keras.layers.ReLU(),
                               keras.layers.Dense(3), keras.layers.Softmax()])
    theirs.set_weights(ours.get_weights())
    theirs.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    np.testing.assert_allclose(ours.evaluate(X, CLASSES), theirs.evaluate(X, CLASSES, verbose=0), rtol=1e-5)
    logs = ours.evaluate(X, CLASSES, return_dict=True)
    assert list(logs) == ["loss", "accuracy"]
    assert list(logs.values()) == ours.evaluate(X, CLASSES)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X, verbose=0), atol=1e-6)


# ------------------------------------------------------------------------------------------ what it promises


def test_same_seed_same_numbers_to_the_last_bit():
    first, again, other = (classifier(seed) for seed in (3, 3, 4))
    for model in (first, again, other):
        model.fit(X, CLASSES, batch_size=7, epochs=4, verbose=0)
    assert first.history.history == again.history.history
    assert all((a == b).all() for a, b in zip(first.weights, again.weights, strict=True))
    assert first.history.history != other.history.history


def test_fitting_twice_goes_on_where_the_first_ended():
    once, twice = classifier(optimizer=Adam(0.01)), classifier(optimizer=Adam(0.01))
    losses = once.fit(X, CLASSES, epochs=4, verbose=0).history["loss"]
    halves = [twice.fit(X, CLASSES, epochs=2, verbose=0) for _ in range(2)]
    assert losses == halves[0].history["loss"] + halves[1].history["loss"]
    assert halves[1].epoch == [0, 1]


def test_seed_gives_each_layer_its_own_stream_and_leaves_seeds_of_layers_alone():
    model = Sequential([Input((5,)), Dense(5), Dense(5), Dense(5, seed=7)], seed=1)
    alone = Dense(5, seed=7)
    alone.build((None, 5))
    assert (model.layers[2].kernel == alone.kernel).all()
    assert (model.layers[0].kernel != model.layers[1].kernel).any()
    # What another layer draws has no influence on a layer's first weights.
    larger = Sequential([Input((5,)), Dense(5, use_bias=False), Tanh(), Dense(5)], seed=1)
    assert (larger.layers[0].kernel == model.layers[0].kernel).all()


def test_weights_made_from_the_first_data_are_those_made_from_an_input():
    at_once, later = (
        Sequential([*first, Dense(4), ReLU(), Dense(2)], seed=5) for first in ([Input((6,))], [])
    )
    assert at_once.built
    assert not later.built
    assert later.weights == []
    np.testing.assert_array_equal(at_once(X), later(X))
    assert later.built
    assert later.input_shape == (None, 6)
    assert later.output_shape == (None, 2)


def test_shuffling_changes_the_order_and_only_the_order():
    class Recorder(layers.Flatten):
        seen = ()

        def _forward(self, x):
            Recorder.seen += tuple(x[:, 0].astype(int))
            return super()._forward(x)

    x, y = np.arange(20.0).reshape(-1, 1), np.zeros(20)
    model = Sequential([Recorder(), Dense(1)], seed=0)
    model.compile(SGD(0.0), "mse")
    model.fit(x, y, batch_size=6, epochs=2, verbose=0)
    epochs = Recorder.seen[:20], Recorder.seen[20:]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(20))
    assert len({*epochs, tuple(range(20))}) == 3
    Recorder.seen = ()
    model.fit(x, y, batch_size=6, shuffle=False, verbose=0)
    assert Recorder.seen == tuple(range(20))


def test_training_goes_back_no_further_than_the_first_layer_with_weights():
    class Recorder(ReLU):
        gone_back = 0

        def _input_gradient(self, dy):
            Recorder.gone_back += 1
            return super()._input_gradient(dy)

    model = Sequential([Input((6,)), Recorder(), Dense(4), Recorder(), Dense(3), Softmax()], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(X, CLASSES)
    assert Recorder.gone_back == 1
    assert [gradient.shape for gradient in model.gradients] == [(6, 4), (4,), (4, 3), (3,)]
    model(X)
    assert model.backward(np.ones((len(X), 3))).shape == X.shape  # asked for, it goes all the way
    assert Recorder.gone_back == 3


def test_a_network_learns_classes_and_amounts():
    model = classifier(optimizer=Adam(0.05))
    history = model.fit(X, CLASSES, epochs=60, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    assert history["loss"][-1] < history["loss"][0] / 4
    line = Sequential([Dense(1)], seed=0)
    line.compile(SGD(0.3), "mse")
    line.fit(X, 2 * X[:, 0] - X[:, 3] + 5, epochs=300, verbose=0)
    np.testing.assert_allclose(line.weights[0].ravel(), [2, 0, 0, -1, 0, 0], atol=0.05)
    np.testing.assert_allclose(line.weights[1], 5, atol=0.05)


@pytest.mark.parametrize(("last", "loss", "y"), [
    (Softmax, "sparse_categorical_crossentropy", [1]),
    (Softmax, "categorical_crossentropy", [[0, 1]]),
    (Sigmoid, "binary_crossentropy", [[0, 1]]),
])
def test_a_network_that_is_surely_wrong_still_learns(last, loss, y):
    # Probabilities are 1 and 0 here, to the last bit: beyond the cut, where their loss is flat.
    model = Sequential([Input((1,)), Dense(2), last()])
    model.set_weights([[[500.0, -500.0]], [0.0, 0.0]])
    model.compile(SGD(1.0), loss)
    assert model.predict([[1.0]]).tolist() == [[1.0, 0.0]]
    assert model.train_on_batch([[1.0]], y) == pytest.approx(1000 if last is Softmax else 500)
    np.testing.assert_allclose(model.weights[1], [-1, 1] if last is Softmax else [-0.5, 0.5])


def test_fused_gradients_are_those_of_the_layers_one_by_one():
    for last, loss, y in [(Softmax(dtype="float64"), SparseCategoricalCrossentropy(), CLASSES),
                          (Sigmoid(dtype="float64"), BinaryCrossentropy(), np.eye(3)[CLASSES])]:
        model = Sequential([Input((6,)), Dense(3, dtype="float64"), last], seed=0)
        model.compile(SGD(0.0), loss)
        model.train_on_batch(X, y)
        fused = [gradient.copy() for gradient in model.gradients]
        model.backward(loss.gradient(y, model(X)))
        for gradient, expected in zip(fused, model.gradients, strict=True):
            np.testing.assert_allclose(gradient, expected, atol=1e-9)


def test_backward_gives_the_slope_for_the_input():
    parts = Dense(4, dtype="float64"), Tanh(dtype="float64"), Dense(1, dtype="float64")
    model = Sequential([Input((3,)), *parts])
    x = rng.standard_normal((1, 3))
    model(x)
    slopes = model.backward([[1.0]])
    steps = 1e-6 * np.eye(3)
    measured = [(model(x + step) - model(x - step)).item() / 2e-6 for step in steps]
    np.testing.assert_allclose(slopes[0], measured, rtol=1e-6)


def test_layers_are_named_as_in_keras_and_counted_in_each_model():
    for _ in range(2):
        model = Sequential([Dense(2), ReLU(), Dense(2), ReLU(), Dense(2, name="last")])
        assert [layer.name for layer in model.layers] == ["dense", "re_lu", "dense_1", "re_lu_1", "last"]


def test_a_part_of_a_trained_model_shares_its_weights():
    model = classifier()
    features = Sequential(model.layers[:2])
    before = features(X)
    np.testing.assert_array_equal(before, model.layers[1](model.layers[0](X)))
    model.fit(X, CLASSES, verbose=0)
    assert (features(X) != before).any()
    assert [layer.name for layer in model.layers] == ["dense", "re_lu", "dense_1", "softmax"]


def test_pixels_come_in_as_whole_numbers_and_may_be_scaled_or_not():
    pixels = np.random.default_rng(0).integers(0, 17, (30, 8, 8), dtype=np.uint8)
    for x in (pixels, pixels / 16, pixels.tolist()):
        model = Sequential([Flatten(), Dense(2), Softmax()], seed=0)
        model.compile(SGD(0.001), "sparse_categorical_crossentropy", "accuracy")
        assert math.isfinite(model.fit(x, np.arange(30) % 2, verbose=0).history["loss"][0])
        assert model.predict(x).dtype == np.float32


def test_accuracy_of_logits_counts_from_zero():
    model = Sequential([Input((1,)), Dense(1, use_bias=False)])
    model.set_weights([[[1.0]]])
    model.compile("sgd", BinaryCrossentropy(from_logits=True), ["accuracy"])
    # A logit of 0.2 is a probability above one half.
    assert model.evaluate([[0.2], [-0.2]], [1, 0])[1] == 1.0


def test_a_smaller_last_batch_counts_for_less():
    model = classifier(optimizer=SGD(0.0))
    whole = model.evaluate(X, CLASSES, batch_size=50)
    np.testing.assert_allclose(model.evaluate(X, CLASSES, batch_size=32), whole, rtol=1e-6)
    history = model.fit(X, CLASSES, batch_size=32, verbose=0).history
    np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], whole, rtol=1e-6)


def test_parameters_and_weights():
    model = Sequential([Input((64,)), Dense(32), ReLU(), Dense(10), Softmax()], seed=0)
    assert model.count_params() == 64 * 32 + 32 + 32 * 10 + 10 == 2_410
    kept = model.get_weights()
    for weight in model.weights:
        weight += 1
    model.set_weights(kept)
    assert all((a == b).all() for a, b in zip(model.weights, kept, strict=True))
    kept[0][...] = 9
    assert (model.weights[0] != 9).all()


def test_examples_in_docstrings():
    result = doctest.testmod(model_module)
    assert result.attempted >= 3
    assert result.failed == 0


def test_import_does_not_load_tensorflow():
    code = "import sys, notmagic.model; print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


# ------------------------------------------------------------------------------------------ what it shows


def test_verbose_0_prints_nothing_and_2_a_line_for_each_epoch_without_times(capsys):
    classifier().fit(X, CLASSES, epochs=2, verbose=0)
    assert capsys.readouterr() == ("", "")
    shown = []
    for _ in range(2):
        history = classifier().fit(X, CLASSES, epochs=2, verbose=2, validation_data=(X, CLASSES)).history
        shown.append(capsys.readouterr())
    assert shown[0] == shown[1]  # so that a stored output stays true
    assert shown[0].err == ""
    first = " - ".join(f"{name}: {values[0]:.4f}" for name, values in history.items())
    assert shown[0].out.splitlines()[0] == f"Epoch 1/2 - {first}"
    assert len(shown[0].out.splitlines()) == 2


def test_verbose_1_shows_a_bar_on_standard_output(capsys):
    model = classifier()
    history = model.fit(X, CLASSES, epochs=2, batch_size=10, verbose=1, validation_data=(X, CLASSES)).history
    shown = capsys.readouterr()
    assert shown.err == ""
    last = re.split("[\r\n]+", shown.out.strip())[-1]
    assert last.startswith("Epoch 2/2: 100%")
    assert "5/5" in last
    for name, values in history.items():
        assert f"{name}={values[-1]:.4f}" in last
    model.predict(X, verbose=1)
    model.evaluate(X, CLASSES, verbose=1)
    shown = capsys.readouterr()
    assert "predict: 100%" in shown.out
    assert "evaluate: 100%" in shown.out
    model.evaluate(X, CLASSES, verbose=2)
    assert capsys.readouterr().out.startswith("loss: ")


def test_auto_prints_lines_where_nobody_watches(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    classifier().fit(X, CLASSES)
    assert capsys.readouterr().out.startswith("Epoch 1/1 - loss: ")
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    classifier().fit(X, CLASSES)
    assert "100%" in capsys.readouterr().out


def test_models_and_histories_describe_themselves_without_memory_addresses():
    model = classifier()
    assert repr(model) == (
        "Sequential([Dense(8, use_bias=True), ReLU(), Dense(3, use_bias=True), Softmax()])"
    )
    assert repr(model.fit(X, CLASSES, epochs=2, verbose=0)) == "History(2 epochs of loss, accuracy)"


# --------------------------------------------------------------------------------------------- divergence


def diverging():
    """Return a line to be fitted with steps that are far too long."""
    model = Sequential([Input((1,)), Dense(1)], seed=0)
    model.compile(SGD(1e6), "mse")
    return model, np.linspace(1, 2, 40).reshape(-1, 1), np.ones(40)


def test_divergence_stops_training_and_says_what_to_try():
    model, x, y = diverging()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(x, y, epochs=50, batch_size=4, validation_data=(x, y), verbose=0)
    assert [w.category for w in caught] == [DivergenceWarning]  # one clear sentence, no overflows from NumPy
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    assert re.match(r"the loss became (inf|nan) in epoch \d+: the steps were too long", message)
    assert "a learning rate smaller than 1e+06, a tenth of it" in message
    assert len(history.epoch) < 50
    assert {len(values) for values in history.history.values()} == {len(history.epoch)}
    assert not math.isfinite(history.history["loss"][-1])
    assert math.isnan(history.history["val_loss"][-1])


def test_a_single_step_that_diverges_is_not_taken():
    model, x, _ = diverging()
    before = model.get_weights()
    with pytest.warns(DivergenceWarning, match="the loss became inf: the steps"):
        assert model.train_on_batch(x, np.full(40, 1e30, np.float32)) == math.inf
    assert all((a == b).all() for a, b in zip(before, model.weights, strict=True))


# -------------------------------------------------------------------------------------------------- files


def test_weights_survive_a_file(tmp_path):
    model, other = classifier(0), classifier(1)
    model.save_weights(tmp_path / "model.npz")
    other.load_weights(tmp_path / "model.npz")
    np.testing.assert_array_equal(model(X), other(X))
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]
    with np.load(tmp_path / "model.npz") as file:
        assert set(file) == {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"}


def test_an_interrupted_save_leaves_the_older_file_whole(tmp_path, monkeypatch):
    model, path = classifier(), tmp_path / "model.npz"
    model.save_weights(path)
    older = path.read_bytes()

    def fail_half_way(file, **arrays):
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", fail_half_way)
    with pytest.raises(KeyboardInterrupt):
        model.save_weights(path)
    assert path.read_bytes() == older
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    before = path.stat().st_ino
    model.save_weights(path)
    assert path.stat().st_ino != before  # a new file took the place; the old one was not written over


def test_damaged_and_foreign_files_change_nothing(tmp_path):
    model, path = classifier(), tmp_path / "model.npz"
    before = model.get_weights()
    model.save_weights(path)
    whole = path.read_bytes()
    for damaged in (b"", b"weights", whole[: len(whole) // 2], whole[:200] + b"x" * 20 + whole[220:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"model.npz cannot be read as a file of weights: .*again"):
            model.load_weights(path)
    Sequential([Input((6,)), Dense(9)]).save_weights(path)
    with pytest.raises(ValueError, match=r"holds the weights {'dense/kernel': \(6, 9\).* make a model "):
        model.load_weights(path)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none.npz; write one with save_weights"):
        model.load_weights(tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"kept in .npz files, got the name 'model.h5'; end it in .npz"):
        model.save_weights(tmp_path / "model.h5")
    assert all((a == b).all() for a, b in zip(before, model.weights, strict=True))


# ------------------------------------------------------------------------------------------------- errors


def fitted(x, y, **settings):
    return classifier().fit(x, y, verbose=0, **settings)


def regression(metrics=None):
    model = Sequential([Input((6,)), Dense(1)])
    model.compile("sgd", "mse", metrics)
    return model


def shared_layer():
    layer = Dense(6)
    return Sequential([layer, ReLU(), layer])


WITH_GAP = np.where(np.arange(50)[:, None] == 7, np.nan, X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Sequential([Input((6,)), Dense(2)]).fit(X, CLASSES), RuntimeError,
         'sequential is not compiled, so it has no loss and no optimizer; call for instance model.compile('),
        (lambda: Sequential([Dense(2)]).evaluate(X, CLASSES), RuntimeError, "is not compiled"),
        (lambda: fitted(X, CLASSES[:40]), ValueError,
         "x of shape (50, 6) and y of shape (40,) differ in length: 50 examples need 50 right answers"),
        (lambda: fitted(X, 3), ValueError, "x of shape (50, 6) and y of shape () differ in length"),
        (lambda: fitted(X[:, :5], CLASSES), ValueError,
         "sequential expects an x of shape (None, 6), got one of shape (50, 5); pass examples of the shape"),
        (lambda: fitted(X.reshape(-1, 2, 3), CLASSES), ValueError,
         "got one of shape (50, 2, 3); x.reshape(-1, 6)"),
        (lambda: classifier().predict(X[0]), ValueError,
         "(None, 6), got one of shape (6,); give a single example"),
        (lambda: classifier()(X.T), ValueError, "(None, 6), got one of shape (6, 50)"),
        (lambda: classifier()(3.0), ValueError, "(None, 6), got one of shape ()"),
        (lambda: Sequential([Dense(1)])(3.0), ValueError, "dense expects an input with at least 2 axes"),
        (lambda: fitted(X[:0], CLASSES[:0]), ValueError, "x has shape (0, 6): there are no examples in it"),
        (lambda: classifier().predict([]), ValueError, "x has shape (0,): there are no examples in it"),
        (lambda: fitted(WITH_GAP, CLASSES), ValueError,
         "x holds 6 numbers that are NaN or infinite, the first in example 7; leave such examples out"),
        (lambda: regression().fit(X, WITH_GAP[:, 0]), ValueError, "y holds NaN or infinity; leave out"),
        (lambda: fitted(X, CLASSES + 1), ValueError,
         "y_true holds the label 3, but y_pred has 3 classes, which are numbered 0 to 2; these labels s"),
        (lambda: fitted(X, CLASSES + 5), ValueError, "give the last layer 8 units, or mend the labels"),
        (lambda: fitted(X, np.eye(3)[CLASSES]), ValueError, "use CategoricalCrossentropy, or numbers"),
        (lambda: classifier(loss="categorical_crossentropy").fit(X, CLASSES), ValueError,
         "got y_true of shape (50,) and y_pred of shape (50, 3); if these are class numbers, use Sparse"),
        (lambda: regression().fit(X, Y), ValueError, "y_true has shape (50, 3), y_pred (50, 1)"),
        (lambda: regression(["accuracy"]).fit(X, Y[:, 0]), ValueError,
         "accuracy counts right classes, but y holds amounts, from "),
        (lambda: fitted(X, CLASSES, validation_data=X), TypeError, "must be a pair (x_val, y_val)"),
        (lambda: fitted(X, CLASSES, validation_data=(X, CLASSES[:9])), ValueError,
         "in validation_data: x of shape (50, 6) and y of shape (9,) differ in length"),
        (lambda: fitted(X, CLASSES, epochs=0), ValueError, "epochs must be at least 1, got 0"),
        (lambda: fitted(X, CLASSES, batch_size=2.5), TypeError, "batch_size must be a whole number, got 2.5"),
        (lambda: classifier().fit(X, CLASSES, verbose=3), ValueError,
         'verbose must be 0, 1, 2 or "auto", got 3'),
        (lambda: classifier(metrics=["f1"]), ValueError, "unknown metric 'f1'; use metrics=[\"accuracy\"]"),
        (lambda: classifier(loss="nll"), ValueError, "unknown loss 'nll'"),
        (lambda: classifier(optimizer="sdg"), ValueError, "unknown optimizer 'sdg'"),
        (lambda: Sequential().predict(X), RuntimeError, "sequential has no layers; add some"),
        (lambda: Sequential([Dense]), TypeError, "Dense is a class; write Dense(), with the brackets"),
        (lambda: Sequential([Dense(1), "relu"]), TypeError,
         "expected a layer of notmagic.layers, got builtins.str"),
        (shared_layer, ValueError,
         "dense is in sequential already: a layer used twice would forget its first input before the way "
         "back; make a second one, Dense(6, use_bias=True)"),
        (lambda: Sequential([Dense(1, name="a"), ReLU(name="a")]), ValueError,
         "has a layer named 'a' already"),
        (lambda: Sequential([Dense(1), Input((6,))]), ValueError, "Input((6,)) must come first, and once"),
        (lambda: Sequential([Input((6,)), Input((6,))]), ValueError, "Input((6,)) must come first, and once"),
        (lambda: Sequential([Input((6,)), Conv2D(1, 3)]), ValueError, "conv2d expects a batch of images"),
        (lambda: Sequential([Input((4, 4, 1)), MaxPooling2D(5)]), ValueError, "does not fit a 4 x 4 input"),
        (lambda: classifier().build((None, 7)), ValueError,
         "was built for inputs of shape (None, 6), not (None, 7)"),
        (lambda: Sequential([Dense(1)], seed=-1), ValueError, "seed must be at least 0, got -1"),
        (lambda: Sequential([Dense(1)], seed=0.5), TypeError, "seed must be a whole number, got 0.5"),
        (lambda: Sequential([Dense(1)]).count_params(), RuntimeError,
         "sequential is not built yet, so it has no"),
        (lambda: Sequential([Dense(1)]).get_weights(), RuntimeError, "put an Input((64,)) first"),
        (lambda: Sequential([Dense(1)]).output_shape, RuntimeError, "sequential is not built yet"),
        (lambda: classifier().set_weights([]), ValueError,
         "has weights of the shapes [(6, 8), (8,), (8, 3), (3,)], got arrays of the shapes []; pass array"),
        (lambda: classifier().backward(np.ones((1, 3))), RuntimeError, "call the layer on a batch first"),
    ],
)
def test_error_says_what_and_how_to_mend(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_probabilities_are_asked_for_where_the_last_layer_gives_none():
    model = Sequential([Input((6,)), Dense(3)], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"end the model with Softmax\(\), or set from_logits=True"):
        model.fit(X, CLASSES, verbose=0)


def test_a_layer_that_does_not_fit_is_not_added():
    model = Sequential([Input((6,)), Dense(3)])
    with pytest.raises(ValueError, match="expects a batch of images"):
        model.add(MaxPooling2D())
    assert [layer.name for layer in model.layers] == ["dense"]
    model.add(ReLU())
    assert model.output_shape == (None, 3)


def test_data_that_do_not_fit_change_no_weight():
    model = classifier()
    before = model.get_weights()
    for x, y in itertools.product([X, X[:, :4]], [CLASSES + 1, CLASSES[:7]]):
        with pytest.raises(ValueError):
            model.fit(x, y, verbose=0)
    assert all((a == b).all() for a, b in zip(before, model.weights, strict=True))
