"""The registry's lists: enterprises, people, registrations, what was sent, the security log."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from registry.filters import CandidateFilter, DeliveryFilter, EnterpriseFilter, RegistrationFilter, SecurityFilter
from registry.listed import Column, Listing, declare, offices
from registry.models import (
    Candidate,
    Delivery,
    Employment,
    Enterprise,
    EnterpriseDesignation,
    Registration,
    SecurityEntry,
)
from registry.states import DeliveryState, Designation
from registry.templatetags.portal import browser_words, cn_range, masked_address


def local_day(moment):
    """The day of a moment in the office; None for None."""
    return moment and timezone.localdate(moment)


def last_of(period):
    """The last day of a period ``[)``; None where it has none."""
    return period and period.upper and period.upper - timedelta(days=1)


# --- Enterprises -----------------------------------------------------------------------------------------------------


def _designated(filters, rows):
    kinds = {
        kind: EnterpriseDesignation.unscoped.filter(
            enterprise=OuterRef("pk"), kind=kind, period__contains=filters.today
        )
        for kind in Designation
    }
    return (
        filters.narrow(rows)
        .select_related("county")
        .annotate(above_scale=Exists(kinds[Designation.ABOVE_SCALE]), pilot=Exists(kinds[Designation.PILOT]))
    )


def _kinds(enterprise: Enterprise) -> str:
    words = [word for word, holds in (("规模以上", enterprise.above_scale), ("试点", enterprise.pilot)) if holds]
    return "、".join(words) or "无"


ENTERPRISES = Listing(
    "enterprise_list", "企业", "家",
    (
        Column("企业", lambda row: row.name, width=36),
        Column("统一社会信用代码", lambda row: row.credit_code, width=22),
        Column("县（市、区）", lambda row: row.county.name, width=18),
        Column("行业门类", lambda row: row.get_industry_display(), width=24),
        Column("企业规模", lambda row: row.get_size_display()),
        Column("类别", _kinds),
        Column("联系人", lambda row: row.contact_name),
        Column("联系电话", lambda row: row.contact_phone, width=16),
    ),
    visible=lambda filters: Enterprise.unscoped.visible_to(filters.user),
    filters=EnterpriseFilter, narrowed=_designated, offices_only=True,
)  # fmt: skip


# --- People ----------------------------------------------------------------------------------------------------------


def _with_work(filters, rows):
    """The people, each with the employments of one's own scope alone."""
    seen = Employment.unscoped.visible_to(filters.user).select_related("enterprise")
    return filters.narrow(rows).prefetch_related(Prefetch("employments", seen, to_attr="seen"))


def _of_work(say):
    """A column of one line for each employment."""
    return lambda person: "；".join(map(say, person.seen))


PEOPLE = Listing(
    "candidate_list", "人员", "人",
    (
        Column("姓名", lambda row: row.name),
        Column("编号", lambda row: row.reference, width=16),
        Column("出生年", lambda row: row.birth_date.year, "number", 8),
        Column("企业", _of_work(lambda work: work.enterprise.name), width=36, seen_by=offices),
        Column("职务", _of_work(lambda work: work.position), width=20),
        Column("在职期间", _of_work(lambda work: cn_range(work.period)), width=26),
        Column("手机", _of_work(lambda work: work.phone or "未填写"), width=16),
    ),
    visible=lambda filters: Candidate.unscoped.visible_to(filters.user),
    filters=CandidateFilter, narrowed=_with_work,
)  # fmt: skip


# --- Registrations, messages, the log --------------------------------------------------------------------------------

REGISTRATIONS = Listing(
    "registration_list", "企业注册", "件",
    (
        Column("企业", lambda row: row.name, width=36),
        Column("统一社会信用代码", lambda row: row.credit_code, width=22),
        Column("县（市、区）", lambda row: row.county.name, width=18),
        Column("注册人", lambda row: row.applicant.display_name),
        Column("提交日期", lambda row: local_day(row.submitted_at), "day", 12),
        Column("状态", lambda row: row.get_state_display()),
        Column("办结日期", lambda row: local_day(row.decided_at), "day", 12),
        Column("办理人", lambda row: row.decided_by.display_name if row.decided_by else ""),
    ),
    visible=lambda filters: Registration.unscoped.visible_to(filters.user),
    filters=RegistrationFilter,
    narrowed=lambda filters, rows: filters.narrow(rows).select_related("county", "applicant", "decided_by"),
    perm="registry.see_registrations",
)  # fmt: skip


def when_of(row: Delivery) -> tuple[str, object]:
    """What happened to it last, or will next, and when."""
    if row.bounced_at:
        return "退回", row.bounced_at
    if row.sent_at:
        return "发出", row.sent_at
    if row.state == DeliveryState.WAITING and row.attempts:
        return "再试", row.next_try_at
    return "排队", row.waiting_since


DELIVERIES = Listing(
    "delivery_list", "通知发送记录", "条",
    (
        Column("收件单位", lambda row: row.enterprise.name if row.enterprise else "账号", width=36),
        Column("标题", lambda row: row.subject, width=36),
        Column("方式", lambda row: row.get_channel_display()),
        Column("地址", lambda row: masked_address(row.address), width=24),
        Column("状态", lambda row: row.state_words[0]),
        Column("时间", lambda row: when_of(row)[1], "moment", 18),
        Column("时间说明", lambda row: when_of(row)[0], width=10),
        Column("尝试次数", lambda row: row.attempts or None, "number", 10),
        Column("原因", lambda row: row.last_fault, width=36),
    ),
    visible=lambda filters: Delivery.unscoped.visible_to(filters.user),
    filters=DeliveryFilter,
    narrowed=lambda filters, rows: filters.narrow(rows).select_related("enterprise"),
    perm="registry.see_deliveries",
)  # fmt: skip

SECURITY_LOG = Listing(
    "security_log", "安全日志", "条",
    (
        Column("序号", lambda row: row.pk, "number", 10),
        Column("时间", lambda row: row.at, "moment", 18),
        Column("事件", lambda row: row.get_event_display(), width=20),
        Column("对象", lambda row: row.about, width=24),
        Column("说明", lambda row: "；".join(f"{name}：{value}" for name, value in row.said), width=40),
        Column("账号", lambda row: row.username, width=16),
        Column("单位", lambda row: row.office if row.username else "", width=24),
        Column("来源地址", lambda row: row.address, width=18),
        Column("浏览器", lambda row: browser_words(row.agent) if row.agent else "", width=18),
    ),
    visible=lambda filters: SecurityEntry.unscoped.visible_to(filters.user),
    filters=SecurityFilter, perm="registry.see_security_log",
)  # fmt: skip

declare(ENTERPRISES, PEOPLE, REGISTRATIONS, DELIVERIES, SECURITY_LOG)
