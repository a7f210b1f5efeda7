"""Run notebooks from top to bottom and store what they show, so that a second run changes no byte.

Command line, from the top of a checkout::

    python -m notmagic.book.execute                      # every chapter and every solution
    python -m notmagic.book.execute book/01-*.ipynb      # only these
    python -m notmagic.book.execute --check              # exit with 1 if running would change a file

Each notebook runs in a fresh kernel, in an empty temporary folder. Its outputs and the state of the
widgets it shows are stored; whatever differs from run to run for no reason (random widget ids, times,
the version line in a figure) is normalised. Whatever differs for a reason the author must mend
(messages on stderr, memory addresses, paths of this machine) is an error, and the file stays as it was.
"""

from __future__ import annotations

import argparse
import atexit
import base64
import copy
import hashlib
import json
import os
import re
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

import ipykernel.kernelspec
import nbformat
import traitlets
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from notmagic.datasets.stand_in import HEADLINE

Result = TypeVar("Result")
DEFAULT_FOLDERS = ("book", "solutions")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"

# Metadata that editors add and that says nothing to a reader.
EDITOR_CELL_METADATA = {
    "ExecuteTime", "colab", "collapsed", "execution", "id", "outputId", "pycharm", "scrolled", "vscode",
}
EDITOR_NOTEBOOK_METADATA = {"accelerator", "colab", "toc", "vscode", "widgets"}

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
# No version: it would change with the Python that happens to execute the notebook.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}

MEMORY_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
CELL_ID = re.compile(r"^[a-zA-Z0-9-_]{1,64}$")
# What a terminal shows of a line that was rewritten: the text after its last carriage return.
REWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Text from compiled code reaches a cell late or not at all, so it is caught outside of the kernel instead.
# IPython's record of past commands is of no use here, and says so on stderr where its disk is slow.
KERNEL_ARGUMENTS = [
    "--log-level=ERROR", "--IPKernelApp.capture_fd_output=False", "--HistoryManager.enabled=False",
]  # fmt: skip
# What a kernel may say when it closes its sockets while another of its threads still uses them.
CLOSING = re.compile(rb"zmq|src/signaler\.cpp")
STARTS = 3  # of a kernel that does not come up
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_REMARKS = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


class NotebookError(Exception):
    """A notebook that cannot be stored as it is; the message names the cell and the remedy."""


# Reading and writing -------------------------------------------------------------------------------------


