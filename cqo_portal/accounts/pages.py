"""One's own account: what it is, how one signs in, and where one is signed in."""

from allauth.account.models import EmailAddress
from allauth.account.views import CompletePasswordResetView
from allauth.mfa.models import Authenticator
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cqo_portal.accounts import guesses
from registry.securitylog import note
from registry.states import TWO_FACTORS, SecurityEvent


@login_not_required
def admin_login(request):
    """The admin has no log-in of its own: to the portal's; nowhere for who is signed in and has no business there."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


class SetNewPassword(CompletePasswordResetView):
    """After the code. This browser is known from now on: whoever guesses at the account does not keep its owner out."""

    def form_valid(self, form):
        response = super().form_valid(form)
        guesses.remember_browser(response, form.user)
        return response


def no_short_cut(request, row):
    """The admin's way to any row by its number knows no scope, and none of our rows has a page that it could name."""
    raise Http404


@never_cache
@require_safe
def overview(request):
    """One's name, office and addresses, and the ways to sign in."""
    user = request.user
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    facts = {
        "email_proven": EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists(),
        "totp": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "needed": settings.REQUIRE_MFA and user.role in TWO_FACTORS,
        "sessions": len(UserSession.objects.purge_and_list(user)),
    }
    return render(request, "account/overview.html", facts)


@never_cache
@require_http_methods(["GET", "POST"])
def sessions(request):
    """Where one is signed in; one of them, or all others, can be ended."""
    user = request.user
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.last_seen_at, reverse=True)
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = [row for row in rows if (str(row.pk) == chosen if chosen else not row.is_current())]
        end_sessions(request, ended)
        note(SecurityEvent.SESSION_ENDED, about=user.username, by=user, request=request, count=len(ended))
        messages.success(request, f"已退出 {len(ended)} 处登录。")
        return redirect("account_sessions")
    return render(request, "account/sessions.html", {"sessions": rows})
