"""Campaigns, achievements, commendations, pilots, policies."""

from django.db.models import Count, Q

from appointments.filters.promotion import (
    AchievementFilter,
    CampaignFilter,
    CommendationFilter,
    PilotFilter,
    PolicyFilter,
)
from appointments.models import Achievement, Campaign, Policy, pilots
from appointments.states import AchievementState
from appointments.views.promotion.achievements import state_words as achievement_words
from appointments.views.promotion.campaigns import state_words as campaign_words
from appointments.views.promotion.commendations import commendations_of
from appointments.views.promotion.common import office_words
from appointments.views.promotion.policies import state_words as policy_words
from registry.listed import Column, Listing, declare, offices
from registry.listings import last_of, local_day
from registry.models import Enterprise

TAKE_PART = "appointments.take_part"
ENTERPRISE = 36  # characters: how wide a column of names of enterprises is


# --- Campaigns and achievements --------------------------------------------------------------------------------------


def _with_sent(filters, rows):
    sent = Count("achievements", filter=Q(achievements__in=Achievement.unscoped.visible_to(filters.user)))
    return filters.narrow(rows.select_related("county")).annotate(sent=sent).order_by("-due_on", "-pk")


def _offered(rows, filters):
    for row in rows:
        row.words, row.office = campaign_words(row, filters.today), office_words(row)
    return rows


CAMPAIGNS = Listing(
    "campaign_list", "活动", "项",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("活动", lambda row: row.title, width=40),
        Column("类别", lambda row: row.get_kind_display()),
        Column("面向", lambda row: row.office, width=18),
        Column("首日", lambda row: row.period.lower, "day", 12),
        Column("末日", lambda row: last_of(row.period), "day", 12),
        Column("成果提交截止", lambda row: row.due_on, "day"),
        Column("状态", lambda row: row.words[0]),
        Column("成果", lambda row: row.sent or None, "number", 8),
    ),
    visible=lambda filters: Campaign.unscoped.visible_to(filters.user),
    filters=CampaignFilter, narrowed=_with_sent, dressed=_offered, perm=TAKE_PART,
)  # fmt: skip


def _worded(rows, filters):
    for row in rows:
        row.words = achievement_words(row)
    return rows


def _last_step(row: Achievement) -> tuple[str, object]:
    """What happened to it last, and when."""
    if row.state == AchievementState.PUBLISHED:
        return "公开", row.published_at
    return ("提交", row.submitted_at) if row.submitted_at else ("建立", row.created_at)


ACHIEVEMENTS = Listing(
    "achievement_list", "经验成果", "项",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("成果", lambda row: row.title, width=40),
        Column("人员", lambda row: row.candidate.name),
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("类别", lambda row: row.get_kind_display()),
        Column("活动", lambda row: row.campaign.title if row.campaign else "", width=36),
        Column("状态", lambda row: row.words[0]),
        Column("日期", lambda row: local_day(_last_step(row)[1]), "day", 12),
        Column("日期说明", lambda row: _last_step(row)[0], width=10),
    ),
    visible=lambda filters: Achievement.unscoped.visible_to(filters.user),
    filters=AchievementFilter,
    narrowed=lambda filters, rows: filters.narrow(
        rows.with_last_word().select_related("enterprise__county", "candidate", "campaign")
    ),
    dressed=_worded, perm=TAKE_PART,
)  # fmt: skip


# --- Commendations ---------------------------------------------------------------------------------------------------

COMMENDATIONS = Listing(
    "commendation_list", "表彰奖励", "项",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("荣誉", lambda row: row.honour, width=36),
        Column("表彰对象", lambda row: row.candidate.name if row.candidate else "企业"),
        Column("企业", lambda row: row.enterprise.name, width=ENTERPRISE),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18),
        Column("文号", lambda row: row.document_number, width=24),
        Column("发文机关", lambda row: row.issuing_body, width=30),
        Column("成文日期", lambda row: row.document_day, "day", 12),
        Column("状态", lambda row: "已撤销" if row.is_revoked else "已登记"),
    ),
    visible=lambda filters: commendations_of(filters.user), filters=CommendationFilter, perm=TAKE_PART,
)  # fmt: skip


# --- Pilots and policies ---------------------------------------------------------------------------------------------


def _followed(rows, filters):
    for row in rows:
        row.days = row.last_guided and (filters.today - row.last_guided).days
        row.due = row.follow_up_on is not None and row.follow_up_on <= filters.today
        row.this_year = row.last_guided is not None and row.last_guided.year == filters.today.year
    return rows


PILOTS = Listing(
    "pilot_list", "试点指导", "家",
    (
        Column("编号", lambda row: row.reference, width=18),
        Column("试点企业", lambda row: row.name, width=ENTERPRISE),
        Column("县（市、区）", lambda row: row.county.name, width=18),
        Column("首席质量官", lambda row: row.cqo or "今天没有在任的", width=16),
        Column("上次指导", lambda row: row.last_guided, "day", 12),
        Column("指导情况", lambda row: "" if row.this_year else "本年还没有" if row.last_guided else "还没有指导"),
        Column("回访日期", lambda row: row.follow_up_on, "day", 12),
        Column("回访", lambda row: "已到日期" if row.due else ""),
    ),
    visible=lambda filters: pilots(
        Enterprise.unscoped.visible_to(filters.user).select_related("county"), filters.today
    ),
    filters=PilotFilter, dressed=_followed, perm=TAKE_PART, offices_only=True,
)  # fmt: skip


def _stated(rows, filters):
    for row in rows:
        row.words, row.office = policy_words(row, filters.today), office_words(row)
    return rows


POLICIES = Listing(
    "policy_list", "激励政策", "项",
    (
        Column("政策", lambda row: row.title, width=40),
        Column("发文机关", lambda row: row.issuing_body, width=30),
        Column("文号", lambda row: row.document_number, width=24),
        Column("适用范围", lambda row: row.office, width=18),
        Column("首日", lambda row: row.period.lower, "day", 12),
        Column("末日", lambda row: last_of(row.period), "day", 12),
        Column("效力", lambda row: row.words[0]),
    ),
    visible=lambda filters: Policy.unscoped.published().select_related("county"),
    filters=PolicyFilter, dressed=_stated,
)  # fmt: skip

declare(CAMPAIGNS, ACHIEVEMENTS, COMMENDATIONS, PILOTS, POLICIES)
