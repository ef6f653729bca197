"""The registry's addresses, from the root. The pages of one enterprise and one person are composed further up."""

from django.urls import path

from registry import converters  # noqa: F401 (registers them)
from registry.views import deliveries, enterprises, files, jobs, people, securitylog

ENTERPRISE = "enterprises/<reference:reference>/"
CANDIDATE = "candidates/<reference:reference>/"
FACTS = f"{CANDIDATE}facts/<fact_kind:kind>/"

urlpatterns = [
    path("enterprises/", enterprises.enterprise_list, name="enterprise_list"),
    path("enterprises/new/", enterprises.enterprise_new, name="enterprise_new"),
    path(f"{ENTERPRISE}edit/", enterprises.enterprise_edit, name="enterprise_edit"),
    path(f"{ENTERPRISE}designations/new/", enterprises.designation_new, name="designation_new"),
    path(f"{ENTERPRISE}designations/<str:kind>/end/", enterprises.designation_end, name="designation_end"),
    path("candidates/", people.candidate_list, name="candidate_list"),
    path("candidates/new/", people.candidate_new, name="candidate_new"),
    path(f"{CANDIDATE}edit/", people.candidate_edit, name="candidate_edit"),
    path(f"{CANDIDATE}leave/", people.employment_end, name="employment_end"),
    path(f"{FACTS}new/", people.fact_new, name="fact_new"),
    path(f"{FACTS}<int:pk>/remove/", people.fact_remove, name="fact_remove"),
    path("files/<reference:reference>/", files.file, name="file"),
    path("jobs/<reference:reference>/", jobs.job, name="job_detail"),
    path("jobs/<reference:reference>/again/", jobs.job_again, name="job_again"),
    path("security-log/", securitylog.security_log, name="security_log"),
    path("deliveries/", deliveries.delivery_list, name="delivery_list"),
    path("deliveries/<reference:reference>/resend/", deliveries.delivery_resend, name="delivery_resend"),
]
