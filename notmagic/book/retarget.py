"""Make the checkout speak of another repository: for a fork, or a course under a new owner.

Command line, from the top of a checkout::

    python -m notmagic.book.retarget https://github.com/OWNER/REPO

The present repository is the one `_config.yml` names. Every mention of it in the text files that git
tracks is changed: its address, the Binder and Colab links, the address of the published pages. A name
that is only similar is left alone, so going back restores every byte.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from notmagic.book import CONFIG, repository_url

# GitHub's own rules for names: an owner has up to 39 letters, digits and single hyphens.
ADDRESS = re.compile(
    r"https://github\.com/(?P<owner>[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38})/(?P<repo>[A-Za-z0-9._-]+?)(?:\.git)?/?"
)


def owner_and_repo(url: str) -> tuple[str, str]:
    """Take a repository's address apart.

    Raises
    ------
    ValueError
        If `url` is not of the form ``https://github.com/OWNER/REPO``.
    """
    match = ADDRESS.fullmatch(url)
    if not match or not match["repo"].strip("."):
        raise ValueError(f"{url!r} is not a repository's address; expected https://github.com/OWNER/REPO")
    return match["owner"], match["repo"]


def mentions(url: str) -> list[str]:
    """List the forms in which texts mention a repository: plain, percent-encoded, and its published pages.

    The pages of a repository called OWNER.github.io have no second part; hosts are in small letters.
    """
    owner, repo = owner_and_repo(url)
    host = f"{owner.lower()}.github.io"
    pages = host if repo.lower() == host else f"{host}/{repo}"
    return [f"{owner}/{repo}", f"{owner}%2F{repo}", pages]


def replace(text: str, old: str, new: str) -> tuple[str, int]:
    """Change every mention of the repository at `old` into one of the repository at `new`.

    Returns
    -------
    tuple of str and int
        The new text, and how many mentions were changed.
    """
    become = dict(zip(mentions(old), mentions(new), strict=True))
    # Not inside a longer name: neither my-owner/repo nor owner/repo-2 nor owner/repo.js, but owner/repo.git.
    pattern = r"(?:(?<![A-Za-z0-9_.-])|(?<=%2F))(?:{})(?![A-Za-z0-9_-]|\.(?!git\b)[A-Za-z0-9])".format(
        "|".join(re.escape(form) for form in become)
    )
    return re.subn(pattern, lambda match: become[match[0]], text)


def tracked_files(root: Path) -> list[Path]:
    """List the regular files that git tracks in `root`.

    Raises
    ------
    ValueError
        If `root` is not the top of a git checkout.
    """
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listing.returncode or not (root / ".git").exists():
        raise ValueError(
            f"{root.resolve()} is not a git checkout: clone the repository and run this at its top"
        )
    paths = [root / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def retarget(url: str, root: Path | str = ".") -> dict[Path, int]:
    """Change every mention of the checkout's repository into one of the repository at `url`.

    Parameters
    ----------
    url : str
        ``https://github.com/OWNER/REPO``.
    root : path, default "."
        The top of the checkout.

    Returns
    -------
    dict
        The files that changed, each with the number of mentions.

    Raises
    ------
    ValueError
        If `url` is no repository's address, or `root` no checkout.
    FileNotFoundError
        If `root` has no `_config.yml`.
    """
    root = Path(root)
    owner_and_repo(url)
    old = repository_url(root)
    texts: dict[Path, str] = {}
    counts: dict[Path, int] = {}
    for path in tracked_files(root):
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or weights
        changed, count = replace(text, old, url)
        if changed != text:
            texts[path], counts[path] = changed, count
    # _config.yml comes last: until it is written, a broken run can be repeated.
    for path in sorted(texts, key=lambda path: path == root / CONFIG):
        path.write_bytes(texts[path].encode("utf-8"))
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give 0, or 1 with a message if nothing could be done."""
    parser = argparse.ArgumentParser(
        prog="python -m notmagic.book.retarget", description="Point the course at another repository."
    )
    parser.add_argument("url", help="https://github.com/OWNER/REPO")
    options = parser.parse_args(arguments)
    try:
        counts = retarget(options.url)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    for path, count in counts.items():
        print(f"{path}: {count}")
    print(f"{sum(counts.values())} mentions in {len(counts)} files now name {options.url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
