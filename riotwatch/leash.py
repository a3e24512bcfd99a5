"""Child processes that do not outlive their parent.

On Linux the kernel delivers the signal (PR_SET_PDEATHSIG), also after a SIGKILL of the parent. Elsewhere a small
watchdog process waits for the parent's end of a pipe to close and then signals the child's process group.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
WATCHDOG = "import os, sys; sys.stdin.read() or os.killpg(int(sys.argv[1]), int(sys.argv[2]))"


@dataclass(frozen=True)
class Account:
    """The user and group a child runs as."""

    uid: int
    gid: int


class Child:
    """A running child in a process group of its own, so that Ctrl-C in the terminal reaches the parent alone."""

    def __init__(self, process: subprocess.Popen[bytes], watchdog: subprocess.Popen[bytes] | None = None) -> None:
        self.process = process
        self._watchdog = watchdog

    @property
    def pid(self) -> int:
        """The child's process id, which is its process group's id, too."""
        return self.process.pid

    def alive(self) -> bool:
        """Whether the child still runs."""
        return self.process.poll() is None

    def signal(self, signum: int) -> None:
        """Signal the child, not its group. A child that has ended is left alone."""
        self.process.send_signal(signum)

    def kill_group(self) -> None:
        """SIGKILL whatever is left of the child's process group, the child's own children included."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            return

    def wait(self, timeout_s: float) -> int | None:
        """The return code, negative for a signal, or None when the child still runs after `timeout_s`."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def release(self) -> None:
        """Free what the parent holds for a child that has ended."""
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self._watchdog is not None:
            self._watchdog.communicate(b"ended")
            self._watchdog = None


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    output: IO[bytes] | int | None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
) -> Child:
    """Start `command`; it gets `death_signal` when this process ends, however it ends.

    Call it from the main thread: Linux ties the parent's death to the thread that forked. `output` takes both
    streams: an open file, subprocess.PIPE, or None for this process's own. `account` needs root.
    """
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        cwd=cwd,
        env=env,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        process_group=0,
        preexec_fn=_die_with_parent(death_signal),
    )
    return Child(process, None if sys.platform == "linux" else watchdog(process.pid, death_signal))


def watchdog(group: int, death_signal: signal.Signals) -> subprocess.Popen[bytes]:
    """A process that sends `death_signal` to `group` when this process ends without having said "ended"."""
    command = [sys.executable, "-c", WATCHDOG, str(group), str(int(death_signal))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec; after the change of user, because that clears the setting."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def bind() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the call: no signal would ever come
            os._exit(1)

    return bind


def command_line(pid: int) -> str | None:
    """The command line of a living process, None when there is none (a zombie counts as none)."""
    import psutil  # here, because settings import this package and need only the standard library

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return None


def end_leftover(pid: int, *, mark: str, signals: Sequence[signal.Signals], grace_s: float) -> bool:
    """End a process of an earlier start that still runs, one signal after the other.

    A process whose command line lacks `mark` is somebody else's and left alone. True when no process of ours is left.
    """
    for signum in signals:
        if mark not in (command_line(pid) or ""):
            return True
        os.kill(pid, signum)
        _wait_until_gone(pid, grace_s=grace_s)
    return mark not in (command_line(pid) or "")


def _wait_until_gone(pid: int, *, grace_s: float) -> None:
    deadline = time.monotonic() + grace_s
    while command_line(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)


def end_all_in(folder: Path, *, grace_s: float) -> bool:
    """Wait for the processes that work in `folder`, then kill them. True when none is left."""
    import psutil

    def of_folder(process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(folder.resolve())
        except psutil.Error:  # gone meanwhile, or another user's
            return False

    _, stubborn = psutil.wait_procs([one for one in psutil.process_iter() if of_folder(one)], timeout=grace_s)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    return not psutil.wait_procs(stubborn, timeout=grace_s)[1]
