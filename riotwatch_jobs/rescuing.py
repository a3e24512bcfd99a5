"""Items whose worker died: they are free again, but for those that kill whoever works on them."""

from typing import Any

import structlog
from django.db.models import F
from django.db.models.functions import Now

from riotwatch_jobs import closing, leases
from riotwatch_jobs.models import ItemState, WorkerLease, WorkItem

QUARANTINE_AFTER_LONELY_DEATHS = 3

log = structlog.stdlib.get_logger(__name__)


def from_dead_neighbor(item: WorkItem) -> None:
    """The broker redelivered an item that says it runs: if its process was on this machine and is gone, free it."""
    lease = WorkerLease.objects.filter(pk=item.owner_id).first() if item.owner_id else None
    if lease is not None and lease.host == leases.current().host and not leases.is_running(lease.pid):
        WorkerLease.objects.filter(pk=lease.pk).delete()
        rescue_lost()
        # Quarantined, it may have been the run's last item, and housekeeping need not have this job's code.
        closing.close_if_finished(item.execution_id, now=leases.database_now())


def rescue_lost() -> int:
    """Free the items whose owner has no lease any more; one that died alone three times is quarantined."""
    owners = WorkerLease.objects.values("pk")
    lost = WorkItem.objects.filter(state=ItemState.RUNNING).exclude(owner_id__in=owners)
    freed = 0
    for item in lost:
        deaths_alone = item.lost_alone_count + int(item.alone)
        poisonous = deaths_alone >= QUARANTINE_AFTER_LONELY_DEATHS
        values: dict[str, Any] = {
            "state": ItemState.QUARANTINED if poisonous else ItemState.WAITING,
            "finished_at": Now() if poisonous else None,
            "reason": f"its worker {item.host} pid {item.pid} died",
            "available_at": Now(),
            "owner_id": None,
            "lost_count": F("lost_count") + 1,
            "lost_alone_count": deaths_alone,
        }
        still = WorkItem.objects.filter(pk=item.pk, state=ItemState.RUNNING, owner_id=item.owner_id)
        freed += still.update(**values)
        log.warning("item_lost", item=item.pk, host=item.host, pid=item.pid, quarantined=poisonous)
    return freed
