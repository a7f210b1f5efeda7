"""What the tests of the answer checks share: a student's code, ways to judge a check, and ways to cheat one.

Reading this page from top to bottom: getting at answers and messages (:func:`define`, :func:`failure`,
:func:`said_of`), tests made from a table of mistakes (:func:`diagnosed`, :func:`entries_diagnosed`), what a
check of a table or a function is asked (the functions whose names start with ``assert_``), functions that are
nearly right (:func:`disguised`, :func:`tired`, :func:`spoiled`), objects that claim to equal everything, and
:class:`EveryCheck`, the tests that all checks of a chapter have to pass.
"""

import copy
import inspect
import re
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notmagic.book.execute import read
from notmagic.checks import CheckFailed, NotAnswered

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


def all_said_of(check_function, answers, question, wrong):
    """Give all that a check says about one wrong entry of a table; insist that it calls all others right."""
    message = failure(check_function, {**answers, question: wrong})
    counted = f"{len(answers) - 1} of {len(answers)} are right."
    assert message.startswith(counted), f"expected {counted!r}, got {message!r}"
    return re.search(rf"^  {re.escape(question)}: (.*)", message, re.M | re.S)[1]


def said_of(check_function, answers, question, wrong):
    """Give the first line of what a check says about one wrong entry, as :func:`all_said_of` does."""
    return all_said_of(check_function, answers, question, wrong).splitlines()[0]


def called(row):
    """Give the name of the check that a row starts with, such as ``chapter05.forward``."""
    return row[0].__module__[-9:] + "." + row[0].__name__


def named(rows):
    """Name the cases of a test after the check that each row starts with."""
    return [pytest.param(*row, id=called(row)) for row in rows]


def plain(parts):
    """Give what a reference returns as a student's function returns it."""
    return parts[0] if len(parts) == 1 else parts


def trials_of(check_function, references):
    """Count the cases of a check; ``references`` has rows (check, reference, cases, ...)."""
    return len(next(row[2]() for row in references if row[0] is check_function))


def cells_of(name):
    """Give the sources of an exercise's cells by their ids."""
    return {cell.id: cell.source for cell in read(ROOT / "exercises" / f"{name}.ipynb").cells}


# --- tests made from tables -----------------------------------------------------------------------------


def diagnosed(check_function, code, table, define=define):
    """Make the test that code which is broken in one way or another gets its diagnosis.

    Parameters
    ----------
    check_function : callable
        The check.
    code : str
        The right code.
    table : list
        Rows (what the message must contain, list of pairs (old, new) that break the code).
    define : callable
        As :func:`define`, where the code uses more than ``np``.
    """
    @pytest.mark.parametrize(("says", "changes"), table)
    def test(says, changes):
        message = failure(check_function, define(code, *changes))
        assert says in message, message

    return test


def entries_diagnosed(check_function, answers, table):
    """Make the test that wrong entries of a table get their diagnoses, and no other entry is called wrong.

    ``table`` has rows (question, wrong answer, what the message about it must contain).
    """
    @pytest.mark.parametrize(("question", "answer", "says"), table)
    def test(question, answer, says):
        said = said_of(check_function, answers, question, answer)
        assert says in said, said

    return test


# --- what a check is asked ------------------------------------------------------------------------------


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


def assert_keeps_right_numbers_back(check_function, answers, wrong, tried=range(1, 40), pattern=r"\d+"):
    """Insist that no message about a wrong number of a table holds the right one.

    Parameters
    ----------
    check_function, answers
        The check, and the right answers.
    wrong : dict
        For each question rows (wrong number, message), as the checks keep them.
    tried : iterable of int
        Further wrong numbers.
    pattern : str
        Finds the numbers in a message, whose thousands have lost their commas.
    """
    for question, right in answers.items():
        for number in sorted({*(value for value, _ in wrong[question]), *tried} - {right}):
            said = all_said_of(check_function, answers, question, number)
            assert str(right) not in re.findall(pattern, said.replace(",", "")), said


