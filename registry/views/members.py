"""The accounts of one enterprise: who they are, whom the owner invites, and how an invitation is accepted."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from registry.actions.accounts import (
    accept_invitation,
    hand_over,
    invite,
    join_with_new_account,
    known_account,
    open_invitation,
    remove_member,
    revoke_invitation,
)
from registry.forms import InvitedForm, InviteForm
from registry.models import Invitation, User
from registry.pages import PortalForm, carry_out, demand, find
from registry.policies import is_applicant
from registry.refusals import Refused
from registry.views.common import form_page, posted

MEMBERS = "企业账号"


def _trail() -> list[tuple[str, str]]:
    return [(MEMBERS, reverse("member_list"))]


@require_safe
def member_list(request):
    """The accounts that act for one's enterprise, and the invitations that nobody has accepted."""
    demand(request.user, "registry.see_members")
    rows = User.unscoped.visible_to(request.user).filter(is_active=True).order_by("-is_owner", "display_name", "pk")
    waiting = Invitation.unscoped.visible_to(request.user).open(timezone.now()).select_related("created_by")
    return render(request, "registry/member_list.html", {"members": rows, "invitations": waiting})


def member_invite(request):
    """Invite somebody."""
    demand(request.user, "registry.invite_member")
    form = InviteForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: invite(**form.values(), **who),
        to=lambda _: reverse("member_list"),
        title="邀请加入",
        caption=request.user.enterprise.name,
        lead="加入的人与您一样，可以为本企业办理各项事项；只有账号负责人能邀请和移除。",
        trail=_trail(),
        submit="发出邀请",
        done="邀请已发出。",
    )


def invitation_revoke(request, pk):
    """Make an invitation useless."""
    demand(request.user, "registry.invite_member")
    rows = Invitation.unscoped.visible_to(request.user).filter(accepted_at=None, revoked_at=None)
    invitation = find(rows, pk=pk)
    return form_page(
        request,
        PortalForm(**posted(request)),
        lambda **who: revoke_invitation(invitation, **who),
        to=lambda _: reverse("member_list"),
        title="作废邀请",
        caption=f"{invitation.name}，{invitation.address}",
        lead="作废后，已发出的链接不能再用。",
        trail=_trail(),
        submit="作废",
        done="邀请已作废。",
    )


def _colleague(request, pk: int) -> User:
    """Another account of one's enterprise; Http404 for anybody else's."""
    member = find(User.unscoped.visible_to(request.user), pk=pk)
    demand(request.user, "registry.remove_member", member)
    return member


def member_remove(request, pk):
    """Ask before somebody no longer acts for the enterprise."""
    member = _colleague(request, pk)
    return form_page(
        request,
        PortalForm(**posted(request)),
        lambda **who: remove_member(member, **who),
        to=lambda _: reverse("member_list"),
        title=f"移除{member.display_name}",
        caption=request.user.enterprise.name,
        lead="移除后，这个账号立即不能再为本企业办理，正在使用的也会退出；已经办理的事项不变。",
        trail=_trail(),
        submit="移除",
        danger=True,
        done="已移除。",
    )


def member_hand_over(request, pk):
    """Ask before somebody else answers for the accounts."""
    member = _colleague(request, pk)
    return form_page(
        request,
        PortalForm(**posted(request)),
        lambda **who: hand_over(member, **who),
        to=lambda _: reverse("member_list"),
        title=f"把账号负责人交给{member.display_name}",
        caption=request.user.enterprise.name,
        lead="移交后，邀请和移除由对方办理；您仍可以为本企业办理其他事项。",
        trail=_trail(),
        submit="移交",
        done="账号负责人已移交。",
    )


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def invitation_accept(request, token):
    """Accept an invitation: with the account one is signed in with, or with a new one."""
    invitation = open_invitation(token, at=timezone.now())
    if invitation is None:
        response = render(request, "registry/invitation_over.html", status=410)
        response._has_been_logged = True  # Django would write the link's secret into its log
        return response
    facts = {"invitation": invitation}
    if not request.user.is_authenticated:
        return _join_anew(request, token, facts)
    facts["may_join"] = is_applicant(request.user)
    form = facts["form"] = PortalForm(**posted(request))
    if request.method == "POST" and form.is_valid():
        response = carry_out(request, form, lambda **who: accept_invitation(token, **who), lambda _: reverse("home"))
        if response:
            return response
    return render(request, "registry/invitation_join.html", facts)


def _join_anew(request, token: str, facts: dict):
    """The page of somebody who is not signed in: log in, or set up an account."""
    invitation = facts["invitation"]
    facts["has_account"] = known_account(invitation.address) is not None
    form = InvitedForm(email=invitation.email, initial={"display_name": invitation.name}, **posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.values()
        try:
            join_with_new_account(token, **values, at=timezone.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, f"账号已建立。请用{invitation.address}和刚才设置的密码登录。")
            return redirect("account_login")
    return render(request, "registry/invitation_join.html", facts | {"form": form})
