"""What people can be told of. Plain data: who hears of it is in the database (`EventSetting`, `Follow`)."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a message looks where its target knows colors."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Threshold:
    """A number from which on an event is told."""

    default: int
    least: int
    most: int
    unit: str


@dataclass(frozen=True)
class Event:
    """One kind of thing that happens."""

    event_id: str
    title: str
    """The message's title."""
    explanation: str
    """When it is told, in a sentence."""
    over: str = ""
    """The title where the news is that it is over."""
    threshold: Threshold | None = None
    followed: str = ""
    """Told only to those who follow its subject; where that is chosen. Empty: told to everybody who did not opt out."""
    at_once: bool = False
    """Never held back to be grouped with others."""


ACCOUNT_FLAGGED = Event(
    "account_flagged", "Account worth a look", "An analysis flags an account that was not flagged before."
)
ACCOUNT_UNAVAILABLE = Event(
    "account_unavailable",
    "Account unavailable",
    "An account has not resolved for three days, or resolves again. Riot does not say why.",
    over="Account resolves again",
)
JOB_FAILED = Event(
    "job_failed",
    "Job fails",
    "So many runs of a job failed in a row; and the first that completes after them.",
    over="Job completes again",
    threshold=Threshold(3, 1, 100, "runs"),
)
SUCCESS_RATE = Event(
    "success_rate",
    "Job often fails",
    "Fewer of a job's last 20 runs than this did not fail. At most once a day for each job.",
    threshold=Threshold(80, 1, 100, "%"),
)
RUN_COMPLETED = Event(
    "run_completed", "Run completed", "A scheduled run completed.", followed="on the page of each schedule"
)
KEY_REFUSED = Event(
    "key_refused",
    "Riot refuses the key",
    "Riot refuses the key, or cannot read our ids with it; and when it works again.",
    over="Riot accepts the key again",
)
BUDGET_USED = Event(
    "budget_used",
    "Budget used up",
    "More of the key's budget on a host was used than this. Again only after an hour below.",
    threshold=Threshold(90, 1, 100, "%"),
)
SLOTS_MISSED = Event("slots_missed", "Slots missed", "A schedule was due and no beat ran.")
WORKER_GONE = Event(
    "worker_gone", "Worker gone", "A worker gave no sign of life for 30 s, though nobody stopped it in order."
)
PART_ILL = Event(
    "part_ill",
    "Something is not well",
    "What job_health tells of anything else was ill for a minute; and when it is well again.",
    over="Well again",
)
TEST = Event("test", "Test message", "Somebody asked for it.", followed="a button of this page", at_once=True)

EVENTS = (
    *(ACCOUNT_FLAGGED, ACCOUNT_UNAVAILABLE),
    *(JOB_FAILED, SUCCESS_RATE, RUN_COMPLETED, SLOTS_MISSED),
    *(KEY_REFUSED, BUDGET_USED, WORKER_GONE, PART_ILL, TEST),
)
BY_ID = {event.event_id: event for event in EVENTS}


def title_of(event_id: str, level: str = Level.WARNING) -> str:
    """The title; the id itself where a later release wrote the row."""
    if event_id not in BY_ID:
        return event_id
    event = BY_ID[event_id]
    return event.over if event.over and level == Level.SUCCESS else event.title