def assert_wrong_numbers_are_wrong(answers, wrong):
    """Insist that a list of known mistakes is about these answers, names none of them, and none twice.

    ``wrong`` has for each question rows (wrong number, message).
    """
    assert wrong.keys() == answers.keys()
    for question, rows in wrong.items():
        numbers = [number for number, _ in rows]
        assert answers[question] not in numbers, question
        assert len(set(numbers)) == len(numbers), question


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


def meddling(right, which):
    """Make a function that is right and changes the array that it was given as argument ``which``."""
    def changing(*arguments):
        given = copy.deepcopy(right(*arguments))
        arguments[which][...] = arguments[which] == 0      # no number is left as it was
        return given

    return changing


def altered(data, answers, question, least=0.01):
    """Give another answer to one question of a table: one of its numbers is off, or its word is another.

    Parameters
    ----------
    data : hypothesis.strategies.DataObject
        Draws the change.
    answers, question
        The right table, and which of its entries to change.
    least : float
        By how much a number has to be off at least.
    """
    right = answers[question]
    if isinstance(right, str):
        words = st.sampled_from(sorted(set(answers.values()))) | st.text()
        return data.draw(words.filter(lambda word: word.strip().lower() != right))
    change = data.draw(st.integers(-500, 500).filter(bool) | st.floats(least, 9))
    place = np.zeros(np.shape(right), dtype=int)
    place.flat[data.draw(st.integers(0, place.size - 1))] = 1
    return (np.array(right) + place * change).tolist()


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


# --- what every check is asked --------------------------------------------------------------------------


