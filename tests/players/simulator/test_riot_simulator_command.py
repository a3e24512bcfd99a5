import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from riotwatch_players.simulator.ids import DEMO_KEY

ROOT = Path(__file__).parents[3]
START = """
import sys
from django.conf import settings
settings.configure()
from riotwatch_players.management.commands.riot_simulator import Command
Command().run_from_argv(["manage.py", "riot_simulator", *sys.argv[1:]])
"""


def _start(*arguments: str) -> subprocess.Popen[str]:
    """The command without a database or any app installed."""
    return subprocess.Popen(
        [sys.executable, "-c", START, "--port", "0", "--people", "150", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_stopped(stop):
    with _start("--app-limit", "20:1,100:120", "--began-at", "2026-06-01T00:00:00Z", "--latency-ms", "1") as process:
        line = process.stdout.readline()
        try:
            assert line.startswith("riot simulator ready on http://127.0.0.1:")
            assert "150 people" in line
            assert "20:1,100:120" in line
            url = line.split()[4].format(host="euw1") + "/lol/status/v4/platform-data"
            answer = requests.get(url, headers={"X-Riot-Token": DEMO_KEY}, timeout=20)
            assert answer.headers["X-App-Rate-Limit"] == "20:1,100:120"
        finally:
            process.send_signal(stop)
            _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    "bad",
    [
        ["--app-limit", "x"],
        ["--host", "0.0.0.0"],
        ["--key", "alone"],
        ["--fault", "kind=x"],
        ["--began-at", "soon"],
        ["--began-at", "2999-01-01"],
        ["--speed", "0"],
    ],
)
def test_bad_arguments_end_with_2_and_a_reason(bad):
    with _start(*bad) as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "CommandError" in errors
