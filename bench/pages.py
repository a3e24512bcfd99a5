"""How fast pages are: `python -m bench.pages [--players 100000] [--requests 30]`.

Fills a temporary database (`bench.pages_database`), starts the web process as the Procfile does, and asks it for the
pages that people look at, one request after the other as somebody who is signed in. A line per page: median and 95th
percentile of the time until the whole answer is there against the goal, and the processor time of a request.
"""

import argparse
import http.client
import os
import platform
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Column, Table

GOAL_MS = 300
WARM_UP = 5
START_TIMEOUT_S = 60
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Timing:
    """One page's answers."""

    page: str
    milliseconds: Sequence[float]
    cpu_ms: float
    """Of the web process and PostgreSQL, per request: what a busy machine does not make longer."""
    kilobytes: float

    @property
    def p95(self) -> float:
        """Of 30: the second longest."""
        return statistics.quantiles(self.milliseconds, n=20, method="inclusive")[-1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, ask, tell; ends with 1 when a page is over the goal."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--players", type=int, default=100_000, help="at least 20000")
    parser.add_argument("--requests", type=int, default=30, help="per page, after the warm-up")
    options = parser.parse_args(arguments)
    from tests.servers import start_temporary_servers

    with start_temporary_servers():
        os.environ["DJANGO_SETTINGS_MODULE"] = "riotwatch.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        import django

        django.setup()
        cookie = _prepared(options.players)
        with _web() as port:
            timings = [_ask(port, cookie, name, path, options.requests) for name, path in _pages().items()]
        _tell(timings, options.players)
    sys.exit(any(statistics.median(timing.milliseconds) > GOAL_MS for timing in timings))


def _prepared(players: int) -> str:
    """A full database, and the cookie of an administrator who is signed in."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    from bench.pages_database import fill

    call_command("migrate", verbosity=0)
    call_command("sync_schedules", verbosity=0)
    began = time.perf_counter()
    fill(players)
    print(f"filling a database with {players} players: {time.perf_counter() - began:.1f} s", flush=True)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench"))
    return client.cookies["sessionid"].OutputString()


def _pages() -> dict[str, str]:
    from riotwatch_jobs.models import Execution, ExecutionState
    from riotwatch_players.models import Player

    person = Player.objects.flagged().order_by("pk").first()
    run = Execution.objects.filter(state=ExecutionState.IN_PROGRESS).get()
    assert person is not None
    players = "/admin/riotwatch_players/player/"
    return {
        "home": "/admin/",
        "home, what it asks every 10 s": "/admin/live/",
        "home, 7 days": "/admin/?span=7d",
        "jobs": "/admin/riotwatch_jobs/jobconfiguration/",
        "a job": "/admin/riotwatch_jobs/jobconfiguration/match_fetcher/change/",
        "runs": "/admin/riotwatch_jobs/execution/",
        "a run with 2,000 items": f"/admin/riotwatch_jobs/execution/{run.pk}/change/",
        "players": players,
        "players, flagged": f"{players}?verdict=flagged",
        "players, stuck": f"{players}?stuck=1",
        "players, page 100": f"{players}?p=100",
        "search for a name": f"{players}?q=player+99",
        "search for a Riot ID": f"{players}?q=player+4711%23euw",
        "a player with 200 games": f"{players}{person.pk}/change/",
        "analyses": "/admin/riotwatch_players/analysis/",
        "matches": "/admin/riotwatch_players/match/",
        "/metrics": "/metrics",
    }


@contextmanager
def _web() -> Iterator[int]:
    """The Procfile's web process on a free port."""
    from riotwatch import procfile

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = shlex.quote(procfile.read(ROOT / "Procfile")["web"])
    web = subprocess.Popen(
        ["sh", "-c", f"eval exec {command}"], cwd=ROOT, env=os.environ | {"PORT": str(port), "PATH": path}
    )
    try:
        _wait_for(port)
        yield port
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        try:
            if _get(port, "/readyz", "")[0] == HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"error: the web process did not answer within {START_TIMEOUT_S} s")


def _get(port: int, path: str, cookie: str) -> tuple[int, bytes]:
    request = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        request.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = request.getresponse()
        return answer.status, answer.read()
    finally:
        request.close()


def _ask(port: int, cookie: str, name: str, path: str, count: int) -> Timing:
    times, body, cpu = [], b"", 0.0
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            cpu = _cpu_s()
        began = time.perf_counter()
        status, body = _get(port, path, cookie)
        if status != HTTPStatus.OK:
            sys.exit(f"error: {path} answered {status}")
        if number >= WARM_UP:
            times.append(1000 * (time.perf_counter() - began))
    return Timing(name, times, 1000 * (_cpu_s() - cpu) / count, len(body) / 1024)


def _cpu_s() -> float:
    """Of all processes that this one has started."""
    spent = 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            spent += times.user + times.system
    return spent


def _tell(timings: Sequence[Timing], players: int) -> None:
    titles = ("page", "median", "p95", "CPU", "KB", "goal")
    about = f"{players:,} players: milliseconds, goal {GOAL_MS}"
    table = Table(*(Column(title, no_wrap=True) for title in titles), title=about)
    for timing in timings:
        median = statistics.median(timing.milliseconds)
        verdict = "yes" if median <= GOAL_MS else "[red]no[/red]"
        table.add_row(
            timing.page,
            f"{median:.0f}",
            f"{timing.p95:.0f}",
            f"{timing.cpu_ms:.0f}",
            f"{timing.kilobytes:.0f}",
            verdict,
        )
    Console().print(table)
    print(_machine())


def _machine() -> str:
    from django import get_version
    from django.db import connection

    model = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "").partition(": ")[2]
    load = os.getloadavg()[0]
    server = ".".join(map(str, divmod(_server_version(connection), 10_000)))
    return (
        f"{os.cpu_count()} cores, {model or platform.machine()}; load {load:.1f}; Python {platform.python_version()}, "
        f"Django {get_version()}, PostgreSQL {server}, gunicorn as in the Procfile"
    )


def _server_version(connection: Any) -> int:  # noqa: ANN401 - Django's proxy
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main()
