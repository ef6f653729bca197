"""How somebody comes to act for an enterprise: signing up, registering it, being invited, handing over, leaving."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.actions import accounts
from registry.actions.files import store_file_of_applicant
from registry.models import Delivery, Enterprise, Invitation, Message, Registration, StoredFile, User
from registry.refusals import Refused
from registry.states import RegistrationState, Role
from tests import cast
from tests.cast import AT, PASSWORD, account, credit_code, picture
from tests.test_sign_in import code_sent, is_in, sign_in

pytestmark = pytest.mark.django_db

NEW = "correct-horse-9"
SAID = {"display_name": "王经办", "password1": NEW}


def sign_up(client, **facts):
    """Fill in the sign-up and type the code that was sent."""
    answer = client.post(reverse("account_signup"), SAID | facts)
    address = facts.get("phone") or facts.get("email")
    where = "account_verify_phone" if facts.get("phone") else "account_email_verification_sent"
    if answer.status_code == 302:
        client.post(reverse(where), {"code": code_sent(address)})
    return answer


# --- Signing up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [{"email": "wang@example.com"}, {"phone": "13800138001"}], ids=["mail", "mobile"])
def test_somebody_signs_up_proves_an_address_and_is_of_no_enterprise(client, measure, facts):
    sign_up(client, **facts)
    user = User.unscoped.get(display_name="王经办")
    assert is_in(client) and user.role == Role.APPLICANT and user.enterprise is None
    assert re.fullmatch(r"qy\d{8}", user.username)
    proven = EmailAddress.objects.filter(user=user, verified=True).exists() or user.phone_proven_at
    assert proven
    assert "您的账号还不属于任何企业" in client.get(reverse("home")).content.decode()
    other = Client()
    sign_in(other, *facts.values(), NEW)
    assert is_in(other)


def test_nobody_is_in_before_the_code(client, measure):
    client.post(reverse("account_signup"), SAID | {"email": "wang@example.com"})
    assert not is_in(client)
    client.post(reverse("account_email_verification_sent"), {"code": "000000"})
    assert not is_in(client)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "请填写手机号码或者电子邮箱。"),
        ({"phone": "123"}, "应为 11 位手机号码"),
        ({"email": "nobody"}, "电子邮箱的格式不正确"),
        ({"email": "wang@example.com", "password1": "short"}, "密码"),
        ({"email": "wang@example.com", "password1": "wang@example.com"}, "密码"),
        ({"email": "wang@example.com", "display_name": "王\x00"}, "错误"),
        ({"email": "wang@example.com", "display_name": "<script>"}, "只能由汉字、字母和间隔号组成"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(client, measure, facts, sentence):
    page = client.post(reverse("account_signup"), SAID | facts)
    assert page.status_code == 200 and sentence in page.content.decode()
    assert not User.unscoped.filter(role=Role.APPLICANT).exists()


@pytest.mark.parametrize("who", ["phone", "email"])
def test_whether_an_address_has_an_account_is_told_to_its_holder_alone(client, measure, who):
    """The pages are the same; the message that is sent differs."""
    facts = {"phone": "13800138001"} if who == "phone" else {"email": "wang@example.com"}
    pages = []
    for _ in range(2):
        client = Client()
        answer = client.post(reverse("account_signup"), SAID | facts)
        page = client.get(answer["Location"]).content.decode()
        pages.append((answer.status_code, answer["Location"], re.sub(r'value="[^"]*"', "", page)))
        if len(pages) == 1:
            client.post(answer["Location"], {"code": code_sent(*facts.values())})
            cache.clear()
    assert pages[0] == pages[1]
    assert User.unscoped.filter(role=Role.APPLICANT).count() == 1
    assert "已有账号" in Delivery.unscoped.filter(address=[*facts.values()][0]).latest("pk").body


def test_an_applicant_sees_the_public_pages_and_the_way_to_register_and_nothing_else(client, applicant, company_a):
    client.force_login(applicant)
    for name in ("appointment_list", "enterprise_list", "candidate_list", "inbox", "session_list", "member_list"):
        assert client.get(reverse(name)).status_code == 404, name
    for name in ("home", "measure", "registration_new", "account_overview", "self_check"):
        assert client.get(reverse(name)).status_code == 200, name


# --- Registering an enterprise ---------------------------------------------------------------------------------------


def filled(**changes) -> dict:
    """The registration's form, filled in."""
    facts = {
        "token": "0" * 32, "credit_code": credit_code(10000077), "name": "丁公司", "address": "清城区某路4号",
        "county": "441802", "industry": "C", "size": "small", "legal_representative": "李法人", "principal": "李法人",
        "contact_name": "王经办", "contact_phone": "13800138004", "contact_email": "",
    }  # fmt: skip
    files = {name: SimpleUploadedFile(f"{name}.png", picture()) for name in ("licence", "authority")}
    return facts | files | changes


