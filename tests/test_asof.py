"""As of a day: who was CQO of an enterprise, under which edition, judged by what (Art. 11, 14)."""

from datetime import date, timedelta

import pytest
import time_machine

from registry.actions.measure import record_extension
from registry.actions.people import remove_fact
from registry.models import ProfessionalQualification
from tests.cast import AT, measure_paper
from tests.supervision_cast import FIRST_DAY

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def asked(client):
    """What a page answers about a day."""

    def ask(user, row, day: date) -> str:
        client.force_login(user)
        boxes = f"on_year={day.year}&on_month={day.month}&on_day={day.day}"
        kind = "candidates" if hasattr(row, "id_hash") else "enterprises"
        page = client.get(f"/{kind}/{row.reference}/?{boxes}").content.decode()
        return page.partition('id="as-of"')[2].partition("</section>")[0]

    return ask


def test_the_day_before_the_first_nobody_was_in_office_and_from_the_first_on_somebody_was(
    asked, supervise, cqo_a, company_a, county_one
):
    assert "这一天没有在任的首席质量官" in asked(county_one, company_a, FIRST_DAY - DAY)
    answer = asked(county_one, company_a, FIRST_DAY)
    assert "张三，甲公司" in answer and cqo_a.reference in answer


def test_after_an_early_end_the_last_day_still_has_its_cqo_and_the_next_has_none(
    asked, supervise, cqo_a, company_a, county_one
):
    supervise.resign(cqo_a, AT - DAY)
    last = (AT - DAY).date()
    assert "张三，甲公司" in asked(county_one, company_a, last)
    assert "这一天没有在任的首席质量官" in asked(county_one, company_a, last + DAY)


def test_a_persons_page_says_where(asked, cqo_a, person_a, user_a):
    assert "张三，甲公司" in asked(user_a, person_a, FIRST_DAY)


def test_each_day_names_the_edition_it_stands_on_or_that_none_was_in_force(
    asked, measure, administrator, company_a, county_one
):
    assert "2018年3月30日" in asked(county_one, company_a, date(2018, 3, 30))
    assert "没有有效的制度依据" in asked(county_one, company_a, date(2018, 3, 31))
    record_extension(
        edition=measure, first_day=date(2018, 3, 31), last_day=None, title="延长通知", number="清质监〔2018〕2号",
        document=measure_paper(administrator), by=administrator, at=AT,
    )  # fmt: skip
    assert "管理办法（试行）》（延长通知，2018年3月31日" in asked(county_one, company_a, date(2018, 3, 31))


def test_what_was_stored_at_filing_is_shown_whatever_became_of_the_facts_since(
    asked, make, supervise, person_a, company_a, user_a, county_one
):
    make.qualified(person_a, company_a)
    supervise.cqo(person_a, company_a)
    before = asked(county_one, company_a, FIRST_DAY)
    assert "登记时存档" in before and "甲　职业资格：无" not in before
    remove_fact(ProfessionalQualification.unscoped.get(candidate=person_a), by=user_a, at=AT)
    assert asked(county_one, company_a, FIRST_DAY) == before


@pytest.mark.parametrize(("boxes", "sentence"), [
    ("on_year=2025&on_month=2&on_day=30", "不是真实的日期"),
    ("on_year=2025&on_month=&on_day=", "都要填写"),
    ("on_year=&on_month=&on_day=", "请填写日期的年、月、日"),
    ("on_year=9999&on_month=1&on_day=1", "的年份应在"),
])  # fmt: skip
def test_a_day_that_is_none_is_told_at_its_field(client, county_one, company_a, boxes, sentence):
    client.force_login(county_one)
    page = client.get(f"/enterprises/{company_a.reference}/?{boxes}")
    assert page.status_code == 200 and sentence in page.content.decode()


def test_another_enterprise_learns_nothing(client, cqo_a, company_a, user_b):
    client.force_login(user_b)
    boxes = f"on_year={FIRST_DAY.year}&on_month={FIRST_DAY.month}&on_day={FIRST_DAY.day}"
    assert client.get(f"/enterprises/{company_a.reference}/?{boxes}").status_code == 404
