"""Due instants of schedules. Pure: `now` is passed in.

A slot is the instant at which a schedule is due: for intervals floor(now / every) since the epoch, for crontabs the
matching minute in the schedule's own time zone. Every beat computes the same slots, whenever it looks.

When clocks change, a daily crontab still runs once: at the instant that a skipped wall time stands for (02:30 becomes
03:30), and at the first of two equal wall times. A crontab of every hour keeps its pace through the repeated hour.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from celery.schedules import ParseException, crontab

DAYS_SEARCHED = 366 * 40
"""A 29 February that is a Sunday may be forty years away."""
FIELD_PATTERN = re.compile(r"[A-Za-z0-9*,/-]{1,120}")
FIELD_LIMITS = {"minute": 59, "hour": 23, "day_of_month": 31, "month_of_year": 12, "day_of_week": 6}
NAMED_FIELDS = {"month_of_year", "day_of_week"}
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST_INTERVAL_S = 366 * 86_400
INTERVAL_BOUNDS = "an interval is from one second to a year"
HOURS_A_DAY = 24
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
CRON_FIELDS = 5
FORMS = (
    "write `every 15m`, `300`, `daily 23:59`, `weekly sun 23:59`, `after JOB_ID` or five cron fields like "
    "`*/15 * * * *`; crontabs are read in UTC unless a time zone like Europe/Berlin stands behind them"
)


class BadSchedule(ValueError):
    """A schedule text that cannot be read; the message says what is wrong and shows the forms there are."""

    def __init__(self, text: str, problem: str) -> None:
        self.text = text
        super().__init__(f"schedule {text!r}: {problem} ({FORMS})")


@dataclass(frozen=True)
class Every:
    """A plain interval."""

    seconds: int


@dataclass(frozen=True)
class Cron:
    """Five cron fields, read in a time zone."""

    minute: str
    hour: str
    day_of_month: str
    month_of_year: str
    day_of_week: str
    zone: tzinfo = UTC

    def fields(self) -> tuple[str, str, str, str, str]:
        """The five fields in cron's order."""
        return self.minute, self.hour, self.day_of_month, self.month_of_year, self.day_of_week

    def expanded(self) -> crontab:
        """Celery's crontab with its sets of minutes, hours and days; raises BadSchedule."""
        text = " ".join(self.fields())
        for name, value in zip(FIELD_LIMITS, self.fields(), strict=True):
            _check_field(text, name, value)
        try:
            return crontab(**dict(zip(FIELD_LIMITS, self.fields(), strict=True)))
        except (ParseException, ValueError) as problem:
            raise BadSchedule(text, str(problem)) from None


def _check_field(text: str, name: str, value: str) -> None:
    """Bound every number before Celery expands ranges: `1-100000000` would fill the memory."""
    if not FIELD_PATTERN.fullmatch(value):
        raise BadSchedule(text, f"{name} has characters that no cron field has")
    if name not in NAMED_FIELDS and re.search("[A-Za-z]", value):
        raise BadSchedule(text, f"{name} is written in numbers")
    if any(int(number) > FIELD_LIMITS[name] for number in re.findall(r"\d+", value)):
        raise BadSchedule(text, f"{name} goes up to {FIELD_LIMITS[name]}")


@dataclass(frozen=True)
class After:
    """No times of its own: a run follows each completed run of another job."""

    job_id: str


Schedule = Every | Cron


def check(schedule: Schedule) -> None:
    """Raise BadSchedule where the fields of a crontab cannot be read."""
    if isinstance(schedule, Cron):
        schedule.expanded()


def parse_any(text: str) -> Schedule | After:
    """Read a schedule that may also be `after JOB_ID`; whether there is such a job is not looked at."""
    words = text.split()
    if len(words) == 2 and words[0].lower() == "after":
        return After(words[1].lower())
    return parse(text)


def parse(text: str) -> Schedule:
    """Read times: `60`, `interval:300`, `every 15m`, `daily 23:59`, `weekly sun 23:59`, or five cron fields.

    A crontab's times are UTC, or of the time zone named behind them. Raises BadSchedule.
    """
    words = text.split()
    match [word.lower() for word in words]:
        case ["after", *_]:
            raise BadSchedule(text, "here it takes times of its own")
        case ["daily", clock, *zone]:
            return _crontab(text, [*_minute_and_hour(text, clock), "*", "*", "*"], words[len(words) - len(zone) :])
        case ["weekly", day, clock, *zone]:
            fields = [*_minute_and_hour(text, clock), "*", "*", _weekday(text, day)]
            return _crontab(text, fields, words[len(words) - len(zone) :])
        case _ if len(words) >= CRON_FIELDS:
            return _crontab(text, words[:CRON_FIELDS], words[CRON_FIELDS:])
    return _parse_interval(text)


