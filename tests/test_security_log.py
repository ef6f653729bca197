"""The security log: no rollback takes an entry with it, no page forgets one, and nothing done to it goes unfound."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from threading import Thread

import pgtrigger
import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F
from django.urls import reverse

from registry import securitylog
from registry.logcheck import verify
from registry.models import DaySeal, SecurityEntry, SecurityHead
from registry.refusals import Refused
from registry.securitylog import note, seal_days
from registry.states import NEVER_UNNOTED, SecurityEvent
from tests.cast import PASSWORD, resident_id
from tests.test_concurrency import at_once

SURVIVES = pytest.mark.django_db(transaction=True, databases=["default", "security_log"])
FIRST = datetime(2026, 11, 20, 2, tzinfo=UTC)  # ten in the morning in Qingyuan
EVENTS = (SecurityEvent.LOGIN, SecurityEvent.DENIED, SecurityEvent.DOWNLOAD, SecurityEvent.LOGOUT)
NOW = FIRST + timedelta(days=3)


@pytest.fixture
def own_connection(settings):
    """Entries go over the log's own connection, as they do in service."""
    settings.SECURITY_LOG_DATABASE = "security_log"


@pytest.fixture
def three_days(user_a):
    """Three days of four entries each, the first two sealed; the day between them and today is empty but sealed."""
    for day in (0, 1, 3):
        for n, event in enumerate(EVENTS):
            with time_machine.travel(FIRST + timedelta(days=day, hours=n), tick=False):
                note(event, by=user_a, about=f"QY{day}{n}", count=n)
        if day == 1:
            seal_days(at=FIRST + timedelta(days=2))
    with time_machine.travel(NOW, tick=False):
        seal_days(at=NOW)
    return list(SecurityEntry.unscoped.order_by("pk"))


def faults(**options) -> list[str]:
    """What the check finds, a line each."""
    return [str(fault) for fault in verify(**options).faults]


# --- Writing ---------------------------------------------------------------------------------------------------------


@SURVIVES
def test_a_request_that_is_rolled_back_does_not_take_its_entry_with_it(own_connection, user_a):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note(SecurityEvent.DENIED, by=user_a, about="QY00001")
        type(user_a).unscoped.update(display_name="改写")
        raise ZeroDivisionError
    user_a.refresh_from_db()
    entry = SecurityEntry.unscoped.get()
    assert (entry.about, entry.username, user_a.display_name) == ("QY00001", "enterprise-a", "甲公司经办人")


@SURVIVES
def test_an_account_that_is_not_yet_committed_is_named_all_the_same(own_connection, user_a):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        new = type(user_a).unscoped.create_user("new", PASSWORD, role="municipal", display_name="新人")
        note(SecurityEvent.ACCOUNT_CREATED, by=new)
        raise ZeroDivisionError
    assert SecurityEntry.unscoped.get().username == "new"


@SURVIVES
def test_many_writers_at_once_leave_one_line_without_gap_or_double(own_connection, user_a):
    def write():
        for n in range(10):
            note(SecurityEvent.DOWNLOAD, by=user_a, about=f"W{n}")

    assert at_once(*[write] * 8) == [None] * 8
    assert list(SecurityEntry.unscoped.order_by("pk").values_list("pk", flat=True)) == list(range(1, 81))
    assert SecurityHead.unscoped.get().last == 80
    assert faults() == []


@SURVIVES
def test_of_several_clocks_one_seals_each_day(own_connection, user_a):
    with time_machine.travel(FIRST, tick=False):
        note(SecurityEvent.LOGIN, by=user_a)
    at_once(*[lambda: seal_days(at=NOW)] * 6)
    days = list(DaySeal.unscoped.order_by("day").values_list("day", flat=True))
    assert days == [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)]
    assert faults() == []


@SURVIVES
def test_entries_written_while_the_log_is_checked_are_no_alarm(own_connection, user_a):
    writer = Thread(target=lambda: ([note(SecurityEvent.LOGIN, by=user_a) for _ in range(60)], connections.close_all()))
    writer.start()
    found = [faults() for _ in range(20)]
    writer.join()
    assert found == [[]] * 20 and faults() == []


def broken_log(monkeypatch):
    def no_log(facts):
        raise DatabaseError("no connection")

    monkeypatch.setattr(securitylog, "_write", no_log)


