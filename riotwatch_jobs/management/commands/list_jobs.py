"""`manage.py list_jobs`: what there is, when it runs next, how it went last."""

from typing import Any

from rich.table import Column, Table

from riotwatch_jobs import overview
from riotwatch_jobs.management.operator_command import OperatorCommand, time_text


class Command(OperatorCommand):
    """A table, or JSON."""

    help = "List the jobs with their schedule, next run and last run."

    def act(self, options: dict[str, Any]) -> object:
        """Show every job of the catalogue."""
        del options
        jobs = overview.all_jobs(now=self.now)
        table = Table(Column("job", no_wrap=True), "on", "schedule (UTC)", "next run", "last run", "took", "queue")
        for job in jobs:
            last = job.last_run
            table.add_row(
                job.job_id,
                "paused" if job.paused else "yes" if job.enabled else "no",
                job.schedule,
                time_text(job.next_run),
                f"{last.state.lower()} {time_text(last.queued_at)}" if last else "never",
                f"{last.duration_s:.1f} s" if last and last.duration_s is not None else "",
                job.queue,
            )
        self.show(table)
        return [job.as_json() for job in jobs]
