"""Stored files, numbers, and the ground of every official paper."""

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.models.accounts import County, User
from registry.models.base import Base, PortalQuerySet, ScopedBase
from registry.models.enterprises import Enterprise
from registry.states import CITY_WIDE, Role


def append_only(name: str) -> pgtrigger.Protect:
    """The trigger that keeps rows as they were written."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


class StoredFile(ScopedBase):
    """An uploaded file: checked, kept under its content hash outside the web root, served through an access check."""

    append_only = True

    reference = models.CharField(max_length=32, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="files")
    name = models.CharField("文件名", max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField("页数", default=1)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "文件"
        triggers = [append_only("stored_file_append_only")]

    def __str__(self):
        return self.name


class Counter(Base):
    """The last number given in a series and year; its row lock is what keeps numbers without gaps."""

    series = models.CharField(max_length=20)
    year = models.PositiveIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta(Base.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year"], name="counter_once", violation_error_message="同一年度的编号序列只有一个。"
            )
        ]


class FormToken(Base):
    """A form that was carried out once: sending it again shows the first result."""

    append_only = True

    token = models.UUIDField()
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    result_url = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta(Base.Meta):
        triggers = [append_only("form_token_append_only")]
        constraints = [
            models.UniqueConstraint(
                fields=["token", "user"], name="form_token_once", violation_error_message="这份表单已经办理过。"
            )
        ]


class MessageQuerySet(PortalQuerySet):
    """In-portal messages, addressed to an enterprise, a county or the city's bureau, never to a single person."""

    def visible_to(self, user):
        """The messages of the office this user acts for."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role == Role.ENTERPRISE:
            return self.filter(enterprise=user.enterprise_id)
        if user.role == Role.COUNTY:
            return self.filter(county=user.county_id)
        if user.role in CITY_WIDE:
            return self.filter(enterprise=None, county=None)
        return self.none()

    def unread(self):
        """Messages nobody of the office has opened."""
        return self.filter(read_at=None)


class Message(Base):
    """One message, written in the transaction of the act it tells of, so that no crash loses it."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, blank=True, related_name="messages")
    county = models.ForeignKey(County, models.CASCADE, null=True, blank=True, related_name="messages")
    subject = models.CharField("标题", max_length=160)
    body = models.CharField("内容", max_length=600)
    url = models.CharField(max_length=200)
    sent_at = models.DateTimeField("时间")
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = MessageQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="message_one_audience",
                condition=Q(enterprise__isnull=True) | Q(county__isnull=True),
                violation_error_message="一条消息只发给一个单位。",
            ),
            models.CheckConstraint(
                name="message_read_pair",
                condition=Q(read_at__isnull=True, read_by__isnull=True)
                | Q(read_at__isnull=False, read_by__isnull=False),
                violation_error_message="阅读时间和阅读人须同时记录。",
            ),
        ]


class IssuedPaper(ScopedBase):
    """Abstract: a paper as issued. Bytes and SHA-256 are stored at issue and never rendered anew."""

    append_only = True

    number = models.CharField("编号", max_length=40)
    version = models.PositiveIntegerField("版次", default=1)
    code = models.CharField("核验码", max_length=60, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)  # a dropped file is looked up by it
    size = models.PositiveIntegerField("字节数")
    template_version = models.CharField(max_length=20)
    facts = models.JSONField(default=dict)
    issued_at = models.DateTimeField("出具时间")
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        abstract = True
