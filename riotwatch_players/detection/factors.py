"""The nine factors of one player, as they are stored and shown: figures, contributions, and a sentence each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from riotwatch_players.detection.card import FACTORS, Card
from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.measures import Evidence
from riotwatch_players.detection.verdict import contribution
from riotwatch_players.detection.words import State


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
    """To the log-odds of a smurf; 0 unless the state is OK."""
    contribution_boosted: float
    text: str


def factors_of(evidence: Mapping[str, Evidence], player: int, *, card: Card) -> tuple[Factor, ...]:
    """All nine of one player (its row in the arrays)."""
    return tuple(_factor(name, evidence[name], player, card=card) for name in FACTORS)


def _factor(name: str, evidence: Evidence, player: int, *, card: Card) -> Factor:
    state = _state(evidence, player)
    known = state is State.OK
    row = {key: float(values[player]) for key, values in _figures(evidence).items()}
    return Factor(
        name=name,
        state=state,
        value=_number(row["value"]),
        unit=evidence.unit,
        baseline=_number(row["baseline"]),
        z=_number(row["z"]),
        interval=_interval(row["low"], row["high"]),
        n_used=int(evidence.n_used[player]),
        contribution=_rounded(contribution(name, float(evidence.smurf[player]), card.smurf)),
        contribution_boosted=_rounded(contribution(name, float(evidence.boosted[player]), card.boosted)),
        text=_TEXTS[name](row) if known else f"{_SUBJECTS[name]}: {_WHY_NOT[state]}",
    )


def _state(evidence: Evidence, player: int) -> State:
    if evidence.known[player]:
        return State.OK
    return State.NOT_ENOUGH if evidence.too_few[player] else State.UNKNOWN


def _figures(evidence: Evidence) -> dict[str, Floats]:
    names = ("value", "baseline", "z", "low", "high", "n_used")
    return {**{name: getattr(evidence, name) for name in names}, **evidence.details}


def _interval(low: float, high: float) -> tuple[float, float] | None:
    return (round(low, 3), round(high, 3)) if np.isfinite(low) and np.isfinite(high) else None


def _number(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None


def _rounded(value: float) -> float:
    return round(value, 3) + 0.0  # no minus zero


def _win_rate(row: Mapping[str, float]) -> str:
    return (
        f"{row['wins']:.0f} of {row['n_used']:.0f} games won ({row['value']:.0%}, 95 % interval {row['low']:.0%} to "
        f"{row['high']:.0%}), {_sd(row['z'])} matched play at {row['baseline']:.0%}"
    )


def _kda(row: Mapping[str, float]) -> str:
    return f"kills and assists against deaths are {_sd(row['value'])} the teammates', given role and result"


def _account_level(row: Mapping[str, float]) -> str:
    return f"level {row['value']:.0f} (what rank is usual at that level is not known)"


def _rank_discrepancy(row: Mapping[str, float]) -> str:
    return f"plays {_sd(row['value'])} its teammates, given role, rank and result"


def _rank_progression(row: Mapping[str, float]) -> str:
    unexplained = row["value"] - row["baseline"]
    climbed = f"{row['value']:+.1f} tiers over {row['games']:.0f} games"
    return f"{climbed}; {unexplained:+.2f} beyond what wins minus losses explain"


def _win_rate_trend(row: Mapping[str, float]) -> str:
    return f"strongest change {row['value']:+.0%} after game {row['after']:.0f} ({_chance(row['z'])})"


def _performance_trends(row: Mapping[str, float]) -> str:
    shape = "a line describes it better than a step" if row["line"] else "a step describes it better than a line"
    return f"performance changes by {row['value']:+.1f} SD after game {row['after']:.0f} ({_chance(row['z'])}); {shape}"


def _performance_consistency(row: Mapping[str, float]) -> str:
    return (
        f"games differ by {row['value']:.2f} SD (usual {row['baseline']:.2f}); "
        f"{row['low_share']:.0%} of them far below teammates"
    )


def _role_performance(row: Mapping[str, float]) -> str:
    champions = row["new_champions"]
    fresh = f"; first games on a champion {_sd(champions)} teammates" if np.isfinite(champions) else ""
    number = int(row["roles_above"])
    return f"{number or 'no'} role{'s' if number > 1 else ''} clearly above teammates{fresh}"


def _sd(value: float) -> str:
    if abs(value) < 0.05:
        return "level with"
    return f"{abs(value):.1f} SD {'below' if value < 0 else 'above'}"


def _chance(z: float) -> str:
    p = erfc(max(z, -3.0) / sqrt(2)) / 2
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


_TEXTS: Mapping[str, Callable[[Mapping[str, float]], str]] = {
    "win_rate": _win_rate,
    "kda": _kda,
    "account_level": _account_level,
    "rank_discrepancy": _rank_discrepancy,
    "rank_progression": _rank_progression,
    "win_rate_trend": _win_rate_trend,
    "performance_consistency": _performance_consistency,
    "performance_trends": _performance_trends,
    "role_performance": _role_performance,
}
_SUBJECTS = {name: name.replace("_", " ") for name in FACTORS} | {
    "kda": "KDA",
    "rank_discrepancy": "play compared with rank",
    "rank_progression": "rank history",
}
_WHY_NOT = {State.UNKNOWN: "not known", State.NOT_ENOUGH: "not enough of it yet"}


def explanation(factors: tuple[Factor, ...], *, boosted: bool) -> str:
    """`Why: …`: the three strongest reasons for, the strongest against, and what is unknown.

    With `boosted` for that question, else for a smurf.
    """
    parts = {one: one.contribution_boosted if boosted else one.contribution for one in factors}
    positive = sorted((one for one in factors if parts[one] > 0), key=lambda one: -parts[one])[:3]
    negative = sorted((one for one in factors if parts[one] < 0), key=lambda one: parts[one])[:1]
    clauses = [f"{one.text} ({parts[one]:+.1f})" for one in positive] or ["nothing measured speaks for it"]
    clauses += [f"against it: {one.text} ({parts[one]:+.1f})" for one in negative]
    unknown = [_SUBJECTS[one.name] for one in factors if one.state is not State.OK]
    clauses += [f"unknown: {', '.join(unknown)}"] if unknown else []
    return f"Why: {'; '.join(clauses)}."
