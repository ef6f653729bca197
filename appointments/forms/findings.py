"""The forms of findings and accidents: what an officer found out, what shows it, and what the CQO knew."""

from appointments.states import AccidentKind, Behaviour, FindingObject
from registry.citing import cited_late
from registry.fields import DayField, LineField, PickField, TextField, UploadField
from registry.forms import GroupedForm
from registry.pages import PortalForm

WHAT = "例如 经理办公会纪要载明，本人于当日得知检测不合格。"


class FindingForm(GroupedForm):
    """One of three behaviours about one of two objects, both in the measure's words (Art. 12(二)(1))."""

    about = PickField(label="对象", choices=FindingObject.choices, radios=True)
    behaviour = PickField(label="行为", choices=Behaviour.choices, radios=True)
    happened_on = DayField(label="发生日期", past=True, help_text="违法违规行为或者重大风险隐患发生的日期。")
    facts = TextField(
        label="事实", max_length=4000, rows=7, help_text="写明时间、地点、产品或者批次、应当报告什么、实际怎样。"
    )
    found_on = DayField(label="发现日期", past=True, help_text="质监部门发现的日期，不早于发生日期。")
    source = LineField(label="发现的途径", max_length=120, help_text="例如 监督抽查、投诉举报、现场检查。")
    knew_on = DayField(label="本人知情日期", past=True, required=False)
    knew_what = TextField(label="本人知道的内容", max_length=500, required=False, help_text=WHAT)

    groups = (
        (
            "对什么，有什么行为？",
            cited_late("限于办法所列的两类对象和三种行为{}，由人认定，平台不作推断。", "12.(2).(1)"),
            ("about", "behaviour"),
        ),
        ("发生了什么？", "", ("happened_on", "facts")),
        ("何时、怎样发现？", "", ("found_on", "source")),
        (
            "本人知道什么，何时知道？",
            "可以留待以后补充。没有写明的，证据链缺“知情”一环，不能据以提出建议。",
            ("knew_on", "knew_what"),
        ),
    )


class FindingEvidenceForm(PortalForm):
    """A paper that shows what the finding says."""

    title = LineField(label="材料名称", max_length=80, help_text="例如 监督抽查检验报告、询问笔录。")
    file = UploadField(label="证明材料")


class KnowledgeForm(PortalForm):
    """What the CQO knew and since when, once."""

    knew_on = DayField(label="本人知情日期", past=True)
    knew_what = TextField(label="本人知道的内容", max_length=500, help_text=WHAT)


class WithdrawFindingForm(PortalForm):
    """Why no ground is to stand on it."""

    reason = TextField(label="撤销的原因", max_length=300, help_text="例如 经复核，事实不成立。")


class AccidentForm(GroupedForm):
    """What Art. 5(六) speaks of, recorded apart."""

    kind = PickField(label="类别", choices=AccidentKind.choices, radios=True)
    happened_on = DayField(label="发生日期", past=True)
    facts = TextField(label="情况", max_length=4000, rows=7, help_text="写明时间、地点、产品、经过和后果。")
    document = LineField(
        label="认定文书及文号", max_length=120, required=False, help_text="有关部门已经认定的，写明文书名称和文号。"
    )
    file = UploadField(label="材料", required=False)

    groups = (
        ("发生了什么？", "", ("kind", "happened_on", "facts")),
        ("由什么认定？", "没有认定文书和材料的，可以不填。", ("document", "file")),
    )
