"""Background work with real workers, killed in the middle; and the clock. Each process is in the application's role."""

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from appointments.models import Appointment
from appointments.states import State
from cqo_portal import clock, postgres
from registry import jobs, locks
from registry.history import events_of, history
from registry.models import Enterprise, Job, Message
from registry.notices import tell_city
from registry.refusals import Refused
from tests import tasks
from tests.cast import AT
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = ("db_worker", "--interval", "0.1", "--no-startup-delay", "--no-reload")
ONCE = (*WORKER, "--batch")
HOUR = timedelta(hours=1)


@pytest.fixture
def run(transactional_db, monkeypatch, tmp_path):
    """Start ``manage.py`` with a command, on the test's database in the application's role; none outlives the test."""
    monkeypatch.setenv("CQO_APP_ROLE", postgres.APP)
    call_command("grant_app_role")
    address, _, options = os.environ["DATABASE_URL"].partition("?")
    address = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"{address}?{options}" if options else address,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CQO_TEST_ROLE": postgres.APP,
        "CQO_TEST_FILES": str(settings.FILES_DIR),
        "PYTHONUNBUFFERED": "1",
    }
    started = []

    def begin(*arguments) -> subprocess.Popen:
        said = tmp_path / f"{len(started)}.log"
        with said.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, Path(settings.BASE_DIR) / "manage.py", *arguments],
                env=environment,
                stdout=out,
                stderr=out,
                cwd=settings.BASE_DIR,
            )
        process.said = said
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def done(process: subprocess.Popen) -> str:
    """What a process said that ended well."""
    assert process.wait(60) == 0, process.said.read_text()
    return process.said.read_text()


def killed(process: subprocess.Popen) -> None:
    """kill -9."""
    process.kill()
    process.wait()


def until(holds, limit: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def begun(by, task=tasks.send, total=None, **kwargs) -> Job:
    """A job of the municipal bureau's."""
    return jobs.start("demo", "后台工作", total=total, subject="", url="/inbox/", by=by, at=AT, task=task, **kwargs)


def now(job: Job) -> Job:
    """The job as it is in the database."""
    return Job.unscoped.get(pk=job.pk)


def task_of(job: Job) -> DBTaskResult:
    return DBTaskResult.objects.get(pk=job.task_id)


def lost(job: Job) -> Job:
    """The job as a worker leaves it that was killed an hour ago, before its first step."""
    DBTaskResult.objects.filter(pk=job.task_id).update(
        status=TaskResultStatus.RUNNING, started_at=timezone.now() - HOUR, worker_ids=["gone"]
    )
    return job


def reaped() -> int:
    """How many tasks go back, as soon as the grace is over."""
    return jobs.reap(at=timezone.now() + jobs.GRACE)


def subjects() -> list[str]:
    return sorted(Message.unscoped.values_list("subject", flat=True))


# --- The worker ------------------------------------------------------------------------------------------------------


def test_a_job_goes_on_after_its_worker_was_killed_twice_with_no_step_missing_and_none_done_twice(run, municipal):
    job = begun(municipal, count=40, seconds=0.05)
    for goal in (5, 15):
        worker = run(*WORKER)
        until(lambda goal=goal: now(job).done >= goal)
        killed(worker)
        assert goal <= now(job).done < 40
        assert task_of(job).status == TaskResultStatus.RUNNING
        assert jobs.reap(at=timezone.now()) == 0  # within the grace nobody asks
        until(lambda: reaped() == 1)
    done(run(*ONCE))
    assert subjects() == sorted(tasks.sent(step) for step in range(1, 41))
    job = now(job)
    assert (job.done, job.total, job.left_out, job.fault) == (40, 40, [], "")
    assert job.is_over and task_of(job).status == TaskResultStatus.SUCCESSFUL
    assert len(task_of(job).worker_ids) == 3


def test_a_slow_worker_that_lives_is_not_robbed_and_a_second_one_leaves_at_once(run, municipal):
    job = begun(municipal, tasks.wait)
    run(*WORKER)
    until(lambda: now(job).started_at)
    assert jobs.reap(at=timezone.now() + HOUR) == 0
    DBTaskResult.objects.filter(pk=job.task_id).update(status=TaskResultStatus.READY)  # as no reaper would
    done(run(*ONCE))
    assert not now(job).is_over
    tell_city("走", "", url="/", at=AT)
    until(lambda: now(job).is_over)
    assert subjects() == ["第1步", "走"] and now(job).done == 1


def test_a_job_whose_task_ended_before_it_was_finished_is_taken_up(run, municipal):
    """So it is when a second worker left at once, and then the first was killed; or when the database went away."""
    job = begun(municipal, count=2)
    DBTaskResult.objects.filter(pk=job.task_id).update(
        status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now() - HOUR
    )
    assert reaped() == 1
    done(run(*ONCE))
    assert now(job).is_over and now(job).done == 2
    assert reaped() == 0


def test_a_job_survives_the_loss_of_its_workers_connection(run, municipal):
    job = begun(municipal, count=20, seconds=0.1)
    run(*WORKER)
    until(lambda: now(job).done >= 3)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted"
            " AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
        )
        assert cursor.rowcount >= 1
    run(*WORKER)  # the first may go on or not; whoever it is, the clock gives the task back as often as needed
    until(lambda: reaped() >= 0 and now(job).is_over)
    assert (now(job).done, now(job).fault) == (20, "") and len(subjects()) == 20


