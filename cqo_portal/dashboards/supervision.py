"""What waits, and what is coming, of supervision: reports, notices to publish, recommendations (Art. 12)."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from appointments.casefile import issuer_of
from appointments.models import Appointment, DismissalRecommendation, ReportCycle, ReportDuty
from appointments.obligations import Obligation, obligations
from appointments.states import CaseState, CycleState, ObligationKind, ReportState
from cqo_portal.dashboards.items import COMING_DAYS, Coming, Todo
from registry.models import User
from registry.models.authority import authority_on
from registry.rules import day_words
from registry.states import Role

URGENT_DAYS = 30
COMING = (ObligationKind.EDUCATION,)  # terms that end are told with the renewal they allow; what waits is told above


def cycles_to_publish(user: User) -> QuerySet:
    """Notices that the municipal bureau has drafted."""
    rows = ReportCycle.unscoped.visible_to(user).filter(state=CycleState.DRAFT)
    return rows if user.role == Role.MUNICIPAL else rows.none()


def waiting(user: User, today: date) -> list[QuerySet]:
    """What waits for this person's office."""
    oldest = ("due_on", "pk") if user.role == Role.ENTERPRISE else ("report__received_on", "report")
    duties = ReportDuty.unscoped.awaiting(user).with_parties().order_by(*oldest)
    cases = DismissalRecommendation.unscoped.awaiting(user, today).order_by("opened_at")
    cases = cases.with_parties().prefetch_related(None)  # the grounds are not told here
    return [duties, cases.select_related("opened_by__county", "issuing_county"), cycles_to_publish(user)]


def todos(
    user: User,
    today: date,
    duties: Sequence[ReportDuty],
    cases: Sequence[DismissalRecommendation],
    cycles: Sequence[ReportCycle],
) -> list[Todo]:
    """What waits for this person's office."""
    told = _of_enterprise if user.role == Role.ENTERPRISE else _of_bureau
    found = [told(duty, today) for duty in duties]
    return [*found, *(_of_case(case, user, today) for case in cases), *map(_of_cycle, cycles)]


def _of_enterprise(duty: ReportDuty, today: date) -> Todo:
    report = getattr(duty, "report", None)
    if report and report.state == ReportState.RETURNED:
        what, tag = "补充履职报告", ("需处理", "amber")
        sub = f"{duty.cycle.number}，收到日期不变"
    else:
        left = (duty.due_on - today).days
        what, tag = "提供履职报告", ("需处理", "amber") if left <= URGENT_DAYS else ("待提交", "blue")
        sub = f"{day_words(duty.due_on)}截止，" + (f"还有 {left} 天" if left >= 0 else f"已超 {-left} 天")
    source = authority_on(timezone.localdate(duty.cycle.published_at))
    return Todo(f"{what}：{duty.cycle.title}", sub, source, duty.since, duty.page, tag, "12.(2).(3)")


def _of_bureau(duty: ReportDuty, today: date) -> Todo:
    report = duty.report
    late = f"，迟 {report.days_late} 天" if report.days_late else ""
    return Todo(
        f"收阅履职报告：{duty.enterprise.name}",
        f"{duty.cycle.title}{late}",
        duty.enterprise.name,
        report.received_on,
        duty.page,
        ("待收阅", "blue"),
        "5",
    )


def _of_case(case: DismissalRecommendation, user: User, today: date) -> Todo:
    name, enterprise = case.appointment.candidate.name, case.enterprise.name
    office = issuer_of(case)
    amber = ("需处理", "amber")
    if user.role == Role.ENTERPRISE:
        if case.state == CaseState.ASKED:
            since, due = case.asked_at, case.statement_due
            what = f"提交陈述意见：{name}"
        else:
            since, due = case.signed_at, case.answer_due
            what = f"答复解除聘任建议：{name}"
        sub, day = f"{day_words(due)}截止，是否解除由本企业决定", timezone.localdate(since)
        return Todo(what, sub, office, day, case.page, amber, "12.(2)")
    what, since, tag = {
        CaseState.OPENED: ("征求陈述意见", case.opened_at, ("待征求", "blue")),
        CaseState.ASKED: ("决定是否提出建议", case.asked_at, ("待决定", "amber")),
        CaseState.PROPOSED: ("第二人签发建议", case.proposed_at, ("待签发", "amber")),
        CaseState.ISSUED: ("送达建议函", case.signed_at, ("待送达", "blue")),
    }[case.state]
    title = f"{what}：{enterprise}{name}"
    return Todo(title, case.reference, office, timezone.localdate(since), case.page, tag, "12.(2)")


def _of_cycle(cycle: ReportCycle) -> Todo:
    url = reverse("cycle_detail", args=[cycle.reference])
    day = timezone.localdate(cycle.created_at)
    return Todo(f"发布通知：{cycle.title}", cycle.number, "本局", day, url, ("草稿", ""), "12.(2).(3)")


def coming(user: User, today: date) -> list[Coming]:
    """Duties of the next ninety days that wait for nobody yet; an enterprise's own."""
    if user.role != Role.ENTERPRISE:
        return []
    horizon = today + timedelta(days=COMING_DAYS)
    duties = obligations(Appointment.unscoped.visible_to(user), user, today).only(lambda strand: strand.kind in COMING)
    return [_coming(duty) for duty in duties.each(lambda strand: strand.between(last=horizon))]


def _coming(duty: Obligation) -> Coming:
    return Coming(duty.due_on, duty.title, f"{duty.source}。{duty.consequence}", duty.url, duty.clause)
