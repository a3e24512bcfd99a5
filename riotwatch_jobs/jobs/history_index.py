"""Keeps tables of how champions do together and against each other."""

from collections.abc import Iterable

import pydantic

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import champion_index


@register
class HistoryIndex(Job):
    """One item that counts everything anew, where there is anything new to count."""

    job_id = "history_index"
    name = "History index"
    description = "How champions do together and against each other, counted from stored matches."
    schedule = "50 * * * *"
    queue = "maintenance"
    catch_up_s = 300

    class Config(JobConfig):
        """Settings of the job."""

        days: int = pydantic.Field(60, ge=1, le=730, description="Matches of so many days are counted.")

    Result = champion_index.Counted

    def precondition(self) -> Skip | None:
        """Nothing to do before another match is stored, or a day has passed."""
        if champion_index.is_due(days=self.config.days, now=database_now()):
            return None
        return Skip("no usable match was stored since the last count")

    def targets(self) -> Iterable[Target]:
        """All at once: the database counts."""
        yield Target(key="champions")

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Count."""
        del target
        counted = champion_index.count(days=self.config.days, now=database_now())
        log.info("champions_counted", matches=counted.matches, champions=counted.champions, pairs=counted.pairs)
        log.count(updated=counted.pairs)
        return Done(counted)
