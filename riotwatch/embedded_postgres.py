"""The embedded PostgreSQL server: its own binaries, started directly in the foreground.

Not through a Python package's launcher: those widen the permissions of parent folders, add users to the system, or
leave the server behind when their parent is killed.
"""

import os
import shutil
import signal
import socket
import struct
import sys
import time
from contextlib import closing
from pathlib import Path

from riotwatch.embedded_binaries import Binaries, find_postgres
from riotwatch.embedded_layout import EmbeddedError, Layout
from riotwatch.embedded_owner import data_folder, owner_of
from riotwatch.leash import Child, end_all_in, end_leftover, spawn

INIT_TIMEOUT_S = 120.0
START_TIMEOUT_S = 300.0
"""Long, because a start after a crash first replays what was not yet written."""
STOP_TIMEOUT_S = 20.0
SESSION_GRACE_S = 5.0
ANSWER_TIMEOUT_S = 2.0
MAX_CONNECTIONS = 200
PROTOCOL_3 = 3 << 16
BUILTIN_LOCALE_SINCE = 17


class PostgresServer:
    """One installation's PostgreSQL, a direct child of this process, reachable through its socket alone."""

    name = "postgres"

    def __init__(self, layout: Layout, *, bin_folder: str | None = None, durable: bool = True) -> None:
        self.layout = layout
        self.bin_folder = bin_folder
        self.durable = durable
        self.owner = owner_of(layout.data / "postgres")
        self.folder = data_folder(layout, self.owner)
        self._child: Child | None = None

    def start(self) -> None:
        """Start, creating the database first if there is none; wait until it accepts connections.

        Raises EmbeddedError with the remedy: no binaries, another major version's data, a start that fails.
        """
        self.launch()
        self._wait_until_ready()
        self._ensure_database()

    def launch(self) -> None:
        """Start without waiting until it accepts connections."""
        binaries = find_postgres(self.bin_folder, layout=self.layout, owner=self.owner)
        self.layout.log.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        self.layout.postgres_socket_lock.unlink(missing_ok=True)
        if not (self.folder / "PG_VERSION").exists():
            self._create(binaries)
        self._refuse_other_version(binaries)
        self._child = self._run([binaries.postgres, "-D", self.folder, *self._options()], death_signal=signal.SIGINT)

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.alive()

    def stop(self) -> None:
        """Stop the server: connections are closed, data is written, no recovery is needed at the next start."""
        if self._child is None:
            return
        self._child.signal(signal.SIGINT)
        if self._child.wait(STOP_TIMEOUT_S) is None:
            self._child.signal(signal.SIGQUIT)
        if self._child.wait(STOP_TIMEOUT_S) is None:
            self._child.kill_group()
            self._child.wait(STOP_TIMEOUT_S)
        self._child.release()
        self._child = None

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.layout.log / "postgres.log"

    def _options(self) -> list[str]:
        settings = {
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-h", "", "-k", str(self.layout.runtime), *pairs]

    def _run(self, command: list[str | Path], *, death_signal: signal.Signals) -> Child:
        """In the root folder: the working directory of a terminal may be closed to the account it runs as."""
        with self.log_file.open("ab") as log:
            return spawn(
                command, death_signal=death_signal, output=log, cwd=Path("/"), env=_plain_env(), account=self.owner
            )

    def _create(self, binaries: Binaries) -> None:
        """Build the data folder beside its final place, so that one half made by a killed start is never used."""
        fresh = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        if self.owner:
            os.chown(fresh, self.owner.uid, self.owner.gid)
        self._run_to_end([binaries.initdb, "-D", fresh, *_initdb_options(binaries.major, durable=self.durable)])
        fresh.rename(self.folder)

    def _run_to_end(self, command: list[str | Path]) -> None:
        child = self._run(command, death_signal=signal.SIGKILL)
        code = child.wait(INIT_TIMEOUT_S)
        if code is None:
            child.kill_group()
            child.wait(STOP_TIMEOUT_S)
        child.release()
        if code != 0:
            raise EmbeddedError(f"PostgreSQL's `{command[0]}` failed ({code}). The reason is in {self.log_file}")

    def _refuse_other_version(self, binaries: Binaries) -> None:
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != str(binaries.major):
            raise EmbeddedError(
                f"{self.folder} holds data of PostgreSQL {found}, but the installed one is {binaries.major} "
                f"({binaries.postgres}). Point RIOTWATCH_PG_BIN at the bin folder of PostgreSQL {found}, or carry the "
                "data over with pg_dump and pg_restore, or move that folder away to start anew."
            )

    def _ensure_database(self) -> None:
        """Also brings back an emptied one that a person dropped."""
        if postgres_answers(self.layout.postgres_socket, database="riotwatch"):
            return
        import psycopg2  # here, because settings import this package and need only the standard library

        with closing(psycopg2.connect(host=str(self.layout.runtime), user="riotwatch", dbname="postgres")) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute("CREATE DATABASE riotwatch")

    def _end_leftover(self) -> None:
        """End what still works on the data after a crash; then the file that names a server means nothing any more.

        Sessions outlive a killed server by a moment, and a new server refuses to start beside them. The number in the
        file may be another program's by now, or a dead one's that nobody has reaped, and PostgreSQL takes either for a
        running server; so it does with the file beside the socket.
        """
        pid_file = self.folder / "postmaster.pid"
        if not pid_file.exists():
            return
        text = pid_file.read_text().partition("\n")[0].strip()
        signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
        if text.isdigit():
            end_leftover(int(text), mark=str(self.folder), signals=signals, grace_s=STOP_TIMEOUT_S)
        if not end_all_in(self.folder, grace_s=SESSION_GRACE_S):
            raise EmbeddedError(f"PostgreSQL of an earlier start does not end; its data is in {self.folder}. End it.")
        pid_file.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.alive():
            if postgres_answers(self.layout.postgres_socket):
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(f"PostgreSQL does not start. Its log says why: {self.log_file}")


def _initdb_options(major: int, *, durable: bool) -> list[str]:
    """`trust`, because only the owner of the private socket folder can connect at all."""
    options = ["-U", "riotwatch", "--auth=trust", "--encoding=UTF8", *_locale_options(major)]
    return options if durable else [*options, "--no-sync"]


def _locale_options(major: int) -> list[str]:
    """The same order and case rules on every machine, with letters beyond ASCII where the server can."""
    if major >= BUILTIN_LOCALE_SINCE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"] if sys.platform == "linux" else ["--locale=C"]


def _plain_env() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGOPTIONS or LC_ALL would change what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def postgres_answers(path: Path, *, database: str = "postgres") -> bool:
    """Whether the server accepts a session for `database`; spoken by hand so that it needs no driver."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(path))
            connection.sendall(_startup_message(database))
            ready = _read_until_ready(connection)
            connection.sendall(b"X\x00\x00\x00\x04")
        except OSError:
            return False
    return ready


def _startup_message(database: str) -> bytes:
    fields = b"".join(word.encode() + b"\x00" for word in ("user", "riotwatch", "database", database)) + b"\x00"
    return struct.pack("!II", len(fields) + 8, PROTOCOL_3) + fields


def _read_until_ready(connection: socket.socket) -> bool:
    """True at ReadyForQuery, which ends the server's greeting; False when it refuses."""
    received = b""
    while chunk := connection.recv(4096):
        received += chunk
        if received.startswith(b"E"):
            return False
        if received.endswith(b"Z\x00\x00\x00\x05I"):
            return True
    return False
