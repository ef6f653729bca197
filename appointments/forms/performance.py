"""The forms of 质量工作绩效: what was agreed for a year, and what became of it (Art. 12(二)(2))."""

from datetime import date

from django import forms

from appointments.models import Appointment, TargetSheet
from registry.actions.files import WANTED
from registry.fields import DayField, LineField, PickField, TextField, UploadField
from registry.pages import PortalForm

ROWS = 8  # offered for targets
COLUMNS = {"name": ("指标", 80), "goal": ("目标值", 120)}
OUTCOMES = [("met", "完成"), ("unmet", "未完成"), ("", "这次不填报")]


class TargetsWidget(forms.Widget):
    """A row for each target; those left empty are none."""

    template_name = "widgets/targets.html"
    use_fieldset = True

    def value_from_datadict(self, data, files, name):
        return [tuple(data.get(f"{name}_{n}_{part}", "") for part in COLUMNS) for n in range(ROWS)]

    def value_omitted_from_data(self, data, files, name):
        return f"{name}_0_name" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        told = [*(value or ()), *[("", "")] * ROWS][:ROWS]
        context["widget"] |= {"rows": [{"n": n, "name": name, "goal": goal} for n, (name, goal) in enumerate(told)]}
        return context

    def id_for_label(self, id_):
        return f"{id_}_0"


class TargetsField(forms.Field):
    """Targets with their goals; cleans to a list of (name, goal). Each fault names its row."""

    widget = TargetsWidget

    def clean(self, value):
        found, faults = [], []
        for n, row in enumerate(value, start=1):
            if not any(text.strip() for text in row):
                continue
            try:
                found.append(
                    tuple(
                        LineField(label=label, max_length=longest).clean(text)
                        for (label, longest), text in zip(COLUMNS.values(), row, strict=True)
                    )
                )
            except forms.ValidationError as error:
                faults += [f"第 {n} 项：{sentence}" for sentence in error.messages]
        if not found and not faults:
            faults.append("请至少填写一项指标，并写明目标值。")
        if faults:
            raise forms.ValidationError(faults)
        return found


class TargetsForm(PortalForm):
    """An agreement between enterprise and CQO for a year."""

    year = PickField(label="年度", choices=[], radios=True)
    targets = TargetsField(label="约定了哪些指标？", help_text="例如 出厂检验一次合格率，不低于 99.2%。空着的行不计。")
    agreed_on = DayField(label="约定日期", past=True)
    agreement = UploadField(label="绩效约定书", help_text=f"企业和首席质量官签字的约定书。{WANTED}")

    def __init__(self, *args, appointment: Appointment, today: date, **options):
        super().__init__(*args, **options)
        years = years_to_agree(appointment, today)
        self.fields["year"].choices = [(str(year), f"{year}年") for year in years]
        self.fields["year"].initial = str(years[0]) if years else None

    def agreed(self) -> dict:
        """Keywords of ``record_targets``, without the file."""
        said = {name: value for name, value in self.values().items() if name != "agreement"}
        return said | {"year": int(said["year"])}


def years_to_agree(appointment: Appointment, today: date) -> list[int]:
    """The years of the term that are not over."""
    if not appointment.in_force:
        return []
    first = max(appointment.in_force.lower.year, today.year)
    return list(range(first, appointment.last_day.year + 1))


class ResultsForm(PortalForm):
    """What became of each target, with one file of evidence for those told now."""

    evidence = UploadField(label="证明材料", help_text=f"本次填报各项的证明，合为一份。{WANTED}")

    def __init__(self, *args, sheet: TargetSheet, **options):
        super().__init__(*args, **options)
        self.targets = list(sheet.targets.all())
        for target in self.targets:
            n = target.position
            self.fields[f"met_{n}"] = PickField(
                label=f"“{target.name}”完成了吗？", choices=OUTCOMES, radios=True, required=False
            )
            self.fields[f"words_{n}"] = TextField(
                label=f"“{target.name}”的完成情况", max_length=500, rows=2, required=False,
                help_text=f"对照目标值“{target.goal}”，写明达到的数据。",
            )  # fmt: skip
        self.order_fields([name for name in self.fields if name != "evidence"])

    def rows(self):
        """Each target with its two fields."""
        return [(target, self[f"met_{target.position}"], self[f"words_{target.position}"]) for target in self.targets]

    def clean(self):
        """A target is told of by both its outcome and its words."""
        cleaned = super().clean()
        for target in self.targets:
            met, words = f"met_{target.position}", f"words_{target.position}"
            if cleaned.get(met) and not cleaned.get(words) and words not in self.errors:
                self.add_error(words, f"请写明“{target.name}”的完成情况。")
            if cleaned.get(words) and not cleaned.get(met) and met not in self.errors:
                self.add_error(met, f"请选择“{target.name}”是否完成。")
        return cleaned

    def results(self) -> dict[int, tuple[bool, str]]:
        """Keywords of ``record_results``: by the target's position."""
        said = {n: (self.cleaned_data[f"met_{n}"], self.cleaned_data[f"words_{n}"]) for n in self._positions()}
        return {n: (met == "met", words) for n, (met, words) in said.items() if met}

    def _positions(self) -> list[int]:
        return [target.position for target in self.targets]
