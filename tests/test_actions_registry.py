"""What people do in the registry: enterprises, what they are for some time, and uploaded files."""

from datetime import date

import pytest

from registry import filestore
from registry.actions.enterprises import change_enterprise, designate, end_designation, register_enterprise
from registry.actions.files import store_file
from registry.refusals import Refused, Stale
from registry.states import Designation
from tests.cast import AT, TODAY, enterprise, pdf, picture


def refusal(act, *args, **values) -> Refused:
    """How an act says no; fails when it does not."""
    with pytest.raises(Refused) as caught:
        act(*args, **values)
    assert caught.value.sentence.endswith("。")
    return caught.value


# --- Enterprises -----------------------------------------------------------------------------------------------------


def test_an_enterprise_is_registered_once(company_a, county_one):
    again = {"credit_code": company_a.credit_code, "county": county_one.county, "by": county_one, "at": AT}
    assert refusal(register_enterprise, **again).field == "credit_code"


def test_a_county_registers_its_own_enterprises_only(county_one, counties, municipal, user_a):
    fault = refusal(enterprise, 20000001, "丙公司", by=county_one, county=counties["441881"])
    assert fault.field == "county"
    assert "权限" in refusal(enterprise, 20000001, "丙公司", by=user_a, county=counties["441802"]).sentence
    assert enterprise(20000001, "丙公司", by=municipal, county=counties["441881"]).seats.get().county.code == "441881"


def test_an_enterprise_corrects_its_own_facts_and_nothing_else(company_a, user_a, user_b):
    changed = change_enterprise(
        company_a, version=1, by=user_a, at=AT, name="甲新公司", credit_code="91" + "0" * 16, county=None
    )
    assert (changed.name, changed.version, changed.credit_code) == ("甲新公司", 2, company_a.credit_code)
    with pytest.raises(Stale):
        change_enterprise(company_a, version=1, by=user_a, at=AT, name="甲旧公司")
    assert "权限" in refusal(change_enterprise, company_a, version=2, by=user_b, at=AT, name="乙").sentence


def test_a_designation_is_answerable_as_of_any_day(company_a, county_one, user_a):
    values = {"kind": Designation.ABOVE_SCALE, "by": county_one, "at": AT}
    designate(company_a, since=date(2020, 1, 1), **values)
    assert refusal(designate, company_a, since=date(2021, 1, 1), **values).field == "since"
    end_designation(company_a, last_day=date(2022, 12, 31), **values)
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2022, 12, 31), date(2023, 1, 1)]
    assert [company_a.is_designated(Designation.ABOVE_SCALE, day) for day in days] == [False, True, True, False]
    assert refusal(end_designation, company_a, last_day=date(2024, 1, 1), **values).field == "last_day"
    assert "权限" in refusal(designate, company_a, since=TODAY, **values | {"by": user_a}).sentence


# --- Files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "空"),
        (b"MZ\x90\x00" + b"\x00" * 200, "不是 PDF、JPG 或 PNG"),
        (b"%PDF-1.7\nMZ", "无法打开这份 PDF"),
        (b"\x89PNG\r\n\x1a\n<html><script>", "无法打开这张图片"),
        (pdf() + b"\x00" * (10 * 1024 * 1024), "超过 10 MB"),
    ],
    ids=["empty", "executable", "broken pdf", "html behind a picture", "too large"],
)
def test_an_upload_is_judged_by_its_content(make, company_a, data, says):
    values = {"enterprise": company_a, "by": make.enterprise_user(company_a), "at": AT}
    assert says in refusal(store_file, data, "材料.pdf", **values).sentence


def test_a_picture_is_drawn_anew_and_named_by_what_it_is(make, company_a):
    hidden = picture() + b"<script>alert(1)</script>"
    kept = make.stored(company_a, hidden, "../../聘书.exe")
    assert (kept.name, kept.content_type) == ("聘书.png", "image/png")
    assert b"script" not in filestore.fetch(kept.sha256)


def test_a_spoilt_file_is_mended_when_the_same_bytes_come_in_again():
    sha256 = filestore.keep(b"as it was")
    filestore.path_of(sha256).write_bytes(b"spoilt")
    assert filestore.keep(b"as it was") == sha256 and filestore.fetch(sha256) == b"as it was"
