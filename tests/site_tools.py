"""What the tests of the built site share: one build, one server, Chromium with the network refused, axe.

``conftest.py`` makes the fixtures known to every test module.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from conftest import ROOT, missing
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

from notmagic.book.browser import REMEDY, find_chromium
from notmagic.book.serve import make_server

expect.set_options(timeout=30_000)  # milliseconds; a loaded machine may let a frame wait for seconds
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1440, "height": 900}
BUILD_PATIENCE = 600  # seconds to wait for another worker's build
# WCAG 2.2 A and AA, best practices, and the two experimental rules that Lighthouse also applies.
AXE_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that ask for colours
AXE = """async ([parts, options, colours, coloursOnly]) => {
  const seen = new Set();
  for (const code of document.querySelectorAll("div.highlight pre")) {
    let around = "";
    for (let e = code.parentElement; e && e.tagName !== "ARTICLE"; e = e.parentElement) {
      around += ` ${e.className}`;
    }
    const kinds = [...code.querySelectorAll("span")].map(
      (token) => `${around} > ${token.parentElement.className} > ${token.className}`);
    const isNew = kinds.some((kind) => !seen.has(kind)) || !kinds.length;
    code.toggleAttribute("data-like-others", !isNew);
    kinds.forEach((kind) => seen.add(kind));
  }
  const include = parts.length ? parts : ["html"];
  const off = Object.fromEntries(colours.map((rule) => [rule, { enabled: false }]));
  const all = coloursOnly ? { violations: [] }
    : await axe.run({ include }, { ...options, rules: { ...options.rules, ...off } });
  const coloured = await axe.run(
    { include, exclude: ["[data-like-others]"] }, { ...options, runOnly: colours, rules: {} });
  return [...all.violations, ...coloured.violations].flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${id} (${impact}): ${node.html.slice(0, 200)}`));
}"""
AXE_OPTIONS = {
    "resultTypes": ["violations"],  # what is in order need not be described: three times as fast
    "preload": False,  # it would fetch the style sheets once more, which a page in a folder may not
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {
        "label-content-name-mismatch": {"enabled": True},
        "td-has-header": {"enabled": True},
        # axe does not see MathML as text; test_site_build checks that no heading is blank.
        "empty-table-header": {"enabled": False},
    },
}
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
START_WIDGETS = """async () => {
  for (const box of document.querySelectorAll("[data-widget-model]")) {
    box.scrollIntoView();
    const busy = () => !box.dataset.widgetState || box.dataset.widgetState === "starting";
    for (let i = 0; i < 200 && busy(); i += 1) await new Promise((done) => setTimeout(done, 50));
  }
  window.scrollTo(0, 0);
  return [...document.querySelectorAll("[data-widget-model]")]
    .map((box) => box.dataset.widgetState ?? "asleep");
}"""


def chapters() -> list[str]:
    """Name every page of the table of contents, such as ``book/08-the-convolution-layer``."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def site_pages() -> list[str]:
    """Name every page a reader can open."""
    return ["index.html", *(f"{name}.html" for name in chapters()), "search.html", "genindex.html"]


# The build -----------------------------------------------------------------------------------------------


def copy_tracked(target: Path) -> None:
    """Copy the files that git tracks, as they are now: what is forgotten in git is missing in the build."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listing.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)


def build(source: Path) -> subprocess.CompletedProcess[str]:
    """Build the book as ``make book`` does, warnings being errors."""
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", jupyter_book, "build", ".", "-W", "-n", "--keep-going"]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(command, cwd=source, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built book; built once, whichever test worker comes first."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    source, log = shared / "book-source", shared / "book-build.log"
    try:
        source.mkdir()
    except FileExistsError:
        end = time.monotonic() + BUILD_PATIENCE
        while not log.exists() and time.monotonic() < end:
            time.sleep(0.2)
    else:
        copy_tracked(source)
        result = build(source)
        draft = log.with_suffix(".part")
        draft.write_text(f"{result.returncode}\n{result.stdout}\n{result.stderr}", encoding="utf-8")
        draft.rename(log)
    code, _, output = log.read_text(encoding="utf-8").partition("\n")
    assert code == "0", f"the book does not build:\n{output[-6000:]}"
    return source / "_build" / "html"


@pytest.fixture(scope="session")
def site_url(built_site: Path) -> Iterator[str]:
    """The address of the built book, without a slash at the end, served compressed by a thread."""
    server = make_server(built_site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()


# The browser ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of a worker."""
    path = find_chromium()
    if path is None:
        missing("Chromium", REMEDY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync", "--no-first-run"],
        )
        yield browser
        browser.close()


class WatchedPage:
    """A page with no network but its own origin, which writes down all that goes wrong in it."""

    def __init__(self, context: BrowserContext, javascript: bool = True) -> None:
        self.javascript = javascript
        self.complaints: list[str] = []
        self.origin = ""
        self.page: Page = context.new_page()
        context.route("**/*", self._guard)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("response", self._check)

    def open(self, url: str) -> Page:
        """Open a page, wait until it is quiet, and give it."""
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.page.goto(url, wait_until="load")
        if self.javascript:
            # Two frames: what the scripts put right after the first layout is then right.
            self.page.evaluate(TWO_FRAMES)
        return self.page

    def start_widgets(self) -> list[str]:
        """Scroll to every widget and wait; give the state of each, ``running`` being the good one."""
        return self.page.evaluate(START_WIDGETS)

    def axe(self, *parts: str, colours_only: bool = False) -> list[str]:
        """Run axe on the page, or on the parts that the selectors name; give its findings, one line each.

        Colours are looked at in code only where a kind of token comes for the first time: thousands have the
        same two colours. All other rules are run on everything, unless the colours alone have changed.
        """
        if self.page.evaluate("typeof window.axe") == "undefined":
            self.page.evaluate(axe_source())
        there = [part for part in parts if self.page.locator(part).count()]
        return self.page.evaluate(AXE, [there, AXE_OPTIONS, AXE_COLOURS, colours_only])

    def sideways(self) -> list[str]:
        """Give what makes the page scroll sideways, by its selector; an empty list is the good one.

        Widgets draw anew a moment after the window has changed, so a page has three seconds to settle.
        """
        for _ in range(30):
            wide = self.page.evaluate("""() => [document.documentElement, ...document.querySelectorAll(
                "body, main, .bd-content, .bd-article-container, article")]
                .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
                .map((e) => `${e.tagName}.${e.className}: ${e.scrollWidth} > ${e.clientWidth}`)""")
            if not wide:
                break
            self.page.wait_for_timeout(100)
        return wide

    def _guard(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((self.origin, "blob:", "data:")):
            route.continue_()
        else:
            self.complaints.append(f"request to another host: {url}")
            route.abort()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def _check(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"status {response.status}: {response.url}")


@pytest.fixture
def watch(chromium: Browser) -> Iterator[Callable[..., WatchedPage]]:
    """A function that makes a watched page: ``watch(viewport, scheme="light", javascript=True)``."""
    contexts: list[BrowserContext] = []

    def make(viewport: dict[str, int] = PHONE, scheme: str = "light", javascript: bool = True) -> WatchedPage:
        context = chromium.new_context(
            viewport=viewport, color_scheme=scheme, java_script_enabled=javascript, locale="en-GB",
            permissions=["clipboard-read", "clipboard-write"] if javascript else [],
        )
        contexts.append(context)
        return WatchedPage(context, javascript)

    yield make
    for context in contexts:
        context.close()


@cache
def axe_source() -> str:
    """Read axe-core, which the package axe-playwright-python carries."""
    spec = find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        missing("axe-core", "Run `pip install axe-playwright-python`.")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
