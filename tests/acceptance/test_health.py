"""What job_health tells of real processes: one that died, and a worker that lives but takes no messages."""

import json
from datetime import timedelta

import pytest
from celery import current_app
from django.db.models import F
from django_celery_beat.models import PeriodicTask
from stack import wait_until

from riotwatch_jobs import health, leases
from riotwatch_jobs.models import Canary, Heartbeat, WorkerLease

QUEUES = ("bans", "control", "interactive", "matches", "players")
NOT_STARTED = {"queue analysis", "queue maintenance"}


@pytest.fixture
def system(stack, riot):
    PeriodicTask.objects.update(enabled=False)
    stack.worker()
    stack.beat()
    stack.housekeeping()
    wait_until(lambda: all(answered(queue) for queue in QUEUES), seconds=60, what="an answer from every queue")
    return stack


def answered(queue):
    canary = Canary.objects.filter(pk=queue).first()
    return canary is not None and health.is_answered(canary)


def ill(stack):
    told = stack.manage("job_health", "--json")
    found = {part["part"]: part for part in json.loads(told.stdout)["parts"] if not part["well"]}
    assert told.returncode == int(bool(found))
    return found


def let_pass(seconds):
    """As if that much time had passed since canaries were sent and answered."""
    length = timedelta(seconds=seconds)
    Canary.objects.update(sent_at=F("sent_at") - length, answered_at=F("answered_at") - length)


def test_a_beat_that_was_killed_and_a_worker_that_consumes_no_more_are_named(system):
    assert set(ill(system)) <= NOT_STARTED
    system.kill("beat")
    Heartbeat.objects.filter(kind="beat").update(at=leases.database_now() - timedelta(seconds=31))
    assert set(ill(system)) - NOT_STARTED == {"beat"}
    current_app.control.cancel_consumer("players", reply=True, timeout=10)
    let_pass(31)
    wait_until(lambda: not answered("players"), seconds=30, what="a message that nobody answers")
    let_pass(61)
    assert WorkerLease.objects.live(leases.database_now()).filter(queues__contains=["players"]).exists()
    found = ill(system)
    assert set(found) - NOT_STARTED == {"beat", "queue players"}
    assert found["queue players"]["ill"] == "a worker lives for players but takes no messages"
