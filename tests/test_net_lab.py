"""NetLab: its Python side against the course's package, the widget in Chromium with real keys and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from site_tools import DESKTOP, PHONE
from table_net_lab import labs
from widget_tools import WidgetPage

from notmagic.widgets import NetLab
from notmagic.widgets.net_lab import forward

STATE = ("data_name", "layers", "activation", "schedule", "seed", "steps", "show_test", "probe", "shown")
POINTS = np.random.default_rng(2).uniform(-1, 1, (12, 2))
LABELS = np.arange(12) % 2


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(NetLab()) == (
        "NetLab('circles', layers (4, 2), tanh, learning rate 0.3, momentum 0, seed 0, step 0)"
    )
    lab = NetLab("xor", layers=(), activation="relu", learning_rate=1, momentum=0.9, seed=5, steps=1500)
    assert repr(lab) == (
        "NetLab('xor', no hidden layer, relu, learning rate 1, momentum 0.9, seed 5, step 1,500)"
    )


@pytest.mark.parametrize("lab", labs(), ids=lambda lab: f"{lab.data_name}-{len(lab.layers)}-{lab.activation}")
def test_the_code_trains_the_same_network_with_the_package(lab):
    names = {"data": {name: (x.copy(), y.copy()) for name, (x, y) in lab._sets.items()}}
    exec(lab.code(), names)
    model, (weights, _) = names["model"], lab.run()
    for theirs, ours in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-7, atol=1e-9)
    for kind, short in (("training", "train"), ("test", "test")):
        if f"x_{short}" in names:
            result = model.evaluate(names[f"x_{short}"], names[f"y_{short}"])
            np.testing.assert_allclose(result, lab.scores()[kind], rtol=1e-9)
    assert ("x_test" in names) == ("test" in lab.scores())
    assert model.count_params() == lab.count_params()


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_every_loss_on_the_way_is_the_packages(activation):
    settings = {"layers": (6, 3), "activation": activation, "learning_rate": 0.5, "momentum": 0.8, "seed": 11}
    names: dict = {}
    exec(NetLab("moons", **settings).code(), names)  # at step 0: made and compiled, not trained
    history = names["model"].fit(
        names["x_train"], names["y_train"], batch_size=100, epochs=60, shuffle=False, verbose=0
    )
    losses = NetLab("moons", steps=60, **settings).run()[1]
    # An epoch reports the loss before its step.
    np.testing.assert_allclose(history.history["loss"], losses[:60], rtol=1e-9)


def test_a_hidden_layer_does_what_no_line_can():
    for name, layers in (("circles", (4, 2)), ("xor", (4,)), ("moons", (4, 2))):
        with_layer = NetLab(name, layers=layers, learning_rate=1, seed=1, steps=1500).scores()["test"]
        without = NetLab(name, layers=(), learning_rate=1, seed=1, steps=1500).scores()["test"]
        assert without[1] < 0.9 < 0.94 < with_layer[1], name
    assert NetLab("blobs", layers=(), steps=300).scores()["test"][1] == 1
    assert NetLab("spirals", layers=(8, 8), momentum=0.9, steps=800).scores()["test"][1] > 0.94


def test_too_large_a_learning_rate_ends_worse_than_guessing():
    lab = NetLab("circles", layers=(8,), activation="relu", learning_rate=30, steps=60)
    losses = lab.run()[1]
    assert losses[-1] > 1 > np.log(2) > 0.6
    answers = forward(lab.run()[0], lab.training[0], "relu")
    assert not answers[1].any()  # every unit is dead


def test_steps_go_up_and_down_and_repeat():
    lab = NetLab("moons", steps=80)
    _, losses = lab.run()
    lab.steps = 30
    assert lab.run()[1] == losses[:31]
    lab.steps = 80
    assert lab.run()[1] == losses


def test_a_new_learning_rate_holds_from_its_step_on():
    lab = NetLab("moons", learning_rate=0.3, steps=40)
    before = lab.run()[1]
    lab.learning_rate = 0.1
    lab.momentum = 0.9
    assert lab.schedule == [[0, 0.3, 0.0], [40, 0.1, 0.9]]
    assert (lab.learning_rate, lab.momentum) == (0.1, 0.9)
    lab.steps = 60
    assert lab.run()[1][:41] == before
    lab.steps = 10
    assert lab.learning_rate == 0.3
    lab.learning_rate = 1  # what came later is dropped
    assert lab.schedule == [[0, 0.3, 0.0], [10, 1.0, 0.0]]
    lab.learning_rate = 0.3
    assert lab.schedule == [[0, 0.3, 0.0]]
    assert "epochs=10" in lab.code()


def test_first_half_is_for_training_and_small_sets_are_all_for_training():
    lab = NetLab()
    assert [len(y) for _, y in (lab.training, lab.test)] == [100, 100]
    small = NetLab(data={"mine": (POINTS, LABELS)})
    assert len(small.training[1]) == 12 and len(small.test[1]) == 0
    assert list(small.scores()) == ["training"]
    np.testing.assert_array_equal(small.training[0], POINTS)  # to the last digit, for the code must agree


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data_name": "rings"}, "data_name is 'rings'; choose one of 'blobs', 'circles'"),
        ({"data": []}, "data is list; expected a dict"),
        ({"data": {}}, r"data is \{\}; expected a dict with at least one set"),
        ({"data": {"a": POINTS}}, r"data set 'a' is ndarray; expected a pair \(x, y\)"),
        ({"data": {"a": (POINTS, LABELS[:2])}}, r"x of shape \(12, 2\) and y of shape \(2,\); expected"),
        ({"data": {"a": (POINTS, ["n"] * 12)}}, "not made of numbers"),
        ({"data": {"a": (POINTS[:1], [1])}}, "has 1 points; expected 2 to 1000"),
        ({"data": {"a": (POINTS * 70, LABELS)}}, "from -5 to 5; scale them first"),
        ({"data": {"a": (POINTS, LABELS + 1)}}, r"classes \[1.0, 2.0\] among its 12 training points"),
        ({"data": {"a": (np.zeros((40, 2)), np.arange(40) // 20)}}, r"classes \[0.0\].*shuffle the points"),
        ({"layers": 4}, r"layers is 4; expected the units of 0 to 3 hidden layers, such as \(4, 2\)"),
        ({"layers": (1, 2, 3, 4)}, "expected the units of 0 to 3"),
        ({"layers": (4, 9)}, r"layers\[1\] is 9; expected a whole number from 1 to 8"),
        ({"layers": (4, 2.0)}, r"layers\[1\] is 2.0"),
        ({"activation": "softmax"}, "activation is 'softmax'; choose one of 'tanh', 'relu', 'sigmoid'"),
        ({"learning_rate": 0}, "learning_rate is 0; expected a number from 0.0001 to 100"),
        ({"momentum": 1}, "momentum is 1; expected a number from 0 to 0.99"),
        ({"seed": -1}, "seed is -1; expected a whole number from 0 to 9,999"),
        ({"steps": 1e3}, "steps is 1000.0; expected a whole number from 0 to 100,000"),
        ({"show_test": 1}, "show_test is 1; expected True or False"),
        ({"probe": (0, 99)}, r"probe\[1\] is 99; expected a number from -10 to 10"),
        ({"probe": 1}, "probe is 1; expected two numbers"),
        ({"shown": "z1"}, "shown is 'z1'; expected the name of a unit"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        NetLab(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_name", "x"), ("layers", [0]), ("activation", None), ("steps", -1), ("seed", 1.5),
        ("schedule", []), ("schedule", [[1, 0.1, 0]]), ("schedule", [[0, 0.1, 0], [0, 0.2, 0]]),
        ("schedule", [[0, 0.1]]), ("learning_rate", float("nan")), ("momentum", -0.1), ("shown", "h9"),
    ],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    lab = NetLab()
    before = getattr(lab, name)
    with pytest.raises(ValueError, match=r"expected|choose"):
        setattr(lab, name, value)
    assert getattr(lab, name) == before


def test_points_of_a_wrong_shape_are_explained():
    with pytest.raises(ValueError, match=r"x has shape \(2,\); expected \(N, 2\)"):
        NetLab().probability([0.5, 1])


# ------------------------------------------------------------------------------------------- in Chromium


def number(text: str) -> float:
    """Read a number as the page writes it."""
    return float(text.replace("\u2212", "-").replace(",", "").removesuffix(" %"))


class Page(WidgetPage):
    """A page with a NetLab, and the questions that the tests ask of it."""

    STATE = STATE

    def __init__(self, *arguments: object, **page: object) -> None:
        super().__init__(*arguments, **page)
        self.net = self.root.locator(".nm-net")
        self.plane = self.root.locator(".nm-plane")
        self.detail = self.root.locator(".nm-detail")
        self.verdict = self.root.locator(".nm-verdict")
        self.time = self.control("Step")

    def set(self, **traits: object) -> None:
        """Set traits as a message from Python would, and wait for the step to be reached."""
        super().set(**traits)
        self.at_step(self.page.evaluate("() => model.get('steps')"))

    def at_step(self, step: int) -> None:
        """Wait until a step is shown."""
        expect(self.root.locator(".nm-field-time .nm-value")).to_have_text(
            re.compile(rf"^{step:,}( of [\d,]+)?$")
        )
        self.settle()

    def unit(self, name: str) -> Locator:
        """Return the button of a unit."""
        return self.root.get_by_role("button", name=re.compile(f"^{name},"))

    def scores(self) -> dict[str, list[float]]:
        """Return loss and share of right points by kind, from the table."""
        self.settle()
        rows = [row.locator("td").all_inner_texts() for row in self.root.locator("tbody tr").all()]
        return {kind: [number(text) for text in row]
                for kind, row in zip(("training", "test"), rows, strict=True)}

    def agree(self) -> None:
        """Assert that the table holds Python's numbers."""
        scores = self.python().scores()
        for kind, (loss, share) in self.scores().items():
            assert loss == pytest.approx(scores[kind][0], abs=0.00051)
            assert share == pytest.approx(100 * scores[kind][1], abs=0.051)

    def line(self, index: int) -> dict[str, float]:
        """Return the ends of a line of the diagram, and its middle, on the screen."""
        return self.net.evaluate("""(net, index) => {
          const box = net.getBoundingClientRect();
          const line = net.querySelectorAll("g line")[index];
          const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)));
          return { x: box.x + x1 + 0.25 * (x2 - x1), y: box.y + y1 + 0.25 * (y2 - y1) };
        }""", index)


