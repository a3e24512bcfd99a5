"""`manage.py emergency_resume`: let work begin again."""

from typing import Any

from riotwatch_jobs import switching
from riotwatch_jobs.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    """Open runs get back the time that the stop took them; slots that fell due under it are not made up for."""

    help = "End the emergency stop."

    def act(self, options: dict[str, Any]) -> object:
        """Resume."""
        del options
        was_stopped = switching.emergency_resume(by=self.by, now=self.now)
        self.say("Work begins again." if was_stopped else "Nothing was stopped.")
        return {"was_stopped": was_stopped}
