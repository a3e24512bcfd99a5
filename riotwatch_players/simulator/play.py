"""How somebody plays one match: rates that depend on role, on skill against the lobby, and on the result.

`performance` is the one place that decides how well somebody does; `scoreboard` turns ten of them into numbers
that agree with each other.
"""

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from riotwatch_players.simulator.people import Person
from riotwatch_players.simulator.queues import Queue


@dataclass(frozen=True, slots=True)
class Player:
    """One person's part in a match."""

    person: Person
    role: str
    """teamPosition, or "" where the queue has no roles."""
    gap: float
    """Skill of whoever plays, above the lobby's mean, in tiers."""
    skill: float
    won: bool


@dataclass(frozen=True, slots=True)
class Game:
    """What all players of a match share."""

    queue: Queue
    minutes: float


@dataclass(frozen=True, slots=True)
class Performance:
    """One person's rates in one match."""

    fight: float
    """Weight when the team's kills are shared out."""
    fragility: float
    """Weight when the team's deaths are shared out."""
    presence: float
    """Share of the team's kills taken part in."""
    cs_per_minute: float
    damage: float
    """Weight when the team's damage to champions is shared out."""
    vision_per_hour: float


@dataclass(frozen=True, slots=True)
class _Habit:
    """A role's usual rates."""

    fight: float
    fragility: float
    presence: float
    cs_per_minute: float
    damage: float
    vision_per_hour: float


_HABITS: Final = {
    "TOP": _Habit(0.20, 0.21, 0.42, 5.33, 0.219, 35),
    "JUNGLE": _Habit(0.22, 0.19, 0.50, 4.83, 0.209, 41),
    "MIDDLE": _Habit(0.24, 0.20, 0.49, 5.17, 0.236, 37),
    "BOTTOM": _Habit(0.25, 0.20, 0.49, 5.47, 0.230, 34),
    "UTILITY": _Habit(0.09, 0.20, 0.50, 1.50, 0.154, 61),
    "": _Habit(0.20, 0.20, 0.60, 1.90, 0.200, 0),
}
_SHIFT_PER_TIER: Final = 0.16
"""How far a tier of skill above the lobby moves a rate, in standard deviations of a single game."""
_RESULT_SHIFT: Final = 0.35
_CS_PER_MINUTE_PER_TIER: Final = 0.18
_MEAN_TIER: Final = 3.6


def performance(player: Player, game: Game, rng: Random) -> Performance:
    """How this person plays this match; nothing here knows the other nine but through `player.gap`."""
    habit = _HABITS[player.role]
    form = rng.gauss(0.0, 0.6)
    better = player.gap * _SHIFT_PER_TIER * 2
    result = _RESULT_SHIFT if player.won else -_RESULT_SHIFT
    level = better + form + result
    farm = habit.cs_per_minute + _CS_PER_MINUTE_PER_TIER * (player.skill - _MEAN_TIER) * (habit.cs_per_minute / 5)
    vision = habit.vision_per_hour * (1 + 0.03 * (player.skill - _MEAN_TIER))
    return Performance(
        fight=habit.fight * math.exp(0.40 * (better + form) + rng.gauss(0, 0.35)),
        fragility=habit.fragility * math.exp(-0.25 * (better + form) + rng.gauss(0, 0.3)),
        presence=min(max(habit.presence + 0.03 * level + rng.gauss(0, 0.09), 0.1), 0.95),
        cs_per_minute=max(0.2, farm * math.exp(0.06 * level + rng.gauss(0, 0.13))),
        damage=habit.damage * math.exp(0.18 * (better + form) + rng.gauss(0, 0.22)),
        vision_per_hour=max(0.0, vision * math.exp(0.05 * level + rng.gauss(0, 0.25))),
    )
