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
    ENDING = "ending", "终止或者撤回的书面文件"
    OTHER = "other", "其他材料"


# What goes with a filing; the last kind goes with its end.
FILED_KINDS = tuple(kind for kind in EvidenceKind if kind != EvidenceKind.ENDING)


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


# --- Duty reports (Art. 5, 12(二)(3)) --------------------------------------------------------------------------------


class CycleState(TextChoices):
    """Where the notice of a report cycle stands."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已收回"


CYCLE_MOVES: tuple[tuple[str, str], ...] = (
    (CycleState.DRAFT, CycleState.PUBLISHED),
    (CycleState.DRAFT, CycleState.WITHDRAWN),
    (CycleState.PUBLISHED, CycleState.WITHDRAWN),
)


class Audience(TextChoices):
    """To which enterprises with a CQO in force a notice goes."""

    ALL = "all", "全部有在任首席质量官的企业"
    ABOVE_SCALE = "above_scale", "其中的规模以上企业"
    PILOT = "pilot", "其中的试点企业"


class ReportState(TextChoices):
    """Where a duty report stands. Whether it is late is computed from receipt and due day alone."""

    DRAFT = "draft", "填写中"
    RECEIVED = "received", "已收到"
    RETURNED = "returned", "退回补充"
    NOTED = "noted", "已收阅"


REPORT_MOVES: tuple[tuple[str, str], ...] = (
    (ReportState.DRAFT, ReportState.RECEIVED),
    (ReportState.RECEIVED, ReportState.RETURNED),
    (ReportState.RECEIVED, ReportState.NOTED),
    (ReportState.RETURNED, ReportState.RECEIVED),
)


class ReportActKind(TextChoices):
    """What happened to a report, for the timeline."""

    RECEIVED = "received", "提交"
    TRANSCRIBED = "transcribed", "代录纸质报告"
    RETURNED = "returned", "退回补充"
    SUPPLEMENTED = "supplemented", "补充后提交"
    NOTED = "noted", "收阅"


# --- Findings (Art. 12(二)(1)) and accidents (Art. 5(六)) ------------------------------------------------------------


class Behaviour(TextChoices):
    """The three behaviours of Art. 12(二)(1), a closed list."""

    CONCEALED = "concealed", "知情不报"
    DELAYED = "delayed", "拖延不报"
    FALSE = "false", "作虚假报告"


class FindingObject(TextChoices):
    """The two objects of Art. 12(二)(1), a closed list."""

    VIOLATION = "violation", "违法违规行为"
    HAZARD = "hazard", "重大风险隐患"


class FindingState(TextChoices):
    """Where a finding stands; only a filed one is a link of ground (1)."""

    DRAFT = "draft", "草稿"
    FILED = "filed", "已立卷"
    WITHDRAWN = "withdrawn", "已撤销"


FINDING_MOVES: tuple[tuple[str, str], ...] = (
    (FindingState.DRAFT, FindingState.FILED),
    (FindingState.DRAFT, FindingState.WITHDRAWN),
    (FindingState.FILED, FindingState.WITHDRAWN),
)


class AccidentKind(TextChoices):
    """What Art. 5(六) speaks of. Recorded apart: it leads to no ground of Art. 12."""

    ACCIDENT = "accident", "重特大质量安全事故"
    IMPACT = "impact", "造成严重社会影响"


# --- Recommendations (Art. 12(二)) -----------------------------------------------------------------------------------


class GroundKind(TextChoices):
    """The three grounds, a closed list; the value is the number of the item. Their wording is the measure's."""

    CONCEALMENT = "1", "知情不报等"
    PERFORMANCE = "2", "课程和绩效"
    REPORT = "3", "履职报告"


class CaseState(TextChoices):
    """Where a recommendation stands. It changes no appointment: the enterprise decides (Art. 12)."""

    OPENED = "opened", "已开立"
    ASKED = "asked", "听取意见中"
    PROPOSED = "proposed", "已提出，待第二人签发"
    ISSUED = "issued", "已签发，待送达"
    SERVED = "served", "已送达，待企业答复"
    ANSWERED = "answered", "企业已答复"
    NOT_RECOMMENDED = "not_recommended", "不提出建议"
    WITHDRAWN = "withdrawn", "已收回建议"
    CLOSED = "closed", "聘任已终止，办结"


