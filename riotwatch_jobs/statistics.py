"""How the runs of each job went in a span of time: for the command line, the admin and the API alike."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Avg, Count, DurationField, F, Max, Min, Q, Sum

from riotwatch_jobs.catching_up import MISSED
from riotwatch_jobs.health import needed_queues
from riotwatch_jobs.models import FAILED_STATES, Execution, ExecutionState, ItemState, WorkerLease, WorkItem

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Statistics:
    """A job's runs that ended in the span; skipped ones are counted apart, for nothing ran."""

    runs: int = 0
    ok: int = 0
    """COMPLETED, in part or in whole."""
    failed: int = 0
    """FAILED or ABANDONED."""
    rate_limited: int = 0
    cancelled: int = 0
    skipped: int = 0
    slots_missed: int = 0
    """Slots that no beat opened."""
    mean_duration_s: float | None = None
    p95_duration_s: float | None = None
    mean_requests: float | None = None
    max_requests: int | None = None
    last_success: datetime | None = None
    last_error: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        values = asdict(self)
        for name in ("last_success", "last_error"):
            values[name] = values[name].isoformat() if values[name] else None
        return values


class Percentile95(Aggregate):
    """PostgreSQL's percentile_cont at 0.95."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    name = "Percentile95"
    output_field = DurationField()


def per_job(*, now: datetime, span: timedelta = DAY) -> dict[str, Statistics]:
    """Statistics of every job that had runs in the span before `now`."""
    ended = Execution.objects.filter(finished_at__gt=now - span, finished_at__lte=now).order_by().values("job_id")
    rows: Iterable[Any] = ended.annotate(**_counts(), **_measures())
    return {row["job_id"]: _statistics(row) for row in rows}


def _counts() -> dict[str, Aggregate]:
    return {
        "runs": Count("id", filter=_ran()),
        "ok": Count("id", filter=Q(state=ExecutionState.COMPLETED)),
        "failed": Count("id", filter=Q(state__in=FAILED_STATES)),
        "rate_limited": Count("id", filter=Q(state=ExecutionState.RATE_LIMITED)),
        "cancelled": Count("id", filter=Q(state=ExecutionState.CANCELLED)),
        "skipped": Count("id", filter=Q(state=ExecutionState.SKIPPED)),
        "slots_missed": Sum("slots_skipped", filter=Q(reason=MISSED), default=0),
    }


def _measures() -> dict[str, Aggregate]:
    duration = F("finished_at") - F("started_at")
    return {
        "mean_duration": Avg(duration, filter=_ran(), output_field=DurationField()),
        "p95_duration": Percentile95(duration, filter=_ran()),
        "mean_requests": Avg("api_requests_made", filter=_ran()),
        "max_requests": Max("api_requests_made", filter=_ran()),
        "last_success": Max("finished_at", filter=Q(state=ExecutionState.COMPLETED)),
        "last_error": Max("finished_at", filter=Q(state__in=FAILED_STATES)),
    }


def _ran() -> Q:
    return ~Q(state=ExecutionState.SKIPPED) & Q(started_at__isnull=False)


def _statistics(row: dict[str, Any]) -> Statistics:
    mean, p95 = row["mean_duration"], row["p95_duration"]
    return Statistics(
        **{name: row[name] for name in row.keys() & Statistics.__dataclass_fields__.keys()},
        mean_duration_s=mean.total_seconds() if mean is not None else None,
        p95_duration_s=p95.total_seconds() if p95 is not None else None,
    )


@dataclass(frozen=True)
class QueueDepth:
    """What waits in a queue, and who works on it."""

    queue: str
    waiting: int = 0
    """Items that have not ended and that nobody works on."""
    running: int = 0
    due_since: datetime | None = None
    """Since when the item that has waited longest could have been worked on; None where none is due."""
    capacity: int = 0
    """Items that live workers can run at once."""


def queue_depths(now: datetime) -> list[QueueDepth]:
    """Every queue that something is sent to."""
    running = Count("pk", filter=Q(state=ItemState.RUNNING))
    counted = WorkItem.objects.open().order_by().values_list("queue").annotate(running=running, all=Count("pk"))
    counts = {queue: (at_work, count - at_work) for queue, at_work, count in counted}
    due = dict(_due(now))
    capacity: dict[str, int] = defaultdict(int)
    for lease in WorkerLease.objects.live(now):
        for queue in lease.queues:
            capacity[queue] += lease.concurrency
    return [
        QueueDepth(queue, waiting, at_work, due.get(queue), capacity[queue])
        for queue in sorted({*needed_queues(), *counts})
        for at_work, waiting in [counts.get(queue, (0, 0))]
    ]


def _due(now: datetime) -> Iterable[tuple[str, datetime]]:
    """Queues with the time since when their oldest unstarted item is due, sent or not."""
    waiting = WorkItem.objects.filter(state__in=(ItemState.WAITING, ItemState.QUEUED), available_at__lte=now)
    return waiting.order_by().values_list("queue").annotate(since=Min("available_at"))
