"""The JavaScript that needs no page, run by Node: the widgets' arithmetic and the core of their host."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, missing

from notmagic.widgets._module import module_text

SUITES = sorted(path.name for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
WIDGETS = sorted(path.name for path in (ROOT / "notmagic" / "widgets").glob("*.js") if path.name != "kit.js")


@pytest.mark.parametrize("suite", SUITES)
def test_under_node(suite):
    node = shutil.which("node")
    if not node:
        missing("Node", "Install Node 20 or newer: https://nodejs.org/")
    command = [node, "--test", str(ROOT / "tests" / "js" / suite)]
    environment = {**os.environ, "PYTHON": sys.executable}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-1000:]


@pytest.mark.parametrize("name", WIDGETS)
def test_every_widget_has_a_suite_and_a_module_without_imports(name):
    assert f"{Path(name).stem}.test.mjs" in SUITES
    assert "import " not in [line[:7] for line in module_text(name).splitlines()]
