"""Report cycles, their service on enterprises, and duty reports (Art. 5, 12(二)(3))."""

from datetime import date

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from appointments.models.appointments import DAY, Appointment, ThroughAppointment
from appointments.rules import SECTIONS
from appointments.rules.reports import days_late
from appointments.states import (
    CYCLE_MOVES,
    REPORT_MOVES,
    Audience,
    CycleState,
    ReportActKind,
    ReportState,
    clause_of,
)
from registry.models import (
    County,
    IssuedPaper,
    PortalQuerySet,
    ScopedBase,
    ScopedQuerySet,
    StoredFile,
    UnderBasis,
    User,
)
from registry.models import append_only as keep_as_written
from registry.models.base import Base, born_as, has_days, moves, pair, tracked
from registry.states import CITY_WIDE, Role


class CycleQuerySet(PortalQuerySet):
    """What one asks of report cycles."""

    def visible_to(self, user):
        """The city sees all, a county what was published, an enterprise what it was told to report on."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role in CITY_WIDE:
            return self
        told = self.exclude(state=CycleState.DRAFT)
        if user.role == Role.COUNTY:
            return told.exclude(published_at=None).filter(Q(county=None) | Q(county=user.county_id))
        if user.role == Role.ENTERPRISE:
            return told.filter(duties__appointment__enterprise=user.enterprise_id).distinct()
        return self.none()

    def standing(self):
        """Published and not taken back."""
        return self.filter(state=CycleState.PUBLISHED)


@tracked()
class ReportCycle(UnderBasis, Base):
    """报告周期: the notice that asks for duty reports, and until when."""

    acted_at = ("published_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    # What is asked for?
    title = models.CharField("通知标题", max_length=80)
    number = models.CharField("通知文号", max_length=40)
    period = DateRangeField("报告期")
    due_on = models.DateField("报告期限")
    body = models.TextField("通知正文", max_length=4000)
    legal_text = models.TextField("依据条文", max_length=4000, blank=True)
    # Of whom?
    audience = models.CharField("报告对象", max_length=12, choices=Audience.choices, default=Audience.ALL)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="限于县(市、区)", null=True, blank=True, related_name="+"
    )
    # Under what, and where does it stand?
    state = models.CharField("状态", max_length=12, choices=CycleState.choices, default=CycleState.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    published_at = models.DateTimeField("发布时间", null=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("收回时间", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawal_reason = models.CharField("收回的原因", max_length=300, blank=True)

    unscoped = CycleQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "报告周期"
        ordering = ["-created_at", "-pk"]
        triggers = [
            moves("cycle_moves", CYCLE_MOVES),
            born_as("cycle_born_as_draft", CycleState.DRAFT),
            pgtrigger.Protect(
                name="cycle_stands_as_published",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__published_at__isnull=False)
                & (
                    pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__period__df=pgtrigger.F("new__period"))
                    | pgtrigger.Q(old__body__df=pgtrigger.F("new__body"))
                    | pgtrigger.Q(old__published_at__df=pgtrigger.F("new__published_at"))
                    | pgtrigger.Q(new__due_on__lt=pgtrigger.F("old__due_on"))
                ),
            ),
        ]
        constraints = [
            has_days("cycle_has_days"),
            pair("cycle_published_pair", "published_at", "published_by"),
            pair("cycle_withdrawn_pair", "withdrawn_at", "withdrawn_by"),
            models.CheckConstraint(
                name="cycle_due_after_period",
                condition=Q(due_on__gte=F("period__endswith")),
                violation_error_message="报告期限须晚于报告期的最后一天。",
            ),
            models.CheckConstraint(
                name="cycle_published_is_whole",
                condition=Q(state=CycleState.DRAFT)
                | Q(state=CycleState.WITHDRAWN, published_at__isnull=True)
                | Q(published_at__isnull=False, edition__isnull=False, number__gt="", body__gt="", legal_text__gt=""),
                violation_error_message="发布通知须写明文号、正文、依据条文和发布时间。",
            ),
            models.CheckConstraint(
                name="cycle_withdrawn_has_reason",
                condition=~Q(state=CycleState.WITHDRAWN) | Q(withdrawn_at__isnull=False, withdrawal_reason__gt=""),
                violation_error_message="收回通知须写明原因。",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return clause_of(CycleState(self.state))

    @property
    def first_day(self) -> date:
        """The first day reported on."""
        return self.period.lower

    @property
    def last_day(self) -> date:
        """The last day reported on, inclusive."""
        return self.period.upper - DAY


class ThroughDuty(ScopedQuerySet):
    """Rows reached through the report duty."""

    enterprise_path = "duty__appointment__enterprise_id"
    county_path = "duty__appointment__enterprise__county_id"


class ThroughReport(ScopedQuerySet):
    """Rows reached through the report."""

    enterprise_path = "report__duty__appointment__enterprise_id"
    county_path = "report__duty__appointment__enterprise__county_id"


class DutyQuerySet(ThroughAppointment):
    """What one asks of report duties."""

    def standing(self):
        """Of published notices, and of appointments that were in force on the due day."""
        return self.filter(cycle__state=CycleState.PUBLISHED, appointment__in_force__contains=F("due_on"))

    def open(self):
        """Nothing has been received."""
        return self.filter(Q(report=None) | Q(report__received_on=None))

    def awaiting(self, user):
        """What waits for this person's office: a report to be handed in or added to, or one to be read."""
        rows = self.visible_to(user)
        if user.role == Role.ENTERPRISE:
            due = Q(report=None) | Q(report__state__in=(ReportState.DRAFT, ReportState.RETURNED))
            return rows.standing().filter(due)
        if user.role == Role.COUNTY:
            return rows.filter(report__state=ReportState.RECEIVED)
        return rows.none()

    def with_parties(self):
        """With notice, enterprise, county, person and report at hand; ``extended``: its day was put off."""
        put_off = DueExtension.unscoped.filter(Q(duty=None) | Q(duty=OuterRef("pk")), cycle=OuterRef("cycle"))
        return self.select_related(
            "cycle__edition", "appointment__enterprise__county", "appointment__candidate", "report", "paper_proof"
        ).annotate(extended=Exists(put_off))


