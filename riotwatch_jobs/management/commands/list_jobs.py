"""`manage.py list_jobs`: what there is, when it runs next, how it went last."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Column, Table

from riotwatch_jobs import overview
from riotwatch_jobs.leases import database_now


class Command(BaseCommand):
    """A table, or JSON."""

    help = "List the jobs with their schedule, next run and last run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Print every job of the catalogue."""
        del args
        jobs = overview.all_jobs(now=database_now())
        if options["json"]:
            self.stdout.write(json.dumps([job.as_json() for job in jobs], indent=2))
            return
        table = Table(Column("job", no_wrap=True), "on", "schedule (UTC)", "next run", "last run", "took", "queue")
        for job in jobs:
            last = job.last_run
            table.add_row(
                job.job_id,
                "yes" if job.enabled else "no",
                job.schedule,
                _time(job.next_run),
                f"{last.state.lower()} {_time(last.queued_at)}" if last else "never",
                f"{last.duration_s:.1f} s" if last and last.duration_s is not None else "",
                job.queue,
            )
        Console().print(table)


def _time(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%d %H:%M") if instant else "-"
