"""What the API starts about a player: a refresh or an analysis, as a run of the player's own scope."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from riotwatch_api.access import Caller, allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Wanted
from riotwatch_api.models import Role
from riotwatch_api.problems import Problem
from riotwatch_api.repeats import IdempotencyHeader
from riotwatch_jobs import dispatch
from riotwatch_jobs.api import triggering
from riotwatch_jobs.api.shapes import RunOut
from riotwatch_jobs.jobs.player_pages import analyzable, refreshable
from riotwatch_jobs.jobs.smurf_analyzer import SmurfAnalyzer
from riotwatch_jobs.jobs.tracked_player_updater import TrackedPlayerUpdater
from riotwatch_jobs.models import Trigger
from riotwatch_players.api.finding import player_of
from riotwatch_players.audit import audit
from riotwatch_players.models import Player, PlayerQuerySet

router = Router(tags=["Players"])


class StartIn(Wanted):
    """How long to wait for the end of the run."""

    wait_s: triggering.WaitSeconds = 0


@router.post(
    "/players/{puuid}/refresh", response={202: RunOut}, summary="Refresh now", openapi_extra=needs(Role.OPERATOR)
)
def refresh_player(
    request: HttpRequest, response: HttpResponse, puuid: str, wanted: StartIn, idempotency_key: IdempotencyHeader = ""
) -> RunOut:
    """Ask for a run that updates this player: name, level, new matches, rank. 409 unless active.

    Of somebody who is not tracked the newest 30 ranked games are fetched.
    """
    caller = allow(request, Role.OPERATOR)
    player = _one_of(refreshable(), puuid, "be refreshed: it takes an active one, on a platform that is open")
    return _start(request, response, caller, TrackedPlayerUpdater.job_id, player, wanted, idempotency_key)


@router.post(
    "/players/{puuid}/analyze", response={202: RunOut}, summary="Analyze now", openapi_extra=needs(Role.OPERATOR)
)
def analyze_player(
    request: HttpRequest, response: HttpResponse, puuid: str, wanted: StartIn, idempotency_key: IdempotencyHeader = ""
) -> RunOut:
    """Ask for a run that judges this player by what is stored; Riot is not asked. 409 unless active."""
    caller = allow(request, Role.OPERATOR)
    player = _one_of(analyzable(), puuid, "be analyzed: it takes an active one")
    return _start(request, response, caller, SmurfAnalyzer.job_id, player, wanted, idempotency_key)


def _one_of(eligible: PlayerQuerySet, puuid: str, what: str) -> Player:
    player = player_of(puuid)
    if not eligible.filter(pk=player.pk).exists():
        raise Problem("conflict", f"this player is {' and '.join(player.states)} and cannot {what}")
    return player


def _start(
    request: HttpRequest,
    response: HttpResponse,
    caller: Caller,
    job_id: str,
    player: Player,
    wanted: StartIn,
    key: str,
) -> RunOut:
    asked = dispatch.Request(
        job_id=job_id,
        trigger=Trigger.API,
        triggered_by=caller.name,
        scope=dispatch.scope_of([player.pk]),
        players=(player.pk,),
    )
    return triggering.ask(
        request,
        response,
        caller,
        body=wanted,
        key=key,
        wanted=lambda: asked,
        traced=lambda run: audit(request, player, f"{job_id}: run {run.pk}, by {caller.name}"),
    )
