"""Supervision: findings, accidents, the watch list, obligations, notices, reports, targets, recommendations."""

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.text import format_lazy

from appointments.filters.findings import AccidentFilter, FindingFilter
from appointments.filters.obligations import ObligationFilter
from appointments.filters.performance import TargetFilter
from appointments.filters.recommending import CaseFilter
from appointments.filters.reports import DutyFilter
from appointments.filters.watching import WatchFilter
from appointments.models import (
    Accident,
    Appointment,
    DismissalRecommendation,
    Finding,
    ReportCycle,
    ReportDuty,
    TargetSheet,
)
from appointments.obligations import obligations
from appointments.states import APPOINTED_STATES, STANDING_CASES, UNDECIDED_CASES, CaseState, FindingState
from appointments.views.cycles import figures_of
from appointments.views.cycles import state_words as cycle_words
from appointments.views.findings import about_words, finding_words
from appointments.views.obligations import Entry
from appointments.views.performance import HELD, Standing, sheets
from appointments.views.recommending.common import cases_of
from appointments.views.recommending.common import state_words as case_words
from appointments.views.reports.following import rows_of
from appointments.views.watching import chosen_chains, touched, watched
from registry.citing import article_late
from registry.filters import ListFilter
from registry.listed import Column, Listing, declare, offices
from registry.listings import last_of, local_day
from registry.models.measure import days
from registry.templatetags.portal import clause_words

ENTERPRISE = 36  # characters: how wide a column of names of enterprises is


def _in_office(filters):
    """Who is in office today, within one's scope."""
    rows = Appointment.unscoped.visible_to(filters.user).in_force(filters.today)
    return rows.filter(state__in=APPOINTED_STATES).with_parties()


# --- Findings and accidents ------------------------------------------------------------------------------------------


def _found(rows, filters):
    for row in rows:
        row.title, row.words = about_words(row), finding_words(row)
    return rows


def _filed(row: Finding):
    moments = {FindingState.FILED: row.filed_at, FindingState.WITHDRAWN: row.withdrawn_at}
    return local_day(moments.get(row.state))


FINDINGS = Listing(
    "finding_list", "发现情况", "份",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("发现情况", lambda row: row.title, width=30),
        Column("首席质量官", lambda row: row.appointment.candidate.name),
        Column("企业", lambda row: row.appointment.enterprise.name, width=ENTERPRISE),
        Column("县（市、区）", lambda row: row.appointment.enterprise.county.name, width=18),
        Column("发现日期", lambda row: row.found_on, "day", 12),
        Column("本人知情", lambda row: row.knew_on, "day", 12),
        Column("状态", lambda row: row.words[0]),
        Column("立卷或者撤销日期", _filed, "day", 16),
    ),
    visible=lambda filters: Finding.unscoped.visible_to(filters.user),
    filters=FindingFilter,
    narrowed=lambda filters, rows: filters.narrow(
        rows.select_related("appointment__enterprise__county", "appointment__candidate")
    ),
    dressed=_found, perm="registry.see_history",
)  # fmt: skip

ACCIDENTS = Listing(
    "accident_list", "质量安全事故", "起",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18),
        Column("类别", lambda row: row.get_kind_display(), width=24),
        Column("发生日期", lambda row: row.happened_on, "day", 12),
        Column("认定文书", lambda row: row.document, width=30),
    ),
    visible=lambda filters: Accident.unscoped.visible_to(filters.user),
    filters=AccidentFilter,
    narrowed=lambda filters, rows: filters.narrow(rows.select_related("enterprise__county")),
    perm="registry.see_history",
)  # fmt: skip


# --- The watch list --------------------------------------------------------------------------------------------------


def _chain(case) -> str:
    return "；".join(f"{'有' if ring.holds else '缺'}：{ring.name}" for ring in case.rings)


def _watched(rows, filters):
    """Rows are pairs that were judged to be ranked, or appointments still to be judged."""
    judged = rows and isinstance(rows[0], tuple)
    chains = dict(rows) if judged else chosen_chains(rows, filters, filters.user, filters.today)
    return watched(chains, filters.user, filters.today)


