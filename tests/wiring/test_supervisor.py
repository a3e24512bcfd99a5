"""Supervising real processes, and the pieces that `manage.py up` is made of."""

import io
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from riotwatch import procfile
from riotwatch.console import Console, Output
from riotwatch.installation import (
    CannotStart,
    Credentials,
    World,
    ensure_secret_key,
    exclusive,
    refuse_busy_ports,
)
from riotwatch.leftovers import MARK, Ledger, end_leftovers
from riotwatch.supervisor import Process, StopRequested, Supervisor, describe_end, pause_s

PROJECT = Path(__file__).parents[2]
WITHIN_S = 20.0


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path: Path, terminal: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(
        Console(terminal),
        folder=tmp_path,
        log_folder=tmp_path / "log",
        ledger=Ledger(tmp_path / "run" / "processes.json"),
        env={"PATH": os.environ["PATH"]},
    )
    yield supervisor
    supervisor.stop()


def shows(terminal: io.StringIO, *texts: str) -> Callable[[], bool]:
    return lambda: all(text in terminal.getvalue() for text in texts)


def has_lines(path: Path, *lines: str) -> Callable[[], bool]:
    return lambda: path.exists() and set(lines) <= set(path.read_text().splitlines())


# --- Procfile ---


def test_a_procfile_gives_names_and_commands_in_order(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# how it runs\n\nweb: gunicorn x --bind 127.0.0.1:$PORT\nworker:  celery -Q a,b\n")
    assert list(procfile.read(path).items()) == [
        ("web", "gunicorn x --bind 127.0.0.1:$PORT"),
        ("worker", "celery -Q a,b"),
    ]


@pytest.mark.parametrize("text", ["web gunicorn\n", "web: a\nweb: b\n", "web:\n"])
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text(text)
    with pytest.raises(procfile.ProcfileError, match=f"line {text.count(chr(10))}"):
        procfile.read(path)


def test_the_project_runs_what_its_procfile_says() -> None:
    names = list(procfile.read(PROJECT / "Procfile"))
    assert names == ["release", "web", "beat", "housekeeping", "worker", "analysis", "interactive", "flower"]


# --- Restarts ---


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 5000)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_dying_process_is_restarted_with_growing_pauses(supervisor: Supervisor, terminal: io.StringIO) -> None:
    supervisor.start(Process("fragile", "sh -c 'exit 3'"))
    expected = (
        "fragile ended (exit code 3); starting it again in 1 s",
        "fragile started again",
        "fragile ended (exit code 3); starting it again in 2 s",
        "fragile.log",
    )
    assert supervisor.pump_until(shows(terminal, *expected), timeout_s=WITHIN_S)


