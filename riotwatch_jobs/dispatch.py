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
import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from structlog.contextvars import bound_contextvars, get_contextvars

from riotwatch_jobs import closing, feeder, items, logs, messages, registry, run_news
from riotwatch_jobs.base import FIRST_DAY, LAST_DAY, Job, Overlap
from riotwatch_jobs.databases import is_outage
from riotwatch_jobs.models import (
    DEFAULT_SCOPE,
    EmergencyStop,
    Execution,
    ExecutionState,
    ItemState,
    JobConfiguration,
    Trigger,
    WorkItem,
)

TRIGGERED_BY_MAX = 150
"""What the column holds: an API key's name behind its owner's may be longer."""
OTHER_CODE_FOR = timedelta(hours=1)
"""How long a run may wait for a worker that has its code, before it fails."""

log = structlog.stdlib.get_logger(__name__)


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
            f"{'.'.join(str(part) for part in error['loc']) or 'config'}: {error['msg'].removeprefix('Value error, ')}"
            + (f" (known settings: {known})" if error["type"] == "extra_forbidden" else "")
            for error in problem.errors(include_url=False, include_input=False)
        ]
        raise BadConfig(job.job_id, texts) from None


class ScopeIsBusy(Exception):
    """Another run of the scope is in progress."""


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
    retry_of: int | None = None
    """The run whose unfinished items make up this one."""


def scope_of(players: Sequence[int] = (), overrides: Mapping[str, Any] | None = None) -> str:
    """The scope of a run for named players or days: it never waits for a long run over all of them."""
    days = [(overrides or {}).get(name) for name in (FIRST_DAY, LAST_DAY)]
    if any(days):
        return f"days:{days[0]}..{days[1]}"
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
        triggered_by=request.triggered_by[:TRIGGERED_BY_MAX],
        request_id=get_contextvars().get("request", ""),  # of a web request, or of the run that this one follows
        players=list(request.players),
        config=checked_config(job, values),
        retry_of_id=request.retry_of,
        timeout_s=configuration.timeout_s or job.timeout_s or settings.JOB_TIMEOUT_SECONDS,
        deadline_s=configuration.deadline_s or job.deadline_s,
        queued_at=now,
        sent_at=now,
    )


def configuration_of(job: type[Job]) -> JobConfiguration:
    """The job's row, or the defaults where `sync_schedules` has not made one yet."""
    return configurations_of([job])[job.job_id]


def configurations_of(jobs: Iterable[type[Job]]) -> dict[str, JobConfiguration]:
    """The rows of these jobs by their ids, or the defaults, in one query."""
    found = {job.job_id: JobConfiguration(job_id=job.job_id, enabled=job.enabled_by_default) for job in jobs}
    return found | JobConfiguration.objects.in_bulk(list(found))


def reason_to_hold(job_id: str, *, now: datetime) -> str:
    """Why no run of the job is to begin now, whoever asks for it; empty where nothing holds it."""
    if stop := EmergencyStop.objects.first():
        return str(stop)
    configuration = JobConfiguration.objects.filter(pk=job_id).first()
    return configuration.pause_in_words() if configuration and configuration.is_paused(now) else ""


def request(wanted: Request, *, now: datetime) -> tuple[Execution, bool]:
    """Ask for a run: its row, and whether it is new (one that already waits in this scope is returned).

    The row is PENDING; or SKIPPED at once where the job is paused or everything is stopped, with the reason.
    """
    execution = new_execution(wanted, now=now)
    if hold := reason_to_hold(wanted.job_id, now=now):
        execution.state, execution.reason = ExecutionState.SKIPPED, hold
        execution.started_at = execution.finished_at = now
        execution.save()
        log.info("job_skipped", job=execution.job_id, run=execution.pk, reason=hold)
        return execution, True
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
    if execution is None or EmergencyStop.objects.exists():  # then it waits: housekeeping sends it again
        return None
    with bound_contextvars(**execution.log_ids):
        return _start_pending(execution, now=now)


def _start_pending(execution: Execution, *, now: datetime) -> Execution | None:
    try:
        started = _start_with_items(execution, now=now)
    except ScopeIsBusy:
        _wait_or_skip(execution, now=now)
        return None
    except registry.OtherCode as problem:
        _leave_to_others(execution, problem, now=now)
        return None
    except Exception as bug:
        if is_outage(bug):
            raise  # still PENDING: it is sent again
        # The job's own code: whatever it raises fails this run.
        reason = f"it could not start: {type(bug).__name__}: {bug}"
        end_unstarted(execution, ExecutionState.FAILED, reason, now=now, trace=traceback.format_exc())
        return None
    if not started:
        return None
    closing.close_if_finished(execution.pk, now=now)
    feeder.feed(now=now)
    return execution


