"""What pages show of background work. The work itself is a task of the library; ``registry.jobs`` ties the two."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from registry.models.accounts import User
from registry.models.base import Base, PortalQuerySet
from registry.states import CITY_WIDE, Role


class OfficeQuerySet(PortalQuerySet):
    """Work belongs to the office that started it (``created_by``); the city sees all."""

    def visible_to(self, user):
        """What was started for the office this user acts for now."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role in CITY_WIDE:
            return self
        own = self.filter(created_by__role=user.role)
        if user.role == Role.COUNTY:
            return own.filter(created_by__county=user.county_id)
        if user.role == Role.ENTERPRISE:
            return own.filter(created_by__enterprise=user.enterprise_id)
        # A trainer's office is its training body, which the app above keeps.
        return own.filter(created_by__training_membership__body__memberships__user=user.pk)


class Job(Base):
    """Work in steps that a worker does in the background: of what, how far, what was left out and why."""

    reference = models.CharField("编号", max_length=20, unique=True, editable=False)
    kind = models.CharField("类别", max_length=40)
    title = models.CharField("名称", max_length=160)
    subject = models.CharField("对象", max_length=60, blank=True)
    url = models.CharField("结果所在", max_length=200, blank=True)
    created_at = models.DateTimeField("发起时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="发起人", related_name="+")
    # How far it is
    total = models.PositiveIntegerField("总数", null=True)  # None: not counted yet
    done = models.PositiveIntegerField("已办", default=0)
    left_out = models.JSONField("未办", default=list)  # [what, sentence] each
    started_at = models.DateTimeField("开始时间", null=True)
    heartbeat_at = models.DateTimeField("最近进展", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)
    fault = models.CharField("中止原因", max_length=200, blank=True)
    # Who does it
    task_id = models.UUIDField(unique=True, editable=False)
    attempts = models.PositiveSmallIntegerField("无进展的中断次数", default=0)

    unscoped = OfficeQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "后台工作"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="job_done_within_total",
                condition=Q(total__isnull=True) | Q(done__lte=F("total")),
                violation_error_message="已办的数目不得多于总数。",
            ),
            models.CheckConstraint(
                name="job_beats_while_working",
                condition=Q(started_at__isnull=True, heartbeat_at__isnull=True)
                | Q(started_at__isnull=False, heartbeat_at__isnull=False, heartbeat_at__gte=F("started_at")),
                violation_error_message="有开始时间的才有进展，进展不得早于开始。",
            ),
            models.CheckConstraint(
                name="job_finishes_after_it_started",
                condition=Q(finished_at__isnull=True)
                | Q(started_at__isnull=True) & ~Q(fault="")
                | Q(started_at__isnull=False, finished_at__gte=F("started_at")),
                violation_error_message="结束时间不得早于开始时间；没有开始就结束的须有原因。",
            ),
            models.CheckConstraint(
                name="job_fault_ends_it",
                condition=Q(fault="") | Q(finished_at__isnull=False),
                violation_error_message="中止的工作须有结束时间。",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def page(self) -> str:
        """The address that shows how far it is."""
        return reverse("job_detail", args=[self.reference])

    @property
    def handled(self) -> int:
        """How many steps are over: done or left out."""
        return self.done + len(self.left_out)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.finished_at is not None

    @property
    def is_repeatable(self) -> bool:
        """Whether it ended with something left to do."""
        return self.is_over and bool(self.fault or self.left_out)

    @property
    def state_words(self) -> tuple[str, str]:
        """The state in words, and the tone of its tag."""
        if self.fault:
            return "已中止", "amber"
        if self.is_over:
            return ("已办完，有未办的", "amber") if self.left_out else ("已办完", "green")
        return ("正在办理", "blue") if self.started_at else ("等待办理", "")
