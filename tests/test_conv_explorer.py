"""ConvExplorer: its Python side against SciPy, the widget itself in Chromium with real keys and fingers."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial

import matplotlib
import numpy as np
import pytest
from conftest import ROOT
from playwright.sync_api import Locator, expect
from scipy.signal import correlate
from site_tools import DESKTOP, PHONE
from widget_tools import WidgetPage

from notmagic.geometry import output_size, pad_amounts
from notmagic.widgets import ConvExplorer
from notmagic.widgets.conv_explorer import BY_HAND, FILTER_NAMES, named_filter

PADDINGS = (0, 1, 2, 3, "valid", "same")
RANDOM = np.random.default_rng(7)
GREY = RANDOM.integers(0, 256, (12, 12), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (20, 14, 3), dtype=np.uint8)
PICTURES = {"grey": GREY, "colour": COLOUR, "tiny": GREY[:4, :4]}


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    explorer = ConvExplorer(np.zeros((64, 64, 3), np.uint8))
    assert repr(explorer) == "ConvExplorer(image 64 x 64 x 3, filter 3 x 3, stride 1, padding 0)"
    assert repr(ConvExplorer(GREY, 5, 2, "same")) == (
        "ConvExplorer(image 12 x 12, filter 5 x 5, stride 2, padding same)"
    )


def test_default_pictures_come_with_the_course():
    from notmagic.datasets import sample_images

    explorer = ConvExplorer()
    assert [entry["name"] for entry in explorer.images] == list(sample_images())
    np.testing.assert_array_equal(explorer.image[:, :, 0], next(iter(sample_images().values())))


def test_importing_widgets_loads_no_tensorflow():
    # The package imports every widget, and comes before any module in it: once is enough for all.
    code = "import sys, notmagic.widgets; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("name", ["grey", "colour"])
def test_feature_map_equals_scipy(name, padding):
    for kernel_size, stride in itertools.product(range(1, 8), range(1, 5)):
        explorer = ConvExplorer(PICTURES, kernel_size, stride, padding, image_name=name)
        explorer.weights = RANDOM.normal(size=explorer.kernel.shape).tolist()
        explorer.bias = float(RANDOM.normal())
        image = explorer.image.astype(float)
        pads = [pad_amounts(side, kernel_size, stride, padding) for side in image.shape[:2]]
        whole = correlate(np.pad(image, [*pads, (0, 0)]), explorer.kernel, mode="valid")[:, :, 0]
        expected = whole[::stride, ::stride] + explorer.bias
        np.testing.assert_allclose(explorer.feature_map(), expected, atol=1e-9)
        assert explorer.feature_map().dtype == np.float64
        assert explorer.output_shape == expected.shape


def test_identity_with_same_padding_returns_the_picture_at_every_size():
    for kernel_size in range(1, 8):
        explorer = ConvExplorer(GREY, kernel_size, padding="same", filter_name="identity")
        np.testing.assert_array_equal(explorer.feature_map(), GREY)


def test_each_line_filter_answers_most_to_its_own_line():
    lines = FILTER_NAMES[:4]
    for kernel_size in (3, 5, 7):
        drawn = {
            name: 255 * (named_filter(name, kernel_size)[:, :, 0] > 0).astype(np.uint8) for name in lines
        }
        for name, picture in drawn.items():
            answers = {
                other: ConvExplorer(picture, kernel_size, filter_name=other).feature_map()[0, 0]
                for other in lines
            }
            assert max(answers, key=answers.get) == name
            assert answers[name] == 255 * kernel_size * (kernel_size - 1)


def test_red_minus_the_others_sees_colour_and_nothing_in_grey():
    red, grey = np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 90, np.uint8)
    red[:, :, 0] = 100
    assert ConvExplorer(red, filter_name="red minus the others").feature_map() == 2 * 9 * 100
    assert ConvExplorer(grey, filter_name="red minus the others").feature_map() == 0
    assert ConvExplorer(GREY, filter_name="red minus the others").feature_map().any() == 0


def test_sobel_is_the_edge_filter_of_size_three():
    sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    np.testing.assert_array_equal(named_filter("vertical edges", 3)[:, :, 0], sobel)
    np.testing.assert_array_equal(named_filter("horizontal edges", 3)[:, :, 0], np.transpose(sobel))


def test_traits_are_observable_and_weights_follow():
    explorer, seen = ConvExplorer(PICTURES), []
    explorer.observe(lambda change: seen.append(change["name"]))
    explorer.kernel_size = 5
    assert "kernel_size" in seen and "weights" in seen
    np.testing.assert_array_equal(explorer.kernel, named_filter("vertical edges", 5))
    explorer.filter_name = "blur"
    np.testing.assert_array_equal(explorer.kernel, named_filter("blur", 5))
    explorer.image_name = "colour"
    np.testing.assert_array_equal(explorer.kernel, named_filter("blur", 5, 3))
    explorer.filter_name, explorer.seed = "random", 2
    np.testing.assert_array_equal(explorer.kernel, named_filter("random", 5, 3, seed=2))


def test_weights_by_hand_keep_their_middle_when_the_size_changes():
    explorer = ConvExplorer(GREY)
    explorer.weights = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert explorer.filter_name == BY_HAND
    explorer.kernel_size = 5
    np.testing.assert_array_equal(explorer.kernel[1:4, 1:4, 0], [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    assert np.abs(explorer.kernel).sum() == 45
    explorer.kernel_size = 1
    np.testing.assert_array_equal(explorer.kernel, [[[5]]])
    explorer.weights = np.ones((4, 4))
    assert explorer.kernel_size == 4
    explorer.weights = named_filter("blur", 4).tolist()
    assert explorer.filter_name == BY_HAND


def test_own_filters_join_and_replace_the_built_in_ones():
    mine, blur = np.arange(25.0).reshape(5, 5), np.full((3, 3), 0.5)
    explorer = ConvExplorer(PICTURES, filters={"mine": mine, "blur": blur})
    assert explorer.filter_name == "blur"  # the first that has the asked size
    np.testing.assert_array_equal(explorer.kernel[:, :, 0], blur)
    explorer.filter_name = "mine"
    assert explorer.kernel_size == 5
    explorer.image_name = "colour"
    np.testing.assert_array_equal(explorer.kernel, np.repeat(mine[:, :, None], 3, axis=2))
    explorer.kernel_size = 3
    assert explorer.filter_name == BY_HAND
    np.testing.assert_array_equal(explorer.kernel[:, :, 1], mine[1:4, 1:4])
    explorer.filter_name, explorer.kernel_size = "blur", 5
    np.testing.assert_array_equal(explorer.kernel, named_filter("blur", 5, 3))


def test_window_starts_in_the_middle_and_stays_inside():
    explorer = ConvExplorer(GREY)
    assert (explorer.row, explorer.col) == (5, 5)
    explorer.stride = 4
    assert explorer.output_shape == (3, 3)
    assert (explorer.row, explorer.col) == (2, 2)
    assert ConvExplorer(GREY, row=0, col=99).col == 9


def test_a_message_from_the_page_is_taken_as_it_is():
    explorer = ConvExplorer(PICTURES)
    weights = named_filter("sharpen", 4, 3).tolist()
    explorer.set_state({
        "image_name": "colour", "filter_name": "sharpen", "kernel_size": 4, "weights": weights,
        "stride": 2, "padding": "same", "bias": 1.5, "row": 3, "col": 1, "ask": True,
    })  # fmt: skip
    assert (explorer.filter_name, explorer.kernel_size, explorer.weights) == ("sharpen", 4, weights)
    assert (explorer.stride, explorer.padding, explorer.bias, explorer.row, explorer.col) == (
        2,
        "same",
        1.5,
        3,
        1,
    )
    edited = np.array(weights)
    edited[0, 0, 0] = 7
    explorer.set_state({"weights": edited.tolist(), "filter_name": BY_HAND})
    assert explorer.filter_name == BY_HAND and explorer.kernel[0, 0, 0] == 7


def test_numpy_numbers_are_welcome():
    explorer = ConvExplorer(GREY, np.int64(5), np.int32(2), np.int8(1), bias=np.float32(0.5))
    assert [type(value) for value in (explorer.kernel_size, explorer.stride, explorer.bias)] == [
        int,
        int,
        float,
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((4, 4, 2), np.uint8)}, r"shape \(4, 4, 2\); expected \(height, width\)"),
        ({"image": np.zeros((4, 4))}, r"type float64; expected whole numbers from 0 to 255; .*255 \* image"),
        ({"image": np.full((4, 4), 300)}, "pixels from 300 to 300; expected 0 to 255"),
        ({"image": np.zeros((300, 4), np.uint8)}, "300 x 4 pixels; expected 1 to 256"),
        ({"image": {}}, "at least one picture"),
        ({"kernel_size": 8}, "kernel_size is 8; expected a whole number from 1 to 7"),
        ({"kernel_size": True}, "kernel_size is True"),
        ({"kernel_size": 3.0}, "kernel_size is 3.0"),
        ({"stride": 0}, "stride is 0; expected a whole number from 1 to 4"),
        ({"padding": 4}, "padding is 4; expected a whole number from 0 to 3"),
        ({"padding": "full"}, "padding is 'full'; expected .*'valid' or 'same'"),
        ({"bias": "1"}, "bias is '1'; expected a number"),
        ({"bias": float("nan")}, "bias is nan"),
        ({"row": -1}, "row is -1; expected a whole number of at least 0"),
        ({"ask": 1}, "ask is 1; expected True or False"),
        ({"image_name": "dog"}, "no picture 'dog'; choose one of 'picture'"),
        ({"filter_name": "sobel"}, "no filter 'sobel'; choose one of 'horizontal line'"),
        ({"filters": [1]}, "filters is of type list; expected a dict"),
        ({"filters": {"x": np.zeros((2, 3))}}, r"filter 'x' has shape \(2, 3\); expected \(k, k\)"),
        ({"filters": {"x": np.zeros((9, 9))}}, "with k from 1 to 7"),
        ({"filters": {"x": [[1], [2, 3]]}}, "filter 'x' is not an array of numbers"),
        ({"filters": {"x": [[np.inf]]}}, "weights that are not numbers from -1000 to 1000"),
        ({"filters": {BY_HAND: [[1]]}}, "'by hand' is taken"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConvExplorer(**{"image": GREY, **arguments})


@pytest.mark.parametrize(
    ("name", "value"),
    [("kernel_size", 0), ("stride", 5), ("padding", -1), ("weights", [[1, 2]]), ("filter_name", "x"),
     ("image_name", "x"), ("bias", None), ("row", 1.5), ("ask", "yes")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    explorer = ConvExplorer(GREY)
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=r"expected|choose"):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


def test_a_filter_that_does_not_fit_is_shown_but_has_no_map():
    explorer = ConvExplorer(PICTURES, 7, image_name="tiny")
    assert repr(explorer) == "ConvExplorer(image 4 x 4, filter 7 x 7, stride 1, padding 0)"
    message = (
        r"a 7 x 7 filter does not fit a 4 x 4 input with padding 0; padding 2 or a filter of at most 4 would"
    )
    with pytest.raises(ValueError, match=message):
        explorer.feature_map()
    with pytest.raises(ValueError, match=message):
        _ = explorer.output_shape


# ------------------------------------------------------------------------------------------- in Chromium


SHOW = """async (traits) => {
  model.set(traits);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = document.querySelector(".nm-stage-output canvas");
  const surface = new OffscreenCanvas(canvas.width, canvas.height);
  const copy = surface.getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const text = data.reduce((all, byte) => all + String.fromCharCode(byte), "");
  return [canvas.width, canvas.height, btoa(text), document.querySelector(".nm-total").textContent];
}"""


class Explorer(WidgetPage):
    """A page with a ConvExplorer, and the questions that the tests ask of it."""

    STATE = ("image_name", "filter_name", "kernel_size", "stride", "padding", "weights", "bias", "row", "col")

    def place(self) -> tuple[int, int]:
        """Return the window's row and column."""
        place = self.state(("row", "col"))
        return place["row"], place["col"]

    def pixels(self) -> np.ndarray:
        """Return the feature map's canvas, shape (rows, columns, 4)."""
        return self.show()[0]

    def show(self, **traits: object) -> tuple[np.ndarray, float]:
        """Set traits, wait, and return the feature map's canvas and the sum shown: one trip to the page."""
        width, height, data, total = self.page.evaluate(SHOW, traits)
        image = np.frombuffer(b64decode(data), np.uint8).reshape(height, width, 4).astype(int)
        return image, float(total.replace("\u2212", "-").replace(",", ""))

    def follow(self, widget: ConvExplorer) -> None:
        """Take the settings of another widget with the same pictures, as a message from Python would."""
        self.set(**{name: getattr(widget, name) for name in self.STATE})

    def stage(self, name: str) -> Locator:
        """Return the input ("input") or the feature map ("output")."""
        return self.root.locator(f".nm-stage-{name}")

    def total(self) -> float:
        """Return the sum the widget shows."""
        return float(self.text(".nm-total").replace(",", ""))


