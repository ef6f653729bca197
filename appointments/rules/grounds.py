"""第十二条（二）: which of the three grounds a record supports, and which link of the chain is missing.

A closed list. Nothing here proposes anything: it says what stands on file, link by link, for a human to read.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from datetime import date
from functools import wraps

from appointments.rules.reports import days_late
from appointments.states import Behaviour, FindingObject, GroundKind
from registry.rules import day_words
from training.rules import Requirement

AND_READING = "“和”的口径"  # the link that only the bureau's own interpretation can close (Art. 13)
BASIS = "有效依据"


@dataclass(frozen=True)
class Link:
    """One link of a chain: what it is called, whether the record has it, and what the record says in two lines."""

    name: str
    holds: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """The links of one ground about one thing (``key``: a finding, a year, a report duty)."""

    kind: str
    key: str
    about: str
    links: tuple[Link, ...]
    supported: bool
    note: str = ""
    failing: bool = True  # something was left undone or hidden; a year in which all was done is none
    wording: str = field(default="", compare=False)  # the ground as the edition words it
    inputs: dict = field(default_factory=dict, compare=False, repr=False)  # what the rule was given, to judge again

    @property
    def clause(self) -> str:
        """The path of the ground's clause."""
        return f"12.(2).({self.kind})"

    @property
    def missing(self) -> list[str]:
        """Names of the links that the record lacks; empty when it supports the ground."""
        return [] if self.supported else [link.name for link in self.links if not link.holds]

    @property
    def touched(self) -> bool:
        """Whether the record touches the ground at all, so that an officer should look."""
        return self.supported or self.failing and any(link.holds for link in self.links)


def _keeps_inputs(rule: Callable[..., Chain]) -> Callable[..., Chain]:
    """The rule, whose chain carries what it was given."""

    @wraps(rule)
    def judged(**given) -> Chain:
        plain = {name: asdict(value) if is_dataclass(value) else value for name, value in given.items()}
        return replace(rule(**given), inputs={"rule": rule.__name__, "given": plain})

    return judged


@_keeps_inputs
def concealment(
    *,
    key: str,
    filed_on: date | None,
    behaviour: str,
    about: str,
    evidence: int,
    knew_on: date | None,
    knew_what: str,
    in_office_since: date,
    within_basis: bool,
) -> Chain:
    """Art. 12(二)(1): opened only from a filed finding; needs object, behaviour with evidence, and knowledge in office.

    ``within_basis``: whether a measure was in force when the CQO knew (Art. 14).
    """
    knew = knew_on is not None and bool(knew_what)
    known = (f"{day_words(knew_on)}知情", knew_what) if knew else ("未写明本人何时知情、知道什么",)
    if knew and knew_on < in_office_since:
        known = (f"{day_words(knew_on)}知情", "当时尚未任职")
    links = (
        Link("发现情况", filed_on is not None, (key, f"{day_words(filed_on)}立卷" if filed_on else "尚未立卷")),
        Link("对象", about in FindingObject.values, (FindingObject(about).label,)),
        Link(
            "行为",
            behaviour in Behaviour.values and evidence > 0,
            (Behaviour(behaviour).label, f"附件 {evidence} 份" if evidence else "没有证明材料"),
        ),
        Link("知情", knew and knew_on >= in_office_since, known),
        *_outside(within_basis),
    )
    words = f"对{FindingObject(about).label}{Behaviour(behaviour).label}"
    return Chain(GroundKind.CONCEALMENT, key, words, links, all(link.holds for link in links))


