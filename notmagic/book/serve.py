"""Serve a built book as GitHub Pages does, with text compressed, to this machine only.

Command line::

    python -m notmagic.book.serve                      # _build/html at http://127.0.0.1:8000
    python -m notmagic.book.serve some/folder --port 0 # any free port
"""

from __future__ import annotations

import argparse
import gzip
import io
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".ipynb", ".inv"}


class Handler(SimpleHTTPRequestHandler):
    """Answer with files of one folder; what is text is compressed where the browser takes gzip."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 - the base class declares it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".ipynb": "application/x-ipynb+json",
        ".js": "text/javascript",
    }

    def send_head(self) -> io.IOBase | None:
        """Send status and headers; return the body."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.split("?")[0].endswith("/"):
            path = path / "index.html"
        if not path.is_file() or path.suffix not in COMPRESSED or not self._takes_gzip():
            return super().send_head()
        body = gzip.compress(path.read_bytes(), mtime=0)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self) -> None:
        """Let a browser keep a file for ten minutes, as GitHub Pages does."""
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing for each request."""

    def _takes_gzip(self) -> bool:
        return "gzip" in self.headers.get("Accept-Encoding", "")


def make_server(folder: Path | str, port: int = 0) -> ThreadingHTTPServer:
    """Make a server for a folder; ``serve_forever`` starts it.

    Parameters
    ----------
    folder : path
        The built book.
    port : int
        0 for any free one; ``server.server_address[1]`` tells which.

    Returns
    -------
    ThreadingHTTPServer
        Bound to this machine only.

    Raises
    ------
    FileNotFoundError
        If there is no book in the folder.
    """
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"{folder} holds no built book (no index.html): run `make book` first")
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder)))


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the built book on this machine.")
    parser.add_argument("folder", nargs="?", default="_build/html", type=Path)
    parser.add_argument("--port", default=8000, type=int, help="0 for any free port")
    arguments = parser.parse_args()
    try:
        server = make_server(arguments.folder, arguments.port)
    except OSError as error:
        parser.exit(1, f"{error}\n")
    print(f"The book is at http://127.0.0.1:{server.server_address[1]}/ (stop with Ctrl+C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
