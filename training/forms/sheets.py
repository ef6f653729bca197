"""Attendance and scores by spreadsheet: the template of a session, what an upload would change, and its way back.

Between preview and confirmation the changes travel in the page itself, signed for this session and this person and
packed: nothing is stored that would have to be swept, tabs do not disturb each other, and 2,000 people of a session of
60 days stay well below the 2 MB that a form may have. What comes back is checked again by the act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django import forms
from django.core import signing
from xlsxwriter.utility import xl_col_to_name

from registry.fields import plain_line
from registry.pages import PortalForm
from registry.refusals import Refused
from registry.rules import day_words
from registry.sheets import MAX_UPLOAD, Column, Fault, Reading, Row, Template, listed, read_sheet, write_template
from registry.sheets.cells import plain
from training.actions.results import Result, trace_of
from training.forms.marks import (
    Changes,
    Typed,
    attendance_key,
    changes_of,
    sat_on_column,
    score_column,
    standing,
)
from training.models import Enrolment, Session
from training.rules import SITTINGS
from training.states import TrainingKind

PRESENT, ABSENT = "到场", "缺席"
VALID_FOR = 2 * 3600  # seconds between preview and confirmation
LINES = (
    "每人一行，不要改动座次、姓名和企业，不要增加列。",
    "空白的格子不改动已登记的内容；已登记的可以改为别的内容，不能清空。",
    "前一次考核没有合格的，才填补考。已发证书的人员，考勤和成绩不能再改。",
    "上传后先列出将要改动的内容，确认后一次写入；有一处错误，全部不写入。",
)


def days_of(session: Session) -> dict[date, int]:
    """The session's days in order, with their keys."""
    return dict(session.days.values_list("day", "pk"))


def template_of(session: Session, days: Mapping[date, int]) -> Template:
    """The spreadsheet of one session: who, each day, and for 任职培训 each sitting."""
    who = (
        Column("seat", "座次", "number", required=True, minimum=1, maximum=2000, prefilled=True, width=6),
        Column("name", "姓名", "text", required=True, prefilled=True, width=12),
        Column("enterprise", "企业", "text", prefilled=True, width=28),
    )
    present = [
        Column(attendance_key(day), f"{day_words(day)}到场", "choice", choices=(PRESENT, ABSENT), width=12)
        for day in days
    ]
    sat = []
    if session.kind == TrainingKind.QUALIFYING:
        sat = [column(n) for n in range(1, SITTINGS + 1) for column in (score_column, sat_on_column)]
    return Template("考勤成绩", 1, session.reference, f"考勤和成绩：{session.title}", (*who, *present, *sat), LINES)


def filled_sheet(session: Session, people: list[Enrolment]) -> bytes:
    """The XLSX to fill in, begun with what stands on file."""
    days = days_of(session)
    return write_template(template_of(session, days), [_row_of(person, days) for person in people])


def _row_of(person: Enrolment, days: Mapping[date, int]) -> dict[str, object]:
    present, sittings = standing(person)
    enterprise = person.enterprise.name if person.enterprise else ""
    row: dict[str, object] = {"seat": person.seat, "name": person.candidate.name, "enterprise": enterprise}
    row |= {attendance_key(day): PRESENT if present[key] else ABSENT for day, key in days.items() if key in present}
    for sitting, (sat_on, score) in sittings.items():
        row |= {score_column(sitting).key: score, sat_on_column(sitting).key: sat_on}
    return row


@dataclass(frozen=True)
class Upload:
    """What an upload would do: who changes and how, how many stay as they are, and everything wrong with it."""

    changed: list[Changes]
    unchanged: int
    faults: list[Fault]


def read_upload(data: bytes, name: str, *, session: Session, people: list[Enrolment], today: date) -> Upload:
    """Hold an uploaded sheet against what stands on file. Raises Refused for what is wrong with the whole file."""
    days = days_of(session)
    template = template_of(session, days)
    reading = read_sheet(data, name, template)
    seats, faults, changed, seen = {person.seat: person for person in people}, [], [], set()
    for row in reading.rows:
        if fault := _stranger(row, seats, seen, template):
            faults.append(fault)
            continue
        changes = changes_of(seats[row.values["seat"]], _typed(row, days), session, days, today)
        faults += [_fault(row, key, reason, template) for key, reason in changes.faults]
        if changes.words:
            changed.append(changes)
    return Upload(changed, len(reading.rows) - len(changed), _all_faults(reading, faults))


