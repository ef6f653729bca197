"""An appointment's own page, and the acts on it: each has its page, its form, and one button that binds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from appointments.actions import check, end, file, possible, renew, return_for_correction, withdraw
from appointments.actions.filing import opinions_at_check
from appointments.changes import described
from appointments.eligibility import checklist
from appointments.forms import EndForm, OpinionForm, ReturnForm, WithdrawForm
from appointments.models import Appointment
from appointments.policies import filing_ends
from appointments.rules import needs_opinion
from appointments.states import State
from appointments.views import shown
from appointments.views.related import related
from registry.actions.files import store_file
from registry.history import events_of, history
from registry.pages import PortalForm, carry_out


def detail(request, reference):
    """Title, next step, what changed, facts by question, checklist, papers, timeline, history for staff."""
    appointment = shown.with_record(shown.open_appointment(request, reference))
    today = timezone.localdate()
    rows, as_of, listed = shown.criteria_of(appointment, today)
    changes, returned_at = shown.changes_of(appointment)
    context = {
        "appointment": appointment,
        "words": shown.state_words(appointment, today),
        "next": shown.next_step(appointment, request.user, listed, today),
        "acts": possible(appointment, request.user),
        "changes": changes,
        "returned_at": returned_at,
        "rows": rows,
        "as_of": as_of,
        "papers": shown.papers_of(appointment),
        "evidences": appointment.evidences.select_related("file"),
        "events": shown.timeline_of(appointment),
        "predecessor": shown.predecessor_of(appointment),
        "related": related(appointment, request.user, today),
        "today": today,
    }
    if request.user.has_perm("registry.see_history"):
        context["history"] = history(events_of(Appointment, pgh_obj=appointment))
    return render(request, "appointments/detail.html", context)


# --- The acts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ActPage:
    """A page that carries one act out: words, form and action."""

    title: str
    lead: str
    button: str
    done: str
    build: Callable
    carry: Callable
    template: str = "appointments/act.html"
    cites: tuple[str, str] | None = None  # what stands for {} in the lead


def _opinions(request, appointment: Appointment) -> OpinionForm:
    wanted = needs_opinion(checklist(appointment, timezone.localdate()).criteria)
    written = opinions_at_check(appointment) if appointment.state == State.CHECKED else {}
    return OpinionForm(_posted(request), appointment=appointment, wanted=wanted, written=written)


def _remarks(request, appointment: Appointment) -> ReturnForm:
    return ReturnForm(_posted(request), appointment=appointment, described=described(appointment))


def _own_act(form: type[WithdrawForm | EndForm]) -> Callable:
    """A form of the enterprise's own act; a bureau that transcribes it is asked for the enterprise's paper."""
    return lambda request, appointment: form(
        _posted(request), request.FILES or None, appointment=appointment, transcribes=not request.user.enterprise_id
    )


def _posted(request):
    return request.POST if request.method == "POST" else None


def _with_opinions(action: Callable) -> Callable:
    return lambda row, form, **who: action(row, version=form.cleaned_data["version"], opinions=form.opinions(), **who)


def _with_remarks(row, form, **who):
    return return_for_correction(row, version=form.cleaned_data["version"], remarks=form.remarks(), **who)


def _with_values(action: Callable) -> Callable:
    def carry(row, form, **who):
        values = form.values()
        if scan := values.pop("scan", None):
            values["scan"] = store_file(scan[1], scan[0], enterprise=row.enterprise, **who)
        return action(row, version=form.cleaned_data["version"], **values, **who)

    return carry


ACTS = {
    "check": ActPage(
        "核对", "对照企业提交的材料核对。不是“符合”的条件，逐项写明意见，登记时一并注明{}。",
        "核对", "已核对。", _opinions, _with_opinions(check), "appointments/act_opinions.html",
        ("9", "11"),
    ),
    "file": ActPage(
        "登记", 
        "登记任命，发给登记回执。任职条件按今天的材料存档，不是“符合”的，意见写入回执{}。",
        "登记并发给回执", "已登记，登记回执已生成。", _opinions, _with_opinions(file), "appointments/act_opinions.html",
        ("9", "11"),
    ),
    "return": ActPage(
        "退回补正",
        "只为能够更正的缺陷退回：勾选字段并写明怎样更正。不符合任职条件的，不退回，附意见登记。退回不影响聘任期限。",
        "退回补正", "已退回，消息已发给企业。", _remarks, _with_remarks, "appointments/act_return.html",
    ),
    "withdraw": ActPage(
        "撤回", "撤回后不能恢复。已经提交的，任期当天终止，聘书和授权书随之失效；需要时可以重新任命。",
        "撤回", "已撤回。", _own_act(WithdrawForm), _with_values(withdraw),
    ),
    "end": ActPage(
        "终止聘任", "终止聘任是企业自己的决定{}。终止后，次日起可以任命新的首席质量官。",
        "终止聘任", "已终止。新的首席质量官可以自次日起任命。", _own_act(EndForm), _with_values(end),
        cites=("11", ""),
    ),
}  # fmt: skip


def act(request, reference, act):
    """The page of one act."""
    appointment = shown.open_appointment(request, reference)
    if act not in ACTS:
        raise Http404
    if shut := shown.closed(request, appointment, act):
        return shut
    page = ACTS[act]
    form = page.build(request, appointment)
    if request.method == "POST" and form.is_valid():
        carry = partial(page.carry, appointment, form)
        if done := carry_out(request, form, carry, shown.url_of, row=appointment, done=page.done):
            return done
    context = {
        "appointment": appointment,
        "page": page,
        "lead": page.lead.partition("{}"),
        "act": act,
        "form": form,
        "words": shown.state_words(appointment, timezone.localdate()),
        "ends_here": filing_ends(timezone.localdate()) == "county",
    }
    return render(request, page.template, context)


@require_POST
def renew_appointment(request, reference):
    """续任: the next appointment, pre-filled, or the one already begun. To ask twice gives the same draft."""
    appointment = shown.open_appointment(request, reference)
    form = PortalForm(request.POST)
    if not form.is_valid():
        form = PortalForm({"token": form.fields["token"].initial})
        form.is_valid()
    return carry_out(request, form, partial(renew, appointment), _begun) or _refused(request, form, appointment)


def _begun(draft: Appointment) -> str:
    return shown.step_url(draft, 2) if draft.state == State.DRAFT else shown.url_of(draft)


def _refused(request, form: PortalForm, appointment: Appointment):
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return redirect(shown.url_of(appointment))
