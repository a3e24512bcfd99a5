"""From signals to scores: an additive sum of log-odds, calibrated, shown at a reference prior."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.model_card import REFERENCE_PRIOR, Target, Term

MOST_X = 4.0
"""Standardized signals are cut here: nothing alone decides."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One question's answer for each player."""

    contributions: Mapping[str, Floats]
    """By signal, calibrated: what it adds to the log-odds. Their sum and `offset` are the whole answer."""
    offset: float
    """Log-odds, relative to the prior, of an account that nothing speaks for or against."""
    score: Floats
    """0 to 100, at the reference prior."""
    probability: Floats
    """At the prevalence of the training mix."""


def scored(signals: Mapping[str, Floats], target: Target) -> Scores:
    """Contributions, score and probability; NaN is an unknown signal."""
    contributions = {name: target.platt.slope * added(term, signals[name]) for name, term in target.terms.items()}
    offset = target.platt.slope * target.bias + target.platt.offset - logit(target.prevalence)
    evidence = offset + np.sum(list(contributions.values()), axis=0)
    return Scores(
        contributions=contributions,
        offset=offset,
        score=100 * logistic(evidence + logit(REFERENCE_PRIOR)),
        probability=logistic(evidence + logit(target.prevalence)),
    )


def added(term: Term, signal: Floats) -> Floats:
    """What one signal adds to the raw log-odds."""
    x = np.clip((signal - term.mean) / term.scale, -MOST_X, MOST_X)
    known = np.isfinite(x)
    x = np.where(known, x, 0.0)
    return np.where(known, term.linear * x + term.square * x * np.abs(x), term.missing)


def logit(share: float) -> float:
    """Log-odds of a probability."""
    return float(np.log(share / (1 - share)))


def logistic(log_odds: Floats) -> Floats:
    """Probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))
