"""Sessions, who enrolled, who was there, and how they did: attendance and assessment are two facts."""

from datetime import date

import pgtrigger
from django.contrib.postgres.fields import DateRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from registry.models import (
    Base,
    Candidate,
    County,
    Enterprise,
    PortalQuerySet,
    ScopedBase,
    ScopedQuerySet,
    UnderBasis,
    User,
    tracked,
)
from registry.models.base import moves, pair
from registry.states import CITY_WIDE, Role
from training.models.bodies import TrainingBody
from training.states import ENROLMENT_MOVES, SESSION_MOVES, EnrolmentState, SessionState, TrainingKind


class SessionQuerySet(PortalQuerySet):
    """What one asks of sessions."""

    def visible_to(self, user):
        """A trainer sees its body's; a bureau its own and all published; an enterprise what is open to it or joined."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role in CITY_WIDE:
            return self
        if user.role == Role.TRAINER:
            return self.filter(body__memberships__user=user)
        public = ~Q(state=SessionState.DRAFT)
        if user.role == Role.COUNTY:
            return self.filter(public | Q(body__county=user.county_id))
        if user.role == Role.ENTERPRISE and user.enterprise_id:
            joined = Enrolment.unscoped.filter(session=OuterRef("pk"), enterprise=user.enterprise_id)
            open_to = Q(open_county=None) | Q(open_county=user.enterprise.county_id)
            return self.filter(public & (open_to | Exists(joined)))
        return self.none()

    def open_for_enrolment(self, day: date):
        """Published sessions whose enrolment window holds that day."""
        return self.filter(state=SessionState.PUBLISHED, enrolment__contains=day)

    def with_counts(self):
        """With ``enrolled`` and ``waiting``, in the same query; counted for the rows that are read alone."""
        of_session = Enrolment.unscoped.filter(session=OuterRef("pk")).order_by().values("session")
        number = {
            state: Subquery(of_session.filter(state=state).values(number=Count("pk")))
            for state in (EnrolmentState.ENROLLED, EnrolmentState.WAITING)
        }
        return self.annotate(
            enrolled=Coalesce(number[EnrolmentState.ENROLLED], 0), waiting=Coalesce(number[EnrolmentState.WAITING], 0)
        )


@tracked()
class Session(UnderBasis, Base):
    """培训班: 任职培训 or 继续教育, organised by a body on certain days (Art. 3 ¶1, 8 ¶1, 9)."""

    acted_at = ("published_at",)

    # What is it, and who organises it?
    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    body = models.ForeignKey(TrainingBody, models.PROTECT, verbose_name="培训机构", related_name="sessions")
    kind = models.CharField("培训类别", max_length=12, choices=TrainingKind.choices)
    title = models.CharField("名称", max_length=60)
    # When and where? The days themselves are ``days``.
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    place = models.CharField("地点", max_length=80)
    hours = models.PositiveSmallIntegerField("学时")
    # For whom, and how many?
    open_county = models.ForeignKey(
        County, models.PROTECT, verbose_name="面向", null=True, blank=True, related_name="+", help_text="不选则面向全市"
    )
    audience = models.CharField("培训对象", max_length=120)
    seats = models.PositiveSmallIntegerField("名额", validators=[MinValueValidator(1), MaxValueValidator(2000)])
    enrolment = DateRangeField("报名期间")
    # What is asked for the certificate, or for the hours?
    pass_mark = models.PositiveSmallIntegerField("合格线", default=60)
    days_needed = models.PositiveSmallIntegerField("至少出勤天数")
    # Where does it stand?
    state = models.CharField(
        "状态", max_length=10, choices=SessionState.choices, default=SessionState.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    published_at = models.DateTimeField("发布时间", null=True, editable=False)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    cancelled_at = models.DateTimeField("取消时间", null=True, editable=False)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    cancel_reason = models.CharField("取消原因", max_length=200, blank=True, editable=False)

    unscoped = SessionQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "培训班"
        ordering = ["-first_day", "-pk"]
        triggers = [
            moves("session_moves", SESSION_MOVES),
            pgtrigger.Protect(
                name="session_born_as_draft",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state=SessionState.DRAFT.value),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="session_days_in_order",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message="末日不得早于首日。",
            ),
            models.CheckConstraint(
                name="session_enrolment_before_end",
                condition=Q(
                    enrolment__isempty=False,
                    enrolment__startswith__isnull=False,
                    enrolment__endswith__isnull=False,
                    enrolment__startswith__lte=F("last_day"),
                ),
                violation_error_message="报名期间须有起止日，且不晚于培训末日。",
            ),
            models.CheckConstraint(
                name="session_figures",
                condition=Q(seats__gte=1, seats__lte=2000, pass_mark__gte=1, pass_mark__lte=100, days_needed__gte=1),
                violation_error_message="名额为 1 至 2000，合格线为 1 至 100 分，至少出勤 1 天。",
            ),
            pair("session_published_pair", "published_at", "published_by"),
            pair("session_cancelled_pair", "cancelled_at", "cancelled_by"),
            models.CheckConstraint(
                name="session_state_has_stamp",
                condition=Q(state=SessionState.DRAFT, published_at__isnull=True, cancelled_at__isnull=True)
                | Q(state=SessionState.PUBLISHED, published_at__isnull=False, cancelled_at__isnull=True)
                | Q(state=SessionState.CANCELLED, cancelled_at__isnull=False, cancel_reason__gt=""),
                violation_error_message="发布、取消须记录时间；取消须写明原因。",
            ),
        ]

    def __str__(self):
        return self.title


class OfSession(ScopedQuerySet):
    """Rows of a session, seen by whoever sees the session."""

    def visible_to(self, user):
        return self.filter(session__in=Session.unscoped.visible_to(user))


@tracked()
class SessionDay(Base):
    """One day of a session."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="days")
    day = models.DateField("日期")

    unscoped = OfSession.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "培训日"
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "day"], name="session_day_once", violation_error_message="同一天只列一次。"
            )
        ]


