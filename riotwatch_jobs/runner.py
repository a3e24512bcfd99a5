"""One item's whole life on a worker: claim → attempt → record → close the run → refill the window.

A message (item, delivery) is only a hint. The claim is a conditional UPDATE: a stale, doubled or late message changes
no row and is dropped. So is the record: a worker that was declared dead cannot complete what another has taken over.
"""

import dataclasses
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, transaction
from django.db.models import Exists, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from riotwatch_jobs import backoff, capture, closing, feeder, items, leases, registry, rescuing
from riotwatch_jobs.databases import DatabaseGone, is_outage
from riotwatch_jobs.logs import ItemRecorder
from riotwatch_jobs.models import EmergencyStop, Execution, ItemState, WorkItem
from riotwatch_jobs.outcomes import Done, EndPhase, Fail, Interrupt, Outcome, Retry, Skip, Snooze, Stop, Target

SPARED_DEADLINE_S = 3600.0
"""Working time that a run has at least left after a wait that spares its deadline."""

OTHER_CODE_WAIT_S = 10.0
"""How long an item waits that came to a worker of another version; the run's deadline ends it if none has its code."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Bug:
    """The attempt ended in an exception nobody expected."""

    text: str
    trace: str


@dataclass(frozen=True)
class Redeliver:
    """Celery is to deliver the same message again: after `countdown_s`, or, where None, after its own back-off."""

    reason: str
    countdown_s: float | None


def run(item_id: int, delivery: int, *, retries: int = 0) -> Redeliver | None:
    """Work on one item if this message is entitled to it. `retries` is how often Celery redelivered this message."""
    lease = leases.current()
    item = _find(item_id, delivery)
    if item is None:
        return None
    with bound_contextvars(**_ids(item)):
        return _run(item, lease, retries=retries)


def _ids(item: WorkItem) -> dict[str, Any]:
    """What each log line tells while the item is worked on."""
    ids = item.execution.log_ids | {"item": item.pk}
    return ids | ({"player": item.data["player"]} if "player" in item.data else {})


def _run(item: WorkItem, lease: leases.Lease, *, retries: int) -> Redeliver | None:
    with lease.gate.entered(alone=item.lost_count > 0):
        if not _claimed(item, lease):
            return None
        with lease.at_work(item.execution.timeout_s):
            redelivery = _work(item, lease, retries=retries)
    _afterwards(item)
    return redelivery


def _find(item_id: int, delivery: int) -> WorkItem | None:
    item = WorkItem.objects.select_related("execution").filter(pk=item_id).first()
    if item is None or item.delivery != delivery:
        return None
    if item.state == ItemState.RUNNING:
        rescuing.from_dead_neighbor(item)
        return None
    return item if item.state == ItemState.QUEUED else None


def _claimed(item: WorkItem, lease: leases.Lease) -> bool:
    """Claim, or where the database went away over it, see to it that a claim which did succeed is given back."""
    try:
        return claim(item, lease)
    except (DatabaseError, InterfaceError) as problem:
        lease.release_later(item.pk, item.delivery)
        raise DatabaseGone(f"item {item.pk}: {problem}") from problem


def claim(item: WorkItem, lease: leases.Lease) -> bool:
    """Make the item ours: 0 rows means that somebody else has it, its run has ended, or everything is stopped."""
    alone = item.lost_count > 0
    run_goes_on = Execution.objects.in_progress().filter(pk=item.execution_id, cancel_requested_at=None, stop_reason="")
    # State and delivery must be conditions on the row itself. A join would move them into a subquery, and one that
    # waited for somebody else's change of the row would go by what they were before.
    claimable = WorkItem.objects.filter(
        ~Exists(EmergencyStop.objects.all()),
        Exists(run_goes_on),
        pk=item.pk,
        state=ItemState.QUEUED,
        delivery=item.delivery,
    )
    claimed = claimable.update(
        state=ItemState.RUNNING, owner_id=lease.id, host=lease.host, pid=lease.pid, started_at=Now(), alone=alone
    )
    item.owner_id = lease.id
    return bool(claimed)


def _work(item: WorkItem, lease: leases.Lease, *, retries: int) -> Redeliver | None:
    recorder = ItemRecorder(item, timeout_s=item.execution.timeout_s)
    outcome = attempt(item, recorder)
    try:
        return _record_or_say_why(item, outcome, recorder, retries=retries)
    except (DatabaseError, InterfaceError) as problem:
        lease.release_later(item.pk, item.delivery)
        raise DatabaseGone(f"item {item.pk}: {problem}") from problem


def _record_or_say_why(
    item: WorkItem, outcome: Outcome | Bug, recorder: ItemRecorder, *, retries: int
) -> Redeliver | None:
    try:
        return record(item, outcome, recorder, retries=retries)
    except (DatabaseError, InterfaceError, TypeError, ValueError) as problem:
        if is_outage(problem):
            raise
        # A result or child that the tables cannot hold.
        bug = Bug(f"its outcome cannot be stored: {problem}", traceback.format_exc())
        return record(item, bug, recorder, retries=retries)


def attempt(item: WorkItem, recorder: ItemRecorder) -> Outcome | Bug:
    """Let the job work on its target; whatever happens becomes an outcome."""
    with capture.into(recorder.lines):
        try:
            return item.execution.job_instance().run(item.target, recorder)
        except registry.OtherCode as problem:
            log.error("item_left_to_others", item=item.pk, problem=problem)
            return Snooze(OTHER_CODE_WAIT_S, f"left to workers with other code: {problem}")
        except Interrupt as interrupt:
            return interrupt.outcome
        except Exception as bug:
            if is_outage(bug):
                close_old_connections()
                return Retry(f"database: {bug}")
            log.exception("item_crashed", item=item.pk)
            return Bug(f"{type(bug).__name__}: {bug}", traceback.format_exc())


def record(item: WorkItem, outcome: Outcome | Bug, recorder: ItemRecorder, *, retries: int) -> Redeliver | None:
    """Write down what came of the attempt, unless the item was taken from us meanwhile."""
    match outcome:
        case Done(result=result, children=children):
            _end(item, ItemState.DONE, recorder, result=result, children=children)
        case Skip(reason=reason):
            _end(item, _skipped_state(item), recorder, reason=reason)
        case Fail(reason=reason):
            _end(item, ItemState.FAILED, recorder, reason=reason)
        case Bug(text=text, trace=trace):
            _end(item, ItemState.FAILED, recorder, reason=text, trace=trace)
        case EndPhase():
            _end_phase(item, recorder, outcome)
        case Stop(reason=reason):
            _stop(item, recorder, reason)
        case Snooze():
            _wait(item, recorder, outcome.seconds, reason=outcome.reason, for_budget=outcome.for_budget)
            if outcome.spares_deadline:
                _put_off_deadline(item, outcome.seconds + SPARED_DEADLINE_S)
        case Retry():
            return _retry(item, recorder, outcome, retries=retries)
    return None


def storable(text: str) -> str:
    """Text without the one character that PostgreSQL cannot hold."""
    return text.replace("\x00", "�")


def _skipped_state(item: WorkItem) -> ItemState:
    cancelled = Execution.objects.filter(pk=item.execution_id, cancel_requested_at__isnull=False).exists()
    return ItemState.CANCELLED if cancelled else ItemState.SKIPPED


def _write(item: WorkItem, recorder: ItemRecorder, values: dict[str, Any]) -> bool:
    """The one conditional UPDATE that records an attempt: only while the item is still ours."""
    ours = WorkItem.objects.filter(pk=item.pk, state=ItemState.RUNNING, delivery=item.delivery, owner_id=item.owner_id)
    written = ours.update(
        **values,
        data=item.data,
        owner_id=None,
        api_requests_made=F("api_requests_made") + recorder.requests,
        records_created=F("records_created") + recorder.created,
        records_updated=F("records_updated") + recorder.updated,
    )
    if written:
        recorder.store_lines()
    else:
        log.warning("outcome_dropped", item=item.pk, delivery=item.delivery, why="it was taken over")
    return bool(written)


def _end(
    item: WorkItem,
    state: ItemState,
    recorder: ItemRecorder,
    *,
    reason: str = "",
    trace: str = "",
    result: Any = None,  # noqa: ANN401 - whatever the job's Result is
    children: tuple[Target, ...] = (),
) -> None:
    values = {
        "state": state,
        "finished_at": Now(),
        "reason": storable(reason),
        "traceback": storable(trace),
        "is_error": bool(trace),
        "result": None if result is None else dataclasses.asdict(result),
        "attempts": F("attempts") + int(state == ItemState.FAILED),
    }
    with transaction.atomic():
        if _write(item, recorder, values) and children:
            job = item.execution.job_instance()
            items.add(item.execution, job, children, phase=item.phase, now=leases.database_now())


def _end_phase(item: WorkItem, recorder: ItemRecorder, outcome: EndPhase) -> None:
    _end(item, _skipped_state(item), recorder, reason=outcome.reason, result=outcome.result)
    reason = f"the phase ended: {outcome.reason}"
    now = leases.database_now()
    # By then the run may be in its next phase already, if this was the last item.
    closing.end_open_items(item.execution_id, state=ItemState.SKIPPED, reason=reason, now=now, phase=item.phase)


def _stop(item: WorkItem, recorder: ItemRecorder, reason: str) -> None:
    _end(item, ItemState.FAILED, recorder, reason=reason)
    Execution.objects.in_progress().filter(pk=item.execution_id).update(stop_reason=reason)
    now = leases.database_now()
    closing.end_open_items(item.execution_id, state=ItemState.SKIPPED, reason=f"stopped: {reason}", now=now)


def _in(seconds: float) -> Combinable:
    return Now() + timedelta(seconds=seconds)


def _wait(item: WorkItem, recorder: ItemRecorder, seconds: float, *, reason: str, for_budget: bool) -> None:
    values = {
        "state": ItemState.WAITING,
        "available_at": _in(seconds),
        "reason": storable(reason),
        "waits_for_budget": for_budget,
    }
    _write(item, recorder, values)


def _put_off_deadline(item: WorkItem, seconds: float) -> None:
    run = Execution.objects.in_progress().filter(pk=item.execution_id)
    run.filter(deadline_at__lt=_in(seconds)).update(deadline_at=_in(seconds))


def _retry(item: WorkItem, recorder: ItemRecorder, outcome: Retry, *, retries: int) -> Redeliver | None:
    if outcome.after_s is not None:
        return _retry_when_told(item, recorder, outcome, backoff.wait_for_429_s(outcome.after_s, retries))
    max_attempts = type(item.execution.job_instance()).max_attempts
    if item.attempts + 1 >= max_attempts:
        _end(item, ItemState.FAILED, recorder, reason=f"{outcome.reason} (attempt {item.attempts + 1})")
        return None
    values = _queued_again(outcome.reason, backoff.ceiling_s(retries)) | {"attempts": F("attempts") + 1}
    return Redeliver(outcome.reason, None) if _write(item, recorder, values) else None


def _retry_when_told(item: WorkItem, recorder: ItemRecorder, outcome: Retry, wait_s: float) -> Redeliver | None:
    """A 429: no attempt is spent. Short waits are Celery's; long ones stay in the row."""
    if wait_s > backoff.CELERY_COUNTDOWN_MAX_S:
        _wait(item, recorder, wait_s, reason=outcome.reason, for_budget=True)
        return None
    written = _write(item, recorder, _queued_again(outcome.reason, wait_s))
    return Redeliver(outcome.reason, wait_s) if written else None


def _queued_again(reason: str, wait_s: float) -> dict[str, Any]:
    """Celery will redeliver the same message: the row is QUEUED, and left alone by the sweep until then."""
    return {"state": ItemState.QUEUED, "available_at": _in(wait_s), "sent_at": Now(), "reason": storable(reason)}


def _afterwards(item: WorkItem) -> None:
    now = leases.database_now()
    closing.close_if_finished(item.execution_id, now=now)
    feeder.feed_group(feeder.Group(item.queue, item.region), now=now)
