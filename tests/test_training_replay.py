"""TrainingReplay: its Python side against NumPy; the widget in Chromium with keys, mouse and fingers."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect
from site_tools import DESKTOP, PHONE
from table_training_replay import replay, some_run
from widget_tools import WidgetPage

from notmagic.datasets import CLASS_NAMES
from notmagic.widgets import TrainingReplay

LABELS = np.array([3, 0, 9, 5])
PICTURES = np.zeros((4, 32, 32, 3), np.uint8)
CURVES = {"accuracy": [0.4, 0.5]}
SHARES = np.full((2, 4, 10), 0.1)
ONLY_CURVES = {"name": "curves only", "curves": some_run(3, "", LABELS, 6)["curves"]}
RIGHT, WRONG = "\u2713", "\u2717"


# ------------------------------------------------------------------------------------------- Python: state


def test_example_in_the_docstring_and_other_reprs():
    result = doctest.testmod(sys.modules[TrainingReplay.__module__])
    assert (result.failed, result.attempted) == (0, 6)
    widget = replay(epoch=3)
    counts = [widget.right_counts(run)[2] for run in (0, 1)]
    start = "TrainingReplay(chapter 11 and chapter 12, 10 epochs, 40 pictures; after epoch 3: "
    assert repr(widget) == f"{start}{counts[0]} right)"
    widget.run = "both"
    assert repr(widget) == f"{start}{counts[0]} right and {counts[1]} right)"
    assert repr(TrainingReplay([ONLY_CURVES])) == "TrainingReplay(curves only, 6 epochs; after epoch 1)"
    mixed = TrainingReplay([some_run(1, "mine", LABELS, 6), ONLY_CURVES], labels=LABELS, run=1)
    assert repr(mixed).endswith("4 pictures; after epoch 1: not kept)")


def test_what_the_page_gets_is_small_and_exact():
    widget = replay()
    assert len(widget.pixels) == 40 * 32 * 32 * 3
    assert len(widget.probabilities) == 2 * (2 * 10 * 40 * 10)
    assert list(widget.labels) == widget._labels.tolist()
    sent = np.frombuffer(widget.probabilities, "<u2").reshape(2, 10, 40, 10) / 65_535
    given = some_run(1, "", widget._labels.astype(int), skill=2.5)["probabilities"]
    np.testing.assert_allclose(sent[0], given.astype(float), atol=0.51 / 65_535)
    np.testing.assert_array_equal(widget.answers(0), given.argmax(axis=2))


def test_counts_and_changes_follow_from_the_answers():
    widget = replay(epoch=4)
    answers = widget.answers(1)
    assert widget.right_counts(1).tolist() == [sum(row == widget._labels) for row in answers]
    assert widget.changed(1).tolist() == [i for i in range(40) if answers[3, i] != answers[2, i]] != []
    widget.epoch = 1
    assert widget.changed(1).tolist() == []


def test_the_first_choice_is_a_picture_that_is_learnt():
    labels = np.array([0, 1, 1, 0])
    shares = np.array([[[0.9, 0.1]] * 4, [[0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8]]])
    given = {"name": "two", "curves": {"loss": [1, 0.5]}, "probabilities": shares}
    make = partial(TrainingReplay, labels=labels, class_names=("cat", "dog"))
    assert make([given]).picture == 2
    assert make([{**given, "probabilities": shares[[0, 0]]}]).picture == 0  # none is learnt
    assert make([given], picture=3).picture == 3
    assert make([given]).quantity == "loss"  # there is nothing else


def test_making_it_does_not_import_tensorflow():
    program = (
        "import sys; from notmagic.widgets import TrainingReplay;"
        "TrainingReplay([{'name': 'a', 'curves': {'loss': [1.0]}}]);"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def run_with(**parts):
    return [{"name": "mine", "curves": CURVES, "probabilities": SHARES, **parts}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runs": {}}, "runs is dict; expected a list of 1 to 2 dicts"),
        ({"runs": []}, "runs is of length 0; expected a list of 1 to 2"),
        ({"runs": [{"name": "a"}]}, r"runs\[0\] is \['name'\]; expected a dict with 'name', 'curves'"),
        ({"runs": run_with(pictures=3)}, r"runs\[0\] has 'pictures'; expected 'name', 'curves' and"),
        ({"runs": run_with(name="x" * 21)}, r"the name of runs\[0\] is 'x+'; expected a text of 1 to 20"),
        ({"runs": run_with() * 2}, "both runs are called 'mine'; expected different names"),
        (
            {"runs": [*run_with(), {"name": "b", "curves": {"loss": [1, 2, 3]}}]},
            "'mine' has 2 epochs and 'b' has 3",
        ),
        ({"runs": run_with(curves={})}, r"the curves of run 'mine' are \{\}; expected at least one"),
        (
            {"runs": run_with(curves={"error": [1, 0]})},
            "ends in 'accuracy' or 'loss', such as 'training accuracy'",
        ),
        ({"runs": run_with(curves={"accuracy": [40, 50]})}, "reaches 50; .* divide percent by 100"),
        ({"runs": run_with(curves={"loss": [1, np.nan]})}, "negative or no numbers"),
        (
            {"runs": run_with(curves={"loss": [[1, 2]]})},
            r"'loss' of run 'mine' has shape \(1, 2\); .* 1 to 200",
        ),
        ({"runs": run_with(curves={"loss": ["low"]})}, "'loss' of run 'mine' is not an array of numbers"),
        (
            {"runs": run_with(curves={**CURVES, "loss": [1]})},
            "different numbers of epochs: accuracy 2, loss 1",
        ),
        (
            {"runs": run_with(curves={f"{k} loss": [1, 1] for k in "abcd"})},
            "there are 4 curves of loss: .* at most 3",
        ),
        (
            {"runs": run_with(probabilities=SHARES[:1])},
            r"have shape \(1, 4, 10\); expected \(2, 4, 10\): epochs",
        ),
        ({"runs": run_with(probabilities=2 * SHARES)}, "not from 0 to 1 with sum 1 .* pass their softmax"),
        ({"runs": run_with(probabilities=SHARES - [[[1] + [0] * 8 + [-1]]])}, "not from 0 to 1"),
        ({"labels": None, "pictures": None}, "labels are missing; pictures and probabilities need them"),
        ({"labels": [3, 0, 9, 10]}, "labels go from 0 to 10; expected 0 to 9"),
        ({"labels": [0.5, 1]}, r"labels has shape \(2,\) and type float64"),
        ({"labels": np.zeros(51, int)}, r"labels has shape \(51,\) .* at most 50"),
        ({"pictures": PICTURES[:3]}, r"pictures has shape \(3, 32, 32, 3\); expected \(4, 32, 32, 3\)"),
        ({"pictures": PICTURES / 255}, r"type float64; expected uint8, .* pass \(255 \* pictures\)"),
        ({"class_names": "ab"}, "class_names is 'ab'; expected 2 to 10 different names"),
        ({"class_names": ["a", "a"]}, "expected 2 to 10 different names"),
        ({"run": 1}, "run is 1; expected a whole number from 0 to 0"),
        ({"run": "both"}, "run is 'both'; expected a number from 0 to 0"),
        ({"epoch": 3}, "epoch is 3; expected a whole number from 1 to 2"),
        ({"picture": 4}, "picture is 4; expected a whole number from 0 to 3"),
        ({"quantity": "loss"}, "there is no curve of 'loss'; choose one of 'accuracy'"),
        ({"ask": 1}, "ask is 1; expected True or False"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainingReplay(**{"runs": run_with(), "pictures": PICTURES, "labels": LABELS, **arguments})


@pytest.mark.parametrize(
    ("name", "value"),
    [("run", 2), ("run", "two"), ("epoch", 0), ("epoch", 11), ("picture", 40), ("quantity", "time"),
     ("changed_only", None), ("ask", "no")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    widget = replay()
    before = getattr(widget, name)
    with pytest.raises(ValueError, match=r"expected|choose one of"):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_answers_that_were_not_kept_are_said():
    with pytest.raises(ValueError, match="run 'curves only' has no probabilities"):
        TrainingReplay([ONLY_CURVES]).answers(0)


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a TrainingReplay."""

    STATE = ("run", "epoch", "picture", "changed_only", "quantity", "ask")

    def shown(self) -> list[int]:
        return list(range(len(self.widget.runs))) if self.widget.run == "both" else [self.widget.run]

    def tiles(self) -> list[list[str]]:
        """Return the marks of each picture, from left to right."""
        self.settle()
        return self.root.locator(".nm-tile").evaluate_all(
            """(tiles) => tiles.map(
              (tile) => [...tile.querySelectorAll(".nm-marks span:not([hidden])")].map((m) => m.innerText))"""
        )

    def visible_tiles(self) -> list[int]:
        self.settle()
        faces = self.root.locator(".nm-face").evaluate_all(
            "(faces) => faces.map((f) => f.checkVisibility({ visibilityProperty: true }))"
        )
        return np.flatnonzero(faces).tolist()

    def assert_as_python(self) -> None:
        """Assert that counts, marks, numbers and the chosen picture's answers agree with Python."""
        widget = self.python()
        at, picture, labels = widget.epoch - 1, widget.picture, widget._labels
        assert self.text(".nm-field-epoch .nm-value") == f"{widget.epoch} of {widget.epochs}"
        answers = [widget.answers(run)[at] for run in self.shown()]
        lines = self.root.locator(".nm-tiding:visible").all_text_contents()
        assert len(lines) == len(answers)
        for line, run in zip(lines, self.shown(), strict=True):
            right = widget.right_counts(run)
            assert f"{widget.runs[run]['name']}: {right[at]} of {len(labels)} right" in line
            moved = re.search(r"(\d+) won, (\d+) lost", line)
            assert (moved is not None) == (at > 0)
            if moved:
                assert int(moved[1]) - int(moved[2]) == right[at] - right[at - 1]
        marks = [[RIGHT if a[i] == label else WRONG for a in answers] for i, label in enumerate(labels)]
        assert self.tiles() == marks
        said = [line.translate(str.maketrans("\u00a0", " ")) for line in
                self.root.locator(".nm-said:visible").all_text_contents()]  # fmt: skip
        for line, run, answer in zip(said, self.shown(), answers, strict=True):
            verdict = "right" if answer[picture] == labels[picture] else "wrong"
            name = CLASS_NAMES[answer[picture]]
            assert re.fullmatch(rf"{widget.runs[run]['name']} says {name}, >?\d+ %: {verdict}", line)
        self.assert_numbers()

    def assert_numbers(self) -> None:
        """Assert that the table beside the curves has their values at this epoch."""
        widget = self.widget
        runs = [widget.runs[run]["curves"] for run in self.shown()]
        names = [name for name in runs[0] if name.endswith(widget.quantity)]
        scale, decimals = (1, 3) if widget.quantity == "loss" else (100, 1)
        expected = [[f"{scale * run[name][widget.epoch - 1]:.{decimals}f}" for run in runs] for name in names]
        rows = self.root.locator(".nm-numbers tbody tr").all()
        found = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
        np.testing.assert_allclose(found, np.array(expected, float), atol=1.01 * 10.0**-decimals)


