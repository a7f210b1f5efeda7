"""The stored notebooks are what their code gives: nbval runs every cell; mutations show that it compares.

Each notebook is copied alone into an empty folder and run there without a network. `nbval_exempt.json`
lists the cells whose output is not compared, each with the reason; the next cell asserts what must hold.
"""

import ast
import copy
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_notebook, new_output

from notmagic.book import execute, repository_url, setup_cell
from notmagic.datasets.stand_in import HEADLINE

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("book/*.ipynb"))
NOTEBOOKS += sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("solutions/*.ipynb"))
EXERCISES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("exercises/*.ipynb"))
EXEMPT = json.loads((ROOT / "tests" / "nbval_exempt.json").read_text(encoding="utf-8"))

NEEDS_CIFAR10 = "needs-cifar10"
EXEMPTING = ("nbval-ignore-output", "nbval-skip", NEEDS_CIFAR10)
# What nbval leaves out of the comparison (nbval/plugin.py, skip_compare).
NOT_COMPARED = {"image/png", "image/jpeg", execute.WIDGET_VIEW}

# Runs a command; writes down the processor seconds of it and its children, and the memory of the largest.
WHAT_IT_USES = """
import json, resource, subprocess, sys
status = subprocess.run(sys.argv[2:], check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
numbers = {"seconds": used.ru_utime + used.ru_stime, "bytes": unit * used.ru_maxrss}
open(sys.argv[1], "w").write(json.dumps(numbers))
sys.exit(status)
"""
MEMORY = 1.5e9  # bytes: Binder has little more
CIFAR_SECONDS = 2 * 240  # of a chapter about CIFAR-10, on two processor cores
ABOUT_CIFAR = [name for name in NOTEBOOKS if name.startswith(("book/11", "book/12", "book/13"))]

ASKED_AGAIN = f"""
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as said:
    load_cifar10(train=1, test=1)
assert not data.is_real and {HEADLINE!r} in said.getvalue()
"""

