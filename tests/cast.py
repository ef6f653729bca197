"""The fixed cast: 市局 and 市局二, 县局一 and 县局二, 甲公司 and 乙公司, and what they do through the real acts.

Fixtures name who stands there; ``make`` brings an appointment to any state by the acts alone, so that no test meets a
row that the portal itself could not have written.
"""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from PIL import Image
from pypdf import PdfWriter

from appointments import actions
from appointments.eligibility import checklist
from appointments.models import Appointment
from appointments.rules import needs_opinion
from appointments.states import APPOINTED_STATES, Appointer, EndReason, EvidenceKind, PaperKind, State
from registry.actions.accounts import invite, submit_registration
from registry.actions.common import day_of
from registry.actions.enterprises import designate, register_enterprise
from registry.actions.files import store_file, store_file_of_applicant, store_file_of_measure
from registry.actions.measure import load_measure, record_extension
from registry.actions.people import record_fact, record_person
from registry.measures import DIRECTORY, read
from registry.models import (
    County,
    Edition,
    Education,
    Enterprise,
    ProfessionalQualification,
    QualityExperience,
    User,
)
from registry.states import Designation, EducationLevel, IdPaper, Industry, QualificationLevel, Role, SizeBand
from training.actions import add_body, recognise_body
from training.models import TrainingBody, TrainingRecord
from training.states import BodyKind, TrainingKind

AT = datetime(2026, 11, 22, 2, tzinfo=UTC)  # ten in the morning in Qingyuan
TODAY = date(2026, 11, 22)
PASSWORD = "correct-horse-7"
MEASURE = read(DIRECTORY / "qingyuan-2016.toml")


PARTS: dict[str, Callable] = {}  # every fixture of the cast, by name


def part(make: Callable) -> Callable:
    """A fixture of the cast, made for each test; ``tests.kept`` makes it once for a whole file."""
    PARTS[make.__name__] = make
    return pytest.fixture(make)


# --- Values ----------------------------------------------------------------------------------------------------------


