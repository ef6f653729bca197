"""培训证书 as issued by the training body, and its revocation (Art. 8 ¶1)."""

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from registry.models import (
    Candidate,
    Employment,
    IssuedPaper,
    ScopedBase,
    ScopedQuerySet,
    UnderBasis,
    User,
    tracked,
)
from registry.models import append_only as keep_as_written
from registry.models.base import pair
from registry.models.search import words_index, words_of
from registry.states import Role
from training.models.bodies import TrainingBody
from training.models.sessions import Assessment, Enrolment
from training.states import STATE_CLAUSES


class CertificateQuerySet(ScopedQuerySet):
    """What one asks of certificates.

    An enterprise sees those of people it enrolled, and those issued while the person was on its file as employed.
    """

    def visible_to(self, user):
        if user.is_authenticated and user.is_active and user.role == Role.TRAINER:
            return self.filter(body__memberships__user=user)
        return super().visible_to(user)

    def _employed(self, **at):
        rows = Employment.unscoped.filter(candidate=OuterRef("candidate"), period__contains=OuterRef("issued_on"), **at)
        return Exists(rows.filter(created_at__date__lte=OuterRef("issued_on")))

    def of_enterprise(self, enterprise_id):
        # From an enterprise's few people to what they hold: the other way round, all ever issued is looked at.
        people = Employment.unscoped.filter(enterprise=enterprise_id).values("candidate")
        rows = Certificate.unscoped.order_by().values("pk")
        enrolled = rows.filter(enrolment__enterprise=enterprise_id)
        employed = rows.filter(self._employed(enterprise=enterprise_id), candidate__in=people)
        return self.filter(pk__in=enrolled.union(employed))

    def of_county(self, county_id):
        own = Q(enrolment__enterprise__county=county_id) | Q(candidate__county=county_id) | Q(body__county=county_id)
        return self.filter(own | self._employed(enterprise__county=county_id))

    def current(self):
        """The newest version of each number."""
        # Asked so, the database knows that nearly all are, and reads the newest along the index.
        return self.filter(~Exists(Certificate.unscoped.filter(supersedes=OuterRef("pk"))))

    def valid(self):
        """Not superseded, and not revoked."""
        return self.current().exclude(revocations__confirmed_at__isnull=False)


