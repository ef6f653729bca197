"""监督结果: findings, recommendations to dismiss, and what the enterprises decided (Art. 12(二))."""

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate

from appointments.filters.recommending import Outcome
from appointments.models import DismissalRecommendation, Finding
from appointments.states import Behaviour, CaseAnswer, FindingObject
from cqo_portal.statistics import declared
from cqo_portal.statistics.declared import Asked, Chart, Figure, Line, Subject, Table, tally, totals
from cqo_portal.statistics.series import by_period, within
from cqo_portal.statistics.stood import done_by, not_by

COUNTY = "appointment__enterprise__county__code"


def findings(asked: Asked) -> QuerySet:
    """The findings on file that day, with ``day`` of filing; those withdrawn by then are none any more."""
    rows = Finding.unscoped.visible_to(asked.user)
    rows = rows.filter(done_by(asked.day, "filed_at"), not_by(asked.day, "withdrawn_at"))
    return rows.annotate(day=TruncDate("filed_at"))


def cases(asked: Asked) -> QuerySet:
    """The cases opened by that day, with ``day`` of opening and ``outcome`` as it was on record then."""
    day = asked.day

    def by(stamp: str, **also) -> Q:
        return Q(done_by(day, stamp), **also)

    served = by("letter_opened_at") | by("paper_recorded_at")
    steps = (
        (by("closed_at"), Outcome.CLOSED),
        (by("withdrawn_at"), Outcome.WITHDRAWN),
        (by("decided_not_at"), Outcome.NOT_RECOMMENDED),
        (by("answered_at", answer=CaseAnswer.DISMISSED), Outcome.DISMISSED),
        (by("answered_at", answer=CaseAnswer.DECLINED), Outcome.DECLINED),
        (served & by("signed_at", answer_due__lt=day), Outcome.UNANSWERED),
        (by("signed_at"), Outcome.AWAITED),
    )
    outcome = Case(
        *(When(which, then=Value(value.value)) for which, value in steps),
        default=Value(Outcome.UNDERWAY.value), output_field=CharField(),
    )  # fmt: skip
    rows = DismissalRecommendation.unscoped.visible_to(asked.user).filter(done_by(day, "opened_at"))
    return rows.annotate(day=TruncDate("opened_at"), outcome=outcome)


def issued(asked: Asked) -> QuerySet:
    """The cases whose letter was signed by that day, with ``signed``, the day."""
    return cases(asked).filter(done_by(asked.day, "signed_at")).annotate(signed=TruncDate("signed_at"))


def _about(value: str):
    return lambda asked: findings(asked).filter(about=value)


def _ending(*outcomes: str):
    return lambda asked: cases(asked).filter(outcome__in=outcomes)


DAY = {"since": "day__gte", "until": "day__lte"}
FOUND = {**DAY, "behaviour": "behaviour", "county": COUNTY}
OPENED = {**DAY, "outcome": "outcome", "county": COUNTY}
FINDINGS = Figure("findings", "发现情况", "12.(2).(1)", "件", "期间内立卷、到统计日没有撤销的发现情况", findings, FOUND)
ABOUT = {
    value: Figure(
        f"findings-{value.value}", value.label, "12.(2).(1)", "件", f"其中对象为{value.label}的", _about(value), FOUND
    )
    for value in FindingObject
}
CASES = Figure("cases", "建议案", "12.(2)", "件", "期间内开立的解除聘任建议案", cases, OPENED)
LETTERS = Figure(
    "letters", "签发建议函", "12.(2)", "件", "期间内签发的建议函。建议不改变聘任，是否解除由企业决定", issued,
    {"since": "signed__gte", "until": "signed__lte", "county": COUNTY},
)  # fmt: skip
DISMISSED = Figure(
    "dismissed", "企业解除聘任", "12.(2)", "件", "其中企业决定解除聘任的", _ending(Outcome.DISMISSED), OPENED
)
DECLINED = Figure(
    "declined", "企业不解除聘任", "12.(2)", "件", "其中企业决定不解除聘任的", _ending(Outcome.DECLINED), OPENED
)
OTHERS = Figure(
    "other-outcomes", "其他结果", "12.(2)", "件",
    "其中不提出建议、收回建议、聘任已终止，以及办理中、待企业答复和逾期未答复的",
    _ending(*(set(Outcome.values) - {Outcome.DISMISSED, Outcome.DECLINED})), OPENED,
)  # fmt: skip
FIGURES = (FINDINGS, *ABOUT.values(), CASES, LETTERS, DISMISSED, DECLINED, OTHERS)


