"""What people are told about players."""

from riotwatch_messages.events import Level
from riotwatch_messages.telling import News
from riotwatch_players.models import Player

KIND = "player"


def subject_of(player: Player) -> str:
    """Who follows this hears of the player whatever is told."""
    return f"{KIND}:{player.pk}"


def about(player: Player, what: str, level: Level = Level.WARNING) -> News:
    """One thing that happened to a player."""
    return News(subject_of(player), f"{player} ({player.platform}): {what}", level)
