"""报告周期: the list, the notice, its page with everybody's service and report, publishing, later days, taking back.

``ACTS`` is the one table of what may be done with a notice when; buttons and pages both read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.actions.cycles import addressed, legal_text
from appointments.filters.reports import CycleDutyFilter, DutyState, rows_at
from appointments.forms.cycles import CycleForm, ExtensionForm, PlainForm, WithdrawCycleForm
from appointments.models import Appointment, ReportCycle, ReportDuty
from appointments.obligations import notice_fault
from appointments.rules import extension_fault
from appointments.states import CycleState
from appointments.views.reports.following import rows_of
from appointments.views.reports.shown import page_url
from appointments.views.shown import NextStep
from registry.history import events_of, history
from registry.listing import page_of
from registry.models import User
from registry.models.measure import legal_basis
from registry.pages import demand, find
from registry.rules import day_words
from registry.states import Role
from registry.views.common import form_page, posted
from registry.views.lists import exporting, opened
from training.views.common import act_page

CYCLES = "报告周期"
TONES = {CycleState.PUBLISHED: "green", CycleState.WITHDRAWN: "red"}
NOT_NOW = "这份通知现在是“{}”，不能办理这一步。"


def url_of(cycle: ReportCycle) -> str:
    """The notice's page."""
    return reverse("cycle_detail", args=[cycle.reference])


def state_words(cycle: ReportCycle, today: date) -> tuple[str, str]:
    """The state in words, and its colour; a published one whose day is over says so."""
    if cycle.state == CycleState.PUBLISHED and cycle.due_on < today:
        return "已发布，期限已过", "blue"
    return CycleState(cycle.state).label, TONES.get(cycle.state, "")


def open_cycle(request, reference: str) -> ReportCycle:
    """The notice, if this person may see it; Http404 otherwise."""
    rows = ReportCycle.unscoped.visible_to(request.user)
    return find(rows.select_related("county", "edition", "published_by", "withdrawn_by"), reference=reference)


@require_safe
def cycle_list(request):
    """The notices; an enterprise has its reports instead."""
    if request.user.role == Role.ENTERPRISE:
        return redirect("report_list")
    found = opened(request, "cycle_list")
    facts = {"page": found.page(request), "filters": found.filters}
    facts["may_add"] = request.user.has_perm("appointments.publish_cycle")
    return render(request, "supervision/cycle_list.html", facts)


def figures_of(duties, today: date) -> dict[int, dict]:
    """How many duties, and how they stand, by notice; in two queries whatever their number."""
    late = Q(report__received_on__gt=F("due_on"))
    kept = duties.order_by().values("cycle").annotate(
        asked=Count("pk"), received=Count("pk", filter=Q(report__received_on__isnull=False)),
        late=Count("pk", filter=late), to_read=Count("pk", filter=Q(report__state="received")),
    )  # fmt: skip
    owed = rows_at(duties, DutyState.MISSING, today).order_by().values("cycle").annotate(
        missing=Count("pk"), unserved=Count("pk", filter=Q(opened_at=None, paper_served_on=None))
    )  # fmt: skip
    figures = {row["cycle"]: row | {"missing": 0, "unserved": 0} for row in kept}
    for row in owed:
        figures[row["cycle"]] |= row
    for row in figures.values():
        row["exempt"] = row["asked"] - row["received"] - row["missing"]
    return figures


# --- The notice ------------------------------------------------------------------------------------------------------


def cycle_new(request):
    """Draft a notice; nobody is told yet."""
    demand(request.user, "appointments.publish_cycle")
    form = CycleForm(user=request.user, initial=CycleForm.suggested(timezone.localdate()), **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.prepare_cycle(**form.values(), **who),
        to=url_of,
        title="起草报告通知",
        lead="先存草稿，核对报告对象后再发布。发布之前，企业和县（市、区）局看不到。",
        trail=[(CYCLES, reverse("cycle_list"))],
        submit="保存草稿",
        done="草稿已保存，尚未发布。请核对后发布。",
    )


def cycle_edit(request, reference):
    """Change a notice that was not published yet."""
    cycle = open_cycle(request, reference)
    demand(request.user, "appointments.publish_cycle")
    if request.method != "POST" and cycle.state != CycleState.DRAFT:
        messages.warning(request, NOT_NOW.format(CycleState(cycle.state).label))
        return redirect(url_of(cycle))
    names = ("title", "number", "body", "first_day", "last_day", "due_on", "audience")
    initial = {name: getattr(cycle, name) for name in names} | {"county": cycle.county and cycle.county.code}
    form = CycleForm(user=request.user, initial=initial, version=cycle.version, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.save_cycle(cycle, version=form.cleaned_data["version"], **form.values(), **who),
        to=url_of,
        title="修改报告通知",
        trail=[(CYCLES, reverse("cycle_list")), (cycle.reference, url_of(cycle))],
        row=cycle,
        done="草稿已保存，尚未发布。",
    )


# --- Its page --------------------------------------------------------------------------------------------------------


