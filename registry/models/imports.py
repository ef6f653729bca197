"""Spreadsheets that somebody brought: the upload, what was found in each of its rows, and what became of them."""

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.models.accounts import User
from registry.models.base import Base, PortalQuerySet, moves, pair
from registry.models.jobs import Job, OfficeQuerySet
from registry.states import IMPORT_MOVES, IMPORT_OVER, ImportState, Verdict

TONES = {
    ImportState.READING: "blue",
    ImportState.READY: "amber",
    ImportState.WRITING: "blue",
    ImportState.DONE: "green",
    ImportState.FAILED: "red",
    ImportState.DROPPED: "",
}


class ImportRun(Base):
    """One upload of a spreadsheet on its way onto the register."""

    never_deleted = True

    reference = models.CharField("编号", max_length=20, unique=True, editable=False)
    kind = models.CharField("类别", max_length=20)
    # What was brought?
    name = models.CharField("文件名", max_length=120)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("SHA-256", max_length=64)
    # Where does it stand?
    state = models.CharField("状态", max_length=10, choices=ImportState.choices, default=ImportState.READING)
    fault = models.CharField("原因", max_length=400, blank=True)  # why it cannot be read, or was not written
    new = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("相同", default=0)
    faulty = models.PositiveIntegerField("有误", default=0)
    version = models.PositiveIntegerField(default=1, editable=False)
    job = models.ForeignKey(Job, models.SET_NULL, verbose_name="后台工作", null=True, related_name="+")
    # Who brought it, and who had it written?
    created_at = models.DateTimeField("上传时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, verbose_name="确认人", null=True, related_name="+")
    finished_at = models.DateTimeField("办结时间", null=True)

    unscoped = OfficeQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "导入"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["digest"], name="import_digest")]
        triggers = [
            moves("import_moves", IMPORT_MOVES),
            pgtrigger.Protect(
                name="import_born_reading",
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__state=ImportState.READING.value),
            ),
            pgtrigger.Protect(name="import_never_deleted", operation=pgtrigger.Delete),
        ]
        constraints = [
            pair("import_confirmed_pair", "confirmed_at", "confirmed_by"),
            models.CheckConstraint(
                name="import_written_when_confirmed",
                condition=~Q(state__in=(ImportState.WRITING, ImportState.DONE)) | Q(confirmed_at__isnull=False),
                violation_error_message="确认以后才能写入。",
            ),
            models.CheckConstraint(
                name="import_over_has_moment",
                condition=Q(state__in=IMPORT_OVER, finished_at__isnull=False)
                | ~Q(state__in=IMPORT_OVER) & Q(finished_at__isnull=True),
                violation_error_message="办结的导入须有办结时间。",
            ),
            models.CheckConstraint(
                name="import_failed_has_reason",
                condition=~Q(state=ImportState.FAILED) | Q(fault__gt=""),
                violation_error_message="无法读取的，须写明原因。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def page(self) -> str:
        """The address that shows where it stands and what to do next."""
        return reverse("import_detail", args=[self.reference])

    @property
    def state_words(self) -> tuple[str, str]:
        """The state in words, and the tone of its tag."""
        return ImportState(self.state).label, TONES[ImportState(self.state)]

    @property
    def rows_read(self) -> int:
        """How many rows were read."""
        return self.new + self.changed + self.unchanged + self.faulty

    @property
    def to_write(self) -> int:
        """How many rows a confirmation writes."""
        return self.new + self.changed


class ThroughRun(PortalQuerySet):
    """Rows reached through their import."""

    def visible_to(self, user):
        """The rows of the imports of the office this user acts for now."""
        return self.filter(run__in=ImportRun.unscoped.visible_to(user))


class ImportUpload(Base):
    """The bytes of an upload, sealed, until they are read: they may hold ID numbers, and are kept no longer."""

    run = models.OneToOneField(ImportRun, models.CASCADE, related_name="upload")
    cipher = models.BinaryField()
    key_version = models.PositiveSmallIntegerField()

    unscoped = ThroughRun.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "待核对的表格"


class ImportRow(Base):
    """One row of an upload: what was read in it, how it compares, or why it cannot be."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("行")
    verdict = models.CharField("结果", max_length=10, choices=Verdict.choices)
    # By column key; what is secret stands sealed until the import is over, and not at all from then on.
    values = models.JSONField(encoder=DjangoJSONEncoder)
    label = models.CharField("名称", max_length=120, blank=True)
    is_readable = models.BooleanField(default=True)  # no: a cell, or another row of the file, is at fault
    details = models.JSONField(default=list)  # changed: [what, before, after] each; faulty: [column, reason] each

    unscoped = ThroughRun.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "导入的行"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "number"], name="import_row_once", violation_error_message="同一行只记一次。"
            ),
            models.CheckConstraint(
                name="import_row_faulty_has_reason",
                condition=~Q(verdict=Verdict.FAULTY) | ~Q(details=[]),
                violation_error_message="有误的行须写明原因。",
            ),
        ]
        indexes = [models.Index(fields=["run", "verdict", "number"], name="import_row_by_verdict")]
