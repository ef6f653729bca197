"""A judgement is what it was: it is replayed from what was stored with it, whatever became of anything else."""

import json
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import actions
from appointments.models import Appointment, CaseGround, EligibilitySnapshot
from appointments.replay import replayed
from registry.actions.measure import load_measure, record_extension, record_interpretation
from registry.measures import build, read
from registry.models import Enterprise, QualityExperience
from registry.models.measure import Law
from registry.models.people import Education, ProfessionalQualification
from registry.refusals import Refused
from registry.states import EducationLevel, QualificationLevel, SizeBand
from tests.cast import measure_paper

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = datetime(2026, 11, 22, 2, tzinfo=UTC)
OTHER = Path(__file__).parent / "data" / "measures" / "linghai-2026.toml"
READINGS = {
    "experience_as_of": ("term_start", "submission", "filing"),
    "ground_two_and": ("both", "either"),
    "ce_hours": (8, 24, 40),
    "ce_course_number": (0, 2),
    "ce_outside_courses": ("counted", "not_counted"),
    "filing_ends": ("city", "county"),
}


def kept() -> dict:
    """Every judgement as it stands, with what it was reckoned from."""
    snapshots = EligibilitySnapshot.unscoped.values_list("pk", "edition", "criteria", "inputs", "interpretations")
    grounds = CaseGround.unscoped.values_list("pk", "wording", "chain", "inputs")
    told = [("filed", *row) for row in snapshots] + [("case", *row) for row in grounds]
    return {row[:2]: json.dumps(row[2:], ensure_ascii=False) for row in told}


class History:
    """甲公司 and the bureau over a year or two, at random: facts, readings, measures, filings, a case."""

    def __init__(self, make, supervise, people, company, administrator, seed):
        self.make, self.supervise, self.people, self.company = make, supervise, people, company
        self.administrator, self.rng, self.now, self.n = administrator, Random(seed), START, 0
        self.did, self.judged = Counter(), kept()

    @property
    def today(self):
        return self.now.date()

    def turn(self, act: str):
        """One act, which the portal may refuse; then nothing that was judged before has changed."""
        self.n += 1
        self.now += timedelta(days=self.rng.choice((0, 1, 20, 60)))
        with time_machine.travel(self.now, tick=False):
            try:
                with transaction.atomic():
                    getattr(self, act)()
                self.did[act] += 1
            except Refused:
                self.did["refused"] += 1
        now = kept()
        assert {key: now[key] for key in self.judged} == self.judged
        self.judged = now

    def fact(self):
        person = self.rng.choice(self.people)
        evidence = self.make.stored(self.company, name="证明.pdf", at=self.now) if self.rng.random() < 0.7 else None
        given = self.rng.choice(("qualification", "education", "work", "work"))
        day = self.today - timedelta(days=self.rng.randrange(30, 4000))
        put = {
            "qualification": (
                ProfessionalQualification,
                {"name": "质量工程师", "number": f"Z{self.n}", "issued_on": day},
            ),
            "education": (Education, {"school": "某大学", "major": "材料", "graduated_on": day}),
            "work": (QualityExperience, {"employer": "某厂", "work": "检验", "period": (day, None)}),
        }[given]
        levels = {"qualification": QualificationLevel, "education": EducationLevel}.get(given)
        level = {"level": self.rng.choice(levels.values)} if levels else {}
        self.make.fact(put[0], person, self.company, at=self.now, evidence=evidence, **put[1], **level)

    def unmake(self):
        """A fact is taken from the file again, or the enterprise grows."""
        for model in (ProfessionalQualification, Education, QualityExperience):
            if self.rng.random() < 0.3:
                model.unscoped.all().delete()
        Enterprise.unscoped.update(size=self.rng.choice(SizeBand.values))

    def reading(self):
        key = self.rng.choice(list(READINGS))
        record_interpretation(
            edition=Law().on(self.today).edition, key=key, reading=self.rng.choice(READINGS[key]),
            number=f"口径{self.n}", text="正文。", decided_on=self.today, effective_from=self.today,
            by=self.make.municipal, at=self.now,
        )  # fmt: skip

    def measure(self):
        """Today's edition is prolonged, or 岭海's measure follows, with another number of years asked for each time."""
        basis = Law().on(self.today)
        if not basis.outside:
            raise Refused("有依据。")
        if self.rng.random() < 0.5:
            last = self.today + timedelta(days=self.rng.choice((30, 200)))
            record_extension(
                edition=basis.edition, first_day=self.today, last_day=last, title="延长", number=f"延{self.n}",
                document=measure_paper(self.administrator, self.now),                by=self.administrator, at=self.now,
            )  # fmt: skip
        else:
            load_measure(successor(self.today, self.rng.randrange(1, 12), self.n), at=self.now)

    def file(self):
        person = self.rng.choice(self.people)
        row = self.make.filed(
            person, self.company, at=self.now, first_day=self.today + self.rng.choice((0, 0, 0, 30)) * DAY
        )
        if self.rng.random() < 0.5:
            end_of = {"reason": "resigned", "last_day": max(self.today, row.first_day)}
            actions.end(row, version=row.version, **end_of, by=self.make.enterprise_user(self.company), at=self.now)

    def case(self):
        """A filed finding against whoever is CQO, and a case on it where the law allows one."""
        row = Appointment.unscoped.in_force(self.today).with_parties().filter(state="filed").first()
        if row is None:
            self.file()
            row = Appointment.unscoped.with_parties().latest("pk")
        finding = self.supervise.finding(row, at=self.now, found_on=self.today, knew_on=self.today)
        officer = self.make.officer(self.company)
        actions.open_case(row, names=[f"1:{finding.reference}"], by=officer, at=self.now)


