"""质量安全事故 (Art. 5(六)): recorded apart from findings, and no ground of Art. 12. No enterprise ever sees one."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.filters.findings import PickEnterprise
from appointments.forms.findings import AccidentForm
from appointments.models import Accident
from registry.actions.files import store_file
from registry.citing import cite
from registry.listing import page_of
from registry.models import Enterprise
from registry.pages import demand, find
from registry.views.common import form_page, posted
from registry.views.lists import opened

ACCIDENTS = "质量安全事故"


def url_of_accident(accident: Accident) -> str:
    """The accident's page."""
    return reverse("accident_detail", args=[accident.reference])


@require_safe
def accident_list(request):
    """Accidents within one's scope, the latest first."""
    found = opened(request, "accident_list")
    page = found.page(request)
    context = {
        "filters": found.filters, "page": page, "any": found.any_beside(page),
        "may_record": request.user.has_perm("appointments.supervise"),
    }  # fmt: skip
    return render(request, "supervision/accident_list.html", context)


@require_safe
def accident_pick(request):
    """Where an accident happened: an enterprise within one's scope."""
    demand(request.user, "appointments.supervise")
    filters = PickEnterprise(request.GET, user=request.user, today=timezone.localdate())
    visible = Enterprise.unscoped.visible_to(request.user).select_related("county").order_by("name", "pk")
    page = page_of(request, filters.narrow(visible))
    rows = [
        (reverse("accident_new", args=[row.reference]), row.name, row.get_industry_display(), row.county)
        for row in page
    ]
    context = {
        "filters": filters, "page": page, "rows": rows, "unit": "家", "title": "记录质量安全事故",
        "lead": "选择发生事故的企业。", "list_title": ACCIDENTS, "list_url": reverse("accident_list"),
        "none": "没有找到企业", "what": "行业",
    }  # fmt: skip
    return render(request, "supervision/pick.html", context)


def accident_new(request, reference):
    """Record an accident of an enterprise."""
    enterprise = find(Enterprise.unscoped.visible_to(request.user).select_related("county"), reference=reference)
    demand(request.user, "appointments.record_accident", enterprise)
    form = AccidentForm(**posted(request))

    def record(*, by, at):
        values = form.values()
        if upload := values.pop("file"):
            name, data = upload
            values["file"] = store_file(data, name, enterprise=enterprise, internal=True, by=by, at=at)
        return actions.record_accident(enterprise=enterprise, **values, by=by, at=at)

    return form_page(
        request,
        form,
        record,
        to=url_of_accident,
        title="记录质量安全事故",
        caption=f"{enterprise.name}（{enterprise.county.name}）",
        lead=f"单独记录，不是{cite('12.(2)')}的任何一种情形。保存后不能更改。不发消息，企业看不到。",
        trail=[(ACCIDENTS, reverse("accident_list"))],
        submit="记录",
        done="已记录。",
    )


@require_safe
def accident_detail(request, reference):
    """What happened, by what it was established, and that it is no ground."""
    demand(request.user, "registry.see_history")
    rows = Accident.unscoped.visible_to(request.user).select_related(
        "enterprise__county", "file", "recorded_by__county"
    )
    context = {
        "accident": find(rows, reference=reference), "may_record": request.user.has_perm("appointments.supervise")
    }  # fmt: skip
    return render(request, "supervision/accident_detail.html", context)
