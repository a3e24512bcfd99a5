"""Runs: lists, one with its items and log, and what operators do to one."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import pydantic
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Instant, RowId, Text, Wanted
from riotwatch_api.models import Role
from riotwatch_api.paging import CursorText, Limit, Page, Paging, page_of
from riotwatch_jobs import items, registry, rerunning, switching
from riotwatch_jobs.api import triggering
from riotwatch_jobs.api.ownership import actor, visible_run, visible_runs
from riotwatch_jobs.api.shapes import RunDetailOut, RunOut, item_out, line_out, run_out, run_values
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, Trigger

router = Router(tags=["Runs"])


class RunFilter(Paging):
    """Which runs."""

    state: list[ExecutionState] = pydantic.Field([], description="Any of these.")
    trigger: Trigger | None = None
    queued_since: Instant | None = pydantic.Field(None, description="Inclusive.")
    queued_before: Instant | None = pydantic.Field(None, description="Exclusive.")


class RunParts(Schema):
    """How much of a run's items and log is wanted, and from where on."""

    limit: Limit = 100
    items_cursor: CursorText = ""
    logs_cursor: CursorText = ""
    item_state: list[ItemState] = pydantic.Field([], description="Only items in any of these states.")


class ReasonIn(Wanted):
    """Why; it is kept with the run."""

    reason: Text = pydantic.Field(min_length=1, max_length=switching.LONGEST_REASON, examples=["its worker hangs"])


class CancelIn(Wanted):
    """Why, for those who look at the run later."""

    reason: Text = pydantic.Field("", max_length=switching.LONGEST_REASON)


def _filtered(runs: QuerySet[Execution], chosen: RunFilter) -> QuerySet[Execution]:
    bounds: dict[str, datetime | Trigger | None] = {
        "trigger": chosen.trigger,
        "queued_at__gte": chosen.queued_since,
        "queued_at__lt": chosen.queued_before,
    }
    runs = runs.filter(**{name: value for name, value in bounds.items() if value is not None})
    return runs.filter(state__in=chosen.state) if chosen.state else runs


@router.get("/jobs/executions/recent", response=Page[RunOut], summary="List runs", openapi_extra=needs(Role.VIEWER))
def list_recent_runs(request: HttpRequest, chosen: Query[RunFilter]) -> dict[str, Any]:
    """The runs of all jobs, newest first."""
    caller = allow(request, Role.VIEWER)
    return page_of(_filtered(visible_runs(caller), chosen), chosen, run_out)


@router.get(
    "/jobs/{job_id}/executions", response=Page[RunOut], summary="List a job's runs", openapi_extra=needs(Role.VIEWER)
)
def list_runs_of_job(request: HttpRequest, job_id: str, chosen: Query[RunFilter]) -> dict[str, Any]:
    """The runs of one job, newest first."""
    caller = allow(request, Role.VIEWER)
    runs = visible_runs(caller).filter(job_id=registry.get(job_id).job_id)
    return page_of(_filtered(runs, chosen), chosen, run_out)


@router.get(
    "/jobs/executions/{run_id}",
    response=RunDetailOut,
    summary="Show a run",
    openapi_extra=needs(Role.VIEWER),
)
def show_run(request: HttpRequest, run_id: RowId, parts: Query[RunParts]) -> dict[str, Any]:
    """The run, counted as it is now, with its items and its log in the order in which they came."""
    caller = allow(request, Role.VIEWER)
    run = visible_run(caller, run_id)
    rows = run.items.filter(state__in=parts.item_state) if parts.item_state else run.items.all()
    items_page = Paging(limit=parts.limit, cursor=parts.items_cursor)
    logs_page = Paging(limit=parts.limit, cursor=parts.logs_cursor)
    counted = _counted_now(run) if run.is_open else {}
    return (
        run_values(run)
        | counted
        | {
            "waiting_for_budget_until": run.waiting_for_budget_until() if run.is_open else None,
            "item_list": page_of(rows, items_page, item_out, newest_first=False),
            "logs": page_of(run.log_lines.all(), logs_page, line_out, newest_first=False),
        }
    )


def _counted_now(run: Execution) -> dict[str, Any]:
    sums = items.sums(run)
    return {
        "items": asdict(sums.counts),
        "api_requests_made": sums.requests,
        "records_created": sums.created,
        "records_updated": sums.updated,
    }


@router.post("/jobs/executions/{run_id}/cancel", response=RunOut, summary="Cancel", openapi_extra=needs(Role.OPERATOR))
def cancel_run(request: HttpRequest, run_id: RowId, wanted: CancelIn) -> RunOut:
    """Items being worked on end at their next checkpoint, all others now. 409 where the run has ended."""
    caller = allow(request, Role.OPERATOR)
    run = visible_run(caller, run_id)
    return run_out(rerunning.cancel(run, reason=wanted.reason, by=actor(caller), now=database_now()))


@router.post(
    "/jobs/executions/{run_id}/retry", response={202: RunOut}, summary="Retry", openapi_extra=needs(Role.OPERATOR)
)
def retry_run(request: HttpRequest, response: HttpResponse, run_id: RowId) -> RunOut:
    """A new run over the items that this one did not get done. 409 says why it cannot be."""
    caller = allow(request, Role.OPERATOR)
    run = rerunning.retry(visible_run(caller, run_id), by=actor(caller), now=database_now())
    return triggering.accepted(request, response, run)


@router.post("/jobs/executions/{run_id}/fail", response=RunOut, summary="Fail", openapi_extra=needs(Role.OPERATOR))
def fail_run(request: HttpRequest, run_id: RowId, wanted: ReasonIn) -> RunOut:
    """End an open run as FAILED at once, whatever its workers do. 409 where it has ended."""
    caller = allow(request, Role.OPERATOR)
    run = visible_run(caller, run_id)
    return run_out(rerunning.fail(run, reason=wanted.reason, by=actor(caller), now=database_now()))
