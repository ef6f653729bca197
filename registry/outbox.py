"""Messages on their way out of the portal: taken by a lease, sent outside any transaction, then marked.

A process that dies between a server's acceptance and the mark sends the message again when the lease has run out: no
protocol can tell the two cases apart. The second copy carries the same key (a mail's Message-ID, an SMS's ``key``), so
that whoever receives both can see that they are one. Nothing else is sent twice: several processes at once share the
work, and while a lease holds nobody else touches its rows.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F

from registry.gateways import GatewayFault, Unreachable, chosen_class
from registry.models import Delivery
from registry.notices import tell_of_undelivered
from registry.states import Channel, DeliveryState

logger = logging.getLogger(__name__)
BATCH = 10
LEASE = timedelta(minutes=2)
BACK_OFF = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120))  # after the first, second … attempt
ATTEMPTS = 6
REST = timedelta(minutes=1)  # of a channel whose service is away
GIVEN_UP_AFTER = timedelta(days=3)  # an outage may last a weekend; older news would mislead
OUTAGES = 2  # one after another: the channel rests
BUDGET = 15.0  # seconds of a round in which a channel begins to send
INTERRUPTED = "发送程序多次中断，不能确定是否送达。"
TROUBLE = "发送程序出错，请管理员查看日志。"


def send_waiting(*, at: datetime) -> int:
    """Send what is due, each channel for some 15 seconds at most; returns how many were taken by the next server.

    A service that hangs holds a channel up for two time-outs (10 s each), and then rests for a minute, without costing
    its messages an attempt; they are given up when they have waited for three days. A message that is not taken is
    tried again after 1, 5, 30 and 120 minutes, and given up after six attempts, or at once where it never can arrive.
    """
    began = time.monotonic()

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    return _drain(Channel.SMS, _Sms, now) + _drain(Channel.EMAIL, _Mail, now)


def _drain(channel: Channel, way: type, now: Callable[[], datetime]) -> int:
    """Send one channel's messages until none is due, the time is over, or its service is away."""
    if _rests(channel, at=now()):
        return 0
    sent = outages = 0
    line, end = None, time.monotonic() + BUDGET

    def goes_on() -> bool:
        return outages < OUTAGES and time.monotonic() < end

    while goes_on() and (rows := _claim(channel, at=now())):
        for row in rows:
            if not goes_on():
                _let_go(row)
                continue
            try:
                line = line or _opened(way)
                _hand_over(line, row)
            except GatewayFault as fault:
                line, outages = _hung_up(line), outages + 1 if isinstance(fault, Unreachable) else 0
                _note_fault(row, fault, at=now())
            else:
                outages = 0
                sent += _mark(row, state=DeliveryState.SENT, sent_at=now(), last_fault="")
    _hung_up(line)
    if outages == OUTAGES:
        _rest(channel, at=now())
    return sent


def _opened(way: type):
    """A line to the service. A gateway that cannot even be made is no message's fault."""
    try:
        return way()
    except GatewayFault:
        raise
    except Exception as error:
        logger.exception("There is no way out by %s", way.__name__)
        raise Unreachable(TROUBLE) from error


def _hung_up(line) -> None:
    if line:
        line.close()


def _claim(channel: Channel, *, at: datetime) -> list[Delivery]:
    """Take a batch for this process alone, committed before anything is sent; the lease says until when.

    The attempt is counted here, so that a message that kills its sender each time is given up too.
    """
    with transaction.atomic(durable=True):
        due = Delivery.unscoped.due(at).filter(channel=channel).order_by("next_try_at", "pk")
        rows = list(due.select_for_update(skip_locked=True, of=("self",), no_key=True)[:BATCH])
        taken = {"claimed_until": at + LEASE, "attempts": F("attempts") + 1}
        Delivery.unscoped.filter(pk__in=[row.pk for row in rows]).update(**taken)
    for row in rows:
        row.claimed_until, row.attempts = at + LEASE, row.attempts + 1
    for row in (worn := [row for row in rows if row.attempts > ATTEMPTS]):
        _give_up(row, INTERRUPTED, at=at)
    return [row for row in rows if row not in worn] or (_claim(channel, at=at) if worn else [])


def _hand_over(line, row: Delivery) -> None:
    """Send one; what nobody foresaw counts as a fault of this attempt, and is in the log."""
    try:
        line.send(row)
    except GatewayFault:
        raise
    except Exception as error:
        logger.exception("Delivery %s could not be sent", row.key)
        raise GatewayFault(TROUBLE) from error


def _note_fault(row: Delivery, fault: GatewayFault, *, at: datetime) -> None:
    outage = isinstance(fault, Unreachable)
    over = at - row.waiting_since > GIVEN_UP_AFTER if outage else row.attempts >= ATTEMPTS
    if fault.permanent or over:
        _give_up(row, fault.sentence, at=at)
        return
    wait = REST if outage else BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
    attempts = row.attempts - 1 if outage else row.attempts
    _mine(row).update(claimed_until=None, attempts=attempts, next_try_at=at + wait, last_fault=fault.sentence[:200])


