"""Players: searching, adding and tracking them, and one with what is known about them."""

from typing import Annotated, Any

import pydantic
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema

from riotwatch_api.access import Caller, allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Text, Wanted
from riotwatch_api.models import Role
from riotwatch_api.paging import Page, Paging, page_of
from riotwatch_api.problems import bad_field
from riotwatch_players import bulk, erasing, tracking
from riotwatch_players.api.finding import player_of
from riotwatch_players.api.shapes import PlayerDetailOut, PlayerOut, TrackedOut, player_detail, player_out
from riotwatch_players.audit import audit
from riotwatch_players.models import SOLO_QUEUE, Player, RankSnapshot
from riotwatch_players.riot.routing import PLATFORMS

MOST_LINES = 500
LONGEST_BULK = 100_000
BULK_PATIENCE_S = 25.0
LONGEST_QUERY = 128

Platform = Annotated[str, pydantic.Field(pattern=f"^({'|'.join(PLATFORMS)})$", examples=["euw1"])]
RiotId = Annotated[Text, pydantic.Field(min_length=3, max_length=100, examples=["Faker#KR1"])]

router = Router(tags=["Players"])


class SearchIn(Paging):
    """Whom to look for."""

    q: Text = pydantic.Field(
        min_length=1,
        max_length=LONGEST_QUERY,
        description="Name#TAG, the beginning of a name, or a puuid.",
        examples=["Faker#KR1"],
    )
    platform: Platform | None = None


class PlayerIn(Wanted):
    """Somebody by Riot ID."""

    riot_id: RiotId
    platform: Platform | None = pydantic.Field(default=None, description="null: Riot is asked where they play.")
    track: bool = True
    lift_erasure: bool = pydantic.Field(
        default=False, description="Also somebody who was erased here; takes the role admin."
    )


class BulkIn(Wanted):
    """Many at once."""

    lines: Text = pydantic.Field(
        min_length=1,
        max_length=LONGEST_BULK,
        description=f"At most {MOST_LINES} lines: `Name#TAG`, `Name#TAG platform`, or the two as CSV.",
        examples=["Faker#KR1 kr\nCaps#EUW"],
    )
    platform: Platform = pydantic.Field("euw1", description="Of lines that name none.")
    track: bool = True


class LineOut(Schema):
    """What became of a line."""

    line: int
    text: str
    outcome: bulk.Outcome
    detail: str
    puuid: str | None


class BulkOut(Schema):
    """Every line's result."""

    results: list[LineOut]
    succeeded: int
    retained: str = pydantic.Field(description="The lines that did not work out, to be mended and sent again.")


@router.get("/players/search", response=Page[PlayerOut], summary="Search", openapi_extra=needs(Role.VIEWER))
def search_players(request: HttpRequest, wanted: Query[SearchIn]) -> dict[str, Any]:
    """Among those who are known here; nothing is written and Riot is not asked."""
    allow(request, Role.VIEWER)
    players = Player.objects.all().found(wanted.q)
    players = players.filter(platform=wanted.platform) if wanted.platform else players
    return page_of(players, wanted, player_out)


