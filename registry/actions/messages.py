"""What officers do about messages that did not arrive."""

from datetime import datetime

from django.db import transaction

from registry.actions.common import allow, locked
from registry.models import Delivery, User
from registry.refusals import Refused
from registry.states import UNDELIVERED, Channel, DeliveryState


@transaction.atomic
def resend(delivery: Delivery, *, by: User, at: datetime) -> Delivery:
    """Send a message that failed or came back once more, to the enterprise's contact as it is on file now.

    It is a sending of its own, with a key of its own: a server that remembers the old one does not drop it. Raises
    Refused for one that is on its way or has arrived, and for a text to a person, which is not kept.
    """
    delivery = locked(Delivery.unscoped.select_related("enterprise"), delivery.pk)
    allow(by, "registry.resend_delivery", delivery)
    if delivery.state not in UNDELIVERED:
        raise Refused("这条通知正在发送，或者已经发出，不用重新发送。")
    if delivery.message_id is None:
        raise Refused("这条短信含有本人专用的链接，内容没有保留。请重新生成链接，再发给本人。")
    contact = delivery.enterprise
    delivery.address = contact.contact_email if delivery.channel == Channel.EMAIL else contact.contact_phone
    if not delivery.address:
        raise Refused("企业资料里已经没有电子邮箱。请先补上邮箱，再重新发送。")
    delivery.state, delivery.round, delivery.attempts = DeliveryState.WAITING, delivery.round + 1, 0
    delivery.waiting_since = delivery.next_try_at = at
    delivery.sent_at = delivery.bounced_at = None
    delivery.last_fault = ""
    delivery.save()
    return delivery
