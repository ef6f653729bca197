"""The command ``remind``: by hand, by several at once, killed in the middle, after days of silence, by a wrong clock.

What is due at which step is told in ``test_actions_supervision`` and ``test_rules_supervision``; here the command sends
it, in processes of their own where that matters.
"""

import io
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from appointments import actions, notices
from appointments.models import Reminder, ReportCycle, ReportDuty
from appointments.rules import OVERDUE, SILENCE
from registry.actions.common import day_of
from registry.models import Delivery, Message
from registry.states import Channel
from tests.supervision_cast import DAY, DUE, NOTICE, PUBLISHED, TAKEN_OFFICE
from tests.test_concurrency import ROUNDS, at_once
from tests.test_jobs import done, killed, run, until  # noqa: F401 (run is a fixture)

SEND = ("remind", "--send", "--skip-checks")
SUBJECT = f"提醒：{NOTICE['title']}"


def remind(day: date, *options: str) -> list[str]:
    """What the command says at ten in the morning of that day."""
    said = io.StringIO()
    with time_machine.travel(datetime(day.year, day.month, day.day, 2, tzinfo=UTC), tick=False):
        call_command("remind", *options, stdout=said)
    return said.getvalue().splitlines()


def send(day: date) -> list[int]:
    """The steps the command sends that day."""
    before = set(Reminder.unscoped.values_list("pk", flat=True))
    said = remind(day, "--send")
    steps = list(Reminder.unscoped.exclude(pk__in=before).values_list("step", flat=True))
    assert said == [f"已发出 {len(steps)} 条提醒。"]
    return steps


def written() -> tuple[int, int, int]:
    """How many reminders, messages and deliveries there are."""
    return tuple(model.unscoped.count() for model in (Reminder, Message, Delivery))


# --- By hand ---------------------------------------------------------------------------------------------------------


def test_by_hand_the_command_lists_what_is_due_and_changes_nothing(supervise, cqo_a):
    supervise.duty(cqo_a)
    before = written()
    for days, step in (
        (-60, "提前 60 天"),
        (-7, "提前 7 天"),
        (0, "当天到期"),
        (1, "已逾期"),
        (8, "逾期多日，告知县局"),
    ):
        line = f"甲公司　{NOTICE['title']}　期限2026年3月31日　{step}"
        assert remind(DUE + days * DAY) == [line, "共 1 条，未发出。加 --send 发出。"]
    assert written() == before


def test_what_is_sent_is_in_the_inbox_once_with_a_mail_and_a_text_and_a_second_run_adds_nothing(
    supervise, cqo_a, company_a
):
    supervise.duty(cqo_a)
    assert send(DUE - 7 * DAY) == [7]
    message = Message.unscoped.get(enterprise=company_a, subject=SUBJECT)
    assert "期限2026年3月31日" in message.body
    assert sorted(message.deliveries.values_list("channel", flat=True)) == [Channel.EMAIL, Channel.SMS]
    before = written()
    assert send(DUE - 7 * DAY) == [] == send(DUE - 6 * DAY)
    assert written() == before


def test_after_seven_days_without_a_run_only_the_latest_step_comes_and_a_clock_set_back_repeats_none(
    supervise, cqo_a, company_a, county_one
):
    supervise.duty(cqo_a)
    assert send(DUE - 3 * DAY) == [7]
    assert send(DUE + 4 * DAY) == [OVERDUE]  # the due day itself fell into the outage
    assert "期限2026年3月31日已过" in Message.unscoped.filter(subject=SUBJECT).first().body
    before = written()
    for day in (DUE - 60 * DAY, DUE - 7 * DAY, DUE, DUE + 4 * DAY):
        assert send(day) == []
    assert written() == before

    assert send(DUE + 11 * DAY) == [SILENCE]
    told = Message.unscoped.get(county=county_one.county, subject="逾期未办：甲公司")
    assert "已过" in told.body and "请联系企业" in told.body
    assert send(DUE + 12 * DAY) == [] == send(DUE)
    assert Message.unscoped.filter(enterprise=company_a, subject=SUBJECT).count() == 3


