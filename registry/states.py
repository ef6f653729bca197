"""The closed lists of the registry. Labels are the measure's or the national standard's own words."""

from django.db.models import TextChoices


class Role(TextChoices):
    """Who may sign in (design: who may do what, and see what)."""

    APPLICANT = "applicant", "企业注册人"  # proven to be reachable, and of no enterprise yet, or no more
    ENTERPRISE = "enterprise", "企业"
    TRAINER = "trainer", "培训机构"
    COUNTY = "county", "县(市、区)局"
    MUNICIPAL = "municipal", "市局"
    ADMINISTRATOR = "administrator", "系统管理员"


CITY_WIDE = (Role.MUNICIPAL, Role.ADMINISTRATOR)
STAFF = (Role.COUNTY, *CITY_WIDE)
TWO_FACTORS = (*STAFF, Role.TRAINER)  # who has to sign in with a second factor; others may


class RegistrationState(TextChoices):
    """Where an enterprise's registration of its own account stands. The county checks it; it appoints nobody."""

    SUBMITTED = "submitted", "待核对"
    TAKEN = "taken", "已接收"
    DECLINED = "declined", "未接收"
    WITHDRAWN = "withdrawn", "已撤回"


REGISTRATION_MOVES: tuple[tuple[str, str], ...] = (
    (RegistrationState.SUBMITTED, RegistrationState.TAKEN),
    (RegistrationState.SUBMITTED, RegistrationState.DECLINED),
    (RegistrationState.SUBMITTED, RegistrationState.WITHDRAWN),
)


class Industry(TextChoices):
    """GB/T 4754-2017, the sections (门类)."""

    A = "A", "农、林、牧、渔业"
    B = "B", "采矿业"
    C = "C", "制造业"
    D = "D", "电力、热力、燃气及水生产和供应业"
    E = "E", "建筑业"
    F = "F", "批发和零售业"
    G = "G", "交通运输、仓储和邮政业"
    H = "H", "住宿和餐饮业"
    I = "I", "信息传输、软件和信息技术服务业"  # noqa: E741 (the standard's own letter)
    J = "J", "金融业"
    K = "K", "房地产业"
    L = "L", "租赁和商务服务业"
    M = "M", "科学研究和技术服务业"
    N = "N", "水利、环境和公共设施管理业"
    O = "O", "居民服务、修理和其他服务业"  # noqa: E741
    P = "P", "教育"
    Q = "Q", "卫生和社会工作"
    R = "R", "文化、体育和娱乐业"
    S = "S", "公共管理、社会保障和社会组织"
    T = "T", "国际组织"


class SizeBand(TextChoices):
    """统计上大中小微型企业划分办法."""

    LARGE = "large", "大型"
    MEDIUM = "medium", "中型"
    SMALL = "small", "小型"
    MICRO = "micro", "微型"


class Designation(TextChoices):
    """What an enterprise is for some time: 规模以上 (Art. 4), 试点 (Art. 12(一))."""

    ABOVE_SCALE = "above_scale", "规模以上企业"
    PILOT = "pilot", "试点企业"


class IdPaper(TextChoices):
    """The paper a person is told apart by."""

    RESIDENT = "resident", "居民身份证"
    PERMIT = "permit", "港澳台居民居住证"
    PASSPORT = "passport", "护照"


class QualificationLevel(TextChoices):
    """Levels of 质量专业技术人员职业资格, lowest first (Art. 6(三))."""

    JUNIOR = "junior", "初级"
    INTERMEDIATE = "intermediate", "中级"
    ASSOCIATE_SENIOR = "associate_senior", "副高级"
    SENIOR = "senior", "正高级"


class EducationLevel(TextChoices):
    """学历, lowest first (Art. 6(三); not 学位)."""

    SECONDARY = "secondary", "中专或高中"
    ASSOCIATE = "associate", "大学专科"
    BACHELOR = "bachelor", "大学本科"
    MASTER = "master", "硕士研究生"
    DOCTOR = "doctor", "博士研究生"


class Outcome(TextChoices):
    """What is said of one criterion of Art. 6."""

    MET = "met", "符合"
    UNMET = "unmet", "不符合"
    UNVERIFIED = "unverified", "待核实"
    DECLARED = "declared", "已承诺"
    STANDING = "standing", "持续义务"


class CheckResult(TextChoices):
    """What public verification may answer, and nothing else; the last four are about no paper of ours."""

    VALID = "valid", "有效"
    NOT_YET_FILED = "not_yet_filed", "真实，尚未登记"
    NEVER_FILED = "never_filed", "真实，从未登记"
    EXPIRED = "expired", "已期满"
    SUPERSEDED = "superseded", "已被代替"
    WITHDRAWN = "withdrawn", "已撤回"
    DISMISSED = "dismissed", "已解除"
    RESIGNED = "resigned", "已辞任"
    CLOSED = "closed", "已终止"
    SUCCEEDED = "succeeded", "已改聘"
    REVOKED = "revoked", "已撤销"
    UNKNOWN = "unknown", "查无此证"
    NOT_ISSUED = "not_issued", "文件不符"
    UNREADABLE = "unreadable", "无法核对"
    TOO_MANY = "too_many", "核验太频繁"


class CheckWay(TextChoices):
    """How a paper was checked."""

    CODE = "code", "核验码"
    FILE = "file", "文件"
    JSON = "json", "程序"


class Channel(TextChoices):
    """How a message leaves the portal."""

    EMAIL = "email", "电子邮件"
    SMS = "sms", "短信"


