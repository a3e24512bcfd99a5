"""Players and what is stored about them, in the admin."""

from riotwatch_players.admin import analyses, champions, feedback, keys, matches, models, players

__all__ = ["analyses", "champions", "feedback", "keys", "matches", "models", "players"]
