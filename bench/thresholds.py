"""The peer: nine factors as thresholds on raw figures, with fixed weights, as smurf detectors commonly have them.

A factor that cannot be measured scores 0 with its full weight. One score answers both questions. The comparison of rank
with hand-made minimums per tier is left at 0, which it gives for practically everybody.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from riotwatch_players.detection.history import GAME_FIELDS, TIERS, Floats, History

WEIGHTS = {
    "rank_discrepancy": 0.20,
    "win_rate": 0.18,
    "kda": 0.12,
    "win_rate_trend": 0.10,
    "performance_consistency": 0.10,
    "rank_progression": 0.09,
    "account_level": 0.08,
    "performance_trends": 0.08,
    "role_performance": 0.05,
}
WIN_RATE, CERTAIN_WIN_RATE = 0.65, 0.80
KDA = 3.5
TREND = 0.10
LEVELS = ((10, 0.8), (25, 0.5), (50, 0.3))
CHANGE = 0.5
POINTS_PER_TIER, POINTS_PER_DIVISION = 100, 25
DAY_S = 86_400


def scores_of(histories: Sequence[History]) -> Floats:
    """0 to 1 for each history."""
    return np.array([sum(WEIGHTS[name] * value for name, value in _factors(one).items()) for one in histories])


def _factors(history: History) -> dict[str, float]:
    games = {name: history.games[:, place] for place, name in enumerate(GAME_FIELDS)}
    kda = (games["kills"] + games["assists"]) / np.maximum(games["deaths"], 1)
    return {
        "win_rate": _win_rate(float(games["win"].mean())),
        "kda": float((games["kills"] + games["assists"]).sum() / max(games["deaths"].sum(), 1) >= KDA),
        "win_rate_trend": _trend(games["win"]),
        "performance_consistency": _consistency(kda),
        "rank_progression": _progression(history),
        "account_level": next((value for most, value in LEVELS if (history.level or 0) <= most), 0.0),
        "performance_trends": _performance_trend(np.stack([kda, games["cs"], games["vision"]])),
        "role_performance": _roles(games["position"], games["win"], kda),
    }


def _win_rate(share: float) -> float:
    if share < WIN_RATE:
        return 0.0
    return min(1.0, 0.1 + 0.9 * (share - WIN_RATE) / (CERTAIN_WIN_RATE - WIN_RATE))


def _trend(win: Floats) -> float:
    half = len(win) // 2
    change = float(win[half:].mean() - win[:half].mean())
    if change > TREND:
        return min(1.0, 3 * change)
    return min(1.0, -2 * change) if change < -TREND else 0.0


def _consistency(kda: Floats) -> float:
    mean = float(kda.mean())
    if mean < KDA:
        return 0.0
    return min(1.0, 0.6 * (mean / KDA - 1) + 0.4 * max(0.0, 1 - float(kda.std()) / mean))


def _progression(history: History) -> float:
    newest = history.ranks[-5:]
    if len(newest) < 2:
        return 0.0
    heights = [_points(rank.tier, rank.division, rank.league_points) for rank in newest]
    days = max((newest[-1].at_s - newest[0].at_s) / DAY_S, 1.0)
    tiers = [TIERS.index(rank.tier) for rank in newest]
    jumps = sum(abs(after - before) >= 1 for before, after in pairwise(tiers))
    return min(1.0, max(0.0, (heights[-1] - heights[0]) / days / 100) * 0.6 + jumps / 3 * 0.4)


def _points(tier: str, division: str | None, league_points: int) -> int:
    divisions = ("IV", "III", "II", "I")
    within = divisions.index(division) * POINTS_PER_DIVISION if division in divisions else 0
    return TIERS.index(tier) * POINTS_PER_TIER + within + league_points


def _performance_trend(figures: Floats) -> float:
    half = figures.shape[1] // 2
    before, after = figures[:, :half].mean(axis=1), figures[:, half:].mean(axis=1)
    change = float(np.mean((after - before) / np.maximum(before, 0.1)))
    return min(1.0, change) if change >= CHANGE else 0.0


def _roles(role: Floats, win: Floats, kda: Floats) -> float:
    played = [role == place for place in range(5) if (role == place).sum() >= 3]
    strong = sum(bool(win[of].mean() >= 0.55 and kda[of].mean() >= 3) for of in played)
    shares = np.array([of.sum() for of in played]) / max(len(role), 1)
    entropy = -sum(share * math.log(share) for share in shares) / math.log(5)
    return min(1.0, (0.0, 0.3, 0.6, 1.0)[min(strong, 3)] + 0.2 * entropy)
