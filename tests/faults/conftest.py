"""Faults on real servers and processes: a rig per series, a crew of processes, and a record of what was measured."""

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from crew import Asked, wait_for_worker
from invariants import Losses, losses, start_recording
from machine import machine
from promises import PROMISES
from rig import Rig
from stack import RIOT_QUEUES

from riotwatch_jobs import audit, rerunning, scheduling
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import OPEN_ITEM_STATES, Execution, WorkerLease, WorkItem
from riotwatch_jobs.switching import Refused

CREW = ("housekeeping", "steady")
REPORT = os.environ.get("FAULTS_REPORT", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/faults/" in str(item.path):
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def _rig(django_db_blocker) -> Iterator[Rig]:
    rig = Rig()
    try:
        rig.start()
        with django_db_blocker.unblock(), rig.entered():
            start_recording()
            with rig.broker() as broker:
                _write({"machine": machine(Path(REPORT).stem, broker)})
        yield rig
    finally:
        rig.stop()


@pytest.fixture
def rig(_rig, django_db_blocker, request) -> Iterator[Rig]:
    """The servers, and this process attached to them. Processes of the crew live on between tests."""
    with django_db_blocker.unblock(), _rig.entered():
        yield _rig
        if request.node.stash.get(FAILED, False):
            print(_rig.stack.logs(), *_open_rows(), sep="\n")  # noqa: T201 - shown with the failure
        _tidy(_rig)


def _open_rows() -> list[object]:
    items = WorkItem.objects.filter(state__in=OPEN_ITEM_STATES)
    leases = WorkerLease.objects.values("pk", "node", "queues", "renewed_at")
    return [*Execution.objects.open().values(), *items.values()[:20], *leases]


def _tidy(rig: Rig) -> None:
    for row in scheduling.PeriodicTask.objects.filter(enabled=True):
        scheduling.set_enabled(row, enabled=False)
    extra = [name for name in rig.stack.processes if name not in CREW]
    if extra:
        rig.stack.stop(*extra)
    for run in Execution.objects.open():
        with suppress(Refused):  # it has just ended
            rerunning.cancel(run, reason="its test is over", by=audit.command_line(), now=database_now())


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture
def crew(rig) -> Rig:
    """Housekeeping, and a worker that consumes all queues of the Riot-facing workers."""
    if not rig.stack.alive("housekeeping"):
        rig.stack.housekeeping()
    if not rig.stack.alive("steady"):
        rig.stack.worker("steady", concurrency=8, queues=RIOT_QUEUES)
    wait_for_worker("steady")
    return rig


@pytest.fixture
def keeper(rig) -> Rig:
    """Housekeeping alone: the test brings its workers."""
    if not rig.stack.alive("housekeeping"):
        rig.stack.housekeeping()
    if "steady" in rig.stack.processes:
        rig.stack.stop("steady")
    return rig


@pytest.fixture
def ask(rig, request) -> Asked:
    return Asked(request.node.name.removeprefix("test_"))


@pytest.fixture
def measured() -> Callable[..., Losses]:
    """Write down what was measured, then hold it against the promise."""

    def hold(
        fault: str, *, runs: Sequence[Execution] = (), seconds: Sequence[float] = (), note: str = "", lost: int = 0
    ) -> Losses:
        found = losses(runs)
        found = Losses(found.lost + lost, found.doubled)
        promise = PROMISES[fault]
        late = promise.within_s is not None and max(seconds, default=0.0) > promise.within_s
        _write(
            {
                "fault": fault,
                "seconds": [round(one, 2) for one in seconds],
                "lost": found.lost,
                "doubled": found.doubled,
                "note": note,
                "held": not late and found == Losses(0, 0),
            }
        )
        assert found == Losses(lost=0, doubled=0)
        assert not late, f"{fault}: {max(seconds):.1f} s, promised {promise.within_s} s"
        return found

    return hold


def _write(record: dict[str, object]) -> None:
    if REPORT:
        with Path(REPORT).open("a") as report:
            report.write(json.dumps(record) + "\n")


@pytest.fixture
def flag(tmp_path) -> Path:
    """A file that items wait for: touch it and they end."""
    return tmp_path / "flag"


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
