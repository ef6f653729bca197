"""How long personal data is kept, field by field, and the one job that removes what is due and nothing else.

No law gives figures for these, but for the security log (网络安全法: six months at least); so the defaults stand in one
table, each with its reason, and an office may change them (``CQO_RETENTION``). History rows go with their fields.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pghistory.models
import pgtrigger
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.models import Appointment, DismissalRecommendation, StatementLink
from appointments.states import STANDING_CASES, UNDECIDED_CASES, State
from cqo_portal.erasure import ID_GONE, carry_out, event_model, forget_number
from registry.models import (
    Candidate,
    DataRequest,
    DaySeal,
    Delivery,
    Education,
    Employment,
    Export,
    FormToken,
    ImportRow,
    ImportUpload,
    Invitation,
    Job,
    Message,
    PersonLink,
    ProfessionalQualification,
    QualityExperience,
    RateWindow,
    Registration,
    Reveal,
    SecurityEntry,
    StoredFile,
    User,
)
from registry.models.exports import KEPT_DAYS
from registry.securitylog import note, trim
from registry.states import DeliveryState, RegistrationState, RequestKind, RequestState, Role, SecurityEvent
from training.models import Certificate, Enrolment, PoolEntry, TrainingRecord

STEP = 500  # rows a transaction
CLEARED = "（到期清理）"
FACTS = (Education, ProfessionalQualification, QualityExperience, TrainingRecord, Employment)


@dataclass(frozen=True)
class Rule:
    """What is removed when, and why then. ``due`` gives the rows at a cut-off; ``clear`` removes some and counts them.

    What only the tables' owner may remove (``owner``) waits for a run as the owner: the application's role cannot.
    """

    key: str
    what: str
    days: int
    reason: str
    due: Callable[[datetime], QuerySet]
    clear: Callable[[QuerySet], int]
    owner: bool = False
    least: int = 0

    @property
    def period(self) -> timedelta:
        """How long it is kept: the office's figure, but never less than the law allows."""
        return timedelta(days=max(self.least, settings.RETENTION_DAYS.get(self.key, self.days)))


def _delete(rows: QuerySet) -> int:
    return rows.model._base_manager.filter(pk__in=list(rows.values_list("pk", flat=True)[:STEP])).delete()[0]


def _blank(**values) -> Callable[[QuerySet], int]:
    """Overwrite these fields of the next rows."""

    def blank(rows: QuerySet) -> int:
        keys = list(rows.values_list("pk", flat=True)[:STEP])
        return rows.model._base_manager.filter(pk__in=keys).update(**values)

    return blank


def _past_trigger(name: str) -> Callable[[QuerySet], int]:
    """Delete the next rows of a table that is otherwise only added to."""

    def delete(rows: QuerySet) -> int:
        keys = list(rows.values_list("pk", flat=True)[:STEP])
        with pgtrigger.ignore(f"{rows.model._meta.label}:{name}"):
            return rows.model._base_manager.filter(pk__in=keys)._raw_delete(rows.db)

    return delete


# --- What is due -----------------------------------------------------------------------------------------------------


def _day(cut: datetime) -> date:
    return timezone.localdate(cut)


def _phones(cut: datetime) -> QuerySet:
    """Employments that ended before, with a phone in the row or in its history."""
    kept = event_model(Employment).filter(pgh_obj=OuterRef("pk")).exclude(phone="")
    return Employment.unscoped.filter(~Q(phone="") | Exists(kept), period__endswith__lte=_day(cut))


def _clear_phones(rows: QuerySet) -> int:
    keys = list(rows.values_list("pk", flat=True)[:STEP])
    Employment.unscoped.filter(pk__in=keys).update(phone="")
    event_model(Employment).filter(pgh_obj__in=keys).update(phone="")
    return len(keys)


def _without_role(cut: datetime) -> QuerySet:
    """People with a number on file who had no employment, appointment, certificate, course or case since."""
    day = _day(cut)
    own = {"candidate": OuterRef("pk")}
    open_case = DismissalRecommendation.unscoped.filter(state__in=UNDECIDED_CASES + STANDING_CASES)
    reasons = (
        Employment.unscoped.filter(Q(period__endswith__gt=day) | Q(period__upper_inf=True), **own),
        Appointment.unscoped.exclude(state__in=(State.ENDED, State.WITHDRAWN)).filter(**own),
        Appointment.unscoped.filter(in_force__endswith__gt=day, **own),
        Certificate.unscoped.filter(issued_on__gt=day, **own),
        PoolEntry.unscoped.filter(Q(left_on=None) | Q(left_on__gt=day), **own),
        Enrolment.unscoped.filter(session__last_day__gt=day, **own),
        open_case.filter(appointment__candidate=OuterRef("pk")),
    )
    rows = Candidate.unscoped.filter(created_at__lt=cut).exclude(id_masked=ID_GONE)
    for reason in reasons:
        rows = rows.exclude(Exists(reason))
    return rows


