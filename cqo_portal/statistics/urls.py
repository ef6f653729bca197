"""The addresses of the statistics."""

from django.urls import path

from cqo_portal.statistics import views

urlpatterns = [
    path("", views.statistics, name="statistics"),
    path("report.<slug:kind>", views.statistics_report, name="statistics_report"),
    path("<slug:subject>/", views.statistics_subject, name="statistics_subject"),
    path("<slug:subject>/<slug:figure>/", views.statistics_rows, name="statistics_rows"),
]
