"""Ending runs and phases: the last item to commit closes its run, or begins its next phase (docs/decisions/0001).

The item is committed first; then, in a transaction of its own, one UPDATE closes the run if no item is open. The last
committer sees all others, so exactly one UPDATE matches. Housekeeping does the same after a crash in between.

Where phases are left, that UPDATE raises the phase instead, and the next items are inserted in its transaction. Both
UPDATEs name the phase they leave: one that waited for the other sees the run's row anew, but items as of its beginning.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from structlog.contextvars import bound_contextvars

from riotwatch_jobs import items, messages, registry, run_news
from riotwatch_jobs.base import Job, sum_results
from riotwatch_jobs.databases import is_outage
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, WorkItem

log = structlog.stdlib.get_logger(__name__)

FOLLOWED_STATES = (ExecutionState.COMPLETED, ExecutionState.RATE_LIMITED)


@dataclass(frozen=True)
class Timetable:
    """What the schedules say about a run that has ended; they are above this module (following.py)."""

    follow: Callable[[Execution, datetime], None]
    """Ask for the runs that follow; called in the closing transaction, when something was done."""
    next_run: Callable[[Execution, datetime], datetime | None]
    """When the schedule of this run is due next."""


_timetable: Timetable | None = None


def set_timetable(timetable: Timetable) -> None:
    """Say what follows a run; until then nothing does."""
    global _timetable
    _timetable = timetable


@dataclass(frozen=True)
class Totals(items.Sums):
    """With what the job makes of its items' results."""

    result: dict[str, Any]


def close_if_finished(execution_id: int, *, now: datetime) -> bool:
    """Close a run that has no open item, or begin its next phase. True for the one caller that closed it."""
    while execution := Execution.objects.without_open_items().filter(pk=execution_id).first():
        with bound_contextvars(**execution.log_ids):
            if _is_left_to_others(execution, now=now):
                return False
            if not _has_another_phase(execution):
                return _close(execution, now=now)
            _begin_next_phase(execution, now=now)  # where it has no targets, the run is to be looked at again
    return False


def _is_left_to_others(execution: Execution, *, now: datetime) -> bool:
    """A process without the job's code knows neither its phases nor its sums: until the deadline others may.

    A run that is to end in any case is closed by whoever comes: ending one by hand needs no worker.
    """
    if _is_to_end(execution) or execution.deadline_at is None or now >= execution.deadline_at:
        return False
    try:
        registry.get(execution.job_id)
    except registry.UnknownJob as problem:
        log.error("run_left_to_others", run=execution.pk, problem=problem)
        return True
    return False


def _has_another_phase(execution: Execution) -> bool:
    return not _is_to_end(execution) and execution.phase + 1 < _job_of(execution).phases


def _is_to_end(execution: Execution) -> bool:
    return bool(execution.cancel_requested_at or execution.stop_reason or execution.deadline_passed_at)


