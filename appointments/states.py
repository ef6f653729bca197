"""The life of an appointment: the one list of moves, and the words for each state."""

from django.db.models import TextChoices


class State(TextChoices):
    """Where an appointment stands. The bureau records; no state says that it agrees (Art. 9, 11)."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已提交，待核对"
    RETURNED = "returned", "已退回，待补正"
    CHECKED = "checked", "已核对，待登记"
    FILED = "filed", "已登记"
    WITHDRAWN = "withdrawn", "已撤回"
    ENDED = "ended", "已终止"


# Everything that may happen, and nothing else. The database refuses any other move (pgtrigger, from this list).
TRANSITIONS: tuple[tuple[str, str], ...] = (
    (State.DRAFT, State.SUBMITTED),
    (State.DRAFT, State.WITHDRAWN),
    (State.SUBMITTED, State.CHECKED),
    (State.SUBMITTED, State.RETURNED),
    (State.SUBMITTED, State.WITHDRAWN),
    (State.RETURNED, State.SUBMITTED),
    (State.RETURNED, State.WITHDRAWN),
    (State.CHECKED, State.FILED),
    (State.CHECKED, State.RETURNED),
    (State.CHECKED, State.WITHDRAWN),
    (State.FILED, State.ENDED),
)
OPEN_STATES = (State.SUBMITTED, State.RETURNED, State.CHECKED)
APPOINTED_STATES = (*OPEN_STATES, State.FILED)
# What an office has still to do with what waits for it.
TO_DO = {State.SUBMITTED: "核对", State.RETURNED: "补正", State.CHECKED: "登记"}


class Appointer(TextChoices):
    """Who appoints: 企业法定代表人或主要负责人 (Art. 11)."""

    LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
    PRINCIPAL = "principal", "主要负责人"


class EndReason(TextChoices):
    """Why an appointment ended; only the enterprise's own act or the clock ends one (Art. 11, 12)."""

    EXPIRED = "expired", "聘任期满"
    DISMISSED = "dismissed", "企业解除聘任"
    RESIGNED = "resigned", "本人辞任"
    CLOSED = "closed", "企业终止"
    SUPERSEDED = "superseded", "改聘他人"


class EvidenceKind(TextChoices):
    """What an uploaded paper of an appointment shows."""

    DECLARATION = "declaration", "任职承诺书"
    DECISION = "decision", "任命决定"
    AUTHORITY = "authority", "部门隶属文件"
    OTHER = "other", "其他材料"


class PaperKind(TextChoices):
    """The three papers of an appointment; the first two are the enterprise's, the receipt is the bureau's."""

    LETTER = "letter", "聘书"
    AUTHORISATION = "authorisation", "授权书"
    RECEIPT = "receipt", "登记回执"


class ActKind(TextChoices):
    """What happened, for the timeline."""

    DRAFTED = "drafted", "建立草稿"
    SUBMITTED = "submitted", "任命并提交"
    RESUBMITTED = "resubmitted", "重新提交"
    CHECKED = "checked", "核对"
    RETURNED = "returned", "退回补正"
    FILED = "filed", "登记"
    WITHDRAWN = "withdrawn", "撤回"
    SEALED = "sealed", "上传盖章件"
    ENDED = "ended", "终止"
