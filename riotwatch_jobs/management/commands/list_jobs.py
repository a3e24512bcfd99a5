"""`manage.py list_jobs`: what there is, when it runs next, how it went last."""

from typing import Any

from rich.table import Column, Table

from riotwatch_jobs import overview
from riotwatch_jobs.management.operator_command import OperatorCommand, short_time_text


class Command(OperatorCommand):
    """A table, or JSON."""

    help = "List the jobs with their schedule, next run and last run."

    def act(self, options: dict[str, Any]) -> object:
        """Show every job of the catalogue."""
        del options
        jobs = overview.all_jobs(now=self.now)
        titles = ("job", "on", "schedule (UTC)", "next (UTC)", "last run (UTC)", "took", "queue")
        table = Table(*(Column(title, no_wrap=True) for title in titles), box=None, pad_edge=False)
        for job in jobs:
            last = job.last_run
            table.add_row(
                job.job_id,
                "paused" if job.paused else "yes" if job.enabled else "no",
                job.schedule,
                short_time_text(job.next_run, now=self.now),
                f"{last.state.lower()} {short_time_text(last.queued_at, now=self.now)}" if last else "never",
                f"{last.duration_s:.1f} s" if last and last.duration_s is not None else "",
                job.queue,
            )
        self.show(table)
        return [job.as_json() for job in jobs]