@pytest.mark.parametrize("event", SecurityEvent)
def test_what_cannot_be_noted_is_told_loudly_and_personal_data_stays_closed(event, user_a, monkeypatch, caplog):
    broken_log(monkeypatch)
    if event in NEVER_UNNOTED:
        with pytest.raises(Refused, match="安全日志"):
            note(event, by=user_a)
    else:
        note(event, by=user_a)
    assert [record.levelname for record in caplog.records if "security log" in record.message] == ["CRITICAL"]


def test_a_file_is_not_handed_out_while_the_log_is_away(client, make, company_a, user_a, monkeypatch):
    file = make.stored(company_a)
    client.force_login(user_a)
    broken_log(monkeypatch)
    answer = client.get(reverse("file", args=[file.reference]))
    assert answer.status_code == 503 and b"%PDF" not in answer.content


def test_neither_an_id_number_nor_a_phone_nor_a_line_break_gets_into_an_entry(user_a, rf):
    request = rf.get("/", HTTP_USER_AGENT=f"x\r\n{resident_id(1)}")
    request.user = user_a
    note(SecurityEvent.DENIED, request=request, about=f"a {resident_id(1)}", reason="13800138000\n伪造的一行")
    entry = SecurityEntry.unscoped.get()
    words = f"{entry.about}{entry.agent}{entry.details}"
    assert resident_id(1) not in words and "13800138000" not in words and not {"\r", "\n"} & set(words)
    assert entry.about == "a 441***" and "伪造的一行" in entry.details["reason"]


def test_behind_a_proxy_the_address_is_the_one_the_proxy_wrote(settings, rf, user_a):
    settings.BEHIND_PROXY = True
    note(SecurityEvent.DENIED, request=rf.get("/", HTTP_X_FORWARDED_FOR="1.1.1.1, 10.0.0.7"), by=user_a)
    assert SecurityEntry.unscoped.get().address == "10.0.0.7"


# --- What is noted ---------------------------------------------------------------------------------------------------


def noted(**lookup) -> list[tuple]:
    """The entries but those of signing in, which each of these tests begins with."""
    entries = SecurityEntry.unscoped.exclude(event=SecurityEvent.LOGIN).filter(**lookup)
    return list(entries.values_list("event", "username", "about", "route"))


def test_a_row_of_another_enterprise_asked_for_is_noted(client, user_b, company_a):
    client.force_login(user_b)
    assert client.get(reverse("enterprise_detail", args=[company_a.reference])).status_code == 404
    assert noted() == [("denied", "enterprise-b", company_a.reference, "enterprise_detail")]


def test_a_page_of_the_admin_denied_is_noted(client, municipal):
    client.force_login(municipal)
    assert client.get(reverse("admin:registry_user_add")).status_code == 403
    assert noted() == [("denied", "municipal", "", "admin:registry_user_add")]


def test_a_file_and_a_paper_opened_are_noted_and_a_page_read_is_not(client, make, company_a, person_a, user_a):
    row, file = make.submitted(person_a, company_a), make.stored(company_a)
    client.force_login(user_a)
    client.get(reverse("appointment_detail", args=[row.reference]))
    assert noted() == []
    client.get(reverse("file", args=[file.reference]))
    client.get(reverse("appointment_paper", args=[row.reference, "letter"]))
    assert noted(event="download") == [
        ("download", "enterprise-a", f"{row.reference} letter", "appointment_paper"),
        ("download", "enterprise-a", file.reference, "file"),
    ]


def test_a_sheet_taken_away_is_an_export(client, train, person_a, company_a):
    session = train.enrolled(train.session(), person_a, company_a).session
    client.force_login(train.trainer)
    assert client.get(reverse("session_sheet", args=[session.reference])).status_code == 200
    assert noted() == [("export", train.trainer.username, session.reference, "session_sheet")]


def test_a_mistyped_address_and_a_stranger_are_no_denial(client, user_a):
    client.get(reverse("appointment_list"))
    client.force_login(user_a)
    client.get("/no/such/page/")
    assert noted() == []


# --- Sealing and checking --------------------------------------------------------------------------------------------


def test_an_untouched_log_raises_no_alarm(three_days):
    report = verify(head=DaySeal.unscoped.first().digest)
    assert (report.faults, len(report.seals), report.entries) == ([], 3, 15)  # twelve, and one for each seal
    assert [seal.entries for seal in report.seals] == [4, 4, 0]


