"""What is stored about a player: matches, standings, judgements; newest first."""

from typing import Any

import pydantic
from django.http import HttpRequest
from ninja import Query, Router

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.models import Role
from riotwatch_api.paging import Page, Paging, page_of
from riotwatch_players.api.finding import player_of
from riotwatch_players.api.shapes import AnalysisOut, GameOut, RankOut, analysis_out, game_out, rank_out

router = Router(tags=["Players"])

DATABASE_INTEGER = 2**31 - 1


class GameFilter(Paging):
    """Which matches."""

    queue_id: int | None = pydantic.Field(None, ge=0, le=DATABASE_INTEGER, examples=[420])
    usable: bool | None = pydantic.Field(None, description="Only those that analysis takes, or only the others.")


class RankFilter(Paging):
    """Which standings."""

    queue: str | None = pydantic.Field(None, pattern=r"^[A-Za-z0-9_]{1,32}$", examples=["RANKED_SOLO_5x5"])


@router.get(
    "/players/{puuid}/matches",
    response=Page[GameOut],
    summary="List a player's matches",
    openapi_extra=needs(Role.VIEWER),
)
def list_matches(request: HttpRequest, puuid: str, chosen: Query[GameFilter]) -> dict[str, Any]:
    """Stored matches from the player's side."""
    allow(request, Role.VIEWER)
    games = player_of(puuid).games.select_related("match")
    games = games.filter(match__queue_id=chosen.queue_id) if chosen.queue_id is not None else games
    games = games.filter(usable=chosen.usable) if chosen.usable is not None else games
    return page_of(games, chosen, game_out, by=("started_at", "id"))


@router.get(
    "/players/{puuid}/ranks",
    response=Page[RankOut],
    summary="List a player's standings",
    openapi_extra=needs(Role.VIEWER),
)
def list_ranks(request: HttpRequest, puuid: str, chosen: Query[RankFilter]) -> dict[str, Any]:
    """A row for each change."""
    allow(request, Role.VIEWER)
    ranks = player_of(puuid).ranks.all()
    ranks = ranks.filter(queue=chosen.queue) if chosen.queue else ranks
    return page_of(ranks, chosen, rank_out, by=("seen_at", "id"))


@router.get(
    "/players/{puuid}/analyses",
    response=Page[AnalysisOut],
    summary="List a player's analyses",
    openapi_extra=needs(Role.VIEWER),
)
def list_analyses(request: HttpRequest, puuid: str, paging: Query[Paging]) -> dict[str, Any]:
    """Judgements with their evidence."""
    allow(request, Role.VIEWER)
    return page_of(player_of(puuid).analyses.all(), paging, analysis_out, by=("analyzed_at", "id"))
