"""The built book: it builds without a warning, its links lead somewhere, and nothing comes from elsewhere."""

import gzip
import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from site_tools import chapters, site_pages

# What the browser fetches by itself, as against links that a reader may follow.
FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"),
           ("video", "src"), ("audio", "src"), ("object", "data"), ("embed", "src"), ("input", "src")}
FETCHED_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "preconnect", "dns-prefetch", "manifest"}
LARGEST_PAGE = 600_000  # bytes, compressed, with all that the page fetches
FILE_NAME = re.compile(r"\.(png|svg|jpe?g|gif|webp)$|^[0-9a-f]{16,}", re.IGNORECASE)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class PageReader(HTMLParser):
    """Collect what the tests ask of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.images: list[dict[str, str]] = []
        self.attributes: dict[str, list[dict[str, str]]] = {}
        self.open: list[str] = []
        self.text: dict[str, str] = {"title": "", "h1": ""}
        self.scripts: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.attributes.setdefault(tag, []).append(values)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        if tag == "th":
            self.headings.append("")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)
        for element, name in FETCHED:
            if tag == element and name in values and (
                tag != "link" or FETCHED_LINKS & set(values.get("rel", "").split())
            ):
                self.fetched.append(values[name])

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        for tag in self.text:
            if tag in self.open:
                self.text[tag] += data
        if "th" in self.open:
            self.headings[-1] += data


def read(path: Path) -> PageReader:
    reader = PageReader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    return reader


@pytest.fixture(scope="module")
def pages(built_site: Path) -> dict[str, PageReader]:
    """Every page of the site by its path."""
    files = sorted(built_site.rglob("*.html"))
    return {path.relative_to(built_site).as_posix(): read(path) for path in files}


def stored_views(name: str) -> list[str]:
    """The models that a chapter's notebook shows, in order."""
    path = Path(__file__).parent.parent / f"{name}.ipynb"
    if not path.exists():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    views = [output["data"].get("application/vnd.jupyter.widget-view+json")
             for cell in cells for output in cell.get("outputs", []) if "data" in output]
    return [view["model_id"] for view in views if view]


def test_every_page_of_the_contents_is_built_and_no_other(pages):
    assert sorted(pages) == sorted(site_pages())


def test_every_link_leads_to_a_page_and_a_place_on_it(built_site, pages):
    lost = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path, anchor = urldefrag(link)
            target = (built_site / name).parent / unquote(path) if path else built_site / name
            target = target.resolve()
            if not target.is_file():
                lost.append(f"{name}: {link} (no such file)")
            elif anchor and target.suffix == ".html":
                other = pages[target.relative_to(built_site.resolve()).as_posix()]
                if unquote(anchor) not in other.ids:
                    lost.append(f"{name}: {link} (no such place)")
    assert lost == []


def test_everything_a_page_fetches_is_part_of_the_site(built_site, pages):
    lost = []
    for name, page in pages.items():
        for address in page.fetched:
            if address.startswith("data:"):
                continue
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not ((built_site / name).parent / parts.path).is_file():
                lost.append(f"{name}: {address}")
    assert lost == []


def test_style_sheets_and_scripts_fetch_nothing(built_site):
    for path in built_site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        addresses = re.findall(r"url\(\s*['\"]?([^'\")]+)", text)
        assert [one for one in addresses if not one.startswith(("data:", "#"))] == [], path.name
        assert "@import" not in text, path.name
    for name in ("frame.js", "widget-host.js"):
        text = (built_site / "_static" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!anywidget\.dev)", text), name


def test_ids_are_used_once(pages):
    for name, page in pages.items():
        assert {one for one in page.ids if page.ids.count(one) > 1} == set(), name


def test_each_page_has_a_title_a_language_and_one_heading(pages):
    for name, page in pages.items():
        assert page.attributes["html"][0]["lang"] == "en-GB", name
        assert "Not Magic" in page.text["title"], name
        assert len(page.attributes.get("h1", [])) == 1, name


def test_no_heading_of_a_table_is_blank(pages):
    for name, page in pages.items():
        assert all(text.strip() for text in page.headings), name


