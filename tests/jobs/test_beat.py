"""Beat's scheduler in this process: due slots become runs, whatever happens to database and broker."""

from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from celery import current_app
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask, SolarSchedule
from freezegun import freeze_time
from rows_and_messages import dead_broker, empty_broker, frozen_after, last_ran, messages_in, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import leases, messages, scheduling, slots
from riotwatch_jobs.beat import SlotScheduler
from riotwatch_jobs.models import Execution, ExecutionState, JobConfiguration, WorkerLease
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FREEZER_IGNORES = ["celery", "kombu", "redis", "psycopg2"]


@pytest.fixture(autouse=True)
def _toy():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})):
        yield
    empty_broker()


def a_beat():
    return SlotScheduler(app=current_app)


def tick_at(beat, at):
    beat.clock = lambda: at
    return beat.tick()


def slots_opened():
    return list(Execution.objects.order_by("slot").values_list("slot", flat=True))


def end_all_runs():
    Execution.objects.update(state=ExecutionState.COMPLETED)


# --- What is due -----------------------------------------------------------------------------------------------------


def test_only_due_slots_become_runs_and_their_messages_name_the_run():
    last_ran(schedule_row("every 1h"), NOON)
    last_ran(schedule_row("every 1d", name="daily"), NOON)
    beat = a_beat()
    tick_at(beat, NOON + HOUR - SECOND)
    assert slots_opened() == []
    tick_at(beat, NOON + HOUR + 7 * SECOND)
    run = Execution.objects.get()
    assert (run.slot, run.state, run.scope) == (NOON + HOUR, "PENDING", "default")
    assert messages_in(messages.CONTROL_QUEUE) == [(["toy", run.pk], {})]
    tick_at(beat, NOON + HOUR + 8 * SECOND)
    assert slots_opened() == [NOON + HOUR]


def test_intervals_do_not_drift_however_late_beat_looks():
    row = last_ran(schedule_row("every 10s"), NOON)
    beat = a_beat()
    for late_by_s in (10.9, 20.5, 31.4, 40.1):
        tick_at(beat, NOON + timedelta(seconds=late_by_s))
        end_all_runs()
    assert slots_opened() == [NOON + number * 10 * SECOND for number in (1, 2, 3, 4)]
    row.refresh_from_db()
    assert (row.last_run_at, row.total_run_count) == (NOON + 40 * SECOND, 4)


def test_an_interval_of_one_second_runs_every_second():
    last_ran(schedule_row("every 1s"), NOON)
    beat = a_beat()
    for number in range(1, 6):
        tick_at(beat, NOON + number * SECOND + timedelta(milliseconds=3))
        end_all_runs()
    assert slots_opened() == [NOON + number * SECOND for number in range(1, 6)]


@pytest.mark.parametrize("fraction_s", [0.0, 0.25, 0.5])
def test_beat_looks_again_at_the_next_full_second(fraction_s):
    pause_s = tick_at(a_beat(), NOON + timedelta(seconds=fraction_s))
    assert 0.5 - fraction_s < pause_s < 1 - fraction_s


@pytest.mark.parametrize("wrong_by", [-400 * DAY, -HOUR, HOUR, 400 * DAY])
def test_a_hosts_wrong_clock_makes_no_slot_early_and_none_late(wrong_by):
    now = leases.database_now()
    due = last_ran(schedule_row("every 1h", name="due"), now - 61 * MINUTE)
    last_ran(schedule_row("every 1d", name="not due"), now)
    with freeze_time(now + wrong_by, ignore=FREEZER_IGNORES):
        a_beat().tick()
    assert Execution.objects.get().scope == f"schedule:{due.pk}"


@pytest.mark.parametrize("wrong_by", [-400 * DAY, 400 * DAY])
def test_a_new_schedule_waits_for_its_first_slot_whatever_the_clock_of_who_made_it_said(wrong_by):
    now = leases.database_now()
    with freeze_time(now + wrong_by, ignore=FREEZER_IGNORES):
        schedule_row("every 1d")
    beat, first = a_beat(), slots.following(slots.Every(86_400), leases.database_now())
    tick_at(beat, first - SECOND)
    assert slots_opened() == []
    tick_at(beat, first)
    assert slots_opened() == [first]


def test_two_beats_open_each_slot_once():
    last_ran(schedule_row("every 1h"), NOON)
    beats = [a_beat(), a_beat()]
    for number in (1, 2, 3):
        for beat in beats:
            tick_at(beat, NOON + number * HOUR)
        end_all_runs()
    assert slots_opened() == [NOON + number * HOUR for number in (1, 2, 3)]
    assert len(messages_in(messages.CONTROL_QUEUE)) == 3


def test_a_beat_that_starts_again_does_not_repeat_what_ran():
    last_ran(schedule_row("every 1h"), NOON)
    tick_at(a_beat(), NOON + HOUR)
    end_all_runs()
    tick_at(a_beat(), NOON + HOUR + MINUTE)
    assert slots_opened() == [NOON + HOUR]


