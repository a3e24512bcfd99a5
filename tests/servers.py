"""Starts a temporary PostgreSQL and Valkey before Django reads its settings, and keeps tests off the network.

Loaded by `-p tests.servers`. With pytest-xdist the controller starts the servers, its workers inherit the addresses.
"""

import ipaddress
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from riotwatch.embedded import Layout, start_servers

NOTHING_LISTENS = "http://127.0.0.1:9/{host}"


class NetworkUseError(RuntimeError):
    """A test tried to leave this machine."""

    def __init__(self, address: object) -> None:
        super().__init__(f"Tests talk to 127.0.0.1 only; this one tried to connect to {address!r}.")
        self.address = address


# A wrapper runs before every other plugin's part in this hook, pytest-django's reading of the settings included.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    refuse_the_network()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        early_config.add_cleanup(start_temporary_servers().close)
    else:
        use_own_valkey_database(int(worker.removeprefix("gw")))
    return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with processes of their own stay in one worker: beside each other they would take each other's time."""
    for item in items:
        if {"acceptance", "faults", "wiring"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("processes"))


def start_temporary_servers() -> ExitStack:
    """Start both, name them in the environment; closing stops them and removes their data."""
    stack = ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="riotwatch-tests-"))
    folder.chmod(0o711)  # as root PostgreSQL runs as another user, who must get to its data inside
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    layout = Layout(folder / "data")
    stack.enter_context(start_servers(layout, durable=False, pg_bin=os.environ.get("RIOTWATCH_PG_BIN")))
    os.environ.update(
        DATABASE_URL=layout.database_url,
        REDIS_URL=layout.redis_url,
        RIOTWATCH_DATA_DIR=str(folder / "var"),
        RIOT_API_URL=NOTHING_LISTENS,
        RIOT_API_KEY="RGAPI-00000000-0000-0000-0000-000000000000",
        SECRET_KEY=secrets.token_urlsafe(50),
    )
    return stack


def use_own_valkey_database(number: int) -> None:
    """One database each: tests of different workers would take each other's messages."""
    address = os.environ["REDIS_URL"].partition("?")[0]
    os.environ["REDIS_URL"] = f"{address}?db={quote(str(number))}"


def refuse_the_network() -> None:
    """Replace connecting: a socket of the machine itself goes through, anything else raises NetworkUseError."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_foreign(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_foreign(self, address)
        return connect_ex(self, address)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]


def refuse_foreign(connection: socket.socket, address: Any) -> None:
    if connection.family in {socket.AF_INET, socket.AF_INET6} and not is_loopback(str(address[0])):
        connection.close()  # its owner expects OSError only and would leave it open
        raise NetworkUseError(address)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
