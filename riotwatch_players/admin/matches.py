"""Stored matches, and those still to be fetched."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from riotwatch_players.admin.pages import ReadOnlyAdmin
from riotwatch_players.models import BacklogMatch, Match, Participant


class ParticipantInline(TabularInline):
    """Who took part."""

    model = Participant
    fields = readonly_fields = (
        "player",
        "team_id",
        "team_position",
        "champion_id",
        "win",
        "kills",
        "deaths",
        "assists",
    )
    extra = 0
    max_num = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Participants come from Riot."""
        del request, obj
        return False


@admin.register(Match)
class MatchAdmin(ReadOnlyAdmin):
    """Stored matches, newest first."""

    list_display = ("match_id", "queue_id", "patch", "started_at", "duration_s", "remake", "usable")
    list_filter = ("platform", "queue_id", "remake")
    search_fields = ("match_id",)
    ordering = ("-started_at",)
    inlines = (ParticipantInline,)
    show_full_result_count = False
    list_per_page = 50


@admin.register(BacklogMatch)
class BacklogMatchAdmin(ReadOnlyAdmin):
    """Matches to fetch, and what became of them."""

    list_display = ("match_id", "state", "lane", "reason", "added_at", "fetched_at")
    list_filter = ("state", "lane", "region")
    search_fields = ("match_id",)
    show_full_result_count = False
    list_per_page = 50
