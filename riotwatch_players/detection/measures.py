"""The shape of a measured factor, and how it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from riotwatch_players.detection.history import Bools, Floats

Z_95 = 1.96
MIN_GAMES = 10
"""A factor says nothing about fewer games."""
USUAL_SPREAD = 0.70
"""SD of single games of an ordinary player."""
USUAL_SPREAD_GAMES = 5
"""So many usual games stand behind a player's own spread."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One factor over all players: figures to show, and the signals that a model weighs. NaN is unknown."""

    known: Bools
    signals: Mapping[str, Floats]
    value: Floats
    unit: str
    baseline: Floats
    z: Floats
    low: Floats
    high: Floats
    """A 95 % interval of the value, where there is one."""
    n_used: Floats
    """Games, or for account level and rank history the readings, that it rests on."""
    too_few: Bools
    """Not known for want of games or readings, rather than because nothing was told."""
    details: Mapping[str, Floats] = field(default_factory=dict)
    """Further figures that the text names."""


def measured(
    known: Bools,
    signals: Mapping[str, Floats],
    *,
    value: Floats,
    unit: str,
    baseline: Floats | float,
    z: Floats,
    n_used: Floats,
    interval: tuple[Floats, Floats] | None = None,
    too_few: Bools | None = None,
    details: Mapping[str, Floats] | None = None,
) -> Measured:
    """A factor: figures and signals become NaN for whom it is not known."""
    nothing = np.full(len(known), np.nan)
    low, high = interval or (nothing, nothing)
    return Measured(
        known=known,
        signals={name: np.where(known, signal, np.nan) for name, signal in signals.items()},
        value=np.where(known, value, np.nan),
        unit=unit,
        baseline=np.where(known, baseline, np.nan),
        z=np.where(known, z, np.nan),
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        n_used=n_used.astype(np.float64),
        too_few=np.zeros(len(known), dtype=bool) if too_few is None else too_few & ~known,
        details=details or {},
    )


def moments(count: Floats, total: Floats, squares: Floats) -> tuple[Floats, Floats, Floats]:
    """Number, mean and variance from sums by segment; the variance leans on the usual one where games are few."""
    n, summed = count.sum(axis=1), total.sum(axis=1)
    mean = summed / np.maximum(n, 1)
    rest = np.maximum(squares.sum(axis=1) - n * mean**2, 0.0)
    usual = USUAL_SPREAD_GAMES * USUAL_SPREAD**2
    return n, mean, (rest + usual) / (np.maximum(n - 1, 0) + USUAL_SPREAD_GAMES)
