"""What the bureaus encourage with (Art. 10): campaigns, achievements, commendations, and who agreed to be named."""

from datetime import date, timedelta

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from appointments.models.appointments import Appointment
from appointments.states import (
    ACHIEVEMENT_MOVES,
    CAMPAIGN_MOVES,
    AchievementActKind,
    AchievementState,
    CampaignKind,
    CampaignState,
    MaterialKind,
)
from registry.models import (
    Base,
    Candidate,
    County,
    Enterprise,
    PortalQuerySet,
    ScopedBase,
    ScopedQuerySet,
    StoredFile,
    UnderBasis,
    User,
    tracked,
)
from registry.models import append_only as keep_as_written
from registry.models.base import has_days, moves, pair
from registry.states import CITY_WIDE, Role


def born_as_draft(name: str) -> pgtrigger.Protect:
    """The trigger that lets no row begin in a later state."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Insert, condition=~pgtrigger.Q(new__state="draft"))


def stands(name: str, among: tuple[str, ...], *fields: str) -> pgtrigger.Protect:
    """The trigger that keeps these fields as they are while the row is in one of these states."""
    changed = pgtrigger.Q()
    for field in fields:
        changed |= pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")})
    return pgtrigger.Protect(
        name=name, operation=pgtrigger.Update, condition=pgtrigger.Q(old__state__in=[str(s) for s in among]) & changed
    )


class OfficeQuerySet(PortalQuerySet):
    """Rows an office publishes: drafts are that office's alone. Without a county, the city's."""

    opened: tuple[str, ...]  # the states in which everybody meant may read the row

    def published(self):
        """Those that were made public, whether or not they are over by now."""
        return self.filter(state__in=self.opened)

    def drafts_of(self, user):
        """The drafts of this person's office; the city's for whoever has the city."""
        if user.is_authenticated and user.is_active:
            if user.role in CITY_WIDE:
                return self.filter(county=None)
            if user.role == Role.COUNTY:
                return self.filter(county=user.county_id)
        return self.none()


# --- Campaigns -------------------------------------------------------------------------------------------------------


class CampaignQuerySet(OfficeQuerySet):
    """What one asks of campaigns."""

    opened = (CampaignState.PUBLISHED, CampaignState.CLOSED)

    def visible_to(self, user):
        """Published ones to everybody who signed in, drafts to the office that made them."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self.filter(Q(pk__in=self.model.unscoped.published()) | Q(pk__in=self.model.unscoped.drafts_of(user)))

    def open_to(self, enterprise: Enterprise, day: date):
        """Those to which this enterprise may submit on that day; the due day itself counts."""
        rows = self.filter(state=CampaignState.PUBLISHED, due_on__gte=day)
        return rows.filter(Q(county=None) | Q(county=enterprise.county_id))


