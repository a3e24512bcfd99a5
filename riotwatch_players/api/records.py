"""What is stored about a player: matches, standings, judgements; newest first."""

from typing import Any

import pydantic
from django.http import HttpRequest
from ninja import Query, Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.models import Role
from riotwatch_api.paging import DEFAULT_PAGE, Limit, Page, Paging, page_of
from riotwatch_players.api.finding import player_of
from riotwatch_players.api.shapes import (
    AnalysisOut,
    EncounterOut,
    GameOut,
    RankOut,
    analysis_out,
    encounter_out,
    game_out,
    rank_out,
)
from riotwatch_players.encounters import NEWEST_MATCHES, encounters_of
from riotwatch_players.json_values import MAX_INTEGER

router = Router(tags=["Players"])


class GameFilter(Paging):
    """Which matches."""

    queue_id: int | None = pydantic.Field(None, ge=0, le=MAX_INTEGER, examples=[420])
    usable: bool | None = pydantic.Field(None, description="Only those that analysis takes, or only the others.")


class EncounterFilter(Schema):
    """How far back, and who is worth a row."""

    matches: int = pydantic.Field(NEWEST_MATCHES, ge=1, le=1000, description="So many of the newest matches count.")
    at_least: int = pydantic.Field(1, ge=1, le=1000, description="Only those met so often.")
    limit: Limit = DEFAULT_PAGE


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
    "/players/{puuid}/encounters",
    response=Page[EncounterOut],
    summary="List whom a player meets",
    openapi_extra=needs(Role.VIEWER),
)
def list_encounters(request: HttpRequest, puuid: str, chosen: Query[EncounterFilter]) -> dict[str, Any]:
    """Flagged people first, then those met most. One page: raise `at_least` for those who matter.

    In Arena who shares a pair is together; remakes do not count.
    """
    allow(request, Role.VIEWER)
    met = encounters_of(player_of(puuid), matches=chosen.matches, at_least=chosen.at_least, most=chosen.limit)
    return {"items": [encounter_out(one) for one in met]}


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
