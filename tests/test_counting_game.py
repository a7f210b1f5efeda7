"""CountingGame: its Python side against geometry; the widget in Chromium with keys, mouse and fingers."""

from __future__ import annotations

import doctest
import re
import sys
from functools import partial

import pytest
from playwright.sync_api import expect
from site_tools import DESKTOP, PHONE
from widget_tools import WidgetPage

from notmagic import geometry
from notmagic.architectures import ARCHITECTURES, layer_table
from notmagic.widgets import CountingGame
from notmagic.widgets.counting_game import (
    _layer,
    _multiplications,
    _parameters,
    catalogue,
    judge,
    make_round,
    right_answer,
    slips,
)

ALEXNET_CONV2 = next(
    layer for layer in catalogue() if (layer["network"], layer["name"]) == ("AlexNet (two groups)", "conv2")
)
PLACES = [(level, seed, number) for level in (1, 2, 3) for seed in (0, 7, 999_999) for number in range(1, 60)]


def place_of(question: str, kind: str, level: int = 2, seed: int = 7, network: str = "") -> int:
    """Return the first round of a seed that asks a question about a kind of layer."""
    for number in range(1, 500):
        task = make_round(level, seed, number)
        layer = task["layers"][0]
        if (task["question"], layer["kind"]) == (question, kind) and layer["network"].startswith(network):
            return number
    raise AssertionError(f"no round asks for {question} of {kind}")


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(CountingGame()) == repr(CountingGame(level=1, seed=0, round=1))
    assert re.fullmatch(
        r"CountingGame\(level 1, seed 3, round 2: \w+ of a \w+ layer on \d+( x \d+ x \d+)?; 0 of 0 right\)",
        repr(CountingGame(seed=3, round=2)),
    )
    game = CountingGame(level=3, seed=7, round=3)
    game.history = [1, 0, 1]
    assert repr(game) == (
        "CountingGame(level 3, seed 7, round 3: more multiplications of conv4_2 in VGG-16 or "
        "conv4_2 in VGG-16 (filters changed); 2 of 3 right)"
    )


def test_examples_in_the_docstring():
    result = doctest.testmod(sys.modules[CountingGame.__module__])
    assert (result.failed, result.attempted) == (0, 4)


def test_catalogue_holds_every_layer_that_counts():
    def counts(layer):
        names = ("kind", "kernel", "filters", "stride", "padding", "groups", "bias")
        return *(layer[name] for name in names), tuple(layer["shape"])

    held = [counts(layer) for layer in catalogue()]
    assert len(held) == len(set(held))
    rows = [row for name in ARCHITECTURES for row in layer_table(name) if row.kind != "add"]
    assert set(held) == {row[1:9] for row in rows}
    for layer in catalogue():
        same = [row for row in rows if row[1:9] == counts(layer)]
        assert {(row.parameters, row.multiplications) for row in same} == {
            (_parameters(layer), _multiplications(layer))
        }


def test_the_catalogue_is_nobodys_to_change():
    catalogue()[0]["filters"] = 99
    make_round(2, 0, 1)["layers"][0]["filters"] = 99
    assert 99 not in [layer["filters"] for layer in catalogue()]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_round_has_an_answer_that_is_right_and_slips_that_are_not(place):
    task = make_round(*place)
    right = right_answer(task)
    assert judge(task, right) == (True, [])
    for name, value in slips(task):
        given = value
        if isinstance(right, list) and len(right) == 3:
            given = [*value, right[2]] if len(value) == 2 else [*right[:2], *value]
        is_right, names = judge(task, given)
        assert not is_right and len(names) == 1, (name, names)
    if isinstance(right, list):
        assert all(entry >= 0 for entry in right)


def test_one_seed_gives_one_game_and_others_give_others():
    games = [[make_round(level, seed, number) for number in range(1, 9)]
             for level in (1, 2, 3) for seed in range(20)]  # fmt: skip
    assert games == [[make_round(level, seed, number) for number in range(1, 9)]
                     for level in (1, 2, 3) for seed in range(20)]  # fmt: skip
    assert len({repr(game) for game in games}) == len(games)


