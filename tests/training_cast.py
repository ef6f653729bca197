"""培训机构 and what it does through the real acts: sessions, results, certificates, projects, the talent pool."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from registry.actions.people import record_free_person
from registry.models import Candidate, User
from registry.states import IdPaper, Role
from tests.cast import AT, Make, account, part, resident_id
from training import actions
from training.actions.results import Result
from training.models import Certificate, Enrolment, ImprovementProject, Session, TrainingBody, TrainingRecord
from training.states import TrainingKind

DAYS = (date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18))
EARLIER = AT - timedelta(days=30)  # when the session was planned and people enrolled
PLAN = {
    "title": "降低釉面砖色差不良率",
    "problem": "釉面砖色差不良率为 3.2%，高于同行。",
    "target": "半年内降到 1.5% 以下。",
    "measures": "原料批次管控；窑炉温度曲线固定；首件比对。",
}


class Train:
    """Training in any state, by the real acts; 培训机构 acts by its trainer."""

    def __init__(self, make: Make, body: TrainingBody, trainer: User):
        self.make, self.body, self.trainer = make, body, trainer

    def facts(self, **changes) -> dict:
        """What a session is planned with."""
        return {
            "kind": TrainingKind.QUALIFYING,
            "title": "第三期首席质量官任职培训",
            "place": "清远市质量协会三楼",
            "open_county": None,
            "audience": "拟任首席质量官和企业质量管理人员",
            "seats": 30,
            "pass_mark": 60,
            "days_needed": 2,
            "session_days": list(DAYS),
            "courses": [("质量法律法规", 8), ("质量管理体系", 16)],
            "enrolment": (date(2026, 10, 1), date(2026, 11, 18)),
        } | changes

    def planned(self, *, body=None, by=None, at=EARLIER, **changes) -> Session:
        """A session nobody but its body sees yet."""
        return actions.plan_session(body=body or self.body, by=by or self.trainer, at=at, **self.facts(**changes))

    def session(self, *, body=None, by=None, at=EARLIER, **changes) -> Session:
        """A published session, three days of last week."""
        planned = self.planned(body=body, by=by, at=at, **changes)
        return actions.publish_session(planned, version=planned.version, by=by or self.trainer, at=at)

    def enrolled(self, session: Session, person: Candidate, company, at: datetime = EARLIER) -> Enrolment:
        """Enrolled by the enterprise, with a seat or waiting."""
        by = self.make.enterprise_user(company)
        return actions.enrol(session, enterprise=company, candidate=person, by=by, at=at)

    def results(
        self, enrolment: Enrolment, *, present: int = 3, scores: tuple[str, ...] = ("85",), by=None, at=AT
    ) -> Enrolment:
        """Present on so many of the days, with these scores."""
        session = enrolment.session
        days = list(session.days.values_list("day", flat=True))
        result = Result(
            {day: place < present for place, day in enumerate(days)},
            {n: (session.last_day, Decimal(score)) for n, score in enumerate(scores, start=1)},
        )
        actions.enter_results(session, results={enrolment.pk: result}, by=by or self.trainer, at=at)
        return Enrolment.unscoped.get(pk=enrolment.pk)

    def passed(self, person: Candidate, company, session: Session | None = None) -> Enrolment:
        """There on all days and passed, without a certificate yet."""
        return self.results(self.enrolled(session or self.session(), person, company))

    def certified(self, person: Candidate, company, session: Session | None = None, at=AT) -> Certificate:
        """With the certificate."""
        return actions.issue_certificate(self.passed(person, company, session), by=self.trainer, at=at)

    def revoked(self, certificate: Certificate, at=AT) -> Certificate:
        """Revoked by two people: the trainer proposed, the city confirmed."""
        row = actions.propose_revocation(certificate, reason="替考", by=self.trainer, at=at)
        actions.confirm_revocation(row, by=self.make.municipal, at=at)
        return Certificate.unscoped.get(pk=certificate.pk)

    def project(self, person: Candidate, company, at=EARLIER, **changes) -> ImprovementProject:
        """A plan in draft."""
        days = {"first_day": date(2026, 5, 1), "last_day": date(2026, 10, 31)}
        by = self.make.enterprise_user(company)
        return actions.plan_project(enterprise=company, candidate=person, by=by, at=at, **days, **PLAN | changes)

    def underway(self, person: Candidate, company) -> ImprovementProject:
        """A plan on file."""
        row = self.project(person, company)
        return actions.file_plan(row, version=row.version, by=self.make.enterprise_user(company), at=EARLIER)

    def reported(self, person: Candidate, company) -> ImprovementProject:
        """Reported complete, waiting for the bureau."""
        row = self.underway(person, company)
        evidence = self.make.stored(company, name="课题总结.pdf", at=EARLIER)
        return actions.report_completion(
            row, version=row.version, text="不良率降到 1.3%。", evidence=evidence,
            by=self.make.enterprise_user(company), at=EARLIER,
        )  # fmt: skip

    def completed(self, person: Candidate, company, at=AT) -> ImprovementProject:
        """Confirmed by the county."""
        row = self.reported(person, company)
        return actions.confirm_project(row, version=row.version, by=self.make.officer(company), at=at)

    def pooled(self, person: Candidate, company, session: Session | None = None):
        """In the talent pool: certificate first, project second."""
        self.certified(person, company, session)
        return self.completed(person, company).candidate.pool_entries.get()

    def free(self, n: int, name: str, officer: User, at=EARLIER) -> Candidate:
        """Somebody without an enterprise, put on file by a bureau (Art. 7)."""
        return record_free_person(name=name, id_type=IdPaper.RESIDENT, id_number=resident_id(n), by=officer, at=at)

    def course(self, person: Candidate, company, *, number: str = "WB001", hours: int = 16, **facts) -> TrainingRecord:
        """A course elsewhere, with its scan, that the enterprise put on file."""
        facts = {"completed_on": date(2026, 6, 1), "body": None, "body_name": "广东省质量协会"} | facts
        facts |= {"kind": TrainingKind.CONTINUING, "certificate_number": number, "hours": hours}
        return self.make.fact(TrainingRecord, person, company, evidence=self.make.stored(company), **facts)

    def traces(self, person: Candidate, company, free: Candidate) -> None:
        """A row of every kind that could leak: of the enterprise, of its county's free person, of this body.

        The session is for the county alone, and another one is not yet published. A revocation of the person's
        certificate was declined, one of the free person's waits; the agreement to be named was taken back.
        """
        officer, user, city = self.make.officer(company), self.make.enterprise_user(company), self.make.municipal
        self.planned(title=f"{company.name}未见过的培训", place=f"{company.name}对面")
        session = self.session(title=f"{company.county.name}的任职培训", open_county=company.county)
        certificate = self.certified(person, company, session)
        declined = actions.propose_revocation(certificate, reason=f"{company.name}来信举报", by=self.trainer, at=AT)
        actions.decline_revocation(declined, reason="查无实据", by=city, at=AT)
        self.completed(person, company)
        entry, paper = person.pool_entries.get(), self.make.stored(company, name="同意书.pdf")
        actions.record_consent(entry, agreed=True, evidence=paper, by=user, at=AT)
        actions.record_consent(entry, agreed=False, by=user, at=AT)
        actions.recognise_course(self.course(person, company, number=f"WB-{company.pk}"), hours=16, by=city, at=AT)
        seat = actions.enrol_free(session, candidate=free, by=officer, at=EARLIER)
        other = actions.issue_certificate(self.results(seat), by=self.trainer, at=AT)
        actions.propose_revocation(other, reason="替考", by=self.trainer, at=AT)


@part
def body(make) -> TrainingBody:
    """培训机构: recognised since the measure took effect."""
    return make.body()


@part
def body_two(make) -> TrainingBody:
    """Another recognised body."""
    return make.body("英德市职业技术学校", "英职培")


def trainer_of(body: TrainingBody, username: str, display_name: str, by: User) -> User:
    """An account that acts for a body."""
    user = account(username, Role.TRAINER, display_name)
    actions.add_trainer(body, user=user, by=by, at=AT)
    return user


@part
def trainer(body, administrator) -> User:
    """培训机构's own account."""
    return trainer_of(body, "trainer", "培训机构", administrator)


@part
def trainer_two(body_two, administrator) -> User:
    """The other body's account."""
    return trainer_of(body_two, "trainer-2", "另一培训机构", administrator)


@part
def train(make, body, trainer) -> Train:
    """The acts of training, with everybody there who carries them out."""
    return Train(make, body, trainer)


@part
def train_two(make, body_two, trainer_two) -> Train:
    """The acts of training at the other body."""
    return Train(make, body_two, trainer_two)


@part
def free_one(train, county_one) -> Candidate:
    """吴九, without an enterprise, put on file by 县局一."""
    return train.free(21, "吴九", county_one)


@part
def free_two(train, county_two) -> Candidate:
    """郑十, without an enterprise, put on file by 县局二."""
    return train.free(23, "郑十", county_two)