def test_a_task_without_a_job_is_given_back_when_its_worker_was_killed_and_not_before(run, municipal):
    result = tasks.wait_alone.enqueue()
    worker = run(*WORKER)
    until(lambda: not free(f"task {result.id}"))
    assert jobs.reap(at=timezone.now() + HOUR) == 0
    killed(worker)
    until(lambda: reaped() == 1)
    tell_city("走", "", url="/", at=AT)
    done(run(*ONCE))
    assert subjects() == ["第1步", "走"]
    assert DBTaskResult.objects.get(pk=result.id).status == TaskResultStatus.SUCCESSFUL


def free(name: str) -> bool:
    with transaction.atomic():
        return locks.free_until_commit(name)


def test_reapers_at_once_give_a_task_back_once(municipal):
    job = lost(begun(municipal, count=1))
    assert sum(at_once(*[reaped] * 4)) == 1
    assert task_of(job).status == TaskResultStatus.READY
    assert now(job).attempts == 1


def test_a_job_that_only_loses_workers_is_given_up_with_a_sentence(municipal):
    job = begun(municipal, count=1)
    assert [jobs.reap(at=timezone.now()) for _ in range(jobs.ATTEMPTS) if lost(job)] == [1, 1, 1, 1, 0]
    assert now(job).fault == jobs.GIVEN_UP and now(job).is_over
    assert task_of(job).status == TaskResultStatus.FAILED
    assert reaped() == 0
    alone = tasks.wait_alone.enqueue()
    DBTaskResult.objects.filter(pk=alone.id).update(
        status=TaskResultStatus.RUNNING, started_at=AT, worker_ids=["gone"] * jobs.ATTEMPTS
    )
    assert reaped() == 0 and DBTaskResult.objects.get(pk=alone.id).status == TaskResultStatus.FAILED


def test_what_is_rolled_back_enqueues_nothing(municipal):
    with pytest.raises(Refused), transaction.atomic():
        begun(municipal, count=1)
        raise Refused("撤销。")
    assert not Job.unscoped.exists() and not DBTaskResult.objects.exists()


def test_a_refused_step_is_told_and_the_rest_goes_on(run, municipal):
    job = begun(municipal, count=4, refuse=[2])
    done(run(*ONCE))
    job = now(job)
    assert job.left_out == [["第2步", tasks.REFUSAL]]
    assert subjects() == ["第1步", "第3步", "第4步"]
    assert (job.done, job.total, job.handled, job.fault) == (3, 4, 4, "")

    jobs.again(job, by=municipal, at=AT)
    assert not now(job).is_over and now(job).left_out == []
    done(run(*ONCE))
    assert now(job).left_out == [["第2步", tasks.REFUSAL]]
    assert (now(job).done, now(job).total) == (3, 4)


