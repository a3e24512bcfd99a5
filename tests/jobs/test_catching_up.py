"""Slots that fell due while no beat ran: made up for once within their window, or recorded as missed."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from rows_and_messages import ANN, empty_broker, last_ran, schedule_row
from toy_jobs import toy_job

from riotwatch_jobs import catching_up, dispatch, leases, rescheduling, scheduling, switching
from riotwatch_jobs.beat import SlotScheduler
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_jobs.outcomes import Done
from riotwatch_jobs.registry import registered_temporarily
from riotwatch_messages.models import Message

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def toy():
    empty_broker()
    with registered_temporarily(toy_job({"a": Done()})) as job:
        yield job
    empty_broker()


def look(at):
    """A beat that was started just now looks once."""
    for row in scheduling.rows_that_start_jobs():
        catching_up.open_due(row, now=at)


def tick_at(at, beat):
    beat.clock = lambda: at
    beat.tick()


def recorded():
    """Trigger or, for skipped ones, the reason's first word; slot; how many slots it stands for."""
    runs = Execution.objects.order_by("slot")
    return [
        (run.reason.split(maxsplit=1)[0] if run.state == "SKIPPED" else run.trigger, run.slot, run.slots_skipped)
        for run in runs
    ]


# --- Beat is back ----------------------------------------------------------------------------------------------------


def test_a_beat_that_was_down_makes_up_for_the_latest_slot_once_and_counts_the_others():
    last_ran(schedule_row("every 15m"), NOON)
    look(NOON + 70 * MINUTE)
    assert recorded() == [("missed:", NOON + 45 * MINUTE, 3), ("catch-up", NOON + HOUR, 0)]
    look(NOON + 71 * MINUTE)
    assert len(recorded()) == 2


