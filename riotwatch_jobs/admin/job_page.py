"""What the list of jobs and a job's page show, read for any number of jobs at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import describing, messages, overview, registry, scheduling, slots
from riotwatch_jobs.admin import history, words
from riotwatch_jobs.admin.settings_form import stored_problems
from riotwatch_jobs.admin.words import Label
from riotwatch_jobs.base import Job
from riotwatch_jobs.models import Execution, JobConfiguration

REFUSED = Label("settings refused", "danger")
NO_CODE = "This job has no code any more: its file was removed."


@dataclass(frozen=True)
class Timing:
    """One schedule of a job."""

    row: PeriodicTask
    words: str
    """In plain words, or what is wrong with it."""
    next_slot: datetime | None
    """None while it is off, and for one that cannot be read."""


@dataclass(frozen=True)
class JobFacts:
    """What is shown of one job."""

    configuration: JobConfiguration
    job: type[Job] | None
    label: Label
    timings: list[Timing]
    next_run: datetime | None
    runs: list[Execution]
    """Newest first."""
    bars: list[history.Bar]
    problems: list[str]
    """Why the stored settings are refused: no run can begin."""

    @property
    def has_code(self) -> bool:
        """Whether it can be run at all."""
        return self.job is not None

    @property
    def name(self) -> str:
        """As people call the job."""
        return self.job.name if self.job else self.configuration.job_id

    @property
    def description(self) -> str:
        """What the job does."""
        return self.job.description if self.job else NO_CODE

    @property
    def schedule(self) -> str:
        """When it runs, in plain words."""
        timings = [timing.words for timing in self.timings if timing.row.enabled]
        if self.configuration.after:
            timings.append(f"after each completed run of {self.configuration.after}")
        return "; ".join(timings) or "only by hand"

    @property
    def last_run(self) -> Execution | None:
        """The newest run."""
        return self.runs[0] if self.runs else None

    @property
    def last_state(self) -> Label | None:
        """How the newest run stands."""
        return words.of_run(self.runs[0]) if self.runs else None

    @property
    def success_rate(self) -> str:
        """Of the runs shown."""
        return history.success_rate(self.runs)


def facts_of(configurations: Sequence[JobConfiguration], *, runs: int, now: datetime) -> dict[str, JobFacts]:
    """What is shown of these jobs, by their ids, in a fixed number of queries."""
    light = Execution.objects.defer("result", "config", "traceback")
    newest = overview.newest_runs([one.job_id for one in configurations], count=runs, runs=light)
    rows = _rows_by_job()
    return {
        configuration.job_id: _facts(
            configuration, rows[configuration.job_id], newest.get(configuration.job_id, []), now=now
        )
        for configuration in configurations
    }


def _facts(
    configuration: JobConfiguration, rows: list[PeriodicTask], runs: list[Execution], *, now: datetime
) -> JobFacts:
    since = configuration.slots_count_after(now)
    timings = [timing_of(row, since) for row in rows]
    upcoming = [timing.next_slot for timing in timings if timing.next_slot]
    job = job_of(configuration)
    problems = stored_problems(configuration, job) if job else []
    return JobFacts(
        configuration=configuration,
        job=job,
        label=REFUSED if problems else _label(configuration, timings, now),
        problems=problems,
        timings=timings,
        next_run=min(upcoming, default=None),
        runs=runs,
        bars=history.bars(runs),
    )


def _label(configuration: JobConfiguration, timings: list[Timing], now: datetime) -> Label:
    label = words.of_job(configuration, now)
    has_timing = configuration.after or any(timing.row.enabled for timing in timings)
    return label if has_timing or label.text != "on" else Label("by hand only")


def job_of(configuration: JobConfiguration) -> type[Job] | None:
    """The job's class; None where the code is gone."""
    try:
        return configuration.job
    except registry.UnknownJob:
        return None


def _rows_by_job() -> dict[str, list[PeriodicTask]]:
    """Every schedule, under its job, the default one first."""
    rows = PeriodicTask.objects.filter(task=messages.DISPATCH_TASK).select_related("interval", "crontab")
    found: dict[str, list[PeriodicTask]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (":" in row.name, row.pk)):
        found[scheduling.job_id_of(row)].append(row)
    return found


def timing_of(row: PeriodicTask, since: datetime | None) -> Timing:
    """A schedule in words, with its next slot after `since` (None: it makes no runs)."""
    try:
        schedule = scheduling.schedule_of(row)
        slots.check(schedule)
    except slots.BadSchedule as problem:
        return Timing(row, str(problem), None)
    upcoming = slots.following(schedule, since) if since and row.enabled else None
    return Timing(row, describing.describe(schedule), upcoming)
