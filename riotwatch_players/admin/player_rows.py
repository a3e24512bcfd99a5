"""Lists of rows about players: found by who they are about."""

from typing import Any

from django.http import HttpRequest

from riotwatch_players.admin.pages import RecordAdmin
from riotwatch_players.models import Player


class PlayerRowsAdmin(RecordAdmin):
    """Each row has a `player`."""

    list_select_related: tuple[str, ...] = ("player",)
    search_fields = ("player__game_name",)
    search_help_text = "A player's name, Name#TAG or puuid"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ANN401
        """By the players' indexes."""
        del request
        term = search_term.strip()
        return (queryset.filter(player__in=Player.objects.all().found(term)) if term else queryset), False
