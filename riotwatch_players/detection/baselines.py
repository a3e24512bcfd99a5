"""What a ranked game of a tier, role and result usually looks like: centers and spreads per metric.

Two anchors. GOLD: medians over all tiers by role (649 rows of champion x role). CHALLENGER: medians of 45,195
participants of ranked games around 194 Korean Challenger players, April 2026. Between them the center moves in a line;
below GOLD it stays. Spreads (1.4826 x median absolute deviation) and the effect of the result are those of the
Challenger games. Not measured, and therefore assumed: gold per minute by role at GOLD.

Levels drift with patches and differ between sources, so nobody is judged by these centers alone: the same comparison is
made for the teammates of each game, and the difference counts (see `signals`).
"""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import ROLES, TIERS, Floats

METRICS = ("kda", "cs", "gold", "damage", "vision", "participation")
"""log((K+A+1)/(D+1)); logs of cs, gold and vision score per minute; damage share; kill participation."""

GOLD, CHALLENGER = TIERS.index("GOLD"), TIERS.index("CHALLENGER")

# fmt: off
_AT_GOLD = (
    # kda  cs/min gold/min  damage vision/min participation
    (0.49, 5.33, 350.0, 0.208, 0.583, 0.405),  # TOP
    (1.02, 4.83, 370.0, 0.199, 0.683, 0.471),  # JUNGLE
    (0.78, 5.17, 360.0, 0.224, 0.617, 0.477),  # MIDDLE
    (0.73, 5.47, 400.0, 0.219, 0.567, 0.484),  # BOTTOM
    (0.87, 1.50, 265.0, 0.146, 1.017, 0.452),  # UTILITY
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
_LOGARITHMIC = ("cs", "gold", "vision")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Centers and spreads; roles in the order of ROLES, metrics in that of METRICS."""

    version: str
    at_gold: Floats
    at_challenger: Floats
    half_of_the_result: Floats
    spread: Floats

    def centers(self, tier: Floats, role: Floats, win: Floats) -> Floats:
        """Centers for equally shaped arrays: tier and role as indices (NaN = unknown), win 0 or 1.

        An unknown tier is taken as GOLD; an unknown role has no center (NaN).
        """
        height = np.clip((np.nan_to_num(tier, nan=GOLD) - GOLD) / (CHALLENGER - GOLD), 0.0, 1.0)[..., None]
        place = np.nan_to_num(role, nan=0).astype(np.intp)
        center = self.at_gold[place] * (1 - height) + self.at_challenger[place] * height
        center = center + self.half_of_the_result[place] * (2 * win - 1)[..., None]
        return np.where(np.isnan(role)[..., None], np.nan, center)

    def spreads(self, role: Floats) -> Floats:
        """Spreads for an array of roles."""
        return self.spread[np.nan_to_num(role, nan=0).astype(np.intp)]


def _table(rows: tuple[tuple[float, ...], ...]) -> Floats:
    table = np.array(rows)
    for name in _LOGARITHMIC:
        table[:, METRICS.index(name)] = np.log(table[:, METRICS.index(name)])
    return table


SHIPPED = Baseline(
    version="tier-role-result-1",
    at_gold=_table(_AT_GOLD),
    at_challenger=_table(_AT_CHALLENGER),
    half_of_the_result=np.array(_HALF_OF_THE_RESULT),
    spread=np.array(_SPREAD),
)
assert SHIPPED.spread.shape == (len(ROLES), len(METRICS))  # noqa: S101 - a table of another shape is a typing mistake
