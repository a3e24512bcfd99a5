"""What a job is. A job is one file in `jobs/` with one subclass of `Job`; the framework does the rest."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import pydantic

from riotwatch_jobs.outcomes import Outcome, Skip, Target

DEFAULT_DEADLINE_S = 6 * 3600


class Overlap:
    """What a schedule's slot does while the previous run of its scope is still open."""

    SKIP = "skip"
    QUEUE = "queue"
    CHOICES = ((SKIP, "skip the slot"), (QUEUE, "wait as the next run"))


class ItemLog(Protocol):
    """What a job's `run` is handed besides its target: its log, its counters, and its brakes."""

    @property
    def item_id(self) -> int:
        """The item's own id: the same in every attempt at it."""

    @property
    def memory(self) -> Mapping[str, Any]:
        """The target's data with everything that was remembered so far, in this attempt too."""

    def info(self, event: str, **fields: object) -> None:
        """Log a stable event name with fields."""

    def warning(self, event: str, **fields: object) -> None:
        """The same, for what somebody should look at."""

    def count(self, *, requests: int = 0, created: int = 0, updated: int = 0) -> None:
        """Add to the run's counters: API requests made, records created and updated."""

    def remember(self, **facts: object) -> None:
        """Keep facts with the item: if it is snoozed or retried, the next attempt finds them in `target.data`."""

    def checkpoint(self) -> None:
        """Call between steps: ends the item when its run was cancelled, snoozes it past the job's timeout."""


FIRST_DAY, LAST_DAY = "from_date", "to_date"
"""Settings of a job that can be run for a span of days by hand, both included; such a run has a scope of its own."""


class JobConfig(pydantic.BaseModel):
    """Base of every job's `Config`: typed, frozen, no unknown fields. Give each field bounds and a description."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ItemCounts:
    """How a run's items ended."""

    total: int
    done: int
    failed: int
    """FAILED or QUARANTINED."""
    skipped: int


@dataclass(frozen=True)
class NoResult:
    """A job that reports nothing but its counters."""


class UnknownPlayers(ValueError):
    """Players were named that this job cannot find, or it takes none."""


class Job:
    """One kind of work. Subclass it in a file of its own in `jobs/` and decorate the class with `@register`.

    A run of the job calls `precondition()`, then `targets()` once, and `run()` for each target, on any worker of any
    machine, possibly more than once: effects must be idempotent. With more than one phase, `phase_targets()` gives the
    further items of the run each time that no item is open any more.
    """

    job_id: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    schedule: ClassVar[str]
    """Default schedule in UTC: five cron fields, or `every 5m`."""
    queue: ClassVar[str]
    enabled_by_default: ClassVar[bool] = True
    timeout_s: ClassVar[int | None] = None
    """Working time of one item, waiting excluded; None = JOB_TIMEOUT_SECONDS."""
    deadline_s: ClassVar[int] = DEFAULT_DEADLINE_S
    max_attempts: ClassVar[int] = 5
    overlap: ClassVar[str] = Overlap.SKIP
    catch_up_s: ClassVar[int | None] = None
    """How late a slot that no beat opened in time is still made up for; None = one interval, 6 h at most; 0 = never."""
    phases: ClassVar[int] = 1
    """Parts of a run, one after the other; failed or skipped items do not keep the next one from starting."""
    phase_names: ClassVar[tuple[str, ...]] = ()
    """What the phases are called on a run's page, where there are several."""
    archives_runs: ClassVar[bool] = False
    """While it is switched on, retention keeps every run until it has set `archived_at`."""
    follows_interval_setting: ClassVar[bool] = False
    """JOB_INTERVAL_SECONDS applies to this job's default schedule."""
    Config: ClassVar[type[JobConfig]] = JobConfig
    Result: ClassVar[type[Any]] = NoResult

    def __init__(self, config: JobConfig, players: Sequence[int] = ()) -> None:
        self.config: Any = config
        self.players = tuple(players)
        """Our ids of the players this run is limited to; empty = all."""

    @classmethod
    def seeded_config(cls) -> dict[str, Any]:
        """Values that the environment seeds (an operator's edits go before them)."""
        return {}

    @classmethod
    def resolve_players(cls, names: Sequence[str]) -> list[int]:
        """Our ids of players named by puuid or Riot ID; raises UnknownPlayers."""
        raise UnknownPlayers(f"{cls.job_id} takes no players: leave --player out.")

    @classmethod
    def summarize(cls, result: dict[str, Any], counts: "ItemCounts") -> dict[str, Any]:
        """Complete a run's summed result with what only the item states tell."""
        del counts
        return result

    def precondition(self) -> Skip | None:
        """A reason not to run now, or None."""
        return None

    def targets(self) -> Iterable[Target]:
        """The run's items, fixed at its start; those of phase 0. Reads the database only: no HTTP here."""
        raise NotImplementedError

    def phase_targets(self, phase: int, first: Sequence[Target]) -> Iterable[Target]:
        """The items of a later phase (1 and up), fixed when it begins; `first` are phase 0's, with what they remember.

        Keys are unique within the run, not the phase. As `targets`, it may be called again after a crash.
        """
        raise NotImplementedError

    def run(self, target: Target, log: ItemLog) -> Outcome:
        """Work on one target."""
        raise NotImplementedError


def sum_results(result_type: type[Any], parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add the items' results field by field: every field of the job's Result is there, also when nothing was done."""
    totals: dict[str, Any] = dataclasses.asdict(result_type())
    for part in parts:
        for name, value in part.items():
            totals[name] = totals.get(name, 0) + value
    return totals
