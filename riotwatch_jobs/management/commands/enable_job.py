"""`manage.py enable_job`: let a job run by its schedules."""

from typing import Any

from riotwatch_jobs import switching
from riotwatch_jobs.management.operator_command import JobCommand


class Command(JobCommand):
    """Takes effect within seconds, everywhere, without a restart; open runs go on."""

    help = "Switch a job on: it and its default schedule. It never fires for the past."

    def act(self, options: dict[str, Any]) -> object:
        """Switch."""
        configuration = switching.set_job_enabled(options["job_id"], enabled=True, by=self.by)
        self.say(f"{configuration.job_id} is enabled.")
        return {"job_id": configuration.job_id, "enabled": configuration.enabled}
