"""How states, moments and durations are worded and colored on the pages of jobs."""

from dataclasses import dataclass
from datetime import datetime

from riotwatch_jobs.models import Execution, ExecutionState, ItemState, JobConfiguration

UNITS_S = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
SHORT_S = 10
"""Below this, tenths of a second tell something."""


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
        return Label(f"paused until {until:%Y-%m-%d %H:%M} UTC" if until else "paused", "warning")
    return Label("on", "success")


def span(seconds: float) -> str:
    """A duration in its two largest units: `4.2 s`, `3 min 5 s`, `2 h`."""
    if seconds < SHORT_S:
        return f"{max(0.0, seconds):.1f} s"
    rest, parts = round(seconds), []
    for name, size in UNITS_S:
        count, rest = divmod(rest, size)
        parts.append((count, name))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {name}" for count, name in parts[first : first + 2] if count)


def from_now(at: datetime, now: datetime) -> str:
    """`in 4 min`, or `3 h ago`: how far away, in whole units."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    name, size = next((name, size) for name, size in UNITS_S if abs(seconds) >= size)
    count = int(abs(seconds) // size)
    return f"in {count} {name}" if seconds > 0 else f"{count} {name} ago"


def moment(at: datetime) -> str:
    """The same instant for everybody."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
