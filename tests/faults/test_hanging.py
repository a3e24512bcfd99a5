"""F33 and F34: an item hangs in its thread; a worker lives and takes nothing."""

import time

import pytest
from celery import current_app
from crew import ill, wait_for_end, wait_for_worker
from invariants import seconds_until
from stack import RIOT_QUEUES, wait_until

from riotwatch_jobs import messages
from riotwatch_jobs.models import ItemState

TOLD_WITHIN_S = 180.0


def wait_until_told(rig, part):
    wait_until(lambda: part in ill(rig.stack), seconds=TOLD_WITHIN_S, what=f"an alarm about {part}")
    return ill(rig.stack)[part]


@pytest.mark.slow_fault
def test_f33_an_item_that_hangs(keeper, ask, flag, measured):
    keeper.stack.worker("hung", concurrency=2, queues=RIOT_QUEUES)
    wait_for_worker("hung")
    run = ask("toy_hanging", scope="hanging", items=1, until=str(flag))
    wait_for_end(run, seconds=80)
    assert (run.state, run.items.get().state) == ("FAILED", ItemState.FAILED)
    following = ask("toy_hanging", scope="hanging", items=1)
    wait_for_end(following, seconds=40)
    assert following.result == {"worked": 1}
    told = wait_until_told(keeper, "worker hung@test")
    assert (told["ill"], bool(told["since"])) == (
        "1 of the 2 items that it can work on at once hang",
        True,
    )
    assert told["remedy"].startswith(f"kill -9 {keeper.stack.processes['hung'].pid} ")
    flag.touch()
    wait_until(lambda: "outcome_dropped" in (keeper.folder / "hung.log").read_text(), seconds=20, what="its late end")
    run.refresh_from_db()
    assert (run.state, run.items.get().state) == ("FAILED", ItemState.FAILED)
    took = seconds_until("run", [run.pk], "FAILED", run.started_at)
    measured("F33", runs=ask.runs, seconds=took, note="with a deadline of 5 s, from the start of the run")


@pytest.mark.slow_fault
def test_f34_a_worker_that_takes_nothing(keeper, ask, measured):
    for name in ("deaf", "healthy"):
        keeper.stack.worker(name, queues=RIOT_QUEUES)
    wait_for_worker("deaf", "healthy")
    with current_app.connection_for_write() as connection:
        for queue in (*RIOT_QUEUES.split(","), messages.direct_queue("deaf@test")):
            current_app.control.cancel_consumer(queue, destination=["deaf@test"], connection=connection)
        began = time.monotonic()
        run = ask(items=8)
        wait_for_end(run, seconds=60)
    assert run.result == {"worked": 8}
    told = wait_until_told(keeper, "worker deaf@test")
    took = time.monotonic() - began
    assert (told["ill"], bool(told["since"])) == ("it lives but takes no messages", True)
    assert told["remedy"].startswith("restart that worker")
    measured("F34", runs=ask.runs, seconds=[took])