@pytest.fixture
def show(open_widget):
    return partial(open_widget, partial(replay, ask=False), Page)


def test_slider_and_buttons_go_through_the_epochs(show):
    page = show()
    page.assert_as_python()
    slider = page.control("Epoch")
    for key, epoch in (("ArrowRight", 2), ("End", 10), ("ArrowLeft", 9), ("Home", 1)):
        slider.press(key)
        assert page.get("epoch") == epoch
        page.assert_as_python()
    expect(page.button("Back")).to_be_disabled()
    page.button("Step").press("Enter")
    page.button("Step").press("Enter")
    page.button("Back").press("Enter")
    assert page.get("epoch") == 2
    slider.press("End")
    expect(page.button("Step")).to_be_disabled()
    page.button("Reset").click()
    assert page.state() == page.get("initial")
    page.assert_as_python()


def test_playing_shows_every_epoch_and_stops_at_the_last(show):
    page = show(replay(ask=False, epochs=40, epoch=33))
    page.page.evaluate(
        "() => { window.seen = []; model.on('change:epoch', () => seen.push(model.get('epoch'))); }"
    )
    page.button("Play").press("Enter")
    expect(page.button("Pause")).to_be_visible()
    expect(page.button("Play")).to_be_visible()
    assert page.get("epoch") == 40
    seen = page.page.evaluate("() => seen")
    assert seen == sorted(set(seen)) and seen[-1] == 40 and len(seen) > 2
    page.assert_as_python()
    page.button("Play").press("Enter")  # from the end it begins anew
    page.page.wait_for_function("() => model.get('epoch') < 40")
    page.button("Pause").press("Enter")
    stopped = page.get("epoch")
    page.page.wait_for_timeout(1200)
    assert page.get("epoch") == stopped < 40