@require_safe
def cycle_detail(request, reference):
    """Title, next step, what is asked of whom, and everybody's service and report, filtered and counted."""
    cycle, user, today = open_cycle(request, reference), request.user, timezone.localdate()
    if user.role == Role.ENTERPRISE:
        return redirect(page_url(ReportDuty.unscoped.visible_to(user).with_parties().filter(cycle=cycle).last()))
    duties = ReportDuty.unscoped.visible_to(user).filter(cycle=cycle)
    figures = figures_of(duties, today).get(cycle.pk, {})
    narrowed, asked = CycleDutyFilter(request.GET, user=user, today=today), request.GET.copy()
    asked["cycle"] = cycle.reference
    narrowed.exporting = exporting(user, "report_list", asked.urlencode())
    found = narrowed.narrow(duties.with_parties()).order_by("appointment__enterprise__name", "pk")
    page = rows_of(page_of(request, found), today)
    for row in page:
        may = row.service[1] == "amber" and user.has_perm("appointments.record_service", row.appointment)
        row.serve_url = page_url(row, "report_service") if may else ""
    context = {
        "cycle": cycle,
        "words": state_words(cycle, today),
        "figures": figures,
        "next": next_step(cycle, user, figures, today),
        "links": _buttons(cycle, user, today, "extend", "withdraw"),
        "filters": narrowed,
        "page": page,
        "extensions": cycle.extensions.filter(duty=None).select_related("by__county"),
        "history": history(events_of(ReportCycle, pgh_obj=cycle)),
    }
    return render(request, "supervision/cycle_detail.html", context)


def next_step(cycle: ReportCycle, user: User, figures: dict, today: date) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    if cycle.state == CycleState.WITHDRAWN:
        return NextStep("无需办理", [f"通知已收回：{cycle.withdrawal_reason}"])
    if cycle.state == CycleState.DRAFT:
        buttons = _buttons(cycle, user, today, "publish")
        edit = [("edit", "修改草稿", reverse("cycle_edit", args=[cycle.reference]))] if buttons else []
        lines = ["草稿只有市局看得到。核对报告对象和期限后发布，发布当天通知企业。"]
        return NextStep("下一步：核对并发布", lines, buttons=buttons + edit)
    unserved, missing, to_read = (figures.get(name, 0) for name in ("unserved", "missing", "to_read"))
    if unserved and today <= cycle.due_on:
        lines = [f"{unserved} 家还没有在平台打开通知。请联系企业打开；或者送达纸质通知，签收后逐家记录日期和证明。"]
        lines += ["没有送达的，不能认定未按时提供。"]
        return NextStep(
            "下一步：送达通知", lines, due=cycle.due_on, buttons=[_narrowed(cycle, "unserved", "查看未送达")]
        )
    if missing and today > cycle.due_on:
        lines = [f"期限已过，{missing} 家没有提交，其中 {unserved} 家没有送达。请联系企业；迟交的仍可收。"]
        return NextStep("下一步：联系未提交的企业", lines, buttons=[_narrowed(cycle, "overdue", "查看未提交")])
    if to_read:
        lines = [f"{to_read} 份报告等待收阅。"]
        return NextStep("下一步：收阅报告", lines, buttons=[_narrowed(cycle, "to_read", "查看待收阅")])
    if missing:
        return NextStep("等待企业提交", [f"通知都已送达，{missing} 家还没有提交。"], due=cycle.due_on)
    lines = ["应当提供的报告都已收到。" if figures.get("received") else "目前没有应当提供报告的企业。"]
    if exempt := figures.get("exempt"):
        lines += [f"{exempt} 家的聘任在报告期限之前终止，没有提交的，不作为未按时提供。"]
    return NextStep("无需办理", lines)


def _narrowed(cycle: ReportCycle, state: str, words: str) -> tuple[str, str, str]:
    return state, words, f"{url_of(cycle)}?state={state}#duties"


# --- The acts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CycleAct:
    """A page that carries one act out: words, form, action, and what it will do in sentences."""

    title: str
    button: str
    done: str
    form: type
    perm: str
    when: Callable  # (cycle, today) → whether
    carry: Callable  # (cycle, form, by=, at=)
    points: Callable  # (cycle, today) → sentences
    template: str = "supervision/cycle_act.html"
    danger: bool = False

    def opens(self, cycle: ReportCycle, user: User, today: date) -> bool:
        """Whether this person may do it now."""
        return self.when(cycle, today) and user.has_perm(f"appointments.{self.perm}")


def _with_version(action: Callable) -> Callable:
    return lambda cycle, form, **who: action(cycle, version=form.cleaned_data["version"], **form.values(), **who)


def _receivers(cycle: ReportCycle, today: date) -> list[Appointment]:
    """Whom the notice goes to; asked once for a page."""
    if not hasattr(cycle, "receivers"):
        cycle.receivers = list(addressed(cycle, today))
    return cycle.receivers


