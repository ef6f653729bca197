"""The registry's addresses, from the root. The pages of one enterprise and one person are composed further up."""

from django.urls import path

from registry import converters  # noqa: F401 (registers them)
from registry.views import (
    deliveries,
    enterprises,
    exports,
    files,
    imports,
    jobs,
    members,
    people,
    registrations,
    securitylog,
)

ENTERPRISE = "enterprises/<reference:reference>/"
CANDIDATE = "candidates/<reference:reference>/"
REGISTRATION = "registrations/<reference:reference>/"
IMPORT = "imports/<reference:reference>/"
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
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new/<slug:kind>/", imports.import_new, name="import_new"),
    path("imports/new/<slug:kind>/template/", imports.import_template, name="import_template"),
    path(IMPORT, imports.import_detail, name="import_detail"),
    path(f"{IMPORT}confirm/", imports.import_confirm, name="import_confirm"),
    path(f"{IMPORT}drop/", imports.import_drop, name="import_drop"),
    path(f"{IMPORT}report/", imports.import_report, name="import_report"),
    path("jobs/<reference:reference>/", jobs.job, name="job_detail"),
    path("jobs/<reference:reference>/again/", jobs.job_again, name="job_again"),
    path("exports/", exports.export_list, name="export_list"),
    path("exports/new/<str:key>/", exports.export_new, name="export_new"),
    path("exports/<reference:reference>/", exports.export_file, name="export_file"),
    path("security-log/", securitylog.security_log, name="security_log"),
    path("deliveries/", deliveries.delivery_list, name="delivery_list"),
    path("deliveries/<reference:reference>/resend/", deliveries.delivery_resend, name="delivery_resend"),
    path("registrations/", registrations.registration_list, name="registration_list"),
    path("registrations/new/", registrations.registration_new, name="registration_new"),
    path(REGISTRATION, registrations.registration_detail, name="registration_detail"),
    path(f"{REGISTRATION}withdraw/", registrations.registration_withdraw, name="registration_withdraw"),
    path(f"{REGISTRATION}take/", registrations.registration_take, name="registration_take"),
    path(f"{REGISTRATION}decline/", registrations.registration_decline, name="registration_decline"),
    path("members/", members.member_list, name="member_list"),
    path("members/invite/", members.member_invite, name="member_invite"),
    path("members/invitations/<int:pk>/revoke/", members.invitation_revoke, name="invitation_revoke"),
    path("members/<int:pk>/remove/", members.member_remove, name="member_remove"),
    path("members/<int:pk>/hand-over/", members.member_hand_over, name="member_hand_over"),
    path("invitations/<str:token>/", members.invitation_accept, name="invitation_accept"),
]
