"""How good scores are, against known truth."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Bools, Floats

BINS = 10
PRECISION_AT = 100


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one question's answers in one world after a number of games."""

    positives: int
    accounts: int
    auc: float
    average_precision: float
    fpr_at_tpr_95: float
    tpr_at_fpr_5: float
    tpr_at_fpr_1: float
    tpr_at_fpr_01: float
    precision_at_100: float
    ece: float
    brier: float


def quality(probability: Floats, truth: Bools) -> Quality:
    """All of the measures; needs accounts of both kinds."""
    return Quality(
        positives=int(truth.sum()),
        accounts=len(truth),
        auc=auc(probability, truth),
        average_precision=average_precision(probability, truth),
        fpr_at_tpr_95=float((probability[~truth] >= np.quantile(probability[truth], 0.05)).mean()),
        tpr_at_fpr_5=tpr_at(probability, truth, fpr=0.05),
        tpr_at_fpr_1=tpr_at(probability, truth, fpr=0.01),
        tpr_at_fpr_01=tpr_at(probability, truth, fpr=0.001),
        precision_at_100=float(truth[np.argsort(-probability, kind="stable")[:PRECISION_AT]].mean()),
        ece=ece(probability, truth),
        brier=float(((probability - truth) ** 2).mean()),
    )


def auc(score: Floats, truth: Bools) -> float:
    """How often a positive scores above a negative; ties count half."""
    _, inverse, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[inverse]
    positives = int(truth.sum())
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(truth) - positives)))


def average_precision(score: Floats, truth: Bools) -> float:
    """The area under precision over recall."""
    found = truth[np.argsort(-score, kind="stable")]
    precision = found.cumsum() / np.arange(1, len(found) + 1)
    return float(precision[found].mean())


def tpr_at(score: Floats, truth: Bools, *, fpr: float) -> float:
    """The share of positives above the score that this share of negatives exceeds."""
    return float((score[truth] > np.quantile(score[~truth], 1 - fpr)).mean())


def ece(probability: Floats, truth: Bools) -> float:
    """Expected calibration error over BINS bins of equal width."""
    _, mean, share, weight = reliability(probability, truth)
    return float((np.abs(mean - share) * weight).sum())


def reliability(probability: Floats, truth: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """By bin that holds accounts: its lower edge, mean probability, share of positives, and share of accounts."""
    place = np.minimum((probability * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    held = count > 0
    mean = np.bincount(place, probability, minlength=BINS)[held] / count[held]
    share = np.bincount(place, truth, minlength=BINS)[held] / count[held]
    return np.flatnonzero(held) / BINS, mean, share, count[held] / len(probability)