WATCH_LIST = Listing(
    "watch_list", format_lazy("{}观察名单", article_late("12.(2)")), "人",
    (
        Column("首席质量官", lambda case: case.appointment.candidate.name),
        Column("企业", lambda case: case.appointment.enterprise.name, width=ENTERPRISE),
        Column("条款", lambda case: clause_words(case.chain.clause), width=18),
        Column("情形", lambda case: case.ground, width=50),
        Column("证据链", lambda case: case.tag[0], width=24),
        Column("各环", _chain, width=50),
    ),
    visible=_in_office, filters=WatchFilter,
    narrowed=lambda filters, rows: touched(filters.narrow(rows), filters, filters.user, filters.today),
    dressed=_watched,
    perm="registry.see_history",
)  # fmt: skip


# --- Obligations -----------------------------------------------------------------------------------------------------


def _obligation_filter(data, *, user, today) -> ObligationFilter:
    """The filter of the months in which something is due: so it knows the duties."""
    rows = Appointment.unscoped.visible_to(user).filter(state__in=APPOINTED_STATES)
    return ObligationFilter(data, user=user, today=today, duties=obligations(rows, user, today))


OBLIGATIONS = Listing(
    "obligation_list", "履职事项", "项",
    (
        Column("期限", lambda entry: entry.duty.due_on, "day", 12),
        Column("距期限", lambda entry: entry.stands, width=16),
        Column("事项", lambda entry: entry.duty.title, width=36),
        Column("类别", lambda entry: entry.duty.label, width=16),
        Column("首席质量官", lambda entry: entry.duty.appointment.candidate.name, seen_by=offices),
        Column("企业", lambda entry: entry.duty.appointment.enterprise.name, width=ENTERPRISE, seen_by=offices),
        Column("县（市、区）", lambda entry: entry.duty.appointment.enterprise.county.name, width=18, seen_by=offices),
        Column("自何时", lambda entry: entry.duty.since, "day", 12),
        Column("来源", lambda entry: entry.duty.source, width=40),
        Column("后果", lambda entry: entry.duty.consequence, width=60),
    ),
    visible=lambda filters: filters.duties, filters=_obligation_filter,
    dressed=lambda duties, filters: [Entry.of(duty, filters.today) for duty in duties],
    perm="training.follow_people",
)  # fmt: skip


# --- Notices and reports ---------------------------------------------------------------------------------------------


def _counted(cycles, filters):
    duties = ReportDuty.unscoped.visible_to(filters.user).filter(cycle__in=list(cycles))
    counted = figures_of(duties, filters.today)
    for row in cycles:
        row.words, row.figures = cycle_words(row, filters.today), counted.get(row.pk, {})
    return cycles


def _figure(name: str):
    """A column of one of the counts; empty where there is nobody to count."""
    return lambda row: row.figures.get(name)


CYCLES = Listing(
    "cycle_list", "报告周期", "份",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("通知", lambda row: row.title, width=40),
        Column("文号", lambda row: row.number, width=24),
        Column("报告期首日", lambda row: row.period.lower, "day", 12),
        Column("报告期末日", lambda row: last_of(row.period), "day", 12),
        Column("报告对象", lambda row: row.get_audience_display(), width=24),
        Column("限县（市、区）", lambda row: row.county.name if row.county else "", width=18),
        Column("期限", lambda row: row.due_on, "day", 12),
        Column("状态", lambda row: row.words[0], width=18),
        Column("家数", _figure("asked"), "number", 8),
        Column("未送达", _figure("unserved"), "number", 8),
        Column("收到", _figure("received"), "number", 8),
        Column("未提交", _figure("missing"), "number", 8),
    ),
    visible=lambda filters: ReportCycle.unscoped.visible_to(filters.user).select_related("county"),
    filters=ListFilter, dressed=_counted, perm="training.follow_people", offices_only=True,
)  # fmt: skip


def _owed_first(filters, rows):
    rows = filters.narrow(rows).annotate(came=Q(report__received_on__isnull=False))
    return rows.order_by("came", "report__received_on", "-due_on", "pk")


