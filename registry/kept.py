"""What a request asks again and again, read once: the law in force, the bureaus' names, how clauses are numbered.

Kept while one request or task lasts, and no longer; whoever writes such a thing forgets it. Outside of both, in
commands and in the clock, every question is asked anew.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from asgiref.local import Local

Answer = TypeVar("Answer")
_kept = Local()


def begin(**_signal) -> None:
    """Keep answers from now on, none of them an earlier one."""
    _kept.answers = {}


def end(**_signal) -> None:
    """Keep nothing any more."""
    _kept.answers = None


def forget() -> None:
    """Ask anew when next asked, since something of it has changed."""
    if getattr(_kept, "answers", None):
        begin()


def once(read: Callable[[], Answer]) -> Callable[[], Answer]:
    """The same question, asked once a request or task."""

    @wraps(read)
    def answer() -> Answer:
        answers = getattr(_kept, "answers", None)
        if answers is None:
            return read()
        if read not in answers:
            answers[read] = read()
        return answers[read]

    return answer
