"""Training's forms."""

from django import forms

from registry.fields import DayField, LineField, PickField
from registry.forms import FactForm
from registry.rules import day_words
from training.models import TrainingRecord
from training.states import TrainingKind


class TrainingForm(FactForm):
    """A training that a person completed (Art. 6(五), Art. 8)."""

    model, slug, legend = TrainingRecord, "training", "完成了什么培训？"
    lead = "任职培训合格的，由培训机构发给证书（第八条）。没有证书也可以任命，登记时注明。"
    asked = ("kind", "body_name", "certificate_number", "completed_on", "hours")

    kind = PickField(label="培训类别", choices=TrainingKind.choices, radios=True)
    body_name = LineField(label="培训机构", max_length=80)
    certificate_number = LineField(label="证书编号", max_length=60)
    completed_on = DayField(label="发证日期", past=True)
    hours = forms.IntegerField(
        label="学时",
        required=False,
        min_value=1,
        max_value=1000,
        error_messages={"invalid": "学时只填整数。", "min_value": "学时至少为 1。", "max_value": "学时最多为 1000。"},
    )

    @staticmethod
    def described(fact):
        hours = f"，{fact.hours} 学时" if fact.hours else ""
        first = f"{fact.get_kind_display()}，{fact.body_name}"
        return first, f"{day_words(fact.completed_on)}发证，证书编号 {fact.certificate_number}{hours}"
