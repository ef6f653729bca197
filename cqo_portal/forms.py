"""What the municipal bureau fills in when it reads an open question (Art. 13)."""

from django import forms

from registry.fields import DayField, LineField, PickField, TextField
from registry.forms import GroupedForm
from registry.measures import Answer
from registry.models import Interpretation

EARLIEST, LATEST = 2016, 2099
NUMBER_WRONG = "请填写 0 至 10000 的整数。"


def _reading_field(question: Interpretation) -> forms.Field | None:
    """The field that answers this kind of question; None where its text alone is the answer."""
    match question.answer:
        case Answer.CHOICE:
            return PickField(label="选定的读法", choices=question.options, radios=True)
        case Answer.NUMBER:
            return forms.IntegerField(
                label="选定的数值",
                min_value=0,
                max_value=10_000,
                widget=forms.TextInput({"inputmode": "numeric"}),
                error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), NUMBER_WRONG),
            )
    return None


class InterpretationForm(GroupedForm):
    """A reading of one question: its number, what is chosen, the text as published, and from when."""

    number = LineField(label="口径编号", max_length=60, help_text="照公布的文件填写，例如 清质监口径〔2026〕3 号。")
    text = TextField(label="口径正文", max_length=1000, rows=6, help_text="照公布的文字录入，在公开页面展示。")
    decided_on = DayField(label="作出日期", earliest=EARLIEST, past=True)
    effective_from = DayField(
        label="生效日期",
        earliest=EARLIEST,
        latest=LATEST,
        help_text="自这一天起适用。现行口径适用到前一天，须晚于它的生效日期。",
    )

    groups = (
        ("怎样解释？", "", ("reading", "text")),
        ("编号是什么，从哪一天起适用？", "", ("number", "decided_on", "effective_from")),
    )

    def __init__(self, *args, question: Interpretation, **options):
        super().__init__(*args, **options)
        if field := _reading_field(question):
            self.fields["reading"] = field

    def said(self) -> dict:
        """Keywords of ``record_interpretation``; where the text alone is the answer, it is the reading, on one line."""
        values = self.values()
        return {"reading": " ".join(values["text"].split())} | values
