"""The words between jobs and the framework: targets, and what can come of one attempt at one (a closed list)."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Lane(IntEnum):
    """Who goes first when work waits for the same budget. Lower is sooner."""

    INTERACTIVE = 0
    TRACKED = 1
    DISCOVERY = 2


@dataclass(frozen=True)
class Target:
    """One unit of a run's work."""

    key: str
    """Unique within the run: adding the same target twice adds it once."""
    data: dict[str, Any] = field(default_factory=dict)
    """What the job needs to find its subject again: our ids, never puuids or names."""
    lane: Lane = Lane.TRACKED
    region: str = ""
    """The budget this item draws on; the feeder keeps a window per queue and region."""


@dataclass(frozen=True)
class Done:
    """The item is finished."""

    result: Any = None
    """A (partial) instance of the job's Result; the results of all items are summed when the run closes."""
    children: tuple[Target, ...] = ()
    """Further items of the same run, added in the transaction that completes this one."""


@dataclass(frozen=True)
class Skip:
    """Nothing was to be done, and that is fine."""

    reason: str


@dataclass(frozen=True)
class Snooze:
    """Come back later; nothing failed and nothing is counted."""

    seconds: float
    reason: str = ""
    for_budget: bool = False
    """The wait is for the key's budget: a run whose deadline passes meanwhile is RATE_LIMITED, not FAILED."""
    spares_deadline: bool = False
    """The run can do nothing about the wait: its deadline does not come while it lasts, nor in the hour after."""


@dataclass(frozen=True)
class Retry:
    """A passing fault. Costs an attempt, unless the other side named the wait itself (a 429)."""

    reason: str
    after_s: float | None = None
    """What the other side asked us to wait, in seconds: with it the retry costs no attempt."""


@dataclass(frozen=True)
class Fail:
    """An expected failure of this item; the run goes on."""

    reason: str


@dataclass(frozen=True)
class EndPhase:
    """The item's phase cannot go on for now: the item and those nobody works on end SKIPPED, the next phase starts."""

    reason: str
    result: Any = None
    """What the item came to until then; counted as Done's."""


@dataclass(frozen=True)
class Stop:
    """The whole run cannot go on: it ends FAILED with this reason."""

    reason: str


Outcome = Done | Skip | Snooze | Retry | Fail | EndPhase | Stop


class Interrupt(Exception):
    """Ends an item's work from anywhere inside it, with an outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(repr(outcome))