@tracked()
class Course(Base):
    """One course of a session, with its hours (学时)."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="courses")
    position = models.PositiveSmallIntegerField()
    title = models.CharField("课程", max_length=60)
    hours = models.PositiveSmallIntegerField("学时")

    unscoped = OfSession.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "课程"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "position"],
                name="course_position_once",
                violation_error_message="课程次序不得重复。",
            ),
            models.CheckConstraint(
                name="course_has_hours", condition=Q(hours__gte=1), violation_error_message="课程至少 1 学时。"
            ),
        ]


class EnrolmentQuerySet(ScopedQuerySet):
    """Who enrolled. Seen by the enterprise, its county, and whoever runs the session."""

    def visible_to(self, user):
        if user.is_authenticated and user.is_active and user.role == Role.TRAINER:
            return self.filter(session__body__memberships__user=user)
        return super().visible_to(user)

    def of_county(self, county_id):
        return self.filter(
            Q(enterprise__county=county_id) | Q(candidate__county=county_id) | Q(session__body__county=county_id)
        )

    def seated(self):
        """Those with a seat."""
        return self.filter(state=EnrolmentState.ENROLLED)

    def with_days(self):
        """With ``there`` and ``known``: on how many days they were there, and of how many that is recorded."""
        # Asked of each row by itself, so that rows which something else leaves out are never counted.
        days = Attendance.unscoped.filter(enrolment=OuterRef("pk")).order_by().values("enrolment")
        there = Subquery(days.filter(present=True).values(number=Count("pk")))
        return self.annotate(there=Coalesce(there, 0), known=Coalesce(Subquery(days.values(number=Count("pk"))), 0))

    def ready(self):
        """Those who may be given a certificate now: there as long as was asked, passed, and without one yet.

        A sitting that passed is the last one, since none follows it (``rules.sitting_fault``).
        """
        rows = self.seated().with_days().filter(there__gte=F("session__days_needed"))
        return rows.filter(assessments__passed=True, certificates=None)

    def standing(self):
        """Those not withdrawn."""
        return self.exclude(state=EnrolmentState.WITHDRAWN)

    def with_results(self):
        """With person, enterprise, attendance, sittings and certificates at hand: a constant number of queries."""
        return self.select_related("candidate", "enterprise").prefetch_related(
            "attendances", "assessments", "certificates__revocations"
        )


@tracked()
class Enrolment(UnderBasis, ScopedBase):
    """A person in a session: with a seat, waiting, or withdrawn (Art. 7)."""

    acted_at = ("enrolled_at",)

    session = models.ForeignKey(Session, models.PROTECT, verbose_name="培训班", related_name="enrolments")
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="人员", related_name="enrolments")
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="企业", null=True, blank=True, related_name="enrolments"
    )
    state = models.CharField("状态", max_length=10, choices=EnrolmentState.choices)
    seat = models.PositiveSmallIntegerField("座次", null=True, blank=True)
    enrolled_at = models.DateTimeField("报名时间")
    enrolled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField("取消时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = EnrolmentQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "报名"
        ordering = ["enrolled_at", "pk"]
        triggers = [
            moves("enrolment_moves", ENROLMENT_MOVES),
            pgtrigger.Trigger(
                name="seat_within_session",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("seat"),
                when=pgtrigger.Before,
                func="""
                    IF NEW.seat > (SELECT seats FROM training_session WHERE id = NEW.session_id) THEN
                        RAISE EXCEPTION 'pgtrigger: seat_within_session';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "candidate"],
                condition=~Q(state=EnrolmentState.WITHDRAWN),
                name="enrolment_once",
                violation_error_message="此人已报名这一期。",
            ),
            models.UniqueConstraint(
                fields=["session", "seat"],
                name="enrolment_seat_once",
                violation_error_message="这个名额刚刚被他人取得。",
            ),
            models.CheckConstraint(
                name="enrolment_seat_is_enrolled",
                condition=Q(state=EnrolmentState.ENROLLED, seat__isnull=False, seat__gte=1)
                | ~Q(state=EnrolmentState.ENROLLED) & Q(seat__isnull=True),
                violation_error_message="已报名的须有座次，候补和取消的没有。",
            ),
            pair("enrolment_withdrawn_pair", "withdrawn_at", "withdrawn_by"),
            models.CheckConstraint(
                name="enrolment_withdrawn_has_stamp",
                condition=Q(state=EnrolmentState.WITHDRAWN, withdrawn_at__isnull=False)
                | ~Q(state=EnrolmentState.WITHDRAWN) & Q(withdrawn_at__isnull=True),
                violation_error_message="取消报名须记录时间。",
            ),
        ]

    @property
    def days_present(self) -> int:
        """On how many days the person was there."""
        return sum(row.present for row in self.attendances.all())

    @property
    def last_assessment(self):
        """The last sitting; None before the first."""
        return max(self.assessments.all(), key=lambda row: row.sitting, default=None)

    @property
    def certificate(self):
        """The newest version of the certificate; None before it is issued."""
        return max(self.certificates.all(), key=lambda row: row.version, default=None)


