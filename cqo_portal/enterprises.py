"""An enterprise's page: its facts, its people, and its CQO."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.models import Accident, Appointment
from cqo_portal.asof import as_of
from registry.history import events_of, history
from registry.models import Employment, Enterprise, EnterpriseDesignation, EnterpriseSeat
from registry.states import Role
from registry.views.enterprises import enterprise_within_scope

SHOWN = 20  # people and appointments on the page itself; the lists have the rest


@require_safe
def enterprise_detail(request, reference):
    """One enterprise, within one's scope."""
    user, today = request.user, timezone.localdate()
    enterprise = enterprise_within_scope(request, reference)
    appointments = Appointment.unscoped.visible_to(user).filter(enterprise=enterprise).with_parties()
    people = Employment.unscoped.visible_to(user).filter(enterprise=enterprise).select_related("candidate")
    designations = list(enterprise.designations.all())
    facts = {
        "enterprise": enterprise,
        "designations": designations,
        "kinds": [row.get_kind_display() for row in designations if today in row.period],
        "seats": enterprise.seats.select_related("county"),
        "cqo": appointments.in_force(today).first(),
        "appointments": appointments[:SHOWN],
        "people": people.order_by("candidate__name", "pk")[:SHOWN],
        "people_count": people.count(),
        "may_change": user.has_perm("registry.change_enterprise", enterprise),
        "may_designate": user.has_perm("registry.designate_enterprise", enterprise),
        "may_record": user.has_perm("registry.record_person", enterprise),
        "may_appoint": user.role == Role.ENTERPRISE,
        "accidents": Accident.unscoped.visible_to(user).filter(enterprise=enterprise),
        "may_record_accident": user.has_perm("appointments.record_accident", enterprise),
        "history": _history(enterprise) if user.has_perm("registry.see_history") else [],
        "today": today,
        **as_of(request, appointments),
    }
    return render(request, "cqo_portal/enterprise_detail.html", facts)


def _history(enterprise: Enterprise):
    """Everything written about an enterprise itself."""
    kept = (EnterpriseDesignation, EnterpriseSeat)
    own = events_of(Enterprise, pgh_obj=enterprise)
    return history(own, *(events_of(model, enterprise=enterprise) for model in kept))
