"""The words of a judgement. Without NumPy, so that tables and pages can name them for nothing."""

from enum import StrEnum


class Verdict(StrEnum):
    """What is recommended; never an accusation."""

    INSUFFICIENT_DATA = "insufficient_data"
    NORMAL = "normal"
    WATCH = "watch"
    LIKELY_SMURF = "likely_smurf"
    LIKELY_BOOSTED = "likely_boosted"
    MIXED = "mixed"


FLAGGED = (Verdict.LIKELY_SMURF, Verdict.LIKELY_BOOSTED, Verdict.MIXED)
"""The verdicts that recommend a look."""


class State(StrEnum):
    """Whether a factor could be measured."""

    OK = "ok"
    UNKNOWN = "unknown"
    """Nothing was told about it."""
    NOT_ENOUGH = "not_enough"
    """Too few games or readings."""