class EveryCheck:
    """The tests that the checks of a chapter have in common; its file of tests fills in what is checked.

    ::

        class TestEveryCheck(EveryCheck):
            tables, functions, references, forms = TABLES, FUNCTIONS, REFERENCES, FORMS
            cheats = (*CHEATS, (1, 2))
            modules = ("chapter09",)

    Attributes
    ----------
    tables
        Rows (check, right answers by their questions).
    functions
        Rows (check, right code): functions whose results are compared with a reference.
    references
        For each of ``functions`` a row (check, reference, cases, table of mistakes).
    drawn
        Rows (check, right code): functions whose results no reference gives, since chance takes part.
    others
        Rows (check, right code): functions that return no numbers, such as a network.
    forms
        Rows (check, right code, changes) that make other right answers of it.
    more_right, more_blank
        Rows (check, list of arguments) for checks that take something else: right ones, unanswered ones.
    cheats
        What no check takes.
    once
        The checks that take so long that a right answer is tried once, not three times.
    least_change
        By how much a number of a table has to be off to be wrong.
    modules
        The modules of ``notmagic.checks`` that have to load without heavy packages.
    define
        As :func:`define`, where the code uses more than ``np``; wrapped in ``staticmethod``.
    """

    tables = functions = references = drawn = others = forms = more_right = more_blank = once = modules = ()
    cheats = CHEATS
    least_change = 0.01
    define = staticmethod(define)

    def __init_subclass__(cls):
        """Refuse a chapter that leaves a function out: a test with no cases would be skipped."""
        assert cls.tables and cls.functions and cls.forms and cls.modules
        assert [row[0] for row in cls.functions] == [row[0] for row in cls.references]

    def pytest_generate_tests(self, metafunc):
        """Give a test that asks for one of these names a case for each row."""
        coded = [*self.functions, *self.drawn, *self.others]
        rows = {
            "right": [*((check, [table]) for check, table in self.tables), *self.more_right,
                      *((check, [self.define(code)]) for check, code in coded)],
            "blank": [*((check, [dict.fromkeys(table, ...)]) for check, table in self.tables),
                      *self.more_blank, *((check, [lambda *arguments: None]) for check, _ in coded),
                      *((check, [...]) for check, _ in coded)],
            "form": self.forms, "table": self.tables, "function": self.functions, "mistakes": self.references,
            "numeric": [*self.functions, *self.drawn]}
        for name in rows.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(name, rows[name], ids=map(called, rows[name]))
        if "cheat" in metafunc.fixturenames:
            metafunc.parametrize("cheat", self.cheats, ids=lambda cheat: type(cheat).__name__)

    def test_right_answers_pass_return_nothing_and_say_what_they_mean(self, right, capsys):
        check_function, answers = right
        for _ in range(1 if check_function in self.once else 3):     # the trials are drawn afresh each time
            assert_passes(check_function, *answers, capsys=capsys)

    def test_right_answers_come_in_many_forms(self, form):
        check_function, code, changes = form
        check_function(self.define(code, *changes))

    def test_every_known_mistake_gets_its_own_message(self, mistakes):
        check_function, reference, _, table = mistakes
        assert_every_mistake_has_its_message(check_function, reference, table)

    def test_no_check_takes_a_cheat(self, cheat):
        rows = [*self.tables, *self.functions, *self.drawn, *self.others, *self.more_right, *self.more_blank]
        for check_function in dict.fromkeys(row[0] for row in rows):
            with pytest.raises(CheckFailed):
                check_function(cheat)
        for check_function, answers in self.tables:
            for question in answers:
                with pytest.raises(CheckFailed):
                    check_function({**answers, question: cheat})

    def test_an_array_subclass_is_refused_even_with_the_right_values(self, numeric):
        check_function, code = numeric
        assert "AgreeableArray" in failure(check_function, disguised(self.define(code)))

    def test_a_function_that_learnt_earlier_answers_by_heart_fails(self, numeric):
        check_function, code = numeric
        assert_refuses_by_heart(check_function, self.define(code))

    def test_a_function_that_is_right_only_the_first_time_fails(self, function):
        check_function, code = function
        trials = trials_of(check_function, self.references)
        assert "called twice" in failure(check_function, tired(self.define(code), trials))

    def test_an_argument_that_is_changed_in_place_is_noticed(self, numeric):
        check_function, code = numeric
        right, seen = self.define(code), []
        check_function(lambda *arguments: seen.append(arguments) or right(*arguments))
        arrays = [which for which, value in enumerate(seen[0]) if isinstance(value, np.ndarray)]
        for which in arrays:
            message = failure(check_function, meddling(right, which))
            assert "changes an array that it was given" in message, message
        # Where there is no array, there must be nothing else that a function could change.
        assert arrays or {type(value) for value in seen[0]} <= {int, float, str, tuple, range}

    def test_a_function_that_gives_back_what_it_was_given_fails(self, numeric):
        check_function, code = numeric
        for which in range(len(inspect.signature(self.define(code)).parameters)):
            with pytest.raises(CheckFailed):
                check_function(lambda *arguments, which=which: arguments[which])

    # Each chapter asks it in a class of its own, which is what this health check warns about.
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(data=st.data())
    def test_one_changed_value_of_a_right_result_never_passes(self, data):
        check_function, code = data.draw(st.sampled_from(self.functions))
        with pytest.raises(CheckFailed):
            check_function(spoiled(data, self.define(code), trials_of(check_function, self.references)))

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(data=st.data())
    def test_one_changed_entry_of_a_right_table_never_passes(self, data):
        check_function, answers = data.draw(st.sampled_from(self.tables))
        question = data.draw(st.sampled_from(sorted(answers)))
        wrong = altered(data, answers, question, self.least_change)
        with pytest.raises(CheckFailed):
            check_function({**answers, question: wrong})

    def test_a_blank_answer_is_called_unanswered(self, blank):
        check_function, answers = blank
        with pytest.raises(NotAnswered):
            check_function(*answers)

    def test_missing_entries_are_named(self, table):
        assert_missing_entry_is_named(*table)

    def test_the_checks_load_neither_tensorflow_nor_a_grader(self):
        assert_loads_no_tool(*self.modules)
