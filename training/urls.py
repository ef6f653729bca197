"""Training's addresses; under the same names as the registry's facts, so that one link serves all four kinds."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from registry import converters  # noqa: F401 (registers them)
from training import views


class TrainingConverter(StringConverter):
    """The one kind of fact that training keeps about a person."""

    regex = "training"


register_converter(TrainingConverter, "training")

FACTS = "candidates/<reference:reference>/facts/<training:kind>/"

urlpatterns = [
    path(f"{FACTS}new/", views.training_new, name="fact_new"),
    path(f"{FACTS}<int:pk>/remove/", views.training_remove, name="fact_remove"),
]
