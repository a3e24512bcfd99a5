"""Schedules: the rows of django-celery-beat, kept in step with the catalogue and turned into runs.

Operators own these rows. `sync_schedules` makes the missing ones and follows the code's default only while nobody has
edited a row. Slots become runs by one INSERT that the database refuses to do twice (docs/decisions/0003).
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from riotwatch_jobs import dispatch, messages, registry, slots
from riotwatch_jobs.base import Job
from riotwatch_jobs.databases import brief_transaction
from riotwatch_jobs.models import (
    DEFAULT_SCOPE,
    Execution,
    ExecutionState,
    JobConfiguration,
    Trigger,
)

log = structlog.stdlib.get_logger(__name__)


class NotOurs(ValueError):
    """A periodic task that does not start a job of the catalogue."""


@dataclass(frozen=True)
class Plan:
    """What one schedule row says."""

    job_id: str
    scope: str
    schedule: slots.Schedule


def plan_of(row: PeriodicTask) -> Plan:
    """Read a row; raises NotOurs or BadSchedule."""
    if row.task != messages.DISPATCH_TASK:
        raise NotOurs(f"{row.name} runs {row.task}")
    job_id = _job_named_by(row)
    scope = DEFAULT_SCOPE if row.name == job_id else f"schedule:{row.pk}"
    return Plan(job_id=job_id, scope=scope, schedule=schedule_of(row))


def _job_named_by(row: PeriodicTask) -> str:
    try:
        job_id = json.loads(row.kwargs or "{}")["job_id"]
    except (ValueError, KeyError, TypeError):
        raise NotOurs(f'{row.name} names no job: its keyword arguments must be like {{"job_id": "…"}}') from None
    if not isinstance(job_id, str):
        raise NotOurs(f"{row.name} names {job_id!r}, which is no job id")
    return job_id


def job_id_of(row: PeriodicTask) -> str:
    """Whose schedule a row is, whether or not its times can be read.

    A row that names no job belongs where its own name says, so that somebody finds it there.
    """
    try:
        return _job_named_by(row)
    except NotOurs:
        name: str = row.name
        return name.partition(":")[0]


def schedule_of(row: PeriodicTask) -> slots.Schedule:
    """The row's schedule; raises BadSchedule for kinds that have no slots of their own (solar, clocked)."""
    if row.interval is not None:
        return slots.Every(_seconds_of(row.interval))
    if row.crontab is not None:
        cron = row.crontab
        zone = UTC if str(cron.timezone) == "UTC" else cron.timezone
        return slots.Cron(cron.minute, cron.hour, cron.day_of_month, cron.month_of_year, cron.day_of_week, zone=zone)
    raise slots.BadSchedule(str(row), "only intervals and crontabs start jobs")


def _seconds_of(interval: IntervalSchedule) -> int:
    try:
        return slots.checked_interval(str(interval), interval.schedule.run_every.total_seconds())
    except OverflowError:
        raise slots.BadSchedule(str(interval), slots.INTERVAL_BOUNDS) from None


def text_of(row: PeriodicTask) -> str:
    """The row's schedule as the text `slots.parse` reads."""
    schedule = schedule_of(row)
    if isinstance(schedule, slots.Every):
        return f"every {schedule.seconds}s"
    zone = "" if schedule.zone is UTC else f" {schedule.zone}"
    return " ".join(schedule.fields()) + zone


def rows_that_start_jobs() -> list[PeriodicTask]:
    """The enabled rows, but for those of disabled jobs; some may have a problem."""
    disabled = set(JobConfiguration.objects.filter(enabled=False).values_list("job_id", flat=True))
    rows = PeriodicTask.objects.filter(enabled=True, task=messages.DISPATCH_TASK).select_related("interval", "crontab")
    return [row for row in rows if problem_of(row) or plan_of(row).job_id not in disabled]


def problem_of(row: PeriodicTask) -> str:
    """Why the row cannot start anything: it names no job there is, or no times that can be read. Empty where it can."""
    try:
        plan = plan_of(row)
        registry.get(plan.job_id)
        slots.check(plan.schedule)
    except (registry.UnknownJob, NotOurs, slots.BadSchedule) as problem:
        return str(problem)
    return ""


def set_schedule(row: PeriodicTask, schedule: slots.Schedule) -> None:
    """Put a schedule on an unsaved or stored row, without saving the row.

    Nothing keeps the rows of times from standing twice, where somebody edited one: any of them will do.
    """
    row.interval = row.crontab = row.solar = row.clocked = None
    if isinstance(schedule, slots.Every):
        every = {"every": schedule.seconds, "period": IntervalSchedule.SECONDS}
        row.interval = IntervalSchedule.objects.filter(**every).first() or IntervalSchedule.objects.create(**every)
        return
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    values = dict(zip(names, schedule.fields(), strict=True))
    found = CrontabSchedule.objects.filter(**values, timezone=str(schedule.zone)).first()
    row.crontab = found or CrontabSchedule.objects.create(**values, timezone=str(schedule.zone))


# --- From the catalogue to rows --------------------------------------------------------------------------------------


@dataclass
class SyncReport:
    """What `sync_schedules` did."""

    created: list[str]
    followed: list[str]
    disabled: list[str]


