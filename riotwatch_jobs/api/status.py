"""How everything stands: the jobs with their figures, the scheduler, and what is ill."""

from datetime import datetime, timedelta
from typing import Any

import pydantic
from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.models import Role
from riotwatch_jobs import health, overview, scheduling, statistics
from riotwatch_jobs.api.emergency import EmergencyOut, emergency_out
from riotwatch_jobs.api.ownership import visible_schedules
from riotwatch_jobs.api.shapes import StatisticsOut
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import LEASE_DEAD_AFTER, EmergencyStop, Heartbeat, WorkerLease
from riotwatch_jobs.statistics import DAY, WEEK, Statistics

router = Router(tags=["Status"])


class JobFiguresOut(Schema):
    """A job and how its runs went."""

    job_id: str
    name: str
    enabled: bool
    paused: str
    next_run: datetime | None
    last_24_h: StatisticsOut
    last_7_d: StatisticsOut


class OverviewOut(Schema):
    """All jobs at a glance."""

    scheduler_running: bool
    total_jobs: int
    emergency: EmergencyOut
    jobs: list[JobFiguresOut]


class ProcessOut(Schema):
    """A process that shows signs of life."""

    host: str
    pid: int
    seen_at: datetime


class UpcomingOut(Schema):
    """A schedule and its next run."""

    id: int
    job_id: str
    schedule: str = pydantic.Field(examples=["every 15m", "20 3 * * *"])
    in_words: str = pydantic.Field(examples=["every 15 minutes"])
    next_run: datetime | None = pydantic.Field(description="null: its job is paused until somebody resumes it.")


class SchedulerOut(Schema):
    """What makes runs of schedules."""

    running: bool = pydantic.Field(description="A beat lives, and schedules are to make runs.")
    enabled: bool = pydantic.Field(description="JOB_SCHEDULER_ENABLED.")
    emergency: EmergencyOut
    beats: list[ProcessOut] = pydantic.Field(description="More than one does no harm.")
    housekeepers: list[ProcessOut]
    workers: int = pydantic.Field(description="Processes that take work.")
    schedules_enabled: int
    next_run: datetime | None = pydantic.Field(description="Of whichever schedule is next.")
    schedules: list[UpcomingOut] = pydantic.Field(
        description="The enabled ones of jobs that are switched on, default and further ones, the next one first; "
        "not those that other people, who are no admins, made."
    )


class FindingOut(Schema):
    """One part of the system."""

    part: str = pydantic.Field(examples=["beat"])
    well: bool
    ill: str = pydantic.Field(description="What is wrong; empty where it is well.")
    since: datetime | None
    remedy: str


class HealthOut(Schema):
    """What is ill, if anything."""

    well: bool
    parts: list[FindingOut] = pydantic.Field(description="The ill ones first.")


@router.get(
    "/jobs/status/overview", response=OverviewOut, summary="All jobs at a glance", openapi_extra=needs(Role.VIEWER)
)
def show_overview(request: HttpRequest) -> dict[str, Any]:
    """Per job, of the last 24 hours and 7 days: runs, ok, failed, durations and requests."""
    allow(request, Role.VIEWER)
    now = database_now()
    spans = {"last_24_h": _figures(now, DAY), "last_7_d": _figures(now, WEEK)}
    jobs = overview.all_jobs(now=now)
    return {
        "scheduler_running": _is_running(now),
        "total_jobs": len(jobs),
        "emergency": emergency_out(EmergencyStop.objects.first()),
        "jobs": [_job_figures(about, spans) for about in jobs],
    }


def _figures(now: datetime, span: timedelta) -> dict[str, Statistics]:
    return statistics.per_job(now=now, span=span)


def _job_figures(about: overview.JobOverview, spans: dict[str, dict[str, Statistics]]) -> dict[str, Any]:
    same = {name: getattr(about, name) for name in ("job_id", "name", "enabled", "paused", "next_run")}
    return same | {name: numbers.get(about.job_id, Statistics()) for name, numbers in spans.items()}


@router.get("/jobs/scheduler/status", response=SchedulerOut, summary="The scheduler", openapi_extra=needs(Role.VIEWER))
def show_scheduler(request: HttpRequest) -> dict[str, Any]:
    """Which processes live, and which schedule starts what next."""
    caller, now = allow(request, Role.VIEWER), database_now()
    rows = scheduling.rows_that_start_jobs()
    seen = set(visible_schedules(caller).values_list("pk", flat=True))
    upcoming = overview.upcoming([row for row in rows if row.pk in seen], now=now)
    return {
        "running": _is_running(now),
        "enabled": settings.JOB_SCHEDULER_ENABLED,
        "emergency": emergency_out(EmergencyStop.objects.first()),
        "beats": _alive("beat", now),
        "housekeepers": _alive("housekeeping", now),
        "workers": WorkerLease.objects.live(now).count(),
        "schedules_enabled": len(rows),
        "next_run": upcoming[0].next_run if upcoming else None,
        "schedules": [vars(one) for one in upcoming],
    }


def _is_running(now: datetime) -> bool:
    return settings.JOB_SCHEDULER_ENABLED and bool(_alive("beat", now))


def _alive(kind: str, now: datetime) -> list[dict[str, Any]]:
    hearts = Heartbeat.objects.filter(kind=kind, at__gt=now - LEASE_DEAD_AFTER).order_by("pk")
    return [{"host": heart.host, "pid": heart.pid, "seen_at": heart.at} for heart in hearts]


@router.get("/jobs/health", response=HealthOut, summary="What is ill", openapi_extra=needs(Role.VIEWER))
def show_health(request: HttpRequest) -> dict[str, Any]:
    """Processes, queues, database, broker, key, disk: what is wrong, and what helps. Always 200: see `well`."""
    allow(request, Role.VIEWER)
    findings = health.examine()
    return {
        "well": not any(finding.ill for finding in findings),
        "parts": [FindingOut(well=not finding.ill, **vars(finding)) for finding in findings],
    }
