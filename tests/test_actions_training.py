"""What people do in training, told as stories: bodies, sessions, seats, results; each refusal by its name."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from registry.actions.people import end_employment, record_free_person
from registry.models import Message
from registry.refusals import Refused, Stale
from registry.states import IdPaper, Role
from tests.cast import AT, TODAY, account, person, resident_id
from tests.training_cast import DAYS, EARLIER
from training import actions
from training.actions.results import Result
from training.models import Assessment, Attendance, Certificate, Enrolment, Session, TrainerMembership, TrainingBody
from training.states import BodyKind, EnrolmentState, SessionState, TrainingKind

DAY = timedelta(days=1)
MAY_NOT = "您没有办理这一事项的权限。"
RECOGNITION = {"document_title": "认可通知", "document_number": "清质监〔2026〕3号"}


def refused(act, *args, **values) -> tuple[str, str | None]:
    """How an act says no, and at which field; fails when it does not."""
    with pytest.raises(Refused) as caught:
        act(*args, **values)
    assert caught.value.sentence.endswith("。")
    return caught.value.sentence, caught.value.field


def subjects(**office) -> list[str]:
    """The messages of an office, oldest first."""
    return list(Message.unscoped.filter(**office).order_by("pk").values_list("subject", flat=True))


def on(day: date):
    """Ten in the morning of a day in Qingyuan."""
    return AT + (day - TODAY)


# --- Who trains (Art. 8) ---------------------------------------------------------------------------------------------


def test_a_body_comes_on_the_register_is_recognised_and_changes_its_name_but_not_its_mark(municipal):
    body = actions.add_body(name="某学院", mark="某学", kind=BodyKind.RECOGNISED, by=municipal, at=AT)
    assert body.reference == "JG0001" and not body.is_recognised(TODAY, TODAY)
    last = date(2026, 12, 31)
    actions.recognise_body(body, first_day=TODAY, last_day=last, by=municipal, at=AT, **RECOGNITION)
    assert body.is_recognised(TODAY, last)
    assert not body.is_recognised(TODAY - DAY, last) and not body.is_recognised(TODAY, last + DAY)
    changed = actions.change_body(body, version=1, name="某职业学院", mark="另学", by=municipal, at=AT)
    assert (changed.name, TrainingBody.unscoped.get().mark) == ("某职业学院", "某学")
    with pytest.raises(Stale):
        actions.change_body(body, version=1, name="又一名", by=municipal, at=AT)


def test_no_two_bodies_share_name_or_mark_and_each_bureau_stands_there_once(municipal, counties, body):
    new = {"name": "某学院", "mark": "某学", "kind": BodyKind.RECOGNISED, "by": municipal, "at": AT}
    assert refused(actions.add_body, **new | {"name": body.name})[1] == "name"
    assert refused(actions.add_body, **new | {"mark": body.mark})[1] == "mark"
    assert refused(actions.add_body, **new | {"mark": "某学2"})[1] == "mark"
    assert refused(actions.add_body, **new, county=counties["441802"])[1] == "county"
    bureau = new | {"kind": BodyKind.BUREAU}
    for name, county in (("局甲", None), ("局乙", counties["441802"])):
        actions.add_body(**bureau | {"name": name, "mark": name, "county": county})
        assert refused(actions.add_body, **bureau | {"county": county})[1] == "kind"
    assert refused(actions.change_body, body, version=1, name="局甲", by=municipal, at=AT)[1] == "name"


def test_recognitions_of_a_body_do_not_overlap_and_a_bureau_needs_none(municipal, body):
    def recognise(of, first_day, last_day=None):
        return refused(
            actions.recognise_body, of, first_day=first_day, last_day=last_day, by=municipal, at=AT, **RECOGNITION
        )

    assert recognise(body, TODAY) == ("这段时间已由清质监〔2016〕8号认可。", "first_day")
    assert recognise(body, TODAY, TODAY - DAY)[1] == "last_day"
    bureau = actions.add_body(name="清远市局", mark="清质培", kind=BodyKind.BUREAU, by=municipal, at=AT)
    assert recognise(bureau, TODAY) == ("质监部门自己组织培训，不需要认可。", None)
    row = body.recognitions.get()
    assert refused(actions.end_recognition, row, last_day=date(2016, 3, 30), by=municipal, at=AT)[1] == "last_day"
    actions.end_recognition(row, last_day=TODAY, by=municipal, at=AT)
    assert body.is_recognised(TODAY, TODAY) and not body.is_recognised(TODAY, TODAY + DAY)
    actions.recognise_body(body, first_day=TODAY + DAY, last_day=None, by=municipal, at=AT, **RECOGNITION)


def test_an_account_acts_for_one_body_until_it_is_taken_back(train, trainer, body, body_two, administrator, municipal):
    def add(user, by=administrator):
        return refused(actions.add_trainer, body_two, user=user, by=by, at=AT)

    assert add(trainer) == ("这个账号已属于一家培训机构。", "user")
    assert add(municipal) == ("只能选择角色为“培训机构”的账号。", "user")
    assert add(account("trainer-9", Role.TRAINER, "某人"), by=municipal)[0] == MAY_NOT
    planned = train.planned()
    actions.remove_trainer(TrainerMembership.unscoped.get(user=trainer), by=administrator, at=AT)
    assert refused(actions.publish_session, planned, version=1, by=trainer, at=EARLIER)[0] == MAY_NOT
    actions.add_trainer(body_two, user=trainer, by=administrator, at=AT)
    assert refused(actions.publish_session, planned, version=1, by=trainer, at=EARLIER)[0] == MAY_NOT


def test_only_the_city_keeps_the_register(body, trainer, county_one, user_a, administrator):
    new = {"name": "某学院", "mark": "某学", "kind": BodyKind.RECOGNISED, "at": AT}
    for by in (trainer, county_one, user_a, administrator):
        assert refused(actions.add_body, **new, by=by)[0] == MAY_NOT
        assert refused(actions.change_body, body, version=1, name="某", by=by, at=AT)[0] == MAY_NOT
        period = {"first_day": TODAY, "last_day": None}
        assert refused(actions.recognise_body, body, **period, **RECOGNITION, by=by, at=AT)[0] == MAY_NOT


# --- Sessions (Art. 3, 8, 9) -----------------------------------------------------------------------------------------


def test_a_session_is_planned_by_nobody_seen_and_published(train, trainer, user_a):
    planned = train.planned(session_days=[DAYS[2], DAYS[0], DAYS[0]], days_needed=2)
    assert (planned.reference, planned.state) == ("PX-2026-0001", SessionState.DRAFT)
    assert (planned.first_day, planned.last_day, planned.hours) == (DAYS[0], DAYS[2], 24)
    assert list(planned.days.values_list("day", flat=True)) == [DAYS[0], DAYS[2]]
    assert not Session.unscoped.visible_to(user_a).exists()
    published = actions.publish_session(planned, version=1, by=trainer, at=EARLIER)
    assert (published.published_at, published.published_by) == (EARLIER, trainer)
    assert Session.unscoped.visible_to(user_a).get() == published


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"session_days": []}, "first_day"),
        ({"session_days": [date(2026, 11, 1) + n * DAY for n in range(61)]}, "last_day"),
        ({"courses": []}, "courses"),
        ({"days_needed": 4}, "days_needed"),
        ({"enrolment": (date(2026, 11, 2), date(2026, 11, 1))}, "enrol_last_day"),
        ({"enrolment": (date(2026, 10, 1), DAYS[2] + DAY)}, "enrol_last_day"),
    ],
)
def test_what_no_session_can_be_is_said_at_its_field(train, changes, field):
    assert refused(train.planned, **changes)[1] == field


def test_the_figures_themselves_are_allowed(train):
    sixty = [date(2026, 11, 1) + n * DAY for n in range(60)]
    planned = train.planned(session_days=sixty, days_needed=60, enrolment=(TODAY, sixty[-1]))
    assert planned.days.count() == 60


@pytest.mark.parametrize(("last_day", "published"), [(DAYS[2], True), (DAYS[1], False), (DAYS[0], False)])
def test_a_recognition_covers_every_day_of_a_session_or_it_is_not_published(
    train, trainer, body, municipal, last_day, published
):
    """A recognition that lapses in the middle of a session: its last day has to be the session's, or later."""
    actions.end_recognition(body.recognitions.get(), last_day=last_day, by=municipal, at=AT)
    planned = train.planned()
    if published:
        assert actions.publish_session(planned, version=1, by=trainer, at=EARLIER).state == SessionState.PUBLISHED
    else:
        sentence, field = refused(actions.publish_session, planned, version=1, by=trainer, at=EARLIER)
        assert "未经质监部门认可" in sentence and field == "first_day"


