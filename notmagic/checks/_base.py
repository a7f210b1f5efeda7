"""What all answer checks share: reading answers safely, and finding the mistake behind a wrong one.

A check has three jobs, in this order.

1. *Read* the answer (:func:`read_number`, :func:`read_answers`, :func:`run`). Only plain numbers and
   plain NumPy arrays get through, so nothing that an answer brings along (an ``__eq__`` of its own, a
   shape that broadcasts, a NaN) takes part in the comparison.
2. *Compare* every entry (:func:`same_numbers`).
3. *Diagnose*: recompute the answer as somebody would who makes one particular mistake, and look for the
   mistake that gives what was handed in (:func:`explain_number`, :func:`explain_arrays`).

A check that passes prints one line and returns None. It returns nothing because nbgrader takes a number
shown below a check for a partial grade. A check that fails raises, because nbgrader gives no points to
a cell that stops.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WHOLE_TYPES = frozenset({int} | {np.dtype(code).type for code in np.typecodes["AllInteger"]})
REAL_TYPES = WHOLE_TYPES | {float} | {np.dtype(code).type for code in np.typecodes["Float"]}

WHOLE_NUMBERS_ONLY = "fractions are cut off: your output array holds whole numbers only. Look at its dtype."


class CheckFailed(AssertionError):
    """An answer is not right; the message says what to look at. Notebooks show the message alone."""

    heading = "Not yet"

    def _render_traceback_(self) -> list[str]:
        """Give IPython the diagnosis without the lines of code that led to it."""
        return str(self).splitlines()

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.heading}: {message}")
        self.message = message


class NotAnswered(CheckFailed):
    """The answer still is what the blank exercise came with."""

    heading = "Not answered yet"


def correct(meaning: str) -> None:
    """Print that the answer is right, and in one sentence what that means."""
    print(f"Correct: {meaning}")


def read_number(value: Any, *, whole: bool = False) -> int | float:
    """Turn an answer into a plain Python number.

    Parameters
    ----------
    value
        What the reader typed. An ``int``, a ``float``, a NumPy number or an array that holds one number
        and has no axes. Subclasses are refused: they could bring their own ``==``.
    whole
        Whether the question asks for a whole number; 5.0 is read as 5.

    Raises
    ------
    NotAnswered
        For ``...`` and ``None``.
    CheckFailed
        For anything that is not a finite number, or is not whole where it must be.
    """
    if value is ... or value is None:
        raise NotAnswered("replace the three dots by a number.")
    if type(value) is np.ndarray:
        if value.shape != ():
            raise CheckFailed(f"one number is asked for; this is an array of shape {value.shape}.")
        value = value[()]
    if type(value) in (bool, np.bool_):
        raise CheckFailed("a number is asked for; this is True or False.")
    if type(value) not in REAL_TYPES:
        raise CheckFailed(f"a number is asked for; this is of type {type(value).__name__}.")
    if not np.isfinite(value):
        raise CheckFailed("a finite number is asked for; this is infinite or not a number (nan).")
    if type(value) in WHOLE_TYPES:
        return int(value)
    if not whole:
        return float(value)
    if value != int(value):
        raise CheckFailed("the answer is a whole number; this one has a fraction.")
    return int(value)


def read_answers(answers: Any, right: dict[str, Any], judge: Callable[[str, Any], str | None],
                 blank: str = "replace the three dots by your numbers, then run this cell again.") -> None:
    """Judge a dictionary of answers entry by entry, and raise one message about all that are not right.

    Parameters
    ----------
    answers
        What was handed in; must be a plain dictionary that has an entry for each question.
    right
        The questions, in the order of the exercise; the values are for ``judge``.
    judge
        Called as ``judge(question, answer)``. Returns None when the answer is right, a diagnosis when it
        is not; may also raise :class:`CheckFailed`.
    blank
        What to say when nothing is answered yet.
    """
    if type(answers) is not dict:
        raise CheckFailed(f"the answers belong in a dictionary; this is of type {type(answers).__name__}.")
    problems: dict[str, str] = {}
    unanswered = 0
    for question in right:
        if question not in answers:
            problems[question] = "this entry is missing; keep the names that the exercise came with."
            continue
        try:
            problem = judge(question, answers[question])
        except NotAnswered as failure:
            unanswered += 1
            problem = f"not answered yet; {failure.message}"
        except CheckFailed as failure:
            problem = failure.message
        if problem is not None:
            problems[question] = problem
    if not problems:
        return
    if unanswered == len(right):
        raise NotAnswered(blank)
    lines = [f"{question}: {problem}" for question, problem in problems.items()]
    raise CheckFailed("\n  ".join([f"{len(right) - len(problems)} of {len(right)} are right.", *lines]))


def judge_counts(answers: Any, right: dict[str, int], mistakes: dict[str, list[tuple[float, str]]],
                 otherwise: str) -> None:
    """Judge a dictionary of whole numbers: name the mistake behind each wrong one, else say ``otherwise``."""
    def judge(question: str, answer: Any) -> str | None:
        number = read_number(answer, whole=True)
        return None if number == right[question] else explain_number(number, mistakes[question], otherwise)

    read_answers(answers, right, judge)


def judge_words(answers: Any, right: Mapping[str, str], words: Sequence[str], advice: str) -> None:
    """Judge a dictionary of words by how many are right: with two words, more would be the answer itself.

    Parameters
    ----------
    answers
        What was handed in; see :func:`read_answers`.
    right
        The word for each question, in the order of the exercise.
    words
        The words there are, in lower case; answers may be written in any case.
    advice
        How to find out which entries are right, as the end of a sentence.
    """
    listed = " or ".join(f'"{word}"' for word in words)

    def judge_form(question: str, answer: Any) -> str | None:
        if answer is ... or answer is None:
            raise NotAnswered(f"give {listed}.")
        if type(answer) is not str or answer.strip().lower() not in words:
            return f"give {listed}, in quotation marks."
        return None

    try:
        read_answers(answers, dict(right), judge_form, blank=f"give {listed} for each entry.")
    except NotAnswered:
        raise
    except CheckFailed as failure:
        # The heading counts entries that are well formed; whether they are right is not said here.
        first, *rest = failure.message.splitlines()
        raise CheckFailed("\n".join(["some entries cannot be read.", *rest] if rest else [first])) from None
    good = sum(answers[question].strip().lower() == word for question, word in right.items())
    if good < len(right):
        raise CheckFailed(f"{good} of {len(right)} are right. Which, you can find out: {advice}")


def quarters(rng: np.random.Generator, *shape: int, largest: int = 2) -> np.ndarray:
    """Random quarters up to ``largest`` either way, none of them 0.

    They are exact in float32, and so are sums of their products: a right answer agrees to the last digit,
    whatever order it adds in.
    """
    return rng.integers(1, 4 * largest + 1, size=shape) * rng.choice([-1.0, 1.0], size=shape) / 4


def same_numbers(given: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> bool:
    """Tell whether two arrays have one shape and agree in every entry.

    Parameters
    ----------
    given, expected
        Plain numeric arrays.
    tolerance
        Largest difference allowed, as a fraction of the largest expected absolute value (at least 1).
        Checks draw inputs that float32 represents exactly, so that this can be tight.
    """
    if given.shape != expected.shape:
        return False
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    return bool(np.all(np.abs(given.astype(np.float64) - expected) <= tolerance * scale))


def wrong_values(given: np.ndarray, expected: np.ndarray) -> str:
    """Say how many values of an array of the right shape are wrong, and where the first is.

    Of a single number there is no more to say than that it is wrong.
    """
    if not expected.ndim:
        return "the number is wrong"
    off = np.abs(given - expected) > 1e-6 * max(1.0, float(np.max(np.abs(expected))))
    place = tuple(int(index) for index in np.argwhere(off)[0])
    return f"{int(off.sum())} of {off.size} values are wrong, the first at {place}"


def explain_number(given: float, mistakes: Iterable[tuple[float, str]], otherwise: str) -> str:
    """Name the mistake that gives this number, or two if two do; if none does, say ``otherwise``."""
    found = list(dict.fromkeys(message for value, message in mistakes if abs(given - value) < 1e-9))
    return " Or: ".join(found[:2]) or otherwise


@dataclass(frozen=True)
class Case:
    """One trial of a reader's function: its arguments and a description for messages."""

    arguments: tuple[Any, ...]
    described: str