def test_people_are_told_of_the_slots_that_were_missed(settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    last_ran(schedule_row("every 15m"), NOON)
    look(NOON + 70 * MINUTE)
    message = Message.objects.get()
    assert (message.event, message.subject) == ("slots_missed", "job:toy")
    assert message.text == (
        f"toy: 3 slots were missed, the latest at {NOON + 45 * MINUTE:%Y-%m-%d %H:%M} UTC, for no beat was running. "
        "manage.py trigger_job toy"
    )


def test_a_slot_that_is_a_few_seconds_late_is_on_time():
    last_ran(schedule_row("every 15m"), NOON)
    look(NOON + 15 * MINUTE + 9 * SECOND)
    assert recorded() == [("schedule", NOON + 15 * MINUTE, 0)]


@pytest.mark.parametrize(
    ("schedule", "late", "is_made_up_for"),
    [
        ("every 1d", 6 * HOUR, True),
        ("every 1d", 6 * HOUR + SECOND, False),
        ("0 12 * * *", 5 * HOUR, True),
        ("0 12 * * *", 7 * HOUR, False),
        ("0 12 * * 0", 7 * HOUR, False),
    ],
)
def test_the_window_is_one_interval_and_six_hours_at_most(schedule, late, is_made_up_for):
    sunday = datetime(2026, 12, 6, tzinfo=UTC)
    slot = sunday if schedule.startswith("every") else sunday + 12 * HOUR
    last_ran(schedule_row(schedule), sunday - HOUR)
    look(slot + late)
    assert recorded() == [("catch-up", slot, 0) if is_made_up_for else ("missed:", slot, 1)]


@pytest.mark.parametrize(
    ("coded_s", "configured_s", "late", "trigger"),
    [
        (300, None, 299 * SECOND, "catch-up"),
        (300, None, 301 * SECOND, "missed:"),
        (300, 60, 61 * SECOND, "missed:"),
        (300, 0, 11 * SECOND, "missed:"),
        (0, 600, 599 * SECOND, "catch-up"),
        (0, None, 10 * SECOND, "schedule"),
    ],
)
def test_the_operators_window_goes_before_the_codes(toy, coded_s, configured_s, late, trigger):
    toy.catch_up_s = coded_s
    JobConfiguration.objects.create(job_id="toy", catch_up_s=configured_s)
    last_ran(schedule_row("every 1h"), NOON)
    look(NOON + HOUR + late)
    assert [found for found, _, _ in recorded()] == [trigger]


def test_a_daily_job_missed_at_night_does_not_fire_early_the_next_day():
    """Celery's own window of hours would fire it at 01:00 and again at 03:00."""
    last_ran(schedule_row("0 3 * * *"), NOON)
    night = datetime(2026, 12, 6, tzinfo=UTC)
    JobConfiguration.objects.create(job_id="toy", catch_up_s=3600)
    look(night + 7 * HOUR)
    for minutes in range(0, 24 * 60, 10):
        look(night + 7 * HOUR + minutes * MINUTE)
    assert recorded() == [("missed:", night + 3 * HOUR, 1), ("schedule", night + DAY + 3 * HOUR, 0)]


def test_two_beats_that_come_back_together_count_each_missed_slot_once():
    last_ran(schedule_row("every 15m"), NOON)
    beats = [SlotScheduler(app=current_app), SlotScheduler(app=current_app)]
    for beat in beats:
        tick_at(NOON + MINUTE, beat)
    for beat in beats:
        tick_at(NOON + 70 * MINUTE, beat)
    assert recorded() == [("missed:", NOON + 45 * MINUTE, 3), ("catch-up", NOON + HOUR, 0)]


def test_a_beat_that_was_frozen_while_another_worked_finds_nothing_missed():
    last_ran(schedule_row("every 15m"), NOON)
    frozen = SlotScheduler(app=current_app)
    tick_at(NOON + MINUTE, frozen)
    for number in (1, 2, 3, 4):
        look(NOON + number * 15 * MINUTE)
        Execution.objects.update(state="COMPLETED")
    tick_at(NOON + 61 * MINUTE, frozen)
    assert [found for found, _, _ in recorded()] == ["schedule"] * 4


def test_slots_before_the_start_time_are_not_missed():
    row = last_ran(schedule_row("every 1h"), NOON)
    PeriodicTask.objects.filter(pk=row.pk).update(start_time=NOON + 3 * HOUR)
    look(NOON + 4 * HOUR + MINUTE)
    assert recorded() == [("missed:", NOON + 3 * HOUR, 1), ("catch-up", NOON + 4 * HOUR, 0)]


def test_a_made_up_slot_obeys_the_overlap_policy(start):
    last_ran(schedule_row("every 1h"), NOON)
    start("toy")
    look(NOON + HOUR + MINUTE)
    run = Execution.objects.get(trigger="catch-up")
    dispatch.start(run.pk, now=leases.database_now())
    run.refresh_from_db()
    assert (run.state, run.reason) == ("SKIPPED", "the previous run was still open")


# --- Not missed ------------------------------------------------------------------------------------------------------


def test_slots_while_the_scheduler_is_off_are_not_missed(settings):
    settings.JOB_SCHEDULER_ENABLED = False
    last_ran(schedule_row("every 1h"), NOON)
    look(NOON + 5 * HOUR)
    look(NOON + 6 * HOUR)
    assert recorded() == [("the", NOON + 6 * HOUR, 6)]


def test_slots_under_a_pause_are_not_missed_even_if_no_beat_saw_them():
    last_ran(schedule_row("every 1h"), NOON)
    switching.pause("toy", reason="why", until=None, by=ANN, now=NOON + 90 * MINUTE)
    switching.resume("toy", by=ANN, now=NOON + 4 * HOUR)
    look(NOON + 6 * HOUR + MINUTE)
    assert recorded() == [
        ("paused", NOON + 3 * HOUR, 2),
        ("missed:", NOON + 5 * HOUR, 3),
        ("catch-up", NOON + 6 * HOUR, 0),
    ]


def test_slots_under_a_pause_that_stands_are_one_record_whoever_was_down():
    last_ran(schedule_row("every 1h"), NOON)
    switching.pause("toy", reason="why", until=None, by=ANN, now=NOON)
    look(NOON + 4 * HOUR + MINUTE)
    look(NOON + 5 * HOUR)
    assert recorded() == [("paused", NOON + 5 * HOUR, 5)]


def test_slots_under_an_emergency_stop_that_no_beat_saw_are_not_missed():
    last_ran(schedule_row("every 1h"), NOON)
    switching.emergency_stop(reason="why", by=ANN, now=NOON)
    switching.emergency_resume(by=ANN, now=NOON + 4 * HOUR + MINUTE)
    look(NOON + 5 * HOUR)
    assert recorded() == [("schedule", NOON + 5 * HOUR, 0)]


# --- Beat is still down ----------------------------------------------------------------------------------------------


def note(at):
    return catching_up.note_missed(at)


def test_housekeeping_counts_what_no_beat_will_open_any_more_and_leaves_the_latest_to_beat():
    last_ran(schedule_row("every 15m"), NOON)
    assert note(NOON + 29 * MINUTE) == 0
    assert note(NOON + 46 * MINUTE) == 2
    assert note(NOON + 46 * MINUTE) == 0
    assert note(NOON + 61 * MINUTE) == 1
    assert recorded() == [("missed:", NOON + 45 * MINUTE, 3)]
    look(NOON + 62 * MINUTE)
    assert recorded()[1:] == [("catch-up", NOON + HOUR, 0)]


def test_housekeeping_counts_the_latest_slot_once_its_window_has_closed():
    last_ran(schedule_row("every 1d"), NOON)
    midnight = datetime(2026, 12, 6, tzinfo=UTC)
    assert note(midnight + 6 * HOUR) == 0
    assert note(midnight + 6 * HOUR + SECOND) == 1
    look(midnight + 7 * HOUR)
    assert recorded() == [("missed:", midnight, 1)]


def test_housekeeping_leaves_a_slot_of_the_last_seconds_to_a_beat_that_is_slow():
    last_ran(schedule_row("every 1s"), NOON)
    assert note(NOON + 10 * SECOND) == 0
    assert note(NOON + 15 * SECOND) == 5


def test_housekeeping_does_not_look_at_what_is_off_or_unusable():
    last_ran(schedule_row("every 1h", enabled=False), NOON)
    last_ran(schedule_row("every 1h", job_id="gone", name="gone"), NOON)
    JobConfiguration.objects.create(job_id="toy", enabled=False)
    last_ran(schedule_row("every 1h", name="of a job that is off"), NOON)
    assert note(NOON + 50 * HOUR) == 0
    assert recorded() == []


# --- Time zones ------------------------------------------------------------------------------------------------------

CHANGES = [
    # time zone, a day on which clocks change, a wall time that is skipped or repeated then
    ("Europe/Berlin", "2026-03-29", "02:30"),
    ("Europe/Berlin", "2026-10-25", "02:30"),
    ("America/New_York", "2026-03-08", "02:30"),
    ("America/New_York", "2026-11-01", "01:30"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15"),  # by half an hour
    ("Australia/Lord_Howe", "2026-04-05", "01:45"),
]


def midnight(day, zone):
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(("zone", "day", "wall"), CHANGES)
def test_a_daily_job_runs_once_a_day_through_a_change_of_clocks_and_never_early(zone, day, wall):
    changes = midnight(day, zone)
    began = (changes - DAY).astimezone(UTC)
    row = last_ran(rescheduling.set_default("toy", f"daily {wall} {zone}", by=ANN), began)
    assert CrontabSchedule.objects.get(pk=row.crontab_id).timezone == ZoneInfo(zone)
    for minutes in range(0, 3 * 24 * 60, 15):
        look(began + minutes * MINUTE)
        Execution.objects.update(state="COMPLETED")
    opened = [run.slot.astimezone(ZoneInfo(zone)) for run in Execution.objects.order_by("slot")]
    assert [slot.date() for slot in opened] == [(changes + number * DAY).date() for number in (-1, 0, 1)]
    assert all(f"{slot:%H:%M}" >= wall for slot in opened)
    assert {f"{slot:%H:%M}" for slot in (opened[0], opened[2])} == {wall}
    assert set(Execution.objects.values_list("trigger", flat=True)) == {"schedule"}


@pytest.mark.parametrize(("zone", "day", "wall"), CHANGES)
def test_a_job_of_every_half_hour_keeps_its_pace_when_clocks_change(zone, day, wall):
    began = midnight(day, zone).astimezone(UTC)
    last_ran(rescheduling.set_default("toy", f"*/30 * * * * {zone}", by=ANN), began)
    for minutes in range(0, 6 * 60, 5):
        look(began + minutes * MINUTE)
        Execution.objects.update(state="COMPLETED")
    opened = list(Execution.objects.order_by("slot").values_list("slot", flat=True))
    assert {later - earlier for earlier, later in itertools.pairwise(opened)} == {30 * MINUTE}
