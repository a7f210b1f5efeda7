"""ReceptiveField: its Python side against NumPy; the widget in Chromium with keys, mouse and fingers."""

from __future__ import annotations

import doctest
import re
import sys
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect
from site_tools import DESKTOP, PHONE
from table_receptive_field import random_stack, ways_forward
from widget_tools import WidgetPage

from notmagic.datasets import sample_images
from notmagic.widgets import ReceptiveField

SAME = [("conv", 3, 1, "same"), ("pool", 2), ("conv", 5, 1, "same"), ("pool", 2), ("conv", 3, 1, "same"),
        ("pool", 3, 2)]  # fmt: skip
UNFIT = [("conv", 3), ("pool", 2), ("pool", 3), ("conv", 5), ("conv", 3), ("pool", 2)]
CHOSEN_MARK = ".nm-map-panel .nm-mark"
PATCH_MARK = ".nm-picture-panel .nm-mark"


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(ReceptiveField()) == (
        "ReceptiveField(picture 32 x 32, conv 3, pool 2, conv 3, pool 2; a unit of layer 4 sees 10 x 10)"
    )
    grey = ReceptiveField(np.zeros((9, 9), np.uint8), [("conv", 3, 2, "same"), ("pool", 3, 1), ("conv", 7)])
    assert repr(grey) == (
        "ReceptiveField(picture 9 x 9, conv 3 stride 2 same, pool 3 stride 1, conv 7; "
        "a unit of layer 2 sees 7 x 7)"
    )
    grey.layer = 3
    assert repr(grey).endswith("layer 3 does not fit)")


def test_example_in_the_docstring():
    result = doctest.testmod(sys.modules[ReceptiveField.__module__])
    assert (result.failed, result.attempted) == (0, 4)


def test_default_picture_is_the_courses_cat_at_half_size():
    cat = sample_images()["cat"].astype(float)
    expected = (cat[::2, ::2] + cat[1::2, ::2] + cat[::2, 1::2] + cat[1::2, 1::2]) / 4
    np.testing.assert_allclose(ReceptiveField().image, expected, atol=0.5)


@pytest.mark.parametrize("seed", range(40))
def test_ways_are_those_of_one_pixel_lit_at_a_time(seed):
    random = np.random.default_rng(seed)
    side, layers = random_stack(random)
    widget = ReceptiveField(np.zeros((side, side), np.uint8), layers)
    last = widget.sizes[widget._shown]
    widget.row, widget.col = (int(place) for place in random.integers(0, last, 2))
    ways = ways_forward(side, layers[: widget._shown])
    np.testing.assert_array_equal(widget.paths(), np.outer(ways[:, widget.row], ways[:, widget.col]))
    seen = np.nonzero(widget.paths())
    assert widget.patch() == tuple(slice(int(at.min()), int(at.max()) + 1) for at in seen)


def test_units_stay_inside_when_layers_change():
    widget = ReceptiveField(layer=1, row=29, col=3)
    widget.layer = 4
    assert (widget.row, widget.col, widget.receptive_field()) == (5, 3, ((10, 10), (4, 4)))
    widget.layers = [("conv", 5, 4)]
    assert (widget.layer, widget.layers, widget.sizes) == (1, [["conv", 5, 4, 0]], [32, 7])
    widget.layers = UNFIT
    widget.layer = 6  # does not fit: what is shown is the last that does
    assert (widget.sizes, widget.row, widget.receptive_field().size) == ([32, 30, 15, 5, 1], 0, (32, 32))


