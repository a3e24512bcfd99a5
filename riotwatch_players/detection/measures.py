"""The shape of a measured factor, and how it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from riotwatch_players.detection.history import Bools, Floats

MOST_EVIDENCE = 3.0
USUAL_SPREAD = 0.70
"""SD of single games of an ordinary player."""
USUAL_SPREAD_GAMES = 5
"""So many usual games stand behind a player's own spread."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One factor over all players. NaN is unknown."""

    value: Floats
    unit: str
    baseline: Floats
    z: Floats
    low: Floats
    high: Floats
    """A 95 % interval of the value, where there is one."""
    n_used: Floats
    """Games, or for account level and rank history the readings, that it rests on."""
    smurf: Floats
    boosted: Floats
    known: Bools
    too_few: Bools
    """Not known for want of games or readings, rather than because nothing was told."""
    details: Mapping[str, Floats] = field(default_factory=dict)
    """Further figures that the text names."""


def moments(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Count, mean and variance of each row; the variance leans on the usual one where there are few games."""
    n = np.isfinite(rows).sum(axis=1)
    mean = np.nansum(rows, axis=1) / np.maximum(n, 1)
    squares = np.nansum((rows - mean[:, None]) ** 2, axis=1)
    return n, mean, (squares + USUAL_SPREAD_GAMES * USUAL_SPREAD**2) / (np.maximum(n - 1, 0) + USUAL_SPREAD_GAMES)


def measured(
    known: Bools,
    *,
    value: Floats,
    unit: str,
    baseline: Floats,
    z: Floats,
    n_used: Floats,
    smurf: Floats,
    boosted: Floats,
    low: Floats | None = None,
    high: Floats | None = None,
    too_few: Bools | None = None,
    details: Mapping[str, Floats] | None = None,
) -> Evidence:
    """A factor's evidence: figures become NaN, and log-odds 0, for whom it is not known."""
    nothing = np.full(len(known), np.nan)
    return Evidence(
        value=np.where(known, value, np.nan),
        unit=unit,
        baseline=np.where(known, baseline, np.nan),
        z=np.where(known, z, np.nan),
        low=nothing if low is None else np.where(known, low, np.nan),
        high=nothing if high is None else np.where(known, high, np.nan),
        n_used=n_used.astype(np.float64),
        smurf=_bounded(smurf, known),
        boosted=_bounded(boosted, known),
        known=known,
        too_few=np.zeros(len(known), dtype=bool) if too_few is None else too_few & ~known,
        details=details or {},
    )


def _bounded(evidence: Floats, known: Bools) -> Floats:
    return np.where(known, np.clip(np.nan_to_num(evidence), -MOST_EVIDENCE, MOST_EVIDENCE), 0.0)