def _clear_numbers(rows: QuerySet) -> int:
    people = list(rows[:STEP])
    for person in people:
        forget_number(person)
    return len(people)


def _declined(cut: datetime) -> QuerySet:
    """Registrations that came to nothing, by when they were sent."""
    over = (RegistrationState.DECLINED, RegistrationState.WITHDRAWN)
    return Registration.unscoped.filter(state__in=over, submitted_at__lt=cut)


def _clear_registrations(rows: QuerySet) -> int:
    """The rows, their history, and the rows of their files; the bytes are the sweeper's to take."""
    found = list(rows.values_list("pk", "licence", "authority")[:STEP])
    keys, files = [row[0] for row in found], [file for row in found for file in row[1:]]
    Registration.unscoped.filter(pk__in=keys).delete()
    event_model(Registration).filter(pgh_obj_id__in=keys)._raw_delete(rows.db)
    with pgtrigger.ignore("registry.StoredFile:stored_file_append_only"):
        StoredFile.unscoped.filter(pk__in=files)._raw_delete(rows.db)
    return len(keys)


def _idle_accounts(cut: datetime) -> QuerySet:
    """Accounts of no enterprise that nobody signed in to since, with an address or number still on them."""
    idle = User.unscoped.filter(role=Role.APPLICANT, date_joined__lt=cut).exclude(last_login__gte=cut)
    return idle.exclude(email="", phone="").exclude(registrations__state=RegistrationState.SUBMITTED)


def _clear_accounts(rows: QuerySet) -> int:
    keys = list(rows.values_list("pk", flat=True)[:STEP])
    EmailAddress.objects.filter(user__in=keys).delete()
    nothing = {"email": "", "phone": "", "phone_proven_at": None}
    User.unscoped.filter(pk__in=keys).update(is_active=False, **nothing)
    event_model(User).filter(pgh_obj__in=keys).update(**nothing)
    return len(keys)


def _removed_facts(cut: datetime) -> QuerySet:
    """The first kind of fact whose history still tells of rows that were removed before."""
    for model in FACTS:
        events = event_model(model)
        gone = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_label="delete", pgh_created_at__lt=cut)
        rows = events.filter(Exists(gone))
        if rows.exists():
            return rows
    return event_model(FACTS[0]).none()


def _lone_contexts(cut: datetime) -> QuerySet:
    """Contexts of requests (who, which address) that no event of any table refers to any more."""
    rows = pghistory.models.Context._default_manager.filter(created_at__lt=cut)
    for model in apps.get_models():
        if issubclass(model, pghistory.models.Event) and model._meta.managed and not model._meta.proxy:
            rows = rows.exclude(Exists(model._base_manager.filter(pgh_context=OuterRef("pk"))))
    return rows


def _sealed_entries(cut: datetime) -> QuerySet:
    """The entries of whole sealed days."""
    last = DaySeal.unscoped.filter(day__lt=_day(cut)).values_list("last", flat=True).first()
    return SecurityEntry.unscoped.filter(pk__lte=last or 0)


def _erasures(cut: datetime) -> QuerySet:
    granted = DataRequest.unscoped.filter(kind=RequestKind.ERASURE, state=RequestState.GRANTED)
    return granted.filter(answered_at__lte=cut)


def _carry_out(rows: QuerySet) -> int:
    requests = list(rows.select_related("candidate")[:STEP])
    for row in requests:
        carry_out(row, at=timezone.now())
    return len(requests)


