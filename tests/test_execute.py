"""Executing notebooks: what is stored, what is refused, and that a second run changes no byte."""

import base64
import io
import json
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notmagic.book import execute as tool

WIDGETS = """\
import anywidget, traitlets

class Dial(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    value = traitlets.Int(3).tag(sync=True)
    parts = traitlets.List().tag(sync=True)

    def __repr__(self):
        return f"Dial({self.value})"

dial, never_shown = Dial(parts=[b"one", b"two"]), Dial(value=99)
dial"""
CELLS = {
    "folder": "import os\nprint(os.listdir())",
    "stream": "for i in range(3):\n    print(i, flush=True)",
    "progress": "for i in range(3):\n    print(f'\\rstep {i}', end='', flush=True)",
    "value": "1 + 1",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "widget": WIDGETS,
    "change": "dial.value, dial.parts = 4, [b'new']",
    "nested": "import ipywidgets\nipywidgets.VBox([dial])",
    "silent": "value = 3",
}


def save(path, *sources):
    """Write a notebook as an editor would: counts that jump, times, a foreign Python."""
    cells = [new_markdown_cell("# A title", id="title")]
    cells += [
        new_code_cell(source, id=f"cell-{number}", execution_count=70 - number,
                      metadata={"execution": {"iopub.status.busy": "now"}, "tags": ["keep"]})
        for number, source in enumerate(sources)
    ]
    language = {"name": "python", "version": "3.99.1"}
    notebook = new_notebook(cells=cells, metadata={"language_info": language, "vscode": {}, "title": "kept"})
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook with an output of every kind, executed once; the second run is a test of its own."""
    path = save(tmp_path_factory.mktemp("executed") / "kinds.ipynb", *CELLS.values())
    tool.write(path, tool.rerun(path))                 # not `main`, which would keep the reason of a failure
    return path


@pytest.fixture(scope="module")
def stored(executed):
    """Its code cells by name, and its metadata."""
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return dict(zip(CELLS, cells, strict=True)), notebook["metadata"]


def models(metadata):
    return metadata["widgets"][tool.WIDGET_STATE]["state"]


def test_a_second_run_changes_nothing_and_does_not_touch_the_file(executed, capsys):
    before = executed.read_bytes(), executed.stat().st_mtime_ns, executed.stat().st_ino
    assert tool.main([str(executed)]) == 0
    assert (executed.read_bytes(), executed.stat().st_mtime_ns, executed.stat().st_ino) == before
    assert "unchanged" in capsys.readouterr().out


def test_each_notebook_runs_in_an_empty_folder(stored):
    assert stored[0]["folder"]["outputs"][0]["text"] == ["[]\n"]


def test_counts_run_from_one_and_nothing_of_the_editor_stays(stored):
    cells, metadata = stored
    assert [cell["execution_count"] for cell in cells.values()] == list(range(1, len(CELLS) + 1))
    assert cells["value"]["outputs"][0]["execution_count"] == cells["value"]["execution_count"]
    assert all(cell["metadata"] == {"tags": ["keep"]} for cell in cells.values())
    assert metadata["title"] == "kept"
    assert "vscode" not in metadata
    assert "version" not in metadata["language_info"]
    assert metadata["kernelspec"]["name"] == "python3"


def test_pieces_of_a_stream_are_joined_and_a_rewritten_line_shows_its_last_text(stored):
    assert [output["text"] for output in stored[0]["stream"]["outputs"]] == [["0\n", "1\n", "2\n"]]
    assert [output["text"] for output in stored[0]["progress"]["outputs"]] == [["step 2"]]


def test_a_figure_carries_no_version_and_still_opens(stored):
    figure = base64.b64decode(stored[0]["figure"]["outputs"][0]["data"]["image/png"])
    assert b"Matplotlib" not in figure
    assert plt.imread(io.BytesIO(figure)).ndim == 3


def test_removing_remarks_leaves_every_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    file = io.BytesIO()
    plt.imsave(file, picture, format="png", metadata={"Software": "Matplotlib", "Comment": "x" * 300})
    cleaned = base64.b64decode(tool._without_remarks(base64.b64encode(file.getvalue()).decode()))
    assert b"Matplotlib" in file.getvalue()
    assert b"Matplotlib" not in cleaned
    np.testing.assert_array_equal(plt.imread(io.BytesIO(cleaned)), plt.imread(io.BytesIO(file.getvalue())))


def test_a_broken_figure_is_refused():
    with pytest.raises(tool.NotebookError, match="not a PNG"):
        tool._without_remarks(base64.b64encode(b"GIF89a").decode())


def test_every_view_has_its_state_and_what_is_not_shown_has_none(stored):
    cells, metadata = stored
    views = [cells[name]["outputs"][0]["data"][tool.WIDGET_VIEW]["model_id"] for name in ("widget", "nested")]
    assert set(views) <= set(models(metadata))
    assert sorted(model["model_name"] for model in models(metadata).values()) == [
        "AnyModel", "LayoutModel", "LayoutModel", "VBoxModel"
    ]
    assert models(metadata)[views[1]]["state"]["children"] == [f"IPY_MODEL_{views[0]}"]
    assert 99 not in [model["state"].get("value") for model in models(metadata).values()]


def test_the_state_is_the_last_one_with_its_buffers(stored):
    dial = models(stored[1])[stored[0]["widget"]["outputs"][0]["data"][tool.WIDGET_VIEW]["model_id"]]
    assert dial["state"]["value"] == 4
    buffers = [(part["path"], base64.b64decode(part["data"])) for part in dial["buffers"]]
    assert buffers == [(["parts", 0], b"new")]


def test_widget_ids_come_from_the_name_of_the_notebook(executed):
    notebook = tool.read(executed)
    same, other = tool.normalise(notebook, "kinds"), tool.normalise(notebook, "other")
    assert tool.as_text(same) == executed.read_text(encoding="utf-8")
    assert len(models(other.metadata)) == len(models(same.metadata))
    assert not set(models(other.metadata)) & set(models(same.metadata))


def test_a_view_without_state_is_refused():
    view = new_output("display_data", {tool.WIDGET_VIEW: {"model_id": "gone"}})
    with pytest.raises(tool.NotebookError, match="no state"):
        tool.normalise(new_notebook(cells=[new_code_cell("w", outputs=[view])]), "x")


def test_check_says_what_would_change_and_changes_nothing(executed, tmp_path, capsys):
    text = executed.read_text(encoding="utf-8")
    assert tool.main(["--check", str(executed)]) == 0
    stale = tmp_path / "kinds.ipynb"
    stale.write_text(text.replace('"step 2"', '"step 3"'), encoding="utf-8")
    before = stale.read_bytes()
    assert tool.main(["--check", str(stale)]) == 1
    assert stale.read_bytes() == before
    assert "WOULD CHANGE (code cells 3)" in capsys.readouterr().out


@pytest.mark.parametrize(("source", "message"), [
    ("def f(): return 1 / 0\nf()", "ZeroDivisionError: division by zero"),
    ("import sys\nprint('careful', file=sys.stderr)", "code cell 2 wrote to stderr.*\n.*careful"),
    ("import os\nos.write(2, b'from C')", "code under Python wrote.*\nfrom C"),
    ("object()", "code cell 2 shows a memory address"),
    ("import os\nprint(os.getcwd())", "code cell 2 shows a path of this machine"),
    ("import sys\nprint(sys.prefix + '/lib')", "code cell 2 shows a path of this machine"),
    ("import os\nos._exit(1)", "the kernel died.*out of memory"),
    ("import os\nos.write(2, b'abort')\nos._exit(1)", "the kernel died.*abort"),
])
def test_a_cell_that_cannot_be_stored_leaves_the_file_as_it_was(tmp_path, capsys, source, message):
    path = save(tmp_path / "bad.ipynb", "1 + 1", source)
    before = path.read_bytes()
    assert tool.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    said = capsys.readouterr().err
    assert "bad.ipynb: FAILED" in said
    assert re.search(message, said), said


SOCKETS = "Assertion failed: pfd.revents & POLLIN (src/signaler.cpp:238)"


@pytest.mark.parametrize(("when", "text", "status"), [
    ("os.write(2, b'{}')", SOCKETS, 1),
    ("import atexit; atexit.register(os.write, 2, b'{}')", SOCKETS, 0),
    ("import atexit; atexit.register(os.write, 2, b'{}')", "out of paper", 1),
])
def test_what_a_kernel_says_of_its_sockets_as_it_ends_is_left_out(tmp_path, capsys, when, text, status):
    path = save(tmp_path / "ends.ipynb", "import os", when.format(text))
    assert tool.main([str(path)]) == status
    assert ("code under Python wrote this" in (said := capsys.readouterr().err)) is bool(status), said
    assert (text in said) is bool(status)


@pytest.mark.parametrize("failures", [tool.STARTS - 1, tool.STARTS])
def test_a_kernel_that_does_not_come_up_is_started_again(tmp_path, monkeypatch, capsys, failures):
    path, tries = save(tmp_path / "starts.ipynb", "1 + 1"), []
    whole = tool._Client.async_start_new_kernel_client

    async def fail_at_first(client):
        tries.append(client)
        if len(tries) <= failures:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return await whole(client)

    monkeypatch.setattr(tool._Client, "async_start_new_kernel_client", fail_at_first)
    comes_up = failures < tool.STARTS
    assert tool.main([str(path)]) == (not comes_up)
    assert len(tries) == tool.STARTS
    assert ("no kernel came up, in 3 tries: Kernel died" in capsys.readouterr().err) is not comes_up


def test_the_stand_in_never_replaces_results_from_the_pictures(tmp_path, capsys):
    source = "from notmagic.datasets.stand_in import banner\nprint(banner(['no folder']))"
    path = save(tmp_path / "pictures.ipynb", source)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    output = {"output_type": "stream", "name": "stdout", "text": "CIFAR-10 (image folder)\n"}
    notebook["cells"][1]["outputs"] = [output]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    before = path.read_bytes()
    assert tool.main([str(path)]) == 1
    assert "set NOTMAGIC_CIFAR10" in capsys.readouterr().err
    assert path.read_bytes() == before
    notebook["cells"][1]["outputs"] = []  # never run: nothing can be lost
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert tool.main([str(path)]) == 0


def test_a_slow_cell_is_stopped(tmp_path, capsys):
    path = save(tmp_path / "slow.ipynb", "import time\ntime.sleep(60)")
    assert tool.main(["--timeout", "1", str(path)]) == 1
    assert "more than 1.0 s" in capsys.readouterr().err


def test_a_cell_that_expects_its_error_must_print_it_instead():
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    with pytest.raises(tool.NotebookError, match="stores an error"):
        tool.refuse_unstable(new_notebook(cells=[new_code_cell("f()", outputs=[error])]))


def test_one_bad_notebook_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("book", "solutions"):
        (tmp_path / folder).mkdir()
    save(tmp_path / "book" / "bad.ipynb", "1 / 0")
    good = save(tmp_path / "solutions" / "good.ipynb", "1 + 1")
    assert tool.main([]) == 1
    assert tool.read(good).cells[1].outputs[0].data["text/plain"] == "2"
    assert "solutions/good.ipynb: " in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "message"), [
    (["nowhere.ipynb"], "nowhere.ipynb is not a notebook"),
    ([], "no notebook in book/ or solutions/"),
])
def test_paths_that_name_no_notebook(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert tool.main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("text", "message"), [
    ("not json", "not valid JSON"),
    ('{"nbformat": 3, "worksheets": []}', "format 4"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "breaks the"),
])
def test_files_that_are_no_notebooks(tmp_path, text, message):
    (tmp_path / "x.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(tool.NotebookError, match=message):
        tool.read(tmp_path / "x.ipynb")


def test_missing_and_repeated_ids_are_mended_the_same_way_each_time(tmp_path):
    path = save(tmp_path / "ids.ipynb", "a", "a", "b")
    raw = json.loads(path.read_text(encoding="utf-8"))
    del raw["cells"][1]["id"], raw["cells"][2]["id"]
    raw["cells"][3]["id"] = "title"
    path.write_text(json.dumps(raw), encoding="utf-8")
    ids = [cell.id for cell in tool.read(path).cells]
    assert ids == [cell.id for cell in tool.read(path).cells]
    assert ids[0] == "title"
    assert len(set(ids)) == 4


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = save(tmp_path / "x.ipynb", "1")
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(tool.os, "replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        tool.write(path, new_notebook())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_ends_with_the_right_code(tmp_path):
    path = save(tmp_path / "bad.ipynb", "raise ValueError('on purpose')")
    run = subprocess.run([sys.executable, "-m", "notmagic.book.execute", str(path)],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "ValueError: on purpose" in run.stderr
