"""Stored files, numbers, and the ground of every official paper."""

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.models.accounts import County, User
from registry.models.acts import UnderBasis
from registry.models.base import Base, ScopedBase, ScopedQuerySet
from registry.models.enterprises import Enterprise


def append_only(name: str) -> pgtrigger.Protect:
    """The trigger that keeps rows as they were written."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


class StoredFileQuerySet(ScopedQuerySet):
    """Files of an enterprise, or of a bureau; what a bureau keeps for itself no enterprise sees."""

    def of_enterprise(self, enterprise_id):
        return self.filter(enterprise=enterprise_id, internal=False)

    def of_county(self, county_id):
        return self.filter(Q(enterprise__county=county_id) | Q(county=county_id))


class StoredFile(ScopedBase):
    """An uploaded file: checked, kept under its content hash outside the web root, served through an access check."""

    append_only = True

    reference = models.CharField(max_length=32, unique=True, editable=False)
    # Whose is it? An enterprise's, a county bureau's, or with neither the municipal bureau's.
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="files")
    county = models.ForeignKey(County, models.PROTECT, null=True, blank=True, related_name="+")
    internal = models.BooleanField("仅质监部门可见", default=False)
    name = models.CharField("文件名", max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveIntegerField("页数", default=1)
    uploaded_at = models.DateTimeField()
    # Empty for what a person without an account sent by a one-time link.
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = StoredFileQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "文件"
        triggers = [append_only("stored_file_append_only")]
        constraints = [
            models.CheckConstraint(
                name="stored_file_one_owner",
                condition=Q(enterprise__isnull=True) | Q(county__isnull=True),
                violation_error_message="一份文件只属于一个单位。",
            ),
            models.CheckConstraint(
                name="stored_file_without_account_is_internal",
                condition=Q(uploaded_by__isnull=False) | Q(internal=True),
                violation_error_message="没有账号的人提交的文件仅质监部门可见。",
            ),
        ]

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


class IssuedPaper(UnderBasis, ScopedBase):
    """Abstract: a paper as issued. Bytes and SHA-256 are stored at issue and never rendered anew."""

    append_only = True
    acted_at = ("issued_at",)

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
