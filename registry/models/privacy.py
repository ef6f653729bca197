"""What the law on personal information asks to be kept: who was told, who looked, what the person asked for."""

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.models.accounts import User
from registry.models.base import Base, PortalQuerySet, born_as, moves, pair
from registry.models.enterprises import Enterprise
from registry.models.files import append_only
from registry.models.people import Candidate
from registry.states import CITY_WIDE, REQUEST_MOVES, STAFF, RequestKind, RequestState


class CityQuerySet(PortalQuerySet):
    """Rows that reach over all the enterprises of a person: the city's alone."""

    def visible_to(self, user):
        """All of them to the municipal bureau and the administrator."""
        known = user.is_authenticated and user.is_active
        return self if known and user.role in CITY_WIDE else self.none()


class Acknowledgement(Base):
    """That a person was told how their data is handled, and agreed apart to the ID number (个人信息保护法 17, 29)."""

    append_only = True

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="acknowledgements")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")  # none: a bureau told
    notice = models.CharField("告知书版本", max_length=20)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = CityQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "个人信息告知记录"
        ordering = ["-at", "-pk"]
        triggers = [append_only("acknowledgement_append_only")]


class Reveal(Base):
    """That an officer looked at a person's full ID number, and why; the number itself stands nowhere (design 1.14)."""

    append_only = True

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="reveals")
    reason = models.CharField("理由", max_length=200)
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    unscoped = CityQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "查看完整证件号码"
        ordering = ["-at", "-pk"]
        triggers = [append_only("reveal_append_only")]
        constraints = [
            models.CheckConstraint(
                name="reveal_has_reason",
                condition=~Q(reason=""),
                violation_error_message="查看完整证件号码须写明理由。",
            )
        ]


class PersonLinkQuerySet(PortalQuerySet):
    """Links are the bureaus' alone, each its own people's."""

    def visible_to(self, user):
        """The links of the people within a bureau's scope."""
        known = user.is_authenticated and user.is_active and user.role in STAFF
        return self.filter(candidate__in=Candidate.unscoped.visible_to(user)) if known else self.none()


class PersonLink(Base):
    """A person's one-time way to their own data; kept are digests, of the link and of the browser that used it."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by_sms = models.BooleanField("短信发出", default=False)
    expires_on = models.DateField("有效期至")
    created_at = models.DateTimeField("发出时间")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    used_at = models.DateTimeField("使用时间", null=True)
    browser = models.CharField(max_length=64, blank=True, editable=False)
    revoked_at = models.DateTimeField("作废时间", null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    unscoped = PersonLinkQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "本人查询链接"
        ordering = ["-created_at", "-pk"]
        constraints = [
            pair("person_link_revoked_pair", "revoked_at", "revoked_by"),
            models.CheckConstraint(
                name="person_link_used_by_a_browser",
                condition=Q(used_at__isnull=True, browser="") | Q(used_at__isnull=False) & ~Q(browser=""),
                violation_error_message="使用过的链接须记下是哪个浏览器。",
            ),
        ]


class DataRequest(Base):
    """What a person asks about their own data: correction or erasure, and what became of it (个人信息保护法 46, 47)."""

    reference = models.CharField("编号", max_length=20, unique=True, editable=False)
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="data_requests")
    kind = models.CharField("请求", max_length=12, choices=RequestKind.choices)
    words = models.TextField("说明", max_length=1000)
    asked_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=12, choices=RequestState.choices, default=RequestState.ASKED)
    # What became of it?
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.JSONField("办理结果", default=list)  # sentences: what was erased, what stays and why
    done_at = models.DateTimeField("办结时间", null=True)

    unscoped = CityQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "个人信息请求"
        ordering = ["-asked_at", "-pk"]
        triggers = [
            born_as("data_request_born_asked", RequestState.ASKED),
            moves("state_moves", REQUEST_MOVES),
            pgtrigger.Protect(name="data_request_never_deleted", operation=pgtrigger.Delete),
        ]
        constraints = [
            pair("data_request_answered_pair", "answered_at", "answered_by"),
            models.CheckConstraint(
                name="data_request_answer_has_reason",
                condition=Q(state=RequestState.ASKED) | ~Q(answer="") & Q(answered_at__isnull=False),
                violation_error_message="答复须写明理由。",
            ),
            models.CheckConstraint(
                name="data_request_done_is_dated",
                condition=Q(state=RequestState.DONE, done_at__isnull=False)
                | ~Q(state=RequestState.DONE) & Q(done_at__isnull=True),
                violation_error_message="办结的请求须有办结时间。",
            ),
            models.UniqueConstraint(
                fields=["candidate", "kind"],
                condition=Q(state__in=(RequestState.ASKED, RequestState.GRANTED)),
                name="data_request_one_open",
                violation_error_message="同一类请求已经提出，正在办理。",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def state_words(self) -> tuple[str, str]:
        """The state in words, and the tone of its tag."""
        tones = {RequestState.ASKED: "blue", RequestState.GRANTED: "blue", RequestState.DONE: "green"}
        return RequestState(self.state).label, tones.get(self.state, "amber")