def test_curves_are_drawn_up_to_the_epoch_and_faint_beyond(show):
    page = show(replay(ask=False, epoch=4))
    points = "(paths) => paths.map((p) => p.getAttribute('d').split('L').length)"
    chart = page.root.locator(".nm-chart")
    assert chart.locator(".nm-line:not(.nm-faint)").evaluate_all(points) == [4, 4, 4]
    assert chart.locator(".nm-faint").evaluate_all(points) == [10, 10, 10]
    page.control("Epoch").press("End")
    page.settle()
    assert chart.locator(".nm-line:not(.nm-faint)").evaluate_all(points) == [10, 10, 10]
    top = page.box(".nm-chart circle")
    page.control("Epoch").press("Home")
    assert page.box(".nm-chart circle")["y"] > top["y"] + 50  # accuracies rise
    page.control("Run").select_option("both")
    page.settle()
    assert chart.locator(".nm-line:not(.nm-faint)").count() == 6
    assert (chart.locator("circle.nm-point").count(), chart.locator("rect.nm-point").count()) == (3, 3)


def test_a_press_on_the_chart_chooses_its_epoch(show):
    page = show()
    frame = page.box(".nm-frame")
    for epoch in (7, 1, 10):
        x = frame["x"] + 1 + (epoch - 1) / 9 * (frame["width"] - 2)
        page.page.mouse.click(x, frame["y"] + frame["height"] / 2)
        assert page.get("epoch") == epoch
    page.assert_as_python()


