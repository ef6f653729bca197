"""The gateway by which SMS leave the portal. Which one is a setting; how to write one stands in docs/messages.md."""

import json
import os

from django.conf import settings
from django.utils.module_loading import import_string


class GatewayFault(Exception):  # noqa: N818 (named for what happened)
    """A message that was not taken. ``permanent``: it never will be, so nobody tries again."""

    def __init__(self, sentence: str, *, permanent: bool = False):
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent


class Unreachable(GatewayFault):
    """The service itself is away, hangs or refuses us all: no message is at fault, and the others wait too."""

    def __init__(self, sentence: str):
        super().__init__(sentence, permanent=False)


class SmsGateway:
    """What every gateway is: one method. One instance serves one round of sending."""

    def send(self, *, to: str, text: str, key: str) -> str:
        """Hand one SMS over; returns the provider's own number for it.

        ``to`` is a mainland mobile number of 11 figures. ``key`` is the same whenever the same SMS is tried again: a
        provider that knows it sends nothing twice. Takes 10 seconds at most. Raises Unreachable where the provider is
        away or refuses the office as a whole, GatewayFault where it does not take this SMS.
        """
        raise NotImplementedError


class FileGateway(SmsGateway):
    """For a first look and for tests: one line of JSON for each SMS, in ``sms.jsonl`` under OUTBOX_DIR."""

    def send(self, *, to: str, text: str, key: str) -> str:
        """Append a line, readable by the portal's own user alone: a text may hold a secret link."""
        settings.OUTBOX_DIR.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": key, "to": to, "text": text}, ensure_ascii=False) + "\n"
        file = os.open(settings.OUTBOX_DIR / "sms.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())  # in one piece: several processes may append
        finally:
            os.close(file)
        return key


def chosen_class() -> type[SmsGateway]:
    """The class that CQO_SMS_GATEWAY names. Raises ImportError, or TypeError for something that is no gateway."""
    found = import_string(settings.SMS_GATEWAY)
    if not (isinstance(found, type) and issubclass(found, SmsGateway)):
        raise TypeError(f"{settings.SMS_GATEWAY} is no SmsGateway")
    return found
