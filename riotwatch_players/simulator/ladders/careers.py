"""Results, hidden rating and visible standing, game by game for all accounts at once."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.simulator.ladders.accounts import NEW, Accounts, Bools, Floats, Ints
from riotwatch_players.simulator.ladders.worlds import World

LOG_ODDS_PER_TIER = 0.32
"""Of winning, for one player of five who is a tier above the lobby. Assumed."""
_THROWN_LOG_ODDS = -1.4
"""Where somebody throws a game fully; less in part."""
_SETTLED_STEP = 0.075
"""Tiers that the rating of a settled account moves by an unexpected result. Chosen so that over some 75 games win rates
of settled accounts disperse .87 to .89 times as much as coin flips do, as measured in real leagues."""
_NEW_STEP, _NEW_GAMES = 0.40, 20.0
_FAST_STEP, _FAST_GAMES, _FAST_PULL = 0.30, 8.0, 0.10
"""TrueSkill 2 also reads figures: beside results, the rating moves straight towards the skill while it is young."""
_POINTS_PER_GAME, _POINTS_PULL = 0.05, 0.03
"""In tiers: league points of a usual game, and how strongly the hidden rating pulls the visible standing."""
PLACEMENT_GAMES = 5


@dataclass(frozen=True, slots=True)
class Careers:
    """By account and game, or from before the first game to after the last."""

    won: Bools
    form: Floats
    """Of the session, in tiers."""
    rating: Floats
    """The lobby of each game."""
    height: Floats
    """Visible standing before each game and after the last, in tiers; one column more."""
    wins: Ints
    losses: Ints
    """Of the season, as `height`."""

    def gap(self, skill: Floats) -> Floats:
        """How far who plays is above the lobby."""
        return skill - self.rating


def play(accounts: Accounts, world: World, rng: np.random.Generator) -> Careers:
    """Play all games of all accounts."""
    size, games = accounts.skill.shape
    form = _form(accounts, rng)
    luck = rng.random((size, games))
    won = np.zeros((size, games), dtype=bool)
    rating = np.empty((size, games + 1))
    height = np.empty((size, games + 1))
    rating[:, 0] = accounts.rating
    height[:, 0] = _first_height(accounts, rng)
    for game in range(games):
        now = rating[:, game]
        gap = accounts.skill[:, game] - now
        partner = np.where(accounts.with_partner[:, game], accounts.partner_skill - now, 0.0)
        log_odds = np.where(
            accounts.throws[:, game] > 0,
            _THROWN_LOG_ODDS * accounts.throws[:, game],
            LOG_ODDS_PER_TIER * (gap + form[:, game] + partner),
        )
        won[:, game] = luck[:, game] < 1 / (1 + np.exp(-log_odds))
        surprise = won[:, game] - 0.5
        step, pull = _steps(accounts, world, game)
        rating[:, game + 1] = np.maximum(now + step * surprise + pull * gap, 0.0)
        points = 2 * _POINTS_PER_GAME * surprise + _POINTS_PULL * (now - height[:, game])
        height[:, game + 1] = np.maximum(height[:, game] + points, 0.0)
    wins, losses = _record(accounts, won, rng)
    return Careers(won=won, form=form, rating=rating[:, :-1], height=height, wins=wins, losses=losses)


def _steps(accounts: Accounts, world: World, game: int) -> tuple[Floats, Floats]:
    young = accounts.is_one_of(*NEW)
    played = accounts.prior_games + game
    if world.fast_placement:
        fresh = np.exp(-played / _FAST_GAMES) * young
        return _SETTLED_STEP + (_FAST_STEP - _SETTLED_STEP) * fresh, _FAST_PULL * fresh
    fresh = np.exp(-played / _NEW_GAMES) * young
    return _SETTLED_STEP + (_NEW_STEP - _SETTLED_STEP) * fresh, np.zeros(len(young))


def _form(accounts: Accounts, rng: np.random.Generator) -> Floats:
    drawn = rng.normal(size=accounts.skill.shape) * accounts.form_sd[:, None]
    session = np.cumsum(accounts.new_session, axis=1) - 1
    return np.take_along_axis(drawn, session, axis=1)


def _first_height(accounts: Accounts, rng: np.random.Generator) -> Floats:
    """New accounts are placed below where matchmaking has them; others stand about there."""
    size = len(accounts.kind)
    below = np.where(accounts.is_one_of(*NEW), rng.uniform(0.2, 0.8, size), rng.normal(0, 0.2, size))
    return np.maximum(accounts.rating - below, 0.0)


def _record(accounts: Accounts, won: Bools, rng: np.random.Generator) -> tuple[Ints, Ints]:
    before = rng.binomial(accounts.prior_games, 0.5)
    nothing = np.zeros((len(won), 1), dtype=np.intp)
    wins = before[:, None] + np.hstack([nothing, won.cumsum(axis=1)])
    losses = (accounts.prior_games - before)[:, None] + np.hstack([nothing, (~won).cumsum(axis=1)])
    return wins, losses
