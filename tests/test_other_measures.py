"""Another city's measure is a file: invented ones, loaded into an empty portal, give the same people other answers.

Nothing here touches the code. Acts done under one edition keep it when another takes its place.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from appointments import actions
from appointments.eligibility import checklist, computed
from appointments.grounds import chains_of
from appointments.models import Appointment, EligibilitySnapshot, Paper
from appointments.obligations import obligations_of
from appointments.replay import replayed
from appointments.states import ObligationKind, State
from cqo_portal.dashboards import coverage, coverage_goal
from registry.actions.enterprises import designate
from registry.actions.measure import load_measure, record_extension
from registry.measures import DIRECTORY, read
from registry.models import Edition, Education, Enterprise, ProfessionalQualification, QualityExperience
from registry.models.measure import legal_basis
from registry.refusals import Refused
from registry.states import EducationLevel, Outcome, QualificationLevel, SizeBand
from tests.cast import AT, TODAY, measure_paper
from tests.test_enterprise_pages import signed_in
from training.standing import requirement

INVENTED = Path(__file__).parent / "data" / "measures"
FILES = {
    "清远": DIRECTORY / "qingyuan-2016.toml",
    "岭海": INVENTED / "linghai-2026.toml",
    "云台": INVENTED / "yuntai-2026.toml",
}
DAY = timedelta(days=1)
NEW_YEAR = datetime(2026, 1, 1, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def city(request) -> str:
    """Whose measure is loaded; 岭海's unless a test says otherwise."""
    return getattr(request, "param", "岭海")


@pytest.fixture
def measure(counties, city) -> Edition:
    """The one measure that is loaded, from its file alone."""
    file = read(FILES[city])
    load_measure(file, at=AT)
    return Edition.unscoped.get(key=file.edition.key)


@pytest.fixture
def extension(measure):
    """The period in force is the measure's own: no document keeps it so."""
    return measure.periods.get()


# --- The same people -------------------------------------------------------------------------------------------------


def qualification(level):
    return lambda make, person, company, proof: make.fact(
        ProfessionalQualification, person, company, level=level, name="质量工程师", number="ZL001",
        issued_on=date(2012, 6, 1), **proof,
    )  # fmt: skip


def education_and_years(level, years):
    """Education, and exactly so many years until today."""

    def put(make, person, company, proof):
        make.fact(
            Education,
            person,
            company,
            level=level,
            school="某大学",
            major="材料",
            graduated_on=date(2010, 7, 1),
            **proof,
        )
        begun = TODAY.replace(year=TODAY.year - years)
        make.fact(
            QualityExperience, person, company, employer="某厂", work="质量检验", period=(begun, None), **proof
        )  # fmt: skip

    return put


PEOPLE = {
    "初级": qualification(QualificationLevel.JUNIOR),
    "中级": qualification(QualificationLevel.INTERMEDIATE),
    "副高级": qualification(QualificationLevel.ASSOCIATE_SENIOR),
    "大专2年": education_and_years(EducationLevel.ASSOCIATE, 2),
    "本科3年": education_and_years(EducationLevel.BACHELOR, 3),
    "本科5年": education_and_years(EducationLevel.BACHELOR, 5),
    "本科8年": education_and_years(EducationLevel.BACHELOR, 8),
    "硕士3年": education_and_years(EducationLevel.MASTER, 3),
}
AS_OF_2016 = {"中级", "副高级", "本科5年", "本科8年"}
QUALIFIED = {  # city → size of the enterprise → who meets Art. 6(三)
    "清远": dict.fromkeys(SizeBand, AS_OF_2016),
    "岭海": {
        SizeBand.LARGE: {"副高级", "本科8年"},
        SizeBand.MEDIUM: AS_OF_2016,
        SizeBand.SMALL: {"初级", "中级", "副高级", "本科3年", "本科5年", "本科8年", "硕士3年"},
        SizeBand.MICRO: set(PEOPLE),
    },
    "云台": {
        SizeBand.LARGE: set(),
        SizeBand.MEDIUM: {"副高级", "硕士3年"},
        SizeBand.SMALL: {"硕士3年"},
        SizeBand.MICRO: {"硕士3年"},
    },
}


@pytest.mark.parametrize("city", FILES, indirect=True)
def test_the_same_people_get_the_answers_of_each_measure_for_each_size_of_enterprise(make, company_a, person_a, city):
    proof = {"evidence": make.stored(company_a, name="证明.pdf")}
    for words, put in PEOPLE.items():
        for model in (ProfessionalQualification, Education, QualityExperience):
            model.unscoped.all().delete()
        put(make, person_a, company_a, proof)
        for size in SizeBand:
            company_a.size = size
            answer = computed(person_a.pk, company_a, TODAY)[0].outcome
            expected = Outcome.MET if words in QUALIFIED[city][size] else Outcome.UNMET
            assert answer == expected, (city, size, words)


