"""What pages say of a report duty: its states in words, who has the next step, what was handed in, what happened."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone

from appointments.actions.reports import content_of
from appointments.filters.reports import is_owed
from appointments.models import DutyReport, ReportCycle, ReportDuty
from appointments.models.appointments import DAY
from appointments.rules import SECTIONS
from appointments.rules.reports import days_late
from appointments.states import CycleState, ReportActKind, ReportState
from appointments.views.shown import Event, NextStep
from registry.citing import cited
from registry.models import StoredFile, User
from registry.models.authority import authority_on
from registry.pages import find
from registry.rules import day_words

BEING_WRITTEN = (ReportState.DRAFT, ReportState.RETURNED)
HANDED_IN = (ReportActKind.RECEIVED, ReportActKind.TRANSCRIBED, ReportActKind.SUPPLEMENTED)
ACT_TONES = {ReportActKind.RETURNED: "amber"}


def open_duty(request, reference: str, appointment: str) -> ReportDuty:
    """The duty, with its notice, parties and report, if this person may see it; Http404 otherwise."""
    rows = ReportDuty.unscoped.visible_to(request.user).with_parties()
    acted = rows.select_related("cycle__edition", "opened_by__enterprise", "paper_recorded_by__county")
    return find(acted, cycle__reference=reference, appointment__reference=appointment)


def report_of(duty: ReportDuty) -> DutyReport | None:
    """The report, in whatever state; None while nobody has begun it."""
    return getattr(duty, "report", None)


def page_url(duty: ReportDuty, name: str = "report_detail") -> str:
    """The duty's page, or one of those under it, by its URL name."""
    return reverse(name, args=[duty.cycle.reference, duty.appointment.reference])


def of_duty(duty: ReportDuty) -> str:
    """Whose report, for headings."""
    return f"{duty.enterprise.name}，{duty.appointment.candidate.name}"


def told(name: str, *, sms: bool = False) -> str:
    """Who gets the message of an act, and by what."""
    return f"消息发给：{name}（站内、电子邮件{'、短信' if sms else ''}）。"


def trail_of(duty: ReportDuty, user: User) -> list[tuple[str, str]]:
    """The way to what stands under a duty."""
    own = user.enterprise_id is not None
    first = ("履职报告", reverse("report_list"))
    middle = [] if own else [(duty.cycle.number, reverse("cycle_detail", args=[duty.cycle.reference]))]
    return [first, *middle, (duty.appointment.reference, page_url(duty))]


# --- States in words -------------------------------------------------------------------------------------------------


def is_written(duty: ReportDuty) -> bool:
    """Whether the enterprise may write now: nothing came in yet, or it was returned."""
    report = report_of(duty)
    return duty.cycle.state == CycleState.PUBLISHED and (report is None or report.state in BEING_WRITTEN)


def may_begin(duty: ReportDuty, today: date) -> bool:
    """Whether a report can be begun or gone on with: in office today, or begun while in office."""
    return is_written(duty) and (report_of(duty) is not None or today in duty.appointment.in_force)


def service_words(duty: ReportDuty) -> tuple[str, str]:
    """Served or not, in colour; what is no longer owed need not be served."""
    if duty.served_on:
        return "已送达", "green"
    return ("未送达", "amber") if is_owed(duty) and duty.received_on is None else ("未送达", "")


def report_words(duty: ReportDuty, today: date) -> tuple[str, str]:
    """How the report stands, in colour."""
    report = report_of(duty)
    if duty.received_on is None:
        if duty.cycle.state != CycleState.PUBLISHED:
            return "通知已收回", "red"
        if not is_owed(duty):
            return "期限前终止，不要求", ""
        if today > duty.due_on:
            return "期限已过，未提交", "red"
        return ("填写中", "blue") if report else ("未提交", "amber")
    return {
        ReportState.RECEIVED: ("已收到，待收阅", "blue"),
        ReportState.RETURNED: ("退回补充", "amber"),
        ReportState.NOTED: ("已收阅", "green"),
    }[report.state]


def time_words(duty: ReportDuty, today: date) -> str:
    """In time or how late, of what came in; how long over, of what did not. By receipt and due day alone."""
    if duty.received_on:
        late = days_late(duty.received_on, duty.due_on)
        return f"迟交 {late} 天" if late else "按时"
    late = days_late(today, duty.due_on)
    return f"已过 {late} 天" if late and is_owed(duty) else ""


# --- The next step ---------------------------------------------------------------------------------------------------


def next_step(duty: ReportDuty, user: User, today: date, acts: dict) -> NextStep:
    """The one next step as this person sees it, or who has it. ``acts``: those open now, name → words."""
    if duty.cycle.state != CycleState.PUBLISHED:
        return NextStep("无需办理", [f"通知已收回，不再要求提供这次履职报告。原因：{duty.cycle.withdrawal_reason}"])
    own = user.has_perm("appointments.prepare_report", duty.appointment)
    step = _of_enterprise(duty, today) if own else _of_bureau(duty, today, acts)
    step.buttons = [(act, words, page_url(duty, act)) for act, words in step.buttons]
    return step


