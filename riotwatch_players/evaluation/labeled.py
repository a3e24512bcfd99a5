"""How good verdicts are by what people said of them.

People look at what they are shown, so labeled players are no sample of anybody: precision is worth more than the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from riotwatch_players.evaluation.metrics import auc


class Labeled(Protocol):
    """One judgement about which the truth is known."""

    @property
    def score(self) -> float:
        """0 to 100."""

    @property
    def answered(self) -> bool:
        """Whether the verdict says yes."""

    @property
    def truth(self) -> bool:
        """Whether it is so."""


@dataclass(frozen=True, slots=True)
class LabeledQuality:
    """Of one question; None where nothing can be said."""

    labels: int
    positives: int
    flagged: int
    auc: float | None
    """Needs accounts of both kinds."""
    precision: float | None
    """Share of the flagged that are positives."""
    recall: float | None
    """Share of the positives that are flagged."""


def labeled_quality(judgements: Iterable[Labeled]) -> LabeledQuality:
    """Of one question's judgements."""
    rows = [(one.score, one.answered, one.truth) for one in judgements]
    score = np.array([row[0] for row in rows], dtype=np.float64)
    answered = np.array([row[1] for row in rows], dtype=bool)
    truth = np.array([row[2] for row in rows], dtype=bool)
    found = int((answered & truth).sum())
    return LabeledQuality(
        labels=len(rows),
        positives=int(truth.sum()),
        flagged=int(answered.sum()),
        auc=auc(score, truth) if 0 < truth.sum() < len(rows) else None,
        precision=_share(found, int(answered.sum())),
        recall=_share(found, int(truth.sum())),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
