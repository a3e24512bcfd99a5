"""The figures of a game: what the scoreboard says of the account and of its four teammates.

Role medians are those of 649 rows of champion and role over all tiers; the slope by tier is that of 415,860 ranked
games; lasting differences between players are those of two silver leagues. How far a stronger player stands out (SHIFT)
is assumed.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from riotwatch_players.simulator.ladders.accounts import Accounts
from riotwatch_players.simulator.ladders.careers import Careers
from riotwatch_players.simulator.ladders.habits import TEAMMATES, Habits
from riotwatch_players.simulator.ladders.worlds import World

Line = npt.NDArray[np.float32]
FIELDS: Final = ("kills", "deaths", "assists", "cs", "gold", "damage_share", "vision", "kill_participation")
_METRICS: Final = ("kda", "cs", "gold", "damage", "vision", "participation")
SHIFT: Final = np.array([0.17, 0.15, 0.18, 0.17, 0.14, 0.14], dtype=np.float32)
"""Standard deviations of single games per tier above the lobby, given the result."""
_STYLE_SD: Final = np.array([0.25, 0.50, 0.35, 0.50, 0.50, 0.33], dtype=np.float32)
_COMMON: Final = 0.55
"""How much of a game's good or bad day all figures share."""
_LOBBY_SD: Final = 0.3
"""What all ten of a match share: pace, patch."""
_TEAMMATE_SKILL_SD: Final = 0.6
_THROWN_SHIFT: Final = -1.0
_NEW_CHAMPION_SHIFT: Final = -0.15
_MASTERY_SD: Final = 0.15
"""How far somebody is better on some champions than on others."""
_MASTERED: Final = 61

# fmt: off
_MEDIANS: Final = np.array([  # log((K+A+1)/(D+1)), cs/min, gold/min, damage share, vision/min, kill participation
    (0.79, 5.33, 352.0, 0.219, 0.58, 0.405),  # TOP
    (0.90, 4.83, 358.0, 0.209, 0.68, 0.471),  # JUNGLE
    (0.92, 5.17, 360.0, 0.236, 0.62, 0.477),  # MIDDLE
    (0.98, 5.47, 385.0, 0.230, 0.57, 0.484),  # BOTTOM
    (0.80, 1.89, 280.0, 0.154, 1.02, 0.452),  # UTILITY
], dtype=np.float32)
_SPREADS: Final = np.array([
    (0.64, 0.16, 0.15, 0.060, 0.32, 0.15),
    (0.58, 0.15, 0.14, 0.055, 0.30, 0.14),
    (0.62, 0.16, 0.14, 0.060, 0.33, 0.15),
    (0.60, 0.14, 0.15, 0.062, 0.33, 0.15),
    (0.58, 0.30, 0.12, 0.042, 0.25, 0.14),
], dtype=np.float32)
# fmt: on
_HALF_OF_THE_RESULT: Final = np.array([0.50, 0.03, 0.09, 0.0, 0.04, 0.012], dtype=np.float32)
_CS_PER_TIER, _GOLD_PER_TIER = 0.22, 3.5
_KILLS_SHARE: Final = np.array([0.50, 0.45, 0.50, 0.50, 0.15], dtype=np.float32)
"""Of kills and assists."""


def draw_lines(
    accounts: Accounts, careers: Careers, habits: Habits, world: World, rng: np.random.Generator
) -> tuple[Line, Line]:
    """FIELDS along the last axis: the accounts' own (account x game) and the teammates' (account x game x mate)."""
    size, games = habits.role.shape
    roles = np.concatenate([habits.role[..., None], habits.teammate_roles], axis=-1)
    z = _noise((size, games, TEAMMATES + 1), rng)
    z += _LOBBY_SD * rng.standard_normal((size, games, 1, len(_METRICS)), dtype=np.float32)
    z[:, :, 0] += _own(accounts, careers, habits, world, rng)
    z[:, :, 1:] += _others(accounts, careers, world, rng)
    lines = _figures(z, roles, careers, habits, rng)
    return lines[:, :, 0], lines[:, :, 1:]


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Line:
    common = rng.standard_normal((*shape, 1), dtype=np.float32)
    single = rng.standard_normal((*shape, len(_METRICS)), dtype=np.float32)
    return np.asarray(_COMMON * common + np.float32(np.sqrt(1 - _COMMON**2)) * single)


