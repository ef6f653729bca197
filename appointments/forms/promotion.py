"""What people fill in about campaigns, achievements, commendations, guidance and policies."""

import re

from django import forms

from appointments.models import Appointment, Campaign
from appointments.states import CampaignKind, GuidanceWay, MaterialKind, Mechanism
from registry.fields import DayField, LineField, PickField, RowField, TextField, UploadField
from registry.forms import GroupedForm
from registry.models import Candidate
from registry.pages import PortalForm
from registry.rules import day_words

BRACKETS = re.compile(r"[\[(（【〔［]\s*([0-9]{4})\s*[\])）】〕］]")
DOCUMENT_HELP = "照文件写，例如 清质监〔2026〕12号；年份的括号会自动整理。"


class DocumentNumberField(LineField):
    """发文字号 (GB/T 9704): the year stands in 〔〕, however its brackets were typed."""

    def __init__(self, **options):
        super().__init__(**{"label": "文号", "max_length": 40, "help_text": DOCUMENT_HELP} | options)

    def to_python(self, value):
        number = BRACKETS.sub(r"〔\1〕", super().to_python(value)).replace(" ", "")
        if number and not re.fullmatch(r".+〔[0-9]{4}〕[0-9]+号", number):
            raise forms.ValidationError(f"{self.label}应写明代字、年份和序号，例如 清质监〔2026〕12号。")
        return number


def _in_order(form, first: str, later: str, sentence: str) -> None:
    """An error at the later day where it is before the first."""
    cleaned = form.cleaned_data
    if cleaned.get(first) and cleaned.get(later) and cleaned[later] < cleaned[first]:
        form.add_error(later, sentence)


# --- Campaigns and achievements --------------------------------------------------------------------------------------


class CampaignForm(GroupedForm):
    """A campaign: what, when, and until when achievements are taken (Art. 10)."""

    kind = PickField(label="类别", choices=CampaignKind.choices, radios=True)
    title = LineField(label="活动名称", max_length=60, help_text="例如 2026年陶瓷行业质量攻关活动。")
    what = TextField(label="内容和要求", max_length=1500, rows=6, help_text="做什么，谁可以参加，成果怎样提交。")
    first_day = DayField(label="开始日期")
    last_day = DayField(label="结束日期")
    due_on = DayField(label="成果提交截止日期", help_text="当天提交的仍然接收。")

    groups = (
        ("组织什么活动？", "", ("kind", "title", "what")),
        ("何时开始，何时截止？", "", ("first_day", "last_day", "due_on")),
    )

    def clean(self):
        cleaned = super().clean()
        _in_order(self, "first_day", "last_day", "结束日期不得早于开始日期。")
        _in_order(self, "first_day", "due_on", "成果提交截止日期不得早于活动开始日期。")
        return cleaned


class AchievementForm(GroupedForm):
    """An achievement of one of the enterprise's people; a draft may leave the long texts for later."""

    candidate = RowField(label="首席质量官", queryset=Candidate.unscoped.none(), help_text="从本企业在职人员中选一人。")
    campaign = RowField(
        label="参加的活动", queryset=Campaign.unscoped.none(), required=False, help_text="不参加活动的，不选。"
    )
    kind = PickField(
        label="类别", choices=CampaignKind.choices, radios=True, help_text="参加活动的，以活动的类别为准。"
    )
    title = LineField(label="成果名称", max_length=60, help_text="例如 釉面砖色差攻关。")
    summary = TextField(
        label="概要", max_length=300, required=False, help_text="公开页列表中显示，写明解决了什么问题。"
    )
    done = TextField(label="主要做法", max_length=2000, rows=8, required=False, help_text="做了什么，分几步，由谁做。")
    results = TextField(
        label="成效和数据",
        max_length=1000,
        rows=5,
        required=False,
        help_text="改进前后的数据，例如不良率、成本、退货次数。",
    )

    groups = (
        ("谁的成果，属于哪一类？", "", ("candidate", "campaign", "kind")),
        (
            "做了什么，有何成效？",
            "可以先存草稿，以后再补；提交前须填齐。请不要写电话和证件号码，写了的，公开页也不显示。",
            ("title", "summary", "done", "results"),
        ),
    )

    def __init__(self, *args, people, campaigns, **options):
        super().__init__(*args, **options)
        self.fields["candidate"].queryset = people
        self.fields["candidate"].label_from_instance = lambda person: f"{person.name}（{person.reference}）"
        field = self.fields["campaign"]
        field.queryset, field.empty_label = campaigns, "不参加活动"
        field.label_from_instance = lambda row: f"{row.title}（{day_words(row.due_on)}截止）"


class MaterialForm(GroupedForm):
    """A file of an achievement, and who is to see it."""

    kind = PickField(
        label="用途",
        choices=MaterialKind.choices,
        radios=True,
        help_text="公开的材料任何人都能打开：不要含有个人的电话、证件号码，和未同意公开的姓名。",
    )
    evidence = UploadField(label="材料")

    groups = (("附什么材料，给谁看？", "", ("kind", "evidence")),)


class SureForm(PortalForm):
    """Nothing is asked: the page says what the act does."""


class ReasonForm(PortalForm):
    """Why, in words the other side reads."""

    reason = TextField(label="理由", max_length=500, rows=4)

    def __init__(self, *args, label: str = "理由", help_text: str = "", required: bool = True, **options):
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.label, field.help_text, field.required = label, help_text, required
        field.error_messages["required"] = f"请填写{label}。"


