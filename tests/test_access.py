"""Who gets where: every address × method × persona, with rows that could leak, and a fingerprint of all tables."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from appointments.actions import ask_statements
from appointments.models import DismissalRecommendation, Evidence, ReportDuty
from appointments.states import CaseState, PaperKind, State
from cqo_portal.accounts import urls as account_urls
from registry import jobs
from registry.actions.accounts import invite
from registry.actions.exports import start_export
from registry.actions.people import correct_name
from registry.actions.privacy import ask_about_data, issue_person_link
from registry.listed import listings
from registry.models import BasisPeriod, Delivery, Export, Job, Message, SecurityEntry, SecurityHead
from registry.outbox import record_bounce
from registry.pages import PortalForm
from registry.tasks import make_export
from tests import cast, tasks
from tests.cast import part
from tests.importing import brought, newcomer, sheet
from training.models import Certificate
from training.states import TrainingKind

pytestmark = pytest.mark.django_db

PERSONAS = ["anonymous", "user_a", "user_b", "county_one", "county_two", "municipal", "administrator"]
PERSONAS += ["trainer", "trainer_two"]  # of the body that trained 甲公司's person, and of another
PERSONAS += ["member_a", "applicant"]  # of 甲公司 too, but not who answers for its accounts; of no enterprise yet
EVERYBODY = set(PERSONAS) - {"member_a"}  # whose expectations are user_a's, below
SIGNED_IN = EVERYBODY - {"anonymous", "applicant"}
CITY = {"municipal", "administrator"}
OF_A = {"user_a", "county_one"} | CITY
BUREAU = {"county_one", "county_two", "municipal"}
OFFICES = BUREAU | CITY
OVER_A = {"county_one", "municipal"}
ENTERPRISES = {"user_a", "user_b"}
TRAINERS = {"trainer", "trainer_two"}
OF_REGISTRATION = {"applicant", "county_one"} | CITY
OF_OWNERS = {"member_invite", "invitation_revoke", "member_remove", "member_hand_over", "export_file"}
# 甲公司's session is published for 甲公司's county: every bureau sees it, and nobody of 乙公司 or of another body.
OF_SESSION = OF_A | {"county_two", "trainer"}


@dataclass(frozen=True)
class Address:
    """One address about 甲公司 (or about nobody): who may see it, who may write there, and what a write says."""

    seen_by: set
    arguments: tuple = ()
    inside: set = field(default_factory=lambda: SIGNED_IN)  # beyond it the answer is 404
    written_by: set = field(default_factory=set)
    data: dict = field(default_factory=dict)
    gone: bool = False  # 410 to everybody but the browser that used a one-time link


def about_a(*arguments, seen_by=frozenset(OF_A), **more) -> Address:
    """An address of a row of 甲公司's: outsiders get 404."""
    return Address(set(seen_by), arguments, OF_A, **more)


def about_session(*arguments, seen_by=frozenset({"trainer"}), **more) -> Address:
    """An address of the session that trained 甲公司's person."""
    return Address(set(seen_by), arguments, OF_SESSION, **more)


