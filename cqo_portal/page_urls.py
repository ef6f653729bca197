"""The addresses of pages that show several apps' facts."""

from django.urls import path

from cqo_portal import education, enterprises, people
from registry import converters  # noqa: F401 (registers them)

urlpatterns = [
    path("enterprises/<reference:reference>/", enterprises.enterprise_detail, name="enterprise_detail"),
    path("candidates/<reference:reference>/", people.candidate_detail, name="candidate_detail"),
    path("candidates/<reference:reference>/education/", education.ce_ledger, name="ce_ledger"),
    path("continuing-education/", education.ce_list, name="ce_list"),
]
