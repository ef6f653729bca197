"""The security log: who signed in, was denied, revealed, exported; sealed day by day."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from registry.models.base import Base, PortalQuerySet
from registry.models.files import append_only
from registry.states import Role, SecurityEvent


class SecurityQuerySet(PortalQuerySet):
    """The administrator reads the log; nobody else does."""

    def visible_to(self, user):
        """All of it to the administrator."""
        known = user.is_authenticated and user.is_active
        return self if known and user.role == Role.ADMINISTRATOR else self.none()


# What a detail is called on the page; any other name stands there as it is.
DETAILS = {
    "reason": "理由",
    "status": "答复",
    "sms": "短信发出",
    "kind": "类别",
    "factor": "第二重验证",
    "state": "状态",
    "links": "链接数",
    "last": "清理到第几条",
    "digest": "封存码",
    "entries": "条数",
    "faults": "问题数",
    "taken": "接收",
    "role": "角色",
    "owner": "账号负责人",
    "count": "处数",
    "listing": "清单",
    "form": "格式",
    "filters": "条件",
    "rows": "行数",
}


class SecurityEntry(Base):
    """One event. Names are plain values: the connection that writes may not see the account's row yet, or any more.

    Its number follows the one before without a gap, and its code is keyed and taken over number and content: an entry
    that is altered, put in or moved gives itself away by its code, one that is removed by its number.
    """

    append_only = True

    id = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时间")
    event = models.CharField("事件", max_length=24, choices=SecurityEvent.choices)
    # Who?
    actor = models.BigIntegerField(null=True)  # the account's key, which is no foreign key
    username = models.CharField("账号", max_length=60, blank=True)
    office = models.CharField("单位", max_length=80, blank=True)
    # About what, from where? References only, never personal data in clear.
    about = models.CharField("对象", max_length=120, blank=True)
    address = models.CharField("来源地址", max_length=64, blank=True)
    agent = models.CharField("浏览器", max_length=200, blank=True)
    route = models.CharField("页面", max_length=80, blank=True)
    details = models.JSONField("说明", default=dict)
    # What tells that it is as it was written
    key_version = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=64)

    unscoped = SecurityQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "安全日志"
        ordering = ["-pk"]
        triggers = [append_only("security_entry_append_only")]
        indexes = [models.Index(fields=["at"]), models.Index(fields=["event"]), models.Index(fields=["username"])]

    def __str__(self):
        return f"{self.pk} {self.get_event_display()}"

    @property
    def said(self) -> list[tuple[str, str]]:
        """The details, with their names in words."""
        words = {True: "是", False: "否"}
        return [
            (DETAILS.get(name, name), words[value] if isinstance(value, bool) else str(value))
            for name, value in self.details.items()
        ]


class SecurityHead(Base):
    """The number of the last entry: its row lock gives the next one. The code is keyed, so that nobody sets it back."""

    never_deleted = True

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)
    key_version = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=64)

    unscoped = SecurityQuerySet.as_manager()

    class Meta(Base.Meta):
        triggers = [
            pgtrigger.Protect(
                name="security_head_never_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__last__lt=pgtrigger.F("old__last")),
            ),
            pgtrigger.Protect(name="security_head_never_deleted", operation=pgtrigger.Delete),
        ]
        constraints = [
            models.CheckConstraint(
                name="security_head_one",
                condition=Q(id=1),
                violation_error_message="安全日志只有一个末号。",
            )
        ]


class DaySeal(Base):
    """What the log held when a day was over: a keyed digest over its entries and the digest of the day before.

    A day without entries is sealed too: ``first`` is then one more than ``last``.
    """

    append_only = True

    day = models.DateField("日期")
    first = models.BigIntegerField("首号")
    last = models.BigIntegerField("末号")
    entries = models.PositiveIntegerField("条数")
    root = models.CharField(max_length=64)  # the hash of the entries' codes; it stays when the entries are over
    previous = models.CharField(max_length=64, blank=True)
    key_version = models.PositiveSmallIntegerField()
    digest = models.CharField("封存码", max_length=64)
    sealed_at = models.DateTimeField("封存时间")

    unscoped = SecurityQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "安全日志封存"
        ordering = ["-day"]
        triggers = [append_only("day_seal_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["day"], name="day_seal_once", violation_error_message="一天的安全日志只封存一次。"
            ),
            models.CheckConstraint(
                name="day_seal_without_gap",
                condition=Q(entries=F("last") - F("first") + 1),
                violation_error_message="封存的条数须与首末序号相符。",
            ),
        ]

    def __str__(self):
        return str(self.day)