def _leave_to_others(execution: Execution, problem: registry.OtherCode, *, now: datetime) -> None:
    """The run stays PENDING and is sent again: during a deployment another worker has the code, later nobody has.

    At once with the next sweep, for it may take several sendings until one comes to such a worker.
    """
    if now - execution.queued_at >= OTHER_CODE_FOR:
        end_unstarted(execution, ExecutionState.FAILED, f"no worker has its code: {problem}", now=now)
        return
    log.error("run_left_to_others", run=execution.pk, problem=problem)
    waiting = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING)
    waiting.update(reason=f"left to workers with other code: {problem}", sent_at=None)


def _start_with_items(execution: Execution, *, now: datetime) -> bool:
    job = execution.job_instance()
    if reason := reason_to_hold(execution.job_id, now=now) or _unmet_precondition(job):
        _skip(execution, reason, now=now)
        return False
    with transaction.atomic():
        if not _begin(execution, now=now):
            return False
        count = _add_items(execution, job, now=now)
    log.info("job_started", job=job.job_id, run=execution.pk, items=count, trigger=execution.trigger)
    return True


def _unmet_precondition(job: Job) -> str:
    skip = job.precondition()
    return skip.reason if skip is not None else ""


def _add_items(execution: Execution, job: Job, *, now: datetime) -> int:
    if execution.retry_of is not None and (again := items.to_repeat(execution.retry_of, type(job))):
        return items.repeat(execution, again, now=now)
    return items.add(execution, job, job.targets(), phase=0, now=now)


def _begin(execution: Execution, *, now: datetime) -> bool:
    try:
        begun = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING).update(
            state=ExecutionState.IN_PROGRESS,
            started_at=now,
            reason="",
            deadline_at=now + timedelta(seconds=execution.deadline_s),
        )
    except IntegrityError:
        raise ScopeIsBusy from None
    return bool(begun)


def _wait_or_skip(execution: Execution, *, now: datetime) -> None:
    """A slot is skipped (or waits), a person's run waits."""
    job = registry.get(execution.job_id)
    overlap = configuration_of(job).overlap or job.overlap
    if execution.slot is not None and overlap == Overlap.SKIP:
        end_unstarted(execution, ExecutionState.SKIPPED, "the previous run was still open", now=now)


def _skip(execution: Execution, reason: str, *, now: datetime) -> None:
    """A run that somebody asked for is told why it was skipped; slots skipped for one reason share one record."""
    if execution.slot is None:
        end_unstarted(execution, ExecutionState.SKIPPED, reason, now=now)
    elif not _counted_with_the_last_slot(execution, reason, now=now):
        end_unstarted(execution, ExecutionState.SKIPPED, reason, now=now)
        Execution.objects.filter(pk=execution.pk, state=ExecutionState.SKIPPED).update(slots_skipped=1)


def _counted_with_the_last_slot(execution: Execution, reason: str, *, now: datetime) -> bool:
    """Whether the slot before was skipped for the same reason: then this one is counted there, and has no row."""
    slots = Execution.objects.filter(job_id=execution.job_id, scope=execution.scope, slot__lt=execution.slot)
    last = slots.order_by("-slot").first()
    if last is None or last.state != ExecutionState.SKIPPED or last.reason != reason:
        return False
    with transaction.atomic():
        mine = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING)
        if mine.delete()[0]:
            counted = Execution.objects.filter(pk=last.pk)
            counted.update(slot=execution.slot, slots_skipped=F("slots_skipped") + 1, finished_at=now)
    return True


def wake(reason: str, *, now: datetime) -> int:
    """Make items due that were snoozed for this reason, because it is over; returns how many."""
    waiting = WorkItem.objects.filter(state=ItemState.WAITING, reason=reason, available_at__gt=now)
    return waiting.update(available_at=now)


def end_unstarted(execution: Execution, state: ExecutionState, reason: str, *, now: datetime, trace: str = "") -> None:
    """End a PENDING run that never started."""
    with transaction.atomic():
        ended = Execution.objects.filter(pk=execution.pk, state=ExecutionState.PENDING).update(
            state=state, reason=reason, traceback=trace, started_at=now, finished_at=now
        )
        if ended:
            run_news.run_ended(execution, state, reason)
    if ended:
        level = logging.WARNING if state == ExecutionState.FAILED else logging.INFO
        event = "job_failed" if state == ExecutionState.FAILED else "job_skipped"
        log.log(level, event, job=execution.job_id, run=execution.pk, reason=reason)
        logs.note(execution.pk, f"{state}: {reason}", now=now, level=level)