@pytest.fixture
def explore(open_widget: Callable[..., Explorer]) -> Callable[..., Explorer]:
    """A function that opens a page with a ConvExplorer; no page may complain or ask for the network."""
    return partial(open_widget, lambda: ConvExplorer(PICTURES), Explorer)


def in_colour(explorer: ConvExplorer) -> np.ndarray:
    """Colour a feature map in NumPy, shape (rows, columns, 3): what the widget's canvas must show."""
    values = explorer.feature_map()
    if explorer.kernel.min() < 0 or explorer.bias < 0:
        limit = np.abs(values).max() or 1
        fine = matplotlib.colormaps["PuOr_r"].resampled(8193)
        return 255 * fine((values / limit + 1) / 2)[:, :, :3]
    return np.repeat(255 * values[:, :, None] / (values.max() or 1), 3, axis=2)


def random_settings(count: int) -> Iterator[ConvExplorer]:
    """Set one widget to random settings that fit, again and again."""
    random = np.random.default_rng(11)
    widget = ConvExplorer({**PICTURES, "large": random.integers(0, 256, (64, 64, 3), dtype=np.uint8)})
    while count:
        widget.image_name = str(random.choice([entry["name"] for entry in widget.images]))
        widget.kernel_size, widget.stride = int(random.integers(1, 8)), int(random.integers(1, 5))
        widget.padding = PADDINGS[random.integers(len(PADDINGS))]
        widget.filter_name, widget.seed = str(random.choice(FILTER_NAMES)), int(random.integers(1, 1000))
        if random.random() < 0.3:
            widget.weights = random.normal(size=widget.kernel.shape).tolist()
        widget.bias = float(random.choice([0, 0, 100, -50.5]))
        sides = widget.image.shape[:2]
        if all(side + sum(_pads(side, widget)) >= widget.kernel_size for side in sides):
            count -= 1
            yield widget


