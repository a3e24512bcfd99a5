"""What people know about accounts that were judged: kept as labels, and read as judgements with their truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from riotwatch_players.detection.words import Verdict
from riotwatch_players.models import Analysis, DetectionLabel, LabelSource, Question, Says

_YES = {
    Question.SMURF: {Verdict.LIKELY_SMURF, Verdict.MIXED},
    Question.BOOSTED: {Verdict.LIKELY_BOOSTED, Verdict.MIXED},
}


class NothingAnswered(ValueError):
    """The analysis had too few games to answer anything."""

    def __init__(self) -> None:
        super().__init__("this analysis had too few games for an answer: there is nothing to confirm or to call wrong")


@dataclass(frozen=True)
class LabeledJudgement:
    """The newest judgement of a player about one question, and what people know about it."""

    player_id: int
    question: Question
    score: float
    """0 to 100."""
    probability: float
    answered: bool
    """Whether the verdict says yes."""
    truth: bool
    """Whether it is so, by the newest label."""
    source: LabelSource
    model_version: str


def says_yes(verdict: str, question: Question) -> bool:
    """How a verdict answers a question; `watch` is no yes."""
    return verdict in _YES[question]


def label(
    analysis: Analysis,
    question: Question,
    says: Says,
    *,
    source: LabelSource,
    note: str,
    by: AbstractBaseUser,
    now: datetime,
) -> DetectionLabel:
    """Keep what somebody says of an analysis' answer; raises NothingAnswered."""
    if analysis.verdict == Verdict.INSUFFICIENT_DATA:
        raise NothingAnswered
    return DetectionLabel.objects.create(
        player_id=analysis.player_id,
        analysis=analysis,
        question=question,
        says=says,
        source=source,
        note=note,
        by_id=by.pk,
        at=now,
    )


def labeled_judgements() -> Iterator[LabeledJudgement]:
    """One per player and question that somebody knows about: what the newest analysis says, and what is true."""
    newest_labels = DetectionLabel.objects.order_by("player", "question", "-at", "-pk").distinct("player", "question")
    answered = Analysis.objects.filter(player__in=DetectionLabel.objects.values("player"))
    newest = answered.exclude(verdict=Verdict.INSUFFICIENT_DATA).order_by("player", "-analyzed_at")
    judged = {one.player_id: one for one in newest.distinct("player").defer("factors")}
    for told in newest_labels.select_related("analysis").defer("analysis__factors"):
        if told.player_id in judged:
            yield _labeled(told, judged[told.player_id])


def _labeled(one: DetectionLabel, judged: Analysis) -> LabeledJudgement:
    question = Question(one.question)
    said_yes = says_yes(one.analysis.verdict, question)
    return LabeledJudgement(
        player_id=one.player_id,
        question=question,
        score=getattr(judged, f"{question}_score"),
        probability=getattr(judged, f"{question}_p"),
        answered=says_yes(judged.verdict, question),
        truth=said_yes if one.says == Says.CONFIRMED else not said_yes,
        source=LabelSource(one.source),
        model_version=judged.model_version,
    )