def test_accuracy_or_loss(show):
    page = show(replay(ask=False, epoch=2))
    assert "training 46" in page.root.locator(".nm-chart").get_attribute("aria-label")
    page.root.get_by_role("radio", name="loss").check()
    assert page.get("quantity") == "loss"
    page.assert_as_python()
    assert page.root.locator(".nm-numbers tbody tr").count() == 2
    assert (
        page.root.locator(".nm-chart")
        .get_attribute("aria-label")
        .startswith("loss over 10 epochs; after epoch 2")
    )
    page.root.get_by_role("radio", name="loss").press("ArrowLeft")
    assert page.get("quantity") == "accuracy"
    page.assert_as_python()


def test_keys_and_mouse_choose_a_picture(show):
    page = show()
    grid = page.root.get_by_role("listbox")
    page.root.locator(".nm-tile").nth(0).click()
    for key, picture in (("ArrowRight", 1), ("ArrowDown", 11), ("End", 19), ("ArrowUp", 9), ("ArrowUp", 9),
                         ("Home", 0), ("ArrowLeft", 0), ("Control+End", 39), ("ArrowDown", 39)):  # fmt: skip
        grid.press(key)
        assert page.get("picture") == picture, key
    page.assert_as_python()
    chosen = page.root.locator(f"#{grid.get_attribute('aria-activedescendant')}")
    expect(chosen).to_have_attribute("aria-selected", "true")
    name = CLASS_NAMES[page.widget._labels[39]]
    assert re.match(rf"Picture 39, an? {name}: chapter 11 says ", chosen.get_attribute("aria-label"))
    page.root.locator(".nm-tile").nth(23).click()
    assert page.get("picture") == 23
    page.assert_as_python()


