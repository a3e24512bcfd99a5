"""Moves old matches, and copies runs with their logs, into verified compressed files."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Self

import pydantic
from django.conf import settings

from riotwatch_jobs.base import ItemLog, Job, JobConfig
from riotwatch_jobs.jobs import _run_archives
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.outcomes import Done, Fail, Outcome, Skip, Target
from riotwatch_jobs.registry import register
from riotwatch_players import archiving
from riotwatch_players.archive_files import Damaged
from riotwatch_players.archiving import Archived, Span
from riotwatch_players.json_values import EPOCH
from riotwatch_players.models import ArchiveKind

BY_HAND = "A run by hand (trigger_job archive --from … --to …): the {} of its days, UTC. Empty: by age."


@register
class Archive(Job):
    """One item for each day of matches and of runs, one file each."""

    job_id = "archive"
    name = "Archive"
    description = "Moves old matches that no analysis needs, and copies runs with their logs, into compressed files."
    schedule = "59 23 * * *"
    queue = "maintenance"
    enabled_by_default = False
    archives_runs = True
    timeout_s = 600

    class Config(JobConfig):
        """Settings of the job."""

        older_than_days: int = pydantic.Field(365, ge=90, le=3650, description="Matches that began so many days ago.")
        runs_older_than_days: int = pydantic.Field(
            20, ge=1, le=29, description="Runs that ended so many days ago; retention deletes them after 30."
        )
        from_date: date | None = pydantic.Field(None, description=BY_HAND.format("first"))
        to_date: date | None = pydantic.Field(None, description=BY_HAND.format("last"))

        @pydantic.model_validator(mode="after")
        def _days(self) -> Self:
            if (self.from_date is None) != (self.to_date is None):
                raise ValueError("from_date and to_date come together")
            if self.from_date and self.to_date:
                if self.from_date > self.to_date:
                    raise ValueError(f"from_date {self.from_date} is after to_date {self.to_date}")
                if self.to_date >= datetime.now(UTC).date():
                    raise ValueError(f"to_date {self.to_date} is not over yet: name yesterday at the latest")
            return self

    Result = Archived

    def targets(self) -> Iterable[Target]:
        """The days on which there is something to archive."""
        now = database_now()
        matches = self._span(now, self.config.older_than_days)
        runs = self._span(now, self.config.runs_older_than_days)
        yield from _targets(ArchiveKind.MATCHES, archiving.days_with_matches(matches, now=now))
        yield from _targets(ArchiveKind.RUNS, _run_archives.days_with_runs(runs))

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Write one file."""
        kind, day, now = ArchiveKind(target.data["kind"]), date.fromisoformat(target.data["day"]), database_now()
        span = Span(day, day, by_hand=self.config.from_date is not None)
        move = archiving.archive_matches if kind is ArchiveKind.MATCHES else _run_archives.archive_runs
        try:
            archived = move(span, number=log.item_id, now=now)
        except (OSError, Damaged) as problem:
            return Fail(f"nothing was archived: {problem}. Look at ARCHIVE_DIR, which is {settings.ARCHIVE_DIR}")
        if not archived.files:
            return Skip("archived meanwhile")
        log.info("archived", kind=kind.value, day=str(day), matches=archived.matches, runs=archived.runs)
        log.count(updated=archived.matches + archived.runs)
        return Done(archived)

    def _span(self, now: datetime, days: int) -> Span:
        if self.config.from_date is not None:
            return Span(self.config.from_date, self.config.to_date, by_hand=True)
        return Span(EPOCH.date(), now.date() - timedelta(days=days + 1))


def _targets(kind: ArchiveKind, days: Iterable[date]) -> Iterator[Target]:
    for day in days:
        yield Target(key=f"{kind}:{day}", data={"kind": kind.value, "day": str(day)})
