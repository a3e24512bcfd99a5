"""Factors that ask how strong the play is: results, KDA, performance against rank, roles, consistency."""

import numpy as np

from riotwatch_players.detection.account import Account
from riotwatch_players.detection.history import MASTER, Floats
from riotwatch_players.detection.measures import MIN_GAMES, USUAL_SPREAD, Z_95, Measured, measured, moments
from riotwatch_players.detection.plays import Plays
from riotwatch_players.detection.sums import Sums
from riotwatch_players.detection.thrown import Thrown

USUAL_WIN_RATE, APEX_WIN_RATE = 0.50, 0.55
"""Matched play; from Master on 55 to 59 % over many games is normal."""
WIN_RATE_PRIOR_GAMES = 60
"""Win rates of settled accounts disperse no more than coin flips, so a player's own is shrunk by this many games."""
STYLE_SD = 0.20
"""How far the lasting averages of ordinary players differ, in SDs of single games (measured: .20 among Challengers)."""
KDA_STYLE_SD = 0.22
SHRINKING_GAMES = 10
ROLE_SHRINKING_GAMES = 6
CHAMPION_SHRINKING_GAMES = 4
MIN_ROLE_GAMES = 3
SD_OF_GAMES = "SD of single games"


def win_rate(sums: Sums, account: Account) -> Measured:
    """Wins against what matched play gives in this tier. Both signals rise with every win."""
    n, k = sums.games.sum(axis=1), sums.wins.sum(axis=1)
    usual = np.where(account.height >= MASTER, APEX_WIN_RATE, USUAL_WIN_RATE)
    most = np.maximum(n, 1)
    z = (k - n * usual) / np.sqrt(most * usual * (1 - usual))
    share = k / most
    middle = share + Z_95**2 / (2 * most)
    half = Z_95 * np.sqrt(share * (1 - share) / most + Z_95**2 / (4 * most**2))
    scale = 1 + Z_95**2 / most
    known = n >= MIN_GAMES
    return measured(
        known,
        {"wins": z, "lift": 100 * (k - n * usual) / (n + WIN_RATE_PRIOR_GAMES)},
        value=share,
        unit="share of games won",
        baseline=usual,
        z=z,
        interval=((middle - half) / scale, (middle + half) / scale),
        n_used=n,
        too_few=~known,
        details={"wins": k},
    )


def kda(sums: Sums) -> Measured:
    """Kills and assists against deaths, above role, tier, result and teammates."""
    return _above_peers("kda", moments(sums.kda_games, sums.kda, sums.kda_squared), style_sd=KDA_STYLE_SD, sums=sums)


def rank_discrepancy(sums: Sums) -> Measured:
    """The performance index, above what accounts of this rank show in the same games."""
    found = moments(sums.rated, sums.performance, sums.performance_squared)
    return _above_peers("performance", found, style_sd=STYLE_SD, sums=sums)


def _above_peers(signal: str, found: tuple[Floats, Floats, Floats], *, style_sd: float, sums: Sums) -> Measured:
    n, mean, variance = found
    error = np.sqrt(variance / np.maximum(n, 1))
    z = mean / np.hypot(style_sd, error)
    return measured(
        n >= MIN_GAMES,
        {signal: z},
        value=mean * n / (n + SHRINKING_GAMES),
        unit=SD_OF_GAMES,
        baseline=0.0,
        z=z,
        interval=(mean - Z_95 * error, mean + Z_95 * error),
        n_used=n,
        too_few=(n > 0) | (sums.games.sum(axis=1) < MIN_GAMES),
    )


def role_performance(sums: Sums) -> Measured:
    """Being good at more than the usual: the second-best role, and the first two games on each champion."""
    counts, summed = sums.role_games.sum(axis=1), sums.role_performance.sum(axis=1)
    by_role = np.where(counts >= MIN_ROLE_GAMES, summed / (counts + ROLE_SHRINKING_GAMES), -np.inf)
    second = np.sort(by_role, axis=1)[:, -2]
    has_second = np.isfinite(second)
    fresh = sums.first_games.sum(axis=1)
    learned = sums.first_performance.sum(axis=1) / (fresh + CHAMPION_SHRINKING_GAMES)
    has_fresh = fresh >= MIN_ROLE_GAMES
    parts = has_second.astype(np.float64) + has_fresh
    mean = (np.where(has_second, second, 0.0) + np.where(has_fresh, learned, 0.0)) / np.maximum(parts, 1)
    return measured(
        parts > 0,
        {
            "second_role": np.where(has_second, second / STYLE_SD, np.nan),
            "new_champions": np.where(has_fresh, learned / STYLE_SD, np.nan),
        },
        value=mean,
        unit=SD_OF_GAMES,
        baseline=0.0,
        z=mean / STYLE_SD,
        n_used=np.where(has_second, counts.sum(axis=1), fresh),
        too_few=sums.games.sum(axis=1) > 0,
        details={
            "roles_above": (by_role > STYLE_SD).sum(axis=1).astype(np.float64),
            "roles": (counts >= MIN_ROLE_GAMES).sum(axis=1).astype(np.float64),
            "new_champions": np.where(has_fresh, learned, np.nan),
        },
    )


def performance_consistency(sums: Sums, plays: Plays, thrown: Thrown) -> Measured:
    """How much single games differ: runs of lost games far below oneself, and neighboring games that are alike."""
    n, mean, variance = moments(sums.rated, sums.performance, sums.performance_squared)
    spread = np.sqrt(variance)
    known = n >= MIN_GAMES
    error = 1 / np.sqrt(2 * np.maximum(n, 1))
    return measured(
        known,
        {
            "spread": np.log(spread / USUAL_SPREAD) / np.hypot(0.1, error),
            "thrown": thrown.depth,
            "beside_thrown": thrown.strength_beside,
            "alike": _alike(plays.performance, mean),
        },
        value=spread,
        unit=SD_OF_GAMES,
        baseline=USUAL_SPREAD,
        z=np.log(spread / USUAL_SPREAD) / error,
        interval=(spread * (1 - Z_95 * error), spread * (1 + Z_95 * error)),
        n_used=n,
        too_few=n > 0,
        details={"thrown_games": thrown.games},
    )


def _alike(rows: Floats, mean: Floats) -> Floats:
    """Lag-1 autocorrelation times the root of the number of games: about standard normal when order means nothing."""
    centered = np.nan_to_num(rows - mean[:, None])
    n = np.isfinite(rows).sum(axis=1)
    product = (centered[:, 1:] * centered[:, :-1]).sum(axis=1)
    return np.asarray(product / np.maximum((centered**2).sum(axis=1), 1e-9) * np.sqrt(np.maximum(n, 1)))