def successor(first_day, years: int, n: int):
    """岭海's measure from a day on for half a year, with so many years asked for."""
    data = tomllib.loads(OTHER.read_text())
    data["edition"]["key"] = f"linghai-{n}"
    data["basis"] = [
        {"kind": "original", "first_day": first_day, "last_day": first_day + 180 * DAY, "title": "岭海（虚构）"}
    ]
    data["parameters"]["experience_years"] = {"value": years, "clause": "6.(3)"}
    return build(data, sha256=f"{n:064d}")


ACTS = ("fact", "fact", "unmake", "reading", "measure", "file", "case", "case")


@pytest.fixture
def extension(measure, administrator):
    """清远's measure is in force for the first hundred days."""
    days = {"first_day": date(2018, 4, 1), "last_day": START.date() + 100 * DAY}
    paper = {"title": "延长", "number": "延0", "document": measure_paper(administrator)}
    return record_extension(edition=measure, **days, **paper, by=administrator, at=START)


@pytest.fixture
def history(make, supervise, company_a, person_a, person_a_two, administrator):
    return lambda seed: History(make, supervise, [person_a, person_a_two], company_a, administrator, seed)


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.long)])
def test_every_judgement_comes_out_as_it_was_stored_after_any_history(history, examples):
    tally = Counter()

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
    @given(acts=st.lists(st.sampled_from(ACTS), min_size=6, max_size=14), seed=st.integers(0, 2**20))
    def any_history(acts, seed):
        point = transaction.savepoint()
        told = history(seed)
        for act in acts:
            told.turn(act)
        judgements = list(replayed())
        assert [judgement.about for judgement in judgements if not judgement.same] == []
        tally.update(told.did + Counter(judged=len(judgements)))
        transaction.savepoint_rollback(point)

    any_history()
    # Not one that could not fail: there was something to replay, under other readings and measures.
    assert tally["judged"] >= examples and all(tally[act] for act in ACTS), tally


# --- After an upgrade ------------------------------------------------------------------------------------------------


@pytest.fixture
def judged(make, supervise, company_a, person_a, extension):
    """张三 is on file, with 待核实 in it, and a case stands against him."""
    make.facts(person_a, company_a)
    row = supervise.cqo(person_a, company_a)
    finding = supervise.finding(row)
    return actions.open_case(row, names=[f"1:{finding.reference}"], by=make.officer(company_a), at=START)


def test_the_command_counts_what_comes_out_as_it_was_stored(judged):
    said = StringIO()
    call_command("replay_judgements", stdout=said)
    assert said.getvalue().strip() == "共 2 项判断，重算均与存档一致。"


@pytest.mark.parametrize(
    ("table", "column"),
    [("appointments_eligibilitysnapshot", "criteria"), ("appointments_caseground", "chain")],
)
def test_the_command_names_what_would_come_out_otherwise(judged, table, column):
    """A stored row is altered behind the portal's back: what the rules say is not what stands there."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {column} = jsonb_set({column}, '{{0}}', '{{}}')")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with pytest.raises(CommandError, match="共 2 项判断，1 项与存档不一致"):
        call_command("replay_judgements", stdout=StringIO())


def test_the_other_measure_is_one_that_can_be_loaded():
    assert read(OTHER).edition.key == "linghai-2026"
