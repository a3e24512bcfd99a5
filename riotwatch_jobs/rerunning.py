"""What an operator does to single runs: cancel, fail, give up, and repeat what is left of one."""

from datetime import datetime

from django.db import transaction

from riotwatch_jobs import audit, dispatch, ending, items, leases, registry
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, Trigger
from riotwatch_jobs.switching import BadInput, Refused


def find(run_id: int) -> Execution:
    """The run of this number; raises Refused where there is none (any more)."""
    execution = Execution.objects.filter(pk=run_id).first()
    if execution is None:
        raise BadInput(f"there is no run {run_id}: it was never made, or has gone with the retention")
    return execution


def cancel(execution: Execution, *, reason: str = "", by: Actor, now: datetime) -> Execution:
    """Cancel an open run; raises Refused. Items being worked on end at their next checkpoint, all others now."""
    return _end(execution, ExecutionState.CANCELLED, reason=reason or "cancelled", by=by, now=now)


def fail(execution: Execution, *, reason: str, by: Actor, now: datetime) -> Execution:
    """End an open run as FAILED at once, whatever its workers do; raises Refused."""
    return _end(execution, ExecutionState.FAILED, reason=reason, by=by, now=now)


def abandon(execution: Execution, *, reason: str, by: Actor, now: datetime) -> Execution:
    """End an open run as ABANDONED, because its workers died and it is not worth resuming; raises Refused."""
    alive = leases.alive(now)
    if execution.items.filter(state=ItemState.RUNNING, owner_id__in=alive).exists():
        raise Refused(f"a living worker is at work on run {execution.pk}: cancel it, or fail it")
    return _end(execution, ExecutionState.ABANDONED, reason=reason, by=by, now=now)


def _end(execution: Execution, state: ExecutionState, *, reason: str, by: Actor, now: datetime) -> Execution:
    if not reason.strip():
        raise BadInput("say why: the reason is kept with the run")
    with transaction.atomic():
        if not ending.order_end(execution, state, reason=f"{reason} (by {by.name})", now=now):
            execution.refresh_from_db()
            raise Refused(f"run {execution.pk} has already ended: {execution.state}")
        audit.record(by, execution, f"Ended the run as {state}: {reason}.")
    ending.carry_out_end(execution.pk, now=now, by_force=state != ExecutionState.CANCELLED)
    execution.refresh_from_db()
    return execution


def why_not_to_retry(execution: Execution, *, now: datetime) -> str:
    """Why the run cannot be repeated now; empty where it can."""
    if execution.is_open:
        return f"run {execution.pk} is still open ({execution.state}): cancel it first, or wait for its end"
    try:
        registry.get(execution.job_id)
    except registry.UnknownJob as problem:
        return str(problem)
    if execution.state == ExecutionState.COMPLETED and not execution.items_failed + execution.items_skipped:
        return f"run {execution.pk} left nothing undone: ask for a new run instead (trigger_job {execution.job_id})"
    if hold := dispatch.reason_to_hold(execution.job_id, now=now):
        return f"no run of {execution.job_id} may begin: {hold}"
    return ""


def retry(execution: Execution, *, by: Actor, now: datetime) -> Execution:
    """Ask for a run over the items that an ended run did not get done, with its settings; raises Refused.

    Where these are pruned by now, or the job has phases, it is a whole run. One that waits in this scope already is
    not added to: Refused.
    """
    if why_not := why_not_to_retry(execution, now=now):
        raise Refused(why_not)
    wanted = dispatch.Request(
        job_id=execution.job_id,
        trigger=Trigger.RETRY,
        triggered_by=by.name,
        scope=execution.scope,
        players=tuple(execution.players),
        overrides=execution.config,
        retry_of=execution.pk,
    )
    try:
        with transaction.atomic():
            run, is_new = dispatch.request(wanted, now=now)
            if not is_new:
                raise Refused(f"run {run.pk} already waits in the scope {run.scope!r}: retry when it has ended")
            audit.record(by, run, f"Repeats run {execution.pk}.", action=audit.ADDITION)
    except dispatch.BadConfig as problem:
        raise Refused(f"the settings of run {execution.pk} are no longer accepted: {problem}") from None
    return run


def left_undone(execution: Execution) -> int:
    """How many items a retry would be made of; 0 where it would be a whole run."""
    return len(items.to_repeat(execution, registry.get(execution.job_id)))
