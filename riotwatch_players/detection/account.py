"""What is known about an account beside its games: level and standings; and the factors that rest on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import GAME_FIELDS, Floats, History, Rank
from riotwatch_players.detection.measures import MIN_GAMES, Measured, measured
from riotwatch_players.detection.model_card import LevelBand

FIRST_RANKED_LEVEL, SETTLED_LEVEL = 30, 75
"""Ranked games need level 30; from 75 on a level says nothing."""
TIERS_PER_NET_WIN = 0.05
CLIMB_SD_PER_GAME = 0.02
CLIMB_SD = 0.10
"""Uncertainty of a climb in tiers: bonuses, demotion shields, resets."""
USUAL_CLIMB_SD = 0.05
"""What a climb of an ordinary player disperses by per root of games: one net win per game, .05 tiers each."""


@dataclass(frozen=True, slots=True)
class Account:
    """By player; NaN is unknown."""

    height: Floats
    """The current rank in tiers above Iron IV."""
    level: Floats
    rank_readings: Floats
    """How many standings are known."""
    climb_tiers: Floats
    """Height of the newest standing minus that of the oldest that matters, and the games and net wins between."""
    climb_games: Floats
    climb_net_wins: Floats


def account_of(histories: Sequence[History]) -> Account:
    """The accounts of these histories."""
    climb = np.array([_climb(one) for one in histories], dtype=np.float64).reshape(-1, 3)
    return Account(
        height=np.array([_height(one.ranks[-1:]) for one in histories], dtype=np.float64),
        level=np.array([np.nan if one.level is None or one.level <= 0 else one.level for one in histories]),
        rank_readings=np.array([float(len(one.ranks)) for one in histories]),
        climb_tiers=climb[:, 0],
        climb_games=climb[:, 1],
        climb_net_wins=climb[:, 2],
    )


def _height(ranks: Sequence[Rank]) -> float:
    height = ranks[0].height if ranks else None
    return np.nan if height is None else height


def _climb(history: History) -> tuple[float, float, float]:
    """Tiers, games and wins minus losses from the standing at the first of the games to the newest of that season."""
    if len(history.ranks) < 2:
        return np.nan, np.nan, np.nan
    times = history.games[:, GAME_FIELDS.index("at")]
    began_s = times[np.isfinite(times)].min(initial=np.inf)
    newest = history.ranks[-1]
    season = [one for one in history.ranks if one.wins <= newest.wins and one.losses <= newest.losses]
    before = [one for one in season if one.at_s <= began_s]
    oldest = before[-1] if before else season[0]
    wins, losses = newest.wins - oldest.wins, newest.losses - oldest.losses
    return _height((newest,)) - _height((oldest,)), float(wins + losses), float(wins - losses)


def account_level(account: Account, bands: Sequence[LevelBand]) -> Measured:
    """Young accounts are weak evidence: honest newcomers and fair alternative accounts share it.

    A rank that is high for a young account counts; one that is low does not count in its favor.
    """
    level = account.level
    known = np.isfinite(level)
    age = np.log(np.maximum(np.nan_to_num(level, nan=1.0), FIRST_RANKED_LEVEL) / FIRST_RANKED_LEVEL)
    youth = 1 - np.minimum(age / np.log(SETTLED_LEVEL / FIRST_RANKED_LEVEL), 1.0)
    band = np.minimum(np.searchsorted([one.below for one in bands], np.nan_to_num(level), side="right"), len(bands) - 1)
    mean, sd = (np.array([getattr(one, name) for one in bands])[band] for name in ("mean", "sd"))
    above = np.where(level < SETTLED_LEVEL, (account.height - mean) / sd, np.nan)
    return measured(
        known,
        {"youth": youth, "rank_for_level": np.nan_to_num(np.maximum(above, 0.0))},
        value=level,
        unit="level",
        baseline=float(SETTLED_LEVEL),
        z=2 * youth,
        n_used=known.astype(np.float64),
        details={"rank_above": above, "from": np.array([FIRST_RANKED_LEVEL, *(one.below for one in bands)])[band]},
    )


def rank_progression(account: Account) -> Measured:
    """Tiers climbed between the oldest and the newest reading, and what of it wins minus losses do not explain.

    Only a climb counts: a rank that is known and does not move is no better and no worse than one that is not known.
    """
    games, climbed, readings = account.climb_games, account.climb_tiers, account.rank_readings
    excess = climbed - TIERS_PER_NET_WIN * account.climb_net_wins
    z = excess / np.sqrt(CLIMB_SD**2 + CLIMB_SD_PER_GAME**2 * np.maximum(games, 1))
    known = (readings >= 2) & (games >= MIN_GAMES) & np.isfinite(climbed)
    climb = climbed / (USUAL_CLIMB_SD * np.sqrt(np.maximum(games, 1)))
    return measured(
        known,
        {"climb": np.maximum(climb, 0.0), "climb_beyond_wins": np.maximum(z, 0.0)},
        value=climbed,
        unit="tiers",
        baseline=TIERS_PER_NET_WIN * account.climb_net_wins,
        z=z,
        n_used=readings,
        too_few=readings >= 1,
        details={"games": games},
    )
