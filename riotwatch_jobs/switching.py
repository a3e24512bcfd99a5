"""What an operator switches: a job on and off, its pause, and the emergency stop of everything.

Each takes effect at once, without a restart, on every machine: the rows are read whenever a run or an item is to begin.
Each leaves an entry in the audit, in its own transaction.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import audit, feeder, messages, registry, scheduling
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import EmergencyStop, Execution, ExecutionState, JobConfiguration

LONGEST_PAUSE = timedelta(days=366)
LONGEST_REASON = 500

log = structlog.stdlib.get_logger(__name__)


class Refused(ValueError):
    """What was asked for cannot be done as things stand; the text says why, and what can be."""


class BadInput(Refused):
    """What was asked for could never be done: a reason is missing, an end is in the past, a number names nothing."""


def configuration_row(job_id: str) -> JobConfiguration:
    """The job's stored row, made where there is none yet; raises UnknownJob."""
    job = registry.get(job_id)
    defaults = {"enabled": job.enabled_by_default}
    return JobConfiguration.objects.get_or_create(job_id=job.job_id, defaults=defaults)[0]


def set_job_enabled(job_id: str, *, enabled: bool, by: Actor) -> JobConfiguration:
    """The one way to switch a job; raises UnknownJob.

    Off: none of its schedules makes runs; open runs go on, and it can be triggered by hand. On: its default schedule is
    switched on as well, for a job is effectively on only when both are. It never fires for the past.
    """
    with transaction.atomic():
        configuration = configuration_row(job_id)
        # Locked before the stamp that every change of a schedule writes: somebody may be switching it as well.
        default = PeriodicTask.objects.select_for_update().filter(name=job_id).first()
        JobConfiguration.objects.filter(pk=job_id).update(enabled=enabled)
        if enabled and default is not None and not default.enabled and not configuration.after:
            scheduling.set_enabled(default, enabled=True)
        audit.record(by, configuration, f"{'Enabled' if enabled else 'Disabled'} the job.")
    log.info("job_enabled" if enabled else "job_disabled", job=job_id, by=by.name)
    configuration.refresh_from_db()
    return configuration


def pause(job_id: str, *, reason: str, until: datetime | None, by: Actor, now: datetime) -> JobConfiguration:
    """Let no run of the job begin, by schedule or by hand, until then (None: until resumed).

    Open runs go on. Slots meanwhile are one SKIPPED run with their count; a run asked for is SKIPPED with the reason.
    A second pause replaces the first. Raises UnknownJob, Refused.
    """
    _check_reason(reason)
    if until is not None and not now < until <= now + LONGEST_PAUSE:
        raise BadInput("a pause ends in the future, within a year; leave its end out to pause until it is resumed")
    with transaction.atomic():
        configuration = configuration_row(job_id)
        values = {"paused_at": now, "paused_until": until, "paused_by": by.name[:150], "paused_reason": reason}
        JobConfiguration.objects.filter(pk=job_id).update(**values)
        configuration.refresh_from_db()
        audit.record(by, configuration, f"Job {configuration.pause_in_words()}.")
    log.info("job_paused", job=job_id, until=until, by=by.name, reason=reason)
    return configuration


def resume(job_id: str, *, by: Actor, now: datetime) -> bool:
    """End the job's pause; False where it was not paused. Slots of the pause are not made up for."""
    with transaction.atomic():
        configuration = configuration_row(job_id)
        if not configuration.is_paused(now):
            return False
        # Its beginning is kept: what fell due in between was not missed, should no beat have seen it.
        JobConfiguration.objects.filter(pk=job_id).update(paused_until=now)
        audit.record(by, configuration, "Resumed the job.")
    log.info("job_resumed", job=job_id, by=by.name)
    return True


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadInput(f"say why, in up to {LONGEST_REASON} characters: whoever finds it stopped wants to know")


def emergency_stop(*, reason: str, by: Actor, now: datetime) -> EmergencyStop:
    """Begin no new work anywhere: no slots, no runs, no items. What is being worked on ends. Raises Refused.

    One that stands already stays as it is, and is returned.
    """
    _check_reason(reason)
    with transaction.atomic():
        wanted = {"stopped_at": now, "stopped_by": by.name[:150], "reason": reason}
        stop, is_new = EmergencyStop.objects.get_or_create(id=1, defaults=wanted)
        if is_new:
            audit.record(by, stop, f"Stopped everything: {reason}.")
            log.warning("emergency_stop", by=by.name, reason=reason)
    return stop


def emergency_resume(*, by: Actor, now: datetime) -> bool:
    """Let work begin again; False where nothing was stopped. Runs get back the time that the stop took them."""
    with transaction.atomic():
        stop = EmergencyStop.objects.select_for_update().first()
        if stop is None:
            return False
        audit.record(by, stop, "Ended the emergency stop.")
        lost = now - stop.stopped_at
        Execution.objects.in_progress().update(deadline_at=F("deadline_at") + lost)
        # What fell due under the stop was not missed, should no beat have seen it.
        PeriodicTask.objects.filter(task=messages.DISPATCH_TASK, last_run_at__lt=now).update(last_run_at=now)
        stop.delete()
    log.warning("emergency_resumed", by=by.name, after_s=round(lost.total_seconds()))
    for run in Execution.objects.filter(state=ExecutionState.PENDING).values_list("pk", flat=True):
        if not messages.send_dispatch(run):
            break  # the broker is down: housekeeping sends them
    feeder.feed(now=now)
    return True
