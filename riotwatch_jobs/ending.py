"""Ending runs before their items have: by hand, after their deadline, and what came to them after their end."""

from datetime import datetime, timedelta

from django.db.models import Q

from riotwatch_jobs import closing, leases
from riotwatch_jobs.models import EmergencyStop, Execution, ExecutionState, ItemState, WorkItem

DEADLINE_GRACE = timedelta(seconds=30)
"""How long what is being worked on at the deadline may take to end; then it is taken away."""


def order_end(execution: Execution, state: ExecutionState, *, reason: str, now: datetime) -> bool:
    """Mark an open run as to be CANCELLED, FAILED or ABANDONED. False when it had already ended.

    From then on nobody claims its items. `carry_out_end` does the rest, in a transaction of its own.
    """
    cancelled_at = now if state == ExecutionState.CANCELLED else None
    pending = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING)
    if pending.update(state=state, cancel_requested_at=cancelled_at, finished_at=now, reason=reason):
        return True
    in_progress = Execution.objects.in_progress().filter(pk=execution.pk)
    if cancelled_at:
        return bool(in_progress.update(cancel_requested_at=now, reason=reason))
    return bool(in_progress.update(stop_reason=reason, abandoned=state == ExecutionState.ABANDONED))


def carry_out_end(execution_id: int, *, now: datetime, by_force: bool = False) -> None:
    """End the items of a run that is to end, and close it where none is left open.

    Items being worked on end at their next checkpoint; those whose worker is dead end now: no worker is needed. With
    `by_force` all end now, and what their workers still come to is dropped.
    """
    execution = Execution.objects.in_progress().filter(pk=execution_id).first()
    if execution is None:
        return
    reason = execution.reason if execution.cancel_requested_at else execution.stop_reason
    idle_state = ItemState.CANCELLED if execution.cancel_requested_at else ItemState.SKIPPED
    closing.end_open_items(execution_id, state=idle_state, reason=reason, now=now)
    running = WorkItem.objects.filter(execution_id=execution_id, state=ItemState.RUNNING)
    if not by_force:
        running = running.exclude(owner_id__in=leases.alive(now))
    lost_state = ItemState.CANCELLED if execution.cancel_requested_at else ItemState.FAILED
    running.end(lost_state, reason=reason, now=now)
    closing.close_if_finished(execution_id, now=now)


def end_latecomers(now: datetime) -> int:
    """End the items that a worker added to a run just after it was told to end; nobody may claim them."""
    over = Execution.objects.in_progress().filter(Q(cancel_requested_at__isnull=False) | ~Q(stop_reason=""))
    idle = [ItemState.WAITING, ItemState.QUEUED]
    late = over.filter(items__state__in=idle).distinct().values_list("pk", flat=True)
    for pk in list(late):
        carry_out_end(pk, now=now)
    return len(late)


def enforce_deadlines(now: datetime) -> int:
    """End runs whose deadline has passed: what was done stays, the rest is left to the next run.

    What is being worked on may end. What does not, for it hangs in a thread, is taken away: its scope is not held up.
    """
    if EmergencyStop.objects.exists():
        return 0  # what the stop takes of their time is given back
    late = Execution.objects.in_progress().filter(deadline_at__lte=now)
    for execution in late:
        Execution.objects.filter(pk=execution.pk, deadline_passed_at=None).update(deadline_passed_at=now)
        closing.end_open_items(execution.pk, state=ItemState.SKIPPED, reason="the run's deadline passed", now=now)
        if execution.deadline_at and execution.deadline_at + DEADLINE_GRACE <= now:
            running = WorkItem.objects.filter(execution_id=execution.pk, state=ItemState.RUNNING)
            running.end(ItemState.FAILED, reason="it did not end when the run's deadline passed", now=now)
        closing.close_if_finished(execution.pk, now=now)
    return len(late)
