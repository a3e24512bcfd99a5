"""Due instants: reading schedules, and which instants they mean."""

import contextlib
import itertools
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from riotwatch_jobs import slots
from riotwatch_jobs.slots import After, BadSchedule, Cron, Every

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 29, tzinfo=BERLIN)  # 02:00 CET becomes 03:00 CEST
AUTUMN = datetime(2026, 10, 25, tzinfo=BERLIN)  # 03:00 CEST becomes 02:00 CET
DAY = timedelta(days=1)
FAST_S = 2.0


def cron(text, zone=UTC):
    return Cron(*text.split(), zone=zone)


def due_within(schedule, start, end):
    """Every slot from `start` up to, not including, `end`."""
    found, at = [], start - timedelta(microseconds=1)
    while (slot := slots.following(schedule, at)) is not None and slot < end:
        found.append(slot)
        at = slot
    return found


def wall(instants, zone=BERLIN):
    return [f"{slot.astimezone(zone):%H:%M %Z}" for slot in instants]


# --- Reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60", 60),
        (" 60 ", 60),
        ("interval:300", 300),
        ("every 15m", 900),
        ("Every 15 M", 900),
        ("every 1s", 1),
        ("2h", 7200),
        ("every 366d", 366 * 86_400),
    ],
)
def test_intervals_are_read_in_every_form(text, seconds):
    assert slots.parse(text) == Every(seconds)


@pytest.mark.parametrize(
    "text", ["*/15 * * * *", "7,37 * * * *", "0 3 1-15/2 * mon-fri", "59 23 31 12 *", "0 0 29 2 *", "5 4 * jan,JUL Sun"]
)
def test_five_cron_fields_are_read_in_utc(text):
    assert slots.parse(text) == Cron(*text.split(), zone=UTC)


@pytest.mark.parametrize(
    ("text", "fields", "zone"),
    [
        ("daily 23:59", "59 23 * * *", UTC),
        ("Daily 3:05 UTC", "5 3 * * *", UTC),
        ("weekly sun 23:59", "59 23 * * 0", UTC),
        ("weekly Saturday 00:00 Europe/Berlin", "0 0 * * 6", BERLIN),
        ("30 2 * * * Asia/Kolkata", "30 2 * * *", ZoneInfo("Asia/Kolkata")),
    ],
)
def test_times_of_day_are_read_with_or_without_a_time_zone(text, fields, zone):
    assert slots.parse(text) == cron(fields, zone)


def test_a_job_to_follow_is_read_only_where_that_is_possible():
    assert slots.parse_any("after Match_Fetcher") == After("match_fetcher")
    assert slots.parse_any("every 5m") == Every(300)
    with pytest.raises(BadSchedule, match="times of its own"):
        slots.parse("after match_fetcher")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("daily 24:00", "'24:00' is no time of day"),
        ("daily 3:60", "'3:60' is no time of day"),
        ("weekly sunny 3:00", "'sunny' is no day of the week"),
        ("daily 3:00 Europe", "no time zone 'Europe'"),
        ("daily 3:00 ../../etc/passwd", "no time zone"),
        ("0 3 * * * UTC now", "too many words"),
        ("daily 3:00 UTC now", "too many words"),
    ],
)
def test_what_is_wrong_with_a_time_of_day_is_named(text, says):
    with pytest.raises(BadSchedule, match=says):
        slots.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "often",
            "every",
            "every 15",
            "0",
            "every 0m",
            "-5",
            "1.5h",
            "every 15 minutes",
            "interval:",
            "367d",
        ),
        *(
            "999999999d",
            "9" * 5000,
            "every 15m!",
            "٣ * * * *",
            "* * * *",
            "* * * * * *",
            "@daily",
            "\x00",
            "* * * * *;",
        ),
        *("60 * * * *", "* 24 * * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "* * 0 * *", "* * * 0 *"),
        *("1--100000000 * * * *", "*/0 * * * *", "1-5/0 * * * *", "1-100000000 * * * *", "*/100000000 * * * *"),
        *("a * * * *", "mon * * * *", "* * * foo *", ", * * * *", "- * * * *", "/ * * * *", "*/ * * * *", "é * * * *"),
        *("1," * 5000 + "1 * * * *", "9" * 100 + " * * * *", "* * L * *", "* * * * 5#3", "? * * * *", "*/-1 * * * *"),
    ],
)
def test_what_is_no_schedule_is_refused_at_once_and_the_message_shows_what_to_write(text):
    began = time.monotonic()
    if text == "every 15":
        assert slots.parse(text) == Every(15)
        return
    with pytest.raises(BadSchedule, match=r"write `every 15m`, .* or five cron fields like `\*/15 \* \* \* \*`"):
        slots.parse(text)
    assert time.monotonic() - began < FAST_S


