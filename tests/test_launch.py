"""Opening a notebook elsewhere: the setup cell in Colab, the image that Binder builds, the workflows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import missing
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notmagic.book import execute, repository_url, setup_cell

ROOT = Path(__file__).resolve().parent.parent
URL = repository_url(ROOT)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

# The setup cell -------------------------------------------------------------------------------------------

# Colab's own module: what the cell calls is written down.
COLAB_OUTPUT = """
import os, pathlib
def enable_custom_widget_manager():
    pathlib.Path(os.environ["LOG"], "widgets-enabled").touch()
"""
# A pip that writes down what it was asked, and "installs" by making the package appear on the path.
PIP = """
import json, os, pathlib, sys
log = pathlib.Path(os.environ["LOG"])
with (log / "pip").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
package = pathlib.Path(__file__).parent / "notmagic"
package.mkdir()
(package / "__init__.py").write_text("fresh = True\\n")
"""
# Hides the installed package: notmagic is then found in this folder or nowhere.
HIDE = """
import importlib.machinery, pathlib, sys
here, finders = str(pathlib.Path(__file__).parent), list(sys.meta_path)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "notmagic":
            return importlib.machinery.PathFinder.find_spec(name, [here])
        found = (finder.find_spec(name, path, target) for finder in finders)
        return next((spec for spec in found if spec is not None), None)
    def invalidate_caches(self):
        importlib.machinery.PathFinder.invalidate_caches()
