"""What an enterprise put on file of a person's training elsewhere, on paper or before this portal."""

import pgtrigger
from django.db import models

from registry.models import PersonFact, ScopedBase, ScopedQuerySet, UnderBasis, User, tracked
from training.models.bodies import TrainingBody
from training.states import TrainingKind


@tracked()
class TrainingRecord(PersonFact):
    """任职培训 or 继续教育 that a person completed, with its certificate (Art. 6(五), Art. 8 ¶1)."""

    kind = models.CharField("培训类别", max_length=20, choices=TrainingKind.choices)
    body = models.ForeignKey(
        TrainingBody, models.PROTECT, verbose_name="名录中的培训机构", null=True, blank=True, related_name="+"
    )
    body_name = models.CharField("培训机构", max_length=80)
    certificate_number = models.CharField("证书编号", max_length=60)
    completed_on = models.DateField("发证日期")
    hours = models.PositiveSmallIntegerField("学时", null=True, blank=True)

    class Meta(PersonFact.Meta):
        verbose_name = verbose_name_plural = "培训记录"
        ordering = ["-completed_on", "pk"]


class ThroughRecord(ScopedQuerySet):
    """Rows reached through their record."""

    enterprise_path = "record__enterprise_id"
    county_path = "record__enterprise__county_id"


@tracked()
class CourseRecognition(UnderBasis, ScopedBase):
    """经市局认定: a course elsewhere that the municipal bureau recognised; whether it counts, the reading says."""

    acted_at = ("recognised_at",)

    record = models.OneToOneField(TrainingRecord, models.PROTECT, related_name="recognition")
    hours = models.PositiveSmallIntegerField("认定学时")
    recognised_at = models.DateTimeField()
    recognised_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughRecord.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "外部课程的认定"
        triggers = [
            pgtrigger.Trigger(
                name="recognised_within_record",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM training_trainingrecord r
                        WHERE r.id = NEW.record_id AND r.hours >= NEW.hours AND r.evidence_id IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: recognised_within_record';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="course_recognition_has_hours",
                condition=models.Q(hours__gte=1),
                violation_error_message="认定学时至少为 1。",
            )
        ]
