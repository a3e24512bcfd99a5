"""What is known about one player's newest games, as arrays; and many of them packed into one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MAX_GAMES = 100
"""The newest games that are looked at."""
MIN_DURATION_S = 300
ROLES = ("TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY")
TIERS = (
    *("IRON", "BRONZE", "SILVER", "GOLD", "PLATINUM", "EMERALD"),
    *("DIAMOND", "MASTER", "GRANDMASTER", "CHALLENGER"),
)
DIVISIONS = {"IV": 0.0, "III": 0.25, "II": 0.5, "I": 0.75}
LP_PER_TIER = 400
MASTER = TIERS.index("MASTER")
"""From Master on there are no divisions, and the tiers above it are league points of the same ladder."""

SCORE_FIELDS = (
    *("position", "kills", "deaths", "assists", "cs", "gold"),
    *("damage_share", "vision", "kill_participation"),
)
"""What is known of the player and of each teammate; the position is an index into ROLES."""
GAME_FIELDS = (*SCORE_FIELDS, "at", "duration_s", "win", "champion_id")
TEAMMATES = 4


@dataclass(frozen=True, slots=True)
class Rank:
    """A standing in ranked solo, as league-v4 told it at a time."""

    at_s: float
    """Epoch seconds."""
    tier: str
    division: str | None
    league_points: int
    wins: int
    losses: int

    @property
    def height(self) -> float | None:
        """In tiers above Iron IV; None for a tier nobody knows."""
        if self.tier not in TIERS:
            return None
        tier = TIERS.index(self.tier)
        if tier >= MASTER:
            return MASTER + self.league_points / LP_PER_TIER
        return tier + DIVISIONS.get(self.division or "", 0.5) + self.league_points / LP_PER_TIER


@dataclass(frozen=True, slots=True)
class History:
    """One player's usable ranked solo games, oldest first. NaN is unknown."""

    games: Floats
    """Games x GAME_FIELDS."""
    teammates: Floats
    """Games x TEAMMATES x SCORE_FIELDS."""
    level: float | None = None
    ranks: tuple[Rank, ...] = ()
    """Oldest first."""
    previous_verdict: str = ""
    """The verdict of the analysis before this one, or ""."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Many histories: the games of each fill its row from the left, oldest first."""

    games: Floats
    """Players x games x GAME_FIELDS."""
    teammates: Floats
    """Players x games x TEAMMATES x SCORE_FIELDS."""
    played: Bools
    """Players x games: there is a game, and its result is known."""
    histories: tuple[History, ...]

    def column(self, name: str) -> Floats:
        """One field of the players' own games."""
        return self.games[..., GAME_FIELDS.index(name)]


def pack(histories: Sequence[History]) -> Batch:
    """The newest MAX_GAMES usable games of each. Impossible values become unknown; nothing is raised for them."""
    usable = [_newest_usable(history) for history in histories]
    longest = max([1, *(len(games) for games, _ in usable)])
    games = np.full((len(usable), longest, len(GAME_FIELDS)), np.nan)
    teammates = np.full((len(usable), longest, TEAMMATES, len(SCORE_FIELDS)), np.nan)
    for row, (own, others) in enumerate(usable):
        games[row, : len(own)] = own
        teammates[row, : len(others)] = others
    played = np.isin(games[..., GAME_FIELDS.index("win")], (0.0, 1.0))
    return Batch(_possible(games), _possible(teammates), played, tuple(histories))


def _newest_usable(history: History) -> tuple[Floats, Floats]:
    duration_s = history.games[:, GAME_FIELDS.index("duration_s")]
    result = history.games[:, GAME_FIELDS.index("win")]
    usable = ~(duration_s < MIN_DURATION_S) & np.isin(result, (0.0, 1.0))
    return history.games[usable][-MAX_GAMES:], history.teammates[usable][-MAX_GAMES:]


def _possible(values: Floats) -> Floats:
    return np.where(np.isfinite(values) & (values >= 0), values, np.nan)
