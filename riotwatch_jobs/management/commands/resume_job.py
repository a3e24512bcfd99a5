"""`manage.py resume_job`: end a job's pause."""

from typing import Any

from riotwatch_jobs import switching
from riotwatch_jobs.management.operator_command import JobCommand


class Command(JobCommand):
    """What was skipped under the pause is not made up for."""

    help = "End a job's pause; it runs again from its next slot on."

    def act(self, options: dict[str, Any]) -> object:
        """Resume."""
        was_paused = switching.resume(options["job_id"], by=self.by, now=self.now)
        self.say(f"{options['job_id']} {'is resumed' if was_paused else 'was not paused'}.")
        return {"job_id": options["job_id"], "was_paused": was_paused}
