"""Histories of many players, read in one statement: their newest usable games, and the team of each.

What is needed of a player's games stands in an index, and what is needed of a team in one row (`MatchTeam`). Rows come
as binary COPY, all of one width, which NumPy takes as they are instead of making millions of Python objects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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

_INT2, _INT4, _INT8, _FLOAT4, _FLOAT8 = "int2", "int4", "int8", "float4", "float8"
_NUMPY: Final = {_INT2: ">i2", _INT4: ">i4", _INT8: ">i8", _FLOAT4: ">f4", _FLOAT8: ">f8"}
_ROLE = "CASE one.team_position " + " ".join(f"WHEN '{role}' THEN {place}" for place, role in enumerate(ROLES)) + " END"

_LINE_FIELDS: Final = {
    "place": ("one.position", _INT2),
    "account": ("one.player_id", _INT8),
    "position": (_ROLE, _INT2),
    "kills": ("one.kills", _INT2),
    "deaths": ("one.deaths", _INT2),
    "assists": ("one.assists", _INT2),
    "cs": ("one.cs", _INT4),
    "gold": ("one.gold", _INT4),
    "damage_share": ("one.damage_share", _FLOAT4),
    "vision": ("one.vision_score", _INT4),
    "kill_participation": ("one.kill_participation", _FLOAT4),
}
"""Expression and type of what is known of one place of a team; -1 is unknown."""
_LINE = np.dtype([(name, _NUMPY[kind]) for name, (_, kind) in _LINE_FIELDS.items()])
_TEAM = 1 + TEAMMATES

# Who is in no team is a team alone. A broken body's sixth and further team members are left out, and a team of fewer is
# filled up with bytes that read as -1 and NaN.
_WRITE_TEAMS = f"""
INSERT INTO match_teams (match_id, team, duration_s, lines)
SELECT match_id, team, max(duration_s),
       string_agg(line, ''::bytea ORDER BY position)
       || decode(repeat('ff', {_LINE.itemsize} * ({_TEAM} - count(*)::int)), 'hex')
FROM (
    SELECT one.match_id, {{team}} AS team, one.position, matches.duration_s,
           row_number() OVER (PARTITION BY one.match_id, {{team}} ORDER BY one.position) AS place,
           {" || ".join(f"{kind}send(coalesce({of}, -1)::{kind})" for of, kind in _LINE_FIELDS.values())} AS line
    FROM match_participants AS one JOIN matches ON matches.id = one.match_id
    WHERE one.match_id = ANY(%(matches)s)
) AS places
WHERE place <= {_TEAM}
GROUP BY match_id, team
ORDER BY match_id, team
ON CONFLICT DO NOTHING
""".format(team="coalesce(one.team_id, -1 - one.position)")  # noqa: S608 - our own constants

_COLUMNS: Final = {
    "player": ("newest.id", _INT8),
    "at": ("date_part('epoch', newest.started_at)", _FLOAT8),
    "match": ("newest.match_id", _INT8),
    "place": ("newest.position", _INT2),
    "win": ("newest.win::int", _INT2),
    "champion_id": ("newest.champion_id", _INT4),
    "duration_s": ("teams.duration_s", _INT4),
}
"""Expression and type by column. What is not known is -1: null would make a row shorter than the others."""
_NOT_WRITTEN = f"decode(repeat('ff', {_LINE.itemsize * _TEAM}), 'hex')"

# In the order of matches, in which teams lie: looking them up in the order of players takes half as long again, and a
# hash of them, where that is cheaper, PostgreSQL only considers for rows that do not depend on a player at a time.
_GAMES = f"""
COPY (
SELECT {", ".join(f"coalesce({of}, -1)::{kind}" for of, kind in _COLUMNS.values())},
       coalesce(teams.lines, {_NOT_WRITTEN})
FROM (
    SELECT wanted.id, one.*
    FROM unnest(%(players)s::bigint[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT match_id, position, coalesce(team_id, -1 - position) AS team, started_at, win, champion_id
        FROM match_participants WHERE player_id = wanted.id AND usable ORDER BY started_at DESC LIMIT %(most)s
    ) AS one
    ORDER BY match_id, team
) AS newest
LEFT JOIN match_teams AS teams ON teams.match_id = newest.match_id AND teams.team = newest.team
) TO STDOUT (FORMAT binary)
"""  # noqa: S608 - our own constants

_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_ROW = np.dtype(
    [("fields", ">i2")]
    + [pair for name, (_, kind) in _COLUMNS.items() for pair in ((f"{name} bytes", ">i4"), (name, _NUMPY[kind]))]
    + [("team bytes", ">i4"), ("team", _LINE, (_TEAM,))]
)
"""A row of binary COPY: the number of fields, then each with its length before it."""


def histories_of(players: Sequence[Player], ranks: Mapping[int, Iterable[RankSnapshot]]) -> list[History]:
    """Each player's history, in the same order; `ranks` are solo standings by player, oldest first."""
    rows = _read([player.pk for player in players])
    order = np.lexsort([rows[name].astype(np.float64) for name in ("match", "at", "player")])
    team = _team(rows, order)
    games = _games(rows, order, team)
    player_ids = rows["player"][order].astype(np.int64)
    first = np.searchsorted(player_ids, [player.pk for player in players], side="left")
    last = np.searchsorted(player_ids, [player.pk for player in players], side="right")
    return [
        History(
            games=games[begin:end],
            teammates=team.mates[begin:end],
            accounts=team.accounts[begin:end],
            level=player.summoner_level,
            ranks=tuple(_rank(rank) for rank in ranks[player.pk]),
            previous_verdict=player.verdict,
        )
        for player, begin, end in zip(players, first, last, strict=True)
    ]


def _read(player_ids: Sequence[int]) -> npt.NDArray[Any]:
    """Their games; teams that were never looked at are written first."""
    rows = _copied(player_ids)
    unwritten = np.unique(rows["match"][rows["duration_s"] < 0])
    if not len(unwritten):
        return rows
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_TEAMS, {"matches": unwritten.tolist()})
    return _copied(player_ids)


