"""Campaigns, achievements, commendations (Art. 10), guidance (Art. 12(一)) and policies (Art. 9): acts and the base."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction

from appointments import actions
from appointments.models import (
    Achievement,
    AchievementFile,
    Campaign,
    Commendation,
    Guidance,
    NameConsent,
    Policy,
    pilots,
)
from appointments.rules import missing_of, public_text, submission_fault
from appointments.states import (
    ACHIEVEMENT_MOVES,
    AchievementState,
    CampaignKind,
    CampaignState,
    MaterialKind,
    PolicyState,
)
from registry.actions.enterprises import end_designation
from registry.actions.files import store_file
from registry.faults import TRIGGERS, sentence_for
from registry.models import Enterprise, Message, StoredFile
from registry.refusals import Refused, Stale
from registry.states import Designation
from tests import cast
from tests.cast import AT, TODAY, pdf
from tests.promotion_cast import DOCUMENT, SAID, TEXT, in_state

SHANGHAI = timezone(timedelta(hours=8))
DAY = timedelta(days=1)


def refused(act, *args, field=..., **keywords) -> str:
    """The sentence of a refusal, at that field."""
    with pytest.raises(Refused) as refusal:
        act(*args, **keywords)
    if field is not ...:
        assert refusal.value.field == field
    return refusal.value.sentence


def told_by(write) -> str | None:
    """The sentence for what the database refuses."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        write()
    return sentence_for(error.value)


# --- Rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "closed", "in_scope", "fault"),
    [
        (date(2026, 12, 15), False, True, None),
        (date(2026, 12, 16), False, True, "截止"),
        (date(2026, 12, 15), True, True, "已经结束"),
        (date(2026, 12, 1), False, False, "只面向"),
    ],
    ids=["on the due day", "the day after", "closed", "another county"],
)
def test_the_due_day_itself_still_counts(today, closed, in_scope, fault):
    told = submission_fault(due_on=date(2026, 12, 15), closed=closed, in_scope=in_scope, today=today)
    assert (told is None) if fault is None else (fault in told)


def test_each_part_that_is_missing_is_named():
    assert missing_of(summary="甲", done="乙", results="丙", materials=1) == {}
    assert set(missing_of(summary=" ", done="", results="", materials=0)) == {"summary", "done", "results", "materials"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三带队攻关，联系13800138000。", "张*带队攻关，联系138****。"),
        ("证件号11010519491231002X，减少3.2%。", "证件号110****，减少3.2%。"),
        ("产量由13800138000123降到2026。", "产量由13800138000123降到2026。"),
    ],
    ids=["name and phone", "ID number", "a longer figure is none"],
)
def test_the_public_text_holds_no_number_and_no_name_without_consent(text, shown):
    assert public_text(text, name="张三", named=False) == shown
    assert public_text(text, name="张三", named=True) == shown.replace("张*", "张三")


# --- Campaigns -------------------------------------------------------------------------------------------------------


def test_a_campaign_is_seen_by_its_office_first_and_by_everybody_once_published(
    promote, county_one, county_two, municipal, administrator, user_a
):
    row = promote.campaign(by=county_one)
    assert row.reference == "HD-2026-0001"

    def seen():
        people = (county_one, county_two, municipal, administrator, user_a)
        return [Campaign.unscoped.visible_to(who).count() for who in people]

    assert seen() == [1, 0, 0, 0, 0]
    actions.publish_campaign(row, version=row.version, by=county_one, at=AT)
    assert seen() == [1, 1, 1, 1, 1]
    city = promote.campaign()
    assert [Campaign.unscoped.visible_to(who).filter(pk=city.pk).exists() for who in (municipal, administrator)] == [
        True,
        True,
    ]
    assert not Campaign.unscoped.visible_to(county_one).filter(pk=city.pk).exists()


def test_publishing_tells_the_enterprises_within_reach_that_have_a_cqo_in_force(
    promote, make, county_one, company_a, company_b, person_a, person_b
):
    for someone, company in ((person_a, company_a), (person_b, company_b)):
        make.submitted(someone, company, first_day=TODAY)
    promote.published_campaign(by=county_one)
    assert Message.unscoped.filter(subject__startswith="活动：").get().enterprise == company_a
    promote.published_campaign(title="全市活动")
    assert Message.unscoped.filter(subject="活动：全市活动").count() == 2


