"""Recommendations to dismiss: grounds, statements, letter, answer (Art. 12(二)). None changes an appointment."""

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q, prefetch_related_objects
from django.utils import timezone

from appointments.models.appointments import Appointment, ThroughAppointment
from appointments.models.findings import Finding, OfBureaus
from appointments.models.reports import ReportDuty
from appointments.states import (
    CASE_MOVES,
    LETTER_CASES,
    OPEN_CASE_ACTS,
    STANDING_CASES,
    UNDECIDED_CASES,
    CaseActKind,
    CaseAnswer,
    CaseState,
    GroundKind,
    Party,
    StatementWay,
    clause_of,
)
from registry.models import (
    BasisPeriod,
    County,
    IssuedPaper,
    ScopedBase,
    ScopedQuerySet,
    StoredFile,
    UnderBasis,
    User,
)
from registry.models import append_only as keep_as_written
from registry.models.base import born_as, moves, pair, tracked
from registry.states import Role


class CaseQuerySet(ThroughAppointment):
    """What one asks of recommendations. An enterprise sees a case once it was asked for its statement."""

    def of_enterprise(self, enterprise_id):
        return super().of_enterprise(enterprise_id).filter(asked_at__isnull=False)

    def open(self):
        """Not yet at an end."""
        return self.filter(state__in=(*UNDECIDED_CASES, *STANDING_CASES))

    def ready(self, today):
        """Both were heard, or the day for it is over: to be proposed or not."""
        own = Statement.unscoped.filter(case=OuterRef("pk")).exclude(way=StatementWay.PAPER)
        heard = [Exists(own.filter(party=party)) for party in Party.values]
        return self.filter(Q(*heard) | Q(statement_due__lt=today), state=CaseState.ASKED)

    def awaiting(self, user, today):
        """What waits for this person's office: to be heard, answered, proposed, signed or served."""
        rows, own = self.visible_to(user), Q(opened_by__role=user.role)
        moving = own & (Q(state=CaseState.OPENED) | Q(pk__in=self.ready(today)))
        if user.role == Role.ENTERPRISE:
            said = Exists(Statement.unscoped.filter(case=OuterRef("pk"), party=Party.ENTERPRISE))
            return rows.filter(Q(state=CaseState.ASKED) & ~said | Q(state__in=STANDING_CASES))
        if user.role == Role.COUNTY:
            return rows.filter(moving | Q(state=CaseState.ISSUED))
        if user.role == Role.MUNICIPAL:
            return rows.filter(moving | Q(state=CaseState.PROPOSED) & ~Q(proposed_by=user.pk))
        return rows.none()

    def with_parties(self):
        """With enterprise, county, person and grounds at hand, and what each of these is about."""
        return self.select_related("appointment__enterprise__county", "appointment__candidate").prefetch_related(
            _grounds()
        )


def _grounds() -> Prefetch:
    rows = CaseGround.unscoped.select_related("finding", "duty__cycle", "duty__report", "duty__paper_proof")
    return Prefetch("grounds", rows.order_by("kind", "pk"))