@tracked()
class Campaign(UnderBasis, Base):
    """活动: 质量攻关, 管理改进 or 质量创新, organised by the city or by a county for its own (Art. 10)."""

    acted_at = ("published_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="县(市、区)", null=True, blank=True, related_name="+"
    )
    kind = models.CharField("类别", max_length=12, choices=CampaignKind.choices)
    title = models.CharField("活动名称", max_length=60)
    what = models.CharField("内容和要求", max_length=1500)
    period = DateRangeField("活动期间")
    due_on = models.DateField("成果提交截止日期")
    state = models.CharField(
        "状态", max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    published_at = models.DateTimeField("发布时间", null=True, editable=False)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    closed_at = models.DateTimeField("结束时间", null=True, editable=False)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)

    unscoped = CampaignQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "活动"
        ordering = ["-due_on", "-pk"]
        triggers = [
            moves("campaign_moves", CAMPAIGN_MOVES),
            born_as_draft("campaign_born_as_draft"),
            stands(
                "campaign_as_published", CampaignQuerySet.opened,
                "county_id", "kind", "title", "what", "period", "due_on", "reference",
            ),
        ]  # fmt: skip
        constraints = [
            has_days("campaign_has_days"),
            models.CheckConstraint(
                name="campaign_due_after_it_began",
                condition=Q(due_on__gte=F("period__startswith")),
                violation_error_message="成果提交截止日期不得早于活动开始日期。",
            ),
            pair("campaign_published_pair", "published_at", "published_by"),
            pair("campaign_closed_pair", "closed_at", "closed_by"),
            models.CheckConstraint(
                name="campaign_state_has_stamp",
                condition=Q(state=CampaignState.DRAFT, published_at__isnull=True, closed_at__isnull=True)
                | Q(state=CampaignState.PUBLISHED, published_at__isnull=False, closed_at__isnull=True)
                | Q(state=CampaignState.CLOSED, published_at__isnull=False, closed_at__isnull=False),
                violation_error_message="发布和结束须记录时间和办理人。",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def first_day(self) -> date:
        """The first day of the campaign."""
        return self.period.lower

    @property
    def last_day(self) -> date:
        """The last day of the campaign, inclusive."""
        return self.period.upper - timedelta(days=1)


# --- Who agreed to be named ------------------------------------------------------------------------------------------


def with_consent(rows, link: str):
    """Rows with ``agreed``: the person's last word on being named; None while nothing was said."""
    words = NameConsent.unscoped.filter(**{link: OuterRef("pk")}).order_by("-at", "-pk")
    return rows.annotate(agreed=Subquery(words.values("agreed")[:1]))


# --- Achievements ----------------------------------------------------------------------------------------------------


class AchievementQuerySet(ScopedQuerySet):
    """What one asks of achievements."""

    def published(self):
        """Those on the public page."""
        return self.filter(state=AchievementState.PUBLISHED)

    def awaiting(self, user):
        """What waits for this person's office: a bureau reads, the enterprise completes or mends."""
        states = {
            "county": [AchievementState.SUBMITTED],
            "municipal": [AchievementState.SUBMITTED],
            "enterprise": [AchievementState.DRAFT, AchievementState.RETURNED],
        }
        return self.visible_to(user).filter(state__in=states.get(user.role, []))

    def with_last_word(self):
        """With ``agreed``: whether the public page may name the person (个人信息保护法 25)."""
        return with_consent(self, "achievement")


@tracked()
class Achievement(ScopedBase):
    """经验成果 of an enterprise's CQO, told by the enterprise and published by a bureau (Art. 10)."""

    WHOLE = ("summary", "done", "results")  # what a draft may leave empty

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="achievements")
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="首席质量官", related_name="achievements")
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name="活动", null=True, blank=True, related_name="achievements"
    )
    kind = models.CharField("类别", max_length=12, choices=CampaignKind.choices)
    # What was done, and what came of it?
    title = models.CharField("成果名称", max_length=60)
    summary = models.CharField("概要", max_length=300, blank=True)
    done = models.CharField("主要做法", max_length=2000, blank=True)
    results = models.CharField("成效和数据", max_length=1000, blank=True)
    # Where does it stand?
    state = models.CharField(
        "状态", max_length=10, choices=AchievementState.choices, default=AchievementState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    # The first submission: what is mended after a return is not late.
    submitted_at = models.DateTimeField("提交时间", null=True, editable=False)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    published_at = models.DateTimeField("公开时间", null=True, editable=False)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)

    unscoped = AchievementQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "经验成果"
        ordering = ["-created_at", "-pk"]
        triggers = [
            moves("achievement_moves", ACHIEVEMENT_MOVES),
            born_as_draft("achievement_born_as_draft"),
            stands(
                "achievement_as_submitted",
                tuple(s for s in AchievementState if s not in (AchievementState.DRAFT, AchievementState.RETURNED)),
                "enterprise_id", "candidate_id", "campaign_id", "kind", "title", "summary", "done", "results",
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                name="achievement_submitted_is_whole",
                condition=Q(state__in=(AchievementState.DRAFT, AchievementState.WITHDRAWN))
                | Q(title__gt="", summary__gt="", done__gt="", results__gt="", submitted_at__isnull=False),
                violation_error_message="提交的成果须写明名称、概要、主要做法、成效和数据。",
            ),
            models.CheckConstraint(
                name="achievement_published_has_stamp",
                condition=Q(state=AchievementState.PUBLISHED, published_at__isnull=False)
                | Q(state=AchievementState.WITHDRAWN)
                | Q(published_at__isnull=True) & ~Q(state=AchievementState.PUBLISHED),
                violation_error_message="公开须记录时间和办理人。",
            ),
            pair("achievement_submitted_pair", "submitted_at", "submitted_by"),
            pair("achievement_published_pair", "published_at", "published_by"),
        ]

    def __str__(self):
        return self.title


class ThroughAchievement(ScopedQuerySet):
    """Rows reached through their achievement."""

    enterprise_path = "achievement__enterprise_id"
    county_path = "achievement__enterprise__county_id"


class AchievementFile(ScopedBase):
    """A file of an achievement: for everybody once published, or for the bureau's reading alone."""

    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="materials")
    kind = models.CharField("用途", max_length=10, choices=MaterialKind.choices)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughAchievement.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "成果材料"
        ordering = ["kind", "added_at", "pk"]
        triggers = [
            pgtrigger.Trigger(
                name="achievement_file_while_written",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'UPDATE' OR (SELECT state FROM appointments_achievement
                        WHERE id = COALESCE(NEW.achievement_id, OLD.achievement_id)) NOT IN ('draft', 'returned') THEN
                        RAISE EXCEPTION 'pgtrigger: achievement_file_while_written';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]


class AchievementAct(UnderBasis, ScopedBase):
    """Who did what with an achievement, when and why."""

    append_only = True
    acted_at = ("at",)

    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10, choices=AchievementActKind.choices)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    text = models.CharField("说明", max_length=500, blank=True)

    unscoped = ThroughAchievement.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "成果办理经过"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("achievement_act_append_only")]
        constraints = [
            models.CheckConstraint(
                name="achievement_refusal_has_reason",
                condition=~Q(kind__in=(AchievementActKind.RETURNED, AchievementActKind.DECLINED)) | Q(text__gt=""),
                violation_error_message="退回修改和不予公开须写明理由。",
            )
        ]