def test_only_the_office_that_made_it_publishes_and_closes_it(promote, county_one, county_two, municipal, user_a):
    row = promote.campaign(by=county_one)
    for stranger in (county_two, municipal, user_a):
        assert "权限" in refused(actions.publish_campaign, row, version=row.version, by=stranger, at=AT)
    row = actions.publish_campaign(row, version=row.version, by=county_one, at=AT)
    assert "不能办理" in refused(
        actions.save_campaign, row, version=row.version, first_day=TODAY, last_day=TODAY, due_on=TODAY, by=county_one,
        at=AT,
    )  # fmt: skip
    closed = actions.close_campaign(row, version=row.version, by=county_one, at=AT)
    assert closed.state == CampaignState.CLOSED
    assert "不能办理" in refused(actions.close_campaign, closed, version=closed.version, by=county_one, at=AT)


def test_the_days_of_a_campaign_stand_in_order_and_what_is_over_is_not_published(promote, municipal):
    assert "结束日期" in refused(promote.campaign, last_day=date(2026, 10, 1), field="last_day")
    assert "截止日期" in refused(promote.campaign, due_on=date(2026, 10, 31), field="due_on")
    over = promote.campaign(due_on=TODAY - DAY)
    assert "已过" in refused(actions.publish_campaign, over, version=over.version, by=municipal, at=AT)
    assert promote.published_campaign(due_on=TODAY).state == CampaignState.PUBLISHED


def test_two_officers_with_the_same_draft_do_not_write_over_each_other(promote, municipal, municipal_two):
    row = promote.campaign()
    actions.publish_campaign(row, version=row.version, by=municipal, at=AT)
    with pytest.raises(Stale):
        actions.publish_campaign(row, version=row.version, by=municipal_two, at=AT)


# --- Achievements ----------------------------------------------------------------------------------------------------


def test_a_campaign_takes_achievements_up_to_its_due_day_and_only_from_its_county(
    promote, county_one, company_a, company_b, person_a, person_b
):
    campaign = promote.published_campaign(by=county_one, kind=CampaignKind.INNOVATION)
    row = promote.draft(person_a, company_a, campaign=campaign)
    assert row.kind == CampaignKind.INNOVATION
    assert "只面向" in refused(promote.draft, person_b, company_b, campaign=campaign, field="campaign")
    last = datetime(2026, 12, 15, 23, 59, 59, tzinfo=SHANGHAI)
    by = promote.make.enterprise_user(company_a)
    later = last + timedelta(seconds=1)
    assert "截止" in refused(actions.submit_achievement, row, version=row.version, by=by, at=later)
    assert actions.submit_achievement(row, version=row.version, by=by, at=last).state == AchievementState.SUBMITTED


def test_what_is_mended_after_a_return_is_not_late(promote, company_a, person_a, user_a):
    row = promote.returned(person_a, company_a, campaign=promote.published_campaign())
    late = datetime(2027, 1, 5, tzinfo=SHANGHAI)
    again = actions.submit_achievement(row, version=row.version, by=user_a, at=late)
    assert again.state == AchievementState.SUBMITTED and again.submitted_at == AT


def test_a_closed_campaign_takes_nothing_new_but_what_was_sent_in_is_still_published(
    promote, municipal, company_a, person_a
):
    campaign = promote.published_campaign()
    row = promote.submitted(person_a, company_a, campaign=campaign)
    campaign = actions.close_campaign(campaign, version=campaign.version, by=municipal, at=AT)
    assert "已经结束" in refused(promote.draft, person_a, company_a, campaign=campaign, field="campaign")
    assert actions.publish_achievement(row, version=row.version, by=municipal, at=AT).state == "published"


def test_an_achievement_is_of_somebody_in_service_and_is_sent_in_whole(
    promote, make, company_a, person_a, person_b, user_a
):
    assert "在职" in refused(promote.draft, person_b, company_a, field="candidate")
    row = promote.draft(person_a, company_a, material=False, results="")
    told = refused(actions.submit_achievement, row, version=row.version, by=user_a, at=AT)
    assert "成效和数据" in told and "材料" in told
    file = make.stored(company_a)
    actions.add_material(row, kind=MaterialKind.EVIDENCE, file=file, by=user_a, at=AT)
    values = {"candidate": person_a, "kind": row.kind, "by": user_a, "at": AT}
    row = actions.save_achievement(row, version=row.version, **values, **TEXT)
    assert actions.submit_achievement(row, version=row.version, by=user_a, at=AT).state == AchievementState.SUBMITTED


