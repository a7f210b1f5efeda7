"""FilterBank: its Python side against plain loops and our layers, the widget itself in Chromium."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from site_tools import PHONE
from widget_tools import WidgetPage

from notmagic.datasets import load_digits, sample_images
from notmagic.layers import AveragePooling2D, MaxPooling2D
from notmagic.widgets import FilterBank
from notmagic.widgets.filter_bank import NOBODY, TIE, line_units

LETTERS = {"H": "horizontal", "V": "vertical", "D": "diagonal down", "U": "diagonal up"}
SKY, YELLOW, GREEN, PINK = (86, 180, 233), (240, 228, 66), (0, 158, 115), (204, 121, 167)
RANDOM = np.random.default_rng(7)
SIX = {name: RANDOM.integers(-2, 3, (5, 5)) for name in ("one", "two", "three: long", "four", "5", "6")}


def stroke(where: tuple) -> np.ndarray:
    """Draw a line on a picture of 8 x 8 black pixels: uint8, 0 and 1."""
    image = np.zeros((8, 8), np.uint8)
    image[where] = 1
    return image


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(FilterBank()) == (
        "FilterBank(picture 'digit' 8 x 8, 4 filters 3 x 3, threshold 0, max pooling 2 x 2)"
    )
    one = FilterBank(np.zeros((9, 8), int), {"mine": [[1.5]]}, threshold=1.25, pool="none")
    assert repr(one) == "FilterBank(picture 'picture' 9 x 8, 1 filter 1 x 1, threshold 1.25, no pooling)"


def test_default_pictures_count_from_0_to_1_as_in_the_book():
    bank, samples, digits = FilterBank(), sample_images(), load_digits()
    names = [entry["name"] for entry in bank.pictures]
    assert names == ["digit", "digit 0", "digit 1", "digit 4", "photographer", "bricks"]
    for name in names:
        bank.image = name
        picture = bank.picture()
        if name in ("photographer", "bricks"):
            np.testing.assert_array_equal(picture, samples[name] / 255)
        else:
            assert set(np.unique(picture * 16)) <= set(range(17)) and picture.max() == 1
        if name[-1].isdigit():
            same = (digits.x_test == picture * 16).all(axis=(1, 2))
            assert digits.y_test[same].tolist() == [int(name[-1])]
    bank.image = "digit"
    np.testing.assert_array_equal(np.round(bank.picture() * 255), samples["digit"])


def test_line_units_weigh_two_on_the_line_and_minus_one_off_it():
    units = line_units()
    assert list(units) == list(LETTERS.values())
    for kernel in units.values():
        assert sorted(kernel.ravel()) == [-1] * 6 + [2] * 3 and kernel.sum() == 0
    assert [tuple(units[name][0]) for name in units] == [(-1, -1, -1), (-1, 2, -1), (2, -1, -1), (-1, -1, 2)]
    assert [unit["letter"] for unit in FilterBank().bank] == list(LETTERS)


@pytest.mark.parametrize(
    ("where", "name"),
    [((3, slice(None)), "horizontal"), ((slice(None), 3), "vertical"),
     ((range(8), range(8)), "diagonal down"), ((range(8), range(7, -1, -1)), "diagonal up")],
)  # fmt: skip
def test_a_line_lights_the_unit_of_its_direction_alone(where, name):
    bank = FilterBank(stroke(where), full=1, threshold=3)
    lit = {other: count for other, count in bank.lit().items() if count}
    assert lit == {name: 6}
    index = list(line_units()).index(name)
    assert set(bank.winner_map().ravel()) == {NOBODY, index}


def test_responses_are_what_a_plain_loop_gives():
    image, filters = RANDOM.integers(0, 17, (11, 9)), {"a": RANDOM.normal(size=(4, 4)), "b": np.eye(4)}
    bank = FilterBank(image, filters, full=16)
    expected = np.empty((2, 8, 6))
    for f, row, column in np.ndindex(expected.shape):
        window = image[row : row + 4, column : column + 4] / 16
        expected[f, row, column] = (window * list(filters.values())[f]).sum()
    np.testing.assert_allclose(bank.responses(), expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("image", ["digit 4", "bricks"])
def test_pooling_is_our_layers(image, size):
    bank = FilterBank(image=image, threshold=0.3, pool_size=size)
    maps = np.moveaxis(np.maximum(bank.responses() - 0.3, 0), 0, -1)[None]  # (1, H, W, F)
    layers = {
        "max": MaxPooling2D(size, dtype="float64")(maps),
        "average": AveragePooling2D(size, dtype="float64")(maps),
        "sum": AveragePooling2D(size, dtype="float64")(maps) * size**2,
    }
    for kind, expected in layers.items():
        bank.pool = kind
        np.testing.assert_allclose(bank.pooled(), np.moveaxis(expected[0], -1, 0), atol=1e-12)
    bank.pool = "none"
    np.testing.assert_array_equal(bank.pooled(), bank.activations())


def test_only_what_exceeds_the_threshold_is_lit():
    image = stroke((3, slice(None)))
    assert FilterBank(image, full=1, threshold=5.9).lit()["horizontal"] == 6
    assert FilterBank(image, full=1, threshold=6).lit()["horizontal"] == 0  # z is 6: equal, not above


def test_equal_answers_are_a_tie():
    dot = FilterBank(stroke((3, 3)), full=1, threshold=1)
    assert dot.winner_map()[2, 2] == TIE  # the middle of all four lines
    assert dot.winner_map()[0, 0] == NOBODY
    assert dot.winner_map()[2, 1] == 0  # beside the middle on the horizontal line only


def test_letters_are_never_the_same():
    filters = {name: np.eye(3) for name in ("up", "upper", "u", "ü", "-", "1")}
    letters = [unit["letter"] for unit in FilterBank(np.eye(8, dtype=int), filters).bank]
    assert letters == ["U", "P", "A", "Ü", "B", "1"]


def test_the_cell_starts_where_the_filter_answers_most_and_stays_on_the_map():
    bank = FilterBank(image="photographer", unit="vertical")
    response = bank.responses()[1]
    assert response[tuple(bank.cell)] == response.max()
    bank.cell = (60, 61)
    bank.image = "digit 1"
    assert bank.responses()[1][tuple(bank.cell)] == bank.responses()[1].max()
    bank.cell = (5, 0)
    bank.image = "digit 4"
    assert bank.cell == [5, 0]


def test_a_message_from_the_page_is_taken_as_it_is():
    bank = FilterBank()
    message = {
        "image": "bricks", "cell": [61, 60], "unit": "diagonal up", "threshold": 1.5, "stage": "pooled",
        "pool": "sum", "pool_size": 4, "winners": True, "ask": False, "revealed": ["digit", "bricks"],
    }  # fmt: skip
    bank.set_state(message)
    assert {name: getattr(bank, name) for name in message} == message


IMAGE = np.eye(8, dtype=np.uint8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": {}}, "images is an empty dict; expected at least one picture"),
        ({"images": np.zeros((8, 8, 3), int)}, r"shape \(8, 8, 3\); expected \(height, width\), grey; make"),
        ({"images": np.zeros((5, 8), int)}, "is 5 x 8 pixels; expected 6 to 128 on each side for filters of"),
        ({"images": np.zeros((8, 129), int)}, "is 8 x 129 pixels; expected 6 to 128"),
        ({"images": IMAGE / 2}, "numbers of type float64; expected whole numbers from 0 to 255"),
        ({"images": IMAGE * 17, "full": 16}, "pixels from 0 to 17; expected 0 to 16, which counts as 1"),
        ({"images": IMAGE, "full": 0}, "full is 0; expected a whole number from 1 to 255"),
        ({"filters": [np.eye(3)]}, "filters is of type list; expected a dict"),
        ({"filters": {}}, "filters has 0 entries; expected 1 to 6"),
        ({"filters": {str(i): np.eye(3) for i in range(7)}}, "filters has 7 entries"),
        ({"filters": {"a": np.eye(3), "b": np.eye(2)}}, r"different shapes: 'a' \(3, 3\), 'b' \(2, 2\)"),
        ({"filters": {"a": np.ones((3, 2))}}, r"filter 'a' has shape \(3, 2\); expected \(k, k\)"),
        ({"filters": {"a": np.eye(6)}}, r"filter 'a' has shape \(6, 6\)"),
        ({"filters": {"a": [[1, 2], [3]]}}, "filter 'a' is not an array of numbers"),
        ({"filters": {"a": [[np.nan]]}}, "filter 'a' has weights that are not numbers from -1000 to 1000"),
        ({"image": "digit 9"}, "there is no picture 'digit 9'; choose one of 'digit', 'digit 0'"),
        ({"threshold": -0.1}, "threshold is -0.1; expected a number from 0 to 6"),
        ({"threshold": 6.1}, "threshold is 6.1; expected a number from 0 to 6"),
        ({"pool": "mean"}, "there is no pooling 'mean'; choose one of 'none', 'max', 'average', 'sum'"),
        ({"pool_size": 5}, "pool_size is 5; expected a whole number from 1 to 4"),
        ({"stage": "z"}, "there is no stage 'z'"),
        ({"unit": "slanted"}, "there is no filter 'slanted'"),
        ({"cell": (6, 0)}, r"cell\[0\] is 6; expected a whole number from 0 to 5"),
        ({"cell": 3}, "cell is 3; expected a row and a column"),
        ({"winners": 1}, "winners is 1; expected True or False"),
        ({"ask": None}, "ask is None; expected True or False"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        FilterBank(**arguments)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("image", "cat", "no picture 'cat'"), ("threshold", "1", "expected a number"),
     ("pool", None, "no pooling"), ("pool_size", 0, "pool_size is 0"),
     ("stage", 1, "no stage 1"), ("cell", (0, 6), r"cell\[1\] is 6"),
     ("unit", "X", "no filter 'X'"), ("winners", "yes", "expected True"), ("ask", 0, "expected True"),
     ("revealed", "digit", "expected a list of names"), ("revealed", ["cat"], "no picture 'cat'")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value, message):
    bank = FilterBank()
    before = getattr(bank, name)
    with pytest.raises(ValueError, match=message):
        setattr(bank, name, value)
    assert getattr(bank, name) == before


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a FilterBank."""

    STATE = ("image", "threshold", "pool", "pool_size", "stage", "cell", "unit", "winners", "ask", "revealed")

    @property
    def maps(self) -> Locator:
        """What holds all maps: one stop of the tab key."""
        return self.root.locator(".nm-maps")

    def lit(self) -> list[str]:
        """Return what stands below the maps."""
        self.settle()
        return self.root.locator(".nm-lit").all_inner_texts()

    def map_canvas(self, index: int) -> np.ndarray:
        """Return the colours of a map, one for each of its cells, shape (rows, columns, 3)."""
        return self.canvas(self.root.locator(".nm-square-output canvas:first-child").nth(index))[..., :3]

    def cell_on_screen(self, index: int, row: int, column: int, rows: int = 6) -> tuple[float, float]:
        """Return the middle of a cell of a square map."""
        box = self.root.locator(".nm-square-output").nth(index).bounding_box()
        side = box["width"] / rows
        return box["x"] + (column + 0.5) * side, box["y"] + (row + 0.5) * side


