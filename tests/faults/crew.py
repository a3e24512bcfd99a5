"""Asking for runs, and waiting for workers and ends."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stack import ROOT, Stack, wait_until

from riotwatch import procfile
from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Heartbeat, Trigger, WorkerLease

REPETITIONS = int(os.environ.get("FAULTS_REPETITIONS", "1"))


def wait_for_worker(*names: str, seconds: float = 40) -> None:
    nodes = {f"{name}@test" for name in names}
    living = WorkerLease.objects.all()
    wait_until(
        lambda: nodes <= set(living.live(database_now()).values_list("node", flat=True)),
        seconds=seconds,
        what=f"a lease of {', '.join(names)}",
    )


def start_procfile(stack: Stack, *, but: Sequence[str] = (), **environment: str) -> None:
    """The processes of the Procfile in place of those that run."""
    stack.stop(*stack.processes)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, command in procfile.read(ROOT / "Procfile").items():
        if name not in ("release", *but):
            stack.start(name, "sh", "-c", f"exec {command}", PATH=path, **environment)


def wait_for_beats(stack: Stack, *names: str, seconds: float = 60) -> None:
    """Until each has looked at its schedules."""
    pids = {stack.processes[name].pid for name in names}
    looking = Heartbeat.objects.filter(kind="beat", pid__in=pids)
    what = f"a look of {', '.join(names)}"
    wait_until(lambda: pids == set(looking.values_list("pid", flat=True)), seconds=seconds, what=what)


def ill(stack: Stack) -> dict[str, Any]:
    """What `job_health` calls ill, by part."""
    told = stack.manage("job_health", "--json")
    found = {part["part"]: part for part in json.loads(told.stdout)["parts"] if not part["well"]}
    assert told.returncode == int(bool(found))
    return found


@dataclass
class Asked:
    """The runs that a test asked for, each in a scope of its own unless one is named."""

    name: str
    runs: list[Execution] = field(default_factory=list)

    def __call__(
        self, job_id: str = "toy_steady", *, scope: str = "", players: tuple[int, ...] = (), **config: object
    ) -> Execution:
        scope = scope or f"{self.name[:60]}:{len(self.runs)}"
        wanted = dispatch.Request(job_id=job_id, trigger=Trigger.CLI, scope=scope, players=players, overrides=config)
        run, _ = dispatch.request(wanted, now=database_now())
        self.runs.append(run)
        return run


def ended(*runs: Execution) -> bool:
    return not Execution.objects.open().filter(pk__in=[run.pk for run in runs]).exists()


def wait_for_end(*runs: Execution, seconds: float) -> None:
    wait_until(lambda: ended(*runs), seconds=seconds, what=f"the end of {len(runs)} runs")
    for run in runs:
        run.refresh_from_db()