def test_two_recognitions_without_a_gap_between_carry_one_session(train, trainer, body, municipal):
    """Renewed in the middle of a session: recognised on each of its days, by one document or the other (Art. 8)."""
    actions.end_recognition(body.recognitions.get(), last_day=DAYS[0], by=municipal, at=AT)
    actions.recognise_body(body, first_day=DAYS[1], last_day=None, by=municipal, at=AT, **RECOGNITION)
    assert train.session().state == SessionState.PUBLISHED
    assert not body.is_recognised(date(2016, 3, 30), TODAY)


def test_a_recognition_ended_in_the_middle_of_a_published_session_leaves_no_certificate(
    train, person_a, company_a, body, municipal, trainer
):
    enrolment = train.passed(person_a, company_a)
    actions.end_recognition(body.recognitions.get(), last_day=DAYS[1], by=municipal, at=AT)
    sentence, _ = refused(actions.issue_certificate, enrolment, by=trainer, at=AT)
    assert "在培训期间未经质监部门认可" in sentence
    session = enrolment.session
    assert (
        refused(actions.change_session, session, version=session.version, by=trainer, at=AT, **train.facts(seats=9))[1]
        == "first_day"
    )


def test_a_session_is_published_on_its_last_day_and_not_after(train, trainer):
    late = {"version": 1, "by": trainer}
    assert refused(actions.publish_session, train.planned(), at=on(DAYS[2] + DAY), **late)[1] == "last_day"
    assert actions.publish_session(train.planned(), at=on(DAYS[2]), **late).state == SessionState.PUBLISHED


