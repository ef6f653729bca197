"""Appointments: the enterprise's act, and what the bureau recorded of it."""

from datetime import timedelta

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Prefetch, Q

from appointments.states import (
    APPOINTED_STATES,
    TRANSITIONS,
    ActKind,
    Appointer,
    EndReason,
    EvidenceKind,
    PaperKind,
    State,
    clause_of,
)
from registry.models import (
    Candidate,
    County,
    Enterprise,
    IssuedPaper,
    ScopedBase,
    ScopedQuerySet,
    StoredFile,
    UnderBasis,
    User,
    tracked,
)
from registry.models import append_only as keep_as_written
from registry.models.base import newest, pair
from registry.models.search import WordsField, words_index

DAY = timedelta(days=1)


class AppointmentQuerySet(ScopedQuerySet):
    """What one asks of appointments."""

    county_path = "county_id"

    def in_force(self, day):
        """Appointments under which somebody is CQO on that day."""
        return self.filter(in_force__contains=day)

    def awaiting(self, user):
        """What waits for this person's office: the county checks, the city files, the enterprise corrects.

        What a bureau transcribed and then returned waits for that bureau: a paper filer has no page of its own.
        """
        states = {
            "county": [State.SUBMITTED],
            "municipal": [State.CHECKED],
            "enterprise": [State.DRAFT, State.RETURNED],
        }
        waiting = Q(state__in=states.get(user.role, []))
        if user.role == "county":
            waiting |= Q(state=State.RETURNED, is_transcribed=True)
        return self.visible_to(user).filter(waiting)

    def expired_by(self, day):
        """Filed appointments whose last day is over."""
        return self.filter(state=State.FILED, term__endswith__lte=day)

    def with_last_return(self):
        """With the act that last returned each, as ``last_acts``, in one query."""
        returns = Act.unscoped.filter(kind=ActKind.RETURNED).select_related("by__enterprise", "by__county")
        return self.prefetch_related(Prefetch("acts", queryset=returns, to_attr="last_acts"))

    def with_parties(self):
        """With enterprise, county and person at hand, for lists."""
        return self.select_related("enterprise__county", "candidate")


class Anniversary(Func):
    """The rule of the term in SQL (Art. 11; 1 March for 29 February): ``cqo_anniversary(day, years)``."""

    function = "cqo_anniversary"
    output_field = models.DateField()


class FirstDay(Func):
    """The first day of a date range."""

    function = "lower"
    output_field = models.DateField()


class NextDay(Func):
    """The day after."""

    template = "(%(expressions)s + 1)"
    output_field = models.DateField()


def done_pair(name: str, **clock) -> models.CheckConstraint:
    """``<name>_at`` and ``<name>_by`` are both there or both absent; ``clock`` names what only the clock does."""
    return pair(f"appointment_{name}_pair", f"{name}_at", f"{name}_by", **clock)


def text(label: str, length: int, **options) -> models.CharField:
    """A line of text that a draft may leave empty."""
    return models.CharField(label, max_length=length, blank=True, **options)


