"""Bringing spreadsheets in tests: filled in as a clerk would, and the worker's part done at once in this process."""

import io
from datetime import date, datetime

from django.utils import timezone
from xlsxwriter import Workbook

from registry.actions.imports import begin_import, confirm_import
from registry.importing import KINDS, tasks
from registry.models import ImportRun
from tests.cast import credit_code, resident_id

COMPANY = {
    "name": "丙公司", "county": "清城区", "since": "", "address": "清远市某路3号", "industry": "制造业", "size": "小型",
    "legal_representative": "李法人", "principal": "王负责", "contact_name": "赵联系", "contact_phone": "13800138000",
    "contact_email": "",
}  # fmt: skip


def company(n: int, **facts) -> dict:
    """A row of the register, by column key; the n-th code that no company of the cast has."""
    return COMPANY | {"credit_code": credit_code(30_000_000 + n), "name": f"新企业{n}"} | facts


def newcomer(n: int, name: str = "周七", **facts) -> dict:
    """A row of somebody new at an enterprise; the n-th ID number."""
    row = {"name": name, "id_type": "居民身份证", "id_number": resident_id(n), "position": "质量总监", "told": "是"}
    return row | {"since": date(2015, 1, 1), "phone": "139 0013 9001"} | facts


def sheet(kind: str, user, *rows: dict, edit=None, mark=None, titles=None) -> bytes:
    """The template of a kind, filled in by hand: rows by column key."""
    template = KINDS[kind].template(user)
    data = io.BytesIO()
    with Workbook(data, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet("填写")
        page.write_string(0, 0, template.mark if mark is None else mark)
        page.write_row(1, 0, titles or [column.title for column in template.columns])
        for number, row in enumerate(rows, 2):
            for place, column in enumerate(template.columns):
                value = row.get(column.key, "")
                if isinstance(value, date | datetime):
                    page.write_datetime(number, place, value)
                elif value != "":
                    page.write(number, place, value)
        if edit:
            edit(page)
    return data.getvalue()


def delimited(kind: str, user, *rows: dict, encoding: str = "gb18030") -> bytes:
    """The same as Excel saves a CSV in China."""
    template = KINDS[kind].template(user)
    keys = [column.key for column in template.columns]
    lines = [[template.mark], [column.title for column in template.columns]]
    lines += [[str(row.get(key, "")) for key in keys] for row in rows]
    return "\r\n".join(",".join(line) for line in lines).encode(encoding)


def read(run: ImportRun) -> ImportRun:
    """The worker reads an upload."""
    tasks.read.call(job=run.job.reference, run=run.reference)
    return ImportRun.unscoped.get(pk=run.pk)


def brought(kind: str, data: bytes, by, name: str = "表格.xlsx") -> ImportRun:
    """An upload, read: ready to be confirmed, or refused as a whole."""
    return read(begin_import(kind, data, name, by=by, at=timezone.now()))


def written(run: ImportRun, by) -> ImportRun:
    """A preview, confirmed and written."""
    run = confirm_import(run, version=run.version, by=by, at=timezone.now())
    tasks.write.call(job=run.job.reference, run=run.reference)
    return ImportRun.unscoped.get(pk=run.pk)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """New, changed, unchanged, faulty."""
    return run.new, run.changed, run.unchanged, run.faulty


def faults(run: ImportRun) -> dict[int, list]:
    """What is wrong with which row, as (column, reason)."""
    return {row.number: [tuple(line) for line in row.details] for row in run.rows.filter(verdict="faulty")}
