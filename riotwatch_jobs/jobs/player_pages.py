"""What the pages of players start: a refresh or an analysis of named players, as a run of their own scope.

A run for one player never waits for a long run over all of them. Players' pages post to these addresses by name.
"""

from collections.abc import Callable, Sequence

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from riotwatch_jobs import dispatch
from riotwatch_jobs.jobs.smurf_analyzer import SmurfAnalyzer
from riotwatch_jobs.jobs.tracked_player_updater import TrackedPlayerUpdater
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ExecutionState, Trigger
from riotwatch_pages.posting import View, posted
from riotwatch_players.audit import audit
from riotwatch_players.models import Player, PlayerQuerySet
from riotwatch_players.riot.routing import PLATFORMS

MOST_PLAYERS = 200
_ID_DIGITS = 18
"""More would be no bigint."""


def refreshable() -> PlayerQuerySet:
    """Who can be updated by hand."""
    return Player.objects.active().reachable().filter(platform__in=PLATFORMS)


def analyzable() -> PlayerQuerySet:
    """Who can be judged by hand."""
    return Player.objects.active()


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm("riotwatch_players.change_player")


def _starting(job_id: str, eligible: Callable[[], PlayerQuerySet], *, who: str) -> View:
    """A view that asks for a run about the players named in its address; `who` tells who can be."""

    def start(request: HttpRequest) -> str:
        named = [int(one) for one in request.GET.getlist("player") if one.isdecimal() and len(one) <= _ID_DIGITS]
        players = list(eligible().filter(pk__in=named).order_by("pk")[: MOST_PLAYERS + 1])
        run = None
        if 0 < len(players) <= MOST_PLAYERS:
            run = _start(request, job_id, players, chosen=len(named))
        else:
            messages.error(request, f"Choose 1 to {MOST_PLAYERS} players: {who}")
        return _after(request, run, named)

    return posted(admin.site, _may_change, start)


def _start(request: HttpRequest, job_id: str, players: Sequence[Player], *, chosen: int) -> Execution | None:
    """The run, with a trace at each player and a message; None where there is none."""
    try:
        with transaction.atomic():
            run, new = _ask(request, job_id, players)
            for player in players:
                audit(request, player, f"{job_id}: run {run.pk}")
    except dispatch.BadConfig as problem:
        messages.error(request, str(problem))
        return None
    if run.state == ExecutionState.SKIPPED:
        messages.error(request, f"{job_id}: run {run.pk} was skipped: {run.reason}")
    else:
        state = "is queued" if new else "was already waiting"
        messages.success(request, f"{job_id}: run {run.pk} {state}, for {len(players)} of {chosen} chosen players")
    return run


def _ask(request: HttpRequest, job_id: str, players: Sequence[Player]) -> tuple[Execution, bool]:
    ids = tuple(player.pk for player in players)
    wanted = dispatch.Request(
        job_id=job_id,
        trigger=Trigger.ADMIN,
        triggered_by=request.user.get_username(),
        scope=dispatch.scope_of(ids),
        players=ids,
    )
    return dispatch.request(wanted, now=database_now())


def _after(request: HttpRequest, run: Execution | None, named: Sequence[int]) -> str:
    """The list it came from; from a player's page the run's, for those who may see runs."""
    if run is not None and "next" not in request.GET and request.user.has_perm("riotwatch_jobs.view_execution"):
        return reverse("admin:riotwatch_jobs_execution_change", args=[run.pk])
    return _back(request, named)


def _back(request: HttpRequest, named: Sequence[int]) -> str:
    came_from = request.GET.get("next", "")
    if came_from and url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        return came_from
    if len(named) == 1:
        return reverse("admin:riotwatch_players_player_change", args=named)
    return reverse("admin:riotwatch_players_player_changelist")


def urls() -> list[URLPattern]:
    """The addresses, for whoever mounts them under the admin's."""
    refresh = _starting(TrackedPlayerUpdater.job_id, refreshable, who="active ones can be refreshed")
    analyze = _starting(SmurfAnalyzer.job_id, analyzable, who="active ones can be analyzed")
    return [
        path("players/refresh/", refresh, name="players_refresh"),
        path("players/analyze/", analyze, name="players_analyze"),
    ]
