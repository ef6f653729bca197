"""What the enterprises of the demo lived through: each story is a generator that asks for a moment and acts in it.

``play`` runs all stories in the order of time, so that numbers rise as dates do. Nothing is written past the actions.
"""

from collections.abc import Callable, Generator, Iterable
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush

from appointments import actions
from appointments.eligibility import checklist
from appointments.models import Appointment
from appointments.rules import default_opinion, needs_opinion
from appointments.states import Appointer, EndReason, EvidenceKind, PaperKind
from cqo_portal.demo.people import DAYS, Firm, Standing, hire, train, upload
from registry.actions.common import day_of
from registry.actions.people import end_employment
from registry.models import Candidate
from registry.rules import anniversary
from registry.states import SizeBand
from training.states import TrainingKind

Story = Generator[datetime, datetime, object]
BREATH = timedelta(minutes=12)  # between two acts of one story


def play(stories: Iterable[Story], *, until: datetime, tell: Callable[[datetime], None]) -> None:
    """Run the stories to their ends. Raises ValueError if one would act after ``until``."""
    waiting = [(next(story), place, story) for place, story in enumerate(stories)]
    heapify(waiting)
    while waiting:
        at, place, story = heappop(waiting)
        if at > until:
            raise ValueError(f"story {place} acts in the time to come: {at}")
        tell(at)
        try:
            wanted = story.send(at)
        except StopIteration:
            continue
        heappush(waiting, (max(wanted, at + BREATH), place, story))


# --- Single steps ----------------------------------------------------------------------------------------------------


def _answers(firm: Firm, first_day: date) -> dict:
    """What an enterprise fills in; a small one's CQO sits below the decision level now and then (Art. 11)."""
    dice = firm.random
    below = firm.enterprise.size in (SizeBand.SMALL, SizeBand.MICRO) and dice.random() < 0.3
    reason = "本企业规模较小，决策层仅有法定代表人一人，由质量部经理担任。"
    return {
        "first_day": first_day,
        "appointer": dice.choice(Appointer.values),
        "position": "质量部经理" if below else dice.choice(("副总经理", "质量总监", "总工程师")),
        "in_decision_level": not below,
        "exception_reason": reason if below else "",
        "quality_department": dice.choice(("质量管理部", "品质保证部", "质量部")),
        "inspection_department": dice.choice(("质量检验科", "检测中心", "化验室")),
        "safety_department": dice.choice(("质量安全部", "安全质量科", "产品安全办公室")),
        "departments_report": True,
        "declares_ethics": True,
        "declares_knowledge": True,
        "declares_independence": True,
    }


def _opinions(appointment: Appointment, at: datetime) -> dict[str, str]:
    listed = checklist(appointment, day_of(at))
    return {criterion.key: default_opinion(criterion) for criterion in needs_opinion(listed.criteria)}


def hired(firm: Firm, day: date, standing=Standing.QUALIFIED, *, trained: bool = True) -> Story:
    """A person is put on file on that day; returns the person."""
    at = yield firm.hour(day)
    return hire(firm, at=at, standing=standing, trained=trained)


def drafted(firm: Firm, person: Candidate, day: date, first_day: date, **changes) -> Story:
    """A draft with its evidence; returns it."""
    at = yield firm.hour(day)
    draft = actions.start_draft(enterprise=firm.enterprise, candidate=person, by=firm.account, at=at)
    at = yield firm.hour(day)
    return _filled(firm, draft, _answers(firm, first_day) | changes, at)


def _filled(firm: Firm, draft: Appointment, answers: dict, at: datetime) -> Appointment:
    draft = actions.save_draft(draft, version=draft.version, by=firm.account, at=at, **answers)
    name, issuer = draft.candidate.name, firm.enterprise.name
    for kind, words in (
        (EvidenceKind.DECLARATION, [f"{name}承诺：恪守职业道德，熟悉质量法律法规，独立、审慎、及时作出判断。"]),
        (EvidenceKind.DECISION, [f"经研究，决定任命{name}为本企业首席质量官，聘任期限为两年。"]),
    ):
        scan = upload(firm, f"{name}{kind.label}", words, issuer=issuer, at=at)
        actions.add_evidence(draft, kind=kind, file=scan, by=firm.account, at=at)
    return draft


def submitted(firm: Firm, person: Candidate, day: date, first_day: date, **changes) -> Story:
    """The enterprise appoints and submits; returns the appointment."""
    draft = yield from drafted(firm, person, day, first_day, **changes)
    at = yield firm.hour(day)
    return actions.submit(draft, version=draft.version, by=firm.account, at=at)


