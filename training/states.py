"""The closed lists of training, and the moves of a session, an enrolment and a project."""

from django.db.models import TextChoices


class TrainingKind(TextChoices):
    """Art. 6(五): 任职培训 is a fact, 年度继续教育 a standing duty."""

    QUALIFYING = "qualifying", "任职培训"
    CONTINUING = "continuing", "继续教育"


class BodyKind(TextChoices):
    """Art. 8 ¶1: 质监部门或质监部门认可的机构."""

    BUREAU = "bureau", "质监部门"
    RECOGNISED = "recognised", "认可的机构"


class SessionState(TextChoices):
    """Where a session stands. Whether it is over is a matter of its days, not of a state."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    CANCELLED = "cancelled", "已取消"


SESSION_MOVES: tuple[tuple[str, str], ...] = (
    (SessionState.DRAFT, SessionState.PUBLISHED),
    (SessionState.DRAFT, SessionState.CANCELLED),
    (SessionState.PUBLISHED, SessionState.CANCELLED),
)


class EnrolmentState(TextChoices):
    """A seat, a place in the waiting list, or neither any more."""

    ENROLLED = "enrolled", "已报名"
    WAITING = "waiting", "候补"
    WITHDRAWN = "withdrawn", "已取消报名"


ENROLMENT_MOVES: tuple[tuple[str, str], ...] = (
    (EnrolmentState.WAITING, EnrolmentState.ENROLLED),
    (EnrolmentState.WAITING, EnrolmentState.WITHDRAWN),
    (EnrolmentState.ENROLLED, EnrolmentState.WITHDRAWN),
)


class ProjectState(TextChoices):
    """Where a 《质量课题改进计划》 stands (Art. 8 ¶2)."""

    DRAFT = "draft", "草稿"
    UNDERWAY = "underway", "实施中"
    REPORTED = "reported", "已报完成，待确认"
    RETURNED = "returned", "已退回，待修改"
    COMPLETED = "completed", "已完成"
    WITHDRAWN = "withdrawn", "已中止"


PROJECT_MOVES: tuple[tuple[str, str], ...] = (
    (ProjectState.DRAFT, ProjectState.UNDERWAY),
    (ProjectState.DRAFT, ProjectState.WITHDRAWN),
    (ProjectState.UNDERWAY, ProjectState.REPORTED),
    (ProjectState.UNDERWAY, ProjectState.WITHDRAWN),
    (ProjectState.REPORTED, ProjectState.RETURNED),
    (ProjectState.REPORTED, ProjectState.COMPLETED),
    (ProjectState.RETURNED, ProjectState.REPORTED),
    (ProjectState.RETURNED, ProjectState.WITHDRAWN),
)


class ProjectActKind(TextChoices):
    """What happened to a project, for the timeline."""

    DRAFTED = "drafted", "建立草稿"
    FILED = "filed", "提交计划"
    MIDTERM = "midterm", "中期报告"
    REPORTED = "reported", "报告完成"
    RETURNED = "returned", "退回修改"
    COMPLETED = "completed", "确认完成"
    WITHDRAWN = "withdrawn", "中止"


class Standing(TextChoices):
    """What a training on file is worth for Art. 6(五)."""

    CERTIFIED = "certified", "本平台培训证书，有效"
    REVOKED = "revoked", "培训证书已撤销"
    RECOGNISED = "recognised", "有证书扫描件，培训机构当日为质监部门或经认可"
    UNPROVEN = "unproven", "待核实"


class YearStanding(TextChoices):
    """How a year's continuing education stands against the reading in force; without one nothing is judged."""

    NOT_SET = "not_set", "未规定学时要求"
    MET = "met", "已满规定学时"
    SHORT = "short", "未满规定学时"
    UNDERWAY = "underway", "本年进行中"
    PARTIAL = "partial", "年中开始，只记录"


# Under which provision of the measure whatever state these are in stands: pages show it beside the state.
STATE_CLAUSES = {"certificate": "8.1", "pool_entry": "8.2"}
