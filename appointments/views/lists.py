"""Lists: all appointments within one's scope, and what waits at an office, with several done at once."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from appointments.actions import check_many, file_many
from appointments.eligibility import checklists
from appointments.models import Act, Appointment
from appointments.rules import needs_opinion
from appointments.states import ActKind, State
from appointments.views.shown import NOT_NOW
from registry.actions.common import remember_form, remembered_result
from registry.listing import SIZES
from registry.pages import REPEATED, PortalForm, demand
from registry.states import Role
from registry.views.lists import opened


def appointment_list(request):
    """任命: everything this person may see."""
    found = opened(request, "appointment_list")
    page = found.page(request)
    context = {"filters": found.filters, "page": page, "any": found.any_beside(page)}
    return render(request, "appointments/list.html", context)


@dataclass(frozen=True)
class Desk:
    """What an office does with what waits for it."""

    states: tuple[str, ...]
    stamp: str
    verb: str
    done_many: object
    title: str
    lead: str


DESKS = {
    Role.COUNTY: Desk(
        (State.SUBMITTED,), "submitted_at", "核对", check_many, "任命核对",
        "等待本局核对的任命。核对无误转市局登记；能够更正的缺陷，退回补正并指明字段。",
    ),
    Role.MUNICIPAL: Desk(
        (State.CHECKED,), "checked_at", "登记", file_many, "任命登记",
        "县（市、区）局已核对、等待登记的任命。登记后生成登记回执；能够更正的缺陷，退回补正并指明字段。",
    ),
}  # fmt: skip


def queue(request):
    """What waits for this office, oldest first; several can be done at once."""
    found = opened(request, "appointment_queue")
    page, today = found.page(request), found.filters.today
    context = {"filters": found.filters, "page": page, "rows": page.shown, "desk": DESKS[request.user.role]}
    context["today"] = today
    return render(request, "appointments/queue.html", context)


def _picked(request, desk: Desk) -> tuple[list[Appointment], list[tuple[Appointment, str]]]:
    """The picked rows that can be done together, and those left out with the reason."""
    references = request.GET.getlist("pick")[: SIZES[-1]]
    visible = Appointment.unscoped.visible_to(request.user).with_parties()
    rows = list(visible.filter(reference__in=[r for r in references if "\x00" not in r]).order_by("reference"))
    checked = Act.unscoped.filter(appointment__in=rows, kind=ActKind.CHECKED).order_by("appointment_id", "-at", "-pk")
    written = {act.appointment_id: act.details.get("opinions", {}) for act in checked.distinct("appointment_id")}
    lists = checklists(rows, timezone.localdate())
    fit, left_out = [], []
    for row in rows:
        silent = [c for c in needs_opinion(lists[row.pk].criteria) if not written.get(row.pk, {}).get(c.key)]
        if row.state not in desk.states:
            left_out.append((row, NOT_NOW.format(State(row.state).label)))
        elif silent:
            left_out.append((row, f"“{silent[0].title}”不是“符合”，须写明意见，请逐件办理。"))
        else:
            fit.append(row)
    return fit, left_out


def queue_confirm(request):
    """Names what will be done and what is left out, and why; then does it."""
    demand(request.user, "appointments.work_queue")
    desk = DESKS[request.user.role]
    fit, left_out = _picked(request, desk)
    form = PortalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _do_many(request, desk, form.cleaned_data["token"], fit)
    context = {"desk": desk, "form": form, "fit": fit, "left_out": left_out}
    return render(request, "appointments/queue_confirm.html", context)


def _do_many(request, desk: Desk, token: UUID, rows: list[Appointment]):
    """Each in a transaction of its own, so that one that fails undoes no other; the form's token is taken up first."""
    url, now = reverse("appointment_queue"), timezone.now()
    try:
        with transaction.atomic():
            remember_form(token, request.user, url, at=now)
    except IntegrityError:
        messages.info(request, REPEATED)
        return redirect(remembered_result(token, request.user))
    for row in rows:
        seen = request.POST.get(f"version_{row.reference}", "")
        row.version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    result = desk.done_many(rows, by=request.user, at=now)
    if result.done:
        messages.success(request, f"已{desk.verb} {len(result.done)} 件。")
    for row, reason in result.left_out:
        messages.warning(request, f"{row.enterprise.name}（{row.reference}）没有{desk.verb}：{reason}")
    return redirect(url)