def _copied(player_ids: Sequence[int]) -> npt.NDArray[Any]:
    copied = BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(_GAMES, {"players": list(player_ids), "most": MAX_GAMES})
        cursor.copy_expert(statement, copied)
    content = copied.getbuffer()[_HEADER_BYTES : len(copied.getbuffer()) - _TRAILER_BYTES]
    return np.frombuffer(content, dtype=_ROW)


@dataclass(frozen=True, slots=True)
class _Team:
    own: npt.NDArray[np.float32]
    """Games x SCORE_FIELDS; what a sixth member of a team did is unknown."""
    mates: npt.NDArray[np.float32]
    """Games x TEAMMATES x SCORE_FIELDS."""
    accounts: npt.NDArray[np.intp]
    """Games x TEAMMATES."""


def _team(rows: npt.NDArray[Any], order: npt.NDArray[np.intp]) -> _Team:
    """The player's own line of each game's team, and the others'. Plain arrays are put in order faster than rows."""
    is_own = rows["team"]["place"] == rows["place"][:, None]
    found = is_own.any(axis=1)
    place = np.where(found, is_own.argmax(axis=1), TEAMMATES)[order]
    mates = np.arange(TEAMMATES) + (np.arange(TEAMMATES) >= place[:, None])
    lines = np.empty((*is_own.shape, len(SCORE_FIELDS)), dtype=np.float32)
    for number, name in enumerate(SCORE_FIELDS):
        lines[..., number] = rows["team"][name]
    accounts = rows["team"]["account"].astype(np.intp)[order[:, None], mates]
    own = np.where(found[order, None], lines[order, place], -1)
    return _Team(own, _known(lines[order[:, None], mates]), np.where(accounts < 0, UNKNOWN_ACCOUNT, accounts))


def _games(rows: npt.NDArray[Any], order: npt.NDArray[np.intp], team: _Team) -> npt.NDArray[np.float64]:
    """GAME_FIELDS of the players' own games."""
    games = np.empty((len(rows), len(GAME_FIELDS)))
    for place, name in enumerate(GAME_FIELDS):
        games[:, place] = team.own[:, SCORE_FIELDS.index(name)] if name in SCORE_FIELDS else rows[name][order]
    return _known(games)


def _known(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    values[values < 0] = np.nan
    return values


def _rank(rank: RankSnapshot) -> Rank:
    return Rank(
        at_s=rank.seen_at.timestamp(),
        tier=rank.tier,
        division=rank.division,
        league_points=rank.league_points,
        wins=rank.wins,
        losses=rank.losses,
    )
