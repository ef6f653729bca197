"""Messages to offices. Written in the transaction of the act, so that none is lost and none is told of nothing.

What leaves the portal is written here too, as deliveries in the same transaction; ``registry.outbox`` sends them.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from registry.models import County, Delivery, Enterprise, Message
from registry.states import Channel

FOOT = f"{settings.MESSAGE_SENDER}\n本邮件由平台自动发出，请勿直接回复。\n"
PERSONAL = "发给个人的短信"  # all that the log says of a text with a secret link


def tell_enterprise(enterprise: Enterprise, subject: str, body: str, *, url: str, at, sms: bool = False) -> Message:
    """A message to an enterprise's accounts, and to its contact's e-mail address where there is one.

    With ``sms`` to the contact's mobile too, as a hint to sign in: for what has a date and a consequence (notices
    served, reminders, statements asked, letters), so that nobody is flooded. ``at`` is the moment of the act.
    """
    message = Message.unscoped.create(enterprise=enterprise, subject=subject, body=body, url=url, sent_at=at)
    queued = []
    if enterprise.contact_email:
        words = f"{enterprise.name}：\n\n{body}\n\n请登录平台查看：{settings.PUBLIC_ORIGIN}{url}\n\n"
        words += FOOT
        queued.append((Channel.EMAIL, enterprise.contact_email, words))
    if sms:
        queued.append((Channel.SMS, enterprise.contact_phone, _signed(f"{_line(subject)}，请登录平台查看。")))
    Delivery.unscoped.bulk_create(
        _waiting(enterprise, channel, address, words, subject=subject, at=at, message=message)
        for channel, address, words in queued
    )
    return message


def tell_county(county: County, subject: str, body: str, *, url: str, at) -> Message:
    """A message to a county bureau's officers: in the portal alone, which they have open all day."""
    return Message.unscoped.create(county=county, subject=subject, body=body, url=url, sent_at=at)


def tell_city(subject: str, body: str, *, url: str, at) -> Message:
    """A message to the municipal bureau's officers: in the portal alone, which they have open all day."""
    return Message.unscoped.create(subject=subject, body=body, url=url, sent_at=at)


def text_person(phone: str, text: str, *, at, enterprise: Enterprise) -> Delivery:
    """An SMS to a person who has no account; ``enterprise`` says in whose scope the log shows that it was sent.

    The text may hold a secret link: no page shows it, and it is cleared as soon as it is sent, or given up.
    """
    delivery = _waiting(enterprise, Channel.SMS, phone, _signed(text), subject=PERSONAL, at=at)
    delivery.save(force_insert=True)
    return delivery


def tell_account(address: str, subject: str, body: str, *, at) -> Delivery:
    """A mail, or an SMS where the address is a mobile number, to who holds or wants an account, with or without a code.

    It belongs to no enterprise, and its text is cleared as soon as it is sent, or given up.
    """
    is_phone = address.isascii() and address.isdigit()
    words = _signed(body) if is_phone else f"{body}\n\n{FOOT}"
    channel = Channel.SMS if is_phone else Channel.EMAIL
    delivery = _waiting(None, channel, address, words, subject=subject, at=at)
    delivery.save(force_insert=True)
    return delivery


def tell_of_undelivered(delivery: Delivery, *, at: datetime) -> None:
    """Ask the enterprise's county to telephone; nothing while such a message about the enterprise is still unread.

    Nothing either about what went to an account: whoever waits for a code asks for another.
    """
    if delivery.enterprise_id is None:
        return
    enterprise = Enterprise.unscoped.select_for_update(no_key=True).get(pk=delivery.enterprise_id)
    subject = f"通知未送达：{enterprise.name}"
    if Message.unscoped.unread().filter(county=enterprise.county_id, subject=subject).exists():
        return
    what = f"{delivery.get_channel_display()}“{delivery.subject}”没有送达。"
    body = f"{what}{delivery.last_fault}请用电话联系，并核对联系方式。"
    url = f"{reverse('delivery_list')}?enterprise={enterprise.reference}&state=undelivered"
    tell_county(enterprise.county, subject, body, url=url, at=at)


def _waiting(enterprise, channel, address, words, *, subject, at, message=None) -> Delivery:
    return Delivery(
        reference=f"FS{secrets.token_hex(6).upper()}0",
        enterprise=enterprise,
        message=message,
        channel=channel,
        address=address,
        subject=_line(subject),
        body=words,
        created_at=at,
        waiting_since=at,
        next_try_at=at,
    )


def _line(text: str) -> str:
    """In one line: a line break in a subject would be taken for a header."""
    return " ".join(text.split())


def _signed(text: str) -> str:
    return f"【{settings.MESSAGE_SENDER}】{text}"
