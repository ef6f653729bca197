"""What the pages say of an appointment: its state, who has the next step, what changed, and what happened."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from appointments.actions import possible
from appointments.actions.filing import opinions_at_check
from appointments.changes import described, last_return
from appointments.eligibility import Checklist, checklist
from appointments.models import Act, Appointment, Paper, SealedScan
from appointments.policies import filing_ends
from appointments.rules import Criterion, due_day, is_renewable, needs_opinion
from appointments.states import TO_DO, ActKind, PaperKind, State
from registry.citing import cited
from registry.models import User
from registry.models.measure import legal_basis
from registry.pages import find
from registry.rules import day_words
from registry.states import Outcome

TONES = {
    State.DRAFT: "",
    State.SUBMITTED: "blue",
    State.RETURNED: "amber",
    State.CHECKED: "blue",
    State.WITHDRAWN: "red",
    State.ENDED: "red",
}
ACT_TONES = {ActKind.RETURNED: "amber"}
NOT_NOW = "这项任命现在是“{}”，不能办理这一步。"
NOT_YOURS = "您没有办理这一事项的权限。"


def open_appointment(request, reference: str) -> Appointment:
    """The appointment, with its parties, if this person may see it; Http404 otherwise."""
    return find(
        Appointment.unscoped.visible_to(request.user).with_parties().select_related("edition"), reference=reference
    )


def with_record(appointment: Appointment) -> Appointment:
    """The same with all that was done and issued at hand: acts with who did them, papers with their sealed scans."""
    acts = Act.unscoped.select_related("by__enterprise", "by__county")
    scans = Prefetch("scans", SealedScan.unscoped.select_related("file"))
    prefetch_related_objects(
        [appointment], Prefetch("acts", acts), Prefetch("papers", Paper.unscoped.prefetch_related(scans))
    )
    return appointment


def url_of(appointment: Appointment) -> str:
    """The appointment's page."""
    return reverse("appointment_detail", args=[appointment.reference])


def step_url(appointment: Appointment, step: int) -> str:
    """One step of preparing it."""
    return reverse("appointment_step", args=[appointment.reference, step])


def act_url(appointment: Appointment, act: str) -> str:
    """The page of an act."""
    pages = {"submit": "appointment_check_answers", "renew": "appointment_renew"}
    if act == "prepare":
        return step_url(appointment, 3 if appointment.declares_ethics else 2)
    if act in pages:
        return reverse(pages[act], args=[appointment.reference])
    return reverse("appointment_act", args=[appointment.reference, act])


def closed(request, appointment: Appointment, act: str):
    """Back to the appointment with the reason, when this act's page does not open; None when it does.

    What was posted is carried out or refused by the act itself, so that a repeat is shown its first result.
    """
    may = request.user.has_perm(f"appointments.{act}", appointment)
    if may and (request.method == "POST" or act in possible(appointment, request.user)):
        return None
    messages.warning(request, NOT_NOW.format(State(appointment.state).label) if may else NOT_YOURS)
    return redirect(url_of(appointment))


def state_words(appointment: Appointment, today: date) -> tuple[str, str]:
    """The state in words, and its colour; in force or not is said of what is filed."""
    word = State(appointment.state).label
    tone = TONES.get(appointment.state, "green")
    if appointment.state == State.FILED:
        if appointment.first_day > today:
            word, tone = "已登记，任期未到", "blue"
        elif appointment.last_day < today:
            word, tone = "已登记，任期已满", "amber"
        else:
            word = "在任，已登记"
    return (f"{word}，代录" if appointment.is_transcribed else word), tone


# --- The next step ---------------------------------------------------------------------------------------------------


@dataclass
class NextStep:
    """What is to be done, who has it, until when, who hears of it, and the buttons."""

    title: str
    lines: list[str]
    note: str = ""
    due: date | None = None
    buttons: list[tuple[str, ...]] = field(default_factory=list)  # act, label, address: the first is the primary one
    links: list[tuple[str, ...]] = field(default_factory=list)


def waiting_since(appointment: Appointment) -> date:
    """The day it reached the office that has it now."""
    at = appointment.checked_at if appointment.state == State.CHECKED else appointment.submitted_at
    return timezone.localdate(at)


def _unmet(listed: Checklist) -> str:
    names = [criterion.title for criterion in needs_opinion(listed.criteria)]
    return f"“{'”“'.join(names)}”不是“符合”，办理时写明意见（附意见登记）。" if names else "任职条件无不符合。"


def next_step(appointment: Appointment, user: User, listed: Checklist | None, today: date) -> NextStep:
    """The one next step as this person sees it, or who has it."""
    acts = possible(appointment, user)
    step = {
        State.DRAFT: _drafted,
        State.SUBMITTED: _submitted,
        State.RETURNED: _returned,
        State.CHECKED: _checked,
        State.FILED: _filed,
        State.WITHDRAWN: _over,
        State.ENDED: _over,
    }[appointment.state](appointment, user, acts, listed, today)
    labels = {"withdraw": "撤回", "end": "终止聘任"}
    step.buttons = [(act, label, act_url(appointment, act)) for act, label in step.buttons]
    step.links = [(act, label, act_url(appointment, act)) for act, label in labels.items() if act in acts]
    return step


