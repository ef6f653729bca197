"""Enterprises and people of the demo, put on the register by the acts that pages use."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from random import Random

from django.utils import timezone

from cqo_portal.demo import evidence
from cqo_portal.demo.names import MAJORS, SCHOOLS, TRAINING_BODIES, Names
from registry.actions.common import day_of
from registry.actions.files import store_file
from registry.actions.people import record_fact, record_person
from registry.models import (
    Candidate,
    Education,
    Enterprise,
    ProfessionalQualification,
    QualityExperience,
    StoredFile,
    User,
)
from registry.rules import anniversary, day_words
from registry.states import EducationLevel, IdPaper, QualificationLevel
from training.models import TrainingBody, TrainingRecord
from training.states import TrainingKind

DAYS = timedelta(days=1)


class Standing(Enum):
    """How a person stands to Art. 6(三): by qualification, by degree and years, soon, not at all, or unproven."""

    QUALIFIED = "A"
    EXPERIENCED = "B and C"
    SOON = "B and C in four months"
    UNMET = "neither"
    UNPROVEN = "B and C without evidence"


@dataclass
class City:
    """What all enterprises share: the offices, the names still to be given out, and today."""

    today: date
    names: Names
    municipal: User
    officers: dict[str, User]  # by county code
    password: str  # as stored
    shared: dict[str, tuple[str, Enterprise]] = field(default_factory=dict)  # ID number → name and first enterprise
    firms: list["Firm"] = field(default_factory=list)  # in the order in which they came on the register


@dataclass
class Firm:
    """An enterprise, who acts for it, and its own dice."""

    city: City
    enterprise: Enterprise
    account: User
    officer: User
    random: Random

    def ago(self, days: int) -> date:
        """The day that many days before today; a negative figure is a day to come."""
        return self.city.today - days * DAYS

    def hour(self, day: date) -> datetime:
        """A moment within office hours of that day; of the Friday before where it is a weekend."""
        return office_hour(day, self.random)


def office_hour(day: date, random: Random) -> datetime:
    """A moment between 9:00 and 16:00 of that day; of the Friday before where it is a weekend."""
    day -= max(0, day.weekday() - 4) * DAYS
    moment = datetime.combine(day, time(9)) + timedelta(minutes=random.randrange(7 * 60))
    return timezone.make_aware(moment)


def upload(firm: Firm, name: str, lines: list[str], *, issuer: str, at, by: User | None = None) -> StoredFile:
    """A drawn page, stored like any upload: most are PDF, some are photographs."""
    as_pdf = firm.random.random() < 0.6
    data, file = evidence.scan(name, lines, issuer=issuer, as_pdf=as_pdf), f"{name}.{'pdf' if as_pdf else 'jpg'}"
    return store_file(data, file, enterprise=firm.enterprise, by=by or firm.account, at=at)


def hire(
    firm: Firm, *, at, standing=Standing.QUALIFIED, trained: bool = True, position: str = "质量部经理"
) -> Candidate:
    """Put a new person of the enterprise on file, with what the standing says, training and evidence."""
    dice, today = firm.random, day_of(at)
    born = today.replace(year=today.year - dice.randrange(32, 54), day=1) + dice.randrange(300) * DAYS
    name, number = firm.city.names.candidate(), firm.city.names.resident_id(born)
    since = today - dice.randrange(250, 1400) * DAYS
    person = record_person(
        enterprise=firm.enterprise, name=name, id_type=IdPaper.RESIDENT, id_number=number, position=position,
        since=since, phone=firm.city.names.phone(), by=firm.account, at=at,
    )  # fmt: skip
    if dice.random() < 0.15:
        firm.city.shared[number] = (name, firm.enterprise)
    _record_standing(firm, person, standing, since, at=at)
    if trained:
        train(firm, person, today - dice.randrange(10, 200) * DAYS, at=at)
    return person


def hire_shared(firm: Firm, *, at) -> None:
    """Put somebody whom another enterprise employs already on file here too, if there is anybody: the same person."""
    known = [number for number, (_, employer) in firm.city.shared.items() if employer != firm.enterprise]
    for number in known[:1]:
        name, _ = firm.city.shared.pop(number)
        record_person(
            enterprise=firm.enterprise, name=name, id_type=IdPaper.RESIDENT, id_number=number, position="质量顾问",
            since=day_of(at) - 60 * DAYS, by=firm.account, at=at,
        )  # fmt: skip


def train(firm: Firm, person: Candidate, day: date, *, at, kind=TrainingKind.QUALIFYING, hours: int = 40) -> None:
    """Record a completed course of that day, with its certificate."""
    body = TrainingBody.unscoped.get(name=firm.random.choice(TRAINING_BODIES))
    number = f"PX{day.year}{firm.random.randrange(10_000):04d}"
    done = f"{person.name}于{day_words(day)}完成首席质量官{kind.label}，共{hours}学时，考核合格。"
    proof = upload(firm, f"{person.name}{kind.label}证书", [done, f"证书编号：{number}"], issuer=body.name, at=at)
    record_fact(
        TrainingRecord, person, enterprise=firm.enterprise, by=firm.account, at=at, evidence=proof,
        kind=kind, body=body, body_name=body.name, certificate_number=number, completed_on=day, hours=hours,
    )  # fmt: skip


def _record_standing(firm: Firm, person: Candidate, standing: Standing, since: date, *, at) -> None:
    today = day_of(at)
    if standing is Standing.QUALIFIED:
        _qualify(firm, person, firm.random.choice(QualificationLevel.values[1:3]), today - 900 * DAYS, at=at)
        _educate(firm, person, EducationLevel.ASSOCIATE, at=at, proven=False)
        return
    proven = standing is not Standing.UNPROVEN
    if standing is Standing.UNMET:
        _qualify(firm, person, QualificationLevel.JUNIOR, today - 500 * DAYS, at=at)
        _educate(firm, person, EducationLevel.ASSOCIATE, at=at, proven=True)
        began = anniversary(today, -3)
    else:
        _educate(firm, person, firm.random.choice(EducationLevel.values[2:4]), at=at, proven=proven)
        began = anniversary(today + 122 * DAYS, -5) if standing is Standing.SOON else anniversary(today, -8)
    for employer, first, until in (
        ("粤北某制造企业（演示）", began, max(began, since)),
        (firm.enterprise.name, max(began, since), None),
    ):
        if first != until:
            _work(firm, person, employer, first, until, at=at, proven=proven)


def _qualify(firm: Firm, person: Candidate, level: str, day: date, *, at) -> None:
    name, number = "质量专业技术人员职业资格", f"ZL{day.year}{firm.random.randrange(100_000):05d}"
    words = [f"姓名：{person.name}", f"级别：{QualificationLevel(level).label}", f"证书编号：{number}", day_words(day)]
    proof = upload(firm, f"{person.name}职业资格证书", words, issuer="质量专业技术资格评审机构", at=at)
    record_fact(
        ProfessionalQualification, person, enterprise=firm.enterprise, by=firm.account, at=at, evidence=proof,
        level=level, name=name, number=number, issued_on=day,
    )  # fmt: skip


def _educate(firm: Firm, person: Candidate, level: str, *, at, proven: bool) -> None:
    school, major = firm.random.choice(SCHOOLS), firm.random.choice(MAJORS)
    day = date(person.birth_date.year + 22, 7, 1)
    words = [f"{person.name}于{day_words(day)}在本校{major}专业毕业。", f"学历：{EducationLevel(level).label}"]
    proof = upload(firm, f"{person.name}毕业证书", words, issuer=school, at=at) if proven else None
    record_fact(
        Education, person, enterprise=firm.enterprise, by=firm.account, at=at, evidence=proof,
        level=level, school=school, major=major, graduated_on=day,
    )  # fmt: skip


def _work(firm: Firm, person: Candidate, employer: str, first: date, until: date | None, *, at, proven: bool) -> None:
    words = [f"兹证明{person.name}自{day_words(first)}起在本单位从事质量管理工作。"]
    proof = upload(firm, f"{person.name}质量工作经历证明", words, issuer=employer, at=at) if proven else None
    record_fact(
        QualityExperience, person, enterprise=firm.enterprise, by=firm.account, at=at, evidence=proof,
        employer=employer, work="质量管理", period=(first, until),
    )  # fmt: skip
