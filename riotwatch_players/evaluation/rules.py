"""What each signal may mean: its neutral value, and in which direction it may speak.

Without these a model would also learn what is true of the simulated ladder only: that a smurf's games are unusually
alike, say. Signs follow from what a signal measures.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from riotwatch_players.detection.model_card import KNOTS
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


PAIRS: Final[Mapping[Question, Sequence[tuple[str, str]]]] = {
    "smurf": (
        ("youth", "wins"),
        ("youth", "performance"),
        ("youth", "kda"),
        ("wins", "performance"),
        ("new_champions", "performance"),
        ("thrown", "beside_thrown"),
    ),
    "boosted": (),
}
"""Signals that mean more where both are there: luck gives wins, or youth, but not wins and play and youth at once.

For boosted accounts pairs were tried and made no difference.
"""


def weighed(question: Question) -> list[str]:
    """The signals that may speak to the question."""
    return [name for name, rule in RULES[question].items() if rule != NOTHING]


def bounds_of(question: Question) -> Bounds:
    """Of the columns of `training`: slopes between knots, and missing, of each signal; the pairs; both biases."""
    slopes = len(KNOTS) - 1
    least, most = [], []
    for name in weighed(question):
        low, high = _RANGES[RULES[question][name]]
        least += [*[low] * slopes, -np.inf]
        most += [*[high] * slopes, 0.0]
    pairs = len(PAIRS[question])
    return Bounds(np.array([*least, *[0.0] * pairs, *[-np.inf] * 2]), np.array([*most, *[np.inf] * (pairs + 2)]))


_RANGES: Final = {FOR: (0.0, np.inf), AGAINST: (-np.inf, 0.0), EITHER: (-np.inf, np.inf)}
