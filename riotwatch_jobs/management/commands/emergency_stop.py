"""`manage.py emergency_stop`: begin no new work anywhere."""

from typing import Any

from django.core.management.base import CommandParser

from riotwatch_jobs import switching
from riotwatch_jobs.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    """Works while housekeeping, beat and all workers are down, too: it is one row that everybody reads."""

    help = "Stop everything: no slots, no runs, no items begin until emergency_resume. What is being worked on ends."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True, help="why: shown everywhere until it ends")

    def act(self, options: dict[str, Any]) -> object:
        """Stop."""
        stop = switching.emergency_stop(reason=options["reason"], by=self.by, now=self.now)
        self.say(f"{stop}. emergency_resume lets work begin again.".capitalize())
        return {"stopped_at": stop.stopped_at, "stopped_by": stop.stopped_by, "reason": stop.reason}
