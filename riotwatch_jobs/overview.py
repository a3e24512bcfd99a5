"""What a person wants to know about the jobs at a glance; shared by every surface."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import dispatch, registry, scheduling, slots
from riotwatch_jobs.base import Job
from riotwatch_jobs.models import Execution


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
            "next_run": self.next_run.isoformat() if self.next_run else None,
            "last_run": {"id": last.pk, "state": last.state, "queued_at": last.queued_at.isoformat()} if last else None,
        }


def all_jobs(*, now: datetime) -> list[JobOverview]:
    """Every job, by id."""
    rows = {row.name: row for row in PeriodicTask.objects.select_related("interval", "crontab")}
    return [_overview(job, rows.get(job.job_id), now=now) for job in registry.all_jobs()]


def _overview(job: type[Job], row: PeriodicTask | None, *, now: datetime) -> JobOverview:
    enabled = bool(row and row.enabled and dispatch.configuration_of(job).enabled)
    schedule, next_run = _schedule_and_next(row, now=now)
    return JobOverview(
        job_id=job.job_id,
        name=job.name,
        description=job.description,
        queue=job.queue,
        enabled=enabled,
        schedule=schedule,
        next_run=next_run if enabled else None,
        last_run=Execution.objects.filter(job_id=job.job_id).order_by("-id").first(),
    )


def _schedule_and_next(row: PeriodicTask | None, *, now: datetime) -> tuple[str, datetime | None]:
    if row is None:
        return "none: run manage.py sync_schedules", None
    try:
        return scheduling.text_of(row), slots.following(scheduling.schedule_of(row), now)
    except slots.BadSchedule as problem:
        return str(problem), None
