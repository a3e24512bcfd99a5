"""Which processes `up` has started, so that the next start can end those that a crash left behind."""

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "RIOTWATCH_UP"
"""An environment variable with a value of its own for each start: a process that has it is ours, whoever its parent."""
END_TIMEOUT_S = 5.0
SAME_START_S = 0.05


@dataclass
class Ledger:
    """The living processes of this start, on disk."""

    path: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    started: dict[int, float] = field(default_factory=dict)
    """Start times by process id: a number alone may have been given to another process since."""

    @property
    def mark(self) -> dict[str, str]:
        """What every process gets into its environment."""
        return {MARK: self.token}

    def add(self, pid: int) -> None:
        """Note a process just started."""
        try:
            self.started[pid] = psutil.Process(pid).create_time()
        except psutil.Error:
            return
        self._write()

    def remove(self, pid: int) -> None:
        """Forget a process that has ended."""
        self.started.pop(pid, None)
        self._write()

    def clear(self) -> None:
        """Everything has ended in order."""
        self.started.clear()
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        half = self.path.with_suffix(".new")
        half.write_text(json.dumps({"token": self.token, "started": self.started}))
        half.replace(self.path)


def end_leftovers(path: Path) -> int:
    """End what an earlier start noted in `path` and what descends from it; how many were found.

    Only processes that are verifiably of that start: by number and start time, or by its mark in their environment.
    """
    try:
        noted = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0
    started = {int(pid): float(at) for pid, at in noted["started"].items()}
    found = [one for one in psutil.process_iter() if _is_of(one, token=noted["token"], started=started)]
    _signal(found, psutil.Process.terminate)
    _, stubborn = psutil.wait_procs(found, timeout=END_TIMEOUT_S)
    _signal(stubborn, psutil.Process.kill)
    psutil.wait_procs(stubborn, timeout=END_TIMEOUT_S)
    path.unlink(missing_ok=True)
    return len(found)


def _is_of(process: psutil.Process, *, token: str, started: dict[int, float]) -> bool:
    try:
        same = abs(started.get(process.pid, 0.0) - process.create_time()) < SAME_START_S
        return process.pid != os.getpid() and bool(same or process.environ().get(MARK) == token)
    except psutil.Error:  # gone meanwhile, or another user's
        return False


def _signal(processes: list[psutil.Process], how: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            how(process)
