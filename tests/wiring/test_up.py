"""`manage.py up` and the commands beside it, as people run them: in processes of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LEAVE_UNSET = {"DATABASE_URL", "REDIS_URL", "RIOT_API_URL", "RIOT_API_KEY", "SECRET_KEY"}
TIMEOUT_S = 60.0


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A fresh installation's: no servers named, a data folder of its own, open enough for PostgreSQL's account."""
    folder = Path(tempfile.mkdtemp(prefix="riotwatch-up-"))
    folder.chmod(0o711)
    kept = {name: value for name, value in os.environ.items() if name not in LEAVE_UNSET}
    yield kept | {"RIOTWATCH_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    shutil.rmtree(folder)


def manage(*arguments: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)


def test_the_two_servers_run_alone_and_commands_find_them(environment: dict[str, str]) -> None:
    without = manage("check", "--database", "default", env=environment)
    assert without.returncode == 1
    assert "manage.py up --services-only" in without.stderr

    command = [sys.executable, "manage.py", "up", "--services-only"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as servers:
        assert servers.stdout is not None
        assert any("REDIS_URL=unix://" in line for line in servers.stdout)
        found = manage("check", "--database", "default", env=environment)
        second = manage("up", env=environment)
        servers.send_signal(signal.SIGTERM)
        rest = servers.stdout.read()
    assert (found.returncode, found.stderr) == (0, "")
    assert second.returncode == 1
    assert "already runs here" in second.stdout
    assert servers.returncode == 0
    assert "stopped" in rest


@pytest.mark.parametrize("variable", ["PORT", "FLOWER_PORT", "SIMULATOR_PORT"])
def test_a_busy_port_stops_the_start_before_anything_is_made(environment: dict[str, str], variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = manage("up", env=environment | {variable: str(port)})
    assert started.returncode == 1
    assert f"{variable}={port} is in use by another program" in started.stdout
    assert not list(Path(environment["RIOTWATCH_DATA_DIR"]).glob("*/postgres"))
