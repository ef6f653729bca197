"""What national standards and the calendar say: pure functions on plain values."""

import unicodedata
from datetime import date

from stdnum.cn import uscc

CREDIT_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DIVISIONS_OF_CHINA = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)


def normalise_code(text: str) -> str:
    """GB 32100-2015 and GB 11643-1999 as people type them: full-width folded, upper case, no spaces, hyphens, dots."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and c not in "-‐‑–—·.")


def credit_code_fault(code: str) -> str | None:
    """GB 32100-2015 and GB 11714: what is wrong with a normalised credit code, as a sentence; None if nothing.

    ``stdnum`` supplies the check digit alone: its ``validate`` refuses real codes that begin with a letter.
    """
    if len(code) != 18:
        return f"统一社会信用代码应为 18 位，现为 {len(code)} 位。"
    if strange := sorted(set(code) - set(CREDIT_CODE_ALPHABET)):
        return f"统一社会信用代码不含字符“{'、'.join(strange)}”（字母 I、O、S、V、Z 不使用）。"
    organisation, check = code[8:16], code[16]
    total = sum(int(c, 36) * w for c, w in zip(organisation, ORGANISATION_WEIGHTS, strict=True))
    if check != {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11)):
        return "第 9 至 17 位（主体标识码）的校验不符，请逐位核对营业执照。"
    if uscc.calc_check_digit(code[:17]) != code[17]:
        return "最后一位（校验码）不符，请逐位核对营业执照。"
    return None


def resident_id_fault(number: str, *, today: date) -> str | None:
    """GB 11643-1999: what is wrong with a normalised resident ID number, as a sentence; None if nothing."""
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit() or number[17] not in "0123456789X":
        return "居民身份证号码应为 18 位：前 17 位为数字，最后一位为数字或 X。"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "第 7 至 14 位不是真实的出生日期。"
    if born > today or born.year < 1900:
        return "第 7 至 14 位的出生日期不在 1900 年至今天之间。"
    if "10X98765432"[sum(int(c) * w for c, w in zip(number, RESIDENT_WEIGHTS, strict=False)) % 11] != number[17]:
        return "最后一位（校验码）不符，请逐位核对证件。"
    return None


def resident_birth_date(number: str) -> date:
    """GB 11643-1999: the birth date within a valid resident ID number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def resident_division_unknown(number: str) -> bool:
    """GB/T 2260: whether the division is none of China's provinces; a warning, never a refusal."""
    return number[:2] not in DIVISIONS_OF_CHINA


def masked_id(number: str) -> str:
    """Design 1.14: first four and last two characters, the rest stars; shorter papers show less."""
    shown = 4 if len(number) >= 12 else 1
    return number[:shown] + "*" * (len(number) - shown - 2) + number[-2:]


def masked_name(name: str) -> str:
    """Design 1.14: the first character, and a star for each other."""
    return name[:1] + "*" * (len(name) - 1)


def anniversary(day: date, years: int) -> date:
    """Design 1.8: the same day ``years`` later; 1 March for 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def day_words(day: date) -> str:
    """GB/T 9704-2012: a day as papers and pages say it, without leading zeros: 2026年11月22日."""
    return f"{day.year}年{day.month}月{day.day}日"


def impossible_day(words: str, day: date, *, born: date, today: date, youngest: int = 0) -> str | None:
    """Design 1.4: why a day of a person's life cannot be, as a sentence, or None. ``youngest`` in years of age."""
    if day > today:
        return f"{words}不能晚于今天（{day_words(today)}）。"
    if day < anniversary(born, youngest):
        early = f"年满 {youngest} 周岁之前" if youngest else "出生之前"
        return f"{words}在此人{early}（{day_words(born)}出生），请核对。"
    return None
