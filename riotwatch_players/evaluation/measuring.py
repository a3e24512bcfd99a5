"""Measuring a card on simulated ladders that it was neither trained nor calibrated on, through the job's own code."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riotwatch_players.detection.history import Bools, Floats
from riotwatch_players.detection.judgement import Scored, score
from riotwatch_players.detection.model_card import ModelCard
from riotwatch_players.detection.verdict import verdicts_of
from riotwatch_players.detection.words import FLAGGED, Verdict
from riotwatch_players.evaluation.metrics import quality, tpr_at
from riotwatch_players.evaluation.rules import RULES, Question
from riotwatch_players.evaluation.training import WINDOWS
from riotwatch_players.evaluation.trials import Trial, trials
from riotwatch_players.simulator.ladders.worlds import BASE, NULL, SINGLE_ASSUMPTION, WORLDS, World

TEST_SEED = 66
MORE_GAMES = 5
FLIP_WINDOW = 50
FALSE_POSITIVE_RATE = 0.01
SIGNIFICANT = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card says of the accounts of one world after a number of games."""

    kind: npt.NDArray[np.str_]
    truth: Mapping[Question, Bools]
    probability: Mapping[Question, Floats]
    verdict: npt.NDArray[np.str_]


def evaluate(card: ModelCard, *, accounts: int, worlds: Sequence[str] = tuple(WORLDS)) -> dict[str, Any]:
    """All measures, by world and window; `accounts` of each world."""
    shown = {name: show(card, WORLDS[name], accounts=accounts) for name in worlds}
    report: dict[str, Any] = {
        "model": card.version_hash,
        "baseline": card.baseline.version,
        "accounts_per_world": accounts,
        "worlds": {name: _world(by_window) for name, by_window in shown.items() if name != NULL.name},
    }
    report["worst_single_assumption_world"] = _worst(report["worlds"])
    if BASE.name in shown:
        report["classes"] = {str(window): classes(shown[BASE.name][window]) for window in WINDOWS}
        report["flips_per_5_games"] = flips(card, accounts=accounts)
    if NULL.name in shown:
        report["null_world_flagged"] = {
            str(window): _rounded(float(np.isin(one.verdict, FLAGGED).mean()))
            for window, one in shown[NULL.name].items()
        }
    return report


def show(card: ModelCard, world: World, *, accounts: int, windows: Sequence[int] = WINDOWS) -> dict[int, Shown]:
    """Score the accounts of a world after each number of games."""
    number = list(WORLDS).index(world.name)
    parts: dict[int, list[Shown]] = {window: [] for window in windows}
    for part in trials(world, accounts=accounts, seed=100 * TEST_SEED + number, windows=windows):
        for window, trial in part.items():
            parts[window].append(_shown(trial, card))
    return {window: _joined(those) for window, those in parts.items()}


def _shown(trial: Trial, card: ModelCard) -> Shown:
    found = score(trial.histories, card)
    return Shown(
        kind=trial.kind,
        truth={"smurf": trial.is_smurf, "boosted": trial.is_boosted},
        probability={"smurf": found.smurf.probability, "boosted": found.boosted.probability},
        verdict=np.array(_verdicts(found, card, previous=[""] * len(trial.kind))),
    )


def _verdicts(found: Scored, card: ModelCard, *, previous: Sequence[str]) -> list[Verdict]:
    return verdicts_of(found.smurf.score, found.boosted.score, found.games, previous=previous, card=card)


def _joined(parts: Sequence[Shown]) -> Shown:
    def both(name: str) -> dict[Question, Any]:
        return {question: np.concatenate([getattr(one, name)[question] for one in parts]) for question in RULES}

    return Shown(
        kind=np.concatenate([one.kind for one in parts]),
        truth=both("truth"),
        probability=both("probability"),
        verdict=np.concatenate([one.verdict for one in parts]),
    )


def _world(by_window: Mapping[int, Shown]) -> dict[str, Any]:
    return {
        question: {
            str(window): {
                name: _rounded(value)
                for name, value in dataclasses.asdict(quality(one.probability[question], one.truth[question])).items()
            }
            for window, one in by_window.items()
        }
        for question in RULES
    }


def _worst(worlds: Mapping[str, Any]) -> dict[str, Any]:
    single = [name for name in worlds if name in {world.name for world in (BASE, *SINGLE_ASSUMPTION)}]
    worst: dict[str, Any] = {}
    for question in RULES if single else ():
        for window in map(str, WINDOWS):
            name = min(single, key=lambda one: worlds[one][question][window]["auc"])
            worst.setdefault(question, {})[window] = {"world": name, "auc": worlds[name][question][window]["auc"]}
            ece = max(worlds[one][question][window]["ece"] for one in single)
            worst[question][window]["largest_ece"] = ece
    return worst


def classes(shown: Shown) -> dict[str, dict[str, float]]:
    """By class: the share above the score that 1 % of all negatives of the world exceed, for either question."""
    shares: dict[str, dict[str, float]] = {}
    for question in RULES:
        negative = shown.probability[question][~shown.truth[question]]
        threshold = np.quantile(negative, 1 - FALSE_POSITIVE_RATE)
        for kind in np.unique(shown.kind):
            above = shown.probability[question][shown.kind == kind] > threshold
            shares.setdefault(str(kind), {})[question] = _rounded(float(above.mean()))
    for kind, found in shares.items():
        found["flagged"] = _rounded(float(np.isin(shown.verdict[shown.kind == kind], FLAGGED).mean()))
    return shares


def caught(shown: Shown, question: Question, kind: str) -> float:
    """Of the accounts of a class in whom it shows, the share above the score that 1 % of all negatives exceed."""
    truth = shown.truth[question]
    chosen = ~truth | (shown.kind == kind)
    return tpr_at(shown.probability[question][chosen], truth[chosen], fpr=FALSE_POSITIVE_RATE)


def flips(card: ModelCard, *, accounts: int) -> dict[str, float]:
    """The share of normal accounts whose flag changes with five more games: as it is, and without hysteresis."""
    changed, unheld, normals = 0, 0, 0
    seed = 100 * TEST_SEED + list(WORLDS).index(BASE.name)
    for part in trials(BASE, accounts=accounts, seed=seed, windows=(FLIP_WINDOW, FLIP_WINDOW + MORE_GAMES)):
        before, after = part[FLIP_WINDOW], part[FLIP_WINDOW + MORE_GAMES]
        normal = before.kind == "normal"
        first = _verdicts(score(before.histories, card), card, previous=[""] * len(normal))
        found = score(after.histories, card)
        held = _flagged(_verdicts(found, card, previous=first))
        plain = _flagged(_verdicts(found, card, previous=[""] * len(normal)))
        changed += int((_flagged(first) != held)[normal].sum())
        unheld += int((_flagged(first) != plain)[normal].sum())
        normals += int(normal.sum())
    return {"normals": _rounded(changed / normals), "without_hysteresis": _rounded(unheld / normals)}


def _flagged(verdicts: Sequence[Verdict]) -> Bools:
    return np.isin(np.array(verdicts), FLAGGED)


def _rounded(value: float) -> float:
    return round(value, SIGNIFICANT) if isinstance(value, float) else value
