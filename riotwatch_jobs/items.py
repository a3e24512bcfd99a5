"""Inserting the items of a run: at its start, from its items, at each later phase, and from the run it repeats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Count, Q, Sum

from riotwatch_jobs.base import ItemCounts, Job
from riotwatch_jobs.models import FAILED_ITEM_STATES, Execution, ItemState, WorkItem
from riotwatch_jobs.outcomes import Lane, Target

INTERACTIVE_QUEUE = "interactive"
INSERTED_AT_ONCE = 1_000


def add(execution: Execution, job: Job, targets: Iterable[Target], *, phase: int, now: datetime) -> int:
    """Insert items for targets, each key once; returns how many targets there were."""
    rows = (_row(execution, job, target, phase=phase, now=now) for target in targets)
    count = 0
    while batch := list(islice(rows, INSERTED_AT_ONCE)):  # a backlog of any length fits into memory
        WorkItem.objects.bulk_create(batch, ignore_conflicts=True)
        count += len(batch)
    return count


def _row(execution: Execution, job: Job, target: Target, *, phase: int, now: datetime) -> WorkItem:
    interactive = bool(execution.players)  # a person asked for these and waits
    return WorkItem(
        execution=execution,
        key=target.key,
        data=target.data,
        lane=Lane.INTERACTIVE if interactive else target.lane,
        phase=phase,
        region=target.region,
        queue=INTERACTIVE_QUEUE if interactive else job.queue,
        available_at=now,
    )


@dataclass(frozen=True)
class Sums:
    """What a run's items came to, as far as they have reported."""

    counts: ItemCounts
    requests: int
    created: int
    updated: int


def sums(execution: Execution) -> Sums:
    """Counted now; the run's own fields are written when it ends."""
    found = execution.items.aggregate(
        total=Count("id"),
        done=Count("id", filter=Q(state=ItemState.DONE)),
        failed=Count("id", filter=Q(state__in=FAILED_ITEM_STATES)),
        skipped=Count("id", filter=Q(state__in=[ItemState.SKIPPED, ItemState.CANCELLED])),
        requests=Sum("api_requests_made", default=0),
        created=Sum("records_created", default=0),
        updated=Sum("records_updated", default=0),
    )
    counts = ItemCounts(**{name: found.pop(name) for name in ("total", "done", "failed", "skipped")})
    return Sums(counts, **found)


UNFINISHED_ITEM_STATES = (ItemState.FAILED, ItemState.QUARANTINED, ItemState.SKIPPED, ItemState.CANCELLED)


def to_repeat(run: Execution, job: type[Job]) -> list[WorkItem]:
    """The items of an ended run that are not done; none where a whole run is due: some are pruned, or it has phases."""
    if job.phases > 1:
        return []
    kept = list(run.items.filter(state__in=UNFINISHED_ITEM_STATES).order_by("id"))
    return kept if len(kept) == run.items_failed + run.items_skipped else []


def repeat(execution: Execution, originals: Sequence[WorkItem], *, now: datetime) -> int:
    """Insert copies that know what the originals remember; one that killed its workers runs alone from the start."""
    rows = [
        WorkItem(
            execution=execution,
            key=original.key,
            data=original.data,
            lane=original.lane,
            region=original.region,
            queue=original.queue,
            lost_count=int(original.state == ItemState.QUARANTINED),
            available_at=now,
        )
        for original in originals
    ]
    WorkItem.objects.bulk_create(rows, batch_size=1_000)
    return len(rows)
