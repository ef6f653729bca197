"""The appointments app: an enterprise appoints, the bureau records."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"
    verbose_name = "任命"

    def ready(self):
        from appointments import imports, policies  # noqa: F401 (fills the predicate table)
        from registry import importing

        importing.offer(imports.PastAppointments())