@tracked(exclude=["search", "county"])
class Appointment(UnderBasis, ScopedBase):
    """One person's appointment as CQO of one enterprise (Art. 2, 11)."""

    acted_at = ("submitted_at",)

    # Who appointed whom?
    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="appointments")
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="人选", related_name="appointments")
    # Written by the database alone, for lists: where the enterprise is, and the words to find the row by.
    county = models.ForeignKey(County, models.PROTECT, verbose_name="县(市、区)", editable=False, related_name="+")
    search = WordsField(editable=False, default="")
    appointer = text("任命人", 24, choices=Appointer.choices)
    appointer_name = text("任命人姓名", 40)
    renews = models.ForeignKey(
        "self", models.PROTECT, verbose_name="续任自", null=True, blank=True, related_name="renewals"
    )
    # From when to when? ``term`` is contractual and never changes; ``in_force`` ends on the day it really ended.
    first_day = models.DateField("聘任首日", null=True, blank=True)
    term_years = models.PositiveSmallIntegerField("聘任年数", null=True, editable=False)
    term = DateRangeField("聘任期限", null=True, editable=False)
    in_force = DateRangeField("在任期间", null=True, editable=False)
    # In what post, leading which departments?
    own_letter_number = text("企业聘书编号", 40)
    position = text("在本企业的职务", 40)
    in_decision_level = models.BooleanField("属于企业决策层", null=True, blank=True)
    exception_reason = text("不在决策层的理由", 200)
    quality_department = text("质量管理部门", 40)
    inspection_department = text("质量检验部门", 40)
    safety_department = text("质量安全部门", 40)
    departments_report = models.BooleanField("上述部门隶属于首席质量官直接领导", default=False)
    # What is declared (Art. 6(一)(二)(四))?
    declares_ethics = models.BooleanField("承诺：职业道德和敬业精神", default=False)
    declares_knowledge = models.BooleanField("承诺：熟悉法律法规和政策", default=False)
    declares_independence = models.BooleanField("承诺：工作独立性", default=False)
    # Where does it stand, and who brought it there?
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    is_transcribed = models.BooleanField("代录", default=False, editable=False)
    transcript = models.ForeignKey(
        StoredFile, models.PROTECT, verbose_name="纸质材料扫描件", null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    saved_at = models.DateTimeField("保存时间", editable=False)
    submitted_at = models.DateTimeField("提交时间", null=True, editable=False)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    checked_at = models.DateTimeField("核对时间", null=True, editable=False)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    filed_at = models.DateTimeField("登记时间", null=True, editable=False)
    filed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    end_reason = text("终止原因", 12, choices=EndReason.choices, editable=False)
    ended_on = models.DateField("终止日期", null=True, editable=False)
    ended_at = models.DateTimeField("终止办理时间", null=True, editable=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)

    unscoped = AppointmentQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "任命"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="appointment_queue"),
            words_index("appointment_words"),
            *newest("appointment_new", "-created_at", by=[(), ("state",), ("county",), ("county", "state")]),
            *newest("appointment_sent", "-submitted_at", by=[()]),
            models.Index(Func("term", function="upper"), "id", name="appointment_ends"),
            models.Index(
                fields=["county", "submitted_at"],
                condition=Q(state__in=[State.SUBMITTED, State.RETURNED]),
                name="appointment_to_check",
            ),
            models.Index(fields=["county", "filed_at"], name="appointment_filed"),
        ]
        triggers = [
            pgtrigger.FSM(name="state_moves", field="state", transitions=[(str(a), str(b)) for a, b in TRANSITIONS]),
            pgtrigger.Protect(
                name="born_as_draft", operation=pgtrigger.Insert, condition=~pgtrigger.Q(new__state=State.DRAFT.value)
            ),
            pgtrigger.Protect(
                name="term_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__term__isnull=False) & pgtrigger.Q(old__term__df=pgtrigger.F("new__term")),
            ),
            pgtrigger.Protect(name="appointment_never_deleted", operation=pgtrigger.Delete),
        ]
        constraints = [
            ExclusionConstraint(
                name="one_cqo_in_force",
                expressions=[("enterprise", RangeOperators.EQUAL), ("in_force", RangeOperators.OVERLAPS)],
                violation_error_message="本企业在该期间已有在任的首席质量官；前任提前终止的，次日起可以任命新的人选。",
            ),
            models.CheckConstraint(
                name="term_is_whole_years",
                condition=Q(term__isnull=True, term_years__isnull=True)
                | Q(
                    # A check passes on NULL, so that each part is asked for by name.
                    term__isnull=False,
                    term_years__isnull=False,
                    first_day__isnull=False,
                    term__endswith=Anniversary(FirstDay("term"), "term_years"),
                    term__startswith=F("first_day"),
                ),
                violation_error_message="聘任期限须为办法规定的整年，首日和末日均计入。",
            ),
            models.CheckConstraint(
                name="in_force_within_term",
                condition=Q(in_force__isnull=True)
                | Q(
                    term__isnull=False,
                    in_force__isempty=False,
                    in_force__contained_by=F("term"),
                    in_force__startswith=F("term__startswith"),
                ),
                violation_error_message="在任期间须自聘任首日起，且不超出聘任期限。",
            ),
            models.CheckConstraint(
                name="appointed_means_in_force",
                condition=~Q(state__in=APPOINTED_STATES)
                | Q(term__isnull=False, in_force__isnull=False, in_force=F("term")),
                violation_error_message="已任命的，须有聘任期限和在任期间。",
            ),
            models.CheckConstraint(
                name="draft_has_no_term",
                condition=~Q(state=State.DRAFT)
                | Q(term__isnull=True, in_force__isnull=True, submitted_at__isnull=True),
                violation_error_message="草稿没有聘任期限。",
            ),
            models.CheckConstraint(
                name="ended_has_reason_and_day",
                condition=Q(state=State.ENDED, ended_on__isnull=False, ended_at__isnull=False, end_reason__gt="")
                | ~Q(state=State.ENDED) & Q(ended_on__isnull=True, ended_at__isnull=True, end_reason=""),
                violation_error_message="终止须写明原因和日期。",
            ),
            models.CheckConstraint(
                name="ended_closes_in_force",
                condition=~Q(state=State.ENDED) | Q(in_force__isnull=False, in_force__endswith=NextDay("ended_on")),
                violation_error_message="终止后，在任期间须止于终止日期。",
            ),
            models.CheckConstraint(
                name="outside_decision_level_has_reason",
                condition=Q(state=State.DRAFT)
                | Q(state=State.WITHDRAWN)
                | Q(in_decision_level__isnull=False) & (Q(in_decision_level=True) | Q(exception_reason__gt="")),
                violation_error_message="不在企业决策层的，须写明理由。",
            ),
            models.CheckConstraint(
                name="transcribed_has_scan",
                condition=Q(is_transcribed=False) | Q(transcript__isnull=False),
                violation_error_message="代录须附企业纸质材料的扫描件。",
            ),
            models.CheckConstraint(
                name="filed_means_checked",
                condition=Q(filed_at__isnull=True) | Q(checked_at__isnull=False),
                violation_error_message="登记前须经核对。",
            ),
            done_pair("submitted"),
            done_pair("checked"),
            done_pair("filed"),
            done_pair("withdrawn"),
            done_pair("ended", end_reason=EndReason.EXPIRED),
        ]

    def __str__(self):
        return self.reference

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return clause_of(State(self.state))

    @property
    def page(self) -> str:
        """Where the appointment is to be seen."""
        return f"/appointments/{self.reference}/"

    @property
    def last_day(self):
        """The last day of the term, inclusive; None for a draft."""
        return self.term and self.term.upper - DAY

    def departments(self) -> dict[str, str]:
        """The departments the CQO leads directly (Art. 11)."""
        return {
            "质量管理": self.quality_department,
            "质量检验": self.inspection_department,
            "质量安全": self.safety_department,
        }