def _begin_next_phase(execution: Execution, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            if not _raise_phase(execution):
                return
            count = _add_items_of_phase(execution, execution.phase + 1, now=now)
    except Exception as bug:
        if is_outage(bug):
            raise  # nothing has changed: housekeeping tries again
        # The job's own code: whatever it raises fails this run.
        _stop_before_next_phase(execution, bug)
        return
    log.info("phase_started", job=execution.job_id, run=execution.pk, phase=execution.phase + 1, items=count)


def _raise_phase(execution: Execution) -> bool:
    """For one caller only, and for nobody once the run is to end."""
    unchanged = Execution.objects.without_open_items().filter(
        pk=execution.pk, phase=execution.phase, cancel_requested_at=None, stop_reason="", deadline_passed_at=None
    )
    return bool(unchanged.update(phase=execution.phase + 1))


def _add_items_of_phase(execution: Execution, phase: int, *, now: datetime) -> int:
    job = execution.job_instance()
    first = [item.target for item in execution.items.filter(phase=0).order_by("id")]
    return items.add(execution, job, job.phase_targets(phase, first), phase=phase, now=now)


def _stop_before_next_phase(execution: Execution, bug: Exception) -> None:
    reason = f"phase {execution.phase + 1} could not start: {type(bug).__name__}: {bug}"
    unstopped = Execution.objects.in_progress().filter(pk=execution.pk, phase=execution.phase, stop_reason="")
    unstopped.update(stop_reason=reason, traceback=traceback.format_exc())


def _close(execution: Execution, *, now: datetime) -> bool:
    totals = _totals(execution)
    state, reason = decide(execution, totals)
    with transaction.atomic():
        closed = (
            Execution.objects.without_open_items()
            # By what it was decided from: one that is told to end meanwhile is looked at again.
            .filter(
                pk=execution.pk,
                phase=execution.phase,
                cancel_requested_at=execution.cancel_requested_at,
                stop_reason=execution.stop_reason,
            )
            .update(
                state=state,
                reason=reason,
                finished_at=now,
                items_total=totals.counts.total,
                items_done=totals.counts.done,
                items_failed=totals.counts.failed,
                items_skipped=totals.counts.skipped,
                api_requests_made=totals.requests,
                records_created=totals.created,
                records_updated=totals.updated,
                result=totals.result,
            )
        )
        if closed and _timetable and state in FOLLOWED_STATES:
            _timetable.follow(execution, now)
        if closed:
            run_news.run_ended(execution, state, reason)
    if closed:
        _announce(execution, state, reason, totals, now=now)
        start_successor(execution)
    return bool(closed)


def _totals(execution: Execution) -> Totals:
    sums, job = items.sums(execution), _job_of(execution)
    results = execution.items.filter(result__isnull=False).values_list("result", flat=True)
    parts = (part for part in results.iterator() if part is not None)
    return Totals(**vars(sums), result=job.summarize(sum_results(job.Result, parts), sums.counts))


def _job_of(execution: Execution) -> type[Job]:
    try:
        return registry.get(execution.job_id)
    except registry.UnknownJob:  # its file was removed, and nobody had it until the deadline
        return Job


def decide(execution: Execution, totals: Totals) -> tuple[ExecutionState, str]:
    """How a run whose items have all ended has ended, and why."""
    if execution.cancel_requested_at:
        return ExecutionState.CANCELLED, execution.reason
    if execution.stop_reason:
        state = ExecutionState.ABANDONED if execution.abandoned else ExecutionState.FAILED
        return state, execution.stop_reason
    if execution.deadline_passed_at:
        return _decide_after_deadline(execution)
    counts = totals.counts
    if counts.total == 0:
        return ExecutionState.COMPLETED, "nothing to do"
    if counts.failed == counts.total:
        return ExecutionState.FAILED, f"all {counts.total} items failed"
    return ExecutionState.COMPLETED, f"{counts.failed} of {counts.total} items failed" if counts.failed else ""


def _decide_after_deadline(execution: Execution) -> tuple[ExecutionState, str]:
    waited_for_budget = execution.items.filter(state=ItemState.SKIPPED, waits_for_budget=True).exists()
    if waited_for_budget:
        return ExecutionState.RATE_LIMITED, "its deadline passed while items still waited for budget"
    return ExecutionState.FAILED, f"its deadline of {execution.deadline_s} s passed"


def _announce(execution: Execution, state: ExecutionState, reason: str, totals: Totals, *, now: datetime) -> None:
    event = {
        ExecutionState.COMPLETED: "job_completed",
        ExecutionState.RATE_LIMITED: "job_rate_limited",
        ExecutionState.FAILED: "job_failed",
        ExecutionState.ABANDONED: "job_failed",
    }.get(state, "job_ended")
    duration_s = (now - execution.started_at).total_seconds() if execution.started_at else 0.0
    next_run = _timetable.next_run(execution, now) if _timetable else None
    log.log(
        logging.WARNING if state == ExecutionState.FAILED else logging.INFO,
        event,
        job=execution.job_id,
        run=execution.pk,
        state=state,
        duration_s=round(duration_s, 1),
        done=totals.counts.done,
        failed=totals.counts.failed,
        skipped=totals.counts.skipped,
        requests=totals.requests,
        next_run=next_run.isoformat() if next_run else None,
        reason=reason,
    )


def start_successor(execution: Execution) -> None:
    """Send the run that waited for this one's scope to become free."""
    waiting = Execution.objects.filter(
        job_id=execution.job_id, scope=execution.scope, state=ExecutionState.PENDING
    ).first()
    if waiting is not None:
        messages.send_dispatch(waiting.pk)


def end_open_items(execution_id: int, *, state: ItemState, reason: str, now: datetime, phase: int | None = None) -> int:
    """End the items nobody is working on, of one phase or all; those being worked on end at their next checkpoint."""
    idle = WorkItem.objects.filter(execution_id=execution_id, state__in=[ItemState.WAITING, ItemState.QUEUED])
    if phase is not None:
        idle = idle.filter(phase=phase)
    return idle.end(state, reason=reason, now=now)
