"""Factors that ask whether somebody else plays for a while: changes of results, play and identity."""

import numpy as np

from riotwatch_players.detection.history import ROLES, Bools, Floats, Ints
from riotwatch_players.detection.measures import MIN_GAMES, Measured, measured
from riotwatch_players.detection.plays import Plays
from riotwatch_players.detection.scans import BEGINS, ENDS, Scan, step_over_line, stretches
from riotwatch_players.detection.sums import CHAMPIONS, HOURS, Sums, champions_of, hours_of

EARLIEST_CHANGE_GAMES = 20
MOST_LINE = 6.0
MOST_DIFFERENCE = 6.0
LEAST_APART, MOST_APART = 5, 0.85
"""Games, and share of games, at a time of day that can be compared with the rest."""
_ARCS = [(first, length) for length in (1, 2, 3) for first in range(HOURS)][: 2 * HOURS + HOURS // 2]
"""Parts of the day against the rest; of the halves each once."""


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


def identity_shift(sums: Sums, plays: Plays, wins: Scan, performance: Scan) -> Measured:
    """Champions, roles and times of day that change together with how well is played.

    Either for a stretch of games, or by turns: at other times of the day.
    """
    families = (sums.champions, sums.hours, sums.role_games)
    differences = [_difference(family) for family in families]
    together = np.sum(differences, axis=0) / np.sqrt(len(differences))
    stronger = np.abs(performance.t + wins.t) / np.sqrt(2)
    apart, alternation = _alternation(plays)
    joint = np.sqrt(np.maximum(together, 0.0) * stronger)
    best = joint.argmax(axis=1)
    rows = np.arange(len(best))
    n = sums.games.sum(axis=1)
    told = np.stack([family.sum(axis=(1, 2)) for family in families]).max(axis=0)
    known = (n >= EARLIEST_CHANGE_GAMES) & (told >= MIN_GAMES)
    before = np.hstack([np.zeros((len(n), 1)), sums.games.cumsum(axis=1)])
    return measured(
        known,
        {
            "identity_change": together.max(axis=1),
            "identity_step": joint[rows, best],
            "alternation": alternation,
            "hours_apart": apart,
            "champion_contrast": _champion_contrast(plays),
        },
        value=together[rows, best],
        unit="SD beyond what chance changes",
        baseline=0.0,
        z=together.max(axis=1),
        n_used=n,
        too_few=n > 0,
        details={
            "first": before[rows, BEGINS[best]] + 1,
            "last": before[rows, ENDS[best]],
            "stronger": stronger[rows, best],
            **dict(zip(("champions", "hours", "roles"), (one[rows, best] for one in differences), strict=True)),
        },
    )


def _difference(family: Floats) -> Floats:
    """How far the kinds' shares in each stretch lie from those in the rest, as a z."""
    total = family.sum(axis=1)
    n = total.sum(axis=1)
    inside = stretches(family.astype(np.float32))
    size = inside.sum(axis=2)
    share = size / np.maximum(n, 1)[:, None]
    off = inside - share[..., None] * total[:, None].astype(np.float32)
    per_kind = np.where(total > 0, 1 / np.maximum(total, 1), 0).astype(np.float32)
    squares = np.einsum("psk,pk->ps", off**2, per_kind)
    usable = (size > 0) & (share < 1)
    return _as_z(np.where(usable, squares / np.where(usable, share * (1 - share), 1), 0.0), _freedom(total)[:, None])


def _freedom(total: Floats) -> Floats:
    return np.asarray((total > 0).sum(axis=1) - 1.0)


def _as_z(squares: Floats, freedom: Floats) -> Floats:
    """A chi-square as a standard normal (Fisher's approximation); 0 where there is nothing to differ in."""
    z = np.sqrt(2 * squares) - np.sqrt(np.maximum(2 * freedom - 1, 0))
    return np.where(freedom > 0, np.clip(z, -MOST_DIFFERENCE, MOST_DIFFERENCE), 0.0)


def _alternation(plays: Plays) -> tuple[Floats, Floats]:
    """At some times of the day other champions and roles are played; and how much better or worse at the same time."""
    hour, (_, champion) = hours_of(plays), champions_of(plays)
    timed = np.isfinite(plays.at_s) & plays.played
    rated = timed & np.isfinite(plays.performance)
    place = np.arange(len(hour))[:, None] * HOURS + hour
    shape = (len(hour), HOURS)
    n = _count(place, rated, shape)
    performance = _count(place, rated, shape, plays.performance)
    wins = _count(place, rated, shape, plays.win)
    better = _contrast(n, performance, _count(place, rated, shape, plays.performance**2))
    stronger = np.abs(better + _contrast(n, wins, wins)) / np.sqrt(2)
    champions = _count(place * CHAMPIONS + champion, timed & np.isfinite(plays.champion), (*shape, CHAMPIONS))
    role = np.nan_to_num(plays.role).astype(np.intp)
    roles = _count(place * len(ROLES) + role, timed & np.isfinite(plays.role), (*shape, len(ROLES)))
    differs = (_apart(champions) + _apart(roles)) / np.sqrt(2)
    return differs.max(axis=1), np.sqrt(np.maximum(differs, 0.0) * stronger).max(axis=1)


def _apart(by_hour: Floats) -> Floats:
    """How far the shares of the kinds in each arc lie from the rest's, as a z."""
    total, arcs = by_hour.sum(axis=1), _arcs(by_hour)
    size = arcs.sum(axis=2)
    share = size / np.maximum(total.sum(axis=1), 1)[:, None]
    off = arcs - share[..., None] * total[:, None]
    per_kind = np.where(total > 0, 1 / np.maximum(total, 1), 0)
    usable = (size >= LEAST_APART) & (share < MOST_APART)
    squares = np.einsum("psk,pk->ps", off**2, per_kind)
    chi_square = np.where(usable, squares / np.where(usable, share * (1 - share), 1), 0)
    return np.where(usable, _as_z(chi_square, _freedom(total)[:, None]), 0.0)


def _champion_contrast(plays: Plays) -> Floats:
    """How much more than by chance performance and results differ between champions."""
    _, champion = champions_of(plays)
    rated = np.isfinite(plays.performance) & np.isfinite(plays.champion) & plays.played
    place = np.arange(len(champion))[:, None] * CHAMPIONS + champion
    shape = (len(champion), CHAMPIONS)
    n = _count(place, rated, shape)
    wins = _count(place, rated, shape, plays.win)
    performance = _count(place, rated, shape, plays.performance)
    freedom = np.maximum((n > 0).sum(axis=1) - 1.0, 0)
    both = _between(n, performance, _count(place, rated, shape, plays.performance**2)) + _between(n, wins, wins)
    return _as_z(both, 2 * freedom)


def _between(count: Floats, total: Floats, squares: Floats) -> Floats:
    """Chi-square of the means of the kinds."""
    n = np.maximum(count.sum(axis=1), 1)
    mean = total.sum(axis=1) / n
    variance = np.maximum((squares.sum(axis=1) - n * mean**2) / np.maximum(n - 1, 1), 1e-6)
    return np.asarray(((total - count * mean[:, None]) ** 2 / np.maximum(count, 1)).sum(axis=1) / variance)


def _count(place: Ints, which: Bools, shape: tuple[int, ...], values: Floats | None = None) -> Floats:
    weights = None if values is None else values[which]
    size = int(np.prod(shape))
    return np.bincount(place[which], weights, minlength=size).astype(np.float64).reshape(shape)


def _arcs(by_hour: Floats) -> Floats:
    return np.stack([np.roll(by_hour, -first, axis=1)[:, :length].sum(axis=1) for first, length in _ARCS], axis=1)


def _contrast(count: Floats, total: Floats, squares: Floats) -> Floats:
    """T of each arc against the rest."""
    n = np.maximum(count.sum(axis=1), 1)[:, None]
    mean = total.sum(axis=1)[:, None] / n
    variance = np.maximum(squares.sum(axis=1)[:, None] - n * mean**2, 0) / np.maximum(n - 1, 1)
    inside = _arcs(count)
    weight = inside * (n - inside) / n
    usable = (weight > 1) & (variance > 1e-9)
    return np.where(usable, (_arcs(total) - inside * mean) / np.sqrt(np.where(usable, weight * variance, 1.0)), 0.0)
