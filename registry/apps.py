"""The registry app: counties, accounts, enterprises, people, the measure, papers' ground."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "名录"

    def ready(self):
        from django.core.signals import request_started

        from registry import citing, importing, imports, jobs, policies  # noqa: F401 (jobs hears of tasks; policies fill the predicate table)

        importing.offer(imports.Enterprises())
        importing.offer(imports.People())
        request_started.connect(citing.forget)
