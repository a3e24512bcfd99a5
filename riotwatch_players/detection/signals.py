"""Per game: how far above what is usual somebody played, given role, tier, result and their own teammates."""

import dataclasses
from collections import Counter
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.baselines import METRICS, Baseline
from riotwatch_players.detection.history import GAME_FIELDS, ROLES, SCORE_FIELDS, Batch, Bools, Floats, History, Rank

MOST_Z = 4.0
"""Robust z beyond this are cut: one freak game is one game."""
LEVEL_PRIOR_GAMES = 20.0
"""How many average teammates' games the level of a player's lobbies is shrunk by."""

METRIC_WEIGHTS = {"kda": 0.30, "cs": 0.22, "gold": 0.16, "damage": 0.22, "vision": 0.05, "participation": 0.05}
"""The performance index of a game is their weighted mean over the metrics that are known. Gold counts less than its
discriminating power deserves, because its level by role is measured at one tier only."""
SUPPORT_METRICS = frozenset({"kda", "gold", "damage", "vision", "participation"})
"""Supports do not farm."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Arrays of players x games; NaN is unknown, and whatever is not `played` is NaN."""

    played: Bools
    win: Floats
    role: Floats
    new_champion: Bools
    """The game is among the player's first two on its champion in this history."""
    kda: Floats
    """Adjusted z of log((K+A+1)/(D+1))."""
    performance: Floats
    """The performance index in robust standard deviations of single games."""
    height: Floats
    """Per player: the current rank in tiers above Iron IV; NaN = unknown."""
    level: Floats
    """Per player: summoner level; NaN = unknown."""
    rank_readings: Floats
    """Per player: how many standings are known."""
    climb_tiers: Floats
    """Per player: height of the newest standing minus that of the oldest; NaN = unknown, as the next two."""
    climb_games: Floats
    climb_net_wins: Floats

    def without(self, left_out: Bools) -> "Signals":
        """The same without some games."""
        rows = ("win", "role", "kda", "performance")
        kept = {name: np.where(left_out, np.nan, getattr(self, name)) for name in rows}
        return dataclasses.replace(self, played=self.played & ~left_out, **kept)


def signals_of(batch: Batch, baseline: Baseline) -> Signals:
    """Compare every game with the baseline and with the teammates in it."""
    height = np.array([_height(one.ranks) for one in batch.histories])
    level = np.array([np.nan if one.level is None or one.level <= 0 else one.level for one in batch.histories])
    climb = np.array([_climb(one) for one in batch.histories]).reshape(-1, 3)
    z = _adjusted(batch, baseline, height)
    role = batch.column("position")
    return Signals(
        played=batch.played,
        win=np.where(batch.played, batch.column("win"), np.nan),
        role=np.where(batch.played, role, np.nan),
        new_champion=_first_two_on_champion(np.where(batch.played, batch.column("champion_id"), np.nan)),
        kda=np.where(batch.played, z[..., METRICS.index("kda")], np.nan),
        performance=np.where(batch.played, _index(z, role), np.nan),
        height=height,
        level=level,
        rank_readings=np.array([float(len(one.ranks)) for one in batch.histories]),
        climb_tiers=climb[:, 0],
        climb_games=climb[:, 1],
        climb_net_wins=climb[:, 2],
    )


def _height(ranks: tuple[Rank, ...]) -> float:
    height = ranks[-1].height if ranks else None
    return np.nan if height is None else height


def _climb(history: History) -> tuple[float, float, float]:
    """Tiers, games and wins minus losses from the standing at the first of the games to the newest of that season."""
    if not history.ranks:
        return np.nan, np.nan, np.nan
    began_s = np.nanmin(history.games[:, GAME_FIELDS.index("at")], initial=np.inf)
    newest = history.ranks[-1]
    season = [one for one in history.ranks if one.wins <= newest.wins and one.losses <= newest.losses]
    before = [one for one in season if one.at_s <= began_s]
    oldest = before[-1] if before else season[0]
    wins, losses = newest.wins - oldest.wins, newest.losses - oldest.losses
    return _height((newest,)) - _height((oldest,)), float(wins + losses), float(wins - losses)


def _first_two_on_champion(champions: Floats) -> Bools:
    first = np.zeros(champions.shape, dtype=bool)
    for row, played in enumerate(champions.tolist()):
        seen: Counter[float] = Counter()
        for place, champion in enumerate(played):
            if champion == champion:  # NaN is not
                seen[champion] += 1
                first[row, place] = seen[champion] <= 2
    return first


def _adjusted(batch: Batch, baseline: Baseline, height: Floats) -> Floats:
    """Robust z minus the mean of the teammates' in the same game; where they are unknown, minus their usual level."""
    tier = np.broadcast_to(np.floor(height)[:, None], batch.played.shape)
    win, minutes = batch.column("win"), batch.column("duration_s") / 60
    own = _z(_metrics(batch.games, GAME_FIELDS, minutes), batch.column("position"), tier, win, baseline)
    every = batch.teammates.shape[:3]
    mates = _z(
        _metrics(batch.teammates, SCORE_FIELDS, np.broadcast_to(minutes[..., None], every)),
        batch.teammates[..., SCORE_FIELDS.index("position")],
        np.broadcast_to(tier[..., None], every),
        np.broadcast_to(win[..., None], every),
        baseline,
    )
    beside = _mean(mates, axis=2)
    usual = np.nansum(mates, axis=(1, 2)) / (np.isfinite(mates).sum(axis=(1, 2)) + LEVEL_PRIOR_GAMES)
    return own - np.where(np.isfinite(beside), beside, usual[:, None, :])


def _metrics(values: Floats, fields: tuple[str, ...], minutes: Floats) -> Floats:
    known = {name: values[..., fields.index(name)] for name in SCORE_FIELDS}
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [np.log(known[name] / minutes) for name in ("cs", "gold", "vision")]
    kda = np.log((known["kills"] + known["assists"] + 1) / (known["deaths"] + 1))
    stacked = np.stack([kda, rates[0], rates[1], known["damage_share"], rates[2], known["kill_participation"]], axis=-1)
    return np.where(np.isneginf(stacked), -np.log(60.0), np.where(np.isfinite(stacked), stacked, np.nan))


def _z(metrics: Floats, role: Floats, tier: Floats, win: Floats, baseline: Baseline) -> Floats:
    place = np.where(role < len(ROLES), role, np.nan)
    z = (metrics - baseline.centers(tier, place, win)) / baseline.spreads(place)
    return np.clip(z, -MOST_Z, MOST_Z)


def _index(z: Floats, role: Floats) -> Floats:
    weights = np.array([METRIC_WEIGHTS[name] for name in METRICS])
    of_support = np.array([METRIC_WEIGHTS[name] if name in SUPPORT_METRICS else 0.0 for name in METRICS])
    support = (role == ROLES.index("UTILITY"))[..., None]
    known = np.where(support, of_support, weights) * np.isfinite(z)
    total = known.sum(axis=-1)
    summed = (known * np.nan_to_num(z)).sum(axis=-1)
    return _ratio(summed, total)


def _mean(values: Floats, *, axis: int) -> Floats:
    count = np.isfinite(values).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return _ratio(total, count)


def _ratio(total: Floats, count: Floats) -> Floats:
    """The quotient, NaN where nothing was counted."""
    return np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
