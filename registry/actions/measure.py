"""What becomes of the measure: a file is loaded, the bureau extends it, the bureau interprets it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import TextChoices

from registry import kept
from registry.actions.common import allow
from registry.measures import (
    PARAMETERS,
    Answer,
    BasisKind,
    ClausePart,
    MeasureFile,
    Place,
    QuestionPart,
    reading_fault,
)
from registry.models.accounts import County, User
from registry.models.authority import AuthorityName, bureau_on
from registry.models.files import StoredFile
from registry.models.measure import BasisPeriod, Clause, Edition, Interpretation, days
from registry.refusals import Refused

# One writer of the measure at a time. Rows that do not exist yet cannot be locked: this number stands for them.
MEASURE_LOCK = 0x43514F01
# What a reading repeats of its question, so that it can be read by itself after the question is gone.
QUESTION_FIELDS = ("clause", "question", "answer", "options", "default", "meanwhile")
CLAUSE_FIELDS = (
    *("article", "paragraph", "item", "subitem", "label", "position"),
    *("text", "treatment", "how", "provision"),
)


class Loaded(TextChoices):
    """What loading a file did."""

    CREATED = "created", "已装入"
    UPDATED = "updated", "已更新条文与待解释问题"
    UNCHANGED = "unchanged", "与已装入的内容相同，未作改动"


def _lock_measure():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MEASURE_LOCK])


# --- Loading a file --------------------------------------------------------------------------------------------------


@transaction.atomic
def load_measure(
    measure: MeasureFile,
    *,
    at: datetime,
    by: User | None = None,
    number: str = "",
    document: StoredFile | None = None,
    ends_predecessor: bool = False,
) -> Loaded:
    """Bring the rows of an edition in line with its file; loading the same file again changes nothing.

    An edition that is loaded keeps its parameters and its periods, since acts were done under them: Raises Refused when
    a file would change them, or when its period falls into another edition's. ``by`` is None for the command; a person
    gives the document's number and scan. ``ends_predecessor``: the period that holds the new measure's first day ends
    the day before; acts done keep the edition they were done under.
    """
    if by is not None:
        allow(by, "registry.record_basis")
        number = _documented(number, document)
    _lock_measure()
    edition = Edition.unscoped.filter(key=measure.edition.key).first()
    if edition is None:
        paper = {"number": number, "document": document}
        edition = _create_edition(measure, at=at, by=by, paper=paper, ends_predecessor=ends_predecessor)
        outcome = Loaded.CREATED
    elif by is not None:
        raise Refused(f"代码 {edition.key} 的办法已经装入；新的办法请另取代码。")
    elif edition.source_sha256 == measure.sha256:
        return Loaded.UNCHANGED
    else:
        _update_edition(edition, measure, at=at, by=by)
        outcome = Loaded.UPDATED
    _write_clauses(edition, measure)
    _write_questions(edition, measure, at=at, by=by)
    kept.forget()
    return outcome


def _parameters(measure: MeasureFile) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": part.value, "clause": part.clause} | ({"by_size": part.by_size} if part.by_size else {})
        for name, part in measure.parameters.items()
    }


def _describe(edition: Edition, measure: MeasureFile, *, at: datetime, by: User | None):
    part = measure.edition
    edition.title, edition.authority, edition.reading = part.title, part.authority, part.reading
    edition.promulgated_on, edition.is_demo = part.promulgated_on, part.is_demo
    edition.source_sha256, edition.loaded_at, edition.loaded_by = measure.sha256, at, by
    edition.save()


def _create_edition(measure: MeasureFile, *, at: datetime, by: User | None, paper, ends_predecessor: bool) -> Edition:
    edition = Edition(key=measure.edition.key, parameters=_parameters(measure))
    _describe(edition, measure, at=at, by=by)
    ended = _end_predecessor(measure) if ends_predecessor else None
    planned = ended and ended.last_day
    if ended:
        ended.period = days(ended.first_day, measure.basis[0].first_day - timedelta(days=1))
        ended.save(update_fields=["period"])
    rows = []
    for part in measure.basis:
        document = paper | {"kind": part.kind, "title": part.title, "is_demo": measure.edition.is_demo}
        document["number"] = part.number if rows else paper["number"] or part.number
        rows.append(_add_period(edition, part.first_day, part.last_day, at=at, by=by, **document))
    if ended:
        ended.successor, ended.planned_last_day = rows[0], planned
        ended.save(update_fields=["successor", "planned_last_day"])
    return edition


def predecessor_of(measure: MeasureFile) -> BasisPeriod | None:
    """The period that holds the new measure's first day, and would have to end the day before; None where none does."""
    return BasisPeriod.unscoped.exclude(edition__key=measure.edition.key).on(measure.basis[0].first_day)


