"""Filters for the templates of players: names instead of numbers, and the colors of labels."""

from django import template

from riotwatch_players import game_names, labels

register = template.Library()

register.filter("champion", game_names.champion_name)
register.filter("map_name", game_names.map_name)
register.filter("queue", game_names.queue_name)
register.filter("ladder", game_names.ladder_name)
register.filter("role", game_names.role_name)
register.filter("words", labels.words)


@register.filter
def verdict_color(verdict: str) -> str:
    """The label's color for a verdict."""
    return labels.VERDICT_COLORS.get(verdict, "")


@register.filter
def state_color(state: str) -> str:
    """The label's color for a state of a player."""
    return labels.STATE_COLORS.get(state, "")


@register.filter
def seen_color(seen: str) -> str:
    """The label's color for what an endpoint said."""
    return labels.SEEN_COLORS.get(seen, "")


@register.filter
def model_state_color(state: str) -> str:
    """The label's color for a state of a detection model."""
    return labels.MODEL_STATE_COLORS.get(state, "")


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent; "" where it is unknown."""
    return "" if share is None else f"{share:.0%}"


@register.filter
def points(share: float) -> str:
    """A difference between shares in points of a percent, with its sign."""
    return f"{share * 100:+.1f}"