def test_a_step_that_breaks_stops_the_job_with_a_sentence_until_somebody_takes_it_up(
    run, municipal, county_one, administrator
):
    job = begun(municipal, count=4, fail=3)
    assert "ZeroDivisionError" in done(run(*ONCE))
    assert now(job).fault == jobs.STOPPED and now(job).done == 2
    assert subjects() == ["第1步", "第2步"]
    assert task_of(job).status == TaskResultStatus.FAILED
    assert reaped() == 0

    with pytest.raises(Refused, match="没有办理这一事项的权限"):
        jobs.again(job, by=county_one, at=AT)
    jobs.again(job, by=administrator, at=AT)
    with pytest.raises(Refused, match="正在办理"):
        jobs.again(job, by=municipal, at=AT)
    DBTaskResult.objects.filter(pk=job.task_id).update(
        args_kwargs={"args": [], "kwargs": {"job": job.reference, "count": 4}}
    )
    done(run(*ONCE))
    assert now(job).done == 4 and not now(job).fault
    assert set(Message.unscoped.values_list("body", flat=True)) == {"市局"}  # in the name of who started it


def test_what_the_queue_has_forgotten_is_not_taken_up(municipal):
    job = begun(municipal, count=1)
    Job.unscoped.filter(pk=job.pk).update(finished_at=AT, fault=jobs.STOPPED)
    DBTaskResult.objects.all().delete()
    with pytest.raises(Refused, match="请重新发起"):
        jobs.again(job, by=municipal, at=AT)
    assert now(job).fault == jobs.STOPPED


def test_the_history_of_what_a_job_changed_names_who_started_it(run, municipal, company_a):
    begun(municipal, tasks.move)
    done(run(*ONCE))
    latest = history(events_of(Enterprise, pgh_obj_id=company_a.pk))[0]
    assert "新址" in "".join(latest.lines) and latest.who.startswith("市局")


# --- The page --------------------------------------------------------------------------------------------------------


def test_a_job_is_seen_by_who_started_it_and_by_the_city(user_a, user_b, county_one, municipal, administrator):
    job = begun(user_a, count=1)
    seen_by = [
        user
        for user in (user_a, user_b, county_one, municipal, administrator, AnonymousUser())
        if job in Job.unscoped.visible_to(user)
    ]
    assert seen_by == [user_a, municipal, administrator]


def test_the_page_shows_how_far_it_is_asks_again_while_it_runs_and_is_404_to_others(client, run, user_a, user_b):
    job = begun(user_a, count=4, refuse=[2], total=4)
    address = reverse("job_detail", args=[job.reference])
    client.force_login(user_a)
    waiting = client.get(address).content.decode()
    assert "等待办理" in waiting and 'hx-trigger="every 2s"' in waiting and ">刷新</a>" in waiting

    Job.unscoped.filter(pk=job.pk).update(started_at=AT, heartbeat_at=AT, done=1)
    assert 'max="4" value="1"' in client.get(address).content.decode()
    Job.unscoped.filter(pk=job.pk).update(started_at=None, heartbeat_at=None, done=0)

    done(run(*ONCE))
    over = client.get(address).content.decode()
    assert "已办完，有未办的" in over and 'max="4" value="4"' in over and tasks.REFUSAL in over
    assert 'href="/inbox/"' in over and "hx-trigger" not in over and ">刷新</a>" not in over
    client.force_login(user_b)
    assert client.get(address).status_code == 404 == client.post(f"{address}again/").status_code


def test_the_queue_itself_with_its_tracebacks_is_on_no_page(client, user_a, county_one, municipal, administrator):
    begun(user_a, count=1)
    for user in (user_a, county_one, municipal, administrator):
        client.force_login(user)
        answer = client.get("/admin/django_tasks_database/dbtaskresult/")
        assert answer.status_code == (302 if user == user_a else 404)


def test_the_button_takes_a_stopped_job_up_again_once(client, user_a):
    job = begun(user_a, count=1)
    Job.unscoped.filter(pk=job.pk).update(finished_at=AT, fault=jobs.STOPPED)
    client.force_login(user_a)
    address = reverse("job_detail", args=[job.reference])
    page = client.get(address).content.decode()
    assert jobs.STOPPED in page and "继续办理" in page
    token = page.partition('name="token" value="')[2][:36]
    for said in ("已重新排入后台办理。", "这份表单已经办理过"):
        response = client.post(reverse("job_again", args=[job.reference]), {"token": token}, follow=True)
        assert said in response.content.decode()
    assert not now(job).is_over
    told = client.post(reverse("job_again", args=[job.reference]), {"token": "a" * 32}, follow=True).content.decode()
    assert "没有需要继续的" in told


