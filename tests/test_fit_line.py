"""FitLine: its Python side against NumPy, the widget itself in Chromium with real keys, mouse and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect
from site_tools import DESKTOP, PHONE
from widget_tools import WidgetPage

from notmagic.datasets import load_houses
from notmagic.widgets import FitLine

X, Y = np.array([1.0, 2.0, 4.0, 5.0]), np.array([2.0, 3.0, 7.0, 9.0])


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(FitLine()) == "FitLine(20 points, slope 0, intercept 200, learning rate 0.1, scaled)"
    raw = FitLine(X, Y, slope=1.5, intercept=0, scaled=False)
    assert repr(raw) == "FitLine(4 points, slope 1.5, intercept 0, learning rate 0.1, not scaled)"


def test_default_points_are_the_courses_houses():
    houses = load_houses(20)
    assert FitLine().xs == houses.area.tolist()
    np.testing.assert_array_equal(FitLine().targets, houses.price)


@pytest.mark.parametrize("scaled", [True, False])
def test_gradient_is_the_slope_of_the_error(scaled):
    widget, eps = FitLine(slope=2.5, intercept=30, scaled=scaled), 1e-4
    w, b = widget.slope, widget.intercept
    by_difference = [
        (widget.error(w + eps, b) - widget.error(w - eps, b)) / (2 * eps),
        (widget.error(w, b + eps) - widget.error(w, b - eps)) / (2 * eps),
    ]
    np.testing.assert_allclose(widget.gradient(), by_difference, rtol=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_best_line_has_no_gradient_and_is_polyfits(scaled):
    widget = FitLine(scaled=scaled)
    np.testing.assert_allclose(widget.best(), np.polyfit(widget.inputs, widget.targets, 1))
    widget.slope, widget.intercept = widget.best()
    np.testing.assert_allclose(widget.gradient(), 0, atol=1e-8)


def test_switching_the_scale_keeps_the_line_and_forgets_the_way():
    widget = FitLine()
    widget.descend(3)
    error = widget.error()
    for scaled in (False, True):
        widget.scaled = scaled
        assert widget.error() == pytest.approx(error) and widget.runs == [] and widget.steps == 0


def test_descent_reaches_the_bottom_if_scaled_and_crawls_if_not():
    scaled = FitLine(learning_rate=0.1)
    lowest = scaled.error(*scaled.best())
    assert scaled.descend(60) == pytest.approx(lowest)
    raw = FitLine(scaled=False)
    raw.learning_rate = 0.97 * raw.largest_learning_rate()
    assert raw.descend(1000) > 1.5 * lowest
    assert raw.steps == 1000 and len(raw.runs) == 1


def test_a_learning_rate_above_the_largest_explodes_and_is_stopped():
    assert FitLine().largest_learning_rate() == pytest.approx(1)
    widget = FitLine(scaled=False, learning_rate=0.1)
    start = widget.error()
    widget.descend(1000)
    assert widget.steps == 2 and start * 1e9 < widget.error() < np.inf


def test_each_learning_rate_is_a_run_and_moving_by_hand_ends_them():
    widget = FitLine()
    widget.descend(2)
    widget.learning_rate = 0.2
    widget.descend(3)
    assert [run[2:] for run in widget.runs] == [[0.1, 2], [0.2, 3]] and widget.steps == 5
    widget.slope = 1
    assert widget.runs == []


def test_a_message_from_the_page_is_taken_as_it_is():
    widget = FitLine()
    message = {"scaled": False, "slope": 1.5, "intercept": 99.0, "runs": [[0.0, 100.0, 0.1, 4]]}
    widget.set_state(message)
    assert {name: getattr(widget, name) for name in message} == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X}, "only one of x and y is given; expected both"),
        ({"x": X, "y": Y[:3]}, "x has 4 numbers and y has 3; expected as many"),
        ({"x": [[1, 2]], "y": Y}, r"x has shape \(1, 2\); expected \(N,\)"),
        ({"x": [1], "y": [1]}, r"x has shape \(1,\).* 2 to 200 points"),
        ({"x": ["a", "b"], "y": [1, 2]}, "x is not an array of numbers"),
        ({"x": [1, np.nan], "y": [1, 2]}, "x has values that are not numbers"),
        ({"x": [3, 3], "y": [1, 2]}, "x is 3 at every point; expected two different values"),
        ({"x": [1, 2], "y": [5, 5]}, "y is 5 at every point"),
        ({"slope": "1"}, "slope is '1'; expected a number"),
        ({"intercept": float("nan")}, "intercept is nan; expected a number"),
        ({"learning_rate": 0}, "learning_rate is 0; expected a number from 1e-09 to 100"),
        ({"learning_rate": True}, "learning_rate is True"),
        ({"scaled": 1}, "scaled is 1; expected True or False"),
        ({"point": 20}, "point is 20; expected a whole number from 0 to 19"),
        ({"ask": None}, "ask is None; expected True or False"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        FitLine(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("slope", None), ("intercept", "x"), ("learning_rate", -1), ("scaled", 0), ("point", 1.5),
     ("runs", [[1, 2]]), ("runs", 3), ("show_best", "yes")],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    widget = FitLine()
    before = getattr(widget, name)
    with pytest.raises(ValueError, match="expected"):
        setattr(widget, name, value)
    assert getattr(widget, name) == before
    with pytest.raises(ValueError, match="steps is 0"):
        widget.descend(0)


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a FitLine, and the questions that the tests ask of it."""

    STATE = ("slope", "intercept", "learning_rate", "scaled", "show_best", "point", "runs")

    def take_steps(self, count: int) -> None:
        """Press Step many times in one go."""
        press = "(button, count) => { for (let i = 0; i < count; i += 1) button.click(); }"
        self.button("Step").evaluate(press, count)
        self.settle()