def test_a_material_of_another_enterprise_is_refused(promote, make, company_a, company_b, person_a, user_a):
    row = promote.draft(person_a, company_a)
    told = refused(
        actions.add_material, row, kind=MaterialKind.OPEN, file=make.stored(company_b), by=user_a, at=AT,
        field="evidence",
    )  # fmt: skip
    assert "不属于" in told


def test_once_sent_in_neither_text_nor_materials_change_by_any_write(promote, make, company_a, person_a, user_a):
    row = promote.submitted(person_a, company_a)
    assert "不能办理" in refused(
        actions.save_achievement, row, version=row.version, candidate=person_a, kind=row.kind, by=user_a, at=AT
    )
    mine = Achievement.unscoped.filter(pk=row.pk)
    assert told_by(lambda: mine.update(results="改写")) == TRIGGERS["achievement_as_submitted"]
    material = row.materials.get()
    sentence = TRIGGERS["achievement_file_while_written"]
    assert told_by(lambda: AchievementFile.unscoped.filter(pk=material.pk).delete()) == sentence
    assert told_by(lambda: AchievementFile.unscoped.filter(pk=material.pk).update(kind="evidence")) == sentence
    more = {"achievement": row, "kind": "open", "file": make.stored(company_a), "added_at": AT, "added_by": user_a}
    assert told_by(lambda: AchievementFile.unscoped.create(**more)) == sentence


def test_the_bureau_returns_or_declines_with_a_reason_and_the_enterprise_is_told(
    promote, county_one, company_a, person_a
):
    row = promote.submitted(person_a, company_a)
    for act in (actions.return_achievement, actions.decline_achievement):
        assert "理由" in refused(act, row, version=row.version, reason=" ", by=county_one, at=AT, field="reason")
    actions.decline_achievement(row, version=row.version, reason="数据无从核对。", by=county_one, at=AT)
    message = Message.unscoped.get(enterprise=company_a, subject__startswith="不予公开")
    assert "数据无从核对" in message.body


def test_only_the_bureau_of_the_enterprise_reads_and_only_the_enterprise_writes(
    promote, county_two, county_one, user_a, user_b, company_a, person_a, municipal
):
    row = promote.submitted(person_a, company_a)
    for stranger in (county_two, user_a, user_b):
        assert "权限" in refused(actions.publish_achievement, row, version=row.version, by=stranger, at=AT)
    for stranger in (county_one, municipal, user_b):
        assert "权限" in refused(actions.withdraw_achievement, row, version=row.version, by=stranger, at=AT)


def test_what_was_published_may_be_withdrawn_and_is_gone_from_the_public(promote, user_a, company_a, person_a):
    row = promote.published(person_a, company_a)
    assert Achievement.unscoped.published().get() == row
    actions.withdraw_achievement(row, version=row.version, by=user_a, at=AT, reason="工艺保密")
    assert not Achievement.unscoped.published().exists()
    assert Message.unscoped.filter(county=company_a.county, subject__startswith="已撤回成果").count() == 1


def test_a_draft_that_is_withdrawn_tells_nobody(promote, user_a, company_a, person_a):
    row = promote.draft(person_a, company_a)
    actions.withdraw_achievement(row, version=row.version, by=user_a, at=AT)
    assert not Message.unscoped.filter(subject__contains="成果").exists()


def test_the_base_allows_the_moves_of_the_table_and_no_other(promote, company_a, person_a):
    rows = {state: in_state(promote, state, person_a, company_a) for state in AchievementState}
    for before, after in product(AchievementState, AchievementState):
        if before == after:
            continue
        with transaction.atomic():
            row = Achievement.unscoped.filter(pk=rows[before].pk)
            stamp = {"published_at": AT, "published_by": row.get().created_by} if after == "published" else {}
            try:
                with transaction.atomic():
                    row.update(state=after, submitted_at=AT, submitted_by=row.get().created_by, **stamp)
                    moved = True
            except DatabaseError as error:
                assert sentence_for(error) == TRIGGERS["state_moves"], (before, after)
                moved = False
            assert moved == ((before, after) in ACHIEVEMENT_MOVES), (before, after)
            transaction.set_rollback(True)


