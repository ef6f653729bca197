"""Certificates: the list, each one's page and PDF, and what may happen to it."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.history import events_of, history
from registry.models import Candidate, User
from registry.pages import demand, find
from registry.rules import day_words
from registry.states import Role
from registry.verification import canonical
from registry.views.lists import opened
from registry.views.papers import bytes_of, pdf_response
from training.actions import confirm_revocation, decline_revocation, propose_revocation, reissue_certificate
from training.actions.certificates import changes_since
from training.forms.certificates import DecideForm, ReissueForm, RevokeForm
from training.models import Certificate, Revocation, Session
from training.states import BodyKind
from training.views.common import act_page
from training.views.issuing import FACT_WORDS, said

POOL_STAYS = "人才库的登记不因撤销自动改变；需要退出的，由市局另行办理。"


def address_of(certificate: Certificate) -> str:
    """The page of a certificate."""
    return reverse("certificate_detail", args=[certificate.code])


def certificate_within_scope(request, code: str) -> Certificate:
    """The certificate of that code; Http404 outside one's scope."""
    rows = Certificate.unscoped.visible_to(request.user).select_related(
        "body", "candidate", "enrolment__session__body", "enrolment__enterprise", "enrolment__candidate",
        "assessment", "edition", "issued_by", "superseded_by",
    )  # fmt: skip
    who = Revocation.unscoped.select_related("proposed_by", "confirmed_by", "declined_by")
    return find(rows.prefetch_related(Prefetch("revocations", who)), code=canonical(code) or "")


@require_safe
def certificate_list(request):
    """Every certificate within one's scope, each by its newest version."""
    found = opened(request, "certificate_list")
    page = found.page(request)
    context = {"filters": found.filters, "page": page, "any": found.any_beside(page)}
    return render(request, "training/certificate_list.html", context)


@require_safe
def certificate_detail(request, code):
    """What it certifies, the paper, its versions, what happened to it, and the next step."""
    certificate = certificate_within_scope(request, code)
    acts = _acts(certificate, request.user)
    versions = certificate.enrolment.certificates.select_related("issued_by").order_by("-version")
    context = {
        "certificate": certificate,
        "session": certificate.enrolment.session,
        "next": _next_step(certificate, request.user, acts),
        "acts": acts,
        "versions": versions,
        "events": _timeline(versions, certificate.enrolment),
        "history": _history(certificate) if request.user.has_perm("registry.see_history") else [],
        "may_see_person": Candidate.unscoped.visible_to(request.user).filter(pk=certificate.candidate_id).exists(),
        "may_see_session": Session.unscoped.visible_to(request.user)
        .filter(enrolments=certificate.enrolment_id)
        .exists(),
    }
    return render(request, "training/certificate_detail.html", context)


def _history(certificate: Certificate):
    """What was written about the revocation of any version; a certificate itself is never written over."""
    return history(events_of(Revocation, certificate__enrolment=certificate.enrolment_id))


@require_safe
def certificate_pdf(request, code):
    """The paper as it was issued: shown in the browser, or downloaded with ``?download=1``."""
    certificate = certificate_within_scope(request, code)
    version = f" 第{certificate.version}版" if certificate.version > 1 else ""
    name = f"培训证书 {certificate.number}{version}.pdf"
    return pdf_response(bytes_of(certificate), name, download="download" in request.GET)


def _acts(certificate: Certificate, user) -> set[str]:
    """What this person may do with this certificate now."""
    if certificate.is_superseded or certificate.revocation:
        return set()
    if revocation := certificate.open_revocation:
        return {"decide"} if user.has_perm("training.decide_revocation", revocation) else set()
    acts = {"revoke"} if user.has_perm("training.propose_revocation", certificate) else set()
    if user.has_perm("training.reissue", certificate) and changes_since(certificate, at=timezone.now()):
        acts.add("reissue")
    return acts