def _pads(side: int, widget: ConvExplorer) -> tuple[int, int]:
    padding = 0 if widget.padding == "valid" else widget.padding
    if padding == "same":
        return pad_amounts(side, widget.kernel_size, widget.stride, "same")
    return padding, padding


def test_canvas_equals_numpy_on_200_random_settings(explore):
    names = (
        "image_name",
        "filter_name",
        "kernel_size",
        "stride",
        "padding",
        "weights",
        "bias",
        "seed",
        "row",
        "col",
    )
    page, seen = None, set()
    for widget in random_settings(200):
        page = page or explore(widget)
        shown, total = page.show(**{name: getattr(widget, name) for name in names})
        expected = in_colour(widget)
        assert shown.shape[:2] == widget.output_shape, repr(widget)
        assert np.abs(shown[:, :, :3] - expected).max() <= 1, f"{widget!r}, {widget.filter_name}"
        assert (shown[:, :, 3] == 255).all()
        value = widget.feature_map()[widget.row, widget.col]
        assert total == pytest.approx(value, abs=0.006), repr(widget)
        seen.add((widget.kernel_size, widget.stride, widget.padding))
    assert len(seen) > 100


def test_controls_and_python_make_the_same_filters(explore):
    page, random = explore(), np.random.default_rng(5)
    sizes = [page.control("Filter size"), page.control("Stride")]
    for _ in range(25):
        page.control("Picture").select_option(str(random.choice(["grey", "colour"])))
        page.control("Filter").select_option(str(random.choice(FILTER_NAMES)))
        page.control("Padding").select_option(str(random.choice(["1", "3", "same"])))
        for slider in sizes:
            slider.press(str(random.choice(["ArrowRight", "ArrowLeft", "Home", "End"])))
        weights = page.get("weights")
        widget = page.python()
        assert widget.weights == weights and widget.filter_name == page.get("filter_name")
        assert np.abs(page.pixels()[:, :, :3] - in_colour(widget)).max() <= 1
        assert (widget.row, widget.col) == page.place()


