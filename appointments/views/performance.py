"""质量工作绩效: who has agreed on what for a year, the agreement with its results, and putting both on file.

Without an agreement on file, ground (2) of Art. 12(二) has no second half: so the list begins with who has none.
"""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.performance import ResultsForm, TargetsForm, years_to_agree
from appointments.models import Appointment, TargetSheet
from appointments.states import APPOINTED_STATES, State
from appointments.views.shown import NextStep, open_appointment
from registry.actions.files import store_file
from registry.citing import cited_late
from registry.models import User
from registry.pages import demand
from registry.views.common import posted
from registry.views.lists import opened
from training.views.common import act_page

TARGETS = "质量工作绩效"
GROUND = cited_late("没有备案的约定，“质量工作绩效”就没有可对照的指标{}。", "12.(2).(2)")

AGREED = [
    "备案后不能修改。需要改的，备案新的约定，以新的为准，原来的仍保存。",
    format_lazy("备案只是记录企业和首席质量官的约定，质监部门不作评价。{}", GROUND),
    "备案不发消息，质监部门在绩效名单中可以看到。",
]
TOLD = [
    "填报后不能修改；情况有变的，可以再填报，以最近一次为准，原来的仍保存。",
    "填报不发消息，质监部门在绩效名单中可以看到。",
]
HELD = (*APPOINTED_STATES, State.ENDED)  # states in which somebody is, or was, in office


def url_of(appointment: Appointment, year: int, name: str = "targets_detail") -> str:
    """The page of an appointment's targets in a year, or one under it."""
    return reverse(name, args=[appointment.reference, year])


def sheets():
    """Agreements with all that their words need, the one in hand first."""
    rows = TargetSheet.unscoped.select_related("agreement", "recorded_by__enterprise", "recorded_by__county")
    return rows.prefetch_related("targets__results__evidence").order_by("-version")


class Standing:
    """An agreement as pages count it: its targets, each with the result in hand."""

    def __init__(self, sheet: TargetSheet | None):
        self.sheet = sheet
        targets = list(sheet.targets.all()) if sheet else []
        self.rows = [(target, next(iter(target.results.all()), None)) for target in targets]
        self.told = [result for _, result in self.rows if result]
        self.met = sum(result.is_met for result in self.told)

    @property
    def words(self) -> tuple[str, str]:
        """How it stands, in colour."""
        if self.sheet is None:
            return "没有约定", "amber"
        left = len(self.rows) - len(self.told)
        return (f"{left} 项结果未填报", "blue") if left else ("结果已齐", "green")

    @property
    def count(self) -> str:
        """How many targets were met, of what was told; 尚无结果 before any was."""
        if not self.told:
            return "尚无结果"
        unmet = len(self.told) - self.met
        return f"完成 {self.met} 项，未完成 {unmet} 项，共 {len(self.rows)} 项"


@require_safe
def targets_list(request):
    """绩效约定 of a year, who has none on file first: the enterprise's own, or all within an office's scope."""
    found = opened(request, "targets_list")
    page = found.page(request)
    context = {
        "page": page,
        "filters": found.filters,
        "year": found.filters.asked_year,
        "any": page.count or Appointment.unscoped.visible_to(request.user).filter(state__in=HELD).exists(),
    }
    return render(request, "supervision/targets_list.html", context)


def _within(request, reference: str, year: int) -> Appointment:
    """The appointment, if this person may see it and it covers that year; Http404 otherwise."""
    appointment = open_appointment(request, reference)
    held = appointment.in_force
    if not held or not held.lower.year <= year <= appointment.last_day.year:
        raise Http404
    return appointment


@require_safe
def targets_detail(request, reference, year):
    """Title, next step, the agreement, each target with its result and evidence, and earlier agreements."""
    appointment, user = _within(request, reference, year), request.user
    found = list(sheets().filter(appointment=appointment, year=year))
    standing = Standing(found[0] if found else None)
    context = {
        "appointment": appointment,
        "year": year,
        "standing": standing,
        "next": next_step(appointment, year, standing, user),
        "earlier": [Standing(sheet) for sheet in found[1:]],
    }
    return render(request, "supervision/targets_detail.html", context)


