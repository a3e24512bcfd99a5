from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Keys of the REST API, and what its endpoints share."""

    name = "riotwatch_api"
    verbose_name = "REST API"
    default_auto_field = "django.db.models.BigAutoField"
