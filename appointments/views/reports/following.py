"""Report duties as one follows them: the list, a duty's page, opening the notice, and what the bureau does with each.

``ACTS`` is the one table of who may do what when; buttons and pages both read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from appointments import actions
from appointments.forms.cycles import ExtensionForm, ServiceForm
from appointments.forms.reports import NoteForm, ReturnReportForm
from appointments.models import DutyReport, ReportDuty, ReportReceipt
from appointments.rules import extension_fault
from appointments.states import CycleState, ReportState
from appointments.views.reports.shown import (
    changes_of,
    is_written,
    next_step,
    of_duty,
    open_duty,
    page_url,
    report_of,
    report_words,
    service_words,
    shown_to,
    time_words,
    timeline_of,
    told,
    trail_of,
)
from registry.actions.files import store_file
from registry.history import events_of, history
from registry.models import User
from registry.pages import demand, find
from registry.rules import day_words
from registry.views.common import posted
from registry.views.lists import opened
from registry.views.papers import bytes_of, pdf_response
from training.views.common import act_page

NOT_NOW = "这份履职报告现在不能办理这一步，请查看最新办理经过。"


# --- Lists -----------------------------------------------------------------------------------------------------------


def rows_of(page, today: date):
    """Some duties, each with its words."""
    for duty in page:
        duty.service, duty.words = service_words(duty), report_words(duty, today)
        duty.time = time_words(duty, today)
    return page


@require_safe
def report_list(request):
    """履职报告: the duties of an enterprise, or of all within an office's scope."""
    found = opened(request, "report_list")
    page = found.page(request)
    context = {"filters": found.filters, "page": page, "any": found.any_beside(page), "today": found.filters.today}
    return render(request, "supervision/report_list.html", context)


# --- One duty --------------------------------------------------------------------------------------------------------


@require_safe
def report_detail(request, reference, appointment):
    """Title, next step, the notice once opened, its service, the report as handed in, receipt, what happened."""
    duty, user, today = open_duty(request, reference, appointment), request.user, timezone.localdate()
    acts = {act.name: act.button for act in ACTS.values() if act.opens(duty, user, today)}
    own = user.has_perm("appointments.prepare_report", duty.appointment)
    if may_transcribe(duty, user):
        acts["report_counter"] = "代录纸质报告"
    context = {
        "duty": duty,
        "report": report_of(duty),
        "own": own,
        "unopened": own and duty.opened_at is None and is_written(duty),
        "reads_notice": not user.enterprise_id or duty.opened_at is not None,
        "words": report_words(duty, today),
        "service": service_words(duty),
        "time": time_words(duty, today),
        "next": next_step(duty, user, today, acts),
        "said": shown_to(user, duty),
        "changes": [] if user.enterprise_id else changes_of(report_of(duty)),
        "receipt": ReportReceipt.unscoped.visible_to(user).filter(report__duty=duty).first(),
        "links": [(words, page_url(duty, name)) for name, words in acts.items() if name in ASIDE],
        "events": timeline_of(duty),
        "history": _history(duty) if user.has_perm("registry.see_history") else [],
    }
    return render(request, "supervision/report_detail.html", context)


def _history(duty: ReportDuty):
    """What was written about a duty and its report; not what the enterprise is still writing."""
    handed_in = {"state__in": (ReportState.RECEIVED, ReportState.NOTED)}
    return history(events_of(ReportDuty, pgh_obj=duty), events_of(DutyReport, duty=duty, **handed_in))


def may_transcribe(duty: ReportDuty, user: User) -> bool:
    """Whether this office may write in a paper report now: nothing came in yet."""
    standing = duty.cycle.state == CycleState.PUBLISHED and duty.received_on is None
    return standing and user.has_perm("appointments.transcribe_report", duty.appointment)


@require_POST
def report_open(request, reference, appointment):
    """打开通知: its receipt. The first time counts; again is harmless, so the form carries no token."""
    duty = open_duty(request, reference, appointment)
    demand(request.user, "appointments.prepare_report", duty.appointment)
    opened = actions.open_notice(duty, by=request.user, at=timezone.now())
    messages.success(request, f"通知已于{day_words(timezone.localdate(opened.opened_at))}打开，即为收到。全文如下。")
    return redirect(f"{page_url(duty)}#notice")


@require_safe
def report_receipt_pdf(request, reference, appointment):
    """The receipt as issued: shown in the browser, or downloaded with ``?download=1``."""
    receipts = ReportReceipt.unscoped.visible_to(request.user)
    receipt = find(receipts, report__duty__cycle__reference=reference, report__duty__appointment__reference=appointment)
    name = f"履职报告收讫回执 {receipt.number}.pdf"
    return pdf_response(bytes_of(receipt), name, download="download" in request.GET)


