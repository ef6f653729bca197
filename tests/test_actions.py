"""What people do, told as stories: an appointment's life, and everything that may go otherwise."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from appointments import actions
from appointments.changes import described, difference
from appointments.models import Appointment, Paper
from appointments.states import ActKind, Appointer, EndReason, EvidenceKind, PaperKind, State
from registry import filestore
from registry.actions.measure import record_interpretation
from registry.actions.people import record_person, remove_fact
from registry.models import Enterprise, Interpretation, Message, QualityExperience, User
from registry.refusals import Refused, Stale
from registry.states import IdPaper, Outcome
from tests.cast import AT, COMPLETE, MEASURE, TODAY, person, picture, resident_id

DAY = timedelta(days=1)
ON_PAPER = ("代录企业的终止或者撤回，须附企业书面文件的扫描件。", "scan")


def refusal(act, *args, **values) -> Refused:
    """How an act says no; fails when it does not."""
    with pytest.raises(Refused) as caught:
        act(*args, **values)
    assert caught.value.sentence.endswith("。")
    return caught.value


def dated(day: date):
    """Ten in the morning of a day in Qingyuan."""
    return AT.replace(year=day.year, month=day.month, day=day.day)


def subjects(**office) -> list[str]:
    """The messages of an office, oldest first."""
    return list(Message.unscoped.filter(**office).order_by("pk").values_list("subject", flat=True))


# --- The life of an appointment --------------------------------------------------------------------------------------


def test_an_appointment_lives_from_draft_to_end(make, extension, company_a, person_a, user_a, county_one, municipal):
    make.facts(person_a, company_a)
    draft = make.draft(person_a, company_a)
    assert (draft.state, draft.term, draft.reference) == (State.DRAFT, None, "RM-2026-0001")

    row = actions.submit(draft, version=draft.version, by=user_a, at=AT)
    assert (row.first_day, row.last_day) == (date(2026, 12, 1), date(2028, 11, 30))
    assert row.in_force == row.term
    assert row.appointer_name == "李法人"
    assert not row.outside_basis
    assert [paper.number for paper in row.papers.order_by("pk")] == ["首质聘〔2026〕1号", "首质授〔2026〕1号"]

    remarks = {"position": "与任命决定不一致"}
    row = actions.return_for_correction(row, version=row.version, remarks=remarks, by=county_one, at=AT)
    assert row.in_force == row.term, "the term goes on while the filing is corrected"

    row = actions.save_draft(row, version=row.version, by=user_a, at=AT, position="总质量师")
    assert difference(row) == {"position": ["副总经理", "总质量师"]}
    row = actions.submit(row, version=row.version, by=user_a, at=AT)

    opinions = make.opinions(row)
    row = actions.check(row, version=row.version, opinions=opinions, by=county_one, at=AT)
    row = actions.file(row, version=row.version, opinions=opinions, by=municipal, at=AT)
    assert (row.state, row.filed_by) == (State.FILED, municipal)
    receipt = row.papers.get(kind=PaperKind.RECEIPT)
    assert receipt.number == "首质登〔2026〕1号"
    assert receipt.facts["letter_number"] == "首质聘〔2026〕1号"
    assert receipt.facts["opinion_lines"] == list(opinions.values())

    last_day = date(2027, 3, 31)
    row = actions.end(
        row, version=row.version, reason=EndReason.RESIGNED, last_day=last_day, by=user_a, at=dated(last_day)
    )
    assert (row.state, row.in_force.upper, row.last_day) == (State.ENDED, last_day + DAY, date(2028, 11, 30))

    assert [act.kind for act in reversed(row.acts.all())] == [
        ActKind.DRAFTED,
        ActKind.SUBMITTED,
        ActKind.RETURNED,
        ActKind.RESUBMITTED,
        ActKind.CHECKED,
        ActKind.FILED,
        ActKind.ENDED,
    ]
    assert all(act.by for act in row.acts.all())


def test_every_office_is_told_what_concerns_it(make, company_a, person_a, county_one):
    row = make.returned(person_a, company_a)
    row = actions.submit(row, version=row.version, by=make.enterprise_user(company_a), at=AT)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    actions.file(row, version=row.version, opinions=make.opinions(row), by=make.municipal, at=AT)
    who = "甲公司任命张三"
    assert subjects(county=county_one.county) == [f"待核对：{who}", f"待核对：{who}", f"已登记：{who}"]
    assert subjects(enterprise=company_a) == [f"退回补正：{who}", f"已登记：{who}"]
    assert subjects(county=None, enterprise=None) == [f"待登记：{who}"]
    body = Message.unscoped.get(enterprise=company_a, subject__startswith="退回").body
    assert "在本企业的职务，与任命决定不一致" in body


def test_papers_are_kept_as_issued(make, company_a, person_a):
    row = make.filed(person_a, company_a)
    assert row.papers.count() == 3
    for paper in row.papers.all():
        data = filestore.fetch(paper.sha256)
        assert data.startswith(b"%PDF-")
        assert len(data) == paper.size
        assert paper.template_version


def test_the_appointer_is_one_of_the_two_the_text_names(make, company_a, person_a):
    row = make.submitted(person_a, company_a, appointer=Appointer.PRINCIPAL)
    assert row.appointer_name == "王负责"


# --- Withdrawing and ending ------------------------------------------------------------------------------------------


def test_withdrawing_before_the_term_begins_leaves_no_day_in_force(make, company_a, person_a, user_a):
    row = make.submitted(person_a, company_a)
    assert refusal(actions.withdraw, row, version=row.version, by=user_a, at=AT).field == "reason"
    row = actions.withdraw(row, version=row.version, by=user_a, at=AT, reason="人选调离")
    assert (row.state, row.in_force) == (State.WITHDRAWN, None)
    assert row.term is not None


def test_withdrawing_closes_the_time_in_force_that_day(make, company_a, person_a, person_a_two, user_a):
    row = make.submitted(person_a, company_a, first_day=TODAY - 10 * DAY)
    row = actions.withdraw(row, version=row.version, by=user_a, at=AT, reason="人选调离")
    assert (row.in_force.lower, row.in_force.upper) == (TODAY - 10 * DAY, TODAY + DAY)
    assert make.submitted(person_a_two, company_a, first_day=TODAY + DAY).in_force


def test_a_draft_is_withdrawn_without_a_reason_and_nobody_is_told(make, company_a, person_a, user_a):
    draft = make.draft(person_a, company_a)
    assert actions.withdraw(draft, version=draft.version, by=user_a, at=AT).state == State.WITHDRAWN
    assert not Message.unscoped.exists()


def test_a_successor_may_start_the_day_after_an_early_end_and_not_before(make, company_a, person_a, person_a_two):
    row = make.ended(person_a, company_a)
    assert row.in_force.upper == TODAY + DAY
    assert row.in_force.upper < row.term.upper
    fault = refusal(make.submitted, person_a_two, company_a, first_day=TODAY)
    assert fault.field == "first_day"
    assert "张三的任期" in fault.sentence and "2026年11月22日" in fault.sentence
    assert make.submitted(person_a_two, company_a, first_day=TODAY + DAY).in_force.lower == TODAY + DAY


def test_an_appointment_that_overlaps_another_is_refused_with_the_name_in_force(
    make, company_a, person_a, person_a_two
):
    make.submitted(person_a, company_a)
    fault = refusal(make.submitted, person_a_two, company_a, first_day=date(2027, 11, 1))
    assert "RM-2026-0001" in fault.sentence and "2028年11月30日" in fault.sentence
    draft = Appointment.unscoped.get(candidate=person_a_two)
    assert (draft.state, draft.term, draft.papers.count()) == (State.DRAFT, None, 0)


@pytest.mark.parametrize(
    ("reason", "last_day", "field"),
    [
        (EndReason.EXPIRED, TODAY, "reason"),
        ("批评", TODAY, "reason"),
        (EndReason.DISMISSED, TODAY + DAY, "last_day"),
        (EndReason.DISMISSED, TODAY - 31 * DAY, "last_day"),
    ],
)
def test_an_end_has_a_reason_of_the_list_and_a_day_of_the_term(
    make, company_a, person_a, user_a, reason, last_day, field
):
    row = make.filed(person_a, company_a, first_day=TODAY - 30 * DAY)
    values = {"reason": reason, "last_day": last_day}
    assert refusal(actions.end, row, version=row.version, by=user_a, at=AT, **values).field == field
    row.refresh_from_db()
    assert (row.state, row.in_force) == (State.FILED, row.term)


def test_the_clock_ends_what_is_over_once_and_by_nobody(make, company_a, company_b, person_a, person_b):
    row = make.filed(person_a, company_a, at=dated(date(2024, 11, 20)), first_day=date(2024, 11, 22))
    make.filed(person_b, company_b)
    last_day = date(2026, 11, 21)
    assert row.last_day == last_day
    assert actions.expire_due(at=dated(last_day)) == 0
    assert [actions.expire_due(at=AT) for _ in range(3)] == [1, 0, 0]
    row.refresh_from_db()
    assert (row.state, row.end_reason, row.ended_on) == (State.ENDED, EndReason.EXPIRED, last_day)
    assert row.ended_by is None
    assert row.in_force == row.term
    assert row.acts.filter(kind=ActKind.ENDED, by=None).count() == 1


def test_what_was_never_filed_does_not_expire(make, company_a, person_a):
    row = make.submitted(person_a, company_a, at=dated(date(2020, 1, 1)), first_day=date(2020, 1, 1))
    assert actions.expire_due(at=AT) == 0
    row.refresh_from_db()
    assert row.state == State.SUBMITTED


# --- Returning and correcting ----------------------------------------------------------------------------------------


def test_a_return_names_the_fields_at_fault(make, company_a, person_a, county_one):
    row = make.submitted(person_a, company_a)
    act = actions.return_for_correction
    assert refusal(act, row, version=row.version, remarks={}, by=county_one, at=AT).field == "remarks"
    strange = {"credit_code": "有误"}
    assert "credit_code" in refusal(act, row, version=row.version, remarks=strange, by=county_one, at=AT).sentence
    row = act(row, version=row.version, remarks={"position": "有误", "training": "缺证书"}, by=county_one, at=AT)
    returned = row.acts.get(kind=ActKind.RETURNED)
    assert returned.details["remarks"] == {"position": "有误", "training": "缺证书"}
    assert returned.reason == "在本企业的职务：有误；培训证书：缺证书"
    assert (row.checked_at, row.checked_by) == (None, None)


def test_what_was_corrected_stands_in_the_timeline(make, company_a, person_a, user_a):
    row = make.returned(person_a, company_a)
    assert difference(row) == {}
    actions.add_evidence(row, kind=EvidenceKind.DECISION, file=make.stored(company_a), by=user_a, at=AT)
    make.fact(
        QualityExperience,
        person_a,
        company_a,
        employer="某水泥厂",
        work="质量检验",
        period=(date(2010, 1, 1), date(2012, 1, 1)),
    )
    row.refresh_from_db()
    row = actions.save_draft(row, version=row.version, by=user_a, at=AT, declares_ethics=False)
    row = actions.submit(row, version=row.version, by=user_a, at=AT)
    changes = row.acts.get(kind=ActKind.RESUBMITTED).details["changes"]
    assert set(changes) == {"decision", "experience", "declarations"}
    assert changes["decision"] == ["无", "材料.pdf（1 页）"]
    assert changes["experience"][0] == "无"
    assert "某水泥厂" in changes["experience"][1]


def test_a_paper_is_superseded_only_where_its_content_changed(make, company_a, person_a, user_a):
    row = make.returned(person_a, company_a)
    row = actions.submit(row, version=row.version, by=user_a, at=AT)
    assert row.papers.count() == 2, "nothing changed, nothing is issued again"
    row = actions.return_for_correction(
        row, version=row.version, remarks={"position": "有误"}, by=make.officer(company_a), at=AT
    )
    row = actions.save_draft(row, version=row.version, by=user_a, at=AT, position="总质量师")
    row = actions.submit(row, version=row.version, by=user_a, at=AT)
    letter = row.papers.get(kind=PaperKind.LETTER)
    assert letter.version == 1, "the letter does not name the post"
    old, new = row.papers.filter(kind=PaperKind.AUTHORISATION).order_by("version")
    assert (new.version, new.number, new.supersedes) == (2, old.number, old)
    assert new.code != old.code
    assert (old.facts["position"], new.facts["position"]) == ("副总经理", "总质量师")


def test_a_correction_does_not_move_the_first_day(make, company_a, person_a, user_a):
    row = make.returned(person_a, company_a)
    values = {"first_day": date(2026, 12, 2)}
    assert refusal(actions.save_draft, row, version=row.version, by=user_a, at=AT, **values).field == "first_day"
    actions.save_draft(row, version=row.version, by=user_a, at=AT, first_day=row.first_day)


def test_a_stale_page_writes_nothing(make, company_a, person_a, user_a):
    draft = make.draft(person_a, company_a)
    actions.save_draft(draft, version=draft.version, by=user_a, at=AT, position="质量总监")
    with pytest.raises(Stale):
        actions.save_draft(draft, version=draft.version, by=user_a, at=AT, position="厂长")
    with pytest.raises(Stale):
        actions.submit(draft, version=draft.version, by=user_a, at=AT)
    assert Appointment.unscoped.get(pk=draft.pk).position == "质量总监"


@pytest.mark.parametrize("name", ["position", "appointer", "first_day", "quality_department"])
def test_an_incomplete_draft_is_kept_and_not_submitted(make, company_a, person_a, user_a, name):
    draft = make.draft(person_a, company_a, **{name: None if name == "first_day" else ""})
    assert refusal(actions.submit, draft, version=draft.version, by=user_a, at=AT).field == name
    assert Appointment.unscoped.get(pk=draft.pk).state == State.DRAFT


def test_a_draft_for_the_same_person_is_taken_up_again(make, company_a, person_a, user_a):
    draft = make.draft(person_a, company_a)
    again = actions.start_draft(enterprise=company_a, candidate=person_a, by=user_a, at=AT)
    assert again == draft


def test_nobody_is_appointed_who_does_not_work_there(make, company_a, person_b, user_a):
    values = {"enterprise": company_a, "candidate": person_b, "by": user_a, "at": AT}
    assert refusal(actions.start_draft, **values).field == "candidate"


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_have_no_gap_where_an_act_is_rolled_back(make, company_a, company_b, person_a, person_b):
    draft = make.draft(person_a, company_a)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        actions.submit(draft, version=draft.version, by=make.enterprise_user(company_a), at=AT)
        raise ZeroDivisionError
    make.submitted(person_b, company_b)
    make.submitted(person_a, company_a)
    letters = Paper.unscoped.filter(kind=PaperKind.LETTER).order_by("pk")
    assert [paper.number for paper in letters] == ["首质聘〔2026〕1号", "首质聘〔2026〕2号"]


def test_numbers_begin_anew_each_year_of_qingyuan(make, company_a, company_b, person_a, person_b):
    make.submitted(person_a, company_a)
    new_year = AT.replace(month=12, day=31, hour=16, minute=1)  # already 2027 there
    row = make.submitted(person_b, company_b, at=new_year)
    assert row.reference == "RM-2027-0001"
    assert row.papers.get(kind=PaperKind.LETTER).number == "首质聘〔2027〕1号"


# --- The basis and the interpretations -------------------------------------------------------------------------------


def test_an_act_outside_any_basis_is_recorded_with_its_flag(make, company_a, person_a):
    row = make.filed(person_a, company_a)
    assert row.outside_basis
    assert row.edition.key == MEASURE.edition.key
    assert row.papers.get(kind=PaperKind.RECEIPT).facts["outside_basis"] is True


def test_an_act_within_a_basis_carries_no_flag(make, extension, company_a, person_a):
    row = make.filed(person_a, company_a)
    assert not row.outside_basis
    assert row.papers.get(kind=PaperKind.RECEIPT).facts["outside_basis"] is False


def interpret(municipal, key, reading):
    question = Interpretation.unscoped.questions().get(key=key)
    return record_interpretation(
        edition=question.edition,
        key=key,
        number=f"口径〔{key}〕",
        reading=reading,
        text="按此办理。",
        decided_on=TODAY,
        effective_from=date(2016, 4, 1),
        by=municipal,
        at=AT,
    )


def test_the_county_files_at_once_where_the_city_reads_it_so(make, company_a, person_a, county_one, municipal):
    interpret(municipal, "filing_ends", "county")
    row = make.submitted(person_a, company_a)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    assert (row.state, row.checked_by, row.filed_by) == (State.FILED, county_one, county_one)
    assert row.papers.filter(kind=PaperKind.RECEIPT).count() == 1
    assert subjects(county=None, enterprise=None) == []


def test_the_county_does_not_file_without_such_a_reading(make, company_a, person_a, county_one):
    row = make.checked(person_a, company_a)
    fault = refusal(actions.file, row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    assert "没有办理这一事项的权限" in fault.sentence


def test_the_day_of_reckoning_is_the_citys_to_read(make, company_a, person_a, municipal):
    """Five years are full on 1 December, the first day of the term, and not yet on the day of submission."""
    make.qualified(person_a, company_a)
    for row in [*person_a.professionalqualifications.all(), *person_a.qualityexperiences.all()]:
        remove_fact(row, by=make.enterprise_user(company_a), at=AT)
    make.fact(
        QualityExperience,
        person_a,
        company_a,
        employer="某厂",
        work="检验",
        period=(date(2021, 12, 1), None),
        evidence=make.stored(company_a),
    )
    row = make.submitted(person_a, company_a)
    assert "6_3" not in make.opinions(row)
    reading = interpret(municipal, "experience_as_of", "submission")
    assert "6_3" in make.opinions(row)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=make.officer(company_a), at=AT)
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    assert row.eligibilitysnapshots.get().interpretations == [reading.number]


# --- Opinions and the snapshot ---------------------------------------------------------------------------------------


def test_what_is_unmet_is_filed_with_an_opinion_and_never_in_silence(make, company_a, person_a, county_one):
    row = make.submitted(person_a, company_a)
    opinions = make.opinions(row)
    assert set(opinions) == {"6_3", "6_5"}
    for left_out in opinions:
        some = {key: words for key, words in opinions.items() if key != left_out} | {left_out: "  "}
        fault = refusal(actions.check, row, version=row.version, opinions=some, by=county_one, at=AT)
        assert fault.field == f"opinion_{left_out}"
    row = actions.check(row, version=row.version, opinions=opinions, by=county_one, at=AT)
    fault = refusal(actions.file, row, version=row.version, opinions={}, by=make.municipal, at=AT)
    assert fault.field == "opinion_6_3"
    row = actions.file(row, version=row.version, opinions=opinions, by=make.municipal, at=AT)
    assert row.eligibilitysnapshots.get().opinions == opinions


def test_where_all_is_proven_no_opinion_is_asked(make, company_a, person_a):
    make.qualified(person_a, company_a)
    row = make.filed(person_a, company_a)
    snapshot = row.eligibilitysnapshots.get()
    assert snapshot.opinions == {}
    assert [c["outcome"] for c in snapshot.criteria] == [
        Outcome.DECLARED,
        Outcome.DECLARED,
        Outcome.MET,
        Outcome.DECLARED,
        Outcome.MET,
        Outcome.STANDING,
    ]
    assert snapshot.criteria[2]["met_on"] == "2012-06-01"


def test_what_is_written_later_does_not_change_a_snapshot(make, company_a, person_a):
    make.qualified(person_a, company_a)
    row = make.filed(person_a, company_a)
    before = row.eligibilitysnapshots.get().criteria
    remove_fact(person_a.professionalqualifications.get(), by=make.enterprise_user(company_a), at=AT)
    remove_fact(person_a.trainingrecords.get(), by=make.enterprise_user(company_a), at=AT)
    assert row.eligibilitysnapshots.get().criteria == before
    assert any("质量工程师" in words for words in before[2]["evidence"])


def test_an_enterprise_sees_only_the_facts_it_put_on_file(make, company_a, company_b, person_a, user_b):
    """The same person qualified on 乙公司's file is judged at 甲公司 by 甲公司's file alone."""
    same = record_person(
        enterprise=company_b, name="张三", id_type=IdPaper.RESIDENT, id_number=resident_id(1), position="顾问",
        since=date(2020, 1, 1), by=user_b, at=AT,
    )  # fmt: skip
    assert same == person_a
    make.qualified(person_a, company_b)
    assert "6_3" in make.opinions(make.submitted(person_a, company_a))


# --- Renewal, transcription, scans -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "first_day"),
    [(date(2026, 9, 1), date(2026, 11, 22)), (date(2026, 12, 24), date(2026, 12, 24))],
    ids=["before expiry", "after expiry"],
)
def test_a_renewal_is_a_new_appointment_prefilled(make, company_a, person_a, user_a, today, first_day):
    row = make.filed(person_a, company_a, at=dated(date(2024, 11, 20)), first_day=date(2024, 11, 22))
    actions.expire_due(at=dated(today))
    row.refresh_from_db()
    draft = actions.renew(row, by=user_a, at=dated(today))
    assert (draft.state, draft.renews, draft.first_day) == (State.DRAFT, row, first_day)
    assert draft.position == COMPLETE["position"]
    assert not draft.declares_ethics, "each declaration is given anew"
    assert actions.renew(row, by=user_a, at=dated(today)) == draft
    renewed = actions.submit(draft, version=draft.version, by=user_a, at=dated(today))
    assert renewed.in_force.lower == first_day
    assert row.papers.get(kind=PaperKind.LETTER).number != renewed.papers.get(kind=PaperKind.LETTER).number


def test_the_evidence_of_a_renewed_appointment_goes_along(make, company_a, person_a, user_a):
    draft = make.draft(person_a, company_a)
    actions.add_evidence(draft, kind=EvidenceKind.DECISION, file=make.stored(company_a), by=user_a, at=AT)
    row = actions.submit(draft, version=draft.version, by=user_a, at=AT)
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=make.officer(company_a), at=AT)
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=make.municipal, at=AT)
    assert actions.renew(row, by=user_a, at=AT).evidences.get().file == row.evidences.get().file


def test_a_county_transcribes_an_enterprises_own_paper(make, company_a, person_a, county_one, municipal):
    values = COMPLETE | {"enterprise": company_a, "candidate": person_a, "own_letter_number": "甲聘〔2026〕3号"}
    row = actions.enter_at_counter(transcript=make.stored(company_a), by=county_one, at=AT, **values)
    assert (row.state, row.is_transcribed, row.submitted_by) == (State.SUBMITTED, True, county_one)
    assert row.papers.count() == 0, "the enterprise's own papers stand; the portal issues none beside them"
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    assert row.papers.get().facts["letter_number"] == "甲聘〔2026〕3号"


def test_nobody_else_transcribes(make, company_a, person_a, county_two, user_a, administrator):
    scan = make.stored(company_a)
    values = COMPLETE | {"enterprise": company_a, "candidate": person_a, "own_letter_number": "", "transcript": scan}
    for who in (county_two, user_a, administrator):
        assert "权限" in refusal(actions.enter_at_counter, by=who, at=AT, **values).sentence
    assert not Appointment.unscoped.exists()


def test_a_sealed_scan_may_follow_and_binds_nothing(make, company_a, company_b, person_a, user_a):
    row = make.filed(person_a, company_a)
    letter, receipt = row.papers.get(kind=PaperKind.LETTER), row.papers.get(kind=PaperKind.RECEIPT)
    scan = make.stored(company_a, picture("JPEG"), "聘书.jpg")
    actions.attach_sealed_scan(letter, file=scan, by=user_a, at=AT)
    assert letter.scans.get().file == scan
    assert "不需要企业盖章" in refusal(actions.attach_sealed_scan, receipt, file=scan, by=user_a, at=AT).sentence
    foreign = make.stored(company_b)
    assert refusal(actions.attach_sealed_scan, letter, file=foreign, by=user_a, at=AT).field == "file"
    row.refresh_from_db()
    assert row.state == State.FILED


@pytest.mark.parametrize("kind", PaperKind.values)
def test_a_preview_is_drawn_before_the_act_and_leaves_nothing(make, company_a, person_a, kind):
    draft = make.draft(person_a, company_a)
    if kind != PaperKind.RECEIPT:
        assert actions.preview_paper(draft, kind, at=AT).startswith(b"%PDF-")
    assert not Paper.unscoped.exists()


# --- Several at once -------------------------------------------------------------------------------------------------


def test_several_are_checked_and_filed_and_each_one_left_out_is_told_why(
    make, company_a, company_b, person_a, person_b, county_one, municipal
):
    make.qualified(person_a, company_a)
    rows = [make.submitted(person_a, company_a), make.submitted(person_b, company_b)]
    result = actions.check_many(rows, by=county_one, at=AT)
    assert result.done == [rows[0]]
    assert [row for row, _ in result.left_out] == [rows[1]]
    assert "权限" in result.left_out[0][1]
    result = actions.file_many([*result.done, rows[1]], by=municipal, at=AT)
    assert [row.state for row in result.done] == [State.FILED]
    assert "不能办理这一步" in result.left_out[0][1]


def test_the_city_files_several_with_the_opinions_of_the_counties(
    make, company_a, company_b, person_a, person_b, municipal
):
    rows = [make.checked(person_a, company_a), make.checked(person_b, company_b)]
    result = actions.file_many(rows, by=municipal, at=AT)
    assert (len(result.done), result.left_out) == (2, [])
    for row in result.done:
        assert set(row.eligibilitysnapshots.get().opinions) == {"6_3", "6_5"}


# --- Who may ---------------------------------------------------------------------------------------------------------

ACTS = {
    "submit": (State.DRAFT, {}),
    "check": (State.SUBMITTED, {"opinions": {}}),
    "return_for_correction": (State.SUBMITTED, {"remarks": {"position": "有误"}}),
    "file": (State.CHECKED, {"opinions": {}}),
    "withdraw": (State.SUBMITTED, {"reason": "有误"}),
    "end": (State.FILED, {"reason": EndReason.DISMISSED, "last_day": TODAY}),
}
MAY = {
    "submit": {"enterprise-a"},
    "withdraw": {"enterprise-a"},
    "end": {"enterprise-a"},
    "check": {"county-441802", "municipal"},
    "return_for_correction": {"county-441802", "municipal"},
    "file": {"municipal"},
}


@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_open_to_those_of_the_table_and_to_nobody_else(make, administrator, company_a, person_a, name):
    """The bureau never appoints, withdraws or ends (Art. 9, 12); no enterprise records for itself."""
    state, values = ACTS[name]
    row = make.in_state(state, person_a, company_a)
    if "opinions" in values:
        values = {"opinions": make.opinions(row)}
    may = set()
    for who in User.unscoped.all():
        try:
            with transaction.atomic():
                getattr(actions, name)(row, version=row.version, by=who, at=AT, **values)
                raise ZeroDivisionError
        except ZeroDivisionError:
            may.add(who.username)
        except Refused as fault:
            if "权限" not in fault.sentence:
                may.add(who.username)
    assert may == MAY[name]


@pytest.mark.parametrize("state", State.values)
def test_the_buttons_offered_are_the_acts_that_are_taken(make, company_a, person_a, user_b, county_two, state):
    row = make.in_state(state, person_a, company_a)
    offered = {who: actions.possible(row, who) for who in (user_b, county_two)}
    assert set.union(*offered.values()) == set()
    owner, officer = make.enterprise_user(company_a), make.officer(company_a)
    own, county, city = (actions.possible(row, who) for who in (owner, officer, make.municipal))
    assert own <= {"submit", "withdraw", "end", "prepare", "renew", "seal"}
    assert county <= {"check", "return"}
    assert city <= {"check", "return", "file"}
    assert ("file" in city) == (state == State.CHECKED)
    assert ("check" in county) == (state == State.SUBMITTED)
    assert ("end" in own) == (state == State.FILED)


def test_the_longest_names_fit_into_every_message(make, company_a, user_a, county_one):
    """An enterprise of 80 characters appoints a person of 40; nobody gets an error instead of a message."""
    Enterprise.unscoped.filter(pk=company_a.pk).update(name="甲" * 80)
    company_a.refresh_from_db()
    someone = person(9, "张" * 40, company=company_a, by=user_a)
    row = make.returned(someone, company_a)
    assert row.state == State.RETURNED
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="退回补正").exists()


def test_what_a_county_transcribed_and_returned_waits_for_it_and_may_be_withdrawn(
    make, company_a, company_b, person_a, county_one
):
    scan = make.stored(company_a)
    facts = {"transcript": scan, "own_letter_number": "甲聘1号"} | COMPLETE
    row = actions.enter_at_counter(enterprise=company_a, candidate=person_a, by=county_one, at=AT, **facts)
    row = actions.return_for_correction(row, version=row.version, remarks={"position": "不清"}, by=county_one, at=AT)
    assert row in Appointment.unscoped.awaiting(county_one)
    withdraw = {"version": row.version, "reason": "企业书面撤回", "by": county_one, "at": AT}
    without = refusal(actions.withdraw, row, **withdraw)
    assert (without.sentence, without.field) == ON_PAPER
    assert refusal(actions.withdraw, row, scan=make.stored(company_b), **withdraw).field == "scan"
    letter = make.stored(company_a, name="撤回函.pdf")
    row = actions.withdraw(row, scan=letter, **withdraw)
    kept = row.evidences.get()
    assert (row.state, kept.kind, kept.file, kept.added_by) == (
        State.WITHDRAWN,
        EvidenceKind.ENDING,
        letter,
        county_one,
    )


def test_a_county_ends_for_a_paper_filer_on_the_enterprises_own_paper_alone(
    make, company_a, person_a, county_one, municipal
):
    """The bureau never ends one itself (Art. 12): what it transcribes, the enterprise wrote."""
    facts = {"transcript": make.stored(company_a), "own_letter_number": "甲聘1号"} | COMPLETE
    row = actions.enter_at_counter(
        enterprise=company_a, candidate=person_a, by=county_one, at=AT, **facts | {"first_day": TODAY - DAY}
    )
    row = actions.check(row, version=row.version, opinions=make.opinions(row), by=county_one, at=AT)
    row = actions.file(row, version=row.version, opinions=make.opinions(row), by=municipal, at=AT)
    end = {"version": row.version, "reason": EndReason.RESIGNED, "last_day": TODAY, "at": AT}
    for by in (county_one, municipal):
        without = refusal(actions.end, row, by=by, **end)
        assert (without.sentence, without.field) == ON_PAPER
    letter = make.stored(company_a, name="终止函.pdf")
    row = actions.end(row, by=county_one, scan=letter, **end)
    assert row.state == State.ENDED and row.evidences.get(kind=EvidenceKind.ENDING).file == letter
    assert "ending" not in described(row)  # it is no part of the filing, and no return can name it


def test_a_scan_of_another_enterprise_is_not_taken(make, company_a, company_b, person_a, county_one):
    facts = {"transcript": make.stored(company_b), "own_letter_number": ""} | COMPLETE
    with pytest.raises(Refused, match="不属于"):
        actions.enter_at_counter(enterprise=company_a, candidate=person_a, by=county_one, at=AT, **facts)


@pytest.mark.parametrize("state", [State.SUBMITTED, State.RETURNED, State.WITHDRAWN])
def test_only_what_was_filed_is_renewed(make, company_a, person_a, user_a, state):
    with pytest.raises(Refused):
        actions.renew(make.in_state(state, person_a, company_a), by=user_a, at=AT)
