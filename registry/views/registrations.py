"""Registrations of enterprises: sent by who acts for one, checked by the county."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry.actions.accounts import decline_registration, submit_registration, take_over, withdraw_registration
from registry.actions.files import store_file_of_applicant
from registry.forms import ReasonForm, RegistrationForm
from registry.history import events_of, history
from registry.models import Enterprise, Registration
from registry.pages import PortalForm, demand, find
from registry.policies import is_applicant
from registry.states import RegistrationState
from registry.views.common import form_page, posted
from registry.views.lists import opened

REGISTRATIONS = "企业注册"
COMPARED = ("name", "county", "address", "industry", "size", "legal_representative", "principal")
COMPARED += ("contact_name", "contact_phone", "contact_email")


def address_of(registration: Registration) -> str:
    """The page of a registration."""
    return reverse("registration_detail", args=[registration.reference])


def _within_scope(request, reference: str) -> Registration:
    rows = Registration.unscoped.visible_to(request.user)
    return find(rows.select_related("county", "applicant", "licence", "authority"), reference=reference)


def _trail(request, registration: Registration) -> list[tuple[str, str]]:
    start = ("首页", reverse("home")) if is_applicant(request.user) else (REGISTRATIONS, reverse("registration_list"))
    return [start, (registration.name, address_of(registration))]


@require_safe
def registration_list(request):
    """What was sent within one's scope, what waits first; an applicant's own stands on the first page."""
    found = opened(request, "registration_list")
    facts = {"page": found.page(request), "filters": found.filters}
    return render(request, "registry/registration_list.html", facts)


def registration_new(request):
    """Register one's enterprise; what was said before is filled in again."""
    demand(request.user, "registry.register_own_enterprise")
    last = request.user.registrations.select_related("county").first()
    if last and last.state == RegistrationState.SUBMITTED and request.method != "POST":
        return redirect(address_of(last))
    initial = {"contact_name": request.user.display_name, "contact_phone": request.user.phone}
    if last:
        initial = {name: getattr(last, name) for name in ("credit_code", *COMPARED)} | {"county": last.county.code}
    form = RegistrationForm(initial=initial, **posted(request))

    def act(*, by, at):
        facts = form.values()
        for field in ("licence", "authority"):
            name, data = facts[field]
            facts[field] = store_file_of_applicant(data, name, county=facts["county"], by=by, at=at)
        return submit_registration(**facts, by=by, at=at)

    return form_page(
        request,
        form,
        act,
        to=address_of,
        title="注册企业",
        lead="注册由县（市、区）局对照名录核对，接收后您就可以为企业办理任命等事项。",
        trail=[("首页", reverse("home"))],
        submit="提交",
        done="注册资料已提交。",
    )


@require_safe
def registration_detail(request, reference):
    """What was sent, beside what the register holds of the same credit code."""
    registration = _within_scope(request, reference)
    known = None
    if request.user.has_perm("registry.decide_registration", registration):
        known = Enterprise.unscoped.select_related("county").filter(credit_code=registration.credit_code).first()
    facts = {"registration": registration, "known": known, "trail": _trail(request, registration)[:1]}
    if request.user.has_perm("registry.see_history"):
        facts["history"] = history(events_of(Registration, pgh_obj_id=registration.pk))
    facts["owner"] = known and known.accounts.owners().first()
    facts["rows"] = [_compared(registration, known, name) for name in COMPARED]
    waits = registration.state == RegistrationState.SUBMITTED
    facts["decides"] = waits and request.user.has_perm("registry.decide_registration", registration)
    facts["withdraws"] = waits and request.user.has_perm("registry.withdraw_registration", registration)
    return render(request, "registry/registration_detail.html", facts)


def _compared(registration: Registration, known: Enterprise | None, name: str) -> tuple[str, str, str, bool]:
    """A line of the comparison: what it is called, as sent, as on the register, whether the two differ."""
    sent, stands = (_in_words(row, name) for row in (registration, known))
    return registration._meta.get_field(name).verbose_name, sent, stands, known is not None and sent != stands


def _in_words(row, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else getattr(row, name, "") or "")


def registration_withdraw(request, reference):
    """Take back what nobody has decided."""
    registration = _within_scope(request, reference)
    demand(request.user, "registry.withdraw_registration", registration)
    form = PortalForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: withdraw_registration(registration, **who),
        to=address_of,
        title="撤回注册资料",
        caption=registration.name,
        lead="撤回后可以修改，再重新提交。",
        trail=_trail(request, registration),
        submit="撤回",
        done="注册资料已撤回。",
    )


def registration_take(request, reference):
    """Accept a registration, after saying what that does."""
    registration = _within_scope(request, reference)
    demand(request.user, "registry.decide_registration", registration)
    known = Enterprise.unscoped.filter(credit_code=registration.credit_code).exists()
    what = "企业已在名录中，名录的资料不变" if known else "企业以注册的资料列入名录"
    return form_page(
        request,
        PortalForm(**posted(request)),
        lambda **who: take_over(registration, **who),
        to=lambda _: address_of(registration),
        title="接收注册",
        caption=f"{registration.name}，{registration.credit_code}",
        lead=f"{what}；{registration.applicant.display_name}成为企业的账号负责人，会收到通知，下次登录即可办理。",
        trail=_trail(request, registration),
        submit="接收",
        done="注册已接收。",
    )


def registration_decline(request, reference):
    """Do not accept a registration, with the reason."""
    registration = _within_scope(request, reference)
    demand(request.user, "registry.decide_registration", registration)
    form = ReasonForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: decline_registration(registration, reason=form.cleaned_data["reason"], **who),
        to=address_of,
        title="不接收注册",
        caption=f"{registration.name}，{registration.credit_code}",
        trail=_trail(request, registration),
        submit="不接收",
        done="已告知注册人。",
    )
