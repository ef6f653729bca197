"""The pages of signing in, of one's own account and of personal data: axe, both widths, and the keyboard alone."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from registry.actions.accounts import invite
from registry.actions.privacy import ask_about_data, issue_person_link
from tests import cast
from tests.browser import NARROW, WIDE, sign_in, visitor
from tests.cast import PASSWORD
from tests.test_accessibility import browser, faults_on, tabbed_to

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["browser"]  # a fixture

# User name → the pages, by name and what stands in the address; "" is a stranger.
PAGES = {
    "": [
        "account_login", "account_signup", "account_reset_password", "privacy", ("invitation_accept", "{token}"),
        ("person_by_link", "{person_link}"),
    ],
    "enterprise-a": [
        "account_overview", "account_reauthenticate", "account_sessions", "account_email", "account_change_phone",
        "account_change_password",
        "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "member_list", "member_invite",
        ("member_remove", "{member}"), ("member_hand_over", "{member}"), ("invitation_revoke", "{invitation}"),
    ],
    "new-applicant": ["home", "registration_new"],
    "qy00000001": [("registration_detail", "{registration}"), ("registration_withdraw", "{registration}")],
    "county-441802": [
        "registration_list", ("registration_detail", "{registration}"), ("registration_take", "{registration}"),
        ("registration_decline", "{registration}"), ("person_link_new", "{person}"),
    ],
    "municipal": [("candidate_reveal", "{person}"), "data_request_list", ("data_request_detail", "{request}")],
    "administrator": ["security_log"],
}  # fmt: skip
# Where somebody with a second factor goes.
WITH_FACTOR = ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"]
BUTTONS = {
    "": [
        ("account_signup", "注册"), ("account_reset_password", "发送验证码"),
        (("invitation_accept", "{token}"), "建立账号并加入"), (("person_by_link", "{person_link}"), "我是本人，打开"),
    ],
    "enterprise-a": [
        ("member_invite", "发出邀请"), ("mfa_activate_totp", "启用"), ("account_change_password", "保存"),
    ],
    "new-applicant": [("registration_new", "提交")],
    "county-441802": [
        (("registration_take", "{registration}"), "接收"), (("registration_decline", "{registration}"), "不接收"),
    ],
    "municipal": [(("candidate_reveal", "{person}"), "查看")],
}  # fmt: skip


@pytest.fixture
def words(company_a, user_a, user_b, member_a, applicant, person_a, municipal, administrator) -> dict[str, str]:
    """What stands in the addresses: an invitation, a registration that waits, a person with a link and a request."""
    at = timezone.now()
    cast.account("new-applicant", applicant.role, "新注册人", email="new@example.com")
    invitation, token = invite(name="钱七", email="qian@example.com", by=user_a, at=at)
    return {
        "token": token,
        "invitation": invitation.pk,
        "member": member_a.pk,
        "registration": cast.registration(applicant, company_a.county, at=at).reference,
        "person": person_a.reference,
        "person_link": issue_person_link(person_a, by_sms=False, by=municipal, at=at)[1],
        "request": ask_about_data(person_a, kind="correction", words="请更正学历", at=at).reference,
    }


def address(page: str | tuple[str, str], words: dict) -> str:
    """The address of a page of the tables above."""
    name, *arguments = [page] if isinstance(page, str) else page
    return reverse(name, args=[each.format(**words) for each in arguments])


def entered(browser, url: str, username: str) -> Page:
    """A window in which that account has signed in, and typed its password once more to change how it signs in."""
    page = visitor(browser, url).new_page()
    if username:
        sign_in(page, username, PASSWORD)
        page.goto(reverse("account_reauthenticate"))
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="确认").click()
    return page


@pytest.mark.parametrize("username", PAGES)
def test_axe_finds_nothing_on_the_pages_of_accounts_and_none_scrolls_sideways(browser, live_server, words, username):
    page = entered(browser, live_server.url, username)
    faults = faults_on(page, [address(each, words) for each in PAGES[username]], (NARROW, WIDE))
    page.context.close()
    assert not faults, "\n".join(faults)


def test_axe_finds_nothing_where_a_second_factor_is_set_up(browser, live_server, user_a):
    page = entered(browser, live_server.url, user_a.username)
    TOTP.activate(user_a, generate_totp_secret())
    RecoveryCodes.activate(user_a)
    assert Authenticator.objects.filter(user=user_a).count() == 2
    faults = faults_on(page, [reverse(name) for name in WITH_FACTOR], (NARROW, WIDE))
    page.context.close()
    assert not faults, "\n".join(faults)


def test_axe_finds_nothing_on_the_page_of_ones_own_data(browser, live_server, words):
    page = visitor(browser, live_server.url).new_page()
    page.goto(address(("person_by_link", "{person_link}"), words))
    page.get_by_role("button", name="我是本人，打开").click()
    faults = faults_on(page, [reverse("person_data")], (NARROW, WIDE))
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("username", BUTTONS)
def test_the_keyboard_alone_reaches_the_buttons_of_accounts(browser, live_server, words, username):
    page, faults = entered(browser, live_server.url, username), []
    for each, button in BUTTONS[username]:
        page.goto(address(each, words))
        faults += [f"{each}: {fault}" for fault in tabbed_to(page, button)]
    page.context.close()
    assert not faults, "\n".join(faults)
