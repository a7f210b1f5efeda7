"""PoolingExplorer: its Python side against the layers, the widget in Chromium with real keys and fingers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from scipy import ndimage, signal
from site_tools import PHONE
from widget_tools import WidgetPage

from notmagic.datasets import load_digits
from notmagic.layers import AveragePooling2D, MaxPooling2D
from notmagic.widgets import PoolingExplorer
from notmagic.widgets.conv_explorer import named_filter
from notmagic.widgets.pooling_explorer import KINDS

RANDOM = np.random.default_rng(3)
MAPS = {
    "counts": RANDOM.integers(0, 5, (8, 8)),
    "signed": RANDOM.normal(0, 20, (5, 7)),
    "large": RANDOM.integers(0, 256, (16, 16), dtype=np.uint8),
    "by hand": np.array([[0, 3, 2, 0], [1, 2, 0, 6], [4, 1, 5, 0], [0, 4, 1, 2]]),
}


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(PoolingExplorer()) == "PoolingExplorer(map 8 x 8, max 2 x 2, stride 2, shift (0, 0))"
    other = PoolingExplorer(MAPS, "signed", 3, 1, "average", (-1, 2))
    assert repr(other) == "PoolingExplorer(map 5 x 7, average 3 x 3, stride 1, shift (-1, 2))"


def test_default_maps_are_line_filters_on_a_digit_of_the_course():
    explorer = PoolingExplorer()
    explorer.map_name = "digit, pixels"
    digit = explorer.input()
    assert any(np.array_equal(digit, image) for image in load_digits().x_train)
    lines = {"vertical lines": "vertical line", "horizontal lines": "horizontal line",
             "falling diagonals": "falling diagonal", "rising diagonals": "rising diagonal"}  # fmt: skip
    for words, name in lines.items():
        explorer.map_name = f"digit, {words}"
        answers = signal.correlate2d(digit, named_filter(name)[:, :, 0], mode="same")
        np.testing.assert_array_equal(explorer.input(), np.maximum(answers, 0))
    explorer.map_name = "photo, vertical lines"
    assert explorer.input().shape == (16, 16) and explorer.input().min() == 0 < explorer.input().max()


def test_the_map_made_by_hand_has_the_numbers_of_the_chapter():
    explorer = PoolingExplorer(name="4 by 4, by hand")
    np.testing.assert_array_equal(explorer.input(), MAPS["by hand"])
    assert explorer.pooled().tolist() == [[3, 6], [4, 5]]
    explorer.how = "average"
    assert explorer.pooled().tolist() == [[1.5, 2], [2.25, 2]]
    explorer.how = "sum"
    assert explorer.pooled().tolist() == [[6, 8], [9, 8]]


@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("name", ["counts", "signed"])
def test_pooled_maps_and_counts_are_the_layers(name, how):
    for pool_size, stride, shift in [(1, 1, (0, 1)), (2, 2, (1, 0)), (3, 1, (-2, 3)), (2, 4, (0, -1))]:
        explorer = PoolingExplorer(MAPS, name, pool_size, stride, how, shift)
        shifted = ndimage.shift(MAPS[name].astype(float), shift, order=0)
        np.testing.assert_array_equal(explorer.input(shifted=True), shifted)
        layer = (MaxPooling2D if how == "max" else AveragePooling2D)(pool_size, stride, dtype="float64")
        factor = pool_size**2 if how == "sum" else 1
        before, after = (
            factor * layer(values[None, :, :, None])[0, :, :, 0] for values in (explorer.input(), shifted)
        )
        np.testing.assert_allclose(explorer.pooled(), before)
        np.testing.assert_allclose(explorer.pooled(shifted=True), after, atol=1e-12)
        assert explorer.output_shape == before.shape
        same = int(np.isclose(before, after).sum())
        assert explorer.unchanged()["pooled"] == (same, before.size)
        assert explorer.unchanged()["input"] == (int((explorer.input() == shifted).sum()), shifted.size)


def test_gradient_goes_to_the_winner_or_to_all():
    explorer = PoolingExplorer(MAPS, "by hand", row=1, col=0)  # the window [[4, 1], [0, 4]]
    expected = np.zeros((4, 4))
    expected[2, 0] = 1  # the first of the two 4s
    np.testing.assert_array_equal(explorer.gradient(), expected)
    explorer.shift = (0, 1)
    np.testing.assert_array_equal(explorer.gradient(shifted=True), np.roll(expected, 1, axis=1))
    for how, share in (("average", 0.25), ("sum", 1)):
        explorer.how = how
        expected[2:, :2] = share
        np.testing.assert_array_equal(explorer.gradient(), expected)


def test_it_looks_first_at_the_largest_number_and_stays_inside():
    explorer = PoolingExplorer(MAPS, "by hand")
    assert (explorer.row, explorer.col) == (0, 1)
    explorer.map_name, explorer.pool_size, explorer.stride = "large", 1, 1
    explorer.row, explorer.col = 15, 14
    explorer.stride = 4
    assert (explorer.row, explorer.col) == (3, 3)
    assert PoolingExplorer(MAPS, row=9, col=9).col == 3


def test_what_is_shown_does_not_change_with_the_readers_array():
    mine = np.zeros((4, 4))
    explorer = PoolingExplorer({"mine": mine})
    mine[:] = 1
    explorer.input()[:] = 1
    assert not explorer.input().any()


def test_a_message_from_the_page_is_taken_as_it_is():
    explorer = PoolingExplorer(MAPS)
    message = {"map_name": "large", "pool_size": 3, "stride": 1, "how": "sum", "shift": [2, -3], "row": 13,
               "col": 12, "show_gradient": True, "ask": False}  # fmt: skip
    explorer.set_state(message)
    assert {name: getattr(explorer, name) for name in message} == message


def test_numpy_numbers_are_welcome():
    explorer = PoolingExplorer(MAPS, pool_size=np.int64(3), shift=np.array([1, -1]))
    assert explorer.shift == [1, -1] and type(explorer.shift[0]) is type(explorer.pool_size) is int


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"maps": {}}, "maps is an empty dict; expected a dict with at least one map"),
        ({"maps": [1]}, "maps is of type list; expected a dict"),
        ({"maps": {"x": np.zeros((3, 8))}}, r"map 'x' has shape \(3, 8\); expected .* 4 to 16 of each; cut"),
        ({"maps": {"x": np.zeros((4, 17))}}, "4 to 16 of each"),
        ({"maps": {"x": np.zeros((8, 8, 3))}}, r"array\[:, :, 0\]"),
        ({"maps": {"x": [[1], [2, 3]]}}, "map 'x' is not an array of numbers"),
        ({"maps": {"x": [["1"] * 4] * 4}}, "entries of type <U1; expected numbers"),
        ({"maps": {"x": np.full((4, 4), np.nan)}}, "not numbers from -10,000 to 10,000; divide"),
        ({"name": "y"}, "there is no map 'y'; choose one of 'counts'"),
        ({"pool_size": 5}, "pool_size is 5; expected a whole number from 1 to 4"),
        ({"stride": 0}, "stride is 0; expected a whole number from 1 to 4"),
        ({"how": "min"}, "there is no kind of pooling 'min'; choose one of 'max', 'average', 'sum'"),
        ({"shift": 1}, "shift is 1; expected two whole numbers, rows down and columns to the right"),
        ({"shift": (0, 4)}, r"shift\[1\] is 4; expected a whole number from -3 to 3"),
        ({"shift": (0.5, 0)}, r"shift\[0\] is 0.5"),
        ({"row": -1}, "row is -1; expected a whole number of at least 0"),
        ({"show_gradient": 1}, "show_gradient is 1; expected True or False"),
        ({"ask": "no"}, "ask is 'no'; expected True or False"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        PoolingExplorer(**{"maps": MAPS, **arguments})


@pytest.mark.parametrize(
    ("name", "value"),
    [("map_name", "x"), ("pool_size", 0), ("stride", 2.0), ("how", None), ("shift", [1]), ("shift", None),
     ("row", 1.5), ("col", -1), ("show_gradient", "yes"), ("ask", 0)],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    explorer = PoolingExplorer(MAPS)
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=r"expected|choose"):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


# ------------------------------------------------------------------------------------------- in Chromium


# Single pixels of a canvas, from a copy: Chromium complains when the widget's own is read more than once.
READ = """(canvas, places) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return places.map(([down, right]) =>
    [...context.getImageData(Math.floor(right * canvas.width), Math.floor(down * canvas.height), 1, 1).data]);
}"""
WHITE, BROWN = [247, 247, 247], [127, 59, 8]  # 0 and the largest


class Page(WidgetPage):
    """A page with a PoolingExplorer, and the questions that only its tests ask."""

    STATE = ("map_name", "pool_size", "stride", "how", "shift", "row", "col", "show_gradient", "ask")

    @property
    def keys(self) -> Locator:
        """What takes the arrow keys."""
        return self.root.locator(".nm-pair-pooled")

    def place(self) -> tuple[int, int]:
        """Return the row and the column of the pooled number looked at."""
        state = self.state(("row", "col"))
        return state["row"], state["col"]

    def lines(self) -> list[str]:
        """Return the arithmetic before and after the shift, in words."""
        self.settle()
        words = self.root.locator(".nm-lines dd:visible").all_inner_texts()
        return [line.replace("\u200b", "").replace("\u2212", "-") for line in words]

    def scores(self) -> list[str]:
        """Return the two counts of what is unchanged."""
        self.settle()
        return self.root.locator(".nm-score").all_inner_texts()

    def label(self, panel: int) -> str:
        """Return what the canvas says of one of the four pictures."""
        self.settle()
        return self.root.locator("canvas").nth(panel).get_attribute("aria-label")

    def pixels(self, panel: int, *places: tuple[float, float]) -> list[list[int]]:
        """Return red, green, blue and opacity at places of a picture, each (down, right) from 0 to 1."""
        self.settle()
        return self.root.locator("canvas").nth(panel).evaluate(READ, places)

    def colours(self, panel: int, side: int, *cells: tuple[int, int]) -> list[list[int]]:
        """Return the colours of cells (row, column) of a square map, where neither number nor mark stands."""
        places = [((row + 0.8) / side, (col + 0.5) / side) for row, col in cells]
        return [pixel[:3] for pixel in self.pixels(panel, *places)]


@pytest.fixture
def show(open_widget: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page with a PoolingExplorer; no page may complain or ask for the network."""
    return partial(open_widget, lambda: PoolingExplorer(MAPS, ask=False), Page)


