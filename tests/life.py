"""The life of an appointment and of a recommendation as the measure has it, in plain Python.

Written from 《清远市企业首席质量官管理办法（试行）》 and the design's reading of it (§1 to §3), not from the portal's
code, of which nothing is imported here. Each act raises ``No`` where the measure does not let it happen, and otherwise
changes this model; the state machine then asks the portal the same.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)

# Who there is: the enterprise and its county, two officers of each bureau, and those who have no business here.
ENTERPRISE, OTHER_ENTERPRISE = "甲公司", "乙公司"
COUNTY, COLLEAGUE, OTHER_COUNTY = "县局一", "县局一同事", "县局二"
CITY, CITY_TWO, ADMINISTRATOR = "市局", "市局二", "管理员"
PEOPLE = (ENTERPRISE, OTHER_ENTERPRISE, COUNTY, COLLEAGUE, OTHER_COUNTY, CITY, CITY_TWO, ADMINISTRATOR)
MUNICIPAL = (CITY, CITY_TWO)  # Art. 3, 9: the city's bureau
OF_COUNTY = (COUNTY, COLLEAGUE)  # Art. 3: the county bureau within its own district
BUREAU = (*OF_COUNTY, *MUNICIPAL)

# Art. 9, 11 with design §3: what an appointment may become.
APPOINTMENT_MOVES = {
    "draft": {"submitted", "withdrawn"},
    "submitted": {"checked", "returned", "withdrawn"},
    "returned": {"submitted", "withdrawn"},
    "checked": {"filed", "returned", "withdrawn"},
    "filed": {"ended"},
    "withdrawn": set(),
    "ended": set(),
}
APPOINTED = ("submitted", "returned", "checked", "filed")  # submitting is the appointing (Art. 11)
# Art. 12(二) with design §3: what a recommendation may become. Any may be closed by the end of the appointment.
CASE_MOVES = {
    "opened": {"asked", "not_recommended", "closed"},
    "asked": {"proposed", "not_recommended", "closed"},
    "proposed": {"asked", "issued", "not_recommended", "closed"},
    "issued": {"served", "withdrawn", "closed"},
    "served": {"answered", "withdrawn", "closed"},
}
UNDECIDED, STANDING = ("opened", "asked", "proposed"), ("issued", "served")
OPEN = (*UNDECIDED, *STANDING)
OWN_REASONS = ("dismissed", "resigned", "closed", "superseded")  # expiry is the clock's (Art. 11)
BOTH = {"enterprise", "cqo"}


class No(Exception):  # noqa: N818 (an answer of the measure)
    """The measure does not let this happen; says where it stands."""


def demand(holds: object, why: str) -> None:
    """Raise No unless it holds."""
    if not holds:
        raise No(why)


def years_after(day: date, years: int) -> date:
    """The anniversary; that of 29 February is 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@dataclass
class Tenure:
    """An appointment."""

    person: str
    first: date
    on_paper: bool = False
    state: str = "draft"
    last: date | None = None  # of the term, which never changes (Art. 11)
    until: date | None = None  # the last day really in force; None while, or since, it never was
    why: str = ""
    renews: "Tenure | None" = None
    pk: int | None = None

    def in_force(self, today: date) -> bool:
        """Whether somebody is CQO under it that day."""
        return self.until is not None and self.first <= today <= self.until

    def in_office(self, today: date) -> bool:
        """Whether there is anything to dismiss from."""
        return self.state in APPOINTED and self.in_force(today)


@dataclass
class Finding:
    """Art. 12(二)(1): what a bureau found."""

    tenure: Tenure
    proven: bool
    knew: bool
    on: date
    basis: list
    state: str = "filed"
    name: str = ""

    def stands(self, today: date) -> bool:
        """On file, proven, and the CQO knew (知情不报 needs 知情), while the measure was in force (Art. 14)."""
        within = any(first <= self.on <= last for first, last in self.basis)
        return self.state == "filed" and self.proven and self.knew and within


@dataclass
class Duty:
    """Art. 12(二)(3): a duty report asked for by a notice."""

    tenure: Tenure
    due: date
    opened: date | None = None
    paper: date | None = None
    received: date | None = None
    name: str = ""

    def stands(self, today: date) -> bool:
        """未按时: served before the day was over, the day over, nothing received or late."""
        served = min(filter(None, (self.opened, self.paper)), default=None)
        late = self.received is None or self.received > self.due
        return served is not None and served <= self.due < today and late


