"""What a bureau found out about an enterprise's quality management: findings and accidents, for its own eyes."""

from django.db import models
from django.db.models import Q

from appointments.models.appointments import Appointment, ThroughAppointment
from appointments.states import FINDING_MOVES, AccidentKind, Behaviour, FindingObject, FindingState, clause_of
from registry.models import Enterprise, ScopedBase, ScopedQuerySet, StoredFile, UnderBasis, User
from registry.models import append_only as keep_as_written
from registry.models.base import born_as, moves, pair, tracked


class OfBureaus(ScopedQuerySet):
    """Rows that no enterprise sees."""

    def of_enterprise(self, enterprise_id):
        return self.none()


class FindingQuerySet(OfBureaus, ThroughAppointment):
    """Findings: each bureau's own scope, no enterprise."""


@tracked()
class Finding(UnderBasis, ScopedBase):
    """发现情况: one of three behaviours about one of two objects (Art. 12(二)(1)); never detected by machine."""

    acted_at = ("filed_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    appointment = models.ForeignKey(Appointment, models.PROTECT, verbose_name="首席质量官", related_name="findings")
    # What was it about, and what was done?
    about = models.CharField("对象", max_length=10, choices=FindingObject.choices)
    behaviour = models.CharField("行为", max_length=10, choices=Behaviour.choices)
    facts = models.TextField("事实", max_length=4000)
    happened_on = models.DateField("发生日期")
    found_on = models.DateField("发现日期")
    source = models.CharField("发现的途径", max_length=120)
    # What did the CQO know, and when? May be added later; without it the chain lacks a link.
    knew_on = models.DateField("本人知情日期", null=True, blank=True)
    knew_what = models.CharField("本人知道的内容", max_length=500, blank=True)
    # Where does it stand?
    state = models.CharField("状态", max_length=10, choices=FindingState.choices, default=FindingState.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    filed_at = models.DateTimeField("立卷时间", null=True)
    filed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("撤销时间", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawal_reason = models.CharField("撤销的原因", max_length=300, blank=True)

    unscoped = FindingQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "发现情况"
        ordering = ["-created_at", "-pk"]
        triggers = [moves("finding_moves", FINDING_MOVES), born_as("finding_born_as_draft", FindingState.DRAFT)]
        constraints = [
            pair("finding_filed_pair", "filed_at", "filed_by"),
            pair("finding_withdrawn_pair", "withdrawn_at", "withdrawn_by"),
            models.CheckConstraint(
                name="finding_of_closed_lists",
                condition=Q(about__in=FindingObject.values, behaviour__in=Behaviour.values),
                violation_error_message="发现情况限于办法所列的三种行为和两类对象。",
            ),
            models.CheckConstraint(
                name="finding_filed_is_whole",
                condition=~Q(state=FindingState.FILED) | Q(filed_at__isnull=False, facts__gt="", source__gt=""),
                violation_error_message="立卷须写明事实和发现的途径。",
            ),
            models.CheckConstraint(
                name="finding_withdrawn_has_reason",
                condition=~Q(state=FindingState.WITHDRAWN) | Q(withdrawn_at__isnull=False, withdrawal_reason__gt=""),
                violation_error_message="撤销发现情况须写明原因。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return clause_of(FindingState(self.state))

    @property
    def enterprise(self):
        """Whose CQO it is about."""
        return self.appointment.enterprise


class ThroughFinding(OfBureaus):
    """Rows reached through their finding."""

    enterprise_path = "finding__appointment__enterprise_id"
    county_path = "finding__appointment__enterprise__county_id"


class FindingEvidence(ScopedBase):
    """A paper that shows what a finding says; an internal file."""

    append_only = True

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="evidences")
    title = models.CharField("材料名称", max_length=80)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughFinding.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "发现情况的证据"
        ordering = ["added_at", "pk"]
        triggers = [keep_as_written("finding_evidence_append_only")]


class Accident(UnderBasis, ScopedBase):
    """Art. 5(六): recorded apart. It leads to no ground of Art. 12 by itself; liability follows other laws."""

    append_only = True

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="accidents")
    kind = models.CharField("类别", max_length=10, choices=AccidentKind.choices)
    happened_on = models.DateField("发生日期")
    facts = models.TextField("情况", max_length=4000)
    document = models.CharField("认定文书及文号", max_length=120, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, verbose_name="材料", related_name="+")
    recorded_at = models.DateTimeField("记录时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name="记录人", related_name="+")

    unscoped = OfBureaus.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "质量安全事故"
        ordering = ["-happened_on", "-pk"]
        triggers = [keep_as_written("accident_append_only")]

    def __str__(self):
        return self.reference