def test_the_pictures_are_those_given(show):
    page = show()
    pixels = np.frombuffer(page.widget.pixels, np.uint8).reshape(40, 32, 32, 3)
    for i in (0, 17, 39):
        painted = page.canvas(page.root.locator(".nm-tile canvas").nth(i))
        np.testing.assert_array_equal(painted[..., :3], pixels[i])
    page.root.locator(".nm-tile").nth(17).click()
    np.testing.assert_array_equal(page.canvas(".nm-large")[..., :3], pixels[17])


def test_ten_probabilities_now_and_over_the_epochs(show):
    page = show(replay(ask=False, epoch=6, run="both"))
    sent = np.frombuffer(page.widget.probabilities, "<u2").reshape(2, 10, 40, 10) / 65_535
    for row, k in zip(page.root.locator(".nm-classes tbody tr").all(), range(10), strict=True):
        own = sent[:, :, page.widget.picture, k]
        cell = row.locator(".nm-bars").bounding_box()["width"]
        widths = [bar.bounding_box()["width"] for bar in row.locator(".nm-fill").all()]
        np.testing.assert_allclose(widths, np.maximum(own[:, 5] * cell, 1), atol=0.6)
        said = [int(re.sub(r"\D", "", share)) for share in row.locator(".nm-share").all_inner_texts()]
        np.testing.assert_allclose(said, 100 * own[:, 5], atol=1.01)
        for faint, course in zip(row.locator(".nm-faint").all(), own, strict=True):
            heights = [float(point.split()[1]) for point in faint.get_attribute("d")[1:].split("L")]
            np.testing.assert_allclose(heights, 94 - 88 * course, atol=0.06)
    truth = page.root.locator(".nm-true th").all_inner_texts()
    assert truth == [CLASS_NAMES[page.widget._labels[page.widget.picture]]]


def test_only_changed_answers_stay_in_sight(show):
    page = show()
    page.control("Changed answers only").check()
    assert page.visible_tiles() == list(range(40))  # there is no epoch before the first
    for epoch in (2, 5, 10):
        page.set(epoch=epoch)
        widget = page.python()
        assert page.visible_tiles() == widget.changed(0).tolist() != []
        assert page.text(".nm-switch span") == f"Changed answers only ({len(widget.changed(0))})"
    page.set(run="both")
    both = sorted({*page.python().changed(0), *page.widget.changed(1)})
    assert page.visible_tiles() == both
    page.control(f"Changed answers only ({len(both)})").uncheck()
    assert page.visible_tiles() == list(range(40))
    page.assert_as_python()


def test_runs_one_after_the_other_and_side_by_side(show):
    page = show(replay(ask=False, epoch=7))
    height = page.box(".nm-body")["height"]
    for chosen, run in (("1", 1), ("both", "both"), ("0", 0)):
        page.control("Run").select_option(chosen)
        assert page.get("run") == run
        page.assert_as_python()
        assert page.box(".nm-body")["height"] == height
    page.set(run="both")
    states = [tuple(marks) for marks in page.tiles()]
    assert len(set(states)) == 4  # right for both, for one, for the other, for none
    split = states.index((WRONG, RIGHT))
    borders = (
        page.root.locator(".nm-tile")
        .nth(split)
        .evaluate(
            "(tile) => [getComputedStyle(tile).borderLeftStyle, getComputedStyle(tile).borderRightStyle]"
        )
    )
    assert borders == ["dashed", "solid"]


