"""The forms of a duty report: its sections by Art. 5, the log of vetoes, and what the bureau does with it."""

from datetime import date

from django import forms

from appointments.models import DutyReport, ReportCycle, ReportDuty
from appointments.rules import SECTIONS
from registry.fields import DayField, LineField, RowField, TextField, UploadField
from registry.models import StoredFile, User
from registry.pages import PortalForm
from registry.rules import day_words

USED = [("yes", "行使过"), ("no", "没有行使过")]
LONGEST_LOG = 60  # rows of vetoes in one report
BOXES = ("year", "month", "day")
COLUMNS = {"subject": ("否决的对象", 120), "reason": ("理由", 300), "result": ("结果", 300)}


class VetoLog(list):
    """Vetoes as dicts of day, subject, reason and result, which say themselves in words."""

    def __str__(self):
        return "；".join(f"{day_words(veto['day'])}{veto['subject']}" for veto in self)


class VetoesWidget(forms.Widget):
    """A block of boxes for each veto; those left empty are none. ``blanks``: how many empty ones are offered."""

    template_name = "widgets/vetoes.html"
    use_fieldset = True
    blanks = 1

    def value_from_datadict(self, data, files, name):
        rows = []
        while len(rows) < LONGEST_LOG and f"{name}_{len(rows)}_subject" in data:
            n = len(rows)
            rows.append({part: data.get(f"{name}_{n}_{part}", "") for part in (*BOXES, *COLUMNS)})
        return rows

    def value_omitted_from_data(self, data, files, name):
        return f"{name}_0_subject" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        told = [self._shown(row) for row in value or ()]
        told = [row for row in told if any(row.values())]
        told += [dict.fromkeys((*BOXES, *COLUMNS), "")] * min(self.blanks, LONGEST_LOG - len(told))
        rows = [
            {"n": n, "day": [(part, row[part]) for part in BOXES],
             "parts": [(part, label, longest, row[part]) for part, (label, longest) in COLUMNS.items()]}
            for n, row in enumerate(told)
        ]  # fmt: skip
        context["widget"] |= {"rows": rows}
        return context

    @staticmethod
    def _shown(row: dict) -> dict:
        """A veto on file as its boxes hold it; what was typed as it was typed."""
        if "day" not in row or isinstance(row["day"], str):
            return row
        day = row["day"]
        return row | dict(zip(BOXES, (day.year, day.month, day.day), strict=True))

    def id_for_label(self, id_):
        return f"{id_}_0"


class VetoesField(forms.Field):
    """The log of vetoes; cleans to a ``VetoLog``. Each fault names its row; a day outside the period is one."""

    widget = VetoesWidget

    def __init__(self, *, first_day: date | None = None, last_day: date | None = None, **options):
        super().__init__(**options)
        self.first_day, self.last_day = first_day, last_day

    def clean(self, value):
        found, faults = VetoLog(), []
        for n, row in enumerate(value or (), start=1):
            if not any(text.strip() for text in row.values()):
                continue
            try:
                found.append(self._row(row))
            except forms.ValidationError as error:
                faults += [f"第 {n} 次：{sentence}" for sentence in error.messages]
        if faults:
            raise forms.ValidationError(faults)
        return found

    def _row(self, row: dict) -> dict:
        day = DayField(label="日期").clean([row[part] for part in BOXES])
        if self.first_day and not self.first_day <= day <= self.last_day:
            within = f"{day_words(self.first_day)}至{day_words(self.last_day)}"
            raise forms.ValidationError(f"日期须在报告期内（{within}）。")
        texts = {
            part: LineField(label=label, max_length=longest).clean(row[part])
            for part, (label, longest) in COLUMNS.items()
        }
        return {"day": day} | texts


class UsedField(forms.TypedChoiceField):
    """Whether the veto was used: yes, no, or not answered yet (None)."""

    def __init__(self):
        super().__init__(
            label="报告期内是否行使过质量安全“一票否决”？",
            choices=USED,
            coerce={"yes": True, "no": False}.get,
            empty_value=None,
            widget=forms.RadioSelect,
            required=False,
            error_messages={"invalid_choice": "请选择“行使过”或者“没有行使过”。"},
        )

    def prepare_value(self, value):
        """The answer on file as its choice."""
        return {True: "yes", False: "no"}.get(value, value)


