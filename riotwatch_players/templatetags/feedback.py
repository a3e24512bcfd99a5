"""The part of a page on which people say whether an analysis is right."""

from typing import Any

from django import template

from riotwatch_players.detection.words import Verdict
from riotwatch_players.feedback import says_yes
from riotwatch_players.models import Analysis, DetectionLabel, Question

SHOWN = 10

register = template.Library()


@register.inclusion_tag("riotwatch_players/feedback.html", takes_context=True)
def feedback(context: template.Context, analysis: Analysis) -> dict[str, Any]:
    """Buttons for those who may press them, and what was said about the player so far."""
    request = context["request"]
    said = (
        DetectionLabel.objects.filter(player=analysis.player_id)
        .select_related("analysis", "by")
        .defer("analysis__factors")
    )
    answered = analysis.verdict != Verdict.INSUFFICIENT_DATA
    return {
        "analysis": analysis,
        "answers": [(question, says_yes(analysis.verdict, question)) for question in Question] if answered else [],
        "form": context["feedback_form"],
        "said": said.order_by("-at")[:SHOWN],
        "may_say": request.user.has_perm("riotwatch_players.add_detectionlabel"),
        "csrf_token": context.get("csrf_token"),
        "next": request.get_full_path(),
    }
