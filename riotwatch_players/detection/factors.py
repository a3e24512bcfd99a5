"""The factors of one player, as they are stored and shown: figures, contributions, and a sentence each."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

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


class Factor(NamedTuple):
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


def _of_everybody(name: str, found: Measured, smurf: Scores, boosted: Scores, players: int) -> Iterable[Factor]:
    pairs = zip(found.known.tolist(), found.too_few.tolist(), strict=True)
    states = [State.OK if known else State.NOT_ENOUGH if few else State.UNKNOWN for known, few in pairs]
    intervals = zip(_rounded(found.low), _rounded(found.high), strict=True)
    return map(
        Factor,
        repeat(name),
        states,
        _rounded(found.value),
        repeat(found.unit),
        _rounded(found.baseline),
        _rounded(found.z),
        [None if low is None or high is None else (low, high) for low, high in intervals],
        found.n_used.astype(int).tolist(),
        (contribution(name, smurf, players).round(3) + 0.0).tolist(),
        (contribution(name, boosted, players).round(3) + 0.0).tolist(),
        _texts(name, found, states),
    )


def _texts(name: str, found: Measured, states: Sequence[State]) -> list[str]:
    figures = {key: getattr(found, key) for key in ("value", "baseline", "z", "low", "high", "n_used")}
    figures.update(found.details)
    known = zip(*(values[found.known].tolist() for values in figures.values()), strict=True)
    sentences = (SENTENCES[name](dict(zip(figures, row, strict=True))) for row in known)
    why_not = {state: f"{SUBJECTS[name]}: {why}" for state, why in WHY_NOT.items()}
    return [next(sentences) if state is State.OK else why_not[state] for state in states]


def _rounded(values: Floats) -> list[float | None]:
    """To three places; None for NaN."""
    return [None if value != value else value for value in values.round(3).tolist()]


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
