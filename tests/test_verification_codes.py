"""Codes on papers: unguessable, and a wrong one is told without the database (no test here may touch it)."""

import re
import secrets

import pytest

from registry import verification
from registry.papers import qr
from registry.verification import ALPHABET, KINDS, canonical, is_genuine, new_code, url_for


@pytest.fixture(autouse=True)
def keys(settings):
    settings.CODE_KEYS = {1: "11" * 32}
    settings.CODE_KEY_VERSION = 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_code_is_genuine_and_grouped_by_four(kind):
    code = new_code(kind)
    assert [len(group) for group in code.split("-")] == [4] * 9
    assert is_genuine(code)
    assert canonical(code) == code


def test_a_code_of_an_unknown_kind_is_not_made():
    with pytest.raises(KeyError):
        new_code("diploma")


def test_a_code_carries_at_least_128_random_bits_and_never_repeats():
    assert verification.RANDOM_LENGTH * 5 >= 128
    assert len({new_code("letter") for _ in range(500)}) == 500


def test_a_code_changed_in_any_one_place_is_not_genuine():
    code = new_code("receipt")
    changed = [
        code[:k] + other + code[k + 1 :]
        for k, known in enumerate(code)
        if known != "-"
        for other in ALPHABET
        if other != known
    ]
    assert len(changed) == 36 * 31
    assert [other for other in changed if is_genuine(other)] == []


def test_a_made_up_code_is_not_genuine():
    made_up = ("P1" + "".join(secrets.choice(ALPHABET) for _ in range(34)) for _ in range(2000))
    assert not any(map(is_genuine, made_up))


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')}\n",
        lambda code: code.replace("-", "—"),
        lambda code: code.translate({k: k + 0xFEE0 for k in range(0x21, 0x7F)}),
        lambda code: code.replace("0", "O").replace("1", "I"),
        lambda code: code.replace("0", "o").replace("1", "l"),
    ],
    ids=["lower case", "no hyphens", "spaces", "dashes", "full width", "O and I", "o and l"],
)
def test_a_code_is_read_however_a_person_types_it(typed):
    code = next(code for code in iter(lambda: new_code("letter"), "") if "0" in code)
    assert canonical(typed(code)) == code
    assert is_genuine(typed(code))


@pytest.mark.parametrize(
    "typed", ["", "-", "P1", "U" * 36, "P" * 37, "首" * 36, "\x00" * 36, "P" * 10_000_000, "😀" * 36]
)
def test_what_cannot_be_a_code_is_refused_without_a_fault(typed):
    assert canonical(typed) is None
    assert not is_genuine(typed)


def test_codes_of_an_older_key_stay_genuine_and_those_of_a_withdrawn_key_do_not(settings):
    old = new_code("letter")
    settings.CODE_KEYS = {1: "11" * 32, 2: "22" * 32}
    settings.CODE_KEY_VERSION = 2
    new = new_code("letter")
    assert is_genuine(old) and is_genuine(new)
    settings.CODE_KEYS = {2: "22" * 32}
    assert not is_genuine(old) and is_genuine(new)


def test_a_code_made_with_another_offices_key_is_not_genuine(settings):
    code = new_code("letter")
    settings.CODE_KEYS = {1: "33" * 32}
    assert not is_genuine(code)


def test_the_address_of_a_code_fits_a_qr_code_that_scans_at_20_mm(settings):
    settings.PUBLIC_ORIGIN = "https://cqo.quality-and-technology.qingyuan.gov.cn/"
    url = url_for(new_code("letter"))
    assert url.startswith("https://cqo.quality-and-technology.qingyuan.gov.cn/verify/P1")
    assert url.endswith("/")
    squares = int(re.search(r'viewBox="0 0 (\d+) ', qr.svg(url))[1])
    assert squares <= 41
