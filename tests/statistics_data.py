"""Random data sets for statistics: rows of every kind that is counted, written at once and past the acts.

What the database must never hold stays refused: only the triggers that ask for an act's way are put aside, and those
that write histories are not. Stamps lie on both sides of midnight in Qingyuan; many facts are recorded late, or written
over.
"""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pgtrigger
import pytest
from django.db import connection

from appointments.models import (
    Act,
    Appointment,
    DismissalRecommendation,
    DutyReport,
    Finding,
    Guidance,
    ReportCycle,
    ReportDuty,
)
from appointments.states import ActKind, EndReason, State
from registry.actions.measure import record_interpretation
from registry.models import Candidate, County, Enterprise, EnterpriseDesignation, EnterpriseSeat, User
from registry.rules import anniversary
from tests.cast import AT, credit_code
from training.models import (
    Assessment,
    Attendance,
    Certificate,
    CourseRecognition,
    Enrolment,
    ImprovementProject,
    PoolEntry,
    Session,
    SessionDay,
    TrainingBody,
    TrainingRecord,
)

HERE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2023, 1, 1), date(2026, 11, 22)
DAY = timedelta(days=1)
OUTSIDE = {"outside_basis": True}
COUNTIES = ("441802", "441802", "441881", "441803")
COUNTS_FROM, ASKS_FROM, ASKS = date(2025, 3, 1), date(2025, 1, 1), 16


@contextmanager
def past_the_acts():
    """Without the triggers that refuse what no act did; those that write histories stay."""
    named = [
        f"{model._meta.label}:{trigger.name}"
        for model, trigger in pgtrigger.registered()
        if not type(trigger).__module__.startswith("pghistory")
    ]
    with pgtrigger.ignore(*named):
        yield


def local_day(moment: datetime) -> date:
    """The day of a moment in Qingyuan."""
    return moment.astimezone(HERE).date()


