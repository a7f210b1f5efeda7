"""Make the student notebooks in ``exercises/`` from their one source, ``solutions/``.

Command line, from the top of a checkout::

    python -m notmagic.book.exercises            # write every exercise that changed
    python -m notmagic.book.exercises --check    # exit with 1 if an exercise is not what its source gives

The work is done by nbgrader's own preprocessors, called as a library on one notebook at a time: no
server, no database, no course folder. The same source gives the same bytes, whoever ran it last. A file
in ``exercises/`` that was not generated is never overwritten.
"""

from __future__ import annotations

import argparse
import copy
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from notmagic.book.execute import KERNELSPEC, LANGUAGE_INFO, NotebookError, as_text, read, write

SOLUTIONS = "solutions"
EXERCISES = "exercises"
MARK = "generated_from"     # in the notebook's metadata, under "notmagic"

# A check that fails in a blank exercise must not keep Run All from reaching the next task.
MAY_RAISE = "raises-exception"

# nbgrader logs what it then raises; once is enough.
SILENT = logging.getLogger(__name__)
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class ExerciseError(Exception):
    """A source notebook or an existing exercise is not in order; the message says how to mend it."""


def _apply_preprocessors(notebook: NotebookNode) -> None:
    """Take out solutions, hidden tests and outputs, lock the checks and note checksums, in place.

    The order is that of nbgrader's own assignment generator. The stub is empty: the text before a
    solution says what to do, and a function keeps its docstring as its body, so the blank notebook runs.
    """
    from nbgrader import preprocessors as nbgrader

    quiet = {"log": SILENT}
    steps = [nbgrader.CheckCellMetadata(**quiet), nbgrader.LockCells(**quiet),
             nbgrader.ClearSolutions(code_stub={"python": ""}, **quiet), nbgrader.ClearHiddenTests(**quiet),
             nbgrader.ClearMarkScheme(**quiet), nbgrader.ClearOutput(**quiet)]
    for step in steps:
        step.preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = "\n".join(line.rstrip() for line in cell.source.split("\n")).strip("\n")
    # Last: nbgrader compares these with what a student hands in.
    nbgrader.ComputeChecksums(**quiet).preprocess(notebook, {})


def _is_check(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def blank(solution: NotebookNode, source: str) -> NotebookNode:
    """Turn a solution notebook into its exercise.

    Parameters
    ----------
    solution
        A notebook with nbgrader's cell metadata (schema version 3). It is left as it is.
    source
        Its path inside the repository, with forward slashes; kept as the mark of a generated file.

    Raises
    ------
    ExerciseError
        When solution markers do not match or lie in a cell that is not a solution cell, or when grade
        ids or points are missing or not unique.
    """
    from nbgrader.nbgraderformat import ValidationError

    notebook = copy.deepcopy(solution)
    try:
        _apply_preprocessors(notebook)
    except (RuntimeError, ValidationError) as error:
        raise ExerciseError(f"{source}: {error}") from error
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO, "notmagic": {MARK: source}})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("mystnb", None)       # the alt text of the solution's figure would give it away
        if _is_check(cell):
            cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), MAY_RAISE})
    nbformat.validate(notebook)
    return notebook


def expected(root: Path) -> dict[Path, NotebookNode]:
    """Make, without writing, every exercise that ``solutions/`` of the repository ``root`` gives.

    Raises
    ------
    ExerciseError
        When there is no source notebook, or when one is not in order.
    """
    sources = sorted((root / SOLUTIONS).glob("*.ipynb"))
    if not sources:
        raise ExerciseError(f"no notebook in {root / SOLUTIONS}: run this from the top of the checkout")
    return {root / EXERCISES / path.name: blank(read(path), f"{SOLUTIONS}/{path.name}") for path in sources}


def _generated_from(exercise: Path) -> str | None:
    return read(exercise).metadata.get("notmagic", {}).get(MARK)


def orphans(root: Path) -> list[Path]:
    """List generated exercises whose source is gone."""
    return [path for path in sorted((root / EXERCISES).glob("*.ipynb"))
            if (source := _generated_from(path)) is not None and not (root / source).is_file()]


def stale(root: Path) -> list[str]:
    """Say, one line each, how the exercises differ from what their sources give."""
    lines = []
    for path, notebook in expected(root).items():
        if not path.is_file():
            lines.append(f"{path.relative_to(root)}: missing")
        elif path.read_bytes() != as_text(notebook).encode():
            lines.append(f"{path.relative_to(root)}: not what its source gives")
    return lines + [f"{path.relative_to(root)}: its source is gone" for path in orphans(root)]


def generate(root: Path) -> list[Path]:
    """Write every exercise whose text changed and remove those whose source is gone; list both.

    Raises
    ------
    ExerciseError
        When a file with the name of an exercise was not generated. Nothing is written then.
    """
    notebooks = expected(root)
    for path in notebooks:
        if path.is_file() and _generated_from(path) is None:
            raise ExerciseError(
                f"{path.relative_to(root)} was not made by this program, so it is left as it is. "
                f"Move what you need of it to {SOLUTIONS}/, delete it and run this again.")
    (root / EXERCISES).mkdir(exist_ok=True)
    changed = [path for path, notebook in notebooks.items() if write(path, notebook)]
    gone = orphans(root)
    for path in gone:
        path.unlink()
    return changed + gone


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give 1 if ``--check`` found a stale exercise or a file is not in order."""
    parser = argparse.ArgumentParser(
        prog="python -m notmagic.book.exercises", description="Make exercises/ from solutions/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if one is stale")
    parser.add_argument("--root", type=Path, default=Path(), help="top of the checkout (default: here)")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            lines = stale(options.root)
            for line in lines:
                print(f"{line}; run `python -m notmagic.book.exercises`")
            return 1 if lines else 0
        for path in generate(options.root):
            print(f"{path.relative_to(options.root)}: {'written' if path.is_file() else 'removed'}")
    except (ExerciseError, NotebookError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
