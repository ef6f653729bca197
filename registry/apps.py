"""The registry app: counties, accounts, enterprises, people, the measure, papers' ground."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "名录"

    def ready(self):
        from registry import jobs, policies  # noqa: F401 (hears of tasks begun and ended; fills the predicate table)
