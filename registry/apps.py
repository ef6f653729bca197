"""The registry app: counties, accounts, enterprises, people, the measure, papers' ground."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "名录"

    def ready(self):
        from django.core.signals import request_started

        from registry import citing, jobs, policies  # noqa: F401 (hears of tasks begun and ended; fills the predicate table)

        request_started.connect(citing.forget)
