"""建议解除聘任: when a recommendation may be made, and in what form its number stands (Art. 12(二))."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date

from appointments.states import Party

NUMBER = re.compile(r"[一-鿿]{2,12}〔(?P<year>20[0-9]{2})〕(?P<number>[1-9][0-9]{0,4})号")


def is_asked(*, link_issued: bool, notice_served: bool, has_stated: bool) -> bool:
    """Art. 12 with design §3: whether the CQO was asked at all: a message to the enterprise does not ask the person."""
    return link_issued or notice_served or has_stated


def answer_day(*, signed_on: date, answer_due: date, served_on: date) -> date:
    """Art. 12(二): the day for the answer; a letter served late leaves as many days as the signing meant to leave."""
    return max(answer_due, served_on + (answer_due - signed_on))


def is_heard(parties: Collection[str], *, statement_due: date, today: date) -> bool:
    """Art. 12 with design §3: both were heard, or the day until which they were asked is over."""
    return set(Party.values) <= set(parties) or today > statement_due


def document_number(text: str) -> str | None:
    """GB/T 9704: a 发文字号 as it is printed: year in 〔〕, no leading zeros, no 第; None when it is none."""
    # NFKC: full-width digits and brackets, as an input method may give them, are the same number.
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("第", "")
    plain = re.sub(r"[\[【(〔]([0-9]{4})[\]】)〕]", r"〔\1〕", plain)
    plain = re.sub(r"〕0+(?=\d)", "〕", plain)
    return plain if NUMBER.fullmatch(plain) else None