# Every named address of the portal. {ref} words are filled from the world below.
ADDRESSES = {
    "home": Address(EVERYBODY, inside=EVERYBODY),
    "search": Address(SIGNED_IN),
    "inbox": Address(SIGNED_IN),
    "open_message": about_a("{message}", seen_by=set(), written_by={"user_a"}),
    "measure": Address(EVERYBODY, inside=EVERYBODY),
    "basis_record": Address({"administrator"}),
    "basis_extend": Address({"administrator"}),
    "basis_load": Address({"administrator"}),
    "basis_name": Address({"administrator"}),
    "basis_document": Address(BUREAU | CITY, ("{basis}",)),
    "measure_edition": Address(EVERYBODY, ("qingyuan-2016",), EVERYBODY),
    "interpretation_list": Address(EVERYBODY, inside=EVERYBODY),
    "interpretation_new": Address({"municipal"}, ("ce_hours",)),
    # A file is compared and let go: what the write leaves is a tally and a window of the limit.
    "verify": Address(
        EVERYBODY, inside=EVERYBODY, written_by={"anonymous"}, data={"file": ContentFile(b"%PDF-", "a.pdf")}
    ),
    "verify_paper": Address(EVERYBODY, ("{code}",), EVERYBODY),
    # How accounts of enterprises come about
    "registration_list": Address(BUREAU),
    "registration_new": Address({"applicant"}),
    "registration_detail": Address(OF_REGISTRATION, ("{registration}",), OF_REGISTRATION),
    "registration_withdraw": Address({"applicant"}, ("{registration}",), OF_REGISTRATION),
    "registration_take": Address(OVER_A, ("{registration}",), OF_REGISTRATION),
    "registration_decline": Address(OVER_A, ("{registration}",), OF_REGISTRATION),
    "member_list": Address(ENTERPRISES),
    "member_invite": Address(ENTERPRISES),
    "invitation_revoke": Address({"user_a"}, ("{invitation}",), {"user_a"}),
    "member_remove": Address({"user_a"}, ("{member}",), {"user_a"}),
    "member_hand_over": Address({"user_a"}, ("{member}",), {"user_a"}),
    "invitation_accept": Address(EVERYBODY, ("{token}",), EVERYBODY),
    "self_check": Address(EVERYBODY, inside=EVERYBODY),
    "healthz": Address(EVERYBODY, inside=EVERYBODY),
    "enterprise_list": Address(SIGNED_IN),
    "enterprise_new": Address(BUREAU),
    "enterprise_detail": about_a("{enterprise}"),
    "enterprise_edit": about_a("{enterprise}", seen_by={"user_a", "county_one", "municipal"}),
    "designation_new": about_a("{enterprise}", seen_by={"county_one", "municipal"}),
    "designation_end": about_a("{enterprise}", "above_scale", seen_by={"county_one", "municipal"}),
    "candidate_list": Address(SIGNED_IN),
    "candidate_new": Address(BUREAU | {"user_a", "user_b"}),
    "candidate_detail": about_a("{person}"),
    "candidate_reveal": about_a("{person}", seen_by={"municipal"}),
    "person_link_new": about_a("{person}", seen_by={"county_one", "municipal"}),
    "person_link_revoke": about_a("{person}", seen_by=set(), written_by={"county_one", "municipal"}),
    "data_request_list": Address(CITY),
    "data_request_detail": Address(CITY, ("{data_request}",), CITY),
    "privacy": Address(EVERYBODY, inside=EVERYBODY),
    "person_data": Address(set(), inside=EVERYBODY, gone=True),
    "person_by_link": Address(EVERYBODY, ("{person_link}",), EVERYBODY),
    "candidate_edit": about_a("{person}", seen_by={"user_a", "county_one", "municipal"}),
    "employment_end": about_a("{person}", seen_by={"user_a", "county_one", "municipal"}),
    "fact_new": about_a("{person}", "education", seen_by={"user_a", "county_one", "municipal"}),
    "fact_remove": about_a("{person}", "education", "{education}", seen_by={"user_a", "county_one", "municipal"}),
    "file": about_a("{file}"),
    "job_detail": Address({"user_a"} | CITY, ("{job}",), {"user_a"} | CITY),
    "job_again": Address(set(), ("{job}",), {"user_a"} | CITY, written_by={"user_a", "administrator"}),
    # Spreadsheets: 甲公司 brought one, which is ready to be confirmed
    "import_list": Address(BUREAU | ENTERPRISES | {"administrator"}),
    "import_new": Address(BUREAU | ENTERPRISES, ("people",)),
    "import_template": Address(BUREAU | ENTERPRISES, ("people",)),
    "import_detail": Address({"user_a"} | CITY, ("{import}",), {"user_a"} | CITY),
    "import_confirm": Address(set(), ("{import}",), {"user_a"} | CITY, written_by={"user_a"}, data={"version": 2}),
    "import_drop": Address(set(), ("{import}",), {"user_a"} | CITY, written_by={"user_a"}),
    "import_report": Address({"user_a"} | CITY, ("{import}",), {"user_a"} | CITY),
    "security_log": Address({"administrator"}),
    # A list as a file: to whoever has the list; the file to whoever made it, and to no colleague
    "export_list": Address(SIGNED_IN),
    "export_new": Address(set(), ("enterprise_list",), written_by=SIGNED_IN - ENTERPRISES, data={"form": "csv"}),
    "export_file": Address({"user_a"}, ("{export}",), {"user_a"}),
    "delivery_list": Address(BUREAU | CITY),
    "delivery_resend": about_a("{delivery}", seen_by=set(), written_by={"county_one", "municipal"}),
    "appointment_list": Address(SIGNED_IN),
    "appointment_queue": Address(BUREAU),
    "appointment_queue_confirm": Address(BUREAU),
    "appointment_new": Address({"user_a", "user_b"}),
    "counter_entry": Address(BUREAU),
    "counter_entry_for": about_a("{enterprise}", seen_by={"county_one", "municipal"}),
    "appointment_detail": about_a("{filed}"),
    "appointment_step": about_a("{draft}", 3, seen_by={"user_a"}),
    "appointment_autosave": about_a("{draft}", 3, seen_by=set(), written_by={"user_a"}, data={"position": "厂长"}),
    "appointment_check_answers": about_a("{draft}", seen_by={"user_a"}),
    "appointment_act": about_a("{filed}", "end", seen_by={"user_a"}),
    "appointment_renew": about_a("{filed}", seen_by=set(), written_by={"user_a"}),
    "appointment_paper": about_a("{filed}", PaperKind.LETTER.value),
    "appointment_preview": about_a("{draft}", PaperKind.LETTER.value, seen_by={"user_a"}),
    "appointment_seal": about_a("{filed}", PaperKind.LETTER.value, seen_by={"user_a"}),
    # Who trains
    "training_body_list": Address(SIGNED_IN),
    "training_body_new": Address({"municipal"}),
    "training_body_detail": Address(SIGNED_IN, ("{body}",)),
    "training_body_edit": Address({"municipal"}, ("{body}",)),
    "recognition_new": Address({"municipal"}, ("{body}",)),
    "recognition_end": Address({"municipal"}, ("{body}", "{recognition}")),
    "trainer_new": Address({"administrator"}, ("{body}",)),
    "trainer_remove": Address({"administrator"}, ("{body}", "{membership}")),
    # Sessions, who is in them, and their results
    "session_list": Address(SIGNED_IN),
    "session_new": Address(TRAINERS | BUREAU),
    "session_detail": about_session("{session}", seen_by=OF_SESSION),
    "session_edit": Address({"trainer"}, ("{planned}",), {"trainer"} | CITY),
    "session_publish": Address({"trainer"}, ("{planned}",), {"trainer"} | CITY),
    "session_cancel": Address({"trainer"}, ("{planned}",), {"trainer"} | CITY),
    "session_enrol": about_session("{coming}", seen_by={"user_a"}),
    "session_enrol_free": about_session("{coming}", seen_by=BUREAU),
    "enrolment_withdraw": Address({"user_a"}, ("{coming}", "{seat}"), OF_A | {"trainer"}),
    "session_results": about_session("{session}"),
    "session_sheet": about_session("{session}"),
    "session_upload": about_session("{session}"),
    "session_certificates": about_session("{session}"),
    "session_issue": about_session("{session}"),
    "certificate_issue": about_session("{session}", "{passed}"),
    "certificate_preview": about_session("{session}", "{passed}"),
    "free_person_new": Address(BUREAU),
    "name_correct": about_a("{person}", seen_by={"county_one", "municipal"}),
    # Certificates
    "certificate_list": Address(SIGNED_IN),
    "certificate_detail": Address(OF_A | {"trainer"}, ("{certificate}",), OF_A | {"trainer"}),
    "certificate_pdf": Address(OF_A | {"trainer"}, ("{certificate}",), OF_A | {"trainer"}),
    "certificate_reissue": Address({"trainer"}, ("{certificate}",), OF_A | {"trainer"}),
    "certificate_revoke": Address({"trainer"}, ("{certificate}",), OF_A | {"trainer"}),
    # Who proposed it reads there that it takes a second person.
    "revocation_decide": Address({"municipal", "trainer"}, ("{proposed}",), {"county_one", "trainer"} | CITY),
    # Projects, the talent pool, continuing education
    "project_list": Address(SIGNED_IN - TRAINERS),
    "project_new": Address(ENTERPRISES),
    "project_detail": about_a("{project}"),
    "project_edit": about_a("{plan}", seen_by={"user_a"}),
    "project_act": about_a("{plan}", "file", seen_by={"user_a"}),
    "talent_pool": Address(EVERYBODY, inside=EVERYBODY),
    "pool_list": Address(SIGNED_IN - TRAINERS),
    "pool_entry": about_a("{entry}"),
    "pool_consent": about_a("{entry}", seen_by={"user_a", "county_one", "municipal"}),
    "pool_leave": about_a("{entry}", seen_by={"municipal"}),
    "ce_ledger": about_a("{person}"),
    "ce_list": Address(SIGNED_IN - TRAINERS),
    "course_recognise": Address({"municipal"}, ("{person}", "{course}")),
    "course_recognition_drop": Address({"municipal"}, ("{person}", "{recognised}")),
    # Statistics
    "statistics": Address(OFFICES),
    "statistics_subject": Address(OFFICES, ("coverage",)),
    "statistics_rows": Address(OFFICES, ("coverage", "covered")),
    "statistics_report": Address(OFFICES, ("xlsx",)),
    # Findings, accidents, the watch list, obligations
    "finding_list": Address(OFFICES),
    "finding_pick": Address(BUREAU),
    "finding_new": about_a("{filed}", seen_by=OVER_A),
    "finding_detail": about_a("{finding}", seen_by=OF_A - ENTERPRISES),
    "finding_edit": about_a("{finding}", seen_by=OVER_A),
    "finding_act": about_a("{finding}", "file", seen_by=OVER_A),
    "accident_list": Address(OFFICES),
    "accident_pick": Address(BUREAU),
    "accident_new": about_a("{enterprise}", seen_by=OVER_A),
    "accident_detail": about_a("{accident}", seen_by=OF_A - ENTERPRISES),
    "watch_list": Address(OFFICES),
    "appointment_grounds": about_a("{filed}", seen_by=OF_A - ENTERPRISES),
    "obligation_list": Address(SIGNED_IN - TRAINERS),
    # Notices and reports: an enterprise is led from a notice to its own duty
    "cycle_list": Address(OFFICES),
    "cycle_new": Address({"municipal"}),
    "cycle_detail": about_a("{notice}", seen_by=OF_A - ENTERPRISES),
    "cycle_edit": Address({"municipal"}, ("{coming_notice}",), CITY),
    "cycle_act": Address({"municipal"}, ("{coming_notice}", "publish"), CITY),
    "report_list": Address(SIGNED_IN - TRAINERS),
    "report_detail": about_a("{reported}", "{filed}"),
    "report_open": about_a("{notice}", "{filed}", seen_by=set(), written_by={"user_a"}),
    "report_edit": about_a("{written}", "{filed}", seen_by={"user_a"}),
    "report_autosave": about_a(
        "{written}", "{filed}", seen_by=set(), written_by={"user_a"}, data={"version": 2, "culture": "改写"}
    ),
    "report_check": about_a("{written}", "{filed}", seen_by={"user_a"}),
    "report_counter": about_a("{notice}", "{filed}", seen_by=OVER_A),
    "report_service": about_a("{notice}", "{filed}", seen_by=OVER_A),
    "report_extend": about_a("{notice}", "{filed}", seen_by={"municipal"}),
    "report_return": about_a("{reported}", "{filed}", seen_by=OVER_A),
    "report_note": about_a("{reported}", "{filed}", seen_by=OVER_A),
    "report_receipt_pdf": about_a("{reported}", "{filed}"),
    "targets_list": Address(SIGNED_IN - TRAINERS),
    "targets_new": about_a("{filed}", seen_by={"user_a"}),
    "targets_detail": about_a("{filed}", 2026),
    "targets_results": about_a("{filed}", 2026, seen_by={"user_a"}),
    # Recommendations: one is answered, in the other the statements are asked for
    "case_list": Address(SIGNED_IN - TRAINERS),
    "case_statistics": Address(OFFICES),
    "case_new": about_a("{filed}", seen_by=OVER_A),
    "case_decline": about_a("{filed}", seen_by=OVER_A),
    "case_detail": about_a("{case}"),
    "case_act": about_a("{asked}", "evidence", seen_by=OVER_A),
    "case_state": about_a("{asked}", seen_by={"user_a"}),
    "case_open_letter": about_a("{case}", seen_by=set()),
    "case_answer": about_a("{case}", seen_by=set()),
    "case_letter_pdf": about_a("{case}"),
    "case_preview_pdf": about_a("{asked}", seen_by=OVER_A),
    "case_notice_pdf": about_a("{case}", "enterprise"),
    "case_bundle_pdf": about_a("{case}", seen_by=OF_A - ENTERPRISES),
    "statement_by_link": Address(EVERYBODY, ("{link}",), EVERYBODY),
    "statement_received": Address(EVERYBODY, inside=EVERYBODY),
    # Commendations and experience, pilot guidance, policies
    "experience": Address(EVERYBODY, inside=EVERYBODY),
    "experience_commendations": Address(EVERYBODY, inside=EVERYBODY),
    "experience_detail": Address(EVERYBODY, ("{experience}",), EVERYBODY),
    "experience_file": Address(EVERYBODY, ("{experience}", "{experience_file}"), EVERYBODY),
    "campaign_list": Address(SIGNED_IN - TRAINERS),
    "campaign_new": Address(BUREAU),
    "campaign_detail": Address(SIGNED_IN - TRAINERS, ("{campaign}",)),
    "campaign_edit": Address({"county_one"}, ("{coming_campaign}",), {"county_one"}),
    "campaign_act": Address({"county_one"}, ("{coming_campaign}", "publish"), {"county_one"}),
    "achievement_list": Address(SIGNED_IN - TRAINERS),
    "achievement_new": Address(ENTERPRISES),
    "achievement_detail": about_a("{achievement}"),
    "achievement_edit": about_a("{achievement}", seen_by={"user_a"}),
    "achievement_material_new": about_a("{achievement}", seen_by={"user_a"}),
    "achievement_material_remove": about_a("{achievement}", "{material}", seen_by={"user_a"}),
    "achievement_consent": about_a("{achievement}", seen_by=OVER_A | {"user_a"}),
    "achievement_act": about_a("{achievement}", "submit", seen_by={"user_a"}),
    "commendation_list": Address(SIGNED_IN - TRAINERS),
    "commendation_pick": Address(BUREAU),
    "commendation_new": about_a("{enterprise}", seen_by=OVER_A),
    "commendation_detail": about_a("{commendation}"),
    "commendation_revoke": about_a("{commendation}", seen_by={"municipal"}),
    "commendation_consent": about_a("{commendation}", seen_by=OVER_A | {"user_a"}),
    "pilot_list": Address(SIGNED_IN - TRAINERS),
    "pilot_detail": about_a("{enterprise}"),
    "guidance_new": about_a("{enterprise}", seen_by=OVER_A),
    "guidance_detail": about_a("{guidance}"),
    "guidance_correct": about_a("{guidance}", seen_by=OVER_A),
    "guidance_attach": about_a("{guidance}", seen_by=OVER_A),
    "policy_list": Address(EVERYBODY, inside=EVERYBODY),
    "policy_new": Address(BUREAU),
    "policy_detail": Address(EVERYBODY, ("{policy}",), EVERYBODY),
    "policy_file": Address(EVERYBODY, ("{policy}",), EVERYBODY),
    "policy_edit": Address({"county_one"}, ("{coming_policy}",), {"county_one"}),
    "policy_act": Address({"county_one"}, ("{coming_policy}", "publish"), {"county_one"}),
}
# Of these the public reads which enterprise was commended, or what a county gives.
PUBLIC = {"experience", "experience_commendations", "experience_detail", "experience_file"}
PUBLIC |= {"policy_list", "policy_detail", "policy_file", "statement_by_link", "statement_received"}
PUBLIC |= {"interpretation_list", "invitation_accept", "privacy", "person_by_link"}


