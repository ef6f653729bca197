"""The talent pool: what anybody may see of it, the list for bureaus and enterprises, an entry, consent and leaving."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registry.history import events_of, history
from registry.listing import page_of
from registry.pages import demand, find
from registry.states import Industry
from registry.views.common import form_page, posted
from registry.views.lists import opened
from training import actions
from training.forms.pool import ConsentForm, LeaveForm
from training.models import Certificate, PoolEntry
from training.standing import ledger, since
from training.states import YearStanding
from training.views.common import stored_evidence

POOL = "人才库"
YEAR_TONES = {
    YearStanding.NOT_SET: "open",
    YearStanding.MET: "green",
    YearStanding.SHORT: "amber",
    YearStanding.UNDERWAY: "blue",
    YearStanding.PARTIAL: "open",
}


def year_words(standing: str) -> tuple[str, str]:
    """How a year's education stands in words, and its colour."""
    return YearStanding(standing).label, YEAR_TONES[standing]


# --- What anybody may see --------------------------------------------------------------------------------------------


def _figures(column: str) -> list[tuple[str, int]]:
    """How many people are in the pool, by a column of the enterprise at which each carried out the project."""
    rows = PoolEntry.unscoped.present().order_by().values_list(f"project__enterprise__{column}")
    return list(rows.annotate(people=Count("pk")).order_by("-people", f"project__enterprise__{column}"))


@login_not_required
@never_cache
@require_safe
def talent_pool(request):
    """How many people, where and in what trade; by name only those who agreed (个人信息保护法 25).

    The figures are public and shown as they are, however small: a county or a trade alone names nobody.
    """
    counties = _figures("county__name")
    named = PoolEntry.unscoped.named().select_related("candidate", "project__enterprise")
    context = {
        "total": sum(people for _, people in counties),
        "counties": counties,
        "industries": [(Industry(code).label, people) for code, people in _figures("industry")],
        "page": page_of(request, named),
        "today": timezone.localdate(),
    }
    return render(request, "training/talent_pool.html", context)


# --- The list --------------------------------------------------------------------------------------------------------


@require_safe
def pool_list(request):
    """Who is or was in the pool, within one's scope."""
    found = opened(request, "pool_list")
    page = found.page(request)
    context = {"filters": found.filters, "page": page, "any": found.any_beside(page), "today": found.filters.today}
    return render(request, "training/pool_list.html", context)


# --- One entry -------------------------------------------------------------------------------------------------------


def _open_entry(request, reference: str) -> PoolEntry:
    """The entry, with its parties, if this person may see it; Http404 otherwise."""
    rows = PoolEntry.unscoped.visible_to(request.user).with_revoked()
    related = ("candidate", "project__enterprise__county", "certificate__body", "edition", "left_by")
    return find(rows.select_related(*related).prefetch_related("consents"), reference=reference)


def _url_of(entry: PoolEntry) -> str:
    return reverse("pool_entry", args=[entry.reference])


def _trail_to(entry: PoolEntry) -> list[tuple[str, str]]:
    return [(POOL, reverse("pool_list")), (entry.reference, _url_of(entry))]


@require_safe
def pool_entry(request, reference):
    """Both facts, the day, consent and its history, the education since, and leaving."""
    entry, user, today = _open_entry(request, reference), request.user, timezone.localdate()
    current = Certificate.unscoped.visible_to(user).current().filter(enrolment=entry.certificate.enrolment_id)
    years = ledger(entry.candidate, user, today, first_year=entry.entered_on.year)
    last_year = (entry.left_on or today).year
    context = {
        "entry": entry,
        "certificate": current.prefetch_related("revocations").first(),
        "consents": entry.consents.select_related("by__county", "by__enterprise", "evidence"),
        "years": [
            (year, year_words(since(year, entry.entered_on).standing))
            for year in years
            if entry.entered_on.year <= year.year <= last_year
        ],
        "may_consent": entry.left_at is None and user.has_perm("training.record_consent", entry),
        "may_leave": entry.left_at is None and user.has_perm("training.leave_pool", entry),
    }
    if user.has_perm("registry.see_history"):
        context["history"] = history(events_of(PoolEntry, pgh_obj=entry))
    return render(request, "training/pool_entry.html", context)


def _left(request, entry: PoolEntry):
    """Back to the entry of somebody who left, with the reason; None while the person is in the pool."""
    if request.method == "POST" or entry.left_at is None:
        return None
    messages.warning(request, "此人已退出人才库，不能办理这一步。")
    return redirect(_url_of(entry))


def pool_consent(request, reference):
    """Record what the person said of being named in public."""
    entry = _open_entry(request, reference)
    demand(request.user, "training.record_consent", entry)
    if shut := _left(request, entry):
        return shut
    form = ConsentForm(**posted(request))

    def act(**who):
        evidence = stored_evidence(form, entry.project.enterprise, **who)
        return actions.record_consent(entry, agreed=form.cleaned_data["agreed"] == "yes", evidence=evidence, **who)

    return form_page(
        request,
        form,
        act,
        to=lambda _: _url_of(entry),
        title="登记公开姓名的意见",
        caption=f"{entry.candidate.name}，{entry.project.enterprise.name}",
        lead=(
            "同意后，公开页列出此人的姓名、企业和纳入日期，别无其他；"
            "收回后，姓名当即不再列出。是否公开由本人决定（个人信息保护法第二十五条）。登记不发消息。"
        ),
        trail=_trail_to(entry),
        submit="登记",
        done="已登记，公开页随之更新。",
    )


def pool_leave(request, reference):
    """Record that somebody left the pool."""
    entry = _open_entry(request, reference)
    demand(request.user, "training.leave_pool", entry)
    if shut := _left(request, entry):
        return shut
    form = LeaveForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.leave_pool(entry, **form.values(), **who),
        to=lambda _: _url_of(entry),
        title="登记退出人才库",
        caption=f"{entry.candidate.name}，{entry.project.enterprise.name}",
        lead=(
            "办法没有规定退出的情形，由市局写明理由登记，登记后不能更改。退出后，此人的姓名不再公开，也不再因在库参加年度继续教育；"
            "凭原来的证书和课题不再纳入。登记不发消息，请另行告知企业和本人。"
        ),
        trail=_trail_to(entry),
        submit="登记退出",
        danger=True,
        done="已登记退出。",
    )
