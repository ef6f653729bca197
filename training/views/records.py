"""Training on a person's file."""

from registry.views.people import add_fact, drop_fact
from training.forms.records import TrainingForm


def training_new(request, reference, kind):
    """Add a training."""
    return add_fact(request, reference, TrainingForm)


def training_remove(request, reference, kind, pk):
    """Remove a training."""
    return drop_fact(request, reference, TrainingForm, pk)
