"""What changes about a person while the world plays: rating, rank, level, matches."""

from dataclasses import dataclass, field
from typing import Final

from riotwatch_players.simulator.ladder import Ladder
from riotwatch_players.simulator.matches import Match
from riotwatch_players.simulator.people import Person

NEVER_MS: Final = 1 << 62
_LEVELS_PER_GAME: Final = 0.18


@dataclass(slots=True, eq=False)
class Account:
    """A person's state at the world's time."""

    person: Person
    rating: float
    """Hidden matchmaking rating, in tiers."""
    solo: Ladder
    flex: Ladder
    willing: tuple[float, ...]
    """By hour of the day (UTC): how likely this person accepts a match they are asked for."""
    free_at_ms: int
    """From then on a match may begin."""
    leaves_at_ms: int
    """From then on no match begins any more."""
    position: int = 0
    """Place on the platform's ladder of ratings."""
    games: int = 0
    rated_games: int = 0
    history: list[Match] = field(default_factory=list)
    """Finished matches, oldest first."""

    @property
    def level(self) -> int:
        """The summoner level."""
        return self.person.first_level + int(self.games * _LEVELS_PER_GAME)


def open_account(person: Person, willing: tuple[float, ...]) -> Account:
    """The account as the world begins."""
    solo = Ladder(person.first_points, person.past_wins, person.past_losses)
    leaves = NEVER_MS if person.vanished_at_s is None else person.vanished_at_s * 1000
    return Account(
        person=person,
        rating=person.first_rating,
        solo=solo,
        flex=Ladder(person.first_points),
        willing=willing,
        free_at_ms=person.joined_at_s * 1000,
        leaves_at_ms=leaves,
    )