# --- Commendations ---------------------------------------------------------------------------------------------------


class CommendationForm(GroupedForm):
    """Whom a document commends, for what; the document and its scan (Art. 10)."""

    appointment = RowField(
        label="表彰的首席质量官",
        queryset=Appointment.unscoped.none(),
        required=False,
        help_text="表彰企业的，不选。",
    )
    honour = LineField(label="荣誉或者奖励", max_length=60, help_text="例如 优秀首席质量官。")
    ground = TextField(label="表彰事由", max_length=500, help_text="为何表彰。公开页列出，未同意公开的姓名自动遮盖。")
    document_title = LineField(label="文件名称", max_length=80, help_text="例如 关于表彰2026年度优秀首席质量官的决定。")
    document_number = DocumentNumberField()
    issuing_body = LineField(label="发文机关", max_length=60)
    document_day = DayField(label="成文日期", past=True)
    evidence = UploadField(label="文件扫描件")

    groups = (
        ("表彰谁，为何表彰？", "", ("appointment", "honour", "ground")),
        (
            "依据哪一份文件？",
            "",
            ("document_title", "document_number", "issuing_body", "document_day", "evidence"),
        ),
    )

    def __init__(self, *args, appointments, **options):
        super().__init__(*args, **options)
        field = self.fields["appointment"]
        field.queryset, field.empty_label = appointments, "表彰企业，不是个人"
        field.label_from_instance = lambda row: (
            f"{row.candidate.name}（{row.reference}，{day_words(row.first_day)}起任）"
        )


class RevocationForm(GroupedForm):
    """The document that revokes a commendation."""

    document_title = LineField(label="文件名称", max_length=80)
    document_number = DocumentNumberField()
    revoked_on = DayField(label="撤销日期", past=True)
    reason = TextField(label="撤销事由", max_length=300)
    evidence = UploadField(label="文件扫描件")

    groups = (
        (
            "依据哪一份文件撤销？",
            "",
            ("document_title", "document_number", "revoked_on", "reason", "evidence"),
        ),
    )


# --- Guidance and policies -------------------------------------------------------------------------------------------


class GuidanceForm(GroupedForm):
    """What an officer found at a pilot enterprise, and advised (Art. 12(一))."""

    day = DayField(label="指导日期", past=True)
    way = PickField(label="方式", choices=GuidanceWay.choices, radios=True)
    officers = LineField(label="指导人员", max_length=80, help_text="几个人的，用顿号隔开。")
    mechanisms = forms.MultipleChoiceField(
        label="涉及哪方面的机制",
        choices=Mechanism.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="保障首席质量官职责、权利的有效机制，可以选几项。",
        error_messages={"required": "请至少选择一个方面的机制。"},
    )
    findings = TextField(label="了解到的情况", max_length=1500, rows=5)
    advice = TextField(label="指导意见", max_length=1500, rows=5, help_text="企业可以看到。")
    follow_up_on = DayField(label="回访日期", required=False, help_text="不需要回访的，不填。")
    evidence = UploadField(label="附件", required=False)

    groups = (
        ("何时、怎样、由谁指导？", "", ("day", "way", "officers")),
        ("了解到什么，指导了什么？", "", ("mechanisms", "findings", "advice")),
        ("接下来怎样？", "", ("follow_up_on", "evidence")),
    )

    def clean(self):
        cleaned = super().clean()
        day, later = cleaned.get("day"), cleaned.get("follow_up_on")
        if day and later and later <= day:
            self.add_error("follow_up_on", "回访日期应在指导日期之后。")
        return cleaned

    def said(self) -> dict:
        """Keywords of ``record_guidance``; the upload goes its own way."""
        return {name: value for name, value in self.values().items() if name != "evidence"}


class AttachmentForm(GroupedForm):
    """One more file with a record of guidance."""

    evidence = UploadField(label="附件")

    groups = (("附上什么？", "", ("evidence",)),)


class PolicyForm(GroupedForm):
    """An incentive policy: which document, what it says, for how long (Art. 9)."""

    title = LineField(label="文件名称", max_length=100)
    document_number = DocumentNumberField()
    issuing_body = LineField(label="发文机关", max_length=60, help_text="例如 英德市人民政府。")
    issued_on = DayField(label="成文日期", past=True)
    summary = TextField(label="内容摘要", max_length=800, rows=5, help_text="企业能得到什么，怎样申请，找谁。")
    evidence = UploadField(label="文件", required=False)
    first_day = DayField(label="生效日期")
    last_day = DayField(label="失效日期", required=False, help_text="当天仍然有效；没有写明的，不填。")

    groups = (
        ("是哪一份文件？", "", ("title", "document_number", "issuing_body", "issued_on")),
        ("规定了什么？", "", ("summary", "evidence")),
        ("何时有效？", "", ("first_day", "last_day")),
    )

    def __init__(self, *args, has_file: bool = False, **options):
        super().__init__(*args, **options)
        if has_file:
            self.fields["evidence"].help_text = f"已有文件；要更换的，另选一份。{self.fields['evidence'].help_text}"

    def clean(self):
        cleaned = super().clean()
        _in_order(self, "first_day", "last_day", "失效日期不得早于生效日期。")
        return cleaned

    def said(self) -> dict:
        """Keywords of ``draft_policy``; the upload goes its own way."""
        return {name: value for name, value in self.values().items() if name != "evidence"}
