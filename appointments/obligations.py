"""履职事项: one entry per duty of an enterprise and its CQO, with its day, article, source and consequence.

Read from the rows that make each duty, never stored: what is done is no longer listed. Each kind is a strand of rows in
the order of its day, so that a page of a long calendar reads no more than it shows (ADR 25).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import DateField, Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from appointments.models import Appointment, DismissalRecommendation, ReportDuty, Statement
from appointments.rules import STEPS, cycle_fault
from appointments.states import CaseState, ObligationKind, Party, State
from registry.citing import cite
from registry.models.measure import basis_if_any, legal_basis
from registry.rules import day_words
from registry.strands import Strand, Strands
from training.standing import Year, credited, ledgers, met, requirement, since

CAN_BE_OVERDUE = (ObligationKind.REPORT,)


@dataclass(frozen=True)
class Obligation:
    """One duty: whose, what, since when, until when, by which text and notice, and what follows."""

    kind: str
    key: str
    appointment: Appointment
    title: str
    since: date
    due_on: date
    clause: str
    source: str
    consequence: str
    url: str
    steps: tuple[int, ...] = STEPS

    @property
    def label(self) -> str:
        """What kind of duty it is."""
        return ObligationKind(self.kind).label

    @property
    def can_be_overdue(self) -> bool:
        """Whether something is left undone once its day went by."""
        return self.kind in CAN_BE_OVERDUE

    def days_left(self, today: date) -> int:
        """Days until the due day; negative once it is over."""
        return (self.due_on - today).days


def obligations(rows: QuerySet, user, today: date) -> Strands:
    """Every standing duty of those of these appointments in force, the nearest day first (Art. 6(五), 11, 12).

    ``user`` is whose scope the continuing-education ledger is read in; its hours count either way.
    """
    rows = rows.in_force(today).order_by()
    strands = [_reports(rows, today), *_education(rows, user, today), *_terms(rows, today), *_cases(rows)]
    return Strands(tuple(strands))


def obligations_of(appointments: Iterable[Appointment], user, today: date) -> list[Obligation]:
    """The same of appointments at hand, all at once, in a number of queries that does not grow with theirs."""
    return list(obligations(Appointment.unscoped.filter(pk__in=[row.pk for row in appointments]), user, today))


def notice_fault(*, first_day: date, last_day: date, due_on: date, today: date) -> tuple[str, str] | None:
    """Why a notice cannot ask for this period by this day, by today's basis: see ``rules.cycle_fault``."""
    basis = legal_basis(today)
    every, within = basis.value("report_cycle"), basis.value("report_due_days")
    return cycle_fault(
        first_day=first_day, last_day=last_day, due_on=due_on, today=today, every=every, within=within
    )  # fmt: skip


# --- Each kind: which rows make the duty, and what it says -----------------------------------------------------------


def _reports(rows: QuerySet, today: date) -> Strand:
    duties = ReportDuty.unscoped.standing().open().filter(appointment__in=rows)
    full = ReportDuty.unscoped.with_parties()
    return Strand(0, ObligationKind.REPORT, duties, full, lambda found: list(map(_report, found)), whose="appointment")


def _report(duty: ReportDuty) -> Obligation:
    cycle = duty.cycle
    return Obligation(
        ObligationKind.REPORT,
        f"report:{duty.pk}",
        duty.appointment,
        cycle.title,
        duty.since,
        duty.due_on,
        "12.(2).(3)",
        f"{cycle.number}，{day_words(timezone.localdate(cycle.published_at))}发布",
        "未按时提供的，质监部门可以建议企业解除聘任，由企业决定。",
        duty.page,
    )


def _education(rows: QuerySet, user, today: date) -> list[Strand]:
    """Whose year is not done, where the duty covers all of it."""
    asked, last = requirement(today.year, today), date(today.year, 12, 31)
    if not asked.is_set:
        return []
    whole = rows.filter(in_force__startswith__lte=date(today.year, 1, 1))
    lacking = credited(whole, "candidate", today.year, today).filter(~met(asked))
    lacking = lacking.annotate(due_on=Value(last, output_field=DateField()))

    def made(found: list[Appointment]) -> list[Obligation]:
        kept = ledgers([row.candidate_id for row in found], user, today, today.year)
        return [_of_year(row, since(kept[row.candidate_id], row.in_force.lower)) for row in found]

    return [Strand(1, ObligationKind.EDUCATION, lacking, _with_parties(), made)]