def test_the_first_page_at_the_top_is_the_book_s_first_page(pages):
    top, first = pages["index.html"], pages[f"{chapters()[0]}.html"]
    assert top.text["h1"] == first.text["h1"]
    assert not any("http-equiv" in meta for meta in top.attributes["meta"])


def test_each_figure_says_in_words_what_it_shows(pages):
    for name, page in pages.items():
        for image in page.images:
            alt = image.get("alt", "")
            assert alt, f"{name}: {image['src']} has no alt text"
            assert not FILE_NAME.search(alt), f"{name}: the alt text {alt!r} is a file name"
            assert len(alt) >= 20, f"{name}: the alt text {alt!r} does not state a finding"


def test_each_picture_reserves_its_place(built_site, pages):
    for name, page in pages.items():
        for image in page.images:
            path = (built_site / name).parent / image["src"]
            if path.suffix == ".png":
                header = path.read_bytes()[16:24]
                size = struct.unpack(">II", header)
                assert (int(image["width"]), int(image["height"])) == size, image["src"]
            else:
                assert int(image["width"]) > 0 and int(image["height"]) > 0, image["src"]
            assert image["decoding"] == "async"


@pytest.mark.parametrize("name", chapters())
def test_each_widget_of_a_chapter_has_its_box_and_its_state(pages, name):
    page = pages[f"{name}.html"]
    boxes = [div["data-widget-model"] for div in page.attributes.get("div", []) if "data-widget-model" in div]
    assert boxes == stored_views(name)
    states = [text for script, text in zip(page.attributes["script"], page.scripts, strict=True)
              if script.get("type") == "application/vnd.jupyter.widget-state+json"]
    hosts = [script for script in page.attributes["script"] if "widget-host" in script.get("src", "")]
    if not boxes:
        assert states == [] and hosts == []
        return
    assert len(states) == len(hosts) == 1
    models = json.loads(states[0])["state"]
    assert all(models[box]["state"]["_esm"] for box in boxes)


def test_no_page_carries_what_the_theme_and_jupyter_would_load(pages):
    unwanted = re.compile(r"require|html-manager|thebe|fontawesome|bootstrap|mathjax|katex|clipboard")
    for name, page in pages.items():
        assert [one for one in page.fetched if unwanted.search(one.lower())] == [], name
        assert not any("THEBE" in text for text in page.scripts), name


@pytest.mark.parametrize("name", chapters())
def test_a_page_and_all_it_fetches_stay_small(built_site, pages, name):
    path = built_site / f"{name}.html"
    addresses = [one for one in pages[f"{name}.html"].fetched if not one.startswith("data:")]
    files = {path, *(path.parent / one for one in addresses)}
    size = sum(len(gzip.compress(one.read_bytes())) if one.suffix in {".html", ".css", ".js", ".svg"}
               else one.stat().st_size for one in files)
    assert size <= LARGEST_PAGE, f"{size:,} bytes in {len(files)} files"


@pytest.mark.parametrize("name", [one for one in chapters() if re.search(r"/\d\d-", one)])
def test_each_notebook_can_be_opened_in_binder_and_colab_and_downloaded(pages, root, name):
    config = (root / "_config.yml").read_text(encoding="utf-8")
    owner = re.search(r"url: https://github\.com/(\S+)", config)[1]
    links = pages[f"{name}.html"].links
    assert f"https://mybinder.org/v2/gh/{owner}/main?urlpath=lab/tree/{name}.ipynb" in links
    assert f"https://colab.research.google.com/github/{owner}/blob/main/{name}.ipynb" in links
    assert f"https://github.com/{owner}" in links
    assert any(link.endswith(f"_sources/{name}.ipynb") for link in links)


def test_the_licences_stand_at_the_foot_of_each_page(built_site):
    for path in built_site.rglob("*.html"):
        foot = path.read_text(encoding="utf-8").rpartition("<footer")[2]
        assert "© 2026 The Not Magic authors; text CC BY 4.0, code BSD-3-Clause" in foot, path.name
