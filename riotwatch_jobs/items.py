"""Inserting the items of a run: at its start, from its items, and at each later phase."""

from collections.abc import Iterable
from datetime import datetime

from riotwatch_jobs.base import Job
from riotwatch_jobs.models import Execution, WorkItem
from riotwatch_jobs.outcomes import Lane, Target

INTERACTIVE_QUEUE = "interactive"


def add(execution: Execution, job: Job, targets: Iterable[Target], *, phase: int, now: datetime) -> int:
    """Insert items for targets, each key once; returns how many targets there were."""
    interactive = bool(execution.players)  # a person asked for these and waits
    rows = [
        WorkItem(
            execution=execution,
            key=target.key,
            data=target.data,
            lane=Lane.INTERACTIVE if interactive else target.lane,
            phase=phase,
            region=target.region,
            queue=INTERACTIVE_QUEUE if interactive else job.queue,
            available_at=now,
        )
        for target in targets
    ]
    WorkItem.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    return len(rows)
