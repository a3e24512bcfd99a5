"""A player's games in SEGMENTS neighboring parts, as sums.

Everything about changes, and leaving games out, works on these, so its cost does not depend on the number of games.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.champions import CHAMPIONS
from riotwatch_players.detection.history import ROLES, Bools, Floats, Ints
from riotwatch_players.detection.plays import Plays

SEGMENTS = 20
HOURS = 6
"""Parts of the day (UTC), of four hours each."""
DAY_S, PART_OF_DAY_S = 86_400, 14_400
SAME_SITTING_S = 3 * 3_600


@dataclass(frozen=True, slots=True)
class Sums:
    """Arrays of players x SEGMENTS, and x categories where there are any; games with unknown values do not count."""

    games: Floats
    wins: Floats
    rated: Floats
    """Games with a known performance."""
    performance: Floats
    performance_squared: Floats
    kda_games: Floats
    kda: Floats
    kda_squared: Floats
    role_games: Floats
    role_performance: Floats
    """x ROLES."""
    first_games: Floats
    first_performance: Floats
    """The first two games on each champion."""
    champions: Floats
    """x CHAMPIONS, the most frequent first."""
    hours: Floats
    """x HOURS; sittings, not games."""
    partner_games: Floats
    partner_wins: Floats
    partner_rated: Floats
    partner_above: Floats
    """Performance of the partner minus the player's own, summed over the games in which both are known."""

    def without(self, segments: Bools) -> "Sums":
        """The same without some segments."""
        kept = {}
        for field in dataclasses.fields(self):
            kept[field.name] = getattr(self, field.name).copy()
            kept[field.name][:, segments] = 0
        return Sums(**kept)


def sums_of(plays: Plays) -> Sums:
    """Sum up every player's games."""
    return _Adder(plays).sums()


class _Adder:
    def __init__(self, plays: Plays) -> None:
        self.plays = plays
        number = np.cumsum(plays.played, axis=1) - 1
        count = np.maximum(plays.played.sum(axis=1), 1)[:, None]
        self.players = len(count)
        segment = np.where(plays.played, number * SEGMENTS // count, 0)
        self.place = np.arange(self.players)[:, None] * SEGMENTS + segment

    def sums(self) -> Sums:
        plays = self.plays
        rated = np.isfinite(plays.performance) & plays.played
        kda = np.isfinite(plays.kda)
        has_role = np.isfinite(plays.role)
        role = np.where(has_role, plays.role, 0).astype(np.intp)
        first, champion = plays.first_on_champion, plays.champion_kind
        timed = begins_session(plays)
        hour = hours_of(plays)
        both = plays.with_partner & np.isfinite(plays.partner_above) & rated
        return Sums(
            games=self._add(plays.played),
            wins=self._add(plays.played, plays.win),
            rated=self._add(rated),
            performance=self._add(rated, plays.performance),
            performance_squared=self._add(rated, plays.performance**2),
            kda_games=self._add(kda),
            kda=self._add(kda, plays.kda),
            kda_squared=self._add(kda, plays.kda**2),
            role_games=self._add(rated & has_role, kind=role, kinds=len(ROLES)),
            role_performance=self._add(rated & has_role, plays.performance, kind=role, kinds=len(ROLES)),
            first_games=self._add(rated & first),
            first_performance=self._add(rated & first, plays.performance),
            champions=self._add(np.isfinite(plays.champion), kind=champion, kinds=CHAMPIONS),
            hours=self._add(timed, kind=hour, kinds=HOURS),
            partner_games=self._add(plays.with_partner),
            partner_wins=self._add(plays.with_partner, plays.win),
            partner_rated=self._add(both),
            partner_above=self._add(both, plays.partner_above - plays.performance),
        )

    def _add(self, which: Bools, values: Floats | None = None, *, kind: Ints | None = None, kinds: int = 1) -> Floats:
        place = self.place if kind is None else self.place * kinds + kind
        return counted(place, which, (self.players, SEGMENTS, *([kinds] if kind is not None else [])), values)


def counted(place: Ints, which: Bools, shape: tuple[int, ...], values: Floats | None = None) -> Floats:
    """How many of `which` fall on each place of an array of this shape, or the sum of their values."""
    weights = which.astype(np.float64) if values is None else np.where(which, values, 0.0)
    total = np.bincount(place.ravel(), weights.ravel(), minlength=math.prod(shape))
    return total.astype(np.float64, copy=False).reshape(shape)


def begins_session(plays: Plays) -> Bools:
    """Games that begin a sitting: time of day is chosen once a sitting, not once a game."""
    waited = np.diff(plays.at_s, axis=1, prepend=-np.inf)
    return np.isfinite(plays.at_s) & ~(waited < SAME_SITTING_S)


def hours_of(plays: Plays) -> Ints:
    """The part of the day of each game; 0 where the time is unknown."""
    return np.nan_to_num(plays.at_s).astype(np.intp) // PART_OF_DAY_S % HOURS
