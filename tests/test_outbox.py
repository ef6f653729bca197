"""Messages on their way out: a real mail server on a socket, real files, several senders, dead ones, a wrong clock."""

import email
import json
import socketserver
import threading
import time
from collections import Counter
from datetime import timedelta
from email.header import decode_header, make_header

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from registry.models import Delivery, Message
from registry.notices import tell_enterprise, text_person
from registry.outbox import ATTEMPTS, GIVEN_UP_AFTER, INTERRUPTED, LEASE, REST, TROUBLE, message_id, send_waiting
from registry.refusals import Refused
from registry.states import Channel, DeliveryState
from tests.cast import AT
from tests.test_concurrency import at_once
from tests.test_jobs import run  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"


# --- The world outside -----------------------------------------------------------------------------------------------


class Conversation(socketserver.StreamRequestHandler):
    """One connection to the mail server, by the letter of RFC 5321 as far as a client needs it."""

    def handle(self):
        self.server.calls += 1
        if self.server.mood == "hangs":
            self.server.gate.wait(20)
            return
        self.say("220 mail.example.com ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "QUIT":
                return self.say("221 bye")
            if verb == "DATA":
                self.take()
            elif verb == "RCPT" and self.server.mood in self.server.REFUSALS:
                self.say(self.server.REFUSALS[self.server.mood])
            else:
                self.say("250 ok")
        return None

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def take(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if self.server.mood == "loses the answer":
            self.server.mails.append(b"".join(lines))
            self.server.gate.wait(20)
        elif self.server.mood == "dislikes the text":
            self.say("554 5.7.1 no")
        else:
            self.server.mails.append(b"".join(lines))
            self.say("250 taken")


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on 127.0.0.1, in the mood it is told to be in."""

    daemon_threads = allow_reuse_address = True
    block_on_close = False
    request_queue_size = 64
    REFUSALS = {"knows nobody": "550 5.1.1 no such user", "is busy": "450 4.2.1 try later"}

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), Conversation)
        self.mood, self.calls, self.mails, self.gate = "takes all", 0, [], threading.Event()
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def keys(self) -> Counter:
        """How often each Message-ID arrived."""
        return Counter(email.message_from_bytes(mail)["Message-ID"] for mail in self.mails)

    def close(self) -> None:
        self.gate.set()
        self.shutdown()
        self.server_close()


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """By default everything goes into files of this test's own."""
    settings.OUTBOX_DIR = tmp_path
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILES, tmp_path / "mail"
    return tmp_path


@pytest.fixture
def server(settings):
    """A mail server, and the settings that name it; nobody waits long for it."""
    found = MailServer()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", found.server_address[1]
    settings.EMAIL_TIMEOUT = 0.3
    yield found
    found.close()


def told(company, subject="请提交报告", sms=False) -> Message:
    return tell_enterprise(company, subject, "请于月底前提交。", url="/inbox/", at=AT, sms=sms)


def the(channel: Channel) -> Delivery:
    return Delivery.unscoped.get(channel=channel)


def texts(folder) -> list[dict]:
    """The SMS that went into the file."""
    file = folder / "sms.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def states(**lookup) -> list[str]:
    return list(Delivery.unscoped.filter(**lookup).order_by("pk").values_list("state", flat=True))


def county_heard(company) -> list[str]:
    return list(Message.unscoped.filter(county=company.county).values_list("body", flat=True))


# --- What arrives ----------------------------------------------------------------------------------------------------


def test_by_default_mails_and_texts_go_into_files(company_a, files):
    told(company_a, sms=True)
    assert send_waiting(at=AT) == 2
    (written,) = (files / "mail").iterdir()
    assert message_id(the(Channel.EMAIL)) in written.read_text()
    assert texts(files) == [
        {
            "key": the(Channel.SMS).key,
            "to": "13800138000",
            "text": "【清远市企业首席质量官服务平台】请提交报告，请登录平台查看。",
        }
    ]
    assert (files / "sms.jsonl").stat().st_mode & 0o077 == 0
    assert send_waiting(at=AT + DAY) == 0


def test_a_mail_says_who_writes_to_whom_about_what_and_that_nobody_reads_answers(company_a, server):
    told(company_a, subject="请提交\r\nBcc: all@example.com")
    assert send_waiting(at=AT) == 1
    mail = email.message_from_bytes(server.mails[0])
    assert mail["To"] == company_a.contact_email and mail["Bcc"] is None
    assert str(make_header(decode_header(mail["Subject"]))) == "请提交 Bcc: all@example.com"
    assert mail["Message-ID"] == message_id(the(Channel.EMAIL)) and mail["Auto-Submitted"] == "auto-generated"
    words = mail.get_payload(decode=True).decode()
    assert "甲公司：" in words and "请于月底前提交。" in words and "http://127.0.0.1:8000/inbox/" in words
    row = the(Channel.EMAIL)
    assert (row.state, row.attempts, row.claimed_until, row.last_fault) == (DeliveryState.SENT, 1, None, "")
    assert AT <= row.sent_at < AT + MINUTE


def test_the_mails_of_a_round_share_one_connection_and_none_goes_twice(company_a, server):
    for n in range(25):
        told(company_a, f"通知{n}")
    assert send_waiting(at=AT) == 25
    assert len(server.mails) == 25 and set(server.keys().values()) == {1} and server.calls == 1


def test_nothing_is_sent_of_what_was_rolled_back(company_a, files):
    with pytest.raises(Refused), transaction.atomic():
        told(company_a, sms=True)
        raise Refused("撤销。")
    assert send_waiting(at=AT) == 0 and texts(files) == []


def test_what_is_sent_is_never_sent_inside_a_transaction(company_a):
    told(company_a)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        send_waiting(at=AT)


def test_a_secret_link_is_forgotten_when_it_is_sent_and_when_it_is_given_up(company_a, settings, files):
    for gateway, state in (("registry.gateways.FileGateway", "sent"), ("tests.gateways.Blocking", "failed")):
        settings.SMS_GATEWAY = gateway
        row = text_person("13900139000", "请打开 https://example.com/s/secret 陈述意见。", at=AT, enterprise=company_a)
        assert "secret" in row.body
        send_waiting(at=AT)
        row.refresh_from_db()
        assert (row.state, row.body, row.may_go_again) == (state, "", False)
    assert [text["text"].count("secret") for text in texts(files)] == [1]


# --- What does not arrive --------------------------------------------------------------------------------------------


def test_an_address_nobody_has_is_given_up_at_once_and_the_county_is_told_once(company_a, server):
    server.mood = "knows nobody"
    told(company_a, "通知一")
    told(company_a, "通知二")
    assert send_waiting(at=AT) == 0
    assert states() == ["failed", "failed"]
    assert Delivery.unscoped.first().last_fault == "对方邮件服务器不接受这个邮箱（550）。"
    (body,) = county_heard(company_a)
    assert "没有送达" in body and "请用电话联系" in body
    Message.unscoped.filter(county=company_a.county).update(read_at=AT, read_by=company_a.created_by)
    told(company_a, "通知三")
    send_waiting(at=AT)
    assert len(county_heard(company_a)) == 2


def test_a_text_the_server_dislikes_is_given_up_and_the_next_mail_goes(company_a, server):
    server.mood = "dislikes the text"
    told(company_a)
    send_waiting(at=AT)
    assert the(Channel.EMAIL).last_fault == "邮件服务器不接受这封邮件（554）。"
    server.mood = "takes all"
    told(company_a, "下一封")
    assert send_waiting(at=AT) == 1


def test_a_busy_server_is_asked_again_after_1_5_30_and_120_minutes_and_six_times_in_all(company_a, server):
    server.mood = "is busy"
    told(company_a)
    at, waits = AT, []
    for _ in range(ATTEMPTS):
        assert send_waiting(at=at) == 0 == send_waiting(at=at)  # not yet due again
        row = the(Channel.EMAIL)
        waits.append(round((row.next_try_at - at) / MINUTE))
        at = row.next_try_at
    assert waits[:5] == [1, 5, 30, 120, 120]
    assert (row.state, row.attempts) == (DeliveryState.FAILED, ATTEMPTS)
    assert len(county_heard(company_a)) == 1
    assert send_waiting(at=at + DAY) == 0


def test_a_busy_server_that_takes_it_later_has_it_once(company_a, server):
    server.mood = "is busy"
    told(company_a)
    send_waiting(at=AT)
    server.mood = "takes all"
    assert send_waiting(at=AT + 2 * MINUTE) == 1
    assert len(server.mails) == 1 and the(Channel.EMAIL).last_fault == ""


def test_a_server_that_hangs_holds_one_round_up_for_two_time_outs_and_no_text(company_a, server, files):
    server.mood = "hangs"
    for n in range(5):
        told(company_a, f"通知{n}", sms=True)
    began = time.monotonic()
    assert send_waiting(at=AT) == 5  # the SMS
    assert time.monotonic() - began < 2.5 and server.calls == 2
    assert len(texts(files)) == 5
    assert states(channel=Channel.EMAIL) == ["waiting"] * 5
    told(company_a, "后来的")
    began = time.monotonic()
    assert send_waiting(at=AT + REST / 2) == 0  # it rests, for new mails too
    assert time.monotonic() - began < 0.2
    server.mood = "takes all"
    assert send_waiting(at=AT + 2 * REST) == 6
    assert set(server.keys().values()) == {1} and not county_heard(company_a)


def test_after_an_outage_of_a_day_everything_goes_and_after_three_it_is_given_up(company_a, server):
    told(company_a)
    port = server.server_address[1]
    server.close()
    for hours in range(0, 25, 3):
        assert send_waiting(at=AT + hours * HOUR) == 0
    row = the(Channel.EMAIL)
    assert (row.state, row.attempts, row.claimed_until) == (DeliveryState.WAITING, 0, None)
    assert "连接不上" in row.last_fault
    back = MailServer(port)
    assert send_waiting(at=AT + 25 * HOUR) == 1 and len(back.mails) == 1
    back.close()
    told(company_a, "后来的")
    assert send_waiting(at=AT + GIVEN_UP_AFTER + MINUTE) == 0
    assert states() == ["sent", "failed"] and len(county_heard(company_a)) == 1


def test_an_answer_that_is_lost_makes_a_second_copy_with_the_same_message_id(company_a, server):
    server.mood = "loses the answer"
    told(company_a)
    assert send_waiting(at=AT) == 0
    server.mood = "takes all"
    assert send_waiting(at=AT + 2 * MINUTE) == 1
    assert server.keys() == {message_id(the(Channel.EMAIL)): 2}


@pytest.mark.parametrize(
    "gateway, state, fault",
    [
        ("Refusing", "waiting", "短信平台今日发送数量已满。"),
        ("Blocking", "failed", "该号码是空号。"),
        ("Hanging", "waiting", "短信平台连接不上，或者没有回应。"),
        ("Broken", "waiting", TROUBLE),
        ("Unset", "waiting", TROUBLE),
    ],
)
def test_a_gateway_that_fails_in_any_way_leaves_a_sentence_and_lets_the_mail_go(
    company_a, settings, files, gateway, state, fault
):
    settings.SMS_GATEWAY = f"tests.gateways.{gateway}"
    told(company_a, sms=True)
    assert send_waiting(at=AT) == 1
    row = the(Channel.SMS)
    assert (row.state, row.last_fault, row.claimed_until) == (state, fault, None)
    assert (files / "mail").exists()


# --- Several senders, dead ones, and a wrong clock -------------------------------------------------------------------


def test_four_senders_at_once_send_each_of_twenty_once(company_a, company_b, server, files):
    for n in range(10):
        for company in (company_a, company_b):
            told(company, f"通知{n}", sms=True)
    sent = at_once(*[lambda: send_waiting(at=AT)] * 4)
    assert sum(sent) == 40 and sorted(sent)[-2] > 0  # more than one had a share
    assert set(server.keys().values()) == {1} and len(server.mails) == 20
    assert len({text["key"] for text in texts(files)}) == 20 == len(texts(files))
    assert set(states()) == {"sent"}


@pytest.fixture
def dies_in_the_middle(monkeypatch):
    """For processes: the provider takes the SMS, and the sender is gone."""
    monkeypatch.setenv("CQO_SMS_GATEWAY", "tests.gateways.Dying")


def test_a_sender_that_died_after_the_provider_took_it_is_followed_by_one_with_the_same_key(
    dies_in_the_middle,
    run,  # noqa: F811
    company_a,
    settings,
):
    settings.OUTBOX_DIR = configured.FILES_DIR / "outbox"  # where a process of its own writes to
    company_a.contact_email = ""
    tell_enterprise(company_a, "请提交报告", "请提交。", url="/", at=AT, sms=True)
    assert run("clock", "--once").wait(60) == 9
    row = the(Channel.SMS)
    now = timezone.now()
    assert row.state == "waiting" and row.claimed_until > now
    assert send_waiting(at=now) == 0  # the lease holds
    assert send_waiting(at=now + LEASE) == 1
    assert [text["key"] for text in texts(settings.OUTBOX_DIR) if text["key"].startswith(row.reference)] == [
        row.key
    ] * 2
    assert send_waiting(at=now + DAY) == 0


def test_a_message_that_kills_its_sender_each_time_is_given_up(company_a, files):
    told(company_a)
    Delivery.unscoped.update(attempts=ATTEMPTS, claimed_until=AT)
    told(company_a, "下一封")
    assert send_waiting(at=AT) == 1
    assert states() == ["failed", "sent"]
    given_up = Delivery.unscoped.get(state="failed")
    assert (given_up.last_fault, given_up.attempts) == (INTERRUPTED, ATTEMPTS)


def test_a_clock_set_back_sends_nothing_twice_and_keeps_nothing_waiting_for_long(company_a, server):
    told(company_a)
    assert send_waiting(at=AT) == 1 and send_waiting(at=AT - DAY) == 0
    server.mood = "is busy"
    told(company_a, "又一封")
    send_waiting(at=AT + 400 * DAY)  # the clock is wrong by a year, then mended
    server.mood = "takes all"
    assert send_waiting(at=AT + DAY) == 1
    assert len(server.mails) == 2 and set(server.keys().values()) == {1}


def test_a_lease_holds_against_a_clock_set_back_a_little_and_not_for_a_year(company_a, server):
    told(company_a)
    row = Delivery.unscoped.filter(channel=Channel.EMAIL)
    row.update(claimed_until=AT + LEASE, next_try_at=AT - HOUR)
    assert send_waiting(at=AT - 10 * MINUTE) == 0
    row.update(claimed_until=AT + 365 * DAY)
    assert send_waiting(at=AT) == 1


# --- What comes back -------------------------------------------------------------------------------------------------

REPORT = """From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
To: noreply@localhost
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="A1/mail.example.com"

--A1/mail.example.com
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.com.
<zhiliang1@example.com>: host mx.example.com said: 550 5.1.1 User unknown

--A1/mail.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
X-Postfix-Queue-ID: 4A1B2C
Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0800 (CST)

Final-Recipient: rfc822; zhiliang1@example.com
Original-Recipient: rfc822;zhiliang1@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <zhiliang1@example.com> User unknown

--A1/mail.example.com
Content-Description: Undelivered Message
Content-Type: {kind}

{returned}
--A1/mail.example.com--
"""


def report(returned: str, action="failed", status="5.1.1", kind="message/rfc822") -> str:
    """A delivery status notification as Postfix writes it."""
    return REPORT.format(returned=returned, action=action, status=status, kind=kind)


@pytest.fixture
def sent_mail(company_a, server) -> str:
    """A mail as the server received it."""
    told(company_a)
    send_waiting(at=AT)
    return server.mails[0].decode().replace("\r\n", "\n")


def saved(folder, *reports) -> list[str]:
    paths = [folder / f"{n}.eml" for n in range(len(reports))]
    for path, text in zip(paths, reports, strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [str(path) for path in paths]


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_came_back_is_noted_and_its_county_is_asked_to_telephone(company_a, sent_mail, files, kind):
    returned = sent_mail if kind == "message/rfc822" else sent_mail.partition("\n\n")[0]
    (path,) = saved(files, report(returned, kind=kind))
    for _ in range(2):  # again and again, with one effect
        call_command("record_bounces", path)
    row = the(Channel.EMAIL)
    assert (row.state, row.last_fault) == (DeliveryState.BOUNCED, "收件邮箱不存在或者已经停用（5.1.1）。")
    assert row.sent_at < row.bounced_at
    (body,) = county_heard(company_a)
    assert "收件邮箱不存在" in body and "example.com" not in body
    assert send_waiting(at=AT + DAY) == 0


def test_files_that_are_no_news_of_ours_are_told_and_skipped_and_the_others_are_noted(sent_mail, files, capsys):
    deep = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3000))
    bad = {
        "没有 message/delivery-status": "Subject: hello\n\nno report",
        "不是退信通知（没有": b"\xff\xfe\x00" * 200,
        "邮件仍在投递": report(sent_mail, action="delayed", status="4.4.1"),
        "没有写明状态码": report(sent_mail, status="none"),
        "没有附上原邮件": report("Subject: another's\nMessage-ID: <1@elsewhere.example>\n\nx"),
        "没有写明收件人": report(sent_mail).replace("Final-Recipient", "X-Was"),
        "没有这封邮件": report("Message-ID: <FS0123456789AB0.1@127.0.0.1>\n\nx"),
        "退回的是以前的一次": report(sent_mail.replace(".1@", ".2@")),
        "邮件格式不完整": deep,
        "文件太大": b"x" * (5 * 1024 * 1024 + 1),
    }
    paths = saved(files, *bad.values(), report(sent_mail))
    with pytest.raises(CommandError, match="12 个文件中有 11 个没有登记"):
        call_command("record_bounces", *paths, str(files / "gone.eml"))
    said = capsys.readouterr().err.splitlines()
    assert [words for words, line in zip(bad, said, strict=False) if words not in line] == []
    assert "文件无法读取" in said[-1]
    assert the(Channel.EMAIL).state == DeliveryState.BOUNCED


def test_a_report_cut_short_anywhere_is_no_traceback(sent_mail, files):
    whole = report(sent_mail).encode()
    paths = saved(files, *(whole[:end] for end in range(0, len(whole), 97)))
    with pytest.raises(CommandError, match="没有登记"):
        call_command("record_bounces", *paths)
