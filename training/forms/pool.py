"""The forms of the talent pool and of continuing education."""

from django import forms

from registry.fields import DayField, PickField, TextField, UploadField
from registry.forms import GroupedForm
from registry.pages import PortalForm

WORDS = [("yes", "同意公开姓名"), ("no", "不同意公开，或者收回同意")]


class ConsentForm(GroupedForm):
    """What the person said of being named in public; agreeing needs the signed paper."""

    agreed = PickField(label="本人的意见", choices=WORDS, radios=True)
    evidence = UploadField(label="本人签字的同意书", required=False)

    groups = (
        ("本人怎么说？", "", ("agreed",)),
        ("有何证明？", "同意公开的，必须附本人签字的同意书；收回同意不需要材料。", ("evidence",)),
    )

    def clean(self):
        """Agreeing needs the paper."""
        cleaned = super().clean()
        if cleaned.get("agreed") == "yes" and not cleaned.get("evidence") and "evidence" not in self.errors:
            self.add_error("evidence", "同意公开姓名须附本人签字的同意书。")
        return cleaned


class LeaveForm(GroupedForm):
    """When and why somebody left the pool."""

    last_day = DayField(label="退出日期", past=True, help_text="不早于纳入之日。")
    reason = TextField(label="退出的理由", max_length=300, help_text="例如 本人书面申请退出；证书已撤销。")

    groups = (("何时、为何退出？", "", ("last_day", "reason")),)


class RecogniseForm(PortalForm):
    """The hours for which a course elsewhere is recognised."""

    hours = forms.IntegerField(
        label="认定学时",
        min_value=1,
        error_messages={"required": "请填写认定学时。", "invalid": "学时只填整数。", "min_value": "学时至少为 1。"},
    )

    def __init__(self, *args, most: int, **options):
        super().__init__(*args, **options)
        self.fields["hours"].initial = most or None
        self.fields["hours"].help_text = f"不超过课程的 {most} 学时。"
