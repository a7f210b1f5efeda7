"""The setup cell: one text, the first code cell of every chapter, exercise and solution.

Command line, from the top of a checkout::

    python -m notmagic.book.setup_cell            # write it into every notebook
    python -m notmagic.book.setup_cell --check    # exit with 1 if a notebook does not carry it

The cell quietens TensorFlow before anything imports it. In Colab it installs the package where it is
missing, without dependencies: Colab has them all, and another NumPy or TensorFlow would break the
session. Elsewhere it says what to type.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from notmagic.book import repository_url
from notmagic.book.execute import code_cells, read, write

FOLDERS = ("book", "solutions", "exercises")
TAG = "setup"
TAGS = [TAG, "hide-input"]

TEMPLATE = '''\
# Setup, the same in every notebook: run it first. It installs the course's package in Colab if need be.
import importlib.util
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reports errors only
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # and rounds in the same order everywhere

try:
    from google.colab import output as colab_output
except ImportError:
    colab_output = None

if colab_output is not None:
    colab_output.enable_custom_widget_manager()
    if importlib.util.find_spec("notmagic") is None:
        %pip install -q --no-deps "notmagic @ git+{url}"
        importlib.invalidate_caches()
elif importlib.util.find_spec("notmagic") is None:
    raise ModuleNotFoundError(
        "The course's package, notmagic, is not installed in this Python. Type in a terminal:\\n"
        '    python -m pip install "notmagic[tensorflow] @ git+{url}"\\n'
        "then choose Kernel > Restart and run this cell again."
    )'''


def source(url: str) -> str:
    """Give the cell's text for a repository at `url`."""
    return TEMPLATE.format(url=url)


def insert(notebook: NotebookNode, url: str) -> NotebookNode:
    """Make the setup cell the first code cell of a notebook, in place, and give the notebook back.

    A cell tagged "setup" is replaced and keeps its id and what else its metadata says; where there is
    none, the cell is put before the first code cell.
    """
    first = next((cell for cell in code_cells(notebook) if TAG in cell.metadata.get("tags", [])), None)
    if first is None:
        kinds = [cell.cell_type for cell in notebook.cells]
        position = kinds.index("code") if "code" in kinds else len(kinds)
        first = new_code_cell(id=hashlib.sha256(TAG.encode()).hexdigest()[:8])
        notebook.cells.insert(position, first)
    first.source = source(url)
    first.metadata["tags"] = TAGS
    return notebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give 1 if `--check` found a notebook without the cell, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m notmagic.book.setup_cell", description="Write the setup cell into every notebook."
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="NOTEBOOK", help="default: those in book/, solutions/ and exercises/")
    add("--check", action="store_true", help="change nothing; exit with 1 if a notebook lacks the cell")
    options = parser.parse_args(arguments)
    url = repository_url()
    paths = options.paths or sorted(str(path) for folder in FOLDERS for path in Path(folder).glob("*.ipynb"))
    status = 0
    for path in paths:
        before = read(path)
        after = insert(read(path), url)
        if before == after:
            continue
        if options.check:
            print(f"{path}: not the setup cell; run `python -m notmagic.book.setup_cell`")
            status = 1
        else:
            write(path, after)
            print(f"{path}: setup cell written")
    return status


if __name__ == "__main__":
    sys.exit(main())