def test_an_extension_is_a_new_obligation_and_a_notice_taken_back_reminds_nobody(supervise, cqo_a, municipal):
    cycle = supervise.duty(cqo_a).cycle
    assert send(DUE - 7 * DAY) == [7]
    later, at = DUE + 30 * DAY, PUBLISHED + 78 * DAY
    actions.extend_due(cycle, due_on=later, reason="台风", by=municipal, at=at)
    assert send(DUE - 2 * DAY) == [60]  # of the new day; the month before it has not begun
    assert send(DUE) == [30] and send(later - 7 * DAY) == [7]
    assert "期限2026年4月30日" in Message.unscoped.filter(subject=SUBJECT).first().body
    cycle.refresh_from_db()
    actions.withdraw_cycle(cycle, version=cycle.version, reason="发布有误", by=municipal, at=at)
    assert remind(later) == ["共 0 条，未发出。加 --send 发出。"]
    assert send(later) == [] == send(later + 30 * DAY)


# --- By several processes --------------------------------------------------------------------------------------------


class Asked:
    """Two enterprises that are asked for reports, by the machine's own calendar: the processes have no other."""

    def __init__(self, supervise, people):
        self.supervise, self.now = supervise, timezone.now()
        for person, company in people:
            at = self.now - 310 * DAY
            supervise.cqo(person, company, at=at, first_day=day_of(self.now - 300 * DAY))

    def for_reports(self, notices: int) -> None:
        """So many notices more, due in 20 days: today and tomorrow the step of 30 days before is the one that came."""
        known = ReportCycle.unscoped.count()
        today = day_of(self.now)
        for n in range(known + 1, known + notices + 1):
            self.supervise.cycle(
                self.now - 30 * DAY, title=f"第{n}号通知", number=f"清质监通〔2026〕{n}号",
                first_day=today - 400 * DAY, last_day=today - 40 * DAY, due_on=today + 20 * DAY,
            )  # fmt: skip

    def all_reminded(self) -> None:
        """Each due reminder is there exactly once: its row, its message in the inbox, its mail and its text."""
        duties = ReportDuty.unscoped.select_related("appointment__enterprise", "cycle")
        due = {f"report:{duty.pk}:{duty.due_on:%Y%m%d}" for duty in duties}
        rows = Reminder.unscoped.filter(kind="report").values_list("key", "step")
        assert Counter(rows) == Counter((key, 30) for key in due)
        inbox = Message.unscoped.filter(subject__startswith="提醒：第")
        told = {(duty.appointment.enterprise_id, f"提醒：{duty.cycle.title}") for duty in duties}
        assert Counter(inbox.values_list("enterprise", "subject")) == Counter(told)
        outbox = Delivery.unscoped.filter(message__in=inbox)
        assert Counter(outbox.values_list("enterprise", "subject", "channel")) == Counter(
            (*one, channel) for one in told for channel in Channel.values
        )
        assert not list(actions.reminders_due(day_of(self.now)))

    def none_twice(self) -> None:
        """Of what is there already, nothing is doubled and nothing is half."""
        inbox = Message.unscoped.filter(subject__startswith="提醒：第")
        assert max(Counter(inbox.values_list("enterprise", "subject")).values()) == 1
        reminders = Reminder.unscoped.filter(kind="report").count()
        assert inbox.count() == reminders
        assert Delivery.unscoped.filter(message__in=inbox).count() == 2 * reminders


@pytest.fixture
def asked(transactional_db, supervise, person_a, company_a, person_b, company_b) -> Asked:
    return Asked(supervise, [(person_a, company_a), (person_b, company_b)])


