"""F29: many runs in a row, of real jobs and toys, through every door; whatever processes hold stays as it is.

`make soak` runs it, with the processes of the Procfile.
"""

import itertools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
import requests
from crew import Asked, ended, start_procfile
from django.contrib.auth import get_user_model
from django.db.models import Max
from memory import Growth, Sample, growths, look
from rich.console import Console
from rich.table import Table
from rig import Rig
from stack import wait_until

from riotwatch_jobs import audit, rerunning, scheduling, switching
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Trigger, WorkerLease
from riotwatch_players.models import Player

RUNS = int(os.environ.get("SOAK_RUNS", "2000"))
REPORT = os.environ.get("FAULTS_REPORT", "")
OPEN_AT_ONCE = 12
PAUSE_S = 0.08
"""Between two runs that are asked for: what grows with time, not with runs, is to have some."""
SAMPLE_EVERY_S = 2.0
TOLD_EVERY_S = 20.0
PLAYERS = 8
BY_BEAT = ("toy_steady", "toy_steady_child")
OVERLAPS = ("the previous run was still open", "another run was already waiting")
NODES = ("worker1", "analysis", "interactive")

console = Console(file=sys.stderr, width=120)


@dataclass
class Caller:
    """Somebody's script at the API."""

    base: str
    key: str
    puuids: list[str] = field(default_factory=list)

    def post(self, path: str, body: dict[str, object]) -> requests.Response:
        answer = requests.post(f"{self.base}/api/v1{path}", json=body, headers={"X-API-Key": self.key}, timeout=30)
        assert answer.ok, answer.text
        return answer

    def get(self, path: str) -> None:
        assert requests.get(f"{self.base}/api/v1{path}", headers={"X-API-Key": self.key}, timeout=30).ok

    def start(self, verb: str, number: int) -> Execution:
        """Refresh or analyze the next player, and look at the list of runs."""
        self.get("/jobs/executions/recent?limit=20")
        puuid = self.puuids[number % len(self.puuids)]
        return Execution.objects.get(pk=self.post(f"/players/{puuid}/{verb}", {}).json()["id"])


@pytest.fixture
def caller(rig, unused_port):
    # Flower's memory of tasks grows up to a number of tasks by design.
    start_procfile(rig.stack, but=("flower",), PORT=str(unused_port))
    base = f"http://127.0.0.1:{unused_port}"
    get_user_model().objects.create_superuser("soaker")
    made = rig.stack.manage("create_api_key", "soaker", "--role", "operator")
    assert made.returncode == 0, made.stderr
    caller = Caller(base, made.stdout.strip())
    wait_until(lambda: _answers(base), seconds=60, what="the web process")
    wait_until(lambda: _nodes() >= set(NODES), seconds=60, what="a lease of each worker")
    people = [person for person in rig.simulator.world.people if person.vanished_at_s is None]
    for person in people[:PLAYERS]:
        caller.post("/players", {"riot_id": person.riot_id, "platform": person.platform})
    caller.puuids = list(Player.objects.tracked().values_list("puuid", flat=True))
    return caller


def _answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


def _nodes() -> set[str]:
    nodes = WorkerLease.objects.live(database_now()).values_list("node", flat=True)
    return {node.partition("@")[0] for node in nodes}


