"""From histories to measured factors, and to the signals that a model weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection import account, changing, company, strength
from riotwatch_players.detection.account import Account
from riotwatch_players.detection.baseline import Baseline
from riotwatch_players.detection.history import Bools, Floats, History, pack
from riotwatch_players.detection.measures import Measured
from riotwatch_players.detection.model_card import LevelBand
from riotwatch_players.detection.plays import Plays, joined, plays_of
from riotwatch_players.detection.scans import scan
from riotwatch_players.detection.sums import Sums, sums_of
from riotwatch_players.detection.thrown import Thrown, thrown_of
from riotwatch_players.detection.turns import Turns, turns_of

PLAYERS_AT_ONCE = 125
"""Whose games are compared together: what their teammates did, in 100 games each, is 2 MB. With more of it, memory is
asked for anew each time, and the comparison takes half as long again."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the games of many players say, before a model weighs it."""

    account: Account
    plays: Plays
    sums: Sums
    thrown: Thrown
    turns: Turns
    bands: Sequence[LevelBand]

    @property
    def games(self) -> Floats:
        """Usable games of each player."""
        return np.asarray(self.sums.games.sum(axis=1))

    def measured(self) -> dict[str, Measured]:
        """Every factor by name."""
        return {
            **self._of_games(self.sums),
            "account_level": account.account_level(self.account, self.bands),
            "rank_progression": account.rank_progression(self.account),
            "inactivity": company.inactivity(self.plays),
        }

    def measured_without(self, segments: Bools) -> dict[str, Measured]:
        """Every factor that rests on `Sums`, with some segments of games left out."""
        return self._of_games(self.sums.without(segments))

    def _of_games(self, sums: Sums) -> dict[str, Measured]:
        wins = scan(sums.games, sums.wins, sums.wins)
        performance = scan(sums.rated, sums.performance, sums.performance_squared)
        return {
            "win_rate": strength.win_rate(sums, self.account),
            "kda": strength.kda(sums),
            "rank_discrepancy": strength.rank_discrepancy(sums),
            "win_rate_trend": changing.win_rate_trend(sums, wins),
            "performance_consistency": strength.performance_consistency(sums, self.plays, self.thrown),
            "performance_trends": changing.performance_trends(sums, performance),
            "role_performance": strength.role_performance(sums),
            "duo_dependency": company.duo_dependency(sums, self.plays),
            "identity_shift": changing.identity_shift(sums, self.turns, wins, performance),
        }


def evidence_of(histories: Sequence[History], *, baseline: Baseline, bands: Sequence[LevelBand]) -> Evidence:
    """Compare and sum up the games of these histories."""
    who = account.account_of(histories)
    firsts = range(0, max(len(histories), 1), PLAYERS_AT_ONCE)
    parts = [slice(first, first + PLAYERS_AT_ONCE) for first in firsts]
    plays = joined([plays_of(pack(histories[part]), baseline, height=who.height[part]) for part in parts])
    return Evidence(who, plays, sums_of(plays), thrown_of(plays), turns_of(plays), bands)


def signals_of(factors: Mapping[str, Measured]) -> dict[str, Floats]:
    """All signals by name."""
    return {name: signal for factor in factors.values() for name, signal in factor.signals.items()}
