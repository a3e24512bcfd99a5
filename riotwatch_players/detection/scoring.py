"""From signals to scores: an additive sum of log-odds, calibrated, shown at a reference prior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.model_card import FEW, KNOTS, MANY, REFERENCE_PRIOR, Bias, Pair, Target, Term


@dataclass(frozen=True, slots=True)
class Scores:
    """One question's answer for each player."""

    contributions: Mapping[str, Floats]
    """By signal, calibrated: what it adds to the log-odds. Their sum and `offset` are the whole answer."""
    offset: Floats
    """Log-odds, relative to the prior, of an account with so many games that nothing speaks for or against."""
    score: Floats
    """0 to 100, at the reference prior."""
    probability: Floats
    """At the prevalence of the training mix."""


def scored(signals: Mapping[str, Floats], games: Floats, target: Target) -> Scores:
    """Contributions, score and probability after so many games; NaN is an unknown signal."""
    slope = target.platt.slope
    contributions = {name: slope * part for name, part in parts(signals, target.terms, target.pairs).items()}
    offset = slope * bias_after(games, target.bias) + target.platt.offset - logit(target.prevalence)
    evidence = offset + np.sum(list(contributions.values()), axis=0)
    return Scores(
        contributions=contributions,
        offset=offset,
        score=100 * logistic(evidence + logit(REFERENCE_PRIOR)),
        probability=logistic(evidence + logit(target.prevalence)),
    )


def parts(signals: Mapping[str, Floats], terms: Mapping[str, Term], pairs: Sequence[Pair]) -> dict[str, Floats]:
    """What each signal adds to the raw log-odds: its term, and its half of each of its pairs."""
    x = {name: standardized(term, signals[name]) for name, term in terms.items()}
    found = {name: added(term, x[name]) for name, term in terms.items()}
    for pair in pairs:
        first, second = pair.signals
        half = pair.weight * together(x[first], x[second]) / 2
        found[first], found[second] = found[first] + half, found[second] + half
    return found


def standardized(term: Term, signal: Floats) -> Floats:
    """In units of the term's scale, within its knots; NaN where the signal is not known."""
    return np.asarray(np.clip((signal - term.mean) / term.scale, KNOTS[0], KNOTS[-1]))


def added(term: Term, x: Floats) -> Floats:
    """What a standardized signal adds by itself."""
    return np.where(np.isfinite(x), np.interp(x, KNOTS, term.values), term.missing)


def together(a: Floats, b: Floats) -> Floats:
    """How far two standardized signals are above what is usual, both of them: 0 where one is not, or is unknown."""
    return np.sqrt(np.clip(np.nan_to_num(a), 0, None) * np.clip(np.nan_to_num(b), 0, None))


def bias_after(games: Floats, bias: Bias) -> Floats:
    """The raw log-odds of an account that nothing speaks for or against."""
    share = share_of_many(games)
    return np.asarray((1 - share) * bias.few + share * bias.many)


def share_of_many(games: Floats) -> Floats:
    """0 after FEW games or fewer, 1 after MANY or more, by their logarithm in between."""
    return np.asarray(np.clip(np.log(np.maximum(games, 1) / FEW) / np.log(MANY / FEW), 0.0, 1.0))


def logit(share: float) -> float:
    """Log-odds of a probability."""
    return float(np.log(share / (1 - share)))


def logistic(log_odds: Floats) -> Floats:
    """Probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))
