"""Changing a job's settings and limits, checked as a whole before anything is stored."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from riotwatch_jobs import audit, dispatch
from riotwatch_jobs.audit import Actor
from riotwatch_jobs.models import JobConfiguration
from riotwatch_jobs.switching import configuration_row

LIMITS = frozenset({"timeout_s", "deadline_s", "overlap", "catch_up_s"})


def configure(job_id: str, *, config: Mapping[str, Any], limits: Mapping[str, Any], by: Actor) -> JobConfiguration:
    """Change the settings and limits that are named; None takes one back to the default. Effective at the next run.

    `limits` are some of LIMITS. Raises UnknownJob, or BadConfig; then nothing has changed.
    """
    with transaction.atomic():
        row = JobConfiguration.objects.select_for_update().get(pk=configuration_row(job_id).pk)
        kept = {**row.config, **config}
        row.config = {name: value for name, value in kept.items() if value is not None}
        dispatch.checked_config(row.job, row.effective_config())
        for name in LIMITS & limits.keys():
            setattr(row, name, limits[name] if limits[name] is not None or name != "overlap" else "")
        row.save(update_fields=["config", *LIMITS, "updated_at"])
        changed = ", ".join(f"{name} = {value}" for name, value in {**config, **limits}.items())
        audit.record(by, row, f"Changed {changed or 'nothing'}.")
    return row
