"""DigitPad: its Python side against scikit-learn, the widget in Chromium with mouse, keys and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from site_tools import DESKTOP, PHONE
from table_digit_pad import counts, digits, draw, ten_pad, trained, two_pad
from widget_tools import WidgetPage

from notmagic.widgets import DigitPad

PLAIN = str.maketrans("\u2212\u00a0\u00d7", "- x")
STATE = ("pixels", "fine", "shown_class", "compare", "cell", "overlay")
EMPTY = np.zeros((8, 8), dtype=int)
EYE = np.eye(64)[:, :10]
SEVEN = [(6.0, 3.0), (25.0, 3.0), (13.0, 29.0)]  # in points of the hidden bitmap


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(DigitPad(EYE, np.zeros(10), start=EMPTY)) == "DigitPad(10 classes, ink 0 of 1024, answer '0')"
    pad = DigitPad(np.ones((8, 8)), -1, class_names=("4", "9"), start=np.full(64, 16))
    assert repr(pad) == "DigitPad(2 classes, ink 1024 of 1024, answer '9')"


@pytest.mark.parametrize("make", [ten_pad, two_pad])
def test_answers_are_scikit_learns(make):
    pad, model = make(), trained()[make is two_pad]
    for scan in digits().x_test[:40]:
        pad.pixels = scan
        x = scan.reshape(1, -1) / 16
        np.testing.assert_allclose(pad.logits(), model.decision_function(x).ravel(), atol=64 * 5e-6)
        np.testing.assert_allclose(pad.probabilities(), model.predict_proba(x)[0], atol=2e-4)
        assert pad.answer == str(model.predict(x)[0]) or np.ptp(pad.logits()) < 1e-3 or make is two_pad
        assert pad.probabilities().sum() == pytest.approx(1)


def test_contributions_and_bias_add_up_to_each_logit():
    pad = ten_pad()
    for k, logit in enumerate(pad.logits()):
        assert pad.contributions(k).shape == (8, 8)
        assert pad.contributions(k).sum() + pad.bias[k] == pytest.approx(logit)
    np.testing.assert_array_equal(pad.contributions(), pad.contributions(int(pad.answer)))
    two = two_pad()
    assert two.contributions().sum() + two.bias[0] == pytest.approx(two.logits()[0])


def test_a_template_does_not_survive_a_shift():
    """What the widget shows scan by scan, on all test scans: one column aside, and most answers are lost."""
    pad, data = ten_pad(), digits()
    right = {0: 0, 1: 0}
    for scan, label in zip(data.x_test, data.y_test, strict=True):
        for by in right:
            pad.pixels = np.pad(scan, ((0, 0), (by, 0)))[:, :8]
            right[by] += pad.answer == str(label)
    assert right[0] / 360 > 0.94 > 0.6 > right[1] / 360


def test_default_scans_come_from_the_test_set_some_of_them_hard():
    pad, data = ten_pad(), digits()
    test = {
        (tuple(scan.ravel().tolist()), int(label))
        for scan, label in zip(data.x_test, data.y_test, strict=True)
    }
    names = [entry["name"] for entry in pad.examples]
    assert len(names) == len(set(names)) == 14
    assert {(tuple(entry["pixels"]), entry["label"]) for entry in pad.examples} <= test
    assert {entry["label"] for entry in pad.examples} == set(range(10))
    assert pad.pixels == pad.examples[0]["pixels"]
    for entry in pad.examples:
        pad.pixels = entry["pixels"]
        is_right = pad.answer == pad.class_names[entry["label"]]
        assert not is_right or "hard" not in entry["name"]
    assert {entry["label"] for entry in two_pad().examples} == {0, 1}


def test_own_scans_get_names_that_differ():
    scans = [(EMPTY, "cat"), (EMPTY + 1, "dog"), (EMPTY + 2, "cat")]
    pad = DigitPad(EYE[:, :2], [0, 1], examples=scans, class_names=["cat", "dog"])
    assert [entry["name"] for entry in pad.examples] == ["cat (1)", "dog", "cat (2)"]
    assert DigitPad(EYE[:, :2], [0, 1], class_names=["cat", "dog"]).examples == []
    assert DigitPad(EYE, np.zeros(10), examples=[]).pixels == [0] * 64


def test_fewer_levels_scale_the_scans():
    full, half = ten_pad(), ten_pad(levels=1)
    expected = (np.array(full.pixels) >= 8).astype(int)
    assert set(half.pixels) == {0, 1} and half.ink().max() == 1
    by_pixels = [np.array(entry["pixels"]) for entry in half.examples]
    assert any(np.array_equal(expected, pixels) for pixels in by_pixels)


def test_pixels_take_arrays_lists_and_bytes():
    pad = ten_pad()
    for value in (np.full((8, 8), 3), [3] * 64, bytes([3] * 64), np.full(64, 3.0)):
        pad.pixels = EMPTY
        pad.pixels = value
        assert pad.pixels == [3] * 64
    state = {
        "pixels": [0] * 63 + [16],
        "fine": [0] * 31 + [15],
        "shown_class": 3,
        "compare": True,
        "cell": [7, 7],
    }
    pad.set_state(state | {"overlay": "stroke"})
    assert (pad.pixels[-1], pad.fine[-1], pad.shown_class, pad.compare, pad.cell) == (16, 15, 3, True, [7, 7])


W, B = EYE, np.zeros(10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": W.T}, r"shape \(10, 64\); expected \(64, K\).*scikit-learn's coef_: give coef_.T"),
        ({"weights": W.T[:1]}, r"give coef_\[0\]"),
        ({"weights": W[:60]}, r"weights has shape \(60, 10\); expected \(64, K\) or \(8, 8, K\)"),
        ({"weights": np.zeros((64, 11))}, "weights has 11 classes; expected 2 to 10"),
        ({"weights": W * np.nan}, "weights has entries that are not numbers from -1000 to 1000"),
        ({"weights": "weights"}, "weights is not an array of numbers"),
        ({"bias": np.zeros(9)}, r"bias has shape \(9,\); expected \(10,\), one for each class"),
        ({"bias": 0}, r"bias has shape \(\); expected \(10,\)"),
        ({"weights": W[:, 0]}, r'two classes; name them, .*class_names=\("4", "9"\)'),
        ({"weights": W[:, 0], "class_names": "49"}, "class_names is '49'; expected 2 names"),
        ({"class_names": ["1"] * 10}, "expected 10 different names"),
        ({"weights": W[:, 0], "class_names": ("4", "9")}, r"bias has shape \(10,\); expected one number"),
        ({"levels": 17}, "levels is 17; expected a whole number from 1 to 16"),
        ({"levels": True}, "levels is True"),
        ({"start": np.zeros((8, 7))}, r"start has shape \(8, 7\); expected \(8, 8\) or \(64,\)"),
        ({"start": np.full(64, 17)}, "start has entries from 17 to 17; expected whole numbers from 0 to 16"),
        (
            {"start": np.full(64, 0.5)},
            "entries from 0.5 to 0.5; expected whole numbers from 0 to 16, which is full ink",
        ),
        ({"start": "seven"}, "start is not made of numbers"),
        ({"examples": 3}, r"examples is int; expected pairs \(picture, label\)"),
        ({"examples": [(EMPTY, "x")]}, r"examples\[0\] has the label 'x'; expected one of \['0'"),
        ({"examples": [(EMPTY - 1, 0)]}, r"examples\[0\] has entries"),
        ({"shown_class": 10}, "shown_class is 10; expected a whole number from 0 to 9"),
        ({"weights": W[:, 0], "bias": 0, "class_names": ["a", "b", "c"]}, "expected 2 different"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        DigitPad(**{"weights": W, "bias": B, **arguments})


@pytest.mark.parametrize(
    ("name", "value"),
    [("pixels", [1, 2]), ("pixels", [17] * 64), ("pixels", None), ("fine", [0] * 31), ("fine", [-1] * 32),
     ("fine", 0), ("shown_class", 10), ("shown_class", "3"), ("compare", 1), ("cell", [8, 0]), ("cell", 3),
     ("overlay", "dots")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    pad = DigitPad(W, B, start=EMPTY)
    before = getattr(pad, name)
    with pytest.raises(ValueError, match="expected"):
        setattr(pad, name, value)
    assert getattr(pad, name) == before


def test_two_classes_have_one_template_and_say_so():
    pad = two_pad()
    for name, value in (("shown_class", 1), ("compare", True)):
        with pytest.raises(ValueError, match="one template"):
            setattr(pad, name, value)
    with pytest.raises(ValueError, match="class_index is 1; expected None"):
        pad.contributions(1)


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a DigitPad, and the questions that the tests ask of it."""

    STATE = STATE

    def __init__(self, *arguments: object, **page: object) -> None:
        super().__init__(*arguments, **page)
        self.pad = self.root.get_by_role("application")

    def bar(self, k: int) -> Locator:
        """Return the bar of a class."""
        return self.root.locator(".nm-bar").nth(k)

    def text(self, selector: str) -> str:
        """Return an element's text, signs and spaces as Python writes them."""
        return super().text(selector).translate(PLAIN)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the hidden bitmap is on the screen."""
        left, top, side = self.pad.evaluate("""(pad) => {
          const box = pad.getBoundingClientRect();
          return [box.left + pad.clientLeft, box.top + pad.clientTop, pad.clientWidth];
        }""")
        return left + x / 32 * side, top + y / 32 * side

    def stroke(self, *places: tuple[float, float]) -> None:
        """Draw through places with the mouse."""
        self.drag(*(self.place(*place) for place in places))

    def colours(self, name: str) -> np.ndarray:
        """Return the colours of a map's cells, shape (8, 8, 3)."""
        return self.canvas(f".nm-map-{name} canvas")[:, :, :3]