@dataclass(frozen=True)
class Mistake:
    """A known way to go wrong.

    Attributes
    ----------
    message
        What to tell somebody who made it: what happens, never the line of code that mends it.
    answer
        Takes the arguments of a case, returns what that person's function would.
    """

    message: str
    answer: Callable[..., np.ndarray]


def no_hint(error: Exception, case: Case) -> str:
    """Add nothing to the message about an exception."""
    return ""


def name_of(function: Any) -> str:
    """Give the name of a reader's function, for messages."""
    return getattr(function, "__name__", "the function")


def _line_of(error: Exception, function: Any) -> str:
    """Quote the line of the reader's own code at which it stopped, not one inside NumPy."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return f"\n  in line {lines[-1].lineno}: {lines[-1].line}".rstrip(": ") if lines else ""


def run(function: Any, case: Case, hint: Callable[[Exception, Case], str] = no_hint) -> Any:
    """Call a reader's function on copies of the arguments and return what it gives, unread.

    Parameters
    ----------
    function, case
        What to call, and with what.
    hint
        Called with an exception that the function raised; gives a sentence to add to the message, or "".

    Raises
    ------
    NotAnswered
        When the function returns ``None`` or ``...``, as the blank exercise does.
    CheckFailed
        When it is not callable, raises, or changes an argument in place.
    """
    if function is ...:
        raise NotAnswered("replace the three dots by your function.")
    if not callable(function):
        raise CheckFailed(f"a function is asked for; this is of type {type(function).__name__}.")
    name = name_of(function)
    arguments = [np.array(value) if isinstance(value, np.ndarray) else value for value in case.arguments]
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # A warning would go to stderr, and nbgrader gives no points to a cell that wrote there.
            warnings.simplefilter("ignore")
            given = function(*arguments)
    except NotImplementedError:
        raise NotAnswered(f"{name} has no body yet.") from None
    except Exception as error:
        remark = hint(error, case)
        raise CheckFailed(f"{name} stopped with {type(error).__name__}: {str(error).strip()}"
                          f"{_line_of(error, function)}\n  It was given {case.described}."
                          + (f"\n  {remark}" if remark else "")) from None
    for before, after in zip(case.arguments, arguments, strict=True):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            raise CheckFailed(f"{name} changes an array that it was given. Whoever calls it still needs that "
                              "array: work on a new one.")
    if given is None or given is ...:
        raise NotAnswered(f"{name} returns nothing. Write its body, and end it with return.")
    return given


def take_tuple(given: Any, names: Sequence[str], called: str = "results") -> Sequence[Any]:
    """Take apart a tuple or list that has one entry for each name; messages say what the entries are called.

    Raises
    ------
    CheckFailed
        When it is something else, or has another number of entries.
    """
    wanted = f"{len(names)} {called} are asked for: return {', '.join(names)}."
    if type(given) not in (tuple, list):
        raise CheckFailed(f"{wanted} This is of type {type(given).__name__}.")
    if len(given) != len(names):
        raise CheckFailed(f"{wanted} You return {len(given)}.")
    return given


def read_array(given: Any, name: str, shape: tuple[int, ...], case: Case) -> np.ndarray:
    """Insist on a plain, real, finite array of one shape.

    Raises
    ------
    CheckFailed
        Saying which of these does not hold. ``shape`` is named in the message.
    """
    if type(given) is not np.ndarray:
        raise CheckFailed(f"{name} returns an object of type {type(given).__name__}; expected a NumPy array.")
    if given.dtype.kind not in "iuf":
        raise CheckFailed(f"{name} returns an array of dtype {given.dtype}; expected real numbers.")
    if given.shape != shape:
        raise CheckFailed(f"wrong shape: expected {shape}, got {given.shape}.\n  {name} was given "
                          f"{case.described}.")
    if not np.all(np.isfinite(given)):
        raise CheckFailed(f"{name} returns an array with nan or inf in it. Is every entry filled?")
    return given


def _explains(mistake: Mistake, trials: Sequence[tuple[Case, np.ndarray]]) -> bool:
    return all(same_numbers(given, np.asarray(mistake.answer(*case.arguments))) for case, given in trials)


def explain_arrays(trials: Sequence[tuple[Case, np.ndarray]], mistakes: Iterable[Mistake]) -> str | None:
    """Return the message of the first mistake that gives what was handed in, in every trial at once."""
    return next((mistake.message for mistake in mistakes if _explains(mistake, trials)), None)


def _is_numeric_array(given: Any) -> bool:
    return type(given) is np.ndarray and given.dtype.kind in "iuf"


def _unread(given: Any) -> Any:
    return given


def judge_function(function: Any, cases: Sequence[Case], right: Callable[..., np.ndarray],
                   mistakes: Callable[[], Iterable[Mistake]], *, read: Callable[[Any], Any] = _unread,
                   hint: Callable[[Exception, Case], str] = no_hint) -> None:
    """Try a reader's function on all cases and raise a diagnosis unless every entry is right.

    Parameters
    ----------
    function
        The function to judge.
    cases
        Trials from plain to full: what is said about a wrong answer names the first that fails.
    right
        The reference; takes the arguments of a case.
    mistakes
        Gives the known mistakes. Called only when something is wrong: the list may be long.
    read
        Applied to what the function returns, for functions that return a number and not an array.
    hint
        See :func:`run`.
    """
    trials: list[tuple[Case, Any]] = []
    stopped: CheckFailed | None = None
    for case in cases:
        try:
            trials.append((case, read(run(function, case, hint))))
        except CheckFailed as failure:
            stopped = failure
            break
    name = name_of(function)
    wrong, passed = [], []
    for case, given in trials:
        good = _is_numeric_array(given) and same_numbers(given, right(*case.arguments))
        (passed if good else wrong).append((case, given))
    if not wrong and stopped is None:
        # Once more: a function that remembers its last call is right only the first time.
        case, first = trials[-1]
        again = read(run(function, case, hint))
        if _is_numeric_array(again) and same_numbers(again, first):
            return
        raise CheckFailed(f"{name} gives a different result when it is called twice with the same numbers.")
    if not wrong:
        raise stopped
    if any(_is_numeric_array(given) and given.dtype.kind in "iu" for _, given in wrong):
        raise CheckFailed(WHOLE_NUMBERS_ONLY)
    if all(_is_numeric_array(given) for _, given in trials):
        # What is wrong first: most mistakes are ruled out by the first trial they are compared with.
        message = explain_arrays(wrong + passed, mistakes())
        if message is not None:
            raise CheckFailed(message)
    case, given = wrong[0]
    expected = right(*case.arguments)
    given = read_array(given, name, expected.shape, case)
    raise CheckFailed(_where(given, expected, case, name, len(passed), len(cases)))


def _where(given: np.ndarray, expected: np.ndarray, case: Case, name: str, passed: int, total: int) -> str:
    """Describe a wrong array that no known mistake explains: how much of it is wrong, and where first."""
    shape = "the shape is right, but " if expected.ndim else ""
    return (f"{shape}{wrong_values(given, expected)}."
            f"\n  {name} was given {case.described}. {passed} of {total} trials came out right.")
