"""履职报告: what a report answers, when it is late, what a notice may ask (Art. 5, 12(二)(3))."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from registry.citing import cited


@dataclass(frozen=True)
class Section:
    """One question of a duty report, and the words of Art. 5 that it asks about."""

    field: str
    clause: str
    title: str


SECTIONS: tuple[Section, ...] = (
    Section("proposals", "5.(1)", "向企业决策层提出的加强质量工作的措施建议"),
    Section("responsibility", "5.(1)", "各岗位质量工作责任制贯彻落实的监督检查"),
    Section("checks", "5.(2)", "原料进厂、生产过程、出厂检验的检查把关"),
    Section("system", "5.(3)", "质量管理体系的建立、实施与持续改进"),
    Section("activities", "5.(4)", "质量改进、质量攻关等群众性质量活动"),
    Section("quality_cost", "5.(4).2", "质量成本管理"),
    Section("statistics", "5.(4).2", "质量统计分析"),
    Section("assessment", "5.(4).2", "本企业内质量考核"),
    Section("strategy", "5.(5)", "企业质量发展战略、年度质量工作计划和质量安全保障措施"),
    Section("education", "5.(5)", "质量教育培训"),
    Section("culture", "5.(5)", "企业质量文化建设"),
)


def missing_sections(values: Mapping[str, object], *, vetoes: int) -> dict[str, str]:
    """Art. 5(一) to (五): what a report cannot do without, as field → sentence; 无 with a reason will do."""
    faults = {
        section.field: f"请填写“{section.title}”；没有开展的，请写“无”并说明原因。"
        for section in SECTIONS
        if not str(values.get(section.field) or "").strip()
    }
    used = values.get("used_veto")
    if used is None:
        faults["used_veto"] = f"请选择报告期内是否行使过质量安全“一票否决”{cited('5.(4)')}。"
    elif used and not vetoes:
        faults["used_veto"] = "行使过“一票否决”的，请逐次填写日期、对象、理由和结果。"
    elif not used and vetoes:
        faults["used_veto"] = "已填写“一票否决”记录，请选择“行使过”，或者清空记录。"
    return faults


def days_late(received_on: date, due_on: date) -> int:
    """Art. 12(二)(3) 未按时提供: days after the due day on which it was received; 0 on or before it."""
    return max((received_on - due_on).days, 0)


MONTHS = {"year": 12, "half_year": 6, "quarter": 3}


def _months(first: date, until: date) -> int | None:
    """Whole months from ``first`` to ``until`` (exclusive); None where days are left over."""
    return 12 * (until.year - first.year) + until.month - first.month if until.day == first.day else None


def cycle_fault(
    *, first_day: date, last_day: date, due_on: date, today: date, every: str | None = None, within: int | None = None
) -> tuple[str, str] | None:
    """Art. 12(二)(3) with design 1.9: a notice asks for what can still be given; (field, sentence) when it does not.

    ``every``: how often a report is asked for; ``within``: days from the period's end in which one may be given; None
    where neither measure nor reading says so.
    """
    if every and _months(first_day, last_day + timedelta(days=1)) != MONTHS[every]:
        return "last_day", f"规定的报告周期为 {MONTHS[every]} 个月，报告期须正好这样长。"
    if within is not None and due_on < last_day + timedelta(days=within):
        return "due_on", f"规定报告期结束后 {within} 天之内提供，期限不得早于这一天。"
    if due_on <= today:
        return "due_on", "报告期限须晚于发布通知的当天，企业才有时间提供报告。"
    if due_on <= last_day:
        return "due_on", "报告期限须晚于报告期的最后一天。"
    return None


def extension_fault(*, due_on: date, new_due: date, today: date) -> str | None:
    """Art. 12(二)(3) with design 1.9: a due day is put off while it has not passed, and only to a later day."""
    if today > due_on:
        return "报告期限已过，不能再延期；是否按时以原期限为准。"
    if new_due <= due_on:
        return "新的期限须晚于现在的期限。"
    return None
