"""Messages that leave the portal: what an act writes, who sees that it was sent, and sending it again."""

import re
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.actions.enterprises import change_enterprise
from registry.actions.messages import resend
from registry.models import Delivery, Message
from registry.notices import PERSONAL, tell_city, tell_county, tell_enterprise, text_person
from registry.outbox import record_bounce, send_waiting
from registry.refusals import Refused
from registry.states import Channel, DeliveryState, Role
from tests.cast import AT, account
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db
REASON = "收件邮箱不存在或者已经停用（5.1.1）。"


@pytest.fixture(autouse=True)
def today(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path
    with time_machine.travel(AT, tick=False):
        yield


def told(company, subject="请提交报告", sms=True) -> Message:
    return tell_enterprise(company, subject, "请于月底前提交。", url="/inbox/", at=AT, sms=sms)


def bounced(company, subject="请提交报告") -> Delivery:
    """A mail that was sent and came back."""
    row = told(company, subject, sms=False).deliveries.get()
    Delivery.unscoped.filter(pk=row.pk).update(state=DeliveryState.SENT, sent_at=AT, attempts=1)
    record_bounce(row.key, REASON, at=AT)
    row.refresh_from_db()
    return row


def page(client, user, query="") -> str:
    client.force_login(user)
    response = client.get(f"/deliveries/{query}")
    assert response.status_code == 200
    return response.content.decode()


# --- What an act writes ----------------------------------------------------------------------------------------------


def test_a_message_to_an_enterprise_goes_by_mail_and_by_text_only_where_the_act_says_so(company_a):
    mail = told(company_a, sms=False).deliveries.get()
    assert (mail.channel, mail.address, mail.state) == (Channel.EMAIL, company_a.contact_email, "waiting")
    assert mail.enterprise == company_a and mail.next_try_at == AT
    text = told(company_a).deliveries.get(channel=Channel.SMS)
    assert text.address == "13800138000"
    assert text.body == "【清远市企业首席质量官服务平台】请提交报告，请登录平台查看。"


def test_an_enterprise_without_an_e_mail_address_still_has_its_message_and_its_text(company_a):
    company_a.contact_email = ""
    assert not told(company_a, sms=False).deliveries.exists()
    assert told(company_a).deliveries.get().channel == Channel.SMS


def test_the_name_under_messages_is_a_setting(company_a, settings):
    settings.MESSAGE_SENDER = "清远质监"
    assert told(company_a).deliveries.get(channel=Channel.SMS).body.startswith("【清远质监】")


def test_messages_to_the_bureaus_stay_in_the_portal(county_one):
    for message in (
        tell_county(county_one.county, "通知", "内容。", url="/", at=AT),
        tell_city("通知", "内容。", url="/", at=AT),
    ):
        assert isinstance(message, Message) and not message.deliveries.exists()


def test_an_act_of_an_officer_leaves_a_mail_to_the_enterprise(make, company_a, person_a):
    make.returned(person_a, company_a)
    assert Delivery.unscoped.filter(subject__startswith="退回补正", enterprise=company_a).count() == 1


# --- The log ---------------------------------------------------------------------------------------------------------


def test_a_county_sees_what_was_sent_to_its_enterprises_and_the_city_all(
    client, company_a, company_b, county_one, county_two, municipal, administrator
):
    told(company_a, "给甲")
    told(company_b, "给乙")
    seen = {county_one: (True, False), county_two: (False, True), municipal: (True, True), administrator: (True, True)}
    for user, expected in seen.items():
        shown = page(client, user)
        assert ("给甲" in shown, "给乙" in shown) == expected, user.username


def test_the_log_is_not_there_for_anybody_but_the_bureaus(client, user_a, company_a):
    told(company_a)
    for user in (user_a, account("trainer-9", Role.TRAINER, "培训机构")):
        client.force_login(user)
        assert client.get("/deliveries/").status_code == 404
    client.logout()
    assert client.get("/deliveries/").status_code == 302
    assert Delivery.unscoped.visible_to(user_a).count() == 2


def test_the_log_masks_addresses_and_shows_no_text(client, company_a, municipal):
    told(company_a)
    text_person("13912345678", "请打开 https://example.com/s/secret 陈述意见。", at=AT, enterprise=company_a)
    shown = page(client, municipal)
    for masked in ("138****8000", "139****5678", "z***@example.com", PERSONAL, "甲公司", "短信", "电子邮件", "待发送"):
        assert masked in shown, masked
    for secret in ("13800138000", "13912345678", company_a.contact_email, "secret", "请于月底前提交"):
        assert secret not in shown, secret


def test_the_log_is_narrowed_by_enterprise_channel_and_state(client, company_a, company_b, municipal):
    bounced(company_a, "退回的")
    told(company_b, "等待的")
    expected = {
        "?state=undelivered": (1, 0),
        "?state=bounced": (1, 0),
        "?state=waiting": (0, 2),
        "?channel=sms": (0, 1),
        "?channel=email": (1, 1),
        f"?enterprise={company_b.reference}": (0, 2),
        "?enterprise=甲": (1, 0),
        "?state=nonsense&channel=x": (1, 2),
    }
    for query, counts in expected.items():
        cells = re.findall(r'<span class="sub">(退回的|等待的)</span>', page(client, municipal, query))
        assert (cells.count("退回的"), cells.count("等待的")) == counts, query
    assert "没有符合条件的记录" in page(client, municipal, "?state=failed")


def test_an_empty_log_says_what_will_stand_there(client, municipal):
    assert "还没有发出过通知" in page(client, municipal)


def test_the_log_asks_as_often_for_one_row_as_for_three(client, company_a, municipal):
    counts = []
    page(client, municipal)  # what is read once per process
    for rows in (1, 3):
        while Delivery.unscoped.count() < rows:
            bounced(company_a, f"第{Delivery.unscoped.count()}条")
        with CaptureQueriesContext(connection) as asked:
            assert page(client, municipal).count("重新发送<span") == rows
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- What came back --------------------------------------------------------------------------------------------------


def test_a_bounce_tells_the_county_once_until_it_is_read_and_leads_to_the_log(client, company_a, county_one):
    for n in range(3):
        bounced(company_a, f"第{n}条")
    message = Message.unscoped.get(county=county_one.county)
    assert message.subject == "通知未送达：甲公司" and REASON in message.body and "请用电话联系" in message.body
    assert not message.deliveries.exists()  # no loop
    client.force_login(county_one)
    assert client.get(message.url).content.decode().count("重新发送<span") == 3


def test_a_bounce_before_the_mark_counts_as_sent_and_a_late_one_of_an_earlier_sending_as_nothing(company_a, municipal):
    row = told(company_a, sms=False).deliveries.get()
    assert record_bounce(row.key, REASON, at=AT) is None
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.bounced_at) == (DeliveryState.BOUNCED, AT, AT)
    first = row.key
    row = resend(row, by=municipal, at=AT)
    assert row.key != first
    assert "以前的一次" in record_bounce(first, REASON, at=AT)
    assert Delivery.unscoped.get().state == DeliveryState.WAITING


