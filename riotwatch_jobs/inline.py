"""Working on one run in this process, without Celery: for `trigger_job --inline` and for tests of job logic.

The same claim, attempt and record as on a worker; workers that happen to live may take items too.
"""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, Q

from riotwatch_jobs import capture, closing, dispatch, leases, runner
from riotwatch_jobs.leases import Lease, database_now
from riotwatch_jobs.models import Execution, ItemState, WorkItem

POLL_EVERY_S = 0.2


@contextlib.contextmanager
def own_lease() -> Iterator[Lease]:
    """Be a worker of no queue for the length of the block."""
    lease = Lease("inline", queues=[], concurrency=1)
    leases.hold(lease)
    lease.keep_renewing()
    try:
        yield lease
    finally:
        leases.drop()


def work_off(execution: Execution, *, give_up_after_s: float) -> Execution:
    """Start the run if it waits, then work on its items until it has ended or the time is up; returns it anew."""
    until = time.monotonic() + give_up_after_s
    with own_lease(), contextlib.redirect_stdout(capture.PrintedLines()):
        while _is_open(execution):
            dispatch.start(execution.pk, now=database_now())  # again while another run of the scope is in progress
            if time.monotonic() >= until:
                break
            if not work_on_next(execution, now=database_now()):
                closing.close_if_finished(execution.pk, now=database_now())
                time.sleep(POLL_EVERY_S)
    execution.refresh_from_db()
    return execution


def _is_open(execution: Execution) -> bool:
    return Execution.objects.open().filter(pk=execution.pk).exists()


def work_on_next(execution: Execution, *, now: datetime) -> bool:
    """Work on the run's next due item; False where none is due now."""
    idle = execution.items.filter(Q(state=ItemState.WAITING) | Q(state=ItemState.QUEUED), available_at__lte=now)
    item = idle.order_by("lane", "available_at", "id").first()
    if item is None:
        return False
    ours = WorkItem.objects.filter(pk=item.pk, state=item.state, delivery=item.delivery)
    if ours.update(state=ItemState.QUEUED, delivery=F("delivery") + 1, sent_at=now):
        runner.run(item.pk, item.delivery + 1, retries=item.attempts)
    return True