def test_page_says_pythons_numbers_at_random_settings(show):
    page, random = show(), np.random.default_rng(8)
    widget = page.widget
    for _ in range(16):
        settings = {
            "map_name": str(random.choice(list(MAPS))), "how": str(random.choice(KINDS)),
            "pool_size": int(random.integers(1, 5)), "stride": int(random.integers(1, 5)),
            "shift": random.integers(-3, 4, 2).tolist(),
        }  # fmt: skip
        page.set(**settings)
        page.python()
        assert {name: getattr(widget, name) for name in settings} == settings
        if not any(widget.shift):
            continue
        counts = [f"{same} of {all_} unchanged" for same, all_ in widget.unchanged().values()]
        assert page.scores() == counts, repr(widget)
        rows, columns = widget.output_shape
        place = min(widget.row, rows - 1), min(widget.col, columns - 1)
        results = [float(line.split(" = ")[-1].replace(",", "")) for line in page.lines()]
        expected = [widget.pooled()[place], widget.pooled(shifted=True)[place]]
        np.testing.assert_allclose(results, expected, atol=0.006, err_msg=repr(widget))
        assert f"{rows} × {columns}" in page.text(".nm-pooled .nm-size")
    page.assert_no_wrong_numbers()


def test_sliders_shift_and_reset_returns(show):
    page = show(PoolingExplorer(MAPS, "by hand", ask=False))
    assert page.text(".nm-score") == "16 of 16 unchanged"
    assert page.lines() == ["max(2, 0, 0, 6) = 6"]
    page.control("Shift right").press("ArrowRight")
    page.control("Shift down").press("ArrowLeft")
    assert page.get("shift") == [-1, 1]
    widget = page.python()
    assert page.scores() == [f"{same} of {total} unchanged" for same, total in widget.unchanged().values()]
    assert page.lines() == ["max(2, 0, 0, 6) = 6", "max(2, 0, 1, 5) = 5"]
    assert "1 up, 1 right" in page.text(".nm-panel:nth-child(2) .nm-size")
    page.control("Pooling").select_option("average")
    assert page.lines() == ["(2 + 0 + 0 + 6) / 4 = 2", "(2 + 0 + 1 + 5) / 4 = 2"]
    page.control("Map").select_option("counts")
    page.button("Reset").click()
    assert page.state() == page.get("initial")