def test_a_county_runs_its_own_sessions_by_its_officers_and_nobody_elses(
    train, municipal, county_one, county_two, counties, trainer, person_a, person_b, company_a, company_b
):
    one = counties["441802"]
    own = actions.add_body(name="清城区局", mark="清城", kind=BodyKind.BUREAU, county=one, by=municipal, at=AT)
    assert refused(train.planned, body=own, by=county_one, open_county=counties["441881"])[1] == "open_county"
    for by in (county_two, municipal, trainer):
        assert refused(train.planned, body=own, by=by)[0] == MAY_NOT
    session = train.session(body=own, by=county_one, open_county=one)
    enrolment = train.results(train.enrolled(session, person_a, company_a), by=county_one)
    assert refused(train.enrolled, session, person_b, company_b) == ("这一期只面向清城区的企业。", "candidate")
    for by in (county_two, municipal, trainer):
        assert refused(actions.issue_certificate, enrolment, by=by, at=AT)[0] == MAY_NOT
    assert actions.issue_certificate(enrolment, by=county_one, at=AT).number == "清城〔2026〕1号"


def test_moving_a_session_tells_whoever_is_in_it_once_and_other_changes_tell_nobody(
    train, trainer, person_a, person_a_two, person_b, company_a, company_b
):
    session = train.session()
    for someone, company in ((person_a, company_a), (person_a_two, company_a), (person_b, company_b)):
        train.enrolled(session, someone, company)

    def change(**facts):
        version = Session.unscoped.get().version
        actions.change_session(session, version=version, by=trainer, at=EARLIER, **train.facts(**facts))
        return [
            subjects(enterprise=company).count(f"培训班有变动：{session.title}") for company in (company_a, company_b)
        ]

    assert change(seats=40) == [0, 0]
    assert change(seats=40, place="市局大会议室") == [1, 1]
    later = [day + DAY for day in DAYS]
    assert change(seats=40, place="市局大会议室", session_days=later) == [2, 2]
    row = Session.unscoped.get()
    actions.cancel_session(row, version=row.version, reason="讲师患病", by=trainer, at=EARLIER)
    message = Message.unscoped.filter(enterprise=company_b).latest("pk")
    assert "已取消" in message.body and "讲师患病" in message.body