def _crontab(text: str, fields: list[str], zone: list[str]) -> Cron:
    if len(zone) > 1:
        raise BadSchedule(text, "it has too many words")
    minute, hour, day_of_month, month_of_year, day_of_week = fields
    cron = Cron(minute, hour, day_of_month, month_of_year, day_of_week, zone=_zone(text, zone[0]) if zone else UTC)
    check(cron)
    return cron


def _zone(text: str, name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, no name at all, or a folder of the zone files
        raise BadSchedule(text, f"there is no time zone {name!r}") from None


def _minute_and_hour(text: str, clock: str) -> tuple[str, str]:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", clock)
    if match is None:
        raise BadSchedule(text, f"{clock!r} is no time of day from 00:00 to 23:59")
    return str(int(match[2])), str(int(match[1]))


def _weekday(text: str, day: str) -> str:
    for number, name in enumerate(WEEKDAYS):
        if day in (name, name[:3]):
            return str(number)
    raise BadSchedule(text, f"{day!r} is no day of the week like sun or sunday")


def _parse_interval(text: str) -> Every:
    seconds = duration_s(re.sub(r"^(every\s+|interval:)", "", text.strip().lower()))
    if seconds is None:
        raise BadSchedule(text, "it is neither an interval nor a crontab nor a time of day")
    return Every(checked_interval(text, seconds))


def duration_s(text: str) -> int | None:
    """Seconds of `90`, `90s`, `15m`, `2h` or `1d`; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,9})\s*([smhd]?)", text.strip().lower())
    return int(match[1]) * UNITS_S[match[2] or "s"] if match else None


def checked_interval(text: str, seconds: float) -> int:
    """Whole seconds; raises BadSchedule, naming `text`, where the bounds are left."""
    if not 1 <= seconds <= LONGEST_INTERVAL_S:
        raise BadSchedule(text, INTERVAL_BOUNDS)
    return int(seconds)


def latest(schedule: Schedule, now: datetime) -> datetime | None:
    """The last slot at or before `now`; None where a crontab had none in forty years."""
    if isinstance(schedule, Every):
        return _floor(now, schedule.seconds)
    return next(_backward(schedule, now), None)


def following(schedule: Schedule, now: datetime) -> datetime | None:
    """The first slot after `now`."""
    if isinstance(schedule, Every):
        return _floor(now, schedule.seconds) + timedelta(seconds=schedule.seconds)
    return next(_forward(schedule, now), None)


def next_runs(schedule: Schedule, now: datetime, *, count: int = 5) -> list[datetime]:
    """The next `count` slots after `now`; fewer where a crontab has no more in forty years."""
    if isinstance(schedule, Cron):
        return list(islice(_forward(schedule, now), count))
    last = _floor(now, schedule.seconds)
    return [last + timedelta(seconds=schedule.seconds * number) for number in range(1, count + 1)]


def between(schedule: Schedule, after: datetime, until: datetime, *, at_most: int) -> int:
    """How many slots there are after `after`, up to and including `until`; not counted beyond `at_most`."""
    if isinstance(schedule, Every):
        passed = int(until.timestamp()) // schedule.seconds - int(after.timestamp()) // schedule.seconds
        return min(max(0, passed), at_most)
    return sum(1 for _ in islice(takewhile(lambda slot: slot <= until, _forward(schedule, after)), at_most))


def _floor(now: datetime, every_s: int) -> datetime:
    return datetime.fromtimestamp(int(now.timestamp()) // every_s * every_s, tz=UTC)


def _backward(cron: Cron, now: datetime) -> Iterator[datetime]:
    fields = cron.expanded()
    today = now.astimezone(cron.zone).date()
    for days in range(DAYS_SEARCHED):
        slots = sorted(_slots_of(today - timedelta(days=days), fields, cron.zone), reverse=True)
        yield from (slot for slot in slots if slot <= now)


def _forward(cron: Cron, now: datetime) -> Iterator[datetime]:
    fields = cron.expanded()
    today = now.astimezone(cron.zone).date()
    for days in range(DAYS_SEARCHED):
        slots = sorted(_slots_of(today + timedelta(days=days), fields, cron.zone))
        yield from (slot for slot in slots if slot > now)


def _slots_of(day: date, fields: crontab, zone: tzinfo) -> Iterator[datetime]:
    if day.month not in fields.month_of_year or day.day not in fields.day_of_month:
        return
    if day.isoweekday() % 7 not in fields.day_of_week:
        return
    every_hour = len(fields.hour) == HOURS_A_DAY
    for hour in fields.hour:
        for minute in fields.minute:
            yield from _instants(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone), every_hour)


def _instants(wall: datetime, every_hour: bool) -> Iterator[datetime]:  # noqa: FBT001 - a fact of the crontab
    first = wall.astimezone(UTC)
    yield first
    second = wall.replace(fold=1).astimezone(UTC)
    if every_hour and second > first:  # earlier would mean a wall time that is skipped, not repeated
        yield second
