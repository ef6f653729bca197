"""What waits of accounts: registrations of enterprises that nobody has checked."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from cqo_portal.dashboards.items import Todo
from registry.models import Registration, User
from registry.states import Role


def waiting(user: User, today: date) -> list[QuerySet]:
    """Registrations for this person's county; the city has them all in its list, and looks on."""
    rows = Registration.unscoped.visible_to(user).waiting().select_related("applicant").order_by("submitted_at")
    return [rows if user.role == Role.COUNTY else rows.none()]


def todos(user: User, today: date, registrations: Sequence[Registration]) -> list[Todo]:
    """Registrations to check."""
    return [
        Todo(
            f"核对企业注册：{row.name}",
            row.credit_code,
            row.applicant.display_name,
            timezone.localdate(row.submitted_at),
            reverse("registration_detail", args=[row.reference]),
            ("待核对", "blue"),
        )
        for row in registrations
    ]
