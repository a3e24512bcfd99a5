"""F31: the disk is full under everything: the database, the broker and the logs of all processes."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from crew import ill, wait_for_beats, wait_for_end, wait_for_worker
from invariants import half_written, seconds_until, start_recording
from rig import Rig
from stack import RIOT_QUEUES, wait_until
from web import Operator

from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState

SIZE = "1200m"
"""Enough to be called well while it is empty."""
BLOCK = b"\0" * (1024 * 1024)
FULL_FOR_S = 12.0
MANY = 1000
"""Items that 8 threads do not get through while the disk is full."""

PROCESSES = ("housekeeping", "steady", "beat", "web")


class SmallDisk:
    """A file system of its own, in memory."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="riotwatch-faults-disk-"))
        self._filler = self.folder / "filler"
        told = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "riotwatch-faults", str(self.folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if told.returncode:
            self.folder.rmdir()
            pytest.skip(f"only root can mount a small disk: {told.stderr.strip()}")

    def fill(self):
        """To the last byte, again and again: what was let go meanwhile is taken too."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(BLOCK)
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(b"\0")

    def free(self):
        self._filler.unlink()

    def remove(self):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        self.folder.rmdir()


@pytest.fixture
def disk():
    if not shutil.which("mount") or os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = SmallDisk()
    yield disk
    disk.remove()


@pytest.fixture
def rig(disk, django_db_blocker):
    folder = disk.folder / "rig"
    folder.mkdir()
    rig = Rig(folder)
    try:
        rig.start()
        with django_db_blocker.unblock(), rig.entered():
            start_recording()
            yield rig
    finally:
        rig.stop()


@pytest.mark.slow_fault
def test_f31_a_full_disk(rig, disk, ask, measured, unused_port):
    rig.stack.housekeeping()
    rig.stack.worker("steady", concurrency=8, queues=RIOT_QUEUES)
    rig.stack.beat()
    rig.stack.web(unused_port)
    wait_for_worker("steady")
    wait_for_beats(rig.stack, "beat")
    operator = Operator(unused_port)
    wait_until(operator.answers, seconds=40, what="the web process")
    assert "disk" not in ill(rig.stack)
    runs = [ask(items=MANY, seconds=0.2), ask("toy_halves", items=8, seconds=3.0)]
    wait_until(runs[0].items.filter(state=ItemState.DONE).exists, seconds=30, what="work under way")
    began = time.monotonic()
    while time.monotonic() - began < FULL_FOR_S:
        disk.fill()
        assert operator.answers()
        assert [name for name in PROCESSES if not rig.stack.alive(name)] == []
    told = ill(rig.stack)
    assert "free" in told["disk"]["ill"]
    assert told["disk"]["remedy"]
    disk.free()
    freed_at = database_now()
    wait_for_end(*runs, seconds=120)
    assert [run.result for run in runs] == [{"worked": MANY}, {"worked": 8}]
    assert half_written() == 0
    assert [name for name in PROCESSES if not rig.stack.alive(name)] == []
    wait_until(lambda: operator.readiness() == 200, seconds=20, what="readiness")
    assert "disk" not in ill(rig.stack)
    took = seconds_until("run", [runs[0].pk], "COMPLETED", freed_at)
    measured("F31", runs=ask.runs, seconds=took, note=f"full for {FULL_FOR_S:g} s")