def checked(firm: Firm, appointment: Appointment, day: date) -> Story:
    """The county checks; returns the appointment."""
    at = yield firm.hour(day)
    found = _opinions(appointment, at)
    return actions.check(appointment, version=appointment.version, opinions=found, by=firm.officer, at=at)


def filed(firm: Firm, appointment: Appointment, day: date) -> Story:
    """The county checks on that day, the city files some days later; returns the appointment."""
    appointment = yield from checked(firm, appointment, day)
    at = yield firm.hour(day + firm.random.randrange(2, 6) * DAYS)
    found = _opinions(appointment, at)
    return actions.file(appointment, version=appointment.version, opinions=found, by=firm.city.municipal, at=at)


def recorded(
    firm: Firm, day: date, first_day: date | None = None, standing=Standing.QUALIFIED, *, trained: bool = True
) -> Story:
    """A new person is appointed on that day and filed within a fortnight; returns the appointment."""
    person = yield from hired(firm, day - 20 * DAYS, standing, trained=trained)
    appointment = yield from submitted(firm, person, day, first_day or day + 8 * DAYS)
    return (yield from filed(firm, appointment, day + firm.random.randrange(2, 6) * DAYS))


def corrected_once(firm: Firm, appointment: Appointment, day: date) -> Story:
    """The county returns on that day, the enterprise corrects and submits again five days later."""
    appointment = yield from sent_back(firm, appointment, day)
    at = yield firm.hour(day + 5 * DAYS)
    appointment = actions.save_draft(
        appointment, version=appointment.version, by=firm.account, at=at, inspection_department="质量检验中心"
    )
    words = ["质量管理部、质量检验中心、质量安全部隶属于首席质量官直接领导。"]
    scan = upload(firm, "部门隶属文件", words, issuer=firm.enterprise.name, at=at)
    actions.add_evidence(appointment, kind=EvidenceKind.AUTHORITY, file=scan, by=firm.account, at=at)
    at = yield firm.hour(day + 5 * DAYS)
    return actions.submit(appointment, version=appointment.version, by=firm.account, at=at)


def sent_back(firm: Firm, appointment: Appointment, day: date) -> Story:
    """The county returns for correction, naming two fields; returns the appointment."""
    at = yield firm.hour(day)
    remarks = {
        "inspection_department": "名称与所附组织架构图不一致，请改为现行名称。",
        EvidenceKind.AUTHORITY: "未附部门隶属文件，请补充上传。",
    }
    return actions.return_for_correction(
        appointment, version=appointment.version, remarks=remarks, by=firm.officer, at=at
    )


def sealed(firm: Firm, appointment: Appointment, day: date) -> Story:
    """The enterprise uploads the sealed letters."""
    for kind in (PaperKind.LETTER, PaperKind.AUTHORISATION):
        at = yield firm.hour(day)
        paper = appointment.papers.filter(kind=kind).first()
        words = [f"{paper.number}", f"{appointment.candidate.name}　首席质量官", "（盖章件扫描）"]
        scan = upload(firm, f"{kind.label}盖章件", words, issuer=firm.enterprise.name, at=at)
        actions.attach_sealed_scan(paper, file=scan, by=firm.account, at=at)


def ended(firm: Firm, appointment: Appointment, day: date, reason: EndReason, why: str, *, leaves=False) -> Story:
    """The enterprise ends the appointment with that day as its last; the person may leave too."""
    at = yield firm.hour(day + 3 * DAYS)
    appointment = actions.end(
        appointment, version=appointment.version, reason=reason, last_day=day, by=firm.account, at=at, why=why
    )
    if leaves:
        end_employment(appointment.candidate, enterprise=firm.enterprise, last_day=day, by=firm.account, at=at)


def educated(firm: Firm, appointment: Appointment) -> Story:
    """A day of continuing education in each year of the term that has come so far."""
    for months in (7, 19):
        day = appointment.first_day + months * 30 * DAYS
        if day + 20 * DAYS < firm.city.today:
            at = yield firm.hour(day + 10 * DAYS)
            train(firm, appointment.candidate, day, at=at, kind=TrainingKind.CONTINUING, hours=24)


def before(firm: Firm) -> Story:
    """An earlier term that ran its two years and expired; micro enterprises had none."""
    if firm.enterprise.size != SizeBand.MICRO:
        yield from recorded(firm, firm.ago(800 + firm.random.randrange(200)))


# --- Whole stories ---------------------------------------------------------------------------------------------------


