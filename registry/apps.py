"""The registry app: counties, accounts, enterprises, people, the measure, papers' ground."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "名录"

    def ready(self):
        from django.core.signals import request_finished, request_started

        from registry import (  # noqa: F401 (jobs hears of tasks begun and ended; policies fills the predicate table)
            importing,
            imports,
            jobs,
            kept,
            policies,
        )

        importing.offer(imports.Enterprises())
        importing.offer(imports.People())
        request_started.connect(kept.begin)
        request_finished.connect(kept.end)
