"""From simulated ladders to a model card: fit on one set of ladders, calibrate on a second.

The same sizes and seeds give the same card, byte for byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from riotwatch_players.detection.baseline import Baseline, BaselineTable
from riotwatch_players.detection.cards import golden_of
from riotwatch_players.detection.history import Bools, Floats
from riotwatch_players.detection.model_card import KNOTS, REFERENCE_PRIOR, Bias, LevelBand, Pair, Target, Term
from riotwatch_players.detection.scoring import (
    bias_after,
    logistic,
    logit,
    parts,
    share_of_many,
    standardized,
    together,
)
from riotwatch_players.detection.signal_names import FACTOR_OF_SIGNAL
from riotwatch_players.detection.signals import evidence_of, signals_of
from riotwatch_players.evaluation.fitting import fit_logistic, fit_platt
from riotwatch_players.evaluation.rules import MEAN_IS_NEUTRAL, PAIRS, RULES, Question, bounds_of, weighed
from riotwatch_players.evaluation.trials import trials
from riotwatch_players.simulator.ladders.worlds import BASE, LEVELS_AND_HALF_SHIFT, SINGLE_ASSUMPTION, World

WINDOWS = (20, 30, 50, 100)
"""Games after which accounts are looked at."""
TRAINING_WORLDS = (BASE, *SINGLE_ASSUMPTION, LEVELS_AND_HALF_SHIFT)
THRESHOLD_WORLDS = (BASE, *SINGLE_ASSUMPTION)
TRAIN_SEED, CALIBRATE_SEED = 11, 22
RIDGE = 1e-5
MISTAKEN_WEIGHTS: Mapping[Question, Mapping[str, float]] = {
    "smurf": {"alt_fair": 4.0},
    "boosted": {"duo_friend": 5.0, "role_swap": 2.0},
}
"""To flag a fair alternative account, or friends who play together, costs more than to miss somebody."""
DECIMALS = 4
FALSE_POSITIVE_RATES = {"watch": 0.05, "likely": 0.01, "strong": 0.001}
SMALLEST_VERDICT_WINDOW = 30
LEVEL_EDGES = (40, 55, 75)
GOLDEN_ACCOUNT = 0
"""Of the calibration ladders: whose signals become the golden vector."""


@dataclass(frozen=True)
class Size:
    """Accounts per world."""

    train: int = 6_000
    calibrate: int = 5_000
    test: int = 6_000


@dataclass(frozen=True, slots=True)
class Observed:
    """Accounts of several worlds and windows: signals, and the truth."""

    signals: Mapping[str, Floats]
    truth: Mapping[Question, Bools]
    kind: npt.NDArray[np.str_]
    window: Floats
    for_thresholds: Bools


def train(size: Size, *, table: BaselineTable) -> dict[str, Any]:
    """What a card's document says of the model: both targets, level bands, baseline and golden vector."""
    bands = level_bands(size.train)
    fitted_on = observe(TRAINING_WORLDS, size.train, seed=TRAIN_SEED, table=table, bands=bands)
    calibrated_on = observe(TRAINING_WORLDS, size.calibrate, seed=CALIBRATE_SEED, table=table, bands=bands)
    smurf, boosted = (_target(question, fitted_on, calibrated_on) for question in RULES)
    golden = {
        name: None if np.isnan(signal[GOLDEN_ACCOUNT]) else round(float(signal[GOLDEN_ACCOUNT]), DECIMALS)
        for name, signal in calibrated_on.signals.items()
    }
    return {
        "smurf": smurf.model_dump(mode="json"),
        "boosted": boosted.model_dump(mode="json"),
        "level_bands": [band.model_dump(mode="json") for band in bands],
        "baseline_table": table.model_dump(mode="json"),
        "golden": golden_of(
            golden, games=int(calibrated_on.window[GOLDEN_ACCOUNT]), smurf=smurf, boosted=boosted
        ).model_dump(mode="json"),
    }


def level_bands(accounts: int) -> tuple[LevelBand, ...]:
    """Which ranks are usual at which level, among all accounts of the base world, whatever they are."""
    known = [
        (history.level, height)
        for part in trials(BASE, accounts=accounts, seed=TRAIN_SEED, windows=(50,))
        for history in part[50].histories
        if history.ranks and (height := history.ranks[-1].height) is not None
    ]
    level, height = np.array(known, dtype=np.float64).T
    bands = []
    for least, below in zip((0, *LEVEL_EDGES), LEVEL_EDGES, strict=False):
        inside = height[(level >= least) & (level < below)]
        bands.append(LevelBand(below=below, mean=round(float(inside.mean()), 2), sd=round(float(inside.std()), 2)))
    return tuple(bands)


