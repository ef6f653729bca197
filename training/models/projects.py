"""《质量课题改进计划》 and the talent pool it leads to (Art. 8 ¶2)."""

from datetime import date, timedelta

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from registry.models import (
    Candidate,
    Enterprise,
    ScopedBase,
    ScopedQuerySet,
    StoredFile,
    UnderBasis,
    User,
    tracked,
)
from registry.models import append_only as keep_as_written
from registry.models.base import has_days, moves, newest, pair
from training.models.certificates import Certificate, Revocation
from training.states import PROJECT_MOVES, STATE_CLAUSES, ProjectActKind, ProjectState


class ProjectQuerySet(ScopedQuerySet):
    """What one asks of projects."""

    def awaiting(self, user):
        """What waits for this person's office: the bureau confirms, the enterprise completes or mends."""
        states = {
            "county": [ProjectState.REPORTED],
            "municipal": [ProjectState.REPORTED],
            "enterprise": [ProjectState.DRAFT, ProjectState.RETURNED],
        }
        return self.visible_to(user).filter(state__in=states.get(user.role, []))


@tracked()
class ImprovementProject(ScopedBase):
    """《质量课题改进计划》: carried out by a person at an enterprise."""

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="人员", related_name="projects")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="projects")
    # What is to become better, and how?
    title = models.CharField("课题名称", max_length=60)
    problem = models.CharField("存在的问题", max_length=1000)
    target = models.CharField("改进目标", max_length=500)
    measures = models.CharField("改进措施", max_length=1500)
    period = DateRangeField("实施期间")
    # Where does it stand, and who brought it there?
    state = models.CharField(
        "状态", max_length=10, choices=ProjectState.choices, default=ProjectState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    reported_at = models.DateTimeField("报告完成时间", null=True, editable=False)
    reported_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    confirmed_at = models.DateTimeField("确认完成时间", null=True, editable=False)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)

    unscoped = ProjectQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "质量课题改进计划"
        ordering = ["-created_at", "-pk"]
        indexes = newest("project_new", "-created_at", by=[(), ("state",)])
        triggers = [
            moves("project_moves", PROJECT_MOVES),
            pgtrigger.Protect(
                name="project_born_as_draft",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state=ProjectState.DRAFT.value),
            ),
        ]
        constraints = [
            has_days("project_has_days"),
            pair("project_reported_pair", "reported_at", "reported_by"),
            pair("project_confirmed_pair", "confirmed_at", "confirmed_by"),
            models.CheckConstraint(
                name="project_filed_is_whole",
                condition=Q(state__in=(ProjectState.DRAFT, ProjectState.WITHDRAWN))
                | Q(title__gt="", problem__gt="", target__gt="", measures__gt=""),
                violation_error_message="计划须写明课题名称、存在的问题、改进目标和改进措施。",
            ),
            models.CheckConstraint(
                name="project_completed_is_confirmed",
                condition=Q(state=ProjectState.COMPLETED, confirmed_at__isnull=False, reported_at__isnull=False)
                | ~Q(state=ProjectState.COMPLETED) & Q(confirmed_at__isnull=True),
                violation_error_message="完成须经质监部门确认，并记录确认人和时间。",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def first_day(self) -> date:
        """The first day of the plan."""
        return self.period.lower

    @property
    def last_day(self) -> date:
        """The last day of the plan, inclusive."""
        return self.period.upper - timedelta(days=1)


class ThroughProject(ScopedQuerySet):
    """Rows reached through their project."""

    enterprise_path = "project__enterprise_id"
    county_path = "project__enterprise__county_id"


class ProjectAct(UnderBasis, ScopedBase):
    """Who did what, when and why, with the report and its evidence where there is one."""

    append_only = True
    acted_at = ("at",)

    project = models.ForeignKey(ImprovementProject, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10, choices=ProjectActKind.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    text = models.CharField("说明", max_length=2000, blank=True)
    evidence = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = ThroughProject.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "课题办理经过"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("project_act_append_only")]
        constraints = [
            models.CheckConstraint(
                name="project_report_has_evidence",
                condition=~Q(kind=ProjectActKind.REPORTED) | Q(evidence__isnull=False, text__gt=""),
                violation_error_message="报告完成须写明成效并附证明材料。",
            ),
            models.CheckConstraint(
                name="project_return_has_reason",
                condition=~Q(kind=ProjectActKind.RETURNED) | Q(text__gt=""),
                violation_error_message="退回须写明理由。",
            ),
        ]


class PoolEntryQuerySet(ThroughProject):
    """What one asks of the talent pool."""

    def present(self):
        """Those who have not left."""
        return self.filter(left_at__isnull=True)

    def with_last_word(self):
        """With ``agreed``: the last word on being named in public; None while nothing was said."""
        words = PoolConsent.unscoped.filter(entry=OuterRef("pk")).order_by("-at", "-pk")
        return self.annotate(agreed=Subquery(words.values("agreed")[:1]))

    def named(self):
        """Those the public page may name: present, agreed with their last word (个人信息保护法 25), not revoked."""
        return self.present().with_last_word().with_revoked().filter(agreed=True, revoked=False)

    def with_revoked(self):
        """With ``revoked``: whether the certificate, in whichever version, was revoked since."""
        rows = Revocation.unscoped.filter(
            certificate__enrolment=OuterRef("certificate__enrolment"), confirmed_at__isnull=False
        )
        return self.annotate(revoked=Exists(rows))


@tracked()
class PoolEntry(UnderBasis, ScopedBase):
    """Somebody in the 人才库: made by the system when the second of the two facts is there (Art. 8 ¶2)."""

    acted_at = ("entered_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="人员", related_name="pool_entries")
    certificate = models.ForeignKey(Certificate, models.PROTECT, verbose_name="培训证书", related_name="+")
    project = models.ForeignKey(ImprovementProject, models.PROTECT, verbose_name="课题", related_name="+")
    entered_on = models.DateField("纳入日期")
    entered_at = models.DateTimeField()
    # The measure gives no rule of leaving: it is an act that somebody records, with a reason.
    left_on = models.DateField("退出日期", null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    left_reason = models.CharField("退出理由", max_length=300, blank=True)

    unscoped = PoolEntryQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "人才库"
        ordering = ["-entered_on", "-pk"]
        triggers = [
            pgtrigger.Protect(
                name="pool_entry_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__left_at__isnull=False)
                | pgtrigger.Q(old__candidate_id__df=pgtrigger.F("new__candidate_id"))
                | pgtrigger.Q(old__certificate_id__df=pgtrigger.F("new__certificate_id"))
                | pgtrigger.Q(old__project_id__df=pgtrigger.F("new__project_id"))
                | pgtrigger.Q(old__entered_on__df=pgtrigger.F("new__entered_on"))
                | pgtrigger.Q(old__entered_at__df=pgtrigger.F("new__entered_at"))
                | pgtrigger.Q(old__reference__df=pgtrigger.F("new__reference"))
                | pgtrigger.Q(old__edition_id__df=pgtrigger.F("new__edition_id"))
                | pgtrigger.Q(old__outside_basis__df=pgtrigger.F("new__outside_basis")),
            ),
            pgtrigger.Protect(name="pool_entry_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="pool_entry_by_two_facts",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF (SELECT state FROM training_improvementproject WHERE id = NEW.project_id) <> 'completed'
                       OR (SELECT candidate_id FROM training_improvementproject WHERE id = NEW.project_id)
                          <> NEW.candidate_id
                       OR (SELECT candidate_id FROM training_certificate WHERE id = NEW.certificate_id)
                          <> NEW.candidate_id THEN
                        RAISE EXCEPTION 'pgtrigger: pool_entry_by_two_facts';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate"],
                condition=Q(left_at__isnull=True),
                name="pool_entry_once",
                violation_error_message="此人已在人才库中。",
            ),
            pair("pool_left_pair", "left_at", "left_by"),
            models.CheckConstraint(
                name="pool_left_has_reason_and_day",
                condition=Q(left_at__isnull=False, left_on__isnull=False, left_reason__gt="")
                | Q(left_at__isnull=True, left_on__isnull=True, left_reason=""),
                violation_error_message="退出人才库须写明日期和理由。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return STATE_CLAUSES["pool_entry"]

    @property
    def consent(self):
        """The last word on whether the name is shown; None while nothing was said."""
        return max(self.consents.all(), key=lambda row: (row.at, row.pk), default=None)

    @property
    def shows_name(self) -> bool:
        """Whether the public page may name the person (个人信息保护法 art. 25)."""
        return bool(self.left_at is None and self.consent and self.consent.agreed)


class ThroughEntry(ScopedQuerySet):
    """Rows reached through their pool entry."""

    enterprise_path = "entry__project__enterprise_id"
    county_path = "entry__project__enterprise__county_id"


class PoolConsent(ScopedBase):
    """Whether a person agreed that the public page names them; the last word counts, so that it can be taken back."""

    append_only = True

    entry = models.ForeignKey(PoolEntry, models.PROTECT, related_name="consents")
    agreed = models.BooleanField("同意公开姓名")
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, verbose_name="本人签字的同意书", null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughEntry.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "公开姓名的同意"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("pool_consent_append_only")]
        constraints = [
            models.CheckConstraint(
                name="pool_consent_is_signed",
                condition=Q(agreed=False) | Q(evidence__isnull=False),
                violation_error_message="同意公开姓名须附本人签字的同意书。",
            )
        ]
