"""The portal's own app: it ties the others together and registers the checks of the whole."""

import sys

from django.apps import AppConfig
from django.core.checks import register


class PortalConfig(AppConfig):
    name = "cqo_portal"
    verbose_name = "企业首席质量官服务平台"

    def ready(self):
        from cqo_portal import logs
        from cqo_portal.accounts import noting  # noqa: F401 (listens)
        from cqo_portal.checks import driver_is_psycopg2, sms_gateway_is_there, uploads_are_scanned

        sys.excepthook = logs.log_uncaught
        register(driver_is_psycopg2)
        register(sms_gateway_is_there)
        register(uploads_are_scanned, deploy=True)