@pytest.fixture
def show(open_widget):
    return partial(open_widget, partial(FilterBank, ask=False), Page)


def test_it_asks_before_it_shows_the_maps_of_a_picture(show):
    page = show(FilterBank(image="digit 1"))
    covered = page.root.locator(".nm-square-output canvas:visible")
    assert covered.count() == 0 and page.lit() == ["lit: ? of 36"] * 4
    labels = [canvas.get_attribute("aria-label") for canvas in page.root.locator("canvas[role=img]").all()]
    assert all("lit" not in words for words in labels) and "26.6" not in page.root.inner_text()
    question = page.root.get_by_role("group", name="Which unit will light up most on “digit 1”")
    question.get_by_role("button", name="V vertical", exact=True).click()
    total = page.widget.activations()[1].sum()
    assert page.text(".nm-news").startswith(f"Right: V vertical, {total:.1f} in all; H ")
    expect(page.maps).to_be_focused()
    assert covered.count() == 8 and page.lit()[1] == "lit: 13 of 36"
    page.control("Picture").select_option("photographer")
    assert page.lit()[0] == "lit: ? of 3,844"
    page.button("D diagonal down").click()
    assert page.text(".nm-news").startswith("No: V vertical, ")
    page.control("Picture").select_option("digit 1")  # asked once for each picture
    assert page.lit()[1] == "lit: 13 of 36" and page.text(".nm-news").startswith("Point at a cell")
    page.control("Picture").select_option("digit 4")
    page.button("Show me").click()
    assert page.text(".nm-news").startswith("Point at a cell") and page.lit()[1] == "lit: 20 of 36"
    page.control("Picture").select_option("bricks")
    page.control("Ask me first").uncheck()
    assert "?" not in page.lit()[0] and page.get("revealed") == ["digit 1", "photographer", "digit 4"]