def test_nothing_begins_in_a_later_state(promote, municipal, county_one, company_a, person_a):
    campaign, achievement = promote.published_campaign(), promote.published(person_a, company_a)
    policy = promote.published_policy(by=county_one)
    for row, name in ((campaign, "campaign"), (achievement, "achievement"), (policy, "policy")):
        row.pk, row.reference = None, "XX-1"
        assert told_by(row.save) == TRIGGERS[f"{name}_born_as_draft"]


# --- Who agreed to be named ------------------------------------------------------------------------------------------


def test_the_last_word_on_being_named_counts_and_agreeing_needs_the_paper(promote, user_a, company_a, person_a):
    row = promote.published(person_a, company_a)

    def agreed():
        return Achievement.unscoped.with_last_word().get(pk=row.pk).agreed

    assert agreed() is None
    assert "同意书" in refused(actions.record_name_consent, row, agreed=True, by=user_a, at=AT, field="evidence")
    promote.consent(row)
    assert agreed() is True
    promote.consent(row, agreed=False)
    assert agreed() is False
    told = told_by(lambda: NameConsent.unscoped.filter(agreed=False).update(agreed=True))
    assert told == TRIGGERS["append_only"]


def test_a_person_whose_word_is_on_file_is_not_swapped_for_another(promote, user_a, company_a, person_a, person_a_two):
    row = promote.draft(person_a, company_a)
    promote.consent(row)
    values = {"candidate": person_a_two, "kind": row.kind, "by": user_a, "at": AT}
    told = refused(actions.save_achievement, row, version=row.version, field="candidate", **values)
    assert "不能换人" in told


def test_strangers_do_not_speak_for_a_person(promote, make, user_b, county_two, company_a, person_a):
    row = promote.published(person_a, company_a)
    for stranger in (user_b, county_two):
        told = refused(actions.record_name_consent, row, agreed=False, by=stranger, at=AT)
        assert "权限" in told


# --- Commendations ---------------------------------------------------------------------------------------------------


@pytest.fixture
def appointed(make, company_a, person_a):
    """张三, CQO of 甲公司 since the first of the month."""
    return make.submitted(person_a, company_a, first_day=date(2026, 11, 1))


def test_a_commendation_stays_and_is_marked_by_a_later_document(promote, company_a, appointed):
    row = promote.commendation(company_a, appointed)
    assert row.reference == "BZ-2026-0001" and row.candidate == appointed.candidate
    for write in (
        lambda: Commendation.unscoped.filter(pk=row.pk).update(honour="别的"),
        lambda: Commendation.unscoped.filter(pk=row.pk).delete(),
    ):
        assert told_by(write) == TRIGGERS["append_only"]
    promote.revoked(row)
    row = Commendation.unscoped.with_last_word().get()
    assert row.is_revoked
    assert Commendation.unscoped.published().get() == row
    assert "已经登记撤销" in refused(promote.revoked, row)
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="表彰").count() == 1


def test_a_commendation_is_of_the_time_in_office_and_of_the_enterprise_named(
    promote, make, company_a, company_b, person_a_two, appointed
):
    early = DOCUMENT["document_day"].replace(month=10)
    assert "聘任首日" in refused(promote.commendation, company_a, appointed, document_day=early, field="document_day")
    assert "没有任过" in refused(promote.commendation, company_b, appointed, field="appointment")
    draft = make.draft(person_a_two, company_a)
    assert "没有任过" in refused(promote.commendation, company_a, draft, field="appointment")
    assert "今天" in refused(promote.commendation, company_a, document_day=TODAY + DAY, field="document_day")
    scan = promote.scan(company_b, make.municipal)
    row = Commendation(
        reference="BZ-1", enterprise=company_b, appointment=appointed, scan=scan, recorded_at=AT,
        recorded_by=make.municipal, **DOCUMENT,
    )  # fmt: skip
    assert told_by(row.save) == TRIGGERS["commendation_of_its_enterprise"]


def test_one_document_commends_one_whom_once_and_several_whoms(promote, company_a, company_b, appointed):
    promote.commendation(company_a, appointed)
    promote.commendation(company_a)
    promote.commendation(company_b)
    assert "已经登记" in refused(promote.commendation, company_a, appointed, field="document_number")
    assert "已经登记" in refused(promote.commendation, company_a, field="document_number")
    assert Commendation.unscoped.count() == 3