@pytest.fixture
def show(open_widget: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page with a FitLine; no page may complain or ask for the network."""
    return partial(open_widget, FitLine, Page)


def test_steps_are_pythons_and_back_takes_them_back(show):
    page, twin = show(), FitLine()
    for step in range(1, 5):
        page.button("Step").click()
        twin.descend()
        widget = page.python()
        assert widget.steps == step
        np.testing.assert_allclose([widget.slope, widget.intercept], [twin.slope, twin.intercept])
    assert f"{twin.error():,.0f}" in page.text(".nm-total")
    assert page.root.locator(".nm-trail-dots circle").count() == 5
    for _ in range(4):
        page.button("Back").click()
    assert (page.get("slope"), page.get("intercept"), page.get("runs")) == (0, 200, [])
    expect(page.button("Back")).to_be_disabled()


def test_play_ends_at_the_best_line_and_reset_returns(show):
    page = show()
    page.control("Learning rate η").press("ArrowRight")
    assert page.get("learning_rate") == 0.125
    page.button("Play").click()
    expect(page.root.locator(".nm-news")).to_contain_text("no line has a smaller", timeout=60_000)
    page.button("Play").wait_for(timeout=60_000)  # it pauses by itself
    widget = page.python()
    np.testing.assert_allclose([widget.slope, widget.intercept], widget.best(), rtol=0.01)
    expect(page.root.locator(".nm-best-line")).to_be_visible()
    page.button("Reset").click()
    assert (page.get("slope"), page.get("intercept"), page.get("learning_rate")) == (0, 200, 0.125)
    expect(page.root.locator(".nm-best-line")).to_be_hidden()


def test_a_large_learning_rate_explodes_in_plain_words_and_breaks_nothing(show):
    page = show(FitLine(learning_rate=1.6))
    page.button("Play").click()
    expect(page.root.locator(".nm-news")).to_contain_text("We stop here", timeout=60_000)
    assert re.search(r"overshoots further: in \d+ steps the error grew from 40,605 to", page.text(".nm-news"))
    expect(page.button("Step")).to_be_disabled()
    expect(page.root.locator(".nm-outside")).to_be_visible()
    assert "off the map" in page.root.locator(".nm-handle-ball").get_attribute("aria-label")
    assert not re.search(r"NaN|Infinity|undefined", page.root.inner_html())
    page.control("Learning rate η").press("Home")
    page.button("Back").click()
    page.button("Reset").click()
    page.button("Step").click()
    assert page.text(".nm-news").startswith("1 step: the error fell from 40,605")


def test_raw_areas_explode_at_a_rate_that_suits_scaled_ones(show):
    page = show()
    page.control("Centre and scale x").uncheck()
    widget = page.python()
    assert widget.scaled is False and widget.error() == pytest.approx(FitLine().error())
    page.button("Step").click()
    assert "Take a smaller learning rate" in page.text(".nm-news")
    page.button("Back").click()
    page.set(learning_rate=8e-5)
    page.take_steps(150)
    assert page.python().steps == 150
    assert "Crawling" in page.text(".nm-news") and "Centre and scale the input" in page.text(".nm-news")


def test_mouse_drags_the_line_by_its_two_handles(show):
    page = show()
    page.button("Step").click()
    for name, trait, other in (("shift", "intercept", "slope"), ("tilt", "slope", "intercept")):
        before, kept = page.get(trait), page.get(other)
        x, y = page.middle(f".nm-handle-{name}")
        page.drag((x, y), (x, y - 50))
        assert page.get(trait) > before + 20 and page.get(other) == kept
        assert page.middle(f".nm-handle-{name}")[1] == pytest.approx(y - 50, abs=1.5)
    assert page.get("runs") == []


def test_finger_chooses_a_point_and_drags_a_handle(show):
    page = show(viewport=PHONE, touch=True)
    box = page.root.locator(".nm-dot").nth(6).bounding_box()
    page.page.touchscreen.tap(box["x"] + 3, box["y"] + 3)
    assert page.text(".nm-point-words").startswith("Point 7:")
    x, y = page.middle(".nm-handle-tilt")
    session = page.page.context.new_cdp_session(page.page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]), ("touchMove", [{"x": x, "y": y - 40}]), ("touchEnd", []),
    ):  # fmt: skip
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert page.get("slope") > 50


def test_arrow_keys_move_line_ball_and_point(show):
    page = show()
    before = page.get("slope")
    page.root.locator(".nm-handle-tilt").press("ArrowUp")
    assert page.get("slope") > before
    page.root.locator(".nm-handle-shift").press("PageDown")
    assert page.get("intercept") < 200
    slope, intercept = page.get("slope"), page.get("intercept")
    page.root.locator(".nm-handle-ball").press("ArrowRight")
    page.root.locator(".nm-handle-ball").press("ArrowUp")
    assert page.get("slope") > slope and page.get("intercept") > intercept
    page.control("Slope w").press("End")
    assert page.get("slope") > slope + 50
    ring = page.root.locator(".nm-handle-ring")
    ring.press("Home")
    assert page.get("point") == int(np.argmin(page.widget._x))
    ring.press("End")
    assert page.get("point") == int(np.argmax(page.widget._x))


def test_a_click_on_the_bowl_moves_the_line(show):
    page = show()
    x, y = page.middle(".nm-handle-ball")
    page.page.mouse.click(x + 60, y - 30)
    assert page.get("slope") > 20 and page.get("intercept") > 210
    assert page.middle(".nm-handle-ball") == pytest.approx((x + 60, y - 30), abs=1.5)


def test_squares_are_square_on_the_screen_with_the_error_as_side(show):
    page = show(FitLine(slope=60, intercept=300))
    y = page.widget.targets
    dots = page.root.locator(".nm-dot")
    ends = [dots.nth(int(index)).bounding_box()["y"] for index in (y.argmin(), y.argmax())]
    unit = (ends[0] - ends[1]) / np.ptp(y)  # pixels for one unit of y
    errors = page.widget.slope * page.widget.inputs + page.widget.intercept - y
    for i, error in enumerate(errors):
        square = page.root.locator(".nm-squares rect").nth(i)
        width, height = (float(square.get_attribute(side)) for side in ("width", "height"))
        assert width == pytest.approx(height) == pytest.approx(abs(error) * unit, abs=0.3)
    assert unit * np.abs(errors).max() > 20


def test_hover_writes_out_a_points_arithmetic(show):
    page = show(FitLine(slope=2, intercept=100, scaled=False))
    assert page.text(".nm-point-words").startswith("Point 1:")
    x, y = page.middle(".nm-dot >> nth=6")
    page.page.mouse.move(x, y)
    assert page.text(".nm-point-words").split("\n") == [
        "Point 7: x = 49, y = 166", "Prediction 2 × 49 + 100 = 198", "Error 198 - 166 = 32, squared 1,024",
    ]  # fmt: skip
    page.page.mouse.move(2, 2)
    assert page.text(".nm-point-words").startswith("Point 1:")


def test_gradient_and_next_line_are_worked_out_with_the_readers_numbers(show):
    page = show()
    words = page.text(".nm-gradient").split("\n")
    by_slope, by_intercept = page.widget.gradient()
    assert words[0] == f"∂L/∂w: ∑ error × z = {by_slope * 10:,.0f}, × 2/20 = {by_slope:.1f}"
    assert words[3] == f"next b = 200 - 0.1 × ({by_intercept:.1f}) = {200 - 0.1 * by_intercept:.1f}"


@pytest.mark.parametrize(
    ("rate", "guess", "verdict"),
    [(0.1, "It falls", "Right: it falls, from 40,605 to 1,335"), (0.001, "It falls", "No: it crawls"),
     (1.25, "It explodes", "Right: it explodes"), (1.0, "It crawls", "No: none of the three: it jumps")],
)  # fmt: skip
def test_prediction_comes_before_the_descent(show, rate, guess, verdict):
    page = show(FitLine(ask=True, learning_rate=rate))
    page.button("Step").click()
    assert page.get("runs") == []
    expect(page.root.get_by_role("group", name="From here, 100 steps at learning rate")).to_be_visible()
    page.button(guess).click()
    assert page.text(".nm-verdict").startswith(verdict)
    assert page.get("runs")[0][3] == 1
    page.button("Step").click()  # asked once for each setting
    assert page.python().steps == 2


def test_the_best_line_is_hidden_until_asked_for(show):
    page = show()
    for mark in (".nm-bottom", ".nm-best-line"):
        expect(page.root.locator(mark)).to_be_hidden()
    page.control("Show the best line").check()
    for mark in (".nm-bottom", ".nm-best-line"):
        expect(page.root.locator(mark)).to_be_visible()
    slope, intercept = page.widget.best()
    assert f"Best line: {slope:.1f} × z + {intercept:.1f}" in page.text(".nm-news")


def test_two_views_and_python_stay_together(show):
    page = show(views=2)
    first, second = page.views.all()
    first.get_by_role("button", name="Step", exact=True).click()
    page.settle()
    assert first.locator(".nm-total").inner_text() == second.locator(".nm-total").inner_text()
    second.get_by_label("Centre and scale x", exact=True).uncheck()
    page.settle()
    expect(first.get_by_label("Centre and scale x", exact=True)).not_to_be_checked()
    page.set(slope=3.0, intercept=50.0)  # from Python, which also empties the runs
    assert first.locator(".nm-value").first.inner_text() == "3"
    page.assert_views_differ_in_ids()
    page.assert_a_removed_view_leaves_nothing()


def test_nothing_a_reader_does_breaks_it(show):
    page, random = show(FitLine(X, Y)), np.random.default_rng(2)
    keys = ["ArrowRight", "ArrowLeft", "ArrowUp", "Home", "End", "PageUp", "Enter", " ", "Escape"]
    page.control("Slope w").focus()
    for _ in range(200):
        page.page.keyboard.press("Tab" if random.random() < 0.4 else str(random.choice(keys)))
    page.button("Reset").click()
    assert not re.search(r"NaN|Infinity|undefined", page.root.inner_html())
    widget = page.python()
    assert widget.error() == pytest.approx(FitLine(X, Y).error())


def test_phone_shows_controls_and_whole_result_together(show):
    page = show(FitLine(show_best=True), viewport=PHONE, touch=True)
    for rate in (0.1, 1.6):
        page.button("Reset").click()
        page.set(learning_rate=rate)
        page.take_steps(60)
        page.assert_fits_a_phone("input, button, canvas, .nm-gradient, .nm-news, .nm-curve")
        page.assert_targets(10, "button:visible, input:visible, .nm-handle")
        page.assert_keys_are_kept(10)
        page.assert_text_is_large_enough()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(show, viewport):
    page = show(FitLine(ask=True), viewport=viewport)
    page.assert_axe_finds_nothing()
    page.button("Step").click()
    page.settle()
    page.assert_axe_finds_nothing()
    page.button("It crawls").click()
    page.control("Show the best line").check()
    page.control("Centre and scale x").uncheck()
    page.button("Step").click()
    page.button("Show me").click()
    expect(page.root.locator(".nm-problem")).to_be_visible()
    page.assert_axe_finds_nothing()


def test_status_speaks_once_the_reader_rests(show):
    page = show()
    page.button("Step").click()
    expect(page.root.get_by_role("status")).to_contain_text("1 step: the error fell", timeout=10_000)
