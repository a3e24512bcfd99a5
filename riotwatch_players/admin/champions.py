"""How champions did in the stored matches that were counted last."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest
from unfold.decorators import display

from riotwatch_players import champion_index, game_names
from riotwatch_players.admin.pages import RecordAdmin
from riotwatch_players.models import ChampionCount, ChampionRecord


@admin.register(ChampionRecord)
class ChampionAdmin(RecordAdmin):
    """Champions by role, most played first."""

    list_display = ("champion", "role_name", "games", "won")
    list_filter = ("role",)
    list_intro = "Counted by history_index from the newest stored ranked matches, all ten places of each."
    empty_hint = "Nothing is counted yet. history_index does it hourly, once a usable match is stored."
    search_fields = ("champion_id",)
    search_help_text = "Champion, such as Lee Sin"
    ordering = ("-games", "id")
    page_template = "riotwatch_players/champion.html"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ANN401
        """By the beginning of a champion's name."""
        del request
        term = search_term.strip().casefold()
        ids = [number for number, name in game_names.CHAMPIONS.items() if name.casefold().startswith(term)]
        return (queryset.filter(champion_id__in=ids) if term else queryset), False

    def page_context(self, request: HttpRequest, row: ChampionRecord) -> dict[str, Any]:
        """The champion in all its roles, and its most remarkable pairs."""
        del request
        name = game_names.champion_name(row.champion_id)
        found = champion_index.champion(row.champion_id)
        if found is None:  # a count took its place just now, without it
            raise Http404
        return {
            "title": name,
            "champion": found,
            "tables": {
                f"Wins with {name}": found.best_with,
                "Strong against": found.strong_against,
                "Weak against": found.weak_against,
            },
            "count": ChampionCount.objects.first(),
            "least": champion_index.SHOWN_FROM_GAMES,
        }

    @display(description="Champion", ordering="champion_id")
    def champion(self, row: ChampionRecord) -> str:
        """Its name."""
        return game_names.champion_name(row.champion_id)

    @display(description="Role", ordering="role")
    def role_name(self, row: ChampionRecord) -> str:
        """Such as Support."""
        return game_names.role_name(row.role)

    @display(description="Won")
    def won(self, row: ChampionRecord) -> str:
        """The share of games."""
        return f"{row.win_rate:.1%}"
