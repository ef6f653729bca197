"""Editions, successors and names as the administrator records them, and what every act keeps of its day (Art. 14)."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import reverse
from pghistory.models import Event

from appointments.actions import end, sign
from appointments.models import Act, Appointment
from appointments.states import ActKind, EndReason, PaperKind
from cqo_portal.clock import Clock, Duty
from registry.actions.measure import Loaded, load_measure, record_authority_name, record_extension
from registry.history import events_of
from registry.measures import DIRECTORY, parse
from registry.models import AuthorityName, BasisPeriod, Edition, StoredFile, UnderBasis, User
from registry.models.acts import basis_marks
from registry.models.authority import authority_on
from registry.models.measure import edition_on, legal_basis
from registry.refusals import Refused
from registry.states import Role
from tests.cast import AT, TODAY, account, measure_paper, pdf
from training.models import Recognition

MODEL = (DIRECTORY / "qingyuan-2016.toml").read_text(encoding="utf-8")
DAY = timedelta(days=1)
NEW_NAME = "清远市市场监督管理局"


def successor(first_day: date = date(2027, 1, 1), **changes: str) -> bytes:
    """A measure invented for these tests: three years of term from 2027 on, by an authority of another name."""
    words = {
        'key = "qingyuan-2016"': 'key = "qingyuan-2027"',
        'title = "清远市企业首席质量官管理办法（试行）"': 'title = "清远市企业首席质量官管理办法（虚构）"',
        'authority = "清远市质监局"': f'authority = "{NEW_NAME}"',
        "first_day = 2016-03-31\nlast_day = 2018-03-30": f"first_day = {first_day}\nlast_day = 2031-12-31",
        "term_years = { value = 2": "term_years = { value = 3",
    } | changes
    text = MODEL
    for before, after in words.items():
        assert before in text, before
        text = text.replace(before, after)
    return text.encode()


def document(name: str = "通知.pdf") -> SimpleUploadedFile:
    """A scan to upload."""
    return SimpleUploadedFile(name, pdf(), content_type="application/pdf")


def sent(**values) -> dict:
    """A form as it is sent, once; days in their three boxes."""
    boxes = {}
    for name, value in values.items():
        if isinstance(value, date):
            boxes |= {f"{name}_year": value.year, f"{name}_month": value.month, f"{name}_day": value.day}
        else:
            boxes[name] = value
    return {"token": str(uuid4())} | boxes


EXTENSION = {
    "edition": "qingyuan-2016", "first_day": date(2018, 3, 31), "last_day": date(2027, 12, 31),
    "title": "关于延长有效期的通知", "number": "清府办〔2018〕9号",
}  # fmt: skip


@pytest.fixture
def office(client, administrator):
    """The administrator's browser, on the day of the clock."""
    with time_machine.travel(AT, tick=False):
        client.force_login(administrator)
        yield client


def page_of(response) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# --- Extensions ------------------------------------------------------------------------------------------------------


def test_an_extension_is_recorded_with_its_file_which_staff_open_and_the_public_page_names(
    office, county_one, user_a, measure
):
    response = office.post(reverse("basis_extend"), sent(**EXTENSION, document=document()), follow=True)
    assert response.redirect_chain[-1][0] == reverse("basis_record")
    period = BasisPeriod.unscoped.on(TODAY)
    assert (period.number, period.last_day) == ("清府办〔2018〕9号", date(2027, 12, 31))
    assert period.document.uploaded_by.role == Role.ADMINISTRATOR
    url = reverse("basis_document", args=[period.document.reference])
    assert url in response.content.decode()
    public = page_of(Client().get(reverse("measure")))
    assert "关于延长有效期的通知（清府办〔2018〕9号）" in public
    for who, status in ((county_one, 200), (user_a, 404)):
        office.force_login(who)
        assert office.get(url).status_code == status
    assert Client().get(url).status_code == 302


def test_an_extension_without_its_file_is_refused_at_the_field_and_records_nothing(office, measure):
    response = office.post(reverse("basis_extend"), sent(**EXTENSION))
    assert response.context["form"].errors["document"] == ["请选择文件扫描件的文件。"]
    assert measure.periods.count() == 1 and not StoredFile.unscoped.exists()