def test_a_killed_process_is_restarted_and_the_signal_named(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(Process("victim", f"sh -c 'echo $$ >> {tmp_path}/pids; sleep 60'"))
    pids = tmp_path / "pids"
    assert supervisor.pump_until(lambda: pids.exists() and bool(pids.read_text().strip()), timeout_s=WITHIN_S)
    os.kill(int(pids.read_text()), signal.SIGKILL)
    assert supervisor.pump_until(lambda: len(pids.read_text().split()) == 2, timeout_s=WITHIN_S)
    assert "victim ended (SIGKILL)" in terminal.getvalue()


def test_what_a_dead_process_left_in_its_group_is_ended_before_it_starts_again(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    supervisor.start(Process("parent", f"sh -c 'sleep 60 & echo $! >> {pids}; exit 1'"))
    assert supervisor.pump_until(lambda: pids.exists() and len(pids.read_text().split()) == 2, timeout_s=WITHIN_S)
    first = int(pids.read_text().split()[0])
    assert supervisor.pump_until(lambda: not runs(first), timeout_s=WITHIN_S)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(("code", "text"), [(0, "exit code 0"), (1, "exit code 1"), (-9, "SIGKILL"), (143, "SIGTERM")])
def test_an_end_is_described_for_people(code: int, text: str) -> None:
    assert describe_end(code) == text


# --- Output ---


def test_everything_is_logged_and_only_trouble_is_shown(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    lines = [
        "2026-01-02 10:00:00,000 INFO jobs run_started id=1",
        "2026-01-02 10:00:01,000 ERROR jobs run_failed id=1",
        "Traceback (most recent call last):",
        '  File "jobs.py", line 1',
        "ValueError: no",
        "[2026-01-02 10:00:02,000: INFO/MainProcess] celery is well",
        "[W 260102 10:00:03 tornado:1] slow",
        "[I 260102 10:00:04 tornado:1] fine",
    ]
    (tmp_path / "lines").write_text("\n".join(lines))
    supervisor.start(Process("talker", "sh -c 'cat lines; sleep 60'"))
    log = tmp_path / "log" / "talker.log"
    assert supervisor.pump_until(has_lines(log, *lines[:-1]), timeout_s=WITHIN_S)
    assert [line for line in lines if line in terminal.getvalue()] == [*lines[1:3], lines[4], lines[6]]


def test_a_log_that_cannot_be_written_is_told_once_and_nothing_stops(tmp_path: Path) -> None:
    terminal, folder = io.StringIO(), tmp_path / "log"
    folder.write_text("a file where the folder should be")
    output = Output("talker", folder=folder, console=Console(terminal))
    output.feed(b"one\ntwo\n")
    assert list(output.tail) == ["one", "two"]
    assert terminal.getvalue().count("its log cannot be written") == 1
    folder.unlink()
    output.feed(b"three\n")
    output.close()
    assert (folder / "talker.log").read_text() == "three\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here: a disk that is always full")
def test_a_full_disk_under_a_log_stops_nothing(tmp_path: Path) -> None:
    terminal = io.StringIO()
    (tmp_path / "talker.log").symlink_to("/dev/full")
    output = Output("talker", folder=tmp_path, console=Console(terminal))
    output.feed(b"one\ntwo\n")
    (tmp_path / "talker.log").unlink()
    output.feed(b"three\n")
    output.close()
    assert list(output.tail) == ["one", "two", "three"]
    assert "No space left on device" in terminal.getvalue()
    assert (tmp_path / "talker.log").read_text() == "three\n"


def test_a_log_never_grows_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riotwatch.console.LOG_LIMIT_BYTES", 1000)
    output = Output("talker", folder=tmp_path, console=Console(io.StringIO()))
    for number in range(1000):
        output.feed(b"line %d\n" % number)
    output.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"talker.log{end}" for end in ("", ".1", ".2", ".3")]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())


def test_a_command_gives_its_exit_code_and_last_lines(supervisor: Supervisor) -> None:
    assert supervisor.run(Process("task", "echo one && echo two && exit 4")) == (4, ["one", "two"])


def test_processes_get_their_own_variables(supervisor: Supervisor) -> None:
    task = Process("task", "echo ${WORKER_NUMBER:-1} ${OTHER:-none}", env={"WORKER_NUMBER": "2"})
    assert supervisor.run(task) == (0, ["2 none"])


# --- Stopping ---

NOTES_ITS_END = "sh -c 'trap \"echo {name} >> ended; exit 0\" TERM; echo {name} >> began; while :; do sleep 0.1; done'"


def test_processes_stop_in_order_of_their_rank(supervisor: Supervisor, tmp_path: Path) -> None:
    for name, rank in (("web", 2), ("beat", 0), ("worker", 1)):
        supervisor.start(Process(name, NOTES_ITS_END.format(name=name), stop_rank=rank))
    began = tmp_path / "began"
    assert supervisor.pump_until(has_lines(began, "web", "beat", "worker"), timeout_s=WITHIN_S)
    supervisor.stop()
    assert (tmp_path / "ended").read_text().split() == ["beat", "worker", "web"]


