"""Analyses with their factors, and checks of accounts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from riotwatch_players import labels
from riotwatch_players.admin.player_facts import analysis_facts
from riotwatch_players.admin.player_rows import PlayerRowsAdmin
from riotwatch_players.models import Analysis, BanCheck


@admin.register(Analysis)
class AnalysisAdmin(PlayerRowsAdmin):
    """Judgements, newest first."""

    list_display = ("player", "verdict_label", "smurf", "boosted", "sureness", "games_used", "analyzed_at")
    list_filter = ("verdict", "model_version")
    list_intro = "Every judgement there was, newest first. A verdict recommends a look; it accuses nobody."
    empty_hint = (
        "Nobody was judged yet. smurf_analyzer looks at players of whom 20 ranked games are stored: track a player, "
        "and their games and those of whom they met are fetched."
    )
    ordering = ("-analyzed_at",)
    page_template = "riotwatch_players/analysis.html"

    def page_context(self, request: HttpRequest, row: Analysis) -> dict[str, Any]:
        """The verdict and its factors."""
        del request
        return analysis_facts(row) | {"title": f"{row.player}, {row.analyzed_at:%Y-%m-%d %H:%M}"}

    @display(description="Verdict", ordering="verdict", label=labels.by_words(labels.VERDICT_COLORS))
    def verdict_label(self, analysis: Analysis) -> str:
        """What is recommended."""
        return labels.words(analysis.verdict)

    @display(description="Smurf", ordering="smurf_score")
    def smurf(self, analysis: Analysis) -> str:
        """The score, 0 to 100."""
        return labels.score(analysis.smurf_score)

    @display(description="Boosted", ordering="boosted_score")
    def boosted(self, analysis: Analysis) -> str:
        """The score, 0 to 100."""
        return labels.score(analysis.boosted_score)

    @display(description="Confidence", ordering="confidence")
    def sureness(self, analysis: Analysis) -> str:
        """How much is known, and how surely."""
        return f"{analysis.confidence:.0%}"


@admin.register(BanCheck)
class BanCheckAdmin(PlayerRowsAdmin):
    """What each check of an account saw, newest first."""

    list_display = ("player", "result_label", "account", "summoner", "region", "moved_to", "checked_at")
    list_filter = ("result",)
    list_intro = (
        "Does an account still resolve? Riot does not say why one does not; it is called unavailable only after three "
        "failed checks, on two endpoints, over three days."
    )
    empty_hint = "No account was checked yet. ban_checker looks at flagged players and at accounts that fail to update."
    ordering = ("-checked_at",)
    page_template = "riotwatch_players/account_check.html"

    def page_context(self, request: HttpRequest, row: BanCheck) -> dict[str, Any]:
        """What each endpoint said."""
        del request
        said = {"account-v1": row.account, "summoner-v4": row.summoner, "account-v1, region": row.region}
        return {"check": row, "said": list(said.items()), "title": str(row.player)}

    @display(description="Result", ordering="result", label=labels.by_words(labels.SEEN_COLORS))
    def result_label(self, check: BanCheck) -> str:
        """The check as a whole."""
        return labels.words(check.result)