def test_sliders_answer_keys(explore):
    page = explore()
    size, stride = (
        page.control("Filter size"),
        page.control("Stride"),
    )
    size.press("ArrowRight")
    size.press("ArrowRight")
    stride.press("ArrowRight")
    assert (page.get("kernel_size"), page.get("stride")) == (5, 2)
    assert page.text(".nm-output .nm-size") == "4 × 4"
    size.press("Home")
    assert page.get("kernel_size") == 1
    size.press("End")
    assert page.get("kernel_size") == 7
    assert page.root.locator(".nm-cell:visible").count() == 49


def test_arrow_keys_move_the_window_on_both_pictures(explore):
    page = explore()
    for stage in ("input", "output"):
        page.set(row=5, col=5)
        for key, place in [
            ("ArrowRight", (5, 6)), ("ArrowDown", (6, 6)), ("ArrowLeft", (6, 5)), ("ArrowUp", (5, 5)),
            ("Home", (5, 0)), ("ArrowLeft", (5, 0)), ("End", (5, 9)), ("ArrowRight", (5, 9)),
            ("PageDown", (9, 9)), ("PageUp", (4, 9)), ("Control+Home", (0, 0)), ("Control+End", (9, 9)),
        ]:  # fmt: skip
            page.stage(stage).press(key)
            assert page.place() == place, key
    value = page.widget.feature_map()[9, 9]
    assert page.total() == value
    label = page.root.locator(".nm-stage-output canvas").get_attribute("aria-label").replace("\u2212", "-")
    low, high = page.widget.feature_map().min(), page.widget.feature_map().max()
    assert label == (
        f"Feature map 10 × 10, values from {low:,.0f} to {high:,.0f}, at row 9 column 9: {value:,.0f}"
    )