class ThroughEnrolment(ScopedQuerySet):
    """Rows of an enrolment, seen by whoever sees the enrolment."""

    def visible_to(self, user):
        return self.filter(enrolment__in=Enrolment.unscoped.visible_to(user))


@tracked()
class Attendance(ScopedBase):
    """Whether somebody was there on one day of the session."""

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="attendances")
    day = models.ForeignKey(SessionDay, models.PROTECT, related_name="+")
    present = models.BooleanField("到场")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughEnrolment.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "考勤"
        triggers = [
            pgtrigger.Trigger(
                name="attendance_within_session",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF (SELECT session_id FROM training_sessionday WHERE id = NEW.day_id)
                       IS DISTINCT FROM (SELECT session_id FROM training_enrolment WHERE id = NEW.enrolment_id) THEN
                        RAISE EXCEPTION 'pgtrigger: attendance_within_session';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="attendance_before_certificate",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (
                        SELECT FROM training_certificate WHERE enrolment_id IN (OLD.enrolment_id, NEW.enrolment_id)
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: attendance_before_certificate';
                    END IF;
                    IF TG_OP = 'DELETE' THEN
                        RETURN OLD;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "day"], name="attendance_once", violation_error_message="这一天的考勤已经登记。"
            )
        ]


@tracked()
class Assessment(UnderBasis, ScopedBase):
    """考核: one sitting and its score; later sittings are re-sits (Art. 8 ¶1)."""

    acted_at = ("entered_at",)

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="assessments")
    sitting = models.PositiveSmallIntegerField("第几次")
    sat_on = models.DateField("考核日期")
    score = models.DecimalField("成绩", max_digits=4, decimal_places=1)
    # As it stood when the score was entered, so that the row itself says whether it passed.
    pass_mark = models.PositiveSmallIntegerField("合格线")
    passed = models.BooleanField("合格")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughEnrolment.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "考核"
        ordering = ["sitting"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "sitting"],
                name="assessment_sitting_once",
                violation_error_message="这一次考核的成绩已经登记。",
            ),
            # The ground of a certificate's foreign key: what stands on a pass cannot become a fail.
            models.UniqueConstraint(
                fields=["id", "enrolment", "passed"],
                name="assessment_with_outcome",
                violation_error_message="考核记录重复。",
            ),
            models.CheckConstraint(
                name="assessment_score_range",
                condition=Q(score__gte=0, score__lte=100, sitting__gte=1, sitting__lte=3),
                violation_error_message="成绩为 0 至 100 分，最多考核三次。",
            ),
            models.CheckConstraint(
                name="assessment_passed_by_score",
                condition=Q(passed=True, score__gte=F("pass_mark")) | Q(passed=False, score__lt=F("pass_mark")),
                violation_error_message="是否合格由成绩和合格线决定。",
            ),
        ]