class SectionsForm(PortalForm):
    """Abstract: what a report says, by the sections of Art. 5. Everything may be left for later."""

    used_veto = UsedField()
    vetoes = VetoesField(
        label="“一票否决”记录",
        required=False,
        help_text="逐次填写日期、对象、理由和结果；空着的不计。",
    )

    def __init__(self, *args, cycle: ReportCycle, **options):
        super().__init__(*args, **options)
        for section in SECTIONS:
            self.fields[section.field] = TextField(label=section.title, max_length=3000, rows=4, required=False)
        self.fields["vetoes"].first_day, self.fields["vetoes"].last_day = cycle.first_day, cycle.last_day
        self.order_fields(["token", "version", *(s.field for s in SECTIONS[:8]), "used_veto", "vetoes"])

    def asked(self, *clauses: str) -> list[forms.BoundField]:
        """The sections that ask about these clauses."""
        return [self[section.field] for section in SECTIONS if section.clause in clauses]


def on_file(report: DutyReport | None) -> dict:
    """What stands in a report, as its form starts from it."""
    if report is None:
        return {}
    said = {section.field: getattr(report, section.field) for section in SECTIONS}
    return said | {"used_veto": report.used_veto, "vetoes": vetoes_of(report)}


def vetoes_of(report: DutyReport) -> VetoLog:
    """The log on file."""
    return VetoLog(report.vetoes.values("day", "subject", "reason", "result"))


class ReportForm(SectionsForm):
    """A report as the enterprise writes it: starts from what is on file, and saves what is valid."""

    file = UploadField(label="添加附件", required=False)

    def __init__(self, *args, duty: ReportDuty, report: DutyReport | None, blanks: int = 1, **options):
        self.report = report
        version = report.version if report else 1
        super().__init__(*args, cycle=duty.cycle, initial=on_file(report), version=version, **options)
        self.fields["vetoes"].widget.blanks = blanks

    def kept(self) -> dict:
        """The values that are valid; vetoes only where the whole log is."""
        return {name: value for name, value in self.values().items() if name != "file"}

    def seen_version(self) -> int:
        """The version to write against: where both say the same, nothing is lost by writing over the newer one."""
        now = on_file(self.report)
        same = self.report is not None and all(now[name] == value for name, value in self.kept().items())
        return self.report.version if same else self.cleaned_data["version"]

    def show_conflict(self, row: ReportDuty) -> None:
        """Hold what was typed against what stands on file now; the report may not have been there before."""
        report = getattr(row, "report", None)
        now = on_file(report)
        for name, value in self.kept().items():
            if name in now and now[name] != value:
                self.conflict.append((self.fields[name].label, *(_said(name, said) for said in (value, now[name]))))
        self.data = self.data.copy()
        self.data["version"] = str(report.version if report else 1)


def _said(name: str, value) -> str:
    return {True: "行使过", False: "没有行使过", None: ""}[value] if name == "used_veto" else str(value)


class SubmitReportForm(PortalForm):
    """The CQO stands to what is written."""

    sure = forms.BooleanField(error_messages={"required": "请确认报告内容由首席质量官本人核对，与事实相符。"})

    def __init__(self, *args, name: str, **options):
        super().__init__(*args, **options)
        self.fields["sure"].label = f"报告内容已由首席质量官{name}核对，与事实相符"


class CounterReportForm(SectionsForm):
    """代录: when the paper came in, its scan, and what of it is copied out; the scan is the report."""

    received_on = DayField(label="收到日期", past=True, help_text="纸质报告交到窗口的日期，决定是否按时。")
    scan = UploadField(label="纸质报告扫描件", required=False)
    stored = RowField(
        label="已上传的扫描件", queryset=StoredFile.unscoped.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args, duty: ReportDuty, user: User, **options):
        super().__init__(*args, cycle=duty.cycle, **options)
        own = StoredFile.unscoped.visible_to(user).filter(enterprise=duty.enterprise, internal=False)
        self.fields["stored"].queryset = own
        self.order_fields(["token", "received_on", "scan"])

    def clean(self):
        """The scan is what makes a transcript one (design 1.15)."""
        cleaned = super().clean()
        if not cleaned.get("scan") and not cleaned.get("stored") and "scan" not in self.errors:
            self.add_error("scan", "代录须附纸质报告的扫描件。")
        return cleaned

    def copied(self) -> dict:
        """What was copied out of the paper, by section."""
        return {name: value for name, value in self.values().items() if name not in ("received_on", "scan", "stored")}

    @property
    def copied_at_fault(self) -> bool:
        """Whether anything below the fold is to be corrected."""
        return any(name not in ("received_on", "scan") for name in self.errors)


class ReturnReportForm(PortalForm):
    """What is to be added."""

    reason = TextField(label="需要补充的内容", max_length=500, rows=4, help_text="逐项写明，企业按此补充后重新提交。")


class NoteForm(PortalForm):
    """The report was read, perhaps with a word."""

    remark = TextField(label="收阅说明", max_length=500, required=False, help_text="记入办理经过，可以不填。")