def sync_schedules() -> SyncReport:
    """Make the rows that are missing; never overwrite an operator's edit; disable schedules of jobs without code."""
    report = SyncReport([], [], [])
    with transaction.atomic():
        for job in registry.all_jobs():
            _sync_job(job, report)
        _disable_orphans(report)
    return report


def default_schedule(job: type[Job]) -> slots.Schedule:
    """The code's schedule, or the plain interval of JOB_INTERVAL_SECONDS for the jobs that follow it."""
    if job.follows_interval_setting and settings.JOB_INTERVAL_SECONDS:
        return slots.Every(settings.JOB_INTERVAL_SECONDS)
    return slots.parse(job.schedule)


def _sync_job(job: type[Job], report: SyncReport) -> None:
    configuration, _ = JobConfiguration.objects.get_or_create(
        job_id=job.job_id, defaults={"enabled": job.enabled_by_default}
    )
    row = PeriodicTask.objects.filter(name=job.job_id).first()
    if row is None and configuration.synced_schedule:
        return  # it was there, and an operator removed it
    if row is None:
        _create_row(job, configuration)
        report.created.append(job.job_id)
    elif text_of(row) == configuration.synced_schedule != _default_text(job):
        _follow_default(job, row, configuration)
        report.followed.append(job.job_id)


def _default_text(job: type[Job]) -> str:
    row = PeriodicTask()
    set_schedule(row, default_schedule(job))
    return text_of(row)


def _create_row(job: type[Job], configuration: JobConfiguration) -> None:
    row = PeriodicTask(
        name=job.job_id,
        task=messages.DISPATCH_TASK,
        kwargs=json.dumps({"job_id": job.job_id}),
        queue=messages.CONTROL_QUEUE,
        description=job.description,
        enabled=job.enabled_by_default,
    )
    _follow_default(job, row, configuration)


def _follow_default(job: type[Job], row: PeriodicTask, configuration: JobConfiguration) -> None:
    set_schedule(row, default_schedule(job))
    row.save()
    configuration.synced_schedule = text_of(row)
    configuration.save(update_fields=["synced_schedule", "updated_at"])


def _disable_orphans(report: SyncReport) -> None:
    known = {job.job_id for job in registry.all_jobs()}
    for row in PeriodicTask.objects.filter(task=messages.DISPATCH_TASK, enabled=True):
        try:
            orphan = plan_of(row).job_id not in known
        except (NotOurs, slots.BadSchedule):
            orphan = True
        if orphan:
            set_enabled(row, enabled=False)
            report.disabled.append(row.name)


def set_enabled(row: PeriodicTask, *, enabled: bool) -> None:
    """The one way to switch a schedule. A trigger in the database keeps it from firing for the past."""
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=enabled)
    row.refresh_from_db()
    log.info("schedule_enabled" if enabled else "schedule_disabled", name=row.name)


# --- From slots to runs ----------------------------------------------------------------------------------------------


def open_slot(plan: Plan, slot: datetime, *, now: datetime, trigger: Trigger = Trigger.SCHEDULE) -> Execution | None:
    """Record that a slot is due: the first caller gets the PENDING run, everybody else None."""
    if skip := reason_to_skip(plan, now=now):
        skip_slot(plan, slot, skip, now=now)
        return None
    wanted = dispatch.Request(job_id=plan.job_id, trigger=trigger, scope=plan.scope, slot=slot)
    try:
        execution = dispatch.new_execution(wanted, now=now)
    except dispatch.BadConfig as problem:
        skip_slot(plan, slot, f"its settings are refused: {problem}", now=now)
        return None
    try:
        with brief_transaction():
            execution.save()
    except IntegrityError:
        if not Execution.objects.filter(job_id=plan.job_id, scope=plan.scope, slot=slot).exists():
            skip_slot(plan, slot, "another run was already waiting", now=now)
        return None
    return execution


def reason_to_skip(plan: Plan, *, now: datetime) -> str:
    """Why slots are not to become runs now; empty where nothing holds them."""
    if not settings.JOB_SCHEDULER_ENABLED:
        return "the scheduler is switched off (JOB_SCHEDULER_ENABLED)"
    return dispatch.reason_to_hold(plan.job_id, now=now)


def skip_slot(plan: Plan, slot: datetime, reason: str, *, now: datetime, count: int = 1) -> None:
    """One SKIPPED run per episode: further slots skipped for the same reason are counted on it.

    `count` slots, the latest of which is `slot`.
    """
    earlier = Execution.objects.filter(job_id=plan.job_id, scope=plan.scope, slot__lt=slot)
    last = earlier.order_by("-slot").first()
    if last and last.state == ExecutionState.SKIPPED and last.reason == reason:
        same_episode = Execution.objects.filter(pk=last.pk, slot__lt=slot)
        same_episode.update(slot=slot, slots_skipped=F("slots_skipped") + count, finished_at=now)
        return
    skipped = Execution(
        job_id=plan.job_id,
        scope=plan.scope,
        slot=slot,
        trigger=Trigger.SCHEDULE,
        state=ExecutionState.SKIPPED,
        reason=reason,
        timeout_s=0,
        deadline_s=0,
        queued_at=now,
        finished_at=now,
        slots_skipped=count,
    )
    Execution.objects.bulk_create([skipped], ignore_conflicts=True)
    log.info("slot_skipped", job=plan.job_id, slot=slot.isoformat(), reason=reason)