def stands_as(persona: str, name: str) -> str:
    """Whose line in the table holds for a persona: another account of 甲公司 does all but keep its accounts."""
    return "user_a" if persona == "member_a" and name not in OF_OWNERS else persona


@part
def world(
    everything, make, train, supervise, promote, company_a, company_b, person_a, person_a_two, administrator,
    county_one, free_one, user_a, member_a, applicant,
):  # fmt: skip
    """甲公司 and 乙公司 with the same rows each; the words that stand for 甲公司's in an address."""
    draft = make.draft(person_a_two, company_a)
    filed = everything["a"]
    rows = training_of_a(train, company_a, person_a, person_a_two, county_one, free_one)
    rows |= supervision_of_a(supervise, filed, county_one) | promotion_of_a(promote, filed, county_one)
    return rows | {
        "enterprise": company_a.reference,
        **accounts_of_a(user_a, member_a, applicant, company_a),
        "person": person_a.reference,
        "education": person_a.educations.first().pk,
        "basis": BasisPeriod.unscoped.exclude(document=None).first().document.reference,
        "file": Evidence.unscoped.get(appointment=filed).file.reference,
        "job": stopped_job(make.enterprise_user(company_a)).reference,
        "import": brought("people", sheet("people", user_a, newcomer(70)), user_a).reference,
        "delivery": bounced_delivery(company_a).reference,
        "export": exported(user_a).reference,
        "filed": filed.reference,
        "draft": draft.reference,
        "version": draft.version,
        "message": Message.unscoped.filter(enterprise=company_a).first().pk,
        "person_link": issue_person_link(person_a, by_sms=False, by=make.municipal, at=timezone.now())[1],
        "data_request": ask_about_data(person_a, kind="erasure", words="请删除", at=timezone.now()).reference,
        "code": filed.papers.get(kind=PaperKind.LETTER).code,
    }


