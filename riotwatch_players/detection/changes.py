"""Where a row of games changes most, and how surprising such a change would be if the order meant nothing."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Floats

EDGE = 0.15
"""No split is looked at within this share of the games from either end."""

# Quantiles of the largest |t| over all splits when the order is random: 200,000 permutations for each number of games,
# the larger of the values for normally distributed games and for wins and losses.
_Z = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
_GAMES = np.array([20.0, 30.0, 50.0, 75.0, 100.0])
_QUANTILES = np.array(
    [
        [0.890, 1.155, 1.780, 1.902, 2.195, 2.517, 2.854, 3.199, 3.487, 3.943],
        [0.825, 1.175, 1.626, 1.913, 2.285, 2.607, 2.931, 3.247, 3.598, 3.949],
        [0.865, 1.193, 1.690, 1.986, 2.294, 2.637, 3.055, 3.384, 3.742, 4.149],
        [0.885, 1.257, 1.727, 2.000, 2.380, 2.684, 3.097, 3.453, 3.827, 4.243],
        [0.913, 1.268, 1.775, 2.050, 2.402, 2.722, 3.108, 3.503, 3.876, 4.274],
    ]
)


@dataclass(frozen=True, slots=True)
class Change:
    """The strongest change of each player's row; NaN where there are too few values."""

    z: Floats
    """How surprising, as a standard normal quantile: 1.64 for p = .05."""
    step: Floats
    """Mean of the later games minus that of the earlier."""
    after: Floats
    """The number of games before the change."""
    step_over_line: Floats
    """How much better a step describes the row than a straight line: n/2 · log(SSE of the line / SSE of the step)."""


def strongest_change(rows: Floats) -> Change:
    """Scan every split of each row (players x games, NaN = no game) for the largest |t| of the difference."""
    known = np.isfinite(rows)
    count = known.sum(axis=1)
    enough = count >= _GAMES[0]
    mean = np.nansum(rows, axis=1) / np.maximum(count, 1)
    centered = np.where(known, rows - mean[:, None], 0.0)
    total = (centered**2).sum(axis=1)
    enough &= total > 0
    before = known.cumsum(axis=1)
    weight = before * (count[:, None] - before) / np.maximum(count, 1)[:, None]
    inside = known & (before >= EDGE * count[:, None]) & (before <= (1 - EDGE) * count[:, None]) & (weight > 0)
    summed = centered.cumsum(axis=1)
    spread = np.sqrt(np.where(enough, total, 1.0) / np.maximum(count - 1, 1))
    t = np.where(inside, summed / (spread[:, None] * np.sqrt(np.where(inside, weight, 1.0))), 0.0)
    best = np.abs(t).argmax(axis=1)
    at = (np.arange(len(t)), best)
    largest, split_weight = (np.abs(t[at]), weight[at])
    step = -summed[at] / np.maximum(split_weight, 1e-9)
    gone = split_weight * step**2
    return Change(
        z=np.where(enough, _surprise(largest, count), np.nan),
        step=np.where(enough, step, np.nan),
        after=np.where(enough, before[at], np.nan),
        step_over_line=np.where(enough, _against_line(centered, known, total=total, gone=gone), np.nan),
    )


def _surprise(largest: Floats, count: Floats) -> Floats:
    """The quantile of the largest |t| for that many games, interpolated in both directions."""
    n = np.clip(count, _GAMES[0], _GAMES[-1])
    thresholds = np.stack([np.interp(n, _GAMES, column) for column in _QUANTILES.T], axis=1)
    above = np.clip((largest[:, None] >= thresholds).sum(axis=1) - 1, 0, len(_Z) - 2)
    players = np.arange(len(largest))
    low, high = thresholds[players, above], thresholds[players, above + 1]
    return np.asarray(_Z[above] + (_Z[above + 1] - _Z[above]) * np.clip((largest - low) / (high - low), 0.0, 1.0))


def _against_line(centered: Floats, known: Floats, *, total: Floats, gone: Floats) -> Floats:
    count = known.sum(axis=1)
    place = np.where(known, known.cumsum(axis=1) - (count[:, None] + 1) / 2, 0.0)
    squares = np.maximum((place**2).sum(axis=1), 1e-9)
    line = (place * centered).sum(axis=1) ** 2 / squares
    rest = np.maximum(total - np.stack([line, gone]), 1e-9)
    return np.asarray(count / 2 * np.log(rest[0] / rest[1]))
