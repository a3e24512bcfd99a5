"""Toy jobs that workers of a test import (`celery worker -I toys_on_workers`)."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pydantic

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.outcomes import Done, Fail, Outcome, Retry, Target
from riotwatch_jobs.registry import register


@dataclass(frozen=True)
class Tally:
    """What the toys report."""

    worked: int = 0


class Counting(Job):
    """Base of the toys: `items` targets."""

    name = "Toy"
    description = "A job for tests."
    schedule = "every 1s"
    queue = "players"
    enabled_by_default = False
    Result = Tally

    class Config(JobConfig):
        """How many items, and a file to leave marks in."""

        items: int = pydantic.Field(1, description="Items of a run.")
        marks: str = pydantic.Field("", description="A file that gets a line per attempt.")
        seconds: float = pydantic.Field(0.0, description="How long an item takes.")

    def targets(self) -> Iterable[Target]:
        """`items` of them."""
        return [Target(key=f"item{number}") for number in range(self.config.items)]

    def mark(self, target: Target) -> int:
        """Leave a line; returns how many this target has left so far."""
        path = Path(self.config.marks)
        with path.open("a") as marks:
            marks.write(f"{target.key} {time.time()} {os.getpid()}\n")
        return sum(line.startswith(f"{target.key} ") for line in path.read_text().splitlines())


@register
class Working(Counting):
    """Marks, works, is done."""

    job_id = "toy_working"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Take `seconds`."""
        self.mark(target)
        print("printed by the toy")  # noqa: T201 - printing is what is tested
        time.sleep(self.config.seconds)
        return Done(Tally(worked=1))


@register
class Failing503(Counting):
    """Meets a 503 three times."""

    job_id = "toy_503"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """The fourth attempt works."""
        return Retry("503") if self.mark(target) <= 3 else Done(Tally(worked=1))


@register
class Limited429(Counting):
    """Meets a 429 with Retry-After 2 twice."""

    job_id = "toy_429"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """The third attempt works."""
        return Retry("429", after_s=2) if self.mark(target) <= 2 else Done(Tally(worked=1))


@register
class Refusing(Counting):
    """Fails, always."""

    job_id = "toy_refusing"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Nothing helps."""
        return Fail("it does not want to")


@register
class Suicidal(Counting):
    """Kills its process, always."""

    job_id = "toy_suicidal"

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """SIGKILL on oneself."""
        self.mark(target)
        os.kill(os.getpid(), signal.SIGKILL)
        return Done()
