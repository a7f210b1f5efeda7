"""Measure how long a slider of ConvExplorer takes to reach the screen.

A real key moves the slider; the clock runs from the time stamp of the key's event to the first task after
the frame that shows its effect. Beside it stands the bare floor: a page whose slider changes one text. Both
run in the same browser, at full speed and with the CPU slowed four times.

    python benchmarks/widget_latency.py
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from widget_page import widget_page  # noqa: E402

from notmagic.book.browser import find_chromium  # noqa: E402
from notmagic.widgets import ConvExplorer  # noqa: E402

FLOOR = """<!doctype html><html lang="en"><title>floor</title><body data-ready="true">
<label>Size <input type="range" min="1" max="7" value="3"></label> <output>3</output>
<script>document.querySelector("input").oninput = (event) => {
  document.querySelector("output").textContent = event.target.value;
};</script></body></html>"""

# Registered on the document, so after the widget's own listener; the message comes after the frame is drawn.
CLOCK = """() => {
  window.times = [];
  let pressed = 0;
  document.addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  document.addEventListener("input", () => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.times.push(performance.now() - pressed);
      channel.port2.postMessage(0);
    });
  });
}"""


def measure(page: Page, html: str, slowdown: int, moves: int) -> list[float]:
    """Return the milliseconds from key to paint for so many moves of the page's first slider."""
    page.set_content(html)
    page.wait_for_selector("body[data-ready]")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.evaluate(CLOCK)
    page.locator("input[type=range]").first.focus()
    jitter = random.Random(0)
    # From 3 up to 7 and down to 2, over and over: every size is drawn as often in either direction.
    keys = (["ArrowRight"] * 4 + ["ArrowLeft"] * 5 + ["ArrowRight"]) * (moves // 10 + 1)
    for count, key in enumerate(keys[: moves + 5]):
        page.keyboard.press(key)
        page.wait_for_function("count => window.times.length > count", arg=count)
        page.wait_for_timeout(20 + 40 * jitter.random())
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return page.evaluate("window.times")[5:]  # the first moves warm the compiler up


def picture(side: int) -> np.ndarray:
    """Return a colour picture without structure: the arithmetic does not depend on what it shows."""
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--moves", type=int, default=60, help="key presses for each figure")
    moves = parser.parse_args().moves
    pages = {"floor": FLOOR}
    for side in (64, 128):
        pages[f"{side} x {side} x 3"] = widget_page(ConvExplorer(picture(side)), width="730px")
    print(f"{'page':<14}{'CPU':<6}{'median':>9}{'95 %':>9}   milliseconds from key to paint, {moves} moves")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        for slowdown in (1, 4):
            for name, html in pages.items():
                times = measure(page, html, slowdown, moves)
                p95 = statistics.quantiles(times, n=20)[-1]
                print(f"{name:<14}{f'1/{slowdown}':<6}{statistics.median(times):>9.1f}{p95:>9.1f}")
        browser.close()


if __name__ == "__main__":
    main()
