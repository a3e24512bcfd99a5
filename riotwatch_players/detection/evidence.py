"""What the nine factors say about each player, as arrays: the measured value and its log-odds for either question.

Evidence is what the factor would add to the log-odds if it stood alone; the card's weights discount for overlap. A
factor that is unknown, or has too few games, has evidence 0.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from riotwatch_players.detection.changes import strongest_change
from riotwatch_players.detection.history import MASTER, ROLES, Bools, Floats
from riotwatch_players.detection.measures import MOST_EVIDENCE, USUAL_SPREAD, Evidence, measured, moments
from riotwatch_players.detection.signals import Signals

MIN_GAMES = 10
"""A factor says nothing about fewer games."""

USUAL_WIN_RATE, APEX_WIN_RATE = 0.50, 0.55
"""Matched play; from Master on 55 to 59 % over many games is normal."""
SMURF_WIN_RATE_LIFT = 0.10
MOST_GAMES_OF_WIN_RATE = 60
"""Win rates settle: further games add no evidence."""
Z_95 = 1.96

STYLE_SD = 0.20
"""How far the lasting averages of ordinary players differ, in SDs of single games (measured: .20 among Challengers)."""
KDA_STYLE_SD = 0.22
SMURF_SHIFT = 1.6
"""By how many SDs of ordinary players a much stronger one stands out."""
SHRINKING_GAMES = 10
ROLE_SHRINKING_GAMES = 6
CHAMPION_SHRINKING_GAMES = 4
MIN_ROLE_GAMES = 3

FIRST_RANKED_LEVEL, SETTLED_LEVEL = 30, 150
YOUNG_EVIDENCE, SETTLED_EVIDENCE = 1.8, -0.6

TIERS_PER_NET_WIN = 0.05
CLIMB_SD_PER_GAME = 0.02
CLIMB_SD = 0.10
"""Uncertainty of a climb in tiers: bonuses, demotion shields, resets."""

LOW_TAIL = -1.5
LOW_TAIL_SHARE = 0.03


def evidence_of(signals: Signals) -> dict[str, Evidence]:
    """All nine factors, by name."""
    return {name: factor(signals) for name, factor in _FACTORS.items()}


def win_rate(signals: Signals) -> Evidence:
    """Wins against what matched play gives in this tier: an exact likelihood ratio, monotone in the wins."""
    n, k = signals.played.sum(axis=1), np.nansum(signals.win, axis=1)
    usual = np.where(signals.height >= MASTER, APEX_WIN_RATE, USUAL_WIN_RATE)
    lifted = usual + SMURF_WIN_RATE_LIFT
    ratio = k * np.log(lifted / usual) + (n - k) * np.log((1 - lifted) / (1 - usual))
    evidence = ratio * np.minimum(1.0, MOST_GAMES_OF_WIN_RATE / np.maximum(n, 1))
    share = k / np.maximum(n, 1)
    middle = share + Z_95**2 / (2 * np.maximum(n, 1))
    half = Z_95 * np.sqrt(share * (1 - share) / np.maximum(n, 1) + Z_95**2 / (4 * np.maximum(n, 1) ** 2))
    scale = 1 + Z_95**2 / np.maximum(n, 1)
    known = n >= MIN_GAMES
    return measured(
        known,
        value=share,
        unit="share of games won",
        baseline=usual,
        z=(k - n * usual) / np.sqrt(np.maximum(n, 1) * usual * (1 - usual)),
        low=(middle - half) / scale,
        high=(middle + half) / scale,
        n_used=n,
        smurf=evidence,
        boosted=evidence,
        too_few=~known,
        details={"wins": k},
    )


def kda(signals: Signals) -> Evidence:
    """Kills and assists against deaths, above role, tier, result and teammates."""
    return _above_peers(signals.kda, style_sd=KDA_STYLE_SD, played=signals.played)


def rank_discrepancy(signals: Signals) -> Evidence:
    """The performance index, above what accounts of this rank show in the same games."""
    return _above_peers(signals.performance, style_sd=STYLE_SD, played=signals.played)


def _above_peers(rows: Floats, *, style_sd: float, played: Bools) -> Evidence:
    n, mean, variance = moments(rows)
    error = np.sqrt(variance / np.maximum(n, 1))
    z = mean / np.sqrt(style_sd**2 + error**2)
    expected = SMURF_SHIFT * style_sd / np.sqrt(style_sd**2 + error**2)
    ratio = expected * z - expected**2 / 2
    known = n >= MIN_GAMES
    return measured(
        known,
        value=mean * n / (n + SHRINKING_GAMES),
        unit="SD of single games",
        baseline=np.zeros(len(n)),
        z=z,
        low=mean - Z_95 * error,
        high=mean + Z_95 * error,
        n_used=n,
        smurf=ratio,
        boosted=ratio,
        too_few=(n > 0) | (played.sum(axis=1) < MIN_GAMES),
    )


def account_level(signals: Signals) -> Evidence:
    """Young accounts are weak evidence: honest newcomers and fair alternative accounts share it."""
    level = signals.level
    known = np.isfinite(level)
    age = np.log(np.maximum(np.nan_to_num(level, nan=1.0), FIRST_RANKED_LEVEL) / FIRST_RANKED_LEVEL)
    youth = 1 - np.minimum(age / np.log(SETTLED_LEVEL / FIRST_RANKED_LEVEL), 1.0)
    evidence = SETTLED_EVIDENCE + (YOUNG_EVIDENCE - SETTLED_EVIDENCE) * youth
    return measured(
        known,
        value=level,
        unit="level",
        baseline=np.full(len(level), float(SETTLED_LEVEL)),
        z=2 * youth,
        n_used=known.astype(np.float64),
        smurf=evidence,
        boosted=np.zeros(len(level)),
    )


def rank_progression(signals: Signals) -> Evidence:
    """Tiers climbed between the oldest and the newest reading, and what of it wins minus losses do not explain."""
    games, climbed = signals.climb_games, signals.climb_tiers
    excess = climbed - TIERS_PER_NET_WIN * signals.climb_net_wins
    z = excess / np.sqrt(CLIMB_SD**2 + CLIMB_SD_PER_GAME**2 * np.maximum(games, 1))
    readings = signals.rank_readings
    known = (readings >= 2) & (games >= MIN_GAMES)
    ratio = np.clip(0.8 * z - 0.32, -1.0, MOST_EVIDENCE)
    return measured(
        known,
        value=climbed,
        unit="tiers",
        baseline=TIERS_PER_NET_WIN * signals.climb_net_wins,
        z=z,
        n_used=readings,
        smurf=ratio,
        boosted=ratio,
        too_few=readings >= 1,
        details={"games": games},
    )


def win_rate_trend(signals: Signals) -> Evidence:
    """The strongest change of the win rate, against the same scan of shuffled games."""
    return _trend(signals.win, unit="share of games won", details={})


def performance_trends(signals: Signals) -> Evidence:
    """The strongest step of the performance index; a straight line speaks for learning, a step for another player."""
    change = strongest_change(signals.performance)
    learning = np.nan_to_num(change.step_over_line) < 0
    evidence = _trend(signals.performance, unit="SD of single games", details={"line": learning.astype(np.float64)})
    boosted = np.where(learning & (evidence.boosted > 0), evidence.boosted / 2, evidence.boosted)
    return dataclasses.replace(evidence, boosted=boosted)


def _trend(rows: Floats, *, unit: str, details: Mapping[str, Floats]) -> Evidence:
    change = strongest_change(rows)
    n = np.isfinite(rows).sum(axis=1)
    known = np.isfinite(change.z)
    ratio = np.clip(np.nan_to_num(change.z) - 0.6, -0.6, MOST_EVIDENCE)
    return measured(
        known,
        value=change.step,
        unit=unit,
        baseline=np.zeros(len(n)),
        z=change.z,
        n_used=n,
        smurf=np.maximum(ratio, 0.0),
        boosted=ratio,
        too_few=n > 0,
        details={"after": change.after, **details},
    )


def performance_consistency(signals: Signals) -> Evidence:
    """How much single games differ: games far below oneself (thrown ones, too), and runs of alike games."""
    rows = signals.performance
    n, mean, variance = moments(rows)
    known = n >= MIN_GAMES
    with np.errstate(invalid="ignore"):
        low = (rows < LOW_TAIL).sum(axis=1)
    z = (low - n * LOW_TAIL_SHARE) / np.sqrt(np.maximum(n, 1) * LOW_TAIL_SHARE * (1 - LOW_TAIL_SHARE))
    centered = np.nan_to_num(rows - mean[:, None])
    alike = (centered[:, 1:] * centered[:, :-1]).sum(axis=1) / np.maximum((centered**2).sum(axis=1), 1e-9)
    spread = np.sqrt(variance)
    return measured(
        known,
        value=spread,
        unit="SD of single games",
        baseline=np.full(len(n), USUAL_SPREAD),
        z=z,
        low=spread * (1 - Z_95 / np.sqrt(2 * np.maximum(n, 1))),
        high=spread * (1 + Z_95 / np.sqrt(2 * np.maximum(n, 1))),
        n_used=n,
        smurf=np.clip(z - 1, 0.0, MOST_EVIDENCE),
        boosted=np.clip(alike * np.sqrt(np.maximum(n, 1)) - 0.5, -0.5, MOST_EVIDENCE),
        too_few=n > 0,
        details={"low_share": low / np.maximum(n, 1), "alike": alike},
    )


def role_performance(signals: Signals) -> Evidence:
    """Being good at more than the usual: the second-best role, and the first two games on each champion."""
    by_role = np.stack([_shrunk(np.where(signals.role == place, signals.performance, np.nan)) for place in range(5)])
    counts = np.stack([(signals.role == place).sum(axis=1) for place in range(len(ROLES))])
    usable = np.where(counts >= MIN_ROLE_GAMES, by_role, -np.inf)
    second = np.sort(usable, axis=0)[-2]
    has_second = np.isfinite(second)
    fresh = np.where(signals.new_champion, signals.performance, np.nan)
    n_fresh, fresh_mean, _ = moments(fresh)
    has_fresh = n_fresh >= MIN_ROLE_GAMES
    learned = fresh_mean * n_fresh / (n_fresh + CHAMPION_SHRINKING_GAMES)
    parts = has_second.astype(np.float64) + has_fresh
    total = np.where(has_second, second, 0.0) + np.where(has_fresh, learned, 0.0)
    mean = total / np.maximum(parts, 1)
    z = mean / STYLE_SD
    ratio = np.clip(1.2 * z - 0.72, -1.5, MOST_EVIDENCE)
    return measured(
        parts > 0,
        value=mean,
        unit="SD of single games",
        baseline=np.zeros(len(z)),
        z=z,
        n_used=np.where(has_second, counts.sum(axis=0), n_fresh),
        smurf=ratio,
        boosted=np.clip(ratio, -0.5, 1.0),
        too_few=signals.played.sum(axis=1) > 0,
        details={
            "roles_above": (usable > STYLE_SD).sum(axis=0).astype(np.float64),
            "new_champions": np.where(has_fresh, learned, np.nan),
        },
    )


def _shrunk(rows: Floats) -> Floats:
    total: Floats = np.nansum(rows, axis=1)
    return np.asarray(total / (np.isfinite(rows).sum(axis=1) + ROLE_SHRINKING_GAMES))


_FACTORS: Mapping[str, Callable[[Signals], Evidence]] = {
    "win_rate": win_rate,
    "kda": kda,
    "account_level": account_level,
    "rank_discrepancy": rank_discrepancy,
    "rank_progression": rank_progression,
    "win_rate_trend": win_rate_trend,
    "performance_consistency": performance_consistency,
    "performance_trends": performance_trends,
    "role_performance": role_performance,
}