def accounts_of_a(user_a, member_a, applicant, company_a) -> dict:
    """An invitation of 甲公司's, another of its accounts, and a registration that its county checks."""
    at = timezone.now()
    invitation, token = invite(name="钱七", email="qian@example.com", by=user_a, at=at)
    registration = cast.registration(applicant, company_a.county, at=at)
    return {
        "invitation": invitation.pk, "token": token, "member": member_a.pk, "registration": registration.reference
    }  # fmt: skip


def training_of_a(train, company_a, person_a, person_a_two, county_one, free_one) -> dict:
    """甲公司's rows of training: one session is over, one is to come, one is not yet published."""
    now = timezone.now()
    first = timezone.localdate() + timedelta(days=10)
    ahead = {
        "session_days": [first, first + timedelta(days=1)],
        "enrolment": (timezone.localdate(), first),
        "open_county": company_a.county,
        "at": now,
    }
    certificate = Certificate.unscoped.get(candidate=person_a)
    coming = train.session(**ahead)
    passed = train.passed(person_a_two, company_a, certificate.enrolment.session)
    by = {"by": county_one, "at": now}
    correct_name(person_a, name="张叁", reason="录入有误", version=person_a.version, **by)
    return {
        "body": train.body.reference,
        "recognition": train.body.recognitions.get().pk,
        "membership": train.trainer.training_membership.pk,
        "session": certificate.enrolment.session.reference,
        "passed": passed.pk,
        "planned": train.planned(**ahead).reference,
        "coming": coming.reference,
        "seat": train.enrolled(coming, person_a_two, company_a, at=now).pk,
        "certificate": certificate.code,
        "proposed": Certificate.unscoped.get(candidate=free_one).code,
        "project": person_a.projects.get().reference,
        "plan": train.project(person_a_two, company_a).reference,
        "entry": person_a.pool_entries.get().reference,
        "recognised": person_a.trainingrecords.get(kind=TrainingKind.CONTINUING).pk,
        "course": train.course(person_a, company_a, number="WB-待认定").pk,
    }


