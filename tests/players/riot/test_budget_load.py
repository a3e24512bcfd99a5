"""Several processes flat out against a strict edge with short windows: nothing is refused, little is wasted."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import BudgetUnavailable, BudgetWait, NetworkTrouble, RateLimited
from riotwatch_players.riot.limiter import Lane, Limiter
from tests.players.riot.edge import Limits, Scripted
from tests.players.riot.valkey import Valkey

LIMITS: Limits = ((20, 1), (40, 4))
HOST = "europe"
THREADS = 4


def ask_flat_out(api_url: str, socket: str, seconds: float, lease_s: float) -> None:
    """What one process does; errors other than refusals end it."""
    until = time.monotonic() + seconds
    with Valkey.connect_to(socket) as redis:
        client = RiotClient(api_url, "RGAPI-load", Limiter(redis, "load", lease_s=lease_s), timeout_s=lease_s / 2)
        threads = [threading.Thread(target=ask_until, args=(client, until)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()


def ask_until(client: RiotClient, until: float) -> None:
    while time.monotonic() < until:
        try:
            client.match("EUW1_1")
        except BudgetWait as wait:
            time.sleep(max(0.0, min(wait.seconds, until - time.monotonic())))
        except RateLimited as limited:
            time.sleep(max(0.0, min(limited.wait_s, until - time.monotonic())))
        except (NetworkTrouble, BudgetUnavailable):
            time.sleep(0.05)


@pytest.fixture
def start_processes(valkey, redis_server):
    context = multiprocessing.get_context("spawn")
    started = []

    def start(edge, *, count, seconds, lease_s=24.0):
        # Starting Python takes a while on a small machine; the seconds count from each process's own start.
        arguments = (edge.api_url, valkey.socket, seconds, lease_s)
        processes = [context.Process(target=ask_flat_out, args=arguments) for _ in range(count)]
        for process in processes:
            process.start()
        started.extend(processes)
        return processes

    yield start
    for process in started:
        process.kill()
        process.join()
        process.close()


def assert_within_limits(edge):
    assert edge.refusals.total() == 0
    for limit, seconds in edge.app:
        assert edge.most_arrivals_within(seconds, HOST) <= limit


@pytest.mark.parametrize("kind", ["sliding", "fixed", "aligned"])
def test_four_processes_keep_the_limits_and_use_them(make_edge, start_processes, kind):
    edge = make_edge(LIMITS, kind=kind, latency_s=0.05, jitter_s=0.02, late_share=0.03)
    for process in start_processes(edge, count=4, seconds=9):
        process.join()
        assert process.exitcode == 0
    assert_within_limits(edge)
    assert edge.statuses[200] >= 60  # two windows of 40 and more would fit; half of the third is left to a slow machine


def test_somebody_else_on_the_key_and_a_tight_method_limit(make_edge, start_processes):
    edge = make_edge(((20, 1), (40, 4)), method=((10, 2),), kind="sliding", latency_s=0.03)
    edge.foreign_use(HOST, 15)
    for process in start_processes(edge, count=2, seconds=6):
        process.join()
    assert edge.refusals.total() == 0
    assert edge.statuses[200] >= 15


def test_killed_workers_cost_their_slots_for_a_while_and_nothing_else(make_edge, start_processes):
    edge = make_edge(LIMITS, kind="sliding", latency_s=0.2)
    survivor, victim = start_processes(edge, count=2, seconds=9, lease_s=3.0)
    while edge.statuses[200] < 20:
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    before = edge.statuses[200]
    survivor.join()
    assert_within_limits(edge)
    assert edge.statuses[200] >= before + 20


def test_a_flush_in_between_leads_to_no_refusal(make_edge, start_processes, redis_server):
    edge = make_edge(LIMITS, kind="sliding", latency_s=0.05)
    processes = start_processes(edge, count=2, seconds=8)
    while edge.statuses[200] < 25:
        time.sleep(0.05)
    redis_server.flushall()
    for process in processes:
        process.join()
    assert edge.refusals.total() == 0
    assert edge.statuses[200] >= 50


def test_changed_limits_are_followed(make_edge, start_processes):
    edge = make_edge(((20, 1), (100, 4)), kind="sliding", latency_s=0.02)
    processes = start_processes(edge, count=2, seconds=8)
    while edge.statuses[200] < 10:
        time.sleep(0.05)
    edge.app = ((8, 2), (1000, 60))
    for process in processes:
        process.join()
    # What was on its way when the limit fell may be refused, once; from then on nothing is.
    assert edge.refusals.total() <= 2 * THREADS
    assert edge.statuses[200] >= 14


def test_refusals_stop_everybody_and_then_work_goes_on(make_edge, start_processes):
    edge = make_edge(LIMITS, kind="sliding", latency_s=0.02)
    edge.script.extend(
        [Scripted()] * 5
        + [
            Scripted(429, {"X-Rate-Limit-Type": "application", "Retry-After": "1"}),
            Scripted(429, {"X-Rate-Limit-Type": "server", "Retry-After": "1"}, limit_headers=False),
            Scripted(503, limit_headers=False),
            Scripted(fault="drop"),
        ]
    )
    for process in start_processes(edge, count=2, seconds=8):
        process.join()
    assert_within_limits(edge)
    assert edge.statuses[200] >= 20
    refused_at = edge.arrivals[5][0]
    assert not [at for at, _ in edge.arrivals if refused_at + 0.3 < at < refused_at + 1.0]


def test_a_person_waits_little_behind_a_saturated_background(make_edge, start_processes, redis_server):
    edge = make_edge(LIMITS, kind="sliding", latency_s=0.02)
    processes = start_processes(edge, count=2, seconds=9)
    client = RiotClient(edge.api_url, "RGAPI-load", Limiter(redis_server, "load"), lane=Lane.INTERACTIVE, patience_s=9)
    while edge.statuses[200] < 40:
        time.sleep(0.05)
    waits = []
    for _ in range(8):
        began = time.monotonic()
        client.match("EUW1_1")
        waits.append(time.monotonic() - began)
        time.sleep(0.25)
    client.close()
    for process in processes:
        process.join()
    assert edge.refusals.total() == 0
    assert sorted(waits)[4] < 0.5  # the window allows one every 0.1 s
    assert max(waits) < 2.0