def _end_predecessor(measure: MeasureFile) -> BasisPeriod | None:
    """The period that a successor ends; Refused where it would not leave it a single day."""
    ended, first_day = predecessor_of(measure), measure.basis[0].first_day
    if ended and ended.first_day == first_day:
        raise Refused(f"《{ended.title}》的有效期与新的办法同日开始，不能由它代替。请核对办法文件的首日。")
    return ended


def _documented(number: str, document: StoredFile | None) -> str:
    """The document's number, trimmed; Refused where a person records something without number or file."""
    if not number.strip():
        raise Refused("请填写文号。", field="number")
    if document is None:
        raise Refused("请上传文件的扫描件或者 PDF。", field="document")
    return number.strip()


def _update_edition(edition: Edition, measure: MeasureFile, *, at: datetime, by: User | None):
    changed = [name for name, new in _parameters(measure).items() if edition.parameters.get(name) != new]
    if changed:
        raise Refused(
            f"办法 {edition.key} 已经装入，参数 {'、'.join(changed)} 不得更改：已有事项依此办理。"
            "参数不同的办法请另取代码（key）作为新的办法装入。"
        )
    held = [row.planned for row in edition.periods.all()][: len(measure.basis)]
    if held != [days(part.first_day, part.last_day) for part in measure.basis]:
        raise Refused(f"办法 {edition.key} 已经装入，有效期不得通过文件更改；延长有效期请另行记录。")
    _keep_questions(edition, measure)
    _describe(edition, measure, at=at, by=by)


def _keep_questions(edition: Edition, measure: MeasureFile):
    """Raise Refused where a file takes away or turns a question that the bureau has answered."""
    parts = {part.key: part for part in measure.questions}
    for row in edition.interpretations.recorded():
        part = parts.get(row.key)
        same = part and (part.parameter or "", part.answer) == (row.parameter, row.answer)
        if not same or reading_fault(Answer(part.answer), part.options, row.reading):
            raise Refused(f"问题 {row.key} 已有口径 {row.number}，文件不得删去或者改变它。")


def _write_clauses(edition: Edition, measure: MeasureFile):
    edition.clauses.exclude(path__in=[part.path for part in measure.clauses]).delete()
    edition.clauses.update(provision="")  # so that two clauses may change places
    rows = [
        Clause(edition=edition, path=part.path, **_clause_values(part, position))
        for position, part in enumerate(measure.clauses, start=1)
    ]
    Clause.unscoped.bulk_create(
        rows, update_conflicts=True, unique_fields=["edition", "path"], update_fields=CLAUSE_FIELDS
    )


def _clause_values(part: ClausePart, position: int) -> dict[str, Any]:
    place = Place.parse(part.path)
    return {
        "article": place.article,
        "paragraph": place.tail or place.paragraph,
        "item": place.item,
        "subitem": place.subitem,
        "label": place.label,
        "position": position,
        "text": part.text,
        "treatment": part.treatment,
        "how": part.how,
        "provision": part.provision,
    }


def _write_questions(edition: Edition, measure: MeasureFile, *, at: datetime, by: User | None):
    questions = edition.interpretations.filter(period=None)
    questions.exclude(key__in=[part.key for part in measure.questions]).delete()
    known = {row.key: row for row in questions}
    new = []
    for part in measure.questions:
        values = _question_values(part) | {"is_demo": measure.edition.is_demo}
        if row := known.get(part.key):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
        else:
            new.append(Interpretation(edition=edition, key=part.key, recorded_at=at, recorded_by=by, **values))
    Interpretation.unscoped.bulk_create(new)


def _question_values(part: QuestionPart) -> dict[str, Any]:
    options = part.options and list(part.options.items())  # a list: JSON keeps the order of no table
    return {name: getattr(part, name) for name in QUESTION_FIELDS} | {
        "options": options,
        "parameter": part.parameter or "",
    }


# --- What the bureau records -----------------------------------------------------------------------------------------


@transaction.atomic
def record_extension(
    *,
    edition: Edition,
    first_day: date,
    last_day: date | None,
    title: str,
    number: str,
    document: StoredFile | None,
    by: User,
    at: datetime,
    is_demo: bool = False,
) -> BasisPeriod:
    """Record a document that keeps the edition in force (Art. 14), first and last day inclusive; None means no end.

    Raises Refused for anybody who may not, a document without title, number or file, or days that already have a basis.
    """
    allow(by, "registry.record_basis")
    if not title.strip():
        raise Refused("请填写文件名称。", field="title")
    paper = {"number": _documented(number, document), "title": title.strip(), "document": document}
    _lock_measure()
    paper |= {"kind": BasisKind.EXTENSION, "is_demo": is_demo}
    return _add_period(edition, first_day, last_day, at=at, by=by, **paper)


