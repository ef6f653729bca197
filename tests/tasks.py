"""Background tasks that only tests start; in a module of their own, so that a worker process finds them by path."""

import time

from django.utils import timezone
from django_tasks import task

from registry.jobs import run_steps
from registry.models import Enterprise, Message
from registry.notices import tell_city
from registry.refusals import Refused

REFUSAL = "这一步不能办理。"


def sent(step: int) -> str:
    """The subject of a step's message; what the step leaves behind."""
    return f"第{step}步"


@task
def send(job: str, count: int, refuse: tuple = (), fail: int = 0, seconds: float = 0.0) -> None:
    """One message for each step 1…count: those in ``refuse`` are refused, ``fail`` breaks, each takes ``seconds``."""

    def remaining():
        done = set(Message.unscoped.values_list("subject", flat=True))
        return [step for step in range(1, count + 1) if sent(step) not in done]

    def do(step, *, by, at):
        tell_city(sent(step), by.display_name, url="/", at=at)
        time.sleep(seconds)
        if step in refuse:
            raise Refused(REFUSAL)
        if step == fail:
            raise ZeroDivisionError

    run_steps(job, remaining, do, name=sent)


def until_sent(subject: str) -> None:
    """Wait for a message, half a minute at most."""
    for _ in range(300):
        if Message.unscoped.filter(subject=subject).exists():
            return
        time.sleep(0.1)


@task
def wait(job: str) -> None:
    """One step that goes on until a message 走 is there."""

    def do(step, *, by, at):
        until_sent("走")
        tell_city(sent(step), by.display_name, url="/", at=at)

    run_steps(job, lambda: [] if Message.unscoped.filter(subject=sent(1)).exists() else [1], do)


@task
def wait_alone() -> None:
    """The same without a job."""
    until_sent("走")
    tell_city(sent(1), "", url="/", at=timezone.now())


@task
def move(job: str) -> None:
    """Every enterprise moves to the same address: a step on a row whose history is kept."""

    def do(step, *, by, at):
        Enterprise.unscoped.filter(pk=step).update(address="新址")

    run_steps(job, lambda: Enterprise.unscoped.exclude(address="新址").values_list("pk", flat=True), do)