# --- Sending it again ------------------------------------------------------------------------------------------------


def test_what_came_back_goes_again_to_the_address_as_mended(client, company_a, county_one):
    row = bounced(company_a)
    change_enterprise(company_a, version=company_a.version, contact_email="new@example.com", by=county_one, at=AT)
    form = re.search(r'action="(/deliveries/[^"]+)"', page(client, county_one))[1]
    token = re.search(r'name="token" value="([^"]+)"', client.get("/deliveries/").content.decode())[1]
    for said in ("已重新排队，稍后发送。", "这份表单已经办理过"):
        assert said in client.post(form, {"token": token}, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.state, row.address, row.round, row.attempts) == ("waiting", "new@example.com", 2, 0)
    assert (row.sent_at, row.bounced_at, row.last_fault) == (None, None, "")
    assert send_waiting(at=AT) == 1
    row.refresh_from_db()
    assert row.state == DeliveryState.SENT
    assert "（第" in page(client, county_one, "?state=sent")


def test_what_is_on_its_way_or_has_arrived_does_not_go_again(client, company_a, county_one):
    row = told(company_a, sms=False).deliveries.get()
    for _ in range(2):  # waiting, then sent
        with pytest.raises(Refused, match="不用重新发送"):
            resend(row, by=county_one, at=AT)
        assert "重新发送<span" not in page(client, county_one)
        send_waiting(at=AT)
    said = client.post(f"/deliveries/{row.reference}/resend/", {"token": uuid4()}, follow=True).content.decode()
    assert "不用重新发送" in said


def test_a_text_with_a_secret_link_does_not_go_again(company_a, county_one, settings):
    settings.SMS_GATEWAY = "tests.gateways.Blocking"
    row = text_person("13900139000", "请打开链接。", at=AT, enterprise=company_a)
    send_waiting(at=AT)
    with pytest.raises(Refused, match="重新生成链接"):
        resend(row, by=county_one, at=AT)


def test_a_mail_does_not_go_again_where_the_enterprise_has_no_address_by_now(company_a, county_one):
    row = bounced(company_a)
    change_enterprise(company_a, version=company_a.version, contact_email="", by=county_one, at=AT)
    with pytest.raises(Refused, match="先补上邮箱"):
        resend(row, by=county_one, at=AT)


def test_only_the_bureaus_in_charge_send_again(
    client, company_a, user_a, county_one, county_two, municipal, administrator
):
    row = bounced(company_a)
    for user, status in ((user_a, 404), (county_two, 404), (administrator, 404)):
        with pytest.raises(Refused, match="没有办理这一事项的权限"):
            resend(row, by=user, at=AT)
        client.force_login(user)
        assert client.post(f"/deliveries/{row.reference}/resend/", {"token": uuid4()}).status_code == status
    assert "重新发送<span" not in page(client, administrator)
    assert "重新发送<span" in page(client, municipal)
    client.force_login(county_one)
    assert client.get(f"/deliveries/{row.reference}/resend/").status_code == 405
    assert client.post(f"/deliveries/{row.reference}/resend/", {}).status_code == 302  # no token: nothing happens
    assert Delivery.unscoped.get() == row and Delivery.unscoped.get().state == DeliveryState.BOUNCED


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_sending_again_at_once_one_does(company_a, county_one, municipal):
    row = bounced(company_a)
    results = at_once(*(lambda who=who: resend(row, by=who, at=AT) for who in (county_one, municipal)))
    assert sorted(type(result).__name__ for result in results) == ["Delivery", "Refused"]
    row.refresh_from_db()
    assert row.round == 2