@router.get(
    "/players/tracked", response=Page[TrackedOut], summary="List tracked players", openapi_extra=needs(Role.VIEWER)
)
def list_tracked_players(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Whom somebody asked to keep watch on, with their newest ranked solo standing."""
    allow(request, Role.VIEWER)
    return page_of(_with_rank(Player.objects.tracked()), paging, _tracked_out, newest_first=False)


def _with_rank(players: QuerySet[Player]) -> QuerySet[Player]:
    newest = RankSnapshot.objects.filter(player=OuterRef("pk"), queue=SOLO_QUEUE).order_by("-seen_at")
    return players.annotate(
        current_tier=Subquery(newest.values("tier")[:1]), current_rank=Subquery(newest.values("division")[:1])
    )


def _tracked_out(player: Player) -> TrackedOut:
    return TrackedOut.model_validate(player)


@router.post("/players", response={201: PlayerDetailOut}, summary="Add a player", openapi_extra=needs(Role.OPERATOR))
def add_player(request: HttpRequest, response: HttpResponse, wanted: PlayerIn) -> PlayerDetailOut:
    """Riot is asked who that is, for 4 seconds at most. Adding or tracking somebody twice changes nothing.

    409 where `max_tracked_players` is reached: the player is known then, and not tracked. 409 also for somebody who
    was erased here, unless `lift_erasure`.
    """
    caller = allow(request, Role.ADMIN if wanted.lift_erasure else Role.OPERATOR)
    player, is_new = tracking.ask_for_player(
        wanted.riot_id, platform=wanted.platform, now=timezone.now(), lift_erasure=wanted.lift_erasure
    )
    if is_new:
        audit(request, player, _by(caller, "added, any erasure lifted" if wanted.lift_erasure else "added"))
    if wanted.track:
        _track(request, player, caller)
    response.headers["Location"] = request.build_absolute_uri(reverse("api:show_player", args=[player.puuid]))
    return player_detail(player)


@router.post("/players/bulk", response=BulkOut, summary="Add many players", openapi_extra=needs(Role.OPERATOR))
def add_players(request: HttpRequest, wanted: BulkIn) -> BulkOut:
    """A result for each line, after 25 seconds at the latest; what was not tried by then is retained."""
    caller = allow(request, Role.OPERATOR)
    lines = bulk.read_lines(wanted.lines, platform=wanted.platform)
    if len(lines) > MOST_LINES:
        raise bad_field("lines", f"these are {len(lines)}: send {MOST_LINES} at most, and the others after them")
    asked = bulk.add_players(lines, track=wanted.track, clock=timezone.now, patience_s=BULK_PATIENCE_S)
    results = list(asked)
    for one in results:
        if one.player and one.change:
            audit(request, one.player, _by(caller, one.change))
    succeeded = sum(one.succeeded for one in results)
    return BulkOut(results=[_line_out(one) for one in results], succeeded=succeeded, retained=bulk.retained(results))


def _line_out(one: bulk.LineResult) -> LineOut:
    puuid = one.player.puuid if one.player else None
    return LineOut(line=one.line.number, text=one.line.text, outcome=one.outcome, detail=one.detail, puuid=puuid)


@router.get("/players/{puuid}", response=PlayerDetailOut, summary="Show a player", openapi_extra=needs(Role.VIEWER))
def show_player(request: HttpRequest, puuid: str) -> PlayerDetailOut:
    """What is known about the account, with the newest standing in each queue."""
    allow(request, Role.VIEWER)
    return player_detail(player_of(puuid))


@router.delete("/players/{puuid}", response={204: None}, summary="Erase a player", openapi_extra=needs(Role.ADMIN))
def erase_player(request: HttpRequest, puuid: str) -> None:
    """For good: name, puuid, standings, analyses, account checks and what people said of them.

    The player's place in stored matches is nobody's from then on, and nothing that is fetched or imported brings them
    back. `POST /players` with `lift_erasure` does, with nothing of what was known.
    """
    caller = allow(request, Role.ADMIN)
    erasing.erase(player_of(puuid), by=caller.name, user=caller.user, now=timezone.now())


@router.post("/players/{puuid}/track", response=PlayerDetailOut, summary="Track", openapi_extra=needs(Role.OPERATOR))
def track_player(request: HttpRequest, puuid: str) -> PlayerDetailOut:
    """Keep watch on the player from now on. 409 where `max_tracked_players` is reached."""
    caller = allow(request, Role.OPERATOR)
    player = player_of(puuid)
    _track(request, player, caller)
    return player_detail(player)


@router.delete(
    "/players/{puuid}/track", response=PlayerDetailOut, summary="Untrack", openapi_extra=needs(Role.OPERATOR)
)
def untrack_player(request: HttpRequest, puuid: str) -> PlayerDetailOut:
    """Stop keeping watch; what is known stays."""
    caller = allow(request, Role.OPERATOR)
    player = player_of(puuid)
    with transaction.atomic():
        if tracking.untrack(player):
            audit(request, player, _by(caller, "no longer tracked"))
    return player_detail(player)


def _track(request: HttpRequest, player: Player, caller: Caller) -> None:
    with transaction.atomic():
        if tracking.track(player, now=timezone.now()):
            audit(request, player, _by(caller, "tracked"))


def _by(caller: Caller, what: str) -> str:
    return f"{what}, by {caller.name}"
