"""What keeps work moving when nobody else does: a process of its own, independent of every queue. Several may run.

Each second it feeds; every five seconds it frees what dead workers held, sends lost messages again, closes what a crash
left open and ends runs past their deadline; once a day it prunes.
"""

import dataclasses
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from riotwatch_jobs import catching_up, closing, ending, feeder, registry, rescuing, scheduling
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.loops import Loop
from riotwatch_jobs.models import (
    FAILED_ITEM_STATES,
    LEASE_DEAD_AFTER,
    Execution,
    Heartbeat,
    ItemState,
    JobConfiguration,
    WorkerLease,
    WorkItem,
)
from riotwatch_messages import telling
from riotwatch_messages.events import WORKER_GONE, Level
from riotwatch_messages.telling import News

FEED_EVERY_S = 1.0
SWEEP_EVERY_S = 5.0
PRUNE_EVERY_S = 86_400.0
PENDING_RESENT_AFTER = timedelta(seconds=20)
CLOCK_SET_S = 5.0
"""The database's clock and this process's differ by more only when one was set, or a step took as long."""
KEEP_DONE_ITEMS = timedelta(hours=24)
KEEP_FAILED_ITEMS = timedelta(days=30)
KEEP_RUNS = timedelta(days=30)

log = structlog.stdlib.get_logger(__name__)


@dataclass
class Sweep:
    """What one sweep mended."""

    leases_ended: int = 0
    items_freed: int = 0
    items_resent: int = 0
    runs_resent: int = 0
    runs_closed: int = 0
    runs_past_deadline: int = 0
    runs_with_latecomers: int = 0
    slots_missed: int = 0


def end_dead_leases(now: datetime) -> int:
    """Take the row from every process that did not renew for 30 s, and rows from before a clock went back."""
    silent = Q(renewed_at__lte=now - LEASE_DEAD_AFTER) | Q(renewed_at__gt=now + LEASE_DEAD_AFTER)
    with transaction.atomic():
        gone = list(WorkerLease.objects.filter(silent).select_for_update(skip_locked=True))
        WorkerLease.objects.filter(pk__in=[lease.pk for lease in gone]).delete()
        telling.tell(WORKER_GONE, [_news_of(lease) for lease in gone if lease.queues])
    return len(gone)


def _news_of(gone: WorkerLease) -> News:
    queues = ", ".join(gone.queues)
    text = f"{gone} has given no sign of life for 30 s. Other workers of its queues take over what it held: {queues}."
    return News(f"worker:{gone.node}", text, Level.FAILURE)


def sweep(now: datetime, *, judge_leases: bool = True) -> Sweep:
    """Mend what crashes left behind. `judge_leases` is False just after an outage that silenced everybody."""
    done = Sweep()
    if judge_leases:
        done.leases_ended = end_dead_leases(now)
    done.items_freed = rescuing.rescue_lost()
    done.runs_past_deadline = ending.enforce_deadlines(now)
    done.runs_with_latecomers = ending.end_latecomers(now)
    done.runs_closed = close_finished(now)
    done.items_resent = feeder.resend_unclaimed(now=now)
    done.runs_resent = feeder.resend_pending(Execution.objects.all(), quiet_for=PENDING_RESENT_AFTER, now=now)
    done.slots_missed = catching_up.note_missed(now)
    return done


def close_finished(now: datetime) -> int:
    """Close runs whose last worker died between completing its item and closing the run."""
    ids = Execution.objects.without_open_items().values_list("pk", flat=True)
    return sum(closing.close_if_finished(pk, now=now) for pk in ids)


def prune(now: datetime) -> int:
    """Delete items and runs past their retention; a pruned run takes its items and log lines along.

    While a job that archives runs is switched on, what it has not archived stays.
    """
    open_runs = Execution.objects.open().values("pk")
    settled = WorkItem.objects.exclude(execution__in=open_runs)
    done_states = [ItemState.DONE, ItemState.SKIPPED, ItemState.CANCELLED]
    deleted, _ = settled.filter(state__in=done_states, finished_at__lt=now - KEEP_DONE_ITEMS).delete()
    old = Execution.objects.filter(Q(restored_at=None) | Q(restored_at__lt=now - KEEP_RUNS))
    if _are_archived():
        old = old.exclude(archived_at=None)
    failed, _ = settled.filter(
        state__in=FAILED_ITEM_STATES, finished_at__lt=now - KEEP_FAILED_ITEMS, execution__in=old.values("pk")
    ).delete()
    runs, _ = old.filter(finished_at__lt=now - KEEP_RUNS).delete()
    hearts, _ = Heartbeat.objects.filter(at__lt=now - KEEP_RUNS).delete()
    return deleted + failed + runs + hearts


def _are_archived() -> bool:
    """A job that archives runs is on: it, and a schedule of it or the job that it follows."""
    scheduled = {scheduling.job_id_of(row) for row in scheduling.rows_that_start_jobs()}
    following = JobConfiguration.objects.filter(enabled=True).exclude(after="").values_list("job_id", flat=True)
    return any(job.archives_runs and job.job_id in scheduled.union(following) for job in registry.all_jobs())


@dataclass
class Housekeeper(Loop):
    """The process's loop."""

    name = "housekeeping"
    pause_s = FEED_EVERY_S
    _next_sweep: float = 0.0
    _next_prune: float = 0.0
    _last_sweep: tuple[datetime, float] | None = None
    _judge_from: float = 0.0

    def step(self) -> None:
        """One second's work."""
        now = database_now()
        feeder.feed(now=now)
        clock = time.monotonic()
        if clock >= self._next_sweep:
            self._sweep(now, clock)
        if clock >= self._next_prune:
            self._next_prune = clock + PRUNE_EVERY_S
            log.info("pruned", rows=prune(now))

    def _sweep(self, now: datetime, clock: float) -> None:
        self._notice_gap(now, clock)
        done = sweep(now, judge_leases=clock >= self._judge_from)
        if done != Sweep():
            log.info("swept", **dataclasses.asdict(done))
        self._last_sweep = now, clock
        self._next_sweep = clock + SWEEP_EVERY_S

    def _notice_gap(self, now: datetime, clock: float) -> None:
        """After a gap (the database was away, the machine slept) nobody could renew: give all of them time to.

        The same where the database's clock was set: every lease looks older, or younger, than it is.
        """
        if self._last_sweep is None:
            return
        last_now, last_clock = self._last_sweep
        gap_s = clock - last_clock
        clock_set_by_s = abs((now - last_now).total_seconds() - gap_s)
        if gap_s > LEASE_DEAD_AFTER.total_seconds() / 2 or clock_set_by_s > CLOCK_SET_S:
            self._judge_from = clock + LEASE_DEAD_AFTER.total_seconds()
