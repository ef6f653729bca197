"""Training's lists: sessions, training bodies, certificates, projects, the talent pool."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from registry.listed import Column, Listing, declare, offices
from registry.listings import last_of, local_day
from registry.states import Role
from training.filters import BodyFilter, CertificateFilter, PoolFilter, ProjectFilter, SessionFilter
from training.models import Certificate, Enrolment, ImprovementProject, PoolEntry, Recognition, Session, TrainingBody
from training.standing import Year, ledgers, since, standing_as
from training.states import EnrolmentState, ProjectState, SessionState
from training.views.bodies import standing_tag
from training.views.common import stage_tag
from training.views.pool import year_words
from training.views.projects import state_words

# --- Sessions --------------------------------------------------------------------------------------------------------


def _counted(filters, rows):
    """The sessions asked for; an enterprise is told beside each how many of its own are in it."""
    rows = filters.narrow(rows).with_counts()
    if filters.user.role == Role.ENTERPRISE:
        own = Enrolment.unscoped.filter(session=OuterRef("pk"), enterprise=filters.user.enterprise_id)
        own = own.exclude(state=EnrolmentState.WITHDRAWN).order_by().values("session").values(number=Count("pk"))
        rows = rows.annotate(own=Coalesce(Subquery(own), 0))
    return rows.order_by("-first_day", "-pk")


def _tagged(rows, filters):
    for session in rows:
        session.tag = stage_tag(session, filters.today)
    return rows


SESSIONS = Listing(
    "session_list", "培训班", "期",
    (
        Column("培训班", lambda row: row.title, width=36),
        Column("编号", lambda row: row.reference, width=16),
        Column("类别", lambda row: row.get_kind_display()),
        Column("培训机构", lambda row: row.body.name, width=30),
        Column("首日", lambda row: row.first_day, "day", 12),
        Column("末日", lambda row: row.last_day, "day", 12),
        Column("地点", lambda row: row.place, width=24),
        Column("面向", lambda row: f"面向{row.open_county.name if row.open_county else '全市'}", width=20),
        Column("报名自", lambda row: row.enrolment.lower, "day", 12),
        Column("报名至", lambda row: last_of(row.enrolment), "day", 12),
        Column("已报名", lambda row: row.enrolled, "number", 8),
        Column("名额", lambda row: row.seats, "number", 8),
        Column("候补", lambda row: row.waiting or None, "number", 8),
        Column("本企业", lambda row: row.own or None, "number", 8, lambda user: user.role == Role.ENTERPRISE),
        Column("状态", lambda row: row.tag[0]),
    ),
    visible=lambda filters: Session.unscoped.visible_to(filters.user).select_related("body", "open_county"),
    filters=SessionFilter, narrowed=_counted, dressed=_tagged,
)  # fmt: skip


# --- Training bodies -------------------------------------------------------------------------------------------------


def _recognised(filters, rows):
    valid = Recognition.unscoped.filter(body=OuterRef("pk"), period__contains=filters.today)
    published = Count("sessions", filter=Q(sessions__state=SessionState.PUBLISHED))
    return filters.narrow(rows).annotate(is_valid=Exists(valid), published=published).order_by("kind", "reference")


def _standing(rows, filters):
    for body in rows:
        body.tag = standing_tag(body, body.is_valid)
    return rows


BODIES = Listing(
    "training_body_list", "培训机构", "家",
    (
        Column("机构", lambda row: row.name, width=36),
        Column("编号", lambda row: row.reference, width=16),
        Column("类别", lambda row: row.get_kind_display(), width=20),
        Column("县（市、区）", lambda row: row.county.name if row.county else "", width=18),
        Column("认可", lambda row: row.tag[0]),
        Column("发证代字", lambda row: row.mark),
        Column("已发布的培训班", lambda row: row.published, "number"),
        Column("联系人", lambda row: row.contact_name),
        Column("联系电话", lambda row: row.contact_phone, width=16),
    ),
    visible=lambda filters: TrainingBody.unscoped.visible_to(filters.user).select_related("county"),
    filters=BodyFilter, narrowed=_recognised, dressed=_standing,
)  # fmt: skip


# --- Certificates ----------------------------------------------------------------------------------------------------


def _renamed(row: Certificate) -> str:
    """What the person is called on file, where the certificate says otherwise."""
    return row.candidate.name if row.candidate.name != row.facts["person_name"] else ""


def _employer(row: Certificate) -> str:
    return row.enrolment.enterprise.name if row.enrolment.enterprise else ""


CERTIFICATES = Listing(
    "certificate_list", "培训证书", "份",
    (
        Column("持证人", lambda row: row.facts["person_name"]),
        Column("证书编号", lambda row: row.number, width=24),
        Column("版次", lambda row: row.version if row.version > 1 else None, "number", 6),
        Column("现登记姓名", _renamed),
        Column("报名企业", _employer, width=36, seen_by=offices),
        Column("培训机构", lambda row: row.body.name, width=30),
        Column("状态", lambda row: row.words[0]),
        Column("发证日期", lambda row: row.issued_on, "day", 12),
    ),
    visible=lambda filters: Certificate.unscoped.visible_to(filters.user).select_related(
        "candidate", "body", "superseded_by", "enrolment__enterprise"
    ),
    filters=CertificateFilter,
    narrowed=lambda filters, rows: filters.narrow(rows.prefetch_related("revocations")),
    papers=lambda rows, user: [(row.facts["person_name"], row) for row in rows], papers_name="证书",
)  # fmt: skip


# --- Projects --------------------------------------------------------------------------------------------------------


def _worded(rows, filters):
    for row in rows:
        row.words = state_words(row)
    return rows


def _since(row: ImprovementProject) -> date | None:
    """The day on which it was reported or confirmed."""
    moments = {ProjectState.REPORTED: row.reported_at, ProjectState.COMPLETED: row.confirmed_at}
    return local_day(moments.get(row.state))


PROJECTS = Listing(
    "project_list", "质量课题", "项",
    (
        Column("课题", lambda row: row.title, width=40),
        Column("编号", lambda row: row.reference, width=16),
        Column("人员", lambda row: row.candidate.name),
        Column("企业", lambda row: row.enterprise.name, width=36, seen_by=offices),
        Column("县（市、区）", lambda row: row.enterprise.county.name, width=18, seen_by=offices),
        Column("首日", lambda row: row.period and row.period.lower, "day", 12),
        Column("末日", lambda row: last_of(row.period), "day", 12),
        Column("状态", lambda row: row.words[0]),
        Column("报告或者确认日期", _since, "day", 16),
    ),
    visible=lambda filters: ImprovementProject.unscoped.visible_to(filters.user),
    filters=ProjectFilter,
    narrowed=lambda filters, rows: filters.narrow(rows.select_related("enterprise__county", "candidate")),
    dressed=_worded, perm="training.follow_people",
)  # fmt: skip


# --- The talent pool -------------------------------------------------------------------------------------------------


def _this_year(entries: Iterable[PoolEntry], filters) -> dict[int, Year]:
    """Entry → the running year's education of its person, judged where the duty covers all of it."""
    entries = list(entries)
    years = ledgers({row.candidate_id for row in entries}, filters.user, filters.today, filters.today.year)
    return {row.pk: since(years[row.candidate_id], row.entered_on) for row in entries}


