"""Asking for a run, and waiting a little for its end."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import pydantic
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from riotwatch_api import repeats
from riotwatch_api.access import Caller
from riotwatch_api.problems import Problem
from riotwatch_jobs import dispatch
from riotwatch_jobs.api.shapes import RunOut, run_out
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ExecutionState

LONGEST_WAIT_S = 30
POLL_EVERY_S = 0.1

WaitSeconds = Annotated[
    float,
    pydantic.Field(
        ge=0, le=LONGEST_WAIT_S, description="Answer when the run has ended, at the latest after so many seconds."
    ),
]


def ask(
    request: HttpRequest,
    response: HttpResponse,
    caller: Caller,
    *,
    body: pydantic.BaseModel,
    key: str,
    wanted: Callable[[], dispatch.Request],
    traced: Callable[[Execution], None],
) -> RunOut:
    """Ask for a run, once per Idempotency-Key, and answer with it; raises Problem where it was skipped at once.

    `traced` leaves the trace of the action, in its transaction.
    """

    def make() -> int:
        with transaction.atomic():
            run, is_new = dispatch.request(wanted(), now=database_now())
            if is_new:
                traced(run)
        return run.pk

    with_key = {"address": request.path, "body": body, "make": make, "now": database_now()}
    run = Execution.objects.filter(pk=repeats.once(caller, key, **with_key)).first()  # type: ignore[arg-type]
    if run is None:
        raise Problem("conflict", "the run of this Idempotency-Key has gone with the retention: take a new one")
    return accepted(request, response, _awaited(run, getattr(body, "wait_s", 0.0)))


def accepted(request: HttpRequest, response: HttpResponse, run: Execution) -> RunOut:
    """The run and its address; raises Problem where it was skipped at once, which nobody asks for."""
    address = request.build_absolute_uri(reverse("api:show_run", args=[run.pk]))
    if run.state == ExecutionState.SKIPPED:
        raise Problem(
            "conflict", f"run {run.pk} of {run.job_id} was skipped: {run.reason}", headers={"Location": address}
        )
    response.headers["Location"] = address
    return run_out(run)


def _awaited(run: Execution, seconds: float) -> Execution:
    until = time.monotonic() + seconds
    while run.is_open and time.monotonic() < until:
        time.sleep(POLL_EVERY_S)
        run.refresh_from_db()
    return run


def until_of(for_s: int | None, until: datetime | None, *, now: datetime) -> datetime | None:
    """The end of a pause, from either of its two forms."""
    if for_s is None:
        return until
    return datetime.fromtimestamp(now.timestamp() + for_s, tz=now.tzinfo)
