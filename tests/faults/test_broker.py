"""F7 to F12: the broker dies, flaps, freezes, is full, or is cut off."""

import os
import signal
import time
from contextlib import closing

import pytest
from crew import REPETITIONS, wait_for_end, wait_for_worker
from invariants import seconds_until
from proxy import HalfOpen
from stack import RIOT_QUEUES, wait_until
from web import Operator

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ItemState, JobConfiguration

FREEZE_S = 60.0 if REPETITIONS > 1 else 8.0
APART_S = 5.0


def disturb_queued(rig, ask, *, forget):
    """Kill the broker while it holds the message that starts a run, and the messages of another run's items."""
    steady = rig.stack.processes["steady"].pid
    os.kill(steady, signal.SIGSTOP)
    try:
        waiting, started = ask(items=2), ask(items=2)
        dispatch.start(started.pk, now=database_now())
        assert started.items.filter(state=ItemState.QUEUED).count() == 2
        rig.kill_broker(forget=forget)
        rig.valkey.start()
    finally:
        os.kill(steady, signal.SIGCONT)
    return (waiting, started), database_now()


@pytest.mark.slow_fault
def test_f7_a_broker_that_comes_back_empty(crew, ask, measured):
    struck = []
    for _ in range(REPETITIONS):
        struck.append(disturb_queued(crew, ask, forget=True))
        time.sleep(APART_S)  # sooner than anything is sent again: each repetition loses its own messages
    wait_for_end(*ask.runs, seconds=100)
    took = [second for runs, at in struck for run in runs for second in seconds_until("run", [run.pk], "COMPLETED", at)]
    assert {run.result["worked"] for run in ask.runs} == {2}
    measured("F7", runs=ask.runs, seconds=took)


def test_f8_a_broker_that_comes_back_with_its_file(crew, ask, measured):
    runs, at = disturb_queued(crew, ask, forget=False)
    wait_for_end(*runs, seconds=60)
    took = seconds_until("run", [run.pk for run in runs], "COMPLETED", at)
    assert {run.result["worked"] for run in runs} == {2}
    measured("F8", runs=runs, seconds=took)


@pytest.mark.slow_fault
def test_f9_a_broker_that_flaps(crew, ask, measured):
    crew.stack.worker("second", concurrency=8, queues=RIOT_QUEUES)
    wait_for_worker("steady", "second")
    for pause_s in (0.4, 1.0, 0.1, 2.0, 0.4, 4.0, 0.2, 1.0, 0.4, 0.4):
        crew.kill_broker(forget=False)
        time.sleep(pause_s)
        crew.valkey.start()
        time.sleep(pause_s / 2)
    at = database_now()
    run = ask(items=32, seconds=1.0)
    wait_for_end(run, seconds=90)
    pids = dict(run.items.values_list("pk", "pid"))
    expected = {crew.stack.processes[name].pid for name in ("steady", "second")}
    assert set(pids.values()) == expected, "a worker does not consume any more"
    firsts = [
        min(seconds_until("item", [pk for pk, owner in pids.items() if owner == pid], "RUNNING", at))
        for pid in expected
    ]
    measured("F9", runs=[run], seconds=firsts)


def test_f10_a_frozen_broker(crew, ask, measured, unused_port):
    JobConfiguration.objects.update_or_create(pk="toy_steady", defaults={"enabled": True, "config": {"items": 2}})
    crew.stack.web(unused_port)
    operator = Operator(unused_port)
    wait_until(operator.answers, seconds=40, what="the web process")
    operator.sign_in()
    before = set(Execution.objects.values_list("pk", flat=True))
    with crew.frozen_broker():
        began = time.monotonic()
        took = [operator.trigger("toy_steady") for _ in range(3)]
        assert operator.readiness() == 503
        time.sleep(max(0.0, FREEZE_S - (time.monotonic() - began)))
    thawed_at = database_now()
    runs = list(Execution.objects.filter(job_id="toy_steady").exclude(pk__in=before))
    assert len(runs) == 1, "the first waits, the others get the one that waits"
    wait_for_end(*runs, seconds=60)
    later = seconds_until("run", [run.pk for run in runs], "COMPLETED", thawed_at)
    wait_until(lambda: operator.readiness() == 200, seconds=10, what="readiness")
    wait_for_end(ask(items=8), seconds=60)
    note = f"frozen for {FREEZE_S:g} s; the run ended {max(later):.1f} s after that"
    measured("F10", runs=[*runs, *ask.runs], seconds=took, note=note)


def test_f11_a_full_broker(crew, ask, measured):
    with crew.broker() as client:
        client.config_set("maxmemory", 1)
        try:
            runs = [ask(items=2), ask(items=2)]
            time.sleep(6)
            assert not any(Execution.objects.filter(pk__in=[run.pk for run in runs], state="COMPLETED"))
            assert crew.stack.alive("steady")
            assert crew.stack.alive("housekeeping")
        finally:
            client.config_set("maxmemory", 0)
    at = database_now()
    wait_for_end(*runs, seconds=60)
    measured("F11", runs=runs, seconds=seconds_until("run", [run.pk for run in runs], "COMPLETED", at))


@pytest.mark.slow_fault
def test_f12_a_half_open_connection(keeper, ask, measured):
    with closing(HalfOpen(keeper.layout.valkey_socket)) as line:
        address = f"redis://127.0.0.1:{line.port}/0"
        keeper.stack.worker("remote", queues=RIOT_QUEUES, REDIS_URL=address)
        wait_for_worker("remote")
        wait_for_end(ask(items=2), seconds=40)
        line.cut()
        at = database_now()
        run = ask(items=2)
        wait_for_end(run, seconds=110)
        measured("F12", runs=ask.runs, seconds=seconds_until("run", [run.pk], "COMPLETED", at))
        keeper.stack.stop("remote")