@pytest.fixture
def show(open_widget: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page with a NetLab; no page may complain or ask for the network."""
    return partial(open_widget, NetLab, Page)


def test_the_page_trains_to_pythons_numbers(show):
    page = show(NetLab(steps=120))
    page.agree()
    page.control("Points").select_option("moons")
    page.control("Activation").select_option("sigmoid")
    page.control("Learning rate").press("ArrowRight")
    page.control("Momentum 0.9").check()
    page.control("Hidden layers").select_option("3")
    page.button("One less unit in hidden layer 3").click()
    page.button("One more unit in hidden layer 1").click()
    page.button("Redraw").click()
    page.set(steps=150)
    page.agree()
    lab = page.widget
    assert (lab.data_name, lab.activation, lab.layers, lab.seed) == ("moons", "sigmoid", [5, 2, 1], 1)
    assert lab.schedule == [[0, 1.0, 0.9]]
    page.control("Learning rate").press("Home")
    page.set(steps=170)
    assert page.python().schedule == [[0, 1.0, 0.9], [150, 0.001, 0.9]]
    page.agree()


def test_play_pause_step_and_back(show):
    page = show()
    page.button("Play").click()
    expect(page.root.locator(".nm-field-time .nm-value")).to_have_text(re.compile(r"^[1-9]\d+$"))
    page.button("Pause").click()
    step = page.get("steps")
    assert step >= 10
    page.agree()
    page.button("Step").click()
    page.at_step(step + 1)
    page.agree()
    for _ in range(3):
        page.button("Back").click()
    page.at_step(step - 2)
    page.agree()
    page.button("Play").click()
    page.time.press("Home")  # to look at another moment is to pause
    expect(page.button("Play")).to_be_visible()
    page.at_step(0)
    page.button("Back").click()
    expect(page.verdict).to_contain_text("there is no step to take back")
    assert page.get("steps") == 0


def test_any_moment_is_one_key_away(show):
    page = show(NetLab("xor", layers=[3], learning_rate=1, steps=700))
    last = page.scores()
    page.time.press("Home")
    page.at_step(0)
    assert page.time.get_attribute("aria-valuetext") == "step 0 of 700"
    page.agree()
    page.time.press("ArrowRight")
    page.at_step(1)
    page.agree()
    page.time.press("End")
    page.at_step(700)
    assert page.scores() == last
    page.time.press("PageDown")
    page.agree()


def test_a_new_learning_rate_drops_what_came_after(show):
    page = show(NetLab("moons", steps=300))
    page.set(steps=100)
    page.control("Learning rate").press("End")
    page.settle()
    assert page.time.get_attribute("max") == "100"
    assert page.get("schedule") == [[0, 0.3, 0], [100, 30, 0]]
    page.time.press("Home")
    page.at_step(0)
    assert page.control("Learning rate").get_attribute("aria-valuetext") == "0.3"


def test_units_show_what_they_answer(show):
    page = show(NetLab("circles", layers=[3, 2], steps=200))
    weights, _ = page.widget.run()
    side = 20
    middles = (2 * np.arange(side) + 1) / side - 1
    across, down = np.meshgrid(middles, -middles)
    places = 1.18 * np.column_stack([across.ravel(), down.ravel()])
    answers = forward(weights, places, "tanh")
    for name, layer, unit in [("x1", 0, 0), ("h1", 1, 0), ("h3", 1, 2), ("k2", 2, 1), ("y", 3, 0)]:
        value = answers[layer][:, unit].reshape(side, side)
        image = page.canvas(page.unit(name).locator("canvas"))
        redder = image[:, :, 0] - image[:, :, 2]  # orange is red without blue, purple the other way round
        assert (redder[value > 0.1] > 0).all() and (redder[value < -0.1] < 0).all(), name
        assert (image[np.abs(value) < 0.01][:, :3] > 225).all(), name


def test_a_unit_is_shown_large_by_mouse_key_and_python(show):
    page = show(NetLab("circles", layers=[3], steps=100, probe=(0.5, -0.25)))
    output = page.canvas(page.plane.locator("canvas"))
    page.unit("h2").click()
    assert page.get("shown") == "h2"
    expect(page.root.locator(".nm-title b")).to_have_text("Unit h2")
    large = page.canvas(page.plane.locator("canvas"))
    assert not np.array_equal(large, output)
    page.page.mouse.move(2, 2)
    weights, _ = page.widget.run()
    x = np.array([0.5, -0.25])
    z = x @ weights[0][:, 1] + weights[1][1]
    text = page.detail.inner_text().replace("\u2212", "-")
    assert re.search(rf"= {z:.2g}".rstrip("0"), text), text
    assert number(text.split("= ")[-1]) == pytest.approx(np.tanh(z), abs=0.00051)
    page.unit("h2").press("Enter")
    assert page.get("shown") == "y"
    np.testing.assert_array_equal(page.canvas(page.plane.locator("canvas")), output)
    page.set(shown="k5")  # a unit that this network has not: the output
    expect(page.root.locator(".nm-title b")).to_have_text("Output y")


def test_arrow_keys_walk_over_units_and_weights(show):
    page = show(NetLab("circles", layers=[4, 2], steps=50))
    weights, _ = page.widget.run()
    stops = page.net.locator("[tabindex='0']")
    assert stops.count() == 1  # the diagram is one stop of the Tab key
    stops.focus()
    expect(page.detail).to_contain_text("Output y")
    focused = page.page.locator("*:focus")
    walk = [
        ("ArrowLeft", f"Weight k2 \u2192 y: {weights[4][1, 0]:.4f}"),
        ("ArrowUp", f"Weight k1 \u2192 y: {weights[4][0, 0]:.4f}"),
        ("ArrowUp", f"Weight k1 \u2192 y: {weights[4][0, 0]:.4f}"),
        ("ArrowLeft", "Hidden layer 2, unit k1"),
        ("ArrowDown", "Hidden layer 2, unit k2"),
        ("ArrowLeft", None),
        ("ArrowUp", None),
        ("ArrowUp", f"Weight h2 \u2192 k2: {weights[2][1, 1]:.4f}"),
        ("ArrowUp", f"Weight h1 \u2192 k2: {weights[2][0, 1]:.4f}"),
        ("ArrowLeft", "Hidden layer 1, unit h1"),
        ("ArrowRight", f"Weight h1 \u2192 k1: {weights[2][0, 0]:.4f}"),
        ("ArrowDown", f"Weight h1 \u2192 k2: {weights[2][0, 1]:.4f}"),
        ("ArrowRight", "Hidden layer 2, unit k2"),
    ]
    for key, words in walk:
        focused.press(key)
        page.settle()
        if words:
            words = re.sub(r"\.?0+$", "", words).replace(": -", ": \u2212")
            expect(page.detail).to_contain_text(words)
    focused.press("ArrowLeft")
    page.settle()
    assert focused.get_attribute("aria-label").startswith("Weight h")
    assert "Slope dL/dw" in focused.get_attribute("aria-label")


def test_mouse_over_a_weight_writes_out_its_numbers(show):
    page = show(NetLab("circles", layers=[3], steps=50))
    weights, _ = page.widget.run()
    place = page.line(0)
    page.page.mouse.move(place["x"], place["y"])
    page.settle()
    value = number(f"{weights[0][0, 0]:.4f}")
    expect(page.detail).to_contain_text("Weight x1 \u2192 h1: " + str(value).replace("-", "\u2212"))
    page.page.mouse.move(2, 2)
    expect(page.detail).to_contain_text("Output y")


def test_a_finger_on_a_weight_writes_out_its_numbers(show):
    page = show(NetLab("circles", layers=[3], steps=50), viewport=PHONE, touch=True)
    place = page.line(5)
    page.page.touchscreen.tap(place["x"], place["y"])
    page.settle()
    expect(page.detail).to_contain_text(re.compile(r"Weight x\d → h3: .*Slope dL/dw = .*: the loss falls"))
    page.plane.tap(position={"x": 90, "y": 60})
    expect(page.detail).to_contain_text("Output y")
    assert page.get("probe") != [0.4, 0.6]


def test_the_probe_takes_arrow_keys(show):
    page = show(NetLab(probe=(0, 0), steps=300))
    page.plane.press("ArrowRight")
    page.plane.press("Shift+ArrowUp")
    x1, x2 = page.get("probe")
    assert 0 < x1 < x2
    lab = page.python()
    p = lab.probability([[x1, x2]])[0]
    assert page.plane.get_attribute("aria-label").endswith(f"probability of class 1 {round(p, 2):g}")
    expect(page.root.get_by_role("status").first).to_contain_text("Probe at x1")


def test_too_large_a_learning_rate_and_dead_units_are_said(show):
    lab = NetLab("circles", layers=[8], activation="relu", learning_rate=30, steps=60)
    page = show(lab)
    losses = lab.run()[1]
    expect(page.verdict).to_contain_text(f"the loss has grown from {losses[0]:.3f} to {losses[-1]:.3f}")
    expect(page.verdict).to_contain_text("The learning rate 30 is too large")
    expect(page.verdict).to_contain_text("8 of 8 ReLU units are dead")
    assert page.root.locator(".nm-is-dead").count() == 8
    assert page.unit("h1").get_attribute("aria-label").endswith("dead")
    page.time.press("Home")
    page.at_step(0)
    expect(page.verdict).to_contain_text("first weights, drawn with seed 0")
    assert page.root.locator(".nm-is-dead").count() == 0


def test_numbers_that_overflow_are_said_and_left(show):
    page = show(NetLab("blobs", layers=[], steps=1))
    page.set(schedule=[[0, 1e308, 0.9]], steps=0)  # far beyond what Python and the slider allow
    page.button("Play").click()
    expect(page.verdict).to_contain_text("the loss is no longer a number")
    expect(page.button("Play")).to_be_visible()
    assert not re.search(r"NaN|Infinity|undefined", page.root.inner_text())
    page.time.press("Home")
    page.at_step(0)
    expect(page.verdict).to_contain_text("first weights")


def test_limits_are_explained(show):
    page = show(NetLab(layers=[8, 1]))
    more = page.button("One more unit in hidden layer 1")
    assert more.get_attribute("aria-disabled") == "true"  # it says why, so it can still be pressed
    more.press("Enter")
    expect(page.verdict).to_contain_text("8 units are the most")
    page.button("One less unit in hidden layer 2").click(force=True)
    expect(page.verdict).to_contain_text("choose fewer hidden layers")
    assert page.get("layers") == [8, 1]
    page.control("Hidden layers").select_option("0")
    count = page.root.locator(".nm-count")
    expect(count).to_have_text("Parameters: (2 + 1) \u00d7 1 = 3")
    page.control("Hidden layers").select_option("1")
    expect(count).to_have_text("Parameters: (2 + 1) \u00d7 4 + (4 + 1) \u00d7 1 = 17")


def test_a_prediction_gets_its_verdict(show):
    page = show(NetLab("xor", layers=[], seed=3))
    expect(page.root.locator(".nm-question")).to_contain_text("more than 95 % of the test points")
    page.button("Yes").click()
    expect(page.root.locator(".nm-question")).to_contain_text("You say yes. Press Play.")
    page.set(steps=1000)
    share = 100 * page.python().scores()["test"][1]
    assert share < 95
    expect(page.verdict).to_contain_text(f"You said yes: not so, {share:g} % of the test points were right")
    expect(page.root.locator(".nm-question")).to_be_hidden()
    page.control("Hidden layers").select_option("1")
    expect(page.root.locator(".nm-question")).to_contain_text("more than 95 %")


def test_the_code_is_pythons_and_can_be_copied(show):
    page = show(NetLab("moons", layers=[5], activation="relu", learning_rate=0.1, seed=4, steps=77))
    text = page.root.locator("textarea")
    expect(text).to_be_hidden()
    page.root.locator("summary").press("Enter")
    expect(text).to_have_value(page.widget.code())
    page.control("Momentum 0.9").check()
    page.button("Step").click()
    page.settle()
    expect(text).to_have_value(page.python().code())
    page.page.evaluate("""() => {
      Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
      document.addEventListener("copy", () => { window.copied = String(getSelection()) || "by selection"; });
    }""")
    page.button("Copy").click()
    expect(page.root.locator(".nm-code [role=status]")).to_have_text(re.compile("Copied|Selected"))
    selected = text.evaluate("(text) => text.value.slice(text.selectionStart, text.selectionEnd)")
    assert selected == page.widget.code()


def test_points_of_your_own(show):
    page = show(NetLab(data={"mine": (POINTS, LABELS)}, layers=[4], steps=30))
    assert page.root.locator("g .nm-zero, g .nm-one").count() == 12
    assert page.root.locator("tbody tr").last.locator("td").all_inner_texts() == ["none", "none"]
    assert not page.control("Test points").is_visible()
    loss, share = page.python().scores()["training"]
    found = [number(text) for text in page.root.locator("tbody tr").first.locator("td").all_inner_texts()]
    assert found == pytest.approx([loss, 100 * share], abs=0.051)


def test_test_points_can_be_shown_and_reset_restores_everything(show):
    page = show(NetLab("moons", layers=[2], learning_rate=0.1, steps=40))
    initial = {name: page.get(name) for name in STATE}
    assert page.root.locator("g .nm-test").count() == 0
    page.control("Test points").check()
    page.settle()
    assert page.root.locator("g .nm-test").count() == 100
    page.control("Points").select_option("blobs")
    page.control("Activation").select_option("relu")
    page.control("Learning rate").press("End")
    page.unit("h1").click()
    page.plane.press("Shift+ArrowLeft")
    page.button("Step").click()
    page.button("Reset").click()
    page.at_step(40)
    assert {name: page.get(name) for name in STATE} == initial


def test_two_views_and_python_stay_together(show):
    page = show(NetLab("xor", layers=[3]), views=2)
    first, second = page.views.all()
    first.get_by_role("button", name="Play", exact=True).click()
    expect(second.locator(".nm-field-time .nm-value")).to_have_text(re.compile(r"^[1-9]\d+$"))
    first.get_by_role("button", name="Pause", exact=True).click()
    second.get_by_label("Activation", exact=True).select_option("sigmoid")
    second.get_by_role("button", name="Step", exact=True).click()
    # Both draw in a frame of their own, which a loaded machine may let wait.
    page.page.wait_for_function("""() => {
        const words = [...document.querySelectorAll(".nm-net-lab .nm-body")].map((body) => body.innerText);
        return words.length === 2 && words[0] === words[1];
    }""")
    page.assert_views_differ_in_ids()
    page.agree()
    page.assert_a_removed_view_leaves_nothing()


def test_a_far_step_named_by_python_is_reached_over_several_frames(show):
    page = show(NetLab("spirals", layers=[8, 8, 8], momentum=0.9, learning_rate=0.1, steps=2000))
    page.at_step(2000)
    page.agree()
    page.set(steps=1999)
    page.agree()


def test_playing_with_less_motion_still_trains(show):
    page = show(motion="reduce")
    page.button("Play").click()
    expect(page.root.locator(".nm-field-time .nm-value")).to_have_text(re.compile(r"^[1-9]\d+$"))
    page.button("Pause").click()
    page.agree()


def test_nothing_a_reader_does_breaks_it(show):
    page, random = show(viewport=PHONE, touch=True), np.random.default_rng(1)
    choices = {
        "Points": ["blobs", "circles", "xor", "moons", "spirals"], "Hidden layers": list("0123"),
        "Activation": ["tanh", "relu", "sigmoid"],
    }  # fmt: skip
    for _ in range(40):
        action = random.integers(5)
        if action == 0:
            label = str(random.choice(list(choices)))
            page.control(label).select_option(str(random.choice(choices[label])))
        elif action == 1:
            page.control("Learning rate").press(str(random.choice(["End", "ArrowLeft", "ArrowRight"])))
        elif action == 2:
            page.button(str(random.choice(["Play", "Step", "Back", "Redraw"]))).first.or_(
                page.button("Pause")
            ).first.click()
        elif action == 3:
            page.time.press(str(random.choice(["Home", "End", "PageDown"])))
        else:
            page.net.locator("[tabindex='0']").press(str(random.choice(["Enter", "ArrowLeft", "ArrowUp"])))
    if page.button("Pause").count():
        page.button("Pause").click()
    assert not re.search(r"NaN|undefined|Infinity|null", page.root.inner_text())
    page.python()


WORST = {"layers": [8, 8, 8], "data_name": "spirals", "steps": 150}


def test_phone_shows_controls_and_whole_result_together(show):
    page = show(viewport=PHONE, touch=True)
    for settings in [
        {"steps": 0}, {"steps": 200}, WORST | {"show_test": True},
        {"activation": "relu", "schedule": [[0, 30, 0]], "steps": 60}, {"layers": []},
    ]:  # fmt: skip
        page.set(**settings)
        page.assert_fits_a_phone()
        page.assert_text_is_large_enough()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_targets_are_large_enough_and_keep_their_keys(show, viewport):
    page = show(NetLab(**WORST), viewport=viewport)
    page.assert_targets(41, "select:visible, input:visible, button:visible, summary, [tabindex='0']")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(show, viewport):
    page = show(viewport=viewport)
    page.assert_axe_finds_nothing()
    page.root.locator("summary").click()
    page.set(**WORST, activation="relu", schedule=[[0, 30, 0]])
    page.net.locator("[tabindex='0']").focus()
    page.page.locator("*:focus").press("ArrowLeft")
    page.settle()
    page.assert_axe_finds_nothing()
