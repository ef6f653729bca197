"""What people do in training: the only writers of its rows."""

from training.actions.bodies import (
    add_body,
    add_trainer,
    change_body,
    end_recognition,
    recognise_body,
    remove_trainer,
)
from training.actions.certificates import (
    confirm_revocation,
    decline_revocation,
    fault_of,
    issue_certificate,
    propose_revocation,
    reissue_certificate,
)
from training.actions.courses import drop_recognition, recognise_course
from training.actions.enrolment import enrol, enrol_free, withdraw_enrolment
from training.actions.pool import leave_pool, record_consent
from training.actions.projects import (
    confirm_project,
    file_plan,
    plan_project,
    report_completion,
    report_midterm,
    return_project,
    save_plan,
    stop_project,
)
from training.actions.results import enter_results
from training.actions.sessions import cancel_session, change_session, plan_session, publish_session

__all__ = [
    "add_body",
    "add_trainer",
    "cancel_session",
    "change_body",
    "change_session",
    "confirm_project",
    "confirm_revocation",
    "decline_revocation",
    "drop_recognition",
    "end_recognition",
    "enrol",
    "enrol_free",
    "enter_results",
    "fault_of",
    "file_plan",
    "issue_certificate",
    "leave_pool",
    "plan_project",
    "plan_session",
    "propose_revocation",
    "publish_session",
    "recognise_body",
    "recognise_course",
    "record_consent",
    "reissue_certificate",
    "remove_trainer",
    "report_completion",
    "report_midterm",
    "return_project",
    "save_plan",
    "stop_project",
    "withdraw_enrolment",
]