@tracked()
class ReportDuty(ScopedBase):
    """One CQO's duty under one notice: the notice's service on the enterprise, and the due day for this one."""

    cycle = models.ForeignKey(ReportCycle, models.PROTECT, verbose_name="通知", related_name="duties")
    appointment = models.ForeignKey(Appointment, models.PROTECT, verbose_name="任命", related_name="report_duties")
    since = models.DateField("义务产生日期")
    due_on = models.DateField("报告期限")
    # Was the notice served? On opening in the portal, or on paper with proof.
    opened_at = models.DateTimeField("平台打开时间", null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    paper_served_on = models.DateField("纸质送达日期", null=True)
    paper_proof = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="送达证明")
    paper_recorded_at = models.DateTimeField(null=True)
    paper_recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = DutyQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "报告义务"
        ordering = ["due_on", "pk"]
        triggers = [
            pgtrigger.Protect(name="duty_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="duty_service_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__opened_at__isnull=False)
                & pgtrigger.Q(old__opened_at__df=pgtrigger.F("new__opened_at"))
                | pgtrigger.Q(old__paper_served_on__isnull=False)
                & pgtrigger.Q(old__paper_served_on__df=pgtrigger.F("new__paper_served_on"))
                | pgtrigger.Q(new__due_on__lt=pgtrigger.F("old__due_on")),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "appointment"],
                name="one_duty_per_notice",
                violation_error_message="这项任命已在这份通知的报告对象中。",
            ),
            pair("duty_opened_pair", "opened_at", "opened_by"),
            pair("duty_paper_recorded_pair", "paper_recorded_at", "paper_recorded_by"),
            models.CheckConstraint(
                name="duty_paper_service_has_proof",
                condition=Q(paper_served_on__isnull=True, paper_recorded_at__isnull=True)
                | Q(paper_served_on__isnull=False, paper_proof__isnull=False, paper_recorded_at__isnull=False),
                violation_error_message="纸质送达须有日期和证明材料。",
            ),
        ]

    @property
    def enterprise(self):
        """Whose duty it is."""
        return self.appointment.enterprise

    @property
    def page(self) -> str:
        """Where the notice and the report are to be seen."""
        return f"/report-cycles/{self.cycle.reference}/reports/{self.appointment.reference}/"

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return clause_of(CycleState(self.cycle.state))

    @property
    def served_on(self) -> date | None:
        """The earlier of opening in the portal and delivery on paper; None while neither happened."""
        opened = self.opened_at and timezone.localdate(self.opened_at)
        return min(filter(None, (opened, self.paper_served_on)), default=None)

    @property
    def served_how(self) -> str:
        """By which of the two it was served first; what was put on record only after the due day says so."""
        if self.served_on is None:
            return ""
        if self.served_on != self.paper_served_on:
            return "企业在平台打开"
        after = timezone.localdate(self.paper_recorded_at) > self.due_on
        return "纸质送达，有证明，期限过后补录" if after else "纸质送达，有证明"

    @property
    def received_on(self) -> date | None:
        """The day of receipt; None while nothing was received."""
        report = getattr(self, "report", None)
        return report and report.received_on


class DueExtension(UnderBasis, Base):
    """A later due day: for all under a notice, or for one; with its reason."""

    append_only = True
    acted_at = ("at",)

    cycle = models.ForeignKey(ReportCycle, models.PROTECT, related_name="extensions")
    duty = models.ForeignKey(ReportDuty, models.PROTECT, null=True, related_name="extensions")
    due_on = models.DateField("新的期限")
    reason = models.CharField("延期理由", max_length=300)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "延期"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("extension_append_only")]
        constraints = [
            models.CheckConstraint(
                name="extension_has_reason",
                condition=Q(reason__gt=""),
                violation_error_message="延期须写明理由。",
            )
        ]


def answer(label: str) -> models.TextField:
    """One section of a report; a draft may leave it empty."""
    return models.TextField(label, max_length=3000, blank=True)


TITLES = {section.field: section.title for section in SECTIONS}


