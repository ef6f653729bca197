"""聘任: how long a term is, what an appointment cannot do without, when an office answers (Art. 11, 12)."""

from datetime import date, timedelta

from registry.calendar_days import workday_after
from registry.citing import cited
from registry.measures import figure
from registry.rules import anniversary, day_words

ONE_DAY = timedelta(days=1)


def term_of(first_day: date, years: int) -> tuple[date, date]:
    """Art. 11 聘任期限为两年: first and last day, both inclusive; last is the day before the anniversary."""
    return first_day, anniversary(first_day, years) - ONE_DAY


def is_renewable(last_day: date, today: date, window_days: int) -> bool:
    """Art. 11: renewal is a new appointment, offered from ``window_days`` before the last day, and after it."""
    return today >= last_day - timedelta(days=window_days)


def term_words(years: int) -> str:
    """Art. 11 两年: a number of years as a Chinese paper writes it."""
    return "两年" if years == 2 else f"{figure(years)}年"


def missing(values: dict, *, today: date, earliest: date) -> dict[str, str]:
    """Art. 11: what an appointment cannot do without, as field → sentence; unmet criteria of Art. 6 are not.

    ``earliest``: the day on which the first measure took effect (Art. 14).
    """
    asked = {
        "position": "请填写在本企业的职务。",
        "quality_department": "请填写质量管理部门的名称。",
        "inspection_department": "请填写质量检验部门的名称。",
        "safety_department": "请填写质量安全部门的名称。",
        "appointer": f"请选择任命人：法定代表人或者主要负责人{cited('11')}。",
        "first_day": "请填写聘任首日。",
    }
    faults = {name: sentence for name, sentence in asked.items() if not values.get(name)}
    if values.get("in_decision_level") is None:
        faults["in_decision_level"] = f"请选择是否属于企业决策层{cited('11')}。"
    elif not values["in_decision_level"] and not values.get("exception_reason"):
        faults["exception_reason"] = f"不在企业决策层的，请写明理由{cited('11')}。"
    if first_day := values.get("first_day"):
        if first_day < earliest:
            faults["first_day"] = f"聘任首日不得早于{day_words(earliest)}，即办法施行之日{cited('14')}。"
        elif first_day > anniversary(today, 1):
            faults["first_day"] = "聘任首日不得晚于今天起一年。"
    return faults


FILING_DAYS = 5  # working days from the day a filing reaches an office: its own service promise, not of the measure


def due_day(since: date, number: int = FILING_DAYS) -> date:
    """Art. 12 (简化工作程序): the day by which an office means to have done what reached it on ``since``."""
    return workday_after(since, number)