def test_an_extension_that_overlaps_is_refused_at_its_day_and_keeps_no_file(office, measure):
    values = EXTENSION | {"first_day": date(2018, 3, 1)}
    response = office.post(reverse("basis_extend"), sent(**values, document=document()))
    assert "重叠" in response.context["form"].errors["first_day"][0]
    assert measure.periods.count() == 1 and not StoredFile.unscoped.exists()


def test_the_form_offers_the_day_after_the_last_one(office, measure):
    assert office.get(reverse("basis_extend")).context["form"].initial["first_day"] == date(2018, 3, 31)


# --- A successor -----------------------------------------------------------------------------------------------------


def previewed(office, raw: bytes):
    """The page after the file of a measure was uploaded."""
    file = SimpleUploadedFile("办法.toml", raw)
    return office.post(reverse("basis_load"), {"token": str(uuid4()), "file": file})


def confirmed(office, preview, **values):
    """The answer to the confirmed preview."""
    content = preview.context["form"]["content"].value()
    values = {"number": "清府〔2026〕12号", "document": document()} | values
    return office.post(reverse("basis_load"), sent(content=content, **values), follow=True)


def test_every_fault_of_an_uploaded_file_is_shown_with_its_key_path_and_nothing_is_loaded(office, measure):
    raw = successor(
        **{'path = "2"': 'path = "2.9"', "experience_years = { value = 5": "experience_years = { value = -1"}
    )
    page = page_of(previewed(office, raw))
    assert "没有装入" in page and "parameters.experience_years.value" in page and "clause[" in page
    assert "第1行" in page_of(previewed(office, b"= 3"))
    assert "不是 UTF-8" in page_of(previewed(office, "办法".encode("gbk")))
    assert Edition.unscoped.count() == 1


def test_a_measure_that_is_loaded_is_not_loaded_again_by_upload(office, measure):
    assert "qingyuan-2016 的办法已经装入" in page_of(previewed(office, MODEL.encode()))


def test_a_successor_is_previewed_loaded_with_its_document_and_ends_the_predecessor_the_day_before(
    office, extension, measure
):
    preview = previewed(office, successor())
    page = page_of(preview)
    for words in (
        "清远市企业首席质量官管理办法（虚构）", NEW_NAME, "2027年1月1日至2031年12月31日", "聘任期限",
        "2026年12月31日 《清远市企业首席质量官管理办法（试行）》的有效期到这一天为止（原来没有写明末日）",
        "2027年1月1日 市级质监部门的名称改为", "提前到2026年12月31日止",
    ):  # fmt: skip
        assert words in page, words
    assert Edition.unscoped.count() == 1
    confirmed(office, preview, ends_predecessor="on")
    extension.refresh_from_db()
    new = Edition.unscoped.get(key="qingyuan-2027")
    period = new.periods.get()
    assert extension.last_day == date(2026, 12, 31) and extension.successor == period
    assert (period.number, period.recorded_by.role) == ("清府〔2026〕12号", Role.ADMINISTRATOR)
    assert period.document.name == "通知.pdf"
    assert (edition_on(date(2026, 12, 31)), edition_on(date(2027, 1, 1))) == (measure, new)
    assert authority_on(date(2026, 12, 31)) == "清远市质监局" and authority_on(date(2027, 1, 1)) == NEW_NAME
    assert "由《清远市企业首席质量官管理办法（虚构）》代替" in page_of(office.get(reverse("basis_record")))


def test_the_predecessor_is_not_ended_unless_the_administrator_confirms_it(office, extension, measure):
    response = confirmed(office, previewed(office, successor()))
    assert "请确认原办法的有效期提前终止" in response.context["form"].errors["ends_predecessor"][0]
    extension.refresh_from_db()
    assert extension.last_day is None and Edition.unscoped.count() == 1


def test_a_successor_without_number_or_scan_is_refused_at_the_field(office, measure):
    response = confirmed(office, previewed(office, successor()), number="", document="")
    assert set(response.context["form"].errors) == {"number", "document"}
    assert Edition.unscoped.count() == 1