@pytest.fixture
def show(open_widget: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page with a DigitPad; no page may complain or ask for the network."""
    return partial(open_widget, ten_pad, Page)


def share(p: float) -> str:
    """Write a probability as a bar does."""
    return ">99%" if 0.99 < p < 1 else "<1%" if 0 < p < 0.01 else f"{int(100 * p + 0.5)}%"


def test_bars_and_sums_are_pythons_for_every_scan(show):
    page = show()
    for index in range(len(page.widget.examples)):
        page.control("Load a scan of").select_option(str(index))
        pad = page.python()
        assert pad.pixels == pad.examples[index]["pixels"]
        page.settle()
        assert page.root.locator(".nm-bar-share").all_inner_texts() == [share(p) for p in pad.probabilities()]
        shown = [float(t.translate(PLAIN)) for t in page.root.locator(".nm-bar-logit").all_inner_texts()]
        np.testing.assert_allclose(shown, pad.logits(), atol=0.051)
        assert page.text(".nm-answer b").startswith(f"Answer: {pad.answer}, ")
        is_right = pad.answer == pad.class_names[pad.examples[index]["label"]]
        assert page.text(".nm-truth").startswith("Right" if is_right else "Wrong")
        total, sign, bias, z = re.match(
            r"All 64 added up: (\S+) ([+-]) bias (\S+) = logit (\S+)", page.text(".nm-sum-line")
        ).groups()
        assert float(total) == pytest.approx(pad.contributions().sum(), abs=0.006)
        assert float(sign + bias) == pytest.approx(pad.bias[int(pad.answer)], abs=0.006)
        assert float(z) == pytest.approx(pad.logits().max(), abs=0.006)
        p = page.text(".nm-share-line").split(" = ")[-1]
        assert float(p) == pytest.approx(pad.probabilities().max(), abs=0.0006)


def test_a_stroke_of_the_mouse_is_counted_in_blocks(show):
    page = show(ten_pad(start=EMPTY))
    assert page.text(".nm-answer").startswith("The pad is empty: the biases alone answer 4")
    page.stroke((6, 4), (25, 4))
    expected = counts(draw(np.zeros((32, 32), int), np.array([6.0, 4.0]), np.array([25.0, 4.0]), 2.5, 1))
    drawn = np.array(page.get("pixels")).reshape(8, 8)
    assert np.abs(drawn - expected).max() <= 2  # the screen's pixels are not the bitmap's points
    assert drawn[3:].sum() == 0 and drawn[:2, 2:6].min() >= 6
    bits = np.array([[int(bit) for bit in f"{row:032b}"] for row in page.get("fine")])
    np.testing.assert_array_equal(counts(bits), drawn)


def test_a_seven_drawn_over_the_whole_pad_is_known_and_erased_again(show):
    page = show(ten_pad(start=EMPTY))
    page.stroke(*SEVEN)
    assert page.python().answer == "7"
    assert page.text(".nm-answer").startswith("Answer: 7")
    drawn = page.get("pixels")
    page.button("Eraser").click()
    expect(page.button("Eraser")).to_have_attribute("aria-pressed", "true")
    page.stroke((6, 3), (25, 3))
    erased = page.get("pixels")
    assert sum(erased) < sum(drawn) and sum(erased[:8]) == 0
    page.button("Undo").click()
    assert page.get("pixels") == drawn
    page.button("Undo").click()
    assert page.get("pixels") == [0] * 64
    page.button("Undo").click()
    assert page.text(".nm-note") == "There is nothing to undo."


def test_the_answer_changes_while_the_pen_is_down(show):
    page = show(ten_pad(start=EMPTY))
    page.page.mouse.move(*page.place(16, 3))
    page.page.mouse.down()
    page.page.mouse.move(*page.place(16, 16))
    page.settle()
    half = sum(page.get("pixels"))
    page.page.mouse.move(*page.place(16, 29))
    page.settle()
    assert 0 < half < sum(page.get("pixels"))
    page.page.mouse.up()


def test_a_finger_draws_and_a_tap_on_a_map_inspects(show):
    page = show(ten_pad(start=EMPTY), viewport=PHONE, touch=True)
    page.page.touchscreen.tap(*page.place(18, 18))
    assert page.get("pixels")[4 * 8 + 4] > 8 and page.get("cell") == [4, 4]
    page.set(pixels=[8] * 64)
    box = page.root.locator(".nm-map-template .nm-square").bounding_box()
    page.page.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.7)
    assert page.get("cell") == [5, 2]
    assert page.get("pixels") == [8] * 64
    assert page.text(".nm-cell-line").startswith("Row 6, column 3: ink 8/16 = 0.5,")
    assert page.pad.evaluate("(pad) => getComputedStyle(pad).touchAction") == "none"


def test_the_pad_by_keyboard_alone(show):
    page = show(ten_pad(start=EMPTY))
    page.set(cell=[2, 2])
    page.pad.press("ArrowRight")
    page.pad.press("Space")
    assert page.get("cell") == [2, 3] and page.get("pixels")[19] == 16
    for key in ("-", "-", "-", "-"):
        page.pad.press(key)
    assert page.get("pixels")[19] == 12
    p = page.python().probabilities()
    label = page.pad.get_attribute("aria-label").translate(PLAIN)
    assert label == f"Pad: row 3, column 4, ink 12 of 16; answer: {page.widget.answer}, {100 * p.max():.0f} %"
    expect(page.root.get_by_role("status")).to_contain_text("row 3, column 4, ink 12 of 16")
    for key, level in (("5", 5), ("+", 6), ("Enter", 16), ("Enter", 0), ("9", 9), ("Delete", 0), ("-", 0)):
        page.pad.press(key)
        assert page.get("pixels")[19] == level
    page.pad.press("Control+z")
    assert page.get("pixels")[19] == 9
    for _ in range(8):
        page.pad.press("ArrowDown")
    assert page.get("cell") == [7, 3]


def test_hovering_writes_the_arithmetic_of_a_cell_and_leaves_no_trace(show):
    page = show()
    before = page.get("pixels")
    cell = page.get("cell")
    page.page.mouse.move(*page.place(14, 2))  # row 1, column 4
    pad = page.python()
    k = int(pad.answer)
    ink, product = pad.ink()[0, 3], pad.contributions()[0, 3]
    found = re.match(
        r"Row 1, column 4: ink (\d+)/16 = (\S+), x weight (\S+) = (\S+)",
        page.text(".nm-cell-line").replace("\n", ""),
    )
    assert int(found[1]) == pad.pixels[3]
    numbers = [float(part) for part in found.groups()[1:]]
    np.testing.assert_allclose(numbers, [ink, pad.weights[k][3], product], atol=0.0051)
    page.page.mouse.move(2, 2)
    assert page.text(".nm-cell-line").startswith(f"Row {cell[0] + 1}, column {cell[1] + 1}:")
    assert page.get("pixels") == before and page.get("cell") == cell


def test_a_class_is_chosen_by_click_by_keys_and_in_the_menu(show):
    page = show()
    winner = int(page.widget.answer)
    assert page.bar(winner).get_attribute("aria-checked") == "true"
    page.bar(3).click()
    assert page.get("shown_class") == 3
    page.bar(3).press("ArrowRight")
    assert page.get("shown_class") == 4
    assert page.bar(4).evaluate("(bar) => bar === document.activeElement")
    assert page.root.locator(".nm-bar[tabindex='0']").count() == 1
    expect(page.root.get_by_role("status")).to_contain_text("Weights: 4")
    pad = page.python()
    assert float(page.text(".nm-sum-line").split()[-1]) == pytest.approx(pad.logits()[4], abs=0.006)
    page.bar(4).press("Home")
    page.bar(0).press("ArrowLeft")
    assert page.get("shown_class") == 9
    page.control("Look at").select_option("winner")
    assert page.get("shown_class") is None
    page.control("Look at").select_option("6")
    assert page.get("shown_class") == 6


def test_maps_have_the_sign_of_weights_and_products(show):
    page = show(ten_pad(shown_class=8))
    pad = page.python()
    weights = np.array(pad.weights[8]).reshape(8, 8)
    for name, values in (("template", weights), ("products", pad.contributions(8))):
        colours = page.colours(name)
        redder = colours[:, :, 0] - colours[:, :, 2]  # orange is red without blue, purple the other way round
        limit = 0.05 * np.abs(np.array(pad.weights)).max()
        assert (redder[values > limit] > 0).all() and (redder[values < -limit] < 0).all()
        assert (colours[values == 0] == 247).all()


def test_why_not_the_second_best(show):
    page = show()
    page.control("Load a scan of").select_option(str(len(page.widget.examples) - 1))  # a hard one
    page.control("Look at").select_option("compare")
    pad = page.python()
    assert pad.compare
    second, first = np.argsort(pad.probabilities())[-2:]
    less = pad.contributions(int(first)) - pad.contributions(int(second))
    total, z = re.match(r"All 64: (\S+) .* = difference of logits (\S+)", page.text(".nm-sum-line")).groups()
    assert float(total) == pytest.approx(less.sum(), abs=0.006)
    assert float(z) == pytest.approx(pad.logits()[first] - pad.logits()[second], abs=0.006)
    times = float(re.search(r"= (\S+) times as probable", page.text(".nm-share-line"))[1])
    assert times == pytest.approx(pad.probabilities()[first] / pad.probabilities()[second], rel=0.02)
    assert page.text(".nm-map-template").strip() == f"Weights: {first} - {second}"
    redder = page.colours("products")[:, :, 0] - page.colours("products")[:, :, 2]
    assert (redder[less > 0.3] > 0).all() and (redder[less < -0.3] < 0).all()


def test_shifting_moves_every_cell_and_tells_both_answers(show):
    page = show()
    scan = np.array(page.get("pixels")).reshape(8, 8)
    for name, arrow, rows, columns in [
        ("right", "→", 0, 1),
        ("left", "←", 0, -1),
        ("up", "↑", -1, 0),
        ("down", "↓", 1, 0),
    ]:
        page.set(pixels=scan.ravel().tolist())
        before = page.python().answer
        page.button(f"Shift {name} {arrow}").click()
        wide = np.pad(scan, 1)
        expected = wide[1 - rows : 9 - rows, 1 - columns : 9 - columns]
        np.testing.assert_array_equal(np.array(page.get("pixels")).reshape(8, 8), expected)
        after = page.python().answer
        words = page.text(".nm-note")
        assert words.startswith(f"Shifted {name}")
        assert (
            (f"still {before}" in words)
            if before == after
            else (f"{before} (" in words and f"became {after} (" in words)
        )
        assert ("ink cut off" in words) == (expected.sum() < scan.sum())
    page.button("Clear").click()
    page.button("Shift right →").click()
    assert page.text(".nm-note").startswith("The pad is empty: there is nothing to shift")


def test_inverting_turns_paper_into_ink(show):
    page = show()
    scan = np.array(page.get("pixels"))
    page.button("Invert").click()
    assert page.get("pixels") == (16 - scan).tolist()
    assert page.text(".nm-note").startswith("Inverted: ")
    page.button("Invert").click()
    assert page.get("pixels") == scan.tolist()


def test_a_prediction_on_a_shift_gets_a_verdict(show):
    page = show()
    page.control("Predict:").select_option("shift:right")
    before = page.python().answer
    page.button("No").click()
    after = page.python().answer
    expected = "You were right." if before != after else "Not so."
    assert page.text(".nm-note").startswith(expected)
    expect(page.root.get_by_role("status")).to_contain_text(expected)
    page.button("Undo").click()
    assert page.text(".nm-note") == ""
    page.button("Yes").click()
    assert page.text(".nm-note").startswith("Not so." if before != after else "You were right.")
    page.button("Clear").click()
    page.button("Yes").click()
    assert page.text(".nm-note").startswith("The pad is empty.")


def test_a_prediction_on_a_drawing_waits_for_it(show):
    page = show()
    assert page.control("Predict:").input_value() == "draw:7"
    page.button("Yes").click()
    assert page.get("pixels") == [0] * 64
    assert page.text(".nm-note").startswith("Noted: yes.")
    expect(page.button("Check")).to_be_focused()
    page.button("Check").click()
    assert page.text(".nm-note") == "The pad is still empty: draw a 7 first."
    page.stroke(*SEVEN)
    page.button("Check").click()
    assert page.text(".nm-note").startswith("You were right. It answers 7")
    expect(page.button("Yes")).to_be_focused()
    page.control("Predict:").select_option("draw:8")
    page.button("Yes").click()
    page.stroke(*SEVEN)
    page.button("Check").click()
    assert re.match(r"Not so\. It answers 7, .*; 8 gets", page.text(".nm-note"))


def test_what_the_cells_show(show):
    page = show()
    assert page.root.locator(".nm-numbers").is_hidden()
    page.control("Cells show").select_option("numbers")
    page.settle()
    texts = page.root.locator(".nm-numbers span").all_inner_texts()
    assert [int(text or 0) for text in texts] == page.get("pixels")
    page.control("Cells show").select_option("stroke")
    page.settle()
    points = page.canvas(".nm-pad canvas + canvas")[:, :, 3] > 0
    assert counts(points).ravel().tolist() == page.get("pixels")


def test_two_classes_are_the_sigmoid(show):
    page = show(two_pad())
    for index in range(len(page.widget.examples)):
        page.control("Load a scan of").select_option(str(index))
        pad = page.python()
        z = pad.logits()[0]
        assert page.root.locator(".nm-bar-share").all_inner_texts() == [share(p) for p in pad.probabilities()]
        found = re.match(r"Sigmoid: 1 / \(1 \+ e(\S+)\) = (\S+) for 9", page.text(".nm-share-line"))
        assert float(found[1]) == pytest.approx(-z, abs=0.006)
        assert float(found[2]) == pytest.approx(1 / (1 + np.exp(-z)), abs=0.0006)
        assert float(page.text(".nm-sum-line").split()[-1]) == pytest.approx(z, abs=0.006)
    assert page.control("Look at").is_hidden()
    assert page.root.get_by_role("radio").count() == 0
    page.button("Clear").click()
    assert page.text(".nm-answer").startswith("The pad is empty: the bias alone answers 9")


def test_reset_restores_everything(show):
    page = show()
    initial = {name: page.get(name) for name in STATE}
    page.bar(2).click()
    page.control("Cells show").select_option("numbers")
    page.button("Eraser").click()
    page.stroke((3, 3), (28, 28))
    page.button("Reset").click()
    assert {name: page.get(name) for name in STATE} == initial
    expect(page.button("Pen")).to_have_attribute("aria-pressed", "true")


def test_two_views_and_python_stay_together(show):
    page = show(ten_pad(start=EMPTY), views=2)
    first, second = page.views.all()
    page.stroke(*SEVEN)
    second.get_by_role("button", name="Shift left ←").click()
    second.get_by_label("Look at", exact=True).select_option("5")
    page.settle()
    for part in (".nm-bars", ".nm-words", ".nm-answer"):
        assert first.locator(part).inner_text() == second.locator(part).inner_text()
    page.assert_views_differ_in_ids()
    assert page.python().pixels == page.get("pixels") != [0] * 64
    page.set(pixels=[16] * 64)  # from Python: the bitmap follows
    page.stroke((2, 2), (3, 3))
    assert page.get("pixels") == [16] * 64
    page.assert_a_removed_view_leaves_nothing()


def test_nothing_a_reader_does_breaks_it(show):
    page, random = show(viewport=PHONE, touch=True), np.random.default_rng(2)
    names = [
        "Pen",
        "Eraser",
        "Undo",
        "Clear",
        "Invert",
        "Reset",
        "Shift left ←",
        "Shift down ↓",
        "Yes",
        "No",
        "Check",
    ]
    for _ in range(50):
        action = random.integers(4)
        if action == 0:
            button = page.button(str(random.choice(names)))
            if button.is_visible():
                button.click()
        elif action == 1:
            page.pad.press(str(random.choice(["Space", "ArrowLeft", "ArrowUp", "7", "+", "-", "Control+z"])))
        elif action == 2:
            page.stroke(*random.uniform(1, 31, (3, 2)).tolist())
        else:
            page.control("Look at").select_option(str(random.choice(["winner", "compare", "3"])))
    assert not re.search(r"NaN|undefined|Infinity|null", page.root.inner_text())
    assert page.get("pixels") == page.python().pixels


def test_far_weights_do_not_break_the_words(show):
    weights = np.zeros((64, 2))
    weights[:, 1] = 1000
    page = show(DigitPad(weights, [0, 0], start=np.full(64, 16)))
    assert page.text(".nm-bar:nth-child(2) .nm-bar-share") == "100%"
    assert not re.search(r"NaN|undefined|Infinity", page.root.inner_text())


def test_phone_shows_the_pad_and_the_whole_result_together(show):
    page = show(viewport=PHONE, touch=True)
    for index in range(len(page.widget.examples)):
        page.control("Load a scan of").select_option(str(index))
        page.control("Look at").select_option("compare" if index % 2 else "winner")
        page.control("Predict:").select_option("shift:right")
        page.button("Yes").click()
        assert page.text(".nm-note") != ""
        page.assert_fits_a_phone()
    page.assert_text_is_large_enough()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_targets_are_large_enough_and_keep_their_keys(show, viewport):
    page = show(viewport=viewport)
    assert page.assert_targets(1) == 4 + 6 + 4 + 2 + 1 + 10  # menus, tools, shifts, yes and no, pad, bars


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(show, viewport):
    page = show(viewport=viewport)
    page.assert_axe_finds_nothing()
    page.control("Predict:").select_option("shift:right")
    page.button("Yes").click()
    page.control("Cells show").select_option("numbers")
    page.control("Look at").select_option("compare")
    page.settle()
    page.assert_axe_finds_nothing()


def test_axe_finds_nothing_with_two_classes(show):
    show(two_pad()).assert_axe_finds_nothing()
