"""The built book in Chromium, with every request to another host refused."""

import json
import re

import pytest
from conftest import ROOT
from site_tools import DESKTOP, PHONE, chapters, site_pages

CHAPTER = "book/08-the-convolution-layer.html"  # has widgets, maths, figures, code and tables
IS_LIGHT = """(wanted) => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return ((r + g + b) / 3 > 128) === wanted;
}"""


def has_widgets(name):
    path = ROOT / f"{name}.ipynb"
    return path.exists() and "widgets" in json.loads(path.read_text(encoding="utf-8"))["metadata"]


WITH_WIDGETS = [name for name in chapters() if has_widgets(name)]


@pytest.mark.parametrize("name", site_pages())
def test_each_page_is_quiet_accessible_and_fits_a_phone(site_url, watch, name):
    watched = watch(PHONE, "dark")
    page = watched.open(f"{site_url}/{name}")
    states = watched.start_widgets()
    assert set(states) <= {"running"}
    assert page.evaluate(IS_LIGHT, False)
    # The text is the same on a phone and on a desktop; what stands beside it is not.
    beside = ("#pst-primary-sidebar", "#pst-secondary-sidebar", ".book-bar", ".book-footer")
    for viewport, parts in ((PHONE, ()), (DESKTOP, beside)):
        page.set_viewport_size(viewport)
        assert watched.sideways() == []
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(IS_LIGHT, arg=scheme == "light")
            found = watched.axe(*parts, colours_only=scheme == "light")
            assert found == [], f"{scheme}, {viewport['width']} pixels"
    assert watched.complaints == []


def test_one_pale_kind_of_token_is_found(site_url, watch):
    watched, kind = watch(PHONE), "c1"
    page = watched.open(f"{site_url}/{CHAPTER}")
    page.add_style_tag(content=f"div.highlight .{kind} {{ color: #dddddd !important; }}")
    assert any(f'<span class="{kind}">' in found for found in watched.axe(colours_only=True))


def test_the_dark_does_not_change_the_colours_of_a_picture(site_url, watch):
    watched = watch(PHONE, "dark")
    page = watched.open(f"{site_url}/book/01-images-are-numbers.html")
    script = "(pictures) => pictures.map((picture) => getComputedStyle(picture).filter)"
    filters = page.eval_on_selector_all("article img", script)
    assert filters and set(filters) == {"none"}


def test_the_chapter_lives_when_opened_from_a_folder(built_site, watch):
    watched = watch(PHONE)
    watched.open((built_site / CHAPTER).as_uri())
    states = watched.start_widgets()
    assert states and set(states) == {"running"}
    assert watched.complaints == []


def test_a_widget_that_is_far_away_waits_and_one_that_comes_near_starts(site_url, watch):
    watched = watch(PHONE)
    page = watched.open(f"{site_url}/{CHAPTER}")
    last = page.locator("[data-widget-model]").last
    assert last.get_attribute("data-widget-state") is None
    last.scroll_into_view_if_needed()
    page.wait_for_function("""() =>
        [...document.querySelectorAll("[data-widget-model]")].pop().dataset.widgetState === "running" """)


@pytest.mark.parametrize("name", WITH_WIDGETS)
def test_nothing_moves_while_a_chapter_is_scrolled_and_every_slider_moves_by_keyboard(site_url, watch, name):
    watched = watch(PHONE)
    watched.page.add_init_script("""
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    """)
    page = watched.open(f"{site_url}/{name}.html")
    height = page.evaluate("document.documentElement.scrollHeight")
    for _ in range(0, height, 600):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(50)
    assert page.evaluate("window.shift") < 0.1  # what Google calls good
    assert page.evaluate(IS_LIGHT, True)
    assert set(watched.start_widgets()) == {"running"}
    sliders = page.locator("[data-widget-model] input[type=range]:visible:enabled").all()
    assert sliders or page.locator("[data-widget-model] :is([tabindex='0'], button)").count()
    for slider in sliders:
        before = float(slider.input_value())
        low, high = (float(slider.get_attribute(end)) for end in ("min", "max"))
        if low == high:  # NetLab's time before the first step
            continue
        slider.focus()
        page.keyboard.press("ArrowRight" if before < high else "ArrowLeft")
        assert float(slider.input_value()) != before, slider.get_attribute("id")
    boxes = page.locator("[data-widget-model]").all()
    assert {box.get_attribute("data-widget-state") for box in boxes} == {"running"}
    assert watched.complaints == []


@pytest.mark.parametrize("name", chapters())
def test_each_page_can_be_read_without_javascript(site_url, watch, name):
    watched = watch(PHONE, javascript=False)
    page = watched.open(f"{site_url}/{name}.html")
    assert page.locator("h1").is_visible()
    assert page.locator("[data-colour-mode]").is_hidden()
    for box in page.locator("[data-widget-model]").all():
        assert "This widget needs JavaScript." in box.inner_text()
    assert watched.complaints == []


