"""F16 to F22: several beats, beats that die, freeze or are away, hosts whose clocks are wrong, switches in a hurry."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from crew import REPETITIONS, wait_for_beats, wait_for_end, wait_for_worker
from django.db import connection, connections, transaction
from django_celery_beat.models import PeriodicTask
from stack import wait_until

from riotwatch_jobs import catching_up, scheduling, slots
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ExecutionState, JobConfiguration, Trigger, WorkerLease

TOY = "toy_steady"
DAY_S = 86_400
BEAT = (sys.executable, "-m", "celery", "-A", "riotwatch", "beat", "--pidfile=", "--loglevel", "INFO")


@pytest.fixture
def schedule(rig):
    """The toy's schedule, off, and no run of it."""
    Execution.objects.filter(job_id=TOY).delete()
    JobConfiguration.objects.filter(pk=TOY).update(enabled=True, catch_up_s=None)
    return due_every(PeriodicTask.objects.get(name=TOY), 1)


def due_every(row, seconds):
    scheduling.set_schedule(row, slots.Every(seconds))
    row.enabled = False
    row.save()
    return row


def start_beats(rig, *names, **extra):
    for name in names:
        rig.stack.start(name, *BEAT, **extra)
    wait_for_beats(rig.stack, *names)


def runs():
    return Execution.objects.filter(job_id=TOY, slot__isnull=False).order_by("slot")


def wait_for_slots(count):
    before = runs().count()
    wait_until(lambda: runs().count() >= before + count, seconds=60, what=f"{count} slots")


def switched_on(row, while_on):
    """The runs of the slots that fell due while the schedule was on."""
    since = database_now()
    scheduling.set_enabled(row, enabled=True)
    while_on()
    scheduling.set_enabled(row, enabled=False)
    time.sleep(1)  # a beat may have been in the middle of its look
    made = list(runs().filter(slot__gt=since - timedelta(seconds=1)))
    wait_for_end(*made, seconds=60)
    return made


def gaps_s(made):
    """Between slots; each second has one, as a run or counted with others that were skipped."""
    counted = sum(max(1, run.slots_skipped) for run in made)
    assert counted == (made[-1].slot - made[0].slot).total_seconds() + 1
    assert all(run.queued_at >= run.slot for run in made if run.state != ExecutionState.SKIPPED)
    return [(later.slot - run.slot).total_seconds() for run, later in itertools.pairwise(made)]


def test_f16_several_beats(crew, schedule, measured):
    start_beats(crew, "first", "second")
    seconds, made = [], []
    for repetition in range(REPETITIONS):
        if repetition == REPETITIONS // 2 and repetition:
            start_beats(crew, "third")
        some = switched_on(schedule, lambda: wait_for_slots(4))
        seconds.append(max(gaps_s(some)))
        made += some
    measured("F16", runs=made, seconds=seconds, note="the longest time between two slots of a job due every second")


@pytest.mark.slow_fault
def test_f17_of_three_beats_one_is_killed_and_one_frozen(crew, schedule, measured):
    start_beats(crew, "first", "second", "third")
    seconds, made = [], []

    def disturb():
        wait_for_slots(2)
        crew.stack.kill("first")
        frozen = crew.stack.processes["second"]
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(8.5)
        frozen.send_signal(signal.SIGCONT)
        wait_for_slots(2)

    for _ in range(REPETITIONS):
        some = switched_on(schedule, disturb)
        seconds.append(max(gaps_s(some)))
        made += some
        start_beats(crew, "first")
    measured("F17", runs=made, seconds=seconds, note="the longest time between two slots of a job due every second")


SLEEPY_INSERTS = """
CREATE FUNCTION fault_sleep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_WHEN = 'BEFORE' AND current_setting('application_name') = 'healthy' THEN PERFORM pg_sleep(0.2); END IF;
    IF TG_WHEN = 'AFTER' AND current_setting('application_name') = 'frozen' THEN PERFORM pg_sleep(0.5); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fault_sleep_before BEFORE INSERT ON job_executions FOR EACH ROW EXECUTE FUNCTION fault_sleep();
CREATE TRIGGER fault_sleep_after AFTER INSERT ON job_executions FOR EACH ROW EXECUTE FUNCTION fault_sleep();
"""