@given(st.text(max_size=60))
def test_any_text_is_a_schedule_or_refused_never_something_else(text):
    with contextlib.suppress(BadSchedule):
        slots.parse(text)


@given(st.lists(st.text("0123456789*,/-", min_size=1, max_size=12), min_size=5, max_size=5))
def test_any_five_fields_of_cron_characters_are_read_or_refused(fields):
    text = " ".join(fields)
    try:
        schedule = slots.parse(text)
    except BadSchedule:
        return
    slots.following(schedule, datetime(2026, 1, 1, tzinfo=UTC))


# --- Intervals -------------------------------------------------------------------------------------------------------


def test_every_process_computes_the_same_interval_slots_whenever_it_looks():
    noon = datetime(2026, 5, 5, 12, tzinfo=UTC)
    for offset_s in (0, 1, 299, 299.999999):
        assert slots.latest(Every(300), noon + timedelta(seconds=offset_s)) == noon
        assert slots.following(Every(300), noon + timedelta(seconds=offset_s)) == noon + timedelta(seconds=300)


def test_intervals_keep_their_pace_when_clocks_change():
    assert len(due_within(Every(900), AUTUMN, AUTUMN + DAY)) == 100  # the day has 25 hours
    assert len(due_within(Every(900), SPRING, SPRING + DAY)) == 92


# --- Crontabs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "now", "before", "after"),
    [
        ("*/15 * * * *", "2026-05-05T12:00:00", "2026-05-05T12:00:00", "2026-05-05T12:15:00"),
        ("20 3 * * *", "2026-05-05T03:19:59", "2026-05-04T03:20:00", "2026-05-05T03:20:00"),
        ("7,37 * * * *", "2026-12-31T23:40:00", "2026-12-31T23:37:00", "2027-01-01T00:07:00"),
        ("59 23 31 * *", "2026-06-15T00:00:00", "2026-05-31T23:59:00", "2026-07-31T23:59:00"),
        ("0 0 30 * *", "2026-03-01T00:00:00", "2026-01-30T00:00:00", "2026-03-30T00:00:00"),
        ("0 12 29 2 *", "2026-05-05T00:00:00", "2024-02-29T12:00:00", "2028-02-29T12:00:00"),
        ("59 23 * * sun", "2026-05-05T00:00:00", "2026-05-03T23:59:00", "2026-05-10T23:59:00"),
        ("59 23 * * 0", "2026-05-05T00:00:00", "2026-05-03T23:59:00", "2026-05-10T23:59:00"),
        ("0 0 1 1 *", "2026-01-01T00:00:00", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_a_crontab_knows_its_slot_before_and_after(text, now, before, after):
    now, before, after = (datetime.fromisoformat(f"{at}+00:00") for at in (now, before, after))
    assert slots.latest(cron(text), now) == before
    assert slots.following(cron(text), now) == after


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 0 * * 7", "day_of_week goes up to 6"),
        ("75 0 * * *", "minute goes up to 59"),
        ("mon 0 * * *", "minute is written in numbers"),
        ("0 0 30 2 *", "never occurs"),
        ("0 0 * * ?", "day_of_week has characters"),
    ],
)
def test_a_refusal_names_the_field_that_is_wrong(text, problem):
    with pytest.raises(BadSchedule, match=problem):
        slots.parse(text)


def test_a_zone_with_a_half_hour_is_read_in_its_own_time():
    nine = cron("0 9 * * *", ZoneInfo("Asia/Kolkata"))
    assert slots.following(nine, datetime(2026, 5, 5, tzinfo=UTC)) == datetime(2026, 5, 5, 3, 30, tzinfo=UTC)
    hourly = cron("0 * * * *", ZoneInfo("Asia/Kolkata"))
    assert slots.latest(hourly, datetime(2026, 5, 5, 12, tzinfo=UTC)) == datetime(2026, 5, 5, 11, 30, tzinfo=UTC)


def test_a_zones_own_date_counts_not_that_of_utc():
    first = cron("0 1 1 * *", ZoneInfo("Pacific/Auckland"))
    assert slots.following(first, datetime(2026, 6, 15, tzinfo=UTC)) == datetime(2026, 6, 30, 13, tzinfo=UTC)


# --- When clocks change ----------------------------------------------------------------------------------------------


def test_a_daily_run_in_the_skipped_hour_happens_once_at_the_instant_it_stands_for():
    assert wall(due_within(cron("30 2 * * *", BERLIN), SPRING, SPRING + DAY)) == ["03:30 CEST"]


