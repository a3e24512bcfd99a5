"""Stored matches, those still to be fetched, and the ranks that were seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from riotwatch_players import game_names, labels
from riotwatch_players.admin.pages import RecordAdmin
from riotwatch_players.admin.player_filters import NamedSets
from riotwatch_players.admin.player_rows import PlayerRowsAdmin
from riotwatch_players.models import BacklogMatch, Match, Participant, RankSnapshot

ROLE_ORDER = ("TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY")
SIDES = {100: "Blue side", 200: "Red side"}


@dataclass(frozen=True)
class Team:
    """Those who played together."""

    title: str
    win: bool | None
    members: Sequence[Participant]

    @property
    def kills(self) -> int:
        """All of the team's kills that the match told."""
        return sum(one.kills or 0 for one in self.members)


def teams_of(match: Match) -> list[Team]:
    """Both sides in the order of roles; in Arena every pair, best first."""
    everybody = match.participants.select_related("player").order_by("position")
    ordered = sorted(everybody, key=lambda one: (*_team_key(one), _role_place(one), one.position))
    return [_team(key, list(members)) for key, members in groupby(ordered, key=_team_key)]


def _team_key(one: Participant) -> tuple[int, int]:
    """Arena names 100 and 200 as well, but what counts there are pairs and their places."""
    return (one.placement or 0, one.subteam) if one.subteam else (0, one.team_id or 0)


def _role_place(one: Participant) -> int:
    return ROLE_ORDER.index(one.team_position) if one.team_position in ROLE_ORDER else len(ROLE_ORDER)


def _team(key: tuple[int, int], members: Sequence[Participant]) -> Team:
    place, number = key
    title = f"Place {place}" if place else SIDES.get(number, f"Team {number}")
    return Team(title, members[0].win, members)


def _of_queue(queue_id: int) -> Any:  # noqa: ANN401 - a narrowing of any queryset
    return lambda matches: matches.filter(queue_id=queue_id)


class QueueFilter(NamedSets):
    """By the queues that the game has, under their names."""

    title = "queue"
    parameter_name = "queue"
    sets = {str(number): (f"{name} ({number})", _of_queue(number)) for number, name in game_names.QUEUES.items()}


@admin.register(Match)
class MatchAdmin(RecordAdmin):
    """Stored matches, newest first."""

    list_display = ("match_id", "queue", "patch", "started_at", "length", "remake", "usable")
    list_filter = (QueueFilter, "remake")
    list_intro = "Every match that was fetched or imported. Analysis takes the usable ones: ranked solo, no remake."
    empty_hint = "No match is stored yet. Track a player: match_fetcher fetches their games; or use import_matches."
    search_fields = ("=match_id",)
    search_help_text = "Match id, such as EUW1_7000000000"
    ordering = ("-started_at",)
    page_template = "riotwatch_players/match.html"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ANN401
        """By the whole id, whatever its case: there are millions."""
        del request
        term = search_term.strip().upper()
        return (queryset.filter(match_id=term) if term else queryset), False

    def page_context(self, request: HttpRequest, row: Match) -> dict[str, Any]:
        """The teams side by side."""
        del request
        return {"match": row, "teams": teams_of(row)}

    @display(description="Queue", ordering="queue_id")
    def queue(self, match: Match) -> str:
        """What was played."""
        return game_names.queue_name(match.queue_id)

    @display(description="Length", ordering="duration_s")
    def length(self, match: Match) -> str:
        """Minutes and seconds."""
        return f"{match.duration_s // 60}:{match.duration_s % 60:02}"


@admin.register(BacklogMatch)
class BacklogMatchAdmin(RecordAdmin):
    """Matches to fetch, and what became of them."""

    list_display = ("match_id", "state_label", "lane", "reason", "added_at", "fetched_at")
    list_filter = ("state", "lane", "region")
    list_intro = "Every match id that was met: a body is fetched once, whoever needs it."
    empty_hint = "Nothing is to be fetched. The first update of a tracked player lists their newest ranked games."
    search_fields = ("=match_id",)
    search_help_text = "Match id"
    ordering = ("-id",)
    page_template = "riotwatch_players/backlog_match.html"

    def page_context(self, request: HttpRequest, row: BacklogMatch) -> dict[str, Any]:
        """Where it stands, and the match if it is stored."""
        del request
        return {"row": row, "match": Match.objects.filter(match_id=row.match_id).first()}

    @display(description="State", ordering="state", label=labels.BACKLOG_COLORS)
    def state_label(self, row: BacklogMatch) -> tuple[str, str]:
        """Where it stands."""
        return row.state, row.get_state_display()


@admin.register(RankSnapshot)
class RankAdmin(PlayerRowsAdmin):
    """Standings as they were seen, newest first."""

    list_display = ("player", "ladder", "standing_text", "wins", "losses", "seen_at")
    list_filter = ("tier", "queue")
    list_intro = "A row whenever a player's standing changed; a player's page draws them as a curve."
    empty_hint = "No standing was seen yet. It is read with each update of a tracked player."
    ordering = ("-id",)
    page_template = "riotwatch_players/rank.html"

    def page_context(self, request: HttpRequest, row: RankSnapshot) -> dict[str, Any]:
        """The standing."""
        del request
        return {"rank": row, "title": f"{row.player}: {row}"}

    @display(description="Queue", ordering="queue")
    def ladder(self, rank: RankSnapshot) -> str:
        """Where it holds."""
        return game_names.ladder_name(rank.queue)

    @display(description="Standing")
    def standing_text(self, rank: RankSnapshot) -> str:
        """Such as GOLD II 40 LP."""
        return str(rank)
