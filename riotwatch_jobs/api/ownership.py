"""Whose schedules and runs somebody sees: not those that other people, who are no admins, scheduled."""

from django.db.models import QuerySet
from django.http import Http404
from django_celery_beat.models import PeriodicTask

from riotwatch_api.access import Caller
from riotwatch_api.problems import Problem
from riotwatch_jobs import audit, messages
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import Execution, ScheduleOwner


def actor(caller: Caller) -> Actor:
    """Who acts, for the functions that all surfaces share."""
    return Actor(caller.name, audit.person(caller.user).user_id)


def visible_runs(caller: Caller) -> QuerySet[Execution]:
    """All runs but those of other people's schedules."""
    return Execution.objects.exclude(scope__in=[f"schedule:{hidden}" for hidden in _hidden_schedules(caller)])


def visible_run(caller: Caller, run_id: int) -> Execution:
    """The run of this number; raises Http404."""
    run = visible_runs(caller).filter(pk=run_id).first()
    if run is None:
        raise Http404(f"there is no run {run_id}: it was never made, has gone with the retention, or is not yours")
    return run


def visible_schedules(caller: Caller) -> QuerySet[PeriodicTask]:
    """All schedules of jobs but other people's."""
    rows = PeriodicTask.objects.filter(task=messages.DISPATCH_TASK).select_related("interval", "crontab")
    visible: QuerySet[PeriodicTask] = rows.exclude(pk__in=_hidden_schedules(caller))
    return visible


def changeable_schedule(caller: Caller, schedule_id: int) -> PeriodicTask:
    """The schedule of this number, if it is the caller's to change; raises Http404 or Problem."""
    row = visible_schedules(caller).filter(pk=schedule_id).first()
    if row is None:
        raise Http404(f"there is no schedule {schedule_id}: GET /jobs/{{job_id}}/schedules lists them with their ids")
    if not caller.is_admin and not ScheduleOwner.objects.filter(pk=schedule_id, owner=caller.user).exists():
        raise Problem("forbidden", "this schedule belongs to everybody: an admin may change it")
    return row


def own(caller: Caller, row: PeriodicTask) -> None:
    """What somebody who is no admin made is theirs."""
    if not caller.is_admin:
        ScheduleOwner.objects.create(schedule_id=row.pk, owner=caller.user)


def _hidden_schedules(caller: Caller) -> list[int]:
    if caller.is_admin:
        return []
    return list(ScheduleOwner.objects.exclude(owner=caller.user).values_list("pk", flat=True))
