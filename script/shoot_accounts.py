"""The walk of ``script/screenshots`` through accounts: registering, colleagues, second factors, the log, personal data.

It writes nothing: the demo data has one registration that waits and one that was not accepted.
"""

from playwright.sync_api import Page
from tour import Tour, first_row, follow, go

COUNTY = "county-441802"  # where the registration waits


def accounts(tour: Tour) -> None:
    """Every page of accounts and of personal data, as whoever sees it."""
    of_strangers(tour)
    of_applicants(tour)
    of_the_county(tour)
    of_an_enterprise(tour)
    of_the_city(tour)
    of_the_administrator(tour)


def of_strangers(tour: Tour) -> None:
    """The notice, the sign-up and the way to a new password, which are the same for everybody."""
    page = tour.enter()
    tour.shoot(page, "public-privacy", "/privacy/")
    refused(tour, page, "public-signup", "/accounts/signup/", "注册")
    refused(tour, page, "public-password-reset", "/accounts/password/reset/", "发送验证码")


def refused(tour: Tour, page: Page, name: str, address: str, button: str) -> None:
    """A form, and the same form sent empty."""
    tour.shoot(page, name, address)
    go(page, button)
    tour.shoot(page, f"{name}-error")


def of_applicants(tour: Tour) -> None:
    """One whose registration waits, and one whose registration was not accepted."""
    page = tour.enter("applicant-1")
    tour.shoot(page, "applicant-home", "/")
    follow(page, "查看注册资料")
    tour.shoot(page, "applicant-waiting")
    page = tour.enter("applicant-2")
    tour.shoot(page, "applicant-home-declined", "/")
    refused(tour, page, "applicant-registration", "/registrations/new/", "提交")


def of_the_county(tour: Tour) -> None:
    """The registration that waits, with what an officer may do."""
    page = tour.enter(COUNTY)
    tour.shoot(page, "county-registrations", "/registrations/")
    registration = first_row(page, "/registrations/?state=submitted")
    tour.shoot(page, "county-registration", registration)
    tour.shoot(page, "county-registration-take", f"{registration}take/")
    refused(tour, page, "county-registration-decline", f"{registration}decline/", "不接收")


def of_an_enterprise(tour: Tour) -> None:
    """Who acts for the enterprise, and one's own account with its second factors."""
    page = tour.enter("enterprise-a")
    tour.shoot(page, "enterprise-members", "/members/")
    refused(tour, page, "enterprise-invite", "/members/invite/", "发出邀请")
    tour.shoot(page, "account-overview", "/accounts/")
    tour.shoot(page, "account-second-factor", "/accounts/2fa/")
    tour.shoot(page, "account-app", "/accounts/2fa/totp/activate/")
    tour.shoot(page, "account-passkey", "/accounts/2fa/passkeys/add/")
    tour.shoot(page, "account-sessions", "/accounts/sessions/")
    tour.shoot(page, "account-password", "/accounts/password/change/")


def of_the_city(tour: Tour) -> None:
    """A person's full number asked for, a link to their data, and what people ask."""
    page = tour.enter("municipal")
    person = first_row(page, "/candidates/")
    refused(tour, page, "municipal-reveal", f"{person}number/", "查看")
    tour.shoot(page, "municipal-person-link", f"{person}link/")
    tour.shoot(page, "municipal-data-requests", "/data-requests/")


def of_the_administrator(tour: Tour) -> None:
    """The security log."""
    page = tour.enter("administrator")
    tour.shoot(page, "administrator-security-log", "/security-log/")
    tour.shoot(page, "administrator-data-requests", "/data-requests/")
