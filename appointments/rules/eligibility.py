"""任职条件: what Art. 6 asks of whoever is appointed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from appointments.rules.appointing import ONE_DAY
from registry.rules import anniversary
from registry.states import EducationLevel, Outcome, QualificationLevel, SizeBand, rank
from training.rules import Training, qualifying_training


@dataclass(frozen=True)
class Period:
    """Days of quality work: ``first`` inclusive, ``until`` exclusive, None while it goes on."""

    first: date
    until: date | None


def merged(periods: Iterable[Period], as_of: date) -> list[tuple[date, date]]:
    """Art. 6(三): overlapping jobs count once, gaps do not count; nothing from ``as_of`` on."""
    spans: list[tuple[date, date]] = []
    for first, until in sorted((p.first, min(p.until or as_of, as_of)) for p in periods):
        if first >= until:
            continue
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        else:
            spans.append((first, until))
    return spans


def _months_and_days(first: date, until: date) -> tuple[int, int]:
    """Whole months from ``first`` to ``until`` (exclusive), and the days left over."""
    months = (until.year - first.year) * 12 + until.month - first.month
    if until.day < first.day:
        months -= 1
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return months, max((until - (date(year, month + 1, 1) + timedelta(days=first.day - 1))).days, 0)


def experience(periods: Iterable[Period], as_of: date) -> tuple[int, int]:
    """Art. 6(三) 质量工作经历: total as whole months and days.

    One span is counted by the calendar alone; the days left over of several spans make a month by thirties.
    """
    parts = [_months_and_days(*span) for span in merged(periods, as_of)]
    left_over = [days for _, days in parts if days]
    carried = sum(left_over) // 30 if len(left_over) > 1 else 0
    return sum(months for months, _ in parts) + carried, sum(left_over) - 30 * carried


def experience_met_on(periods: Iterable[Period], years: int, horizon: date) -> date | None:
    """Art. 6(三) 5年以上: the first day on which the total reaches ``years``; 以上 includes the figure itself.

    None if it is not reached by ``horizon`` on the facts given. The total never shrinks as days pass: bisect.
    """
    periods = list(periods)
    if not periods or experience(periods, horizon)[0] < 12 * years:
        return None
    low, high = min(p.first for p in periods), horizon
    while low < high:
        middle = low + (high - low) // 2
        if experience(periods, middle)[0] >= 12 * years:
            high = middle
        else:
            low = middle + ONE_DAY
    return low


@dataclass(frozen=True)
class Held:
    """A qualification or education on file: level, since when, in words, and whether evidence is there."""

    level: str
    since: date
    words: str
    has_evidence: bool


@dataclass(frozen=True)
class Work:
    """A period of quality work on file."""

    period: Period
    words: str
    has_evidence: bool


@dataclass(frozen=True)
class Facts:
    """What the enterprise put on file about the person, and declared."""

    as_of: date
    declared: dict[str, str] = field(default_factory=dict)  # criterion → who declared and when, in words
    qualifications: tuple[Held, ...] = ()
    educations: tuple[Held, ...] = ()
    work: tuple[Work, ...] = ()
    trainings: tuple[Training, ...] = ()
    served_before: bool = False


@dataclass(frozen=True)
class Thresholds:
    """The parameters of Art. 6(三) in the edition in force."""

    qualification: str = QualificationLevel.INTERMEDIATE
    education: str = EducationLevel.BACHELOR
    years: int = 5
    size: str = ""  # of the enterprise, where the measure asks for something else by size
    declarations: dict[str, str] = field(default_factory=lambda: dict(DECLARATIONS))  # in the edition's own words

    @property
    def words(self) -> str:
        """What is asked for, as one sentence says it."""
        level, school = QualificationLevel(self.qualification).label, EducationLevel(self.education).label
        whose = f"（{SizeBand(self.size).label}企业）" if self.size else ""
        return f"{level}以上职业资格；或者{school}以上学历和 {self.years} 年以上质量工作经历{whose}"


@dataclass(frozen=True)
class Criterion:
    """One row of the checklist."""

    clause: str
    title: str
    outcome: str
    evidence: tuple[str, ...] = ()
    met_on: date | None = None
    next_step: str = ""

    @property
    def key(self) -> str:
        """A short name for form fields and opinions."""
        return {"年度继续教育": "6_5_ce"}.get(
            self.title, self.clause.replace(".", "_").replace("(", "").replace(")", "")
        )


DECLARATIONS = {
    "6.(1)": "良好的职业道德和敬业精神，诚实守信、敢于负责",
    "6.(2)": "熟悉国家有关质量法律法规和质量政策",
    "6.(4)": "保持充分的工作独立性，作出独立、审慎、及时的判断",
}


def declared(clause: str, facts: Facts, needed: Thresholds) -> Criterion:
    """Art. 6(一)(二)(四): declarations and a human's judgement; never computed."""
    by = facts.declared.get(clause)
    return Criterion(
        clause,
        needed.declarations[clause],
        Outcome.DECLARED if by else Outcome.UNMET,
        (by,) if by else ("尚未承诺",),
        next_step="" if by else "由企业在“承诺和材料”一步作出承诺。",
    )


