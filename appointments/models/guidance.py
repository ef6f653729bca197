"""What the bureaus do for enterprises: guidance of pilots (Art. 12(一)) and incentive policies (Art. 9)."""

from datetime import date, timedelta

import pgtrigger
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from appointments.models.appointments import Appointment
from appointments.models.promotion import OfficeQuerySet, born_as_draft, stands
from appointments.states import POLICY_MOVES, GuidanceWay, Mechanism, PolicyState
from registry.models import Base, County, Enterprise, ScopedBase, ScopedQuerySet, StoredFile, UnderBasis, User, tracked
from registry.models import append_only as keep_as_written
from registry.models.base import has_days, moves, pair
from registry.states import Designation


class GuidanceQuerySet(ScopedQuerySet):
    """What one asks of guidance."""

    def standing(self):
        """Those that no later record corrects."""
        return self.filter(corrections=None)


class Guidance(UnderBasis, ScopedBase):
    """指导记录 of a pilot enterprise (Art. 12(一)). What was wrong in it is corrected by a further record."""

    append_only = True

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="guidance")
    corrects = models.ForeignKey(
        "self", models.PROTECT, verbose_name="更正", null=True, blank=True, related_name="corrections"
    )
    # When, how, by whom, about what?
    day = models.DateField("指导日期")
    way = models.CharField("方式", max_length=10, choices=GuidanceWay.choices)
    officers = models.CharField("指导人员", max_length=80)
    mechanisms = ArrayField(models.CharField(max_length=12, choices=Mechanism.choices), verbose_name="机制")
    # What was found, and what comes next?
    findings = models.CharField("了解到的情况", max_length=1500)
    advice = models.CharField("指导意见", max_length=1500)
    follow_up_on = models.DateField("回访日期", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = GuidanceQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "指导记录"
        ordering = ["-day", "-pk"]
        triggers = [
            keep_as_written("guidance_append_only"),
            pgtrigger.Trigger(
                name="guidance_of_a_pilot",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM registry_enterprisedesignation
                        WHERE enterprise_id = NEW.enterprise_id AND kind = 'pilot' AND period @> NEW.day) THEN
                        RAISE EXCEPTION 'pgtrigger: guidance_of_a_pilot';
                    END IF;
                    IF NEW.corrects_id IS NOT NULL AND NEW.enterprise_id <>
                       (SELECT enterprise_id FROM appointments_guidance WHERE id = NEW.corrects_id) THEN
                        RAISE EXCEPTION 'pgtrigger: guidance_of_a_pilot';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["corrects"],
                name="guidance_corrected_once",
                violation_error_message="这条指导记录已经更正，请对最新的一条更正。",
            ),
            models.CheckConstraint(
                name="guidance_about_a_mechanism",
                condition=Q(mechanisms__len__gte=1, findings__gt="", advice__gt="", officers__gt=""),
                violation_error_message="指导记录须写明涉及的机制、指导人员、了解到的情况和指导意见。",
            ),
            models.CheckConstraint(
                name="guidance_follow_up_later",
                condition=Q(follow_up_on__isnull=True) | Q(follow_up_on__gt=F("day")),
                violation_error_message="回访日期应在指导日期之后。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def about(self) -> str:
        """The mechanisms in words."""
        return "、".join(Mechanism(value).label for value in self.mechanisms)


class ThroughGuidance(ScopedQuerySet):
    """Rows reached through their record of guidance."""

    enterprise_path = "guidance__enterprise_id"
    county_path = "guidance__enterprise__county_id"


class GuidanceFile(ScopedBase):
    """An attachment of a record of guidance."""

    append_only = True

    guidance = models.ForeignKey(Guidance, models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughGuidance.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "指导记录附件"
        ordering = ["pk"]
        triggers = [keep_as_written("guidance_file_append_only")]


def pilots(enterprises, today: date):
    """Those of these enterprises that are pilots today, who had no guidance this year first, then the longest ago.

    With ``last_guided`` (day), ``last_reference`` and ``follow_up_on`` of the last guidance, ``cqo`` and
    ``cqo_reference`` of the appointment in force, in one query.
    """
    given = Guidance.unscoped.standing().filter(enterprise=OuterRef("pk"))
    last = given.order_by("-day", "-pk")
    in_force = Appointment.unscoped.in_force(today).filter(enterprise=OuterRef("pk"))
    return (
        enterprises.designated(Designation.PILOT, today)
        .annotate(
            last_guided=Subquery(last.values("day")[:1]),
            last_reference=Subquery(last.values("reference")[:1]),
            follow_up_on=Subquery(last.values("follow_up_on")[:1]),
            cqo=Subquery(in_force.values("candidate__name")[:1]),
            cqo_reference=Subquery(in_force.values("reference")[:1]),
        )
        .annotate(guided=Q(last_guided__isnull=False))
        .order_by("guided", "last_guided", "name", "pk")
    )


# --- Policies --------------------------------------------------------------------------------------------------------


class PolicyQuerySet(OfficeQuerySet):
    """What one asks of policies."""

    opened = (PolicyState.PUBLISHED, PolicyState.ENDED)

    def visible_to(self, user):
        """Published ones to everybody, strangers too; drafts to the office that made them."""
        return self.filter(Q(pk__in=self.model.unscoped.published()) | Q(pk__in=self.model.unscoped.drafts_of(user)))

    def in_force(self, day: date):
        """Published, and valid on that day."""
        return self.filter(state=PolicyState.PUBLISHED, period__contains=day)


@tracked()
class Policy(UnderBasis, Base):
    """质量激励政策 of a county, or of the city where no county is named (Art. 9)."""

    acted_at = ("published_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="县(市、区)", null=True, blank=True, related_name="+"
    )
    # Which document is it?
    title = models.CharField("文件名称", max_length=100)
    document_number = models.CharField("文号", max_length=40)
    issuing_body = models.CharField("发文机关", max_length=60)
    issued_on = models.DateField("成文日期")
    summary = models.CharField("内容摘要", max_length=800)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, verbose_name="文件", null=True, blank=True, related_name="+", editable=False
    )
    period = DateRangeField("有效期")
    # Where does it stand?
    state = models.CharField(
        "状态", max_length=10, choices=PolicyState.choices, default=PolicyState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    published_at = models.DateTimeField("公布时间", null=True, editable=False)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    ended_at = models.DateTimeField("终止时间", null=True, editable=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    end_reason = models.CharField("终止原因", max_length=200, blank=True, editable=False)

    unscoped = PolicyQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "质量激励政策"
        ordering = ["-issued_on", "-pk"]
        triggers = [
            moves("policy_moves", POLICY_MOVES),
            born_as_draft("policy_born_as_draft"),
            stands(
                "policy_as_published", PolicyQuerySet.opened,
                "county_id", "title", "document_number", "issuing_body", "issued_on", "summary", "file_id", "period",
                "reference",
            ),
        ]  # fmt: skip
        constraints = [
            has_days("policy_has_days"),
            models.CheckConstraint(
                name="policy_published_has_file",
                condition=Q(state=PolicyState.DRAFT) | Q(file__isnull=False),
                violation_error_message="公布政策须附文件。",
            ),
            models.CheckConstraint(
                name="policy_state_has_stamp",
                condition=Q(state=PolicyState.DRAFT, published_at__isnull=True, ended_at__isnull=True, end_reason="")
                | Q(state=PolicyState.PUBLISHED, published_at__isnull=False, ended_at__isnull=True, end_reason="")
                | Q(state=PolicyState.ENDED, published_at__isnull=False, ended_at__isnull=False, end_reason__gt=""),
                violation_error_message="公布和终止须记录时间和办理人，终止须写明原因。",
            ),
            pair("policy_published_pair", "published_at", "published_by"),
            pair("policy_ended_pair", "ended_at", "ended_by"),
        ]

    def __str__(self):
        return self.title

    @property
    def first_day(self) -> date:
        """The first day on which it is valid."""
        return self.period.lower

    @property
    def last_day(self) -> date | None:
        """The last day on which it is valid, inclusive; None while no end is set."""
        return self.period.upper and self.period.upper - timedelta(days=1)
