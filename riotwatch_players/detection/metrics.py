"""The measures of a game that are compared with a baseline, one value each."""

import numpy as np

from riotwatch_players.detection.history import SCORE_FIELDS, Values

METRICS = ("kda", "cs", "gold", "damage", "vision", "participation")
"""log((K+A+1)/(D+1)); logs of cs, gold and vision score per minute; damage share; kill participation."""
LEAST_PER_MINUTE = 1 / 60
"""What is taken for a count of zero, whose logarithm would be infinite."""


def metrics_of(scores: Values, minutes: Values) -> Values:
    """METRICS along a first axis, of scores whose first axis begins with SCORE_FIELDS; NaN is unknown."""
    known = {name: scores[place] for place, name in enumerate(SCORE_FIELDS)}
    measured = np.empty((len(METRICS), *scores.shape[1:]), dtype=scores.dtype)
    measured[0] = np.log((known["kills"] + known["assists"] + 1) / (known["deaths"] + 1))
    per_minute = 1 / np.where(minutes > 0, minutes, np.nan)
    for place, name in ((1, "cs"), (2, "gold"), (4, "vision")):
        measured[place] = np.log(np.maximum(known[name] * per_minute, LEAST_PER_MINUTE))
    measured[3] = known["damage_share"]
    measured[5] = known["kill_participation"]
    return measured
