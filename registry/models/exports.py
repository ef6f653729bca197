"""What people took out of the portal as a file, to be found again for some days."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.models.accounts import User
from registry.models.base import Base, PortalQuerySet
from registry.states import OF_PAPERS, ExportForm, Role

KEPT_DAYS = 30  # unless the office says otherwise (``CQO_RETENTION``: exports)


class ExportQuerySet(PortalQuerySet):
    """An export is whose it is, as long as they act for the office that they acted for then."""

    def visible_to(self, user):
        """One's own, made for the office one acts for now."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        return self.filter(created_by=user, made_for=office_of(user))


def office_of(user: User) -> str:
    """The office whose rows an account sees: its role, and the county, enterprise or training body."""
    body = None
    if user.role == Role.TRAINER and (membership := getattr(user, "training_membership", None)):  # of the app above
        body = membership.body_id
    parts = (user.role, user.county_id, user.enterprise_id, body)
    return "/".join("" if part is None else str(part) for part in parts)


class Export(Base):
    """A file made of a list: which list, narrowed by what, how many rows. It is written once, and goes in some days."""

    reference = models.CharField("编号", max_length=20, unique=True, editable=False)
    # Of what?
    listing = models.CharField(max_length=40)
    title = models.CharField("名称", max_length=80)
    form = models.CharField("格式", max_length=4, choices=ExportForm.choices)
    said = models.JSONField("条件", default=list)  # [filter, value in words] each
    rows = models.PositiveIntegerField("行数或者份数")
    left_out = models.PositiveIntegerField("未列入", default=0)
    # The file
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField("字节数")
    # Whose?
    created_at = models.DateTimeField("导出时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="导出人", related_name="+")
    made_for = models.CharField(max_length=60)

    unscoped = ExportQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "导出的文件"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="export_form_known",
                condition=Q(form__in=ExportForm.values),
                violation_error_message="导出的格式不在可选范围内。",
            )
        ]

    def __str__(self):
        return self.title

    @property
    def file_url(self) -> str:
        """The address of the file."""
        return reverse("export_file", args=[self.reference])

    @property
    def is_papers(self) -> bool:
        """Whether it holds papers and no rows."""
        return self.form in OF_PAPERS

    @property
    def said_words(self) -> str:
        """What it was narrowed by, in words."""
        return "；".join(f"{name}：{words}" for name, words in self.said)
