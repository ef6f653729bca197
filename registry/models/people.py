"""People who may train, be appointed, or be in the talent pool; and what is on file about them."""

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, OuterRef, Q

from registry.models.accounts import County, User
from registry.models.base import ScopedBase, ScopedQuerySet, has_days, no_overlap, tracked
from registry.models.enterprises import Enterprise
from registry.models.files import StoredFile
from registry.models.search import words_index, words_of
from registry.states import EducationLevel, IdPaper, QualificationLevel


class CandidateQuerySet(ScopedQuerySet):
    """A person is seen by the enterprises that employ or employed them, and by those enterprises' counties.

    Somebody without an enterprise is seen by the bureau that put them on file.
    """

    def of_enterprise(self, enterprise_id):
        return self.filter(Exists(Employment.unscoped.filter(candidate=OuterRef("pk"), enterprise=enterprise_id)))

    def of_county(self, county_id):
        # A set, and not a question for each row: of a small county the names of all others would be gone through.
        employed = Employment.unscoped.filter(enterprise__county=county_id).order_by().values("candidate")
        return self.filter(Q(pk__in=employed) | Q(county=county_id))


@tracked(exclude=["id_cipher", "id_key_version", "id_hash", "id_hash_version", "search"])
class Candidate(ScopedBase):
    """A person. The same person met at a second enterprise is this same row (keyed hash of the ID paper)."""

    seen_by: int | None = None  # whose scope this very row was fetched within; a row that is read again does not say

    reference = models.CharField("编号", max_length=12, unique=True, editable=False)
    name = models.CharField("姓名", max_length=40)
    birth_date = models.DateField("出生日期")
    # Where a bureau put somebody without an enterprise on file (Art. 7); empty for everybody else.
    county = models.ForeignKey(
        County, models.PROTECT, verbose_name="登记的县(市、区)", null=True, blank=True, related_name="+"
    )
    # The ID paper serves one purpose, to tell people apart (design 1.14).
    id_type = models.CharField("证件类型", max_length=20, choices=IdPaper.choices, default=IdPaper.RESIDENT)
    id_masked = models.CharField("证件号码", max_length=20)
    id_cipher = models.BinaryField(editable=False)
    id_key_version = models.PositiveSmallIntegerField(editable=False)
    id_hash = models.CharField(max_length=64, editable=False)
    id_hash_version = models.PositiveSmallIntegerField(default=1, editable=False)

    # Why the name is no longer what it was; empty while it never changed.
    name_reason = models.CharField("姓名更正原因", max_length=220, blank=True, editable=False)

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    search = words_of("name", "reference")

    unscoped = CandidateQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "人员"
        ordering = ["name", "pk"]
        indexes = [words_index("candidate_words"), models.Index(fields=["name", "id"], name="candidate_by_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["id_hash"], name="candidate_one_per_id_paper", violation_error_message="该证件号码已登记在册。"
            ),
            models.CheckConstraint(
                name="candidate_id_number_masked",
                condition=Q(id_masked__contains="*"),
                violation_error_message="证件号码须遮盖后保存。",
            ),
        ]

    def __str__(self):
        return self.name


@tracked()
class Employment(ScopedBase):
    """A person at an enterprise from a day on, perhaps until a day."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="employments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="employments")
    position = models.CharField("职务", max_length=60)
    phone = models.CharField("手机号码", max_length=11, blank=True)
    period = DateRangeField("在职期间")
    # When it was first put on file: what was written about the person before is not opened by a day named later.
    created_at = models.DateTimeField(editable=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "任职经历"
        ordering = ["-period"]
        constraints = [
            no_overlap("employment_no_overlap", "candidate", "enterprise", message="同一企业的在职期间不得重叠。"),
            has_days("employment_has_days"),
        ]


class PersonFact(ScopedBase):
    """Abstract: a fact an enterprise put on file about a person of its own; other enterprises do not see it."""

    youngest = 0  # years of age below which the fact cannot be
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="%(class)ss")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    evidence = models.ForeignKey(
        StoredFile, models.PROTECT, verbose_name="证明材料", null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedBase.Meta):
        abstract = True


@tracked()
class ProfessionalQualification(PersonFact):
    """质量专业技术人员职业资格 (Art. 6(三))."""

    level = models.CharField("级别", max_length=20, choices=QualificationLevel.choices)
    name = models.CharField("资格名称", max_length=60)
    number = models.CharField("证书编号", max_length=60)
    issued_on = models.DateField("取得日期")

    class Meta(PersonFact.Meta):
        verbose_name = verbose_name_plural = "职业资格"
        ordering = ["-issued_on", "pk"]


@tracked()
class Education(PersonFact):
    """学历 (Art. 6(三))."""

    level = models.CharField("学历", max_length=20, choices=EducationLevel.choices)
    school = models.CharField("毕业院校", max_length=60)
    major = models.CharField("专业", max_length=60, blank=True)
    graduated_on = models.DateField("毕业日期")

    class Meta(PersonFact.Meta):
        verbose_name = verbose_name_plural = "学历"
        ordering = ["-graduated_on", "pk"]


@tracked()
class QualityExperience(PersonFact):
    """质量工作经历 (Art. 6(三)): a dated period of quality work, anywhere."""

    youngest = 16  # 劳动法 art. 15
    employer = models.CharField("工作单位", max_length=80)
    work = models.CharField("从事的质量工作", max_length=60)
    period = DateRangeField("起止日期")

    class Meta(PersonFact.Meta):
        verbose_name = verbose_name_plural = "质量工作经历"
        ordering = ["period", "pk"]
        constraints = [has_days("experience_has_days")]
