"""The application of what pages share."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Templates, template tags and the one script."""

    name = "riotwatch_pages"
