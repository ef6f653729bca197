"""What every page's frame needs: names, menu, counts. Nothing is fetched before a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy

from appointments.rules import term_words
from cqo_portal import dashboards
from cqo_portal.accounts.sessions import MARK
from registry.citing import article_late
from registry.listing import Count
from registry.models.authority import authority_on
from registry.models.measure import Basis, basis_if_any, the_law
from registry.rules import day_words
from registry.states import STAFF, Role

AUTHORITY = "市级质监部门"  # until a measure that names one is loaded

PUBLIC = (
    (
        "",
        (
            ("首页", "home"),
            ("证书核验", "verify"),
            ("条件自查", "self_check"),
            ("人才库", "talent_pool"),
            ("经验成果", "experience"),
            ("激励政策", "policy_list"),
            ("办法条文", "measure"),
            ("口径", "interpretation_list"),
        ),
    ),
)
PROMOTION = (
    "推广",
    (
        ("活动", "campaign_list"),
        ("经验成果", "achievement_list"),
        ("表彰奖励", "commendation_list"),
        ("试点指导", "pilot_list"),
        ("激励政策", "policy_list"),
    ),
)
ENTERPRISE = (
    ("待办", (("待办", "home"),)),
    ("首席质量官", (("任命", "appointment_list"), ("人员", "candidate_list"), ("条件自查", "self_check"))),
    (
        "履职",
        (
            ("履职报告", "report_list"),
            ("质量工作绩效", "targets_list"),
            ("履职事项", "obligation_list"),
            ("解除聘任建议", "case_list"),
        ),
    ),
    ("培训", (("培训班", "session_list"), ("课题", "project_list"), ("继续教育", "ce_list"))),
    PROMOTION,
    (
        "企业资料",
        (
            ("企业资料", "enterprise_detail"),
            ("企业账号", "member_list"),
            ("表格导入", "import_list"),
            ("我的导出", "export_list"),
        ),
    ),
    ("办法条文", (("办法条文", "measure"),)),
)
APPLICANT = (
    (
        "",
        (
            ("首页", "home"),
            ("注册企业", "registration_new"),
            ("条件自查", "self_check"),
            ("办法条文", "measure"),
            ("口径", "interpretation_list"),
        ),
    ),
)
REGISTERS = (
    "名录",
    (
        ("企业", "enterprise_list"),
        ("人员", "candidate_list"),
        ("任命", "appointment_list"),
        ("表格导入", "import_list"),
    ),
)
TRAINING = (
    "培训",
    (
        ("培训班", "session_list"),
        ("培训证书", "certificate_list"),
        ("课题", "project_list"),
        ("人才库", "pool_list"),
        ("继续教育", "ce_list"),
        ("培训机构", "training_body_list"),
    ),
)
SUPERVISION = (
    "监督",
    (
        ("报告周期", "cycle_list"),
        ("履职报告", "report_list"),
        ("质量工作绩效", "targets_list"),
        ("履职事项", "obligation_list"),
        ("发现情况", "finding_list"),
        ("质量安全事故", "accident_list"),
        (format_lazy("{}观察名单", article_late("12.(2)")), "watch_list"),
        ("解除聘任建议", "case_list"),
    ),
)
TRAINER = (
    ("", (("待办", "home"), ("培训班", "session_list"), ("培训证书", "certificate_list"))),
    ("其他", (("我的导出", "export_list"), ("证书核验", "verify"), ("办法条文", "measure"))),
)
COUNTY = (
    (
        "工作",
        (
            ("待办", "home"),
            ("任命核对", "appointment_queue"),
            ("代录", "counter_entry"),
            ("企业注册", "registration_list"),
        ),
    ),
    REGISTERS,
    SUPERVISION,
    TRAINING,
    PROMOTION,
    (
        "其他",
        (("统计", "statistics"), ("我的导出", "export_list"), ("发送记录", "delivery_list"), ("办法条文", "measure")),
    ),
)
MUNICIPAL = (
    ("工作", (("待办", "home"), ("任命登记", "appointment_queue"), ("企业注册", "registration_list"))),
    REGISTERS,
    SUPERVISION,
    TRAINING,
    PROMOTION,
    ("依据", (("办法条文", "measure"), ("口径", "interpretation_list"))),
    (
        "其他",
        (
            ("统计", "statistics"),
            ("我的导出", "export_list"),
            ("发送记录", "delivery_list"),
            ("个人信息请求", "data_request_list"),
        ),
    ),
)
ADMINISTRATOR = (
    ("工作", (("待办", "home"),)),
    *MUNICIPAL[1:],
    (
        "管理",
        (
            ("制度依据", "basis_record"),
            ("账号", "admin:registry_user_changelist"),
            ("安全日志", "security_log"),
        ),
    ),
)
MENUS = {
    Role.APPLICANT: APPLICANT,
    Role.ENTERPRISE: ENTERPRISE,
    Role.TRAINER: TRAINER,
    Role.COUNTY: COUNTY,
    Role.MUNICIPAL: MUNICIPAL,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}
# While no measure is in force: what each role may do all the same, and to whom the document that ends it goes.
STILL_RECORDED = "仍可记录，记录上会注明；不能提出解除聘任建议。"
GAP_MEANS = {
    Role.COUNTY: STILL_RECORDED,
    Role.MUNICIPAL: STILL_RECORDED,
    Role.ADMINISTRATOR: STILL_RECORDED,
    Role.TRAINER: "仍可培训、考核和发给证书，证书上会注明。",
}
GAP_NEXT = {
    Role.MUNICIPAL: "延长文件或者新的办法公布后，交系统管理员在“制度依据”中记录。",
    "": "延长文件或者新的办法由市局的系统管理员记录，这里无需办理。",
}
# Pages that stand elsewhere than under their list's address: a route's name or its first word, and the list.
ELSEWHERE = {
    "appointment_grounds": "watch_list",
    "accident": "accident_list",
    "case": "case_list",
    "finding": "finding_list",
    "guidance": "pilot_list",
    "report": "report_list",
    "targets": "targets_list",
}


@dataclass(frozen=True)
class Entry:
    """One line of the menu; ``count`` is how much waits there, None where nothing is counted."""

    label: str
    url: str
    count: Count | None
    current: bool = False


@cache
def _address(name: str) -> str:
    """Where a page of the menu stands, looked up once a process."""
    return reverse(name)


class Portal:
    """The frame's facts for one request. Lazy, so that an error page needs no database."""

    name = settings.PORTAL_NAME

    def __init__(self, request):
        self.request = request
        self.user = getattr(request, "user", AnonymousUser())  # a request refused early has none
        self.demo = settings.DEMO
        self.origin = settings.PUBLIC_ORIGIN

    @property
    def idle(self) -> int:
        """Seconds after which this session ends for want of use; 0 where nobody is signed in."""
        mark = self.request.session.get(MARK) if self.user.is_authenticated else None
        return mark["idle"] if mark else 0

    @property
    def is_staff(self) -> bool:
        """Whether the left menu stands."""
        return self.user.is_authenticated and self.user.role in (*STAFF, Role.TRAINER)

    @property
    def may_search(self) -> bool:
        """Whether there is anything for this person to look for: an applicant has one row, and it is at hand."""
        return self.user.is_authenticated and self.user.role != Role.APPLICANT

    @property
    def audience(self) -> str:
        """``staff``, ``enterprise`` or ``public``: the class of the page."""
        if self.is_staff:
            return "staff"
        return "enterprise" if self.user.is_authenticated else "public"  # an applicant is one to be

    @cached_property
    def basis(self) -> Basis | None:
        """What an act of today stands on; None before any measure is loaded."""
        return basis_if_any(timezone.localdate())

    @property
    def term_words(self) -> str:
        """Art. 11: how long a term is, by today's basis; two years before any measure is loaded."""
        return term_words(self.basis.value("term_years") if self.basis else 2)

    @cached_property
    def bureau(self) -> str:
        """What the municipal bureau is called today."""
        return authority_on(timezone.localdate()) or AUTHORITY

    @cached_property
    def basis_gap(self) -> str:
        """Why no measure is in force today (Art. 14), said on every page of staff; empty while one is."""
        if self.basis is None:
            return "还没有装入办法"
        if not self.basis.outside:
            return ""
        edition, today = self.basis.edition, timezone.localdate()
        if today < edition.first_day:
            return f"今天没有有效的办法：《{edition.title}》自{day_words(edition.first_day)}起施行"
        periods = (row for row in the_law().periods if row.edition_id == edition.pk)
        ended = max(row.last_day for row in periods if row.last_day and row.last_day < today)
        return f"今天没有有效的办法：《{edition.title}》的有效期到{day_words(ended)}止"

    @property
    def gap_means(self) -> str:
        """What may be done all the same, and who records the document that ends the gap, for this role."""
        may = "" if self.basis is None else GAP_MEANS.get(self.user.role, "")
        return may + ("" if self.user.role == Role.ADMINISTRATOR else GAP_NEXT.get(self.user.role, GAP_NEXT[""]))

    @cached_property
    def counts(self) -> dict[str, Count]:
        """How much waits, by URL name; on an error page nothing is counted."""
        if getattr(self.request, "went_wrong", False) or not self.user.is_authenticated:
            return {}
        return dashboards.counts(self.request)

    @property
    def inbox_count(self) -> Count | None:
        """Messages nobody of the office has opened."""
        return self.counts.get("inbox")

    def _address(self, name: str) -> str:
        return reverse(name, args=[self.user.enterprise.reference]) if name == "enterprise_detail" else _address(name)

    @cached_property
    def menu(self) -> list[tuple[str, list[Entry]]]:
        """This role's entries in groups.

        Current is the one that ``ELSEWHERE`` names for this page, else the one with the longest address that begins
        this page's.
        """
        groups = MENUS.get(self.user.role, PUBLIC) if self.user.is_authenticated else PUBLIC
        urls = {name: self._address(name) for _, entries in groups for _, name in entries}
        path, route = self.request.path, getattr(self.request.resolver_match, "url_name", None) or ""
        listed = ELSEWHERE.get(route) or ELSEWHERE.get(route.partition("_")[0])
        here = urls.get(listed) or max(
            (u for u in urls.values() if path == u or u != "/" and path.startswith(u)), key=len, default=""
        )
        return [
            (heading, [Entry(label, urls[name], self.counts.get(name), urls[name] == here) for label, name in entries])
            for heading, entries in groups
        ]

    @property
    def tops(self) -> list[Entry]:
        """The top menu: one entry a group, or the entries themselves where there is one group."""
        if len(self.menu) == 1:
            return self.menu[0][1]
        return [
            Entry(heading, entries[0].url, entries[0].count, any(entry.current for entry in entries))
            for heading, entries in self.menu
        ]

    @property
    def within(self) -> list[Entry]:
        """The entries beside the one where one is, under the top menu; none where a group has one alone."""
        here = next((entries for _, entries in self.menu if any(entry.current for entry in entries)), [])
        return here if len(self.menu) > 1 and len(here) > 1 else []

    @property
    def current(self) -> str:
        """The label of the entry one is in; empty on a page of no entry."""
        return next((entry.label for _, entries in self.menu for entry in entries if entry.current), "")


def portal(request) -> dict[str, Portal]:
    """``portal`` for every template."""
    return {"portal": Portal(request)}