@tracked()
class DutyReport(ScopedBase):
    """履职报告 by Art. 5(一) to (五). ``received_on`` is fixed by the first receipt and decides alone what is late."""

    duty = models.OneToOneField(ReportDuty, models.PROTECT, related_name="report")
    # What was done in the period?
    proposals = answer(TITLES["proposals"])
    responsibility = answer(TITLES["responsibility"])
    checks = answer(TITLES["checks"])
    system = answer(TITLES["system"])
    activities = answer(TITLES["activities"])
    quality_cost = answer(TITLES["quality_cost"])
    statistics = answer(TITLES["statistics"])
    assessment = answer(TITLES["assessment"])
    used_veto = models.BooleanField("报告期内是否行使过质量安全“一票否决”", null=True, blank=True)
    strategy = answer(TITLES["strategy"])
    education = answer(TITLES["education"])
    culture = answer(TITLES["culture"])
    # Where does it stand?
    state = models.CharField("状态", max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    saved_at = models.DateTimeField("保存时间")
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    received_at = models.DateTimeField("收到时间", null=True)
    received_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    received_on = models.DateField("收到日期", null=True)
    is_transcribed = models.BooleanField("代录", default=False)
    transcript = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, verbose_name="纸质报告扫描件", related_name="+"
    )
    noted_at = models.DateTimeField("收阅时间", null=True)
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = ThroughDuty.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "履职报告"
        ordering = ["-created_at", "-pk"]
        # What a county has not read yet: counted on every page of it, the oldest told on its first.
        indexes = [
            models.Index(
                fields=["received_on", "id"],
                include=["duty"],
                condition=Q(state=ReportState.RECEIVED),
                name="report_unread",
            )
        ]
        triggers = [
            moves("report_moves", REPORT_MOVES),
            born_as("report_born_as_draft", ReportState.DRAFT),
            pgtrigger.Protect(name="report_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="report_receipt_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__received_on__isnull=False)
                & (
                    pgtrigger.Q(old__received_on__df=pgtrigger.F("new__received_on"))
                    | pgtrigger.Q(old__received_at__df=pgtrigger.F("new__received_at"))
                ),
            ),
        ]
        constraints = [
            pair("report_received_pair", "received_at", "received_by"),
            pair("report_noted_pair", "noted_at", "noted_by"),
            models.CheckConstraint(
                name="report_handed_in_has_day",
                condition=Q(state=ReportState.DRAFT, received_on__isnull=True, received_at__isnull=True)
                | ~Q(state=ReportState.DRAFT) & Q(received_on__isnull=False, received_at__isnull=False),
                violation_error_message="收到的报告须记录收到的时间和日期。",
            ),
            models.CheckConstraint(
                name="report_transcribed_has_scan",
                condition=Q(is_transcribed=False) | Q(transcript__isnull=False),
                violation_error_message="代录纸质报告须附扫描件。",
            ),
        ]

    def __str__(self):
        return f"{self.duty.cycle.title}：{self.duty.appointment.candidate.name}"

    @property
    def enterprise(self):
        """Whose report it is."""
        return self.duty.appointment.enterprise

    @property
    def days_late(self) -> int | None:
        """Days after the due day on which it was received; 0 in time, None while it was not received."""
        return None if self.received_on is None else days_late(self.received_on, self.duty.due_on)


class Veto(ScopedBase):
    """One use of 一票否决 in the period (Art. 5(四) ¶2)."""

    report = models.ForeignKey(DutyReport, models.CASCADE, related_name="vetoes")
    position = models.PositiveSmallIntegerField()
    day = models.DateField("日期")
    subject = models.CharField("否决的对象", max_length=120)
    reason = models.CharField("理由", max_length=300)
    result = models.CharField("结果", max_length=300)

    unscoped = ThroughReport.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "一票否决记录"
        ordering = ["report", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "position"], name="veto_position_once", violation_error_message="序号不得重复。"
            )
        ]


class ReportAttachment(ScopedBase):
    """A file that goes with a report; taken off only while the report is being written."""

    report = models.ForeignKey(DutyReport, models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughReport.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "报告附件"
        ordering = ["added_at", "pk"]


class ReportAct(UnderBasis, ScopedBase):
    """Who did what with a report, when and why."""

    append_only = True
    acted_at = ("at",)

    report = models.ForeignKey(DutyReport, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=12, choices=ReportActKind.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    reason = models.CharField("说明", max_length=500, blank=True)
    # What was handed in, as it stood then.
    content = models.JSONField(default=dict)

    unscoped = ThroughReport.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "报告办理经过"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("report_act_append_only")]


class ReportReceipt(IssuedPaper):
    """The receipt of a report: with the server's time, issued by the bureau at first receipt."""

    report = models.OneToOneField(DutyReport, models.PROTECT, related_name="receipt")

    unscoped = ThroughReport.as_manager()

    class Meta(IssuedPaper.Meta):
        verbose_name = verbose_name_plural = "报告收讫回执"
        triggers = [keep_as_written("report_receipt_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], name="report_receipt_number_once", violation_error_message="回执编号不得重复。"
            )
        ]
