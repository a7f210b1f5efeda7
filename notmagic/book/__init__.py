"""What building the book needs: executing notebooks, the setup cell, retargeting, the site's glue.

Nothing here is needed to read or run a chapter. The tools are commands, run from the top of a checkout,
such as `python -m notmagic.book.execute`.
"""

from __future__ import annotations

from pathlib import Path

CONFIG = "_config.yml"


def repository_url(root: Path | str = ".") -> str:
    """Where the course's repository is: `repository: url:` in `_config.yml`, the one place that says so.

    Parameters
    ----------
    root : path, default "."
        The top of the checkout.

    Returns
    -------
    str
        The address without a closing slash or `.git`, for example ``https://github.com/owner/repo``.

    Raises
    ------
    FileNotFoundError
        If there is no `_config.yml` in `root`.
    ValueError
        If `_config.yml` names no repository.
    """
    import yaml  # comes with Jupyter Book; a reader's Python need not have it

    path = Path(root) / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"no {CONFIG} in {Path(root).resolve()}: run this from the top of the course's checkout"
        )
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    url = (settings.get("repository") or {}).get("url")
    if not url:
        raise ValueError(
            f"{path} names no repository: add `repository:` with `url: https://github.com/OWNER/REPO`"
        )
    return str(url).rstrip("/").removesuffix(".git")
