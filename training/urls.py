"""Training's addresses; under the same names as the registry's facts, so that one link serves all four kinds."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from registry import converters  # noqa: F401 (registers them)
from training.views import (
    bodies,
    certificates,
    education,
    enrolment,
    issuing,
    people,
    pool,
    projects,
    records,
    results,
    sessions,
)


class TrainingConverter(StringConverter):
    """The one kind of fact that training keeps about a person."""

    regex = "training"


register_converter(TrainingConverter, "training")

FACTS = "candidates/<reference:reference>/facts/<training:kind>/"
EDUCATION = "candidates/<reference:reference>/education/courses/"

BODY = "training-bodies/<reference:reference>/"
SESSION = "sessions/<reference:reference>/"
CERTIFICATE = "certificates/<str:code>/"

urlpatterns = [
    path(f"{FACTS}new/", records.training_new, name="fact_new"),
    path(f"{FACTS}<int:pk>/remove/", records.training_remove, name="fact_remove"),
    path("training-bodies/", bodies.body_list, name="training_body_list"),
    path("training-bodies/new/", bodies.body_new, name="training_body_new"),
    path(BODY, bodies.body_detail, name="training_body_detail"),
    path(f"{BODY}edit/", bodies.body_edit, name="training_body_edit"),
    path(f"{BODY}recognitions/new/", bodies.recognition_new, name="recognition_new"),
    path(f"{BODY}recognitions/<int:pk>/end/", bodies.recognition_end, name="recognition_end"),
    path(f"{BODY}trainers/new/", bodies.trainer_new, name="trainer_new"),
    path(f"{BODY}trainers/<int:pk>/remove/", bodies.trainer_remove, name="trainer_remove"),
    path("sessions/", sessions.session_list, name="session_list"),
    path("sessions/new/", sessions.session_new, name="session_new"),
    path(SESSION, sessions.session_detail, name="session_detail"),
    path(f"{SESSION}edit/", sessions.session_edit, name="session_edit"),
    path(f"{SESSION}publish/", sessions.session_publish, name="session_publish"),
    path(f"{SESSION}cancel/", sessions.session_cancel, name="session_cancel"),
    path(f"{SESSION}enrol/", enrolment.session_enrol, name="session_enrol"),
    path(f"{SESSION}enrol/free/", enrolment.session_enrol_free, name="session_enrol_free"),
    path(f"{SESSION}enrolments/<int:pk>/withdraw/", enrolment.enrolment_withdraw, name="enrolment_withdraw"),
    path("candidates/free/new/", people.free_person_new, name="free_person_new"),
    path("candidates/<reference:reference>/name/", people.name_correct, name="name_correct"),
    # 《质量课题改进计划》, the talent pool and continuing education.
    path("projects/", projects.project_list, name="project_list"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<reference:reference>/", projects.project_detail, name="project_detail"),
    path("projects/<reference:reference>/edit/", projects.project_edit, name="project_edit"),
    path("projects/<reference:reference>/acts/<str:act>/", projects.project_act, name="project_act"),
    path("talent-pool/", pool.talent_pool, name="talent_pool"),
    path("talent-pool/entries/", pool.pool_list, name="pool_list"),
    path("talent-pool/entries/<reference:reference>/", pool.pool_entry, name="pool_entry"),
    path("talent-pool/entries/<reference:reference>/consent/", pool.pool_consent, name="pool_consent"),
    path("talent-pool/entries/<reference:reference>/leave/", pool.pool_leave, name="pool_leave"),
    path(f"{EDUCATION}<int:pk>/recognise/", education.course_recognise, name="course_recognise"),
    path(f"{EDUCATION}<int:pk>/drop/", education.course_recognition_drop, name="course_recognition_drop"),
    path(f"{SESSION}results/", results.session_results, name="session_results"),
    path(f"{SESSION}results/sheet/", results.session_sheet, name="session_sheet"),
    path(f"{SESSION}results/upload/", results.session_upload, name="session_upload"),
    path(f"{SESSION}certificates/", issuing.session_certificates, name="session_certificates"),
    path(f"{SESSION}certificates/issue/", issuing.session_issue, name="session_issue"),
    path(f"{SESSION}certificates/<int:pk>/", issuing.certificate_issue, name="certificate_issue"),
    path(f"{SESSION}certificates/<int:pk>/preview/", issuing.certificate_preview, name="certificate_preview"),
    path("certificates/", certificates.certificate_list, name="certificate_list"),
    path(CERTIFICATE, certificates.certificate_detail, name="certificate_detail"),
    path(f"{CERTIFICATE}pdf/", certificates.certificate_pdf, name="certificate_pdf"),
    path(f"{CERTIFICATE}reissue/", certificates.certificate_reissue, name="certificate_reissue"),
    path(f"{CERTIFICATE}revoke/", certificates.certificate_revoke, name="certificate_revoke"),
    path(f"{CERTIFICATE}revocation/", certificates.revocation_decide, name="revocation_decide"),
]
