"""What the tests of the answer checks share: a student's code, ways to judge a check, and ways to cheat one.

Reading this page from top to bottom: getting at answers and messages (:func:`define`, :func:`failure`,
:func:`said_of`), what each check of a table or a function is asked (the functions whose names start with
``assert_``), functions that are nearly right (:func:`disguised`, :func:`tired`, :func:`spoiled`), and objects
that claim to equal everything.
"""

import copy
import re
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from notmagic.book.execute import read
from notmagic.checks import CheckFailed

ROOT = Path(__file__).resolve().parent.parent


# --- answers and messages -------------------------------------------------------------------------------


def define(code, *changes, **names):
    """Run a student's code after replacing parts of it; give the function it defines.

    Parameters
    ----------
    code : str
        The right code.
    *changes : tuple of str
        Pairs (old, new). Each ``old`` must be in the code: a change that changes nothing tests nothing.
    **names
        What the code may use besides ``np``.
    """
    for old, new in changes:
        assert old in code, f"{old!r} is not in the code that it is to break"
        code = code.replace(old, new)
    scope = {"np": np, **names}
    given = set(scope)
    exec(compile(code, "student", "exec"), scope)
    return next(value for name, value in scope.items() if callable(value) and name not in given)


def failure(check_function, *answers):
    """Give the message with which a check refuses these answers."""
    with pytest.raises(CheckFailed) as caught:
        check_function(*answers)
    return caught.value.message


def said_of(check_function, answers, question, wrong):
    """Give what a check says about one wrong entry of a table, and insist that it calls all others right."""
    message = failure(check_function, {**answers, question: wrong})
    counted = f"{len(answers) - 1} of {len(answers)} are right."
    assert message.startswith(counted), f"expected {counted!r}, got {message!r}"
    return re.search(rf"^  {re.escape(question)}: (.*)", message, re.M)[1]


def named(rows):
    """Name the cases of a test after the check that each row starts with, such as ``chapter05.forward``."""
    return [pytest.param(*row, id=row[0].__module__[-9:] + "." + row[0].__name__) for row in rows]


def plain(parts):
    """Give what a reference returns as a student's function returns it."""
    return parts[0] if len(parts) == 1 else parts


def trials_of(check_function, references):
    """Count the cases of a check; ``references`` has rows (check, reference, cases, ...)."""
    return len(next(row[2]() for row in references if row[0] is check_function))


def cells_of(name):
    """Give the sources of an exercise's cells by their ids."""
    return {cell.id: cell.source for cell in read(ROOT / "exercises" / f"{name}.ipynb").cells}


# --- what every check is asked --------------------------------------------------------------------------


def assert_passes(check_function, *answers, capsys):
    """Insist that right answers pass, that the check returns nothing, and that it says one line."""
    assert check_function(*answers) is None, "a check returns nothing: nbgrader would count it as points"
    said = capsys.readouterr()
    assert said.out.startswith("Correct: ") and said.out.count("\n") == 1, said.out
    assert not said.err, said.err


def assert_every_mistake_has_its_message(check_function, reference, table):
    """Insist that the reference passes, and that each mistake of the table gets its message and no other."""
    check_function(lambda *arguments: plain(reference(*arguments)))
    for says, options in table:
        message = failure(check_function, lambda *arguments, o=options: plain(reference(*arguments, **o)))
        assert message == says, f"{options}: expected {says!r}, got {message!r}"


def assert_refuses_by_heart(check_function, right, attempts=3):
    """Insist that the results of one passed check do not pass again: inputs are drawn afresh.

    Parameters
    ----------
    check_function, right
        The check, and a function that passes it.
    attempts : int
        In how many checks one after the other it must fail at least once. One, where chance never draws
        the same small inputs twice.
    """
    remembered = []

    def recorder(*arguments):
        remembered.append(copy.deepcopy(right(*arguments)))
        return remembered[-1]

    check_function(recorder)
    replay = cycle(remembered)
    with pytest.raises(CheckFailed):
        for _ in range(attempts):
            check_function(lambda *arguments: next(replay))


def assert_missing_entry_is_named(check_function, answers):
    """Insist that a check names the entry that a table lacks."""
    missing = next(iter(answers))
    message = failure(check_function, {name: value for name, value in answers.items() if name != missing})
    assert f"{missing}: this entry is missing" in message, message