def _all_faults(reading: Reading, more: list[Fault]) -> list[Fault]:
    return listed([*reading.faults, *more]) if more else reading.faults


def _stranger(row: Row, seats: Mapping[int, Enrolment], seen: set[int], template: Template) -> Fault | None:
    """Whether the row is about nobody of the session, about somebody else, or about somebody a second time."""
    seat, name = row.values["seat"], row.values["name"]
    if seat in seen:
        return _fault(row, "seat", f"座次 {seat} 在前面已经出现过。", template)
    seen.add(seat)
    if seat not in seats:
        return _fault(row, "seat", f"这一期没有座次 {seat}。请下载最新的模板核对。", template)
    if plain(name) != plain(seats[seat].candidate.name):
        return _fault(row, "name", f"座次 {seat} 是{seats[seat].candidate.name}，表中写的是另一姓名。", template)
    return None


def _fault(row: Row, key: str, reason: str, template: Template) -> Fault:
    place = next(place for place, column in enumerate(template.columns) if column.key == key)
    return Fault(row.number, f"{xl_col_to_name(place)} 列（{template.columns[place].title}）", reason)


def _typed(row: Row, days: Mapping[date, int]) -> Typed:
    said = {PRESENT: True, ABSENT: False, "": None}
    return Typed(
        {day: said[row.values[attendance_key(day)]] for day in days},
        {n: row.values.get(score_column(n).key) for n in range(1, SITTINGS + 1)},
        {n: row.values.get(sat_on_column(n).key) for n in range(1, SITTINGS + 1)},
    )


# --- From preview to confirmation ------------------------------------------------------------------------------------


def _salt(session: Session, user) -> str:
    return f"training.results.{session.reference}.{user.pk}"


def packed(changed: list[Changes], *, session: Session, user) -> str:
    """The changes as a signed text; its reader is this user, for this session, within two hours."""
    rows = [
        [
            changes.enrolment.pk,
            {day.isoformat(): int(there) for day, there in changes.attendance.items()},
            {sitting: [day.isoformat(), str(score)] for sitting, (day, score) in changes.scores.items()},
            trace_of(changes.enrolment),
        ]
        for changes in changed
    ]
    return signing.dumps(rows, salt=_salt(session, user), compress=True)


def unpacked(text: str, *, session: Session, user) -> tuple[dict[int, Result], dict[int, str]]:
    """The results, and what the preview saw of each person. Raises Refused for a text that is not ours, or is old."""
    try:
        rows = signing.loads(text, salt=_salt(session, user), max_age=VALID_FOR)
    except signing.SignatureExpired:
        raise Refused("预览已超过两小时，没有写入。请重新上传。") from None
    except signing.BadSignature:
        raise Refused("预览的内容不完整，没有写入。请重新上传。") from None
    results = {
        pk: Result(
            {date.fromisoformat(day): bool(there) for day, there in attendance.items()},
            {int(n): (date.fromisoformat(day), Decimal(score)) for n, (day, score) in scores.items()},
        )
        for pk, attendance, scores, _ in rows
    }
    return results, {pk: trace for pk, _, _, trace in rows}


class SheetForm(PortalForm):
    """The filled-in template; cleans to (name, bytes)."""

    sheet = forms.FileField(
        label="填好的表格",
        max_length=200,
        help_text=f"XLSX 或 CSV，最大 {MAX_UPLOAD // 1024 // 1024} MB，最多 2000 人。",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": "请选择填好的表格。",
            "empty": "文件是空的，请重新选择。",
            "max_length": "文件名太长，请改短后再上传。",
            "invalid": "没有收到文件，请重新选择。",
        },
    )

    def clean_sheet(self):
        """Read no more than the limit of a sheet; what it holds is judged afterwards."""
        upload = self.cleaned_data["sheet"]
        return plain_line(upload.name), upload.read(MAX_UPLOAD + 1)


class ConfirmSheetForm(PortalForm):
    """The changes of the preview, to be written."""

    changes = forms.CharField(
        widget=forms.HiddenInput, strip=False, error_messages={"required": "预览的内容不完整，没有写入。请重新上传。"}
    )
