"""How the runs of each job went in a span of time: for the command line, the admin and the API alike."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Avg, Count, DurationField, F, Max, Q, Sum

from riotwatch_jobs.catching_up import MISSED
from riotwatch_jobs.models import Execution, ExecutionState

DAY, WEEK = timedelta(days=1), timedelta(days=7)
FAILED_STATES = (ExecutionState.FAILED, ExecutionState.ABANDONED)


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