@pytest.mark.parametrize("city", FILES, indirect=True)
def test_what_is_asked_is_said_in_the_figures_of_the_measure(make, company_a, person_a, city):
    Enterprise.unscoped.filter(pk=company_a.pk).update(size=SizeBand.LARGE)
    company_a.refresh_from_db()
    row = checklist(make.draft(person_a, company_a), TODAY).criteria[2]
    assert (
        row.title
        == {
            "清远": "中级以上职业资格；或者大学本科以上学历和 5 年以上质量工作经历",
            "岭海": "副高级以上职业资格；或者大学本科以上学历和 8 年以上质量工作经历（大型企业）",
            "云台": "正高级以上职业资格；或者硕士研究生以上学历和 8 年以上质量工作经历（大型企业）",
        }[city]
    )


# --- The whole way under 岭海's measure ------------------------------------------------------------------------------


def test_a_term_is_as_long_as_the_measure_says_and_the_letter_says_so(make, company_a, person_a):
    row = make.submitted(person_a, company_a, first_day=date(2026, 12, 1))
    assert (row.term.lower, row.term.upper - DAY) == (date(2026, 12, 1), date(2029, 11, 30))
    facts = row.papers.get(kind="letter").facts
    assert facts["term_words"] == "三年" and "岭海市" in facts["measure_title"]


def test_filing_ends_at_the_county_where_the_measure_lets_it(make, company_a, person_a):
    row = make.submitted(person_a, company_a)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=make.officer(company_a), at=AT)
    assert row.state == State.FILED


def test_years_are_counted_to_the_day_of_submission_where_the_measure_says_so(make, company_a, person_a):
    """Four years and 364 days today; five when the term begins."""
    proof = {"evidence": make.stored(company_a, name="证明.pdf")}
    PEOPLE["本科5年"](make, person_a, company_a, proof)
    QualityExperience.unscoped.update(period=(TODAY.replace(year=2021) + DAY, None))
    row = make.submitted(person_a, company_a, first_day=date(2026, 12, 1))
    assert checklist(row, TODAY).criteria[2].outcome == Outcome.UNMET


@pytest.mark.parametrize(("changes", "field"), [({"hours": 47}, "courses"), ({"pass_mark": 69}, "pass_mark")])
def test_a_training_keeps_to_the_hours_and_the_pass_mark_of_the_measure(train, changes, field):

    def facts(hours=48, pass_mark=70):
        return {"courses": [("质量管理", hours)], "pass_mark": pass_mark}

    with pytest.raises(Refused) as refused:
        train.planned(**facts(**changes))
    assert refused.value.field == field
    assert train.planned(**facts()).pass_mark == 70


def test_a_year_of_education_asks_for_hours_and_courses_by_the_clause_itself(measure):
    assert requirement(2026, TODAY).words == "20 学时、2 门课程"
    assert requirement(2026, TODAY).source == "第六条第（五）项"


def test_the_ground_of_courses_or_targets_stands_on_either_where_the_measure_says_so(
    supervise, company_a, person_a, municipal
):
    row = supervise.cqo(person_a, company_a, at=NEW_YEAR, first_day=NEW_YEAR.date())
    sheet, later = supervise.targets(row, year=2026), datetime(2027, 3, 1, 2, tzinfo=UTC)
    supervise.results(sheet, True, True, at=later)
    (chain,) = chains_of([row], municipal, later.date())[row.pk]
    assert chain.supported and chain.wording == "继续教育课程或者质量目标未完成"


def test_a_notice_asks_for_half_a_year_and_leaves_the_days_of_the_measure(supervise):
    asked = {"last_day": date(2026, 6, 30), "first_day": date(2026, 1, 1), "due_on": date(2026, 12, 31)}
    with pytest.raises(Refused, match="6 个月"):
        supervise.cycle(**asked | {"first_day": date(2025, 7, 1)})
    supervise.cycle(**asked)


def test_renewal_is_offered_from_the_day_that_the_measure_names(supervise, company_a, person_a, municipal):
    row = supervise.cqo(person_a, company_a, first_day=NEW_YEAR.date(), at=NEW_YEAR)
    (renewal,) = [
        duty for duty in obligations_of([row], municipal, TODAY) if duty.kind == ObligationKind.RENEWAL
    ]  # fmt: skip
    assert renewal.due_on == row.last_day - 60 * DAY


def test_the_target_of_the_year_stands_on_the_first_page_of_the_bureau(client, make, company_a, municipal):
    designate(company_a, kind="above_scale", since=date(2026, 1, 1), by=make.officer(company_a), at=AT)
    assert coverage_goal(coverage(municipal, TODAY), TODAY) == (40, 0)
    assert "2026年的目标是 40%，现在合计 0%。" in signed_in(client, municipal).get("/").content.decode()


