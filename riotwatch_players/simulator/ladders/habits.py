"""Who plays what, when and with whom: roles, champions, times of day and teammates' accounts, by game."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from riotwatch_players.simulator.ladders.accounts import Accounts, Bools, Floats, Ints
from riotwatch_players.simulator.ladders.worlds import World

ROLE_COUNT = 5
TEAMMATES = 4
CHAMPIONS_PER_ROLE: Final = 34
BEGAN_AT_S: Final = 1_760_000_000
_DAY_S, _HOUR_S = 86_400, 3600.0
_MAIN_ROLE, _SECOND_ROLE = 0.72, 0.20
_HOUR_SPREAD = 2.5
_POOL_FALLOFF = 0.62
"""Each champion of a pool is picked so much less often than the one before it."""
_ONE_TRICK_FALLOFF = 0.18
_FILLED_SHARE = 0.3
"""Of games off the pool's favorites: whatever is played once."""
_DRIFTS = 0.25
"""Share of ordinary accounts that change their champions at some point, for no reason that matters."""
_BOOSTER_KEEPS_ROLES = 0.2
_STRANGERS: Final = 10_000_000
PARTNER: Final = 1


@dataclass(frozen=True, slots=True)
class Habits:
    """Arrays by account and game."""

    role: Ints
    champion: Ints
    started_at_s: Floats
    duration_s: Floats
    teammates: Ints
    """Account and game x TEAMMATES: numbers of the teammates' accounts within the account's own games; PARTNER is the
    one that comes again."""
    teammate_roles: Ints


def draw_habits(accounts: Accounts, world: World, rng: np.random.Generator) -> Habits:
    """Habits of the owner, and of whoever else plays."""
    owner, other = _person(accounts, rng), _person(accounts, rng)
    anywhere = rng.uniform(0, 24, len(accounts.kind))  # boosters live in any time zone
    alien = accounts.second_operator & (not world.booster_keeps_identity)
    same_role = (
        rng.random(len(accounts.kind)) < _BOOSTER_KEEPS_ROLES
    )  # some boosters play what the account is known for
    other_roles = np.where(same_role[:, None], owner.roles, other.roles)
    role_of_owner = _pick_roles(owner.roles, accounts, rng)
    role_of_other = _pick_roles(other_roles, accounts, rng)
    swapped = _swapped(accounts, rng)
    role_of_owner = np.where(swapped, _pick_roles(other.roles, accounts, rng), role_of_owner)
    role = np.where(alien, role_of_other, role_of_owner)
    drifted = _drifted(accounts, rng) | swapped
    pool = np.where(alien, other.pool[:, None], owner.pool[:, None] + 11 * drifted)
    champion = _champions(pool, role, accounts, rng)
    hour = np.where(alien, anywhere[:, None], owner.hour[:, None])
    duration_s = np.clip(rng.normal(1_720, 360, role.shape), 930, 3_200)
    duration_s = np.where(accounts.throws > 0, np.minimum(duration_s, rng.uniform(930, 1_500, role.shape)), duration_s)
    mates, mate_roles = _teammates(role, accounts, rng)
    return Habits(role, champion, _times(hour, duration_s, accounts, rng), duration_s, mates, mate_roles)


@dataclass(frozen=True, slots=True)
class _Person:
    roles: Ints
    """Account x main, second."""
    pool: Ints
    hour: Floats


def _person(accounts: Accounts, rng: np.random.Generator) -> _Person:
    size = len(accounts.kind)
    main = rng.integers(ROLE_COUNT, size=size)
    second = (main + rng.integers(1, ROLE_COUNT, size=size)) % ROLE_COUNT
    return _Person(np.stack([main, second], axis=1), rng.integers(0, 10_000, size), rng.normal(19.5, 3.5, size))


def _pick_roles(roles: Ints, accounts: Accounts, rng: np.random.Generator) -> Ints:
    shape = accounts.skill.shape
    roll = rng.random(shape)
    main, second = roles[:, :1], roles[:, 1:]
    anything = rng.integers(ROLE_COUNT, size=shape)
    return np.where(roll < _MAIN_ROLE, main, np.where(roll < _MAIN_ROLE + _SECOND_ROLE, second, anything))


def _swapped(accounts: Accounts, rng: np.random.Generator) -> Bools:
    size, games = accounts.skill.shape
    since = rng.integers(8, games - 8, size)
    return np.asarray(accounts.is_one_of("role_swap")[:, None] & (np.arange(games) >= since[:, None]))


def _drifted(accounts: Accounts, rng: np.random.Generator) -> Bools:
    size, games = accounts.skill.shape
    since = np.where(rng.random(size) < _DRIFTS, rng.integers(5, games, size), games)
    return np.asarray(np.arange(games) >= since[:, None])


def _champions(pool: Ints, role: Ints, accounts: Accounts, rng: np.random.Generator) -> Ints:
    falloff = np.where(accounts.is_one_of("one_trick"), _ONE_TRICK_FALLOFF, _POOL_FALLOFF)[:, None]
    place = np.floor(np.log(1 - rng.random(role.shape)) / np.log(falloff)).astype(np.intp)
    filled = (rng.random(role.shape) < _FILLED_SHARE) & (place > 2)
    place = np.where(filled, rng.integers(CHAMPIONS_PER_ROLE, size=role.shape), place)
    return 1 + role * CHAMPIONS_PER_ROLE + (pool * 7 + place * 5 + role * 3) % CHAMPIONS_PER_ROLE


def _times(hour: Floats, duration_s: Floats, accounts: Accounts, rng: np.random.Generator) -> Floats:
    """One sitting a day at most; within it the next game follows after some minutes."""
    shape = hour.shape
    days = np.where(accounts.new_session, 1 + np.floor(rng.exponential(0.8, shape)) + accounts.pause_days, 0.0)
    of_session = np.floor(days.cumsum(axis=1)) * _DAY_S
    start_hour = hour + rng.normal(0, _HOUR_SPREAD, shape)
    session = np.cumsum(accounts.new_session, axis=1) - 1
    start = np.take_along_axis(start_hour, _first_of(session), axis=1) * _HOUR_S
    length = duration_s + rng.uniform(120, 1_200, shape)
    before = np.cumsum(length, axis=1) - length
    elapsed = before - np.take_along_axis(before, _first_of(session), axis=1)
    return np.asarray(np.floor(BEGAN_AT_S + of_session + start + elapsed))


def _first_of(session: Ints) -> Ints:
    """For each game, the number of the first game of its session."""
    games = np.arange(session.shape[1])
    begins = np.diff(session, axis=1, prepend=-1) > 0
    return np.maximum.accumulate(np.where(begins, games, 0), axis=1)


def _teammates(role: Ints, accounts: Accounts, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The four other roles in a random order; the partner, where there is one, stands first."""
    size, games = role.shape
    shift = rng.permuted(np.tile(np.arange(1, ROLE_COUNT), (size * games, 1)), axis=1).reshape(size, games, TEAMMATES)
    roles = (role[..., None] + shift) % ROLE_COUNT
    strangers = np.arange(games * TEAMMATES).reshape(games, TEAMMATES) + 2 + _STRANGERS
    mates = np.broadcast_to(strangers, (size, games, TEAMMATES)).copy()
    mates[..., 0] = np.where(accounts.with_partner, PARTNER, mates[..., 0])
    return mates, roles
