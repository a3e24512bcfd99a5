"""Sending messages to people, in a thread of housekeeping: services that answer slowly hold nothing else up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.loops import LoopBeside
from riotwatch_messages import delivery

DELIVER_EVERY_S = 2.0
PRUNE_EVERY = timedelta(hours=1)


@dataclass
class Delivery(LoopBeside):
    """The thread's work."""

    name = "delivery"
    pause_s = DELIVER_EVERY_S
    _pruned_at: datetime | None = None

    def step(self) -> None:
        """Send what is due; once an hour delete what is old."""
        now = database_now()
        if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
            self._pruned_at = now
            delivery.prune(now)
        while not self.stopping.is_set() and delivery.deliver_next(database_now):
            pass
