"""The parameters of the judgement, under a version. Fixed by hand so far; a trained card takes the same place."""

from collections.abc import Mapping
from dataclasses import dataclass

from riotwatch_players.detection.baselines import SHIPPED as SHIPPED_BASELINE
from riotwatch_players.detection.baselines import Baseline

FACTORS = (
    *("win_rate", "kda", "account_level", "rank_discrepancy", "rank_progression"),
    *("win_rate_trend", "performance_consistency", "performance_trends", "role_performance"),
)
REFERENCE_PRIOR = 0.20
"""Scores are shown as if one account in five were of the kind: with nothing known a score is 20."""


@dataclass(frozen=True, slots=True)
class Target:
    """One question that is asked about an account."""

    prior: float
    """Assumed share of such accounts among those looked at."""
    weights: Mapping[str, float]
    """By factor: how much of its evidence counts. Below 1, because factors overlap; negative turns it around."""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that turns evidence into a verdict."""

    version: str
    baseline: Baseline
    smurf: Target
    boosted: Target
    min_games: int = 20
    """With fewer games there is no verdict."""
    min_games_likely: int = 30
    """With fewer the verdict is `watch` at most."""
    watch_score: float = 40.0
    likely_score: float = 75.0
    hysteresis: float = 0.7
    """A verdict is left only below this share of the score that it was entered at."""


SHIPPED = Card(
    version="fixed-1.0.0",
    baseline=SHIPPED_BASELINE,
    smurf=Target(
        prior=0.05,
        weights={
            "win_rate": 0.9,
            "kda": 0.3,
            "account_level": 0.8,
            "rank_discrepancy": 0.6,
            "rank_progression": 0.6,
            "win_rate_trend": -0.15,
            "performance_consistency": 0.15,
            "performance_trends": -0.1,
            "role_performance": 0.3,
        },
    ),
    boosted=Target(
        prior=0.03,
        weights={
            "win_rate": 0.4,
            "kda": 0.0,
            "account_level": 0.0,
            "rank_discrepancy": 0.0,
            "rank_progression": 0.3,
            "win_rate_trend": 0.4,
            "performance_consistency": 0.1,
            "performance_trends": 0.8,
            "role_performance": 0.1,
        },
    ),
)
"""Hand-set on the ground that a fixed sum of the factors' z orders accounts almost as well as a trained one."""
