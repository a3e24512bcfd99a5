"""A run's own log, and what a job's `run` is handed: log, counters and brakes of one item."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from riotwatch_jobs.capture import CHARACTERS_PER_LINE, Tail
from riotwatch_jobs.models import ExecutionLog, ItemState, WorkItem
from riotwatch_jobs.outcomes import Interrupt, Skip, Snooze

CANCEL_CHECK_EVERY_S = 1.0

job_log = structlog.stdlib.get_logger("riotwatch.job")


@dataclass
class ItemRecorder:
    """Log, counters and brakes of one item's work (the ItemLog of base.py)."""

    item: WorkItem
    timeout_s: float
    started: float = field(default_factory=time.monotonic)
    requests: int = 0
    created: int = 0
    updated: int = 0
    lines: Tail = field(default_factory=Tail)
    _checked: float = 0.0

    @property
    def item_id(self) -> int:
        """The item's own id."""
        return self.item.pk

    @property
    def memory(self) -> Mapping[str, Any]:
        """The item's data as it stands."""
        data: dict[str, Any] = self.item.data
        return data

    def info(self, event: str, **fields: object) -> None:
        """Log a stable event name with fields."""
        job_log.info(event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """The same, for what somebody should look at."""
        job_log.warning(event, **fields)

    def count(self, *, requests: int = 0, created: int = 0, updated: int = 0) -> None:
        """Add to the run's counters."""
        self.requests += requests
        self.created += created
        self.updated += updated

    def remember(self, **facts: object) -> None:
        """Keep facts for the item's next attempt; they are written with its outcome."""
        self.item.data = {**self.item.data, **facts}

    def checkpoint(self) -> None:
        """End here when the run was cancelled or the item taken away; come back later when its time is used up."""
        now = time.monotonic()
        if now - self.started > self.timeout_s:
            raise Interrupt(Snooze(0, f"its {self.timeout_s:g} s of working time are used up; it goes on later"))
        if now - self._checked < CANCEL_CHECK_EVERY_S:
            return
        self._checked = now
        if not self._is_wanted():
            raise Interrupt(Skip("the run was cancelled"))

    def _is_wanted(self) -> bool:
        """The run goes on and the item is still ours: of one that was taken away, no outcome can be recorded."""
        item = self.item
        ours = WorkItem.objects.filter(
            pk=item.pk, state=ItemState.RUNNING, delivery=item.delivery, owner_id=item.owner_id
        )
        return ours.filter(execution__cancel_requested_at=None).exists()

    def store_lines(self) -> None:
        """Write the collected lines, once, at the item's end."""
        ExecutionLog.objects.bulk_create(
            ExecutionLog(
                execution_id=self.item.execution_id,
                item_id=self.item.pk,
                at=line.at,
                level=line.level,
                logger=line.logger,
                message=line.message,
            )
            for line in self.lines.take()
        )


def note(execution_id: int, message: str, *, now: datetime, level: int = logging.INFO) -> None:
    """A line about the run itself, from the framework."""
    ExecutionLog.objects.create(
        execution_id=execution_id, at=now, level=level, logger="riotwatch.run", message=message[:CHARACTERS_PER_LINE]
    )
