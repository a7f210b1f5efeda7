"""What the browser tests of all widgets share: a page that shows a widget, and the questions asked of each.

A widget's tests derive a class from ``WidgetPage``, for what only they ask, and a fixture that shows it::

    class Page(WidgetPage):
        STATE = ("slope", "intercept")


    @pytest.fixture
    def show(open_widget):
        return partial(open_widget, FitLine, Page)


    def test_reset_returns(show):
        page = show(FitLine(slope=2), viewport=PHONE, touch=True)

Each ``show`` gives a new document: nothing of an earlier test is left in it. The page around it is lent by
the worker's Chromium and used again: to make one takes several times as long as to show a widget in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ipywidgets
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect
from site_tools import DESKTOP, PHONE, TWO_FRAMES, WatchedPage
from widget_page import widget_page

# No host of this name exists. Playwright answers for it, and WatchedPage refuses every other request.
ADDRESS = "https://notmagic.test/"
COLUMN = "730px"  # the text's width on a desktop; on a phone the column is as wide as the window leaves it
PLAIN = str.maketrans("\u2212\u00a0", "- ")
TARGETS = "select:visible, input:visible, button:visible, [tabindex]:visible"
MARGIN = 15  # pixels that the page around a widget leaves free on either side, and one for rounding
SMALLEST_TARGET = 24  # pixels, WCAG 2.5.8
SMALLEST_TEXT = 11  # pixels


def css_name(widget: ipywidgets.Widget) -> str:
    """Name the CSS class of a widget's root: ``nm-fit-line`` for a FitLine."""
    return "nm" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", type(widget).__name__)


