"""What a request asks again and again, asked once.

An answer is kept while the request or task lasts, and no longer; whoever changes what it tells of forgets it. Outside
of both, in commands and in the clock, every question is asked anew.
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


def once(ask: Callable[[], Answer]) -> Callable[[], Answer]:
    """The same question, asked once a request or task."""

    @wraps(ask)
    def answer() -> Answer:
        answers = getattr(_kept, "answers", None)
        if answers is None:
            return ask()
        if ask not in answers:
            answers[ask] = ask()
        return answers[ask]

    return answer
