"""The addresses of pages that show several apps' facts."""

from django.urls import path

from cqo_portal import basis, education, enterprises, interpretations, people, views
from registry import converters  # noqa: F401 (registers them)

urlpatterns = [
    path("enterprises/<reference:reference>/", enterprises.enterprise_detail, name="enterprise_detail"),
    path("candidates/<reference:reference>/", people.candidate_detail, name="candidate_detail"),
    path("candidates/<reference:reference>/education/", education.ce_ledger, name="ce_ledger"),
    path("continuing-education/", education.ce_list, name="ce_list"),
    path("measure/record/", basis.basis_record, name="basis_record"),
    path("measure/record/extension/", basis.basis_extend, name="basis_extend"),
    path("measure/record/successor/", basis.basis_load, name="basis_load"),
    path("measure/record/name/", basis.basis_name, name="basis_name"),
    path("measure/documents/<reference:reference>/", basis.basis_document, name="basis_document"),
    path("measure/editions/<slug:key>/", views.measure, name="measure_edition"),
    path("interpretations/", interpretations.interpretation_list, name="interpretation_list"),
    path("interpretations/<key:key>/record/", interpretations.interpretation_new, name="interpretation_new"),
]
