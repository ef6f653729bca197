"""What a page of statistics is asked by: a day, and how long the periods of its series are."""

from datetime import date

from django import forms

from cqo_portal.statistics.declared import Step
from registry.fields import DayField, DayWidget, PickField

EARLIEST = 2016


class DayOfAddress(DayWidget):
    """Three boxes; a link gives the day in one piece, as ``2026-11-22``."""

    def value_from_datadict(self, data, files, name):
        boxes = super().value_from_datadict(data, files, name)
        return boxes if any(boxes) else data.get(name, "").split("-", 2)


class AskedForm(forms.Form):
    """As of which day, in which step; without a day as of today."""

    day = DayField(label="统计日", required=False, past=True, earliest=EARLIEST)
    by = PickField(label="期间", choices=Step.choices, required=False)

    def __init__(self, data, *, today: date):
        asked = {name: data[name] for name in data if name == "by" or name.startswith("day")}
        super().__init__(asked or {"day": today.isoformat()})
        self.today = today
        self.fields["day"].widget = DayOfAddress()
        self.fields["by"].choices = Step.choices

    def clean(self):
        return super().clean() | {"step": self.cleaned_data.get("by") or Step.MONTH}

    @property
    def asked_day(self) -> date:
        """The day asked about; today where none or no good one was given."""
        return self.cleaned_data.get("day") or self.today
