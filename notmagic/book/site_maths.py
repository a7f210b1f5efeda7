"""Maths without a script and without a network: LaTeX becomes MathML when the book is built.

All current browsers draw MathML themselves, screen readers read it and it scales with the text. What most
machines lack is a font with mathematical metrics, without which brackets do not grow around fractions.
The built pages therefore carry a cut of STIX Two Math (SIL Open Font Licence), holding only the glyphs of
the formulas in the book: some 25 KB, against 250 KB or more for a script that typesets in the browser.
"""

from __future__ import annotations

import base64
import io
import logging as std_logging
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes
from fontTools import subset
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
# It reports each table of a font that it cuts.
std_logging.getLogger("fontTools").setLevel(std_logging.WARNING)

FONT_FAMILY = "Not Magic Maths"
NUMBERED = re.compile(r"\\(begin|end)\{(?:align|gather|alignat)\*?\}")
ENVIRONMENT = re.compile(r"\\begin\{")
# The first and last letter of an alphabet, and the mathematical italic of the first.
ITALICS = (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC))
LETTERS = "[A-Za-z\u0391-\u03c9\u2202]"

_converter = LatexToMathML(fancy_error=False)


def as_display(latex: str) -> str:
    r"""Give LaTeX as one unnumbered display: Sphinx numbers equations itself.

    Parameters
    ----------
    latex : str
        What stands between ``$$`` signs, or an ``align``, ``gather`` or ``equation`` environment.

    Returns
    -------
    str
        The same with ``aligned`` for numbered environments, and around bare lines that use ``\\``.
    """
    latex = re.sub(r"\\(begin|end)\{equation\*?\}", "", latex.strip())
    latex = NUMBERED.sub(r"\\\1{aligned}", latex)
    if r"\\" in latex and not ENVIRONMENT.search(latex):
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    return latex


def to_mathml(latex: str, display: bool) -> str:
    """Convert one formula.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        A ``<math>`` element.

    Raises
    ------
    ValueError
        If the formula cannot be read; the message holds the formula and the reason.
    """
    source = as_display(latex) if display else latex
    try:
        return _converter.convert_with_local_state(source, displaystyle=display)
    except LatexError as error:
        raise ValueError(f"the formula {latex!r} cannot be converted to MathML: {error}") from error


def _mathml_or_warning(node: nodes.Element, display: bool) -> str:
    try:
        return to_mathml(node.astext(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node, type="notmagic", subtype="maths")
        return f"<code>{HTML5Translator.encode(None, node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    self.body.append(f'<span class="math">{_mathml_or_warning(node, False)}</span>')
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number where it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math math-block"))
    self.body.append(_mathml_or_warning(node, True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def characters(pages: Iterable[str]) -> set[int]:
    """Collect the code points that the formulas of the given pages need.

    Parameters
    ----------
    pages : iterable of str
        HTML pages.

    Returns
    -------
    set of int
        Empty where no page has a formula.
    """
    found: set[int] = set()
    for page in pages:
        if "<math" not in page:
            continue
        for formula in re.findall(r"<math.*?</math>", page, re.DOTALL):
            soup = BeautifulSoup(formula, "html.parser")
            found |= {ord(character) for character in soup.get_text()}
            found |= {_italic(mi.text) for mi in soup("mi") if re.fullmatch(LETTERS, mi.text)}
            if soup(["msqrt", "mroot"]):
                found.add(ord("√"))
    return found


def _italic(letter: str) -> int:
    """Give the code point that a browser draws for a single letter in ``<mi>``: the mathematical italic."""
    if letter == "h":
        return 0x210E  # the italic h is the Planck constant
    if letter == "∂":
        return 0x1D715
    for first, last, italic in ITALICS:
        if first <= letter <= last:
            return italic + ord(letter) - ord(first)
    return ord(letter)


def font_file() -> Path:
    """Find STIX Two Math, which the package ziamath carries.

    Raises
    ------
    FileNotFoundError
        If the package or its font is missing.
    """
    spec = find_spec("ziamath")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "the package ziamath, which carries the maths font, is missing: pip install ziamath"
        )
    path = Path(spec.submodule_search_locations[0]) / "fonts" / "STIXTwoMath-Regular.ttf"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: another version of ziamath may carry it (0.13 does)")
    return path


def font_css(code_points: set[int]) -> str:
    """Cut the maths font to the given characters and give it as a style sheet.

    The font is a data URI, because browsers refuse to load a font file for a page opened from a folder.

    Parameters
    ----------
    code_points : set of int
        What :func:`characters` found.

    Returns
    -------
    str
        An ``@font-face`` rule.
    """
    options = subset.Options(flavor="woff2", hinting=False, layout_features=["math", "ssty"])
    font = subset.load_font(str(font_file()), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=code_points)
    cutter.subset(font)
    file = io.BytesIO()
    font.flavor = "woff2"
    font.save(file)
    data = base64.b64encode(file.getvalue()).decode()
    return (f'@font-face {{ font-family: "{FONT_FAMILY}"; font-display: block; '
            f"src: url(data:font/woff2;base64,{data}) format(\"woff2\"); }}\n")
