"""The whole way from histories to judgements: what the job and the command call."""

from collections.abc import Sequence
from dataclasses import dataclass

from riotwatch_players.detection.card import Card
from riotwatch_players.detection.evidence import evidence_of
from riotwatch_players.detection.factors import Factor, explanation, factors_of
from riotwatch_players.detection.history import History, pack
from riotwatch_players.detection.signals import signals_of
from riotwatch_players.detection.verdict import confidence_of, scores_of, verdicts_of
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
    """Probability at the card's assumed share of such accounts."""
    boosted_p: float | None
    confidence: float
    """Coverage x precision, 0 to 1; not the score."""
    factors: tuple[Factor, ...]
    summary: str
    """`Why: …`"""
    model_version: str
    baseline_version: str


def judge(histories: Sequence[History], card: Card) -> list[Judgement]:
    """Judge many players at once; each one's judgement depends on its own history only."""
    if not histories:
        return []
    signals = signals_of(pack(histories), card.baseline)
    evidence = evidence_of(signals)
    smurf, boosted = scores_of(evidence, card)
    confidence = confidence_of(signals, evidence, card)
    games = signals.played.sum(axis=1)
    previous = [history.previous_verdict for history in histories]
    verdicts = verdicts_of(smurf.score, boosted.score, games, previous=previous, card=card)
    judged = []
    for row, verdict in enumerate(verdicts):
        factors = factors_of(evidence, row, card=card)
        enough = verdict is not Verdict.INSUFFICIENT_DATA
        judged.append(
            Judgement(
                verdict=verdict,
                games_used=int(games[row]),
                smurf_score=round(float(smurf.score[row]), 1) if enough else None,
                boosted_score=round(float(boosted.score[row]), 1) if enough else None,
                smurf_p=round(float(smurf.probability[row]), 4) if enough else None,
                boosted_p=round(float(boosted.probability[row]), 4) if enough else None,
                confidence=round(float(confidence[row]), 3) if enough else 0.0,
                factors=factors,
                summary=_summary(verdict, factors, boosted_leads=bool(boosted.score[row] > smurf.score[row])),
                model_version=card.version,
                baseline_version=card.baseline.version,
            )
        )
    return judged


def _summary(verdict: Verdict, factors: tuple[Factor, ...], *, boosted_leads: bool) -> str:
    if verdict is Verdict.INSUFFICIENT_DATA:
        return "Why: too few usable ranked games for a verdict."
    boosted = verdict is Verdict.LIKELY_BOOSTED or (verdict is not Verdict.LIKELY_SMURF and boosted_leads)
    return explanation(factors, boosted=boosted)