def _give_up(row: Delivery, sentence: str, *, at: datetime) -> None:
    with transaction.atomic():
        row.last_fault = sentence[:200]
        attempts = min(row.attempts, ATTEMPTS)
        if _mark(row, state=DeliveryState.FAILED, attempts=attempts, last_fault=row.last_fault):
            logger.warning("Delivery %s is given up", row.key)
            tell_of_undelivered(row, at=at)


def _mark(row: Delivery, **values) -> int:
    """End the waiting of this very sending; 1, or 0 where somebody else has ended it. A secret is forgotten with it."""
    forgotten = {} if row.message_id else {"body": ""}
    rows = Delivery.unscoped.filter(pk=row.pk, round=row.round, state=DeliveryState.WAITING)
    return rows.update(claimed_until=None, **values, **forgotten)


def _mine(row: Delivery):
    """The row, as long as this process's lease on it stands."""
    return Delivery.unscoped.filter(pk=row.pk, claimed_until=row.claimed_until, state=DeliveryState.WAITING)


def _let_go(row: Delivery) -> None:
    """Give back what was taken and not tried."""
    _mine(row).update(claimed_until=None, attempts=row.attempts - 1)


def _rests(channel: Channel, *, at: datetime) -> bool:
    """Whether the service was away a moment ago: then not even new messages are tried."""
    soon = {"next_try_at__gt": at, "next_try_at__lte": at + REST}
    struck = Delivery.unscoped.filter(state=DeliveryState.WAITING, channel=channel, attempts=0, **soon)
    return struck.exclude(last_fault="").count() >= OUTAGES


def _rest(channel: Channel, *, at: datetime) -> None:
    """Put off what is due, so that a service that is away does not hold the clock up every round."""
    Delivery.unscoped.due(at).filter(channel=channel).update(next_try_at=at + REST)


# --- The two ways out ------------------------------------------------------------------------------------------------


def message_id(row: Delivery) -> str:
    """The Message-ID of a mail: the same at each attempt of one sending. A bounce is told by it."""
    return f"<{row.key}@{urlsplit(settings.PUBLIC_ORIGIN).hostname}>"


class _Mail:
    """One connection to the mail server, for the mails of a round. Raises Unreachable where there is none to be had."""

    def __init__(self):
        self.connection = get_connection()
        try:
            with _answers():
                self.connection.open()
        except GatewayFault:
            self.close()
            raise

    def send(self, row: Delivery) -> None:
        headers = {"Message-ID": message_id(row), "Auto-Submitted": "auto-generated"}
        mail = EmailMessage(row.subject, row.body, to=[row.address], headers=headers, connection=self.connection)
        with _answers():
            mail.send()

    def close(self) -> None:
        with suppress(OSError):
            self.connection.close()


@contextmanager
def _answers() -> Iterator[None]:
    """What a mail server's answers mean: to this message, or to all of them."""
    try:
        yield
    except SMTPRecipientsRefused as error:
        code = min(code for code, _ in error.recipients.values())
        raise GatewayFault(f"对方邮件服务器不接受这个邮箱（{code}）。", permanent=code >= 500) from error
    except SMTPDataError as error:
        code = error.smtp_code
        raise GatewayFault(f"邮件服务器不接受这封邮件（{code}）。", permanent=code >= 500) from error
    except OSError as error:  # smtplib's other faults too: greeting, log-in, sender, time-out, a broken connection
        raise Unreachable("邮件服务器连接不上、没有回应，或者不接受本平台的邮件。") from error


class _Sms:
    """The gateway chosen in the settings, for the SMS of a round."""

    def __init__(self):
        self.gateway = chosen_class()()

    def send(self, row: Delivery) -> None:
        try:
            number = self.gateway.send(to=row.address, text=row.body, key=row.key)
        except OSError as error:
            raise Unreachable("短信平台连接不上，或者没有回应。") from error
        logger.info("SMS %s was accepted as %s", row.key, number)

    def close(self) -> None:
        """Nothing is held open."""


# --- What comes back -------------------------------------------------------------------------------------------------


@transaction.atomic
def record_bounce(key: str, reason: str, *, at: datetime) -> str | None:
    """Note that a sending came back, by its key, and tell the county; returns why it was not noted, None if it was.

    ``reason`` is a sentence. A bounce of a message that has been sent again since is no news of the newer sending.
    """
    reference, _, sending = key.rpartition(".")
    row = Delivery.unscoped.select_for_update(of=("self",), no_key=True).filter(reference=reference).first()
    if row is None:
        return "没有这封邮件的发送记录。"
    if str(row.round) != sending:
        return "这条通知后来已经重新发送，退回的是以前的一次。"
    if row.state == DeliveryState.BOUNCED:
        return None
    row.state, row.bounced_at, row.last_fault = DeliveryState.BOUNCED, at, reason[:200]
    row.sent_at, row.claimed_until = row.sent_at or at, None
    if row.message_id is None:
        row.body = ""
    row.save()
    tell_of_undelivered(row, at=at)
    return None