def tables(asked: Asked) -> list[Table]:
    """Findings by behaviour, cases by outcome and by county this year; and each period."""
    note = f"{asked.year.first.year}年1月1日至统计日"
    rows = within(cases(asked), "opened_at", asked.year.first, asked.day).order_by()
    cells = list(rows.values_list(COUNTY, "outcome").annotate(number=Count("pk")))
    return [_behaviours(asked, note), _outcomes(asked, cells, note), _counties(asked, cells, note), _series(asked)]


def _behaviours(asked: Asked, note: str) -> Table:
    counts = {f"n_{value.value}": Count("pk", filter=Q(about=value)) for value in FindingObject}
    rows = within(findings(asked), "filed_at", asked.year.first, asked.day).order_by().values("behaviour")
    found = {row["behaviour"]: row for row in rows.annotate(number=Count("pk"), **counts)}
    lines = tuple(
        Line(value.label, tuple(found.get(value, {}).get(name, 0) for name in ("number", *counts)),
             {**asked.year.dims, "behaviour": value.value})
        for value in Behaviour
    )  # fmt: skip
    total = Line("合计", tuple(totals(lines, 3)), asked.year.dims)
    return Table("findings", "立卷了哪些发现情况？", "行为", (FINDINGS, *ABOUT.values()), lines, total, note)


def _outcomes(asked: Asked, cells: list[tuple[str, str, int]], note: str) -> Table:
    found, year = tally([cell[1:] for cell in cells], 1), asked.year.dims
    lines = tuple(
        Line(label, (found.get((value,), 0),), {**asked.year.dims, "outcome": value})
        for value, label in Outcome.choices
    )
    total = Line("合计", tuple(totals(lines, 1)), year)
    return Table(
        "case-outcomes", "开立的建议案结果如何？", "结果", (CASES,), lines, total, note, Chart("bars", ("cases",))
    )


def _counties(asked: Asked, cells: list[tuple[str, str, int]], note: str) -> Table:
    found, lines = tally(cells, 2), []
    for code, name in asked.counties.items():
        number = sum(n for (county, _), n in found.items() if county == code)
        dismissed, declined = (found.get((code, value), 0) for value in (Outcome.DISMISSED, Outcome.DECLINED))
        values = (number, dismissed, declined, number - dismissed - declined)
        lines.append(Line(name, values, {**asked.year.dims, "county": code}))
    total = Line("合计", tuple(totals(lines, 4)), asked.year.dims)
    figures = (CASES, DISMISSED, DECLINED, OTHERS)
    return Table(
        "case-counties", "各县（市、区）的建议案结果如何？", "县（市、区）", figures, tuple(lines), total, note
    )


def _series(asked: Asked) -> Table:
    number = {"number": Count("pk")}
    parts = (
        by_period(findings(asked), "filed_at", asked, **number),
        by_period(cases(asked), "opened_at", asked, **number),
        by_period(issued(asked), "signed_at", asked, **number),
    )
    lines = tuple(
        Line(period.label, tuple(part[period]["number"] for part in parts), period.dims, period.short)
        for period in asked.periods
    )
    chart = Chart("columns", ("findings", "letters"))
    return Table(
        "outcomes-series", "各期立卷、开立和签发了多少？", "期间", (FINDINGS, CASES, LETTERS), lines, chart=chart
    )


def headline(asked: Asked) -> tuple[str, declared.Value, str]:
    """How many letters were signed this year."""
    return "本年签发建议函", within(issued(asked), "signed_at", asked.year.first, asked.day).count(), "件"


SUBJECT = Subject("outcomes", "监督结果", "发现情况、解除聘任建议和企业的决定", "12.(2)", FIGURES, tables, headline)