def _earliest(held: Iterable[Held], level: str) -> Held | None:
    """The first thing held at or above a level."""
    return min((h for h in held if rank(h.level) >= rank(level)), key=lambda h: h.since, default=None)


def _words(label: str, months: int, days: int) -> str:
    years, months = divmod(months, 12)
    parts = [f"{years} 年" if years else "", f"{months} 个月" if months else "", f"{days} 天" if days else ""]
    return f"{label} {' '.join(filter(None, parts)) or '0 天'}"


def _proven(facts: Facts, needed: Thresholds) -> bool:
    """Whether either road is met by what has its evidence on file, alone."""

    def shown(held: Iterable[Held], level: str) -> bool:
        return any(h.has_evidence and h.since <= facts.as_of and rank(h.level) >= rank(level) for h in held)

    worked = experience((w.period for w in facts.work if w.has_evidence), facts.as_of)[0] >= 12 * needed.years
    return shown(facts.qualifications, needed.qualification) or (worked and shown(facts.educations, needed.education))


@dataclass(frozen=True)
class Roads:
    """The days from which the parts of Art. 6(三) are met; None where one is not, on the facts given."""

    qualification: date | None
    education: date | None
    years: date | None

    @property
    def education_and_years(self) -> date | None:
        """The second road: both of its parts."""
        return max(self.education, self.years) if self.education and self.years else None

    @property
    def met_on(self) -> date | None:
        """The earlier of the two roads."""
        return min(filter(None, (self.qualification, self.education_and_years)), default=None)


def roads(facts: Facts, needed: Thresholds) -> Roads:
    """Art. 6(三): from which day 中级以上职业资格 (A), 本科以上学历 (B) and 5年以上质量工作经历 (C) are each met."""
    a = _earliest(facts.qualifications, needed.qualification)
    b = _earliest(facts.educations, needed.education)
    horizon = anniversary(facts.as_of, 60)
    c = experience_met_on((w.period for w in facts.work), needed.years, horizon)
    return Roads(a and a.since, b and b.since, c)


def qualified(facts: Facts, needed: Thresholds) -> Criterion:
    """Art. 6(三): 中级以上职业资格 (A), or 本科以上学历 (B) and 5年以上质量工作经历 (C): A or (B and C)."""
    met_on = roads(facts, needed).met_on
    total = experience((w.period for w in facts.work), facts.as_of)
    evidence = (
        "甲　职业资格：" + ("；".join(h.words for h in facts.qualifications) or "无"),
        "乙　学历：" + ("；".join(h.words for h in facts.educations) or "无"),
        "丙　质量工作经历："
        + ("；".join([*(w.words for w in facts.work), _words("至计算日共", *total)]) if facts.work else "无"),
    )
    title = needed.words
    if met_on and met_on <= facts.as_of:
        proven = _proven(facts, needed)
        return Criterion(
            "6.(3)",
            title,
            Outcome.MET if proven else Outcome.UNVERIFIED,
            evidence,
            met_on,
            "" if proven else "请在人员资料中上传职业资格、学历或经历的证明材料。",
        )
    if met_on:
        step = f"按现有材料，自{met_on.year}年{met_on.month}月{met_on.day}日起符合；仍可任命，登记时注明。"
    else:
        step = "取得职业资格，或者补全学历和质量工作经历；仍可任命，登记时注明。"
    return Criterion("6.(3)", title, Outcome.UNMET, evidence, met_on, step)


def trained(facts: Facts) -> Criterion:
    """Art. 6(五), first half, 经过任职培训: a fact."""
    outcome, evidence, step = qualifying_training(facts.trainings, facts.as_of)
    return Criterion("6.(5)", "任职培训", outcome, evidence, next_step=step)


def continuing(facts: Facts) -> Criterion:
    """Art. 6(五), second half, 年度继续教育: a standing duty, which a first appointee cannot have met yet."""
    words = "继续任职，每年继续承担" if facts.served_before else "首次任职，自聘任首日起每年承担"
    return Criterion("6.(5)", "年度继续教育", Outcome.STANDING, (words,))


def eligibility(facts: Facts, needed: Thresholds) -> list[Criterion]:
    """Art. 6: one row a criterion, in the order of the text. The rules inform; a named human decides."""
    return [
        declared("6.(1)", facts, needed),
        declared("6.(2)", facts, needed),
        qualified(facts, needed),
        declared("6.(4)", facts, needed),
        trained(facts),
        continuing(facts),
    ]


def needs_opinion(criteria: Iterable[Criterion]) -> list[Criterion]:
    """Art. 9, 11 with design 1.5: what is unmet or unverified is filed with an opinion that names it (附意见登记)."""
    return [c for c in criteria if c.outcome in (Outcome.UNMET, Outcome.UNVERIFIED)]


def default_opinion(criterion: Criterion) -> str:
    """Design 1.5: the sentence an officer's opinion starts from."""
    return f"{criterion.title}：{Outcome(criterion.outcome).label}。"
