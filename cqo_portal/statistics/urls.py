"""The addresses of the statistics."""

from django.urls import path, re_path

from cqo_portal.statistics import views

urlpatterns = [
    path("", views.statistics, name="statistics"),
    re_path(r"^report\.(?P<kind>pdf|xlsx)$", views.statistics_report, name="statistics_report"),
    path("<slug:subject>/", views.statistics_subject, name="statistics_subject"),
    path("<slug:subject>/<slug:figure>/", views.statistics_rows, name="statistics_rows"),
]
