from django.apps import AppConfig


class PlayersConfig(AppConfig):
    """Players, their matches and ranks, and the backlog of matches still to fetch."""

    name = "riotwatch_players"
    verbose_name = "Players"
    default_auto_field = "django.db.models.BigAutoField"