def supervision_of_a(supervise, filed, county_one) -> dict:
    """甲公司's rows of supervision: notices that were reported on, written on, not opened, not published; two cases."""
    later = {"due_on": timezone.localdate() + timedelta(days=90), "at": cast.AT, "county": filed.enterprise.county}
    reported = ReportDuty.unscoped.get(appointment=filed)
    written = supervise.served(filed, number="清质监补〔2026〕1号", due_on=later["due_on"], county=later["county"])
    supervise.written(written)
    waiting = DismissalRecommendation.unscoped.get(appointment=filed, state=CaseState.OPENED)
    due = timezone.localdate() + timedelta(days=10)
    asked = ask_statements(waiting, version=1, due_on=due, by=county_one, at=cast.AT)
    supervise.targets(filed, year=2026)
    return {
        "reported": reported.cycle.reference,
        "written": written.cycle.reference,
        "notice": supervise.duty(filed, number="清质监补〔2026〕2号", **later).cycle.reference,
        "coming_notice": supervise.planned(number="清质监补〔2026〕3号", **later).reference,
        "finding": supervise.finding(filed, filed=False, evidence=False).reference,
        "accident": filed.enterprise.accidents.get().reference,
        "asked": asked.reference,
        "link": supervise.link(asked)[1],
        "case": filed.recommendations.get(state=CaseState.ANSWERED).reference,
    }


