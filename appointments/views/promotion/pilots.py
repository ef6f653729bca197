"""试点企业 (Art. 12(一)): who was guided when, one enterprise's guidance, a record, its correction."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.promotion import AttachmentForm, GuidanceForm
from appointments.models import Appointment, Guidance
from appointments.views.promotion.common import NextStep, binding_page, shown, stored
from registry.citing import cited
from registry.models import Enterprise
from registry.pages import demand, find
from registry.rules import day_words
from registry.states import Designation
from registry.templatetags.portal import cn_range
from registry.views.common import form_page, posted
from registry.views.lists import opened

PILOTS = "试点指导"


def url_of(guidance: Guidance) -> str:
    """The page of a record of guidance."""
    return reverse("guidance_detail", args=[guidance.reference])


def _enterprise(request, reference: str) -> Enterprise:
    return find(Enterprise.unscoped.visible_to(request.user).select_related("county"), reference=reference)


def _trail(enterprise: Enterprise, guidance: Guidance | None = None) -> list[tuple[str, str]]:
    trail = [(PILOTS, reverse("pilot_list")), (enterprise.name, reverse("pilot_detail", args=[enterprise.reference]))]
    return [*trail, (guidance.reference, url_of(guidance))] if guidance else trail


@require_safe
def pilot_list(request):
    """Today's pilots within one's scope, who had no guidance this year first; an enterprise sees its own page."""
    user = request.user
    demand(user, "appointments.take_part")
    if user.enterprise_id:
        return _shown(request, user.enterprise)
    found = opened(request, "pilot_list")
    page = found.page(request)
    return shown(
        request, "pilot_list", filters=found.filters, page=page, any=found.any_beside(page),
        today=found.filters.today, may_guide=user.has_perm("appointments.guide", None),
    )  # fmt: skip


@require_safe
def pilot_detail(request, reference):
    """One enterprise: since when a pilot, its CQO, and the guidance given to it."""
    demand(request.user, "appointments.take_part")
    return _shown(request, _enterprise(request, reference))


def _shown(request, enterprise: Enterprise):
    user, today = request.user, timezone.localdate()
    periods = enterprise.designations.filter(kind=Designation.PILOT).order_by("-period")
    is_pilot = enterprise.is_designated(Designation.PILOT, today)
    given = Guidance.unscoped.visible_to(user).filter(enterprise=enterprise)
    rows = list(given.select_related("recorded_by__county", "recorded_by__enterprise").prefetch_related("corrections"))
    may_guide = bool(periods) and user.has_perm("appointments.guide", enterprise)
    return shown(
        request, "pilot_detail", enterprise=enterprise, periods=[cn_range(row.period) for row in periods], rows=rows,
        cqo=Appointment.unscoped.in_force(today).filter(enterprise=enterprise).select_related("candidate").first(),
        next=_next_step(enterprise, rows, user, is_pilot=is_pilot, may_guide=may_guide, today=today),
        words=("试点企业", "blue") if is_pilot else ("今天不是试点企业", ""),
    )  # fmt: skip


def _next_step(enterprise, rows, user, *, is_pilot: bool, may_guide: bool, today) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    record = [("记录指导", reverse("guidance_new", args=[enterprise.reference]))] if may_guide else []
    last = next((row for row in rows if not row.corrections.all()), None)
    if user.enterprise_id:
        if last:
            text = f"最近一次指导是{day_words(last.day)}，指导意见见下表。"
            return NextStep("请查看指导意见", text, actions=[("查看指导意见", url_of(last))])
        lead = (
            f"试点企业由质监部门指导首席质量官开展工作{cited('12.(1)')}，还没有指导记录。"
            if is_pilot
            else ("试点企业由质监部门登记；贵企业今天不是试点企业，没有指导记录。")
        )
        return NextStep("无需办理", lead)
    if not is_pilot:
        text = f"只对试点企业记录指导{cited('12.(1)')}；在试点期间的指导，仍可补记。"
        return NextStep("今天不是试点企业", text, actions=record)
    if last is None:
        return NextStep("下一步：指导并记录", "还没有指导过这家企业。", actions=record)
    days = (today - last.day).days
    if last.follow_up_on and last.follow_up_on <= today:
        return NextStep(
            "下一步：回访", f"计划{day_words(last.follow_up_on)}回访；上次指导距今 {days} 天。", actions=record
        )
    return NextStep("下一步：继续指导", f"上次指导是{day_words(last.day)}，距今 {days} 天。", actions=record)


# --- A record --------------------------------------------------------------------------------------------------------


def _points(enterprise: Enterprise) -> list[str]:
    return [
        "登记后不能更改或删除；有误的，以一条新的记录更正，两条都保留。",
        f"企业可以看到全部内容和附件。消息发给：{enterprise.name}（站内）。",
    ]


def _record_page(request, enterprise: Enterprise, form: GuidanceForm, *, corrects: Guidance | None, **page):
    def act(**who):
        file = stored(form, enterprise=enterprise, **who)
        return actions.record_guidance(enterprise=enterprise, corrects=corrects, attachment=file, **form.said(), **who)

    points = _points(enterprise)
    return binding_page(
        request, form, act, to=url_of, caption=enterprise.name, points=points, submit="登记",
        done="已登记，消息已发给企业。", **page,
    )  # fmt: skip


def guidance_new(request, reference):
    """Record guidance of an enterprise."""
    enterprise = _enterprise(request, reference)
    demand(request.user, "appointments.guide", enterprise)
    initial = {"day": timezone.localdate(), "officers": request.user.display_name}
    form = GuidanceForm(initial=initial, **posted(request))
    return _record_page(request, enterprise, form, corrects=None, title="记录指导", trail=_trail(enterprise))


def open_guidance(request, reference: str) -> Guidance:
    """The record, if this person may see it; Http404 otherwise."""
    rows = Guidance.unscoped.visible_to(request.user).prefetch_related("corrections", "attachments__file")
    related = ("enterprise__county", "corrects", "recorded_by__county")
    return find(rows.select_related(*related), reference=reference)


def _facts(row: Guidance) -> list[tuple[str, str]]:
    return [
        ("指导日期", day_words(row.day)),
        ("方式", row.get_way_display()),
        ("指导人员", row.officers),
        ("涉及的机制", row.about),
        ("了解到的情况", row.findings),
        ("指导意见", row.advice),
        ("回访日期", day_words(row.follow_up_on) if row.follow_up_on else "没有安排"),
    ]


@require_safe
def guidance_detail(request, reference):
    """One record with its attachments, what it corrects, and what corrects it."""
    row, user = open_guidance(request, reference), request.user
    later = next(iter(row.corrections.all()), None)
    return shown(
        request, "guidance_detail", row=row, rows=_facts(row), later=later,
        words=("已更正", "amber") if later else ("有效", "green"),
        may_guide=user.has_perm("appointments.guide", row.enterprise),
    )  # fmt: skip


def guidance_correct(request, reference):
    """Correct a record by a further one, which starts from what the first said."""
    row = open_guidance(request, reference)
    demand(request.user, "appointments.guide", row.enterprise)
    if request.method != "POST" and row.corrections.all():
        messages.warning(request, "这条指导记录已经更正，请对最新的一条更正。")
        return redirect(url_of(row))
    names = ("day", "way", "officers", "mechanisms", "findings", "advice", "follow_up_on")
    form = GuidanceForm(initial={name: getattr(row, name) for name in names}, **posted(request))
    trail = _trail(row.enterprise, row)
    return _record_page(request, row.enterprise, form, corrects=row, title="更正指导记录", trail=trail)


def guidance_attach(request, reference):
    """Put one more file with a record."""
    row = open_guidance(request, reference)
    demand(request.user, "appointments.guide", row.enterprise)
    form = AttachmentForm(**posted(request))

    def act(**who):
        return actions.attach_to_guidance(row, file=stored(form, enterprise=row.enterprise, **who), **who)

    return form_page(
        request, form, act, to=lambda _: url_of(row), title="添加附件", caption=row.enterprise.name,
        lead="企业可以看到附件。添加后不能移除，不发消息。", trail=_trail(row.enterprise, row), submit="添加",
        done="附件已添加。",
    )  # fmt: skip
