"""Operating jobs in the admin: configurations, schedules, runs with their items and logs, workers."""

from riotwatch_jobs.admin import configurations, items, runs, schedules, stops, workers

__all__ = ["configurations", "items", "runs", "schedules", "stops", "workers"]
