"""The forms of a report cycle: the notice, a later day, the delivery on paper (Art. 12(二)(3))."""

from datetime import date

from django.utils.text import format_lazy

from appointments.states import Audience
from registry.actions.files import WANTED
from registry.citing import cite, cite_late
from registry.fields import DayField, LineField, PickField, RowField, TextField, UploadField
from registry.forms import GroupedForm
from registry.models import County
from registry.pages import PortalForm
from registry.policies import counties_of


class CycleForm(GroupedForm):
    """What a notice asks for, of which period and until when, and of whom."""

    title = LineField(label="通知标题", max_length=80)
    number = LineField(label="通知文号", max_length=40, help_text="办公系统的发文字号，例如 清质监通〔2026〕8号。")
    body = TextField(
        label="通知正文",
        max_length=4000,
        rows=6,
        help_text=format_lazy("{}的原文在发布时自动附后，不必抄写。", cite_late("5", "12.(2)", "12.(2).(3)")),
    )
    first_day = DayField(label="第一天", earliest=2016)
    last_day = DayField(label="最后一天", earliest=2016, help_text="这一天仍在报告期内。")
    due_on = DayField(
        label="报告期限", earliest=2016, help_text="这一天 24:00 前收到的为按时；须晚于报告期的最后一天和发布当天。"
    )
    audience = PickField(label="报告对象", choices=Audience.choices, radios=True, initial=Audience.ALL)
    county = RowField(
        label="限于县（市、区）",
        queryset=County.unscoped.none(),
        to_field_name="code",
        required=False,
        help_text="不选则全市。",
    )

    groups = (
        ("发什么通知？", "", ("title", "number", "body")),
        ("报告哪段时间？", "", ("first_day", "last_day")),
        ("在哪一天之前提供？", "", ("due_on",)),
        (
            "发给哪些企业？",
            "只发给发布当天有在任首席质量官、且其在报告期内任职的企业；期限之前新列入的，由系统逐日补发。",
            ("audience", "county"),
        ),
    )

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "全市"

    @staticmethod
    def suggested(today: date) -> dict:
        """A notice as it is usually written: for the calendar year that is over, or in autumn for this one."""
        year = today.year if today.month > 6 else today.year - 1
        return {
            "title": f"关于提供{year}年度首席质量官履职报告的通知",
            "body": f"请贵企业首席质量官对照《办法》{cite('5')}，逐项报告本年度履行职责的情况，在期限之前提供。"
            "没有开展的事项，请写明“无”和原因。",
            "first_day": date(year, 1, 1),
            "last_day": date(year, 12, 31),
        }


class PlainForm(PortalForm):
    """Nothing is asked: the page says what the act does."""


class WithdrawCycleForm(PortalForm):
    """Why a notice is taken back."""

    reason = TextField(label="收回的原因", max_length=300)


class ExtensionForm(PortalForm):
    """A later due day, and why."""

    due_on = DayField(label="新的期限", help_text="须晚于现在的期限。")
    reason = TextField(label="延期的理由", max_length=300, help_text="企业在消息中和报告页面上看到。")


class ServiceForm(PortalForm):
    """Delivery on paper: its day and its proof."""

    served_on = DayField(label="送达日期", past=True, help_text="企业签收的日期，或者送达回证载明的日期。")
    proof = UploadField(label="送达证明", help_text=f"签收单、送达回证或者挂号信回执。{WANTED}")
