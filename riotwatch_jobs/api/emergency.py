"""Stopping everything, and letting it go on."""

from datetime import datetime

import pydantic
from django.http import HttpRequest
from ninja import Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.fields import Text, Wanted
from riotwatch_api.models import Role
from riotwatch_jobs import switching
from riotwatch_jobs.api.ownership import actor
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import EmergencyStop

router = Router(tags=["Emergency"])


class EmergencyOut(Schema):
    """Whether everything is stopped."""

    stopped: bool
    since: datetime | None = None
    by: str = ""
    reason: str = ""


class StopIn(Wanted):
    """Why: whoever finds everything stopped wants to know."""

    reason: Text = pydantic.Field(min_length=1, max_length=switching.LONGEST_REASON, examples=["Riot asked us to"])


@router.post("/emergency/stop", response=EmergencyOut, summary="Stop everything", openapi_extra=needs(Role.OPERATOR))
def stop_everything(request: HttpRequest, wanted: StopIn) -> EmergencyOut:
    """No new slots, runs or items anywhere; what is being worked on ends. A stop that stands already stays as it is."""
    caller = allow(request, Role.OPERATOR)
    return emergency_out(switching.emergency_stop(reason=wanted.reason, by=actor(caller), now=database_now()))


@router.post("/emergency/resume", response=EmergencyOut, summary="Let work go on", openapi_extra=needs(Role.OPERATOR))
def resume_everything(request: HttpRequest) -> EmergencyOut:
    """Runs get back the time that the stop took them. Nothing changes where nothing was stopped."""
    caller = allow(request, Role.OPERATOR)
    switching.emergency_resume(by=actor(caller), now=database_now())
    return emergency_out(EmergencyStop.objects.first())


def emergency_out(stop: EmergencyStop | None) -> EmergencyOut:
    """As it stands."""
    if stop is None:
        return EmergencyOut(stopped=False)
    return EmergencyOut(stopped=True, since=stop.stopped_at, by=stop.stopped_by, reason=stop.reason)
