"""`manage.py schedule_job`: when a job runs."""

from typing import Any

from django.core.management.base import CommandParser

from riotwatch_jobs import describing, rescheduling, scheduling, slots, switching
from riotwatch_jobs.management.operator_command import JobCommand, time_text

EXAMPLES = '"every 15m", "*/15 * * * *", "daily 23:59", "weekly sun 23:59 Europe/Berlin" or "after JOB_ID"'


class Command(JobCommand):
    """Takes effect within seconds, without a restart, and never fires for the past."""

    help = f"Give a job other times instead of its default schedule's, or further ones: {EXAMPLES}."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        times = parser.add_mutually_exclusive_group(required=True)
        times.add_argument("text", nargs="?", metavar="TIMES", help=EXAMPLES)
        times.add_argument("--daily", metavar="HH:MM", help="each day at this time (UTC)")
        times.add_argument("--weekly", nargs=2, metavar=("DAY", "HH:MM"), help="each week, such as: sun 23:59 (UTC)")
        parser.add_argument("--add", action="store_true", help="beside the schedules there are, not instead of them")

    def act(self, options: dict[str, Any]) -> object:
        """Schedule, and show what comes of it."""
        job_id, text = options["job_id"], _text(options)
        change = rescheduling.add if options["add"] else rescheduling.set_default
        row = change(job_id, text, by=self.by)
        self.say(f"{job_id} runs {describing.describe(slots.parse_any(text))}.")
        if not switching.configuration_row(job_id).enabled:
            self.say(f"The job itself is switched off: enable_job {job_id} lets its schedules make runs.")
        if row is None:
            return {"job_id": job_id, "after": text.split()[-1].lower()}
        next_runs = slots.next_runs(scheduling.schedule_of(row), self.now)
        self.say("Next (UTC): " + ", ".join(time_text(slot) for slot in next_runs))
        return {"job_id": job_id, "schedule_id": row.pk, "schedule": scheduling.text_of(row), "next_runs": next_runs}


def _text(options: dict[str, Any]) -> str:
    if options["daily"]:
        return f"daily {options['daily']}"
    if options["weekly"]:
        return f"weekly {' '.join(options['weekly'])}"
    return str(options["text"])
