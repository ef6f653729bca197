"""第十二条观察名单 and one CQO's three grounds: what stands on file, link by link. Neither proposes anything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.filters.watching import WatchFilter, gaps_of
from appointments.grounds import chains_of, named, worth_a_look
from appointments.models import Appointment, CaseGround, DismissalRecommendation, Finding, ReportDuty
from appointments.rules import AND_READING, BASIS, Chain, Link
from appointments.states import (
    APPOINTED_STATES,
    STANDING_CASES,
    UNDECIDED_CASES,
    CaseState,
    FindingState,
    GroundKind,
)
from appointments.views.shown import open_appointment, state_words
from registry.citing import cited
from registry.pages import demand
from registry.views.lists import opened


@dataclass(frozen=True)
class Step:
    """What can be done about a chain, or why nothing can: bold words, a sentence, and links as (words, address)."""

    lead: str
    words: str
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Watched:
    """One chain as the pages show it: whose, its rings, the words on its tag, and what can be done."""

    appointment: Appointment
    chain: Chain
    steps: list[Step]

    @property
    def rings(self) -> list[Link]:
        """The links that the record itself holds or lacks."""
        return [link for link in self.chain.links if link.name != AND_READING]

    @property
    def ground(self) -> str:
        """The ground in the measure's words; of a finding, in those that it is about."""
        of_finding = self.chain.kind == GroundKind.CONCEALMENT
        return self.chain.about if of_finding else f"{self.chain.wording}，{self.chain.about}"

    @property
    def tag(self) -> tuple[str, str]:
        """How many links are missing and which, and the colour: what is complete needs a human, so it is amber."""
        if self.chain.supported:
            return ("四环齐备" if all(ring.holds for ring in self.rings) else "按口径已足"), "amber"
        gaps = gaps_of(self.chain)
        return f"缺 {len(gaps)} 环：{'、'.join(gaps)}", ""


# --- What can be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Around:
    """What stands about the chains of a page: cases by ground and by appointment, findings and report duties by key.

    ``acts``: whether who reads may do anything about them; the administrator only sees the city.
    """

    acts: bool
    decided: dict[tuple[int, str, str], DismissalRecommendation]
    open: dict[int, DismissalRecommendation]
    findings: dict[str, Finding]
    duties: dict[str, ReportDuty]

    @classmethod
    def fetch(cls, chains: dict[Appointment, list[Chain]], user) -> "Around":
        """Four queries, however many chains there are."""
        grounds = Prefetch("grounds", CaseGround.unscoped.select_related("finding"))
        cases = DismissalRecommendation.unscoped.visible_to(user).filter(appointment__in=list(chains))
        decided, still_open = {}, {}
        for case in cases.prefetch_related(grounds).order_by("opened_at", "pk"):
            decided |= {(case.appointment_id, ground.kind, ground.key): case for ground in case.grounds.all()}
            if case.state in (*UNDECIDED_CASES, *STANDING_CASES):
                still_open[case.appointment_id] = case
        keys = {kind: [c.key for found in chains.values() for c in found if c.kind == kind] for kind in GroundKind}
        findings = Finding.unscoped.visible_to(user).filter(reference__in=keys[GroundKind.CONCEALMENT])
        duties = ReportDuty.unscoped.visible_to(user).filter(pk__in=keys[GroundKind.REPORT])
        return cls(
            user.has_perm("appointments.supervise"),
            decided,
            still_open,
            {row.reference: row for row in findings},
            {str(row.pk): row for row in duties.select_related("cycle", "appointment")},
        )


def _finding_step(name: str, words: str, act: str, label: str) -> Callable:
    """A gap of ground (1) is closed at the finding; a draft is still written, so that one goes to its page."""

    def step(appointment: Appointment, chain: Chain, around: Around) -> Step:
        finding = around.findings[chain.key]
        if finding.state == FindingState.DRAFT or not act:
            address = reverse("finding_detail", args=[finding.reference])
            return Step(f"缺{name}：", words, ((label if not act else "打开草稿补充", address),))
        return Step(f"缺{name}：", words, ((label, reverse("finding_act", args=[finding.reference, act])),))

    return step