CASE_MOVES: tuple[tuple[str, str], ...] = (
    (CaseState.OPENED, CaseState.ASKED),
    (CaseState.OPENED, CaseState.NOT_RECOMMENDED),
    (CaseState.OPENED, CaseState.CLOSED),
    (CaseState.ASKED, CaseState.PROPOSED),
    (CaseState.ASKED, CaseState.NOT_RECOMMENDED),
    (CaseState.ASKED, CaseState.CLOSED),
    (CaseState.PROPOSED, CaseState.ASKED),
    (CaseState.PROPOSED, CaseState.ISSUED),
    (CaseState.PROPOSED, CaseState.NOT_RECOMMENDED),
    (CaseState.PROPOSED, CaseState.CLOSED),
    (CaseState.ISSUED, CaseState.SERVED),
    (CaseState.ISSUED, CaseState.WITHDRAWN),
    (CaseState.ISSUED, CaseState.CLOSED),
    (CaseState.SERVED, CaseState.ANSWERED),
    (CaseState.SERVED, CaseState.WITHDRAWN),
    (CaseState.SERVED, CaseState.CLOSED),
)
UNDECIDED_CASES = (CaseState.OPENED, CaseState.ASKED, CaseState.PROPOSED)
STANDING_CASES = (CaseState.ISSUED, CaseState.SERVED)
LETTER_CASES = (*STANDING_CASES, CaseState.ANSWERED, CaseState.WITHDRAWN)


class CaseAnswer(TextChoices):
    """What the enterprise decided; no answer by the day is the third outcome, and nobody writes it."""

    DISMISSED = "dismissed", "解除聘任"
    DECLINED = "declined", "不解除聘任"


class Party(TextChoices):
    """Who is heard before a recommendation."""

    ENTERPRISE = "enterprise", "企业"
    CQO = "cqo", "首席质量官本人"


class StatementWay(TextChoices):
    """How a statement reached the bureau."""

    PORTAL = "portal", "平台提交"
    LINK = "link", "一次性链接提交"
    PAPER = "paper", "书面提交，代录"


class CaseActKind(TextChoices):
    """What happened in a case, for the timeline."""

    OPENED = "opened", "开立"
    EVIDENCE = "evidence", "补充证据"
    ASKED = "asked", "征求陈述意见"
    LINKED = "linked", "发出一次性链接"
    NOTIFIED = "notified", "书面送达通知书"
    REVOKED = "revoked", "作废一次性链接"
    HEARD = "heard", "收到陈述意见"
    PROPOSED = "proposed", "提出建议"
    SENT_BACK = "sent_back", "退回提出人"
    SIGNED = "signed", "签发建议函"
    STAMPED = "stamped", "附盖章件"
    SERVED = "served", "送达"
    ANSWERED = "answered", "企业答复"
    NOT_RECOMMENDED = "not_recommended", "决定不提出建议"
    WITHDRAWN = "withdrawn", "收回建议"
    CLOSED = "closed", "办结"


# What the enterprise may read of a case; how the offices deliberated is theirs.
OPEN_CASE_ACTS = (
    CaseActKind.ASKED,
    CaseActKind.SIGNED,
    CaseActKind.SERVED,
    CaseActKind.ANSWERED,
    CaseActKind.NOT_RECOMMENDED,
    CaseActKind.WITHDRAWN,
    CaseActKind.CLOSED,
)


# --- Obligations and reminders ---------------------------------------------------------------------------------------


class ObligationKind(TextChoices):
    """The duties with a day, of an enterprise and its CQO."""

    REPORT = "report", "提供履职报告"
    EDUCATION = "education", "完成年度继续教育"
    TERM = "term", "聘任期满"
    RENEWAL = "renewal", "可以办理续任"
    STATEMENT = "statement", "提交陈述意见"
    ANSWER = "answer", "答复解除聘任建议"


