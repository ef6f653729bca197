"""The two works in the background: an upload becomes a preview, a confirmed preview is written."""

from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task

from registry import identity, jobs
from registry.importing.kind import KINDS, Kind, Moved
from registry.importing.staging import count, forget_secrets, read_entries, stage, staged
from registry.models import ImportRun, ImportUpload, User
from registry.refusals import Refused
from registry.states import ImportState, Verdict

SETTLE = -1  # the step after the last portion
MOVED = "预览以后名录有了变化。已按现在的名录重新核对，请看过以后再确认。"
# Nobody waits for this on a page, and one statement writes thousands of rows.
PATIENCE = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '300s'"


@task()
def read(*, job: str, run: str) -> None:
    """Read an upload and rehearse its rows; taken up again, it begins afresh, since nothing is written before."""
    of = ImportRun.unscoped.select_related("created_by").get(reference=run)
    kind, portions = KINDS[of.kind], []

    def remaining() -> list[int]:
        if of.state != ImportState.READING:
            return []
        of.rows.all().delete()
        try:  # in no transaction: it takes seconds, and one that idles is ended
            entries = read_entries(of, _bytes_of(of), of.created_by)
        except Refused as refusal:
            _fail(of, refusal.sentence)
            return []
        portions.extend(kind.batches(entries))
        return [*range(len(portions)), SETTLE]

    def do(step: int, *, by: User, at) -> None:
        if step == SETTLE:
            _settle(of, sum(map(len, portions)))
            return
        _rehearse(kind, portions[step], by=by, at=at)
        stage(of, portions[step], by)

    jobs.run_steps(job, remaining, do)


def _rehearse(kind: Kind, entries: list, *, by: User, at) -> None:
    """Rehearse the rows that can be read, as they stand now."""
    fit = [entry for entry in entries if entry.is_readable]
    for entry in fit:
        entry.faults, entry.outcome = [], None
    if fit:
        kind.rehearse(fit, by=by, at=at)


def _bytes_of(run: ImportRun) -> bytes:
    upload = ImportUpload.unscoped.get(run=run)
    return identity.unseal_bytes(upload.cipher, upload.key_version, owner=run.reference)


def _fail(run: ImportRun, sentence: str) -> None:
    with transaction.atomic():
        run = ImportRun.unscoped.select_for_update(of=("self",)).get(pk=run.pk)
        if run.state == ImportState.READING:
            run.state, run.fault, run.finished_at = ImportState.FAILED, sentence[:400], timezone.now()
            run.version += 1
            run.save()
        ImportUpload.unscoped.filter(run=run).delete()


def _settle(run: ImportRun, expected: int) -> None:
    """Everything is rehearsed: the preview is ready, and the upload itself is not needed any more."""
    run = ImportRun.unscoped.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != ImportState.READING:  # given up meanwhile
        run.rows.all().delete()
        return
    count(run)
    if run.rows_read != expected:
        raise RuntimeError(f"{run.reference}: {run.rows_read} rows kept of {expected}")
    run.state = ImportState.READY
    run.version += 1
    run.save()
    ImportUpload.unscoped.filter(run=run).delete()


@task()
def write(*, job: str, run: str) -> None:
    """Write what was confirmed, in one transaction; or nothing, and show the preview anew, where something moved."""

    def remaining() -> list[str]:
        waiting = ImportRun.unscoped.filter(reference=run, state=ImportState.WRITING)
        return list(waiting.values_list("reference", flat=True))

    def do(reference: str, *, by: User, at) -> None:
        of = ImportRun.unscoped.select_for_update(of=("self",)).get(reference=reference)
        if of.state != ImportState.WRITING:
            return
        try:
            with transaction.atomic():
                _write(of, by=by, at=at)
        except Moved:
            _show_anew(of, MOVED, by=by, at=at)
        except Refused as refusal:
            _show_anew(of, f"没有写入：{refusal.sentence}", by=by, at=at)

    jobs.run_steps(job, remaining, do)


def _write(run: ImportRun, *, by: User, at) -> None:
    """Everything at once, one import of a kind after the other."""
    kind = KINDS[run.kind]
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import {run.kind}"])
    if not kind.may(by):
        raise Refused("您没有办理这一事项的权限。")
    kind.write(list(staged(run, by, Verdict.NEW, Verdict.CHANGED)), by=by, at=at, run=run)
    run.state, run.finished_at, run.fault = ImportState.DONE, at, ""
    run.version += 1
    run.save()
    forget_secrets(run)


def _show_anew(run: ImportRun, sentence: str, *, by: User, at) -> None:
    """Hold all rows against what stands on file now."""
    kind, entries = KINDS[run.kind], list(staged(run, by))
    for portion in kind.batches(entries):
        _rehearse(kind, portion, by=by, at=at)
    run.rows.all().delete()
    stage(run, entries, by)
    count(run)
    run.state, run.fault = ImportState.READY, sentence[:400]
    run.confirmed_at = run.confirmed_by = None
    run.version += 1
    run.save()
