"""What people are told about runs that ended; called in the transaction that ends the run."""

from itertools import takewhile

from riotwatch_jobs.models import FAILED_STATES, JUDGED_STATES, Execution, ExecutionState
from riotwatch_messages import telling
from riotwatch_messages.events import JOB_FAILED, Level
from riotwatch_messages.telling import News

LOOKED_BACK = 101
"""Runs; one more than the largest threshold."""


def run_ended(execution: Execution, state: ExecutionState, reason: str) -> None:
    """Tell what this end means for its job. Runs that were cancelled or skipped say nothing about it."""
    if state not in JUDGED_STATES or not telling.somebody_listens():
        return
    _tell_of_failures(execution, state, reason)


def _tell_of_failures(execution: Execution, state: ExecutionState, reason: str) -> None:
    """Once when a job has failed so many times in a row, and once when it completes again."""
    least = telling.threshold(JOB_FAILED)
    failed_before = _failed_in_a_row_before(execution)
    job_id, run = execution.job_id, f"run {execution.pk}"
    if state in FAILED_STATES and failed_before + 1 == least:
        count = f"{least} runs in a row" if least > 1 else "a run"
        text, level = f"{job_id} failed {count}, now {run}: {reason}", Level.FAILURE
    elif state == ExecutionState.COMPLETED and failed_before >= least:
        text, level = f"{job_id} completed again with {run}, after {failed_before} or more failed ones", Level.SUCCESS
    else:
        return
    telling.tell(JOB_FAILED, [News(f"job:{job_id}", text, level)])


def _failed_in_a_row_before(execution: Execution) -> int:
    runs = Execution.objects.filter(job_id=execution.job_id, state__in=JUDGED_STATES, finished_at__isnull=False)
    states = runs.exclude(pk=execution.pk).order_by("-id").values_list("state", flat=True)[:LOOKED_BACK]
    return sum(1 for _ in takewhile(lambda state: state in FAILED_STATES, states))
