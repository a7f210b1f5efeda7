"""The Sphinx extension behind the site: what makes a Jupyter Book light, quiet and usable by everybody.

It keeps the theme's look and replaces what the theme loads: one style sheet cut to what the pages use, one
small script, maths as MathML, living widgets, and not one request to another host. The parts:

``site_maths``    LaTeX to MathML, and the cut of a maths font
``site_widgets``  boxes for widgets and the state they need
``site_pages``    the last touch to each page
``site_css``      the style sheet
``templates``     the frame of a page, instead of the theme's
``static``        our style, the script of the frame, and the widget host
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from notmagic import __version__
from notmagic.book import site_css, site_maths, site_pages, site_widgets

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
# In the order in which they apply; paths in the built _static folder.
STYLES = (
    "basic.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "mystnb.*.css",
    "sphinx-design.min.css",
    "frame.css",
)
# Names that our scripts or the browser add after the page is built.
ADDED_CLASSES = {"active", "book-copy", "highlighted", "search", "search-summary", "context"}
ADDED_ELEMENTS = {"html", "body", "button", "dialog", "summary", "details", "p", "ul", "li", "a", "style"}
STATIC_REFERENCE = re.compile(r"_static/([\w./-]+)")


def _is_site(app: Sphinx) -> bool:
    return app.builder.name == "html"


def configure(app: Sphinx, config: Config) -> None:
    """Put our templates before the theme's, and our maths and widgets in place of the usual scripts."""
    config.templates_path.insert(0, str(HERE / "templates"))
    config.template_bridge = "notmagic.book.site_pages.BookTemplates"
    config.html_math_renderer = "mathml"
    config.nb_ipywidgets_js = {}


def place_widgets(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write a box for each widget view of a document."""
    if not _is_site(app):
        return
    stored: site_widgets.StoredWidgets | None = None
    for node in doctree.findall(nodes.raw):
        if site_widgets.VIEW_MIME not in node.astext():
            continue
        stored = stored or site_widgets.StoredWidgets.read(Path(app.env.doc2path(docname)))
        html, lost = site_widgets.boxes_for_views(node.astext(), stored)
        node.children = [nodes.Text(html)]
        node.rawsource = html
        for model in lost:
            logger.warning(
                "the widget %s is shown but its state is not stored: run `make outputs`", model,
                location=docname, type="notmagic", subtype="widgets",
            )


def prepare_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell the templates what the page holds."""
    body = context.get("body", "")
    context["has_maths"] = "<math" in body
    context["widget_state"] = ""
    if doctree is not None and "data-widget-model" in body:
        stored = site_widgets.StoredWidgets.read(Path(app.env.doc2path(pagename)))
        context["widget_state"] = stored.page_state(body)


def finish_site(app: Sphinx, exception: Exception | None) -> None:
    """Write what depends on all pages: the style sheets, the first page; remove what no page uses."""
    if exception is not None or not _is_site(app):
        return
    site = Path(app.outdir)
    static = site / "_static"
    if not (static / STYLES[0]).exists():
        # Sphinx copies these files whenever it writes a page; it wrote none, so the site is as it was.
        return
    for file in (HERE / "static").iterdir():
        shutil.copyfile(file, static / file.name)
    _write_first_page(site, app.config.root_doc)
    # The theme keeps templates in _static, which are no pages.
    files = [path for path in sorted(site.rglob("*.html")) if static not in path.parents]
    pages = [path.read_text(encoding="utf-8") for path in files]
    (static / "book.css").write_text(_style(static, pages), encoding="utf-8")
    letters = site_maths.characters(pages)
    if letters:
        (static / "maths.css").write_text(site_maths.font_css(letters), encoding="utf-8")
    _remove_unused(static, pages)


def _write_first_page(site: Path, root_doc: str) -> None:
    """Put a copy of the book's first page at the top, where a reader looks for it."""
    folder = str(PurePosixPath(root_doc).parent)
    if folder != ".":
        page = (site / f"{root_doc}.html").read_text(encoding="utf-8")
        (site / "index.html").write_text(site_pages.moved(page, folder), encoding="utf-8")


def _style(static: Path, pages: list[str]) -> str:
    """Join the style sheets and keep what the pages use."""
    used = site_css.Used(classes=set(ADDED_CLASSES), elements=set(ADDED_ELEMENTS))
    for page in pages:
        used.read(page)
    purged = []
    for pattern in STYLES:
        files = sorted(static.glob(pattern))
        if not files:
            logger.warning(
                "the style sheet %s is missing: has the theme changed?", pattern,
                type="notmagic", subtype="style",
            )
        purged += [site_css.purge(file.read_text(encoding="utf-8"), used) for file in files]
    return site_css.drop_unused_variables("\n".join(purged))


def _remove_unused(static: Path, pages: list[str]) -> None:
    """Delete the files of _static that no page names: 10 MB of fonts, scripts and source maps."""
    named = {match for page in pages for match in STATIC_REFERENCE.findall(page)}
    for path in sorted(static.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(static).as_posix() not in named:
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_html_math_renderer(
        "mathml", (site_maths.visit_inline, None), (site_maths.visit_block, None)
    )
    # After the theme and the other extensions have had their say.
    app.connect("config-inited", configure, priority=900)
    app.connect("doctree-resolved", place_widgets, priority=900)
    app.connect("html-page-context", prepare_page, priority=900)
    app.connect("build-finished", finish_site, priority=900)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
