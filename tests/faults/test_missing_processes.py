"""F30: one of the processes, or the broker, is missing: it is told which, and silence is the alarm elsewhere."""

import socket
import time

import pytest
from crew import ill, start_procfile
from listening import listening
from stack import wait_until
from web import Operator

from riotwatch_jobs.health import needed_queues
from riotwatch_jobs.models import Canary

PINGED_EVERY_S = 60.0
MISSING = {"beat": "beat", "analysis": "queue analysis", "web": "web", "flower": "flower"}
"""Which part `job_health` calls ill when a process of the Procfile is missing."""


def answered_everywhere():
    canaries = {canary.queue for canary in Canary.objects.exclude(answered_at=None)}
    return canaries >= set(needed_queues())


def seconds_until_told(rig, parts):
    """How long it takes until each is called ill, with since when and what helps."""
    began, took = time.monotonic(), {}
    while missing := set(parts) - set(took):
        assert time.monotonic() - began < 90, f"not told: {missing}"
        found = ill(rig.stack)
        for part in missing & set(found):
            assert found[part]["since"], part
            assert found[part]["remedy"], part
            took[part] = time.monotonic() - began
    return list(took.values())


@pytest.fixture
def another_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.mark.slow_fault
def test_f30_missing_processes(rig, measured, unused_port, another_port):
    pages = f"web=http://127.0.0.1:{unused_port}/healthz,flower=http://127.0.0.1:{another_port}/"
    ports = {"PORT": str(unused_port), "FLOWER_PORT": str(another_port)}
    with listening() as (url, asked):
        start_procfile(rig.stack, **ports, HEALTH_PING_URL=url, WATCHED_URLS=pages)
        wait_until(answered_everywhere, seconds=90, what="an answer from every queue")
        wait_until(lambda: asked and not ill(rig.stack), seconds=90, what="a system that is well and says so")
        rig.kill_broker(forget=False)
        took = seconds_until_told(rig, ["broker"])
        assert Operator(unused_port).readiness() == 503
        rig.valkey.start()
        wait_until(lambda: not ill(rig.stack), seconds=60, what="a system that is well again")
        for name in MISSING:
            rig.stack.kill(name)
        took += seconds_until_told(rig, MISSING.values())
        time.sleep(12)  # a look of the watch that had begun
        so_far, since = len(asked), time.monotonic()
        rig.stack.kill("housekeeping")
        took += seconds_until_told(rig, ["housekeeping"])
        time.sleep(max(0.0, since + 1.1 * PINGED_EVERY_S - time.monotonic()))
        assert len(asked) == so_far
    measured("F30", seconds=took)
