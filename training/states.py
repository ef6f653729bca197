"""The closed lists of training."""

from django.db.models import TextChoices


class TrainingKind(TextChoices):
    """Art. 6(五): 任职培训 is a fact, 年度继续教育 a standing duty."""

    QUALIFYING = "qualifying", "任职培训"
    CONTINUING = "continuing", "继续教育"
