"""Runs that follow others: jobs scheduled `after` another one (JobConfiguration.after).

They are asked for in the transaction that closes the run they follow: neither a crash nor a dead broker loses them.
"""

from datetime import datetime

import structlog
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import closing, dispatch, registry, scheduling, slots
from riotwatch_jobs.models import DEFAULT_SCOPE, Execution, JobConfiguration, Trigger
from riotwatch_jobs.slots import BadSchedule

log = structlog.stdlib.get_logger(__name__)


def ask_for_followers(execution: Execution, now: datetime) -> None:
    """Ask for a run of each job that follows this run's; runs for single players have no followers."""
    if execution.scope != DEFAULT_SCOPE and not execution.scope.startswith("schedule:"):
        return
    for follower in JobConfiguration.objects.filter(after=execution.job_id, enabled=True):
        wanted = dispatch.Request(
            job_id=follower.job_id, trigger=Trigger.AFTER, triggered_by=f"{execution.job_id} run {execution.pk}"
        )
        try:
            dispatch.request(wanted, now=now)
        except (registry.UnknownJob, dispatch.BadConfig) as problem:
            log.error("follower_not_started", job=follower.job_id, after=execution.job_id, problem=problem)


def next_run_of(execution: Execution, now: datetime) -> datetime | None:
    """When the run's schedule is due next; None where it has none that is on."""
    name = {"name": execution.job_id} if execution.scope == DEFAULT_SCOPE else {}
    if execution.scope.startswith("schedule:"):
        name = {"pk": execution.scope.removeprefix("schedule:")}
    row = PeriodicTask.objects.filter(enabled=True, **name).first() if name else None
    if row is None or JobConfiguration.objects.filter(pk=execution.job_id, enabled=False).exists():
        return None
    try:
        return slots.following(scheduling.schedule_of(row), now)
    except slots.BadSchedule:
        return None


closing.set_timetable(closing.Timetable(follow=ask_for_followers, next_run=next_run_of))


def check(job_id: str, *, after: str) -> None:
    """Raise UnknownJob or BadSchedule where `job_id` cannot follow `after`: no such job, or a circle.

    Inside a transaction: until its end nobody else changes what follows what.
    """
    registry.get(after)
    rows = JobConfiguration.objects.select_for_update().order_by("pk")
    follows = {row.job_id: row.after for row in rows if row.after}
    chain = [job_id, after]
    while chain[-1] != job_id:
        if chain[-1] not in follows:
            return
        chain.append(follows[chain[-1]])
    raise BadSchedule(f"after {after}", f"that is a circle: {' after '.join(chain)}")
