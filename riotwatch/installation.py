"""What one installation keeps beside its servers: its lock, secrets, ports and the demo's world."""

import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

LOOPBACK = "127.0.0.1"
OPERATOR = "operator"
PASSWORD_BYTES = 12
SECRET_KEY_BYTES = 50
WORLD_SEED = 1


class CannotStart(Exception):
    """`up` cannot start; the text names the remedy."""


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the one place for an `up` on the data of this checkout. Raises CannotStart when it is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"`manage.py up` already runs here (process {lock.read().strip()}, data in {folder}). Stop it first; "
                "a second one needs a checkout, or a RIOTWATCH_DATA_DIR, of its own."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def refuse_busy_ports(ports: Mapping[str, int]) -> None:
    """Raise CannotStart, naming the variable, when a port of `ports` (variable → port) is taken."""
    for variable, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as problem:
                raise CannotStart(_port_problem(variable, port=port, number=problem.errno)) from None


def _port_problem(variable: str, *, port: int, number: int | None) -> str:
    if number == errno.EADDRINUSE:
        reason = "is in use by another program"
    else:
        reason = f"cannot be used ({os.strerror(number or 0)})"
    return (
        f"{variable}={port} {reason}. Set {variable} to a free port. "
        "(FLOWER_PORT is PORT + 1 and SIMULATOR_PORT is PORT + 2 unless set.)"
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)


def ensure_secret_key(path: Path) -> None:
    """Make the installation's SECRET_KEY once."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(SECRET_KEY_BYTES))


@dataclass(frozen=True)
class Credentials:
    """The passwords made at the first start; the account is called `operator` in both."""

    operator: str
    """For the admin; void once it is changed there."""
    flower: str

    @property
    def flower_basic_auth(self) -> str:
        """As Flower's environment variable FLOWER_BASIC_AUTH wants it."""
        return f"{OPERATOR}:{self.flower}"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Those in `path`, made when there are none."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            made = cls(operator=secrets.token_urlsafe(PASSWORD_BYTES), flower=secrets.token_urlsafe(PASSWORD_BYTES))
            write_private(path, json.dumps(asdict(made), indent=1) + "\n")
            return made


@dataclass(frozen=True)
class World:
    """Which simulated world the demo shows: the same people and matches at every start."""

    seed: int
    began_at: int
    """Seconds since 1970; the world has played on since."""

    @classmethod
    def load(cls, path: Path, *, now: float) -> Self:
        """The one in `path`; a new one beginning `now` when there is none."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            world = cls(seed=WORLD_SEED, began_at=int(now))
            write_private(path, json.dumps(asdict(world)) + "\n")
            return world
