"""National standards on plain values: credit codes, resident ID numbers, what people type, what is masked."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.actions.common import day_of
from registry.rules import (
    anniversary,
    credit_code_fault,
    day_words,
    masked_id,
    masked_name,
    normalise_code,
    resident_birth_date,
    resident_division_unknown,
    resident_id_fault,
)
from registry.states import EducationLevel, QualificationLevel, rank
from tests.cast import TODAY, credit_code, resident_id

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALID = "91350100M000100Y43"


# --- Credit codes ----------------------------------------------------------------------------------------------------


def test_the_example_of_the_standard_has_the_check_character_3():
    assert credit_code_fault(VALID) is None
    assert [c for c in ALPHABET if credit_code_fault(VALID[:17] + c) is None] == ["3"]


@given(st.integers(0, 99_999_999))
def test_a_code_made_by_the_two_formulas_is_taken(n):
    assert credit_code_fault(credit_code(n)) is None


def test_a_code_of_a_rural_collective_begins_with_a_letter_and_is_taken():
    body = "N2441802MF123456"  # a real kind that stdnum's validate refuses
    organisation = body[8:16]
    rest = 11 - sum(int(c, 36) * w for c, w in zip(organisation, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body += {10: "X", 11: "0"}.get(rest, str(rest))
    check = -sum(ALPHABET.index(c) * pow(3, k, 31) for k, c in enumerate(body)) % 31
    assert credit_code_fault(body + ALPHABET[check]) is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (VALID[:17], "应为 18 位，现为 17 位"),
        (VALID + "0", "应为 18 位，现为 19 位"),
        ("", "现为 0 位"),
        ("I" + VALID[1:], "不含字符“I”"),
        ("企" + VALID[1:], "不含字符“企”"),
        (VALID[:16] + "5" + VALID[17], "第 9 至 17 位"),
        (VALID[:17] + "4", "最后一位（校验码）"),
        ("92" + VALID[2:], "最后一位（校验码）"),
    ],
)
def test_each_check_fails_with_a_sentence_of_its_own(code, says):
    assert says in credit_code_fault(code)


@given(st.integers(0, 99_999_999), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_no_single_wrong_character_passes(n, place, wrong):
    code = credit_code(n)
    if code[place] != wrong:
        assert credit_code_fault(code[:place] + wrong + code[place + 1 :])


@pytest.mark.parametrize(
    "typed",
    [
        VALID.lower(),
        VALID.translate({k: k + 0xFEE0 for k in range(0x21, 0x7F)}),
        f" {VALID[:6]} {VALID[6:]}\n",
        f"{VALID[:2]}-{VALID[2:8]}—{VALID[8:]}",
        f"{VALID[:8]}\u3000{VALID[8:]}",
    ],
    ids=["lower case", "full width", "spaces", "hyphens", "ideographic space"],
)
def test_a_code_is_read_however_a_person_types_it(typed):
    assert normalise_code(typed) == VALID


# --- Resident ID numbers ---------------------------------------------------------------------------------------------


def test_the_examples_of_the_standard_are_read_one_of_them_being_too_old():
    assert resident_id_fault("11010519491231002X", today=TODAY) is None
    assert "1900 年至今天" in resident_id_fault("440524188001010014", today=TODAY)  # its check character is right


@given(st.integers(0, 999), st.dates(date(1900, 1, 1), TODAY))
def test_a_number_made_by_the_formula_is_taken_and_tells_the_birth_date(n, born):
    number = resident_id(n, born)
    assert resident_id_fault(number, today=TODAY) is None
    assert resident_birth_date(number) == born


def test_somebody_born_before_the_division_had_its_code_is_taken():
    assert resident_id_fault(resident_id(7, date(1960, 1, 1)), today=TODAY) is None  # 441802 exists since 1988


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("11010519491231002", "18 位"),
        ("11010519491231002Y", "18 位"),
        ("1101051949123100２X", "前 17 位为数字"),
        ("1101051949123100²X", "前 17 位为数字"),
        ("110105194912310021", "校验码"),
        ("110105194913310020", "出生日期"),
        ("110105202302290021", "出生日期"),
        (resident_id(1, date(2099, 1, 1)), "1900 年至今天"),
        (resident_id(1, date(1899, 12, 31)), "1900 年至今天"),
    ],
)
def test_each_fault_of_a_number_has_a_sentence_of_its_own(number, says):
    assert says in resident_id_fault(number, today=TODAY)


@given(st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_no_single_wrong_digit_passes(n, place, wrong):
    number = resident_id(n)
    if number[place] != wrong:
        assert resident_id_fault(number[:place] + wrong + number[place + 1 :], today=TODAY)


def test_an_unknown_division_is_told_and_refuses_nothing():
    assert resident_division_unknown("00" + resident_id(1)[2:])
    assert not resident_division_unknown(resident_id(1))


# --- What is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "shown"),
    [("11010519491231002X", "1101************2X"), ("E12345678", "E******78"), ("H0123456", "H*****56")],
)
def test_a_masked_number_keeps_its_length_and_hides_its_middle(number, shown):
    assert masked_id(number) == shown


@given(st.text("0123456789X", min_size=4, max_size=20))
def test_a_masked_number_always_hides_something(number):
    assert "*" in masked_id(number)
    assert len(masked_id(number)) == len(number)


def test_a_masked_name_keeps_the_first_character():
    assert [masked_name(name) for name in ("张三", "欧阳修文", "李")] == ["张*", "欧***", "李"]


def test_a_day_is_said_without_leading_zeros():
    assert day_words(date(2026, 3, 1)) == "2026年3月1日"


def test_half_past_four_in_the_afternoon_utc_is_already_tomorrow_in_qingyuan():
    assert day_of(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)) == date(2026, 11, 23)
    assert day_of(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 11, 22)


def test_the_anniversary_of_29_february_is_1_march_unless_there_is_one():
    assert anniversary(date(2024, 2, 29), 2) == date(2026, 3, 1)
    assert anniversary(date(2024, 2, 29), 4) == date(2028, 2, 29)


def test_levels_are_ranked_in_the_order_of_their_lists():
    for levels in (QualificationLevel, EducationLevel):
        assert [rank(level) for level in levels] == list(range(len(levels)))
    with pytest.raises(ValueError, match="no such level"):
        rank("doctorate")