def test_without_pictures_the_names_of_the_classes_stand_there(show):
    page = show(replay(pictures=False, ask=False, run="both"))
    names = page.root.locator(".nm-face").all_inner_texts()
    assert names == [CLASS_NAMES[label] for label in page.widget._labels]
    expect(page.root.locator(".nm-large")).to_be_hidden()
    page.root.get_by_role("listbox").press("Control+End")
    page.assert_as_python()
    cut = page.root.locator(".nm-face").evaluate_all(
        "(faces) => faces.filter((f) => f.scrollWidth > f.clientWidth).length"
    )
    assert cut == 0


def test_curves_alone(show):
    page = show(TrainingReplay([ONLY_CURVES]))
    page.control("Epoch").press("End")
    page.python()
    page.assert_numbers()
    for part in (".nm-grid", ".nm-tidings", ".nm-detail", ".nm-question:visible"):
        assert page.root.locator(part).count() == 0
    expect(page.status).to_contain_text("After epoch 6. accuracy over 6 epochs")
    page.assert_no_wrong_numbers()


def test_a_run_without_answers_beside_one_with_them(show):
    page = show(TrainingReplay([some_run(1, "mine", LABELS, 6), ONLY_CURVES], labels=LABELS, ask=False))
    page.control("Run").select_option("1")
    assert "Of this run no answers were kept." in page.text(".nm-missing")
    expect(page.root.get_by_role("listbox")).to_be_hidden()
    expect(page.root.locator(".nm-tiding:visible")).to_have_text("curves only: no answers were kept")
    page.control("Run").select_option("both")
    assert [len(marks) for marks in page.tiles()] == [1, 1, 1, 1]
    page.assert_no_wrong_numbers()


def test_one_epoch_of_one_picture(show):
    page = show(replay(ask=True, epochs=1, count=1, runs=1))
    expect(page.root.locator(".nm-question")).to_be_hidden()
    expect(page.control("Epoch")).to_be_disabled()
    page.assert_as_python()
    page.assert_no_wrong_numbers()


def test_prediction_comes_before_the_curves(show):
    page = show(replay())
    expect(page.root.locator(".nm-chart")).not_to_be_visible()
    first, last = page.widget.right_counts(0)[[0, -1]]
    assert page.text(".nm-question label").startswith(f"After epoch 1, {first} of the 40 pictures are right.")
    expect(page.root.locator(".nm-course .nm-faint:visible")).to_have_count(0)
    page.root.get_by_role("spinbutton").fill(str(last - 3))
    page.root.get_by_role("spinbutton").press("Enter")
    expect(page.root.locator(".nm-chart")).to_be_visible()
    expect(page.button("Play")).to_be_focused()
    assert page.text(".nm-verdict") == f"You say {last - 3}. Press Play."
    page.control("Epoch").press("End")
    assert page.text(".nm-verdict") == f"You said {last - 3}, 3 too few: {last} in the end."
    page.control("Epoch").press("Home")
    assert "in the end" in page.text(".nm-verdict")
    page.control("Run").select_option("1")  # another run, another question
    assert page.text(".nm-verdict") == ""
    page.root.get_by_role("spinbutton").fill(str(page.widget.right_counts(1)[-1]))
    page.button("Check").click()
    page.button("Step").click()
    page.control("Epoch").press("End")
    assert page.text(".nm-verdict").startswith("As you said: ")
    page.button("Reset").click()
    expect(page.root.locator(".nm-question")).to_be_visible()
    page.button("Show me").click()
    expect(page.root.locator(".nm-chart")).to_be_visible()
    assert page.text(".nm-verdict") == ""


def test_who_goes_on_or_does_not_want_to_be_asked_is_not_asked(show):
    page = show(replay())
    question = page.root.locator(".nm-question")
    expect(question).to_be_visible()
    page.control("Epoch").press("ArrowRight")
    expect(question).to_be_hidden()
    page.control("Epoch").press("Home")
    expect(question).to_be_hidden()
    page.button("Reset").click()
    expect(question).to_be_visible()
    page.control("Ask me first").uncheck()
    expect(question).to_be_hidden()
    assert page.get("ask") is False
    page.assert_as_python()


