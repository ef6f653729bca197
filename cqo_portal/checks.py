"""System checks of the portal as a whole."""

from django.conf import settings
from django.core.checks import Error, Warning
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from registry.gateways import chosen_class


def driver_is_psycopg2(app_configs=None, **kwargs):
    """Fail where Django would talk to PostgreSQL by psycopg 3: it switches without a word once that is importable."""
    if not is_psycopg3:
        return []
    return [
        Error(
            "Django 将改用 psycopg 3，而本平台只在 psycopg2 上测试过。",
            hint="从环境中卸载 psycopg（第 3 版）及引入它的软件包。",
            id="cqo_portal.E001",
        )
    ]


def sms_gateway_is_there(app_configs=None, **kwargs):
    """Fail where CQO_SMS_GATEWAY names no gateway: better now than when the first SMS is due."""
    try:
        chosen_class()
    except (ImportError, TypeError, ValueError) as error:
        return [
            Error(
                f"短信通道 {settings.SMS_GATEWAY} 无法使用：{error}",
                hint="CQO_SMS_GATEWAY 应为 registry.gateways.SmsGateway 的子类的完整路径，见 docs/messages.md。",
                id="cqo_portal.E002",
            )
        ]
    return []


def uploads_are_scanned(app_configs=None, **kwargs):
    """Warn, in a deployment, where no virus scanner is named; an office that wants none silences this by its name."""
    if settings.CLAMD:
        return []
    return [
        Warning(
            "上传的文件没有经过病毒扫描。",
            hint="以 CQO_CLAMD 指明 ClamAV 守护进程；确定不用时，设 CQO_SILENCED_CHECKS=cqo_portal.W001。",
            id="cqo_portal.W001",
        )
    ]
