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

    What is named as it is stored already changes nothing, and leaves no trace.

    `limits` are some of LIMITS. Raises UnknownJob, or BadConfig; then nothing has changed.
    """
    with transaction.atomic():
        row = JobConfiguration.objects.select_for_update().get(pk=configuration_row(job_id).pk)
        stored = row.stored_settings
        changed = {name: value for name, value in config.items() if stored.get(name) != value}
        row.config = {name: value for name, value in {**stored, **config}.items() if value is not None}
        dispatch.checked_config(row.job, row.effective_config())
        for name, limit in limits.items():
            value = "" if name == "overlap" and limit is None else limit
            if getattr(row, name) != value:
                changed[name] = value
                setattr(row, name, value)
        row.save(update_fields=["config", *LIMITS, "updated_at"])
        if changed:
            audit.record(by, row, f"Changed {', '.join(f'{name} = {value}' for name, value in changed.items())}.")
    return row
