"""A ladder: accounts with their games, figures and standings, and the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from riotwatch_players.simulator.ladder import APEX, POINTS_PER_TIER, Ladder
from riotwatch_players.simulator.ladders.accounts import Accounts, Bools, draw_accounts
from riotwatch_players.simulator.ladders.careers import PLACEMENT_GAMES, Careers, play
from riotwatch_players.simulator.ladders.habits import Habits, draw_habits
from riotwatch_players.simulator.ladders.lines import Line, draw_lines
from riotwatch_players.simulator.ladders.worlds import World

GAMES: Final = 100
ACCOUNTS_AT_ONCE: Final = 1_000
"""Drawn together; some 150 MB."""

ABNORMAL_GAP_TIERS: Final = 0.75
SECOND_OPERATOR_SHARE: Final = (0.12, 0.88)
PARTNER_SHARE: Final = 0.30

_NO_RANK, _NEWEST_RANK_ONLY = 0.15, 0.50
_READINGS_EVERY: Final = (8, 26)
"""Games between two standings that are known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What league-v4 tells after a number of games."""

    after_games: int
    tier: str
    division: str | None
    league_points: int
    wins: int
    losses: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some accounts of a ladder; arrays by account, game and teammate."""

    accounts: Accounts
    careers: Careers
    habits: Habits
    own: Line
    """Account x game x lines.FIELDS."""
    others: Line
    """Account x game x teammate x lines.FIELDS."""
    reads: npt.NDArray[np.intp]
    """By account: games between known standings; 0 = only the newest is known, -1 = none is."""

    def is_smurf(self, games: int) -> Bools:
        """Whether it shows in the first so many games: somebody plays at least .75 tier above the lobby on average."""
        gap = self.careers.gap(self.accounts.skill)[:, :games].mean(axis=1)
        return np.asarray(np.char.startswith(self.accounts.kind, "smurf") & (gap >= ABNORMAL_GAP_TIERS))

    def is_boosted(self, games: int) -> Bools:
        """Whether it shows in the first so many games: two people played, or a booster stood beside."""
        second = self.accounts.second_operator[:, :games].mean(axis=1)
        least, most = SECOND_OPERATOR_SHARE
        carried = self.accounts.is_one_of("boost_duo")
        beside = carried & (self.accounts.with_partner[:, :games].mean(axis=1) > PARTNER_SHARE)
        return np.asarray(((second >= least) & (second <= most)) | beside)

    def standings(self, account: int, games: int) -> list[Standing]:
        """The standings that are known after so many games, oldest first."""
        every = self.reads[account]
        if every < 0:
            return []
        known = [games] if every == 0 else [*range(0, games - 4, every), games]
        found = [self._standing(account, after) for after in known]
        return [one for one in found if one.wins + one.losses >= PLACEMENT_GAMES]

    def _standing(self, account: int, after: int) -> Standing:
        careers = self.careers
        points = round(careers.height[account, after] * POINTS_PER_TIER)
        tier, division, league_points = Ladder(points).standing()
        return Standing(
            after_games=after,
            tier=tier,
            division=None if points >= APEX else division,
            league_points=league_points,
            wins=int(careers.wins[account, after]),
            losses=int(careers.losses[account, after]),
        )


def draw(world: World, *, accounts: int, seed: int, games: int = GAMES) -> Iterator[Drawn]:
    """The same ladder for the same arguments, in parts of at most ACCOUNTS_AT_ONCE."""
    for part, first in enumerate(range(0, accounts, ACCOUNTS_AT_ONCE)):
        rng = np.random.default_rng([seed, part])
        yield _draw(world, min(ACCOUNTS_AT_ONCE, accounts - first), games, rng)


def _draw(world: World, accounts: int, games: int, rng: np.random.Generator) -> Drawn:
    drawn = draw_accounts(world, accounts=accounts, games=games, rng=rng)
    careers = play(drawn, world, rng)
    habits = draw_habits(drawn, world, rng)
    own, others = draw_lines(drawn, careers, habits, world, rng)
    roll, every = rng.random(accounts), rng.integers(*_READINGS_EVERY, accounts)
    newest_only = (roll < _NEWEST_RANK_ONLY) | (not world.rank_history)
    reads = np.where(roll < _NO_RANK, -1, np.where(newest_only, 0, every))
    return Drawn(drawn, careers, habits, own, others, reads)
