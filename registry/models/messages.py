"""Messages to offices, and their way out of the portal: by e-mail and by SMS."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from registry.models.accounts import County, User
from registry.models.base import Base, PortalQuerySet, ScopedBase, ScopedQuerySet, newest
from registry.models.enterprises import Enterprise
from registry.states import CITY_WIDE, UNDELIVERED, Channel, DeliveryState, Role

# A moment further ahead than any we set was written by a clock that has been set back since: it holds nobody up.
FAR_AHEAD = timedelta(hours=3)
TONES = {"waiting": "blue", "sent": "green", "failed": "amber", "bounced": "amber"}


class MessageQuerySet(PortalQuerySet):
    """In-portal messages, addressed to an enterprise, a county or the city's bureau, never to a single person."""

    def visible_to(self, user):
        """The messages of the office this user acts for."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role == Role.ENTERPRISE:
            return self.filter(enterprise=user.enterprise_id)
        if user.role == Role.COUNTY:
            return self.filter(county=user.county_id)
        if user.role in CITY_WIDE:
            return self.filter(enterprise=None, county=None)
        return self.none()

    def unread(self):
        """Messages nobody of the office has opened."""
        return self.filter(read_at=None)


class Message(Base):
    """One message, written in the transaction of the act it tells of, so that no crash loses it."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, blank=True, related_name="messages")
    county = models.ForeignKey(County, models.CASCADE, null=True, blank=True, related_name="messages")
    subject = models.CharField("标题", max_length=160)
    body = models.CharField("内容", max_length=600)
    url = models.CharField(max_length=200)
    sent_at = models.DateTimeField("时间")
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    unscoped = MessageQuerySet.as_manager()

    class Meta(Base.Meta):
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-sent_at", "-pk"]
        # The figure beside 消息 on every page.
        indexes = [models.Index(fields=["county", "enterprise"], condition=Q(read_at=None), name="message_unread")]
        constraints = [
            models.CheckConstraint(
                name="message_one_audience",
                condition=Q(enterprise__isnull=True) | Q(county__isnull=True),
                violation_error_message="一条消息只发给一个单位。",
            ),
            models.CheckConstraint(
                name="message_read_pair",
                condition=Q(read_at__isnull=True, read_by__isnull=True)
                | Q(read_at__isnull=False, read_by__isnull=False),
                violation_error_message="阅读时间和阅读人须同时记录。",
            ),
        ]


class DeliveryQuerySet(ScopedQuerySet):
    def due(self, at) -> "DeliveryQuerySet":
        """What waits to be sent, is due, and nobody is sending."""
        ahead = at + FAR_AHEAD
        now = Q(next_try_at__lte=at) | Q(next_try_at__gt=ahead)
        free = Q(claimed_until=None) | Q(claimed_until__lte=at) | Q(claimed_until__gt=ahead)
        return self.filter(now, free, state=DeliveryState.WAITING)

    def undelivered(self) -> "DeliveryQuerySet":
        """What did not arrive, and nothing more happens to it by itself."""
        return self.filter(state__in=UNDELIVERED)


class Delivery(ScopedBase):
    """One message to one address, written with the message in one transaction; ``registry.outbox`` sends it.

    Without a message it goes to a person: a link for somebody without an account, a code for an account. Its text holds
    a secret: no page shows it, and it is kept only as long as it waits. An account's is of no enterprise.
    """

    # To whom, and what?
    reference = models.CharField("编号", max_length=20, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, blank=True, related_name="deliveries")
    message = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="deliveries")
    channel = models.CharField("方式", max_length=10, choices=Channel.choices)
    address = models.CharField("号码或邮箱", max_length=254)
    subject = models.CharField("标题", max_length=160)
    body = models.TextField("内容", blank=True)
    created_at = models.DateTimeField("写入时间")
    # How far is it?
    state = models.CharField("状态", max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    round = models.PositiveSmallIntegerField("第几次发送", default=1)  # one more each time an officer sends it again
    waiting_since = models.DateTimeField("排队时间")
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试")
    claimed_until = models.DateTimeField(null=True, blank=True)  # the lease of whoever is sending it
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    bounced_at = models.DateTimeField("退回时间", null=True, blank=True)
    last_fault = models.CharField("原因", max_length=200, blank=True)

    unscoped = DeliveryQuerySet.as_manager()

    class Meta(ScopedBase.Meta):
        verbose_name = verbose_name_plural = "通知发送"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="delivery_waiting"),
            *newest("delivery_new", "-created_at", by=[()]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "channel", "address"],
                name="delivery_once",
                violation_error_message="同一条消息只向同一号码或邮箱发送一次。",
            ),
            models.CheckConstraint(
                name="delivery_waiting_has_text",
                condition=~Q(state="waiting") | ~Q(body=""),
                violation_error_message="待发送的通知须有内容。",
            ),
            models.CheckConstraint(
                name="delivery_secret_is_cleared",
                condition=Q(message__isnull=False) | Q(state="waiting") | Q(body=""),
                violation_error_message="发给个人的通知，发送结束后不保留内容。",
            ),
            models.CheckConstraint(
                name="delivery_message_has_enterprise",
                condition=Q(message__isnull=True) | Q(enterprise__isnull=False),
                violation_error_message="企业的通知须注明企业。",
            ),
            models.CheckConstraint(
                name="delivery_sent_is_dated",
                condition=Q(state__in=("waiting", "failed"), sent_at__isnull=True)
                | Q(state__in=("sent", "bounced"), sent_at__isnull=False),
                violation_error_message="发出的通知须有发出时间，没有发出的不得有。",
            ),
            models.CheckConstraint(
                name="delivery_bounced_is_dated",
                condition=Q(state="bounced", bounced_at__isnull=False)
                | Q(~Q(state="bounced"), bounced_at__isnull=True),
                violation_error_message="被退回的通知须有退回时间，其他的不得有。",
            ),
            models.CheckConstraint(
                name="delivery_undelivered_says_why",
                condition=~Q(state__in=("failed", "bounced")) | ~Q(last_fault=""),
                violation_error_message="没有送达的通知须有原因。",
            ),
            models.CheckConstraint(
                name="delivery_claimed_while_waiting",
                condition=Q(claimed_until__isnull=True) | Q(state="waiting"),
                violation_error_message="只有待发送的通知才能由发送程序领取。",
            ),
        ]

    def __str__(self):
        return self.subject

    @property
    def key(self) -> str:
        """What tells this sending from all others, to mail servers and SMS providers: the same at each attempt."""
        return f"{self.reference}.{self.round}"

    @property
    def state_words(self) -> tuple[str, str]:
        """The state in words, and the tone of its tag."""
        return DeliveryState(self.state).label, TONES[self.state]

    @property
    def may_go_again(self) -> bool:
        """Whether it did not arrive, and its text is still there."""
        return self.state in UNDELIVERED and bool(self.body)