def _style(shape: tuple[int, ...], rng: np.random.Generator) -> Line:
    return np.asarray(_STYLE_SD * rng.standard_normal((*shape, len(_METRICS)), dtype=np.float32))


def _own(
    accounts: Accounts, careers: Careers, habits: Habits, world: World, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    size = len(habits.role)
    above = careers.gap(accounts.skill) + careers.form
    shift = (SHIFT * world.statistic_shift) * above[..., None].astype(np.float32)
    shift += _THROWN_SHIFT * world.statistic_shift * accounts.throws[..., None]
    mastery = _MASTERY_SD * rng.standard_normal((size, _MASTERED, 1), dtype=np.float32)
    shift += np.take_along_axis(mastery, (habits.champion % _MASTERED)[..., None], axis=1)
    shift += _NEW_CHAMPION_SHIFT * (_times_seen(habits.champion) < 2)[..., None]
    owner, other = _style((size, 1), rng), _style((size, 1), rng)
    trick = 0.15 * accounts.is_one_of("one_trick")[:, None, None]
    return np.asarray(shift + np.where(accounts.second_operator[..., None], other, owner + trick), dtype=np.float32)


def _times_seen(champion: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """How often the account played the champion of each game before it."""
    order = np.argsort(champion, axis=1, kind="stable")
    ordered = np.take_along_axis(champion, order, axis=1)
    place = np.broadcast_to(np.arange(champion.shape[1]), champion.shape)
    first = np.where(np.diff(ordered, axis=1, prepend=-1) != 0, place, 0)
    seen = np.empty_like(champion)
    np.put_along_axis(seen, order, place - np.maximum.accumulate(first, axis=1), axis=1)
    return seen


def _others(accounts: Accounts, careers: Careers, world: World, rng: np.random.Generator) -> Line:
    size, games = accounts.skill.shape
    skill = _TEAMMATE_SKILL_SD * rng.standard_normal((size, games, TEAMMATES, 1), dtype=np.float32)
    others = SHIFT * world.statistic_shift * skill + _style((size, games, TEAMMATES), rng)
    above = (accounts.partner_skill[:, None] - careers.rating).astype(np.float32)
    partner = (SHIFT * world.statistic_shift) * above[..., None] + _style((size, 1), rng)
    others[:, :, 0] = np.where(accounts.with_partner[..., None], partner, others[:, :, 0])
    return np.asarray(others)


def _figures(z: Line, roles: npt.NDArray[np.intp], careers: Careers, habits: Habits, rng: np.random.Generator) -> Line:
    centers = _MEDIANS[roles]
    above_gold = (careers.rating - 3.5).astype(np.float32)[..., None]
    centers[..., 1] += _CS_PER_TIER * above_gold * (roles != 4)
    centers[..., 2] += _GOLD_PER_TIER * above_gold
    result = np.where(careers.won, 1, -1).astype(np.float32)[..., None, None]
    for metric in (1, 2, 4):
        centers[..., metric] = np.log(np.maximum(centers[..., metric], 0.3))
    value = centers + _HALF_OF_THE_RESULT * result + _SPREADS[roles] * z
    minutes = (habits.duration_s / 60).astype(np.float32)[..., None]
    kills_share = np.clip(_KILLS_SHARE[roles] + 0.1 * rng.standard_normal(roles.shape, dtype=np.float32), 0, 1)
    volume = np.log(6.5) + 0.35 * rng.standard_normal(roles.shape, dtype=np.float32)
    scored = np.maximum(np.rint(np.exp(volume + value[..., 0] / 2)) - 1, 0)
    kills = np.rint(scored * kills_share)
    damage = np.maximum(value[..., 3], 0.02)
    damage /= damage.sum(axis=-1, keepdims=True)
    lines = (
        kills,
        np.maximum(np.rint(np.exp(volume - value[..., 0] / 2)) - 1, 0),
        scored - kills,
        np.rint(np.exp(value[..., 1]) * minutes),
        np.rint(np.exp(value[..., 2]) * minutes),
        damage,
        np.rint(np.exp(value[..., 4]) * minutes),
        np.clip(value[..., 5], 0, 1),
    )
    return np.stack(lines, axis=-1).astype(np.float32)
