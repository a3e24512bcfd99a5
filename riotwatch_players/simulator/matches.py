"""A match as the world remembers it: who met when, and who won. Its body is drawn from `seed` when asked for."""

from dataclasses import dataclass
from enum import StrEnum

from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import Queue


class Outcome(StrEnum):
    """What became of a match."""

    PLAYED = "played"
    REMAKE = "remake"
    SHELL = "shell"
    """Listed, and its body is an empty shell."""
    LOST = "lost"
    """Listed, and its body is not found."""


@dataclass(slots=True, eq=False)
class Match:
    """One match. `lineup` is the blue team's five in role order, then the red team's; in Arena pairs."""

    number: int
    """The gameId."""
    platform: str
    queue: Queue
    outcome: Outcome
    seed: int
    creation_ms: int
    start_ms: int
    end_ms: int
    duration_s: int
    lineup: tuple[Person, ...]
    levels: tuple[int, ...]
    blue_won: bool
    over: bool = False

    @property
    def id(self) -> str:
        """The id match-v5 knows it by."""
        return f"{self.platform.upper()}_{self.number}"
