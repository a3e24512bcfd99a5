"""What Celery carries, on real workers: rate_limit, retries with back-off, prints, lost workers."""

import itertools
import socket
import sys

import pytest
import requests
from stack import wait_until

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, ItemState, Trigger, WorkerLease

TOYS = "toys_on_workers"


@pytest.fixture
def marks(tmp_path):
    """Where toys leave their marks."""
    path = tmp_path / "marks"
    path.touch()
    return path


@pytest.fixture
def trigger(marks):
    """Ask for a run of a toy."""
    import toys_on_workers  # noqa: F401 - registers the toys in this process too

    def ask(job_id: str, **overrides: object) -> Execution:
        wanted = dispatch.Request(job_id=job_id, trigger=Trigger.CLI, overrides={"marks": str(marks), **overrides})
        return dispatch.request(wanted, now=database_now())[0]

    return ask


def ended(run: Execution):
    run.refresh_from_db()
    return not run.is_open


def times(marks, key="item0"):
    lines = [line.split() for line in marks.read_text().splitlines()]
    return [float(at) for name, at, _ in lines if name == key]


def live():
    return WorkerLease.objects.live(database_now()).count()


def test_rate_limit_is_each_workers_own_guard(stack, trigger, marks):
    stack.worker(concurrency=8, include=TOYS, TASK_RATE_LIMIT="2/s")
    stack.housekeeping()
    run = trigger("toy_working", items=6)
    wait_until(lambda: ended(run), seconds=60, what="the run's end")
    starts = sorted(float(line.split()[1]) for line in marks.read_text().splitlines())
    assert len(starts) == 6
    assert starts[-1] - starts[0] >= (6 - 1) / 2 - 0.3


def test_a_503_is_retried_each_gap_within_its_doubling_ceiling(stack, trigger, marks):
    stack.worker(include=TOYS)
    run = trigger("toy_503")
    wait_until(lambda: ended(run), seconds=60, what="the run's end")
    assert (run.state, run.result) == ("COMPLETED", {"worked": 1})
    assert run.items.get().attempts == 3
    at = times(marks)
    gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
    scheduling_delay_s = 2.0
    assert all(gap <= ceiling + scheduling_delay_s for gap, ceiling in zip(gaps, (1, 2, 4), strict=True))


def test_a_429_waits_at_least_its_retry_after_and_costs_no_attempt(stack, trigger, marks):
    stack.worker(include=TOYS)
    run = trigger("toy_429")
    wait_until(lambda: ended(run), seconds=60, what="the run's end")
    assert run.state == "COMPLETED"
    assert run.items.get().attempts == 0
    at = times(marks)
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(at))


def test_what_a_job_prints_on_a_worker_is_in_its_runs_log(stack, trigger):
    stack.worker(include=TOYS)
    run = trigger("toy_working")
    wait_until(lambda: ended(run), seconds=60, what="the run's end")
    assert "printed by the toy" in list(run.log_lines.values_list("message", flat=True))
    item = run.items.get()
    assert item.host
    assert item.pid


def test_items_of_a_killed_worker_are_resumed_by_another(stack, trigger, marks):
    stack.worker("doomed", include=TOYS)
    run = trigger("toy_working", items=3, seconds=3)
    wait_until(lambda: run.items.filter(state=ItemState.RUNNING).count() == 3, seconds=30, what="three running items")
    stack.kill("doomed")
    stack.worker("heir", include=TOYS)
    stack.housekeeping()
    wait_until(lambda: ended(run), seconds=80, what="the run's end")
    assert (run.state, run.result) == ("COMPLETED", {"worked": 3})
    assert set(run.items.values_list("lost_count", flat=True)) == {1}


def test_a_stopped_worker_finishes_what_it_runs_and_leaves_no_lease(stack, trigger):
    stack.worker("one", include=TOYS)
    run = trigger("toy_working", items=2, seconds=2)
    wait_until(lambda: run.items.filter(state=ItemState.RUNNING).count() == 2, seconds=30, what="running items")
    process = stack.processes.pop("one")
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert live() == 0
    assert ended(run)
    assert run.result == {"worked": 2}


def test_a_pool_child_killed_by_its_item_is_noticed_at_once_and_the_poison_is_quarantined(stack, trigger, marks):
    stack.prefork_worker(include=TOYS)
    stack.housekeeping()
    run = trigger("toy_suicidal")
    wait_until(lambda: ended(run), seconds=150, what="the run's end")
    item = run.items.get()
    assert (item.state, run.state) == (ItemState.QUARANTINED, "FAILED")
    assert item.lost_alone_count == 3
    healthy = trigger("toy_working")
    wait_until(lambda: ended(healthy), seconds=60, what="a healthy run after it")
    assert healthy.state == "COMPLETED"


def test_flower_lists_each_worker_and_a_runs_task(stack, trigger, unused_port):
    stack.worker("left", include=TOYS)
    stack.worker("right", include=TOYS)
    options = ("--address=127.0.0.1", f"--port={unused_port}")
    stack.start(
        "flower",
        sys.executable,
        "-m",
        "celery",
        "-A",
        "riotwatch",
        "flower",
        *options,
        FLOWER_BASIC_AUTH="operator:secret",
    )
    url = f"http://127.0.0.1:{unused_port}"
    wait_until(lambda: live() == 2 and answers(url), seconds=60, what="Flower and two workers")
    assert requests.get(f"{url}/api/workers", timeout=10).status_code == 401
    run = trigger("toy_working")
    wait_until(lambda: ended(run), seconds=60, what="the run's end")
    auth = ("operator", "secret")
    wait_until(
        lambda: (
            set(requests.get(f"{url}/api/workers?refresh=1", auth=auth, timeout=20).json())
            == {"left@test", "right@test"}
        ),
        seconds=30,
        what="both workers in Flower",
    )
    wait_until(
        lambda: "riotwatch_jobs.tasks.run_item" in requests.get(f"{url}/api/tasks", auth=auth, timeout=20).text,
        seconds=30,
        what="the run's task in Flower",
    )


def answers(url):
    try:
        return requests.get(f"{url}/healthcheck", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
