"""Starting, killing and stopping the processes of a test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CELERY = (sys.executable, "-m", "celery", "-A", "riotwatch")
RIOT_QUEUES = "players,matches,bans,control,interactive"
ALL_QUEUES = f"{RIOT_QUEUES},analysis"


class Stack:
    """The processes of one test. Every one is ended with it."""

    def __init__(self, log_folder: Path, environment: dict[str, str]) -> None:
        self.log_folder = log_folder
        self.environment = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str, **extra: str) -> subprocess.Popen[bytes]:
        log = (self.log_folder / f"{name}.log").open("ab")
        with log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.environment, **extra},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[name] = process
        return process

    def worker(
        self, name: str = "worker", *, concurrency: int = 4, include: str = "", queues: str = ALL_QUEUES, **extra: str
    ) -> None:
        """A threads worker, of every queue unless told otherwise."""
        options = ["-P", "threads", "-c", str(concurrency), "-Q", queues]
        options += ["-I", include] if include else []
        self.start(name, *CELERY, "worker", *options, "-n", f"{name}@test", "--loglevel", "INFO", **extra)

    def prefork_worker(
        self, name: str = "prefork", *, include: str = "", queues: str = RIOT_QUEUES, **extra: str
    ) -> None:
        options = ["-P", "prefork", "-c", "2", "-Q", queues]
        options += ["-I", include] if include else []
        self.start(name, *CELERY, "worker", *options, "-n", f"{name}@test", "--loglevel", "INFO", **extra)

    def web(self, port: int) -> None:
        options = ("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4", "--no-control-socket")
        self.start("web", sys.executable, "-m", "gunicorn", "riotwatch.wsgi", *options)

    def beat(self, name: str = "beat", *, application: str = "riotwatch") -> None:
        options = ("--pidfile=", "--loglevel", "INFO")
        self.start(name, sys.executable, "-m", "celery", "-A", application, "beat", *options)

    def housekeeping(self, name: str = "housekeeping") -> None:
        self.start(name, sys.executable, "manage.py", "housekeeping")

    def manage(self, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def kill(self, name: str) -> None:
        """SIGKILL the process and everything it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def alive(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def stop(self, *names: str) -> None:
        """SIGTERM, and SIGKILL after ten seconds: those that are named, or all."""
        ending = [self.processes.pop(name) for name in names or tuple(self.processes)]
        for process in ending:
            process.send_signal(signal.SIGTERM)
        for process in ending:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-6000:]}" for path in self.log_folder.glob("*.log"))


def wait_until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Poll until the condition holds; fails naming what was waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within {seconds} s")