def next_step(appointment: Appointment, year: int, standing: Standing, user: User) -> NextStep:
    """What is missing, and who has it."""
    may = user.has_perm("appointments.record_targets", appointment)
    agree = f"{reverse('targets_new', args=[appointment.reference])}?year={year}"
    open_year = year in years_to_agree(appointment, timezone.localdate())
    if standing.sheet is None:
        if not open_year:
            return NextStep("没有约定", [f"{year}年已经结束，不能再约定。{GROUND}"])
        if not may:
            lines = [f"由{appointment.enterprise.name}和首席质量官约定后备案。", GROUND]
            return NextStep("等待企业备案绩效约定", lines)
        lines = ["由企业和首席质量官约定年度的质量指标，签字后备案。是否备案由企业决定。", GROUND]
        return NextStep("下一步：备案绩效约定", lines, buttons=[("new", "备案绩效约定", agree)])
    again = [("new", "备案新的约定", agree)] if may and open_year else []
    left = len(standing.rows) - len(standing.told)
    if left and may:
        lines = [f"还有 {left} 项没有结果。可以分几次填报，每次附证明材料。"]
        buttons = [("results", "填报结果", url_of(appointment, year, "targets_results")), *again]
        return NextStep("下一步：填报结果", lines, buttons=buttons)
    if left:
        return NextStep("等待企业填报结果", [f"还有 {left} 项没有结果，由{appointment.enterprise.name}填报。"])
    more = [("results", "更新结果", url_of(appointment, year, "targets_results"))] if may else []
    return NextStep("无需办理", [f"{standing.count}。结果有变的，可以再填报，以最近一次为准。"], links=more + again)


def _stored(form, name: str, appointment: Appointment, **who):
    """The upload of that field, put on file for the enterprise."""
    file_name, data = form.cleaned_data[name]
    return store_file(data, file_name, enterprise=appointment.enterprise, **who)


def _trail(appointment: Appointment, year: int | None = None) -> list[tuple[str, str]]:
    """The way to the forms."""
    trail = [(TARGETS, reverse("targets_list"))]
    if year:
        return [*trail, (f"{appointment.candidate.name}，{year}年", url_of(appointment, year))]
    return [*trail, (appointment.reference, reverse("appointment_detail", args=[appointment.reference]))]


def _caption(appointment: Appointment) -> str:
    return f"{appointment.enterprise.name}，首席质量官{appointment.candidate.name}"


def targets_new(request, reference):
    """Put an agreement for a year on file."""
    appointment, today = open_appointment(request, reference), timezone.localdate()
    demand(request.user, "appointments.record_targets", appointment)
    years = years_to_agree(appointment, today)
    if request.method != "POST" and not years:
        messages.warning(request, "聘任期限内已经没有可以约定的年度。")
        return redirect("targets_list")
    asked = request.GET.get("year", "")
    first = {"initial": {"year": asked}} if asked in map(str, years) else {}
    form = TargetsForm(appointment=appointment, today=today, **first, **posted(request))

    def record(**who):
        agreement = _stored(form, "agreement", appointment, **who)
        return actions.record_targets(appointment, agreement=agreement, **form.agreed(), **who)

    return act_page(
        request,
        form,
        record,
        to=lambda sheet: url_of(appointment, sheet.year),
        done="绩效约定已备案。年底前后填报结果，并附证明材料。",
        template="supervision/targets_form.html",
        title="备案绩效约定",
        caption=_caption(appointment),
        submit="备案",
        trail=_trail(appointment),
        points=AGREED,
    )


def targets_results(request, reference, year):
    """Put on file what became of the targets, with evidence."""
    appointment = _within(request, reference, year)
    demand(request.user, "appointments.record_targets", appointment)
    sheet = sheets().filter(appointment=appointment, year=year).first()
    if sheet is None:
        messages.warning(request, "这一年还没有绩效约定，请先备案。")
        return redirect(url_of(appointment, year))
    form = ResultsForm(sheet=sheet, **posted(request))

    def record(**who):
        evidence = _stored(form, "evidence", appointment, **who)
        return actions.record_results(sheet, results=form.results(), evidence=evidence, **who)

    return act_page(
        request,
        form,
        record,
        to=lambda _: url_of(appointment, year),
        done="结果已填报。",
        template="supervision/targets_results.html",
        standing=Standing(sheet),
        title="填报绩效结果",
        caption=f"{_caption(appointment)}，{year}年",
        submit="填报",
        trail=_trail(appointment, year),
        points=TOLD,
    )