def read(path: Path | str) -> NotebookNode:
    """Read a notebook; cells without an id, or with one used twice, get an id that depends only on them.

    Parameters
    ----------
    path : path
        An .ipynb file of notebook format 4.

    Returns
    -------
    NotebookNode
        The notebook in format 4.5, validated.

    Raises
    ------
    NotebookError
        If the file is no notebook of format 4.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise NotebookError(f"{path} is not a notebook: it is not valid JSON ({error})") from error
    if not isinstance(raw, dict) or raw.get("nbformat") != 4:
        raise NotebookError(f"{path} is not a notebook of format 4: open it in JupyterLab and save it again")
    _give_ids(raw.get("cells", []))
    raw["nbformat_minor"] = 5
    try:
        notebook = nbformat.reads(json.dumps(raw), as_version=4)
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise NotebookError(f"{path} breaks the notebook format: {error.message}") from error
    return notebook


def _give_ids(cells: Iterable[dict[str, Any]]) -> None:
    """Give each cell without a usable id one made from its text, the same at every reading."""
    taken: set[str] = set()
    for cell in cells:
        name = cell.get("id")
        if not isinstance(name, str) or not CELL_ID.match(name) or name in taken:
            text = cell.get("source", "")
            text = text if isinstance(text, str) else "".join(text)
            repeats = 0
            while (name := hashlib.sha256(f"{repeats}:{text}".encode()).hexdigest()[:8]) in taken:
                repeats += 1
            cell["id"] = name
        taken.add(name)


def as_text(notebook: NotebookNode) -> str:
    """Give the notebook as the text of its file: sorted keys, one space of indent, a newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path: Path | str, notebook: NotebookNode) -> bool:
    """Write a notebook in one step, and only where its text changed.

    Returns
    -------
    bool
        Whether the file changed. A crash leaves the old file or the new one, never half of it.
    """
    path = Path(path)
    text = as_text(notebook)
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.stem}-", delete=False
    ) as file:
        file.write(text)
    try:
        Path(file.name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(file.name, path)
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise
    return True


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """List the code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# Running -------------------------------------------------------------------------------------------------


class _ThisPython(KernelSpecManager):
    """Offers one kernel: the Python that runs this program, whatever kernels the machine has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give this Python's kernel, under any name."""
        return KernelSpec(**ipykernel.kernelspec.get_kernel_dict())


class _FreshKernel(AsyncKernelManager):
    """Starts a kernel of this Python."""

    @traitlets.default("kernel_spec_manager")
    def _this_python(self) -> KernelSpecManager:
        return _ThisPython(parent=self)


class _Client(NotebookClient):
    """nbclient, except that an array sent anew replaces every part of the old one."""

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Forget the buffers that a message replaces, then handle it."""
        content = msg["content"]
        data = content["data"]
        old = self.widget_buffers.get(content["comm_id"])
        if old and "state" in data:
            sent = set(data["state"]) | {path[0] for path in data.get("buffer_paths", [])}
            for path in [path for path in old if path[0] in sent]:
                del old[path]
        super().handle_comm_msg(outs, msg, cell_index)


def _kernel_environment(folder: Path) -> dict[str, str]:
    """Give the kernel our environment without what would change a figure or run a person's start-up files."""
    environment = dict(os.environ)
    environment.pop("MPLBACKEND", None)  # the kernel then chooses inline figures
    environment["IPYTHONDIR"] = str(folder)
    return environment


def execute(notebook: NotebookNode, timeout: float | None = 1200) -> NotebookNode:
    """Run every code cell in a fresh kernel, in an empty temporary folder.

    Parameters
    ----------
    notebook : NotebookNode
        Left unchanged.
    timeout : float or None, default 1200
        The longest one cell may take, in seconds; None for no limit.

    Returns
    -------
    NotebookNode
        A copy with the outputs as they came, and the state of every widget in its metadata.

    Raises
    ------
    NotebookError
        If a cell raises, takes too long or kills the kernel; if no kernel comes up; if compiled code writes
        to the terminal; if an output shows a path of this machine; if results from the stand-in for CIFAR-10
        would replace results from its pictures.
    """
    return started(lambda: _execute(notebook, timeout))


def started(run: Callable[[], Result]) -> Result:
    """Call `run`, again where its kernel does not come up: on a busy machine two may choose the same port.

    Raises
    ------
    NotebookError
        If it does not come up three times in a row.
    """
    for _ in range(STARTS):
        try:
            return run()
        except DeadKernelError:  # that kernel had come up
            raise
        except RuntimeError as error:
            reason = error
    raise NotebookError(f"no kernel came up, in {STARTS} tries: {reason}") from reason


def _execute(stored: NotebookNode, timeout: float | None) -> NotebookNode:
    """Run the cells once; a RuntimeError says that the kernel did not come up."""
    notebook = copy.deepcopy(stored)
    notebook.metadata.pop("widgets", None)
    with (
        tempfile.TemporaryDirectory() as work,
        tempfile.TemporaryDirectory() as profile,
        tempfile.TemporaryFile() as below,
    ):
        client = _Client(
            notebook,
            kernel_manager_class=_FreshKernel,
            extra_arguments=KERNEL_ARGUMENTS,
            timeout=timeout,
            record_timing=False,
            store_widget_state=True,
        )
        written = 0  # bytes below, when the last cell was done

        def note(**_: Any) -> None:
            nonlocal written
            written = os.fstat(below.fileno()).st_size

        client.on_cell_executed = note
        environment = _kernel_environment(Path(profile))
        try:
            client.execute(cwd=work, env=environment, stdout=below, stderr=below)
        except CellExecutionError as error:
            raise NotebookError(f"a cell raised an error.\n{COLOUR.sub('', str(error))}") from error
        except CellTimeoutError as error:
            raise NotebookError(f"a cell took more than {timeout} s.\n{error}") from error
        except DeadKernelError as error:
            said = _said(below) or "nothing; most often the machine ran out of memory"
            raise NotebookError(f"the kernel died. Its last words: {said}") from error
        finally:
            atexit.unregister(client._cleanup_kernel)  # nbclient forgets it where no kernel came up
        if said := _said(below, written):
            raise NotebookError(f"code under Python wrote this, which a notebook cannot store:\n{said}")
        refuse_stand_in(stored, notebook)
        _refuse_paths(notebook, {Path(work), Path(profile)})
    return notebook


def _said(file: IO[bytes], written: int | None = None) -> str:
    """Give what compiled code, or a program it started, wrote past Python's own streams.

    After the first `written` bytes the kernel was ending; what it then says of its own sockets is left out.
    """
    file.seek(0)
    said, at_the_end = file.read(written), file.read()
    if not CLOSING.search(at_the_end):
        said += at_the_end
    return said.decode(errors="replace").strip()


# Refusing ------------------------------------------------------------------------------------------------


def _strings(value: Any) -> Iterator[str]:
    """Yield every string inside nested lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _shown(output: NotebookNode) -> Iterator[str]:
    """Yield what an output shows as text: its streams and its data, pictures left out."""
    yield from _strings(output.get("text", ""))
    for mime, data in output.get("data", {}).items():
        if not mime.startswith("image/") or mime == "image/svg+xml":
            yield from _strings(data)


def _refuse_paths(notebook: NotebookNode, folders: set[Path]) -> None:
    """Raise if an output names a folder of this machine: it would be wrong everywhere else."""
    folders = {*folders, Path.home(), Path.cwd(), Path(sys.prefix), Path(tempfile.gettempdir())}
    if pictures := os.environ.get("NOTMAGIC_CIFAR10"):
        folders.add(Path(pictures))
    names = {str(folder) for folder in folders if folder.is_absolute() and len(folder.parts) > 1}
    for number, cell in enumerate(code_cells(notebook), 1):
        for text in (text for output in cell.outputs for text in _shown(output)):
            for name in names:
                if re.search(re.escape(name) + r"(?![\w.-])", text):
                    raise NotebookError(
                        f"code cell {number} shows a path of this machine ({name}); "
                        "print the file's name alone"
                    )


def refuse_unstable(notebook: NotebookNode) -> None:
    """Raise if an output would differ at the next run, or reports trouble.

    Raises
    ------
    NotebookError
        If a cell wrote to stderr, stored an error, or shows a memory address.
    """
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            if output.output_type == "error":
                raise NotebookError(
                    f"code cell {number} stores an error ({output.ename}: {output.evalue}); "
                    "catch the error in the cell and print its message"
                )
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookError(
                    f"code cell {number} wrote to stderr; mend what it warns of:\n{output.text}"
                )
            for text in _shown(output):
                if address := MEMORY_ADDRESS.search(text):
                    raise NotebookError(
                        f"code cell {number} shows a memory address ({address[0]}), different at every run; "
                        "print something with a stable text, or end the cell with plt.show()"
                    )


def refuse_stand_in(old: NotebookNode, new: NotebookNode) -> None:
    """Raise if results from the drawn stand-in would replace results from the real CIFAR-10 pictures.

    Raises
    ------
    NotebookError
        If `new` shows the stand-in's banner and `old`, which has outputs, does not.
    """
    before, after = (
        [text for cell in code_cells(notebook) for output in cell.outputs for text in _shown(output)]
        for notebook in (old, new)
    )
    if before and any(HEADLINE in text for text in after) and not any(HEADLINE in text for text in before):
        raise NotebookError(
            "the CIFAR-10 pictures were not found, and results from the drawn stand-in would replace those "
            "from the pictures; set NOTMAGIC_CIFAR10 to the folder that holds the pictures"
        )


# Normalising ---------------------------------------------------------------------------------------------


def normalise(notebook: NotebookNode, name: str) -> NotebookNode:
    """Bring an executed notebook into the one form that is stored.

    Parameters
    ----------
    notebook : NotebookNode
        Left unchanged.
    name : str
        The notebook's name; the ids of its widgets are made from it.

    Returns
    -------
    NotebookNode
        A copy: cells counted 1 to n, consecutive pieces of stdout joined, figures without remarks,
        metadata without traces of editor or machine, widget ids made from `name` and order. Only
        the widgets that an output shows, and those inside them, keep their state.
    """
    notebook = copy.deepcopy(notebook)
    widgets = notebook.metadata.get("widgets", {}).get(WIDGET_STATE)
    for key in EDITOR_NOTEBOOK_METADATA & set(notebook.metadata):
        del notebook.metadata[key]
    notebook.metadata.update(nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO}))
    for cell in notebook.cells:
        for key in EDITOR_CELL_METADATA & set(cell.metadata):
            del cell.metadata[key]
    for number, cell in enumerate((cell for cell in code_cells(notebook) if cell.source.strip()), 1):
        cell.execution_count = number
        cell.outputs = _join_streams(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
            if png := output.get("data", {}).get("image/png"):
                output.data["image/png"] = _without_remarks(png)
    return _with_widgets(notebook, widgets, name)


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive stream outputs: how a long text was cut into messages is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        before = joined[-1] if joined else None
        if before and output.output_type == before.output_type == "stream" and output.name == before.name:
            before.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = REWRITTEN.sub("", output.text)
    return joined


def _without_remarks(png: str) -> str:
    """Drop the remarks from a base64 PNG, where Matplotlib writes its version; the figure stays the same.

    Source: PNG specification (third edition), section 5: length, type, data and check sum for each chunk.
    """
    data = base64.b64decode(png)
    if not data.startswith(PNG_SIGNATURE):
        raise NotebookError("an output declared as image/png is not a PNG file")
    kept, start = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while start < len(data):
        length, kind = struct.unpack(">I4s", data[start : start + 8])
        end = start + 12 + length
        if kind not in PNG_REMARKS:
            kept.append(data[start:end])
        start = end
    return base64.b64encode(b"".join(kept)).decode("ascii") + "\n"


def _with_widgets(notebook: NotebookNode, widgets: dict[str, Any] | None, name: str) -> NotebookNode:
    """Store the state of the widgets that are shown, under ids made from the notebook's name and order."""
    state = (widgets or {}).get("state", {})
    shown = _reachable(notebook, state)
    if shown:
        notebook.metadata["widgets"] = nbformat.from_dict({
            WIDGET_STATE: {
                "state": {model: state[model] for model in shown},
                "version_major": 2,
                "version_minor": 0,
            }
        })
        for model in notebook.metadata.widgets[WIDGET_STATE]["state"].values():
            model.get("buffers", []).sort(key=lambda buffer: json.dumps(buffer["path"]))
            if model["model_name"] == "LayoutModel":  # null is its default: fifty lines that say nothing
                model["state"] = {key: value for key, value in model["state"].items() if value is not None}
        become = {model: uuid5(NAMESPACE_URL, f"{name}/{order}").hex for order, model in enumerate(shown)}
        pattern = "|".join(re.escape(model) for model in shown)
        text = re.sub(pattern, lambda match: become[match[0]], as_text(notebook))
        notebook = nbformat.reads(text, as_version=4)
    return notebook


def _reachable(notebook: NotebookNode, state: dict[str, Any]) -> list[str]:
    """List the ids of the widgets that outputs show and of those inside them, in order of appearance."""
    waiting = [
        output.data[WIDGET_VIEW]["model_id"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if WIDGET_VIEW in output.get("data", {})
    ]
    found: list[str] = []
    while waiting:
        model = waiting.pop(0)
        if model in found:
            continue
        if model not in state:
            raise NotebookError(f"an output shows the widget {model}, but the kernel sent no state for it")
        found.append(model)
        inside = [text for _, value in sorted(state[model]["state"].items()) for text in _strings(value)]
        waiting += [text.removeprefix("IPY_MODEL_") for text in inside if text.startswith("IPY_MODEL_")]
    return found


# The command ---------------------------------------------------------------------------------------------


def rerun(path: Path | str, timeout: float | None = 1200) -> NotebookNode:
    """Execute the notebook at `path` and give it in the form that is stored; the file is not touched."""
    path = Path(path)
    executed = execute(read(path), timeout)
    refuse_unstable(executed)
    return normalise(executed, path.stem)


def find(paths: Sequence[str]) -> list[Path]:
    """List the notebooks to run: those named, or every chapter and solution.

    Raises
    ------
    NotebookError
        If a named file is no notebook that exists, or there is no notebook at all.
    """
    if not paths:
        found = sorted(path for folder in DEFAULT_FOLDERS for path in Path(folder).glob("*.ipynb"))
        if not found:
            folders = " or ".join(f"{folder}/" for folder in DEFAULT_FOLDERS)
            raise NotebookError(f"no notebook in {folders} here: run this from the top of the checkout")
        return found
    for path in paths:
        if not path.endswith(".ipynb") or not Path(path).is_file():
            raise NotebookError(f"{path} is not a notebook: name .ipynb files that exist")
    return [Path(path) for path in paths]


def changed_cells(old: NotebookNode, new: NotebookNode) -> str:
    """Say in words which code cells differ between two versions of a notebook."""
    pairs = zip(code_cells(old), code_cells(new), strict=True)
    numbers = [str(number) for number, (before, after) in enumerate(pairs, 1) if before != after]
    return f"code cells {', '.join(numbers)}" if numbers else "metadata only"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give 0 if all went well, 1 if a notebook failed or `--check` found a change."""
    parser = argparse.ArgumentParser(
        prog="python -m notmagic.book.execute", description="Run notebooks and store their outputs."
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="NOTEBOOK", help="default: book/*.ipynb solutions/*.ipynb")
    add("--check", action="store_true", help="change nothing; exit with 1 if running would")
    add("--timeout", type=float, default=1200, help="seconds one cell may take (default 1200)")
    options = parser.parse_args(arguments)
    try:
        paths = find(options.paths)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    return max(_run_one(path, options.check, options.timeout) for path in paths)


def _run_one(path: Path, check: bool, timeout: float) -> int:
    """Run one notebook for the command line and say how it went."""
    start = time.perf_counter()
    try:
        notebook = rerun(path, timeout)
    except NotebookError as error:
        print(f"{path}: FAILED, the file is as it was: {error}", file=sys.stderr, flush=True)
        return 1
    seconds = time.perf_counter() - start
    changed = path.read_bytes() != as_text(notebook).encode()
    verdict = "unchanged"
    if changed:
        verdict = f"{'WOULD CHANGE' if check else 'changed'} ({changed_cells(read(path), notebook)})"
    if changed and not check:
        write(path, notebook)
    print(f"{path}: {seconds:.1f} s, {verdict}", flush=True)
    return int(changed and check)


if __name__ == "__main__":
    sys.exit(main())
