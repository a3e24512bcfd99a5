"""Who is alive: one row per process that executes items, renewed every 10 s and dead after 30 s (database clock).

A process whose row was taken away while it was frozen finds that out at its next renewal and goes on under a new row;
what it was doing under the old one can no longer be recorded (docs/decisions/0002).
"""

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection, connections
from django.db.models.functions import Now

from riotwatch_jobs.models import Heartbeat, ItemState, WorkerLease, WorkItem

RENEW_EVERY_S = 10.0
RETRY_EVERY_S = 1.0
HANGS_AFTER_S = 60.0
"""How far an item may overrun its working time: a step of one, from checkpoint to checkpoint, takes less."""

log = structlog.stdlib.get_logger(__name__)


def database_now() -> datetime:
    """The database's clock: the only one that all machines share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def beat_heart(kind: str) -> None:
    """Leave this process's sign of life, where it executes no items."""
    Heartbeat.objects.update_or_create(kind=kind, host=socket.gethostname(), pid=os.getpid(), defaults={"at": Now()})


class NoLeaseYet(OperationalError):
    """The database was away when this process started: it takes its lease, and then items, when that is back."""


def alive(now: datetime) -> set[int]:
    """Leases that were renewed in time, without those of this machine whose process is gone."""
    host = socket.gethostname()
    live = WorkerLease.objects.live(now)
    return {lease.pk for lease in live if lease.host != host or is_running(lease.pid)}


def is_running(pid: int) -> bool:
    """Whether this machine has a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, eq=False)
class _AtWork:
    """An item that a thread of this process works on."""

    began: float
    timeout_s: float


class Lease:
    """This process's sign of life, and the gate its items pass."""

    def __init__(self, node: str, *, queues: Sequence[str], concurrency: int, time_limited: bool = False) -> None:
        """`time_limited` is a process whose items are ended by its pool: none of them can hang for ever."""
        self.node = node
        self.queues = list(queues)
        self.concurrency = concurrency
        self.time_limited = time_limited
        self.host = socket.gethostname()
        self.pid = os.getpid()
        self.gate = Gate()
        self.id = 0
        self._take()
        self._unreleased: set[tuple[int, int]] = set()
        self._at_work: set[_AtWork] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._renew_for_ever, name="lease", daemon=True)

    def _take(self) -> None:
        """Without a database there is no lease yet; `renew` takes it then."""
        try:
            self.id = self._insert()
        except (DatabaseError, InterfaceError) as problem:
            log.warning("lease_not_taken", node=self.node, problem=problem)

    def _insert(self) -> int:
        row = WorkerLease.objects.create(
            host=self.host,
            pid=self.pid,
            node=self.node,
            queues=self.queues,
            concurrency=self.concurrency,
            started_at=Now(),
            renewed_at=Now(),
        )
        return row.pk

    def keep_renewing(self) -> None:
        """Renew in a thread of its own until `stop`."""
        self._thread.start()

    def renew(self) -> None:
        """One sign of life; a new row when the old one was declared dead."""
        if not WorkerLease.objects.filter(pk=self.id).update(renewed_at=Now(), **self._hanging()):
            lost, self.id = self.id, self._insert()
            if not lost:
                return
            log.warning("lease_lost_and_renewed", node=self.node, pid=self.pid, lease=self.id)
        for item_id, delivery in list(self._unreleased):
            self._release(item_id, delivery)

    @contextmanager
    def at_work(self, timeout_s: float) -> Iterator[None]:
        """Inside the block a thread works on an item, and should end about when its working time does."""
        item = _AtWork(time.monotonic(), timeout_s)
        self._at_work.add(item)
        try:
            yield
        finally:
            self._at_work.discard(item)

    def _hanging(self) -> dict[str, Any]:
        """What the row tells about items that do not come back; no thread can be ended from outside."""
        now = time.monotonic()
        late = [now - item.began for item in list(self._at_work) if now - item.began > item.timeout_s + HANGS_AFTER_S]
        if self.time_limited or not late:
            return {"hanging": 0, "hanging_since": None}
        return {"hanging": len(late), "hanging_since": Now() - timedelta(seconds=max(late))}

    def release_later(self, item_id: int, delivery: int) -> None:
        """Give an item back as soon as the database answers again: its outcome could not be recorded."""
        self._unreleased.add((item_id, delivery))

    def _release(self, item_id: int, delivery: int) -> None:
        running = WorkItem.objects.filter(pk=item_id, state=ItemState.RUNNING, delivery=delivery)
        running.update(state=ItemState.WAITING, available_at=Now(), owner_id=None)
        self._unreleased.discard((item_id, delivery))

    def _renew_for_ever(self) -> None:
        pause_s = RENEW_EVERY_S if self.id else RETRY_EVERY_S
        while not self._stopping.wait(min(pause_s, RETRY_EVERY_S) if self._unreleased else pause_s):
            try:
                close_old_connections()
                self.renew()
                pause_s = RENEW_EVERY_S
            except (DatabaseError, InterfaceError) as problem:
                log.warning("lease_not_renewed", node=self.node, problem=problem)
                pause_s = RETRY_EVERY_S
        connections.close_all()

    def stop(self) -> None:
        """Leave: whatever this process still held is free for others at once."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=RETRY_EVERY_S)
        held = WorkItem.objects.filter(state=ItemState.RUNNING, owner_id=self.id)
        held.update(state=ItemState.WAITING, available_at=Now(), owner_id=None)
        WorkerLease.objects.filter(pk=self.id).delete()


class Gate:
    """Lets items pass side by side, or one alone: an item whose worker died before runs with nothing beside it.

    Otherwise a crash could not be laid at anybody's door, and one poisonous item would condemn its neighbors.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._waiting_alone = 0
        self._alone = False

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        """Inside the block the item runs; `alone` waits until all others have left, and keeps others out."""
        self._enter(alone=alone)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, *, alone: bool) -> None:
        with self._condition:
            if alone:
                self._waiting_alone += 1
                self._condition.wait_for(lambda: self._inside == 0)
                self._waiting_alone -= 1
                self._alone = True
            else:
                self._condition.wait_for(lambda: not self._alone and not self._waiting_alone)
            self._inside += 1

    def _leave(self) -> None:
        with self._condition:
            self._inside -= 1
            self._alone = False
            self._condition.notify_all()


_current: Lease | None = None


def hold(lease: Lease) -> None:
    """Make this the process's lease."""
    global _current
    _current = lease


def current() -> Lease:
    """This process's lease; raises RuntimeError in a process that holds none, NoLeaseYet where it could not take it."""
    if _current is None or _current.pid != os.getpid():
        raise RuntimeError("this process holds no lease: items run in Celery workers or with trigger_job --inline")
    if not _current.id:
        raise NoLeaseYet("no lease yet: the database was away when this worker started")
    return _current


def drop() -> None:
    """Leave, where this process holds a lease."""
    global _current
    if _current is not None and _current.pid == os.getpid():
        _current.stop()
    _current = None