class Certificate(IssuedPaper):
    """培训证书: issued by the training body to whoever passed; a correction supersedes, nothing is ever edited."""

    body = models.ForeignKey(TrainingBody, models.PROTECT, verbose_name="培训机构", related_name="certificates")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="certificates")
    candidate = models.ForeignKey(Candidate, models.PROTECT, verbose_name="人员", related_name="certificates")
    year = models.PositiveSmallIntegerField("年度")
    serial = models.PositiveIntegerField("序号")
    issued_on = models.DateField("发证日期")
    # Its key, its enrolment and ``passed`` together refer to the assessment: a foreign key over three columns
    # (migration certificate_stands_on_a_pass) makes a certificate without a pass impossible.
    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="+")
    passed = models.BooleanField(default=True, editable=False)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", verbose_name="代替"
    )
    reason = models.CharField("换发原因", max_length=200, blank=True)
    search = words_of("number", "code")

    unscoped = CertificateQuerySet.as_manager()

    class Meta(IssuedPaper.Meta):
        verbose_name = verbose_name_plural = "培训证书"
        ordering = ["-issued_on", "-serial", "-version"]
        indexes = [
            words_index("certificate_words"),
            models.Index(fields=["-issued_on", "-serial", "-version", "id"], name="certificate_newest"),
            models.Index(fields=["body", "issued_on"], name="certificate_of_body"),
        ]
        triggers = [
            keep_as_written("certificate_append_only"),
            pgtrigger.Trigger(
                name="certificate_of_its_enrolment",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM training_enrolment e JOIN training_session s ON s.id = e.session_id
                        WHERE e.id = NEW.enrolment_id AND e.candidate_id = NEW.candidate_id AND s.body_id = NEW.body_id
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: certificate_of_its_enrolment';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "year", "serial", "version"],
                name="certificate_serial_once",
                violation_error_message="该年度的证书序号已经使用。",
            ),
            models.UniqueConstraint(
                fields=["number", "version"],
                name="certificate_number_once",
                violation_error_message="证书编号不得重复。",
            ),
            models.UniqueConstraint(
                fields=["enrolment", "version"],
                name="certificate_once_per_enrolment",
                violation_error_message="此人这一期的证书已经发给。",
            ),
            models.CheckConstraint(
                name="certificate_only_after_passing",
                condition=Q(passed=True),
                violation_error_message="考核合格的，才发给培训证书。",
            ),
            models.CheckConstraint(
                name="certificate_later_version_supersedes",
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False, reason__gt=""),
                violation_error_message="换发的证书须写明代替哪一版和原因。",
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def revocation(self):
        """The revocation that took effect; None while there is none."""
        return next((row for row in self.revocations.all() if row.confirmed_at), None)

    @property
    def open_revocation(self):
        """The revocation that waits for its second person; None when none does."""
        return next((row for row in self.revocations.all() if not row.confirmed_at and not row.declined_at), None)

    @property
    def is_superseded(self) -> bool:
        """Whether a later version stands in its place."""
        return hasattr(self, "superseded_by")

    @property
    def words(self) -> tuple[str, str]:
        """The state in words, and the tone of its tag."""
        if self.revocation:
            return "已撤销", "red"
        if self.is_superseded:
            return "已换发", ""
        return ("有效，待确认撤销", "amber") if self.open_revocation else ("有效", "green")

    @property
    def state_clause(self) -> str:
        """The provision under which the state stands."""
        return STATE_CLAUSES["certificate"]


class ThroughCertificate(ScopedQuerySet):
    """Rows of a certificate, seen by whoever sees the certificate."""

    def visible_to(self, user):
        return self.filter(certificate__in=Certificate.unscoped.visible_to(user))


@tracked()
class Revocation(UnderBasis, ScopedBase):
    """撤销: proposed with a reason by one person, in effect from the day a second person confirmed it."""

    acted_at = ("confirmed_at", "declined_at")

    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="revocations")
    reason = models.CharField("撤销理由", max_length=300)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    revoked_on = models.DateField("撤销日期", null=True, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="确认人", null=True, blank=True, related_name="+"
    )
    declined_at = models.DateTimeField("不予撤销时间", null=True, blank=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decline_reason = models.CharField("不予撤销的理由", max_length=300, blank=True)

    unscoped = ThroughCertificate.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "证书撤销"
        ordering = ["-proposed_at"]
        triggers = [
            pgtrigger.Protect(
                name="revocation_decided_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__confirmed_at__isnull=False) | pgtrigger.Q(old__declined_at__isnull=False),
            ),
            pgtrigger.Protect(name="revocation_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="revocation_born_open",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__confirmed_at__isnull=False) | pgtrigger.Q(new__declined_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="revocation_as_proposed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__proposed_by_id__df=pgtrigger.F("new__proposed_by_id"))
                | pgtrigger.Q(old__certificate_id__df=pgtrigger.F("new__certificate_id"))
                | pgtrigger.Q(old__reason__df=pgtrigger.F("new__reason")),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(declined_at__isnull=True),
                name="revocation_once",
                violation_error_message="这份证书已撤销，或者已有待确认的撤销。",
            ),
            models.CheckConstraint(
                name="revocation_second_person",
                condition=~Q(confirmed_by=F("proposed_by")),
                violation_error_message="提出撤销的人不能自己确认，须由第二人确认。",
            ),
            models.CheckConstraint(
                name="revocation_has_reasons",
                condition=Q(reason__gt="") & (Q(declined_at__isnull=True) | Q(decline_reason__gt="")),
                violation_error_message="撤销须写明理由；不予撤销的，也须写明理由。",
            ),
            pair("revocation_confirmed_pair", "confirmed_at", "confirmed_by"),
            pair("revocation_declined_pair", "declined_at", "declined_by"),
            models.CheckConstraint(
                name="revocation_dated",
                condition=Q(confirmed_at__isnull=False, revoked_on__isnull=False, declined_at__isnull=True)
                | Q(confirmed_at__isnull=True, revoked_on__isnull=True),
                violation_error_message="撤销自确认之日起生效，须记录日期。",
            ),
        ]

    @property
    def decided_at(self):
        """When the second person decided, either way; None while nobody has."""
        return self.confirmed_at or self.declined_at
