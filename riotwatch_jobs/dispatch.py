"""From a request to run a job to a run in progress with its items.

`request` writes the PENDING row (the database refuses a second one per scope) and publishes a message; a worker's
`start` turns it into IN_PROGRESS together with its items, in one transaction: a crash leaves a PENDING run, sent again.
"""

import hashlib
import logging
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pydantic
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from riotwatch_jobs import closing, feeder, logs, messages, registry
from riotwatch_jobs.base import Job, Overlap
from riotwatch_jobs.models import (
    DEFAULT_SCOPE,
    Execution,
    ExecutionState,
    JobConfiguration,
    Trigger,
    WorkItem,
)
from riotwatch_jobs.outcomes import Lane, Target

INTERACTIVE_QUEUE = "interactive"

log = logging.getLogger(__name__)


class BadConfig(ValueError):
    """Settings for a run that its job refuses; the text names each field and what is wrong with it."""

    def __init__(self, job_id: str, problems: Sequence[str]) -> None:
        self.job_id = job_id
        self.problems = tuple(problems)
        super().__init__(f"{job_id}: " + "; ".join(problems))


def checked_config(job: type[Job], values: Mapping[str, Any]) -> dict[str, Any]:
    """The complete configuration with defaults filled in; raises BadConfig."""
    try:
        return job.Config.model_validate(dict(values)).model_dump(mode="json")
    except pydantic.ValidationError as problem:
        known = ", ".join(job.Config.model_fields) or "none"
        texts = [
            f"{'.'.join(str(part) for part in error['loc']) or 'config'}: {error['msg']}"
            + (f" (known settings: {known})" if error["type"] == "extra_forbidden" else "")
            for error in problem.errors(include_url=False, include_input=False)
        ]
        raise BadConfig(job.job_id, texts) from None


@dataclass(frozen=True)
class Request:
    """Who wants which job run, and how."""

    job_id: str
    trigger: Trigger
    triggered_by: str = ""
    scope: str = DEFAULT_SCOPE
    players: tuple[int, ...] = ()
    overrides: Mapping[str, Any] | None = None
    slot: datetime | None = None


def scope_of(players: Sequence[int]) -> str:
    """The scope of a run for named players: it never waits for a long run over all of them."""
    if not players:
        return DEFAULT_SCOPE
    if len(players) == 1:
        return f"player:{players[0]}"
    return "players:" + hashlib.sha256(repr(sorted(players)).encode()).hexdigest()[:16]


def new_execution(request: Request, *, now: datetime) -> Execution:
    """The unsaved PENDING row of a request; raises UnknownJob or BadConfig."""
    job = registry.get(request.job_id)
    configuration = configuration_of(job)
    values = {**configuration.effective_config(), **(request.overrides or {})}
    return Execution(
        job_id=job.job_id,
        scope=request.scope,
        slot=request.slot,
        trigger=request.trigger,
        triggered_by=request.triggered_by,
        players=list(request.players),
        config=checked_config(job, values),
        timeout_s=configuration.timeout_s or job.timeout_s or settings.JOB_TIMEOUT_SECONDS,
        deadline_s=configuration.deadline_s or job.deadline_s,
        queued_at=now,
        sent_at=now,
    )


def configuration_of(job: type[Job]) -> JobConfiguration:
    """The job's row, or the defaults where `sync_schedules` has not made one yet."""
    defaults = JobConfiguration(job_id=job.job_id, enabled=job.enabled_by_default)
    return JobConfiguration.objects.filter(pk=job.job_id).first() or defaults


def request(wanted: Request, *, now: datetime) -> tuple[Execution, bool]:
    """Ask for a run: the PENDING row, and whether it is new (one that already waits in this scope is returned)."""
    execution = new_execution(wanted, now=now)
    try:
        with transaction.atomic():
            execution.save()
            transaction.on_commit(lambda: messages.send_dispatch(execution.pk) and None)
    except IntegrityError:
        pending = Execution.objects.filter(
            job_id=wanted.job_id, scope=wanted.scope, state=ExecutionState.PENDING
        ).first()
        if pending is None:  # it was started between our INSERT and this look: ours can be the next
            return request(wanted, now=now)
        return pending, False
    return execution, True


def start(execution_id: int, *, now: datetime) -> Execution | None:
    """Turn a PENDING run into IN_PROGRESS with its items. None where there was nothing to start (yet)."""
    execution = Execution.objects.filter(pk=execution_id, state=ExecutionState.PENDING).first()
    if execution is None:
        return None
    job = execution.job_instance()
    if (skip := job.precondition()) is not None:
        end_unstarted(execution, ExecutionState.SKIPPED, skip.reason, now=now)
        return None
    try:
        count = _start_with_items(execution, job, now=now)
    except IntegrityError:
        _scope_is_busy(execution, job, now=now)
        return None
    except DatabaseError:
        raise  # still PENDING: it is sent again
    except Exception as bug:  # noqa: BLE001 - targets() is the job's own code; whatever it raises fails this run
        end_unstarted(execution, ExecutionState.FAILED, f"targets: {bug}", now=now, trace=traceback.format_exc())
        return None
    log.info("job_started job=%s run=%s items=%d trigger=%s", job.job_id, execution.pk, count, execution.trigger)
    closing.close_if_finished(execution.pk, now=now)
    feeder.feed(now=now)
    return execution


def _start_with_items(execution: Execution, job: Job, *, now: datetime) -> int:
    with transaction.atomic():
        started = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING).update(
            state=ExecutionState.IN_PROGRESS,
            started_at=now,
            deadline_at=now + timedelta(seconds=execution.deadline_s),
        )
        if not started:
            return 0
        return add_items(execution, job, job.targets(), now=now)


def add_items(execution: Execution, job: Job, targets: Iterable[Target], *, now: datetime) -> int:
    """Insert items for targets, each key once; returns how many targets there were."""
    interactive = bool(execution.players)  # a person asked for these and waits
    rows = [
        WorkItem(
            execution=execution,
            key=target.key,
            data=target.data,
            lane=Lane.INTERACTIVE if interactive else target.lane,
            region=target.region,
            queue=INTERACTIVE_QUEUE if interactive else job.queue,
            available_at=now,
        )
        for target in targets
    ]
    WorkItem.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)
    return len(rows)


def _scope_is_busy(execution: Execution, job: Job, *, now: datetime) -> None:
    """Another run of the scope is in progress: a slot is skipped (or waits), a person's run waits."""
    overlap = configuration_of(type(job)).overlap or job.overlap
    if execution.trigger == Trigger.SCHEDULE and overlap == Overlap.SKIP:
        end_unstarted(execution, ExecutionState.SKIPPED, "the previous run was still open", now=now)


def end_unstarted(execution: Execution, state: ExecutionState, reason: str, *, now: datetime, trace: str = "") -> None:
    """End a PENDING run that never started."""
    ended = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING).update(
        state=state, reason=reason, traceback=trace, started_at=now, finished_at=now
    )
    if ended:
        level = logging.WARNING if state == ExecutionState.FAILED else logging.INFO
        event = "job_failed" if state == ExecutionState.FAILED else "job_skipped"
        log.log(level, "%s job=%s run=%s reason=%s", event, execution.job_id, execution.pk, reason)
        logs.note(execution.pk, f"{state}: {reason}", now=now, level=level)