def test_a_preview_is_good_for_its_own_reader_and_two_hours(office, measure, administrator):
    preview = previewed(office, successor())
    other = account("administrator-2", Role.ADMINISTRATOR, "管理员二")
    office.force_login(other)
    assert "预览已超过两小时，或者不是本账号打开的" in page_of(confirmed(office, preview))
    office.force_login(administrator)
    with time_machine.travel(AT + timedelta(hours=2, minutes=1), tick=False):
        office.force_login(administrator)
        assert "预览已超过两小时" in page_of(confirmed(office, preview))
    assert Edition.unscoped.count() == 1


def test_a_confirmation_sent_twice_loads_once(office, extension, measure):
    preview, token = previewed(office, successor()), str(uuid4())
    for _ in range(2):
        response = confirmed(office, preview, ends_predecessor="on", token=token)
        assert response.redirect_chain[-1][0] == reverse("basis_record")
    assert Edition.unscoped.count() == 2 and BasisPeriod.unscoped.filter(edition__key="qingyuan-2027").count() == 1


def test_the_file_of_an_ended_measure_still_loads_its_corrected_text(administrator, measure):
    """The period that a successor ended is compared as it was laid down."""
    load_measure(
        parse(successor(date(2018, 3, 1))), at=AT, by=administrator, number="清府〔2018〕1号",
        document=measure_paper(administrator), ends_predecessor=True,
    )  # fmt: skip
    first = measure.periods.get(kind="original")
    assert first.last_day == date(2018, 2, 28) and first.planned_last_day == date(2018, 3, 30)
    corrected = MODEL.replace("对质监部门工作的要求，不产生可核对的事项。", "对质监部门工作的要求。").encode()
    assert load_measure(parse(corrected), at=AT) == Loaded.UPDATED


def test_a_successor_that_begins_with_its_predecessor_or_before_a_further_period_is_refused(administrator, extension):
    paper = {"number": "清府〔2018〕1号", "document": measure_paper(administrator), "ends_predecessor": True}
    for first_day in (date(2016, 3, 31), date(2017, 1, 1)):
        with pytest.raises(Refused):
            load_measure(parse(successor(first_day)), at=AT, by=administrator, **paper)


def test_what_was_done_before_a_successor_keeps_its_edition_and_what_follows_takes_the_new_one(
    make, company_a, company_b, person_a, person_b, administrator, extension, measure
):
    before = make.filed(person_a, company_a)
    load_measure(
        parse(successor(TODAY + DAY)), at=AT, by=administrator, number="清府〔2026〕12号",
        document=measure_paper(administrator), ends_predecessor=True,
    )  # fmt: skip
    new, later = Edition.unscoped.get(key="qingyuan-2027"), AT + 2 * DAY
    after = make.submitted(person_b, company_b, later, first_day=date(2027, 1, 10))
    assert (after.edition, after.term_years) == (new, 3)
    before.refresh_from_db()
    assert (before.edition, before.term_years) == (measure, 2)
    acts = {act.kind: act.edition for act in before.acts.all()}
    assert set(acts.values()) == {measure}
    receipt = before.papers.get(kind=PaperKind.RECEIPT)
    assert receipt.edition == measure and receipt.facts["bureau_name"] == "清远市质监局"


# --- Names -----------------------------------------------------------------------------------------------------------

RENAMED = {
    "name": NEW_NAME, "since": date(2019, 1, 1), "title": "关于市级机构改革的通知", "number": "清委〔2018〕70号",
}  # fmt: skip


def test_a_name_is_recorded_with_its_file_and_used_from_its_day_on(office, measure, counties):
    response = office.post(reverse("basis_name"), sent(county="", **RENAMED, document=document()), follow=True)
    assert NEW_NAME in page_of(response)
    assert authority_on(date(2018, 12, 31)) == "清远市质监局" and authority_on(date(2019, 1, 1)) == NEW_NAME
    assert f"主办：{NEW_NAME}" in page_of(Client().get(reverse("home")))
    again = office.post(reverse("basis_name"), sent(county="", **RENAMED, document=document()))
    assert "已经记录" in again.context["form"].errors["since"][0]
    county = {"county": "441802", "name": "清城区市场监督管理局"}
    office.post(reverse("basis_name"), sent(**RENAMED | county, document=document()))
    assert counties["441802"].bureau_on(date(2018, 12, 31)) == "清城区质监局"
    assert counties["441802"].bureau == "清城区市场监督管理局"
    assert counties["441881"].bureau == "英德市质监局"


