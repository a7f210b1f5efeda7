"""Pointing the course at a fork changes every mention of the repository, nothing else, and can be undone."""

import subprocess
from pathlib import Path

import pytest

from notmagic.book import repository_url, retarget, setup_cell

ROOT = Path(__file__).resolve().parent.parent
OLD = repository_url(ROOT)
# Put together here: written out, they would be mentions that going back changes.
FORKS = [
    "https://github.com/" + "/".join(fork)
    for fork in (("me", "fork"), ("Some-One", "Some-One".lower() + ".github.io"))
]
FORKS.append(OLD + "-2")


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def originals():
    """The files of this checkout as they are now: those git tracks, and new ones it would."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             cwd=ROOT, check=True, capture_output=True, text=True)
    names = [name for name in listing.stdout.split("\0") if (ROOT / name).is_file()]
    return {name: (ROOT / name).read_bytes() for name in names}


@pytest.fixture
def checkout(originals, tmp_path):
    """A copy of this checkout, with its own git."""
    for name, content in originals.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all", "--force")
    return tmp_path


def contents(checkout, originals):
    return {name: (checkout / name).read_bytes() for name in originals}


def test_no_mention_of_the_old_owner_is_left_and_going_back_restores_every_byte(checkout, originals):
    owner, _ = retarget.owner_and_repo(OLD)
    changed = retarget.retarget(FORKS[0], checkout)
    assert {"_config.yml", "README.md", "CITATION.cff"} <= {path.name for path in changed}
    left = [name for name in originals if owner.encode().lower() in (checkout / name).read_bytes().lower()]
    assert left == []
    assert repository_url(checkout) == FORKS[0]
    retarget.retarget(OLD, checkout)
    back = contents(checkout, originals)
    assert [name for name in originals if back[name] != originals[name]] == []


@pytest.mark.parametrize("fork", FORKS[1:])
def test_going_there_and_back_restores_every_byte_for_awkward_names_too(checkout, originals, fork):
    retarget.retarget(fork, checkout)
    assert repository_url(checkout) == fork
    retarget.retarget(OLD, checkout)
    back = contents(checkout, originals)
    assert [name for name in originals if back[name] != originals[name]] == []


def test_a_second_time_changes_nothing(checkout, originals):
    assert retarget.retarget(FORKS[0], checkout)
    after = contents(checkout, originals)
    assert retarget.retarget(FORKS[0], checkout) == {}
    assert contents(checkout, originals) == after


def test_the_notebooks_then_carry_the_setup_cell_of_the_fork(checkout, monkeypatch, capsys):
    retarget.retarget(FORKS[0], checkout)
    monkeypatch.chdir(checkout)
    assert list(checkout.glob("book/*.ipynb"))
    assert setup_cell.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(("text", "wanted"), [
    ("https://github.com/a/b", "https://github.com/New/c"),
    ("git+https://github.com/a/b.git", "git+https://github.com/New/c.git"),
    ("https://mybinder.org/v2/gh/a/b/main?urlpath=x", "https://mybinder.org/v2/gh/New/c/main?urlpath=x"),
    ("https%3A%2F%2Fgithub.com%2Fa%2Fb&x", "https%3A%2F%2Fgithub.com%2FNew%2Fc&x"),
    ("See https://a.github.io/b/. And a/b.", "See https://new.github.io/c/. And New/c."),
    ("other-a/b a/b-2 a/bb a/b.js a.github.io/bb", "other-a/b a/b-2 a/bb a/b.js a.github.io/bb"),
])
def test_which_mentions_change(text, wanted):
    assert retarget.replace(text, "https://github.com/a/b", "https://github.com/New/c")[0] == wanted


def test_the_pages_of_an_owners_own_site_have_no_second_part():
    text = "https://a.github.io/b/book and https://github.com/a/b"
    site = "https://github.com/me/me.github.io"
    moved, count = retarget.replace(text, "https://github.com/a/b", site)
    assert (moved, count) == ("https://me.github.io/book and https://github.com/me/me.github.io", 2)
    assert retarget.replace(moved, site, "https://github.com/a/b") == (text, 2)


@pytest.mark.parametrize("url", [
    "you/copy", "git@github.com:you/copy.git", "https://gitlab.com/you/copy", "https://github.com/you",
    "https://github.com/you/copy/tree/main", "https://github.com/-you/copy", "https://github.com/you/..", "",
])
def test_what_is_no_repository_is_refused_and_nothing_changes(checkout, originals, monkeypatch, capsys, url):
    monkeypatch.chdir(checkout)
    assert retarget.main([url]) == 1
    assert "expected https://github.com/OWNER/REPO" in capsys.readouterr().err
    assert contents(checkout, originals) == originals


def test_the_command_counts_what_it_changed(checkout, monkeypatch, capsys):
    monkeypatch.chdir(checkout)
    assert retarget.main([FORKS[0] + ".git"]) == 0
    said = capsys.readouterr().out
    assert "README.md: " in said
    assert f"now name {FORKS[0]}" in said


def test_it_runs_only_at_the_top_of_a_checkout(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert retarget.main([FORKS[0]]) == 1
    assert "no _config.yml" in capsys.readouterr().err
    (tmp_path / "_config.yml").write_text(f"repository:\n  url: {OLD}\n", encoding="utf-8")
    assert retarget.main([FORKS[0]]) == 1
    assert "not a git checkout" in capsys.readouterr().err
    (tmp_path / "_config.yml").write_text("title: x\n", encoding="utf-8")
    assert retarget.main([FORKS[0]]) == 1
    assert "names no repository" in capsys.readouterr().err
