"""SMS gateways of the tests' own, for processes that are given one by the settings."""

import os

from registry.gateways import FileGateway, GatewayFault, SmsGateway


class Dying(FileGateway):
    """The provider takes the SMS, and the process is gone before it can note so."""

    def send(self, *, to, text, key):
        super().send(to=to, text=text, key=key)
        os._exit(9)


class Refusing(SmsGateway):
    """Takes no SMS for now."""

    def send(self, *, to, text, key):
        raise GatewayFault("短信平台今日发送数量已满。")


class Blocking(SmsGateway):
    """Takes no SMS for that number, ever."""

    def send(self, *, to, text, key):
        raise GatewayFault("该号码是空号。", permanent=True)


class Hanging(SmsGateway):
    """Waits for an answer that does not come."""

    def send(self, *, to, text, key):
        raise TimeoutError("timed out")


class Broken(SmsGateway):
    """Has a fault of its own."""

    def send(self, *, to, text, key):
        return text["no such part"]


class Unset(SmsGateway):
    """Misses what it needs from the environment."""

    def __init__(self):
        raise KeyError("ACME_SMS_TOKEN")
