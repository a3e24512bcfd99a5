"""Analyses with their factors."""

from collections.abc import Sequence

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from riotwatch_players.admin.pages import ReadOnlyAdmin
from riotwatch_players.models import Analysis


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    """Analyses with their factors, newest first. A verdict recommends a look; it accuses nobody."""

    list_display = ("player", "verdict", "smurf_score", "boosted_score", "confidence", "games_used", "analyzed_at")
    list_filter = ("verdict", "model_version")
    list_select_related = ("player",)
    search_fields = ("player__game_name", "player__tag_line", "=player__puuid")
    ordering = ("-analyzed_at",)
    fields = (
        *("player", "verdict", "summary", "measured"),
        *("smurf_score", "boosted_score", "smurf_p", "boosted_p", "confidence", "games_used"),
        *("analyzed_at", "model_version", "baseline_version"),
    )
    readonly_fields = fields
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="factors")
    def measured(self, analysis: Analysis) -> SafeString:
        """What was measured, what is usual, and what it adds to the log-odds of either question."""
        head = ("factor", "what was measured", "value", "usual", "SDs", "games", "smurf", "boosted")
        names = ("text", "value", "baseline", "z", "n_used", "contribution", "contribution_boosted")
        rows = [(one["name"].replace("_", " "), *(_shown(one[name]) for name in names)) for one in analysis.factors]
        cells = format_html_join("", "<tr>{}</tr>", ((_cells("td", row),) for row in rows))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", _cells("th", head), cells)


def _cells(tag: str, texts: Sequence[str]) -> SafeString:
    return format_html_join("", "<{0}>{1}</{0}>", ((tag, text) for text in texts))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
