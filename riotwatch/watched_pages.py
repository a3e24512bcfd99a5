"""Pages that must answer: the web application's and Flower's. Housekeeping asks them, everybody reads what came of it.

Each has a row that says when it last answered, so that the home page and `job_health`, wherever they run, ask nobody.
"""

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus

import requests
from django.conf import settings
from django.db.models.functions import Now

from riotwatch_jobs.checkups import Finding, register, register_chore
from riotwatch_jobs.models import LEASE_DEAD_AFTER, Heartbeat

KIND = "page "
TIMEOUT_S = 3.0


@register_chore
def ask() -> None:
    """Ask every page of WATCHED_URLS; one that never answered counts as answered when it was asked first."""
    watched = dict(word.split("=", 1) for word in settings.WATCHED_URLS)
    kinds = [f"{KIND}{name}" for name in watched]
    Heartbeat.objects.filter(kind__startswith=KIND).exclude(kind__in=kinds).delete()
    for kind, url in zip(kinds, watched.values(), strict=True):
        row, _ = Heartbeat.objects.get_or_create(kind=kind, host="", pid=0, defaults={"at": Now()})
        if _answers(url):
            Heartbeat.objects.filter(pk=row.pk).update(at=Now())


def _answers(url: str) -> bool:
    """Any answer below 500 counts: a redirect to HTTPS or a question for a password is a setting at work."""
    try:
        answer = requests.get(url, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException:
        return False
    return answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


@register
def pages(now: datetime) -> Iterable[Finding]:
    """Whether each answered when housekeeping last asked; without housekeeping nobody knows."""
    del now
    asked = Heartbeat.objects.filter(kind="housekeeping").order_by("-at").first()
    for row in Heartbeat.objects.filter(kind__startswith=KIND).order_by("kind"):
        name = row.kind.removeprefix(KIND)
        if asked is None or row.at > asked.at - LEASE_DEAD_AFTER:
            yield Finding(name)
        else:
            yield Finding(
                name, f"no {name} runs: its page does not answer", row.at, f"start it: {name} in the Procfile"
            )
