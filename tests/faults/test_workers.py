"""F1 to F6: workers and their children die, hang, stop and are replaced."""

import os
import signal
import time

import pytest
from crew import REPETITIONS, wait_for_end, wait_for_worker
from invariants import seconds_until
from stack import wait_until

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState, WorkerLease

HOLD_S = 120.0


def running(run):
    return run.items.filter(state=ItemState.RUNNING)


def wait_until_running(run, count):
    wait_until(lambda: running(run).count() == count, seconds=40, what=f"{count} running items")


def test_f1_a_killed_pool_child(crew, ask, flag, measured):
    crew.stack.prefork_worker(queues="analysis")
    took = []
    for repetition in range(REPETITIONS):
        until = flag.with_name(f"{repetition}")
        run = ask("toy_steady_child", items=2, seconds=HOLD_S, until=str(until))
        wait_until_running(run, 2)
        victim = running(run).first()
        killed_at = database_now()
        os.kill(victim.pid, signal.SIGKILL)
        wait_until(run.items.filter(pk=victim.pk, lost_count=1).exists, seconds=45, what="a rescue")
        until.touch()
        wait_for_end(run, seconds=60)
        assert run.result == {"worked": 2}
        took += seconds_until("item", [victim.pk], "RUNNING", killed_at)
    measured("F1", runs=ask.runs, seconds=took)


@pytest.mark.slow_fault
def test_f2_killed_workers(keeper, ask, flag, measured):
    names = [f"doomed{number}" for number in range(REPETITIONS)]
    for name in names:
        keeper.stack.worker(name, concurrency=1)
    wait_for_worker(*names)
    run = ask(items=len(names), seconds=HOLD_S, until=str(flag))
    wait_until_running(run, len(names))
    owners = dict(WorkerLease.objects.values_list("node", "pk"))
    victims = {name: run.items.get(owner_id=owners[f"{name}@test"]).pk for name in names}
    killed_at = {}
    for name in names:
        killed_at[name] = database_now()
        keeper.stack.kill(name)
        time.sleep(1.5)  # no two of them at one point of their renewals
    flag.touch()
    keeper.stack.worker("heir")
    wait_for_end(run, seconds=80)
    assert run.result == {"worked": len(names)}
    took = [second for name in names for second in seconds_until("item", [victims[name]], "RUNNING", killed_at[name])]
    measured("F2", runs=ask.runs, seconds=took)


@pytest.mark.slow_fault
def test_f3_an_item_that_kills_its_process(crew, ask, measured):
    crew.stack.prefork_worker(queues="analysis")
    poisoned = ask("toy_poison", items=4, poisoned=1)
    healthy = [ask("toy_steady_child", items=3, seconds=0.1), ask(items=3)]
    began = time.monotonic()
    wait_for_end(*healthy, seconds=60)
    wait_for_end(poisoned, seconds=200)
    took = time.monotonic() - began
    assert [run.result["worked"] for run in (*healthy, poisoned)] == [3, 3, 3]
    item = poisoned.items.get(key="item0")
    assert (item.state, item.lost_alone_count) == (ItemState.QUARANTINED, 3)
    measured("F3", runs=ask.runs, seconds=[took])


def test_f4_an_item_past_the_time_limit(rig, ask, measured):
    rig.stack.stop(*rig.stack.processes)  # whoever sends a message sends its limits along
    limited = {"DJANGO_SETTINGS_MODULE": "settings_with_short_limits"}
    rig.stack.worker("starter", queues="control", **limited)
    rig.stack.prefork_worker(queues="analysis", **limited)
    wait_for_worker("starter", "prefork")
    began = time.monotonic()
    run = ask("toy_endless", scope="limited", seconds=60)
    wait_for_end(run, seconds=40)
    took = time.monotonic() - began
    assert run.state == "FAILED"
    assert "SoftTimeLimitExceeded" in run.items.get().reason
    following = ask("toy_endless", scope="limited", seconds=0)
    wait_for_end(following, seconds=30)
    assert following.state == "COMPLETED"
    measured("F4", runs=ask.runs, seconds=[took], note="with limits of 2 s and 8 s in place of 840 s and 900 s")


def test_f5_workers_that_are_told_to_stop(keeper, ask, flag, measured):
    stack = keeper.stack
    stack.worker("warm", concurrency=2)
    stack.worker("cold", concurrency=2)
    wait_for_worker("warm", "cold")
    short, long = ask(items=4, seconds=3), ask(items=4, seconds=HOLD_S, until=str(flag))
    wait_until(lambda: running(short).count() + running(long).count() == 4, seconds=30, what="four running items")
    began = time.monotonic()
    stopping = {"warm": signal.SIGTERM, "cold": signal.SIGQUIT}
    for name, signum in stopping.items():
        stack.processes[name].send_signal(signum)
    stack.worker("heir")
    time.sleep(1)
    flag.touch()
    codes = {name: stack.processes.pop(name).wait(40) for name in stopping}
    took = time.monotonic() - began
    assert codes == {"warm": 0, "cold": 0}
    wait_for_end(short, long, seconds=60)
    assert (short.result, long.result) == ({"worked": 4}, {"worked": 4})
    measured("F5", runs=ask.runs, seconds=[took], note="until both had ended")


def test_f6_workers_replaced_under_load(keeper, ask, measured):
    stack = keeper.stack
    names = ["old0", "old1", "old2"]
    for name in names:
        stack.worker(name)
    wait_for_worker(*names)
    began = time.monotonic()
    for name in names:
        for _ in range(4):
            ask(items=8, seconds=0.2)
        stack.worker(name.replace("old", "new"))
        stack.processes[name].terminate()
        assert stack.processes.pop(name).wait(40) == 0
    wait_for_end(*ask.runs, seconds=60)
    assert {run.result["worked"] for run in ask.runs} == {8}
    assert not any(run.items.filter(lost_count__gt=0).exists() for run in ask.runs)
    measured("F6", runs=ask.runs, seconds=[time.monotonic() - began], note="until all runs had ended")