def test_what_others_rely_on_does_not_change_under_them(train, trainer, person_a, person_a_two, company_a):
    session = train.session()
    train.enrolled(session, person_a, company_a)
    seat = train.enrolled(session, person_a_two, company_a)

    def change(**facts):
        return refused(actions.change_session, session, version=2, by=trainer, at=AT, **train.facts(**facts))

    assert change(seats=1) == ("已有座次用到第 2 个，名额不能少于 2。", "seats")
    assert change(kind=TrainingKind.CONTINUING) == ("已有人报名，培训类别不能更改。", "kind")
    train.results(seat, present=0, scores=("50",))
    stays = ("已登记考勤，类别、学时和至少出勤天数不能更改：学时已据此计算。", "days_needed")
    for facts in ({"kind": TrainingKind.CONTINUING}, {"courses": [("质量法律法规", 25)]}, {"days_needed": 3}):
        assert change(**facts) == stays
    assert change(pass_mark=50)[1] == "pass_mark"
    assert change(session_days=DAYS[1:]) == ("2026年11月16日已登记考勤，不能从培训日中去掉。", "first_day")
    with pytest.raises(Stale):
        actions.change_session(session, version=1, by=trainer, at=AT, **train.facts())


def test_once_a_certificate_is_out_a_session_neither_changes_nor_is_cancelled(train, trainer, person_a, company_a):
    session = train.certified(person_a, company_a).enrolment.session
    how = {"version": session.version, "by": trainer, "at": AT}
    assert "已经发出证书" in refused(actions.change_session, session, **how, **train.facts())[0]
    assert refused(actions.cancel_session, session, reason="误", **how)[0] == "这一期已经发出证书，不能取消。"


def test_a_cancelled_session_stays_as_it_is(train, trainer):
    session = train.session()
    assert refused(actions.cancel_session, session, version=2, reason=" ", by=trainer, at=AT)[1] == "reason"
    actions.cancel_session(session, version=2, reason="报名不足", by=trainer, at=AT)
    how = {"version": 3, "by": trainer, "at": AT}
    assert refused(actions.change_session, session, **how, **train.facts())[0] == "已取消的培训班不能修改。"
    assert "已取消" in refused(actions.publish_session, session, **how)[0]
    assert "已取消" in refused(actions.cancel_session, session, reason="再取消", **how)[0]


# --- Seats and who waits (Art. 7) ------------------------------------------------------------------------------------


def test_a_seat_that_comes_free_goes_to_who_waits_longest_who_is_told(
    train, person_a, person_a_two, person_b, company_a, company_b, user_a, user_b
):
    session = train.session(seats=1)
    first = train.enrolled(session, person_a, company_a)
    second = train.enrolled(session, person_b, company_b, at=EARLIER + DAY)
    third = train.enrolled(session, person_a_two, company_a, at=EARLIER + 2 * DAY)
    assert [(row.state, row.seat) for row in (first, second, third)] == [
        (EnrolmentState.ENROLLED, 1), (EnrolmentState.WAITING, None), (EnrolmentState.WAITING, None),
    ]  # fmt: skip
    actions.withdraw_enrolment(first, by=user_a, at=EARLIER + 3 * DAY)
    seats = dict(Enrolment.unscoped.values_list("candidate__name", "seat"))
    assert seats == {"张三": None, "李四": 1, "孙五": None}
    assert subjects(enterprise=company_b) == ["候补转为报名：李四"]
    again = train.enrolled(session, person_a, company_a, at=EARLIER + 4 * DAY)
    assert again.state == EnrolmentState.WAITING  # who comes back stands at the end
    actions.withdraw_enrolment(third, by=user_a, at=EARLIER + 5 * DAY)
    actions.withdraw_enrolment(Enrolment.unscoped.get(pk=second.pk), by=user_b, at=EARLIER + 6 * DAY)
    assert Enrolment.unscoped.get(pk=again.pk).seat == 1