def test_size_formula_and_leftovers_carry_the_readers_numbers(show):
    page = show()
    assert "floor((n - f) / s) + 1 = floor((8 - 2) / 2) + 1 = 4" in page.text(".nm-facts").replace("\n", " ")
    assert "Parameters: 0" in page.text(".nm-facts") and "Left over: nothing" in page.text(".nm-facts")
    page.control("Window").press("ArrowRight")
    facts = page.text(".nm-facts").replace("\n", " ")
    assert "floor((8 - 3) / 2) + 1 = 3" in facts and "Left over: 1 row, 1 column" in facts
    middles = [((row + 0.5) / 8, (col + 0.5) / 8) for row in range(8) for col in range(8)]
    for panel in (0, 1):  # the hatched ground shows through where no window reaches
        opaque = np.array([pixel[3] == 255 for pixel in page.pixels(panel, *middles)]).reshape(8, 8)
        assert opaque[:7, :7].all() and not opaque[7].any() and not opaque[:, 7].any()
    page.control("Map").select_option("signed")
    facts = page.text(".nm-facts")
    assert "Rows: floor((5 - 3) / 2) + 1 = 2" in facts and "Columns: floor((7 - 3) / 2) + 1 = 3" in facts


def test_arrow_keys_walk_the_pooled_map_and_move_the_window(show):
    page = show(PoolingExplorer(MAPS, row=0, col=0, ask=False))
    for key, place in [
        ("ArrowRight", (0, 1)), ("ArrowDown", (1, 1)), ("End", (1, 3)), ("ArrowRight", (1, 3)),
        ("PageDown", (3, 3)), ("ArrowUp", (2, 3)), ("Home", (2, 0)), ("ArrowLeft", (2, 0)),
        ("PageUp", (0, 0)), ("ArrowUp", (0, 0)),
    ]:  # fmt: skip
        page.keys.press(key)
        assert page.place() == place, key
    page.keys.press("ArrowRight")
    assert "window on rows 0–1, columns 2–3" in page.label(0)
    value = page.python().pooled()[0, 1]
    assert page.label(2) == f"Pooled (max) 4 × 4; row 0, column 1: {value:g}"
    assert page.lines()[0].endswith(f" = {value:g}")
    assert page.root.locator("[tabindex]").count() == 1  # one tab stop for all four pictures