def test_a_picture_that_no_layer_fits_is_seen_pixel_by_pixel():
    widget = ReceptiveField(np.zeros((4, 4), np.uint8), [("conv", 7)])
    assert widget.sizes == [4]
    assert widget.receptive_field() == ((1, 1), (1, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((3, 4, 2))}, r"image has shape \(3, 4, 2\); expected \(side, side\)"),
        ({"image": np.zeros((8, 9), int)}, "image is 8 x 9 pixels; expected a square"),
        ({"image": np.zeros((99, 99), int)}, "a side from 2 to 64; cut a square"),
        ({"image": np.zeros((8, 8))}, r"type float64 .*pass \(255 \* image\)"),
        ({"image": np.full((8, 8), 300)}, "from 300 to 300; expected whole numbers from 0 to 255"),
        ({"layers": []}, r"layers is \[\]; expected a list of 1 to 6"),
        ({"layers": [("conv", 3)] * 7}, "expected a list of 1 to 6 layers"),
        ({"layers": ["conv"]}, r"layers\[0\] is 'conv'; expected \(kind, size\)"),
        ({"layers": [("conv",)]}, r"layers\[0\] is \('conv',\)"),
        ({"layers": [("dense", 3)]}, "there is no kind of layer 'dense'; choose one of 'conv', 'pool'"),
        ({"layers": [("pool", 5)]}, r"size in layers\[0\] is 5; expected one of 2, 3 for 'pool'"),
        ({"layers": [("conv", 3.0)]}, r"size in layers\[0\] is 3.0; expected a whole number"),
        ({"layers": [("conv", 3), ("conv", 3, 5)]}, r"stride in layers\[1\] is 5; expected 1 to 4"),
        ({"layers": [("conv", 3, 1, 1)]}, r"padding in layers\[0\] is 1; expected 0 or 'same'"),
        ({"layers": [("conv", 3, 1, False)]}, r"padding in layers\[0\] is False"),
        ({"layer": 5}, "layer is 5; expected a whole number from 1 to 4"),
        ({"row": 6}, "row is 6; expected a whole number from 0 to 5"),
        ({"show_paths": 1}, "show_paths is 1; expected True or False"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        ReceptiveField(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("layers", [["conv", 4, 1, 0]]), ("layers", None), ("layer", 0), ("layer", "4"), ("row", -1), ("col", 6),
     ("ask", None)],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    widget = ReceptiveField()
    before = getattr(widget, name)
    with pytest.raises(ValueError, match="expected"):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a ReceptiveField."""

    STATE = ("layers", "layer", "row", "col", "show_paths", "ask")

    def marked(self, selector: str, side: int) -> tuple[slice, slice]:
        """Return rows and columns of a grid of so many entries that its mark surrounds on the screen."""
        mark = self.box(selector)
        grid = self.box(selector.replace(".nm-mark", ".nm-grid"))
        spans = []
        for start, length in (("y", "height"), ("x", "width")):
            unit = grid[length] / side
            first = (mark[start] - grid[start]) / unit
            spans.append(slice(round(first), round(first + mark[length] / unit)))
        return tuple(spans)

    def assert_as_python(self) -> None:
        """Assert that patch, sentence and table agree with Python for the unit chosen."""
        widget = self.python()
        assert self.marked(PATCH_MARK, len(widget.image)) == widget.patch()
        assert self.marked(CHOSEN_MARK, widget.sizes[widget.layer]) == (
            slice(widget.row, widget.row + 1), slice(widget.col, widget.col + 1)
        )  # fmt: skip
        height, width = (part.stop - part.start for part in widget.patch())
        said = self.text(".nm-seen")
        assert f"layer {widget.layer} sees {height} × {width} of" in said
        share = float(re.search(r"pixels: ([\d.]+) %", said)[1])
        assert share == pytest.approx(100 * height * width / widget.image[:, :, 0].size, abs=0.051)
        row = f"tbody tr:nth-child({widget.layer + 1})"
        size, jump = widget.receptive_field()
        assert self.text(f"{row} .nm-col-sees") == str(size[0])
        assert self.text(f"{row} .nm-col-jump") == str(jump[0])
        assert self.text(f"{row} .nm-col-out") == str(widget.sizes[widget.layer])


@pytest.fixture
def show(open_widget):
    return partial(open_widget, partial(ReceptiveField, ask=False), Page)


def test_keys_choose_units_and_layers_and_the_patch_follows(show):
    page = show()
    page.assert_as_python()
    stage = page.root.get_by_label("Feature map: arrow keys move the unit")
    for key, place in (("ArrowRight", (2, 3)), ("ArrowUp", (1, 3)), ("End", (1, 5)), ("PageDown", (5, 5)),
                       ("Control+Home", (0, 0)), ("ArrowLeft", (0, 0))):  # fmt: skip
        stage.press(key)
        assert (page.get("row"), page.get("col")) == place
    page.assert_as_python()
    page.root.get_by_label("Picture: arrow keys move the unit").press("Control+End")
    page.assert_as_python()
    page.root.get_by_role("radio", checked=True).press("ArrowLeft")
    assert page.get("layer") == 3
    page.assert_as_python()


def test_every_layer_of_a_padded_stack_is_pythons(show):
    page = show(ReceptiveField(layers=SAME, ask=False))
    for layer, (row, col) in enumerate([(0, 31), (15, 0), (3, 9), (0, 7), (4, 4), (2, 0)], 1):
        page.set(layer=layer, row=row, col=col)
        page.assert_as_python()
    assert page.text("tbody tr:nth-child(5) .nm-col-how") == "12 + (2 - 1) × 2 = 14; 2 × 2 = 4"


def test_mouse_chooses_on_either_grid_and_in_the_row(show):
    page = show()
    grid = page.box(".nm-map-panel .nm-grid")
    at = [(grid["x"] + share * grid["width"], grid["y"] + 0.1 * grid["height"]) for share in (0.1, 0.95)]
    page.drag(*at)
    assert (page.get("row"), page.get("col")) == (0, 5)
    page.assert_as_python()
    picture = page.box(".nm-picture-panel .nm-grid")
    page.page.mouse.click(picture["x"] + 0.5 * picture["width"], picture["y"] + picture["height"] - 4)
    rows, columns = page.python().patch()
    assert rows.stop == 30 and columns.start < 16 < columns.stop
    page.assert_as_python()
    station = page.box("label.nm-station .nm-grid")
    page.page.mouse.click(station["x"] + station["width"] - 3, station["y"] + 3)
    assert page.state() | {"layers": 0} == {
        "layers": 0, "layer": 1, "row": 0, "col": 29, "show_paths": False, "ask": False,
    }  # fmt: skip
    page.assert_as_python()


def test_layers_are_changed_added_and_removed_by_keyboard(show):
    page = show()
    page.control("Kind of layer 1").select_option("conv 5")
    page.control("Stride of layer 3").select_option("2")
    page.control("Padding of layer 3").select_option("same")
    pool = ["pool", 2, 2, 0]
    assert page.get("layers") == [["conv", 5, 1, 0], pool, ["conv", 3, 2, "same"], pool]
    page.assert_as_python()
    page.button("Add layer").press("Enter")
    page.control("Kind of layer 5").select_option("pool 2")
    assert page.get("layers")[4] == ["pool", 2, 2, 0] and page.get("layer") == 5
    page.assert_as_python()
    page.button("Add layer").press("Enter")
    expect(page.control("Kind of layer 6")).to_be_focused()
    expect(page.button("Add layer")).to_be_disabled()
    for left in (5, 4, 3, 2, 1):
        page.button("Remove layer 1").press("Enter")
        assert len(page.get("layers")) == left
    expect(page.button("Add layer")).to_be_focused()
    expect(page.button("Remove layer 1")).to_be_disabled()
    page.button("Reset").click()
    assert page.state() | {"ask": 0} == page.get("initial") | {"ask": 0}
    page.assert_as_python()


def test_a_layer_that_does_not_fit_gets_a_sentence(show):
    page = show(ReceptiveField(np.zeros((32, 32), np.uint8), UNFIT, layer=6, ask=False, show_paths=True))
    assert page.text(".nm-problem").startswith("Layer 5 does not fit: its 3 × 3 filter is larger than")
    assert "layer 4 sees 32 × 32 of" in page.text(".nm-seen")
    assert page.text("tbody tr:nth-child(6) .nm-col-how") == "does not fit"
    page.control("Kind of layer 1").select_option("conv 7")
    assert page.text(".nm-problem").startswith("Layer 4 does not fit")
    page.assert_no_wrong_numbers()
    for _ in range(5):
        page.button("Remove layer 2").click()
    page.assert_as_python()


def test_no_layer_fits_a_tiny_picture(show):
    page = show(ReceptiveField(np.full((4, 4), 9, np.uint8), [("conv", 7)], ask=True))
    assert "its 7 × 7 filter is larger than the picture, 4 × 4" in page.text(".nm-problem")
    page.root.get_by_label("Picture: arrow keys move the unit").press("ArrowLeft")
    page.assert_no_wrong_numbers()
    expect(page.root.locator(".nm-question")).to_be_hidden()
    page.control("Padding of layer 1").select_option("same")
    expect(page.root.locator(".nm-question")).to_be_visible()


def test_ways_are_shaded_by_their_number(show):
    page = show(ReceptiveField(np.full((32, 32), 99, np.uint8), ask=False))
    patch = page.widget.patch()
    plain = page.canvas(".nm-picture-panel canvas")
    assert (plain[patch] == [99, 99, 99, 255]).all()
    assert (np.delete(plain, patch[0], 0)[..., 0] < 50).all()
    page.control("Count ways").check()
    shaded, ways = page.canvas(".nm-picture-panel canvas")[patch], page.python().paths()[patch]
    colours = [np.unique(shaded[ways == count], axis=0) for count in np.unique(ways)]
    assert [len(found) for found in colours] == [1] * len(colours)
    brightness = [found.sum() for found in colours]
    assert brightness == sorted(brightness, reverse=True) and brightness[-1] < brightness[0] / 2
    assert "1 to 36, 1,296 in all" in page.text(".nm-paths")


def test_prediction_comes_before_the_patch(show):
    page = show(ReceptiveField())
    mark = page.root.locator(PATCH_MARK)
    expect(mark).to_be_hidden()
    assert page.text("tbody tr:nth-child(5) .nm-col-sees") == "?"
    assert "sees" not in page.root.locator(".nm-picture-panel canvas").get_attribute("aria-label")
    page.root.get_by_role("radio", name="3 conv").check()  # the layers below may be looked at
    expect(mark).to_be_visible()
    page.root.get_by_role("spinbutton").fill("8")
    page.root.get_by_role("spinbutton").press("Enter")
    assert page.text(".nm-verdict") == "Not 8 but 10. Layer by layer: 1 → 3 → 4 → 8 → 10."
    assert page.get("layer") == 4
    page.assert_as_python()
    page.control("Stride of layer 2").select_option("1")
    expect(mark).to_be_hidden()
    page.root.get_by_role("spinbutton").fill("7")
    page.button("Check").click()
    assert page.text(".nm-verdict").startswith("Right, 7 pixels")
    page.button("Add layer").click()
    expect(page.root.locator(".nm-verdict")).to_be_hidden()
    page.control("Ask me first").uncheck()
    expect(mark).to_be_visible()
    page.assert_as_python()


def test_two_views_agree_and_one_can_go(show):
    page = show(views=2)
    page.root.get_by_label("Feature map: arrow keys move the unit").press("ArrowRight")
    page.control("Kind of layer 2").select_option("pool 3")
    page.settle()
    for selector in (".nm-seen", "table", ".nm-map-panel", ".nm-stations"):
        first, second = (view.locator(selector).inner_text() for view in page.views.all())
        assert first == second != ""
    page.assert_as_python()
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


def test_finger_chooses_a_unit_on_a_phone(show):
    page = show(viewport=PHONE, touch=True)
    grid = page.box(".nm-map-panel .nm-grid")
    page.page.touchscreen.tap(grid["x"] + 0.92 * grid["width"], grid["y"] + 0.75 * grid["height"])
    assert (page.get("row"), page.get("col")) == (4, 5)
    station = page.box("label.nm-station .nm-grid")
    page.page.touchscreen.tap(station["x"] + 5, station["y"] + 5)
    assert (page.get("layer"), page.get("row")) == (1, 2)
    page.assert_as_python()


@pytest.mark.parametrize(("layers", "ask"), [(SAME, True), (UNFIT, True), (UNFIT, False)])
def test_phone_shows_controls_and_whole_result_together(show, layers, ask):
    page = show(ReceptiveField(layers=layers, ask=ask, show_paths=True), viewport=PHONE, touch=True)
    shown = "select, button, canvas, table, .nm-words p, .nm-stage, label"
    page.assert_fits_a_phone(shown)
    if ask:
        page.root.get_by_role("spinbutton").fill("28")
        page.button("Check").click()
        page.assert_fits_a_phone(shown)
    targets = "select:visible, button:visible, .nm-stage, input:visible"
    page.assert_targets(20, targets)
    page.assert_keys_are_kept(30)
    page.assert_text_is_large_enough()


@pytest.mark.parametrize(("viewport", "ask"), [(PHONE, True), (DESKTOP, False)], ids=["phone", "desktop"])
def test_axe_finds_nothing(show, viewport, ask):
    page = show(ReceptiveField(layers=UNFIT, ask=ask, show_paths=True), viewport=viewport)
    page.assert_axe_finds_nothing()


def test_status_speaks_once_the_reader_rests(show):
    page = show(ReceptiveField())
    expect(page.status).to_contain_text("How many pixels wide is the patch")
    page.button("Show me").click()
    expect(page.status).to_contain_text("This unit of layer 4 sees 10 × 10")
