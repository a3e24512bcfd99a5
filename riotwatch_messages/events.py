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
)
JOB_FAILED = Event(
    "job_failed",
    "Job fails",
    "So many runs of a job failed in a row; and the first that completes after them.",
    threshold=Threshold(3, 1, 100, "runs"),
)
TEST = Event("test", "Test message", "Somebody asked for it.", followed="a button of this page", at_once=True)

EVENTS = (ACCOUNT_FLAGGED, ACCOUNT_UNAVAILABLE, JOB_FAILED, TEST)
BY_ID = {event.event_id: event for event in EVENTS}


def title_of(event_id: str) -> str:
    """The title; the id itself where a later release wrote the row."""
    return BY_ID[event_id].title if event_id in BY_ID else event_id
