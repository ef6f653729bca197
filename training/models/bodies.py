"""Who trains: the bureaus themselves, bodies they recognise for some time, and the accounts that act for a body."""

from datetime import date

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Aggregate, Exists, OuterRef, Q

from registry.models import Base, County, PortalQuerySet, UnderBasis, User, tracked
from registry.models.base import has_days, no_overlap
from registry.models.measure import days
from registry.states import CITY_WIDE, Role
from training.states import BodyKind


class TrainingBodyQuerySet(PortalQuerySet):
    """Who trains is public; which body one acts for is not."""

    def recognised(self, first_day: date, last_day: date):
        """Bodies that may train on all these days: the bureaus, and those recognised on each, by whichever document."""
        joined = Aggregate("period", function="range_agg", output_field=DateRangeField())
        rows = Recognition.unscoped.filter(body=OuterRef("pk")).order_by().values("body").annotate(joined=joined)
        return self.filter(Q(kind=BodyKind.BUREAU) | Exists(rows.filter(joined__contains=days(first_day, last_day))))

    def taught_by(self, user):
        """The bodies this user acts for: a trainer its body, an officer the bureau's own."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role == Role.TRAINER:
            return self.filter(memberships__user=user.pk)
        if user.role == Role.MUNICIPAL:
            return self.filter(kind=BodyKind.BUREAU, county=None)
        if user.role == Role.COUNTY:
            return self.filter(kind=BodyKind.BUREAU, county=user.county_id)
        return self.none()


@tracked()
class TrainingBody(Base):
    """质监部门或质监部门认可的机构 (Art. 8 ¶1): organises training and issues the certificates."""

    reference = models.CharField("编号", max_length=12, unique=True, editable=False)
    name = models.CharField("名称", max_length=60)
    # Stands in every certificate's number, so that two bodies never give the same one.
    mark = models.CharField("发证代字", max_length=10)
    kind = models.CharField("类别", max_length=12, choices=BodyKind.choices)
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="县(市、区)", null=True, blank=True, related_name="training_bodies"
    )
    contact_name = models.CharField("联系人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=20, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = TrainingBodyQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "培训机构"
        ordering = ["kind", "reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], name="training_body_name_once", violation_error_message="该名称的培训机构已在名录中。"
            ),
            models.UniqueConstraint(
                fields=["mark"], name="training_body_mark_once", violation_error_message="该发证代字已由另一机构使用。"
            ),
            models.UniqueConstraint(
                fields=["county"],
                condition=Q(kind=BodyKind.BUREAU),
                nulls_distinct=False,
                name="training_body_one_per_bureau",
                violation_error_message="这一级质监部门已在培训机构名录中。",
            ),
            models.CheckConstraint(
                name="training_body_county_of_bureau",
                condition=Q(kind=BodyKind.BUREAU) | Q(county__isnull=True),
                violation_error_message="只有县(市、区)局自办的才写县(市、区)。",
            ),
        ]

    def __str__(self):
        return self.name

    def is_taught_by(self, user) -> bool:
        """Whether this user acts for this body: ``taught_by``, asked of one body."""
        if not (user.is_authenticated and user.is_active):
            return False
        if user.role == Role.TRAINER:  # asked anew: it may have been taken back since
            return self.memberships.filter(user=user.pk).exists()
        if self.kind != BodyKind.BUREAU or user.role not in (Role.COUNTY, Role.MUNICIPAL):
            return False
        return self.county_id == user.county_id

    def is_recognised(self, first_day: date, last_day: date) -> bool:
        """Whether this body may train on all these days (Art. 8 ¶1)."""
        return TrainingBody.unscoped.recognised(first_day, last_day).filter(pk=self.pk).exists()


@tracked()
class Recognition(UnderBasis, Base):
    """质监部门认可 (Art. 8 ¶1): from a day on, perhaps until a day; it can lapse."""

    body = models.ForeignKey(TrainingBody, models.PROTECT, verbose_name="培训机构", related_name="recognitions")
    document_title = models.CharField("文件名称", max_length=80)
    document_number = models.CharField("文号", max_length=40)
    period = DateRangeField("认可期间")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "培训机构的认可"
        ordering = ["-period"]
        constraints = [
            no_overlap("recognition_no_overlap", "body", message="同一机构的认可期间不得重叠。"),
            has_days("recognition_has_days"),
        ]

    def __str__(self):
        return self.document_number


class MembershipQuerySet(PortalQuerySet):
    """Accounts of bodies."""

    def visible_to(self, user):
        """The city's bureau and the administrator see all, a trainer its own, others none."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self if user.role in CITY_WIDE else self.filter(user=user)


@tracked()
class TrainerMembership(Base):
    """The one body a trainer's account acts for."""

    user = models.OneToOneField(User, models.PROTECT, verbose_name="账号", related_name="training_membership")
    body = models.ForeignKey(TrainingBody, models.PROTECT, verbose_name="培训机构", related_name="memberships")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = MembershipQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "培训机构账号"
        ordering = ["body", "user"]