def _publishing(cycle: ReportCycle, today: date) -> list[str]:
    """What publishing does, with how many get the notice and by what."""
    rows = _receivers(cycle, today)
    mailed = sum(bool(row.enterprise.contact_email) for row in rows)
    texted = sum(bool(row.enterprise.contact_phone) for row in rows)
    channels = f"站内消息 {len(rows)} 家，电子邮件 {mailed} 家（留有邮箱的），短信 {texted} 家（联系手机）"
    reach = f"通知发给 {len(rows)} 家企业：{channels}。" if rows else "今天没有企业在报告对象中，不发消息。"
    return [
        reach,
        "只要求报告期内任职的首席质量官报告；期限之前新列入的企业，由系统逐日补发。",
        "企业在平台打开通知即为送达；没有打开的，书面送达后由县（市、区）局或者市局记录。",
        f"{day_words(cycle.due_on)} 24:00 前收到的为按时。期限只能延后，不能提前。",
        "发布后文号、正文、报告期和依据条文不能更改；发布人和时间记录在案。",
    ]


def _withdrawing(cycle: ReportCycle, today: date) -> list[str]:
    if cycle.state == CycleState.DRAFT:
        return ["草稿没有发出，作废后不能恢复，不发消息。"]
    waiting = cycle.duties.open().count()
    return [
        "收回后不能恢复，不再要求提供这次履职报告；没有提交的，不作为未按时提供。",
        "已经收到的报告照常保存。",
        f"消息发给：还没有提交的 {waiting} 家企业（站内、电子邮件）。",
    ]


def _extending(cycle: ReportCycle, today: date) -> list[str]:
    waiting = cycle.duties.open().filter(due_on__gte=today).count()
    return [
        f"现在的期限是{day_words(cycle.due_on)}。所有企业的期限一并延后；已单独延到更晚的，不变。",
        "延期和理由记录在案，期限不能再提前。",
        f"消息发给：还没有提交的 {waiting} 家企业（站内、电子邮件）。",
    ]


ACTS = {
    "publish": CycleAct(
        "发布通知", "发布通知", "通知已发布，消息已发给企业。", PlainForm, "publish_cycle",
        lambda cycle, today: cycle.state == CycleState.DRAFT, _with_version(actions.publish_cycle), _publishing,
        template="supervision/cycle_publish.html",
    ),
    "extend": CycleAct(
        "为全部企业延期", "延期", "已延期，消息已发给还没有提交的企业。", ExtensionForm, "extend_due",
        lambda cycle, today: cycle.state == CycleState.PUBLISHED and today <= cycle.due_on,
        lambda cycle, form, **who: actions.extend_due(cycle, **form.values(), **who), _extending,
    ),
    "withdraw": CycleAct(
        "收回通知", "收回通知", "通知已收回。", WithdrawCycleForm, "publish_cycle",
        lambda cycle, today: cycle.state != CycleState.WITHDRAWN, _with_version(actions.withdraw_cycle), _withdrawing,
        danger=True,
    ),
}  # fmt: skip


def _buttons(cycle: ReportCycle, user: User, today: date, *acts: str) -> list[tuple[str, str, str]]:
    """Name, words and address of those acts that are open to this person now."""
    words = {"publish": "核对并发布", "extend": "为全部企业延期"}
    words["withdraw"] = "作废草稿" if cycle.state == CycleState.DRAFT else "收回通知"
    return [
        (act, words[act], reverse("cycle_act", args=[cycle.reference, act]))
        for act in acts
        if ACTS[act].opens(cycle, user, today)
    ]


def cycle_act(request, reference, act):
    """The page of one act."""
    cycle, today = open_cycle(request, reference), timezone.localdate()
    if act not in ACTS:
        raise Http404
    page = ACTS[act]
    demand(request.user, f"appointments.{page.perm}")
    # What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    if request.method != "POST" and not page.when(cycle, today):
        messages.warning(request, _why_shut(cycle, act, today))
        return redirect(url_of(cycle))
    form = page.form(version=cycle.version, **posted(request))
    return act_page(
        request,
        form,
        partial(page.carry, cycle, form),
        to=lambda _: url_of(cycle),
        done=page.done,
        row=cycle,
        template=page.template,
        points=page.points(cycle, today),
        **_publication(cycle, today) if act == "publish" else {},
        **{"cycle": cycle, "page": page, "title": page.title, "submit": page.button, "danger": page.danger},
        trail=[(CYCLES, reverse("cycle_list")), (cycle.reference, url_of(cycle))],
    )


def _why_shut(cycle: ReportCycle, act: str, today: date) -> str:
    if act == "extend" and cycle.state == CycleState.PUBLISHED:
        return extension_fault(due_on=cycle.due_on, new_due=date.max, today=today) or NOT_NOW
    return NOT_NOW.format(CycleState(cycle.state).label)


def _publication(cycle: ReportCycle, today: date) -> dict:
    """The notice as it will go: to whom, with which words of the measure, and why it cannot go today, if so."""
    basis = legal_basis(today)
    fault = notice_fault(first_day=cycle.first_day, last_day=cycle.last_day, due_on=cycle.due_on, today=today)
    return {
        "receivers": _receivers(cycle, today),
        "law": legal_text(basis.edition),
        "basis": basis,
        "fault": fault and fault[1],
        "edit_url": reverse("cycle_edit", args=[cycle.reference]),
    }
