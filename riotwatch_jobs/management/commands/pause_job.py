"""`manage.py pause_job`: let no run of a job begin for a while."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from riotwatch_jobs import slots, switching
from riotwatch_jobs.management.operator_command import JobCommand


class Command(JobCommand):
    """Open runs go on; slots meanwhile are counted in one SKIPPED run, and triggers are SKIPPED with the reason."""

    help = "Pause a job: no run of it begins, by schedule or by hand, until the pause ends or resume_job."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--for", dest="length", metavar="2h", help="how long: 30m, 2h, 1d; else until resumed")
        parser.add_argument("--reason", required=True, help="why: shown with the job, kept with skipped runs")

    def act(self, options: dict[str, Any]) -> object:
        """Pause."""
        until = self.now + _length(options["length"]) if options["length"] else None
        configuration = switching.pause(
            options["job_id"], reason=options["reason"], until=until, by=self.by, now=self.now
        )
        self.say(f"{configuration.job_id} is {configuration.pause_in_words()}.")
        return {"job_id": configuration.job_id, "paused_until": until, "reason": configuration.paused_reason}


def _length(text: str) -> timedelta:
    seconds = slots.duration_s(text)
    if seconds is None:
        raise switching.BadInput(f"--for {text!r}: write a length like 30m, 2h or 1d")
    return timedelta(seconds=seconds)