def test_a_process_that_does_not_stop_is_killed_after_its_grace(supervisor: Supervisor, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    supervisor.start(Process("deaf", f"sh -c 'trap \"\" TERM; echo $$ > {pids}; sleep 60'", grace_s=0.5))
    assert supervisor.pump_until(lambda: pids.exists() and bool(pids.read_text().strip()), timeout_s=WITHIN_S)
    supervisor.stop()
    assert not runs(int(pids.read_text()))


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_a_stop(supervisor: Supervisor, signum: int) -> None:
    with supervisor.signals():
        os.kill(os.getpid(), signum)
        with pytest.raises(StopRequested):
            supervisor.pump_until(lambda: False, timeout_s=WITHIN_S)


def test_a_second_signal_does_not_wait_for_anything(supervisor: Supervisor, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    supervisor.start(Process("deaf", f"sh -c 'trap \"\" TERM; echo $$ > {pids}; sleep 60'", grace_s=600))
    assert supervisor.pump_until(lambda: pids.exists() and bool(pids.read_text().strip()), timeout_s=WITHIN_S)
    with supervisor.signals():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        supervisor.stop()
    assert not runs(int(pids.read_text()))


# --- After a crash ---

SUPERVISES = """
    import io, os, sys
    from pathlib import Path
    from riotwatch.console import Console
    from riotwatch.leftovers import Ledger
    from riotwatch.supervisor import Process, Supervisor
    folder = Path(sys.argv[1])
    ledger = Ledger(folder / "processes.json")
    supervisor = Supervisor(
        Console(io.StringIO()), folder=folder, log_folder=folder, ledger=ledger, env={"PATH": os.environ["PATH"]}
    )
    supervisor.start(Process("polite", "sh -c 'echo $$ > polite; exec sleep 60'"))
    supervisor.start(Process("deaf", "sh -c 'trap \\"\\" TERM; echo $$ > deaf; while :; do sleep 1; done'"))
    ready = lambda: all((folder / name).exists() and (folder / name).read_text() for name in ("polite", "deaf"))
    supervisor.pump_until(ready)
    print("ready", flush=True)
    supervisor.pump_until(lambda: False)
"""


def test_a_killed_supervisor_takes_its_processes_along_and_the_next_one_ends_the_rest(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(SUPERVISES), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
    polite, deaf = (int((tmp_path / name).read_text()) for name in ("polite", "deaf"))
    deadline = time.monotonic() + WITHIN_S
    while runs(polite) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(polite)
    assert runs(deaf)
    assert end_leftovers(tmp_path / "processes.json") >= 1
    assert not runs(deaf)


def test_only_processes_of_the_earlier_start_are_ended(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "processes.json")
    ours = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], MARK: ledger.token})
    other = subprocess.Popen(["sleep", "60"])
    ledger.started[other.pid] = psutil.Process(other.pid).create_time() - 3600  # the number was given again since
    ledger.add(os.getpid())
    assert end_leftovers(ledger.path) == 1
    assert ours.poll() is not None
    assert other.poll() is None
    other.kill()
    other.wait()


def test_nothing_noted_is_nothing_to_end(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"tok')
    assert end_leftovers(tmp_path / "absent.json") == 0
    assert end_leftovers(tmp_path / "torn.json") == 0


# --- What stands in the way of a start, and what is kept ---


def test_a_busy_port_is_an_error_that_names_the_variable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"FLOWER_PORT={port} is in use by another program"):
            refuse_busy_ports({"FLOWER_PORT": port})
    refuse_busy_ports({"FLOWER_PORT": port})


def test_a_second_start_in_the_same_place_is_refused(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        second = pytest.raises(CannotStart, match=rf"already runs here \(process {os.getpid()}")
        with second, exclusive(tmp_path):
            pass
    with exclusive(tmp_path):
        pass


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ensure_secret_key(data / "secret_key")
    key = (data / "secret_key").read_text()
    ensure_secret_key(data / "secret_key")
    made = Credentials.load(data / "credentials")
    assert (data / "secret_key").read_text() == key
    assert len(key) >= 50
    assert Credentials.load(data / "credentials") == made
    assert made.operator != made.flower
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {0o600}


def test_the_demo_shows_the_same_world_at_every_start(tmp_path: Path) -> None:
    first = World.load(tmp_path / "world.json", now=1_700_000_000.7)
    assert World.load(tmp_path / "world.json", now=1_800_000_000) == first
    assert first.began_at == 1_700_000_000
