"""What people are told about runs that ended; called in the transaction that ends the run."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile

from django_celery_beat.models import PeriodicTask

from riotwatch_jobs.models import DEFAULT_SCOPE, FAILED_STATES, JUDGED_STATES, Execution, ExecutionState
from riotwatch_messages import telling
from riotwatch_messages.events import JOB_FAILED, RUN_COMPLETED, SUCCESS_RATE, Level
from riotwatch_messages.telling import News
from riotwatch_pages import times

LOOKED_BACK = 101
"""Runs; one more than the largest threshold."""
RATED = 20
RATED_LEAST = 10
"""Runs below which a rate says nothing."""
RATE_TOLD_EVERY = timedelta(days=1)


def schedule_subject(pk: int | None) -> str:
    """Who follows this hears of the schedule's completed runs; the same as the scope of a further schedule's runs."""
    return f"schedule:{pk}"


def run_ended(execution: Execution, state: ExecutionState, reason: str) -> None:
    """Tell what this end means. Runs that were cancelled or skipped say nothing about their job."""
    if state not in JUDGED_STATES or not telling.somebody_listens():
        return
    before = _states_before(execution)
    _tell_of_failures(execution, state, reason, before)
    _tell_of_rate(execution, [state, *before])
    if state == ExecutionState.COMPLETED and execution.slot is not None:
        _tell_of_completion(execution.pk)


def _states_before(execution: Execution) -> list[str]:
    """How the job's runs before this one ended, newest first."""
    runs = Execution.objects.filter(job_id=execution.job_id, state__in=JUDGED_STATES, finished_at__isnull=False)
    return list(runs.exclude(pk=execution.pk).order_by("-id").values_list("state", flat=True)[:LOOKED_BACK])


def _tell_of_failures(execution: Execution, state: ExecutionState, reason: str, before: Sequence[str]) -> None:
    """Once when a job has failed so many times in a row, and once when it completes again."""
    least = telling.threshold(JOB_FAILED)
    failed_before = sum(1 for _ in takewhile(lambda one: one in FAILED_STATES, before))
    job_id, run = execution.job_id, f"run {execution.pk}"
    if state in FAILED_STATES and failed_before + 1 == least:
        count = f"{least} runs in a row" if least > 1 else "a run"
        text, level = f"{job_id} failed {count}, now {run}: {reason}", Level.FAILURE
    elif state == ExecutionState.COMPLETED and failed_before >= least:
        text, level = f"{job_id} completed again with {run}, after {failed_before} or more failed ones", Level.SUCCESS
    else:
        return
    telling.tell(JOB_FAILED, [News(f"job:{job_id}", text, level)])


def _tell_of_rate(execution: Execution, states: Sequence[str]) -> None:
    """Where this run took the rate below what it should be."""
    least, now, before = telling.threshold(SUCCESS_RATE), _rate(states), _rate(states[1:])
    subject = f"job:{execution.job_id}"
    if not now < least <= before or telling.was_told(SUCCESS_RATE, subject, within=RATE_TOLD_EVERY):
        return
    failed, count = sum(one in FAILED_STATES for one in states[:RATED]), min(len(states), RATED)
    text = f"{execution.job_id}: {failed} of the last {count} runs failed; {now:.0f} % did not, {least} % should not"
    telling.tell(SUCCESS_RATE, [News(subject, text)])


def _rate(states: Sequence[str]) -> float:
    """Percent of the newest runs that did not fail; 100 where they are too few."""
    rated = states[:RATED]
    return 100 * sum(one not in FAILED_STATES for one in rated) / len(rated) if len(rated) >= RATED_LEAST else 100.0


def _tell_of_completion(run_id: int) -> None:
    """To those who follow the schedule."""
    run = Execution.objects.get(pk=run_id)
    subject = run.scope
    if run.scope == DEFAULT_SCOPE:
        subject = schedule_subject(PeriodicTask.objects.filter(name=run.job_id).values_list("pk", flat=True).first())
    counts = f"{run.items_done} items done, {run.items_failed} failed, {run.items_skipped} skipped"
    text = f"{run}: {counts}, {run.api_requests_made} requests, in {times.span(run.duration_s or 0)}"
    telling.tell(RUN_COMPLETED, [News(subject, text, Level.INFO)])