def assert_loads_no_tool(*modules):
    """Insist that a fresh Python imports these modules of ``notmagic.checks`` without any heavy package."""
    code = (f"import sys, {', '.join(f'notmagic.checks.{module}' for module in modules)}; "
            "print({'tensorflow', 'keras', 'nbgrader', 'matplotlib', 'sklearn'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()", done.stdout


# --- functions that are nearly right --------------------------------------------------------------------


def disguised(right):
    """Make a function that returns the right numbers in arrays that compare dishonestly."""
    def cheating(*arguments):
        given = right(*arguments)
        parts = given if isinstance(given, tuple) else (given,)
        return plain(tuple(np.asarray(part, dtype=float).view(AgreeableArray) for part in parts))

    return cheating


def tired(right, trials):
    """Make a function that is right in its first calls, as many as ``trials``, and wrong from then on."""
    calls = []

    def tiring(*arguments):
        calls.append(arguments)
        given = right(*arguments)
        if len(calls) <= trials:
            return given
        return tuple(part + 1 for part in given) if isinstance(given, tuple) else given + 1

    return tiring


def spoiled(data, right, trials):
    """Make a function that is right but for one number of one part of one of its results.

    Parameters
    ----------
    data : hypothesis.strategies.DataObject
        Draws the call, the part, the place in it and by how much the number is off.
    right
        Gives an array, or a tuple or a dictionary of arrays.
    trials : int
        How many calls a check makes.
    """
    trial, part = data.draw(st.integers(0, trials - 1)), data.draw(st.integers(0, 3))
    place = data.draw(st.floats(0, 0.999))
    change = data.draw(st.sampled_from([-1, 1])) * 10.0 ** data.draw(st.integers(-2, 4))
    calls = []

    def nearly(*arguments):
        given = right(*arguments)
        calls.append(arguments)
        if len(calls) - 1 != trial:
            return given
        values = list(given.values()) if isinstance(given, dict) else given
        values = values if isinstance(values, tuple | list) else [values]
        parts = [np.array(one, dtype=float) for one in values]
        wrong = parts[part % len(parts)]
        # Large next to the numbers that it hides among, so that no tolerance covers it.
        wrong.flat[int(place * wrong.size)] += change * max(1.0, np.abs(wrong).max())
        return dict(zip(given, parts, strict=True)) if isinstance(given, dict) else plain(tuple(parts))

    return nearly


# --- objects that claim to equal everything -------------------------------------------------------------


class Agreeable:
    """Claims to equal everything and to be every number, and hands itself out as every part.

    Parameters
    ----------
    number : float
        What it turns into where a float is asked for.
    whole : int
        What it turns into where a whole number is asked for.
    """

    shape, dtype, ndim, size, layers = (), np.dtype(float), 0, 1, ()

    def __init__(self, number=1.0, whole=1):
        self.number, self.whole = number, whole

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def _self(self, *others, **options):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = __getitem__ = __call__ = _self
    lower = strip = _self
    __le__ = __lt__ = __ge__ = __gt__ = __eq__

    def __float__(self):
        return self.number

    def __int__(self):
        return self.whole

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([self, self])

    def __array__(self, dtype=None, copy=None):
        return np.zeros(())


class AgreeableFloat(float):
    """A number that claims to equal every other."""

    __eq__, __ne__, __hash__ = Agreeable.__eq__, Agreeable.__ne__, float.__hash__


class AgreeableInt(int):
    """A whole number that claims to equal every other."""

    __eq__, __ne__, __hash__ = Agreeable.__eq__, Agreeable.__ne__, int.__hash__


class AgreeableWord(str):
    """A word that claims to equal every other."""

    __slots__ = ()
    __eq__, __ne__, __hash__ = Agreeable.__eq__, Agreeable.__ne__, str.__hash__


class AgreeableTuple(tuple):
    """A tuple that claims to equal every other."""

    __slots__ = ()
    __eq__, __ne__, __hash__ = Agreeable.__eq__, Agreeable.__ne__, tuple.__hash__


class AgreeableList(list):
    """A list that claims to equal every other."""

    __eq__, __ne__, __hash__ = Agreeable.__eq__, Agreeable.__ne__, None


class AgreeableArray(np.ndarray):
    """An array that takes part in no comparison honestly."""

    def __array_ufunc__(self, *arguments, **options):
        return True


class AgreeableDict(dict):
    """A dictionary with every key; where it holds no value of its own, it hands out an Agreeable."""

    def __getitem__(self, key):
        return self.get(key, Agreeable())

    def __contains__(self, key):
        return True


# What no check may take, whatever it asks for; each file of tests adds what comes close to its own answers.
CHEATS = [Agreeable(), AgreeableFloat(7), AgreeableDict(), "5", float("nan"), [], {}, object(), np.zeros(0),
          lambda *arguments: Agreeable(), lambda *arguments: AgreeableDict(), lambda *arguments: 0.0,
          lambda *arguments: (0.0, 0.0), lambda *arguments: np.nan, lambda: None]