def _drafted(appointment, user, acts, listed, today) -> NextStep:
    if "prepare" not in acts:
        return NextStep("企业正在填写", ["这是企业的草稿，尚未任命，也未提交。无需办理。"])
    lines = ["草稿已保存，尚未产生任命。填写完毕后核对，再任命并提交。"]
    return NextStep("下一步：继续填写", lines, buttons=[("prepare", "继续填写"), ("submit", "核对并提交")])


def _submitted(appointment, user, acts, listed, today) -> NextStep:
    bureau, due = appointment.enterprise.county.bureau, due_day(waiting_since(appointment))
    if "check" not in acts:
        lines = [f"由{bureau}核对。登记早晚不改变聘任期限{cited('11')}。"]
        return NextStep("等待核对", lines, note="核对或者退回后，在“消息”中告知。", due=due)
    ends_here = filing_ends(today) == "county"
    note = f"核对或者退回后，消息发给{appointment.enterprise.name}{'' if ends_here else '；核对后同时发给市局'}。"
    buttons = [("check", "核对并登记" if ends_here else "核对并转市局登记"), ("return", "退回补正")]
    return NextStep("下一步：核对", [_unmet(listed)], note=note, due=due, buttons=buttons)


def _checked(appointment, user, acts, listed, today) -> NextStep:
    due = due_day(waiting_since(appointment))
    if "file" not in acts:
        lines = [f"县（市、区）局已核对，由市局登记。登记早晚不改变聘任期限{cited('11')}。"]
        buttons = [("return", "退回补正")] if "return" in acts else []
        return NextStep("等待登记", lines, note="登记或者退回后，在“消息”中告知。", due=due, buttons=buttons)
    note = f"登记后生成登记回执，消息发给{appointment.enterprise.name}和{appointment.enterprise.county.bureau}。"
    buttons = [("file", "登记"), ("return", "退回补正")]
    return NextStep("下一步：登记", [_unmet(listed)], note=note, due=due, buttons=buttons)


def _returned(appointment, user, acts, listed, today) -> NextStep:
    act = last_return(appointment)
    if "prepare" not in acts:
        lines = [f"已退回{appointment.enterprise.name}补正，等待重新提交。退回不影响聘任期限。"]
        return NextStep("等待企业补正", lines)
    lines = [f"{act.by.office_at(act.at)}退回：{act.reason}", f"更正后重新提交。退回不影响聘任期限{cited('11')}。"]
    return NextStep("下一步：补正", lines, buttons=[("prepare", "开始补正"), ("submit", "核对并重新提交")])


def _filed(appointment, user, acts, listed, today) -> NextStep:
    until = day_words(appointment.last_day)
    sealed = any(paper.scans.all() for paper in appointment.papers.all())
    if "seal" in acts and not appointment.is_transcribed and not sealed:
        lines = ["登记已经完成。请打印聘书和授权书，盖章后颁发，再上传盖章件（在“证书文件”中）。"]
        return NextStep("下一步：上传盖章件", lines)
    if "renew" in acts and is_renewable(appointment.last_day, today, _renewal_window(today)):
        lines = [f"聘任期限到{until}。续任是一次新的任命，内容已预填{cited('11')}。"]
        return NextStep("可以办理续任", lines, buttons=[("renew", "办理续任")])
    return NextStep("无需办理", [f"已登记，聘任期限到{until}。"])


def _over(appointment, user, acts, listed, today) -> NextStep:
    if appointment.state == State.WITHDRAWN:
        return NextStep("已撤回", ["这项任命已由企业撤回，无需办理。"])
    why = f"{appointment.get_end_reason_display()}，{day_words(appointment.ended_on)}终止。"
    if "renew" in acts:
        return NextStep("任期已终止", [why, "可以再次任命同一人，内容已预填。"], buttons=[("renew", "再次任命")])
    return NextStep("任期已终止", [why])


def _renewal_window(today: date) -> int:
    """Days before the last day from which renewal is offered, by interpretation."""
    return legal_basis(today).value("renewal_window_days")


# --- The checklist ---------------------------------------------------------------------------------------------------


def _row(criterion: Criterion, opinion: str = "") -> dict:
    """A criterion as the table shows it, with the day it is met from, and the opinion if one was written."""
    since = [f"自{day_words(criterion.met_on)}起符合"] if criterion.met_on else []
    return asdict(criterion) | {"evidence": [*criterion.evidence, *since], "opinion": opinion}


