"""Checks of one value of a measure file: each answers None, or what is wrong with it, as a sentence in Chinese."""

import re
from collections.abc import Callable
from datetime import date

Check = Callable[[object], str | None]
KEY = r"[a-z][a-z0-9_]*"


def words(limit: int, pattern: str | None = None, instead: str = "格式不正确。") -> Check:
    """Text on one line, of at most ``limit`` characters, matching ``pattern`` in whole."""

    def check(value):
        if not isinstance(value, str):
            return "应为文字。"
        if not value.strip():
            return "不得为空。"
        if value != value.strip() or not value.isprintable():
            return "首尾不得有空格，中间不得有换行或者控制字符。"
        if len(value) > limit:
            return f"不得超过{limit}个字符。"
        return instead if pattern and not re.fullmatch(pattern, value) else None

    return check


def whole(low: int, high: int) -> Check:
    """A whole number within bounds, both included."""

    def check(value):
        # type(), not isinstance: true is an int to Python, and no figure to a reader.
        return None if type(value) is int and low <= value <= high else f"应为{low}至{high}的整数。"

    return check


def one_of(values) -> Check:
    """One of the codes given."""
    values = list(values)
    return lambda value: None if isinstance(value, str) and value in values else f"应为下列之一：{'、'.join(values)}。"


def yes_no(value) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "应为 true 或者 false。"


def day(value) -> str | None:
    """A day of our time, written as TOML writes days."""
    # type(), not isinstance: a datetime is a date to Python.
    if type(value) is not date:
        return "应为日期，如 2016-03-31，不加引号。"
    return None if 1949 <= value.year <= 2100 else "年份应在1949年至2100年之间。"


def options(value) -> str | None:
    """At least two answers: code and words."""
    if not isinstance(value, dict) or len(value) < 2:
        return "应为至少两个选项的表，键为代码，值为说明。"
    faulty = any(not re.fullmatch(KEY, code) or words(100)(text) for code, text in value.items())
    return "选项的代码应为小写字母、数字和下划线，说明应为100字以内的文字。" if faulty else None


def table(keys: Check, values: Check, *, exactly: tuple[str, ...] = ()) -> Check:
    """A table whose keys and values each pass their check; with ``exactly``, of these keys and no other."""

    def check(value):
        if not isinstance(value, dict):
            return "应为一张表。"
        if exactly and set(value) != set(exactly):
            return f"应恰好列出：{'、'.join(exactly)}。"
        for key, entry in value.items():
            if reason := keys(key):
                return f"键 {key}：{reason}"
            if reason := values(entry):
                return f"键 {key} 的值：{reason}"
        return None

    return check
