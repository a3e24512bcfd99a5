"""Health checks of what the wiring alone knows: the broker's address, the data folder, the demo's simulator."""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from riotwatch import readiness
from riotwatch.health import broker_answers
from riotwatch_jobs.checkups import Finding, register
from riotwatch_jobs.models import Canary
from riotwatch_messages import arrivals

DISK_FREE_AT_LEAST_BYTES = 500 * 1024 * 1024
DISK_FREE_AT_LEAST_SHARE = 0.03


@register
def broker(now: datetime) -> Iterable[Finding]:
    """It answers; else since the last answer that came through it."""
    del now
    if broker_answers():
        yield Finding("broker")
        return
    last = Canary.objects.aggregate(last=Max("answered_at"))["last"]
    yield Finding("broker", "it does not answer: nothing reaches the workers", last, "start Redis, or see REDIS_URL")


@register
def disk(now: datetime) -> Iterable[Finding]:
    """Where the data folder is, or would be."""
    del now
    folder = next(path for path in (settings.DATA_FOLDER, *Path(settings.DATA_FOLDER).parents) if path.exists())
    usage = shutil.disk_usage(folder)
    if usage.free >= max(DISK_FREE_AT_LEAST_BYTES, DISK_FREE_AT_LEAST_SHARE * usage.total):
        yield Finding("disk")
        return
    free_mb = usage.free // (1024 * 1024)
    yield Finding("disk", f"{free_mb} MB are free at {folder}", remedy="free some; old logs are in the logs folder")


@register
def simulator(now: datetime) -> Iterable[Finding]:
    """In the demo it stands in Riot's place."""
    del now
    if not settings.DEMO:
        return
    well = readiness.simulator_answers()
    text = "" if well else f"it does not answer at port {settings.SIMULATOR_PORT}: nothing can be fetched"
    yield Finding("simulator", text, remedy="" if well else "start it: manage.py riot_simulator")


@register
def messages(now: datetime) -> Iterable[Finding]:
    """Whether they arrive, at each target of NOTIFY_URLS."""
    for name, (why, since) in arrivals.trouble_of_targets(now).items():
        text = f"they do not arrive: {why}" if why else ""
        yield Finding(f"messages to {name}", text, since, f"manage.py send_test_message {name}; see NOTIFY_URLS")