def test_a_county_commends_its_own_and_revokes_what_it_recorded(
    promote, company_a, company_b, county_one, county_two, municipal
):
    row = promote.commendation(company_a, by=county_one)
    with pytest.raises(Refused):
        promote.commendation(company_b, by=county_one)
    for stranger in (municipal, county_two):
        with pytest.raises(Refused):
            promote.revoked(row, by=stranger)
    assert "之间" in refused(promote.revoked, row, by=county_one, revoked_on=date(2026, 11, 19), field="revoked_on")
    promote.revoked(row, by=county_one)


def test_a_commended_enterprise_has_no_name_to_agree_about(promote, company_a, user_a):
    row = promote.commendation(company_a)
    assert "企业" in refused(actions.record_name_consent, row, agreed=False, by=user_a, at=AT)


# --- Guidance --------------------------------------------------------------------------------------------------------


def test_guidance_is_given_to_a_pilot_on_that_day_and_to_nobody_else(promote, company_a, county_one):
    assert "不是试点企业" in refused(promote.guided, company_a, field="day")
    promote.pilot(company_a, since=date(2026, 11, 20), until=date(2026, 11, 22))
    for day in (date(2026, 11, 20), date(2026, 11, 21)):
        assert promote.guided(company_a, day=day).day == day
    for day in (date(2026, 11, 19), date(2026, 11, 22)):
        assert "不是试点企业" in refused(promote.guided, company_a, day=day, field="day")
    row = Guidance.unscoped.first()
    row.pk, row.reference, row.day = None, "ZD-1", date(2026, 11, 19)
    assert told_by(row.save) == TRIGGERS["guidance_of_a_pilot"]


def test_what_was_given_while_a_pilot_may_be_put_on_record_afterwards(promote, company_a, county_one):
    promote.pilot(company_a)
    end_designation(company_a, kind=Designation.PILOT, last_day=date(2026, 11, 20), by=county_one, at=AT)
    assert promote.guided(company_a).reference == "ZD-2026-0001"


def test_guidance_is_not_of_tomorrow_and_followed_up_later(promote, company_a):
    promote.pilot(company_a)
    assert "今天" in refused(promote.guided, company_a, day=TODAY + DAY, field="day")
    assert "之后" in refused(promote.guided, company_a, follow_up_on=SAID["day"], field="follow_up_on")
    assert promote.guided(company_a, day=TODAY, follow_up_on=TODAY + DAY).follow_up_on == TODAY + DAY


def test_guidance_is_corrected_once_by_a_further_record_of_the_same_enterprise(
    promote, company_a, company_b, county_one
):
    first = promote.guided(promote.pilot(company_a))
    for write in (
        lambda: Guidance.unscoped.filter(pk=first.pk).update(advice="改写"),
        lambda: Guidance.unscoped.filter(pk=first.pk).delete(),
    ):
        assert told_by(write) == TRIGGERS["append_only"]
    second = promote.guided(company_a, corrects=first, advice="以此为准。")
    assert Guidance.unscoped.standing().get() == second
    assert "已经更正" in refused(promote.guided, company_a, corrects=first)
    promote.pilot(company_b)
    assert told_by(lambda: promote.guided(company_b, corrects=second)) == TRIGGERS["guidance_of_a_pilot"]


def test_only_the_bureau_over_the_enterprise_guides_and_the_enterprise_is_told(
    promote, company_a, county_two, user_a, municipal
):
    promote.pilot(company_a)
    for stranger in (county_two, user_a):
        assert "权限" in refused(promote.guided, company_a, by=stranger)
    promote.guided(company_a, by=municipal)
    assert Message.unscoped.filter(enterprise=company_a, subject__startswith="指导记录").count() == 1


def test_who_was_not_guided_this_year_stands_first(promote, make, company_a, company_b, person_a, county_one):
    third = cast.enterprise(10000003, "丙公司", by=county_one)
    cast.account("enterprise-c", "enterprise", "丙公司经办人", enterprise=third)
    for company in (company_a, company_b, third):
        promote.pilot(company, since=date(2025, 1, 1))
    make.submitted(person_a, company_a, first_day=TODAY)
    promote.guided(company_a, follow_up_on=date(2026, 12, 1))
    promote.guided(company_b, day=date(2025, 12, 31))
    rows = list(pilots(Enterprise.unscoped.all(), TODAY))
    assert [(row.name, row.last_guided) for row in rows] == [
        ("丙公司", None),
        ("乙公司", date(2025, 12, 31)),
        ("甲公司", date(2026, 11, 20)),
    ]
    assert (rows[2].cqo, rows[2].follow_up_on) == ("张三", date(2026, 12, 1))