def second_people(certificate: Certificate, proposer: User) -> str:
    """Who can confirm what this person proposes, in words."""
    body = certificate.body
    if body.kind == BodyKind.BUREAU and body.county_id is None:
        return "可以确认的人：市局的其他工作人员。"
    if body.kind == BodyKind.BUREAU:
        return f"可以确认的人：{body.county.bureau}的其他工作人员，市局工作人员。"
    others = User.unscoped.filter(training_membership__body=body, is_active=True).exclude(pk=proposer.pk)
    names = "、".join(others.order_by("pk").values_list("display_name", flat=True))
    if not names:
        return f"可以确认的人：市局工作人员。{body.name}没有其他账号。"
    return f"可以确认的人：{body.name}的{names}，市局工作人员。"


def _step(title: str, text: str, *actions: tuple[str, str], note: str = "") -> dict:
    return {"title": title, "text": text, "actions": actions, "note": note}


def _next_step(certificate: Certificate, user, acts: set[str]) -> dict:
    """The one next step, or why there is none and who has it, as ``components/next_step.html`` takes it."""
    code, revocation = certificate.code, certificate.open_revocation
    if certificate.is_superseded:
        newest = certificate.enrolment.certificates.order_by("-version").first()
        words = f"已由{day_words(newest.issued_on)}换发的第 {newest.version} 版代替，以新版为准。"
        return _step("这一版已经换发", words, ("查看现行的一版", address_of(newest)))
    if gone := certificate.revocation:
        words = f"自{day_words(gone.revoked_on)}起撤销。理由：{gone.reason}"
        return _step("已撤销，无需办理", words, note=POOL_STAYS)
    if revocation and "decide" in acts:
        words = f"{revocation.proposed_by.display_name}提出撤销。理由：{revocation.reason}"
        return _step("等待第二人确认撤销", words, ("确认或者不予撤销", reverse("revocation_decide", args=[code])))
    if revocation:
        yours = user.pk == revocation.proposed_by_id
        words = "提出撤销的人不能自己确认。" if yours else "确认以前证书仍然有效。"
        if user.role != Role.ENTERPRISE:
            words += second_people(certificate, revocation.proposed_by)
        return _step("等待第二人确认撤销", words)
    if "reissue" in acts:
        words = "证书上的内容与现在登记的不一致，例如姓名已更正。换发后编号不变，旧版注明已换发。"
        return _step("可以换发", words, ("核对并换发", reverse("certificate_reissue", args=[code])))
    download = reverse("certificate_pdf", args=[code]) + "?download=1"
    return _step("证书有效，无需办理", "任何人可以扫描证书上的二维码核验。", ("下载证书", download))


def _timeline(versions, enrolment) -> list[dict]:
    """What happened to the certificate in all its versions, newest first."""
    found = []
    for row in versions:
        title = f"换发第 {row.version} 版" if row.supersedes_id else "发给证书"
        found.append(_event(title, row.issued_at, row.issued_by, row.reason))
    revocations = Revocation.unscoped.filter(certificate__enrolment=enrolment)
    for row in revocations.select_related("proposed_by", "confirmed_by", "declined_by"):
        found.append(_event("提出撤销", row.proposed_at, row.proposed_by, row.reason, "amber"))
        if row.confirmed_at:
            found.append(_event("确认撤销", row.confirmed_at, row.confirmed_by, row.flagged(""), "red"))
        if row.declined_at:
            found.append(_event("不予撤销", row.declined_at, row.declined_by, row.flagged(row.decline_reason)))
    return sorted(found[::-1], key=lambda event: event["at"], reverse=True)


def _event(title: str, at, by: User, text: str, tone: str = "") -> dict:
    return {"title": title, "at": at, "by_line": by.display_name, "text": text, "tone": tone}


# --- What may happen to it -------------------------------------------------------------------------------------------