def _service_step(appointment: Appointment, chain: Chain, around: Around) -> Step:
    duty = around.duties[chain.key]
    if duty.served_on is not None:
        return Step("缺送达：", "通知在期限过后才送达，不能认定为未按时提供。", (("查看送达记录", duty.page),))
    address = reverse("report_service", args=[duty.cycle.reference, appointment.reference])
    return Step("缺送达：", "不能认定为未按时提供。有纸质送达的，", (("记录送达日期和证明", address),))


def _hours_step(appointment: Appointment, chain: Chain, around: Around) -> Step:
    words = f"没有规定学时的口径，不能认定课程未完成。学时由市局解释{cited('13')}。"
    return Step("缺学时要求：", words, (("查看口径", f"{reverse('measure')}#interpretations"),))


def _courses_step(appointment: Appointment, chain: Chain, around: Around) -> Step:
    address = reverse("ce_ledger", args=[appointment.candidate.reference])
    said = next(link.words for link in chain.links if link.name == "课程未完成")
    return Step("缺课程未完成：", f"{'，'.join(said)}。", (("查看继续教育台账", address),))


def _agreement_step(appointment: Appointment, chain: Chain, around: Around) -> Step:
    return Step("缺绩效约定：", "没有约定的指标在案，绩效无从比较。约定须由企业和首席质量官在当年作出，不能事后补订。")


def _results_step(appointment: Appointment, chain: Chain, around: Around) -> Step | None:
    if "绩效约定" in chain.missing:
        return None  # said there already
    address = reverse("targets_detail", args=[appointment.reference, int(chain.key)])
    return Step("缺绩效未完成：", "约定的指标没有未完成的结果在案。", (("查看绩效约定和结果", address),))


def _basis_step(appointment: Appointment, chain: Chain, around: Around) -> Step:
    words = f"当日没有有效的制度依据，不能据以提出建议{cited('14')}。"
    return Step(f"缺{BASIS}：", words, (("查看依据登记", reverse("measure")),))


# Each link that can be missing, and what closes it.
CLOSES = {
    "发现情况": _finding_step("发现情况", "尚未立卷，不能据以提出建议。", "", "核对并立卷"),
    "行为": _finding_step("行为", "没有证明材料。", "evidence", "补充证明材料"),
    "知情": _finding_step("知情", "没有写明本人何时知情、知道什么。", "knowledge", "补充知情的时间和内容"),
    "送达": _service_step,
    "学时要求": _hours_step,
    "课程未完成": _courses_step,
    "绩效约定": _agreement_step,
    "绩效未完成": _results_step,
    BASIS: _basis_step,
}


def steps_of(appointment: Appointment, chain: Chain, around: Around, today: date) -> list[Step]:
    """What can be done: see the case it is in, open one or put on record why not, close the gaps, or nothing."""
    steps = [Step("", chain.note, (("查看口径登记", f"{reverse('measure')}#interpretations"),))] if chain.note else []
    if case := around.decided.get((appointment.pk, chain.kind, chain.key)):
        words = f"这一情形列在建议案{case.reference}中，该案{case.get_state_display()}。"
        steps.append(Step("已有建议案：", words, (("查看建议案", case.page),)))
        if case.state != CaseState.WITHDRAWN:  # a letter taken back decided nothing
            return steps
    if not around.acts:
        return [*steps, Step("", "由县（市、区）局或者市局办理。")]
    if not chain.supported:
        closing = [CLOSES[name](appointment, chain, around) for name in chain.missing if name in CLOSES]
        return [*steps, *filter(None, closing)]
    if case := around.open.get(appointment.pk):
        words = f"对同一人的建议案{case.reference}{case.get_state_display()}，办结后才能另行开立。"
        return [*steps, Step("已有另案：", words, (("查看建议案", case.page),))]
    if not appointment.in_force or today not in appointment.in_force or appointment.state not in APPOINTED_STATES:
        return [*steps, Step("", "本人已不在任，没有可以建议解除的聘任。")]
    links = tuple(
        (words, f"{reverse(name, args=[appointment.reference])}?grounds={named(chain)}")
        for words, name in (
            ("开立建议案，先征求企业和本人的陈述意见", "case_new"),
            ("记录不提出建议的理由", "case_decline"),
        )
    )
    return [*steps, Step("可以做：", "", links)]