each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def load(name):
    return nbformat.read(ROOT / name, as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


def nbval(notebook, name, folder, **more):
    """Run a notebook alone in an empty folder, without a network; give each code cell's failure, or None.

    `more` are variables of the environment, None to take one away. What the run used is in used.json then.
    """
    work, report, used = folder / "alone", folder / "report.xml", folder / "used.json"
    work.mkdir()
    nbformat.write(notebook, work / Path(name).name)
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env.pop("MPLBACKEND", None)  # tests ask for agg; a kernel chooses inline figures itself
    env |= {"PYTHONPATH": str(ROOT / "tests" / "offline"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | more
    env = {key: value for key, value in env.items() if value is not None}
    command = [
        sys.executable, "-c", WHAT_IT_USES, str(used),
        sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=1200",
        "-p", "nbval.plugin", "-p", "no:cacheprovider", "--color=no", "-q", f"--rootdir={work}",
        "-c", os.devnull, f"--junitxml={report}", str(work),
    ]
    for _ in range(execute.STARTS):
        run = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
        assert run.returncode in (0, 1), run.stdout + run.stderr
        if "Kernel died before replying to kernel_info" not in run.stdout:
            break
    return [
        "".join(part.text for part in case if part.tag in ("failure", "error")) or None
        for case in ElementTree.parse(report).iter("testcase")
    ]


def prepared(name, folder=None):
    """Read a notebook; cells that need CIFAR-10 are not compared where its pictures are not in the folder.

    The stored outputs come from the image folder; the original batches give slightly other numbers.
    """
    notebook = load(name)
    if not Path(folder or os.environ.get("NOTMAGIC_CIFAR10", "/nowhere"), "train").is_dir():
        for cell in notebook.cells:
            if NEEDS_CIFAR10 in tags(cell):
                cell.metadata["tags"] = [*tags(cell), "nbval-ignore-output"]
    return notebook


def is_compared(cell):
    return not {"nbval-ignore-output", "nbval-skip"} & set(tags(cell))


# What is stored ------------------------------------------------------------------------------------------


def test_there_are_chapters_and_solutions():
    folders = {Path(name).parent.name for name in NOTEBOOKS}
    assert folders == {"book", "solutions"}


@each_notebook
def test_every_code_cell_was_run_in_order_and_shows_no_error(name):
    cells = execute.code_cells(load(name))
    assert all(cell.source.strip() for cell in cells), "an empty code cell"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    execute.refuse_unstable(load(name))


@each_notebook
def test_the_file_has_the_form_that_make_outputs_gives(name):
    notebook = execute.normalise(execute.read(ROOT / name), Path(name).stem)
    assert execute.as_text(notebook) == (ROOT / name).read_text(encoding="utf-8"), "run `make outputs`"


@each_notebook
def test_stored_widgets_carry_the_present_code(name):
    """A published page runs the code stored in the notebook: it must be the one in the package."""
    stored = load(name).metadata.get("widgets", {}).get(execute.WIDGET_STATE, {}).get("state", {})
    for model in stored.values():
        kind = model["state"].get("_anywidget_id", "")
        if kind.startswith("notmagic."):
            module, _, widget = kind.rpartition(".")
            present = getattr(importlib.import_module(module), widget)
            for part in {"_esm", "_css"} & set(model["state"]):
                is_present = model["state"][part] == str(getattr(present, part))
                assert is_present, f"{part} of {kind} has changed since: run `make outputs`"


@each_notebook
def test_every_view_has_its_state(name):
    notebook = load(name)
    stored = notebook.metadata.get("widgets", {}).get(execute.WIDGET_STATE, {}).get("state", {})
    outputs = [output for cell in execute.code_cells(notebook) for output in cell.outputs]
    views = [output.get("data", {}).get(execute.WIDGET_VIEW) for output in outputs]
    assert {view["model_id"] for view in views if view} <= set(stored)


@pytest.mark.parametrize("name", NOTEBOOKS + EXERCISES)
def test_the_first_code_cell_is_the_setup_cell(name):
    cells = execute.code_cells(load(name))
    wanted = setup_cell.source(repository_url(ROOT))
    assert cells[0].source == wanted, "run `python -m notmagic.book.setup_cell`"
    assert [setup_cell.TAG in tags(cell) for cell in cells] == [True] + [False] * (len(cells) - 1)


# What is exempt ------------------------------------------------------------------------------------------


def test_the_list_of_exempt_cells_names_notebooks_that_exist():
    assert set(EXEMPT) <= set(NOTEBOOKS)


@each_notebook
def test_exactly_the_listed_cells_are_exempt(name):
    cells = execute.code_cells(load(name))
    found = {cell.id: tag for cell in cells for tag in tags(cell) if tag in EXEMPTING}
    listed = EXEMPT.get(name, {})
    assert found == {cell: entry["tag"] for cell, entry in listed.items()}
    assert all(len(entry["reason"].split()) >= 4 for entry in listed.values())
    assert not [cell.id for cell in cells if "# NBVAL_" in cell.source], "exempt cells by tag"


@each_notebook
def test_after_every_exempt_cell_comes_an_assertion(name):
    cells = execute.code_cells(load(name))
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if set(tags(cell)) & set(EXEMPTING):
            assert following is not None, f"{cell.id} is the last cell"
            assert "nbval-skip" not in tags(following)
            assert asserts_something(following.source), f"no assertion in the cell after {cell.id}"


def asserts_something(source):
    """Find an assert statement, or a call of an assert function of NumPy's."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [getattr(call, "attr", getattr(call, "id", "")) for call in calls]
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree)) or any(
        called.startswith("assert_") for called in names
    )


@pytest.mark.parametrize(("source", "verdict"), [
    ("%matplotlib inline\nassert 1 < 2", True),
    ("np.testing.assert_allclose(a, b)", True),
    ("print('assert that a < b')", False),
])
def test_what_counts_as_an_assertion(source, verdict):
    assert asserts_something(source) is verdict


# What nbval says -----------------------------------------------------------------------------------------


@each_notebook
def test_the_code_gives_what_is_stored(name, tmp_path):
    notebook = prepared(name)
    failures = nbval(notebook, name, tmp_path)
    assert len(failures) == len(execute.code_cells(notebook))
    assert not any(failures), "\n\n".join(filter(None, failures))
    used = json.loads((tmp_path / "used.json").read_text(encoding="utf-8"))
    assert used["bytes"] < MEMORY, used
    assert name not in ABOUT_CIFAR or used["seconds"] < CIFAR_SECONDS, used
    assert [path.name for path in (tmp_path / "alone").iterdir()] == [Path(name).name], "it left a file"


@pytest.mark.parametrize("name", ABOUT_CIFAR)
def test_chapters_about_cifar10_run_on_the_stand_in(name, tmp_path):
    """Where there are no pictures and no network nothing fails, and the banner says what was drawn."""
    empty = str(tmp_path)
    notebook = prepared(name, folder=empty)
    notebook.cells.append(new_code_cell(ASKED_AGAIN))
    failures = nbval(notebook, name, tmp_path, NOTMAGIC_CIFAR10=None, KERAS_HOME=empty)
    assert len(failures) == len(execute.code_cells(notebook))
    assert not any(failures), "\n\n".join(filter(None, failures))


def compared_parts(cell):
    """List what nbval compares of a cell's stored outputs: the number of the output and the part of it."""
    return [
        (number, part)
        for number, output in enumerate(cell.outputs)
        for part in (["text"] if output.output_type == "stream" else sorted(set(output.data) - NOT_COMPARED))
    ]


def altered(outputs, parts):
    """Copy outputs with some parts altered."""
    outputs = copy.deepcopy(outputs)
    for number, part in parts:
        holder = outputs[number] if part == "text" else outputs[number].data
        holder[part] = holder[part] + "x" if isinstance(holder[part], str) else {"altered": True}
    return outputs


def replay(outputs):
    """Write code that shows the given outputs; pictures are left out, for nbval does not compare them."""
    lines = ["import sys", "from IPython.display import publish_display_data"]
    for output in outputs:
        if output.output_type == "stream":
            lines.append(f"_ = sys.{output.name}.write({output.text!r})")
        else:
            data = {mime: value for mime, value in output.data.items() if mime not in NOT_COMPARED}
            lines.append(f"publish_display_data({json.loads(json.dumps(data))!r})")
    return "\n".join(lines)


@each_notebook
def test_every_single_output_is_compared(name, tmp_path):
    """Show nbval each cell's stored outputs as they are, then with one part altered, for each part in turn.

    With the test above this proves that a change of any one stored output is found: the code gives what
    is stored, and nbval tells what is stored from every alteration of it.
    """
    cells, expected = [], []
    for cell in execute.code_cells(prepared(name)):
        variants = [cell.outputs] + [altered(cell.outputs, [part]) for part in compared_parts(cell)]
        if not cell.outputs:  # then an output too many is what must be noticed
            variants.append([new_output("stream", name="stdout", text="x")])
        for outputs in variants:
            source = replay(cell.outputs)
            cells.append(new_code_cell(source, outputs=outputs, execution_count=1, metadata=cell.metadata))
            expected.append(outputs is not cell.outputs and is_compared(cell))
    failures = nbval(new_notebook(cells=cells), name, tmp_path)
    assert [bool(failure) for failure in failures] == expected
    assert all("Cell outputs differ" in failure for failure in failures if failure)


@pytest.mark.parametrize("name", [
    name for name in NOTEBOOKS if name.startswith(("book/01", *(f"solutions/0{n}" for n in range(2, 9))))
])
def test_altered_outputs_fail_in_exactly_their_cells(name, tmp_path):
    """Run the real code against a copy in which every stored output is altered.

    The tests above prove the same in two steps for all notebooks; this one takes both at once, on those that
    run in seconds.
    """
    notebook = prepared(name)
    cells = execute.code_cells(notebook)
    for cell in cells:
        cell.outputs = altered(cell.outputs, compared_parts(cell))
    failures = nbval(notebook, name, tmp_path)
    assert [bool(failure) for failure in failures] == [
        bool(compared_parts(cell)) and is_compared(cell) for cell in cells
    ]
    assert all("Cell outputs differ" in failure for failure in failures if failure)
