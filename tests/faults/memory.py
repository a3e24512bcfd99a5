"""What processes hold while work goes through them, and whether that grows."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil
from django.db import connection
from rig import Rig

from riotwatch_jobs.models import OPEN_ITEM_STATES, Execution, WorkItem

MB = 1024 * 1024
MAY_GROW = 0.03
LEAST = {"MB": 3.0, "threads": 2.0, "files": 10.0, "connections": 2.0, "MB/process": 0.1, "files/process": 3.0}
"""Growth that is never held against a process: pages that a pool touches for the first time, one more connection.

A pool child that follows another inherits the connections that its parent has made meanwhile; its followers the same.
"""
LEAST_OF_ROWS = 25.0

Held = dict[str, float]
"""What is held, by what it is: "beat MB", "database connections"."""


@dataclass(frozen=True)
class Sample:
    """One look."""

    runs: int
    """How many runs had ended."""
    held: Held


@dataclass(frozen=True)
class Growth:
    """One thing over a whole soak, the first quarter being its warm-up."""

    what: str
    second_quarter: float
    last_quarter: float
    per_1000_runs: float
    """Median of the slopes between all pairs of samples (Theil and Sen)."""

    @property
    def bound(self) -> float:
        least = LEAST.get(self.what.rpartition(" ")[2], LEAST_OF_ROWS)
        return max(least, MAY_GROW * self.second_quarter)

    @property
    def flat(self) -> bool:
        return self.last_quarter - self.second_quarter <= self.bound


def look(rig: Rig, runs: int) -> Sample:
    return Sample(runs, {**_of_processes(rig), **_of_database(), **_of_broker(rig)})


def growths(samples: Sequence[Sample]) -> list[Growth]:
    quarter = len(samples) // 4
    return [_growth(what, samples[quarter:], quarter) for what in samples[-1].held]


def _growth(what: str, samples: Sequence[Sample], quarter: int) -> Growth:
    values = [sample.held[what] for sample in samples]
    pairs = [
        (later.held[what] - earlier.held[what]) / (later.runs - earlier.runs) * 1000
        for index, earlier in enumerate(samples)
        for later in samples[index + 1 :]
        if later.runs > earlier.runs
    ]
    medians = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
    return Growth(what, *medians, per_1000_runs=statistics.median(pairs))


def _of_processes(rig: Rig) -> Held:
    assert rig.postgres._child
    assert rig.valkey._child
    pids = {name: process.pid for name, process in rig.stack.processes.items()}
    pids |= {"postgresql": rig.postgres._child.pid, "valkey": rig.valkey._child.pid}
    held: Held = {}
    for name, pid in pids.items():
        held |= {f"{name} {measure}": value for measure, value in of_tree(psutil.Process(pid)).items()}
    # One more connection, which may be, is a process of its own, of 2.5 MB and some sixty files.
    for measure in ("MB", "files"):
        held[f"postgresql {measure}/process"] = held.pop(f"postgresql {measure}") / held["postgresql threads"]
    return held


def of_tree(process: psutil.Process) -> Mapping[str, float]:
    """Of a process and all that it started; memory that nobody else shares, for pages of a fork count once."""
    held = {"MB": 0.0, "threads": 0.0, "files": 0.0}
    for one in _living([process, *process.children(recursive=True)]):
        with suppress(psutil.NoSuchProcess):  # a connection's server process has just ended
            held["MB"] += one.memory_full_info().uss / MB
            held["threads"] += one.num_threads()
            held["files"] += one.num_fds()
    return held


def _living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running()]


def _of_database() -> Held:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        connections = float(cursor.fetchone()[0])
    return {
        "database connections": connections,
        "open runs": float(Execution.objects.open().count()),
        "open items": float(WorkItem.objects.filter(state__in=OPEN_ITEM_STATES).count()),
    }


def _of_broker(rig: Rig) -> Held:
    with rig.broker() as broker:
        lists = [key for key in broker.scan_iter() if broker.type(key) == b"list"]
        messages = sum(broker.llen(key) for key in lists) + broker.hlen("unacked")
        return {
            "broker used MB": broker.info("memory")["used_memory"] / MB,
            "broker keys": float(broker.dbsize()),
            "broker messages": float(messages),
        }