def watched(chains: dict[Appointment, list[Chain]], user, today: date) -> list[Watched]:
    """The chains of these appointments as the pages show them, in a constant number of queries."""
    around = Around.fetch(chains, user)
    return [
        Watched(appointment, chain, steps_of(appointment, chain, around, today))
        for appointment, found in chains.items()
        for chain in found
    ]


# --- The pages -------------------------------------------------------------------------------------------------------

Pair = tuple[Appointment, list[Chain]]  # of whom, and the chains that were asked for
LAST = 99  # behind any number of gaps
RANKED = 300  # people of whom all are judged to put the fullest chains first; beyond, they stand in the order of theirs


def touched(appointments: QuerySet, filters: WatchFilter, user, today: date) -> list[Pair] | QuerySet:
    """Of whom the record touches a ground, as was asked for: the fullest first, those in some case already last.

    Of more than ``RANKED`` the rows of whom it may, as they stand, to be judged a page at a time.
    """
    rows = worth_a_look(appointments, today, filters.cleaned_data.get("kind") or "").order_by("-first_day", "-pk")
    read = list(rows[: RANKED + 1])
    if len(read) > RANKED:
        return rows
    found = chosen_chains(read, filters, user, today)
    laid = CaseGround.unscoped.visible_to(user).filter(case__appointment__in=read)
    laid = laid.exclude(case__state=CaseState.WITHDRAWN).select_related("finding", "case")
    taken = {(ground.case.appointment_id, ground.kind, ground.key) for ground in laid}

    def rank(pair: Pair) -> tuple[int, str]:
        row, chains = pair
        fresh = [chain for chain in chains if (row.pk, chain.kind, chain.key) not in taken]
        gaps = [0 if chain.supported else len(gaps_of(chain)) for chain in fresh]
        return min(gaps, default=LAST), row.reference

    return sorted(found.items(), key=rank)


def chosen_chains(rows: list[Appointment], filters: WatchFilter, user, today: date) -> dict[Appointment, list[Chain]]:
    """Those of whom the record touches a ground as far as was asked for, with these chains, in the same order."""
    chains = chains_of(rows, user, today)
    found = {row: [chain for chain in chains.get(row.pk, ()) if filters.fits(chain)] for row in rows}
    return {row: fitting for row, fitting in found.items() if fitting}


@require_safe
def watch_list(request):
    """第十二条观察名单: CQOs in force of whom the record touches a ground."""
    found = opened(request, "watch_list")
    page = found.page(request)
    context = {
        "filters": found.filters, "page": page, "cases": page.shown, "now": timezone.now(),
        "widened": "links" in request.GET, "ranked": isinstance(found.rows, list), "most": RANKED,
    }  # fmt: skip
    return render(request, "supervision/watch_list.html", context)


@dataclass(frozen=True)
class Ground:
    """One of the three grounds with what stands on file about it; ``none`` where nothing does."""

    kind: GroundKind
    cases: list[Watched]
    none: str

    @property
    def clause(self) -> str:
        """The path of the ground's clause."""
        return f"12.(2).({self.kind})"


NONE = {
    GroundKind.CONCEALMENT: "没有发现情况在案。这一情形只由立卷的发现情况成立，平台不作推断。",
    GroundKind.PERFORMANCE: "没有已经过完的年度可以比较。",
    GroundKind.REPORT: "没有逾期或者迟交的履职报告。",
}


@require_safe
def appointment_grounds(request, reference):
    """All three grounds of one CQO, link by link, the fulfilled too."""
    demand(request.user, "registry.see_history")
    appointment, now = open_appointment(request, reference), timezone.now()
    today = timezone.localdate(now)
    chains = chains_of([appointment], request.user, today).get(appointment.pk, [])
    cases = watched({appointment: chains}, request.user, today)
    context = {
        "appointment": appointment,
        "words": state_words(appointment, today),
        "grounds": [
            Ground(kind, [case for case in cases if case.chain.kind == kind], NONE[kind]) for kind in GroundKind
        ],
        "complete": [case for case in cases if case.chain.supported],
        "may_record": appointment.state in APPOINTED_STATES
        and request.user.has_perm("appointments.record_finding", appointment),
        "now": now,
    }
    return render(request, "supervision/grounds.html", context)
