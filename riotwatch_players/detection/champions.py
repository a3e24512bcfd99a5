"""Which champions a player plays most, and when each was new."""

import numpy as np

from riotwatch_players.detection.history import Bools, Floats, Ints

FREQUENT_CHAMPIONS = 7
"""Champions that are told apart; the rest are one kind."""
CHAMPIONS = FREQUENT_CHAMPIONS + 1
FIRST_GAMES_ON_CHAMPION = 2


def champions_of(champions: Floats) -> tuple[Bools, Ints]:
    """Whether a game is among the first two on its champion, and the champion's place by frequency.

    Of players x games; where a champion is unknown (NaN) the place says nothing.
    """
    champion = np.where(np.isfinite(champions), champions, -1).astype(np.int64)
    games = champion.shape[1]
    place = np.broadcast_to(np.arange(games), champion.shape)
    ordered, order = np.divmod(np.sort(champion * games + place, axis=1), games)  # faster than a stable argsort
    begins = np.diff(ordered, axis=1, prepend=-2) != 0
    seen_before = place - np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    ends = np.hstack([begins[:, 1:], np.ones((len(begins), 1), dtype=bool)])
    length = np.where(ends & (ordered >= 0), seen_before + 1, 0)
    kind_number = np.cumsum(begins, axis=1) - 1
    rank_of_kind = _ranks(length, kind_number, ends)
    frequent = np.minimum(np.take_along_axis(rank_of_kind, kind_number, axis=1), FREQUENT_CHAMPIONS)
    first = np.empty(champion.shape, dtype=bool)
    kinds = np.empty(champion.shape, dtype=np.intp)
    np.put_along_axis(first, order, (seen_before < FIRST_GAMES_ON_CHAMPION) & (ordered >= 0), axis=1)
    np.put_along_axis(kinds, order, frequent, axis=1)
    return first, kinds


def _ranks(length: Ints, kind_number: Ints, ends: Bools) -> Ints:
    """By kind number: its place when kinds are ordered by how often they occur."""
    by_kind = np.zeros(length.shape, dtype=np.intp)
    rows = np.broadcast_to(np.arange(len(length))[:, None], length.shape)
    by_kind[rows[ends], kind_number[ends]] = length[ends]
    order = np.argsort(-by_kind, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    return ranks
