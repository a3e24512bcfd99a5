"""The accounts of a ladder: what each one is, and how strong who plays on it is, game by game."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from riotwatch_players.simulator.ladders.worlds import World

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]

SHARES: Final = {
    "normal": 0.499,
    # Ordinary, but easily mistaken.
    "one_trick": 0.08,
    "improver": 0.04,
    "returning": 0.05,
    "new_legit": 0.06,
    "alt_fair": 0.04,
    "role_swap": 0.04,
    "duo_friend": 0.06,
    "tilter": 0.04,
    # 5.7 %
    "smurf_fresh": 0.030,
    "smurf_bought": 0.017,
    "smurf_derank": 0.010,
    # 3.4 %
    "boost_seq": 0.010,
    "boost_alt": 0.007,
    "boost_duo": 0.017,
}
CLASSES: Final = tuple(SHARES)
NEW: Final = ("new_legit", "alt_fair", "smurf_fresh")

_MEAN_SKILL, _SKILL_SD, _LEAST_SKILL, _MOST_SKILL = 3.6, 1.45, 0.3, 8.8
_STATIONARY_GAP_SD = 0.30
"""How far matchmaking is off for a settled account: rating follows results, and results are half luck."""
_FIRST_LEVEL = 30
_MEDIAN_LEVELS_BEYOND = 140.0
_BOOSTER_GAP = (1.8, 3.5)
_GAMES_PER_SESSION = 3.0
_THROWING_STREAKS = 4
"""In a hundred games."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Arrays by account, or by account and game."""

    kind: npt.NDArray[np.str_]
    level: Ints
    rating: Floats
    """Where matchmaking has the account when the games begin."""
    prior_games: Ints
    """Ranked games before those."""
    skill: Floats
    """By game: of whoever plays."""
    form_sd: Floats
    """Of a session, in tiers."""
    second_operator: Bools
    """By game: not the owner plays."""
    throws: Floats
    """By game: how openly it is lost on purpose; 0 = it is not."""
    with_partner: Bools
    """By game: the same teammate again."""
    partner_skill: Floats
    new_session: Bools
    """By game: the first of a sitting."""
    pause_days: Floats
    """By game: days without a game before it, beyond the usual."""

    def is_one_of(self, *kinds: str) -> Bools:
        """Which accounts are of these classes."""
        return np.isin(self.kind, kinds)


def draw_accounts(world: World, *, accounts: int, games: int, rng: np.random.Generator) -> Accounts:
    """Accounts in the shares of SHARES, or all normal."""
    shares = list(SHARES.values())
    kind = np.array(CLASSES)[rng.choice(len(CLASSES), accounts, p=np.array(shares) / sum(shares))]
    if world.all_normal:
        kind = np.full(accounts, "normal")
    return _Draw(world, kind, games, rng).accounts()


