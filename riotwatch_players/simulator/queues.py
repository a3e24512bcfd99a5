"""The queues people play: what each is called, where it is played, how long it takes."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of the game."""

    number: int
    share: float
    """Share of all games."""
    mode: str
    map_number: int
    kind: str
    """What the `type` filter of the match list calls it."""
    people: int
    mean_minutes: float
    has_roles: bool
    """Whether teamPosition is filled in."""


SOLO: Final = Queue(420, 0.75, "CLASSIC", 11, "ranked", 10, 29.0, has_roles=True)
FLEX: Final = Queue(440, 0.07, "CLASSIC", 11, "ranked", 10, 29.0, has_roles=True)
NORMAL: Final = Queue(400, 0.09, "CLASSIC", 11, "normal", 10, 28.0, has_roles=True)
ARAM: Final = Queue(450, 0.07, "ARAM", 12, "normal", 10, 19.0, has_roles=False)
ARENA: Final = Queue(1700, 0.02, "CHERRY", 30, "normal", 16, 26.0, has_roles=False)

QUEUES: Final = (SOLO, FLEX, NORMAL, ARAM, ARENA)
TYPES: Final = frozenset({"ranked", "normal", "tourney", "tutorial"})
