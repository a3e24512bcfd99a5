"""Who is put into a match with whom, and who plays where."""

from collections.abc import Sequence
from random import Random
from typing import Final

from riotwatch_players.simulator.accounts import Account
from riotwatch_players.simulator.champions import ROLES

_TRIES: Final = 160
_SPREAD_SHARE: Final = 0.07
"""Standard deviation of the distance on the ladder, as a share of it: strangers meet, yet lobbies stay even."""
_LEAST_SPREAD: Final = 8.0
_EVEN_TEAMS_SHARE: Final = 0.8


def gather(
    ladder: Sequence[Account], anchor: Account, *, size: int, start_ms: int, hour: int, rng: Random
) -> list[Account] | None:
    """The anchor and people of about the same rating who are free and willing; None when too few are."""
    found = [anchor]
    spread = max(_LEAST_SPREAD, len(ladder) * _SPREAD_SHARE)
    last, near, roll = len(ladder) - 1, rng.gauss, rng.random
    for _ in range(_TRIES):
        position = anchor.position + round(near(0.0, spread))
        if not 0 <= position <= last:
            continue
        account = ladder[position]
        if account.free_at_ms > start_ms or start_ms >= account.leaves_at_ms or account in found:
            continue
        if roll() < account.willing[hour]:
            found.append(account)
            if len(found) == size:
                return found
    return None


def seat(people: list[Account], rng: Random) -> list[Account]:
    """Five blue and five red, each five in role order; people play their first role where there is room."""
    rng.shuffle(people)
    pairs: dict[str, list[Account]] = {role: [] for role in ROLES}
    waiting = _place(people, pairs, second=False)
    waiting = _place(waiting, pairs, second=True)
    for account in waiting:
        next(pair for pair in pairs.values() if len(pair) < 2).append(account)
    return _sides(list(pairs.values()), rng)


def _place(people: list[Account], pairs: dict[str, list[Account]], *, second: bool) -> list[Account]:
    left: list[Account] = []
    for account in people:
        pair = pairs[account.person.second_role if second else account.person.role]
        (pair if len(pair) < 2 else left).append(account)
    return left


def _sides(pairs: list[list[Account]], rng: Random) -> list[Account]:
    lead = 0.0
    blue, red = [], []
    for one, other in pairs:
        gap = one.rating - other.rating
        even = (gap > 0) != (lead > 0)
        if even != (rng.random() < _EVEN_TEAMS_SHARE):
            one, other, gap = other, one, -gap
        lead += gap
        blue.append(one)
        red.append(other)
    return blue + red
