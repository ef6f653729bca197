"""质量工作绩效 as both sides see it: agreed for a year, put on file, told of with evidence (Art. 12(二)(2))."""

from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import TargetResult, TargetSheet
from tests.cast import AT, account, enterprise, pdf, person
from tests.test_enterprise_pages import days

LIST = "/performance/"


@pytest.fixture(autouse=True)
def today():
    """The day of the cast."""
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def browse(client):
    """Signs in somebody of the cast and returns their browser."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in


def page_of(appointment, year: int = 2026, under: str = "") -> str:
    """The page of a year's targets, or its results form."""
    return f"/appointments/{appointment.reference}/performance/{year}/{under}"


def new(appointment) -> str:
    """Where an agreement is put on file."""
    return f"/appointments/{appointment.reference}/performance/new/"


def upload(name: str = "约定书.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf(2), "application/pdf")


def agreed(**changes) -> dict:
    """What an enterprise types for an agreement of this year."""
    typed = {
        "token": uuid4(), "year": "2026", "agreement": upload(),
        "targets_0_name": "出厂合格率", "targets_0_goal": "99.5% 以上",
        "targets_2_name": "顾客投诉", "targets_2_goal": "不超过 3 起",
    }  # fmt: skip
    return typed | days("agreed_on", date(2026, 2, 1)) | changes


def told(**changes) -> dict:
    """Results of the first target."""
    typed = {"token": uuid4(), "met_1": "met", "words_1": "全年 99.7%。", "met_2": "", "words_2": ""}
    return typed | {"evidence": upload("检验月报.pdf")} | changes


def text_of(client, address: str) -> str:
    """The page, as text."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_enterprise_puts_its_agreement_on_file_and_tells_of_results_in_two_goes(browse, user_a, municipal, cqo_a):
    own = browse(user_a)
    assert "没有约定" in text_of(own, LIST)
    assert "下一步：备案绩效约定" in text_of(own, page_of(cqo_a))
    assert "2027年" in text_of(own, new(cqo_a))
    assert own.post(new(cqo_a), agreed()).url == page_of(cqo_a)
    sheet = TargetSheet.unscoped.get()
    assert list(sheet.targets.values_list("name", "goal")) == [
        ("出厂合格率", "99.5% 以上"),
        ("顾客投诉", "不超过 3 起"),
    ]
    assert "还有 2 项没有结果" in text_of(own, page_of(cqo_a))

    results = page_of(cqo_a, under="results/")
    assert "目标值：99.5% 以上" in text_of(own, results)
    assert own.post(results, told()).url == page_of(cqo_a)
    assert "1 项结果未填报" in text_of(own, page_of(cqo_a))
    second = told(met_1="", words_1="", met_2="unmet", words_2="全年 4 起。", evidence=upload("投诉台账.pdf"))
    own.post(results, second)
    page = text_of(browse(municipal), page_of(cqo_a))
    for words in ("结果已齐", "完成 1 项，未完成 1 项，共 2 项", "检验月报.pdf", "投诉台账.pdf", "全年 4 起。"):
        assert words in page
    assert "备案绩效约定" not in page


def test_a_new_agreement_stands_in_front_of_the_earlier_which_stays(browse, user_a, supervise, cqo_a):
    supervise.targets(cqo_a, year=2026)
    own = browse(user_a)
    own.post(new(cqo_a), agreed(targets_0_name="新的指标"))
    page = text_of(own, page_of(cqo_a))
    assert page.index("新的指标") < page.index("已由新的约定代替")
    assert "第 2 版" in page


@pytest.mark.parametrize(
    ("changes", "control", "sentence"),
    [
        ({"year": "2024"}, "id_year_0", "年度不在可选范围内"),
        ({"year": ""}, "id_year_0", "请选择年度"),
        (days("agreed_on", date(2026, 11, 23)), "id_agreed_on_0", "约定日期不能晚于今天"),
        ({"agreement": ""}, "id_agreement", "请选择绩效约定书的文件"),
        ({"targets_0_goal": ""}, "id_targets_0", "第 1 项：请填写目标值"),
        ({"targets_1_goal": "没有名称"}, "id_targets_0", "第 2 项：请填写指标"),
        ({"targets_0_name": "", "targets_0_goal": "", "targets_2_name": "", "targets_2_goal": ""}, "id_targets_0",
         "请至少填写一项指标"),
    ],
)  # fmt: skip
def test_an_agreement_that_lacks_something_is_refused_at_its_field(browse, user_a, cqo_a, changes, control, sentence):
    page = browse(user_a).post(new(cqo_a), agreed(**changes)).content.decode()
    assert f'<a href="#{control}">{sentence}' in page
    assert not TargetSheet.unscoped.exists()


@pytest.mark.parametrize(
    ("changes", "control", "sentence"),
    [
        ({"words_1": ""}, "id_words_1", "请写明“出厂合格率”的完成情况"),
        ({"met_1": ""}, "id_met_1_0", "请选择“出厂合格率”是否完成"),
        ({"evidence": ""}, "id_evidence", "请选择证明材料的文件"),
        ({"met_1": "", "words_1": ""}, "", "请至少填报一项指标的结果"),
    ],
)
def test_a_result_needs_outcome_words_and_evidence(browse, user_a, supervise, cqo_a, changes, control, sentence):
    supervise.targets(cqo_a, year=2026)
    page = browse(user_a).post(page_of(cqo_a, under="results/"), told(**changes)).content.decode()
    assert (f'<a href="#{control}">{sentence}' if control else sentence) in page
    assert not TargetResult.unscoped.exists()


def test_a_year_that_is_over_cannot_be_agreed_on_any_more_and_says_what_that_means(browse, user_a, cqo_a):
    page = text_of(browse(user_a), page_of(cqo_a, 2025))
    assert "2025年已经结束，不能再约定" in page
    assert "没有可对照的指标" in page
    assert "/performance/new/" not in page
    assert browse(user_a).get(page_of(cqo_a, 2024)).status_code == 404  # before the term
    assert browse(user_a).get(page_of(cqo_a, 2025, "results/")).url == page_of(cqo_a, 2025)


def test_a_repeat_of_the_form_puts_one_agreement_on_file(browse, user_a, cqo_a):
    token = uuid4()
    for _ in range(2):
        assert browse(user_a).post(new(cqo_a), agreed(token=token, agreement=upload())).url == page_of(cqo_a)
    assert TargetSheet.unscoped.count() == 1


def test_bureaus_read_within_their_scope_and_record_nothing_for_an_enterprise_that_files_itself(
    browse, supervise, county_one, county_two, municipal, administrator, trainer, user_b, cqo_a
):
    supervise.targets(cqo_a, year=2026)
    for user in (county_one, municipal, administrator):
        page = text_of(browse(user), page_of(cqo_a))
        assert "等待企业填报结果" in page
        assert browse(user).get(new(cqo_a)).status_code == 404
        assert browse(user).post(page_of(cqo_a, under="results/"), told()).status_code == 404
    for user in (county_two, user_b, trainer):
        for address in (page_of(cqo_a), page_of(cqo_a, under="results/"), new(cqo_a)):
            assert browse(user).get(address).status_code == 404
    assert browse(trainer).get(LIST).status_code == 404
    assert "甲公司" not in text_of(browse(county_two), LIST)
    assert cqo_a.reference not in text_of(browse(user_b), LIST)


def test_the_list_begins_with_who_has_none_is_narrowed_by_year_and_state_and_takes_constant_queries(
    browse, supervise, county_one, municipal, cqo_a
):
    supervise.results(supervise.targets(cqo_a, year=2026), True, True)
    city = browse(municipal)

    def queries() -> int:
        text_of(city, LIST)
        with CaptureQueriesContext(connection) as found:
            text_of(city, LIST)
        return len(found)

    before = queries()
    for n, name in enumerate(("丙公司", "丁公司")):
        company = enterprise(10000020 + n, name, by=county_one)
        user = account(f"enterprise-{n}", "enterprise", f"{name}经办人", enterprise=company)
        appointment = supervise.cqo(person(30 + n, "钱七", company=company, by=user), company)
        if name == "丁公司":
            supervise.targets(appointment, year=2026)
    page = text_of(city, LIST)
    assert page.index("丙公司") < page.index("甲公司")
    assert queries() <= before + 1  # one more where a target without a result is shown at all

    def shown(query: str) -> set[str]:
        page = text_of(city, f"{LIST}?{query}")
        return {name for name in ("甲公司", "丙公司", "丁公司") if f">{name}</a>" in page}

    assert shown("state=none") == {"丙公司"}
    assert shown("state=agreed") == {"丁公司"}
    assert shown("state=told") == {"甲公司"}
    assert shown("year=2025&state=none") == {"甲公司", "丙公司", "丁公司"}
    assert shown("year=2024") == set()