class WidgetPage:
    """A page with one widget, and the questions that tests ask of it.

    Parameters
    ----------
    watched : WatchedPage
        An empty page.
    widget : ipywidgets.Widget
    page : dict
        ``views``, ``theme`` and ``width`` of :func:`widget_page.widget_page`.

    Attributes
    ----------
    STATE : tuple of str
        The traits that the page may change: ``python`` brings them to the Python object.
    watched, page : WatchedPage, Page
        Ours and Playwright's.
    widget : ipywidgets.Widget
    root : Locator
        The first view.
    """

    STATE: tuple[str, ...] = ()

    def __init__(self, watched: WatchedPage, widget: ipywidgets.Widget, **page: object) -> None:
        self.watched, self.widget, self.page = watched, widget, watched.page
        html = widget_page(widget, **page)
        self.page.route(ADDRESS, lambda route: route.fulfill(body=html, content_type="text/html"), times=1)
        self.page.goto(ADDRESS)
        self.page.wait_for_selector("body[data-ready]", state="attached")
        self.views: Locator = self.page.locator(f".{css_name(widget)}")
        self.root: Locator = self.views.first
        self.settle()

    # The model ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until what was changed is drawn."""
        self.page.evaluate(f"() => {TWO_FRAMES}")

    def get(self, name: str) -> Any:
        """Return a trait as the page has it once all is drawn."""
        return self.state([name])[name]

    def state(self, names: Iterable[str] = ()) -> dict[str, Any]:
        """Return several traits (those of ``STATE`` if none is named) as the page has them, in one trip."""
        return self.page.evaluate(f"""async (names) => {{
          await {TWO_FRAMES};
          return Object.fromEntries(names.map((name) => [name, model.get(name)]));
        }}""", list(names) or list(self.STATE))

    def set(self, **traits: object) -> None:
        """Set traits as a message from Python would, and wait until that is drawn."""
        self.page.evaluate(f"async (traits) => {{ model.set(traits); await {TWO_FRAMES}; }}", traits)

    def python(self) -> Any:
        """Give the page's state to the Python object, as a kernel would get it, and return that object."""
        self.widget.set_state(self.state())
        return self.widget

    # What stands on the page -------------------------------------------------------------------------

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Return a button by its words."""
        return self.root.get_by_role("button", name=name, exact=True)

    def control(self, label: str) -> Locator:
        """Return a slider, box, menu or field by its label."""
        return self.root.get_by_label(label, exact=True)

    @property
    def status(self) -> Locator:
        """What the widget tells a screen reader once the reader rests; use it with ``expect``."""
        return self.root.get_by_role("status").first

    def text(self, selector: str) -> str:
        """Return an element's text; minus signs and spaces as Python writes them."""
        self.settle()
        return self.root.locator(selector).first.inner_text().translate(PLAIN)

    def canvas(self, where: str | Locator = "canvas") -> np.ndarray:
        """Return what is painted on a canvas, shape (rows, columns, 4), uint8 values as int."""
        self.settle()
        canvas = self.root.locator(where).first if isinstance(where, str) else where
        # From a copy: Chromium complains when the widget's own canvas is read more than once.
        width, height, data = canvas.evaluate("""(canvas) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.width, canvas.height, [...data]];
        }""")
        return np.array(data).reshape(height, width, 4)

    def box(self, selector: str) -> dict[str, float]:
        """Return an element's place on the screen: x, y, width and height in pixels."""
        self.settle()
        return self.root.locator(selector).first.bounding_box()

    def middle(self, selector: str) -> tuple[float, float]:
        """Return the middle of an element on the screen."""
        box = self.box(selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, *places: tuple[float, float], steps: int = 4) -> None:
        """Press the mouse at the first place, move it through the others and release it."""
        mouse = self.page.mouse
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=steps)
        mouse.up()
        self.settle()

    # What must hold for every widget -----------------------------------------------------------------

    def assert_axe_finds_nothing(self) -> None:
        """Run axe on the widget as it stands, in the light and in the dark; the first theme is then back."""
        first = self.page.evaluate("() => document.documentElement.dataset.theme")
        for theme in (first, "light" if first == "dark" else "dark"):
            self.set_theme(theme)
            assert self.watched.axe() == [], f"in the {theme} theme"
        self.set_theme(first)

    def set_theme(self, theme: str) -> None:
        """Choose "light" or "dark" as the reader does with the book's button, and wait till it is drawn."""
        change = f"async (theme) => {{ document.documentElement.dataset.theme = theme; await {TWO_FRAMES}; }}"
        self.page.evaluate(change, theme)

    def assert_fits_a_phone(
        self, shown: str = "select, input, button, canvas, [role=img]", margin: float = MARGIN
    ) -> None:
        """Assert that the widget and all that ``shown`` selects and is visible lie whole on a phone's screen.

        Nothing but what a drawing cuts off may come nearer to the right edge than ``margin`` pixels.
        """
        found = self.root.evaluate("""async (root, [shown, width, height]) => {
          root.scrollIntoView();
          const seen = (element) => element.checkVisibility({ visibilityProperty: true });
          const boxes = [...root.querySelectorAll(shown)].filter(seen)
            .map((element) => [element.getBoundingClientRect(), element.outerHTML.slice(0, 200)])
            .filter(([box]) => box.width > 0 && box.height > 0);
          return {
            count: boxes.length,
            height: root.getBoundingClientRect().height,
            page: document.documentElement.scrollWidth,
            outside: boxes.filter(([box]) => box.left < 0 || box.right > width || box.top < 0
              || box.bottom > height).map(([, html]) => html),
            right: Math.max(...[...root.querySelectorAll("*:not(.nm-hidden, svg *)")].filter(seen)
              .map((element) => element.getBoundingClientRect().right)),
          };
        }""", [shown, PHONE["width"], PHONE["height"]])
        assert found["count"] > 0
        assert found["outside"] == []
        assert found["page"] == PHONE["width"]
        assert found["height"] <= PHONE["height"]
        assert found["right"] <= PHONE["width"] - margin

    def assert_targets(self, at_least: int, selector: str = TARGETS) -> int:
        """Count the targets; assert that they are so many, large enough for a finger, and keep their keys.

        JupyterLab takes the keys of an element without ``data-lm-suppress-shortcuts`` for its own commands.
        """
        self.settle()
        targets = self.root.locator(selector).evaluate_all("""(targets) => targets.map((target) => [
          target.outerHTML.slice(0, 300), target.getBoundingClientRect().width,
          target.getBoundingClientRect().height, target.dataset.lmSuppressShortcuts === "true"])""")
        assert len(targets) >= at_least
        assert [html for html, width, height, _ in targets if min(width, height) < SMALLEST_TARGET] == []
        assert [html for html, _, _, keeps in targets if not keeps] == []
        return len(targets)

    def assert_keys_are_kept(self, at_least: int) -> None:
        """Assert that so many elements, shown or hidden, take the focus and that each keeps its keys."""
        focusable = ":is(select, input, button, textarea, summary, [tabindex])"
        assert self.root.locator(focusable).count() >= at_least
        assert self.root.locator(f"{focusable}:not([data-lm-suppress-shortcuts=true])").count() == 0

    def assert_text_is_large_enough(self) -> None:
        """Assert that no text of the widget is smaller than eleven pixels."""
        sizes = self.root.evaluate("""(root) => [...root.querySelectorAll("*")]
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()))
          .map((e) => [parseFloat(getComputedStyle(e).fontSize), e.outerHTML.slice(0, 200)])""")
        assert sizes
        assert [html for size, html in sizes if size < SMALLEST_TEXT] == []

    def assert_every_slider_moves_by_keyboard(self) -> None:
        """Assert that each slider that is shown and has somewhere to go answers an arrow key."""
        sliders = self.root.locator("input[type=range]:visible:enabled")
        assert sliders.count() > 0
        for slider in sliders.all():
            before, low, high = (float(slider.evaluate(f"(slider) => slider.{name}"))
                                 for name in ("value", "min", "max"))
            if low < high:
                slider.press("ArrowRight" if before < high else "ArrowLeft")
                assert float(slider.input_value()) != before, slider.evaluate("(slider) => slider.outerHTML")

    def assert_views_differ_in_ids(self) -> None:
        """Assert that no id occurs twice on a page with several views."""
        ids = self.page.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
        assert len(ids) == len(set(ids))

    def assert_a_removed_view_leaves_nothing(self) -> None:
        """Remove the first view; assert that it is gone with its share of the model's listeners."""
        views = self.views.count()
        listeners = self.page.evaluate("() => model.listeners.length")
        self.page.evaluate("() => window.removers[0]()")
        expect(self.views).to_have_count(views - 1)
        assert self.page.evaluate("() => model.listeners.length") == listeners * (views - 1) / views

    def assert_no_wrong_numbers(self) -> None:
        """Assert that nothing the widget says shows a mistake of its arithmetic."""
        self.settle()
        for words in (self.root.inner_text(), self.root.inner_html()):
            assert not re.search(r"\bNaN\b|\bInfinity\b|\bundefined\b|\[object", words)


