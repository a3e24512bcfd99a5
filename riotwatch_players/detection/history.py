"""What is known about one player's newest games, as arrays; and many of them packed into one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.floating[Any]]
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
    teammates: Numbers
    """Games x TEAMMATES x SCORE_FIELDS."""
    accounts: Ints
    """Games x TEAMMATES: a number for the teammate's account, the same in every game; UNKNOWN_ACCOUNT is unknown."""
    level: float | None = None
    ranks: tuple[Rank, ...] = ()
    """Oldest first."""
    previous_verdict: str = ""
    """The verdict of the analysis before this one, or ""."""


_NO_GAME = History(
    games=np.full((1, len(GAME_FIELDS)), np.nan),
    teammates=np.full((1, TEAMMATES, len(SCORE_FIELDS)), np.nan),
    accounts=np.full((1, TEAMMATES), UNKNOWN_ACCOUNT),
)
"""What stands where somebody has fewer games than others."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Many histories: the games of each fill its row from the left, oldest first.

    A field stands together, over all players and games: what is done with one field touches nothing else.
    """

    games: Floats
    """GAME_FIELDS x players x games."""
    teammates: npt.NDArray[np.float32]
    """SCORE_FIELDS x TEAMMATES x players x games."""
    accounts: Ints
    """Players x games x TEAMMATES."""
    played: Bools
    """Players x games: there is a game, and its result is known."""
    histories: tuple[History, ...]

    def column(self, name: str) -> Floats:
        """One field of the players' own games."""
        return np.asarray(self.games[GAME_FIELDS.index(name)])


def pack(histories: Sequence[History]) -> Batch:
    """The newest MAX_GAMES usable games of each. Impossible values become unknown; nothing is raised for them."""
    everybody = (*histories, _NO_GAME)
    games = np.concatenate([one.games for one in everybody])
    teammates = np.concatenate([one.teammates for one in everybody], dtype=np.float32, casting="same_kind")
    source = _newest_usable(games[:-1], [len(one.games) for one in histories])
    return Batch(
        games=_possible(np.take(games.T, source, axis=1)),
        teammates=_possible(np.take(teammates.T, source, axis=2)),
        accounts=np.concatenate([one.accounts for one in everybody])[source],
        played=source < len(games) - 1,
        histories=tuple(histories),
    )


def _newest_usable(games: Floats, lengths: Sequence[int]) -> Ints:
    """Where the games that count stand, in players x games; the number of all games where there is none."""
    duration_s, result = (games[:, GAME_FIELDS.index(name)] for name in ("duration_s", "win"))
    usable = ~(duration_s < MIN_DURATION_S) & ((result == 0) | (result == 1))
    row = np.repeat(np.arange(len(lengths)), lengths)
    count = np.bincount(row[usable], minlength=len(lengths))
    kept = np.minimum(count, MAX_GAMES)
    place = np.cumsum(usable) - 1 - (np.cumsum(count) - kept)[row]
    newest = usable & (place >= 0)
    source = np.full((len(lengths), max(1, kept.max(initial=0))), len(games))
    source[row[newest], place[newest]] = np.flatnonzero(newest)
    return source


def _possible(values: Values) -> Values:
    np.copyto(values, np.nan, where=~((values >= 0) & (values < np.inf)))
    return values
