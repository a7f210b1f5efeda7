"""XorLab: its Python side against plain NumPy, the widget itself in Chromium with real keys and fingers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from site_tools import DESKTOP, PHONE
from widget_tools import WidgetPage

from notmagic.widgets.xor_lab import BY_HAND, PRESETS, ROWS, TARGETS, TRAINED, XorLab, preset_weights

# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(XorLab()) == "XorLab(3 hidden units, step, target XOR, 4 of 4 right)"
    assert (
        repr(XorLab("one unit", target="XNOR")) == "XorLab(0 hidden units, step, target XNOR, 1 of 4 right)"
    )
    assert repr(XorLab("all zero", hidden=1, activation="sigmoid")) == (
        "XorLab(1 hidden unit, sigmoid, target XOR, 2 of 4 right)"
    )


def test_the_hand_wired_networks_do_xor_as_the_course_says():
    lab = XorLab("three units")
    table = lab.truth_table()
    for row in table:
        x1, x2 = row["x"]
        # The outer two pass each input on, the middle one sees both on.
        assert row["hidden"] == [x1 >= 0.5, x1 + x2 > 1.5, x2 >= 0.5]
        assert row["output"] == row["wanted"] == (x1 != x2) and row["right"]
    assert lab.weights[3] == [1, -2, 1, -0.5]
    for row in XorLab("two units").truth_table():
        x1, x2 = row["x"]
        assert row["hidden"] == [x1 or x2, not (x1 and x2)]  # OR and NAND
        assert row["output"] == (x1 != x2)


@pytest.mark.parametrize("target", TARGETS)
def test_each_function_is_the_one_of_its_name(target):
    truth = {
        "XOR": lambda a, b: a != b, "AND": lambda a, b: a and b, "OR": lambda a, b: a or b,
        "NAND": lambda a, b: not (a and b), "XNOR": lambda a, b: a == b,
    }  # fmt: skip
    assert [bool(wanted) for wanted in TARGETS[target]] == [bool(truth[target](*x)) for x in ROWS]


def test_no_single_unit_does_xor_but_the_others_are_within_reach():
    lab, best = XorLab("one unit"), dict.fromkeys(TARGETS, 0)
    for w1, w2, b in itertools.product(np.linspace(-2, 2, 9), repeat=3):
        lab.weights = [[w1, w2, b]]
        for target in TARGETS:
            lab.target = target
            best[target] = max(best[target], lab.right)
    assert best == {"XOR": 3, "AND": 4, "OR": 4, "NAND": 4, "XNOR": 3}


def test_a_unit_at_its_threshold_does_not_fire():
    lab = XorLab("one unit")
    lab.weights = [[1, 1, -1]]
    assert lab.forward([[0, 1], [1, 1], [1.001, 0]])[1].tolist() == [0, 1, 1]


def test_forward_keeps_shapes_and_explains_bad_ones():
    lab = XorLab("random", activation="sigmoid", hidden=3)
    hidden, output = lab.forward(np.zeros((5, 2)))
    assert hidden.shape == (5, 3) and output.shape == (5,)
    hidden, output = lab.forward((1, 0))
    assert hidden.shape == (3,) and np.shape(output) == ()
    with pytest.raises(ValueError, match=r"x has shape \(3,\); expected \(2,\) for one point or \(N, 2\)"):
        lab.forward([1, 2, 3])


@pytest.mark.parametrize("hidden", [0, 1, 2, 3])
def test_gradients_are_finite_differences(hidden):
    lab, random = XorLab("random", hidden=hidden, activation="sigmoid"), np.random.default_rng(hidden)
    for target in TARGETS:
        lab.target = target
        start = [random.normal(0, 2, len(unit)).tolist() for unit in lab.weights]
        lab.weights = start
        slopes = lab.gradients()
        for j, unit in enumerate(start):
            for i in range(len(unit)):
                losses = []
                for shift in (1e-5, -1e-5):
                    lab.weights = [
                        [w + shift * ((k, n) == (j, i)) for n, w in enumerate(u)] for k, u in enumerate(start)
                    ]
                    losses.append(lab.loss())
                assert slopes[j][i] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)


def test_extreme_weights_give_finite_losses():
    lab = XorLab("one unit", activation="sigmoid")
    lab.weights = [[1000, 1000, -1000]]
    assert np.isfinite(lab.loss()) and np.isfinite(lab.gradients()[0]).all()
    assert lab.loss() == pytest.approx(250 + np.log(2) / 2)


def test_training_learns_xor_from_one_start_and_sticks_from_another():
    lab = XorLab("random", seed=0, activation="sigmoid")
    lab.train(1000)
    assert lab.right == 4 and lab.loss() < 0.05
    assert (lab.steps, lab.preset) == (1000, TRAINED)
    stuck = XorLab("random", seed=8, activation="sigmoid")
    stuck.train(3000)
    assert stuck.loss() == pytest.approx(np.log(2) / 2, abs=0.01)  # two rows sure, two at even odds
    hidden, _ = stuck.forward(ROWS)
    gaps = {
        (i, j): np.abs(hidden[i] - hidden[j]).max()
        for i, j in itertools.combinations(range(4), 2)
        if TARGETS["XOR"][i] != TARGETS["XOR"][j]
    }
    assert min(gaps.values()) < 0.05


def test_training_never_leaves_zero():
    lab = XorLab("all zero", hidden=3, activation="sigmoid")
    lab.train(100)
    assert lab.weights == preset_weights("all zero", 3)


def test_steps_have_no_slope_to_train_on():
    for ask in (XorLab().loss, XorLab().gradients, XorLab().train):
        with pytest.raises(
            ValueError, match=r"step units have no useful .* set activation to 'sigmoid' first"
        ):
            ask()


def test_traits_are_observable_and_weights_follow():
    lab, seen = XorLab(), []
    lab.observe(lambda change: seen.append(change["name"]))
    lab.preset = "two units"
    assert lab.weights == preset_weights("two units") and lab.hidden == 2
    assert "weights" in seen
    lab.preset = "random"
    lab.seed = 5
    assert lab.weights == preset_weights("random", 2, 5)
    lab.activation = "sigmoid"
    lab.train(3)
    lab.weights = np.array([[1, 2, 3]])
    assert (lab.preset, lab.steps, lab.hidden, lab.weights) == (BY_HAND, 0, 0, [[1.0, 2.0, 3.0]])
    lab.seed = 6
    assert lab.weights == [[1, 2, 3]]


def test_a_message_from_the_page_is_taken_as_it_is():
    lab, weights = XorLab(), preset_weights("random", 1, 3)
    lab.set_state(
        {"weights": weights, "steps": 7, "preset": TRAINED, "activation": "sigmoid", "unit": 1, "row": 2}
    )
    assert (lab.weights, lab.steps, lab.preset, lab.unit, lab.row) == (weights, 7, TRAINED, 1, 2)
    lab.weights = preset_weights("two units")
    assert (lab.steps, lab.preset) == (0, BY_HAND)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "four units"}, "no preset 'four units'; choose one of 'three units', 'two units'"),
        ({"preset": BY_HAND}, "no preset 'by hand'"),
        ({"target": "xor"}, "no target 'xor'; choose one of 'XOR', 'AND'"),
        ({"activation": "relu"}, "no activation 'relu'; choose one of 'step', 'sigmoid'"),
        ({"seed": -1}, "seed is -1; expected a whole number of at least 0"),
        ({"hidden": 4}, "hidden is 4; expected a whole number from 0 to 3"),
        ({"hidden": True}, "hidden is True"),
        ({"learning_rate": 0}, "learning_rate is 0; expected a number above 0, at most 100"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        XorLab(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("weights", [[1, 2]]), ("weights", 3), ("weights", [[1, 2, 3]] * 5), ("weights", [[1, "2", 3]]),
     ("weights", [[1, 2, float("inf")]]), ("preset", None), ("unit", 4), ("row", 1.5), ("steps", -1),
     ("target", 1), ("activation", ["step"]), ("learning_rate", "3")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    lab = XorLab()
    before = getattr(lab, name)
    with pytest.raises(ValueError, match=r"expected|choose"):
        setattr(lab, name, value)
    assert getattr(lab, name) == before and lab.right == 4


# ------------------------------------------------------------------------------------------- in Chromium

STATE = ("preset", "weights", "target", "activation", "seed", "learning_rate", "steps", "unit", "row")


class Lab(WidgetPage):
    """A page with an XorLab, and the questions that the tests ask of it."""

    STATE = STATE

    def choose(self, label: str, option: str) -> None:
        """Choose from one of the menus."""
        self.control(label).select_option(option)

    def show_training(self) -> None:
        """Show the buttons for training, where there is no room for all."""
        tab = self.root.get_by_role("radio", name="Train", exact=True)
        if tab.is_visible():
            tab.check()

    def dial(self, name: str) -> Locator:
        """Return the slider of a weight or of the bias."""
        return self.root.get_by_role("slider", name=name, exact=True)

    def rows(self) -> list[list[str]]:
        """Return the truth table as it is shown, minus signs as Python writes them."""
        self.settle()
        return self.root.locator("tbody").evaluate("""(body) => [...body.rows].map((row) =>
            [...row.cells].filter((cell) => !cell.hidden).map((cell) => cell.textContent))""")

    def sums(self) -> list[str]:
        """Return the row written out, minus signs as Python writes them."""
        self.settle()
        return [text.replace("\u2212", "-") for text in self.root.locator(".nm-sums p").all_inner_texts()]

    @property
    def verdict(self) -> Locator:
        """What the widget says has come out."""
        return self.root.locator(".nm-verdict")


@pytest.fixture
def open_lab(open_widget: Callable[..., Lab]) -> Callable[..., Lab]:
    """A function that opens a page with an XorLab; no page may complain or ask for the network."""
    return partial(open_widget, XorLab, Lab)


def expected_rows(lab: XorLab) -> list[list[str]]:
    """The truth table as the page must write it."""

    def say(value: float) -> str:
        return str(int(value)) if value in (0, 1) else f"{value:.2f}".removeprefix("0")

    return [
        [
            *map(str, row["x"]),
            *map(say, row["hidden"]),
            say(row["output"]),
            str(row["wanted"]),
            "✓" if row["right"] else "✗",
        ]
        for row in lab.truth_table()
    ]


def test_menus_and_python_make_the_same_networks(open_lab):
    page, random = open_lab(), np.random.default_rng(3)
    for _ in range(8):
        page.choose("Weights", str(random.choice(PRESETS)))
        page.choose("Hidden", str(random.integers(4)))
        page.choose("Wanted", str(random.choice(list(TARGETS))))
        page.choose("Units", str(random.choice(["step", "sigmoid"])))
        lab = page.python()
        assert page.rows() == expected_rows(lab), repr(lab)
        if lab.preset in PRESETS:
            assert lab.weights == preset_weights(lab.preset, lab.hidden, lab.seed)
        expect(page.verdict).to_contain_text(f"{lab.right} of 4 right")


def test_sliders_and_numbers_set_every_weight_of_the_chosen_unit(open_lab):
    page = open_lab()
    expect(page.root.locator(".nm-rule")).to_have_text("h2 fires where 1·x1 + 1·x2 > 1.5")
    expect(page.root.locator(".nm-threshold:visible")).to_have_text("threshold 1.5 = −bias")
    page.dial("bias").press("ArrowRight")
    assert page.get("weights")[1] == pytest.approx([1, 1, -1.4])
    assert page.get("preset") == BY_HAND
    page.root.get_by_role("radio", name="y = 0").press("ArrowUp")  # from the output to h3
    expect(page.root.locator(".nm-rule")).to_have_text("h3 fires where 0·x1 + 1·x2 > 0.5")
    page.root.get_by_role("radio", name="y = 0").check()
    number = page.root.get_by_label("weight from h2 to y, as a number")
    number.fill("-0.5")
    number.press("Enter")
    assert page.get("weights")[3] == [1, -0.5, 1, -0.5]
    expect(page.verdict).to_have_text("3 of 4 right; wrong: (1, 1).")  # without its veto
    number.fill("")
    number.press("Tab")
    expect(number).to_have_value("-0.5")
    page.dial("h3").press("End")
    assert page.get("weights")[3][2] == 4
    assert page.rows() == expected_rows(page.python())
    page.button("Reset").click()
    assert page.get("weights") == preset_weights("three units")
    expect(page.verdict).to_have_text("4 of 4 right: this network does XOR.")


def test_the_diagram_follows_its_inputs_and_units_are_chosen_with_the_mouse(open_lab):
    page = open_lab()
    page.button("x1 = 1").click()
    assert page.get("row") == 1
    expect(page.root.locator(".nm-pill-output")).to_have_text("y = 1")
    page.button("x2 = 1").click()
    assert page.get("row") == 0
    page.root.locator(".nm-pill-hidden").nth(2).click()
    assert page.get("unit") == 2
    words = page.root.get_by_role("img", name="Network: h1 from 1·x1 + 0·x2 − 0.5;")
    expect(words).to_be_visible()


def test_a_row_is_written_out_by_keys_mouse_and_hover(open_lab):
    page = open_lab()
    last = ["h1: 1·1 + 0·1 - 0.5 = 0.5 → 1", "h2: 1·1 + 1·1 - 1.5 = 0.5 → 1", "h3: 0·1 + 1·1 - 0.5 = 0.5 → 1",
            "y: 1·1 - 2·1 + 1·1 - 0.5 = -0.5 → 0"]  # fmt: skip
    assert page.sums() == last
    radio = page.root.get_by_role("radio", name="Row x1 = 1, x2 = 1")
    radio.press("ArrowUp")
    assert page.get("row") == 2
    assert page.sums()[1] == "h2: 1·1 + 1·0 - 1.5 = -0.5 → 0"
    page.root.locator("tbody tr").nth(0).click()
    assert page.get("row") == 0
    page.root.locator("tbody tr").nth(3).hover()
    assert page.sums() == last
    assert page.get("row") == 0
    page.root.locator(".nm-title").first.hover()
    assert page.sums()[3] == "y: 1·0 - 2·0 + 1·0 - 0.5 = -0.5 → 0"


def test_lines_are_where_the_units_switch_and_can_be_dragged(open_lab):
    page = open_lab(XorLab("one unit"))
    plane = page.root.locator(".nm-input .nm-plane-frame").bounding_box()

    def at(x1: float, x2: float) -> tuple[float, float]:
        return plane["x"] + plane["width"] * (x1 + 0.5) / 2, plane["y"] + plane["height"] * (1.5 - x2) / 2

    page.page.mouse.move(*at(0.25, 0.25))  # on the line x1 + x2 = 0.5
    page.page.mouse.down()
    page.page.mouse.move(*at(0.75, 0.75), steps=4)
    page.page.mouse.up()
    assert page.get("weights")[0] == pytest.approx([1, 1, -1.5], abs=0.05)
    page.page.mouse.move(*at(0.2, 0.2), steps=2)
    assert page.get("weights")[0][2] == pytest.approx(-1.5, abs=0.05)
    expect(page.verdict).to_have_text("1 of 4 right; wrong: (0, 1), (1, 0), (1, 1).")
    page.choose("Wanted", "AND")
    expect(page.verdict).to_have_text("4 of 4 right: this network does AND.")


def test_the_ground_shows_what_comes_out(open_lab):
    page = open_lab()
    sample = """([x, y]) => {
      const canvas = document.querySelector(".nm-input canvas");
      const at = [(x + 0.5) / 2 * canvas.width, (1.5 - y) / 2 * canvas.height].map(Math.floor);
      const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, ...at, 1, 1, 0, 0, 1, 1);
      return [...copy.getImageData(0, 0, 1, 1).data];
    }"""
    for preset, activation in itertools.product(
        ("three units", "two units", "one unit", "random"), ("step", "sigmoid")
    ):
        lab = XorLab(preset, activation=activation, seed=2)
        page.set(weights=lab.weights, activation=activation)
        for x in [(-0.4, 1.3), (0.1, 0.1), (0.9, 0.2), (1.3, 1.4), (0.3, 0.8)]:
            red, _, blue, _ = page.page.evaluate(sample, x)
            output = float(lab.forward(x)[1])
            if abs(output - 0.5) > 0.02:
                assert (red > blue) == (output > 0.5), (preset, activation, x, output)


def test_the_hidden_space_says_where_the_rows_land(open_lab):
    page = open_lab(XorLab("two units"))
    picture = page.root.locator(".nm-space svg[role=img]")
    places = "(0, 0) lands at 0, 1; (0, 1) lands at 1, 1; (1, 0) lands at 1, 1; (1, 1) lands at 1, 0"
    expect(picture).to_have_attribute("aria-label", f"Hidden space: {places}")
    expect(picture.locator(".nm-point-name")).to_have_text(["00", "01 10", "11"])
    page.choose("Weights", "three units")
    expect(picture.locator(".nm-cut")).to_have_count(1)
    expect(picture.locator(".nm-point-name")).to_have_text(["00", "01", "10", "11"])
    page.choose("Hidden", "1")
    expect(picture).to_have_attribute(
        "aria-label",
        "Hidden space: (0, 0) lands at 0; (0, 1) lands at 0; (1, 0) lands at 1; (1, 1) lands at 1",
    )
    page.choose("Hidden", "0")
    expect(picture).to_be_hidden()


def test_can_one_unit_do_it_is_asked_judged_and_proved(open_lab):
    page = open_lab(XorLab("one unit"))
    page.dial("bias").press("Home")
    question = page.root.locator(".nm-question")
    expect(question).to_contain_text("Can one unit do XOR?")
    expect(question).to_contain_text("Best so far: 3 of 4.")  # it started as OR
    expect(question).not_to_contain_text("most")
    page.button("Yes").press("Enter")
    expect(question).to_contain_text("You said yes. Best so far: 3 of 4.")
    expect(question).to_contain_text("Three is the most.")
    expect(page.dial("× x1")).to_be_focused()
    page.choose("Wanted", "AND")
    page.button("Yes").click()
    page.dial("bias").press("Home")
    expect(question).to_contain_text("Can you get")
    page.set(weights=[[1, 1, -1.5]])
    expect(question).to_contain_text("One line parts the rows: yes, it can.")
    page.choose("Hidden", "2")
    expect(question).to_be_hidden()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_training_learns_xor_and_equals_python(open_lab, viewport):
    page = open_lab(XorLab("random", seed=1, hidden=3), viewport=viewport)
    start = page.get("weights")
    page.show_training()
    expect(page.root.get_by_text("A step has no slope")).to_be_visible()
    page.button("Train").press("Enter")
    expect(page.verdict).to_contain_text("learned", timeout=60_000)
    expect(page.button("Train")).to_be_visible()
    assert page.get("activation") == "sigmoid"
    lab = page.python()
    ours = XorLab("random", seed=1, hidden=3, activation="sigmoid")
    assert ours.weights == start
    first = ours.loss()
    ours.train(lab.steps)
    for theirs, unit in zip(lab.weights, ours.weights, strict=True):
        np.testing.assert_allclose(theirs, unit, atol=1e-9)
    assert (lab.right, lab.preset) == (4, TRAINED)
    curve = f"Loss over {lab.steps} steps, from {first:.3f} to {lab.loss():.3f}"
    expect(page.root.locator(".nm-curve")).to_have_attribute("aria-label", curve)


def test_single_steps_go_and_come_back(open_lab):
    page = open_lab(XorLab("random", seed=4, activation="sigmoid"))
    start = page.get("weights")
    for _ in range(3):
        page.button("Step").click()
    assert page.get("steps") == 3
    for left in (2, 1, 0):
        page.button("Back").click()
        assert page.get("steps") == left
    assert page.get("weights") == start
    page.button("Back").click()
    expect(page.verdict).to_contain_text("There is no step to take back.")
    page.root.get_by_label("Learning rate", exact=True).press("ArrowRight")
    page.button("Step").click()
    ours = XorLab("random", seed=4, activation="sigmoid", learning_rate=10)
    ours.train()
    np.testing.assert_allclose(np.concatenate(page.get("weights")), np.concatenate(ours.weights), atol=1e-12)
    page.button("New start").click()
    assert (page.get("steps"), page.get("seed"), page.get("preset")) == (0, 5, "random")
    assert page.get("weights") == preset_weights("random", 2, 5)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"preset": "all zero"}, "All hidden units are alike and get the same gradient, so they stay alike."),
        ({"preset": "all zero", "hidden": 0}, "One unit draws one line, and no line does XOR."),
    ],
)
def test_a_start_at_zero_is_stuck_at_once(open_lab, arguments, why):
    page = open_lab(XorLab(activation="sigmoid", **arguments))
    page.button("Train").click()
    expect(page.verdict).to_have_text(f"Stuck at step 0: {why}")
    expect(page.button("Train")).to_be_visible()
    assert (page.get("weights"), page.get("preset")) == (page.widget.weights, "all zero")


def test_a_stuck_run_says_why_and_a_new_start_goes_on(open_lab):
    lab = XorLab("random", seed=18, activation="sigmoid", learning_rate=5)
    page = open_lab(lab)
    lab.train(1500)
    page.set(weights=lab.weights, steps=1500, preset=TRAINED)
    page.button("Train").click()
    why = "(0, 1) and (1, 1) nearly share a hidden point, so the output can hardly part them."
    expect(page.verdict).to_have_text(f"Stuck at step 1,800: {why}", timeout=60_000)
    page.button("New start").click()
    expect(page.verdict).not_to_contain_text("Stuck")
    assert page.get("steps") == 0


def test_two_views_and_python_stay_in_step(open_lab):
    page = open_lab(XorLab("two units"), views=2)
    first, second = page.views.all()
    first.get_by_role("slider", name="bias", exact=True).press("Home")
    page.settle()
    assert first.locator("tbody").inner_text() == second.locator("tbody").inner_text()
    second.get_by_role("button", name="Step", exact=True).click()
    expect(first.locator(".nm-verdict")).to_contain_text("Step 1:")
    page.set(weights=preset_weights("three units"), activation="step", steps=0)
    for view in (first, second):
        expect(view.locator(".nm-verdict")).to_have_text("4 of 4 right: this network does XOR.")
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()
    page.set(target="AND")
    expect(page.page.locator(".nm-verdict")).to_contain_text("1 of 4")


def test_less_motion_trains_in_larger_strides(open_lab):
    page = open_lab(XorLab("random", seed=1, hidden=3, activation="sigmoid"), motion="reduce")
    page.page.evaluate(
        "() => { window.seen = []; model.on('change:steps', () => seen.push(model.get('steps'))); }"
    )
    page.button("Train").click()
    expect(page.verdict).to_contain_text("learned", timeout=60_000)
    seen = page.page.evaluate("() => seen")
    assert min(b - a for a, b in itertools.pairwise([0, *seen[:-1]])) >= 30


def test_nothing_a_reader_does_breaks_it(open_lab):
    page, random = open_lab(), np.random.default_rng(2)
    keys = ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End", "Enter", " ", "7", "-", "e"]
    page.root.get_by_label("Weights", exact=True).focus()
    for _ in range(150):
        page.page.keyboard.press("Tab" if random.random() < 0.4 else str(random.choice(keys)))
    if page.button("Pause").count():
        page.button("Pause").click()
    assert page.rows() == expected_rows(page.python())
    for odd in (
        [[0, 0, 0]],
        [[0, 0, 0]] * 3,
        [[1000, -1000, 1000]] * 2 + [[0, 0, -1000]],
        [[0, 0, 1]] * 3 + [[0, 0, 0, 0]],
    ):
        page.set(weights=odd, steps=0)
        for activation in ("step", "sigmoid"):
            page.set(activation=activation)
            assert page.rows() == expected_rows(page.python())


# ------------------------------------------------------------------------------------------- on a phone


def test_control_and_result_fit_a_phone(open_lab):
    page = open_lab(XorLab("random", activation="sigmoid"), viewport=PHONE)
    for hidden in range(4):
        for tab in ("By hand", "Train"):
            page.root.get_by_role("radio", name=tab, exact=True).check()
            weights = [[-12.73, 11.27, -10.05]] * hidden + [[-10.55] * ((hidden or 2) + 1)]
            page.set(weights=weights, unit=hidden)
            page.assert_fits_a_phone("select, button, table, .nm-plane, .nm-sums p")


def test_fingers_work(open_lab):
    page = open_lab(viewport=PHONE, touch=True)
    page.root.locator("tbody tr").nth(1).tap()
    assert page.get("row") == 1
    page.root.locator(".nm-pill-output").tap()
    assert page.get("unit") == 3
    expect(page.dial("h3")).to_be_visible()
    page.root.locator(".nm-tab").nth(1).tap()
    page.button("Step").tap()
    assert page.get("steps") == 1
    expect(page.verdict).to_contain_text("Now sigmoid units: a step has no slope to go down. Step 1:")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_targets_and_words_are_large_enough_and_controls_keep_their_keys(open_lab, viewport):
    page = open_lab(viewport=viewport)
    page.assert_text_is_large_enough()
    page.assert_keys_are_kept(26)
    page.root.get_by_role("radio", name="y = 0").check()
    page.assert_targets(15, "select:visible, input:visible, button:visible")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(open_lab, viewport):
    page = open_lab(viewport=viewport)
    page.assert_axe_finds_nothing()
    page.choose("Weights", "one unit")
    page.button("No").click()
    page.settle()
    page.assert_axe_finds_nothing()
    page.choose("Weights", "all zero")
    page.settle()  # the next choice keeps the weights that are drawn
    page.choose("Hidden", "2")
    page.settle()
    page.show_training()
    page.button("Train").click()
    expect(page.verdict).to_contain_text("Stuck")
    page.assert_axe_finds_nothing()
