"""Forms about certificates: to issue, to issue anew, to revoke, and the second person's decision."""

from registry.fields import PickField, TextField
from registry.pages import PortalForm

DECISIONS = [("confirm", "确认撤销"), ("decline", "不予撤销")]


class ReissueForm(PortalForm):
    """Why a certificate is issued anew."""

    reason = TextField(label="换发的原因", max_length=200, help_text="例如 姓名登记有误，已凭居民身份证更正。")


class RevokeForm(PortalForm):
    """Why a certificate is to be revoked."""

    reason = TextField(
        label="撤销的理由", max_length=300, help_text="写明事实和依据。确认撤销后，理由随消息发给为其报名的企业。"
    )


class DecideForm(PortalForm):
    """The second person's decision on a revocation."""

    decision = PickField(label="决定", choices=DECISIONS, radios=True)
    reason = TextField(label="不予撤销的理由", max_length=300, required=False, help_text="确认撤销的，不填。")

    def clean(self):
        told = super().clean()
        if told.get("decision") == "decline" and not told.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "请写明不予撤销的理由。")
        return told
