"""Answer checks for the exercises: one module for each exercise notebook.

A check is called from a notebook, ``from notmagic.checks import chapter08 as check``. It needs no
grader, no notebook file and no network. It prints one line when the answer is right; otherwise it
raises :class:`~notmagic.checks.CheckFailed` with a diagnosis that never gives the answer away.
"""

from notmagic.checks._base import CheckFailed, NotAnswered

__all__ = ["CheckFailed", "NotAnswered"]
