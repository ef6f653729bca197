"""The forms of the register of training bodies."""

from registry.citing import cited_late
from registry.fields import DayField, LineField, PersonNameField, PickField, RowField
from registry.forms import GroupedForm
from registry.models import County, User
from registry.states import Role
from training.states import BodyKind


class BodyFacts(GroupedForm):
    """What may change of a training body."""

    name = LineField(label="机构名称", max_length=60, help_text="全称；印在培训证书上。")
    contact_name = PersonNameField(label="联系人", max_length=40, required=False)
    contact_phone = LineField(label="联系电话", max_length=20, required=False, help_text="手机或带区号的固定电话。")

    groups = (
        ("是哪家机构？", "", ("name",)),
        ("找谁联系？", "", ("contact_name", "contact_phone")),
    )


class BodyForm(BodyFacts):
    """A new training body on the register."""

    kind = PickField(label="类别", choices=BodyKind.choices, radios=True)
    county = RowField(
        label="哪一级质监部门",
        required=False,
        queryset=County.unscoped.none(),
        to_field_name="code",
        help_text="只有质监部门自己组织培训的才选；认可的机构不选。",
    )
    mark = LineField(
        label="发证代字",
        max_length=10,
        help_text="证书编号以它开头，例如 清质协培。登记后不能更改；两家机构不能相同。",
    )

    field_order = ["name", "mark", "kind", "county"]
    groups = (
        ("是哪家机构？", "", ("name", "mark")),
        ("由谁培训？", cited_late("质监部门自己，或者质监部门认可的机构{}。", "8.1"), ("kind", "county")),
        ("找谁联系？", "", ("contact_name", "contact_phone")),
    )

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["county"].queryset = County.unscoped.visible_to(user)
        self.fields["county"].empty_label = "市局"


class RecognitionForm(GroupedForm):
    """质监部门认可 (Art. 8 ¶1), by a document, from a day on."""

    document_title = LineField(label="文件名称", max_length=80)
    document_number = LineField(label="文号", max_length=40, help_text="例如 清质监〔2026〕8号。")
    first_day = DayField(label="认可首日", help_text="自这一天起认可。")
    last_day = DayField(label="认可末日", required=False, help_text="这一天仍在认可期间内；没有写明期限的，不填。")

    groups = (
        ("依据哪份文件？", "", ("document_title", "document_number")),
        ("从何时到何时？", cited_late("培训的每一天都须在认可期间内，才能发布{}。", "8.1"), ("first_day", "last_day")),
    )


class TrainerForm(GroupedForm):
    """The account that is to act for a body."""

    user = RowField(label="账号", queryset=User.unscoped.none(), to_field_name="username")

    groups = (("哪个账号？", "只列出角色为“培训机构”、还不属于任何机构的账号。一个账号只属于一家机构。", ("user",)),)

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        free = User.unscoped.visible_to(user).filter(role=Role.TRAINER, is_active=True, training_membership=None)
        self.fields["user"].queryset = free.order_by("username")
        self.fields["user"].label_from_instance = lambda row: f"{row.display_name}（{row.username}）"
