"""From simulated ladders to a model card: fit on one set of ladders, calibrate on a second.

The same sizes and seeds give the same card, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riotwatch_players.detection.baseline import Baseline, BaselineTable
from riotwatch_players.detection.cards import golden_of
from riotwatch_players.detection.history import Bools, Floats
from riotwatch_players.detection.model_card import REFERENCE_PRIOR, LevelBand, Target, Term
from riotwatch_players.detection.scoring import added, logit
from riotwatch_players.detection.signal_names import FACTOR_OF_SIGNAL
from riotwatch_players.detection.signals import evidence_of, signals_of
from riotwatch_players.evaluation.fitting import fit_logistic, fit_platt
from riotwatch_players.evaluation.rules import MEAN_IS_NEUTRAL, RULES, Question, bounds_of
from riotwatch_players.evaluation.trials import trials
from riotwatch_players.simulator.ladders.worlds import BASE, LEVELS_AND_HALF_SHIFT, SINGLE_ASSUMPTION, World

WINDOWS = (20, 30, 50, 100)
"""Games after which accounts are looked at."""
TRAINING_WORLDS = (BASE, *SINGLE_ASSUMPTION, LEVELS_AND_HALF_SHIFT)
THRESHOLD_WORLDS = (BASE, *SINGLE_ASSUMPTION)
TRAIN_SEED, CALIBRATE_SEED = 11, 22
RIDGE = 1e-5
OFTEN_MISTAKEN: Mapping[Question, str] = {"smurf": "alt_fair", "boosted": "duo_friend"}
MISTAKEN_WEIGHT = 2.0
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
        "golden": golden_of(golden, smurf=smurf, boosted=boosted).model_dump(mode="json"),
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


def _target(question: Question, fitted_on: Observed, calibrated_on: Observed) -> Target:
    truth = fitted_on.truth[question]
    bias, terms = _fit(question, fitted_on)
    raw = _raw(bias, terms, calibrated_on)
    slope, offset = (round(value, DECIMALS) for value in fit_platt(raw, calibrated_on.truth[question]))
    prevalence = round(float(truth.mean()), DECIMALS)
    score = 100 / (1 + np.exp(-(slope * raw + offset - logit(prevalence) + logit(REFERENCE_PRIOR))))
    negative = ~calibrated_on.truth[question] & calibrated_on.for_thresholds
    negative &= calibrated_on.window >= SMALLEST_VERDICT_WINDOW
    return Target.model_validate(
        {
            "bias": bias,
            "terms": terms,
            "platt": {"slope": slope, "offset": offset},
            "prevalence": prevalence,
            "thresholds": {
                name: round(float(np.quantile(score[negative], 1 - rate)), 1)
                for name, rate in FALSE_POSITIVE_RATES.items()
            },
        }
    )


def _fit(question: Question, observed: Observed) -> tuple[float, dict[str, Term]]:
    names = list(FACTOR_OF_SIGNAL)
    scales = {name: _scale(name, observed.signals[name]) for name in names}
    columns = [column for name in names for column in _columns(observed.signals[name], *scales[name])]
    x = np.stack([*columns, np.ones(len(columns[0]))], axis=1)
    truth = observed.truth[question]
    weights = np.where((observed.kind == OFTEN_MISTAKEN[question]) & ~truth, MISTAKEN_WEIGHT, 1.0)
    fitted = fit_logistic(x, truth, bounds_of(question, names), ridge=RIDGE, weights=weights)
    beta = np.round(fitted, DECIMALS) + 0.0  # no minus zero
    terms = {}
    for place, name in enumerate(names):
        linear, square, missing = beta[3 * place : 3 * place + 3].tolist()
        if linear or square or missing:
            mean, scale = scales[name]
            terms[name] = Term(mean=mean, scale=scale, linear=linear, square=square, missing=missing)
    return float(beta[-1]), terms


def _scale(name: str, signal: Floats) -> tuple[float, float]:
    known = signal[np.isfinite(signal)]
    mean = round(float(known.mean()), DECIMALS) if name in MEAN_IS_NEUTRAL else 0.0
    return mean, round(float(np.sqrt(((known - mean) ** 2).mean())), DECIMALS)


def _columns(signal: Floats, mean: float, scale: float) -> tuple[Floats, Floats, Floats]:
    linear = added(Term(mean=mean, scale=scale, linear=1.0), signal)
    square = added(Term(mean=mean, scale=scale, linear=0.0, square=1.0), signal)
    return linear, square, np.isnan(signal).astype(np.float64)


def _raw(bias: float, terms: Mapping[str, Term], observed: Observed) -> Floats:
    return np.asarray(bias + np.sum([added(term, observed.signals[name]) for name, term in terms.items()], axis=0))
