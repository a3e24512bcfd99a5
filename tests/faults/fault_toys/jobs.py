"""Toy jobs whose items hold still until a fault has struck, kill their process, or write in halves."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pydantic
from django.db import connection, transaction

from riotwatch_jobs.base import ItemLog, Job, JobConfig, Overlap
from riotwatch_jobs.outcomes import Done, Fail, Lane, Outcome, Retry, Snooze, Target

POLL_S = 0.05


@dataclass(frozen=True)
class Tally:
    """What the toys report."""

    worked: int = 0


class Toy(Job):
    """Base of the toys: `items` targets, on the threads workers."""

    name = "Toy"
    description = "A job for tests."
    schedule = "every 1s"
    queue = "players"
    enabled_by_default = False
    overlap = Overlap.QUEUE
    Result = Tally

    class Config(JobConfig):
        """How many items, and how long they take."""

        items: int = pydantic.Field(1, description="Items of a run.")
        seconds: float = pydantic.Field(0.0, description="How long an item takes.")
        until: str = pydantic.Field("", description="A file: while it is missing, items go on.")
        lane: Lane = pydantic.Field(Lane.TRACKED, description="The lane of the items.")
        poisoned: int = pydantic.Field(0, description="How many items kill their process.")

    def targets(self) -> Iterable[Target]:
        for number in range(self.config.items):
            yield Target(key=f"item{number}", data={"number": number}, lane=self.config.lane)

    def hold(self, log: ItemLog) -> None:
        """Take `seconds`, or until the file is there; a cancelled run ends at once."""
        ends = time.monotonic() + self.config.seconds
        while time.monotonic() < ends and not (self.config.until and Path(self.config.until).exists()):
            log.checkpoint()
            time.sleep(POLL_S)

    def run(self, target: Target, log: ItemLog) -> Outcome:
        self.hold(log)
        log.info("worked", item=target.key)
        return Done(Tally(worked=1))


class Steady(Toy):
    """Works."""

    job_id = "toy_steady"


class SteadyChild(Toy):
    """Works in a pool child."""

    job_id = "toy_steady_child"
    queue = "analysis"


class Failing(Toy):
    """Fails."""

    job_id = "toy_failing"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        return Fail("it always does")


class Poison(Toy):
    """The first items kill the process they are in, always."""

    job_id = "toy_poison"
    queue = "analysis"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        if target.data["number"] < self.config.poisoned:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(target, log)


class Endless(Toy):
    """Sleeps without a checkpoint; deaf to the soft limit where `poisoned`."""

    job_id = "toy_endless"
    queue = "analysis"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        time.sleep(self.config.seconds)
        return Done(Tally(worked=1))


class Hanging(Toy):
    """Hangs in its thread until the file is there, without a checkpoint."""

    job_id = "toy_hanging"
    timeout_s = 1
    deadline_s = 5

    def run(self, target: Target, log: ItemLog) -> Outcome:
        while self.config.until and not Path(self.config.until).exists():
            time.sleep(POLL_S)
        return Done(Tally(worked=1))


class Snoozing(Toy):
    """Comes back after `seconds`, always."""

    job_id = "toy_snoozing"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        return Snooze(self.config.seconds, "it sleeps")


class Retrying(Toy):
    """Meets a fault that passes after `seconds`, always: Celery holds its message that long."""

    job_id = "toy_retrying"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        return Retry("it is told to wait", after_s=self.config.seconds)


class Halves(Toy):
    """Writes two rows in one transaction, with a pause between them."""

    job_id = "toy_halves"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        with transaction.atomic(), connection.cursor() as cursor:
            for half in (1, 2):
                cursor.execute(
                    "INSERT INTO fault_halves (item_id, half) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    [log.item_id, half],
                )
                if half == 1:
                    time.sleep(self.config.seconds)
        return Done(Tally(worked=1))


class Crossed(Toy):
    """Two items that take two locks in opposite orders."""

    job_id = "toy_crossed"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        first, second = (1, 2) if target.data["number"] % 2 else (2, 1)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7, %s)", [first])
            time.sleep(self.config.seconds)
            cursor.execute("SELECT pg_advisory_xact_lock(7, %s)", [second])
        return Done(Tally(worked=1))


TOYS: tuple[type[Job], ...] = (
    Steady,
    SteadyChild,
    Failing,
    Poison,
    Endless,
    Hanging,
    Snoozing,
    Retrying,
    Halves,
    Crossed,
)