def flagship(firm: Firm) -> Story:
    """enterprise-a: its second CQO, once returned, letters sealed, term ending in eighty days."""
    first_day = anniversary(firm.ago(-81), -2)
    earlier = yield from recorded(firm, firm.ago(1150))
    person = yield from hired(firm, first_day - 60 * DAYS, Standing.EXPERIENCED)
    eve = first_day - DAYS
    yield from ended(firm, earlier, eve, EndReason.SUPERSEDED, "工作调整，改聘他人。")
    appointment = yield from submitted(firm, person, first_day + 3 * DAYS, first_day)
    appointment = yield from corrected_once(firm, appointment, first_day + 6 * DAYS)
    appointment = yield from filed(firm, appointment, first_day + 14 * DAYS)
    yield from sealed(firm, appointment, first_day + 21 * DAYS)
    yield from educated(firm, appointment)
    yield from hired(firm, firm.ago(30), Standing.UNPROVEN, trained=False)


def newcomer(firm: Firm) -> Story:
    """enterprise-b: nobody appointed yet; three people who stand differently to Art. 6(三)."""
    for days, standing in enumerate((Standing.QUALIFIED, Standing.EXPERIENCED, Standing.SOON)):
        yield from hired(firm, firm.ago(6 - days), standing, trained=standing is not Standing.SOON)


def steady(firm: Firm) -> Story:
    """In force, in the middle of the term."""
    standing = firm.random.choice((Standing.QUALIFIED, Standing.EXPERIENCED))
    day, trained = firm.ago(40 + firm.random.randrange(500)), firm.random.random() < 0.7
    appointment = yield from recorded(firm, day, standing=standing, trained=trained)
    yield from sealed(firm, appointment, appointment.first_day + 15 * DAYS)
    yield from educated(firm, appointment)


def with_opinion(firm: Firm) -> Story:
    """Filed with an opinion on what was unmet or unproven."""
    standing = firm.random.choice((Standing.UNMET, Standing.UNPROVEN, Standing.SOON))
    yield from recorded(firm, firm.ago(14 + firm.random.randrange(150)), standing=standing, trained=False)


def ending_soon(firm: Firm) -> Story:
    """In force, the term ending within ninety days."""
    first_day = anniversary(firm.ago(-15 - firm.random.randrange(70)), -2)
    appointment = yield from recorded(firm, first_day - 8 * DAYS, first_day, Standing.EXPERIENCED)
    yield from educated(firm, appointment)


def renewed(firm: Firm) -> Story:
    """One term expired, the next one in force."""
    yield from _renewed(firm, firm.ago(840 + firm.random.randrange(340)))


def early(firm: Firm) -> Story:
    """Appointed before the extension, when no measure was in force; renewed within it (Art. 14)."""
    yield from _renewed(firm, firm.ago(1325))


def _renewed(firm: Firm, day: date) -> Story:
    first = yield from recorded(firm, day, standing=Standing.EXPERIENCED)
    yield from educated(firm, first)
    day = first.last_day - 30 * DAYS
    at = yield firm.hour(day)
    draft = actions.renew(first, by=firm.account, at=at)
    at = yield firm.hour(day + DAYS)
    declared = {name: True for name in ("declares_ethics", "declares_knowledge", "declares_independence")}
    draft = actions.save_draft(draft, version=draft.version, by=firm.account, at=at, **declared)
    at = yield firm.hour(day + DAYS)
    second = actions.submit(draft, version=draft.version, by=firm.account, at=at)
    second = yield from filed(firm, second, day + 5 * DAYS)
    yield from sealed(firm, second, day + 12 * DAYS)


def dismissed(firm: Firm) -> Story:
    """Dismissed by the enterprise; a successor from the day after."""
    yield from _followed(firm, EndReason.DISMISSED, "未完成年度质量目标，经企业研究解除聘任。", leaves=True)


def superseded(firm: Firm) -> Story:
    """Replaced by somebody else from the day after."""
    yield from _followed(firm, EndReason.SUPERSEDED, "岗位调整，改聘他人。", leaves=False)


def _followed(firm: Firm, reason: EndReason, why: str, *, leaves: bool) -> Story:
    appointment = yield from recorded(firm, firm.ago(560 + firm.random.randrange(200)))
    last_day = firm.ago(150 + firm.random.randrange(150))
    yield from ended(firm, appointment, last_day, reason, why, leaves=leaves)
    yield from recorded(firm, last_day + 5 * DAYS, last_day + DAYS, Standing.EXPERIENCED)


def resigned(firm: Firm) -> Story:
    """The CQO resigned and left; nobody has been appointed since."""
    appointment = yield from recorded(firm, firm.ago(420), standing=Standing.UNPROVEN)
    yield from ended(firm, appointment, firm.ago(48), EndReason.RESIGNED, "本人书面辞任。", leaves=True)


def closed(firm: Firm) -> Story:
    """The enterprise closed down."""
    appointment = yield from recorded(firm, firm.ago(600))
    yield from ended(firm, appointment, firm.ago(130), EndReason.CLOSED, "矿山资源枯竭，企业停产清算。")