def test_rounds_are_of_many_kinds():
    tasks = [make_round(*place) for place in PLACES]
    kinds = {(task["question"], task["layers"][0]["kind"]) for task in tasks}
    for pair in [("shape", "conv"), ("parameters", "conv"), ("multiplications", "conv"), ("shape", "pool"),
                 ("parameters", "pool"), ("shape", "flatten"), ("parameters", "dense"),
                 ("multiplications", "dense"), ("more parameters", "conv"),
                 ("more multiplications", "conv")]:  # fmt: skip
        assert pair in kinds
    answers = [right_answer(make_round(3, seed, 1)) for seed in range(300)]
    assert min(answers.count(choice) for choice in ("A", "B", "same")) > 15


@pytest.mark.parametrize(
    ("question", "given", "name"),
    [
        ("parameters", 5 * 5 * 48 * 256, "no bias"),
        ("parameters", 5 * 5 * 48 * 256 + 1, "bias once"),
        ("parameters", geometry.conv2d_params(5, 96, 256), "ungrouped"),
        ("parameters", (5 * 5 * 48 + 1) * 128, "one group"),
        ("parameters", (5 * 5 + 1) * 256, "no channels"),
        ("parameters", 5 * 5 * 48 * 256 + 27 * 27 * 256, "bias at each place"),
        ("parameters", 307_000, "close"),
        ("parameters", 30_745_600, "ten times"),
        ("parameters", 17, "none"),
        ("multiplications", 27 * 27 * 256 * 5 * 5 * 96, "ungrouped"),
        ("multiplications", 307_456, "parameters"),
        ("multiplications", 23 * 23 * 256 * 5 * 5 * 48, "no padding"),
        ("multiplications", 25 * 25 * 256 * 5 * 5 * 48, "padding once"),
        ("multiplications", 31 * 31 * 256 * 5 * 5 * 48, "padded places"),
        ("multiplications", 27 * 27 * 256 * (5 * 5 * 48 + 1), "bias multiplied"),
    ],
)
def test_usual_slips_are_named(question, given, name):
    assert judge({"question": question, "layers": [ALEXNET_CONV2]}, [given]) == (False, [name])


