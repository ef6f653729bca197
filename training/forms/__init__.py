"""Training's forms, one module per part of the work."""

from training.forms.records import TrainingForm

__all__ = ["TrainingForm"]
