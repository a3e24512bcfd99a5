"""The game itself: how champions do in stored matches, and the patch."""

from datetime import datetime
from typing import Any

import pydantic
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.models import Role
from riotwatch_api.paging import Page, Paging, page_of
from riotwatch_api.problems import Problem
from riotwatch_players import champion_index, patches
from riotwatch_players.game_names import champion_name, role_name
from riotwatch_players.json_values import MAX_INTEGER
from riotwatch_players.models import (
    ChampionCount,
    ChampionPair,
    ChampionRecord,
    CurrentPatch,
    PatchSource,
    PlatformState,
    Relation,
)

router = Router(tags=["Game"])

REMEDY = "run history_index: it counts them from stored matches"


class PairFilter(Paging):
    """Which pairs of champions."""

    champion_id: int | None = pydantic.Field(None, ge=0, le=MAX_INTEGER, examples=[64])
    at_least: int = pydantic.Field(
        champion_index.SHOWN_FROM_GAMES, ge=1, le=100_000, description="Only pairs of so many games."
    )


class PairOut(Schema):
    """How games went for a champion together with another, or against it in the same role."""

    champion_id: int
    champion: str = pydantic.Field(examples=["Lee Sin"])
    other_id: int
    other: str = pydantic.Field(examples=["Ahri"])
    games: int
    wins: int = pydantic.Field(description="Of the first champion.")
    win_rate: float = pydantic.Field(description="0 to 1.")
    expected_win_rate: float = pydantic.Field(description="What follows from how often either champion wins at all.")
    difference: float = pydantic.Field(
        description="Win rate above what is expected, drawn to 0 where games are few: 100 expected ones are added."
    )


class RoleOut(Schema):
    """How games went for a champion in a role."""

    role: str = pydantic.Field(description="Empty: the match did not tell.", examples=["Jungle"])
    games: int
    wins: int
    win_rate: float = pydantic.Field(description="0 to 1.")


class ChampionOut(Schema):
    """A champion in the stored matches that were counted last."""

    champion_id: int
    champion: str = pydantic.Field(examples=["Lee Sin"])
    games: int
    wins: int
    roles: list[RoleOut] = pydantic.Field(description="Most played first.")
    best_with: list[PairOut] = pydantic.Field(description="Five at most, of ten games or more.")
    strong_against: list[PairOut]
    weak_against: list[PairOut]
    matches: int = pydantic.Field(description="Matches that were counted.")
    counted_at: datetime


class NoticeOut(Schema):
    """A maintenance or an incident."""

    title: str
    status: str | None = pydantic.Field(description="Of a maintenance.", examples=["in_progress"])
    severity: str | None = pydantic.Field(description="Of an incident.", examples=["warning"])


class PlatformOut(Schema):
    """What Riot says of a platform."""

    platform: str = pydantic.Field(examples=["euw1"])
    maintenances: list[NoticeOut]
    incidents: list[NoticeOut]
    seen_at: datetime | None = pydantic.Field(description="When Riot answered last.")
    problem: str = pydantic.Field(description="Why Riot did not answer since; empty: it did.")


class PatchOut(Schema):
    """Which patch the game is at, as far as is known."""

    patch: str = pydantic.Field(description="As matches number it.", examples=["16.7"])
    last_updated: datetime = pydantic.Field(description="When the match was played, or the notice read, that told it.")
    source: PatchSource
    age_s: int = pydantic.Field(description="Since `last_updated`.")
    platforms: list[PlatformOut] = pydantic.Field(description="Where tracked players play.")


@router.get(
    "/champions/synergies",
    response=Page[PairOut],
    summary="List champions that win together",
    openapi_extra=needs(Role.VIEWER),
)
def list_synergies(request: HttpRequest, chosen: Query[PairFilter]) -> dict[str, Any]:
    """Pairs in one team, best first. Without `champion_id` each pair stands there once."""
    allow(request, Role.VIEWER)
    pairs = _chosen(Relation.WITH, chosen)
    return _page(pairs if chosen.champion_id is not None else champion_index.once_each(pairs), chosen)


@router.get(
    "/champions/counters",
    response=Page[PairOut],
    summary="List champions that win against others",
    openapi_extra=needs(Role.VIEWER),
)
def list_counters(request: HttpRequest, chosen: Query[PairFilter]) -> dict[str, Any]:
    """Champions against those whom they met in the same role, best first."""
    allow(request, Role.VIEWER)
    return _page(_chosen(Relation.AGAINST, chosen), chosen)


@router.get(
    "/champions/{champion_id}",
    response=ChampionOut,
    summary="Show a champion",
    openapi_extra=needs(Role.VIEWER),
)
def show_champion(request: HttpRequest, champion_id: int) -> dict[str, Any]:
    """Its roles, whom it plays well with, and whom it does well and badly against."""
    allow(request, Role.VIEWER)
    found = champion_index.champion(champion_id) if 0 <= champion_id <= MAX_INTEGER else None
    count = ChampionCount.objects.first()
    if found is None or count is None:
        raise Problem("not-found", f"no counted match has champion {champion_id}: look at its number, or {REMEDY}")
    return {
        "champion_id": champion_id,
        "champion": champion_name(champion_id),
        "games": found.games,
        "wins": found.wins,
        "roles": [_role(one) for one in found.roles],
        "best_with": [_pair(one) for one in found.best_with],
        "strong_against": [_pair(one) for one in found.strong_against],
        "weak_against": [_pair(one) for one in found.weak_against],
        "matches": count.matches,
        "counted_at": count.counted_at,
    }


@router.get("/patch", response=PatchOut, summary="Show the current patch", openapi_extra=needs(Role.VIEWER))
def show_patch(request: HttpRequest) -> dict[str, Any]:
    """`last_known`: neither the newest match nor Riot's notices tell it now, or nobody has looked for two days."""
    allow(request, Role.VIEWER)
    current, now = CurrentPatch.objects.first(), timezone.now()
    if current is None:
        raise Problem("not-found", "no patch is known yet: run patch_metadata when a match is stored")
    return {
        "patch": current.patch,
        "last_updated": current.last_updated,
        "source": patches.source_now(current, now=now),
        "age_s": max(0, int((now - current.last_updated).total_seconds())),
        "platforms": PlatformState.objects.order_by("platform"),
    }


def _chosen(relation: Relation, chosen: PairFilter) -> QuerySet[ChampionPair]:
    pairs = ChampionPair.objects.filter(relation=relation, games__gte=chosen.at_least)
    return pairs if chosen.champion_id is None else pairs.filter(champion_id=chosen.champion_id)


def _page(pairs: QuerySet[ChampionPair], paging: Paging) -> dict[str, Any]:
    return page_of(pairs, paging, _pair, by=("difference", "id"))


def _pair(pair: ChampionPair) -> PairOut:
    return PairOut(
        champion_id=pair.champion_id,
        champion=champion_name(pair.champion_id),
        other_id=pair.other_id,
        other=champion_name(pair.other_id),
        games=pair.games,
        wins=pair.wins,
        win_rate=round(pair.win_rate, 4),
        expected_win_rate=round(pair.expected, 4),
        difference=round(pair.difference, 4),
    )


def _role(record: ChampionRecord) -> RoleOut:
    return RoleOut(
        role=role_name(record.role), games=record.games, wins=record.wins, win_rate=round(record.win_rate, 4)
    )