def test_slips_of_shapes_poolings_and_comparisons_are_named():
    layer = _layer("conv", [8, 12, 3], kernel=3, filters=5, stride=2)
    task = {"question": "shape", "layers": [layer]}
    assert right_answer(task) == [3, 5, 5]
    for given, names in [([6, 10, 5], ["stride"]), ([4, 6, 5], ["ceil"]), ([8, 12, 5], ["same size"]),
                         ([2, 4, 3], ["no plus one", "channels kept"]), ([5, 3, 5], ["turned"]),
                         ([3, 5, 15], ["channels times filters"]), ([1, 1, 5], ["none"])]:  # fmt: skip
        assert judge(task, given) == (False, names)
    pool = _layer("pool", [8, 8, 4], kernel=2, stride=2)
    assert judge({"question": "parameters", "layers": [pool]}, [16]) == (False, ["pooling"])
    assert judge({"question": "shape", "layers": [pool]}, [4, 4, 1]) == (False, ["pooled depth"])
    strided = {**ALEXNET_CONV2, "stride": 2, "change": "stride"}
    pair = {"question": "more parameters", "layers": [ALEXNET_CONV2, strided]}
    assert right_answer(pair) == "same"
    assert judge(pair, "A") == (False, ["other count"])
    assert judge(pair, "B") == (False, ["none"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": 4}, "level is 4; expected a whole number from 1 to 3"),
        ({"level": "1"}, "level is '1'; expected a whole number"),
        ({"seed": -1}, "seed is -1; expected a whole number from 0 to 999,999"),
        ({"seed": 2.0}, "seed is 2.0; expected"),
        ({"round": 0}, "round is 0; expected a whole number from 1 to 100,000"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        CountingGame(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("level", 0), ("seed", None), ("round", True), ("given", [1, 7]), ("given", [2, 7, 1, [1, 2]]),
     ("given", [2, 7, 1, "A"]), ("given", [2, 7, 1, [-1]]), ("given", [3, 7, 1, "C"]),
     ("given", [3, 7, 1, ["A"]]), ("history", [2]), ("history", [1] * 11), ("history", 1)],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    game = CountingGame(level=2, seed=7)
    before = getattr(game, name)
    with pytest.raises(ValueError, match="expected"):
        setattr(game, name, value)
    assert getattr(game, name) == before


def test_check_judges_without_noting():
    game = CountingGame(level=2, seed=7)
    (right,) = right_answer(game.task)
    assert game.check(right) == game.check([right]) == (True, [])
    assert game.check(right * 10) == (False, ["ten times"])
    assert (game.given, game.history, game.answer) == (None, [], None)
    with pytest.raises(ValueError, match=r"the answer is 'A'; expected \[number\]"):
        game.check("A")


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a CountingGame."""

    STATE = ("level", "seed", "round", "given", "history")

    @property
    def number(self):
        return self.control("Number")

    @property
    def right(self):
        return right_answer(self.python().task)

    def assert_told(self) -> None:
        """Assert that all that is given about each layer is told, and nothing of the answer."""
        task = self.python().task
        for layer, card in zip(task["layers"], self.root.locator(".nm-card:visible").all(), strict=True):
            told = card.locator(".nm-layer-words").inner_text()
            for entry in layer["shape"]:
                assert f"{entry:,}" in told
            if layer["kind"] == "conv":
                biases = "with biases" if layer["bias"] else "without biases"
                for words in (f"{layer['kernel']} × {layer['kernel']}", f"{layer['filters']:,} filter",
                              f"stride {layer['stride']}", biases):  # fmt: skip
                    assert words in told
                assert ("groups" in told) == (layer["groups"] > 1 or "groups" in layer["network"])
                assert (f"padding {layer['padding']} on each side" in told) == (layer["padding"] > 0)
            if task["question"] != "parameters":
                assert card.locator(".nm-part-output .nm-caption").inner_text() == "?"
                assert "to be found" in card.locator("[role=img]").get_attribute("aria-label")


@pytest.fixture
def show(open_widget):
    return partial(open_widget, partial(CountingGame, level=2, seed=7), Page)


def test_a_round_is_played_by_keyboard(show):
    number = place_of("parameters", "conv", network="AlexNet (two groups)")
    page = show(CountingGame(level=2, seed=7, round=number))
    page.assert_told()
    (right,) = page.right
    page.number.fill(f"{right:,}")
    page.number.press("Enter")
    page.settle()
    assert page.get("given") == [2, 7, number, [right]]
    assert page.python().answer == [right]
    assert page.text(".nm-lead") == f"Right: {right:,}."
    assert f"= {right:,}" in page.text(".nm-lines")
    assert (page.get("history"), page.text(".nm-score")) == ([1], "1 of the last 1 right")
    expect(page.button("Next")).to_be_focused()
    page.page.keyboard.press("Enter")
    page.settle()
    assert page.get("round") == number + 1
    assert page.python().answer is None
    assert page.text(".nm-lead") == page.text(".nm-lines") == ""
    assert page.page.evaluate("() => document.activeElement.matches('input[type=text]')")
    page.assert_told()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("level", [1, 2, 3])
def test_rounds_on_the_page_are_pythons(show, level, seed):
    page = show(CountingGame(level=level, seed=seed))
    for number in range(1, 9):
        game = page.python()
        assert (game.level, game.seed, game.round) == (level, seed, number)
        page.assert_told()
        right = page.right
        if isinstance(right, str):
            page.button({"same": "The same"}.get(right, right)).click()
        else:
            labels = ["Number"] if len(right) == 1 else ["Height", "Width", "Channels"]
            for label, entry in zip(labels, right, strict=True):
                page.control(label).fill(f"{entry:,}".replace(",", " "))
            page.button("Check").click()
        assert page.text(".nm-lead").startswith("Right: ")
        assert page.get("history") == [1] * number
        page.assert_no_wrong_numbers()
        page.button("Next").click()


def test_wrong_answers_are_diagnosed_as_in_python(show):
    number = place_of("parameters", "conv", network="AlexNet (two groups)")
    page = show(CountingGame(level=2, seed=7, round=number))
    layer = page.widget.task["layers"][0]
    wrong = _parameters({**layer, "bias": False})
    page.number.fill(str(wrong))
    page.button("Check").click()
    assert "left out the biases" in page.text(".nm-diagnosis")
    assert page.text(".nm-lead") == f"Not {wrong:,} but {page.right[0]:,}."
    assert page.python().check(page.python().answer) == (False, ["no bias"])
    assert page.get("history") == [0]


def test_shapes_have_three_fields_and_the_output_is_drawn_after_the_answer(show):
    number = place_of("shape", "conv")
    page = show(CountingGame(level=2, seed=7, round=number))
    assert page.text(".nm-part-output .nm-caption") == "?"
    height, width, channels = page.right
    for label, entry in (("Height", height), ("Width", width)):
        page.control(label).fill(str(entry))
    page.button("Check").click()
    assert page.text(".nm-problem") == "Channels: Type a number first, or choose Show me."
    expect(page.control("Channels")).to_be_focused()
    page.control("Channels").fill(str(page.widget.task["layers"][0]["shape"][2]))
    page.page.keyboard.press("Enter")
    assert "one channel for each of the" in page.text(".nm-diagnosis")
    assert page.text(".nm-part-output .nm-caption") == f"{height}×{width}×{channels:,}"
    assert page.root.locator(".nm-part-output svg polygon").count() == 3


def test_what_is_no_number_is_not_judged(show):
    page = show(CountingGame(level=2, seed=7, round=place_of("parameters", "dense")))
    for typed, message in (("", "Type a number first"), ("many", "is no part of a number"),
                           ("1.5", "whole number"), ("3 *", "not complete")):  # fmt: skip
        page.number.fill(typed)
        page.button("Check").click()
        assert message in page.text(".nm-problem")
    assert (page.get("given"), page.get("history")) == (None, [])


def test_sums_are_worked_out_and_signs_can_be_pressed(show):
    page = show(CountingGame(level=2, seed=7, round=place_of("multiplications", "dense")))
    layer = page.widget.task["layers"][0]
    inputs, units = layer["shape"][0], layer["filters"]
    page.number.fill(str(inputs))
    page.button("Insert times").click()
    expect(page.number).to_be_focused()
    page.page.keyboard.type(str(units))
    assert page.text(".nm-typed") == f"= {inputs * units:,}"
    page.page.keyboard.press("Enter")
    assert page.text(".nm-lead") == f"Right: {inputs * units:,}."


def test_show_me_gives_the_arithmetic_and_counts_as_not_right(show):
    page = show()
    page.button("Show me").click()
    assert page.get("given") == [2, 7, 1, "shown"]
    assert page.python().answer == "shown"
    assert page.text(".nm-lead") == f"The answer is {page.right[0]:,}."
    assert page.get("history") == [0]
    expect(page.button("Show me")).to_be_hidden()


def test_comparison_is_chosen_and_marked(show):
    page = show(CountingGame(level=3, seed=7))
    right = page.right
    wrong = "A" if right == "B" else "B"
    page.button(wrong).press("Enter")
    assert page.get("given") == [3, 7, 1, wrong]
    assert page.text(".nm-lead").startswith(f"Not {wrong} but ")
    lines = page.text(".nm-lines").split("\n")
    counted = _parameters if page.widget.task["question"] == "more parameters" else _multiplications
    for letter, layer, line in zip("AB", page.widget.task["layers"], filter(None, lines), strict=False):
        assert line.startswith(f"{letter}: ") and line.endswith(f" = {counted(layer):,}")
    assert page.root.locator(".nm-choices .nm-wanted").inner_text() == {"same": "The same"}.get(right, right)


def test_level_and_seed_begin_again(show):
    page = show()
    page.button("Show me").click()
    page.button("Next").click()
    page.control("Level").select_option("3")
    assert page.state() == {"level": 3, "seed": 7, "round": 1, "given": None, "history": []}
    page.button("A").click()
    page.control("Seed").fill("12")
    page.control("Seed").press("Tab")
    assert page.state() == {"level": 3, "seed": 12, "round": 1, "given": None, "history": []}
    page.control("Seed").fill("-4")
    page.control("Seed").press("Tab")
    assert (page.get("seed"), page.control("Seed").input_value()) == (12, "12")
    page.button("A").click()
    page.button("Next").click()
    page.button("Start again").click()
    assert page.state() == {"level": 3, "seed": 12, "round": 1, "given": None, "history": []}
    page.assert_told()


def test_score_is_of_the_last_ten(show):
    page = show(CountingGame(level=3, seed=1))
    expected = []
    for _ in range(12):
        page.python()
        expected.append(int(page.right == "A"))
        page.button("A").click()
        page.settle()
        page.button("Next").click()
    assert page.get("history") == expected[-10:]
    assert page.text(".nm-score") == f"{sum(expected[-10:])} of the last 10 right"
    assert page.root.locator(".nm-hit").count() == sum(expected[-10:])


def test_two_views_agree_and_one_can_go(show):
    page = show(views=2)
    page.button("Show me").click()
    page.settle()
    for selector in (".nm-verdict", ".nm-cards", ".nm-head"):
        first, second = (view.locator(selector).inner_text() for view in page.views.all())
        assert first == second != ""
    page.views.nth(1).get_by_role("button", name="Next").click()
    page.settle()
    first, second = (view.locator(".nm-layer-words").first.inner_text() for view in page.views.all())
    assert first == second
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


def test_an_answer_from_python_is_shown(show):
    page = show(CountingGame(level=2, seed=7, round=place_of("parameters", "dense")))
    (right,) = page.right
    page.set(given=[2, 7, page.widget.round, [right]])
    assert page.text(".nm-lead") == f"Right: {right:,}."
    assert page.number.input_value() == f"{right:,}"
    page.set(level=1)  # what was given belongs to another round now
    assert page.text(".nm-lead") == ""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_moves_when_an_answer_comes(show, viewport):
    page = show(viewport=viewport)
    parts = (".nm-cards", ".nm-answer", ".nm-verdict", ".nm-foot")
    for level, numbers in ((1, range(1, 9)), (2, range(1, 17)), (3, range(1, 9))):
        for number in numbers:
            page.set(level=level, round=number, given=None)
            before = [page.box(selector) for selector in parts]
            right = right_answer(make_round(level, 7, number))
            wrong = "A" if isinstance(right, str) else [entry + 9876 for entry in right]
            page.set(given=[level, 7, number, wrong])
            assert page.text(".nm-lines") != ""
            after = [page.box(selector) for selector in parts]
            assert after == before, (level, number)


def longest_round(level: int) -> CountingGame:
    """Return a round that says the most of a hundred."""
    games = [CountingGame(level=level, seed=7, round=number) for number in range(1, 100)]
    return max(games, key=lambda game: len(repr(game)))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_phone_shows_controls_and_whole_result_together(show, level):
    page = show(longest_round(level), viewport=PHONE, touch=True)
    shown = "input, button, svg, .nm-layer-words, .nm-asked, .nm-verdict p, label"
    page.assert_fits_a_phone(shown)
    if level < 3:
        entry = page.root.locator(".nm-entry input:visible")
        assert entry.first.get_attribute("inputmode") == "numeric"
        for field in entry.all():
            field.fill("307456")
        page.button("Check").tap()
    else:
        page.button("The same").tap()
    page.assert_fits_a_phone(shown)
    page.assert_targets(4, "button:visible, input:visible, select:visible")
    page.assert_keys_are_kept(15)
    page.assert_text_is_large_enough()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_axe_finds_nothing(show, viewport, level):
    page = show(CountingGame(level=level, seed=7), viewport=viewport)
    page.assert_axe_finds_nothing()
    page.button("Show me").click()
    page.settle()
    page.assert_axe_finds_nothing()


def test_status_speaks_once_the_reader_rests(show):
    page = show(CountingGame(level=2, seed=7, round=place_of("parameters", "dense")))
    expect(page.status).to_contain_text("How many parameters does it have?")
    page.number.fill("1")
    page.button("Check").click()
    expect(page.status).to_contain_text(f"Not 1 but {page.right[0]:,}.")
