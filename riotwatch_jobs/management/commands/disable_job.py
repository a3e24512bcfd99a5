"""`manage.py disable_job`: keep a job from running by its schedules."""

from typing import Any

from riotwatch_jobs import switching
from riotwatch_jobs.management.operator_command import JobCommand


class Command(JobCommand):
    """Takes effect within seconds, everywhere, without a restart; open runs go on."""

    help = "Switch a job off: its schedules make no runs; it can still be triggered by hand."

    def act(self, options: dict[str, Any]) -> object:
        """Switch."""
        configuration = switching.set_job_enabled(options["job_id"], enabled=False, by=self.by)
        self.say(f"{configuration.job_id} is disabled.")
        return {"job_id": configuration.job_id, "enabled": configuration.enabled}
