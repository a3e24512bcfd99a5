"""Registers the toys when Django is ready."""

from django.apps import AppConfig


class FaultToys(AppConfig):
    name = "fault_toys"

    def ready(self) -> None:
        from fault_toys import jobs
        from riotwatch_jobs import registry

        for job in jobs.TOYS:
            registry.register(job)