def test_a_day_is_sealed_when_it_is_over_and_not_before(user_a):
    with time_machine.travel(FIRST, tick=False):
        note(SecurityEvent.LOGIN, by=user_a)
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert seal_days(at=midnight + timedelta(minutes=9)) == ""
    assert seal_days(at=midnight + timedelta(minutes=10)).startswith("2026-11-20 1 entries, digest ")
    assert seal_days(at=midnight + timedelta(minutes=11)) == ""


def test_a_clock_set_back_puts_no_entry_into_a_day_that_is_sealed(three_days, user_a):
    with time_machine.travel(FIRST, tick=False):
        note(SecurityEvent.LOGIN, by=user_a)
    assert faults() == []
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        seal_days(at=NOW + timedelta(days=1))
    assert faults() == []


def test_a_new_key_writes_and_the_old_one_still_tells(three_days, user_a, settings):
    settings.LOG_KEYS = settings.LOG_KEYS | {2: "66" * 32}
    settings.LOG_KEY_VERSION = 2
    note(SecurityEvent.LOGIN, by=user_a)
    assert SecurityEntry.unscoped.first().key_version == 2 and faults() == []


def rows(*numbers):
    return SecurityEntry.unscoped.filter(pk__in=numbers)


def swap(a: int, b: int) -> None:
    """Two entries change places, codes and all."""
    rows(a).update(id=-1)
    rows(b).update(id=a)
    rows(-1).update(id=b)


def put_in(number: int, **values) -> None:
    """A copy of the first entry under another number."""
    entry = SecurityEntry.unscoped.get(pk=1)
    entry.pk = number
    for name, value in values.items():
        setattr(entry, name, value)
    entry.save(force_insert=True)


def fall_back(number: int) -> None:
    """Everything after an entry goes, and the head is told so."""
    rows(*range(number + 1, 99))._raw_delete("default")
    SecurityHead.unscoped.update(last=number)


def seals(day: int):
    return DaySeal.unscoped.filter(day=date(2026, 11, day))


# What is done → what the check says of it. Entries 1–4 are of the 20th, 5–8 of the 21st, 9 and 10 seal those two days,
# 11–14 are of today; the last seals the 22nd, which holds 9 and 10.
TAMPERED = {
    "an event is another": (lambda: rows(2).update(event="login"), "11月20日：第 2 条被改动"),
    "somebody else did it": (lambda: rows(6).update(username="enterprise-b"), "11月21日：第 6 条被改动"),
    "it was another account": (lambda: rows(6).update(actor=F("actor") + 1), "11月21日：第 6 条被改动"),
    "it was another office": (lambda: rows(7).update(office="乙公司"), "11月21日：第 7 条被改动"),
    "it was about another object": (lambda: rows(3).update(about="QY99"), "11月20日：第 3 条被改动"),
    "it came from elsewhere": (lambda: rows(3).update(address="10.0.0.1"), "11月20日：第 3 条被改动"),
    "it was another browser": (lambda: rows(3).update(agent="x"), "11月20日：第 3 条被改动"),
    "it was another page": (lambda: rows(8).update(route="home"), "11月21日：第 8 条被改动"),
    "its details are others": (lambda: rows(4).update(details={"count": 0}), "11月20日：第 4 条被改动"),
    "it was a second later": (lambda: rows(5).update(at=F("at") + timedelta(seconds=1)), "11月21日：第 5 条被改动"),
    "its code is another's": (lambda: rows(5).update(code=rows(6).get().code), "11月21日：第 5 条被改动"),
    "an entry is removed": (lambda: rows(3)._raw_delete("default"), "11月20日：第 3 条被移除"),
    "a whole day is removed": (lambda: rows(5, 6, 7, 8)._raw_delete("default"), "11月21日：第 5 至 8 条被移除"),
    "an entry of today is removed": (lambda: rows(12)._raw_delete("default"), "第 12 条被移除"),
    "the last entry is removed": (lambda: rows(15)._raw_delete("default"), "第 15 条被移除"),
    "two entries change places": (lambda: swap(2, 3), "11月20日：第 2 条被改动"),
    "an entry is put in at the end": (lambda: put_in(16), "第 16 条在末号之后"),
    "an entry is put in before the first": (lambda: put_in(0), "第 0 条"),
    "the end is taken back": (lambda: fall_back(11), "末号被改动"),
    "the head is removed": (lambda: SecurityHead.unscoped.all()._raw_delete("default"), "末号被移除"),
    "a seal counts otherwise": (lambda: seals(21).update(entries=3, last=7), "11月21日：封存被改动"),
    "a seal is of another day": (lambda: seals(22).update(day=date(2026, 11, 25)), "11月25日：封存被改动"),
    "a seal between is removed": (lambda: seals(21)._raw_delete("default"), "11月21日：封存被移除"),
    "the first seal is removed": (lambda: seals(20)._raw_delete("default"), "11月21日：此前的封存被移除"),
    "the last seal is removed": (lambda: seals(22)._raw_delete("default"), "11月22日：这一天的封存被移除"),
    "a digest is made up": (lambda: seals(20).update(digest="0" * 64), "11月20日：封存被改动"),
}


