"""What a cell means in its column: numbers kept as text, dates in three spellings, and a reason for the rest."""

import math
import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal

from registry.cleaning import Unfit
from registry.sheets.template import Column

# Only the full-width forms: NFKC would also read 8² as 82 and ① as 1.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_PLAIN = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]+")  # as it is already, whatever is done to it
_YEARS = range(1900, 2101)
_EXACT = 10**15  # Excel keeps 15 digits of a number


class CellFault(ValueError):
    """Why a cell cannot be read, as words that follow the name of its column."""


def is_blank(raw: object) -> bool:
    """Whether a cell shows nothing."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def value_of(raw: object, column: Column) -> object:
    """A cell's value: str, int or Decimal, or date; None (for text and choices: "") where nothing is written.

    Raises CellFault with the reason, in Chinese.
    """
    if is_blank(raw):
        if column.required:
            raise CellFault(f"没有填写，应填{column.wanted}。")
        return "" if column.kind in ("text", "choice") else None
    value = _READERS[column.kind](raw, column)
    try:
        return column.rule(value) if column.rule else value
    except Unfit as unfit:
        raise CellFault(str(unfit)) from None


def shown(text: str) -> str:
    """What somebody wrote, short enough to be quoted and without what cannot be seen."""
    seen = "".join("□" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text[:21])
    return f"{seen[:20]}…" if len(seen) > 20 else seen


def plain(raw: str) -> str:
    """Text as it is compared: trimmed, without Excel's leading apostrophe, full-width forms made half-width."""
    return raw.translate(_HALF_WIDTH).strip().removeprefix("'").strip()


def _words(raw: object, column: Column) -> str:
    """A cell as text; a number only as far as Excel kept its digits."""
    if isinstance(raw, str):
        return raw if _PLAIN.fullmatch(raw) else unicodedata.normalize("NFC", raw.strip().removeprefix("'").strip())
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise CellFault(f"不是文字，应填{column.wanted}。")
    if abs(raw) >= _EXACT:
        raise CellFault("是超过 15 位的数字，Excel 已丢失后面的数位。请先把单元格设为文本格式，再重新填写。")
    return f"{raw:.15g}"


def _text(raw: object, column: Column) -> str:
    text = _words(raw, column)
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text):
        raise CellFault("含有换行或看不见的控制字符，请删除后重新填写。")
    if len(text) > column.max_length:
        raise CellFault(f"有 {len(text)} 个字，最多 {column.max_length} 个字。")
    return text


def _choice(raw: object, column: Column) -> str:
    if raw in column.choices:
        return raw
    text = plain(_words(raw, column))
    for choice in column.choices:
        if plain(choice) == text:
            return choice
    raise CellFault(f"写的是“{shown(text)}”，应填{column.wanted}。")


def _number(raw: object, column: Column) -> int | Decimal:
    if isinstance(raw, str):
        text = plain(raw)
        if not _NUMBER.fullmatch(text):
            raise CellFault(f"写的是“{shown(text)}”，应填{column.wanted}。")
    elif isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise CellFault(f"不是数，应填{column.wanted}。")
    else:
        text = f"{raw:.15g}"  # as Excel shows it: 85.1, not 85.09999999999999
    number = Decimal(text)
    if not column.minimum <= number <= column.maximum or number != round(number, column.decimals):
        raise CellFault(f"写的是 {text}，应填{column.wanted}。")
    return round(number, column.decimals) + 0 if column.decimals else int(number)  # + 0: no minus zero


def _day(raw: object, column: Column) -> date:
    if isinstance(raw, str):
        found = _DAY.fullmatch(plain(raw))
        parts = [int(part) for part in found.groups() if part] if found else []
        try:
            raw = date(*parts)
        except (TypeError, ValueError):
            raise CellFault(f"写的是“{shown(plain(raw))}”，应填{column.wanted}。") from None
    if isinstance(raw, datetime):
        if raw.time() != time.min:
            raise CellFault(f"含有时刻，应只填{column.wanted}。")
        raw = raw.date()
    if not isinstance(raw, date) or raw.year not in _YEARS:
        raise CellFault(f"不是日期，应填{column.wanted}。")
    return raw


_READERS = {"text": _text, "number": _number, "day": _day, "choice": _choice}
