"""Toy jobs, one per outcome, for tests of the framework."""

from collections.abc import Iterable
from dataclasses import dataclass

import pydantic

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.outcomes import Outcome, Skip, Target


@dataclass(frozen=True)
class Tally:
    """What a toy job reports."""

    worked: int = 0
    apples: int = 0


def toy_job(
    outcomes: dict[str, Outcome | Exception],
    *,
    job_id: str = "toy",
    queue: str = "players",
    skip: Skip | None = None,
    max_attempts: int = 3,
) -> type[Job]:
    """A job with one target per key of `outcomes`; running a target returns (or raises) what stands there."""

    class Toy(Job):
        name = "Toy"
        description = "A job for tests."
        schedule = "every 1h"

        class Config(JobConfig):
            """Settings of the toy."""

            apples: int = pydantic.Field(3, ge=1, le=10, description="How many apples.")

        Result = Tally

        def precondition(self) -> Skip | None:
            return skip

        def targets(self) -> Iterable[Target]:
            return [Target(key=key) for key in outcomes]

        def run(self, target: Target, log: ItemLog) -> Outcome:
            log.info("toy_ran", key=target.key)
            log.count(requests=1)
            log.checkpoint()
            outcome = outcomes[target.key]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    Toy.job_id = job_id
    Toy.queue = queue
    Toy.max_attempts = max_attempts
    return Toy