def test_a_start_time_lets_no_earlier_slot_run_and_an_end_no_later_one():
    row = last_ran(schedule_row("every 1h"), NOON)
    PeriodicTask.objects.filter(pk=row.pk).update(start_time=NOON + 90 * MINUTE, expires=NOON + 3 * HOUR)
    beat = a_beat()
    for minutes in (60, 91, 120, 180, 240):
        tick_at(beat, NOON + minutes * MINUTE)
        end_all_runs()
    assert slots_opened() == [NOON + 2 * HOUR]


def test_a_one_off_schedule_runs_once_and_is_off_then():
    row = last_ran(schedule_row("every 1h", one_off=True), NOON)
    beat = a_beat()
    for number in (1, 2, 3):
        tick_at(beat, NOON + number * HOUR)
        end_all_runs()
    assert slots_opened() == [NOON + HOUR]
    row.refresh_from_db()
    assert row.enabled is False


# --- Changes ---------------------------------------------------------------------------------------------------------


def test_a_schedule_that_is_switched_off_stops_at_the_next_look():
    row = last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    tick_at(beat, NOON + MINUTE)
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    tick_at(beat, NOON + HOUR)
    assert slots_opened() == []


def test_a_change_right_after_beat_started_is_seen_at_its_first_look():
    row = last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    tick_at(beat, NOON + HOUR)
    assert slots_opened() == []


def test_the_first_schedule_ever_is_seen_by_a_beat_that_started_before_it():
    beat = a_beat()
    tick_at(beat, NOON)
    last_ran(schedule_row("every 1h"), NOON)
    tick_at(beat, NOON + HOUR)
    assert slots_opened() == [NOON + HOUR]


def test_new_times_count_from_the_next_look_on():
    row = last_ran(schedule_row("every 1d"), NOON)
    beat = a_beat()
    tick_at(beat, NOON)
    IntervalSchedule.objects.filter(pk=row.interval_id).update(every=60)
    last_ran(row, NOON)
    PeriodicTask.objects.filter(pk=row.pk).update(kwargs='{"job_id": "toy"} ')
    tick_at(beat, NOON + MINUTE)
    assert slots_opened() == [NOON + MINUTE]


@pytest.mark.parametrize("days_off", [0, 30])
def test_a_schedule_that_is_switched_on_does_not_run_for_the_past(days_off):
    row = last_ran(schedule_row("every 1d", enabled=False), NOON - days_off * DAY)
    beat = a_beat()
    scheduling.set_enabled(row, enabled=True)
    beat.tick()
    assert slots_opened() == []


def test_a_job_that_is_switched_off_has_no_slots_and_on_again_none_for_the_past():
    configuration = JobConfiguration.objects.create(job_id="toy", enabled=True)
    last_ran(schedule_row("every 1d"), NOON - 400 * DAY)
    last_ran(schedule_row("every 7d", name="weekly"), NOON - 400 * DAY)
    beat = a_beat()
    JobConfiguration.objects.filter(pk="toy").update(enabled=False)
    beat.tick()
    assert slots_opened() == []
    configuration.enabled = True
    configuration.save()
    beat.tick()
    assert slots_opened() == []


def test_while_the_scheduler_is_off_slots_are_counted_and_none_is_sent(settings):
    settings.JOB_SCHEDULER_ENABLED = False
    last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    for number in (1, 2, 3):
        tick_at(beat, NOON + number * HOUR)
    assert list(Execution.objects.values_list("state", "slots_skipped")) == [("SKIPPED", 3)]
    settings.JOB_SCHEDULER_ENABLED = True
    tick_at(beat, NOON + 3 * HOUR + MINUTE)
    assert messages_in(messages.CONTROL_QUEUE) == []


# --- Trouble ---------------------------------------------------------------------------------------------------------


def unusable_rows():
    """Rows that a person or plain SQL may leave behind."""
    schedule_row(name="no such job", job_id="gone")
    bad_minutes = schedule_row("1 * * * *", name="bad minutes")
    bad_minutes.crontab.minute = "1--100000000"
    bad_minutes.crontab.save()
    broken = schedule_row(name="broken arguments")
    PeriodicTask.objects.filter(pk=broken.pk).update(kwargs="{oops")
    endless = schedule_row("every 5m", name="endless interval")
    IntervalSchedule.objects.filter(pk=endless.interval_id).update(every=10**9, period="days")
    solar = schedule_row(name="solar")
    sun = SolarSchedule.objects.create(event="sunrise", latitude=0, longitude=0)
    PeriodicTask.objects.filter(pk=solar.pk).update(interval=None, solar=sun)


def test_unusable_rows_do_not_keep_the_others_from_running(logged):
    unusable_rows()
    last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    tick_at(beat, NOON + HOUR)
    assert slots_opened() == [NOON + HOUR]
    named = logged("schedule_unusable")
    for name in ("no such job", "bad minutes", "broken arguments", "endless interval", "solar"):
        assert any(f"name={name} " in line for line in named), name