@tracked()
class DismissalRecommendation(UnderBasis, ScopedBase):
    """解除聘任建议: what a bureau recommends, or decides not to; the enterprise decides (Art. 12(二))."""

    acted_at = ("signed_at",)

    reference = models.CharField("编号", max_length=16, unique=True, editable=False)
    appointment = models.ForeignKey(Appointment, models.PROTECT, verbose_name="任命", related_name="recommendations")
    state = models.CharField("状态", max_length=16, choices=CaseState.choices, default=CaseState.OPENED)
    version = models.PositiveIntegerField(default=1, editable=False)
    opened_at = models.DateTimeField("开立时间")
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    # Who is heard, until when?
    statement_due = models.DateField("陈述意见的期限", null=True)
    asked_at = models.DateTimeField("征求意见时间", null=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Who proposes, and who signs? Never the same person.
    proposal = models.TextField("提出建议的理由", max_length=2000, blank=True)
    proposed_at = models.DateTimeField("提出时间", null=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField("签发时间", null=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    issuing_county = models.ForeignKey(County, models.PROTECT, null=True, related_name="+", verbose_name="签发的县局")
    number = models.CharField("发文字号", max_length=40, blank=True)
    answer_due = models.DateField("答复期限", null=True)
    basis = models.ForeignKey(BasisPeriod, models.PROTECT, null=True, related_name="+", verbose_name="当日有效的依据")
    # Was the letter served?
    letter_opened_at = models.DateTimeField("平台打开建议函的时间", null=True)
    letter_opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    paper_served_on = models.DateField("纸质送达日期", null=True)
    paper_proof = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    paper_recorded_at = models.DateTimeField(null=True)
    paper_recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # What did the enterprise decide?
    answer = models.CharField("企业的决定", max_length=10, choices=CaseAnswer.choices, blank=True)
    answer_reason = models.CharField("企业的说明", max_length=1000, blank=True)
    answer_scan = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Or how else did it end?
    decided_not_at = models.DateTimeField("决定不提出的时间", null=True)
    decided_not_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField("收回时间", null=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField("不提出、收回或者办结的理由", max_length=1000, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    unscoped = CaseQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "解除聘任建议"
        ordering = ["-opened_at", "-pk"]
        triggers = [
            moves("case_moves", CASE_MOVES),
            born_as("case_born_opened", CaseState.OPENED),
            pgtrigger.Protect(name="case_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="case_on_a_ground",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (SELECT FROM appointments_caseground g WHERE g.case_id = NEW.id) THEN
                        RAISE EXCEPTION 'pgtrigger: case_on_a_ground';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="case_of_one_in_force",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__state__in=["opened", "asked", "proposed", "issued"]),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM appointments_appointment a
                        WHERE a.id = NEW.appointment_id AND a.state NOT IN ('draft', 'withdrawn', 'ended')
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: case_of_one_in_force';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="case_stands_as_signed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__signed_at__isnull=False)
                & (
                    pgtrigger.Q(old__signed_by_id__df=pgtrigger.F("new__signed_by_id"))
                    | pgtrigger.Q(old__proposed_by_id__df=pgtrigger.F("new__proposed_by_id"))
                    | pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__basis_id__df=pgtrigger.F("new__basis_id"))
                    | pgtrigger.Q(old__appointment_id__df=pgtrigger.F("new__appointment_id"))
                ),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=Q(state__in=(*UNDECIDED_CASES, *STANDING_CASES)),
                name="one_open_case",
                violation_error_message="对这位首席质量官已有一件未办结的建议案。",
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=~Q(number=""),
                name="case_number_once",
                violation_error_message="该发文字号已经使用。",
            ),
            pair("case_asked_pair", "asked_at", "asked_by"),
            pair("case_proposed_pair", "proposed_at", "proposed_by"),
            pair("case_signed_pair", "signed_at", "signed_by"),
            pair("case_letter_opened_pair", "letter_opened_at", "letter_opened_by"),
            pair("case_paper_recorded_pair", "paper_recorded_at", "paper_recorded_by"),
            pair("case_answered_pair", "answered_at", "answered_by"),
            pair("case_decided_not_pair", "decided_not_at", "decided_not_by"),
            pair("case_withdrawn_pair", "withdrawn_at", "withdrawn_by"),
            models.CheckConstraint(
                name="case_second_person_signs",
                condition=Q(signed_by__isnull=True) | Q(proposed_by__isnull=False) & ~Q(signed_by=F("proposed_by")),
                violation_error_message="提出建议的人不能自己签发，须由第二人签发。",
            ),
            models.CheckConstraint(
                name="case_asked_before_proposed",
                condition=Q(proposed_at__isnull=True) | Q(asked_at__isnull=False, statement_due__isnull=False),
                violation_error_message="提出建议前须先征求企业和本人的陈述意见。",
            ),
            models.CheckConstraint(
                name="case_issued_on_a_basis",
                condition=~Q(state__in=LETTER_CASES)
                | Q(
                    signed_at__isnull=False,
                    number__gt="",
                    answer_due__isnull=False,
                    edition__isnull=False,
                    basis__isnull=False,
                ),
                violation_error_message="签发建议须有当日有效的依据、发文字号和答复期限。",
            ),
            models.CheckConstraint(
                name="case_served_somehow",
                condition=~Q(state__in=(CaseState.SERVED, CaseState.ANSWERED))
                | Q(letter_opened_at__isnull=False)
                | Q(paper_served_on__isnull=False, paper_proof__isnull=False),
                violation_error_message="送达须有平台打开的记录，或者纸质送达的日期和证明。",
            ),
            models.CheckConstraint(
                name="case_answer_is_whole",
                condition=Q(state=CaseState.ANSWERED, answered_at__isnull=False)
                & (Q(answer=CaseAnswer.DISMISSED) | Q(answer=CaseAnswer.DECLINED, answer_reason__gt=""))
                | ~Q(state=CaseState.ANSWERED) & Q(answer="", answered_at__isnull=True),
                violation_error_message="答复须写明决定；不解除的，须写明理由。",
            ),
            models.CheckConstraint(
                name="case_end_has_reason",
                condition=~Q(state__in=(CaseState.NOT_RECOMMENDED, CaseState.WITHDRAWN, CaseState.CLOSED))
                | Q(end_reason__gt=""),
                violation_error_message="不提出、收回或者办结，须写明理由。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def stands_on(self):
        """Its grounds in the order of the text, each with what it is about; fetched once, since they never change."""
        prefetch_related_objects([self], _grounds())
        return self.grounds.all()

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return clause_of(CaseState(self.state))

    @property
    def enterprise(self):
        """Who decides."""
        return self.appointment.enterprise

    @property
    def page(self) -> str:
        """Where the case is to be seen."""
        return f"/recommendations/{self.reference}/"

    @property
    def served_on(self):
        """The earlier of opening in the portal and delivery on paper; None while neither happened."""
        opened = self.letter_opened_at and timezone.localdate(self.letter_opened_at)
        return min(filter(None, (opened, self.paper_served_on)), default=None)

    def is_unanswered(self, today) -> bool:
        """Whether the day for the answer went by without one."""
        return self.state == CaseState.SERVED and today > self.answer_due


class ThroughCase(ScopedQuerySet):
    """Rows reached through their case; an enterprise sees them once it was asked."""

    enterprise_path = "case__appointment__enterprise_id"
    county_path = "case__appointment__enterprise__county_id"

    def of_enterprise(self, enterprise_id):
        return super().of_enterprise(enterprise_id).filter(case__asked_at__isnull=False)


class OfBureausThroughCase(OfBureaus, ThroughCase):
    """Rows of a case that no enterprise sees."""


class CaseGround(ScopedBase):
    """One of the three grounds a case was opened on, with its chain as it stood: a closed list (Art. 12(二))."""

    append_only = True

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="grounds")
    kind = models.CharField("情形", max_length=1, choices=GroundKind.choices)
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="grounds")
    year = models.PositiveSmallIntegerField("年度", null=True)
    duty = models.ForeignKey(ReportDuty, models.PROTECT, null=True, related_name="grounds")
    # How did the edition of that day word it, and about what is it?
    wording = models.CharField("情形原文", max_length=60)
    about = models.CharField("事项", max_length=200)
    # The links as they stood when the case was opened: [{name, holds, words}].
    chain = models.JSONField("证据链")
    inputs = models.JSONField("判断所据", encoder=DjangoJSONEncoder)

    unscoped = ThroughCase.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "情形"
        ordering = ["case", "kind", "pk"]
        triggers = [
            keep_as_written("ground_append_only"),
            pgtrigger.Trigger(
                name="ground_of_its_case",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM appointments_dismissalrecommendation c
                        JOIN appointments_appointment a ON a.id = c.appointment_id
                        WHERE c.id = NEW.case_id AND (
                            EXISTS (SELECT FROM appointments_finding f WHERE f.id = NEW.finding_id
                                    AND f.appointment_id = a.id AND f.state = 'filed')
                            OR EXISTS (SELECT FROM appointments_reportduty d
                                       JOIN appointments_reportcycle r ON r.id = d.cycle_id
                                       WHERE d.id = NEW.duty_id AND d.appointment_id = a.id AND r.state = 'published')
                            OR NEW.year IS NOT NULL AND a.in_force &&
                               daterange(make_date(NEW.year::int, 1, 1), make_date(NEW.year::int, 12, 31), '[]')
                        )
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: ground_of_its_case';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="ground_of_closed_list",
                condition=Q(kind=GroundKind.CONCEALMENT, finding__isnull=False, year__isnull=True, duty__isnull=True)
                | Q(kind=GroundKind.PERFORMANCE, finding__isnull=True, year__isnull=False, duty__isnull=True)
                | Q(kind=GroundKind.REPORT, finding__isnull=True, year__isnull=True, duty__isnull=False),
                violation_error_message="建议只能依据办法所列的三种情形之一，并指明发现情况、年度或者报告义务。",
            ),
            models.UniqueConstraint(
                fields=["case", "kind", "finding", "year", "duty"],
                nulls_distinct=False,
                name="ground_once_per_case",
                violation_error_message="同一情形在一件建议案中只列一次。",
            ),
        ]

    @property
    def key(self) -> str:
        """What the ground is about, as the ground finder names it."""
        if self.finding_id:
            return self.finding.reference
        return str(self.year or self.duty_id)

    @property
    def clause(self) -> str:
        """The path of the ground's clause."""
        return f"12.(2).({self.kind})"


class CaseEvidence(ScopedBase):
    """A further paper an officer put with a case; an internal file."""

    append_only = True

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="evidences")
    title = models.CharField("材料名称", max_length=80)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = OfBureausThroughCase.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "建议案的证据"
        ordering = ["added_at", "pk"]
        triggers = [keep_as_written("case_evidence_append_only")]


class StatementQuerySet(ThroughCase):
    """An enterprise sees its own statement, not what the CQO said."""

    def of_enterprise(self, enterprise_id):
        return super().of_enterprise(enterprise_id).filter(party=Party.ENTERPRISE)


class Statement(UnderBasis, ScopedBase):
    """陈述意见 of the enterprise or of the CQO."""

    append_only = True
    acted_at = ("at",)

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="statements")
    party = models.CharField("陈述人", max_length=10, choices=Party.choices)
    way = models.CharField("方式", max_length=8, choices=StatementWay.choices)
    words = models.TextField("陈述意见", max_length=4000)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, verbose_name="附件", related_name="+")
    received_on = models.DateField("收到日期")
    at = models.DateTimeField("时间")
    # Empty for what the CQO sent by the one-time link.
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = StatementQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "陈述意见"
        ordering = ["at", "pk"]
        triggers = [keep_as_written("statement_append_only")]
        constraints = [
            models.CheckConstraint(
                name="statement_says_something",
                condition=Q(words__gt=""),
                violation_error_message="请写明陈述意见。",
            ),
            models.CheckConstraint(
                name="statement_on_paper_has_scan",
                condition=~Q(way=StatementWay.PAPER) | Q(file__isnull=False),
                violation_error_message="代录书面意见须附扫描件。",
            ),
            models.CheckConstraint(
                name="statement_by_somebody",
                condition=Q(by__isnull=True, way=StatementWay.LINK, party=Party.CQO)
                | Q(by__isnull=False) & ~Q(way=StatementWay.LINK),
                violation_error_message="陈述意见须写明提交人；一次性链接只供本人使用。",
            ),
        ]


