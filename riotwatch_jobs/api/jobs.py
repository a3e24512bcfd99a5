"""Jobs: what there is and how it stands, its settings, its switches, and asking for a run."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import pydantic
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from riotwatch_api.access import Caller, allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Instant, Text, Wanted
from riotwatch_api.models import Role
from riotwatch_api.paging import Page
from riotwatch_api.problems import bad_field
from riotwatch_api.repeats import IdempotencyHeader
from riotwatch_jobs import audit, configuring, dispatch, overview, registry, rescheduling, statistics, switching
from riotwatch_jobs.api import triggering
from riotwatch_jobs.api.ownership import actor, visible_runs
from riotwatch_jobs.api.shapes import RunOut, run_out
from riotwatch_jobs.base import Job, Overlap
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import LONGEST_LIMIT_S, Execution, Trigger
from riotwatch_jobs.overview import JobOverview
from riotwatch_jobs.statistics import Statistics

RETENTION = timedelta(days=30)
MOST_PLAYERS = 200
LONGEST_SCHEDULE = 200

router = Router(tags=["Jobs"])


class JobOut(Schema):
    """A job and how it stands."""

    job_id: str = pydantic.Field(examples=["tracked_player_updater"])
    name: str
    description: str
    queue: str
    enabled: bool = pydantic.Field(description="Effective: the job and its default schedule are both on.")
    paused: str = pydantic.Field(description="By whom, until when and why; empty where it is not paused.")
    trigger: str = pydantic.Field(examples=["*/15 * * * *"])
    trigger_text: str = pydantic.Field(examples=["every 15 minutes"])
    next_run: datetime | None
    last_execution: RunOut | None
    success_count: int = pydantic.Field(description="COMPLETED runs that are still kept (30 days).")
    error_count: int = pydantic.Field(description="FAILED or ABANDONED runs that are still kept (30 days).")
    last_success: datetime | None
    last_error: datetime | None


class LimitsOut(Schema):
    """What every job has; null or empty follows the default."""

    timeout_s: int | None = pydantic.Field(description="One item's working time, waiting excluded.")
    deadline_s: int | None = pydantic.Field(description="One run's longest duration.")
    overlap: str = pydantic.Field(description="What a slot does while the run before is open: skip or queue.")
    catch_up_s: int | None = pydantic.Field(description="How late a missed slot is made up for; 0: never.")


class JobDetailOut(JobOut):
    """A job with its settings."""

    switched_on: bool = pydantic.Field(description="The job's own switch, whatever its schedules are.")
    config: dict[str, Any] = pydantic.Field(description="In effect for the next run.")
    config_set: dict[str, Any] = pydantic.Field(description="What somebody set; the rest follows the defaults.")
    config_schema: dict[str, Any] = pydantic.Field(description="JSON Schema of the settings.")
    limits: LimitsOut


class TriggerIn(Wanted):
    """How a run differs from a scheduled one."""

    config: dict[str, Any] = pydantic.Field({}, description="Settings for this run only.", examples=[{}])
    players: list[Text] = pydantic.Field([], max_length=MOST_PLAYERS, description="Limit it to these puuids.")
    wait_s: triggering.WaitSeconds = 0


Limit = Annotated[int | None, pydantic.Field(ge=1, le=LONGEST_LIMIT_S)]


class JobPatch(Wanted):
    """What is to change; what is left out stays, null goes back to the default."""

    enabled: bool | None = None
    config: dict[str, Any] = pydantic.Field({}, examples=[{"tracked_depth": 300}])
    schedule: Text | None = pydantic.Field(None, max_length=LONGEST_SCHEDULE, examples=["every 15m"])
    timeout_s: Limit = None
    deadline_s: Limit = None
    overlap: str | None = pydantic.Field(None, pattern=f"^({Overlap.SKIP}|{Overlap.QUEUE})$", examples=["skip"])
    catch_up_s: int | None = pydantic.Field(None, ge=0, le=LONGEST_LIMIT_S)


class PauseIn(Wanted):
    """Why, and until when; without an end until somebody resumes the job."""

    reason: Text = pydantic.Field(min_length=1, max_length=switching.LONGEST_REASON, examples=["maintenance"])
    for_s: int | None = pydantic.Field(None, ge=1, le=int(switching.LONGEST_PAUSE.total_seconds()), examples=[7200])
    until: Instant | None = pydantic.Field(None, description="Instead of for_s.")


@router.get("/jobs", response=Page[JobOut], summary="List the jobs", openapi_extra=needs(Role.VIEWER))
def list_jobs(request: HttpRequest) -> dict[str, Any]:
    """Every job of the catalogue, by id, with its newest run and how its runs of the last 30 days went."""
    caller = allow(request, Role.VIEWER)
    now = database_now()
    numbers = statistics.per_job(now=now, span=RETENTION)
    jobs = overview.all_jobs(now=now, runs=visible_runs(caller))
    return {"items": [_values(one, numbers) for one in jobs]}


def _values(about: JobOverview, numbers: dict[str, Statistics]) -> dict[str, Any]:
    kept = numbers.get(about.job_id, Statistics())
    same = ("job_id", "name", "description", "queue", "enabled", "paused", "next_run")
    return {
        **{name: getattr(about, name) for name in same},
        "trigger": about.schedule,
        "trigger_text": about.in_words,
        "last_execution": run_out(about.last_run) if about.last_run else None,
        "success_count": kept.ok,
        "error_count": kept.failed,
        "last_success": kept.last_success,
        "last_error": kept.last_error,
    }


@router.get("/jobs/{job_id}", response=JobDetailOut, summary="Show a job", openapi_extra=needs(Role.VIEWER))
def show_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """How the job stands, its settings in effect and their JSON Schema."""
    return _detail(allow(request, Role.VIEWER), registry.get(job_id))


def _detail(caller: Caller, job: type[Job]) -> dict[str, Any]:
    now = database_now()
    row = dispatch.configuration_of(job)
    standing = overview.of_job(job, now=now, runs=visible_runs(caller))
    about = _values(standing, statistics.per_job(now=now, span=RETENTION))
    return about | {
        "switched_on": row.enabled,
        "config": job.Config.model_construct(**row.effective_config()).model_dump(mode="json", warnings=False),
        "config_set": row.config,
        "config_schema": job.Config.model_json_schema(),
        "limits": {name: getattr(row, name) for name in LimitsOut.model_fields},
    }


@router.patch("/jobs/{job_id}", response=JobDetailOut, summary="Change a job", openapi_extra=needs(Role.ADMIN))
def change_job(request: HttpRequest, job_id: str, wanted: JobPatch) -> dict[str, Any]:
    """Settings, limits, switch and default schedule; all of it or, where something is not accepted, nothing."""
    caller = allow(request, Role.ADMIN)
    job, by = registry.get(job_id), actor(caller)
    given = wanted.model_dump(exclude_unset=True)
    limits = {name: value for name, value in given.items() if name in configuring.LIMITS}
    with transaction.atomic():
        if limits or wanted.config:
            configuring.configure(job_id, config=wanted.config, limits=limits, by=by)
        if wanted.schedule is not None:
            rescheduling.set_default(job_id, wanted.schedule, by=by)
        if wanted.enabled is not None:
            switching.set_job_enabled(job_id, enabled=wanted.enabled, by=by)
    return _detail(caller, job)


@router.post(
    "/jobs/{job_id}/trigger", response={202: RunOut}, summary="Ask for a run", openapi_extra=needs(Role.OPERATOR)
)
def trigger_job(
    request: HttpRequest,
    response: HttpResponse,
    job_id: str,
    wanted: TriggerIn,
    idempotency_key: IdempotencyHeader = "",
) -> RunOut:
    """The run that was queued, or the one that already waits in the same scope; Location is its address.

    409 where the job is paused or everything is stopped.
    """
    caller = allow(request, Role.OPERATOR)
    job = registry.get(job_id)

    def asked() -> dispatch.Request:
        players = tuple(job.resolve_players(wanted.players)) if wanted.players else ()
        return dispatch.Request(
            job_id=job.job_id,
            trigger=Trigger.API,
            triggered_by=caller.name,
            scope=dispatch.scope_of(players, wanted.config),
            players=players,
            overrides=wanted.config,
        )

    return triggering.ask(
        request, response, caller, body=wanted, key=idempotency_key, wanted=asked, traced=_trace_of(caller)
    )


def _trace_of(caller: Caller) -> Callable[[Execution], None]:
    return lambda run: audit.record(actor(caller), run, f"Asked for by {caller.name}.", action=audit.ADDITION)


# --- Switches --------------------------------------------------------------------------------------------------------


def _switch(request: HttpRequest, job_id: str, *, enabled: bool) -> dict[str, Any]:
    caller = allow(request, Role.OPERATOR)
    switching.set_job_enabled(job_id, enabled=enabled, by=actor(caller))
    return _detail(caller, registry.get(job_id))


@router.post("/jobs/{job_id}/enable", response=JobDetailOut, summary="Switch on", openapi_extra=needs(Role.OPERATOR))
def enable_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """The job and its default schedule; nothing fires for the past."""
    return _switch(request, job_id, enabled=True)


@router.post("/jobs/{job_id}/disable", response=JobDetailOut, summary="Switch off", openapi_extra=needs(Role.OPERATOR))
def disable_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """None of its schedules makes runs; open runs go on, and it can be triggered."""
    return _switch(request, job_id, enabled=False)


@router.post("/jobs/{job_id}/pause", response=JobDetailOut, summary="Pause", openapi_extra=needs(Role.OPERATOR))
def pause_job(request: HttpRequest, job_id: str, wanted: PauseIn) -> dict[str, Any]:
    """No run begins, by schedule or by hand, until the pause ends; open runs go on. A second one replaces the first."""
    caller = allow(request, Role.OPERATOR)
    if wanted.for_s is not None and wanted.until is not None:
        raise bad_field("until", "give either for_s or until")
    now = database_now()
    until = triggering.until_of(wanted.for_s, wanted.until, now=now)
    switching.pause(job_id, reason=wanted.reason, until=until, by=actor(caller), now=now)
    return _detail(caller, registry.get(job_id))


@router.post("/jobs/{job_id}/resume", response=JobDetailOut, summary="Resume", openapi_extra=needs(Role.OPERATOR))
def resume_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """End the pause; slots of the pause are not made up for. Nothing changes where the job was not paused."""
    caller = allow(request, Role.OPERATOR)
    switching.resume(job_id, by=actor(caller), now=database_now())
    return _detail(caller, registry.get(job_id))