def credit_code(n: int) -> str:
    """The n-th valid credit code of Qingyuan, by the two formulas of ``facts.md`` (GB 11714, GB 32100-2015)."""
    organisation = f"{n:08d}"
    rest = 11 - sum(int(c) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = f"91441800{organisation}{ {10: 'X', 11: '0'}.get(rest, rest) }"
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    check = -sum(alphabet.index(c) * pow(3, k, 31) for k, c in enumerate(body)) % 31
    return body + alphabet[check]


def resident_id(n: int, born: date = date(1980, 5, 17)) -> str:
    """The n-th valid resident ID number of somebody of 清城区 born that day (GB 11643-1999)."""
    body = f"441802{born:%Y%m%d}{n:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def pdf(pages: int = 1) -> bytes:
    """A small valid PDF."""
    writer, data = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(data)
    return data.getvalue()


def picture(kind: str = "PNG") -> bytes:
    """A small valid picture."""
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(data, kind)
    return data.getvalue()


# --- The measure and the offices -------------------------------------------------------------------------------------


def all_counties() -> dict[str, County]:
    """The eight, by code; put back after a test that emptied the tables."""
    if not County.unscoped.exists():
        import_module("registry.migrations.0002_counties").load(apps, None)
    return {county.code: county for county in County.unscoped.all()}


@part
def counties(db) -> dict[str, County]:
    """The eight, by code."""
    return all_counties()


@part
def measure(counties) -> Edition:
    """The measure of 2016, loaded; lapsed since 2018-03-31 (Art. 14)."""
    load_measure(MEASURE, at=AT)
    return Edition.unscoped.get(key=MEASURE.edition.key)


def measure_paper(by: User, at=AT, name: str = "文件.pdf"):
    """The scan of a document about the measure, as the administrator keeps it."""
    return store_file_of_measure(pdf(), name, by=by, at=at)


@part
def extension(measure, administrator):
    """A document that keeps the measure in force today."""
    return record_extension(
        edition=measure,
        first_day=date(2018, 4, 1),
        last_day=None,
        title="关于延长有效期的通知",
        number="清质监〔2018〕1号",
        document=measure_paper(administrator),
        by=administrator,
        at=AT,
    )


def account(username: str, role: Role, display_name: str, **scope) -> User:
    """An account of the cast; all share PASSWORD."""
    return User.unscoped.create_user(username, PASSWORD, role=role, display_name=display_name, **scope)


@part
def municipal(measure) -> User:
    return account("municipal", Role.MUNICIPAL, "市局")


@part
def municipal_two(measure) -> User:
    return account("municipal-2", Role.MUNICIPAL, "市局二")


@part
def administrator(measure) -> User:
    return account("administrator", Role.ADMINISTRATOR, "管理员")


@part
def county_one(measure, counties) -> User:
    return account("county-441802", Role.COUNTY, "县局一", county=counties["441802"])


@part
def county_two(measure, counties) -> User:
    return account("county-441881", Role.COUNTY, "县局二", county=counties["441881"])


# --- The enterprises and their people --------------------------------------------------------------------------------


def enterprise(n: int, name: str, *, by: User, county: County | None = None, at=AT) -> Enterprise:
    """An enterprise of a county (default: the officer's own), registered by an officer."""
    return register_enterprise(
        credit_code=credit_code(n),
        county=county or by.county,
        name=name,
        address="清远市某路1号",
        industry=Industry.C,
        size=SizeBand.MEDIUM,
        legal_representative="李法人",
        principal="王负责",
        contact_name="赵联系",
        contact_phone="13800138000",
        contact_email=f"zhiliang{n % 10}@example.com",
        by=by,
        at=at,
        since=date(2016, 1, 1),
    )


@part
def company_a(county_one) -> Enterprise:
    """甲公司, in 441802."""
    return enterprise(10000001, "甲公司", by=county_one)


@part
def company_b(county_two) -> Enterprise:
    """乙公司, in 441881."""
    return enterprise(10000002, "乙公司", by=county_two)


@part
def user_a(company_a) -> User:
    return account("enterprise-a", Role.ENTERPRISE, "甲公司经办人", enterprise=company_a, is_owner=True)


@part
def user_b(company_b) -> User:
    return account("enterprise-b", Role.ENTERPRISE, "乙公司经办人", enterprise=company_b, is_owner=True)


@part
def member_a(company_a) -> User:
    """Another account of 甲公司, who does not answer for its accounts."""
    return account("enterprise-a2", Role.ENTERPRISE, "甲公司同事", enterprise=company_a)


@part
def applicant(measure) -> User:
    """Somebody who signed up and is of no enterprise."""
    return account("qy00000001", Role.APPLICANT, "注册人", email="applicant@example.com")


def registration(applicant: User, county: County, n: int = 10000077, at=AT, **facts):
    """What an applicant sends about an enterprise, with a licence and a letter of authority."""
    kept = {"county": county, "by": applicant, "at": at}
    licence, authority = (store_file_of_applicant(picture(), name, **kept) for name in ("营业执照.png", "授权书.png"))
    said = {
        "credit_code": credit_code(n),
        "name": "丁公司",
        "address": "清远市某路4号",
        "industry": Industry.C,
        "size": SizeBand.SMALL,
        "legal_representative": "李法人",
        "principal": "李法人",
        "contact_name": "注册人",
        "contact_phone": "13800138004",
        "contact_email": "",
    }
    return submit_registration(**said | facts, licence=licence, authority=authority, **kept)


def person(n: int, name: str, *, company: Enterprise, by: User, at=AT):
    """A person of an enterprise, without any fact on file."""
    return record_person(
        enterprise=company,
        name=name,
        id_type=IdPaper.RESIDENT,
        id_number=resident_id(n),
        position="质量总监",
        since=date(2015, 1, 1),
        phone="13900139000",
        by=by,
        at=at,
    )


@part
def person_a(company_a, user_a):
    """张三 of 甲公司, with nothing on file yet."""
    return person(1, "张三", company=company_a, by=user_a)


@part
def person_a_two(company_a, user_a):
    """孙五 of 甲公司, with nothing on file yet."""
    return person(3, "孙五", company=company_a, by=user_a)


@part
def person_b(company_b, user_b):
    """李四 of 乙公司, with nothing on file yet."""
    return person(5, "李四", company=company_b, by=user_b)


# --- What they do ----------------------------------------------------------------------------------------------------

COMPLETE = {
    "first_day": date(2026, 12, 1),
    "appointer": Appointer.LEGAL_REPRESENTATIVE,
    "position": "副总经理",
    "in_decision_level": True,
    "exception_reason": "",
    "quality_department": "质量管理部",
    "inspection_department": "质量检验部",
    "safety_department": "质量安全部",
    "departments_report": True,
    "declares_ethics": True,
    "declares_knowledge": True,
    "declares_independence": True,
}


class Make:
    """Appointments in any state, by the real acts; the actors are those of the enterprise and its county."""

    def __init__(self, municipal: User):
        self.municipal = municipal

    def enterprise_user(self, company) -> User:
        return company.accounts.order_by("-is_owner", "pk")[0]

    def officer(self, company) -> User:
        return User.unscoped.get(role=Role.COUNTY, county=company.county_id)

    def body(self, name: str = "清远市质量协会", mark: str = "清质协培") -> TrainingBody:
        """A training body that the bureau has recognised since the measure took effect (Art. 8)."""
        if known := TrainingBody.unscoped.filter(name=name).first():
            return known
        by = self.municipal
        body = add_body(name=name, mark=mark, kind=BodyKind.RECOGNISED, by=by, at=AT)
        recognise_body(
            body,
            first_day=date(2016, 3, 31),
            last_day=None,
            document_title="关于认可培训机构的通知",
            document_number="清质监〔2016〕8号",
            by=by,
            at=AT,
        )
        return body

    def stored(self, company, data: bytes = b"", name: str = "材料.pdf", at=AT):
        """An uploaded file of an enterprise."""
        return store_file(data or pdf(), name, enterprise=company, by=self.enterprise_user(company), at=at)

    def fact(self, model, person, company, at=AT, **facts):
        """A fact the enterprise put on file about its person."""
        return record_fact(model, person, enterprise=company, by=self.enterprise_user(company), at=at, **facts)

    def facts(self, person, company, *, evidence=None):
        """One fact of every kind; with ``evidence`` they meet Art. 6(三) and (五)."""
        proof = {"evidence": evidence}
        self.fact(
            ProfessionalQualification,
            person,
            company,
            level=QualificationLevel.INTERMEDIATE,
            name="质量工程师",
            number="ZL001",
            issued_on=date(2012, 6, 1),
            **proof,
        )
        self.fact(
            Education,
            person,
            company,
            level=EducationLevel.BACHELOR,
            school="华南理工大学",
            major="材料",
            graduated_on=date(2002, 7, 1),
            **proof,
        )
        self.fact(
            QualityExperience,
            person,
            company,
            employer="某陶瓷厂",
            work="质量检验",
            period=(date(2010, 1, 1), date(2015, 1, 1)),
            **proof,
        )
        self.fact(
            TrainingRecord,
            person,
            company,
            kind=TrainingKind.QUALIFYING,
            body=self.body(),
            body_name="清远市质量协会",
            certificate_number="PX001",
            completed_on=date(2016, 5, 1),
            **proof,
        )

    def qualified(self, person, company):
        """All of Art. 6 proven: nothing is left that needs an opinion."""
        self.facts(person, company, evidence=self.stored(company, name="证明.pdf"))
        return person

    def draft(self, person, company, at=AT, **values) -> Appointment:
        """A complete draft."""
        by = self.enterprise_user(company)
        draft = actions.start_draft(enterprise=company, candidate=person, by=by, at=at)
        return actions.save_draft(draft, version=draft.version, by=by, at=at, **COMPLETE | values)

    def submitted(self, person, company, at=AT, **values) -> Appointment:
        """Appointed and submitted."""
        draft = self.draft(person, company, at, **values)
        return actions.submit(draft, version=draft.version, by=self.enterprise_user(company), at=at)

    def opinions(self, appointment, at=AT) -> dict[str, str]:
        """An opinion for each criterion that needs one."""
        return {c.key: f"{c.title}：已注明" for c in needs_opinion(checklist(appointment, day_of(at)).criteria)}

    def checked(self, person, company, at=AT, **values) -> Appointment:
        """Checked by the county."""
        row = self.submitted(person, company, at, **values)
        return actions.check(row, version=row.version, opinions=self.opinions(row, at), by=self.officer(company), at=at)

    def returned(self, person, company, at=AT, **values) -> Appointment:
        """Returned by the county, with the position at fault."""
        row = self.submitted(person, company, at, **values)
        remarks = {"position": "与任命决定不一致"}
        return actions.return_for_correction(row, version=row.version, remarks=remarks, by=self.officer(company), at=at)

    def filed(self, person, company, at=AT, **values) -> Appointment:
        """Filed by the city."""
        row = self.checked(person, company, at, **values)
        if row.state == State.FILED:  # where filing ends at the county, the one act does both
            return row
        return actions.file(row, version=row.version, opinions=self.opinions(row, at), by=self.municipal, at=at)

    def ended(self, person, company, at=AT, **values) -> Appointment:
        """Filed with a term that has begun, then ended by the enterprise on the day of the act."""
        row = self.filed(person, company, at, **{"first_day": day_of(at) - timedelta(days=30)} | values)
        return actions.end(
            row,
            version=row.version,
            reason=EndReason.RESIGNED,
            last_day=day_of(at),
            by=self.enterprise_user(company),
            at=at,
        )

    def withdrawn(self, person, company, at=AT, **values) -> Appointment:
        """Submitted, then withdrawn by the enterprise."""
        row = self.submitted(person, company, at, **values)
        return actions.withdraw(
            row, version=row.version, by=self.enterprise_user(company), at=at, reason="任命决定有误"
        )

    def in_state(self, state: str, person, company, **values) -> Appointment:
        """An appointment of that state."""
        return getattr(self, State(state).value)(person, company, **values)


@part
def make(municipal, county_one, county_two, user_a, user_b) -> Make:
    """The acts, with everybody there who carries them out."""
    return Make(municipal)


@part
def filed_both(make, company_a, company_b, person_a, person_b) -> dict[str, Appointment]:
    """The filed appointments of both enterprises, by letter, in office since January 2025, all papers on file."""
    filed = {}
    for letter, company, someone in (("a", company_a, person_a), ("b", company_b, person_b)):
        user = make.enterprise_user(company)
        make.qualified(someone, company)
        designate(company, kind=Designation.ABOVE_SCALE, since=date(2020, 1, 1), by=make.officer(company), at=AT)
        draft = make.draft(someone, company, first_day=date(2025, 1, 10))
        actions.add_evidence(draft, kind=EvidenceKind.DECISION, file=make.stored(company), by=user, at=AT)
        row = actions.submit(draft, version=draft.version, by=user, at=AT)
        row = actions.check(row, version=row.version, opinions=make.opinions(row), by=make.officer(company), at=AT)
        row = actions.file(row, version=row.version, opinions=make.opinions(row), by=make.municipal, at=AT)
        assert row.state in APPOINTED_STATES
        actions.attach_sealed_scan(
            row.papers.get(kind=PaperKind.LETTER), file=make.stored(company, picture(), "聘书.png"), by=user, at=AT
        )
        filed[letter] = row
    return filed


def account_traces(company: Enterprise, number: int) -> None:
    """An invitation that nobody has accepted, and a registration of another enterprise of the county."""
    invite(name="孙八", email=f"sun{number}@example.com", by=company.accounts.get(is_owner=True), at=AT)
    someone = account(f"qy1000000{number}", Role.APPLICANT, "另一注册人")
    registration(someone, company.county, n=10000088 + number)


@part
def everything(
    filed_both, train, train_two, supervise, promote, company_a, company_b, person_a, person_b, free_one, free_two
) -> dict[str, Appointment]:
    """Both enterprises with a row of every kind that could leak to the other; the filed appointments, by letter.

    甲公司's people are trained by 培训机构, 乙公司's by another body. Slow: take ``filed_both`` where it is enough.
    """
    train.traces(person_a, company_a, free_one)
    train_two.traces(person_b, company_b, free_two)
    for number, row in enumerate(filed_both.values()):
        account_traces(row.enterprise, number)
        supervise.traces(row)
        promote.traces(row.candidate, row.enterprise, row)
    actions.send_reminders(at=AT)
    return filed_both
