"""Switching jobs, pausing them, and stopping everything."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import authenticate, get_user_model
from django.db import connection
from django_celery_beat.models import PeriodicTask
from rows_and_messages import empty_broker, last_ran, messages_in, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import (
    catching_up,
    dispatch,
    feeder,
    housekeeping,
    leases,
    registry,
    runner,
    scheduling,
    switching,
)
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.dispatch import Request
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import EmergencyStop, Execution, ExecutionState, ItemState, JobConfiguration, Trigger
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_jobs.switching import Refused
from riotwatch_pages import command_line
from tests.players.concurrency import at_once

pytestmark = pytest.mark.usefixtures("lease")

HOUR = timedelta(hours=1)
ANN = Actor("ann@desk (command line)", None)


@pytest.fixture(autouse=True)
def toy():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done(), "b": Done()})) as job:
        yield job
    empty_broker()


def ask(now, trigger=Trigger.CLI, **wanted):
    return dispatch.request(Request(job_id="toy", trigger=trigger, **wanted), now=now)[0]


def pause(now, *, until=None, reason="maintenance"):
    return switching.pause("toy", reason=reason, until=until, by=ANN, now=now)


def audited():
    return list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message"))


def slot(row, at):
    return scheduling.open_slot(scheduling.plan_of(row), at, now=at)


# --- Pause -----------------------------------------------------------------------------------------------------------


def test_slots_under_a_pause_are_one_skipped_run_with_their_count_who_and_why(now):
    row = schedule_row("every 1h")
    pause(now, until=now + 4 * HOUR)
    for number in range(3):
        assert slot(row, now + number * HOUR) is None
    run = Execution.objects.get()
    assert (run.state, run.slots_skipped) == ("SKIPPED", 3)
    assert run.reason == f"paused by ann@desk (command line) until {now + 4 * HOUR:%Y-%m-%d %H:%M} UTC: maintenance"


def test_a_pause_ends_by_itself(now):
    row = schedule_row("every 1h")
    pause(now, until=now + HOUR)
    assert slot(row, now + HOUR - timedelta(seconds=1)) is None
    assert slot(row, now + HOUR).state == "PENDING"
    assert dispatch.reason_to_hold("toy", now=now + HOUR) == ""


def test_two_pauses_with_runs_between_them_are_two_records(now):
    row = schedule_row("every 1h")
    pause(now)
    slot(row, now)
    slot(row, now + HOUR)
    switching.resume("toy", by=ANN, now=now)
    run = slot(row, now + 2 * HOUR)
    Execution.objects.filter(pk=run.pk).update(state=ExecutionState.COMPLETED)
    pause(now)
    slot(row, now + 3 * HOUR)
    recorded = Execution.objects.order_by("slot").values_list("state", "slots_skipped")
    assert list(recorded) == [("SKIPPED", 2), ("COMPLETED", 0), ("SKIPPED", 1)]


@pytest.mark.parametrize("trigger", [Trigger.CLI, Trigger.ADMIN, Trigger.API, Trigger.AFTER])
def test_a_run_of_a_paused_job_is_skipped_at_once_whoever_asks_and_says_why(now, trigger):
    pause(now)
    run = ask(now, trigger)
    assert (run.state, run.finished_at) == ("SKIPPED", now)
    assert "until it is resumed: maintenance" in run.reason
    assert messages_in(CONTROL_QUEUE) == []


def test_a_run_that_waits_when_its_job_is_paused_is_skipped_when_its_turn_comes(now):
    run = ask(now)
    pause(now)
    assert dispatch.start(run.pk, now=now) is None
    run.refresh_from_db()
    assert run.state == "SKIPPED"
    assert "maintenance" in run.reason


def test_open_runs_go_on_under_a_pause(now, start, work_off):
    run = start("toy")
    pause(now)
    assert work_off(run).state == "COMPLETED"


def test_a_resumed_job_runs_again_and_what_was_skipped_is_not_made_up_for(now):
    row = schedule_row("every 1h")
    pause(now)
    slot(row, now)
    assert switching.resume("toy", by=ANN, now=now) is True
    assert switching.resume("toy", by=ANN, now=now) is False
    assert Execution.objects.filter(state="PENDING").count() == 0
    assert slot(row, now + HOUR).state == "PENDING"


def test_other_jobs_do_not_notice_a_pause(now):
    with registered_temporarily(toy_job({"a": Done()}, job_id="other")):
        pause(now)
        run, _ = dispatch.request(Request(job_id="other", trigger=Trigger.CLI), now=now)
    assert run.state == "PENDING"


@pytest.mark.parametrize(
    "assignment",
    ["paused_at = clock_timestamp()", "paused_until = clock_timestamp() + interval '1 hour'"],
)
def test_a_pause_by_plain_sql_counts_at_once(now, assignment):
    scheduling.sync_schedules()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE job_configurations SET {assignment} WHERE job_id = 'toy'")
    assert ask(leases.database_now()).state == "SKIPPED"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE job_configurations SET paused_at = NULL, paused_until = NULL")
    assert ask(leases.database_now()).state == "PENDING"


@pytest.mark.parametrize(
    ("reason", "ends_in", "says"),
    [
        (" ", HOUR, "say why"),
        ("x" * 501, HOUR, "say why"),
        ("why", timedelta(0), "in the future"),
        ("why", timedelta(days=400), "within a year"),
    ],
)
def test_a_pause_without_a_reason_or_with_an_impossible_end_is_refused(now, reason, ends_in, says):
    with pytest.raises(Refused, match=says):
        pause(now, reason=reason, until=now + ends_in)
    assert audited() == []


def test_a_pause_of_an_unknown_job_is_refused_by_name(now):
    with pytest.raises(registry.UnknownJob, match="no job 'tooy'"):
        switching.pause("tooy", reason="why", until=None, by=ANN, now=now)


def test_pause_and_resume_are_in_the_jobs_history_with_who_did_it(now):
    pause(now)
    switching.resume("toy", by=Actor("bob", get_user_model().objects.create(username="bob").pk), now=now)
    assert audited() == [
        (
            "command-line",
            "Job paused by ann@desk (command line) until it is resumed: maintenance. By ann@desk (command line).",
        ),
        ("bob", "Resumed the job."),
    ]


def test_nobody_can_sign_in_with_the_account_of_the_command_line(now):
    pause(now)
    account = get_user_model().objects.get(username=command_line.ACCOUNT_NAME)
    assert (account.is_active, account.has_usable_password(), account.is_staff) == (False, False, False)
    assert authenticate(username=command_line.ACCOUNT_NAME, password="") is None


# --- Enabled ---------------------------------------------------------------------------------------------------------


def test_a_disabled_job_makes_no_runs_by_schedule_but_by_hand(now):
    schedule_row("every 1h")
    assert switching.set_job_enabled("toy", enabled=False, by=ANN).enabled is False
    assert PeriodicTask.objects.get(name="toy").enabled is True
    assert ask(now).state == "PENDING"


def test_enabling_a_job_switches_its_default_schedule_on_which_counts_from_now(now):
    scheduling.sync_schedules()
    row = last_ran(PeriodicTask.objects.get(name="toy"), now - 500 * HOUR)
    scheduling.set_enabled(row, enabled=False)
    switching.set_job_enabled("toy", enabled=False, by=ANN)
    assert switching.set_job_enabled("toy", enabled=True, by=ANN).enabled is True
    row.refresh_from_db()
    assert row.enabled
    assert row.last_run_at >= now
    assert [text for _, text in audited()] == [
        "Disabled the job. By ann@desk (command line).",
        "Enabled the job. By ann@desk (command line).",
    ]


def test_switching_a_job_nobody_has_configured_makes_its_row(now):
    assert not JobConfiguration.objects.exists()
    switching.set_job_enabled("toy", enabled=False, by=ANN)
    assert JobConfiguration.objects.get().enabled is False


def test_many_who_switch_a_job_and_its_schedule_at_once_neither_hinder_each_other_nor_fire_it(now):
    scheduling.sync_schedules()
    row = last_ran(PeriodicTask.objects.get(name="toy"), now - 500 * HOUR)

    def switch(number):
        if number % 2:
            return lambda: switching.set_job_enabled("toy", enabled=number % 4 == 1, by=ANN)
        return lambda: scheduling.set_enabled(row, enabled=number % 4 == 0)

    assert at_once(*[switch(number) for number in range(24)]) == []
    switching.set_job_enabled("toy", enabled=False, by=ANN)
    switching.set_job_enabled("toy", enabled=True, by=ANN)
    for found in scheduling.rows_that_start_jobs():
        assert catching_up.open_due(found, now=leases.database_now()) is None
    assert not Execution.objects.exists()


# --- Emergency stop --------------------------------------------------------------------------------------------------


def stop_all(now, reason="the key leaked"):
    return switching.emergency_stop(reason=reason, by=ANN, now=now)


def test_an_emergency_stop_lets_no_slot_run_or_item_begin(now, start, lease):
    row = schedule_row("every 1h")
    running = start("toy")
    item = running.items.get(key="a")
    waiting = ask(now)
    stop_all(now)
    assert slot(row, now) is None
    with registered_temporarily(toy_job({"a": Done()}, job_id="other")):
        asked, _ = dispatch.request(Request(job_id="other", trigger=Trigger.CLI), now=now)
    assert asked.state == "SKIPPED"
    assert "emergency stop by ann@desk" in asked.reason
    assert asked.reason.endswith("the key leaked")
    assert runner.run(item.pk, item.delivery) is None
    item.refresh_from_db()
    assert item.state == "QUEUED"
    assert dispatch.start(waiting.pk, now=now) is None
    waiting.refresh_from_db()
    assert waiting.state == "PENDING"


def test_under_an_emergency_stop_housekeeping_feeds_and_sends_nothing(now, start):
    run = start("toy")
    run.items.filter(key="a").update(state=ItemState.WAITING)
    Execution.objects.create(
        job_id="toy", scope="x", trigger="cli", timeout_s=1, deadline_s=1, queued_at=now, sent_at=now - HOUR
    )
    stop_all(now)
    empty_broker()
    later = now + 7 * HOUR  # past every deadline
    done = housekeeping.sweep(later, judge_leases=False)
    assert feeder.feed(now=later) == 0
    assert (done.items_resent, done.runs_resent, done.runs_past_deadline) == (0, 0, 0)
    assert messages_in("players") == messages_in(CONTROL_QUEUE) == []


def test_work_goes_on_after_an_emergency_stop_with_the_time_it_took_given_back(now, start):
    run = start("toy")
    run.items.filter(key="a").update(state=ItemState.WAITING)
    waiting = Execution.objects.create(
        job_id="toy", scope="x", trigger="cli", timeout_s=1, deadline_s=1, queued_at=now, sent_at=now
    )
    stop_all(now)
    empty_broker()
    later = now + timedelta(seconds=20)
    assert switching.emergency_resume(by=ANN, now=later) is True
    assert switching.emergency_resume(by=ANN, now=later) is False
    assert messages_in(CONTROL_QUEUE) == [(["toy", waiting.pk], {})]
    assert len(messages_in("players")) == 1
    before = run.deadline_at
    run.refresh_from_db()
    assert run.deadline_at == before + timedelta(seconds=20)


def test_a_second_emergency_stop_keeps_who_stopped_first_and_why(now):
    first = stop_all(now)
    second = switching.emergency_stop(reason="me too", by=Actor("bob", None), now=now + HOUR)
    assert (second.stopped_by, second.reason, second.stopped_at) == (first.stopped_by, "the key leaked", now)
    assert EmergencyStop.objects.count() == 1
    assert len(audited()) == 1


def test_slots_under_an_emergency_stop_are_one_skipped_run(now):
    row = schedule_row("every 1h")
    stop_all(now)
    for number in range(4):
        slot(row, now + number * HOUR)
    run = Execution.objects.get()
    assert (run.state, run.slots_skipped) == ("SKIPPED", 4)
