"""The last touch to each page: what neither Sphinx nor the theme's templates let us say.

Sphinx's own hook for this is the template bridge, the object that turns a template into a page.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from PIL import Image
from sphinx.jinja2glue import BuiltinTemplateLoader

URL_ATTRIBUTES = ("href", "src", "action", "data-content_root")
VIEW_BOX = re.compile(r"<svg[^>]*\bviewBox=[\"']\s*[\d.+-]+[\s,]+[\d.+-]+[\s,]+([\d.]+)[\s,]+([\d.]+)")
THEME_SCROLLER = "pst-scrollable-table-container"
FOLDED = re.compile(r"^(dropdown|toggle)$")


class BookTemplates(BuiltinTemplateLoader):
    """Sphinx's template loader, which also polishes each page it renders."""

    def init(self, builder: Any, theme: Any = None, dirs: list[str] | None = None) -> None:
        """Remember the builder, which knows where the pictures come from."""
        super().init(builder, theme, dirs)
        self.builder = builder

    def render(self, template: str, context: dict[str, Any]) -> str:
        """Render a template; polish it where it is a page."""
        html = super().render(template, context)
        return polish(html, self._picture) if template.endswith(".html") else html

    def _picture(self, source: str) -> Path | None:
        """Find the file behind the address of a picture, which Sphinx copies only at the end."""
        name = posixpath.basename(urlsplit(source).path)
        for path, copied in self.builder.images.items():
            if copied == name:
                return Path(self.builder.srcdir, path)
        return None


def polish(html: str, picture: Callable[[str], Path | None]) -> str:
    """Give pictures their size, tables a box to scroll in, and folds an element of their own.

    Tables drawn with characters, such as a model's summary, are marked: their lines must not break.

    Parameters
    ----------
    html : str
        A whole page.
    picture : callable
        From the address of a picture to its file, or None where there is none.

    Returns
    -------
    str
        The page, mended. Polishing twice changes nothing more.
    """
    soup = BeautifulSoup(html, "html.parser")
    _size_pictures(soup, picture)
    _wrap_tables(soup)
    _mark_drawings(soup)
    _fold(soup)
    _mend_roles(soup)
    return soup.decode(formatter="minimal")


def _size_pictures(soup: BeautifulSoup, picture: Callable[[str], Path | None]) -> None:
    """Write width and height, so that nothing moves while pictures load; let late ones load late."""
    for number, image in enumerate(soup.select("article img")):
        image["decoding"] = "async"
        if number:  # the first may be what the reader waits for
            image["loading"] = "lazy"
        path = picture(image.get("src", ""))
        if path is not None and not (image.get("width") and image.get("height")):
            image["width"], image["height"] = map(str, picture_size(path))


def picture_size(path: Path) -> tuple[int, int]:
    """Measure a picture.

    Parameters
    ----------
    path : Path
        A raster picture that Pillow reads, or an SVG file with a ``viewBox``.

    Returns
    -------
    width, height : int
        In pixels.

    Raises
    ------
    ValueError
        If an SVG file has no ``viewBox``.
    """
    if path.suffix == ".svg":
        match = VIEW_BOX.search(path.read_text(encoding="utf-8"))
        if match is None:
            raise ValueError(
                f'{path} has no viewBox, so that its size is unknown: add viewBox="0 0 width height"'
            )
        return round(float(match[1])), round(float(match[2]))
    with Image.open(path) as image:
        return image.size


def _wrap_tables(soup: BeautifulSoup) -> None:
    """Let a wide table scroll by itself instead of the page."""
    for table in soup.select("article table"):
        classes = table.parent.get("class") or []
        if THEME_SCROLLER in classes:
            table.parent["class"] = ["book-scroll"]
        elif "book-scroll" not in classes and table.find_parent("table") is None:
            table.wrap(soup.new_tag("div", attrs={"class": "book-scroll"}))


def _mark_drawings(soup: BeautifulSoup) -> None:
    for text in soup.select(".cell_output pre"):
        if "┏" in text.get_text():
            text["class"] = ["book-drawn"]


def _mend_roles(soup: BeautifulSoup) -> None:
    """Mend what other tools write and screen readers stumble over."""
    for table in soup.select("table[border]"):  # pandas; HTML 5 does not know it
        del table["border"]
    for entry in soup.select('[role="doc-biblioentry"]'):  # docutils; no longer part of the standard
        entry["role"] = "listitem"
    for summary in soup.select("summary[aria-label]"):  # MyST-NB; it hides the words that are seen
        del summary["aria-label"]
    for table in soup.select("article table"):
        _name_rows(table)


def _name_rows(table: Tag) -> None:
    """Where the corner of a table is blank, its first column names the rows."""
    corner = table.select_one("thead > tr > th")
    if corner is None or corner.get_text(strip=True):
        return
    corner.name = "td"
    for row in table.select("tbody > tr"):
        first = row.find(["td", "th"], recursive=False)
        if first is not None:
            first.name = "th"
            first["scope"] = "row"


def _fold(soup: BeautifulSoup) -> None:
    """Turn boxes of the class ``dropdown`` into ``<details>``: they then fold without a script."""
    for box in soup.find_all("div", class_="admonition"):
        if not any(FOLDED.match(name) for name in box["class"]):
            continue
        title = box.find("p", class_="admonition-title", recursive=False)
        if title is None:
            continue
        box.name = "details"
        title.name = "summary"
        if "toggle-shown" in box["class"]:
            box["open"] = ""


def moved(html: str, folder: str) -> str:
    """Rewrite a page's relative addresses for a copy of it at the top of the site.

    Parameters
    ----------
    html : str
        A page written for ``folder``.
    folder : str
        Where the page lies, relative to the top, such as ``"book"``.

    Returns
    -------
    str
        The same page for the top.
    """
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.find_all(_has_address):
        for name in URL_ATTRIBUTES:
            if name in element.attrs:
                element[name] = _moved_address(element[name], folder)
    return soup.decode(formatter="minimal")


def _has_address(element: Tag) -> bool:
    attributes: Mapping[str, Any] = element.attrs
    return any(name in attributes for name in URL_ATTRIBUTES)


def _moved_address(address: str, folder: str) -> str:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return address
    path = posixpath.normpath(posixpath.join(folder, parts.path))
    if parts.path.endswith("/"):
        path += "/"
    return parts._replace(path=path).geturl()
