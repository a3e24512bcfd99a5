"""Turning due rows into messages, a window at a time (docs/decisions/0001).

Waiting rows have no message. Per queue and region only a small window has one: twice what live workers can run at once,
and no more than the region's budget can start in ten seconds. It is refilled after each completion and every second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, Greatest

from riotwatch_jobs import messages, registry
from riotwatch_jobs.databases import brief_transaction
from riotwatch_jobs.models import (
    EmergencyStop,
    Execution,
    ExecutionQuerySet,
    ExecutionState,
    ItemState,
    WorkerLease,
    WorkItem,
    WorkItemQuerySet,
)

MESSAGES_PER_WORKER_SLOT = 2
UNCLAIMED_AFTER = timedelta(seconds=20)
RESENT_AT_ONCE = 200
FEED_LOCK = 0x52570001
"""Namespace of the advisory locks that keep two feeders from filling one window twice."""


@dataclass(frozen=True)
class Group:
    """The items that share a window."""

    queue: str
    region: str


def feed(*, now: datetime) -> int:
    """Fill every window that has due items; returns how many messages were published."""
    due = WorkItem.objects.filter(state=ItemState.WAITING, available_at__lte=now)
    groups = due.order_by().values_list("queue", "region").distinct()
    return sum(feed_group(Group(queue, region), now=now) for queue, region in groups)


def feed_group(group: Group, *, now: datetime) -> int:
    """Fill one window; returns how many messages were published."""
    with brief_transaction():  # a worker that is frozen in here would keep everybody from feeding the group
        if EmergencyStop.objects.exists() or not _locked(group):
            return 0  # all is stopped, or another feeder is at it this very moment
        taken = _take_due(group, _room(group, now), now)
    return _publish([(item_id, delivery, group.queue) for item_id, delivery in taken])


def _publish(due: Sequence[tuple[int, int, str]]) -> int:
    """Send (item, delivery, queue); returns how many went out.

    A broker that refused one would refuse the others, each after a timeout: they all wait again for the next feeding.
    """
    for sent, (item_id, delivery, queue) in enumerate(due):
        if not messages.send_item(item_id, delivery, queue=queue):
            _take_back(due[sent:])
            return sent
    return len(due)


def _take_back(unsent: Sequence[tuple[int, int, str]]) -> None:
    """If the broker took one of these after all, its message finds no QUEUED row and is dropped."""
    ids = {item_id: delivery for item_id, delivery, _ in unsent}
    queued = WorkItem.objects.filter(pk__in=ids, state=ItemState.QUEUED)
    current = [pk for pk, delivery in queued.values_list("pk", "delivery") if ids[pk] == delivery]
    queued.filter(pk__in=current).update(state=ItemState.WAITING)


def _locked(group: Group) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [FEED_LOCK, f"{group.queue}/{group.region}"]
        )
        return bool(cursor.fetchone()[0])


def _room(group: Group, now: datetime) -> int:
    outstanding = WorkItem.objects.filter(
        queue=group.queue, region=group.region, state__in=[ItemState.QUEUED, ItemState.RUNNING]
    ).count()
    return max(0, window(group, now) - outstanding)


def window(group: Group, now: datetime) -> int:
    """How many messages of a group may be outstanding."""
    size = MESSAGES_PER_WORKER_SLOT * live_concurrency(group.queue, now)
    limit = registry.region_window(group.region)
    return max(1, size if limit is None else min(size, limit))


def live_concurrency(queue: str, now: datetime) -> int:
    """How many items of a queue live workers can run at once."""
    total = WorkerLease.objects.live(now).filter(queues__contains=[queue]).aggregate(n=Sum("concurrency"))["n"]
    return total or 0


def _take_due(group: Group, room: int, now: datetime) -> list[tuple[int, int]]:
    if room == 0:
        return []
    due = WorkItem.objects.due(now).filter(queue=group.queue, region=group.region)
    ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:room])
    return _mark_sent(WorkItem.objects.filter(pk__in=ids), now)


def _mark_sent(items: WorkItemQuerySet, now: datetime) -> list[tuple[int, int]]:
    ids = list(items.values_list("id", flat=True))
    WorkItem.objects.filter(pk__in=ids).update(
        state=ItemState.QUEUED, delivery=F("delivery") + 1, sent_at=now, waits_for_budget=False
    )
    return list(WorkItem.objects.filter(pk__in=ids).order_by("lane", "id").values_list("id", "delivery"))


def resend_unclaimed(*, now: datetime) -> int:
    """Send again what nobody claimed for 20 s (a lost message, an emptied broker), where a worker lives to claim it."""
    quiet = Greatest(F("sent_at"), Coalesce(F("available_at"), F("sent_at")))
    unclaimed = WorkItem.objects.filter(state=ItemState.QUEUED).annotate(quiet=quiet)
    queues = set() if EmergencyStop.objects.exists() else queues_with_workers(now)
    with brief_transaction():
        rows = (
            unclaimed.filter(Q(quiet__lt=now - UNCLAIMED_AFTER), queue__in=queues)
            .order_by("id")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("id", "queue")[:RESENT_AT_ONCE]
        )
        queue_of = dict(rows)
        sent = _mark_sent(WorkItem.objects.filter(pk__in=queue_of), now)
    return _publish([(item_id, delivery, queue_of[item_id]) for item_id, delivery in sent])


def resend_pending(runs: ExecutionQuerySet, *, quiet_for: timedelta, now: datetime) -> int:
    """Send again those of the runs that still wait, where nothing of their scope is in progress; returns how many.

    Only where a worker lives to start them: messages would pile up, and the broker keeps what it has.
    """
    if EmergencyStop.objects.exists() or messages.CONTROL_QUEUE not in queues_with_workers(now):
        return 0
    quiet = runs.filter(Q(sent_at=None) | Q(sent_at__lt=now - quiet_for), state=ExecutionState.PENDING)
    busy = set(Execution.objects.in_progress().values_list("job_id", "scope"))
    due = [run for run in quiet if (run.job_id, run.scope) not in busy]
    for sent, run in enumerate(due):
        Execution.objects.filter(pk=run.pk).update(sent_at=now)
        if not messages.send_dispatch(run.pk):
            return sent  # the broker is down: the others would fail too, each after a timeout
    return len(due)


def queues_with_workers(now: datetime) -> set[str]:
    """The queues that live workers consume."""
    lists = WorkerLease.objects.live(now).values_list("queues", flat=True)
    return {queue for queues in lists for queue in queues}