OVER = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.BOUNCED)
ANSWERED = (RequestState.DECLINED, RequestState.DONE)
RULES: tuple[Rule, ...] = (
    Rule("sessions", "登录状态", 0, "到期即失效",
         lambda cut: Session._default_manager.filter(expire_date__lt=cut), _delete),
    Rule("rate_windows", "访问频率计数", 1, "时段一过即无用处",
         lambda cut: RateWindow.unscoped.filter(ends_at__lt=cut), _delete),
    Rule("delivery_text", "已发邮件和短信的正文", 30, "供重新发送；平台内的消息另有保存",
         lambda cut: Delivery.unscoped.filter(state__in=OVER, created_at__lt=cut).exclude(body=""), _blank(body="")),
    Rule("deliveries", "发送记录中的邮箱和手机号码", 365, "供查明通知是否送达，跨一个报告年度",
         lambda cut: Delivery.unscoped.filter(state__in=OVER, created_at__lt=cut), _delete),
    Rule("messages", "平台内的消息", 1095, "一个两年聘任期限，加一年备查",
         lambda cut: Message.unscoped.filter(sent_at__lt=cut), _delete),
    Rule("form_tokens", "表单重复提交的标记", 30, "供识别同一份表单再次提交",
         lambda cut: FormToken.unscoped.filter(at__lt=cut), _past_trigger("form_token_append_only"), owner=True),
    Rule("exports", "从清单导出的文件", KEPT_DAYS, "供导出人再次下载；到期可以重新导出",
         lambda cut: Export.unscoped.filter(created_at__lt=cut), _delete),
    Rule("jobs", "后台工作的结果", 365, "供发起人查看未办的原因",
         lambda cut: Job.unscoped.filter(finished_at__lt=cut), _delete),
    Rule("import_uploads", "没有核对完的导入表格", 7, "核对完即删除；中断的须在一周内继续",
         lambda cut: ImportUpload.unscoped.filter(run__created_at__lt=cut), _delete),
    Rule("import_rows", "导入的表格的逐行内容和结果", 90, "供上传的单位核对和下载结果；写入的内容另在名录中",
         lambda cut: ImportRow.unscoped.filter(run__created_at__lt=cut), _delete),
    Rule("statement_links", "陈述意见链接的摘要", 365, "供查明链接何时使用；陈述意见本身按案卷保存",
         lambda cut: StatementLink.unscoped.filter(expires_on__lt=_day(cut)), _delete),
    Rule("person_links", "本人查询链接的摘要", 365, "供查明链接何时使用",
         lambda cut: PersonLink.unscoped.filter(expires_on__lt=_day(cut)), _delete),
    Rule("phones", "离职人员的手机号码", 730, "离职后，聘任期限内的事项仍可能需要联系本人",
         _phones, _clear_phones, owner=True),
    Rule("removed_facts", "已移除的学历、资格、经历等的修改记录", 1826, "供复核据以登记的任职条件",
         _removed_facts, lambda rows: rows.model._base_manager.filter(
             pk__in=list(rows.values_list("pk", flat=True)[:STEP]))._raw_delete(rows.db), owner=True),
    Rule("id_numbers", "不再担任任何角色的人员的证件号码", 1826, "只用于区分同名的人；再次任职或者参加培训时仍须识别",
         _without_role, _clear_numbers, owner=True),
    Rule("contexts", "修改记录的办理人和页面地址（所属记录已清理的）", 30, "没有记录再引用",
         _lone_contexts, _delete, owner=True),
    Rule("registrations", "未被接收的企业注册和材料", 180, "供注册人修改后重新提交，和复核",
         _declined, _clear_registrations, owner=True),
    Rule("invitations", "企业账号的邀请", 365, "供查明谁邀请了谁",
         lambda cut: Invitation.unscoped.filter(expires_at__lt=cut), _delete),
    Rule("idle_accounts", "不属于任何企业的账号的邮箱和手机号码", 365, "一年不登录，也不属于任何企业的，不再联系",
         _idle_accounts, _clear_accounts, owner=True),
    Rule("seen_sessions", "登录过的设备和地址", 90, "供本人查看自己在哪里登录过",
         lambda cut: UserSession.objects.filter(last_seen_at__lt=cut), _delete),
    Rule("reveals", "查看完整证件号码的记录", 1095, "供本人和纪检查问",
         lambda cut: Reveal.unscoped.filter(at__lt=cut), _past_trigger("reveal_append_only"), owner=True),
    Rule("data_requests", "个人信息请求的说明", 1095, "供复核答复是否得当",
         lambda cut: DataRequest.unscoped.filter(state__in=ANSWERED, answered_at__lt=cut).exclude(words=CLEARED),
         _blank(words=CLEARED)),
    Rule("erasures", "本人请求并已同意删除的内容", 0, "同意后即办理",
         _erasures, _carry_out, owner=True),
    Rule("security_log", "安全日志", 1095, "网络安全法要求不少于六个月；事后追查常在更晚",
         _sealed_entries, trim, owner=True, least=183),
)  # fmt: skip


# --- The job ---------------------------------------------------------------------------------------------------------


def is_owner() -> bool:
    """Whether this process acts as the owner of the tables."""
    with connection.cursor() as cursor:
        owner = "SELECT tableowner = current_user FROM pg_tables WHERE tablename = %s"
        cursor.execute(owner, [Candidate._meta.db_table])
        return cursor.fetchone()[0]


def due(*, at: datetime, rules: tuple[Rule, ...] = RULES) -> Iterator[tuple[Rule, int]]:
    """Each rule with how many rows are due under it."""
    for rule in rules:
        yield rule, rule.due(at - rule.period).count()


def clear(*, at: datetime, rules: tuple[Rule, ...] = RULES) -> dict[str, int]:
    """Remove what is due, as far as this role may; how many rows, by rule. To do it again removes nothing more."""
    owner, done = is_owner(), {}
    for rule in rules:
        if rule.owner and not owner:
            continue
        while True:
            with transaction.atomic():
                count = rule.clear(rule.due(at - rule.period))
            if not count:
                break
            done[rule.key] = done.get(rule.key, 0) + count
    if done:
        note(SecurityEvent.RETENTION, **done)
    return done
