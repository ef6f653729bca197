"""What waits of spreadsheets: those read and compared, which nobody has confirmed or put aside."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from cqo_portal.dashboards.items import Todo
from registry.importing import KINDS
from registry.models import ImportRun, User
from registry.states import ImportState


def waiting(user: User, today: date) -> list[QuerySet]:
    """Those that this person's own office brought; the city sees all, and confirms its own."""
    rows = ImportRun.unscoped.visible_to(user).filter(state=ImportState.READY, created_by__role=user.role)
    return [rows.select_related("created_by").order_by("created_at")]


def todos(user: User, today: date, runs: Sequence[ImportRun]) -> list[Todo]:
    """Spreadsheets to confirm."""
    return [
        Todo(
            f"确认导入：{KINDS[row.kind].title}",
            f"{row.name}，新增 {row.new}、变更 {row.changed}、有误 {row.faulty}",
            row.created_by.display_name,
            timezone.localdate(row.created_at),
            reverse("import_detail", args=[row.reference]),
            ("待确认", "blue"),
        )
        for row in runs
    ]
