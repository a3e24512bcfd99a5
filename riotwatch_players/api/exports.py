"""A player as a file: everything as JSON, or one kind of rows as CSV. Sent as it is read, so memory stays small."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import pydantic
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.models import Role
from riotwatch_players.api.finding import player_of
from riotwatch_players.api.shapes import (
    AnalysisOut,
    GameOut,
    PlayerDetailOut,
    RankOut,
    analysis_out,
    game_out,
    player_detail,
    rank_out,
)
from riotwatch_players.models import Player

router = Router(tags=["Players"])

MOST_ROWS = 10_000
CHUNK = 500
RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""


class Part(StrEnum):
    """A kind of rows about a player."""

    MATCHES = "matches"
    RANKS = "ranks"
    ANALYSES = "analyses"


class ExportOut(Schema):
    """A player with what is stored; of each kind of rows the newest 10,000."""

    player: PlayerDetailOut
    matches: list[GameOut]
    ranks: list[RankOut]
    analyses: list[AnalysisOut]


class PartIn(Schema):
    """Which rows."""

    part: Part = pydantic.Field(examples=["matches"])


Row = GameOut | RankOut | AnalysisOut
_SHAPES: dict[Part, tuple[type[Row], Callable[[Any], Row]]] = {
    Part.MATCHES: (GameOut, game_out),
    Part.RANKS: (RankOut, rank_out),
    Part.ANALYSES: (AnalysisOut, analysis_out),
}
_NO_COLUMNS = frozenset({"factors"})
"""What has parts of its own is in the JSON only."""


@router.get(
    "/players/{puuid}/export",
    response=ExportOut,
    summary="Download a player",
    openapi_extra=needs(Role.VIEWER),
)
def export_player(request: HttpRequest, puuid: str) -> StreamingHttpResponse:
    """Everything that is stored about one player as one JSON document; the newest 10,000 rows of each kind."""
    allow(request, Role.VIEWER)
    player = player_of(puuid)
    return _download(_document(player), f"player-{player.pk}.json", "application/json")


_CSV = {"responses": {200: {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}}}


@router.get(
    "/players/{puuid}/export.csv",
    summary="Download a player's rows",
    openapi_extra=needs(Role.VIEWER) | _CSV,
)
def export_rows(request: HttpRequest, puuid: str, wanted: Query[PartIn]) -> StreamingHttpResponse:
    """The newest 10,000 matches, standings or analyses of a player as CSV, for spreadsheets.

    The factors of analyses are in the JSON only. A text that a spreadsheet would take for a formula begins with `'`.
    """
    allow(request, Role.VIEWER)
    player = player_of(puuid)
    return _download(_table(player, wanted.part), f"player-{player.pk}-{wanted.part}.csv", "text/csv; charset=utf-8")


def _download(content: Iterable[str], name: str, kind: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(content, content_type=kind, headers=headers)


def _document(player: Player) -> Iterator[str]:
    yield f'{{"player":{player_detail(player).model_dump_json()}'
    for part in Part:
        yield f',"{part}":['
        for number, row in enumerate(_rows(player, part)):
            yield f"{',' if number else ''}{row.model_dump_json()}"
        yield "]"
    yield "}"


def _table(player: Player, part: Part) -> Iterator[str]:
    shape, _ = _SHAPES[part]
    columns = [name for name in shape.model_fields if name not in _NO_COLUMNS]
    lines = csv.writer(_Lines())
    yield lines.writerow(columns)
    for row in _rows(player, part):
        yield lines.writerow([_cell(getattr(row, name)) for name in columns])


class _Lines:
    """What csv writes to: a line is returned as it is written."""

    def write(self, line: str) -> str:
        return line


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RUNS_AS_FORMULA) else value
    if isinstance(value, bool):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _rows(player: Player, part: Part) -> Iterator[Row]:
    _, show = _SHAPES[part]
    for row in _newest_first(player, part)[:MOST_ROWS].iterator(chunk_size=CHUNK):
        yield show(row)


def _newest_first(player: Player, part: Part) -> QuerySet[Any]:
    if part is Part.MATCHES:
        return player.games.select_related("match").order_by("-started_at", "-id")
    if part is Part.RANKS:
        return player.ranks.order_by("-seen_at", "-id")
    return player.analyses.order_by("-analyzed_at", "-id")
