"""The form of a training on a person's file."""

from django import forms

from registry.citing import cited_late
from registry.fields import DayField, LineField, PickField, RowField
from registry.forms import FactForm
from registry.rules import day_words
from training.models import TrainingBody, TrainingRecord
from training.states import TrainingKind


class TrainingForm(FactForm):
    """A training that a person completed (Art. 6(五), Art. 8 ¶1)."""

    model, slug, legend = TrainingRecord, "training", "完成了什么培训？"
    lead = cited_late("任职培训合格的，由培训机构发给证书{}。没有证书也可以任命，登记时注明。", "8.1")
    asked = ("kind", "body", "body_name", "certificate_number", "completed_on", "hours")

    kind = PickField(label="培训类别", choices=TrainingKind.choices, radios=True)
    body = RowField(
        label="培训机构",
        required=False,
        queryset=TrainingBody.unscoped.none(),
        help_text="质监部门和认可的机构在名录中选；本平台发的证书，填证书编号即可核对。",
    )
    body_name = LineField(label="名录中没有的机构", required=False, max_length=80, help_text="名录中已选的，不填。")
    certificate_number = LineField(label="证书编号", max_length=60)
    completed_on = DayField(label="发证日期", past=True)
    hours = forms.IntegerField(
        label="学时",
        required=False,
        min_value=1,
        max_value=1000,
        error_messages={"invalid": "学时只填整数。", "min_value": "学时至少为 1。", "max_value": "学时最多为 1000。"},
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["body"].queryset = TrainingBody.unscoped.all()
        self.fields["body"].empty_label = "名录中没有"

    def clean(self):
        """The name of a body on the register is the register's; one of the two is asked."""
        told = super().clean()
        if body := told.get("body"):
            told["body_name"] = body.name
        elif not told.get("body_name") and "body_name" not in self.errors:
            self.add_error("body_name", "请在名录中选定培训机构；名录中没有的，填写名称。")
        return told

    @staticmethod
    def described(fact):
        hours = f"，{fact.hours} 学时" if fact.hours else ""
        first = f"{fact.get_kind_display()}，{fact.body_name}"
        return first, f"{day_words(fact.completed_on)}发证，证书编号 {fact.certificate_number}{hours}"
