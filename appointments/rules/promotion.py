"""What may be sent in to a campaign, and what of it the public reads (Art. 10)."""

import re
from datetime import date

from registry.rules import day_words, masked_name

# An 18-figure ID number or an 11-figure mobile number, standing alone.
NUMBERS = re.compile(r"(?<![0-9])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9Xx])")


def submission_fault(*, due_on: date, closed: bool, in_scope: bool, today: date) -> str | None:
    """Art. 10: why nothing can be sent in to a campaign today, as a sentence, or None. The due day itself counts."""
    if not in_scope:
        return "这项活动只面向本县（市、区）的企业。"
    if closed:
        return "这项活动已经结束，不再接收成果；可以不参加活动，单独提交。"
    if today > due_on:
        return f"这项活动的成果已于{day_words(due_on)}截止提交；可以不参加活动，单独提交。"
    return None


def missing_of(*, summary: str, done: str, results: str, materials: int) -> dict[str, str]:
    """Art. 10: what an experience cannot do without before it is sent in: field → a sentence."""
    said = {"summary": (summary, "概要"), "done": (done, "主要做法"), "results": (results, "成效和数据")}
    found = {name: f"请填写{label}。" for name, (value, label) in said.items() if not value.strip()}
    if not materials:
        found["materials"] = "请至少附一份材料，能够说明所写的成效。"
    return found


def public_text(text: str, *, name: str, named: bool) -> str:
    """Art. 10: what the public reads of a text: no phone or ID number, and no name where the person did not agree.

    个人信息保护法 25: 张三 becomes 张*.
    """
    shown = NUMBERS.sub(lambda found: f"{found[0][:3]}****", text)
    return shown if named else shown.replace(name, masked_name(name))
