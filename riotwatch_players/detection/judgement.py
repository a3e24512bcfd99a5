"""The whole way from histories to judgements: what the job and the commands call."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.confidence import confidence_of
from riotwatch_players.detection.factors import Factor, explanation, factors_of
from riotwatch_players.detection.history import Floats, History
from riotwatch_players.detection.measures import Measured
from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.detection.scoring import Scores, scored
from riotwatch_players.detection.signals import Evidence, evidence_of, signals_of
from riotwatch_players.detection.verdict import verdicts_of
from riotwatch_players.detection.words import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said about one account. Scores are None where there are too few games for a verdict."""

    verdict: Verdict
    games_used: int
    smurf_score: float | None
    """0 to 100, at a reference prior of 20 %."""
    boosted_score: float | None
    smurf_p: float | None
    """Probability at the share of such accounts in the model's training mix."""
    boosted_p: float | None
    confidence: float
    """Coverage x precision, 0 to 1; not the score."""
    factors: tuple[Factor, ...]
    """The nine, then the context."""
    summary: str
    """`Why: …`"""
    model_version: str
    """The card's `version_hash`."""
    baseline_version: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Many players' evidence and scores, as arrays."""

    evidence: Evidence
    factors: dict[str, Measured]
    games: Floats
    """Usable games of each player."""
    smurf: Scores
    boosted: Scores


def score(histories: Sequence[History], card: ModelCard) -> Scored:
    """Factors and scores of many players at once, without verdicts, confidence and words."""
    evidence = evidence_of(histories, baseline=card.baseline, bands=card.level_bands)
    factors = evidence.measured()
    signals = signals_of(factors)
    games = evidence.games
    smurf, boosted = (scored(signals, games, target) for target in (card.smurf, card.boosted))
    return Scored(evidence, factors, games, smurf, boosted)


def judge(histories: Sequence[History], card: ModelCard) -> list[Judgement]:
    """Judge many players at once; each one's judgement depends on its own history only."""
    if not histories:
        return []
    found = score(histories, card)
    confidence = confidence_of(found.evidence, found.factors, card)
    previous = [history.previous_verdict for history in histories]
    verdicts = verdicts_of(found.smurf.score, found.boosted.score, found.games, previous=previous, card=card)
    factors = factors_of(found.factors, found.smurf, found.boosted)
    return [
        _judgement(found, row, verdict=verdict, confidence=float(confidence[row]), factors=factors[row], card=card)
        for row, verdict in enumerate(verdicts)
    ]


def _judgement(
    found: Scored, row: int, *, verdict: Verdict, confidence: float, factors: tuple[Factor, ...], card: ModelCard
) -> Judgement:
    enough = verdict is not Verdict.INSUFFICIENT_DATA
    smurf, boosted = float(found.smurf.score[row]), float(found.boosted.score[row])
    return Judgement(
        verdict=verdict,
        games_used=int(found.games[row]),
        smurf_score=round(smurf, 1) if enough else None,
        boosted_score=round(boosted, 1) if enough else None,
        smurf_p=round(float(found.smurf.probability[row]), 4) if enough else None,
        boosted_p=round(float(found.boosted.probability[row]), 4) if enough else None,
        confidence=round(confidence, 3) if enough else 0.0,
        factors=factors,
        summary=_summary(verdict, factors, boosted_leads=bool(np.greater(boosted, smurf))),
        model_version=card.version_hash,
        baseline_version=card.baseline.version,
    )


def _summary(verdict: Verdict, factors: tuple[Factor, ...], *, boosted_leads: bool) -> str:
    if verdict is Verdict.INSUFFICIENT_DATA:
        return "Why: too few usable ranked games for a verdict."
    boosted = verdict is Verdict.LIKELY_BOOSTED or (verdict is not Verdict.LIKELY_SMURF and boosted_leads)
    return explanation(factors, boosted=boosted)
