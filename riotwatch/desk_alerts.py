"""What needs attention, for the admin's home: what `job_health` tells, each part for those whom it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from riotwatch_jobs import health
from riotwatch_jobs.checkups import Finding


@dataclass(frozen=True)
class Page:
    """Where something can be done about a part, and who may see it."""

    begins: str
    """How the part's name begins."""
    name: str
    permission: str
    action: str
    """What the link is called."""


QUEUE = "queue "
PAGES = (
    Page("Riot key", "riotwatch_players_riotkey", "riotwatch_players.view_riotkey", "The key"),
    Page("dispatch", "riotwatch_jobs_emergencystop", "riotwatch_jobs.view_emergencystop", "Resume"),
    Page("schedules", "django_celery_beat_periodictask", "django_celery_beat.view_periodictask", "Schedules"),
    Page("queue", "riotwatch_jobs_workerlease", "riotwatch_jobs.view_workerlease", "Workers"),
    Page("worker ", "riotwatch_jobs_workerlease", "riotwatch_jobs.view_workerlease", "Workers"),
    Page("messages to ", "riotwatch_messages_message", "riotwatch_messages.view_message", "Messages"),
)
ELSEWHERE = Page("", "riotwatch_jobs_execution", "riotwatch_jobs.view_execution", "Runs")
"""Processes, servers, the disk: no page mends them, and they concern whoever looks after runs."""
FIRST = ("database", "broker", "Riot key", "dispatch", "housekeeping", "beat")
"""Causes before what they cause: without housekeeping no queue is served."""


@dataclass(frozen=True)
class Alert:
    """Something that somebody has to do something about."""

    part: str
    """Of what the text tells."""
    text: str
    since: datetime | None
    remedy: str
    link: str
    action: str


def alerts(request: HttpRequest) -> list[Alert]:
    """What concerns the person, causes first; each leads to a page that they may see."""
    ill = sorted(_with_queues_as_one([finding for finding in health.examine() if finding.ill]), key=_urgency)
    found = [(finding, _page_of(finding)) for finding in ill]
    return [_alert(finding, page) for finding, page in found if request.user.has_perm(page.permission)]


def _with_queues_as_one(ill: Sequence[Finding]) -> list[Finding]:
    """Workers that are gone make several queues ill, which is one thing to do something about."""
    queues = [finding for finding in ill if finding.part.startswith(QUEUE)]
    if len(queues) < 2:
        return list(ill)
    names = ", ".join(finding.part.removeprefix(QUEUE) for finding in queues)
    text = "nobody takes their messages: what is sent there waits"
    since = min((finding.since for finding in queues if finding.since), default=None)
    one = Finding(f"queues {names}", text, since, "start the workers (make run, or the Procfile's lines)")
    return [*(finding for finding in ill if finding not in queues), one]


def _urgency(finding: Finding) -> int:
    return FIRST.index(finding.part) if finding.part in FIRST else len(FIRST)


def _page_of(finding: Finding) -> Page:
    return next((page for page in PAGES if finding.part.startswith(page.begins)), ELSEWHERE)


def _alert(finding: Finding, page: Page) -> Alert:
    link = reverse(f"admin:{page.name}_changelist")
    return Alert(finding.part, finding.ill.rstrip("."), finding.since, finding.remedy, link, page.action)
