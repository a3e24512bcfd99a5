"""Which stretch of games differs most from the rest, and how surprising that would be if the order meant nothing.

Somebody else playing is a stretch: at the beginning, in the middle or at the end. All stretches of neighboring segments
that hold 15 to 85 % of a player's segments are looked at.
"""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Floats, Ints
from riotwatch_players.detection.sums import SEGMENTS

_SHORTEST, _LONGEST = 3, 17
_PAIRS = [(a, b) for a in range(SEGMENTS) for b in range(a + 1, SEGMENTS + 1) if _SHORTEST <= b - a <= _LONGEST]
BEGINS: Ints = np.array([a for a, _ in _PAIRS])
ENDS: Ints = np.array([b for _, b in _PAIRS])

# Quantiles of the largest |t| over all stretches when the order is random: shuffles of 20, 30, 50 and 100 games, the
# larger of the values for normally distributed games and for wins and losses.
_Z = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
_GAMES = np.array([20.0, 30.0, 50.0, 100.0])
_QUANTILES = np.array(
    [
        [1.510, 1.834, 2.263, 2.517, 2.728, 3.067, 3.199, 3.559, 3.943, 4.200],
        [1.445, 1.795, 2.236, 2.513, 2.757, 3.022, 3.290, 3.664, 3.985, 4.318],
        [1.400, 1.729, 2.234, 2.495, 2.824, 3.079, 3.429, 3.685, 4.001, 4.513],
        [1.393, 1.710, 2.215, 2.508, 2.803, 3.123, 3.482, 3.800, 4.180, 4.600],
    ]
)


@dataclass(frozen=True, slots=True)
class Scan:
    """T of every stretch against the rest, and the largest; NaN where there are too few values."""

    t: Floats
    """Stretches x players; 0 where a stretch cannot be compared."""
    z: Floats
    """How surprising the largest |t| is, as a standard normal quantile: 1.64 for p = .05."""
    best: Ints
    """Its stretch."""
    difference: Floats
    """Mean of the best stretch minus that of the rest."""


def stretches(segments: Floats) -> Floats:
    """Sums over every stretch, stretches x players, of sums by segment."""
    running = _running(segments)
    return running[ENDS] - running[BEGINS]


def squares_in_stretches(segments: Floats, weights: Floats) -> Floats:
    """Of sums by segment and kind: over every stretch, squared, and summed over the kinds with these weights.

    Weights are kinds x players. The square of what came in between is b² - 2ab + a²: nothing is ever as large as
    stretches x kinds x players, which would not fit the cache.
    """
    running = _running(segments)
    weighted = running * weights
    squared = np.einsum("skp,skp->sp", running, weighted)
    found = np.empty((len(_PAIRS), len(segments)))
    first = 0
    for begin in range(BEGINS[-1] + 1):
        ends = slice(begin + _SHORTEST, begin + _LONGEST + 1)
        both = np.einsum("kp,skp->sp", weighted[begin], running[ends])
        both *= -2
        both += squared[ends]
        np.add(both, squared[begin], out=found[first : first + len(both)])
        first += len(both)
    return found


def _running(segments: Floats) -> Floats:
    """Sums up to every segment, players last."""
    by_segment = np.moveaxis(segments, 0, -1)
    total = np.zeros((SEGMENTS + 1, *by_segment.shape[1:]))
    np.cumsum(by_segment, axis=0, out=total[1:])
    return total


def scan(count: Floats, total: Floats, squares: Floats) -> Scan:
    """Scan from each segment's number of values, their sum and the sum of their squares."""
    n = count.sum(axis=1)
    mean = total.sum(axis=1) / np.maximum(n, 1)
    variance = (squares.sum(axis=1) - n * mean**2) / np.maximum(n - 1, 1)
    enough = (n >= _GAMES[0]) & (variance > 1e-9)
    inside = stretches(count)
    above = stretches(total - count * mean[:, None])
    weight = inside * (n - inside) / np.maximum(n, 1)
    usable = (weight > 0) & enough
    spread = np.sqrt(np.where(enough, variance, 1.0))
    t = np.where(usable, above / (spread * np.sqrt(np.where(usable, weight, 1.0))), 0.0)
    best = np.abs(t).round(9).argmax(axis=0)  # of a stretch and its complement always the same one
    at = (best, np.arange(len(n)))
    return Scan(
        t=t,
        z=np.where(enough, surprise(np.abs(t[at]), n), np.nan),
        best=best,
        difference=np.where(enough, above[at] / np.where(weight[at] > 0, weight[at], 1.0), np.nan),
    )


def surprise(largest: Floats, games: Floats) -> Floats:
    """The quantile of the largest |t| for that many games, interpolated in both directions."""
    n = np.clip(games, _GAMES[0], _GAMES[-1])
    thresholds = np.stack([np.interp(n, _GAMES, column) for column in _QUANTILES.T], axis=1)
    above = np.clip((largest[:, None] >= thresholds).sum(axis=1) - 1, 0, len(_Z) - 2)
    players = np.arange(len(largest))
    low, high = thresholds[players, above], thresholds[players, above + 1]
    return np.asarray(_Z[above] + (_Z[above + 1] - _Z[above]) * np.clip((largest - low) / (high - low), 0.0, 1.0))


def step_over_line(count: Floats, total: Floats, squares: Floats, found: Scan) -> Floats:
    """How much better the best stretch describes the games than a straight line: n/2 · log(SSE line / SSE stretch)."""
    n = np.maximum(count.sum(axis=1), 1)
    mean = total.sum(axis=1) / n
    rest = np.maximum(squares.sum(axis=1) - n * mean**2, 1e-9)
    x = np.arange(SEGMENTS) - (count * np.arange(SEGMENTS)).sum(axis=1, keepdims=True) / n[:, None]
    by_line = (x * (total - count * mean[:, None])).sum(axis=1) ** 2 / np.maximum((count * x**2).sum(axis=1), 1e-9)
    largest = found.t[found.best, np.arange(len(n))]
    by_stretch = largest**2 * rest / np.maximum(n - 1, 1)
    left = np.maximum(rest - np.stack([by_line, by_stretch]), 0.02 * rest)
    return np.asarray(n / 2 * np.log(left[0] / left[1]))
