"""The application of the wiring."""

from django.apps import AppConfig


class RiotwatchConfig(AppConfig):
    """Registers the checks that only the wiring can make."""

    name = "riotwatch"

    def ready(self) -> None:
        """Register them."""
        from riotwatch import health_checks, watched_pages  # noqa: F401 - importing them registers them
