"""Keeps processes running: starts them, takes their output, restarts the dead, stops them in order.

Written here rather than taken from a library: honcho, which reads Procfiles, ends everything when one process ends and
neither restarts nor stops in order; supervisord and circus are daemons with a configuration of their own, which would
have to be kept equal to the Procfile.

One thread, on purpose: Linux ties "die with your parent" to the thread that forked, and forking beside other threads is
not safe.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from riotwatch.console import Console, Output
from riotwatch.embedded import EmbeddedError, RunningServers
from riotwatch.leash import Child, spawn
from riotwatch.leftovers import Ledger

TICK_S = 0.2
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
"""A process that ran this long has proven itself: its next failure counts as the first."""
KILL_TIMEOUT_S = 5.0
LOG_CHECK_EVERY_S = 60.0


class StopRequested(Exception):
    """Ctrl-C or SIGTERM arrived."""


def pause_s(failures: int) -> float:
    """How long a process that has failed so many times in a row waits for its next start: 1, 2, 4 … 30 s."""
    return min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 10))


@dataclass(frozen=True)
class Process:
    """What is to be kept running."""

    name: str
    command: str
    """For the shell, as in the Procfile."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's environment for processes."""
    stop_rank: int = 0
    """Lower ranks are stopped first."""
    grace_s: float = 10.0
    """How long it may take to end after SIGTERM."""


class Supervised:
    """One process: its child of the moment, and what its past says about the next start."""

    def __init__(self, process: Process, *, child: Child, output: Output) -> None:
        self.process = process
        self.child = child
        self.output = output
        self.started_at = time.monotonic()
        self.failures = 0
        self.restart_at: float | None = None

    def failed(self, now: float) -> float:
        """Note an end nobody asked for; the seconds until the next start."""
        self.failures = 1 if now - self.started_at >= STEADY_AFTER_S else self.failures + 1
        self.restart_at = now + pause_s(self.failures)
        return pause_s(self.failures)


