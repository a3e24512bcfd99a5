"""The factors of one player, as they are stored and shown: figures, contributions, and a sentence each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.measures import Measured
from riotwatch_players.detection.scoring import Scores
from riotwatch_players.detection.sentences import SENTENCES, SUBJECTS, WHY_NOT
from riotwatch_players.detection.signal_names import EVERY_FACTOR, SIGNALS
from riotwatch_players.detection.words import State

STRONGEST_FOR, STRONGEST_AGAINST = 3, 1
LEAST_NAMED = 0.05
"""A contribution that would be shown as 0.0 is no reason."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason for or against. Figures are None unless the state is OK."""

    name: str
    state: State
    value: float | None
    unit: str
    baseline: float | None
    z: float | None
    interval: tuple[float, float] | None
    """95 %."""
    n_used: int
    contribution: float
    """To the log-odds of a smurf."""
    contribution_boosted: float
    text: str


def factors_of(factors: Mapping[str, Measured], smurf: Scores, boosted: Scores) -> list[tuple[Factor, ...]]:
    """All factors of every player."""
    players = len(smurf.score)
    columns = [_of_everybody(name, factors[name], smurf, boosted, players) for name in EVERY_FACTOR]
    return list(zip(*columns, strict=True))


def contribution(name: str, scores: Scores, players: int) -> Floats:
    """What a factor adds to the log-odds: the sum of its signals'."""
    parts = [scores.contributions[signal] for signal in SIGNALS[name] if signal in scores.contributions]
    return np.sum(parts, axis=0) if parts else np.zeros(players)


def _of_everybody(name: str, found: Measured, smurf: Scores, boosted: Scores, players: int) -> list[Factor]:
    figures = {key: getattr(found, key).tolist() for key in ("value", "baseline", "z", "low", "high", "n_used")}
    details = {key: values.tolist() for key, values in found.details.items()}
    known, too_few = found.known.tolist(), found.too_few.tolist()
    of_smurf = contribution(name, smurf, players).tolist()
    of_boosted = contribution(name, boosted, players).tolist()
    made = []
    for row in range(players):
        state = State.OK if known[row] else State.NOT_ENOUGH if too_few[row] else State.UNKNOWN
        one = {key: values[row] for key, values in (figures | details).items()}
        made.append(
            Factor(
                name=name,
                state=state,
                value=_number(one["value"]),
                unit=found.unit,
                baseline=_number(one["baseline"]),
                z=_number(one["z"]),
                interval=_interval(one["low"], one["high"]),
                n_used=int(one["n_used"]),
                contribution=_rounded(of_smurf[row]),
                contribution_boosted=_rounded(of_boosted[row]),
                text=SENTENCES[name](one) if state is State.OK else f"{SUBJECTS[name]}: {WHY_NOT[state]}",
            )
        )
    return made


def _interval(low: float, high: float) -> tuple[float, float] | None:
    return (round(low, 3), round(high, 3)) if low == low and high == high else None  # NaN is not itself


def _number(value: float) -> float | None:
    return round(value, 3) if value == value else None


def _rounded(value: float) -> float:
    return round(value, 3) + 0.0  # no minus zero


def explanation(factors: Sequence[Factor], *, boosted: bool) -> str:
    """`Why: …`: the three strongest reasons for, the strongest against, and what is unknown.

    With `boosted` for that question, else for a smurf.
    """
    parts = {one.name: one.contribution_boosted if boosted else one.contribution for one in factors}
    known = [one for one in factors if one.state is State.OK and abs(parts[one.name]) >= LEAST_NAMED]
    speaking = sorted(known, key=lambda one: -parts[one.name])
    positive = [one for one in speaking if parts[one.name] > 0][:STRONGEST_FOR]
    negative = [one for one in speaking[::-1] if parts[one.name] < 0][:STRONGEST_AGAINST]
    clauses = [f"{one.text} ({parts[one.name]:+.1f})" for one in positive] or ["nothing measured speaks for it"]
    clauses += [f"against it: {one.text} ({parts[one.name]:+.1f})" for one in negative]
    unknown = [SUBJECTS[one.name] for one in factors if one.state is not State.OK]
    clauses += [f"unknown: {', '.join(unknown)}"] if unknown else []
    return f"Why: {'; '.join(clauses)}."
