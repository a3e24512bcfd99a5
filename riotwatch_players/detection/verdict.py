"""From evidence to scores and a verdict: an additive sum of log-odds, shown at a reference prior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from riotwatch_players.detection.card import FACTORS, REFERENCE_PRIOR, Card, Target
from riotwatch_players.detection.evidence import evidence_of
from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.measures import Evidence
from riotwatch_players.detection.signals import Signals
from riotwatch_players.detection.words import FLAGGED, Verdict

BLOCKS = 10
"""Sessions stand together in time, so games are left out in blocks of neighbors, not one by one."""
Z_80 = 1.282


Evidenced = TypeVar("Evidenced", float, Floats)


_LIKELY_SMURF = {Verdict.LIKELY_SMURF, Verdict.MIXED}
_LIKELY_BOOSTED = {Verdict.LIKELY_BOOSTED, Verdict.MIXED}


@dataclass(frozen=True, slots=True)
class Scores:
    """One question's answer for each player."""

    log_odds: Floats
    """Sum of the contributions: log-odds relative to the prior."""
    score: Floats
    """0 to 100, at the reference prior."""
    probability: Floats
    """At the card's assumed prior."""


def contribution(name: str, evidence: Evidenced, target: Target) -> Evidenced:
    """What a factor adds to the log-odds; the sum over the factors is the whole answer."""
    return target.weights[name] * evidence


def scores_of(evidence: Mapping[str, Evidence], card: Card) -> tuple[Scores, Scores]:
    """Smurf and boosted."""
    smurf = sum(contribution(name, evidence[name].smurf, card.smurf) for name in FACTORS)
    boosted = sum(contribution(name, evidence[name].boosted, card.boosted) for name in FACTORS)
    return _scores(np.asarray(smurf), card.smurf), _scores(np.asarray(boosted), card.boosted)


def _scores(log_odds: Floats, target: Target) -> Scores:
    return Scores(
        log_odds=log_odds,
        score=100 * _at_prior(log_odds, REFERENCE_PRIOR),
        probability=_at_prior(log_odds, target.prior),
    )


def _at_prior(log_odds: Floats, prior: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(log_odds + np.log(prior / (1 - prior))))))


def confidence_of(signals: Signals, evidence: Mapping[str, Evidence], card: Card) -> Floats:
    """Coverage x precision, 0 to 1: how much is known, and how little a score hangs on single blocks of games.

    Precision is 1 - width / 100 of the score's 80 % interval (delete-a-block jackknife). Of the two questions the one
    that is answered less surely counts.
    """
    number = np.cumsum(signals.played, axis=1) - 1
    block = number * BLOCKS // np.maximum(signals.played.sum(axis=1), 1)[:, None]
    partial = [scores_of(evidence_of(signals.without(block == one)), card) for one in range(BLOCKS)]
    smurf = _precision([one.score for one, _ in partial]) * _coverage(evidence, card.smurf)
    boosted = _precision([one.score for _, one in partial]) * _coverage(evidence, card.boosted)
    return np.minimum(smurf, boosted)


def _precision(partial: Sequence[Floats]) -> Floats:
    by_block = np.stack(partial)
    error = np.sqrt((BLOCKS - 1) / BLOCKS * ((by_block - by_block.mean(axis=0)) ** 2).sum(axis=0))
    return np.asarray(np.clip(1 - 2 * Z_80 * error / 100, 0.0, 1.0))


def _coverage(evidence: Mapping[str, Evidence], target: Target) -> Floats:
    total = sum(abs(weight) for weight in target.weights.values())
    known = sum(abs(target.weights[name]) * evidence[name].known for name in FACTORS)
    return np.asarray(known) / total


def verdicts_of(smurf: Floats, boosted: Floats, games: Floats, *, previous: Sequence[str], card: Card) -> list[Verdict]:
    """A verdict per player from both scores; `previous` makes it stay until the score has clearly fallen."""
    rows = zip(smurf, boosted, games, previous, strict=True)
    return [_verdict(float(s), float(b), int(n), previous=before, card=card) for s, b, n, before in rows]


def _verdict(smurf: float, boosted: float, games: int, *, previous: str, card: Card) -> Verdict:
    if games < card.min_games:
        return Verdict.INSUFFICIENT_DATA
    if games >= card.min_games_likely:
        is_smurf = _over(smurf, card.likely_score, entered=previous in _LIKELY_SMURF, card=card)
        is_boosted = _over(boosted, card.likely_score, entered=previous in _LIKELY_BOOSTED, card=card)
        if is_smurf and is_boosted:
            return Verdict.MIXED
        if is_smurf or is_boosted:
            return Verdict.LIKELY_SMURF if is_smurf else Verdict.LIKELY_BOOSTED
    watched = previous == Verdict.WATCH or previous in FLAGGED
    over = _over(max(smurf, boosted), card.watch_score, entered=watched, card=card)
    return Verdict.WATCH if over else Verdict.NORMAL


def _over(score: float, threshold: float, *, entered: bool, card: Card) -> bool:
    return score >= threshold * (card.hysteresis if entered else 1.0)
