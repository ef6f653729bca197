"""The register of enterprises: list, entry, correction, designations."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry.actions.enterprises import EDITABLE, change_enterprise, designate, end_designation, register_enterprise
from registry.forms import DesignationForm, EnterpriseFacts, EnterpriseForm, LastDayForm
from registry.models import Enterprise
from registry.pages import demand, find
from registry.policies import is_enterprise
from registry.states import Designation
from registry.views.common import form_page, posted
from registry.views.lists import opened

REGISTER = "企业"


def address_of(enterprise: Enterprise) -> str:
    """The page of an enterprise."""
    return reverse("enterprise_detail", args=[enterprise.reference])


def trail_to(enterprise: Enterprise) -> list[tuple[str, str]]:
    """The way to what stands under an enterprise."""
    return [(REGISTER, reverse("enterprise_list")), (enterprise.name, address_of(enterprise))]


def enterprise_within_scope(request, reference: str) -> Enterprise:
    """The enterprise of that reference; Http404 outside one's scope."""
    return find(Enterprise.unscoped.visible_to(request.user).select_related("county"), reference=reference)


@require_safe
def enterprise_list(request):
    """The register within one's scope; an enterprise goes to its own page."""
    if is_enterprise(request.user):
        return redirect(address_of(request.user.enterprise))
    found = opened(request, "enterprise_list")
    facts = {"page": found.page(request), "filters": found.filters}
    facts["can_add"] = request.user.has_perm("registry.add_enterprise")
    return render(request, "registry/enterprise_list.html", facts)


def enterprise_new(request):
    """Put an enterprise on the register."""
    demand(request.user, "registry.add_enterprise")
    form = EnterpriseForm(user=request.user, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: register_enterprise(**form.values(), **who),
        to=address_of,
        title="登记企业",
        submit="登记",
        trail=[(REGISTER, reverse("enterprise_list"))],
        done="企业已列入名录。",
    )


def enterprise_edit(request, reference):
    """Correct what may change of an enterprise."""
    enterprise = enterprise_within_scope(request, reference)
    demand(request.user, "registry.change_enterprise", enterprise)
    initial = {name: getattr(enterprise, name) for name in EDITABLE}
    form = EnterpriseFacts(initial=initial, version=enterprise.version, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: change_enterprise(enterprise, version=form.cleaned_data["version"], **form.values(), **who),
        to=address_of,
        title="修改企业资料",
        caption=enterprise.name,
        trail=trail_to(enterprise),
        row=enterprise,
        done="企业资料已保存。",
    )


def designation_new(request, reference):
    """Record that an enterprise is above scale or a pilot."""
    enterprise = enterprise_within_scope(request, reference)
    demand(request.user, "registry.designate_enterprise", enterprise)
    form = DesignationForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: designate(enterprise, kind=form.cleaned_data["kind"], **form.period(), **who),
        to=lambda _: address_of(enterprise),
        title="登记企业类别",
        caption=enterprise.name,
        trail=trail_to(enterprise),
        done="企业类别已登记。",
    )


def designation_end(request, reference, kind):
    """Record until when an enterprise was above scale or a pilot."""
    enterprise = enterprise_within_scope(request, reference)
    demand(request.user, "registry.designate_enterprise", enterprise)
    if kind not in Designation.values or not enterprise.designations.filter(kind=kind).exists():
        raise Http404
    form = LastDayForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: end_designation(enterprise, kind=kind, last_day=form.cleaned_data["last_day"], **who),
        to=lambda _: address_of(enterprise),
        title=f"登记不再属于{Designation(kind).label}",
        caption=enterprise.name,
        trail=trail_to(enterprise),
        done="末日已登记。",
    )
