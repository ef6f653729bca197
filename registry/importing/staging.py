"""From an upload to a preview: rows read, doubles found, each rehearsed, and all of it kept until somebody confirms."""

from collections.abc import Iterator, Sequence

from cryptography.exceptions import InvalidTag
from django.db.models import Count

from registry import identity
from registry.copying import copy_rows
from registry.importing.kind import KINDS, Entry, Kind, Outcome, as_read
from registry.models import ImportRow, ImportRun, User
from registry.refusals import Refused
from registry.sheets import nothing_in_it, open_sheet
from registry.states import Verdict

STAGED = ("run_id", "number", "verdict", "values", "label", "is_readable", "details")
MISPLACED = "表头或者合并的单元格有误"


def read_entries(run: ImportRun, data: bytes, by: User) -> list[Entry]:
    """The rows of an upload, with what their own cells and one another say against them. Raises Refused."""
    kind = KINDS[run.kind]
    sheet = open_sheet(data, run.name, kind.template(by))
    if sheet.faults:
        told = "；".join(f"{fault.column}{fault.reason.rstrip('。')}" for fault in sheet.faults[:3])
        raise Refused(f"{MISPLACED}：{told}。请使用下载的模板填写，不要增加列、合并单元格。")
    entries = []
    for number, values, wrong in sheet.rows():
        entry = Entry(number, values)
        for fault in wrong:
            entry.refuse(fault.column, fault.reason)
        entries.append(entry)
    if not entries:
        raise nothing_in_it()
    _refuse_doubles(kind, entries)
    for entry in entries:
        entry.is_readable = not entry.faults
    return entries


def _refuse_doubles(kind: Kind, entries: Sequence[Entry]) -> None:
    """A row about what an earlier one is about: the same again is left out; where they differ, both are."""
    seen: dict[object, Entry] = {}
    for entry in entries:
        if entry.faults or (key := kind.key(entry.values)) is None:
            continue
        first = seen.setdefault(key, entry)
        if first is entry:
            continue
        if first.values == entry.values:
            entry.refuse("", f"与第 {first.number} 行完全相同，只按第 {first.number} 行办理。")
            continue
        for one, other in ((entry, first), (first, entry)):
            if not one.faults:
                one.refuse("", f"与第 {other.number} 行所指相同而内容不同，不能确定以哪一行为准。请只保留正确的一行。")


def stage(run: ImportRun, entries: Sequence[Entry], by: User) -> None:
    """Keep rows and what is to become of them; what is secret stands sealed."""
    kind = KINDS[run.kind]
    secret = [column.key for column in kind.columns(by) if column.secret]

    def kept(entry: Entry) -> tuple:
        values = dict(entry.values)
        for key in secret:
            if values.get(key):
                values[key] = identity.seal_text(values[key], owner=run.reference)
        details = [list(line) for line in entry.faults or entry.outcome.changes]
        label = kind.label(entry.values)[:120]
        return run.pk, entry.number, entry.outcome.verdict, values, label, entry.is_readable, details

    copy_rows(ImportRow, STAGED, map(kept, entries))


def staged(run: ImportRun, by: User, *verdicts: str) -> Iterator[Entry]:
    """The rows of an import as they were kept, in their order. Raises Refused where they can be opened no more."""
    columns = KINDS[run.kind].columns(by)
    secret = [column.key for column in columns if column.secret]
    rows = run.rows.filter(verdict__in=verdicts) if verdicts else run.rows.all()
    told = rows.order_by("number").values_list("number", "values", "verdict", "details", "is_readable")
    for number, values, verdict, details, is_readable in told.iterator(chunk_size=5000):
        for key in secret:
            if values.get(key):
                values[key] = _opened(values[key], run)
        entry = Entry(number, as_read(values, columns), is_readable=is_readable)
        lines = tuple(tuple(line) for line in details)
        entry.outcome = Outcome(verdict, () if verdict == Verdict.FAULTY else lines)
        entry.faults = list(lines) if verdict == Verdict.FAULTY else []
        yield entry


def _opened(sealed: str, run: ImportRun) -> str:
    try:
        return identity.unseal_text(sealed, owner=run.reference)
    except (InvalidTag, KeyError):
        raise Refused("上传以后系统更换了密钥，表中的证件号码不能再读取。请重新上传。") from None


def count(run: ImportRun) -> None:
    """Take up how many rows of each verdict there are; the caller saves."""
    found = dict(run.rows.values_list("verdict").annotate(Count("pk")).order_by())
    run.new, run.changed, run.unchanged, run.faulty = (found.get(verdict, 0) for verdict in Verdict)


def forget_secrets(run: ImportRun) -> None:
    """Take what is secret out of the rows of an import that is over."""
    rows = run.rows.filter(values__has_any_keys=secret_keys(run))
    for row in rows.iterator(chunk_size=1000):
        row.values = {key: value for key, value in row.values.items() if key not in secret_keys(run)}
        row.save(update_fields=["values"])


def secret_keys(run: ImportRun) -> list[str]:
    """The columns of an import that are shown to nobody."""
    return [column.key for column in KINDS[run.kind].columns(run.created_by) if column.secret]