def test_products_are_pixel_times_weight_and_add_up(explore):
    page = explore()
    page.set(row=2, col=7)
    window = GREY[2:5, 7:10].astype(int)
    weights = page.widget.kernel[:, :, 0].astype(int)
    cells = page.root.locator(".nm-cell:visible")
    numbers = []
    for index, (pixel, weight) in enumerate(zip(window.ravel(), weights.ravel(), strict=True)):
        cell = cells.nth(index)
        assert cell.locator(".nm-flat .nm-pixel").inner_text() == str(pixel)
        assert cell.locator("input").input_value() == str(weight)
        numbers.append(int(cell.locator(".nm-flat .nm-product").inner_text().replace("\u2212", "-")))
    assert numbers == (window * weights).ravel().tolist()
    assert page.total() == sum(numbers)
    assert page.text(".nm-terms") == f"Sum {sum(numbers):,}"


def test_mouse_hovers_clicks_and_drags(explore):
    page = explore()
    box = page.stage("input").bounding_box()
    pixel = box["width"] / 12

    def at(row: float, col: float) -> tuple[float, float]:
        return box["x"] + (col + 1.5) * pixel, box["y"] + (row + 1.5) * pixel

    page.page.mouse.move(*at(1, 8))
    assert page.place() == (1, 8)
    page.page.mouse.move(5, 5)
    assert page.place() == (5, 5)  # a look does not move what was placed
    page.page.mouse.move(*at(2, 3))
    page.page.mouse.down()
    page.page.mouse.move(*at(7, 4), steps=3)
    page.page.mouse.up()
    page.page.mouse.move(5, 5)
    assert page.place() == (7, 4)
    page.page.mouse.move(*at(-1, -1))
    page.page.mouse.down()
    page.page.mouse.up()
    assert page.place() == (0, 0)
    box = page.stage("output").bounding_box()
    page.page.mouse.click(box["x"] + 8.5 * box["width"] / 10, box["y"] + 3.5 * box["height"] / 10)
    assert page.place() == (3, 8)


def test_finger_places_the_window(explore):
    page = explore(viewport=PHONE, touch=True)
    box = page.stage("output").bounding_box()
    page.page.touchscreen.tap(box["x"] + 2.5 * box["width"] / 10, box["y"] + 6.5 * box["height"] / 10)
    assert page.place() == (6, 2)
    box = page.stage("input").bounding_box()
    page.page.touchscreen.tap(box["x"] + 4.5 * box["width"] / 12, box["y"] + 1.5 * box["height"] / 12)
    assert page.place() == (0, 3)
    cell = page.root.locator(".nm-weight").nth(4)
    cell.tap()
    expect(cell).to_be_focused()
    assert cell.evaluate("(input) => parseFloat(getComputedStyle(input).fontSize)") >= 14


