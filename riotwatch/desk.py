"""The admin's home: what needs attention, how much there is, whom to look at, and what the jobs are doing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse

from riotwatch import desk_plots
from riotwatch.desk_alerts import alerts
from riotwatch_jobs import statistics
from riotwatch_jobs.admin import job_page
from riotwatch_jobs.admin.operations import Buttons, OperatedAdmin
from riotwatch_jobs.admin.pages import flower_address
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import JobConfiguration
from riotwatch_pages.live import part
from riotwatch_players.models import Analysis, BacklogMatch, BacklogState, Match, Player

FLAGGED_SHOWN = 4
WATCHED_SHOWN = 5
BARS_SHOWN = 30


@dataclass(frozen=True)
class Figure:
    """A number with the list it counts."""

    title: str
    number: int
    link: str
    note: str = ""


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Complete the context of the admin's index."""
    return context | facts(request) | {"title": "Home", "operations": _jobs_admin().operations(request)}


def live() -> URLPattern:
    """The address that the home page asks for what it shows, every ten seconds."""
    view = part(admin.site, lambda request: True, lambda request: ("riotwatch/home.html", facts(request)))
    return path("admin/live/", view, name="home_live")


def facts(request: HttpRequest) -> dict[str, Any]:
    """What the page shows; each part only for those who may see it."""
    now, choice = database_now(), desk_plots.chosen(request.GET.get("span"))
    shown: dict[str, Any] = {"alerts": alerts(request), "choice": choice, "choices": desk_plots.CHOICES}
    if request.user.has_perm("riotwatch_players.view_player"):
        shown |= {
            "figures": _figures(),
            "flagged": _newest_flags(),
            "watched": _accounts_that_do_not_resolve(),
            "throughput": desk_plots.throughput(choice, now=now),
        }
    if request.user.has_perm("riotwatch_players.view_riotkey"):
        shown |= {"budget": desk_plots.budget(choice, now=now)}
    if request.user.has_perm("riotwatch_jobs.view_execution"):
        flower = flower_address(request)
        shown |= {"jobs": _jobs(request, now=now), "queues": statistics.queue_depths(now), "flower": flower}
    return shown


def _jobs(request: HttpRequest, *, now: datetime) -> list[tuple[job_page.JobFacts, Buttons]]:
    configurations = list(JobConfiguration.objects.all())
    known = job_page.facts_of(configurations, runs=BARS_SHOWN, now=now)
    operated = _jobs_admin()
    return [(known[row.job_id], operated.buttons_of(request, row)) for row in configurations]


def _jobs_admin() -> OperatedAdmin:
    return admin.site.get_model_admin(JobConfiguration)  # type: ignore[return-value]


def _figures() -> list[Figure]:
    players = reverse("admin:riotwatch_players_player_changelist")
    matches = reverse("admin:riotwatch_players_match_changelist")
    backlog = reverse("admin:riotwatch_players_backlogmatch_changelist")
    return [
        Figure("Tracked players", Player.objects.tracked().count(), f"{players}?watched=tracked"),
        Figure("Discovered players", Player.objects.discovered().count(), f"{players}?watched=discovered"),
        Figure("Flagged players", Player.objects.flagged().count(), f"{players}?verdict=flagged", "worth a look"),
        Figure("Matches stored", Match.objects.count(), matches),
        Figure(
            "Matches to fetch",
            BacklogMatch.objects.filter(state=BacklogState.PENDING).count(),
            f"{backlog}?state__exact={BacklogState.PENDING}",
        ),
    ]


def _newest_flags() -> QuerySet[Analysis]:
    """The newest analysis of each flagged player, newest first; of one batch the surest first."""
    # A player tells when their newest one was made: no look at all the analyses of everybody who is flagged.
    newest = Analysis.objects.filter(player__in=Player.objects.flagged(), analyzed_at=F("player__analyzed_at"))
    return newest.select_related("player").order_by("-analyzed_at", "-confidence")[:FLAGGED_SHOWN]


def _accounts_that_do_not_resolve() -> QuerySet[Player]:
    return Player.objects.not_resolving().order_by("-update_failed_at")[:WATCHED_SHOWN]
