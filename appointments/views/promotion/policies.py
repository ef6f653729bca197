"""质量激励政策 (Art. 9): what anybody may read, and how an office writes, publishes and ends its own."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from appointments import actions
from appointments.forms.promotion import PolicyForm, ReasonForm, SureForm
from appointments.models import Policy
from appointments.states import PolicyState
from appointments.views.promotion.common import ActPage, NextStep, buttons, carry_act, office_words, shown, stored
from registry.citing import cited
from registry.history import events_of, history
from registry.models import User
from registry.pages import demand, find
from registry.rules import day_words
from registry.templatetags.portal import cn_range
from registry.views.common import form_page, posted
from registry.views.files import served
from registry.views.lists import opened

POLICIES = "激励政策"


def url_of(policy: Policy) -> str:
    """The policy's page."""
    return reverse("policy_detail", args=[policy.reference])


def _act_url(policy: Policy, act: str) -> str:
    return reverse("policy_act", args=[policy.reference, act])


def _trail(policy: Policy | None = None) -> list[tuple[str, str]]:
    trail = [(POLICIES, reverse("policy_list"))]
    return [*trail, (policy.reference, url_of(policy))] if policy else trail


def state_words(policy: Policy, today) -> tuple[str, str]:
    """How it stands today, and its colour: published is not yet in force, in force, or over by its days."""
    if policy.state != PolicyState.PUBLISHED:
        return policy.get_state_display(), ""
    if today < policy.first_day:
        return "尚未生效", "blue"
    return ("现行有效", "green") if today in policy.period else ("已期满", "")


# --- What anybody may read -------------------------------------------------------------------------------------------


@login_not_required
@never_cache
@require_safe
def policy_list(request):
    """Policies in force, by county; whoever is of a bureau finds the drafts of the own office above."""
    user, found = request.user, opened(request, "policy_list")
    drafts = list(Policy.unscoped.drafts_of(user).filter(state=PolicyState.DRAFT).select_related("county"))
    for row in drafts:
        row.words, row.office = state_words(row, found.filters.today), office_words(row)
    may_offer = user.is_authenticated and user.has_perm("appointments.offer_policy")
    page = found.page(request)
    return shown(request, "policy_list", filters=found.filters, page=page, drafts=drafts, may_offer=may_offer)


def open_policy(request, reference: str) -> Policy:
    """The policy, if it is published or a draft of this person's office; Http404 otherwise."""
    return find(Policy.unscoped.visible_to(request.user).select_related("county", "file"), reference=reference)


def _facts(policy: Policy) -> list[tuple[str, str]]:
    return [
        ("适用范围", office_words(policy)),
        ("文件", f"{policy.issuing_body}《{policy.title}》，{policy.document_number}"),
        ("成文日期", day_words(policy.issued_on)),
        ("有效期", cn_range(policy.period)),
        ("内容摘要", policy.summary),
    ]


def next_step(policy: Policy, user: User) -> NextStep | None:
    """The office's next step; None for everybody else, who only reads."""
    if not (user.is_authenticated and user.has_perm("appointments.keep_policy", policy)):
        return None
    if policy.state == PolicyState.ENDED:
        return NextStep("无需办理", "政策已经终止，公开页注明。")
    if policy.state == PolicyState.PUBLISHED:
        return NextStep("已经公布", "任何人都能看到；有误或者不再执行的，登记终止。")
    edit = ("修改", reverse("policy_edit", args=[policy.reference]))
    if policy.file_id is None:
        return NextStep("下一步：上传文件", "附上文件后，才能公布。", actions=[edit])
    publish = buttons(ACTS, policy, user, _act_url, "publish")
    return NextStep("下一步：核对并公布", "草稿只有本局看得到。", actions=[*publish, edit])


@login_not_required
@never_cache
@require_safe
def policy_detail(request, reference):
    """One policy, with its file."""
    policy, user = open_policy(request, reference), request.user
    own = user.is_authenticated and user.has_perm("appointments.keep_policy", policy)
    reads = own or user.is_authenticated and user.is_city_wide  # what was drafted is no other county's to read
    extra = {"history": history(events_of(Policy, pgh_obj=policy))} if reads else {}
    return shown(
        request, "policy_detail", policy=policy, words=state_words(policy, timezone.localdate()), rows=_facts(policy),
        next=next_step(policy, user), links=buttons(ACTS, policy, user, _act_url, "end") if own else [], **extra,
    )  # fmt: skip


@login_not_required
@never_cache
@require_safe
def policy_file(request, reference):
    """The file of a policy that is published, or of one's own draft."""
    policy = open_policy(request, reference)
    if policy.file is None:
        raise Http404
    return served(policy.file)


# --- What an office does ---------------------------------------------------------------------------------------------


def policy_new(request):
    """Write a policy in."""
    demand(request.user, "appointments.offer_policy")
    form = PolicyForm(**posted(request))

    def act(**who):
        return actions.draft_policy(file=stored(form, county=request.user.county, **who), **form.said(), **who)

    return form_page(
        request, form, act, to=url_of, title="登记激励政策",
        lead=f"县级质监部门积极争取本地政府出台质量激励政策{cited('9')}。先存草稿，附上文件，核对后公布。",
        trail=_trail(), submit="保存草稿", done="草稿已保存，尚未公布。",
    )  # fmt: skip


def policy_edit(request, reference):
    """Go on with a draft."""
    policy = open_policy(request, reference)
    demand(request.user, "appointments.keep_policy", policy)
    initial = {name: getattr(policy, name) for name in PolicyForm.base_fields if hasattr(policy, name)}
    has_file = policy.file_id is not None
    form = PolicyForm(initial=initial, version=policy.version, has_file=has_file, **posted(request))

    def act(**who):
        file = stored(form, county=policy.county, **who)
        return actions.save_policy(policy, version=form.cleaned_data["version"], file=file, **form.said(), **who)

    return form_page(
        request, form, act, to=url_of, title="修改政策", caption=policy.title, trail=_trail(policy), row=policy,
        done="草稿已保存，尚未公布。",
    )  # fmt: skip


ACTS = {
    "publish": ActPage(
        "公布政策", "政策已公布。", SureForm, actions.publish_policy, "keep_policy", (PolicyState.DRAFT,),
        lambda policy: ["公布后，任何人都能看到内容和文件；内容不能再改，有误的终止后重新公布。", "公布不发消息。"],
    ),
    "end": ActPage(
        "终止政策", "已登记终止。", partial(ReasonForm, label="终止的原因", help_text="公开页列出。"),
        actions.end_policy, "keep_policy", (PolicyState.PUBLISHED,),
        lambda policy: ["终止当即生效，不能恢复；公开页注明已终止。", "终止不发消息。"], danger=True,
    ),
}  # fmt: skip


def policy_act(request, reference, act):
    """The page of publishing or ending."""
    policy = open_policy(request, reference)
    return carry_act(
        request, policy, ACTS.get(act), back=url_of(policy), trail=_trail(policy), caption=policy.title,
        words=state_words(policy, timezone.localdate()), rows=_facts(policy),
    )  # fmt: skip
