"""Players and what is stored about them, in the admin."""

from riotwatch_players.admin import analyses, archives, champions, feedback, keys, matches, models, players

__all__ = ["analyses", "archives", "champions", "feedback", "keys", "matches", "models", "players"]