@transaction.atomic
def record_authority_name(
    *,
    county: County | None,
    name: str,
    since: date,
    title: str,
    number: str,
    document: StoredFile | None,
    by: User,
    at: datetime,
    is_demo: bool = False,
) -> AuthorityName:
    """Record what a bureau is called from a day on; without a county the municipal bureau. Papers stay as they are.

    Raises Refused for anybody who may not, a document without title, number or file, or a name that changes nothing.
    """
    allow(by, "registry.record_basis")
    name = name.strip()
    if not name:
        raise Refused("请填写部门名称。", field="name")
    if not title.strip():
        raise Refused("请填写文件名称。", field="title")
    number = _documented(number, document)
    _lock_measure()
    if AuthorityName.unscoped.filter(county=county, since=since).exists():
        raise Refused("这一部门自这一天起的名称已经记录。", field="since")
    if bureau_on(since, county) == name:
        raise Refused("这一天的名称已经是它，不需要记录。", field="name")
    row = AuthorityName.unscoped.create(
        county=county, name=name, since=since, title=title.strip(), number=number, document=document,
        is_demo=is_demo, recorded_at=at, recorded_by=by,
    )  # fmt: skip
    kept.forget()
    return row


def _add_period(edition: Edition, first_day: date, last_day: date | None, *, at, by, **values) -> BasisPeriod:
    if last_day and last_day < first_day:
        raise Refused("有效期的末日不得早于首日。", field="last_day")
    if values["kind"] == BasisKind.EXTENSION and edition.periods.filter(period__startswith__gte=first_day).exists():
        began = edition.periods.first().first_day
        if first_day <= began:
            raise Refused("延长的首日须晚于办法施行的首日。", field="first_day")
    period = days(first_day, last_day)
    if taken := BasisPeriod.unscoped.filter(period__overlap=period).first():
        raise Refused(f"这段时间与《{taken.title}》的有效期重叠：同一日只能有一个有效的制度依据。", field="first_day")
    row = BasisPeriod.unscoped.create(edition=edition, period=period, recorded_at=at, recorded_by=by, **values)
    kept.forget()
    return row


@transaction.atomic
def record_interpretation(
    *,
    edition: Edition,
    key: str,
    number: str,
    reading: int | str,
    text: str,
    decided_on: date,
    effective_from: date,
    by: User,
    at: datetime,
    is_demo: bool = False,
) -> Interpretation:
    """Record how the bureau reads an open question (Art. 13) from a day on; an earlier reading ends the day before.

    Raises Refused for anybody who may not, a question the edition does not ask, a reading that is no answer to it, or a
    day that is not after the beginning of the reading it would replace.
    """
    allow(by, "registry.record_interpretation")
    number, text = number.strip(), text.strip()
    if not number:
        raise Refused("请填写口径编号。", field="number")
    if not text:
        raise Refused("请填写口径正文。", field="text")
    _lock_measure()
    question = Interpretation.unscoped.questions().filter(edition=edition, key=key).first()
    if question is None:
        raise Refused("办法中没有这一待解释问题。", field="key")
    if reason := _reading_fault(question, reading):
        raise Refused(f"取值不正确：{reason}", field="reading")
    if Interpretation.unscoped.filter(number=number).exists():
        raise Refused("该口径编号已经使用。", field="number")
    _end_earlier(edition, key, effective_from)
    asked = {name: getattr(question, name) for name in (*QUESTION_FIELDS, "parameter")}
    row = Interpretation.unscoped.create(
        **asked,
        edition=edition,
        key=key,
        number=number,
        reading=reading,
        text=text,
        decided_on=decided_on,
        period=days(effective_from, None),
        is_demo=is_demo,
        recorded_at=at,
        recorded_by=by,
    )
    kept.forget()
    return row


def _reading_fault(question: Interpretation, reading: int | str) -> str | None:
    """What is wrong with a reading, as an answer and as a figure the portal must carry out."""
    fault = reading_fault(Answer(question.answer), dict(question.options or ()), reading)
    return fault or (question.parameter and PARAMETERS[question.parameter].check(reading)) or None


def _end_earlier(edition: Edition, key: str, day: date):
    """End the open-ended reading of the question the day before; a later beginning cannot be replaced from earlier."""
    earlier = edition.interpretations.recorded().filter(key=key, period__upper_inf=True).first()
    if earlier is None:
        return
    if day <= earlier.period.lower:
        began = f"{earlier.period.lower:%Y年}{earlier.period.lower.month}月{earlier.period.lower.day}日"
        raise Refused(f"生效日期须晚于现行口径 {earlier.number} 的生效日期（{began}）。", field="effective_from")
    earlier.period = days(earlier.period.lower, day - timedelta(days=1))
    earlier.save(update_fields=["period"])