def test_two_views_agree_and_one_can_go(show):
    page = show(views=2)
    page.control("Epoch").press("ArrowRight")
    page.control("Run").select_option("both")
    page.root.get_by_role("listbox").press("ArrowRight")
    page.settle()
    for selector in (".nm-numbers", ".nm-tidings", ".nm-grid", ".nm-detail"):
        first, second = (view.locator(selector).inner_text() for view in page.views.all())
        assert first == second != ""
    page.assert_as_python()
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


def test_finger_chooses_a_picture_on_a_phone(show):
    page = show(viewport=PHONE, touch=True)
    box = page.root.locator(".nm-tile").nth(27).bounding_box()
    page.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.get("picture") == 27
    page.assert_as_python()


@pytest.mark.parametrize("pictures", [True, False], ids=["pictures", "names"])
@pytest.mark.parametrize("settings", [{}, {"run": "both", "epoch": 6}, {"epoch": 10, "quantity": "loss"}],
                         ids=["asked", "both", "loss"])  # fmt: skip
def test_phone_shows_controls_and_whole_result_together(show, pictures, settings):
    page = show(replay(pictures, **settings), viewport=PHONE, touch=True)
    page.assert_fits_a_phone("select, button, input, canvas, svg, table, label, .nm-tile, p")
    page.assert_targets(8)
    tiles = page.root.locator(".nm-tile").evaluate_all(
        "(tiles) => tiles.map((t) => [t.clientWidth + 4, t.clientHeight + 4])"
    )
    assert np.min(tiles) >= 24
    page.assert_keys_are_kept(10)
    page.assert_text_is_large_enough()
    wide = page.root.locator(".nm-numbers, .nm-classes, .nm-tidings").evaluate_all(
        "(parts) => parts.map((p) => p.scrollWidth - p.clientWidth)"
    )
    assert max(wide) <= 0
    page.assert_every_slider_moves_by_keyboard()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_long_name_gives_way_to_the_numbers(show, viewport):
    short = replay(ask=False, run="both", epoch=6)
    labels = short._labels.astype(int)
    runs = [some_run(seed, f"long network name {seed:2}", labels) for seed in (1, 2)]
    heights = []
    for widget in (short, TrainingReplay(runs, None, labels, run="both", epoch=6)):
        page = show(widget, viewport=viewport)
        heights.append(page.box(".nm-tidings")["height"])
        page.assert_as_python()
        panel = page.box(".nm-tidings")
        numbers = [part.bounding_box() for part in page.root.locator(".nm-tiding .nm-name ~ :visible").all()]
        assert len(numbers) >= 4
        assert max(box["x"] + box["width"] for box in numbers) <= panel["x"] + panel["width"]
    assert heights[0] == heights[1]


@pytest.mark.parametrize(
    ("viewport", "settings"),
    [(PHONE, {}), (PHONE, {"pictures": False, "run": "both", "epoch": 3, "changed_only": True}),
     (DESKTOP, {"run": "both", "epoch": 5, "ask": False})],
    ids=["phone", "names", "desktop"],
)  # fmt: skip
def test_axe_finds_nothing(show, viewport, settings):
    page = show(replay(**settings), viewport=viewport)
    page.assert_axe_finds_nothing()


def test_status_speaks_once_the_reader_rests(show):
    page = show(replay())
    expect(page.status).to_contain_text("After epoch 1, ")
    page.button("Show me").click()
    page.control("Epoch").press("ArrowRight")
    counts = page.widget.right_counts(0)
    expect(page.status).to_contain_text(f"After epoch 2. chapter 11: {counts[1]} of 40 right; ")
    expect(page.status).to_contain_text("chapter 11 says ")
