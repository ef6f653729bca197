"""What an appointment's page says of duty and supervision: reports, targets, recommendations, and where to go."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from appointments.models import Appointment, DismissalRecommendation, ReportDuty, Target, TargetSheet
from appointments.states import ReportState
from registry.citing import article
from registry.one_statement import together
from registry.rules import day_words


@dataclass(frozen=True)
class Related:
    """One line: what, how it stands, and its page."""

    label: str
    words: str
    url: str


def related(appointment: Appointment, user, today: date) -> list[Related]:
    """Reports, targets and recommendations of one appointment within one's scope; for a bureau the grounds too."""
    if appointment.term is None:
        return []
    place = [appointment.reference]
    duties, sheets, cases = together(
        ReportDuty.unscoped.visible_to(user).filter(appointment=appointment).with_parties().order_by("-due_on"),
        TargetSheet.unscoped.filter(appointment=appointment)
        .annotate(targeted=_number_of_targets())
        .order_by("version"),
        DismissalRecommendation.unscoped.visible_to(user).filter(appointment=appointment),
    )
    lines = [Related(duty.cycle.title, _of_report(duty, today), duty.page) for duty in duties]
    lines += _targets(appointment, sheets, user, today)
    lines += [Related("解除聘任建议", f"{case.reference}，{case.get_state_display()}", case.page) for case in cases]
    if user.has_perm("appointments.oversee", appointment) and today in (appointment.in_force or ()):
        lines.append(
            Related(f"{article('12.(2)')}三种情形", "查看记录和所缺环节", reverse("appointment_grounds", args=place))
        )
        lines.append(Related("发现情况", "记录一项发现", reverse("finding_new", args=place)))
    return lines


def _of_report(duty: ReportDuty, today: date) -> str:
    report = getattr(duty, "report", None)
    if report is None or report.state == ReportState.DRAFT:
        return f"{day_words(duty.due_on)}截止，{'尚未收到' if today <= duty.due_on else '逾期未收到'}"
    late = f"迟 {report.days_late} 天" if report.days_late else "按时"
    return f"{report.get_state_display()}，{late}"


def _number_of_targets() -> Subquery:
    """How many targets a sheet has; counted for itself, since a grouped row cannot be read with others."""
    own = Target.unscoped.filter(sheet=OuterRef("pk")).order_by().values("sheet")
    return Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0)


def _targets(appointment: Appointment, sheets: list[TargetSheet], user, today: date) -> list[Related]:
    """The newest agreement of each year; or that there is none this year, to whoever may put one on file."""
    found = {sheet.year: sheet for sheet in sheets}  # the last version of a year stays
    lines = [
        Related(
            f"{year}年绩效约定",
            f"{sheet.targeted} 项指标",
            reverse("targets_detail", args=[appointment.reference, year]),
        )
        for year, sheet in sorted(found.items(), reverse=True)
    ]
    within = appointment.in_force and today in appointment.in_force
    if today.year not in found and within and user.has_perm("appointments.record_targets", appointment):
        url = reverse("targets_new", args=[appointment.reference])
        lines.insert(0, Related(f"{today.year}年绩效约定", "尚未备案，现在填报", url))
    return lines
