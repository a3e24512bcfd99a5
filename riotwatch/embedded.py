"""The embedded servers: PostgreSQL and Valkey of one installation, started by `manage.py up` and by the tests.

Importing this has no side effects: settings use it to compute endpoints.
"""

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from riotwatch.embedded_layout import EmbeddedError, Layout, ServersNotRunning
from riotwatch.embedded_owner import owner_of
from riotwatch.embedded_postgres import PostgresServer, postgres_answers
from riotwatch.embedded_valkey import ValkeyServer, valkey_answers

__all__ = [
    "EmbeddedError",
    "Layout",
    "PostgresServer",
    "RunningServers",
    "ServersNotRunning",
    "ValkeyServer",
    "require_running",
    "servers_running",
    "start_servers",
]

LOG_LIMIT_BYTES = 5 * 1024 * 1024


class RunningServers:
    """The servers that were started; a context manager that stops them."""

    def __init__(self, layout: Layout, *, servers: list[PostgresServer | ValkeyServer], lock: IO[str]) -> None:
        self.layout = layout
        self._servers = servers
        self._lock = lock

    def start(self) -> None:
        """Start them, PostgreSQL first. When one fails the other is stopped and the error is raised."""
        try:
            self.layout.make_runtime(owner_of(self.layout.data / "postgres"))
            self.trim_logs()
            for server in self._servers:
                server.start()
        except BaseException:
            self.stop()
            raise

    def dead(self) -> list[PostgresServer | ValkeyServer]:
        """Those that have ended by themselves; `launch()` on each brings it back."""
        return [server for server in self._servers if not server.alive()]

    def trim_logs(self) -> None:
        """Keep each server's log and its predecessor below a limit. The servers keep their files open."""
        for name in ("postgres.log", "valkey.log"):
            path = self.layout.log / name
            if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copyfile(path, path.with_name(f"{name}.1"))
                os.truncate(path, 0)

    def stop(self) -> None:
        """Stop them, PostgreSQL last, and give the data folder free."""
        for server in reversed(self._servers):
            server.stop()
        shutil.rmtree(self.layout.runtime, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_servers(
    layout: Layout, *, durable: bool = True, postgres: bool = True, valkey: bool = True, pg_bin: str | None = None
) -> RunningServers:
    """Start the servers of `layout` from the main thread; they end with this process, however it ends.

    `durable` false is for tests: what is written may be lost with the machine's power. Raises EmbeddedError with the
    remedy, also when another process runs the servers of this data folder.
    """
    lock = _lock(layout.data)
    servers: list[PostgresServer | ValkeyServer] = []
    if postgres:
        servers.append(PostgresServer(layout, bin_folder=pg_bin, durable=durable))
    if valkey:
        servers.append(ValkeyServer(layout, durable=durable))
    running = RunningServers(layout, servers=servers, lock=lock)
    running.start()
    return running


def servers_running(layout: Layout, *, postgres: bool = True, valkey: bool = True) -> bool:
    """Whether the servers of `layout` answer."""
    return (not postgres or postgres_answers(layout.postgres_socket)) and (
        not valkey or valkey_answers(layout.valkey_socket)
    )


def require_running(layout: Layout, *, postgres: bool = True, valkey: bool = True) -> None:
    """Raise ServersNotRunning, which names the remedy, unless the servers answer."""
    if not servers_running(layout, postgres=postgres, valkey=valkey):
        raise ServersNotRunning(layout.data)


def _lock(data: Path) -> IO[str]:
    """Two starters would both think a server of theirs is a leftover. Released with the process."""
    data.mkdir(mode=0o755, parents=True, exist_ok=True)
    lock = (data / "servers.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EmbeddedError(f"The servers of {data} are already started by another process.") from None
    return lock
