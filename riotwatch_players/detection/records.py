"""Histories as JSON objects: the format of `analyze_histories`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riotwatch_players.detection.history import (
    GAME_FIELDS,
    ROLES,
    SCORE_FIELDS,
    TEAMMATES,
    UNKNOWN_ACCOUNT,
    Floats,
    History,
    Ints,
    Rank,
)


def read_history(record: Mapping[str, Any]) -> History:
    """The history of one object; any value may be null, absent or of the wrong type, which is unknown."""
    games = _objects(record.get("games"))
    level = _number(record.get("summoner_level"))
    return History(
        games=np.array([_values(game, GAME_FIELDS) for game in games]).reshape(-1, len(GAME_FIELDS)),
        teammates=_teammates(games),
        accounts=_accounts(games),
        level=None if np.isnan(level) else level,
        ranks=tuple(rank for rank in map(_rank, _objects(record.get("ranks"))) if rank is not None),
    )


def _teammates(games: Sequence[Mapping[str, Any]]) -> Floats:
    known = np.full((len(games), TEAMMATES, len(SCORE_FIELDS)), np.nan)
    for row, game in enumerate(games):
        for place, mate in enumerate(_objects(game.get("teammates"))[:TEAMMATES]):
            known[row, place] = _values(mate, SCORE_FIELDS)
    return known


def _accounts(games: Sequence[Mapping[str, Any]]) -> Ints:
    numbers: dict[str, int] = {}
    known = np.full((len(games), TEAMMATES), UNKNOWN_ACCOUNT)
    for row, game in enumerate(games):
        for place, mate in enumerate(_objects(game.get("teammates"))[:TEAMMATES]):
            name = mate.get("id")
            if isinstance(name, str) and name:
                known[row, place] = numbers.setdefault(name, len(numbers))
    return known


def _values(record: Mapping[str, Any], fields: Sequence[str]) -> list[float]:
    return [_position(record.get(name)) if name == "position" else _number(record.get(name)) for name in fields]


def _position(value: object) -> float:
    return float(ROLES.index(value)) if value in ROLES else np.nan


def _number(value: object) -> float:
    return float(value) if isinstance(value, bool | int | float) else np.nan


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _rank(record: Mapping[str, Any]) -> Rank | None:
    numbers = [_number(record.get(name)) for name in ("at", "lp", "wins", "losses")]
    if not isinstance(record.get("tier"), str) or not np.isfinite(numbers).all():
        return None
    at_s, points, wins, losses = numbers
    return Rank(at_s, record["tier"], record.get("division"), int(points), int(wins), int(losses))
