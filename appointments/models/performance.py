"""质量工作绩效: targets agreed between enterprise and CQO for a year, and their results (Art. 12(二)(2)).

Everything is only added to. A later agreement for the same year stands in front of the earlier, as does a later result.
"""

from django.db import models
from django.db.models import Q

from appointments.models.appointments import Appointment, ThroughAppointment
from registry.models import ScopedBase, ScopedQuerySet, StoredFile, UnderBasis, User
from registry.models import append_only as keep_as_written


class TargetSheet(UnderBasis, ScopedBase):
    """What enterprise and CQO agreed for a year, with the signed agreement."""

    append_only = True

    appointment = models.ForeignKey(Appointment, models.PROTECT, verbose_name="任命", related_name="target_sheets")
    year = models.PositiveSmallIntegerField("年度")
    version = models.PositiveSmallIntegerField("版次")
    agreed_on = models.DateField("约定日期")
    agreement = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="绩效约定书", related_name="+")
    recorded_at = models.DateTimeField("备案时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughAppointment.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "绩效约定"
        ordering = ["-year", "-version"]
        triggers = [keep_as_written("target_sheet_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "year", "version"],
                name="target_sheet_version_once",
                violation_error_message="这一年度的绩效约定刚刚由他人备案，请查看后再办理。",
            ),
            models.CheckConstraint(
                name="target_sheet_agreed_by_year_end",
                condition=Q(agreed_on__year__lte=models.F("year")),
                violation_error_message="绩效须在当年年底前约定。",
            ),
        ]

    def __str__(self):
        return f"{self.year}年绩效约定（第{self.version}版）"


class ThroughSheet(ScopedQuerySet):
    """Rows reached through their agreement."""

    enterprise_path = "sheet__appointment__enterprise_id"
    county_path = "sheet__appointment__enterprise__county_id"


class Target(ScopedBase):
    """One target of an agreement: what, and what counts as done."""

    append_only = True

    sheet = models.ForeignKey(TargetSheet, models.PROTECT, related_name="targets")
    position = models.PositiveSmallIntegerField()
    name = models.CharField("指标", max_length=80)
    goal = models.CharField("目标值", max_length=120)

    unscoped = ThroughSheet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "绩效指标"
        ordering = ["sheet", "position"]
        triggers = [keep_as_written("target_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "position"], name="target_position_once", violation_error_message="指标序号不得重复。"
            ),
            models.CheckConstraint(
                name="target_is_whole",
                condition=Q(name__gt="", goal__gt=""),
                violation_error_message="指标须写明名称和目标值。",
            ),
        ]


class ThroughTarget(ScopedQuerySet):
    """Rows reached through their target."""

    enterprise_path = "target__sheet__appointment__enterprise_id"
    county_path = "target__sheet__appointment__enterprise__county_id"


class TargetResult(UnderBasis, ScopedBase):
    """What became of a target, with its evidence; the latest one counts."""

    append_only = True

    target = models.ForeignKey(Target, models.PROTECT, related_name="results")
    is_met = models.BooleanField("是否完成")
    words = models.CharField("完成情况", max_length=500)
    evidence = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="证明材料", related_name="+")
    recorded_at = models.DateTimeField("填报时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughTarget.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "绩效结果"
        ordering = ["-recorded_at", "-pk"]
        triggers = [keep_as_written("target_result_append_only")]