def test_the_whole_way_from_sign_up_to_the_enterprises_own_page(client, county_one):
    sign_up(client, email="wang@example.com")
    sent = client.post(reverse("registration_new"), filled())
    registration = Registration.unscoped.get()
    assert sent["Location"] == reverse("registration_detail", args=[registration.reference])
    assert "等待核对" in client.get(sent["Location"]).content.decode()
    office = Client()
    office.force_login(county_one)
    assert "核对企业注册：丁公司" in office.get(reverse("home")).content.decode()
    page = office.get(sent["Location"]).content.decode()
    assert "名录中没有这个代码的企业" in page
    assert office.get(reverse("file", args=[registration.licence.reference])).status_code == 200
    office.post(reverse("registration_take", args=[registration.reference]), {"token": "1" * 32})
    enterprise = Enterprise.unscoped.get(credit_code=credit_code(10000077))
    user = User.unscoped.get(display_name="王经办")
    assert (user.role, user.enterprise, user.is_owner) == (Role.ENTERPRISE, enterprise, True)
    assert not is_in(client), "the role is another: the session is over"
    assert "已由清城区质监局接收" in Delivery.unscoped.filter(address="wang@example.com").latest("pk").body
    sign_in(client, "wang@example.com", NEW)
    assert "贵企业没有在任的首席质量官" in client.get(reverse("home")).content.decode()


def test_a_registration_that_is_declined_says_why_and_comes_again_filled_in(client, applicant, county_one):
    row = cast.registration(applicant, county_one.county)
    with pytest.raises(Refused, match="理由"):
        accounts.decline_registration(row, reason=" ", by=county_one, at=AT)
    accounts.decline_registration(row, reason="授权书没有盖章。", by=county_one, at=AT)
    client.force_login(applicant)
    assert "授权书没有盖章。" in client.get(reverse("home")).content.decode()
    assert row.credit_code in client.get(reverse("registration_new")).content.decode()
    client.post(reverse("registration_new"), filled())
    assert [r.state for r in Registration.unscoped.order_by("pk")] == ["declined", "submitted"]


def test_one_registration_at_a_time_and_it_can_be_taken_back(applicant, county_one, counties):
    row = cast.registration(applicant, county_one.county)
    with pytest.raises(Refused, match="正在核对"):
        cast.registration(applicant, county_one.county, n=10000078)
    accounts.withdraw_registration(row, by=applicant, at=AT)
    assert cast.registration(applicant, county_one.county, n=10000078).state == RegistrationState.SUBMITTED


@pytest.mark.parametrize("move", ["take_over", "withdraw_registration"])
def test_what_was_decided_is_not_decided_again(applicant, county_one, move):
    row = cast.registration(applicant, county_one.county)
    accounts.decline_registration(row, reason="不符。", by=county_one, at=AT)
    with pytest.raises(Refused, match="不能再办理"):
        getattr(accounts, move)(row, by=applicant if "withdraw" in move else county_one, at=AT)


def test_an_enterprise_on_the_register_is_claimed_once(applicant, company_a, county_one, county_two, counties):
    """Whatever county the applicant names, it goes to the one the register knows."""
    row = cast.registration(applicant, counties["441881"], n=10000001, name="甲公司的新名")
    assert row.county == company_a.county
    with pytest.raises(Refused, match="权限"):
        accounts.take_over(row, by=county_two, at=AT)
    assert accounts.take_over(row, by=county_one, at=AT) == company_a
    company_a.refresh_from_db()
    assert company_a.name == "甲公司", "the register stays as it is"
    second = account("qy00000002", Role.APPLICANT, "又一人")
    with pytest.raises(Refused, match="已有账号"):
        cast.registration(second, company_a.county, n=10000001)


def test_of_two_claims_that_wait_one_is_accepted(applicant, company_a, county_one):
    second = account("qy00000002", Role.APPLICANT, "又一人")
    rows = [cast.registration(who, company_a.county, n=10000001) for who in (applicant, second)]
    accounts.take_over(rows[0], by=county_one, at=AT)
    with pytest.raises(Refused, match="已有账号"):
        accounts.take_over(rows[1], by=county_one, at=AT)
    second.refresh_from_db()
    assert second.role == Role.APPLICANT


def test_an_enterprise_whose_owner_was_switched_off_can_be_claimed_again(applicant, user_a, company_a, county_one):
    User.unscoped.filter(pk=user_a.pk).update(is_active=False)
    accounts.take_over(cast.registration(applicant, company_a.county, n=10000001), by=county_one, at=AT)
    assert list(company_a.accounts.filter(is_owner=True)) == [User.unscoped.get(pk=applicant.pk)]


