"""From scores to a verdict."""

from collections.abc import Sequence

from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.model_card import ModelCard, Thresholds
from riotwatch_players.detection.words import FLAGGED, Verdict

_LIKELY_SMURF = {Verdict.LIKELY_SMURF, Verdict.MIXED}
_LIKELY_BOOSTED = {Verdict.LIKELY_BOOSTED, Verdict.MIXED}
_WATCHED = {Verdict.WATCH, *FLAGGED}


def verdicts_of(
    smurf: Floats, boosted: Floats, games: Floats, *, previous: Sequence[str], card: ModelCard
) -> list[Verdict]:
    """A verdict per player from both scores; `previous` makes it stay until the score has clearly fallen."""
    rows = zip(smurf, boosted, games, previous, strict=True)
    return [_verdict(float(s), float(b), int(n), previous=before, card=card) for s, b, n, before in rows]


def _verdict(smurf: float, boosted: float, games: int, *, previous: str, card: ModelCard) -> Verdict:
    if games < card.min_games:
        return Verdict.INSUFFICIENT_DATA
    of_smurf, of_boosted = card.smurf.thresholds, card.boosted.thresholds
    if games >= card.min_games_likely:
        is_smurf = _over(smurf, of_smurf.likely, stay=previous in _LIKELY_SMURF, card=card)
        is_boosted = _over(boosted, of_boosted.likely, stay=previous in _LIKELY_BOOSTED, card=card)
        if is_smurf and is_boosted:
            return Verdict.MIXED
        if is_smurf or is_boosted:
            return Verdict.LIKELY_SMURF if is_smurf else Verdict.LIKELY_BOOSTED
    watched = any(_watched(score, at, previous, card) for score, at in ((smurf, of_smurf), (boosted, of_boosted)))
    return Verdict.WATCH if watched else Verdict.NORMAL


def _watched(score: float, thresholds: Thresholds, previous: str, card: ModelCard) -> bool:
    return _over(score, thresholds.watch, stay=previous in _WATCHED, card=card)


def _over(score: float, threshold: float, *, stay: bool, card: ModelCard) -> bool:
    return score >= threshold * (card.hysteresis if stay else 1.0)
