"""An operator's routines: what to look at each day, week, month and quarter, answered as far as rows can answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from riotwatch_api.models import ApiKey
from riotwatch_jobs import health, statistics
from riotwatch_jobs.models import ItemState, WorkItem
from riotwatch_players.models import DetectionLabel, Player

DAY, WEEK, MONTH, QUARTER = timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta(days=91)
SUCCESS_AT_LEAST = 0.95
STATUS = "manage.py job_status JOB_ID"


@dataclass(frozen=True)
class Point:
    """One thing to look at."""

    what: str
    answer: str
    """What the rows say; of what only a person can tell: what to do."""
    state: str
    """`well`, `look` (something is to be done) or `by hand`."""
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"what": self.what, "answer": self.answer, "state": self.state, "remedy": self.remedy}


Checklist = Callable[[datetime], Iterator[Point]]


def daily(now: datetime) -> Iterator[Point]:
    """Whether it works, and whether anything came of it."""
    ill = [finding.part for finding in health.examine() if finding.ill]
    yield _counted("Every part is well", len(ill), f"ill: {', '.join(ill)}", "manage.py doctor")
    failed = {job: day.failed for job, day in statistics.per_job(now=now).items() if day.failed}
    yield _counted("Runs of the last 24 hours", len(failed), f"failed: {_numbers(failed)}", STATUS)
    flagged = Player.objects.flagged().filter(analyzed_at__gt=now - DAY).count()
    remedy = "Players, flagged, in the admin: look, and say whether it is right"
    yield _counted("Flagged players judged in the last 24 hours", flagged, f"{flagged} to look at", remedy)


def weekly(now: datetime) -> Iterator[Point]:
    """Whether something falls behind slowly."""
    weak = {job: f"{share:.0%}" for job, share in _success(now) if share < SUCCESS_AT_LEAST}
    yield _counted("Success rates of 7 days", len(weak), f"under 95 %: {_numbers(weak)}", STATUS)
    stuck = Player.objects.stuck(now=now).count()
    yield _counted("Players get on", stuck, f"{stuck} wait for more than 7 days", "Players, Stuck, in the admin")
    poisoned = WorkItem.objects.filter(state=ItemState.QUARANTINED, finished_at__gt=now - WEEK).count()
    remedy = "their runs in the admin: the log tells what killed the worker"
    yield _counted("Items that killed their worker three times", poisoned, f"{poisoned} in quarantine", remedy)
    gone = Player.objects.not_resolving().count()
    remedy = "Players, Not resolving, in the admin: untrack whom nobody needs"
    yield _counted("Accounts resolve", gone, f"{gone} do not", remedy)


def monthly(now: datetime) -> Iterator[Point]:
    """Whether what lies around is still wanted."""
    idle = ApiKey.objects.usable().exclude(last_used_at__gt=now - MONTH).filter(created_at__lt=now - MONTH).count()
    yield _counted("API keys are used", idle, f"{idle} were not for 30 days", "API keys in the admin: revoke them")
    labels = DetectionLabel.objects.filter(at__gt=now - MONTH).count()
    said = f"{labels} labels of the last 30 days"
    yield Point("Verdicts are right", said, "by hand", "manage.py evaluate_detection --labels")
    yield Point("Accounts", "whoever left has no account any more", "by hand", "Users in the admin")
    yield Point(
        "Backup", "the newest one is complete, and kept on another machine", "by hand", "pg_dump, SECRET_KEY, .env"
    )


def quarterly(now: datetime) -> Iterator[Point]:
    """Whether it would survive a bad day."""
    old = ApiKey.objects.usable().filter(created_at__lt=now - QUARTER).count()
    yield _counted(
        "API keys are young", old, f"{old} are older than a quarter", "create_api_key, then revoke the old one"
    )
    yield Point("Restore", "the backup, into an empty database", "by hand", "pg_restore, then manage.py doctor")
    yield Point("Faults", "rehearse them away from production", "by hand", "make faults")
    yield Point("Versions", "CHANGELOG.md tells what an update brings", "by hand", "install, then the release line")


CHECKLISTS: dict[str, Checklist] = {"daily": daily, "weekly": weekly, "monthly": monthly, "quarterly": quarterly}


def _counted(what: str, count: int, answer: str, remedy: str) -> Point:
    """Well where there is none of it."""
    return Point(what, answer, "look", remedy) if count else Point(what, "", "well")


def _success(now: datetime) -> Iterator[tuple[str, float]]:
    for job, week in statistics.per_job(now=now, span=WEEK).items():
        if week.runs:
            yield job, week.ok / week.runs


def _numbers(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