REPORTS = Listing(
    "report_list", "履职报告", "份",
    (
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("首席质量官", lambda row: row.appointment.candidate.name),
        Column("通知", lambda row: row.cycle.title, width=36, seen_by=lambda user: bool(user.enterprise_id)),
        Column("文号", lambda row: row.cycle.number, width=24),
        Column("送达", lambda row: row.service[0]),
        Column("送达日期", lambda row: row.served_on, "day", 12),
        Column("报告", lambda row: row.words[0], width=20),
        Column("收到日期", lambda row: row.received_on, "day", 12),
        Column("按时或者迟交", lambda row: row.time, width=16),
        Column("期限", lambda row: row.due_on, "day", 12),
        Column("延期", lambda row: "已延期" if row.extended else "", width=8),
    ),
    visible=lambda filters: ReportDuty.unscoped.visible_to(filters.user).with_parties(),
    filters=DutyFilter, narrowed=_owed_first,
    dressed=lambda rows, filters: rows_of(rows, filters.today), perm="training.follow_people",
)  # fmt: skip


# --- Targets ---------------------------------------------------------------------------------------------------------


def _held(filters):
    """Who is or was in office on any day of the year asked for."""
    first = filters.today.replace(year=filters.asked_year, month=1, day=1)
    term = days(first, first.replace(month=12, day=31))
    return Appointment.unscoped.visible_to(filters.user).filter(in_force__overlap=term, state__in=HELD)


def _with_sheets(filters, rows):
    """Who has nothing on file first."""
    newest = TargetSheet.unscoped.filter(appointment=OuterRef("pk"), year=filters.asked_year).order_by("-version")
    rows = rows.with_parties().annotate(sheet_pk=Subquery(newest.values("pk")[:1]), told=Exists(newest))
    return filters.narrow(rows).order_by("told", "enterprise__name", "pk")


def _standing(rows, filters):
    known = {sheet.pk: sheet for sheet in sheets().filter(pk__in=[row.sheet_pk for row in rows if row.sheet_pk])}
    for row in rows:
        row.standing = Standing(known.get(row.sheet_pk))
    return rows


TARGETS = Listing(
    "targets_list", "质量工作绩效", "人",
    (
        Column("任命编号", lambda row: row.reference, width=18),
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("首席质量官", lambda row: row.candidate.name),
        Column("绩效约定", lambda row: row.standing.words[0], width=18),
        Column("指标数", lambda row: len(row.standing.rows) or None, "number", 8),
        Column("结果", lambda row: row.standing.count if row.standing.sheet else "没有可对照的指标", width=40),
        Column("备案日期", lambda row: row.standing.sheet and local_day(row.standing.sheet.recorded_at), "day", 12),
    ),
    visible=_held, filters=TargetFilter, narrowed=_with_sheets, dressed=_standing, perm="training.follow_people",
)  # fmt: skip


# --- Recommendations -------------------------------------------------------------------------------------------------


def _since(case: DismissalRecommendation, user):
    """When it came to where it stands; an enterprise is not told when the offices proposed."""
    ends = (case.closed_at, case.withdrawn_at, case.decided_not_at, case.answered_at, case.signed_at)
    moments = (*ends, None if user.enterprise_id else case.proposed_at, case.asked_at, case.opened_at)
    return next(filter(None, moments))


def _due(case: DismissalRecommendation, user):
    """The day it waits for: the statements', then the answer's; an enterprise is not told when the offices proposed."""
    if case.state in STANDING_CASES:
        return case.answer_due
    told = UNDECIDED_CASES if user.enterprise_id else (CaseState.ASKED,)
    return case.statement_due if case.state in told else None


def _told(rows, filters):
    for row in rows:
        row.words = case_words(row, filters.user, filters.today)
        row.since, row.due = _since(row, filters.user), _due(row, filters.user)
    return rows


CASES = Listing(
    "case_list", "解除聘任建议", "件",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("首席质量官", lambda row: row.appointment.candidate.name),
        Column("发文字号", lambda row: row.number, width=24),
        Column("情形", lambda row: "；".join(f"（{g.kind}）{g.about}" for g in row.grounds.all()), width=50),
        Column("状态", lambda row: row.words[0], width=20),
        Column("自何时", lambda row: local_day(row.since), "day", 12),
        Column("期限", lambda row: row.due, "day", 12),
    ),
    visible=lambda filters: cases_of(filters.user),
    filters=CaseFilter, dressed=_told, perm="training.follow_people",
)  # fmt: skip

declare(FINDINGS, ACCIDENTS, WATCH_LIST, OBLIGATIONS, CYCLES, REPORTS, TARGETS, CASES)
