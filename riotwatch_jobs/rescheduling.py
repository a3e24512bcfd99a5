"""Adding, changing and removing a job's schedules: the same functions for the command line, the admin and the API.

A job has a default schedule, named after it, and any number of further ones; and it may follow another job. A text is
read by `slots.parse_any`. Times take effect at beat's next look, within a second, and never fire for the past.
"""

import json
from collections.abc import Sequence
from uuid import uuid4

from django.db import transaction
from django_celery_beat.models import PeriodicTask

from riotwatch_jobs import audit, following, messages, registry, scheduling, slots
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.base import Job
from riotwatch_jobs.models import JobConfiguration, ScheduleOwner
from riotwatch_jobs.switching import BadInput, Refused, configuration_row


def schedules_of(job_id: str) -> list[PeriodicTask]:
    """The job's rows, the default one first."""
    rows = PeriodicTask.objects.filter(task=messages.DISPATCH_TASK).select_related("interval", "crontab")
    ours = [row for row in rows.order_by("pk") if scheduling.job_id_of(row) == job_id]
    return sorted(ours, key=lambda row: row.name != job_id)


def find(schedule_id: int) -> PeriodicTask:
    """The schedule of this number; raises Refused where there is none that starts a job."""
    row = PeriodicTask.objects.filter(pk=schedule_id, task=messages.DISPATCH_TASK).first()
    if row is None:
        raise BadInput(f"there is no schedule {schedule_id}: job_status JOB_ID shows a job's schedules with their ids")
    return row


def set_default(job_id: str, text: str, *, by: Actor) -> PeriodicTask | None:
    """Give the job these times instead of its default schedule's, or let it follow another job.

    Returns the default schedule's row, None where it follows. Further schedules stay. Raises UnknownJob, BadSchedule.
    """
    job, schedule = registry.get(job_id), slots.parse_any(text)
    with transaction.atomic():
        if isinstance(schedule, slots.After):
            _follow(job_id, schedule.job_id, by=by)
            for row in PeriodicTask.objects.filter(name=job_id, enabled=True):
                scheduling.set_enabled(row, enabled=False)
            return None
        _follow_nobody(job_id)
        row = PeriodicTask.objects.filter(name=job_id).first() or _new_row(job, job_id)
        return _write(row, schedule, text, by=by)


def add(job_id: str, text: str, *, by: Actor) -> PeriodicTask | None:
    """Give the job a further schedule, or let it follow another as well; raises UnknownJob, BadSchedule, Refused."""
    job, schedule = registry.get(job_id), slots.parse_any(text)
    with transaction.atomic():
        if isinstance(schedule, slots.After):
            _follow(job_id, schedule.job_id, by=by)
            return None
        _refuse_twice(job_id, schedule, by=by)
        # The name says nothing of the times, which may change.
        row = _new_row(job, f"{job_id}: {uuid4().hex[:8]}")
        return _write(row, schedule, text, by=by)


def _refuse_twice(job_id: str, schedule: slots.Schedule, *, by: Actor) -> None:
    """Raise Refused where the job has these times already, in a schedule of everybody's or of who asks.

    Somebody else's own schedule is in nobody's way, and is not told of.
    """
    # Whoever adds at the same time waits here, and then finds this one's schedule.
    JobConfiguration.objects.select_for_update().get(pk=configuration_row(job_id).pk)
    owners = dict(ScheduleOwner.objects.values_list("pk", "owner"))
    for row in schedules_of(job_id):
        if owners.get(row.pk, by.user_id) == by.user_id and _fires_at(row, schedule):
            off = "" if row.enabled else ", which is off"
            raise Refused(f"{job_id} has that schedule already: number {row.pk}{off}")


def _fires_at(row: PeriodicTask, schedule: slots.Schedule) -> bool:
    try:
        return scheduling.schedule_of(row) == schedule
    except slots.BadSchedule:
        return False


def change(row: PeriodicTask, text: str, *, by: Actor) -> PeriodicTask:
    """Give a schedule other times; raises BadSchedule, also for `after JOB_ID`, which is no times."""
    with transaction.atomic():
        return _write(row, slots.parse(text), text, by=by)


def _new_row(job: type[Job], name: str) -> PeriodicTask:
    return PeriodicTask(
        name=name,
        task=messages.DISPATCH_TASK,
        kwargs=json.dumps({"job_id": job.job_id}),
        queue=messages.CONTROL_QUEUE,
        description=job.description,
    )


def _write(row: PeriodicTask, schedule: slots.Schedule, text: str, *, by: Actor) -> PeriodicTask:
    slots.check(schedule)
    is_new = row.pk is None
    scheduling.set_schedule(row, schedule)
    row.enabled = True
    row.save()
    row.refresh_from_db()
    audit.record(by, row, f"Scheduled: {text}.", action=audit.ADDITION if is_new else audit.CHANGE)
    return row


def _follow(job_id: str, after: str, *, by: Actor) -> None:
    following.check(job_id, after=after)
    configuration = configuration_row(job_id)
    JobConfiguration.objects.filter(pk=job_id).update(after=after)
    audit.record(by, configuration, f"Follows {after}.")


def _follow_nobody(job_id: str) -> None:
    JobConfiguration.objects.filter(pk=job_id).update(after="")


def remove(rows: Sequence[PeriodicTask], *, by: Actor) -> int:
    """Delete schedules; `sync_schedules` does not bring back a default one that was removed."""
    with transaction.atomic():
        for row in rows:
            audit.record(by, row, f"Removed the schedule {row.name}.", action=audit.DELETION)
            row.delete()
    return len(rows)


def remove_all_of(job_id: str, *, by: Actor) -> int:
    """Delete the job's schedules, and let it follow nobody; returns how many timings it had. Raises UnknownJob."""
    registry.get(job_id)
    with transaction.atomic():
        followed = JobConfiguration.objects.filter(pk=job_id).exclude(after="").update(after="")
        if followed:
            audit.record(by, configuration_row(job_id), "Follows nobody any more.")
        return remove(schedules_of(job_id), by=by) + followed
