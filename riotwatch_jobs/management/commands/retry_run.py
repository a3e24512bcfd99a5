"""`manage.py retry_run`: a new run over what an ended one did not get done."""

from typing import Any

from riotwatch_jobs import rerunning
from riotwatch_jobs.management.operator_command import RunCommand, run_as_json


class Command(RunCommand):
    """With the settings of the run that it repeats."""

    help = "Repeat the failed, skipped and quarantined items of an ended run, or all of it where they are gone."

    def act(self, options: dict[str, Any]) -> object:
        """Ask for the run."""
        old = rerunning.find(options["id"])
        run = rerunning.retry(old, by=self.by, now=self.now)
        items = rerunning.left_undone(old)
        self.say(f"run {run.pk} of {run.job_id} is queued: {f'{items} items of' if items else 'all of'} run {old.pk}.")
        return run_as_json(run)