def test_play_pause_step_back_and_reset(explore):
    page = explore()
    page.button("Step").click()
    assert page.place() == (5, 6)
    page.button("Back").click()
    page.button("Back").click()
    assert page.place() == (5, 4)
    page.control("Stride").press("End")
    page.control("Filter").select_option("outline")
    page.button("Play").click()
    assert page.place() == (0, 0)
    assert page.root.locator(".nm-veil").last.bounding_box()["height"] > 0
    page.page.wait_for_function("() => model.get('row') * 3 + model.get('col') >= 2")
    page.button("Pause").click()
    place = page.place()
    page.page.wait_for_timeout(700)
    assert page.place() == place and place > (0, 0)
    page.button("Play").click()  # goes on where it paused
    page.page.wait_for_function("() => model.get('row') === 2 && model.get('col') === 2")
    expect(page.button("Play")).to_be_visible()
    page.button("Reset").click()
    names = ("stride", "filter_name", "weights", "row", "col", "kernel_size", "padding", "image_name")
    assert {name: page.get(name) for name in names} == {name: page.widget.initial[name] for name in names}
    assert page.text(".nm-output .nm-size") == "10 × 10"


def test_play_is_slow_where_motion_is_unwelcome(explore):
    page = explore(motion="reduce")
    page.page.evaluate(
        "() => { window.at = []; model.on('change:col', () => window.at.push(performance.now())); }"
    )
    page.button("Play").click()
    page.page.wait_for_function("() => window.at.length >= 4")  # to the start, then three steps
    page.button("Pause").click()
    gaps = np.diff(page.page.evaluate("() => window.at"))[:3]
    assert gaps.min() >= 990  # milliseconds


def test_hand_edit_of_a_weight(explore):
    page = explore()
    cell = page.root.get_by_label("Weight at row 1, column 1")
    cell.fill("-2.5")
    cell.press("Enter")
    assert page.get("filter_name") == BY_HAND
    assert page.get("weights")[1][1] == [-2.5]
    widget = page.python()
    assert page.total() == pytest.approx(widget.feature_map()[widget.row, widget.col])
    assert np.abs(page.pixels()[:, :, :3] - in_colour(widget)).max() <= 1
    for wrong, kept in [("", "-2.5"), ("1e9", "1000"), ("-1e9", "-1000")]:
        cell.fill(wrong)
        cell.press("Enter")
        page.button("Step").focus()
        page.settle()
        assert cell.input_value() == kept
    cell.focus()
    page.page.keyboard.type("77")
    cell.press("Escape")
    page.settle()
    assert page.get("weights")[1][1] == [-1000]
    cell.focus()
    cell.press("Control+ArrowRight")
    expect(page.root.get_by_label("Weight at row 1, column 2")).to_be_focused()
    page.control("Bias").fill("12.5")
    page.control("Bias").press("Enter")
    assert page.get("bias") == 12.5


def test_channels_are_edited_alone_and_add_up_step_by_step(explore):
    page = explore(ConvExplorer(PICTURES, image_name="colour"))
    page.set(row=4, col=3)
    window = COLOUR[4:7, 3:6].astype(int)
    sums = (window * page.widget.kernel).sum(axis=(0, 1)).astype(int)
    red, green, blue = (f"{name} {value:,}" for name, value in zip("RGB", sums, strict=True))
    assert page.text(".nm-terms") == f"{red} + {green} + {blue}"
    assert page.total() == sums.sum()
    products = page.root.locator(".nm-depth .nm-product:visible")
    shown = [int(text.replace("\u2212", "-")) for text in products.all_inner_texts()]
    assert shown == (window * page.widget.kernel).ravel().tolist()
    page.root.get_by_role("radio", name="All").press("ArrowRight")  # goes round to red
    assert page.text(".nm-terms") == red
    page.button("Then green").click()
    assert page.text(".nm-terms") == f"{red} + {green} = {sums[:2].sum():,} so far"
    cell = page.root.get_by_label("Weight at row 0, column 0")
    cell.fill("9")
    cell.press("Enter")
    assert page.get("weights")[0][0] == [-1, 9, -1]
    page.button("Then blue").click()
    page.button("Then the sum and the bias").click()
    widget = page.python()
    assert page.total() == widget.feature_map()[4, 3]
    page.root.get_by_label("Weight at row 0, column 0").fill("2")
    page.root.get_by_label("Weight at row 0, column 0").press("Enter")
    assert page.get("weights")[0][0] == [2, 2, 2]