def promotion_of_a(promote, filed, county_one) -> dict:
    """甲公司's rows of promotion: an achievement that was returned, and one for all to read; its county's rows."""
    company, returned = filed.enterprise, filed.enterprise.achievements.get()
    shown = promote.published(filed.candidate, company)
    stands = promote.commendation(company, filed, document_number="清质监〔2026〕99号")
    return {
        "experience": shown.reference,
        "experience_file": shown.materials.get().pk,
        "campaign": promote.published_campaign().reference,
        "coming_campaign": promote.campaign(by=county_one).reference,
        "achievement": returned.reference,
        "material": returned.materials.get().pk,
        "commendation": stands.reference,
        "guidance": company.guidance.get().reference,
        "policy": promote.published_policy(by=county_one).reference,
        "coming_policy": promote.policy(by=county_one).reference,
    }


def stopped_job(by) -> Job:
    """Background work that somebody started, and that may be taken up again."""
    job = jobs.start(
        "demo", "甲公司的后台工作", total=3, subject="", url="/", by=by, at=cast.AT, task=tasks.send, count=3
    )
    Job.unscoped.filter(pk=job.pk).update(finished_at=cast.AT, fault=jobs.STOPPED)
    return job


def exported(by) -> Export:
    """What somebody took out of the list of appointments."""
    facts = {"query": "", "form": "csv", "task": make_export, "by": by, "at": timezone.now()}
    return start_export(listings()["appointment_list"], **facts)