def _last_day(duty: ReportDuty) -> str:
    return day_words(duty.appointment.in_force.upper - DAY)


def _until(duty: ReportDuty, today: date) -> str:
    if not is_owed(duty):
        return f"聘任{_last_day(duty)}终止，早于报告期限：没有提交的，不作为未按时提供；任期内仍可提交。"
    if today > duty.due_on:
        late = days_late(today, duty.due_on)
        return f"报告期限{day_words(duty.due_on)}已过 {late} 天。仍可提交，今天提交的记为迟交 {late} 天。"
    return f"{day_words(duty.due_on)} 24:00 前提交的为按时。"


def _of_enterprise(duty: ReportDuty, today: date) -> NextStep:
    report, bureau = report_of(duty), duty.enterprise.county.bureau
    if duty.received_on is None and not may_begin(duty, today):
        return NextStep("无需办理", ["这项任命已经终止，不再提供这次履职报告。"])
    if duty.served_on is None and duty.received_on is None:
        lines = [
            "市局向贵企业发了一份通知，要求提供首席质量官履职报告。通知的全文在打开后显示。",
            f"打开即为收到：平台记录打开的时间和打开人，作为送达的凭据{cited('12.(2).(3)')}。",
            *([] if is_owed(duty) else [_until(duty, today)]),
        ]
        return NextStep("下一步：打开通知", lines, due=duty.due_on)
    if duty.received_on is None:
        words = "继续填写" if report else "开始填写"
        lines = [
            f"对照首席质量官的职责{cited('5')}逐项填写。边填边自动保存，可以分几次完成；核对后再提交。",
            _until(duty, today),
        ]
        buttons = [("report_edit", words)] + ([("report_check", "核对并提交")] if report else [])
        return NextStep(f"下一步：{words}", lines, due=duty.due_on, buttons=buttons)
    if report.state == ReportState.RETURNED:
        act = report.acts.filter(kind=ReportActKind.RETURNED).select_related("by__county").first()
        said = f"{act.by.office_at(act.at)}退回补充：{act.reason}"
        lines = [said, f"收到日期仍是{day_words(duty.received_on)}，不变。"]
        buttons = [("report_edit", "补充报告"), ("report_check", "核对并重新提交")]
        return NextStep("下一步：补充后重新提交", lines, buttons=buttons)
    if report.state == ReportState.RECEIVED:
        return NextStep(f"等待{bureau}收阅", ["报告已收到，收讫回执可以下载。需要补充的，在“消息”中告知。"])
    return NextStep("无需办理", [f"质监部门已于{day_words(timezone.localdate(report.noted_at))}收阅。"])


def _of_bureau(duty: ReportDuty, today: date, acts: dict) -> NextStep:
    report, name = report_of(duty), duty.enterprise.name
    if duty.received_on is None:
        return _awaited(duty, today, acts)
    if report.state == ReportState.RECEIVED:
        lines = ["阅读报告。内容完整的收阅；缺内容的退回补充，收到日期不变。收阅不是对内容的评价。"]
        buttons = [(act, acts[act]) for act in ("report_note", "report_return") if act in acts]
        note = f"退回补充时消息发给{name}；收阅不发消息。" if buttons else ""
        return NextStep("下一步：收阅" if buttons else "等待收阅", lines, note=note, buttons=buttons)
    if report.state == ReportState.RETURNED:
        return NextStep("等待企业补充", [f"已退回{name}补充。收到日期仍是{day_words(duty.received_on)}。"])
    return NextStep("无需办理", [f"已于{day_words(timezone.localdate(report.noted_at))}收阅。"])


def _awaited(duty: ReportDuty, today: date, acts: dict) -> NextStep:
    """Nothing came in yet: unserved, waited for, or no longer owed."""
    counter = [("report_counter", acts["report_counter"])] if "report_counter" in acts else []
    if not is_owed(duty):
        lines = [f"聘任{_last_day(duty)}终止，早于报告期限。没有提交的，不作为未按时提供。"]
        return NextStep("不要求提供", lines, buttons=counter)
    if duty.served_on is None:
        lines = [
            "企业还没有在平台打开通知。没有送达的，不能认定未按时提供。",
            "请联系企业打开通知；或者送达纸质通知，签收后在这里记录日期和证明。",
        ]
        service = [("report_service", acts["report_service"])] if "report_service" in acts else []
        return NextStep("下一步：送达通知", lines, due=duty.due_on, buttons=service + counter)
    if today <= duty.due_on:
        lines = [f"通知已于{day_words(duty.served_on)}送达。企业递交纸质报告的，在窗口代录。"]
        return NextStep("等待企业提交", lines, due=duty.due_on, buttons=counter)
    served = duty.served_on <= duty.due_on
    why = "期限之前已经送达，" if served else "送达晚于报告期限，"
    lines = [f"{why}期限已过 {days_late(today, duty.due_on)} 天，没有收到报告。请联系企业；迟交的仍可收。"]
    return NextStep("等待企业提交，期限已过", lines, due=duty.due_on, buttons=counter)


