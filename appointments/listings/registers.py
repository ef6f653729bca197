"""Appointments: all of them, and what waits at an office."""

from appointments.eligibility import checklists
from appointments.filters import AppointmentFilter, Criteria, QueueFilter
from appointments.models import Appointment, Paper
from appointments.rules import needs_opinion
from appointments.states import PaperKind
from appointments.views.lists import DESKS
from appointments.views.shown import queue_rows, state_words
from registry.listed import Column, Listing, declare, offices
from registry.listings import last_of, local_day
from registry.models import User
from registry.templatetags.portal import clause_words


def _worded(rows, filters):
    """Each with its state in words, and since when it is in it."""
    for row in rows:
        row.words = state_words(row, filters.today)
        moments = (row.ended_at, row.withdrawn_at, row.filed_at, row.checked_at, row.submitted_at, row.saved_at)
        row.since = next(filter(None, moments))
    return rows


def receipts(rows: list[Appointment], user: User) -> list[tuple[str, Paper | None]]:
    """The receipt in hand of each appointment, as far as this person sees it; None before it was filed."""
    papers = Paper.unscoped.visible_to(user).filter(appointment__in=rows, kind=PaperKind.RECEIPT)
    newest = {paper.appointment_id: paper for paper in papers.order_by("version")}
    return [(f"{row.enterprise.name}_{row.candidate.name}", newest.get(row.pk)) for row in rows]


# What a line of the list says; the rest of an appointment and its parties is not read for it.
SAID = (
    "reference", "state", "is_transcribed", "first_day", "term", "in_force", "ended_at", "withdrawn_at", "filed_at",
    "checked_at", "submitted_at", "saved_at", "candidate__name", "enterprise__name", "enterprise__county__name",
)  # fmt: skip

APPOINTMENTS = Listing(
    "appointment_list", "任命", "件",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("企业", lambda row: row.enterprise.name, width=36, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("人选", lambda row: row.candidate.name),
        Column("状态", lambda row: row.words[0], width=18),
        Column("聘任首日", lambda row: row.term.lower if row.term else None, "day", 12),
        Column("聘任末日", lambda row: last_of(row.term), "day", 12),
        Column("拟聘任首日", lambda row: None if row.term else row.first_day, "day", 12),
        Column("自何时", lambda row: local_day(row.since), "day", 12),
    ),
    visible=lambda filters: Appointment.unscoped.visible_to(filters.user).with_parties().only(*SAID),
    filters=AppointmentFilter, dressed=_worded, papers=receipts, papers_name="登记回执",
)  # fmt: skip


# --- The queue -------------------------------------------------------------------------------------------------------


def _queue_filter(data, *, user, today) -> QueueFilter:
    return QueueFilter(data, user=user, today=today, stamp=DESKS[user.role].stamp)


def _waiting(filters):
    waiting = Appointment.unscoped.awaiting(filters.user).with_parties().with_last_return()
    return waiting.order_by(filters.stamp, "pk")


def _sifted(filters, rows):
    """What waits, narrowed by the checklist too where that is asked for: it is reckoned and not stored."""
    found = filters.narrow(rows)
    if not filters.wanted:
        return found
    read = list(found)
    lists, silent = checklists(read, filters.today), filters.wanted == Criteria.OPINION
    return [row for row in read if bool(needs_opinion(lists[row.pk].criteria)) == silent]


def _criteria(row) -> str:
    if not row.unmet:
        return "无不符合"
    clauses = "、".join(clause_words(criterion.clause) for criterion in row.unmet)
    return f"{row.worst} {len(row.unmet)} 项：{clauses}"


QUEUE = Listing(
    "appointment_queue", "待办理的任命", "件",
    (
        Column("编号", lambda row: row.appointment.reference, width=18),
        Column("企业", lambda row: row.appointment.enterprise.name, width=36),
        Column("人选", lambda row: row.appointment.candidate.name),
        Column("状态", lambda row: row.tag[0], width=18),
        Column("任职条件", _criteria, width=40),
        Column("自何时", lambda row: row.since, "day", 12),
        Column("期限", lambda row: row.due, "day", 12),
    ),
    visible=_waiting, filters=_queue_filter, narrowed=_sifted,
    dressed=lambda rows, filters: queue_rows(rows, checklists(list(rows), filters.today)),
    perm="appointments.work_queue",
)  # fmt: skip

declare(APPOINTMENTS, QUEUE)