def _of_year(row: Appointment, year: Year) -> Obligation:
    return Obligation(
        ObligationKind.EDUCATION,
        f"education:{row.pk}:{year.year}",
        row,
        f"{row.candidate.name}{year.year}年继续教育：{year.done}，要求 {year.requirement.words}",
        date(year.year, 1, 1),
        date(year.year, 12, 31),
        "6.(5)",
        f"依据{year.requirement.source}",
        f"未完成的，按口径可能属于{cite('12.(2).(2)')}的情形；是否解除聘任由企业决定。",
        f"/candidates/{row.candidate.reference}/education/",
    )


def _terms(rows: QuerySet, today: date) -> list[Strand]:
    """The end of each term, and from when on the next may be begun: both are told by its end, which is indexed."""
    if (basis := basis_if_any(today)) is None:
        return []
    window = basis.value("renewal_window_days")
    # The second says what the first does, as the index has it: who is in force has not come to the end.
    filed = rows.filter(state=State.FILED, term__endswith__gt=today)
    opened = today + timedelta(days=window)  # terms that end before this day may be renewed now

    def renewals(found: list[Appointment]) -> list[Obligation]:
        return [_renewal(row, window, today) for row in found]

    def strand(rank: int, kind: str, own: QuerySet, made: Callable, shift: int) -> Strand:
        return Strand(rank, kind, own, _with_parties(), made, "term__endswith", shift)

    return [
        strand(2, ObligationKind.RENEWAL, filed.filter(term__endswith__lte=opened), renewals, 1),
        strand(3, ObligationKind.RENEWAL, filed.filter(term__endswith__gt=opened), renewals, 1 + window),
        strand(5, ObligationKind.TERM, filed, lambda found: list(map(_term, found)), 1),
    ]


def _term(row: Appointment) -> Obligation:
    return Obligation(
        ObligationKind.TERM, f"term:{row.pk}", row, f"{row.candidate.name}的聘任期限", row.first_day, row.last_day,
        "11", _term_words(row), "期满后本企业没有在任首席质量官；续任是一次新的任命。",
        row.page,
    )  # fmt: skip


def _renewal(row: Appointment, window: int, today: date) -> Obligation:
    opens = row.last_day - timedelta(days=window)
    is_open = today > opens
    return Obligation(
        ObligationKind.RENEWAL, f"renewal:{row.pk}", row, f"续任{row.candidate.name}", row.first_day,
        row.last_day if is_open else opens, "11", _term_words(row),
        f"{'现在' if is_open else f'自{day_words(opens)}'}起到期满以后均可办理，由企业自愿。",
        row.page, steps=() if is_open else (0,),
    )  # fmt: skip


def _term_words(row: Appointment) -> str:
    return f"{row.candidate.name}聘任期限{day_words(row.first_day)}至{day_words(row.last_day)}"


def _cases(rows: QuerySet) -> list[Strand]:
    """What a case asks the enterprise for: its statement while it is heard, its answer once a letter is served."""
    cases = DismissalRecommendation.unscoped.filter(appointment__in=rows)
    full = DismissalRecommendation.unscoped.select_related("appointment__enterprise__county", "appointment__candidate")
    stated = Exists(Statement.unscoped.filter(case=OuterRef("pk"), party=Party.ENTERPRISE))

    def strand(rank: int, kind: str, own: QuerySet, made: Callable, by: str) -> Strand:
        return Strand(rank, kind, own, full, lambda found: list(map(made, found)), by, whose="appointment")

    asked = cases.filter(~stated, state=CaseState.ASKED)
    return [
        strand(4, ObligationKind.STATEMENT, asked, _statement, "statement_due"),
        strand(6, ObligationKind.ANSWER, cases.filter(state=CaseState.SERVED), _answer, "answer_due"),
    ]


def _statement(case: DismissalRecommendation) -> Obligation:
    return Obligation(
        ObligationKind.STATEMENT, f"statement:{case.pk}", case.appointment, "提交陈述意见",
        timezone.localdate(case.asked_at), case.statement_due, "12.(2)", f"建议案{case.reference}",
        "到期没有提交的，质监部门根据已有材料决定是否提出建议。", case.page,
    )  # fmt: skip


def _answer(case: DismissalRecommendation) -> Obligation:
    return Obligation(
        ObligationKind.ANSWER, f"answer:{case.pk}", case.appointment, f"答复解除聘任建议（{case.number}）",
        case.served_on, case.answer_due, "12.(2)", f"建议函{case.number}",
        "是否解除聘任由企业决定；没有答复的，聘任照旧。", case.page,
    )  # fmt: skip


def _with_parties() -> QuerySet:
    return Appointment.unscoped.with_parties()
