"""`manage.py cancel_run`: end an open run; it needs no worker."""

from typing import Any

from django.core.management.base import CommandParser

from riotwatch_jobs import rerunning
from riotwatch_jobs.management.operator_command import RunCommand, run_as_json


class Command(RunCommand):
    """Waiting items and those of dead workers end at once, those being worked on at their next checkpoint."""

    help = "Cancel an open run. What was done stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--reason", default="", help="why: kept with the run")

    def act(self, options: dict[str, Any]) -> object:
        """Cancel."""
        run = rerunning.find(options["id"])
        run = rerunning.cancel(run, reason=options["reason"], by=self.by, now=self.now)
        working = run.items.filter(state="RUNNING").count()
        rest = f"; {working} items end at their next checkpoint (fail_run {run.pk} does not wait)" if working else ""
        self.say(f"run {run.pk} of {run.job_id} is {'to be cancelled' if run.is_open else run.state}{rest}.")
        return run_as_json(run)