def test_more_seats_go_to_who_waits_and_who_comes_new_does_not_overtake(
    train, trainer, person_a, person_a_two, person_b, company_a, company_b
):
    session = train.session(seats=1)
    for someone, company in ((person_a, company_a), (person_b, company_b)):
        train.enrolled(session, someone, company)
    actions.change_session(session, version=2, by=trainer, at=EARLIER, **train.facts(seats=2))
    assert Enrolment.unscoped.get(candidate=person_b).seat == 2
    assert train.enrolled(session, person_a_two, company_a).state == EnrolmentState.WAITING


def test_a_seat_that_comes_free_after_the_last_day_stays_free(train, person_a, person_b, company_a, company_b, user_a):
    session = train.session(seats=1)
    first = train.enrolled(session, person_a, company_a)
    waiting = train.enrolled(session, person_b, company_b)
    actions.withdraw_enrolment(first, by=user_a, at=on(DAYS[2] + DAY))
    assert Enrolment.unscoped.get(pk=waiting.pk).state == EnrolmentState.WAITING


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 9, 30), "报名尚未开始"),
        (date(2026, 10, 1), ""),
        (date(2026, 11, 18), ""),
        (date(2026, 11, 19), "报名已于2026年11月18日截止"),
    ],
)
def test_one_enrols_from_the_first_to_the_last_day_of_the_window(train, person_a, company_a, day, words):
    session = train.session(at=on(date(2026, 9, 1)))
    if words:
        assert words in refused(train.enrolled, session, person_a, company_a, at=on(day))[0]
    else:
        assert train.enrolled(session, person_a, company_a, at=on(day)).seat == 1


def test_nobody_enrols_where_there_is_no_session_yet_or_any_more(train, trainer, person_a, company_a):
    assert "草稿" in refused(train.enrolled, train.planned(), person_a, company_a)[0]
    session = train.session()
    actions.cancel_session(session, version=2, reason="无场地", by=trainer, at=EARLIER)
    assert "已取消" in refused(train.enrolled, session, person_a, company_a)[0]


def test_an_enterprise_enrols_its_own_people_once_and_while_they_are_in_service(
    train, person_a, person_b, company_a, company_b, user_a
):
    session = train.session()
    own = "只能为本企业在职人员报名。"
    assert refused(train.enrolled, session, person_b, company_a) == (own, "candidate")
    end_employment(person_a, enterprise=company_a, last_day=EARLIER.date(), by=user_a, at=EARLIER)
    assert refused(train.enrolled, session, person_a, company_a, at=EARLIER + DAY) == (own, "candidate")
    assert train.enrolled(session, person_a, company_a, at=EARLIER).seat == 1  # the last day in service
    assert refused(train.enrolled, session, person_a, company_a) == ("张三已报名这一期。", "candidate")
    foreign = {"enterprise": company_b, "candidate": person_b, "by": user_a, "at": EARLIER}
    assert refused(actions.enrol, session, **foreign)[0] == MAY_NOT


def test_who_left_the_enterprise_after_enrolling_keeps_seat_and_certificate(train, person_a, company_a, user_a):
    """The enterprise that enrolled the person goes on to see what came of it; training is the person's (Art. 7)."""
    enrolment = train.enrolled(train.session(), person_a, company_a)
    end_employment(person_a, enterprise=company_a, last_day=DAYS[0], by=user_a, at=on(DAYS[0]))
    certificate = actions.issue_certificate(train.results(enrolment), by=train.trainer, at=AT)
    assert Certificate.unscoped.visible_to(user_a).get() == certificate


def test_an_enrolment_is_withdrawn_by_who_made_it_once_and_before_any_result(
    train, person_a, company_a, user_a, user_b, county_one, trainer
):
    enrolment = train.enrolled(train.session(), person_a, company_a)
    for by in (user_b, county_one, trainer):
        assert refused(actions.withdraw_enrolment, enrolment, by=by, at=EARLIER)[0] == MAY_NOT
    actions.withdraw_enrolment(enrolment, by=user_a, at=EARLIER)
    assert refused(actions.withdraw_enrolment, enrolment, by=user_a, at=EARLIER)[0] == "这一报名已经取消。"
    again = train.enrolled(enrolment.session, person_a, company_a)
    train.results(again, present=0, scores=())
    assert refused(actions.withdraw_enrolment, again, by=user_a, at=AT)[0] == "已登记考勤或成绩，不能取消报名。"