def test_a_name_without_its_file_is_refused_at_the_field(office, measure):
    response = office.post(reverse("basis_name"), sent(county="", **RENAMED))
    assert "document" in response.context["form"].errors and not AuthorityName.unscoped.exists()


def rename(administrator, county=None, **changes) -> AuthorityName:
    values = RENAMED | changes
    return record_authority_name(
        county=county, **values, document=measure_paper(administrator), by=administrator, at=AT
    )


def test_a_paper_of_2018_bears_the_old_name_and_one_of_today_the_new_one(
    make, company_a, company_b, person_a, person_b, administrator, measure
):
    then = datetime(2018, 2, 1, 2, tzinfo=UTC)
    old = make.filed(person_a, company_a, then, first_day=date(2018, 2, 1))
    rename(administrator)
    new = make.filed(person_b, company_b)
    printed = [row.papers.get(kind=PaperKind.RECEIPT).facts["bureau_name"] for row in (old, new)]
    assert printed == ["清远市质监局", NEW_NAME]
    answers = [
        Client().get(reverse("verify_paper", args=[row.papers.get(kind=PaperKind.RECEIPT).code]), {"format": "json"})
        for row in (old, new)
    ]
    assert [page.status_code for page in answers] == [200, 200]
    assert "清远市质监局" in page_of(answers[0]) and NEW_NAME in page_of(answers[1])


def test_the_page_of_a_past_act_shows_the_county_by_the_name_it_had_then(
    make, client, company_a, person_a, county_one, administrator, counties, measure
):
    row = make.filed(person_a, company_a)
    rename(administrator, counties["441802"], name="清城区市场监督管理局", since=TODAY + DAY)
    with time_machine.travel(AT + 2 * DAY, tick=False):
        client.force_login(county_one)
        page = page_of(client.get(reverse("appointment_detail", args=[row.reference])))
    assert "县局一（清城区质监局）" in page
    assert "清城区市场监督管理局 县局一" in page  # at the head: for whom one acts today


@pytest.mark.parametrize("role", [Role.MUNICIPAL, Role.COUNTY, Role.ENTERPRISE])
def test_only_the_administrator_records_a_name(role, request, administrator, measure):
    names = {Role.MUNICIPAL: "municipal", Role.COUNTY: "county_one", Role.ENTERPRISE: "user_a"}
    with pytest.raises(Refused):
        record_authority_name(
            county=None, **RENAMED, document=measure_paper(administrator),
            by=request.getfixturevalue(names[role]), at=AT,
        )  # fmt: skip


# --- The banner ------------------------------------------------------------------------------------------------------

GAP = "今天没有有效的办法：《清远市企业首席质量官管理办法（试行）》的有效期到2018年3月30日止"


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("administrator", "不能提出解除聘任建议。 记录延长文件，或者装入新的办法"),
        ("municipal", "不能提出解除聘任建议。延长文件或者新的办法公布后，交系统管理员在“制度依据”中记录。"),
        ("county_one", "不能提出解除聘任建议。延长文件或者新的办法由市局的系统管理员记录，这里无需办理。"),
        ("trainer", "仍可培训、考核和发给证书，证书上会注明。延长文件或者新的办法由市局的系统管理员记录"),
    ],
)
def test_while_no_measure_is_in_force_each_role_is_told_what_to_do(who, says, client, request, measure):
    client.force_login(request.getfixturevalue(who))
    page = page_of(client.get(reverse("home")))
    assert GAP in page and "第十四条" in page and says in page


def test_an_enterprise_and_the_public_see_no_banner_and_nobody_does_while_one_is_in_force(
    client, user_a, municipal, extension
):
    client.force_login(municipal)
    assert 'class="gap"' not in client.get(reverse("home")).content.decode()
    BasisPeriod.unscoped.filter(pk=extension.pk).delete()
    client.force_login(user_a)
    assert 'class="gap"' not in client.get(reverse("home")).content.decode()
    assert 'class="gap"' not in Client().get(reverse("measure")).content.decode()


