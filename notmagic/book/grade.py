"""Grade a folder of handed-in exercises and write one line for each into a CSV file.

Command line, from the top of a checkout::

    python -m notmagic.book.grade SUBMISSIONS --to grades.csv

``SUBMISSIONS`` holds one folder for each student, ``ana/08-the-convolution-layer.ipynb``, or files named
``ana.08-the-convolution-layer.ipynb``. From each notebook only the answers are taken, the cells that
nbgrader calls solution cells; setup, text and checks come from ``solutions/``, hidden tests included. So a
deleted, edited or moved check changes nothing. Each runs in a fresh kernel in an empty folder.

This is no sandbox. A handed-in notebook is a program, and it runs as you: grade on a machine, or in a
container, with nothing on it that you would miss. A student who sets out to can also make a program
that changes the checks while it runs. What looks like it is named in the column ``look``.
"""

from __future__ import annotations

import argparse
import copy
import csv
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from notmagic.book.execute import NotebookError, read, started
from notmagic.book.exercises import SILENT, SOLUTIONS

# In an answer, none of these has an honest use in an exercise of this course.
SUSPICIOUS = re.compile(
    r"notmagic\s*\.\s*checks|from\s+notmagic|\bcheck\s*\.\s*\w+\s*=[^=]|\bcheck\s*=[^=]|\bsys\b|\bos\b|subprocess|"
    r"__import__|importlib|get_ipython|\beval\b|\bexec\b|_render_traceback_|inspect")


class GradeError(Exception):
    """A submission cannot be graded; the message says why."""


@dataclass
class Grade:
    """What one submission earned.

    Attributes
    ----------
    student, exercise
        Names of the folder and of the notebook.
    points
        For each grade id, the points earned and the points there are.
    look
        Why a person should look at this one; empty if there is no reason.
    """

    student: str
    exercise: str
    points: dict[str, tuple[float, float]] = field(default_factory=dict)
    look: str = ""

    @property
    def total(self) -> float:
        """Points earned."""
        return sum(earned for earned, _ in self.points.values())

    @property
    def possible(self) -> float:
        """Points there are."""
        return sum(possible for _, possible in self.points.values())


def find(folder: Path) -> list[tuple[str, Path]]:
    """List (student, notebook) in the order of their names.

    Raises
    ------
    GradeError
        When the folder holds no notebook.
    """
    nested = [(path.parent.name, path) for path in folder.glob("*/*.ipynb")]
    flat = [(path.name.split(".")[0], path) for path in folder.glob("*.*.ipynb")]
    found = sorted(nested + flat)
    if not found:
        raise GradeError(
            f"no notebook in {folder}: expected STUDENT/EXERCISE.ipynb or STUDENT.EXERCISE.ipynb")
    return found


def _exercise_of(path: Path, root: Path) -> str:
    """Find the exercise whose name is part of the file's, so that `08-… (1).ipynb`, a download, counts."""
    for source in sorted((root / SOLUTIONS).glob("*.ipynb")):
        if source.stem in path.stem:
            return source.stem
    raise GradeError(f"the file name {path.name} does not contain the name of an exercise")


def _answers(notebook: NotebookNode) -> dict[str, str]:
    """Take the sources of the solution cells, by grade id."""
    return {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in notebook.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")}


def assemble(solution: NotebookNode, submission: NotebookNode) -> NotebookNode:
    """Put the answers of a submission into a copy of the solution notebook.

    Raises
    ------
    GradeError
        When an answer cell is missing: it was deleted, or the notebook lost its metadata on the way.
    """
    answers = _answers(submission)
    notebook = copy.deepcopy(solution)
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not meta.get("solution"):
            continue
        if meta["grade_id"] not in answers:
            raise GradeError(f"the answer cell {meta['grade_id']} is missing")
        cell.source = answers[meta["grade_id"]]
    return notebook


def _run(notebook: NotebookNode, timeout: int) -> NotebookNode:
    """Run all cells in a fresh kernel, in an empty folder; an error or an endless loop ends one cell only."""
    from nbgrader.preprocessors import Execute

    def run() -> NotebookNode:
        with tempfile.TemporaryDirectory() as work:
            runner = Execute(timeout=timeout, interrupt_on_timeout=True, log=SILENT)
            return runner.preprocess(copy.deepcopy(notebook), {"metadata": {"path": work}})[0]

    return started(run)


def grade(student: str, path: Path, root: Path, timeout: int = 60) -> Grade:
    """Grade one notebook.

    Parameters
    ----------
    student
        Name for the table.
    path
        The notebook that was handed in.
    root
        Top of the checkout.
    timeout
        Seconds that one cell may take before it is stopped; its check then gives no points.
    """
    from nbgrader.utils import determine_grade, is_grade

    result = Grade(student, path.stem)
    try:
        result.exercise = _exercise_of(path, root)
        solution = read(root / SOLUTIONS / f"{result.exercise}.ipynb")
        checks = [cell.metadata["nbgrader"] for cell in solution.cells if is_grade(cell)]
        result.points = {check["grade_id"]: (0.0, float(check["points"])) for check in checks}
        submission = read(path)
        found = sorted({match.group().strip() for source in _answers(submission).values()
                        for match in SUSPICIOUS.finditer(source)})
        result.look = f"uses {', '.join(found)}" if found else ""
        done = _run(assemble(solution, submission), timeout)
    except (GradeError, NotebookError, RuntimeError, OSError, UnicodeDecodeError) as error:
        result.look = "; ".join(filter(None, [result.look, f"not graded: {error}"])).replace("\n", " ")
        return result
    for cell in done.cells:
        if is_grade(cell):
            earned, possible = determine_grade(cell)
            result.points[cell.metadata["nbgrader"]["grade_id"]] = (float(earned), possible)
    return result


def write_csv(grades: Sequence[Grade], path: Path) -> None:
    """Write one line for each submission: student, exercise, total, a column for each check, look."""
    checks = list(dict.fromkeys(name for each in grades for name in each.points))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "exercise", "points", "of", *checks, "look"])
        for each in grades:
            earned = [f"{each.points[name][0]:g}" if name in each.points else "" for name in checks]
            table.writerow([each.student, each.exercise, f"{each.total:g}", f"{each.possible:g}", *earned,
                            each.look])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give 1 if there was nothing to grade or a notebook could not be graded."""
    parser = argparse.ArgumentParser(
        prog="python -m notmagic.book.grade", description="Grade handed-in exercises. Runs them: no sandbox.")
    parser.add_argument("submissions", type=Path, help="folder of STUDENT/EXERCISE.ipynb")
    parser.add_argument("--to", type=Path, default=Path("grades.csv"), help="the table (default: grades.csv)")
    parser.add_argument("--root", type=Path, default=Path(), help="top of the checkout (default: here)")
    parser.add_argument("--timeout", type=int, default=60, help="seconds a cell may take (default: 60)")
    options = parser.parse_args(arguments)
    try:
        found = find(options.submissions)
    except GradeError as error:
        print(error, file=sys.stderr)
        return 1
    grades = []
    for student, path in found:
        grades.append(grade(student, path, options.root, options.timeout))
        each = grades[-1]
        print(f"{student}: {each.total:g} of {each.possible:g}" + (f" ({each.look})" if each.look else ""))
    write_csv(grades, options.to)
    print(f"{len(grades)} graded, see {options.to}")
    return int(any("not graded" in each.look for each in grades))


if __name__ == "__main__":
    sys.exit(main())