def test_mouse_looks_and_a_click_stays(show):
    page = show(PoolingExplorer(MAPS, row=0, col=0, ask=False))
    stages = [page.root.locator(".nm-stage").nth(i).bounding_box() for i in range(4)]

    def over(panel: int, down: float, right: float) -> None:
        box = stages[panel]
        page.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"])

    over(2, 0.9, 0.4)
    assert page.place() == (3, 1)
    page.page.mouse.move(2, 2)
    assert page.place() == (0, 0)
    over(1, 0.5 - 1 / 16, 0.9)  # the middle of an input window
    page.page.mouse.down()
    page.page.mouse.up()
    page.page.mouse.move(2, 2)
    assert page.place() == (1, 3)


def test_finger_chooses_a_pooled_number(show):
    page = show(viewport=PHONE, touch=True)
    box = page.root.locator(".nm-stage-pooled").nth(1).bounding_box()
    page.page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    assert page.place() == (0, 3)


def test_colours_numbers_and_marks_are_painted(show):
    page = show(PoolingExplorer({"step": np.repeat([[0, 0, 9, 9]], 4, axis=0)}, shift=(0, 1), ask=False))
    for panel, side, cells in [
        (0, 4, [(0, 0), (3, 3)]), (1, 4, [(0, 2), (0, 3)]),
        (2, 2, [(0, 0), (1, 1)]), (3, 2, [(0, 0), (0, 1)]),
    ]:  # fmt: skip
        np.testing.assert_allclose(page.colours(panel, side, *cells), [WHITE, BROWN], atol=1)
    height = page.box("canvas")["height"]
    for panel, marks in [(0, [False] * 4), (1, [False, False, True, False])]:  # only 9 -> 0 has changed
        border = page.pixels(panel, *((1.5 / height, (col + 0.5) / 4) for col in range(4)))
        assert [sum(pixel[:3]) < 100 for pixel in border] == marks


def test_gradient_shows_who_gets_it(show):
    page = show(PoolingExplorer(MAPS, "by hand", row=1, col=0, ask=False))
    page.control("Where does the gradient go?").check()
    assert page.lines() == ["1 to the 4 in row 2, column 0, first of 2 equals"]
    assert "gradient 1 to the 4 in row 2, column 0" in page.label(0)
    np.testing.assert_allclose(page.colours(0, 4, (3, 1), (2, 0)), [WHITE, BROWN], atol=1)
    page.control("Pooling").select_option("average")
    assert page.lines() == ["1/4 to each of the 4 pixels"]
    first, other, outside = page.colours(0, 4, (2, 0), (3, 1), (0, 0))
    assert first == other != outside == WHITE
    expect(page.root.locator(".nm-remark")).to_be_hidden()
    page.control("Stride").press("ArrowLeft")
    expect(page.root.locator(".nm-remark")).to_be_visible()  # windows overlap


