"""The parts of the site's builder: formulas, boxes for widgets, the style sheet, the last touch to a page."""

import gzip
import json
import urllib.error
import urllib.request
from threading import Thread

import pytest

from notmagic.book import site_css, site_maths, site_pages, site_widgets
from notmagic.book.serve import make_server

# Formulas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("latex", [
    r"\left\lfloor \frac{n + 2p - f}{s} \right\rfloor + 1",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}",
    r"\begin{align} a &= b \\ c &= d \end{align}",
    r"\begin{equation*} a = b \end{equation*}",
    r"a &= b \\ &= c",
    r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}",
    r"\sum_{i=1}^{n} \sqrt{x_i} \in \mathbb{R}",
])
def test_formulas_become_one_mathml_display_without_a_number(latex):
    mathml = site_maths.to_mathml(latex, display=True)
    assert mathml.startswith('<math display="block">')
    assert mathml.count("<math") == 1
    assert "(1)" not in mathml


def test_a_formula_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match=r"\\nosuchthing"):
        site_maths.to_mathml(r"\nosuchthing{x}", display=False)


def test_the_maths_font_holds_what_the_formulas_need_and_little_else():
    page = "<p>Ω " + site_maths.to_mathml(r"h + \sqrt{W_k} + \alpha \, \partial", False) + "</p>"
    letters = site_maths.characters([page])
    # Single letters are drawn from the mathematical italic; the text around formulas has its own font.
    assert {0x210E, 0x1D44A, 0x1D458, 0x1D6FC, 0x1D715, ord("√"), ord("+")} <= letters
    assert ord("Ω") not in letters
    css = site_maths.font_css(letters)
    assert css.startswith("@font-face")
    assert len(css) < 30_000
    assert site_maths.characters(["<p>no formula</p>"]) == set()


# Widgets -------------------------------------------------------------------------------------------------


def view(model: str) -> str:
    return f'<p>x</p><script type="{site_widgets.VIEW_MIME}">{json.dumps({"model_id": model})}</script>'


@pytest.fixture
def stored(tmp_path):
    """A notebook with an anywidget, a slider, a box around both, and a control with a stored picture."""
    states = {
        "any": {"_esm": "export default {}", "_anywidget_id": "notmagic.widgets.Toy",
                "layout": "IPY_MODEL_layout"},
        "layout": {},
        "slider": {"value": 3},
        "box": {"children": ["IPY_MODEL_any", "IPY_MODEL_slider"]},
        "interact": {"children": ["IPY_MODEL_slider", "IPY_MODEL_output"]},
        "output": {"outputs": [
            {"output_type": "stream", "text": ["a < b\n"]},
            {"output_type": "display_data", "data": {"image/png": "QUJD\n", "text/plain": "<Figure>"}},
        ]},
        "stranger": {"_esm": "</script>"},
    }
    names = {"box": "HBoxModel", "interact": "VBoxModel", "output": "OutputModel"}
    models = {key: {"model_name": names.get(key, "AnyModel"), "state": states[key]} for key in states}
    shown = {site_widgets.VIEW_MIME: {"model_id": "slider"}, "text/plain": ["IntSlider(", "<3>)"]}
    notebook = {"metadata": {"widgets": {site_widgets.STATE_MIME: {"state": models}}},
                "cells": [{"outputs": [{"data": shown}]}, {}]}
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return site_widgets.StoredWidgets.read(path)


def test_an_anywidget_gets_a_box_and_the_state_it_refers_to_and_no_more(stored):
    html, lost = site_widgets.boxes_for_views(view("any"), stored)
    assert lost == []
    assert 'data-widget-model="any" data-widget-name="Toy"' in html
    assert site_widgets.NEEDS_JAVASCRIPT in html
    assert "<script" not in html
    assert set(json.loads(stored.page_state(html))["state"]) == {"any", "layout"}


def test_a_script_in_a_state_cannot_end_the_element_that_holds_it(stored):
    html, _ = site_widgets.boxes_for_views(view("stranger"), stored)
    text = stored.page_state(html)
    assert "</" not in text
    assert json.loads(text)["state"]["stranger"]["state"]["_esm"] == "</script>"


def test_a_core_widget_shows_its_text_and_says_what_it_needs(stored):
    html, lost = site_widgets.boxes_for_views(view("slider"), stored)
    assert lost == []
    assert "<pre>IntSlider(&lt;3&gt;)</pre>" in html
    assert site_widgets.NEEDS_PYTHON in html
    assert stored.page_state(html) == ""


def test_interact_shows_the_picture_stored_with_it(stored):
    html, _ = site_widgets.boxes_for_views(view("interact"), stored)
    assert "<pre>a &lt; b\n</pre>" in html
    assert 'src="data:image/png;base64,QUJD"' in html
    assert site_widgets.NEEDS_PYTHON in html


def test_a_box_of_widgets_shows_each_of_them(stored):
    html, _ = site_widgets.boxes_for_views(view("box"), stored)
    assert 'data-widget-container="HBoxModel"' in html
    assert 'data-widget-model="any"' in html
    assert site_widgets.NEEDS_PYTHON in html