# --- Commendations and experience (Art. 10), pilot guidance (Art. 12(一)), county policies (Art. 9) ------------------


class CampaignKind(TextChoices):
    """What a campaign or an achievement is about, in the words of Art. 10."""

    TACKLING = "tackling", "质量攻关"
    MANAGEMENT = "management", "管理改进"
    INNOVATION = "innovation", "质量创新"


class CampaignState(TextChoices):
    """Where a campaign stands. Whether it still takes achievements is a matter of its due day."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    CLOSED = "closed", "已结束"


CAMPAIGN_MOVES: tuple[tuple[str, str], ...] = (
    (CampaignState.DRAFT, CampaignState.PUBLISHED),
    (CampaignState.PUBLISHED, CampaignState.CLOSED),
)


class AchievementState(TextChoices):
    """Where an achievement stands on its way to the public page."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已提交，待核对"
    RETURNED = "returned", "已退回，待修改"
    PUBLISHED = "published", "已公开"
    DECLINED = "declined", "不予公开"
    WITHDRAWN = "withdrawn", "已撤回"


ACHIEVEMENT_MOVES: tuple[tuple[str, str], ...] = (
    (AchievementState.DRAFT, AchievementState.SUBMITTED),
    (AchievementState.DRAFT, AchievementState.WITHDRAWN),
    (AchievementState.SUBMITTED, AchievementState.RETURNED),
    (AchievementState.SUBMITTED, AchievementState.PUBLISHED),
    (AchievementState.SUBMITTED, AchievementState.DECLINED),
    (AchievementState.SUBMITTED, AchievementState.WITHDRAWN),
    (AchievementState.RETURNED, AchievementState.SUBMITTED),
    (AchievementState.RETURNED, AchievementState.WITHDRAWN),
    (AchievementState.PUBLISHED, AchievementState.WITHDRAWN),
)


class AchievementActKind(TextChoices):
    """What happened to an achievement, for the timeline."""

    DRAFTED = "drafted", "建立草稿"
    SUBMITTED = "submitted", "提交"
    RETURNED = "returned", "退回修改"
    PUBLISHED = "published", "公开"
    DECLINED = "declined", "不予公开"
    WITHDRAWN = "withdrawn", "撤回"


class MaterialKind(TextChoices):
    """What a file of an achievement is for: only the first kind ever leaves the offices."""

    OPEN = "open", "随成果公开"
    EVIDENCE = "evidence", "只供核对，不公开"


class GuidanceWay(TextChoices):
    """How an officer gave guidance."""

    VISIT = "visit", "现场"
    PHONE = "phone", "电话"
    MEETING = "meeting", "会议"


class Mechanism(TextChoices):
    """保障首席质量官职责权利的有效机制 (Art. 12(一)), by its parts."""

    DUTIES = "duties", "职责"
    RIGHTS = "rights", "权利"
    SAFEGUARDS = "safeguards", "保障"


class PolicyState(TextChoices):
    """Where an incentive policy stands (Art. 9)."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已公布"
    ENDED = "ended", "已终止"


POLICY_MOVES: tuple[tuple[str, str], ...] = (
    (PolicyState.DRAFT, PolicyState.PUBLISHED),
    (PolicyState.PUBLISHED, PolicyState.ENDED),
)


# Under which provision of the measure each state stands: pages show it beside the state.
STATE_CLAUSES: dict[type[TextChoices], dict[str, str]] = {
    State: dict.fromkeys(State, "11") | dict.fromkeys((State.RETURNED, State.CHECKED, State.FILED), "9"),
    CycleState: dict.fromkeys(CycleState, "12.(2).(3)"),
    ReportState: dict.fromkeys(ReportState, "12.(2).(3)"),
    FindingState: dict.fromkeys(FindingState, "12.(2).(1)"),
    CaseState: dict.fromkeys(CaseState, "12.(2)"),
}


def clause_of(state: TextChoices) -> str:
    """The provision under which a state stands. Raises KeyError for a state that is none of an act of the measure."""
    return STATE_CLAUSES[type(state)][state]
