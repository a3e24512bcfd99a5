"""The application of jobs."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Loads the catalogue and the worker's signal handlers when Django is ready."""

    name = "riotwatch_jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Find all jobs, register checks, signals and what follows a run."""
        from riotwatch_jobs import checks, following, registry, worker  # noqa: F401 - importing them registers them

        registry.discover()
