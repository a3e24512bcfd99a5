"""F28: much more waits than can be worked on."""

import time

import psutil
import pytest
from crew import REPETITIONS, wait_for_beats, wait_for_end
from invariants import seconds_until
from memory import Sample, growths, of_tree

from riotwatch_jobs import audit, rerunning
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState
from riotwatch_jobs.outcomes import Lane

BACKLOG, WATCHED_S = (100_000, 60.0) if REPETITIONS > 1 else (3_000, 4.0)
PROCESSES = ("steady", "housekeeping", "beat")
MAY_TAKE_MB = 30.0
"""More while the items are inserted than before."""


def held(rig):
    memory = {name: of_tree(psutil.Process(rig.stack.processes[name].pid))["MB"] for name in PROCESSES}
    return {f"{name} MB": megabytes for name, megabytes in memory.items()}


def look_until(rig, done):
    """What the processes held, twice a second, until something is so."""
    samples = []
    while not done():
        samples.append(Sample(len(samples), held(rig)))
        time.sleep(0.5)
    return samples


@pytest.mark.timeout(280)
def test_f28_a_long_backlog(crew, ask, measured):
    crew.stack.beat()
    wait_for_beats(crew.stack, "beat")
    wait_for_end(ask(items=20), seconds=40)  # everything has been loaded
    before = held(crew)
    backlog = ask(items=BACKLOG, lane=Lane.DISCOVERY)
    done = backlog.items.filter(state=ItemState.DONE)
    rising = look_until(crew, done.exists)
    until = time.monotonic() + WATCHED_S
    samples = look_until(crew, lambda: time.monotonic() > until)
    urgent = [ask(), ask(players=(1,))]
    asked_at = database_now()
    wait_for_end(*urgent, seconds=60)
    took = [second for run in urgent for second in seconds_until("run", [run.pk], "COMPLETED", asked_at)]
    assert backlog.items.filter(state=ItemState.WAITING).count() > BACKLOG // 10, "the backlog was too short to matter"
    rerunning.cancel(backlog, reason="seen enough", by=audit.command_line(), now=database_now())
    wait_for_end(backlog, seconds=20)  # adding up so many items takes a second after the last one's end
    steepest = max(sample.held["steady MB"] for sample in rising) - before["steady MB"]
    assert steepest < MAY_TAKE_MB
    grown = growths(samples)
    assert [one for one in grown if not one.flat] == []
    most = max(one.last_quarter - one.second_quarter for one in grown)
    note = f"{done.count()} items worked off meanwhile; {steepest:+.0f} MB while inserted, then {most:+.1f} MB at most"
    measured("F28", runs=ask.runs, seconds=took, note=note)