@pytest.mark.parametrize("guess", ["right", "wrong", None])
def test_prediction_comes_before_the_shift(show, guess):
    widget = PoolingExplorer(MAPS)
    page = show(widget)
    page.control("Shift right").press("ArrowRight")
    question = page.root.locator(".nm-question label")
    expect(question).to_contain_text("(1 right): how many of the 16 pooled numbers will stay the same?")
    assert page.get("shift") == [0, 0] and page.scores()[1] == "16 of 16 unchanged"
    same = PoolingExplorer(MAPS, shift=(0, 1)).unchanged()["pooled"][0]
    if guess is None:
        page.button("Show me").click()
        expect(page.root.locator(".nm-verdict")).to_be_hidden()
    else:
        number = same if guess == "right" else same + 1
        page.root.locator(".nm-guess input").fill(str(number))
        page.page.keyboard.press("Enter")
        verdict = "Right: " if guess == "right" else f"No, not {number}: "
        assert page.text(".nm-verdict") == f"{verdict}{same} of 16 stay the same."
    assert page.get("shift") == [0, 1] and page.scores()[1] == f"{same} of 16 unchanged"
    page.page.keyboard.press("ArrowRight")  # the slider has the focus; asked once for each setting
    assert page.get("shift") == [0, 2]
    page.control("Pooling").select_option("average")
    page.control("Shift down").press("ArrowRight")
    expect(question).to_be_visible()
    assert page.get("shift") == [0, 2]
    page.control("Ask me first").uncheck()
    assert page.get("shift") == [1, 2]


def test_two_views_and_python_stay_together(show):
    page = show(views=2)
    first, second = page.views.all()
    first.get_by_label("Shift right", exact=True).press("ArrowRight")
    second.get_by_label("Pooling", exact=True).select_option("sum")
    page.settle()
    assert first.locator(".nm-score").all_inner_texts() == second.locator(".nm-score").all_inner_texts()
    assert first.locator(".nm-lines dd").all_inner_texts() == second.locator(".nm-lines dd").all_inner_texts()
    page.set(map_name="large", stride=1)
    assert first.get_by_label("Map", exact=True).input_value() == "large"
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


def test_nothing_a_reader_does_breaks_it(show):
    page, random = show(PoolingExplorer(MAPS)), np.random.default_rng(4)
    keys = ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End", "Enter", " ", "Escape"]
    page.control("Map").focus()
    for _ in range(120):
        page.page.keyboard.press("Tab" if random.random() < 0.4 else str(random.choice(keys)))
    page.assert_no_wrong_numbers()
    page.python()  # every value is one that Python takes
    page.button("Reset").click()
    assert page.state() == page.get("initial")
    page.assert_every_slider_moves_by_keyboard()


def test_phone_shows_controls_and_whole_result_together(show):
    page = show(PoolingExplorer(MAPS, shift=(1, -1)), viewport=PHONE, touch=True)
    shown = "select, input, button, canvas, .nm-score, .nm-detail, .nm-lines dd, .nm-facts, .nm-question"
    page.assert_fits_a_phone(shown)
    page.assert_targets(10)
    page.assert_keys_are_kept(10)
    page.assert_text_is_large_enough()
    page.control("Shift down").press("ArrowRight")  # asks
    page.assert_fits_a_phone(shown)
    page.set(ask=False, map_name="large", pool_size=4, stride=3, how="average", shift=[2, 3])
    page.button("Show me").click()
    page.assert_fits_a_phone(shown)  # sixteen numbers of up to three digits, twice


def test_axe_finds_nothing(show):
    for viewport in (PHONE, {"width": 1000, "height": 740}):
        page = show(PoolingExplorer(MAPS, show_gradient=True), viewport=viewport)
        page.control("Shift right").press("ArrowRight")
        page.settle()
        page.assert_axe_finds_nothing()
        page.button("Show me").click()
        page.control("Stride").press("ArrowLeft")
        page.settle()
        page.assert_axe_finds_nothing()


def test_status_speaks_once_the_reader_rests(show):
    page = show(PoolingExplorer(MAPS, "by hand", ask=False))
    page.control("Shift right").press("ArrowRight")
    same = page.python().unchanged()["pooled"][0]
    expect(page.status).to_contain_text(f"Shifted 1 right: {same} of 4 pooled numbers unchanged.")
    place = "Pooled (0, 1): input rows 0–1, columns 2–3."
    expect(page.status).to_contain_text(f"{place} Before: max(2, 0, 0, 6) = 6.")
