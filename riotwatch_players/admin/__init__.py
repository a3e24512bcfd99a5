"""Players and what is stored about them, in the admin."""

from riotwatch_players.admin import analyses, keys, matches, players

__all__ = ["analyses", "keys", "matches", "players"]
