"""What a run's page shows: how far it is, what it came to, its items and its log."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Q, Value, When

from riotwatch_jobs import registry
from riotwatch_jobs.admin import history, words
from riotwatch_jobs.admin.words import Label
from riotwatch_jobs.base import Job
from riotwatch_jobs.items import sums
from riotwatch_jobs.models import (
    FAILED_ITEM_STATES,
    OPEN_ITEM_STATES,
    Execution,
    ExecutionLog,
    ItemState,
    WorkItem,
)
from riotwatch_pages import times

LINES_SHOWN = 200
ITEMS_SHOWN = 50
RUNS_COMPARED = 30
ITEM_ORDER = (
    *(ItemState.RUNNING, ItemState.FAILED, ItemState.QUARANTINED, ItemState.QUEUED, ItemState.WAITING),
    *(ItemState.CANCELLED, ItemState.SKIPPED, ItemState.DONE),
)
"""Open and failed ones first: those are what somebody looks for."""


@dataclass(frozen=True)
class Progress:
    """How far a run is, in items."""

    total: int
    open: int
    failed: int
    phase: str
    """The part it is in; empty where it has only one."""
    waits_until: datetime | None
    """When the key's budget lets it go on; None where it does not wait for it."""

    @property
    def percent(self) -> int:
        """Of the items there are so far; those of later phases are not known yet."""
        return (self.total - self.open) * 100 // self.total if self.total else 0

    @property
    def text(self) -> str:
        """In one line."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.total - self.open} of {self.total} items ended{failed}"


@dataclass(frozen=True)
class StateCount:
    """How many items are in a state."""

    state: str
    label: Label
    number: int


@dataclass(frozen=True)
class LogLine:
    """A line of the log with the class of its color."""

    line: ExecutionLog
    level: str


def facts(run: Execution, *, state: str, now: datetime) -> dict[str, Any]:
    """All that the page shows; `state` narrows the items."""
    counts = state_counts(run)
    job, runs = job_of(run), up_to(run)
    return {
        "run": run,
        "description": job.description if job else "",
        "previous": runs[1] if len(runs) > 1 else None,
        "trend": history.trend(runs),
        "label": words.of_run(run),
        "progress": progress(run, counts) if run.is_open else None,
        "took": took(run, now),
        "counters": counters(run),
        "counts": counts,
        "chosen": state,
        "items": items(run, state),
        "lines": lines(run),
        "result": table(run.result),
        "config": table(run.config),
    }


def state_counts(run: Execution) -> list[StateCount]:
    """The states that items of the run are in, in the order of the list."""
    rows = dict(run.items.order_by().values_list("state").annotate(number=Count("id")))
    return [StateCount(state, words.of_item(state), rows[state]) for state in ITEM_ORDER if state in rows]


def items_ended(runs: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many items of each run have ended, and of how many."""
    ended = Count("id", filter=~Q(state__in=OPEN_ITEM_STATES))
    counted = WorkItem.objects.filter(execution__in=runs).order_by().values_list("execution")
    return {run: (over, total) for run, over, total in counted.annotate(over=ended, total=Count("id"))}


def progress(run: Execution, counts: Sequence[StateCount]) -> Progress:
    """How far an open run is."""
    return Progress(
        total=sum(count.number for count in counts),
        open=sum(count.number for count in counts if count.state in OPEN_ITEM_STATES),
        failed=sum(count.number for count in counts if count.state in FAILED_ITEM_STATES),
        phase=phase_in_words(run),
        waits_until=run.waiting_for_budget_until(),
    )


def phase_in_words(run: Execution) -> str:
    """`phase 2 of 3: analyze`."""
    job = job_of(run)
    if job is None or job.phases == 1:
        return ""
    name = f": {job.phase_names[run.phase]}" if run.phase < len(job.phase_names) else ""
    return f"phase {run.phase + 1} of {job.phases}{name}"


def job_of(run: Execution) -> type[Job] | None:
    """The run's job; None where its code is gone."""
    try:
        return registry.get(run.job_id)
    except registry.UnknownJob:
        return None


def took(run: Execution, now: datetime) -> str:
    """How long the run took, or has been taking."""
    if run.started_at is None:
        return ""
    return times.span(((run.finished_at or now) - run.started_at).total_seconds())


def counters(run: Execution) -> list[tuple[str, int]]:
    """Requests and records; of an open run as far as its items have reported."""
    if run.is_open:
        now = sums(run)
        numbers = (now.requests, now.created, now.updated)
    else:
        numbers = (run.api_requests_made, run.records_created, run.records_updated)
    return list(zip(("API requests", "created", "updated"), numbers, strict=True))


def items(run: Execution, state: str) -> list[tuple[WorkItem, Label]]:
    """The items of a state, or of all, open and failed ones first."""
    place = Case(*(When(state=name, then=Value(index)) for index, name in enumerate(ITEM_ORDER)))
    chosen = run.items.filter(state=state) if state in ItemState.values else run.items.all()
    ordered = chosen.annotate(place=place).defer("data", "result", "traceback").order_by("place", "-id")
    return [(item, words.of_item(item.state)) for item in ordered[:ITEMS_SHOWN]]


def lines(run: Execution) -> list[LogLine]:
    """The newest lines of the log, oldest first."""
    newest = list(run.log_lines.order_by("-id")[:LINES_SHOWN])
    return [LogLine(line, logging.getLevelName(line.level).lower()) for line in reversed(newest)]


def table(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A result or a configuration as names and values."""
    return [
        (name, value if isinstance(value, str) else json.dumps(value, default=str)) for name, value in values.items()
    ]


def up_to(run: Execution) -> list[Execution]:
    """The run and those of its job before it, in the same scope, newest first."""
    runs = Execution.objects.filter(job_id=run.job_id, scope=run.scope, pk__lte=run.pk)
    return list(runs.defer("result", "config", "traceback").order_by("-pk")[:RUNS_COMPARED])