@pytest.mark.parametrize("where", ["server", "folder"])
def test_search_finds_the_chapter(built_site, site_url, watch, where):
    watched = watch(DESKTOP)
    top = site_url if where == "server" else built_site.as_uri()
    page = watched.open(f"{top}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("stride")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?q=stride"))
    result = page.locator("#search-results li a", has_text="The convolution layer").first
    result.wait_for()
    # Here the same keys lead to the field that holds the question.
    page.keyboard.press("Control+k")
    assert page.locator(":focus").input_value() == "stride"
    assert watched.axe() == []
    result.click()
    page.wait_for_url(re.compile("08-the-convolution-layer"))
    assert watched.complaints == []


def test_escape_closes_a_search_that_one_does_not_want(site_url, watch):
    page = watch(PHONE).open(f"{site_url}/index.html")
    page.get_by_role("link", name="Search").first.click()
    assert page.get_by_role("dialog").get_by_role("searchbox").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_the_first_press_of_tab_leads_past_the_contents(site_url, watch):
    page = watch(DESKTOP).open(f"{site_url}/{CHAPTER}")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to main content"
    assert link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_colours_follow_the_system_until_the_reader_chooses_and_are_remembered(site_url, watch):
    page = watch(DESKTOP, "dark").open(f"{site_url}/{CHAPTER}")
    button = page.get_by_role("button", name=re.compile("^Colours"))
    page.wait_for_function(IS_LIGHT, arg=False)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(IS_LIGHT, arg=True)
    button.click()  # light
    button.click()  # dark
    page.wait_for_function(IS_LIGHT, arg=False)
    page.goto(f"{site_url}/index.html")
    page.wait_for_function(IS_LIGHT, arg=False)
    button.click()  # as the system
    page.wait_for_function(IS_LIGHT, arg=True)


@pytest.mark.parametrize(("button", "link"), [
    ("The book", "Glossary"), ("Contents of this page", "Stride: skip some places"),
])
def test_on_a_phone_the_contents_open_in_a_dialog_and_give_the_focus_back(site_url, watch, button, link):
    watched = watch(PHONE)
    page = watched.open(f"{site_url}/{CHAPTER}")
    opener = page.get_by_role("button", name=button, exact=True)
    opener.click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("link", name=link).is_visible()
    assert watched.axe() == []
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert opener.evaluate("(element) => element === document.activeElement")
    opener.click()
    page.get_by_role("dialog").get_by_role("link", name=link).click()
    page.wait_for_function("() => document.querySelector('dialog[open]') === null")
    assert watched.complaints == []


def test_the_run_menu_opens_and_closes_by_keyboard(site_url, watch):
    watched = watch(PHONE)
    page = watched.open(f"{site_url}/{CHAPTER}")
    menu = page.locator(".book-menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert menu.get_by_role("link", name="Open in Colab").is_visible()
    assert watched.axe() == []
    assert watched.sideways() == []
    page.keyboard.press("Escape")
    assert menu.get_by_role("link", name="Open in Colab").is_hidden()
    with page.expect_download() as download:
        menu.locator("summary").click()
        menu.get_by_role("link", name="Download notebook").click()
    assert download.value.suggested_filename == "08-the-convolution-layer.ipynb"


def test_a_copy_button_copies_the_code_and_nothing_else(site_url, watch):
    page = watch(DESKTOP).open(f"{site_url}/{CHAPTER}")
    cell = page.locator(".cell_input div.highlight:visible").first
    code = cell.locator("pre").inner_text()
    cell.hover()
    cell.get_by_role("button", name="Copy").click()
    cell.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == code.rstrip()


def test_what_scrolls_sideways_can_be_scrolled_by_keyboard(site_url, watch):
    page = watch(PHONE).open(f"{site_url}/{CHAPTER}")
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => { fold.open = true; })")
    page.wait_for_timeout(300)
    stuck = page.evaluate("""() => [...document.querySelectorAll("article pre, .book-scroll, .math-block")]
        .filter((e) => (e.scrollWidth > e.clientWidth) !== (e.tabIndex === 0))
        .map((e) => e.outerHTML.slice(0, 99))""")
    assert stuck == []


def test_touch_targets_of_the_frame_are_large_enough(site_url, watch):
    page = watch(PHONE).open(f"{site_url}/{CHAPTER}")
    for button in page.locator(".book-bar .book-button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24, button.inner_text()


def test_formulas_are_drawn_with_the_font_the_book_brings(site_url, watch):
    page = watch(DESKTOP).open(f"{site_url}/{CHAPTER}")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].map((font) => font.status)") == ["loaded"]
    # Without mathematical metrics the brackets of a fraction stay as low as a letter.
    heights = page.evaluate("""() => [...document.querySelectorAll("math")]
        .filter((m) => m.textContent.includes("⌊") && m.querySelector("mfrac"))
        .map((m) => [[...m.querySelectorAll("mo")].find((o) => o.textContent === "⌊"),
                     m.querySelector("mfrac")].map((e) => e.getBoundingClientRect().height))
        .map(([floor, fraction]) => floor / fraction)""")
    assert heights and min(heights) > 0.9