def criteria_of(appointment: Appointment, today: date) -> tuple[list[dict], str, Checklist | None]:
    """The rows, the sentence saying as of when, and the checklist as it is reckoned now; None once it is stored.

    What was filed is shown as it was stored: later facts change no past judgement.
    """
    snapshot = appointment.eligibilitysnapshots.first() if appointment.filed_at else None
    if snapshot is None:
        listed = checklist(appointment, today)
        opinions = opinions_at_check(appointment) if appointment.checked_at else {}
        rows = [_row(criterion, opinions.get(criterion.key, "")) for criterion in listed.criteria]
        return rows, f"按{day_words(listed.as_of)}计算，登记时存档", listed
    stored = [Criterion(**row | {"met_on": _day(row["met_on"])}) for row in snapshot.criteria]
    rows = [_row(criterion, snapshot.opinions.get(criterion.key, "")) for criterion in stored]
    return rows, f"{day_words(timezone.localdate(snapshot.taken_at))}登记时存档", None


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


# --- What changed after a return -------------------------------------------------------------------------------------


def changes_of(appointment: Appointment) -> tuple[list[tuple], datetime | None]:
    """What the last correction changed: (label, remark, before, after), remarked fields first; and when it returned."""
    returned = last_return(appointment)
    again = next((act for act in appointment.acts.all() if act.kind == ActKind.RESUBMITTED), None)
    if not returned or not again or again.at < returned.at:
        return [], None
    remarks, stood, changes = returned.details["remarks"], returned.details["stood"], again.details["changes"]
    labels = {name: label for name, (label, _) in described(appointment).items()}
    rows = []
    for name in [*remarks, *(n for n in changes if n not in remarks)]:
        before, after = changes.get(name, [stood.get(name, "无"), stood.get(name, "无")])
        rows.append((labels.get(name, name), remarks.get(name, ""), before, after if name in changes else "未改动"))
    return rows, returned.at


# --- Papers and what happened ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperRow:
    """A kind of paper: the version in hand, those it replaced, and the sealed scan."""

    current: object
    replaced: list
    scan: object | None


def papers_of(appointment: Appointment) -> list[PaperRow]:
    """The papers issued, in the order of the way."""
    issued = list(appointment.papers.all())
    rows = []
    for kind in PaperKind.values:
        versions = [paper for paper in issued if paper.kind == kind]
        if versions:
            scans = list(versions[0].scans.all())
            rows.append(PaperRow(versions[0], versions[1:], scans[0] if scans else None))
    return rows


@dataclass(frozen=True)
class Event:
    """One entry of the timeline."""

    title: str
    at: datetime | None
    by_line: str
    text: str = ""
    tone: str = ""


def timeline_of(appointment: Appointment) -> list[Event]:
    """Newest first, with what it waits for on top."""
    events = []
    if appointment.state in (State.SUBMITTED, State.CHECKED):
        office = appointment.enterprise.county.bureau if appointment.state == State.SUBMITTED else "市局"
        title = "等待核对" if appointment.state == State.SUBMITTED else "等待登记"
        events.append(Event(title, None, f"{office}，自{day_words(waiting_since(appointment))}", tone="now"))
    elif appointment.state == State.RETURNED:
        events.append(Event("等待补正", None, appointment.enterprise.name, tone="now"))
    for act in appointment.acts.all():
        who = f"{act.by.display_name}（{act.by.office_at(act.at)}）" if act.by else "期满自动终止"
        text = act.reason
        if act.kind == ActKind.RESUBMITTED:
            text = f"更正 {len(act.details.get('changes', {}))} 处"
        elif act.kind == ActKind.SUBMITTED:
            text = "纸质材料代录" if appointment.is_transcribed else "聘书、授权书定稿"
        tone = ACT_TONES.get(act.kind, "")
        events.append(Event(ActKind(act.kind).label, act.at, who, act.flagged(text), tone))
    return events


def predecessor_of(appointment: Appointment) -> Appointment | None:
    """Who was CQO of the enterprise before, if anybody was (Art. 2)."""
    earlier = appointment.enterprise.appointments.filter(in_force__isnull=False).exclude(pk=appointment.pk)
    if appointment.first_day:
        earlier = earlier.filter(first_day__lt=appointment.first_day)
    return earlier.select_related("candidate").order_by("-first_day").first()


# --- Queue -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueRow:
    """One appointment that waits, as the queue shows it."""

    appointment: Appointment
    tag: tuple[str, str]
    unmet: list[Criterion]
    since: date
    due: date

    @property
    def worst(self) -> str:
        """不符合 if any is, else 待核实."""
        return max((c.outcome for c in self.unmet), key=lambda outcome: outcome == Outcome.UNMET).label


def queue_rows(appointments: Iterable[Appointment], lists: dict[int, Checklist]) -> list[QueueRow]:
    """Rows with ``last_acts`` at hand (see ``with_last_return``) and their checklists."""
    rows = []
    for appointment in appointments:
        word, tone = f"待{TO_DO[appointment.state]}", "blue"
        if appointment.state == State.RETURNED:
            tone = "amber"
        elif appointment.last_acts:
            word, tone = f"补正后{word}", "amber"
        if appointment.is_transcribed:
            word = f"{word}，代录"
        since = waiting_since(appointment)
        unmet = needs_opinion(lists[appointment.pk].criteria)
        rows.append(QueueRow(appointment, (word, tone), unmet, since, due_day(since)))
    return rows