@dataclass
class Traffic:
    """Asks for one run after the other, as long as not too many are open."""

    ask: Asked
    caller: Caller
    mistakes: list[Execution] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    def doors(self) -> list[Callable[[int], object]]:
        return [
            lambda number: self.caller.start("refresh", number),
            lambda _: self.ask(items=3),
            lambda number: self.caller.start("analyze", number),
            lambda _: self.ask("toy_steady_child", items=2),
            lambda _: self.ask("toy_failing"),
            lambda number: self.caller.start("refresh", number + PLAYERS // 2),
            lambda _: self.ask(items=2, seconds=0.1),
            lambda number: self.caller.start("analyze", number + PLAYERS // 2),
            lambda _: self.ask("toy_steady_child"),
            lambda _: self.start_and_cancel_the_one_before(),
        ]

    def start_and_cancel_the_one_before(self) -> None:
        self.cancel_mistakes()
        self.mistakes.append(self.ask(items=2, seconds=600))

    def cancel_mistakes(self) -> None:
        while self.mistakes:
            run = self.mistakes.pop()
            rerunning.cancel(run, reason="asked for by mistake", by=audit.command_line(), now=database_now())
            self.cancelled.append(run.pk)


def soak(rig: Rig, traffic: Traffic) -> list[Sample]:
    """Until so many runs have ended; samples on the way."""
    samples: list[Sample] = []
    before, told_at, sampled_at = _ended(), 0.0, 0.0
    for number, door in enumerate(itertools.cycle(traffic.doors())):
        time.sleep(PAUSE_S)
        while Execution.objects.open().count() >= OPEN_AT_ONCE:
            time.sleep(PAUSE_S)
        door(number)
        if time.monotonic() - sampled_at > SAMPLE_EVERY_S:
            sampled_at = time.monotonic()
            samples.append(look(rig, _ended() - before))
            _keep({"runs": samples[-1].runs, "held": samples[-1].held})
        if samples[-1].runs >= RUNS:
            return samples
        if time.monotonic() - told_at > TOLD_EVERY_S:
            told_at = time.monotonic()
            _tell(samples[-1])
    raise AssertionError


def _ended() -> int:
    return Execution.objects.exclude(finished_at=None).count()


def _tell(sample: Sample) -> None:
    memory = [f"{what[:-3]} {value:.0f}" for what, value in sample.held.items() if what.endswith(" MB")]
    console.print(f"{sample.runs:5} of {RUNS} runs; MB: {', '.join(memory)}", soft_wrap=True)


def _keep(record: dict[str, object]) -> None:
    if REPORT:
        with Path(REPORT).open("a") as report:
            report.write(json.dumps(record) + "\n")


def as_table(found: list[Growth]) -> Table:
    table = Table("", "2nd quarter", "last quarter", "per 1,000 runs", "may grow by", "")
    for one in found:
        figures = (one.second_quarter, one.last_quarter, one.per_1000_runs, one.bound)
        table.add_row(one.what, *(f"{figure:.2f}" for figure in figures), "flat" if one.flat else "GROWS")
    return table


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_f29_many_runs_in_a_row(rig, ask, caller, measured):
    newest = Execution.objects.aggregate(newest=Max("pk"))["newest"] or 0
    for row in scheduling.rows_that_start_jobs():
        scheduling.set_enabled(row, enabled=False)
    traffic = Traffic(ask, caller)
    switch_schedules(enabled=True)
    samples = soak(rig, traffic)
    switch_schedules(enabled=False)
    traffic.cancel_mistakes()
    runs = list(Execution.objects.filter(pk__gt=newest))
    wait_until(lambda: ended(*runs), seconds=60, what="the end of all runs")
    found = growths(samples)
    for one in found:
        _keep(asdict(one) | {"flat": one.flat})
    console.print(as_table(found))
    runs = list(Execution.objects.filter(pk__gt=newest))
    expect_outcomes(runs, traffic)
    assert not requests.get(f"{rig.simulator.control}/state", timeout=10).json()["refused"]
    assert [one.what for one in found if not one.flat] == []
    most = max(
        (one for one in found if one.what.endswith(" MB")), key=lambda one: one.last_quarter - one.second_quarter
    )
    grown = f"{most.last_quarter - most.second_quarter:+.1f} MB from the second quarter to the last ({most.what[:-3]})"
    measured("F29", runs=runs, note=f"{len(runs)} runs; at most {grown}")


def switch_schedules(*, enabled: bool) -> None:
    for job_id in BY_BEAT:
        switching.set_job_enabled(job_id, enabled=enabled, by=audit.command_line())


def expect_outcomes(runs: list[Execution], traffic: Traffic) -> None:
    """Each ended as its job has it; the schedules and the API did their share.

    On a busy machine a slot may meet the run before it, and be skipped for that.
    """
    skipped = [run for run in runs if run.state == "SKIPPED"]
    assert {(run.trigger, run.reason in OVERLAPS) for run in skipped} <= {(Trigger.SCHEDULE, True)}, skipped
    states = Counter(run.state for run in runs if run.pk not in traffic.cancelled and run not in skipped)
    failing = sum(run.job_id == "toy_failing" for run in runs)
    assert states == {"COMPLETED": len(runs) - len(traffic.cancelled) - failing - len(skipped), "FAILED": failing}
    assert {Trigger.SCHEDULE, Trigger.API, Trigger.CLI} <= {run.trigger for run in runs}