def test_before_the_first_measure_the_banner_says_from_when_it_applies(client, municipal, counties):
    with time_machine.travel(datetime(2016, 3, 30, 2, tzinfo=UTC), tick=False):
        client.force_login(municipal)
        page = page_of(client.get(reverse("home")))
    assert "管理办法（试行）》自2016年3月31日起施行" in page


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MUNICIPAL])
def test_with_no_measure_loaded_staff_are_told_so_and_the_administrator_where_to_load_one(role, client, counties):
    client.force_login(account("first", role, "第一人"))
    page = client.get(reverse("home"))
    assert page.status_code == 200 and "还没有装入办法" in page_of(page)
    assert (reverse("basis_record") in page.content.decode()) == (role == Role.ADMINISTRATOR)
    assert "还没有装入办法" in page_of(Client().get(reverse("measure")))


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MUNICIPAL, Role.COUNTY])
def test_with_no_measure_loaded_every_page_of_the_menu_opens(role, client, counties):
    county = {"county": counties["441802"]} if role == Role.COUNTY else {}
    client.force_login(account("first", role, "第一人", **county))
    addresses = set(re.findall(r'href="(/[^"#?]*)"', client.get("/").content.decode()))
    addresses |= {"/watch-list/", "/recommendations/statistics/", "/continuing-education/", "/self-check/"}
    addresses |= {"/sessions/new/", "/report-cycles/new/"} if role == Role.MUNICIPAL else set()
    assert len(addresses) > 15
    answers = {address: client.get(address).status_code for address in sorted(addresses) if "logout" not in address}
    assert {address: code for address, code in answers.items() if code not in (200, 302)} == {}


def test_into_an_empty_portal_the_administrator_loads_the_first_measure(client, counties):
    client.force_login(account("first", Role.ADMINISTRATOR, "第一人"))
    assert "装入新的办法" in page_of(client.get(reverse("basis_record")))
    preview = previewed(client, MODEL.encode())
    confirmed(client, preview, number="清府办〔2016〕9号")
    assert legal_basis(date(2016, 4, 1)).period.document is not None


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["municipal", "county_one", "user_a", "trainer"])
@pytest.mark.parametrize("name", ["basis_record", "basis_extend", "basis_load", "basis_name"])
def test_nobody_but_the_administrator_opens_the_pages_or_writes_there(name, who, client, request, measure):
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse(name)).status_code == 404
    if name != "basis_record":
        assert client.post(reverse(name), sent(content="-")).status_code == 404


def test_the_administrator_finds_the_pages_from_the_menu_and_adds_nothing_in_the_admin(office, measure):
    assert reverse("basis_record") in office.get(reverse("home")).content.decode()
    assert office.get(reverse("admin:registry_basisperiod_changelist")).status_code == 200
    assert office.get(reverse("admin:registry_basisperiod_add")).status_code == 403


# --- What every act keeps --------------------------------------------------------------------------------------------

OURS = ("training", "appointments")  # the registry's own rows keep the books, and are no acts under the measure
WITHOUT = {
    # What belongs to an act that has the columns.
    "Evidence": "a paper put with an appointment",
    "SealedScan": "a scan put with an issued paper",
    "FindingEvidence": "a paper put with a finding",
    "CaseEvidence": "a paper put with a case",
    "StampedScan": "a scan put with an issued letter",
    "GuidanceFile": "a file of a record of guidance",
    "AchievementFile": "a file of an achievement",
    "ReportAttachment": "a file of a report",
    "Attendance": "a mark in a session's list; the assessment and the certificate that build on it have them",
    "StatementLink": "a key for a statement; sending it is a CaseAct",
    # Each act on these is a row of its own.
    "Achievement": "AchievementAct",
    "DutyReport": "ReportAct",
    "ImprovementProject": "ProjectAct",
    "ReportDuty": "stands under its notice; its service is a fact with proof",
    # No acts under the measure.
    "TrainingBody": "an entry of the list; its Recognition is the act",
    "TrainerMembership": "an account",
    "TrainingRecord": "a fact that an enterprise put on file",
    "PoolConsent": "a consent under 个人信息保护法",
    "NameConsent": "a consent under 个人信息保护法",
}


