"""What is filled in about the measure: readings of open questions (Art. 13), documents that the bureau records."""

from base64 import b64decode, b64encode
from datetime import date

from django import forms
from django.core import signing

from registry.fields import DayField, LineField, PickField, RowField, TextField, UploadField
from registry.forms import GroupedForm
from registry.measures import LARGEST, Answer
from registry.models import BasisPeriod, County, Edition, Interpretation
from registry.rules import day_words

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


# --- What the administrator records of the measure (Art. 14) ---------------------------------------------------------

SCAN = "PDF、JPG 或 PNG，不超过 10 MB。工作人员可以打开；公开页面只列名称和文号。"
NUMBER_HELP = "照文件填写，例如 清市监〔2026〕3 号。"
VALID_FOR = 2 * 3600  # seconds between a preview and its confirmation


class DocumentForm(GroupedForm):
    """Abstract: what a document says, with its title, number and scan."""

    title = LineField(label="文件名称", max_length=100, help_text="全称，不加书名号。")
    number = LineField(label="文号", max_length=60, help_text=NUMBER_HELP)
    document = UploadField(label="文件扫描件", help_text=SCAN)

    def said(self) -> dict:
        """Keywords of the act, but for the file."""
        return {name: value for name, value in self.values().items() if name != "document"}


class ExtensionForm(DocumentForm):
    """An extension of an edition (Art. 14)."""

    edition = RowField(label="办法", queryset=Edition.unscoped.none(), to_field_name="key")
    first_day = DayField(label="首日", earliest=EARLIEST, latest=LATEST, help_text="延长的第一天，计算在内。")
    last_day = DayField(
        label="末日", earliest=EARLIEST, latest=LATEST, required=False, help_text="计算在内。没有写明末日的，不填。"
    )

    groups = (
        ("延长哪个办法，从哪天到哪天？", "", ("edition", "first_day", "last_day")),
        ("依据哪份文件？", "", ("title", "number", "document")),
    )

    def __init__(self, *args, editions, **options):
        super().__init__(*args, **options)
        self.fields["edition"].queryset = editions


class NameForm(DocumentForm):
    """What a bureau is called from a day on."""

    county = RowField(label="部门", queryset=County.unscoped.none(), to_field_name="code", required=False)
    name = LineField(label="名称", max_length=40, help_text="照文件上印的名称填写。")
    since = DayField(label="启用日期", earliest=EARLIEST, latest=LATEST, help_text="自这一天起使用。")

    groups = (
        ("哪个部门，改称什么？", "", ("county", "name", "since")),
        ("依据哪份文件？", "", ("title", "number", "document")),
    )

    def __init__(self, *args, counties, **options):
        super().__init__(*args, **options)
        self.fields["county"].queryset = counties
        self.fields["county"].empty_label = "市级质监部门"


class MeasureFileField(forms.FileField):
    """The file of a measure; cleans to its bytes. What is wrong within it is told by ``registry.measures``."""

    widget = forms.FileInput(attrs={"accept": ".toml"})

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if upload.size > LARGEST:
            raise forms.ValidationError("办法文件不超过 200 KB，请核对是否选错了文件。")
        return upload.read()


class MeasureFileForm(GroupedForm):
    """The file of a measure, to be read and shown."""

    file = MeasureFileField(
        label="办法文件",
        help_text="按《办法文件格式》编写的 TOML 文件。",
        error_messages={"required": "请选择办法文件。", "empty": "文件是空的，请重新选择。"},
    )

    groups = (("装入哪个办法？", "", ("file",)),)


class SuccessorForm(DocumentForm):
    """The document of a measure that was shown. The file travels in the page, signed for this person for two hours."""

    content = forms.CharField(widget=forms.HiddenInput)
    ends_predecessor = forms.BooleanField(
        error_messages={"required": "请确认原办法的有效期提前终止；文件不是这样规定的，不能装入。"}
    )

    title = None  # the measure's file says it
    groups = (
        ("依据哪份文件？", "公布办法的文件。", ("number", "document")),
        ("原办法的有效期", "已经办理的事项保留当时的依据，不因此改变。", ("ends_predecessor",)),
    )

    def __init__(self, *args, raw: bytes, user, ends: BasisPeriod | None, ended_on: date | None, **options):
        super().__init__(*args, **options)
        self.fields["content"].initial = signing.dumps(
            b64encode(raw).decode(), salt=f"measure:{user.pk}", compress=True
        )
        if ends is None:
            del self.fields["ends_predecessor"]
        else:
            words = f"《{ends.edition.title}》的有效期提前到{day_words(ended_on)}止，文件是这样规定的"
            self.fields["ends_predecessor"].label = words

    @staticmethod
    def opened(content: str, *, user) -> bytes | None:
        """The file that a preview put into the page; None when it is too old, another's or altered."""
        try:
            return b64decode(signing.loads(content, salt=f"measure:{user.pk}", max_age=VALID_FOR))
        except signing.BadSignature:
            return None

    def said(self) -> dict:
        """Keywords of ``load_measure``, but for the file's scan."""
        kept = ("number", "ends_predecessor")
        return {name: value for name, value in self.values().items() if name in kept}