class Dice:
    """One random data set; ``by`` wrote it all. The same seed gives the same rows."""

    def __init__(self, seed: int, by: User, signer: User, edition):
        self.random, self.by, self.signer, self.edition, self.number = Random(seed), by, signer, edition, 0
        self.counties = {county.code: county for county in County.unscoped.all()}

    def write(self) -> None:
        """All of it."""
        with past_the_acts():
            self.enterprises()
            self.appointments()
            self.courses()
            self.pool()
            self.reports()
            self.supervision()
            self.guidance()
            with (
                connection.cursor() as cursor
            ):  # what is asked at the end of a transaction is asked here, and put aside
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    # Values

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def day(self, first: date = FIRST, last: date = LAST) -> date:
        return first + DAY * self.random.randint(0, max(0, (last - first).days))

    def at(self, day: date) -> datetime:
        """A moment about a day: often within an hour of midnight in Qingyuan, on either side."""
        second = self.random.choice((0, 1, 57_599, 57_600, 57_601, self.random.randrange(86_400)))
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)

    def after(self, moment: datetime, most: int = 40) -> datetime:
        return moment + timedelta(days=self.random.randint(0, most), seconds=self.random.randrange(86_400))

    def next(self, mark: str) -> str:
        self.number += 1
        return f"{mark}{self.number:05d}"

    # Enterprises

    def enterprises(self) -> None:
        self.firms = Enterprise.unscoped.bulk_create(
            Enterprise(
                reference=self.next("QY"), credit_code=credit_code(20_000_000 + n), name=f"企业{n}",
                county=self.counties[self.random.choice(COUNTIES)], industry=self.random.choice("ABC"), size="medium",
                legal_representative="李", principal="王", contact_name="赵", contact_phone="13800138000",
                created_at=self.at(FIRST), created_by=self.by,
            )
            for n in range(36)
        )  # fmt: skip
        at = self.at(date(2021, 6, 1))
        EnterpriseSeat.unscoped.bulk_create(
            EnterpriseSeat(
                enterprise=firm,
                county=firm.county,
                period=(date(2016, 1, 1), None),
                recorded_at=at,
                recorded_by=self.by,
            )
            for firm in self.firms
        )
        with connection.cursor() as cursor:  # the history is written by the database's clock
            cursor.execute("UPDATE registry_enterpriseevent SET pgh_created_at = %s", [at])
        for firm in self.firms:
            for kind, part in (("above_scale", 0.8), ("pilot", 0.4)):
                if self.chance(part):
                    self.designation(firm, kind)
            if self.chance(0.2):
                self.moves(firm)
            if self.chance(0.2):
                self.another_trade(firm)

    def designation(self, firm: Enterprise, kind: str) -> None:
        since = self.day(date(2022, 1, 1))
        recorded = self.after(self.at(since - 20 * DAY))
        until = self.day(since + DAY) if self.chance(0.2) else None
        row = EnterpriseDesignation.unscoped.create(
            enterprise=firm, kind=kind, period=(since, until), recorded_at=recorded, recorded_by=self.by
        )
        if until is None and self.chance(0.4):
            again = self.after(recorded, 300)
            last = self.day(since, max(since, min(LAST, local_day(again) + 10 * DAY)))
            EnterpriseDesignation.unscoped.filter(pk=row.pk).update(period=(since, last + DAY), recorded_at=again)

    def moves(self, firm: Enterprise) -> None:
        day = self.day()
        at, county = self.at(day + 5 * DAY), self.counties[self.random.choice(COUNTIES)]
        EnterpriseSeat.unscoped.filter(enterprise=firm).update(period=(date(2016, 1, 1), day), recorded_at=at)
        EnterpriseSeat.unscoped.create(
            enterprise=firm, county=county, period=(day, None), recorded_at=at, recorded_by=self.by
        )
        Enterprise.unscoped.filter(pk=firm.pk).update(county=county)
        self._date_event(firm, at)

    def another_trade(self, firm: Enterprise) -> None:
        Enterprise.unscoped.filter(pk=firm.pk).update(industry=self.random.choice("DE"))
        self._date_event(firm, self.at(self.day()))

    def _date_event(self, firm: Enterprise, at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE registry_enterpriseevent SET pgh_created_at = greatest(%s, (SELECT max(pgh_created_at) FROM "
                "registry_enterpriseevent o WHERE o.pgh_obj_id = %s AND o.pgh_created_at < now() - interval '1 hour'))"
                " WHERE pgh_obj_id = %s AND pgh_created_at > now() - interval '1 hour'",
                [at, firm.pk, firm.pk],
            )

    # Appointments

    def appointments(self) -> None:
        self.people = Candidate.unscoped.bulk_create(
            Candidate(
                reference=self.next("RY"), name=f"人{n}", birth_date=date(1980, 1, 1), id_masked="4*", id_cipher=b"",
                id_key_version=1, id_hash=f"hash-{n}", created_at=self.at(FIRST), created_by=self.by,
            )
            for n in range(60)
        )  # fmt: skip
        rows, acts, self.people_of = [], [], {}
        for firm in self.firms:
            first, known, before = self.day(date(2022, 3, 1), date(2026, 6, 30)), self.at(FIRST - 400 * DAY), None
            for _ in range(self.random.randint(0, 4)):
                row, own_acts = self.appointment(firm, first, known)
                if before and self.chance(0.6):
                    row.renews = before
                row.save()
                for act in own_acts:
                    act.appointment = row
                acts += own_acts
                rows.append(row)
                if row.state == State.DRAFT:
                    break
                before = row
                until = row.in_force.upper if hasattr(row.in_force, "upper") else (row.in_force or (first, first))[1]
                first = until + DAY * self.random.randint(0, 60)
                known = max(stamp for stamp in (row.submitted_at, row.ended_at, row.withdrawn_at, known) if stamp)
                if first > LAST + 200 * DAY:
                    break
        Act.unscoped.bulk_create(acts)
        self.rows = rows

    def appointment(self, firm: Enterprise, first: date, known: datetime) -> tuple[Appointment, list[Act]]:
        """One appointment of any fate, recorded no earlier than ``known``, with its acts."""
        until = anniversary(first, 2)
        began = max(known, self.after(self.at(first - 30 * DAY)))
        row = Appointment(
            reference=self.next("RM"), enterprise=firm, candidate=self.random.choice(self.people), term=(first, until),
            first_day=first, term_years=2, in_force=(first, until), in_decision_level=True, state=State.SUBMITTED,
            created_at=began, created_by=self.by, saved_at=began, submitted_at=began, submitted_by=self.by, **OUTSIDE,
        )  # fmt: skip
        acts = [self._act(ActKind.SUBMITTED, began)]
        fate = self.random.choice(("draft", "submitted", "withdrawn", "checked", *["filed"] * 4, *["ended"] * 3))
        if fate == "draft":
            row.state, row.term, row.in_force, row.term_years = State.DRAFT, None, None, None
            row.submitted_at = row.submitted_by = None
            return row, []
        if self.chance(0.3):
            returned = self.after(began, 20)
            row.submitted_at = self.after(returned, 60)
            acts += [self._act(ActKind.RETURNED, returned), self._act(ActKind.RESUBMITTED, row.submitted_at)]
        if fate == "withdrawn":
            row.withdrawn_at, row.withdrawn_by, row.state = self.after(row.submitted_at), self.by, State.WITHDRAWN
            day = min(local_day(row.withdrawn_at), until - DAY)
            row.in_force = (first, day + DAY) if day >= first else None
            acts.append(self._act(ActKind.WITHDRAWN, row.withdrawn_at))
        if fate in ("checked", "filed", "ended"):
            row.checked_at, row.checked_by, row.state = self.after(row.submitted_at, 12), self.by, State.CHECKED
            acts.append(self._act(ActKind.CHECKED, row.checked_at))
        if fate in ("filed", "ended"):
            row.filed_at = row.checked_at if self.chance(0.1) else self.after(row.checked_at, 12)
            row.filed_by, row.state = self.by, State.FILED
            acts.append(self._act(ActKind.FILED, row.filed_at))
        if fate == "ended":
            row.ended_at = self.after(max(row.filed_at, self.at(first)), 500)
            row.ended_on = self.day(first, min(until - DAY, local_day(row.ended_at)))
            row.in_force, row.state, row.ended_by = (first, row.ended_on + DAY), State.ENDED, self.by
            row.end_reason = self.random.choice([reason for reason in EndReason.values if reason != "expired"])
            acts.append(self._act(ActKind.ENDED, row.ended_at))
        return row, acts

    def _act(self, kind: str, at: datetime) -> Act:
        return Act(kind=kind, at=at, by=self.by, **OUTSIDE)

    # Training

    def courses(self) -> None:
        kinds = ("bureau", "bureau", "recognised", "recognised")
        bodies = TrainingBody.unscoped.bulk_create(
            TrainingBody(
                reference=f"JG{n}", name=f"机构{n}", mark="机构" + "甲乙丙丁"[n], kind=kind,
                county=self.counties["441881"] if n == 1 else None, created_at=self.at(FIRST), created_by=self.by,
            )
            for n, kind in enumerate(kinds)
        )  # fmt: skip
        self.certificates = []
        for body in bodies:
            for kind in ("qualifying", "continuing", "continuing"):
                self.session(body, kind)
        for person in self.random.sample(self.people, 20):
            at = self.at(self.day(date(2024, 1, 1)))
            record = TrainingRecord.unscoped.create(
                candidate=person, enterprise=self.random.choice(self.firms), kind="continuing", body_name="外部",
                certificate_number="1", completed_on=self.day(date(2024, 1, 1)), hours=12, recorded_at=at,
                recorded_by=self.by,
            )  # fmt: skip
            if self.chance(0.7):
                CourseRecognition.unscoped.create(
                    record=record, hours=8, recognised_at=self.after(at), recognised_by=self.by, **OUTSIDE
                )

    def session(self, body: TrainingBody, kind: str) -> None:
        first = self.day(date(2024, 1, 1), LAST + 30 * DAY)
        published = self.at(first - 30 * DAY)
        cancelled = self.after(published, 90) if self.chance(0.2) else None
        session = Session.unscoped.create(
            reference=self.next("PX"), body=body, kind=kind, title="一期", first_day=first, last_day=first + DAY,
            place="楼", hours=self.random.choice((8, 16)), audience="人", seats=50,
            enrolment=(first - 20 * DAY, first), pass_mark=60, days_needed=2, created_at=published, created_by=self.by,
            state="cancelled" if cancelled else "published", published_at=published, published_by=self.by,
            cancelled_at=cancelled, cancelled_by=self.by if cancelled else None,
            cancel_reason="雨" if cancelled else "", **OUTSIDE,
        )  # fmt: skip
        days = SessionDay.unscoped.bulk_create(SessionDay(session=session, day=first + DAY * n) for n in range(2))
        for seat, person in enumerate(self.random.sample(self.people, 12), 1):
            self.enrolment(session, seat, person, days)

    def enrolment(self, session: Session, seat: int, person: Candidate, days: list[SessionDay]) -> None:
        state = self.random.choice(("enrolled",) * 6 + ("waiting", "withdrawn"))
        at = self.at(session.first_day - 10 * DAY)
        gone = self.after(at, 60) if state == "withdrawn" else None
        row = Enrolment.unscoped.create(
            session=session, candidate=person, enterprise=self.random.choice([None, *self.firms]), state=state,
            seat=seat if state == "enrolled" else None, enrolled_at=at, enrolled_by=self.by, withdrawn_at=gone,
            withdrawn_by=gone and self.by, **OUTSIDE,
        )  # fmt: skip
        if state != "enrolled":
            return
        for day in days:
            if self.chance(0.9):
                noted = self.after(self.at(session.last_day), 30)
                there = Attendance.unscoped.create(
                    enrolment=row, day=day, present=self.chance(0.85), entered_at=noted, entered_by=self.by
                )
                if self.chance(0.15):
                    Attendance.unscoped.filter(pk=there.pk).update(
                        present=not there.present, entered_at=self.after(noted)
                    )
        for sitting in range(1, self.random.randint(0, 2) + 1):
            self.sitting(row, sitting)

    def sitting(self, row: Enrolment, sitting: int) -> None:
        score, at = self.random.choice((40, 59, 60, 90)), self.after(self.at(row.session.last_day), 60)
        sat = Assessment.unscoped.create(
            enrolment=row, sitting=sitting, sat_on=row.session.last_day, score=score, pass_mark=60, passed=score >= 60,
            entered_at=at, entered_by=self.by, **OUTSIDE,
        )  # fmt: skip
        if self.chance(0.25):
            score = 100 - score
            Assessment.unscoped.filter(pk=sat.pk).update(score=score, passed=score >= 60, entered_at=self.after(at))
            sat.passed = score >= 60
        if sat.passed and self.chance(0.7) and not row.certificates.exists():
            body, number = row.session.body, self.next("ZS")
            self.certificates.append(
                Certificate.unscoped.create(
                    body=body, enrolment=row, candidate=row.candidate, year=2026, serial=self.number, issued_on=LAST,
                    assessment=sat, number=number, code=number, sha256="0" * 64, size=1, template_version="1",
                    issued_at=self.after(at, 90), issued_by=self.by, **OUTSIDE,
                )
            )  # fmt: skip

    def pool(self) -> None:
        """Some of those with a certificate are in the pool, some left it."""
        taken = {certificate.candidate_id: certificate for certificate in self.certificates}
        for person, certificate in taken.items():
            if self.chance(0.5):
                continue
            at = certificate.issued_at
            project = ImprovementProject.unscoped.create(
                reference=self.next("KT"), candidate_id=person, enterprise=self.random.choice(self.firms), title="题",
                problem="问", target="标", measures="施", period=(FIRST, LAST), state="completed", created_at=at,
                created_by=self.by, reported_at=at, reported_by=self.by, confirmed_at=at, confirmed_by=self.by,
            )  # fmt: skip
            entered = self.after(at)
            left = self.after(entered, 200) if self.chance(0.3) else None
            PoolEntry.unscoped.create(
                reference=self.next("RC"), candidate_id=person, certificate=certificate, project=project,
                entered_on=local_day(entered), entered_at=entered, left_at=left, left_on=left and local_day(left),
                left_by=left and self.by, left_reason="走" if left else "", **OUTSIDE,
            )  # fmt: skip

    # Supervision

    def reports(self) -> None:
        with_term = [row for row in self.rows if row.term]
        for n in range(4):
            due = self.day(date(2024, 6, 1), LAST + 20 * DAY)
            published = self.at(due - 60 * DAY)
            gone = self.after(published, 200) if self.chance(0.25) else None
            cycle = ReportCycle.unscoped.create(
                reference=self.next("ZQ"), title=f"通知{n}", number=self.next("号"), body="文", legal_text="条",
                period=(due - 90 * DAY, due - 30 * DAY), due_on=due, state="withdrawn" if gone else "published",
                created_at=published, created_by=self.by, published_at=published, published_by=self.by,
                withdrawn_at=gone, withdrawn_by=gone and self.by, withdrawal_reason="误" if gone else "",
                edition=self.edition,
            )  # fmt: skip
            for row in self.random.sample(with_term, min(20, len(with_term))):
                self.duty(cycle, row)

    def duty(self, cycle: ReportCycle, row: Appointment) -> None:
        due = cycle.due_on + DAY * self.random.choice((0, 0, 0, 7))
        opened = self.after(cycle.published_at, 80) if self.chance(0.7) else None
        duty = ReportDuty.unscoped.create(
            cycle=cycle, appointment=row, since=local_day(cycle.published_at), due_on=due, opened_at=opened,
            opened_by=opened and self.by,
        )  # fmt: skip
        if self.chance(0.7):
            at = self.after(self.at(due - 20 * DAY), 60)
            received = self.chance(0.9)
            DutyReport.unscoped.create(
                duty=duty, state="received" if received else "draft", saved_at=at, created_at=at, created_by=self.by,
                received_at=at if received else None, received_by=self.by if received else None,
                received_on=local_day(at) - DAY * self.random.choice((0, 0, 3)) if received else None,
            )  # fmt: skip

    def supervision(self) -> None:
        for row in [row for row in self.rows if row.term]:
            if self.chance(0.3):
                filed = self.at(self.day(date(2024, 1, 1)))
                gone = self.after(filed, 200) if self.chance(0.3) else None
                state = "withdrawn" if gone else "filed"
                Finding.unscoped.create(
                    reference=self.next("FX"), appointment=row, about=self.random.choice(("violation", "hazard")),
                    behaviour=self.random.choice(("concealed", "delayed", "false")), facts="事", source="查",
                    happened_on=FIRST, found_on=FIRST, state=state, created_at=filed, created_by=self.by,
                    filed_at=filed, filed_by=self.by, withdrawn_at=gone, withdrawn_by=gone and self.by,
                    withdrawal_reason="误" if gone else "", **OUTSIDE,
                )  # fmt: skip
            if self.chance(0.4):
                self.case(row)

    def case(self, row: Appointment) -> None:
        """A case that went any way to any end."""
        opened = self.at(self.day(date(2024, 1, 1)))
        way = self.random.choice(
            (
                "opened",
                "proposed",
                "not_recommended",
                "issued",
                "served",
                "dismissed",
                "declined",
                "withdrawn",
                "closed",
            )
        )
        case = DismissalRecommendation(
            reference=self.next("JY"), appointment=row, state="opened", opened_at=opened, opened_by=self.by
        )
        asked = self.after(opened, 20)
        proposed, signed = self.after(asked, 20), self.after(asked, 50)
        ended = self.after(max(proposed, signed), 100)
        if way != "opened":
            case.asked_at, case.asked_by, case.statement_due = asked, self.by, local_day(asked)
        if way == "proposed":
            case.state, case.proposed_at, case.proposed_by = "proposed", proposed, self.by
        if way in ("issued", "served", "dismissed", "declined", "withdrawn"):
            case.proposed_at, case.proposed_by = proposed, self.by
            case.signed_at, case.signed_by = signed, self.signer
            case.number, case.edition, case.basis = self.next("号"), self.edition, self.edition.periods.first()
            case.answer_due, case.state = local_day(signed) + 30 * DAY, "issued"
        if way in ("served", "dismissed", "declined") or (way == "withdrawn" and self.chance(0.5)):
            case.letter_opened_at, case.letter_opened_by = self.after(signed, 10), self.by
            case.state = "served"
        if way in ("dismissed", "declined"):
            case.state, case.answer, case.answer_reason = "answered", way, "由"
            case.answered_at, case.answered_by = self.after(case.letter_opened_at, 60), self.by
        if way == "not_recommended":
            case.state, case.decided_not_at, case.decided_not_by = way, ended, self.by
        if way == "withdrawn":
            case.state, case.withdrawn_at, case.withdrawn_by = way, ended, self.by
        if way == "closed":
            case.state, case.closed_at = way, ended
        case.end_reason = "由" if case.state in ("not_recommended", "withdrawn", "closed") else ""
        case.outside_basis = case.edition is None
        case.save()

    def guidance(self) -> None:
        for firm in self.firms:
            before = None
            for _ in range(self.random.randint(0, 3)):
                day = self.day(date(2025, 1, 1))
                before = Guidance.unscoped.create(
                    reference=self.next("ZD"), enterprise=firm, day=day, way="visit", officers="甲",
                    mechanisms=["duties"], findings="况", advice="议",
                    recorded_at=max(self.after(self.at(day), 30), before.recorded_at if before else self.at(FIRST)),
                    recorded_by=self.by, corrects=before if before and self.chance(0.4) else None, **OUTSIDE,
                )  # fmt: skip


@pytest.fixture
def readings(extension, measure, municipal):
    """From 2025 sixteen hours a year are asked for; from March 2025 courses elsewhere count (Art. 6(五), 8 ¶2)."""
    for key, reading, since in (("ce_hours", ASKS, ASKS_FROM), ("ce_outside_courses", "counted", COUNTS_FROM)):
        record_interpretation(
            edition=measure, key=key, number=f"清质监解〔2025〕{since.month}号", reading=reading, text="口径",
            decided_on=since, effective_from=since, by=municipal, at=AT,
        )  # fmt: skip


@pytest.fixture
def dice(readings, municipal, municipal_two, measure):
    """A maker of random data sets by their number."""

    def made(seed: int) -> Dice:
        dice = Dice(seed, municipal, municipal_two, measure)
        dice.write()
        return dice

    return made