def _pooled(filters, rows):
    rows = filters.narrow(rows.with_last_word().with_revoked())
    rows = rows.select_related("candidate", "project__enterprise__county")
    if not (wanted := filters.cleaned_data.get("standing")):
        return rows
    year = filters.today.year
    return standing_as(rows, "candidate", Q(entered_on__lte=date(year, 1, 1)), year, filters.today, wanted)


def _with_year(rows, filters):
    years = _this_year(rows, filters)
    for row in rows:
        row.year = years[row.pk]
        row.year_words = year_words(row.year.standing)
    return rows


def _agreed(row: PoolEntry) -> str:
    return "未询问" if row.agreed is None else "同意" if row.agreed else "不同意"


POOL = Listing(
    "pool_list", "人才库", "人",
    (
        Column("姓名", lambda row: row.candidate.name),
        Column("编号", lambda row: row.reference, width=16),
        Column("企业", lambda row: row.project.enterprise.name, width=36),
        Column("县（市、区）", lambda row: row.project.enterprise.county.name, width=18),
        Column("行业门类", lambda row: row.project.enterprise.get_industry_display(), width=24),
        Column("纳入日期", lambda row: row.entered_on, "day", 12),
        Column("退出日期", lambda row: row.left_on, "day", 12),
        Column("证书", lambda row: "证书已撤销" if row.revoked else ""),
        Column("公开姓名", _agreed),
        Column("本年继续教育", lambda row: "已退出" if row.left_on else row.year_words[0], width=16),
        Column("已计学时", lambda row: None if row.left_on else row.year.hours, "number", 10),
        Column("应满学时", lambda row: None if row.left_on else row.year.requirement.hours, "number", 10),
    ),
    visible=lambda filters: PoolEntry.unscoped.visible_to(filters.user),
    filters=PoolFilter, narrowed=_pooled, dressed=_with_year, perm="training.follow_people",
)  # fmt: skip

declare(SESSIONS, BODIES, CERTIFICATES, PROJECTS, POOL)