sys.meta_path[:] = [Finder()]
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Give a function that runs the setup cell on a machine with or without Colab and the package."""
    modules, log = tmp_path / "modules", tmp_path / "log"
    for folder in (modules, log):
        folder.mkdir()
    (modules / "pip.py").write_text(PIP, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.setenv("LOG", str(log))
    for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(*, colab, installed, after="None"):
        if colab:
            (modules / "google" / "colab").mkdir(parents=True)
            (modules / "google" / "colab" / "__init__.py").touch()
            (modules / "google" / "colab" / "output.py").write_text(COLAB_OUTPUT, encoding="utf-8")
        if not installed:
            (modules / "sitecustomize.py").write_text(HIDE, encoding="utf-8")
        cells = [new_code_cell(setup_cell.source(URL)), new_code_cell(after)]
        first, second = execute.execute(new_notebook(cells=cells)).cells
        calls = (log / "pip").read_text(encoding="utf-8").splitlines() if (log / "pip").exists() else []
        return (
            "".join(output.get("text", "") for output in first.outputs),
            "".join(output.get("text", "") for output in second.outputs),
            [json.loads(call) for call in calls],
            (log / "widgets-enabled").exists(),
        )

    return run


def test_colab_without_the_package_installs_it_alone(machine):
    after = "import os, notmagic\nprint(notmagic.fresh, os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    said, later, calls, widgets = machine(colab=True, installed=False, after=after)
    assert calls == [["install", "-q", "--no-deps", f"notmagic @ git+{URL}"]]
    assert later == "True 3\n"
    assert widgets
    assert len(said.splitlines()) <= 1


def test_colab_with_the_package_installs_nothing(machine):
    said, _, calls, widgets = machine(colab=True, installed=True)
    assert (said, calls, widgets) == ("", [], True)


def test_elsewhere_with_the_package_it_sets_up_quietly(machine):
    after = "import os, sys\nprint(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules)"
    assert machine(colab=False, installed=True, after=after) == ("", "0 False\n", [], False)


def test_elsewhere_without_the_package_it_says_what_to_type(machine, tmp_path):
    with pytest.raises(execute.NotebookError) as caught:
        machine(colab=False, installed=False)
    assert f'python -m pip install "notmagic[tensorflow] @ git+{URL}"' in str(caught.value)
    assert not (tmp_path / "log" / "pip").exists()


def test_the_cell_goes_before_the_first_code_cell_and_replaces_an_older_one():
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("1"), new_code_cell("2")])
    setup_cell.insert(notebook, URL)
    assert [cell.source for cell in notebook.cells] == ["# Title", setup_cell.source(URL), "1", "2"]
    notebook.cells[1].source, name = "an older text", notebook.cells[1].id
    setup_cell.insert(notebook, URL)
    assert [cell.source for cell in notebook.cells] == ["# Title", setup_cell.source(URL), "1", "2"]
    assert notebook.cells[1].id == name


def test_the_command_writes_the_cell_once_and_check_only_looks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "_config.yml").write_text(f"repository:\n  url: {URL}\n", encoding="utf-8")
    (tmp_path / "book").mkdir()
    path = tmp_path / "book" / "x.ipynb"
    execute.write(path, new_notebook(cells=[new_code_cell("1", id="one")]))
    before = path.read_bytes()
    assert setup_cell.main(["--check"]) == 1
    assert path.read_bytes() == before
    assert setup_cell.main([]) == 0
    assert execute.read(path).cells[0].source == setup_cell.source(URL)
    assert setup_cell.main(["--check"]) == 0
    capsys.readouterr()
    assert setup_cell.main([]) == 0
    assert capsys.readouterr().out == ""


# Binder ---------------------------------------------------------------------------------------------------


def test_binder_takes_our_python_and_our_requirements():
    """repo2docker says what it would build, without Docker."""
    run = subprocess.run([sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
                         capture_output=True, text=True, check=False)
    if "No module named repo2docker" in run.stderr:
        missing("repo2docker", "Type: python -m pip install jupyter-repo2docker")
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    version = (ROOT / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert f"Building conda environment for python={version}" in said
    assert re.search(r'pip install --no-cache-dir -r "requirements\.txt"', said)


def test_nothing_hides_the_root_requirements_from_binder():
    hiding = ("binder", ".binder", "environment.yml", "Pipfile", "Pipfile.lock")
    assert not [name for name in hiding if (ROOT / name).exists()]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert "." in [line.strip() for line in lines], "the course's own package"


# Workflows ------------------------------------------------------------------------------------------------


def workflow(name):
    """Read a workflow; YAML 1.1 takes the key `on` for the value true."""
    content = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in content.items()}


def steps(content):
    return [step for job in content["jobs"].values() for step in job["steps"]]


def commands(content):
    return [step["run"] for step in steps(content) if "run" in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_workflow_is_complete_and_pins_its_actions(path):
    content = workflow(path.name)
    assert {"name", "on", "permissions", "jobs"} <= set(content)
    assert content["permissions"] == {"contents": "read"}
    for job in content["jobs"].values():
        assert job["runs-on"] == "ubuntu-latest"
        assert job["timeout-minutes"] <= 60
    actions = [step["uses"] for step in steps(content) if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in actions)
    assert all(("run" in step) != ("uses" in step) for step in steps(content))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_names_is_there(path):
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:tests/\w+\.py|\.github/[\w-]+\.txt|requirements\.\w+)", text)
    assert [name for name in named if not (ROOT / name).is_file()] == []
    targets = re.findall(r"\bmake (\w+)", text)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_each_push_is_tested_on_the_three_pythons():
    content = workflow("test.yml")
    assert content["on"]["push"] == {"branches": ["main"]}
    assert "pull_request" in content["on"]
    assert content["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert commands(content) == ["make test PYTHON=python"]


def test_only_what_the_tests_passed_is_published():
    content = workflow("publish.yml")
    assert content["on"]["workflow_run"]["workflows"] == [workflow("test.yml")["name"]]
    assert "conclusion == 'success'" in content["jobs"]["build"]["if"]
    assert content["jobs"]["deploy"]["needs"] == "build"
    assert content["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert content["jobs"]["deploy"]["steps"][-1]["uses"].startswith("actions/deploy-pages@")
    assert commands(content) == ["make book PYTHON=python"]


def test_each_week_the_newest_versions_and_those_of_colab_are_tried():
    content = workflow("weekly.yml")
    assert len(content["on"]["schedule"]) == 1
    newest, colab = ("\n".join(step.get("run", "") for step in content["jobs"][name]["steps"])
                     for name in ("newest", "colab"))
    assert "requirements.lock" not in newest + colab
    assert "--upgrade" in newest
    assert "--constraint .github/colab-constraints.txt" in colab
    assert "tests/test_notebooks.py" in colab


def test_colabs_versions_are_exact_and_ours_allow_them():
    from packaging.requirements import Requirement

    lines = (ROOT / ".github" / "colab-constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {pin.name: str(pin.specifier).removeprefix("==") for pin in pins}
    assert {"numpy", "tensorflow", "keras", "ipywidgets", "anywidget", "scikit-image"} <= set(versions)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line.partition("#")[0].strip() for line in lines]
    for wanted in (Requirement(line) for line in lines if line and line != "."):
        if wanted.name in versions:
            assert wanted.specifier.contains(versions[wanted.name]), f"{wanted} shuts out Colab"
