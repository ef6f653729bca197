"""Certificates of one session: who is ready, who is not and why, who has one; issued one by one or all at once."""

from datetime import date

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.listing import page_of
from registry.pages import PortalForm, find
from registry.rules import day_words
from registry.views.lists import exporting
from registry.views.papers import pdf_response
from training.actions import issue_certificate
from training.actions.certificates import content_of, fault_of, preview_certificate, session_fault
from training.models import Enrolment, Session
from training.states import EnrolmentState
from training.tasks import running, start_issuing
from training.views.common import act_page
from training.views.results import page_context, session_at_hand

GROUPS = {"ready": "可以发证", "lacking": "还不能发证", "issued": "已发证"}

FACT_WORDS = {
    "person_name": "姓名", "id_words": "证件", "course_words": "培训内容", "first_day": "培训首日",
    "last_day": "培训末日", "hours": "学时", "body_name": "培训机构", "measure_title": "依据",
    "outside_basis": "发证当日没有有效依据",
}  # fmt: skip


def said(key: str, value: str) -> str:
    """A fact of a certificate as its page says it."""
    if key in ("first_day", "last_day"):
        return day_words(date.fromisoformat(value))
    return {"True": "是", "False": "否"}.get(value, value)


def _grouped(session: Session) -> dict[str, list[Enrolment]]:
    """Everybody with a seat, by where they stand; ``why`` says what is missing."""
    groups: dict[str, list[Enrolment]] = {group: [] for group in GROUPS}
    for person in session.enrolments.seated().with_results().order_by("seat"):
        person.why = None if person.certificate else fault_of(person)
        groups["issued" if person.certificate else "lacking" if person.why else "ready"].append(person)
    return groups


@require_safe
def session_certificates(request, reference):
    """The session's people by where they stand, and the next step."""
    session = session_at_hand(request, reference)
    groups = _grouped(session)
    chosen = request.GET.get("group", "")
    if chosen not in GROUPS:
        chosen = next((group for group, people in groups.items() if people), "ready")
    context = {
        "bulk": exporting(request.user, "certificate_list", f"session={session.reference}"),
        "closed": session_fault(session, at=timezone.now()),
        "running": running(session),
        "groups": [(key, words, len(groups[key])) for key, words in GROUPS.items()],
        "chosen": chosen,
        "chosen_words": GROUPS[chosen],
        "ready": len(groups["ready"]),
        "page": page_of(request, groups[chosen]),
    }
    return render(request, "training/certificates.html", page_context(session, **context))


def session_issue(request, reference):
    """Issue all that are ready, in the background; its progress has a page."""
    session = session_at_hand(request, reference)
    return act_page(
        request,
        PortalForm(request.POST if request.method == "POST" else None),
        lambda **who: start_issuing(session, **who),
        to=lambda job: job.page,
        template="training/certificates_confirm.html",
        **page_context(
            session,
            ready=_grouped(session)["ready"],
            closed=session_fault(session, at=timezone.now()),
            running=running(session),
        ),
    )


def _person(request, session: Session, pk: int) -> Enrolment:
    person = find(session.enrolments.with_results().filter(state=EnrolmentState.ENROLLED), pk=pk)
    person.session = session
    return person


def certificate_issue(request, reference, pk):
    """Issue one certificate, after a look at what it will say."""
    session = session_at_hand(request, reference)
    person = _person(request, session, pk)
    why = session_fault(session, at=timezone.now()) or (
        f"{person.candidate.name}的证书已经发给。" if person.certificate else fault_of(person)
    )
    content = content_of(person, at=timezone.now())
    return act_page(
        request,
        PortalForm(request.POST if request.method == "POST" else None),
        lambda **who: issue_certificate(person, **who),
        to=lambda certificate: reverse("certificate_detail", args=[certificate.code]),
        done=f"已发给{person.candidate.name}培训证书。",
        template="training/certificate_issue.html",
        **page_context(
            session,
            person=person,
            why=why,
            said=[(words, said(key, content[key])) for key, words in FACT_WORDS.items() if content[key] != "False"],
        ),
    )


@require_safe
def certificate_preview(request, reference, pk):
    """The certificate as it would be, with the watermark 预览, without number, code and QR."""
    session = session_at_hand(request, reference)
    person = _person(request, session, pk)
    return pdf_response(preview_certificate(person, at=timezone.now()), f"预览 培训证书 {person.candidate.name}.pdf")