# --- What was handed in ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What a report says under one section."""

    field: str
    clause: str
    title: str
    text: str


@dataclass(frozen=True)
class Said:
    """A report as pages show it: its answers in two parts, the vetoes, the attachments as (name, file or None)."""

    answers: list[Answer]
    used_veto: bool | None
    vetoes: list[dict]
    attachments: list[tuple[str, StoredFile | None]]


def said_in(content: dict, duty: ReportDuty, user: User) -> Said:
    """A report's content, as kept with its handing-in or as it stands now."""
    hashes = {row["sha256"] for row in content["attachments"]}
    rows = StoredFile.unscoped.visible_to(user).filter(enterprise=duty.enterprise, sha256__in=hashes)
    files = {row.sha256: row for row in rows} if hashes else {}
    answers = [Answer(s.field, s.clause, s.title, content[s.field]) for s in SECTIONS]
    vetoes = [veto | {"day": date.fromisoformat(veto["day"])} for veto in content["vetoes"]]
    attached = [(row["name"], files.get(row["sha256"])) for row in content["attachments"]]
    return Said(answers, content["used_veto"], vetoes, attached)


def shown_to(user: User, duty: ReportDuty) -> Said | None:
    """What this person may read of the report: the enterprise its own as it stands, an office what was handed in."""
    report = report_of(duty)
    if report is None:
        return None
    if user.enterprise_id:
        return said_in(content_of(report), duty, user)
    act = report.acts.filter(kind__in=HANDED_IN).first()
    return said_in(act.content, duty, user) if act else None


def changes_of(report: DutyReport | None) -> list[tuple[str, str, str, str]]:
    """What the last supplement changed, as (label, remark, before, after); empty where there was none."""
    if report is None:
        return []
    acts = list(report.acts.filter(kind__in=HANDED_IN)[:2])
    if len(acts) < 2:
        return []
    after, before = (_in_words(act.content) for act in acts)
    return [(label, "", before[label], words) for label, words in after.items() if before[label] != words]


def _in_words(content: dict) -> dict[str, str]:
    said = {section.title: content[section.field] for section in SECTIONS}
    vetoes = "；".join(f"{day_words(date.fromisoformat(v['day']))}{v['subject']}" for v in content["vetoes"])
    said["质量安全“一票否决”"] = vetoes or {True: "行使过", False: "没有行使过", None: ""}[content["used_veto"]]
    return said | {"附件": "、".join(row["name"] for row in content["attachments"])}


# --- What happened ---------------------------------------------------------------------------------------------------


def timeline_of(duty: ReportDuty) -> list[Event]:
    """Newest first: the notice, its service, each later day, and what was done with the report."""
    cycle, report = duty.cycle, report_of(duty)
    joined = timezone.localdate(cycle.published_at) < duty.since
    late = f"发布以后新任，{day_words(duty.since)}补发" if joined else ""
    events = [Event("发布通知", cycle.published_at, authority_on(timezone.localdate(cycle.published_at)), late)]
    if duty.opened_at:
        events.append(Event("企业打开通知", duty.opened_at, _who(duty.opened_by, duty.opened_at)))
    if duty.paper_recorded_at:
        words, who = f"{day_words(duty.paper_served_on)}送达", _who(duty.paper_recorded_by, duty.paper_recorded_at)
        events.append(Event("记录纸质送达", duty.paper_recorded_at, who, words))
    for row in _extensions(cycle, duty):
        words = row.flagged(f"延至{day_words(row.due_on)}。{row.reason}")
        events.append(Event("延期", row.at, _who(row.by, row.at), words))
    if cycle.withdrawn_at:
        bureau = authority_on(timezone.localdate(cycle.withdrawn_at))
        events.append(Event("收回通知", cycle.withdrawn_at, bureau, cycle.withdrawal_reason, "red"))
    for act in report.acts.select_related("by__enterprise", "by__county") if report else ():
        tone = ACT_TONES.get(act.kind, "")
        events.append(Event(act.get_kind_display(), act.at, _who(act.by, act.at), act.flagged(act.reason), tone))
    return sorted(events, key=lambda event: event.at, reverse=True)


def _who(user: User, at) -> str:
    return f"{user.display_name}（{user.office_at(at)}）"


def _extensions(cycle: ReportCycle, duty: ReportDuty):
    """Those that moved this duty: of its own, and for all while it stood."""
    rows = [row for row in cycle.extensions.select_related("by__county") if row.duty_id in (None, duty.pk)]
    return [row for row in rows if timezone.localdate(row.at) >= duty.since]