def test_settings_that_a_job_refuses_do_not_keep_the_others_from_running():
    JobConfiguration.objects.create(job_id="toy", config={"apples": "many"})
    last_ran(schedule_row("every 1h"), NOON)
    with registered_temporarily(toy_job({}, job_id="zebra")):
        last_ran(schedule_row("every 1h", job_id="zebra"), NOON)
        tick_at(a_beat(), NOON + HOUR)
    assert dict(Execution.objects.values_list("job_id", "state")) == {"toy": "SKIPPED", "zebra": "PENDING"}


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def kill_backend(pid):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        other.close()


def test_beat_survives_the_death_of_its_database_connection():
    last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    tick_at(beat, NOON + MINUTE)
    kill_backend(backend())
    tick_at(beat, NOON + HOUR)
    tick_at(beat, NOON + HOUR + SECOND)
    assert slots_opened() == [NOON + HOUR]


def test_a_change_during_an_outage_is_seen_after_it():
    row = last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    for _ in range(3):
        with connection.execute_wrapper(refuse_reading_rows):
            assert tick_at(beat, NOON + HOUR) > 0
    tick_at(beat, NOON + HOUR)
    assert slots_opened() == []


def refuse_reading_rows(execute, sql, params, many, context):
    if 'FROM "job_configurations"' in sql:
        raise OperationalError("the database is gone")
    return execute(sql, params, many, context)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_a_beat_that_starts_without_a_database_opens_what_is_due_once_it_is_back(kind):
    def refuse_everything(execute, sql, params, many, context):
        raise kind("the database is gone")

    last_ran(schedule_row("every 1h"), NOON)
    with connection.execute_wrapper(refuse_everything):
        beat = a_beat()
        tick_at(beat, NOON + HOUR)
    assert slots_opened() == []
    tick_at(beat, NOON + HOUR + SECOND)
    assert slots_opened() == [NOON + HOUR]


def test_a_slot_whose_message_cannot_be_sent_waits_in_its_row():
    last_ran(schedule_row("every 1h"), NOON)
    beat = a_beat()
    with dead_broker():
        tick_at(beat, NOON + HOUR)
    run = Execution.objects.get()
    assert (run.state, run.slot) == ("PENDING", NOON + HOUR)
    assert messages_in(messages.CONTROL_QUEUE) == []


def test_a_beat_that_is_frozen_before_it_commits_a_slot_does_not_keep_others_from_it():
    last_ran(schedule_row("every 1h"), NOON)
    with frozen_after('INSERT INTO "job_executions"', lambda: tick_at(a_beat(), NOON + HOUR)):
        tick_at(a_beat(), NOON + HOUR)
        assert slots_opened() == [NOON + HOUR]
        assert len(messages_in(messages.CONTROL_QUEUE)) == 1
    assert slots_opened() == [NOON + HOUR]


def test_a_run_whose_beat_died_before_it_sent_it_is_sent_with_the_next_slot_that_comes():
    last_ran(schedule_row("every 1s"), NOON)
    WorkerLease.objects.create(
        host="h", pid=1, node="n", queues=["control"], concurrency=1, started_at=NOON, renewed_at=NOON
    )
    beat = a_beat()
    tick_at(beat, NOON + SECOND)
    empty_broker()
    for second in (2, 3):
        tick_at(beat, NOON + second * SECOND)
    assert messages_in(messages.CONTROL_QUEUE) == [], "a worker may be about to take it"
    tick_at(beat, NOON + 4 * SECOND)
    tick_at(beat, NOON + 5 * SECOND)
    run = Execution.objects.get(state="PENDING")
    assert (run.slot, messages_in(messages.CONTROL_QUEUE)) == (NOON + SECOND, [(["toy", run.pk], {})])
    assert Execution.objects.get(state="SKIPPED").slots_skipped == 4


def test_a_schedule_that_somebody_has_locked_does_not_keep_the_others_from_their_slots():
    locked, other = (last_ran(schedule_row("every 1h", name=name), NOON) for name in ("locked", "other"))
    beat = a_beat()
    with another_session() as session:
        session.execute("BEGIN; SELECT 1 FROM django_celery_beat_periodictask WHERE id = %s FOR UPDATE", [locked.pk])
        tick_at(beat, NOON + HOUR)
        assert Execution.objects.count() == 2
        assert seen(other) == NOON + HOUR
        assert seen(locked) == NOON
        session.execute("ROLLBACK")
    tick_at(beat, NOON + HOUR + SECOND)
    assert seen(locked) == NOON + HOUR
    assert Execution.objects.count() == 2


def test_what_the_database_refuses_of_one_schedule_does_not_keep_the_others_from_their_slots():
    refused, other = (last_ran(schedule_row("every 1h", name=name), NOON) for name in ("a", "b"))
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE django_celery_beat_periodictask ADD CONSTRAINT refusing"
            f" CHECK (id <> {refused.pk} OR total_run_count = 0)"
        )
    try:
        tick_at(a_beat(), NOON + HOUR)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE django_celery_beat_periodictask DROP CONSTRAINT refusing")
    assert (seen(refused), seen(other)) == (NOON, NOON + HOUR)


@contextmanager
def another_session():
    with closing(psycopg2.connect(**connection.get_connection_params())) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            yield cursor


def seen(row):
    return PeriodicTask.objects.get(pk=row.pk).last_run_at