@_keeps_inputs
def performance(
    *,
    year: int,
    requirement: Requirement,
    hours: int,
    courses: int,
    judged: bool,
    within_basis: bool,
    results: Sequence[bool | None] | None,
    reading: str | None,
) -> Chain:
    """Art. 12(二)(2) 「和」: courses against the requirement, and results against targets agreed on file.

    ``within_basis``: a measure was in force at the year's end (Art. 14). ``judged``: the year is over and was a whole
    year of duty. ``results``: per target met, unmet or None for no result; None when no targets are on file.
    ``reading``: ``both``, ``either``, or None while the bureau has not interpreted 「和」; then the ground stands only
    where it stands under both readings.
    """
    found = None if results is None else list(results)
    lacking = requirement.lacking(hours=hours, courses=courses)
    short = judged and bool(lacking)
    unmet = bool(found) and any(result is False for result in found)
    both, either = short and unmet, short or unmet
    supported = within_basis and {"both": both, "either": either}.get(reading, both)
    links = [
        Link("学时要求", requirement.is_set, _requirement_words(requirement)),
        Link("课程未完成", short, _course_words(requirement, hours, courses, lacking, judged)),
        Link("绩效约定", found is not None, (f"约定 {len(found)} 项指标",) if found else ("没有约定的指标在案",)),
        Link("绩效未完成", unmet, _result_words(found)),
        *_outside(within_basis),
    ]
    if reading is None and either and not both:
        links.append(Link(AND_READING, False, ("市局尚未解释",)))
    now = {True: "现成立", False: "现不成立"}
    note = f"须两项均未完成，{now[both]}；其中一项未完成即属，{now[either]}。"
    chosen = {"both": "口径：两项均未完成。", "either": "口径：其中一项未完成即属本情形。"}.get(
        reading, "“和”有两种读法，口径未定："
    )
    return Chain(GroundKind.PERFORMANCE, str(year), f"{year}年", tuple(links), supported, chosen + note, either)


def _requirement_words(requirement: Requirement) -> tuple[str, ...]:
    return (requirement.words, requirement.source) if requirement.is_set else ("没有规定学时的口径",)


def _course_words(requirement: Requirement, hours: int, courses: int, lacking: str, judged: bool) -> tuple[str, ...]:
    done = f"完成 {hours} 学时" if requirement.courses is None else f"完成 {hours} 学时、{courses} 门课程"
    if not requirement.is_set:
        return (done, "无从比较")
    if not judged:
        return (done, "当年未满或不是全年任职，不作判断")
    return (done, lacking or "已达到要求")


def _result_words(found: list[bool | None] | None) -> tuple[str, ...]:
    if not found:
        return ("没有约定，无从比较",)
    unmet, unknown = found.count(False), found.count(None)
    if unmet:
        return (f"{unmet} 项未完成",)
    return (f"{unknown} 项没有结果",) if unknown else ("各项均已完成",)


@_keeps_inputs
def late_report(
    *,
    key: str,
    about: str,
    notice: str,
    published_on: date | None,
    served_on: date | None,
    served_how: str,
    due_on: date,
    extended: bool,
    today: date,
    received_on: date | None,
    within_basis: bool,
) -> Chain:
    """Art. 12(二)(3): provable only against a published notice that was served before its due day passed.

    ``within_basis``: whether a measure was in force when it was published (Art. 14).
    """
    served = served_on is not None and served_on <= due_on
    if served_on is None:
        served_words = ("平台未打开", "无纸质送达记录")
    else:
        served_words = (day_words(served_on), served_how if served else "期限过后才送达")
    if received_on is None:
        receipt = ("至今未收到",)
    else:
        late = days_late(received_on, due_on)
        receipt = (f"{day_words(received_on)}收到", f"迟 {late} 天" if late else "按时")
    links = (
        Link(
            "通知",
            published_on is not None,
            (notice, f"{day_words(published_on)}发布") if published_on else ("通知没有发布",),
        ),
        Link("送达", served, served_words),
        Link("期限已过", today > due_on, (day_words(due_on), "已延期" if extended else "未延期")),
        Link("未收到或迟交", received_on is None or received_on > due_on, receipt),
        *_outside(within_basis),
    )
    return Chain(GroundKind.REPORT, key, about, links, all(link.holds for link in links))


def _outside(within_basis: bool) -> tuple[Link, ...]:
    """The link that is told only where it is missing: what was done outside any basis supports nothing (Art. 14)."""
    return () if within_basis else (Link(BASIS, False, ("当日没有有效的制度依据",)),)


def is_late_or_missing(due_on: date, today: date, received_on: date | None) -> bool:
    """Art. 12(二)(3): whether an officer should look at a report duty: past its day without a receipt, or late."""
    return today > due_on if received_on is None else received_on > due_on
