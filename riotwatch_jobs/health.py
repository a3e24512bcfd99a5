"""What is ill, since when, and the command that helps. Each part of the system registers the checks that it knows.

A check reads rows and asks servers; it changes nothing. The framework's own are here; Riot's key, the broker, the disk
and the simulator are checked by those who know them (`checkups.register`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Q

from riotwatch_jobs import messages, registry
from riotwatch_jobs.catching_up import MISSED
from riotwatch_jobs.checkups import Finding, register, registered
from riotwatch_jobs.items import INTERACTIVE_QUEUE
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import (
    LEASE_DEAD_AFTER,
    Canary,
    EmergencyStop,
    Execution,
    ExecutionState,
    Heartbeat,
    ItemState,
    JobConfiguration,
    WorkerLease,
    WorkItem,
    WorkItemQuerySet,
)

CANARY_ANSWERS_WITHIN = timedelta(seconds=60)
MISSED_SLOTS_TOLD_FOR = timedelta(hours=24)
WORKED_ON = (ItemState.DONE, ItemState.FAILED)


def examine() -> list[Finding]:
    """Every part, the ill ones first. Without the database nothing else can be told."""
    try:
        now = database_now()
        found = [finding for check in registered() for finding in check(now)]
    except (DatabaseError, InterfaceError) as problem:
        text = f"it does not answer: {str(problem).strip().splitlines()[0]}"
        return [Finding("database", text, remedy="start PostgreSQL, or see DATABASE_URL")]
    return sorted([Finding("database"), *found], key=lambda finding: not finding.ill)


@register
def processes(now: datetime) -> Iterable[Finding]:
    """Housekeeping, and beat where schedules are to make runs."""
    yield _process("housekeeping", "due items are not sent, and nothing is repaired", "manage.py housekeeping", now)
    if settings.JOB_SCHEDULER_ENABLED:
        yield _process("beat", "schedules make no runs", "celery -A riotwatch beat", now)


def _process(kind: str, means: str, start: str, now: datetime) -> Finding:
    last = Heartbeat.objects.filter(kind=kind).order_by("-at").first()
    if last is not None and last.at > now - LEASE_DEAD_AFTER:
        return Finding(kind)
    return Finding(kind, f"no {kind} runs: {means}", last.at if last else None, f"start it: {start} (Procfile)")


def needed_queues() -> list[str]:
    """Every queue that something is sent to, whether or not a worker lives that consumes it."""
    return sorted({job.queue for job in registry.all_jobs()} | {CONTROL_QUEUE, INTERACTIVE_QUEUE})


@register
def queues(now: datetime) -> Iterable[Finding]:
    """Whether, for each queue that is needed, a worker lives and takes messages."""
    canaries = {canary.queue: canary for canary in Canary.objects.all()}
    served = {queue for leases in living_workers(now).values() for lease in leases for queue in lease.queues}
    for queue in needed_queues():
        yield _queue(queue, canaries.get(queue), now, is_served=queue in served)


def _queue(queue: str, canary: Canary | None, now: datetime, *, is_served: bool) -> Finding:
    part, answered_at = f"queue {queue}", canary.answered_at if canary else None
    if not is_served:
        text = f"no worker lives that consumes {queue}"
        return Finding(part, text, answered_at, f"start the worker with -Q …{queue} (Procfile)")
    if canary and _is_overdue(canary, now) and not _is_busy(canary, WorkItem.objects.filter(queue=queue)):
        text = f"a worker lives for {queue} but takes no messages"
        return Finding(part, text, canary.sent_at, "restart that worker; manage.py job_status tells what waits")
    return Finding(part)


def is_answered(canary: Canary) -> bool:
    """A worker has taken it."""
    return canary.answered_at is not None and canary.answered_at >= canary.sent_at


def _is_overdue(canary: Canary, now: datetime) -> bool:
    return not is_answered(canary) and canary.sent_at < now - CANARY_ANSWERS_WITHIN


def _is_busy(canary: Canary, items: WorkItemQuerySet) -> bool:
    """These items are being worked on, or were after the canary was sent: it waits behind them."""
    running = items.filter(state=ItemState.RUNNING, owner_id__in=WorkerLease.objects.values("pk"))
    return running.exists() or items.filter(state__in=WORKED_ON, finished_at__gt=canary.sent_at).exists()


def living_workers(now: datetime) -> dict[str, list[WorkerLease]]:
    """The leases of each Celery worker that lives and consumes something, with what hangs longest first."""
    living = WorkerLease.objects.live(now).exclude(queues=[]).order_by("node", "hanging_since")
    return {node: list(leases) for node, leases in groupby(living, key=attrgetter("node"))}


@register
def workers(now: datetime) -> Iterable[Finding]:
    """Whether each living worker takes messages and gives its threads back, whatever others of its queues do."""
    canaries = {canary.queue: canary for canary in Canary.objects.all()}
    for node, leases in living_workers(now).items():
        yield _worker(node, leases, canaries.get(messages.direct_queue(node)), now)


def _worker(node: str, leases: Sequence[WorkerLease], canary: Canary | None, now: datetime) -> Finding:
    part, host, pid = f"worker {node}", leases[0].host, leases[0].pid
    if hanging := sum(lease.hanging for lease in leases):
        text = f"{hanging} of the {sum(lease.concurrency for lease in leases)} items that it can work on at once hang"
        remedy = f"kill -9 {pid} on {host}, and start that worker again: what it holds goes on elsewhere"
        return Finding(part, text, leases[0].hanging_since, remedy)
    began_at = min(lease.started_at for lease in leases)
    if canary is None or canary.sent_at < began_at or not _is_overdue(canary, now):
        return Finding(part)
    ours = Q(*[Q(host=lease.host, pid=lease.pid) for lease in leases], _connector=Q.OR)
    if _is_busy(canary, WorkItem.objects.filter(ours)):
        return Finding(part)
    return Finding(part, "it lives but takes no messages", canary.sent_at, f"restart that worker, on {host}")


@register
def schedules(now: datetime) -> Iterable[Finding]:
    """Whether slots of the last 24 h were missed, by jobs that are switched on and have not run since."""
    missed = [run for run in _missed_slots(now) if not _ran_after(run)]
    if not missed:
        yield Finding("schedules")
        return
    told = [f"{run.slots_skipped} of {run.job_id}, the latest at {run.slot:%Y-%m-%d %H:%M} UTC" for run in missed]
    remedy = "; ".join(f"manage.py trigger_job {job_id}" for job_id in dict.fromkeys(run.job_id for run in missed))
    yield Finding(
        "schedules", f"slots were missed, no beat ran: {', '.join(told)}", min(run.queued_at for run in missed), remedy
    )


def _missed_slots(now: datetime) -> Iterable[Execution]:
    return Execution.objects.filter(
        state=ExecutionState.SKIPPED,
        reason=MISSED,
        finished_at__gt=now - MISSED_SLOTS_TOLD_FOR,
        job_id__in=JobConfiguration.objects.filter(enabled=True).values("pk"),
    ).order_by("job_id", "scope", "slot")


def _ran_after(missed: Execution) -> bool:
    """A run of the scope was asked for after the slot: by the next slot, or by a person."""
    later = Execution.objects.filter(job_id=missed.job_id, scope=missed.scope, queued_at__gt=missed.slot)
    return later.exclude(state=ExecutionState.SKIPPED).exists()


@register
def stop(now: datetime) -> Iterable[Finding]:
    """The emergency stop."""
    del now
    standing = EmergencyStop.objects.first()
    if standing is None:
        yield Finding("dispatch")
    else:
        yield Finding("dispatch", str(standing), standing.stopped_at, "manage.py emergency_resume")
