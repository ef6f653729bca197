"""What every page's frame needs: names, menu, counts. Nothing is fetched before a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from cqo_portal import dashboards
from registry.models import Edition
from registry.models.measure import Basis, legal_basis
from registry.states import STAFF, Role

NAME = "清远市企业首席质量官服务平台"
AUTHORITY = "清远市质监局"  # until a measure that names one is loaded

PUBLIC = (("", (("首页", "home"), ("证书核验", "verify"), ("人才库", "talent_pool"), ("办法条文", "measure"))),)
ENTERPRISE = (
    (
        "",
        (
            ("待办", "home"),
            ("首席质量官", "appointment_list"),
            ("人员", "candidate_list"),
            ("培训", "session_list"),
            ("课题", "project_list"),
            ("继续教育", "ce_list"),
            ("企业资料", "enterprise_detail"),
            ("办法条文", "measure"),
        ),
    ),
)
REGISTERS = ("名录", (("企业", "enterprise_list"), ("人员", "candidate_list"), ("任命", "appointment_list")))
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
TRAINER = (
    ("", (("待办", "home"), ("培训班", "session_list"), ("培训证书", "certificate_list"))),
    ("其他", (("证书核验", "verify"), ("办法条文", "measure"))),
)
COUNTY = (
    ("工作", (("待办", "home"), ("任命核对", "appointment_queue"), ("代录", "counter_entry"))),
    REGISTERS,
    TRAINING,
    ("其他", (("办法条文", "measure"),)),
)
MUNICIPAL = (
    ("工作", (("待办", "home"), ("任命登记", "appointment_queue"))),
    REGISTERS,
    TRAINING,
    ("依据", (("办法条文", "measure"), ("法律依据和口径", "admin:registry_interpretation_changelist"))),
)
ADMINISTRATOR = (*MUNICIPAL, ("管理", (("账号", "admin:registry_user_changelist"),)))
MENUS = {
    Role.ENTERPRISE: ENTERPRISE,
    Role.TRAINER: TRAINER,
    Role.COUNTY: COUNTY,
    Role.MUNICIPAL: MUNICIPAL,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}


@dataclass(frozen=True)
class Entry:
    """One line of the menu; ``count`` is how much waits there, None where nothing is counted."""

    label: str
    url: str
    count: int | None
    current: bool = False


class Portal:
    """The frame's facts for one request. Lazy, so that an error page needs no database."""

    name = NAME

    def __init__(self, request):
        self.request = request
        self.user = getattr(request, "user", AnonymousUser())  # a request refused early has none
        self.demo = settings.DEMO
        self.origin = settings.PUBLIC_ORIGIN

    @property
    def is_staff(self) -> bool:
        """Whether the left menu stands."""
        return self.user.is_authenticated and self.user.role in (*STAFF, Role.TRAINER)

    @property
    def audience(self) -> str:
        """``staff``, ``enterprise`` or ``public``: the class of the page."""
        if self.is_staff:
            return "staff"
        return "enterprise" if self.user.is_authenticated else "public"

    @cached_property
    def basis(self) -> Basis | None:
        """What an act of today stands on; None before any measure is loaded."""
        try:
            return legal_basis(timezone.localdate())
        except Edition.DoesNotExist:
            return None

    @property
    def bureau(self) -> str:
        """The authority that the edition names."""
        return self.basis.edition.authority if self.basis else AUTHORITY

    @property
    def basis_gap(self) -> bool:
        """Whether no measure is in force today (Art. 14): said on every page of staff."""
        return self.basis is None or self.basis.outside

    @cached_property
    def counts(self) -> dict[str, int]:
        """How much waits, by URL name."""
        return dashboards.counts(self.user)

    @property
    def inbox_count(self) -> int:
        """Messages nobody of the office has opened."""
        return self.counts.get("inbox", 0)

    def _address(self, name: str) -> str:
        arguments = [self.user.enterprise.reference] if name == "enterprise_detail" else []
        return reverse(name, args=arguments)

    @cached_property
    def menu(self) -> list[tuple[str, list[Entry]]]:
        """This role's entries in groups; current is the one with the longest address that begins this page's."""
        groups = MENUS.get(self.user.role, PUBLIC) if self.user.is_authenticated else PUBLIC
        urls = {name: self._address(name) for _, entries in groups for _, name in entries}
        path = self.request.path
        here = max((u for u in urls.values() if path == u or u != "/" and path.startswith(u)), key=len, default="")
        return [
            (heading, [Entry(label, urls[name], self.counts.get(name), urls[name] == here) for label, name in entries])
            for heading, entries in groups
        ]

    @property
    def current(self) -> str:
        """The label of the entry one is in; empty on a page of no entry."""
        return next((entry.label for _, entries in self.menu for entry in entries if entry.current), "")


def portal(request) -> dict[str, Portal]:
    """``portal`` for every template."""
    return {"portal": Portal(request)}
