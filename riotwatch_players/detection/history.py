"""What is known about one player's newest games, as arrays; and many of them packed into one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Values = TypeVar("Values", Floats, npt.NDArray[np.float32])

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
UNKNOWN_ACCOUNT = -1


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
    teammates: npt.NDArray[np.floating[Any]]
    """Games x TEAMMATES x SCORE_FIELDS."""
    accounts: Ints
    """Games x TEAMMATES: a number for the teammate's account, the same in every game; UNKNOWN_ACCOUNT is unknown."""
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
    teammates: npt.NDArray[np.float32]
    """Players x games x TEAMMATES x SCORE_FIELDS."""
    accounts: Ints
    """Players x games x TEAMMATES."""
    played: Bools
    """Players x games: there is a game, and its result is known."""
    histories: tuple[History, ...]

    def column(self, name: str) -> Floats:
        """One field of the players' own games."""
        return self.games[..., GAME_FIELDS.index(name)]


def pack(histories: Sequence[History]) -> Batch:
    """The newest MAX_GAMES usable games of each. Impossible values become unknown; nothing is raised for them."""
    usable = [_newest_usable(history) for history in histories]
    longest = max([1, *(len(kept) for kept in usable)])
    size = (len(usable), longest)
    games = np.full((*size, len(GAME_FIELDS)), np.nan)
    teammates = np.full((*size, TEAMMATES, len(SCORE_FIELDS)), np.nan, dtype=np.float32)
    accounts = np.full((*size, TEAMMATES), UNKNOWN_ACCOUNT)
    for row, (history, kept) in enumerate(zip(histories, usable, strict=True)):
        games[row, : len(kept)] = history.games[kept]
        teammates[row, : len(kept)] = history.teammates[kept]
        accounts[row, : len(kept)] = history.accounts[kept]
    played = np.isin(games[..., GAME_FIELDS.index("win")], (0.0, 1.0))
    return Batch(_possible(games), _possible(teammates), accounts, played, tuple(histories))


def _newest_usable(history: History) -> Ints:
    duration_s = history.games[:, GAME_FIELDS.index("duration_s")]
    result = history.games[:, GAME_FIELDS.index("win")]
    return np.flatnonzero(~(duration_s < MIN_DURATION_S) & ((result == 0) | (result == 1)))[-MAX_GAMES:]


def _possible(values: Values) -> Values:
    values[~(values >= 0) | np.isinf(values)] = np.nan
    return values
