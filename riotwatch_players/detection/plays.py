"""Per game: how far above what is usual somebody played, given role, tier, result and their own teammates."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riotwatch_players.detection.baseline import Baseline
from riotwatch_players.detection.champions import champions_of
from riotwatch_players.detection.history import (
    ROLES,
    SCORE_FIELDS,
    UNKNOWN_ACCOUNT,
    Batch,
    Bools,
    Floats,
    Ints,
    Numbers,
)
from riotwatch_players.detection.metrics import METRICS, metrics_of

MOST_Z = 4.0
"""Robust z beyond this are cut: one freak game is one game."""
WITHOUT_TEAMMATES = 0.4
"""How much of a z is kept where no teammate is known: the level of the baseline may be off by .25 SD, and ordinary
players differ by .20, so that .04 / (.04 + .06) of the variance is the player's."""
RECURRING_GAMES = 3
"""So many games with the same teammate are no coincidence."""

METRIC_WEIGHTS: Mapping[str, float] = {
    "kda": 0.26,
    "cs": 0.22,
    "gold": 0.24,
    "damage": 0.20,
    "vision": 0.05,
    "participation": 0.03,
}
"""The performance index of a game is their weighted mean over the metrics that are known."""
SUPPORT = ROLES.index("UTILITY")
"""Supports do not farm: their cs does not count."""

_POSITION = SCORE_FIELDS.index("position")
Single = npt.NDArray[np.float32]
AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Plays:
    """Arrays of players x games; NaN is unknown, and whatever is not `played` is NaN or False."""

    played: Bools
    win: Floats
    role: Floats
    champion: Floats
    first_on_champion: Bools
    """The game is among the first two on its champion."""
    champion_kind: Ints
    """The champion's place by frequency, below champions.CHAMPIONS."""
    at_s: Floats
    performance: Floats
    """The performance index in robust standard deviations of single games."""
    kda: Floats
    """The same for that metric alone."""
    with_partner: Bools
    """The most frequent teammate is in the game; nobody is, where none recurs."""
    partner_above: Floats
    """How far that teammate played above the rest of the team, as `performance`."""
    accounts_known: Bools
    """The accounts of some teammates are known."""


def joined(parts: Sequence[Plays]) -> Plays:
    """The plays of several batches as those of one: filled up from the right to the longest."""
    longest = max(part.played.shape[1] for part in parts)
    return Plays(**{name: _stacked([getattr(part, name) for part in parts], longest) for name in _FIELDS})


_FIELDS = [field.name for field in dataclasses.fields(Plays)]


def _stacked(parts: Sequence[AnyArray], longest: int) -> AnyArray:
    """Players x games; what there is no game for is NaN, False or 0."""
    nothing = np.nan if parts[0].dtype.kind == "f" else 0
    whole = np.full((sum(map(len, parts)), longest), nothing, dtype=parts[0].dtype)
    first = 0
    for part in parts:
        whole[first : first + len(part), : part.shape[1]] = part
        first += len(part)
    return whole


def plays_of(batch: Batch, baseline: Baseline, *, height: Floats) -> Plays:
    """Compare every game with the baseline and with the teammates in it; `height` is each player's rank in tiers."""
    tier = np.minimum(np.floor(height), 9)[:, None]
    played = batch.played
    win, role = np.where(played, batch.column("win"), np.nan), np.where(played, batch.column("position"), np.nan)
    role[role >= len(ROLES)] = np.nan
    minutes = batch.column("duration_s") / 60
    own = _z(batch.games, minutes, role=role, tier=tier, win=win, baseline=baseline)
    mates = _z(batch.teammates, minutes, role=batch.teammates[_POSITION], tier=tier, win=win, baseline=baseline)
    known = np.isfinite(mates)
    summed = np.where(known, mates, 0).sum(axis=1)
    count = known.view(np.int8).sum(axis=1, dtype=np.int8).astype(np.float64)
    above = np.where(count > 0, own - summed / np.maximum(count, 1), WITHOUT_TEAMMATES * own)
    with_partner, place = _partner(batch.accounts, played)
    champion = np.where(played, batch.column("champion_id"), np.nan)
    first_on_champion, champion_kind = champions_of(champion)
    return Plays(
        played=played,
        win=win,
        role=role,
        champion=champion,
        first_on_champion=first_on_champion,
        champion_kind=champion_kind,
        at_s=np.where(played, batch.column("at"), np.nan),
        performance=_index(above, role=role),
        kda=above[METRICS.index("kda")],
        with_partner=with_partner,
        partner_above=_partner_above(batch, own, mates=mates, with_partner=with_partner, place=place),
        accounts_known=(batch.accounts != UNKNOWN_ACCOUNT).any(axis=2) & played,
    )


def _partner_above(batch: Batch, own: Single, *, mates: Single, with_partner: Bools, place: Ints) -> Floats:
    """How far the most frequent teammate played above the others and the player, where that teammate is."""
    row, game = np.nonzero(with_partner)
    seat = place[row, game]
    partner, others = mates[:, seat, row, game], mates[:, :, row, game]
    others[:, seat, np.arange(len(seat))] = own[:, row, game]
    known = np.isfinite(others)
    count = known.sum(axis=1)
    rest = np.where(known, others, 0).sum(axis=1)
    beside = np.where(count > 0, partner - rest / np.maximum(count, 1), np.nan)
    above = np.full(with_partner.shape, np.nan)
    above[row, game] = _index(beside, role=batch.teammates[_POSITION, seat, row, game])
    return above


def _z(scores: Numbers, minutes: Floats, *, role: Numbers, tier: Floats, win: Floats, baseline: Baseline) -> Single:
    metrics = metrics_of(scores[: len(SCORE_FIELDS)].astype(np.float32, copy=False), minutes.astype(np.float32))
    z = baseline.z(metrics, tier=tier, role=role, win=win)
    return np.clip(z, -MOST_Z, MOST_Z, out=z)


def _index(z: Floats, *, role: Numbers) -> Floats:
    """The performance index, of METRICS x games."""
    summed, total = np.zeros(role.shape), np.zeros(role.shape)
    farms = role != SUPPORT
    for one, name in zip(z, METRICS, strict=True):  # no matrix product: its bits depend on how many are judged at once
        known = np.isfinite(one) & farms if name == "cs" else np.isfinite(one)
        summed += np.where(known, METRIC_WEIGHTS[name] * one, 0.0)
        total += METRIC_WEIGHTS[name] * known
    return np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan)


def _partner(accounts: Ints, played: Bools) -> tuple[Bools, Ints]:
    """In which games the most frequent teammate is, and at which place."""
    rows = np.where(played[..., None], accounts, UNKNOWN_ACCOUNT).reshape(len(accounts), -1)
    ordered = np.sort(rows, axis=1)
    place = np.arange(ordered.shape[1])
    begins = np.diff(ordered, axis=1, prepend=UNKNOWN_ACCOUNT - 1) != 0
    length = place - np.maximum.accumulate(np.where(begins, place, 0), axis=1) + 1
    length[ordered == UNKNOWN_ACCOUNT] = 0
    best = length.argmax(axis=1)[:, None]
    most, games = np.take_along_axis(ordered, best, axis=1), np.take_along_axis(length, best, axis=1)
    found = (accounts == most[..., None]) & ((games >= RECURRING_GAMES) & (most != UNKNOWN_ACCOUNT))[..., None]
    found &= played[..., None]
    return found.any(axis=2), found.argmax(axis=2)