@pytest.fixture
def sleepy_inserts(rig) -> Iterator[None]:
    """The process called `frozen` is first to insert a run, and then takes 0.5 s inside its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(SLEEPY_INSERTS)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION fault_sleep CASCADE")


def known_as(name, rig):
    """An address under which PostgreSQL shows the process by this name."""
    return f"{rig.layout.database_url}&application_name={name}"


def is_inserting():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'frozen' AND wait_event = 'PgSleep'"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.slow_fault
def test_f17_a_beat_is_frozen_in_the_middle_of_recording_a_slot(crew, schedule, sleepy_inserts, measured):
    start_beats(crew, "frozen", DATABASE_URL=known_as("frozen", crew))
    start_beats(crew, "healthy", DATABASE_URL=known_as("healthy", crew))

    def disturb():
        wait_until(is_inserting, seconds=30, what="an INSERT of the beat to freeze")
        frozen = crew.stack.processes["frozen"]
        frozen.send_signal(signal.SIGSTOP)
        time.sleep(10)
        frozen.send_signal(signal.SIGCONT)
        wait_for_slots(2)

    made = switched_on(schedule, disturb)
    recorded = sorted(run.finished_at if run.state == ExecutionState.SKIPPED else run.queued_at for run in made)
    held_up = max((later - at).total_seconds() for at, later in itertools.pairwise(recorded))
    measured("F17", runs=made, seconds=[max(held_up, *gaps_s(made))])


def after_days_without_beat(rig, row, days, *, window_s):
    """The one run that beat makes of a daily schedule's slots, and the latest of those."""
    slot = slots.latest(slots.Every(DAY_S), database_now())
    JobConfiguration.objects.filter(pk=TOY).update(catch_up_s=window_s)
    scheduling.set_enabled(row, enabled=True)
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=slot - timedelta(days=days))
    start_beats(rig, "back")
    wait_until(runs().exists, seconds=20, what="a look at what fell due")
    time.sleep(2)
    return runs().get(), slot


def test_f18_a_slot_without_a_beat_is_made_up_for_within_its_window(crew, schedule, measured):
    run, slot = after_days_without_beat(crew, due_every(schedule, DAY_S), 1, window_s=DAY_S)
    wait_for_end(run, seconds=30)
    assert (run.state, run.trigger, run.slot) == (ExecutionState.COMPLETED, Trigger.CATCH_UP, slot)
    measured("F18", runs=[run])


@pytest.mark.slow_fault
def test_f18_slots_without_a_beat_are_missed_after_their_window(crew, schedule, measured):
    further = due_every(PeriodicTask(name=f"{TOY}: further", task=schedule.task, kwargs=schedule.kwargs), DAY_S)
    try:
        run, slot = after_days_without_beat(crew, further, 5, window_s=0)
    finally:
        further.delete()
    assert (run.state, run.slot, run.slots_skipped) == (ExecutionState.SKIPPED, slot, 5)
    assert run.reason.startswith("missed:")
    measured("F18", runs=[run])


@pytest.mark.slow_fault
def test_f19_a_beat_that_dies_before_its_message_is_sent(crew, schedule, measured):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # publishing waits for an answer: there beat is killed
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        scheduling.set_enabled(schedule, enabled=True)
        crew.stack.start("cut off", *BEAT, REDIS_URL=address)
        wait_until(runs().exists, seconds=30, what="a slot's row")
        crew.stack.kill("cut off")
    began = time.monotonic()
    run = runs().get()
    assert run.state == ExecutionState.PENDING
    scheduling.set_enabled(schedule, enabled=False)
    start_beats(crew, "next")
    wait_for_end(run, seconds=60)
    assert run.state == "COMPLETED"
    measured("F19", runs=[run], seconds=[time.monotonic() - began])


# --- Clocks ----------------------------------------------------------------------------------------------------------


# A daily time of day in its zone, the evening before clocks change there, and its slots of three days as that zone's
# clock shows them: a skipped time stands for the instant it would have been, of two equal ones the first counts.
CLOCK_CHANGES = {
    "30 2 * * * Europe/Berlin, forward": ("2026-03-27", "28T02:30+01:00 29T03:30+02:00 30T02:30+02:00"),
    "30 2 * * * Europe/Berlin, back": ("2026-10-23", "24T02:30+02:00 25T02:30+02:00 26T02:30+01:00"),
    "30 2 * * * America/New_York, forward": ("2026-03-06", "07T02:30-05:00 08T03:30-04:00 09T02:30-04:00"),
    "30 1 * * * America/New_York, back": ("2026-10-30", "31T01:30-04:00 01T01:30-04:00 02T01:30-05:00"),
    "15 2 * * * Australia/Lord_Howe, forward": ("2026-10-02", "03T02:15+10:30 04T02:45+11:00 05T02:15+11:00"),
    "45 1 * * * Australia/Lord_Howe, back": ("2026-04-03", "04T01:45+11:00 05T01:45+11:00 06T01:45+10:30"),
}


@pytest.mark.slow_fault
@pytest.mark.parametrize("change", CLOCK_CHANGES)
def test_f20_clocks_change(rig, schedule, measured, change):
    """What beat does at a look, every 15 minutes of three days, in a transaction that leaves nothing behind."""
    text, (evening, expected) = change.split(",")[0], CLOCK_CHANGES[change]
    zone = ZoneInfo(text.split()[-1])
    began = datetime.fromisoformat(f"{evening}T20:00").replace(tzinfo=zone).astimezone(UTC)
    with transaction.atomic():
        scheduling.set_schedule(schedule, slots.parse(text))
        schedule.enabled = True
        schedule.save()
        PeriodicTask.objects.filter(pk=schedule.pk).update(last_run_at=began)
        schedule.refresh_from_db()
        for looks in range(3 * 24 * 4 - 40):
            catching_up.open_due(schedule, now=began + timedelta(minutes=15 * looks))
            runs().update(state=ExecutionState.COMPLETED)
        fired = [run.slot.astimezone(zone).isoformat(timespec="minutes")[8:] for run in runs()]
        transaction.set_rollback(True)
    assert fired == expected.split()
    measured("F20", note=f"{len(CLOCK_CHANGES)} changes in three zones, one with half an hour")