class DeliveryState(TextChoices):
    """How far a message is on its way to an address. Sent means that the next server took it, not that it was read."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发送"
    FAILED = "failed", "发送失败"
    BOUNCED = "bounced", "被退回"


UNDELIVERED = (DeliveryState.FAILED, DeliveryState.BOUNCED)


PRIVACY_NOTICE = "2026年第1版"  # the edition of what people are told at /privacy/; a new text is a new edition


class ExportForm(TextChoices):
    """As what a list leaves the portal: its rows as a sheet, or the papers of its rows."""

    XLSX = "xlsx", "Excel 表格"
    CSV = "csv", "CSV 表格"
    ZIP = "zip", "ZIP 压缩包"
    PDF = "pdf", "合为一份的 PDF"


OF_PAPERS = (ExportForm.ZIP, ExportForm.PDF)


class RequestKind(TextChoices):
    """What a person may ask about their own data, beside seeing it (个人信息保护法 45 to 47)."""

    CORRECTION = "correction", "更正、补充"
    ERASURE = "erasure", "删除"


class RequestState(TextChoices):
    """How far such a request is."""

    ASKED = "asked", "已提出"
    GRANTED = "granted", "同意，待办理"
    DECLINED = "declined", "不予办理"
    DONE = "done", "已办结"


REQUEST_MOVES: tuple[tuple[str, str], ...] = (
    (RequestState.ASKED, RequestState.GRANTED),
    (RequestState.ASKED, RequestState.DECLINED),
    (RequestState.GRANTED, RequestState.DONE),
)


class ImportState(TextChoices):
    """Where an uploaded spreadsheet stands. Before it is written, nothing of it is on any register."""

    READING = "reading", "正在核对"
    READY = "ready", "待确认"
    WRITING = "writing", "正在写入"
    DONE = "done", "已写入"
    FAILED = "failed", "无法读取"
    DROPPED = "dropped", "已放弃"


IMPORT_MOVES: tuple[tuple[str, str], ...] = (
    (ImportState.READING, ImportState.READY),
    (ImportState.READING, ImportState.FAILED),
    (ImportState.READING, ImportState.DROPPED),
    (ImportState.READY, ImportState.WRITING),
    (ImportState.READY, ImportState.DROPPED),
    (ImportState.WRITING, ImportState.DONE),
    (ImportState.WRITING, ImportState.READY),  # what stands on file moved since the preview: shown anew
    (ImportState.WRITING, ImportState.DROPPED),  # the worker stopped
)
IMPORT_OVER = (ImportState.DONE, ImportState.FAILED, ImportState.DROPPED)


class Verdict(TextChoices):
    """What becomes of one row of a spreadsheet."""

    NEW = "new", "新增"
    CHANGED = "changed", "变更"
    UNCHANGED = "unchanged", "相同"
    FAULTY = "faulty", "有误"


class SecurityEvent(TextChoices):
    """What the security log knows. Nothing else is noted there, and nothing of this goes unnoted."""

    LOGIN = "login", "登录"
    LOGIN_FAILED = "login_failed", "登录失败"
    LOGIN_LOCKED = "login_locked", "登录锁定"
    LOGOUT = "logout", "退出登录"
    DENIED = "denied", "访问被拒绝"
    REVEAL = "reveal", "查看完整证件号码"
    EXPORT = "export", "导出"
    DOWNLOAD = "download", "查看文件"
    ACCOUNT_CREATED = "account_created", "建立账号"
    ACCOUNT_DISABLED = "account_disabled", "停用账号"
    ACCOUNT_ENABLED = "account_enabled", "启用账号"
    ACCOUNT_CHANGED = "account_changed", "账号的角色或单位变更"
    CONTACT_CHANGED = "contact_changed", "账号的邮箱或手机号码变更"
    FACTOR_ADDED = "factor_added", "添加第二重验证"
    FACTOR_REMOVED = "factor_removed", "移除第二重验证"
    FACTOR_RESET = "factor_reset", "重置第二重验证"
    SESSION_ENDED = "session_ended", "登录状态被终止"
    PASSWORD_CHANGED = "password_changed", "修改密码"
    PASSWORD_RESET = "password_reset", "重置密码"
    INVITED = "invited", "邀请"
    INVITATION_TAKEN = "invitation_taken", "接受邀请"
    REGISTERED = "registered", "企业注册申请"
    REGISTRATION_DECIDED = "registration_decided", "企业注册申请办结"
    LINK_ISSUED = "link_issued", "发出一次性链接"
    LINK_REVOKED = "link_revoked", "作废一次性链接"
    LINK_USED = "link_used", "使用一次性链接"
    DATA_REQUEST = "data_request", "个人信息请求"
    ERASURE = "erasure", "删除个人信息"
    RETENTION = "retention", "按保存期限清理"
    LOG_TRIMMED = "log_trimmed", "清理到期的安全日志"
    KEY_ROTATION = "key_rotation", "更换密钥"
    LOG_SEALED = "log_sealed", "安全日志按日封存"
    LOG_VERIFIED = "log_verified", "核对安全日志"


# Without their entry these do not happen: personal data is not read where nobody could tell who read it.
NEVER_UNNOTED = (
    SecurityEvent.REVEAL,
    SecurityEvent.EXPORT,
    SecurityEvent.DOWNLOAD,
    SecurityEvent.ERASURE,
    SecurityEvent.KEY_ROTATION,
)


def rank(level: str) -> int:
    """Place of a qualification or education level in its list, lowest 0. Raises ValueError for neither.

    以上 includes the figure itself (design 1.3): compare with ``>=``.
    """
    for levels in (QualificationLevel, EducationLevel):
        if level in levels.values:
            return levels.values.index(level)
    raise ValueError(f"no such level: {level}")