# --- People without an enterprise (Art. 7) ---------------------------------------------------------------------------


def test_somebody_without_an_enterprise_is_enrolled_and_withdrawn_by_the_bureau(
    train, free_one, county_one, county_two, municipal, user_a, trainer
):
    session = train.session()
    for by in (county_two, user_a, trainer):
        how = {"candidate": free_one, "by": by, "at": EARLIER}
        assert refused(actions.enrol_free, session, **how)[0] == MAY_NOT
    enrolment = actions.enrol_free(session, candidate=free_one, by=county_one, at=EARLIER)
    assert (enrolment.seat, enrolment.enterprise) == (1, None)
    assert refused(actions.enrol_free, session, candidate=free_one, by=municipal, at=EARLIER)[1] == "candidate"
    assert refused(actions.withdraw_enrolment, enrolment, by=county_two, at=EARLIER)[0] == MAY_NOT
    actions.withdraw_enrolment(enrolment, by=county_one, at=EARLIER)
    assert not Message.unscoped.filter(enterprise__isnull=False).exists()  # there is nobody to tell


def test_a_session_for_one_county_takes_the_free_people_of_that_county(train, free_one, free_two, county_two, counties):
    session = train.session(open_county=counties["441802"])
    how = {"candidate": free_two, "by": county_two, "at": EARLIER}
    assert refused(actions.enrol_free, session, **how) == ("这一期只面向清城区。", "candidate")


def test_who_works_somewhere_is_not_free_and_who_found_work_is_enrolled_there(
    train, free_one, person_a, company_a, county_one, user_a
):
    session = train.session()
    how = {"by": county_one, "at": EARLIER}
    at_work = ("此人在企业任职，由所在企业报名（第七条）。", "candidate")
    paper = {"id_type": IdPaper.RESIDENT, "id_number": resident_id(1)}
    assert refused(record_free_person, name="张三", **paper, **how) == (at_work[0], "id_number")
    assert actions.enrol_free(session, candidate=free_one, **how).seat == 1
    person(21, "吴九", company=company_a, by=user_a)
    assert refused(actions.enrol_free, train.session(), candidate=free_one, **how) == at_work
    assert train.enrolled(train.session(), free_one, company_a).enterprise == company_a


def test_a_free_person_certified_is_nobodys_but_the_bureaus_and_the_bodys(train, free_one, county_one, user_a):
    session = train.session()
    enrolment = train.results(actions.enrol_free(session, candidate=free_one, by=county_one, at=EARLIER))
    certificate = actions.issue_certificate(enrolment, by=train.trainer, at=AT)
    assert Certificate.unscoped.visible_to(county_one).get() == certificate
    assert not Certificate.unscoped.visible_to(user_a).exists()


# --- Attendance and assessment (Art. 8) ------------------------------------------------------------------------------


@pytest.fixture
def enter(train, person_a, company_a):
    """Enter results of 张三 in a session of last week; ``enter.enrolment`` is the seat."""

    def act(attendance=None, scores=None, *, by=None, at=AT):
        result = Result(attendance or {}, scores or {})
        return actions.enter_results(session, results={act.enrolment.pk: result}, by=by or train.trainer, at=at)

    session = train.session()
    act.enrolment = train.enrolled(session, person_a, company_a)
    return act


def sat(score: str, day: date = DAYS[2]) -> tuple[date, Decimal]:
    return day, Decimal(score)


def test_results_are_two_facts_and_count_what_changed(enter):
    assert enter({DAYS[0]: True, DAYS[1]: False}) == 2
    assert enter({DAYS[0]: True, DAYS[1]: True}, {1: sat("59.5")}) == 2
    assert enter({DAYS[0]: True}, {1: sat("59.5")}) == 0
    row = Enrolment.unscoped.get(pk=enter.enrolment.pk)
    assert (row.days_present, row.last_assessment.score, row.last_assessment.passed) == (2, Decimal("59.5"), False)
    assert enter(scores={1: sat("60")}) == 1  # corrected: exactly the mark
    assert Assessment.unscoped.get().passed