def test_the_county_sees_where_the_register_says_otherwise(client, applicant, company_a, county_one):
    row = cast.registration(applicant, company_a.county, n=10000001, name="甲公司的新名")
    client.force_login(county_one)
    page = client.get(reverse("registration_detail", args=[row.reference])).content.decode()
    assert "甲公司的新名" in page and "<ins>甲公司</ins>" in page


def test_the_papers_of_a_registration_are_for_the_bureau_alone(client, applicant, county_one, county_two, user_a):
    row = cast.registration(applicant, county_one.county)
    for user, status in ((applicant, 404), (county_two, 404), (user_a, 404), (county_one, 200)):
        client.force_login(user)
        assert client.get(reverse("file", args=[row.licence.reference])).status_code == status, user


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credit_code": "9" * 18}, "统一社会信用代码"),
        ({"licence": ""}, "请选择营业执照的文件。"),
        ({"county": "440100"}, "不在可选范围内"),
        ({"address": ""}, "请填写住所。"),
    ],
)
def test_what_is_wrong_with_a_registration_is_told_and_nothing_is_kept(client, applicant, changes, sentence):
    client.force_login(applicant)
    page = client.post(reverse("registration_new"), filled(**changes))
    assert sentence in page.content.decode()
    assert (
        not Registration.unscoped.exists()
        and not StoredFile.unscoped.exclude(uploaded_by=None).filter(uploaded_by=applicant).exists()
    )


def test_nobody_else_sends_files_as_an_applicant(user_a, county_one):
    for user in (user_a, county_one):
        with pytest.raises(Refused, match="权限"):
            store_file_of_applicant(picture(), "照.png", county=county_one.county, by=user, at=AT)


# --- Members ---------------------------------------------------------------------------------------------------------


def invited(by, **address) -> tuple[Invitation, str]:
    return accounts.invite(name="刘同事", by=by, at=timezone.now(), **(address or {"email": "liu@example.com"}))


@pytest.mark.parametrize("address", [{"email": "liu@example.com"}, {"phone": "13800138005"}], ids=["mail", "mobile"])
def test_an_invitation_is_accepted_with_a_new_account(client, user_a, company_a, address):
    _, token = invited(user_a, **address)
    link = reverse("invitation_accept", args=[token])
    sent = Delivery.unscoped.get(address=[*address.values()][0])
    assert link in sent.body and sent.enterprise is None
    assert "加入甲公司" in client.get(link).content.decode()
    client.post(link, {"token": "0" * 32, "display_name": "刘同事", "password": NEW})
    member = User.unscoped.get(display_name="刘同事")
    assert (member.enterprise, member.is_owner) == (company_a, False)
    sign_in(client, *address.values(), NEW)
    assert is_in(client), "the link's arrival proved the address"
    assert Client().get(link).status_code == 410, "and the link is used up"


def test_somebody_with_an_account_of_no_enterprise_joins_with_it(client, user_a, applicant, company_a):
    _, token = invited(user_a)
    client.force_login(applicant)
    link = reverse("invitation_accept", args=[token])
    assert "加入" in client.get(link).content.decode()
    client.post(link, {"token": "0" * 32})
    applicant.refresh_from_db()
    assert applicant.enterprise == company_a


def test_somebody_of_another_enterprise_is_told_to_sign_out_first(client, user_a, user_b):
    _, token = invited(user_a)
    client.force_login(user_b)
    link = reverse("invitation_accept", args=[token])
    assert "另有归属" in client.get(link).content.decode()
    client.post(link, {"token": "0" * 32})
    user_b.refresh_from_db()
    assert user_b.enterprise.name == "乙公司"


@pytest.mark.parametrize("end", ["revoked", "over", "owner gone", "unknown"])
def test_an_invitation_that_does_not_stand_any_more_opens_nothing(client, user_a, member_a, end):
    row, token = invited(user_a)
    if end == "revoked":
        accounts.revoke_invitation(row, by=user_a, at=AT)
    elif end == "over":
        Invitation.unscoped.update(expires_at=timezone.now())
    elif end == "owner gone":
        accounts.hand_over(member_a, by=user_a, at=AT)
    else:
        token = "x" * 32
    assert client.get(reverse("invitation_accept", args=[token])).status_code == 410
    with pytest.raises(Refused, match="不能使用"):
        accounts.join_with_new_account(token, display_name="刘", password=NEW, at=timezone.now())
    assert not User.unscoped.filter(display_name="刘").exists()


def test_an_address_that_has_an_account_is_led_to_the_log_in(client, user_a, applicant):
    EmailAddress.objects.create(user=applicant, email="liu@example.com", verified=True, primary=True)
    _, token = invited(user_a)
    assert "已有账号" in client.get(reverse("invitation_accept", args=[token])).content.decode()