# --- What the bureau does --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DutyAct:
    """A page that carries one act out: words, form, action, and what it will do in sentences."""

    name: str
    title: str
    button: str
    done: str
    form: type
    perm: str
    when: Callable  # (duty, today) → whether
    carry: Callable  # (duty, form, by=, at=)
    points: Callable  # duty → sentences
    versioned: bool = False

    def opens(self, duty: ReportDuty, user: User, today: date) -> bool:
        """Whether this person may do it now."""
        return self.when(duty, today) and user.has_perm(f"appointments.{self.perm}", duty.appointment)


def _state_is(duty: ReportDuty, state: str) -> bool:
    report = report_of(duty)
    return report is not None and report.state == state and duty.cycle.state == CycleState.PUBLISHED


def _serve(duty: ReportDuty, form, *, by, at):
    name, data = form.cleaned_data["proof"]
    proof = store_file(data, name, enterprise=duty.enterprise, by=by, at=at)
    return actions.record_service(duty, served_on=form.cleaned_data["served_on"], proof=proof, by=by, at=at)


def _extend(duty: ReportDuty, form, **who):
    return actions.extend_due(duty.cycle, duty=duty, **form.values(), **who)


def _of_report(action: Callable) -> Callable:
    return lambda duty, form, **who: action(
        report_of(duty), version=form.cleaned_data["version"], **form.values(), **who
    )


ACTS = {
    "service": DutyAct(
        "report_service", "记录纸质送达", "记录纸质送达", "纸质送达已记录。", ServiceForm, "record_service",
        lambda duty, today: duty.cycle.state == CycleState.PUBLISHED and duty.paper_served_on is None, _serve,
        lambda duty: [
            "记录后通知即为送达，日期和证明不能更改。",
            "平台打开和纸质送达，以较早的一次为送达日期。",
            "记录不发消息；企业在报告页面看到送达日期和证明。",
        ],
    ),
    "extend": DutyAct(
        "report_extend", "为这一家延期", "延期", "已延期，消息已发给企业。", ExtensionForm, "extend_due",
        lambda duty, today: duty.cycle.state == CycleState.PUBLISHED and duty.received_on is None
        and today <= duty.due_on, _extend,
        lambda duty: [
            f"现在的期限是{day_words(duty.due_on)}。只改这一家的期限，其他企业不变。",
            "期限只能往后延，延期和理由记入办理经过。",
            told(duty.enterprise.name),
        ],
    ),
    "return": DutyAct(
        "report_return", "退回补充", "退回补充", "已退回，消息已发给企业。", ReturnReportForm, "read_report",
        lambda duty, today: _state_is(duty, ReportState.RECEIVED) and not report_of(duty).is_transcribed,
        _of_report(actions.return_report),
        lambda duty: [
            f"收到日期仍是{day_words(duty.received_on)}：是否按时已经确定，不因退回改变。",
            "企业按写明的内容补充，再重新提交。",
            told(duty.enterprise.name),
        ],
        versioned=True,
    ),
    "note": DutyAct(
        "report_note", "收阅", "收阅", "已收阅。", NoteForm, "read_report",
        lambda duty, today: _state_is(duty, ReportState.RECEIVED), _of_report(actions.note_report),
        lambda duty: [
            "收阅表示已经阅读，不是对报告内容的评价。收阅后不再退回。",
            "收阅不发消息；企业在报告页面看到收阅日期。",
        ],
        versioned=True,
    ),
}  # fmt: skip
ASIDE = ("report_service", "report_extend")


def duty_act(request, reference, appointment, act):
    """The page of one act on a duty."""
    duty, page, today = open_duty(request, reference, appointment), ACTS[act], timezone.localdate()
    demand(request.user, f"appointments.{page.perm}", duty.appointment)
    report = report_of(duty)
    # What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    asked = request.method == "POST" and not (page.versioned and report is None)
    if not asked and not page.when(duty, today):
        messages.warning(request, _why_shut(act, duty, today))
        return redirect(page_url(duty))
    version = {"version": report.version} if page.versioned and report else {}
    form = page.form(**version, **posted(request))
    return act_page(
        request,
        form,
        partial(page.carry, duty, form),
        to=lambda _: page_url(duty),
        done=page.done,
        row=report,
        template="supervision/report_act.html",
        duty=duty,
        title=page.title,
        caption=of_duty(duty),
        submit=page.button,
        points=page.points(duty) if page.when(duty, today) else [],
        words=report_words(duty, today),
        service=service_words(duty),
        trail=trail_of(duty, request.user),
    )


def _why_shut(act: str, duty: ReportDuty, today: date) -> str:
    fault = extension_fault(due_on=duty.due_on, new_due=date.max, today=today) if act == "extend" else None
    return fault or NOT_NOW
