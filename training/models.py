"""What is known of a person's training, put on file by the enterprise."""

from django.db import models

from registry.models import PersonFact, tracked
from training.states import TrainingKind


@tracked()
class TrainingRecord(PersonFact):
    """任职培训 or 继续教育 that a person completed (Art. 6(五), Art. 8), with its certificate."""

    kind = models.CharField("培训类别", max_length=20, choices=TrainingKind.choices)
    body_name = models.CharField("培训机构", max_length=80)
    certificate_number = models.CharField("证书编号", max_length=60)
    completed_on = models.DateField("发证日期")
    hours = models.PositiveSmallIntegerField("学时", null=True, blank=True)

    class Meta(PersonFact.Meta):
        verbose_name = verbose_name_plural = "培训记录"
        ordering = ["-completed_on", "pk"]