LIBRARY = Path(find_spec("libfaketime").origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
FAKED = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def clock_off_by(seconds):
    """For a process whose clock is wrong; skips where the library for that cannot be loaded here."""
    extra = {**FAKED, "FAKETIME": f"{seconds:+d}"}
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        check=True,
    )
    if abs(float(told.stdout) - time.time() - seconds) > 60:
        pytest.skip("libfaketime cannot be loaded on this machine")
    return extra


class SetClock:
    """A clock that is set while processes go by it."""

    def __init__(self, file):
        clock_off_by(60)
        self._file = file
        self.set(0)

    def set(self, seconds):
        """So far ahead of the right time."""
        self._file.write_text(f"{seconds:+d}\n")

    def environment(self):
        return {**FAKED, "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1"}


@pytest.mark.slow_fault
def test_f21_hosts_whose_clocks_are_wrong(rig, schedule, measured):
    rig.stack.stop(*rig.stack.processes)
    rig.stack.start("fast housekeeping", sys.executable, "manage.py", "housekeeping", **clock_off_by(600))
    for name, seconds in (("slow", -3_600), ("fast", 3_600)):
        rig.stack.worker(name, **clock_off_by(seconds))
    wait_for_worker("slow", "fast")
    leases = set(WorkerLease.objects.values_list("pk", flat=True))
    seconds, made = [], []
    for off_by in (3_600, -3_600, 600, -600):
        start_beats(rig, f"beat{off_by:+d}", **clock_off_by(off_by))
        some = switched_on(schedule, lambda: wait_for_slots(6))
        gaps_s(some)
        seconds += [(run.queued_at - run.slot).total_seconds() for run in some]
        made += some
        rig.stack.stop(f"beat{off_by:+d}")
    assert leases <= set(WorkerLease.objects.values_list("pk", flat=True))
    measured("F21", runs=made, seconds=[max(seconds)], note="how late a slot was at most")


@pytest.mark.slow_fault
def test_f21_clocks_that_are_set_while_processes_run(rig, schedule, tmp_path, measured):
    clock = SetClock(tmp_path / "clock")
    rig.stack.stop(*rig.stack.processes)
    rig.stack.start("housekeeping", sys.executable, "manage.py", "housekeeping", **clock.environment())
    rig.stack.worker("worker", **clock.environment())
    start_beats(rig, "beat", **clock.environment())
    wait_for_worker("worker")
    leases = set(WorkerLease.objects.values_list("pk", flat=True))

    def set_it_again_and_again():
        for seconds in (3_600, -3_600, 0, 600, -600):
            wait_for_slots(3)
            clock.set(seconds)
        wait_for_slots(3)

    made = switched_on(schedule, set_it_again_and_again)
    gaps = gaps_s(made)
    assert leases <= set(WorkerLease.objects.values_list("pk", flat=True))
    late = [(run.queued_at - run.slot).total_seconds() for run in made]
    measured("F21", runs=made, seconds=[max(late)], note=f"set while they run, at most {max(gaps):g} s between slots")


# --- Switches --------------------------------------------------------------------------------------------------------


def in_plain_sql(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)


def switch(number, row):
    """As one of many: every second one by plain SQL."""
    try:
        if number % 2:
            in_plain_sql(
                "UPDATE django_celery_beat_periodictask SET enabled = %s WHERE id = %s", number % 4 == 1, row.pk
            )
        else:
            scheduling.set_enabled(PeriodicTask.objects.get(pk=row.pk), enabled=number % 4 == 0)
    finally:
        connections.close_all()


def test_f22_many_switch_a_schedule_at_once(crew, schedule, measured):
    start_beats(crew, "beat")
    due_every(schedule, DAY_S)
    PeriodicTask.objects.filter(pk=schedule.pk).update(last_run_at=database_now() - timedelta(days=5))
    with ThreadPoolExecutor(50) as people:
        list(people.map(lambda number: switch(number, schedule), range(50)))
    in_plain_sql("UPDATE django_celery_beat_periodictask SET enabled = true WHERE id = %s", schedule.pk)
    time.sleep(2)
    schedule.refresh_from_db()
    assert schedule.enabled
    assert not runs().exists()
    changed_at = database_now()
    in_plain_sql("UPDATE django_celery_beat_intervalschedule SET every = 1 WHERE id = %s", schedule.interval_id)
    wait_until(runs().exists, seconds=20, what="a run at the new times")
    in_plain_sql("UPDATE django_celery_beat_periodictask SET enabled = false WHERE id = %s", schedule.pk)
    time.sleep(2)
    made = list(runs())
    time.sleep(2)
    assert list(runs()) == made
    wait_for_end(*made, seconds=60)
    measured("F22", runs=made, seconds=[(made[0].queued_at - changed_at).total_seconds()])
