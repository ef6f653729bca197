"""Form fields that read what people really type, and answer in sentences."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial

from django import forms
from django.conf import settings
from django.utils import timezone

from registry import cleaning
from registry.actions.files import WANTED, inspect
from registry.refusals import Refused


def plain_line(value: str) -> str:
    """The text, trimmed; raises ValidationError for control characters and pictographs, which no paper can print."""
    return _fit(cleaning.plain_line, value)


def _fit(clean: Callable, value: object, *label: str):
    """What a rule makes of a value; its refusal as a form tells it."""
    try:
        return clean(value, *label)
    except cleaning.Unfit as unfit:
        raise forms.ValidationError(str(unfit)) from None


class LineField(forms.CharField):
    """A line of text."""

    def __init__(self, **options):
        super().__init__(**options)
        longest = options.get("max_length")
        self.error_messages |= {"required": f"请填写{self.label}。"}
        if longest:
            message = f"{self.label}最多 {longest} 个字，现为 %(show_value)s 个字。"
            for validator in self.validators:
                if getattr(validator, "limit_value", None) == longest:
                    validator.message = message

    def to_python(self, value):
        return plain_line(super().to_python(value))


class TextField(LineField):
    """Several lines of text."""

    def __init__(self, rows: int = 3, **options):
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)


class PersonNameField(LineField):
    """A person's name: Han characters with 间隔号, or Latin letters."""

    def to_python(self, value):
        return _fit(cleaning.person_name, super().to_python(value), self.label)


class PhoneField(LineField):
    """A mainland mobile number."""

    def to_python(self, value):
        return _fit(cleaning.mobile, super().to_python(value), self.label)


class CreditCodeField(LineField):
    """A credit code, both checks (GB 32100, GB 11714)."""

    def to_python(self, value):
        return _fit(cleaning.credit_code, super().to_python(value))


class CodeField(LineField):
    """A number of an ID paper, normalised; the act checks it by its type."""

    def to_python(self, value):
        return cleaning.code(super().to_python(value))


def _choice_messages(label: str) -> dict[str, str]:
    return {"required": f"请选择{label}。", "invalid_choice": f"{label}不在可选范围内，请重新选择。"}


class PickField(forms.ChoiceField):
    """One of a few: radios, or a list where there are many."""

    def __init__(self, *, choices, radios: bool = False, empty: str = "", **options):
        widget = forms.RadioSelect if radios else forms.Select
        if not radios:
            nothing = "请选择" if options.get("required", True) else "不限"
            choices = [("", empty or nothing), *choices]
        super().__init__(choices=choices, widget=widget, **options)
        self.error_messages |= _choice_messages(self.label)


class RowField(forms.ModelChoiceField):
    """One of the rows this person may see. The queryset is set by the form, from ``visible_to``."""

    def __init__(self, *, queryset, to_field_name="reference", **options):
        super().__init__(queryset=queryset, to_field_name=to_field_name, empty_label="请选择", **options)
        self.error_messages |= _choice_messages(self.label)


class DayWidget(forms.MultiWidget):
    """Year, month, day in three boxes."""

    template_name = "widgets/day.html"
    use_fieldset = True

    def __init__(self, attrs=None):
        boxes = {
            "year": forms.TextInput({"inputmode": "numeric", "aria-label": "年", "maxlength": 4}),
            "month": forms.TextInput({"inputmode": "numeric", "aria-label": "月", "maxlength": 2}),
            "day": forms.TextInput({"inputmode": "numeric", "aria-label": "日", "maxlength": 2}),
        }
        super().__init__(boxes, attrs)

    def decompress(self, value):
        return [value.year, value.month, value.day] if value else ["", "", ""]

    def id_for_label(self, id_):
        return f"{id_}_0"


class DayField(forms.MultiValueField):
    """A day in three boxes; full-width digits are read too. Raises ValidationError for a day that does not exist.

    ``past`` refuses days after today.
    """

    widget = DayWidget

    def __init__(self, *, earliest: int = 1900, latest: int = 2100, past: bool = False, **options):
        self.earliest, self.latest, self.past = earliest, latest, past
        boxes = [forms.CharField(required=False) for _ in range(3)]
        super().__init__(fields=boxes, require_all_fields=False, **options)
        self.error_messages |= {"required": f"请填写{self.label}的年、月、日。"}

    def clean(self, value):
        parts = [unicodedata.normalize("NFKC", str(part or "")).strip() for part in value or ["", "", ""]]
        if not any(parts):
            if self.required:
                raise forms.ValidationError(self.error_messages["required"])
            return None
        if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
            raise forms.ValidationError(f"{self.label}的年、月、日都要填写，只填数字，例如 2026 年 12 月 1 日。")
        year, month, day = map(int, parts)
        if not self.earliest <= year <= self.latest:
            raise forms.ValidationError(f"{self.label}的年份应在 {self.earliest} 年至 {self.latest} 年之间。")
        try:
            found = date(year, month, day)
        except ValueError:
            raise forms.ValidationError(f"{self.label}不是真实的日期：{year} 年没有 {month} 月 {day} 日。") from None
        return _fit(partial(cleaning.past_day, today=timezone.localdate()), found, self.label) if self.past else found


class UploadField(forms.FileField):
    """A PDF, JPG or PNG, checked by content; cleans to (name, bytes that were inspected)."""

    widget = forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})

    def __init__(self, **options):
        options.setdefault("help_text", WANTED)
        super().__init__(max_length=200, **options)
        self.error_messages |= {
            "required": f"请选择{self.label}的文件。",
            "empty": "文件是空的，请重新选择。",
            "max_length": "文件名太长，请改短后再上传。",
            "invalid": "没有收到文件，请重新选择。",
        }

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if not upload:
            return None
        if upload.size > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(f"文件超过 10 MB。{WANTED}")
        try:
            return upload.name, inspect(upload.read())
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
