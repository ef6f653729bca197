"""What waits of promotion: achievements to be written, mended or read; pilots to be guided again (Art. 10, 12(一))."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from appointments.models import Achievement
from appointments.states import AchievementState
from cqo_portal.dashboards.items import Todo
from registry.models import User

WHAT = {
    AchievementState.DRAFT: ("完成成果草稿", ("草稿", "")),
    AchievementState.RETURNED: ("修改成果", ("需处理", "amber")),
    AchievementState.SUBMITTED: ("核对成果", ("待核对", "blue")),
}


def waiting(user: User, today: date) -> list[QuerySet]:
    """What waits for this person's office."""
    return [Achievement.unscoped.awaiting(user).select_related("enterprise").order_by("pk")]


def todos(user: User, today: date, achievements: Sequence[Achievement]) -> list[Todo]:
    """What waits for this person's office."""
    return [_of_achievement(row) for row in achievements]


def _of_achievement(row: Achievement) -> Todo:
    what, tag = WHAT[AchievementState(row.state)]
    day = timezone.localdate(row.submitted_at or row.created_at)
    url = reverse("achievement_detail", args=[row.reference])
    return Todo(f"{what}：{row.title or row.reference}", row.reference, row.enterprise.name, day, url, tag, "10")