@dataclass(slots=True)
class _Draw:
    world: World
    kind: npt.NDArray[np.str_]
    games: int
    rng: np.random.Generator

    def accounts(self) -> Accounts:
        rng, size = self.rng, len(self.kind)
        owner = self._owner_skill()
        rating = self._rating(owner)
        new_session = rng.random((size, self.games)) < 1 / _GAMES_PER_SESSION
        new_session[:, 0] = True
        second = self._second_operator(new_session)
        pause_days, rust = self._breaks()
        booster = rating + rng.uniform(*_BOOSTER_GAP, size)
        skill = np.where(second, booster[:, None], owner[:, None] + self._growth() - rust)
        with_partner, partner_skill = self._partners(rating, new_session)
        return Accounts(
            kind=self.kind,
            level=self._level(),
            rating=rating,
            prior_games=self._prior_games(),
            skill=skill,
            form_sd=np.where(self._is("tilter"), 0.9, 0.4),
            second_operator=second,
            throws=self._throws(),
            with_partner=with_partner,
            partner_skill=partner_skill,
            new_session=new_session,
            pause_days=pause_days,
        )

    def _is(self, *kinds: str) -> Bools:
        return np.isin(self.kind, kinds)

    def _owner_skill(self) -> Floats:
        rng, size = self.rng, len(self.kind)
        skill = np.clip(rng.normal(_MEAN_SKILL, _SKILL_SD, size), _LEAST_SKILL, _MOST_SKILL)
        newcomers = np.clip(rng.normal(2.0, 0.9, size), _LEAST_SKILL, 5.0)
        alternates = np.clip(rng.normal(4.6, 1.2, size), 1.5, _MOST_SKILL)
        return np.select([self._is("new_legit"), self._is("alt_fair")], [newcomers, alternates], skill)

    def _rating(self, owner: Floats) -> Floats:
        """Smurfs' owners are moved above their rating, not the other way round: their ratings are anybody's."""
        rng, size = self.rng, len(self.kind)
        gap = rng.normal(0, _STATIONARY_GAP_SD, size)
        gap = np.where(self._is("new_legit"), rng.normal(-0.3, 0.5, size), gap)
        gap = np.where(self._is("alt_fair"), np.clip(rng.normal(0.25, 0.25, size), -0.2, 0.6), gap)
        smurf = np.char.startswith(self.kind, "smurf")
        low = np.clip(rng.normal(2.9, 0.9, size), 1.0, 5.0)
        rating = np.where(smurf, np.minimum(owner, low), owner - gap)
        above = rng.uniform(*self.world.smurf_gap, size)
        owner[smurf] = np.minimum(rating + above, _MOST_SKILL + 1)[smurf]
        return np.maximum(rating, 0.0)

    def _level(self) -> Ints:
        rng, size = self.rng, len(self.kind)
        beyond = rng.lognormal(np.log(_MEDIAN_LEVELS_BEYOND), 0.85, size)
        young = {"new_legit": (1.0, 15.0), "alt_fair": (1.0, 25.0)}
        if self.world.young_smurfs:
            young |= {"smurf_fresh": (1.0, 10.0), "smurf_bought": (0.6, 12.0), "smurf_derank": (0.4, 40.0)}
        for kind, (share, mean) in young.items():
            chosen = self._is(kind) & (rng.random(size) < share)
            beyond = np.where(chosen, rng.exponential(mean, size), beyond)
        return (_FIRST_LEVEL + beyond).astype(np.intp)

    def _prior_games(self) -> Ints:
        rng, size = self.rng, len(self.kind)
        settled = 60 + rng.exponential(150, size)
        return np.where(self._is(*NEW), rng.integers(0, 25, size), settled).astype(np.intp)

    def _growth(self) -> Floats:
        """Skill gained since the first game."""
        rng, size = self.rng, len(self.kind)
        per_game = np.where(self._is("improver"), rng.uniform(0.006, 0.016, size), 0.0)
        per_game = np.where(self._is("new_legit"), rng.uniform(0.0, 0.008, size), per_game)
        return per_game[:, None] * np.arange(self.games)

    def _breaks(self) -> tuple[Floats, Floats]:
        """Days of pause before each game, and skill lost to them that comes back over some thirty games."""
        rng, size = self.rng, len(self.kind)
        number = np.arange(self.games)
        returned = rng.integers(-20, 50, size)
        since = number - returned[:, None]
        rust = rng.uniform(0.3, 0.9, size)[:, None] * np.exp(-np.maximum(since, 0) / 15) * (since >= 0)
        long = self._is("returning")[:, None] & (since == 0)
        short = rng.random((size, self.games)) < 0.01
        days = np.where(long, rng.uniform(60, 400, size)[:, None], np.where(short, rng.uniform(5, 40, (size, 1)), 0.0))
        return days, np.where(self._is("returning")[:, None], rust, 0.0)

    def _second_operator(self, new_session: Bools) -> Bools:
        rng, size = self.rng, len(self.kind)
        phase = self._phase(share=(0.15, 0.60))
        session = np.cumsum(new_session, axis=1) - 1
        turns = rng.random((size, self.games)) < rng.uniform(0.3, 0.6, size)[:, None]
        alternating = np.take_along_axis(turns, session, axis=1)
        sequential, turn = self._is("boost_seq")[:, None], self._is("boost_alt")[:, None]
        return (sequential & phase) | (turn & alternating)

    def _throws(self) -> Floats:
        """A streak of losing on purpose now and then, more or less openly."""
        rng, size = self.rng, len(self.kind)
        streaks = np.zeros((size, self.games), dtype=bool)
        number = np.arange(self.games)
        for _ in range(max(1, self.games * _THROWING_STREAKS // 100)):
            start = rng.integers(-4, self.games, size)[:, None]
            length = rng.integers(3, 9, size)[:, None]
            streaks |= (number >= start) & (number < start + length)
        openly = rng.uniform(0.5, 2.0, size)[:, None]
        return streaks * openly * self._is("smurf_derank")[:, None]

    def _partners(self, rating: Floats, new_session: Bools) -> tuple[Bools, Floats]:
        rng, size = self.rng, len(self.kind)
        casual = np.where(rng.random(size) < 0.25, rng.uniform(0.05, 0.25, size), 0.0)
        share = np.where(self._is("duo_friend"), rng.uniform(0.3, 0.7, size), casual)
        carried = self._is("boost_duo")
        share = np.where(carried, rng.uniform(0.5, 0.9, size), share)
        gap = np.where(carried, rng.uniform(*_BOOSTER_GAP, size), rng.normal(0.1, 0.5, size))
        session = np.cumsum(new_session, axis=1) - 1
        together = np.take_along_axis(rng.random((size, self.games)) < share[:, None], session, axis=1)
        phase = self._phase(share=(0.5, 1.0)) | ~carried[:, None]
        return together & phase, rating + gap

    def _phase(self, *, share: tuple[float, float]) -> Bools:
        """One stretch of games that takes such a share of all."""
        rng, size = self.rng, len(self.kind)
        length = rng.uniform(*share, size) * self.games
        start = rng.uniform(0, 1, size) * (self.games - length)
        number = np.arange(self.games)
        return (number >= start[:, None]) & (number < (start + length)[:, None])
