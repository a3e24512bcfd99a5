"""Schedules in plain words, for people."""

from datetime import UTC

from cron_descriptor import ExpressionDescriptor, Options
from cron_descriptor.Exception import FormatException, MissingFieldException

from riotwatch_jobs.slots import WEEKDAYS, After, Cron, Every, Schedule

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def describe(schedule: Schedule | After) -> str:
    """`every 15 minutes`, `daily at 03:20 (UTC)`, `weekly on Sunday at 23:59 (UTC)`."""
    match schedule:
        case After(job_id=job_id):
            return f"after each completed run of {job_id}"
        case Every(seconds=seconds):
            return _interval(seconds)
    return _crontab(schedule)


def _interval(seconds: int) -> str:
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    count = seconds // size
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _crontab(cron: Cron) -> str:
    words = _daily_or_weekly(cron) or _any_crontab(cron)
    zone = "UTC" if cron.zone is UTC else str(cron.zone)
    return f"{words} ({zone})" if ":" in words else words


def _daily_or_weekly(cron: Cron) -> str:
    if not (cron.minute.isdecimal() and cron.hour.isdecimal() and cron.day_of_month == cron.month_of_year == "*"):
        return ""
    at = f"at {int(cron.hour):02}:{int(cron.minute):02}"
    if cron.day_of_week == "*":
        return f"daily {at}"
    if cron.day_of_week.isdecimal():
        return f"weekly on {WEEKDAYS[int(cron.day_of_week)].capitalize()} {at}"
    return ""


def _any_crontab(cron: Cron) -> str:
    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = "en_US"  # otherwise the language of whoever started the process
    text = " ".join(cron.fields())
    try:
        words = ExpressionDescriptor(text, options).get_full_description()
    except (FormatException, MissingFieldException):
        return text
    return str(words[0].lower() + words[1:])