def certificate_reissue(request, code):
    """Issue it anew after a correction: what changes is shown, the number stays."""
    certificate = certificate_within_scope(request, code)
    demand(request.user, "training.reissue", certificate)
    changes = changes_since(certificate, at=timezone.now())
    form = ReissueForm(request.POST if request.method == "POST" else None)
    return act_page(
        request,
        form,
        lambda **who: reissue_certificate(certificate, reason=form.cleaned_data["reason"], **who),
        to=address_of,
        done="证书已换发。",
        template="training/certificate_act.html",
        certificate=certificate,
        title="换发证书",
        button="换发",
        closed=_why_not(certificate) or ("" if changes else "证书上的内容没有变化，不需要换发。"),
        changes=[(FACT_WORDS[key], said(key, before), said(key, now)) for key, before, now in changes],
        points=[
            f"编号{certificate.number}不变，版次改为第 {certificate.version + 1} 版，旧版注明已换发，不再有效。",
            "换发不发送消息。请通知持证人和企业下载新版。",
        ],
    )


def _why_not(certificate: Certificate) -> str:
    """Why neither a new version nor a revocation can begin; empty where it can."""
    if certificate.is_superseded:
        return "这一版已经换发，请以最新一版办理。"
    if certificate.revocation:
        return "这份证书已撤销。"
    return "这份证书已有待确认的撤销，先由第二人作出决定。" if certificate.open_revocation else ""


def certificate_revoke(request, code):
    """Propose to revoke it; nothing changes before a second person confirms."""
    certificate = certificate_within_scope(request, code)
    demand(request.user, "training.propose_revocation", certificate)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    return act_page(
        request,
        form,
        lambda **who: propose_revocation(certificate, reason=form.cleaned_data["reason"], **who),
        to=lambda _: address_of(certificate),
        done="已提出撤销，等待第二人确认。",
        template="training/certificate_act.html",
        certificate=certificate,
        title="提出撤销证书",
        button="提出撤销",
        danger=True,
        closed=_why_not(certificate),
        points=[
            "须由第二人确认，确认当天起撤销；确认以前证书仍然有效。" + second_people(certificate, request.user),
            POOL_STAYS,
            "消息发给：市局（站内）。确认撤销后，再发给为其报名的企业。",
        ],
    )


def _decided_already(request, certificate: Certificate):
    """Where somebody decided a moment ago, or this form was sent before: the certificate shows what was decided."""
    if request.method != "POST" or not certificate.revocations.all():
        raise Http404
    messages.info(request, "这项撤销已经作出决定，结果见下面的办理经过。")
    return redirect(address_of(certificate))


def revocation_decide(request, code):
    """The second person confirms the revocation, or declines it with a reason; who proposed it sees why not."""
    certificate = certificate_within_scope(request, code)
    revocation, user = certificate.open_revocation, request.user
    if revocation is None:
        return _decided_already(request, certificate)
    may = user.has_perm("training.decide_revocation", revocation)
    if not may:
        demand(user, "training.propose_revocation", certificate)

    def decide(**who):
        if form.cleaned_data["decision"] == "confirm":
            return confirm_revocation(revocation, **who)
        return decline_revocation(revocation, reason=form.cleaned_data["reason"], **who)

    form = DecideForm(request.POST if request.method == "POST" else None)
    return act_page(
        request, form, decide, to=lambda _: address_of(certificate), done="决定已记录。",
        template="training/certificate_act.html", certificate=certificate, revocation=revocation,
        title="撤销证书：第二人的决定", button="记录决定",
        closed="" if may else "撤销由您提出，不能由您自己确认，须由第二人决定。" + second_people(certificate, user),
        points=[
            "确认撤销的，自今天起撤销，不能恢复；消息发给为其报名的企业，写明理由。",
            "不予撤销的，证书照旧有效，理由记入办理经过，不发送消息；以后可以再次提出。",
            POOL_STAYS,
        ],
    )  # fmt: skip
