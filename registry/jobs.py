"""Background work that survives its worker: in steps, each in a transaction of its own, resumed where it stood.

The library's queue gives a task to one worker and never takes it back. So whoever works on a task holds the task's
lock (``registry.locks``), which a dead process lets go of; ``reap`` gives such a task back to the queue. A worker that
is merely slow still holds its lock and is never robbed.
"""

import logging
import secrets
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta

import pghistory
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished, task_started
from django_tasks_db.models import DBTaskResult

from registry import kept, locks
from registry.actions.common import allow, locked
from registry.faults import sentence_for
from registry.models import Job, User
from registry.models.acts import basis_marks
from registry.refusals import Refused

logger = logging.getLogger(__name__)
GRACE = timedelta(seconds=30)  # between claiming a task and holding its lock lie milliseconds
ATTEMPTS = 5  # workers lost without one more step done
STOPPED = "办理中出现意外错误，已经停下。已办完的不受影响；管理员查明原因后，可以继续办理。"
GIVEN_UP = f"后台程序连续 {ATTEMPTS} 次中断而没有进展，已经停下。已办完的不受影响；管理员查明原因后，可以继续办理。"
FINISHED = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)
AFRESH = {"status": TaskResultStatus.READY, "started_at": None, "finished_at": None}
AFRESH |= {"exception_class_path": "", "traceback": ""}


class LockLost(Exception):  # noqa: N818 (named for what happened)
    """The session that held the job's lock is gone: another worker may have the job by now."""


def start(
    kind: str, title: str, *, total: int | None, subject: str, url: str, by: User, at: datetime, task, **kwargs
) -> Job:
    """Note a job and enqueue its task, in one transaction: the caller's, so that its rollback leaves neither.

    ``task`` is called with the job's reference as ``job`` and with ``kwargs`` (values of JSON). ``url`` is where the
    result is to be seen, ``total`` how many steps are expected (None where that is not known).
    """
    reference = f"RW{secrets.token_hex(6).upper()}0"
    with transaction.atomic():
        queued = task.enqueue(job=reference, **kwargs)
        return Job.unscoped.create(
            reference=reference,
            kind=kind,
            title=title,
            subject=subject,
            url=url,
            total=total,
            created_at=at,
            created_by=by,
            task_id=queued.id,
        )


def run_steps(
    reference: str,
    remaining: Callable[[], Iterable[Hashable]],
    do: Callable[..., object],
    *,
    name: Callable[[Hashable], str] = str,
) -> None:
    """Do what remains of a job; the body of a task. Leaves at once where another worker has the job.

    ``remaining()`` asks the database which steps are still to do, so that a job taken up again repeats none.
    ``do(step, by=, at=)`` carries one out, in a transaction with the count of it, in the name of whoever started the
    job. A refusal leaves the step out, under ``name(step)``, and the rest goes on; a job taken up again tries it again.
    Anything else that ``do`` raises stops the job with a sentence, and is raised.
    """

    def carry_out(job: Job, session) -> None:
        steps = list(remaining())
        _note(job, started_at=Coalesce("started_at", timezone.now()), left_out=[], total=F("done") + len(steps))
        job.left_out = []
        for step in steps:
            _hold_on(session)
            _carry_out(job, step, do, name)

    _run(reference, carry_out)


def run_whole(reference: str, work: Callable[..., object]) -> None:
    """Do a job that is one piece; the body of a task. Taken up again it begins anew: half of it is of no use.

    ``work(progress, by=)`` does it, in no transaction, and says by ``progress(done, total)`` how far it is. A refusal
    ends the job with its sentence; anything else that ``work`` raises stops it, and is raised.
    """

    def carry_out(job: Job, session) -> None:
        def progress(done: int, total: int) -> None:
            _hold_on(session)
            _note(job, done=min(done, total), total=total)

        _note(job, started_at=Coalesce("started_at", timezone.now()), left_out=[], done=0, total=None)
        try:
            work(progress, by=job.created_by)
        except Refused as refusal:
            _note(job, left_out=[[job.title, refusal.sentence]])

    _run(reference, carry_out)


def _run(reference: str, carry_out: Callable[[Job, object], None]) -> None:
    """Have the job to oneself, and carry it out; leaves at once where another worker has it."""
    job = Job.unscoped.get(reference=reference)
    with locks.held(_lock_of(job.task_id)) as mine:
        job = Job.unscoped.select_related("created_by").get(pk=job.pk)
        if mine and not job.is_over:
            _work(job, carry_out)


