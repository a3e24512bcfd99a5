"""F13 to F15: PostgreSQL crashes, is away, refuses."""

import time
from contextlib import ExitStack, closing

import psycopg2
import pytest
from crew import REPETITIONS, wait_for_end, wait_for_worker
from django.db import connection
from invariants import half_written
from stack import RIOT_QUEUES, wait_until
from web import Operator

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState, WorkerLease

AWAY_S = 60.0 if REPETITIONS > 1 else 8.0


def first_claim_after(at):
    """How long after an instant the first item was claimed; None where none was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(at) FROM fault_changes WHERE state = 'RUNNING' AND at > %s", [at])
        found = cursor.fetchone()[0]
    return None if found is None else (found - at).total_seconds()


@pytest.mark.slow_fault
def test_f13_a_crashed_database(crew, ask, measured):
    took = []
    for _ in range(REPETITIONS):
        steady, halves = ask(items=40, seconds=0.3), ask("toy_halves", items=4, seconds=1.0)
        wait_until(
            lambda halves=halves, steady=steady: (
                halves.items.filter(state=ItemState.RUNNING).exists()
                and steady.items.filter(state=ItemState.DONE).exists()
            ),
            seconds=30,
            what="work under way",
        )
        crew.crash_database()
        crew.start_database()
        back_at = database_now()
        wait_for_end(steady, halves, seconds=100)
        assert (steady.result, halves.result) == ({"worked": 40}, {"worked": 4})
        took.append(first_claim_after(back_at))
        assert half_written() == 0
    assert crew.stack.alive("steady")
    assert crew.stack.alive("housekeeping")
    measured("F13", runs=ask.runs, seconds=took, note="until the first item was claimed")


@pytest.mark.slow_fault
def test_f14_a_database_that_is_away(crew, ask, measured, unused_port):
    crew.stack.web(unused_port)
    crew.stack.beat()
    operator = Operator(unused_port)
    wait_until(operator.answers, seconds=40, what="the web process")
    wait_until(lambda: operator.readiness() == 200, seconds=20, what="readiness")
    run = ask(items=60, seconds=0.5)
    wait_until(run.items.filter(state=ItemState.DONE).exists, seconds=30, what="work under way")
    crew.crash_database()
    began = time.monotonic()
    crew.stack.worker("late", queues=RIOT_QUEUES)
    while time.monotonic() - began < AWAY_S:
        assert operator.readiness() == 503
        assert operator.answers()
        time.sleep(1)
    crew.start_database()
    back_at = database_now()
    wait_until(lambda: first_claim_after(back_at) is not None, seconds=60, what="a claim")
    took = first_claim_after(back_at)
    wait_until(lambda: operator.readiness() == 200, seconds=15, what="readiness")
    wait_for_end(run, seconds=120)
    assert run.result == {"worked": 60}
    wait_for_worker("late", "steady")
    assert all(crew.stack.alive(name) for name in ("steady", "late", "housekeeping", "beat", "web"))
    measured("F14", runs=ask.runs, seconds=[took], note=f"away for {AWAY_S:g} s")


def test_f15_a_deadlock_and_no_connection_left(keeper, ask, measured):
    began = time.monotonic()
    with ExitStack() as taken:
        keeper.stack.worker("early", queues=RIOT_QUEUES)
        wait_for_worker("early")
        _take_every_connection(keeper, taken)
        keeper.stack.worker("refused", queues=RIOT_QUEUES)
        time.sleep(6)
        assert not WorkerLease.objects.filter(node="refused@test").exists()
    wait_for_worker("refused")
    runs = [ask("toy_crossed", items=2, seconds=0.5), ask(items=8)]
    wait_for_end(*runs, seconds=60)
    assert [run.result["worked"] for run in runs] == [2, 8]
    measured("F15", runs=ask.runs, seconds=[time.monotonic() - began])


def _take_every_connection(rig, taken):
    """This process keeps the one it has."""
    for _ in range(250):
        try:
            session = psycopg2.connect(host=str(rig.layout.runtime), user="riotwatch", dbname="riotwatch")
        except psycopg2.OperationalError:
            return
        taken.enter_context(closing(session))
    raise AssertionError("the server takes any number of connections")
