"""F32: during a release old workers meet what only new code knows."""

import time

from celery import current_app
from crew import wait_for_end, wait_for_worker
from invariants import seconds_until
from stack import RIOT_QUEUES, wait_until

from riotwatch_jobs import messages
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState

RELEASE_BEFORE = {"DJANGO_SETTINGS_MODULE": "riotwatch.settings"}
"""Its code has no toys."""


def log_of(rig, name):
    return (rig.folder / f"{name}.log").read_text()


def send(task, *args, queue="players"):
    with current_app.connection_for_write() as connection:
        current_app.send_task(task, args=args, queue=queue, connection=connection)


def test_f32_old_workers_and_new_jobs(keeper, ask, measured):
    keeper.stack.worker("old", queues=RIOT_QUEUES, **RELEASE_BEFORE)
    wait_for_worker("old")
    run = ask(items=4)
    waits = "left to workers with other code"
    # The run itself may not be started by the old one either.
    time.sleep(3)
    keeper.stack.worker("starter", queues="control")
    wait_until(run.items.filter(reason__contains=waits).exists, seconds=60, what="an item that waits for other code")
    assert not run.items.filter(state__in=(ItemState.FAILED, ItemState.QUARANTINED)).exists()
    began_at = database_now()
    keeper.stack.worker("new", queues=RIOT_QUEUES)
    wait_for_worker("new")
    keeper.stack.processes["old"].terminate()
    assert keeper.stack.processes.pop("old").wait(40) == 0
    wait_for_end(run, seconds=60)
    assert run.result == {"worked": 4}
    assert not run.items.filter(attempts__gt=0).exists()
    took = seconds_until("run", [run.pk], "COMPLETED", began_at)
    measured("F32", runs=ask.runs, seconds=took, note="from the start of a worker with the new code")


def test_f32_messages_that_an_old_worker_does_not_know(keeper, ask, flag, measured):
    keeper.stack.worker("old", queues=RIOT_QUEUES)
    wait_for_worker("old")
    send("riotwatch_jobs.task_of_the_next_release", 1)
    send(messages.RUN_ITEM_TASK, 1, 2, "argument of the next release")
    wait_until(
        lambda: "task_of_the_next_release" in log_of(keeper, "old") and "takes 3 positional" in log_of(keeper, "old"),
        seconds=30,
        what="what is told of both",
    )
    run = ask(items=4)
    wait_for_end(run, seconds=60)
    assert run.result == {"worked": 4}
    assert keeper.stack.alive("old")
    measured("F32", runs=ask.runs)
