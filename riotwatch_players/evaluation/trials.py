"""Simulated ladders as histories, with what is true of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riotwatch_players.detection.history import GAME_FIELDS, SCORE_FIELDS, Bools, Floats, History, Rank
from riotwatch_players.simulator.ladders.ladder import Drawn, draw
from riotwatch_players.simulator.ladders.lines import FIELDS
from riotwatch_players.simulator.ladders.worlds import World


@dataclass(frozen=True, slots=True)
class Trial:
    """Some accounts after a number of games: what a detector is shown, and the truth."""

    histories: Sequence[History]
    kind: npt.NDArray[np.str_]
    is_smurf: Bools
    is_boosted: Bools


def trials(world: World, *, accounts: int, seed: int, windows: Sequence[int]) -> Iterator[dict[int, Trial]]:
    """The same accounts after each number of games, in parts of a ladder."""
    for drawn in draw(world, accounts=accounts, seed=seed):
        games, teammates = arrays(drawn)
        yield {window: _trial(drawn, games, teammates, window) for window in windows}


def arrays(drawn: Drawn) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Account x game x GAME_FIELDS, and account x game x teammate x SCORE_FIELDS."""
    habits = drawn.habits
    own = {name: drawn.own[..., place] for place, name in enumerate(FIELDS)} | {
        "position": habits.role,
        "at": habits.started_at_s,
        "duration_s": habits.duration_s,
        "win": drawn.careers.won,
        "champion_id": habits.champion,
    }
    others = {name: drawn.others[..., place] for place, name in enumerate(FIELDS)} | {"position": habits.teammate_roles}
    games = np.stack([own[name].astype(np.float64) for name in GAME_FIELDS], axis=-1)
    return games, np.stack([others[name].astype(np.float32) for name in SCORE_FIELDS], axis=-1)


def _trial(drawn: Drawn, games: Floats, teammates: npt.NDArray[np.float32], window: int) -> Trial:
    histories = [
        History(
            games=games[account, :window],
            teammates=teammates[account, :window],
            accounts=drawn.habits.teammates[account, :window],
            level=float(drawn.accounts.level[account]),
            ranks=_ranks(drawn, account, window),
        )
        for account in range(len(games))
    ]
    return Trial(histories, drawn.accounts.kind, drawn.is_smurf(window), drawn.is_boosted(window))


def _ranks(drawn: Drawn, account: int, window: int) -> tuple[Rank, ...]:
    at_s = drawn.habits.started_at_s[account]
    return tuple(
        Rank(
            at_s=float(at_s[max(one.after_games - 1, 0)]) + (3_600.0 if one.after_games else -3_600.0),
            tier=one.tier,
            division=one.division,
            league_points=one.league_points,
            wins=one.wins,
            losses=one.losses,
        )
        for one in drawn.standings(account, window)
    )
