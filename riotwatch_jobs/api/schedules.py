"""Schedules of jobs, by the text that all surfaces read. What somebody who is no admin makes is theirs alone."""

from datetime import datetime
from typing import Any

import pydantic
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from ninja import Router

from riotwatch_api.access import Caller, allow
from riotwatch_api.application import needs
from riotwatch_api.fields import RowId, Text, Wanted
from riotwatch_api.models import Role
from riotwatch_api.paging import Page
from riotwatch_api.problems import Problem
from riotwatch_jobs import audit, describing, dispatch, overview, registry, rescheduling, scheduling, slots
from riotwatch_jobs.api.ownership import actor, changeable_schedule, own, visible_schedules
from riotwatch_jobs.api.shapes import ScheduleOut
from riotwatch_jobs.leases import database_now

LONGEST_TEXT = 200
_FORMS = "`60`, `every 15m`, `daily 23:59`, `weekly sun 23:59`, five cron fields, or `after JOB_ID`."

router = Router(tags=["Schedules"])


class ScheduleIn(Wanted):
    """When the job is to run."""

    schedule: Text = pydantic.Field(
        min_length=1, max_length=LONGEST_TEXT, description=_FORMS, examples=["daily 23:59 Europe/Berlin"]
    )


class SchedulePatch(Wanted):
    """What is to change; what is left out stays."""

    schedule: Text | None = pydantic.Field(None, min_length=1, max_length=LONGEST_TEXT, description=_FORMS)
    enabled: bool | None = None


@router.get(
    "/jobs/{job_id}/schedules",
    response=Page[ScheduleOut],
    summary="List a job's schedules",
    openapi_extra=needs(Role.VIEWER),
)
def list_schedules(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """The default schedule first, named after the job; then further ones; last the job that it follows, if any."""
    caller = allow(request, Role.VIEWER)
    job, now = registry.get(job_id), database_now()
    seen = set(visible_schedules(caller).values_list("pk", flat=True))
    rows = [_out(row, now=now) for row in rescheduling.schedules_of(job.job_id) if row.pk in seen]
    after = dispatch.configuration_of(job).after
    return {"items": [*rows, *([_following(job.job_id, after)] if after else [])]}


@router.post(
    "/jobs/{job_id}/schedules",
    response={201: ScheduleOut},
    summary="Add a schedule",
    openapi_extra=needs(Role.OPERATOR),
)
def add_schedule(request: HttpRequest, response: HttpResponse, job_id: str, wanted: ScheduleIn) -> ScheduleOut:
    """A further schedule, effective within a second. `after JOB_ID` is the job's setting and takes the role admin."""
    caller = allow(request, Role.OPERATOR)
    job_id = registry.get(job_id).job_id
    if isinstance(schedule := slots.parse_any(wanted.schedule), slots.After) and not caller.is_admin:
        raise Problem("forbidden", f"that {job_id} follows {schedule.job_id} is the job's setting: an admin may set it")
    with transaction.atomic():
        row = rescheduling.add(job_id, wanted.schedule, by=actor(caller))
        if row is None:
            return _following(job_id, schedule.job_id if isinstance(schedule, slots.After) else "")
        own(caller, row)
    response.headers["Location"] = request.build_absolute_uri(reverse("api:change_schedule", args=[row.pk]))
    return _out(row, now=database_now())


@router.patch(
    "/jobs/schedules/{schedule_id}",
    response=ScheduleOut,
    summary="Change a schedule",
    openapi_extra=needs(Role.OPERATOR),
)
def change_schedule(request: HttpRequest, schedule_id: RowId, wanted: SchedulePatch) -> ScheduleOut:
    """Other times, or on and off; it never fires for the past. An operator may change their own."""
    caller = allow(request, Role.OPERATOR)
    row = changeable_schedule(caller, schedule_id)
    enabled = row.enabled if wanted.enabled is None else wanted.enabled
    with transaction.atomic():
        if wanted.schedule is not None:
            row = rescheduling.change(row, wanted.schedule, by=actor(caller))
        if row.enabled != enabled:  # new times switch it on
            _switch(row, caller, enabled=enabled)
    return _out(row, now=database_now())


def _switch(row: PeriodicTask, caller: Caller, *, enabled: bool) -> None:
    scheduling.set_enabled(row, enabled=enabled)
    audit.record(actor(caller), row, f"{'Enabled' if enabled else 'Disabled'} the schedule.")


@router.delete(
    "/jobs/schedules/{schedule_id}",
    response={204: None},
    summary="Remove a schedule",
    openapi_extra=needs(Role.OPERATOR),
)
def remove_schedule(request: HttpRequest, schedule_id: RowId) -> None:
    """Its runs stay. An operator may remove their own."""
    caller = allow(request, Role.OPERATOR)
    rescheduling.remove([changeable_schedule(caller, schedule_id)], by=actor(caller))


def _out(row: PeriodicTask, *, now: datetime) -> ScheduleOut:
    values = {"id": row.pk, "name": row.name, "enabled": row.enabled}
    try:
        schedule = scheduling.schedule_of(row)
        slots.check(schedule)
    except slots.BadSchedule as problem:
        return ScheduleOut(**values, job_id=scheduling.job_id_of(row), schedule="", in_words=str(problem), next_runs=[])
    upcoming = slots.next_runs(schedule, now) if row.enabled else []
    text, words = scheduling.text_of(row), describing.describe(schedule)
    return ScheduleOut(**values, job_id=scheduling.job_id_of(row), schedule=text, in_words=words, next_runs=upcoming)


def _following(job_id: str, after: str) -> ScheduleOut:
    about = overview.of_job(registry.get(job_id), now=database_now())
    return ScheduleOut(
        id=None,
        job_id=job_id,
        name=job_id,
        schedule=f"after {after}",
        in_words=about.in_words,
        enabled=True,
        next_runs=[],
    )
