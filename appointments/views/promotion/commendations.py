"""表彰奖励 (Art. 10): list, recording by its document, its page, revocation by a later document, consent."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.promotion import CommendationForm, RevocationForm
from appointments.models import Appointment, Commendation
from appointments.views.promotion.achievements import name_points
from appointments.views.promotion.common import NextStep, binding_page, shown, stored
from registry.listing import page_of
from registry.models import Enterprise, User
from registry.pages import demand, find
from registry.rules import day_words, masked_name
from registry.views.common import posted
from registry.views.lists import opened
from training.forms.pool import ConsentForm

COMMENDATIONS = "表彰奖励"
REVOKED = ("已撤销", "red")


def url_of(commendation: Commendation) -> str:
    """The commendation's page."""
    return reverse("commendation_detail", args=[commendation.reference])


def _trail(commendation: Commendation | None = None) -> list[tuple[str, str]]:
    trail = [(COMMENDATIONS, reverse("commendation_list"))]
    return [*trail, (commendation.reference, url_of(commendation))] if commendation else trail


def commendations_of(user: User):
    """The commendations this person may see, with ``agreed`` and ``is_revoked``."""
    rows = Commendation.unscoped.visible_to(user).with_last_word()
    return rows.select_related("enterprise__county", "appointment__candidate")


def open_commendation(request, reference: str) -> Commendation:
    """The commendation with ``agreed`` and ``is_revoked``, if this person may see it; Http404 otherwise."""
    return find(commendations_of(request.user).select_related("scan", "recorded_by__county"), reference=reference)


@require_safe
def commendation_list(request):
    """表彰奖励 within one's scope."""
    found = opened(request, "commendation_list")
    page, may_commend = found.page(request), request.user.has_perm("appointments.commend", None)
    any_rows = found.any_beside(page)
    return shown(request, "commendation_list", filters=found.filters, page=page, any=any_rows, may_commend=may_commend)


@require_safe
def commendation_pick(request):
    """Which enterprise, or whose CQO, is commended."""
    demand(request.user, "appointments.commend", None)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    visible = Enterprise.unscoped.visible_to(request.user).select_related("county")
    found = visible.filter(search__holds=words)
    return shown(request, "commendation_pick", page=page_of(request, found), q=words)


def commendation_new(request, reference):
    """Record a commendation by its document; it cannot be taken back."""
    enterprise = find(Enterprise.unscoped.visible_to(request.user).select_related("county"), reference=reference)
    demand(request.user, "appointments.commend", enterprise)
    appointed = Appointment.unscoped.visible_to(request.user).filter(enterprise=enterprise, in_force__isnull=False)
    form = CommendationForm(appointments=appointed.select_related("candidate"), **posted(request))

    def act(**who):
        values = {name: value for name, value in form.values().items() if name != "evidence"}
        scan = stored(form, enterprise=enterprise, **who)
        return actions.record_commendation(enterprise=enterprise, scan=scan, **values, **who)

    return binding_page(
        request, form, act, to=url_of, title="登记表彰", caption=enterprise.name, trail=_trail(),
        submit="登记", done="已登记，消息已发给企业，公开页随之更新。",
        points=[
            "登记后不能更改或删除；以后被撤销的，凭撤销的文件登记，记录上注明。请对照文件逐项核对。",
            "公开页当即列出：企业、荣誉、事由、文号。个人的姓名遮盖，登记本人同意后才公开；扫描件不公开。",
            f"消息发给：{enterprise.name}（站内）。",
        ],
    )  # fmt: skip


def _facts(row: Commendation) -> list[tuple[str, str]]:
    facts = [
        ("荣誉或者奖励", row.honour),
        ("表彰事由", row.ground),
        ("文件", f"{row.issuing_body}《{row.document_title}》，{row.document_number}"),
        ("成文日期", day_words(row.document_day)),
    ]
    if row.candidate:
        said = {True: "本人同意公开", False: "本人不同意公开", None: "还没有登记本人的意见"}[row.agreed]
        name = row.candidate.name if row.agreed else masked_name(row.candidate.name)
        facts.append(("公开页上的姓名", f"{name}（{said}）"))
    return facts


@require_safe
def commendation_detail(request, reference):
    """Whom, for what, by which document; revoked or not; who agreed to be named."""
    row, user = open_commendation(request, reference), request.user
    may_consent = row.candidate is not None and user.has_perm("appointments.record_name_consent", row)
    asked = may_consent and row.agreed is None and not row.is_revoked
    consent = ("登记本人意见", reverse("commendation_consent", args=[row.reference]))
    if row.is_revoked:
        step = NextStep("这项表彰已经撤销", "记录保留，公开页注明已撤销。")
    elif asked:
        step = NextStep(
            "姓名还没有公开", "公开页上的姓名是遮盖的。本人同意公开的，登记签字的同意书。", actions=[consent]
        )
    else:
        step = NextStep("无需办理", "表彰已登记，公开页已列出。")
    may_revoke = not row.is_revoked and user.has_perm("appointments.revoke_commendation", row)
    return shown(
        request, "commendation_detail", row=row, rows=_facts(row), next=step,
        words=REVOKED if row.is_revoked else ("已登记", "green"), may_consent=may_consent, may_revoke=may_revoke,
        revocation=getattr(row, "revocation", None) if row.is_revoked else None,
        consents=row.consents.select_related("by__county", "by__enterprise", "evidence"),
    )  # fmt: skip


def commendation_revoke(request, reference):
    """Mark it as revoked, by a document."""
    row = open_commendation(request, reference)
    demand(request.user, "appointments.revoke_commendation", row)
    if request.method != "POST" and row.is_revoked:
        messages.warning(request, "这项表彰已经登记撤销。")
        return redirect(url_of(row))
    form = RevocationForm(**posted(request))

    def act(**who):
        values = {name: value for name, value in form.values().items() if name != "evidence"}
        scan = stored(form, enterprise=row.enterprise, **who)
        return actions.revoke_commendation(row, scan=scan, **values, **who)

    return binding_page(
        request, form, act, to=lambda _: url_of(row), title="登记撤销", caption=row.enterprise.name,
        trail=_trail(row), rows=_facts(row), submit="登记撤销", danger=True, done="已登记撤销，消息已发给企业。",
        points=["表彰的记录保留，公开页当即注明已撤销。登记后不能更改。", f"消息发给：{row.enterprise.name}（站内）。"],
    )  # fmt: skip


def commendation_consent(request, reference):
    """Record what the person said of being named with this commendation."""
    row = open_commendation(request, reference)
    demand(request.user, "appointments.record_name_consent", row)
    if request.method != "POST" and row.candidate is None:
        messages.warning(request, "表彰的是企业，没有需要公开的姓名。")
        return redirect(url_of(row))
    form = ConsentForm(**posted(request))

    def act(**who):
        evidence = stored(form, enterprise=row.enterprise, **who)
        return actions.record_name_consent(row, agreed=form.cleaned_data["agreed"] == "yes", evidence=evidence, **who)

    return binding_page(
        request, form, act, to=lambda _: url_of(row), title="登记公开姓名的意见", caption=row.honour, trail=_trail(row),
        submit="登记", done="已登记，公开页随之更新。", points=name_points(row) if row.candidate else [],
    )  # fmt: skip