def test_where_nothing_lights_up_no_answer_is_right(show):
    page = show(FilterBank(image="digit 1", threshold=6))
    page.button("V vertical").click()
    assert page.text(".nm-news") == "No: none does: no z exceeds 6."


def test_threshold_and_pooling_follow_the_controls_in_pythons_numbers(show):
    page = show(FilterBank(image="digit 4", ask=False, unit="diagonal up"))
    page.control("Threshold t").press("PageUp")
    page.control("Threshold t").press("ArrowRight")
    bank = page.python()
    assert bank.threshold > 0.15 and bank.stage == "threshold"
    assert page.lit() == [f"lit: {count} of 36" for count in bank.lit().values()]
    z, t = bank.responses()[3].max(), bank.threshold
    words = f"Threshold: {z:g} > {t:g}, lit: max(0, {z:g} - {t:g}) = {z - t:g}"
    assert page.root.locator(".nm-sums div").nth(1).inner_text().replace("−", "-") == words
    for kind, size in (("max", 3), ("average", 2), ("sum", 4)):
        page.control("Pooling").select_option(kind)
        page.control("Pool size").select_option(str(size))
        pooled = page.python().pooled()
        assert page.get("stage") == "pooled" and pooled.shape[1:] == (6 // size, 6 // size)
        assert page.lit() == [f"lit: {(one > 0).sum()} of {one.size}" for one in pooled]
        totals = [float(text) for text in page.root.locator(".nm-total").all_inner_texts()]
        np.testing.assert_allclose(totals, pooled.sum(axis=(1, 2)), atol=0.051)
        assert page.map_canvas(0).shape == (6 // size, 6 // size, 3)
    page.set(cell=[5, 4])
    assert page.root.locator(".nm-sums div").nth(2).inner_text() == "Left over: fills no pool cell of 4 × 4"
    page.control("Pooling").select_option("none")
    assert page.get("stage") == "threshold" and page.control("Pool size").is_disabled()


def test_all_maps_share_a_scale_with_zero_in_its_middle(show):
    page = show(FilterBank(image="digit 4", ask=False, threshold=0.5))
    responses = page.widget.responses()
    shades = {}
    for index, response in enumerate(responses):
        colours = page.map_canvas(index)
        purple, orange = colours[..., 2] > colours[..., 0], colours[..., 0] > colours[..., 2]
        clear = np.abs(response) > 0.05
        assert (orange == (response > 0))[clear].all() and (purple == (response < 0))[clear].all()
        for value, colour in zip(response.ravel(), colours.reshape(-1, 3), strict=True):
            assert shades.setdefault(round(float(value), 6), tuple(colour)) == tuple(colour)
    limit = np.abs(responses).max()
    assert page.text(".nm-legend").split() == ["z", f"-{limit:g}", "t", f"{limit:g}"]
    page.control("After threshold").check()
    for index, response in enumerate(responses):
        colours = page.map_canvas(index)
        assert not (colours[..., 2] > colours[..., 0]).any()
        assert (colours[response <= 0.5] == 247).all() and (colours[response > 0.6, 2] < 247).all()


def test_arrow_keys_inspect_any_cell_of_any_map(show):
    page = show(FilterBank(image="digit 4", ask=False, cell=(4, 4)))
    assert page.root.locator("[tabindex]").count() == 1
    for key, letter, cell in (
        ("ArrowRight", "H", [4, 5]), ("ArrowRight", "V", [4, 0]), ("ArrowUp", "V", [3, 0]),
        ("ArrowLeft", "H", [3, 5]), ("Home", "H", [3, 0]), ("ArrowLeft", "H", [3, 0]),
        ("PageDown", "V", [3, 0]),
        ("PageDown", "D", [3, 0]), ("ArrowDown", "D", [4, 0]), ("End", "D", [4, 5]), ("PageUp", "V", [4, 5]),
    ):  # fmt: skip
        page.maps.press(key)
        assert (page.get("unit"), page.get("cell")) == (LETTERS[letter], cell)
    words = page.text(".nm-sums").split("\n")
    bank, image = page.python(), page.widget.picture()
    z = bank.responses()[1, 4, 5]
    assert words[0] == f"V at row 4, col 5: z = sum of 9 products = {z:.2f}"
    assert words[2].startswith("Pool row 2, col 2: max(")
    assert "vertical" in page.maps.get_attribute("aria-label") and words[0] in (
        page.maps.get_attribute("aria-label").replace("−", "-")
    )
    shown = [text.replace("−", "-") for text in page.root.locator(".nm-grid .nm-tile").all_inner_texts()]
    numbers = np.array([float(text) for text in shown]).reshape(9, 3)
    pixels, weights = image[4:7, 5:8].ravel(), line_units()["vertical"].ravel()
    np.testing.assert_allclose(numbers[:, 0], pixels, atol=0.0051)
    np.testing.assert_array_equal(numbers[:, 1], weights)
    np.testing.assert_allclose(numbers[:, 2], pixels * weights, atol=0.0051)
    assert page.text(".nm-picture .nm-note") == "Rows 4..6, cols 5..7"


def test_mouse_looks_and_a_press_chooses(show):
    page = show(FilterBank(image="digit 4", ask=False, cell=(0, 0)))
    page.page.mouse.move(*page.cell_on_screen(2, 4, 1))
    assert page.text(".nm-sums").startswith("D at row 4, col 1:") and page.get("cell") == [0, 0]
    page.page.mouse.move(2, 2)
    assert page.text(".nm-sums").startswith("H at row 0, col 0:")
    page.drag(page.cell_on_screen(3, 1, 1), page.cell_on_screen(3, 5, 3))
    assert (page.get("unit"), page.get("cell")) == ("diagonal up", [5, 3])
    picture = page.box(".nm-square-input")
    side = picture["width"] / 8
    page.page.mouse.click(picture["x"] + 2.5 * side, picture["y"] + 7.5 * side)
    assert (page.get("unit"), page.get("cell")) == ("diagonal up", [5, 1])  # its window ends at the last row


def test_winners_are_painted_where_they_win(show):
    page = show(FilterBank(image="digit 4", ask=False, threshold=0.5))
    page.control("Winners").check()
    found = page.widget.winner_map()
    signs = page.canvas(".nm-square-input .nm-signs")
    side = signs.shape[0] / 8
    for row, column in np.ndindex(8, 8):
        inside = 1 <= row <= 6 and 1 <= column <= 6
        winner = found[row - 1, column - 1] if inside else NOBODY
        at = signs[int((row + 0.16) * side), int((column + 0.16) * side)]  # a corner, clear of the letter
        if winner == NOBODY:
            assert at[3] == 0
        else:
            assert tuple(at[:3]) == ((153, 153, 153) if winner == TIE else (SKY, YELLOW, GREEN, PINK)[winner])
    counts = [f"{letter} {(found == index).sum()}" for index, letter in enumerate(LETTERS)]
    words = f"Wins: {', '.join(counts)}; ties {(found == TIE).sum()}"
    assert page.root.locator(".nm-sums div").nth(3).inner_text() == words
    assert words in page.root.locator(".nm-square-input canvas").first.get_attribute("aria-label")
    expect(page.root.locator(".nm-swatch:visible")).to_have_count(0)
    page.control("Picture").select_option("photographer")  # no room for letters: strokes, with a key
    expect(page.root.locator(".nm-swatch:visible")).to_have_count(4)


def test_two_views_and_python_stay_together(show):
    page = show(FilterBank(image="digit 1"), views=2)
    first, second = page.views.all()
    first.get_by_role("button", name="H horizontal", exact=True).click()
    expect(second.locator(".nm-question")).to_be_hidden()
    second.get_by_label("Threshold t", exact=True).press("End")
    expect(first.locator(".nm-value")).to_have_text("6")
    assert first.locator(".nm-lit").all_inner_texts() == ["lit: 0 of 36"] * 4
    page.set(threshold=1.25, stage="pooled", pool="sum")
    for view in (first, second):
        assert view.locator(".nm-value").inner_text() == "1.25"
        assert view.get_by_label("Pooling", exact=True).input_value() == "sum"
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


@pytest.mark.parametrize("filters", [None, SIX], ids=["four of 3 x 3", "six of 5 x 5"])
def test_phone_shows_controls_and_whole_result_together(show, filters):
    page = show(FilterBank(filters=filters, winners=True), viewport=PHONE, touch=True)
    page.assert_fits_a_phone()
    page.button("Show me").tap()
    for image in ("digit 0", "photographer"):
        page.set(image=image, ask=False, pool="sum", cell=[4, 3] if image == "digit 0" else [58, 40])
        for stage in ("sums", "threshold", "pooled"):
            page.set(stage=stage, threshold=0.0 if stage == "sums" else 0.25)
            page.assert_fits_a_phone()
    page.assert_targets(at_least=10)
    page.assert_keys_are_kept(at_least=10)
    page.assert_text_is_large_enough()
    page.assert_every_slider_moves_by_keyboard()
    page.set(image="digit 0", stage="sums")
    x, y = page.cell_on_screen(1, 2, 1, rows=4 if filters else 6)
    page.page.touchscreen.tap(x, y)
    assert page.get("cell") == [2, 1] and page.get("unit") == ("two" if filters else "vertical")


def test_axe_finds_nothing_before_and_after_the_answer(show):
    page = show(FilterBank(image="digit 4", winners=True, threshold=0.5))
    page.assert_axe_finds_nothing()
    page.button("H horizontal").click()
    page.set(stage="pooled")
    page.assert_axe_finds_nothing()


def test_nothing_a_reader_does_breaks_it(show):
    images = {"wide": RANDOM.integers(0, 256, (7, 20)), "flat": np.zeros((9, 9), int)}
    page, random = show(FilterBank(images)), np.random.default_rng(4)
    ways = ("Right", "Left", "Up", "Down")
    keys = [*(f"Arrow{way}" for way in ways), "Home", "End", "PageDown", "Enter", " "]
    page.control("Picture").focus()
    for _ in range(150):
        page.page.keyboard.press("Tab" if random.random() < 0.4 else str(random.choice(keys)))
    for image in images:
        page.set(image=image, ask=False)
        page.assert_no_wrong_numbers()
        bank = page.python()
        maps = bank.pooled() if bank.stage == "pooled" else bank.activations()
        assert page.lit() == [f"lit: {(one > 0).sum()} of {one.size}" for one in maps]


def test_status_tells_the_cell_once_the_reader_rests(show):
    page = show(FilterBank(image="digit 4", ask=False))
    page.maps.press("PageDown")
    expect(page.status).to_contain_text("V at row 4, col 2: z = sum of 9 products")
    expect(page.status).to_contain_text("Lit: horizontal 16, vertical 20")