# --- The clock -------------------------------------------------------------------------------------------------------


@pytest.fixture
def its_own_session(transactional_db):
    """The clock's lock goes with the session."""
    yield
    connection.close()


def test_the_clock_does_each_duty_in_its_time_and_goes_on_when_one_fails(its_own_session, caplog):
    calls = []

    def note(name):
        return lambda *, at: calls.append((name, at))

    def fail(*, at):
        calls.append(("fails", at))
        raise RuntimeError("broken")

    duties = [
        clock.Duty("fails", timedelta(minutes=1), fail),
        clock.Duty("often", timedelta(minutes=1), note("often")),
        clock.Duty("daily", timedelta(days=1), note("daily")),
    ]
    ticking = clock.Clock(duties)
    minute = [AT + timedelta(minutes=n) for n in range(2)]
    for at in (AT, AT + timedelta(seconds=59), minute[1]):
        assert ticking.round(at=at)
    both = [(name, at) for at in minute for name in ("fails", "often")]
    assert sorted(calls) == sorted([*both, ("daily", AT)])
    assert [record.message for record in caplog.records if record.exc_info] == ["Duty failed: fails"] * 2


def test_the_clock_outlives_the_session_a_duty_lost(its_own_session):
    def lose(*, at):
        connection.close()

    done_at = []
    duties = [
        clock.Duty("loses", timedelta(0), lose),
        clock.Duty("works", timedelta(0), lambda *, at: done_at.append(at)),
    ]
    ticking = clock.Clock(duties)
    assert ticking.round(at=AT) and ticking.round(at=AT + HOUR)
    assert done_at == [AT, AT + HOUR]


def test_a_clock_that_was_set_back_does_what_is_due_at_once(its_own_session):
    done_at = []
    ticking = clock.Clock([clock.Duty("daily", timedelta(days=1), lambda *, at: done_at.append(at))])
    back = AT - timedelta(days=30)
    for at in (AT, back, back + HOUR):
        assert ticking.round(at=at)
    assert done_at == [AT, back]


def test_every_duty_of_the_portal_may_be_done_again_at_any_time(its_own_session, municipal):
    old = tasks.wait_alone.enqueue()
    kept = tasks.wait_alone.enqueue()
    for task, days in ((old, clock.KEPT_DAYS + 1), (kept, clock.KEPT_DAYS - 1)):
        DBTaskResult.objects.filter(pk=task.id).update(
            status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now() - timedelta(days=days)
        )
    for _ in range(2):
        for duty in clock.DUTIES:
            duty.work(at=timezone.now())
    assert [str(row.pk) for row in DBTaskResult.objects.all()] == [kept.id]


def test_of_two_clocks_one_works_and_the_other_takes_over_when_it_is_gone(
    run, make, municipal, company_a, person_a, company_b, person_b
):
    """Expiry runs by it (Art. 11), and so does the taking back of tasks."""

    def expiring(company, person):
        return make.filed(person, company, at=AT.replace(year=2020), first_day=date(2020, 12, 1))

    row, job = expiring(company_a, person_a), lost(begun(municipal, count=1))
    first = run("clock")
    until(lambda: Appointment.unscoped.get(pk=row.pk).state == State.ENDED)
    until(lambda: task_of(job).status == TaskResultStatus.READY)

    later = expiring(company_b, person_b)
    second = run("clock")
    until(lambda: "another one works" in second.said.read_text())
    assert "另一个时钟正在工作" in done(run("clock", "--once"))
    assert Appointment.unscoped.get(pk=later.pk).state == State.FILED
    killed(first)
    until(lambda: Appointment.unscoped.get(pk=later.pk).state == State.ENDED)
    second.terminate()
    assert "Traceback" not in done(second)


def test_cron_can_do_a_round(run, make, company_a, person_a):
    row = make.filed(person_a, company_a, at=AT.replace(year=2020), first_day=date(2020, 12, 1))
    done(run("clock", "--once"))
    assert Appointment.unscoped.get(pk=row.pk).state == State.ENDED
