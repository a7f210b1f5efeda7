"""One small style sheet instead of seven: what the built pages use of the theme's styles, and no more.

The theme ships 400 KB of CSS, of which a page of this book uses about a tenth. After a build we read the
classes, ids and elements of all pages and keep the rules that can apply to them. A rule is dropped only
where some class, id or element that it requires is on no page and on no list of names that scripts add.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
# What a selector requires to be on the page. The content of :not(...) and :is(...) is taken out before.
REQUIRED = re.compile(r"(?P<kind>[.#]?)(?P<name>-?[_a-zA-Z](?:[\w-]|\\.)*)")
FUNCTION = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
PSEUDO = re.compile(r"::?[\w-]+(?:\([^()]*\))?")
ATTRIBUTE = re.compile(r"\[[^\]]*\]")
# A declaration that would fetch a file: an icon of Sphinx's plainest theme.
FETCHING = re.compile(r"[\w-]+\s*:[^;]*url\((?!['\"]?(?:data:|#))[^)]*\)[^;]*(?:;|$)")
READING = re.compile(r"var\(\s*(--[\w-]+)")
DECLARATION = re.compile(
    r"(?<=[{;\s])(--[\w-]+)\s*:[^;{}\"']*(?:\"[^\"]*\"|'[^']*')*[^;{}]*(?:;|(?=\}))"
)


@dataclass
class Used:
    """The names that occur in pages."""

    classes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    elements: set[str] = field(default_factory=set)

    def read(self, page: str) -> None:
        """Add the names of one HTML page."""
        reader = _Reader(self)
        reader.feed(page)
        reader.close()


class _Reader(HTMLParser):
    def __init__(self, used: Used) -> None:
        super().__init__()
        self.used = used

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.used.elements.add(tag)
        for name, value in attrs:
            if name == "class":
                self.used.classes.update((value or "").split())
            elif name == "id" and value:
                self.used.ids.add(value)


def can_apply(selector: str, used: Used) -> bool:
    """Say whether a selector without commas can match something in the pages.

    Parameters
    ----------
    selector : str
        One complex selector, such as ``div.note > p:first-child``.
    used : Used
        The names that occur.

    Returns
    -------
    bool
        False only if a class, id or element it requires is nowhere.
    """
    bare = PSEUDO.sub(" ", FUNCTION.sub(" ", ATTRIBUTE.sub(" ", selector)))
    known = {".": used.classes, "#": used.ids, "": used.elements}
    return all(
        match["name"].replace("\\", "") in known[match["kind"]] for match in REQUIRED.finditer(bare)
    )


def _blocks(css: str) -> Iterable[tuple[str, str | None]]:
    """Split a style sheet into (prelude, body); the body of a statement such as ``@import`` is None."""
    start = position = 0
    while position < len(css):
        character = css[position]
        if character in "\"'":
            position = STRING.match(css, position).end()
            continue
        if character == ";":
            yield css[start:position].strip(), None
            start = position + 1
        elif character == "{":
            end = _closing(css, position)
            yield css[start:position].strip(), css[position + 1 : end]
            position = end
            start = end + 1
        position += 1


def _closing(css: str, position: int) -> int:
    """Find the brace that closes the one at ``position``."""
    depth = 0
    while position < len(css):
        character = css[position]
        if character in "\"'":
            position = STRING.match(css, position).end()
            continue
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return position
        position += 1
    raise ValueError("a style sheet ends inside a block: a closing brace is missing")


def _selectors(prelude: str) -> list[str]:
    """Split at the commas that are in no bracket."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(prelude):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append(prelude[start:position].strip())
            start = position + 1
    return [*parts, prelude[start:].strip()]


def purge(css: str, used: Used) -> str:
    """Keep the rules that can apply to pages with the given names.

    Parameters
    ----------
    css : str
        A style sheet.
    used : Used
        The names that occur in the pages or are added by scripts.

    Returns
    -------
    str
        The style sheet without comments, fonts, rules that can match nothing and declarations that fetch a
        file; one rule a line.

    Raises
    ------
    ValueError
        If a block is not closed.
    """
    return _purge(COMMENT.sub("", css), used)


def _purge(css: str, used: Used) -> str:
    kept = []
    for prelude, body in _blocks(css):
        if body is None:
            # @charset and @import would be wrong in the middle of the joined sheet.
            continue
        if prelude.startswith("@"):
            kept.append(_at_rule(prelude, body, used))
        else:
            selectors = [one for one in _selectors(prelude) if can_apply(one, used)]
            declarations = " ".join(FETCHING.sub("", body).split())
            if selectors and declarations:
                kept.append(f"{','.join(selectors)}{{{declarations}}}")
    return "\n".join(filter(None, kept))


def _at_rule(prelude: str, body: str, used: Used) -> str:
    if prelude.startswith("@font-face"):
        return ""  # the theme's icon fonts; the book uses system fonts
    if prelude.startswith(("@media", "@supports", "@container", "@layer")):
        inner = _purge(body, used)
        return f"{prelude}{{{inner}}}" if inner else ""
    return f"{prelude}{{{' '.join(body.split())}}}"


def drop_unused_variables(css: str) -> str:
    """Remove the custom properties that no rule reads, until there is none left to remove.

    Parameters
    ----------
    css : str
        A purged style sheet.

    Returns
    -------
    str
        The same without, for instance, Bootstrap's forty shades that nothing uses.
    """
    while (slimmed := _drop_once(css)) != css:
        css = slimmed
    return css


def _drop_once(css: str) -> str:
    read = set(READING.findall(css))
    return DECLARATION.sub(lambda match: match[0] if match[1] in read else "", css)