def test_facts_are_worked_out_with_the_numbers_on_the_page(explore):
    page = explore(ConvExplorer(np.zeros((64, 64, 3), np.uint8), stride=2, padding=1))
    facts = dict(
        zip(page.root.locator("dt").all_inner_texts(), page.root.locator("dd").all_inner_texts(), strict=True)
    )
    facts = {
        name: re.sub(r"\s*=\s*", " = ", words.replace("\u2212", "-")).strip() for name, words in facts.items()
    }
    assert facts == {
        "Size": "floor((n + 2p - f) / s) + 1 = floor((64 + 2 × 1 - 3) / 2) + 1 = 32",
        "Left over": "1 row below, 1 column on the right",
        "Parameters": "3 × 3 × 3 + 1 = 28",
        "Multiplications": "32 × 32 × 27 = 27,648",
    }
    stage, strip = page.stage("input").bounding_box(), page.root.locator(".nm-leftover").first.bounding_box()
    assert strip["height"] == pytest.approx(stage["height"] / 66, abs=0.2)
    page.set(padding="same", kernel_size=4, stride=1)
    assert "1 above, 2 below, 1 left, 2 right" in page.text(".nm-facts")
    picture = page.root.locator(".nm-stage-input canvas").bounding_box()
    stage = page.stage("input").bounding_box()
    assert picture["x"] - stage["x"] == pytest.approx(stage["width"] / 67, abs=0.2)
    assert picture["width"] == pytest.approx(stage["width"] * 64 / 67, abs=0.2)


def test_what_does_not_fit_is_explained_and_nothing_breaks(explore):
    page = explore(ConvExplorer(PICTURES, image_name="tiny"))
    good = page.pixels()
    page.control("Filter size").press("End")
    assert page.text(".nm-problem") == (
        "A 7 x 7 filter does not fit a 4 x 4 input with padding 0; padding 2 or a filter of at most 4 would. "
        'Padding "same" fits every filter.'
    )
    np.testing.assert_array_equal(page.pixels(), good)
    assert page.stage("output").evaluate("(stage) => getComputedStyle(stage).opacity") == "0.3"
    assert page.root.locator(".nm-grid").evaluate("(grid) => grid.inert") is True
    for name in ("Play", "Step", "Back"):
        page.button(name).click()
    page.stage("output").press("ArrowRight")
    page.stage("input").click()
    page.control("Padding").select_option("2")
    expect(page.root.locator(".nm-problem")).to_be_hidden()
    assert page.pixels().shape[:2] == (2, 2)


def test_nothing_a_reader_does_breaks_it(explore):
    page, random = explore(), np.random.default_rng(2)
    keys = [
        "ArrowRight",
        "ArrowLeft",
        "ArrowUp",
        "ArrowDown",
        "Home",
        "End",
        "PageUp",
        "Enter",
        "Escape",
        "7",
        "-",
        "e",
    ]
    page.control("Picture").focus()
    for _ in range(300):
        page.page.keyboard.press("Tab" if random.random() < 0.4 else str(random.choice(keys)))
    page.control("Ask me first").uncheck()
    page.button("Reset").click()
    page.control("Picture").select_option("grey")
    widget = page.python()
    assert np.abs(page.pixels()[:, :, :3] - in_colour(widget)).max() <= 1


@pytest.mark.parametrize(
    ("guess", "verdict"), [("8", "Right: 8 × 8 comes out."), ("9", "No, not 9 × 9: 8 × 8 comes out.")]
)
def test_prediction_comes_before_the_change(explore, guess, verdict):
    page = explore()
    page.control("Ask me first").check()
    assert page.get("ask") is True
    size = page.control("Filter size")
    size.press("ArrowRight")
    size.press("ArrowRight")
    assert page.get("kernel_size") == 3
    assert size.input_value() == "5"
    expect(page.root.locator(".nm-facts")).to_be_hidden()
    question = page.root.get_by_label("12 × 12, filter 5 × 5, stride 1, padding 0: what size will come out?")
    question.fill(guess)
    question.press("Enter")
    assert page.get("kernel_size") == 5
    assert page.text(".nm-verdict") == verdict
    assert "(12 + 2 × 0 - 5) / 1) + 1 = 8" in page.text(".nm-facts")


def test_prediction_of_what_does_not_fit_and_no_prediction(explore):
    page = explore(ConvExplorer(PICTURES, image_name="tiny", ask=True))
    page.control("Filter size").press("End")
    page.button("It does not fit").click()
    assert page.text(".nm-verdict") == "Right: the filter does not fit."
    expect(page.root.locator(".nm-problem")).to_be_visible()
    page.control("Filter size").press("Home")
    page.button("It does not fit").click()
    assert page.text(".nm-verdict") == "No, it does fit: 4 × 4 comes out."
    page.control("Stride").press("ArrowRight")
    page.button("Show me").click()
    expect(page.root.locator(".nm-verdict")).to_be_hidden()
    assert page.get("stride") == 2
    page.control("Padding").select_option("same")
    page.control("Ask me first").uncheck()
    assert page.get("padding") == "same"


