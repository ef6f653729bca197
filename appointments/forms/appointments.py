"""What people fill in about an appointment. Drafts may be incomplete: only impossible facts are faults here."""

from django import forms
from django.utils.text import format_lazy

from appointments.models import Appointment
from appointments.rules import Criterion, default_opinion
from appointments.states import FILED_KINDS, Appointer, EndReason, State
from registry.citing import cite_late, cited
from registry.fields import DayField, LineField, PickField, RowField, TextField, UploadField
from registry.models import Candidate, StoredFile, User
from registry.pages import PortalForm

LEVELS = [("yes", "属于"), ("no", "不属于")]
EARLIEST, LATEST = 2000, 2100  # years a day of an appointment may lie in


class LevelField(forms.TypedChoiceField):
    """属于企业决策层吗: yes, no, or not answered yet (None)."""

    def __init__(self, **options):
        meaning = {"yes": True, "no": False}
        super().__init__(
            choices=LEVELS, coerce=meaning.get, empty_value=None, widget=forms.RadioSelect, required=False, **options
        )
        self.error_messages |= {"invalid_choice": f"{self.label}请选择“属于”或者“不属于”。"}

    def prepare_value(self, value):
        """The answer on file as its choice."""
        return {True: "yes", False: "no"}.get(value, value)


class StepForm(PortalForm):
    """One step of preparing an appointment: starts from what is on file, and saves what is valid."""

    def __init__(self, *args, appointment: Appointment, remarks: dict[str, str] | None = None, **options):
        self.appointment = appointment
        on_file = {name: getattr(appointment, name) for name in self.base_fields if hasattr(appointment, name)}
        options.setdefault("initial", on_file)  # not the token: each form brings its own
        super().__init__(*args, version=appointment.version, **options)
        for name, remark in (remarks or {}).items():
            if name in self.fields:
                self.fields[name].help_text = f"退回意见：{remark}"

    def kept(self) -> dict:
        """The values of this step that are the appointment's own."""
        return {name: value for name, value in self.values().items() if hasattr(self.appointment, name)}

    def seen_version(self) -> int:
        """The version to write against: where both say the same, nothing is lost by writing over the newer one."""
        same = all(getattr(self.appointment, name) == value for name, value in self.kept().items())
        return self.appointment.version if same else self.cleaned_data["version"]


class DeclarationsForm(StepForm):
    """第二步 承诺和材料 (Art. 6(一)(二)(四))."""

    declares_ethics = forms.BooleanField(label=cite_late("6.(1)"), required=False)
    declares_knowledge = forms.BooleanField(label=cite_late("6.(2)"), required=False)
    declares_independence = forms.BooleanField(label=cite_late("6.(4)"), required=False)
    kind = PickField(
        label="材料类别", choices=[(kind.value, kind.label) for kind in FILED_KINDS], empty="请选择", required=False
    )
    file = UploadField(label="材料", required=False)

    def clean(self):
        """A file is put on file under its kind: which one must be said."""
        cleaned = super().clean()
        if cleaned.get("file") and not cleaned.get("kind"):
            self.add_error("kind", "请选择材料类别，再上传。")
        return cleaned


class PostForm(StepForm):
    """第三步 职务与授权 (Art. 11)."""

    position = LineField(label="在本企业的职务", max_length=40, required=False)
    in_decision_level = LevelField(label="属于企业决策层吗？")
    exception_reason = TextField(label="不在决策层的理由", max_length=200, required=False)
    quality_department = LineField(label="质量管理", max_length=40, required=False)
    inspection_department = LineField(label="质量检验", max_length=40, required=False)
    safety_department = LineField(label="质量安全", max_length=40, required=False)
    departments_report = forms.BooleanField(label="以上部门均隶属于首席质量官直接领导", required=False)
    appointer = PickField(label="任命人", choices=Appointer.choices, radios=True, required=False)
    first_day = DayField(label="聘任首日", earliest=EARLIEST, latest=LATEST, required=False)

    def __init__(self, *args, appointment: Appointment, **options):
        super().__init__(*args, appointment=appointment, **options)
        names = appointment.enterprise.appointers()
        self.fields["appointer"].choices = [(key, f"{names[key]}（{label}）") for key, label in Appointer.choices]
        if appointment.state == State.RETURNED:
            del self.fields["first_day"]  # fixed by submission (Art. 11)


