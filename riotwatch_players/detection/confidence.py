"""How sure a judgement is of itself: how much is known, and how little the score hangs on single blocks of games."""

from collections.abc import Mapping

import numpy as np

from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.measures import Measured
from riotwatch_players.detection.model_card import KNOTS, ModelCard, Target
from riotwatch_players.detection.scoring import scored
from riotwatch_players.detection.signal_names import SIGNALS
from riotwatch_players.detection.signals import Evidence, signals_of
from riotwatch_players.detection.sums import SEGMENTS

BLOCKS = 5
"""Sessions stand together in time, so games are left out in blocks of neighbors, not one by one."""
Z_80 = 1.282
HIGH, MEDIUM = 0.70, 0.45


def confidence_of(evidence: Evidence, factors: Mapping[str, Measured], card: ModelCard) -> Floats:
    """Coverage x precision, 0 to 1.

    Precision is 1 - width / 100 of the score's 80 % interval (delete-a-block jackknife), of the question that is
    answered less surely.
    """
    blocks = [np.arange(SEGMENTS) * BLOCKS // SEGMENTS == block for block in range(BLOCKS)]
    by_block = [signals_of({**factors, **evidence.measured_without(block)}) for block in blocks]
    signals = {name: np.stack([one[name] for one in by_block]) for name in by_block[0]}
    smurf, boosted = (scored(signals, evidence.games, target).score for target in (card.smurf, card.boosted))
    return coverage(factors, card) * np.minimum(_precision(smurf), _precision(boosted))


def label(confidence: float) -> str:
    """High, medium or low."""
    return "high" if confidence >= HIGH else "medium" if confidence >= MEDIUM else "low"


def _precision(by_block: Floats) -> Floats:
    error = np.sqrt((BLOCKS - 1) / BLOCKS * ((by_block - by_block.mean(axis=0)) ** 2).sum(axis=0))
    return np.asarray(np.clip(1 - 2 * Z_80 * error / 100, 0.0, 1.0))


def coverage(factors: Mapping[str, Measured], card: ModelCard) -> Floats:
    """The share of the model's weights, for both questions, that stand on known factors."""
    weights = {name: _weight(card.smurf, of) + _weight(card.boosted, of) for name, of in SIGNALS.items()}
    known = sum(weights[name] * factors[name].known for name in weights)
    return np.asarray(known) / max(sum(weights.values()), 1e-9)


def _weight(target: Target, signals: tuple[str, ...]) -> float:
    """The most that these signals can add or take."""
    terms = [target.terms[name] for name in signals if name in target.terms]
    halves = [pair.weight / 2 for pair in target.pairs for name in pair.signals if name in signals]
    return sum(max(map(abs, term.values)) for term in terms) + sum(halves) * KNOTS[-1]
