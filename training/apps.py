"""The training app: who was trained, where and when, by whose certificate, and who is in the talent pool."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "培训"

    def ready(self):
        from registry import importing
        from training import imports, policies  # noqa: F401 (fills the predicate table)

        importing.offer(imports.Trainings())
