"""`manage.py job_status`: how the jobs are doing, or all about one of them."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Column, Table

from riotwatch_jobs import describing, overview, registry, rescheduling, scheduling, slots, statistics
from riotwatch_jobs.management.operator_command import OperatorCommand, run_as_json, short_time_text, time_text
from riotwatch_jobs.models import EmergencyStop, Execution
from riotwatch_jobs.overview import JobOverview
from riotwatch_jobs.statistics import Statistics

RUNS_SHOWN = 10


class Command(OperatorCommand):
    """A table of all jobs with their last 24 hours; of one job also its schedules and newest runs."""

    help = "Show each job's state, next run and last 24 hours; with JOB_ID its schedules and newest runs too."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("job_id", nargs="?", metavar="JOB_ID")

    def act(self, options: dict[str, Any]) -> object:
        """Show."""
        if stop := EmergencyStop.objects.first():
            self.say(f"{stop} (emergency_resume ends it)")
        numbers = statistics.per_job(now=self.now)
        if options["job_id"]:
            return self._one(overview.of_job(registry.get(options["job_id"]), now=self.now), numbers)
        jobs = overview.all_jobs(now=self.now)
        self._show_jobs(jobs, numbers)
        return [_as_json(job, numbers) for job in jobs]

    def _one(self, job: JobOverview, numbers: dict[str, Statistics]) -> object:
        runs = list(Execution.objects.filter(job_id=job.job_id).order_by("-id")[:RUNS_SHOWN])
        schedules = [self._schedule(row) for row in rescheduling.schedules_of(job.job_id)]
        self.say(f"{job.name}: {job.description}")
        self._show_jobs([job], numbers)
        for schedule in schedules:
            self.say("schedule {id}{off}: {in_words}; next (UTC): {next_text}".format(**schedule))
        self.show(_table_of_runs(runs, now=self.now))
        plain = [
            {name: one[name] for name in ("id", "schedule", "in_words", "enabled", "next_runs")} for one in schedules
        ]
        return {**_as_json(job, numbers), "schedules": plain, "runs": [run_as_json(run) for run in runs]}

    def _show_jobs(self, jobs: list[JobOverview], numbers: dict[str, Statistics]) -> None:
        self.show(_table_of(jobs, numbers, now=self.now))
        for job in jobs:
            if job.paused:
                self.say(f"{job.job_id} is {job.paused} (resume_job {job.job_id} ends it)")

    def _schedule(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - django-celery-beat is untyped
        try:
            schedule = scheduling.schedule_of(row)
            text, words = scheduling.text_of(row), describing.describe(schedule)
            next_runs = slots.next_runs(schedule, self.now) if row.enabled else []
        except slots.BadSchedule as problem:
            text, words, next_runs = "", str(problem), []
        return {
            "id": row.pk,
            "schedule": text,
            "in_words": words,
            "enabled": row.enabled,
            "next_runs": next_runs,
            "next_text": ", ".join(map(time_text, next_runs)) or "-",
            "off": "" if row.enabled else " (off)",
        }


def _as_json(job: JobOverview, numbers: dict[str, Statistics]) -> dict[str, Any]:
    return {**job.as_json(), "last_24_h": numbers.get(job.job_id, Statistics()).as_json()}


def _table_of(jobs: list[JobOverview], numbers: dict[str, Statistics], *, now: datetime) -> Table:
    titles = ("job", "state", "next (UTC)", "last run (UTC)")
    numbers_of_day = ("runs", "ok", "failed", "mean s", "requests", "most", "missed")
    columns = [Column(title, no_wrap=True) for title in titles]
    columns += [Column(title, no_wrap=True, justify="right") for title in numbers_of_day]
    table = Table(*columns, box=None, pad_edge=False, caption="numbers: last 24 hours")
    for job in jobs:
        day, last = numbers.get(job.job_id, Statistics()), job.last_run
        table.add_row(
            job.job_id,
            "paused" if job.paused else "on" if job.enabled else "off",
            short_time_text(job.next_run, now=now),
            f"{short_time_text(last.queued_at, now=now)} {last.state.lower()}" if last else "never",
            *map(str, (day.runs, day.ok, day.failed)),
            *(_number(value) for value in (day.mean_duration_s, day.mean_requests)),
            str(day.max_requests if day.max_requests is not None else "-"),
            str(day.slots_missed),
        )
    return table


def _table_of_runs(runs: list[Execution], *, now: datetime) -> Table:
    columns = [Column(title, no_wrap=True) for title in ("run", "state", "queued (UTC)")]
    columns += [Column(title, no_wrap=True, justify="right") for title in ("took s", "done", "failed", "skipped")]
    table = Table(*columns, "trigger", Column("reason", min_width=12), box=None, pad_edge=False)
    for run in runs:
        table.add_row(
            str(run.pk),
            run.state + (" (partial)" if run.is_partial else ""),
            short_time_text(run.queued_at, now=now),
            _number(run.duration_s),
            *map(str, (run.items_done, run.items_failed, run.items_skipped)),
            f"{run.trigger} {run.triggered_by}".strip(),
            run.reason + (f" ({run.slots_skipped} slots)" if run.slots_skipped > 1 else ""),
        )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