def observe(
    worlds: Sequence[World], accounts: int, *, seed: int, table: BaselineTable, bands: Sequence[LevelBand]
) -> Observed:
    """Draw the ladders of these worlds and measure everybody after each number of games."""
    baseline = Baseline(table)
    signals: dict[str, list[Floats]] = {name: [] for name in FACTOR_OF_SIGNAL}
    smurf, boosted, kinds, windows, single = [], [], [], [], []
    for number, world in enumerate(worlds):
        for part in trials(world, accounts=accounts, seed=100 * seed + number, windows=WINDOWS):
            for window, trial in part.items():
                found = signals_of(evidence_of(trial.histories, baseline=baseline, bands=bands).measured())
                for name, values in found.items():
                    signals[name].append(values)
                smurf.append(trial.is_smurf)
                boosted.append(trial.is_boosted)
                kinds.append(trial.kind)
                windows.append(np.full(len(trial.kind), float(window)))
                single.append(np.full(len(trial.kind), world in THRESHOLD_WORLDS))
    return Observed(
        signals={name: np.concatenate(parts) for name, parts in signals.items()},
        truth={"smurf": np.concatenate(smurf), "boosted": np.concatenate(boosted)},
        kind=np.concatenate(kinds),
        window=np.concatenate(windows),
        for_thresholds=np.concatenate(single),
    )


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What the fit gives, before it is calibrated."""

    bias: Bias
    terms: Mapping[str, Term]
    pairs: Sequence[Pair]

    def raw(self, observed: Observed) -> Floats:
        """Log-odds."""
        added = parts(observed.signals, self.terms, self.pairs)
        return np.asarray(bias_after(observed.window, self.bias) + np.sum(list(added.values()), axis=0))


def _target(question: Question, fitted_on: Observed, calibrated_on: Observed) -> Target:
    truth = fitted_on.truth[question]
    fitted = _fit(question, fitted_on)
    raw = fitted.raw(calibrated_on)
    slope, offset = (round(value, DECIMALS) for value in fit_platt(raw, calibrated_on.truth[question]))
    prevalence = round(float(truth.mean()), DECIMALS)
    score = 100 * logistic(slope * raw + offset - logit(prevalence) + logit(REFERENCE_PRIOR))
    negative = ~calibrated_on.truth[question] & calibrated_on.for_thresholds
    negative &= calibrated_on.window >= SMALLEST_VERDICT_WINDOW
    return Target.model_validate(
        {
            "bias": fitted.bias,
            "terms": fitted.terms,
            "pairs": fitted.pairs,
            "platt": {"slope": slope, "offset": offset},
            "prevalence": prevalence,
            "thresholds": {
                name: round(float(np.quantile(score[negative], 1 - rate)), 1)
                for name, rate in FALSE_POSITIVE_RATES.items()
            },
        }
    )


def _fit(question: Question, observed: Observed) -> _Fitted:
    bare = {name: _bare(name, observed.signals[name]) for name in weighed(question)}
    x = {name: standardized(term, observed.signals[name]) for name, term in bare.items()}
    share = share_of_many(observed.window)
    columns = [column for name in bare for column in (*_slopes(x[name]), np.isnan(x[name]).astype(np.float64))]
    columns += [together(x[first], x[second]) for first, second in PAIRS[question]]
    truth = observed.truth[question]
    weights = np.ones(len(truth))
    for kind, weight in MISTAKEN_WEIGHTS[question].items():
        weights[(observed.kind == kind) & ~truth] = weight
    matrix = np.stack([*columns, 1 - share, share], axis=1)
    fitted = fit_logistic(matrix, truth, bounds_of(question), ridge=RIDGE, weights=weights)
    return _read(question, bare, iter(fitted.tolist()))


def _bare(name: str, signal: Floats) -> Term:
    """A term that adds nothing yet: what is usual of the signal, and how far it spreads."""
    known = signal[np.isfinite(signal)]
    mean = round(float(known.mean()), DECIMALS) if name in MEAN_IS_NEUTRAL else 0.0
    scale = round(float(np.sqrt(((known - mean) ** 2).mean())), DECIMALS)
    return Term(mean=mean, scale=scale, values=(0.0,) * len(KNOTS))


def _slopes(x: Floats) -> list[Floats]:
    """A column for each stretch between two knots: how far x reaches into it, from 0."""
    known = np.nan_to_num(x)
    return [np.clip(known, low, high) - np.clip(0.0, low, high) for low, high in pairwise(KNOTS)]


def _read(question: Question, bare: Mapping[str, Term], fitted: Iterator[float]) -> _Fitted:
    """The coefficients, in the order of the columns, as what they mean; terms that add nothing are left out."""
    paired = {name for pair in PAIRS[question] for name in pair}
    terms = {}
    for name, term in bare.items():
        slopes = [next(fitted) for _ in pairwise(KNOTS)]
        missing = round(next(fitted), DECIMALS) + 0.0  # no minus zero
        values = _values(slopes)
        if any(values) or missing or name in paired:
            terms[name] = term.model_copy(update={"values": values, "missing": missing})
    pairs = [Pair(signals=pair, weight=round(next(fitted), DECIMALS) + 0.0) for pair in PAIRS[question]]
    few, many = (round(value, DECIMALS) for value in fitted)
    return _Fitted(Bias(few=few, many=many), terms, pairs)


def _values(slopes: Sequence[float]) -> tuple[float, ...]:
    """What is added at each knot."""
    at_knots = np.array([column * slope for column, slope in zip(_slopes(np.array(KNOTS)), slopes, strict=True)])
    return tuple((np.round(at_knots.sum(axis=0), DECIMALS) + 0.0).tolist())
