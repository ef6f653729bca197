"""The forms of a 《质量课题改进计划》: the plan itself, and what is said when it goes on, is returned or stops."""

from registry.fields import DayField, LineField, RowField, TextField, UploadField
from registry.forms import GroupedForm
from registry.models import Candidate
from registry.pages import PortalForm


class PlanForm(GroupedForm):
    """What is to become better, how, and until when (Art. 8 ¶2)."""

    title = LineField(label="课题名称", max_length=60, help_text="例如 降低釉面砖色差不良率。")
    problem = TextField(
        label="存在的问题", max_length=1000, rows=4, help_text="现在的情况，尽量写明数据，例如不良率、退货次数。"
    )
    target = TextField(label="改进目标", max_length=500, help_text="到什么时候，达到什么程度，用什么数据衡量。")
    measures = TextField(label="改进措施", max_length=1500, rows=5, help_text="做什么，由谁做，分几步。")
    first_day = DayField(label="开始日期")
    last_day = DayField(label="完成日期", help_text="计划完成的日期；提前或者推迟完成都可以报告。")

    groups = (
        ("要改进什么？", "", ("title", "problem", "target")),
        ("怎样改进，何时完成？", "", ("measures", "first_day", "last_day")),
    )


class MendForm(PlanForm):
    """A plan that was returned: target and period stand since it was filed, so they are not asked again."""

    target = first_day = last_day = None


class NewPlanForm(PlanForm):
    """A plan for one of the enterprise's people in service."""

    candidate = RowField(label="人员", queryset=Candidate.unscoped.none(), help_text="从本企业在职人员中选一人。")

    groups = (("由谁实施？", "", ("candidate",)), *PlanForm.groups)
    field_order = ["candidate"]

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        self.fields["candidate"].queryset = people
        self.fields["candidate"].label_from_instance = lambda person: f"{person.name}（{person.reference}）"


class PlainForm(PortalForm):
    """Nothing is asked: the page says what the act does."""


class MidtermForm(PortalForm):
    """How it stands half-way."""

    text = TextField(label="进展情况", max_length=2000, rows=6, help_text="做了什么，数据有何变化，还有什么困难。")
    evidence = UploadField(label="证明材料", required=False)


class ReportForm(PortalForm):
    """Results and evidence of a project that is done."""

    text = TextField(label="改进的成效", max_length=2000, rows=6, help_text="对照改进目标，写明达到的数据。")
    evidence = UploadField(label="证明材料")


class ReturnProjectForm(PortalForm):
    """What is to be mended."""

    reason = TextField(label="需要修改的内容", max_length=500, rows=4, help_text="逐项写明，企业按此修改后重新报告。")


class ConfirmForm(PortalForm):
    """The completion is confirmed, perhaps with a word."""

    remark = TextField(label="确认意见", max_length=500, required=False, help_text="记入办理经过，可以不填。")


class StopForm(PortalForm):
    """Why it is given up."""

    reason = TextField(label="中止的原因", max_length=500)