def lapsed(firm: Firm) -> Story:
    """The term expired; the renewal is still a draft."""
    appointment = yield from recorded(firm, firm.ago(790 + firm.random.randrange(30)))
    at = yield firm.hour(firm.ago(9))
    actions.renew(appointment, by=firm.account, at=at)


def corrected(firm: Firm) -> Story:
    """Returned once, corrected, then filed."""
    person = yield from hired(firm, firm.ago(240), Standing.EXPERIENCED)
    appointment = yield from submitted(firm, person, firm.ago(210), firm.ago(200))
    appointment = yield from corrected_once(firm, appointment, firm.ago(205))
    yield from filed(firm, appointment, firm.ago(196))


def returned(firm: Firm) -> Story:
    """Returned, waiting for the enterprise."""
    yield from before(firm)
    person = yield from hired(firm, firm.ago(40))
    appointment = yield from submitted(firm, person, firm.ago(14), firm.ago(5))
    yield from sent_back(firm, appointment, firm.ago(4 + firm.random.randrange(5)))


def waiting(firm: Firm) -> Story:
    """Submitted in the last days, waiting for the county."""
    yield from before(firm)
    standing = firm.random.choice((Standing.QUALIFIED, Standing.SOON, Standing.EXPERIENCED))
    person = yield from hired(firm, firm.ago(30), standing)
    yield from submitted(firm, person, firm.ago(1 + firm.random.randrange(4)), firm.ago(-9))


def overdue(firm: Firm) -> Story:
    """Submitted a month ago and still not checked; one declaration is missing."""
    yield from before(firm)
    person = yield from hired(firm, firm.ago(60), Standing.UNPROVEN)
    day = firm.ago(28 + firm.random.randrange(15))
    yield from submitted(firm, person, day, day + 5 * DAYS, declares_independence=False)


def in_hand(firm: Firm) -> Story:
    """Checked by the county, waiting for the city."""
    yield from before(firm)
    standing = firm.random.choice((Standing.QUALIFIED, Standing.UNMET))
    person = yield from hired(firm, firm.ago(50), standing, trained=standing is Standing.QUALIFIED)
    appointment = yield from submitted(firm, person, firm.ago(15), firm.ago(3))
    yield from checked(firm, appointment, firm.ago(2 + firm.random.randrange(8)))


def drafting(firm: Firm) -> Story:
    """A draft, not submitted."""
    person = yield from hired(firm, firm.ago(20), Standing.EXPERIENCED)
    yield from drafted(firm, person, firm.ago(6), firm.ago(-12), safety_department="", declares_knowledge=False)


def withdrawn(firm: Firm) -> Story:
    """Withdrawn within the term; somebody else was appointed and filed later."""
    person = yield from hired(firm, firm.ago(150))
    appointment = yield from submitted(firm, person, firm.ago(120), firm.ago(118))
    at = yield firm.hour(firm.ago(112))
    actions.withdraw(
        appointment, version=appointment.version, by=firm.account, at=at, reason="人选岗位有变动，撤回后另行任命。"
    )
    yield from recorded(firm, firm.ago(30))


def counter(firm: Firm) -> Story:
    """Came on paper: transcribed at the county's counter; a micro enterprise's still waits to be checked."""
    recent = firm.enterprise.size == SizeBand.MICRO
    person = yield from hired(firm, firm.ago(190), Standing.UNMET if recent else Standing.EXPERIENCED)
    day = firm.ago(3 if recent else 160)
    at = yield firm.hour(day)
    words = [f"兹任命{person.name}为本企业首席质量官，聘任期限为两年。", "（企业纸质聘书扫描件）"]
    scan = upload(firm, "企业纸质聘书", words, issuer=firm.enterprise.name, at=at, by=firm.officer)
    appointment = actions.enter_at_counter(
        enterprise=firm.enterprise, candidate=person, transcript=scan, own_letter_number=f"聘字〔{day.year}〕1号",
        by=firm.officer, at=at, **_answers(firm, day - 3 * DAYS),
    )  # fmt: skip
    if not recent:
        yield from filed(firm, appointment, day + 4 * DAYS)


def idle(firm: Firm) -> Story:
    """On the register, with people, and nobody appointed yet."""
    yield from hired(firm, firm.ago(300), Standing.UNMET, trained=False)


PLOTS: dict[str, Callable[[Firm], Story]] = {
    plot.__name__: plot
    for plot in (
        flagship, newcomer, steady, with_opinion, ending_soon, renewed, early, dismissed, superseded, resigned, closed,
        lapsed, corrected, returned, waiting, overdue, drafting, withdrawn, counter, idle,
    )
} | {"checked": in_hand}  # fmt: skip