def test_a_daily_run_in_the_repeated_hour_happens_once_the_first_time():
    assert wall(due_within(cron("30 2 * * *", BERLIN), AUTUMN, AUTUMN + DAY)) == ["02:30 CEST"]


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_daily_run_at_another_hour_does_not_notice(day):
    assert len(due_within(cron("0 4 * * *", BERLIN), day, day + DAY)) == 1


@pytest.mark.parametrize(("text", "minutes"), [("*/15 * * * *", 15), ("30 * * * *", 60), ("7,37 0-23 * * *", 30)])
@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_crontab_of_every_hour_keeps_its_pace_through_both_changes(day, text, minutes):
    found = due_within(cron(text, BERLIN), day, day + DAY)
    gaps = {later - earlier for earlier, later in itertools.pairwise(found)}
    assert gaps == {timedelta(minutes=minutes)}
    real_hours = (((day + DAY).astimezone(UTC)) - day.astimezone(UTC)) / timedelta(hours=1)
    assert len(found) == real_hours * 60 / minutes


def test_a_change_of_half_an_hour_leaves_no_hour_out():
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    start = datetime(2026, 4, 5, tzinfo=lord_howe)  # 02:00 becomes 01:30
    found = due_within(cron("*/15 * * * *", lord_howe), start, start + DAY)
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {timedelta(minutes=15)}


# --- What always holds -----------------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"))]
)
MINUTES = st.one_of(st.sampled_from(["*", "*/15", "*/7", "7,37", "0-10/5"]), st.integers(0, 59).map(str))
HOURS = st.one_of(st.sampled_from(["*", "*/6", "2", "1-3"]), st.integers(0, 23).map(str))
DAYS = st.one_of(st.just("*"), st.integers(1, 31).map(str))
MONTHS = st.sampled_from(["*", "*", "2", "1-6", "*/3"])
WEEKDAYS = st.sampled_from(["*", "*", "mon-fri", "0", "sat,sun"])
CRONS = st.builds(Cron, MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS, zone=ZONES).filter(
    lambda one: not (one.month_of_year == "2" and one.day_of_month in {"30", "31"})
)
SCHEDULES = st.one_of(CRONS, st.builds(Every, st.integers(1, slots.LONGEST_INTERVAL_S)))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
A_MOMENT = timedelta(microseconds=1)


@settings(max_examples=150, deadline=None)
@given(SCHEDULES, INSTANTS)
@example(cron("30 2 * * *", BERLIN), SPRING + timedelta(hours=2))
@example(cron("*/15 * * * *", BERLIN), AUTUMN + timedelta(hours=3))
def test_now_lies_between_the_latest_slot_and_the_following_one(schedule, now):
    before, after = slots.latest(schedule, now), slots.following(schedule, now)
    assume(before is not None and after is not None)
    assert before <= now < after
    assert slots.following(schedule, before - A_MOMENT) == before
    assert slots.latest(schedule, after) == after
    assert slots.latest(schedule, after - A_MOMENT) == before, "a slot between them was left out"


@settings(max_examples=60, deadline=None)
@given(SCHEDULES, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_whoever_looks_later_never_finds_an_earlier_slot(schedule, now, later):
    assume(slots.latest(schedule, now) is not None)
    assert slots.latest(schedule, now) <= slots.latest(schedule, now + later)


# --- The next ones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["every 7m", "*/20 * * * *", "weekly sun 23:59"])
def test_the_next_runs_are_those_that_follow_one_another(text):
    schedule, at = slots.parse(text), datetime(2026, 5, 5, 12, 3, 4, tzinfo=UTC)
    expected = list(itertools.islice(iter_following(schedule, at), 5))
    assert slots.next_runs(schedule, at) == expected
    assert slots.next_runs(schedule, at, count=2) == expected[:2]


def iter_following(schedule, at):
    while (at := slots.following(schedule, at)) is not None:
        yield at


@pytest.mark.parametrize(
    ("text", "hours", "count"), [("every 1h", 5, 5), ("every 2h", 5, 2), ("30 * * * *", 5, 5), ("0 3 * * *", 5, 0)]
)
def test_slots_between_two_instants_are_counted_the_first_one_not_the_last_one_too(text, hours, count):
    noon = datetime(2026, 5, 5, 12, tzinfo=UTC)
    until = noon + timedelta(hours=hours)
    assert slots.between(slots.parse(text), noon, until, at_most=100) == count
    assert slots.between(slots.parse(text), noon, until, at_most=1) == min(count, 1)
    assert slots.between(slots.parse(text), until, noon, at_most=100) == 0