def test_two_views_and_python_stay_together(explore):
    page = explore(views=2)
    first, second = page.views.all()
    first.get_by_label("Filter size", exact=True).press("ArrowRight")
    second.locator(".nm-stage-output").press("Home")
    page.settle()
    for view in (first, second):
        assert view.locator(".nm-output .nm-size").inner_text() == "9 × 9"
        assert "col 0" in view.locator(".nm-note").inner_text()
    page.assert_views_differ_in_ids()
    page.set(stride=3)
    assert second.get_by_label("Stride", exact=True).input_value() == "3"


def test_removing_a_view_leaves_no_listener(explore):
    page = explore(views=2)
    page.button("Play").click()
    page.assert_a_removed_view_leaves_nothing()
    page.set(kernel_size=5)
    assert page.page.locator(".nm-output .nm-size").inner_text() == "8 × 8"


def test_status_speaks_once_the_reader_rests(explore):
    page = explore()
    status = page.root.get_by_role("status")
    for _ in range(4):
        page.stage("output").press("ArrowRight")
    expect(status).to_contain_text("at row 5 column 9", timeout=3000)
    page.control("Picture").select_option("tiny")
    page.control("Filter size").press("End")
    expect(status).to_contain_text("does not fit", timeout=3000)


def test_phone_shows_controls_and_whole_result_together(explore):
    page = explore(viewport=PHONE, touch=True)
    for name, kernel_size in itertools.product(["grey", "colour"], [1, 3, 5, 7]):
        page.follow(ConvExplorer(PICTURES, kernel_size, image_name=name))
        page.assert_fits_a_phone("select, input, button, canvas, .nm-legend, .nm-terms, .nm-total")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_targets_are_large_enough_for_a_finger_and_keep_their_keys_from_jupyterlab(explore, viewport):
    page = explore(viewport=viewport)
    for kernel_size in (3, 7):
        page.follow(ConvExplorer(PICTURES, kernel_size, image_name="colour", filter_name="random"))
        page.assert_targets(
            kernel_size**2 + 11, "select:visible, input:visible, button:visible, .nm-stage"
        )
        page.assert_keys_are_kept(61)
    thumb = re.search(r"slider-thumb \{[^}]*?width: (\d+)px;\s*height: (\d+)px", page.widget._css)
    assert min(map(int, thumb.groups())) >= 24


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(explore, viewport):
    page = explore(ConvExplorer(PICTURES, image_name="colour"), viewport=viewport)
    page.assert_axe_finds_nothing()
    page.root.get_by_role("radio", name="Green").check()
    page.control("Filter size").press("End")
    page.control("Ask me first").check()
    page.control("Stride").press("End")
    page.settle()
    page.assert_axe_finds_nothing()
    page.control("Columns").fill("3")
    page.root.get_by_role("spinbutton", name="20 × 14").fill("4")
    page.button("Check").click()
    page.control("Picture").select_option("tiny")
    page.settle()
    expect(page.root.locator(".nm-problem")).to_be_visible()
    page.assert_axe_finds_nothing()


def test_theme_follows_the_page_and_else_the_system(explore):
    page = explore(theme="dark")
    back = "() => getComputedStyle(document.querySelector('.nm-conv-explorer')).backgroundColor"
    dark = page.page.evaluate(back)
    page.page.evaluate("() => document.documentElement.dataset.theme = 'light'")
    light = page.page.evaluate(back)
    assert dark != light == "rgb(255, 255, 255)"
    page.page.evaluate("() => { delete document.documentElement.dataset.theme; }")
    assert page.page.evaluate(back) == light
    page.page.emulate_media(color_scheme="dark")
    assert page.page.evaluate(back) == dark
    page.page.evaluate("() => { document.body.dataset.jpThemeLight = 'true'; }")
    assert page.page.evaluate(back) == light
    page.page.evaluate("() => { document.body.dataset.jpThemeLight = 'false'; }")
    page.page.emulate_media(color_scheme="light")
    assert page.page.evaluate(back) == dark


def test_output_size_on_the_page_is_geometrys(explore):
    page = explore(ConvExplorer(GREY))
    for k, stride, padding in itertools.product((1, 2, 5, 7), (1, 2, 3, 4), PADDINGS):
        page.set(kernel_size=k, stride=stride, padding=padding)
        side = output_size(12, k, stride, padding)
        assert page.text(".nm-output .nm-size") == f"{side} × {side}"
