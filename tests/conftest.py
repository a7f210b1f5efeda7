"""What all tests share: thread counts that do not fight, and what to do when something is missing."""

import os

# Two test workers on two cores: one thread each, set before NumPy or TensorFlow is imported.
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_threads = str(max(1, (os.cpu_count() or 1) // _workers))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
              "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(_name, _threads)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("MPLBACKEND", "agg")

from pathlib import Path  # noqa: E402

import matplotlib.font_manager  # noqa: E402, F401  lists the fonts now: a kernel that does says so on stderr
import pytest  # noqa: E402

pytest_plugins = ("site_tools", "widget_tools")
pytest.register_assert_rewrite("check_tools")       # its tests say what they compared when they fail

ROOT = Path(__file__).resolve().parent.parent


def missing(what: str, remedy: str) -> None:
    """Say what a test lacks: skip on a person's machine, fail in CI, where nothing may be missing."""
    message = f"Missing: {what}. {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def cifar10_folder() -> Path:
    """The folder with the real CIFAR-10 pictures named by NOTMAGIC_CIFAR10."""
    folder = os.environ.get("NOTMAGIC_CIFAR10", "")
    if not folder or not Path(folder).is_dir():
        missing("the CIFAR-10 pictures", "Set NOTMAGIC_CIFAR10 to the folder that holds them.")
    return Path(folder)


# Each of them keeps a processor core busy, most for a minute.
LONG = {
    "test_the_code_gives_what_is_stored", "test_chapters_about_cifar10_run_on_the_stand_in",
    "test_claimed_accuracies_can_be_measured_again", "test_the_solution_earns_every_point_and_the_blank_none",
}


def pytest_collection_modifyitems(items):
    """Spread the long tests among the modules: two at once fight for the cores, a browser waits a lot.

    They go between modules, not into them, so that no module's fixtures are made twice; and every other one
    later than its neighbour, since the longest stand together.
    """
    modules, long = {}, []
    for item in items:
        if getattr(item, "originalname", item.name) in LONG:
            long.append(item)
        else:
            modules.setdefault(item.path, []).append(item)
    if not modules:
        return
    long = long[::2] + long[1::2]
    items.clear()
    placed = 0
    for number, tests in enumerate(modules.values(), 1):
        due = round(len(long) * number / len(modules))
        items.extend([*tests, *long[placed:due]])
        placed = due
