"""How well the shared budget is used: `python -m bench.limiter --processes 1 4 --seconds 60`.

Processes ask a strict edge flat out in the tracked lane while one of them asks now and then as a person would, in the
interactive lane. A line per number of processes: answers, refusals, steady use of the longest window, and how long the
interactive requests waited, as multiples of W/N of that window.
"""

import argparse
import multiprocessing
import random
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue

from redis import Redis
from rich.console import Console
from rich.table import Table

from riotwatch_players.riot.client import RiotClient
from riotwatch_players.riot.errors import BudgetWait, RateLimited
from riotwatch_players.riot.headers import parse_windows
from riotwatch_players.riot.limiter import Lane, Limiter, Pads
from tests.players.riot.edge import Edge, Limits, serving
from tests.players.riot.valkey import Valkey

THREADS_PER_PROCESS = 4
HOST = "europe"
MATCH_ID = "EUW1_1"


@dataclass(frozen=True)
class Plan:
    """One run."""

    processes: int
    kind: str
    limits: Limits
    seconds: float
    latency_s: float
    jitter_s: float
    late_share: float
    pad_long_s: float
    interactive_every_s: float


@dataclass(frozen=True)
class Place:
    """Where the processes find what they need, and until when they go on."""

    api_url: str
    socket: str
    until: float


@dataclass(frozen=True)
class Figures:
    """What came of it."""

    ok: int
    refused: int
    steady_use: float
    interactive_waits: list[float]
    """Seconds from asking to being let go."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the plans one after the other and print a table."""
    options = _options(arguments)
    limits = tuple((limit, float(window_s)) for limit, window_s in parse_windows(options.limits))
    table = Table(title=f"limits {options.limits}, {options.seconds:g} s")
    for column in ("edge", "processes", "ok", "429", "steady use %", "asked", "p50 xW/N", "p95 xW/N", "max xW/N"):
        table.add_column(column)
    for kind in options.edge:
        for processes in options.processes:
            plan = Plan(
                processes=processes,
                kind=kind,
                limits=limits,
                seconds=options.seconds,
                latency_s=options.latency,
                jitter_s=options.jitter,
                late_share=options.late,
                pad_long_s=options.pad,
                interactive_every_s=options.interactive_every,
            )
            table.add_row(*_row(plan, run(plan)))
    Console().print(table)


def run(plan: Plan) -> Figures:
    """One edge, one Valkey, and so many processes for so long."""
    edge = Edge(
        plan.limits, kind=plan.kind, latency_s=plan.latency_s, jitter_s=plan.jitter_s, late_share=plan.late_share
    )
    edge.keep_requests = False
    valkey = Valkey()
    valkey.start()
    try:
        with serving(edge):
            waits = _load(plan, edge.api_url, valkey.socket)
            return Figures(edge.statuses[200], edge.refusals.total(), _steady_use(plan, edge), waits)
    finally:
        valkey.close()


def _load(plan: Plan, api_url: str, socket: str) -> list[float]:
    context = multiprocessing.get_context("spawn")
    results: Queue[list[float]] = context.Queue()
    place = Place(api_url, socket, until=time.time() + plan.seconds)
    workers = [context.Process(target=work, args=(results, plan, place, number)) for number in range(plan.processes)]
    for worker in workers:
        worker.start()
    waits = [wait for _ in workers for wait in results.get()]
    for worker in workers:
        worker.join()
    return waits


def work(results: "Queue[list[float]]", plan: Plan, place: Place, number: int) -> None:
    """One process: threads that ask flat out, and in the first process one that asks as a person would."""
    waits: list[float] = []
    with Redis(unix_socket_path=place.socket) as redis:
        limiter = Limiter(redis, "bench", pads=Pads(long_s=plan.pad_long_s))
        client = RiotClient(place.api_url, "RGAPI-bench", limiter)
        person = RiotClient(place.api_url, "RGAPI-bench", limiter, lane=Lane.INTERACTIVE, patience_s=plan.seconds)
        threads = [threading.Thread(target=_flat_out, args=(client, place.until)) for _ in range(THREADS_PER_PROCESS)]
        if number == 0:
            threads.append(threading.Thread(target=_now_and_then, args=(person, plan, place.until, waits)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
        person.close()
    results.put(waits)


def _flat_out(client: RiotClient, until: float) -> None:
    while time.time() < until:
        try:
            client.match(MATCH_ID)
        except BudgetWait as wait:
            time.sleep(max(0.0, min(wait.seconds, until - time.time())))
        except RateLimited as limited:
            time.sleep(limited.wait_s)


def _now_and_then(client: RiotClient, plan: Plan, until: float, waits: list[float]) -> None:
    chance = random.Random(7)
    while time.time() < until:
        time.sleep(chance.expovariate(1 / plan.interactive_every_s))
        began = time.monotonic()
        try:
            client.match(MATCH_ID)
        except RateLimited:
            continue
        waits.append(max(0.0, time.monotonic() - began - plan.latency_s))


def _steady_use(plan: Plan, edge: Edge) -> float:
    """Arrivals of the whole windows after the first one, as a part of what the longest window allows.

    The first window starts cold; the last seconds are cut off with it, so that only whole windows count.
    """
    limit, window_s = max(plan.limits, key=lambda tier: tier[1])
    times = [at for at, _ in edge.arrivals]
    windows = int((times[-1] - times[0]) // window_s) - 1
    if windows < 1:
        return float("nan")
    begin = times[0] + window_s
    return sum(begin <= at < begin + windows * window_s for at in times) / (windows * limit)


def _row(plan: Plan, figures: Figures) -> list[str]:
    limit, window_s = max(plan.limits, key=lambda tier: tier[1])
    waits = sorted(wait * limit / window_s for wait in figures.interactive_waits) or [0.0]
    spread = (statistics.median(waits), waits[int(len(waits) * 0.95)], waits[-1])
    return [
        plan.kind,
        str(plan.processes),
        str(figures.ok),
        str(figures.refused),
        f"{figures.steady_use * 100:.2f}",
        str(len(figures.interactive_waits)),
        *(f"{wait:.2f}" for wait in spread),
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.limiter", description=__doc__)
    parser.add_argument("--limits", default="20:1,100:10", help="of the application, as Riot writes them")
    parser.add_argument("--edge", nargs="+", default=["sliding"], choices=["fixed", "sliding", "aligned"])
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--latency", type=float, default=0.05, help="mean round trip in seconds")
    parser.add_argument("--jitter", type=float, default=0.02, help="its standard deviation")
    parser.add_argument("--late", type=float, default=0.0, help="share of ways that take five times as long")
    parser.add_argument("--pad", type=float, default=Pads().long_s, help="for windows longer than a second")
    parser.add_argument("--interactive-every", type=float, default=1.0, help="mean seconds between a person's requests")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
