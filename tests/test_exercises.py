"""Exercises are what their solutions give; blank ones pass no check, solved ones pass all."""

import copy
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notmagic.book import exercises, grade
from notmagic.book.execute import STARTS, as_text, read, started, write
from notmagic.checks import chapter08

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
NAMES = [path.stem for path in SOLUTIONS]


def nbgrader(grade_id, *, grade=False, solution=False, points=None):
    meta = {"schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution,
            "locked": grade, "task": False}
    return {"nbgrader": meta if points is None else {**meta, "points": points}}


def small_solution():
    """A solution notebook with one of everything."""
    return new_notebook(metadata={"language_info": {"name": "python", "version": "3.11.7"}}, cells=[
        new_markdown_cell("A line with a break  \nand another.", id="text"),
        new_code_cell("answer = ...\n### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION", id="answer",
                      metadata={**nbgrader("q1", solution=True), "execution": {"when": "now"}}),
        new_code_cell("assert answer == 42\n### BEGIN HIDDEN TESTS\nassert type(answer) is int\n"
                      "### END HIDDEN TESTS", id="check", execution_count=2,
                      outputs=[nbformat.v4.new_output("stream", text="fine\n")],
                      metadata=nbgrader("q1-check", grade=True, points=1)),
    ])


@pytest.fixture
def checkout(tmp_path):
    """A repository with one small solution and nothing else."""
    (tmp_path / "solutions").mkdir()
    write(tmp_path / "solutions" / "01-small.ipynb", small_solution())
    return tmp_path


