"""Taking a list out of the portal: at once where it is short, else in the background; noted either way."""

import secrets
from datetime import datetime

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from registry import exporting, jobs
from registry.actions.common import allow
from registry.listed import Listing, Opened, listings, said
from registry.models import Export, Job, User
from registry.models.exports import office_of
from registry.ratelimit import spend
from registry.refusals import Refused
from registry.securitylog import note
from registry.states import OF_PAPERS, ExportForm, SecurityEvent

KIND = "export"
AT_ONCE = 3000  # rows that are written while somebody waits
PER_HOUR = 60
LONGEST_QUERY = 2000
NO_PAPERS = "这份清单没有可以成批下载的文件。"
BY_WORDS = "按文字查找"  # the security log names no person


def start_export(
    listing: Listing, *, query: str, form: str, task, by: User, at: datetime, request=None
) -> Export | Job:
    """Make a file of a list as an address narrows it: an Export where it is short, else the Job that makes it.

    ``task`` is what the background does. Raises Refused without the right to the list, for a form that it does not
    have, for more than 60 in an hour, and where the security log cannot be written.
    """
    opened = _opened(listing, query, by, at)
    if form not in ExportForm.values or (form in OF_PAPERS and listing.papers is None):
        raise Refused(NO_PAPERS if form in OF_PAPERS else "导出的格式不在可选范围内，请重新选择。")
    if spend(KIND, str(by.pk), limit=PER_HOUR, seconds=3600, at=at):
        raise Refused(f"一小时内最多导出 {PER_HOUR} 次，请稍后再试。已导出的文件可以在“我的导出”中找到。")
    reference = f"DC{secrets.token_hex(6).upper()}0"
    if form not in OF_PAPERS and opened.number(AT_ONCE + 1) <= AT_ONCE:
        return _made(opened, reference, form, by=by, at=at, request=request)
    return jobs.start(
        KIND, f"导出：{_title(listing, form)}", total=None, subject=reference, url=reverse("export_list"), by=by, at=at,
        task=task, reference=reference, key=listing.key, query=opened.query, form=form,
    )  # fmt: skip


def finish_export(progress, *, reference: str, key: str, query: str, form: str, by: User, at: datetime) -> None:
    """Write what ``start_export`` left to the background; a file that is there already is not written again.

    ``progress(done, total)`` is told how far it is. Raises Refused where the right to the list was lost meanwhile.
    """
    if Export.unscoped.filter(reference=reference).exists():
        return
    with exporting.patience():
        opened = _opened(listings()[key], query, by, at)
        total = opened.number()
        progress(0, total)
        _made(opened, reference, form, by=by, at=at, progress=lambda done: progress(done, total))


def _opened(listing: Listing, query: str, by: User, at: datetime) -> Opened:
    allow(by, "registry.export_list")
    if not listing.may(by):
        raise Refused("您没有查看这份清单的权限。")
    if len(query) > LONGEST_QUERY:
        raise Refused("筛选条件过长，请减少条件后再导出。")
    return listing.opened(QueryDict(query), user=by, today=timezone.localdate(at))


def _made(opened: Opened, reference: str, form: str, *, by: User, at: datetime, request=None, **more) -> Export:
    """The file and its row; the row is written when the file is whole, and noted before it is handed out."""
    written = exporting.write(opened, form, by=by, at=at, **more)
    narrowed = list(said(opened.filters))
    with transaction.atomic():
        export = Export.unscoped.create(
            reference=reference,
            listing=opened.listing.key,
            title=_title(opened.listing, form),
            form=form,
            said=[[bound.label, words] for bound, words in narrowed],
            rows=written.rows,
            left_out=written.left_out,
            sha256=written.sha256,
            size=written.size,
            created_at=at,
            created_by=by,
            made_for=office_of(by),
        )
        note(
            SecurityEvent.EXPORT, by=by, about=reference, request=request, listing=export.title,
            form=export.get_form_display(), filters=_unnamed(narrowed), rows=export.rows,
        )  # fmt: skip
    return export


def _title(listing: Listing, form: str) -> str:
    """What the file is called: the list, or the papers of its rows."""
    return listing.papers_name if form in OF_PAPERS else str(listing.title)


def _unnamed(narrowed: list[tuple[forms.BoundField, str]]) -> str:
    """The filters in words, without what was typed: that may be a person's name."""
    return "；".join(
        f"{bound.label}：{BY_WORDS if isinstance(bound.field, forms.CharField) else words}" for bound, words in narrowed
    )