def test_a_view_without_state_is_reported(stored):
    html, lost = site_widgets.boxes_for_views(view("gone"), stored)
    assert lost == ["gone"]
    assert site_widgets.NEEDS_PYTHON in html


# The style sheet -----------------------------------------------------------------------------------------


@pytest.fixture
def used():
    names = site_css.Used()
    names.read('<div class="note big" id="top"><p>text</p></div>')
    return names


@pytest.mark.parametrize(("selector", "kept"), [
    ("p", True), ("div.note > p:first-child", True), ("#top .big::before", True), ("*", True),
    (":root", True), ("p:not(.gone)", True), ("p:is(.gone, .note)", True), ("[data-x=y] p", True),
    ("html[data-theme=dark] p", False), ("span", False), (".gone", False), ("#bottom", False),
    ("div .note.gone", False), (r".col\:md", False),
])
def test_a_rule_stays_only_if_a_page_can_match_it(used, selector, kept):
    assert (site_css.purge(selector + "{color:red}", used) != "") == kept


def test_purging_keeps_the_living_part_of_lists_and_of_media_blocks(used):
    css = """@charset "utf-8"; /* p{} */ @import "x.css";
      p,.gone:is(a, b),div{color:red} @font-face{src:url(x.woff)}
      @media (min-width:1px){.gone{top:0} p{top:1px}} @media print{.gone{top:0}}
      @keyframes turn{from{top:0}} p::after{content:"}{;"}
      p{background:url("file.png");left:0} p{background:url("data:image/png;base64,QQ==");right:0}"""
    assert site_css.purge(css, used).splitlines() == [
        "p,div{color:red}",
        "@media (min-width:1px){p{top:1px}}",
        "@keyframes turn{from{top:0}}",
        'p::after{content:"}{;"}',
        "p{left:0}",
        'p{background:url("data:image/png;base64,QQ==");right:0}',
    ]


def test_an_unclosed_block_is_an_error(used):
    with pytest.raises(ValueError, match="closing brace"):
        site_css.purge("p{color:red", used)


def test_variables_that_nothing_reads_go_also_those_that_only_they_read():
    css = ":root{--a:1px;--b:var(--c);--c:2px;--d:3px}p{left:var(--a);top:var(--d, 1px)}"
    assert site_css.drop_unused_variables(css) == ":root{--a:1px;--d:3px}p{left:var(--a);top:var(--d, 1px)}"


# The last touch ------------------------------------------------------------------------------------------


def test_polishing_sizes_pictures_wraps_tables_folds_boxes_and_can_be_repeated(tmp_path):
    picture = tmp_path / "drawing.svg"
    picture.write_text('<svg viewBox="0 0 40.2 30"></svg>', encoding="utf-8")
    page = """<article><img src="a.svg" alt="one"/><img src="a.svg" alt="two"/>
      <table border="1"><thead><tr><th></th><th>n</th></tr></thead>
      <tbody><tr><th>A</th><td>7</td></tr></tbody></table>
      <div class="admonition tip dropdown"><p class="admonition-title">Answer</p><p>42</p></div></article>"""
    done = site_pages.polish(page, lambda source: picture)
    assert done.count('width="40"') == done.count('height="30"') == 2
    assert done.count('loading="lazy"') == 1
    assert '<div class="book-scroll"><table>' in done
    assert '<tr><td></td><th>n</th></tr>' in done
    assert '<th scope="row">A</th>' in done
    assert '<summary class="admonition-title">Answer</summary>' in done
    assert site_pages.polish(done, lambda source: picture) == done


def test_a_drawing_without_a_size_is_an_error(tmp_path):
    picture = tmp_path / "drawing.svg"
    picture.write_text("<svg></svg>", encoding="utf-8")
    with pytest.raises(ValueError, match="viewBox"):
        site_pages.picture_size(picture)


@pytest.mark.parametrize(("address", "moved"), [
    ("../_static/book.css", "_static/book.css"), ("01-images.html#top", "book/01-images.html#top"),
    ("#top", "#top"), ("https://example.org/a", "https://example.org/a"), ("../", "./"),
    ("../search.html?q=a", "search.html?q=a"), ("data:image/png;base64,QQ==", "data:image/png;base64,QQ=="),
])
def test_the_first_page_s_addresses_hold_at_the_top(address, moved):
    assert site_pages.moved(f'<a href="{address}">x</a>', "book") == f'<a href="{moved}">x</a>'


# The server ----------------------------------------------------------------------------------------------


def test_the_server_compresses_text_where_the_browser_takes_it(tmp_path):
    (tmp_path / "index.html").write_text("<p>hello</p>" * 100, encoding="utf-8")
    server = make_server(tmp_path)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        plain = urllib.request.urlopen(address)
        request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
        packed = urllib.request.urlopen(request)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.read()) == plain.read()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address + "none.html")
    finally:
        server.shutdown()
        server.server_close()


def test_serving_a_folder_without_a_book_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="make book"):
        make_server(tmp_path)
