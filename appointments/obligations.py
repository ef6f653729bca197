"""履职事项: one entry per duty of an enterprise and its CQO, with its day, article, source and consequence.

Read from the rows that make each duty, never stored: what is done is no longer listed. For many appointments at once,
in a number of queries that does not grow with theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from appointments.models import Appointment, DismissalRecommendation, ReportDuty
from appointments.rules import STEPS, cycle_fault
from appointments.states import CaseState, ObligationKind, Party, State
from registry.citing import cite
from registry.models.measure import legal_basis
from registry.rules import day_words
from training.standing import ledgers, requirement, since
from training.states import YearStanding


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
    can_be_overdue: bool = True
    steps: tuple[int, ...] = STEPS

    @property
    def label(self) -> str:
        """What kind of duty it is."""
        return ObligationKind(self.kind).label

    def days_left(self, today: date) -> int:
        """Days until the due day; negative once it is over."""
        return (self.due_on - today).days


def obligations_of(appointments: Iterable[Appointment], user, today: date) -> list[Obligation]:
    """Every standing duty of these appointments, the nearest day first (Art. 6(五), 11, 12).

    ``user`` is whose scope the continuing-education ledger is read in; its hours count either way.
    """
    rows = [row for row in appointments if row.in_force and today in row.in_force]
    found = [
        *_reports(rows, today),
        *_education(rows, user, today),
        *_terms(rows, today),
        *_cases(rows),
    ]
    return sorted(found, key=lambda duty: (duty.due_on, duty.appointment.pk, duty.kind))


def notice_fault(*, first_day: date, last_day: date, due_on: date, today: date) -> tuple[str, str] | None:
    """Why a notice cannot ask for this period by this day, by today's basis: see ``rules.cycle_fault``."""
    basis = legal_basis(today)
    every, within = basis.value("report_cycle"), basis.value("report_due_days")
    return cycle_fault(
        first_day=first_day, last_day=last_day, due_on=due_on, today=today, every=every, within=within
    )  # fmt: skip


def _reports(rows: list[Appointment], today: date):
    for duty in ReportDuty.unscoped.standing().open().filter(appointment__in=rows).with_parties():
        cycle = duty.cycle
        yield Obligation(
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


def _education(rows: list[Appointment], user, today: date):
    asked = requirement(today.year, today)
    if not asked.is_set:
        return
    kept = ledgers([row.candidate_id for row in rows], user, today, today.year)
    first, last = date(today.year, 1, 1), date(today.year, 12, 31)
    for row in rows:
        year = since(kept[row.candidate_id], row.in_force.lower)
        if year.standing == YearStanding.UNDERWAY:
            yield Obligation(
                ObligationKind.EDUCATION,
                f"education:{row.pk}:{today.year}",
                row,
                f"{row.candidate.name}{today.year}年继续教育：{year.done}，要求 {asked.words}",
                first,
                last,
                "6.(5)",
                f"依据{asked.source}",
                f"未完成的，按口径可能属于{cite('12.(2).(2)')}的情形；是否解除聘任由企业决定。",
                f"/candidates/{row.candidate.reference}/education/",
                can_be_overdue=False,
            )


def _terms(rows: list[Appointment], today: date):
    if not rows:
        return  # perhaps of a portal without a measure
    window = legal_basis(today).value("renewal_window_days")
    for row in rows:
        if row.state != State.FILED:
            continue
        url = f"/appointments/{row.reference}/"
        words = f"{row.candidate.name}聘任期限{day_words(row.first_day)}至{day_words(row.last_day)}"
        yield Obligation(
            ObligationKind.TERM, f"term:{row.pk}", row, f"{row.candidate.name}的聘任期限", row.first_day, row.last_day,
            "11", words, "期满后本企业没有在任首席质量官；续任是一次新的任命。", url, can_be_overdue=False,
        )  # fmt: skip
        opens = row.last_day - timedelta(days=window)
        is_open = today > opens
        yield Obligation(
            ObligationKind.RENEWAL, f"renewal:{row.pk}", row, f"续任{row.candidate.name}", row.first_day,
            row.last_day if is_open else opens, "11", words,
            f"{'现在' if is_open else f'自{day_words(opens)}'}起到期满以后均可办理，由企业自愿。", url,
            can_be_overdue=False, steps=() if is_open else (0,),
        )  # fmt: skip


def _cases(rows: list[Appointment]):
    cases = DismissalRecommendation.unscoped.filter(
        appointment__in=rows, state__in=(CaseState.ASKED, CaseState.SERVED)
    ).select_related("appointment__enterprise__county", "appointment__candidate")
    for case in cases.prefetch_related("statements"):
        if case.state == CaseState.SERVED:
            yield Obligation(
                ObligationKind.ANSWER, f"answer:{case.pk}", case.appointment, f"答复解除聘任建议（{case.number}）",
                case.served_on, case.answer_due, "12.(2)", f"建议函{case.number}",
                "是否解除聘任由企业决定；没有答复的，聘任照旧。", case.page, can_be_overdue=False,
            )  # fmt: skip
        elif not any(statement.party == Party.ENTERPRISE for statement in case.statements.all()):
            yield Obligation(
                ObligationKind.STATEMENT, f"statement:{case.pk}", case.appointment, "提交陈述意见",
                timezone.localdate(case.asked_at), case.statement_due, "12.(2)", f"建议案{case.reference}",
                "到期没有提交的，质监部门根据已有材料决定是否提出建议。", case.page, can_be_overdue=False,
            )  # fmt: skip
