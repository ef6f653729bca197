"""Bringing a spreadsheet: uploaded, confirmed once its preview was seen, or given up. The writing is the worker's."""

import hashlib
import secrets
from pathlib import PureWindowsPath

from django.db import transaction

from registry import identity, jobs
from registry.actions.common import allow, locked
from registry.cleaning import plain_line
from registry.importing import KINDS, tasks
from registry.importing.staging import forget_secrets
from registry.models import ImportRun, ImportUpload, User
from registry.refusals import Refused
from registry.sheets import refuse_at_sight
from registry.states import ImportState

JOB = "import"


@transaction.atomic
def begin_import(kind: str, data: bytes, name: str, *, by: User, at) -> ImportRun:
    """Take an upload and have it read in the background. Raises Refused for what is no spreadsheet at first sight."""
    what = KINDS[kind]
    if not what.may(by):
        raise Refused("您没有办理这一事项的权限。")
    name = PureWindowsPath(plain_line(name)).name[-120:]
    refuse_at_sight(data, name, what.template(by))
    reference = f"DR{secrets.token_hex(6).upper()}0"
    run = ImportRun.unscoped.create(
        reference=reference, kind=kind, name=name, size=len(data), digest=hashlib.sha256(data).hexdigest(),
        created_at=at, created_by=by,
    )  # fmt: skip
    cipher, key_version = identity.seal_bytes(data, owner=reference)
    ImportUpload.unscoped.create(run=run, cipher=cipher, key_version=key_version)
    run.job = jobs.start(
        JOB, f"核对导入的表格：{what.title}", total=None, subject=reference, url=run.page, by=by, at=at,
        task=tasks.read, run=reference,
    )  # fmt: skip
    run.save(update_fields=["job"])
    return run


@transaction.atomic
def confirm_import(run: ImportRun, *, version: int, by: User, at) -> ImportRun:
    """Have the rows written that the preview shows as new or changed. Raises Refused, Stale for another preview."""
    run = locked(ImportRun.unscoped.select_related("created_by"), run.pk, version)
    allow(by, "registry.confirm_import", run)
    if run.state != ImportState.READY:
        raise Refused("这份表格现在不能确认写入。请查看它的最新状态。")
    if not run.to_write:
        raise Refused("没有需要写入的内容。")
    if not run.rows.exists():
        raise Refused("这份表格的逐行内容已按期清理，请重新上传。")
    run.state, run.fault, run.confirmed_at, run.confirmed_by = ImportState.WRITING, "", at, by
    run.version += 1
    run.job = jobs.start(
        JOB, f"写入导入的表格：{KINDS[run.kind].title}", total=None, subject=run.reference, url=run.page, by=by, at=at,
        task=tasks.write, run=run.reference,
    )  # fmt: skip
    run.save()
    return run


@transaction.atomic
def drop_import(run: ImportRun, *, by: User, at) -> ImportRun:
    """Give an upload up; nothing of it was written. Raises Refused while it is being written."""
    run = locked(ImportRun.unscoped.select_related("created_by", "job"), run.pk)
    allow(by, "registry.confirm_import", run)
    stopped = run.state == ImportState.WRITING and run.job is not None and run.job.is_over
    if run.state not in (ImportState.READING, ImportState.READY) and not stopped:
        raise Refused("这份表格现在不能放弃。请查看它的最新状态。")
    run.state, run.finished_at = ImportState.DROPPED, at
    run.version += 1
    run.save()
    ImportUpload.unscoped.filter(run=run).delete()
    forget_secrets(run)
    return run