def test_a_self_check_asks_for_the_size_and_answers_by_it(client, measure):
    said = {"qualification": "junior", "issued_on_year": "2012", "issued_on_month": "6", "issued_on_day": "1"}
    for size, met in (("large", False), ("small", True), ("micro", True), ("", False)):
        page = client.post("/self-check/", said | {"size": size, "token": "x"}).content.decode()
        assert ("2012年6月1日起已符合" in page) == met, size
    assert "企业规模" in client.get("/self-check/").content.decode()


@pytest.mark.parametrize("city", ["清远"], indirect=True)
def test_a_self_check_does_not_ask_for_a_size_that_makes_no_difference(client, measure):
    assert "企业规模" not in client.get("/self-check/").content.decode()


@pytest.mark.parametrize("city", ["云台"], indirect=True)
def test_another_city_is_served_in_its_own_term_numbering_and_words(client, make, company_a, person_a, municipal):
    row = make.submitted(person_a, company_a, first_day=date(2026, 12, 1))
    assert row.last_day == date(2030, 11, 30)
    facts = row.papers.get(kind="letter").facts
    assert (facts["term_words"], facts["clause"]) == ("四年", "第四条") and "云台市" in facts["measure_title"]
    authorisation = row.papers.get(kind="authorisation").facts
    assert [text for _, text in authorisation["duties"]][1] == "组织质量检查把关；"
    criteria = checklist(row, TODAY).criteria
    with pytest.raises(Refused, match="第二条"):
        make.submitted(person_a, company_a, first_day=date(2027, 1, 1))
    page = signed_in(client, municipal).get(f"/appointments/{row.reference}/").content.decode()
    assert 'href="/measure/#a5-3">第五条（三）</a>' in page and criteria[2].title in page
    assert "第六条（三）" not in page and "云台市质量发展局" in page


@pytest.mark.parametrize("city", ["云台"], indirect=True)
def test_a_measure_that_says_another_certificate_takes_nobody_into_the_pool_by_itself(train, person_a, company_a):
    entry = train.passed(person_a, company_a)
    train.reported(person_a, company_a)
    assert not entry.candidate.pool_entries.exists()


# --- One measure after another ---------------------------------------------------------------------------------------


EARLIER = datetime(2025, 6, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("city", ["清远"], indirect=True)
def test_acts_under_the_first_edition_keep_theirs_when_another_follows(
    measure, administrator, make, company_a, person_a, company_b, person_b
):
    until_2026 = {"first_day": date(2018, 4, 1), "last_day": date(2025, 12, 31)}
    document = {"title": "延长", "number": "清质监〔2018〕1号", "document": measure_paper(administrator)}
    record_extension(edition=measure, **until_2026, **document, by=administrator, at=AT)
    with time_machine.travel(EARLIER, tick=False):
        make.qualified(person_a, company_a)
        filed = make.filed(person_a, company_a, at=EARLIER, first_day=date(2025, 6, 2))
        make.fact(
            ProfessionalQualification, person_b, company_b, level=QualificationLevel.INTERMEDIATE, name="质量工程师",
            number="ZL009", issued_on=date(2012, 6, 1), evidence=make.stored(company_b, name="证.pdf"),
        )  # fmt: skip
        waiting = make.submitted(person_b, company_b, at=EARLIER, first_day=date(2025, 6, 2))
    kept = list(EligibilitySnapshot.unscoped.values())
    papers = list(Paper.unscoped.order_by("pk").values_list("number", "sha256"))
    Enterprise.unscoped.update(size=SizeBand.LARGE)

    load_measure(read(FILES["岭海"]), at=AT)
    filed, waiting = (Appointment.unscoped.with_parties().get(pk=row.pk) for row in (filed, waiting))
    assert legal_basis(TODAY).edition.key == "linghai-2026"
    assert (filed.edition, filed.term_years, filed.last_day) == (measure, 2, date(2027, 6, 1))
    assert list(EligibilitySnapshot.unscoped.values()) == kept
    assert list(Paper.unscoped.order_by("pk").values_list("number", "sha256")) == papers
    assert all(judgement.same for judgement in replayed())
    # What was submitted under the first is judged by the first: 中级 was enough, for a large enterprise too.
    assert checklist(waiting, TODAY).criteria[2].outcome == Outcome.MET
    assert checklist(waiting, TODAY).basis.edition == measure
    assert requirement(2025, TODAY).words == "" and requirement(2026, TODAY).words == "20 学时、2 门课程"
    # What comes now stands on the second.
    filed = actions.end(
        filed, version=filed.version, reason="resigned", last_day=TODAY, by=make.enterprise_user(company_a), at=AT
    )
    again = make.submitted(person_a, company_a, first_day=TODAY + DAY)
    assert (again.edition.key, again.term_years) == ("linghai-2026", 3)
    assert checklist(again, TODAY).criteria[2].outcome == Outcome.UNMET


def test_the_invented_measures_say_that_they_are_invented():
    for file in INVENTED.glob("*.toml"):
        measure = read(file)
        assert "虚构" in measure.edition.title and measure.edition.is_demo
        assert re.match("# .*INVENTED", file.read_text())