# --- Commendations ---------------------------------------------------------------------------------------------------


class CommendationQuerySet(ScopedQuerySet):
    """What one asks of commendations. That one was given is public; whom the page names hangs on consent."""

    def published(self):
        """Those on the public page: all, the revoked ones marked as such."""
        return self.all()

    def with_last_word(self):
        """With ``agreed`` (whether the person may be named) and ``is_revoked``."""
        revoked = Exists(CommendationRevocation.unscoped.filter(commendation=OuterRef("pk")))
        return with_consent(self, "commendation").annotate(is_revoked=revoked)


class Commendation(UnderBasis, ScopedBase):
    """表彰奖励 by a document (Art. 10): of a CQO by the appointment, or of the enterprise. Recorded for good."""

    append_only = True

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="commendations")
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, verbose_name="任命", null=True, blank=True, related_name="commendations"
    )
    county = models.ForeignKey(County, models.PROTECT, null=True, blank=True, related_name="+")  # of the recorder
    # By which document, and for what?
    document_title = models.CharField("文件名称", max_length=80)
    document_number = models.CharField("文号", max_length=40)
    issuing_body = models.CharField("发文机关", max_length=60)
    document_day = models.DateField("成文日期")
    honour = models.CharField("荣誉或者奖励", max_length=60)
    ground = models.CharField("表彰事由", max_length=500)
    scan = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="文件扫描件", related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = CommendationQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "表彰奖励"
        ordering = ["-document_day", "-pk"]
        triggers = [
            keep_as_written("commendation_append_only"),
            pgtrigger.Trigger(
                name="commendation_of_its_enterprise",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NEW.appointment_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM appointments_appointment
                        WHERE id = NEW.appointment_id AND enterprise_id = NEW.enterprise_id AND in_force IS NOT NULL
                          AND lower(term) <= NEW.document_day) THEN
                        RAISE EXCEPTION 'pgtrigger: commendation_of_its_enterprise';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["document_number", "enterprise", "appointment"],
                nulls_distinct=False,
                name="commendation_once",
                violation_error_message="同一文件对同一对象的表彰已经登记。",
            ),
        ]

    def __str__(self):
        return f"{self.honour}（{self.document_number}）"

    @property
    def candidate(self) -> Candidate | None:
        """The person commended; None where it is the enterprise."""
        return self.appointment and self.appointment.candidate


class ThroughCommendation(ScopedQuerySet):
    """Rows reached through their commendation."""

    enterprise_path = "commendation__enterprise_id"
    county_path = "commendation__enterprise__county_id"


class CommendationRevocation(UnderBasis, ScopedBase):
    """A commendation was revoked by a later document; the record of it stays."""

    append_only = True

    commendation = models.OneToOneField(Commendation, models.PROTECT, related_name="revocation")
    document_title = models.CharField("文件名称", max_length=80)
    document_number = models.CharField("文号", max_length=40)
    revoked_on = models.DateField("撤销日期")
    reason = models.CharField("撤销事由", max_length=300)
    scan = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="文件扫描件", related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughCommendation.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "表彰的撤销"
        triggers = [keep_as_written("commendation_revocation_append_only")]


class NameConsent(ScopedBase):
    """Whether the person agreed to be named in public (个人信息保护法 25): the last word counts, and may be no."""

    append_only = True

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    achievement = models.ForeignKey(Achievement, models.PROTECT, null=True, blank=True, related_name="consents")
    commendation = models.ForeignKey(Commendation, models.PROTECT, null=True, blank=True, related_name="consents")
    agreed = models.BooleanField("同意公开姓名")
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, verbose_name="本人签字的同意书", null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "公开姓名的意见"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("name_consent_append_only")]
        constraints = [
            models.CheckConstraint(
                name="name_consent_of_one_thing",
                condition=Q(achievement__isnull=True, commendation__isnull=False)
                | Q(achievement__isnull=False, commendation__isnull=True),
                violation_error_message="公开姓名的意见只对一项成果或者一项表彰作出。",
            ),
            models.CheckConstraint(
                name="name_consent_is_signed",
                condition=Q(agreed=False) | Q(evidence__isnull=False),
                violation_error_message="同意公开姓名须附本人签字的同意书。",
            ),
        ]
