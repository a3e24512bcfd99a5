"""Whether two people seem to play by turns: habits and strength that differ by time of day or champion."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.champions import CHAMPIONS
from riotwatch_players.detection.chance import apart, as_z, per_kind
from riotwatch_players.detection.history import ROLES, Floats
from riotwatch_players.detection.plays import Plays
from riotwatch_players.detection.sums import HOURS, counted, hours_of

LEAST_APART, MOST_APART = 5, 0.85
"""Games, and share of games, at a time of day that can be compared with the rest."""
_ARCS = [(first, length) for length in (1, 2, 3) for first in range(HOURS)][: 2 * HOURS + HOURS // 2]
"""Parts of the day against the rest; of the halves each once."""


@dataclass(frozen=True, slots=True)
class Turns:
    """By player."""

    hours_apart: Floats
    """How far champions and roles differ between times of day, as a z."""
    alternation: Floats
    """The same together with how much better or worse is played then."""
    champion_contrast: Floats
    """How much more than by chance performance and results differ between champions, as a z."""


def turns_of(plays: Plays) -> Turns:
    """Look for turns in every player's games."""
    hours_apart, alternation = _alternation(plays)
    return Turns(hours_apart, alternation, _champion_contrast(plays))


def _alternation(plays: Plays) -> tuple[Floats, Floats]:
    """At some times of the day other champions and roles are played; and how much better or worse at the same time."""
    hour, champion = hours_of(plays), plays.champion_kind
    timed = np.isfinite(plays.at_s) & plays.played
    rated = timed & np.isfinite(plays.performance)
    place = np.arange(len(hour))[:, None] * HOURS + hour
    shape = (len(hour), HOURS)
    n = counted(place, rated, shape)
    performance = counted(place, rated, shape, plays.performance)
    wins = counted(place, rated, shape, plays.win)
    better = _contrast(n, performance, counted(place, rated, shape, plays.performance**2))
    stronger = np.abs(better + _contrast(n, wins, wins)) / np.sqrt(2)
    champions = counted(place * CHAMPIONS + champion, timed & np.isfinite(plays.champion), (*shape, CHAMPIONS))
    role = np.nan_to_num(plays.role).astype(np.intp)
    roles = counted(place * len(ROLES) + role, timed & np.isfinite(plays.role), (*shape, len(ROLES)))
    differs = (_apart(champions) + _apart(roles)) / np.sqrt(2)
    return differs.max(axis=1), np.sqrt(np.maximum(differs, 0.0) * stronger).max(axis=1)


def _apart(by_hour: Floats) -> Floats:
    """How far champions or roles in each arc lie from the rest's; 0 where an arc is too little or too much."""
    total, arcs = by_hour.sum(axis=1).T, _arcs(by_hour)
    size = arcs.sum(axis=2).T
    squares = np.einsum("pak,pak,kp->ap", arcs, arcs, per_kind(total))
    share = size / np.maximum(total.sum(axis=0), 1)
    return np.where((size >= LEAST_APART) & (share < MOST_APART), apart(size, squares, total), 0.0).T


def _champion_contrast(plays: Plays) -> Floats:
    """How much more than by chance performance and results differ between champions."""
    champion = plays.champion_kind
    rated = np.isfinite(plays.performance) & np.isfinite(plays.champion) & plays.played
    place = np.arange(len(champion))[:, None] * CHAMPIONS + champion
    shape = (len(champion), CHAMPIONS)
    n = counted(place, rated, shape)
    wins = counted(place, rated, shape, plays.win)
    performance = counted(place, rated, shape, plays.performance)
    degrees = np.maximum((n > 0).sum(axis=1) - 1.0, 0)
    both = _between(n, performance, counted(place, rated, shape, plays.performance**2)) + _between(n, wins, wins)
    return as_z(both, 2 * degrees)


def _between(count: Floats, total: Floats, squares: Floats) -> Floats:
    """Chi-square of the means of the kinds."""
    n = np.maximum(count.sum(axis=1), 1)
    mean = total.sum(axis=1) / n
    variance = np.maximum((squares.sum(axis=1) - n * mean**2) / np.maximum(n - 1, 1), 1e-6)
    return np.asarray(((total - count * mean[:, None]) ** 2 / np.maximum(count, 1)).sum(axis=1) / variance)


def _arcs(by_hour: Floats) -> Floats:
    return np.stack([np.roll(by_hour, -first, axis=1)[:, :length].sum(axis=1) for first, length in _ARCS], axis=1)


def _contrast(count: Floats, total: Floats, squares: Floats) -> Floats:
    """T of each arc against the rest."""
    n = np.maximum(count.sum(axis=1), 1)[:, None]
    mean = total.sum(axis=1)[:, None] / n
    variance = np.maximum(squares.sum(axis=1)[:, None] - n * mean**2, 0) / np.maximum(n - 1, 1)
    inside = _arcs(count)
    weight = inside * (n - inside) / n
    usable = (weight > 1) & (variance > 1e-9)
    return np.where(usable, (_arcs(total) - inside * mean) / np.sqrt(np.where(usable, weight * variance, 1.0)), 0.0)
