"""What a person wants to know about the jobs at a glance; shared by every surface."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import describing, dispatch, registry, scheduling, slots
from riotwatch_jobs.base import Job
from riotwatch_jobs.models import Execution, JobConfiguration


@dataclass(frozen=True)
class JobOverview:
    """One job of the catalogue."""

    job_id: str
    name: str
    description: str
    queue: str
    enabled: bool
    """Effective: the job and its default schedule are both on."""
    schedule: str
    in_words: str
    paused: str
    """By whom, until when and why; empty where it is not."""
    next_run: datetime | None
    last_run: Execution | None

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        last = self.last_run
        return {
            "job_id": self.job_id,
            "name": self.name,
            "description": self.description,
            "queue": self.queue,
            "enabled": self.enabled,
            "schedule": self.schedule,
            "in_words": self.in_words,
            "paused": self.paused,
            "next_run": self.next_run.isoformat() if self.next_run else None,
            "last_run": {"id": last.pk, "state": last.state, "queued_at": last.queued_at.isoformat()} if last else None,
        }


def all_jobs(*, now: datetime) -> list[JobOverview]:
    """Every job, by id."""
    return [of_job(job, now=now) for job in registry.all_jobs()]


def of_job(job: type[Job], *, now: datetime) -> JobOverview:
    """One job."""
    row = PeriodicTask.objects.filter(name=job.job_id).select_related("interval", "crontab").first()
    configuration = dispatch.configuration_of(job)
    timing = _timing(row, configuration, now=now)
    enabled = configuration.enabled and bool(configuration.after or (row and row.enabled))
    return JobOverview(
        job_id=job.job_id,
        name=job.name,
        description=job.description,
        queue=job.queue,
        enabled=enabled,
        schedule=timing.text,
        in_words=timing.in_words,
        paused=configuration.pause_in_words() if configuration.is_paused(now) else "",
        next_run=timing.next_run if enabled else None,
        last_run=Execution.objects.filter(job_id=job.job_id).order_by("-id").first(),
    )


@dataclass(frozen=True)
class _Timing:
    text: str
    in_words: str
    next_run: datetime | None = None


def _timing(row: PeriodicTask | None, configuration: JobConfiguration, *, now: datetime) -> _Timing:
    if configuration.after:
        follows = slots.After(configuration.after)
        return _Timing(f"after {configuration.after}", describing.describe(follows))
    if row is None:
        remedy = f"schedule_job {configuration.job_id}" if configuration.synced_schedule else "sync_schedules"
        return _Timing(f"none: run manage.py {remedy}", "never")
    try:
        schedule = scheduling.schedule_of(row)
        slots.check(schedule)
    except slots.BadSchedule as problem:
        return _Timing(str(problem), str(problem))
    since = configuration.slots_count_after(now)
    next_run = slots.following(schedule, since) if since else None
    return _Timing(scheduling.text_of(row), describing.describe(schedule), next_run)