def done_by_people(model) -> bool:
    """Whether rows of a model say who did something, and when."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    persons = [name for name, field in fields.items() if field.related_model is User]
    return any(name == "by" and "at" in fields or f"{name.removesuffix('_by')}_at" in fields for name in persons)


def forgetful(found) -> list[str]:
    """Models of acts that keep neither edition nor flag, and give no reason."""
    return [
        m.__name__ for m in found if done_by_people(m) and not issubclass(m, UnderBasis) and m.__name__ not in WITHOUT
    ]


def ours() -> list:
    return [m for label in OURS for m in apps.get_app_config(label).get_models() if not issubclass(m, Event)]


def test_every_act_of_people_keeps_its_edition_and_the_flag():
    assert forgetful(ours()) == []
    by_name = {model.__name__: model for model in ours()}
    for name in WITHOUT:
        assert done_by_people(by_name[name]) and not issubclass(by_name[name], UnderBasis), name
    for model in by_name.values():
        if issubclass(model, UnderBasis):
            model._meta.get_field("outside_basis")
            assert all(model._meta.get_field(name) for name in model.acted_at), model


def test_a_model_that_forgets_them_is_found():
    class Inspection(models.Model):
        seen_at = models.DateTimeField()
        seen_by = models.ForeignKey(User, models.PROTECT)

        class Meta:
            app_label, managed = "planted", False

    assert forgetful([*ours(), Inspection]) == ["Inspection"]


@pytest.mark.django_db
def test_everything_that_was_done_here_kept_the_edition_of_its_day(everything, measure):
    seen = set()
    for model in ours():
        if not issubclass(model, UnderBasis):
            continue
        for row in model.unscoped.all():
            moment = next(filter(None, (getattr(row, name) for name in row.acted_at)), None)
            if moment:
                assert row.edition == measure, row
                seen.add(model.__name__)
            else:
                assert not row.edition_id and not row.outside_basis, row
    assert {"Act", "Assessment", "Recognition", "Session", "Finding", "TargetSheet", "Commendation"} <= seen


def test_a_draft_takes_up_no_edition_before_its_act(make, person_a, company_a, measure):
    draft = make.draft(person_a, company_a)
    assert draft.edition is None and not draft.outside_basis


def test_an_act_without_any_measure_loaded_is_kept_with_the_flag_alone(db, municipal):
    """Nothing of this can be done by the pages; a row written all the same does not pretend to stand on something."""
    row = Recognition(recorded_at=AT)
    BasisPeriod.unscoped.all().delete()
    row.stand_on(None)
    assert row.edition is None and row.outside_basis


def test_the_end_of_an_appointment_stands_on_the_day_it_was_recorded(make, person_a, company_a, extension, measure):
    """Submitted while the measure was in force, ended by the clock on a day when none is."""
    last = AT + 3 * DAY
    row = make.filed(person_a, company_a, first_day=TODAY - 30 * DAY)
    BasisPeriod.unscoped.filter(pk=extension.pk).update(period=(extension.first_day, TODAY + DAY))
    ended = end(
        row, version=row.version, reason=EndReason.RESIGNED, last_day=(last - DAY).date(),
        by=make.enterprise_user(company_a), at=last,
    )  # fmt: skip
    act = Act.unscoped.get(appointment=ended, kind=ActKind.ENDED)
    assert (ended.outside_basis, act.outside_basis) == (False, True)


def test_what_a_page_or_the_clock_writes_notes_edition_and_flag_in_the_history(office, make, extension, county_one):
    office.post(reverse("basis_name"), sent(county="", **RENAMED, document=document()))
    noted = events_of(AuthorityName).get().pgh_context.metadata
    assert (noted["edition"], noted["outside_basis"]) == ("qingyuan-2016", False)
    user = account("someone", Role.MUNICIPAL, "某人")

    def work(*, at):
        user.display_name = "改名"
        user.save()

    Clock([Duty("rename", DAY, work)])._do(Duty("rename", DAY, work), AT)
    noted = events_of(User, username="someone").order_by("-pgh_id").first().pgh_context.metadata
    assert (noted["edition"], noted["outside_basis"]) == ("qingyuan-2016", False)


def test_a_write_asks_once_whether_the_basis_still_stands(office, extension, django_assert_num_queries):
    with django_assert_num_queries(5):  # and reads it where this process has not, or where it was changed since
        basis_marks(TODAY)
    for day in (TODAY, date(2018, 3, 31), date(2000, 1, 1)):
        with django_assert_num_queries(1):
            basis_marks(day)


def test_nothing_but_the_models_reads_a_name_without_its_day():
    """A name is asked for with a day: ``authority_on``, ``bureau_on``; the columns are where a name began."""
    root = settings.BASE_DIR
    paths = [p for app in ("cqo_portal", "appointments", "training") for p in (root / app).rglob("*.py")]
    paths += (root / "templates").rglob("*.html")
    read = re.compile(r"edition\.authority|county\.bureau_name")
    allowed = {"cqo_portal/demo/seed.py", "cqo_portal/basis.py", "templates/cqo_portal/basis_confirm.html"}
    found = {str(p.relative_to(root)) for p in paths if read.search(p.read_text(encoding="utf-8"))}
    assert found <= allowed


def test_a_day_of_an_appointment_shows_what_it_stands_on(office, make, person_a, company_a, county_one, measure):
    row = make.filed(person_a, company_a)
    office.force_login(county_one)
    page = page_of(office.get(reverse("appointment_detail", args=[row.reference])))
    assert "提交当日没有有效的制度依据" in page
    assert Appointment.unscoped.get(pk=row.pk).acts.filter(outside_basis=True).count() == row.acts.count()


# --- What the reviews found ------------------------------------------------------------------------------------------


def test_two_administrators_cannot_load_one_key_one_after_the_other(office, extension, measure):
    first, second = previewed(office, successor()), previewed(office, successor())
    confirmed(office, first, ends_predecessor="on")
    page = page_of(confirmed(office, second, ends_predecessor="on"))
    assert "qingyuan-2027 的办法已经装入" in page
    assert Edition.unscoped.count() == 2


def test_the_number_that_the_administrator_types_goes_before_the_files_own(office, extension, measure):
    numbered = successor(**{'kind = "original"': 'kind = "original"\nnumber = "文件自写的文号"'})
    confirmed(office, previewed(office, numbered), ends_predecessor="on")
    assert Edition.unscoped.get(key="qingyuan-2027").periods.get().number == "清府〔2026〕12号"


def test_an_extension_does_not_begin_before_its_measure(administrator, measure):
    with pytest.raises(Refused, match="延长的首日须晚于办法施行的首日") as refused:
        record_extension(
            edition=measure, first_day=date(2015, 1, 1), last_day=date(2015, 12, 31), title="延长", number="1号",
            document=measure_paper(administrator), by=administrator, at=AT,
        )  # fmt: skip
    assert refused.value.field == "first_day"


def test_a_file_whose_days_are_taken_is_told_so_before_anything_is_typed(office, extension, measure):
    assert "的有效期重叠" in page_of(previewed(office, successor(date(2017, 1, 1))))


@pytest.mark.parametrize(
    "content", [b"a = " + b"[" * 3000 + b"]" * 3000, b"a = " + b"9" * 5000, b".".join([b"a"] * 5000) + b" = 1"]
)
def test_a_file_that_would_exhaust_its_reader_is_refused_with_a_sentence(office, extension, content):
    page = page_of(previewed(office, content))
    assert "处问题，没有装入" in page


def test_a_case_heard_under_one_measure_is_not_signed_under_another(
    supervise, person_a, company_a, extension, municipal, measure
):
    case = supervise.proposed(supervise.cqo(person_a, company_a))
    later = AT + 35 * DAY
    BasisPeriod.unscoped.filter(pk=extension.pk).update(period=(extension.first_day, date(2026, 12, 31)))
    load_measure(parse(successor()), at=later)
    later += 10 * DAY  # the new measure is in force
    with time_machine.travel(later, tick=False), pytest.raises(Refused, match="听取意见时适用的是"):
        sign(case, version=case.version, answer_due=date(2027, 6, 1), by=municipal, at=later)


def test_a_measure_whose_papers_no_font_could_print_is_refused_where_it_says_so(office, extension):
    strange = successor(**{"（虚构）": "（虚构😀）"})
    page = page_of(previewed(office, strange))
    assert "edition.title" in page and "“😀”不能印出" in page
