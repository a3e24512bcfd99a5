"""`manage.py fail_run`: end an open run at once, whatever its workers do."""

from typing import Any

from django.core.management.base import CommandParser

from riotwatch_jobs import rerunning
from riotwatch_jobs.management.operator_command import RunCommand, run_as_json


class Command(RunCommand):
    """For runs that hang; cancel_run is the friendlier way."""

    help = "End an open run as FAILED at once. What was done stays; what its workers still come to is dropped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True, help="why: kept with the run")
        parser.add_argument(
            "--abandon", action="store_true", help="end it as ABANDONED: its workers died and it is not worth resuming"
        )

    def act(self, options: dict[str, Any]) -> object:
        """Fail or abandon."""
        end = rerunning.abandon if options["abandon"] else rerunning.fail
        run = end(rerunning.find(options["id"]), reason=options["reason"], by=self.by, now=self.now)
        self.say(f"run {run.pk} of {run.job_id} is {run.state}: {run.items_done} items were done.")
        return run_as_json(run)