@dataclass
class Nothing:
    """A ground that the record does not support: performance was never agreed, or the finding does not exist."""

    tenure: Tenure
    name: str

    def stands(self, today: date) -> bool:
        """Never."""
        return False


@dataclass
class Link:
    """The CQO's one-time link."""

    case: "Case"
    expires: date
    state: str = "open"
    pk: int | None = None
    token: str = ""


@dataclass
class Case:
    """A recommendation, from its opening."""

    tenure: Tenure
    grounds: list
    state: str = "opened"
    due: date | None = None
    asked_on: date | None = None
    heard: set = field(default_factory=set)  # who spoke for themselves
    told: bool = False  # the CQO as a person, by a link or by hand: telling the enterprise does not
    proposer: str | None = None
    signer: str | None = None
    signed_on: date | None = None
    opened_letter: bool = False
    paper_letter: bool = False
    answer: str = ""
    pk: int | None = None


class Life:
    """Everything there is, and every act; ``today`` and the days of the basis move."""

    def __init__(self, today: date, basis: list[tuple[date, date]]):
        self.today, self.basis, self.county_signs = today, basis, False
        self.tenures: list[Tenure] = []
        self.findings: list[Finding] = []
        self.duties: list[Duty] = []
        self.links: list[Link] = []
        self.cases: list[Case] = []

    # --- Who may -----------------------------------------------------------------------------------------------------

    def _owns(self, who: str, tenure: Tenure) -> None:
        """Art. 11, 12: the enterprise's own act; what was handed in on paper, a bureau transcribes (design 1.15)."""
        demand(who == ENTERPRISE or (tenure.on_paper and who in BUREAU), "Art. 11: the enterprise's own act")

    def _bureau(self, who: str) -> None:
        """Art. 3, 12: the county bureau in its own district, and the city's."""
        demand(who in BUREAU, "Art. 3: the bureau in its district")

    def may_sign(self, who: str, case: Case) -> bool:
        """Art. 12(二), 13: a second person, of the city; of the county too, where the city reads it so."""
        return who != case.proposer and (who in MUNICIPAL or (self.county_signs and who in OF_COUNTY))

    def in_basis(self) -> bool:
        """Art. 14: whether the measure is in force."""
        return any(first <= self.today <= last for first, last in self.basis)

    def _adverse(self, case: Case) -> None:
        """What a recommendation needs whenever it goes on: a CQO in office, a basis, and grounds that stand."""
        demand(case.tenure.in_office(self.today), "Art. 12: nobody in office to dismiss")
        demand(self.in_basis(), "Art. 14: no measure in force")
        demand(case.grounds, "Art. 12(2): without a ground")
        for ground in case.grounds:
            demand(ground.tenure is case.tenure and ground.stands(self.today), "Art. 12(2): the ground does not stand")

    # --- The appointment (Art. 9, 11) --------------------------------------------------------------------------------

    def draft(self, who: str, person: str, first: date) -> Tenure:
        """The enterprise selects; a draft of the same person is taken up again."""
        demand(who == ENTERPRISE, "Art. 9, 11: 企业自愿, by the enterprise")
        known = [t for t in self.tenures if (t.person, t.state, t.on_paper) == (person, "draft", False)]
        tenure = known[-1] if known else self._new(Tenure(person, first))
        tenure.first = first
        return tenure

    def _new(self, tenure: Tenure) -> Tenure:
        self.tenures.append(tenure)
        return tenure

    def _appoint(self, tenure: Tenure) -> None:
        """Art. 11 两年, first and last day included; Art. 2: one CQO at a time."""
        last = years_after(tenure.first, 2) - DAY
        demand(tenure.first <= years_after(self.today, 1), "not more than a year ahead")
        taken = [t for t in self.tenures if t is not tenure and t.until and t.first <= last and tenure.first <= t.until]
        demand(not taken, "Art. 2: one CQO at a time")
        tenure.last = tenure.until = last

    def submit(self, who: str, tenure: Tenure) -> None:
        """Appoints; handed in again after a return, the term is as it was."""
        self._owns(who, tenure)
        self._move(tenure, "submitted", do=lambda: tenure.last or self._appoint(tenure))

    def _move(self, tenure: Tenure, to: str, do=lambda: None) -> None:
        demand(to in APPOINTMENT_MOVES[tenure.state], f"design §3: no way from {tenure.state} to {to}")
        do()
        tenure.state = to

    def check(self, who: str, tenure: Tenure, silent: bool) -> None:
        """Art. 9, design 1.5: compared by a bureau; nothing unmet passes in silence."""
        self._bureau(who)
        self._move(tenure, "checked", do=lambda: demand(not silent, "design 1.5: silence is impossible"))

    def send_back(self, who: str, tenure: Tenure, silent: bool) -> None:
        """Returned for what can be corrected, by name of the field."""
        self._bureau(who)
        self._move(tenure, "returned", do=lambda: demand(not silent, "design §3: a return names the fields"))

    def file(self, who: str, tenure: Tenure, silent: bool) -> None:
        """Put on record by the city (design 1.11)."""
        demand(who in MUNICIPAL, "design 1.11: filing ends at the city")
        self._move(tenure, "filed", do=lambda: demand(not silent, "design 1.5: silence is impossible"))

    def _with_its_paper(self, who: str, scan: bool) -> None:
        """Design 1.15: what a bureau transcribes has the enterprise's own paper."""
        demand(scan or who == ENTERPRISE, "design 1.15: with the scan")

    def withdraw(self, who: str, tenure: Tenure, silent: bool, scan: bool = True) -> None:
        """The enterprise takes its filing back, and with it the appointment, that day."""
        self._owns(who, tenure)
        self._with_its_paper(who, scan)
        self._move(tenure, "withdrawn", do=lambda: demand(not (silent and tenure.last), "a reason"))
        if tenure.last:
            tenure.until = min(self.today, tenure.last) if self.today >= tenure.first else None
        self._over(tenure, by_its_own_dismissal=False)

    def end(self, who: str, tenure: Tenure, why: str, day: date, scan: bool = True) -> None:
        """Art. 11, 12: the enterprise's own act, on a day that has come, for a reason of its own."""
        self._owns(who, tenure)
        self._with_its_paper(who, scan)
        demand("ended" in APPOINTMENT_MOVES[tenure.state], "design §3: only what is filed ends")
        demand(why in OWN_REASONS, "Art. 11: only the clock lets it expire")
        demand(tenure.first <= day <= min(self.today, tenure.last), "a day of the term that has come")
        self._end(tenure, why, day, by_its_own_dismissal=why == "dismissed")

    def _end(self, tenure: Tenure, why: str, day: date, by_its_own_dismissal: bool) -> None:
        tenure.state, tenure.why, tenure.until = "ended", why, day
        self._over(tenure, by_its_own_dismissal)

    def _over(self, tenure: Tenure, by_its_own_dismissal: bool) -> None:
        """Nothing is left to recommend; the enterprise's own dismissal answers a letter that it has."""
        for case in self.cases:
            if case.tenure is tenure and case.state in OPEN:
                answered = case.state == "served" and by_its_own_dismissal
                case.state, case.answer = ("answered", "dismissed") if answered else ("closed", "")

    def clock(self) -> None:
        """Art. 11: the term is over."""
        for tenure in self.tenures:
            if tenure.state == "filed" and tenure.last < self.today:
                self._end(tenure, "expired", tenure.last, by_its_own_dismissal=False)

    def renew(self, who: str, tenure: Tenure) -> Tenure:
        """Art. 11: a new appointment of the same person, from the day after."""
        demand(who == ENTERPRISE, "Art. 11: the enterprise's own act")
        demand(tenure.state in ("filed", "ended"), "nothing to renew")
        known = [t for t in self.tenures if t.renews is tenure and t.state not in ("withdrawn", "ended")]
        first = max(tenure.until + DAY, self.today)
        return known[-1] if known else self._new(Tenure(tenure.person, first, renews=tenure))

    def counter(self, who: str, person: str, first: date) -> Tenure:
        """Design 1.15: a bureau transcribes the enterprise's own paper; no 聘书 comes of it."""
        self._bureau(who)
        tenure = Tenure(person, first, on_paper=True)
        self._appoint(tenure)
        tenure.state = "submitted"
        return self._new(tenure)

    # --- What the record says (Art. 12(二)(1), (3)) ------------------------------------------------------------------

    def find(self, who: str, tenure: Tenure, proven: bool, knew: bool) -> Finding:
        """A bureau puts a finding about a CQO on file."""
        self._bureau(who)
        demand(tenure.in_office(self.today), "Art. 12: about a CQO in office")
        self.findings.append(Finding(tenure, proven, knew, self.today, self.basis))
        return self.findings[-1]

    def unfind(self, who: str, finding: Finding) -> None:
        """It was not so."""
        self._bureau(who)
        demand(finding.state == "filed", "taken back before")
        finding.state = "withdrawn"

    def open_notice(self, who: str, duty: Duty) -> None:
        """Opening is receipt; the first time counts."""
        self._owns(who, duty.tenure)
        duty.opened = duty.opened or self.today

    def notice_on_paper(self, who: str, duty: Duty) -> None:
        """Delivered by hand, with proof, once."""
        self._bureau(who)
        demand(duty.paper is None, "recorded before")
        duty.paper = self.today

    def put_off(self, who: str, duty: Duty, due: date) -> None:
        """While the day is not over, and to a later one."""
        demand(who in MUNICIPAL, "Art. 3, 12: the city's notice")
        demand(self.today <= duty.due < due, "the day is over, or not later")
        duty.due = due

    def report(self, who: str, duty: Duty) -> None:
        """Art. 5, 12(二)(3): the report is handed in, once, while in office."""
        self._owns(who, duty.tenure)
        demand(duty.received is None, "handed in before")
        demand(duty.tenure.in_force(self.today), "nobody in office to report")
        duty.received = self.today

    # --- The recommendation (Art. 12(二)) ----------------------------------------------------------------------------

    def open_case(self, who: str, tenure: Tenure, grounds: list) -> Case:
        """可以建议: on named grounds, one case at a time."""
        self._bureau(who)
        case = Case(tenure, grounds)
        self._adverse(case)
        demand(not [c for c in self.cases if c.tenure is tenure and c.state in OPEN], "one case at a time")
        demand(not [ground for ground in grounds if self.decided(ground)], "design 1.2: decided, and not twice")
        self.cases.append(case)
        return case

    def decided(self, ground) -> bool:
        """Whether the enterprise answered a letter on it, or the bureau decided not to send one."""
        done = [case for case in self.cases if case.state in ("answered", "not_recommended")]
        return any(one is ground for case in done for one in case.grounds)

    def _go(self, case: Case, to: str) -> None:
        demand(to in CASE_MOVES.get(case.state, ()), f"design §3: no way from {case.state} to {to}")

    def ask(self, who: str, case: Case, due: date) -> None:
        """Both are asked, until a day."""
        self._bureau(who)
        demand(case.state == "opened", "asked before")
        demand(case.tenure.in_office(self.today), "Art. 12: nobody in office to dismiss")
        demand(due > self.today, "a day to come")
        case.state, case.due, case.asked_on = "asked", due, self.today

    def _listens(self, case: Case) -> None:
        demand(case.state in ("asked", "proposed"), "not asked, or decided")

    def state(self, who: str, case: Case) -> None:
        """The enterprise's statement."""
        demand(who == ENTERPRISE, "design §2: the enterprise speaks for itself")
        self._listens(case)
        case.heard.add("enterprise")

    def hear_on_paper(self, who: str, case: Case, party: str) -> None:
        """A statement on paper, with its scan; what an office wrote down does not end the time before its day."""
        self._bureau(who)
        self._listens(case)
        case.told = case.told or party == "cqo"

    def link(self, who: str, case: Case) -> Link:
        """One link at a time, while the CQO may be heard; a week at least."""
        self._bureau(who)
        demand(case.state == "asked", "not asked, or proposed")
        demand(not [k for k in self.links if k.case is case and k.state == "open"], "one link at a time")
        case.told = True
        self.links.append(Link(case, max(case.due, self.today + 7 * DAY)))
        return self.links[-1]

    def notify(self, who: str, case: Case, party: str, day: date) -> None:
        """The notice that asks, delivered by hand with proof."""
        self._bureau(who)
        demand(case.state == "asked" and case.asked_on <= day <= self.today, "between asking and today")
        case.told = case.told or party == "cqo"

    def revoke(self, who: str, link: Link) -> None:
        """A link that was not used is made useless."""
        self._bureau(who)
        demand(link.state == "open", "used or revoked")
        link.state = "revoked"

    def speak(self, link: Link) -> None:
        """Design §2: the CQO as a person, by the link, once."""
        demand(link.state == "open" and self.today <= link.expires, "used, revoked or over")
        demand(link.case.state in UNDECIDED, "decided")
        link.state = "used"
        link.case.heard.add("cqo")

    def propose(self, who: str, case: Case, silent: bool) -> None:
        """After both were heard, or their day is over; with reasons."""
        self._bureau(who)
        self._go(case, "proposed")
        self._adverse(case)
        demand(case.told, "design §3: the CQO was never asked")
        demand(case.heard >= BOTH or self.today > case.due, "design §3: statements first")
        demand(not silent, "reasons")
        case.state, case.proposer = "proposed", who

    def not_yet(self, who: str, case: Case, silent: bool) -> None:
        """The second person sends it back to the office that proposed it."""
        demand(self.may_sign(who, case), "design §2: never the proposer")
        demand(case.state == "proposed", "nothing to sign")
        demand(not silent, "reasons")
        case.state, case.proposer = "asked", None

    def sign(self, who: str, case: Case, answer_due: date, numbered: bool) -> None:
        """A second person, a basis in force that day, grounds that stand that day; a county's number is its own."""
        demand(self.may_sign(who, case), "design §2: never the proposer")
        self._go(case, "issued")
        self._adverse(case)
        demand(answer_due > self.today, "a day to come")
        demand(numbered or who in MUNICIPAL, "the county bureau's own 发文字号")
        case.state, case.signer, case.signed_on = "issued", who, self.today

    def decide_not(self, who: str, case: Case, silent: bool) -> None:
        """Design 1.2: not recommending is a decision too, with its reason."""
        may = self.may_sign(who, case) if case.state == "proposed" else who in BUREAU
        demand(may, "Art. 12: the office of the case; once proposed, the second person")
        self._go(case, "not_recommended")
        demand(not silent, "reasons")
        case.state = "not_recommended"

    def stamp(self, who: str, case: Case) -> None:
        """The stamped scan, while the letter stands."""
        self._bureau(who)
        demand(case.state in STANDING, "no letter that stands")

    def open_letter(self, who: str, case: Case) -> None:
        """Opening is service; where no letter stands, or it was opened before, nothing happens."""
        demand(who == ENTERPRISE, "the enterprise's letter")
        if case.state in STANDING:
            case.opened_letter, case.state = True, "served"

    def letter_on_paper(self, who: str, case: Case, day: date) -> None:
        """Delivered by hand, with proof, once, not before it was signed."""
        self._bureau(who)
        demand(case.state in STANDING and not case.paper_letter, "no letter to deliver")
        demand(case.signed_on <= day <= self.today, "between signing and today")
        case.paper_letter, case.state = True, "served"

    def take_back(self, who: str, case: Case, silent: bool) -> None:
        """Until it is answered, with the reason; by the city, or by the county bureau whose letter it is."""
        demand(who in MUNICIPAL or (who in OF_COUNTY and case.signer in OF_COUNTY), "the office whose letter it is")
        self._go(case, "withdrawn")
        demand(not silent, "reasons")
        case.state = "withdrawn"

    def reply(self, who: str, case: Case, answer: str, silent: bool) -> None:
        """Art. 12(二) 建议: the enterprise decides; dismissing is its own act and ends the appointment that day.

        What the bureau has not filed yet (design 1.1) is dismissed all the same: it is withdrawn that day.
        """
        tenure = case.tenure
        self._owns(who, tenure)
        self._go(case, "answered")
        if answer == "declined":
            demand(not silent, "reasons")
        elif tenure.state == "filed":
            self.end(who, tenure, "dismissed", self.today)
        else:
            case.state = "answered"
            self.withdraw(who, tenure, silent=False)
        case.state, case.answer = "answered", answer

    # --- What frames it all (Art. 13, 14) ----------------------------------------------------------------------------

    def extend_basis(self, who: str, first: date, last: date) -> None:
        """Art. 14: the administrator records a document that keeps the measure in force; one basis a day."""
        demand(who == ADMINISTRATOR, "design §2: the administrator")
        demand(not [b for b in self.basis if b[0] <= last and first <= b[1]], "one basis a day")
        self.basis.append((first, last))

    def interpret(self, who: str) -> None:
        """Art. 13: only the city interprets; here, that a county bureau may sign too."""
        demand(who in MUNICIPAL, "Art. 13: 由清远市质监局负责解释")
        demand(not self.county_signs, "read so already")
        self.county_signs = True