def _work(job: Job, carry_out: Callable[[Job, object], None]) -> None:
    session = connection.connection
    try:
        marks = basis_marks(timezone.localdate())
        with pghistory.context(user=job.created_by_id, url=job.page, **marks):
            carry_out(job, session)
        Job.unscoped.filter(pk=job.pk).update(finished_at=timezone.now())
    except Exception:
        # Where the session broke, no step is at fault: the job stays open and is taken up again.
        if connection.connection is session and connection.is_usable():
            Job.unscoped.filter(pk=job.pk).update(finished_at=timezone.now(), fault=STOPPED)
        raise


def _hold_on(session) -> None:
    """Raise LockLost where the session that held the job's lock is gone."""
    if connection.connection is not session:
        raise LockLost


def _carry_out(job: Job, step: Hashable, do, name) -> None:
    """One step, with the count of it; or its refusal."""
    try:
        with transaction.atomic():
            do(step, by=job.created_by, at=timezone.now())
            _note(job, done=F("done") + 1, attempts=0)
        return
    except Refused as refusal:
        sentence = refusal.sentence
    except DatabaseError as error:
        if (sentence := sentence_for(error)) is None:
            raise
    job.left_out.append([name(step), sentence])
    _note(job, left_out=job.left_out)


def _note(job: Job, **values) -> None:
    Job.unscoped.filter(pk=job.pk).update(heartbeat_at=timezone.now(), **values)


def reap(*, at: datetime) -> int:
    """Give tasks whose worker is gone back to the queue; returns how many.

    That is: a task that runs, or an unfinished job's task that ended, for longer than the grace, and whose lock nobody
    holds. A task lost ATTEMPTS times without progress is marked failed, with a sentence on its job.
    """
    before, unfinished = at - GRACE, Job.unscoped.filter(finished_at=None).values("task_id")
    lost = DBTaskResult._default_manager.filter(
        Q(status=TaskResultStatus.RUNNING, started_at__lt=before)
        | Q(status__in=FINISHED, finished_at__lt=before, pk__in=unfinished)
    )
    return sum(_take_back(lost.filter(pk=pk), at=at) for pk in list(lost.values_list("pk", flat=True)))


@transaction.atomic
def _take_back(lost, *, at: datetime) -> bool:
    """Give one lost task back, unless another reaper or a worker has it by now."""
    task = lost.select_for_update(skip_locked=True, of=("self",)).first()
    if task is None or not locks.free_until_commit(_lock_of(task.pk)):
        return False
    rows = DBTaskResult._default_manager.filter(pk=task.pk)
    job = Job.unscoped.select_for_update().filter(task_id=task.pk, finished_at=None).first()
    attempts = job.attempts + 1 if job else len(task.worker_ids)
    if job:
        Job.unscoped.filter(pk=job.pk).update(attempts=attempts)
    if attempts < ATTEMPTS:
        logger.warning("Task %s (job %s) lost its worker and goes back to the queue", task.pk, job and job.reference)
        return bool(rows.update(**AFRESH))
    logger.error("Task %s (job %s) lost its worker %d times: given up", task.pk, job and job.reference, attempts)
    rows.update(status=TaskResultStatus.FAILED, finished_at=at)
    if job:
        Job.unscoped.filter(pk=job.pk).update(finished_at=at, fault=GIVEN_UP)
    return False


@transaction.atomic
def again(job: Job, *, by: User, at: datetime) -> Job:
    """Take up a job that stopped, or the steps it left out. Raises Refused where there is nothing to take up."""
    allow(by, "registry.repeat_job", job)
    job = locked(Job.unscoped, job.pk)
    if not job.is_repeatable or not locks.free_until_commit(_lock_of(job.task_id)):
        raise Refused("这项工作正在办理，或者已经全部办完，没有需要继续的。")
    if not DBTaskResult._default_manager.filter(pk=job.task_id).update(**AFRESH, enqueued_at=at):
        raise Refused("这项工作的后台记录已按期清理，请重新发起。")
    job.started_at = job.heartbeat_at = job.finished_at = None
    job.fault, job.attempts, job.left_out = "", 0, []
    job.save()
    return job


def _lock_of(task_id) -> str:
    return f"task {task_id}"


@receiver(task_started)
def _hold_task(sender, task_result, **kwargs) -> None:
    """Every task's lock is held while it runs, those without a job too."""
    locks.take(_lock_of(task_result.id))
    kept.begin()


@receiver(task_finished)
def _let_task_go(sender, task_result, **kwargs) -> None:
    locks.let_go(_lock_of(task_result.id))
    kept.end()
