"""The baseline that a new installation begins with: two anchors that were measured, and a line between.

GOLD: medians over all tiers by role (649 rows of champion x role; gold per minute by role is assumed).
CHALLENGER: medians of 45,195 participants of ranked games around 194 Korean Challenger players, April 2026.
Between them the center moves in a line; below GOLD it stays. Spreads and the effect of the result are those of the
Challenger games.
"""

import numpy as np

from riotwatch_players.detection.baseline import MAD_TO_SD, SHAPE, BaselineTable
from riotwatch_players.detection.history import TIERS
from riotwatch_players.detection.metrics import METRICS

BASELINE_ID = "tier-role-result-2"
BUILT_AT = "2026-11-24"
_GOLD, _CHALLENGER = TIERS.index("GOLD"), TIERS.index("CHALLENGER")
_CHALLENGER_ROWS = 45_195
_LOGARITHMIC = ("cs", "gold", "vision")

# fmt: off
_AT_GOLD = (
    # kda  cs/min gold/min  damage vision/min participation
    (0.59, 5.33, 350.0, 0.208, 0.583, 0.405),  # TOP
    (0.70, 4.83, 370.0, 0.199, 0.683, 0.471),  # JUNGLE
    (0.72, 5.17, 360.0, 0.224, 0.617, 0.477),  # MIDDLE
    (0.79, 5.47, 400.0, 0.219, 0.567, 0.484),  # BOTTOM
    (0.59, 1.89, 265.0, 0.146, 1.017, 0.452),  # UTILITY
)
_AT_CHALLENGER = (
    (0.49, 7.73, 405.0, 0.215, 0.945, 0.357),
    (1.02, 7.01, 459.0, 0.191, 1.253, 0.576),
    (0.78, 7.98, 422.0, 0.222, 0.882, 0.446),
    (0.73, 8.28, 493.0, 0.239, 0.823, 0.497),
    (0.87, 1.08, 307.0, 0.109, 3.274, 0.585),
)
_HALF_OF_THE_RESULT = (  # a win lies this much above the center, a loss as much below
    (0.49, 0.032, 0.075, -0.008, 0.030, 0.007),
    (0.55, 0.071, 0.099, 0.005, 0.042, 0.005),
    (0.52, 0.026, 0.083, -0.002, 0.041, 0.016),
    (0.51, 0.042, 0.112, 0.006, 0.040, 0.019),
    (0.46, -0.028, 0.074, -0.005, 0.026, 0.008),
)
_SPREAD = (
    (0.66, 0.164, 0.161, 0.063, 0.320, 0.161),
    (0.54, 0.142, 0.145, 0.055, 0.291, 0.144),
    (0.61, 0.152, 0.141, 0.060, 0.348, 0.162),
    (0.58, 0.129, 0.155, 0.067, 0.364, 0.160),
    (0.56, 0.306, 0.112, 0.040, 0.224, 0.150),
)
# fmt: on


def shipped_table() -> BaselineTable:
    """The table of the shipped card; only CHALLENGER's cells count rows."""
    height = np.clip((np.arange(len(TIERS)) - _GOLD) / (_CHALLENGER - _GOLD), 0.0, 1.0)[:, None, None]
    center = _table(_AT_GOLD) * (1 - height) + _table(_AT_CHALLENGER) * height
    result = np.array(_HALF_OF_THE_RESULT)
    median = np.stack([center - result, center + result], axis=2)
    mad = np.broadcast_to((np.array(_SPREAD) / MAD_TO_SD)[None, :, None], SHAPE)
    n = np.zeros(SHAPE[:-1])
    n[_CHALLENGER] = _CHALLENGER_ROWS // n[_CHALLENGER].size
    return BaselineTable.of_arrays(BASELINE_ID, median, mad=mad, n=n, built_at=BUILT_AT)


def _table(rows: tuple[tuple[float, ...], ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    table = np.array(rows)
    for name in _LOGARITHMIC:
        table[:, METRICS.index(name)] = np.log(table[:, METRICS.index(name)])
    return table
