"""What the API says of jobs, runs and schedules."""

from datetime import datetime
from typing import Any

import pydantic
from ninja import Schema

from riotwatch_api.paging import Page
from riotwatch_jobs.models import Execution, ExecutionLog, ExecutionState, ItemState, Trigger, WorkItem


class ItemCountsOut(Schema):
    """How many items a run has, and how they ended."""

    total: int
    done: int
    failed: int
    skipped: int


class RunOut(Schema):
    """A run of a job."""

    id: int = pydantic.Field(examples=[1207])
    job_id: str = pydantic.Field(examples=["tracked_player_updater"])
    scope: str = pydantic.Field(description="Runs of one scope never overlap.", examples=["default"])
    state: ExecutionState
    reason: str = pydantic.Field(description="Why it ended as it did.")
    partial: bool = pydantic.Field(description="It completed, but not every item did.")
    trigger: Trigger
    triggered_by: str
    request_id: str = pydantic.Field(description="X-Request-ID of the web request that asked for it; empty: none did.")
    slot: datetime | None = pydantic.Field(description="The due instant of a scheduled run.")
    retry_of: int | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_s: float | None
    deadline_at: datetime | None
    items: ItemCountsOut = pydantic.Field(description="Counted when the run ends; before that see its own address.")
    players: int = pydantic.Field(description="How many players it is limited to; 0: to none.")
    slots_skipped: int = pydantic.Field(description="Slots that a SKIPPED run stands for.")
    api_requests_made: int
    records_created: int
    records_updated: int
    result: dict[str, Any] = pydantic.Field(examples=[{"total_tracked": 10, "updated": 10, "failed": 0}])
    config: dict[str, Any]
    traceback: str = pydantic.Field(description="Of the bug that ended it; empty otherwise.")


class ItemOut(Schema):
    """A unit of a run's work."""

    id: int
    key: str
    state: ItemState
    reason: str
    attempts: int
    available_at: datetime
    waits_for_budget: bool
    started_at: datetime | None
    finished_at: datetime | None
    host: str
    pid: int | None
    api_requests_made: int
    traceback: str


class LogLineOut(Schema):
    """What was logged or printed during a run."""

    id: int
    at: datetime
    level: str = pydantic.Field(examples=["INFO"])
    logger: str
    message: str


class RunDetailOut(RunOut):
    """A run with its items and its log, each by pages."""

    waiting_for_budget_until: datetime | None
    item_list: Page[ItemOut]
    logs: Page[LogLineOut]


class StatisticsOut(Schema):
    """A job's runs that ended in a span of time."""

    runs: int
    ok: int
    failed: int
    rate_limited: int
    cancelled: int
    skipped: int
    slots_missed: int = pydantic.Field(description="Slots for which no scheduler was there.")
    mean_duration_s: float | None
    p95_duration_s: float | None
    mean_requests: float | None
    max_requests: int | None
    last_success: datetime | None
    last_error: datetime | None


class ScheduleOut(Schema):
    """When a job runs."""

    id: int | None = pydantic.Field(description="null: it follows another job, which is a setting of the job.")
    job_id: str
    name: str
    schedule: str = pydantic.Field(examples=["every 15m", "20 3 * * *", "after match_fetcher"])
    in_words: str = pydantic.Field(examples=["every 15 minutes"])
    enabled: bool
    next_runs: list[datetime]


def run_values(run: Execution) -> dict[str, Any]:
    """What RunOut says of a run."""
    plain = {
        name: getattr(run, name)
        for name in RunOut.model_fields
        if name not in {"items", "players", "partial", "retry_of"}
    }
    counts = {name: getattr(run, f"items_{name}") for name in ItemCountsOut.model_fields}
    more = {"items": counts, "players": len(run.players), "partial": run.is_partial, "retry_of": run.retry_of_id}
    return plain | more


def run_out(run: Execution) -> RunOut:
    """A run."""
    return RunOut(**run_values(run))


def item_out(item: WorkItem) -> ItemOut:
    """An item."""
    return ItemOut.model_validate(item)


def line_out(line: ExecutionLog) -> LogLineOut:
    """A line of a run's log."""
    return LogLineOut(id=line.pk, at=line.at, level=_level_name(line.level), logger=line.logger, message=line.message)


def _level_name(level: int) -> str:
    names = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
    return names.get(level, str(level))
