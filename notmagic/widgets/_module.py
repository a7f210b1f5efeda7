"""Put a widget's module together: what several widgets share stands once, in ``kit.js`` and ``kit.css``.

A page runs each widget from a blob, where nothing can be imported. So the source says, as any module
would, ``import { make } from "./kit.js";`` and here the line is replaced by the text of the kit.
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|class)", re.MULTILINE)


def module_text(name: str) -> str:
    """Return the text of a widget's module with the modules beside it that it imports put in.

    Parameters
    ----------
    name : str
        A file of this folder, such as ``"fit_line.js"``.

    Returns
    -------
    str
        An ES module without imports. Names of the kit are not exported from it.

    Raises
    ------
    ValueError
        If the module imports a name that is not exported there, or imports in another form.
    """
    text = (HERE / name).read_text(encoding="utf-8")
    text = _IMPORT.sub(lambda found: _inlined(name, found), text)
    if re.search(r"^import\b", text, re.MULTILINE):
        raise ValueError(f'{name} imports in a form unknown here; write: import {{ names }} from "./kit.js";')
    return text


def _inlined(importer: str, found: re.Match[str]) -> str:
    names, source = found.groups()
    text = (HERE / source).read_text(encoding="utf-8")
    for wanted in filter(None, (part.strip() for part in names.split(","))):
        if not re.search(rf"^export (const|function|class) {re.escape(wanted)}\b", text, re.MULTILINE):
            raise ValueError(f"{importer} imports {wanted}, which {source} does not export")
    return _EXPORT.sub("", text)


def style_text(name: str) -> str:
    """Return a widget's style sheet, behind the one that all widgets share."""
    return "".join((HERE / part).read_text(encoding="utf-8") for part in ("kit.css", name))