class Supervisor:
    """Runs processes until it is told to stop. All of its methods belong to one thread, the main one."""

    def __init__(
        self, console: Console, *, folder: Path, log_folder: Path, ledger: Ledger, env: Mapping[str, str]
    ) -> None:
        self.console = console
        self.servers: RunningServers | None = None
        self._folder = folder
        self._log_folder = log_folder
        self._ledger = ledger
        self._env = env
        self._selector = selectors.DefaultSelector()
        self._supervised: list[Supervised] = []
        self._stop_requests = 0
        self._stopping = False
        self._server_restarts: dict[str, float] = {}
        self._logs_checked_at = time.monotonic()

    def start(self, process: Process) -> None:
        """Start a process and keep it running."""
        output = Output(process.name, folder=self._log_folder, console=self.console)
        child = self._spawn(process, output, keep=True)
        self._supervised.append(Supervised(process, child=child, output=output))

    def run(self, process: Process, *, quiet: bool = True) -> tuple[int, list[str]]:
        """Run a command to its end, supervising meanwhile: its exit code and last lines.

        Not `quiet`: it writes to the terminal itself, its progress for example, and there are no last lines.
        """
        output = Output(process.name, folder=self._log_folder, console=self.console) if quiet else None
        child = self._spawn(process, output, keep=False)
        try:
            self.pump_until(lambda: not child.alive())
        finally:
            self._end_one(child, output)
        return child.process.returncode, list(output.tail) if output else []

    def pump_until(self, done: Callable[[], bool], *, timeout_s: float | None = None) -> bool:
        """Supervise until `done`; False when that took longer than `timeout_s`. Raises StopRequested."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            if deadline is not None and time.monotonic() > deadline:
                return False
            self.tick()
        return True

    def tick(self) -> None:
        """One round of supervising, a fraction of a second long. Raises StopRequested."""
        self._take_output(TICK_S)
        if self._stop_requests and not self._stopping:
            raise StopRequested
        now = time.monotonic()
        for supervised in self._supervised:
            self._look_after(supervised, now)
        self._look_after_servers(now)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal ask this supervisor to stop; a second time, to stop at once."""
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {signum: signal.signal(signum, self._on_signal) for signum in wanted}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def stop(self) -> None:
        """Stop everything, rank by rank; what outlives its grace is killed. A second request skips the grace."""
        self._stopping = True
        for rank in sorted({supervised.process.stop_rank for supervised in self._supervised}):
            self._stop_group([one for one in self._supervised if one.process.stop_rank == rank])
        self._supervised.clear()
        self._selector.close()
        if self.servers:
            self.console.say("stopping the servers")
            self.servers.stop()
        self._ledger.clear()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._stop_requests += 1

    def _spawn(self, process: Process, output: Output | None, *, keep: bool) -> Child:
        """A kept process replaces its shell, so that signals reach it; a command may be several, joined by `&&`."""
        child = spawn(
            ["/bin/sh", "-c", f"exec {process.command}" if keep else process.command],
            death_signal=signal.SIGTERM,
            output=subprocess.PIPE if output else None,
            cwd=self._folder,
            env={**self._env, **process.env, **self._ledger.mark},
        )
        self._ledger.add(child.pid)
        if output and child.process.stdout:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, output)
        return child

    def _take_output(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            if not key.data.drain(key.fd):
                self._selector.unregister(key.fileobj)

    def _look_after(self, supervised: Supervised, now: float) -> None:
        if supervised.restart_at is None and not supervised.child.alive():
            self._report_death(supervised, wait_s=supervised.failed(now))
            self._release(supervised.child, supervised.output)
        elif supervised.restart_at is not None and now >= supervised.restart_at:
            supervised.child = self._spawn(supervised.process, supervised.output, keep=True)
            supervised.started_at, supervised.restart_at = now, None
            self.console.say(f"{supervised.process.name} started again")

    def _report_death(self, supervised: Supervised, *, wait_s: float) -> None:
        name, log = supervised.process.name, supervised.output.path
        how = describe_end(supervised.child.process.returncode)
        self.console.say(f"{name} ended ({how}); starting it again in {wait_s:.0f} s, log: {log}")

    def _release(self, child: Child, output: Output | None) -> None:
        """Take the last output and end what the child left behind in its process group."""
        child.kill_group()
        self._ledger.remove(child.pid)
        stdout = child.process.stdout
        if output and stdout and not stdout.closed:
            output.drain(stdout.fileno())
            with suppress(KeyError):
                self._selector.unregister(stdout)
        child.release()

    def _end_one(self, child: Child, output: Output | None) -> None:
        if child.alive():
            child.kill_group()
            child.wait(KILL_TIMEOUT_S)
        self._release(child, output)
        if output:
            output.close()

    def _stop_group(self, group: Sequence[Supervised]) -> None:
        running = [supervised for supervised in group if supervised.child.alive()]
        if running:
            self.console.say(f"stopping {', '.join(supervised.process.name for supervised in running)}")
        for supervised in running:
            supervised.child.signal(signal.SIGTERM)
        deadline = time.monotonic() + max(supervised.process.grace_s for supervised in group)
        while any(one.child.alive() for one in running) and time.monotonic() < deadline and self._stop_requests < 2:
            self._take_output(TICK_S)
        for supervised in group:
            self._end_one(supervised.child, supervised.output)

    def _look_after_servers(self, now: float) -> None:
        if not self.servers:
            return
        for server in self.servers.dead():
            if now >= self._server_restarts.get(server.name, 0.0):
                self._server_restarts[server.name] = now + LONGEST_PAUSE_S
                self.console.say(f"{server.name} ended; starting it again")
                try:
                    server.launch()
                except EmbeddedError as problem:
                    self.console.say(str(problem))
        if now - self._logs_checked_at > LOG_CHECK_EVERY_S:
            self._logs_checked_at = now
            self.servers.trim_logs()


def describe_end(code: int) -> str:
    """How a process ended, for people. A shell reports its command's signal as 128 + number."""
    number = -code if code < 0 else code - 128
    try:
        return signal.Signals(number).name if number > 0 else f"exit code {code}"
    except ValueError:
        return f"exit code {code}"
