"""Players and what is stored about them, in the admin."""

from riotwatch_players.admin import analyses, feedback, keys, matches, models, players

__all__ = ["analyses", "feedback", "keys", "matches", "models", "players"]