def bounced_delivery(company) -> Delivery:
    """A mail to the enterprise that came back."""
    row = Delivery.unscoped.filter(enterprise=company).first()
    record_bounce(row.key, "收件邮箱不存在。", at=cast.AT)
    return row


@pytest.fixture
def as_persona(request, client):
    """Sign in as one of the cast; nobody for ``anonymous``."""

    def sign_in(name):
        client.logout()
        if name != "anonymous":
            client.force_login(request.getfixturevalue(name))
        return client

    return sign_in


def path_to(name: str, world: dict) -> str:
    """The address of that name, about 甲公司."""
    arguments = [str(a).format_map(world) if isinstance(a, str) else a for a in ADDRESSES[name].arguments]
    return reverse(name, args=arguments)


def named_patterns(patterns, prefix="") -> set[str]:
    """The names of all addresses of our own: allauth's and the admin's have their tests below."""
    names = set()
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(("admin/", "accounts/")):
            continue
        names |= {pattern.name} if isinstance(pattern, URLPattern) else named_patterns(pattern.url_patterns, route)
    return names


def fingerprint() -> dict[str, str]:
    """A hash of every row of our tables, so that nothing written goes unseen.

    Signing in alone is no write, nor is what the security log notes of a denial.
    """
    labels = ("registry", "training", "appointments")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    tables = [model._meta.db_table for model in models if model not in (SecurityEntry, SecurityHead)]
    row = "(to_jsonb(t) - 'last_login')::text"
    each = [f"SELECT '{name}', md5(string_agg({row}, '' ORDER BY {row})) FROM \"{name}\" t" for name in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())