class PersonForm(PortalForm):
    """第一步 选定人选: one of the enterprise's people in service."""

    candidate = RowField(label="人选", queryset=Candidate.unscoped.none(), widget=forms.RadioSelect)

    def __init__(self, *args, people, **options):
        super().__init__(*args, **options)
        self.fields["candidate"].queryset = people
        self.fields["candidate"].empty_label = None


class ActForm(PortalForm):
    """An act on an appointment as the page showed it."""

    def __init__(self, *args, appointment: Appointment, **options):
        super().__init__(*args, version=appointment.version, **options)

    def show_conflict(self, row) -> None:
        """What is typed here stands beside the row, not in it: take up its version, keep the text."""
        self.data = self.data.copy()
        self.data["version"] = str(row.version)


class SubmitForm(ActForm):
    """第四步 核对: the appointer decided, and what is written is true."""

    sure = forms.BooleanField(error_messages={"required": "请确认任命人已决定作出上述任命，填写内容与事实相符。"})

    def __init__(self, *args, appointment: Appointment, **options):
        super().__init__(*args, appointment=appointment, **options)
        self.fields["sure"].label = f"{appointment.appointer_name or '任命人'}已决定作出上述任命，填写内容与事实相符"


class OpinionForm(ActForm):
    """核对 or 登记: an opinion for each criterion that is unmet or to be verified (Art. 9)."""

    def __init__(self, *args, appointment: Appointment, wanted: list[Criterion], written: dict[str, str], **options):
        super().__init__(*args, appointment=appointment, **options)
        for criterion in wanted:
            self.fields[f"opinion_{criterion.key}"] = TextField(
                label=f"对“{criterion.title}”的意见",
                max_length=200,
                initial=written.get(criterion.key) or default_opinion(criterion),
                help_text="；".join(criterion.evidence),
            )

    def opinions(self) -> dict[str, str]:
        """Criterion's key → opinion."""
        return {name.removeprefix("opinion_"): text for name, text in self.values().items()}


class ReturnForm(ActForm):
    """退回补正: which fields are at fault, and what about each."""

    def __init__(self, *args, appointment: Appointment, described: dict[str, tuple[str, str]], **options):
        super().__init__(*args, appointment=appointment, **options)
        self.described = described
        for name, (label, said) in described.items():
            self.fields[f"at_{name}"] = forms.BooleanField(label=label, required=False, help_text=said)
            self.fields[f"remark_{name}"] = LineField(label=f"对“{label}”的意见", max_length=120, required=False)

    def rows(self):
        """Label, what is said now, box and remark of each field, for the page."""
        for name, (label, said) in self.described.items():
            yield label, said, self[f"at_{name}"], self[f"remark_{name}"]

    def clean(self):
        """A field at fault is told what is wrong with it; a remark written is a field at fault."""
        cleaned = super().clean()
        for name, (label, _) in self.described.items():
            if cleaned.get(f"at_{name}") and not cleaned.get(f"remark_{name}") and f"remark_{name}" not in self.errors:
                self.add_error(f"remark_{name}", f"请写明“{label}”需要怎样更正。")
        return cleaned

    def remarks(self) -> dict[str, str]:
        """Field → what is wrong with it."""
        written = {name: self.cleaned_data[f"remark_{name}"] for name in self.described}
        return {name: remark for name, remark in written.items() if remark}


