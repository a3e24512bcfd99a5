"""How states are worded and colored on the pages of jobs."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html

from riotwatch_jobs.models import Execution, ExecutionState, ItemState, JobConfiguration
from riotwatch_pages import times


@dataclass(frozen=True)
class Label:
    """A word in a colored box; `type` is one of django-unfold's: info, success, warning, danger, or none of them."""

    text: str
    type: str = ""


RUN_TYPES = {
    ExecutionState.PENDING: "",
    ExecutionState.IN_PROGRESS: "info",
    ExecutionState.COMPLETED: "success",
    ExecutionState.FAILED: "danger",
    ExecutionState.RATE_LIMITED: "warning",
    ExecutionState.SKIPPED: "",
    ExecutionState.CANCELLED: "warning",
    ExecutionState.ABANDONED: "danger",
}
ITEM_TYPES = {
    ItemState.RUNNING: "info",
    ItemState.DONE: "success",
    ItemState.FAILED: "danger",
    ItemState.QUARANTINED: "danger",
    ItemState.CANCELLED: "warning",
}


def of_run(run: Execution) -> Label:
    """The run's state; a completed run with failed items is "partial"."""
    if run.is_partial:
        return Label("partial", "warning")
    return Label(run.state.replace("_", " ").lower(), RUN_TYPES[ExecutionState(run.state)])


def of_item(state: str) -> Label:
    """An item's state."""
    return Label(state.lower(), ITEM_TYPES.get(ItemState(state), ""))


def of_job(configuration: JobConfiguration, now: datetime) -> Label:
    """Whether the job's schedules make runs: on, off, or paused."""
    if not configuration.enabled:
        return Label("off")
    if configuration.is_paused(now):
        until = configuration.paused_until
        return Label(format_html("paused until {}", times.instant(until)) if until else "paused", "warning")
    return Label("on", "success")
