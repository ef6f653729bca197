"""The addresses of pages that show several apps' facts."""

from django.urls import path

from cqo_portal import basis, education, enterprises, interpretations, mydata, people, privacy, search, views
from registry import converters  # noqa: F401 (registers them)

urlpatterns = [
    path("enterprises/<reference:reference>/", enterprises.enterprise_detail, name="enterprise_detail"),
    path("candidates/<reference:reference>/", people.candidate_detail, name="candidate_detail"),
    path("candidates/<reference:reference>/education/", education.ce_ledger, name="ce_ledger"),
    path("candidates/<reference:reference>/number/", privacy.reveal, name="candidate_reveal"),
    path("candidates/<reference:reference>/link/", privacy.link_new, name="person_link_new"),
    path("candidates/<reference:reference>/link/revoke/", privacy.link_revoke, name="person_link_revoke"),
    path("search/", search.search, name="search"),
    path("privacy/", privacy.notice, name="privacy"),
    path("data-requests/", privacy.request_list, name="data_request_list"),
    path("data-requests/<reference:reference>/", privacy.request_detail, name="data_request_detail"),
    path("my-data/", mydata.person_data, name="person_data"),
    path("my-data/<str:token>/", mydata.person_by_link, name="person_by_link"),
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
