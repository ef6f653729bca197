"""Enterprises, and what they are for some time."""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from registry.models.accounts import County, User
from registry.models.base import ScopedBase, ScopedQuerySet, has_days, newest, no_overlap, tracked
from registry.models.search import words_index, words_of
from registry.states import Designation, Industry, SizeBand


class EnterpriseQuerySet(ScopedQuerySet):
    enterprise_path = "pk"
    county_path = "county_id"

    def designated(self, kind: str, day) -> "EnterpriseQuerySet":
        """Enterprises that are above scale, or pilots, on that day."""
        rows = EnterpriseDesignation.unscoped.filter(enterprise=OuterRef("pk"), kind=kind, period__contains=day)
        return self.filter(Exists(rows))


@tracked(exclude=["search"])
class Enterprise(ScopedBase):
    """An enterprise of the city; its credit code names it, its reference addresses it."""

    # Which enterprise is it?
    reference = models.CharField("编号", max_length=12, unique=True, editable=False)
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("企业名称", max_length=80)
    county = models.ForeignKey(County, models.PROTECT, verbose_name="县(市、区)", related_name="enterprises")
    address = models.CharField("住所", max_length=120, blank=True)
    # What does it do, and how large is it?
    industry = models.CharField("行业门类", max_length=1, choices=Industry.choices)
    size = models.CharField("企业规模", max_length=10, choices=SizeBand.choices)
    # Who leads it, and whom does one call?
    legal_representative = models.CharField("法定代表人", max_length=40)
    principal = models.CharField("主要负责人", max_length=40)
    contact_name = models.CharField("联系人", max_length=40)
    contact_phone = models.CharField("联系手机", max_length=11)
    contact_email = models.EmailField("电子邮箱", blank=True)

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    search = words_of("name", "reference", "credit_code")

    unscoped = EnterpriseQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "企业"
        ordering = ["name", "pk"]
        indexes = [
            words_index("enterprise_words"),
            models.Index(fields=["name", "id"], name="enterprise_by_name"),
            models.Index(fields=["county", "name", "id"], name="enterprise_of_county"),
            *newest("enterprise_new", "-created_at", by=[()]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code"],
                name="enterprise_credit_code_once",
                violation_error_message="该统一社会信用代码已在名录中。",
            ),
            models.CheckConstraint(
                name="enterprise_credit_code_format",
                condition=Q(credit_code__regex=r"^[0-9A-HJ-NP-RTUWXY]{18}$"),
                violation_error_message="统一社会信用代码为 18 位，不含 I、O、S、V、Z。",
            ),
            models.CheckConstraint(
                name="enterprise_contact_phone_format",
                condition=Q(contact_phone__regex=r"^1[3-9][0-9]{9}$"),
                violation_error_message="联系手机为 11 位手机号码。",
            ),
        ]

    def __str__(self):
        return self.name

    def appointers(self) -> dict[str, str]:
        """Who may appoint (Art. 11): title → name."""
        return {"legal_representative": self.legal_representative, "principal": self.principal}

    def is_designated(self, kind: str, day) -> bool:
        """Whether the enterprise is above scale, or a pilot, on that day."""
        return self.designations.filter(kind=kind, period__contains=day).exists()


@tracked()
class EnterpriseDesignation(ScopedBase):
    """规模以上 (Art. 4) or 试点 (Art. 12(一)) for some time; answerable as of any day."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="designations")
    kind = models.CharField("类别", max_length=20, choices=Designation.choices)
    period = DateRangeField("期间")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "企业类别"
        ordering = ["kind", "period"]
        constraints = [
            no_overlap("designation_no_overlap", "enterprise", "kind", message="同一类别的期间不得重叠。"),
            has_days("designation_has_days"),
        ]


@tracked()
class EnterpriseSeat(ScopedBase):
    """The county an enterprise belonged to, and from when; ``Enterprise.county`` is the newest of them."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="seats")
    county = models.ForeignKey(County, models.PROTECT, related_name="+")
    period = DateRangeField("期间")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "所属县(市、区)"
        ordering = ["period"]
        constraints = [
            no_overlap("seat_no_overlap", "enterprise", message="所属县(市、区)的期间不得重叠。"),
            has_days("seat_has_days"),
        ]
