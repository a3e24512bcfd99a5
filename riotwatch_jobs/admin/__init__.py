"""Operating jobs in the admin: configurations, schedules, runs with their items and logs, workers."""

from riotwatch_jobs.admin import configurations, runs, schedules, workers

__all__ = ["configurations", "runs", "schedules", "workers"]