def test_every_address_is_in_the_table():
    assert named_patterns(get_resolver().url_patterns) == set(ADDRESSES)


def fine_to_read(persona: str, address: Address, response) -> bool:
    """200 for whom it is meant, the log-in for strangers, 404 outside one's scope."""
    status = response.status_code
    if address.gone:
        return status == 410
    if persona in address.seen_by:
        # An enterprise's only one, and what an applicant has sent already.
        own_page = status == 302 and response["Location"].startswith(("/enterprises/QY", "/registrations/ZC"))
        return status == 200 or own_page
    if persona == "anonymous":
        return status == 405 or response["Location"].startswith("/accounts/login/")
    return status in ((302, 403, 404, 405) if persona in address.inside else (404, 405))


def writers(address: Address) -> set[str]:
    """Those to whom a write there is not denied."""
    return address.seen_by | address.written_by


def posted(client, name: str, world: dict):
    """The answer to what a permitted form would say."""
    data = {"token": str(uuid4()), "version": world["version"], "confirm": "on", **ADDRESSES[name].data}
    for file in (value for value in data.values() if isinstance(value, ContentFile)):
        file.seek(0)  # it was read when it was sent before
    return client.post(path_to(name, world), data)


def test_one_person_at_two_enterprises_is_one_row_and_each_sees_its_own_part(
    make, company_a, company_b, person_a, as_persona
):
    """张三 also works at 乙公司: 甲公司 sees nothing of that."""
    make.qualified(person_a, company_a)
    second = cast.person(1, "张三", company=company_b, by=make.enterprise_user(company_b))
    make.fact(
        cast.Education, second, company_b, level="master", school="乙知道的大学", graduated_on=cast.date(2010, 7, 1)
    )
    assert second.pk == person_a.pk
    page = as_persona("user_a").get(reverse("candidate_detail", args=[person_a.reference])).content.decode()
    assert "华南理工大学" in page
    assert "乙知道的大学" not in page and "乙公司" not in page


def test_what_one_office_picks_for_many_leaves_out_what_another_has(as_persona, make, person_a, company_a):
    row = make.submitted(make.qualified(person_a, company_a), company_a)
    url, form = (
        reverse("appointment_queue_confirm") + f"?pick={row.reference}",
        {f"version_{row.reference}": row.version},
    )
    pages = {name: as_persona(name).get(url).content.decode() for name in ("county_one", "county_two")}
    assert [row.reference in pages[name] for name in pages] == [True, False]
    as_persona("county_two").post(url, form | {"token": str(uuid4())})
    row.refresh_from_db()
    assert row.state == State.SUBMITTED


OPEN_TO_STRANGERS = {"account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password"}
OPEN_TO_STRANGERS |= {"account_password_reset_completed", "mfa_login_webauthn"}


def test_of_the_account_pages_strangers_get_those_to_sign_in_alone(client, measure):
    """The others lead to the log-in; a step that nobody has come to leads back to where it begins."""
    patterns = [p for p in account_urls.urlpatterns if "<" not in str(p.pattern)]
    answers = {p.name: client.get(reverse(p.name), HTTP_ACCEPT="application/json") for p in patterns}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == OPEN_TO_STRANGERS
    others = {name: answer for name, answer in answers.items() if name not in OPEN_TO_STRANGERS}
    assert len(others) > 15
    for name, answer in others.items():
        assert answer.status_code in (302, 401), name
        if answer.status_code == 302:
            assert answer["Location"].startswith(("/accounts/login/", "/accounts/password/reset/", "/")), name


def test_every_relation_field_is_empty_until_its_form_says_whose_rows():
    """A default manager called ``unscoped`` fails open in relation fields; so none is declared with rows."""
    forms = [form for form in every_form(PortalForm) if form.__module__.split(".")[0] != "tests"]
    relations = [
        (form, name, field) for form in forms for name, field in form.base_fields.items() if hasattr(field, "queryset")
    ]
    assert relations
    assert not [(form, name) for form, name, field in relations if not field.queryset.query.is_empty()]


def every_form(form) -> list:
    """A form class and all its descendants."""
    return [form, *(below for child in form.__subclasses__() for below in every_form(child))]
