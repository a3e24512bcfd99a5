"""Whether the processes that `up` starts can be used yet, asked of each the way its users would."""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection

from riotwatch.installation import LOOPBACK
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.messages import CONTROL_QUEUE
from riotwatch_jobs.models import WorkerLease
from riotwatch_players.models import Player

HTTP_TIMEOUT_S = 2.0
SHOWCASE_COUNT = 10


def pages_ready() -> bool:
    """The pages are served.

    Any answer below 500 counts: a redirect to HTTPS or an unknown host name is the operator's setting at work.
    """
    answer = _get(settings.PORT, "/readyz")
    return answer is not None and answer[0] < http.client.INTERNAL_SERVER_ERROR


def workers_live(since: datetime) -> bool:
    """A worker that began after `since` takes work; those before a crash look alive for a while after it."""
    try:
        leases = WorkerLease.objects.live(database_now())
        return leases.filter(started_at__gte=since, queues__contains=[CONTROL_QUEUE]).exists()
    except DatabaseError:  # it may just be starting again
        connection.close()
        return False


def flower_answers() -> bool:
    """Flower serves its pages."""
    return _get(settings.FLOWER_PORT, "/") is not None


def simulator_answers() -> bool:
    """The simulator has its world and serves it."""
    return _get(settings.SIMULATOR_PORT, "/_control/state") is not None


def somebody_is_tracked() -> bool:
    """Whether a first run has anything to do."""
    found = Player.objects.tracked().exists()
    connection.close()
    return found


@dataclass(frozen=True)
class Suggestion:
    """Somebody in the simulated world whom a demo should track."""

    riot_id: str
    platform: str
    vanishes_at_s: int | None
    """Seconds since 1970 at which the account is going to be deleted, if it is."""


def showcase() -> list[Suggestion]:
    """The people whom the simulator suggests to track."""
    answer = _get(settings.SIMULATOR_PORT, f"/_control/showcase?count={SHOWCASE_COUNT}")
    people = json.loads(answer[1]) if answer and answer[0] == http.client.OK else []
    return [Suggestion(**person) for person in people]


def _get(port: int, path: str) -> tuple[int, bytes] | None:
    """A request to a process of ours; None when nothing answers."""
    request = http.client.HTTPConnection(LOOPBACK, port, timeout=HTTP_TIMEOUT_S)
    try:
        request.request("GET", path)
        answer = request.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        request.close()