class OnPaperForm(ActForm):
    """Abstract: an act of the enterprise; a bureau that transcribes it adds the enterprise's own paper."""

    scan = UploadField(label="企业书面文件的扫描件")
    field_order = ["reason", "last_day", "why", "scan"]

    def __init__(self, *args, transcribes: bool, **options):
        super().__init__(*args, **options)
        if not transcribes:
            del self.fields["scan"]


class WithdrawForm(OnPaperForm):
    """撤回: why."""

    reason = TextField(label="撤回的原因", max_length=200)

    def __init__(self, *args, appointment: Appointment, **options):
        super().__init__(*args, appointment=appointment, **options)
        self.fields["reason"].required = appointment.term is not None


class EndForm(OnPaperForm):
    """终止聘任: the enterprise's own act (Art. 11, 12)."""

    reason = PickField(
        label="终止的原因", choices=[pair for pair in EndReason.choices if pair[0] != EndReason.EXPIRED], radios=True
    )
    last_day = DayField(label="任职的最后一天", earliest=EARLIEST, latest=LATEST, help_text="当天计入任期。")
    why = TextField(label="说明", max_length=200, required=False, help_text="可以不填。")


class ScanForm(PortalForm):
    """盖章件: the paper after the enterprise sealed it."""

    file = UploadField(label="盖章件")


class CounterForm(PortalForm):
    """代录: what an enterprise's own paper says, read off it at the counter."""

    candidate = RowField(label="人选", queryset=Candidate.unscoped.none())
    own_letter_number = LineField(label="企业聘书编号", max_length=40, required=False, help_text="没有编号的，不填。")
    first_day = DayField(label="聘任首日", earliest=EARLIEST, latest=LATEST)
    appointer = PickField(label="任命人", choices=Appointer.choices, radios=True)
    position = LineField(label="在本企业的职务", max_length=40)
    in_decision_level = LevelField(label="属于企业决策层吗？")
    exception_reason = TextField(label="不在决策层的理由", max_length=200, required=False)
    quality_department = LineField(label="质量管理部门", max_length=40)
    inspection_department = LineField(label="质量检验部门", max_length=40)
    safety_department = LineField(label="质量安全部门", max_length=40)
    departments_report = forms.BooleanField(label="以上部门均隶属于首席质量官直接领导", required=False)
    declares_ethics = forms.BooleanField(label=format_lazy("{}已承诺", cite_late("6.(1)")), required=False)
    declares_knowledge = forms.BooleanField(label=format_lazy("{}已承诺", cite_late("6.(2)")), required=False)
    declares_independence = forms.BooleanField(label=format_lazy("{}已承诺", cite_late("6.(4)")), required=False)
    scan = UploadField(label="纸质材料扫描件", required=False)
    stored = RowField(
        label="已上传的扫描件", queryset=StoredFile.unscoped.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args, enterprise, people, user: User, **options):
        super().__init__(*args, **options)
        names = enterprise.appointers()
        self.fields["candidate"].queryset = people
        self.fields["appointer"].choices = [(key, f"{names[key]}（{label}）") for key, label in Appointer.choices]
        self.fields["stored"].queryset = StoredFile.unscoped.visible_to(user).filter(
            enterprise=enterprise, internal=False
        )

    def clean(self):
        """Art. 11, and the scan that makes a transcript one (design 1.15)."""
        cleaned = super().clean()
        level = cleaned.get("in_decision_level")
        if level is None and "in_decision_level" not in self.errors:
            self.add_error("in_decision_level", f"请选择是否属于企业决策层{cited('11')}。")
        if level is False and not cleaned.get("exception_reason") and "exception_reason" not in self.errors:
            self.add_error("exception_reason", f"不在企业决策层的，请写明理由{cited('11')}。")
        if not cleaned.get("scan") and not cleaned.get("stored") and "scan" not in self.errors:
            self.add_error("scan", "代录须附企业纸质材料的扫描件。")
        return cleaned

    def transcript(self) -> dict:
        """What is transcribed, as the act takes it; the scan goes its own way."""
        return {name: value for name, value in self.values().items() if name not in ("scan", "stored")}
