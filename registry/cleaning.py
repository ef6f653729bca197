"""What people type, made plain: pure functions that forms and spreadsheets share, so that both hold to the same rules.

Each takes text and gives text; where nothing is written it gives nothing. What cannot be is ``Unfit``.
"""

import re
import unicodedata
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from registry.rules import credit_code_fault, day_words, normalise_code

PICTOGRAPHS = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d\ue000-\uf8ff]")
COMMON = re.compile(r"[0-9A-Za-z\u4e00-\u9fff（），、·@._+-]*")  # plain as it stands, as most of what is typed is
PERSON = re.compile(r"[^\W\d_](?:[^\W\d_]|[·•. '\-])*")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
EMAIL_FORMAT = "电子邮箱的格式不正确，例如 name@example.com。"


class Unfit(ValueError):  # noqa: N818 (named for what the text is)
    """Why a text cannot stand where it was written, as a sentence."""


def plain_line(value: str) -> str:
    """The text, trimmed. Raises Unfit for control characters and pictographs, which no paper can print."""
    if COMMON.fullmatch(value):
        return value
    text = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\r\n\t" for c in text):
        raise Unfit("含有看不见的控制字符，请删除后重新填写。")
    if PICTOGRAPHS.search(text):
        raise Unfit("含有表情等不能印在文件上的符号，请删除。")
    return text


def person_name(value: str, label: str = "姓名") -> str:
    """A person's name: Han characters with 间隔号, or Latin letters. Raises Unfit."""
    name = plain_line(value)
    if name and not PERSON.fullmatch(name):
        raise Unfit(f"{label}只能由汉字、字母和间隔号组成。")
    return name.replace("•", "·")


def mobile(value: str, label: str = "手机号码") -> str:
    """A mainland mobile number, normalised. Raises Unfit."""
    number = normalise_code(plain_line(value)).removeprefix("+86")
    if number and not MOBILE.fullmatch(number):
        raise Unfit(f"{label}应为 11 位手机号码，以 1 开头。")
    return number


def credit_code(value: str) -> str:
    """A credit code, normalised, with both checks (GB 32100, GB 11714). Raises Unfit."""
    code = normalise_code(plain_line(value))
    if code and (fault := credit_code_fault(code)):
        raise Unfit(fault)
    return code


def code(value: str) -> str:
    """The number of an ID paper, normalised; the act checks it by its type. Raises Unfit."""
    return normalise_code(plain_line(value))


def email(value: str) -> str:
    """An address of e-mail. Raises Unfit."""
    address = plain_line(value)
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise Unfit(EMAIL_FORMAT) from None
    return address


def past_day(day: date, label: str, *, today: date) -> date:
    """A day that has come. Raises Unfit."""
    if day > today:
        raise Unfit(f"{label}不能晚于今天（{day_words(today)}）。")
    return day
