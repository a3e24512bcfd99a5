"""What each signal may mean: its neutral value, and in which direction it may speak.

Without these a model would also learn what is true of the simulated ladder only: that a smurf's games are unusually
alike, say. Signs follow from what a signal measures.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from riotwatch_players.detection.signal_names import FACTOR_OF_SIGNAL, SIGNALS
from riotwatch_players.evaluation.fitting import Bounds

Question = Literal["smurf", "boosted"]
FOR, AGAINST, EITHER, NOTHING = "for", "against", "either", "nothing"

MEAN_IS_NEUTRAL: Final = frozenset(
    {
        *("win_change", "spread", "thrown", "step", "step_over_line"),
        *("identity_change", "identity_step", "alternation", "hours_apart", "champion_contrast"),
    }
)
"""What chance alone makes of these is not 0; the neutral value of all others is."""

SMURF: Final[Mapping[str, str]] = dict.fromkeys(FACTOR_OF_SIGNAL, FOR) | {
    "win_change": AGAINST,
    "step": AGAINST,
    "step_over_line": NOTHING,
    "pause": AGAINST,
    **dict.fromkeys((*SIGNALS["duo_dependency"], *SIGNALS["identity_shift"]), AGAINST),
}
"""Somebody else's play, and being carried, are other explanations of the same results."""

BOOSTED: Final[Mapping[str, str]] = dict.fromkeys(FACTOR_OF_SIGNAL, FOR) | {
    "performance": EITHER,  # the booster plays above the lobby, the owner below
    "second_role": EITHER,
    "new_champions": EITHER,
    "spread": EITHER,
    "kda": NOTHING,
    "youth": NOTHING,
    "rank_for_level": NOTHING,
    "thrown": NOTHING,
    "beside_thrown": NOTHING,
    "pause": AGAINST,
}
RULES: Final[Mapping[Question, Mapping[str, str]]] = {"smurf": SMURF, "boosted": BOOSTED}


def bounds_of(question: Question, names: Sequence[str]) -> Bounds:
    """Bounds of the three columns of each signal (linear, square, missing), and of the bias."""
    least, most = [], []
    for name in names:
        low, high = _RANGES[RULES[question][name]]
        least += [low, low, -np.inf if low != high else 0.0]
        most += [high, high, 0.0]
    return Bounds(np.array([*least, -np.inf]), np.array([*most, np.inf]))


_RANGES: Final = {FOR: (0.0, np.inf), AGAINST: (-np.inf, 0.0), EITHER: (-np.inf, np.inf), NOTHING: (0.0, 0.0)}