class StatementLink(ScopedBase):
    """A one-time, revocable link for the CQO's statement. Only a digest of it is kept."""

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_on = models.DateField("有效期至")
    created_at = models.DateTimeField("发出时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("首次打开时间", null=True)  # by whoever holds it: it says no more than that
    used_at = models.DateTimeField("使用时间", null=True)
    revoked_at = models.DateTimeField("作废时间", null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = OfBureausThroughCase.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "一次性链接"
        ordering = ["-created_at", "-pk"]
        constraints = [
            pair("link_revoked_pair", "revoked_at", "revoked_by"),
            models.CheckConstraint(
                name="link_used_or_revoked",
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                violation_error_message="已使用的链接不能作废，已作废的链接不能使用。",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="one_link_at_a_time",
                violation_error_message="已有一个未使用的链接；请先作废再重新发出。",
            ),
        ]


class NoticeService(UnderBasis, ScopedBase):
    """Delivery on paper of the notice that asks for a statement, with its proof; an internal file."""

    append_only = True

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="notice_services")
    party = models.CharField("送达给", max_length=10, choices=Party.choices)
    served_on = models.DateField("送达日期")
    proof = models.ForeignKey(StoredFile, models.PROTECT, verbose_name="送达证明", related_name="+")
    recorded_at = models.DateTimeField("记录时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = OfBureausThroughCase.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "陈述意见通知书的送达"
        ordering = ["served_on", "pk"]
        triggers = [keep_as_written("notice_service_append_only")]


class CaseActQuerySet(ThroughCase):
    """An enterprise sees what was done towards it, not how the offices deliberated."""

    def of_enterprise(self, enterprise_id):
        return super().of_enterprise(enterprise_id).filter(kind__in=OPEN_CASE_ACTS)


class CaseAct(UnderBasis, ScopedBase):
    """Who did what in a case, when and why."""

    append_only = True
    acted_at = ("at",)

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=16, choices=CaseActKind.choices)
    at = models.DateTimeField("时间")
    # Empty where the CQO used the link, or the appointment's end closed the case.
    by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", null=True, related_name="+")
    reason = models.CharField("说明", max_length=1000, blank=True)

    unscoped = CaseActQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "建议案办理经过"
        ordering = ["-at", "-pk"]
        triggers = [keep_as_written("case_act_append_only")]
        constraints = [
            models.CheckConstraint(
                name="case_act_by_somebody",
                condition=Q(by__isnull=False) | Q(kind__in=(CaseActKind.HEARD, CaseActKind.CLOSED)),
                violation_error_message="办理经过须写明办理人。",
            )
        ]


class RecommendationLetter(IssuedPaper):
    """建议解除聘任函, as issued."""

    case = models.OneToOneField(DismissalRecommendation, models.PROTECT, related_name="letter")

    unscoped = ThroughCase.as_manager()

    class Meta(IssuedPaper.Meta):
        verbose_name = verbose_name_plural = "建议函"
        triggers = [keep_as_written("recommendation_letter_append_only")]


class StampedScan(ScopedBase):
    """The scan of the letter with the bureau's seal on it."""

    append_only = True

    case = models.ForeignKey(DismissalRecommendation, models.PROTECT, related_name="stamped_scans")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = ThroughCase.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "建议函盖章件"
        ordering = ["-added_at", "-pk"]
        triggers = [keep_as_written("stamped_scan_append_only")]
