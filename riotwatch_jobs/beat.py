"""Celery Beat's scheduler: reads django-celery-beat's rows, records each due slot itself, then publishes.

Any number of beats may run: they compute the same slots and race on one INSERT. A slot is in the database before its
message is sent, so neither a dead broker nor a killed beat loses it.
"""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler
from structlog.contextvars import bound_contextvars

from riotwatch_jobs import catching_up, leases, scheduling

log = structlog.stdlib.get_logger(__name__)


class SlotScheduler(DatabaseScheduler):
    """The stock database scheduler with its own tick: one look at every schedule a second."""

    clock: Callable[[], datetime] = staticmethod(leases.database_now)
    """What says which slots are due. The database: a host's own clock may be wrong, and beats must agree."""
    _rows: dict[str, PeriodicTask] | None = None
    _rows_stamp: datetime | None = None
    _next_heartbeat: float = 0.0

    def setup_schedule(self) -> None:
        """No default entries: every schedule is a row. A database that is away is left to the ticks."""
        try:
            rows = self.schedule
        except (DatabaseError, InterfaceError) as problem:
            log.warning("beat_without_database", problem=problem)
            return
        for name, row in rows.items():
            log.info("schedule_loaded", name=name, schedule=scheduling.text_of(row), last_run=row.last_run_at)

    @property
    def schedule(self) -> dict[str, PeriodicTask]:
        """The rows, read again when they have changed.

        The stamp is read before the rows and kept only when those could be read: no change is ever missed.
        """
        stamp = PeriodicTasks.last_change()
        if self._rows is None or stamp != self._rows_stamp:
            self._rows = self.all_as_schedule()
            self._rows_stamp = stamp
        return self._rows

    def all_as_schedule(self) -> dict[str, PeriodicTask]:
        """The enabled rows that start jobs which are enabled themselves; what cannot be used is logged."""
        rows = {}
        for row in scheduling.rows_that_start_jobs():
            if problem := scheduling.problem_of(row):
                log.error("schedule_unusable", name=row.name, problem=problem)
            else:
                rows[row.name] = row
        return rows

    def tick(self) -> float:
        """Record and publish what is due; returns how long to sleep, in seconds: until the next full second."""
        try:
            close_old_connections()
            self._beat_heart()
            now, read_at = self.clock(), time.monotonic()
            for row in list(self.schedule.values()):
                self._look_at(row, now)
        except (DatabaseError, InterfaceError) as problem:
            log.warning("beat_without_database", problem=problem)
            return float(self.max_interval)
        return float(self.max_interval) - (now.timestamp() + time.monotonic() - read_at) % 1

    def _beat_heart(self) -> None:
        clock = time.monotonic()
        if clock >= self._next_heartbeat:
            leases.beat_heart("beat")
            self._next_heartbeat = clock + leases.RENEW_EVERY_S

    def _look_at(self, row: PeriodicTask, now: datetime) -> None:
        """What the database refuses of one schedule does not keep the others from their slots; an outage does."""
        try:
            with bound_contextvars(schedule=row.name, job=scheduling.job_id_of(row)):
                self._open_if_due(row, now)
        except DatabaseError as problem:
            if not connection.is_usable():
                raise
            log.warning("schedule_not_looked_at", name=row.name, problem=problem)

    def _open_if_due(self, row: PeriodicTask, now: datetime) -> None:
        before = row.last_run_at
        catching_up.open_due(row, now=now)
        if row.one_off and row.last_run_at != before:
            scheduling.set_enabled(row, enabled=False)

    def sync(self) -> None:
        """Nothing to flush: each slot is written at once."""

    def close(self) -> None:
        """Nothing to write at the end either."""
