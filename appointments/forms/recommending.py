"""What officers, enterprises and CQOs fill in on the way of a recommendation (Art. 12(二))."""

from django import forms

from appointments.models import DismissalRecommendation
from appointments.states import CaseAnswer, Party
from registry.citing import cited_late
from registry.fields import DayField, LineField, PhoneField, PickField, TextField, UploadField
from registry.pages import PortalForm

EARLIEST, LATEST = 2016, 2099


class GroundsForm(PortalForm):
    """On which of the grounds that the record supports a case is opened; ``chains`` as (name, words)."""

    grounds = forms.MultipleChoiceField(
        label="依据的情形",
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        error_messages={
            "required": cited_late("请选择依据的情形{}。", "12.(2)"),
            "invalid_choice": "所选情形在案卷中已不存在，证据链不完整，或者已有决定，请重新选择。",
        },
    )

    def __init__(self, *args, chains: list[tuple[str, str]], **options):
        super().__init__(*args, **options)
        self.fields["grounds"].choices = chains


class DeclineForm(GroundsForm):
    """Not recommending although the record supports a ground is a decision too, with its reason."""

    reason = TextField(label="不提出建议的理由", max_length=1000, rows=5)


class CaseForm(PortalForm):
    """An act on a case as the page showed it."""

    def __init__(self, *args, case: DismissalRecommendation, **options):
        super().__init__(*args, version=case.version, **options)

    def show_conflict(self, row) -> None:
        """What is typed here stands beside the row, not in it: take up its version, keep the text."""
        self.data = self.data.copy()
        self.data["version"] = str(row.version)


class AskForm(CaseForm):
    """征求陈述意见: until when."""

    due_on = DayField(
        label="陈述意见的期限", earliest=EARLIEST, latest=LATEST, help_text="须晚于今天；当天仍可以提交。"
    )


class LinkForm(CaseForm):
    """一次性链接: to which mobile it is sent; empty, and the officer hands it over."""

    phone = PhoneField(label="本人的手机号码", max_length=20, required=False)

    def __init__(self, *args, case: DismissalRecommendation, **options):
        super().__init__(*args, case=case, **options)
        kept = case.appointment.candidate.employments.filter(enterprise=case.enterprise).first()
        self.fields["phone"].initial = kept.phone if kept else ""
        source = f"预填的是{case.enterprise.name}登记的号码，请核对是本人的。" if kept and kept.phone else ""
        self.fields["phone"].help_text = f"{source}链接用短信发到这个号码；留空的不发短信，由经办人把链接交给本人。"


class EvidenceForm(CaseForm):
    """A further paper of a case."""

    title = LineField(label="材料名称", max_length=80, help_text="列入建议函的证据目录。")
    file = UploadField(label="材料")


class PaperStatementForm(CaseForm):
    """代录 of a statement handed in on paper."""

    party = PickField(label="陈述人", choices=Party.choices, radios=True)
    received_on = DayField(label="收到日期", earliest=EARLIEST, latest=LATEST, past=True)
    words = TextField(label="陈述意见", max_length=4000, rows=8, help_text="照书面意见录入，不作增减。")
    file = UploadField(label="书面意见的扫描件")


class ProposeForm(CaseForm):
    """提出建议: why, with an answer to what was stated."""

    reason = TextField(
        label="提出建议的理由",
        max_length=2000,
        rows=8,
        help_text="写明事实和理由，并回应陈述意见。写入建议函，企业将看到：不要写出本人不愿企业知道的陈述内容。",
    )


class SendBackForm(CaseForm):
    """退回提出人: what is missing."""

    reason = TextField(label="退回的理由", max_length=500)


class SignForm(CaseForm):
    """签发: the document number of the office's own system, and until when an answer is asked."""

    number = LineField(
        label="发文字号",
        max_length=40,
        required=False,
        help_text="照办公系统的发文字号填写，例如 清质监函〔2026〕18号；市局没有的可以留空，由平台编号。",
    )
    answer_due = DayField(
        label="请企业答复的期限", earliest=EARLIEST, latest=LATEST, help_text="须晚于今天；当天仍可以答复。"
    )


class DecideNotForm(CaseForm):
    """不提出建议: the reason."""

    reason = TextField(label="不提出建议的理由", max_length=1000, rows=5)


class WithdrawCaseForm(CaseForm):
    """收回建议: the reason."""

    reason = TextField(label="收回建议的理由", max_length=1000, rows=5)


class StampedForm(CaseForm):
    """The scan of the stamped letter."""

    file = UploadField(label="建议函盖章件")


class ServiceForm(CaseForm):
    """Delivery of the letter on paper."""

    served_on = DayField(label="送达日期", earliest=EARLIEST, latest=LATEST, past=True)
    proof = UploadField(label="送达证明", help_text="送达回证、邮政签收记录等。PDF、JPG 或 PNG，不超过 10 MB。")


class NoticeServiceForm(ServiceForm):
    """Delivery on paper of the notice that asks for a statement."""

    party = PickField(label="送达给", choices=Party.choices, radios=True)
    field_order = ["party", "served_on", "proof"]


class StatementForm(CaseForm):
    """The enterprise's own statement."""

    words = TextField(label="陈述意见", max_length=4000, rows=8)
    file = UploadField(label="附件", required=False)


class PersonStatementForm(forms.Form):
    """The CQO's own statement, by the one-time link; nobody is signed in, and the link itself is used once."""

    words = TextField(label="陈述意见", max_length=4000, rows=10)
    file = UploadField(label="附件", required=False)
    sure = forms.BooleanField(
        label="以上意见由本人陈述，提交后不能修改", error_messages={"required": "请确认以上意见由本人陈述。"}
    )


class AnswerForm(CaseForm):
    """What the enterprise decided; ``on_paper``: a bureau transcribes it, with the scan."""

    reason = TextField(label="不解除聘任的理由", max_length=1000, rows=5)
    scan = UploadField(label="企业书面答复的扫描件")
    sure = forms.BooleanField(error_messages={"required": "请确认解除聘任是本企业自己的决定。"})

    def __init__(self, *args, answer: str, on_paper: bool, **options):
        super().__init__(*args, **options)
        if answer == CaseAnswer.DISMISSED:
            self.fields["reason"].label, self.fields["reason"].required = "说明", False
            self.fields["reason"].help_text = "可以不填。"
            said = "书面答复写明" if on_paper else "本企业已决定"
            self.fields["sure"].label = f"{said}解除聘任，聘任自今天起终止"
        else:
            del self.fields["sure"]
        if not on_paper:
            del self.fields["scan"]