@pytest.mark.parametrize("who", ["member_a", "user_b", "county_one", "applicant", "municipal", "administrator"])
def test_only_the_owner_invites_removes_and_hands_over(request, user_a, member_a, who):
    by = request.getfixturevalue(who)
    acts = [lambda: invited(by), lambda: accounts.remove_member(user_a, by=by, at=AT)]
    acts.append(lambda: accounts.hand_over(user_a, by=by, at=AT))
    for act in acts if who != "user_b" else acts[1:]:
        with pytest.raises(Refused):
            act()
    user_a.refresh_from_db()
    assert user_a.is_owner and user_a.enterprise


def test_somebody_who_is_removed_is_out_at_the_next_request(user_a, member_a):
    client = Client()
    sign_in(client, member_a.username)
    assert client.get(reverse("appointment_list")).status_code == 200
    accounts.remove_member(member_a, by=user_a, at=AT)
    assert not is_in(client)
    sign_in(client, member_a.username)
    assert client.get(reverse("appointment_list")).status_code == 404


def test_the_owner_hands_over_and_cannot_be_removed_nor_remove_themselves(user_a, member_a):
    with pytest.raises(Refused):
        accounts.remove_member(user_a, by=user_a, at=AT)
    accounts.hand_over(member_a, by=user_a, at=AT)
    owners = User.unscoped.filter(enterprise=user_a.enterprise, is_owner=True)
    assert [owner.pk for owner in owners] == [member_a.pk]
    with pytest.raises(Refused):
        accounts.remove_member(member_a, by=User.unscoped.get(pk=user_a.pk), at=AT)


def test_no_more_than_twenty_invitations_wait(user_a):
    for number in range(accounts.MOST_INVITED):
        invited(user_a, email=f"liu{number}@example.com")
    with pytest.raises(Refused, match="最多同时有 20 份"):
        invited(user_a, email="liu99@example.com")
    with pytest.raises(Refused, match="已向这个地址发出邀请"):
        Invitation.unscoped.filter(email="liu1@example.com").update(expires_at=timezone.now())
        invited(user_a, email="liu2@example.com")


def test_an_invitation_goes_to_one_address(user_a):
    with pytest.raises(Refused, match="只填一项"):
        invited(user_a, email="liu@example.com", phone="13800138005")


def test_members_and_invitations_are_listed_in_as_many_questions_for_three_as_for_one(client, user_a, company_a):
    client.force_login(user_a)
    client.get(reverse("member_list"))
    counts = []
    for number in (1, 3):
        while company_a.accounts.count() < number + 1:
            n = company_a.accounts.count()
            account(f"more-{n}", Role.ENTERPRISE, f"同事{n}", enterprise=company_a)
            invited(user_a, email=f"liu{n}@example.com")
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("member_list"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- What else the administrator keeps -------------------------------------------------------------------------------


def test_the_administrator_makes_accounts_and_staff_never_sign_up(client, administrator, county_one):
    client.force_login(administrator)
    form = {"username": "new-officer", "display_name": "新来的人", "role": "county", "county": county_one.county_id,
            "is_active": "on", "new_password": NEW}  # fmt: skip
    assert client.post(reverse("admin:registry_user_add"), form).status_code == 302
    made = User.unscoped.get(username="new-officer")
    assert made.role == Role.COUNTY and made.check_password(NEW)
    stranger = Client()
    stranger.post(reverse("account_signup"), SAID | {"email": "x@example.com", "role": "municipal", "county": "1"})
    assert User.unscoped.get(email="x@example.com").role == Role.APPLICANT


def test_a_message_of_what_happened_stands_in_the_inbox(applicant, company_a, county_one, user_a):
    accounts.hand_over(account("other", Role.ENTERPRISE, "同事", enterprise=company_a), by=user_a, at=AT)
    cast.registration(applicant, county_one.county)
    assert Message.unscoped.filter(county=county_one.county, subject__startswith="企业注册待核对").exists()


def test_a_code_or_notice_to_an_account_is_kept_only_while_it_waits(client, county_one, municipal):
    client.post(reverse("account_signup"), SAID | {"email": "wang@example.com"})
    row = Delivery.unscoped.get(address="wang@example.com")
    client.force_login(municipal)
    page = client.get(reverse("delivery_list")).content.decode()
    assert code_sent("wang@example.com") not in page and "w***@example.com" in page
    client.force_login(county_one)
    assert row.reference not in client.get(reverse("delivery_list")).content.decode()
    assert row.created_at > timezone.now() - timedelta(minutes=1)
    assert PASSWORD not in row.body


def test_registrations_are_listed_in_as_many_questions_for_three_as_for_one(client, county_one):
    client.force_login(county_one)
    client.get(reverse("registration_list"))
    counts = []
    for number in range(3):
        cast.registration(
            account(f"qy0000001{number}", Role.APPLICANT, "注册人"), county_one.county, n=10000080 + number
        )
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("registration_list"))
        counts.append(len(asked))
    assert counts[0] == counts[2]
