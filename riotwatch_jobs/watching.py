"""Watching over the system from the housekeeping process: canaries into the queues, and the dead man's switch.

That all is well is said by asking an address, HEALTH_PING_URL, once a minute. Whoever listens there raises the alarm
when it is not asked any more: that works when this whole machine is gone, too. In a thread of its own, for it may wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import requests
import structlog
from django.conf import settings
from django.db.models.functions import Now

from riotwatch_jobs import checkups, feeder, health, health_news, messages
from riotwatch_jobs.checkups import Finding
from riotwatch_jobs.leases import beat_heart, database_now
from riotwatch_jobs.loops import LoopBeside
from riotwatch_jobs.models import Canary

LOOK_EVERY_S = 10.0
CANARY_EVERY_S = 30.0
PING_EVERY_S = 60.0
PING_TIMEOUT_S = 5.0

log = structlog.stdlib.get_logger(__name__)


def send_canaries() -> None:
    """One message into each consumed queue, shared or a worker's own; one that is out is given time to come back."""
    now = database_now()
    began_at: dict[str, datetime | None] = dict.fromkeys(sorted(feeder.queues_with_workers(now)))
    workers = health.living_workers(now)
    began_at |= {messages.direct_queue(node): min(one.started_at for one in leases) for node, leases in workers.items()}
    _forget_workers_but(began_at)
    out = {canary.queue: canary for canary in Canary.objects.all()}
    for queue, since in began_at.items():
        if _is_due(out.get(queue), since, now=now):
            _send_canary(queue, is_new=queue not in out)


def _is_due(canary: Canary | None, since: datetime | None, *, now: datetime) -> bool:
    """What was sent to a worker before it began may have gone with the one before it: nobody need answer that."""
    if canary is None:
        return True
    settled = health.is_answered(canary) or (since is not None and canary.sent_at < since)
    pause_s = CANARY_EVERY_S if settled else messages.CANARY_EXPIRES_S
    return (now - canary.sent_at).total_seconds() >= pause_s


def _send_canary(queue: str, *, is_new: bool) -> None:
    """The row goes before the message, whose answer comes at once; one that is not sent is no fault of the workers."""
    before = None if is_new else Canary.objects.get(pk=queue).sent_at
    Canary.objects.update_or_create(queue=queue, defaults={"sent_at": Now()})
    if messages.send_canary(queue):
        return
    if before is None:
        Canary.objects.filter(pk=queue).delete()
    else:
        Canary.objects.filter(pk=queue).update(sent_at=before)


def _forget_workers_but(consumed: Iterable[str]) -> None:
    """Workers that came and went leave neither rows nor messages behind."""
    for canary in Canary.objects.filter(queue__endswith=messages.DIRECT).exclude(queue__in=consumed):
        messages.empty(canary.queue)
        canary.delete()


def ping(url: str) -> bool:
    """Say that all is well. The address is a secret: it is not logged."""
    try:
        answer = requests.get(url, timeout=PING_TIMEOUT_S)
    except requests.RequestException as problem:
        log.warning("health_not_pinged", problem=type(problem).__name__)
        return False
    if not answer.ok:
        log.warning("health_not_pinged", status=answer.status_code)
    return bool(answer.ok)


@dataclass
class Watch(LoopBeside):
    """The thread's work."""

    name = "watch"
    pause_s = LOOK_EVERY_S
    _ill: frozenset[str] = frozenset()
    _looks: int = 0

    def step(self) -> None:
        """One look: leave a sign of life, send canaries, do chores, tell what became ill or well, ping if well."""
        beat_heart("housekeeping")
        send_canaries()
        for chore in checkups.chores():
            chore()
        findings = health.examine()
        self._log(findings)
        health_news.note(findings, now=database_now())
        is_turn = self._looks % round(PING_EVERY_S / LOOK_EVERY_S) == 0
        if settings.HEALTH_PING_URL and is_turn and not self._ill:
            ping(settings.HEALTH_PING_URL)
        self._looks += 1

    def _log(self, findings: list[Finding]) -> None:
        ill = {finding.part: finding for finding in findings if finding.ill}
        for part in sorted(ill.keys() - self._ill):
            log.warning("health_ill", part=part, problem=ill[part].ill, remedy=ill[part].remedy)
        for part in sorted(self._ill - ill.keys()):
            log.info("health_well", part=part)
        self._ill = frozenset(ill)
