"""What becomes of slots that nobody opened in time: the latest is made up for within its window, the rest are missed.

A slot is missed when no beat ran. Beat settles that when it is back, housekeeping while it is not. Slots under a pause,
an emergency stop or a switched-off scheduler are not missed; they are recorded as what they are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import F
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import dispatch, feeder, messages, registry, scheduling, slots
from riotwatch_jobs.databases import brief_transaction
from riotwatch_jobs.models import Execution, JobConfiguration, Trigger
from riotwatch_jobs.scheduling import Plan
from riotwatch_messages import telling
from riotwatch_messages.events import SLOTS_MISSED
from riotwatch_messages.telling import News

ON_TIME = timedelta(seconds=10)
"""A slot opened within this time is on time, whatever its window is."""
LONGEST_DEFAULT_WINDOW = timedelta(hours=6)
RESENT_BY_NEXT_SLOT_AFTER = timedelta(seconds=2)
"""Housekeeping sends again too, later, and whether or not another slot follows."""
MISSED = "missed: no beat was running"
COUNTED_AT_MOST = 10_000
INSTANT = timedelta(microseconds=1)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Due:
    """A schedule's slots that were not dealt with: those after `seen_until`, up to and including `slot`."""

    row: PeriodicTask
    plan: Plan
    seen_until: datetime
    slot: datetime


def window(plan: Plan, slot: datetime) -> timedelta:
    """How late a slot is still opened: the operator's setting, else the job's, else one interval, 6 h at most."""
    job = registry.get(plan.job_id)
    configured = dispatch.configuration_of(job).catch_up_s
    seconds = job.catch_up_s if configured is None else configured
    if seconds is not None:
        return timedelta(seconds=seconds)
    following = slots.following(plan.schedule, slot)
    return min(following - slot, LONGEST_DEFAULT_WINDOW) if following else LONGEST_DEFAULT_WINDOW


def open_due(row: PeriodicTask, *, now: datetime) -> Execution | None:
    """Beat's look at a schedule: open its latest slot, once, and send its run, which is returned."""
    due = _due(row, now)
    if due is None:
        return None
    late = now - due.slot
    if scheduling.reason_to_skip(due.plan, now=now) or late > max(ON_TIME, window(due.plan, due.slot)):
        _settle(due, until=due.slot, now=now)
        return None
    trigger = Trigger.SCHEDULE if late <= ON_TIME else Trigger.CATCH_UP
    execution = scheduling.open_slot(due.plan, due.slot, now=now, trigger=trigger)
    if execution is not None:
        messages.send_dispatch(execution.pk)  # at once: a beat that dies in between leaves it to the next slot
    else:
        _send_what_waits_again(due.plan, now)
    # The run is there before the schedule moves on: a crash in between loses nothing.
    _settle(due, until=slots.latest(due.plan.schedule, due.slot - INSTANT), now=now)
    return execution


def _send_what_waits_again(plan: Plan, now: datetime) -> None:
    """A run that waits when the next slot has come was not sent, as like as not: its beat died before it could."""
    waiting = Execution.objects.filter(job_id=plan.job_id, scope=plan.scope)
    feeder.resend_pending(waiting, quiet_for=RESENT_BY_NEXT_SLOT_AFTER, now=now)


def note_missed(now: datetime) -> int:
    """Housekeeping's look: record the slots that no beat will open any more; returns how many."""
    return sum(_note_missed_of(row, now) for row in scheduling.rows_that_start_jobs() if not scheduling.problem_of(row))


def _note_missed_of(row: PeriodicTask, now: datetime) -> int:
    due = _due(row, now)
    if due is None:
        return 0
    schedule, until = due.plan.schedule, due.slot
    if now - until <= window(due.plan, due.slot):
        until = slots.latest(schedule, until - INSTANT) or due.seen_until
    if now - until <= ON_TIME:  # beat may be about to open it
        until = slots.latest(schedule, now - ON_TIME) or due.seen_until
    return _settle(Due(row, due.plan, due.seen_until, until), until=until, now=now) if until > due.seen_until else 0


def _due(row: PeriodicTask, now: datetime) -> Due | None:
    plan = scheduling.plan_of(row)
    slot = slots.latest(plan.schedule, now)
    if slot is None or slot <= _seen_until(row) or (row.expires is not None and now >= row.expires):
        return None
    row.refresh_from_db(fields=["last_run_at"])  # another beat may have been here
    seen_until = _seen_until(row)
    return Due(row, plan, seen_until, slot) if slot > seen_until else None


def _seen_until(row: PeriodicTask) -> datetime:
    seen: datetime = row.last_run_at or row.date_changed
    return seen if row.start_time is None else max(seen, row.start_time - INSTANT)


def _settle(due: Due, *, until: datetime | None, now: datetime) -> int:
    """Move the schedule on to `due.slot` and record the slots up to `until` that became no runs; returns how many.

    Only the first of several processes does: the move is conditional on what was seen. A row that somebody has locked
    is left to the next look: the schedules after it are not kept waiting.
    """
    with brief_transaction():
        if not _hold(due.row):
            return 0
        seen = PeriodicTask.objects.filter(pk=due.row.pk, last_run_at=due.row.last_run_at)
        moved = seen.update(last_run_at=due.slot, total_run_count=F("total_run_count") + 1)
        due.row.last_run_at = due.slot
        if not moved or until is None or until <= due.seen_until:
            return 0
        return _record(due, until, now=now)


def _hold(row: PeriodicTask) -> bool:
    """Lock the row until the transaction ends; False where another one has it, or where it is gone."""
    return bool(PeriodicTask.objects.select_for_update(skip_locked=True).filter(pk=row.pk).values_list("pk"))


def _record(due: Due, until: datetime, *, now: datetime) -> int:
    count = slots.between(due.plan.schedule, due.seen_until, until, at_most=COUNTED_AT_MOST)
    if hold := scheduling.reason_to_skip(due.plan, now=now):
        scheduling.skip_slot(due.plan, until, hold, now=now, count=count)
        return count
    paused = _record_paused(due, until, now=now)
    if missed := count - paused:
        scheduling.skip_slot(due.plan, until, MISSED, now=now, count=missed)
        _tell_of_missed(due.plan.job_id, missed, until)
        log.warning("slots_missed", job=due.plan.job_id, scope=due.plan.scope, count=missed, latest=until)
    return count


def _tell_of_missed(job_id: str, count: int, latest: datetime) -> None:
    what = f"{count} slots were missed, the latest" if count > 1 else "a slot was missed,"
    text = f"{job_id}: {what} at {latest:%Y-%m-%d %H:%M} UTC, for no beat was running. manage.py trigger_job {job_id}"
    telling.tell(SLOTS_MISSED, [News(f"job:{job_id}", text)])


def _record_paused(due: Due, until: datetime, *, now: datetime) -> int:
    """Slots of a pause that ended meanwhile; returns how many of those up to `until` there were."""
    configuration = JobConfiguration.objects.filter(pk=due.plan.job_id).first()
    if configuration is None or configuration.paused_at is None or configuration.paused_until is None:
        return 0
    begin = max(due.seen_until, configuration.paused_at - INSTANT)
    last = slots.latest(due.plan.schedule, min(until, configuration.paused_until - INSTANT))
    if last is None or last <= begin:
        return 0
    count = slots.between(due.plan.schedule, begin, last, at_most=COUNTED_AT_MOST)
    scheduling.skip_slot(due.plan, last, configuration.pause_in_words(), now=now, count=count)
    return count