@pytest.mark.parametrize("done", TAMPERED)
def test_what_was_done_to_the_log_is_found_and_named(three_days, done):
    tamper, words = TAMPERED[done]
    assert faults() == []
    with pgtrigger.ignore():
        tamper()
    assert [fault for fault in faults() if words in fault], faults()


def test_a_log_taken_back_whole_to_an_earlier_day_is_found_by_the_digest_noted_elsewhere(three_days, user_a):
    """What the database alone cannot tell: entries, seals and the head itself as they were two days ago."""
    kept = SecurityHead.unscoped.get()
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        seal_days(at=NOW + timedelta(days=1))
    noted_elsewhere = DaySeal.unscoped.first().digest
    with pgtrigger.ignore():
        rows(*range(kept.last + 1, 99))._raw_delete("default")
        DaySeal.unscoped.filter(digest=noted_elsewhere)._raw_delete("default")
        kept.save()
    assert faults() == []
    assert "另行记下的封存码" in faults(head=noted_elsewhere)[0]


def test_the_command_says_what_it_found_and_ends_with_one(three_days, capsys):
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert "没有发现改动" in said.getvalue() and DaySeal.unscoped.first().digest in said.getvalue()
    with pgtrigger.ignore():
        rows(2).update(event="login")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")
    assert ended.value.code == 1 and "2026年11月20日：第 2 条被改动" in capsys.readouterr().err


@pytest.mark.parametrize("model", [SecurityEntry, DaySeal, SecurityHead])
def test_the_log_is_only_added_to_for_its_owner_too(three_days, model):
    with pytest.raises(DatabaseError), transaction.atomic():
        model.unscoped.all()._raw_delete("default")
    with pytest.raises(DatabaseError), transaction.atomic():
        field = "last" if model is SecurityHead else "key_version"
        model.unscoped.update(**{field: 0})


# --- The page --------------------------------------------------------------------------------------------------------


def day_asked(name: str) -> dict:
    """21 November in the three boxes of a day."""
    return {f"{name}_year": 2026, f"{name}_month": 11, f"{name}_day": 21}


def test_the_administrator_narrows_the_log_by_event_person_and_day(client, administrator, three_days):
    client.force_login(administrator)
    everything = client.get(reverse("security_log")).content.decode()
    assert "QY00" in everything and DaySeal.unscoped.first().digest in everything
    day = {**day_asked("since"), **day_asked("until")}
    for query, count in (({"event": "denied"}, 3), ({"who": "enterprise-a"}, 12), ({"about": "QY13"}, 1), (day, 4)):
        page = client.get(reverse("security_log"), query).context["page"]
        assert int(page.count) == count, query
    assert "没有符合条件的记录" in client.get(reverse("security_log"), {"who": "nobody"}).content.decode()


def test_the_page_asks_as_much_for_one_entry_as_for_many(client, administrator, user_a, django_assert_num_queries):
    client.force_login(administrator)
    note(SecurityEvent.LOGIN, by=user_a)

    def asked() -> int:
        with connection.execute_wrapper(count):
            count.n = 0
            client.get(reverse("security_log"))
        return count.n

    def count(execute, *arguments):
        count.n += 1
        return execute(*arguments)

    asked()
    one = asked()
    for _ in range(3):
        note(SecurityEvent.LOGIN, by=user_a)
    assert asked() == one


def test_nobody_but_the_administrator_reads_the_log(three_days, municipal, county_one, user_a):
    for user in (municipal, county_one, user_a):
        assert not SecurityEntry.unscoped.visible_to(user).exists() and not DaySeal.unscoped.visible_to(user).exists()
