"""What a player's page shows, read in a fixed handful of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from riotwatch_players.admin.charts import RankCurve, factor_chart, rank_curve
from riotwatch_players.admin.feedback import LabelForm
from riotwatch_players.analysis import AnalysisRule
from riotwatch_players.encounters import NEWEST_MATCHES, encounters_of
from riotwatch_players.models import SOLO_QUEUE, Analysis, Participant, Player, RankSnapshot
from riotwatch_players.riot.routing import PLATFORMS

GAMES_SHOWN = 20
ANALYSES_SHOWN = 10
CHECKS_SHOWN = 10
RANKS_SHOWN = 200
READINGS_SHOWN = 8
AUDIT_SHOWN = 10
ENCOUNTERS_SHOWN = 15
MET_AT_LEAST = 2
"""Whoever was met once only is left out, as most people are."""


@dataclass(frozen=True)
class Action:
    """A button of the page."""

    title: str
    icon: str
    address: str
    """The name of the address it posts to."""
    why_not: str = ""
    """Why it cannot be pressed; "" where it can."""

    @property
    def attrs(self) -> dict[str, str]:
        """Of the HTML button."""
        return {"disabled": "disabled"} if self.why_not else {}


def facts_of(player: Player, *, now: datetime) -> dict[str, Any]:
    """The context of a player's page."""
    analyses = list(player.analyses.order_by("-analyzed_at")[:ANALYSES_SHOWN])
    ranks = list(player.ranks.filter(queue=SOLO_QUEUE).order_by("-seen_at")[:RANKS_SHOWN])
    return {
        "player": player,
        "rank": ranks[0] if ranks else None,
        "other_ranks": _other_ranks(player),
        "waiting": player.waiting_for,
        "games_needed": AnalysisRule.min_ranked_games,
        **analysis_facts(analyses[0] if analyses else None),
        "analyses": analyses,
        "curve": _curve(ranks, now=now),
        "readings": ranks[:READINGS_SHOWN],
        "games": _games(player),
        "encounters": encounters_of(player, at_least=MET_AT_LEAST, most=ENCOUNTERS_SHOWN),
        "encounters_of": NEWEST_MATCHES,
        "checks": player.ban_checks.order_by("-checked_at")[:CHECKS_SHOWN],
        "audit": _audit(player),
    }


def analysis_facts(analysis: Analysis | None) -> dict[str, Any]:
    """What is shown of one analysis, on its own page and on the player's."""
    if analysis is None:
        return {"analysis": None}
    return {
        "analysis": analysis,
        "chart": factor_chart(analysis.factors),
        "confidence": 100 * analysis.confidence,
        "smurf_note": _probability(analysis.smurf_p),
        "boosted_note": _probability(analysis.boosted_p),
        "feedback_form": LabelForm(),
    }


def _probability(p: float | None) -> str:
    return "" if p is None else f"probability {p:.0%} at the share of such accounts that is assumed"


def _other_ranks(player: Player) -> QuerySet[RankSnapshot]:
    """The newest standing in each queue but solo."""
    return player.ranks.exclude(queue=SOLO_QUEUE).order_by("queue", "-seen_at").distinct("queue")


def _curve(newest_first: list[RankSnapshot], *, now: datetime) -> RankCurve | None:
    return rank_curve(newest_first[::-1], now=now)


def _games(player: Player) -> QuerySet[Participant]:
    return player.games.select_related("match").order_by("-started_at")[:GAMES_SHOWN]


def _audit(player: Player) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Player)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(player.pk)).select_related("user")
    return entries.order_by("-action_time")[:AUDIT_SHOWN]


def starting_actions(player: Player, *, games_needed: int) -> list[Action]:
    """The buttons that start a run about the player."""
    stopped = "" if player.active else f"{player} is {' and '.join(player.states[1:])}"
    closed = "" if player.platform in PLATFORMS else f"Riot has closed {player.platform}"
    few = "" if player.ranked_games >= games_needed else f"it takes {games_needed} stored ranked games"
    return [
        Action("Refresh now", "sync", "players_refresh", stopped or closed),
        Action("Analyze now", "troubleshoot", "players_analyze", stopped or few),
    ]