class _Lender:
    """Empty pages, made when first asked for and used again: by size of window, with and without touch."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.idle: dict[tuple[int, int, bool], list[WatchedPage]] = {}

    def lend(self, viewport: dict[str, int], touch: bool, motion: str, scheme: str) -> WatchedPage:
        """Give an empty page with a document of its own."""
        idle = self.idle.setdefault((viewport["width"], viewport["height"], touch), [])
        if idle:
            watched = idle.pop()
        else:
            context = self.browser.new_context(viewport=viewport, has_touch=touch, device_scale_factor=1,
                                               locale="en-GB")
            watched = WatchedPage(context)
            watched.origin = "about:blank"  # so that every request is refused
        watched.page.emulate_media(reduced_motion=motion, color_scheme=scheme)
        return watched

    def take_back(self, viewport: dict[str, int], touch: bool, watched: WatchedPage) -> None:
        """Take a page back for the next test and stop what goes on in it."""
        watched.page.mouse.move(0, 0)
        watched.page.goto("about:blank")
        watched.complaints.clear()  # what broke off now was not the test's
        self.idle[viewport["width"], viewport["height"], touch].append(watched)

    def close(self) -> None:
        """Close all pages that are here."""
        for watched in (watched for pages in self.idle.values() for watched in pages):
            watched.page.context.close()


@pytest.fixture(scope="session")
def _lender(chromium: Browser) -> Iterator[_Lender]:
    lender = _Lender(chromium)
    yield lender
    lender.close()


@pytest.fixture
def open_widget(_lender: _Lender, request: pytest.FixtureRequest) -> Iterator[Callable[..., WidgetPage]]:
    """A function that shows a widget; at the end no page may have complained or asked for the network.

    ``open_widget(make, kind, widget=None, viewport=DESKTOP, touch=False, motion="no-preference",
    scheme="light", views=1, theme="light", width=None)`` shows ``widget``, or a new one from ``make``, and
    returns a ``kind`` of :class:`WidgetPage`. ``theme`` is what the book says, ``scheme`` the system's.
    """
    lent: list[tuple[dict[str, int], bool, WatchedPage]] = []
    failures = request.session.testsfailed

    def show(
        make: Callable[[], ipywidgets.Widget], kind: type[WidgetPage] = WidgetPage,
        widget: ipywidgets.Widget | None = None, viewport: dict[str, int] = DESKTOP, touch: bool = False,
        motion: str = "no-preference", scheme: str = "light", width: str | None = None, **page: object,
    ) -> WidgetPage:
        watched = _lender.lend(viewport, touch, motion, scheme)
        lent.append((viewport, touch, watched))
        width = width or (COLUMN if viewport is DESKTOP else "100%")
        return kind(watched, widget if widget is not None else make(), width=width, **page)

    yield show
    complaints = [complaint for _, _, watched in lent for complaint in watched.complaints]
    for viewport, touch, watched in lent:
        if complaints or request.session.testsfailed > failures:  # perhaps with a key still down
            watched.page.context.close()
        else:
            _lender.take_back(viewport, touch, watched)
    assert complaints == []
