"""What a person wants to know about the jobs at a glance; shared by every surface."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
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


def all_jobs(*, now: datetime, runs: QuerySet[Execution] | None = None) -> list[JobOverview]:
    """Every job, by id, with its newest of these runs, or of all; in a fixed number of queries."""
    return _overviews(registry.all_jobs(), now=now, runs=runs)


def of_job(job: type[Job], *, now: datetime, runs: QuerySet[Execution] | None = None) -> JobOverview:
    """One job, with its newest of these runs, or of all."""
    return _overviews([job], now=now, runs=runs)[0]


def newest_runs(
    job_ids: Iterable[str], *, count: int, runs: QuerySet[Execution] | None = None
) -> dict[str, list[Execution]]:
    """The newest of these runs, or of all, of each job, newest first, in one query for all jobs."""
    place = Window(RowNumber(), partition_by=[F("job_id")], order_by=F("id").desc())
    among = Execution.objects.all() if runs is None else runs
    placed = among.filter(job_id__in=list(job_ids)).annotate(place=place).filter(place__lte=count)
    return {
        job_id: list(group) for job_id, group in groupby(placed.order_by("job_id", "place"), lambda run: run.job_id)
    }


def _overviews(jobs: Sequence[type[Job]], *, now: datetime, runs: QuerySet[Execution] | None) -> list[JobOverview]:
    ids = [job.job_id for job in jobs]
    rows = {row.name: row for row in PeriodicTask.objects.filter(name__in=ids).select_related("interval", "crontab")}
    configurations, newest = dispatch.configurations_of(jobs), newest_runs(ids, count=1, runs=runs)
    return [
        _overview(job, rows.get(job.job_id), configurations[job.job_id], newest.get(job.job_id, []), now=now)
        for job in jobs
    ]


def _overview(
    job: type[Job], row: PeriodicTask | None, configuration: JobConfiguration, newest: list[Execution], *, now: datetime
) -> JobOverview:
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
        last_run=newest[0] if newest else None,
    )


@dataclass(frozen=True)
class Upcoming:
    """A schedule that makes runs, a job's default one or a further one."""

    id: int
    job_id: str
    schedule: str
    in_words: str
    next_run: datetime | None
    """None while nothing of it is to come: its job is paused without an end."""


def upcoming(rows: Iterable[PeriodicTask], *, now: datetime) -> list[Upcoming]:
    """What these rows, of those that start jobs, are to start; the next one first."""
    configurations = dispatch.configurations_of(registry.all_jobs())
    usable = [row for row in rows if not scheduling.problem_of(row)]
    found = [_upcoming(row, configurations[scheduling.job_id_of(row)], now=now) for row in usable]
    return sorted(found, key=lambda one: (one.next_run is None, one.next_run, one.id))


def _upcoming(row: PeriodicTask, configuration: JobConfiguration, *, now: datetime) -> Upcoming:
    schedule, since = scheduling.schedule_of(row), configuration.slots_count_after(now)
    return Upcoming(
        id=row.pk,
        job_id=configuration.job_id,
        schedule=scheduling.text_of(row),
        in_words=describing.describe(schedule),
        next_run=slots.following(schedule, since) if since else None,
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
