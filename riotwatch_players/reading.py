"""Histories of many players, read in one statement: their newest usable games and the teammates in them.

Five rows a game are most of what an analysis costs, so they come as binary COPY: rows of one width, which NumPy takes
as they are, instead of millions of Python objects.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection

from riotwatch_players.detection.history import (
    GAME_FIELDS,
    MAX_GAMES,
    ROLES,
    SCORE_FIELDS,
    TEAMMATES,
    UNKNOWN_ACCOUNT,
    History,
    Rank,
)
from riotwatch_players.models import Player, RankSnapshot

_INT2, _INT4, _INT8, _FLOAT8 = ("smallint", ">i2"), ("integer", ">i4"), ("bigint", ">i8"), ("float8", ">f8")
_ROLE = "CASE one.team_position " + " ".join(f"WHEN '{role}' THEN {place}" for place, role in enumerate(ROLES)) + " END"

_COLUMNS: Final[Mapping[str, tuple[str, tuple[str, str]]]] = {
    "player": ("wanted.id", _INT8),
    "at": ("date_part('epoch', newest.started_at)", _FLOAT8),
    "match": ("newest.match_id", _INT8),
    "own": ("(one.position = newest.position)::int", _INT2),
    "account": ("one.player_id", _INT8),
    "position": (_ROLE, _INT2),
    "kills": ("one.kills", _INT2),
    "deaths": ("one.deaths", _INT2),
    "assists": ("one.assists", _INT2),
    "cs": ("one.cs", _INT4),
    "gold": ("one.gold", _INT4),
    "damage_share": ("one.damage_share", _FLOAT8),
    "vision": ("one.vision_score", _INT4),
    "kill_participation": ("one.kill_participation", _FLOAT8),
    "duration_s": ("matches.duration_s", _INT4),
    "win": ("newest.win::int", _INT2),
    "champion_id": ("newest.champion_id", _INT4),
}
"""Expression and type by column. What is not known is -1: null would make a row shorter than the others."""

# The newest usable games of each player are one index scan each; the team's rows come by the index on match and place.
_GAMES = """
COPY (
SELECT {columns}
FROM unnest(%(players)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT match_id, position, team_id, started_at, win, champion_id FROM match_participants
    WHERE player_id = wanted.id AND usable ORDER BY started_at DESC LIMIT %(most)s
) AS newest
JOIN matches ON matches.id = newest.match_id
JOIN match_participants AS one
  ON one.match_id = newest.match_id AND (one.position = newest.position OR one.team_id = newest.team_id)
) TO STDOUT (FORMAT binary)
""".format(columns=", ".join(f"coalesce({of}, -1)::{kind}" for of, (kind, _) in _COLUMNS.values()))  # noqa: S608 - our own constants

_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_ROW = np.dtype(
    [("fields", ">i2")]
    + [pair for name, (_, (_, kind)) in _COLUMNS.items() for pair in ((f"{name} bytes", ">i4"), (name, kind))]
)
"""A row of binary COPY: the number of fields, then each with its length before it."""


def histories_of(players: Sequence[Player], ranks: Mapping[int, Iterable[RankSnapshot]]) -> list[History]:
    """Each player's history, in the same order; `ranks` are solo standings by player, oldest first."""
    rows = _read([player.pk for player in players])
    keys = [rows[name].astype(np.float64) for name in ("own", "match", "at", "player")]  # native numbers sort faster
    rows = rows[np.lexsort([-keys[0], *keys[1:]])]
    own = rows["own"] == 1
    games = _floats(rows[own], GAME_FIELDS)
    teammates, accounts = _teammates(rows, own)
    first = np.searchsorted(rows["player"][own], [player.pk for player in players], side="left")
    last = np.searchsorted(rows["player"][own], [player.pk for player in players], side="right")
    return [
        History(
            games=games[begin:end],
            teammates=teammates[begin:end],
            accounts=accounts[begin:end],
            level=player.summoner_level,
            ranks=tuple(_rank(rank) for rank in ranks[player.pk]),
            previous_verdict=player.verdict,
        )
        for player, begin, end in zip(players, first, last, strict=True)
    ]


def _read(player_ids: Sequence[int]) -> npt.NDArray[Any]:
    copied = BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(_GAMES, {"players": list(player_ids), "most": MAX_GAMES})
        cursor.copy_expert(statement, copied)
    content = copied.getbuffer()[_HEADER_BYTES : len(copied.getbuffer()) - _TRAILER_BYTES]
    return np.frombuffer(content, dtype=_ROW)


def _floats(rows: npt.NDArray[Any], names: Sequence[str]) -> npt.NDArray[np.float64]:
    values = np.empty((len(rows), len(names)))
    for place, name in enumerate(names):
        values[:, place] = rows[name]
    return np.where(values < 0, np.nan, values)


def _teammates(
    rows: npt.NDArray[Any], own: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """The rows after each game's own one; a broken body's sixth and further team members are left out."""
    starts, game = np.flatnonzero(own), np.cumsum(own) - 1
    place = np.arange(len(rows)) - (starts[game] if len(rows) else 0) - 1
    mates = (place >= 0) & (place < TEAMMATES)
    teammates = np.full((len(starts), TEAMMATES, len(SCORE_FIELDS)), np.nan, dtype=np.float32)
    accounts = np.full((len(starts), TEAMMATES), UNKNOWN_ACCOUNT)
    at = (game[mates], place[mates])
    teammates[at] = _floats(rows[mates], SCORE_FIELDS)
    accounts[at] = rows["account"][mates]
    return teammates, accounts


def _rank(rank: RankSnapshot) -> Rank:
    return Rank(
        at_s=rank.seen_at.timestamp(),
        tier=rank.tier,
        division=rank.division,
        league_points=rank.league_points,
        wins=rank.wins,
        losses=rank.losses,
    )
