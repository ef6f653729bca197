"""The registry app: counties, accounts, enterprises, people, the measure, papers' ground."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "名录"

    def ready(self):
        from registry import policies  # noqa: F401 (fills the predicate table)
