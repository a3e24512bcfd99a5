"""Factors that ask whether somebody else plays for a while: changes of results, play and identity."""

import numpy as np

from riotwatch_players.detection.chance import apart, per_kind
from riotwatch_players.detection.history import Floats
from riotwatch_players.detection.measures import MIN_GAMES, Measured, measured
from riotwatch_players.detection.scans import BEGINS, ENDS, Scan, squares_in_stretches, step_over_line, stretches
from riotwatch_players.detection.sums import Sums
from riotwatch_players.detection.turns import Turns

EARLIEST_CHANGE_GAMES = 20
MOST_LINE = 6.0


def win_rate_trend(sums: Sums, wins: Scan) -> Measured:
    """The stretch whose win rate differs most, against the same scan of shuffled games."""
    return _changed(sums, wins, {"win_change": wins.z}, unit="share of games won", details={})


def performance_trends(sums: Sums, performance: Scan) -> Measured:
    """The stretch whose performance differs most; a straight line speaks for learning, a stretch for another player."""
    line = step_over_line(sums.rated, sums.performance, sums.performance_squared, performance)
    signals = {"step": performance.z, "step_over_line": np.clip(line, -MOST_LINE, MOST_LINE)}
    details = {"line": (line < 0).astype(np.float64)}
    return _changed(sums, performance, signals, unit="SD of single games", details=details)


def _changed(sums: Sums, found: Scan, signals: dict[str, Floats], *, unit: str, details: dict[str, Floats]) -> Measured:
    n = sums.games.sum(axis=1)
    before = np.hstack([np.zeros((len(n), 1)), sums.games.cumsum(axis=1)])
    rows = np.arange(len(n))
    return measured(
        np.isfinite(found.z),
        signals,
        value=found.difference,
        unit=unit,
        baseline=0.0,
        z=found.z,
        n_used=n,
        too_few=n > 0,
        details={"first": before[rows, BEGINS[found.best]] + 1, "last": before[rows, ENDS[found.best]], **details},
    )


def identity_shift(sums: Sums, turns: Turns, wins: Scan, performance: Scan) -> Measured:
    """Champions, roles and times of day that change together with how well is played.

    Either for a stretch of games, or by turns: at other times of the day.
    """
    families = (sums.champions, sums.hours, sums.role_games)
    differences = [_apart(family) for family in families]
    together = np.sum(differences, axis=0) / np.sqrt(len(differences))
    stronger = np.abs(performance.t + wins.t) / np.sqrt(2)
    joint = np.sqrt(np.maximum(together, 0.0) * stronger)
    best = joint.round(9).argmax(axis=0)  # of a stretch and its complement always the same one
    at = (best, np.arange(len(best)))
    n = sums.games.sum(axis=1)
    told = np.stack([family.sum(axis=(1, 2)) for family in families]).max(axis=0)
    known = (n >= EARLIEST_CHANGE_GAMES) & (told >= MIN_GAMES)
    before = np.hstack([np.zeros((len(n), 1)), sums.games.cumsum(axis=1)])
    return measured(
        known,
        {
            "identity_change": together.max(axis=0),
            "identity_step": joint[at],
            "alternation": turns.alternation,
            "hours_apart": turns.hours_apart,
            "champion_contrast": turns.champion_contrast,
        },
        value=together[at],
        unit="SD beyond what chance changes",
        baseline=0.0,
        z=together.max(axis=0),
        n_used=n,
        too_few=n > 0,
        details={
            "first": before[at[1], BEGINS[best]] + 1,
            "last": before[at[1], ENDS[best]],
            "stronger": stronger[at],
            **dict(zip(("champions", "hours", "roles"), (one[at] for one in differences), strict=True)),
        },
    )


def _apart(family: Floats) -> Floats:
    """How far the kinds in every stretch lie from those in the rest."""
    total = family.sum(axis=1).T
    return apart(stretches(family.sum(axis=2)), squares_in_stretches(family, per_kind(total)), total)