@pytest.fixture
def database_that(transactional_db):
    """A table of the test's database made to wait at each new row; as it was when the test is over."""
    made = []

    def wait(table: str, body: str) -> None:
        name = f"test_waits_{table}"
        made.append((table, name))
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ {body} $$;"
                f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
            )

    yield wait
    with connection.cursor() as cursor:
        for table, name in made:
            cursor.execute(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()")
        cursor.execute("DROP SEQUENCE IF EXISTS test_arrived")


# Whoever writes a first reminder waits until so many others are about to, or until it would be told to hurry.
TOGETHER = """
    DECLARE patience timestamptz := clock_timestamp() + interval '8 seconds'; here bigint;
    BEGIN
        IF coalesce(current_setting('test.arrived', true), '') = '' THEN
            PERFORM nextval('test_arrived'), set_config('test.arrived', 'yes', false);
        END IF;
        LOOP
            SELECT last_value INTO here FROM test_arrived;
            EXIT WHEN here >= {several} OR clock_timestamp() > patience;
            PERFORM pg_sleep(0.02);
        END LOOP;
        RETURN NEW;
    END
"""


@pytest.mark.parametrize("several", [4, pytest.param(20, marks=pytest.mark.long)])
def test_of_several_processes_at_once_each_reminder_is_sent_by_one(asked, database_that, run, several):  # noqa: F811
    asked.for_reports(notices=15)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE test_arrived")
    # Half of them: on a busy machine the last one may start when the first has lost its patience.
    database_that("appointments_reminder", TOGETHER.format(several=several // 2))
    processes = [run(*SEND) for _ in range(several)]
    for process in processes:
        process.wait(300)  # twenty on two cores
    sent = [int(done(process).split()[1]) for process in processes]
    assert sum(sent) == Reminder.unscoped.count() >= 30
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM test_arrived")
        assert cursor.fetchone()[0] >= several // 2, "they did not meet"
    asked.all_reminded()


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.long)])
def test_however_often_it_is_killed_in_the_middle_no_reminder_is_lost_and_none_doubled(
    asked,
    database_that,
    run,  # noqa: F811
    kills,
):
    """A slow database: the blow falls between the reminder's row, its message, and what leaves the portal."""
    database_that("registry_delivery", "BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END")
    dice, struck = Random(kills), 0
    asked.for_reports(notices=4)
    while struck < kills:
        asked.for_reports(notices=2)
        before = Reminder.unscoped.count()
        process = run(*SEND)
        until(lambda before=before, process=process: Reminder.unscoped.count() > before or process.poll() is not None)
        time.sleep(dice.random() / 8)
        killed(process)
        struck += process.returncode < 0 and any(actions.reminders_due(day_of(asked.now)))
        asked.none_twice()
    done(run(*SEND))
    asked.all_reminded()
    assert done(run(*SEND)) == "已发出 0 条提醒。\n"


@ROUNDS
@pytest.mark.django_db(transaction=True)
def test_two_clocks_that_find_the_same_late_joiner_lay_one_duty_and_send_one_message(supervise, cqo_a, rounds):
    """甲公司 appointed before each notice; its term began after it, within the notice's period (Art. 12(二)(3))."""
    told = Message.unscoped.filter(enterprise=cqo_a.enterprise, subject=NOTICE["title"])
    days = {"first_day": date(2024, 1, 1), "last_day": date(2025, 1, 31), "due_on": date(2025, 3, 31)}
    for n in range(1, rounds + 1):
        cycle = supervise.cycle(TAKEN_OFFICE + timedelta(hours=1), number=f"清质监通〔2025〕{n}号", **days)
        assert not cycle.duties.exists()
        counts = at_once(*[lambda: actions.include_late_joiners(at=TAKEN_OFFICE + 7 * DAY)] * 2)
        assert sorted(counts) == [0, 1]
        assert cycle.duties.count() == 1 and told.count() == n
        actions.withdraw_cycle(cycle, version=cycle.version, reason="下一轮", by=supervise.city, at=TAKEN_OFFICE)


def test_a_reminder_that_fails_holds_up_no_other_and_goes_out_once_the_fault_is_gone(
    supervise, cqo_a, person_b, company_a, company_b, monkeypatch
):
    supervise.cqo(person_b, company_b)
    supervise.cycle()
    tell = notices.reminded

    def broken(duty, words, *, at):
        if duty.appointment.enterprise_id == company_a.pk:
            raise RuntimeError("no inbox")
        tell(duty, words, at=at)

    at, told = datetime(2026, 3, 24, 2, tzinfo=UTC), Message.unscoped.filter(subject=SUBJECT)
    with monkeypatch.context() as planted:
        planted.setattr(notices, "reminded", broken)
        with pytest.raises(RuntimeError, match="no inbox"):
            actions.send_reminders(at=at)
    assert [row.enterprise for row in told] == [company_b]
    assert actions.send_reminders(at=at) == 1
    assert sorted(row.enterprise_id for row in told.all()) == sorted((company_a.pk, company_b.pk))
