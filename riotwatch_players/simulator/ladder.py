"""The visible rank: tiers, divisions and league points, moved by wins and losses."""

from dataclasses import dataclass
from typing import Final

TIERS: Final = (
    "IRON",
    "BRONZE",
    "SILVER",
    "GOLD",
    "PLATINUM",
    "EMERALD",
    "DIAMOND",
    "MASTER",
    "GRANDMASTER",
    "CHALLENGER",
)
DIVISIONS: Final = ("IV", "III", "II", "I")
POINTS_PER_DIVISION: Final = 100
POINTS_PER_TIER: Final = 400
APEX: Final = TIERS.index("MASTER") * POINTS_PER_TIER
_GRANDMASTER_LP: Final = 250
_CHALLENGER_LP: Final = 600
_DEMOTED_TO_LP: Final = 75
PLACEMENTS: Final = 5
"""Ranked games before a rank is shown."""

_USUAL_CHANGE: Final = 21
_PULL: Final = 0.03
_LEAST_CHANGE, _MOST_CHANGE = 12, 35


@dataclass(slots=True)
class Ladder:
    """One account's standing in one ranked queue."""

    points: int
    """League points above IRON IV with 0 LP, counted through all divisions."""
    wins: int = 0
    losses: int = 0
    streak: int = 0
    """Wins in a row."""

    @property
    def placed(self) -> bool:
        """Whether Riot shows a rank yet."""
        return self.wins + self.losses >= PLACEMENTS

    def record(self, *, won: bool, rating: float) -> None:
        """Count a game; the hidden rating (in tiers) pulls the points towards itself."""
        pull = (rating * POINTS_PER_TIER - self.points) * _PULL
        if won:
            self.wins += 1
            self.streak += 1
            self.points += _bounded(_USUAL_CHANGE + pull)
        else:
            self.losses += 1
            self.streak = 0
            self._lose(_bounded(_USUAL_CHANGE - pull))

    def _lose(self, change: int) -> None:
        floor = self.points - self.points % POINTS_PER_DIVISION if self.points < APEX else APEX
        if self.points > floor:
            self.points = max(floor, self.points - change)
        else:
            self.points = max(0, floor - POINTS_PER_DIVISION + _DEMOTED_TO_LP)

    def standing(self) -> tuple[str, str, int]:
        """Tier, division and league points as league-v4 words them."""
        if self.points >= APEX:
            return _apex_tier(self.points - APEX), "I", self.points - APEX
        tier, within = divmod(self.points, POINTS_PER_TIER)
        division, league_points = divmod(within, POINTS_PER_DIVISION)
        return TIERS[tier], DIVISIONS[division], league_points


def _bounded(change: float) -> int:
    return round(min(max(change, _LEAST_CHANGE), _MOST_CHANGE))


def _apex_tier(league_points: int) -> str:
    if league_points >= _CHALLENGER_LP:
        return "CHALLENGER"
    return "GRANDMASTER" if league_points >= _GRANDMASTER_LP else "MASTER"