# --- Policies --------------------------------------------------------------------------------------------------------


def test_a_policy_is_public_from_publication_and_over_when_it_is_ended(promote, county_one, county_two, user_a):
    row = promote.policy(by=county_one, file=False)
    assert "附文件" in refused(actions.publish_policy, row, version=row.version, by=county_one, at=AT)
    assert not Policy.unscoped.visible_to(user_a).exists()
    assert not Policy.unscoped.visible_to(county_two).exists()
    row = promote.published_policy(by=county_one)
    assert Policy.unscoped.visible_to(user_a).get() == row
    valid = [date(2026, 3, 31), date(2026, 4, 1), date(2027, 3, 31), date(2027, 4, 1)]
    assert [Policy.unscoped.in_force(day).exists() for day in valid] == [False, True, True, False]
    assert told_by(lambda: Policy.unscoped.filter(pk=row.pk).update(summary="改")) == TRIGGERS["policy_as_published"]
    assert "原因" in refused(
        actions.end_policy, row, version=row.version, reason="", by=county_one, at=AT, field="reason"
    )
    assert "权限" in refused(actions.end_policy, row, version=row.version, reason="废止", by=county_two, at=AT)
    row = actions.end_policy(row, version=row.version, reason="文件废止。", by=county_one, at=AT)
    assert row.state == PolicyState.ENDED and not Policy.unscoped.in_force(TODAY).exists()
    assert Policy.unscoped.published().get() == row


def test_the_days_of_a_policy_stand_in_order(promote, county_one):
    assert "失效" in refused(promote.policy, by=county_one, last_day=date(2026, 3, 31), field="last_day")
    assert "今天" in refused(promote.policy, by=county_one, issued_on=TODAY + DAY, field="issued_on")
    assert promote.policy(by=county_one, last_day=None).last_day is None


def test_an_office_keeps_files_of_its_own_and_internal_ones_no_enterprise_sees(
    make, company_a, county_one, county_two, municipal, user_a, user_b
):
    of_county = store_file(pdf(), "县.pdf", county=county_one.county, by=county_one, at=AT)
    of_city = store_file(pdf(), "市.pdf", by=municipal, at=AT)
    about = store_file(pdf(), "内部.pdf", enterprise=company_a, internal=True, by=county_one, at=AT)
    own = make.stored(company_a)

    def seen(user):
        return set(StoredFile.unscoped.visible_to(user))

    assert seen(user_a) == {own} and seen(user_b) == set()
    assert seen(county_one) == {of_county, about, own} and seen(county_two) == set()
    assert seen(municipal) == {of_county, of_city, about, own}
    assert "权限" in refused(store_file, pdf(), "文件.pdf", by=user_a, at=AT)


# --- At once ---------------------------------------------------------------------------------------------------------


def at_once(act, count: int) -> list:
    """The outcome of doing the same from several connections at the same time."""

    def one(number):
        try:
            return act(number)
        except Refused as refusal:
            return refusal.sentence
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_guidance_recorded_at_once_has_numbers_without_gap_or_double(promote, company_a):
    promote.pilot(company_a)
    rows = at_once(lambda number: promote.guided(company_a).reference, 6)
    assert sorted(rows) == [f"ZD-2026-{n:04d}" for n in range(1, 7)]


@pytest.mark.django_db(transaction=True)
def test_two_officers_answering_at_once_answer_once(promote, county_one, company_a, person_a):
    row = promote.submitted(person_a, company_a)
    acts = [
        lambda: actions.publish_achievement(row, version=row.version, by=county_one, at=AT),
        lambda: actions.decline_achievement(row, version=row.version, reason="不宜。", by=county_one, at=AT),
    ]
    outcomes = at_once(lambda number: acts[number % 2](), 4)
    assert sum(isinstance(outcome, Achievement) for outcome in outcomes) == 1
    assert Message.unscoped.filter(enterprise=company_a, subject__contains=TEXT["title"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_record_corrected_at_once_is_corrected_once(promote, company_a):
    first = promote.guided(promote.pilot(company_a))
    outcomes = at_once(lambda number: promote.guided(company_a, corrects=first), 4)
    assert sum(isinstance(outcome, Guidance) for outcome in outcomes) == 1
    assert Guidance.unscoped.count() == 2
