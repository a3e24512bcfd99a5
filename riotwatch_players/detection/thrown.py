"""Games that look thrown: runs of losses played far below oneself, as when somebody drops in rank on purpose."""

from dataclasses import dataclass

import numpy as np

from riotwatch_players.detection.history import Bools, Floats
from riotwatch_players.detection.plays import Plays

BELOW = -0.75
"""A lost game counts for a run by how far it lies below this, and against it by how far above, in SDs of games."""
WON_GAME_ENDS = -1.5
RUNS = 2
NOTABLE_DEPTH = 2.0
"""From here on the rest of the games is looked at by itself."""
PRIOR_GAMES = 12
LEAST_BESIDE = 8


@dataclass(frozen=True, slots=True)
class Thrown:
    """By player."""

    depth: Floats
    """How far the deepest runs lie below what a bad evening explains, summed over their games; at least 0."""
    games: Floats
    strength_beside: Floats
    """Wins and performance in all other games, as one z, where the runs are notable; else 0."""


def thrown_of(plays: Plays) -> Thrown:
    """Look for the deepest runs of every player."""
    lost = plays.win == 0
    rated = np.isfinite(plays.performance)
    credit = np.where(lost & rated, BELOW - np.nan_to_num(plays.performance), WON_GAME_ENDS)
    credit[~plays.played] = 0.0
    left, depth, inside = credit.copy(), np.zeros(len(credit)), np.zeros(credit.shape, dtype=bool)
    for _ in range(RUNS):
        deepest, run = _deepest(left)
        depth += deepest
        inside |= run
        left[run] = WON_GAME_ENDS
    beside = plays.played & rated & ~inside
    n = beside.sum(axis=1)
    wins = (np.where(beside, plays.win, 0.0).sum(axis=1) - n / 2) / np.sqrt(np.maximum(n, 1) / 4)
    mean = np.where(beside, plays.performance, 0.0).sum(axis=1) / (n + PRIOR_GAMES)
    notable = (depth >= NOTABLE_DEPTH) & (n >= LEAST_BESIDE)
    return Thrown(
        depth=np.sqrt(depth),
        games=inside.sum(axis=1).astype(np.float64),
        strength_beside=np.where(notable, np.maximum(wins + mean / 0.15, 0.0), 0.0),
    )


def _deepest(credit: Floats) -> tuple[Floats, Bools]:
    """The stretch with the largest sum in each row, and which games it holds."""
    players, games = credit.shape
    running, begin = np.zeros(players), np.zeros(players, dtype=np.intp)
    best, first, last = np.zeros(players), np.zeros(players, dtype=np.intp), np.full(players, -1)
    for game in range(games):
        fresh = running <= 0
        begin = np.where(fresh, game, begin)
        running = np.where(fresh, 0.0, running) + credit[:, game]
        better = running > best
        best = np.where(better, running, best)
        first, last = np.where(better, begin, first), np.where(better, game, last)
    number = np.arange(games)
    return best, (number >= first[:, None]) & (number <= last[:, None])
