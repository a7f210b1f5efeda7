"""Find the Chromium that the browser tests drive; install one where that is possible.

``python -m notmagic.book.browser`` prints the path of the browser. Looked for in this order: the environment
variable ``CHROMIUM``, a Chromium or Chrome on the ``PATH``, Playwright's own. When none is there it is
installed: with ``apt-get`` as root, else as Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
REMEDY = (
    "Install Chromium (Debian and Ubuntu: apt-get install chromium; macOS: brew install chromium; anywhere: "
    "python -m playwright install chromium) or set CHROMIUM to the browser's path."
)


def find_chromium() -> str | None:
    """Return the path of a Chromium that is there, or ``None``.

    Raises
    ------
    FileNotFoundError
        If ``CHROMIUM`` is set but names no program.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"CHROMIUM is {named!r}, which is no program; correct or unset it.")
        return shutil.which(named)
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwright_chromium()


def _playwright_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install_chromium() -> None:
    """Try to install Chromium: Debian's package as root, else Playwright's own download."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        updated = subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        if updated.returncode == 0:
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
            subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Print the browser's path, after installing one if none was there; 1 and the remedy if that failed."""
    if find_chromium() is None:
        install_chromium()
    path = find_chromium()
    print(path or f"No Chromium was found and none could be installed. {REMEDY}",
          file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