class AppointmentRow(ScopedBase):
    """Abstract: a row of an appointment, seen by whoever sees the appointment; never changed once written."""

    append_only = True
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="%(class)ss")

    class Meta(ScopedBase.Meta):
        abstract = True


class ThroughAppointment(ScopedQuerySet):
    """Rows reached through their appointment."""

    enterprise_path = "appointment__enterprise_id"
    county_path = "appointment__county_id"


class Evidence(AppointmentRow):
    """An uploaded paper of an appointment. A later one of the same kind stands in front of the earlier."""

    kind = models.CharField("材料类别", max_length=12, choices=EvidenceKind.choices)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughAppointment.as_manager()

    class Meta(AppointmentRow.Meta):
        verbose_name = verbose_name_plural = "材料"
        ordering = ["kind", "-added_at"]
        triggers = [keep_as_written("evidence_append_only")]


class Act(UnderBasis, AppointmentRow):
    """Who did what, when and why: the timeline."""

    acted_at = ("at",)

    kind = models.CharField(max_length=12, choices=ActKind.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", null=True, related_name="+")
    reason = models.CharField("说明", max_length=500, blank=True)
    # returned: {field: remark}; resubmitted: {field: [before, after]}; submitted, returned: the fields as they stood.
    details = models.JSONField(default=dict)

    unscoped = ThroughAppointment.as_manager()

    class Meta(AppointmentRow.Meta):
        verbose_name = verbose_name_plural = "办理经过"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["kind", "at"], include=["appointment"], name="act_kind_at")]  # statistics
        triggers = [keep_as_written("act_append_only")]
        constraints = [
            models.CheckConstraint(
                name="only_the_clock_has_no_name",
                condition=Q(by__isnull=False) | Q(kind=ActKind.ENDED),
                violation_error_message="办理经过须写明办理人。",
            )
        ]


class EligibilitySnapshot(UnderBasis, AppointmentRow):
    """Each criterion of Art. 6 as it stood at filing, with its inputs, edition, interpretations and the opinion."""

    acted_at = ("taken_at",)

    criteria = models.JSONField()
    inputs = models.JSONField(encoder=DjangoJSONEncoder)
    opinions = models.JSONField(default=dict)
    interpretations = models.JSONField(default=list)
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughAppointment.as_manager()

    class Meta(AppointmentRow.Meta):
        verbose_name = verbose_name_plural = "任职条件存档"
        triggers = [keep_as_written("snapshot_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                name="one_snapshot_per_appointment",
                violation_error_message="这项任命的任职条件已经存档。",
            )
        ]


class Paper(IssuedPaper):
    """聘书, 授权书 (the enterprise issues them) or 登记回执 (the bureau does), as issued."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="papers")
    kind = models.CharField("文件", max_length=14, choices=PaperKind.choices)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", verbose_name="代替"
    )

    unscoped = ThroughAppointment.as_manager()

    class Meta(IssuedPaper.Meta):
        verbose_name = verbose_name_plural = "文件"
        ordering = ["kind", "-version"]
        triggers = [keep_as_written("paper_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number", "version"],
                name="paper_number_once",
                violation_error_message="文件编号不得重复。",
            ),
            models.UniqueConstraint(
                fields=["appointment", "kind", "version"],
                name="paper_version_once",
                violation_error_message="这一版文件已经出具。",
            ),
            models.CheckConstraint(
                name="later_version_supersedes",
                condition=Q(version=1, supersedes__isnull=True) | Q(version__gt=1, supersedes__isnull=False),
                violation_error_message="换发的文件须写明代替哪一版。",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.number}"


class SealedScan(AppointmentRow):
    """The scan of a paper after the enterprise sealed it; may follow later."""

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="scans")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughAppointment.as_manager()

    class Meta(AppointmentRow.Meta):
        verbose_name = verbose_name_plural = "盖章件"
        ordering = ["-added_at"]
        triggers = [keep_as_written("scan_append_only")]
