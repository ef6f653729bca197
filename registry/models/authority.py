"""What the bureaus are called, and from which day: a change of name is data, with the document that says so."""

from collections.abc import Callable
from datetime import date

from django.db import models
from django.db.models import Q

from registry.models.accounts import County, User
from registry.models.base import Base, tracked
from registry.models.files import StoredFile
from registry.models.measure import the_law


@tracked()
class AuthorityName(Base):
    """A bureau's name from a day on, by a document; without a county the municipal bureau's."""

    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="县(市、区)", null=True, blank=True, related_name="bureau_names"
    )
    name = models.CharField("名称", max_length=40)
    since = models.DateField("启用日期")
    # By which document?
    title = models.CharField("文件名称", max_length=100)
    number = models.CharField("文号", max_length=60)
    document = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="文件", related_name="+")
    is_demo = models.BooleanField("演示", default=False)
    recorded_at = models.DateTimeField("记录时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "质监部门名称"
        ordering = ["-since", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="authority_name_once_a_day",
                fields=["county", "since"],
                nulls_distinct=False,
                violation_error_message="这一部门自这一天起的名称已经记录。",
            ),
            models.CheckConstraint(
                name="authority_name_has_its_document",
                condition=Q(name__gt="", title__gt="", number__gt=""),
                violation_error_message="部门名称须写明名称、文件名称和文号。",
            ),
        ]

    def __str__(self):
        return self.name


def authorities() -> Callable[[date], str]:
    """Day → what the municipal bureau is called on it; empty before any measure.

    The measure names it as of its own first day; a name recorded since then stands in its place.
    """
    law = the_law()
    names = [(since, name) for county, since, name in law.names if county is None]

    def on(day: date) -> str:
        begun = [row.edition for row in law.periods if row.first_day <= day] or [row.edition for row in law.periods[:1]]
        since = min((row.first_day for row in law.periods if row.edition in begun[-1:]), default=date.min)
        recorded = [name for begun_on, name in names if since <= begun_on <= day]
        return recorded[-1] if recorded else "".join(edition.authority for edition in begun[-1:])

    return on


def authority_on(day: date) -> str:
    """What the municipal bureau is called on that day; empty before any measure is loaded."""
    return authorities()(day)


def bureau_on(day: date, county: County | None) -> str:
    """What the bureau of a county, or without one the municipal bureau, is called on that day."""
    return county.bureau_on(day) if county else authority_on(day)