def run(notebook, folder):
    """Execute a notebook that may fail; give each check cell's text, its error or what it printed."""
    # The kernel may send one print in two pieces; a reader sees one text.
    options = {"timeout": 120, "allow_errors": True, "coalesce_streams": True}
    work = {"metadata": {"path": str(folder)}}
    notebook = started(lambda: NotebookClient(copy.deepcopy(notebook), resources=work, **options).execute())
    said = {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            assert len(cell.outputs) == 1, cell.id
            said[cell.id] = cell.outputs[0]
        elif cell.cell_type == "code":
            assert not [output for output in cell.outputs if output.output_type == "error"], cell.id
    return said


# --- the committed notebooks -------------------------------------------------------------------------------


def test_there_is_an_exercise():
    assert "08-the-convolution-layer" in NAMES


def test_committed_exercises_are_what_their_solutions_give():
    assert exercises.stale(ROOT) == []
    assert all(exercises._generated_from(path) for path in (ROOT / "exercises").glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_metadata_is_in_order(name):
    from nbgrader.nbgraderformat import MetadataValidator

    for folder in ("solutions", "exercises"):
        notebook = read(ROOT / folder / f"{name}.ipynb")
        MetadataValidator().validate_nb(notebook)
        graded = [cell.metadata["nbgrader"] for cell in notebook.cells if "nbgrader" in cell.metadata]
        assert len({meta["grade_id"] for meta in graded}) == len(graded)
        assert sum(meta["points"] for meta in graded if meta["grade"]) == 20
        checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert len(checks) >= 4
        assert all(cell.source.startswith("check.") for cell in checks)


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_gives_nothing_away(name):
    solution, exercise = (read(ROOT / folder / f"{name}.ipynb") for folder in ("solutions", "exercises"))
    text = as_text(exercise)
    assert not re.search("BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS", text)
    shown, answers = set(), []
    for cell in solution.cells:
        before, _, answer = cell.source.partition("### BEGIN SOLUTION")
        shown |= {line.strip() for line in before.splitlines()}
        answers += [line.strip() for line in answer.partition("### END SOLUTION")[0].splitlines()]
    secret = [line for line in answers if len(line) > 8 and line not in shown]
    assert len(secret) > 20
    assert not [line for line in secret if json.dumps(line)[1:-1] in text]
    for cell in exercise.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            assert "mystnb" not in cell.metadata


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_texts_are_those_of_the_solution(name):
    solution, exercise = (read(ROOT / folder / f"{name}.ipynb") for folder in ("solutions", "exercises"))
    assert [cell.id for cell in exercise.cells] == [cell.id for cell in solution.cells]
    for ours, theirs in zip(exercise.cells, solution.cells, strict=True):
        if ours.cell_type == "markdown":
            assert ours.source == theirs.source


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_exercise_runs_to_its_end_and_passes_no_check(name, tmp_path):
    said = run(read(ROOT / "exercises" / f"{name}.ipynb"), tmp_path)
    for cell, output in said.items():
        assert output.output_type == "error", cell
        assert output.ename == "NotAnswered", cell
        assert output.traceback == output.evalue.splitlines(), "more than the message is shown"
        assert output.evalue.startswith("Not answered yet: ") and len(output.evalue) > 40


@pytest.mark.parametrize("name", NAMES)
def test_every_check_of_a_solution_says_that_it_is_correct(name):
    """What is stored is what the solution gives, alone in an empty folder: test_notebooks runs it there."""
    checks = [cell for cell in read(ROOT / "solutions" / f"{name}.ipynb").cells
              if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")]
    assert checks
    for cell in checks:
        (output,) = cell.outputs
        assert (output.output_type, output.name) == ("stream", "stdout"), cell.id
        assert output.text.startswith("Correct: "), cell.id


def test_the_example_in_the_exercise_is_the_one_that_its_check_knows():
    notebook = read(ROOT / "exercises" / "08-the-convolution-layer.ipynb")
    cells = {cell.id: cell.source for cell in notebook.cells}
    names = {"np": np}
    exec(cells["ex08-example"], names)
    np.testing.assert_array_equal(names["X"], chapter08.SMALL_IMAGE)
    np.testing.assert_array_equal(names["K"], chapter08.SMALL_KERNEL)
    assert names["b"] == chapter08.SMALL_BIAS
    assert "row {}, column {} of the output".format(*chapter08.SMALL_PLACE) in cells["ex08-task3a"]
    assert f"The stride is {chapter08.SMALL_STRIDE} " in cells["ex08-task3"]
    settings = {row[0]: tuple(map(int, row[1:])) for row in
                re.findall(r"^\| ([A-F]) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", cells["ex08-task1"], re.M)}
    assert settings == chapter08.SIZES


# --- the generator -----------------------------------------------------------------------------------------


def test_the_generator_writes_once_and_is_idle_afterwards(checkout):
    assert exercises.stale(checkout) == ["exercises/01-small.ipynb: missing"]
    assert exercises.generate(checkout) == [checkout / "exercises" / "01-small.ipynb"]
    first = (checkout / "exercises" / "01-small.ipynb").read_bytes()
    assert exercises.generate(checkout) == [] and exercises.stale(checkout) == []
    assert (checkout / "exercises" / "01-small.ipynb").read_bytes() == first


def test_the_generator_removes_what_students_must_not_see(checkout):
    exercises.generate(checkout)
    text, answer, check = read(checkout / "exercises" / "01-small.ipynb").cells
    assert text.source == "A line with a break  \nand another."
    assert answer.source == "answer = ..." and "execution" not in answer.metadata
    assert check.source == "assert answer == 42" and check.outputs == [] and check.execution_count is None
    assert check.metadata["tags"] == ["raises-exception"] and check.metadata["editable"] is False


def test_outputs_and_versions_of_the_solution_do_not_matter(checkout):
    exercises.generate(checkout)
    notebook = small_solution()
    notebook.metadata["language_info"]["version"] = "3.13.1"
    notebook.cells[2].outputs = []
    write(checkout / "solutions" / "01-small.ipynb", notebook)
    assert exercises.stale(checkout) == []


def test_a_changed_solution_is_noticed(checkout, capsys):
    exercises.generate(checkout)
    notebook = small_solution()
    notebook.cells[0].source = "Another text."
    write(checkout / "solutions" / "01-small.ipynb", notebook)
    assert exercises.main(["--check", "--root", str(checkout)]) == 1
    assert "exercises/01-small.ipynb: not what its source gives" in capsys.readouterr().out
    assert exercises.main(["--root", str(checkout)]) == 0
    assert exercises.main(["--check", "--root", str(checkout)]) == 0


def test_a_file_that_was_not_generated_is_left_alone(checkout, capsys):
    exercises.generate(checkout)
    path = checkout / "exercises" / "01-small.ipynb"
    own = new_notebook(cells=[new_markdown_cell("My own work.", id="own")])
    write(path, own)
    assert exercises.main(["--root", str(checkout)]) == 1
    assert "was not made by this program" in capsys.readouterr().err
    assert read(path).cells[0].source == "My own work."


def test_an_exercise_whose_source_is_gone_is_removed(checkout):
    exercises.generate(checkout)
    (checkout / "solutions" / "01-small.ipynb").rename(checkout / "solutions" / "02-small.ipynb")
    assert "exercises/01-small.ipynb: its source is gone" in exercises.stale(checkout)
    exercises.generate(checkout)
    assert [path.name for path in (checkout / "exercises").iterdir()] == ["02-small.ipynb"]


@pytest.mark.parametrize(("cell", "change", "says"), [
    (1, lambda cell: cell.update(source="### BEGIN SOLUTION\nanswer = 42"), "no end solution"),
    (1, lambda cell: cell.metadata.clear(), "non-solution cell"),
    (2, lambda cell: cell.update(source="### BEGIN HIDDEN TESTS\n1"), "No end hidden tests"),
    (2, lambda cell: cell.metadata.nbgrader.update(grade_id="q1"), "failed to validate"),
    (2, lambda cell: cell.metadata.nbgrader.pop("points"), "failed to validate"),
])
def test_a_source_that_is_not_in_order_is_refused(checkout, capsys, cell, change, says):
    notebook = small_solution()
    change(notebook.cells[cell])
    write(checkout / "solutions" / "01-small.ipynb", notebook)
    assert exercises.main(["--root", str(checkout)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("solutions/01-small.ipynb: ") and says in message
    assert not (checkout / "exercises").exists()


def test_an_empty_folder_is_told_what_it_lacks(tmp_path, capsys):
    assert exercises.main(["--root", str(tmp_path)]) == 1
    assert "no notebook in" in capsys.readouterr().err


# --- grading -----------------------------------------------------------------------------------------------


def hand_in(folder, student, notebook, name="01-small.ipynb"):
    (folder / student).mkdir(parents=True)
    write(folder / student / name, notebook)


def test_a_class_is_graded_in_one_command(checkout, tmp_path, capsys):
    exercises.generate(checkout)
    blank = read(checkout / "exercises" / "01-small.ipynb")
    handed_in = tmp_path / "handed-in"

    def answer(source):
        notebook = copy.deepcopy(blank)
        notebook.cells[1].source = source
        return notebook

    hand_in(handed_in, "blank", blank)
    hand_in(handed_in, "right", answer("answer = 42"), "01-small (1).ipynb")
    hand_in(handed_in, "visible-only", answer("answer = 42.0"))     # only the hidden test tells them apart
    hand_in(handed_in, "stops", answer("1 / 0"))
    hand_in(handed_in, "endless", answer("while True:\n    pass"))
    edited = answer("answer = 7")
    edited.cells[2].source = "pass"
    hand_in(handed_in, "edited-the-check", edited)
    deleted = answer("answer = 42")
    del deleted.cells[1]
    hand_in(handed_in, "deleted-the-answer", deleted)
    hand_in(handed_in, "sly", answer("import sys\nanswer = 7"))
    (handed_in / "broken").mkdir()
    (handed_in / "broken" / "01-small.ipynb").write_text("not a notebook")
    write(handed_in / "flat.01-small.ipynb", answer("answer = 42"))

    table = tmp_path / "grades.csv"
    assert grade.main([str(handed_in), "--to", str(table), "--root", str(checkout), "--timeout", "20"]) == 1
    rows = {row["student"]: row for row in csv.DictReader(table.open(encoding="utf-8"))}
    assert {name: row["points"] for name, row in rows.items()} == {
        "blank": "0", "right": "1", "visible-only": "0", "stops": "0", "endless": "0", "broken": "0",
        "edited-the-check": "0", "deleted-the-answer": "0", "sly": "0", "flat": "1"}
    assert all((row["exercise"], row["of"]) == ("01-small", "1") for row in rows.values())
    assert {name for name, row in rows.items() if row["look"]} == {"deleted-the-answer", "sly", "broken"}
    assert rows["sly"]["look"] == "uses sys"
    assert "answer cell q1 is missing" in rows["deleted-the-answer"]["look"]
    assert "10 graded" in capsys.readouterr().out


@pytest.mark.parametrize(("failures", "points"), [(1, 1), (STARTS, 0)])
def test_a_kernel_that_does_not_come_up_is_started_again(checkout, tmp_path, monkeypatch, failures, points):
    from nbgrader.preprocessors import Execute

    exercises.generate(checkout)
    notebook = read(checkout / "exercises" / "01-small.ipynb")
    notebook.cells[1].source = "answer = 42"
    hand_in(tmp_path, "right", notebook)
    whole, tries = Execute.preprocess, []

    def fail_at_first(self, *arguments):
        tries.append(1)
        if len(tries) <= failures:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return whole(self, *arguments)

    monkeypatch.setattr(Execute, "preprocess", fail_at_first)
    graded = grade.grade("right", tmp_path / "right" / "01-small.ipynb", checkout)
    assert graded.total == points
    assert graded.look == ("" if points else "not graded: no kernel came up, in 3 tries: "
                           "Kernel died before replying to kernel_info")


def test_nothing_to_grade_is_said(tmp_path, capsys):
    assert grade.main([str(tmp_path)]) == 1
    assert "expected STUDENT/EXERCISE.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_earns_every_point_and_the_blank_none(name, tmp_path):
    for folder, share in (("solutions", 1), ("exercises", 0)):
        path = tmp_path / f"{name}.ipynb"
        shutil.copy(ROOT / folder / f"{name}.ipynb", path)
        result = grade.grade(folder, path, ROOT)
        assert result.look == ""
        assert result.possible == 20 and result.total == share * result.possible


def test_stock_nbgrader_makes_a_blank_exercise_too(tmp_path):
    """An instructor with an nbgrader course of their own can drop the solution into it."""
    source = tmp_path / "source" / "week8"
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / "08-the-convolution-layer.ipynb", source)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "week8", f"--course={tmp_path}"]
    # nbgrader calls a program that is installed beside this Python, and wants it on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    released = (tmp_path / "release" / "week8" / "08-the-convolution-layer.ipynb").read_text("utf-8")
    assert "raise NotImplementedError()" in released and "SOLUTION" not in released
