"""The figures that the portal reckons with: a measure gives each of them or asks its bureau, and gives no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices

from registry.measures.checks import Check, one_of, table, whole, words, yes_no
from registry.states import EducationLevel, QualificationLevel, SizeBand

GROUNDS = ("1", "2", "3")  # the closed list of Art. 12(二), in the order of the text
NUMBER = whole(0, 10_000)


Value = int | str | bool | dict[str, int] | dict[str, str]


class Answer(TextChoices):
    """What kind of reading answers an open question."""

    CHOICE = "choice", "选项"
    NUMBER = "number", "数字"
    TEXT = "text", "文字"


@dataclass(frozen=True)
class Parameter:
    """What one parameter is called, which values can be carried out, how a value is said.

    ``answer``: what kind of reading can decide it; None where none can. ``open``: a measure may leave it to its bureau.
    ``by_size``: it may differ by the size of the enterprise.
    """

    label: str
    check: Check
    say: Callable[[object], str] = str
    answer: Answer | None = None
    open: bool = False
    by_size: bool = False


def _figure(low: int, high: int, unit: str) -> dict:
    return {"check": whole(low, high), "say": lambda value: f"{value} {unit}", "answer": Answer.NUMBER}


def _code(**names: str) -> dict:
    return {"check": one_of(names), "say": names.__getitem__, "answer": Answer.CHOICE}


def _level(levels: type[TextChoices]) -> dict:
    return {"check": one_of(levels.values), "say": lambda value: f"{levels(value).label}以上", "answer": Answer.CHOICE}


def _only_true(value) -> str | None:
    """The database asks for the reason of an exception whatever the measure: a measure without it is none of ours."""
    return yes_no(value) or (None if value else "门户只能执行 true：不在企业决策层的，须写明理由。")


def _targets(value: Mapping[str, int]) -> str:
    return "；".join(f"{year}年 {share}%" for year, share in sorted(value.items())) or "没有规定目标"


def _grounds(value: Mapping[str, str]) -> str:
    return "；".join(f"（{number}）{value[number]}" for number in GROUNDS)


# A file must say something of each of them and of no other: a measure is never half-obeyed.
PARAMETERS: dict[str, Parameter] = {
    # Art. 2, 11: whom one appoints, and for how long
    "term_years": Parameter("聘任期限", **_figure(1, 10, "年")),
    "decision_level_expected": Parameter("一般应设在企业决策层", _only_true, lambda _value: "是，例外须写明理由"),
    "renewal_window_days": Parameter("续聘最早提前", **_figure(0, 3650, "天")),
    # Art. 6(三): qualification, or education and experience
    "qualification_level": Parameter("职业资格", **_level(QualificationLevel), by_size=True),
    "education": Parameter("学历", **_level(EducationLevel), by_size=True),
    "experience_years": Parameter("质量工作经历", **_figure(1, 40, "年以上"), by_size=True),
    "experience_as_of": Parameter(
        "经历计算到", **_code(term_start="聘期首日", submission="提交之日", filing="登记之日")
    ),
    # Art. 6(五), 8: training, and what follows from it
    "training_hours": Parameter("任职培训不少于", **_figure(1, 1000, "学时"), open=True),
    "pass_mark": Parameter("考核合格线", **_figure(1, 100, "分"), open=True),
    "certificate_meaning": Parameter("资格证书", **_code(same="即培训证书", different="另有资格证书")),
    "ce_hours": Parameter("继续教育每年不少于", **_figure(0, 10_000, "学时"), open=True),
    "ce_course_number": Parameter("继续教育每年不少于", **_figure(0, 100, "门课程"), open=True),
    "ce_outside_courses": Parameter("其他机构的课程", **_code(not_counted="不计入", counted="经市局认定的计入")),
    # Art. 4, 9: coverage and filing
    "coverage_targets": Parameter("规模以上企业覆盖目标", table(words(4, r"20[0-9]{2}"), whole(0, 100)), _targets),
    "filing_ends": Parameter("登记备案办结", **_code(county="在县级局", city="在市局")),
    # Art. 12(二): reports and recommendations
    "report_cycle": Parameter("履职报告周期", **_code(year="每年", half_year="每半年", quarter="每季度"), open=True),
    "report_due_days": Parameter("履职报告期限", **_figure(0, 366, "天（报告期结束后）"), open=True),
    "grounds": Parameter("建议解除聘任的情形", table(one_of(GROUNDS), words(60), exactly=GROUNDS), _grounds),
    "ground_two_and": Parameter("第二种情形的“和”", **_code(both="两项均未完成", either="其中一项未完成"), open=True),
    "recommendation_signatory": Parameter("建议由谁签发", **_code(municipal="市局", county="县级局也可以")),
}


def said(name: str, value: Value | None, by_size: dict[str, Value] | None = None) -> str:
    """A parameter's value as a person reads it, with what differs by the size of the enterprise."""
    say = PARAMETERS[name].say
    if value is None:
        return "没有规定，由市局解释"
    sizes = [f"{SizeBand(size).label}企业{say(other)}" for size, other in (by_size or {}).items()]
    return "；".join([say(value), *sizes])


def size_check(check: Check) -> Check:
    """The check of a table by size of enterprise, each value like the general one."""
    return table(one_of(SizeBand.values), check)