def test_attendance_is_of_a_day_of_the_session_that_has_come(enter):
    stranger = DAYS[0] - DAY
    assert refused(enter, {stranger: True})[0] == "张三：2026年11月15日不是这一期的培训日。"
    assert refused(enter, {DAYS[2]: True}, at=on(DAYS[1]))[0] == "张三：2026年11月18日还没有到，不能登记考勤。"
    assert enter({DAYS[1]: True}, at=on(DAYS[1])) == 1


def test_a_re_sit_follows_a_sitting_that_failed_and_there_are_three_at_most(enter):
    assert "没有第 1 次考核的成绩" in refused(enter, scores={2: sat("80")})[0]
    assert enter(scores={1: sat("50")}) == 1
    assert "没有第 2 次考核的成绩" in refused(enter, scores={3: sat("80")})[0]
    assert enter(scores={2: sat("55"), 3: sat("70")}) == 2
    assert "最多考核 3 次" in refused(enter, scores={4: sat("80")})[0]
    assert Enrolment.unscoped.get().last_assessment.passed


def test_who_passed_does_not_sit_again(enter):
    assert "第 1 次考核已经合格" in refused(enter, scores={1: sat("60"), 2: sat("90")})[0]
    assert not Assessment.unscoped.exists()  # all or nothing


@pytest.mark.parametrize("score", ["-0.5", "100.5", "85.25"])
def test_a_score_is_between_nought_and_a_hundred_with_one_decimal(enter, score):
    assert "成绩为 0 至 100 分" in refused(enter, scores={1: sat(score)})[0]


@pytest.mark.parametrize(("day", "taken"), [(DAYS[0] - DAY, 0), (DAYS[0], 1), (TODAY, 1), (TODAY + DAY, 0)])
def test_one_sits_between_the_first_day_and_today(enter, day, taken):
    if taken:
        assert enter(scores={1: sat("60", day)}) == 1
    else:
        assert "考核日期须在开班之日（2026年11月16日）至今天之间" in refused(enter, scores={1: sat("60", day)})[0]


def test_of_a_sheet_with_one_fault_nothing_is_written(train, person_a, person_a_two, company_a, trainer):
    session = train.session()
    good, bad = (train.enrolled(session, someone, company_a) for someone in (person_a, person_a_two))
    results = {good.pk: Result({DAYS[0]: True}), bad.pk: Result({}, {2: sat("80")})}
    assert refused(actions.enter_results, session, results=results, by=trainer, at=AT)[0].startswith("孙五：")
    assert not Attendance.unscoped.exists()


def test_results_are_only_of_those_with_a_seat_and_entered_only_by_the_body(
    enter, train, person_a_two, company_a, user_a, trainer_two, municipal, county_one
):
    for by in (user_a, trainer_two, municipal, county_one):
        assert refused(enter, {DAYS[0]: True}, by=by)[0] == MAY_NOT
    full = train.session(seats=1)
    train.enrolled(full, person_a_two, company_a)
    stranger = {enter.enrolment.pk: Result({DAYS[0]: True})}  # of another session
    gone = "名单已有变化，请刷新后再登记。"
    assert refused(actions.enter_results, full, results=stranger, by=train.trainer, at=AT)[0] == gone
    actions.withdraw_enrolment(enter.enrolment, by=user_a, at=AT)
    assert refused(enter, {DAYS[0]: True})[0] == gone


def test_a_session_that_is_off_takes_no_results(enter, train):
    session = enter.enrolment.session
    actions.cancel_session(session, version=2, reason="无场地", by=train.trainer, at=AT)
    assert "没有发布" in refused(enter, {DAYS[0]: True})[0]


def test_a_certificate_shuts_what_it_stands_on(enter, train):
    enter(dict.fromkeys(DAYS, True), {1: sat("85")})
    actions.issue_certificate(enter.enrolment, by=train.trainer, at=AT)
    assert refused(enter, {DAYS[0]: False})[0] == "张三已发证书，考勤和成绩不能再改。"
    assert enter({DAYS[0]: True}, {1: sat("85")}) == 0  # the same again is no change
