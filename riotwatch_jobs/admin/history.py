"""A job's last runs as bars: color is the state, height the duration."""

from dataclasses import dataclass
from statistics import median

from riotwatch_jobs.admin import words
from riotwatch_jobs.models import JUDGED_STATES, Execution, ExecutionState
from riotwatch_pages import times

LEAST_HEIGHT = 15
"""Percent; a run that took no time is still seen and clicked."""


@dataclass(frozen=True)
class Bar:
    """One run."""

    run: int
    title: str
    type: str
    height: int
    """Percent of the longest run's."""


def bars(runs: list[Execution]) -> list[Bar]:
    """From runs, newest first, to bars, oldest first."""
    longest = max((run.duration_s or 0 for run in runs), default=0)
    return [_bar(run, longest) for run in reversed(runs)]


def _bar(run: Execution, longest: float) -> Bar:
    label, duration = words.of_run(run), run.duration_s
    share = (duration or 0) / longest if longest else 0
    took = f", {times.span(duration)}" if duration is not None else ""
    return Bar(
        run=run.pk,
        title=f"Run {run.pk}: {label.text}{took}, queued {times.moment(run.queued_at)}",
        type=label.type or "none",
        height=max(LEAST_HEIGHT, round(share * 100)),
    )


@dataclass(frozen=True)
class Trend:
    """How long a run took beside those before it."""

    bars: list[Bar]
    median: str
    """Of the ended runs; empty where there is none."""


def trend(runs: list[Execution]) -> Trend:
    """Of runs of one job, newest first."""
    durations = [run.duration_s for run in runs if run.duration_s is not None]
    return Trend(bars(runs), times.span(median(durations)) if durations else "")


def success_rate(runs: list[Execution]) -> str:
    """`96 % of 25, 2 in part`; empty where no run tells anything yet."""
    judged = [run for run in runs if run.state in JUDGED_STATES]
    if not judged:
        return ""
    completed = sum(run.state == ExecutionState.COMPLETED for run in judged)
    partial = sum(run.is_partial for run in judged)
    in_part = f", {partial} in part" if partial else ""
    return f"{completed * 100 // len(judged)} % of {len(judged)}{in_part}"
